"""Conversions, and the arithmetic of angles.

All angles are degrees clockwise from north in [0, 360); differences are in [-180, 180).
"""

from typing import Any, overload

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius
JOULE_PER_KCAL = 4184.0  # thermochemical calorie
METRE_PER_MILE = 1609.344
FOOT_PER_METRE = 1 / 0.3048


@overload
def wrap_deg(angle_deg: float) -> float: ...
@overload
def wrap_deg(angle_deg: FloatArray) -> FloatArray: ...
def wrap_deg(angle_deg: Any) -> Any:
    """Bring an angle or angles, in degrees, into [-180, 180)."""
    turned = angle_deg + 180.0
    if not isinstance(turned, np.ndarray) or not turned.size:
        return turned % 360.0 - 180.0
    low, high = np.fmin.reduce(turned, axis=None), np.fmax.reduce(turned, axis=None)
    if not (low >= -360.0 and high < 720.0):
        return turned % 360.0 - 180.0
    if high >= 360.0:  # the same as the remainder, which costs ten times as much
        turned -= (turned >= 360.0) * 360.0
    if low < 0.0:
        turned += (turned < 0.0) * 360.0
    turned -= 180.0
    return turned


def difference_deg(first_deg: FloatArray, second_deg: FloatArray) -> FloatArray:
    """Smallest signed turn from ``second`` to ``first``, degrees in [-180, 180)."""
    return wrap_deg(first_deg - second_deg)


def pace_s_per_km(speed_mps: float | None) -> float | None:
    """Seconds per kilometre at a speed in m/s; None where there is no speed."""
    return 1000.0 / speed_mps if speed_mps and speed_mps > 0 else None
