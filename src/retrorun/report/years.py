"""The calendar: every day with sessions as a square that fills with its backward share."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrorun.model import Day
from retrorun.report.display import clock, short_date
from retrorun.report.log import how_many
from retrorun.report.words import say

YEARS = 5  # the list holds what is older
CELL, GAP, LEFT, TOP = 17, 3, 34, 20  # pixels


@dataclass(frozen=True, slots=True)
class Square:
    """A day with sessions: ``fill`` is the height of its backward part, ``maybe`` if by steps."""

    x: int
    y: int
    session: str
    title: str
    fill: int
    maybe: bool


@dataclass(frozen=True, slots=True)
class Year:
    """A year of squares, weeks from left to right, Monday on top."""

    title: str
    note: str
    size: tuple[int, int]
    months: tuple[tuple[int, str], ...]
    squares: tuple[Square, ...]


def years(days: Sequence[Day]) -> tuple[Year, ...]:
    """The latest years with sessions, latest first."""
    by_year: dict[int, dict[dt.date, list[Day]]] = defaultdict(lambda: defaultdict(list))
    for day in days:
        date = dt.date.fromisoformat(day.date)
        by_year[date.year][date].append(day)
    latest = sorted(by_year, reverse=True)[:YEARS]
    return tuple(_year(year, by_year[year]) for year in latest)


def _year(year: int, dates: Mapping[dt.date, Sequence[Day]]) -> Year:
    first = dt.date(year, 1, 1)
    names = say("months").split()
    months = tuple(
        (_column(dt.date(year, number, 1), first) * (CELL + GAP) + LEFT, name[:3])
        for number, name in enumerate(names, 1)
    )
    squares = tuple(_square(date, dates[date], first) for date in sorted(dates))
    sessions = sum(len(each) for each in dates.values())
    size = (LEFT + 54 * (CELL + GAP), TOP + 7 * (CELL + GAP))
    return Year(str(year), how_many(sessions), size, months, squares)


def _column(date: dt.date, first: dt.date) -> int:
    return ((date - first).days + first.weekday()) // 7


def _square(date: dt.date, found: Sequence[Day], first: dt.date) -> Square:
    backward = sum(each.backward_s for each in found)
    maybe = sum(each.candidate_s for each in found)
    moving = sum(each.moving_s for each in found)
    part = (backward or maybe) / moving if moving else 0.0
    words = [short_date(date), say("square_moving", time=clock(moving))]
    words += [say("month_backward", time=clock(backward))] if backward else []
    words += [say("row_maybe", time=clock(maybe))] if maybe and not backward else []
    words += [how_many(len(found))] if len(found) > 1 else []
    most = max(found, key=lambda each: (each.backward_s, each.candidate_s))
    return Square(
        _column(date, first) * (CELL + GAP) + LEFT,
        date.weekday() * (CELL + GAP) + TOP,
        most.session,
        " · ".join(words),
        max(3, round(CELL * min(part, 1.0))) if part else 0,
        not backward and maybe > 0,
    )
