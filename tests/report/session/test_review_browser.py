"""The review in a real browser: keys, handles, snapping, undo, focus, phone, axe."""

import dataclasses as dc
import re
from collections.abc import Callable, Iterator

import hand_made_sessions
import pytest
from axe_playwright_python.sync_playwright import Axe
from fake_api import SITE, FakeApi
from msgspec import structs
from playwright.sync_api import Browser, Page, Route, expect

from retrorun.language import use_language
from retrorun.report.inbox import Inbox

START_S = hand_made_sessions.START_S
# two candidates of a minute in one session, one in an older session
PLAN = hand_made_sessions.TWO_CANDIDATES
OLDER: hand_made_sessions.Plan = [
    (300, "forward", "run", "confirmed", 2.9),
    (50, "backward", "run", "candidate", 2.1),
    (100, "forward", "run", "confirmed", 2.9),
]
EDGES = (0, 198, 264, 402, 461, 600)  # lap presses, 2 to 4 s from the ends of the candidates
Open = Callable[..., Page]  # a stand-in server, and how the window looks


def api(kind: type[FakeApi] = FakeApi) -> FakeApi:
    laps = hand_made_sessions.laps(*EDGES)
    newer = hand_made_sessions.session(PLAN, laps=laps)
    older = hand_made_sessions.session(
        OLDER, id="ba9876543210", start_time_s=START_S - 86_400.0, name="River <b>&"
    )
    return kind(
        [
            (older, hand_made_sessions.track(OLDER)),
            (newer, hand_made_sessions.track(PLAN)),
        ],
        learnt="After 3 answers: your steps are 8 % quicker backward. 2 of 3 guesses were right.",
    )


