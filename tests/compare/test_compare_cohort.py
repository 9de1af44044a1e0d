"""Athletes' comparisons over a cohort: summaries, quantiles, means, and too few of them."""

import math

import measured_sessions as made
import numpy as np
import pytest
from msgspec import structs

from retrorun.compare import compare
from retrorun.compare.cohort import cohort, summary
from retrorun.compare.random_effects import INSEPARABLE, quantiles
from retrorun.compare.statistics import NORMAL
from retrorun.model import Athlete, Estimate, Session
from retrorun.model.cohort import AthleteSummary, Cohort, CohortMetric, Uncompared
from retrorun.settings import CompareSettings

# partners are not brought to one speed, and no error is added to what is worked by hand
SETTINGS = CompareSettings(line_stretches=10**6, heart_rate_error_bpm=1e-9)
PAIRS = 6


def runs(rises_bpm: list[float], factor: float | None = None) -> list[Session]:
    """Sessions of an athlete, each with six pairs, backward so much above forward's 150."""
    found = []
    for day, rise in enumerate(rises_bpm):
        segments = []
        for turn in range(PAIRS):
            start_s = 400.0 * turn
            forward = made.stretch(start_s, 100.0, steady_heart_rate_bpm=150.0)
            backward = made.stretch(
                start_s + 200.0, 100.0, "backward", steady_heart_rate_bpm=150.0 + rise
            )
            segments += [forward, backward]
        ends = None if factor is None else (factor / 1.1, factor * 1.1)
        own = (
            made.NO_FACTOR
            if factor is None or ends is None
            else Estimate(factor, *ends, "heart-rate kinetics")
        )
        found.append(made.session(f"{day:012x}", float(day), segments, own))
    return found


def summed(name: str, rises_bpm: list[float], factor: float | None = None) -> AthleteSummary:
    return summary(name, compare(runs(rises_bpm, factor), Athlete(), SETTINGS))


def measure(found: Cohort, key: str, scale: str) -> CohortMetric:
    return next(each for each in found.measures if (each.key, each.scale) == (key, scale))


def heart(found: Cohort) -> CohortMetric:
    return measure(found, "heart_rate_bpm", "difference")


def test_an_athlete_is_summed_up() -> None:
    found = summed("ann", [10.0, 14.0], factor=1.3)
    assert (found.sessions, found.backward_sessions) == (2, 2)
    assert found.backward_s == 2 * PAIRS * 100.0
    assert found.backward_m == pytest.approx(2 * PAIRS * 250.0)
    assert (found.first_date, found.last_date) == ("2026-01-05", "2026-01-06")
    own = found.measures["heart_rate_bpm"]
    assert own.difference.value == pytest.approx(12.0)
    assert own.percent.value == pytest.approx(8.0)
    assert (own.pairs, own.sessions) == (2 * PAIRS, 2)
    assert found.cost_factor is not None
    assert found.cost_factor.value == pytest.approx(1.3)
    assert found.cost_sessions == 2
    assert found.reasons["cadence_spm"] == "not recorded"


def test_the_pairs_shown_do_not_bound_what_a_cohort_counts() -> None:
    # the latest session alone would say 50
    few = CompareSettings(line_stretches=10**6, pairs_shown=1)
    found = summary("ann", compare(runs([10.0, 14.0, 50.0]), Athlete(), few))
    assert found.measures["heart_rate_bpm"].pairs == 3 * PAIRS
    assert found.measures["heart_rate_bpm"].difference.value == pytest.approx(74.0 / 3)


def test_without_a_cost_factor_the_reason_is_kept() -> None:
    found = summed("ann", [10.0])
    assert found.cost_factor is None
    assert found.reasons["cost_factor"] == "no session gives a cost factor"


@pytest.mark.parametrize("count", [0, 1, 4])
def test_fewer_than_five_athletes_are_too_early(count: int) -> None:
    rows = [summed(f"a{index}", [10.0 + index], 1.3) for index in range(count)]
    found = cohort(rows, [], SETTINGS)
    assert len(found.athletes) == count
    for each in found.measures:
        assert each.missing >= 5 - count
        assert each.quantiles.p50 is None
        assert each.quantiles.smallest is None
        assert each.mixed.mean.value is None
        assert each.note.startswith(f"too early to say: {each.missing} more athlete")
    assert heart(found).missing == 5 - count
    assert heart(found).athletes == count


