"""Means over athletes who differ among themselves (random intercept by athlete), and quantiles.

Two models with one solution. Of a metric every session is one observation, and the spread within
athletes is estimated with the rest (`fit_sessions`). Of a cost factor each athlete brings a value
and its own known uncertainty (`fit_estimates`), which is a random-effects meta-analysis.

Both are fitted by restricted maximum likelihood from sums: the likelihood depends on each
athlete's mean, number of sessions and sum of squares only. So an athlete costs a few numbers,
whether there are ten sessions or ten thousand, and every installation gives the same digits.
``statsmodels`` fits the same model to the sessions themselves; the tests compare both.
"""

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from retrorun import arithmetic
from retrorun.compare.statistics import NORMAL, student
from retrorun.literature import value
from retrorun.model import Estimate
from retrorun.model.cohort import Interval, Mixed, Quantiles
from retrorun.settings import CompareSettings
from retrorun.units import FloatArray

GRID = 81  # places at which a sign of the score is looked for
DECADES = 8.0  # the variance is searched from 1e-8 to 1e8 of the typical one; below it is none
HALVINGS = 200


class RandomEffects(msgspec.Struct, frozen=True):
    """A fitted model, all in the unit of the values (of their logarithm for a factor).

    Attributes:
        mean: over athletes; ``error``: its standard error.
        between: variance between athletes; None where it cannot be told from that within.
        within: variance within athletes, between their sessions; None where it was given.
        reach: half of the mean's 95 % interval.
        share: I², the part of the spread of athletes' own numbers that is between athletes.
        heaviest: the largest share of the weights that one athlete has.
    """

    mean: float
    error: float
    between: float | None
    within: float | None
    reach: float
    share: float | None
    heaviest: float

    def prediction(self, athletes: int) -> float | None:
        """Half of the 95 % interval for one more athlete.

        Source: Higgins, Thompson & Spiegelhalter 2009 (J R Stat Soc A 172:137), Student's with
        two athletes fewer; None for fewer than three of them.
        """
        if self.between is None or athletes < 3:
            return None
        return student(athletes - 2) * math.sqrt(self.between + np.square(self.error))


def fit_sessions(
    means: FloatArray, counts: FloatArray, squares: FloatArray, shared: FloatArray | float = 0.0
) -> RandomEffects:
    """Fit ``value = mean + athlete + session`` by REML, from sums.

    Args:
        means: (n,) mean of each athlete's sessions; at least two athletes.
        counts: (n,) how many sessions each has.
        squares: (n,) sum of squared deviations of the sessions from the athlete's mean.
        shared: (n,) variance of the mean by forward days that several sessions are matched with,
            in units of the variance within. It shows in no deviation from the athlete's mean, and
            would be taken for a difference between athletes.

    Returns:
        The fit. With one session an athlete, variances between and within cannot be told apart:
        the plain mean and its Student interval are left.

    Source: Patterson & Thompson 1971 (Biometrika 58:545); for as many sessions of each athlete it
    equals the estimators of the analysis of variance. The interval is Student's by athletes, as
    Hartung & Knapp (2001, Stat Med 20:3875) take it, and never narrower than the model's own.
    """
    total, inner = float(counts.sum()), float(squares.sum())
    if total <= len(means):
        return _unweighted(means)
    freedom, own = total - 1.0, 1.0 / counts + shared

    def scale(apart: FloatArray, weight: FloatArray) -> float:
        """Variance within athletes that fits best, given the ratio of between to within."""
        return (inner + float((weight * np.square(apart)).sum())) / freedom

    def score(ratio: float) -> float:
        weight = 1.0 / (own + ratio)
        apart = means - _mean(means, weight)
        within = scale(apart, weight)
        return math.inf if within <= 0 else _score(apart, weight, within)

    if inner <= _rounding_variance(means):  # no variance within athletes
        return _weighted(means, np.zeros_like(means), float(means.var(ddof=1)), 0.0)
    typical = float(means.var(ddof=1)) / (inner / (total - len(means)))
    ratio = _root(score, max(typical, 1e-3))
    weight = 1.0 / (own + ratio)
    within = scale(means - _mean(means, weight), weight)
    return _weighted(means, within * own, ratio * within, within)


