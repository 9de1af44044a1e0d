"""Laps, workout steps and titles of a file: what they say of directions, held against the sensors.

Laps, workout steps and titles are pressed late, forgotten, doubled and named by habit. Where they
contradict a compass or a clear gait, they are not believed; a note says so, and what the
athlete says by command, page or table always wins.

A manual lap press is also an exact boundary of what the steps alone found, and its pattern is asked
about.
"""

import itertools
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.detect.labels import ALTERNATE, COARSE, LAPS, PRESSES
from retrorun.detect.series import each_run
from retrorun.detect.verdicts import DIRECTIONS, Decision
from retrorun.model import Direction, Label, Note
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray

BACKWARD = DIRECTIONS.index("backward")
FORWARD = DIRECTIONS.index("forward")


class Unaided(msgspec.Struct, frozen=True, eq=False):
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


def is_of_file(label: Label) -> bool:
    """Whether a label rests on the file, rather than on the athlete's own word about it."""
    return label.origin in COARSE and label.origin != LAPS


def credible(
    labels: Sequence[Label], unaided: Unaided, settings: DetectSettings
) -> tuple[tuple[Label, ...], tuple[Note, ...]]:
    """The labels that are believed, in order, and what has to be asked about.

    Edges of laps are moved to where the heading turned, if that is within some seconds.
    """
    own = tuple(label for label in labels if not is_of_file(label))
    of_file = tuple(label for label in labels if is_of_file(label))
    whole = tuple(label for label in of_file if label.origin in {"name", "file"})
    pressed = tuple(label for label in of_file if label not in whole)
    notes: list[Note] = []
    if whole and _contradicted(whole, unaided, settings):
        title = whole[0]
        what = "activity's name" if title.origin == "name" else "file's name"
        words = f"the {what} says {title.direction}, the sensors do not throughout: not believed"
        notes.append(Note("label-doubtful", f"{words}; label what was {title.direction}"))
        whole = ()
    if pressed and _contradicted(pressed, unaided, settings):
        pressed, note = _without_contradicted(pressed, unaided, settings)
        notes.append(note)
    elif pressed and (merged := _merged_lap(pressed, unaided, settings)) is not None:
        moment = _clock(pressed[merged].start_s)
        words = f"the lap from {moment} is as long as two, as if a press was forgotten in it"
        words = f"{words}: laps from there on are not believed; label what is right"
        pressed = pressed[:merged]
        notes.append(Note("laps-doubtful", words))
    return whole + _moved_to_turns(pressed, unaided, settings) + own, tuple(notes)


def _contradicted_s(labels: Sequence[Label], unaided: Unaided) -> tuple[float, float]:
    """Weighted seconds in which the sensors contradict the labels, and all that they judge."""
    total = against = 0.0
    for label in labels:
        inside = slice(max(int(label.start_s), 0), max(int(label.end_s), 0))
        weight = unaided.weight[inside]
        total += float(weight.sum())
        other = unaided.backward[inside] != (label.direction == "backward")
        against += float((weight * other).sum())
    return (min(against, total - against) if unaided.either else against), total


def _contradicted(labels: Sequence[Label], unaided: Unaided, settings: DetectSettings) -> bool:
    against, total = _contradicted_s(labels, unaided)
    return against >= settings.contradicted_s and against > settings.contradicted_share * total


def _without_contradicted(
    labels: tuple[Label, ...], unaided: Unaided, settings: DetectSettings
) -> tuple[tuple[Label, ...], Note]:
    """Labels up to a press that was forgotten or doubled; else those that nothing contradicts."""
    tries = [
        (_contradicted_s(_shifted(labels, k, step), unaided)[0], k)
        for k in range(len(labels))
        for step in (1, -1)
    ]
    least, first = min(tries)
    total = _contradicted_s(labels, unaided)[1]
    short = labels[first].end_s - labels[first].start_s < settings.lap_least_s
    word = "doubled" if short else "forgotten"
    if least <= settings.contradicted_share / 2.0 * total and len(labels) > 2:
        moment = _clock(labels[first].start_s)
        words = f"the laps contradict the sensors from {moment} on, as if a press was {word} there"
        return labels[:first], Note("laps-doubtful", f"{words}: not believed; label what is right")
    kept = tuple(one for one in labels if not _contradicted((one,), unaided, settings))
    lost = len(labels) - len(kept)
    words = f"{lost} of {len(labels)} named laps contradict the sensors: not believed"
    return kept, Note("laps-doubtful", f"{words}; label what is right")


