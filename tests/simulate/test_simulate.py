"""The simulated body and watch against their parameters."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from retrorun.model import Recording
from retrorun.simulate import (
    REPORTING_SEEDS,
    TUNING_SEEDS,
    Compass,
    Interval,
    Scenario,
    Simulated,
    Step,
    scenarios,
    simulate,
)
from retrorun.units import EARTH_RADIUS_M, FloatArray, wrap_deg

EVERY = tuple(scenarios())


def seconds_backward(simulated: Simulated) -> FloatArray:
    elapsed = simulated.recording.time_s - simulated.recording.time_s[0]
    directions = simulated.truth.directions(int(elapsed[-1]) + 1)
    return np.array([directions[int(second)] == "backward" for second in elapsed], dtype=np.float64)


def chord_course_deg(recording: Recording, half: int = 2) -> FloatArray:
    """Course by the recorded positions, written independently of the package's own."""
    north = np.radians(recording.columns["latitude_deg"]) * EARTH_RADIUS_M
    east = np.radians(recording.columns["longitude_deg"]) * EARTH_RADIUS_M
    east = east * np.cos(np.radians(recording.columns["latitude_deg"][0]))
    course = np.full(len(north), np.nan)
    along = (east[2 * half :] - east[: -2 * half], north[2 * half :] - north[: -2 * half])
    course[half:-half] = np.degrees(np.arctan2(*along)) % 360.0
    return course


@pytest.mark.parametrize("name", EVERY)
def test_truth_covers_the_recording_without_overlap(name: str) -> None:
    simulated = simulate(scenarios()[name], 5)
    intervals = simulated.truth.intervals
    assert intervals[0].start_s == 0.0
    for first, second in itertools.pairwise(intervals):
        assert first.end_s == second.start_s > first.start_s
    elapsed = simulated.recording.time_s[-1] - simulated.recording.time_s[0]
    assert elapsed <= intervals[-1].end_s <= elapsed + 10.0


@pytest.mark.parametrize("name", EVERY)
def test_backward_seconds_are_there_exactly_where_the_name_says(name: str) -> None:
    backward_s = simulate(scenarios()[name], 6).truth.backward_s
    expected_none = "forward" in name or name == "out and back"
    assert (backward_s == 0.0) == expected_none


def test_equal_seeds_give_equal_bits_and_others_do_not() -> None:
    scenario = scenarios()["intervals"]
    first, again, other = (simulate(scenario, seed) for seed in (1, 1, 2))
    assert first.truth == again.truth
    for name, series in first.recording.columns.items():
        assert series.tobytes() == again.recording.columns[name].tobytes()
    assert first.truth != other.truth


def test_the_compass_faces_against_the_course_when_backward() -> None:
    scenario = replace(scenarios()["intervals"], mount_deg=(25.0, 25.0))
    simulated = simulate(scenario, 3)
    facing = simulated.recording.headings[0].heading_deg - 25.0
    delta = wrap_deg(facing - chord_course_deg(simulated.recording))
    backward = seconds_backward(simulated) > 0
    known = np.isfinite(delta)
    assert np.median(np.abs(delta[known & ~backward])) < 12.0
    assert np.median(np.abs(delta[known & backward])) > 168.0


def test_shuttles_flip_the_course_and_keep_the_facing() -> None:
    simulated = simulate(scenarios()["shuttles"], 4)
    short = [part for part in simulated.truth.intervals if part.end_s - part.start_s < 12.0]
    assert len(short) > 40
    heading = np.radians(simulated.recording.headings[0].heading_deg)
    first = next(part for part in simulated.truth.intervals if part.direction == "backward")
    around = heading[int(first.start_s) - 5 : int(first.start_s) + 5]
    spread = np.degrees(np.sqrt(-2.0 * np.log(np.abs(np.exp(1j * around).mean()))))
    assert spread < 25.0


def test_gps_error_has_the_stated_deviation() -> None:
    scenario = scenarios()["all forward"]
    watch = replace(scenario.watch, gps_error_m=5.0, gps_memory_s=10.0)
    noisy, clean = (
        simulate(replace(scenario, watch=replace(watch, gps_error_m=error)), 9).recording
        for error in (5.0, 1e-9)
    )
    north_m = np.radians(noisy.columns["latitude_deg"] - clean.columns["latitude_deg"])
    assert np.std(north_m * EARTH_RADIUS_M) == pytest.approx(5.0 / np.sqrt(2.0), rel=0.15)


def test_step_rate_rises_backward_by_the_bodys_ratio() -> None:
    simulated = simulate(scenarios()["long intervals"], 2)
    body, columns = simulated.truth.body, simulated.recording.columns
    line = body.run_intercept_spm + body.run_slope_spm * columns["speed_mps"]
    ratio = columns["cadence_spm"] / line
    backward = seconds_backward(simulated) > 0
    assert np.median(ratio[~backward]) == pytest.approx(1.0, abs=0.01)
    assert np.median(ratio[backward]) == pytest.approx(body.step_ratio, abs=0.01)


