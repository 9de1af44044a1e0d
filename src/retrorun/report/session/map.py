"""Pictures that need no script: the map from the track in metres, and the strip of segments.

SVG is built from numbers and from words of ``words`` only; no text of a file enters it. A mark of
the map is drawn in pixels around its own origin, and CSS scales it by ``--glyph``, units of the map
a pixel, so that letters and what is tapped keep their size on every screen. Each name is put
beside its point where it hides least of the way and no other mark.
"""

from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
from markupsafe import Markup

from retrorun import arithmetic
from retrorun.model import MeasuredSegment, Track
from retrorun.model.segment import Kind
from retrorun.report.figures import Grid, integers, pick
from retrorun.report.numbers import Display
from retrorun.report.words import say
from retrorun.units import METRE_PER_MILE, FloatArray

# widths and greatest heights of the map in CSS pixels: beside the lanes, above them, on a phone
BESIDE_PX, ABOVE_PX, PHONE_PX = (400, 650), (1100, 330), (340, 420)
UNITS_PX = 2.5  # units of the map to a pixel on a desk
# units that a point lies from the last one to be drawn; twice as many in a longer session
APART, LONG_S = 3, 28_800
EDGE_PX, FOOT_PX, LOWEST_PX = 36, 40, 240
WIDE = 2.2  # a way that is so many times wider than high lies above the lanes
LETTER_PX, LINE_PX = 7.6, 16.0  # size of a letter of a name, for its place only
BADGE_PX = 14.0  # radius of a number, with what keeps it apart
MOST_DISTANCES, MOST_ARROWS = 10, 14
ALWAYS = 12  # so many numbers are drawn even where they touch; of more, those that have room
ARROW_PX = 110.0  # of the way from one arrow to the next, at least
SEEN = 500  # points of the way that names keep clear of
MOST_HIDDEN_PX = 8.0  # of the way below the name of a distance; one that hides more is not written


LAYERS: tuple[Kind, ...] = ("backward", "candidate", "forward", "unknown", "still")


class Map(msgspec.Struct, frozen=True, eq=False):
    """The map, and the same points for the script to follow.

    ``x`` and ``y`` are in the picture's units at every point of the grid; ``wide``: it lies above
    the lanes and not beside them.
    """

    svg: Markup
    x: list[int | None]
    y: list[int | None]
    wide: bool


class _Frame(msgspec.Struct, frozen=True, eq=False):
    """The picture: its size, the track in its units, and units a pixel on a desk and a phone."""

    width: int
    height: int
    x: FloatArray
    y: FloatArray
    units_per_m: float
    desk: float
    phone: float


def draw_map(
    track: Track,
    segments: Sequence[MeasuredSegment],
    on: Grid,
    display: Display,
    total_m: float | None = None,
) -> Map | None:
    """The track in true aspect, north up; None where fewer than two positions are known.

    Args:
        track: at 1 Hz.
        segments: of the whole session.
        on: the grid of the points that the script follows.
        display: units.
        total_m: distance of the session.
    """
    frame = _fit(track)
    if frame is None:
        return None
    parts = [_track_markup(frame, segments), _marks(frame, track, segments, total_m, display)]
    parts += [_scale_bar(frame, display), _north(frame)]
    svg = (
        f'<svg class="map" viewBox="0 0 {frame.width} {frame.height}" role="group" '
        f'style="--desk:{frame.desk:.2f};--phone:{frame.phone:.2f}" '
        f'aria-label="{say("map_label")}">'
        f"{''.join(parts)}"
        '<path class="focus" d=""/><circle class="cursor" r="13" cx="-9999" cy="-9999"/></svg>'
    )
    x, y = (integers(pick(values, on)) for values in (frame.x, frame.y))
    wide = frame.width > BESIDE_PX[0] * UNITS_PX
    return Map(Markup(svg), x, y, wide)  # noqa: S704  # numbers and our own words