def fit_estimates(values: FloatArray, errors: FloatArray) -> RandomEffects:
    """Fit ``value = mean + athlete + error`` by REML, the errors' deviations being known.

    Args:
        values: (n,) one number an athlete, of factors the logarithm; at least two.
        errors: (n,) its standard error, above 0.

    Source: random-effects meta-analysis, DerSimonian & Laird 1986 (Control Clin Trials 7:177), the
    variance between athletes by REML (Viechtbauer 2005, J Educ Behav Stat 30:261) in place of
    their moment estimate; interval as in `fit_sessions`.
    """
    variances = np.square(errors)

    def score(between: float) -> float:
        weight = 1.0 / (variances + between)
        return _score(values - _mean(values, weight), weight, 1.0)

    between = _root(score, max(float(values.var(ddof=1)), 1e-6 * float(variances.mean())))
    return _weighted(values, variances, between, None)


def _mean(values: FloatArray, weight: FloatArray) -> float:
    """The weighted mean.

    Sums of products, not ``@``: what a linear-algebra library gives depends on the processor and,
    for long vectors, on its threads.
    """
    return float((weight * values).sum() / weight.sum())


def _score(apart: FloatArray, weight: FloatArray, scale: float) -> float:
    """Twice the slope of the restricted log-likelihood; its root is the estimate.

    Positive where more variance between athletes fits better. Values are given as their distances
    from the weighted mean; weights are the inverse variances in units of ``scale``.
    """
    squared = np.square(weight)
    rise = (squared * np.square(apart)).sum() / scale
    return float(rise - weight.sum() + squared.sum() / weight.sum())


def _root(score: Callable[[float], float], typical: float) -> float:
    """Where the score falls through 0, or 0 where it never rises above it.

    With unequal numbers of sessions there may be more than one such place: the last one, the
    largest variance, is taken, which can only widen an interval.
    """
    exponents = np.linspace(-DECADES, DECADES, GRID) * arithmetic.LOG_10
    places = np.concatenate([[0.0], typical * arithmetic.exp(exponents)])
    rising = [place for place, here in enumerate(map(score, places)) if here > 0]
    if not rising:
        return 0.0
    last = rising[-1]
    low, high = float(places[last]), float(places[min(last + 1, len(places) - 1)])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if score(middle) > 0 else (low, middle)
    return (low + high) / 2


def _weighted(
    values: FloatArray, variances: FloatArray, between: float, within: float | None
) -> RandomEffects:
    """The mean with weights by uncertainty, given the variance between athletes."""
    known = np.maximum(variances + between, _rounding_variance(values))
    weight = 1.0 / known
    mean = _mean(values, weight)
    error = math.sqrt(1.0 / weight.sum())
    freedom = len(values) - 1
    excess = float((weight * np.square(values - mean)).sum()) / freedom
    reach = student(freedom) * error * math.sqrt(max(1.0, excess))
    heaviest = float(weight.max() / weight.sum())
    return RandomEffects(mean, error, between, within, reach, _share(variances, between), heaviest)


def _unweighted(values: FloatArray) -> RandomEffects:
    """One session an athlete: the mean, and Student's interval over athletes."""
    count = len(values)
    error = float(values.std(ddof=1)) / math.sqrt(count)
    return RandomEffects(
        float(values.mean()), error, None, None, student(count - 1) * error, None, 1 / count
    )


def _share(variances: FloatArray, between: float) -> float:
    """I² (Higgins & Thompson 2002, Stat Med 21:1539) against their typical variance within."""
    if not (variances > 0).all():
        return 1.0 if between > 0 else 0.0
    weight = 1.0 / variances
    typical = (
        (len(weight) - 1) * weight.sum() / (np.square(weight.sum()) - (np.square(weight)).sum())
    )
    return float(between / (between + typical))


def _rounding_variance(values: FloatArray) -> float:
    """A variance that is none: rounding of values of this size."""
    return max(1e-300, 1e-24 * float((np.square(values)).mean()))


SESSIONS = "random intercept by athlete, restricted maximum likelihood, Student's 95 % interval"
FACTORS = (
    "random-effects meta-analysis of the logarithms, restricted maximum likelihood, Hartung-Knapp "
    "95 % interval"
)
HETEROGENEITY_WORDS = (
    (
        value("heterogeneity_high"),
        "most of the spread is between athletes: a mean says little about one of them",
    ),
    (value("heterogeneity_moderate"), "athletes differ clearly"),
    (value("heterogeneity_low"), "athletes differ somewhat"),
    (
        0.0,
        "between athletes hardly a difference shows; few athletes or sessions can hide one",
    ),
)
INSEPARABLE = (
    "one session an athlete: differences between athletes and between their days are mixed"
)
LEAST_FOR_TAILS = 13  # athletes whose sample reaches the 5th and the 95th percentile


