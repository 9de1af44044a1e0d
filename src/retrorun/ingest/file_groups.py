"""Which files of a folder are looked at, and which belong together.

By their names: exports, archives, and tables of labels beside exports (``run.labels.csv`` or
``run.fit.labels.csv`` for ``run.fit``).

By their heads: a phone's sensor log as loose tables, ``Location.csv`` and what lies beside it. The
tables of a folder that have the same text around the sensor's name are one recording. Its row is
that of the places; the rows of the others say that they went into it.

By a table: Strava's ``activities.csv`` in an unpacked bulk export says which files are no runs, and
so does any other that names the files beside it, as Runkeeper's ``cardioActivities.csv``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import cast

import msgspec
from msgspec.structs import replace

from retrorun import storage
from retrorun.archive import Change, FileRow, Problem
from retrorun.errors import ReadError
from retrorun.readers.registry import suffixes, unopened
from retrorun.settings import ReadLimits
from retrorun.storage import Entry, Store
from retrorun.storage.entries import PACKED, is_archive, is_export, is_unopened, may_be_export
from retrorun.text import name_key, printable

__all__ = [
    "PACKED",
    "Found",
    "Tables",
    "composed",
    "container",
    "find_logs",
    "is_archive",
    "is_export",
    "is_known",
    "is_member",
    "is_table",
    "may_be_table",
    "may_be_wanted",
    "member_tag",
    "moved_log",
    "named_after",
    "not_opened",
    "other_sports",
    "rows_of_parts",
    "table_endings",
    "table_order",
    "table_stem",
]

TABLE = ".labels.csv"
_TABLE_NAME = re.compile(r"\.labels(?: ?\((\d{1,4})\))?\.csv$", re.IGNORECASE)
ACTIVITIES = "activities.csv"
_MEMBER = "member:"
_ACTIVITIES_BYTES = 64 * 2**20
_MOST_TABLES = 100  # of activities, in a folder and all below it
_MOST_OTHERS = 100  # tables of a folder that are not called after a sensor; a log has some dozens
_HEAD_BYTES = 4096
_HAS_TIME = re.compile(rb'[^\n]*(?:^|[,;\t\xef\xbb\xbf"])time[",;\t\r\n]', re.IGNORECASE)
Tables = tuple[tuple[str, Entry], ...]  # role → where it lies; the recording's own first


def is_table(name: str) -> bool:
    """Whether a name is that of a table of labels beside an export."""
    named = _TABLE_NAME.search(name) is not None
    return named and not PurePosixPath(name).name.startswith((".", "~"))


def table_stem(name: str) -> str:
    """A table's name without its ending; browsers number what they save again."""
    return _TABLE_NAME.sub("", name)


def table_order(table: Entry) -> tuple[str, int]:
    """Tables in the order in which they hold: of those about one export the last saved wins."""
    found = _TABLE_NAME.search(table.address)
    return f"{table_stem(table.address)}{TABLE}", int(found[1] or 0) if found else 0


def is_known(name: str) -> bool:
    """Whether a file is looked at: an export, an archive or a table of labels."""
    return is_export(name) or is_table(name)


def may_be_wanted(name: str) -> bool:
    """Whether a file is looked at, or might be, depending on its content."""
    return is_known(name) or may_be_export(name)


def table_endings() -> tuple[str, ...]:
    """What may follow a table's stem in the name of its export."""
    ends = (*suffixes(), *suffixes(shared=True))
    return ("", *(end + packed for end in ends for packed in ("", PACKED)))


def named_after(
    tables: Iterable[Entry], exports: Iterable[Entry], known: Iterable[str] = ()
) -> list[tuple[str, ...]]:
    """For each table of labels the paths of the exports that it speaks of.

    ``run.labels.csv`` lies beside ``run.fit`` and ``run.gpx``, ``run.fit.labels.csv`` beside the
    one. Where no export lies beside it, ``run.fit.labels.csv`` speaks of the ``run.fit`` that lies
    elsewhere, if there is only one.

    Args:
        tables: of labels.
        exports: of the folder.
        known: paths of other exports that the archive has sessions of.
    """
    by_address: dict[str, list[str]] = {}
    by_name: dict[str, set[str]] = {}
    for path in dict.fromkeys((*(each.address for each in exports), *known)):
        by_name.setdefault(name_key(path.rpartition("/")[2]), set()).add(path)
    for each in exports:
        by_address.setdefault(name_key(each.address), []).append(each.address)
    found: list[tuple[str, ...]] = []
    for each in tables:
        stem = name_key(table_stem(each.address))
        beside = [path for end in table_endings() for path in by_address.get(stem + end, ())]
        elsewhere = by_name.get(stem.rpartition("/")[2], set())
        found.append(tuple(beside or (elsewhere if len(elsewhere) == 1 else ())))
    return found


def member_tag(archive: str) -> str:
    """The tag of an archive's members: how much of their path is the archive's."""
    return f"{_MEMBER}{len(archive)}"


def unused_path(path: str, used: set[str]) -> str:
    """A path of its own for each member: a zip may hold one name twice."""
    number, own = 1, path
    while own in used:
        number += 1
        own = f"{path} #{number}"
    used.add(own)
    return own


def is_member(entry: Entry) -> bool:
    """Whether an entry is a member of an archive."""
    return entry.tag.startswith(_MEMBER)


def container(row: FileRow) -> str | None:
    """The path of the archive that a member lies in; None for a file by itself."""
    if not row.tag.startswith(_MEMBER):
        return None
    return row.path[: int(row.tag.removeprefix(_MEMBER))]


class Found(msgspec.Struct, frozen=True):
    """The logs that are due, and the tables of which nothing is new."""

    due: tuple[Tables, ...]
    settled: frozenset[str]


