"""The share picture of a session, 1200 × 630: what was backward in it, when and how fast.

It holds no position, place, time of day, height or name; the shape of the way only if it is asked
for. A PNG is the same drawing, made by ``resvg-py``, which is an extra.
"""

from itertools import pairwise

import msgspec
from markupsafe import escape

from retrorun.errors import PageError
from retrorun.model import MeasuredSegment, Session, Track
from retrorun.report.figures import FONTS
from retrorun.report.numbers import (
    Display,
    clock,
    local_date,
    short_date,
)
from retrorun.report.session.map import track_paths
from retrorun.report.session.tiles import picture_facts, picture_head
from retrorun.report.words import say

WIDTH, HEIGHT = 1200, 630
LEFT, RIGHT = 70, 1130
MAP_LEFT = 800  # where the way begins, if it is drawn; the rest ends before
PAPER, INK, MUTED, RULE = "#fcfcfa", "#1d2329", "#59626c", "#d5d8d3"
FORWARD, FORWARD_TEXT, BACKWARD, BACKWARD_TEXT = "#0072b2", "#005f96", "#d55e00", "#a84300"
LETTER, BOLD_LETTER = 0.56, 0.7  # width of a letter in the widest of the fonts, of its size
LEAST_WORDS = 66  # a time below a stretch is as wide, with what keeps it apart


class PictureOptions(msgspec.Struct, frozen=True, eq=False):
    """How the picture is drawn.

    Attributes:
        display: units.
        title: words of the athlete beside the brand.
        dated: whether the day is on it.
        track: for the shape of the way, without what a privacy zone hides; None: no way.
    """

    display: Display
    title: str = ""
    dated: bool = True
    track: Track | None = None


def share_picture(session: Session, options: PictureOptions) -> str:
    """The picture as SVG.

    Args:
        session: analysed; what is certain is drawn, and what may be backward apart from it.
        options: units, title, day, and the way.

    Raises:
        PageError: the way is asked for, and the track has no positions.
    """
    right = RIGHT if options.track is None else MAP_LEFT - 40
    head = picture_head(session, options.display)
    title = f"{head[0]} {head[1]}"
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        f'<rect width="{WIDTH}" height="10" fill="{BACKWARD}"/>',
        _brand(session, options),
        _big(head, right, _colour(session)),
        _text(LEFT, 282, 36, INK, head[2], room=right - LEFT),
        _strip(session, right),
        f'<path d="M{LEFT} 480H{right}" stroke="{RULE}" stroke-width="2"/>',
        _facts(session, options.display, right),
        "" if options.track is None else _track_shape(options.track, session),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="t d" '
        f'font-family="{FONTS}"><title id="t">{escape(title)}</title>'
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


def _text(  # noqa: PLR0913 - a text has as many properties
    x: float,
    y: float,
    size: float,
    colour: str,
    words: str,
    *,
    weight: int = 400,
    anchor: str = "start",
    room: float = 0.0,
) -> str:
    """Words at a place; smaller where they would need more than the room."""
    if room:
        letter = LETTER if weight == 400 else BOLD_LETTER
        size = min(size, room / (letter * max(len(words), 1)))
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:.4g}" font-weight="{weight}" '
        f'fill="{colour}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def _brand(session: Session, options: PictureOptions) -> str:
    title = " ".join(options.title.split())
    parts = [_text(LEFT, 92, 30, INK, title or say("brand"), weight=700, room=760)]
    if options.dated:
        day = short_date(local_date(session))
        parts.append(_text(RIGHT, 92, 28, MUTED, day, anchor="end"))
    return "".join(parts)


def _colour(session: Session) -> str:
    """Of the great number: that of backward only where something is, or may be, backward."""
    found = session.total("backward").moving_s or session.total("candidate").moving_s
    return BACKWARD_TEXT if found else INK


