"""From probabilities to verdicts: what holds, what is doubted, and on what grounds."""

from dataclasses import dataclass

import numpy as np

from retrorun.detect.credibility import (
    Grounds,
    beyond_doubt,
    doubtful_heading,
    doubtful_sign,
    gait_agrees,
    speed_ratio,
    wander,
)
from retrorun.detect.labels import COARSE, spans
from retrorun.detect.modes import Modes
from retrorun.detect.series import runs
from retrorun.model import Direction, Label, Verdict
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray

DIRECTIONS: tuple[Direction, ...] = ("forward", "backward", "unknown", "still")
VERDICTS: tuple[Verdict, ...] = ("candidate", "confirmed", "labelled")


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What was decided.

    Attributes:
        direction: (n,) index into ``DIRECTIONS``; ``verdict``: (n,) index into ``VERDICTS``.
        probability: (n,) of backward.
        reasons: ``(first, last, words)`` of the stretches that looked backward.
    """

    direction: IntArray
    verdict: IntArray
    probability: FloatArray
    reasons: tuple[tuple[int, int, str], ...]


def decide(grounds: Grounds, labels: tuple[Label, ...], settings: DetectSettings) -> Decision:
    """Judge every stretch.

    1. Each backward stretch is confirmed, kept as a candidate, or dropped.
    2. Long stretches of doubt become unknown; stops are still.
    3. What no heading speaks for, for long, is a candidate within whatever stretch it lies.
    4. Labels win, to the second.
    """
    probability = grounds.probability.copy()
    back = probability > 0.5
    verdict = np.zeros(back.size, dtype=np.int64)
    reasons: list[tuple[int, int, str]] = []
    # What a label says is decided already, and what leaks out of it stands for itself.
    starts, ends = runs(back * 2 + (grounds.label != 0))
    precedent = beyond_doubt(grounds, back, settings)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        if not back[first]:
            continue
        inside = slice(first, last)
        holds, reason = _backward(grounds, back, (first, last), precedent, settings)
        if holds is None:
            back[inside] = False
            probability[inside] = np.minimum(probability[inside], 0.2)
        elif holds == "candidate":
            probability[inside] = np.minimum(probability[inside], 0.9)
        verdict[inside] = VERDICTS.index(holds or "candidate")
        reasons.append((first, last, reason))
    _confirm_forward(back, verdict, grounds, settings)
    reasons = _unheard(back, verdict, probability, grounds, settings) + reasons
    direction = back.astype(np.int64)
    _doubt(direction, verdict, probability, grounds, settings)
    direction[~grounds.modes.moving] = DIRECTIONS.index("still")
    _where_nothing_is_known(direction, verdict, probability, grounds.modes)
    _obey(direction, verdict, probability, grounds.modes, labels)
    return Decision(direction, verdict, probability, tuple(reasons))


def _backward(
    grounds: Grounds,
    back: BoolArray,
    span: tuple[int, int],
    precedent: bool,  # noqa: FBT001 - a fact of the session
    settings: DetectSettings,
) -> tuple[Verdict | None, str]:
    """Verdict on a backward stretch and its reason; None drops it."""
    first, last = span
    inside = slice(first, last)
    heading = float(grounds.heading[inside].sum())
    if heading < settings.heading_enough or grounds.mount is None:
        return _by_gait(grounds, back, first, last, settings)
    if last - first < settings.heading_alone_s:
        return None, "too short to be backward running"
    agrees = precedent or gait_agrees(grounds, back, first, last, settings)
    doubt = doubtful_sign(grounds.mount) or doubtful_heading(grounds, span, agrees, settings)
    return ("candidate", doubt) if doubt else ("confirmed", "heading opposes the course")


def _by_gait(
    grounds: Grounds, back: BoolArray, first: int, last: int, settings: DetectSettings
) -> tuple[Verdict | None, str]:
    """A stretch that stands on step rate alone: long enough, clear, slower, and abrupt."""
    excess = grounds.steps.excess
    here = excess[first:last]
    if np.isfinite(here).sum() < settings.gait_alone_s:
        return None, "step rate alone needs a longer stretch"
    step = float(np.nanmean(here))
    if step < 0.5 * grounds.steps.share:
        return None, "the step rate is hardly above the forward line"
    if step < settings.gait_wander * wander(grounds, back):
        return None, "the step rate wanders as much elsewhere"
    slower = speed_ratio(grounds, back, first, last)
    if slower is not None and slower > settings.backward_slower + 0.03:
        return None, "the speed did not drop with it"
    return "candidate", f"step rate {100 * step:.0f} % above the forward line, without a heading"


def _confirm_forward(
    back: BoolArray, verdict: IntArray, grounds: Grounds, settings: DetectSettings
) -> None:
    """Confirm the forward stretches that a heading of sure sign speaks for, in place."""
    if grounds.mount is None or not grounds.mount.sure:
        return
    starts, ends = runs(back)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        if not back[first]:
            heading = float(grounds.heading[first:last].sum())
            verdict[first:last] = int(heading <= -settings.heading_enough)


def _unheard(
    back: BoolArray,
    verdict: IntArray,
    probability: FloatArray,
    grounds: Grounds,
    settings: DetectSettings,
) -> list[tuple[int, int, str]]:
    """Take back, in place, what was confirmed where no heading speaks; with the reasons.

    A stretch may go on beyond its heading by step rate or habit alone, which confirm nothing. A
    shorter hole between two headings of one stretch is bridged.
    """
    silent = (grounds.heading == 0) & grounds.modes.moving
    found = []
    starts, ends = runs(silent * 2 + back)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        inside = slice(first, last)
        within = first > 0 and last < back.size and back[first - 1] == back[first] == back[last]
        enough = settings.bridged_s if within else settings.unheard_s
        if not silent[first] or last - first < enough or not verdict[inside].any():
            continue
        verdict[inside] = 0
        probability[inside] = np.minimum(probability[inside], 0.9)
        found.append((first, last, "it goes on from where a heading speaks; none does here"))
    return found


def _where_nothing_is_known(
    direction: IntArray, verdict: IntArray, probability: FloatArray, modes: Modes
) -> None:
    """Neither speed nor steps: direction unknown, odds even, in place."""
    direction[modes.unknown] = DIRECTIONS.index("unknown")
    verdict[modes.unknown] = 0
    probability[modes.unknown] = 0.5


def _doubt(
    direction: IntArray,
    verdict: IntArray,
    probability: FloatArray,
    grounds: Grounds,
    settings: DetectSettings,
) -> None:
    """Turn long stretches of even odds into unknown, in place."""
    low, high = settings.even_odds
    even = (probability > low) & (probability < high) & grounds.modes.moving
    starts, ends = runs(even)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        if even[first] and last - first >= settings.gait_alone_s:
            direction[first:last] = DIRECTIONS.index("unknown")
            verdict[first:last] = 0


def _obey(
    direction: IntArray,
    verdict: IntArray,
    probability: FloatArray,
    modes: Modes,
    labels: tuple[Label, ...],
) -> None:
    """Write the labels over everything else, in place; later ones win.

    What was said of a whole lap, step or file leaves its stops still; what was said with a
    start and an end is taken at its word.
    """
    for first, last, label in spans(labels, direction.size):
        chosen = np.zeros(direction.size, dtype=bool)
        chosen[first:last] = True
        if label.origin in COARSE:
            chosen &= modes.moving
        direction[chosen] = DIRECTIONS.index(label.direction)
        verdict[chosen] = VERDICTS.index("labelled")
        probability[chosen] = {"backward": 0.999, "forward": 0.001}.get(label.direction, 0.5)
