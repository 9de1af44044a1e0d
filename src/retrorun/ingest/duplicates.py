"""Which sessions are recordings of one activity, and which of them is to stand.

A run often comes twice: as FIT from the watch and as GPX from the platform it was sent to; or a
file grew after it had been imported. Counting it twice would spoil every total.

- Same activity: it starts within ``START_S``, lasts and measures the same within ``SHARE``, and
  went the same way, where both know their way.
- The same file, changed, that starts at the same time as before replaces what it was.
- Otherwise the richer stands: the one with a compass heading, then the one that knows more of the
  body, then the one with more channels; of equals the one that began first, then the longer one
  by time and by distance, then the one with the greater hash. So it does not matter which file
  came first, and the comparison comes to the same choice (``compare.each_once``).
- Where only one has a compass heading and the other knows more of the body, they are two devices'
  recordings of one run: both stay, to be joined (``second_device``).
- A file is only replaced as a whole: one that also holds other activities stands, and a file with
  one of those alone goes into it, whichever is richer.

``pairs`` finds sessions that overlap and may be of two devices. Where one has the better heading,
that is of use to the other. Where neither has, they are two devices of one kind; the richer stands,
if it holds nearly all of the other's time. Copies of one recording whose clocks differ by hours,
as where local time was written as UTC, are found by starts that differ by whole quarters of an
hour, and are joined like two devices of one kind.
"""

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from retrorun.archive import Match, Parcel, SessionRow
from retrorun.archive.rows import Brief
from retrorun.errors import ArchiveError
from retrorun.metrics import BODY_LABELS
from retrorun.settings import PrepareSettings

if TYPE_CHECKING:
    from retrorun.model import Track