def test_the_least_number_of_athletes_is_a_setting() -> None:
    rows = [summed(f"a{index}", [10.0 + index], 1.3) for index in range(4)]
    found = cohort(rows, [], structs.replace(SETTINGS, least_athletes=4))
    assert heart(found).missing == 0
    assert heart(found).quantiles.p50 == pytest.approx(11.5)


def test_four_athletes_lack_one() -> None:
    found = cohort([summed(f"a{index}", [10.0]) for index in range(4)], [], SETTINGS)
    assert heart(found).note == "too early to say: 1 more athlete"
    steps = measure(found, "cadence_spm", "difference")
    assert steps.note == "too early to say: 5 more athletes (most often: not recorded)"


def test_five_athletes_by_hand() -> None:
    # three sessions each at -1 0 +1 around 2 4 6 8 10: as in the analysis of variance
    rows = [
        summed(f"a{index}", [mean - 1, mean, mean + 1])
        for index, mean in enumerate((2.0, 4.0, 6.0, 8.0, 10.0))
    ]
    found = heart(cohort(rows, [], SETTINGS))
    assert (found.athletes, found.missing, found.unit) == (5, 0, "1/min")
    assert found.mixed.mean.value == pytest.approx(6.0)
    assert found.mixed.between_sd == pytest.approx(math.sqrt(29 / 3), rel=1e-6)
    assert found.mixed.mean.high == pytest.approx(6.0 + 2.776 * math.sqrt(2), rel=1e-4)
    assert found.mixed.prediction.high == pytest.approx(6 + 3.182 * math.sqrt(29 / 3 + 2), rel=1e-4)
    assert found.mixed.observations == 15
    assert "most of the spread is between athletes" in found.mixed.heterogeneity
    # definition 8: place (5 + 1/3) p + 1/3 = 1.667, 3, 4.333; 5 and 95 % are out of reach
    ends = found.quantiles
    assert (ends.smallest, ends.p50, ends.largest) == pytest.approx((2.0, 6.0, 10.0))
    assert ends.p25 == pytest.approx(2.0 + 2.0 * 2 / 3)
    assert ends.p75 == pytest.approx(8.0 + 2.0 / 3)
    assert (ends.p05, ends.p95) == (None, None)
    assert "13 athletes" in ends.note


def test_per_cent_is_its_own_distribution() -> None:
    rows = [summed(f"a{index}", [15.0 * index, 15.0 * index]) for index in range(5)]
    found = measure(cohort(rows, [], SETTINGS), "heart_rate_bpm", "percent")
    assert found.quantiles.p50 == pytest.approx(20.0)
    assert found.unit == "%"


def test_one_session_each_says_what_cannot_be_told() -> None:
    rows = [summed(f"a{index}", [float(index)]) for index in range(5)]
    found = heart(cohort(rows, [], SETTINGS)).mixed
    assert found.mean.value == pytest.approx(2.0)
    assert found.between_sd is None
    assert found.heterogeneity == INSEPARABLE
    assert (found.prediction.value, found.prediction.reason) == (None, INSEPARABLE)


def test_an_athlete_with_a_thousand_sessions_does_not_drown_the_others() -> None:
    few = [summed(f"a{index}", [mean, mean + 2.0]) for index, mean in enumerate((2.0, 4, 6, 8))]
    many = summed("z", [29.0, 31.0] * 500)
    found = heart(cohort([*few, many], [], SETTINGS))
    assert many.measures["heart_rate_bpm"].sessions == 1000
    assert found.quantiles.p50 == pytest.approx(7.0)
    assert found.mixed.mean.value == pytest.approx(np.mean([3, 5, 7, 9, 30]), abs=0.2)
    assert found.mixed.heaviest_share == pytest.approx(0.2, abs=0.01)


def test_an_error_that_no_session_averages_away_is_no_spread_between_sessions() -> None:
    """Ten athletes, two of them with hundreds of sessions: truly 2 apart, their days 3."""
    rng, counts = np.random.default_rng(4), [4] * 8 + [300, 300]
    rises = [10.0 + rng.normal(0, 2.0) + rng.normal(0, 3.0, count) for count in counts]
    default = structs.replace(SETTINGS, heart_rate_error_bpm=CompareSettings().heart_rate_error_bpm)
    exact, widened = (
        heart(
            cohort(
                [
                    summary(f"a{place}", compare(runs(each.tolist()), Athlete(), settings))
                    for place, each in enumerate(rises)
                ],
                [],
                settings,
            )
        ).mixed
        for settings in (SETTINGS, default)
    )
    assert widened == exact
    assert exact.between_sd == pytest.approx(2.0, rel=0.5)


