"""Steps of one leg or of both, on runs and walks whose step rate is known."""

import tracemalloc

import numpy as np
import pytest

from retrorun.model import FileTotal
from retrorun.readers.attitude import Vectors
from retrorun.readers.cadence import normalize_cadence, step_rate_spm
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


def steps(
    speed: FloatArray,
    counted: FloatArray,
    by: str,
    sport: str | None,
    total: FileTotal | None = None,
) -> FloatArray:
    given = columns(speed, counted, by)
    return normalize_cadence(TIMES, given, sport, LIMITS, total)[0]["cadence_spm"]


def even(value: float) -> FloatArray:
    return np.full(TIMES.size, value)


@pytest.mark.parametrize("gait", GAITS)
@pytest.mark.parametrize("feet", [1, 2])
@pytest.mark.parametrize("by", ["odometer", "speed", "positions"])
@pytest.mark.parametrize("sport", ["running", "walking", None])
def test_the_speed_tells_what_was_counted(
    gait: tuple[float, float], feet: int, by: str, sport: str | None
) -> None:
    speed, spm = (even(value) for value in gait)
    assert steps(speed, spm * feet / 2, by, sport) == pytest.approx(spm)


@pytest.mark.parametrize("by", ["odometer", "speed", "positions"])
@pytest.mark.parametrize("shown", [0.25, 0.2])
def test_the_file_s_total_tells_where_nothing_travels(by: str, shown: float) -> None:
    """A treadmill whose foot pod, or whose place, makes a quarter or a fifth of the 3 m/s."""
    total = FileTotal("session", 3.0 * 1199, 1199.0)
    assert steps(even(3.0 * shown), even(85.0), by, "running", total) == pytest.approx(170.0)


def test_positions_that_travel_are_believed_before_the_total() -> None:
    total = FileTotal("session", 1.0 * 1199, 1199.0)
    assert steps(even(3.0), even(85.0), "positions", "running", total) == pytest.approx(170.0)


@pytest.mark.parametrize(
    "total",
    [
        FileTotal("session", 1.3 * 1199 * 3, 3 * 1199.0),  # two thirds of the file are lost
        FileTotal("session", 1.3 * 119_900, 1199.0),  # centimetres
        FileTotal("session", 1.3 * 1199 / 0.3048, 1199.0),  # feet
        FileTotal("session", None, 1199.0),
    ],
)
def test_a_total_of_something_else_says_nothing_of_the_steps(total: FileTotal) -> None:
    assert steps(even(1.3), even(110.0), "odometer", None, total) == pytest.approx(110.0)


@pytest.mark.parametrize(
    ("mps", "spm", "per_metre"),
    [
        (1.3, 110.0, 1.0 / 0.3048),
        (1.3, 110.0, 1.03 / 0.3048),  # the two are a little apart, too
        (1.7, 104.0, 1.609344),
        (1.7, 104.0, 1.64),
    ],
)
def test_a_total_in_another_unit_makes_no_run_of_a_walk(
    mps: float, spm: float, per_metre: float
) -> None:
    total = FileTotal("session", mps * 1199 * per_metre, 1199.0)
    assert steps(even(mps), even(spm), "odometer", None, total) == pytest.approx(spm)


def test_a_total_of_all_says_nothing_of_a_speed_that_is_known_for_half() -> None:
    """A stroll in a session of the sport running, whose odometer falls silent half way."""
    given = columns(even(1.1), even(100.0), "odometer")
    given["distance_m"] = np.where(TIMES < 600, given["distance_m"], np.nan)
    total = FileTotal("session", 1.1 * 1199, 1199.0)
    found = normalize_cadence(TIMES, given, "running", LIMITS, total)[0]
    assert found["cadence_spm"] == pytest.approx(100.0)


def test_a_total_in_kilometres_takes_no_speed_away() -> None:
    """4.5 m/s under the name of a walk, where only the speed tells 91 cycles from 91 steps."""
    total = FileTotal("session", 4.5 * 1.199, 1199.0)
    assert steps(even(4.5), even(91.0), "odometer", "walking", total) == pytest.approx(182.0)


@pytest.mark.parametrize(("counted", "spm"), [(85.0, 170.0), (170.0, 170.0)])
def test_a_speed_that_stands_at_every_step_says_nothing(counted: float, spm: float) -> None:
    assert steps(np.zeros(TIMES.size), even(counted), "speed", "running") == pytest.approx(spm)


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
    given = {"cadence_spm": even(counted)}
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
    spm = even(170.0)
    counted = np.where((TIMES >= 300) & (TIMES < 500), factor * spm, spm) * feet / 2
    found, notes = normalize_cadence(
        TIMES, columns(even(3.2), counted, "odometer"), "running", LIMITS
    )
    assert found["cadence_spm"] == pytest.approx(spm)
    (note,) = (note for note in notes if note.slug == slug)
    assert "200 samples" in note.message


@pytest.mark.parametrize("metres_per", [0.01, 0.001])
def test_an_odometer_alone_in_another_unit_says_nothing_of_steps(metres_per: float) -> None:
    speed = even(3.0 * metres_per)
    assert steps(speed, even(84.0), "odometer", "running") == pytest.approx(168.0)


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


