"""Arithmetic that is the same on every processor: right, and used by the whole package."""

import ast
import math
import statistics
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from retrorun import arithmetic
from retrorun.units import FloatArray, compass_deg, wrap_deg

SOURCE = Path(__file__).resolve().parents[1] / "src" / "retrorun"
RNG = np.random.default_rng(20)


def units_apart(found: FloatArray, right: list[float]) -> float:
    """Largest error in units of the last place of the right value."""
    expected = np.array(right)
    return float(np.max(np.abs(found - expected) / np.spacing(np.abs(expected))))


@pytest.mark.parametrize(
    ("ours", "theirs", "values"),
    [
        (arithmetic.exp, math.exp, RNG.uniform(-700.0, 700.0, 20_000)),
        (arithmetic.exp, math.exp, RNG.uniform(-1.0, 1.0, 20_000)),
        (arithmetic.log, math.log, np.ldexp(RNG.uniform(0.5, 1.0, 20_000), 40)),
        (arithmetic.log, math.log, RNG.uniform(0.5, 2.0, 20_000)),
        (arithmetic.log, math.log, np.ldexp(RNG.uniform(0.5, 1.0, 20_000), -1000)),
    ],
)
def test_exp_and_log_are_right_to_two_units_of_the_last_place(
    ours: Callable[[FloatArray], FloatArray], theirs: Callable[[float], float], values: FloatArray
) -> None:
    assert units_apart(ours(values), [theirs(each) for each in values.tolist()]) <= 2.0


@pytest.mark.parametrize("reach", [1.0, 10.0, 1e3, 1e6])
def test_sine_and_cosine_are_right_to_two_units_of_one(reach: float) -> None:
    angles = RNG.uniform(-reach, reach, 20_000)
    for ours, theirs in ((arithmetic.sin, math.sin), (arithmetic.cos, math.cos)):
        apart = np.abs(ours(angles) - np.array([theirs(each) for each in angles.tolist()]))
        assert apart.max() <= 2.0 * np.finfo(float).eps


def test_arctan2_is_right_to_four_units_of_the_last_place() -> None:
    up, right = RNG.normal(size=(2, 20_000))
    expected = [math.atan2(*pair) for pair in zip(up.tolist(), right.tolist(), strict=True)]
    assert units_apart(arithmetic.arctan2(up, right), expected) <= 4.0


def test_arctan2_on_the_axes_is_that_of_the_mathematical_library() -> None:
    for up in (0.0, -0.0, 1.0, -1.0, 1e-300):
        for right in (0.0, -0.0, 1.0, -1.0):
            ours, theirs = arithmetic.arctan2(up, right), math.atan2(up, right)
            assert (ours, math.copysign(1.0, ours)) == (theirs, math.copysign(1.0, theirs))


def test_arcsin_turns_the_sine_around() -> None:
    angles = RNG.uniform(-math.pi / 2, math.pi / 2, 2_000)
    assert np.allclose(arithmetic.arcsin(np.sin(angles)), angles, rtol=0.0, atol=1e-7)
    assert arithmetic.arcsin(1.0) == math.pi / 2


def same(found: FloatArray, expected: FloatArray) -> bool:
    """Whether two arrays hold the same numbers bit for bit, one NaN being any other."""
    known = ~np.isnan(expected)
    alike = np.array_equal(found, expected, equal_nan=True)
    return alike and np.array_equal(np.signbit(found[known]), np.signbit(expected[known]))


@pytest.mark.parametrize("function", [arithmetic.exp, arithmetic.log])
def test_one_number_has_the_bits_that_it_has_in_an_array(
    function: Callable[[FloatArray], FloatArray],
) -> None:
    """Numbers and arrays take different ways to the same value."""
    odd = [0.0, -0.0, 1.0, 5e-324, 1e-310, 709.7, 709.8, 710.5, -745.2, -746.5, np.inf, np.nan]
    values = np.abs(np.concatenate([odd, RNG.normal(0.0, 300.0, 4_000), RNG.normal(size=4_000)]))
    if function is arithmetic.exp:
        values = np.concatenate([values, -values])
    alone = np.array([function(each) for each in values.tolist()])
    assert same(alone, function(values))


