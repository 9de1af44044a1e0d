"""How a phone is held and turned, by its own sensors.

Gravity tells when it was handled, gyroscope and gravity by how much it turned about the vertical,
and with the library ``vqf`` a heading whose north is unknown. Vectors are in the device's axes: x
to the right, y to the upper edge, z out of the screen; rotation is right-handed.
"""

import math
import operator
from collections import deque
from collections.abc import Sequence

import msgspec
import numpy as np

from retrorun import arithmetic
from retrorun.readers.heading_sources import MOUNT_NAME
from retrorun.settings import ReadLimits
from retrorun.units import BoolArray, FloatArray, IntArray, true_runs, wrap_deg

NO_TIMES = np.empty(0)  # no time
_HALF_WINDOW_S = 0.5  # headings and vectors are averaged over so long before and after a time
_LARGEST_VALUE = 1e6  # in any unit: larger numbers are no measurement
MOST_OVERSAMPLING = 4  # evenly sampled, a sensor may have so many times as many samples
_USUAL_RATE_S = 10.0  # over so long, in which the body sways to and fro, a rate of turn is bias
_STEADY_S = 5  # gravity is what the accelerometer shows on average over this long
_FEWEST_SAMPLES = 10
_LEAST_LEVEL = 0.7  # an axis less than 45° from the horizon
_EARTH_UT = (22.0, 67.0)  # weakest and strongest field of the earth, microtesla (IGRF-13)
_LEAST_DIP_SINE = 0.6  # sine of the least dip that tells up from down
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
    heavy, strong = (np.sqrt(np.square(each).sum(axis=1)) for each in (gravity, field))
    held = (heavy > 0) & (strong > 0)  # and no number is missing
    heavy, strong = heavy[held], strong[held]
    if abs(latitude_deg) < _DIPS_DEG or not held.any():
        return gravity
    if not _EARTH_UT[0] <= float(np.median(strong)) <= _EARTH_UT[1]:
        return gravity  # iron hides the earth's field, and with it where it points
    upward = (gravity[held] * field[held]).sum(axis=1)
    rise = float(np.median(upward / strong / heavy))
    steep = abs(rise) > _LEAST_DIP_SINE
    return -gravity if steep and rise * latitude_deg > 0 else gravity


def means_around(at_s: FloatArray, time_s: FloatArray, values: FloatArray) -> FloatArray:
    """(n,) means of what lies within half a second of each time, NaN where nothing does."""
    held = np.isfinite(time_s) & np.isfinite(values)
    rank = np.argsort(time_s[held], kind="stable")
    times, kept = time_s[held][rank], values[held][rank]
    sums = np.concatenate([np.zeros(1), np.cumsum(kept)])
    first = np.searchsorted(times, at_s - _HALF_WINDOW_S)
    last = np.searchsorted(times, at_s + _HALF_WINDOW_S, side="right")
    count = last - first
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, (sums[last] - sums[first]) / count, np.nan)


def mean_heading_deg(at_s: FloatArray, time_s: FloatArray, heading_deg: FloatArray) -> FloatArray:
    """(n,) circular means of what lies within half a second, degrees; NaN where nothing does."""
    turn = np.radians(np.where(np.abs(heading_deg) < _LARGEST_VALUE, heading_deg, np.nan))
    east, north = (means_around(at_s, time_s, each) for each in arithmetic.sine_cosine(turn))
    return np.asarray(np.degrees(arithmetic.arctan2(east, north)) % 360.0, dtype=np.float64)


class Vectors(msgspec.Struct, frozen=True, eq=False):
    """A three-axis sensor: (m,) Unix seconds in any order and (m, 3) values, NaN where missing."""

    time_s: FloatArray
    axes: FloatArray

    @classmethod
    def of(cls, time_s: FloatArray, columns: Sequence[FloatArray]) -> "Vectors":
        """From the columns x, y and z, without what no sensor can show."""
        axes = np.stack(columns, axis=1)
        return cls(time_s, np.where(np.abs(axes) < _LARGEST_VALUE, axes, np.nan))

    def around(self, at_s: FloatArray) -> FloatArray:
        """(n, 3) means of what lies within half a second of each time, NaN where nothing does."""
        columns = [means_around(at_s, self.time_s, self.axes[:, axis]) for axis in range(3)]
        return np.stack(columns, axis=1)

    def in_order(self) -> "Vectors":
        """By time, without what is missing and without a second value of one time."""
        held = np.isfinite(self.time_s) & np.isfinite(self.axes).all(axis=1)
        time_s, first = np.unique(self.time_s[held], return_index=True)
        return Vectors(time_s, self.axes[held][first])


