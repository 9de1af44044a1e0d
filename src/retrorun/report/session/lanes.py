"""The lanes of a session (pace, heart rate, steps, height, facing): pictures and table.

Lanes are SVG on one axis of time that is stretched to the width there is, so that they need no
script, fit a phone and are sharp on paper. A line is a running median in the colour of its
direction, over the faint range of nine seconds in ten. The table says the same in numbers.

The review shows a part of a session the same way. Its lines are drawn twice, as forward and as
backward; two clips, which the page's script moves with the ends of the segment, decide which of
them is seen.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from retrorun import arithmetic
from retrorun.model import MeasuredSegment, Track
from retrorun.model.segment import Kind
from retrorun.report import figures
from retrorun.report.figures import Grid, Table, Window, integers, running_median, smooth, thin
from retrorun.report.numbers import SLOWEST_S_PER_KM, UNKNOWN, Display, clock, number, short
from retrorun.report.words import say
from retrorun.units import BoolArray, FloatArray, IntArray, true_runs

SMOOTH_S = 7  # a pace read off a watch is a mean over some seconds
STANDING_MPS = 0.6


class Line(msgspec.Struct, frozen=True, eq=False):
    """The line of a lane.

    Attributes:
        label: words; ``unit``: of the values as read out.
        values: (n,) at 1 Hz in displayed units.
        scale: values are embedded as whole numbers of 1/scale.
        form: how the script reads a value out: ``pace``, ``number`` or ``angle``.
    """

    label: str
    unit: str
    values: FloatArray
    scale: int = 1
    form: str = "number"


class Lane(msgspec.Struct, frozen=True, eq=False):
    """One strip and its line."""

    key: str
    line: Line


def lanes(track: Track, display: Display) -> tuple[Lane, ...]:
    """The lanes that the track has data for, in reading order."""
    found = (make(track, display) for make in _LANES)
    return tuple(lane for lane in found if lane is not None)


def _pace(track: Track, display: Display) -> Lane | None:
    speed = track.column("ground_speed_mps")
    if not np.isfinite(speed).any():
        speed = track.column("speed_mps")
    mean = smooth(speed, SMOOTH_S)
    moving = np.where(mean > STANDING_MPS, mean, np.nan)
    values = 1000.0 / moving
    values = np.where(values < SLOWEST_S_PER_KM, values, np.nan) * display.pace_s(1.0)
    line = Line(say("lane_pace"), display.pace_unit, values, form="pace")
    return _lane("pace", line)


def _heart(track: Track, _display: Display) -> Lane | None:
    values = track.column("heart_rate_bpm")
    if "heart_rate_suspect" in track.flags:
        values = np.where(track.flags["heart_rate_suspect"], np.nan, values)
    return _lane("heart", Line(say("lane_heart"), say("bpm"), values))


def _steps(track: Track, _display: Display) -> Lane | None:
    cadence = track.column("cadence_spm")
    counted = np.where(cadence > 0, cadence, np.nan)
    return _lane("steps", Line(say("lane_cadence"), say("spm"), counted))


def _step_length(track: Track, display: Display) -> Lane | None:
    cadence, length = track.column("cadence_spm"), track.column("step_length_m")
    if not np.isfinite(length).any():
        speed = smooth(track.column("ground_speed_mps"), SMOOTH_S)
        length = np.where(cadence > 60, 60 * speed / np.maximum(cadence, 1), np.nan)
    values = display.height_value(1.0) * np.where(length < 3, length, np.nan)
    return _lane("step", Line(say("lane_step"), display.height_unit, values, scale=100))


def _height(track: Track, display: Display) -> Lane | None:
    name = "smooth_altitude_m" if track.has("smooth_altitude_m") else "altitude_m"
    values = display.height_value(1.0) * track.column(name)
    return _lane("height", Line(say("lane_height"), display.height_unit, values, scale=10))


def _facing(track: Track, _display: Display) -> Lane | None:
    turned = track.column("heading_minus_course_deg")
    values = (turned + 90.0) % 360.0 - 90.0
    return _lane("facing", Line(say("lane_facing"), "°", values, form="angle"))


_LANES: tuple[Callable[[Track, Display], Lane | None], ...] = (
    _pace,
    _heart,
    _steps,
    _step_length,
    _height,
    _facing,
)


def _lane(key: str, line: Line) -> Lane | None:
    """The lane; None without any data."""
    return Lane(key, line) if np.isfinite(line.values).any() else None


POINTS = 720  # of a drawn line, at most: about one a pixel
MEDIAN_REACH_S = 6  # the line is the running median over 13 s, or over two of its own points
NINE_IN_TEN = (0.05, 0.5, 0.95)
TALL = 1000  # units from the foot of a lane to its top
TICKED = (0.06, 0.92)  # from the top; beyond stand the names of this lane and the next
# a lane spans at least so much, in metric units: level ground is to look level
LEAST_SPAN = {"heart": 30.0, "steps": 30.0, "step": 0.3, "height": 20.0}
DIRECTIONS: tuple[Kind, ...] = ("forward", "unknown", "candidate", "backward")


class DrawnLane(msgspec.Struct, frozen=True):
    """One lane of a session: its words, and paths in a picture of its seconds × `TALL`.

    Attributes:
        key: of the lane; ``label`` and ``unit`` in words.
        lines: kind of segment → its part of the line; ``ranges``: nine seconds in ten, the same.
        grid: horizontal lines; ``ticks``: per cent from the top and words.
        top, foot: values at the upper and the lower edge, in displayed units.
    """

    key: str
    label: str
    unit: str
    lines: Mapping[str, str]
    ranges: Mapping[str, str]
    grid: str
    ticks: tuple[tuple[float, str], ...]
    top: float
    foot: float


class DrawnLanes(msgspec.Struct, frozen=True):
    """All lanes of a session on one time axis.

    Attributes:
        duration_s: of the axis, from 0.
        lanes: from top to bottom.
        bands: kind, per cent from the left and per cent of the width of each segment behind them.
        laps: per cent from the left and time in words of each lap press.
        times: per cent from the left and words.
    """

    duration_s: int
    lanes: tuple[DrawnLane, ...]
    bands: tuple[tuple[Kind, float, float], ...]
    laps: tuple[tuple[float, str], ...]
    times: tuple[tuple[float, str], ...]


def drawn_lanes(
    found: Sequence[Lane],
    segments: Sequence[MeasuredSegment],
    laps_s: Sequence[int],
    display: Display,
) -> DrawnLanes | None:
    """Pictures of these lanes, coloured by direction; None without lanes.

    Args:
        found: the lanes.
        segments: of the whole session.
        laps_s: seconds at which a lap was pressed.
        display: units.
    """
    if not found:
        return None
    seconds = len(found[0].line.values)
    duration_s = max([seconds, *(round(each.segment.end_s) for each in segments)])
    number, kinds = _segment_numbers(segments, seconds)
    at = _Points(seconds, number, kinds)

    def share(time_s: float) -> float:
        return round(100 * time_s / duration_s, 3)

    shown = {"backward", "candidate"}
    parts = [each.segment for each in segments if each.segment.kind in shown]
    return DrawnLanes(
        duration_s,
        tuple(_drawn(lane, at, display) for lane in found),
        tuple((each.kind, share(each.start_s), share(each.end_s - each.start_s)) for each in parts),
        tuple((share(each), clock(each)) for each in laps_s),
        tuple((share(each), clock(each)) for each in round_ticks(0, duration_s, TIMES_S, most=7)),
    )


def line_values(found: Sequence[Lane], on: Grid) -> list[dict[str, Any]]:
    """What the script reads out of each lane: whole numbers of 1/scale on the grid."""
    return [
        {
            "name": lane.line.label,
            "unit": lane.line.unit,
            "scale": lane.line.scale,
            "form": lane.line.form,
            "dx": on.step_s,
            "y": integers(thin(lane.line.values * lane.line.scale, on)),
        }
        for lane in found
    ]


def _segment_numbers(
    segments: Sequence[MeasuredSegment], seconds: int
) -> tuple[IntArray, tuple[Kind, ...]]:
    """(n,) place of each second's segment, -1 outside of all; and the kinds of the segments."""
    number = np.full(seconds, -1)
    for place, each in enumerate(segments):
        number[int(each.segment.start_s) : int(each.segment.end_s)] = place
    return number, tuple(each.segment.kind for each in segments)


