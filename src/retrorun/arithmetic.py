"""Functions of numbers that give the same digits on every processor.

Libraries choose their code for ``exp``, ``log``, ``arctan2``, powers and matrix products by the
processor and the number of threads, and the last digits differ (docs/architecture.md, decision 6).
The functions here use nothing but sums, differences, products, quotients and square roots, which
every processor rounds alike (IEEE 754), and of which numpy does one at a time.
``tests/test_arithmetic.py`` holds them against the mathematical library, and the whole package to
using them.

The approximations of ``exp``, ``log``, ``sin``, ``cos`` and ``arctan`` are those of FDLIBM 5.3
(Sun Microsystems 1993), each within a few units of the last place.
"""

import math
from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray, IntArray, wrap_deg

LOG_2 = 0.6931471805599453
MAD_TO_SD = 1.4826  # median absolute deviation to standard deviation, of a normal distribution
MOST_LOG_ODDS = 30.0  # beyond it a probability differs from 0 or 1 by less than 1e-13
LOG_10 = 2.302585092994046
_LOG_2_HIGH, _LOG_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_HALF_PI_HIGH, _HALF_PI_MIDDLE = 1.57079632673412561417e00, 6.07710050630396597660e-11
_HALF_PI_LOW = 2.02226624879595063154e-21
_ROOT_OF_HALF = 0.7071067811865476
RUNNING_PRODUCT = 256  # factors of a running product that stays far above the smallest float
_BLOCK = 6144
_WHOLE = 6755399441055744.0  # 1.5 · 2^52: added to a whole number, its last bits are that number
_EXPONENT_BITS, _EXPONENT_BIAS = 52, 1023  # where a float's exponent begins, and what is added
_ROOT_OF_HALF_BITS = 0x3FE6A09E667F3BCD
_PLAIN_EXP = (-708.0, 709.0)  # between them the result is a float of full precision
_SMALLEST_FULL = 2.2250738585072014e-308  # of full precision
_SINGULAR = "the matrix is singular"
_FEW = 6  # numbers, or rows of a matrix, of which floats one by one cost less than arrays
_EXP = (
    *(1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05),
    *(-1.65339022054652515390e-06, 4.13813679705723846039e-08),
)
_LOG = (
    *(6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01),
    *(2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01),
    *(1.479819860511658591e-01,),
)
_SIN = (
    *(-1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04),
    *(2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10),
)
_COS = (
    *(4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05),
    *(-2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11),
)
_ARCTAN = (
    *(3.33333333333329318027e-01, -1.99999999998764832476e-01, 1.42857142725034663711e-01),
    *(-1.11111104054623557880e-01, 9.09088713343650656196e-02, -7.69187620504482999495e-02),
    *(6.66107313738753120669e-02, -5.83357013379057348645e-02, 4.97687799461593236017e-02),
    *(-3.65315727442169155270e-02, 1.62858201153657823623e-02),
)


@overload
def exp(x: float) -> float: ...
@overload
def exp(x: FloatArray) -> FloatArray: ...
def exp(x: float | FloatArray) -> float | FloatArray:
    """E to the power of x, which may be infinite or NaN."""
    if isinstance(x, float):
        return _exp_of_one(float(x))
    if isinstance(x, np.ndarray) and 0 < x.size <= _FEW and x.ndim == 1:
        return np.array([_exp_of_one(each) for each in x.tolist()])
    return _scalar_or_array(_blockwise(_exp, np.asarray(x, dtype=np.float64)))


def _exp_of_one(x: float) -> float:
    """As ``_exp`` of one number, step by step: arrays of one cost ten times that."""
    if math.isnan(x):
        return math.nan
    high = min(max(x, -746.0), 710.0)
    halvings = float(round(high / LOG_2))
    high -= halvings * _LOG_2_HIGH
    low = halvings * _LOG_2_LOW
    rest = high - low
    square = rest * rest
    even = rest - square * _polynomial_of_one(_EXP, square)
    scaled = 1.0 - (low - rest * even / (2.0 - even) - high)
    try:
        return math.ldexp(scaled, int(halvings))
    except OverflowError:
        return math.inf


