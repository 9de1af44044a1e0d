"""Runs and running means of series of seconds, an axis that drifts, and a state's probability."""

from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import structs

from retrorun import arithmetic
from retrorun.arithmetic import product
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray, wrap_deg

_BLOCK, _SCALED = 2**4, 2**3  # steps that are multiplied one after another, and how often scaled


def runs(values: npt.NDArray[np.generic]) -> tuple[IntArray, IntArray]:
    """Starts and ends (half-open) of the maximal runs of equal values, in order."""
    if values.size == 0:
        none = np.zeros(0, dtype=np.int64)
        return none, none
    edges = (values[1:] != values[:-1]).nonzero()[0]
    starts, ends = np.empty((2, edges.size + 1), dtype=np.int64)
    starts[0], ends[-1] = 0, values.size
    np.add(edges, 1, out=starts[1:])
    ends[:-1] = starts[1:]
    return starts, ends


def each_run(values: npt.NDArray[np.generic]) -> list[tuple[int, int]]:
    """Start and end (half-open) of each maximal run of equal values, in order."""
    starts, ends = runs(values)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def stands(values: FloatArray, seconds: int) -> BoolArray:
    """Whether the very same value stands for ``seconds`` or longer, (n,)."""
    starts, ends = runs(values)
    return np.repeat(ends - starts >= seconds, ends - starts)


def replayed(east_m: FloatArray, north_m: FloatArray, seconds: int) -> BoolArray:
    """Seconds that go through the very positions of before, in order, for ``seconds``, (n,).

    No receiver errs twice alike, so they are a copy; not so a place that lasts.
    """
    one_number = np.sort(east_m + np.pi * north_m)  # equal where both are: a quick first look
    if np.count_nonzero(np.diff(one_number) == 0.0) < seconds:
        return np.zeros(east_m.size, dtype=np.bool_)
    order = np.lexsort((east_m, north_m))  # stable
    same = (np.diff(east_m[order]) == 0.0) & (np.diff(north_m[order]) == 0.0)
    lag_s = np.zeros(order.size, dtype=np.int64)
    lag_s[order[1:][same]] = np.diff(order)[same]
    starts, ends = runs(lag_s)
    again = (lag_s[starts] > 1) & (ends - starts >= seconds)
    return np.repeat(again, ends - starts)


def without_short(flag: BoolArray, value: bool, seconds: int) -> BoolArray:  # noqa: FBT001 - a value
    """Turn over the runs of ``value`` that last less than ``seconds``."""
    starts, ends = runs(flag)
    lasted = ends - starts
    short = (flag[starts] == value) & (lasted < seconds) if flag.size else np.zeros(0, bool)
    return flag ^ np.repeat(short, lasted) if short.any() else flag.astype(np.bool_)


def held_share(heading_deg: FloatArray, settings: DetectSettings) -> float:
    """Share of the seconds that bring no new value: the last one stays, or a line is drawn on."""
    known = heading_deg[np.isfinite(heading_deg)]
    if known.size < settings.held_least_s:
        return 1.0
    step = wrap_deg(np.diff(known))
    same, drawn = np.abs(step[1:]) < 1e-6, np.abs(np.diff(step)) < 1e-6
    return float((same | drawn).mean())


def stale(heading_deg: FloatArray, settings: DetectSettings) -> BoolArray:
    """Seconds whose smoothed heading holds a value that stands, (n,)."""
    old = stands(heading_deg, settings.follows_stands_s).astype(np.float64)
    return sum_around(old, settings.heading_half_s + 1) > 0.0


def known_mean(values: FloatArray) -> float:
    """Mean of some numbers (n,), the missing ones (NaN) left out; one at least is there."""
    missing = np.isnan(values)
    lost = np.count_nonzero(missing)
    total = np.add.reduce(np.where(missing, 0.0, values) if lost else values)
    return float(total) / (values.size - lost)


