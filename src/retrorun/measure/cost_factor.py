"""The runner's own backward cost factor from the kinetics of heart rate."""

import math
from dataclasses import replace

import numpy as np

from retrorun import arithmetic
from retrorun.measure.energy import forward_oxygen
from retrorun.measure.kinetics import SLOPE, Course, Fit, fit
from retrorun.measure.samples import Samples
from retrorun.model import Estimate
from retrorun.settings import MeasureSettings
from retrorun.units import BoolArray, FloatArray

METHOD = "heart-rate kinetics"
Z95 = 1.96
DOUBTFUL = {"candidate", "unknown"}


def refused(reason: str) -> Estimate:
    """No number, and why."""
    return Estimate(None, None, None, METHOD, reason)


def cost_factor(samples: Samples, settings: MeasureSettings) -> Estimate:
    """How many times the forward oxygen demand at the same speed and grade the runner spent.

    Fitted over the whole session (`kinetics`). Backward walking and running share one factor.
    Refuses in words where the data cannot tell.
    """
    problem = _lacking(samples, settings)
    if problem:
        return refused(problem)
    course = course_of(samples, settings)
    problem = _unvaried(course, settings)
    if problem:
        return refused(problem)
    found = fit(course, settings)
    if found is None:
        return refused("the fit of heart rate has no solution")
    return _estimate(found, course, settings)


