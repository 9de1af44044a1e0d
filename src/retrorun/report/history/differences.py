"""What backward running costs an athlete: the cost factor, tiles, and matched differences."""

from collections.abc import Mapping, Sequence

import msgspec
from markupsafe import Markup
from msgspec import structs

from retrorun.language import translated
from retrorun.metrics import COMPARED
from retrorun.model.comparison import Comparison, Day, Difference, Pair
from retrorun.report.claims import ranges
from retrorun.report.figures import whisker
from retrorun.report.numbers import (
    UNKNOWN,
    Display,
    Tile,
    clock,
    counted,
    duration_in_words,
    factor,
    factor_ends,
    iso_dated,
    mean_tiles,
    metric_format,
    percent,
    signed,
)
from retrorun.report.words import say, say_count


def cost_headline(comparison: Comparison) -> Markup:
    """One sentence: the own cost factor, or what is known before there is one."""
    if comparison.cost_factor.value is not None:
        value = factor(comparison.cost_factor)
        return Markup(say("compare_headline")).format(value=value)  # noqa: S704  # our own words
    if not comparison.backward_sessions:
        return Markup(say("compare_headline_none"))  # noqa: S704  # our own words
    time = duration_in_words(comparison.totals["backward"].moving_s)
    return Markup(say("compare_headline_early")).format(time=time)  # noqa: S704  # our own words


def cost_lead(comparison: Comparison) -> str:
    """The interval and what stands behind it; or why there is no number yet."""
    gross = comparison.cost_factor
    behind = say(
        "compare_behind",
        backward=comparison.backward_sessions,
        sessions=counted(comparison.sessions, "sessions"),
        weeks=counted(max(1, round(comparison.weeks_spanned)), "weeks"),
    )
    if gross.value is None:
        if not comparison.backward_sessions:
            return say("compare_empty")
        return f"{behind} {_no_factor(comparison)}"
    low, high = factor_ends(gross)
    interval = say("compare_lead", low=low, high=high)
    net = comparison.net_factor
    if net is None or net.value is None:
        return f"{interval} {behind}"
    low, high = factor_ends(net)
    ends = {"value": factor(net), "low": low, "high": high}
    return f"{interval} {say('compare_net', **ends)} {behind}"


def _no_factor(comparison: Comparison) -> str:
    """Why there is no cost factor; without forward running, that it takes some."""
    if not comparison.totals["forward"].moving_s:
        return say("compare_no_forward")
    reason = comparison.cost_factor.reason
    return say("compare_no_factor", reason=translated(reason)) if reason else ""


def cost_scale(comparison: Comparison) -> Markup:
    """The own, the published and the popular factor on one axis from 1, which is forward.

    Widths are per cent, so that letters keep their size on a phone.
    """
    rows = (
        ("measured", say("scale_you"), comparison.cost_factor),
        ("published", say("scale_studies"), comparison.literature_factor),
        ("popular", say("scale_people"), comparison.popular_factor),
    )
    return ranges(rows, say("scale_label"))


def cost_tiles(comparison: Comparison, display: Display) -> tuple[Tile, ...]:
    """Eight numbers of backward running; metrics that are too early say so.

    Without forward running nothing is compared: means of what is backward, as far as known, stand
    in the place of differences.
    """
    backward, forward = (comparison.totals[each] for each in ("backward", "forward"))
    maybe = comparison.totals["candidate"]
    moving = sum(each.moving_s for each in comparison.totals.values())
    share = backward.moving_s / moving if moving else None
    longest = next((each for each in comparison.records if each.key == "longest_s"), None)
    weeks = comparison.calendar_weeks
    dated_s = sum(each.backward.moving_s for each in comparison.weeks)  # of sessions with a day
    return (
        Tile(
            say("tile_time"),
            duration_in_words(backward.moving_s),
            say("tile_time_candidate", time=duration_in_words(maybe.moving_s))
            if maybe.moving_s
            else "",
            "backward",
        ),
        Tile(
            say("tile_distance"),
            display.distance(backward.distance_m),
            say("tile_forward_beside", distance=display.distance(forward.distance_m)),
            "backward",
        ),
        Tile(
            say("tile_share"),
            percent(share),
            say("tile_share_note", time=duration_in_words(moving)),
        ),
        Tile(
            say("tile_week"),
            duration_in_words(dated_s / weeks),
            say_count("tile_week_note", weeks, weeks=weeks),
        ),
        *_beside_forward(comparison, display),
        Tile(
            say("tile_longest"),
            clock(longest.seconds) if longest else say("none_yet"),
            display.distance(longest.distance_m) if longest else "",
        ),
    )


