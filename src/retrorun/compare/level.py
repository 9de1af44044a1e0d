"""Forward partners brought to the backward stretch's exact speed, by the runner's own lines.

A match may differ in speed by its tolerance, and mostly in one way: backward is the slower one.
So each measure's line on forward speed, fitted over all forward stretches of a gait, moves the
partner's value by the rest of the way. With too few forward stretches the value stays.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from retrorun.compare.match import measures_of
from retrorun.compare.select import of_kind
from retrorun.model import Pair, Session
from retrorun.settings import CompareSettings

SPEED = "speed_mps"
Slopes = Mapping[tuple[str, str], float]


def levelled(
    pairs: Sequence[Pair], sessions: Sequence[Session], settings: CompareSettings
) -> list[Pair]:
    """The same pairs, the forward values as they would be at the backward speed."""
    slopes = _slopes(sessions, settings)
    return [replace(pair, forward=_moved(pair, slopes)) for pair in pairs]


def _moved(pair: Pair, slopes: Slopes) -> dict[str, float | None]:
    back, ahead = pair.backward[SPEED], pair.forward[SPEED]
    gap_mps = 0.0 if back is None or ahead is None else back - ahead
    return {
        key: value if value is None else value + gap_mps * slopes.get((pair.gait, key), 0.0)
        for key, value in pair.forward.items()
    }


def _slopes(sessions: Sequence[Session], settings: CompareSettings) -> Slopes:
    """Change of each measure with forward speed, per gait, by least squares."""
    points: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for session in sessions[-settings.line_sessions :]:
        for measured in of_kind(session, "forward", settings):
            if measured.metrics.moving_s < settings.line_s:
                continue
            values = measures_of(measured.metrics)
            speed = values.pop(SPEED)
            for key, value in values.items():
                if value is not None and speed is not None:
                    points[measured.segment.gait, key].append((speed, value))
    fitted = {name: _slope(np.array(rows), settings) for name, rows in points.items()}
    return {name: slope for name, slope in fitted.items() if slope is not None}


def _slope(rows: np.ndarray, settings: CompareSettings) -> float | None:
    spread = float(rows[:, 0].std())
    if len(rows) < settings.line_stretches or spread < settings.line_spread_mps:
        return None
    centred = rows - rows.mean(axis=0)
    return float(centred[:, 0] @ centred[:, 1] / (centred[:, 0] @ centred[:, 0]))
