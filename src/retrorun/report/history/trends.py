"""Metrics over time: a figure for each metric, its slope in words, and a table of all values.

Sessions that repeat the same stand side by side, a small picture each, all on one scale.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from retrorun.model import Day, Point, Trend
from retrorun.model.comparison import RepeatedSession, Repeats
from retrorun.model.segment import length_in_words, sets_in_words
from retrorun.report.figures import axis, layout
from retrorun.report.numbers import UNKNOWN, Display, Shown, short_date, shown, signed
from retrorun.report.words import say

Json = dict[str, Any]
WEEK_S = 7 * 86_400.0
POINTS = 400  # more are drawn as medians of equal stretches of time
BINS = 200


@dataclass(frozen=True, slots=True, eq=False)
class TrendCard:
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
    how = shown(trend.key, trend.label, trend.unit, display)
    slope = trend.slope_per_week
    early = slope.value is None
    interval = how.interval(slope.low, slope.high, 1)
    return TrendCard(
        key=trend.key,
        title=how.label,
        unit=how.unit,
        way=say(f"way_{trend.verdict}"),
        slope="" if early else _a_week(trend, how),
        interval="" if early else say("slope_interval", interval=interval),
        note=(slope.reason or trend.note) if early else trend.note,
        figure=_figure(trend, how, days) if len(trend.points) > 1 else None,
    )


def _a_week(trend: Trend, how: Shown) -> str:
    change = how.change(trend.slope_per_week.value, 1)
    return say(f"a_week_{trend.key}", fallback="a_week", number=change, unit=how.unit)


def _figure(trend: Trend, how: Shown, days: Mapping[str, Day]) -> Json:
    data = [_marks(trend, how, days)]
    if trend.slope_per_week.value is not None and trend.intercept is not None:
        data = [*_line(trend, how), *data]
    return {"data": data, "layout": _layout(how)}


def _marks(trend: Trend, how: Shown, days: Mapping[str, Day]) -> Json:
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
            f"%{{x|%e %b %Y}}<br><b>%{{y:.{how.digits}f}}</b> {how.unit}<extra></extra>"
        ),
    }
    if not many:
        marks["customdata"] = [each.session for each in points]
        marks |= _whiskers(points, how)
    return marks


def _whiskers(points: Sequence[Point], how: Shown) -> Json:
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


def _line(trend: Trend, how: Shown) -> list[Json]:
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


def _layout(how: Shown) -> Json:
    return layout(
        190,
        (46, 12, 6, 30),
        xaxis=axis(type="date", showgrid=False, nticks=5),
        yaxis=axis(nticks=5, tickformat=f".{how.digits}f"),
    )


@dataclass(frozen=True, slots=True)
class TrendTable:
    """The table behind the trends: one row a session, one cell a metric."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    left_out: int


MOST_ROWS = 500


def trend_table(trends: Sequence[Trend], days: Sequence[Day], display: Display) -> TrendTable:
    """Latest first, and at most `MOST_ROWS`: the list below holds every session."""
    used = [each for each in trends if each.points]
    hows = [shown(each.key, each.label, each.unit, display) for each in used]
    columns = [{point.session: point.value for point in each.points} for each in used]
    kept = [day for day in days if any(day.session in column for column in columns)]
    rows = tuple(
        (
            day.session,
            day.date,
            tuple(
                how.value(column.get(day.session))
                for how, column in zip(hows, columns, strict=True)
            ),
        )
        for day in reversed(kept[-MOST_ROWS:])
    )
    head = tuple(f"{how.label}, {how.unit}".removesuffix(", ") for how in hows)
    return TrendTable(head, rows, max(0, len(kept) - MOST_ROWS))


