"""Steps of both feet a minute: from what a file calls cadence, or from a phone's acceleration."""

from collections.abc import Mapping

import numpy as np

from retrorun import arithmetic, units
from retrorun.model import FileTotal, Note
from retrorun.model.recording import POSITION
from retrorun.readers.attitude import MOST_OVERSAMPLING, Vectors, unit_vectors
from retrorun.readers.sports import is_walk
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray, IntArray, means_beside, samples_around, without_short


def normalize_cadence(
    time_s: FloatArray,
    columns: Mapping[str, FloatArray],
    sport: str | None,
    limits: ReadLimits,
    total: FileTotal | None = None,
) -> tuple[dict[str, FloatArray], tuple[Note, ...]]:
    """Count the steps of both feet, and take a heart rate of 0 for missing.

    Watches count cycles of one leg; some exporters have doubled them already. Which of the two it
    is, speed and step rate tell together: at each sample both readings are held against the step
    rates at which people walk and run at that speed. Stretches that count half or twice the rest
    of the recording at the same gait are repaired.

    Args:
        time_s: (n,) Unix seconds.
        columns: channel → (n,).
        sport: the file's word for it.
        limits: the step rates that people have, and how sure a fault must be.
        total: what the file states of all samples: a treadmill's speed may be far off it.
    """
    found = dict(columns)
    heart = found.get("heart_rate_bpm")
    if heart is not None:
        found["heart_rate_bpm"] = np.where(heart == 0, np.nan, heart)
    cadence = found.get("cadence_spm")
    if cadence is None or not (cadence > 0).any():
        return _with_numbers(found), ()
    speed = _speed_mps(time_s, columns, total, limits)
    if _counts_one_leg(cadence, speed, sport or "", limits):
        cadence = 2 * cadence
        notes = [Note("cadence-doubled", "cadence counted one leg and was doubled")]
    else:
        notes = [Note("cadence-as-given", "cadence counts both feet as the file gives it")]
    found["cadence_spm"], faults = _repair_counts(time_s, (cadence, speed), sport or "", limits)
    return _with_numbers(found), (*notes, *faults)


