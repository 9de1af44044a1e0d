"""Archives and phones' logs on their way in: every member becomes a file of its own.

A member's bytes lie in the archive's spool while they are analysed, so that memory holds one at a
time and workers read them as any other file. Its path is that of the zip and its own; its identity
is the hash of its bytes, so that it and a loose file are known as the same.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from retrorun import storage
from retrorun.archive import Archive, Change, FileRow, Parcel, Problem, database
from retrorun.archive.archive import SPOOL
from retrorun.errors import NotARunError, ReadError, RetrorunError
from retrorun.ingest import phone_logs
from retrorun.ingest.analysis import Item, file_row, refused, told
from retrorun.ingest.file_names import is_archive, member_tag
from retrorun.ingest.label_files import PackedLabels
from retrorun.ingest.phone_logs import moved
from retrorun.ingest.plan import Candidate, again
from retrorun.readers.registry import titles
from retrorun.settings import ReadLimits
from retrorun.storage import Entry

if TYPE_CHECKING:
    from retrorun.readers.containers.archives import Member

UNPACKED = "unpacked"  # the rule by which an archive's own row counts as imported
_MORE = "further members"
WALK_S = 900.0  # from one member to the next: Apple's export.xml is read in between


@dataclass(slots=True)
class Feed:
    """The files of a plan, archives opened: what the engine is fed with, one after another.

    Attributes:
        plan: files and archives, in order.
        archive: where the spool is, and what is known.
        limits: bounds for reading.
        retry: try members again that failed or were undone.
        guarded: walk archives in a process of its own, which may die, hang or eat memory.
        copies: members with the bytes of another file, and its path.
        opened: archives that were read to their end, and what becomes of each.
        moved: phones' logs that are known under a name that is gone.
        unchanged: members that are as they were.
        labels: the tables of archives that were read to their end.
        late: archives that changed while they were read.
    """

    plan: tuple[Candidate, ...]
    archive: Archive
    limits: ReadLimits
    retry: bool = False
    guarded: bool = False
    copies: list[tuple[Candidate, str]] = field(default_factory=list)
    opened: list[FileRow] = field(default_factory=list)
    moved: list[Change] = field(default_factory=list)
    unchanged: int = 0
    labels: list[PackedLabels] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    _members: int = 0
    _first: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Files found so far; archives are none."""
        return self._members + sum(not is_archive(each.entry.name) for each in self.plan)

    def __iter__(self) -> Iterator[Item]:
        """Every file, and every member that needs to be analysed or was refused."""
        loose = [each for each in self.plan if not is_archive(each.entry.name)]
        whole = all(not each.tables for each in loose) and len(loose) == len(self.plan)
        known = {} if whole else {row.path: row for row in self.archive.files()}
        self._first = _held(known.values(), retry=self.retry)
        self._first |= {each.sha256: each.entry.address for each in loose if each.sha256}
        for each in self.plan:
            if is_archive(each.entry.name):
                yield from self._opened(each, known)
            elif each.tables:
                yield from self._composed(each, known)
            elif each.problem is not None:
                yield each, Parcel(each.sha256, problem=each.problem)
            else:
                yield each

    def close(self) -> None:
        """Clear the spool."""
        shutil.rmtree(self.archive.folder / SPOOL, ignore_errors=True)

    def _opened(self, zipped: Candidate, known: Mapping[str, FileRow]) -> Iterator[Item]:
        address, paths = zipped.entry.address, set[str]()
        try:
            source = _source(zipped, self.limits)
            undone = {(row.path, row.sha256) for row in known.values() if self._is_left(row)}
            labels = PackedLabels(address, self.archive, undone)
            for name, content in self._walked(address, source):
                if labels.take(name, content):
                    continue
                path = _apart(name if name != address else f"{address}/{_MORE}", paths)
                labels.meet(path)
                item = self._member(address, path, content, known.get(path))
                if isinstance(item, Candidate):
                    labels.before(path, item.sha256)
                if item is not None:
                    self._members += 1
                    yield item
        except RetrorunError as problem:
            self.opened.append(refused(zipped, told(problem)))
            return
        if _changed(zipped.entry):
            self.late.append(address)
        else:
            self.opened.append(_row(zipped, any_found=bool(paths)))
            self.labels.append(labels)

    def _is_left(self, row: FileRow) -> bool:
        return row.outcome == "undone" and not self.retry

    def _walked(self, address: str, source: bytes | Path) -> "Iterator[Member]":
        """The archive's members.

        Raises:
            ReadError: it cannot be opened, or took its process with it.
        """
        task = (address, source, self.limits)
        if not self.guarded:
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

    def _member(
        self,
        address: str,
        path: str,
        content: bytes | ReadError | NotARunError,
        row: FileRow | None,
    ) -> Item | None:
        """A member to be analysed, with what is known of it; None if it needs not be."""
        data = content if isinstance(content, bytes) else b""
        entry = Entry(path, path[len(address) + 1 :], len(data), member_tag(address))
        if not isinstance(content, bytes):
            return Candidate(entry, ""), Parcel("", problem=told(content))
        return self._due(Candidate(entry, ""), data, row)

    def _composed(self, log: Candidate, known: Mapping[str, FileRow]) -> Iterator[Item]:
        """A phone's log: its tables' own rows say that they went into it."""
        try:
            data = phone_logs.composed(log.tables, self.limits)
        except RetrorunError as problem:
            yield log, Parcel("", problem=told(problem))
            if problem.slug == "file-changing":
                return
        else:
            yield from self._known_or_due(log, data, known)
        part = replace(file_row(log, "imported"), rule=UNPACKED)
        self.opened += phone_logs.rows(log.tables, part)

    def _known_or_due(
        self, log: Candidate, data: bytes, known: Mapping[str, FileRow]
    ) -> Iterator[Candidate]:
        row, sha256 = known.get(log.entry.address), hashlib.sha256(data).hexdigest()
        change = None
        if self._first.get(sha256) in known:  # it may be a copy of what is gone
            change = moved(log.entry, sha256, known)
        if change is not None:
            self.moved.append(change)
            self._first[sha256] = log.entry.address
        elif item := self._due(log, data, row):
            yield item
        elif row and row.sha256 == sha256:
            self.opened.append(replace(row, size=log.entry.size, tag=log.entry.tag))

    def _due(self, each: Candidate, data: bytes, row: FileRow | None) -> Candidate | None:
        """What is to be analysed of some bytes, in the spool; None if they are known."""
        each = replace(each, sha256=hashlib.sha256(data).hexdigest())
        if row and row.sha256 == each.sha256 and not again(row, retry=self.retry):
            self.unchanged += 1
            return None
        holder = self._first.setdefault(each.sha256, each.entry.address)
        if holder != each.entry.address:
            self.copies.append((each, holder))
            return None
        return replace(each, held=str(self._spooled(each.sha256, data)))

    def _spooled(self, sha256: str, data: bytes) -> Path:
        folder = self.archive.folder / SPOOL
        with database.told(self.archive.folder):
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


