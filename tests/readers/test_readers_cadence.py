"""Steps of one leg or of both, on runs and walks whose step rate is known."""

import numpy as np
import pytest

from retrorun.readers.cadence import normalize_cadence
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray

LIMITS = ReadLimits()
TIMES = np.arange(1200.0)
# m/s and steps a minute of both feet: an easy run, a fast one, a slow jog, a walk, a stroll
GAITS = ((2.8, 160.0), (4.5, 182.0), (2.0, 152.0), (1.5, 112.0), (1.1, 100.0))


def columns(speed: FloatArray, counted: FloatArray, by: str) -> dict[str, FloatArray]:
    way_m = np.concatenate(([0.0], np.cumsum(speed[:-1])))
    found = {"cadence_spm": counted}
    if by == "odometer":
        found["distance_m"] = way_m
    if by == "speed":
        found["speed_mps"] = speed
    if by == "positions":
        found["latitude_deg"] = 46.0 + np.degrees(way_m / 6_371_008.8)
        found["longitude_deg"] = np.full(way_m.size, 14.5)
    return found


def steps(speed: FloatArray, counted: FloatArray, by: str, sport: str | None) -> FloatArray:
    return normalize_cadence(TIMES, columns(speed, counted, by), sport, LIMITS)[0]["cadence_spm"]


@pytest.mark.parametrize("gait", GAITS)
@pytest.mark.parametrize("feet", [1, 2])
@pytest.mark.parametrize("by", ["odometer", "speed", "positions"])
@pytest.mark.parametrize("sport", ["running", "walking", None])
def test_the_speed_tells_what_was_counted(
    gait: tuple[float, float], feet: int, by: str, sport: str | None
) -> None:
    speed, spm = (np.full(TIMES.size, value) for value in gait)
    assert steps(speed, spm * feet / 2, by, sport) == pytest.approx(spm)


@pytest.mark.parametrize(
    ("sport", "counted", "spm"),
    [
        ("running", 82.0, 164.0),
        ("running", 164.0, 164.0),
        ("walking", 56.0, 112.0),
        ("walking", 112.0, 112.0),
        ("hiking", 110.0, 110.0),
        (None, 85.0, 170.0),
    ],
)
def test_without_a_speed_the_sport_tells(sport: str | None, counted: float, spm: float) -> None:
    given = {"cadence_spm": np.full(TIMES.size, counted)}
    assert normalize_cadence(TIMES, given, sport, LIMITS)[0]["cadence_spm"] == pytest.approx(spm)


@pytest.mark.parametrize("feet", [1, 2])
def test_run_walk_intervals_are_judged_as_a_whole(feet: int) -> None:
    # a minute of running, 90 s of walking: most of the time it walks, at 110
    running = TIMES % 150 < 60
    speed, spm = np.where(running, 2.8, 1.5), np.where(running, 160.0, 110.0)
    assert steps(speed, spm * feet / 2, "positions", "running") == pytest.approx(spm)


@pytest.mark.parametrize("feet", [1, 2])
@pytest.mark.parametrize(
    ("factor", "slug"), [(0.5, "cadence-half-locked"), (2.0, "cadence-double-counted")]
)
def test_a_stretch_that_counts_half_or_twice_is_put_right(
    feet: int, factor: float, slug: str
) -> None:
    spm = np.full(TIMES.size, 170.0)
    counted = np.where((TIMES >= 300) & (TIMES < 500), factor * spm, spm) * feet / 2
    found, notes = normalize_cadence(
        TIMES, columns(np.full(TIMES.size, 3.2), counted, "odometer"), "running", LIMITS
    )
    assert found["cadence_spm"] == pytest.approx(spm)
    (note,) = (note for note in notes if note.slug == slug)
    assert "200 samples" in note.message


@pytest.mark.parametrize("metres_per", [0.01, 0.001])
def test_an_odometer_alone_in_another_unit_says_nothing_of_steps(metres_per: float) -> None:
    speed = np.full(TIMES.size, 3.0 * metres_per)
    assert steps(speed, np.full(TIMES.size, 84.0), "odometer", "running") == pytest.approx(168.0)


def test_backward_steps_are_not_halved() -> None:
    # 10 min forward at 3 m/s and 165, then 10 min backward at 1.7 m/s and 205; walks between at 100
    speed = np.select([TIMES < 500, TIMES < 700], [3.0, 1.3], 1.7)
    spm = np.select([TIMES < 500, TIMES < 700], [165.0, 103.0], 205.0)
    assert steps(speed, spm / 2, "positions", "running") == pytest.approx(spm)


def test_walking_breaks_in_a_run_are_no_half_locked_steps() -> None:
    walking = TIMES % 300 < 60
    speed, spm = np.where(walking, 1.4, 3.0), np.where(walking, 104.0, 168.0)
    found, notes = normalize_cadence(TIMES, columns(speed, spm / 2, "positions"), "running", LIMITS)
    assert found["cadence_spm"] == pytest.approx(spm)
    assert [note.slug for note in notes] == ["cadence-doubled"]


@pytest.mark.parametrize("metres_per", [1000.0, 1609.344, 100.0])
def test_an_odometer_in_kilometres_makes_no_walk_of_a_run(metres_per: float) -> None:
    """85 turns a minute at 3 m/s are 170 steps, though the odometer says 3 mm/s."""
    times = np.arange(600.0)
    found, notes = normalize_cadence(
        times,
        {
            "distance_m": 3.0 * times / metres_per,
            "speed_mps": np.full(600, 3.0),
            "cadence_spm": np.full(600, 85.0),
        },
        "running",
        LIMITS,
    )
    assert set(found["cadence_spm"]) == {170.0}
    assert "cadence-doubled" in [note.slug for note in notes]
