"""Real forward tracks with a synthetic compass, turned about in known windows.

The positions, their noise, gaps and pauses are real; the compass and the turning are not.
"""

from dataclasses import replace

import numpy as np

from accuracy_judging import Truthful
from retrorun.model import HeadingSeries, Recording
from retrorun.simulate.body import gauss_markov
from retrorun.units import BoolArray, FloatArray

LEAST_MPS = 0.8
SMOOTH_S = 9  # the body's facing follows the smoothed way, longer than the detector's chord
STEP_RATIO = 1.08


def turned(
    recording: Recording, course_deg: FloatArray, speed_mps: FloatArray, rng: np.random.Generator
) -> tuple[Recording, Truthful]:
    """Turn the runner about in windows of 20 to 180 s; add a compass, and 8 % to the step rate.

    ``course_deg`` and ``speed_mps`` (n,) are the prepared track's.
    """
    count = len(course_deg)
    moving = np.nan_to_num(speed_mps) >= LEAST_MPS
    moving &= np.isfinite(course_deg)
    backward = np.zeros(count, dtype=np.bool_)
    at, changes = int(rng.integers(90, 240)), []
    while at < count - 30:
        length = int(rng.integers(20, 181))
        backward[at : at + length] = True
        changes += [(float(at), True), (float(min(at + length, count)), False)]
        at += length + int(rng.integers(60, 241))
    facing = _smooth(course_deg) + 180.0 * _ramp(count, changes)
    mount, swing = rng.uniform(-60.0, 60.0), rng.uniform(4.0, 20.0)
    heading = facing + mount + rng.uniform(-15.0, 15.0) * np.arange(count) / count
    heading += swing * np.sin(2.0 * np.pi * (1.37 * np.arange(count) + rng.uniform()))
    heading = (heading + gauss_markov(rng, count, 4.0, 15.0)) % 360.0
    heading[~np.isfinite(course_deg)] = np.nan
    start = float(np.nanmin(recording.time_s))
    time_s = start + np.arange(count, dtype=np.float64)
    series = HeadingSeries("synthetic", "compass", "true", time_s, heading)
    columns = dict(recording.columns)
    if "cadence_spm" in columns:
        place = np.clip(recording.time_s - start, 0, count - 1).astype(np.int64)
        columns["cadence_spm"] = columns["cadence_spm"] * np.where(backward[place], STEP_RATIO, 1.0)
    seen = tuple(change for change in changes if _steady(moving, change[0]))
    given = replace(recording, headings=(series,), columns=columns)
    return given, Truthful(backward, moving, seen)


def _smooth(course_deg: FloatArray) -> FloatArray:
    known = np.isfinite(course_deg)
    turn = np.where(known, np.exp(1j * np.radians(np.nan_to_num(course_deg))), 0.0)
    mean = np.angle(np.convolve(turn, np.ones(SMOOTH_S), "same"))
    return np.asarray(np.degrees(mean), dtype=np.float64)


def _ramp(count: int, changes: list[tuple[float, bool]]) -> FloatArray:
    """How far turned about, 0 to 1 (n,): in 2.5 s around each change."""
    ramp, time_s = np.zeros(count), np.arange(count)
    for moment, begins in changes:
        ramp += (1.0 if begins else -1.0) * np.clip((time_s - moment) / 2.5 + 0.5, 0.0, 1.0)
    return ramp


def _steady(moving: BoolArray, moment_s: float) -> bool:
    """Whether the runner moved around the change; only then has it a moment."""
    around = moving[max(int(moment_s) - 5, 0) : int(moment_s) + 5]
    return bool(len(around) == 10 and around.all())
