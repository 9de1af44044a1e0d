"""How heart rate follows effort: a delayed first-order response, fitted by weighted least squares.

    dHR/dt = (HRss(t - delay) - HR) / tau      tau_up while HRss > HR, else tau_down
    HRss   = smooth minimum of ceiling and (base + slope · demand) · (1 + drift · hours) + settle
    settle = settled · (1 - exp(-hours / settling time))
    demand = level · walking + rise · uphill + fall · downhill,  times k while backward

and on top of it `excited · exp(-time since the turn / fading)` after every change of direction.

Fourteen parameters: base, log slope, log k, drift, log tau_up, log tau_down, the heart rate at the
start, rise and fall (how much of the hills' demand the heart shows, 1 if model and altimeter are
right), delay, excited, settled, ceiling, and the log of what walking asks beside the model.
Residuals of heart rate are not independent, so their first-order correlation is estimated and
taken out (prewhitening) before the squares are summed; the interval of k follows from the
curvature there. Weak prior knowledge (`prior`) about all parameters but k and the start keeps
short sessions from absurd answers; it is worth less than a few minutes of data.
"""

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.arithmetic import dot, product
from retrorun.literature import value
from retrorun.settings import MeasureSettings
from retrorun.units import BoolArray, FloatArray

PARAMETERS = (
    *("base", "slope", "factor", "drift", "up", "down", "start", "rise", "fall"),
    *("delay", "excited", "settled", "ceiling", "walked"),
)
COUNT = len(PARAMETERS)
BASE, SLOPE, FACTOR, DRIFT, UP, DOWN, START, RISE, FALL, *_MORE = range(COUNT)
DELAY, EXCITED, SETTLED, CEILING, WALKED = _MORE
REST = value("acsm_rest")
FREE_SD = 1000.0  # a prior deviation that says nothing
_MOST_ROOM = arithmetic.MOST_LOG_ODDS  # in widths of the ceiling; beyond it nothing bends


class EffortSeries(msgspec.Struct, frozen=True, eq=False):
    """Input of the fit: (m,) each on an even grid of ``step_s`` seconds.

    ``level`` is the forward oxygen demand without grade, ``uphill`` what climbing adds to it and
    ``downhill`` (negative) what descending takes away, ml/kg/min; ``backward`` the share of the
    step spent backward, ``walking`` whether it was walked; ``heart_rate`` NaN where missing or not
    to be used.
    """

    step_s: float
    level: FloatArray
    uphill: FloatArray
    downhill: FloatArray
    backward: FloatArray
    walking: BoolArray
    heart_rate: FloatArray

    @property
    def hours(self) -> FloatArray:
        """Time of each step since the start, hours (m,)."""
        return np.arange(len(self.level), dtype=np.float64) * (self.step_s / 3600.0)


class Fit(msgspec.Struct, frozen=True, eq=False):
    """The fitted response: parameters, their covariance, and how many steps were compared."""

    parameters: FloatArray
    covariance: FloatArray
    steps: int

    @property
    def log_factor(self) -> float:
        """Logarithm of the backward cost factor k."""
        return float(self.parameters[FACTOR])

    @property
    def log_error(self) -> float:
        """Standard error of ``log_factor``."""
        return float(np.sqrt(self.covariance[FACTOR, FACTOR]))


def prior(settings: MeasureSettings, start_bpm: float) -> FloatArray:
    """Mean and standard deviation of each parameter before the data, (14, 2).

    Units, in the order of `PARAMETERS`: 1/min; log of 1/min per ml/kg/min; log; share an hour; log
    of seconds, twice; 1/min; shares, twice; seconds; 1/min, three times; log.
    """
    slope, up_s, down_s = (
        (float(arithmetic.log(mean)), deviation)
        for mean, deviation in (
            settings.kinetics_slope,
            settings.kinetics_up_s,
            settings.kinetics_down_s,
        )
    )
    rows = {
        BASE: settings.kinetics_base_bpm,
        SLOPE: slope,
        FACTOR: (0.0, FREE_SD),
        DRIFT: settings.kinetics_drift,
        UP: up_s,
        DOWN: down_s,
        START: (start_bpm, settings.kinetics_start_bpm),
        RISE: settings.kinetics_hills,
        FALL: settings.kinetics_hills,
        DELAY: settings.kinetics_delay_s,
        EXCITED: settings.kinetics_excited_bpm,
        SETTLED: settings.kinetics_settled_bpm,
        CEILING: settings.kinetics_ceiling_bpm,
        WALKED: (0.0, settings.kinetics_walk_error),
    }
    return np.array([rows[parameter] for parameter in range(len(rows))])


