"""The archive as the rest of retrorun sees it.

Opening it and asking what is known of files imports neither numpy nor pyarrow: a run that finds
nothing new must be quick. Sessions and tracks load what they need when they are asked for.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from retrorun.archive.annotations import Annotations
from retrorun.archive.database import Database, connect, translate_errors, writer
from retrorun.archive.objects import GZ, XZ, Objects, unpack
from retrorun.archive.pending import Pending
from retrorun.archive.rows import LESSONS, Brief, FileRow
from retrorun.archive.second_devices import SecondDevices
from retrorun.archive.writes import Stores, Writes
from retrorun.errors import ArchiveError

if TYPE_CHECKING:
    from retrorun.model import Session, Track

_FILE_COLUMNS = ", ".join(FileRow.__struct_fields__)


# what code meets where a database holds values that nothing wrote
_DAMAGE_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError)
Damaged = Callable[[str, ArchiveError], None]  # is given a session's id and what is wrong with it
_FAULTS = "page-faults"  # a document
_REPORTS = "reports"  # a document
_Summaries = tuple[tuple[int, int], "list[Session]", list[tuple[str, ArchiveError]]]
SPOOL = ".retrorun-spool"  # folder of what is unpacked; emptied, so nobody else may have the name


class Archive:
    """One athlete's archive; use ``Archive.open`` and close it, or a ``with`` statement.

    Attributes:
        folder: where it lies.
        tracks: the stored tracks.
        originals: the stored exports.
        database: queries and transactions.
        pending: exports to be analysed again, and pages to be written.
        annotations: labels, notes and the profile.
        second_devices: matches of watches and second devices.
        writes: imports and changes.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.tracks = Objects(folder / "tracks", (".parquet",))
        self.originals = Objects(folder / "originals", (GZ, XZ))
        self.database = Database(folder, connection)
        self.pending = Pending(self.database, self.originals)
        self.annotations = Annotations(self.database, self.pending)
        self.second_devices = SecondDevices(self.database, self.annotations, self.pending)
        self.writes = Writes(
            self.database,
            Stores(self.tracks, self.originals),
            self.annotations,
            self.second_devices,
            self.pending,
        )
        self._summaries: _Summaries | None = None
        self._is_writing = False

    @classmethod
    def open(cls, folder: Path, *, create: bool = True) -> Self:
        """Open the archive in a folder.

        Raises:
            ArchiveError: none there and ``create`` is off, newer than this retrorun, damaged, or
                the folder cannot be used.
        """
        return cls(folder, connect(folder, create=create))

    def close(self) -> None:
        """Let go of the database."""
        self.database.connection.close()

    def __enter__(self) -> Self:
        """The archive itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; where odd values broke what was done with it, say that it is damaged.

        Raises:
            ArchiveError: the error was one that damage brings, and the database is damaged.
        """
        try:
            if isinstance(error, _DAMAGE_ERRORS):
                self._explain(error)
        finally:
            self.close()

    def _explain(self, error: BaseException) -> None:
        from retrorun.archive import integrity

        found = next(
            # a journal that says otherwise, or that a restored archive has not yet, breaks nothing
            (each for each in integrity.findings(self.database) if each.slug != integrity.JOURNAL),
            None,
        )
        if found is not None:
            words = f"the archive is damaged: {found.message}"
            raise ArchiveError(
                integrity.DAMAGED, words, file=str(self.folder), remedy=found.remedy
            ) from error

    @contextmanager
    def writing(self, wait_s: float = 10.0) -> Iterator[None]:
        """Be the one writer until the ``with`` block ends; within another such block it is one.

        Raises:
            ArchiveError: another process writes and did not finish within ``wait_s``.
        """
        if self._is_writing:
            yield
            return
        with writer(self.folder, wait_s):
            self._is_writing = True
            try:
                yield
            finally:
                self._is_writing = False

    # what is known of files

    def files(self) -> list[FileRow]:
        """Every file that was ever seen, by path."""
        rows = self.database.rows(f"SELECT {_FILE_COLUMNS} FROM files ORDER BY path")  # noqa: S608 - columns
        return [FileRow(*row) for row in rows]

    def problems(self) -> list[FileRow]:
        """Files that became no session: failed first, then those that are no run."""
        rows = self.database.rows(
            f"SELECT {_FILE_COLUMNS} FROM files "  # noqa: S608 - columns of our own
            "WHERE outcome IN ('failed', 'not-a-run') ORDER BY outcome, path",
        )
        return [FileRow(*row) for row in rows]

    # what was computed

    def sessions(self, damaged: Damaged | None = None) -> "list[Session]":
        """All sessions, oldest first, with everything; many of them need much memory.

        Sessions that hold seconds in a privacy zone are left out like those that cannot be read.

        Args:
            damaged: is called with each session that is left out; None: the first one is raised.

        Raises:
            ArchiveError: a session is left out, or the database cannot be read.
        """
        from retrorun.archive import serialization

        hidden = self._hide_exposed(damaged)
        return serialization.sessions(
            ((each, document) for each, document in self._documents() if each not in hidden),
            damaged,
        )

    def _hide_exposed(self, damaged: Damaged | None) -> set[str]:
        """Ids of sessions that hold seconds in a privacy zone; ``damaged`` is called with each."""
        from retrorun import privacy_zones

        exposed = self.annotations.exposed()
        for each in exposed:
            if damaged is None:
                raise privacy_zones.exposed_error(each)
            damaged(each, privacy_zones.exposed_error(each))
        return set(exposed)

    def refuse_exposed(self, session_id: str) -> None:
        """Refuse a session that holds seconds in a privacy zone.

        Raises:
            ArchiveError: it does.
        """
        from retrorun import privacy_zones

        if session_id in self.annotations.exposed():
            raise privacy_zones.exposed_error(session_id)

    def summaries(self, damaged: Damaged | None = None) -> "list[Session]":
        """All sessions, oldest first, without what only their own pages show.

        They are kept in memory until the archive changes. See ``serialization`` for the fields that
        are not there.

        Args:
            damaged: as for ``sessions``.
        """
        from retrorun.archive import serialization

        # changes by other connections, and by this one
        state = (self.database.state(), self.database.connection.total_changes)
        if self._summaries is None or self._summaries[0] != state:
            problems: list[tuple[str, ArchiveError]] = []
            read = serialization.summaries(self._documents(), lambda *each: problems.append(each))
            self._summaries = state, read, problems
        _, read, problems = self._summaries
        hidden = self._hide_exposed(damaged)
        for each in problems:
            if damaged is None:
                raise each[1]
            if each[0] not in hidden:
                damaged(*each)
        return [each for each in read if each.id not in hidden]

    def lessons(self) -> "list[Session]":
        """All sessions that can be read, oldest first, with nothing but what is learnt from.

        Those that hold seconds in a privacy zone are among them: lessons stay inside.
        """
        from retrorun.archive import serialization

        found, damaged = serialization.lessons(self._read(LESSONS))
        if damaged:  # the document of a damaged record may be sound
            whole = ((*each, False) for each in self._documents() if each[0] in damaged)
            found += serialization.lessons(whole)[0]
        return sorted(found, key=lambda each: (each.start_time_s, each.id))

    def sums(self) -> "list[Session]":
        """All sessions, oldest first, with nothing but when they were and what was moved.

        Those that hold seconds in a privacy zone are left out.
        """
        from retrorun.archive.serialization import summed

        hidden = set(self.annotations.exposed())
        starts = self.database.rows(
            "SELECT id, start_time_s, duration_s FROM sessions ORDER BY start_time_s, id"
        )
        return summed(
            (each for each in starts if each[0] not in hidden),
            self.database.rows(
                "SELECT session, kind, seconds, moving_s, distance_m FROM totals "
                "WHERE seconds > 0 AND kind IN ('backward', 'forward', 'candidate')"
            ),
        )

    def _documents(self) -> "Iterator[tuple[str, bytes]]":
        return self._read("SELECT id, document FROM sessions ORDER BY start_time_s, id")

    def _read(self, query: str) -> "Iterator[tuple[Any, ...]]":
        """The rows of a query, one after the other: documents of many need much memory."""
        with translate_errors(self.folder):
            # a generator that is left closes what it yields from, and the database may be closed
            for row in self.database.connection.execute(query):  # noqa: UP028
                yield row

    def session(self, session_id: str) -> "Session":
        """One session by its id or an unambiguous beginning of it.

        Raises:
            ArchiveError: there is none, or more than one, or it cannot be read.
        """
        from retrorun.archive import serialization

        full_id, document = self.database.find_session("id, document", session_id)
        return serialization.session(document, full_id)

    def readable_session(self, session_id: str) -> "Session | None":
        """The same; None where its document cannot be read.

        Raises:
            ArchiveError: there is none, or more than one.
        """
        (full_id,) = self.database.find_session("id", session_id)
        try:
            return self.session(full_id)
        except ArchiveError:
            return None

    def channels(self, session_id: str) -> tuple[str, ...]:
        """The channels of one session; of one that cannot be read, those of its track.

        Where the track cannot be read either, none are known.

        Raises:
            ArchiveError: there is none, or more than one.
        """
        session = self.readable_session(session_id)
        if session is not None:
            return tuple(session.channels)
        from retrorun import prepare

        try:
            return tuple(prepare.coverage(self.track(session_id)))
        except ArchiveError:
            return ()

    def track(self, session_id: str) -> "Track":
        """The 1 Hz track of a session.

        Raises:
            ArchiveError: no such session, or its track is missing or damaged.
        """
        from retrorun.archive import serialization

        (sha256,) = self.database.find_session("track", session_id)
        return serialization.decode_track(self.tracks.get(sha256))

    def original(self, sha256: str) -> bytes:
        """The bytes of an imported export.

        Raises:
            ArchiveError: missing or damaged.
        """
        return unpack(self.originals.get(sha256))

    def has_session(self, sha256: str) -> bool:
        """Whether a file has a session."""
        return self.database.has_session(sha256)

    def positions(self, sha256: str) -> frozenset[int]:
        """Which activities of a file have a session, counted from 0."""
        rows = self.database.rows("SELECT position FROM sessions WHERE sha256 = ?", sha256)
        return frozenset(position for (position,) in rows)

    def file_name(self, sha256: str) -> str:
        """The name under which a file came; its hash if that is not known."""
        return self.database.file_name(sha256)

    def known(self) -> dict[str, str]:
        """Session id → SHA-256 of its file, oldest first."""
        return dict(self.database.rows("SELECT id, sha256 FROM sessions ORDER BY start_time_s, id"))

    def briefs(self) -> list[Brief]:
        """As much of each session as tells it from others, oldest first; without documents."""
        rows = self.database.rows(
            "SELECT id, sha256, start_time_s, duration_s, distance_m, heading FROM sessions "
            "ORDER BY start_time_s, id",
        )
        return [Brief(*row) for row in rows]

    def recorded_near(self, sha256: str, within_s: float) -> list[tuple[str, str]]:
        """Sessions of a file, each with one of another file that began within some seconds of it.

        Args:
            sha256: of the file.
            within_s: between the two starts.
        """
        return self.database.rows(
            "SELECT own.id, other.id FROM sessions own JOIN sessions other ON other.start_time_s "
            "BETWEEN own.start_time_s - ?2 AND own.start_time_s + ?2 "
            "AND other.sha256 != own.sha256 WHERE own.sha256 = ?1 ORDER BY own.id, other.id",
            sha256,
            within_s,
        )

    def hashes(self, session_ids: Iterable[str]) -> list[str]:
        """Hashes of the files of sessions, each once, in their order.

        Raises:
            ArchiveError: one of the ids is unknown or ambiguous.
        """
        return list(
            dict.fromkeys(self.database.find_session("sha256", each)[0] for each in session_ids)
        )

    def import_of(self, sha256: str) -> int:
        """The import that brought a file; 0 if it is not known."""
        rows = self.database.rows("SELECT max(import_id) FROM files WHERE sha256 = ?", sha256)
        return int(rows[0][0] or 0)

    def page_faults(self) -> dict[str, str]:
        """Session id → why it has no page of its own, of those that could not be shown."""
        import json

        document = self.database.document(_FAULTS)
        known = json.loads(document) if document is not None else {}
        return {each: known[each] for each in sorted(self.known().keys() & known.keys())}

    def set_page_faults(self, faults: Mapping[str, str]) -> None:
        """Keep which sessions could not be shown, and why."""
        import json

        with self.database.transaction():
            self.database.connection.execute("DELETE FROM documents WHERE name = ?", (_FAULTS,))
            if faults:
                document = json.dumps(dict(faults), sort_keys=True).encode()
                self.database.put_document(_FAULTS, document)

    def set_reports(self, folder: Path) -> None:
        """Keep where pages were written last, for the next time."""
        import json

        document = json.dumps(str(folder.absolute())).encode("utf-8", "surrogateescape")
        with self.database.transaction():
            self.database.put_document(_REPORTS, document)

    def reports(self) -> Path | None:
        """Where pages were written last; None where that is not known."""
        import json

        document = self.database.document(_REPORTS)
        try:
            found = json.loads(document) if document is not None else None
        except ValueError:
            return None
        return Path(found) if isinstance(found, str) else None

    def stale(self, settings: str, athlete: str, version: str) -> list[str]:
        """Ids of sessions made with other settings, another profile or another version."""
        rows = self.database.rows(
            "SELECT id FROM sessions WHERE settings <> ? OR athlete <> ? OR version <> ? "
            "ORDER BY start_time_s, id",
            settings,
            athlete,
            version,
        )
        return [session_id for (session_id,) in rows]