def test_one_point_has_the_angle_that_it_has_among_others() -> None:
    axes = np.array([(x, y) for x in (0.0, -0.0, 1.0, -1.0) for y in (0.0, -0.0, 1e-300, -2.0)])
    points = np.concatenate([axes, RNG.normal(size=(4_000, 2))])
    alone = [arithmetic.arctan2(up, right) for up, right in points.tolist()]
    assert same(np.array(alone), arithmetic.arctan2(points[:, 0], points[:, 1]))


@pytest.mark.parametrize("odd", [0.0, 5e-324, 1e-310, 800.0, np.inf, np.nan])
def test_an_odd_number_among_others_leaves_their_bits(odd: float) -> None:
    """Arrays without such numbers go a shorter way to the same values."""
    values = np.abs(RNG.normal(0.0, 100.0, 500))
    for function in (arithmetic.exp, arithmetic.log):
        assert same(function(np.append(values, odd))[:-1], function(values))
        assert same(function(values[:5]), function(np.append(values, odd))[:5])


def test_sine_and_cosine_together_are_those_of_each_alone() -> None:
    for count in (0, 1, 6_143, 6_144, 6_145, 13_000):  # blocks, their edges and what is left over
        angles = RNG.uniform(-500.0, 500.0, count)
        angles[1::7] = np.nan
        sine, cosine = arithmetic.sine_cosine(angles)
        some = [*range(0, count, 97), *range(max(count - 3, 0), count)]
        alone = [
            (arithmetic.sin(float(angles[at])), arithmetic.cos(float(angles[at]))) for at in some
        ]
        assert same(sine[some], np.array([one for one, _ in alone]))
        assert same(cosine[some], np.array([other for _, other in alone]))


def test_blocks_are_joined_without_a_seam() -> None:
    values = RNG.uniform(0.01, 30.0, 15_000)
    for ours in (arithmetic.exp, arithmetic.log, arithmetic.sin):
        pieces = np.concatenate([ours(values[at : at + 7]) for at in range(0, 15_000, 7)])
        assert same(ours(values), pieces)
        assert same(ours(values.reshape(3, -1)).ravel(), pieces)


@pytest.mark.parametrize("reach_deg", [10.0, 359.0, 719.0, 5_000.0])
def test_angles_come_into_their_range_as_by_the_remainder(reach_deg: float) -> None:
    angles = np.concatenate([RNG.uniform(-reach_deg, reach_deg, 5_000), [np.nan, -0.0, 0.0]])
    whole = np.rint(RNG.uniform(-reach_deg, reach_deg, 5_000) / 90.0) * 90.0
    for each in (angles, whole, whole + RNG.normal(0.0, 1e-13, whole.size)):
        assert same(compass_deg(each), each % 360.0)
        assert same(wrap_deg(each), (each + 180.0) % 360.0 - 180.0)


def test_what_is_not_finite_ends_as_it_does_elsewhere() -> None:
    odd = np.array([0.0, np.inf, -np.inf, np.nan, -800.0, 800.0])
    assert np.array_equal(
        arithmetic.exp(odd), np.array([1.0, np.inf, 0.0, np.nan, 0.0, np.inf]), equal_nan=True
    )
    odd = np.array([0.0, np.inf, -1.0, np.nan, 1.0])
    assert np.array_equal(
        arithmetic.log(odd), np.array([-np.inf, np.inf, np.nan, np.nan, 0.0]), equal_nan=True
    )
    assert math.isnan(arithmetic.sin(math.inf))
    assert math.isnan(arithmetic.cos(math.nan))


def test_a_number_gives_a_number() -> None:
    assert isinstance(arithmetic.exp(1.0), float)
    assert isinstance(arithmetic.hypot(3.0, 4.0), float)
    assert arithmetic.hypot(3.0, 4.0) == 5.0


def test_logarithm_of_a_sum_of_exponentials() -> None:
    first, second = RNG.uniform(-40.0, 40.0, (2, 2_000))
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    expected = [math.log(math.exp(one) + math.exp(other)) for one, other in pairs]
    assert np.allclose(arithmetic.logaddexp(first, second), expected, rtol=1e-13, atol=1e-13)
    far = arithmetic.logaddexp(np.array([2_000.0, -2_000.0]), np.array([0.0, -2_000.0]))
    assert far.tolist() == [2_000.0, -2_000.0 + math.log(2.0)]


