"""Tables of labels beside exports: ``run.labels.csv`` or ``run.fit.labels.csv`` for ``run.fit``.

The words in them are the user's, so they are kept as such. They are written before an export is
analysed, so that a new one is analysed once; one that is known is analysed anew.

Tables of labels within an archive, beside the exports that they speak of.

They are met before the exports. An export that is about to be analysed hears them at once; one that
has its session is analysed anew when the whole archive was read, as with loose tables.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from retrorun import storage
from retrorun.archive import Archive, Change, FileRow, Problem
from retrorun.errors import RetrorunError
from retrorun.ingest.analysis import Engine, Report, file_row, refused, told
from retrorun.ingest.file_names import TABLE, is_table, member_tag, table_endings
from retrorun.ingest.plan import Candidate, Plan, Table
from retrorun.ingest.regrouping import together
from retrorun.ingest.reprocess import again
from retrorun.storage import Entry

if TYPE_CHECKING:
    from retrorun.model import Label

OUTSIDE = "label-outside"  # the note of a session that a label missed
LABELS = "labels"  # the rule by which a table's row counts as imported
_LIMIT_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Said:
    """A table, read: its labels, or what is wrong with it."""

    table: Table
    labels: "Mapping[int, tuple[Label, ...]]" = field(default_factory=dict)
    problem: Problem | None = None


def read(tables: Iterable[Table]) -> list[Said]:
    """Read tables; one that cannot be read is a problem of its own."""
    return [_read(each) for each in tables]


def _read(table: Table) -> Said:
    from retrorun.readers.label_file import label_table

    address = table.file.entry.address
    try:
        if storage.is_local(address):
            data = storage.read_file(address, _LIMIT_BYTES)
        else:
            folder, name = address.rsplit("/", 1)
            data = storage.open_store(folder).read(name, _LIMIT_BYTES)
        return Said(table, label_table(PurePosixPath(table.file.entry.name).name, data))
    except RetrorunError as problem:
        return Said(table, problem=told(problem))


def before(said: Iterable[Said], plan: Plan, archive: Archive) -> None:
    """Keep the labels of exports that are about to be analysed."""
    new = {each.entry.address: each.sha256 for each in plan.new}
    for each in said:
        for path in each.table.exports:
            if each.problem is None and new.get(path):
                archive.annotations.set_labels(new[path], each.labels)


def after(said: list[Said], plan: Plan, archive: Archive, engine: Engine, number: int) -> Report:
    """Analyse exports anew that were known, and write down what became of each table."""
    rows = {row.path: row for row in archive.files()}
    new = {each.entry.address for each in plan.new}
    standing = set(archive.known().values())
    files: list[FileRow] = []
    known: list[str] = []
    for each in said:
        exports = [path for path in each.table.exports if stands(rows.get(path), standing)]
        linked = [path for path in each.table.exports if is_linked(rows.get(path))]
        if each.problem is None:
            for path in exports:
                if path not in new:
                    archive.annotations.set_labels(rows[path].sha256, each.labels)
                    known.append(rows[path].sha256)
            for path in linked:
                keep_for_linked(rows[path], each.labels, archive)
            known += archive.pending.exports() if linked else []
        files.append(row_of(each, exports or linked, rows))
    report = again(known, archive, engine)
    files = [checked(row, each, archive, rows) for row, each in zip(files, said, strict=True)]
    archive.writes.apply(number, Change(files))
    problems = tuple(row for row in files if row.slug)
    return replace(report, imported=0, problems=report.problems + problems)


def checked(row: FileRow, said: Said, archive: Archive, rows: Mapping[str, FileRow]) -> FileRow:
    """The row of a table, which may speak of an activity that its export does not hold."""
    export = rows.get(row.duplicate_of or "")
    if row.slug or export is None or is_linked(export) or not said.labels:
        return row
    highest = max(said.labels)
    if highest in archive.positions(export.sha256):
        return _with_outside(row, said, archive, export)
    words = f"there is no activity {highest + 1} on foot in {PurePosixPath(export.path).name}"
    return refused(said.table.file, Problem("failed", "labels-alone", words))


def keep_for_linked(
    row: FileRow, labels: "Mapping[int, tuple[Label, ...]]", archive: Archive
) -> None:
    """Keep what is said of a file that went into another's session, which is noted as due."""
    archive.annotations.set_labels(row.sha256, labels)
    if row.rule == "second-device" or row.duplicate_of not in archive.known():
        # what is said of a joined one is carried over, on the other's clock, when it is joined
        archive.second_devices.separate_files(together([row.sha256[:12]], archive))


def is_linked(row: FileRow | None) -> bool:
    """Whether a file went into another's session, as a second device's or as a copy."""
    return row is not None and row.rule in ("second-device", "same-activity")


