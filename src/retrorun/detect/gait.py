"""Evidence of the step rate: backward running takes more steps at equal speed."""

from dataclasses import dataclass, replace

import numpy as np

from retrorun.detect.modes import Modes
from retrorun.detect.runs import mean_around
from retrorun.model import Athlete, GaitLine, Track
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Step rate, speed and grade, smoothed, (n,); ``counted`` where they may be compared."""

    cadence_spm: FloatArray
    speed_mps: FloatArray
    grade: FloatArray
    counted: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class GaitEvidence:
    """What the gait says.

    Attributes:
        ratio: (n,) log-likelihood ratio per second, positive for backward.
        excess: (n,) step rate over the forward line, as a share of the line; NaN where not counted.
        forward: the forward line it was judged by, if any.
        backward: the backward line, if it was taught.
        share: by how much of the line backward running is expected to lie above it.
        reason: in words.
    """

    ratio: FloatArray
    excess: FloatArray
    forward: GaitLine | None
    backward: GaitLine | None
    share: float
    reason: str

    @classmethod
    def silent(cls, seconds: int, settings: DetectSettings, reason: str = "") -> "GaitEvidence":
        """Nothing to say for so many seconds."""
        missing = np.full(seconds, np.nan)
        return cls(np.zeros(seconds), missing, None, None, settings.backward_steps, reason)


def steps(track: Track, modes: Modes, settings: DetectSettings) -> Steps:
    """Smooth step rate and speed alike, running only, away from stops and sharp turns."""
    half = settings.gait_half_s
    running = modes.moving & ~modes.walking
    cadence = np.where(running, modes.cadence_spm, np.nan)
    speed = np.where(running, modes.speed_mps, np.nan)
    grade = track.column("grade")
    with np.errstate(invalid="ignore"):
        steep = np.abs(grade) > settings.steep_grade
    counted = running & np.isfinite(cadence) & ~steep & ~track.flags["gap"]
    counted &= mean_around((~running).astype(np.float64), 3) == 0
    smooth = (mean_around(cadence, half), mean_around(speed, half), mean_around(grade, half))
    return Steps(smooth[0], smooth[1], np.nan_to_num(smooth[2]), counted)


def fit(seen: Steps, weight: FloatArray, before: GaitLine | None) -> GaitLine | None:
    """Cadence on speed and grade by iteratively reweighted ridge regression.

    Huber weights keep surges from bending the line; the ridge draws the slopes to what runners
    have (9.5 ± 4 steps/min per m/s; 25 ± 40 per unit of grade) or to the runner's own line
    ``before``, so that a run at one speed still gives a sensible line.

    Returns:
        The line, or None where less than a minute was counted.
    """
    weight = np.where(seen.counted, weight, 0.0)
    use = weight > 0.01
    if weight[use].sum() < 60:
        return None
    cadence, weight = seen.cadence_spm[use], weight[use]
    design = np.column_stack([np.ones(cadence.size), seen.speed_mps[use], seen.grade[use]])
    usual = np.array([0.0, 9.5, 25.0])
    if before is not None:
        usual = np.array([0.0, before.slope_spm_per_mps, before.grade_slope_spm])
    # A fit of N tempered seconds carries about N / 30 independent ones of deviation 3.
    ridge = np.diag([0.0, 30.0 * 9.0 / 4.0**2, 30.0 * 9.0 / 40.0**2])
    robust = np.ones(cadence.size)
    for _ in range(6):
        scaled = design * (weight * robust)[:, None]
        line = np.linalg.solve(scaled.T @ design + ridge, scaled.T @ cadence + ridge @ usual)
        residual = cadence - design @ line
        spread = max(1.4826 * _weighted_median(np.abs(residual), weight), 0.8)
        robust = np.minimum(1.0, 1.5 * spread / np.maximum(np.abs(residual), 1e-9))
    low, high = np.quantile(design[:, 1], (0.02, 0.98))
    return GaitLine(*map(float, (*line, spread, weight.sum(), low, high)))


def _weighted_median(values: FloatArray, weight: FloatArray) -> float:
    order = np.argsort(values)
    share = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(share, share[-1] / 2)])


def evidence(
    seen: Steps, taught: FloatArray, known: BoolArray, athlete: Athlete, settings: DetectSettings
) -> GaitEvidence:
    """Judge every second by the runner's forward line.

    Args:
        seen: the smoothed steps.
        taught: (n,) probability of backward running by heading and labels.
        known: (n,) where those had something to say.
        athlete: may bring personal lines.
        settings: this stage's.

    The line comes from the seconds that heading or labels call forward; without them from the
    lower of two parallel lines, where the session holds two, or from the runner's earlier runs.
    """
    nothing = np.zeros(seen.counted.size)
    sides = (known & (taught < 0.1), known & (taught > 0.9))
    if seen.counted.sum() < 60:
        ratio = _by_speed(seen, sides, settings) / settings.gait_temper_s
        silent = GaitEvidence.silent(nothing.size, settings, "less than a minute of step rate")
        return replace(silent, ratio=ratio)
    ahead = fit(seen, sides[0].astype(np.float64), athlete.forward_line)
    if ahead is not None:
        return _judge(seen, ahead, sides, settings, "line taught by heading or labels")
    if athlete.forward_line is not None:
        line, none = athlete.forward_line, (seen.counted, nothing > 0)
        return _judge(seen, line, none, settings, "line of the runner's earlier runs")
    back = two_lines(seen, settings)
    line = fit(seen, 1.0 - back, None)
    if line is None:
        return GaitEvidence.silent(nothing.size, settings, "no forward line")
    two = bool(back.any())
    reason = "two parallel lines in this session" if two else "one line fits the whole session"
    judged = _judge(seen, line, (back == 0, back > 0), settings, reason)
    if two:  # what step rate alone found teaches this session only
        return replace(judged, backward=None)
    ratio = np.minimum(judged.ratio, 0.0)  # one gait alone cannot say that it is the other
    return replace(judged, ratio=ratio)


def _judge(
    seen: Steps,
    line: GaitLine,
    sides: tuple[BoolArray, BoolArray],
    settings: DetectSettings,
    reason: str,
) -> GaitEvidence:
    """Log-likelihood ratio of each second's step rate: above the line by a share, or on it.

    ``sides`` are the seconds that are known to be forward and backward.
    """
    expected = (
        line.intercept_spm
        + line.slope_spm_per_mps * seen.speed_mps
        + line.grade_slope_spm * seen.grade
    )
    above = seen.cadence_spm - expected
    share, share_spread = settings.backward_steps, settings.backward_steps_spread
    behind = sides[1] & seen.counted
    backward_line = None
    if behind.sum() >= settings.teach_least_s:
        own = float(np.median((above / expected)[behind]))
        # The runner's own ratio, drawn a little to the usual one; both are known only so well.
        share = float(np.clip(0.8 * own + 0.2 * share, 0.03, 0.2))
        share_spread *= 0.6
        backward_line = _raised(line, 1.0 + own, seen, behind)
    spread = max(line.spread_spm, settings.gait_spread_spm)
    wide = np.hypot(spread, share_spread * expected)
    on = _normal(above, spread) + 0.02 / 60.0
    over = _normal(above - share * expected, wide) + 0.02 / 60.0
    ratio = np.log(over / on) + _by_speed(seen, sides, settings)
    # Faster than one's own forward speed is implausible backward, and 4.5 m/s for anyone.
    usual = float(np.median(seen.speed_mps[seen.counted & ~behind]))
    ratio -= 2.0 * np.clip((seen.speed_mps / usual - 1.0) / 0.1, 0.0, 4.0)
    ratio -= 3.0 * np.clip((seen.speed_mps - 4.3) / 0.2, 0.0, 3.0)
    ratio = np.clip(ratio, -8.0, 8.0) / settings.gait_temper_s
    ratio = np.where(seen.counted, ratio, 0.0)
    excess = np.where(seen.counted, above / expected, np.nan)
    return GaitEvidence(ratio, excess, line, backward_line, share, reason)


def _by_speed(
    seen: Steps, sides: tuple[BoolArray, BoolArray], settings: DetectSettings
) -> FloatArray:
    """Log-likelihood ratio of each second's speed among this session's own two, untempered, (n,).

    Bounded, for a runner may jog at any speed; zero unless both sides were taught.
    """
    timed = np.isfinite(seen.speed_mps)
    speeds = [seen.speed_mps[side & timed] for side in sides]
    if min(speed.size for speed in speeds) < settings.teach_least_s:
        return np.zeros(timed.size)
    middles = [float(np.median(speed)) for speed in speeds]
    if middles[1] >= middles[0]:
        return np.zeros(timed.size)
    spreads = [
        float(np.hypot(1.4826 * np.median(np.abs(speed - middle)), 0.08 * middle))
        for speed, middle in zip(speeds, middles, strict=True)
    ]
    logs = [
        np.log(_normal(seen.speed_mps - middle, spread) + 0.02)
        for middle, spread in zip(middles, spreads, strict=True)
    ]
    bound = settings.gait_speed_bound
    return np.where(timed, np.clip(logs[1] - logs[0], -bound, bound), 0.0)


def _raised(
    line: GaitLine, ratio: float, seen: Steps, where: BoolArray
) -> GaitLine:
    """The forward line times the runner's own ratio: the backward line."""
    low, high = np.quantile(seen.speed_mps[where], (0.02, 0.98))
    raised = (line.intercept_spm, line.slope_spm_per_mps, line.grade_slope_spm)
    return GaitLine(
        *(float(part * ratio) for part in raised),
        spread_spm=line.spread_spm,
        seconds=float(where.sum()),
        low_mps=float(low),
        high_mps=float(high),
    )


