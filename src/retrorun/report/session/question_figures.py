"""Pictures of one question of the review: lanes with the athlete's forward line, and a turned map.

All of them are SVG that needs no script. A line is drawn twice, as forward and as backward; two
clips, which the page's script moves with the ends of the segment, decide which of them is seen.
SVG is built from numbers and from words of ``words`` only; no text of a file enters it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from retrorun.model import Track
from retrorun.report.figures import integers
from retrorun.report.numbers import Display, clock
from retrorun.report.session.lanes import Line, lanes, round_ticks
from retrorun.report.words import say
from retrorun.units import METRE_PER_MILE, FloatArray

POINTS = 600  # of a line, at most
TALL = 1000  # units from the foot of a lane to its top
MEDIAN_S = 7  # a line is the running median over so many seconds
SHOWN = ("pace", "heart", "steps")


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a track that is drawn: seconds ``[first, last)``, a point every ``step``."""

    first: int
    last: int
    step: int

    @property
    def seconds(self) -> FloatArray:
        """(m,) seconds of the points."""
        return np.arange(self.first, self.last, self.step, dtype=np.float64)

    def points(self, values: FloatArray) -> FloatArray:
        """(n,) at 1 Hz → (m,), the values at the points."""
        return values[self.first : self.last : self.step]