class Rotation(msgspec.Struct, frozen=True, eq=False):
    """Rotation of the device and the vertical, evenly sampled within each whole piece.

    Attributes:
        time_s: (m,) Unix seconds, rising.
        piece: (m,) number of the piece, from 0; between two pieces nothing was recorded.
        rate_radps: (m, 3) rotation about each axis.
        up: (m, 3) gravity in any unit, of the sign that was given.
        step_s: from one sample to the next.
    """

    time_s: FloatArray
    piece: IntArray
    rate_radps: FloatArray
    up: FloatArray
    step_s: float

    @property
    def begins_s(self) -> FloatArray:
        """When each piece but the first begins."""
        return self.time_s[1:][np.diff(self.piece) > 0]


def rotation_of(
    gyroscope: Vectors, gravity: Vectors, limits: ReadLimits, starts_s: FloatArray = NO_TIMES
) -> Rotation | None:
    """Gyroscope and gravity on common times; None where they share hardly any.

    Args:
        gyroscope: rad/s or °/s, of either sign: gravity tells which (``_unit_factor``).
        gravity: gravity or whole acceleration, of either sign.
        limits: how long a hole is.
        starts_s: when a new piece begins, whatever the hole before it.
    """
    turns, pull = gyroscope.in_order(), gravity.in_order()
    if pull.time_s.size < 2:
        return None
    turns = _without_holes_of(turns, pull, limits.sensor_hole_s)
    if turns.time_s.size < 2:
        return None
    step_s = max(float(np.median(np.diff(turns.time_s))), limits.sensor_step_s)
    edges = np.searchsorted(turns.time_s, np.sort(starts_s))
    grid_s, piece = _even_times(turns.time_s, step_s, limits.sensor_hole_s, edges)
    if not grid_s.size:
        return None
    rate, up = (_between(each, grid_s) for each in (turns, pull))
    return Rotation(grid_s, piece, rate * _unit_factor(rate, up, piece, step_s, limits), up, step_s)


def _without_holes_of(turns: Vectors, pull: Vectors, hole_s: float) -> Vectors:
    """Samples of the first outside holes of the second, without what hangs; 0 may be rest."""
    after = np.clip(np.searchsorted(pull.time_s, turns.time_s), 1, pull.time_s.size - 1)
    held = pull.time_s[after] - pull.time_s[after - 1] <= hole_s
    held &= (turns.time_s >= pull.time_s[0]) & (turns.time_s <= pull.time_s[-1])
    held[1:] &= (np.diff(turns.axes, axis=0) != 0).any(axis=1) | ~turns.axes[1:].any(axis=1)
    return Vectors(turns.time_s[held], turns.axes[held])


def _even_times(
    time_s: FloatArray, step_s: float, hole_s: float, edges: IntArray
) -> tuple[FloatArray, IntArray]:
    """Even times within each piece, (m,), and the number of the piece, (m,).

    A piece ends at each hole and before each of the ``edges``, which are indices of times. Nothing,
    where there would be far more times than were given.
    """
    edges = np.concatenate([edges, np.flatnonzero(np.diff(time_s) > hole_s) + 1])
    first = np.unique(np.concatenate([[0], edges[edges < time_s.size]])).astype(np.int64)
    last = np.append(first[1:], time_s.size) - 1
    begin_s, lasts_s = (
        each[last > first] for each in (time_s[first], time_s[last] - time_s[first])
    )
    counts = np.floor(lasts_s / step_s) + 1.0
    if counts.sum() > MOST_OVERSAMPLING * time_s.size:
        return np.empty(0), np.empty(0, dtype=np.int64)
    sizes = counts.astype(np.int64)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(begin_s, sizes) + step_s * within, np.repeat(np.arange(sizes.size), sizes)


def _between(vectors: Vectors, at_s: FloatArray) -> FloatArray:
    columns = vectors.axes.T
    return np.stack([arithmetic.interpolate(at_s, vectors.time_s, each) for each in columns], 1)