def may_be_table(name: str) -> bool:
    """Whether a file may be one of a phone's tables, by its name."""
    path = PurePosixPath(name.lower())
    return path.suffix == ".csv" and not is_table(name) and not path.name.startswith((".", "~"))


def find_logs(store: Store, entries: Iterable[Entry], is_fresh: Callable[[Entry], bool]) -> Found:
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
    entries = {PurePosixPath(each.address).name: each for each in _tables_to_read(held)}
    heads = {name: storage.head(store, each, _HEAD_BYTES) for name, each in entries.items()}
    timed = {name: head for name, head in heads.items() if _HAS_TIME.match(head)}
    if not timed:
        return []
    from retrorun.readers.containers import sensor_logger  # most folders need none of it

    timed |= {name: head for name, head in heads.items() if sensor_logger.is_metadata(name, head)}
    return [
        tuple((role, entries[log[role]]) for role in sorted(log, key=lambda role: role != "places"))
        for log in sensor_logger.logs(timed)
    ]


def _tables_to_read(held: list[Entry]) -> list[Entry]:
    """All that are called after a sensor, however many logs there are, and some of the others."""
    if len(held) <= _MOST_OTHERS:
        return held
    from retrorun.readers.containers import sensor_logger

    named = {each.address for each in held if sensor_logger.is_named(each.name)}
    others = [each for each in held if each.address not in named]
    return [each for each in held if each.address in named] + others[:_MOST_OTHERS]


def composed(tables: Tables, limits: ReadLimits) -> bytes:
    """The log as GPX.

    Raises:
        RetrorunError: a table cannot be read, changed meanwhile, or there are no places.
    """
    from retrorun.readers.containers import sensor_logger

    own = PurePosixPath(tables[0][1].name).name
    data = {cast(sensor_logger.Role, role): _read_unchanged(each, limits) for role, each in tables}
    return sensor_logger.sensor_log(own, data, limits)


def _read_unchanged(entry: Entry, limits: ReadLimits) -> bytes:
    if not storage.is_local(entry.address):
        folder, name = entry.address.rsplit("/", 1)
        return storage.open_store(folder).read(name, limits.file_bytes)
    data = storage.read_file(entry.address, limits.file_bytes)
    now = storage.look(entry.address)
    if now is None or (now.size, now.tag) != (entry.size, entry.tag):
        raise storage.changing(entry.name)
    return data


def rows_of_parts(tables: Tables, row: FileRow) -> list[FileRow]:
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


def moved_log(entry: Entry, sha256: str, known: Mapping[str, FileRow]) -> Change | None:
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


def other_sports(
    store: Store, found: Iterable[Entry], fresh: Iterable[Entry]
) -> Mapping[str, Problem]:
    """Why files are passed over by what a table says of them, by their address.

    Args:
        store: where the entries lie.
        found: everything that was found.
        fresh: the files that are to be looked at.
    """
    wanted, everything = list(fresh), list(found)
    tables = [each for each in everything if may_be_table(each.name)] if wanted else []
    problems: dict[str, Problem] = {}
    for table in sorted(tables, key=_how_unlikely)[:_MOST_TABLES]:
        folder = table.address.rpartition("/")[0] + "/"
        beside = [each for each in wanted if each.address.startswith(folder)]
        if beside and _names_recordings(store, table):
            within = [each for each in everything if each.address.startswith(folder)]
            problems |= _not_on_foot(table, _table_bytes(store, table), within, beside)
    return problems


def not_opened(files: Iterable[Entry]) -> Mapping[str, Problem]:
    """Why archives of other kinds than zip and tar are passed over, by their address."""
    found: dict[str, Problem] = {}
    for each in filter(lambda one: is_unopened(one.name), files):
        error = unopened(PurePosixPath(each.name).suffix[1:].lower(), each.name)
        found[each.address] = Problem("failed", error.slug, error.message, remedy=error.remedy)
    return found


def _how_unlikely(table: Entry) -> tuple[int, str]:
    """Sorting key: ``activities.csv`` first, a phone's tables last."""
    from retrorun.readers.containers.sensor_logger import is_named

    name = PurePosixPath(table.name).name
    return (0 if name.lower() == ACTIVITIES else 2 if is_named(name) else 1), table.address


def _names_recordings(store: Store, table: Entry) -> bool:
    from retrorun.readers.containers.accounts import TABLE_HEAD_BYTES, is_table

    return is_table(storage.head(store, table, TABLE_HEAD_BYTES))


def _not_on_foot(
    table: Entry, data: bytes, within: Iterable[Entry], beside: Iterable[Entry]
) -> dict[str, Problem]:
    """Why files beside a table are passed over; its names are sought in all that is within."""
    from retrorun.readers.containers.accounts import activities, rows_of
    from retrorun.readers.sports import is_on_foot
    from retrorun.text import file_key

    folder, _, name = table.address.rpartition("/")
    own = printable(name)
    names = {file_key(each.address) for each in within if is_export(each.name)}
    known = rows_of(names, activities(f"{folder}/", data))
    found: dict[str, Problem] = {}
    for each in beside:
        one = known.get(file_key(each.address))
        if one is not None and is_on_foot(one.sport) == "no":
            words = f"{own} calls it {one.sport}, which is not on foot"
            found[each.address] = Problem("not-a-run", "not-a-run", words)
    return found


def _table_bytes(store: Store, table: Entry) -> bytes:
    """The bytes of a table; none where it cannot be read."""
    try:
        if storage.is_local(table.address):
            return storage.read_file(table.address, _ACTIVITIES_BYTES)
        return store.read(table.name, _ACTIVITIES_BYTES)
    except ReadError:
        return b""
