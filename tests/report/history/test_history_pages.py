"""Index, comparison and the report of a period as text: complete, honest, safe, small."""

import dataclasses as dc
import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import hand_made_sessions
import lxml.html
import pytest
import session_history

from processor_time import is_cheap
from retrorun.compare import compare
from retrorun.metrics import COMPARED
from retrorun.model import Athlete, Best, Estimate, Remark, Session, Totals
from retrorun.model.comparison import Point, Trend, Week
from retrorun.report.history.calendar import volume_figure
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.differences import cost_tiles
from retrorun.report.history.period import PeriodContext, period_page
from retrorun.report.history.sessions import index_page
from retrorun.report.history.trends import trend_cards
from retrorun.report.inbox import Inbox
from retrorun.report.numbers import UNKNOWN, Display, signed
from retrorun.report.page import Fault
from retrorun.settings import CompareSettings

Page = Callable[[list[Session]], str]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>=HYPERLINK("x")\u202e{{ 7*7 }}'


def index(sessions: list[Session]) -> str:
    return index_page(sessions, session_history.ME)


def comparison(sessions: list[Session]) -> str:
    return comparison_page(session_history.compared(sessions), sessions, session_history.ME)


def period(sessions: list[Session]) -> str:
    return period_page(
        sessions, session_history.compared(sessions), PeriodContext(athlete=session_history.ME)
    )


PAGES: list[Page] = [index, comparison, period]


def tree(html: str) -> Any:  # noqa: ANN401  # what an XPath gives has no narrower type
    return lxml.html.fromstring(html)


def words(html: str) -> str:
    return " ".join(tree(html).text_content().split())


def trend(values: list[float], low: float, high: float) -> Trend:
    """One value a week, level, with these ends of its slope a week."""
    points = tuple(Point(str(n), n * 604_800.0, value) for n, value in enumerate(values))
    slope = Estimate(0.0, low, high, "made up")
    weeks = float(len(values) - 1)
    return Trend(
        "backward_share", "", "", points, slope, values[0], weeks, len(points), verdict="level"
    )


def reach(made: Trend) -> tuple[float, float]:
    """Ends of the upright axis of its figure."""
    (card,) = trend_cards([made], {}, Display())
    assert card.figure is not None
    low, high = card.figure["layout"]["yaxis"]["range"]
    return low, high


def test_the_list_opened_from_disk_calls_to_answer_and_leads_to_the_newest_session() -> None:
    """Two sessions with one candidate each: the button names both and opens the later one."""
    sessions = [session_history.run(day, session_history.MAYBE) for day in (3, 9)]
    page = tree(index_page([*sessions, session_history.run(12)], Athlete(), archive_option=" -x"))
    (link,) = page.xpath("//p[@class='call']/a")
    assert link.text_content() == "2 stretches in 2 sessions may be backward: say which"
    assert link.get("href") == f"sessions/{9:012x}.html#part-answers"
    assert link.get("data-then") == f"{3:012x}"  # where its page leads on to
    assert page.xpath("string(//p[@class='call']/following-sibling::p//code)") == "retrorun open -x"


@pytest.mark.parametrize("inbox", [None, Inbox()])
def test_a_list_without_candidates_or_with_an_inbox_has_no_call_of_its_own(
    inbox: Inbox | None,
) -> None:
    plan = session_history.MAYBE if inbox else session_history.LONG
    page = tree(index_page([session_history.run(1, plan)], Athlete(), inbox=inbox))
    assert not page.xpath("//p[@class='call']")


def test_a_list_in_which_nothing_is_backward_says_what_can_be_done() -> None:
    ahead = session_history.run(1, [(600, "forward", "run", "assumed", 2.9)])
    words = "Was some of it backward? Open its session and press “Mark the backward part”."
    assert words in index_page([ahead], Athlete())
    assert words in index_page([ahead], Athlete(), inbox=Inbox())
    assert words not in index_page([ahead, session_history.run(2)], Athlete())
    assert words not in index_page([session_history.run(3, session_history.MAYBE)], Athlete())
    assert words not in index_page([], Athlete())