class _Points:
    """Seconds at which lines have a point, and the window of seconds around each of them."""

    def __init__(self, seconds: int, number: IntArray, kinds: Sequence[Kind]) -> None:
        """Spread them evenly; windows end where a segment does."""
        step = max(1, -(-seconds // POINTS))
        self.at_s = np.arange(0, seconds, step)
        reach = max(MEDIAN_REACH_S, step)
        around = self.at_s[:, None] + np.arange(-reach, reach + 1)[None, :]
        self.inside = np.clip(around, 0, seconds - 1)
        here = number[self.at_s]
        self.outside = (around != self.inside) | (number[self.inside] != here[:, None])
        names = np.array([*kinds, "unknown"], dtype=object)  # -1 takes the last
        self.kind = np.where(np.isin(names[here], DIRECTIONS), names[here], "unknown")

    def levels(self, values: FloatArray) -> FloatArray:
        """(3, m): the 5, 50 and 95 % points of the windows; NaN where a point's own is missing."""
        windows = values[self.inside]
        windows[self.outside] = np.nan
        windows.sort(axis=1)  # what is missing goes last
        count = np.isfinite(windows).sum(axis=1)
        rows = np.arange(len(windows))
        places = [np.rint(share * np.maximum(count - 1, 0)).astype(int) for share in NINE_IN_TEN]
        found = np.stack([windows[rows, place] for place in places])
        found[:, ~np.isfinite(values[self.at_s])] = np.nan
        return found


def _drawn(lane: Lane, at: _Points, display: Display) -> DrawnLane:
    line = lane.line
    low, middle, high = at.levels(line.values)
    top, foot = _span(lane, np.concatenate([low, middle, high]), display)

    def y(values: FloatArray) -> list[int | None]:
        return integers(np.clip((values - top) / (foot - top), 0, 1) * TALL)

    placed = (((tick - top) / (foot - top), words) for tick, words in _ticks(line, top, foot))
    marks = [mark for mark in placed if TICKED[0] < mark[0] < TICKED[1]]
    drawn = [kind for kind in DIRECTIONS if (at.kind == kind).any()]
    angle = line.form == "angle"
    parts = {kind: true_runs(at.kind == kind) for kind in drawn}
    # each part of a line goes as far as the first point of the next one
    x, y_middle, y_low, y_high = at.at_s.tolist(), y(middle), y(low), y(high)
    lines = {
        kind: "".join(_polyline(x[a : b + 1], y_middle[a : b + 1]) for a, b in parts[kind])
        for kind in drawn
    }
    known = np.isfinite(low)
    ranges = {kind: _ranged(x, y_low, y_high, known, parts[kind]) for kind in drawn}
    return DrawnLane(
        lane.key,
        line.label,
        line.unit,
        {kind: path for kind, path in lines.items() if path},
        {} if angle else {kind: path for kind, path in ranges.items() if path},
        "".join(f"M0 {round(TALL * share)}h{at.at_s[-1] + 1}" for share, _ in marks),
        tuple((round(100 * share, 1), words) for share, words in marks),
        round(top, 3),
        round(foot, 3),
    )


def _span(lane: Lane, values: FloatArray, display: Display) -> tuple[float, float]:
    """Values at the upper and lower edge: what occurs, half a per cent aside; quick is up."""
    if lane.line.form == "angle":
        return 270.0, -90.0
    known = values[np.isfinite(values)]
    if not known.size:
        return 1.0, 0.0
    low, high = (arithmetic.quantile(known, share) for share in (0.005, 0.995))
    in_feet = display.height_value(1.0) if lane.key in {"step", "height"} else 1.0
    least = LEAST_SPAN.get(lane.key, 30.0) * in_feet
    room = max(0.08 * (high - low), (least - (high - low)) / 2)
    low, high = low - room, high + room
    return (low, high) if lane.line.form == "pace" else (high, low)


def _ticks(line: Line, top: float, foot: float) -> list[tuple[float, str]]:
    if line.form == "angle":
        return [(0.0, say("facing_forward")), (180.0, say("facing_backward"))]
    low, high = sorted((top, foot))
    if line.form == "pace":
        ticks = round_ticks(low, high, (15, 30, 60, 120, 180, 300, 600, 1200), most=3)
        return [(tick, clock(tick)) for tick in ticks]
    steps = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
    return [(tick, short(tick)) for tick in round_ticks(low, high, steps, most=3)]


def _polyline(x: Sequence[int], y: Sequence[int | None]) -> str:
    """Relative path commands through (x, y), broken where y is missing."""
    words: list[str] = []
    last_x, last_y = 0, None
    for px, py in zip(x, y, strict=True):
        if py is not None:
            words.append(f"M{px} {py}l0 0" if last_y is None else f" {px - last_x} {py - last_y}")
        last_x, last_y = px, py
    return "".join(words)


def _ranged(
    x: Sequence[int],
    low: Sequence[int | None],
    high: Sequence[int | None],
    known: BoolArray,
    parts: Sequence[tuple[int, int]],
) -> str:
    """The area between two lines over these parts where they are known, every second point."""
    pieces = []
    for a, b in parts:
        for first, last in ((a + first, a + last) for first, last in true_runs(known[a:b])):
            if last - first > 1:
                there = [*range(first, last - 1, 2), last - 1]
                back = there[::-1]
                both = [*(low[at] for at in there), *(high[at] for at in back)]
                pieces.append(_polyline([x[at] for at in (*there, *back)], both) + "z")
    return "".join(pieces)


def round_ticks(low: float, high: float, steps: Sequence[float], most: int = 4) -> list[float]:
    """Multiples of the smallest step that gives at most so many ticks in [low, high]."""
    for step in steps:
        first = -(-low // step)
        count = int(high // step - first) + 1
        if count <= most:
            return [round((first + index) * step, 3) for index in range(max(count, 0))]
    return [round(low, 3), round(high, 3)]


TIMES_S = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 86400)


ROWS = 48
STEPS_S = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200)


def minute_table(lanes: Sequence[Lane], seconds: int) -> Table | None:
    """Medians of every line over equal stretches of time; None without lanes."""
    if not lanes or not seconds:
        return None
    step = next((each for each in STEPS_S if seconds / each <= ROWS), STEPS_S[-1])
    lines = [lane.line for lane in lanes]
    starts = range(0, seconds, step)
    columns = [
        [_cell_text(each, line) for each in figures.medians(line.values, step)] for line in lines
    ]
    rows = tuple(zip((clock(start) for start in starts), *columns, strict=True))
    return Table(tuple(f"{line.label} {line.unit}" for line in lines), rows)


def _cell_text(middle: float, line: Line) -> str:
    if math.isnan(middle):
        return UNKNOWN
    if line.form == "pace":
        return clock(middle)
    return number(middle, 2 if line.scale == 100 else 0)


MEDIAN_S = 7  # its line is the running median over so many seconds
PICTURED = ("pace", "heart", "steps")


class LanePicture(msgspec.Struct, frozen=True):
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
    found = {lane.key: lane.line for lane in lanes(track, display)}
    wanted = [(key, found[key]) for key in PICTURED if key in found]
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
        _polyline(range(len(y)), integers(y)),
        _polyline(range(len(y)), integers(y_other)),
        _between(y, y_other),
        "".join(f"M0 {round(TALL * share)}h{len(values) - 1}" for share, _ in marks),
        tuple(
            (round(100 * share, 1), clock(tick) if quick_is_up else short(tick))
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


def _between(y: FloatArray, other: FloatArray) -> str:
    """The area between two lines, a closed piece wherever both are known."""
    pieces = []
    for first, last in true_runs(np.isfinite(y) & np.isfinite(other)):
        if last - first < 2:
            continue
        there = [f"{first + i} {value}" for i, value in enumerate(integers(y[first:last]))]
        back = [f"{first + i} {value}" for i, value in enumerate(integers(other[first:last]))]
        pieces.append(f"M{'L'.join(there + back[::-1])}z")
    return "".join(pieces)
