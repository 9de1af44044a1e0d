"""Runs and running means of series of seconds, and the probability of a state over time."""

import numpy as np
import numpy.typing as npt

from retrorun import arithmetic
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
    total = sum_around(np.where(known, values, 0.0), half)
    count = sum_around(known.astype(np.float64), half)
    mean: FloatArray = np.full(values.size, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def sum_around(values: FloatArray, half: int) -> FloatArray:
    """Sum of the values, none of them missing, within ``half`` seconds of each second, (n,)."""
    size = values.size
    running = np.zeros(size + 1)
    np.cumsum(values, out=running[1:])
    reach = min(half, size)
    found = np.full(size, running[-1])
    found[: size - reach] = running[reach + 1 :]
    found[reach:] -= running[: size - reach]
    return found


def backward_probability(
    evidence: FloatArray, onset: FloatArray, ending: FloatArray, prior: float
) -> FloatArray:
    """Probability of backward running for each second, (n,).

    Args:
        evidence: (n,) log-likelihood ratio of each second, positive for backward.
        onset: (n,) probability that backward running begins between second i - 1 and i.
        ending: (n,) probability that it ends there.
        prior: probability of backward running before the first second.

    For two states the recursions need one number a second, the odds; each step is a Möbius
    transform of the odds before it (Rabiner 1989, equations 19-25, divided through).
    """
    if evidence.size == 0:
        return np.empty(0)
    bound = arithmetic.MOST_LOG_ODDS
    weight = arithmetic.exp(np.clip(evidence, -bound, bound))
    first = prior / (1.0 - prior) * float(weight[0])
    given, into, out = weight[1:], onset[1:], ending[1:]
    onward, back = 1.0 - out, 1.0 - into
    past = _carried(first, given * onward, given * into, out, back)
    # Of what follows: given backward against given forward.
    later = (each[::-1] for each in (given * onward, out, given * into, back))
    future = _carried(1.0, *later)
    joint = np.array(past) * np.array(future[::-1])
    return np.asarray(joint / (1.0 + joint), dtype=np.float64)


def _carried(
    odds: float, kept: FloatArray, gained: FloatArray, lost: FloatArray, rest: FloatArray
) -> list[float]:
    """Odds, and step by step what (odds · kept + gained) / (odds · lost + rest) makes of them.

    Plain loops over floats: one step costs less than any call would.
    """
    found = [odds]
    columns = (each.tolist() for each in (kept, gained, lost, rest))
    for stays, comes, goes, remains in zip(*columns, strict=True):
        odds = (odds * stays + comes) / (odds * goes + remains)
        found.append(odds)
    return found
