"""From what a file calls cadence to steps of both feet a minute, and heart rates of zero."""

from collections.abc import Mapping

import numpy as np

from retrorun import arithmetic
from retrorun.channels import POSITION
from retrorun.model import Note
from retrorun.readers.sports import is_walk
from retrorun.units import BoolArray, FloatArray, IntArray

_STANDING_MPS = 0.5  # slower samples say nothing about steps
_RUN_MPS, _RUN_WIDTH_MPS = 1.9, 0.15  # the walk-run change: faster is running
_RUN_SPM, _RUN_SPREAD_SPM = (134.0, 8.0), 18.0  # step rate at 0 m/s and its rise per m/s
_WALK_SPM, _WALK_SPREAD_SPM = (70.0, 30.0), 12.0
_TYPICAL_MPS = {"run": 3.0, "walk": 1.4}  # where no speed is known
_FLOOR = 1e-4  # density of a step rate that is neither
_ONE_SAMPLE = 6.0  # most that a single sample may say
_ENOUGH = 500  # samples, spread over the recording, that tell what was counted
_ONE_LEG = 0.3  # watches count one leg by their formats' definition
_HALF, _NEAR = 0.62, 0.15  # below this share a step rate is half of the usual one, if it is near it
_DOUBLE_SPM = 220.0  # backward runners take 180 to 210 steps a minute at walking speed
_DOUBLE_WALK_SPM = 180.0  # but not where the sport is walking
_LASTS_S = 4.0  # shorter faults are left to the ranges
_FASTEST_MPS = 8.0
_WALKING_MPS = 0.8  # whose speed is usually more moves
_SPAN = 5  # samples on either side over which a speed is taken


