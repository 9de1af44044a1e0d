"""The review from the first dropped file to the changed totals: a real server, a real browser."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import serving
from axe_playwright_python.sync_playwright import Axe
from msgspec import structs
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from retrorun.archive import Archive
from retrorun.model import Lap, Remark
from retrorun.simulate import Scenario, Watch, fit_bytes, simulate
from retrorun.simulate.body import Step
from retrorun.simulate.scenarios import ahead, back

PRESSES_S = (0, 397, 462, 583, 640, 760, 823)  # by hand, some seconds beside the turns
TURNS_S = (400, 460, 580, 640, 760, 820)  # the truth: backward from 400 to 460 s, and so on


def _steps(rng: np.random.Generator) -> tuple[Step, ...]:
    del rng
    steps = [ahead(400.0, 2.8)]
    for _ in range(3):
        steps += [back(60.0, 2.0), ahead(120.0, 2.9)]
    return (*steps, ahead(200.0, 2.7))


def export(day: int, presses_s: tuple[int, ...] = ()) -> bytes:
    """A watch without compass; three stretches backward, laps pressed at these moments."""
    made = simulate(Scenario("a run", _steps, "heading", Watch(dynamics=True)), 2)
    recording = made.recording
    time_s = recording.time_s + day * serving.DAY_S
    edges = [float(time_s[0]) + each for each in presses_s] + [float(time_s[-1])]
    laps = tuple(Lap(a, b, trigger="manual") for a, b in itertools.pairwise(edges))
    return fit_bytes(replace(made, recording=structs.replace(recording, time_s=time_s, laps=laps)))


@pytest.fixture(scope="module")
def files() -> list[FilePayload]:
    """Three exports, one of them with laps, and a broken one."""
    kinds = ((0, ()), (1, ()), (2, PRESSES_S))
    found = [
        FilePayload(name=f"day-{day}.fit", mimeType="application/fit", buffer=export(day, presses))
        for day, presses in kinds
    ]
    broken = FilePayload(name="broken.fit", mimeType="application/fit", buffer=b"\x0e\x10no export")
    return [*found, broken]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[serving.Client]:
    with serving.running(serving.setup(tmp_path)) as found:
        yield found


@pytest.fixture
def opened(browser: Browser, client: serving.Client) -> Iterator[BrowserContext]:
    """Windows of a browser that has opened the address with the token."""
    context = browser.new_context(viewport={"width": 1280, "height": 840})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{client.port}/?token={client.token}")
    page.close()
    yield context
    context.close()


def site(client: serving.Client, path: str = "/") -> str:
    return f"http://127.0.0.1:{client.port}{path}"


def add(page: Page, files: list[FilePayload], sessions: int) -> None:
    """Hand files to the home page, and wait until their sessions are listed."""
    page.get_by_label("Add exports").set_input_files(files)
    expect(page.locator(".log tbody tr")).to_have_count(sessions)


def backward_s(page: Page) -> int:
    """Backward seconds by the first tile of a session's page."""
    text = page.locator("#part-tiles .value").first.inner_text()
    minutes, seconds = text.split(":")
    return 60 * int(minutes) + int(seconds)


def answer_yes(page: Page, position: str) -> None:
    """Press the key, and wait for the next question; what changed meanwhile is asked again."""
    kept = page.locator("#kept")
    # its position may be told before it is there
    expect(page.locator("#question")).not_to_have_attribute("aria-busy", "true")
    page.wait_for_timeout(250)  # no answer is taken sooner than the question can be seen
    page.keyboard.press("y")
    expect(kept).to_contain_text(re.compile("Kept|please look again"))
    if "look again" in kept.inner_text():
        page.wait_for_timeout(250)
        page.keyboard.press("y")
        expect(kept).to_contain_text("Kept")
    expect(page.locator("#position")).to_have_text(position)


