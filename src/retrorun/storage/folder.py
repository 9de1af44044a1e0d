"""A folder of this machine, with the operating system alone."""

import errno
import os
import secrets
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from unicodedata import normalize

from retrorun.errors import AWAY, FAILING, FORBIDDEN, ReadError, StoreError
from retrorun.storage.entries import Entry, changing, system_devices, too_large
from retrorun.text import printable

# what file systems without links say, such as exFAT
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class Folder:
    """A folder of this machine.

    Directory links are followed once, so that a loop of them ends; so does one to a folder around
    this one. From a folder that a link leads to no other link leads further out, and the system's
    own folders (``/proc``, ``/sys``, ``/dev``) are not looked into: their links lead everywhere.
    What cannot be listed (no permission, gone meanwhile) is kept in ``unlisted`` instead of ending
    the walk.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - without following links
        self.unlisted: list[tuple[str, str]] = []

    def entries(self, under: str = "") -> Iterator[Entry]:
        """Every regular file, sorted by its path; pipes, sockets and devices are left out.

        Raises:
            ReadError: the folder itself is not there or cannot be listed.
        """
        if under:
            inner = self.root / under
            return self._walk(str(inner), f"{under.rstrip('/')}/") if inner.is_dir() else iter(())
        if not self.root.is_dir():
            raise ReadError(
                "folder-missing", "there is no such folder", file=printable(str(self.root))
            )
        return self._walk(str(self.root), "")

    def _walk(self, folder: str, prefix: str) -> Iterator[Entry]:
        """The files below a folder; without recursion, however deep the folders are."""
        own = os.path.realpath(folder)
        visited: set[tuple[int, int]] = set()
        others = system_devices(folder)
        far: list[os.DirEntry[str]] = []
        open_folders = [(prefix, own, self._children(folder, visited, others))]
        while open_folders:
            prefix, bounds, children = open_folders[-1]
            child = next(children, None)
            if child is None:
                open_folders.pop()
                continue
            try:
                if child.is_dir():
                    inside = self._bounds_in(child, own, bounds, far)
                    if inside is not None:
                        inner = self._children(child.path, visited, others)
                        open_folders.append((f"{prefix}{child.name}/", inside, inner))
                elif child.is_file():
                    yield _entry(child.path, prefix + child.name, child.stat())
            except OSError as problem:
                if problem.errno != errno.ELOOP:  # a link to itself leads nowhere, as others do
                    self.unlisted.append((child.path, problem.strerror or str(problem)))
        for each in far:
            found = each.stat()  # kept since its kind was asked for
            if (found.st_dev, found.st_ino) not in visited:  # no other link led there
                words = (
                    "it leads out of a folder that a link led to; "
                    "link to it from the exports themselves"
                )
                self.unlisted.append((each.path, words))

    @staticmethod
    def _bounds_in(
        child: os.DirEntry[str], own: str, bounds: str, far: list[os.DirEntry[str]]
    ) -> str | None:
        """The bounds of the walk in a folder; None for a link that is not followed.

        Args:
            child: the folder, or a link to one.
            own: the folder that is walked, without links.
            bounds: the same, or where the link led by which the child was met.
            far: gets a link that leads out of a folder that a link led to.
        """
        if not child.is_symlink():
            return bounds
        target = os.path.realpath(child.path)
        if _is_within(own, target) or target == bounds:
            return None  # a loop
        if _is_within(target, own) or _is_within(target, bounds):
            return bounds
        if bounds == own:
            return target
        far.append(child)
        return None

    def _children(
        self, folder: str, visited: set[tuple[int, int]], others: frozenset[int]
    ) -> Iterator[os.DirEntry[str]]:
        """What a folder holds, by name; nothing of one that was visited or is on other devices."""
        try:
            identity = os.stat(folder)  # noqa: PTH116 - 10,000 files: strings are twice as fast
            if (identity.st_dev, identity.st_ino) in visited or identity.st_dev in others:
                return iter(())
            visited.add((identity.st_dev, identity.st_ino))
            with os.scandir(folder) as found:
                return iter(sorted(found, key=lambda child: child.name))
        except OSError as problem:
            self.unlisted.append((folder, problem.strerror or str(problem)))
            return iter(())

    def read(self, name: str, limit_bytes: int, tag: str | None = None) -> bytes:
        """All bytes of a file.

        Raises:
            StoreError: the drive is away, or the system is out of something.
            ReadError: it is gone, too large, not readable, or changed.
        """
        return read_file(str(self.root / name), limit_bytes, tag)

    def opened(self, name: str, tag: str | None = None) -> BufferedReader:
        """The file as a stream that can be read at any place.

        Raises:
            StoreError: the drive is away, or the system is out of something.
            ReadError: it is gone, not readable, or not what was listed.
        """
        try:
            stream = (self.root / name).open("rb")
        except OSError as problem:
            raise _unreadable_error(printable(name), problem) from problem
        if tag is not None and tag != str(os.fstat(stream.fileno()).st_mtime_ns):
            stream.close()
            raise changing(printable(name))
        return stream

    def put(self, name: str, data: bytes) -> bool:
        """Store bytes under a name unless it exists; whole or not at all.

        Raises:
            StoreError: the disk is full, or may not be written, or takes one of the name's folders
                for another, because it does not tell upper from lower case.
        """
        target = self.root / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._refuse_other_case(target.parent)
            if target.exists():
                return False
            return _write_and_link(target, data)
        except OSError as problem:
            words = f"it cannot be written: {problem.strerror or problem}"
            raise StoreError(FAILING, words, file=printable(str(target))) from problem

    def _refuse_other_case(self, folder: Path) -> None:
        """Refuse a folder that is there under another spelling alone: another athlete's.

        Raises:
            StoreError: it is.
        """
        inside = (folder, *folder.parents)[: len(folder.parts) - len(self.root.parts)]
        for each in inside:
            if not each.with_name(each.name.swapcase()).exists():
                continue  # so a disk that tells case is asked once a folder, and never listed
            # some disks list names in another normal form than that in which they were written
            others = [normalize("NFC", one) for one in os.listdir(each.parent)]  # noqa: PTH208 - names
            if normalize("NFC", each.name) not in others:
                there = next((o for o in others if o.casefold() == each.name.casefold()), "")
                words = f"this disk does not tell {printable(each.name)} from {printable(there)}"
                remedy = "Rename one, or choose a disk that tells upper from lower case."
                raise StoreError("store-case", words, file=printable(str(each)), remedy=remedy)

    def delete(self, name: str) -> None:
        """Remove a file; it is no error if there is none.

        Raises:
            StoreError: it may not be removed.
        """
        try:
            (self.root / name).unlink(missing_ok=True)
        except OSError as problem:
            words = f"it cannot be removed: {problem.strerror or problem}"
            raise StoreError(FAILING, words, file=printable(name)) from problem


def _is_within(path: str, folder: str) -> bool:
    """Whether a path is that of a folder, or of something in it; neither has links."""
    return path == folder or path.startswith(f"{folder.rstrip(os.sep)}{os.sep}")


def _write_and_link(target: Path, data: bytes) -> bool:
    """Write beside the target and onto the disk, then give it its name; False if it is taken."""
    partial = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(8)}.part")
    try:
        with partial.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())  # or a power cut may leave the name with nothing in it
        return _take_name(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _take_name(partial: Path, target: Path) -> bool:
    """Give a file its name; False if it is taken."""
    try:
        os.link(partial, target)  # unlike a rename, it never replaces
    except FileExistsError:
        return False
    except OSError as problem:
        if problem.errno not in _NO_LINKS or target.exists():
            raise
        partial.rename(target)
    return True


def _entry(address: str, name: str, found: os.stat_result) -> Entry:
    return Entry(address, name, found.st_size, str(found.st_mtime_ns), found.st_mtime)


def refuse_special(path: Path) -> None:
    """Refuse what would be waited for without end, or has no end.

    Raises:
        ReadError: it is a pipe, a socket or a device.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ReadError(
            "not-a-file",
            "it is a pipe, a socket or a device, and no file",
            file=printable(str(path)),
            remedy="Save what it gives as a file first.",
        )


