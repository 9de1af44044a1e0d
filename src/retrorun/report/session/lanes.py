"""The lanes of a session (pace, heart rate, steps, height, facing): figure, table and pictures.

The figure has one time axis for all lanes, and segments as bands behind them. Colours are names of
CSS custom properties (``--ink``) that the page's script replaces, so that one figure serves light,
dark and paper. Values are whole numbers in small units; each trace's ``meta`` has the scale and
the form in which they are read out. The table serves readers who cannot see the figure.

The review shows a part of a session as SVG pictures that need no script. Their lines are drawn
twice, as forward and as backward; two clips, which the page's script moves with the ends of the
segment, decide which of them is seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrorun.language import localized
from retrorun.model import MeasuredSegment, Track
from retrorun.report.figures import Grid, Table, Window, integers, running_median, smooth, thin
from retrorun.report.numbers import SLOWEST_S_PER_KM, UNKNOWN, Display, clock
from retrorun.report.words import say
from retrorun.units import FloatArray

SMOOTH_S = 7  # a pace read off a watch is a mean over some seconds
STANDING_MPS = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a lane.

    Attributes:
        label: words; ``unit``: of the values as read out.
        values: (n,) at 1 Hz in displayed units.
        scale: values are embedded as whole numbers of 1/scale.
        form: how the script reads a value out: ``pace``, ``number`` or ``angle``.
        colour: CSS custom property.
        dots: drawn as dots instead of a line.
    """

    label: str
    unit: str
    values: FloatArray
    scale: int = 1
    form: str = "number"
    colour: str = "--ink"
    dots: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One strip: a line, sometimes with a second one on the right."""

    key: str
    first: Line
    second: Line | None = None


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


def _steps(track: Track, display: Display) -> Lane | None:
    cadence = track.column("cadence_spm")
    counted = np.where(cadence > 0, cadence, np.nan)
    first = Line(say("lane_cadence"), say("spm"), counted)
    length = track.column("step_length_m")
    if not np.isfinite(length).any():
        speed = smooth(track.column("ground_speed_mps"), SMOOTH_S)
        length = np.where(counted > 60, 60 * speed / np.maximum(counted, 1), np.nan)
    second = Line(
        say("lane_step"),
        display.height_unit,
        display.height_value(1.0) * np.where(length < 3, length, np.nan),
        scale=100,
        colour="--muted",
        dots=True,
    )
    return _lane("steps", first, second)


def _height(track: Track, display: Display) -> Lane | None:
    name = "smooth_altitude_m" if track.has("smooth_altitude_m") else "altitude_m"
    values = display.height_value(1.0) * track.column(name)
    return _lane("height", Line(say("lane_height"), display.height_unit, values, scale=10))


def _facing(track: Track, _display: Display) -> Lane | None:
    turned = track.column("heading_minus_course_deg")
    values = (turned + 90.0) % 360.0 - 90.0
    line = Line(say("lane_facing"), "°", values, form="angle", colour="--muted", dots=True)
    return _lane("facing", line)


_LANES: tuple[Callable[[Track, Display], Lane | None], ...] = (
    _pace,
    _heart,
    _steps,
    _height,
    _facing,
)


def _lane(key: str, first: Line, second: Line | None = None) -> Lane | None:
    """The lane, with a second line only where it has data; None without any."""
    keep = second if second is not None and np.isfinite(second.values).any() else None
    return Lane(key, first, keep) if np.isfinite(first.values).any() else None


Json = dict[str, Any]
LANE_PX = 98
GAP_PX = 14
FOOT_PX = 34


def lanes_figure(
    found: Sequence[Lane], segments: Sequence[MeasuredSegment], on: Grid
) -> Json | None:
    """The figure of these lanes with the segments as bands behind; None without lanes.

    The first y axis spans the whole height and carries the bands; lane i has axis ``y{2 i + 2}``,
    its second line ``y{2 i + 3}``.
    """
    if not found:
        return None
    duration_s = max((each.segment.end_s for each in segments), default=on.size * on.step_s)
    height = len(found) * (LANE_PX + GAP_PX) + FOOT_PX
    layout: Json = {
        "height": height,
        "margin": {"l": 46, "r": 46, "t": 4, "b": FOOT_PX, "pad": 0},
        "showlegend": False,
        "hovermode": False,
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "--muted", "size": 11},
        "xaxis": _time_axis(duration_s),
        "yaxis": {"domain": [0, 1], "range": [0, 1], "visible": False, "fixedrange": True},
        "annotations": [],
    }
    data = bands(segments)
    for index, lane in enumerate(found):
        top = 1 - index / len(found)
        bottom = top - (LANE_PX / (LANE_PX + GAP_PX)) / len(found)
        data += _traces(lane, index, on)
        layout |= _axes(lane, index, (bottom, top))
        layout["annotations"] += _titles(lane, top)
    return {"data": data, "layout": layout}


def bands(segments: Sequence[MeasuredSegment]) -> list[Json]:
    """One filled trace a kind of segment, over the whole height; cheap even for thousands."""
    looks = {"backward": "--band-backward", "candidate": "--band-candidate"}
    traces = []
    for name, colour in looks.items():
        x: list[int | None] = []
        for each in segments:
            if each.segment.kind == name:
                start, end = round(each.segment.start_s), round(each.segment.end_s)
                x += [start, start, end, end, None]
        if x:
            traces.append(_band(x, colour, hatched=name == "candidate"))
    return traces


def _band(x: list[int | None], colour: str, *, hatched: bool) -> Json:
    trace: Json = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": [0, 1, 1, 0, None] * (len(x) // 5),
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": colour,
        "hoverinfo": "skip",
    }
    if hatched:
        trace["fillpattern"] = {
            "shape": "/",
            "size": 7,
            "solidity": 0.25,
            "fgcolor": "--backward",
            "bgcolor": colour,
        }
    return trace


def _traces(lane: Lane, index: int, on: Grid) -> list[Json]:
    axes = (f"y{2 * index + 2}", f"y{2 * index + 3}")
    lines = (lane.first, lane.second) if lane.second else (lane.first,)
    return [_trace(line, axis, on) for line, axis in zip(lines, axes, strict=False)]


def _trace(line: Line, axis: str, on: Grid) -> Json:
    look: Json = (
        {"mode": "markers", "marker": {"color": line.colour, "size": 2.2}}
        if line.dots
        else {"mode": "lines", "line": {"color": line.colour, "width": 1.5}}
    )
    return look | {
        "type": "scatter",
        "x0": 0,
        "dx": on.step_s,
        "y": integers(thin(line.values * line.scale, on)),
        "yaxis": axis,
        "name": line.label,
        "meta": {"unit": line.unit, "scale": line.scale, "form": line.form},
        "hoverinfo": "skip",
        "connectgaps": False,
    }


def _titles(lane: Lane, top: float) -> list[Json]:
    lines = (lane.first, lane.second) if lane.second else (lane.first,)
    titles = []
    for line, anchor in zip(lines, ("left", "right"), strict=False):
        titles.append(
            {
                "text": f"<b>{line.label}</b> {line.unit}"
                if anchor == "left"
                else f"{line.label} · {line.unit}",
                "xref": "paper",
                "yref": "paper",
                "x": 0 if anchor == "left" else 1,
                "y": top,
                "xanchor": anchor,
                "yanchor": "top",
                "xshift": 4 if anchor == "left" else -4,
                "showarrow": False,
                "font": {"color": "--ink" if anchor == "left" else "--muted", "size": 11.5},
            }
        )
    return titles


def _axes(lane: Lane, index: int, domain: tuple[float, float]) -> Json:
    base: Json = {
        "domain": [round(domain[0], 4), round(domain[1], 4)],
        "fixedrange": True,
        "zeroline": False,
        "showgrid": True,
        "gridcolor": "--rule",
        "automargin": False,
    }
    axes = {f"yaxis{2 * index + 2}": base | _ticks(lane.first)}
    if lane.second:
        right = {"overlaying": f"y{2 * index + 2}", "side": "right", "showgrid": False}
        axes[f"yaxis{2 * index + 3}"] = base | _ticks(lane.second) | right
    return axes


def _ticks(line: Line) -> Json:
    """Range over what occurs, outliers of half a per cent aside, and a few round ticks."""
    if line.form == "angle":
        texts = [
            say("facing_forward"),
            say("facing_right"),
            say("facing_backward"),
            say("facing_left"),
        ]
        return {"range": [-90, 285], "tickvals": [0, 90, 180, 270], "ticktext": texts}
    low, high = (float(each) for each in np.nanpercentile(line.values, [0.5, 99.5]))
    room = max(high - low, 6 / line.scale) * 0.08
    low, high = low - room, high + 3.2 * room
    if line.form == "pace":
        ticks = round_ticks(low, high, (15, 30, 60, 120, 180, 300, 600, 1200))
        texts = [clock(tick) for tick in ticks]
        # quick is up, and the lane's title needs room there
        return {
            "range": [round(high), round(low - 2.2 * room)],
            "tickvals": ticks,
            "ticktext": texts,
        }
    ticks = round_ticks(low, high, (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000))
    return {
        "range": [round(low * line.scale), round(high * line.scale)],
        "tickvals": [round(tick * line.scale) for tick in ticks],
        "ticktext": [localized(f"{tick:g}") for tick in ticks],
    }


def round_ticks(low: float, high: float, steps: Sequence[float], most: int = 4) -> list[float]:
    """Multiples of the smallest step that gives at most so many ticks in [low, high]."""
    for step in steps:
        first = -(-low // step)
        count = int(high // step - first) + 1
        if count <= most:
            return [round((first + index) * step, 3) for index in range(max(count, 0))]
    return [round(low, 3), round(high, 3)]


def _time_axis(duration_s: float) -> Json:
    steps = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 86400)
    ticks = round_ticks(0, duration_s, steps, most=9)
    return {
        "range": [0, round(duration_s)],
        "tickvals": ticks,
        "ticktext": [clock(tick) for tick in ticks],
        "anchor": "free",
        "position": 0,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "color": "--muted",
    }


ROWS = 48
STEPS_S = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200)


def minute_table(lanes: Sequence[Lane], seconds: int) -> Table | None:
    """Medians of every line over equal stretches of time; None without lanes."""
    if not lanes or not seconds:
        return None
    step = next((each for each in STEPS_S if seconds / each <= ROWS), STEPS_S[-1])
    lines = [line for lane in lanes for line in (lane.first, lane.second) if line]
    starts = range(0, seconds, step)
    columns = [_column(line, starts, step) for line in lines]
    rows = tuple(zip((clock(start) for start in starts), *columns, strict=True))
    return Table(tuple(f"{line.label} {line.unit}" for line in lines), rows)


def _column(line: Line, starts: range, step: int) -> list[str]:
    return [_median(line.values[start : start + step], line) for start in starts]


def _median(values: FloatArray, line: Line) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return UNKNOWN
    middle = float(np.median(known))
    if line.form == "pace":
        return clock(middle)
    return localized(f"{middle:.2f}" if line.scale == 100 else f"{middle:.0f}")


TALL = 1000  # units from the foot of a lane to its top, in a picture without script
MEDIAN_S = 7  # its line is the running median over so many seconds
PICTURED = ("pace", "heart", "steps")


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
        _line(y),
        _line(y_other),
        _between(y, y_other),
        "".join(f"M0 {round(TALL * share)}h{len(values) - 1}" for share, _ in marks),
        tuple(
            (round(100 * share, 1), clock(tick) if quick_is_up else localized(f"{tick:g}"))
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


def _line(y: FloatArray) -> str:
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