def _fit(track: Track) -> _Frame | None:
    begins = track.flags.get("break", np.zeros(track.seconds, dtype=bool))
    x, y = (np.where(begins, np.nan, track.column(name)) for name in ("x_m", "y_m"))
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 2:
        return None
    left, right = float(x[known].min()), float(x[known].max())
    low, high = float(y[known].min()), float(y[known].max())
    broad_m, tall_m = right - left, high - low
    width_px, most_px = ABOVE_PX if broad_m > max(WIDE * tall_m, 20.0) else BESIDE_PX
    # metres a pixel: the way fits into the picture, and twenty metres fill it
    m_per_px = max(
        max(broad_m, 20.0) / (width_px - 2 * EDGE_PX),
        tall_m / (most_px - 2 * EDGE_PX - FOOT_PX),
    )
    height_px = max(tall_m / m_per_px + 2 * EDGE_PX + FOOT_PX, LOWEST_PX)
    width, height = round(width_px * UNITS_PX), round(height_px * UNITS_PX)
    scale = UNITS_PX / m_per_px
    # metres from the picture's own corner: the page does not hold where the first fix lies
    centred_x = width / 2 + (x - (left + right) / 2) * scale
    centred_y = (height - FOOT_PX * UNITS_PX) / 2 - (y - (low + high) / 2) * scale
    phone = max(width / PHONE_PX[0], height / PHONE_PX[1])
    return _Frame(width, height, centred_x, centred_y, scale, UNITS_PX, phone)


def track_paths(
    track: Track, segments: Sequence[MeasuredSegment]
) -> tuple[int, int, dict[str, str]] | None:
    """Width and height in the picture's units, and kind → path, those on top last.

    None where fewer than two positions are known.
    """
    frame = _fit(track)
    return None if frame is None else (frame.width, frame.height, _paths(frame, segments))


def _track_markup(frame: _Frame, segments: Sequence[MeasuredSegment]) -> str:
    """One path a kind; forward below, backward on top."""
    drawn = _paths(frame, segments)
    below = "".join(
        f'<path class="way {name}" d="{path}"/>'
        for name, path in drawn.items()
        if name != "backward"
    )
    if "backward" not in drawn:
        return below
    # cased, and with a dotted core: direction has a shape, too
    layers = "".join(
        f'<use class="way {name}" href="#way-backward"/>' for name in ("case", "backward", "core")
    )
    return f'<defs><path id="way-backward" d="{drawn["backward"]}"/></defs>{below}{layers}'


def _paths(frame: _Frame, segments: Sequence[MeasuredSegment]) -> dict[str, str]:
    order = ("still", "unknown", "forward", "candidate", "backward")
    paths: dict[str, list[str]] = {name: [] for name in order}
    apart = APART if len(frame.x) <= LONG_S else 2 * APART
    for each in segments:
        start, end = int(each.segment.start_s), int(each.segment.end_s) + 1
        paths[each.segment.kind].append(_path(frame.x[start:end], frame.y[start:end], apart))
    if not segments:
        paths["unknown"].append(_path(frame.x, frame.y, apart))
    drawn = {name: "".join(found) for name, found in paths.items()}
    return {name: path for name, path in drawn.items() if path}


def _path(x: FloatArray, y: FloatArray, apart: int) -> str:
    """Relative path commands in whole units; points that would not be seen are left out."""
    words: list[str] = []
    last: tuple[int, int] | None = None
    for px, py in zip(integers(x), integers(y), strict=True):
        if px is None or py is None:
            last = None
        elif last is None:
            words.append(f"M{px} {py}")
            last = (px, py)
        elif abs(px - last[0]) + abs(py - last[1]) >= apart:
            words.append(f"l{px - last[0]} {py - last[1]}")
            last = (px, py)
    return "".join(words)


def _scale_bar(frame: _Frame, display: Display) -> str:
    """The longest round length that takes at most a third of the width."""
    unit_m = METRE_PER_MILE / 5280 if display.imperial else 1.0
    steps = [digit * 10**power for power in range(6) for digit in (1, 2, 5)]
    room = frame.width / 3 / frame.units_per_m / unit_m
    length = max((step for step in steps if step <= room), default=1)
    pixels = length * unit_m * frame.units_per_m
    text = f"{length} {display.height_unit}"
    if not display.imperial and length >= 1000:
        text = f"{length // 1000} km"
    y = frame.height - 14 * UNITS_PX
    left = 14 * UNITS_PX
    return (
        f'<path class="ruler" d="M{left:.0f} {y - 12:.0f}v12h{pixels:.0f}v-12"/>'
        f'<g transform="translate({left + pixels + 18:.0f} {y:.0f})">'
        f'<text class="glyph soft ruled">{text}</text></g>'
    )


def _north(frame: _Frame) -> str:
    x, y = frame.width - 18 * UNITS_PX, frame.height - 14 * UNITS_PX
    return (
        f'<g transform="translate({x:.0f} {y:.0f})"><g class="glyph north">'
        '<path d="M0 -34l5.5 15l-5.5 -3.5l-5.5 3.5z"/>'
        f'<text class="soft">{say("north")}</text></g></g>'
    )


