"""Matched differences: each measure's numbers beside its interval on one axis in per cent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from retrorun.metrics import COMPARED
from retrorun.model import Day, Difference, Pair
from retrorun.report.numbers import UNKNOWN, Display, clock, shown, signed
from retrorun.report.words import say

EDGE = 6.0  # per cent of the picture left free on both sides


@dataclass(frozen=True, slots=True)
class Matched:
    """One measure; ``early`` says how much is missing where there is no number."""

    label: str
    unit: str
    backward: str
    forward: str
    change: str
    interval: str
    percent: str
    bar: Markup | None
    behind: str
    early: str
    note: str


def matched(found: Sequence[Difference], display: Display) -> tuple[Matched, ...]:
    """Every measure, those with a number first."""
    ends = [
        end
        for each in found
        for end in (each.percent.low, each.percent.high, each.percent.value)
        if end is not None
    ]
    reach = max([5.0, *(abs(end) for end in ends)])
    known = sorted(found, key=lambda each: each.percent.value is None)
    return tuple(_matched(each, reach, display) for each in known)


def _matched(each: Difference, reach: float, display: Display) -> Matched:
    how = shown(each.key, each.label, each.unit, display)
    early = each.difference.value is None
    return Matched(
        how.label,
        how.unit,
        how.value(each.backward),
        how.value(each.forward),
        how.change(each.difference.value),
        how.interval(each.difference.low, each.difference.high),
        UNKNOWN if early else f"{signed(each.percent.value)} %",
        None if early else _bar(each, reach),
        say("pairs_behind", pairs=each.pairs, sessions=each.sessions),
        (each.difference.reason or each.note) if early else "",
        "" if early else each.note,
    )


def _bar(each: Difference, reach: float) -> Markup:
    """The interval in per cent, zero in the middle: left of it backward is less than forward."""
    value = each.percent.value or 0.0
    low = value if each.percent.low is None else each.percent.low
    high = value if each.percent.high is None else each.percent.high

    def x(end: float) -> str:
        return f"{50 + (50 - EDGE) * end / reach:.1f}%"

    svg = (
        '<svg class="whisker" width="100%" height="22" aria-hidden="true">'
        '<line class="one" x1="50%" x2="50%" y1="0" y2="22"/>'
        f'<line class="stem" x1="50%" x2="{x(value)}" y1="11" y2="11"/>'
        f'<line class="range" x1="{x(low)}" x2="{x(high)}" y1="11" y2="11"/>'
        f'<circle cx="{x(value)}" cy="11" r="5.5"/></svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers only


@dataclass(frozen=True, slots=True)
class PairRow:
    """One matched pair; each side a session's id, its date and the start within it."""

    backward: tuple[str, str, str]
    forward: tuple[str, str, str]
    gait: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The latest pairs; ``head`` names the cells, backward and forward in turn."""

    head: tuple[str, ...]
    rows: tuple[PairRow, ...]


PAIR_MEASURES = tuple((each.key, each.unit) for each in COMPARED if each.pair_label)


def pair_rows(pairs: Sequence[Pair], days: Mapping[str, Day], display: Display) -> Pairs:
    """The pairs behind the differences, latest first."""
    how = [shown(key, key, unit, display) for key, unit in PAIR_MEASURES]
    rows = tuple(
        PairRow(
            _side(pair.backward_session, pair.backward_start_s, days),
            _side(pair.forward_session, pair.forward_start_s, days),
            say(f"gait_{pair.gait}"),
            tuple(
                f"{each.value(pair.backward.get(key))} : {each.value(pair.forward.get(key))}"
                for each, (key, _) in zip(how, PAIR_MEASURES, strict=True)
            ),
        )
        for pair in reversed(pairs)
    )
    return Pairs(
        tuple(
            f"{say(f'pair_{key}')} {each.unit}"
            for each, (key, _) in zip(how, PAIR_MEASURES, strict=True)
        ),
        rows,
    )


def _side(session: str, start_s: float, days: Mapping[str, Day]) -> tuple[str, str, str]:
    day = days.get(session)
    return session, day.date if day else session, clock(start_s)
