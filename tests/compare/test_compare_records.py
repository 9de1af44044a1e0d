"""Records and each time that they were broken; sessions whose clock was wrong; doses a week."""

import random
from dataclasses import replace

import pytest
from measured_sessions import MONDAY_S, session, stretch

from retrorun.compare import compare, doses, earlier_sessions, score_trends
from retrorun.model import Athlete, Best, Remark, Session
from retrorun.model.comparison import Comparison
from retrorun.settings import CompareSettings

SETTINGS = CompareSettings()
DAY_S = 86_400.0
YEAR_1901_S, YEAR_2107_S = -2_177_452_800.0, 4_323_456_000.0


def compared(*sessions: Session) -> Comparison:
    return compare(sessions, Athlete(), SETTINGS)


def timed(name: str, day: float, *bests: tuple[str, float]) -> Session:
    """A session with these bests: name of the distance, seconds."""
    metres = {"100 m": 100.0, "400 m": 400.0}
    found = [Best(key, seconds, metres.get(key), 3.0) for key, seconds in bests]
    return session(name, day, [stretch(0, 100), stretch(100, 100, "backward", 2.0)], bests=found)


def at(name: str, time_s: float) -> Session:
    return replace(timed(name, 0, ("100 m", 1.0)), start_time_s=time_s)


def backward(name: str, day: float, *seconds: float, speed_mps: float = 2.0) -> Session:
    """A session with backward stretches of these lengths, each after as much forward."""
    parts, at_s = [], 0.0
    for each in seconds:
        parts += [stretch(at_s, each), stretch(at_s + each, each, "backward", speed_mps)]
        at_s += 2 * each
    return session(name, day, parts or [stretch(0, 600)])


def test_a_record_lists_each_time_that_it_was_broken() -> None:
    sessions = [
        timed("a", 0, ("100 m", 40.0)),
        timed("b", 3, ("100 m", 41.0)),  # slower
        timed("c", 5, ("100 m", 38.5), ("400 m", 190.0)),
        timed("d", 9, ("100 m", 38.5)),  # equalled, not broken
        timed("e", 12, ("100 m", 37.0), ("longest_s", 90.0)),
    ]
    records = {each.key: each for each in compared(*sessions).records}
    steps = [(each.session, each.seconds) for each in records["100 m"].progression]
    assert steps == [("a", 40.0), ("c", 38.5), ("e", 37.0)]
    assert records["100 m"].progression[0].date == "2026-01-05"
    assert records["100 m"].session == "e"
    assert list(records) == ["100 m", "400 m", "longest_s"]
    assert len(records["400 m"].progression) == 1


def test_longest_stretches_are_broken_upward() -> None:
    sessions = [timed(str(turn), turn, ("longest_s", 60.0 + 10 * turn)) for turn in range(3)]
    (record,) = compared(*sessions).records
    assert [each.seconds for each in record.progression] == [60.0, 70.0, 80.0]


def test_a_progression_is_the_running_best_whatever_the_order_of_sessions() -> None:
    chance = random.Random(4)  # noqa: S311 - no secret
    times = [round(chance.uniform(30, 60), 1) for _ in range(60)]
    sessions = [timed(f"{turn:03}", turn, ("100 m", each)) for turn, each in enumerate(times)]
    expected = [
        (f"{turn:03}", each)
        for turn, each in enumerate(times)
        if all(each < earlier for earlier in times[:turn])
    ]
    chance.shuffle(sessions)
    (record,) = compared(*sessions).records
    assert [(each.session, each.seconds) for each in record.progression] == expected


