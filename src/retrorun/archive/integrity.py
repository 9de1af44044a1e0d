"""Damage to the database: finding it, and making a new database of what is sound.

``findings`` checks the file, the tables, the rows and their journal. ``rebuild`` copies only rows
that agree with their checksums; the old database is read from a copy and then renamed, never
changed. Rows of tables that cannot be computed again come from the journal where the database has
lost them. Sessions that are lost are for the caller to compute from the originals.
"""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from importlib import resources
from pathlib import Path

import msgspec

from retrorun.archive import checksums
from retrorun.archive.checksums import Table, Value
from retrorun.archive.database import (
    FILE,
    PAGE_BYTES,
    REPAIR,
    Database,
    connect,
    transaction,
    translate_errors,
)
from retrorun.archive.journal import FILE as JOURNAL_FILE
from retrorun.archive.journal import (
    KEPT,
    LOG_ENDS,
    Journal,
    Read,
    copy_aside,
    unused_path,
)
from retrorun.archive.rows import TOTALS
from retrorun.errors import ArchiveError, read_elsewhere

DAMAGED, JOURNAL = "archive-damaged", "archive-journal"
# bytes of the database's first page that never differ: where they begin, and which may stand there
HEADER = (
    (0, (b"SQLite format 3\0",)),
    (18, (b"\2\2\0\x40\x20\x20", b"\1\1\0\x40\x20\x20")),  # in WAL mode, and a copy that is not
    # zeros: all that was ever written still stands in the log beside it
    (44, (b"\0\0\0\4", b"\0" * 4)),
    (52, (b"\0\0\0\0\0\0\0\1", b"\0" * 8)),  # no auto-vacuum; UTF-8
    (64, (b"\0\0\0\0",)),
    (72, (b"\0" * 20,)),
)
_WORK_FOLDER = ".rebuilding"
_NOT_COPIED = frozenset(
    {"totals", "lessons", "due", "journal"}
)  # computed from the sessions, or ours


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong with an archive, and what helps."""

    slug: str
    message: str
    remedy: str


def findings(database: Database) -> Iterator[Finding]:
    """Everything that is wrong with the database; a part that cannot be checked is a finding."""
    parts: tuple[Callable[[Database], Iterable[Finding]], ...] = (
        _header,
        _structure,
        _references,
        _schema,
        _rows,
        _numbers,
        _journal,
    )
    for part in parts:
        yield from checked(partial(part, database), database.folder)


def checked(part: Callable[[], Iterable[Finding]], folder: Path) -> Iterator[Finding]:
    """What a part of the check finds; an error that stops it is a finding, too."""
    try:
        with translate_errors(folder):
            yield from part()
    except ArchiveError as problem:
        yield Finding(problem.slug, problem.message, problem.remedy or REPAIR)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        # values that no healthy archive holds
        yield Finding(DAMAGED, f"the database holds odd values ({problem})", REPAIR)


def _header(database: Database) -> Iterator[Finding]:
    head = read_elsewhere(database.folder / FILE, 100)
    for start, allowed in HEADER:
        if head and not any(head[start : start + len(each)] == each for each in allowed):
            words = f"the database's first page is damaged at byte {start}"
            yield Finding(DAMAGED, words, REPAIR)


def _structure(database: Database) -> Iterator[Finding]:
    for (words,) in database.rows("PRAGMA integrity_check"):
        if words != "ok":
            yield Finding(DAMAGED, str(words), REPAIR)


def _references(database: Database) -> Iterator[Finding]:
    for row in database.rows("PRAGMA foreign_key_check"):
        words = f"a row of {row[0]} refers to nothing"
        yield Finding("archive-reference", words, REPAIR)


def _schema(database: Database) -> Iterator[Finding]:
    found, expected = _statements(database.connection), expected_schema()
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            words = f"the definition of {name} is not what it was"
            yield Finding(DAMAGED, words, REPAIR)


def expected_schema() -> dict[str, str]:
    """Name → definition of all that archive.sql makes."""
    script = resources.files("retrorun.archive").joinpath("archive.sql")
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(script.read_text(encoding="utf-8"))
        return _statements(fresh)


def _statements(connection: sqlite3.Connection) -> dict[str, str]:
    """Name → definition, without comments and white space, in which migrated archives differ."""
    rows = connection.execute("SELECT name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL")
    return {
        str(name): re.sub(r"\s", "", re.sub(r"--[^\n]*", "", sql))
        for name, sql in rows
        if not str(name).startswith("sqlite_")
    }


def _rows(database: Database) -> Iterator[Finding]:
    for each in checksums.wrong_rows(database.connection):
        words = (
            f"a row of {each.table} ({_key_text(each.key)}) is not what was written"
            if each.key
            else f"a row of {each.table} is missing"
        )
        yield Finding("archive-row", words, REPAIR)


def _key_text(key: tuple[checksums.Value, ...]) -> str:
    words = (
        each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in key
    )
    return ", ".join(words)


def _numbers(database: Database) -> Iterator[Finding]:
    """The numbers that SQLite gives next: no import is ever deleted, so the last one counts."""
    known = dict(database.rows("SELECT name, seq FROM sqlite_sequence"))
    for table, exact in (("imports", True), ("labels", False)):
        ((last,),) = database.rows(f"SELECT coalesce(max(id), 0) FROM {table}")  # noqa: S608 - ours
        given = known.get(table, 0)
        if given < last or (exact and given > last):
            words = f"the next number of {table} is not what it was"
            yield Finding(DAMAGED, words, REPAIR)


def _journal(database: Database) -> Iterator[Finding]:
    for words in database.journal.differences(database.connection):
        yield Finding(JOURNAL, f"the journal: {words}", REPAIR)


def has_current_schema(folder: Path) -> bool:
    """Whether all tables are those of this version, whatever number the database says it has."""
    try:
        with closing(sqlite3.connect(folder / FILE)) as connection:
            return _statements(connection) == expected_schema()
    except sqlite3.Error:
        return False


def restore_header(path: Path) -> None:
    """Give the file of a database the bytes that never differ; for a copy to be read from."""
    with path.open("r+b") as stream:
        if len(stream.read(100)) == 100:
            for start, allowed in HEADER:
                stream.seek(start)
                stream.write(allowed[0])
            stream.seek(16)
            stream.write(PAGE_BYTES.to_bytes(2, "big"))


class Rebuilt(msgspec.Struct, frozen=True):
    """What a new database was made of.

    Attributes:
        sound: rows that were copied from the old database.
        from_journal: rows that came from the journal.
        aside: where the old database lies now; None where there was none.
    """

    sound: int
    from_journal: int
    aside: Path | None


def rebuild(folder: Path) -> Rebuilt:
    """Put a new database in the place of a damaged, empty or missing one.

    The lock of the one writer is held by the caller.

    Raises:
        ArchiveError: the folder cannot be written, or the disk is full.
    """
    work = folder / _WORK_FOLDER
    with translate_errors(folder):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            connect(work).close()
            with closing(sqlite3.connect(work / FILE, isolation_level=None)) as fresh:
                sound, restored = _fill(fresh, folder, work)
            aside = _move_aside(folder)
            (work / FILE).replace(folder / FILE)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return Rebuilt(sound, restored, aside)


def _fill(fresh: sqlite3.Connection, folder: Path, work: Path) -> tuple[int, int]:
    old = _open_copy(folder, work)
    known = {table.name: table for table in checksums.tables(fresh)}
    read = Journal(folder).read()
    if read.damaged:  # it is written again soon
        copy_aside(folder, JOURNAL_FILE)
    with transaction(fresh):
        sound = sum(_copy_sound_rows(fresh, old, table) for table in known.values()) if old else 0
        restored = _insert_journal_rows(fresh, read, [known[name] for name in KEPT])
        _insert_derived_rows(fresh)
        checksums.fill(fresh)
    if old:
        old.close()
    fresh.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sound, restored


def _open_copy(folder: Path, work: Path) -> sqlite3.Connection | None:
    """The old database, to be read from a copy; None where there is nothing to be read."""
    target = work / "old.sqlite"
    for end in ("", "-wal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{folder / FILE}{end}", f"{target}{end}")
    if not target.exists():
        return None
    restore_header(target)
    connection = sqlite3.connect(target, isolation_level=None)
    connection.text_factory = bytes
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA writable_schema = ON")  # read what a damaged schema still names
    return connection


def _copy_sound_rows(fresh: sqlite3.Connection, old: sqlite3.Connection, table: Table) -> int:
    """Take over the rows of a table that agree with their checksums; how many."""
    if table.name in _NOT_COPIED:
        return 0
    has_sums = _has_checksums(old)
    if not has_sums and table.name not in KEPT:
        return 0
    known: dict[int, int] = {}
    with suppress(sqlite3.Error):
        known = checksums.sums_of(old, table.name) if has_sums else {}
    return sum(
        _insert(fresh, table, row)
        for row in _readable_rows(old, table)
        # rows of an older version cannot be verified; better those than nothing
        if not has_sums
        or known.get(_row_sum(table, row, table.key)) == _row_sum(table, row, table.kinds)
    )


def _has_checksums(old: sqlite3.Connection) -> bool:
    """Whether the old database is of a version with checksums, as far as can be read."""
    try:
        found = old.execute(
            "SELECT 1 FROM sqlite_schema WHERE name = ?", (checksums.SUMS,)
        ).fetchone()
    except sqlite3.Error:
        return True
    return found is not None


def _row_sum(table: Table, row: dict[str, Value], columns: Iterable[str]) -> int:
    return checksums.row_sum(table.name, *(row[name] for name in columns))


def _readable_rows(old: sqlite3.Connection, table: Table) -> Iterator[dict[str, Value]]:
    """Rows from the front until one cannot be read, then from the back until one cannot."""
    columns = table.values(table.kinds)
    key = ", ".join(f"{name} DESC" for name in table.key)
    for order in ("", f" ORDER BY {key}"):
        with suppress(sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError):
            for row in old.execute(f"SELECT {columns} FROM {table.name}{order}"):  # noqa: S608 - ours
                yield dict(zip(table.kinds, row, strict=True))
            return


def _insert_journal_rows(fresh: sqlite3.Connection, read: Read, tables: Iterable[Table]) -> int:
    """Rows of the journal whose key the new database has not; how many."""
    return sum(
        _insert(fresh, table, row)
        for table in tables
        for row in read.rows[table.name].values()
        if row.keys() == table.kinds.keys()
    )


def _insert(fresh: sqlite3.Connection, table: Table, row: dict[str, Value]) -> int:
    """Insert a row, unless there is one of that key or its values are none of this table."""
    columns = ", ".join(table.kinds)
    marks = ", ".join("CAST(? AS TEXT)" if kind == "TEXT" else "?" for kind in table.kinds.values())
    statement = f"INSERT OR IGNORE INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608
    try:
        return fresh.execute(statement, [row[name] for name in table.kinds]).rowcount
    except (sqlite3.IntegrityError, OverflowError):
        return 0


_LOST = "(not known any more)"


def _insert_derived_rows(fresh: sqlite3.Connection) -> None:
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


def _move_aside(folder: Path) -> Path | None:
    """Rename the old database and its logs; where the database lies now."""
    aside = unused_path(folder, FILE)
    found = (folder / FILE).exists()
    if found:
        (folder / FILE).rename(aside)
    _move_logs(folder, aside)
    return aside if found else None


def move_logs_aside(folder: Path) -> None:
    """Rename the logs that another database left, so that no new database takes them for its own.

    The lock of the one writer is held by the caller.
    """
    _move_logs(folder, unused_path(folder, FILE))


def _move_logs(folder: Path, aside: Path) -> None:
    for end in LOG_ENDS:
        with suppress(FileNotFoundError):
            Path(f"{folder / FILE}{end}").rename(f"{aside}{end}")