class Observed(msgspec.Struct, frozen=True):
    """A metric over the athletes who have it, (n,) each; NaN for what is not known.

    ``deviations`` are those of the sessions' own means, with one session fewer as divisor;
    ``shared``: variance of the athlete's mean by days that sessions share, in that of one session.
    """

    values: FloatArray
    lows: FloatArray
    highs: FloatArray
    sessions: FloatArray
    deviations: FloatArray
    shared: FloatArray


def observed(
    intervals: Sequence[Interval],
    sessions: Sequence[int],
    deviations: Sequence[float | None] = (),
    shared: Sequence[float] = (),
) -> Observed:
    """Athletes' own numbers as columns."""
    return Observed(
        np.array([each.value for each in intervals], dtype=np.float64),
        np.array([each.low for each in intervals], dtype=np.float64),  # None becomes NaN
        np.array([each.high for each in intervals], dtype=np.float64),
        np.array(sessions, dtype=np.float64),
        np.array(deviations, dtype=np.float64),
        np.array(shared or [0.0] * len(intervals), dtype=np.float64),
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
        note=""
        if len(ordered) >= LEAST_FOR_TAILS
        else f"5th and 95th percentile: from {LEAST_FOR_TAILS} athletes",
    )


def _quantile(ordered: FloatArray, probability: float) -> float | None:
    count = len(ordered)
    place = (count + 1 / 3) * probability + 1 / 3
    if not 1 <= place <= count:
        return None
    return float(arithmetic.interpolate(place, np.arange(1, count + 1), ordered))


def mixed(found: Observed, settings: CompareSettings) -> Mixed:
    """The mean of a metric, from the mean, number and deviation of each athlete's sessions.

    Not from the athletes' own intervals: they also hold errors that no number of sessions averages
    away (`CompareSettings.heart_rate_error_bpm`), which are no spread between sessions.
    """
    counts = np.maximum(found.sessions, 1.0)
    squares = np.square(np.nan_to_num(found.deviations)) * (counts - 1)
    return _mixed(fit_sessions(found.values, counts, squares, found.shared), found, settings)


def _mixed(fitted: RandomEffects, found: Observed, settings: CompareSettings) -> Mixed:
    mean = fitted.mean
    ahead = fitted.prediction(len(found.values))
    return Mixed(
        Estimate(mean, mean - fitted.reach, mean + fitted.reach, SESSIONS),
        None if fitted.between is None else math.sqrt(fitted.between),
        _interval_about(mean, ahead, SESSIONS),
        fitted.share,
        heterogeneity(fitted, settings),
        int(found.sessions.sum()),
        fitted.heaviest,
    )


def _interval_about(mean: float, reach: float | None, method: str) -> Estimate:
    if reach is None:
        return Estimate(None, None, None, method, INSEPARABLE)
    return Estimate(mean, mean - reach, mean + reach, method)


def mixed_factor(found: Observed, settings: CompareSettings) -> Mixed:
    """The mean of factors, on the logarithm.

    The error of the heart-rate model (``factor_model_error``, of log k) is in each athlete's
    interval already. It may be the same for all of them, so it widens the mean's interval, and
    that of one more athlete, once more instead of being averaged away.
    """
    logs = arithmetic.log(found.values)
    errors = arithmetic.log(found.highs / found.lows) / (2 * NORMAL)
    fitted = fit_estimates(logs, np.maximum(np.nan_to_num(errors, nan=1.0), 1e-4))
    ahead, common = fitted.prediction(len(logs)), NORMAL * settings.factor_model_error
    reach = arithmetic.hypot(fitted.reach, common)
    ahead = None if ahead is None else arithmetic.hypot(ahead, common)
    return Mixed(
        _interval_about(fitted.mean, reach, FACTORS).mapped(arithmetic.exp),
        None if fitted.between is None else math.sqrt(fitted.between),
        _interval_about(fitted.mean, ahead, FACTORS).mapped(arithmetic.exp),
        fitted.share,
        heterogeneity(fitted, settings),
        int(found.sessions.sum()),
        fitted.heaviest,
    )


def heterogeneity(fitted: RandomEffects, settings: CompareSettings) -> str:
    """How much athletes differ, in words; and whether one of them speaks for all."""
    if fitted.share is None:
        return INSEPARABLE
    words = next(words for least, words in HETEROGENEITY_WORDS if fitted.share >= least)
    if fitted.heaviest > settings.dominant_share:
        percent = 100 * fitted.heaviest
        words += f"; one athlete has {percent:.0f} % of the weight"
    return words
