"""Step rate, speed and stride of a session, and what they tell of its gaits.

1. the step rate while moving, and the athlete's line of step rate by speed and grade
2. whether a session without heading or labels holds two parallel lines: two gaits
3. what the heart says of a slower segment: jogging lets it fall, running backward does not,
   because it costs about a third more at the same speed (``literature.py``: backward_run)
4. what contact time and vertical excursion say of it, where a watch measures them
"""

import math

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic, literature
from retrorun.arithmetic import product
from retrorun.detect.modes import Steps, Stride
from retrorun.detect.series import known_mean, runs, sum_around, without_short
from retrorun.detect.turns import OwnGait
from retrorun.model import GaitLine
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray

_Three = tuple[FloatArray, FloatArray, FloatArray]
_ROOT_OF_TWO_PI = math.sqrt(2 * math.pi)


def fit(
    steps: Steps, weight: FloatArray, before: GaitLine | None, settings: DetectSettings
) -> GaitLine | None:
    """Cadence on speed and grade by iteratively reweighted ridge regression.

    Huber weights keep surges from bending the line; the ridge draws the slopes to what athletes
    have (``run_slope``, ``grade_slope``) or to the athlete's own line ``before``, so that a session
    at one speed still gives a sensible line.

    Returns:
        The line, or None where less than a minute was counted.
    """
    weight = np.where(steps.counted, weight, 0.0)
    use = weight > settings.line_least_weight
    if (weight > 0.5).sum() < settings.gait_least_s:
        return None
    cadence, weight = steps.cadence_spm[use], weight[use]
    rows = np.stack([np.ones(cadence.size), steps.speed_mps[use], steps.grade[use]])
    usual = np.array([0.0, settings.run_slope[0], settings.grade_slope[0]])
    if before is not None:
        usual = np.array([0.0, before.slope_spm_per_mps, before.grade_slope_spm])
    # A fit of N seconds carries N / line_temper_s independent ones of deviation line_spread_spm.
    strength = settings.line_temper_s * settings.line_spread_spm * settings.line_spread_spm
    loose = (settings.line_slope_spread, settings.grade_slope[1])
    ridge = np.diag([0.0, *(strength / (spread * spread) for spread in loose)])
    robust, firm = np.ones(cadence.size), weight > 0.5
    for _ in range(settings.line_rounds):
        scaled = rows * (weight * robust)
        # one after another: another order of adding would move the last digits of earlier lines
        pull = np.cumsum(scaled * cadence, axis=1)[:, -1] + product(ridge, usual)
        line = arithmetic.solve(product(scaled, rows.T) + ridge, pull)
        away = np.abs(cadence - product(line, rows))
        spread = arithmetic.MAD_TO_SD * arithmetic.median(away[firm])
        spread = max(spread, settings.line_least_spread_spm)
        bound = settings.line_outlier * spread
        robust = np.minimum(1.0, bound / np.maximum(away, 1e-9))
    ends = (arithmetic.quantile(rows[1], each) for each in settings.line_ends)
    return GaitLine(*map(float, (*line, spread, weight.sum(), *ends)))


def raised(
    line: GaitLine, ratio: float, steps: Steps, where: BoolArray, settings: DetectSettings
) -> GaitLine:
    """The forward line times the athlete's own ratio: the backward line."""
    slow, fast = settings.line_ends
    return replace(
        line,
        intercept_spm=line.intercept_spm * ratio,
        slope_spm_per_mps=line.slope_spm_per_mps * ratio,
        grade_slope_spm=line.grade_slope_spm * ratio,
        seconds=float(where.sum()),
        low_mps=arithmetic.quantile(steps.speed_mps[where], slow),
        high_mps=arithmetic.quantile(steps.speed_mps[where], fast),
    )


def expected_spm(line: GaitLine, steps: Steps) -> FloatArray:
    """Step rate by the line at each second's speed and grade, (n,)."""
    by_speed = line.intercept_spm + line.slope_spm_per_mps * steps.speed_mps
    return by_speed + line.grade_slope_spm * steps.grade


def normal(residual: FloatArray, spread: FloatArray | float) -> FloatArray:
    """Density of a normal distribution about 0."""
    scaled = residual / spread
    return np.asarray(
        arithmetic.exp(-0.5 * np.square(scaled)) / (spread * _ROOT_OF_TWO_PI), dtype=np.float64
    )


