"""What an import would do: what was found and what is known, and a pure decision about it.

1. ``survey`` reads: it lists the folder, looks twice at files that changed just now, and hashes
   only files that are new or differ in size or time
2. ``plan`` decides: each file is imported, unchanged, moved, a duplicate, or waits
"""

import hashlib
import os
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from retrorun import __version__, storage
from retrorun.archive import Archive, FileRow, Match, Problem
from retrorun.archive.rows import Brief
from retrorun.errors import ReadError
from retrorun.ingest.duplicates import pairs
from retrorun.ingest.file_groups import (
    Tables,
    container,
    find_logs,
    is_known,
    is_table,
    named_after,
    not_opened,
    other_sports,
    table_endings,
    table_order,
    table_stem,
)
from retrorun.storage import Entry, Folder, Store
from retrorun.text import name_key, printable

if TYPE_CHECKING:
    from retrorun.model import Label

SETTLE_S = 2.0  # a file changed less than this ago may still be growing
LOOK_AGAIN_S = 0.5  # and is looked at twice, this far apart
SMALL_BYTES = 16 << 20  # an object is hashed in one request up to here, above block by block
_NO_EXPORT = "it is no export that can be read"
_EXPORTS = "Give a FIT, GPX or TCX file, a zip of them, or a folder."


class Candidate(msgspec.Struct, frozen=True):
    """A file worth reading.

    Attributes:
        entry: where it was found.
        sha256: of its bytes; empty where it could not be read.
        held: where its bytes lie, if not there: a member's in the spool, an original's.
        packed: they are packed, as originals are.
        phones: hashes of second devices' files to be tried with it, besides those known.
        labels: the user's labels besides those known, by the activity's position.
        tables: what it is made of, if it is a phone's log in loose tables; it has no hash yet.
        problem: why it is not analysed, where a table beside it says so.
    """

    entry: Entry
    sha256: str
    held: str = ""
    packed: bool = False
    phones: tuple[str, ...] = ()
    labels: "Mapping[int, tuple[Label, ...]]" = msgspec.field(default_factory=dict)
    tables: Tables = ()
    problem: Problem | None = None


