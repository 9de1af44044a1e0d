"""The page of care as text: doses, scores, their absence, and what lies outside its dates."""

import dataclasses as dc
from typing import Any

import hand_made_sessions
import lxml.html
import pytest
import session_history

from retrorun.model import Remark, Session
from retrorun.report.history.care import CareContext, care_page
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.sessions import index_page
from retrorun.settings import CompareSettings

HOSTILE = '"><script>alert(1)</script>\u202e{{ 7*7 }}'
YEAR_1901_S, YEAR_2107_S = -2_177_452_800.0, 4_323_456_000.0


def page(sessions: list[Session], remarks: dict[str, Remark] | None = None) -> str:
    return care_page(sessions, CareContext(remarks or {}, CompareSettings()))


def tree(html: str) -> Any:  # noqa: ANN401  # what an XPath gives has no narrower type
    return lxml.html.fromstring(html)


def words(html: str) -> str:
    return " ".join(tree(html).text_content().split())


def rows(html: str, table: str) -> list[list[str]]:
    found = tree(html).xpath(f"//table[contains(@class,'{table}')]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in found]


def backward(day: int, *seconds: int) -> Session:
    plan: hand_made_sessions.Plan = []
    for each in seconds:
        plan += [
            (120, "forward", "run", "confirmed", 2.9),
            (each, "backward", "run", "confirmed", 2.0),
        ]
    return session_history.run(day, plan)


def test_weeks_hold_minutes_stretches_and_steps() -> None:
    # 4 May 2026 is day 1, a Monday
    sessions = [backward(1, 60, 60), backward(3, 80), backward(9, 100, 200), backward(23, 60)]
    found = rows(page(sessions), "doses")
    assert [row[0] for row in found] == ["2026-05-25", "2026-05-18", "2026-05-11", "2026-05-04"]
    assert [row[1] for row in found] == ["1", "0", "1", "2"]
    assert [row[2] for row in found] == ["1:00", "", "5:00", "3:20"]
    assert [row[4] for row in found] == ["1", "", "2", "3"]
    assert [row[5] for row in found] == ["1:00", "", "3:20", "1:20"]
    assert [row[6] for row in found] == ["", "−100 %", "+50 % large", ""]
    assert found[2][7] == "+150 % longer"  # 600 m after 240 m
    assert found[3][7] == "−33 %"  # the only one with another before it: 160 m after 240 m
    assert found[0][7] == "−80 %"


def test_the_headline_is_the_last_week_and_its_step() -> None:
    text = words(page([backward(1, 200), backward(9, 150, 150)]))
    assert "Week of 11 May 2026: 5:00 min backward in 2 stretches." in text
    assert "+50 % on the week before (3:20 min), a large step." in text
    text = words(page([backward(1, 200), backward(9, 210)]))
    assert "in 1 stretch." in text
    assert "+5 % on the week before (3:20 min)." in text
    assert "large step" not in text


def test_a_large_step_says_whose_mark_it_is_and_what_a_study_found() -> None:
    text = words(page([backward(1, 200)]))
    assert "a plain mark, no measured limit" in text
    assert "1.64 (1.31 to 2.05) times the rate of overuse injury" in text
    assert "Frandsen et al. 2025" in text
    assert "not related to injury" in text


def test_scores_by_week_their_last_weeks_and_trend() -> None:
    sessions = [backward(1 + 7 * turn, 120) for turn in range(6)]
    remarks = {each.id: Remark(6 - turn, 5) for turn, each in enumerate(sessions)}
    remarks[sessions[-1].id] = Remark(1, 5, "no pain going down")
    html = page(sessions, remarks)
    assert [row[8] for row in rows(html, "doses")] == ["1", "2", "3", "4", "5", "6"]
    text = words(html)
    assert "median 2.5, highest 4 in the last 4 weeks." in text
    assert "−1.0 points a week" in text
    assert "median 5, highest 5" in text
    assert "no pain going down" in text
    assert 'class="scores"' in html


def test_without_notes_it_says_what_to_type() -> None:
    sessions = [backward(1, 120), backward(4, 120)]
    html = care_page(sessions, CareContext({}, CompareSettings(), " --archive .demo"))
    assert "No pain, effort or words are noted yet." in words(html)
    command = f'retrorun note {sessions[1].id} --pain 2 --rpe 5 "how it felt" --archive .demo'
    assert command in words(html)
    noted = page(sessions, {sessions[1].id: Remark(0, 4)})
    assert "retrorun note" not in words(noted)
    assert [row[2] for row in rows(noted, "noted")] == ["0"]  # no pain is a score


def test_without_sessions_and_without_anything_backward() -> None:
    assert "There are no sessions yet." in words(page([]))
    text = words(page([session_history.run(0, session_history.FORWARD)]))
    assert "nothing backward" in text
    assert "None" not in text


def test_a_note_is_data() -> None:
    sessions = [backward(1, 120)]
    html = page(sessions, {sessions[0].id: Remark(1, 2, HOSTILE + "x" * 5000)})
    assert "<script>alert" not in html
    assert "49" not in words(html) or "{{ 7*7 }}" in words(html)
    assert "x" * 100 not in html


@pytest.mark.parametrize("odd_s", [YEAR_1901_S, YEAR_2107_S])
def test_a_bad_clock_is_listed_and_named_and_stretches_no_axis(odd_s: float) -> None:
    sessions = session_history.ten_weeks()
    odd = dc.replace(session_history.run(0), id="f" * 12, start_time_s=odd_s, name="Old watch")
    both = [*sessions, odd]
    assert rows(page(both), "doses") == rows(page(sessions), "doses")
    index = index_page(both, session_history.ME)
    assert "3 May 2026 to 8 Jul 2026 · 21 sessions" in words(index)
    assert "Day not known: the clock was wrong 1 session · 7:00 min backward" in words(index)
    assert "Old watch" in words(index)
    last = tree(index).xpath("//div[@class='month']")[-1]
    assert f"sessions/{odd.id}.html" in lxml.html.tostring(last).decode()
    html = comparison_page(session_history.compared(both), both, session_history.ME)
    assert "the clock was wrong in 1 session: Old watch (" in words(html)
    assert "3 May 2026 to 8 Jul 2026" in words(html)
    year = "1901" if odd_s < 0 else "2107"
    charts = tree(html).xpath("//script[@type='application/json']/text()")
    assert not any(f'"{year}' in each for each in charts)


def test_the_pages_lead_to_each_other() -> None:
    sessions = session_history.ten_weeks()
    found = session_history.compared(sessions)
    for html in (
        index_page(sessions, session_history.ME),
        comparison_page(found, sessions, session_history.ME),
    ):
        assert 'href="care.html"' in html
    assert 'href="comparison.html"' in page(sessions)
