"""The files of a plan as a stream of events: archives opened, phones' logs put together.

Every member of an archive becomes a file of its own.

A member's bytes lie in the archive's spool while they are analysed, so that memory holds one at a
time and workers read them as any other file. Its path is that of the zip and its own; its identity
is the hash of its bytes, so that it and a loose file are known as the same.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from retrorun import storage
from retrorun.archive import Archive, Change, FileRow, Parcel, Problem, database
from retrorun.archive.archive import SPOOL
from retrorun.errors import UNREAD, NotARunError, ReadError, RetrorunError
from retrorun.ingest.analysis import Analysed, file_row, problem_of, refused_row
from retrorun.ingest.file_groups import (
    composed,
    is_archive,
    member_tag,
    moved_log,
    rows_of_parts,
    unused_path,
)
from retrorun.ingest.label_files import PackedLabels
from retrorun.ingest.plan import Candidate, should_retry
from retrorun.readers.registry import titles
from retrorun.settings import ReadLimits
from retrorun.storage import Entry
from retrorun.storage.entries import CHANGING

if TYPE_CHECKING:
    from retrorun.readers.containers.archives import Member

UNPACKED = "unpacked"  # the rule by which an archive's own row counts as imported
_MORE = "further members of"
WALK_S = 900.0  # from one member to the next: Apple's export.xml is read in between


class Copy(msgspec.Struct, frozen=True):
    """A file with the bytes of another, whose path is ``holder``."""

    candidate: Candidate
    holder: str


class Unchanged(msgspec.Struct, frozen=True):
    """A member that is as it was."""


class Moved(msgspec.Struct, frozen=True):
    """A phone's log that was known under a name that is gone, and what is written of it."""

    change: Change


class Complete(msgspec.Struct, frozen=True):
    """An archive or a log that was read to its end: its row, and the labels within it."""

    row: FileRow
    labels: PackedLabels | None = None


class Changing(msgspec.Struct, frozen=True):
    """The path of an archive that changed while it was read."""

    address: str


Event = Candidate | Analysed | Copy | Unchanged | Moved | Complete | Changing


class Feed:
    """The files of a plan, archives opened, as a stream of events.

    A ``Candidate`` is to be analysed; one with its parcel was refused without.

    Args:
        archive: where the spool is, and what is known.
        limits: bounds for reading.
        retry: try members again that failed or were undone.
        guarded: walk archives in a process of its own, which may die, hang or eat memory.
    """

    def __init__(
        self, archive: Archive, limits: ReadLimits, *, retry: bool = False, guarded: bool = False
    ) -> None:
        self._archive = archive
        self._limits = limits
        self._retry = retry
        self._guarded = guarded
        self._known: dict[str, FileRow] = {}
        self._first: dict[str, str] = {}  # hash → path of the file that counts with these bytes

    def events(self, files: Sequence[Candidate]) -> Iterator[Event]:
        """What becomes of files and archives, one after another, in their order."""
        loose = [each for each in files if not is_archive(each.entry.name)]
        if len(loose) < len(files) or any(each.tables for each in loose):
            self._known = {row.path: row for row in self._archive.files()}
        self._first = _paths_by_hash(self._known.values(), retry=self._retry)
        self._first |= {each.sha256: each.entry.address for each in loose if each.sha256}
        for each in files:
            if is_archive(each.entry.name):
                yield from self._members(each)
            elif each.tables:
                yield from self._log(each)
            elif each.problem is not None:
                yield each, Parcel(each.sha256, problem=each.problem)
            else:
                yield each

    def close(self) -> None:
        """Delete from the spool the bytes of members that were unpacked."""
        shutil.rmtree(self._archive.folder / SPOOL, ignore_errors=True)

    def _members(self, zipped: Candidate) -> Iterator[Event]:
        address, paths = zipped.entry.address, set[str]()
        try:
            source = _source(zipped, self._limits)
            undone = {(row.path, row.sha256) for row in self._known.values() if self._is_left(row)}
            labels = PackedLabels(address, self._archive, undone)
            for name, content in self._walk(address, source):
                if labels.add_table(name, content):
                    continue
                rest = f"{address}/{_MORE} {PurePath(address).name}"
                path = unused_path(name if name != address else rest, paths)
                labels.add_member(path)
                event = self._member(address, path, content)
                if isinstance(event, Candidate):
                    labels.keep_before(path, event.sha256)
                yield event
        except RetrorunError as problem:
            reason = problem_of(problem)
            if problem.slug in UNREAD:  # nothing is kept of it: it comes again
                yield zipped, Parcel("", problem=reason)
            else:
                yield Complete(refused_row(zipped, reason))
            return
        if _changed(zipped.entry):
            yield Changing(address)
        else:
            yield Complete(_archive_row(zipped, any_found=bool(paths)), labels)

    def _is_left(self, row: FileRow) -> bool:
        return row.outcome == "undone" and not self._retry

    def _walk(self, address: str, source: bytes | Path) -> "Iterator[Member]":
        """The archive's members.

        Raises:
            ReadError: it cannot be opened, or took its process with it.
        """
        task = (address, source, self._limits)
        if not self._guarded:
            yield from _walk(task)
            return
        from retrorun.engines import Limits, Lost, child

        guard = child.Guard(Limits(seconds=WALK_S))
        try:
            for each in guard.stream(_walk, task):
                if isinstance(each, Lost):
                    raise ReadError(each.slug, each.message, file=address)
                yield each
        finally:
            guard.stop()

    def _member(self, address: str, path: str, content: bytes | ReadError | NotARunError) -> Event:
        """A member to be analysed, or what is known of it."""
        data = content if isinstance(content, bytes) else b""
        entry = Entry(path, path[len(address) + 1 :], len(data), member_tag(address))
        if not isinstance(content, bytes):
            return Candidate(entry, ""), Parcel("", problem=problem_of(content))
        return self._file(Candidate(entry, ""), data)

    def _log(self, log: Candidate) -> Iterator[Event]:
        """A phone's log; the rows of its tables say that they went into it."""
        try:
            data = composed(log.tables, self._limits)
        except RetrorunError as problem:
            yield log, Parcel("", problem=problem_of(problem))
            if problem.slug in (CHANGING, *UNREAD):  # nothing is kept of it: it comes again
                return
        else:
            yield from self._composed(log, data)
        part = replace(file_row(log, "imported"), rule=UNPACKED)
        yield from map(Complete, rows_of_parts(log.tables, part))

    def _composed(self, log: Candidate, data: bytes) -> Iterator[Event]:
        row = self._known.get(log.entry.address)
        sha256 = hashlib.sha256(data).hexdigest()
        change = None
        if self._first.get(sha256) in self._known:  # it may be a copy of what is gone
            change = moved_log(log.entry, sha256, self._known)
        if change is not None:
            self._first[sha256] = log.entry.address
            yield Moved(change)
            return
        event = self._file(log, data)
        yield event
        if not isinstance(event, Candidate) and row and row.sha256 == sha256:
            yield Complete(replace(row, size=log.entry.size, tag=log.entry.tag))

    def _file(self, each: Candidate, data: bytes) -> Candidate | Copy | Unchanged:
        """Some bytes to be analysed, from the spool; or what is known of them."""
        each = replace(each, sha256=hashlib.sha256(data).hexdigest())
        row = self._known.get(each.entry.address)
        if row and row.sha256 == each.sha256 and not should_retry(row, retry=self._retry):
            return Unchanged()
        holder = self._first.setdefault(each.sha256, each.entry.address)
        if holder != each.entry.address:
            return Copy(each, holder)
        return replace(each, held=str(self._spooled(each.sha256, data)))

    def _spooled(self, sha256: str, data: bytes) -> Path:
        folder = self._archive.folder / SPOOL
        with database.translate_errors(self._archive.folder):
            folder.mkdir(exist_ok=True)
            (folder / sha256).write_bytes(data)
        return folder / sha256


