"""Sessions that repeat the same, side by side: a small picture each, all on one scale, and tables.

The pictures are drawn here and need no script.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

import msgspec
from markupsafe import Markup
from msgspec.structs import replace

from retrorun.metrics import LISTED, number_of
from retrorun.model import Session
from retrorun.model.comparison import RepeatedSession, Repeats
from retrorun.model.segment import Repetition, length_in_words, sets_in_words
from retrorun.report.numbers import (
    UNKNOWN,
    Display,
    dated,
    format_in_style,
    set_naming,
    short_date,
    signed,
)
from retrorun.report.words import say, say_count

PLOT = (46, 10, 212, 92)  # left, top, right and bottom of what is drawn in a small picture
MOST_CARDS = 5
MOST_PICTURES = 6
MOST_COLUMNS = 12
LEAST_SPREAD_S = 10.0  # of the paces from top to bottom
BESIDE = {"heart_rate.mean": "lane_heart", "cadence_spm": "lane_cadence"}  # beside the pace
Paces = Sequence[Sequence[float | None]]


class RepeatPicture(msgspec.Struct, frozen=True):
    """One session: a line a set, a dot a repetition; ``earlier``: the mean of those before it."""

    session: str
    date: Markup
    label: str
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    earlier: tuple[str, ...]


class RepeatTable(msgspec.Struct, frozen=True):
    """One measure: a row a repetition of the last session, a column a session, the change."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class RepeatCard(msgspec.Struct, frozen=True):
    """Sessions that repeat the same, the latest ones as pictures and in tables.

    ``gist`` is of the pace, ``beside`` of each other measure that the last session has.
    """

    title: str
    gist: str
    pictures: tuple[RepeatPicture, ...]
    ticks: tuple[tuple[float, str], ...]
    beside: tuple[str, ...]
    tables: tuple[RepeatTable, ...]


def repeat_cards(
    found: Sequence[Repeats], sessions: Sequence[Session], display: Display
) -> tuple[RepeatCard, ...]:
    """Those with a pace in at least one repetition; of many kinds the latest.

    Args:
        found: sessions that repeat the same.
        sessions: all of them, with the numbers of their segments.
        display: the system of units.
    """
    known = [each for each in found if _paces(each.sessions)]
    by_id = {each.id: each for each in sessions}
    return tuple(_repeat_card(each, by_id, display) for each in known[:MOST_CARDS])


def _paces(sessions: Sequence[RepeatedSession]) -> list[float]:
    parts = chain.from_iterable(each.paces_s_per_km for each in sessions)
    return [pace for pace in chain(*parts) if pace is not None]


def _repeat_card(found: Repeats, sessions: Mapping[str, Session], display: Display) -> RepeatCard:
    latest = found.sessions[-MOST_PICTURES:]
    paces = _paces(latest) or _paces(found.sessions)
    slack = max(LEAST_SPREAD_S - (max(paces) - min(paces)), 0.0) / 2
    scale = _Scale(min(paces) - slack, max(paces) + slack, max(map(_places, latest)))
    pictures = [_picture(each, scale, display) for each in latest]
    pictures[-1] = replace(pictures[-1], earlier=tuple(scale.lines(found.earlier_s_per_km)))
    title, beside = _repeats_title(found, display), _measures(found, sessions, display)
    return RepeatCard(
        title=title,
        gist=_repeats_gist(found, display),
        pictures=tuple(pictures),
        ticks=tuple((scale.y(each), display.pace(each)) for each in (scale.low_s, scale.high_s)),
        beside=tuple(filter(None, map(_mean_change, beside))),
        tables=tuple(_table(each, found, title) for each in (_pace(found, display), *beside)),
    )


def _places(session: RepeatedSession) -> int:
    """Places on the axis of repetitions: one is left free between sets."""
    return sum(len(part) + 1 for part in session.paces_s_per_km) - 1


class _Scale(msgspec.Struct, frozen=True):
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


