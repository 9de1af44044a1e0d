"""Evidence of steps and strides: backward running takes more steps, and shorter contacts."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.detect.modes import Modes, Steps, Stride
from retrorun.detect.series import known_mean, mean_around
from retrorun.detect.step_rate import (
    expected_spm,
    fit,
    normal,
    pulse_of_span,
    raised,
    stride_change,
    stride_log_odds,
    two_lines,
)
from retrorun.detect.turns import OwnGait, backward_gait
from retrorun.model import AnsweredGait, AnsweredSide, Athlete, GaitCandidate, GaitLine
from retrorun.model.athlete import BACKWARD_CONTRAST, FORWARD_LINE, FORWARD_SLOPES
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, true_runs

_CONTRAST = frozenset({BACKWARD_CONTRAST})


class GaitEvidence(msgspec.Struct, frozen=True, eq=False):
    """What the gait says.

    Attributes:
        ratio: (n,) log-likelihood ratio per second, positive for backward.
        excess: (n,) step rate over the forward line, as a share of the line; NaN where not counted.
        forward: the forward line it was judged by, if any.
        backward: the backward line, if it was taught.
        share: by how much of the line backward running is expected to lie above it.
        reads: names of the learnt values on which this depends.
        upper: (n,) 0 or 1, whether each second lies on the upper of two lines; None if not asked.
        stride_llr: (n,) the part of ``ratio`` by contact time and excursion; None without them.
        changes: their columns' names → (n,) logarithm over that of forward running at that speed.
        fitted: (n,) the seconds of which a forward line was asked, and the line, if they gave one.
        hardly_above: mean excess of the upper of two lines that are hardly apart; else None.
    """

    ratio: FloatArray
    excess: FloatArray
    forward: GaitLine | None
    backward: GaitLine | None
    share: float
    reads: frozenset[str] = frozenset()
    upper: FloatArray | None = None
    stride_llr: FloatArray | None = None
    changes: Mapping[str, FloatArray] = msgspec.field(default_factory=dict)
    fitted: tuple[BoolArray, GaitLine | None] | None = None
    hardly_above: float | None = None

    @classmethod
    def silent(cls, seconds: int, settings: DetectSettings) -> "GaitEvidence":
        """Nothing to say for so many seconds."""
        missing = np.full(seconds, np.nan)
        share = arithmetic.exp(settings.ratio_log[0]) - 1.0
        return cls(np.zeros(seconds), missing, None, None, share)


class Known(msgspec.Struct, frozen=True, eq=False):
    """What heading and labels say before the gait is asked.

    ``p_backward`` (n,) is the probability of backward running by them, ``where`` (n,) whether they
    say something, and ``has_heading`` whether a heading is among them; else all of it is labels.
    """

    p_backward: FloatArray
    where: BoolArray
    has_heading: bool


def evidence(
    steps: Steps, known: Known, athlete: Athlete, settings: DetectSettings, before: GaitEvidence
) -> GaitEvidence:
    """Judge every second by the athlete's forward line.

    Args:
        steps: the smoothed steps.
        known: by heading and labels.
        athlete: may bring personal lines.
        settings: this stage's.
        before: what was found of these steps before, or silence; it changes no result.

    The line comes from the seconds that heading or labels call forward, and then asks nothing of
    other sessions; without enough of them, or where most of them are rejected candidates, from the
    lower of two parallel lines, where the session holds two.
    A session of one line is all forward or all backward; only the athlete's other sessions can tell
    which, so without them it is silent.
    """
    low, high = settings.taught_bounds
    sides = known.where & (known.p_backward < low), known.where & (known.p_backward > high)
    if steps.counted.sum() < settings.gait_least_s:
        ratio = _by_speed(steps, sides, settings) / settings.gait_temper_s
        return structs.replace(GaitEvidence.silent(steps.counted.size, settings), ratio=ratio)
    taught = sides[0] & steps.counted
    fitted = before.fitted
    if fitted is None or not np.array_equal(fitted[0], taught):
        fitted = taught, fit(steps, taught.astype(np.float64), None, settings)
    ahead, ahead_s, half_s = fitted[1], taught.sum(), 0.5 * steps.counted.sum()
    own = backward_gait(athlete, settings)
    enough = ahead_s >= min(settings.line_from_s, half_s)
    if enough and ahead_s < half_s and not known.has_heading:
        # Rejected candidates alone are no forward line: their quick steps would hide all others.
        upper = two_lines(steps, own, settings) if steps.upper is None else steps.upper
        steps = structs.replace(steps, upper=upper)
        enough = upper[taught].sum() <= 0.5 * ahead_s
    if ahead is not None and enough:
        judged = _judge_by_line(steps, ahead, sides, own, settings)
        return structs.replace(judged, reads=_CONTRAST, upper=steps.upper, fitted=fitted)
    judged = structs.replace(_judge_untaught(steps, athlete, settings), fitted=fitted)
    # Beside labels or a heading a guessed line would pass for one that they taught.
    return structs.replace(judged, forward=None) if known.where.any() else judged


def _judge_untaught(steps: Steps, athlete: Athlete, settings: DetectSettings) -> GaitEvidence:
    """Judge every second where neither heading nor labels tell enough forward ones."""
    own = backward_gait(athlete, settings)
    back = two_lines(steps, own, settings) if steps.upper is None else steps.upper
    line = fit(steps, 1.0 - back, athlete.forward_line, settings)
    if line is None:
        silent = GaitEvidence.silent(steps.counted.size, settings)
        return structs.replace(silent, reads=_CONTRAST, upper=back)
    if back.any():
        judged = _judge_by_line(steps, line, (back == 0, back > 0), own, settings)
        judged = _by_lines_hardly_apart(judged, steps.counted, back > 0, settings)
        # what step rate alone found teaches nothing
        return structs.replace(
            judged, backward=None, reads=_CONTRAST | {FORWARD_SLOPES}, upper=back
        )
    judged = _by_earlier_runs(steps, line, athlete, settings)
    return structs.replace(judged, reads=_CONTRAST | {FORWARD_LINE}, upper=back)


def _by_lines_hardly_apart(
    judged: GaitEvidence, counted: BoolArray, upper: BoolArray, settings: DetectSettings
) -> GaitEvidence:
    """Add which line (n,) each second was found on, where the upper line is hardly higher.

    One second's step rate says little there. Which seconds belong together was found from many of
    them with their speeds, and the heart or the steps of the whole session told the gaits apart.
    When one gait ended they tell less well: there the second's own step rate decides.
    """
    if judged.share >= settings.clearly_quicker:
        return judged
    vote = settings.two_lines_second / settings.gait_temper_s
    side = 2.0 * mean_around(upper.astype(np.float64), settings.two_lines_fade_s) - 1.0
    by_line = np.where(counted, vote * side, 0.0)
    above = known_mean(judged.excess[upper])
    return structs.replace(judged, ratio=judged.ratio + by_line, hardly_above=above)


def _by_earlier_runs(
    steps: Steps, line: GaitLine, athlete: Athlete, settings: DetectSettings
) -> GaitEvidence:
    """A session of one line, held against the athlete's own; silent where that cannot tell."""
    unsided = (steps.counted, np.zeros(steps.counted.size, dtype=bool))
    own, gait = athlete.forward_line, backward_gait(athlete, settings)
    judged = _judge_by_line(steps, line, unsided, gait, settings)
    raised_by = _raised_throughout(steps, own, settings) if own is not None else 0.0
    if own is not None and raised_by > settings.own_line_tells:
        return structs.replace(_judge_by_line(steps, own, unsided, gait, settings), forward=None)
    ratio = np.zeros(steps.counted.size)
    if raised_by < -settings.own_line_tells:
        ratio = np.minimum(judged.ratio, 0.0)
    return structs.replace(judged, ratio=ratio)