@pytest.mark.parametrize("inbox", [None, Inbox()])
def test_a_list_whose_every_session_is_faulty_does_not_ask_for_the_first_export(
    inbox: Inbox | None,
) -> None:
    fault = Fault("0123456789ab", "archive-session-damaged", "it is damaged", "Repair it.")
    for faults in ([], [fault]):
        page = tree(index_page([], Athlete(), faults=faults, inbox=inbox))
        assert bool(page.xpath("//p[@class='lead']")) == (not faults)
        assert bool(page.xpath("//section[@class='faults']")) == bool(faults)


def test_a_wide_interval_does_not_press_the_marks_of_a_trend_flat() -> None:
    """Shares of 10 to 40 with a slope known to 50 points a week: no axis from −100 to 200 %."""
    low, high = reach(trend([10.0, 40.0, 20.0, 30.0], -50.0, 50.0))
    assert -10 < low <= 0  # room for half a mark, and no share below nothing
    assert 40 < high <= 40 + 15 + 10  # half of the marks' spread, and room


def test_a_narrow_interval_of_a_trend_is_drawn_whole() -> None:
    low, high = reach(trend([10.0, 40.0, 20.0, 30.0], -2.0, 2.0))
    # the band: 10 in the middle, plus and minus 2 points in each of a week and a half
    assert low < 10 - 3
    assert 40 < high < 50


def test_the_list_is_filtered_by_direction_in_plain_words() -> None:
    (field,) = tree(index(session_history.ten_weeks())).xpath("//label[select/@name='kind']")
    assert field.text.strip() == "Direction"
    options = [each.text for each in field.xpath("select/option")]
    assert options[:3] == ["all", "backward, certain", "backward by compass"]
    assert "maybe backward" in options


@pytest.mark.parametrize("page", PAGES)
def test_nothing_yet(page: Page) -> None:
    html = page([])
    assert "no sessions" in words(html) or "No backward running" in words(html)
    assert "nan" not in html.lower().split()
    assert "None" not in words(html)


@pytest.mark.parametrize("page", PAGES)
def test_one_session(page: Page) -> None:
    html = page([session_history.run(0)])
    assert "sessions/000000000000.html" in html
    assert "7:00" in words(html)  # 240 s running and 180 s walking backward
    assert "None" not in words(html)


@pytest.mark.parametrize("page", PAGES)
def test_all_forward(page: Page) -> None:
    sessions = [session_history.run(day, session_history.FORWARD) for day in (0, 3, 6)]
    text = words(page(sessions))
    assert "no confirmed backward running" in text or "No backward running" in text
    assert "None" not in text


@pytest.mark.parametrize("page", PAGES)
def test_every_session_is_linked(page: Page) -> None:
    sessions = session_history.ten_weeks()
    links = set(re.findall(r"sessions/([0-9a-f]+)\.html", page(sessions)))
    assert links == {each.id for each in sessions}


@pytest.mark.parametrize("page", PAGES)
def test_the_same_sessions_in_any_order_give_the_same_page(page: Page) -> None:
    sessions = session_history.ten_weeks()
    assert page(sessions) == page(sessions[::-1])


@pytest.mark.parametrize("page", PAGES)
def test_names_are_data(page: Page) -> None:
    sessions = [session_history.run(0, name=HOSTILE), session_history.run(4, name="x" * 10_000)]
    plain = page([session_history.run(0, name="a"), session_history.run(4, name="b")])
    html = page(sessions)
    count = {tag: plain.count(tag) for tag in ("<script", "<img", "</script", "<a ", "<td")}
    assert {tag: html.count(tag) for tag in count} == count
    assert "{{ 7*7 }}" in words(html) or "49" not in words(html)
    assert len(html) < len(plain) + 2000


