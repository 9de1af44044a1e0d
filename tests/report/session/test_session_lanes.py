"""Lanes as values: medians, ranges, spans and colours against numbers computed here."""

import re
from itertools import pairwise

import hand_made_sessions
import numpy as np
import pytest

from retrorun.report.numbers import Display
from retrorun.report.session.lanes import DrawnLane, DrawnLanes, Lane, drawn_lanes, lanes
from retrorun.units import FloatArray

Plan = hand_made_sessions.Plan
SHUTTLES: Plan = [
    each
    for _ in range(30)
    for each in (
        (6, "forward", "run", "confirmed", 2.4),
        (7, "backward", "run", "confirmed", 1.8),
    )
]


def drawn(plan: Plan, *, units: str = "metric", **columns: FloatArray) -> DrawnLanes:
    track = hand_made_sessions.track(plan)
    track.columns.update(columns)  # type: ignore[attr-defined]  # a dictionary here
    display = Display("imperial" if units == "imperial" else "metric")
    found = drawn_lanes(lanes(track, display), hand_made_sessions.measured(plan), (60, 90), display)
    assert found is not None
    return found


def lane(found: DrawnLanes, key: str) -> DrawnLane:
    (one,) = (each for each in found.lanes if each.key == key)
    return one


def points(path: str, one: DrawnLane) -> list[tuple[int, float]]:
    """Seconds and values of the points of a path, in the lane's units."""
    found: list[tuple[int, float]] = []
    for piece in re.findall(r"M(\d+) (\d+)l([-\d ]+)", path):
        x, y = int(piece[0]), int(piece[1])
        steps = [int(each) for each in piece[2].split()]
        for right, down in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + right, y + down
            found.append((x, one.top + (one.foot - one.top) * y / 1000))
    return found


def test_a_line_is_the_median_of_thirteen_seconds_of_its_own_segment() -> None:
    plan: Plan = [
        (120, "forward", "run", "confirmed", 3.0),
        (120, "backward", "run", "confirmed", 2.0),
    ]
    rng = np.random.default_rng(4)
    heart = np.where(np.arange(240) < 120, 120.0, 160.0) + rng.normal(0, 6, 240)
    one = lane(drawn(plan, heart_rate_bpm=heart), "heart")
    unit = abs(one.top - one.foot) / 1000  # values are drawn in thousandths of the lane
    for kind, (first, last) in (("forward", (0, 120)), ("backward", (120, 240))):
        for second, value in points(one.lines[kind], one):
            if not first <= second < last:
                continue  # the step to the next segment
            window = heart[max(second - 6, first) : min(second + 7, last)]
            near = np.sort(window)[[(len(window) - 1) // 2, len(window) // 2]]
            assert near[0] - unit <= value <= near[1] + unit


def test_short_segments_keep_their_own_pace() -> None:
    one = lane(
        drawn(
            SHUTTLES,
            heart_rate_bpm=np.concatenate(
                [np.full(each[0], 110.0 if each[1] == "forward" else 150.0) for each in SHUTTLES]
            ),
        ),
        "heart",
    )
    ends = np.cumsum([0, *(each[0] for each in SHUTTLES)]).tolist()
    kinds = [each[1] for each in SHUTTLES]
    for kind, truth in (("forward", 110.0), ("backward", 150.0)):
        inside = {
            second
            for (first, last), name in zip(pairwise(ends), kinds, strict=True)
            if name == kind
            for second in range(first, last)
        }
        values = [value for second, value in points(one.lines[kind], one) if second in inside]
        np.testing.assert_allclose(values, truth, atol=0.1)


@pytest.mark.parametrize(("units", "least"), [("metric", 20.0), ("imperial", 20 / 0.3048)])
def test_an_elevation_lane_spans_at_least_twenty_metres(units: str, least: float) -> None:
    plan: Plan = [(600, "forward", "run", "confirmed", 3.0)]
    level = 300 + np.sin(np.arange(600) / 40)
    one = lane(drawn(plan, units=units, smooth_altitude_m=level), "height")
    assert one.top - one.foot == pytest.approx(least, abs=0.01)
    hilly = lane(drawn(plan, units=units, smooth_altitude_m=300 + 40 * (level - 300)), "height")
    assert hilly.top - hilly.foot > 79 * least / 20


def test_a_gap_in_the_recording_stays_a_gap() -> None:
    plan: Plan = [(600, "forward", "run", "confirmed", 3.0)]
    heart = np.full(600, 140.0)
    heart[200:300] = np.nan
    seconds = [s for s, _ in points(*_line(drawn(plan, heart_rate_bpm=heart)))]
    assert not [second for second in seconds if 200 <= second < 300]
    assert {199, 300} <= set(seconds)


def _line(found: DrawnLanes) -> tuple[str, DrawnLane]:
    one = lane(found, "heart")
    return one.lines["forward"], one


def test_a_day_has_no_more_points_than_a_screen_shows() -> None:
    plan: Plan = [(86_400, "forward", "run", "confirmed", 2.5)]
    one = lane(drawn(plan), "heart")
    assert len(points(one.lines["forward"], one)) <= 721


def test_laps_and_times_stand_at_their_share_of_the_session() -> None:
    found = drawn([(600, "forward", "run", "confirmed", 3.0)])
    assert found.laps == ((10.0, "1:00"), (15.0, "1:30"))
    for share, words in found.times:
        minutes, seconds = words.split(":")
        assert share == pytest.approx((60 * int(minutes) + int(seconds)) / 6)


def test_without_data_there_are_no_lanes() -> None:
    nothing: tuple[Lane, ...] = ()
    assert drawn_lanes(nothing, (), (), Display()) is None
