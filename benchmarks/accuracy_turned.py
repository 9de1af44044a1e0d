"""Real forward tracks with a synthetic compass, turned about in known windows.

The positions, their noise, gaps and pauses are real; the compass and the turning are not.
"""

import numpy as np
from msgspec.structs import replace

from accuracy_judging import Truthful
from retrorun.model import HeadingSeries, Recording
from retrorun.simulate.body import gauss_markov
from retrorun.units import BoolArray, FloatArray

LEAST_MPS = 0.8
SMOOTH_S = 9  # the body's facing follows the smoothed way, longer than the detector's chord
TURN_S = 1.0  # turning about, from end to end
SLOPE_SPM = 9.5  # steps/min that an athlete takes more for each m/s
RATIO, SHARE = (1.22, 0.12), (0.72, 0.11)  # step rate and speed, backward over forward: mean, SD
Windows = list[tuple[float, float]]


def slowed(
    recording: Recording, speed_mps: FloatArray, rng: np.random.Generator
) -> tuple[Recording, Windows]:
    """Slow the athlete down in windows of 20 to 180 s, by stretching their time.

    The way, its noise and its gaps stay; its windows take longer, and the steps are those of one
    person backward. Returns the recording and its windows in its new seconds since the start.
    """
    start, count = float(np.nanmin(recording.time_s)), len(speed_mps)
    share = float(np.clip(rng.normal(*SHARE), 0.5, 0.95))
    ratio = float(np.clip(rng.normal(*RATIO), 0.97, 1.55))
    at, old, new, edges, windows = float(rng.integers(90, 240)), [0.0], [0.0], [], []
    while at < count - 30:
        end = min(at + float(rng.integers(20, 181)), float(count))
        begin = new[-1] + at - old[-1]
        old += [at, end]
        new += [begin, begin + (end - at) / share]
        edges += [at, end]
        windows.append((new[-2], new[-1]))
        at = end + float(rng.integers(60, 241))
    old.append(float(count + 86_400))
    new.append(new[-1] + old[-1] - old[-2])

    def later(time_s: FloatArray) -> FloatArray:
        return np.asarray(start + np.interp(time_s - start, old, new), dtype=np.float64)

    def moved(time_s: float) -> float:
        return float(later(np.array([time_s]))[0])

    columns = dict(recording.columns)
    inside = np.searchsorted(np.array(edges), recording.time_s - start, side="right") % 2 == 1
    if "speed_mps" in columns:
        columns["speed_mps"] = columns["speed_mps"] * np.where(inside, share, 1.0)
    if "cadence_spm" in columns:
        place = np.clip(np.nan_to_num(recording.time_s - start), 0, count - 1).astype(np.int64)
        line = SLOPE_SPM * np.nan_to_num(speed_mps)[place] * (share - 1.0)
        if np.nanmedian(columns["cadence_spm"]) < 120:  # the file counts one leg
            line /= 2.0
        backward = np.maximum(columns["cadence_spm"] + line, 0.0) * ratio
        columns["cadence_spm"] = np.where(inside, backward, columns["cadence_spm"])
    pauses = tuple(
        replace(one, start_time_s=moved(one.start_time_s), end_time_s=moved(one.end_time_s))
        for one in recording.pauses
    )
    given = replace(
        recording,
        time_s=later(recording.time_s),
        columns=columns,
        pauses=pauses,
        laps=(),
        breaks_s=tuple(moved(one) for one in recording.breaks_s),
    )
    return given, windows


def turned(
    recording: Recording,
    windows: Windows,
    going: tuple[FloatArray, FloatArray],
    rng: np.random.Generator,
) -> tuple[Recording, Truthful]:
    """Turn the athlete about in the windows, and add a compass.

    ``going`` are course in degrees and speed in m/s (n,) of the prepared track.
    """
    course_deg, speed_mps = going
    count = len(course_deg)
    moving = np.nan_to_num(speed_mps) >= LEAST_MPS
    moving &= np.isfinite(course_deg)
    backward = np.zeros(count, dtype=np.bool_)
    changes = []
    for begin, end in windows:
        backward[round(begin) : round(end)] = True
        changes += [(begin, True), (min(end, float(count)), False)]
    facing = _smooth(course_deg) + 180.0 * _ramp(count, changes)
    mount, swing = rng.uniform(-60.0, 60.0), rng.uniform(4.0, 20.0)
    heading = facing + mount + rng.uniform(-15.0, 15.0) * np.arange(count) / count
    heading += swing * np.sin(2.0 * np.pi * (1.37 * np.arange(count) + rng.uniform()))
    heading = (heading + gauss_markov(rng, count, 4.0, 15.0)) % 360.0
    heading[~np.isfinite(course_deg)] = np.nan
    start = float(np.nanmin(recording.time_s))
    time_s = start + np.arange(count, dtype=np.float64)
    series = HeadingSeries("synthetic", "compass", "true", time_s, heading)
    seen = tuple(change for change in changes if _steady(moving, change[0]))
    given = replace(recording, headings=(series,))
    return given, Truthful(backward, moving, seen)


def _smooth(course_deg: FloatArray) -> FloatArray:
    known = np.isfinite(course_deg)
    turn = np.where(known, np.exp(1j * np.radians(np.nan_to_num(course_deg))), 0.0)
    mean = np.angle(np.convolve(turn, np.ones(SMOOTH_S), "same"))
    return np.asarray(np.degrees(mean), dtype=np.float64)


def _ramp(count: int, changes: list[tuple[float, bool]]) -> FloatArray:
    """How far turned about, 0 to 1 (n,): in a second around each change."""
    ramp, time_s = np.zeros(count), np.arange(count)
    for moment, begins in changes:
        ramp += (1.0 if begins else -1.0) * np.clip((time_s - moment) / TURN_S + 0.5, 0.0, 1.0)
    return ramp


def _steady(moving: BoolArray, moment_s: float) -> bool:
    """Whether the athlete moved around the change; only then has it a moment."""
    around = moving[max(int(moment_s) - 5, 0) : int(moment_s) + 5]
    return bool(len(around) == 10 and around.all())