def _raised_throughout(steps: Steps, line: GaitLine, settings: DetectSettings) -> float:
    """Evidence that the whole session lies above the athlete's own line, as one observation.

    A line moves from day to day (``day_spread_spm``), alike for every second of a session, so an
    hour of it says no more than its median does.
    """
    expected = expected_spm(line, steps)
    above = arithmetic.median((steps.cadence_spm - expected)[steps.counted])
    gain = settings.own_gain * arithmetic.median(expected[steps.counted])
    between = settings.day_spread_spm * settings.day_spread_spm
    return gain * (above - gain / 2.0) / (between + line.spread_spm * line.spread_spm)


def _judge_by_line(
    steps: Steps,
    line: GaitLine,
    sides: tuple[BoolArray, BoolArray],
    own: OwnGait,
    settings: DetectSettings,
) -> GaitEvidence:
    """Log-likelihood ratio of each second's step rate: above the line by a share, or on it.

    ``sides`` are the seconds that are known to be forward and backward.
    """
    expected = expected_spm(line, steps)
    above = steps.cadence_spm - expected
    share, share_spread = arithmetic.exp(own.steps[0]) - 1.0, own.steps[1]
    behind = sides[1] & steps.counted
    backward_line = None
    if behind.sum() >= settings.teach_least_s:
        taught = arithmetic.median((above / expected)[behind])
        own_weight, usual_weight = settings.own_weights
        # The athlete's own ratio, drawn a little to the usual one; both are known only so well.
        share = float(np.clip(own_weight * taught + usual_weight * share, *settings.own_ratio))
        share_spread = min(share_spread, settings.own_within)
        backward_line = raised(line, 1.0 + taught, steps, behind, settings)
    spread = max(line.spread_spm, settings.gait_spread_spm)
    wide = arithmetic.hypot(spread, share_spread * expected)
    floor = settings.steps_outliers[0] / settings.steps_outliers[1]
    on = normal(above, spread) + floor
    # Beyond the expected share the evidence stays what it is there, and so do faster steps still.
    beyond = np.maximum(above - share * expected, 0.0) if share > 0 else 0.0
    over = normal(above - share * expected - beyond, wide) + floor
    ratio = arithmetic.log(over / on) + _by_speed(steps, sides, settings)
    stride_llr, changes = _by_strides(steps, expected, sides, settings)
    ratio = ratio if stride_llr is None else ratio + stride_llr
    ratio = _without_too_fast(ratio, steps.speed_mps, steps.counted & ~behind, settings)
    ratio = np.clip(ratio, -settings.gait_most, settings.gait_most) / settings.gait_temper_s
    ratio = np.where(steps.counted, ratio, 0.0)
    excess = np.where(steps.counted, above / expected, np.nan)
    if stride_llr is not None:
        stride_llr = stride_llr / settings.gait_temper_s
    return GaitEvidence(
        ratio, excess, line, backward_line, share, stride_llr=stride_llr, changes=changes
    )