class _MarkLayout(msgspec.Struct, eq=False):
    """Where there is room beside the way: marks that are drawn are remembered."""

    frame: _Frame
    taken: list[tuple[float, float, float, float]] = msgspec.field(default_factory=list)
    seen: FloatArray = msgspec.field(default_factory=lambda: np.zeros((2, 0)))

    def __post_init__(self) -> None:
        """Choose the points of the way, (2, k), that names keep clear of."""
        every = max(1, len(self.frame.x) // SEEN)
        self.seen = np.stack((self.frame.x[::every], self.frame.y[::every]))

    @property
    def glyph(self) -> float:
        """Units a pixel that places reckon with: between a desk's and a phone's."""
        return min(max(self.frame.desk, 0.75 * self.frame.phone), 1.5 * self.frame.desk)

    def is_free(self, x: float, y: float, wide: float, tall: float) -> bool:
        """Whether a box of these half sides touches no mark."""
        return not any(
            abs(x - at_x) < wide + half_x and abs(y - at_y) < tall + half_y
            for at_x, at_y, half_x, half_y in self.taken
        )

    def reserve(
        self,
        at: tuple[float, float],
        half_px: tuple[float, float],
        off_px: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Remember a mark of these half sides, so many pixels off a point."""
        x, y = (place + off * self.glyph for place, off in zip(at, off_px, strict=True))
        self.taken.append((x, y, half_px[0] * self.glyph, half_px[1] * self.glyph))

    def best_offset(
        self,
        at: tuple[float, float],
        half_px: tuple[float, float],
        ways_px: Sequence[tuple[float, float]],
    ) -> tuple[float, float, bool]:
        """The best of these offsets in pixels, and whether a mark there touches no other."""
        glyph = self.glyph
        wide, tall = (each * glyph for each in half_px)
        places = [(at[0] + right * glyph, at[1] + down * glyph) for right, down in ways_px]
        covered = self._points_covered(places, (wide, tall))
        found = []
        for rank, ((right_px, down_px), (x, y)) in enumerate(zip(ways_px, places, strict=True)):
            beyond = max(
                wide - x, x + wide - self.frame.width, tall - y, y + tall - self.frame.height
            )
            free = self.is_free(x, y, wide, tall)
            cost = covered[rank] + 1000 * (not free) + 5000 * (beyond > 0)
            found.append((cost, rank, right_px, down_px, free and beyond <= 0))
        _, _, right_px, down_px, free = min(found)
        return right_px, down_px, free

    def hidden_px(
        self,
        at: tuple[float, float],
        half_px: tuple[float, float],
        off_px: tuple[float, float],
    ) -> float:
        """Pixels of the way below a mark of these half sides, so many pixels off a point."""
        glyph = self.glyph
        place = (at[0] + off_px[0] * glyph, at[1] + off_px[1] * glyph)
        hidden = self._points_covered([place], (half_px[0] * glyph, half_px[1] * glyph))[0]
        steps = arithmetic.hypot(*np.diff(self.seen))
        return float(hidden * np.nansum(steps) / self.seen.shape[1] / glyph)

    def _points_covered(
        self, places: Sequence[tuple[float, float]], half: tuple[float, float]
    ) -> list[int]:
        """Points of the way below a box of these half sides at each place."""
        off = np.abs(self.seen - np.array(places)[:, :, None])
        over = (off < np.array(half)[:, None]).all(axis=1)
        covered: list[int] = np.count_nonzero(over, axis=1).tolist()
        return covered


def _marks(
    frame: _Frame,
    track: Track,
    segments: Sequence[MeasuredSegment],
    total_m: float | None,
    display: Display,
) -> str:
    """All marks of the map as SVG.

    Args:
        frame: the picture.
        track: at 1 Hz, for the distance run.
        segments: of the session; those that are or may be backward get their number.
        total_m: distance of the session, which the marks of distance add up to.
        display: kilometres or miles.
    """
    room = _MarkLayout(frame)
    ends = _ends(room)
    badges = _badges(room, segments)
    distances = _distances(room, distance_so_far_m(track, total_m), display)
    return _arrows(room, segments) + distances + ends + badges


def distance_so_far_m(track: Track, total_m: float | None) -> FloatArray:
    """(n,) metres run until each second; they end at the session's own distance."""
    speed = track.column("ground_speed_mps")
    sums: FloatArray = np.cumsum(np.where(np.isfinite(speed), speed, 0.0))
    return sums * (total_m / sums[-1]) if total_m and len(sums) and sums[-1] > 0 else sums


def _around(px: float, wide_px: float) -> list[tuple[float, float]]:
    """Offsets of a name's middle: right, left, above, below, and between them."""
    side, up = px + wide_px, px + LINE_PX / 2
    return [
        (side, 0),
        (-side, 0),
        (0, -up),
        (0, up),
        (side, -up),
        (-side, -up),
        (side, up),
        (-side, up),
    ]


def _name(room: _MarkLayout, at: tuple[float, float], words: str, css: str) -> str:
    """A name beside its point; a soft one is left out where it would hide a mark or the way."""
    half = (len(words) * LETTER_PX / 2, LINE_PX / 2)
    right_px, down_px, free = room.best_offset(at, half, _around(10.0, half[0]))
    hidden_px = room.hidden_px(at, half, (right_px, down_px)) if css == "soft" else 0.0
    if css == "soft" and not (free and hidden_px <= MOST_HIDDEN_PX):
        return ""
    room.reserve(at, half, (right_px, down_px))
    anchor = "middle" if not right_px else "start" if right_px > 0 else "end"
    x = right_px and right_px - (half[0] if right_px > 0 else -half[0])
    place = f'style="text-anchor:{anchor}" x="{x:.0f}" y="{down_px + 5:.0f}"'
    return _glyph(*at, f'<text class="{css}" {place}>{words}</text>')


def _glyph(x: float, y: float, inside: str) -> str:
    return f'<g transform="translate({x:.0f} {y:.0f})"><g class="glyph">{inside}</g></g>'


def _ends(room: _MarkLayout) -> str:
    frame = room.frame
    known = np.flatnonzero(np.isfinite(frame.x) & np.isfinite(frame.y))
    first, last = ((float(frame.x[at]), float(frame.y[at])) for at in (known[0], known[-1]))
    room.reserve(first, (8, 8))
    room.reserve(last, (8, 8))
    near = arithmetic.hypot(first[0] - last[0], first[1] - last[1]) < 20 * room.glyph
    names = ((first, "start_finish"),) if near else ((first, "start"), (last, "finish"))
    drawn = "".join(_name(room, at, say(words), "end") for at, words in names)
    return (
        drawn
        + _glyph(*first, '<circle class="start" r="5.5"/>')
        + _glyph(*last, '<circle class="finish" r="5"/>')
    )


def _badges(room: _MarkLayout, segments: Sequence[MeasuredSegment]) -> str:
    """The number of each backward segment beside its middle, a link to its row in the table."""
    wanted = [
        (number, each)
        for number, each in enumerate(segments, 1)
        if each.segment.kind in {"backward", "candidate"}
    ]
    return "".join(
        _badge(room, number, each, needed=len(wanted) <= ALWAYS) for number, each in wanted
    )


@cache
def _badge_ways() -> Sequence[tuple[float, float]]:
    """Offsets of a badge in pixels: eight directions near its point, and farther away."""
    turns = np.radians(np.arange(0, 360, 45)).tolist()
    around = [(arithmetic.cos(turn), arithmetic.sin(turn)) for turn in turns]
    return [(px * right, px * down) for px in (24.0, 36.0) for right, down in around]


def _badge(room: _MarkLayout, number: int, each: MeasuredSegment, *, needed: bool) -> str:
    segment, frame = each.segment, room.frame
    middle = min(int((segment.start_s + segment.end_s) / 2), len(frame.x) - 1)
    x, y = float(frame.x[middle]), float(frame.y[middle])
    if not (np.isfinite(x) and np.isfinite(y)):
        return ""
    right_px, down_px, free = room.best_offset((x, y), (BADGE_PX, BADGE_PX), _badge_ways())
    if not free and not needed:
        return ""
    room.reserve((x, y), (BADGE_PX, BADGE_PX), (right_px, down_px))
    label = say("map_badge", number=number, kind=say(f"kind_{segment.kind}").lower())
    return _glyph(
        x,
        y,
        f'<path class="lead" d="M0 0L{right_px:.0f} {down_px:.0f}"/>'
        f'<a class="mark {segment.kind}" href="#stretch-{number}" data-n="{number}" '
        f'aria-label="{label}"><g transform="translate({right_px:.0f} {down_px:.0f})">'
        '<circle class="touch" r="20"/><circle class="disc" r="11.5"/>'
        f'<text y="4.5"{" class=long" if number > 99 else ""}>{number}</text></g></a>',
    )


def _distances(room: _MarkLayout, run_m: FloatArray, display: Display) -> str:
    """A dot and a name at every whole kilometre or mile, or at every so many of them."""
    unit_m = METRE_PER_MILE if display.imperial else 1000.0
    whole = int(run_m[-1] / unit_m) if len(run_m) else 0
    steps = (1, 2, 5, 10, 20, 50, 100)
    step = next((each for each in steps if whole // each <= MOST_DISTANCES), steps[-1])
    marks = []
    for count in range(step, whole + 1, step):
        at = min(int(np.searchsorted(run_m, count * unit_m)), len(run_m) - 1)
        x, y = float(room.frame.x[at]), float(room.frame.y[at])
        if np.isfinite(x) and np.isfinite(y):
            name = _name(room, (x, y), f"{count} {display.long_unit}", "soft")
            room.reserve((x, y), (4, 4))
            marks.append(_glyph(x, y, f'<circle class="far" r="3.5" data-far="{count}"/>') + name)
    return "".join(marks)


def _arrows(room: _MarkLayout, segments: Sequence[MeasuredSegment]) -> str:
    """Triangles along the way that point where it went, in the colour of the direction."""
    frame, glyph = room.frame, room.glyph
    x, y = frame.x, frame.y
    steps = np.nan_to_num(arithmetic.hypot(np.diff(x), np.diff(y)))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = int(min(max(along[-1] / (ARROW_PX * glyph), 1), MOST_ARROWS))
    drawn = []
    for place in (np.arange(count) + 0.5) * along[-1] / count:
        here, behind, ahead = (
            min(int(np.searchsorted(along, place + by * glyph)), len(x) - 1) for by in (0, -7, 7)
        )
        d_x, d_y = float(x[ahead] - x[behind]), float(y[ahead] - y[behind])
        at_x, at_y = float(x[here]), float(y[here])
        known = np.isfinite(d_x) and np.isfinite(d_y) and np.isfinite(at_x + at_y)
        if not known or not (d_x or d_y) or not room.is_free(at_x, at_y, 5 * glyph, 5 * glyph):
            continue
        room.reserve((at_x, at_y), (8, 8))
        kind = next(
            (each.segment.kind for each in segments if each.segment.end_s > here), "unknown"
        )
        turn = np.degrees(arithmetic.arctan2(d_y, d_x))
        drawn.append(
            f'<g transform="translate({at_x:.0f} {at_y:.0f}) rotate({turn:.0f})">'
            f'<path class="glyph arrow {kind}" d="M-5 -5.5L7 0L-5 5.5z"/></g>'
        )
    return "".join(drawn)


def kinds_shown(segments: Sequence[MeasuredSegment]) -> tuple[str, ...]:
    """The kinds that a legend has to name, in its order."""
    there = {each.segment.kind for each in segments}
    return tuple(kind for kind in LAYERS if kind in there)


def _hatched(each: MeasuredSegment, duration_s: float) -> str:
    """What may be backward, in per cent of the strip: its hatching is not stretched with it."""
    segment = each.segment
    if segment.kind != "candidate":
        return ""
    left, width = (
        100 * at / duration_s for at in (segment.start_s, segment.end_s - segment.start_s)
    )
    return f'<rect class="stretch candidate" x="{left:.2f}%" width="{width:.2f}%" height="100%"/>'


def draw_strip(segments: Sequence[MeasuredSegment], duration_s: float) -> Markup:
    """The session from left to right as one strip, a path a kind."""
    duration = max(duration_s, 1.0)
    paths: dict[str, list[str]] = {name: [] for name in LAYERS}
    for each in segments:
        start = round(2000 * each.segment.start_s / duration)
        length = max(round(2000 * each.segment.end_s / duration) - start, 1)
        paths[each.segment.kind].append(f"M{start} 0h{length}v40h-{length}z")
    drawn = "".join(
        f'<path class="stretch {name}" d="{"".join(found)}"/>'
        for name, found in paths.items()
        if found and name != "candidate"
    )
    hatched = "".join(_hatched(each, duration) for each in segments)
    svg = (
        f'<svg class="strip" role="img" aria-label="{say("strip_label")}">'
        f'<svg viewBox="0 0 2000 40" preserveAspectRatio="none">{drawn}</svg>{hatched}</svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers and our own words
