"""Means over athletes against hand-worked cases, another implementation, and simulated truth."""

import math

import numpy as np
import pytest

from retrorun.compare.random_effects import (
    RandomEffects,
    fit_estimates,
    fit_sessions,
    mixed_factor,
    observed,
)
from retrorun.model.cohort import Interval
from retrorun.settings import CompareSettings
from retrorun.units import FloatArray

# printed tables of Student's t, two-sided 95 %
T3, T4 = 3.182, 2.776
Groups = list[FloatArray]


def fitted(groups: Groups, shared: FloatArray | float = 0.0) -> RandomEffects:
    return fit_sessions(
        np.array([each.mean() for each in groups]),
        np.array([float(len(each)) for each in groups]),
        np.array([float(((each - each.mean()) ** 2).sum()) for each in groups]),
        shared,
    )


def drawn(seed: int, counts: list[int], between: float, within: float) -> Groups:
    """Sessions of athletes around 5, from the model itself."""
    rng = np.random.default_rng(seed)
    return [5.0 + rng.normal(0, between) + rng.normal(0, within, count) for count in counts]


def test_as_many_sessions_each_equals_the_analysis_of_variance_by_hand() -> None:
    # means 2 4 6 8 10 of three sessions at -1 0 +1: mean squares within 1, between 3 * 10 = 30
    groups = [mean + np.array([-1.0, 0.0, 1.0]) for mean in (2.0, 4.0, 6.0, 8.0, 10.0)]
    found = fitted(groups)
    assert found.mean == pytest.approx(6.0, abs=1e-9)
    assert found.within == pytest.approx(1.0, abs=1e-6)
    assert found.between == pytest.approx((30.0 - 1.0) / 3.0, abs=1e-6)
    assert found.error == pytest.approx(math.sqrt(30.0 / 15.0), abs=1e-6)
    assert found.reach == pytest.approx(T4 * math.sqrt(2.0), abs=1e-6)
    assert found.share == pytest.approx((29 / 3) / (29 / 3 + 1 / 3), abs=1e-6)
    assert found.heaviest == pytest.approx(0.2)
    assert found.prediction(5) == pytest.approx(T3 * math.sqrt(29 / 3 + 2), abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_balanced_data_equal_the_analysis_of_variance(seed: int) -> None:
    groups = drawn(seed, [7] * 9, between=2.0, within=3.0)
    means = np.array([each.mean() for each in groups])
    inner = sum(float(((each - each.mean()) ** 2).sum()) for each in groups) / (9 * 6)
    outer = 7 * float(means.var(ddof=1))
    found = fitted(groups)
    assert outer > inner  # else the estimate is 0, which is another test
    assert found.between == pytest.approx((outer - inner) / 7, rel=1e-6)
    assert found.within == pytest.approx(inner, rel=1e-6)


@pytest.mark.xdist_group("statsmodels")
@pytest.mark.parametrize("seed", range(4))
def test_unbalanced_data_equal_another_implementation(seed: int) -> None:
    models = pytest.importorskip("statsmodels.regression.mixed_linear_model")
    counts = [1, 2, 3, 5, 8, 13, 21, 4, 4, 30]
    groups = drawn(100 + seed, counts, between=2.0, within=3.0)
    values = np.concatenate(groups)
    owner = np.repeat(np.arange(len(counts)), counts)
    theirs = models.MixedLM(values, np.ones((len(values), 1)), owner).fit(reml=True)
    found = fitted(groups)
    assert theirs.converged
    assert found.mean == pytest.approx(float(theirs.params[0]), rel=1e-5)
    assert found.within == pytest.approx(float(theirs.scale), rel=1e-4)
    assert found.between == pytest.approx(float(theirs.cov_re[0, 0]), rel=2e-3)
    assert found.error == pytest.approx(float(theirs.bse[0]), rel=0.02)


def test_the_restricted_likelihood_is_nowhere_larger() -> None:
    groups = drawn(8, [1, 2, 9, 40, 3, 3], between=1.5, within=2.0)
    found = fitted(groups)
    assert found.between is not None
    assert found.within is not None
    best = restricted(groups, found.between, found.within)
    for between in np.linspace(0.0, 4 * found.between, 41):
        for within in np.linspace(0.3, 3.0, 28) * found.within:
            assert restricted(groups, between, within) <= best + 1e-9


def restricted(groups: Groups, between: float, within: float) -> float:
    """The restricted log-likelihood with whole covariance matrices, up to a constant."""
    values = np.concatenate(groups)
    owner = np.repeat(np.arange(len(groups)), [len(each) for each in groups])
    covariance = within * np.eye(len(values)) + between * (owner[:, None] == owner[None, :])
    inverse = np.linalg.inv(covariance)
    ones = np.ones(len(values))
    information = ones @ inverse @ ones
    apart = values - (ones @ inverse @ values) / information
    _, size = np.linalg.slogdet(covariance)
    return float(-0.5 * (size + math.log(information) + apart @ inverse @ apart))


def test_no_difference_between_athletes_is_zero_and_no_traceback() -> None:
    # the same mean everywhere: less spread between than chance alone would make
    groups = [5.0 + np.array([-1.0, 1.0]) for _ in range(6)]
    found = fitted(groups)
    assert found.between == 0.0
    assert found.share == 0.0
    assert found.mean == pytest.approx(5.0)
    # pooled: 12 observations, sum of squares 12, REML divides by 11
    assert found.error == pytest.approx(math.sqrt(12 / 11 / 12), rel=1e-6)


def test_athletes_who_never_vary_have_all_the_spread_between_them() -> None:
    found = fitted([np.full(3, mean) for mean in (1.0, 2.0, 3.0, 4.0, 5.0)])
    assert found.between == pytest.approx(2.5)
    assert found.within == 0.0
    assert found.share == 1.0


def test_nothing_varies_at_all() -> None:
    found = fitted([np.full(3, 4.0) for _ in range(5)])
    assert (found.mean, found.between, found.share) == (4.0, 0.0, 0.0)
    assert found.reach == pytest.approx(0.0, abs=1e-9)


def test_one_session_each_leaves_the_plain_mean() -> None:
    found = fitted([np.array([value]) for value in (1.0, 2.0, 3.0, 4.0, 5.0)])
    assert found.mean == pytest.approx(3.0)
    assert found.reach == pytest.approx(T4 * math.sqrt(2.5 / 5))
    assert found.between is None
    assert found.prediction(5) is None


def test_a_thousand_sessions_do_not_drown_nine_other_athletes() -> None:
    few = [mean + np.array([-1.0, 0.0, 1.0]) for mean in (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)]
    many = 30.0 + np.tile([-1.0, 1.0], 500)
    found = fitted([*few, many])
    # each athlete weighs 1 / (between + within / sessions): nearly the same here
    assert found.heaviest == pytest.approx(1 / 9, abs=0.002)
    assert found.mean == pytest.approx(np.mean([2, 3, 4, 5, 6, 7, 8, 9, 30]), abs=0.1)


@pytest.mark.parametrize(
    ("counts", "between"), [([4] * 8, 2.0), ([1, 1, 2, 3, 5, 8, 50, 3, 9, 2], 2.0), ([6] * 6, 0.0)]
)
def test_the_interval_covers_the_truth_as_often_as_it_says(
    counts: list[int], between: float
) -> None:
    hits = 0
    for seed in range(250):
        found = fitted(drawn(seed, counts, between, within=3.0))
        hits += abs(found.mean - 5.0) <= found.reach
    assert 0.915 <= hits / 250 <= 0.996  # 95 % of 250, within 2.5 deviations below


def test_the_spread_between_athletes_comes_back() -> None:
    # 200 athletes: the estimate's own deviation is about 5 %
    found = fitted(drawn(17, [5] * 200, between=2.0, within=3.0))
    assert found.between is not None
    assert found.within is not None
    assert math.sqrt(found.between) == pytest.approx(2.0, rel=0.15)
    assert math.sqrt(found.within) == pytest.approx(3.0, rel=0.1)


def test_equally_certain_estimates_by_hand() -> None:
    # their variance is 2.5; each has an error of 1, so 1.5 is between athletes
    found = fit_estimates(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.ones(5))
    assert found.mean == pytest.approx(3.0)
    assert found.between == pytest.approx(1.5, abs=1e-6)
    assert found.error == pytest.approx(math.sqrt(2.5 / 5), abs=1e-6)
    assert found.reach == pytest.approx(T4 * math.sqrt(2.5 / 5), abs=1e-6)
    assert found.share == pytest.approx(1.5 / 2.5, abs=1e-6)


def test_estimates_that_agree_leave_no_spread_and_the_weights_of_their_errors() -> None:
    found = fit_estimates(np.array([3.0, 3.1, 3.0, 2.9]), np.array([1.0, 1.0, 1.0, 0.5]))
    assert found.between == 0.0
    assert found.mean == pytest.approx((3.0 + 3.1 + 3.0 + 4 * 2.9) / 7)
    assert found.error == pytest.approx(math.sqrt(1 / 7))
    assert found.heaviest == pytest.approx(4 / 7)


@pytest.mark.xdist_group("statsmodels")
def test_combining_estimates_equals_another_implementation() -> None:
    effects = pytest.importorskip("statsmodels.stats.meta_analysis")
    # the deviation of the sample equals the moment estimate for equal errors
    values = np.array([0.21, 0.35, 0.28, 0.44, 0.30, 0.25])
    theirs = effects.combine_effects(values, np.full(6, 0.05**2), method_re="dl", use_t=True)
    found = fit_estimates(values, np.full(6, 0.05))
    assert found.between == pytest.approx(float(theirs.tau2), rel=1e-6)
    assert found.mean == pytest.approx(float(theirs.mean_effect_re), rel=1e-9)
    assert found.error == pytest.approx(float(theirs.sd_eff_w_re), rel=1e-6)


def test_the_interval_over_factors_covers_the_truth() -> None:
    hits = 0
    for seed in range(250):
        rng = np.random.default_rng(seed)
        errors = rng.uniform(0.03, 0.2, 9)
        logs = math.log(1.35) + rng.normal(0, 0.07, 9) + rng.normal(0, errors)
        found = fit_estimates(logs, errors)
        hits += abs(found.mean - math.log(1.35)) <= found.reach
    assert 0.915 <= hits / 250 <= 0.996


def test_a_forward_day_that_sessions_share_is_no_difference_between_athletes() -> None:
    # twelve backward sessions each, all matched with one forward session: its day adds its whole
    # variance to the mean of each athlete, of which 1/12 is in the spread of sessions already
    equal_words, hits, cohorts, athletes, sessions = 0, 0, 200, 10, 12
    for seed in range(cohorts):
        rng = np.random.default_rng(seed)
        forward = rng.normal(0, 3.0, athletes)
        groups = [5.0 - day + rng.normal(0, 3.0, sessions) for day in forward]
        found = fitted(groups, shared=np.full(athletes, 1.0 - 1.0 / sessions))
        assert found.share is not None
        equal_words += found.share < 0.5  # neither "differ clearly" nor more
        hits += abs(found.mean - 5.0) <= found.reach
    assert equal_words / cohorts >= 0.85  # as where no day is shared: 0.95; without it 0.003
    assert 0.915 <= hits / cohorts <= 0.996


def test_the_interval_of_one_more_athlete_holds_that_of_the_mean() -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        logs = math.log(1.35) + rng.normal(0, 0.03, 30)
        low, value, high = (np.exp(logs + step * 1.96 * 0.03) for step in (-1, 0, 1))
        intervals = [Interval(*map(float, each)) for each in zip(value, low, high, strict=True)]
        found = mixed_factor(observed(intervals, [5] * 30), CompareSettings())
        assert found.prediction.low is not None
        assert found.prediction.high is not None
        assert found.mean.low is not None
        assert found.mean.high is not None
        assert found.prediction.low <= found.mean.low < found.mean.high <= found.prediction.high
