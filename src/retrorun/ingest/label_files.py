"""Tables of labels beside exports, in folders and within archives.

``run.labels.csv`` or ``run.fit.labels.csv`` belongs to ``run.fit``. The labels are the user's, so
they are kept as such. They are kept before an export is analysed, so that a new one is analysed
once; one that has its session is analysed again.

Within an archive tables come before the exports. The labels of an export that is about to be
analysed are kept at once; one that has its session is analysed again when the whole archive was
read, as with loose tables.
"""

import hashlib
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from retrorun import storage
from retrorun.archive import Archive, Change, FileRow, Problem
from retrorun.errors import UNREAD, RetrorunError
from retrorun.ingest.analysis import Engine, Report, file_row, problem_of, refused_row
from retrorun.ingest.file_groups import is_table, member_tag, table_endings, table_stem
from retrorun.ingest.plan import Candidate, Plan, Table
from retrorun.ingest.reprocess import reprocess_locked
from retrorun.ingest.second_device import connected_files
from retrorun.storage import Entry
from retrorun.storage.entries import CHANGING
from retrorun.text import name_key

if TYPE_CHECKING:
    from retrorun.model import Label

OUTSIDE = "label-outside"  # the note of a session that a label missed
LABELS = "labels"  # the rule by which a table's row counts as imported
_LIMIT_BYTES = 2**20
_PAGE = "page"  # who wrote a row of answers
_HEAD_BYTES = 4096


class ReadTable(msgspec.Struct, frozen=True):
    """A table of labels that was read: its labels, or what is wrong with it.

    ``answers``: rows that a page collected, to which what was labelled before gives way; None where
    no page wrote the table.
    """

    table: Table
    labels: "Mapping[int, tuple[Label, ...]]" = msgspec.field(default_factory=dict)
    problem: Problem | None = None
    answers: "Mapping[int, tuple[Label, ...]] | None" = None


def read_tables(tables: Iterable[Table]) -> list[ReadTable]:
    """Read tables; one that cannot be read is a problem of its own."""
    return [_read(each) for each in tables]


def _read(table: Table) -> ReadTable:
    from retrorun.readers.label_file import label_table

    address = table.file.entry.address
    try:
        if storage.is_local(address):
            data = storage.read_file(address, _LIMIT_BYTES)
        else:
            folder, name = address.rsplit("/", 1)
            data = storage.open_store(folder).read(name, _LIMIT_BYTES)
        name = PurePosixPath(table.file.entry.name).name
        return ReadTable(table, label_table(name, data), answers=_page_answers(name, data))
    except RetrorunError as problem:
        return ReadTable(table, problem=problem_of(problem))


def _page_answers(name: str, data: bytes) -> "Mapping[int, tuple[Label, ...]] | None":
    """The rows that a page collected as answers ("Save my answers"); None where no page wrote it.

    A page's table has a column ``by``: ``page`` for an answer, ``earlier`` for a label that the
    page showed and that stays as it is. An answer may be ``clear``: direction ``unknown``.

    Args:
        name: for messages.
        data: the table.

    Raises:
        ReadError: as ``label_table``.
    """
    from retrorun.readers.label_file import BY, label_table

    head = data[:_HEAD_BYTES].decode("utf-8-sig", "replace").split("\n", 1)[0]
    columns = [each.strip().lower() for each in re.split("[,;]", head)]
    return label_table(name, data, _PAGE) if BY in columns else None


def keep_before(tables: Iterable[ReadTable], plan: Plan, archive: Archive) -> None:
    """Keep the labels of exports that are about to be analysed."""
    new = {each.entry.address: each.sha256 for each in plan.new}
    for each in tables:
        for path in each.table.exports:
            if each.problem is None and new.get(path):
                archive.annotations.set_labels(new[path], each.labels)