def two_lines(steps: Steps, own: OwnGait, settings: DetectSettings) -> FloatArray:
    """Whether each second lies on the upper of two parallel lines, (n,) of 0 and 1.

    ``own`` is what is known of this athlete's backward gait.

    Two clusters, each with a speed of its own and ``cadence = a + b·speed + c·grade + d·z``, with
    priors on b, c and on d (the step-rate gain of backward running), found by alternating
    assignment and fit. All zero where one cluster explains the session as well, where the upper
    one is not the slower, or where its gain is too small.
    """
    none = np.zeros(steps.counted.size)
    use = np.flatnonzero(steps.counted)
    if use.size < settings.two_lines_least_s:
        return none
    thin = use[:: settings.two_lines_every_s]  # the wander is slow: neighbours say the same
    data = (steps.cadence_spm[thin], steps.speed_mps[thin], steps.grade[thin])
    cadence, speed, grade = data
    level = cadence - settings.run_slope[0] * speed
    gain = (own.steps[0] * arithmetic.median(cadence), own.steps[1] * arithmetic.median(cadence))
    [single] = _clusters(data, np.zeros((1, cadence.size)), gain, settings)
    starts = [level > arithmetic.quantile(level, each) for each in settings.two_lines_starts]
    slow, fast = (arithmetic.quantile(speed, each) for each in settings.two_lines_speeds)
    starts.append(speed < (slow + fast) / 2)
    starts += _short_contacts(steps, thin, settings)
    guesses = np.array(starts, dtype=np.float64)
    mixed = [bool(guess.any()) for guess in guesses]
    searched = iter(_clusters(data, guesses[mixed], gain, settings) if any(mixed) else ())
    found = [next(searched) if each else single for each in mixed]
    # most starts end at the same assignment: each is held against the strides once
    ends = {each.upper.tobytes(): _spread_out(each, use, none.size, settings) for each in found}
    votes = {end: stride_evidence(steps, back, settings) for end, back in ends.items()}
    strides = [votes[each.upper.tobytes()] for each in found]
    total, witness, best = max(
        ((each.total + odds, odds, each) for each, odds in zip(found, strides, strict=True)),
        key=lambda one: one[0],
    )
    upper = best.upper
    enough = settings.two_lines_least <= upper.sum() < upper.size
    gained, (least, clear, usual) = total - single.total, settings.two_lines_gain
    if gained < least or not enough:
        return none
    # The gain by the fitted slope, and by the usual one: a run at two speeds shows one, not both.
    plain = float(level[upper > 0].mean() - level[upper == 0].mean()) / arithmetic.median(cadence)
    on_upper = ends[upper.tobytes()]
    means = [
        float(each[side].mean()) for each in (speed, cadence) for side in (upper > 0, upper == 0)
    ]
    slower = means[0] / max(means[1], settings.two_lines_slowest_mps)
    more = arithmetic.log(means[2] / means[3])
    back = without_short(on_upper, value=False, seconds=settings.pulse_hole_s)
    pulse = pulse_evidence(steps, back, settings)
    if witness:  # what a heart costs is one person's own, however many segments show it
        pulse = max(pulse, -settings.pulse_beside) + witness
    climbs = float(grade[upper > 0].mean() - grade[upper == 0].mean()) > settings.uphill_grade
    # Short quick steps uphill are backward only where the heart says so.
    # A second line that fits no better than one counts where the heart is clear; no step is lost.
    heard = clear if more < 0.0 else least
    barely = gained < (heard if pulse >= settings.pulse_clear else usual)
    uphill = climbs and not own.known and pulse < settings.pulse_uphill
    paces = pulse < settings.pulse_clear and _is_jog(steps, on_upper, settings)
    apart = (min(best.gain, plain), more, slower)
    refused = barely or uphill or paces or not _is_backward(apart, pulse, own, settings)
    return none if refused else on_upper.astype(np.float64)


