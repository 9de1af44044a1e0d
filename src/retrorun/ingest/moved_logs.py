"""A phone's log whose folder has a new name: only then is it composed, and known by its bytes."""

from collections.abc import Mapping
from dataclasses import replace

from retrorun import storage
from retrorun.archive import Change, FileRow
from retrorun.ingest.names import container
from retrorun.storage import Entry


def moved(entry: Entry, sha256: str, known: Mapping[str, FileRow]) -> Change | None:
    """What is written where a log was known under a name that is gone; None if none was.

    Args:
        entry: of the log's own table, that of the places.
        sha256: of the log.
        known: what is known of files, by path.
    """
    held = [
        row for row in known.values() if row.sha256 == sha256 and row.rule != "same-bytes"
    ]  # a copy is no holder, as with other files
    old = next((row for row in held if _is_gone(row)), None)
    if old is None or any(not _is_gone(row) for row in held):
        return None
    parts = [row.path for row in known.values() if row.duplicate_of == old.path and _is_gone(row)]
    row = replace(old, path=entry.address, size=entry.size, tag=entry.tag)
    return Change([row], gone=[old.path, *parts])


def _is_gone(row: FileRow) -> bool:
    """Whether a loose file is not there any more; of a store that is not asked."""
    own = container(row) is None and storage.is_local(row.path)
    return own and storage.look(row.path) is None
