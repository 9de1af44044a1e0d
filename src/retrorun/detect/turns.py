"""The second witness: did the athlete turn where the heading did, or was only the device turned?

The heading divides a session into runs on one side of its axis. Between two of them either the
athlete turned about, so that speed and step rate changed as they do backward, or the device was
turned, or the field bent, and the gait went on as before. Each boundary is one observation of the
two, and the runs are decoded over both direction and mount. Nothing here uses second-wise
evidence of the heading, so that the two decoders can be wrong in different ways.
"""

from typing import NamedTuple

import msgspec
import numpy as np

from retrorun import arithmetic
from retrorun.arithmetic import hypot
from retrorun.detect.modes import Modes
from retrorun.detect.series import each_run, runs, without_short
from retrorun.model import Athlete
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray


class Boundaries(msgspec.Struct, frozen=True, eq=False):
    """What each of the k - 1 boundaries between k runs says, (k - 1,) each.

    ``onset`` and ``ending`` are log-likelihood ratios that backward movement begins or ends there,
    against an unchanged direction under a device or a field that was turned. ``other_gait``: the
    athlete runs on one side and walks on the other, so that nothing can be compared.
    """

    onset: FloatArray
    ending: FloatArray
    other_gait: BoolArray


class SideRuns(msgspec.Struct, frozen=True, eq=False):
    """Maximal runs on one side of the axis of one mount, (k,) each; they partition [0, n).

    ``mount`` counts how the device was worn: between two of them sides cannot be compared.
    """

    starts: IntArray
    ends: IntArray
    opposite: BoolArray
    mount: IntArray

    @property
    def mount_begins(self) -> BoolArray:
        """Whether another mount begins at each boundary, (k - 1,)."""
        return np.asarray(self.mount[1:] != self.mount[:-1], dtype=bool)

    def each_second(self, values: FloatArray) -> FloatArray:
        """The runs' values (k,) for each second, (n,)."""
        return np.repeat(values, self.ends - self.starts)


def side_runs(
    opposite: BoolArray, usable: BoolArray, mount: IntArray, settings: DetectSettings
) -> SideRuns:
    """Divide the session where the heading changes sides for some seconds; holes change none.

    Where another mount begins, another run does.
    """
    side = np.zeros(usable.size, dtype=bool)
    for first, last in each_run(mount):
        known = np.flatnonzero(usable[first:last])
        if known.size:
            before = np.searchsorted(known, np.arange(last - first), side="right") - 1
            here = opposite[first:last][known[np.maximum(before, 0)]]
            here = without_short(here, value=True, seconds=settings.heading_alone_s)
            side[first:last] = without_short(here, value=False, seconds=settings.heading_alone_s)
    starts, ends = runs(2 * mount + side)
    return SideRuns(starts, ends, side[starts], mount[starts])


class Contrast(msgspec.Struct, frozen=True, eq=False):
    """Change of gait across moments, (m,) each.

    Attributes:
        speed: log of the speed after over that before, less what the grade usually explains; NaN
            where it cannot be compared.
        steps: the same of the step rate, less what speed and grade usually explain.
        speed_spread, steps_spread: deviations of both that chance gives.
        other_gait: whether the athlete runs on one side and walks on the other; then both are NaN.
    """

    speed: FloatArray
    steps: FloatArray
    speed_spread: FloatArray
    steps_spread: FloatArray
    other_gait: BoolArray


class OwnGait(msgspec.Struct, frozen=True):
    """Log of speed share and step-rate ratio, backward over forward: mean and deviation.

    ``known`` says that they are the athlete's own rather than people's.
    """

    speed: tuple[float, float]
    steps: tuple[float, float]
    known: bool = False

    def slowest(self, settings: DetectSettings) -> float:
        """Share of the forward speed above which nothing is expected to be backward."""
        most, deviations = settings.own_slowest
        return min(most, arithmetic.exp(self.speed[0] + deviations * self.speed[1]))


def backward_gait(athlete: Athlete, settings: DetectSettings) -> OwnGait:
    """What is known of how this athlete's gait changes backward.

    People's mean and spread, drawn to the athlete's own lines of step rate where earlier sessions
    with a heading or labels taught both.
    """
    slower, between = settings.slower_log
    usual = OwnGait((-slower, between), settings.ratio_log)
    contrast = athlete.backward_contrast()
    if contrast is None:
        return usual
    own_speed = (arithmetic.log(contrast[0]), settings.own_speed)
    own_steps = (arithmetic.log(contrast[1]), settings.own_steps)
    speed, rate = _combined(usual.speed, own_speed), _combined(usual.steps, own_steps)
    return OwnGait(speed, rate, known=True)


