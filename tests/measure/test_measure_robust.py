"""Whatever a recording holds: no exception, no number that is none, sums that add up."""

import itertools
import math
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from hand_made import START_S, found, part

from retrorun.measure import measure
from retrorun.model import Athlete, Detection, Direction, Estimate, Gait, Track, Verdict
from retrorun.settings import MeasureSettings

NAMES = (
    "ground_speed_mps",
    "distance_m",
    "heart_rate_bpm",
    "cadence_spm",
    "grade",
    "turn_rate_dps",
    "smooth_altitude_m",
    "contact_time_s",
    "respiration_brpm",
)
DIRECTIONS: tuple[Direction, ...] = ("forward", "backward", "unknown", "still")
GAITS: tuple[Gait, ...] = ("run", "walk", "still")
VERDICTS: tuple[Verdict, ...] = ("confirmed", "candidate", "labelled", "assumed", "habit")
ATHLETES = (
    Athlete(),
    Athlete(mass_kg=70, birth_year=1996, sex="female", hr_rest_bpm=50, hr_max_bpm=190),
    Athlete(mass_kg=70, hr_rest_bpm=190, hr_max_bpm=150, sex="male", hr_zones_bpm=(150.0, 120.0)),
    Athlete(cost_factor=Estimate(None, None, None, "kinetics", "none yet")),
)


def anything(rng: np.random.Generator) -> tuple[Track, Detection]:
    """Columns of any size, with holes, zeros and extremes; segments that cover the time."""
    count = int(rng.integers(1, 1500))
    columns = {}
    for name in NAMES:
        values = rng.choice([0.0, 1.0, 3.0, 150.0, 1e4], count) * rng.normal(1.0, 0.3, count)
        values[rng.random(count) < rng.choice([0.0, 0.3, 1.0])] = np.nan
        columns[name] = values
    flags = {"gap": rng.random(count) < 0.1, "paused": rng.random(count) < 0.1}
    edges = np.unique(np.concatenate(([0, count], rng.integers(0, count + 1, 8))))
    segments = [
        part(
            float(first),
            float(last),
            DIRECTIONS[rng.integers(4)],
            GAITS[rng.integers(3)],
            VERDICTS[rng.integers(3)],
        )
        for first, last in itertools.pairwise(edges)
    ]
    return Track(START_S, columns, flags), found(*segments)


def numbers(value: object) -> Iterator[float]:
    """Every number in a tree of plain values."""
    if isinstance(value, dict):
        for each in value.values():
            yield from numbers(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("seed", range(40))
def test_any_recording_gives_finite_numbers_that_add_up(seed: int) -> None:
    rng = np.random.default_rng(seed)
    track, detection = anything(rng)
    measures = measure(track, detection, ATHLETES[seed % len(ATHLETES)], MeasureSettings())
    assert all(math.isfinite(each) for each in numbers(msgspec.to_builtins(measures)))
    assert sum(each.seconds for each in measures.totals.values()) == track.seconds
    factor = measures.cost_factor
    assert (factor.value is None) == (factor.reason is not None)
    for measured in measures.segments:
        for energy in measured.metrics.energies:
            assert 0 <= energy.low <= energy.gross <= energy.high
            assert energy.active <= energy.gross


@pytest.mark.parametrize("seed", range(40))
def test_a_heart_rate_that_makes_no_sense_never_gives_a_confident_factor(seed: int) -> None:
    rng = np.random.default_rng(seed)
    speed = np.repeat(rng.uniform(1.0, 4.0, 12), 120)
    heart = np.clip(rng.normal(140, (1, 10, 40)[seed % 3], 1440), 25, 240)
    columns = {"ground_speed_mps": speed, "heart_rate_bpm": heart}
    track = Track(START_S, columns, {"gap": np.zeros(1440, dtype=np.bool_)})
    segments = [
        part(first, first + 120, "backward" if first % 240 else "forward")
        for first in range(0, 1440, 120)
    ]
    factor = measure(track, found(*segments), Athlete(), MeasureSettings()).cost_factor
    assert factor.value is None, factor
    assert factor.reason


def test_the_same_recording_gives_the_same_measures() -> None:
    track, detection = anything(np.random.default_rng(7))
    first, second = (
        msgspec.json.encode(measure(track, detection, ATHLETES[1], MeasureSettings()))
        for _ in range(2)
    )
    assert first == second
