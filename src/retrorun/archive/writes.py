"""What is written to an archive: imports, files and sessions, each change whole or not at all."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

import msgspec
from msgspec.structs import astuple

from retrorun.archive.annotations import Annotations
from retrorun.archive.database import Database, path_bytes, translate_errors
from retrorun.archive.objects import Objects
from retrorun.archive.pending import Pending
from retrorun.archive.rows import TOTALS, UNTAUGHT, FileRow, Match, Parcel, SessionRow
from retrorun.archive.second_devices import SecondDevices
from retrorun.errors import ArchiveError

_FILE_COLUMNS = ", ".join(FileRow.__struct_fields__)
_SESSION_COLUMNS = ", ".join(SessionRow.__struct_fields__)
_SESSION_MARKS = ", ".join("?" * (len(SessionRow.__struct_fields__) + 1))
# names need not be UTF-8, nor what speaks of them: SQLite keeps the bytes as they are
_RAW_TEXT_COLUMNS = ("path", "duplicate_of", "message")
_PATH_COLUMNS = ("path", "size", "tag", "sha256")  # the rest is what became of the file
_FILE_MARKS = ", ".join(
    "CAST(? AS TEXT)" if each in _RAW_TEXT_COLUMNS else "?" for each in FileRow.__struct_fields__
)


class Import(msgspec.Struct, frozen=True):
    """One import as the archive lists it."""

    id: int
    folder: str
    version: str
    started_s: float
    undone_s: float | None
    sessions: int


class Change(msgspec.Struct, frozen=True):
    """What is written together.

    Attributes:
        files: rows that are new or replace that of the same path.
        parcels: sessions, tracks and originals; they replace what their files gave before.
        gone: paths that are known under another name from now on.
        replaced: session id → id of the session that takes its place, labels and notes included.
        matches: second devices; the session of a joined one goes.
        documents: session id → what is stored of it from now on, and nothing else changes.
    """

    files: Sequence[FileRow] = ()
    parcels: Sequence[Parcel] = ()
    gone: Sequence[str] = ()
    replaced: Mapping[str, str] = msgspec.field(default_factory=dict)
    matches: Sequence[Match] = ()
    documents: Mapping[str, bytes] = msgspec.field(default_factory=dict)


class Stores(msgspec.Struct, frozen=True):
    """The folders of an archive: tracks and originals, each file under its hash."""

    tracks: Objects
    originals: Objects


class Writes:
    """The changes of an archive: each is written whole or not at all."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        annotations: Annotations,
        second_devices: SecondDevices,
        pending: Pending,
    ) -> None:
        self._database = database
        self._stores = stores
        self._annotations = annotations
        self._second_devices = second_devices
        self._pending = pending

    def begin_import(self, folder: str, version: str, started_s: float) -> int:
        """Open an import; its number is what ``undo`` takes."""
        with self._database.transaction():
            row = self._database.connection.execute(
                "INSERT INTO imports (folder, version, started_s) "
                "VALUES (CAST(? AS TEXT), ?, ?) RETURNING id",
                (path_bytes(folder), version, started_s),
            ).fetchone()
        return int(row[0])

    def imports(self) -> list[Import]:
        """All imports, oldest first, with the number of sessions that stand.

        One of which nothing is there is none: its process was killed before its first change, or
        all that it brought has gone into others.
        """
        rows = self._database.rows(
            "SELECT i.id, i.folder, i.version, i.started_s, i.undone_s, count(s.id) FROM imports i "
            "LEFT JOIN sessions s ON s.import_id = i.id WHERE i.undone_s IS NOT NULL "
            "OR s.id IS NOT NULL OR i.id IN (SELECT import_id FROM files) "
            "GROUP BY i.id ORDER BY i.id",
        )
        return [Import(*row) for row in rows]

    def apply(
        self, import_id: int, change: Change, follow: Callable[[], object] | None = None
    ) -> None:
        """Write a change: all of it or nothing.

        Sessions that are computed again stay with the import that brought them.

        Args:
            import_id: of the import that brings it.
            change: what is written.
            follow: is called in the same transaction when the change is made, to note what of it
                must not be known by half.

        Raises:
            ArchiveError: the disk is full or cannot be written.
        """
        for parcel in change.parcels:
            if parcel.original:
                self._stores.originals.put(parcel.sha256, parcel.original)
            for row, stored in zip(parcel.sessions, parcel.tracks, strict=True):
                self._stores.tracks.put(row.track, stored)
        before: set[str] = set()
        changed = {row.sha256 for row in change.files} - {""}
        with self._database.transaction():
            names = self._names(changed)
            self._delete_files(change.gone)
            before |= self._replace(change.replaced)
            for parcel in change.parcels:
                before |= self._write_sessions(import_id, parcel)
            self._database.connection.executemany(
                "UPDATE sessions SET document = ? WHERE id = ?",
                [(stored, each) for each, stored in change.documents.items()],
            )
            self._write_files(import_id, change.files)
            for sha256 in sorted(changed):
                self._keep_first_path(sha256)
            before |= self._second_devices.write(change.matches)
            if change.parcels or change.documents:
                self._keep_lessons()
            self._pending.add(self._renamed_files(names))
            self._drop_labels_of_removed(change.replaced)
            if change.files or change.replaced:
                self._annotations.copy_to_duplicates()
            if follow is not None:
                follow()
        self._drop_tracks(before)

    def _delete_files(self, paths: Iterable[str]) -> None:
        statement = "DELETE FROM files WHERE path = CAST(? AS TEXT)"
        self._database.connection.executemany(statement, [(path_bytes(path),) for path in paths])

    def _write_files(self, import_id: int, files: Iterable[FileRow]) -> None:
        self._database.connection.executemany(
            f"INSERT OR REPLACE INTO files ({_FILE_COLUMNS}, import_id) "  # noqa: S608 - our own
            f"VALUES ({_FILE_MARKS}, ?)",
            ((*_values(row), import_id) for row in files),
        )

    def _drop_labels_of_removed(self, sessions: Iterable[str]) -> None:
        """Delete labels that tables gave to files that are no more; grown files get them again."""
        for session in sessions:
            head = session.split("-")[0]
            if not self._database.rows(
                "SELECT 1 FROM files WHERE substr(sha256, 1, 12) = ? LIMIT 1", head
            ):
                self._annotations.drop_labels(session, "sidecar")

    def _names(self, sha256s: Iterable[str]) -> dict[str, str]:
        """Hash → the name it goes by, of files that sessions were made of."""
        known = [
            each for each in sha256s if self._database.has_session(each) or self._watches(each)
        ]
        return {each: self._database.file_name(each) for each in known}

    def _renamed_files(self, names: Mapping[str, str]) -> list[str]:
        """Hashes of files that are to be analysed again because they go by another name now."""
        renamed = [each for each, name in names.items() if self._database.file_name(each) != name]
        own = [each for each in renamed if self._database.has_session(each)]
        return own + [watch for each in renamed for watch in self._watches(each)]

    def _watches(self, phone_sha256: str) -> list[str]:
        """Hashes of the files that a second device's file is read with."""
        rows = self._database.rows(
            "SELECT DISTINCT s.sha256 FROM matches m JOIN sessions s ON s.id = m.session "
            "WHERE m.state = 'joined' AND m.phone_sha256 = ?",
            phone_sha256,
        )
        return [sha256 for (sha256,) in rows]

    def _keep_first_path(self, sha256: str) -> None:
        """Of files with the same bytes let the first by its path be the one, in a transaction.

        What was decided of the bytes, and the import that brought them, goes with the part.
        """
        rows = self._database.connection.execute(
            "SELECT path, rule = 'same-bytes' FROM files WHERE sha256 = ? AND "
            "(rule IS NULL OR rule NOT IN ('unpacked', 'labels')) ORDER BY CAST(path AS BLOB)",
            (sha256,),
        ).fetchall()
        copies = [path for path, is_copy in rows if is_copy]
        holders = [path for path, is_copy in rows if not is_copy]
        if len(holders) != 1 or not copies:
            return
        if rows[0][0] != holders[0]:
            self._swap(holders[0], rows[0][0])
        self._database.connection.execute(
            "UPDATE files SET duplicate_of = CAST(?1 AS TEXT) WHERE sha256 = ?2 "
            "AND rule = 'same-bytes' AND duplicate_of IS NOT CAST(?1 AS TEXT)",
            (path_bytes(rows[0][0]), sha256),
        )

    def _swap(self, first: str, second: str) -> None:
        """Exchange what became of two files."""
        columns = [each for each in _FILE_COLUMNS.split(", ") if each not in _PATH_COLUMNS]
        columns.append("import_id")
        read = f"SELECT {', '.join(columns)} FROM files WHERE path = CAST(? AS TEXT)"  # noqa: S608
        marks = [
            f"{c} = " + ("CAST(? AS TEXT)" if c in _RAW_TEXT_COLUMNS else "?") for c in columns
        ]
        write = f"UPDATE files SET {', '.join(marks)} WHERE path = CAST(? AS TEXT)"  # noqa: S608
        ours, theirs = (self._database.rows(read, path_bytes(each))[0] for each in (first, second))
        for path, values in ((first, theirs), (second, ours)):
            named = [
                path_bytes(value) if column in _RAW_TEXT_COLUMNS and value is not None else value
                for column, value in zip(columns, values, strict=True)
            ]
            self._database.connection.execute(write, (*named, path_bytes(path)))

    def _write_sessions(self, import_id: int, parcel: Parcel) -> set[str]:
        """Sessions of a file are written together; which tracks they had before."""
        before = self._database.connection.execute(
            "DELETE FROM sessions WHERE sha256 = ? RETURNING import_id, track",
            (parcel.sha256,),
        ).fetchall()
        brought_by = before[0][0] if before else import_id
        joined = self._second_devices.joined_sessions()
        self._database.connection.executemany(
            f"INSERT OR REPLACE INTO sessions ({_SESSION_COLUMNS}, import_id) "  # noqa: S608 - our own
            f"VALUES ({_SESSION_MARKS})",
            ((*astuple(row), brought_by) for row in parcel.sessions if row.id not in joined),
        )
        self._database.connection.execute(TOTALS, (parcel.sha256,))
        if parcel.labels is None or parcel.labels == self._annotations.labels(parcel.sha256):
            self._pending.remove(parcel.sha256)
        elif parcel.sessions:
            # a label that came while the file was analysed was not used: the file is noted, also
            # where another process has used it meanwhile, whose sessions this one replaces, and
            # where the label came to a session whose place a new file takes
            self._pending.add([parcel.sha256])
        return {track for _, track in before}

    def _keep_lessons(self) -> None:
        """Keep what each session teaches apart from its document, where that is not so yet.

        Where an older version wrote the archive, those are all sessions, once.
        """
        from retrorun.archive import serialization  # planning must not load numpy

        connection = self._database.connection
        for (session_id,) in connection.execute(UNTAUGHT).fetchall():
            query = "SELECT document FROM sessions WHERE id = ?"
            (stored,) = connection.execute(query, (session_id,)).fetchone()
            with suppress(ArchiveError):  # it teaches nothing, and its page says what is wrong
                record = serialization.lesson_record(stored)
                connection.execute("INSERT INTO lessons VALUES (?, ?)", (session_id, record))

    def _replace(self, replaced: Mapping[str, str]) -> set[str]:
        """Let sessions take the place of others; which tracks those had."""
        tracks: set[str] = set()
        for old, new in replaced.items():
            moved = self._database.connection.execute(
                "UPDATE labels SET session = ? WHERE session = ? AND origin NOT LIKE '%sidecar'",
                (new, old),
            ).rowcount
            found = self._database.rows("SELECT sha256 FROM sessions WHERE id = ?", new)
            self._pending.add(sha256 for (sha256,) in found if moved)  # its numbers lack them
            self._annotations.move_remark(old, new)
            for table, column in (("matches", "session"), ("files", "duplicate_of")):
                statement = f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {column} = ?"  # noqa: S608
                self._database.connection.execute(statement, (new, old))
            gone = self._database.connection.execute(
                "DELETE FROM sessions WHERE sha256 = (SELECT sha256 FROM sessions WHERE id = ?) "
                "RETURNING sha256, track",
                (old,),
            ).fetchall()
            tracks |= {track for _, track in gone}
            self._database.connection.executemany(
                "UPDATE files SET outcome = 'duplicate', rule = 'same-activity', duplicate_of = ? "
                "WHERE sha256 = ? AND outcome = 'imported'",
                [(new, sha256) for sha256 in sorted({sha256 for sha256, _ in gone})],
            )
        return tracks

    def _drop_tracks(self, tracks: set[str]) -> None:
        """Delete tracks that no session has any more; after a crash `vacuum` does it."""
        for sha256 in tracks:
            if not self._database.rows("SELECT 1 FROM sessions WHERE track = ? LIMIT 1", sha256):
                with translate_errors(self._database.folder):
                    self._stores.tracks.path(sha256).unlink(missing_ok=True)

    def withdraw(self, sha256: str, slug: str, message: str) -> None:
        """Let the sessions of a file go that is no run after all; labels and original stay."""
        with self._database.transaction():
            gone = self._database.connection.execute(
                "DELETE FROM sessions WHERE sha256 = ? RETURNING track", (sha256,)
            ).fetchall()
            self._database.connection.execute(
                "UPDATE files SET outcome = 'not-a-run', slug = ?, message = CAST(? AS TEXT) "
                "WHERE sha256 = ? AND outcome = 'imported'",
                (slug, path_bytes(message), sha256),
            )
            self._pending.remove(sha256)
        self._drop_tracks({track for (track,) in gone})

    def give_up(self, parcel: Parcel, slug: str, message: str) -> None:
        """Let a file that cannot be analysed keep the sessions it has, and wait no longer for it.

        Where a label came while it was analysed, it stays noted and is tried with that label.
        """
        with self._database.transaction():
            if parcel.labels in (None, self._annotations.labels(parcel.sha256)):
                self._pending.give_up(parcel.sha256, slug, message)

    def undo(self, import_id: int, now_s: float) -> list[str]:
        """Take an import back; labels and originals stay, so that ``--retry`` brings it back.

        Returns:
            Hashes of files that had been set aside for sessions of this import; they stand again
            and are to be analysed from their originals.

        Raises:
            ArchiveError: there is no such import, or it was undone already.
        """
        number = import_id if abs(import_id) < 2**63 else 0  # SQLite takes no larger ones
        found = self._database.rows("SELECT undone_s FROM imports WHERE id = ?", number)
        if not found or found[0][0] is not None:
            words = "there is no import" if not found else "undone already: import"
            raise ArchiveError("import-unknown", f"{words} {import_id}")
        with self._database.transaction():
            removed = self._database.connection.execute(
                "DELETE FROM sessions WHERE import_id = ? RETURNING id, track, sha256",
                (import_id,),
            ).fetchall()
            gone = [(session_id, track) for session_id, track, _ in removed]
            self._database.connection.execute(
                "UPDATE files SET outcome = 'undone' WHERE import_id = ? "
                "AND outcome IN ('imported', 'duplicate')",
                (import_id,),
            )
            self._database.connection.executemany(  # of a later import if the file moved
                "UPDATE files SET outcome = 'undone' WHERE sha256 = ? "
                "AND outcome IN ('imported', 'duplicate')",
                [(sha256,) for *_, sha256 in removed],
            )
            pending = [
                sha256 for session_id, _ in gone for sha256 in self._free_duplicates(session_id)
            ]
            pending += self._drop_tables(import_id)
            phones = self._database.rows("SELECT sha256 FROM files WHERE import_id = ?", import_id)
            pending += self._second_devices.unmatch(
                [each for each, _ in gone], [each for (each,) in phones]
            )
            self._database.connection.execute(
                "UPDATE imports SET undone_s = ? WHERE id = ?",
                (now_s, import_id),
            )
            self._annotations.copy_to_duplicates()
            self._pending.add(pending)
        self._drop_tracks({track for _, track in gone})
        return sorted(set(pending))

    def _drop_tables(self, import_id: int) -> list[str]:
        """Take back the tables of labels of an import: hashes of exports that still stand."""
        rows = self._database.rows(
            "SELECT e.sha256 FROM files t JOIN files e ON e.path = t.duplicate_of "
            "WHERE t.import_id = ? AND t.rule = 'labels'",
            import_id,
        )
        for (sha256,) in rows:
            self._annotations.drop_table(sha256)
        return [sha256 for (sha256,) in rows if self._database.has_session(sha256)]

    def _free_duplicates(self, session_id: str) -> list[str]:
        """Files that were duplicates of a session that is gone: they stand for themselves."""
        rows = self._database.connection.execute(
            "UPDATE files SET outcome = 'imported', rule = NULL, duplicate_of = NULL "
            "WHERE rule = 'same-activity' AND outcome = 'duplicate' AND duplicate_of = ? "
            "RETURNING sha256",
            (session_id,),
        ).fetchall()
        return [sha256 for (sha256,) in rows]

    def separate(self, path: str) -> list[str]:
        """Let a file stand for itself that was taken for a second copy or joined to a session.

        Returns:
            Its hash, and those of what it was joined to; all are to be analysed from originals.

        Raises:
            ArchiveError: no such file, or it is no duplicate by that rule.
        """
        with self._database.transaction():
            rows = self._database.connection.execute(
                "UPDATE files SET outcome = 'imported', rule = 'kept-apart', duplicate_of = NULL, "
                "message = NULL "
                "WHERE path = CAST(? AS TEXT) AND (rule IN ('same-activity', 'second-device') "
                "OR sha256 IN (SELECT phone_sha256 FROM matches WHERE state = 'joined')) "
                "RETURNING sha256",
                (path_bytes(path),),
            ).fetchall()
            separated = self._second_devices.keep_apart(rows[0][0]) if rows else []
            self._annotations.copy_to_duplicates()
            self._pending.add([*(sha256 for (sha256,) in rows), *separated])
        if not rows:
            words = "it is not known as a second copy of an activity"
            raise ArchiveError("not-a-duplicate", words, file=path)
        return [str(rows[0][0]), *separated]


def _values(row: FileRow) -> Iterator[object]:
    for each in row.__struct_fields__:
        value = getattr(row, each)
        yield path_bytes(value) if each in _RAW_TEXT_COLUMNS and value is not None else value
