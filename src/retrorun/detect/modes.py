"""Run, walk or still, second by second."""

from dataclasses import dataclass

import numpy as np

from retrorun.detect.runs import mean_around, without_short
from retrorun.model import Track
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """How the runner moves, (n,) each.

    Attributes:
        speed_mps: speed, also across gaps of the position, where it is their mean; never NaN.
        cadence_spm: steps a minute, NaN where not counted.
        moving: whether the body travels; stops shorter than the setting count as moving.
        walking: whether it walks while moving.
    """

    speed_mps: FloatArray
    cadence_spm: FloatArray
    moving: BoolArray
    walking: BoolArray


def modes(track: Track, settings: DetectSettings) -> Modes:
    """Tell running, walking and standing apart by speed and steps.

    The walk-run change is near 1.6-1.9 m/s and 140 steps/min (docs/detection.md); both count.
    """
    speed = _speed(track)
    cadence = track.column("cadence_spm")
    with np.errstate(invalid="ignore"):  # a pod that drops out says 0 at full speed
        cadence = np.where((cadence < 30) & (speed > 1.0), np.nan, cadence)
    still = (speed < settings.still_mps) | track.flags["paused"]
    still = without_short(still, value=True, seconds=settings.still_s)
    still = without_short(still, value=False, seconds=3)
    score = (speed - settings.walk_mps) / 0.3
    steps = (cadence - settings.walk_spm) / 10
    score = mean_around(score + np.where(np.isfinite(steps), np.clip(steps, -3, 3), 0.0), 4)
    walking = without_short(score < 0, value=True, seconds=settings.gait_s)
    walking = without_short(walking, value=False, seconds=settings.gait_s)
    return Modes(speed, cadence, ~still, walking & ~still)


def _speed(track: Track) -> FloatArray:
    """Speed without holes: across a gap of the position, the distance between its ends."""
    speed = track.column("ground_speed_mps")
    hole = ~np.isfinite(speed)
    if not hole.any():
        return speed
    across = np.zeros(speed.size)
    x_m, y_m = track.column("x_m"), track.column("y_m")
    known = np.flatnonzero(np.isfinite(x_m) & np.isfinite(y_m))
    if known.size > 1:
        apart_m = np.hypot(np.diff(x_m[known]), np.diff(y_m[known]))
        mean_mps = apart_m / np.diff(known)
        after = np.searchsorted(known, np.arange(speed.size), side="left")
        inside = (after > 0) & (after < known.size)
        across[inside] = mean_mps[after[inside] - 1]
    return np.where(hole, np.minimum(across, 12.0), speed)
