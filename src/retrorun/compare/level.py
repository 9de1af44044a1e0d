"""Forward partners brought to the backward stretch's exact speed, by the runner's own lines.

A match may differ in speed by its tolerance, and mostly in one way: backward is the slower one.
So each measure's line on forward speed, fitted over all forward stretches of a gait, moves the
partner's value by the rest of the way. With too few forward stretches the value stays.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from retrorun.arithmetic import dot
from retrorun.compare.match import Matches
from retrorun.compare.stretches import Stretches
from retrorun.settings import CompareSettings
from retrorun.units import FloatArray

SPEED = "speed_mps"
Slopes = Mapping[tuple[str, str], float]


def levelled(
    matches: Matches, ahead: Stretches, sessions: int, settings: CompareSettings
) -> Matches:
    """The same pairs, the forward values as they would be at the backward speed.

    Args:
        matches: pairs at equal speed.
        ahead: all forward stretches.
        sessions: of how many sessions they are.
        settings: for the lines.
    """
    slopes = _slopes(ahead, sessions, settings)
    measures = matches.ahead.measures
    gap_mps = matches.back.measures[SPEED] - measures[SPEED]
    moved = {
        key: values + gap_mps * _of_gait(key, matches.ahead, slopes)
        for key, values in measures.items()
    }
    return replace(matches, ahead=matches.ahead.measured(moved))


def _of_gait(key: str, ahead: Stretches, slopes: Slopes) -> FloatArray:
    """The slope of a measure for each stretch, 0 where there is no line."""
    found = np.zeros(len(ahead.gait))
    for (gait, name), slope in slopes.items():
        if name == key:
            found[ahead.gait == gait] = slope
    return found


def _slopes(ahead: Stretches, sessions: int, settings: CompareSettings) -> Slopes:
    """Change of each measure with forward speed, per gait, by least squares."""
    late = ahead.session >= sessions - settings.line_sessions
    lasting = ahead.taken(late & (ahead.columns["moving_s"] >= settings.line_s))
    found: dict[tuple[str, str], float] = {}
    for gait in np.unique(lasting.gait):
        part = lasting.taken(lasting.gait == gait)
        for key, values in part.measures.items():
            both = np.stack([part.measures[SPEED], values], axis=1)
            slope = _slope(both[np.isfinite(both).all(axis=1)], settings)
            if slope is not None and key != SPEED:
                found[str(gait), key] = slope
    return found


def _slope(rows: FloatArray, settings: CompareSettings) -> float | None:
    if len(rows) < max(1, settings.line_stretches):
        return None
    if float(rows[:, 0].std()) < settings.line_spread_mps:
        return None
    centred = rows - rows.mean(axis=0)
    return dot(centred[:, 0], centred[:, 1]) / dot(centred[:, 0], centred[:, 0])
