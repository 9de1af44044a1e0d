"""Slopes under noise with a memory, against other implementations and against simulation."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured_sessions import session, stretch
from msgspec import structs

from retrorun.compare import compare
from retrorun.compare.statistics import significant, slope_test, student_tails
from retrorun.model import Athlete
from retrorun.model.comparison import Trend
from retrorun.settings import CompareSettings

SETTINGS = CompareSettings()
# statsmodels loads for seconds: only in the tests that ask it, all of them by one worker


def noise(time: np.ndarray, share: float, memory: float, rng: np.random.Generator) -> np.ndarray:
    """Drawn from the whole covariance matrix, not from a recursion."""
    apart = np.abs(time[:, None] - time[None, :])
    covariance = share * np.exp(-apart / memory) + (1.0 - share) * np.eye(len(time))
    return np.linalg.cholesky(covariance) @ rng.normal(size=len(time))


@pytest.mark.parametrize(
    # printed tables of Student's t, two-sided
    ("value", "freedom", "probability"),
    [(12.706, 1, 0.05), (4.303, 2, 0.05), (3.182, 3, 0.05), (3.707, 6, 0.01), (2.042, 30, 0.05)],
)
def test_tails_as_printed(value: float, freedom: int, probability: float) -> None:
    found = student_tails(np.array([value, -value]), freedom)
    assert found == pytest.approx(probability, rel=2e-3)


@pytest.mark.xdist_group("statsmodels")
def test_without_wander_it_is_least_squares_as_statsmodels_has_it() -> None:
    rng = np.random.default_rng(1)
    time = np.sort(rng.uniform(0, 20, 25))
    values = 3.0 + 0.1 * time + rng.normal(size=25)
    plain = structs.replace(SETTINGS, trend_even=1.0 - 1e-15)
    found = slope_test(time, time, values, plain)
    from statsmodels.regression.linear_model import OLS

    other = OLS(values, np.column_stack([np.ones(25), time])).fit()
    assert found.slope == pytest.approx(other.params[1], rel=1e-6)
    assert found.probability == pytest.approx(other.pvalues[1], rel=1e-6)
    low, high = other.conf_int()[1]
    assert found.reach == pytest.approx((high - low) / 2, rel=2e-3)


@pytest.mark.xdist_group("statsmodels")
def test_one_wander_is_generalised_least_squares_as_statsmodels_has_it() -> None:
    rng = np.random.default_rng(2)
    time = np.sort(rng.uniform(0, 30, 40))
    values = 5.0 - 0.05 * time + noise(time, 0.6, 4.0, rng)
    one = structs.replace(
        SETTINGS, trend_memories_weeks=(4.0,), trend_wander_shares=(0.6,), trend_even=1e-12
    )
    found = slope_test(time, time, values, one)
    apart = np.abs(time[:, None] - time[None, :])
    covariance = 0.6 * np.exp(-apart / 4.0) + 0.4 * np.eye(40)
    from statsmodels.regression.linear_model import GLS

    other = GLS(values, np.column_stack([np.ones(40), time]), sigma=covariance).fit()
    assert found.slope == pytest.approx(other.params[1], rel=1e-5)
    assert found.probability == pytest.approx(other.pvalues[1], rel=1e-5)


@given(st.integers(0, 10_000), st.floats(0.01, 100.0), st.floats(-50.0, 50.0))
def test_units_change_the_slope_and_not_its_probability(
    seed: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(0.1, 2.0, 12))
    values = rng.normal(size=12)
    first = slope_test(time, time, values, SETTINGS)
    second = slope_test(time, time, shift + scale * values, SETTINGS)
    assert second.slope == pytest.approx(scale * first.slope, rel=1e-6, abs=1e-9)
    assert second.probability == pytest.approx(first.probability, rel=1e-6)


@pytest.mark.xdist_group("statsmodels")
def test_no_memories_are_no_wander() -> None:
    rng = np.random.default_rng(3)
    time, values = np.arange(12.0), rng.normal(size=12)
    found = slope_test(time, time, values, structs.replace(SETTINGS, trend_memories_weeks=()))
    from statsmodels.regression.linear_model import OLS

    other = OLS(values, np.column_stack([np.ones(12), time])).fit()
    assert found.slope == pytest.approx(other.params[1], rel=1e-6)
    assert found.probability == pytest.approx(other.pvalues[1], rel=1e-6)


def test_a_long_series_at_two_times_has_a_slope() -> None:
    """A hundred and sixty sessions within a day, as many a year later: 1 m/s quicker."""
    parts = {mps: [stretch(0, 60, "backward", mps)] for mps in (2.0, 3.0)}
    days = [(day + n / 400, 2.0 + day / 365) for day in (0, 365) for n in range(160)]
    sessions = [session(f"s{day}", day, parts[mps]) for day, mps in days]
    found = compare(sessions, Athlete(), SETTINGS).trends
    slope = next(each for each in found if each.key == "backward_speed_mps").slope_per_week
    assert slope.value == pytest.approx(7 / 365, rel=0.02)


def test_numbers_that_never_change_are_no_trend() -> None:
    time = np.arange(8.0)
    found = slope_test(time, time, np.full(8, 2.5), SETTINGS)
    assert found.slope == 0.0
    assert found.probability == pytest.approx(1.0)


@pytest.fixture(scope="module")
def decide_at_once() -> Callable[..., tuple[np.ndarray, ...]]:
    """How statsmodels decides; loading it is no part of what an example may cost."""
    from statsmodels.stats.multitest import multipletests

    return multipletests  # type: ignore[no-any-return]


@pytest.mark.xdist_group("statsmodels")
@given(probabilities=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20))
def test_many_findings_at_once_as_statsmodels_decides(
    decide_at_once: Callable[..., tuple[np.ndarray, ...]], probabilities: list[float]
) -> None:
    expected, *_ = decide_at_once(probabilities, alpha=0.05, method="fdr_by")
    assert significant(probabilities, 0.05).tolist() == expected.tolist()


def test_nothing_to_decide() -> None:
    assert significant([], 0.05).size == 0


@pytest.mark.parametrize(("share", "most"), [(0.0, 0.03), (0.5, 0.1)])
def test_pages_of_eight_trends_without_any_seldom_claim_one(share: float, most: float) -> None:
    # 120 pages: with a true rate of 1 % (white) or 5 % more than the bound is seen in 1 of 100
    rng, false = np.random.default_rng(3), 0
    for _ in range(120):
        time = np.sort(rng.uniform(0.0, rng.uniform(6, 52), int(rng.integers(8, 60))))
        memory = rng.uniform(2.0, 6.0)
        found = [
            slope_test(time, time, noise(time, share, memory, rng), SETTINGS) for _ in range(8)
        ]
        false += bool(significant([each.probability for each in found], SETTINGS.trend_false).any())
    assert false / 120 <= most


def backward_speed(values: list[float]) -> Trend:
    sessions = [
        session(f"s{n}", 7 * n, [stretch(0, 100, "backward", value)])
        for n, value in enumerate(values)
    ]
    found = compare(sessions, Athlete(), SETTINGS).trends
    return next(each for each in found if each.key == "backward_speed_mps")


def test_a_straight_line_rises_and_its_mirror_falls() -> None:
    rng = np.random.default_rng(4)
    line = 2.0 + 0.02 * np.arange(30) + rng.normal(0, 0.01, 30)
    up, down = backward_speed(line.tolist()), backward_speed((4.0 - line).tolist())
    assert (up.verdict, down.verdict) == ("rising", "falling")
    assert up.probability == pytest.approx(down.probability or 0.0)
    assert up.probability is not None
    assert up.probability < 0.001


def test_what_wanders_is_higher_or_lower_over_this_period_and_seldom_a_claim() -> None:
    rng, weeks, said = np.random.default_rng(9), np.arange(20.0), []
    for _ in range(40):
        trend = backward_speed((2.0 + 0.1 * noise(weeks, 0.9, 5.0, rng)).tolist())
        said.append(trend.verdict)
        if trend.verdict == "level":
            assert trend.slope_per_week.low is not None
            assert trend.slope_per_week.high is not None
            assert trend.slope_per_week.low <= 0 <= trend.slope_per_week.high
    assert sum(word in {"higher", "lower"} for word in said) >= 10
    assert sum(word in {"rising", "falling"} for word in said) <= 4


def test_too_few_sessions_are_early() -> None:
    assert backward_speed([2.0, 2.1, 2.2]).verdict == "early"
