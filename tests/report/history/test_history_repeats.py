"""Repeats side by side on the comparison page, and names that tell in the list of sessions."""

import dataclasses as dc
from pathlib import Path
from typing import Any, cast

import hand_made_sessions
import lxml.html
import pytest
import session_history
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from retrorun.model import Athlete, HeartRate, Session
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.sessions import index_page
from retrorun.report.page import Site

Plan = hand_made_sessions.Plan


def repeating(day: int, speeds: list[float], seconds: int = 90, **changes: object) -> Session:
    plan: Plan = [(300, "forward", "run", "confirmed", 2.5)]
    for speed in speeds:
        plan += [
            (seconds, "backward", "run", "confirmed", speed),
            (60, "forward", "run", "confirmed", 2.5),
        ]
    return session_history.run(day, plan, **changes)


def weeks() -> list[Session]:
    return [
        repeating(0, [2.0] * 5),
        repeating(7, [2.0] * 5),
        repeating(14, [2.5] * 5),
        repeating(15, [2.0] * 3, 180),
    ]


def page(sessions: list[Session], athlete: Athlete | None = None) -> str:
    found = session_history.compared(sessions)
    return comparison_page(found, sessions, athlete or Athlete())


def select(html: str, path: str) -> list[Any]:
    return cast("list[Any]", lxml.html.fromstring(html).xpath(path))


def text(part: Any) -> str:  # noqa: ANN401 - lxml has no types
    return " ".join(part.text_content().split())


def test_a_kind_is_named_with_the_change_of_the_last_session() -> None:
    html = page(weeks())
    (summary,) = select(html, "//details[@class='repeats']/summary")
    # 1000 / 2.5 - 1000 / 2.0 = -100 s/km in every repetition
    assert text(summary) == (
        "5 × 90 s 3 sessions · the last 100 s/km quicker (95 %: −100 to −100 s/km)"
    )
    pictures = select(html, "//div[@class='pictures']/figure")
    assert [text(each.xpath("figcaption")[0]) for each in pictures] == [
        *("3 May 2026", "10 May 2026", "17 May 2026")
    ]
    assert [len(each.xpath(".//*[local-name()='circle']")) for each in pictures] == [5, 5, 5]
    label = pictures[2].xpath("*[local-name()='svg']/@aria-label")[0]
    assert label == "17 May 2026: 6:40, 6:40, 6:40, 6:40, 6:40 min/km"
    dashed = [each.xpath(".//*[@class='earlier']") for each in pictures]
    assert [len(each) for each in dashed] == [0, 0, 1]


def test_pictures_are_on_one_scale_and_quicker_is_higher() -> None:
    heights = [
        {float(each.get("cy")) for each in figure.xpath(".//*[local-name()='circle']")}
        for figure in select(page(weeks()), "//div[@class='pictures']/figure")
    ]
    assert heights == [{92.0}, {92.0}, {10.0}]


def test_the_table_behind_has_every_repetition_in_the_athletes_units() -> None:
    html = page(weeks(), Athlete(units="imperial"))
    rows = select(html, "(//details[@class='repeats']//table)[1]/tbody/tr")
    assert len(rows) == 5
    # 500 and 400 s/km are 13:25 and 10:44 a mile, 161 s apart
    assert [text(each) for each in rows[0]] == ["1", "13:25", "13:25", "10:44", "−161"]


def with_heart_and_steps(session: Session, *values: tuple[float | None, float | None]) -> Session:
    """The session with heart rate and step rate of its backward stretches, in order."""
    left = list(values)
    parts = []
    for each in session.measures.segments:
        if each.segment.direction == "backward":
            heart_bpm, steps_spm = left.pop(0)
            heart = None if heart_bpm is None else HeartRate(heart_bpm, heart_bpm, heart_bpm)
            metrics = dc.replace(each.metrics, heart_rate=heart, cadence_spm=steps_spm)
            parts.append(dc.replace(each, metrics=metrics))
        else:
            parts.append(each)
    assert left == []
    measures = dc.replace(session.measures, segments=tuple(parts))
    return dc.replace(session, measures=measures)