def fit(series: EffortSeries, settings: MeasureSettings) -> Fit | None:
    """Fit the response to a series; None where the equations have no solution.

    1. start from the prior, at the first heart rate
    2. Gauss-Newton on the plain residuals: this finds the place
    3. the same on prewhitened residuals with outliers weighted down: this finds the interval;
       each iteration estimates correlation, spread and weights
    """
    known = np.isfinite(series.heart_rate)
    before = prior(settings, float(series.heart_rate[known][0]))
    before[CEILING, 0] = max(before[CEILING, 0], float(series.heart_rate[known].max()))
    theta = before[:, 0].copy()
    theta[FACTOR] = settings.kinetics_start_log_factor
    lowest, highest = _bounds(settings.kinetics_lowest), _bounds(settings.kinetics_highest)
    fixed = _independent_terms(series, settings)
    plain, weighted = settings.kinetics_rounds
    factor_settled, time_settled, weighted_settled = settings.kinetics_settled
    for _ in range(plain):
        found = _iterate((series, fixed), theta, before, settings, robust=False)
        if found is None:
            return None
        theta = np.clip(theta + found[1], lowest, highest)
        change = np.abs(found[1])
        if change[FACTOR] < factor_settled and change[UP] < time_settled:
            break
    for _ in range(weighted):
        found = _iterate((series, fixed), theta, before, settings, robust=True)
        if found is None:
            return None
        result, step = found
        theta = np.clip(theta + step, lowest, highest)
        if np.abs(step[FACTOR]) < weighted_settled:
            break
    return structs.replace(result, parameters=theta)


def _bounds(given: tuple[float, ...]) -> FloatArray:
    """Bounds of the parameters, (14,), as they are fitted: slope and times by their logarithms."""
    return np.array(
        [
            arithmetic.log(each) if parameter in {SLOPE, UP, DOWN} else each
            for parameter, each in enumerate(given)
        ]
    )


def _iterate(
    effort: "tuple[EffortSeries, _IndependentTerms]",
    theta: FloatArray,
    before: FloatArray,
    settings: MeasureSettings,
    *,
    robust: bool,
) -> tuple[Fit, FloatArray] | None:
    """The fit at ``theta`` and the Gauss-Newton step from there; None without a solution.

    ``robust`` prewhitens the residuals and gives outliers less weight; else they stay plain.
    """
    series, fixed = effort
    known = np.isfinite(series.heart_rate)
    pairs = known[1:] & known[:-1]
    model, slopes = response(series, theta, settings, fixed)
    residual = np.where(known, series.heart_rate - model, 0.0)
    correlation = _correlation(residual, pairs, settings) if robust else 0.0
    white = (residual[1:] - correlation * residual[:-1])[pairs]
    design = (slopes[:, 1:] - correlation * slopes[:, :-1]).compress(pairs, axis=1)
    spread = arithmetic.MAD_TO_SD * arithmetic.median(np.abs(white))
    spread = max(settings.kinetics_least_spread_bpm, spread)
    weight = np.ones(len(white))
    if robust:
        bound = settings.kinetics_outlier * spread
        weight = np.minimum(1.0, bound / np.maximum(np.abs(white), 1e-9))
    limits = np.array(settings.kinetics_steps)
    step, covariance = _solve(white, design, weight / np.square(spread), (theta, before, limits))
    if not np.isfinite(step).all():
        return None
    if robust:
        scores = np.ascontiguousarray((design * (weight * white / np.square(spread))).T)
        covariance = _robust_covariance(covariance, scores, settings.kinetics_lags)
    return Fit(theta, covariance, len(white)), step


