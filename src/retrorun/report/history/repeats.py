"""Sessions that repeat the same, side by side: a small picture each, all on one scale, and a table.

The pictures are drawn here and need no script.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from retrorun.model.comparison import RepeatedSession, Repeats
from retrorun.model.segment import length_in_words, sets_in_words
from retrorun.report.numbers import UNKNOWN, Display, dated, set_naming, short_date, signed
from retrorun.report.words import say, say_count

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
    date: Markup
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
    day = dt.date.fromisoformat(session.date)
    spoken = ", ".join(display.pace(pace) for part in paces for pace in part)
    return RepeatPicture(
        session=session.session,
        date=dated(day),
        label=say("repeats_picture", date=short_date(day), paces=spoken, unit=display.pace_unit),
        lines=tuple(scale.lines(paces)),
        dots=tuple(point for part in scale.points(paces) for point in part),
        earlier=(),
    )


def _repeats_title(found: Repeats, display: Display) -> str:
    """As the sessions are called, where all are called alike; else what is repeated."""
    shapes = {tuple(part.size for part in each.sets) for each in found.sessions}
    last, walked = found.sessions[-1].sets, found.gait == "walk"
    if len(shapes) == 1:
        return sets_in_words(last, set_naming(display), with_gait=walked)
    which = "repeats_walk" if walked else "repeats_run"
    return say(which, length=length_in_words(last[0], display.distance))


def _repeats_gist(found: Repeats, display: Display) -> str:
    count = say_count("sessions", len(found.sessions))
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
    dates = tuple(dated(dt.date.fromisoformat(each.date)) for each in latest)
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
