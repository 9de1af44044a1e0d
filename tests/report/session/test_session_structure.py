"""Sets and repetitions on the session page: said in a sentence, and folded in the table."""

import dataclasses as dc
from collections.abc import Callable
from typing import Any, cast

import hand_made_sessions
import lxml.html
import pytest
from axe_playwright_python.sync_playwright import Axe
from fake_api import SITE, FakeApi
from playwright.sync_api import Browser, Page, expect

from retrorun.model import Athlete, Session, Verdict
from retrorun.report.session.page import SessionContext, session_page

Put = Callable[[str], str]
Plan = hand_made_sessions.Plan
SURE: Verdict = "confirmed"
WARM_UP: Plan = [(300, "forward", "run", SURE, 2.5)]


def sets(counts: tuple[int, ...], verdict: Verdict = SURE) -> Plan:
    """Shuttles of 13 m: 10 s backward, 5 s forward; 90 s of walking after each set."""
    shuttle: Plan = [(10, "backward", "run", verdict, 1.3), (5, "forward", "run", SURE, 2.6)]
    rest: Plan = [(90, "forward", "walk", SURE, 1.4)]
    return [*WARM_UP, *(part for count in counts for part in [*shuttle * count, *rest])]


def intervals(count: int, verdict: Verdict = SURE) -> Plan:
    work: Plan = [(90, "backward", "run", verdict, 2.0), (60, "forward", "run", SURE, 2.5)]
    return [*WARM_UP, *work * count]


def html(plan: Plan, athlete: Athlete | None = None, **changes: object) -> str:
    made: Session = hand_made_sessions.session(plan, **changes)
    context = SessionContext(athlete=athlete or Athlete())
    return session_page(made, hand_made_sessions.track(plan), context)


def text(part: Any) -> str:  # noqa: ANN401 - lxml has no types
    return " ".join(part.text_content().split())


def select(page: str, path: str) -> list[Any]:
    return cast("list[Any]", lxml.html.fromstring(page).xpath(path))


def sentences(page: str) -> list[str]:
    return [text(each) for each in select(page, "//*[@id='part-repeated']/p")]


def bodies(page: str) -> list[tuple[list[str], int, bool]]:
    """Of each part of the table: cells of its set's row, its stretches, and whether it is open."""
    found = []
    for body in select(page, "//table[contains(@class,'segments')]/tbody"):
        head = [text(cell) for row in body.xpath("tr[@class='set']") for cell in row]
        is_open = not body.xpath(".//details[not(@open)]")
        found.append((head, len(body.xpath("tr[@data-n]")), is_open))
    return found


def test_three_sets_are_said_in_a_sentence_and_fold() -> None:
    page = html(sets((22, 22, 22)))
    (sentence,) = sentences(page)
    assert sentence == (
        "3 sets, 22 × 13 m backward: 5 s of jogging between, work to rest 2 : 1; 1:35 min between "
        "sets."
    )
    shape = [(count, is_open) for _, count, is_open in bodies(page)]
    # warm-up; 22 stretches and the 21 between them; the last way forward and the walk
    assert shape == [
        (1, True),
        (43, False),
        (2, True),
        (43, False),
        (2, True),
        (43, False),
        (2, True),
    ]


def test_a_sets_row_holds_sums_and_means_of_its_repetitions() -> None:
    (cells, *_) = [head for head, *_ in bodies(html(sets((22, 20)))) if head]
    # 22 × 10 s at 1.3 m/s are 220 s, 286 m and 12:49 min/km; 1.3 m/s · 60 / 173.2 steps a minute
    assert cells[1].startswith("Set 1: 22 × 13 m")
    assert cells[2:7] == ["5:00", "3:40", "286 m", "12:49", "148"]
    assert cells[7:9] == ["173", "0.45 m"]


def test_a_few_repetitions_are_said_and_stay_in_sight() -> None:
    page = html(intervals(5))
    assert sentences(page) == [
        "5 × 90 s backward: 1:00 min of jogging between, work to rest 1.5 : 1."
    ]
    assert all(not head and is_open for head, _, is_open in bodies(page))


def test_nothing_is_said_where_nothing_is_repeated() -> None:
    page = html(hand_made_sessions.HOUR)
    assert sentences(page) == []
    assert [count for _, count, _ in bodies(page)] == [len(hand_made_sessions.HOUR)]


def test_candidates_are_maybe_and_are_never_folded_away() -> None:
    page = html(sets((30,), "candidate"), name=None)
    assert sentences(page)[0].startswith("Maybe 30 × 13 m backward: ")
    assert all(is_open for _, _, is_open in bodies(page))
    assert "Maybe 30 × 13 m backward" in page.split("</title>", maxsplit=1)[0]


