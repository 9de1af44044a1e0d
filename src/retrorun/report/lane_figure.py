"""The figure of a session's lanes: one time axis, the segments as bands behind, in plain values.

Colours are names of CSS custom properties (``--ink``): the page's script replaces them, so that one
figure serves light, dark and paper. Values are whole numbers in small units (deciseconds have no
place on a screen); each trace says in ``meta`` how to read them out.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from retrorun.model import MeasuredSegment
from retrorun.report.display import clock
from retrorun.report.kinds import kind
from retrorun.report.lanes import Lane, Line
from retrorun.report.thin import Grid, integers, thin
from retrorun.report.words import say

Json = dict[str, Any]
LANE_PX = 118
GAP_PX = 14
FOOT_PX = 34


def figure(found: Sequence[Lane], segments: Sequence[MeasuredSegment], on: Grid) -> Json | None:
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
            if kind(each.segment) == name:
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
        "ticktext": [f"{tick:g}" for tick in ticks],
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