def window(start_s: float, end_s: float, seconds: int) -> Window:
    """A segment with as much around it as it takes to compare: one to five minutes a side."""
    around = min(max(round(0.6 * (end_s - start_s)), 60), 300)
    first, last = max(int(start_s) - around, 0), min(math.ceil(end_s) + around, seconds)
    return Window(first, last, max(1, -(-(last - first) // POINTS)))


@dataclass(frozen=True, slots=True)
class LanePicture:
    """One lane: its words, and paths in a picture ``width`` × `TALL`.

    Attributes:
        key: of the lane; ``label`` and ``unit`` in words.
        width: units from left to right, one a point.
        line: the values; ``expected``: the forward line; ``excess``: the area between them.
        grid: horizontal lines; ``ticks``: per cent from the top and words.
        name_top: per cent from the top below which the forward line's name hides no line.
        gap_top: per cent from the top where the gap between the two lines is written.
    """

    key: str
    label: str
    unit: str
    width: int
    line: str
    expected: str
    excess: str
    grid: str
    ticks: tuple[tuple[float, str], ...]
    name_top: float = 0.0
    gap_top: float = 0.0


def lane_pictures(
    track: Track, expected_spm: FloatArray, view: Window, display: Display
) -> tuple[LanePicture, ...]:
    """Pace, heart rate and step rate, as far as they were recorded.

    Args:
        track: at 1 Hz.
        expected_spm: (n,) step rate by the forward line, NaN where it says nothing.
        view: what is drawn.
        display: units.
    """
    found = {lane.key: lane.first for lane in lanes(track, display)}
    wanted = [(key, found[key]) for key in SHOWN if key in found]
    nothing = np.full(track.seconds, np.nan)
    made = (
        _picture(key, line, expected_spm if key == "steps" else nothing, view)
        for key, line in wanted
    )
    return tuple(each for each in made if each is not None)


def _picture(key: str, line: Line, expected: FloatArray, view: Window) -> LanePicture | None:
    values, other = view.points(running_median(line.values, MEDIAN_S)), view.points(expected)
    if np.isfinite(values).sum() < 2:
        return None
    both = np.concatenate([values, other])
    low, high = (float(each) for each in np.nanpercentile(both, (1, 99)))
    room = max(high - low, 6.0) * 0.12
    low, high = low - room, high + room
    quick_is_up = line.form == "pace"
    top, foot = (low, high) if quick_is_up else (high, low)
    y = np.clip((values - top) / (foot - top), 0, 1) * TALL
    y_other = np.clip((other - top) / (foot - top), 0, 1) * TALL
    steps = (15, 30, 60, 120, 180, 300, 600, 1200) if quick_is_up else (1, 2, 5, 10, 20, 50)
    marks = [((tick - top) / (foot - top), tick) for tick in round_ticks(low, high, steps, most=3)]
    return LanePicture(
        key,
        line.label,
        line.unit,
        len(values) - 1,
        _path(y),
        _path(y_other),
        _between(y, y_other),
        "".join(f"M0 {round(TALL * share)}h{len(values) - 1}" for share, _ in marks),
        tuple(
            (round(100 * share, 1), clock(tick) if quick_is_up else f"{tick:g}")
            for share, tick in marks
        ),
        *_tops(y, y_other),
    )


def _tops(y: FloatArray, other: FloatArray) -> tuple[float, float]:
    """Where the forward line's name and the gap are written; zeros without a forward line."""
    both = np.concatenate([each[-len(y) // 3 :] for each in (y, other)])
    inner = slice(len(y) // 3, -(len(y) // 3))
    between = (y[inner] + other[inner]) / 2
    if not np.isfinite(between).any():
        return 0.0, 0.0
    lowest = float(np.nanmax(both)) if np.isfinite(both).any() else TALL
    return round(100 * lowest / TALL, 1), round(100 * float(np.nanmedian(between)) / TALL, 1)


def running_median(values: FloatArray, seconds: int) -> FloatArray:
    """Centred median of what is there within so many seconds; NaN stays NaN. (n,) → (n,)."""
    half = seconds // 2
    padded = np.concatenate([np.full(half, np.nan), values, np.full(half, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    here = np.isfinite(values)
    medians = np.full(len(values), np.nan)
    if here.any():
        medians[here] = np.nanmedian(windows[here], axis=1)
    return medians


def _path(y: FloatArray) -> str:
    """A line through (index, y), broken where y is missing."""
    words, pen = [], "M"
    for x, value in enumerate(integers(y)):
        if value is None:
            pen = "M"
        else:
            words.append(f"{pen}{x} {value}")
            pen = "L"
    return "".join(words)


def _between(y: FloatArray, other: FloatArray) -> str:
    """The area between two lines, a closed piece wherever both are known."""
    both = np.concatenate([[False], np.isfinite(y) & np.isfinite(other), [False]])
    edges = np.flatnonzero(both[1:] != both[:-1])
    pieces = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if last - first < 2:
            continue
        there = [f"{first + i} {value}" for i, value in enumerate(integers(y[first:last]))]
        back = [f"{first + i} {value}" for i, value in enumerate(integers(other[first:last]))]
        pieces.append(f"M{'L'.join(there + back[::-1])}z")
    return "".join(pieces)


WIDE, LOW, HIGH = 712, 236, 640  # units of the map: its width, and the bounds of its height
EDGE = 64
FOOT = 56


@dataclass(frozen=True, slots=True, eq=False)
class TurnedMap:
    """A piece of the map, turned so that the way goes from left to right as the lanes do.

    Attributes:
        height: of the picture, which is `WIDE` wide.
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
    along = east * math.cos(turn) + north * math.sin(turn)
    across = north * math.cos(turn) - east * math.sin(turn)
    long_m, wide_m = (float(np.nanmax(each) - np.nanmin(each)) for each in (along, across))
    scale = min((WIDE - 2 * EDGE) / max(long_m, 20.0), (HIGH - 2 * EDGE - FOOT) / max(wide_m, 1.0))
    height = max(round(wide_m * scale) + 2 * EDGE + FOOT, LOW)
    x = (along - np.nanmin(along) - long_m / 2) * scale + WIDE / 2
    y = (np.nanmin(across) + wide_m / 2 - across) * scale + (height - FOOT) / 2
    found_x, found_y = integers(x), integers(y)
    return TurnedMap(
        height,
        _way(found_x, found_y),
        found_x,
        found_y,
        _scale(scale, height, display),
        round(math.degrees(turn), 1),
    )


def _turn(east: FloatArray, north: FloatArray) -> float:
    """Radians from east, counterclockwise, of the direction that is laid from left to right.

    From the first point to the last; for a way that comes back, along its longest extent.
    """
    d_east, d_north = float(east[-1] - east[0]), float(north[-1] - north[0])
    extent = math.hypot(float(np.ptp(east)), float(np.ptp(north)))
    if math.hypot(d_east, d_north) > 0.5 * extent:
        return math.atan2(d_north, d_east)
    x, y = east - east.mean(), north - north.mean()
    axis = 0.5 * math.atan2(2 * float((x * y).mean()), float((x * x).mean() - (y * y).mean()))
    ahead = d_east * math.cos(axis) + d_north * math.sin(axis)
    return axis if ahead >= 0 else axis + math.pi


def _way(x: Sequence[int | None], y: Sequence[int | None]) -> str:
    words, pen = [], "M"
    for px, py in zip(x, y, strict=True):
        if px is None or py is None:
            pen = "M"
        else:
            words.append(f"{pen}{px} {py}")
            pen = "L"
    return "".join(words)


def _scale(units_per_m: float, height: int, display: Display) -> tuple[str, str, int]:
    """The longest round length that takes at most a third of the width."""
    unit_m = METRE_PER_MILE / 5280 if display.imperial else 1.0
    steps = [digit * 10**power for power in range(5) for digit in (1, 2, 5)]
    length = max(
        (each for each in steps if each * unit_m * units_per_m <= WIDE / 3), default=steps[0]
    )
    wide = round(length * unit_m * units_per_m)
    return f"M24 {height - 34}v12h{wide}v-12", f"{length} {display.height_unit}", wide + 36


def strip_of_reason(value: float | None) -> Markup:
    """A bar either side of its middle: to the right it speaks for backward; none for no value."""
    bar = ""
    if value:
        left, width = (50.0, 50 * value) if value > 0 else (50 + 50 * value, -50 * value)
        look = "for" if value > 0 else "against"
        bar = f'<rect class="{look}" x="{left:.1f}%" width="{width:.1f}%" height="8"/>'
    svg = (
        '<svg class="weighing" width="100%" height="8" aria-hidden="true">'
        f'<rect class="ground" width="100%" height="8" rx="2"/>{bar}'
        '<line class="middle" x1="50%" x2="50%" y1="0" y2="8"/></svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers only


def map_label(start_s: float, end_s: float) -> str:
    """What the turned map shows, for those who do not see it."""
    return say("question_map", start=clock(start_s), end=clock(end_s))
