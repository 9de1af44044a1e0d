"""A journal beside the database: what cannot be computed again, in a file of its own.

Labels, notes, the profile, which file is which and what was decided about it: every change of
these tables is a line of ``journal.jsonl``, written in the transaction that makes the change. A
line is a checksum and a JSON object with the row as it stands from now on, or the key of a row that
is gone. From the journal and the originals a lost database can be made again.

The database remembers how long the journal is. Where that differs (a process was killed between
line and commit, a file was lost, an older database was put in place), the next transaction first
writes the journal whole again; a journal that holds what the user said and the database does not is
copied aside before.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from retrorun.archive import checksums
from retrorun.archive.checksums import Table, Value

FILE = "journal.jsonl"
LOG_ENDS = ("-wal", "-shm", "-journal")  # files that SQLite plays into a database beside them
KEPT = ("imports", "files", "labels", "answers", "matches", "notes", "documents")
_PROFILE = ("documents", ("profile",))  # table and key
Key = tuple[str, ...]
Rows = dict[str, dict[Key, dict[str, Value]]]  # table → key → row; text and blobs as bytes


class Read(msgspec.Struct, frozen=True):
    """What a journal holds: the rows that stand, and how many lines are damaged."""

    rows: Rows
    damaged: int


class Journal:
    """The journal of one archive, and what of this connection is not written to it yet."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._tables: dict[str, Table] = {}
        self._lines: list[bytes] = []

    def watch(self, connection: sqlite3.Connection) -> None:
        """From the first transaction on: note its changes, and keep the checksums of its rows."""
        if self._tables:
            return
        tables = {table.name: table for table in checksums.tables(connection)}
        checksums.watch(connection, KEPT, self._note)
        self._tables = tables  # not before: what failed is tried again by the next transaction

    def _note(self, name: str, event: str, *values: Value) -> None:
        table = self._tables[name]
        row = dict(zip(table.kinds, values, strict=True))
        self._lines.append(_line(table, row, gone=event == "gone"))

    def begin(self, connection: sqlite3.Connection) -> None:
        """In a transaction, before anything: write the journal whole if it is not as it was."""
        if self._size() != _known_size(connection):
            if self._holds_more(connection):
                copy_aside(self.path.parent, FILE)
            self.rewrite(connection)

    def _holds_more(self, connection: sqlite3.Connection) -> bool:
        """Whether it holds a label, note or profile that the database does not."""
        own, there = self.read().rows, standing(connection)
        keys = [(name, key) for name in ("labels", "notes") for key in own[name]]
        keys += [_PROFILE] if _PROFILE[1] in own["documents"] else []
        return any(there.get(name, {}).get(key) != own[name][key] for name, key in keys)

    def commit(self, connection: sqlite3.Connection) -> None:
        """In a transaction, after everything: write what was noted to the disk."""
        if not self._lines:
            return
        with self.path.open("ab") as stream:
            stream.write(b"".join(self._lines))
            stream.flush()
            os.fsync(stream.fileno())
        _remember_size(connection, self._size())
        self._lines.clear()

    def rollback(self) -> None:
        """Forget what was noted in a transaction that did not come to its end."""
        self._lines.clear()

    def rewrite(self, connection: sqlite3.Connection) -> None:
        """In a transaction: write the rows that stand, and nothing that is gone."""
        partial = self.path.with_name(f".{FILE}.{os.getpid()}.part")
        try:
            with partial.open("wb") as stream:
                for table in checksums.tables(connection):
                    stream.writelines(_snapshot(connection, table))
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(self.path)
        finally:
            partial.unlink(missing_ok=True)
        self._lines.clear()
        _remember_size(connection, self._size())

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, size: int | None = None) -> Read:
        """The rows that the journal says stand; lines that are damaged are left out.

        Args:
            size: read only so many bytes; None: all.

        Raises:
            OSError: it cannot be read; one that is not there is empty.
        """
        rows: Rows = {name: {} for name in KEPT}
        damaged = 0
        for line in self._stored(size).splitlines():
            entry = _entry(line)
            if entry is None:
                damaged += 1
                continue
            name, key, row = entry
            if row is None:
                rows[name].pop(key, None)
            else:
                rows[name][key] = row
        return Read(rows, damaged)

    def _stored(self, size: int | None) -> bytes:
        try:
            with self.path.open("rb") as stream:
                return stream.read(-1 if size is None else size)
        except FileNotFoundError:
            return b""

    def differences(self, connection: sqlite3.Connection) -> list[str]:
        """What of the database the journal does not say, in words; empty: they agree.

        A process that was killed may have left lines that were never committed.
        """
        there = standing(connection)
        whole = self.read()
        if whole.rows == there and not whole.damaged:
            return []
        known = self.read(_known_size(connection))
        if known.rows == there and not known.damaged:
            return []
        words = [f"{known.damaged} of its lines are damaged"] if known.damaged else []
        for name in KEPT:
            ours, theirs = known.rows[name], there[name]
            keys = ours.keys() | theirs.keys()
            if differing := sum(ours.get(key) != theirs.get(key) for key in keys):
                words.append(f"{differing} rows of {name} are not those of the database")
        return words