def _unit_factor(
    rate: FloatArray, up: FloatArray, piece: IntArray, step_s: float, limits: ReadLimits
) -> float:
    """What turns the gyroscope's numbers into rad/s: 1 or π/180, negative for the other sign.

    Seen from the device the vertical turns the other way: du/dt = u × ω, whatever the sign of u.
    Both sides are averaged over a second. Where the device hardly tilts, the numbers are taken for
    rad/s, as both formats say.
    """
    half = max(1, round(_HALF_WINDOW_S / step_s))
    if len(up) <= 4 * half:
        return 1.0
    steady, turning = unit_vectors(_smooth(up, half)), _smooth(rate, half)
    moved = (steady[2:] - steady[:-2]) / (2.0 * step_s)
    expected = np.cross(steady, turning)[1:-1]
    held = (piece[2:] == piece[:-2]) & np.isfinite(moved).all(axis=1)
    both, alone, other = (
        float((one[held] * two[held]).sum())
        for one, two in ((moved, expected), (expected, expected), (moved, moved))
    )
    if abs(both) < limits.sensor_agreement * np.sqrt(alone * other) or alone == 0.0:
        return 1.0
    factor = both / alone
    is_degrees = abs(factor) < np.sqrt(np.pi / 180.0)
    return float(np.copysign(np.pi / 180.0 if is_degrees else 1.0, factor))


def _smooth(vectors: FloatArray, half: int) -> FloatArray:
    """Running mean over ``half`` samples on both sides, (m, 3); near the ends over fewer."""
    sums = np.vstack([np.zeros((1, 3)), np.cumsum(vectors, axis=0)])
    index = np.arange(len(vectors))
    first, last = np.maximum(index - half, 0), np.minimum(index + half + 1, len(vectors))
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, None], dtype=np.float64)


def unit_vectors(vectors: FloatArray) -> FloatArray:
    """(m, 3) of length 1, NaN where there is no direction."""
    length = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.where(length > 0, length, np.nan), dtype=np.float64)


def handling_s(gravity: Vectors, limits: ReadLimits) -> FloatArray:
    """Unix seconds, (k,), at which the device was taken out or put back: its tilt changed for long.

    Nobody tilts so by turning about. What it was tilted like before follows slow changes.
    """
    pull = gravity.in_order()
    seconds = np.unique(np.floor(pull.time_s)) + 0.5
    up = unit_vectors(_smooth(pull.around(seconds), limits.handling_half_s))
    known = np.isfinite(up).all(axis=1)
    near, share = float(arithmetic.cos(np.radians(limits.handling_deg))), limits.handling_follows
    found, since_s, held = list[float](), None, None
    for at_s, now in zip(seconds[known].tolist(), up[known].tolist(), strict=True):
        if held is None or sum(map(operator.mul, now, held)) >= near:
            held = now if held is None else _blended(held, now, share)
            since_s = None
        elif since_s is None:
            since_s = at_s
        elif at_s - since_s >= limits.handling_lasts_s:
            found.append(since_s)
            since_s, held = None, now
    return np.asarray(found, dtype=np.float64)