def _without_too_fast(
    ratio: FloatArray, speed_mps: FloatArray, forward: BoolArray, settings: DetectSettings
) -> FloatArray:
    """Log-likelihood ratios, (n,), lowered at speeds that are hardly run backward.

    Faster than the athlete's own forward speed is implausible, and so is what nobody reaches.
    """
    usual_mps = arithmetic.median(speed_mps[forward])
    cost, step, most = settings.faster_costs
    ratio = ratio - cost * np.clip((speed_mps / usual_mps - 1.0) / step, 0.0, most)
    cost, step, most = settings.fastest_costs
    beyond = (speed_mps - settings.fastest_backward_mps) / step
    return np.asarray(ratio - cost * np.clip(beyond, 0.0, most), dtype=np.float64)


def _by_speed(
    steps: Steps, sides: tuple[BoolArray, BoolArray], settings: DetectSettings
) -> FloatArray:
    """Log-likelihood ratio of each second's speed among this session's own two, untempered, (n,).

    Bounded, for an athlete may jog at any speed; zero unless both sides were taught.
    """
    timed = np.isfinite(steps.speed_mps)
    speeds = [steps.speed_mps[side & timed] for side in sides]
    if min(speed.size for speed in speeds) < settings.teach_least_s:
        return np.zeros(timed.size)
    middles = [arithmetic.median(speed) for speed in speeds]
    if middles[1] >= middles[0]:
        return np.zeros(timed.size)
    spreads = [
        float(
            arithmetic.hypot(
                arithmetic.MAD_TO_SD * arithmetic.median(np.abs(speed - middle)),
                settings.speed_spread_share * middle,
            )
        )
        for speed, middle in zip(speeds, middles, strict=True)
    ]
    logs = [
        arithmetic.log(normal(steps.speed_mps - middle, spread) + settings.speed_floor)
        for middle, spread in zip(middles, spreads, strict=True)
    ]
    bound = settings.gait_speed_bound
    return np.where(timed, np.clip(logs[1] - logs[0], -bound, bound), 0.0)


def _by_strides(
    steps: Steps,
    expected_spm: FloatArray,
    sides: tuple[BoolArray, BoolArray],
    settings: DetectSettings,
) -> tuple[FloatArray | None, dict[str, FloatArray]]:
    """Log-likelihood ratio of each second's contact time and excursion, untempered, (n,).

    Bounded; None where neither is measured on both sides. With their changes at equal speed.
    """
    if not steps.strides:
        return None, {}
    changes: dict[str, FloatArray] = {}
    total = np.zeros(steps.counted.size)
    rate = np.where(steps.counted, steps.cadence_spm / expected_spm, 1.0)
    quicker = arithmetic.log(np.maximum(rate, settings.own_ratio[0]))
    for stride in steps.strides:
        known = steps.counted & np.isfinite(stride.log)
        ahead, behind = known & sides[0], known & sides[1]
        if min(ahead.sum(), (known & ~ahead).sum()) < settings.untaught_s:
            continue
        change, unsure = stride_change(stride, ahead, settings)
        changes[stride.name] = change
        if behind.sum() >= settings.teach_least_s:
            beside = (change - stride.turned_by_steps * quicker)[behind]
            expected = _taught(stride, beside, settings)
        else:
            expected = stride
        here = (np.where(known, change, 0.0), np.where(known, unsure, 1.0))
        odds = stride_log_odds(expected, here, quicker, settings)
        bound = settings.stride_second
        total += np.where(known, np.clip(odds, -bound, bound), 0.0)
    return (total if changes else None), changes


