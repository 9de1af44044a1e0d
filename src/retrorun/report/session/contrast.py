"""Backward against forward within one session: sums over stretches of the same gait.

Step rate against speed: each stretch beside the runner's own forward line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from retrorun.model import GaitLine, MeasuredSegment, Metrics, Session
from retrorun.report.numbers import UNKNOWN, Display, number, percent
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
    def text_pace(value: float | None) -> str:
        return f"{display.pace(value)} {display.pace_unit}"

    kinds: tuple[
        tuple[str, Callable[[Sequence[Metrics]], float | None], Callable[[float | None], str]], ...
    ] = (
        ("pace", _pace, text_pace),
        ("heart_rate", _heart_rate, lambda value: number(value, 0, say("bpm"))),
        ("cadence", _cadence, lambda value: number(value, 0, say("spm"))),
        ("step_length", _step, display.step),
        (
            "contact_time",
            _weighted("contact_time_s"),
            lambda value: number(_thousand(value), 0, "ms"),
        ),
        (
            "oscillation",
            _weighted("vertical_oscillation_m"),
            lambda value: number(_hundred(value), 1, "cm"),
        ),
        ("respiration", _weighted("respiration_brpm"), lambda value: number(value, 0, say("brpm"))),
        ("energy_minute", _energy_minute, lambda value: number(value, 1, "kcal/min")),
        ("grade", _weighted("grade"), lambda value: percent(value, 1)),
    )
    return tuple(
        _compared(say(f"measure_{name}"), value(backward), value(forward), text)
        for name, value, text in kinds
        if value(backward) is not None and value(forward) is not None
    )


def _compared(
    label: str, backward: float | None, forward: float | None, text: Callable[[float | None], str]
) -> Compared:
    change = UNKNOWN
    bars = (0, 0)
    if backward is not None and forward is not None and backward > 0 and forward > 0:
        percents = round(100 * (backward / forward - 1))
        change = f"{'+' if percents > 0 else ''}{number(percents)} %"
        longest = max(backward, forward)
        bars = (round(100 * backward / longest), round(100 * forward / longest))
    return Compared(label, text(backward), text(forward), change, bars)


def _ratio(above: float, below: float) -> float | None:
    return above / below if below > 0 and above > 0 else None


def _pace(metrics: Sequence[Metrics]) -> float | None:
    """Of the mean speed: metres may be known for a part of the time in motion only."""
    return _ratio(1000.0, _weighted("speed_mps")(metrics) or 0.0)


def _heart_rate(metrics: Sequence[Metrics]) -> float | None:
    return _ratio(
        60 * sum(each.beats or 0.0 for each in metrics), sum(each.beats_s for each in metrics)
    )


def _cadence(metrics: Sequence[Metrics]) -> float | None:
    return _ratio(
        60 * sum(each.steps or 0.0 for each in metrics), sum(each.steps_s for each in metrics)
    )


def _step(metrics: Sequence[Metrics]) -> float | None:
    return _weighted("step_length_m")(metrics)


def _weighted(name: str) -> Callable[[Sequence[Metrics]], float | None]:
    """Mean of a measure over the stretches that have it, weighted by time in motion."""

    def mean(metrics: Sequence[Metrics]) -> float | None:
        known = [(getattr(each, name), each.moving_s) for each in metrics]
        pairs = [(value, weight) for value, weight in known if value is not None and weight > 0]
        weights = sum(weight for _, weight in pairs)
        return sum(value * weight for value, weight in pairs) / weights if weights else None

    return mean


def _energy_minute(metrics: Sequence[Metrics]) -> float | None:
    known = [
        (each.energy_shown.gross, each.seconds)
        for each in metrics
        if each.energy_shown and not each.energy_shown.per_kg
    ]
    return _ratio(60 * sum(kcal for kcal, _ in known), sum(seconds for _, seconds in known))


def _thousand(value: float | None) -> float | None:
    return None if value is None else 1000 * value


def _hundred(value: float | None) -> float | None:
    return None if value is None else 100 * value


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