def standing(connection: sqlite3.Connection) -> Rows:
    """The rows that the journal should hold, from the database."""
    tables = {table.name: table for table in checksums.tables(connection)}
    return {
        name: {
            key_of(table, row): row for table in (tables[name],) for row in rows(connection, table)
        }
        for name in KEPT
        if name in tables
    }


def rows(connection: sqlite3.Connection, table: Table) -> Iterator[dict[str, Value]]:
    """The rows of a table: column → value, text as bytes."""
    columns = table.values(table.kinds)
    for row in connection.execute(f"SELECT {columns} FROM main.{table.name}"):  # noqa: S608 - ours
        yield dict(zip(table.kinds, row, strict=True))


def key_of(table: Table, row: dict[str, Value]) -> Key:
    """The primary key of a row, as it stands in a journal."""
    return tuple(str(_plain(row[name])) for name in table.key)


def _snapshot(connection: sqlite3.Connection, table: Table) -> Iterator[bytes]:
    if table.name in KEPT:
        yield from (_line(table, row) for row in rows(connection, table))


def _line(table: Table, row: dict[str, Value], *, gone: bool = False) -> bytes:
    entry: dict[str, object] = {"table": table.name, "key": key_of(table, row)}
    if not gone:
        entry["row"] = {name: _plain(value) for name, value in row.items()}
        entry["bytes"] = [name for name, value in row.items() if isinstance(value, bytes)]
    text = json.dumps(entry).encode()
    return b"%s %s\n" % (_digest(text), text)


def _plain(value: Value) -> Value:
    """A value for JSON; bytes that are no UTF-8 become lone surrogates, which JSON can escape."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _entry(line: bytes) -> tuple[str, Key, dict[str, Value] | None] | None:
    """Table, key and row (None: gone) of a line; None where the line is damaged."""
    found, _, text = line.partition(b" ")
    if found != _digest(text):
        return None
    entry = json.loads(text)
    if entry["table"] not in KEPT:
        return None
    row = entry.get("row")
    for name in entry.get("bytes", ()):
        row[name] = row[name].encode("utf-8", "surrogateescape")
    return entry["table"], tuple(entry["key"]), row


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=8).hexdigest().encode()


def _known_size(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT bytes FROM journal").fetchone()
    return int(row[0]) if row else 0


def _remember_size(connection: sqlite3.Connection, size: int) -> None:
    connection.execute("INSERT OR REPLACE INTO journal (id, bytes) VALUES (1, ?)", (size,))


def copy_aside(folder: Path, name: str) -> None:
    """Copy a file of the archive, damaged or of a database that is gone, before it is replaced."""
    target = unused_path(folder, name)
    try:
        shutil.copyfile(folder / name, target)
    except OSError as problem:
        target.unlink(missing_ok=True)  # a part of a copy
        if not isinstance(problem, FileNotFoundError):
            raise


def unused_path(folder: Path, name: str) -> Path:
    """A name for a damaged file that nothing has yet."""
    number = 1
    while any((folder / f"{name}.damaged-{number}{end}").exists() for end in ("", *LOG_ENDS)):
        number += 1
    return folder / f"{name}.damaged-{number}"