def test_a_name_that_turns_the_line_round_is_isolated() -> None:
    html = index([session_history.run(0, name=HOSTILE)])
    name = tree(html).xpath("//bdi")[0].text_content()
    assert name.startswith('"><script>')
    assert len(name) == 60


def test_what_the_coach_and_the_runner_wrote_is_data() -> None:
    sessions = [session_history.run(0)]
    remarks = {sessions[0].id: Remark(3, 7, HOSTILE)}
    context = PeriodContext(title=HOSTILE, note=f"{HOSTILE}\n\nsecond", remarks=remarks)
    html = period_page(sessions, session_history.compared(sessions), context)
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "second" in words(html)


def test_the_headline_is_the_cost_factor_with_its_interval() -> None:
    sessions = session_history.ten_weeks()
    factor = session_history.compared(sessions).cost_factor
    assert factor.value is not None
    assert factor.low is not None
    text = words(comparison(sessions))
    assert f"Backward costs you {factor.value:.2f} times forward" in text
    assert f"95 %: {factor.low:.2f} to {factor.high:.2f}" in text


def test_without_a_factor_the_page_says_so_instead() -> None:
    without = Estimate(None, None, None, "kinetics", "no heart rate")
    measures = dc.replace(session_history.run(0).measures, cost_factor=without)
    text = words(comparison([session_history.run(0, measures=measures)]))
    assert "7:00 min backward so far: too early to say what it costs you." in text
    assert "times forward at" not in text


def test_too_early_stands_where_a_number_would() -> None:
    text = words(comparison([session_history.run(0)]))
    assert "too early to say" in text.lower()
    assert re.search(r"\d more (matched )?(pair|session|week)", text)


def test_metrics_that_miss_the_same_share_a_row() -> None:
    """An athlete who only ran backward read twelve rows of "0 pairs, 0 sessions"."""
    plan: hand_made_sessions.Plan = [(900, "backward", "run", "confirmed", 2.0)]
    page = tree(comparison([hand_made_sessions.session(plan)]))
    (row,) = page.xpath("//table[@class='forest']/tbody/tr")
    reason, names, behind = (" ".join(each.text_content().split()) for each in row)
    assert reason == "too early to say: 5 more matched pairs"
    assert names.startswith("Heart rate, Distance per heartbeat, Step rate")
    assert len(names.split(", ")) == len(COMPARED)
    assert behind == "0 pairs, 0 sessions"


def test_who_only_ran_backward_is_asked_for_forward_running_and_reads_no_dashes() -> None:
    plan: hand_made_sessions.Plan = [(900, "backward", "run", "confirmed", 2.0)]
    made = hand_made_sessions.session(plan)
    without = Estimate(None, None, None, "kinetics", "no forward")
    measures = dc.replace(made.measures, cost_factor=without)
    page = tree(comparison([dc.replace(made, measures=measures)]))

    def read(at: Any) -> str:  # noqa: ANN401  # an element
        return " ".join(at.text_content().split())

    lead = read(page.xpath("//p[@class='lead']")[0])
    assert "run some of your next outing forward, too" in lead
    assert "no session gives" not in lead
    tiles = {
        read(each.find("dt")): read(each.find_class("value")[0]) for each in page.find_class("tile")
    }
    del tiles["Longest unbroken"]  # the hand-made session has no bests
    assert UNKNOWN not in tiles.values()
    assert len(tiles) == 7
    # 900 s at 2 m/s
    assert tiles["Backward distance"] == "1.80 km"
    assert tiles["Pace, backward"].startswith("8:20")


