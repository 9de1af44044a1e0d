"""How athletes spread: a strip of dots a metric, and the forest of their own cost factors."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from markupsafe import Markup

from retrorun.language import translated
from retrorun.model.cohort import AthleteSummary, Cohort, CohortMetric, Interval
from retrorun.report.numbers import UNKNOWN, Display, Tile, grouped, metric_format, number, signed
from retrorun.report.words import say, say_count

T = TypeVar("T")
EDGE = 3.0  # per cent of a picture left free on both sides
DOTS = 200  # athletes drawn in one strip
ROWS = 60  # athletes in the forest
NAME = 60  # characters of an athlete's name


class Strip(msgspec.Struct, frozen=True):
    """One metric over athletes; ``early`` says how much is missing where there is no number."""

    label: str
    median: str
    ends: str
    mean: str
    interval: str
    behind: str
    picture: Markup | None
    note: str
    early: str


class FactorRow(msgspec.Struct, frozen=True):
    """One athlete's own cost factor."""

    athlete: str
    value: str
    sessions: str
    interval: str
    bar: Markup


class Axis(msgspec.Struct, frozen=True):
    """Where values lie in a picture, in per cent of its width."""

    low: float
    high: float

    def x(self, value: float) -> float:
        """Place of a value; what lies beyond is put at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(EDGE + (100 - 2 * EDGE) * share, 2)

    def holds(self, value: float) -> bool:
        """Whether the value lies within."""
        return self.low <= value <= self.high


def short_name(athlete: str) -> str:
    """An athlete's name on one line, and not too long."""
    return one_line(athlete, NAME)


def one_line(text: str, most: int) -> str:
    """Foreign text on one line, at most so many characters of it."""
    plain = "".join(each if each.isprintable() else "\N{MIDDLE DOT}" for each in text[:most])
    return plain if len(text) <= most else f"{plain[:-1]}…"


def athletes_words(count: int) -> str:
    """So many athletes, in words."""
    return say_count("athletes", count, count=grouped(count))


