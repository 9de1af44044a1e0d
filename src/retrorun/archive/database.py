"""The SQLite file: opened, versioned, migrated with a backup, and locked for one writer.

``Database`` is what the parts of an archive share: queries, transactions, and the lookups that more
than one of them needs.
"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path, PurePath
from typing import Any

from retrorun.archive import checksums
from retrorun.archive.journal import Journal
from retrorun.archive.rows import MIGRATIONS
from retrorun.errors import ArchiveError, system_fault

APPLICATION_ID = 0x52657472  # "Retr": tells our database from any other
VERSION = 6
FILE = "archive.sqlite"
LOCK = "writer.lock"
OWNER_ONLY = 0o700  # mode of the folder
PAGE_BYTES = 4096  # SQLite's own default
BUSY_S = 30.0
LEAST_ROOM_BYTES = 64 << 10  # SQLite keeps 32 KiB beside an open database
OBJECTS = ("originals", "tracks")  # folders of files under their hash
REPAIR = "`retrorun archive check --repair` mends what can be mended."

SUMMED = 4  # the version that brought checksums of rows, and the journal


class Database:
    """The open database of an archive, and the journal beside it."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.connection = connection
        self.journal = Journal(folder)
        self._file = _file_number(folder)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query.

        Raises:
            ArchiveError: the database cannot be read.
        """
        with translate_errors(self.folder):
            return self.connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing of it, in the database and in the journal.

        Raises:
            ArchiveError: the database or the disk refuses, or another database lies in its place.
        """
        with translate_errors(self.folder):
            try:
                self.journal.watch(self.connection)
                with transaction(self.connection):
                    self._refuse_replaced()
                    self.journal.begin(self.connection)
                    yield
                    self.journal.commit(self.connection)
            except BaseException:
                self.journal.rollback()
                raise

    def is_replaced(self) -> bool:
        """Whether another database lies in the place of the open one, such as a repaired one."""
        return _file_number(self.folder) != self._file

    def _refuse_replaced(self) -> None:
        if self.is_replaced():
            raise ArchiveError(
                "archive-replaced",
                "its database was replaced by another, such as a repaired one, while it was open",
                file=str(self.folder),
                remedy="Run the command again.",
            )

    def document(self, name: str) -> bytes | None:
        """The stored document of that name; None if there is none."""
        rows = self.rows("SELECT document FROM documents WHERE name = ?", name)
        return rows[0][0] if rows else None

    def put_document(self, name: str, document: bytes) -> None:
        """Keep a document in place of the one of its name, in a transaction."""
        self.connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (name, document))

    def state(self) -> int:
        """A number that changes as soon as another connection changes the archive.

        Of another database in its place it is another one.
        """
        return hash((self._file, int(self.rows("PRAGMA data_version")[0][0])))

    def find_session(self, columns: str, session_id: str) -> tuple[Any, ...]:
        """Columns of the one session whose id begins so.

        Raises:
            ArchiveError: there is none, or more than one.
        """
        exact = self.rows(f"SELECT {columns} FROM sessions WHERE id = ?", session_id)  # noqa: S608
        rows = exact or self.rows(
            f"SELECT {columns} FROM sessions WHERE substr(id, 1, ?) = ?",  # noqa: S608 - our own
            len(session_id),
            session_id,
        )
        if len(rows) == 1 and session_id:
            return rows[0]
        remedy = "`retrorun sessions` lists them."
        words = "more than one session begins with" if rows else "there is no session"
        raise ArchiveError("session-unknown", f"{words} {session_id!r}", remedy=remedy)

    def has_session(self, sha256: str) -> bool:
        """Whether a file has a session in the archive."""
        return bool(self.rows("SELECT 1 FROM sessions WHERE sha256 = ? LIMIT 1", sha256))

    def file_name(self, sha256: str) -> str:
        """The name under which a file came; its hash if that is not known."""
        rows = self.rows(
            "SELECT path FROM files WHERE sha256 = ? ORDER BY outcome <> 'imported', path LIMIT 1",
            sha256,
        )
        return PurePath(rows[0][0]).name if rows else sha256


def _file_number(folder: Path) -> tuple[int, int] | None:
    """What tells the file of a database from another of its name; None where there is none."""
    try:
        found = (folder / FILE).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def path_bytes(path: str) -> bytes:
    """A path as the bytes the system gave; SQLite keeps them even where they are no UTF-8."""
    return path.encode("utf-8", "surrogateescape")


