"""What sessions teach about the athlete: their gait lines, as values for the next batch.

Only sessions in which heading or labels decided enter here. Where gait had to guess, its line is a
guess too, and a guess must not confirm itself.
"""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from retrorun import compare
from retrorun.model import Athlete, GaitLine, Session
from retrorun.model.digits import rounded
from retrorun.settings import CompareSettings
from retrorun.units import FloatArray


def learn(sessions: Sequence[Session], athlete: Athlete, settings: CompareSettings) -> Athlete:
    """The athlete with gait lines and cost factor of their sessions; what they said stays.

    What is learnt is rounded as sessions are, because it is kept and goes into the next ones.

    Args:
        sessions: any; those without a heading or a label teach no line.
        athlete: what they said of themselves, and what was learnt before, which is replaced.
        settings: for the cost factor.
    """
    vouched = [each for each in sessions if _vouched(each)]
    return dataclasses.replace(
        athlete,
        forward_line=rounded(combine(each.forward_line for each in vouched)),
        backward_line=rounded(combine(each.backward_line for each in vouched)),
        cost_factor=rounded(compare.learnt_cost_factor(sessions, settings)),
    )


def _vouched(session: Session) -> bool:
    """Whether heading or labels say which way the runner faced, so that gait need not guess."""
    segments = (measured.segment for measured in session.measures.segments)
    return any(each.verdict != "candidate" and each.direction != "still" for each in segments)


def combine(lines: Iterable[GaitLine | None]) -> GaitLine | None:
    """One line through many: each speaks at its own slow, middle and fast speed.

    Least squares over those points, weighted by the seconds behind each line, so that a long
    session counts for more and a line is not asked about speeds it has not seen. The grade slope
    and the spread are weighted means; the spread also holds how far the lines lie apart.

    Returns:
        The common line; None where there is none.
    """
    known = [line for line in lines if line is not None and line.seconds > 0]
    if not known:
        return None
    weights = np.repeat([line.seconds for line in known], 3)
    speeds_mps = np.concatenate(
        [np.linspace(line.low_mps, line.high_mps, 3) for line in known], dtype=np.float64
    )
    cadences_spm = np.concatenate([_cadence(line) for line in known], dtype=np.float64)
    slope, intercept = _fit(speeds_mps, cadences_spm, weights)
    apart_spm = cadences_spm - (intercept + slope * speeds_mps)
    seconds = np.array([line.seconds for line in known])
    within = np.average([np.square(line.spread_spm) for line in known], weights=seconds)
    return GaitLine(
        intercept_spm=float(intercept),
        slope_spm_per_mps=float(slope),
        grade_slope_spm=float(np.average([li.grade_slope_spm for li in known], weights=seconds)),
        spread_spm=float(np.sqrt(within + np.average(np.square(apart_spm), weights=weights))),
        seconds=float(seconds.sum()),
        low_mps=min(line.low_mps for line in known),
        high_mps=max(line.high_mps for line in known),
    )


def _cadence(line: GaitLine) -> FloatArray:
    speeds_mps = np.linspace(line.low_mps, line.high_mps, 3)
    return line.intercept_spm + line.slope_spm_per_mps * speeds_mps


def _fit(
    x: FloatArray,
    y: FloatArray,
    weights: FloatArray,
) -> tuple[float, float]:
    """Weighted least squares; a flat line where all speeds are one."""
    mean_x, mean_y = np.average(x, weights=weights), np.average(y, weights=weights)
    spread = np.average(np.square(x - mean_x), weights=weights)
    if spread < 1e-6:
        return 0.0, float(mean_y)
    slope = np.average((x - mean_x) * (y - mean_y), weights=weights) / spread
    return float(slope), float(mean_y - slope * mean_x)
