"""The athlete's own backward cost factor, from the kinetics of heart rate in one session."""

import math

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.arithmetic import dot
from retrorun.literature import value
from retrorun.measure.energy import forward_oxygen
from retrorun.measure.kinetics import SLOPE, EffortSeries, Fit, capped_share, fit, unsteady_bpm
from retrorun.measure.samples import (
    Samples,
    calibrated,
    position_noise_m2,
    ratio,
    walking,
    without_noise,
)
from retrorun.model import Estimate
from retrorun.settings import MeasureSettings
from retrorun.units import BoolArray, FloatArray

METHOD = "heart-rate kinetics"
Z95 = 1.96
DOUBTFUL = {"candidate", "unknown"}


def no_estimate(reason: str) -> Estimate:
    """An estimate without a value, and the reason in words."""
    return Estimate(None, None, None, METHOD, reason)


class CostFactor(msgspec.Struct, frozen=True):
    """The backward cost factor of all demand (``gross``), and of demand above rest (``net``)."""

    gross: Estimate
    net: Estimate


class HeartFit(msgspec.Struct, frozen=True, eq=False):
    """A session's effort and the response of the heart that was fitted to it; None: no solution."""

    series: EffortSeries
    found: Fit | None


def heart_fit(samples: Samples, settings: MeasureSettings) -> HeartFit | None:
    """Fit the heart's response (`kinetics`) over the whole session; None with too little to fit."""
    if not np.isfinite(samples.heart_rate_bpm).any() or not np.isfinite(samples.speed_mps).any():
        return None
    series = effort_series(samples, settings)
    usable_s = float(np.isfinite(series.heart_rate).sum()) * series.step_s
    if usable_s < settings.kinetics_usable_s:
        return None
    return HeartFit(series, fit(series, settings))


def cost_factor(samples: Samples, heart: HeartFit | None, settings: MeasureSettings) -> CostFactor:
    """How many times the forward oxygen demand at the same speed and grade was spent.

    Backward walking and running share one factor.

    Args:
        samples: the session.
        heart: what `heart_fit` gives for it.
        settings: how much data an answer needs.

    Returns:
        The factor with its 95 % interval; without a value, and with a reason, where the data are
        too few, too uniform, or fit too badly.
    """
    problem = _missing_data(samples, settings)
    if problem:
        return _refused(problem)
    if heart is None:
        least = settings.kinetics_usable_s / 60
        return _refused(f"less than {least:g} minutes of usable heart rate")
    problem = _too_uniform(heart.series, settings)
    if problem:
        return _refused(problem)
    if heart.found is None:
        return _refused("the fit of heart rate has no solution")
    error = arithmetic.hypot(_position_error(samples, settings), _onset_error(samples, settings))
    gross = _estimate(heart.found, heart.series, error, settings)
    return CostFactor(gross, net_factor(gross, _backward_demand(heart.series)))


def lag_bpm(heart: HeartFit | None, seconds: int, settings: MeasureSettings) -> FloatArray:
    """What heart rate still lacks to its steady value, each second (n,).

    0 without a fit, and where the fit says that heart rate hardly follows the effort.

    From the fitted response: HRss less the heart rate that it gives, so it holds what is carried
    over from the effort before, the delay and the excitement of a turn.
    """
    lag = np.zeros(seconds)
    if heart is None or heart.found is None:
        return lag
    if arithmetic.exp(float(heart.found.parameters[SLOPE])) < settings.kinetics_least_slope:
        return lag
    steps = unsteady_bpm(heart.series, heart.found.parameters, settings)
    each = np.repeat(steps, int(heart.series.step_s))
    lag[: len(each)] = each[:seconds]
    return lag


def _refused(reason: str) -> CostFactor:
    return CostFactor(no_estimate(reason), no_estimate(reason))


def net_factor(gross: Estimate, demand: float) -> Estimate:
    """The factor of demand above rest that a gross one is at this forward demand, ml/kg/min.

    net = (gross · demand - rest) / (demand - rest); without a value where the gross has none.
    """
    if gross.value is None or gross.low is None or gross.high is None:
        return gross
    rest = value("acsm_rest")
    return gross.mapped(lambda each: (each * demand - rest) / (demand - rest))


def _backward_demand(series: EffortSeries) -> float:
    """Mean forward demand of the steps that went backward, ml/kg/min."""
    demand = series.level + series.uphill + series.downhill
    return dot(demand, series.backward) / float(series.backward.sum())