class Table(msgspec.Struct, frozen=True):
    """A table of labels, and the paths of the exports that it lies beside."""

    file: Candidate
    exports: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True):
    """What an import would do with a folder.

    Attributes:
        folder: full path or URL.
        new: files to be analysed, in the order of their names.
        moved: known content under a new name or date, and its row so far: only noted.
        duplicates: files and the path that holds the same bytes.
        unchanged: number of files that are as they were.
        waiting: files that are still growing.
        passed_over: files that are no export by their name.
        unlisted: places that could not be listed, and why.
        retry: files are tried again that failed or were undone.
        tables: labels that are new or changed, or whose export is.
        pairs: ids of sessions, watch and phone, that overlap and were not compared yet.
        pending: hashes of exports that are to be analysed again, since an earlier run was killed.
        state: of the archive when it was looked at; None where it was not.
    """

    folder: str
    new: tuple[Candidate, ...] = ()
    moved: tuple[tuple[Candidate, FileRow], ...] = ()
    duplicates: tuple[tuple[Candidate, str], ...] = ()
    unchanged: int = 0
    waiting: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    unlisted: tuple[tuple[str, str], ...] = ()
    retry: bool = False
    tables: tuple[Table, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    pending: tuple[str, ...] = ()
    state: int | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        files = self.new or self.moved or self.duplicates or self.tables
        return not (files or self.pairs or self.pending)


class Survey(msgspec.Struct, frozen=True):
    """What was found in a folder, and what the archive knows of it: all that ``plan`` asks.

    Attributes:
        folder: full path or URL.
        found: everything that was listed.
        exports: addresses of what is an export by its name, or by its content.
        candidates: exports that are new or changed and at rest, with their hashes.
        holders: hash → known files with these bytes, and whether each still stands.
        tables: labels that are new or changed, or that lie beside a candidate.
        fresh_tables: addresses of those that are new or changed themselves.
        logs: phones' logs in loose tables of which any is new or changed.
        known_tables: addresses of such tables, those of logs of which nothing is new included.
        settled_tables: number of the latter.
        settled: number of exports that are as they were.
        waiting: files that are still growing.
        unlisted: places that could not be listed, and why.
        sessions: all sessions of the archive, oldest first.
        matches: of second devices.
        kept_apart: hashes of files that the user lets stand for themselves.
        pending: hashes of exports that are to be analysed again.
        state: of the archive when it was asked.
        retry: files are tried again that failed or were undone.
    """

    folder: str
    found: tuple[Entry, ...]
    exports: frozenset[str]
    candidates: tuple[Candidate, ...]
    holders: Mapping[str, Sequence[tuple[FileRow, bool]]]
    tables: tuple[Table, ...]
    fresh_tables: frozenset[str]
    logs: tuple[Tables, ...]
    known_tables: frozenset[str]
    settled_tables: int
    settled: int
    waiting: tuple[str, ...]
    unlisted: tuple[tuple[str, str], ...]
    sessions: tuple[Brief, ...]
    matches: tuple[Match, ...]
    kept_apart: frozenset[str]
    pending: tuple[str, ...]
    state: int
    retry: bool


def plan_import(
    folder: str | PathLike[str],
    archive: Archive,
    *,
    retry: bool = False,
    settle_s: float = SETTLE_S,
    meanwhile: Callable[[], object] | None = None,
) -> Plan:
    """Look at a folder or store and decide what an import would do; nothing is changed.

    Args:
        folder: path or URL; a file is imported alone, with the tables of labels beside it.
        archive: what is known so far.
        retry: try files again that failed or were undone.
        settle_s: a file changed less than this ago is looked at twice; 0 believes all.
        meanwhile: called once where a file is new or changed, before the second look: what a run
            needs can be loaded in that pause.

    Raises:
        ReadError: the folder is not there.
    """
    found = survey(folder, archive, retry=retry, settle_s=settle_s, meanwhile=meanwhile)
    return plan(found)


def survey(
    folder: str | PathLike[str],
    archive: Archive,
    *,
    retry: bool,
    settle_s: float,
    meanwhile: Callable[[], object] | None = None,
) -> Survey:
    """Read what ``plan`` asks, from a folder or store and from the archive.

    Raises:
        ReadError: the folder is not there.
    """
    state = archive.database.state()
    one = _one_file(fspath(folder))
    store = storage.open_store(fspath(one.parent if one else folder))
    found = list(_with_tables(one) if one else store.entries())
    known = {row.path: row for row in _known(archive, retry=retry)}
    exports = list(storage.exports(store, found, lambda entry: entry.address in known))
    if one and not exports:
        raise ReadError("not-an-export", _NO_EXPORT, file=printable(str(one)), remedy=_EXPORTS)
    export_paths = {entry.address for entry in exports}
    tables = sorted((entry for entry in found if is_table(entry.name)), key=table_order)
    imported = [row.path for row in known.values() if row.outcome == "imported"] if tables else []
    due = {container(row) for row in known.values() if should_retry(row, retry=retry)}

    def is_fresh(entry: Entry) -> bool:
        return not _is_settled(entry, known, retry=retry)

    fresh = [entry for entry in exports if entry.address in due or is_fresh(entry)]
    logs = find_logs(store, found, is_fresh)
    young = [*fresh, *filter(is_fresh, tables), *(each for log in logs.due for _, each in log)]
    steady, waiting = (
        settled(young, settle_s, meanwhile=meanwhile) if isinstance(store, Folder) else (young, [])
    )
    files = [each for each in steady if each.address in export_paths]
    candidates = _candidates(store, found, files)
    growing = {each.address for each in waiting}
    steady_tables = frozenset(each.address for each in steady if is_table(each.name))
    wanted = {each.entry.address for each in candidates}
    return Survey(
        folder=_address(store, one, fspath(folder)),
        found=tuple(found),
        exports=frozenset(export_paths),
        candidates=candidates,
        holders=_holders(known, candidates, due),
        tables=tuple(
            Table(Candidate(each, _hash(store, each)), paths)
            for each, paths in zip(tables, named_after(tables, exports, imported), strict=True)
            if not growing & {each.address, *paths}
            and (each.address in steady_tables or wanted & set(paths))
        ),
        fresh_tables=steady_tables,
        logs=logs.due,
        known_tables=logs.settled | {each.address for log in logs.due for _, each in log},
        settled_tables=len(logs.settled),
        settled=len(exports) - len(fresh),
        waiting=tuple(entry.address for entry in waiting),
        unlisted=tuple(store.unlisted) if isinstance(store, Folder) else (),
        sessions=tuple(archive.briefs()),
        matches=tuple(archive.second_devices.matches()),
        kept_apart=archive.second_devices.kept_apart(),
        pending=tuple(archive.pending.exports()),
        state=state,
        retry=retry,
    )


def _one_file(address: str) -> Path | None:
    """The full path of a single file that is to be imported; None for a folder or a store.

    Raises:
        ReadError: it is a pipe, a socket or a device.
    """
    if "://" in address:
        return None
    storage.refuse_special(Path(address))
    if not os.path.isfile(address):  # noqa: PTH113 - no path of odd characters
        return None
    return Path(os.path.abspath(address))  # noqa: PTH100 - without following links


def _with_tables(path: Path) -> Iterator[Entry]:
    """A file, and the tables of labels beside it."""
    key, beside = name_key(path.name), list[str]()
    with suppress(OSError):  # a folder that cannot be listed has no tables to be found
        beside = sorted(name for name in os.listdir(path.parent) if is_table(name))  # noqa: PTH208
    keys = {name: name_key(table_stem(name)) for name in beside}
    tables = [name for name in beside if key in {keys[name] + end for end in table_endings()}]
    for name in (path.name, *tables):
        entry = storage.look(str(path.with_name(name)))
        if entry is not None:
            yield replace(entry, name=name)


def _address(store: Store, one: Path | None, given: str) -> str:
    """The full path or URL of what was looked at."""
    if one is not None:
        return one.as_posix()
    return store.root.as_posix() if isinstance(store, Folder) else given


def plan(found: Survey) -> Plan:
    """Decide what an import would do; pure."""
    decided = decide(found.candidates, found.holders, retry=found.retry)
    new = {each.entry.address for each in decided.new}
    growing = set(found.waiting)
    untried = pairs(found.sessions, found.matches, found.kept_apart)
    logs = tuple(
        Candidate(log[0][1], "", tables=log)
        for log in found.logs
        if not growing & {each.address for _, each in log}
    )
    return replace(
        decided,
        new=(*decided.new, *logs),
        tables=tuple(
            each
            for each in found.tables
            if each.file.entry.address in found.fresh_tables or new & set(each.exports)
        ),
        folder=found.folder,
        unchanged=decided.unchanged + found.settled + found.settled_tables,
        waiting=found.waiting,
        passed_over=tuple(
            entry.address
            for entry in found.found
            if entry.address not in found.exports
            and entry.address not in found.known_tables
            and not is_known(entry.name)
        ),
        unlisted=found.unlisted,
        retry=found.retry,
        pairs=tuple((each.watch.id, each.phone.id) for each in untried),
        pending=found.pending,
        state=found.state,
    )


def _candidates(store: Store, found: list[Entry], files: list[Entry]) -> tuple[Candidate, ...]:
    others = {**other_sports(store, found, files), **not_opened(files)}
    return tuple(
        Candidate(entry, _hash(store, entry), problem=others.get(entry.address)) for entry in files
    )


def _known(archive: Archive, *, retry: bool) -> list[FileRow]:
    """What is known of files; on a second try one whose original was lost counts as undone."""
    rows = archive.files()
    if not retry:
        return rows
    there = set(archive.originals.hashes())
    return [
        replace(row, outcome="undone")
        if row.outcome == "imported" and row.rule is None and row.sha256 not in there
        else row
        for row in rows
    ]


def _is_settled(entry: Entry, known: Mapping[str, FileRow], *, retry: bool) -> bool:
    """Whether the file is as it was and its outcome stands; decided without reading it."""
    row = known.get(entry.address)
    if row is None or (row.size, row.tag) != (entry.size, entry.tag):
        return False
    return not should_retry(row, retry=retry)


def should_retry(row: FileRow, *, retry: bool) -> bool:
    """Whether a file with the same bytes is to be tried again."""
    if row.outcome in ("failed", "not-a-run"):
        return retry or row.version != __version__
    return row.outcome == "undone" and retry


def settled(
    entries: Iterable[Entry],
    settle_s: float,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    meanwhile: Callable[[], object] | None = None,
) -> tuple[list[Entry], list[Entry]]:
    """Part files into those at rest and those that are gone or still change.

    A file last changed more than ``settle_s`` ago rests. Younger ones, and ones from the future
    (clocks jump), are looked at again after a pause; ``meanwhile`` is part of it, and is called
    for old ones, too.
    """
    moment_s = now()
    entries = list(entries)
    if entries and meanwhile is not None:
        meanwhile()
    young = [each for each in entries if moment_s - (each.mtime_s or 0.0) < settle_s]
    if not young:
        return entries, []
    passed_s = max(0.0, now() - moment_s)
    sleep(max(0.0, min(settle_s, LOOK_AGAIN_S) - passed_s))
    moving = set()
    for each in young:
        now_seen = storage.look(each.address)
        if now_seen is None or (now_seen.size, now_seen.tag) != (each.size, each.tag):
            moving.add(each.address)
    still = [each for each in entries if each.address not in moving]
    return still, [each for each in entries if each.address in moving]


def _hash(store: Store, entry: Entry) -> str:
    """SHA-256 of a file; empty where it cannot be read, so that analysing it says why."""
    try:
        if not isinstance(store, Folder) and entry.size <= SMALL_BYTES:
            return hashlib.sha256(store.read(entry.name, entry.size)).hexdigest()
        with store.opened(entry.name) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ReadError):
        return ""


