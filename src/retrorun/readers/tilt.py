"""Heading from a magnetometer and an accelerometer, whatever way the device is held."""

import numpy as np

from retrorun import arithmetic
from retrorun.units import FloatArray

_STEADY_S = 5  # gravity is what the accelerometer shows on average over this long
_FEWEST = 10
_LEVEL = 0.7  # an axis less than 45° from the horizon


def tilt_compensated_deg(field: FloatArray, acceleration: FloatArray) -> FloatArray | None:
    """(n,) degrees clockwise from magnetic north of one of the device's axes.

    With ``up`` the mean acceleration (an accelerometer at rest shows the reaction to gravity),
    north is the part of the field that is level, and east = north × up. An axis ``a`` of the
    device points to ``atan2(east·a, north·a)``. The y axis (the upper edge of a watch or phone)
    is taken if it is level, else x, else z; which one adds a constant, as the mount does.
    No filter with a gyroscope is needed: gravity is averaged over seconds.

    Args:
        field: (n, 3) magnetic field, 1 Hz, calibrated, in any unit.
        acceleration: (n, 3) at the same times and in the same axes, in any unit.

    Returns:
        None where there are fewer than ten samples or no axis stays level.
    """
    held = np.isfinite(field).all(axis=1) & np.isfinite(acceleration).all(axis=1)
    if held.sum() < _FEWEST:
        return None
    up = _unit(_smoothed(acceleration[held]))
    level = field[held] - (field[held] * up).sum(axis=1, keepdims=True) * up
    north = _unit(level)
    east = np.cross(north, up)
    lengths = arithmetic.hypot(north, east).mean(axis=0)  # how level each axis is
    axis = next((axis for axis in (1, 0, 2) if lengths[axis] > _LEVEL), None)
    if axis is None:
        return None
    heading = np.full(len(field), np.nan)
    heading[held] = np.degrees(arithmetic.arctan2(east[:, axis], north[:, axis])) % 360.0
    return heading


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.where(length > 0, length, np.nan), dtype=np.float64)


def _smoothed(vectors: FloatArray) -> FloatArray:
    """Running mean; near the ends over as many as there are."""
    half = _STEADY_S // 2
    sums = np.vstack([np.zeros((1, 3)), np.cumsum(vectors, axis=0)])
    index = np.arange(len(vectors))
    first, last = np.maximum(index - half, 0), np.minimum(index + half + 1, len(vectors))
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, None], dtype=np.float64)
