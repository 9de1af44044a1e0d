"""Forward economy beside backward volume: together, not because of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrorun.model import Association
from retrorun.report.display import Display, number
from retrorun.report.layout import axis, layout
from retrorun.report.shown import Shown, sentence, shown
from retrorun.report.words import say
from retrorun.units import METRE_PER_MILE

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Forward economy beside backward volume, week by week."""

    figure: Mapping[str, Any] | None
    words: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def together(found: Association, display: Display) -> Together:
    """The scatter of weeks, what it says, and that it says nothing about causes."""
    how = shown("forward_metres_per_beat", "", "m", display)
    volumes = [round(display.long_value(each), 2) for each in found.backward_m]
    economies = [round(each * how.scale, 3) for each in found.forward_m_per_beat]
    rows = tuple(
        (monday, number(volume, 2), number(economy, 2))
        for monday, volume, economy in zip(found.mondays, volumes, economies, strict=True)
    )
    head = (
        say("week_of"),
        f"{say('backward_before')}, {display.long_unit}",
        f"{how.label}, {how.unit}",
    )
    figure = (
        _scatter(volumes, economies, (head[1], say("economy_axis", unit=how.unit)))
        if len(rows) > 1
        else None
    )
    return Together(figure, _together_words(found, how, display), head, rows)


def _together_words(found: Association, how: Shown, display: Display) -> str:
    slope = found.slope
    if slope.value is None:
        return sentence(slope.reason or found.note)
    per = METRE_PER_MILE / 1000 if display.imperial else 1.0
    low, high = ((None if each is None else each * per) for each in (slope.low, slope.high))
    change = f"{how.change(slope.value * per, 1)} {how.unit}"
    return say(
        "together",
        change=change,
        unit=display.long_unit,
        interval=how.interval(low, high, 1),
        note=found.note,
    )


def _scatter(x: Sequence[float], y: Sequence[float], titles: tuple[str, str]) -> Json:
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "marker": {"color": "--forward", "symbol": "circle", "size": 9},
        "hovertemplate": "%{x} · %{y}<extra></extra>",
    }
    shape = layout(
        260,
        (58, 16, 8, 46),
        xaxis=axis(title={"text": titles[0]}),
        yaxis=axis(title={"text": titles[1]}, nticks=6),
    )
    return {"data": [marks], "layout": shape}