def test_cost_factors_by_hand() -> None:
    # one session each: its interval is the athlete's
    factors = (1.1, 1.2, 1.3, 1.4, 1.5)
    rows = [summed(f"a{index}", [10.0], value) for index, value in enumerate(factors)]
    found = cohort(rows, [], SETTINGS).measures[0]
    logs = np.log(factors)
    floor = SETTINGS.factor_model_error
    own = (math.log(1.1) / NORMAL) ** 2
    assert found.key == "cost_factor"
    assert found.athletes == 5
    mixed = found.mixed
    assert mixed.mean.value == pytest.approx(math.exp(logs.mean()), rel=1e-6)
    between = max(0.0, logs.var(ddof=1) - own)
    assert between > 0
    assert mixed.between_sd == pytest.approx(math.sqrt(between), rel=1e-4)
    reach = math.hypot(2.776 * math.sqrt(logs.var(ddof=1) / 5), NORMAL * floor)
    assert mixed.mean.high == pytest.approx(math.exp(logs.mean() + reach), rel=1e-4)
    assert found.quantiles.p50 == pytest.approx(1.3)


def test_the_order_of_athletes_changes_nothing() -> None:
    rows = [summed(f"a{index}", [float(index), 3.0], 1.2 + index / 20) for index in range(6)]
    lost = [Uncompared("y", "s", "m"), Uncompared("b", "s", "m")]
    found = cohort(rows, lost, SETTINGS)
    assert found == cohort(rows[::-1], lost[::-1], SETTINGS)
    assert [each.athlete for each in found.uncompared] == ["b", "y"]


def test_totals_over_athletes() -> None:
    forward_only = [made.session("f", 3.0, [made.stretch(0.0, 100.0)])]
    rows = [
        summed("a", [10.0, 11.0]),
        summary("b", compare(forward_only, Athlete(), SETTINGS)),
        summary("c", compare([], Athlete(), SETTINGS)),
    ]
    found = cohort(rows, [], SETTINGS)
    assert (found.sessions, found.backward_sessions, found.backward_athletes) == (3, 2, 1)
    assert found.backward_s == 1200.0
    assert (found.first_date, found.last_date) == ("2026-01-05", "2026-01-08")
    assert found.notes == ()
    assert [note.slug for note in cohort(rows[1:], [], SETTINGS).notes] == ["no-backward"]


def test_nobody_at_all() -> None:
    found = cohort([], [], SETTINGS)
    assert found.athletes == ()
    assert (found.sessions, found.backward_m, found.first_date) == (0, 0.0, None)
    assert heart(found).note == "too early to say: 5 more athletes"


@pytest.mark.parametrize("count", [5, 12, 13, 40])
def test_quantiles_as_numpy_defines_them_where_the_sample_reaches(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    found = quantiles(values)
    for probability, value in ((0.25, found.p25), (0.5, found.p50), (0.75, found.p75)):
        expected = np.quantile(values, probability, method="median_unbiased")
        assert value == pytest.approx(expected)
    assert (found.p05 is None) == (count < 13)
    if count >= 13:
        assert found.p05 == pytest.approx(np.quantile(values, 0.05, method="median_unbiased"))
        assert found.p95 == pytest.approx(np.quantile(values, 0.95, method="median_unbiased"))
        assert found.note == ""


def test_the_days_that_sessions_share_go_into_the_mean_over_athletes() -> None:
    # five backward sessions around one forward session: with weights of 1/5 each, the forward day
    # has (5 · 1/5)² of a day's variance, less the 5 · (1/5)² that the spread of sessions holds
    ahead = made.session("f", 0.0, [made.stretch(0.0, 300.0, steady_heart_rate_bpm=140.0)])
    back = [
        made.session(
            f"b{day}",
            day / 10,
            [made.stretch(0.0, 300.0, "backward", steady_heart_rate_bpm=150.0 + day)],
        )
        for day in range(1, 6)
    ]
    own = summary("ann", compare([ahead, *back], Athlete(), SETTINGS)).measures["heart_rate_bpm"]
    assert own.sessions == 5
    assert own.shared_days == pytest.approx(1.0 - 1.0 / 5)
    alone = summed("bob", [10.0, 14.0]).measures["heart_rate_bpm"]
    assert alone.shared_days == 0.0