def keep_after(
    tables: list[ReadTable],
    plan: Plan,
    archive: Archive,
    engine: Engine,
    write: Callable[[Change], None],
) -> Report:
    """Analyse exports again that were known, and write the row of each table."""
    rows = {row.path: row for row in archive.files()}
    new = {each.entry.address for each in plan.new}
    with_session = set(archive.known().values())
    files: list[FileRow] = []
    known: list[str] = []
    for each in tables:
        exports = [path for path in each.table.exports if has_session(rows.get(path), with_session)]
        linked = [path for path in each.table.exports if is_linked(rows.get(path))]
        if each.problem is None:
            for path in exports:
                if path not in new:
                    _keep_known(rows[path].sha256, each, archive)
                    known.append(rows[path].sha256)
            for path in linked:
                keep_for_linked(rows[path], each.labels, archive)
            known += archive.pending.exports() if linked else []
        files.append(row_of(each, exports or linked, rows))
    report = reprocess_locked(known, archive, engine)
    files = [checked_row(row, each, archive, rows) for row, each in zip(files, tables, strict=True)]
    unread = {row.path for row in files if row.slug in (CHANGING, *UNREAD)}
    kept = [row for row in files if row.path not in unread]
    # of one that was not read nothing is kept, also not that it was read before: it comes again
    gone = sorted(unread & rows.keys())
    write(Change([row for row in kept if not row.slug or rows.get(row.path) != row], gone=gone))
    problems = tuple(row for row in files if row.slug and row.slug != CHANGING)
    waiting = tuple(row.path for row in files if row.slug == CHANGING)
    return replace(report, imported=0, problems=report.problems + problems, waiting=waiting)


def _keep_known(sha256: str, read: ReadTable, archive: Archive) -> None:
    """Keep the labels of an export that has its session; those of a page as an answer."""
    from retrorun import answers

    if read.answers is None:
        archive.annotations.set_labels(sha256, read.labels)
    else:
        answers.adopt(archive, sha256, read.answers)


def checked_row(
    row: FileRow, read: ReadTable, archive: Archive, rows: Mapping[str, FileRow]
) -> FileRow:
    """The row of a table, which may label an activity that its export does not hold."""
    export = rows.get(row.duplicate_of or "")
    if row.slug or export is None or is_linked(export) or not read.labels:
        return row
    highest = max(read.labels)
    if highest in archive.positions(export.sha256):
        if read.answers is not None:
            return row
        return _with_outside(row, read, archive, export)
    words = f"there is no activity {highest + 1} on foot in {PurePosixPath(export.path).name}"
    return refused_row(read.table.file, Problem("failed", "labels-alone", words))


def keep_for_linked(
    row: FileRow, labels: "Mapping[int, tuple[Label, ...]]", archive: Archive
) -> None:
    """Keep labels of a file that went into another's session, which is noted as pending."""
    archive.annotations.set_labels(row.sha256, labels)
    if row.rule == "second-device" or row.duplicate_of not in archive.known():
        # the labels of a joined one are copied, on the other's clock, when it is joined
        archive.second_devices.separate_files(connected_files([row.sha256[:12]], archive))


def is_linked(row: FileRow | None) -> bool:
    """Whether a file went into another's session, as a second device's or as a copy."""
    return row is not None and row.rule in ("second-device", "same-activity")


def _with_outside(row: FileRow, read: ReadTable, archive: Archive, export: FileRow) -> FileRow:
    """The row of a table, with words for labels that lie outside of their session.

    A session that cannot be read has no known notes.
    """
    from retrorun.model import session_id
    from retrorun.readers.label_file import ORIGIN

    stored = [
        archive.readable_session(session_id(export.sha256, place))
        for place in read.labels
        if place in archive.positions(export.sha256)
    ]
    sessions = [each for each in stored if each is not None]
    notes = [note for each in sessions for note in each.notes if note.slug == OUTSIDE]
    if not notes:
        return row
    more = f"; {len(notes) - 1} more" if len(notes) > 1 else ""
    words = f"{notes[0].message}{more}"
    if any(label.origin == ORIGIN for each in sessions for label in each.labels):
        return replace(row, message=words)
    remedy = "Give seconds, m:ss or h:mm:ss from the start, the time of day, or date and time."
    return refused_row(read.table.file, Problem("failed", "labels-outside", words, remedy=remedy))


def has_session(row: FileRow | None, with_session: set[str]) -> bool:
    """Whether a file's bytes have a session, of which those in ``with_session`` are the hashes."""
    return row is not None and row.sha256 in with_session


def row_of(read: ReadTable, exports: list[str], rows: Mapping[str, FileRow]) -> FileRow:
    """The row of a table.

    Args:
        read: the table.
        exports: paths of the exports beside it that are labelled by it.
        rows: what is known of files, by path.
    """
    file = read.table.file
    if read.problem is not None:
        return refused_row(file, read.problem)
    if exports:
        return replace(file_row(file, "imported"), rule=LABELS, duplicate_of=exports[0])
    beside = next((rows[path] for path in read.table.exports if path in rows), None)
    words = "there is no export of this name beside it"
    if beside is not None:
        words = f"{PurePosixPath(beside.path).name} has no session of its own ({beside.outcome})"
    remedy = "Put it beside the export that stands."
    return refused_row(file, Problem("failed", "labels-alone", words, remedy=remedy))


