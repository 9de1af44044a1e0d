"""Faults of firmware: a heading that is the course from a speed on, positions written twice."""

import numpy as np
import pytest
from msgspec.structs import replace

from made_runs import Leg, backward, run
from retrorun.detect import detect
from retrorun.detect.series import replayed, stands
from retrorun.model import Athlete, Detection, GaitLine, HeadingSeries, Recording
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.simulate import scenarios, simulate
from retrorun.units import BoolArray

SETTINGS = Settings()
NEAR_S = 5
# Backward under a compass, four times.
LEGS = [Leg(200), *[Leg(60, 2.0, 176.0, 180.0), Leg(80)] * 4, Leg(120)]


def detected(recording: Recording) -> Detection:
    return detect(prepare(recording, SETTINGS.prepare), (), Athlete(), SETTINGS.detect)


def found(detection: Detection, verdict: str) -> BoolArray:
    marked = np.zeros(detection.columns["backward_probability"].size, dtype=bool)
    for part in detection.segments:
        if part.direction == "backward" and part.verdict == verdict:
            marked[int(part.start_s) : int(part.end_s)] = True
    return marked


def with_course(recording: Recording, least_mps: float, below_deg: float) -> Recording:
    """The run with a heading that is the course from a speed on, and one value below it."""
    track = prepare(recording, SETTINGS.prepare)
    course, speed = track.column("course_deg"), np.nan_to_num(track.column("ground_speed_mps"))
    noise = np.random.default_rng(4).normal(0.0, 2.0, course.size)
    shown = np.where(speed >= least_mps, (np.nan_to_num(course) + noise) % 360.0, below_deg)
    time_s = recording.time_s[0] + np.arange(course.size)
    series = HeadingSeries("fit:developer:heading", "compass", "true", time_s, shown)
    return replace(recording, headings=(series,))


@pytest.mark.parametrize("below_deg", [0.0, 180.0, 360.0])
@pytest.mark.parametrize("seed", [1003, 1004, 1005])
def test_a_course_that_is_one_value_at_low_speed_is_no_compass(below_deg: float, seed: int) -> None:
    plain = replace(simulate(scenarios()["gait intervals"], seed).recording, headings=())
    speed = prepare(plain, SETTINGS.prepare).column("ground_speed_mps")
    slow_mps = float(np.nanquantile(speed[np.nan_to_num(speed) > 0.5], 0.2))
    detection = detected(with_course(plain, slow_mps, below_deg))
    assert detection.heading.kind == "course"
    assert "follows the course" in detection.heading.reason
    asked = found(detected(plain), "candidate")
    assert asked.any()
    assert (found(detection, "candidate") == asked).all()  # a course changes no boundary either


