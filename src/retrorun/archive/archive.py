"""The archive as the rest of retrorun sees it.

Opening it and asking what is known of files imports neither numpy nor pyarrow: a run that finds
nothing new must be quick. Sessions and tracks load what they need when they are asked for.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from retrorun.archive import database
from retrorun.archive.objects import Objects, unpack
from retrorun.archive.rows import FileRow, Parcel, SessionRow
from retrorun.archive.said import Said, raw

if TYPE_CHECKING:
    from retrorun.model import Session, Track

_FILE_COLUMNS = ", ".join(field.name for field in fields(FileRow))
_SESSION_COLUMNS = ", ".join(field.name for field in fields(SessionRow))
_SESSION_MARKS = ", ".join("?" * len(fields(SessionRow)))
# paths need not be UTF-8: SQLite keeps the bytes as they are
_FILE_MARKS = "CAST(? AS TEXT)" + ", ?" * (len(fields(FileRow)) - 1)


@dataclass(frozen=True, slots=True)
class Import:
    """One import as the archive lists it."""

    id: int
    folder: str
    version: str
    started_s: float
    undone_s: float | None
    sessions: int


class Archive(Said):
    """One athlete's archive; use ``Archive.open`` and close it, or a ``with`` statement."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        super().__init__(folder, connection)
        self.tracks = Objects(folder / "tracks", ".parquet")
        self.originals = Objects(folder / "originals", ".gz")

    @classmethod
    def open(cls, folder: Path, *, create: bool = True) -> Self:
        """Open the archive in a folder.

        Raises:
            ArchiveError: none there and ``create`` is off, newer than this retrorun, damaged, or
                the folder cannot be used.
        """
        return cls(folder, database.connect(folder, create=create))

    def close(self) -> None:
        """Let go of the database."""
        self.connection.close()

    def __enter__(self) -> Self:
        """The archive itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def writing(self, wait_s: float = 10.0) -> AbstractContextManager[None]:
        """Be the one writer until the ``with`` block ends.

        Raises:
            ArchiveError: another process writes and did not finish within ``wait_s``.
        """
        return database.writer(self.folder, wait_s)

    # what is known of files

    def files(self) -> list[FileRow]:
        """Every file that was ever seen, by path."""
        rows = self.rows(f"SELECT {_FILE_COLUMNS} FROM files ORDER BY path")  # noqa: S608 - columns
        return [FileRow(*row) for row in rows]

    def problems(self) -> list[FileRow]:
        """Files that became no session: failed first, then those that are no run."""
        rows = self.rows(
            f"SELECT {_FILE_COLUMNS} FROM files "  # noqa: S608 - columns of our own
            "WHERE outcome IN ('failed', 'not-a-run') ORDER BY outcome, path",
        )
        return [FileRow(*row) for row in rows]

    # what was computed

    def sessions(self) -> "list[Session]":
        """All sessions, oldest first."""
        from retrorun.archive import packing

        rows = self.rows("SELECT document FROM sessions ORDER BY start_time_s, id")
        return [packing.session(document) for (document,) in rows]

    def session(self, session_id: str) -> "Session":
        """One session by its id or an unambiguous beginning of it.

        Raises:
            ArchiveError: there is none, or more than one.
        """
        from retrorun.archive import packing

        (document,) = self.find("document", session_id)
        return packing.session(document)

    def track(self, session_id: str) -> "Track":
        """The 1 Hz track of a session.

        Raises:
            ArchiveError: no such session, or its track is missing or damaged.
        """
        from retrorun.archive import packing

        (sha256,) = self.find("track", session_id)
        return packing.track(self.tracks.get(sha256))

    def original(self, sha256: str) -> bytes:
        """The bytes of an imported export.

        Raises:
            ArchiveError: missing or damaged.
        """
        return unpack(self.originals.get(sha256))

    def known(self) -> dict[str, str]:
        """Session id → SHA-256 of its file, oldest first."""
        return dict(self.rows("SELECT id, sha256 FROM sessions ORDER BY start_time_s, id"))

    def stale(self, settings: str, athlete: str, version: str) -> list[str]:
        """Ids of sessions made with other settings, another profile or another version."""
        rows = self.rows(
            "SELECT id FROM sessions WHERE settings <> ? OR athlete <> ? OR version <> ? "
            "ORDER BY start_time_s, id",
            settings,
            athlete,
            version,
        )
        return [session_id for (session_id,) in rows]

    # writing

    def begin_import(self, folder: str, version: str, started_s: float) -> int:
        """Open an import; its number is what ``undo`` takes."""
        with self.transaction():
            row = self.connection.execute(
                "INSERT INTO imports (folder, version, started_s) "
                "VALUES (CAST(? AS TEXT), ?, ?) RETURNING id",
                (raw(folder), version, started_s),
            ).fetchone()
        return int(row[0])

    def imports(self) -> list[Import]:
        """All imports, oldest first, with the number of sessions that stand."""
        rows = self.rows(
            "SELECT i.id, i.folder, i.version, i.started_s, i.undone_s, count(s.id) FROM imports i "
            "LEFT JOIN sessions s ON s.import_id = i.id GROUP BY i.id ORDER BY i.id",
        )
        return [Import(*row) for row in rows]

    def write(
        self,
        import_id: int,
        files: Iterable[FileRow],
        parcels: Sequence[Parcel],
        gone: Iterable[str] = (),
    ) -> None:
        """Write what was learnt of files and their sessions: all of it or nothing.

        Args:
            import_id: from ``begin_import``.
            files: rows that are new or replace that of the same path.
            parcels: sessions, tracks and originals.
            gone: paths that are known under another name from now on.

        Raises:
            ArchiveError: the disk is full or cannot be written.
        """
        with database.told(self.folder):
            for parcel in parcels:
                if parcel.original:
                    self.originals.put(parcel.sha256, parcel.original)
                for row, stored in zip(parcel.sessions, parcel.tracks, strict=True):
                    self.tracks.put(row.track, stored)
        with self.transaction():
            self.connection.executemany(
                "DELETE FROM files WHERE path = CAST(? AS TEXT)",
                [(raw(path),) for path in gone],
            )
            for parcel in parcels:
                self._replace_sessions(import_id, parcel)
            self._write_files(import_id, files)

    def _write_files(self, import_id: int, files: Iterable[FileRow]) -> None:
        self.connection.executemany(
            f"INSERT OR REPLACE INTO files ({_FILE_COLUMNS}, import_id) "  # noqa: S608 - our own
            f"VALUES ({_FILE_MARKS}, ?)",
            ((raw(row.path), *astuple(row)[1:], import_id) for row in files),
        )

    def _replace_sessions(self, import_id: int, parcel: Parcel) -> None:
        """Sessions of a file are written together; labels and notes stay where they are."""
        self.connection.execute("DELETE FROM sessions WHERE sha256 = ?", (parcel.sha256,))
        self.connection.executemany(
            f"INSERT OR REPLACE INTO sessions ({_SESSION_COLUMNS}, import_id) "  # noqa: S608 - our own
            f"VALUES ({_SESSION_MARKS}, ?)",
            ((*astuple(row), import_id) for row in parcel.sessions),
        )