@pytest.mark.parametrize("odd_s", [YEAR_1901_S, YEAR_2107_S, 0.0, float(2**31)])
def test_a_bad_clock_stretches_nothing_and_is_named(odd_s: float) -> None:
    known = [timed(f"s{turn}", 7 * turn, ("100 m", 40.0 - turn)) for turn in range(6)]
    odd = at("odd", odd_s)
    with_it, without = compared(*known, odd), compared(*known)
    for name in ("weeks", "trends", "records", "first_date", "last_date", "weeks_spanned"):
        assert getattr(with_it, name) == getattr(without, name)
    assert with_it.sessions == 7
    assert [each.session for each in with_it.days if not each.day_known] == ["odd"]
    (note,) = [each for each in with_it.notes if each.slug == "day-unknown"]
    assert "1 session: odd.fit (" in note.message
    assert not any(each.slug == "day-unknown" for each in without.notes)
    earlier = earlier_sessions([*known, odd], SETTINGS)
    assert "odd" not in earlier
    assert earlier["s5"].first_backward_s == MONDAY_S


def test_only_bad_clocks_leave_sums_and_no_dates() -> None:
    found = compared(at("a", YEAR_1901_S), at("b", YEAR_2107_S))
    assert found.weeks == ()
    assert found.first_date is None
    assert found.totals["backward"].moving_s == 200.0
    assert doses([at("a", YEAR_1901_S)], SETTINGS) == ()


def test_doses_by_hand() -> None:
    sessions = [
        backward("a", 0, 60, 120),  # 180 s in the first week
        backward("b", 8, 100),  # 100 + 140 s in the second: a third more
        backward("c", 10, 140),
        session("d", 14, [stretch(0, 600)]),  # forward only
        backward("e", 31, 30),  # after a week with nothing at all
    ]
    found = doses(sessions, SETTINGS)
    assert [each.monday for each in found] == [
        *("2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02")
    ]
    assert [each.backward_s for each in found] == [180.0, 240.0, 0.0, 0.0, 30.0]
    assert [each.stretches for each in found] == [2, 2, 0, 0, 1]
    assert [each.longest_s for each in found] == [120.0, 140.0, 0.0, 0.0, 30.0]
    assert [(each.sessions, each.backward_sessions) for each in found] == [
        *((1, 1), (2, 2), (1, 0), (0, 0), (1, 1))
    ]
    assert found[0].step is None
    assert found[1].step == pytest.approx(60 / 180)
    assert found[2].step == -1.0
    assert found[3].step is None  # nothing to compare with
    assert found[4].step is None
    assert [each.is_large for each in found] == [False, True, False, False, False]
    # b: 200 m after 360 m; c: 280 m after 360 m; e: 60 m after 280 m; a is 31 days before
    assert [each.spike for each in found] == [
        None,
        pytest.approx(280 / 360),
        None,
        None,
        pytest.approx(60 / 280),
    ]


@pytest.mark.parametrize(
    ("second_s", "is_large"), [(130, False), (230, False), (261, True), (600, True)]
)
def test_a_large_step_is_one_by_share_and_by_time(second_s: float, is_large: bool) -> None:  # noqa: FBT001
    first_s = 40.0 if second_s == 130 else 200.0
    second_s = 95.0 if second_s == 130 else second_s  # more than doubled, by less than a minute
    found = doses([backward("a", 0, first_s), backward("b", 7, second_s)], SETTINGS)
    assert found[1].is_large is is_large


def test_candidates_are_no_dose() -> None:
    maybe = session("a", 0, [stretch(0, 100, "backward", 2.0, verdict="candidate")])
    (found,) = doses([maybe], SETTINGS)
    assert (found.backward_s, found.stretches, found.longest_s) == (0.0, 0, 0.0)


def test_scores_have_a_trend_where_enough_was_noted() -> None:
    sessions = [backward(f"s{turn}", 7 * turn, 60) for turn in range(8)]
    remarks = {each.id: Remark(pain=8 - turn, effort=5) for turn, each in enumerate(sessions)}
    pain, effort = score_trends(sessions, remarks, SETTINGS)
    assert pain.slope_per_week.value == pytest.approx(-1.0)
    assert [each.value for each in pain.points] == [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    assert effort.slope_per_week.value == pytest.approx(0.0)
    assert effort.verdict == "level"
    few, none = score_trends(sessions, {sessions[0].id: Remark(pain=0)}, SETTINGS)
    assert few.note == "too early to say: 4 more sessions"
    assert [each.value for each in few.points] == [0.0]  # no pain was noted, which is not nothing
    assert none.points == ()
