"""Answers on a session's page in a real browser: collected on disk, handed in where it is live."""

import dataclasses as dc
from collections.abc import Callable, Iterator
from pathlib import Path

import hand_made_sessions
import pytest
from axe_playwright_python.sync_playwright import Axe
from fake_api import SITE, FakeApi
from playwright.sync_api import Browser, Dialog, Page, expect

from retrorun.model import TWO_DIRECTIONS, Athlete, Label, Remark, Session, Source
from retrorun.readers.label_file import label_table
from retrorun.report.history.sessions import index_page
from retrorun.report.page import Site
from retrorun.report.session.page import SessionContext, session_page

ID = "0123456789ab"
START_S = hand_made_sessions.START_S
PLAN = hand_made_sessions.TWO_CANDIDATES
EDGES = (0, 200, 260, 398, 462, 600)
Put = Callable[[str], str]
Open = Callable[[FakeApi, str], Page]


def session(**changes: object) -> Session:
    laps = hand_made_sessions.laps(*EDGES)
    return hand_made_sessions.session(PLAN, **({"laps": laps} | changes))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    found = browser.new_page(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    yield found
    found.close()


@pytest.fixture
def live(page: Page) -> Iterator[Open]:
    """Opens an address of a stand-in server; nothing may be asked elsewhere or complained of."""
    complaints: list[str] = []
    served: list[FakeApi] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda problem: complaints.append(str(problem)))

    def open_(fake: FakeApi, path: str) -> Page:
        fake.serve(page)
        served.append(fake)
        page.goto(f"{SITE}{path}")
        return page

    yield open_
    assert complaints == []
    assert all(fake.foreign == [] for fake in served)


def on_disk(page: Page, put: Put, **changes: object) -> Page:
    made = session(**changes)
    page.goto(put(session_page(made, hand_made_sessions.track(PLAN), SessionContext())))
    page.locator("html[data-drawn]").wait_for(state="attached")
    return page