def test_heart_rate_and_steps_stand_beside_the_pace() -> None:
    """By hand: hearts 10, 6 and 2 beats above the mean of 148 and 152; steps known in two."""
    sessions = [
        with_heart_and_steps(repeating(0, [2.0] * 3), *[(148.0, 170.0)] * 3),
        with_heart_and_steps(repeating(7, [2.0] * 3), *[(152.0, None)] * 3),
        with_heart_and_steps(
            repeating(14, [2.0] * 3), (160.0, 172.0), (156.0, 174.0), (152.0, None)
        ),
    ]
    html = page(sessions)
    (beside,) = select(html, "//details[@class='repeats']/details/summary/small")
    assert text(beside) == "mean change: Heart rate +6 bpm · Step rate +3 steps/min"
    tables = select(html, "//details[@class='repeats']//table")
    assert [text(each.xpath("caption")[0]).rpartition(": ")[2] for each in tables] == [
        *("Pace, min/km", "Heart rate, bpm", "Step rate, steps/min")
    ]
    _, hearts, steps = (
        [[text(cell) for cell in row] for row in each.xpath("tbody/tr")] for each in tables
    )
    assert hearts == [
        ["1", "148", "152", "160", "+10"],
        ["2", "148", "152", "156", "+6"],
        ["3", "148", "152", "152", "+2"],
    ]
    assert steps == [
        ["1", "170", "–", "172", "+2"],
        ["2", "170", "–", "174", "+4"],
        ["3", "170", "–", "–", "–"],
    ]


def test_without_a_heart_rate_the_pace_stands_alone() -> None:
    sessions = [with_heart_and_steps(each, *[(None, None)] * 5) for each in weeks()[:3]]
    html = page(sessions)
    assert not select(html, "//details[@class='repeats']/details/summary/small")
    assert len(select(html, "//details[@class='repeats']//table")) == 1


def test_no_clear_change_is_not_called_quicker() -> None:
    sessions = [repeating(0, [2.0, 2.2, 2.0]), repeating(7, [2.2, 2.0, 2.2])]
    (summary,) = select(page(sessions), "//details[@class='repeats']/summary")
    assert "no clear change" in text(summary)
    assert "quicker" not in text(summary)


def test_counts_that_differ_are_named_by_what_is_repeated() -> None:
    sessions = [repeating(0, [2.0] * 5), repeating(7, [2.0] * 4)]
    (summary,) = select(page(sessions), "//details[@class='repeats']/summary")
    assert text(summary).startswith("90 s repeats 2 sessions")


@pytest.mark.parametrize("count", [0, 1])
def test_one_session_of_a_kind_has_no_section(count: int) -> None:
    assert not select(page(weeks()[-1:] * count), "//*[@id='repeats']")


def test_the_list_names_sessions_by_what_they_repeat() -> None:
    sessions = [
        repeating(0, [2.0] * 5, name=None),
        repeating(1, [2.0] * 3, 180, name="Run"),
        repeating(2, [2.0] * 3, name="<b>Hill</b>"),
        session_history.run(3, session_history.FORWARD, name=None),
    ]
    html = index_page(sessions, Athlete())
    names = [text(each) for each in select(html, "//table[contains(@class,'log')]//bdi")]
    assert names == ["Run", "<b>Hill</b>", "3 × 3 min backward", "5 × 90 s backward"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser,
    tmp_path: Path,
    scheme: Any,  # noqa: ANN401
    width: int,
) -> None:
    many = [dc.replace(each) for each in weeks()]
    many += [repeating(20 + day, [2.0 + 0.02 * day] * 22, 10) for day in range(8)]
    site = Site(tmp_path)
    site.ensure_assets()
    site.write("comparison.html", page(many))
    viewport: Any = {"width": width, "height": 900}
    shown = browser.new_page(color_scheme=scheme, viewport=viewport, bypass_csp=True)
    shown.goto((tmp_path / "comparison.html").as_uri())
    shown.locator("#filters[data-ready]").wait_for()
    shown.evaluate(
        "document.querySelectorAll('.repeats, .repeats details').forEach((e) => { e.open = true; })"
    )
    assert shown.locator(".repeats").first.locator("figure").count() == 6
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(shown)
    shown.close()
    assert found.violations_count == 0, found.generate_report()