def _big(head: tuple[str, str, str], right: float, colour: str) -> str:
    """The great number and its unit, in one text so that they stay beside each other."""
    scale = min(1.0, (right - LEFT) / (BOLD_LETTER * (112 * len(head[0]) + 64 * len(head[1]))))
    return (
        f'<text x="{LEFT}" y="222" font-size="{112 * scale:.4g}" font-weight="700" '
        f'fill="{colour}">{escape(head[0])} '
        f'<tspan font-size="{64 * scale:.4g}">{escape(head[1])}</tspan></text>'
    )


def _strip(session: Session, right: float) -> str:
    """The session from start to finish: forward flat, backward tall, maybe hatched.

    Grey and without a word where nothing tells the directions apart. All stretches have their time
    below them where there is room for all, else those that are wide enough.
    """
    whole_s = max(session.duration_s, 1.0)
    scale = (right - LEFT) / whole_s
    colour = MUTED if session.is_undecided else FORWARD
    parts = [
        f'<rect x="{LEFT}" y="360" width="{right - LEFT}" height="26" rx="4" fill="{colour}"/>'
    ]
    is_free = not session.is_undecided
    marked = [
        each for each in session.measures.segments if each.segment.kind in {"backward", "candidate"}
    ]
    middles = [LEFT + (each.segment.start_s + _seconds(each) / 2) * scale for each in marked]
    with_room = all(after - before >= LEAST_WORDS for before, after in pairwise(middles))
    for each, middle in zip(marked, middles, strict=True):
        wide = _seconds(each) * scale
        fill = "sure" if each.segment.kind == "backward" else "maybe"
        parts.append(
            f'<rect x="{middle - wide / 2:.1f}" y="330" width="{max(wide, 2.0):.1f}" height="86" '
            f'fill="url(#{fill})" stroke="{PAPER}" stroke-width="{min(4.0, wide / 6):.2g}"/>'
        )
        if with_room or wide >= LEAST_WORDS:
            words = clock(each.metrics.moving_s)
            parts.append(_text(middle, 448, 24, BACKWARD_TEXT, words, weight=700, anchor="middle"))
            is_free = is_free and middle - max(wide, LEAST_WORDS) / 2 > LEFT + 120
    if is_free:
        parts.append(_text(LEFT, 448, 24, FORWARD_TEXT, say("picture_forward_lane")))
    return "".join(parts)


def _seconds(measured: MeasuredSegment) -> float:
    return measured.segment.end_s - measured.segment.start_s


def _facts(session: Session, display: Display, right: float) -> str:
    """Pace, what it cost and the longest stretch, as far as they are known: at most three."""
    found = picture_facts(session, display)
    most = 3 if right == RIGHT else 2
    room = (right - LEFT) / most
    return "".join(
        _text(LEFT + room * place, 542, 50, INK, value, weight=700, room=room - 20)
        + _text(LEFT + room * place, 582, 23, MUTED, words, room=room - 20)
        for place, (value, words) in enumerate(found[:most])
    )


def _track_shape(track: Track, session: Session) -> str:
    """The shape of the way, north up: without scale, names or ends, where it may stop at a door."""
    found = track_paths(track, session.measures.segments)
    if found is None:
        words = "there are no positions, so the picture cannot hold the way"
        raise PageError("picture-without-way", words, remedy="Leave --map out.")
    wide, high, paths = found
    scale = min((RIGHT - MAP_LEFT) / wide, 460 / high)
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
        drawn.append(
            f'<path d="{path}" stroke="{colour}" stroke-width="{width / scale:.1f}"{dashes}/>'
        )
    x = MAP_LEFT + (RIGHT - MAP_LEFT - wide * scale) / 2
    y = 120 + (460 - high * scale) / 2
    return (
        f'<g transform="translate({x:.1f} {y:.1f}) scale({scale:.4f})" fill="none" '
        f'stroke-linecap="round" stroke-linejoin="round">{"".join(drawn)}</g>'
    )