def test_lines_between_values() -> None:
    at, values = np.array([0.0, 1.0, 4.0]), np.array([2.0, 4.0, 1.0])
    wanted = np.array([-1.0, 0.0, 0.25, 1.0, 2.0, 4.0, 5.0])
    assert arithmetic.interpolate(wanted, at, values).tolist() == [
        2.0,
        2.0,
        2.5,
        4.0,
        3.0,
        1.0,
        1.0,
    ]
    cut = arithmetic.interpolate(wanted, at, values, outside=np.nan)
    assert np.isnan(cut).tolist() == [True, *[False] * 5, True]
    assert arithmetic.interpolate(wanted, at[:1], values[:1]).tolist() == [2.0] * 7


@pytest.mark.parametrize("size", [1, 2, 3, 8, 1001])
def test_the_median_is_that_of_the_standard_library(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    assert arithmetic.median(values) == statistics.median(values.tolist())


def test_a_missing_number_has_no_median_nor_have_none() -> None:
    assert math.isnan(arithmetic.median(np.array([1.0, np.nan, 2.0])))
    assert math.isnan(arithmetic.median(np.empty(0)))


@pytest.mark.parametrize("size", [1, 2, 3, 10, 997])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.95, 0.98, 1.0])
def test_quantiles_have_the_bits_of_numpy(size: int, share: float) -> None:
    for _ in range(20):
        values = RNG.normal(size=size)
        assert arithmetic.quantile(values, share) == float(np.quantile(values, share))


def test_a_missing_number_has_no_quantile_nor_have_none() -> None:
    assert math.isnan(arithmetic.quantile(np.array([1.0, np.nan, 2.0]), 0.1))
    assert math.isnan(arithmetic.quantile(np.empty(0), 0.1))


def test_products_are_those_of_whole_numbers() -> None:
    left, right = RNG.integers(-9, 9, (3, 4)), RNG.integers(-9, 9, (4, 2))
    assert np.array_equal(arithmetic.product(left, right), left @ right)
    assert np.array_equal(arithmetic.product(left, right[:, 0]), left @ right[:, 0])
    assert np.array_equal(arithmetic.product(left[0], right), left[0] @ right)
    assert arithmetic.dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 11.0


def exact(matrix: list[list[int]], right: list[int]) -> list[float]:
    """Solution by fractions, Cramer's rule."""
    size, whole = len(right), determinant(matrix)
    swapped = [
        [[right[i] if j == column else matrix[i][j] for j in range(size)] for i in range(size)]
        for column in range(size)
    ]
    return [float(Fraction(determinant(each), whole)) for each in swapped]


def determinant(matrix: list[list[int]]) -> int:
    if len(matrix) == 1:
        return matrix[0][0]
    minors = [[row[:at] + row[at + 1 :] for row in matrix[1:]] for at in range(len(matrix))]
    return sum((-1) ** at * matrix[0][at] * determinant(minor) for at, minor in enumerate(minors))


def test_equations_are_solved() -> None:
    for _ in range(20):
        matrix = RNG.integers(-9, 9, (4, 4))
        if determinant(matrix.tolist()) == 0:
            continue
        right = RNG.integers(-9, 9, 4)
        found = arithmetic.solve(matrix.astype(float), right.astype(float))
        assert np.allclose(found, exact(matrix.tolist(), right.tolist()), rtol=1e-9, atol=1e-9)
        inverse = arithmetic.solve(matrix.astype(float), np.eye(4))
        assert np.allclose(matrix @ inverse, np.eye(4), rtol=0.0, atol=1e-9)


def test_few_equations_have_the_digits_that_they_have_among_many() -> None:
    for _ in range(20):
        among, right = np.eye(9), np.zeros(9)
        among[:6, :6], right[:6] = RNG.normal(size=(6, 6)), RNG.normal(size=6)
        few = arithmetic.solve(among[:6, :6], right[:6])
        assert few.tolist() == arithmetic.solve(among, right)[:6].tolist()