def _holders(
    known: Mapping[str, FileRow], candidates: Iterable[Candidate], due: Container[str | None]
) -> dict[str, list[tuple[FileRow, bool]]]:
    """Hash → files that held these bytes, each with whether it still stands.

    A copy is no holder: what it was a copy of may never have been imported. Nor is an archive in
    which a member is due: it is opened again.
    """
    wanted = {each.sha256 for each in candidates}
    reopened = {each.entry.address for each in candidates if each.entry.address in due}
    holders: dict[str, list[tuple[FileRow, bool]]] = {}
    for row in known.values():
        if row.rule == "same-bytes" or not row.sha256 or row.sha256 not in wanted:
            continue
        within = container(row)
        stands = _stands(row if within is None else known.get(within))
        own = holders.setdefault(row.sha256, [])
        if row.path not in reopened:
            own.append((row, stands))
    return holders


def _stands(row: FileRow | None) -> bool:
    """Whether a file is where and as it was."""
    here = storage.look(row.path) if row and storage.is_local(row.path) else None
    return here is not None and row is not None and (here.size, here.tag) == (row.size, row.tag)


def decide(
    candidates: Iterable[Candidate],
    holders: Mapping[str, Iterable[tuple[FileRow, bool]]],
    *,
    retry: bool = False,
) -> Plan:
    """Decide about files that are new or changed; pure.

    Args:
        candidates: in the order of their names.
        holders: hash → known files with these bytes, and whether each still stands.
        retry: try again what failed or was undone.
    """
    new: list[Candidate] = []
    moved: list[tuple[Candidate, FileRow]] = []
    duplicates: list[tuple[Candidate, str]] = []
    first: dict[str, str] = {}
    for each in candidates:
        path = each.entry.address
        same = [
            pair for pair in holders.get(each.sha256, ()) if not should_retry(pair[0], retry=retry)
        ]
        others = [row for row, stands in same if stands and row.path != path]
        gone = [row for row, stands in same if not stands]
        if each.sha256 and each.sha256 in first:
            duplicates.append((each, first[each.sha256]))
        elif others:
            duplicates.append((each, others[0].path))
        elif gone:
            moved.append((each, next((row for row in gone if row.path == path), gone[0])))
        else:
            new.append(each)
            first[each.sha256] = path
    return Plan("", tuple(new), tuple(moved), tuple(duplicates))