def _beside_forward(comparison: Comparison, display: Display) -> tuple[Tile, ...]:
    """Three differences from forward; without any of it, the first three means that are known."""
    backward, forward = (comparison.totals[each] for each in ("backward", "forward"))
    if backward.moving_s and not forward.moving_s:
        means = mean_tiles(backward, "backward", display)
        return tuple(each for each in means if each.value != UNKNOWN)[:3]
    keys = ("heart_rate_bpm", "cadence_spm", "speed_mps")
    return tuple(_difference_tile(comparison.differences, each) for each in keys)


def _difference_tile(found: Sequence[Difference], key: str) -> Tile:
    each = next((each for each in found if each.key == key), None)
    label = say(f"tile_{key}")
    if each is None or each.percent.value is None:
        return Tile(label, say("none_yet"), translated(each.note) if each else "")
    low, high = signed(each.percent.low), signed(each.percent.high)
    return Tile(label, f"{signed(each.percent.value)} %", say("interval", low=low, high=high))


class MatchedRow(msgspec.Struct, frozen=True):
    """One metric, or the names of all for which the same is missing: ``early`` says how much."""

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


def matched_rows(found: Sequence[Difference], display: Display) -> tuple[MatchedRow, ...]:
    """Every metric, those with a number first; those that miss the same share a row."""
    ends = [
        end
        for each in found
        for end in (each.percent.low, each.percent.high, each.percent.value)
        if end is not None
    ]
    reach = max([5.0, *(abs(end) for end in ends)])
    rows = [_matched_row(each, reach, display) for each in found]
    missing: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.early:
            missing.setdefault((row.early, row.behind), []).append(row.label)
    shared = {labels[0]: ", ".join(labels) for labels in missing.values()}
    known = [row for row in rows if not row.early]
    early = [structs.replace(row, label=shared[row.label]) for row in rows if row.label in shared]
    return (*known, *early)


def _matched_row(each: Difference, reach: float, display: Display) -> MatchedRow:
    how = metric_format(each.key, each.label, each.unit, display)
    early = each.difference.value is None
    return MatchedRow(
        how.label,
        how.unit,
        how.value(each.backward),
        how.value(each.forward),
        how.change(each.difference.value),
        how.interval(each.difference.low, each.difference.high),
        UNKNOWN if early else f"{signed(each.percent.value)} %",
        None
        if early
        else whisker(each.percent.value or 0.0, each.percent.low, each.percent.high, reach),
        say(
            "pairs_behind",
            pairs=counted(each.pairs, "pairs"),
            sessions=counted(each.sessions, "sessions"),
        ),
        translated(each.difference.reason or each.note) if early else "",
        "" if early else translated(each.note),
    )


class PairRow(msgspec.Struct, frozen=True):
    """One matched pair; each side a session's id, its date and the start within it."""

    backward: tuple[str, str, str]
    forward: tuple[str, str, str]
    gait: str
    cells: tuple[str, ...]


class Pairs(msgspec.Struct, frozen=True):
    """The latest pairs; ``head`` names the cells, backward and forward in turn."""

    head: tuple[str, ...]
    rows: tuple[PairRow, ...]


PAIR_MEASURES = tuple((each.key, each.unit) for each in COMPARED if each.pair_label)


def pair_rows(pairs: Sequence[Pair], days: Mapping[str, Day], display: Display) -> Pairs:
    """The pairs behind the differences, latest first."""
    how = [metric_format(key, key, unit, display) for key, unit in PAIR_MEASURES]
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
    return session, iso_dated(day.date) if day else session, clock(start_s)