def _missing_data(samples: Samples, settings: MeasureSettings) -> str | None:
    """What is missing for any answer, in words."""
    every = _counted_backward(samples, 0.0) & samples.moving
    backward = _counted_backward(samples, settings.kinetics_stretch_s) & samples.moving
    forward = samples.mask([part.direction == "forward" for part in samples.segments])
    known = np.isfinite(samples.heart_rate_bpm)
    backward_s, coverage = float(backward.sum()), float(known.mean()) if known.size else 0.0
    forward_s = float((forward & samples.moving & known).sum())
    least_s, compared_s = settings.kinetics_backward_s, settings.kinetics_forward_s
    part_s, percent = settings.kinetics_stretch_s, 100 * coverage
    reasons = (
        (not every.any(), "no confirmed or labelled backward movement"),
        (coverage == 0, "no heart rate"),
        (
            coverage < settings.coverage,
            f"heart rate covers only {percent:.0f} % of the session",
        ),
        (not np.isfinite(samples.speed_mps).any(), "no speed"),
        (
            backward_s < least_s,
            (
                f"it takes {least_s:.0f} s backward in stretches of {part_s:.0f} s or longer; "
                f"this session has {backward_s:.0f} s"
            ),
        ),
        (
            forward_s < compared_s,
            (
                f"it takes {compared_s:.0f} s forward with heart rate; "
                f"this session has {forward_s:.0f} s"
            ),
        ),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _counted_backward(samples: Samples, least_s: float) -> BoolArray:
    """(n,) within backward segments that count and last at least so long."""
    return samples.mask(
        [
            part.kind == "backward" and part.end_s - part.start_s >= least_s
            for part in samples.segments
        ]
    )


def effort_series(samples: Samples, settings: MeasureSettings) -> EffortSeries:
    """The session on the grid of the fit.

    Where the direction is not certain or the effort unknown, heart rate is left out until the
    heart has forgotten it. That includes shuttles of some seconds: their speed is not known well
    from satellites, and turning about costs energy that no equation here counts.
    """
    backward = _counted_backward(samples, 0.0)
    brief = backward & ~_counted_backward(samples, settings.kinetics_stretch_s)
    doubtful = samples.mask([part.kind in DOUBTFUL for part in samples.segments])
    window_s, step = settings.kinetics_ease_s, settings.kinetics_step_s
    noise = position_noise_m2(samples)
    eased = _segment_means(samples.speed_mps, samples, window_s)
    eased = without_noise(eased, noise / settings.kinetics_chord_s)
    speed = calibrated(eased, samples, noise, window_s)
    grade = _segment_means(samples.grade, samples, window_s)
    level = forward_oxygen(structs.replace(samples, speed_mps=speed, grade=np.zeros_like(grade)))
    demand = forward_oxygen(structs.replace(samples, speed_mps=speed, grade=grade))
    doubtful |= np.isnan(demand) | brief
    recent = np.cumsum(doubtful)
    memory = settings.kinetics_memory_s
    before = np.concatenate(
        (np.zeros(min(memory, len(recent)), dtype=recent.dtype), recent[:-memory])
    )
    heart_rate = np.where(recent - before > 0, np.nan, samples.heart_rate_bpm)
    climb = _interpolated(demand - level)
    return EffortSeries(
        step_s=float(step),
        level=_bin_means(_interpolated(level), step),
        uphill=_bin_means(np.maximum(climb, 0.0), step),
        downhill=_bin_means(np.minimum(climb, 0.0), step),
        backward=_bin_means((backward & samples.moving).astype(np.float64), step),
        walking=_bin_means(walking(samples).astype(np.float64), step) > 0.5,
        heart_rate=_bin_means(heart_rate, step),
    )


def _segment_means(column: FloatArray, samples: Samples, window_s: int) -> FloatArray:
    """A column averaged over a window that does not reach beyond its segment.

    Speed and grade from a watch are noisy, and noise in what drives a fit makes the response look
    weaker and slower than it is. The heart does not follow such quick changes anyway. What is
    missing stays missing.
    """
    known = np.isfinite(column)
    running = np.concatenate(([0.0], np.cumsum(np.where(known, column, 0.0))))
    count = np.concatenate(([0.0], np.cumsum(known)))
    lasts = samples.last - samples.first
    first, last, before = (
        np.repeat(each, lasts) for each in (samples.first, samples.last, np.cumsum(lasts) - lasts)
    )
    here = np.arange(first.size) - before + first  # the seconds of one segment after another
    low = np.maximum(here - window_s // 2, first)
    high = np.minimum(here + window_s // 2 + 1, last)
    total, seconds = running[high] - running[low], count[high] - count[low]
    eased = np.full(len(column), np.nan)
    eased[here] = ratio(total, seconds)
    eased[~known] = np.nan
    return eased


def _interpolated(column: FloatArray) -> FloatArray:
    """Gaps bridged by straight lines."""
    known = np.flatnonzero(np.isfinite(column))
    return arithmetic.interpolate(np.arange(len(column)), known, column[known])


def _bin_means(column: FloatArray, step: int) -> FloatArray:
    """Means over ``step`` samples, NaN where half or more are missing; the last rest is dropped."""
    count = len(column) // step
    grid = column[: count * step].reshape(count, step)
    known = np.isfinite(grid)
    number = known.sum(axis=1)
    means = np.full(count, np.nan)
    np.divide(np.where(known, grid, 0.0).sum(axis=1), number, out=means, where=2 * number > step)
    return means


def _too_uniform(series: EffortSeries, settings: MeasureSettings) -> str | None:
    """Forward effort must differ, or slope and factor cannot be told apart."""
    known = np.isfinite(series.heart_rate)
    forward = (series.level + series.uphill + series.downhill)[known & (series.backward == 0)]
    if forward.size == 0 or float(np.std(forward)) < settings.kinetics_effort_spread:
        return "no forward reference at different efforts: add some walking or other speeds"
    return None


def _onset_error(samples: Samples, settings: MeasureSettings) -> float:
    """Error of log k by onsets: the shorter the segments, the more of the heart rate is one."""
    lengths = [
        part.end_s - part.start_s
        for part in samples.segments
        if part.kind == "backward" and part.end_s - part.start_s >= settings.kinetics_stretch_s
    ]
    return settings.kinetics_onset_error * settings.kinetics_onset_s * len(lengths) / sum(lengths)


def _estimate(
    found: Fit, series: EffortSeries, beside: float, settings: MeasureSettings
) -> Estimate:
    slope = arithmetic.exp(float(found.parameters[SLOPE]))
    if not slope >= settings.kinetics_least_slope:
        return no_estimate(
            f"heart rate hardly follows the forward effort ({slope:.1f} beats/min for each "
            "ml/kg/min): the sensor may have failed"
        )
    capped = capped_share(series, found.parameters, settings)
    if capped > settings.kinetics_capped_share:
        percent = 100 * capped
        return no_estimate(
            f"the heart is at its ceiling for {percent:.0f} % of the backward time, and does "
            "not show what more was spent: slower backward stretches would tell"
        )
    factor = arithmetic.exp(found.log_factor)
    if not settings.kinetics_range[0] < factor < settings.kinetics_range[1]:
        return no_estimate(
            f"the fit gives {factor:.2f}, which no body does: heart rate or speed is off"
        )
    error = arithmetic.hypot(found.log_error, _model_error(series, factor, settings))
    error = arithmetic.hypot(error, beside)
    if not error < arithmetic.log(settings.kinetics_width) / (2 * Z95):
        return no_estimate(
            f"the interval around {factor:.2f} would be too wide: "
            "more backward minutes or steadier heart rate would narrow it"
        )
    return Estimate(
        factor,
        factor * arithmetic.exp(-Z95 * error),
        factor * arithmetic.exp(Z95 * error),
        METHOD,
    )


def _position_error(samples: Samples, settings: MeasureSettings) -> float:
    """Error of log k that the noise of positions leaves.

    By chance in the mean backward speed, and in the correction for the length that noise adds.
    """
    backward = _counted_backward(samples, 0.0) & samples.moving & np.isfinite(samples.speed_mps)
    noise_m2, seconds = position_noise_m2(samples), float(backward.sum())
    if not noise_m2 or not seconds:
        return 0.0
    speed = float(samples.speed_mps[backward].mean())
    by_chance = math.sqrt(settings.kinetics_noise_grown * noise_m2 / seconds) / speed
    added = noise_m2 / settings.kinetics_chord_s / (2.0 * speed * speed)
    return arithmetic.hypot(
        settings.kinetics_position_error * by_chance, settings.kinetics_noise_error * added
    )


def _model_error(series: EffortSeries, factor: float, settings: MeasureSettings) -> float:
    """Error of log k beyond that of the fit: on hills, and above all forward efforts.

    Backward effort above all of the athlete's own forward efforts is an extrapolation.
    """
    climb = series.uphill + series.downhill
    hills = float(np.mean(np.abs(climb)) / np.mean(series.level))
    demand, backward = series.level + climb, series.backward > 0.5
    spent = factor * float(np.mean(demand[backward])) if backward.any() else 0.0
    known = arithmetic.quantile(demand[~backward], settings.kinetics_highest_effort)
    beyond = max(0.0, spent - known) / spent if spent > 0 else 0.0
    parts = (
        settings.kinetics_model_error,
        settings.kinetics_hill_error * hills,
        settings.kinetics_beyond_error * beyond,
    )
    return math.sqrt(sum(part * part for part in parts))