def connect(folder: Path, *, create: bool = True) -> sqlite3.Connection:
    """Open the archive's database, creating or migrating it where needed.

    A medium that cannot be written is opened for reading only.

    Raises:
        ArchiveError: there is none and none is to be created; it is another application's, newer
            than this retrorun, damaged, or the folder cannot be used.
    """
    path = folder / FILE
    if not path.exists() or not path.stat().st_size:
        refuse_without_database(folder)
    if not path.exists():
        if not create:
            raise ArchiveError(
                "archive-missing",
                "there is no archive yet",
                file=str(folder),
                remedy="`retrorun process FOLDER` makes one.",
            )
        _make_folder(folder)
    with translate_errors(folder):
        connection = _open(path)
        try:
            _prepare(connection, folder)
        except BaseException:
            connection.close()
            raise
    return connection


def refuse_without_database(folder: Path) -> None:
    """Refuse to begin a new database beside tracks or originals of another.

    Raises:
        ArchiveError: there are some.
    """
    if any(next((folder / name).glob("??/*.*"), None) for name in OBJECTS):
        raise ArchiveError(
            "archive-database-missing",
            "its database is missing or empty, and its tracks and originals are there",
            file=str(folder),
            remedy=REPAIR,
        )


def _make_folder(folder: Path) -> None:
    """Make the archive's folder, for its owner alone: it holds originals and the zones' secret."""
    try:
        folder.mkdir(OWNER_ONLY, parents=True, exist_ok=True)
    except OSError as problem:
        words = problem.strerror or str(problem)
        raise ArchiveError(
            "archive-unwritable",
            f"the archive's folder cannot be made: {words}",
            file=str(folder),
            remedy="Choose another with --archive DIR.",
        ) from problem


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        _write_ahead(connection)
    except sqlite3.OperationalError as problem:
        connection.close()
        is_refused = any(sign in str(problem) for sign in ("readonly", "unable to open"))
        if not (is_refused or (is_full(path.parent) and path.stat().st_size)):
            raise
        connection = _read_only(path)
    # with less, a power cut may take back an answer after it was acknowledged
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return connection


def _read_only(path: Path) -> sqlite3.Connection:
    """The database on a medium that cannot be written, so that nobody else writes either."""
    log = Path(f"{path}-wal")
    if not log.exists() or not log.stat().st_size:
        address = f"{path.resolve().as_uri()}?immutable=1"
        return sqlite3.connect(address, uri=True, isolation_level=None)
    # a killed process left transactions in the log, which cannot be merged where it lies
    memory = sqlite3.connect(":memory:", isolation_level=None)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(log, f"{copy}-wal")
        with closing(sqlite3.connect(copy)) as merged:
            merged.backup(memory)
    memory.execute("PRAGMA query_only = ON")
    return memory