def test_from_dropped_files_to_changed_totals(
    opened: BrowserContext, client: serving.Client, files: list[FilePayload]
) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("request", lambda request: asked.append(request.url))
    page = opened.new_page()
    page.goto(site(client))
    add(page, files, 3)
    expect(page.locator("#added")).to_have_text("4 files added.")
    # what cannot be read is named, with a reason, on the page
    expect(page.locator("#set-aside-list li")).to_contain_text("broken.fit")
    expect(page.locator("#set-aside-list li")).to_be_visible()
    expect(page.locator("#waiting-words")).to_contain_text("9 stretches")

    page.get_by_role("link", name="Review them").click()
    question = page.locator("h1")
    expect(question).to_contain_text("Did you run backward here?")
    expect(page.locator("#whole")).to_have_text("9")

    # the newest session has laps: its first candidate lies at them by itself; one end is moved away
    end = page.get_by_role("slider", name=re.compile("End of stretch"))
    start = page.get_by_role("slider", name=re.compile("Start of stretch"))
    expect(start).to_have_attribute("aria-valuetext", "6:37, at a lap press")
    start.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(start).to_have_attribute("aria-valuenow", "401")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(start).to_have_attribute("aria-valuetext", "6:37, at a lap press")
    end.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("l")
    expect(end).to_have_attribute("aria-valuetext", "7:42, at a lap press")
    page.keyboard.press("y")
    expect(page.locator("#kept")).to_have_text("✓ Kept: 6:37 to 7:42 is backward.")
    expect(page.locator("#ask")).to_be_focused()

    # the answer is stored, and the session's totals have it
    newest = client.get("/api/inbox")["queue"][0]["session"]
    assert client.get(f"/api/sessions/{newest}")["totals"]["backward"]["seconds"] == 65

    page.keyboard.press("u")
    expect(page.locator("#kept")).to_have_text("Taken back; asked again.")
    expect(question).to_contain_text("6:37 to 7:42")
    assert client.get(f"/api/sessions/{newest}")["totals"]["backward"]["seconds"] == 0
    for position in ("2", "3", "4"):
        answer_yes(page, position)
    page.wait_for_timeout(250)  # no answer is taken sooner than the question can be seen
    page.keyboard.press("n")
    # kept, and not on its way; what was answered before it is kept before it
    expect(page.locator("#kept")).to_contain_text(re.compile("Kept: .* is not backward"))

    # the session's page has all three, from press to press; the home page adds them up
    page.goto(site(client, f"/sessions/{newest}"))
    assert backward_s(page) == (462 - 397) + (640 - 583) + (823 - 760)
    expect(page.get_by_role("button", name="Yes, backward")).to_have_count(0)
    page.goto(site(client))
    expect(page.locator(".logs")).to_contain_text("3:05 min backward")
    assert complaints == []
    assert {each.split("/", 3)[2] for each in asked if not each.startswith("data:")} == {
        f"127.0.0.1:{client.port}"
    }


def test_a_session_is_answered_on_its_page(
    opened: BrowserContext, client: serving.Client, files: list[FilePayload]
) -> None:
    page = opened.new_page()
    page.goto(site(client))
    add(page, [files[0]], 1)
    page.locator(".log tbody a").click()
    with page.expect_request("**/answers") as sent:
        page.get_by_role("button", name="Yes to all 3").click()
    assert "seen" in (sent.value.post_data_json or {})  # which three they are
    first = page.locator("#part-tiles dt").first
    expect(first).to_have_text("Backward time")
    # the steps tell the ends of a minute to some seconds
    assert backward_s(page) == pytest.approx(180, abs=30)
    # other sessions and the comparison follow, and the page says when
    expect(page.locator("[data-fresh]")).to_have_text("All numbers are up to date.")
    page.get_by_role("button", name="Undo").click()
    expect(first).to_have_text("Maybe backward")
    expect(page.get_by_role("button", name="Yes to all 3")).to_be_visible()

    # a lap forgotten, or any stretch: said by hand, and forgotten again
    page.wait_for_function("typeof retrorun.choose === 'function'")
    page.evaluate("retrorun.choose(100, 130)")
    page.get_by_role("button", name="It was backward").click()
    expect(page.locator("#part-tiles .value").first).to_have_text("0:30")
    page.evaluate("retrorun.choose(90, 140)")
    page.get_by_role("button", name="Forget my label").click()
    expect(first).to_have_text("Maybe backward")

    page.get_by_label("Pain, 0 to 10").fill("3")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#note-status")).to_have_text("Kept.")
    page.reload()
    expect(page.get_by_label("Pain, 0 to 10")).to_have_value("3")


def test_one_key_answers_a_whole_session_in_the_review(
    opened: BrowserContext, client: serving.Client, files: list[FilePayload]
) -> None:
    page = opened.new_page()
    page.goto(site(client))
    add(page, files[:2], 2)
    page.goto(site(client, "/review"))
    expect(page.locator("#whole")).to_have_text("6")
    newest = client.get("/api/inbox")["queue"][0]["session"]
    page.keyboard.press("a")
    expect(page.locator("#kept")).to_have_text("✓ Kept: all 3 of this session are backward.")
    totals = client.get(f"/api/sessions/{newest}")["totals"]
    assert totals["backward"]["seconds"] == pytest.approx(180, abs=30)
    page.keyboard.press("u")
    expect(page.locator("#kept")).to_have_text("Taken back; asked again.")
    assert client.get(f"/api/sessions/{newest}")["totals"]["backward"]["seconds"] == 0
    # after another answer the strip shows what is left, and the key answers what it shows
    page.wait_for_timeout(250)
    page.keyboard.press("n")
    expect(page.get_by_role("button", name="Yes to all 2")).to_be_visible()
    page.wait_for_timeout(250)
    page.keyboard.press("a")
    expect(page.locator("#kept")).to_have_text("✓ Kept: all 2 of this session are backward.")
    totals = client.get(f"/api/sessions/{newest}")["totals"]
    assert totals["backward"]["seconds"] == pytest.approx(120, abs=30)


