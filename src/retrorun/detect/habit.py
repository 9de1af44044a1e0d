"""Backward segments that step rate alone proposes: the athlete's answers, and which count by habit.

Step rate alone confirms nothing. But an athlete who answers what it proposes shows how far it is
right for this one body (``learn``); where that is proven, and the athlete wants it, segments of the
kind that was answered count, with the verdict ``habit``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from retrorun.detect.credibility import Grounds, speed_ratio
from retrorun.detect.labels import spans
from retrorun.detect.series import runs
from retrorun.detect.verdicts import DIRECTIONS, VERDICTS, Decision
from retrorun.model import GaitAnswer, GaitCandidate, GaitKind, Label
from retrorun.settings import DetectSettings

HABIT = VERDICTS.index("habit")


def candidates(
    decision: Decision, grounds: Grounds, settings: DetectSettings
) -> tuple[GaitCandidate, ...]:
    """The backward candidates that no heading speaks for or against, in order.

    Those whose step rate or speed cannot be compared with forward movement are left out.
    """
    back = decision.direction == DIRECTIONS.index("backward")
    starts, ends = runs(back * (len(VERDICTS) + 1) + decision.verdict)
    found = [
        _candidate(back, grounds, (first, last), settings)
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True)
        if back[first] and decision.verdict[first] == 0
    ]
    return tuple(each for each in found if each is not None)


def _candidate(
    back: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    grounds: Grounds,
    span: tuple[int, int],
    settings: DetectSettings,
) -> GaitCandidate | None:
    first, last = span
    excess = grounds.steps.excess[first:last]
    if np.abs(grounds.heading[first:last]).sum() >= settings.heading_enough:
        return None
    share = speed_ratio(grounds, back, first, last)
    if share is None or np.isfinite(excess).sum() < settings.gait_alone_s:
        return None
    return GaitCandidate(float(first), float(last), float(np.nanmean(excess)), share)


def counted(decision: Decision, found: Iterable[GaitCandidate], kind: GaitKind | None) -> Decision:
    """The decision with the candidates of a trusted kind counted, verdict ``habit``."""
    if kind is None:
        return decision
    verdict, reasons = decision.verdict.copy(), list(decision.reasons)
    for each in found:
        if kind.holds(each.end_s - each.start_s, each.step_gain, each.speed_share):
            first, last = int(each.start_s), int(each.end_s)
            verdict[first:last] = HABIT
            words = f"step rate {100 * each.step_gain:.0f} % above the forward line"
            reasons.insert(0, (first, last, f"{words}, as in what you called backward before"))
    return replace(decision, verdict=verdict, reasons=tuple(reasons))


def answers(
    found: Sequence[GaitCandidate], labels: Iterable[Label], seconds: int
) -> tuple[GaitAnswer, ...]:
    """What the athlete said of each candidate, where labels cover at least half of it.

    One of which less than four fifths was called backward was not right: its place was wrong.

    Args:
        found: candidates of an analysis without these labels.
        labels: the athlete's own, later ones win.
        seconds: of the track.
    """
    said = np.zeros(seconds)
    for first, last, label in spans(labels, seconds):
        said[first:last] = {"backward": 1.0, "forward": -1.0}.get(label.direction, 0.0)
    return tuple(
        GaitAnswer(
            each.end_s - each.start_s,
            each.step_gain,
            each.speed_share,
            backward=bool((here > 0).sum() >= 0.8 * (here != 0).sum()),
        )
        for each in found
        for here in (said[int(each.start_s) : int(each.end_s)],)
        if (here != 0).sum() >= 0.5 * here.size
    )
