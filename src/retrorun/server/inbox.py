"""The inbox of the server: candidates of all sessions, files set aside, and what answers taught.

And the page of the privacy zones, which are changed by the functions of the command line.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, cast

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun import ingest, profile
from retrorun.archive import Archive, FileRow
from retrorun.errors import ArchiveError, SettingsError
from retrorun.language import current_language, translated
from retrorun.model import Athlete, Session, TimeZone, Track, Zone
from retrorun.report.inbox import SetAside, Waiting, learnt_sentence, waiting_of
from retrorun.report.numbers import local_date, short_date
from retrorun.report.page import LIVE, render
from retrorun.report.words import say, say_count
from retrorun.server.security import Refused, bounded, member
from retrorun.text import printable
from retrorun.time_zone import local_time


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


MOST_TRACKS = 200  # newest sessions of which a place can be chosen for a zone
MOST_AWAY_S = 5.0  # a position from longer before or after a moment is not that of the moment
SECRET_BYTES = 32


class ZoneChange(msgspec.Struct, frozen=True):
    """What a page wants of the privacy zones: one is removed, or one is added.

    ``session`` and ``at`` say where on a track: ``start``, ``finish`` or seconds since its start.
    """

    is_added: bool
    zone: Zone
    session: str = ""
    at: str | float = ""


def zone_change_of(document: Any) -> ZoneChange:  # noqa: ANN401 - JSON
    """The change of the privacy zones that a page has sent.

    Raises:
        Refused: it is none.
    """
    kind = member(document, "change", str)
    if kind not in {"add", "remove"}:
        raise Refused(400, "The request is no change of the zones.")
    radius_m = bounded(document, "radius_m")
    if kind == "add" and "session" in document:
        at = document.get("at")
        where = at if at in ("start", "finish") else bounded(document, "at")
        session = member(document, "session", str)
        if not session:
            raise Refused(400, "The request has no session that can be used.")
        return ZoneChange(True, Zone(0.0, 0.0, radius_m), session, where)  # noqa: FBT003
    place = bounded(document, "latitude_deg"), bounded(document, "longitude_deg")
    return ZoneChange(kind == "add", Zone(*place, radius_m))


def zones_page(archive: Archive, zones: tuple[Zone, ...]) -> str:
    """The page on which privacy zones are seen, added and removed.

    Args:
        archive: has the sessions on whose tracks a place can be chosen.
        zones: those in force.
    """
    is_fresh = archive.pending.is_empty() and not archive.annotations.exposed()
    return render(
        "zones",
        say("zones_title"),
        LIVE,
        zones=zones,
        tracks=_tracks(archive),
        fresh=is_fresh,
        charts=False,
    )


def _tracks(archive: Archive) -> list[tuple[str, str]]:
    """Id and words of the newest sessions that can be read and may be shown."""
    hidden = set(archive.annotations.exposed())
    rows = archive.database.rows(
        f"SELECT id, document FROM sessions ORDER BY start_time_s DESC, id LIMIT {MOST_TRACKS}"  # noqa: S608 - our own number
    )
    found = []
    for session_id, document in rows:
        try:
            session = cast(Session, _DECODER.decode(document))
            moment = local_time(session.start_time_s, session.zone)
            words = f"{short_date(local_date(session))}, {moment:%H:%M} {session.name or ''}"
        except (msgspec.MsgspecError, ValueError, OverflowError):
            continue
        if session_id not in hidden:
            found.append((session_id, words.strip()))
    return found


def change_zones(
    archive: Archive,
    athlete_of: Callable[[Archive], Athlete],
    track_of: Callable[[Archive, str], Track],
    wanted: ZoneChange,
) -> tuple[str, int]:
    """Add or remove a privacy zone; what it means in words, and how many sessions are due.

    Args:
        archive: is locked for other writers meanwhile; none of them is waited for.
        athlete_of: the athlete, with the zones that a file of the command line states; asked
            before anything is stored, so that a file that cannot be read is told in time.
        track_of: the track of a session as it is shown.
        wanted: what a page asked for.

    Raises:
        ArchiveError: there is no such session, or another process writes.
        SettingsError: there cannot be such a zone, or the place on the track is not known.
    """
    zone = wanted.zone
    if wanted.session:
        zone = _zone_on(track_of(archive, wanted.session), wanted.at, zone.radius_m)
    secret = secrets.token_hex(SECRET_BYTES)  # one for good: drawn only where there is none

    def change(now: Athlete) -> Athlete:
        kept = tuple(each for each in now.privacy_zones if each != zone)
        zones = (*kept, zone) if wanted.is_added else kept
        after = profile.change(now, {"privacy_zones": msgspec.to_builtins(zones)})
        return replace(after, zone_secret=after.zone_secret or secret) if zones else after

    with _writing_at_once(archive):
        athlete_of(archive)
        before, _ = ingest.store_zones(archive, change)
        is_stated = not wanted.is_added and zone in athlete_of(archive).privacy_zones
    due = len(archive.annotations.exposed())
    if wanted.is_added:
        return say_count("zone_kept", due) if due else say("zone_kept_none"), due
    if is_stated:
        return say("zone_stated"), due
    return say("zone_removed" if zone in before.privacy_zones else "zone_gone"), due


@contextmanager
def _writing_at_once(archive: Archive) -> Iterator[None]:
    """The one writer's lock, or an error at once: answers would wait behind who waits for it."""
    try:
        with archive.writing(0.0):
            yield
    except ArchiveError as problem:
        if problem.slug != "archive-busy":
            raise
        words, remedy = "Files are being imported", "Try again when they are done."
        raise ArchiveError(problem.slug, words, remedy=remedy) from problem


def _zone_on(track: Track, at: str | float, radius_m: float) -> Zone:
    """A zone about a place on a track: its start, its finish, or where it was at a moment.

    A track that is cut at the wanted end begins or ends at the edge of what is hidden, not at the
    door, about which a second, larger zone has to lie.
    """
    latitude_deg, longitude_deg = track.column("latitude_deg"), track.column("longitude_deg")
    known = np.flatnonzero(np.isfinite(latitude_deg) & np.isfinite(longitude_deg))
    if not known.size:
        raise SettingsError("zone-without-place", "the session has no positions")
    remedy = "Give latitude and longitude instead."
    recorded_s = track.seconds + sum(end - start for start, end in track.hidden)
    if at == "start" and any(start == 0 for start, _ in track.hidden):
        raise SettingsError(
            "zone-end-hidden", "the session's start is hidden already", remedy=remedy
        )
    if at == "finish" and any(end == recorded_s for _, end in track.hidden):
        raise SettingsError(
            "zone-end-hidden", "the session's finish is hidden already", remedy=remedy
        )
    ends = {"start": known[0], "finish": known[-1]}
    second = ends[at] if isinstance(at, str) else known[np.argmin(np.abs(known - at))]
    if not isinstance(at, str) and not 0 <= at <= track.seconds:
        raise SettingsError("zone-moment-outside", "the session has no such moment")
    if not isinstance(at, str) and abs(second - at) > MOST_AWAY_S:
        raise SettingsError("zone-moment-unplaced", "the session has no position at that moment")
    return Zone(float(latitude_deg[second]), float(longitude_deg[second]), radius_m)
