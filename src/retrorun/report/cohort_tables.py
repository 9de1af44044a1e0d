"""The page over athletes as tables: every number, the athletes, and those who are missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrorun import arithmetic
from retrorun.model.cohort import AthleteSummary, Cohort, CohortMeasure
from retrorun.report.display import UNKNOWN, Display, number, signed, spoken_time
from retrorun.report.shown import shown
from retrorun.report.spread import bounded, named
from retrorun.report.words import say

LISTED = 200  # athletes in the table
NAMED = 100  # athletes who are missing, by name
WORDS = 300  # characters of a message


@dataclass(frozen=True, slots=True)
class Numbers:
    """A table: its head, its rows of cells, and how many more rows there are."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


def numbers(cohort: Cohort, display: Display) -> Numbers:
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
    return Numbers(titles, tuple(_number_row(each, display) for each in cohort.measures))


def _number_row(each: CohortMeasure, display: Display) -> tuple[str, ...]:
    how = shown(each.key, each.label, each.unit, display)
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
        dict.fromkeys(filter(None, (mixed.heterogeneity, each.note, each.quantiles.note)))
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


def _between(each: CohortMeasure, scale: float, digits: int) -> str:
    """The deviation between athletes; of factors it is of the logarithm, so it is told in %."""
    found = each.mixed.between_sd
    if found is None:
        return UNKNOWN
    if each.scale == "factor":
        return number(100 * (arithmetic.exp(found) - 1.0), 1, "%")
    return number(found * scale, digits)


def athletes(cohort: Cohort, display: Display) -> Numbers:
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
    return Numbers(head, rows, max(0, len(ordered) - LISTED))


def _athlete_row(each: AthleteSummary, display: Display) -> tuple[str, ...]:
    own = each.cost_factor
    changes = (each.measures.get(key) for key in ("heart_rate_bpm", "cadence_spm"))
    return (
        named(each.athlete),
        str(each.sessions),
        str(each.backward_sessions),
        spoken_time(each.backward_s),
        display.distance(each.backward_m),
        UNKNOWN if own is None else _with_interval(own.value, own.low, own.high),
        *(UNKNOWN if found is None else signed(found.percent.value, 1) for found in changes),
    )


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return number(value, 2)
    return f"{number(value, 2)} ({say('between', low=number(low, 2), high=number(high, 2))})"


def uncompared(cohort: Cohort) -> Numbers:
    """Athletes who are missing, and why, at most ``NAMED`` of them."""
    rows: Sequence[tuple[str, ...]] = [
        (named(each.athlete), f"{bounded(each.message, WORDS)} [{bounded(each.slug, 60)}]")
        for each in cohort.uncompared[:NAMED]
    ]
    head = (say("head_athlete"), say("uncompared_why"))
    return Numbers(head, tuple(rows), max(0, len(cohort.uncompared) - NAMED))
