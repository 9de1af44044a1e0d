"""Where exports lie: list, read, and put what is not there yet, in a folder or an object store.

A folder is walked with the operating system alone; fsspec is imported only for an address with
a scheme, such as ``s3://bucket/exports``, because it costs start-up time.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from retrorun.errors import ReadError, RetrorunError


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as a listing shows it.

    Attributes:
        address: full path or URL; bytes that are no UTF-8 are kept as surrogates.
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

    def entries(self) -> Iterator[Entry]:
        """Every file below the address, in an order that only depends on the names."""

    def read(self, name: str, limit_bytes: int) -> bytes:
        """All bytes of a file; a file above the limit is refused before it is read."""

    def put(self, name: str, data: bytes) -> bool:
        """Store bytes under a name unless it exists; whether they were stored."""


def open_store(address: str | Path) -> Store:
    """The store behind a path or URL."""
    text = os.fspath(address)
    return ObjectStore(text) if "://" in text else Folder(Path(text))


def is_local(address: str | Path) -> bool:
    """Whether the address is a path of this machine."""
    return "://" not in os.fspath(address)


class Folder:
    """A folder of this machine.

    Directory links are followed once, so that a loop of them ends. What cannot be listed (no
    permission, gone meanwhile) is kept in ``unlisted`` instead of ending the walk.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - without following links
        self.unlisted: list[tuple[str, str]] = []

    def entries(self) -> Iterator[Entry]:
        """Every regular file, sorted by its path; pipes, sockets and devices are left out.

        Raises:
            ReadError: the folder itself is not there or cannot be listed.
        """
        if not self.root.is_dir():
            raise ReadError("folder-missing", "there is no such folder", file=shown(str(self.root)))
        return self._walk(str(self.root), "", set())

    def _walk(self, folder: str, prefix: str, seen: set[tuple[int, int]]) -> Iterator[Entry]:
        try:
            identity = os.stat(folder)  # noqa: PTH116 - 10,000 files: strings are twice as fast
            if (identity.st_dev, identity.st_ino) in seen:
                return
            seen.add((identity.st_dev, identity.st_ino))
            with os.scandir(folder) as found:
                children = sorted(found, key=lambda child: child.name)
        except OSError as problem:
            self.unlisted.append((folder, problem.strerror or str(problem)))
            return
        for child in children:
            yield from self._entry(child, prefix, seen)

    def _entry(
        self,
        child: os.DirEntry[str],
        prefix: str,
        seen: set[tuple[int, int]],
    ) -> Iterator[Entry]:
        try:
            if child.is_dir():
                yield from self._walk(child.path, f"{prefix}{child.name}/", seen)
            elif child.is_file():
                yield _entry(child.path, prefix + child.name, child.stat())
        except OSError as problem:
            self.unlisted.append((child.path, problem.strerror or str(problem)))

    def read(self, name: str, limit_bytes: int) -> bytes:
        """All bytes of a file.

        Raises:
            ReadError: it is gone, too large, not readable, or changed while it was read.
        """
        return read_file(str(self.root / name), limit_bytes)

    def put(self, name: str, data: bytes) -> bool:
        """Store bytes under a name unless it exists; whole or not at all."""
        target = self.root / name
        if target.exists():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}.part")
        partial.write_bytes(data)
        try:
            os.link(partial, target)  # unlike a rename, it never replaces
        except FileExistsError:
            return False
        finally:
            partial.unlink()
        return True


def _entry(address: str, name: str, found: os.stat_result) -> Entry:
    return Entry(address, name, found.st_size, str(found.st_mtime_ns), found.st_mtime)


def look(address: str) -> Entry | None:
    """The local file as it is now; None where there is none."""
    try:
        return _entry(address, address, os.stat(address))  # noqa: PTH116 - as in the walk
    except OSError:
        return None


def read_file(address: str, limit_bytes: int) -> bytes:
    """All bytes of a local file, read once and checked not to have changed meanwhile.

    Raises:
        ReadError: it is gone, too large, not readable, or changed while it was read.
    """
    name = shown(address)
    try:
        with open(address, "rb") as stream:  # noqa: PTH123 - the same words for odd names
            before = os.fstat(stream.fileno())
            if before.st_size > limit_bytes:
                raise ReadError(
                    "file-too-large",
                    f"the file has {before.st_size} bytes; the limit is {limit_bytes}",
                    file=name,
                )
            data = stream.read(limit_bytes + 1)
            after = os.fstat(stream.fileno())
    except OSError as problem:
        words = problem.strerror or str(problem)
        raise ReadError("file-unreadable", f"it cannot be read: {words}", file=name) from problem
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise changing(name)
    return data


def changing(name: str) -> ReadError:
    """The error of a file that is being written while it is wanted."""
    remedy = "It is tried again with the next run."
    return ReadError("file-changing", "it changed while it was read", file=name, remedy=remedy)


class ObjectStore:
    """Anything fsspec knows; credentials are found by its implementations, never kept here."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._system, self._root = _filesystem(self.address)

    def entries(self) -> Iterator[Entry]:
        """Every object below the address, folder by folder, in the order of the names."""
        scheme = self.address.split("://", 1)[0]
        pages = self._system.walk(self._root, detail=True)
        for folder, folders, files in pages:
            folders_in_order = sorted(folders)
            if isinstance(folders, list):
                folders[:] = folders_in_order
            for name in sorted(files):
                path = f"{folder.rstrip('/')}/{name}"
                inner = path[len(self._root) :].lstrip("/")
                yield _object(f"{scheme}://{path.lstrip('/')}", inner, files[name])

    def read(self, name: str, limit_bytes: int) -> bytes:
        """All bytes of an object.

        Raises:
            ReadError: it is gone, too large, or the store refuses.
        """
        path = f"{self._root}/{name}"
        try:
            size = int(self._system.size(path) or 0)
            if size > limit_bytes:
                words = f"the object has {size} bytes; the limit is {limit_bytes}"
                raise ReadError("file-too-large", words, file=name)
            data: bytes = self._system.cat_file(path)
        except OSError as problem:
            raise ReadError("file-unreadable", str(problem)[:200], file=name) from problem
        return data

    def put(self, name: str, data: bytes) -> bool:
        """Store bytes under a name unless it exists; stores show an object whole or not at all."""
        path = f"{self._root}/{name}"
        if self._system.exists(path):
            return False
        self._system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        self._system.pipe_file(path, data)
        return True


def _filesystem(address: str) -> tuple[Any, str]:
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as problem:
        remedy = 'Object stores need `pip install "retrorun[cluster]"`.'
        raise RetrorunError("store-unknown", str(problem), file=address, remedy=remedy) from problem
    return system, str(root).rstrip("/")


def _object(address: str, name: str, facts: dict[str, Any]) -> Entry:
    keys = ("ETag", "etag", "LastModified", "mtime", "created")
    tag = next((str(facts[key]) for key in keys if facts.get(key)), "")
    return Entry(address, name, int(facts.get("size") or 0), tag.strip('"'))


def shown(address: str) -> str:
    """The address as text that can be printed: odd bytes and control characters are escaped."""
    text = address.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