PLOT = (46, 10, 212, 92)  # left, top, right and bottom of what is drawn in a small picture
MOST_CARDS = 5
MOST_PICTURES = 6
MOST_COLUMNS = 12
LEAST_SPREAD_S = 10.0  # of the paces from top to bottom
Paces = Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class RepeatPicture:
    """One session: a line a set, a dot a repetition; ``earlier``: the mean of those before it."""

    session: str
    date: str
    label: str
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepeatCard:
    """Sessions that repeat the same, the latest ones as pictures and in a table."""

    title: str
    gist: str
    pictures: tuple[RepeatPicture, ...]
    ticks: tuple[tuple[float, str], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def repeat_cards(found: Sequence[Repeats], display: Display) -> tuple[RepeatCard, ...]:
    """Those with a pace in at least one repetition; of many kinds the latest."""
    known = [each for each in found if _paces(each.sessions)]
    return tuple(_repeat_card(each, display) for each in known[:MOST_CARDS])


def _paces(sessions: Sequence[RepeatedSession]) -> list[float]:
    return [
        pace
        for each in sessions
        for part in each.paces_s_per_km
        for pace in part
        if pace is not None
    ]


def _repeat_card(found: Repeats, display: Display) -> RepeatCard:
    latest = found.sessions[-MOST_PICTURES:]
    paces = _paces(latest) or _paces(found.sessions)
    slack = max(LEAST_SPREAD_S - (max(paces) - min(paces)), 0.0) / 2
    scale = _Scale(min(paces) - slack, max(paces) + slack, max(map(_places, latest)))
    pictures = [_picture(each, scale, display) for each in latest]
    pictures[-1] = replace(pictures[-1], earlier=tuple(scale.lines(found.earlier_s_per_km)))
    ends = (scale.low_s, scale.high_s)
    head, rows = _repeat_table(found, display)
    return RepeatCard(
        title=_repeats_title(found, display),
        gist=_repeats_gist(found, display),
        pictures=tuple(pictures),
        ticks=tuple((scale.y(each), display.pace(each)) for each in ends),
        head=head,
        rows=rows,
    )


def _places(session: RepeatedSession) -> int:
    """Places on the axis of repetitions: one is left free between sets."""
    return sum(len(part) + 1 for part in session.paces_s_per_km) - 1


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a pace is drawn: quicker is higher."""

    low_s: float
    high_s: float
    places: int

    def y(self, pace_s: float) -> float:
        share = (pace_s - self.low_s) / (self.high_s - self.low_s)
        return round(PLOT[1] + share * (PLOT[3] - PLOT[1]), 1)

    def points(self, paces: Paces) -> list[list[tuple[float, float]]]:
        """Of each set."""
        width = (PLOT[2] - PLOT[0]) / self.places
        first, found = 0, []
        for part in paces:
            found.append(
                [
                    (round(PLOT[0] + (first + place + 0.5) * width, 1), self.y(pace))
                    for place, pace in enumerate(part)
                    if pace is not None
                ]
            )
            first += len(part) + 1
        return found

    def lines(self, paces: Paces) -> list[str]:
        """A path of each set."""
        parts = self.points(paces)
        return [f"M{'L'.join(f'{x} {y}' for x, y in part)}" for part in parts if part]


def _picture(session: RepeatedSession, scale: _Scale, display: Display) -> RepeatPicture:
    paces = session.paces_s_per_km
    date = short_date(dt.date.fromisoformat(session.date))
    spoken = ", ".join(display.pace(pace) for part in paces for pace in part)
    return RepeatPicture(
        session=session.session,
        date=date,
        label=say("repeats_picture", date=date, paces=spoken, unit=display.pace_unit),
        lines=tuple(scale.lines(paces)),
        dots=tuple(point for part in scale.points(paces) for point in part),
        earlier=(),
    )


def _repeats_title(found: Repeats, display: Display) -> str:
    """As the sessions are called, where all are called alike; else what is repeated."""
    shapes = {tuple(part.size for part in each.sets) for each in found.sessions}
    last, walked = found.sessions[-1].sets, found.gait == "walk"
    if len(shapes) == 1:
        return sets_in_words(last, display.distance, with_gait=walked)
    which = "repeats_walk" if walked else "repeats_run"
    return say(which, length=length_in_words(last[0], display.distance))


def _repeats_gist(found: Repeats, display: Display) -> str:
    count = say("sessions_many", count=len(found.sessions))
    change = found.difference_s_per_km
    if change.value is None:
        return count
    unit = f"s/{display.long_unit}"
    value = f"{round(display.pace_s(abs(change.value)))} {unit}"
    if change.low is None or change.high is None:
        way = "quicker" if change.value < 0 else "slower"
        return f"{count} · {say(f'repeats_{way}', change=value)}"
    way = "quicker" if change.high < 0 else "slower" if change.low > 0 else "unclear"
    low, high = (signed(display.pace_s(each), 0) for each in (change.low, change.high))
    interval = say("interval", low=low, high=f"{high} {unit}")
    return f"{count} · {say(f'repeats_{way}', change=value)} ({interval})"


def _repeat_table(
    found: Repeats, display: Display
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """A row a repetition of the last session, a column a session, and the last change."""
    latest = found.sessions[-MOST_COLUMNS:]
    dates = tuple(short_date(dt.date.fromisoformat(each.date)) for each in latest)
    last = found.sessions[-1].paces_s_per_km
    rows = []
    for number, part in enumerate(last):
        for place in range(len(part)):
            paces = [_at(each.paces_s_per_km, number, place) for each in latest]
            before = found.earlier_s_per_km[number][place]
            name = f"{place + 1}" if len(last) == 1 else f"{number + 1} · {place + 1}"
            rows.append((name, *map(display.pace, paces), _change(paces[-1], before, display)))
    change = say("repeats_change", unit=f"s/{display.long_unit}")
    return (say("repeats_place"), *dates, change), tuple(rows)


def _at(paces: Paces, number: int, place: int) -> float | None:
    inside = number < len(paces) and place < len(paces[number])
    return paces[number][place] if inside else None


def _change(now: float | None, before: float | None, display: Display) -> str:
    if now is None or before is None:
        return UNKNOWN
    return signed(display.pace_s(now - before), 0)