def _with_numbers(columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Only the columns that hold a number at all."""
    return {name: values for name, values in columns.items() if np.isfinite(values).any()}


def _speed_mps(
    time_s: FloatArray,
    columns: Mapping[str, FloatArray],
    total: FileTotal | None,
    limits: ReadLimits,
) -> FloatArray:
    """Speed around each sample, (n,), by odometer, positions or device; NaN where not known.

    An odometer that stands while the others move, or where there are no others, counts in
    kilometres or miles: it is left out. Where no positions travel, the file's total has the word.
    """
    by_odometer, found = np.full(time_s.size, np.nan), np.full(time_s.size, np.nan)
    distance = columns.get("distance_m")
    if distance is not None:
        known = np.flatnonzero(np.isfinite(distance))
        early, late = samples_around(known, limits.cadence_span)
        way_m = distance[late] - distance[early]
        by_odometer[known] = _plausible_mps(way_m, time_s[late] - time_s[early], limits)
    if all(name in columns for name in POSITION):
        latitude, longitude = (columns[name] for name in POSITION)
        known = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
        early, late = samples_around(known, limits.cadence_span)
        way_m = arithmetic.hypot(*arithmetic.steps_m(latitude, longitude, early, late))
        found[known] = _plausible_mps(way_m, time_s[late] - time_s[early], limits)
    travels = _usual_mps(found) > limits.cadence_walking_mps
    device = columns.get("speed_mps")
    if device is not None:
        found = np.where(np.isnan(found) & (device <= limits.cadence_fastest_mps), device, found)
    standing_mps, walking_mps = limits.cadence_standing_mps, limits.cadence_walking_mps
    if _usual_mps(by_odometer) < standing_mps and not _usual_mps(found) <= walking_mps:
        return found
    speed = np.where(np.isnan(by_odometer), found, by_odometer)
    return speed if travels else speed * _factor_to_total(time_s, speed, total, limits)


def _factor_to_total(
    time_s: FloatArray, speed: FloatArray, total: FileTotal | None, limits: ReadLimits
) -> float:
    """What brings a speed, (n,), to the total of all; 1 if it fits, or is in feet or in miles."""
    apart_s = np.clip(np.diff(time_s), 0.0, limits.cadence_span_s)
    span_s, way_m = float(apart_s.sum()), float(np.nansum(speed[1:] * apart_s))
    if total is None or not total.distance_m or way_m <= 0:
        return 1.0
    most = limits.cadence_total_factor
    is_whole = (total.timer_s or 0.0) <= most * span_s and np.isfinite(speed).mean() * most > 1.0
    is_run = limits.cadence_standing_mps <= total.distance_m / span_s <= limits.cadence_fastest_mps
    factor, near = total.distance_m / way_m, limits.cadence_unit_factor
    by_unit = factor * units.METRE_PER_FOOT, factor / units.METRE_PER_MILE * 1000.0
    fits = 1 / most <= factor <= most or any(1 / near <= each <= near for each in by_unit)
    return factor if is_whole and is_run and not fits else 1.0


def _usual_mps(speed: FloatArray) -> float:
    known = speed[np.isfinite(speed)]
    return arithmetic.median(known) if known.size else np.nan


def _plausible_mps(way_m: FloatArray, lasted_s: FloatArray, limits: ReadLimits) -> FloatArray:
    """A speed somebody can have; NaN where way or time make no sense."""
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = way_m / lasted_s
    sensible = (lasted_s > 0) & (lasted_s < limits.cadence_span_s)
    sensible &= (speed >= 0) & (speed <= limits.cadence_fastest_mps)
    # An odometer or a position that stands may have failed: then it says nothing.
    return np.where(sensible & (way_m > 0), speed, np.nan)


def _counts_one_leg(cadence: FloatArray, speed: FloatArray, sport: str, limits: ReadLimits) -> bool:
    """Whether the counts fit the speed and the sport better when they are doubled."""
    counted = (cadence > 0) & ~(speed < limits.cadence_standing_mps)
    if not counted.any():  # a speed that stands at every step is none
        counted, speed = cadence > 0, np.full(speed.size, np.nan)
    every = max(1, int(counted.sum()) // limits.cadence_samples)
    steps, pace = cadence[counted][::every], speed[counted][::every]
    doubled, given = (_density(each, pace, sport, limits) for each in (2 * steps, steps))
    evidence = arithmetic.log(doubled) - arithmetic.log(given)
    most = limits.cadence_sample_odds
    return bool(np.clip(evidence, -most, most).mean() + limits.cadence_one_leg_odds > 0)


def _density(
    steps_spm: FloatArray, speed: FloatArray, sport: str, limits: ReadLimits
) -> FloatArray:
    """How often people take so many steps a minute at a speed, walking or running."""
    change_mps, width_mps = limits.cadence_change_mps
    bound = arithmetic.MOST_LOG_ODDS
    toward_walk = np.clip((change_mps - speed) / width_mps, -bound, bound)
    running = 1.0 / (1.0 + arithmetic.exp(toward_walk))
    running = np.where(np.isnan(speed), _share_running(sport, limits), running)
    run_mps, walk_mps = (
        np.where(np.isnan(speed), typical, speed) for typical in limits.cadence_typical_mps
    )
    run_spm, walk_spm = (
        at_rest + rise * mps
        for (at_rest, rise), mps in (
            (limits.cadence_run_spm, run_mps),
            (limits.cadence_walk_spm, walk_mps),
        )
    )
    run = _normal(steps_spm, run_spm, limits.cadence_run_spread_spm)
    walk = _normal(steps_spm, walk_spm, limits.cadence_walk_spread_spm)
    return running * run + (1.0 - running) * walk + limits.cadence_floor


def _share_running(sport: str, limits: ReadLimits) -> float:
    """How much of a session without speed is running, by the word for its sport."""
    walk, run, other = limits.cadence_running_shares
    return walk if is_walk(sport) else run if "run" in sport else other


def _normal(value: FloatArray, middle: FloatArray, spread: float) -> FloatArray:
    off = (value - middle) / spread
    return np.asarray(arithmetic.exp(-0.5 * off * off) / spread)


def _repair_counts(
    time_s: FloatArray, counted: tuple[FloatArray, FloatArray], sport: str, limits: ReadLimits
) -> tuple[FloatArray, tuple[Note, ...]]:
    """Double what counts half of the usual, halve what counts twice, where it lasts; with notes."""
    cadence, speed = counted
    usual = _usual_spm(cadence, speed, sport, limits)
    most = limits.cadence_double_walk_spm if is_walk(sport) else limits.cadence_double_spm
    half = (cadence > 0) & (cadence < limits.cadence_half_share * usual)
    near = limits.cadence_near_share * usual
    half &= (np.abs(2 * cadence - usual) < near) & ~(speed < limits.cadence_half_mps)
    double = (cadence > most) & (np.abs(cadence / 2 - usual) < near)
    if not half.any() and not double.any():
        return cadence, ()
    half, double = (without_short(each, time_s, limits.cadence_lasts_s) for each in (half, double))
    notes = [
        Note(slug, f"{int(where.sum())} samples counted {words} of the steps; put right")
        for slug, where, words in (
            ("cadence-half-locked", half, "half"),
            ("cadence-double-counted", double, "twice"),
        )
        if where.any()
    ]
    return np.where(half, 2 * cadence, np.where(double, cadence / 2, cadence)), tuple(notes)


def _usual_spm(
    cadence: FloatArray, speed: FloatArray, sport: str, limits: ReadLimits
) -> FloatArray:
    """The usual step rate of the recording in the gait of each sample, (n,); NaN if unknown."""
    change_mps, _ = limits.cadence_change_mps
    running = ~(speed < change_mps) if not is_walk(sport) else speed >= change_mps
    run = (cadence > limits.cadence_usual_run_spm) & (cadence < limits.cadence_double_spm)
    low, high = limits.cadence_usual_walk_spm
    walk = (cadence > low) & (cadence < high) & (speed > limits.cadence_usual_walk_mps)
    return np.where(
        running,
        _median_of_enough(cadence[running & run], limits),
        _median_of_enough(cadence[~running & walk], limits),
    )


def _median_of_enough(values: FloatArray, limits: ReadLimits) -> float:
    """Median of enough values, else NaN."""
    return arithmetic.median(values) if values.size >= 2 * limits.cadence_span else np.nan


def step_rate_spm(
    at_s: FloatArray, acceleration: Vectors, gravity: Vectors, limits: ReadLimits
) -> FloatArray:
    """Steps of both feet a minute by the bounce of a phone, (n,); 0 at rest, NaN if not clear.

    The first lag at which its autocorrelation is about as high as anywhere is a step; the peak at
    twice that, a stride, gives the period. ``gravity``, of either sign, may be ``acceleration``.
    """
    grid_s, bounce, known = _bounce(acceleration.in_order(), gravity.in_order(), limits)
    half = round(limits.bounce_half_s / limits.bounce_step_s)
    if grid_s.size <= 2 * (half + half):
        return np.full(at_s.size, np.nan)
    middle = np.searchsorted(grid_s, at_s)
    whole = means_beside(known, middle, half) >= limits.bounce_known
    halves = [round(each / limits.bounce_step_s) for each in limits.bounce_rest_s]
    power, usual = (np.maximum(means_beside(bounce * bounce, middle, each), 0.0) for each in halves)
    least = np.maximum(limits.bounce_rest_share * np.sqrt(usual), limits.bounce_least_g)
    longest = 2 * round(limits.bounce_lags_s[1] / limits.bounce_step_s) + 2
    alike = np.stack([_alike(bounce, lag, middle, half) for lag in range(longest)])
    return np.where(whole, np.where(np.sqrt(power) < least, 0.0, _steps_spm(alike, limits)), np.nan)


def _bounce(
    acceleration: Vectors, gravity: Vectors, limits: ReadLimits
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Even times, vertical acceleration in g without what lasts, and share that is known, (m,)."""
    step_s, time_s = limits.bounce_step_s, acceleration.time_s
    most_s = MOST_OVERSAMPLING * step_s * time_s.size  # a gap of days would cost memory
    is_dense = time_s.size > 1 and time_s[-1] - time_s[0] <= most_s
    seconds = np.arange(time_s[0], time_s[-1] + 1.0) if is_dense else np.empty(0)
    pull = gravity.around(seconds)
    if not ((strength := np.sqrt((pull * pull).sum(axis=1))) > 0).any():
        return np.empty(0), np.empty(0), np.empty(0)
    up = np.nan_to_num(unit_vectors(pull)) / arithmetic.median(strength[strength > 0])
    level = np.stack([arithmetic.interpolate(time_s, seconds, each) for each in up.T], axis=1)
    vertical, apart_s = (acceleration.axes * level).sum(axis=1), np.diff(time_s)
    rise = apart_s * (vertical[1:] + vertical[:-1]) / 2.0
    way = rise, apart_s * (apart_s <= limits.sensor_hole_s)
    edges_s = np.arange(time_s[0], time_s[-1], step_s)
    total = [np.concatenate((np.zeros(1), np.cumsum(each))) for each in way]
    mean, known = (
        np.diff(arithmetic.interpolate(edges_s, time_s, each)) / step_s for each in total
    )
    half = round(limits.bounce_lasts_s / step_s / 2.0)
    lasting = means_beside(mean, np.arange(mean.size), half)
    return edges_s[:-1] + step_s / 2.0, (mean - lasting) * (known > 0.5), known


def _alike(bounce: FloatArray, lag: int, middle: IntArray, half: int) -> FloatArray:
    """Autocorrelation around each place at one lag, (n,), -1 to 1; 0 where nothing moves."""
    early, late = bounce[: bounce.size - lag], bounce[lag:]
    pairs = early * late, early * early, late * late
    both, one, other = (means_beside(each, middle, half) for each in pairs)
    norm = np.sqrt(np.maximum(one * other, 0.0))
    return np.asarray(np.divide(both, norm, out=np.zeros(both.size), where=norm > 0.0))


def _steps_spm(alike: FloatArray, limits: ReadLimits) -> FloatArray:
    """Steps a minute, (n,), by the autocorrelation (lags, n); NaN where no peak is clear."""
    least, most = (round(each / limits.bounce_step_s) for each in limits.bounce_lags_s)
    inner, (first, clear) = alike[least : most + 1], limits.bounce_peaks
    high = (inner >= alike[least - 1 : most]) & (inner >= alike[least + 1 : most + 2])
    step = least + (high & (inner >= first * inner.max(axis=0))).argmax(axis=0)
    column, near = np.arange(alike.shape[1]), 2 * step + np.array([-2, -1, 0, 1, 2])[:, None]
    near = np.minimum(near, len(alike) - 2)
    stride = near[alike[near, column].argmax(axis=0), column]
    before, here, after = (alike[stride + each, column] for each in (-1, 0, 1))
    bend = 2.0 * here - before - after
    aside = np.divide(after - before, 2.0 * bend, out=np.zeros(bend.size), where=bend > 1e-9)
    period_s = (stride + np.clip(aside, -0.5, 0.5)) / 2.0 * limits.bounce_step_s
    return np.where(high.any(axis=0) & (here >= clear), 60.0 / period_s, np.nan)
