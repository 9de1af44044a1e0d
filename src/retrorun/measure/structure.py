"""The structure of a session: backward repetitions that are alike, in sets.

1. backward segments that touch become one repetition
2. repetitions of one gait that are alike, in time or in way, are a kind
3. repetitions of a kind that follow each other are a row; one that is unlike may stand among many
4. a row is split into sets where a recovery is much longer than the others

Only what counts as backward makes a structure: confirmed, labelled, or by habit. A candidate that
is like the others of a set keeps its place there and is counted nowhere; any other candidate is
passed over. Where nothing that counts is repeated, candidates may have a structure, and all of it
is a candidate. A direction that is only asked for has none.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from statistics import fmean, median, median_low
from typing import Literal

import msgspec
from msgspec.structs import replace

from retrorun.model import Gait, MeasuredSegment
from retrorun.model.segment import Recovery, Repetition, RepetitionSet, Role, Structure
from retrorun.settings import MeasureSettings

Measured = Sequence[MeasuredSegment]
Repetitions = tuple[Repetition, ...]
Size = Literal["duration_s", "distance_m"]
Roles = frozenset[Role]
COUNTED: Roles = frozenset(("counted",))
ALL: Roles = frozenset(("counted", "candidate"))
GAITS: tuple[Gait, ...] = ("run", "walk")
LONG_M = 100.0  # from here on a way is named in tens of metres


class _Kind(msgspec.Struct, frozen=True):
    """Repetitions of one gait that are alike in ``size``.

    ``own``: least and greatest size of those that decide; ``near``: what may stand among them.
    """

    gait: Gait
    size: Size
    own: tuple[float, float]
    near: tuple[float, float]

    def holds(self, other: Repetition, roles: Roles) -> bool:
        """Whether it is one of them; whoever does not decide has to be near enough."""
        value = _size(other, self.size)
        low, high = self.own if other.role in roles else self.near
        return other.gait == self.gait and value is not None and low <= value <= high


def structure(measured: Measured, settings: MeasureSettings) -> Structure:
    """The sets of a session.

    Args:
        measured: all segments, in order.
        settings: what is alike, and how much longer a recovery is that parts two sets.

    Returns:
        Sets in order of time; none where fewer than ``structure_least`` repetitions are alike.
    """
    found = _repetitions(measured)
    # where nothing that counts is repeated, candidates are compared with each other
    tried = (_structure(found, roles, measured, settings) for roles in (COUNTED, ALL))
    return next((each for each in tried if each.sets), Structure())


def _structure(
    found: Repetitions, roles: Roles, measured: Measured, settings: MeasureSettings
) -> Structure:
    by_kind: dict[_Kind, list[Repetitions]] = {}
    for kind, row in _rows(found, roles, settings):
        by_kind.setdefault(kind, []).extend(_parts(row, roles, settings))
    sets = [
        each
        for number, parts in enumerate(by_kind.values())
        for each in _sets(number, parts, measured, settings)
    ]
    return _numbered(sorted(sets, key=lambda each: each.repetitions[0].first))


def _numbered(sets: Sequence[RepetitionSet]) -> Structure:
    """Kinds are numbered as they come."""
    kinds = list(dict.fromkeys(each.kind for each in sets))
    return Structure(tuple(replace(each, kind=kinds.index(each.kind)) for each in sets))


def _repetitions(measured: Measured) -> Repetitions:
    """Backward movement in order: what touches is one, unless its gait or its role differs."""
    found: list[Repetition] = []
    for place, each in enumerate(measured):
        segment = each.segment
        if segment.direction != "backward" or segment.is_asked or segment.gait == "still":
            continue
        new = Repetition(
            place,
            place,
            segment.gait,
            segment.start_s,
            segment.end_s,
            each.metrics.distance_m,
            "candidate" if segment.kind == "candidate" else "counted",
        )
        if found and _touch(found[-1], new) and _alike(found[-1], new):
            found[-1] = _joined(found[-1], new)
        else:
            found.append(new)
    neighbours = zip([None, *found], found, [*found[1:], None], strict=False)
    return tuple(
        each for before, each, after in neighbours if not _belongs_to_neighbour(before, each, after)
    )


def _touch(first: Repetition, second: Repetition) -> bool:
    return first.last + 1 == second.first


def _alike(first: Repetition, second: Repetition) -> bool:
    return (first.gait, first.role) == (second.gait, second.role)


def _joined(first: Repetition, second: Repetition) -> Repetition:
    ways = (first.distance_m, second.distance_m)
    way_m = None if ways[0] is None or ways[1] is None else ways[0] + ways[1]
    return replace(first, last=second.last, end_s=second.end_s, distance_m=way_m)


def _belongs_to_neighbour(
    before: Repetition | None, each: Repetition, after: Repetition | None
) -> bool:
    """Whether a neighbour that it touches takes it: it is no repetition of its own.

    That is a walk beside a run of the same role, and a candidate beside what is counted.
    """
    touched = [before] if before and _touch(before, each) else []
    touched += [after] if after and _touch(each, after) else []
    walked_off = each.gait == "walk" and any(
        other.gait == "run" and other.role == each.role for other in touched
    )
    return walked_off or any(
        (each.role, other.role) == ("candidate", "counted") for other in touched
    )


def _rows(
    found: Repetitions, roles: Roles, settings: MeasureSettings
) -> list[tuple[_Kind, Repetitions]]:
    """Rows of each gait, by time or by way: whichever holds more repetitions.

    Args:
        found: all repetitions in order.
        roles: those of these roles decide what is alike; others may stand among them.
        settings: the stage's.
    """
    chosen: list[tuple[_Kind, Repetitions]] = []
    for gait in GAITS:
        same = [each for each in found if each.gait == gait and each.role in roles]
        sizes: tuple[Size, ...] = ("duration_s", "distance_m")
        ways = [
            [
                (kind, row)
                for kind in _kinds(size, same, settings)
                for row in _rows_of_kind(kind, found, roles, settings)
            ]
            for size in sizes
        ]
        chosen += max(ways, key=lambda rows: sum(_number(row, roles) for _, row in rows))
    return chosen


def _members(row: Sequence[Repetition]) -> Repetitions:
    """Those that are alike: the counted ones, or the candidates where none is counted."""
    counted = tuple(each for each in row if each.role == "counted")
    return counted or tuple(each for each in row if each.role == "candidate")


def _kinds(size: Size, same: Sequence[Repetition], settings: MeasureSettings) -> Iterator[_Kind]:
    """Split what is not alike at its widest gap, until all is; none where a size is not known."""
    known = sorted(_size(each, size) or 0.0 for each in same)
    share = settings.structure_alike
    slack = settings.structure_alike_s if size == "duration_s" else settings.structure_alike_m
    waiting = [known] if known and known[0] > 0 else []
    while waiting:
        part = waiting.pop()
        middle = median(part)
        reach = share * middle + slack
        if middle - reach <= part[0] and part[-1] <= middle + reach:
            own, near = (part[0], part[-1]), (middle - reach, middle + reach)
            yield _Kind(same[0].gait, size, own, near)
        else:
            ratios = [after / before for before, after in pairwise(part)]
            cut = ratios.index(max(ratios)) + 1
            waiting += [part[:cut], part[cut:]]


def _size(repetition: Repetition, size: Size) -> float | None:
    return repetition.duration_s if size == "duration_s" else repetition.distance_m


def _rows_of_kind(
    kind: _Kind, found: Repetitions, roles: Roles, settings: MeasureSettings
) -> list[Repetitions]:
    """Repetitions of a kind that follow each other, with single odd ones where they are few."""
    line = [
        each if kind.holds(each, roles) else replace(each, role="odd")
        for each in found
        if each.role in roles or kind.holds(each, roles)
    ]
    rows: list[Repetitions] = []
    between: Repetitions = ()
    for is_odd, part in groupby(line, key=lambda each: each.role == "odd"):
        if is_odd:
            between = tuple(part)
            continue
        new = tuple(part)
        joined = (*rows[-1], *between, *new) if rows and len(between) == 1 else ()
        odd = sum(each.role == "odd" for each in joined)
        if joined and odd <= settings.structure_odd * (len(joined) - odd):
            rows[-1] = joined
        else:
            rows.append(new)
    return [row for row in rows if _number(row, roles) >= settings.structure_least]


def _number(row: Sequence[Repetition], roles: Roles) -> int:
    return sum(each.role in roles for each in row)


def _parts(row: Repetitions, roles: Roles, settings: MeasureSettings) -> list[Repetitions]:
    """A row, split at long recoveries; single repetitions far from all others are left out."""
    rests_s = [after.start_s - before.end_s for before, after in pairwise(row)]
    if not rests_s:
        return []
    typical_s = median_low(rests_s)
    most_s = max(settings.structure_break * typical_s, typical_s + settings.structure_break_s)
    parts = [[row[0]]]
    for rest_s, each in zip(rests_s, row[1:], strict=True):
        if rest_s > most_s:
            parts.append([])
        parts[-1].append(each)
    kept = [_without_odd_ends(part) for part in parts]
    kept = [part for part in kept if _number(part, roles) > 1]
    enough = sum(_number(part, roles) for part in kept) >= settings.structure_least
    return kept if enough else []


def _without_odd_ends(row: Sequence[Repetition]) -> Repetitions:
    places = [place for place, each in enumerate(row) if each.role != "odd"]
    return tuple(row[places[0] : places[-1] + 1]) if places else ()


def _sets(
    kind: int, parts: Sequence[Repetitions], measured: Measured, settings: MeasureSettings
) -> Iterator[RepetitionSet]:
    """Sets of one kind, with what is typical of each."""
    nominal_s, nominal_m = _nominal(parts, measured, settings) if parts else (None, None)
    for part in parts:
        alike = _members(part)
        yield RepetitionSet(
            kind=kind,
            gait=alike[0].gait,
            repetitions=part,
            duration_s=median(each.duration_s for each in alike),
            distance_m=_median_way(each.distance_m for each in alike),
            nominal_s=nominal_s,
            nominal_m=nominal_m,
            recovery=_recovery(part, measured),
        )


def _nominal(
    parts: Sequence[Repetitions], measured: Measured, settings: MeasureSettings
) -> tuple[float | None, float | None]:
    """What the repetitions of these sets are called, in seconds or in metres: one is None.

    By whichever varies less; a short way there and back by its metres, because seconds are too
    coarse for it.
    """
    alike = [each for part in parts for each in _members(part)]
    times_s = [each.duration_s for each in alike]
    way_m = _median_way(each.distance_m for each in alike)
    if way_m:
        ways_m = [each.distance_m or 0.0 for each in alike]
        back_m = _median_way(_recovery(part, measured).distance_m for part in parts)
        low, high = settings.structure_shuttle_back
        shuttle = way_m <= settings.structure_shuttle_m and low <= (back_m or 0.0) / way_m <= high
        steadier = _variation(ways_m) < settings.structure_by_way * _variation(times_s)
        if shuttle or steadier:
            return None, round(way_m, -1 if way_m >= LONG_M else 0)
    time_s = median(times_s)
    step_s, near_s = settings.structure_named_s
    named_s = step_s * round(time_s / step_s)
    near = named_s > 0 and abs(time_s - named_s) <= near_s
    return (named_s if near else float(round(time_s))), None


def _variation(values: Sequence[float]) -> float:
    """Mean distance from the median, as a share of it."""
    middle = median(values)
    return fmean(abs(each - middle) for each in values) / middle


def _median_way(ways_m: Iterable[float | None]) -> float | None:
    """None where one of them is not known."""
    found = list(ways_m)
    known = [each for each in found if each is not None]
    return median(known) if known and len(known) == len(found) else None


def _recovery(repetitions: Repetitions, measured: Measured) -> Recovery:
    """Medians over what lies between neighbours that are alike, or all where there are none."""
    pairs = list(pairwise(repetitions))
    alike = [pair for pair in pairs if "odd" not in {each.role for each in pair}] or pairs
    between = [measured[before.last + 1 : after.first] for before, after in alike]
    lasting_s = dict.fromkeys(("run", "walk", "still"), 0.0)
    for each in (each for part in between for each in part):
        lasting_s[each.segment.gait] += each.segment.end_s - each.segment.start_s
    gait: Gait = max(("run", "walk", "still"), key=lambda name: lasting_s[name])
    ways_m = [_way_m(part) for part in between]
    duration_s = median(after.start_s - before.end_s for before, after in alike)
    return Recovery(gait, duration_s, _median_way(ways_m))


def _way_m(part: Measured) -> float | None:
    ways_m = [each.metrics.distance_m for each in part if each.segment.gait != "still"]
    known = [each for each in ways_m if each is not None]
    return sum(known) if len(known) == len(ways_m) else None
