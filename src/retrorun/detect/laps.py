"""Lap presses as witnesses: the exact boundaries of what the steps alone found, and its pattern."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrorun.detect.series import runs
from retrorun.detect.verdicts import DIRECTIONS, Decision
from retrorun.model import Note
from retrorun.settings import DetectSettings
from retrorun.units import FloatArray

BACKWARD = DIRECTIONS.index("backward")
FORWARD = DIRECTIONS.index("forward")


def snapped(
    decision: Decision, heading: FloatArray, presses_s: Sequence[float], settings: DetectSettings
) -> Decision:
    """Backward candidates that no heading speaks for, with their edges at manual lap presses.

    Args:
        decision: per second (n,).
        heading: (n,) evidence of the heading.
        presses_s: moments of manual presses, seconds since the start.
        settings: this stage's.
    """
    presses = np.rint(np.asarray(presses_s, dtype=np.float64)).astype(np.int64)
    presses = presses[(presses > 0) & (presses < decision.direction.size)]
    if presses.size == 0:
        return decision
    direction, probability = decision.direction.copy(), decision.probability.copy()
    starts, ends = runs(decision.direction)
    reasons = list(decision.reasons)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        inside = slice(first, last)
        if decision.direction[first] != BACKWARD or decision.verdict[inside].any():
            continue
        if np.abs(heading[inside]).sum() > settings.heading_enough:
            continue
        begin, end = (_nearest(presses, edge, settings.late_press_s) for edge in (first, last))
        if end - begin < settings.heading_alone_s:
            continue
        _move(direction, probability, (first, last), (begin, end))
        words = next((text for a, b, text in reasons if a <= first < b), "")
        reasons.insert(0, (begin, end, words))
    return replace(decision, direction=direction, probability=probability, reasons=tuple(reasons))


def _nearest(presses: np.ndarray[tuple[int], np.dtype[np.int64]], edge: int, most_s: float) -> int:
    away = np.abs(presses - edge)
    near = int(away.argmin())
    return int(presses[near]) if away[near] <= most_s else edge


def _move(
    direction: np.ndarray[tuple[int], np.dtype[np.int64]],
    probability: FloatArray,
    before: tuple[int, int],
    after: tuple[int, int],
) -> None:
    """Move a backward segment's edges, in place; stops stay stops."""
    level = float(np.median(probability[before[0] : before[1]]))
    for low, high, backward in (
        (after[0], before[0], True),
        (before[1], after[1], True),
        (before[0], after[0], False),
        (after[1], before[1], False),
    ):
        inside = slice(low, max(high, low))
        chosen = np.isin(direction[inside], (FORWARD, BACKWARD))
        direction[inside][chosen] = BACKWARD if backward else FORWARD
        probability[inside][chosen] = level if backward else 1.0 - level


def pattern(
    decision: Decision, gait: FloatArray, presses_s: Sequence[float], settings: DetectSettings
) -> tuple[Note, ...]:
    """A question where every second lap looks backward by its steps, and the others do not."""
    edges = [0, *sorted(round(press) for press in presses_s), decision.direction.size]
    laps = [(a, b) for a, b in itertools.pairwise(edges) if b - a >= settings.lap_least_s]
    known = (decision.direction == BACKWARD) & (decision.verdict > 0)
    if len(laps) < settings.pattern_laps or known.any():
        return ()
    moving = np.isin(decision.direction, (FORWARD, BACKWARD))
    summed = np.array([float(gait[a:b].sum()) for a, b in laps])
    found = [float((decision.direction[a:b] == BACKWARD)[moving[a:b]].mean()) for a, b in laps]
    for parity in (0, 1):
        mine = np.arange(len(laps)) % 2 == parity
        share = np.nan_to_num(np.array(found))
        agrees = (summed[mine] > 0).mean() >= settings.pattern_share
        agrees &= (summed[~mine] < 0).mean() >= settings.pattern_share
        if agrees and share[mine].mean() > 0.5 > share[~mine].mean():
            which = "first, third, …" if parity == 0 else "second, fourth, …"
            words = f"every second lap ({which} of {len(laps)}) looks backward by its steps"
            return (Note("laps-pattern", f"{words}; label them if that is so"),)
    return ()