START_S = 10.0
SHARE = 0.02
SLACK_S = 10.0  # a file's last seconds depend on who wrote it
SLACK_M = 100.0
FARTHEST_M = 100.0  # between two exports of one run; clocks may differ by some seconds
_EVERY_S = 10  # of which positions are compared
_M_PER_DEG = 111_195.0
STEPS = frozenset({"cadence"})  # all that a phone knows of the body
LEAST_OVERLAP_S = 120.0
NEARLY_ALL = 0.9  # of its time must lie within the other's, for a session to go into one alike
WORTH_JOINING = {"compass": 2, "unknown": 1}  # ranks of headings; a course is worth nothing
ANOTHER_RUN = "it is as long, and starts hours from the other, but is another run"


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a newcomer.

    Attributes:
        duplicate_of: session id of which it is a second copy; None if it is to be imported.
        replaces: old session id → its own, where it takes the place of an older file.
    """

    duplicate_of: str | None = None
    replaces: dict[str, str] = msgspec.field(default_factory=dict)


def same(first: Brief, second: Brief, *, grown: bool = False) -> bool:
    """Whether two sessions are one activity; ``grown`` asks for the start only."""
    if abs(first.start_time_s - second.start_time_s) > START_S:
        return False
    longer_s = max(first.duration_s, second.duration_s)
    if not grown and abs(first.duration_s - second.duration_s) > max(SLACK_S, SHARE * longer_s):
        return False
    if grown or first.distance_m is None or second.distance_m is None:
        return True
    longer_m = max(first.distance_m, second.distance_m)
    return abs(first.distance_m - second.distance_m) <= max(SLACK_M, SHARE * longer_m)


def richness(each: Brief, channels: Iterable[str]) -> tuple[bool, int, int]:
    """What is compared where one of two recordings of the same activity is to stand."""
    known = frozenset(channels)
    return each.heading == "compass", len(known & BODY_LABELS), len(known)


def brief(row: SessionRow) -> Brief:
    """What is compared of a session."""
    return Brief(row.id, row.sha256, row.start_time_s, row.duration_s, row.distance_m, row.heading)


class Known:
    """The sessions there are, by their start; learns of those that are added and replaced."""

    def __init__(
        self,
        sessions: Iterable[Brief],
        channels: Callable[[str], Iterable[str]] = lambda _: (),
        apart: Callable[[Brief, Brief], bool] = lambda *_: False,
        alone: Callable[[Brief], bool] = lambda _: False,
    ) -> None:
        """Know these sessions.

        Args:
            sessions: all of them.
            channels: those of one of them, by its id.
            apart: whether two went different ways.
            alone: whether one is a copy of none. What its own file holds later takes its place.
        """
        self._by_start: dict[int, list[Brief]] = {}
        self._read_channels = channels
        self._apart = apart
        self._alone = alone
        self._channels: dict[str, frozenset[str]] = {}
        self._by_file: dict[str, set[str]] = {}
        for each in sessions:
            self._add(each)

    def _add(self, each: Brief) -> None:
        self._by_start.setdefault(_bucket(each.start_time_s), []).append(each)
        self._by_file.setdefault(each.sha256, set()).add(each.id)

    def _near(self, each: Brief) -> list[Brief]:
        here = _bucket(each.start_time_s)
        near = (self._by_start.get(place, ()) for place in (here - 1, here, here + 1))
        return [other for some in near for other in some if other.sha256 != each.sha256]

    def judge(self, rows: Sequence[SessionRow], before: str | None = None) -> Verdict:
        """What becomes of a file with these sessions.

        Args:
            rows: the newcomer's sessions.
            before: hash of what the same file held before it changed.
        """
        self._channels |= {row.id: _channels(row) for row in rows}
        return self.judge_briefs([brief(row) for row in rows], before)

    def judge_briefs(self, own: Sequence[Brief], before: str | None = None) -> Verdict:
        """The same, of sessions whose channels are known by their ids."""
        matched = [(each, other) for each in own for other in self._matches(each, before)]
        grown = any(other.sha256 == before for _, other in matched)
        is_whole = self._covers(old for _, old in matched)
        unmatched = len({each.id for each, _ in matched}) < len(own)
        richer = [other for each, other in matched if self.rank(other) > self.rank(each)]
        if not matched or (grown and not is_whole):
            verdict = Verdict()
        elif unmatched and not grown:
            verdict = Verdict(replaces=self._contained(matched))
        elif grown or (is_whole and not richer):
            verdict = Verdict(replaces={other.id: each.id for each, other in matched})
        else:
            others = richer or [other for _, other in matched]
            return Verdict(duplicate_of=max(others, key=self.rank).id)
        self._add_all(own, {other.sha256 for _, other in matched if other.id in verdict.replaces})
        return verdict

    def _covers(self, matched: Iterable[Brief]) -> bool:
        """Whether these are all the sessions of their files, so that none would be lost."""
        partners = list(matched)
        ids = {each.id for each in partners}
        return all(self._by_file[each.sha256] <= ids for each in partners)

    def _contained(self, matched: Sequence[tuple[Brief, Brief]]) -> dict[str, str]:
        """Of files that a newcomer holds whole, beside other activities: old session → its own.

        Which of them came first makes no difference.
        """
        ids = {old.id for _, old in matched}
        return {old.id: own.id for own, old in matched if self._by_file[old.sha256] <= ids}

    def _matches(self, each: Brief, before: str | None) -> list[Brief]:
        """Sessions of the same activity; of what the same file held before, that alone."""
        near = self._near(each)
        held = [one for one in near if one.sha256 == before and same(each, one, grown=True)]
        return held[:1] or [other for other in near if self.alike(each, other)]

    def alike(self, each: Brief, other: Brief) -> bool:
        """Whether two sessions are two exports of one recording."""
        if self._alone(each) or self._alone(other):
            return False
        if not same(each, other) or self._two_devices(each, other):
            return False
        return not self._apart(each, other)

    def _two_devices(self, each: Brief, other: Brief) -> bool:
        """Whether one gives a compass heading and the other what the body did, but for steps.

        A phone counts steps too, by its bounce, beside a watch that may know the heart alone.
        """
        if (each.heading == "compass") == (other.heading == "compass"):
            return False
        phone, watch = (each, other) if each.heading == "compass" else (other, each)
        knows, of_phone = self._body(watch.id), self._body(phone.id)
        return bool(knows - of_phone) and of_phone - knows <= STEPS

    def _known(self, session_id: str) -> frozenset[str]:
        if session_id not in self._channels:
            self._channels[session_id] = frozenset(self._read_channels(session_id))
        return self._channels[session_id]

    def _body(self, session_id: str) -> frozenset[str]:
        return self._known(session_id) & BODY_LABELS

    def rank(self, each: Brief) -> tuple[bool, int, int, float, float, float, str]:
        """What is compared of two recordings of one activity; no two files have the same."""
        rich = richness(each, self._known(each.id))
        return (*rich, -each.start_time_s, each.duration_s, each.distance_m or 0.0, each.sha256)

    def _add_all(self, own: Sequence[Brief], replaced: set[str]) -> None:
        if replaced:
            for some in self._by_start.values():
                some[:] = [each for each in some if each.sha256 not in replaced]
        for each in own:
            self._add(each)


def _channels(row: SessionRow) -> frozenset[str]:
    """The channels of a session that is not written yet."""
    import msgspec

    channels = msgspec.json.decode(row.document, type=dict[str, msgspec.Raw]).get("channels")
    return frozenset(msgspec.json.decode(channels)) if channels else frozenset()


def _bucket(start_time_s: float) -> int:
    return int(start_time_s // (2 * START_S))


class Places:
    """Where sessions were: those in the archive, and those on their way into it.

    Args:
        stored: the track of a session by its id.
    """

    def __init__(self, stored: "Callable[[str], Track]") -> None:
        self._stored = stored
        self._coming: dict[str, bytes] = {}

    def expect(self, parcels: Iterable[Parcel]) -> None:
        """Know the tracks that are about to be written, and forget those that were."""
        self._coming = {
            row.id: track
            for each in parcels
            for row, track in zip(each.sessions, each.tracks, strict=True)
        }

    def apart(self, first: Brief, second: Brief) -> bool:
        """Whether they were far from each other most of the time; False where that is unknown."""
        tracks = [self._track(each.id) for each in (first, second)]
        return all(tracks) and _apart_m(*(each for each in tracks if each)) > FARTHEST_M

    def are_copies(self, first: Brief, second: Brief, settings: PrepareSettings) -> bool:
        """Whether they are one recording with clocks hours apart; False where it is unknown."""
        from retrorun.prepare.second_device import are_copies

        ours, theirs = (self._track(each.id) for each in (first, second))
        return bool(ours and theirs and are_copies(ours, theirs, settings))

    def _track(self, session: str) -> "Track | None":
        from retrorun.archive import serialization

        data = self._coming.get(session)
        try:
            return self._stored(session) if data is None else serialization.decode_track(data)
        except ArchiveError:
            return None


def _apart_m(first: "Track", second: "Track") -> float:
    """Median distance at the same moments; 0 where they have no place at the same time."""
    import numpy as np

    from retrorun import arithmetic

    shift = round(first.start_time_s - second.start_time_s)
    begin, end = max(0, -shift), min(first.seconds, second.seconds - shift)
    if begin >= end:
        return 0.0
    ours, theirs = slice(begin, end, _EVERY_S), slice(begin + shift, end + shift, _EVERY_S)
    names = ("latitude_deg", "longitude_deg")
    north, east = (first.column(name)[ours] - second.column(name)[theirs] for name in names)
    east = east * arithmetic.cos(np.radians(first.column(names[0])[ours]))
    apart_m = arithmetic.hypot(north, east) * _M_PER_DEG
    known = apart_m[np.isfinite(apart_m)]
    return float(np.median(known)) if known.size else 0.0


class Pair(msgspec.Struct, frozen=True):
    """A session, and another of the same time that may go into it.

    ``alike`` where neither has the better heading: which of them stands is open. ``hours_apart``
    where they are of one time only if one clock is off by hours: ``overlap_s`` is without them.
    """

    watch: Brief
    phone: Brief
    overlap_s: float
    alike: bool = False
    hours_apart: bool = False

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
        matches: what was found before. That two are other runs by their clocks (``ANOTHER_RUN``)
            holds no longer where one has another clock now, and they overlap.
        apart: hashes of files that stand for themselves: they go into none.
    """
    before = list(matches)
    other_runs = {(each.phone, each.session) for each in before if each.reason == ANOTHER_RUN}
    settled = {(each.phone, each.session) for each in before} - other_runs
    helped = {each.session for each in before if each.state == "joined"}
    known = list(briefs)
    found: list[Pair] = []
    for pair in (
        *(_pair(each, other, helped) for each, other in overlapping(known)),
        *(_pair(each, other, helped, hours_apart=True) for each, other in hours_apart(known)),
    ):
        if pair and not _apart(pair, apart) and not _ids(pair) & settled:
            if pair.hours_apart and _ids(pair) & other_runs:
                continue
            found.append(pair)
            settled |= _ids(pair)
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