def _normal(residual: FloatArray, spread: FloatArray | float) -> FloatArray:
    scaled = residual / spread
    return np.asarray(np.exp(-0.5 * scaled**2) / (spread * np.sqrt(2 * np.pi)), dtype=np.float64)


def two_lines(seen: Steps, settings: DetectSettings) -> FloatArray:
    """Whether each second lies on the upper of two parallel lines, (n,) of 0 and 1.

    Two clusters, each with a speed of its own and ``cadence = a + b·speed + c·grade + d·z``, with
    priors on b, c and on d (the step-rate gain of backward running), found by alternating
    assignment and fit. All zero where one cluster explains the session as well, where the upper
    one is not the slower, or where its gain is too small.
    """
    none = np.zeros(seen.counted.size)
    use = np.flatnonzero(seen.counted)
    if use.size < 120:
        return none
    thin = use[:: settings.two_lines_every_s]  # the wander is slow: neighbours say the same
    data = (seen.cadence_spm[thin], seen.speed_mps[thin], seen.grade[thin])
    cadence, speed, _ = data
    level = cadence - 9.5 * speed
    single = _clusters(data, np.zeros(cadence.size), settings).total
    starts = [level > np.quantile(level, cut) for cut in (0.5, 0.75, 0.9)]
    starts.append(speed < (np.quantile(speed, 0.1) + np.quantile(speed, 0.9)) / 2)
    found = [_clusters(data, start.astype(np.float64), settings) for start in starts]
    best = max(found, key=lambda one: one.total)
    upper = best.upper
    if best.total < single + settings.two_lines_gain or not 7 <= upper.sum() < upper.size:
        return none
    slow = float(speed[upper > 0].mean() / max(speed[upper == 0].mean(), 0.1))
    # The gain by the fitted slope, and by the usual one: a run at two speeds shows one, not both.
    plain = float(level[upper > 0].mean() - level[upper == 0].mean()) / float(np.median(cadence))
    if slow > settings.backward_slower or min(best.gain, plain) < settings.two_lines_steps:
        return none
    none[use] = np.repeat(upper, settings.two_lines_every_s)[: use.size]
    return none