def _exp(given: FloatArray) -> FloatArray:
    plain = _lies_within(given, *_PLAIN_EXP)
    high = given if plain else np.minimum(np.fmax(given, -746.0), 710.0)  # NaN is put back below
    halvings = high / LOG_2
    np.rint(halvings, out=halvings)
    high = high - halvings * _LOG_2_HIGH
    low = halvings * _LOG_2_LOW
    rest = high - low
    even = rest * rest
    even *= _polynomial(_EXP, even)
    np.subtract(rest, even, out=even)
    rest *= even
    rest /= np.subtract(2.0, even, out=even)
    low -= rest
    low -= high
    scaled = np.subtract(1.0, low, out=low)
    if plain:
        halvings += _WHOLE + _EXPONENT_BIAS
        halvings.view(np.int64)[:] <<= _EXPONENT_BITS
        return scaled * halvings  # which is now two to the power of what it was
    with np.errstate(over="ignore", under="ignore"):
        np.ldexp(scaled, halvings.astype(np.int32), out=scaled)
    scaled[np.isnan(given)] = np.nan
    return scaled


def _lies_within(values: FloatArray, low: float, high: float) -> bool:
    """Whether all of some numbers lie between two; False with NaN among them, or without any."""
    every = values.size and np.minimum.reduce(values) > low and np.maximum.reduce(values) < high
    return bool(every)


@overload
def log(x: float) -> float: ...
@overload
def log(x: FloatArray) -> FloatArray: ...
def log(x: float | FloatArray) -> float | FloatArray:
    """Natural logarithm; -inf for 0, NaN below."""
    if isinstance(x, float) and 0.0 < x < math.inf:
        return _log_of_one(float(x))
    if isinstance(x, np.ndarray) and 0 < x.size <= _FEW and x.ndim == 1:
        return np.array([log(each) for each in x.tolist()])
    return _scalar_or_array(_blockwise(_log, np.asarray(x, dtype=np.float64)))


def _log_of_one(x: float) -> float:
    """As ``_log`` of a positive finite number, step by step: arrays of one cost ten times that."""
    part, exponent = math.frexp(x)
    small = part < _ROOT_OF_HALF
    part, power = (part + part if small else part) - 1.0, float(exponent - small)
    rest = part / (part + 2.0)
    square, half = rest * rest, 0.5 * part * part
    rest *= square * _polynomial_of_one(_LOG, square) + half
    return power * _LOG_2_HIGH - (half - (rest + power * _LOG_2_LOW) - part)


def _log(given: FloatArray) -> FloatArray:
    plain = _lies_within(given, _SMALLEST_FULL, np.inf)
    part, power = _split(given) if plain else _split_any(given)
    part -= 1.0
    rest = part / (part + 2.0)
    square = rest * rest
    half = 0.5 * part * part
    square *= _polynomial(_LOG, square)
    square += half
    rest *= square
    rest += power * _LOG_2_LOW
    half -= rest
    half -= part
    power *= _LOG_2_HIGH
    power -= half
    if not plain:
        np.copyto(power, np.nan, where=~(given > 0.0))
        np.copyto(power, np.inf, where=given == np.inf)
        np.copyto(power, -np.inf, where=given == 0.0)
    return power


