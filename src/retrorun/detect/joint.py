"""The joint change of heading and course: when forward and backward can have changed places.

It needs no mount offset. Course turns about while the heading stays: the athlete now goes the other
way round (shuttles). Heading turns about while the course stays: turned about, or a magnetic
disturbance. Both turn: an ordinary U-turn, no change. So what counts is by how much heading minus
course has changed across a second. And whether the gait changes with it: speed, steps, and a moment
of slowing at the turn.
"""

import numpy as np

from retrorun import arithmetic
from retrorun.detect.heading import Facing
from retrorun.detect.modes import Modes
from retrorun.detect.series import mean_around, sum_around, without_short
from retrorun.model import Track
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, difference_deg, true_runs


def change_deg(angle_deg: FloatArray, half: int) -> FloatArray:
    """Turn from ``half`` seconds before to ``half`` seconds after each second, (n,); else NaN."""
    change = np.full(angle_deg.size, np.nan)
    if angle_deg.size > 2 * half:
        change[half:-half] = difference_deg(angle_deg[2 * half :], angle_deg[: -2 * half])
    return change


def switching(
    facing: Facing, modes: Modes, settings: DetectSettings
) -> tuple[FloatArray, FloatArray]:
    """Probabilities that backward running begins and that it ends at each second, (n,) each."""
    size = modes.moving.size
    onset = np.full(size, 1.0 / settings.onset_every_s)
    ending = np.full(size, 1.0 / settings.backward_lasts_s)
    stopped = ~without_short(modes.moving, value=False, seconds=settings.flicker_s)
    onset[stopped], ending[stopped] = settings.onset_stopped, settings.ending_stopped
    if not facing.usable.any():
        return onset, ending
    turn = arithmetic.cos(np.radians(change_deg(facing.delta_deg, settings.joint_half_s)))
    flipped, kept = turn < -settings.flip_cosine[0], turn > settings.flip_cosine[1]
    onset[flipped], ending[flipped] = settings.joint_switch, settings.joint_switch
    onset[kept] *= settings.kept_switch
    ending[kept] *= settings.kept_switch
    return onset, ending


def course_reversed(track: Track, facing: Facing, settings: DetectSettings) -> BoolArray:
    """Seconds at which the course turned about while the heading stayed, (n,).

    A magnetic disturbance turns the heading, never the course, so such a change is beyond doubt:
    who goes back the way they came stands still in between. A corner taken at speed does not count.
    """
    half = settings.joint_half_s
    if facing.held or not facing.usable.any():
        return np.zeros(track.seconds, dtype=bool)
    speed = np.nan_to_num(track.column("ground_speed_mps"), nan=np.inf)
    padded = np.pad(speed, half, constant_values=np.inf)
    slowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).min(axis=1)
    course = np.abs(change_deg(track.column("course_deg"), half))
    heading = np.abs(change_deg(facing.heading_deg, half))
    lasting = np.abs(change_deg(facing.heading_deg, settings.steady_s))
    turned = (course > settings.reversal_course_deg) & (slowest < settings.reversal_mps)
    turned &= heading < settings.reversal_heading_deg
    # a heading that follows some seconds later only lagged
    turned &= ~(lasting > settings.reversal_lag_deg)
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
    far = gone >= settings.reversal_m
    found[reach:-reach] = far[:-reach] & far[reach:]
    return found & ~(steps < settings.reversal_spm)


def disturbed(
    facing: Facing,
    evidence: tuple[FloatArray, FloatArray],
    reversed_at: BoolArray,
    settings: DetectSettings,
) -> BoolArray:
    """Seconds in which the heading must have been disturbed, (n,).

    A magnetic disturbance makes the heading jump, lasts seconds to a minute, and the gait goes on
    as before. So: a short piece between two jumps of heading minus course, none of them by a course
    that turned about under a steady heading, whose gait speaks against its heading.
    ``evidence`` is that of the heading and that of the gait, (n,) each.
    """
    half, margin = settings.jump_half_s, settings.disturbed_margin_s
    turn = np.abs(change_deg(facing.delta_deg, half))
    jump = turn > settings.jump_deg
    found = np.zeros(jump.size, dtype=bool)
    if not jump.any():
        return found
    for first, last in true_runs(~jump):
        if not settings.disturbed_least_s <= last - first <= settings.disturbed_s:
            continue
        around = reversed_at[max(first - margin, 0) : last + margin]
        if around[: 2 * margin].any() or around[-2 * margin :].any():
            continue
        faced_llr, stepped_llr = (float(kind[first:last].sum()) for kind in evidence)
        if faced_llr * stepped_llr < 0 and abs(stepped_llr) >= settings.disturbed_gait:
            found[max(first - half, 0) : last + half] = True
    return found


