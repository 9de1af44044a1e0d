"""The comparison in five seconds: what backward running costs, on one axis with what is said."""

from collections.abc import Sequence

from markupsafe import Markup

from retrorun.model import Comparison, Difference, Estimate
from retrorun.report.history.sessions import how_many
from retrorun.report.numbers import Display, clock, number, percent, signed, spoken_time
from retrorun.report.session.headline import Tile
from retrorun.report.words import say

LEFT, RIGHT = 19.0, 95.0  # per cent of the picture's width between the ends of the axis
ROW = 44  # pixels
TICKS = (1.0, 1.5, 2.0, 2.5, 3.0)


def headline(comparison: Comparison) -> Markup:
    """One sentence: the own cost factor, or what is known before there is one."""
    if comparison.cost_factor.value is not None:
        value = number(comparison.cost_factor.value, 2)
        return Markup(say("compare_headline")).format(value=value)  # noqa: S704  # our own words
    if not comparison.backward_sessions:
        return Markup(say("compare_headline_none"))  # noqa: S704  # our own words
    time = spoken_time(comparison.totals["backward"].moving_s)
    return Markup(say("compare_headline_early")).format(time=time)  # noqa: S704  # our own words


def lead(comparison: Comparison) -> str:
    """The interval and what stands behind it; or why there is no number yet."""
    factor = comparison.cost_factor
    behind = say(
        "compare_behind",
        backward=comparison.backward_sessions,
        sessions=how_many(comparison.sessions),
        weeks=max(1, round(comparison.weeks_spanned)),
    )
    if factor.value is None:
        why = say("compare_no_factor", reason=factor.reason) if factor.reason else ""
        return f"{behind} {why}" if comparison.backward_sessions else say("compare_empty")
    interval = say("compare_lead", low=number(factor.low, 2), high=number(factor.high, 2))
    return f"{interval} {behind}"


def scale(comparison: Comparison) -> Markup:
    """The own, the published and the popular factor on one axis from 1, which is forward.

    Widths are per cent, so that letters keep their size on a phone.
    """
    rows = (
        ("measured", say("scale_you"), comparison.cost_factor),
        ("published", say("scale_studies"), comparison.literature_factor),
        ("popular", say("scale_people"), comparison.popular_factor),
    )
    return ranges(rows, say("scale_label"))


def ranges(rows: Sequence[tuple[str, str, Estimate]], label: str) -> Markup:
    """Tone, words and estimate of each row on one axis; those without a value are left out."""
    known = [(tone, words, each) for tone, words, each in rows if each.value is not None]
    ends = [end for *_, each in known for end in (each.low, each.high) if end is not None]
    low, high = min([0.94, *ends]), max([3.06, *ends])
    axis = (low, (RIGHT - LEFT) / (high - low))
    bars = [
        _bar(tone, words, each, (ROW * place + 24, axis))
        for place, (tone, words, each) in enumerate(known)
    ]
    foot = ROW * len(known) + 8
    svg = (
        f'<svg class="factor" width="100%" height="{foot + 26}" role="img" '
        f'aria-label="{label}">{_axis(axis, foot)}{"".join(bars)}</svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers and our own words


def _x(value: float, axis: tuple[float, float]) -> float:
    return round(LEFT + (value - axis[0]) * axis[1], 2)


def _axis(axis: tuple[float, float], foot: int) -> str:
    lines = [
        f'<line class="{"one" if tick == 1 else "tick"}" x1="{_x(tick, axis)}%" '
        f'x2="{_x(tick, axis)}%" y1="0" y2="{foot}"/>'
        f'<text class="tick" x="{_x(tick, axis)}%" y="{foot + 19}">'
        f"{say('scale_forward') if tick == 1 else f'{tick:g}×'}</text>"
        for tick in TICKS
    ]
    return "".join(lines)


def _bar(tone: str, words: str, each: Estimate, at: tuple[int, tuple[float, float]]) -> str:
    y, axis = at
    value = each.value or 0.0
    low = value if each.low is None else each.low
    high = value if each.high is None else each.high
    x_low, x_value, x_high = (_x(end, axis) for end in (low, value, high))
    digits = 0 if tone == "popular" else 2
    spread = f"{low:.{digits}f}–{high:.{digits}f}"
    label = spread if tone == "popular" else f"{value:.2f}"
    mark = (
        ""
        if tone == "popular"
        else f'<circle cx="{x_value}%" cy="{y}" r="{8 if tone == "measured" else 5}"/>'
    )
    beside = (
        f'<text class="value" x="{x_low}%" dx="-12" y="{y + 6}" text-anchor="end">{label}</text>'
        if tone == "popular"
        else f'<text class="value" x="{x_high}%" dx="14" y="{y + 6}">{label}</text>'
    )
    return (
        f'<g class="{tone}"><text class="name" x="0" y="{y + 5}">{words}</text>'
        f'<line class="range" x1="{x_low}%" x2="{x_high}%" y1="{y}" y2="{y}"/>{mark}{beside}</g>'
    )


def tiles(comparison: Comparison, display: Display) -> tuple[Tile, ...]:
    """Eight numbers of backward running; measures that are too early say so."""
    backward, forward = (comparison.totals[each] for each in ("backward", "forward"))
    maybe = comparison.totals["candidate"]
    moving = sum(each.moving_s for each in comparison.totals.values())
    share = backward.moving_s / moving if moving else None
    longest = next((each for each in comparison.records if each.key == "longest_s"), None)
    weeks = max(1.0, comparison.weeks_spanned)
    return (
        Tile(
            say("tile_time"),
            spoken_time(backward.moving_s),
            say("tile_time_candidate", time=spoken_time(maybe.moving_s)) if maybe.moving_s else "",
            "backward",
        ),
        Tile(
            say("tile_distance"),
            display.distance(backward.distance_m),
            say("tile_forward_beside", distance=display.distance(forward.distance_m)),
            "backward",
        ),
        Tile(say("tile_share"), percent(share), say("tile_share_note", time=spoken_time(moving))),
        Tile(
            say("tile_week"),
            spoken_time(backward.moving_s / weeks),
            say("tile_week_note", weeks=round(weeks)),
        ),
        _difference(comparison.differences, "heart_rate_bpm"),
        _difference(comparison.differences, "cadence_spm"),
        _difference(comparison.differences, "speed_mps"),
        Tile(
            say("tile_longest"),
            clock(longest.seconds) if longest else say("none_yet"),
            display.distance(longest.distance_m) if longest else "",
        ),
    )


def _difference(found: Sequence[Difference], key: str) -> Tile:
    each = next((each for each in found if each.key == key), None)
    label = say(f"tile_{key}")
    if each is None or each.percent.value is None:
        return Tile(label, say("none_yet"), each.note if each else "")
    low, high = signed(each.percent.low), signed(each.percent.high)
    return Tile(label, f"{signed(each.percent.value)} %", say("interval", low=low, high=high))