def mean_around(values: FloatArray, half: int) -> FloatArray:
    """Mean of the numbers within ``half`` seconds of each second, (n,); NaN where there is none."""
    known = np.isfinite(values)
    total = sum_around(np.where(known, values, 0.0), half)
    count = sum_around(known.astype(np.float64), half)
    mean: FloatArray = np.full(values.size, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def sum_around(values: FloatArray, half: int) -> FloatArray:
    """Sum of the values, none of them missing, within ``half`` seconds of each, (n,) or (k, n)."""
    size = values.shape[-1]
    running = np.zeros((*values.shape[:-1], size + 1))
    np.cumsum(values, axis=-1, out=running[..., 1:])
    reach = min(half, size)
    found = np.empty(values.shape)
    found[..., : size - reach] = running[..., reach + 1 :]
    found[..., size - reach :] = running[..., -1:]
    found[..., reach:] -= running[..., : size - reach]
    return found


def without_drift(
    delta_deg: FloatArray, usable: BoolArray, mount: IntArray, settings: DetectSettings
) -> tuple[FloatArray, IntArray]:
    """Heading minus course, (n,), less a drifting zero, and the number of the mount, (n,).

    NaN where the zero is not known: near a second at which its drift does not go on.

    Offset and slope are fitted together in windows of minutes, in doubled angles, so that backward
    seconds count as forward ones. Another mount begins, too, where nothing is usable for long, and
    where the lines of neighbouring windows do not go on from each other: from there on the sides of
    the axis may have changed places.
    """
    starts, ends = runs(usable)
    silent = ~usable[starts] & (starts > 0) & (ends - starts >= settings.drift_silent_s)
    begins = np.zeros(usable.size, dtype=np.int64)
    begins[ends[silent & (ends < usable.size)]] = 1
    begins[1:] += np.diff(mount) > 0
    straight = delta_deg.copy()
    for first, last in each_run(np.cumsum(begins > 0)):
        here = slice(first, last)
        axis, breaks = _drifting_axis(delta_deg[here], usable[here], settings)
        unsure = sum_around(breaks.astype(np.float64), settings.drift_unsure_s) > 0
        straight[here] = np.where(unsure, np.nan, wrap_deg(delta_deg[here] - axis))
        begins[here] |= breaks
    return straight, np.cumsum(begins > 0)


class _Line(msgspec.Struct, frozen=True):
    """The axis of one window: an angle in its middle, and how fast it drifts."""

    middle_s: float
    angle_deg: float
    slope_dps: float

    def at(self, second: FloatArray) -> FloatArray:
        """Degrees at each of these seconds."""
        return self.angle_deg + self.slope_dps * (second - self.middle_s)

    def going_on_from(self, before: "_Line", second: float) -> "tuple[_Line, float]":
        """The same axis by its end nearer to a line before it, and how many degrees they part."""
        there = np.array([second])
        step_deg = float((self.at(there) - before.at(there))[0])
        apart_deg = wrap_deg(2.0 * step_deg) / 2.0
        return structs.replace(self, angle_deg=self.angle_deg - step_deg + apart_deg), abs(
            apart_deg
        )


def _drifting_axis(
    delta_deg: FloatArray, usable: BoolArray, settings: DetectSettings
) -> tuple[FloatArray, IntArray]:
    """The axis, (n,) degrees, of one mount, and 1 where it does not go on, (n,)."""
    axis, breaks = np.zeros(usable.size), np.zeros(usable.size, dtype=np.int64)
    lines = _lines(np.where(usable, delta_deg, np.nan), settings)
    middles = [each.middle_s for each in lines]
    edges = [0, *(round((one + other) / 2.0) for one, other in pairwise(middles)), usable.size]
    before: _Line | None = None
    for each, (first, last) in zip(lines, pairwise(edges), strict=False):
        line, apart_deg = (each, 0.0) if before is None else each.going_on_from(before, first)
        axis[first:last] = line.at(np.arange(first, last, dtype=np.float64))
        breaks[first] = apart_deg > settings.drift_apart_deg
        before = line
    return axis, breaks


def _lines(delta_deg: FloatArray, settings: DetectSettings) -> list[_Line]:
    """The axis in those windows that hold enough, at the slope that best gathers doubled angles.

    ``delta_deg`` (n,) is NaN where it is not usable.
    """
    width = min(settings.drift_window_s, delta_deg.size)
    last = delta_deg.size - width
    starts = np.unique(np.append(np.arange(0, last, settings.drift_hop_s), last))
    sine, cosine = arithmetic.sine_cosine(np.radians(2.0 * np.nan_to_num(delta_deg)))
    known = np.isfinite(delta_deg)
    held, sines, cosines = (
        np.lib.stride_tricks.sliding_window_view(each, width)[starts]
        for each in (known.astype(np.float64), sine * known, cosine * known)
    )
    most = settings.drift_most_dps
    slopes = np.arange(-most, most + settings.drift_step_dps / 2.0, settings.drift_step_dps)
    middle = (width - 1) / 2.0
    turned = np.radians(2.0 * (np.arange(width) - middle)[:, None] * slopes)
    across, along = arithmetic.sine_cosine(turned.ravel())
    across, along = across.reshape(turned.shape), along.reshape(turned.shape)
    east = product(cosines, along) + product(sines, across)
    north = product(sines, along) - product(cosines, across)
    best = np.argmax(np.square(east) + np.square(north), axis=1)
    row = np.arange(starts.size)
    angles = np.degrees(arithmetic.arctan2(north[row, best], east[row, best])) / 2.0
    enough = held.sum(axis=1) >= min(settings.drift_least_s, width)
    return [
        _Line(float(starts[at] + middle), float(angles[at]), float(slopes[best[at]]))
        for at in np.flatnonzero(enough)
    ]


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
    stay, leave, remain = given * (1.0 - out), given * into, 1.0 - into
    # Of what follows: given backward against given forward, from the end on.
    steps = np.array([((stay, leave), (out, remain)), ((stay, out), (leave, remain))])
    steps[1] = steps[1, ..., ::-1]
    past, future = _carried((first, 1.0), steps)
    joint = past * future[::-1]
    return np.asarray(joint / (1.0 + joint), dtype=np.float64)


def _carried(odds: tuple[float, float], steps: FloatArray) -> FloatArray:
    """Odds of two series, and what each step in turn makes of them, (2, n + 1).

    A step makes (odds · kept + gained) / (odds · lost + rest) of the odds, as the matrix of these
    four does of a vector. The matrices within a block are multiplied first, all blocks side by
    side; then the odds go from block to block (a scan in two passes, Blelloch 1990).

    Args:
        odds: of each series before its first step.
        steps: the matrices, (series, row, column, n), without negative numbers.
    """
    count = steps.shape[-1]
    blocks = max(-(-count // _BLOCK), 1)
    chained = _chained(steps, blocks)
    whole = chained[-1].reshape(-1, 2, blocks).T.swapaxes(0, 1).tolist()
    starts: list[float] = []
    for now, each in zip(odds, whole, strict=True):
        for kept, gained, lost, rest in each:
            starts.append(now)
            now = (now * kept + gained) / (now * lost + rest)  # noqa: PLW2901 - it is carried on
    begin = np.array(starts)
    found = chained[:, 0, 0] * begin + chained[:, 0, 1]
    found /= chained[:, 1, 0] * begin + chained[:, 1, 1]
    after = found.reshape(_BLOCK, 2, blocks).transpose(1, 2, 0).reshape(2, -1)[:, :count]
    return np.concatenate((np.array(odds)[:, None], after), axis=1)


def _chained(steps: FloatArray, blocks: int) -> FloatArray:
    """The matrices of ``_carried``, each after all those before it in its block.

    Only their shares matter, so they are scaled now and then to stay far from overflow.

    Returns:
        (place in the block, row, column, series and block).
    """
    padded = np.zeros((2, 2, 2, blocks * _BLOCK))
    padded[:, (0, 1), (0, 1), steps.shape[-1] :] = 1.0  # steps that change nothing
    padded[..., : steps.shape[-1]] = steps
    chained = np.moveaxis(padded.reshape(2, 2, 2, blocks, _BLOCK), (-1, 0), (0, -2))
    chained = np.ascontiguousarray(chained).reshape(_BLOCK, 2, 2, 2 * blocks)
    for place in range(1, _BLOCK):
        step, before = chained[place], chained[place - 1]
        joined = step[:, 0, None] * before[0]
        joined += step[:, 1, None] * before[1]
        if place % _SCALED == 0:
            joined /= joined.max(axis=(0, 1))
        chained[place] = joined
    return chained