def _lacking(samples: Samples, settings: MeasureSettings) -> str | None:
    """What is missing for any answer, in words."""
    every = _counted_backward(samples, 0.0) & samples.moving
    backward = _counted_backward(samples, settings.kinetics_stretch_s) & samples.moving
    forward = samples.mark([part.direction == "forward" for part in samples.segments])
    known = np.isfinite(samples.heart_rate_bpm)
    backward_s, coverage = float(backward.sum()), float(known.mean()) if known.size else 0.0
    forward_s = float((forward & samples.moving & known).sum())
    least_s, compared_s = settings.kinetics_backward_s, settings.kinetics_forward_s
    part_s = settings.kinetics_stretch_s
    reasons = (
        (not every.any(), "no confirmed or labelled backward movement"),
        (coverage == 0, "no heart rate"),
        (coverage < settings.coverage, f"heart rate covers only {coverage:.0%} of the session"),
        (not np.isfinite(samples.speed_mps).any(), "no speed"),
        (
            backward_s < least_s,
            f"only {backward_s:.0f} s backward in stretches of {part_s:.0f} s, of {least_s:.0f} s",
        ),
        (
            forward_s < compared_s,
            f"only {forward_s:.0f} s of forward movement with heart rate, of {compared_s:.0f} s",
        ),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _counted_backward(samples: Samples, least_s: float) -> BoolArray:
    """(n,) within backward segments that count and last at least so long."""
    return samples.mark(
        [
            part.kind == "backward" and part.end_s - part.start_s >= least_s
            for part in samples.segments
        ]
    )


def course_of(samples: Samples, settings: MeasureSettings) -> Course:
    """The session on the grid of the fit.

    Where the direction is not certain or the effort unknown, heart rate is left out until the
    heart has forgotten it. That includes shuttles of some seconds: their speed is not known well
    from satellites, and turning about costs energy that no equation here counts.
    """
    backward = _counted_backward(samples, 0.0)
    brief = backward & ~_counted_backward(samples, settings.kinetics_stretch_s)
    doubtful = samples.mark([part.kind in DOUBTFUL for part in samples.segments])
    window_s, step = settings.kinetics_ease_s, settings.kinetics_step_s
    speed = _eased(samples.speed_mps, samples, window_s)
    grade = _eased(samples.grade, samples, window_s)
    level = forward_oxygen(replace(samples, speed_mps=speed, grade=np.zeros_like(grade)))
    demand = forward_oxygen(replace(samples, speed_mps=speed, grade=grade))
    doubtful |= np.isnan(demand) | brief
    recent = np.cumsum(doubtful)
    memory = settings.kinetics_memory_s
    before = np.concatenate(
        (np.zeros(min(memory, len(recent)), dtype=recent.dtype), recent[:-memory])
    )
    heart_rate = np.where(recent - before > 0, np.nan, samples.heart_rate_bpm)
    climb = _filled(demand - level)
    return Course(
        step_s=float(step),
        level=_binned(_filled(level), step),
        uphill=_binned(np.maximum(climb, 0.0), step),
        downhill=_binned(np.minimum(climb, 0.0), step),
        backward=_binned((backward & samples.moving).astype(np.float64), step),
        heart_rate=_binned(heart_rate, step),
    )


def _eased(column: FloatArray, samples: Samples, window_s: int) -> FloatArray:
    """A column averaged over a window that does not reach beyond its segment.

    Speed and grade from a watch are noisy, and noise in what drives a fit makes the response look
    weaker and slower than it is. The heart does not follow such quick changes anyway. What is
    missing stays missing.
    """
    known = np.isfinite(column)
    running = np.concatenate(([0.0], np.cumsum(np.where(known, column, 0.0))))
    count = np.concatenate(([0.0], np.cumsum(known)))
    here, eased = np.arange(len(column)), np.full(len(column), np.nan)
    for first, last in zip(samples.first, samples.last, strict=True):
        low = np.maximum(here[first:last] - window_s // 2, first)
        high = np.minimum(here[first:last] + window_s // 2 + 1, last)
        total, seconds = running[high] - running[low], count[high] - count[low]
        np.divide(total, seconds, out=eased[first:last], where=seconds > 0)
    eased[~known] = np.nan
    return eased


def _filled(column: FloatArray) -> FloatArray:
    """Gaps bridged by straight lines."""
    known = np.flatnonzero(np.isfinite(column))
    return arithmetic.interpolate(np.arange(len(column)), known, column[known])


def _binned(column: FloatArray, step: int) -> FloatArray:
    """Means over ``step`` samples, NaN where half or more are missing; the last rest is dropped."""
    count = len(column) // step
    grid = column[: count * step].reshape(count, step)
    known = np.isfinite(grid)
    number = known.sum(axis=1)
    means = np.full(count, np.nan)
    np.divide(np.where(known, grid, 0.0).sum(axis=1), number, out=means, where=2 * number > step)
    return means


def _unvaried(course: Course, settings: MeasureSettings) -> str | None:
    """Forward effort must differ, or slope and factor cannot be told apart."""
    known = np.isfinite(course.heart_rate)
    if known.sum() * course.step_s < settings.kinetics_usable_s:
        return f"less than {settings.kinetics_usable_s / 60:g} minutes of usable heart rate"
    forward = (course.level + course.uphill + course.downhill)[known & (course.backward == 0)]
    if forward.size == 0 or float(np.std(forward)) < settings.kinetics_effort_spread:
        return "no forward reference at different efforts: add some walking or other speeds"
    return None


def _estimate(found: Fit, course: Course, settings: MeasureSettings) -> Estimate:
    slope = arithmetic.exp(float(found.parameters[SLOPE]))
    if not slope >= settings.kinetics_least_slope:
        return refused(
            f"heart rate hardly follows the forward effort ({slope:.1f} beats/min for each "
            "ml/kg/min): the sensor may have failed"
        )
    value = arithmetic.exp(found.log_factor)
    if not settings.kinetics_range[0] < value < settings.kinetics_range[1]:
        return refused(f"the fit gives {value:.2f}, which no body does: heart rate or speed is off")
    error = arithmetic.hypot(found.log_error, _model_error(course, value, settings))
    if not error < arithmetic.log(settings.kinetics_width) / (2 * Z95):
        return refused(
            f"the interval around {value:.2f} would be too wide: "
            "more backward minutes or steadier heart rate would narrow it"
        )
    return Estimate(
        value, value * arithmetic.exp(-Z95 * error), value * arithmetic.exp(Z95 * error), METHOD
    )


def _model_error(course: Course, factor: float, settings: MeasureSettings) -> float:
    """What the fit cannot see: the forward model is uncertain, on hills and beyond its efforts.

    Backward effort above all of the runner's own forward efforts is an extrapolation.
    """
    climb = course.uphill + course.downhill
    hills = float(np.mean(np.abs(climb)) / np.mean(course.level))
    demand, backward = course.level + climb, course.backward > 0.5
    spent = factor * float(np.mean(demand[backward])) if backward.any() else 0.0
    known = float(np.quantile(demand[~backward], settings.kinetics_highest_effort))
    beyond = max(0.0, spent - known) / spent if spent > 0 else 0.0
    parts = (
        settings.kinetics_model_error,
        settings.kinetics_hill_error * hills,
        settings.kinetics_beyond_error * beyond,
    )
    return math.sqrt(sum(part * part for part in parts))
