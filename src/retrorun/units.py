"""Conversions, the arithmetic of angles, the runs of a flag, and lines through samples.

All angles are degrees clockwise from north in [0, 360); differences are in [-180, 180).
"""

import math
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius
JOULE_PER_KCAL = 4184.0  # thermochemical calorie
METRE_PER_MILE = 1609.344
METRE_PER_YARD = 0.9144
METRE_PER_MARATHON = 42_195.0
METRE_PER_FOOT = 0.3048
FOOT_PER_METRE = 1 / METRE_PER_FOOT
MPS_PER_KMH = 1 / 3.6
MPS_PER_MPH = 0.44704
HOUR_S = 3600.0
DAY_S = 86_400.0
WEEK_S = 7 * DAY_S


@overload
def wrap_deg(angle_deg: float) -> float: ...
@overload
def wrap_deg(angle_deg: FloatArray) -> FloatArray: ...
def wrap_deg(angle_deg: Any) -> Any:
    """Bring an angle or angles, in degrees, into [-180, 180)."""
    return compass_deg(angle_deg + 180.0) - 180.0


@overload
def compass_deg(angle_deg: float) -> float: ...
@overload
def compass_deg(angle_deg: FloatArray) -> FloatArray: ...
def compass_deg(angle_deg: Any) -> Any:
    """Bring an angle or angles, in degrees, into [0, 360)."""
    if not isinstance(angle_deg, np.ndarray) or not angle_deg.size:
        return angle_deg % 360.0
    # Angles are mostly within a turn of that range. The remainder costs ten times as much, and a
    # hundred times for NaN.
    low, high = np.fmin.reduce(angle_deg, axis=None), np.fmax.reduce(angle_deg, axis=None)
    if low < -360.0 or high >= 720.0:
        return angle_deg % 360.0
    found = angle_deg
    if high >= 360.0:
        found = found - (found >= 360.0) * 360.0
    if low < 0.0:
        found = found + (found < 0.0) * 360.0
    return found + 0.0  # never -0.0, nor the array that was given


def difference_deg(first_deg: FloatArray, second_deg: FloatArray) -> FloatArray:
    """Smallest signed turn from ``second`` to ``first``, degrees in [-180, 180)."""
    return wrap_deg(first_deg - second_deg)


def true_edges(flag: BoolArray) -> tuple[IntArray, IntArray]:
    """Starts and ends (half-open) of the maximal runs in which a flag (n,) is true, in order."""
    held = np.zeros(flag.size + 2, dtype=np.bool_)
    held[1:-1] = flag
    edges = (held[1:] != held[:-1]).nonzero()[0]
    return edges[::2], edges[1::2]


def true_runs(flag: BoolArray) -> list[tuple[int, int]]:
    """The same, as one pair of numbers a run."""
    starts, ends = true_edges(flag)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def whole(value: float) -> int:
    """The nearest whole number, halves upward: as the scripts of pages round."""
    return math.floor(value + 0.5)


