"""Run, walk or still, second by second, and the steps and strides of running."""

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.arithmetic import product
from retrorun.detect.series import mean_around, runs, without_short
from retrorun.model import Track
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray


class Modes(msgspec.Struct, frozen=True, eq=False):
    """How the athlete moves, (n,) each.

    Attributes:
        speed_mps: speed, also across gaps of the position, where it is their mean; NaN where
            nothing tells it.
        cadence_spm: steps a minute, NaN where not counted.
        moving: whether the body travels; stops shorter than the setting count as moving. Without
            a speed the steps tell it; without either it counts as moving, for nobody saw a stop.
        walking: whether it walks while moving.
        unknown: where neither speed nor steps are known.
        doubtful: where the step rate was repaired, or stands still: it has no vote.
        carried: where it travels without a step, in a session that counts them: on a ferry, say.
        grade: of the ground, rise over run; 0 where it is not known.
    """

    speed_mps: FloatArray
    cadence_spm: FloatArray
    moving: BoolArray
    walking: BoolArray
    unknown: BoolArray
    doubtful: BoolArray
    carried: BoolArray
    grade: FloatArray


def modes(track: Track, settings: DetectSettings) -> Modes:
    """Tell running, walking and standing apart by speed and steps.

    The walk-run change is near 1.6-1.9 m/s and 140 steps/min (docs/detection.md); both count.
    """
    speed = _speed(track, settings.hole_mps)
    cadence = track.column("cadence_spm")
    # a pod that drops out says 0 at full speed
    lost = (cadence < settings.pod_lost_spm) & (speed > settings.pod_lost_mps)
    cadence = np.where(lost, np.nan, cadence)
    counted = np.isfinite(track.column("cadence_spm"))  # none is a count, too
    cadence, doubtful = _repaired(cadence, speed, settings)
    paused = track.flags["paused"]
    measured = np.isfinite(track.column("ground_speed_mps"))
    # who steps on the spot of a hole's ends ran a loop
    looped = ~measured & (speed < settings.still_mps) & (cadence > settings.still_spm)
    speed = np.where(looped, np.nan, speed)
    unknown = without_short(
        np.isnan(speed) & np.isnan(cadence) & ~paused, value=True, seconds=settings.gait_s
    )
    still = (_standing(speed, cadence, measured, settings) | paused) & ~unknown
    still = without_short(still, value=True, seconds=settings.still_s)
    still = without_short(still, value=False, seconds=settings.flicker_s) & ~unknown
    walking = _walking(speed, cadence, ~still, settings)
    carried = ~still & np.isfinite(speed) & np.isnan(cadence)
    carried &= 2 * (counted & ~still).sum() > (~still & np.isfinite(speed)).sum()
    grade = np.nan_to_num(track.column("grade"))
    return Modes(speed, cadence, ~still, walking & ~still, unknown, doubtful, carried, grade)


def _repaired(
    cadence: FloatArray, speed: FloatArray, settings: DetectSettings
) -> tuple[FloatArray, BoolArray]:
    """Step rates of every second step doubled, and where they are not to be trusted, (n,) each.

    A counter that locks on to one arm says half of what is run; one that hangs says the same for
    half a minute. Slow steps at a fast walk are doubted, not doubled.
    """
    half = (cadence < settings.half_locked_spm) & (speed > settings.half_locked_mps)
    low, fast = settings.half_locked_doubt
    slow = cadence < low * settings.half_locked_spm
    slow &= speed > fast * settings.half_locked_mps
    half = without_short(half, value=True, seconds=settings.flicker_s)
    starts, ends = runs(np.where(np.isfinite(cadence), cadence, -1.0))
    held = np.repeat(ends - starts >= settings.held_steps_s, ends - starts)
    return np.where(half, 2.0 * cadence, cadence), half | slow | (held & np.isfinite(cadence))