def test_weeks_add_up_to_the_sessions() -> None:
    sessions = session_history.ten_weeks()
    rows = tree(period(sessions)).xpath("//table[contains(@class,'weeks')]/tbody/tr")

    def minutes(cell: int) -> int:
        texts = [row.xpath("td")[cell].text_content() for row in rows]
        return sum(60 * int(t.split(":")[0]) + int(t.split(":")[1]) for t in texts if t)

    long = sum(
        any(
            each.segment.gait == "walk" and each.segment.direction == "backward"
            for each in session.measures.segments
        )
        for session in sessions
    )
    assert long == 10
    assert minutes(1) == 240 * long  # running
    assert minutes(2) == 180 * long  # walking
    assert minutes(3) == 300 * 5  # maybe
    assert sum(int(row.xpath("td")[0].text_content()) for row in rows) == len(sessions)


def test_weeks_count_what_the_comparison_counts() -> None:
    # candidates as backward, and an activity that is there twice once
    sessions = session_history.ten_weeks()
    copy = dc.replace(sessions[0], id="f" * 12)
    settings = CompareSettings(include_candidates=True)
    found = compare([*sessions, copy], session_history.ME, settings)
    html = period_page([*sessions, copy], found, PeriodContext(athlete=session_history.ME))
    rows = tree(html).xpath("//table[contains(@class,'weeks')]/tbody/tr")
    for row, week in zip(rows, found.weeks, strict=True):
        texts = [row.xpath("td")[cell].text_content() for cell in (1, 2)]
        minutes = [60 * int(t.split(":")[0]) + int(t.split(":")[1]) for t in texts if t]
        assert sum(minutes) == week.backward.moving_s


def test_scores_are_shown_and_their_absence_too() -> None:
    sessions = session_history.ten_weeks()
    remarks = {sessions[0].id: Remark(2, 6, "stiff"), sessions[2].id: Remark(None, 8)}
    html = period_page(sessions, session_history.compared(sessions), PeriodContext(remarks=remarks))
    assert "Pain median 2, highest 2; effort median 7, highest 8" in words(html)
    assert "stiff" in words(html)
    assert "Pain median" not in words(period(sessions))


def test_imperial_units_reach_every_part() -> None:
    sessions = session_history.ten_weeks()
    html = comparison_page(session_history.compared(sessions), sessions, Athlete(units="imperial"))
    own = html.split('id="claims"')[0]  # studies keep the units of their authors
    assert "mi/h" in own
    assert "km" not in own


def test_ten_thousand_sessions() -> None:
    base = session_history.run(0, hand_made_sessions.HOUR)
    sessions = [
        dc.replace(
            base,
            id=f"{turn:012x}",
            start_time_s=hand_made_sessions.START_S + turn * session_history.DAY_S,
        )
        for turn in range(10_000)
    ]
    made: list[str] = []
    # about one second on the machine of docs/benchmark.md
    assert is_cheap(lambda: made.append(index(sessions)), 10)
    html = made[-1]
    assert len(html.encode()) <= 300 * len(sessions)
    assert html.count("<a href=sessions/") == len(sessions)


def test_strips_join_and_stay_within_the_session() -> None:
    plan: hand_made_sessions.Plan = [
        (1, "backward" if turn % 2 else "forward", "run", "confirmed", 2.0) for turn in range(4000)
    ]
    html = index([session_history.run(0, plan)])
    path = re.search(r'<path d="([^"]*)"', html)
    assert path
    steps = re.findall(r"M(\d+) 4|h(\d+)", path.group(1))
    assert len(path.group(1)) < 700
    pen = 0
    for move, across in steps:
        pen = int(move) if move else pen + int(across)
        assert 0 <= pen <= 96


@pytest.mark.parametrize(
    ("distance_m", "shown"),
    [(999.4, "999 m"), (999.5, "1.00 km"), (1000.0, "1.00 km"), (1004.9, "1.00 km")],
)
def test_a_distance_that_rounds_to_a_kilometre_is_one(distance_m: float, shown: str) -> None:
    assert Display().distance(distance_m) == shown


