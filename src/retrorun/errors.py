"""The one family of errors: what went wrong, in which file, where in it, and what to do."""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from retrorun.language import translated
from retrorun.text import plain, printable

T = TypeVar("T")

# what to do about a file that tells of a run and holds no recording of it
SUMMARY_REMEDY = (
    "A summary alone shows no direction. Export the recording itself, as FIT or with its track."
)

# by which a person or the system ends a program: Ctrl-C, a stop, a terminal that is closed
ENDING_SIGNALS = tuple(
    getattr(signal, each) for each in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, each)
)

# what a drive says when it is away, or a system that lacks something: nothing is wrong with a file
AWAY = frozenset(
    {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EBUSY, errno.ENODEV, errno.ENXIO}
    | {errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ECONNRESET}
    | {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT}
)
FAILING = "store-failing"  # slug: a file was not read or written, for no fault of its own
TEMPORARY_FULL = "temporary-disk-full"  # slug: a copy that reading needs had no room
FORBIDDEN = "file-forbidden"  # slug: who runs the program may not read a file
# slugs of files that were not read, for no fault of their own: nothing is kept of them
UNREAD = frozenset({FAILING, FORBIDDEN, TEMPORARY_FULL, "store-refuses"})
# slugs of errors that say nothing about what is stored or read
_PASSING = frozenset(
    {"archive-broken-off", "archive-busy", "archive-disk-error", "archive-disk-full"}
    | {"archive-gone", "archive-object-unreadable", "archive-read-only", "archive-replaced"}
    | {"archive-starved"}
    | UNREAD
)


def is_passing(problem: BaseException) -> bool:
    """Whether a failure is the system's, so that the same may go well the next time."""
    if isinstance(problem, RetrorunError):
        return problem.slug in _PASSING
    return isinstance(problem, MemoryError) or getattr(problem, "errno", None) in AWAY


class RetrorunError(Exception):
    """A problem that a user can understand and act on.

    What a file says may stand in the words: they are made safe to print.

    Args:
        slug: stable machine-readable name, such as ``fit-truncated``.
        message: what went wrong, one sentence.
        file: name of the file it concerns, if any.
        offset: byte offset in that file, if known.
        remedy: what the user can do about it, one sentence.
    """

    def __init__(
        self,
        slug: str,
        message: str,
        *,
        file: str | None = None,
        offset: int | None = None,
        remedy: str | None = None,
    ) -> None:
        message = plain(message)
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.file = printable(file) if file else file
        self.offset = offset
        self.remedy = plain(remedy) if remedy else remedy

    def __str__(self) -> str:
        """All of it in one line, in English: file, place, message, remedy."""
        return self._line(str)

    @property
    def translated(self) -> str:
        """The same in the language in force."""
        return self._line(translated)

    def _line(self, translate: Callable[[str], str]) -> str:
        head = f"{self.file}: " if self.file else ""
        place = translate(f" (at byte {self.offset})") if self.offset is not None else ""
        stop = "" if self.message.endswith((".", "!", "?")) and not place else "."
        tail = f"{stop} {translate(self.remedy)}" if self.remedy else ""
        return f"{head}{translate(self.message)}{place}{tail}"

    def __reduce__(self) -> tuple[Callable[..., "RetrorunError"], tuple[str, str]]:
        """Keep every field when an engine carries the error between processes."""
        kind = partial(type(self), file=self.file, offset=self.offset, remedy=self.remedy)
        return kind, (self.slug, self.message)


class ReadError(RetrorunError):
    """The bytes of a file cannot be read as a recording."""


class StoreError(ReadError):
    """A store does not answer or lets nobody in: it says nothing about the file itself."""


def read_or_none(read: Callable[[], T]) -> T | None:
    """What a function reads from a store; None where that is gone or damaged.

    Raises:
        StoreError: the store does not answer, so that nobody knows what is there.
    """
    try:
        return read()
    except StoreError:
        raise
    except ReadError:
        return None


def drive_error(problem: BaseException, file: str) -> StoreError | None:
    """The error of a drive that failed while a file was read; None where nothing says so.

    Args:
        problem: what was raised, perhaps by a library that met the failure and told it as damage.
        file: its name.
    """
    cause: BaseException | None = problem
    while cause is not None and not is_passing(cause):
        cause = cause.__context__
    if cause is None:
        return None
    words = getattr(cause, "strerror", None) or str(cause)
    return StoreError(FAILING, f"it cannot be read: {words}", file=file)


class NotARunError(RetrorunError):
    """The file was read, and holds no running or walking to analyse."""


class SettingsError(RetrorunError):
    """Settings, profile or arguments that make no sense."""


class ArchiveError(RetrorunError):
    """The archive cannot be opened, read or written."""


class PageError(RetrorunError):
    """A page cannot be written."""


class EngineError(RetrorunError):
    """A worker died, hung or ran out of what it was given."""


def error_location(fault: Exception) -> str:
    """What happened and in which of our lines, for a report that helps; no traceback."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "unknown place"
    return f"an unexpected {type(fault).__name__} in {place}: {str(fault)[:200]}"


def system_fault(database: Path, problem: Exception) -> OSError | None:
    """What the system says of the file of a database that SQLite could not use; None: nothing.

    SQLite takes a disk that cannot be read for damage, too many open files for a lack of rights,
    and a folder that is gone for a medium that cannot be written. Of rights it says more itself.
    """
    if "locked" in str(problem):
        return None
    try:
        read_elsewhere(database)
    except FileNotFoundError as found:
        return None if database.parent.exists() else found
    except OSError as found:
        return found if found.errno in AWAY else None
    return None


def read_elsewhere(path: Path, wanted_bytes: int = 0) -> bytes:
    """Read a file to its end in a process of its own, and return so many of its first bytes.

    For the file of an open database: a process that closes any descriptor of it loses the locks
    that SQLite holds on it, and the next program takes the log away that this one still writes.

    Raises:
        OSError: it cannot be read.
    """
    import subprocess

    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-I", "-S", "-c", _READER, str(path), str(wanted_bytes)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode > 0:
        raise OSError(done.returncode, os.strerror(done.returncode), str(path))
    return done.stdout


_READER = """
import sys
try:
    with open(sys.argv[1], "rb") as stream:
        sys.stdout.buffer.write(stream.read(int(sys.argv[2])))
        while not int(sys.argv[2]) and stream.read(1 << 20):
            pass
except OSError as problem:
    sys.exit(problem.errno)
"""
