"""Time over the weeks: the figure and table of weekly minutes, and the calendar of days."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from retrorun.model.comparison import Day, Week
from retrorun.report.figures import Table, axis, layout
from retrorun.report.numbers import (
    Display,
    clock,
    counted,
    iso_dated,
    number,
    short,
    short_date,
    short_months,
)
from retrorun.report.words import say

Json = dict[str, Any]


MOST_NAMED = 6  # weeks whose Monday stands below the figure: as many as fit a phone


def volume_figure(weeks: Sequence[Week]) -> Json | None:
    """Minutes a week: forward upward, backward downward; None without weeks."""
    if not weeks:
        return None
    mondays = [each.monday for each in weeks]
    forward, backward, maybe = (
        [round(getattr(each, kind).moving_s / 60, 1) for each in weeks]
        for kind in ("forward", "backward", "candidate")
    )
    bars = [
        _bars("forward", mondays, forward, 1),
        _bars("backward", mondays, backward, -1),
        _bars("candidate", mondays, maybe, -1),
    ]
    return {
        "data": bars,
        "layout": _layout(
            mondays, forward, [sum(each) for each in zip(backward, maybe, strict=True)]
        ),
    }


def _bars(kind: str, mondays: Sequence[str], minutes: Sequence[float], sign: int) -> Json:
    colour = "--forward" if kind == "forward" else "--backward"
    marker: Json = {"color": colour}
    if kind == "candidate":
        marker = {
            "color": "--card",
            "line": {"color": colour, "width": 1},
            "pattern": {
                "shape": "/",
                "size": 6,
                "solidity": 0.45,
                "fgcolor": colour,
                "bgcolor": "--card",
            },
        }
    return {
        "type": "bar",
        "name": say(f"kind_{kind}"),
        "x": list(mondays),
        # a bar of no height would still draw its border
        "y": [round(sign * each, 1) if each else None for each in minutes],
        "customdata": list(minutes),
        "marker": marker,
        "hovertemplate": "%{customdata} min<extra>%{fullData.name}</extra>",
    }


def _layout(mondays: Sequence[str], up: Sequence[float], down: Sequence[float]) -> Json:
    named = mondays[:: -(-len(mondays) // MOST_NAMED)]
    ticks = _ticks(max(up, default=0.0), max(down, default=0.0))
    minutes = axis(
        zeroline=True,
        zerolinecolor="--muted",
        tickvals=ticks,
        ticktext=[short(abs(tick)) for tick in ticks],
        title={"text": say("minutes_a_week")},
    )
    return layout(
        300,
        (46, 12, 8, 34),
        barmode="relative",
        bargap=0.28,
        hovermode="x unified",
        hoverlabel={"bgcolor": "--card", "font": {"color": "--ink"}},
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis=axis(
            type="date",
            showgrid=False,
            automargin=True,
            tickvals=list(named),
            ticktext=_monday_names(named),
        ),
        yaxis=minutes,
    )


def _monday_names(mondays: Sequence[str]) -> list[str]:
    """Day and month of each, and below it the year where that is another than before."""
    names, before = [], ""
    for monday in mondays:
        words, _, year = short_date(dt.date.fromisoformat(monday)).rpartition(" ")
        names.append(words if year == before else f"{words}<br>{year}")
        before = year
    return names


def _ticks(up: float, down: float) -> list[float]:
    """Round minutes on both sides of zero."""
    steps = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0)
    step = next((each for each in steps if (up + down) / each <= 8), 2400.0)
    return [step * index for index in range(-int(down // step), int(up // step) + 1)]


def _long(distance_m: float | None, display: Display) -> str:
    return number(None if distance_m is None else display.long_value(distance_m), 2)


def week_table(weeks: Sequence[Week], display: Display) -> Table:
    """The weeks as a table, latest first."""
    head = ("week_of", "head_sessions", "kind_backward", "kind_candidate", "kind_forward")
    units = (
        f"{say('kind_backward')} {display.long_unit}",
        f"{say('kind_forward')} {display.long_unit}",
    )
    rows = tuple(
        (
            iso_dated(each.monday),
            str(each.sessions),
            clock(each.backward.moving_s),
            clock(each.candidate.moving_s),
            clock(each.forward.moving_s),
            _long(each.backward.distance_m, display),
            _long(each.forward.distance_m, display),
        )
        for each in reversed(weeks)
    )
    return Table((*(say(each) for each in head), *units), rows)


YEARS = 5  # the list holds what is older
CELL, GAP, LEFT, TOP = 17, 3, 34, 20  # pixels


class Square(msgspec.Struct, frozen=True):
    """A day with sessions: ``fill`` is the height of its backward part, ``maybe`` if by steps.

    ``unknown``: nothing tells the direction of any of it.
    """

    x: int
    y: int
    session: str
    title: str
    fill: int
    maybe: bool
    unknown: bool


class Year(msgspec.Struct, frozen=True):
    """A year of squares, weeks from left to right, Monday on top."""

    title: str
    note: str
    size: tuple[int, int]
    months: tuple[tuple[int, str], ...]
    squares: tuple[Square, ...]


def calendar_years(days: Sequence[Day], undecided: Collection[str] = ()) -> tuple[Year, ...]:
    """The latest years with sessions whose day is known, latest first.

    Args:
        days: one for each session.
        undecided: ids of sessions in which nothing tells the directions apart.
    """
    by_year: dict[int, dict[dt.date, list[Day]]] = defaultdict(lambda: defaultdict(list))
    for day in filter(lambda each: each.day_known, days):
        date = dt.date.fromisoformat(day.date)
        by_year[date.year][date].append(day)
    latest = sorted(by_year, reverse=True)[:YEARS]
    return tuple(_year(year, by_year[year], undecided) for year in latest)


def _year(year: int, dates: Mapping[dt.date, Sequence[Day]], undecided: Collection[str]) -> Year:
    first = dt.date(year, 1, 1)
    months = tuple(
        (_column(dt.date(year, number, 1), first) * (CELL + GAP) + LEFT, name)
        for number, name in enumerate(short_months(), 1)
    )
    squares = tuple(_square(date, dates[date], first, undecided) for date in sorted(dates))
    sessions = sum(len(each) for each in dates.values())
    size = (LEFT + 54 * (CELL + GAP), TOP + 7 * (CELL + GAP))
    return Year(str(year), counted(sessions, "sessions"), size, months, squares)


def _column(date: dt.date, first: dt.date) -> int:
    return ((date - first).days + first.weekday()) // 7


def _square(
    date: dt.date, found: Sequence[Day], first: dt.date, undecided: Collection[str]
) -> Square:
    backward = sum(each.backward_s for each in found)
    maybe = sum(each.candidate_s for each in found)
    moving = sum(each.moving_s for each in found)
    part = (backward or maybe) / moving if moving else 0.0
    words = [short_date(date), say("square_moving", time=clock(moving))]
    words += [say("month_backward", time=clock(backward))] if backward else []
    words += [say("row_maybe", time=clock(maybe))] if maybe and not backward else []
    unknown = all(each.session in undecided for each in found)
    words += [say("legend_unknown")] if unknown else []
    words += [counted(len(found), "sessions")] if len(found) > 1 else []
    most = max(found, key=lambda each: (each.backward_s, each.candidate_s))
    return Square(
        _column(date, first) * (CELL + GAP) + LEFT,
        date.weekday() * (CELL + GAP) + TOP,
        most.session,
        " · ".join(words),
        max(3, round(CELL * min(part, 1.0))) if part else 0,
        not backward and maybe > 0,
        unknown,
    )