def _apart(path: str, taken: set[str]) -> str:
    """A path of its own for each member: a zip may hold one name twice."""
    number, own = 1, path
    while own in taken:
        number += 1
        own = f"{path} #{number}"
    taken.add(own)
    return own


def _held(rows: Iterable[FileRow], *, retry: bool) -> dict[str, str]:
    """Hash → the path that was first seen with these bytes and needs no second try."""
    found: dict[str, str] = {}
    for row in rows:
        if row.sha256 and row.rule != "same-bytes" and not again(row, retry=retry):
            found.setdefault(row.sha256, row.path)
    return found


def _row(zipped: Candidate, *, any_found: bool) -> FileRow:
    if any_found:
        return replace(file_row(zipped, "imported"), rule=UNPACKED)
    words = f"an archive without {titles()} in it"
    return refused(zipped, Problem("not-a-run", "archive-empty", words))


def complete(feed: Feed, written: Iterable[str]) -> list[FileRow]:
    """Rows of the archives whose every copy has its original written: the others come again.

    What the tables of labels in these archives say is kept first.
    """
    there = set(written)
    open_ended = {
        each.entry.address[: len(each.entry.address) - len(each.entry.name) - 1]
        for each, _ in feed.copies
        if each.sha256 not in there
    }
    opened = [row for row in feed.opened if row.path not in open_ended]
    tables = (each.after() for each in feed.labels if each.address not in open_ended)
    return [*opened, *(row for rows in tables for row in rows)]