def moved_s(
    gravity: Vectors, heading: tuple[FloatArray, FloatArray], limits: ReadLimits
) -> FloatArray:
    """Unix seconds, (k,), of a tilt of a second or more beside which the heading turned about.

    A phone that goes from pocket to pocket is tilted on the way, an athlete who turns about is not.
    ``heading`` are times (n,) and degrees (n,).
    """
    pull = gravity.in_order()
    seconds = np.unique(np.floor(pull.time_s)) + 0.5
    pulled = pull.around(seconds)
    up, usual = unit_vectors(pulled), unit_vectors(_smooth(pulled, limits.moved_usual_s // 2))
    tilted = (up * usual).sum(axis=1) < float(arithmetic.cos(np.radians(limits.handling_deg)))
    spans = np.array(true_runs(tilted), dtype=np.int64).reshape(-1, 2)
    first_s, last_s = seconds[spans[:, 0]], seconds[spans[:, 1] - 1]
    reach_s = limits.turned_within_s / 2.0
    before, after = (mean_heading_deg(at, *heading) for at in (first_s - reach_s, last_s + reach_s))
    about = np.abs(wrap_deg(after - before)) >= limits.turned_about_deg
    return np.asarray(((first_s + last_s) / 2.0)[about], dtype=np.float64)


def _blended(held: list[float], now: list[float], share: float) -> list[float]:
    """The unit vector that lies so far on the way from one to the other."""
    mixed = [(1.0 - share) * one + share * other for one, other in zip(held, now, strict=True)]
    length = math.sqrt(sum(each * each for each in mixed))
    return [each / length for each in mixed]


def mount_numbers(at_s: FloatArray, begins_s: FloatArray) -> IntArray:
    """Which mount each time is of, (n,), counted from 0; each of ``begins_s`` begins another."""
    return np.searchsorted(np.sort(begins_s), at_s, side="right").astype(np.int64)


def mount_column(at_s: FloatArray, begins_s: FloatArray) -> dict[str, FloatArray]:
    """The column ``mount`` of a composed GPX, (n,); nothing where the mount stays one."""
    number = mount_numbers(at_s, begins_s)
    return {MOUNT_NAME: number.astype(np.float64)} if number.any() else {}


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
    if held.sum() < _FEWEST_SAMPLES:
        return None
    up = unit_vectors(_smooth(acceleration[held], _STEADY_S // 2))
    level = field[held] - (field[held] * up).sum(axis=1, keepdims=True) * up
    north = unit_vectors(level)
    east = np.cross(north, up)
    known = np.isfinite(north).all(axis=1)  # a sensor that starts may write zeros
    if known.sum() < _FEWEST_SAMPLES:
        return None
    lengths = arithmetic.hypot(north[known], east[known]).mean(axis=0)  # how level each axis is
    axis = next((axis for axis in (1, 0, 2) if lengths[axis] > _LEAST_LEVEL), None)
    if axis is None:
        return None
    heading = np.full(len(field), np.nan)
    heading[held] = np.degrees(arithmetic.arctan2(east[:, axis], north[:, axis])) % 360.0
    return heading


def _by_mount(number: IntArray) -> list[IntArray]:
    """Indices of each mount, or piece, in order."""
    order = np.argsort(number, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(number[order])) + 1) if number.size else []


def tilt_compensated_by_mount_deg(
    field: FloatArray, up: FloatArray, number: IntArray
) -> FloatArray | None:
    """``tilt_compensated_deg`` in each mount, (n,); None where it is never known."""
    heading = np.full(number.size, np.nan)
    for here in _by_mount(number):
        found = tilt_compensated_deg(field[here], up[here])
        if found is not None:
            heading[here] = found
    return heading if np.isfinite(heading).any() else None


def level_axis_deg(rows: tuple[FloatArray, FloatArray, FloatArray], number: IntArray) -> FloatArray:
    """(m,) degrees clockwise from above of the device's most level axis in each mount.

    Args:
        rows: east, north and up as the device sees them, (m, 3) each.
        number: (m,) the mount of each.
    """
    heading = np.full(number.size, np.nan)
    for here in _by_mount(number):
        steep = np.abs(rows[2][here])
        if np.isfinite(steep).any():
            level = int(np.argmin(np.nanmedian(steep, axis=0)))
            east, north = (one[here, level] for one in rows[:2])
            heading[here] = np.degrees(arithmetic.arctan2(east, north))
    return heading


def gyroscope_heading_deg(
    turned: Rotation, begins_s: FloatArray, limits: ReadLimits
) -> FloatArray | None:
    """(m,) degrees clockwise from an unknown north; None where ``vqf`` is not installed.

    ``vqf`` (Laidig & Seel 2023) integrates the gyroscope and corrects its tilt by acceleration;
    each piece begins from a north of its own, and drifts. The library's C++ takes sines from the
    system's mathematics, whose last digits may differ from one processor to another: so the result
    is rounded to 0.1°, far above them.

    Args:
        turned: ``up`` must have the sign of the reaction to gravity, or the result is mirrored.
        begins_s: when another mount begins.
        limits: how long a piece must be.
    """
    try:
        import vqf
    except ImportError:
        return None
    heading = np.full(turned.time_s.size, np.nan)
    number = mount_numbers(turned.time_s, begins_s)
    for here in _by_mount(turned.piece):
        if here.size * turned.step_s < limits.sensor_least_s:
            continue
        rate, up = (np.ascontiguousarray(one[here]) for one in (turned.rate_radps, turned.up))
        attitude = vqf.offlineVQF(rate, up, None, turned.step_s)["quat6D"]
        heading[here] = level_axis_deg(rotation(*attitude.T), number[here])
    return np.asarray(np.round(heading, 1), dtype=np.float64)


def without_contradicted(
    at_s: FloatArray, heading_deg: FloatArray, turned: Rotation, limits: ReadLimits
) -> tuple[FloatArray, FloatArray]:
    """The heading without what the gyroscope contradicts, (n,), and when it began from elsewhere.

    A heading that turns about while nothing turned was disturbed, and one that stays while the
    device turned about was held. Only amounts are compared, so neither the sense of the rotation
    nor a bias of some degrees a second matters. Where the heading comes back, nothing between
    counts; where it stays elsewhere, that is another mount.

    Args:
        at_s: (n,) Unix seconds of the headings, in any order.
        heading_deg: (n,) in any unit of a whole turn's degrees, NaN where unknown.
        turned: by the gyroscope.
        limits: what counts as turned about.
    """
    turn_deg, piece = _turned_deg(at_s, turned)
    known = np.flatnonzero(np.isfinite(heading_deg) & np.isfinite(turn_deg))
    known = known[np.argsort(at_s[known], kind="stable")]
    series = _HeadingAndTurn(at_s[known], heading_deg[known], turn_deg[known], piece[known])
    doubted, begins_s = _doubted(series, limits)
    kept = heading_deg.copy()
    kept[known[doubted]] = np.nan
    return kept, begins_s


def _turned_deg(at_s: FloatArray, turned: Rotation) -> tuple[FloatArray, IntArray]:
    """Degrees turned about the vertical so far, (n,), less the usual rate; and the piece, (n,)."""
    up = unit_vectors(_smooth(turned.up, max(1, round(_HALF_WINDOW_S / turned.step_s))))
    rate = np.degrees((turned.rate_radps * np.nan_to_num(up)).sum(axis=1))
    total = np.cumsum(rate) * turned.step_s
    span = min(max(1, round(_USUAL_RATE_S / turned.step_s)), total.size - 1)
    if span:
        total -= np.median(total[span:] - total[:-span]) / span * np.arange(total.size)
    nearest = np.clip(np.searchsorted(turned.time_s, at_s), 0, turned.time_s.size - 1)
    return means_around(at_s, turned.time_s, total), turned.piece[nearest]


class _HeadingAndTurn(msgspec.Struct, frozen=True, eq=False):
    """A heading and the gyroscope's turn at the same times in order, (k,) each."""

    time_s: FloatArray
    heading_deg: FloatArray
    turn_deg: FloatArray
    piece: IntArray

    def amounts_deg(self, first: IntArray, last: IntArray) -> tuple[FloatArray, FloatArray]:
        """By how much heading and device turned from one to the other, 0 to 180."""
        heading, turn = (
            np.abs(wrap_deg(each[last] - each[first])) for each in (self.heading_deg, self.turn_deg)
        )
        return heading, turn

    def contradict(self, first: IntArray, last: IntArray, limits: ReadLimits) -> BoolArray:
        """Whether one of both turned about and the other hardly did."""
        amounts = self.amounts_deg(first, last)
        about = np.maximum(*amounts) >= limits.turned_about_deg
        return np.asarray(about & (np.minimum(*amounts) < limits.hardly_turned_deg))


def _doubted(series: _HeadingAndTurn, limits: ReadLimits) -> tuple[BoolArray, FloatArray]:
    """Which headings do not count, (k,), and when they began from elsewhere."""
    doubted, begins_s = np.zeros(series.time_s.size, dtype=bool), list[float]()
    jumps = deque(_jumps(series, limits))
    while jumps:
        first, last = jumps.popleft()
        back = None
        if _is_back(series, first, last, limits):
            back = last
        elif jumps and _is_back(series, first, jumps[0][1], limits):
            _, back = jumps.popleft()
        else:
            begins_s.append(float(series.time_s[last]))
        doubted[first : (back or last) + 1] = True
    return doubted, np.asarray(begins_s, dtype=np.float64)


def _is_back(series: _HeadingAndTurn, first: int, last: int, limits: ReadLimits) -> bool:
    """Whether, from one to the other, the heading turned as much as the device, in time.

    Beyond a hole of the gyroscope nobody knows how far that turned.
    """
    if series.time_s[last] - series.time_s[first] > limits.disturbed_s:
        return False
    if series.piece[first] != series.piece[last]:
        return False
    ends = np.array([first]), np.array([last])
    heading, turn = series.amounts_deg(*ends)
    return bool(abs(float(heading[0] - turn[0])) < limits.hardly_turned_deg)


def _jumps(series: _HeadingAndTurn, limits: ReadLimits) -> list[tuple[int, int]]:
    """First and last index of each time in which heading and gyroscope contradict each other."""
    count, span_s = series.time_s.size, limits.turned_within_s
    first = np.arange(count)
    last = np.minimum(np.searchsorted(series.time_s, series.time_s + span_s), count - 1)
    held = (series.time_s[last] - series.time_s <= 2.0 * span_s) & (last > first)
    held &= series.piece[last] == series.piece
    against = held & series.contradict(first, last, limits)
    edges = np.zeros(count + 1, dtype=np.int64)
    np.add.at(edges, first[against], 1)
    np.add.at(edges, last[against], -1)
    inside = np.concatenate(([0], (np.cumsum(edges[:-1]) > 0).astype(np.int64), [0]))
    starts, ends = (np.flatnonzero(np.diff(inside) == way) for way in (1, -1))
    return [(int(a), min(int(b), count - 1)) for a, b in zip(starts, ends, strict=True)]
