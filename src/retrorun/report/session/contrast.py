"""Backward against forward within one session: sums over stretches of the same gait.

Step rate against speed: each segment beside the athlete's own forward line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from retrorun.metric_types import Metric, Reciprocal, Row
from retrorun.metrics import CONTRASTED, number_of
from retrorun.model import GaitLine, MeasuredSegment, Metrics, Session
from retrorun.report.numbers import UNKNOWN, Display, cell, number
from retrorun.report.words import say


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure on both sides; ``bars`` are the two lengths in per cent of the longer."""

    label: str
    backward: str
    forward: str
    change: str
    bars: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Contrast:
    """The measures that both sides have; ``gait`` in words."""

    gait: str
    measures: tuple[Compared, ...]


def contrast(measured: Sequence[MeasuredSegment], display: Display) -> Contrast | None:
    """Compare where the session has confirmed or labelled backward and forward movement."""
    gaits: tuple[Literal["run", "walk"], ...] = ("run", "walk")
    for gait in gaits:
        same = [each for each in measured if each.segment.gait == gait]
        backward = [each.metrics for each in same if each.segment.kind == "backward"]
        forward = [each.metrics for each in same if each.segment.kind == "forward"]
        made = _measures(backward, forward, display) if backward and forward else ()
        if made:
            return Contrast(say(f"gait_{gait}"), made)
    return None


def _measures(
    backward: Sequence[Metrics], forward: Sequence[Metrics], display: Display
) -> tuple[Compared, ...]:
    found = [(each, mean_of(each, backward), mean_of(each, forward)) for each in CONTRASTED]
    return tuple(
        _compared(each, (back, ahead), display)
        for each, back, ahead in found
        if back is not None and ahead is not None
    )


def _compared(row: Row, values: tuple[float, float], display: Display) -> Compared:
    backward, forward = values
    change = UNKNOWN
    bars = (0, 0)
    if backward > 0 and forward > 0:
        percents = round(100 * (backward / forward - 1))
        change = f"{'+' if percents > 0 else ''}{number(percents)} %"
        longest = max(backward, forward)
        bars = (round(100 * backward / longest), round(100 * forward / longest))
    back, ahead = (cell(value, row.unit, row.style, display) for value in values)
    return Compared(say(f"measure_{row.key}"), back, ahead, change, bars)


def _ratio(above: float, below: float) -> float | None:
    return above / below if below > 0 and above > 0 else None


def mean_of(row: Row | Metric, metrics: Sequence[Metrics]) -> float | None:
    """The mean over segments, formed as is declared; None where none of them has the metric."""
    if isinstance(row.mean, Reciprocal):
        return _ratio(row.mean.times, _weighted(row.mean.of, metrics) or 0.0)
    if row.mean is None:
        return _weighted(row.key, metrics)
    keys = (row.mean.above, row.mean.below)
    pairs = [tuple(number_of(each, key) for key in keys) for each in metrics]
    known = [(above, below or 0.0) for above, below in pairs if above is not None]
    return _ratio(row.mean.times * sum(a for a, _ in known), sum(b for _, b in known))


def _weighted(key: str, metrics: Sequence[Metrics]) -> float | None:
    """Mean of a metric over the segments that have it, weighted by time in motion."""
    known = [(number_of(each, key), each.moving_s) for each in metrics]
    pairs = [(value, weight) for value, weight in known if value is not None and weight > 0]
    weights = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / weights if weights else None


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
        if each.segment.kind == name and _usable(each)
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
        "height": 214,
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
