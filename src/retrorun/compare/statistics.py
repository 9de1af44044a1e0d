"""Intervals for few numbers, and slopes of numbers that wander, without large libraries.

Fitness, weather and shoes come and go over weeks. A line through numbers that wander so has a
slope, and an interval that takes the points as independent is far too narrow. Here every number is

    value = level + slope · time + w(time) + e,    corr(w(s), w(t)) = exp(-|s - t| / memory),

line + wander + noise. The wander's memory and its share of the variance are not known. For each
pair of them on a grid (`trend_memories_weeks`, `trend_wander_shares`; and no wander at all) the
line is fitted by generalised least squares through a Kalman filter, in time proportional to the
points. The slope's two-sided probability is the mean over the grid, weighted by the restricted
likelihood and by what is believed beforehand (`trend_even`).

One of a page's eight trends is sure by chance more often than one alone: `significant`.
"""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from retrorun import arithmetic
from retrorun.arithmetic import dot
from retrorun.literature import BY_KEY
from retrorun.model import Estimate
from retrorun.settings import CompareSettings
from retrorun.units import BoolArray, FloatArray

# Two-sided 95 % points of Student's distribution for 1 to 10 degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
NORMAL = 1.959964
LEAST_POINTS = 3  # behind a slope with its spread
LEAST_VARIANCE = 1e-9  # of the noise beside all variance: numbers that are all equal


def student(freedom: int) -> float:
    """Two-sided 95 % point of Student's t: tabled, then by the Cornish-Fisher expansion."""
    if freedom <= len(STUDENT):
        return STUDENT[max(freedom, 1) - 1]
    z, square = NORMAL, NORMAL * NORMAL
    cube = z * (square + 1) / 4
    fifth = z * ((5 * square + 16) * square + 3) / 96
    seventh = z * (((3 * square + 19) * square + 17) * square - 15) / 384
    return z + (cube + (fifth + seventh / freedom) / freedom) / freedom


def wilson_low(right: int, count: int) -> float:
    """Lower end of the 95 % interval of a share of independent trials (Wilson 1927); 0 of none."""
    if count == 0:
        return 0.0
    share, square = right / count, NORMAL * NORMAL
    spread = math.sqrt(share * (1.0 - share) / count + square / (4.0 * count * count))
    return max((share + square / (2.0 * count) - NORMAL * spread) / (1.0 + square / count), 0.0)


def group_means(values: FloatArray, groups: npt.ArrayLike) -> FloatArray:
    """Mean of the values (n,) of each group, (g,), in the order of the groups' names."""
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    return np.asarray(np.bincount(index, weights=values) / np.bincount(index))


def mean_by_group(values: FloatArray, groups: npt.ArrayLike, method: str) -> Estimate:
    """Mean with a 95 % interval that respects groups: values of one session are not independent.

    The mean of the group means, with Student's interval over groups; with a single group over its
    values, which the method then says.
    """
    parts = group_means(values, groups)
    if len(parts) < 2:
        parts, method = values, f"{method}; one session only"
    mean = float(parts.mean())
    if len(parts) < 2:
        return Estimate(mean, None, None, method, "one pair has no interval")
    reach = student(len(parts) - 1) * float(parts.std(ddof=1)) / math.sqrt(len(parts))
    return Estimate(mean, mean - reach, mean + reach, method)


def widened(found: Estimate, error: float) -> Estimate:
    """An estimate whose interval also holds an independent error with this deviation."""
    if found.value is None or found.low is None or found.high is None:
        return found
    reach = arithmetic.hypot((found.high - found.low) / 2.0, NORMAL * error)
    return replace(found, low=found.value - reach, high=found.value + reach)


def theil_sen(x: FloatArray, y: FloatArray, method: str) -> tuple[Estimate, float]:
    """Median of the slopes between all pairs of points, and the line's value at ``x = 0``.

    The interval is Sen's (1968) as Gilbert (1987, 16.5.2) ranks it: from the M1-th to the
    (M2 + 1)-th slope, M1 and M2 = (slopes ∓ Kendall's normal limit) / 2, rounded outward. With no
    two different ``x`` there is no slope.
    """
    first, second = np.triu_indices(len(x), 1)
    run = x[second] - x[first]
    apart = run != 0
    slopes = np.sort((y[second] - y[first])[apart] / run[apart])
    if not slopes.size:
        return Estimate(None, None, None, method, "all at one time"), float(np.median(y))
    count = len(x)
    reach = NORMAL * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, math.floor((len(slopes) - reach) / 2) - 1)
    high = min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))
    slope = float(np.median(slopes))
    estimate = Estimate(slope, float(slopes[low]), float(slopes[high]), method)
    return estimate, float(np.median(y - slope * x))


