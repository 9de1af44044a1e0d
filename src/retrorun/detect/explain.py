"""Why each segment was judged as it was, and what would have changed that, in words.

How well the detector, left alone, agrees with what the user said: a confusion matrix.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrorun.detect.labels import spans
from retrorun.model import TWO_DIRECTIONS, Detection, Direction, HeadingVerdict, Label, Segment

SPOKE = 1.0  # summed evidence below this is silence


@dataclass(frozen=True, slots=True)
class Explanation:
    """One segment, explained.

    Attributes:
        segment: the segment, with the evidence of each kind.
        because: which kinds spoke, and for what.
        would_change: what would have changed the verdict; empty for stops.
        heading: why the heading was not believed; None if it was, or there is none to believe.
    """

    segment: Segment
    because: str
    would_change: str
    heading: str | None


def explain(detection: Detection) -> tuple[Explanation, ...]:
    """Explain every segment, in order."""
    refused = refusal(detection.heading)
    return tuple(
        Explanation(part, because(part), would_change(part, detection.heading), refused)
        for part in detection.segments
    )


def refusal(heading: HeadingVerdict) -> str | None:
    """Why the heading gave no evidence; None if it did, or if the file has none."""
    if heading.kind == "compass" or heading.source is None:
        return None
    return f"{heading.source} was not believed: {heading.reason}"


def because(segment: Segment) -> str:
    """Which kinds of evidence spoke, the strongest first."""
    spoke = sorted(segment.evidence.items(), key=lambda item: -abs(item[1]))
    parts = [
        f"{kind} speaks for {'backward' if sum_ > 0 else 'forward'} ({sum_:+.1f})"
        for kind, sum_ in spoke
        if abs(sum_) >= SPOKE
    ]
    return "; ".join([segment.reason, *parts] if segment.reason else parts)


def would_change(segment: Segment, heading: HeadingVerdict) -> str:
    """What would have led to another verdict on this segment."""
    settled = {
        "labelled": "clearing the label, or another one after it",
        "confirmed": "only a label",
        "habit": "a label; without trust_gait in the profile it would be a candidate",
    }
    if segment.direction == "still" or segment.verdict in settled:
        return settled.get(segment.verdict, "")
    heading_spoke = segment.evidence.get("heading", 0.0) >= SPOKE
    if segment.reason == TWO_DIRECTIONS or (heading_spoke and segment.direction != "forward"):
        return _settled_by(segment.reason)
    sure = "would confirm it or turn it over" if segment.direction != "unknown" else "would decide"
    if heading.kind == "compass":
        return f"a heading that lasts through this stretch, or a label, {sure}"
    if heading.source is not None:
        return f"a heading that can be believed, or a label, {sure} ({refusal(heading)})"
    return f"a compass heading, or a label, {sure}"


def _settled_by(reason: str) -> str:
    """What settles a doubt about a heading."""
    if "two directions" in reason:
        return "one label, or mount_offset_deg in the profile: it decides the whole session"
    if "habit" in reason or "step rate tells" in reason:
        return "saying in the profile how the device is worn (mount_offset_deg), or a label"
    if "only the heading turned" in reason:
        return "a clear change of speed and step rate at the turn, or a label"
    if "sideways" in reason or "another zero" in reason:
        return "a label"
    return "a steadier heading, or a label"


def agreement(
    unaided: Detection, labels: Sequence[Label]
) -> Mapping[tuple[Direction, Direction], int]:
    """Seconds by what was said and what was found, ``(said, found)``.

    Args:
        unaided: a detection that was made without the labels.
        labels: the user's; later ones win. Only seconds under a label count.
    """
    found: list[Direction] = []
    for part in unaided.segments:
        found += [part.direction] * int(part.end_s - part.start_s)
    said: dict[int, Direction] = {}
    for first, last, label in spans(labels, len(found)):
        said |= dict.fromkeys(range(first, last), label.direction)
    return Counter((direction, found[second]) for second, direction in said.items())