def test_zero_has_no_sign_and_a_change_that_is_told_of_is_not_shown_as_zero() -> None:
    assert [signed(value, 2) for value in (0.004, -0.004, 0.0, 0.006)] == [
        *("0.00", "0.00", "0.00", "+0.01")
    ]
    sessions = [
        session_history.factored(session_history.run(7 * turn), 1.3 + 0.00004 * turn)
        for turn in range(8)
    ]
    html = comparison(sessions)
    assert not re.search(r"\+0\.0+(?!\d)", words(html))
    assert not re.search(r"(rising|falling) [+−]?0\.0+ ", words(html))


def test_one_of_a_thing_is_one() -> None:
    text = words(comparison([session_history.run(0)]))
    assert "1 of 1 session went backward, over 1 week." in text
    assert "in one calendar week" in text
    assert not re.search(r"\b1 (weeks|sessions|pairs|stretches)\b", text)
    assert "in one session." in words(index([session_history.run(0)]))


def test_records_show_each_time_that_they_were_broken() -> None:
    sessions = session_history.ten_weeks()
    bests = [(Best("100 m", 40.0 - turn / 2, 100.0, 9.0),) for turn in range(len(sessions))]
    kept = [
        dc.replace(each, measures=dc.replace(each.measures, bests=best))
        for each, best in zip(sessions, bests, strict=True)
    ]
    rows = tree(comparison(kept)).xpath("//table[contains(@class,'broken')]/tbody/tr")
    cells = [[" ".join(cell.text_content().split()) for cell in row] for row in rows]
    assert len(cells) == len(sessions)
    assert cells[0][:4] == ["100 m", "0:40.0", "", "6:40 min/km"]
    assert cells[1][:3] == ["100 m", "0:39.5", "−0.5 s"]
    links = [row.xpath(".//a/@href")[0] for row in rows]
    assert "Earlier ones" not in words(comparison(kept))
    assert links == [f"sessions/{each.id}.html" for each in sessions]


def test_a_record_that_was_broken_a_hundred_times_is_no_long_table() -> None:
    base = session_history.run(0)
    sessions = [
        session_history.run(
            turn,
            measures=dc.replace(base.measures, bests=(Best("100 m", 200.0 - turn, 100.0, 9.0),)),
        )
        for turn in range(100)
    ]
    html = comparison(sessions)
    rows = tree(html).xpath("//table[contains(@class,'broken')]/tbody/tr")
    assert len(rows) == 20
    assert rows[0].xpath("td")[1].text_content() == "−1.0\N{NO-BREAK SPACE}s"
    assert "Earlier ones that only retrorun compare --json holds: 80." in words(html)


def test_backward_time_a_week_leaves_out_sessions_without_a_day() -> None:
    dated = session_history.run(0)
    odd = [
        dc.replace(dated, id=f"odd{n}", start_time_s=631_065_600.0 + 86_400.0 * n) for n in range(9)
    ]
    alone, beside = (
        next(
            each
            for each in cost_tiles(session_history.compared(sessions), Display())
            if each.label == "Backward a week"
        )
        for sessions in ([dated], [dated, *odd])
    )
    assert beside == alone


def test_the_weeks_of_the_figure_are_named_by_their_mondays() -> None:
    """7 Dec 2026 is a Monday; of 13 weeks every third one is named, the year where it changes."""
    mondays = [dt.date(2026, 12, 7) + dt.timedelta(weeks=week) for week in range(13)]
    none = Totals()
    figure = volume_figure([Week(each.isoformat(), 1, none, none, none) for each in mondays])
    assert figure is not None
    axis = figure["layout"]["xaxis"]
    named = ["2026-12-07", "2026-12-28", "2027-01-18", "2027-02-08", "2027-03-01"]
    assert axis["tickvals"] == named
    assert axis["ticktext"] == ["7 Dec<br>2026", "28 Dec", "18 Jan<br>2027", "8 Feb", "1 Mar"]