def look(address: str) -> Entry | None:
    """The local file as it is now; None where there is none."""
    try:
        return _entry(address, address, os.stat(address))  # noqa: PTH116 - as in the walk
    except OSError:
        return None


def read_file(address: str, limit_bytes: int, tag: str | None = None) -> bytes:
    """All bytes of a local file, read once and checked not to have changed meanwhile.

    Args:
        address: its path.
        limit_bytes: a larger file is not read.
        tag: its modification time in ns as it was listed, if it has to be that.

    Raises:
        StoreError: the drive is away, or the system is out of something.
        ReadError: it is gone, too large, not readable, or changed while it was read.
    """
    name = printable(address)
    try:
        with open(address, "rb") as stream:  # noqa: PTH123 - the same words for odd names
            before = os.fstat(stream.fileno())
            if before.st_size > limit_bytes:
                raise too_large(name, before.st_size, limit_bytes)
            data = stream.read(before.st_size + 1)  # a buffer of just that size is made at once
            after = os.fstat(stream.fileno())
    except OSError as problem:
        raise _unreadable_error(name, problem) from problem
    listed = before.st_mtime_ns if tag is None else int(tag)
    if (before.st_size, listed) != (after.st_size, after.st_mtime_ns):
        raise changing(name)
    return data


def _unreadable_error(name: str, problem: OSError) -> ReadError:
    words = problem.strerror or str(problem)
    kind, slug = (StoreError, FAILING) if problem.errno in AWAY else (ReadError, "file-unreadable")
    slug = FORBIDDEN if isinstance(problem, PermissionError) else slug
    return kind(slug, f"it cannot be read: {words}", file=name)