def test_a_candidate_among_certain_ones_is_named_and_counted_nowhere() -> None:
    plan = intervals(5)
    plan[5] = (90, "backward", "run", "candidate", 2.0)
    (sentence,) = sentences(html(plan))
    assert sentence.startswith("4 × 90 s backward: ")
    assert sentence.endswith("; 1 more may be one of them.")


def test_walked_repetitions_are_said_to_be_walked() -> None:
    walk: Plan = [(60, "backward", "walk", SURE, 1.0), (30, "still", "still", SURE, 0.0)]
    (sentence,) = sentences(html(walk * 4))
    assert sentence == "4 × 60 s walked backward: 30 s of standing between, work to rest 2 : 1."


@pytest.mark.parametrize(
    ("name", "title"),
    [(None, "5 × 90 s backward"), ("Run", "5 × 90 s backward"), ("Lunch loop", "Lunch loop")],
)
def test_a_session_without_a_name_is_called_by_what_it_repeats(
    name: str | None, title: str
) -> None:
    page = html(intervals(5), name=name)
    assert f"<title>{title} · " in page


def test_short_ways_are_in_the_athletes_units() -> None:
    assert sentences(html(sets((12,)), Athlete(units="imperial")))[0].startswith("12 × 43 ft")


def opened(browser: Browser, url: str, **how: Any) -> Page:  # noqa: ANN401 - playwright's options
    page = browser.new_page(**how)
    page.goto(url)
    return page


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_set_opens_by_key_also_without_scripts(
    browser: Browser, put: Put, width: int, *, scripts: bool
) -> None:
    viewport = {"width": width, "height": 900}
    page = opened(
        browser, put(html(sets((12, 12)))), java_script_enabled=scripts, viewport=viewport
    )
    rows = page.locator("tbody:has(.set) tr[data-n]")
    assert rows.count() == 46
    assert not any(each.is_visible() for each in rows.all())
    page.locator("tr.set summary").first.focus()
    page.keyboard.press("Enter")
    assert [each.is_visible() for each in rows.all()] == [True] * 23 + [False] * 23
    page.keyboard.press("Enter")
    assert not any(each.is_visible() for each in rows.all())
    page.close()


def test_a_set_stays_as_it_was_opened_when_an_answer_comes(browser: Browser) -> None:
    plan: Plan = [*sets((12, 12)), (45, "backward", "run", "candidate", 2.0)]
    made = hand_made_sessions.session(plan)
    page = browser.new_page()
    FakeApi([(made, hand_made_sessions.track(plan))]).serve(page)
    page.goto(f"{SITE}/sessions/{made.id}")
    page.locator("tr.set summary").first.click()
    page.get_by_role("button", name="Yes, backward").click()
    expect(page.locator("#answer-status")).to_contain_text("is backward")
    shown = page.locator("tr.set details").evaluate_all("found => found.map((each) => each.open)")
    assert shown == [True, False]
    page.close()


def test_paper_holds_every_stretch_and_the_sets(browser: Browser, put: Put) -> None:
    page = opened(browser, put(html(sets((12, 12)))))
    page.emulate_media(media="print")
    expect(page.locator("tr.set summary").first).to_be_visible()
    assert all(each.is_visible() for each in page.locator("tr[data-n]").all())
    page.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(browser: Browser, put: Put, scheme: Any, width: int) -> None:  # noqa: ANN401
    viewport = {"width": width, "height": 900}
    how = {"color_scheme": scheme, "viewport": viewport, "bypass_csp": True}
    page = opened(browser, put(html(sets((12, 12)))), **how)
    page.locator("tr.set summary").first.click()
    found = Axe().run(page)
    page.close()
    assert found.violations_count == 0, found.generate_report()


def test_older_sessions_without_a_structure_are_shown_as_before() -> None:
    made = hand_made_sessions.session(intervals(5))
    bare = dc.replace(made.measures, structure=type(made.measures.structure)())
    track = hand_made_sessions.track(intervals(5))
    page = session_page(dc.replace(made, measures=bare), track, SessionContext())
    assert sentences(page) == []
    assert [count for _, count, _ in bodies(page)] == [11]


@pytest.mark.parametrize(("lone_s", "title"), [(200, "3 × 90 s backward"), (900, "Run")])
def test_sets_name_a_session_only_where_they_hold_half_of_its_backward_time(
    lone_s: int, title: str
) -> None:
    lone: Plan = [(lone_s, "backward", "run", SURE, 2.0), (400, "forward", "run", SURE, 2.5)]
    page = html([*lone, *intervals(3)[1:]], name=None)
    assert sentences(page)[0].startswith("3 × 90 s backward")
    (when,) = select(page, "//p[@class='when']")
    assert text(when).startswith(f"{title} · ")