def test_few_equations_with_a_missing_number_have_the_digits_that_they_have_among_many() -> None:
    for _ in range(20):
        among, right = np.eye(9), np.zeros(9)
        among[:4, :4], right[:4] = RNG.normal(size=(4, 4)), RNG.normal(size=4)
        among[RNG.integers(4), RNG.integers(4)] = np.nan
        few = arithmetic.solve(among[:4, :4], right[:4])
        assert np.array_equal(few, arithmetic.solve(among, right)[:4], equal_nan=True)
        assert np.isnan(few).any()


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 9, 2), (14, 14, 14), (14, 700, 14), (40, 130, 3)])
def test_products_have_the_digits_of_sums_of_products(shape: tuple[int, int, int]) -> None:
    """However many numbers there are: few are multiplied at once, many a column at a time."""
    rows, inner, columns = shape
    left, right = RNG.normal(size=(rows, inner)), RNG.normal(size=(inner, columns))
    found = arithmetic.product(left, right)
    for row, column in np.ndindex(rows, columns):
        assert found[row, column] == arithmetic.dot(left[row], right[:, column].copy())


def test_a_zero_on_the_diagonal_is_no_hindrance() -> None:
    swapped = arithmetic.solve(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([2.0, 3.0]))
    assert swapped.tolist() == [3.0, 2.0]


def test_a_singular_matrix_has_no_solution() -> None:
    with pytest.raises(ZeroDivisionError):
        arithmetic.solve(np.array([[1.0, 2.0], [2.0, 4.0]]), np.eye(2))


BY_PROCESSOR = {
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "float_power", "pow"),
    *(
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "arctan2",
        "asin",
        "acos",
        "atan",
        "atan2",
    ),
    *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "asinh", "acosh", "atanh"),
    *("hypot", "cbrt", "logaddexp", "angle", "logspace", "geomspace", "erf", "gamma", "lgamma"),
    *("dot", "vdot", "inner", "outer", "matmul", "einsum", "tensordot", "linalg", "convolve"),
    *("correlate", "corrcoef", "cov", "polyfit", "polyval", "interp", "fft", "sinc", "kron"),
    *("i0", "argpartition", "vecdot", "dist"),
}


def departures(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of whatever computes by code that depends on the processor."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in {"np", "numpy", "math", "cmath"} and node.attr in BY_PROCESSOR:
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom) and node.module in {"math", "cmath", "numpy"}:
            yield from (
                (node.lineno, each.name) for each in node.names if each.name in BY_PROCESSOR
            )
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            yield node.lineno, "@"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow):
            yield from _power(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, complex):
            yield node.lineno, "complex numbers"
        if isinstance(node, ast.Call):
            yield from _unstable(node)


def _power(node: ast.BinOp | ast.AugAssign) -> Iterator[tuple[int, str]]:
    """Powers of whole numbers are exact; of floats only the square of an array is."""
    base = node.left if isinstance(node, ast.BinOp) else node.target
    whole = isinstance(base, ast.Constant) and isinstance(base.value, int)
    if not whole:
        yield node.lineno, "**"


def _unstable(node: ast.Call) -> Iterator[tuple[int, str]]:
    """Which of equals comes first depends on the processor, unless the order is stable."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "argsort":
        kinds = [each.value for each in node.keywords if each.arg == "kind"]
        if not any(isinstance(each, ast.Constant) and each.value == "stable" for each in kinds):
            yield node.lineno, "argsort without kind='stable'"


def test_departures_are_found() -> None:
    lines = (
        "a = np.exp(x)\n"
        "b = x @ y\n"
        "c = math.hypot(x, y)\n"
        "d = np.argsort(x)\n"
        "e = x**2\n"
        "f = np.linalg.inv(x)\n"
        "g = 1j * x\n"
        "from math import exp\n"
        "h = np.argsort(x, kind='stable') + 2**30 + math.sqrt(x) + np.sum(x)\n"
    )
    assert sorted({line for line, _ in departures(ast.parse(lines))}) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_no_module_computes_by_code_that_depends_on_the_processor(path: Path) -> None:
    found = list(departures(ast.parse(path.read_text(encoding="utf-8"))))
    assert not found, f"{path.name}: use retrorun.arithmetic: {found}"