def teachers(
    back: BoolArray, gait_llr: FloatArray, reversed_at: BoolArray, settings: DetectSettings
) -> BoolArray:
    """Seconds whose direction may teach the gait of both directions, (n,).

    Forward ones always; backward ones where no magnetic disturbance can have made them: their
    segment is long, begins or ends by a course that turned about, or the gait so far agrees.
    """
    found, near = ~back, settings.near_turn_s
    for first, last in true_runs(back):
        turned = reversed_at[max(first - near, 0) : first + near].any()
        turned |= reversed_at[max(last - near, 0) : last + near].any()
        agrees = float(gait_llr[first:last].sum()) >= settings.gait_teaches
        found[first:last] = turned or agrees or last - first > settings.disturbed_s
    return found


def turns_near(back: BoolArray, reversed_at: BoolArray, settings: DetectSettings) -> int:
    """How many turns between backward (n,) and forward have a reversal of the course nearby."""
    turns = np.diff(back, prepend=back[:1])
    return int(
        (turns & (sum_around(reversed_at.astype(np.float64), settings.near_turn_s) > 0)).sum()
    )


def step_gain(
    modes: Modes, behind: BoolArray, back: BoolArray, settings: DetectSettings
) -> float | None:
    """Least share by which steps are quicker backward than forward at equal speed, or None.

    Less what athletes differ by (one deviation) in how their steps follow the speed. ``behind``
    (n,) are those of the backward seconds ``back`` (n,) that count.
    """
    behind = behind & modes.moving
    if not behind.any():
        return None
    walks = bool(modes.walking[behind].mean() > 0.5)
    pace, level = pace_and_steps(modes, walks, settings)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(level) & (modes.cadence_spm > 0) & (modes.walking == walks)
    known &= modes.moving & ~modes.doubtful
    sides = known & behind, known & ~back
    if min(int(side.sum()) for side in sides) < settings.told_apart_s:
        return None
    levels, paces = ([arithmetic.median(each[side]) for side in sides] for each in (level, pace))
    spread = (settings.walk_slope if walks else settings.run_slope)[1]
    least_spm = levels[0] - levels[1] - spread * abs(paces[0] - paces[1])
    return least_spm / arithmetic.median(modes.cadence_spm[sides[1]])


