"""Moving, standing or not known: by speed, by steps where there is none, by nothing."""

import numpy as np
import pytest

from retrorun.detect import detect
from retrorun.detect.modes import modes
from retrorun.model import Athlete, Detection, Label, Pause, Recording
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.units import EARTH_RADIUS_M, FloatArray

SETTINGS = Settings()
METRE_DEG = 180.0 / np.pi / EARTH_RADIUS_M


def going(seconds: int, fixed: slice, steps_spm: FloatArray | float | None) -> Recording:
    """North at 3 m/s with a position in one part only, heart rate all along."""
    second = np.arange(float(seconds))
    latitude = np.full(seconds, np.nan)
    latitude[fixed] = 46.0 + 3.0 * METRE_DEG * second[fixed]
    columns = {
        "latitude_deg": latitude,
        "longitude_deg": np.where(np.isnan(latitude), np.nan, 14.5),
        "heart_rate_bpm": np.full(seconds, 150.0),
    }
    if steps_spm is not None:
        columns["cadence_spm"] = np.zeros(seconds) + steps_spm
    return Recording(1.75e9 + second, columns)


def found(recording: Recording, *labels: Label) -> Detection:
    track = prepare(recording, SETTINGS.prepare)
    return detect(track, labels, Athlete(), SETTINGS.detect)


def parts(detection: Detection) -> list[tuple[float, float, str, str]]:
    return [(one.start_s, one.end_s, one.direction, one.gait) for one in detection.segments]


@pytest.mark.parametrize("fixed", [slice(0, 0), slice(0, 120), slice(300, 600)])
def test_who_steps_without_a_speed_runs(fixed: slice) -> None:
    assert parts(found(going(900, fixed, 170.0))) == [(0.0, 900.0, "forward", "run")]


def test_slow_steps_without_a_speed_are_a_walk() -> None:
    assert parts(found(going(900, slice(0, 0), 110.0))) == [(0.0, 900.0, "forward", "walk")]


def test_no_steps_and_no_speed_are_a_stop() -> None:
    steps = np.full(900, 170.0)
    steps[300:400] = 0.0
    assert parts(found(going(900, slice(0, 0), steps))) == [
        (0.0, 300.0, "forward", "run"),
        (300.0, 400.0, "still", "still"),
        (400.0, 900.0, "forward", "run"),
    ]


def test_neither_speed_nor_steps_is_unknown_and_no_stop() -> None:
    detection = found(going(900, slice(0, 0), None))
    assert [(one.direction, one.verdict) for one in detection.segments] == [
        ("unknown", "candidate")
    ]
    assert detection.segments[0].reason == "neither speed nor steps are known"
    assert detection.segments[0].probability == 0.5


def test_position_lost_for_good_is_unknown_from_then_on() -> None:
    ways = [part[:3] for part in parts(found(going(900, slice(0, 400), None)))]
    assert ways == [(0.0, 400.0, "forward"), (400.0, 900.0, "unknown")]


def test_a_hole_of_the_position_is_bridged_by_the_way_between_its_ends() -> None:
    recording = going(600, slice(0, 600), None)
    for name in ("latitude_deg", "longitude_deg"):
        recording.columns[name][200:400] = np.nan
    track = prepare(recording, SETTINGS.prepare)
    moved = modes(track, SETTINGS.detect)
    assert moved.speed_mps[300] == pytest.approx(3.0, abs=0.01)
    assert moved.moving.all()
    assert not moved.unknown.any()


def test_steps_in_a_hole_tell_more_than_the_way_between_its_ends() -> None:
    """A lap that ends where it began leaves no way between its ends, but 170 steps a minute."""
    recording = going(600, slice(0, 600), 170.0)
    recording.columns["latitude_deg"][400:] -= 600.0 * METRE_DEG
    for name in ("latitude_deg", "longitude_deg"):
        recording.columns[name][200:400] = np.nan
    assert parts(found(recording)) == [(0.0, 600.0, "forward", "run")]


def test_a_short_hole_of_the_steps_goes_on_as_before() -> None:
    steps = np.full(900, 170.0)
    steps[300:400], steps[350:355] = 0.0, np.nan
    recording = going(900, slice(0, 0), steps)
    assert [part[2] for part in parts(found(recording))] == ["forward", "still", "forward"]


def test_a_pause_is_a_stop_whatever_is_known() -> None:
    recording = going(900, slice(0, 0), None)
    paused = Recording(
        recording.time_s, recording.columns, pauses=(Pause(1.75e9 + 300, 1.75e9 + 400),)
    )
    assert [part[:3] for part in parts(found(paused))] == [
        (0.0, 300.0, "unknown"),
        (300.0, 400.0, "still"),
        (400.0, 900.0, "unknown"),
    ]


def test_a_label_of_the_whole_holds_where_nothing_is_known() -> None:
    detection = found(going(900, slice(0, 0), None), Label(0.0, 900.0, "backward", "name"))
    assert [(one.direction, one.gait, one.verdict) for one in detection.segments] == [
        ("backward", "run", "labelled")
    ]
