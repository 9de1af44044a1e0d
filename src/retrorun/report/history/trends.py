"""Metrics over time: a figure for each metric, its slope in words, and a table of all values."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import msgspec

from retrorun.language import translated
from retrorun.model.comparison import Day, Point, Trend
from retrorun.report.figures import axis, layout
from retrorun.report.numbers import Display, MetricFormat, iso_dated, metric_format
from retrorun.report.words import say

Json = dict[str, Any]
WEEK_S = 7 * 86_400.0
POINTS = 400  # more are drawn as medians of equal stretches of time
BINS = 200
FINEST = 4  # digits more than the metric itself has
NONZERO = set("123456789")


class TrendCard(msgspec.Struct, frozen=True, eq=False):
    """One metric: where it goes, how sure that is, and its figure where it has two points."""

    key: str
    title: str
    unit: str
    way: str
    slope: str
    interval: str
    note: str
    figure: Mapping[str, Any] | None


def trend_cards(
    trends: Sequence[Trend], days: Mapping[str, Day], display: Display
) -> tuple[TrendCard, ...]:
    """All metrics with at least one point; those with a slope first."""
    found = sorted(
        (each for each in trends if each.points), key=lambda each: each.slope_per_week.value is None
    )
    return tuple(_card(each, days, display) for each in found)


def _card(trend: Trend, days: Mapping[str, Day], display: Display) -> TrendCard:
    how = metric_format(trend.key, trend.label, trend.unit, display)
    slope = trend.slope_per_week
    early = slope.value is None
    more = _finer(trend, how)
    interval = how.interval(slope.low, slope.high, more)
    return TrendCard(
        key=trend.key,
        title=how.label,
        unit=how.unit,
        way=say(f"way_{trend.verdict}"),
        slope="" if early else _a_week(trend, how, more),
        interval="" if early else say("slope_interval", interval=interval),
        note=translated((slope.reason or trend.note) if early else trend.note),
        figure=_figure(trend, how, days) if len(trend.points) > 1 else None,
    )


def _finer(trend: Trend, how: MetricFormat) -> int:
    """How many digits more a change shows, so that one that is told of is not shown as zero."""
    if trend.verdict == "level":
        return 1
    change = trend.slope_per_week.value
    shown_with = (more for more in range(1, FINEST) if set(how.change(change, more)) & NONZERO)
    return next(shown_with, FINEST)


def _a_week(trend: Trend, how: MetricFormat, more: int) -> str:
    change = how.change(trend.slope_per_week.value, more)
    return say(f"a_week_{trend.key}", fallback="a_week", number=change, unit=how.unit)


def _figure(trend: Trend, how: MetricFormat, days: Mapping[str, Day]) -> Json:
    marks = _marks(trend, how, days)
    is_sloped = trend.slope_per_week.value is not None and trend.intercept is not None
    lines = _line(trend, how) if is_sloped else []
    return {"data": [*lines, marks], "layout": _layout(how, _reach(marks, lines))}


ROOM = 0.08  # of the axis, above and below


def _reach(marks: Json, lines: Sequence[Json]) -> list[float] | None:
    """Ends of the upright axis: all marks, and of line and band as much as leaves those apart.

    A wide band reaches half the marks' own spread beyond them, and never below zero where no mark
    lies there. None leaves the choice to the chart: where all marks are equal.
    """
    errors = marks.get("error_y", {})
    ys = marks["y"]
    low = min(y - by for y, by in zip(ys, errors.get("arrayminus", [0.0] * len(ys)), strict=True))
    high = max(y + by for y, by in zip(ys, errors.get("array", [0.0] * len(ys)), strict=True))
    if low == high:
        return None
    drawn = [y for line in lines for y in line["y"]]
    foot = max(min([low, *drawn]), low - (high - low) / 2, 0.0 if low >= 0 else -math.inf)
    top = min(max([high, *drawn]), high + (high - low) / 2)
    room = ROOM * (top - foot)
    return [round(foot - room, 4), round(top + room, 4)]


def _marks(trend: Trend, how: MetricFormat, days: Mapping[str, Day]) -> Json:
    """One mark a session, which leads to its page; or medians, which lead nowhere."""
    many = len(trend.points) > POINTS
    points = _medians(trend.points) if many else trend.points
    backward = not trend.key.startswith("forward")
    marks: Json = {
        "type": "scatter",
        "mode": "markers",
        "x": [_date(each, days) for each in points],
        "y": [round(each.value * how.scale, how.digits + 2) for each in points],
        "marker": {
            "color": "--backward" if backward else "--forward",
            "symbol": "diamond" if backward else "circle",
            "size": 9 if len(points) < 60 else 5,
        },
        "hovertemplate": (
            f"%{{x|{say('chart_date')}}}<br><b>%{{y:.{how.digits}f}}</b> {how.unit}<extra></extra>"
        ),
    }
    if not many:
        marks["customdata"] = [each.session for each in points]
        marks |= _whiskers(points, how)
    return marks


def _whiskers(points: Sequence[Point], how: MetricFormat) -> Json:
    if any(each.low is None or each.high is None for each in points):
        return {}
    ups = [round(((each.high or 0.0) - each.value) * how.scale, 4) for each in points]
    downs = [round((each.value - (each.low or 0.0)) * how.scale, 4) for each in points]
    bars = {"type": "data", "symmetric": False, "array": ups, "arrayminus": downs}
    return {"error_y": bars | {"color": "--backward", "thickness": 1.2, "width": 0}}


def _medians(points: Sequence[Point]) -> list[Point]:
    first, last = points[0].start_time_s, points[-1].start_time_s
    width = max((last - first) / BINS, 1.0)
    bins: dict[int, list[Point]] = {}
    for each in points:
        bins.setdefault(int((each.start_time_s - first) / width), []).append(each)
    return [
        Point("", median(each.start_time_s for each in part), median(each.value for each in part))
        for part in bins.values()
    ]


def _date(point: Point, days: Mapping[str, Day]) -> str:
    day = days.get(point.session)
    return day.date if day else _utc_date(point.start_time_s)


def _utc_date(time_s: float) -> str:
    return dt.datetime.fromtimestamp(time_s, tz=dt.UTC).date().isoformat()


def _line(trend: Trend, how: MetricFormat) -> list[Json]:
    """The line, and the band that the interval of its slope allows."""
    slope = trend.slope_per_week
    start_s, weeks = trend.points[0].start_time_s, trend.weeks
    ends = [_utc_date(start_s), _utc_date(start_s + weeks * WEEK_S)]

    def at(rate: float | None, week: float) -> float:
        middle = (trend.intercept or 0.0) + (slope.value or 0.0) * weeks / 2
        rise = (slope.value or 0.0) if rate is None else rate
        return round((middle + rise * (week - weeks / 2)) * how.scale, how.digits + 3)

    band: Json = {
        "type": "scatter",
        "mode": "lines",
        "x": [*ends, *ends[::-1], ends[0]],
        "y": [
            at(slope.low, 0),
            at(slope.low, weeks),
            at(slope.high, weeks),
            at(slope.high, 0),
            at(slope.low, 0),
        ],
        "fill": "toself",
        "fillcolor": "--interval",
        "line": {"width": 0, "color": "--interval"},
        "hoverinfo": "skip",
    }
    # two straight borders that cross make two triangles: each is filled
    line: Json = {
        "type": "scatter",
        "mode": "lines",
        "x": ends,
        "y": [at(None, 0), at(None, weeks)],
        "line": {"color": "--muted", "width": 1.6},
        "hoverinfo": "skip",
    }
    return [band, line]


def _layout(how: MetricFormat, reach: list[float] | None) -> Json:
    return layout(
        190,
        (46, 12, 6, 30),
        xaxis=axis(type="date", showgrid=False, nticks=5),
        yaxis=axis(nticks=5, tickformat=f".{how.digits}f", **({"range": reach} if reach else {})),
    )


class TrendTable(msgspec.Struct, frozen=True):
    """The table behind the trends: one row a session, one cell a metric."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    left_out: int


MOST_ROWS = 500


def trend_table(trends: Sequence[Trend], days: Sequence[Day], display: Display) -> TrendTable:
    """Latest first, and at most `MOST_ROWS`: the list below holds every session."""
    used = [each for each in trends if each.points]
    hows = [metric_format(each.key, each.label, each.unit, display) for each in used]
    columns = [{point.session: point.value for point in each.points} for each in used]
    kept = [day for day in days if any(day.session in column for column in columns)]
    rows = tuple(
        (
            day.session,
            iso_dated(day.date),
            tuple(
                how.value(column.get(day.session))
                for how, column in zip(hows, columns, strict=True)
            ),
        )
        for day in reversed(kept[-MOST_ROWS:])
    )
    head = tuple(f"{how.label}, {how.unit}".removesuffix(", ") for how in hows)
    return TrendTable(head, rows, max(0, len(kept) - MOST_ROWS))
