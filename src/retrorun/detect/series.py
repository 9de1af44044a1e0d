"""Runs of equal values in a series of seconds, and windows over it."""

import numpy as np
import numpy.typing as npt

from retrorun.units import BoolArray, FloatArray, IntArray


def runs(values: npt.NDArray[np.generic]) -> tuple[IntArray, IntArray]:
    """Starts and ends (half-open) of the maximal runs of equal values, in order."""
    if values.size == 0:
        none = np.zeros(0, dtype=np.int64)
        return none, none
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    starts = np.concatenate(([0], edges)).astype(np.int64)
    return starts, np.concatenate((edges, [values.size])).astype(np.int64)


def without_short(flag: BoolArray, value: bool, seconds: int) -> BoolArray:  # noqa: FBT001 - a value
    """Turn over the runs of ``value`` that last less than ``seconds``."""
    starts, ends = runs(flag)
    short = (flag[starts] == value) & (ends - starts < seconds) if flag.size else np.zeros(0, bool)
    return np.asarray(flag ^ np.repeat(short, ends - starts), dtype=bool)


def mean_around(values: FloatArray, half: int) -> FloatArray:
    """Mean of the numbers within ``half`` seconds of each second, (n,); NaN where there is none."""
    known = np.isfinite(values)
    total = _sum_around(np.where(known, values, 0.0), half)
    count = _sum_around(known.astype(np.float64), half)
    mean: FloatArray = np.full(values.size, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def _sum_around(values: FloatArray, half: int) -> FloatArray:
    running = np.concatenate(([0.0], np.cumsum(values)))
    here = np.arange(values.size)
    high = np.minimum(here + half + 1, values.size)
    return np.asarray(running[high] - running[np.maximum(here - half, 0)], dtype=np.float64)
