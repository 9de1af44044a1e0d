"""A distance that nobody knows is no data point."""

from dataclasses import replace

import pytest
from measured_sessions import kcal, session, stretch

from retrorun.compare import compare, earlier_sessions, guidance
from retrorun.model import Athlete, MeasuredSegment, Session
from retrorun.model.comparison import Comparison, Trend
from retrorun.settings import CompareSettings


def compared(*sessions: Session) -> Comparison:
    return compare(sessions, Athlete(), CompareSettings())


def trend(comparison: Comparison, key: str) -> Trend:
    return next(each for each in comparison.trends if each.key == key)


def nowhere(start_s: float, seconds: float, **known: object) -> MeasuredSegment:
    """A stretch of which neither speed nor distance is known, as on a treadmill."""
    placed = stretch(start_s, seconds, "backward", **known)  # type: ignore[arg-type]
    unplaced = replace(placed.metrics, distance_m=None, speed_mps=None)
    return replace(placed, metrics=unplaced)


def test_a_session_without_distance_has_no_speed() -> None:
    sessions = [session(f"s{n}", 7 * n, [stretch(0, 100, "backward", 2.0)]) for n in range(5)]
    indoors = session("indoors", 35, [nowhere(0, 100)])
    speed = trend(compared(*sessions, indoors), "backward_speed_mps")
    assert [point.value for point in speed.points] == pytest.approx([2.0] * 5)


def test_a_stretch_without_distance_does_not_slow_its_session() -> None:
    # 100 s at 2 m/s, 50 s at 2.6 m/s: 330 m in 150 s; of 300 s more nothing is known
    parts = [
        stretch(0, 100, "backward", 2.0),
        nowhere(100, 300),
        stretch(400, 50, "backward", 2.6),
    ]
    speed = trend(compared(session("a", 0, parts)), "backward_speed_mps")
    assert [point.value for point in speed.points] == pytest.approx([2.2])


def test_metres_per_beat_need_metres() -> None:
    beating = {"beats": 250.0, "beats_s": 100.0}
    placed = session("a", 0, [stretch(0, 100, "backward", 2.0, **beating)])
    indoors = session("b", 7, [nowhere(0, 100, **beating)])
    per_beat = trend(compared(placed, indoors), "backward_metres_per_beat")
    assert [(point.session, point.value) for point in per_beat.points] == [("a", 0.8)]


def test_beats_without_metres_do_not_lower_metres_per_beat() -> None:
    # 2.5 m/s at 2.5 beats a second, so 1 m a beat; the way of the first half is not known
    beating = {"beats": 1500.0, "beats_s": 600.0}
    known = stretch(600, 600, "forward", 2.5, **beating)
    hidden = replace(nowhere(0, 600, **beating).metrics)
    unplaced = replace(stretch(0, 600, "forward"), metrics=hidden)
    sessions = [session(f"s{n}", 7 * n, [unplaced, known]) for n in range(12)]
    found = compared(*sessions)
    per_beat = trend(found, "forward_metres_per_beat")
    assert [point.value for point in per_beat.points] == pytest.approx([1.0] * 12)
    assert found.association.forward_m_per_beat == pytest.approx((1.0,) * 8)


def test_a_hole_within_a_stretch_does_not_lower_metres_per_beat() -> None:
    # of 400 s at 2.5 m/s the metres of 100 s are not known
    part = stretch(0, 400, "forward", 2.5, distance_m=750.0, beats=1000.0, beats_s=400.0)
    per_beat = trend(compared(session("a", 0, [part])), "forward_metres_per_beat")
    assert [point.value for point in per_beat.points] == pytest.approx([1.0])


def test_a_week_of_unknown_distance_is_no_week_without_backward_running() -> None:
    # the fifth and sixth week follow the indoor one, the seventh no more
    ahead = {"beats": 1000.0, "beats_s": 400.0}
    sessions = [session(f"s{n}", 7 * n, [stretch(0, 400, "forward", **ahead)]) for n in range(7)]
    indoors = session("indoors", 7 + 1, [nowhere(0, 100)])
    found = compared(*sessions, indoors).association
    assert found.mondays == ("2026-02-16",)
    assert found.backward_m == (0.0,)


def test_guidance_compares_no_unknown_distance() -> None:
    placed = session("a", 0, [stretch(0, 50, "backward")])
    indoors = session("b", 5, [nowhere(0, 50)])
    assert "progression_backward" not in {
        each.key
        for each in guidance(
            indoors,
            earlier_sessions([placed, indoors], CompareSettings())[indoors.id],
            CompareSettings(),
        ).advice
    }
    later = replace(placed, id="c", start_time_s=placed.start_time_s + 10 * 86_400)
    advice_by_key = {
        each.key: each.message
        for each in guidance(
            later,
            earlier_sessions([indoors, later], CompareSettings())[later.id],
            CompareSettings(),
        ).advice
    }
    assert "no comparison" in advice_by_key["progression_backward"]
    practice = compared(placed, indoors, later).practice
    assert practice.comparable == 1  # the later one, with the first


def test_the_calendar_says_unknown() -> None:
    day = compared(session("a", 0, [nowhere(0, 100)])).days[0]
    assert (day.backward_m, day.forward_m) == (None, 0.0)
    week = compared(session("a", 0, [nowhere(0, 100)])).weeks[0]
    assert week.backward.distance_m is None


def test_heart_rate_must_cover_most_of_the_time() -> None:
    sessions = [
        session("a", 0, [stretch(0, 100, "backward", 2.0, beats=197.5, beats_s=79.0)]),
        session("b", 7, [stretch(0, 100, "backward", 2.0, beats=200.0, beats_s=80.0)]),
    ]
    per_beat = trend(compared(*sessions), "backward_metres_per_beat")
    # 2 m and 2.5 beats a second, though 20 s have no heart rate
    assert [(point.session, point.value) for point in per_beat.points] == [("b", 0.8)]


def test_energy_a_kilometre_is_not_raised_by_metres_nobody_knows() -> None:
    # 50 kcal for 300 s at 2.5 m/s, of which the distance of 200 s is known
    spent = {"energy_shown": kcal(50.0), "distance_m": 500.0}
    parts = [stretch(0, 300, **spent), stretch(300, 300, "backward", **spent)]  # type: ignore[arg-type]
    found = compared(*(session(f"s{n}", n, parts) for n in range(5))).differences
    per_km = next(each for each in found if each.key == "energy_kcal_per_km")
    assert per_km.forward == pytest.approx(50 / 0.75)