def normalize_cadence(
    time_s: FloatArray,
    columns: Mapping[str, FloatArray],
    sport: str | None = None,
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
    """
    found = dict(columns)
    heart = found.get("heart_rate_bpm")
    if heart is not None:
        found["heart_rate_bpm"] = np.where(heart == 0, np.nan, heart)
    cadence = found.get("cadence_spm")
    if cadence is None or not (cadence > 0).any():
        return _held(found), ()
    speed = _speed_mps(time_s, columns)
    if _one_leg(cadence, speed, sport or ""):
        cadence = 2 * cadence
        notes = [Note("cadence-doubled", "cadence counted one leg and was doubled")]
    else:
        notes = [Note("cadence-as-given", "cadence counts both feet as the file gives it")]
    found["cadence_spm"], faults = _repaired(time_s, cadence, speed, sport or "")
    return _held(found), (*notes, *faults)


def _held(columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Only the columns that hold a number at all."""
    return {name: values for name, values in columns.items() if np.isfinite(values).any()}


def _speed_mps(time_s: FloatArray, columns: Mapping[str, FloatArray]) -> FloatArray:
    """Speed around each sample, (n,), by odometer, positions or device; NaN where not known.

    An odometer that stands while the others move counts in kilometres or miles: it is left out.
    """
    by_odometer, found = np.full(time_s.size, np.nan), np.full(time_s.size, np.nan)
    distance = columns.get("distance_m")
    if distance is not None:
        known = np.flatnonzero(np.isfinite(distance))
        early, late = _around(known)
        by_odometer[known] = _over(distance[late] - distance[early], time_s[late] - time_s[early])
    if all(name in columns for name in POSITION):
        latitude, longitude = (columns[name] for name in POSITION)
        known = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
        early, late = _around(known)
        way_m = arithmetic.hypot(*arithmetic.steps_m(latitude, longitude, early, late))
        found[known] = _over(way_m, time_s[late] - time_s[early])
    device = columns.get("speed_mps")
    if device is not None:
        found = np.where(np.isnan(found) & (device <= _FASTEST_MPS), device, found)
    if _usual(by_odometer) < _STANDING_MPS and _usual(found) > _WALKING_MPS:
        return found
    return np.where(np.isnan(by_odometer), found, by_odometer)


def _usual(speed: FloatArray) -> float:
    known = speed[np.isfinite(speed)]
    return float(np.median(known)) if known.size else np.nan


def _around(known: IntArray) -> tuple[IntArray, IntArray]:
    """The known samples some places before and after each known one."""
    place = np.arange(known.size)
    last = max(known.size - 1, 0)
    return known[np.maximum(place - _SPAN, 0)], known[np.minimum(place + _SPAN, last)]


def _over(way_m: FloatArray, lasted_s: FloatArray) -> FloatArray:
    """A speed somebody can have; NaN where way or time make no sense."""
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = way_m / lasted_s
    sensible = (lasted_s > 0) & (lasted_s < 120) & (speed >= 0) & (speed <= _FASTEST_MPS)
    # An odometer or a position that stands may have failed: then it says nothing.
    return np.where(sensible & (way_m > 0), speed, np.nan)


def _one_leg(cadence: FloatArray, speed: FloatArray, sport: str) -> bool:
    """Whether the counts fit the speed and the sport better when they are doubled."""
    counted = (cadence > 0) & ~(speed < _STANDING_MPS)
    if not counted.any():
        counted = cadence > 0
    every = max(1, int(counted.sum()) // _ENOUGH)
    steps, pace = cadence[counted][::every], speed[counted][::every]
    doubled, given = (_density(each, pace, sport) for each in (2 * steps, steps))
    evidence = arithmetic.log(doubled) - arithmetic.log(given)
    return bool(np.clip(evidence, -_ONE_SAMPLE, _ONE_SAMPLE).mean() + _ONE_LEG > 0)


def _density(steps_spm: FloatArray, speed: FloatArray, sport: str) -> FloatArray:
    """How often people take so many steps a minute at a speed, walking or running."""
    running = 1.0 / (1.0 + arithmetic.exp(np.clip((_RUN_MPS - speed) / _RUN_WIDTH_MPS, -30, 30)))
    running = np.where(np.isnan(speed), _share_running(sport), running)
    run_mps = np.where(np.isnan(speed), _TYPICAL_MPS["run"], speed)
    walk_mps = np.where(np.isnan(speed), _TYPICAL_MPS["walk"], speed)
    run = _normal(steps_spm, _RUN_SPM[0] + _RUN_SPM[1] * run_mps, _RUN_SPREAD_SPM)
    walk = _normal(steps_spm, _WALK_SPM[0] + _WALK_SPM[1] * walk_mps, _WALK_SPREAD_SPM)
    return running * run + (1.0 - running) * walk + _FLOOR / 100.0


def _share_running(sport: str) -> float:
    """How much of a session without speed is running, by the word for its sport."""
    if is_walk(sport):
        return 0.05
    return 0.85 if "run" in sport else 0.6


def _normal(value: FloatArray, middle: FloatArray, spread: float) -> FloatArray:
    off = (value - middle) / spread
    return np.asarray(arithmetic.exp(-0.5 * off * off) / spread)


def _repaired(
    time_s: FloatArray, cadence: FloatArray, speed: FloatArray, sport: str
) -> tuple[FloatArray, tuple[Note, ...]]:
    """Double what counts half of the usual, halve what counts twice, where it lasts; with notes."""
    running = ~(speed < _RUN_MPS) if not is_walk(sport) else speed >= _RUN_MPS
    usual = np.where(
        running,
        _middle(cadence[running & (cadence > 130) & (cadence < _DOUBLE_SPM)]),
        _middle(cadence[~running & (cadence > 80) & (cadence < 150) & (speed > 0.7)]),
    )
    with np.errstate(invalid="ignore"):
        half = (cadence > 0) & (cadence < _HALF * usual) & _near(2 * cadence, usual)
        half &= ~(speed < 0.9)
        double = (cadence > (_DOUBLE_WALK_SPM if is_walk(sport) else _DOUBLE_SPM)) & _near(
            cadence / 2, usual
        )
    if not half.any() and not double.any():
        return cadence, ()
    half, double = (_lasting(each, time_s) for each in (half, double))
    notes = [
        Note(slug, f"{int(where.sum())} samples counted {words} of the steps; put right")
        for slug, where, words in (
            ("cadence-half-locked", half, "half"),
            ("cadence-double-counted", double, "twice"),
        )
        if where.any()
    ]
    return np.where(half, 2 * cadence, np.where(double, cadence / 2, cadence)), tuple(notes)


def _middle(values: FloatArray) -> float:
    return float(np.median(values)) if values.size >= 2 * _SPAN else np.nan


def _near(value: FloatArray, usual: FloatArray) -> BoolArray:
    return np.asarray(np.abs(value - usual) < _NEAR * usual, dtype=bool)


def _lasting(where: BoolArray, time_s: FloatArray) -> BoolArray:
    """Only the unbroken stretches that last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], where, [False])).astype(np.int8)))
    first, last = edges[::2], edges[1::2]
    short = time_s[last - 1] - time_s[first] < _LASTS_S
    changes = np.zeros(where.size + 1)
    np.add.at(changes, first[short], 1.0)
    np.add.at(changes, last[short], -1.0)
    return where & (np.cumsum(changes[:-1]) < 0.5)