def is_full(folder: Path) -> bool:
    """Whether a disk that can be written has no room for what SQLite keeps beside a database."""
    try:
        disk = os.statvfs(folder)
    except (AttributeError, OSError):  # Windows has no such function
        return False
    return disk.f_bavail * disk.f_frsize < LEAST_ROOM_BYTES and not disk.f_flag & os.ST_RDONLY


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Into WAL mode; SQLite does not wait by itself while another does the same."""
    end_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or time.monotonic() > end_s:
                raise
            time.sleep(0.02)
        else:
            return


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    connection.execute("BEGIN")  # one view, while another process may be creating it
    tables = _tables(connection)
    found, application = version_of(connection), _pragma(connection, "application_id")
    connection.execute("COMMIT")
    if found == 0 and application == 0 and not tables:
        refuse_without_database(folder)
        _create(connection)
    elif application != APPLICATION_ID:
        raise ArchiveError("archive-foreign", "this is no archive of retrorun", file=str(folder))
    elif found > VERSION:
        raise ArchiveError(
            "archive-newer",
            f"the archive has version {found}; this retrorun knows {VERSION}",
            file=str(folder),
            remedy="Upgrade retrorun, or choose another archive with --archive DIR.",
        )
    elif found < VERSION:
        migrate(connection, folder, MIGRATIONS, VERSION)
    elif connection.execute("SELECT 1 FROM imports LIMIT 1").fetchone() is None:
        refuse_without_database(folder)


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        if _tables(connection):  # another process was quicker
            return
        script = resources.files("retrorun.archive").joinpath("archive.sql")
        for statement in statements(script.read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def migrate(
    connection: sqlite3.Connection,
    folder: Path,
    migrations: Mapping[int, str],
    target: int,
) -> None:
    """Bring an older database to a version, all in one transaction, keeping a copy of the old.

    Where another process did so first, nothing is changed.

    Raises:
        ArchiveError: a step is missing.
    """
    found = version_of(connection)
    steps = range(found + 1, target + 1)
    if missing := [step for step in steps if step not in migrations]:
        words = f"no way is known from version {found} to {missing[0]}"
        raise ArchiveError("archive-too-old", words, file=str(folder))
    with transaction(connection):
        if version_of(connection) != found:
            return
        with closing(sqlite3.connect(folder / FILE)) as before:  # SQLite copies none that writes
            copy_to(before, folder / f"{FILE}.version-{found}.backup")
        for step in steps:
            for statement in statements(migrations[step]):
                connection.execute(statement)
        if found < SUMMED <= target:
            Journal(folder).rewrite(connection)
            checksums.fill(connection)
        connection.execute(f"PRAGMA user_version = {target}")


def copy_to(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the whole database while others may use it; the copy appears whole or not at all.

    Its owner alone may read it: it may lie outside of the archive's folder.
    """
    partial = target.with_name(f"{target.name}.part")
    partial.unlink(missing_ok=True)
    try:
        make_private(partial)
        with closing(sqlite3.connect(partial)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        partial.replace(target)
    finally:
        for each in (partial, partial.with_name(f"{partial.name}-journal")):
            each.unlink(missing_ok=True)


def make_private(path: Path) -> None:
    """Make an empty file that its owner alone may read."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def statements(script: str) -> Iterator[str]:
    """The statements of a script; unlike ``executescript`` they do not end a transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of a database; 0 if it has none."""
    return _pragma(connection, "user_version")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def translate_errors(folder: Path) -> Iterator[None]:
    """Raise errors of the database and the disk as ``ArchiveError``.

    Raises:
        ArchiveError: with a slug for full disks, read-only media, damage and waiting in vain.
    """
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as problem:
        told = isinstance(problem, sqlite3.Error) and system_fault(folder / FILE, problem)
        slug, words, remedy = _explanation(told or problem)
        if slug in (DISK, READ_ONLY) and is_full(folder):
            slug, words, remedy = FULL
        raise ArchiveError(slug, words, file=str(folder), remedy=remedy) from problem


def _explanation(problem: Exception) -> tuple[str, str, str]:
    text = str(problem)
    reason = (getattr(problem, "strerror", None) or text).lower()  # without the path it may name
    for signs, slug, words, remedy in _SIGNS:
        if any(each in reason for each in signs):
            return slug, f"{words} ({text})", remedy
    if isinstance(problem, (sqlite3.DatabaseError, UnicodeDecodeError)):
        return "archive-damaged", f"the database is damaged ({text})", REPAIR
    if isinstance(problem, FileNotFoundError):
        return "archive-gone", f"it is not there any more ({text})", "Run the command again."
    return "archive-error", text, "See `retrorun archive check`."


BUSY, DISK, READ_ONLY = "archive-busy", "archive-disk-error", "archive-read-only"
OPEN = "Give yourself the right to, and see that its disk can be written."
FULL = "archive-disk-full", "the disk is full", "Make room; nothing imported is lost."
_SIGNS = (
    (("full", "no space"), *FULL),
    (("file too large",), "archive-disk-full", "no more may be written", "Raise the limit."),
    (("quota",), "archive-disk-full", "the quota is used up", FULL[2]),
    (("disk i/o", "input/output"), DISK, "the disk refuses", "Check the disk and its limits."),
    (("stale", "timed out", "no such device"), DISK, "the disk is away", "Bring it back."),
    (("too many open",), "archive-starved", "too many files are open", "Raise `ulimit -n`."),
    (("readonly", "read-only"), READ_ONLY, "it cannot be written", "Mount it writable."),
    (("permission",), READ_ONLY, "it cannot be written", "Give yourself the right to."),
    (("unable to open",), READ_ONLY, "a file of it cannot be opened or made", OPEN),
    (("user-defined",), "archive-broken-off", "writing broke off", "Run the command again."),
    (("locked", "locking"), BUSY, "another retrorun is using it", "Wait for it to finish."),
)


@contextmanager
def writer(folder: Path, wait_s: float) -> Iterator[None]:
    """Be the one writer of an archive; the lock ends with the process, however it ends.

    Raises:
        ArchiveError: ``archive-busy`` after waiting in vain; ``archive-read-only``.
    """
    with translate_errors(folder):
        lock = sqlite3.connect(folder / LOCK, timeout=wait_s, isolation_level=None)
    with closing(lock):
        with translate_errors(folder):
            lock.execute("BEGIN EXCLUSIVE")
        yield
