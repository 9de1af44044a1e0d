"""Means over athletes who differ among themselves: a random intercept by athlete.

Two models with one solution. Of a measure every session is one observation, and the spread within
athletes is estimated with the rest (`of_sessions`). Of a cost factor each athlete brings a value
and its own known uncertainty (`of_estimates`), which is a random-effects meta-analysis.

Both are fitted by restricted maximum likelihood from sums: of each athlete the mean, the number
of sessions and their sum of squares are all that the likelihood of this model holds. So a cohort
costs a few numbers an athlete, whether there are ten sessions each or ten thousand, and every
installation gives the same digits. ``statsmodels`` fits the same model to the sessions
themselves; the tests hold both side by side.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from retrorun import arithmetic
from retrorun.compare.statistics import student
from retrorun.units import FloatArray

GRID = 81  # places at which a sign of the score is looked for
DECADES = 8.0  # the variance is searched from 1e-8 to 1e8 of the typical one; below it is none
HALVINGS = 200


@dataclass(frozen=True, slots=True)
class Fitted:
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


def of_sessions(means: FloatArray, counts: FloatArray, squares: FloatArray) -> Fitted:
    """Fit ``value = mean + athlete + session`` by REML, from sums.

    Args:
        means: (n,) mean of each athlete's sessions; at least two athletes.
        counts: (n,) how many sessions each has.
        squares: (n,) sum of squared deviations of the sessions from the athlete's mean.

    Returns:
        The fit. With one session an athlete, variances between and within cannot be told apart:
        the plain mean and its Student interval are left.

    Source: Patterson & Thompson 1971 (Biometrika 58:545); for as many sessions of each athlete it
    equals the estimators of the analysis of variance. The interval is Student's by athletes, as
    Hartung & Knapp (2001, Stat Med 20:3875) take it, and never narrower than the model's own.
    """
    total, inner = float(counts.sum()), float(squares.sum())
    if total <= len(means):
        return _plain(means)
    freedom = total - 1.0

    def scale(ratio: float) -> float:
        """Variance within athletes that fits best, given the ratio of between to within."""
        weight = counts / (1.0 + counts * ratio)
        apart = means - _mean(means, weight)
        return (inner + float((weight * np.square(apart)).sum())) / freedom

    def score(ratio: float) -> float:
        within = scale(ratio)
        weight = counts / (1.0 + counts * ratio)
        return math.inf if within <= 0 else _score(means, weight, within)

    if inner <= _tiny(means):  # each athlete always the same: nothing within, all between
        return _weighed(means, np.zeros_like(means), float(means.var(ddof=1)), 0.0)
    typical = float(means.var(ddof=1)) / (inner / (total - len(means)))
    ratio = _root(score, max(typical, 1e-3))
    within = scale(ratio)
    return _weighed(means, within / counts, ratio * within, within)


def of_estimates(values: FloatArray, errors: FloatArray) -> Fitted:
    """Fit ``value = mean + athlete + error`` by REML, the errors' deviations being known.

    Args:
        values: (n,) one number an athlete, of factors the logarithm; at least two.
        errors: (n,) its standard error, above 0.

    Source: random-effects meta-analysis, DerSimonian & Laird 1986 (Control Clin Trials 7:177), the
    variance between athletes by REML (Viechtbauer 2005, J Educ Behav Stat 30:261) in place of
    their moment estimate; interval as in `of_sessions`.
    """
    variances = np.square(errors)

    def score(between: float) -> float:
        return _score(values, 1.0 / (variances + between), 1.0)

    between = _root(score, max(float(values.var(ddof=1)), 1e-6 * float(variances.mean())))
    return _weighed(values, variances, between, None)


def _mean(values: FloatArray, weight: FloatArray) -> float:
    """The weighted mean.

    Sums of products, not ``@``: what a linear-algebra library gives depends on the processor and,
    for long vectors, on its threads.
    """
    return float((weight * values).sum() / weight.sum())


def _score(values: FloatArray, weight: FloatArray, scale: float) -> float:
    """Twice the slope of the restricted log-likelihood; its root is the estimate.

    Positive where more variance between athletes fits better; weights are the inverse variances
    in units of ``scale``.
    """
    apart = values - _mean(values, weight)
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


def _weighed(
    values: FloatArray, variances: FloatArray, between: float, within: float | None
) -> Fitted:
    """The mean with weights by uncertainty, given the variance between athletes."""
    known = np.maximum(variances + between, _tiny(values))
    weight = 1.0 / known
    mean = _mean(values, weight)
    error = math.sqrt(1.0 / weight.sum())
    freedom = len(values) - 1
    excess = float((weight * np.square(values - mean)).sum()) / freedom
    reach = student(freedom) * error * math.sqrt(max(1.0, excess))
    heaviest = float(weight.max() / weight.sum())
    return Fitted(mean, error, between, within, reach, _share(variances, between), heaviest)


def _plain(values: FloatArray) -> Fitted:
    """One session an athlete: the mean, and Student's interval over athletes."""
    count = len(values)
    error = float(values.std(ddof=1)) / math.sqrt(count)
    return Fitted(
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


def _tiny(values: FloatArray) -> float:
    """A variance that is none: rounding of values of this size."""
    return max(1e-300, 1e-24 * float((np.square(values)).mean()))
