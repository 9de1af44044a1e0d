"""How a phone is held and turned, by its own sensors: axes of the earth, means around a time."""

import numpy as np

from retrorun.units import BoolArray, FloatArray

_HALF_WINDOW_S = 0.5
_EARTH_UT = (22.0, 67.0)  # weakest and strongest field of the earth, microtesla (IGRF-13)
_STEEP = 0.6  # sine of the least dip that tells up from down
_DIPS_DEG = 20.0  # farther from the equator the earth's field points clearly down, or up


def rotation(
    w: FloatArray, x: FloatArray, y: FloatArray, z: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """East, north and up as the device sees them, (n, 3) each: rows of the matrix of rotation."""
    east = (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y))
    north = (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x))
    up = (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y))
    found = [np.stack(each, axis=1) for each in (east, north, up)]
    return found[0], found[1], found[2]


def upward(gravity: FloatArray, field: FloatArray, latitude_deg: float) -> FloatArray:
    """(n, 3) gravity with the sign of the reaction to it, which points up.

    An iPhone writes it the other way round, unless the log is standardised, and a heading from it
    would be mirrored. The earth's field points down in the north and up in the south.
    """
    held = np.isfinite(gravity).all(axis=1) & np.isfinite(field).all(axis=1)
    strong = np.sqrt(np.square(field[held]).sum(axis=1))
    if abs(latitude_deg) < _DIPS_DEG or not held.any():
        return gravity
    if not _EARTH_UT[0] <= float(np.median(strong)) <= _EARTH_UT[1]:
        return gravity  # iron hides the earth's field, and with it where it points
    upward = (gravity[held] * field[held]).sum(axis=1)
    rise = float(np.median(upward / strong / np.sqrt(np.square(gravity[held]).sum(axis=1))))
    steep = abs(rise) > _STEEP
    return -gravity if steep and rise * latitude_deg > 0 else gravity


def means(at_s: FloatArray, time_s: FloatArray, values: FloatArray) -> tuple[FloatArray, BoolArray]:
    """(n,) means of what lies within half a second of each time, NaN where nothing does."""
    held = np.isfinite(time_s) & np.isfinite(values)
    rank = np.argsort(time_s[held], kind="stable")
    times, kept = time_s[held][rank], values[held][rank]
    sums = np.concatenate([np.zeros(1), np.cumsum(kept)])
    first = np.searchsorted(times, at_s - _HALF_WINDOW_S)
    last = np.searchsorted(times, at_s + _HALF_WINDOW_S, side="right")
    count = last - first
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, (sums[last] - sums[first]) / count, np.nan)
    return mean, count > 0