def test_steady_heart_rate_pays_the_cost_factor() -> None:
    """2 m/s on the level, gross: 3.5 + 0.2·120 = 27.5; times 1.4 = 38.5 ml/kg/min."""
    scenario = scenarios()["all backward"]
    body = simulate(scenario, 1).truth.body
    still = replace(body, cost_factor=1.4, hr_drift=0.0, hr_noise_bpm=0.0, hr_slope=2.5)
    plan = (Step(900, "backward", "run", 2.0),)
    flat = replace(scenario, body=still, plan=lambda _: plan)
    heart = simulate(flat, 1).recording.columns["heart_rate_bpm"]
    expected = still.hr_rest_bpm + 12.0 + 2.5 * (38.5 - 3.5)
    assert np.mean(heart[-300:]) == pytest.approx(expected, rel=0.02)


def test_heart_rate_lags_by_its_time_constants() -> None:
    scenario = scenarios()["all forward"]
    body = replace(
        simulate(scenario, 1).truth.body, tau_up_s=30.0, tau_down_s=60.0, hr_noise_bpm=0.0
    )
    plan = (Step(400, "forward", "run", 3.0), Step(400, "still", "still", 0.0))
    both = replace(scenario, body=replace(body, hr_drift=0.0), plan=lambda _: plan)
    heart = simulate(both, 1).recording.columns["heart_rate_bpm"]
    high, low = heart[395], heart[-1]
    fallen = int(np.argmax(heart[400:] < low + (high - low) / np.e))
    assert 52 <= fallen <= 72
    risen = int(np.argmax(heart > high - (high - heart[0]) / np.e))
    assert 22 <= risen <= 40


def test_smart_recording_leaves_one_to_eight_seconds() -> None:
    gaps = np.diff(simulate(scenarios()["smart recording"], 1).recording.time_s)
    assert set(np.unique(gaps)) == {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0}


def test_pauses_hold_no_records() -> None:
    recording = simulate(scenarios()["auto-pause"], 1).recording
    assert len(recording.pauses) == 8
    for pause in recording.pauses:
        inside = (recording.time_s >= pause.start_time_s) & (recording.time_s < pause.end_time_s)
        assert not inside.any()


def test_dropouts_take_the_stated_share() -> None:
    heading = simulate(scenarios()["drop-outs"], 1).recording.headings[0].heading_deg
    assert np.isnan(heading).mean() == pytest.approx(0.4, abs=0.01)


def test_cadence_is_counted_in_whole_strides() -> None:
    cadence = simulate(scenarios()["intervals"], 1).recording.columns["cadence_spm"]
    assert np.all(cadence % 2.0 == 0.0)


def test_laps_carry_the_steps_words() -> None:
    simulated = simulate(scenarios()["workout steps"], 1)
    start = simulated.recording.time_s[0]
    for lap in simulated.recording.laps:
        middle = (lap.start_time_s + lap.end_time_s) / 2.0 - start
        inside = next(part for part in simulated.truth.intervals if part.end_s > middle)
        assert lap.step == {"backward": "Backward", "forward": "Forward"}[inside.direction]


def test_magnetic_north_differs_by_the_declination() -> None:
    scenario = scenarios()["all forward"]
    compass = Compass(declination_deg=20.0)
    headings_deg = {
        north: simulate(
            replace(scenario, watch=replace(scenario.watch, compass=replace(compass, north=north))),
            1,
        )
        .recording.headings[0]
        .heading_deg
        for north in ("true", "magnetic")
    }
    assert np.allclose(wrap_deg(headings_deg["true"] - headings_deg["magnetic"]), 20.0, atol=0.11)


def test_directions_are_read_in_the_middle_of_each_second() -> None:
    truth = simulate(scenarios()["all forward"], 1).truth
    parts = (Interval(0, 1.75, "forward", "run"), Interval(1.75, 9, "backward", "run"))
    found = replace(truth, intervals=parts).directions(4)
    assert found == ["forward", "forward", "backward", "backward"]


def test_scenarios_are_values() -> None:
    scenario: Scenario = scenarios()["intervals"]
    with pytest.raises(AttributeError):
        scenario.name = "other"  # type: ignore[misc]


def test_tuning_and_reporting_seeds_never_meet() -> None:
    assert not set(TUNING_SEEDS) & set(REPORTING_SEEDS)


@pytest.mark.parametrize("name", ["intervals", "short intervals", "shuttles", "walk"])
def test_direction_changes_where_facing_and_course_part(name: str) -> None:
    """A compass without any fault and a receiver without error agree with the truth in time."""
    scenario = scenarios()[name]
    perfect = Compass(swing_deg=0.0, noise_deg=1e-9)
    watch = replace(scenario.watch, compass=perfect, gps_error_m=1e-9)
    simulated = simulate(replace(scenario, watch=watch, mount_deg=(0.0, 0.0)), 8)
    course = chord_course_deg(simulated.recording, half=1)
    delta = np.abs(wrap_deg(simulated.recording.headings[0].heading_deg - course))
    seen = np.flatnonzero(np.diff((delta > 90.0).astype(int)) != 0)
    starts_s = [part.start_s for part in simulated.truth.intervals[1:]]
    for moment in starts_s:
        assert np.min(np.abs(seen + 0.5 - moment)) <= 2.0