def _is_jog(steps: Steps, back: BoolArray, settings: DetectSettings) -> bool:
    """Whether forward running as slow as the seconds ``back`` (n,) lies between the two lines, too.

    Whoever jogs keeps more or less of the step rate from one jog to the next; whoever turns about
    has one line for each direction, and what is slow and forward lies on the lower one.
    """
    sides = (steps.counted & ~back, steps.counted & back)
    fast, slow = (float(steps.speed_mps[side].mean()) for side in sides)
    level = steps.cadence_spm - settings.run_slope[0] * steps.speed_mps
    level = level - settings.grade_slope[0] * steps.grade
    pace = slow + settings.jog_pace * (fast - slow)
    jogged = ~without_short(
        ~sides[0] | (steps.speed_mps >= pace), value=False, seconds=settings.jog_s
    )
    if jogged.sum() < settings.jog_least_s:
        return False
    usual = arithmetic.median(level[sides[0] & (steps.speed_mps >= (fast + slow) / 2.0)])
    raised_by = (arithmetic.median(level[each]) - usual for each in (jogged, sides[1]))
    return next(raised_by) > settings.jog_share * next(raised_by)


def _is_backward(
    found: tuple[float, float, float], pulse: float, own: OwnGait, settings: DetectSettings
) -> bool:
    """Whether two clusters are two directions rather than two paces.

    ``found`` are the upper line's relative gain, its log step rate over the lower one's, and its
    share of the speed. Whoever jogs keeps a step rate between the line and the one before; more
    steps at a lower speed are another gait. In between the heart must tell.
    """
    gain, more, slower = found
    clear = min(gain, more)
    least = settings.two_lines_steps
    yielding = settings.pulse_doubts + settings.pulse_yields * max(clear - least, 0.0)
    if own.known:
        own_least = settings.own_share * max(own.steps[0], settings.hardly_quicker)
        own_least = min(least, own_least)
        needed = own_least - settings.pulse_steps * max(pulse, 0.0)
        agrees = gain >= own_least and clear >= needed
        if agrees and pulse > -yielding and slower <= own.slowest(settings):
            return True
        if own.steps[0] > settings.hardly_quicker:
            return False
        # Steps that did not change before: then the speed must be theirs, and the heart agree.
        alike = abs(gain - own.steps[0]) < least
        away = abs(arithmetic.log(slower) - own.speed[0])
        alike &= away < settings.own_speed_alike * own.speed[1]
        return alike and pulse >= settings.pulse_agrees
    quick = gain >= settings.clearly_quicker
    if slower > (settings.hardly_slower if quick else settings.backward_slower):
        return False
    # Steps that fall as far as those of a jog at that speed are a jog's, whatever the heart says.
    fallen = settings.jog_power * min(arithmetic.log(slower), 0.0)
    needed = max(least - settings.pulse_steps * max(pulse, 0.0), fallen)
    hardly = settings.two_lines_hardly[int(pulse >= settings.pulse_clear)]
    return gain >= hardly and clear >= needed and pulse > -yielding


class _Clusters(msgspec.Struct, frozen=True, eq=False):
    """Tempered log posterior, membership (m,) of 0 and 1, and the upper line's relative gain."""

    total: float
    upper: FloatArray
    gain: float


def _clusters(
    data: _Three, upper: FloatArray, gain: tuple[float, float], settings: DetectSettings
) -> list[_Clusters]:
    """Alternate fit and assignment from first guesses, side by side; all 0 means one cluster.

    ``upper`` (k, m) are the guesses, ``gain`` is the prior mean and deviation of the upper line's
    distance, steps/min. Membership is decided over some twenty seconds together, and every change
    of it costs: people do not turn about each second.
    """
    cadence, speed, grade = data
    mixed, middle = bool(upper.any()), arithmetic.median(cadence)
    temper = settings.two_lines_every_s / settings.line_temper_s
    usual = np.array([0.0, settings.run_slope[0], settings.grade_slope[0], gain[0]])
    loose = np.array([np.inf, settings.two_lines_slope_spread, settings.grade_slope[1], gain[1]])
    rows = np.stack([np.ones(cadence.size), speed, grade])
    shared = (product(rows, rows.T), product(rows, cadence))
    first, least, most = settings.two_lines_spreads_spm
    spread, active = np.full((len(upper), 1), first), np.arange(len(upper))
    found: dict[int, _Clusters] = {}
    for left in range(settings.two_lines_rounds[mixed], 0, -1):
        ridge = np.square(spread) / (temper * np.square(loose))
        lines = _lines(shared, (rows, upper, cadence), ridge, usual)
        at, by_speed, by_grade, above = lines.T[..., None]
        rest = cadence - (at + speed * by_speed + grade * by_grade)
        off = np.square(rest - upper * above)
        spread = np.sqrt(np.add.reduce(off, axis=-1, keepdims=True) / cadence.size)
        spread = np.minimum(np.maximum(spread, least), most)
        on, over = _densities((rest, speed), above, spread, upper, settings)
        miss = (lines - usual) / loose
        if not mixed:
            return [_Clusters(_posterior(on[0], upper[0], miss[0, :3], settings), upper[0], 0.0)]
        joined = sum_around(arithmetic.log(over / on), settings.two_lines_half)
        before, upper = upper, (joined > 0).astype(np.float64)
        count = np.count_nonzero(upper, axis=1)
        ends = (before == upper).all(axis=1) | (count == 0) | (count == cadence.size) | (left == 1)
        density = np.where(upper > 0, over, on)
        for row in np.flatnonzero(ends).tolist():
            total = _posterior(density[row], upper[row], miss[row], settings)
            found[active[row]] = _Clusters(total, upper[row], float(lines[row, 3] / middle))
        if ends.all():
            break
        active, upper, spread = active[~ends], upper[~ends], spread[~ends]
    return [found[each] for each in sorted(found)]


