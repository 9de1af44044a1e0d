"""Seconds → segments: stretches of one direction, gait and verdict."""

import numpy as np

from retrorun.detect.credibility import Grounds
from retrorun.detect.series import runs, without_short
from retrorun.detect.verdicts import DIRECTIONS, VERDICTS, Decision
from retrorun.model import TWO_DIRECTIONS, Direction, Gait, Segment, Verdict
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, IntArray

GAITS: tuple[Gait, ...] = ("still", "walk", "run")


def segments(decision: Decision, grounds: Grounds, settings: DetectSettings) -> tuple[Segment, ...]:
    """Merge seconds of one direction, gait and verdict; they partition [0, n)."""
    modes = grounds.modes
    walking = _settled(modes.walking, decision.direction, settings.gait_s)
    gait = np.where(modes.moving, np.where(walking, 1, 2), 0)
    still = decision.direction == DIRECTIONS.index("still")
    verdict = np.where(still & (decision.verdict != 2), 0, decision.verdict)
    gait = np.where(still, 0, gait)
    kinds = decision.direction * len(GAITS) + gait
    starts, ends = runs(kinds * len(VERDICTS) + verdict)
    found = []
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        way = DIRECTIONS[decision.direction[first]]
        # The median: a stretch is as likely as its middle, not as its edges in transition.
        backward = float(np.median(decision.probability[first:last]))
        sums = {
            kind: round(float(values[first:last].sum()), 3)
            for kind, values in (
                ("heading", grounds.heading),
                ("gait", grounds.gait),
                ("label", grounds.label),
            )
        }
        sure = {"backward": backward, "forward": 1 - backward, "still": 1.0}
        probability = sure.get(way, max(backward, 1 - backward))
        kind = _verdict(VERDICTS[verdict[first]], way, sums, grounds)
        reason = _reason(decision, first, kind, way, sums)
        if way == "unknown" and grounds.modes.unknown[first]:
            reason = "neither speed nor steps are known"
        found.append(
            Segment(
                float(first),
                float(last),
                way,
                GAITS[gait[first]],
                kind,
                round(min(probability, 0.999), 3),
                sums,
                reason,
            )
        )
    return tuple(found)


def _settled(walking: BoolArray, direction: IntArray, seconds: int) -> BoolArray:
    """Walking or running, without short changes within a stretch of one direction.

    Turning about is slow; it makes no walk of the first seconds after it.
    """
    settled = walking.copy()
    starts, ends = runs(direction)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        if last - first >= 2 * seconds:
            calm = without_short(walking[first:last], value=True, seconds=seconds)
            settled[first:last] = without_short(calm, value=False, seconds=seconds)
    return settled


def _verdict(decided: Verdict, way: Direction, sums: dict[str, float], grounds: Grounds) -> Verdict:
    """The verdict as it is stated: forward and still are assumed where nothing confirms them.

    A forward segment stays a candidate where the heading tells two directions apart and nothing
    tells which of them is forward: then the direction of both is asked for.
    """
    if decided != "candidate" or way in {"backward", "unknown"}:
        return decided
    asked = grounds.mount is not None and grounds.mount.both and not grounds.mount.sure
    return "candidate" if asked and way == "forward" and sums["heading"] != 0 else "assumed"


def _reason(
    decision: Decision, second: int, verdict: Verdict, way: Direction, sums: dict[str, float]
) -> str:
    """The words for the segment that begins at this second."""
    fixed = {"still": "standing still", "unknown": "the evidence is even"}
    if verdict == "labelled" or way in fixed:
        return fixed.get(way, "") if verdict != "labelled" else "labelled"
    if way == "backward":
        return next(text for first, last, text in decision.reasons if first <= second < last)
    forward = {"confirmed": "heading goes with the course", "candidate": TWO_DIRECTIONS}
    if verdict in forward:
        return forward[verdict]
    if sums["heading"] < -1.0:
        return "heading goes with the course, but is not sure"
    if sums["gait"] < -1.0:
        return "step rate on the forward line; no heading says so"
    return "no evidence either way; people run forward"
