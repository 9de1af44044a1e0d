"""Seconds → segments of one direction, gait and verdict; what would have changed each, in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from retrorun import arithmetic
from retrorun.detect.credibility import (
    BOTH_FORWARD,
    Doubt,
    Grounds,
    SettledBy,
    doubtful_sign,
    speed_ratio,
)
from retrorun.detect.labels import spans
from retrorun.detect.series import each_run, without_short
from retrorun.detect.verdicts import CALLED_FORWARD, DIRECTIONS, VERDICTS, Decision, Reason
from retrorun.model import (
    Detection,
    Direction,
    Gait,
    GaitCandidate,
    HeadingVerdict,
    Label,
    Segment,
    StepRateReason,
    Verdict,
)
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray

GAITS: tuple[Gait, ...] = ("still", "walk", "run")


def segments(
    decision: Decision, grounds: Grounds, heading: HeadingVerdict, settings: DetectSettings
) -> tuple[Segment, ...]:
    """Merge seconds of one direction, gait and verdict; they partition [0, n).

    Each says why, and what would have changed it: ``heading`` is the one that was used or refused.
    """
    modes = grounds.modes
    walking = _settled(modes.walking, decision.direction, settings.gait_s)
    gait = np.where(modes.moving, np.where(walking, 1, 2), 0)
    still = decision.direction == DIRECTIONS.index("still")
    verdict = np.where(still & (decision.verdict != 2), 0, decision.verdict)
    gait = np.where(still, 0, gait)
    found = []
    for first, last in each_run((decision.direction * len(GAITS) + gait) * len(VERDICTS) + verdict):
        way = DIRECTIONS[decision.direction[first]]
        # The median: a segment is as likely as its middle, not as its edges in transition.
        backward = arithmetic.median(decision.probability[first:last])
        sums = {
            kind: round(float(getattr(grounds, kind)[first:last].sum()), 3)
            for kind in ("heading", "gait", "label")
        }
        sure = {"backward": backward, "forward": 1 - backward, "still": 1.0}
        probability = sure.get(way, max(backward, 1 - backward))
        kind = _verdict(VERDICTS[verdict[first]], way, sums, grounds)
        reason = _reason(decision, (first, last), (kind, way), sums, settings.mentioned)
        if (kind, way) == ("candidate", "forward") and grounds.mount is not None:
            reason = doubtful_sign(grounds.mount) or reason
        if way == "unknown" and grounds.modes.unknown[first]:
            reason = "neither speed nor steps are known"
        segment = Segment(
            float(first),
            float(last),
            way,
            GAITS[gait[first]],
            kind,
            round(min(probability, settings.certain[1]), 3),
            sums,
            str(reason),
            step_gain_pct=reason.step_gain_pct if isinstance(reason, StepRateReason) else None,
        )
        found.append(
            replace(segment, would_change=would_change(segment, reason, heading, settings))
        )
    return tuple(found)


def _settled(walking: BoolArray, direction: IntArray, seconds: int) -> BoolArray:
    """Walking or running, without short changes within a segment of one direction.

    Turning about is slow; it makes no walk of the first seconds after it.
    """
    settled = walking.copy()
    for first, last in each_run(direction):
        part = walking[first:last]
        if last - first >= 2 * seconds and 0 < np.count_nonzero(part) < part.size:
            calm = without_short(part, value=True, seconds=seconds)
            settled[first:last] = without_short(calm, value=False, seconds=seconds)
    return settled


def _verdict(decided: Verdict, way: Direction, sums: dict[str, float], grounds: Grounds) -> Verdict:
    """The verdict as it is stated: forward and still are assumed where nothing confirms them.

    A forward segment stays a candidate where the heading tells two directions apart and nothing
    tells which of them is forward: then the direction of both is asked for.
    """
    if decided != "candidate" or way in {"backward", "unknown"}:
        return decided
    mount = grounds.mount
    asked = mount is not None and mount.both and not mount.sure
    asked &= mount is not None and not mount.called_forward.both_sides
    return "candidate" if asked and way == "forward" and sums["heading"] != 0 else "assumed"


def _reason(
    decision: Decision,
    span: tuple[int, int],
    judged: tuple[Verdict, Direction],
    sums: dict[str, float],
    mentioned: float,
) -> Reason:
    """The reason for the segment of these seconds, ``[first, last)``."""
    verdict, way = judged
    fixed = {"still": "standing still", "unknown": "the evidence is even"}
    if verdict == "labelled" or way in fixed:
        return fixed.get(way, "") if verdict != "labelled" else "labelled"
    if way == "backward":
        return next(why for first, last, why in decision.reasons if first <= span[0] < last)
    if verdict == "confirmed":
        return "heading goes with the course"
    here = [words for first, last, words in decision.reasons if first < span[1] and span[0] < last]
    if BOTH_FORWARD in here or CALLED_FORWARD in here:
        rejected = "a part of it is as in what you called forward before"
        return BOTH_FORWARD if BOTH_FORWARD in here else rejected
    if sums["heading"] < -mentioned:
        return "heading goes with the course, but is not sure"
    on_line = "step rate on the forward line; no heading says so"
    return on_line if sums["gait"] < -mentioned else "no evidence either way; people run forward"


def gait_candidates(
    decision: Decision, grounds: Grounds, settings: DetectSettings
) -> tuple[GaitCandidate, ...]:
    """The backward candidates that no heading speaks for or against, in order.

    Those whose step rate or speed cannot be compared with forward movement are left out.
    """
    back = decision.direction == DIRECTIONS.index("backward")
    found = [
        _gait_candidate(back, grounds, (first, last), settings)
        for first, last in each_run(back * (len(VERDICTS) + 1) + decision.verdict)
        if back[first] and decision.verdict[first] == 0
    ]
    return tuple(each for each in found if each is not None)


def _gait_candidate(
    back: BoolArray,
    grounds: Grounds,
    span: tuple[int, int],
    settings: DetectSettings,
) -> GaitCandidate | None:
    first, last = span
    excess = grounds.steps.excess[first:last]
    if np.abs(grounds.heading[first:last]).sum() >= settings.heading_enough:
        return None
    share = speed_ratio(grounds, back, span, settings)
    if share is None or np.isfinite(excess).sum() < settings.gait_alone_s:
        return None
    contact, excursion = (
        _ratio(grounds.steps.changes.get(name), span, settings)
        for name in ("contact_time_s", "vertical_oscillation_m")
    )
    gain = float(np.nanmean(excess))
    return GaitCandidate(float(first), float(last), gain, share, contact, excursion)


def _ratio(
    changes: FloatArray | None, span: tuple[int, int], settings: DetectSettings
) -> float | None:
    """A stride's value in a segment over the forward one, from logarithms (n,); None if unknown."""
    here = changes[slice(*span)] if changes is not None else np.zeros(0)
    here = here[np.isfinite(here)]
    return arithmetic.exp(arithmetic.median(here)) if here.size >= settings.gait_alone_s else None