def _lines(
    shared: tuple[FloatArray, FloatArray], data: _Three, ridge: FloatArray, usual: FloatArray
) -> FloatArray:
    """The line of each assignment, (k, 4), drawn to ``usual`` (4,) by ``ridge`` (k, 4).

    ``shared`` are sums that no assignment changes; ``data`` rows, assignments and step rate.
    """
    rows, upper, cadence = data
    right, matrix = np.empty_like(ridge), np.empty((*ridge.shape, usual.size))
    matrix[:, :-1, :-1], right[:, :-1] = shared
    matrix[:, -1, :-1] = matrix[:, :-1, -1] = np.add.reduce(rows * upper[:, None], axis=-1)
    matrix[:, -1, -1] = matrix[:, 0, -1]
    right[:, -1] = np.add.reduce(upper * cadence, axis=-1)
    matrix[:, range(usual.size), range(usual.size)] += ridge
    right += ridge * usual
    return np.stack([arithmetic.solve(*one) for one in zip(matrix, right, strict=True)])


def _posterior(
    density: FloatArray, upper: FloatArray, miss: FloatArray, settings: DetectSettings
) -> float:
    """Tempered log posterior of an assignment (m,), its line so many deviations off the usual."""
    likelihood = float(arithmetic.log(density).sum())
    total = settings.two_lines_every_s / settings.line_temper_s * likelihood
    switches = settings.two_lines_switch * float(np.abs(np.diff(upper)).sum())
    return total - switches - 0.5 * float(np.square(miss).sum())


def _densities(
    data: tuple[FloatArray, FloatArray],
    gain: FloatArray,
    spread: FloatArray,
    upper: FloatArray,
    settings: DetectSettings,
) -> tuple[FloatArray, FloatArray]:
    """Density of each second on the lower line and on the upper one, (k, m) each.

    ``data``: the step rate less the lower line (k, m), and the speed (m,); ``gain`` and ``spread``
    (k, 1). The density of the step rate times that of the speed among the speeds of one cluster,
    both with a floor against outliers.
    """
    rest, speed = data
    scaled, scale = np.empty((2 * 2, *rest.shape)), np.empty((2 * 2, len(rest), 1))
    np.divide(rest, spread, out=scaled[0])
    np.divide(rest - gain, spread, out=scaled[1])
    scale[:2] = spread
    for row, above in enumerate(upper > 0):
        for kind, where in enumerate((~above, above), start=2):
            side = speed[where]
            own = side if side.size > 1 else speed
            mean = float(np.add.reduce(own)) / own.size
            away = own - mean
            wide = math.sqrt(arithmetic.dot(away, away) / own.size)
            scale[kind, row] = max(wide, settings.two_lines_speed_mps)
            np.subtract(speed, mean, out=scaled[kind, row])
    scaled[2:] /= scale[2:]
    scaled *= scaled
    scaled *= -0.5
    found = arithmetic.exp(scaled)
    found /= scale * _ROOT_OF_TWO_PI
    share, wide = settings.steps_outliers
    found[:2] += share / wide
    found[2:] += settings.two_lines_speed_floor
    found[:2] *= found[2:]
    return found[0], found[1]


