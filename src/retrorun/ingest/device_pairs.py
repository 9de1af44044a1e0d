"""Which sessions may be two recordings of one run: a pure look at their times.

Where one has the better heading, that is of use to the other. Where neither has, they are two
devices of one kind; the richer stands, if it holds nearly all of the other's time.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

from retrorun.archive import Match
from retrorun.archive.rows import Brief

LEAST_OVERLAP_S = 120.0
NEARLY_ALL = 0.9  # of its time must lie within the other's, for a session to go into one alike
_RANK = {"compass": 2, "unknown": 1}  # of what is worth joining; a course is worth nothing


@dataclass(frozen=True, slots=True)
class Pair:
    """A session, and another of the same time that may go into it.

    ``alike`` where neither has the better heading: which of them stands is open.
    """

    watch: Brief
    phone: Brief
    overlap_s: float
    alike: bool = False

    @property
    def turned(self) -> "Pair":
        """The other way round."""
        return replace(self, watch=self.phone, phone=self.watch)


def pairs(
    briefs: Iterable[Brief], matches: Iterable[Match], apart: Container[str] = ()
) -> list[Pair]:
    """Sessions that overlap and were never compared, the longest overlap first; pure.

    Args:
        briefs: all sessions, in the order of their starts.
        matches: what was found before.
        apart: hashes of files that stand for themselves: they go into none.
    """
    before = list(matches)
    settled = {(each.phone, each.session) for each in before}
    helped = {each.session for each in before if each.state == "joined"}
    found: list[Pair] = []
    for each, other in overlapping(briefs):
        pair = _pair(each, other, helped)
        if pair and not _apart(pair, apart) and not _ids(pair) & settled:
            found.append(pair)
    return sorted(found, key=lambda pair: (-pair.overlap_s, pair.watch.id, pair.phone.id))


def overlapping(briefs: Iterable[Brief]) -> Iterator[tuple[Brief, Brief]]:
    """Sessions that may overlap long enough to be compared, the later one first.

    Args:
        briefs: all sessions, in the order of their starts.
    """
    running: list[Brief] = []
    for each in briefs:
        running = [one for one in running if _end_s(one) - each.start_time_s >= LEAST_OVERLAP_S]
        yield from ((each, other) for other in running)
        running.append(each)


def _pair(first: Brief, second: Brief, helped: set[str]) -> Pair | None:
    overlap_s = min(_end_s(first), _end_s(second)) - max(first.start_time_s, second.start_time_s)
    if overlap_s < LEAST_OVERLAP_S or first.sha256 == second.sha256:
        return None
    ranks = [0 if each.id in helped else _RANK.get(each.heading, 0) for each in (first, second)]
    if ranks[0] == ranks[1]:
        shorter_s = min(first.duration_s, second.duration_s)
        enough = overlap_s >= NEARLY_ALL * shorter_s
        return Pair(first, second, overlap_s, alike=True) if enough else None
    watch, phone = (first, second) if ranks[0] < ranks[1] else (second, first)
    return Pair(watch, phone, overlap_s)


def _apart(pair: Pair, apart: Container[str]) -> bool:
    """Whether the user said that what would go into the other stands for itself."""
    return pair.phone.sha256 in apart or (pair.alike and pair.watch.sha256 in apart)


def _ids(pair: Pair) -> set[tuple[str, str]]:
    """Phone and session, as a match names them; either way where they are alike."""
    ids = {(pair.phone.id, pair.watch.id)}
    return ids | {(pair.watch.id, pair.phone.id)} if pair.alike else ids


def _end_s(brief: Brief) -> float:
    return brief.start_time_s + brief.duration_s
