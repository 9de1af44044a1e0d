"""Steps, speed and heart alone: what they propose, and what they must not."""

from dataclasses import replace

import numpy as np
import pytest

from made_runs import Leg, backward, run
from retrorun.detect import detect
from retrorun.detect.modes import Steps
from retrorun.detect.step_rate import pulse_evidence
from retrorun.model import Athlete, Detection, GaitLine, Recording
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.simulate import scenarios, simulate

SETTINGS = Settings()


def found(recording: Recording, athlete: Athlete | None = None) -> Detection:
    track = prepare(recording, SETTINGS.prepare)
    return detect(track, (), athlete or Athlete(), SETTINGS.detect)


def f1(detection: Detection, legs: list[Leg]) -> float:
    truth = backward(legs)
    mask = np.zeros(truth.size, dtype=bool)
    for part in detection.segments:
        if part.direction == "backward":
            mask[int(part.start_s) : int(part.end_s)] = True
    return float(2 * (mask & truth).sum() / max(mask.sum() + truth.sum(), 1))


def candidates_s(detection: Detection) -> float:
    return sum(one.end_s - one.start_s for one in detection.segments if one.direction == "backward")


def ahead(seconds: int, speed_mps: float) -> Leg:
    """Forward on the line of 139.4 + 9.5 v steps/min, the heart on 82 + 24.3 v."""
    return Leg(seconds, speed_mps, 139.4 + 9.5 * speed_mps, 0.0, 82.0 + 24.3 * speed_mps)


def intervals(back: Leg) -> list[Leg]:
    """Five stretches backward between forward ones at several paces."""
    paces = (2.6, 3.1, 2.7, 2.8, 3.0)
    between = [leg for pace in paces for leg in (back, ahead(110, pace))]
    return [ahead(150, 2.5), ahead(150, 2.9), *between, ahead(150, 2.3)]


@pytest.mark.parametrize("ratio", [1.08, 1.15, 1.22, 1.4, 1.55])
@pytest.mark.parametrize("share", [0.6, 0.7, 0.8])
def test_backward_running_is_proposed(ratio: float, share: float) -> None:
    """The line is 139.4 + 9.5 v; the heart works a third more at the same speed."""
    speed = 2.8 * share
    heart = 82.0 + (150.0 - 82.0) * share * 1.35
    legs = intervals(Leg(90, speed, (139.4 + 9.5 * speed) * ratio, 180.0, heart))
    detection = found(run(legs, compass=False))
    assert f1(detection, legs) > 0.9
    assert {(one.direction, one.verdict) for one in detection.segments} == {
        ("forward", "assumed"),
        ("backward", "candidate"),
    }


@pytest.mark.parametrize("speed_mps", [1.9, 2.1, 2.3])
def test_a_jog_at_the_step_rate_of_before_is_no_candidate(speed_mps: float) -> None:
    """Intervals at 3.8 m/s with jogs at an unchanged 174 steps/min: the heart falls with speed."""
    fast, heart = 3.8, 168.0
    jog = Leg(100, speed_mps, 174.0, 0.0, 82.0 + (heart - 82.0) * speed_mps / fast)
    legs = [Leg(300, 2.8, 166.0, 0.0, 145.0), *[Leg(180, fast, 175.0, 0.0, heart), jog] * 5]
    assert candidates_s(found(run(legs, compass=False))) == 0


def test_drills_are_no_candidates() -> None:
    drill = Leg(25, 1.7, 190.0, 0.0, 140.0)
    legs = [Leg(400), *[drill, Leg(60, 1.3, 110.0, 0.0, 120.0), Leg(60)] * 8, Leg(300)]
    assert candidates_s(found(run(legs, compass=False))) == 0


def test_a_speed_that_hangs_is_no_backward_running() -> None:
    legs = [Leg(500), Leg(60, 1.4, 166.0), Leg(340)]
    assert candidates_s(found(run(legs, compass=False))) == 0


def test_an_athlete_whose_steps_hardly_change_is_found_by_what_was_learnt() -> None:
    """A ratio of 1.05 at 0.72 of the speed: little for a stranger, enough for the own lines."""
    speed = 2.8 * 0.72
    back = Leg(100, speed, (139.4 + 9.5 * speed) * 1.05, 180.0, 148.0)
    legs = intervals(back)
    ahead = GaitLine(139.4, 9.5, 25.0, 2.0, 3600.0, 2.4, 3.2)
    behind = GaitLine(139.4 * 1.05, 9.5 * 1.05, 25.0, 2.0, 900.0, 1.8, 2.2)
    athlete = Athlete(forward_line=ahead, backward_line=behind)
    assert f1(found(run(legs, compass=False), athlete), legs) > 0.9


def taught(ratio: float) -> Athlete:
    """An athlete whose backward line is the forward one times a ratio, at 0.72 of the speed."""
    ahead = GaitLine(139.4, 9.5, 25.0, 2.0, 3600.0, 2.4, 3.2)
    behind = GaitLine(139.4 * ratio, 9.5 * ratio, 25.0, 2.0, 900.0, 1.8, 2.2)
    return Athlete(forward_line=ahead, backward_line=behind)


@pytest.mark.parametrize("learnt", [0.96, 0.99, 1.0, 1.005, 1.01, 1.05, 1.15])
def test_clearly_quicker_steps_are_asked_about_whatever_ratio_was_learnt(learnt: float) -> None:
    """16 % more steps than before at 0.71 of the speed is nobody's jog; no heart was measured."""
    speed = 2.0
    legs = intervals(Leg(90, speed, (139.4 + 9.5 * speed) * 1.2, 180.0))
    recording = run(legs, compass=False)
    recording.columns["heart_rate_bpm"][:] = np.nan
    assert f1(found(recording, taught(learnt)), legs) > 0.9