def saved(page: Page, tmp_path: Path) -> tuple[str, list[tuple[float, float, str]]]:
    """Name of the table that is handed over, and its labels as the reader of tables reads them."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers").click()
    target = tmp_path / "answers.csv"
    download.value.save_as(target)
    labels = label_table("answers.csv", target.read_bytes())
    return download.value.suggested_filename, [
        (each.start_s, each.end_s, each.direction) for each in labels[0]
    ]


# -- from disk --------------------------------------------------------------------------------


def test_answers_are_collected_and_saved_as_a_table(page: Page, put: Put, tmp_path: Path) -> None:
    on_disk(page, put)
    expect(page.locator("#answer-bar")).to_be_hidden()
    page.get_by_role("button", name="Yes, backward").first.click()
    expect(page.locator("tr[data-n='2'] .unsaved")).to_have_text("backward, not saved yet")
    expect(page.get_by_role("button", name="Yes, backward")).to_be_focused()
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#answer-status")).to_have_text("2 answers, not saved yet")
    name, labels = saved(page, tmp_path)
    assert name == "morning run.fit.labels.csv"
    assert labels == [(200, 260, "backward"), (400, 460, "forward")]
    expect(page.locator("#answer-status")).to_contain_text(name)


def test_a_page_on_disk_leads_on_to_the_next_session_that_waits(page: Page, tmp_path: Path) -> None:
    """From the button of the list through three sessions, without a server."""
    made = [session(id=f"{day:012x}", start_time_s=START_S + 86_400.0 * day) for day in (1, 2, 3)]
    site = Site(tmp_path)
    site.ensure_assets()
    for each in made:
        html = session_page(each, hand_made_sessions.track(PLAN), SessionContext())
        site.write(f"sessions/{each.id}.html", html)
    site.write("index.html", index_page(made, Athlete()))
    page.goto((tmp_path / "index.html").as_uri())
    page.get_by_role("link", name="6 stretches in 3 sessions may be backward").click()
    onward = page.get_by_role("link", name="Next session")
    for day in (3, 2):
        assert f"sessions/{day:012x}.html" in page.url
        expect(onward).to_be_hidden()
        page.get_by_role("button", name="Yes to all 2").click()
        expect(onward).to_be_hidden()  # what is answered must be saved first
        with page.expect_download():
            page.get_by_role("button", name="Save my answers").click()
        onward.click()
    page.get_by_role("button", name="Yes to all 2").click()
    with page.expect_download():
        page.get_by_role("button", name="Save my answers").click()
    assert f"sessions/{1:012x}.html" in page.url
    expect(onward).to_be_hidden()


def test_a_link_of_a_page_leads_to_no_other_site(page: Page, put: Put) -> None:
    made = session_page(session(), hand_made_sessions.track(PLAN), SessionContext())
    page.goto(put(made) + "?then=https://example.org/a,javascript:alert(1),//example.org")
    page.locator("html[data-drawn]").wait_for(state="attached")
    page.get_by_role("button", name="Yes to all 2").click()
    with page.expect_download():
        page.get_by_role("button", name="Save my answers").click()
    expect(page.get_by_role("link", name="Next session")).to_be_hidden()


def test_earlier_labels_are_kept_cut_or_replaced_by_later_ones(
    page: Page, put: Put, tmp_path: Path
) -> None:
    earlier = (
        Label(10.0, 50.5, "backward", "sidecar"),
        Label(180.0, 230.0, "forward", "command"),
        Label(230.0, 300.0, "backward", "command"),  # the same direction, and the ends are others
        Label(0.0, 600.0, "backward", "name"),  # of the file itself: not the athlete's
    )
    on_disk(page, put, labels=earlier)
    page.get_by_role("button", name="Yes, backward").first.click()
    _, labels = saved(page, tmp_path)
    assert labels == [
        (10, 50.5, "backward"),
        (180, 200, "forward"),
        (200, 230, "backward"),  # what no label says yet: as answers to a server do
        (230, 300, "backward"),
    ]


def test_undo_takes_back_the_last_answer(page: Page, put: Put, tmp_path: Path) -> None:
    on_disk(page, put)
    page.get_by_role("button", name="Yes to all 2").click()
    expect(page.locator(".unsaved")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".unsaved")).to_have_count(0)
    page.get_by_role("button", name="No to all").click()
    assert saved(page, tmp_path)[1] == [(200, 260, "forward"), (400, 460, "forward")]


def test_a_chosen_row_has_handles_and_its_answer_their_ends(
    page: Page, put: Put, tmp_path: Path
) -> None:
    on_disk(page, put)
    page.get_by_role("button", name="Select stretch 2").click()
    start = page.get_by_role("slider", name="Start of stretch 2")
    expect(start).to_be_focused()
    expect(start).to_have_attribute("aria-valuetext", "3:20, at a lap press")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.get_by_role("slider", name="End of stretch 2").focus()
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("svg.map .focus").get_attribute("d")
    page.locator("tr[data-n='2']").get_by_role("button", name="Yes, backward").click()
    # what was cut off is not backward
    assert saved(page, tmp_path)[1] == [(200, 205, "forward"), (205, 270, "backward")]


def test_any_stretch_can_be_labelled_and_cleared(page: Page, put: Put, tmp_path: Path) -> None:
    on_disk(page, put, labels=(Label(0.0, 100.0, "forward", "command"),))
    for start, end, word in ((300, 310, "It was backward"), (20, 30, "Forget my label")):
        page.locator("#cursor").focus()
        page.keyboard.press("Home")
        page.evaluate("([a, b]) => retrorun.choose(a, b)", [start, end])
        page.get_by_role("button", name=word).click()
    assert saved(page, tmp_path)[1] == [
        (0, 20, "forward"),
        (20, 30, "unknown"),  # cleared: also where the table meets other labels
        (30, 100, "forward"),
        (300, 310, "backward"),
    ]


def test_every_second_lap(page: Page, put: Put, tmp_path: Path) -> None:
    on_disk(page, put)
    expect(page.locator("#laps-preview")).to_have_text("2 laps, 2:04 min, become backward.")
    page.get_by_role("button", name="Every second lap is backward").click()
    assert saved(page, tmp_path)[1] == [
        (0, 200, "forward"),
        (200, 260, "backward"),
        (260, 398, "forward"),
        (398, 462, "backward"),
        (462, 600, "forward"),
    ]


def test_a_lap_can_be_turned_before(page: Page, put: Put, tmp_path: Path) -> None:
    on_disk(page, put)
    page.get_by_role("button", name="Lap 4").click()
    expect(page.locator("#laps-preview")).to_have_text("1 lap, 1:00 min, become backward.")
    page.get_by_role("button", name="Yes, 1 lap").click()
    assert saved(page, tmp_path)[1] == [(200, 260, "backward")]


def test_a_second_activity_is_named_in_the_table(page: Page, put: Put, tmp_path: Path) -> None:
    on_disk(page, put, index=1, source=Source("a/two runs.fit", "0" * 64, "fit"))
    page.get_by_role("button", name="Yes, backward").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers").click()
    assert download.value.suggested_filename == "two runs.fit.labels.csv"
    download.value.save_as(tmp_path / "two.csv")
    labels = label_table("two.csv", (tmp_path / "two.csv").read_bytes())
    assert [(each.start_s, each.end_s) for each in labels[1]] == [(200, 260)]


def test_a_tap_on_the_lanes_chooses_the_stretch_there(browser: Browser, put: Put) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    on_disk(page, put)
    stack = page.locator("#stack")
    stack.scroll_into_view_if_needed()
    lanes = page.locator("#part-lanes")
    box = lanes.bounding_box()
    assert box is not None
    for second, number in ((420, 4), (300, 3)):  # backward from 400 to 460 s, forward before
        lanes.tap(position={"x": box["width"] * second / 600, "y": 60})
        expect(page.get_by_role("slider", name=f"End of stretch {number}")).to_be_visible()
    expect(page.locator("#selected-span")).to_have_text("4:20 to 6:40 · stretch 3")
    page.get_by_role("button", name="It was backward").tap()
    expect(page.locator("tr[data-n='3'] .unsaved")).to_have_text("backward, not saved yet")
    page.close()


def test_without_scripts_no_button_is_shown(browser: Browser, put: Put) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(put(session_page(session(), hand_made_sessions.track(PLAN), SessionContext())))
    expect(page.locator("tr[data-n='2']")).to_contain_text("Maybe backward run")
    for name in ("Yes, backward", "Yes to all 2", "Save my answers", "Every second lap"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    context.close()


def test_a_redacted_page_asks_nothing(page: Page, put: Put) -> None:
    context = SessionContext(redacted=True)
    html = session_page(session(), hand_made_sessions.track(PLAN), context)
    page.goto(put(html))
    expect(page.get_by_role("button", name="Yes, backward")).to_have_count(0)
    assert "morning run" not in html


# -- live --------------------------------------------------------------------------------


def api() -> FakeApi:
    return FakeApi([(session(), hand_made_sessions.track(PLAN))])


def test_an_answer_changes_the_page_at_once(live: Open) -> None:
    fake = api()
    page = live(fake, f"/sessions/{ID}")
    named, counted = (page.locator(f"#part-tiles {each}").first for each in ("dt", ".value"))
    expect(named).to_have_text("Maybe backward")
    expect(counted).to_have_text("2:00")
    page.get_by_role("button", name="Yes, backward").first.click()
    expect(page.locator("#part-tiles")).to_contain_text("and 1:00 that may be")
    expect(page.locator("h1")).to_contain_text("1:00 min backward")
    expect(page.locator("#answer-status")).to_have_text("✓ Kept: 3:20 to 4:20 is backward.")
    expect(page.get_by_role("button", name="Yes, backward")).to_be_focused()
    expect(page.locator("[data-fresh]")).to_contain_text("the comparison are being computed")
    assert fake.sent == [
        (
            f"/api/sessions/{ID}/answers",
            {"answer": "accept", "segments": [2], "start_s": 200, "end_s": 260},
        )
    ]
    expect(page.locator("#part-lanes .bands .backward")).to_have_count(1)
    expect(page.locator("#part-lanes .bands .candidate")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(named).to_have_text("Maybe backward")
    expect(counted).to_have_text("2:00")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_what_is_sent_for_all_laps_and_ranges(live: Open) -> None:
    fake = api()
    page = live(fake, f"/sessions/{ID}")
    page.get_by_role("button", name="Lap 4").click()
    page.get_by_role("button", name="Lap 4").click()
    page.wait_for_function("typeof retrorun.choose === 'function'")
    page.evaluate("retrorun.choose(300, 310)")
    page.get_by_role("button", name="It was backward").click()
    expect(page.locator("#answer-status")).to_contain_text("5:00 to 5:10 is backward")
    page.get_by_role("button", name="Yes to all 2").click()
    expect(page.get_by_role("button", name="Yes, backward")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    assert [body for _, body in fake.sent] == [
        {"answer": "label", "start_s": 300, "end_s": 310, "direction": "backward"},
        {"answer": "accept", "segments": "all"},
    ]


def test_a_handle_is_dragged_to_a_lap_press(live: Open) -> None:
    page = live(api(), f"/sessions/{ID}")
    page.locator("tr[data-n='4'] td").nth(1).click()
    end = page.get_by_role("slider", name="End of stretch 4")
    page.locator("#handle-end .grip").scroll_into_view_if_needed()
    grip = page.locator("#handle-end .grip").bounding_box()
    lanes = page.locator("#part-lanes").bounding_box()
    assert grip
    assert lanes
    x = lanes["x"] + lanes["width"] * 463.4 / 600
    page.mouse.move(grip["x"] + 13, grip["y"] + 13)
    page.mouse.down()
    page.mouse.move(x, grip["y"] + 13, steps=4)
    page.mouse.up()
    expect(end).to_have_attribute("aria-valuetext", "7:42, at a lap press")
    expect(end).to_contain_text("7:42 lap")


def test_which_of_two_directions_was_forward(live: Open) -> None:
    made = session()
    asked = [
        dc.replace(
            each, segment=dc.replace(each.segment, verdict="candidate", reason=TWO_DIRECTIONS)
        )
        for each in made.measures.segments
    ]
    made = dc.replace(made, measures=dc.replace(made.measures, segments=tuple(asked)))
    fake = FakeApi([(made, hand_made_sessions.track(PLAN))])
    page = live(fake, f"/sessions/{ID}")
    page.get_by_role("button", name="B was forward").click()
    expect(page.locator("#answer-status")).to_contain_text("is backward")
    # the longest part of A, from 0 to 200 s, was backward then
    assert fake.sent[0][1] == {
        "answer": "label",
        "start_s": 0,
        "end_s": 200,
        "direction": "backward",
    }


def test_note_pain_and_effort(live: Open) -> None:
    fake = api()
    page = live(fake, f"/sessions/{ID}")
    page.get_by_label("Pain, 0 to 10").fill("2")
    page.get_by_label("Note").fill("left knee <b>")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#note-status")).to_have_text("Kept.")
    written = {"pain": 2, "effort": None, "text": "left knee <b>"}
    assert fake.sent[0][1] == {**written, "seen": {"pain": None, "effort": None, "text": ""}}


def test_no_heading_is_printed_above_a_form_that_is_not(live: Open) -> None:
    page = live(api(), f"/sessions/{ID}")
    heading = page.locator("#how")
    expect(heading).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#note")).to_be_hidden()
    expect(heading).to_be_hidden()


def printed_note(page: Page) -> list[str]:
    """The lines of the note that paper gets."""
    page.emulate_media(media="print")
    lines = [each for each in page.locator(".kept p").all() if each.is_visible()]
    found = [each.inner_text() for each in lines]
    page.emulate_media(media="screen")
    return found


def test_a_kept_note_is_printed_and_nothing_else(live: Open) -> None:
    fake = api()
    page = live(fake, f"/sessions/{ID}")
    page.get_by_label("Note").fill("left knee <b>\nand\nwind")
    page.get_by_label("Pain, 0 to 10").fill("0")
    assert printed_note(page) == []  # it is not kept yet
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#note-status")).to_have_text("Kept.")
    page.get_by_label("Effort, 0 to 10").fill("9")  # not kept
    written = ["Pain, 0 to 10: 0", "left knee <b>\nand\nwind"]
    for _ in ("as it was written", "and opened again"):
        assert printed_note(page) == written
        expect(page.locator(".kept")).to_be_hidden()  # the form is there
        page.emulate_media(media="print")
        expect(page.locator("#how")).to_be_visible()
        expect(page.locator("#note")).to_be_hidden()
        page.emulate_media(media="screen")
        page.get_by_label("Effort, 0 to 10").fill("")
        page.reload()


def test_a_note_that_was_taken_away_is_not_printed(live: Open) -> None:
    fake = api()
    fake.notes[ID] = Remark(3, None, "stiff")
    page = live(fake, f"/sessions/{ID}")
    assert printed_note(page) == ["Pain, 0 to 10: 3", "stiff"]
    page.get_by_label("Pain, 0 to 10").fill("")
    page.get_by_label("Note").fill("")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#note-status")).to_have_text("Kept.")
    assert printed_note(page) == []
    page.emulate_media(media="print")
    expect(page.locator("#how")).to_be_hidden()


def test_a_note_that_is_refused_for_another_reason_says_that_reason(page: Page) -> None:
    fake = api()
    fake.serve(page)  # not ``live``: a browser complains of the status 409
    page.goto(f"{SITE}/sessions/{ID}")
    fake.refuse = (409, "the disk is full")
    page.get_by_label("Note").fill("windy")
    with page.expect_response(f"**/api/sessions/{ID}"):
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#note-status")).to_contain_text("the disk is full")
        fake.refuse = None
    page.wait_for_timeout(100)  # for a sentence that would take the place of this one
    expect(page.locator("#note-status")).to_contain_text("the disk is full")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#note-status")).to_have_text("Kept.")


def test_a_note_says_before_its_limit_how_much_is_left_and_cuts_nothing_off(page: Page) -> None:
    fake = api()
    fake.serve(page)  # not ``live``: a browser complains of the status 400
    page.goto(f"{SITE}/sessions/{ID}")
    text, status = page.get_by_label("Note"), page.locator("#note-status")
    text.fill("x" * 9_000)
    expect(status).to_have_text("")
    text.fill("x" * 9_990)
    expect(status).to_have_text("10 characters left.")
    text.fill("\N{GRINNING FACE}" * 10_003)  # each is one character, as the server counts
    expect(status).to_contain_text("shorten it by 3 characters")
    fake.refuse = (400, "a note has at most 10000 characters: shorten it by 3")
    page.get_by_role("button", name="Keep").click()
    expect(status).to_contain_text("a note has at most 10000 characters: shorten it by 3")
    expect(text).to_have_value("\N{GRINNING FACE}" * 10_003)
    text.fill("short")
    expect(status).to_have_text("")


def test_a_page_with_a_note_that_is_not_kept_is_not_left_unasked(page: Page) -> None:
    fake, asked = api(), list[str]()
    fake.serve(page)
    page.goto(f"{SITE}/sessions/{ID}")
    page.get_by_label("Note").click()
    page.keyboard.type("windy")

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.evaluate("setTimeout(() => location.assign('/'))")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    expect(page.get_by_label("Note")).to_have_value("windy")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#note-status")).to_have_text("Kept.")
    page.goto(SITE)
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("name", ["Yes, backward", "No"])
def test_an_answer_in_the_table_is_as_large_as_a_finger(browser: Browser, name: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    api().serve(page)
    page.goto(f"{SITE}/sessions/{ID}")
    size = page.locator(".asked").get_by_role("button", name=name).first.bounding_box()
    page.close()
    assert size
    assert min(size["width"], size["height"]) >= 44


def test_what_a_finger_touches_on_a_session_is_large_enough(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    api().serve(page)
    page.goto(f"{SITE}/sessions/{ID}")
    expect(page.get_by_role("button", name="Yes to all 2")).to_be_visible()
    small = page.locator(
        "button:visible, nav a:visible, summary:visible, #note input"
    ).evaluate_all(
        """all => all.map((each) => {
          const box = each.getBoundingClientRect(), over = getComputedStyle(each, "::after");
          const more = over.position === "absolute" ? -2 * parseFloat(over.top) : 0;
          return [each.textContent.trim().slice(0, 30), Math.round(box.height + more)];
        }).filter(([, height]) => height < 44)"""
    )
    page.close()
    assert small == []


def test_a_refused_answer_is_told(page: Page) -> None:
    fake = api()
    fake.serve(page)
    fake.refuse = (403, "this page is from an earlier start")
    page.goto(f"{SITE}/sessions/{ID}")
    page.get_by_role("button", name="Yes, backward").first.click()
    expect(page.locator("#answer-status")).to_have_text(
        "Not kept: this page is from an earlier start"
    )
    expect(page.get_by_role("button", name="Yes, backward")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_a_live_session(browser: Browser, scheme: str, width: int) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    api().serve(page)
    page.goto(f"{SITE}/sessions/{ID}")
    page.locator("html[data-drawn]").wait_for(state="attached")
    page.get_by_role("button", name="Select stretch 2").click()
    page.get_by_role("button", name="Yes, backward").last.click()
    expect(page.locator("#answer-status")).to_contain_text("Kept")
    found = Axe().run(page)
    page.close()
    assert found.violations_count == 0, found.generate_report()
