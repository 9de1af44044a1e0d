"""How well the detector, left alone, agrees with what the user said: a confusion matrix."""

from collections import Counter
from collections.abc import Mapping, Sequence

from retrorun.detect.labels import spans
from retrorun.model import Detection, Direction, Label


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