@pytest.mark.parametrize("learnt", [0.96, 1.0, 1.01])
@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
def test_a_jog_is_no_candidate_of_an_athlete_whose_steps_do_not_change(
    learnt: float, kept: float
) -> None:
    """A jog keeps none, half or all of the 166 steps/min of before; the heart falls with it."""
    speed = 2.0
    steps = 139.4 + 9.5 * speed
    jog = Leg(100, speed, steps + kept * (166.0 - steps), 0.0, 82.0 + 24.3 * speed)
    assert candidates_s(found(run(intervals(jog), compass=False), taught(learnt))) == 0


def test_the_heart_tells_a_jog_from_backward_running_at_the_same_steps() -> None:
    """Same speeds and steps twice: 158 steps/min at 2.0 m/s on the line of 158.4."""
    speed = 2.0
    steps = (139.4 + 9.5 * speed) * 1.045
    beats = [82.0 + 68.0 * speed / 2.8 * k for k in (1.0, 1.4)]
    found_s = [
        candidates_s(found(run(intervals(Leg(110, speed, steps, 180.0, one)), compass=False)))
        for one in beats
    ]
    assert found_s[0] == 0
    assert found_s[1] > 300


@pytest.mark.parametrize(("end_bpm", "backward"), [(148.0, False), (170.0, False), (192.0, True)])
def test_a_heart_that_falls_on_a_climb_says_nothing_for_backward(
    end_bpm: float,
    backward: bool,  # noqa: FBT001
) -> None:
    """Slower up a climb of 10 % costs what the level did: 170 stays, 148 is no effort at all."""
    climb = slice(300, 420)
    speed, grade, heart = np.full(720, 3.0), np.zeros(720), np.full(720, 170.0)
    speed[climb], grade[climb] = 2.1, 0.1
    heart[climb] = np.linspace(170.0, end_bpm, 120)
    heart[420:] = np.linspace(end_bpm, 170.0, 300)
    heart[:60] = 195.0  # its ceiling lies higher
    back = np.zeros(720, dtype=bool)
    back[climb] = True
    seen = Steps(np.full(720, 166.0), speed, grade, heart, np.ones(720, dtype=bool))
    assert (pulse_evidence(seen, back, SETTINGS.detect) > 0) is backward


def test_jogs_of_any_step_rate_are_paces_not_directions() -> None:
    """Two jogs with 10 % more steps, five with 2 to 6 %: what is slow and forward lies between."""
    legs = [ahead(300, 3.2)]
    for raised in (1.10, 1.03, 1.05, 1.10, 1.06, 1.02, 1.04):
        legs += [
            Leg(110, 2.3, (139.4 + 9.5 * 2.3) * raised, 0.0, 82.0 + 24.3 * 2.3),
            ahead(130, 3.3),
        ]
    assert candidates_s(found(run(legs, compass=False))) == 0


def test_a_heart_at_its_ceiling_in_most_segments_is_no_sign_of_backward() -> None:
    """One of four segments begins 10 beats below the ceiling of 180, and its heart stays up."""
    begins = (120, 360, 600, 840)
    counted, speed = np.ones(960, dtype=bool), np.full(960, 3.0)
    heart, back = np.full(960, 180.0), np.zeros(960, dtype=bool)
    for first in begins:
        back[first : first + 100] = True
    speed[back] = 2.1
    heart[540:710] = 170.0
    steps = Steps(np.full(960, 165.0), speed, np.zeros(960), heart, counted)
    alone = np.zeros(960, dtype=bool)
    alone[600:700] = True
    assert pulse_evidence(steps, alone, SETTINGS.detect) > 1.0
    assert pulse_evidence(steps, back, SETTINGS.detect) == 0.0


def drifting(ratio: float) -> list[Leg]:
    """Backward at 0.8 of the speed, step levels that drift by up to 2 %, a heart that stays."""
    legs, drifts = [ahead(240, 3.0)], (2.5, -2.0, 1.0, -3.0, 3.0, -1.0, 0.0, -2.5)
    for here, drift in enumerate(drifts):
        back = (139.4 + 9.5 * 2.4) * ratio + drift
        forward = ahead(120, 3.0)
        steps = forward.steps_spm + drifts[here - 3]
        legs += [Leg(110, 2.4, back, 180.0, forward.heart_bpm), replace(forward, steps_spm=steps)]
    return legs


@pytest.mark.parametrize("ratio", [1.03, 1.04])
def test_hardly_more_steps_are_proposed_where_the_heart_is_clear(ratio: float) -> None:
    """One segment is no further from the line than forward running drifts; the session is."""
    legs = drifting(ratio)
    assert f1(found(run(legs, compass=False)), legs) > 0.9


def test_slow_running_after_surges_of_forty_seconds_is_no_candidate() -> None:
    """The heart still rises when the slow part begins, so that it does not fall says nothing."""
    speed, back = np.full(1200, 2.6), np.zeros(1200, dtype=bool)
    heart = np.full(1200, 160.0)
    for first in range(100, 1100, 120):
        speed[first - 40 : first] = 4.0
        back[first : first + 80] = True
    steps = Steps(np.full(1200, 165.0), speed, np.zeros(1200), heart, np.ones(1200, dtype=bool))
    assert pulse_evidence(steps, back, SETTINGS.detect) < SETTINGS.detect.pulse_clear


def test_strides_whose_steps_fall_are_no_candidates() -> None:
    """Slow parts between surges: the heart stays up, and no second line fits; steps are lost."""
    strides = simulate(scenarios()["gait strides forward"], 80_012).recording
    assert candidates_s(found(strides)) == 0