@dataclass(frozen=True, slots=True, eq=False)
class _Clusters:
    """Tempered log posterior, membership (m,) of 0 and 1, and the upper line's relative gain."""

    total: float
    upper: FloatArray
    gain: float


def _clusters(
    data: tuple[FloatArray, FloatArray, FloatArray], upper: FloatArray, settings: DetectSettings
) -> _Clusters:
    """Alternate fit and assignment from a first guess; ``upper`` all 0 means one cluster.

    Membership is decided over some twenty seconds together, and every change of it costs: people
    do not turn about each second.
    """
    cadence, speed, grade = data
    mixed = bool(upper.any())
    temper = settings.two_lines_every_s / 30.0  # half a minute is one independent observation
    usual = np.array([0.0, 9.5, 25.0, settings.backward_steps * float(np.median(cadence))])
    loose = np.array([np.inf, 3.5, 40.0, 4.0])
    design = np.column_stack([np.ones(cadence.size), speed, grade, upper])
    spread, total, line = 4.0, -np.inf, usual
    for _ in range(8 if mixed else 3):
        ridge = spread**2 / (temper * loose**2)
        line = np.linalg.solve(
            design.T @ design + np.diag(ridge), design.T @ cadence + ridge * usual
        )
        rest = cadence - design[:, :3] @ line[:3]
        spread = float(np.clip(np.sqrt(np.mean((rest - upper * line[3]) ** 2)), 1.2, 8.0))
        on = _logs(rest, spread) + _logs_of_speed(speed, upper == 0)
        over = on
        if mixed:
            over = _logs(rest - line[3], spread) + _logs_of_speed(speed, upper > 0)
        before, upper = upper, (mean_around(over - on, 3) > 0).astype(np.float64)
        total = temper * float(np.where(upper > 0, over, on).sum())
        if not mixed or (before == upper).all() or upper.sum() in (0, upper.size):
            break
        design[:, 3] = upper
    fitted = 4 if mixed else 3
    prior = 0.5 * float((((line[:fitted] - usual[:fitted]) / loose[:fitted]) ** 2).sum())
    switches = settings.two_lines_switch * float(np.abs(np.diff(upper)).sum())
    return _Clusters(total - switches - prior, upper, float(line[3] / np.median(cadence)))


def _logs(residual: FloatArray, spread: float) -> FloatArray:
    """Log density of a normal with a floor against outliers."""
    return np.log(_normal(residual, spread) + 0.02 / 60.0)


def _logs_of_speed(speed: FloatArray, where: BoolArray) -> FloatArray:
    """Log density of each speed among those of one cluster."""
    own = speed[where] if where.sum() > 1 else speed
    spread = max(float(own.std()), 0.15)
    return np.log(_normal(speed - float(own.mean()), spread) + 1e-3)
