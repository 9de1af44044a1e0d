"""The joint change of heading and course: when forward and backward can have changed places.

It needs no mount offset. Course turns about while the heading stays: the runner now goes the other
way round (shuttles). Heading turns about while the course stays: turned about, or a magnetic
disturbance. Both turn: an ordinary U-turn, no change. So what counts is by how much heading minus
course has changed across a second.
"""

import numpy as np

from retrorun import arithmetic
from retrorun.detect.heading import Facing
from retrorun.detect.modes import Modes
from retrorun.detect.series import mean_around, runs, without_short
from retrorun.model import Track
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, difference_deg


def change_deg(angle_deg: FloatArray, half: int) -> FloatArray:
    """Turn from ``half`` seconds before to ``half`` seconds after each second, (n,); else NaN."""
    change = np.full(angle_deg.size, np.nan)
    if angle_deg.size > 2 * half:
        change[half:-half] = difference_deg(angle_deg[2 * half :], angle_deg[: -2 * half])
    return change


def switching(
    seen: Facing, modes: Modes, settings: DetectSettings
) -> tuple[FloatArray, FloatArray]:
    """Probabilities that backward running begins and that it ends at each second, (n,) each."""
    size = modes.moving.size
    onset = np.full(size, 1.0 / settings.onset_every_s)
    ending = np.full(size, 1.0 / settings.backward_lasts_s)
    stopped = ~without_short(modes.moving, value=False, seconds=3)
    onset[stopped], ending[stopped] = settings.onset_stopped, settings.ending_stopped
    if np.isnan(seen.delta_deg).all():
        return onset, ending
    turn = arithmetic.cos(np.radians(change_deg(seen.delta_deg, settings.joint_half_s)))
    with np.errstate(invalid="ignore"):
        flipped, kept = turn < -0.6, turn > 0.5
    onset[flipped], ending[flipped] = settings.joint_switch, settings.joint_switch
    onset[kept] *= 0.3
    ending[kept] *= 0.3
    return onset, ending


def course_reversed(track: Track, seen: Facing, settings: DetectSettings) -> BoolArray:
    """Seconds at which the course turned about while the heading stayed, (n,).

    A magnetic disturbance turns the heading, never the course, so such a change is beyond doubt:
    who goes back the way they came stands still in between. A corner taken at speed does not count.
    """
    half = settings.joint_half_s
    if seen.held or np.isnan(seen.heading_deg).all():
        return np.zeros(track.seconds, dtype=bool)
    speed = np.nan_to_num(track.column("ground_speed_mps"), nan=np.inf)
    padded = np.pad(speed, half, constant_values=np.inf)
    slowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).min(axis=1)
    course = np.abs(change_deg(track.column("course_deg"), half))
    heading = np.abs(change_deg(seen.heading_deg, half))
    lasting = np.abs(change_deg(seen.heading_deg, settings.steady_s))
    with np.errstate(invalid="ignore"):
        turned = (course > 120) & (heading < 60) & (slowest < settings.reversal_mps)
        turned &= ~(lasting > 90)  # a heading that follows some seconds later only lagged
    turned &= _went_on(track, settings)
    return np.asarray(turned, dtype=bool)


def _went_on(track: Track, settings: DetectSettings) -> BoolArray:
    """Whether the way goes on before and after each second, (n,): fixes wander too."""
    reach, size = settings.reversal_s, track.seconds
    found = np.zeros(size, dtype=bool)
    if size <= 2 * reach:
        return found
    x_m, y_m = track.column("x_m"), track.column("y_m")
    gone = arithmetic.hypot(x_m[reach:] - x_m[:-reach], y_m[reach:] - y_m[:-reach])
    steps = mean_around(track.column("cadence_spm"), reach)
    with np.errstate(invalid="ignore"):
        far = gone >= settings.reversal_m
        found[reach:-reach] = far[:-reach] & far[reach:]
        return found & ~(steps < settings.reversal_spm)


def disturbed(
    seen: Facing,
    evidence: tuple[FloatArray, FloatArray],
    reversed_at: BoolArray,
    settings: DetectSettings,
) -> BoolArray:
    """Seconds in which the heading must have been disturbed, (n,).

    A magnetic disturbance makes the heading jump, lasts seconds to a minute, and the gait goes on
    as before. So: a short piece between two jumps of heading minus course, none of them by a course
    that turned about under a steady heading, whose gait speaks against its heading.

    Args:
        seen: heading against the course.
        evidence: of the heading and of the gait, (n,) each.
        reversed_at: from ``course_reversed``.
        settings: of this stage.
    """
    turn = np.abs(change_deg(seen.delta_deg, 2))
    with np.errstate(invalid="ignore"):
        jump = turn > 60
    found = np.zeros(jump.size, dtype=bool)
    if not jump.any():
        return found
    starts, ends = runs(jump)
    calm = [(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True) if not jump[a]]
    for first, last in calm:
        if not 4 <= last - first <= settings.disturbed_s:
            continue
        around = slice(max(first - 5, 0), last + 5)
        if reversed_at[around][:10].any() or reversed_at[around][-10:].any():
            continue
        faced, stepped = (float(kind[first:last].sum()) for kind in evidence)
        if faced * stepped < 0 and abs(stepped) >= settings.disturbed_gait:
            found[max(first - 2, 0) : last + 2] = True
    return found


def teachers(
    back: BoolArray, stepped: FloatArray, reversed_at: BoolArray, settings: DetectSettings
) -> BoolArray:
    """Seconds whose direction may teach the gait of both directions, (n,).

    Forward ones always; backward ones where no magnetic disturbance can have made them: their
    stretch is long, begins or ends by a course that turned about, or the gait so far agrees.
    """
    found = ~back
    starts, ends = runs(back)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        if back[first]:
            turned = reversed_at[max(first - 4, 0) : first + 4].any()
            turned |= reversed_at[max(last - 4, 0) : last + 4].any()
            agrees = float(stepped[first:last].sum()) >= settings.gait_teaches
            found[first:last] = turned or agrees or last - first > settings.disturbed_s
    return found