def _split(given: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Numbers as part · 2^power, part from √½ to √2: read from their bits.

    They are positive, finite and of full precision.
    """
    bits = given.view(np.int64)
    whole = bits - _ROOT_OF_HALF_BITS
    whole >>= _EXPONENT_BITS
    power = whole.astype(np.float64)
    whole <<= _EXPONENT_BITS
    np.subtract(bits, whole, out=whole)
    return whole.view(np.float64), power


def _split_any(given: FloatArray) -> tuple[FloatArray, FloatArray]:
    """As ``_split``, of any numbers; 1 · 2^0 for those that have no logarithm."""
    usable = (given > 0.0) & (given < np.inf)
    part, exponent = np.frexp(np.where(usable, given, 1.0))
    small = part < _ROOT_OF_HALF
    part += part * small
    return part, exponent - small.astype(np.float64)


@overload
def sin(x: float) -> float: ...
@overload
def sin(x: FloatArray) -> FloatArray: ...
def sin(x: float | FloatArray) -> float | FloatArray:
    """Sine of an angle in radians, up to a million of them; NaN where it is not finite."""
    return _scalar_or_array(sine_cosine(np.asarray(x, dtype=np.float64))[0])


@overload
def cos(x: float) -> float: ...
@overload
def cos(x: FloatArray) -> FloatArray: ...
def cos(x: float | FloatArray) -> float | FloatArray:
    """Cosine of an angle in radians, up to a million of them; NaN where it is not finite."""
    return _scalar_or_array(sine_cosine(np.asarray(x, dtype=np.float64))[1])


def sine_cosine(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sine and cosine of angles in radians, as ``sin`` and ``cos``, for the cost of one."""
    flat = x.ravel()
    parts = [_sine_cosine(flat[at : at + _BLOCK]) for at in range(0, max(flat.size, 1), _BLOCK)]
    sine, cosine = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    return sine.reshape(x.shape), cosine.reshape(x.shape)


def _sine_cosine(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    rest, turns, missing = _reduced(x)
    square = rest * rest
    sine, cosine = _sine_of_rest(rest, square), _cosine(square)
    found = _of_quadrant(sine, cosine, turns, missing)
    turns += 1.0
    return found, _of_quadrant(sine, cosine, turns, missing)


def _reduced(given: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray | None]:
    """The angles within an eighth of a turn, the quarter turns taken off, and which are missing."""
    known = np.isfinite(given)
    every = bool(known.all())
    rest = given.copy() if every else np.where(known, given, 0.0)
    turns = np.rint(rest / (np.pi / 2.0))
    for part in (_HALF_PI_HIGH, _HALF_PI_MIDDLE, _HALF_PI_LOW):
        rest -= turns * part
    return rest, turns, None if every else ~known


def _of_quadrant(
    sine: FloatArray, cosine: FloatArray, turns: FloatArray, missing: BoolArray | None
) -> FloatArray:
    """Sine after so many quarter turns, of the sine and cosine of the rest."""
    quadrant = (turns + _WHOLE).view(np.int64)
    found = np.where((quadrant & 1).astype(np.bool_), cosine, sine)
    quadrant = (quadrant & 2) << 62  # where the sign is
    found.view(np.int64)[...] ^= quadrant
    if missing is not None:
        found[missing] = np.nan
    return found


def _sine_of_rest(rest: FloatArray, square: FloatArray) -> FloatArray:
    """Sine of an angle within an eighth of a turn."""
    found = square * rest
    found *= _polynomial(_SIN, square)
    found += rest
    return found


def _cosine(square: FloatArray) -> FloatArray:
    """Cosine of an angle within an eighth of a turn, of which this is the square."""
    found = square * square
    found *= _polynomial(_COS, square)
    np.subtract(0.5 * square, found, out=found)
    return np.subtract(1.0, found, out=found)


@overload
def arctan2(y: float, x: float) -> float: ...
@overload
def arctan2(y: FloatArray, x: FloatArray) -> FloatArray: ...
def arctan2(y: float | FloatArray, x: float | FloatArray) -> float | FloatArray:
    """Angle of the finite point (x, y) in radians, from -π to π; 0 at the origin."""
    if isinstance(x, float) and isinstance(y, float):
        return _arctan2_of_one(float(y), float(x))
    up, right = np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)
    tall, wide = np.abs(up), np.abs(right)
    longer = np.maximum(tall, wide)
    ratio = np.minimum(tall, wide) / np.where(longer == 0.0, 1.0, longer)
    beyond = ratio > 0.4375  # where the series needs too many terms: π/4 is taken off
    rest = np.where(beyond, (ratio - 1.0) / (ratio + 1.0), ratio)
    square = rest * rest
    angle = rest - rest * square * _polynomial(_ARCTAN, square)
    angle = np.where(beyond, np.pi / 4.0 + angle, angle)
    angle = np.where(tall > wide, np.pi / 2.0 - angle, angle)
    angle = np.where(np.signbit(right), np.pi - angle, angle)
    return _scalar_or_array(np.copysign(angle, up))


def _arctan2_of_one(up: float, right: float) -> float:
    """As ``arctan2`` of one point, step by step: arrays of one cost ten times that."""
    tall, wide = abs(up), abs(right)
    ratio = min(tall, wide) / (max(tall, wide) or 1.0)
    beyond = ratio > 0.4375
    rest = (ratio - 1.0) / (ratio + 1.0) if beyond else ratio
    square = rest * rest
    angle = rest - rest * square * _polynomial_of_one(_ARCTAN, square)
    angle = math.pi / 4.0 + angle if beyond else angle
    angle = math.pi / 2.0 - angle if tall > wide else angle
    angle = math.pi - angle if math.copysign(1.0, right) < 0.0 else angle
    return math.copysign(angle, up)


@overload
def arcsin(x: float) -> float: ...
@overload
def arcsin(x: FloatArray) -> FloatArray: ...
def arcsin(x: float | FloatArray) -> float | FloatArray:
    """Angle in radians, from -π/2 to π/2, whose sine is x, -1 to 1."""
    given = np.asarray(x, dtype=np.float64)
    return _scalar_or_array(np.asarray(arctan2(given, np.sqrt((1.0 - given) * (1.0 + given)))))


@overload
def hypot(first: float, second: float) -> float: ...
@overload
def hypot(first: float | FloatArray, second: FloatArray) -> FloatArray: ...
def hypot(first: float | FloatArray, second: float | FloatArray) -> float | FloatArray:
    """Square root of the sum of two squares, of numbers whose squares are finite."""
    if isinstance(first, float) and isinstance(second, float):
        return float(math.sqrt(first * first + second * second))
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    return _scalar_or_array(np.sqrt(one * one + other * other))


def steps_m(
    latitude_deg: FloatArray, longitude_deg: FloatArray, first: IntArray, last: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Metres east and north from the places ``first`` to the places ``last``, (k,) each.

    Equirectangular at the first place's latitude: a step of 1 km at 60° is right to 1 m.
    """
    north = np.radians(latitude_deg[last] - latitude_deg[first]) * EARTH_RADIUS_M
    east = np.radians(wrap_deg(longitude_deg[last] - longitude_deg[first])) * EARTH_RADIUS_M
    return east * cos(np.radians(latitude_deg[first])), north


def ways_m(latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
    """Metres from each place to the next, (n - 1,); as ``steps_m``."""
    place = np.arange(max(latitude_deg.size, 1))
    return hypot(*steps_m(latitude_deg, longitude_deg, place[:-1], place[1:]))


def logaddexp(first: FloatArray, second: FloatArray) -> FloatArray:
    """Logarithm of the sum of the exponentials of finite numbers (n,)."""
    less = exp(-np.abs(first - second))
    return np.asarray(np.maximum(first, second) + log(1.0 + less))


def interpolate(
    x: npt.ArrayLike, at: npt.ArrayLike, values: FloatArray, outside: float | None = None
) -> FloatArray:
    """Straight lines between values (m,) at rising places (m,), at x (n,).

    Beyond the ends the value is ``outside``, or that of the end if None.
    """
    wanted, places = np.asarray(x, dtype=np.float64), np.asarray(at, dtype=np.float64)
    if wanted.ndim == 0:
        return np.asarray(interpolate(wanted[None], places, values, outside)[0])
    if np.array_equal(wanted, places) and (places[1:] > places[:-1]).all():
        return values.copy()
    if len(places) == 1:
        found = np.full(wanted.shape, values[0])
    else:
        after = np.searchsorted(places, wanted, side="right").clip(1, len(places) - 1)
        low, high = places[after - 1], places[after]
        at_low, at_high = values[after - 1], values[after]
        inside = np.minimum(np.maximum(wanted, places[0]), places[-1])
        width = high - low
        width[~(high > low)] = 1.0
        found = (at_high - at_low) / width
        found *= inside - low
        found += at_low
        np.copyto(found, at_high, where=inside >= high)
    if outside is None:
        return found
    return np.where((wanted < places[0]) | (wanted > places[-1]), outside, found)


def median(values: FloatArray) -> float:
    """The middle of some numbers (n,); NaN where one of them is missing, or there are none."""
    half, order = values.size // 2, values.copy()
    if not order.size:
        return math.nan
    order.partition(half)
    if math.isnan(np.maximum.reduce(order[half:])):  # NaN come last
        return math.nan
    low = order[half] if order.size % 2 else np.maximum.reduce(order[:half])
    return (float(low) + float(order[half])) / 2.0


def quantile(values: FloatArray, share: float) -> float:
    """The value below which a share of some values (n,) lies, on a line between two of them.

    NaN where one is missing, or there are none. The bits are those of ``np.quantile``, which loads
    numpy's masked arrays. Source: Hyndman and Fan 1996, definition 7.
    """
    if not values.size or np.isnan(values).any():
        return math.nan
    order, place = np.sort(values), share * (values.size - 1)
    low = int(place)
    before, after = float(order[low]), float(order[min(low + 1, values.size - 1)])
    along, rise = place - low, after - before
    return before + rise * along if along < 0.5 else after - rise * (1.0 - along)


def product(first: npt.ArrayLike, second: npt.ArrayLike) -> FloatArray:
    """Matrix product, as ``@`` for vectors and matrices, by sums of products."""
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if right.ndim == 1:
        return np.asarray(np.add.reduce(left * right, axis=-1))
    if left.ndim == 1:
        return np.asarray(np.add.reduce(left[:, None] * right, axis=0))
    rows, columns = np.ascontiguousarray(left), np.ascontiguousarray(right.T)
    if rows.size * len(columns) <= _BLOCK:
        return np.asarray(np.add.reduce(rows[:, None] * columns, axis=2))
    return np.stack([np.add.reduce(rows * column, axis=1) for column in columns], axis=1)


def dot(first: FloatArray, second: FloatArray) -> float:
    """Sum of the products of two vectors (n,)."""
    return float(np.add.reduce(first * second))


def solve(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """X of ``matrix · x = right``, a square matrix (n, n) of few rows and (n,) or (n, k).

    Gauss-Jordan elimination with partial pivoting (Golub & Van Loan 2013, section 3.4).

    Raises:
        ZeroDivisionError: the matrix is singular.
    """
    size = len(matrix)
    if size <= _FEW and right.ndim == 1:
        return np.array(_solve_few(matrix.tolist(), right.tolist()))
    rows = np.concatenate((matrix, right.reshape(size, -1)), axis=1, dtype=np.float64)
    for at in range(size):
        pivot = at + int(np.abs(rows[at:, at]).argmax())
        if rows[pivot, at] == 0.0:
            raise ZeroDivisionError(_SINGULAR)
        upper = rows[pivot] / rows[pivot, at]
        rows[pivot] = rows[at]
        rows -= rows[:, at : at + 1] * upper
        rows[at] = upper
    return rows[:, size:].reshape(right.shape)


def _solve_few(matrix: list[list[float]], right: list[float]) -> list[float]:
    """As ``solve``, step by step: arrays of few numbers cost several times that."""
    rows = [[*row, last] for row, last in zip(matrix, right, strict=True)]
    for at in range(len(rows)):
        below = [abs(row[0]) for row in rows[at:]]
        if math.isnan(sum(below)):  # the first missing number, as argmax has it
            below = list(map(math.isnan, below))
        pivot = at + below.index(max(below))
        divisor, *rest = rows[pivot]
        if divisor == 0.0:
            raise ZeroDivisionError(_SINGULAR)
        upper = [each / divisor for each in rest]
        rows[pivot] = rows[at]
        rows = [[each - row[0] * over for each, over in zip(row[1:], upper)] for row in rows]  # noqa: B905
        rows[at] = upper
    return [row[0] for row in rows]


def _polynomial(coefficients: Sequence[float], x: FloatArray) -> FloatArray:
    """c0 + c1·x + c2·x² + …, by Horner's rule."""
    found = coefficients[-1] * x
    found += coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        found *= x
        found += coefficient
    return found


def _polynomial_of_one(coefficients: Sequence[float], x: float) -> float:
    found = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        found = found * x + coefficient
    return found


def _blockwise(function: Callable[[FloatArray], FloatArray], x: FloatArray) -> FloatArray:
    """The function of every number, of so many at a time that they stay in the nearest cache."""
    if x.size <= _BLOCK:
        return function(x.ravel()).reshape(x.shape)
    found, flat = np.empty(x.size), x.ravel()
    for first in range(0, x.size, _BLOCK):
        found[first : first + _BLOCK] = function(flat[first : first + _BLOCK])
    return found.reshape(x.shape)


def _scalar_or_array(found: FloatArray) -> float | FloatArray:
    """A number where a number was given."""
    return float(found) if found.ndim == 0 else found
