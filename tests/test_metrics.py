"""Each metric is declared once, and what is printed from the declarations is up to date."""

import dataclasses
import typing

import metric_tables
from retrorun import metrics
from retrorun.compare.trends import COMPUTED
from retrorun.metric_types import HeartRate, Metric, Sum, declared
from retrorun.metrics import Metrics, Totals
from retrorun.report.history import repeats


def numbers(holder: type) -> set[str]:
    """Fields that hold a number, or None."""
    hints = typing.get_type_hints(holder)
    return {name for name, hint in hints.items() if hint in {float, float | None}}


def test_every_number_of_a_segment_and_of_sums_is_declared() -> None:
    for holder, kind in ((Metrics, Metric), (HeartRate, Metric), (Totals, Sum)):
        assert {name for name, _ in declared(holder, kind)} == numbers(holder)


def test_documents_from_before_a_metric_was_added_stay_valid() -> None:
    optional = {each.name for each in dataclasses.fields(Metrics) if each.default is None}
    in_json = [pair for pair in declared(Metrics, Metric) if pair[1].contract_digits is not None]
    assert {name for name, each in in_json if each.added} == optional & dict(in_json).keys()


def test_no_two_metrics_share_a_column_or_a_name() -> None:
    columns = [each.column for each in (*metrics.METRICS, *metrics.HEART_RATE)]
    assert len(set(columns)) == len(columns)
    compared = [each.key for each in metrics.COMPARED]
    assert len(set(compared)) == len(compared)


def test_what_is_compared_is_read() -> None:
    read = {each.key for each in metrics.METRICS if each.read}
    made_of = {each.source for each in metrics.COMPARED if each.source}
    for each in metrics.DERIVED:
        made_of |= {each.formula.above, each.formula.below}
    assert made_of - {"energy_kcal", "moving_m"} <= read


def test_what_stands_beside_the_pace_of_repeats_is_read() -> None:
    known = (*metrics.METRICS, *metrics.HEART_RATE)
    assert repeats.BESIDE.keys() <= {each.key for each in known if each.read}


def test_what_later_metrics_add_has_a_default() -> None:
    """Sessions stored before they were there stay readable."""
    fields = {each.name: each for each in dataclasses.fields(Metrics)}
    added = [each.key for each in metrics.METRICS if each.added]
    assert all(fields[key].default is None for key in added)


def test_each_number_followed_over_time_is_computed() -> None:
    assert [each.key for each in metrics.TRENDED] == list(COMPUTED)


def test_the_page_of_metrics_is_up_to_date() -> None:
    assert metric_tables.PAGE.read_text(encoding="utf-8") == metric_tables.page()


def test_the_contract_has_the_metrics_that_are_declared_for_it() -> None:
    text = metric_tables.SCHEMA.read_text(encoding="utf-8")
    assert metric_tables.schema(text) == text


def test_the_page_on_cohorts_names_every_compared_metric() -> None:
    text = metric_tables.COHORT.read_text(encoding="utf-8")
    assert metric_tables.cohort(text) == text
    for stem, unit in (each.columns for each in metrics.DIFFERENCES):
        assert f"`{stem}`" in text.replace("\n", " ")
        assert f"({unit})" in text