def _standing(
    speed: FloatArray, cadence: FloatArray, measured: BoolArray, settings: DetectSettings
) -> BoolArray:
    """Whether the athlete stands, (n,): by speed, or by the steps where no speed was measured.

    Short holes of both go on as before them.
    """
    counted = np.isfinite(cadence) & ~measured
    standing = np.where(counted, cadence <= settings.still_spm, speed < settings.still_mps)
    known = np.flatnonzero(np.isfinite(speed) | np.isfinite(cadence))
    if known.size in (0, standing.size):
        return np.asarray(standing, dtype=bool)
    last = np.searchsorted(known, np.arange(standing.size), side="right") - 1
    return np.asarray(standing[known[np.maximum(last, 0)]], dtype=bool)


def _walking(
    speed: FloatArray, cadence: FloatArray, moving: BoolArray, settings: DetectSettings
) -> BoolArray:
    """Whether the athlete walks, (n,); a stop keeps what it interrupts.

    Speed alone tells less than with the steps, so its changes must then last longer.
    """
    least, most = settings.walk_spm_most
    steps = np.clip((cadence - settings.walk_spm) / settings.walk_spm_scale, -least, most)
    # nobody walks so fast for long: such steps are miscounted
    steps = np.where((speed > settings.fast_walk_mps) & (steps < 0), np.nan, steps)
    by_speed = (speed - settings.walk_mps) / settings.walk_mps_scale
    score = np.nan_to_num(by_speed) + np.nan_to_num(steps)
    score = np.where(np.isnan(speed) & np.isnan(cadence), np.nan, score)
    score = mean_around(np.where(moving, score, np.nan), settings.walk_half_s)
    known = np.flatnonzero(np.isfinite(score) & moving)
    if known.size == 0:
        return np.zeros(speed.size, dtype=bool)
    last = np.searchsorted(known, np.arange(speed.size), side="right") - 1
    walking = score[known[np.maximum(last, 0)]] < 0
    counted = np.isfinite(cadence[moving]).mean() > 0.5
    seconds = settings.gait_s if counted else settings.uncounted_gait * settings.gait_s
    walking = without_short(walking, value=True, seconds=seconds)
    return without_short(walking, value=False, seconds=seconds)


def _speed(track: Track, most_mps: float) -> FloatArray:
    """Speed; across a gap of the position, from the distance between its ends."""
    speed = track.column("ground_speed_mps")
    hole = ~np.isfinite(speed)
    if not hole.any():
        return speed
    across = np.full(speed.size, np.nan)
    x_m, y_m = track.column("x_m"), track.column("y_m")
    known = np.flatnonzero(np.isfinite(x_m) & np.isfinite(y_m))
    if known.size > 1:
        apart_m = arithmetic.hypot(np.diff(x_m[known]), np.diff(y_m[known]))
        mean_mps = apart_m / np.diff(known)
        after = np.searchsorted(known, np.arange(speed.size), side="left")
        inside = (after > 0) & (after < known.size)
        across[inside] = mean_mps[after[inside] - 1]
    return np.where(hole, np.minimum(across, most_mps), speed)


class Stride(msgspec.Struct, frozen=True, eq=False):
    """Contact time or vertical excursion.

    Attributes:
        name: its column.
        log: (n,) its logarithm, smoothed; NaN where it is not believed.
        by_speed: the power of speed that it follows among people: mean and deviation.
        by_steps: the same of quicker steps at equal speed, in forward running.
        turned: log of backward over forward at equal speed: mean and deviation.
        turned_by_steps: the power of the step-rate ratio that is added to that.
        log_pace: (n,) logarithm of the speed, m/s.
    """

    name: str
    log: FloatArray
    by_speed: tuple[float, float]
    by_steps: tuple[float, float]
    turned: tuple[float, float]
    turned_by_steps: float
    log_pace: FloatArray


class Steps(msgspec.Struct, frozen=True, eq=False):
    """Step rate, speed, grade and heart rate, smoothed, (n,).

    ``counted`` is where they may be compared, ``upper`` what ``two_lines`` found of them, if that
    would find the same again. ``strides`` are contact time and vertical excursion, if measured.
    """

    cadence_spm: FloatArray
    speed_mps: FloatArray
    grade: FloatArray
    heart_bpm: FloatArray
    counted: BoolArray
    upper: FloatArray | None = None
    strides: tuple[Stride, ...] = ()