def _taught(stride: Stride, changes: FloatArray, settings: DetectSettings) -> Stride:
    """The stride with the athlete's own change, (m,) of it, drawn a little to people's."""
    own_weight, usual_weight = settings.own_weights
    usual, spread = stride.turned
    mean = own_weight * arithmetic.median(changes) + usual_weight * usual
    return structs.replace(stride, turned=(mean, min(spread, settings.stride_spread)))


def counted_running(side: BoolArray, modes: Modes) -> BoolArray:
    """(n,) the seconds of a side whose running step rate is known; a phone knows none."""
    return side & np.isfinite(modes.cadence_spm) & ~modes.walking


def odds_by_own_line(
    counted: BoolArray, modes: Modes, line: GaitLine | None, settings: DetectSettings
) -> float:
    """Evidence of the athlete's own line, from earlier sessions, that this side is forward."""
    if line is None or counted.sum() < settings.gait_least_s:
        return 0.0
    expected = line.intercept_spm + line.slope_spm_per_mps * modes.speed_mps
    above = arithmetic.median((modes.cadence_spm - expected)[counted])
    gain = settings.own_gain * arithmetic.median(expected[counted])
    # from day to day, and within a session
    wide = float(arithmetic.hypot(settings.day_spread_spm, line.spread_spm))
    most = settings.own_sign_most
    return float(np.clip(gain * (gain / 2.0 - above) / np.square(wide), -most, most))


def sign_by_own_line(
    sides: tuple[BoolArray, BoolArray],
    modes: Modes,
    line: GaitLine | None,
    settings: DetectSettings,
) -> tuple[float, frozenset[str]]:
    """Log-odds by the own line on the longer side that the first is forward, and what was read."""
    first = sides[0].sum() >= sides[1].sum()
    counted = counted_running(sides[0] if first else sides[1], modes)
    odds = odds_by_own_line(counted, modes, line, settings)
    reads = frozenset({FORWARD_LINE} if counted.sum() >= settings.gait_least_s else ())
    return (odds if first else -odds), reads


def odds_by_speed(side: BoolArray, modes: Modes, settings: DetectSettings) -> float:
    """How far speed alone speaks for forward, in log-odds."""
    odds, even_mps, most = settings.slow_sign
    return float(np.clip(odds * (arithmetic.median(modes.speed_mps[side]) - even_mps), -most, most))


def odds_by_level(side: BoolArray, modes: Modes, settings: DetectSettings) -> float:
    """How far step rate alone speaks for forward, in log-odds, by other athletes.

    Two normal distributions of the level, one apart from the other by what running backward adds.
    """
    counted = counted_running(side, modes)
    if counted.sum() < settings.gait_least_s:
        return 0.0
    slope, (usual, spread) = settings.run_slope[0], settings.level_spm
    level = arithmetic.median(modes.cadence_spm[counted] - slope * modes.speed_mps[counted])
    gain, most = settings.level_gain_spm, settings.level_most
    return -float(np.clip(gain * (level - (usual + gain / 2.0)) / (spread * spread), -most, most))


def answered_odds(found: GaitCandidate, answered: AnsweredGait, settings: DetectSettings) -> float:
    """Log-odds that a candidate is backward, by what the athlete said of others.

    For each quantity the densities of the next such segment by both kinds of answers: normal, its
    mean drawn from people's to the athlete's own, its deviation that of both beside each other.
    Where some were accepted, too, the kinds are also held to be as narrow as the narrower one, and
    the better odds count: what is as near to the accepted ones as to the rejected is of either.
    """
    usual_speed, between = settings.slower_log
    excursions = settings.turned_excursion, settings.quick_excursion
    quantities = (
        ("steps", 1.0 + found.step_gain, settings.ratio_log, settings.quick_steps),
        ("speed", found.speed_share, (-usual_speed, between), settings.quick_speed),
        ("contact", found.contact_ratio, settings.contact_log, settings.quick_contact),
        ("excursion", found.excursion_ratio, *excursions),
    )
    total = nearer = answered.log_odds
    for name, ratio, *people in quantities:
        if ratio is None or ratio <= 0:
            continue
        kinds = [
            _predicted(side, name, usual, settings)
            for side, usual in zip((answered.backward, answered.forward), people, strict=True)
        ]
        value, narrow = arithmetic.log(float(ratio)), min(spread for _, spread in kinds)
        total += _vote(value, kinds, settings)
        nearer += _vote(value, [(mean, narrow) for mean, _ in kinds], settings)
    return total if answered.backward is None else max(total, nearer)