def pulse_evidence(steps: Steps, back: BoolArray, settings: DetectSettings) -> float:
    """Log-odds that the segments ``back`` (n,) were backward rather than slow, by heart rate.

    The rate before a segment and at its end are held against the steady rate of both, approached
    with a time constant; each segment says little, and short ones nothing. Where in most of them
    the heart is at its ceiling, or follows a surge and still rises, it is no sign of backward in
    the others, unless it is clear there: it is near its ceiling in them, too, and falls late. But
    nobody jogs as slowly as people walk.
    """
    if not np.isfinite(steps.heart_bpm).any():
        return 0.0
    starts, ends = runs(back)
    long = back[starts] & (ends - starts >= settings.pulse_least_s)
    long &= starts >= settings.pulse_ahead_s
    starts, ends = starts[long], ends[long]
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    found = [pulse_of_span(steps, back, span, settings) for span in spans]
    votes = np.array([0.0 if at_ceiling else vote for vote, at_ceiling in found])
    gone = np.concatenate(([0], np.cumsum(~back)))
    steady = gone[starts] - gone[starts - settings.pulse_ahead_s] >= settings.pulse_steady_s
    total = float(votes.sum())
    telling = (((votes != 0) | (total >= settings.pulse_clear)) & steady).sum()
    if total > 0 and telling < settings.pulse_share * votes.size:
        slow_mps = float(np.nanmean(steps.speed_mps[back & steps.counted]))
        return 0.0 if slow_mps >= settings.walk_mps else float(min(total, settings.pulse_most))
    return float(np.clip(total, -settings.pulse_most, settings.pulse_most))


def pulse_of_span(
    steps: Steps, back: BoolArray, span: tuple[int, int], settings: DetectSettings
) -> tuple[float, bool]:
    """Log-odds by one segment, 0 if nothing can be compared; and whether at the heart's ceiling."""
    first, last = span
    heart = steps.heart_bpm
    (early_s, delay_s), late_s = settings.pulse_before_s, settings.pulse_late_s
    before = heart[first - early_s : first + delay_s]
    late = heart[last - late_s[0] : last + late_s[1]]
    ahead = slice(first - settings.pulse_ahead_s, first)
    paces = (steps.speed_mps[ahead][~back[ahead]], steps.speed_mps[first:last])
    hills = (steps.grade[ahead][~back[ahead]], steps.grade[first:last])
    known = (before, late, *paces)
    if any(np.isfinite(each).sum() < settings.pulse_least_values for each in known):
        return 0.0, False
    at, then, fast, slow = map(known_mean, known)
    near, least = settings.pulse_ceiling_bpm
    at_ceiling = at > max(float(np.fmax.reduce(heart)) - near, least)
    idle, unsure = settings.pulse_idle_bpm
    reached = 1.0 - arithmetic.exp(-(last - first - delay_s) / settings.pulse_memory_s)
    # Uphill costs more at the same speed (ACSM: 0.9 against 0.2 for each unit of grade).
    steep = literature.value("acsm_run_grade") / literature.value("acsm_run_speed")
    slow, fast = (
        speed * max(1.0 + steep * float(np.mean(grade)), settings.pulse_least_cost)
        for speed, grade in zip((slow, fast), hills[::-1], strict=True)
    )
    share = min(slow / max(fast, settings.pulse_slowest_mps), settings.pulse_most_share)
    demand = max(at - idle, settings.pulse_least_bpm) * share
    cost = literature.value("backward_run")
    jog, turned = ((demand * k + idle - at) * reached for k in (1.0, cost))
    if turned - jog < settings.pulse_contrast_bpm:
        return 0.0, at_ceiling
    spread = arithmetic.hypot(settings.pulse_spread_bpm, unsure * abs(1.0 - share) * reached)
    wide = arithmetic.hypot(spread, settings.pulse_cost_spread * demand * reached)
    change_bpm = max(then - at, jog)  # less than jogging explains says no more than jogging
    gain = _log_normal(change_bpm - turned, wide, settings)
    gain -= _log_normal(change_bpm - jog, spread, settings)
    return float(np.clip(gain, -settings.pulse_vote, settings.pulse_vote)), at_ceiling


def _log_normal(residual: float, spread: float, settings: DetectSettings) -> float:
    """Log density of a normal with a floor, but for a constant."""
    away = residual / spread
    return arithmetic.log(arithmetic.exp(-0.5 * away * away) / spread + settings.pulse_floor)