def _solve(
    white: FloatArray,
    design: FloatArray,
    weight: FloatArray,
    at: tuple[FloatArray, FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """One bounded Gauss-Newton step with the prior, and the covariance of the parameters.

    ``at`` are the parameters, the prior and the longest step of each parameter.
    """
    theta, before, limits = at
    precision = 1.0 / np.square(before[:, 1])
    weighted = design * weight
    curvature = product(weighted, design.T) + np.diag(precision)
    # added one after another, as the digits of earlier versions were
    pull = np.cumsum(weighted * white, axis=1)[:, -1] if white.size else np.zeros(COUNT)
    gradient = pull - precision * (theta - before[:, 0])
    try:
        covariance = arithmetic.solve(curvature, np.eye(len(curvature)))
    except ZeroDivisionError:
        return np.full(len(theta), np.nan), np.full((len(theta), len(theta)), np.nan)
    step: FloatArray = np.clip(product(covariance, gradient), -limits, limits)
    return step, np.asarray(covariance, dtype=np.float64)


def _robust_covariance(covariance: FloatArray, scores: FloatArray, lags: int) -> FloatArray:
    """Covariance that allows for correlation left in the residuals (Newey & West 1987).

    The larger of the two variances holds for each parameter: with few data the robust one is
    itself uncertain.
    """
    moved = product(scores, covariance)  # what each step moves the parameters by
    robust = (moved * moved).sum(axis=0)
    for lag in range(1, min(lags, len(scores) - 1) + 1):
        shared = (moved[lag:] * moved[:-lag]).sum(axis=0)
        robust += 2.0 * (1.0 - lag / (lags + 1.0)) * shared
    grow = np.sqrt(np.maximum(1.0, robust / np.diag(covariance)))
    return np.asarray(covariance * grow * grow[:, None])


def _correlation(residual: FloatArray, pairs: BoolArray, settings: MeasureSettings) -> float:
    """Correlation of residuals from one step to the next, 0 to a little below 1."""
    first, second = residual[:-1][pairs], residual[1:][pairs]
    power = dot(first, first)
    return (
        float(np.clip(dot(first, second) / power, 0.0, settings.kinetics_correlation))
        if power > 0
        else 0.0
    )


class _IndependentTerms(msgspec.Struct, frozen=True, eq=False):
    """What of the response no parameter changes, (m,) each.

    ``hours`` since the start, ``settling`` towards 1, and ``excited``, 1 at a turn and fading.
    """

    hours: FloatArray
    settling: FloatArray
    excited: FloatArray


def _independent_terms(series: EffortSeries, settings: MeasureSettings) -> _IndependentTerms:
    hours = series.hours
    settling = 1.0 - arithmetic.exp(-hours * 3600.0 / settings.kinetics_settling_s)
    return _IndependentTerms(hours, settling, _excitement_of_turns(series, settings))


def response(
    series: EffortSeries,
    theta: FloatArray,
    settings: MeasureSettings,
    fixed: _IndependentTerms | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Heart rate (m,) by the parameters, and its derivative by each of them (14, m).

    The derivatives follow the same equation as heart rate itself, driven by those of HRss.
    ``fixed`` is what no parameter changes, where it is known already.
    """
    fixed = fixed or _independent_terms(series, settings)
    target, driven = _delayed(
        *_steady(series, theta, settings, fixed), float(theta[DELAY]) / series.step_s
    )
    driven[DELAY] /= series.step_s
    rate, keep, share, rising = _heart_rate_towards(series, theta, target)
    lag = np.concatenate(([theta[START]], rate[:-1])) - target
    by_tau = lag * keep * share / (1.0 - keep)  # of keep by log tau, as if driven
    driven[UP] = np.where(rising, by_tau, 0.0)
    driven[DOWN] = np.where(rising, 0.0, by_tau)
    initial = np.zeros(COUNT)
    initial[START] = 1.0
    slopes = follow(driven, keep, initial)
    slopes[EXCITED] = fixed.excited
    return rate + theta[EXCITED] * fixed.excited, slopes


def _heart_rate_towards(
    series: EffortSeries, theta: FloatArray, target: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Heart rate (m,) that follows a target, without the excitement of turns.

    Where HRss lies above it is found by two passes from a single tau, or until it stays.

    Returns:
        The rate; what each step keeps of the difference, and its length as a share of the time
        constant; whether heart rate rises there.
    """
    shares = series.step_s / arithmetic.exp(theta[[UP, DOWN]])
    kept = arithmetic.exp(-shares)
    rising, start = np.ones(len(target), dtype=np.bool_), theta[[START]]
    for left in range(1 + 2, -1, -1):  # a first guess, then two passes
        keep = np.where(rising, kept[0], kept[1])
        rate = follow(target[None], keep, start)[0]
        now = target > np.concatenate((start, rate[:-1])) if left else rising
        if np.array_equal(now, rising):
            break
        rising = now
    return rate, keep, np.where(rising, shares[0], shares[1]), rising


def _steady(
    series: EffortSeries, theta: FloatArray, settings: MeasureSettings, fixed: _IndependentTerms
) -> tuple[FloatArray, FloatArray]:
    """The steady heart rate (m,) that the effort of each step asks, and its derivatives (14, m)."""
    slope, factor, walked = arithmetic.exp(theta[[SLOPE, FACTOR, WALKED]]).tolist()
    times = 1.0 + (factor - 1.0) * series.backward
    drift = 1.0 + theta[DRIFT] * fixed.hours
    level = np.where(series.walking, REST + (series.level - REST) * walked, series.level)
    demand = level + theta[RISE] * series.uphill + theta[FALL] * series.downhill
    asked = slope * demand
    asked_now = asked * times
    free = theta[BASE] + asked_now
    steady = free * drift + theta[SETTLED] * fixed.settling
    driven = np.zeros((COUNT, len(steady)))
    driven[BASE] = drift
    driven[SLOPE] = asked_now * drift
    driven[FACTOR] = asked * factor * series.backward * drift
    driven[DRIFT] = free * fixed.hours
    driven[RISE] = slope * series.uphill * times * drift
    driven[FALL] = slope * series.downhill * times * drift
    driven[SETTLED] = fixed.settling
    driven[WALKED] = np.where(series.walking, slope * (level - REST) * times * drift, 0.0)
    width = settings.kinetics_ceiling_width_bpm
    room = (theta[CEILING] - steady) / width
    below = 1.0 / (1.0 + arithmetic.exp(-np.clip(room, -_MOST_ROOM, _MOST_ROOM)))
    capped = theta[CEILING] - width * arithmetic.logaddexp(np.zeros_like(room), room)
    driven *= below
    driven[CEILING] = 1.0 - below
    return capped, driven


def capped_share(series: EffortSeries, theta: FloatArray, settings: MeasureSettings) -> float:
    """Share of the backward time whose steady heart rate bends at the ceiling."""
    steady, _ = _steady(series, theta, settings, _independent_terms(series, settings))
    capped = steady > theta[CEILING] - settings.kinetics_ceiling_width_bpm
    return dot(capped.astype(np.float64), series.backward) / float(series.backward.sum())


def unsteady_bpm(series: EffortSeries, theta: FloatArray, settings: MeasureSettings) -> FloatArray:
    """The delayed steady heart rate less the heart rate of the response, (m,)."""
    fixed = _independent_terms(series, settings)
    delay = float(theta[DELAY]) / series.step_s
    steady, _ = _delayed(*_steady(series, theta, settings, fixed), delay)
    rate, *_ = _heart_rate_towards(series, theta, steady)
    excited: FloatArray = rate + theta[EXCITED] * fixed.excited
    return steady - excited


def _delayed(target: FloatArray, driven: FloatArray, steps: float) -> tuple[FloatArray, FloatArray]:
    """Both moved later by so many steps, and the derivative by the delay in its column."""
    whole = int(steps)
    part = steps - whole
    here = np.arange(len(target))
    late, later = np.maximum(here - whole, 0), np.maximum(here - whole - 1, 0)
    moved = (1.0 - part) * driven.take(late, axis=1)
    moved += part * driven.take(later, axis=1)
    moved[DELAY] = target[later] - target[late]
    return (1.0 - part) * target[late] + part * target[later], moved


def _excitement_of_turns(series: EffortSeries, settings: MeasureSettings) -> FloatArray:
    """What is left of the excitement of every turn, (m,), 1 at a turn."""
    turns = np.abs(np.diff(series.backward, prepend=series.backward[:1]))
    keep = np.full(len(turns), arithmetic.exp(-series.step_s / settings.kinetics_fading_s))
    return np.asarray(follow((turns / (1.0 - keep))[None], keep, np.zeros(1))[0])


def follow(driven: FloatArray, keep: FloatArray, start: FloatArray) -> FloatArray:
    """Solve y[i] = keep[i] y[i-1] + (1 - keep[i]) driven[i] for each row (p, m).

    In blocks, by the closed form y = P (start + sum (1 - keep) driven / P), P the running product
    of keep: a block is short enough for P to stay far above the smallest float.
    """
    rows, size = driven.shape
    blocks = -(-size // arithmetic.RUNNING_PRODUCT)
    whole = blocks * arithmetic.RUNNING_PRODUCT
    padded, fed = np.ones(whole), np.zeros((rows, whole))
    padded[:size] = keep
    np.multiply(1.0 - keep, driven, out=fed[:, :size])
    product = np.cumprod(padded.reshape(blocks, -1), axis=1)
    followed = fed.reshape(rows, blocks, -1)
    followed /= product
    np.cumsum(followed, axis=2, out=followed)
    state = start[:, None]
    for block, kept in enumerate(product):
        part = followed[:, block]
        part += state
        part *= kept
        state = part[:, -1:]
    return fed[:, :size]
