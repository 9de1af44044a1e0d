"""Step rate against speed: each stretch beside the runner's own forward line."""

from typing import Any

from retrorun.model import GaitLine, MeasuredSegment, Session
from retrorun.report.display import Display
from retrorun.report.kinds import kind
from retrorun.report.words import say

Json = dict[str, Any]
LOOKS = {
    "forward": ("--forward", "circle"),
    "backward": ("--backward", "diamond"),
    "candidate": ("--backward", "diamond-open"),
}
SHORTEST_S = 8.0


def technique_figure(session: Session, display: Display) -> Json | None:
    """One mark a stretch, speed against step rate; None where no stretch has both."""
    data = []
    if session.forward_line:
        data.append(_line(session.forward_line, display))
    marks = [_marks(session, name, display) for name in LOOKS]
    data += [each for each in marks if each]
    if not any(marks):
        return None
    return {"data": data, "layout": _layout(display)}


def _marks(session: Session, name: str, display: Display) -> Json | None:
    found = [
        (number, each)
        for number, each in enumerate(session.measures.segments, 1)
        if kind(each.segment) == name and _usable(each)
    ]
    if not found:
        return None
    colour, symbol = LOOKS[name]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": say(f"kind_{name}"),
        "x": [round(_speed(each.metrics.speed_mps or 0.0, display), 2) for _, each in found],
        "y": [round(each.metrics.cadence_spm or 0.0, 1) for _, each in found],
        "text": [say("segment_number", number=number) for number, _ in found],
        "marker": {"color": colour, "symbol": symbol, "size": 9, "line": {"width": 1.5}},
        "hovertemplate": "%{text}: %{x} · %{y}<extra></extra>",
    }


def _usable(each: MeasuredSegment) -> bool:
    metrics = each.metrics
    long_enough = metrics.moving_s >= SHORTEST_S
    return bool(long_enough and metrics.speed_mps and metrics.cadence_spm)


def _speed(speed_mps: float, display: Display) -> float:
    """Metres a second as displayed long units an hour."""
    return display.long_value(speed_mps * 3600)


def _line(line: GaitLine, display: Display) -> Json:
    ends = (line.low_mps, line.high_mps)
    rates = [line.intercept_spm + line.slope_spm_per_mps * speed for speed in ends]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": say("forward_line"),
        "x": [round(_speed(speed, display), 2) for speed in ends],
        "y": [round(rate, 1) for rate in rates],
        "line": {"color": "--forward", "width": 2, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _layout(display: Display) -> Json:
    axis: Json = {"gridcolor": "--rule", "zeroline": False, "color": "--muted", "fixedrange": True}
    return {
        "height": 330,
        "margin": {"l": 56, "r": 16, "t": 8, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "--muted", "size": 12},
        "hovermode": "closest",
        "dragmode": False,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": axis | {"title": {"text": f"{say('speed')} {display.long_unit}/h"}},
        "yaxis": axis | {"title": {"text": f"{say('lane_cadence')} {say('spm')}"}},
    }