def _short_contacts(steps: Steps, thin: IntArray, settings: DetectSettings) -> list[BoolArray]:
    """Of each stride, which of the seconds ``thin`` (m,) are low at their speed, (m,) each."""
    found = []
    for stride in steps.strides:
        change, _ = stride_change(stride, steps.counted & np.isfinite(stride.log), settings)
        here = change[thin]
        known = here[~np.isnan(here)]
        low, high = (arithmetic.quantile(known, each) for each in settings.two_lines_speeds)
        found.append(np.nan_to_num(here, nan=high) < (low + high) / 2)
    return found


def _spread_out(found: _Clusters, use: IntArray, size: int, settings: DetectSettings) -> BoolArray:
    """Whether each second lies on the upper line, (n,); ``use`` are the seconds that count."""
    back = np.zeros(size, dtype=bool)
    back[use] = np.repeat(found.upper > 0, settings.two_lines_every_s)[: use.size]
    return back


def stride_evidence(steps: Steps, back: BoolArray, settings: DetectSettings) -> float:
    """Log-odds that the seconds ``back`` (n,) were backward rather than slow and quick-stepped.

    By contact time and vertical excursion, each one observation however long the session is; 0
    where none was measured on both sides.
    """
    level = arithmetic.log(np.maximum(steps.cadence_spm, 1.0)) if steps.strides else back
    total = 0.0
    for stride in steps.strides:
        known = steps.counted & np.isfinite(stride.log)
        ahead, behind = known & ~back, known & back
        if min(ahead.sum(), behind.sum()) < settings.untaught_s:
            continue
        change, unsure = stride_change(stride, ahead, settings)
        expected = _log_expected(steps, ahead, settings)
        quicker = arithmetic.median((level - expected)[behind])
        here = [np.array([arithmetic.median(each[behind])]) for each in (change, unsure)]
        odds = stride_log_odds(stride, (here[0], here[1]), np.array([quicker]), settings)
        total += float(np.clip(odds[0], -settings.stride_vote, settings.stride_vote))
    return total


def _log_expected(steps: Steps, ahead: BoolArray, settings: DetectSettings) -> FloatArray:
    """Log step rate by the usual slope through the middle of the forward seconds, (n,)."""
    fast, rate = (arithmetic.median(each[ahead]) for each in (steps.speed_mps, steps.cadence_spm))
    usual = rate + settings.run_slope[0] * (steps.speed_mps - fast)
    return np.asarray(arithmetic.log(np.maximum(usual, 1.0)), dtype=np.float64)


def stride_change(
    stride: Stride, ahead: BoolArray, settings: DetectSettings
) -> tuple[FloatArray, FloatArray]:
    """Log of a stride's value over what forward running has at that speed, and its deviation, (n,).

    ``ahead`` are the forward seconds. The power of speed is people's: errors of a watch's speed and
    the start of each segment flatten any that would be fitted to one session.
    """
    pace = stride.log_pace
    away, (power, unsure) = pace - arithmetic.median(pace[ahead]), stride.by_speed
    change = stride.log - arithmetic.median(stride.log[ahead]) - power * away
    return change, arithmetic.hypot(settings.stride_spread, unsure * away)


def stride_log_odds(
    stride: Stride,
    changed: tuple[FloatArray, FloatArray],
    quicker: FloatArray,
    settings: DetectSettings,
) -> FloatArray:
    """Log-odds of backward against quick-stepped forward running, (k,).

    ``changed`` is the change at equal speed with its deviation, ``quicker`` the log step rate over
    the forward one, (k,) each. Beyond what either side is expected to show, the evidence stays
    what it is there; a floor under both densities bounds it.
    """
    change, unsure = changed
    ahead, ahead_spread = (each * quicker for each in stride.by_steps)
    behind = np.minimum(stride.turned[0] + stride.turned_by_steps * quicker, ahead)
    odds = [
        arithmetic.log(normal(away, arithmetic.hypot(unsure, spread)) + settings.stride_floor)
        for away, spread in (
            (np.maximum(change - behind, 0.0), np.full(change.size, stride.turned[1])),
            (np.minimum(change - ahead, 0.0), ahead_spread),
        )
    ]
    return np.asarray(odds[0] - odds[1], dtype=np.float64)
