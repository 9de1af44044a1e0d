"""The page over athletes as text: what it says, what it never says, and how large it gets."""

import re

import hand_made_cohorts
import pytest

from retrorun.model.cohort import Cohort, CohortMetric
from retrorun.report.cohort import cohort_page
from retrorun.report.cohort.spread import (
    DOTS,
    NAME,
    ROWS,
    Axis,
    evenly_spaced,
    one_line,
    short_name,
)
from retrorun.report.numbers import number


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def measure(found: Cohort, key: str, scale: str) -> CohortMetric:
    return next(each for each in found.measures if (each.key, each.scale) == (key, scale))


def test_five_seconds_say_how_many_and_what_it_costs() -> None:
    found = hand_made_cohorts.of(24, forward_only=5)
    page = text(cohort_page(found))
    mean = found.measures[0].mixed.mean
    assert f"Backward costs these athletes {number(mean.value, 2)} times forward." in page
    assert f"95 %: {number(mean.low, 2)} to {number(mean.high, 2)}, the mean over 24" in page
    assert "Athletes 29 24 of them went backward" in page


def test_every_number_stands_with_its_athletes_and_interval() -> None:
    found = hand_made_cohorts.of(24)
    page = text(cohort_page(found))
    heart = measure(found, "heart_rate_bpm", "percent")
    low, high = heart.mixed.mean.low, heart.mixed.mean.high
    assert low is not None
    assert high is not None
    assert f"+{low:.1f} to +{high:.1f}" in page
    assert f"24 athletes, {heart.mixed.observations} sessions" in page
    assert f"+{heart.quantiles.p50:.1f} %" in page


def test_too_few_athletes_give_words_and_no_number() -> None:
    page = text(cohort_page(hand_made_cohorts.of(3, forward_only=1)))
    assert "4 athletes, " in page
    assert "too early to say what it costs them" in page
    assert "Cost factor: too early to say: 2 more athletes" in page
    assert "times forward." not in page


def test_nobody_backward_and_nobody_at_all() -> None:
    assert "and no backward running of any of them yet" in text(
        cohort_page(hand_made_cohorts.of(0, 3))
    )
    assert "There are no athletes in this result set yet" in text(
        cohort_page(hand_made_cohorts.of(0))
    )


def test_small_cohorts_show_all_and_say_so() -> None:
    page = text(cohort_page(hand_made_cohorts.of(7)))
    assert "smallest to largest of 7 athletes" in page
    assert "5th and 95th percentile: from 13 athletes" in page
    assert "5 to 95 % of 7" not in page


def test_large_cohorts_are_bounded_and_the_rest_is_counted() -> None:
    small, large = (cohort_page(hand_made_cohorts.of(count, lost=count)) for count in (220, 1500))
    assert len(large) < 1.05 * len(small)
    assert len(large) < 250_000
    assert large.count('class="whisker"') == ROWS
    assert f"{ROWS} of 1,500 athletes are shown" in text(large)
    assert "1,440 more are in the tables" in text(large)
    assert "1,300 more athletes are not listed here" in text(large)
    assert "1,400 more are not listed here" in text(large)
    assert f"Of more than {DOTS} athletes so many dots are drawn" in text(large)
    assert large.count("<circle") < 6 * DOTS + ROWS + 10


def test_names_are_data() -> None:
    page = cohort_page(hand_made_cohorts.hostile())
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "longlonglong" * 10 not in page


def test_missing_athletes_are_named_with_the_reason() -> None:
    page = text(cohort_page(hand_made_cohorts.of(6, lost=2)))
    assert "Athletes who are missing here" in page
    assert page.count("[results-part-damaged]") == 2
    assert "missing here" not in text(cohort_page(hand_made_cohorts.of(6)))


def test_methods_and_their_sources_are_named() -> None:
    page = text(cohort_page(hand_made_cohorts.of(6)))
    for source in ("Hyndman", "Patterson", "DerSimonian", "Hartung", "Higgins"):
        assert source in page
    assert "no random sample of runners" in page


def test_no_address_of_anything_elsewhere() -> None:
    page = cohort_page(hand_made_cohorts.of(24, 2, 2))
    assert "http:" not in page
    assert "https:" not in page
    assert "comparison.html" not in page
    assert "Content-Security-Policy" in page


def test_the_same_cohort_gives_the_same_page() -> None:
    assert cohort_page(hand_made_cohorts.of(9)) == cohort_page(hand_made_cohorts.of(9))


@pytest.mark.parametrize(("count", "most"), [(0, 5), (3, 5), (5, 5), (6, 5), (1000, 7)])
def test_evenly_over_the_ranks(count: int, most: int) -> None:
    found = evenly_spaced(range(count), most)
    assert len(found) == min(count, most)
    assert found == sorted(set(found))
    if count:
        assert (found[0], found[-1]) == (0, count - 1)


def test_an_axis_keeps_what_lies_beyond_at_its_edge() -> None:
    axis = Axis(0.0, 10.0)
    assert axis.x(-5) == axis.x(0) < axis.x(5) < axis.x(10) == axis.x(99)
    assert axis.x(5) == 50.0
    assert axis.holds(10.0)
    assert not axis.holds(10.1)


def test_names_are_bounded_and_on_one_line() -> None:
    assert short_name("Ann") == "Ann"
    assert short_name("a\nb\x1b[0m\u202e") == "a·b·[0m·"
    assert len(short_name("x" * 500)) == NAME
    assert one_line("abcdef", 4) == "abc…"


def test_long_times_and_ways_are_short_words() -> None:
    page = text(cohort_page(hand_made_cohorts.of(1500)))
    found = hand_made_cohorts.of(1500)
    assert found.backward_m is not None
    assert f"{found.backward_s / 3600:,.0f} h" in page
    assert f"{found.backward_m / 1000:,.0f} km" in page
    assert "1,500 of them went backward" in page
