"""Never falsely sure: whatever rests on step rate alone stays a candidate, and teaches nobody."""

import numpy as np
import pytest
from msgspec.structs import replace

from retrorun.detect import detect
from retrorun.model import (
    Athlete,
    Detection,
    GaitLine,
    HeadingSeries,
    Label,
    Recording,
)
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.simulate import scenarios, simulate
from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray

SETTINGS = Settings()
OWN = GaitLine(140.0, 9.5, 25.0, 2.0, 7200.0, 2.0, 4.0)
LOW_LINE = GaitLine(130.0, 9.5, 25.0, 2.0, 7200.0, 1.5, 4.0)
METRE_DEG = 180.0 / np.pi / EARTH_RADIUS_M
SECONDS = 1800


def forward_run(mount_deg: float, quicker: float, facing: FloatArray | None = None) -> Recording:
    """Half an hour at 2.6 m/s in two directions; ``facing`` degrees away from the course.

    Who faces away is slower by a quarter.
    """
    rng = np.random.default_rng(3)
    second = np.arange(float(SECONDS))
    course = np.where((second // 300) % 2 == 0, 40.0, 130.0) + 10.0 * np.sin(second / 60.0)
    turn = np.radians(course)
    speed = np.full(SECONDS, 2.6) if facing is None else np.where(facing > 90, 1.95, 2.6)
    north_m, east_m = np.cumsum(speed * np.cos(turn)), np.cumsum(speed * np.sin(turn))
    faced = course + mount_deg + (0.0 if facing is None else facing)
    heading = np.asarray((faced + rng.normal(0.0, 8.0, SECONDS)) % 360.0, dtype=np.float64)
    time_s = np.asarray(1.75e9 + second, dtype=np.float64)
    columns = {
        "latitude_deg": 46.0 + north_m * METRE_DEG,
        "longitude_deg": 14.5 + east_m * METRE_DEG / np.cos(np.radians(46.0)),
        "cadence_spm": (140.0 + 9.5 * speed) * quicker + rng.normal(0.0, 1.5, SECONDS),
    }
    series = HeadingSeries("osmand:heading", "compass", "true", time_s, heading)
    return Recording(time_s, columns, headings=(series,))


def found(recording: Recording, athlete: Athlete, labels: tuple[Label, ...] = ()) -> Detection:
    return detect(prepare(recording, SETTINGS.prepare), labels, athlete, SETTINGS.detect)


def sure(detection: Detection, direction: str = "backward") -> BoolArray:
    marked = np.zeros(detection.columns["backward_probability"].size, dtype=bool)
    for part in detection.segments:
        if part.direction == direction and part.is_decided:
            marked[int(part.start_s) : int(part.end_s)] = True
    return marked


@pytest.mark.parametrize("mount_deg", [10.0, 40.0, 60.0, 90.0, 140.0, 180.0, -90.0])
@pytest.mark.parametrize("quicker", [1.04, 1.08, 1.12])
def test_quick_steps_over_an_earlier_line_confirm_nothing(mount_deg: float, quicker: float) -> None:
    detection = found(forward_run(mount_deg, quicker), Athlete(forward_line=OWN))
    assert not sure(detection).any()


@pytest.mark.parametrize("mount_deg", [90.0, 140.0, 180.0])
def test_nor_is_forward_confirmed_by_an_earlier_line(mount_deg: float) -> None:
    """Worn so, only the steps tell forward from backward: whoever steps slowly may be backward."""
    detection = found(forward_run(mount_deg, 1.0), Athlete(forward_line=OWN))
    assert not sure(detection, "forward").any()
    assert detection.forward_line is None
    assert detection.segments[0].reason == "heading goes with the course, but is not sure"


def test_the_reason_says_that_step_rate_gave_the_sign() -> None:
    detection = found(forward_run(180.0, 1.08), Athlete(forward_line=OWN))
    assert "step rate" in detection.segments[0].reason


def test_a_label_or_a_stated_mount_settles_what_step_rate_cannot() -> None:
    recording, athlete = forward_run(180.0, 1.08), Athlete(forward_line=OWN)
    told = found(recording, athlete, (Label(60.0, 120.0, "forward", "command"),))
    stated = found(recording, replace(athlete, mount_offset_deg=180.0))
    for detection in (told, stated):
        assert {part.direction for part in detection.segments} == {"forward"}
        assert sure(detection, "forward").mean() > 0.99


@pytest.mark.parametrize("seed", range(1000, 1004))
@pytest.mark.parametrize("name", ["gait intervals", "gait drills forward", "course in disguise"])
def test_without_a_compass_an_earlier_line_confirms_nothing(name: str, seed: int) -> None:
    recording = simulate(scenarios()[name], seed).recording
    assert not sure(found(recording, Athlete(forward_line=LOW_LINE))).any()


@pytest.mark.parametrize("seed", range(1000, 1006))
def test_a_part_with_heading_confirms_nothing_of_the_other_part(seed: int) -> None:
    """The compass ends half-way; what goes on from there is known for half a minute at most."""
    recording = simulate(scenarios()["part heading"], seed).recording
    detection = found(recording, Athlete(forward_line=LOW_LINE))
    silent = detection.columns["evidence_heading"] == 0
    half = int(np.flatnonzero(~silent)[-1]) + 1
    assert not sure(detection)[half + SETTINGS.detect.unheard_s :].any()


def test_backward_without_heading_is_no_more_than_a_candidate_beside_one() -> None:
    """The compass is lost 40 s into a backward stretch that lasts five minutes by its steps."""
    facing = np.zeros(SECONDS)
    facing[200:300] = facing[600:900] = 180.0
    recording = forward_run(20.0, 1.0, facing)
    steps, heading = recording.columns["cadence_spm"].copy(), recording.headings[0]
    steps[facing > 0] *= 1.09
    lost = heading.heading_deg.copy()
    lost[640:] = np.nan
    detection = found(
        replace(
            recording,
            columns={**recording.columns, "cadence_spm": steps},
            headings=(replace(heading, heading_deg=lost),),
        ),
        Athlete(),
    )
    assert sure(detection)[205:295].all()
    assert sure(detection)[605:635].all()
    assert not sure(detection)[645:].any()
    reasons = {part.start_s: part.reason for part in detection.segments}
    assert any("none does here" in reason for reason in reasons.values())


def test_a_needle_that_swings_about_confirms_nothing_though_the_steps_are_quick() -> None:
    """Ten minutes of a heading that turns about at random, where the steps say backward."""
    seconds = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        facing = np.zeros(SECONDS)
        facing[600:1200] = np.repeat(180.0 * rng.integers(0, 2, 50), 12)
        recording = forward_run(20.0, 1.0, facing)
        steps = recording.columns["cadence_spm"].copy()
        steps[600:1200] *= 1.09
        columns = {**recording.columns, "cadence_spm": steps}
        detection = found(replace(recording, columns=columns), Athlete(forward_line=OWN))
        seconds += int((sure(detection) & (facing == 0)).sum())
    assert seconds < 0.05 * 4 * 300  # edges at most, of half of ten minutes four times


def test_a_guessed_line_teaches_nobody_though_a_label_stands_beside_it() -> None:
    """All backward, half a minute of it labelled: no second is known to be forward."""
    recording = simulate(scenarios()["all backward"], 1003).recording
    label = Label(100.0, 130.0, "backward", "command")
    assert found(replace(recording, headings=()), Athlete(), (label,)).forward_line is None