def clock(seconds: float) -> str:
    """Such as ``6:20`` or ``1:02:03``; rounded to whole seconds."""
    minutes, second = divmod(whole(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def pace_s_per_km(speed_mps: float | None) -> float | None:
    """Seconds per kilometre at a speed in m/s; None where there is no speed."""
    return 1000.0 / speed_mps if speed_mps and speed_mps > 0 else None


def means_beside(values: FloatArray, middle: IntArray, half: int) -> FloatArray:
    """Means of the values (m,) over so many places before and after each of ``middle``, (n,)."""
    total = np.concatenate((np.zeros(1), np.cumsum(values)))
    first, last = (np.clip(each, 0, values.size) for each in (middle - half, middle + half))
    return np.asarray((total[last] - total[first]) / np.maximum(last - first, 1))


def without_short(where: BoolArray, time_s: FloatArray, least_s: float) -> BoolArray:
    """Only the unbroken stretches that last."""
    first, last = true_edges(where)
    short = time_s[last - 1] - time_s[first] < least_s
    changes = np.zeros(where.size + 1)
    np.add.at(changes, first[short], 1.0)
    np.add.at(changes, last[short], -1.0)
    return where & (np.cumsum(changes[:-1]) < 0.5)


def samples_around(known: IntArray, span: int) -> tuple[IntArray, IntArray]:
    """The known samples some places before and after each known one."""
    place = np.arange(known.size)
    last = max(known.size - 1, 0)
    return known[np.maximum(place - span, 0)], known[np.minimum(place + span, last)]


def carried_on(values: FloatArray, seconds: int) -> FloatArray:
    """Values carried on over holes of so many seconds; 0 in longer ones."""
    known = np.isfinite(values)
    last = np.maximum.accumulate(np.where(known, np.arange(values.size), -1))
    near = (last >= 0) & (np.arange(values.size) - last <= seconds)
    return np.where(near, values[np.maximum(last, 0)], 0.0)


def mean_of_known(columns: Sequence[FloatArray]) -> FloatArray:
    """Mean of the columns, (n,), of those that are known in each second."""
    known = [np.isfinite(each) for each in columns]
    count = np.sum(known, axis=0)
    total = np.sum([np.where(k, each, 0.0) for k, each in zip(known, columns, strict=True)], axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def line_within(
    time_s: FloatArray, values: FloatArray, first: IntArray, last: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Least-squares lines through ``values[first:last]``, (k,): value at time 0, and slope."""

    def sums(column: FloatArray) -> FloatArray:
        total = np.concatenate(([0.0], np.cumsum(column)))
        return np.asarray(total[last] - total[first])

    count = np.maximum(last - first, 1)
    time, value = sums(time_s) / count, sums(values) / count
    spread = sums(time_s * time_s) / count - time * time
    slope = (sums(time_s * values) / count - time * value) / np.maximum(spread, 1e-9)
    return value - slope * time, slope


def through_changes(
    time_s: FloatArray, cells: FloatArray, across: FloatArray, most_bend: float
) -> FloatArray:
    """A smooth curve through the moments at which a rounded value changes, (n,).

    Between two samples that differ, the value passed the middle between both; that is known better
    than any sample. The curve is a cubic Hermite spline through these moments and both ends, whose
    slopes are those of the parabola through three of them (de Boor, A Practical Guide to Splines,
    1978, chapter IV). It stays within what each sample was rounded from. Where it would bend by
    more than ``most_bend``, because the value stood still for long, it is a straight line. Where
    the value goes back while the one across it stays, somebody turned about at once: there the
    lines before and behind lead on to a corner.

    Args:
        time_s: (n,) rising.
        cells: (n,) the value in steps of its rounding, whole but for a constant.
        across: (n,) the other coordinate in such steps.
        most_bend: how far, in such steps, an end's slope may lead from the line over an interval.
    """
    changes = np.flatnonzero(np.diff(cells) != 0)
    if not changes.size:
        return cells.copy()
    knot_s, knot = (
        np.concatenate((each[:1], (each[changes] + each[changes + 1]) / 2, each[-1:]))
        for each in (time_s, cells)
    )
    apart_s = np.diff(knot_s)
    rise = np.diff(knot) / apart_s
    inner = (rise[:-1] * apart_s[1:] + rise[1:] * apart_s[:-1]) / (apart_s[1:] + apart_s[:-1])
    slope = np.concatenate((rise[:1], inner, rise[-1:]))
    low = np.clip(np.searchsorted(knot_s, time_s, side="right") - 1, 0, apart_s.size - 1)
    width_s = apart_s[low]
    along = (time_s - knot_s[low]) / width_s
    back = 1.0 - along
    line = back * knot[low] + along * knot[low + 1]
    bend = back * (slope[low] - rise[low]) - along * (slope[low + 1] - rise[low])
    off = np.maximum(np.abs(slope[:-1] - rise), np.abs(slope[1:] - rise)) * apart_s
    curve = line + along * back * width_s * bend
    before, after = np.maximum(np.arange(rise.size) - 1, 0), np.arange(rise.size) + 1
    other = across[np.minimum(np.searchsorted(time_s, knot_s), time_s.size - 1)]
    stays = np.abs(other[np.minimum(after + 1, rise.size)] - other[before]) <= 1
    corner = (rise == 0) & (slope[:-1] * slope[1:] < 0) & stays
    steep = np.abs(rise)
    to, back_from = steep[before][low], steep[np.minimum(after, rise.size - 1)][low]
    off_line = np.sign(slope[low]) * width_s * np.minimum(to * along, back_from * back)
    curve = np.where(corner[low], line + off_line, curve)
    curve = np.where(off[low] > most_bend, line, curve)
    return np.clip(curve, cells - 0.5, cells + 0.5)