def slows_to_turn(modes: Modes, back: BoolArray, settings: DetectSettings) -> bool:
    """Whether the speed falls for a moment at the turns between backward (n,) and forward.

    Of a turn and a moment elsewhere the turn must be slower in so many pairs (the area under the
    curve of Mann and Whitney, whose deviation is 0.29 / sqrt(m) with m turns and many moments), and
    by so much; where many turns are much slower, in fewer. Turns at a stop say nothing, for there
    devices are moved, nor do the others where they are few, nor those of a walk, which often slows.
    """
    turns = np.diff(back, prepend=back[:1])
    around = settings.turn_moment_s + settings.turn_beside_s
    still, near = (
        sum_around(each.astype(np.float64), around) > 0 for each in (~modes.moving, turns)
    )
    speed = np.where(modes.moving, modes.speed_mps, np.nan)
    share = _share_beside(speed, 0, settings)
    known = np.isfinite(share) & ~still & ~_stops(modes, settings)
    at_turn, elsewhere = share[known & turns], np.sort(share[known & ~near], kind="stable")
    walked = modes.walking[modes.moving & back]
    told = at_turn.size >= settings.slowing_told * max(int(turns.sum()), 1)
    if 2 * walked.sum() > walked.size or not (told and elsewhere.size):
        return False
    lower, upto = (np.searchsorted(elsewhere, at_turn, side=side) for side in ("left", "right"))
    slower = 1.0 - float((lower + upto).sum()) / (2.0 * at_turn.size * elsewhere.size)
    by_chance = 0.5 + settings.slowing_chance / float(np.sqrt(at_turn.size))
    deeper = float(elsewhere[elsewhere.size // 2]) - arithmetic.median(at_turn)
    if slower >= max(settings.slowing_share, by_chance):
        return deeper >= settings.slowing_least
    many = at_turn.size >= settings.slowing_turns
    return many and slower >= settings.slowing_more_often and deeper >= settings.slowing_much


def _stops(modes: Modes, settings: DetectSettings) -> BoolArray:
    """Whether the athlete stands for a moment around each second, (n,), by speed or lack of steps.

    Whoever turns about on the move is slow for 0.8 s (the median of four actors), and steps on.
    """
    slow = _share_beside(modes.speed_mps, settings.stop_least_s - 1, settings)
    steps = np.where(modes.doubtful, np.nan, modes.cadence_spm)
    rarer = _share_beside(steps, 0, settings)
    counted, lost = np.isfinite(steps).any(), np.isnan(modes.cadence_spm).astype(np.float64)
    without = counted & (sum_around(lost, settings.turn_moment_s) > 0)
    return without | (slow < settings.stop_speed[int(not counted)]) | (rarer < settings.stop_steps)


def _share_beside(values: FloatArray, skipped: int, settings: DetectSettings) -> FloatArray:
    """The least value around each second, over the mean on the lower side of it, (n,).

    ``skipped`` values that are less still are left out. NaN where that is not known.
    """
    near, half = settings.turn_moment_s, settings.turn_beside_s // 2
    aside, share = near + 1 + half, np.full(values.size, np.nan)
    if values.size <= 2 * aside:
        return share
    padded = np.pad(np.nan_to_num(values, nan=np.inf), near, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * near + 1)
    least = np.sort(around, axis=1, kind="stable")[:, skipped] if skipped else around.min(axis=1)
    mean = mean_around(values, half)
    beside = np.minimum(mean[: -2 * aside], mean[2 * aside :])
    np.divide(least[aside:-aside], beside, out=share[aside:-aside], where=beside > 0)
    return share


def pace_and_steps(
    modes: Modes,
    walks: bool,  # noqa: FBT001 - which gait
    settings: DetectSettings,
) -> tuple[FloatArray, FloatArray]:
    """Speed, and step rate less what speed usually explains of it, smoothed, (n,) each."""
    half = settings.gait_half_s
    counted = modes.moving & ~modes.doubtful
    pace = mean_around(np.where(modes.moving, modes.speed_mps, np.nan), half)
    rate = mean_around(np.where(counted, modes.cadence_spm, np.nan), half)
    slope = settings.walk_slope[0] if walks else settings.run_slope[0]
    return pace, rate - slope * pace


def tells_apart(
    behind: FloatArray, ahead: FloatArray, least: float, settings: DetectSettings
) -> bool | None:
    """Whether a value tells two sides (m,) and (n,) apart; None where too few are known.

    It does in so many pairs, and most of what looks like the first side lies on it.
    """
    behind, ahead = (np.sort(each[np.isfinite(each)], kind="stable") for each in (behind, ahead))
    if min(behind.size, ahead.size) < settings.told_apart_s:
        return None
    lower, upto = (np.searchsorted(ahead, behind, side=side) for side in ("left", "right"))
    larger = float((lower + upto).sum()) / (2.0 * behind.size * ahead.size)
    middles = [float(each[each.size // 2]) for each in (behind, ahead)]
    way, middle = (1.0 if larger > 0.5 else -1.0), sum(middles) / 2.0
    likewise = [float((way * (each - middle) > 0).sum()) for each in (behind, ahead)]
    mostly = likewise[0] >= settings.told_mostly * max(sum(likewise), 1.0)
    return mostly and max(larger, 1.0 - larger) >= least


def late_seconds(modes: Modes, back: BoolArray, settings: DetectSettings) -> BoolArray:
    """Seconds between the turns of a heading and changes of speed that come with them, (n,).

    The clock of a second device may be some seconds off: then speed falls as long before or after
    each turn of the heading, and what lies between belongs to the other direction. Turns near a
    stop do not tell by how much.
    """
    late, size = np.zeros(back.size, dtype=bool), back.size
    turns = np.flatnonzero(back[1:] != back[:-1]) + 1
    still = sum_around((~modes.moving).astype(np.float64), settings.late_most_s) > 0
    clear = turns[~still[turns]]  # whoever stops changes speed anyway
    if clear.size < settings.late_turns:
        return late
    half = settings.turn_moment_s // 2
    pace = mean_around(np.where(modes.moving, modes.speed_mps, np.nan), half)
    faster = np.zeros(size)
    faster[half + 1 : -half - 1] = pace[2 * half + 2 :] - pace[: -2 * half - 2]
    lags = np.arange(-settings.late_most_s, settings.late_most_s + 1)
    changes = np.nan_to_num(faster)[np.clip(clear[:, None] + lags, 0, size - 1)]
    slower = -(np.where(back[clear], 1.0, -1.0)[:, None] * changes).sum(axis=0)
    lag = int(lags[slower.argmax()])
    here = float(slower[np.abs(lags) < settings.late_least_s].max())
    by_chance = settings.late_by_chance * float(np.nanstd(faster)) * float(np.sqrt(clear.size))
    least = max(by_chance, settings.late_clearly * here)
    if abs(lag) < settings.late_least_s or slower.max() < least:
        return late
    for turn in turns.tolist():
        first, last = sorted((turn, turn + lag))
        late[max(first - half, 0) : max(last + half, 0)] = True
    return late
