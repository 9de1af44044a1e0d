"""Where exports lie: list, read, and put what is not there yet, in a folder or an object store.

A folder is walked with the operating system alone; fsspec is imported only for an address with
a scheme, such as ``s3://bucket/exports``, because it costs start-up time.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from retrorun.errors import ReadError, SettingsError
from retrorun.readers.registry import HEAD_BYTES, reader_of
from retrorun.storage.entries import Entry, Store, changing, is_export, may_be_export, without_user
from retrorun.storage.folder import Folder, look, read_file, refuse_special
from retrorun.storage.objects import ObjectStore

__all__ = [
    "Entry",
    "Folder",
    "ObjectStore",
    "Store",
    "changing",
    "exports",
    "head",
    "is_local",
    "look",
    "open_store",
    "read_file",
    "refuse_special",
    "without_user",
]


def open_store(address: str | Path) -> Store:
    """The store behind a path or URL.

    Raises:
        SettingsError: there is no implementation for such an address, or it names no folder.
        RetrorunError: what the implementation needs is not installed.
    """
    text = os.fspath(address)
    if text.startswith("file://"):
        return Folder(_path_of(text))
    return ObjectStore(text) if "://" in text else Folder(Path(text))


def _path_of(address: str) -> Path:
    """The path that a URL of this machine names.

    Raises:
        SettingsError: it names another machine, or no folder: ``file://results`` does both.
    """
    from urllib.parse import urlsplit
    from urllib.request import url2pathname  # slow to import

    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost") or not parts.path:
        words = "a file:// address begins with three slashes and names a folder of this machine"
        remedy = "Give file:///home/name/results, or the path alone."
        raise SettingsError("store-unknown", words, file=without_user(address), remedy=remedy)
    return Path(url2pathname(parts.path))


def head(store: Store, entry: Entry, size: int) -> bytes:
    """The first bytes of a file; none where it cannot be read."""
    try:
        if is_local(entry.address):
            with Path(entry.address).open("rb") as stream:
                return stream.read(size)
        with store.opened(entry.name) as stream:
            return stream.read(size)
    except (OSError, ReadError):
        return b""


def exports(
    store: Store, entries: Iterable[Entry], is_known: Callable[[Entry], bool]
) -> Iterator[Entry]:
    """Those files that are exports: by their names, or where these are not enough by their content.

    Args:
        store: where the entries lie.
        entries: everything that was found.
        is_known: whether a file was found to be an export before; then it is not looked into.
    """
    for entry in entries:
        if is_export(entry.name) or (
            may_be_export(entry.name)
            and (
                is_known(entry) or reader_of(entry.name, head(store, entry, HEAD_BYTES)) is not None
            )
        ):
            yield entry


def is_local(address: str | Path) -> bool:
    """Whether the address is a path of this machine."""
    return "://" not in os.fspath(address)
