"""A phone's sensor log as loose tables: ``Location.csv`` and what lies beside it in a folder.

The tables of a folder that have the same around the sensor's word are one recording. Its row is
that of the places; those of the others say that they went into it.

A phone's log whose folder has a new name: only then is it composed, and known by its bytes.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import cast

from retrorun import storage
from retrorun.archive import Change, FileRow
from retrorun.ingest.file_names import container, is_table
from retrorun.settings import ReadLimits
from retrorun.storage import Entry, Store

_MOST_OTHERS = 100  # tables of a folder that are not called after a sensor; a log has some dozens
_HEAD_BYTES = 4096
_HAS_TIME = re.compile(rb'[^\n]*(?:^|[,\xef\xbb\xbf"])time[",\r\n]', re.IGNORECASE)
Tables = tuple[tuple[str, Entry], ...]  # role → where it lies; the recording's own first


@dataclass(frozen=True, slots=True)
class Found:
    """The logs that are due, and the tables of which nothing is new."""

    due: tuple[Tables, ...]
    settled: frozenset[str]


def may_be_table(name: str) -> bool:
    """Whether a file may be one of a phone's tables, by its name."""
    path = PurePosixPath(name.lower())
    return path.suffix == ".csv" and not is_table(name) and not path.name.startswith((".", "~"))


def find(store: Store, entries: Iterable[Entry], is_fresh: Callable[[Entry], bool]) -> Found:
    """Logs of which any table is new or changed; only then are heads looked at.

    Args:
        store: where the entries lie.
        entries: everything that was found.
        is_fresh: whether a file is new, changed or to be tried again.
    """
    folders: dict[str, list[Entry]] = {}
    for each in entries:
        if may_be_table(each.name):
            folders.setdefault(each.address.rpartition("/")[0], []).append(each)
    due: list[Tables] = []
    settled: set[str] = set()
    for held in folders.values():
        fresh = {each.address for each in held if is_fresh(each)}
        settled |= {each.address for each in held} - fresh
        logs = _logs(store, held) if fresh else []
        due += [log for log in logs if any(each.address in fresh for _, each in log)]
    return Found(tuple(due), frozenset(settled))


def _logs(store: Store, held: list[Entry]) -> list[Tables]:
    entries = {PurePosixPath(each.address).name: each for each in _looked_at(held)}
    heads = {name: storage.head(store, each, _HEAD_BYTES) for name, each in entries.items()}
    timed = {name: head for name, head in heads.items() if _HAS_TIME.match(head)}
    if not timed:
        return []
    from retrorun.readers.containers import (
        sensor_logger as phone_tables,  # it costs start-up time, and most folders have none
    )

    return [
        tuple((role, entries[log[role]]) for role in sorted(log, key=lambda role: role != "places"))
        for log in phone_tables.logs(timed)
    ]


def _looked_at(held: list[Entry]) -> list[Entry]:
    """All that are called after a sensor, however many logs there are, and some of the others."""
    if len(held) <= _MOST_OTHERS:
        return held
    from retrorun.readers.containers import sensor_logger as phone_tables

    named = {each.address for each in held if phone_tables.is_named(each.name)}
    others = [each for each in held if each.address not in named]
    return [each for each in held if each.address in named] + others[:_MOST_OTHERS]


def composed(tables: Tables, limits: ReadLimits) -> bytes:
    """The log as GPX.

    Raises:
        RetrorunError: a table cannot be read, changed meanwhile, or there are no places.
    """
    from retrorun.readers.containers import sensor_logger
    from retrorun.readers.containers import sensor_logger as phone_tables

    own = PurePosixPath(tables[0][1].name).name
    data = {cast(phone_tables.Role, role): _whole(each, limits) for role, each in tables}
    return sensor_logger.sensor_log(own, data, limits)


def _whole(entry: Entry, limits: ReadLimits) -> bytes:
    if not storage.is_local(entry.address):
        folder, name = entry.address.rsplit("/", 1)
        return storage.open_store(folder).read(name, limits.file_bytes)
    data = storage.read_file(entry.address, limits.file_bytes)
    now = storage.look(entry.address)
    if now is None or (now.size, now.tag) != (entry.size, entry.tag):
        raise storage.changing(entry.name)
    return data


def rows(tables: Tables, row: FileRow) -> list[FileRow]:
    """Rows of the tables that went into another.

    Args:
        tables: the log's.
        row: a row of the recording, of any outcome.
    """
    others = [each for _, each in tables[1:]]
    return [
        replace(
            row,
            path=each.address,
            size=each.size,
            tag=each.tag,
            sha256="",
            duplicate_of=row.path,
        )
        for each in others
    ]


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
