"""Pictures that need no script: the map from the track in metres, and the strip of segments.

SVG is built from numbers and from words of ``words`` only; no text of a file enters it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from retrorun import arithmetic
from retrorun.model import MeasuredSegment, Track
from retrorun.model.segment import Kind
from retrorun.report.figures import Grid, Window, integers, pick
from retrorun.report.numbers import Display
from retrorun.report.words import say
from retrorun.units import METRE_PER_MILE, FloatArray

SIDE = 1000  # the longer side of the map in its own units
EDGE = 60
LAYERS: tuple[Kind, ...] = ("backward", "candidate", "forward", "unknown", "still")
NAMED = 12  # no more segments than these get a number on the map


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """The map, and the same points for the script to follow.

    ``x`` and ``y`` are in the picture's units at every point of the grid.
    """

    svg: Markup
    x: list[int | None]
    y: list[int | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """The picture: its size, and the track in its units."""

    width: int
    height: int
    x: FloatArray
    y: FloatArray
    units_per_m: float


def draw_map(
    track: Track, segments: Sequence[MeasuredSegment], on: Grid, display: Display
) -> Map | None:
    """The track in true aspect, north up; None where fewer than two positions are known."""
    frame = _fit(track)
    if frame is None:
        return None
    parts = [_ways(frame, segments), _ends(frame), _numbers(frame, segments)]
    parts += [_scale_bar(frame, display), _north(frame)]
    svg = (
        f'<svg class="map" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="{say("map_label")}">{"".join(parts)}'
        '<path class="focus" d=""/><circle class="cursor" r="13" cx="-99" cy="-99"/></svg>'
    )
    x, y = (integers(pick(values, on)) for values in (frame.x, frame.y))
    return Map(Markup(svg), x, y)  # noqa: S704  # numbers and our own words


def _fit(track: Track) -> _Frame | None:
    begins = track.flags.get("break", np.zeros(track.seconds, dtype=bool))
    x, y = (np.where(begins, np.nan, track.column(name)) for name in ("x_m", "y_m"))
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 2:
        return None
    left, right = float(x[known].min()), float(x[known].max())
    low, high = float(y[known].min()), float(y[known].max())
    extent_m = max(right - left, high - low, 20.0)
    scale = (SIDE - 2 * EDGE) / extent_m
    width = max(round((right - left) * scale), SIDE // 3) + 2 * EDGE
    height = max(round((high - low) * scale), SIDE // 4) + 2 * EDGE
    # metres from the picture's own corner: the page does not hold where the first fix lies
    centred_x = width / 2 + (x - (left + right) / 2) * scale
    centred_y = height / 2 - (y - (low + high) / 2) * scale
    return _Frame(width, height + EDGE, centred_x, centred_y, scale)


def way_paths(
    track: Track, segments: Sequence[MeasuredSegment]
) -> tuple[int, int, dict[str, str]] | None:
    """Width and height in the picture's units, and kind → path, those on top last.

    None where fewer than two positions are known.
    """
    frame = _fit(track)
    return None if frame is None else (frame.width, frame.height, _paths(frame, segments))


def _ways(frame: _Frame, segments: Sequence[MeasuredSegment]) -> str:
    """One path a kind; forward below, backward on top."""
    drawn = _paths(frame, segments)
    return "".join(f'<path class="way {name}" d="{path}"/>' for name, path in drawn.items())


def _paths(frame: _Frame, segments: Sequence[MeasuredSegment]) -> dict[str, str]:
    order = ("still", "unknown", "forward", "candidate", "backward")
    paths: dict[str, list[str]] = {name: [] for name in order}
    for each in segments:
        start, end = int(each.segment.start_s), int(each.segment.end_s) + 1
        paths[each.segment.kind].append(_path(frame.x[start:end], frame.y[start:end]))
    if not segments:
        paths["unknown"].append(_path(frame.x, frame.y))
    drawn = {name: "".join(found) for name, found in paths.items()}
    return {name: path for name, path in drawn.items() if path}


def _path(x: FloatArray, y: FloatArray) -> str:
    """Relative path commands in whole units; points that would not be seen are left out."""
    words: list[str] = []
    last: tuple[int, int] | None = None
    for px, py in zip(integers(x), integers(y), strict=True):
        if px is None or py is None:
            last = None
        elif last is None:
            words.append(f"M{px} {py}")
            last = (px, py)
        elif abs(px - last[0]) + abs(py - last[1]) >= 3:
            words.append(f"l{px - last[0]} {py - last[1]}")
            last = (px, py)
    return "".join(words)


def _ends(frame: _Frame) -> str:
    known = np.flatnonzero(np.isfinite(frame.x) & np.isfinite(frame.y))
    first, last = int(known[0]), int(known[-1])
    spot = '<circle class="{0}" r="9" cx="{1:.0f}" cy="{2:.0f}"><title>{3}</title></circle>'
    return spot.format("start", frame.x[first], frame.y[first], say("start")) + spot.format(
        "finish", frame.x[last], frame.y[last], say("finish")
    )


def _numbers(frame: _Frame, segments: Sequence[MeasuredSegment]) -> str:
    """The number of each backward segment in the segment table, beside its middle."""
    wanted = [
        (number, each.segment)
        for number, each in enumerate(segments, 1)
        if each.segment.kind in {"backward", "candidate"}
    ]
    if len(wanted) > NAMED:
        return ""
    marks = []
    for number, segment in wanted:
        middle = min(int((segment.start_s + segment.end_s) / 2), len(frame.x) - 1)
        x, y = frame.x[middle], frame.y[middle]
        if np.isfinite(x) and np.isfinite(y):
            marks.append(
                f'<g class="mark {segment.kind}" data-n="{number}">'
                f'<circle r="20" cx="{x:.0f}" cy="{y:.0f}"/>'
                f'<text x="{x:.0f}" y="{y + 8:.0f}">{number}</text></g>'
            )
    return "".join(marks)


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
    y = frame.height - 26
    return (
        f'<g class="scale"><path d="M{EDGE // 2} {y - 10}v10h{pixels:.0f}v-10"/>'
        f'<text x="{EDGE // 2 + pixels + 14:.0f}" y="{y + 4}">{text}</text></g>'
    )


def _north(frame: _Frame) -> str:
    x, y = frame.width - 44, frame.height - 30
    return (
        f'<g class="north"><path d="M{x} {y - 44}l13 34l-13 -8l-13 8z"/>'
        f'<text x="{x}" y="{y + 14}">{say("north")}</text></g>'
    )


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
        if found
    )
    svg = (
        '<svg class="strip" viewBox="0 0 2000 40" preserveAspectRatio="none" role="img" '
        f'aria-label="{say("strip_label")}">{drawn}</svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers and our own words


TURNED_WIDE, LOWEST, HIGHEST = (
    712,
    236,
    640,
)  # units of the map: its width, and the bounds of its height
TURNED_EDGE = 64
TURNED_FOOT = 56


@dataclass(frozen=True, slots=True, eq=False)
class TurnedMap:
    """A piece of the map, turned so that the way goes from left to right as the lanes do.

    Attributes:
        height: of the picture, which is `TURNED_WIDE` wide.
        way: the whole piece as a path.
        x: of the points in the picture's units, with ``y``; None where the position is unknown.
        scale: path of the scale bar, words, and where they begin.
        north: degrees clockwise by which the north arrow is turned.
    """

    height: int
    way: str
    x: list[int | None]
    y: list[int | None]
    scale: tuple[str, str, int]
    north: float


def turned_map(track: Track, view: Window, display: Display) -> TurnedMap | None:
    """The way within the window; None where fewer than two positions are known."""
    if not track.has("x_m"):
        return None
    begins = track.flags.get("break", np.zeros(track.seconds, dtype=bool))
    east, north = (
        view.points(np.where(begins, np.nan, track.column(name))) for name in ("x_m", "y_m")
    )
    known = np.isfinite(east) & np.isfinite(north)
    if known.sum() < 2:
        return None
    turn = _turn(east[known], north[known])
    along = east * arithmetic.cos(turn) + north * arithmetic.sin(turn)
    across = north * arithmetic.cos(turn) - east * arithmetic.sin(turn)
    long_m, wide_m = (float(np.nanmax(each) - np.nanmin(each)) for each in (along, across))
    scale = min(
        (TURNED_WIDE - 2 * TURNED_EDGE) / max(long_m, 20.0),
        (HIGHEST - 2 * TURNED_EDGE - TURNED_FOOT) / max(wide_m, 1.0),
    )
    height = max(round(wide_m * scale) + 2 * TURNED_EDGE + TURNED_FOOT, LOWEST)
    x = (along - np.nanmin(along) - long_m / 2) * scale + TURNED_WIDE / 2
    y = (np.nanmin(across) + wide_m / 2 - across) * scale + (height - TURNED_FOOT) / 2
    found_x, found_y = integers(x), integers(y)
    return TurnedMap(
        height,
        _whole_way(found_x, found_y),
        found_x,
        found_y,
        _turned_scale(scale, height, display),
        round(math.degrees(turn), 1),
    )


def _turn(east: FloatArray, north: FloatArray) -> float:
    """Radians from east, counterclockwise, of the direction that is laid from left to right.

    From the first point to the last; for a way that comes back, along its longest extent.
    """
    d_east, d_north = float(east[-1] - east[0]), float(north[-1] - north[0])
    extent = arithmetic.hypot(float(np.ptp(east)), float(np.ptp(north)))
    if arithmetic.hypot(d_east, d_north) > 0.5 * extent:
        return arithmetic.arctan2(d_north, d_east)
    x, y = east - east.mean(), north - north.mean()
    axis = 0.5 * arithmetic.arctan2(
        2 * float((x * y).mean()), float((x * x).mean() - (y * y).mean())
    )
    ahead = d_east * arithmetic.cos(axis) + d_north * arithmetic.sin(axis)
    return axis if ahead >= 0 else axis + math.pi


def _whole_way(x: Sequence[int | None], y: Sequence[int | None]) -> str:
    words, pen = [], "M"
    for px, py in zip(x, y, strict=True):
        if px is None or py is None:
            pen = "M"
        else:
            words.append(f"{pen}{px} {py}")
            pen = "L"
    return "".join(words)


def _turned_scale(units_per_m: float, height: int, display: Display) -> tuple[str, str, int]:
    """The longest round length that takes at most a third of the width."""
    unit_m = METRE_PER_MILE / 5280 if display.imperial else 1.0
    steps = [digit * 10**power for power in range(5) for digit in (1, 2, 5)]
    length = max(
        (each for each in steps if each * unit_m * units_per_m <= TURNED_WIDE / 3), default=steps[0]
    )
    wide = round(length * unit_m * units_per_m)
    return f"M24 {height - 34}v12h{wide}v-12", f"{length} {display.height_unit}", wide + 36