SECONDS = np.arange(10.0, 290.0)


def bounced(
    steps_spm: float, rate_hz: float, *, left: float = 0.0, unit: float = 1.0, total: bool = True
) -> FloatArray:
    """What is found at ``SECONDS`` of a phone that lies at a slant and bounces with each step.

    ``left`` is how much stronger every second step is than the other.
    """
    at_s = np.arange(0.0, 300.0, 1.0 / rate_hz)
    phase = np.pi * steps_spm / 60.0 * at_s  # of a stride
    rng = np.random.default_rng(3)
    up = np.array([0.6, 0.0, 0.8])
    bounce = 5.0 * np.sin(2.0 * phase) + 2.0 * np.cos(4.0 * phase) + left * np.sin(phase)
    bounce += rng.normal(0.0, 0.5, at_s.size)
    sway = 3.0 * np.sin(phase + 1.0)[:, None] * np.array([0.8, 0.0, -0.6])
    felt = (bounce + (9.81 if total else 0.0))[:, None] * up + sway
    gravity = Vectors(at_s, np.full((at_s.size, 3), 9.81 * up * unit))
    return step_rate_spm(SECONDS, Vectors(at_s, unit * felt), gravity, LIMITS)


@pytest.mark.parametrize("steps_spm", [95.0, 112.0, 150.0, 168.0, 190.0, 210.0])
@pytest.mark.parametrize(
    ("rate_hz", "left", "within"),
    [(100.0, 2.0, 0.005), (50.0, 0.0, 0.005), (20.0, 1.0, 0.005), (13.7, 0.0, 0.01)],
)
def test_the_bounce_of_a_phone_counts_its_steps(
    steps_spm: float, rate_hz: float, left: float, within: float
) -> None:
    found = bounced(steps_spm, rate_hz, left=left)
    assert np.isfinite(found).mean() > 0.95
    assert np.nanmedian(found) == pytest.approx(steps_spm, rel=within)
    assert np.nanmax(np.abs(found / steps_spm - 1.0)) < 0.03


def test_units_of_the_earth_s_gravity_and_a_bounce_without_gravity_do_as_well() -> None:
    by_g, alone = bounced(165.0, 50.0, unit=1.0 / 9.81), bounced(165.0, 50.0, total=False)
    np.testing.assert_allclose(by_g, 165.0, rtol=0.02)
    np.testing.assert_allclose(alone, 165.0, rtol=0.02)


def test_a_phone_at_rest_takes_no_steps_and_a_hole_says_nothing() -> None:
    at_s = np.arange(0.0, 300.0, 0.02)
    pull = np.tile([0.0, 9.81, 0.0], (at_s.size, 1))
    pull += np.random.default_rng(4).normal(0.0, 0.1, pull.shape)
    held = (at_s < 100.0) | (at_s > 200.0)
    felt = Vectors(at_s[held], pull[held])
    found = step_rate_spm(SECONDS, felt, felt, LIMITS)
    assert (found[:85] == 0).all()
    assert np.isnan(found[95:185]).all()
    assert (found[195:] == 0).all()


def test_a_sample_of_days_later_costs_no_memory_for_the_days_between() -> None:
    at_s = np.append(np.arange(0.0, 300.0, 0.02), 9e5)
    felt = Vectors(at_s, np.tile([0.0, 9.81, 0.0], (at_s.size, 1)))
    tracemalloc.start()
    found = step_rate_spm(SECONDS, felt, felt, LIMITS)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.isnan(found).all()
    assert most_bytes < 100 * at_s.nbytes


def test_a_stop_of_three_seconds_shows_in_the_steps() -> None:
    at_s = np.arange(0.0, 300.0, 0.02)
    goes = (at_s < 150.0) | (at_s > 153.0)
    pull = np.zeros((at_s.size, 3))
    pull[:, 2] = 9.81 + 6.0 * goes * np.sin(2.0 * np.pi * 2.8 * at_s)
    found = step_rate_spm(SECONDS, Vectors(at_s, pull), Vectors(at_s, pull), LIMITS)
    assert (found[141:143] == 0).all()
    np.testing.assert_allclose(found[:135], 168.0, rtol=0.01)
    np.testing.assert_allclose(found[149:], 168.0, rtol=0.01)


def test_a_bounce_without_a_rhythm_is_no_step_rate() -> None:
    at_s = np.arange(0.0, 300.0, 0.02)
    pull = np.random.default_rng(5).normal(0.0, 4.0, (at_s.size, 3))
    pull[:, 2] += 9.81
    found = step_rate_spm(SECONDS, Vectors(at_s, pull), Vectors(at_s, pull), LIMITS)
    assert np.isfinite(found).mean() < 0.05


def test_hardly_any_samples_give_no_step_rate() -> None:
    for few in (0, 1, 5):
        lone = Vectors(np.arange(float(few)), np.ones((few, 3)))
        assert np.isnan(step_rate_spm(SECONDS, lone, lone, LIMITS)).all()
