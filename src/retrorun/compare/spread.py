"""How a number spreads over athletes: quantiles, and a mean with athletes at random."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrorun import arithmetic
from retrorun.compare.mixed import Fitted, of_estimates, of_sessions
from retrorun.compare.statistics import NORMAL, student
from retrorun.model import Estimate
from retrorun.model.cohort import Interval, Mixed, Quantiles
from retrorun.units import FloatArray

SESSIONS = "random intercept by athlete, restricted maximum likelihood, Student's 95 % interval"
FACTORS = (
    "random-effects meta-analysis of the logarithms, restricted maximum likelihood, Hartung-Knapp "
    "95 % interval"
)
# I² from which on the words are stronger (Higgins et al. 2003, BMJ 327:557)
DEGREES = (
    (0.75, "most of the spread is between athletes: a mean says little about one of them"),
    (0.5, "athletes differ clearly"),
    (0.25, "athletes differ somewhat"),
    (0.0, "athletes differ hardly more than the uncertainty of their own numbers"),
)
NOT_TOLD = "one session an athlete: differences between athletes and between their days are mixed"
HEAVY = 0.5  # a share of the weights from which on one athlete speaks for the cohort
FEWEST = 13  # athletes whose sample reaches the 5th and the 95th percentile


@dataclass(frozen=True, slots=True)
class Observed:
    """A measure over the athletes who have it, (n,) each; NaN for an end that is not known."""

    values: FloatArray
    lows: FloatArray
    highs: FloatArray
    sessions: FloatArray


def observed(intervals: Sequence[Interval], sessions: Sequence[int]) -> Observed:
    """Athletes' own numbers as columns."""
    return Observed(
        np.array([each.value for each in intervals], dtype=np.float64),
        np.array([each.low for each in intervals], dtype=np.float64),  # None becomes NaN
        np.array([each.high for each in intervals], dtype=np.float64),
        np.array(sessions, dtype=np.float64),
    )


def quantiles(values: FloatArray) -> Quantiles:
    """Sample quantiles, (n,) values of at least one athlete.

    Source: Hyndman & Fan 1996 (Am Stat 50:361), definition 8, about median-unbiased whatever the
    distribution. The quantile at p lies at place (n + 1/3) p + 1/3 of the ordered sample. Where
    that is before the first or after the last, the sample does not reach it: departing from the
    common habit, it is then None, and not the smallest or the largest value.
    """
    ordered = np.sort(values)
    return Quantiles(
        smallest=float(ordered[0]),
        p05=_quantile(ordered, 0.05),
        p25=_quantile(ordered, 0.25),
        p50=_quantile(ordered, 0.5),
        p75=_quantile(ordered, 0.75),
        p95=_quantile(ordered, 0.95),
        largest=float(ordered[-1]),
        note="" if len(ordered) >= FEWEST else f"5th and 95th percentile: from {FEWEST} athletes",
    )


def _quantile(ordered: FloatArray, probability: float) -> float | None:
    count = len(ordered)
    place = (count + 1 / 3) * probability + 1 / 3
    if not 1 <= place <= count:
        return None
    return float(arithmetic.interpolate(place, np.arange(1, count + 1), ordered))


def mixed(found: Observed) -> Mixed:
    """The mean of a measure; sums of squares come out of the athletes' own intervals.

    An athlete's interval is the mean ± t sd / √n over n sessions, so it holds their deviation. A
    single session has an interval over its pairs, which is another spread and is left out.
    """
    counts = np.maximum(found.sessions, 1.0)
    points = np.array([student(int(count) - 1) if count > 1 else 1.0 for count in counts])
    deviations = (found.highs - found.lows) / 2 / points * np.sqrt(counts)
    squares = np.where(counts > 1, np.square(np.nan_to_num(deviations)) * (counts - 1), 0.0)
    return _said(of_sessions(found.values, counts, squares), found)


def _said(fitted: Fitted, found: Observed) -> Mixed:
    mean = fitted.mean
    ahead = fitted.prediction(len(found.values))
    return Mixed(
        Estimate(mean, mean - fitted.reach, mean + fitted.reach, SESSIONS),
        None if fitted.between is None else math.sqrt(fitted.between),
        _around(mean, ahead, SESSIONS),
        fitted.share,
        heterogeneity(fitted),
        int(found.sessions.sum()),
        fitted.heaviest,
    )


def _around(mean: float, reach: float | None, method: str) -> Estimate:
    if reach is None:
        return Estimate(None, None, None, method, NOT_TOLD)
    return Estimate(mean, mean - reach, mean + reach, method)


def mixed_factor(found: Observed, floor: float) -> Mixed:
    """The mean of factors, on the logarithm.

    ``floor`` is the error of the heart-rate model, of log k. It is in each athlete's interval
    already, and may be the same for all of them, so it widens the mean's interval once more
    instead of being averaged away.
    """
    logs = arithmetic.log(found.values)
    errors = arithmetic.log(found.highs / found.lows) / (2 * NORMAL)
    fitted = of_estimates(logs, np.maximum(np.nan_to_num(errors, nan=1.0), 1e-4))
    ahead = fitted.prediction(len(logs))
    reach = arithmetic.hypot(fitted.reach, NORMAL * floor)
    return Mixed(
        _exponential(_around(fitted.mean, reach, FACTORS)),
        None if fitted.between is None else math.sqrt(fitted.between),
        _exponential(_around(fitted.mean, ahead, FACTORS)),
        fitted.share,
        heterogeneity(fitted),
        int(found.sessions.sum()),
        fitted.heaviest,
    )


def _exponential(each: Estimate) -> Estimate:
    value, low, high = (
        None if end is None else arithmetic.exp(end) for end in (each.value, each.low, each.high)
    )
    return Estimate(value, low, high, each.method, each.reason)


def heterogeneity(fitted: Fitted) -> str:
    """How much athletes differ, in words; and whether one of them speaks for all."""
    if fitted.share is None:
        return NOT_TOLD
    words = next(words for least, words in DEGREES if fitted.share >= least)
    if fitted.heaviest > HEAVY:
        words += f"; one athlete has {fitted.heaviest:.0%} of the weight"
    return words