def _predicted(
    side: AnsweredSide | None, name: str, usual: tuple[float, float], settings: DetectSettings
) -> tuple[float, float]:
    """Mean and deviation of the next segment's value, by people and by such answers."""
    mean, between = usual
    own = getattr(side, f"{name}_log") if side is not None else None
    within = settings.answered_within * between
    if side is not None and own is not None:
        sessions = getattr(side, f"{name}_weight", side.weight)
        weights = 1.0 / (between * between), sessions / (within * within)
        mean = (weights[0] * mean + weights[1] * own) / sum(weights)
        between = float(np.sqrt(1.0 / sum(weights)))
    return mean, arithmetic.hypot(between, within)


def _vote(value: float, kinds: Sequence[tuple[float, float]], settings: DetectSettings) -> float:
    """Log-odds of the first of two normals against the second, bounded."""
    logs = [
        -0.5 * (value - mean) * (value - mean) / (spread * spread) - arithmetic.log(spread)
        for mean, spread in kinds
    ]
    return float(np.clip(logs[0] - logs[1], -settings.answered_vote, settings.answered_vote))


def pulse_of_slow_segments(
    steps: Steps, moving: BoolArray, back: BoolArray, settings: DetectSettings
) -> float:
    """Summed log-odds that the segments ``back`` (n,) were backward rather than slow, by heart.

    Asked are those of which nothing but the pace could explain it: on level ground, without a stop,
    clearly slower than the forward running before them. There the heart of whoever jogs falls, and
    that of whoever runs backward hardly does. A fall from the heart's ceiling speaks against
    backward; that it stays at its ceiling says nothing.
    """
    if not _beats(steps.heart_bpm, settings):
        return 0.0
    total = 0.0
    for span in _slow_segments(steps, moving, back, settings):
        vote, at_ceiling = pulse_of_span(steps, back, span, settings)
        total += min(vote, 0.0) if at_ceiling else vote
    return total


def _slow_segments(
    steps: Steps, moving: BoolArray, back: BoolArray, settings: DetectSettings
) -> list[tuple[int, int]]:
    """First second of such segments and the one after their last."""
    running, found = np.isfinite(steps.speed_mps), []
    gone = np.concatenate(([0], np.cumsum(running & ~back)))
    for first, last in true_runs(back):
        before = max(first - settings.pulse_ahead_s, 0)
        steady = gone[first] - gone[before] >= settings.pulse_steady_s
        long = running[first:last].sum() >= settings.pulse_least_s
        if not (steady and long) or (~moving[first:last]).sum() >= settings.pulse_hole_s:
            continue
        sides = ((slice(before, first), ~back[before:first]), (slice(first, last), ...))
        fast, slow = (known_mean(steps.speed_mps[at][way]) for at, way in sides)
        climbs = [abs(float(np.mean(steps.grade[at][way]))) for at, way in sides]
        slower = slow <= settings.hand_pulse_slower * fast
        level = max(climbs) <= settings.hand_pulse_level
        if slower and level and not _counts_steps(steps, slice(before, last), settings):
            found.append((first, last))
    return found


def _beats(heart_bpm: FloatArray, settings: DetectSettings) -> bool:
    """Whether a heart rate (n,) moves at all; one that stands still is a hanging sensor's."""
    known = heart_bpm[np.isfinite(heart_bpm)]
    if not known.size:
        return False
    low, high = (arithmetic.quantile(known, each) for each in settings.line_ends)
    return high - low >= settings.hand_pulse_range_bpm


def _counts_steps(steps: Steps, where: slice, settings: DetectSettings) -> bool:
    """Whether the heart rate there is the step rate: an optical sensor may lock on to the steps."""
    apart = np.abs(steps.heart_bpm[where] - steps.cadence_spm[where])
    apart = apart[np.isfinite(apart)]
    return bool(apart.size) and arithmetic.median(apart) <= settings.hand_pulse_locked_spm
