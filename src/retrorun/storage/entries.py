"""Files of a store: entries, the names that exports may have, and addresses without credentials."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import PurePosixPath
from typing import Protocol

import msgspec

from retrorun.errors import ReadError
from retrorun.readers.registry import ARCHIVE_SUFFIXES, UNOPENED_SUFFIXES, suffixes
from retrorun.text import printable

# A password may hold "@", "/" or "?" itself, so that where it ends is not always known: rather too
# much is taken away. Where a "?" makes it unknown which part is the host, nothing is left.
_UNCLEAR = re.compile(r"://(?:[^/@]*:.*\?.*@|[^/]*\?[^/]*@).*", re.DOTALL)
_USER = re.compile(r"://(?:[^/@]*:.*@|[^/]*@)", re.DOTALL)
_QUERY = re.compile(r"(://[^?]*)\?.*", re.DOTALL)
_MOST_CHARS = 2000  # of what a library says


class Entry(msgspec.Struct, frozen=True):
    """One file as a listing shows it.

    Attributes:
        address: full path or URL, without credentials; bytes that are no UTF-8 are kept as
            surrogates.
        name: address relative to the store, with ``/``.
        size: bytes.
        tag: changes whenever the content may have: modification time in ns, or the store's etag.
        mtime_s: modification time, Unix seconds; None where the store does not tell.
    """

    address: str
    name: str
    size: int
    tag: str
    mtime_s: float | None = None


class Store(Protocol):
    """What a folder and an object store have in common."""

    def entries(self, under: str = "") -> Iterator[Entry]:
        """Every file below the address, in an order that only depends on the names.

        Args:
            under: a folder within the store; nothing is listed where there is none.
        """

    def read(self, name: str, limit_bytes: int, tag: str | None = None) -> bytes:
        """All bytes of a file; a file above the limit, or with another tag, is refused."""

    def opened(self, name: str, tag: str | None = None) -> BufferedReader:
        """The file as a stream that can be read at any place."""

    def put(self, name: str, data: bytes) -> bool:
        """Store bytes under a name unless it exists; whether they were stored."""

    def delete(self, name: str) -> None:
        """Remove a file; it is no error if there is none."""


def too_large(name: str, size: int, limit_bytes: int, kind: str = "file") -> ReadError:
    """The error of a file that is not read because of its size."""
    words = f"the {kind} has {size} bytes; the limit is {limit_bytes}"
    return ReadError("file-too-large", words, file=name)


CHANGING = "file-changing"


def changing(name: str) -> ReadError:
    """The error of a file that is being written while it is wanted."""
    remedy = "It is tried again with the next run."
    return ReadError(CHANGING, "it changed while it was read", file=name, remedy=remedy)


def without_user(address: str) -> str:
    """The address without the name, password and signature that a URL may carry.

    What follows a ``?`` goes, too. Of a URL with a password everything up to its last ``@`` goes.
    """
    plain = _USER.sub("://", _UNCLEAR.sub("://…", address))
    return _QUERY.sub(r"\1", plain)


def words_of(problem: BaseException) -> str:
    """What a library says, on one short line, without credentials."""
    words = str(problem)[:_MOST_CHARS].split()
    plain = " ".join(without_user(word) for word in words)
    return printable(plain)[:200] or type(problem).__name__


PACKED = ".gz"


def is_export(name: str) -> bool:
    """Whether a name is one that an export may have; hidden and half-copied files are not."""
    path = PurePosixPath(name.lower())
    stem = path.with_suffix("") if path.suffix == PACKED else path
    is_named = stem.suffix in (*suffixes(), ".zip") or is_archive(name) or is_unopened(name)
    return is_named and not path.name.startswith((".", "~"))


def may_be_export(name: str) -> bool:
    """Whether only its content can tell whether a file is an export, by its name."""
    path = PurePosixPath(name.lower())
    return path.suffix in suffixes(shared=True) and not path.name.startswith((".", "~"))


def is_archive(name: str) -> bool:
    """Whether a name is that of a zip or of a tar."""
    return name.lower().endswith(ARCHIVE_SUFFIXES)


def is_unopened(name: str) -> bool:
    """Whether a name is that of an archive of a kind that is not opened."""
    return name.lower().endswith(UNOPENED_SUFFIXES)


_SYSTEM_FOLDERS = ("/proc", "/sys", "/dev")  # what the system says of itself, and no files


def system_devices(folder: str) -> frozenset[int]:
    """Devices of the system's own folders, but for those that a folder itself or ``/`` lies on."""
    found = set[int]()
    for each in _SYSTEM_FOLDERS:
        with suppress(OSError):
            found.add(os.stat(each).st_dev)  # noqa: PTH116 - as in the walk
    for each in ("/", folder):
        with suppress(OSError):
            found.discard(os.stat(each).st_dev)  # noqa: PTH116 - as in the walk
    return frozenset(found)
