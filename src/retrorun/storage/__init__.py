"""Where exports lie: list, read, and put what is not there yet, in a folder or an object store.

A folder is walked with the operating system alone; fsspec is imported only for an address with
a scheme, such as ``s3://bucket/exports``, because it costs start-up time.
"""

import os
from pathlib import Path

from retrorun.storage.entries import Entry, Store, changing, without_user
from retrorun.storage.folder import Folder, look, read_file
from retrorun.storage.objects import ObjectStore
from retrorun.text import shown

__all__ = [
    "Entry",
    "Folder",
    "ObjectStore",
    "Store",
    "changing",
    "is_local",
    "look",
    "open_store",
    "read_file",
    "shown",
    "without_user",
]


def open_store(address: str | Path) -> Store:
    """The store behind a path or URL.

    Raises:
        RetrorunError: there is no implementation for such an address.
    """
    text = os.fspath(address)
    if text.startswith("file://"):
        from urllib.parse import urlsplit
        from urllib.request import url2pathname  # slow to import

        return Folder(Path(url2pathname(urlsplit(text).path)))
    return ObjectStore(text) if "://" in text else Folder(Path(text))


def is_local(address: str | Path) -> bool:
    """Whether the address is a path of this machine."""
    return "://" not in os.fspath(address)
