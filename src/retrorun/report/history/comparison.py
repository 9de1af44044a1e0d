"""The comparison page over many sessions of one athlete.

Its own parts are forward economy beside backward volume, and personal bests; the others come from
the modules beside it.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from retrorun.compare import claims
from retrorun.language import localized, translated
from retrorun.model import Athlete, Session
from retrorun.model.comparison import Association, Comparison, Record, RecordStep
from retrorun.report.claims import claim_cards
from retrorun.report.figures import axis, layout
from retrorun.report.history import differences, trends
from retrorun.report.history.calendar import calendar_years, volume_figure, week_table
from retrorun.report.history.repeats import repeat_cards
from retrorun.report.history.sessions import SessionList, session_list
from retrorun.report.inbox import habit
from retrorun.report.numbers import (
    Display,
    MetricFormat,
    clock,
    compared_span,
    dated,
    iso_dated,
    metric_format,
    number,
    sentence,
    signed,
)
from retrorun.report.page import LIVE, Place, render
from retrorun.report.words import say, say_count
from retrorun.units import METRE_PER_MILE

Json = dict[str, Any]
MOST_STEPS = 20  # of each record that are listed
LONG_TENTHS = 6000  # ten minutes: from there on a tenth of a second is no news


class EconomyByVolume(msgspec.Struct, frozen=True, eq=False):
    """Forward economy beside backward volume, week by week."""

    figure: Mapping[str, Any] | None
    words: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def economy_by_volume(found: Association, display: Display) -> EconomyByVolume:
    """The scatter of weeks, what it says, and that it says nothing about causes."""
    how = metric_format("forward_metres_per_beat", "", "m", display)
    volumes = [round(display.long_value(each), 2) for each in found.backward_m]
    economies = [round(each * how.scale, 3) for each in found.forward_m_per_beat]
    rows = tuple(
        (iso_dated(monday), number(volume, 2), number(economy, 2))
        for monday, volume, economy in zip(found.mondays, volumes, economies, strict=True)
    )
    head = (
        say("week_of"),
        f"{say('backward_before')}, {display.long_unit}",
        f"{how.label}, {how.unit}",
    )
    figure = (
        _scatter(volumes, economies, (head[1], say("economy_axis", unit=how.unit)))
        if len(rows) > 1
        else None
    )
    return EconomyByVolume(figure, _economy_words(found, how, display), head, rows)


def _economy_words(found: Association, how: MetricFormat, display: Display) -> str:
    slope = found.slope
    if slope.value is None:
        return sentence(translated(slope.reason or found.note))
    per = METRE_PER_MILE / 1000 if display.imperial else 1.0
    low, high = ((None if each is None else each * per) for each in (slope.low, slope.high))
    change = f"{how.change(slope.value * per, 1)} {how.unit}"
    return say(
        "together",
        change=change,
        unit=display.long_unit,
        interval=how.interval(low, high, 1),
        note=translated(found.note),
    )


def _scatter(x: Sequence[float], y: Sequence[float], titles: tuple[str, str]) -> Json:
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "marker": {"color": "--forward", "symbol": "circle", "size": 9},
        "hovertemplate": "%{x} · %{y}<extra></extra>",
    }
    shape = layout(
        260,
        (58, 16, 8, 46),
        xaxis=axis(title={"text": titles[0], "font": {"size": 11}}),
        yaxis=axis(title={"text": titles[1]}, nticks=6),
    )
    return {"data": [marks], "layout": shape}


class BestCard(msgspec.Struct, frozen=True):
    """A personal best and the session that holds it."""

    label: str
    value: str
    note: str
    session: str
    date: str


def best_cards(records: Sequence[Record], display: Display) -> tuple[BestCard, ...]:
    """Each best as a time, or as a distance where that is what was longest."""
    return tuple(_best(each, display) for each in records)


def _best(each: Record, display: Display) -> BestCard:
    beside = clock(each.seconds) if each.key == "longest_m" else display.distance(each.distance_m)
    words = _pace(each, display)
    return BestCard(
        _best_label(each),
        _best_value(each.key, each, display),
        f"{beside} · {words}" if each.key.startswith("longest") else words,
        each.session,
        dated(dt.date.fromisoformat(each.date)),
    )


def _best_label(each: Record) -> str:
    return say(f"best_{each.key}", fallback=None) or translated(each.label)


def _best_value(key: str, step: Record | RecordStep, display: Display) -> str:
    return display.distance(step.distance_m) if key == "longest_m" else clock(step.seconds)


def _exact_value(key: str, step: RecordStep, display: Display) -> str:
    """With tenths of a second over a distance: a record may be broken by less than one."""
    tenths = round(10 * step.seconds)
    if key.startswith("longest") or tenths >= LONG_TENTHS:
        return _best_value(key, step, display)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes}:{rest // 10:02d}{localized(f'.{rest % 10}')}"


def _pace(step: Record | RecordStep, display: Display) -> str:
    pace = step.seconds / step.distance_m * 1000 if step.distance_m else None
    return f"{display.pace(pace)} {display.pace_unit}"


class BrokenRow(msgspec.Struct, frozen=True):
    """A record as it stood once, and in which session."""

    label: str
    value: str
    better: str
    pace: str
    session: str
    date: Markup


def broken_rows(records: Sequence[Record], display: Display) -> tuple[BrokenRow, ...]:
    """Each time that each record was set or broken, in time order, the last `MOST_STEPS`."""
    return tuple(row for each in records for row in _broken(each, display))


def _broken(record: Record, display: Display) -> Iterator[BrokenRow]:
    steps = record.progression
    for before, step in list(zip((None, *steps), steps, strict=False))[-MOST_STEPS:]:
        yield BrokenRow(
            _best_label(record),
            _exact_value(record.key, step, display),
            _better_by(record.key, before, step, display) if before else "",
            _pace(step, display),
            step.session,
            iso_dated(step.date),
        )


def _steps_left_out(records: Sequence[Record]) -> int:
    return sum(max(0, len(each.progression) - MOST_STEPS) for each in records)


def _better_by(key: str, before: RecordStep, step: RecordStep, display: Display) -> str:
    if key == "longest_m":
        return f"+{display.distance((step.distance_m or 0.0) - (before.distance_m or 0.0))}"
    return signed(step.seconds - before.seconds, 0 if key == "longest_s" else 1, "s")


def comparison_page(  # noqa: PLR0913 - one for each thing that the page holds
    comparison: Comparison,
    sessions: Sequence[Session],
    athlete: Athlete,
    listed: SessionList | None = None,
    outdated: Collection[str] = (),
    *,
    live: bool = False,
    archive_option: str = "",
) -> str:
    """The comparison page, whole.

    Args:
        comparison: what was found over the sessions.
        sessions: those that are listed and linked; any that the comparison left out are too.
        athlete: whose units are used, and what their answers taught.
        listed: their list, where it stands on another page, too; made if it is not given.
        outdated: ids of sessions that are to be analysed again.
        live: it comes from the server of `retrorun open`.
        archive_option: what a command needs to find the archive.
    """
    display = Display(athlete.units)
    days = {each.session: each for each in comparison.days}
    words = [translated(note.message) for note in comparison.notes]
    return render(
        "comparison",
        say("title_comparison"),
        LIVE if live else Place(),
        when=compared_span(comparison.first_date, comparison.last_date),
        headline=differences.cost_headline(comparison),
        lead=differences.cost_lead(comparison),
        scale=differences.cost_scale(comparison),
        tiles=differences.cost_tiles(comparison, display),
        matched=differences.matched_rows(comparison.differences, display),
        pairs=differences.pair_rows(comparison.pairs, days, display),
        trends=trends.trend_cards(comparison.trends, days, display),
        values=trends.trend_table(comparison.trends, comparison.days, display),
        repeats=repeat_cards(comparison.repeats, sessions, display),
        volume=volume_figure(comparison.weeks),
        weeks=week_table(comparison.weeks, display),
        mondays={"mondays": [each.monday for each in comparison.weeks]},
        years=calendar_years(comparison.days, {each.id for each in sessions if each.is_undecided}),
        bests=best_cards(comparison.records, display),
        broken=broken_rows(comparison.records, display),
        broken_left_out=_steps_left_out(comparison.records),
        together=economy_by_volume(comparison.association, display),
        claims=claim_cards(claims(comparison)),
        notes=(*_outdated_note(len(outdated)), *dict.fromkeys(words)),
        habit=habit(athlete, archive_option),
        log=listed or session_list(sessions, display),
        charts=bool(comparison.weeks),
    )


def _outdated_note(count: int) -> tuple[str, ...]:
    return (say_count("outdated_hint", count),) if count else ()
