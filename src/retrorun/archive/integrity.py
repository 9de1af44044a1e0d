"""What is wrong with the database itself: its file, its tables, its rows and their journal."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from retrorun.archive import checksums, database
from retrorun.errors import ArchiveError

if TYPE_CHECKING:
    from retrorun.archive.archive import Archive

DAMAGED = "archive-damaged"
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


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with an archive, and what helps."""

    slug: str
    message: str
    remedy: str


def findings(archive: "Archive") -> Iterator[Finding]:
    """Everything that is wrong with the database; a part that cannot be looked at is a finding."""
    parts: tuple[Callable[[Archive], Iterable[Finding]], ...] = (
        _header,
        _structure,
        _references,
        _schema,
        _rows,
        _numbers,
        _journal,
    )
    for part in parts:
        yield from looked_at(part, archive)


def looked_at(
    part: "Callable[[Archive], Iterable[Finding]]", archive: "Archive"
) -> Iterator[Finding]:
    """What a part of the check finds; what keeps it from looking is a finding, too."""
    try:
        with database.told(archive.folder):
            yield from part(archive)
    except ArchiveError as problem:
        yield Finding(problem.slug, problem.message, problem.remedy or database.REPAIR)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        # values that no healthy archive holds
        yield Finding(DAMAGED, f"the database holds odd values ({problem})", database.REPAIR)


def _header(archive: "Archive") -> Iterator[Finding]:
    with (archive.folder / database.FILE).open("rb") as stream:
        head = stream.read(100)
    for start, allowed in HEADER:
        if head and not any(head[start : start + len(each)] == each for each in allowed):
            words = f"the database's first page is damaged at byte {start}"
            yield Finding(DAMAGED, words, database.REPAIR)


def _structure(archive: "Archive") -> Iterator[Finding]:
    for (words,) in archive.rows("PRAGMA integrity_check"):
        if words != "ok":
            yield Finding(DAMAGED, str(words), database.REPAIR)


def _references(archive: "Archive") -> Iterator[Finding]:
    for row in archive.rows("PRAGMA foreign_key_check"):
        words = f"a row of {row[0]} refers to nothing"
        yield Finding("archive-reference", words, database.REPAIR)


def _schema(archive: "Archive") -> Iterator[Finding]:
    there, expected = _statements(archive.connection), expected_schema()
    for name in sorted(there.keys() | expected.keys()):
        if there.get(name) != expected.get(name):
            words = f"the definition of {name} is not what it was"
            yield Finding(DAMAGED, words, database.REPAIR)


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


def _rows(archive: "Archive") -> Iterator[Finding]:
    for each in checksums.wrong_rows(archive.connection):
        words = (
            f"a row of {each.table} ({_shown(each.key)}) is not what was written"
            if each.key
            else f"a row of {each.table} is missing"
        )
        yield Finding("archive-row", words, database.REPAIR)


def _shown(key: tuple[checksums.Value, ...]) -> str:
    words = (
        each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in key
    )
    return ", ".join(words)


def _numbers(archive: "Archive") -> Iterator[Finding]:
    """The numbers that SQLite gives next: no import is ever deleted, so the last one counts."""
    known = dict(archive.rows("SELECT name, seq FROM sqlite_sequence"))
    for table, exact in (("imports", True), ("labels", False)):
        ((last,),) = archive.rows(f"SELECT coalesce(max(id), 0) FROM {table}")  # noqa: S608 - ours
        given = known.get(table, 0)
        if given < last or (exact and given > last):
            words = f"the next number of {table} is not what it was"
            yield Finding(DAMAGED, words, database.REPAIR)


def _journal(archive: "Archive") -> Iterator[Finding]:
    for words in archive.journal.differences(archive.connection):
        yield Finding("archive-journal", f"the journal: {words}", database.REPAIR)


def is_of_this_version(folder: Path) -> bool:
    """Whether all tables are those of this version, whatever number the database says it has."""
    try:
        with closing(sqlite3.connect(folder / database.FILE)) as connection:
            return _statements(connection) == expected_schema()
    except sqlite3.Error:
        return False


def mended_header(path: Path) -> None:
    """Give the file of a database the bytes that never differ; for a copy to be read from."""
    with path.open("r+b") as stream:
        if len(stream.read(100)) == 100:
            for start, allowed in HEADER:
                stream.seek(start)
                stream.write(allowed[0])
            stream.seek(16)
            stream.write(database.PAGE_BYTES.to_bytes(2, "big"))