def test_a_compass_that_is_held_for_seconds_stays_one() -> None:
    made = run(LEGS, mount_deg=3.0)
    series = made.headings[0]
    held = series.heading_deg[np.arange(series.heading_deg.size) // 5 * 5]
    detection = detected(replace(made, headings=(replace(series, heading_deg=held),)))
    assert detection.heading.kind == "compass"


def test_what_stands_is_as_long_as_was_asked() -> None:
    values = np.array([1.0, 2.0, 2.0, 2.0, np.nan, np.nan, np.nan, 3.0])
    assert stands(values, 3).tolist() == [False, True, True, True, False, False, False, False]


@pytest.mark.parametrize("at", [370, 380, 670])
def test_positions_that_are_written_again_confirm_nothing(at: int) -> None:
    about = Leg(60, 2.0, 176.0, 180.0)
    legs = [Leg(200), about, Leg(40), about, Leg(90), about, Leg(290)]
    made = run(legs, turns_deg=180.0)
    columns = {name: column.copy() for name, column in made.columns.items()}
    for name in ("latitude_deg", "longitude_deg"):  # backward the other way, over running forward
        columns[name][at : at + 60] = columns[name][200:260]
    near = np.convolve(backward(legs), np.ones(2 * NEAR_S + 1), "same") > 0
    sure = found(detected(replace(made, columns=columns)), "confirmed")
    assert sure[220:255].all()
    assert sure[320:355].all()
    assert not (sure & ~near).any()


def test_only_the_very_same_positions_in_their_order_are_a_copy() -> None:
    rng = np.random.default_rng(1)
    east, north = rng.normal(0.0, 50.0, (2, 60))
    assert not replayed(east, north, 10).any()
    again = np.arange(60)
    again[40:55] = again[10:25]
    assert np.flatnonzero(replayed(east[again], north[again], 10)).tolist() == list(range(40, 55))
    assert not replayed(east[again], north[again], 16).any()
    again[40:55] = again[10:25][::-1]  # there and back on one line
    assert not replayed(east[again], north[again], 10).any()
    assert not replayed(np.full(60, 3.0), np.full(60, 4.0), 10).any()  # who stands
    assert not replayed(np.full(60, np.nan), np.full(60, np.nan), 10).any()
    assert replayed(np.zeros(0), np.zeros(0), 10).size == 0


@pytest.mark.parametrize("seed", [1004, 1005, 1006, 1007])
@pytest.mark.parametrize("quicker_spm", [0.0, 4.0])  # an athlete's days differ by as much
def test_a_stated_angle_that_earlier_runs_contradict_is_asked_about(
    seed: int, quicker_spm: float
) -> None:
    simulated = simulate(scenarios()["all forward"], seed)
    true_deg = simulated.truth.mount_offset_deg
    assert true_deg is not None
    wrong = Athlete(mount_offset_deg=true_deg + 180.0)
    track = prepare(simulated.recording, SETTINGS.prepare)
    lesson = detect(track, (), Athlete(mount_offset_deg=true_deg), SETTINGS.detect)
    line = lesson.forward_line
    assert line is not None
    plain = detect(track, (), wrong, SETTINGS.detect)
    assert found(plain, "confirmed").any()  # nothing else is known: the statement decides
    line = replace(line, intercept_spm=line.intercept_spm - quicker_spm)
    known = detect(track, (), replace(wrong, forward_line=line), SETTINGS.detect)
    assert not found(known, "confirmed").any()
    asked = [part for part in known.segments if part.verdict == "candidate"]
    assert any("earlier forward runs" in part.reason for part in asked)


def test_a_stated_angle_stands_where_earlier_runs_do_not_contradict() -> None:
    simulated = simulate(scenarios()["all backward"], 1003)
    athlete = Athlete(mount_offset_deg=simulated.truth.mount_offset_deg)
    track = prepare(simulated.recording, SETTINGS.prepare)
    body = simulated.truth.body
    line = GaitLine(body.run_intercept_spm, body.run_slope_spm, 25.0, 2.0, 7200.0, 2.0, 4.0)
    known = detect(track, (), replace(athlete, forward_line=line), SETTINGS.detect)
    assert found(known, "confirmed").sum() > 0.9 * simulated.truth.backward_s


@pytest.mark.parametrize("seed", [1003, 1005])
def test_a_stated_angle_that_speed_and_steps_contradict_denies_nothing(seed: int) -> None:
    simulated = simulate(scenarios()["any mount"], seed)
    true_deg = simulated.truth.mount_offset_deg
    assert true_deg is not None
    track = prepare(simulated.recording, SETTINGS.prepare)
    right, wrong = (Athlete(mount_offset_deg=true_deg + off) for off in (0.0, 180.0))
    back = np.array(simulated.truth.directions(track.seconds)) == "backward"
    stated = detect(track, (), right, SETTINGS.detect)
    assert found(stated, "confirmed")[back].mean() > 0.95
    doubted = detect(track, (), wrong, SETTINGS.detect)
    assert not found(doubted, "confirmed").any()
    asked = np.zeros(track.seconds, dtype=bool)
    sides = {part.direction for part in doubted.segments if part.is_asked}
    assert sides == {"forward", "backward"}
    for part in doubted.segments:
        if part.verdict == "candidate":
            assert "nothing tells" not in part.reason
            assert "mount_offset_deg" not in part.would_change  # it is what is doubted
            asked[int(part.start_s) : int(part.end_s)] = True
    assert asked[back].mean() > 0.95