class _Measure(msgspec.Struct, frozen=True):
    """One measure of all repetitions: ``values`` a session, ``earlier`` their mean but the last."""

    label: str
    unit: str
    values: Sequence[Paces]
    earlier: Paces
    shown: Callable[[float | None], str]
    change: Callable[[float | None], str]

    def changes(self) -> list[list[float | None]]:
        """The last session minus those before it, by set and repetition."""
        pairs = zip(self.values[-1], self.earlier, strict=True)
        return [[_minus(*each) for each in zip(*pair, strict=True)] for pair in pairs]


def _minus(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _pace(found: Repeats, display: Display) -> _Measure:
    def change(value: float | None) -> str:
        return UNKNOWN if value is None else signed(display.pace_s(value), 0)

    values = [each.paces_s_per_km for each in found.sessions]
    unit, change_unit = display.pace_unit, f"s/{display.long_unit}"
    label = f"{say('lane_pace')}, {unit}"
    return _Measure(label, change_unit, values, found.earlier_s_per_km, display.pace, change)


def _measures(
    found: Repeats, sessions: Mapping[str, Session], display: Display
) -> tuple[_Measure, ...]:
    """What the last session and one before it both have beside the pace."""
    made = []
    for each in LISTED:
        if each.key in BESIDE and each.listed:
            how = format_in_style(say(BESIDE[each.key]), each.unit, each.listed, display)
            values = [_grid(one, sessions.get(one.session), each.key) for one in found.sessions]
            label = f"{how.label}, {how.unit}"
            made.append(_Measure(label, how.unit, values, _before(values), how.value, how.change))
    return tuple(each for each in made if _mean(chain(*each.changes())) is not None)


def _before(values: Sequence[Paces]) -> Paces:
    """The mean of each repetition of the last session over those before it."""
    return [
        [_mean(_at(each, number, place) for each in values[:-1]) for place in range(len(part))]
        for number, part in enumerate(values[-1])
    ]


def _grid(one: RepeatedSession, session: Session | None, key: str) -> Paces:
    """A number of each repetition that counts, by set and in order."""
    return [
        [
            _number(session, each, key) if each.role == "counted" or pace is not None else None
            for each, pace in zip(part.repetitions, paces, strict=True)
        ]
        for part, paces in zip(one.sets, one.paces_s_per_km, strict=True)
    ]


def _number(session: Session | None, each: Repetition, key: str) -> float | None:
    """The mean over the time of a repetition's segments that have it."""
    parts = session.measures.segments[each.first : each.last + 1] if session else ()
    pairs = [(number_of(part.metrics, key), part.metrics.seconds) for part in parts]
    known = [(value, lasted) for value, lasted in pairs if value is not None]
    seconds = sum(lasted for _, lasted in known)
    return sum(value * lasted for value, lasted in known) / seconds if seconds else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return sum(known) / len(known) if known else None


def _mean_change(measure: _Measure) -> str:
    """Such as ``Heart rate +3 bpm``."""
    label, _, _ = measure.label.rpartition(", ")
    return f"{label} {measure.change(_mean(chain(*measure.changes())))} {measure.unit}"


def _table(measure: _Measure, found: Repeats, title: str) -> RepeatTable:
    latest = found.sessions[-MOST_COLUMNS:]
    dates = tuple(dated(dt.date.fromisoformat(each.date)) for each in latest)
    changes, rows = measure.changes(), []
    for number, part in enumerate(changes):
        for place, change in enumerate(part):
            values = [_at(each, number, place) for each in measure.values[-MOST_COLUMNS:]]
            name = f"{place + 1}" if len(changes) == 1 else f"{number + 1} · {place + 1}"
            rows.append((name, *map(measure.shown, values), measure.change(change)))
    head = (say("repeats_place"), *dates, say("repeats_change", unit=measure.unit))
    caption = say("repeats_table_of", title=title, measure=measure.label)
    return RepeatTable(caption, head, tuple(rows))


def _at(paces: Paces, number: int, place: int) -> float | None:
    inside = number < len(paces) and place < len(paces[number])
    return paces[number][place] if inside else None
