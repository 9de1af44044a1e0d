"""What would have changed the verdict on a segment, in words.

How well the detector, left alone, agrees with what the user labelled: a confusion matrix.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from retrorun.detect.labels import spans
from retrorun.model import Detection, Direction, HeadingVerdict, Label, Segment
from retrorun.settings import DetectSettings


def refusal(heading: HeadingVerdict) -> str | None:
    """Why the heading gave no evidence; None if it did, or if the file has none."""
    if heading.kind == "compass" or heading.source is None:
        return None
    return f"{heading.source} was not believed: {heading.reason}"


def would_change(segment: Segment, heading: HeadingVerdict, settings: DetectSettings) -> str:
    """What would have led to another verdict on this segment."""
    settled = {
        "labelled": "clearing the label, or another one after it",
        "confirmed": "only a label",
    }
    if segment.direction == "still" or segment.verdict in settled:
        return settled.get(segment.verdict, "")
    by_heading = segment.evidence.get("heading", 0.0) >= settings.mentioned
    if by_heading and segment.direction != "forward":
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
    if "sideways" in reason:
        return "a label"
    return "a steadier heading, or a label"


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
