"""Speed beyond what people run, by hand: a straight way at a known speed, for a known time."""

import numpy as np
import pytest

from retrorun.model import Recording
from retrorun.prepare import doubt
from retrorun.settings import SportSettings
from retrorun.units import FloatArray

SETTINGS = SportSettings()
METRE = 180.0 / np.pi / 6_371_008.8  # degrees of latitude


def moving(speed_mps: FloatArray, cadence_spm: float | None = None, every_s: int = 1) -> Recording:
    way_m = np.concatenate([[0.0], np.cumsum(speed_mps)])[:: every_s or 1]
    time_s = 1.7e9 + np.arange(len(way_m), dtype=np.float64) * every_s
    columns = {"latitude_deg": 46 + way_m * METRE, "longitude_deg": np.full(len(way_m), 14.5)}
    if cadence_spm is not None:
        columns["cadence_spm"] = np.full(len(way_m), cadence_spm)
    return Recording(time_s, columns)


def slug(recording: Recording) -> str | None:
    found = doubt(recording, SETTINGS)
    return found.slug if found else None


@pytest.mark.parametrize(
    ("speed_mps", "seconds", "cadence_spm", "expected"),
    [
        (1.3, 3600, None, None),  # a walk
        (3.0, 1200, None, None),
        (5.0, 1200, None, None),  # a good athlete without a sensor
        (6.0, 200, None, None),  # 1200 m in 3:20
        (6.0, 900, None, "not-a-run-doubtful"),
        (6.0, 900, 185, None),  # steps of 1.95 m: a race
        (6.0, 900, 90, "not-a-run-doubtful"),  # turns of a crank
        (6.4, 900, 170, "not-a-run-doubtful"),  # 85 turns doubled: steps of 2.26 m
        (9.0, 1200, None, "not-a-run-too-fast"),
        (7.0, 1300, 190, "not-a-run-too-fast"),
        (8.0, 400, None, "not-a-run-too-fast"),
        (11.0, 120, None, "not-a-run-too-fast"),
        (30.0, 600, None, "not-a-run-too-fast"),
        (9.5, 20, None, None),  # a sprint
        (7.4, 40, None, None),  # 80 s in all: 592 m
        (7.4, 150, None, "not-a-run-doubtful"),  # 1000 m in 2:15, without a sport or a sensor
        (7.4, 150, 215, None),  # steps of 2.07 m: a record
    ],
)
@pytest.mark.parametrize("every_s", [1, 5, 20])
def test_speeds(
    speed_mps: float, seconds: int, cadence_spm: float | None, expected: str | None, every_s: int
) -> None:
    recording = moving(np.full(seconds + 40, speed_mps), cadence_spm, every_s)
    assert slug(recording) == expected


def test_a_ride_with_stops_and_descents() -> None:
    kilometre = np.concatenate([np.full(60, 4.5), np.full(40, 10.0), np.zeros(20)])
    assert slug(moving(np.tile(kilometre, 6))) == "not-a-run-too-fast"


def test_jumps_of_the_position_are_no_speed() -> None:
    speed = np.full(1800, 3.0)
    speed[100::120] = 500.0  # fifteen times
    assert slug(moving(speed)) is None


def test_intervals_on_a_track_are_a_run() -> None:
    lap = np.concatenate([np.full(64, 6.2), np.full(90, 2.5)])  # 400 m in 64 s
    assert slug(moving(np.tile(lap, 4))) is None


def test_a_closed_circle_is_as_fast_as_a_straight_way() -> None:
    """400 m round at 9 m/s: after a while one is where one was."""
    angle = np.arange(1200) * 9.0 / (400 / (2 * np.pi))
    radius = 400 / (2 * np.pi) * METRE
    columns = {
        "latitude_deg": 46 + radius * np.sin(angle),
        "longitude_deg": 14.5 + radius * np.cos(angle) / np.cos(np.radians(46)),
    }
    assert slug(Recording(1.7e9 + np.arange(1200.0), columns)) == "not-a-run-too-fast"


@pytest.mark.parametrize("channel", ["distance_m", "speed_mps"])
def test_without_positions_the_device_says_how_fast(channel: str) -> None:
    values = {"distance_m": np.arange(1200) * 9.0, "speed_mps": np.full(1200, 9.0)}
    recording = Recording(1.7e9 + np.arange(1200.0), {channel: values[channel]})
    assert slug(recording) == "not-a-run-too-fast"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_next_to_nothing_is_not_doubted(count: int) -> None:
    columns = {"latitude_deg": np.full(count, 46.0), "longitude_deg": np.full(count, 14.5)}
    assert slug(Recording(np.arange(float(count)), columns)) is None
    assert slug(Recording(np.full(count, np.nan), {})) is None


def test_the_reason_says_what_can_be_done() -> None:
    found = doubt(moving(np.full(900, 6.0)), SETTINGS)
    assert found is not None
    assert "labels" in (found.remedy or "")
    assert "count_doubtful" in (found.remedy or "")