def _merged_lap(
    labels: tuple[Label, ...], unaided: Unaided, settings: DetectSettings
) -> int | None:
    """The first lap that is as long as a backward and a forward one together; None: there is none.

    Only of laps that turn about by convention, and only where the sensors are silent about them:
    then nothing but the lengths of the others tells that a press was forgotten. The first lap and
    the last, which begin and end as the athlete likes, are left out.
    """
    by_convention = all(each.origin in (ALTERNATE, PRESSES) for each in labels)
    if not by_convention or len(labels) - 2 <= settings.merged_laps:
        return None
    if _contradicted_s(labels, unaided)[1] >= settings.contradicted_s:
        return None
    lengths_s = np.array([each.end_s - each.start_s for each in labels[1:-1]])
    for index, length_s in enumerate(lengths_s.tolist()):
        others_s = np.delete(lengths_s, index)
        pair_s = arithmetic.median(others_s[1:] + others_s[:-1])
        near = abs(length_s - pair_s) <= settings.merged_share * pair_s
        if near and length_s > (1.0 + settings.merged_share) * float(others_s.max()):
            return index + 1
    return None


def _shifted(labels: tuple[Label, ...], first: int, step: int) -> tuple[Label, ...]:
    """Laps from ``first`` on with the directions of their neighbours; that lap itself left out."""
    found = list(labels[:first])
    for index in range(first + 1, len(labels)):
        if 0 <= index + step < len(labels):
            way: Direction = labels[index + step].direction
            found.append(structs.replace(labels[index], direction=way))
    return tuple(found)


def _moved_to_turns(
    labels: tuple[Label, ...], unaided: Unaided, settings: DetectSettings
) -> tuple[Label, ...]:
    """Laps with their edges where the heading turned, if it did so just before or after."""
    turned = np.flatnonzero(unaided.backward[1:] != unaided.backward[:-1]) + 1
    firm = turned[unaided.sure[np.maximum(turned - 1, 0)] | unaided.sure[turned]]
    if firm.size == 0 or unaided.either:
        return labels

    def nearest(edge_s: float) -> float:
        away = np.abs(firm - edge_s)
        near = int(away.argmin())
        late = settings.exact_press_s < away[near] <= settings.late_press_s
        return float(firm[near]) if late else edge_s

    moved = [
        structs.replace(one, start_s=nearest(one.start_s), end_s=nearest(one.end_s))
        for one in labels
    ]
    return tuple(one for one in moved if one.end_s > one.start_s)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def at_presses(
    decision: Decision, heading: FloatArray, presses_s: Sequence[float], settings: DetectSettings
) -> Decision:
    """Backward candidates that no heading speaks for, with their edges at manual lap presses.

    What is confirmed or labelled beside a candidate stays as it is.

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
    reasons, movable = list(decision.reasons), decision.verdict == 0
    for first, last in each_run(decision.direction):
        inside = slice(first, last)
        if decision.direction[first] != BACKWARD or decision.verdict[inside].any():
            continue
        if np.abs(heading[inside]).sum() > settings.heading_enough:
            continue
        begin, end = (_nearest(presses, edge, settings.late_press_s) for edge in (first, last))
        if end - begin < settings.heading_alone_s:
            continue
        _move(direction, probability, movable, (first, last), (begin, end))
        reason = next((why for a, b, why in reasons if a <= first < b), "")
        reasons.insert(0, (begin, end, reason))
    return structs.replace(
        decision, direction=direction, probability=probability, reasons=tuple(reasons)
    )


def _nearest(presses: np.ndarray[tuple[int], np.dtype[np.int64]], edge: int, most_s: float) -> int:
    away = np.abs(presses - edge)
    near = int(away.argmin())
    return int(presses[near]) if away[near] <= most_s else edge


def _move(
    direction: np.ndarray[tuple[int], np.dtype[np.int64]],
    probability: FloatArray,
    movable: BoolArray,
    before: tuple[int, int],
    after: tuple[int, int],
) -> None:
    """Move a backward segment's edges over ``movable`` seconds, (n,), in place; stops stay."""
    level = arithmetic.median(probability[before[0] : before[1]])
    for low, high, backward in (
        (after[0], before[0], True),
        (before[1], after[1], True),
        (before[0], after[0], False),
        (after[1], before[1], False),
    ):
        inside = slice(low, max(high, low))
        chosen = np.isin(direction[inside], (FORWARD, BACKWARD)) & movable[inside]
        direction[inside][chosen] = BACKWARD if backward else FORWARD
        probability[inside][chosen] = level if backward else 1.0 - level


def every_second_lap(
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