def combine_factors(factors: Sequence[Estimate], method: str, model_error: float) -> Estimate:
    """Weigh estimates of one ratio by their uncertainty, on the logarithm (DerSimonian & Laird).

    If they differ by more than their intervals allow, the difference between sessions widens the
    interval, by Student's distribution over sessions: the athlete's factor is not the same every
    day. ``model_error`` (of the logarithm) is averaged away by no number of sessions. A single
    estimate is given as it stands, so that it has one interval wherever it is shown.
    """
    known = [each for each in factors if each.value and each.low and each.high]
    if not known:
        return Estimate(None, None, None, method, "no session gives a cost factor")
    if len(known) == 1:
        return Estimate(known[0].value, known[0].low, known[0].high, f"{method}, 1 session")
    log = arithmetic.log(np.array([each.value or 1.0 for each in known]))
    ratios = np.array([(each.high or 1.0) / (each.low or 1.0) for each in known])
    error = np.maximum(arithmetic.log(ratios) / (2 * NORMAL), 1e-4)
    between = _variance_between(log, error)
    weight = 1.0 / (np.square(error) + between)
    share = weight / weight.sum()
    mean, own = dot(share, log), math.sqrt(dot(np.square(share), np.square(error)))
    days = student(len(known) - 1) * math.sqrt(between * dot(share, share))
    reach = arithmetic.hypot(NORMAL * arithmetic.hypot(own, model_error), days)
    method = f"{method}, {len(known)} sessions"
    return Estimate(mean, mean - reach, mean + reach, method).mapped(arithmetic.exp)


def _variance_between(log: FloatArray, error: FloatArray) -> float:
    """Variance between sessions beyond what their errors explain (moment estimate)."""
    weight = 1.0 / np.square(error)
    mean = dot(weight, log) / float(weight.sum())
    excess = dot(weight, np.square(log - mean)) - (len(log) - 1)
    scale = weight.sum() - dot(weight, weight) / weight.sum()
    return max(0.0, excess / float(scale)) if scale > 0 else 0.0


def published(key: str) -> Estimate:
    """A finding of the literature as an estimate, with its citation as the method."""
    finding = BY_KEY[key]
    return Estimate(finding.value, finding.low, finding.high, finding.citation)


class SlopeTest(msgspec.Struct, frozen=True):
    """A slope under noise that may wander.

    Attributes:
        slope: by the models' weights, a unit of time.
        reach: half of its 95 % interval.
        probability: two-sided, that chance gives a slope like it.
    """

    slope: float
    reach: float
    probability: float


class _Models(msgspec.Struct, frozen=True, eq=False):
    """Noise of m kinds: (m,) memory in weeks, share of the variance that wanders, prior weight."""

    memory: FloatArray
    share: FloatArray
    weight: FloatArray


def _models(settings: CompareSettings) -> _Models:
    memories = np.array(settings.trend_memories_weeks)
    shares = np.array(settings.trend_wander_shares)
    count = len(memories) * len(shares)
    weights = np.full(count, (1.0 - settings.trend_even) / max(count, 1))
    return _Models(
        np.concatenate(([1.0], np.repeat(memories, len(shares)))),
        np.concatenate(([0.0], np.tile(shares, len(memories)))),
        np.concatenate(([settings.trend_even], weights)),
    )


