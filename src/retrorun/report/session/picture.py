"""The share picture of a session: what was backward in it, when and how fast.

Landscape for links and messages, square for a feed, portrait for a story. It holds no position,
place, time of day, height or name; the shape of the way only if it is asked for. A PNG is the same
drawing, made by ``resvg-py``, which is an extra.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, get_args

import msgspec
from markupsafe import escape
from msgspec.structs import replace

from retrorun.errors import PageError
from retrorun.model import MeasuredSegment, Session, Track
from retrorun.report.figures import BOLD_LETTER, FONTS, LETTER, svg_lines, svg_text
from retrorun.report.numbers import Display, clock, local_date, short_date
from retrorun.report.session.map import track_paths
from retrorun.report.session.tiles import picture_facts, picture_head
from retrorun.report.words import say
from retrorun.text import escaped

Format = Literal["landscape", "square", "portrait"]
FORMATS: tuple[Format, ...] = get_args(Format)
LEFT = 70
PAPER, INK, MUTED, RULE = "#fcfcfa", "#1d2329", "#59626c", "#d5d8d3"
FORWARD, FORWARD_TEXT, BACKWARD, BACKWARD_TEXT = "#0072b2", "#005f96", "#d55e00", "#a84300"
DAY_ROOM = 300  # kept free of the title, at least
LEAST_WORDS = 2.75  # a time below a stretch is as wide, of its size, with what keeps it apart


class Layout(msgspec.Struct, frozen=True):
    """Where everything stands, in pixels; a text by its base line and its size.

    Attributes:
        size: width and height.
        ends: where number and line end on the right; where strip and facts do.
        brand: base line, size, size of the day.
        words: what stands with the great number, on its base line or below it.
        line: base line, size, lines at most.
        strip: upper edge, height, size of the times below it.
        facts: how many, in how many columns, size of values and of their words.
        way: left, top, width and height of its box, and how much thicker it is drawn.
    """

    size: tuple[int, int]
    ends: tuple[int, int]
    brand: tuple[int, int, int]
    number: tuple[int, int]
    words: tuple[int, int]
    line: tuple[int, int, int]
    strip: tuple[int, int, int]
    facts: tuple[int, int, int, int]
    way: tuple[int, int, int, int, float]


LAYOUTS: Mapping[Format, Layout] = {
    "landscape": Layout(
        size=(1200, 630),
        ends=(1130, 1130),
        brand=(92, 30, 28),
        number=(222, 112),
        words=(222, 64),
        line=(282, 36, 1),
        strip=(330, 86, 24),
        facts=(3, 3, 50, 23),
        way=(800, 120, 330, 460, 1.0),
    ),
    "square": Layout(
        size=(1080, 1080),
        ends=(1010, 1010),
        brand=(118, 42, 36),
        number=(338, 220),
        words=(440, 86),
        line=(516, 42, 2),
        strip=(620, 112, 32),
        facts=(2, 2, 70, 32),
        way=(640, 160, 370, 300, 1.6),
    ),
    # above and below, apps lay their buttons over a story
    "portrait": Layout(
        size=(1080, 1920),
        ends=(1010, 1010),
        brand=(320, 46, 40),
        number=(580, 270),
        words=(700, 100),
        line=(788, 46, 2),
        strip=(900, 140, 36),
        facts=(3, 2, 76, 36),
        way=(LEFT, 1190, 940, 390, 1.8),
    ),
}
WITH_WAY: Mapping[Format, Mapping[str, tuple[int, ...]]] = {
    "landscape": {"ends": (760, 760), "facts": (2, 2, 50, 23)},
    "square": {"ends": (600, 1010)},
    "portrait": {
        "brand": (300, 46, 40),
        "number": (506, 220),
        "words": (606, 90),
        "line": (674, 44, 2),
        "strip": (764, 112, 32),
        "facts": (2, 2, 70, 32),
    },
}


class PictureOptions(msgspec.Struct, frozen=True, eq=False):
    """How the picture is drawn.

    Attributes:
        display: units.
        title: words of the athlete beside the brand.
        dated: whether the day is on it.
        track: for the shape of the way, without what a privacy zone hides; None: no way.
        form: landscape (1200 × 630), square (1080 × 1080) or portrait (1080 × 1920).
    """

    display: Display
    title: str = ""
    dated: bool = True
    track: Track | None = None
    form: Format = "landscape"

    @property
    def layout(self) -> Layout:
        """Where everything stands."""
        plain = LAYOUTS[self.form]
        return plain if self.track is None else replace(plain, **WITH_WAY[self.form])


def share_picture(session: Session, options: PictureOptions) -> str:
    """The picture as SVG.

    Args:
        session: analysed; what is certain is drawn, and what may be backward apart from it.
        options: units, title, day, and the way.

    Raises:
        PageError: the way is asked for, and the track has no positions.
    """
    layout = options.layout
    (wide, high), rule, room = layout.size, _rule(layout), layout.ends[1] - LEFT
    (line_y, line_size, lines) = layout.line
    head = picture_head(session, options.display)
    moved_s = session.total("backward").moving_s or session.total("candidate").moving_s
    parts = [
        f'<rect width="{wide}" height="{high}" fill="{PAPER}"/>',
        f'<rect width="{wide}" height="10" fill="{BACKWARD}"/>',
        _brand(session, options),
        _big(head, layout, BACKWARD_TEXT if moved_s else INK),
        svg_lines((LEFT, line_y), line_size, INK, head[2], room=room, most=lines),
        _strip(session, layout),
        f'<path d="M{LEFT} {rule}H{layout.ends[1]}" stroke="{RULE}" stroke-width="2"/>',
        _facts(picture_facts(session, options.display), layout),
        "" if options.track is None else _track_shape(options.track, session, layout),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        f'width="{wide}" height="{high}" role="img" aria-labelledby="t d" '
        f'font-family="{FONTS}"><title id="t">{escape(f"{head[0]} {head[1]}")}</title>'
        f'<desc id="d">{escape(head[2])}</desc>{PATTERNS}{"".join(parts)}</svg>\n'
    )


PATTERNS = (
    '<defs><pattern id="sure" width="14" height="14" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate(45)"><rect width="14" height="14" fill="{BACKWARD}"/>'
    '<rect width="4" height="14" fill="#b84e00"/></pattern>'
    '<pattern id="maybe" width="10" height="10" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate(45)"><rect width="10" height="10" fill="{PAPER}"/>'
    f'<rect width="4" height="10" fill="{BACKWARD}"/></pattern></defs>'
)


def _rule(layout: Layout) -> int:
    """The height of the line between times and facts."""
    top, high, size = layout.strip
    return top + high + round(2.667 * size)


def _brand(session: Session, options: PictureOptions) -> str:
    (y, size, day_size), right = options.layout.brand, options.layout.size[0] - LEFT
    day = short_date(local_date(session)) if options.dated else ""
    title = escaped(" ".join(options.title.split())) or say("brand")
    room = right - LEFT - max(DAY_ROOM, LETTER * day_size * (len(day) + 2))
    brand = svg_text((LEFT, y), size, INK, title, weight=700, room=room)
    return brand + (svg_text((right, y), day_size, MUTED, day, anchor="end") if day else "")


def _big(head: tuple[str, str, str], layout: Layout, colour: str) -> str:
    """The great number and its unit, in one text where they stand beside each other."""
    (y, size), (words_y, words_size), room = layout.number, layout.words, layout.ends[0] - LEFT
    if words_y != y:
        number = svg_text((LEFT, y), size, colour, head[0], weight=700, room=room)
        at = (LEFT, words_y)
        return number + svg_text(at, words_size, colour, head[1], weight=700, room=room)
    scale = min(1.0, room / (BOLD_LETTER * (size * len(head[0]) + words_size * len(head[1]))))
    return (
        f'<text x="{LEFT}" y="{y}" font-size="{size * scale:.4g}" font-weight="700" '
        f'fill="{colour}">{escape(head[0])} '
        f'<tspan font-size="{words_size * scale:.4g}">{escape(head[1])}</tspan></text>'
    )


def _facts(found: Sequence[tuple[str, str]], layout: Layout) -> str:
    """As many facts as there is room for, each a value above its words."""
    most, columns, size, words_size = layout.facts
    room, lines = (layout.ends[1] - LEFT) / columns, layout.line[2]
    below = 40 if lines == 1 else round(1.5 * words_size)
    text = ""
    for place, (value, words) in enumerate(found[:most]):
        x = LEFT + room * (place % columns)
        y = _rule(layout) + round(1.24 * size) + round(2.6 * size) * (place // columns)
        text += svg_text((x, y), size, INK, value, weight=700, room=room - 20)
        text += svg_lines((x, y + below), words_size, MUTED, words, room=room - 20, most=lines)
    return text


def _strip(session: Session, layout: Layout) -> str:
    """The session from start to finish: forward flat, backward tall, maybe hatched.

    Grey and without a word where nothing tells the directions apart. All stretches have their time
    below them where there is room for all, else those that are wide enough.
    """
    whole_s = max(session.duration_s, 1.0)
    top, high, size = layout.strip
    times_y, room = top + high + round(1.333 * size), layout.ends[1] - LEFT
    scale, least, lane = room / whole_s, LEAST_WORDS * size, round(0.3 * high)
    colour, lane_y = MUTED if session.is_undecided else FORWARD, top + (high - lane) // 2
    parts = [
        f'<rect x="{LEFT}" y="{lane_y}" width="{room}" height="{lane}" rx="4" fill="{colour}"/>'
    ]
    is_free = not session.is_undecided
    marked = [
        each for each in session.measures.segments if each.segment.kind in {"backward", "candidate"}
    ]
    middles = [LEFT + (each.segment.start_s + _seconds(each) / 2) * scale for each in marked]
    with_room = all(after - before >= least for before, after in pairwise(middles))
    for each, middle in zip(marked, middles, strict=True):
        wide = _seconds(each) * scale
        fill = "sure" if each.segment.kind == "backward" else "maybe"
        parts.append(
            f'<rect x="{middle - wide / 2:.1f}" y="{top}" width="{max(wide, 2.0):.1f}" '
            f'height="{high}" fill="url(#{fill})" stroke="{PAPER}" '
            f'stroke-width="{min(4.0, wide / 6):.2g}"/>'
        )
        if with_room or wide >= least:
            at, words = (middle, times_y), clock(each.metrics.moving_s)
            parts.append(svg_text(at, size, BACKWARD_TEXT, words, weight=700, anchor="middle"))
            is_free = is_free and middle - max(wide, least) / 2 > LEFT + 5 * size
    if is_free:
        parts.append(svg_text((LEFT, times_y), size, FORWARD_TEXT, say("picture_forward_lane")))
    return "".join(parts)


def _seconds(measured: MeasuredSegment) -> float:
    return measured.segment.end_s - measured.segment.start_s


def _track_shape(track: Track, session: Session, layout: Layout) -> str:
    """The shape of the way, north up: without scale, names or ends, where it may stop at a door."""
    found = track_paths(track, session.measures.segments)
    if found is None:
        words = "there are no positions, so the picture cannot hold the way"
        raise PageError("picture-without-way", words, remedy="Leave --map out.")
    wide, high, paths = found
    left, top, most_wide, most_high, thicker = layout.way
    scale = min(most_wide / wide, most_high / high)
    styles = {
        "backward": (BACKWARD, 7),
        "candidate": (BACKWARD, 5),
        "forward": (MUTED if session.is_undecided else FORWARD, 3),
    }
    drawn = []
    for kind, path in paths.items():
        colour, width = styles.get(kind, (MUTED, 3))
        dashes = (
            f' stroke-dasharray="{4 / scale:.0f} {10 / scale:.0f}"' if kind == "candidate" else ""
        )
        pen = width * thicker / scale
        drawn.append(f'<path d="{path}" stroke="{colour}" stroke-width="{pen:.1f}"{dashes}/>')
    x = left + (most_wide - wide * scale) / 2
    y = top + (most_high - high * scale) / 2
    return (
        f'<g transform="translate({x:.1f} {y:.1f}) scale({scale:.4f})" fill="none" '
        f'stroke-linecap="round" stroke-linejoin="round">{"".join(drawn)}</g>'
    )
