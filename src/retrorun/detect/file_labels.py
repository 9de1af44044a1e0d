"""What a file says of directions, held against the sensors: contradictions are asked about.

Laps, workout steps and titles are pressed late, forgotten, doubled and named by habit. Where they
contradict a compass or a clear gait, they are not believed; the athlete is told, and what the
athlete says by command, page or table always wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrorun.detect.labels import COARSE, LAPS
from retrorun.model import Direction, Label, Note
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray

EXACT_S = 2.0  # a press so near to a turn is exact, and the turn is not known better


@dataclass(frozen=True, slots=True, eq=False)
class Unaided:
    """What the sensors say without any word of the file, (n,) each.

    Attributes:
        backward: the direction that they take for likelier.
        weight: how far a second counts, 0 to 1; 0 where they say nothing.
        sure: seconds in which a heading confirms the direction.
        either: whether they cannot tell which of two directions is forward.
    """

    backward: BoolArray
    weight: FloatArray
    sure: BoolArray
    either: bool


def of_file(label: Label) -> bool:
    """Whether a label rests on the file, rather than on the athlete's own word about it."""
    return label.origin in COARSE and label.origin != LAPS


def believed(
    labels: Sequence[Label], seen: Unaided, settings: DetectSettings
) -> tuple[tuple[Label, ...], tuple[Note, ...]]:
    """The labels that are believed, in order, and what has to be asked about.

    Edges of laps are moved to where the heading turned, if that is within some seconds.
    """
    own = tuple(label for label in labels if not of_file(label))
    given = tuple(label for label in labels if of_file(label))
    whole = tuple(label for label in given if label.origin in {"name", "file"})
    pressed = tuple(label for label in given if label not in whole)
    notes: list[Note] = []
    if whole and _contradicted(whole, seen, settings):
        said = whole[0]
        what = "activity's name" if said.origin == "name" else "file's name"
        words = f"the {what} says {said.direction}, the sensors do not throughout: not believed"
        notes.append(Note("label-doubtful", f"{words}; label what was {said.direction}"))
        whole = ()
    if pressed and _contradicted(pressed, seen, settings):
        pressed, note = _without_contradicted(pressed, seen, settings)
        notes.append(note)
    return whole + _snapped(pressed, seen, settings) + own, tuple(notes)


def _against(labels: Sequence[Label], seen: Unaided) -> tuple[float, float]:
    """Weighted seconds in which the sensors contradict the labels, and all that they judge."""
    total = against = 0.0
    for label in labels:
        inside = slice(max(int(label.start_s), 0), max(int(label.end_s), 0))
        weight = seen.weight[inside]
        total += float(weight.sum())
        other = seen.backward[inside] != (label.direction == "backward")
        against += float((weight * other).sum())
    return (min(against, total - against) if seen.either else against), total


def _contradicted(labels: Sequence[Label], seen: Unaided, settings: DetectSettings) -> bool:
    against, total = _against(labels, seen)
    return against >= settings.contradicted_s and against > settings.contradicted_share * total


def _without_contradicted(
    labels: tuple[Label, ...], seen: Unaided, settings: DetectSettings
) -> tuple[tuple[Label, ...], Note]:
    """Labels up to a press that was forgotten or doubled; else those that nothing contradicts."""
    tries = [
        (_against(_shifted(labels, k, step), seen)[0], k)
        for k in range(len(labels))
        for step in (1, -1)
    ]
    least, first = min(tries)
    total = _against(labels, seen)[1]
    short = labels[first].end_s - labels[first].start_s < settings.lap_least_s
    word = "doubled" if short else "forgotten"
    if least <= settings.contradicted_share / 2.0 * total and len(labels) > 2:
        moment = _clock(labels[first].start_s)
        words = f"the laps contradict the sensors from {moment} on, as if a press was {word} there"
        return labels[:first], Note("laps-doubtful", f"{words}: not believed; label what is right")
    kept = tuple(one for one in labels if not _contradicted((one,), seen, settings))
    lost = len(labels) - len(kept)
    words = f"{lost} of {len(labels)} named laps contradict the sensors: not believed"
    return kept, Note("laps-doubtful", f"{words}; label what is right")


def _shifted(labels: tuple[Label, ...], first: int, step: int) -> tuple[Label, ...]:
    """Laps from ``first`` on with the directions of their neighbours; that lap itself left out."""
    found = list(labels[:first])
    for index in range(first + 1, len(labels)):
        if 0 <= index + step < len(labels):
            way: Direction = labels[index + step].direction
            found.append(replace(labels[index], direction=way))
    return tuple(found)


def _snapped(
    labels: tuple[Label, ...], seen: Unaided, settings: DetectSettings
) -> tuple[Label, ...]:
    """Laps with their edges where the heading turned, if it did so just before or after."""
    turned = np.flatnonzero(seen.backward[1:] != seen.backward[:-1]) + 1
    firm = turned[seen.sure[np.maximum(turned - 1, 0)] | seen.sure[turned]]
    if firm.size == 0 or seen.either:
        return labels

    def nearest(edge_s: float) -> float:
        away = np.abs(firm - edge_s)
        near = int(away.argmin())
        late = EXACT_S < away[near] <= settings.late_press_s
        return float(firm[near]) if late else edge_s

    moved = [replace(one, start_s=nearest(one.start_s), end_s=nearest(one.end_s)) for one in labels]
    return tuple(one for one in moved if one.end_s > one.start_s)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
