import math

import numpy as np
import pytest

from retrorun.compare.statistics import combine_factors, mean_by_group, student, theil_sen
from retrorun.model import Estimate


@pytest.mark.parametrize(
    # printed tables of Student's t, two-sided 95 %
    ("freedom", "printed"),
    [(1, 12.706), (5, 2.571), (10, 2.228), (11, 2.201), (20, 2.086), (60, 2.000), (120, 1.980)],
)
def test_student_as_printed(freedom: int, printed: float) -> None:
    assert student(freedom) == pytest.approx(printed, abs=0.001)


def test_mean_of_group_means_by_hand() -> None:
    # groups 1, 2, 6: mean 3, deviation sqrt(7), t(2) = 4.303
    found = mean_by_group(np.array([0.0, 2.0, 2.0, 6.0]), ["a", "a", "b", "c"], "m")
    reach = 4.303 * math.sqrt(7) / math.sqrt(3)
    assert found.value == pytest.approx(3.0)
    assert found.low == pytest.approx(3.0 - reach)
    assert found.high == pytest.approx(3.0 + reach)


def test_one_group_says_so() -> None:
    assert "one session only" in mean_by_group(np.array([1.0, 2.0]), ["a", "a"], "m").method


def test_theil_sen_by_hand() -> None:
    # slopes of (0,1) (1,3) (2,5) (3,100): 2, 2, 33, 2, 48.5, 95
    slope, intercept = theil_sen(np.arange(4.0), np.array([1.0, 3.0, 5.0, 100.0]), "m")
    assert slope.value == pytest.approx(17.5)
    assert intercept == pytest.approx(np.median([1, 3 - 17.5, 5 - 35, 100 - 52.5]))
    assert slope.low == pytest.approx(2.0)
    assert slope.high == pytest.approx(95.0)


def test_theil_sen_ignores_an_outlier() -> None:
    values = 2.0 * np.arange(11.0)
    values[5] = 1000.0
    assert theil_sen(np.arange(11.0), values, "m")[0].value == pytest.approx(2.0)


def test_theil_sen_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    time = np.arange(12.0)
    hits = 0
    for _ in range(400):
        slope, _ = theil_sen(time, 0.3 * time + rng.normal(0, 1.0, 12), "m")
        hits += (slope.low or 0) <= 0.3 <= (slope.high or 0)
    assert 0.92 <= hits / 400 <= 0.99


def test_all_at_one_time_has_no_slope() -> None:
    assert theil_sen(np.zeros(4), np.arange(4.0), "m")[0].value is None


def of(value: float, error: float) -> Estimate:
    reach = math.exp(1.959964 * error)
    return Estimate(value, value / reach, value * reach, "m")


def test_equal_factors_combine_to_a_narrower_one() -> None:
    # four with error 0.04 in the logarithm: 0.02, and the model's 0.01 in squares
    found = combine_factors([of(1.4, 0.04)] * 4, "m", 0.01)
    assert found.value == pytest.approx(1.4)
    assert found.high == pytest.approx(1.4 * math.exp(1.959964 * math.hypot(0.02, 0.01)))


def test_the_surer_factor_weighs_more() -> None:
    # weights 1/0.1² and 1/0.2²; their difference is within their errors
    found = combine_factors([of(1.3, 0.1), of(1.4, 0.2)], "m", 0.0)
    expected = math.exp((4 * math.log(1.3) + math.log(1.4)) / 5)
    assert found.value == pytest.approx(expected)


def test_factors_that_disagree_widen_the_interval() -> None:
    alike = combine_factors([of(1.4, 0.02)] * 4, "m", 0.0)
    apart = combine_factors([of(k, 0.02) for k in (1.2, 1.3, 1.5, 1.6)], "m", 0.0)
    assert (apart.high or 0) - (apart.low or 0) > 3 * ((alike.high or 0) - (alike.low or 0))


@pytest.mark.parametrize("sessions", [3, 5, 10])
def test_the_interval_over_sessions_holds_the_truth_where_days_differ(sessions: int) -> None:
    # a factor of 1.3 that differs by 6 % from day to day, each day known to 2 %, the model to 1.3 %
    random, held, trials = np.random.default_rng(20 + sessions), 0, 2000
    for _ in range(trials):
        here = math.log(1.3) + random.normal(0.0, 0.013)
        days = here + random.normal(0.0, math.hypot(0.06, 0.02), sessions)
        found = combine_factors([of(math.exp(each), 0.02) for each in days], "m", 0.013)
        held += (found.low or 0.0) <= 1.3 <= (found.high or 0.0)
    assert 0.925 <= held / trials <= 0.98


def test_two_sessions_that_differ_by_hand() -> None:
    # logs 0.2 apart, errors 0.02: variance between 0.2²/2 - 0.02², of the mean half of that
    found = combine_factors([of(math.exp(each), 0.02) for each in (0.2, 0.4)], "m", 0.0)
    days, own = 12.706 * math.sqrt((0.02 - 0.0004) / 2), 1.959964 * math.sqrt(0.0004 / 2)
    assert math.log(found.value or 1.0) == pytest.approx(0.3)
    assert math.log(found.high or 1.0) == pytest.approx(0.3 + math.hypot(days, own))


def test_no_factor_combines_to_a_reason() -> None:
    found = combine_factors([Estimate(None, None, None, "m", "no heart rate")], "m", 0.0)
    assert found.value is None
    assert found.reason


def test_sen_s_interval_is_not_narrower_than_its_ranks() -> None:
    # six points: Kendall's deviation sqrt(6·5·17/18) = 5.3229, times 1.96 is 10.433; of 15 slopes
    # the ranks are (15 ± 10.433)/2 = 2.28 and 12.72: from the 2nd to the 13th, and one on top
    # (Gilbert 1987, 16.5.2: the M1-th and the (M2 + 1)-th largest)
    values = np.array([0.0, 1.0, 4.0, 9.0, 16.0, 25.0])
    # the slope between i and j is i + j: 1 2 3 3 4 4 5 5 5 6 6 7 7 8 9
    slope, _ = theil_sen(np.arange(6.0), values, "m")
    assert slope.value == 5.0
    assert (slope.low, slope.high) == (2.0, 8.0)


@pytest.mark.parametrize(
    # what scipy 1.17.1's theilslopes says; it rounds the ranks to the nearest, we round outward
    ("values", "slope", "low", "high", "alike"),
    [
        ([1, 4, 2, 8, 5, 7], 1.2, -2.0, 3.0, True),
        ([3, 1, 4, 1.5, 9, 2.6, 5.3, 5.8], 0.45, -0.5, 1.6, True),
        ([2.7, 1.8, 2.81, 8.2, 8.4, 5.9, 0.45, 2.3, 5.36], 0.0691667, -0.9, 1.425, False),
    ],
)
def test_sen_s_interval_holds_another_implementation_s(
    values: list[float], slope: float, low: float, high: float, *, alike: bool
) -> None:
    found, _ = theil_sen(np.arange(float(len(values))), np.array(values, dtype=np.float64), "m")
    assert found.value == pytest.approx(slope, rel=1e-5)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= low + 1e-9
    assert found.high >= high - 1e-9
    assert (found.low == pytest.approx(low) and found.high == pytest.approx(high)) == alike