def evenly_spaced(ordered: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly over the ranks, the first and the last among them."""
    if len(ordered) <= most:
        return list(ordered)
    return [ordered[round(place * (len(ordered) - 1) / (most - 1))] for place in range(most)]


def ends_of(each: CohortMetric) -> tuple[float | None, float | None]:
    """The 5th and 95th percentile, or what stands for them in a small cohort."""
    found = each.quantiles
    if found.p05 is None or found.p95 is None:
        return found.smallest, found.largest
    return found.p05, found.p95


def spread_strips(cohort: Cohort, display: Display) -> tuple[Strip, ...]:
    """Every metric in per cent of forward on one axis, those with a number first."""
    found = [each for each in cohort.measures if each.scale == "percent"]
    known = [each for each in found if not each.missing]
    ends = [end for each in known for end in ends_of(each) if end is not None]
    axis = Axis(1.1 * min([-5.0, *ends]), 1.1 * max([5.0, *ends]))
    made = [_strip(each, cohort, axis, display) for each in found]
    return tuple(sorted(made, key=lambda each: bool(each.early)))


def _strip(each: CohortMetric, cohort: Cohort, axis: Axis, display: Display) -> Strip:
    label = metric_format(each.key, each.label, each.unit, display).label
    athletes = athletes_words(each.athletes)
    if each.missing:
        return Strip(label, "", "", "", "", athletes, None, "", translated(each.note))
    values = sorted(
        row.measures[each.key].percent.value for row in cohort.athletes if each.key in row.measures
    )
    beyond = sum(not axis.holds(value) for value in values)
    low, high = ends_of(each)
    mean, runs = each.mixed.mean, each.mixed.observations
    notes = [translated(each.note), say("spread_beyond", count=beyond) if beyond else ""]
    return Strip(
        label,
        f"{signed(each.quantiles.p50, 1)} %",
        say(
            "between" if each.quantiles.p05 is not None else "spread_all",
            low=signed(low, 1),
            high=signed(high, 1),
        ),
        f"{signed(mean.value, 1)} %",
        say("between", low=signed(mean.low, 1), high=signed(mean.high, 1)),
        say(
            "behind_athletes",
            athletes=athletes,
            sessions=say_count("sessions", runs, count=grouped(runs)),
        ),
        _strip_picture(each, [value for value in values if axis.holds(value)], axis),
        "; ".join(filter(None, notes)),
        "",
    )


def _strip_picture(each: CohortMetric, values: Sequence[float], axis: Axis) -> Markup:
    """Dots of athletes above, and below them the thin line, the box and the median."""
    found = each.quantiles
    low, high = ends_of(each)
    x_low, x_high, x25, x50, x75 = (
        axis.x(end or 0.0) for end in (low, high, found.p25, found.p50, found.p75)
    )
    dots = "".join(
        f'<circle cx="{axis.x(value)}%" cy="{5 + 4 * (place * 2 % 5)}" r="2.6"/>'
        for place, value in enumerate(evenly_spaced(values, DOTS))
    )
    svg = (
        '<svg class="swarm" width="100%" height="48" aria-hidden="true">'
        f'<line class="one" x1="{axis.x(0)}%" x2="{axis.x(0)}%" y1="0" y2="48"/>{dots}'
        f'<line class="ends" x1="{x_low}%" x2="{x_high}%" y1="36" y2="36"/>'
        f'<rect x="{x25}%" width="{max(0.3, x75 - x25):.2f}%" y="30" height="12" rx="2"/>'
        f'<line class="median" x1="{x50}%" x2="{x50}%" y1="27" y2="45"/></svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers only


def factor_rows(cohort: Cohort) -> tuple[FactorRow, ...]:
    """Athletes' own cost factors from the smallest to the largest, at most ``ROWS`` of them."""
    having = [(row.cost_factor, row) for row in cohort.athletes if row.cost_factor is not None]
    having.sort(key=lambda pair: (pair[0].value, pair[1].athlete))
    chosen = evenly_spaced(having, ROWS)
    ends = [end for factor, _ in chosen for end in (factor.value, factor.low, factor.high) if end]
    axis = Axis(min([0.95, *ends]), max([1.6, *ends]))
    mean = cohort.measures[0].mixed.mean.value
    return tuple(_factor_row(factor, row, axis, mean) for factor, row in chosen)


def _factor_row(factor: Interval, row: AthleteSummary, axis: Axis, mean: float | None) -> FactorRow:
    known = factor.low is not None and factor.high is not None
    interval = say("between", low=number(factor.low, 2), high=number(factor.high, 2))
    return FactorRow(
        short_name(row.athlete),
        number(factor.value, 2),
        str(row.cost_sessions),
        interval if known else UNKNOWN,
        _factor_bar(factor, axis, mean),
    )


def _factor_bar(factor: Interval, axis: Axis, mean: float | None) -> Markup:
    value = axis.x(factor.value)
    low = value if factor.low is None else axis.x(factor.low)
    high = value if factor.high is None else axis.x(factor.high)
    dashed = (
        ""
        if mean is None
        else f'<line class="mean" x1="{axis.x(mean)}%" x2="{axis.x(mean)}%" y1="0" y2="30"/>'
    )
    svg = (
        '<svg class="whisker" width="100%" height="30" aria-hidden="true">'
        f'<line class="one" x1="{axis.x(1)}%" x2="{axis.x(1)}%" y1="0" y2="30"/>{dashed}'
        f'<line class="range" x1="{low}%" x2="{high}%" y1="15" y2="15"/>'
        f'<circle cx="{value}%" cy="15" r="5.5"/></svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers only


def factors_tile(found: CohortMetric) -> Tile:
    """Where the cost factors of nine in ten athletes lie, or of all where they are few."""
    low, high = ends_of(found)
    if low is None or high is None:
        return Tile(say("tile_factors"), UNKNOWN, translated(found.note))
    reached = found.quantiles.p05 is not None
    note = say(
        "tile_factors_note" if reached else "tile_factors_range",
        athletes=athletes_words(found.athletes),
    )
    value = say("between", low=number(low, 2), high=number(high, 2))
    return Tile(say("tile_factors"), value, note)