class PackedLabels:
    """The tables of one archive.

    Args:
        address: the archive's own path.
        archive: keeps their labels.
        undone: path and hash of tables that were taken back and are left alone.
    """

    def __init__(
        self, address: str, archive: Archive, undone: Container[tuple[str, str]] = ()
    ) -> None:
        self.address = address
        self.archive = archive
        self.undone = undone
        self._tables: dict[str, ReadTable] = {}
        self._used: dict[str, str] = {}  # member → the table that is used of those beside it

    def add_table(self, name: str, content: bytes | RetrorunError) -> bool:
        """Whether a member is a table; it is read and remembered."""
        if not is_table(name):
            return False
        from retrorun.readers.label_file import label_table

        data = content if isinstance(content, bytes) else b""
        sha256 = hashlib.sha256(data).hexdigest() if data else ""
        if (name, sha256) in self.undone:
            return True
        entry = Entry(name, name[len(self.address) + 1 :], len(data), member_tag(self.address))
        table = Table(Candidate(entry, sha256), ())
        try:
            if isinstance(content, RetrorunError):
                raise content
            self._tables[name] = ReadTable(table, label_table(name, content))
        except RetrorunError as problem:
            self._tables[name] = ReadTable(table, problem=problem_of(problem))
        return True

    def add_member(self, path: str) -> None:
        """Note which tables lie beside a member; the last by its name is used, as of loose ones."""
        for name, read in self._tables.items():
            if _beside(name, path):
                exports = (*read.table.exports, path)
                self._tables[name] = replace(read, table=replace(read.table, exports=exports))
                if read.problem is None:
                    self._used[path] = max(name, self._used.get(path, name))

    def keep_before(self, path: str, sha256: str) -> None:
        """Keep the labels of a member that is about to be analysed."""
        if path in self._used:
            self._keep(sha256, self._tables[self._used[path]].labels)

    def keep_after(self) -> list[FileRow]:
        """Keep the labels of members that have a session, which is analysed again if they changed.

        Every member is written by now, but those that are copies need not be.

        Returns:
            Rows of the tables; one that is as it was is left out and stays with its import.
        """
        if not self._tables:
            return []
        rows = {row.path: row for row in self.archive.files()}
        with_session = set(self.archive.known().values())
        wanted = {
            rows[path].sha256: (rows[path], self._tables[name].labels)
            for path, name in self._used.items()
            if has_session(rows.get(path), with_session) or is_linked(rows.get(path))
        }
        for row, labels in wanted.values():
            if has_session(row, with_session):
                self._keep(row.sha256, labels)
            elif not self._is_kept(row.sha256, labels):
                keep_for_linked(row, labels, self.archive)
        found = [self._row(each, rows, with_session) for each in self._tables.values()]
        return [row for row in found if row.slug or rows.get(row.path) != row]

    def _keep(self, sha256: str, labels: "Mapping[int, tuple[Label, ...]]") -> None:
        if not self._is_kept(sha256, labels):
            self.archive.annotations.set_labels(sha256, labels)

    def _is_kept(self, sha256: str, labels: "Mapping[int, tuple[Label, ...]]") -> bool:
        from retrorun.readers.label_file import ORIGIN

        known = {
            place: own
            for place, kept in self.archive.annotations.labels(sha256).items()
            if (own := tuple(each for each in kept if each.origin.endswith(ORIGIN)))
        }
        return known == labels

    def _row(self, read: ReadTable, rows: Mapping[str, FileRow], with_session: set[str]) -> FileRow:
        exports = [path for path in read.table.exports if has_session(rows.get(path), with_session)]
        joined = list(self._joined(read, rows))
        row = row_of(read, exports or joined, rows)
        if exports:
            row = checked_row(row, read, self.archive, rows)
        name = read.table.file.entry.address
        used = {self._used[path] for path in exports if path in self._used}
        if row.slug or not used or name in used:
            return row
        return replace(row, message=f"{PurePosixPath(min(used)).name} is used instead")

    def _joined(self, read: ReadTable, rows: Mapping[str, FileRow]) -> Iterator[str]:
        """Second devices that were joined with these very labels: those hold for the watch's."""
        for path in read.table.exports if read.labels else ():
            row = rows.get(path)
            if row and is_linked(row) and self._is_kept(row.sha256, read.labels):
                yield path


def _beside(table: str, path: str) -> bool:
    """Whether a table lies beside a member, which may have its title in brackets."""
    stem, own = name_key(table_stem(table)), name_key(path)
    return any(
        own == stem + ending or own.startswith(f"{stem}{ending} (") for ending in table_endings()
    )
