"""The five kinds of stretch that every page tells apart."""

from typing import Literal

from retrorun.model import Segment

Kind = Literal["backward", "candidate", "forward", "unknown", "still"]
KINDS: tuple[Kind, ...] = ("backward", "candidate", "forward", "unknown", "still")


def kind(segment: Segment) -> Kind:
    """What the stretch counts as: backward by gait alone is a candidate."""
    if segment.direction == "backward":
        return "candidate" if segment.verdict == "candidate" else "backward"
    return segment.direction
