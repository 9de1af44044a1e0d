"""A new database from what is sound of a damaged one, and from the journal.

Of the old database only rows that agree with their checksums are taken over; it is read from a copy
and then set aside, never changed. Rows of tables that cannot be computed again come from the
journal where the database has lost them. Sessions that are lost are for the caller to compute from
the originals.
"""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from retrorun.archive import checksums, database, integrity, journal
from retrorun.archive.checksums import Table, Value
from retrorun.archive.journal import Journal, Read
from retrorun.archive.writes import TOTALS

WORK = ".rebuilding"
_NOT_COPIED = frozenset({"totals", "due", "journal"})  # computed from the sessions, or ours
_BESIDE = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of a database.

    Attributes:
        taken: rows that were sound in the old one.
        from_journal: rows that came from the journal.
        aside: where the old database lies now; None where there was none.
    """

    taken: int
    from_journal: int
    aside: Path | None


def rebuild(folder: Path) -> Rebuilt:
    """Put a new database in the place of a damaged, empty or missing one.

    The lock of the one writer is held by the caller.

    Raises:
        ArchiveError: the folder cannot be written, or the disk is full.
    """
    work = folder / WORK
    with database.told(folder):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            database.connect(work).close()
            with closing(sqlite3.connect(work / database.FILE, isolation_level=None)) as fresh:
                taken, restored = _filled(fresh, folder, work)
            aside = _set_aside(folder)
            (work / database.FILE).replace(folder / database.FILE)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return Rebuilt(taken, restored, aside)


def _filled(fresh: sqlite3.Connection, folder: Path, work: Path) -> tuple[int, int]:
    old = _copied(folder, work)
    known = {table.name: table for table in checksums.tables(fresh)}
    read = Journal(folder).read()
    if read.damaged:  # it is written again soon
        keep_aside(folder, journal.FILE)
    with database.transaction(fresh):
        taken = sum(_taken(fresh, old, table) for table in known.values()) if old else 0
        restored = _restored(fresh, read, [known[name] for name in journal.KEPT])
        _complete(fresh)
        checksums.fill(fresh)
    if old:
        old.close()
    fresh.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return taken, restored


def _copied(folder: Path, work: Path) -> sqlite3.Connection | None:
    """The old database, to be read from a copy; None where there is nothing to be read."""
    target = work / "old.sqlite"
    for end in _BESIDE[:2]:
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{folder / database.FILE}{end}", f"{target}{end}")
    if not target.exists():
        return None
    integrity.mended_header(target)
    connection = sqlite3.connect(target, isolation_level=None)
    connection.text_factory = bytes
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA writable_schema = ON")  # read what a damaged schema still names
    return connection


def _taken(fresh: sqlite3.Connection, old: sqlite3.Connection, table: Table) -> int:
    """Take over the rows of a table that agree with their checksums; how many."""
    if table.name in _NOT_COPIED:
        return 0
    has_sums = _has_sums(old)
    if not has_sums and table.name not in journal.KEPT:
        return 0
    known: dict[int, int] = {}
    with suppress(sqlite3.Error):
        known = checksums.sums_of(old, table.name) if has_sums else {}
    return sum(
        _inserted(fresh, table, row)
        for row in _readable(old, table)
        # rows of an older version cannot be verified; better those than nothing
        if not has_sums or known.get(_sum(table, row, table.key)) == _sum(table, row, table.kinds)
    )


def _has_sums(old: sqlite3.Connection) -> bool:
    """Whether the old database is of a version with checksums, as far as can be read."""
    try:
        found = old.execute(
            "SELECT 1 FROM sqlite_schema WHERE name = ?", (checksums.SUMS,)
        ).fetchone()
    except sqlite3.Error:
        return True
    return found is not None


def _sum(table: Table, row: dict[str, Value], columns: Iterable[str]) -> int:
    return checksums.row_sum(table.name, *(row[name] for name in columns))


def _readable(old: sqlite3.Connection, table: Table) -> Iterator[dict[str, Value]]:
    """Rows from the front until one cannot be read, then from the back until one cannot."""
    columns = table.values(table.kinds)
    key = ", ".join(f"{name} DESC" for name in table.key)
    for order in ("", f" ORDER BY {key}"):
        with suppress(sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError):
            for row in old.execute(f"SELECT {columns} FROM {table.name}{order}"):  # noqa: S608 - ours
                yield dict(zip(table.kinds, row, strict=True))
            return


def _restored(fresh: sqlite3.Connection, read: Read, tables: Iterable[Table]) -> int:
    """Rows of the journal whose key the new database has not; how many."""
    return sum(
        _inserted(fresh, table, row)
        for table in tables
        for row in read.rows[table.name].values()
        if row.keys() == table.kinds.keys()
    )


def _inserted(fresh: sqlite3.Connection, table: Table, row: dict[str, Value]) -> int:
    """Insert a row, unless there is one of that key or its values are none of this table."""
    columns = ", ".join(table.kinds)
    marks = ", ".join("CAST(? AS TEXT)" if kind == "TEXT" else "?" for kind in table.kinds.values())
    statement = f"INSERT OR IGNORE INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608
    try:
        return fresh.execute(statement, [row[name] for name in table.kinds]).rowcount
    except (sqlite3.IntegrityError, OverflowError):
        return 0


_LOST = "(not known any more)"


def _complete(fresh: sqlite3.Connection) -> None:
    """What follows from the rows that are there: imports that are referred to, sums, pages due."""
    fresh.execute(
        "INSERT OR IGNORE INTO imports (id, folder, version, started_s) "
        "SELECT import_id, ?, '', 0 FROM files UNION SELECT import_id, ?, '', 0 FROM sessions",
        (_LOST, _LOST),
    )
    fresh.execute(  # an archive without any import is not begun beside originals
        "INSERT INTO imports (folder, version, started_s) "
        "SELECT ?, '', 0 WHERE NOT EXISTS (SELECT 1 FROM imports)",
        (_LOST,),
    )
    for (sha256,) in fresh.execute("SELECT DISTINCT sha256 FROM sessions").fetchall():
        fresh.execute(TOTALS, (sha256,))


def _set_aside(folder: Path) -> Path | None:
    """Rename the old database and its log; where it lies now."""
    if not (folder / database.FILE).exists():
        return None
    aside = _free(folder, database.FILE)
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{folder / database.FILE}{end}").rename(f"{aside}{end}")
    return aside


def keep_aside(folder: Path, name: str) -> None:
    """Copy a damaged file of the archive, before it is written again."""
    with suppress(FileNotFoundError):
        shutil.copyfile(folder / name, _free(folder, name))


def _free(folder: Path, name: str) -> Path:
    """A name for a damaged file that nothing has yet."""
    number = 1
    while (free := folder / f"{name}.damaged-{number}").exists():
        number += 1
    return free
