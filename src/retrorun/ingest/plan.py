"""What an import would do: a pure decision about what was found and what is known.

1. look: list the folder; hash only files that are new or differ in size or time
2. settle: files that changed just now are looked at twice; those still growing wait
3. decide: each file is imported, unchanged, moved, a duplicate, or waits
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from retrorun import __version__, storage
from retrorun.archive import Archive, FileRow, Problem
from retrorun.errors import ReadError
from retrorun.ingest import activity_tables, phone_logs
from retrorun.ingest.device_pairs import pairs
from retrorun.ingest.file_names import container, is_known, is_table, named_after
from retrorun.storage import Entry, Folder, Store

if TYPE_CHECKING:
    from retrorun.model import Label

SETTLE_S = 2.0  # a file changed less than this ago may still be growing
LOOK_AGAIN_S = 0.5  # and is looked at twice, this far apart
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file worth reading.

    Attributes:
        entry: where it was found.
        sha256: of its bytes; empty where it could not be read.
        held: where its bytes lie, if not there: a member's in the spool, an original's.
        packed: they are packed, as originals are.
        phones: hashes of second devices' files to be tried with it, besides those known.
        labels: the user's words besides those known, by the activity's position.
        tables: what it is made of, if it is a phone's log in loose tables; it has no hash yet.
        problem: why it is not analysed, where a table beside it says so.
    """

    entry: Entry
    sha256: str
    held: str = ""
    packed: bool = False
    phones: tuple[str, ...] = ()
    labels: "Mapping[int, tuple[Label, ...]]" = field(default_factory=dict)
    tables: phone_logs.Tables = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of labels, and the paths of the exports that it lies beside."""

    file: Candidate
    exports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
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
        again: hashes of exports that an undo or a label wants analysed anew, and a kill prevented.
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
    again: tuple[str, ...] = ()
    state: int | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        looked_at = self.new or self.moved or self.duplicates or self.tables
        return not (looked_at or self.pairs or self.again)


def plan_import(
    folder: str | PathLike[str],
    archive: Archive,
    *,
    retry: bool = False,
    settle_s: float = SETTLE_S,
) -> Plan:
    """Look at a folder or store and decide what an import would do; nothing is changed.

    Args:
        folder: path or URL.
        archive: what is known so far.
        retry: try files again that failed or were undone.
        settle_s: a file changed less than this ago is looked at twice; 0 believes all.

    Raises:
        ReadError: the folder is not there.
    """
    state = archive.state()
    store = storage.open_store(fspath(folder))
    found = list(store.entries())
    known = {row.path: row for row in _known(archive, retry=retry)}
    exports = list(storage.exports(store, found, lambda entry: entry.address in known))
    export_paths = {entry.address for entry in exports}
    due = {container(row) for row in known.values() if again(row, retry=retry)}
    fresh = [
        entry
        for entry in exports
        if entry.address in due or not _settled(entry, known, retry=retry)
    ]
    tables = [entry for entry in found if is_table(entry.name)]
    young = fresh + [entry for entry in tables if not _settled(entry, known, retry=retry)]
    logs = phone_logs.find(store, found, lambda each: not _settled(each, known, retry=retry))
    young += [each for log in logs.due for _, each in log]
    steady, waiting = settled(young, settle_s) if isinstance(store, Folder) else (young, [])
    files = [entry for entry in steady if entry.address in export_paths]
    others = activity_tables.other_sports(store, found, files)
    candidates = [
        Candidate(entry, _hash(store, entry), problem=others.get(entry.address)) for entry in files
    ]
    holders = _holders(known, {candidate.sha256 for candidate in candidates})
    for path in due & {candidate.entry.address for candidate in candidates}:
        for rows in holders.values():  # an archive is opened again for what is due in it
            rows[:] = [pair for pair in rows if pair[0].path != path]
    decided = decide(candidates, holders, retry=retry)
    growing = {each.address for each in waiting}
    exports_new = {each.entry.address for each in decided.new}
    due_tables = [
        Table(Candidate(each, _hash(store, each)), paths)
        for each, paths in zip(tables, named_after(tables, exports), strict=True)
        if not growing & {each.address, *paths} and (each in steady or exports_new & set(paths))
    ]
    composed = tuple(
        Candidate(log[0][1], "", tables=log)
        for log in logs.due
        if not growing & {each.address for _, each in log}
    )
    known_tables = logs.settled | {each.address for log in logs.due for _, each in log}
    untried = pairs(archive.briefs(), archive.matches(), archive.kept_apart())
    return replace(
        decided,
        new=(*decided.new, *composed),
        tables=tuple(due_tables),
        folder=store.root.as_posix() if isinstance(store, Folder) else fspath(folder),
        unchanged=decided.unchanged + len(exports) - len(fresh) + len(logs.settled),
        waiting=tuple(entry.address for entry in waiting),
        passed_over=tuple(
            entry.address
            for entry in found
            if not is_known(entry.name)
            and entry.address not in known_tables
            and entry.address not in export_paths
        ),
        unlisted=tuple(store.unlisted) if isinstance(store, Folder) else (),
        retry=retry,
        pairs=tuple((each.watch.id, each.phone.id) for each in untried),
        again=tuple(archive.again()),
        state=state,
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


def _settled(entry: Entry, known: Mapping[str, FileRow], *, retry: bool) -> bool:
    """Whether the file is as it was and its outcome stands; decided without reading it."""
    row = known.get(entry.address)
    if row is None or (row.size, row.tag) != (entry.size, entry.tag):
        return False
    return not again(row, retry=retry)


def again(row: FileRow, *, retry: bool) -> bool:
    """Whether a file with the same bytes is to be tried again."""
    if row.outcome in ("failed", "not-a-run"):
        return retry or row.version != __version__
    return row.outcome == "undone" and retry


def settled(
    entries: Iterable[Entry],
    settle_s: float,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[list[Entry], list[Entry]]:
    """Part files into those at rest and those that are gone or still change.

    A file last changed more than ``settle_s`` ago rests. Younger ones, and ones from the future
    (clocks jump), are looked at again after a pause.
    """
    moment_s = now()
    entries = list(entries)
    young = [each for each in entries if moment_s - (each.mtime_s or 0.0) < settle_s]
    if not young:
        return entries, []
    sleep(min(settle_s, LOOK_AGAIN_S))
    moving = set()
    for each in young:
        now_seen = storage.look(each.address)
        if now_seen is None or (now_seen.size, now_seen.tag) != (each.size, each.tag):
            moving.add(each.address)
    still = [each for each in entries if each.address not in moving]
    return still, [each for each in entries if each.address in moving]


def _hash(store: Store, entry: Entry) -> str:
    """SHA-256 of a file; empty where it cannot be read, so that analysing it says why."""
    digest = hashlib.sha256()
    try:
        if not isinstance(store, Folder):
            return hashlib.sha256(store.read(entry.name, entry.size)).hexdigest()
        with Path(entry.address).open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    except (OSError, ReadError):
        return ""
    return digest.hexdigest()


def _holders(
    known: Mapping[str, FileRow], wanted: set[str]
) -> dict[str, list[tuple[FileRow, bool]]]:
    """Hash → files that held these bytes, each with whether it still stands.

    A copy is no holder: what it was a copy of may never have been imported.
    """
    holders: dict[str, list[tuple[FileRow, bool]]] = {}
    for row in known.values():
        if row.rule != "same-bytes" and row.sha256 and row.sha256 in wanted:
            within = container(row)
            stands = _stands(row if within is None else known.get(within))
            holders.setdefault(row.sha256, []).append((row, stands))
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
        same = [pair for pair in holders.get(each.sha256, ()) if not again(pair[0], retry=retry)]
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