def hours_apart(briefs: Iterable[Brief]) -> Iterator[tuple[Brief, Brief]]:
    """Sessions that are alike but for whole quarters of an hour between their starts.

    They may be copies of one run, one with a wrong clock. The later one is first.

    Args:
        briefs: all sessions, in the order of their starts.
    """
    limits = PrepareSettings()
    before: deque[Brief] = deque()
    for each in briefs:
        while before and each.start_time_s - before[0].start_time_s > limits.clock_most_s + START_S:
            before.popleft()
        for other in before:
            ahead_s = limits.clock_ahead_s(each.start_time_s - other.start_time_s)
            if not ahead_s or each.sha256 == other.sha256:
                continue
            if same(replace(each, start_time_s=each.start_time_s - ahead_s), other):
                yield each, other
        before.append(each)


def _pair(
    first: Brief, second: Brief, helped: set[str], *, hours_apart: bool = False
) -> Pair | None:
    shorter_s = min(first.duration_s, second.duration_s)
    overlap_s = shorter_s if hours_apart else _overlap_s(first, second)
    if overlap_s < LEAST_OVERLAP_S or first.sha256 == second.sha256:
        return None
    ranks = [
        0 if each.id in helped else WORTH_JOINING.get(each.heading, 0) for each in (first, second)
    ]
    if ranks[0] == ranks[1]:
        enough = overlap_s >= NEARLY_ALL * shorter_s
        found = Pair(first, second, overlap_s, alike=True, hours_apart=hours_apart)
        return found if enough else None
    watch, phone = (first, second) if ranks[0] < ranks[1] else (second, first)
    return Pair(watch, phone, overlap_s, hours_apart=hours_apart)


def _overlap_s(first: Brief, second: Brief) -> float:
    return min(_end_s(first), _end_s(second)) - max(first.start_time_s, second.start_time_s)


def _apart(pair: Pair, apart: Container[str]) -> bool:
    """Whether the user keeps the session apart that would go into the other."""
    return pair.phone.sha256 in apart or (pair.alike and pair.watch.sha256 in apart)


def _ids(pair: Pair) -> set[tuple[str, str]]:
    """Phone and session, as a match names them, either way."""
    return {(pair.phone.id, pair.watch.id), (pair.watch.id, pair.phone.id)}


def _end_s(brief: Brief) -> float:
    return brief.start_time_s + brief.duration_s