def slope_test(
    time: FloatArray, run: FloatArray, values: FloatArray, settings: CompareSettings
) -> SlopeTest:
    """Test a slope against noise that may wander.

    Args:
        time: (n,) weeks, in order; three points at least.
        run: (n,) what the slope is over, often the time itself; not all alike.
        values: (n,) of the metric.
        settings: the models.
    """
    models, freedom = _models(settings), len(time) - 2
    scale = max(float(values.std()), 1e-300)
    centred = (values - float(values.mean())) / scale
    products, log_variance = _whitened_products(time, run - float(run.mean()), centred, models)
    ones, run, rise = products[:, 0, 0], products[:, 1, 1], products[:, 1, 2]
    cross, level, whole = products[:, 0, 1], products[:, 0, 2], products[:, 2, 2]
    determinant = ones * run - cross * cross
    slope = (ones * rise - cross * level) / determinant
    left = whole - (run * level - cross * rise) / determinant * level - slope * rise
    left = np.maximum(left, LEAST_VARIANCE)
    likelihood = -0.5 * (
        freedom * arithmetic.log(left / freedom) + log_variance + arithmetic.log(determinant)
    )
    weight = models.weight * arithmetic.exp(likelihood - float(likelihood.max()))
    weight = weight / weight.sum()
    error = np.sqrt(left / freedom * ones / determinant)
    mean = dot(weight, slope)
    # the models' own variance, and how their slopes differ
    variance = dot(weight, np.square(error) + np.square(slope - mean))
    return SlopeTest(
        mean * scale,
        student(freedom) * math.sqrt(variance) * scale,
        dot(weight, student_tails(slope / error, freedom)),
    )


def _whitened_products(
    time: FloatArray, run: FloatArray, values: FloatArray, models: _Models
) -> tuple[FloatArray, FloatArray]:
    """Sums of products of the columns 1, time and value in independent units, and the scale.

    The Kalman filter of a wander with noise gives what is new in each point, and its variance.

    Returns:
        (m, 3, 3) sums of products, and (m,) the logarithm of the determinant of the covariance.
    """
    columns = np.stack([np.ones_like(run), run, values], axis=1)
    steps = np.diff(time, prepend=time[:1])
    kept = arithmetic.exp(-steps[:, None] / models.memory)  # (n, m)
    known = np.zeros((len(models.memory), 3))
    spread, noise = models.share.copy(), 1.0 - models.share + LEAST_VARIANCE
    products = np.zeros((len(models.memory), 3, 3))
    variances = np.empty_like(kept)
    for index, keep in enumerate(kept):
        known = keep[:, None] * known
        spread = keep * keep * spread + models.share * (1.0 - keep * keep)
        variance = spread + noise
        fresh = columns[index] - known
        products += fresh[:, :, None] * (fresh / variance[:, None])[:, None, :]
        variances[index] = variance
        gain = spread / variance
        known = known + gain[:, None] * fresh
        spread = spread * (1.0 - gain)
    return products, arithmetic.log(variances).sum(axis=0)


def student_tails(values: FloatArray, freedom: int) -> FloatArray:
    """Two-sided probability of Student's t beyond values (m,), for a whole number of freedom.

    Finite sums of Abramowitz & Stegun 1964 (26.7.3 and 26.7.4).
    """
    ratio = np.abs(values) / math.sqrt(freedom)
    cosine = 1.0 / np.sqrt(1.0 + np.square(ratio))
    sine, square = ratio * cosine, np.square(cosine)
    odd = freedom % 2 == 1
    term = cosine if odd else np.ones_like(cosine)
    total = term.copy() if freedom > 1 else np.zeros_like(cosine)
    for order in range(3 if odd else 2, freedom - 1, 2):
        term = term * square * ((order - 1) / order)
        total = total + term
    inside = sine * total
    if odd:
        inside = (arithmetic.arctan2(ratio, np.ones_like(ratio)) + inside) * (2.0 / math.pi)
    return np.asarray(np.clip(1.0 - inside, 0.0, 1.0))


def significant(probabilities: Sequence[float], false_share: float) -> BoolArray:
    """Which of several findings are significant, (m,), at an expected share of false ones.

    Source: Benjamini & Yekutieli 2001 (Ann Stat 29:1165): the largest r for which the r-th
    smallest probability is at most r / m · share / (1 + 1/2 + … + 1/m), and all before it.
    """
    count = len(probabilities)
    found = np.zeros(count, dtype=np.bool_)
    if not count:
        return found
    order = np.argsort(np.array(probabilities), kind="stable")
    ranks = np.arange(1, count + 1)
    bounds = ranks * (false_share / (count * float((1.0 / ranks).sum())))
    below = np.flatnonzero(np.array(probabilities)[order] <= bounds)
    if below.size:
        found[order[: below[-1] + 1]] = True
    return found
