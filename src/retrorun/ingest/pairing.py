"""Which sessions may be two recordings of one run: a pure look at their times."""

from collections.abc import Iterable
from dataclasses import dataclass

from retrorun.archive import Match
from retrorun.archive.rows import Brief

LEAST_OVERLAP_S = 120.0
_RANK = {"compass": 2, "unknown": 1}  # of what is worth joining; a course is worth nothing


@dataclass(frozen=True, slots=True)
class Pair:
    """A session, and another of the same time whose heading may be of use to it."""

    watch: Brief
    phone: Brief
    overlap_s: float


def pairs(briefs: Iterable[Brief], matches: Iterable[Match]) -> list[Pair]:
    """Sessions that overlap and were never compared, the longest overlap first; pure.

    Args:
        briefs: all sessions, in the order of their starts.
        matches: what was found before.
    """
    before = list(matches)
    settled = {(each.phone, each.session) for each in before}
    helped = {each.session for each in before if each.state == "joined"}
    found: list[Pair] = []
    running: list[Brief] = []
    for each in briefs:
        running = [one for one in running if _end_s(one) - each.start_time_s >= LEAST_OVERLAP_S]
        for other in running:
            pair = _pair(each, other, helped)
            if pair and (pair.phone.id, pair.watch.id) not in settled:
                found.append(pair)
        running.append(each)
    return sorted(found, key=lambda pair: (-pair.overlap_s, pair.watch.id, pair.phone.id))


def _pair(first: Brief, second: Brief, helped: set[str]) -> Pair | None:
    overlap_s = min(_end_s(first), _end_s(second)) - max(first.start_time_s, second.start_time_s)
    if overlap_s < LEAST_OVERLAP_S or first.sha256 == second.sha256:
        return None
    ranks = [0 if each.id in helped else _RANK.get(each.heading, 0) for each in (first, second)]
    if ranks[0] == ranks[1]:
        return None
    watch, phone = (first, second) if ranks[0] < ranks[1] else (second, first)
    return Pair(watch, phone, overlap_s)


def _end_s(brief: Brief) -> float:
    return brief.start_time_s + brief.duration_s
