"""Evidence of the step rate: backward running takes more steps at equal speed."""

from dataclasses import dataclass, replace

import numpy as np

from retrorun import arithmetic
from retrorun.detect.step_rate import Steps, expected_spm, fit, normal, raised, two_lines
from retrorun.detect.turns import OwnGait, backward_gait
from retrorun.model import Athlete, GaitLine
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray

LEAST_S = 60  # seconds of step rate from which gait has something to say


@dataclass(frozen=True, slots=True, eq=False)
class GaitEvidence:
    """What the gait says.

    Attributes:
        ratio: (n,) log-likelihood ratio per second, positive for backward.
        excess: (n,) step rate over the forward line, as a share of the line; NaN where not counted.
        forward: the forward line it was judged by, if any.
        backward: the backward line, if it was taught.
        share: by how much of the line backward running is expected to lie above it.
    """

    ratio: FloatArray
    excess: FloatArray
    forward: GaitLine | None
    backward: GaitLine | None
    share: float

    @classmethod
    def silent(cls, seconds: int, settings: DetectSettings) -> "GaitEvidence":
        """Nothing to say for so many seconds."""
        missing = np.full(seconds, np.nan)
        share = arithmetic.exp(settings.ratio_log[0]) - 1.0
        return cls(np.zeros(seconds), missing, None, None, share)


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

    The line comes from the seconds that heading or labels call forward, and then asks nothing of
    other sessions; without enough of them from the lower of two parallel lines, where the session
    holds two.
    A session of one line is all forward or all backward; only the runner's other sessions can tell
    which, so without them it is silent.
    """
    nothing = np.zeros(seen.counted.size)
    sides = (known & (taught < 0.1), known & (taught > 0.9))
    if seen.counted.sum() < LEAST_S:
        ratio = _by_speed(seen, sides, settings) / settings.gait_temper_s
        silent = GaitEvidence.silent(nothing.size, settings)
        return replace(silent, ratio=ratio)
    ahead = fit(seen, sides[0].astype(np.float64), None)
    # A rejected candidate alone is no forward line: its quick steps would hide all others.
    told_s, most_s = (sides[0] & seen.counted).sum(), 0.5 * seen.counted.sum()
    if ahead is not None and told_s >= min(settings.line_from_s, most_s):
        own = backward_gait(athlete, settings)
        return _judge(seen, ahead, sides, own, settings)
    judged = _untaught(seen, athlete, settings)
    # Beside labels or a heading a guessed line would pass for one that they taught.
    return replace(judged, forward=None) if known.any() else judged


def _untaught(seen: Steps, athlete: Athlete, settings: DetectSettings) -> GaitEvidence:
    """Judge every second where neither heading nor labels tell enough forward ones."""
    nothing = np.zeros(seen.counted.size)
    own = backward_gait(athlete, settings)
    back = two_lines(seen, own, settings)
    line = fit(seen, 1.0 - back, athlete.forward_line)
    if line is None:
        return GaitEvidence.silent(nothing.size, settings)
    if back.any():
        judged = _judge(seen, line, (back == 0, back > 0), own, settings)
        return replace(judged, backward=None)  # what step rate alone found teaches nobody
    return _by_earlier_runs(seen, line, athlete, settings)


def _by_earlier_runs(
    seen: Steps, line: GaitLine, athlete: Athlete, settings: DetectSettings
) -> GaitEvidence:
    """A session of one line, held against the runner's own; silent where that cannot tell."""
    nobody = (seen.counted, np.zeros(seen.counted.size, dtype=bool))
    own, gait = athlete.forward_line, backward_gait(athlete, settings)
    judged = _judge(seen, line, nobody, gait, settings)
    raised_by = _raised_throughout(seen, own) if own is not None else 0.0
    if own is not None and raised_by > settings.own_line_tells:
        return replace(_judge(seen, own, nobody, gait, settings), forward=None)
    ratio = np.zeros(seen.counted.size)
    if raised_by < -settings.own_line_tells:
        ratio = np.minimum(judged.ratio, 0.0)
    return replace(judged, ratio=ratio)


def _raised_throughout(seen: Steps, line: GaitLine) -> float:
    """Evidence that the whole session lies above the runner's own line, as one observation.

    A line moves by some 4 steps/min from day to day, alike for every second of a session, so an
    hour of it says no more than its median does.
    """
    expected = expected_spm(line, seen)
    above = float(np.median((seen.cadence_spm - expected)[seen.counted]))
    gain = 0.08 * float(np.median(expected[seen.counted]))
    return gain * (above - gain / 2.0) / (16.0 + line.spread_spm * line.spread_spm)


def _judge(
    seen: Steps,
    line: GaitLine,
    sides: tuple[BoolArray, BoolArray],
    own: OwnGait,
    settings: DetectSettings,
) -> GaitEvidence:
    """Log-likelihood ratio of each second's step rate: above the line by a share, or on it.

    ``sides`` are the seconds that are known to be forward and backward.
    """
    expected = expected_spm(line, seen)
    above = seen.cadence_spm - expected
    share, share_spread = arithmetic.exp(own.steps[0]) - 1.0, own.steps[1]
    behind = sides[1] & seen.counted
    backward_line = None
    if behind.sum() >= settings.teach_least_s:
        taught = float(np.median((above / expected)[behind]))
        # The athlete's own ratio, drawn a little to the usual one; both are known only so well.
        share = float(np.clip(0.9 * taught + 0.1 * share, *settings.own_ratio))
        share_spread = min(share_spread, settings.own_within)
        backward_line = raised(line, 1.0 + taught, seen, behind)
    spread = max(line.spread_spm, settings.gait_spread_spm)
    wide = arithmetic.hypot(spread, share_spread * expected)
    on = normal(above, spread) + 0.02 / 60.0
    # Beyond the expected share the evidence stays what it is there, and so do faster steps still.
    beyond = np.maximum(above - share * expected, 0.0) if share > 0 else 0.0
    over = normal(above - share * expected - beyond, wide) + 0.02 / 60.0
    ratio = arithmetic.log(over / on) + _by_speed(seen, sides, settings)
    # Faster than one's own forward speed is implausible backward, and 4.5 m/s for anyone.
    usual = float(np.median(seen.speed_mps[seen.counted & ~behind]))
    ratio -= 2.0 * np.clip((seen.speed_mps / usual - 1.0) / 0.1, 0.0, 4.0)
    ratio -= 3.0 * np.clip((seen.speed_mps - 4.3) / 0.2, 0.0, 3.0)
    ratio = np.clip(ratio, -8.0, 8.0) / settings.gait_temper_s
    ratio = np.where(seen.counted, ratio, 0.0)
    excess = np.where(seen.counted, above / expected, np.nan)
    return GaitEvidence(ratio, excess, line, backward_line, share)


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
        float(arithmetic.hypot(1.4826 * np.median(np.abs(speed - middle)), 0.08 * middle))
        for speed, middle in zip(speeds, middles, strict=True)
    ]
    logs = [
        arithmetic.log(normal(seen.speed_mps - middle, spread) + 0.02)
        for middle, spread in zip(middles, spreads, strict=True)
    ]
    bound = settings.gait_speed_bound
    return np.where(timed, np.clip(logs[1] - logs[0], -bound, bound), 0.0)