class SpokenApi(FakeApi):
    """The stand-in for a server whose athlete chose a language."""

    language = "de"

    def _answer(self, route: Route) -> None:
        with use_language(self.language):
            super()._answer(route)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens the review; afterwards nothing may have been asked elsewhere, nothing complained of."""
    pages: list[Page] = []
    complaints: list[str] = []
    served: list[FakeApi] = []

    def open_(fake: FakeApi, **look: object) -> Page:
        page = browser.new_page(**({"viewport": {"width": 1280, "height": 840}} | look))  # type: ignore[arg-type]
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        fake.serve(page)
        pages.append(page)
        served.append(fake)
        page.goto(f"{SITE}/review")
        return page

    yield open_
    for page in pages:
        page.close()
    # the browser itself notes on its console what was refused or broken off
    noted = ("status of 4", "net::ERR_CONNECTION_RESET")
    assert [each for each in complaints if not any(words in each for words in noted)] == []
    assert all(fake.foreign == [] for fake in served)


def answers(fake: FakeApi) -> list[tuple[str, object]]:
    return [(path.split("/")[-1], body) for path, body in fake.sent]


def shown(page: Page, span: str) -> None:
    """Wait for a question, and as long as anybody needs to see it: no answer is taken sooner."""
    expect(page.locator("h1")).to_contain_text(span)
    page.wait_for_timeout(250)


def slow_answers(page: Page, answer_ms: int) -> None:
    """From now on the server takes so long to keep an answer."""
    page.evaluate(
        """(wait_ms) => { const real = window.fetch; window.fetch = async (...all) => {
          if (String(all[0]).endsWith("/answers")) await new Promise((d) => setTimeout(d, wait_ms));
          return real(...all);
        }; }""",
        answer_ms,
    )


MANY: hand_made_sessions.Plan = [
    (200, "forward", "run", "confirmed", 2.9),
    *(
        each
        for _ in range(5)
        for each in (
            (60, "backward", "run", "candidate", 2.1),
            (140, "forward", "run", "confirmed", 2.9),
        )
    ),
]


def many(kind: type[FakeApi] = FakeApi) -> FakeApi:
    """Five candidates in one session, three in two others."""
    fake = api(kind)
    made = hand_made_sessions.session(MANY, id="cccccccccccc", start_time_s=START_S + 86_400.0)
    fake.sessions["cccccccccccc"] = made
    fake.tracks["cccccccccccc"] = hand_made_sessions.track(MANY)
    return fake


def test_no_key_is_lost_while_the_server_keeps_the_answer_before(opened: Open) -> None:
    """y y y n gave two answers where the server took longer than the athlete."""
    fake = many()
    page = opened(fake)
    slow_answers(page, 1_500)
    for key, following in zip("yyyn", ("6:40", "10:00", "13:20", "16:40"), strict=True):
        page.keyboard.press(key)
        shown(page, following)
        expect(page.locator("#kept")).to_contain_text("Keeping")
    expect(page.locator("#kept")).to_have_text(
        "✓ Kept: 13:20 to 14:20 is not backward.", timeout=15_000
    )
    expect(page.locator("#position")).to_have_text("5")
    expect(page.locator("h1")).to_contain_text("16:40")
    assert [(each["answer"], each["start_s"]) for _, each in fake.sent] == [
        ("accept", 200),
        ("accept", 400),
        ("accept", 600),
        ("reject", 800),
    ]


class MergingApi(FakeApi):
    """The first answer lets the next candidate begin 20 s later, as a new analysis can."""

    def _post(self, path: str, body: dict[str, object]) -> tuple[int, str, str]:
        super()._post(path, body)
        plan = [*MANY[:2], (160, *MANY[2][1:]), (40, *MANY[3][1:]), *MANY[4:]]
        segments = hand_made_sessions.session(plan).measures.segments
        old = self.sessions["cccccccccccc"]
        first = old.measures.segments[1]
        if len(self.sent) == 1:
            kept = (segments[0], first, *segments[2:])
            self.sessions["cccccccccccc"] = dc.replace(
                old, measures=dc.replace(old.measures, segments=kept)
            )
        return self._json(self.state("cccccccccccc"))


def test_an_answer_never_falls_on_a_stretch_that_looked_different(opened: Open) -> None:
    fake = many(MergingApi)
    page = opened(fake)
    slow_answers(page, 900)
    page.keyboard.press("y")
    shown(page, "6:40 to 7:40")
    page.keyboard.press("y")  # it begins at 7:00 as soon as the first answer is kept
    expect(page.locator("#kept")).to_contain_text("please look again", timeout=10_000)
    expect(page.locator("h1")).to_contain_text("7:00 to 7:40")
    assert [each["start_s"] for _, each in fake.sent] == [200]
    page.wait_for_timeout(250)
    page.keyboard.press("y")
    expect(page.locator("#kept")).to_contain_text("Kept", timeout=10_000)
    assert [each["start_s"] for _, each in fake.sent] == [200, 420]


class DecidingApi(FakeApi):
    """The first answer decides the whole session, as where a compass tells two directions apart."""

    def _post(self, path: str, body: dict[str, object]) -> tuple[int, str, str]:
        if len(self.sent) > 1:
            return super()._post(path, body)
        made = self.sessions["cccccccccccc"]
        segments = tuple(
            dc.replace(each, segment=dc.replace(each.segment, verdict="confirmed"))
            for each in made.measures.segments
        )
        measures = dc.replace(made.measures, segments=segments)
        self.sessions["cccccccccccc"] = dc.replace(made, measures=measures)
        return self._json(self.state("cccccccccccc"))


@pytest.fixture
def deciding() -> FakeApi:
    return many(DecidingApi)


def test_an_answer_that_decides_the_session_says_so_and_goes_to_the_next(
    opened: Open, deciding: FakeApi
) -> None:
    page = opened(deciding)
    slow_answers(page, 600)
    page.keyboard.press("y")
    shown(page, "6:40 to 7:40")  # the server has not said yet that it is decided, too
    expect(page.locator("#kept")).to_have_text(
        "✓ Kept: 3:20 to 4:20 is backward. It decided 4 more stretches of this session."
    )
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20")
    expect(page.locator("article.question")).to_have_attribute("data-session", "0123456789ab")
    expect(page.locator("#whole")).to_have_text("4")


def test_what_was_said_of_a_stretch_that_is_decided_meanwhile_is_kept(
    opened: Open, deciding: FakeApi
) -> None:
    page = opened(deciding)
    slow_answers(page, 900)
    page.keyboard.press("y")
    shown(page, "6:40 to 7:40")
    page.keyboard.press("n")
    expect(page.locator("#kept")).to_contain_text("Kept: 6:40 to 7:40 is not", timeout=9_000)
    assert deciding.sent[1][1] == {
        "answer": "label",
        "start_s": 400,
        "end_s": 460,
        "direction": "forward",
    }


def test_a_key_pressed_twice_by_accident_answers_one_question(opened: Open) -> None:
    fake = many()
    page = opened(fake)
    page.evaluate(
        """() => { for (let i = 0; i < 2; i++)
          document.dispatchEvent(new KeyboardEvent("keydown", { key: "y", bubbles: true })); }"""
    )
    expect(page.locator("h1")).to_contain_text("6:40 to 7:40")
    page.wait_for_timeout(300)
    assert [each["start_s"] for _, each in fake.sent] == [200]
    # the page says so where the second comes after the next question is there
    page.evaluate(
        """async () => { const key = () => document.dispatchEvent(new KeyboardEvent("keydown",
          { key: "y", bubbles: true }));
          const asks = () => document.getElementById("ask").textContent, before = asks();
          key();
          while (asks() === before) await new Promise((d) => setTimeout(d, 5));
          key();
          window.said = document.getElementById("kept").textContent; }"""
    )
    assert "only just come up" in page.evaluate("window.said")
    assert [each["start_s"] for _, each in fake.sent] == [200, 400]


def test_what_was_answered_after_a_refusal_is_asked_again(opened: Open) -> None:
    fake = many()
    fake.refuse = (429, "too many answers a second")
    page = opened(fake)
    slow_answers(page, 900)
    page.get_by_role("slider", name="Start of stretch 2").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("y")
    shown(page, "6:40 to 7:40")
    page.keyboard.press("n")
    expect(page.locator("#kept")).to_contain_text("too many answers a second", timeout=10_000)
    expect(page.locator("#kept")).to_contain_text("was not handed in: please give it again")
    # the end that was moved is still where it was
    expect(page.locator("h1")).to_contain_text("3:21 to 4:20")
    expect(page.locator("#position")).to_have_text("1")
    expect(page.locator("#whole")).to_have_text("8")
    assert len(fake.sent) == 1


def test_undo_of_an_answer_that_waits_needs_no_server(opened: Open) -> None:
    fake = many()
    page = opened(fake)
    slow_answers(page, 1_200)
    page.keyboard.press("y")
    shown(page, "6:40 to 7:40")
    page.keyboard.press("n")
    shown(page, "10:00 to 11:00")
    page.keyboard.press("u")
    expect(page.locator("h1")).to_contain_text("6:40 to 7:40")
    page.keyboard.press("u")  # the one that is on its way is kept first, and then taken back
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20", timeout=10_000)
    assert [path.rsplit("/", 1)[-1] for path, _ in fake.sent] == ["answers", "undo"]
    assert len(fake.inbox().queue) == 8


def test_one_key_answers_a_whole_session_and_one_takes_it_back(opened: Open) -> None:
    fake = many()
    page = opened(fake)
    assert page.locator("#whole-session rect.candidate").count() == 5
    page.keyboard.press("a")
    shown(page, "3:20 to 4:20")
    expect(page.locator("#kept")).to_have_text("✓ Kept: all 5 of this session are backward.")
    expect(page.locator("#position")).to_have_text("6")
    path, body = fake.sent[0]
    assert path.split("/")[3] == "cccccccccccc"
    assert (body["answer"], body["segments"]) == ("accept", "all")
    assert "candidate" in body["seen"]  # the server refuses it where others are there by now
    page.keyboard.press("u")
    expect(page.locator("#whole")).to_have_text("8")
    expect(page.locator("#position")).to_have_text("1")
    assert len(fake.inbox().queue) == 8
    page.wait_for_timeout(250)
    page.get_by_role("button", name="No to all").click()
    expect(page.locator("#kept")).to_contain_text("none of the 5 of this session is backward")


def test_the_strip_follows_an_answer_and_the_key_for_all_waits_for_it(opened: Open) -> None:
    fake = many()
    page = opened(fake)
    slow_answers(page, 800)
    page.keyboard.press("n")
    shown(page, "6:40 to 7:40")
    page.keyboard.press("a")
    expect(page.locator("#kept")).to_have_text("Please wait a moment, then press again.")
    expect(page.get_by_role("button", name="Yes to all 4")).to_be_visible(timeout=10_000)
    assert page.locator("#whole-session rect.candidate").count() == 4
    page.get_by_role("slider", name="Start of stretch 4").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("a")
    expect(page.locator("#kept")).to_contain_text("You moved an end")
    page.keyboard.press("Escape")
    expect(page.locator("h1")).to_contain_text("6:40 to 7:40")
    page.keyboard.press("a")
    expect(page.locator("#kept")).to_contain_text("Kept: all 4 of this", timeout=9_000)
    assert len(fake.inbox().queue) == 3


def test_a_lone_candidate_has_no_key_for_all(opened: Open) -> None:
    fake = api()
    del fake.sessions["0123456789ab"]
    page = opened(fake)
    expect(page.locator("h1")).to_contain_text("5:00 to 5:50")
    page.keyboard.press("a")
    page.wait_for_timeout(200)
    assert fake.sent == []
    assert page.locator("#whole-session").count() == 0


def test_newest_first_and_all_of_it_fits_the_screen(opened: Open) -> None:
    page = opened(api())
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20")
    expect(page.locator("#position")).to_have_text("1")
    expect(page.locator("#whole")).to_have_text("3")
    for name in ("Yes, backward", "No", "Undo"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box
        assert box["y"] + box["height"] <= 840
    learnt = page.locator("#learnt").bounding_box()
    act = page.locator("#act").bounding_box()
    assert learnt
    assert act
    assert learnt["y"] + learnt["height"] <= act["y"]
    assert "River <b>&" in page.locator("#queue").inner_text()


def test_keys_answer_and_move_the_focus_to_the_next_question(opened: Open) -> None:
    fake = api()
    page = opened(fake)
    page.keyboard.press("Y")  # as with Shift or Caps Lock
    shown(page, "6:40 to 7:40")
    expect(page.locator("#ask")).to_be_focused()
    expect(page.locator("#kept")).to_have_text("✓ Kept: 3:20 to 4:20 is backward.")
    page.keyboard.press("n")
    shown(page, "5:00 to 5:50")
    expect(page.locator("#kept")).to_have_text("✓ Kept: 6:40 to 7:40 is not backward.")
    assert answers(fake) == [
        ("answers", {"answer": "accept", "segments": [2], "start_s": 200, "end_s": 260}),
        ("answers", {"answer": "reject", "segments": [4], "start_s": 400, "end_s": 460}),
    ]
    page.keyboard.press("y")
    expect(page.locator("#done-title")).to_be_focused()
    assert not page.locator(".keys, #rest").first.is_visible()  # there is nothing to press them for
    expect(page.locator("#kept")).to_have_text("✓ Kept: 5:00 to 5:50 is backward.")
    assert fake.inbox().queue == ()


def test_undo_goes_back_answer_by_answer(opened: Open) -> None:
    fake = api()
    page = opened(fake)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    for span in ("6:40 to 7:40", "5:00 to 5:50"):
        page.keyboard.press("y")
        shown(page, span)
    for span in ("6:40 to 7:40", "3:20 to 4:20"):
        page.keyboard.press("u")
        expect(page.locator("h1")).to_contain_text(span)
    expect(page.locator("#kept")).to_contain_text("Taken back")
    assert len(fake.inbox().queue) == 3
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_j_and_k_go_on_and_back_without_an_answer(opened: Open) -> None:
    fake = api()
    page = opened(fake)
    page.keyboard.press("j")
    expect(page.locator("h1")).to_contain_text("6:40 to 7:40")
    page.keyboard.press("k")
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20")
    assert fake.sent == []


def test_letter_keys_can_be_switched_off_and_stay_off(opened: Open) -> None:
    fake = api()
    page = opened(fake)
    page.get_by_label("One-letter keys").uncheck()
    page.reload()
    page.keyboard.press("y")
    page.wait_for_timeout(200)
    assert fake.sent == []
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20")


def test_arrow_keys_move_an_end_and_the_answer_has_it(opened: Open) -> None:
    fake = api()
    page = opened(fake)
    start = page.get_by_role("slider", name="Start of stretch 2")
    end = page.get_by_role("slider", name="End of stretch 2")
    start.focus()
    page.keyboard.press("ArrowLeft")
    expect(start).to_have_attribute("aria-valuenow", "199")
    page.keyboard.press("ArrowLeft")
    expect(start).to_have_attribute("aria-valuetext", "3:18, at a lap press")
    expect(start).to_contain_text("3:18 lap")
    end.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(end).to_have_attribute("aria-valuenow", "270")
    page.get_by_role("button", name="End 1 second earlier").click()
    expect(end).to_have_attribute("aria-valuenow", "269")
    page.get_by_role("button", name="Yes, backward").click()
    expect(page.locator("h1")).to_contain_text("6:40 to 7:40")
    expect(page.locator("#kept")).to_contain_text("✓")  # it has reached the server
    assert fake.sent[0][1]["start_s"] == 198
    assert fake.sent[0][1]["end_s"] == 269


def test_l_takes_laps_as_ends(opened: Open) -> None:
    page = opened(api())
    expect(page.locator("#snap")).to_contain_text("Start is 2 s from a lap press (3:18).")
    page.keyboard.press("l")
    expect(page.locator("h1")).to_contain_text("3:18 to 4:24")
    expect(page.locator("#snap")).to_contain_text("End is at a lap press (4:24).")


def drag(page: Page, end: str, to_s: float) -> None:
    """Drag an end to a second of the window, which reaches from 140 to 320 s."""
    grip = page.locator(f"#handle-{end} .grip").bounding_box()
    lanes = page.locator(".ends-track").bounding_box()
    assert grip
    assert lanes
    y = grip["y"] + grip["height"] / 2
    page.mouse.move(grip["x"] + grip["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(lanes["x"] + lanes["width"] * (to_s - 140) / (319 - 140), y, steps=5)
    page.mouse.up()


# a lap is pressed at 198 s, the made body turns at 200 s
@pytest.mark.parametrize(
    ("to_s", "at_s", "words"),
    [
        (195.4, 198, "Start is at a lap press (3:18)."),
        (202.6, 200, "Start is 2 s from a lap press (3:18)."),
        (204.2, 204, "Start is 6 s from a lap press (3:18)."),
        (190.2, 190, "Start is 8 s from a lap press (3:18)."),
    ],
)
def test_dragging_snaps_to_laps_and_turns_within_three_seconds(
    opened: Open, to_s: float, at_s: int, words: str
) -> None:
    page = opened(api())
    drag(page, "start", to_s)
    start = page.get_by_role("slider", name="Start of stretch 2")
    expect(start).to_have_attribute("aria-valuenow", str(at_s))
    expect(start).to_be_focused()
    expect(page.locator("#snap")).to_contain_text(words)
    expect(start).to_contain_text({198: "3:18 lap", 200: "3:20 turn"}.get(at_s, "3:"))


def test_the_drawn_segment_follows_its_ends(opened: Open) -> None:
    page = opened(api())
    page.locator("#handle-end").focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    # the window begins at 140 s and has a point a second
    assert page.locator("#clip-inside").get_attribute("x") == "60"
    assert page.locator("#clip-inside").get_attribute("width") == "90"
    path = page.locator("#map-stretch").get_attribute("d") or ""
    assert len(re.findall(r"[ML]", path)) == 91


def test_a_refusal_is_told_and_nothing_is_lost(opened: Open) -> None:
    fake = api()
    fake.refuse = (429, "too many answers a second")
    page = opened(fake)
    page.keyboard.press("y")
    expect(page.locator("#kept")).to_have_text("Not kept: too many answers a second")
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_nobody_is_told_that_nothing_was_kept_where_that_is_not_known(opened: Open) -> None:
    """A server that ends after it stored an answer, and before it says so, has kept it."""
    page = opened(api())
    page.route("**/answers", lambda route: route.abort("connectionreset"))
    page.keyboard.press("y")
    told = page.get_by_text("retrorun does not answer")
    expect(told).to_contain_text("Whether the last answer was kept")
    expect(told).not_to_contain_text("Nothing was kept")
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20")  # the same question still


def test_another_tab_has_answered_meanwhile(opened: Open) -> None:
    fake = api()
    page = opened(fake)
    session = fake.sessions["0123456789ab"]
    fake._post("/api/sessions/0123456789ab/answers", {"answer": "accept", "segments": "all"})
    assert fake.sessions["0123456789ab"] is not session
    fake.refuse = (409, "no such candidate")
    page.keyboard.press("y")
    expect(page.locator("h1")).to_contain_text("5:00 to 5:50")
    expect(page.locator("#kept")).to_contain_text("please look again")


def test_a_stretch_that_changed_meanwhile_is_asked_again_as_it_is_now(opened: Open) -> None:
    """Not one of a session that was imported in the meantime and took its place in the queue."""
    fake = api()
    page = opened(fake)
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20")
    asked = fake.sessions["0123456789ab"]
    newer = dc.replace(asked, id="cccccccccccc", start_time_s=asked.start_time_s + 9e6)
    fake.sessions["cccccccccccc"] = newer
    fake.tracks["cccccccccccc"] = fake.tracks["0123456789ab"]
    later = hand_made_sessions.session(
        [(205, *hand_made_sessions.TWO_CANDIDATES[0][1:]), *hand_made_sessions.TWO_CANDIDATES[1:]]
    )
    fake.sessions["0123456789ab"] = dc.replace(later, start_time_s=asked.start_time_s)
    fake.refuse = (409, "no such candidate")
    page.keyboard.press("y")
    expect(page.locator("h1")).to_contain_text("3:25 to 4:25")
    assert page.locator("article.question").get_attribute("data-session") == "0123456789ab"


def test_a_phone_answers_by_touch(opened: Open) -> None:
    fake = api()
    page = opened(fake, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    boxes = [
        page.get_by_role("button", name=name, exact=True).bounding_box()
        for name in ("Undo", "No", "Yes, backward")
    ]
    assert all(boxes)
    undo, no, yes = (box for box in boxes if box)
    assert undo["x"] < no["x"] < yes["x"]
    assert yes["width"] > max(no["width"], undo["width"])
    assert all(844 - 80 <= box["y"] + box["height"] <= 844 for box in (undo, no, yes))
    page.get_by_role("button", name="Yes, backward").tap()
    expect(page.locator("h1")).to_contain_text("6:40 to 7:40")
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator("h1")).to_contain_text("3:20 to 4:20")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(opened: Open, scheme: str, width: int) -> None:
    page = opened(api(), color_scheme=scheme, viewport={"width": width, "height": 840})
    page.keyboard.press("y")
    expect(page.locator("h1")).to_contain_text("6:40 to 7:40")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


# names of lanes and of the line in the picture that something else lies upon, at any of their ends
COVERED = """all => all.filter((name) => {
  name.style.pointerEvents = "auto";
  const box = name.getBoundingClientRect(), y = (box.top + box.bottom) / 2;
  return [box.left + 2, (box.left + box.right) / 2, box.right - 2].some((x) => {
    const found = document.elementFromPoint(x, y);
    return !(found && name.contains(found));
  });
}).map((name) => name.innerText)"""
WRITTEN_OVER = """all => {
  const boxes = all.map((each) => each.getBoundingClientRect()).filter((each) => each.width > 0);
  return boxes.flatMap((a, at) => boxes.slice(at + 1).filter((b) =>
    Math.min(a.right, b.right) > Math.max(a.left, b.left) + 1 &&
    Math.min(a.bottom, b.bottom) > Math.max(a.top, b.top) + 1)).length;
}"""


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("width_px", [320, 390, 768])
def test_nothing_lies_over_a_word_of_the_picture(
    opened: Open, width_px: int, language: str
) -> None:
    """The handle of the end covered "deine Vorwärtslinie"; laps were written over the axis."""
    kind = type("Api", (SpokenApi,), {"language": language})
    page = opened(api(kind), viewport={"width": width_px, "height": 1400})
    expect(page.locator("h1")).to_contain_text("3:20")
    assert page.locator(".lane .name, .line-name").evaluate_all(COVERED) == []
    marks = page.locator(".line-name, .lane .name, .lap span, .axis span, .gap")
    assert marks.evaluate_all(WRITTEN_OVER) == 0
    for button in page.locator("#act button:visible").all():
        box = button.bounding_box()
        assert box
        assert box["height"] <= 64, button.inner_text()


def test_the_name_of_the_line_gives_way_to_the_end_that_is_moved(opened: Open) -> None:
    page = opened(api(), viewport={"width": 1400, "height": 1400})
    name = page.locator(".line-name")

    def middles() -> tuple[float, float, float]:
        found = [each.bounding_box() for each in (page.locator("#handle-start"), name)]
        end = page.locator("#handle-end").bounding_box()
        assert found[0]
        assert found[1]
        assert end
        start_px, end_px = (each["x"] + each["width"] / 2 for each in (found[0], end))
        return start_px, found[1]["x"] + found[1]["width"] / 2, end_px

    start_px, name_px, end_px = middles()
    assert start_px < end_px < name_px
    page.locator("#handle-end").focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowRight")
    start_px, name_px, end_px = middles()
    assert name_px < start_px < end_px
    assert name.evaluate_all(COVERED) == []


def test_the_letters_are_those_of_the_athletes_language(opened: Open) -> None:
    """In German J is for Ja, and skips nothing; what skips is W, and is written on its button."""
    fake = api(SpokenApi)
    page = opened(fake)
    expect(page.locator("#yes kbd")).to_have_text("J")
    expect(page.locator("[data-do=next] kbd")).to_have_text("W")
    place = page.locator("#position").inner_text()
    page.wait_for_timeout(250)  # no answer is taken sooner than the question can be seen
    page.keyboard.press("y")  # no button has this letter
    assert fake.sent == []
    assert page.locator("#position").inner_text() == place
    page.keyboard.press("j")
    expect(page.locator("#kept")).to_contain_text("✓")  # kept, and not on its way
    assert len(answers(fake)) == 1


class FollowedApi(FakeApi):
    """What answers teach follows them: the inbox is not fresh until it is told."""

    follows = False

    def inbox(self) -> Inbox:
        found = super().inbox()
        return found if self.follows else structs.replace(found, fresh=False, learnt="")

    def _get(self, path: str) -> tuple[int, str, str]:
        if path != "/api/events":
            return super()._get(path)
        told = "event: inbox\ndata: {}\n\n" if self.follows else ": nothing\n\n"
        return 200, "text/event-stream", f"retry: 100\n{told}"


def test_the_end_of_the_review_tells_what_the_answers_made(opened: Open) -> None:
    """Every question by one key, over two sessions; then their headlines, and all taken back."""
    fake = api(FollowedApi)
    assert isinstance(fake, FollowedApi)
    page = opened(fake)
    # numbers of others follow still, but nobody has answered anything
    expect(page.locator("#learnt")).to_contain_text("Nothing is learnt yet")
    for span in ("3:20 to 4:20", "6:40 to 7:40", "5:00 to 5:50"):
        shown(page, span)
        page.keyboard.press("y")
    expect(page.locator("#done-title")).to_be_focused()
    made = page.locator("#made li")
    # 120 s of two stretches, and 50 s of one, as their pages say
    expect(made).to_have_count(2)
    expect(made.nth(0)).to_contain_text("You ran 2:00 min backward in 2 stretches")
    expect(made.nth(1)).to_contain_text("You ran 50 s backward in one stretch")
    hrefs = [each.get_attribute("href") for each in page.locator("#made a").all()]
    assert hrefs == [f"/sessions/{each}" for each in reversed(fake.sessions)]
    # nothing is learnt yet, and the page does not say so of answers that it was just given
    expect(page.locator(".done .learnt-line")).to_have_text(
        "What your answers teach follows in a moment."
    )
    fake.follows = True
    expect(page.locator(".done .learnt-line")).to_contain_text("After 3 answers")
    for left in ("5:00 to 5:50", "6:40 to 7:40", "3:20 to 4:20"):
        page.keyboard.press("u")
        shown(page, left)
    expect(page.locator("#act").get_by_role("button", name="Undo")).to_be_disabled()


def test_the_end_of_a_long_review_says_how_many_sessions_it_leaves_out(opened: Open) -> None:
    sessions = [
        hand_made_sessions.session(OLDER, id=f"ba98765432{n}", start_time_s=START_S - 86_400.0 * n)
        for n in range(10, 24)
    ]
    fake = FakeApi([(each, hand_made_sessions.track(OLDER)) for each in sessions])
    page = opened(fake)
    for left in range(14, 0, -1):
        expect(page.locator("#position")).to_have_text(str(15 - left))
        page.wait_for_timeout(250)  # no answer is taken sooner than the question can be seen
        page.keyboard.press("y")
    made = page.locator("#made li")
    expect(made).to_have_count(13)
    expect(made.last).to_have_text("2 more")
    expect(made.nth(11)).to_contain_text("You ran 50 s backward in one stretch")