def test_the_form_of_a_note_keeps_or_asks_about_what_was_noted_meanwhile(
    opened: BrowserContext, client: serving.Client, files: list[FilePayload], tmp_path: Path
) -> None:
    page = opened.new_page()
    page.goto(site(client))
    add(page, files[:1], 1)
    session = page.locator(".log a").get_attribute("href")
    assert session is not None
    page.goto(site(client, session))
    status, keep = page.locator("#note-status"), page.get_by_role("button", name="Keep")
    text, pain = page.get_by_label("Note", exact=True), page.get_by_label("Pain, 0 to 10")
    with Archive.open(tmp_path / "archive") as store:  # as `retrorun note` does
        store.annotations.set_remark(session.rpartition("/")[2], Remark(6, 4, "left knee"))

    text.fill("windy")
    keep.click()
    expect(status).to_have_text("Kept, with what was noted elsewhere meanwhile.")
    expect(text).to_have_value("left knee\nwindy")
    expect(pain).to_have_value("6")

    with Archive.open(tmp_path / "archive") as store:
        store.annotations.set_remark(session.rpartition("/")[2], Remark(8, 4, "left knee\nwindy"))
    pain.fill("2")
    keep.click()
    expect(status).to_contain_text("Not kept yet: meanwhile pain 8 and effort 4")
    keep.click()
    expect(status).to_have_text("Kept.")
    with Archive.open(tmp_path / "archive") as store:
        assert list(store.annotations.remarks().values()) == [Remark(2, 4, "left knee\nwindy")]


def test_every_second_lap_with_a_press_forgotten_is_asked_about(
    opened: BrowserContext, client: serving.Client
) -> None:
    # the press at 640 s was forgotten: the fourth lap holds a minute backward and two forward
    presses = tuple(each for each in PRESSES_S if each != 640)
    page = opened.new_page()
    page.goto(site(client))
    payload = FilePayload(name="laps.fit", mimeType="application/fit", buffer=export(0, presses))
    add(page, [payload], 1)
    page.locator(".log tbody a").click()
    expect(page.get_by_role("button", name="Yes, backward")).not_to_have_count(0)
    session = client.get("/api/inbox")["queue"][0]["session"]
    client.answer(session, answer="laps", laps="alternate", direction="backward")
    page.reload()
    # the contradiction is told in the remarks, and what the steps contradict waits for an answer
    expect(page.locator("#part-quality")).to_contain_text("label what is right")
    assert client.get("/api/inbox")["candidates"] > 0


def test_two_tabs_lose_no_answer(
    opened: BrowserContext, client: serving.Client, files: list[FilePayload]
) -> None:
    first = opened.new_page()
    first.goto(site(client))
    add(first, [files[0]], 1)
    second = opened.new_page()
    for page in (first, second):
        page.goto(site(client, "/review"))
        expect(page.locator("#whole")).to_have_text("3")
    first.keyboard.press("y")
    expect(first.locator("#kept")).to_contain_text("Kept")
    # the second still shows the stretch that is answered by now
    second.keyboard.press("n")
    expect(second.locator("#kept")).not_to_be_empty()
    expect(second.locator("#ask")).to_contain_text(re.compile("9:|10:"))
    session = client.get("/api/inbox")["queue"][0]["session"]
    assert client.get(f"/api/sessions/{session}")["totals"]["backward"]["seconds"] >= 40


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[serving.Client, str]]:
    """A server of one session that waits for an answer, and the session."""
    place = tmp_path_factory.mktemp("served")
    (session,) = serving.imported(place / "exports", place / "archive")
    with serving.running(serving.setup(serving.at_rest(place))) as found:
        yield found, session


@pytest.mark.parametrize("path", ["/", "/review", "/comparison", "session"])
def test_axe_finds_nothing_on_served_pages(
    browser: Browser, served: tuple[serving.Client, str], path: str
) -> None:
    client, session = served
    address = f"/sessions/{session}" if path == "session" else path
    page = browser.new_page()  # for both: it has compiled the scripts when it shows the second
    page.context.request.get(site(client, f"/?token={client.token}"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        answer = page.goto(site(client, address))
        page.wait_for_timeout(300)
        found = Axe().run(page)
        assert answer is not None
        assert answer.status == 200
        assert found.violations_count == 0, found.generate_report()
    page.close()
