"""Whether a metric rises or falls, or only wanders: slopes under noise that has a memory.

Fitness, weather and shoes come and go over weeks. A straight line through numbers that wander so
has a slope, and the usual interval, which takes the points as independent, calls it sure far too
often. Here every number is line + wander + noise,

    value = level + slope · time + w(time) + e,    corr(w(s), w(t)) = exp(-|s - t| / memory),

and the memory of the wander and its share of the variance are not known. For each pair of them on
a grid (`trend_memories_weeks`, `trend_wander_shares`; and no wander at all) the line is fitted by
generalised least squares through a Kalman filter, which takes time in proportion to the number of
points. The slope's two-sided probability is the mean over the grid, weighted by the restricted
likelihood and by what is believed beforehand (`trend_even`): with few points the data hardly tell
the models apart, and doubt stays in the answer.

A page shows several trends, and one of eight is sure by chance more often than one of one. So
which of them are sure is decided together, by Benjamini & Yekutieli 2001 (Ann Stat 29:1165), which
holds whatever the trends have in common.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrorun import arithmetic
from retrorun.arithmetic import dot
from retrorun.compare.statistics import student
from retrorun.settings import CompareSettings
from retrorun.units import BoolArray, FloatArray

LEAST_VARIANCE = 1e-9  # of the noise beside all variance: numbers that are all equal


@dataclass(frozen=True, slots=True)
class SlopeTest:
    """A slope under noise that may wander.

    Attributes:
        slope: by the models' weights, a unit of time.
        reach: half of its 95 % interval.
        probability: two-sided, that chance gives a slope like it.
    """

    slope: float
    reach: float
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class _Models:
    """Noise of m kinds: (m,) memory in weeks, share of the variance that wanders, prior weight."""

    memory: FloatArray
    share: FloatArray
    weight: FloatArray


def _models(settings: CompareSettings) -> _Models:
    memories = np.array(settings.trend_memories_weeks)
    shares = np.array(settings.trend_wander_shares)
    count = len(memories) * len(shares)
    each = (1.0 - settings.trend_even) / count
    return _Models(
        np.concatenate(([1.0], np.repeat(memories, len(shares)))),
        np.concatenate(([0.0], np.tile(shares, len(memories)))),
        np.concatenate(([settings.trend_even], np.full(count, each))),
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
    products, log_variance = _whitened(time, run - float(run.mean()), centred, models)
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


def _whitened(
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


def sure(probabilities: Sequence[float], false_share: float) -> BoolArray:
    """Which of several findings are sure, (m,), so that few of those called sure are false.

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
