"""The page over many athletes: headline, tiles, and tables of numbers, athletes and omissions."""

from collections.abc import Sequence
from statistics import median

import msgspec
from markupsafe import Markup

from retrorun import arithmetic
from retrorun.language import translated
from retrorun.model.cohort import AthleteSummary, Cohort, CohortMetric
from retrorun.report.claims import ranges
from retrorun.report.cohort.spread import (
    DOTS,
    athletes_words,
    factor_rows,
    factors_tile,
    one_line,
    short_name,
    spread_strips,
)
from retrorun.report.numbers import (
    UNKNOWN,
    Display,
    Tile,
    compared_span,
    duration_in_words,
    grouped,
    metric_format,
    number,
    signed,
)
from retrorun.report.page import Place, render
from retrorun.report.words import say

LISTED = 200  # athletes in the table
NAMED = 100  # athletes who are missing, by name
WORDS = 300  # characters of a message


class CohortTable(msgspec.Struct, frozen=True):
    """A table: its head, its rows of cells, and how many more rows there are."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


def numbers_table(cohort: Cohort, display: Display) -> CohortTable:
    """Every number over athletes, in its unit and in per cent."""
    titles = (
        say("numbers_measure"),
        say("numbers_unit"),
        say("numbers_athletes"),
        say("numbers_sessions"),
        say("numbers_smallest"),
        *(f"{each} %" for each in (5, 25, 50, 75, 95)),
        say("numbers_largest"),
        say("numbers_mean"),
        say("numbers_between"),
        say("numbers_prediction"),
        say("numbers_words"),
    )
    return CohortTable(titles, tuple(_number_row(each, display) for each in cohort.measures))


def _number_row(each: CohortMetric, display: Display) -> tuple[str, ...]:
    how = metric_format(each.key, each.label, each.unit, display)
    scale = 1.0 if each.scale == "percent" else how.scale
    unit = "%" if each.scale == "percent" else how.unit or "×"
    digits = {"factor": 2, "percent": 1}.get(each.scale, how.digits + 1)

    def cell(value: float | None) -> str:
        written = number if each.scale == "factor" else signed
        return written(None if value is None else value * scale, digits)

    found, mixed = each.quantiles, each.mixed
    places = (
        found.smallest,
        found.p05,
        found.p25,
        found.p50,
        found.p75,
        found.p95,
        found.largest,
    )
    mean, ahead = mixed.mean, mixed.prediction
    mean_ends = say("between", low=cell(mean.low), high=cell(mean.high))
    between = say("between", low=cell(ahead.low), high=cell(ahead.high))
    words = "; ".join(
        dict.fromkeys(
            translated(words)
            for words in (mixed.heterogeneity, each.note, each.quantiles.note)
            if words
        )
    )
    return (
        how.label,
        unit,
        str(each.athletes),
        str(mixed.observations) if not each.missing else UNKNOWN,
        *map(cell, places),
        UNKNOWN if mean.value is None else f"{cell(mean.value)} ({mean_ends})",
        _between(each, scale, digits),
        UNKNOWN if ahead.value is None else between,
        words,
    )


def _between(each: CohortMetric, scale: float, digits: int) -> str:
    """The deviation between athletes; of factors it is of the logarithm, so it is given in %."""
    found = each.mixed.between_sd
    if found is None:
        return UNKNOWN
    if each.scale == "factor":
        return number(100 * (arithmetic.exp(found) - 1.0), 1, "%")
    return number(found * scale, digits)


def athletes_table(cohort: Cohort, display: Display) -> CohortTable:
    """Athletes, most backward time first, at most ``LISTED`` of them."""
    head = tuple(
        say(each)
        for each in (
            "head_athlete",
            "head_sessions",
            "head_backward_sessions",
            "tile_time",
            "tile_distance",
            "head_factor",
            "head_heart",
            "head_cadence",
        )
    )
    ordered = sorted(cohort.athletes, key=lambda each: (-each.backward_s, each.athlete))
    rows = tuple(_athlete_row(each, display) for each in ordered[:LISTED])
    return CohortTable(head, rows, max(0, len(ordered) - LISTED))


def _athlete_row(each: AthleteSummary, display: Display) -> tuple[str, ...]:
    own = each.cost_factor
    changes = (each.measures.get(key) for key in ("heart_rate_bpm", "cadence_spm"))
    return (
        short_name(each.athlete),
        str(each.sessions),
        str(each.backward_sessions),
        duration_in_words(each.backward_s),
        display.distance(each.backward_m),
        UNKNOWN if own is None else _with_interval(own.value, own.low, own.high),
        *(UNKNOWN if found is None else signed(found.percent.value, 1) for found in changes),
    )


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return number(value, 2)
    return f"{number(value, 2)} ({say('between', low=number(low, 2), high=number(high, 2))})"


def uncompared_table(cohort: Cohort) -> CohortTable:
    """Athletes who are missing, and why, at most ``NAMED`` of them."""
    rows: Sequence[tuple[str, ...]] = [
        (
            short_name(each.athlete),
            f"{one_line(translated(each.message), WORDS)} [{one_line(each.slug, 60)}]",
        )
        for each in cohort.uncompared[:NAMED]
    ]
    head = (say("head_athlete"), say("uncompared_why"))
    return CohortTable(head, tuple(rows), max(0, len(cohort.uncompared) - NAMED))


def cohort_page(cohort: Cohort, display: Display | None = None) -> str:
    """The page over athletes, whole; its size is bounded whatever their number.

    Args:
        cohort: what was found over them; names in it are data and never trusted.
        display: the system of units; metric where none is given.
    """
    display = display or Display()
    return render(
        "cohort",
        say("title_cohort"),
        Place(),
        when=compared_span(cohort.first_date, cohort.last_date),
        headline=_headline(cohort),
        lead=_lead(cohort),
        scale=_scale(cohort),
        tiles=_tiles(cohort, display),
        strips=spread_strips(cohort, display),
        sampled=len(cohort.athletes) > DOTS,
        most=DOTS,
        factors=factor_rows(cohort),
        with_factor=cohort.measures[0].athletes,
        numbers=numbers_table(cohort, display),
        athletes=athletes_table(cohort, display),
        uncompared=uncompared_table(cohort),
        candidates=cohort.include_candidates,
        notes=tuple(translated(note.message) for note in cohort.notes),
        charts=False,
    )


def _headline(cohort: Cohort) -> Markup:
    mean = cohort.measures[0].mixed.mean.value
    count = athletes_words(len(cohort.athletes))
    if mean is not None:
        return Markup(say("cohort_headline")).format(value=number(mean, 2))  # noqa: S704  # our own words
    if not cohort.backward_athletes:
        return Markup(say("cohort_headline_none")).format(athletes=count)  # noqa: S704  # our own words
    time = _long_time(cohort.backward_s)
    return Markup(say("cohort_headline_early")).format(athletes=count, time=time)  # noqa: S704  # our own words


def _lead(cohort: Cohort) -> str:
    """The interval and what stands behind it; or why there is no number yet."""
    if not cohort.athletes:
        return say("cohort_nobody")
    found = cohort.measures[0]
    mean, middle = found.mixed.mean, found.quantiles
    if mean.value is None:
        return say("cohort_lead_early", note=translated(found.note))
    words = say(
        "cohort_middle",
        low=number(middle.p25, 2),
        high=number(middle.p75, 2),
        words=translated(found.mixed.heterogeneity),
    )
    return say(
        "cohort_lead",
        low=number(mean.low, 2),
        high=number(mean.high, 2),
        athletes=athletes_words(found.athletes),
        middle=words,
    )


def _scale(cohort: Cohort) -> Markup:
    rows = (
        ("measured", say("scale_athletes"), cohort.measures[0].mixed.mean),
        ("published", say("scale_studies"), cohort.literature_factor),
        ("popular", say("scale_people"), cohort.popular_factor),
    )
    return ranges(rows, say("scale_cohort_label"))


def _tiles(cohort: Cohort, display: Display) -> tuple[Tile, ...]:
    times = [each.backward_s for each in cohort.athletes if each.backward_s > 0]
    note = say("tile_cohort_time_note", time=duration_in_words(median(times))) if times else ""
    return (
        Tile(
            say("tile_athletes"),
            grouped(len(cohort.athletes)),
            say("tile_athletes_note", count=grouped(cohort.backward_athletes)),
        ),
        Tile(
            say("tile_cohort_sessions"),
            grouped(cohort.sessions),
            say("tile_cohort_sessions_note", count=grouped(cohort.backward_sessions)),
        ),
        Tile(say("tile_time"), _long_time(cohort.backward_s), note, "backward"),
        Tile(say("tile_distance"), _long_distance(cohort.backward_m, display), "", "backward"),
        factors_tile(cohort.measures[0]),
        *(_tile(cohort, key) for key in ("heart_rate_bpm", "cadence_spm", "speed_mps")),
    )


def _long_time(seconds: float) -> str:
    """A time that may be years of running; beyond 100 hours the minutes are left out."""
    hours = round(seconds / 3600)
    return duration_in_words(seconds) if hours < 100 else say("hours", value=grouped(hours))


def _long_distance(distance_m: float | None, display: Display) -> str:
    """A distance that may be around the world."""
    if distance_m is None or distance_m < 1e6:
        return display.distance(distance_m)
    return f"{grouped(display.long_value(distance_m))} {display.long_unit}"


def _tile(cohort: Cohort, key: str) -> Tile:
    """The mean of a metric in per cent; or how much is missing."""
    each = next(each for each in cohort.measures if (each.key, each.scale) == (key, "percent"))
    label, mean = say(f"tile_{key}"), each.mixed.mean
    if mean.value is None:
        return Tile(label, UNKNOWN, translated(each.note))
    note = say("mean_interval", low=signed(mean.low, 1), high=signed(mean.high, 1))
    return Tile(label, f"{signed(mean.value, 1)} %", note)