def steps(track: Track, modes: Modes, settings: DetectSettings) -> Steps:
    """Smooth step rate and speed alike, running only, away from stops and sharp turns."""
    half = settings.gait_half_s
    running = modes.moving & ~modes.walking
    cadence = np.where(running, modes.cadence_spm, np.nan)
    speed = np.where(running, modes.speed_mps, np.nan)
    grade = track.column("grade")
    steep = np.abs(grade) > settings.steep_grade
    counted = running & np.isfinite(cadence) & np.isfinite(speed) & ~steep & ~track.flags["gap"]
    counted &= ~modes.doubtful
    counted &= mean_around((~running).astype(np.float64), half) == 0
    smooth = (mean_around(cadence, half), mean_around(speed, half), mean_around(grade, half))
    heart = np.where(track.flags["heart_rate_suspect"], np.nan, track.column("heart_rate_bpm"))
    found = Steps(smooth[0], smooth[1], np.nan_to_num(smooth[2]), heart, counted)
    return structs.replace(found, strides=_strides(track, found, running, settings))


def _strides(
    track: Track, steps: Steps, running: BoolArray, settings: DetectSettings
) -> tuple[Stride, ...]:
    """Contact time and vertical excursion, each where a device measured it."""
    kinds = (
        (
            "contact_time_s",
            (settings.contact_speed, settings.contact_steps, settings.contact_log, 0.0),
        ),
        (
            "vertical_oscillation_m",
            (
                settings.excursion_speed,
                settings.excursion_steps,
                settings.excursion_log,
                settings.excursion_backward,
            ),
        ),
    )
    found = (
        (name, _believed_log(track.columns[name], steps, running, settings), people)
        for name, people in kinds
        if track.has(name)
    )
    known = [(name, log, people) for name, log, people in found if log is not None]
    if not known:
        return ()
    pace = arithmetic.log(np.maximum(steps.speed_mps, settings.still_mps))
    return tuple(Stride(name, log, *people, pace) for name, log, people in known)


def _believed_log(
    values: FloatArray, steps: Steps, running: BoolArray, settings: DetectSettings
) -> FloatArray | None:
    """Smoothed logarithm of a measured column, (n,); None of one that says nothing.

    Left out are values that hang and values far from the session's median: a wrong unit, or the
    other foot. A column that speed and step rate explain fully was derived from them.
    """
    starts, ends = runs(np.where(np.isfinite(values), values, -1.0))
    held = np.repeat(ends - starts >= settings.held_steps_s, ends - starts)
    sound = running & np.isfinite(values) & (values > 0) & ~held
    if not sound.any():
        return None
    log = np.where(sound, arithmetic.log(np.where(sound, values, 1.0)), np.nan)
    log[np.abs(log - arithmetic.median(log[sound])) > settings.stride_range] = np.nan
    log = mean_around(log, settings.gait_half_s)
    use = steps.counted & np.isfinite(log)
    if use.sum() < max(settings.stride_known * steps.counted.sum(), settings.gait_least_s):
        return None
    return None if _is_derived(log[use], steps, use, settings) else log


def _is_derived(log: FloatArray, steps: Steps, use: BoolArray, settings: DetectSettings) -> bool:
    """Whether the logarithms (m,) of the seconds ``use`` follow from speed and step rate alone."""
    known = (steps.cadence_spm[use], steps.speed_mps[use])
    rows = arithmetic.log(np.maximum(np.stack(known), 1.0))
    rows -= np.array([[arithmetic.median(row)] for row in rows])
    usual = np.abs(rows[0]) < settings.stride_range  # a lost step rate would bend the fit
    log, design = log[usual], np.stack([np.ones(log.size), *rows]).compress(usual, axis=1)
    ridge = np.diag([0.0, 1e-6, 1e-6]) * log.size
    line = arithmetic.solve(product(design, design.T) + ridge, product(design, log))
    rest = np.abs(log - product(line, design))
    return arithmetic.MAD_TO_SD * arithmetic.median(rest) < settings.stride_derived