def _combined(usual: tuple[float, float], own: tuple[float, float]) -> tuple[float, float]:
    """Mean and deviation of the product of two normals."""
    weights = [1.0 / (deviation * deviation) for _, deviation in (usual, own)]
    mean = (usual[0] * weights[0] + own[0] * weights[1]) / sum(weights)
    return float(mean), float(np.sqrt(1.0 / sum(weights)))


def contrast(
    moments: IntArray, bounds: tuple[IntArray, IntArray], modes: Modes, settings: DetectSettings
) -> Contrast:
    """Compare the gait of up to half a minute on both sides of each moment.

    ``bounds`` are where the runs before begin and those after end. Only like is compared with
    like: running with running, walking with walking.
    """
    # Seconds on the way only: a stop at the turn is neither speed nor steps.
    moved = np.flatnonzero(modes.moving)
    here, first, last = (np.searchsorted(moved, each) for each in (moments, *bounds))
    room = np.minimum(here - first, last - here) - 2
    skip = np.minimum(settings.turn_skip_s, room // settings.turn_skip_parts)
    skip = np.maximum(skip, 1)
    before = (np.maximum(first, here - skip - settings.turn_window_s), here - skip)
    after = (here + skip, np.minimum(last, here + skip + settings.turn_window_s))
    pace, rate, grade = modes.speed_mps[moved], modes.cadence_spm[moved], modes.grade[moved]
    walks = modes.walking[moved]
    timed = np.isfinite(pace) & ~modes.carried[moved]
    counted = timed & np.isfinite(rate) & ~modes.doubtful[moved]
    by_walk, by_run = (
        _both_sides((pace, grade, rate), (timed & gait, counted & gait), (before, after))
        for gait in (walks, ~walks)
    )
    walked = by_walk.seconds > by_run.seconds
    (walked_share,), _ = _means(walks[None].astype(np.float64), timed[None], (before, after))
    with np.errstate(invalid="ignore"):
        other_gait = np.abs(walked_share[1] - walked_share[0]) >= settings.other_gait
    seconds, steps_s, speed, climb, paced, cadence = (
        np.where(walked, *both) for both in zip(by_walk, by_run, strict=True)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(
            (seconds >= settings.turn_least_s) & ~other_gait,
            arithmetic.log(speed[1] / speed[0]),
            np.nan,
        )
        steeper = np.nan_to_num(climb[1] - climb[0])
        ratio += settings.grade_slows[0] * steeper
        level = (cadence[0] + cadence[1]) / 2
        slope = np.where(walked, settings.walk_slope[0], settings.run_slope[0]) / level
        unsure = np.where(walked, settings.walk_slope[1], settings.run_slope[1]) / level
        faster = paced[1] - paced[0]
        by_grade = settings.grade_slope[0] / level * steeper
        rise = arithmetic.log(cadence[1] / cadence[0]) - slope * faster - by_grade
        rise = np.where((steps_s >= settings.turn_least_s) & ~other_gait, rise, np.nan)
        noise = settings.speed_noise / np.sqrt(np.maximum(seconds, 1.0))
        speed_spread = hypot(settings.speed_wander, noise)
        speed_spread = hypot(speed_spread, settings.grade_slows[1] * np.abs(steeper))
        noise = settings.steps_noise / np.sqrt(np.maximum(steps_s, 1.0))
        spread = hypot(settings.steps_wander, noise)
        unsure = hypot(unsure * faster, settings.grade_slope[1] / level * steeper)
        steps_spread = hypot(spread, np.nan_to_num(unsure, nan=1.0, posinf=1.0))
    return Contrast(ratio, rise, speed_spread, steps_spread, other_gait)


class _Sides(NamedTuple):
    """Means before and after each moment, (2, k), and the seconds (k,) that both rest on."""

    seconds: FloatArray
    steps_s: FloatArray
    speed_mps: FloatArray
    grade: FloatArray
    paced_mps: FloatArray
    cadence_spm: FloatArray


def _both_sides(
    gait: tuple[FloatArray, FloatArray, FloatArray],
    known: tuple[BoolArray, BoolArray],
    windows: tuple[tuple[IntArray, IntArray], ...],
) -> _Sides:
    """Compare two windows by the seconds of one gait; ``known``: with a speed, with steps too.

    ``gait`` is speed, grade and step rate.
    """
    (pace, grade, rate), (timed, counted) = gait, known
    values = np.stack([pace, grade, pace, rate])
    means, seconds = _means(values, np.stack([timed, timed, counted, counted]), windows)
    lasted = seconds.min(axis=1)
    return _Sides(lasted[0], lasted[2], *means)


def _means(
    values: FloatArray, where: BoolArray, windows: tuple[tuple[IntArray, IntArray], ...]
) -> tuple[FloatArray, FloatArray]:
    """Means of the values (r, n) over windows [low, high), and seconds they rest on, (r, w, k)."""
    size = where.shape[1]
    total, count = np.zeros((2, len(where), size + 1))
    np.cumsum(np.where(where, values, 0.0), axis=1, out=total[:, 1:])
    np.cumsum(where, axis=1, out=count[:, 1:])
    low = np.clip(np.array([each for each, _ in windows]), 0, size)
    high = np.maximum(np.clip(np.array([each for _, each in windows]), 0, size), low)
    seconds = count[:, high] - count[:, low]
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total[:, high] - total[:, low]) / seconds, seconds


def own_wander(parts: SideRuns, modes: Modes, settings: DetectSettings) -> tuple[float, float]:
    """How much speed and steps change from half-minute to half-minute where nobody turned."""
    moments, first, last = [], [], []
    need = settings.turn_skip_s + settings.turn_window_s
    for start, end in zip(parts.starts.tolist(), parts.ends.tolist(), strict=True):
        inside = np.arange(start + need, end - need, settings.turn_window_s)
        moments.append(inside)
        first.append(np.full(inside.size, start))
        last.append(np.full(inside.size, end))
    at = np.concatenate(moments)
    if at.size < settings.wander_least:
        return settings.speed_wander, settings.steps_wander
    changes = contrast(at, (np.concatenate(first), np.concatenate(last)), modes, settings)
    return (
        _spread(changes.speed, settings.speed_wander, settings.wander_most[0], settings),
        _spread(changes.steps, settings.steps_wander, settings.wander_most[1], settings),
    )


def _spread(values: FloatArray, least: float, factor: float, settings: DetectSettings) -> float:
    """Deviation of values (m,) about 0, from the least to so many times the least."""
    known = values[np.isfinite(values)]
    if known.size < settings.wander_least:
        return least
    deviation = arithmetic.MAD_TO_SD * arithmetic.median(np.abs(known))
    return float(np.clip(deviation, least, factor * least))


def boundaries(
    contrasts: Contrast, wander: tuple[float, float], own: OwnGait, settings: DetectSettings
) -> Boundaries:
    """What the contrasts say of a turn, each kind bounded, for people can do as they like."""
    # of the speed and of the steps, a row each
    values = np.stack([contrasts.speed, contrasts.steps])
    chance = np.stack([contrasts.speed_spread, contrasts.steps_spread])
    mean, deviation = np.array([own.speed, own.steps]).T[..., None]
    anything = np.array([[settings.speed_astray], [settings.steps_astray]])
    spread, share = hypot(np.array(wander)[:, None], chance), settings.astray_share
    known = np.isfinite(values)
    change = np.where(known, values, 0.0)
    # whatever else happens to people at any moment
    astray = share * arithmetic.exp(-0.5 * np.square(change / anything)) / anything
    wide = hypot(deviation, spread)
    residuals = np.stack([change, _short_of(change, mean), _short_of(change, -mean)])
    spreads = np.stack([spread, wide, wide])
    near = (1.0 - share) * arithmetic.exp(-0.5 * np.square(residuals / spreads)) / spreads
    unchanged, begins, ends = arithmetic.log(near + astray)
    bound = settings.turn_vote
    onset, ending = (
        np.where(known, np.clip(each - unchanged, -bound, bound), 0.0).sum(axis=0)
        for each in (begins, ends)
    )
    return Boundaries(onset, ending, contrasts.other_gait)


def _short_of(change: FloatArray, mean: FloatArray) -> FloatArray:
    """What a turn's contrast lacks of the mean; beyond it the density stays what it is there."""
    beyond = np.sign(mean) * change > np.abs(mean)
    return np.where(beyond, 0.0, change - mean)


class Witness(msgspec.Struct, frozen=True, eq=False):
    """What the boundaries of a session say together.

    Attributes:
        boundaries: each boundary's evidence, by the session's own contrast.
        turn_log_odds: that a boundary is a turn of the athlete rather than of the device.
        votes: log-odds that the side called ahead is forward, by the boundaries alone.
        unsteady: whether the device clearly turned on the body as often as the athlete did.
    """

    boundaries: Boundaries
    turn_log_odds: float
    votes: float
    unsteady: bool = False


def witness(
    parts: SideRuns,
    modes: Modes,
    reversed_at: BoolArray,
    usual: OwnGait,
    settings: DetectSettings,
) -> Witness:
    """Weigh all boundaries, and learn from them how this athlete's gait changes with a turn.

    Starts from people at large (or the athlete's own posterior) and is refined twice: boundaries
    that look like turns draw the mean contrast and the share of turns towards themselves.
    """
    at = parts.starts[1:]
    none = Boundaries(np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    if at.size == 0:
        return Witness(none, 0.0, 0.0)
    change = contrast(at, (parts.starts[:-1], parts.ends[1:]), modes, settings)
    wander = own_wander(parts, modes, settings)
    own, log_odds = usual, 0.0
    within = ~parts.mount_begins  # only there the heading turned
    reversal = settings.reversal_vote * within * _near(reversed_at, at, settings.near_turn_s)
    within &= ~change.other_gait
    evidence = boundaries(change, wander, own, settings)
    way = np.where(evidence.onset >= evidence.ending, 1.0, -1.0)
    likely = np.zeros(at.size)
    for _ in range(2):
        likely = within * _sigmoid(
            log_odds + np.maximum(evidence.onset, evidence.ending) + reversal
        )
        own = _refined(change, way * likely, usual, settings)
        turns, flips = float(likely.sum()), float((within - likely).sum())
        log_odds = float(
            np.clip(
                arithmetic.log((turns + 1) / (flips + 1)), -settings.turn_odds, settings.turn_odds
            )
        )
        evidence = boundaries(change, wander, own, settings)
    toward = np.where(parts.opposite[1:], 1.0, -1.0)
    if _consistent(change, toward, within, settings):
        log_odds = max(log_odds, settings.proven_odds)
    # A run of some seconds may fall on a change from running to walking.
    lasts = parts.ends - parts.starts
    full = np.minimum(np.minimum(lasts[1:], lasts[:-1]) / settings.turn_full_s, 1.0)
    evidence = Boundaries(evidence.onset * full, evidence.ending * full, change.other_gait)
    # One moment alone confirms nothing; what tells a turn's two ways apart stays.
    above = np.maximum(
        np.maximum(evidence.onset, evidence.ending) + reversal - settings.boundary_vote, 0.0
    )
    onset, ending = (each + reversal - above for each in (evidence.onset, evidence.ending))
    evidence = Boundaries(onset, ending, change.other_gait)
    best, clear = np.maximum(evidence.onset, evidence.ending), settings.clear_turn
    flips, turns = int((within & (best < -clear)).sum()), int((within & (best > clear)).sum())
    unsteady = flips >= max(turns, settings.unsteady_flips)
    compared = likely * (np.isfinite(change.speed) | np.isfinite(change.steps))
    agreed = float((compared * toward * way).sum()) / max(float(compared.sum()), 1.0)
    return Witness(
        evidence, log_odds, agreed * _like_people(change, way * compared, usual, settings), unsteady
    )


def _consistent(
    change: Contrast, toward: FloatArray, within: BoolArray, settings: DetectSettings
) -> bool:
    """Whether one side of the axis is slower or quicker-stepping by far more than chance gives.

    A device that flips knows nothing of the gait, so its contrasts cancel. What a hill or a wind on
    one side of a lap gives is smaller than what backward running does.
    """
    kinds = (
        (change.speed, change.speed_spread, settings.consistent_speed),
        (change.steps, change.steps_spread, settings.consistent_steps),
    )
    for values, spread, least in kinds:
        known = within & np.isfinite(values)
        if known.sum() < settings.consistent_turns:
            continue
        aligned, wide = (toward * np.where(known, values, 0.0))[known], spread[known]
        size = arithmetic.median(aligned)
        # A few turns that happen to fall on a change of gait must not speak for all.
        bound = settings.turn_vote
        scores = np.clip(aligned / wide, -bound, bound)
        score = abs(float(scores.sum())) / float(np.sqrt(known.sum()))
        alike = float((aligned * size > 0).mean()) >= settings.consistent_share
        if alike and score >= settings.consistent_score and abs(size) >= least:
            return True
    return False


def _like_people(
    change: Contrast, way: FloatArray, usual: OwnGait, settings: DetectSettings
) -> float:
    """Log-odds that a session's mean contrast is that of turning backward, not that of its reverse.

    One athlete's contrast is one draw from people's, however many turns show it.
    """
    total = 0.0
    kinds = (
        (change.speed, change.speed_spread, usual.speed),
        (change.steps, change.steps_spread, usual.steps),
    )
    for values, spread, (mean, deviation) in kinds:
        weight = np.where(np.isfinite(values), np.abs(way) / np.square(spread), 0.0)
        if weight.sum() == 0:
            continue
        whole = float(weight.sum())
        middle = float((np.sign(way) * np.nan_to_num(values) * weight).sum()) / whole
        unsure = float(np.sqrt((weight * np.square(spread)).sum() / whole)) / 2.0
        gain = 2.0 * mean * middle / (deviation * deviation + unsure * unsure)
        total += float(np.clip(gain, -settings.sign_vote, settings.sign_vote))
    return total


def _sigmoid(log_odds: FloatArray) -> FloatArray:
    bound = arithmetic.MOST_LOG_ODDS
    return 1.0 / (1.0 + arithmetic.exp(-np.clip(log_odds, -bound, bound)))


def _near(flag: BoolArray, at: IntArray, seconds: int) -> FloatArray:
    """1 where the flag stands within so many seconds of the moment, (k,)."""
    total = np.concatenate(([0], np.cumsum(flag)))
    low, high = np.maximum(at - seconds, 0), np.minimum(at + seconds, flag.size)
    return np.asarray(total[high] > total[low], dtype=np.float64)


def _refined(
    change: Contrast, way: FloatArray, usual: OwnGait, settings: DetectSettings
) -> OwnGait:
    """The athlete's own contrast: that of people, drawn to what likely turns show.

    ``way`` (m,) is 1 for a turn backward, -1 for one forward, less where it may be none.
    """
    found = []
    noise = settings.own_contrast * settings.own_contrast
    kinds = (
        (change.speed, change.speed_spread, usual.speed),
        (change.steps, change.steps_spread, usual.steps),
    )
    for values, spread, (mean, deviation) in kinds:
        known = np.isfinite(values)
        weight = np.where(known, 1.0 / (np.square(spread) + noise), 0.0)
        weighed = float((weight * way * np.where(known, values, 0.0)).sum())
        precision = 1.0 / (deviation * deviation) + float((weight * np.abs(way)).sum())
        middle = (mean / (deviation * deviation) + weighed) / precision
        found.append((middle, float(np.sqrt(1.0 / precision + noise))))
    return OwnGait(found[0], found[1])


def decode(
    parts: SideRuns, boundaries: Boundaries, run_odds: FloatArray, turn_log_odds: float
) -> FloatArray:
    """Log-odds that each run is backward, (k,), by the forward-backward algorithm.

    Args:
        parts: the runs.
        boundaries: what the boundaries say.
        run_odds: (k,) log-odds of backward that each run has of itself.
        turn_log_odds: that a boundary is a turn of the athlete rather than of the device; even
            where another mount begins or the athlete changes between running and walking.
    """
    count = parts.starts.size
    even = parts.mount_begins | boundaries.other_gait
    held = np.where(even, 0.5, 1.0 / (1.0 + arithmetic.exp(turn_log_odds)))
    bound = arithmetic.MOST_LOG_ODDS
    begins, ends = (
        ((1.0 - held) * arithmetic.exp(np.clip(each, -bound, bound))).tolist()
        for each in (boundaries.onset, boundaries.ending)
    )
    stays = held.tolist()
    alone = arithmetic.exp(np.clip(run_odds, -bound, bound)).tolist()
    # Shares of forward and backward, scaled to a sum of 1 so that no product under- or overflows.
    ahead = [_shares(1.0, alone[0])]
    for j in range(1, count):
        (forward, backward), stay = ahead[-1], stays[j - 1]
        here = stay * forward + ends[j - 1] * backward
        there = (stay * backward + begins[j - 1] * forward) * alone[j]
        ahead.append(_shares(here, there))
    after = [(0.5, 0.5)]
    for j in range(count - 2, -1, -1):
        forward, backward, stay = after[-1][0], after[-1][1] * alone[j + 1], stays[j]
        here, there = stay * forward + begins[j] * backward, stay * backward + ends[j] * forward
        after.append(_shares(here, there))
    both = np.array(ahead) * np.array(after[::-1])
    least = np.finfo(np.float64).tiny
    logs = arithmetic.log(np.maximum(both, least))
    return np.asarray(logs[:, 1] - logs[:, 0], dtype=np.float64)


def _shares(one: float, other: float) -> tuple[float, float]:
    """Two weights as shares of their sum."""
    total = one + other
    return one / total, other / total