def _walk(task: tuple[str, bytes | Path, ReadLimits]) -> "Iterator[Member]":
    from retrorun import readers

    yield from readers.members(*task, tables=True)


def _source(zipped: Candidate, limits: ReadLimits) -> bytes | Path:
    """Where a zip is read from: a local one at its place, another as a whole."""
    address = zipped.entry.address
    if storage.is_local(address):
        return Path(address)
    folder, name = address.rsplit("/", 1)
    return storage.open_store(folder).read(name, limits.file_bytes)


def _changed(entry: Entry) -> bool:
    if not storage.is_local(entry.address):
        return False
    now = storage.look(entry.address)
    return now is None or (now.size, now.tag) != (entry.size, entry.tag)


def _paths_by_hash(rows: Iterable[FileRow], *, retry: bool) -> dict[str, str]:
    """Hash → the path that was first seen with these bytes and needs no second try."""
    found: dict[str, str] = {}
    for row in rows:
        if row.sha256 and row.rule != "same-bytes" and not should_retry(row, retry=retry):
            found.setdefault(row.sha256, row.path)
    return found


def _archive_row(zipped: Candidate, *, any_found: bool) -> FileRow:
    if any_found:
        return replace(file_row(zipped, "imported"), rule=UNPACKED)
    words = f"an archive without {titles()} in it"
    return refused_row(zipped, Problem("not-a-run", "archive-empty", words))


def complete_rows(
    complete: Iterable[Complete], copies: Iterable[Copy], written: Iterable[str]
) -> list[FileRow]:
    """Rows of the archives whose every copy has its original written: the others come again.

    What the tables of labels in these archives say is kept first.

    Args:
        complete: archives and logs that were read to their end.
        copies: members with the bytes of another file.
        written: hashes of the files that the archive knows.
    """
    known = set(written)
    open_ended = {_container_path(each) for each in copies if each.candidate.sha256 not in known}
    ended = [each for each in complete if each.row.path not in open_ended]
    tables = [each.labels.keep_after() for each in ended if each.labels]
    return [*(each.row for each in ended), *(row for rows in tables for row in rows)]


def _container_path(copy: Copy) -> str:
    entry = copy.candidate.entry
    return entry.address[: len(entry.address) - len(entry.name) - 1]
