"""Intervals for few numbers, without distributions from large libraries."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from retrorun import arithmetic
from retrorun.arithmetic import dot
from retrorun.literature import BY_KEY
from retrorun.model import Estimate
from retrorun.units import FloatArray

# Two-sided 95 % points of Student's distribution for 1 to 10 degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
NORMAL = 1.959964


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


def mean_by_group(values: FloatArray, groups: npt.ArrayLike, method: str) -> Estimate:
    """Mean with a 95 % interval that respects groups: values of one session are not independent.

    The mean of the group means, with Student's interval over groups; with a single group over its
    values, which the method then says.
    """
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.bincount(index)
    parts = np.bincount(index, weights=values) / counts
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


def combine_factors(factors: Sequence[Estimate], method: str, floor: float) -> Estimate:
    """Weigh estimates of one ratio by their uncertainty, on the logarithm (DerSimonian & Laird).

    If they differ by more than their intervals allow, the difference between sessions widens the
    interval: the athlete's factor is not the same every day. ``floor`` is the error of the model,
    which no number of sessions averages away.
    """
    known = [each for each in factors if each.value and each.low and each.high]
    if not known:
        return Estimate(None, None, None, method, "no session gives a cost factor")
    log = arithmetic.log(np.array([each.value or 1.0 for each in known]))
    error = np.array([arithmetic.log((e.high or 1) / (e.low or 1)) / (2 * NORMAL) for e in known])
    between = _between(log, np.maximum(error, 1e-4))
    weight = 1.0 / (np.square(np.maximum(error, 1e-4)) + between)
    mean = dot(weight, log) / float(weight.sum())
    reach = NORMAL * arithmetic.hypot(math.sqrt(1.0 / weight.sum()), floor)
    words = f"{method}, {len(known)} session{'s' if len(known) > 1 else ''}"
    return Estimate(
        arithmetic.exp(mean), arithmetic.exp(mean - reach), arithmetic.exp(mean + reach), words
    )


def _between(log: FloatArray, error: FloatArray) -> float:
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