def _with_outside(row: FileRow, said: Said, archive: Archive, export: FileRow) -> FileRow:
    """The row of a table, with words for labels that lie outside of their session."""
    from retrorun.pipeline import session_id
    from retrorun.readers.label_file import ORIGIN

    sessions = [
        archive.session(session_id(export.sha256, place))
        for place in said.labels
        if place in archive.positions(export.sha256)
    ]
    notes = [note for each in sessions for note in each.notes if note.slug == OUTSIDE]
    if not notes:
        return row
    more = f"; {len(notes) - 1} more" if len(notes) > 1 else ""
    words = f"{notes[0].message}{more}"
    if any(label.origin == ORIGIN for each in sessions for label in each.labels):
        return replace(row, message=words)
    remedy = "Give seconds, m:ss or h:mm:ss from the start, the time of day, or date and time."
    return refused(said.table.file, Problem("failed", "labels-outside", words, remedy=remedy))


def stands(row: FileRow | None, standing: set[str]) -> bool:
    """Whether a file's bytes have a session, of which those in ``standing`` are the hashes."""
    return row is not None and row.sha256 in standing


def row_of(said: Said, exports: list[str], rows: Mapping[str, FileRow]) -> FileRow:
    """What became of a table.

    Args:
        said: the table.
        exports: paths of the exports beside it that hear it.
        rows: what is known of files, by path.
    """
    file = said.table.file
    if said.problem is not None:
        return refused(file, said.problem)
    if exports:
        return replace(file_row(file, "imported"), rule=LABELS, duplicate_of=exports[0])
    beside = next((rows[path] for path in said.table.exports if path in rows), None)
    words = "there is no export of this name beside it"
    if beside is not None:
        words = f"{PurePosixPath(beside.path).name} has no session of its own ({beside.outcome})"
    remedy = "Put it beside the export that stands."
    return refused(file, Problem("failed", "labels-alone", words, remedy=remedy))


if TYPE_CHECKING:
    from retrorun.model import Label


class PackedLabels:
    """The tables of one archive.

    Args:
        address: the archive's own path.
        archive: keeps what they say.
        undone: path and hash of tables that were taken back and are left alone.
    """

    def __init__(
        self, address: str, archive: Archive, undone: Container[tuple[str, str]] = ()
    ) -> None:
        self.address = address
        self.archive = archive
        self.undone = undone
        self._said: dict[str, Said] = {}
        self._used: dict[str, str] = {}  # member → the table that is used of those beside it

    def take(self, name: str, content: bytes | RetrorunError) -> bool:
        """Whether a member is a table; it is read and kept in mind."""
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
            self._said[name] = Said(table, label_table(name, content))
        except RetrorunError as problem:
            self._said[name] = Said(table, problem=told(problem))
        return True

    def meet(self, path: str) -> None:
        """Note which tables lie beside a member; the last by its name is used, as of loose ones."""
        for name, said in self._said.items():
            if _beside(name, path):
                exports = (*said.table.exports, path)
                self._said[name] = replace(said, table=replace(said.table, exports=exports))
                if said.problem is None:
                    self._used[path] = max(name, self._used.get(path, name))

    def before(self, path: str, sha256: str) -> None:
        """Keep what is said of a member that is about to be analysed."""
        if path in self._used:
            self._keep(sha256, self._said[self._used[path]].labels)

    def after(self) -> list[FileRow]:
        """Keep what is said of members that have a session, which is analysed anew if need be.

        Every member is written by now, but those that are copies need not be.

        Returns:
            What became of the tables; a heard one that is as it was stays with its import.
        """
        if not self._said:
            return []
        rows = {row.path: row for row in self.archive.files()}
        standing = set(self.archive.known().values())
        wanted = {
            rows[path].sha256: (rows[path], self._said[name].labels)
            for path, name in self._used.items()
            if stands(rows.get(path), standing) or is_linked(rows.get(path))
        }
        for row, labels in wanted.values():
            if stands(row, standing):
                self._keep(row.sha256, labels)
            elif not self._is_kept(row.sha256, labels):
                keep_for_linked(row, labels, self.archive)
        found = [self._row(each, rows, standing) for each in self._said.values()]
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

    def _row(self, said: Said, rows: Mapping[str, FileRow], standing: set[str]) -> FileRow:
        exports = [path for path in said.table.exports if stands(rows.get(path), standing)]
        joined = list(self._joined(said, rows))
        row = row_of(said, exports or joined, rows)
        if exports:
            row = checked(row, said, self.archive, rows)
        name = said.table.file.entry.address
        used = {self._used[path] for path in exports if path in self._used}
        if row.slug or not used or name in used:
            return row
        return replace(row, message=f"{PurePosixPath(min(used)).name} is used instead")

    def _joined(self, said: Said, rows: Mapping[str, FileRow]) -> Iterator[str]:
        """Second devices that were joined with these very labels: those hold for the watch's."""
        for path in said.table.exports if said.labels else ():
            row = rows.get(path)
            if row and is_linked(row) and self._is_kept(row.sha256, said.labels):
                yield path


def _beside(table: str, path: str) -> bool:
    """Whether a table lies beside a member, which may have its title in brackets."""
    stem, own = table[: -len(TABLE)].lower(), path.lower()
    return any(
        own == stem + ending or own.startswith(f"{stem}{ending} (") for ending in table_endings()
    )