def refusal(heading: HeadingVerdict) -> str | None:
    """Why the heading gave no evidence; None if it did, or if the file has none."""
    if heading.kind == "compass" or heading.source is None:
        return None
    return f"{heading.source} was not believed: {heading.reason}"


def would_change(
    segment: Segment, reason: Reason, heading: HeadingVerdict, settings: DetectSettings
) -> str:
    """What would have led to another verdict on this segment, for which there is a reason."""
    settled = {
        "labelled": "clearing the label, or another one after it",
        "confirmed": "only a label",
        "habit": "a label; without trust_gait in the profile it would be a candidate",
    }
    if segment.direction == "still" or segment.verdict in settled:
        return settled.get(segment.verdict, "")
    by_heading = segment.evidence.get("heading", 0.0) >= settings.mentioned
    if segment.is_asked or (by_heading and segment.direction != "forward"):
        settled_by = reason.settled_by if isinstance(reason, Doubt) else SettledBy.STEADIER_HEADING
        return settled_by.value
    sure = "would confirm it or turn it over" if segment.direction != "unknown" else "would decide"
    if heading.kind == "compass":
        return f"a heading that lasts through this stretch, or a label, {sure}"
    if heading.source is not None:
        return f"a heading that can be believed, or a label, {sure} ({refusal(heading)})"
    return f"a compass heading, or a label, {sure}"


def agreement(
    unaided: Detection, labels: Sequence[Label]
) -> Mapping[tuple[Direction, Direction], int]:
    """Seconds by what was labelled and what was found, ``(labelled, found)``.

    Args:
        unaided: a detection that was made without the labels.
        labels: the user's; later ones win. Only seconds under a label count.
    """
    found: list[Direction] = []
    for part in unaided.segments:
        found += [part.direction] * int(part.end_s - part.start_s)
    labelled: dict[int, Direction] = {}
    for first, last, label in spans(labels, len(found)):
        labelled |= dict.fromkeys(range(first, last), label.direction)
    return Counter((direction, found[second]) for second, direction in labelled.items())
