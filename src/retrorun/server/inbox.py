"""The inbox of the server: candidates of all sessions, files set aside, and what answers taught."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import cast

import msgspec

from retrorun.archive import Archive, FileRow
from retrorun.errors import ArchiveError
from retrorun.language import current_language, translated
from retrorun.model import Athlete, Session, TimeZone
from retrorun.report.inbox import SetAside, Waiting, learnt_sentence, waiting_of
from retrorun.text import printable


def set_aside(row: FileRow) -> SetAside:
    """A file that became no session, as the pages name it."""
    reason = row.message or row.slug or ""
    name = printable(PurePath(row.path).name)
    return SetAside(name, translated(reason), translated(row.remedy or ""))


def learnt_of(athlete: Athlete) -> str:
    """What the answers so far have taught, in one sentence."""
    habit = athlete.gait_habit
    right, count = (habit.backward, habit.answers) if habit else (0, 0)
    return learnt_sentence([True] * right + [False] * (count - right), athlete)


class _Segment(msgspec.Struct):
    start_s: float
    end_s: float
    direction: str
    verdict: str
    probability: float

    @property
    def kind(self) -> str:
        """As ``model.Segment.kind``, as far as the queue asks."""
        is_candidate = self.direction == "backward" and self.verdict == "candidate"
        return "candidate" if is_candidate else self.direction


class _Measured(msgspec.Struct):
    segment: _Segment


class _Measures(msgspec.Struct):
    segments: list[_Measured]


class _Document(msgspec.Struct):
    """As much of a stored session as the queue asks."""

    id: str
    start_time_s: float
    zone: TimeZone | None
    sport: str | None
    name: str | None
    measures: _Measures


_DECODER = msgspec.json.Decoder(_Document)


class Queue:
    """The candidates of all sessions; a session's are read again only when its track changes."""

    def __init__(self) -> None:
        # session and language → track, and candidates
        self._known: dict[tuple[str, str], tuple[str, tuple[Waiting, ...]]] = {}

    def candidates(self, archive: Archive, newer: Mapping[str, Session]) -> tuple[Waiting, ...]:
        """The candidates, newest session first.

        Args:
            archive: has the sessions.
            newer: id → session, of those that are newer than what the archive holds.
        """
        rows = archive.database.rows(
            "SELECT id, track, (SELECT sum(seconds) FROM totals WHERE session = id "
            "AND kind = 'candidate') FROM sessions ORDER BY start_time_s DESC, id"
        )
        hidden = set(archive.annotations.exposed())
        there = {each for each, *_ in rows}
        self._known = {each: found for each, found in self._known.items() if each[0] in there}
        found: list[Waiting] = []
        for session_id, track, seconds in rows:
            if session_id in hidden:
                continue
            if session_id in newer:
                found += waiting_of(newer[session_id])
            elif seconds:
                found += self._read(archive, session_id, track)
        return tuple(found)

    def _read(self, archive: Archive, session_id: str, track: str) -> tuple[Waiting, ...]:
        key = session_id, current_language()
        known = self._known.get(key)
        if known is None or known[0] != track:
            known = self._known[key] = track, _waiting(archive, session_id)
        return known[1]


def _waiting(archive: Archive, session_id: str) -> tuple[Waiting, ...]:
    """The candidates of a stored session; none of one that cannot be read."""
    try:
        (document,) = archive.database.find_session("document", session_id)
        # it has all that is asked of a session for this, and is read in a fifth of the time
        return waiting_of(cast(Session, _DECODER.decode(document)))
    except (ArchiveError, msgspec.MsgspecError, ValueError, OverflowError):
        return ()
