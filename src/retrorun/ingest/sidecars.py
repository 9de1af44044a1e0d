"""Tables of labels beside exports: ``run.labels.csv`` or ``run.fit.labels.csv`` for ``run.fit``.

The words in them are the user's, so they are kept as such. They are written before an export is
analysed, so that a new one is analysed once; one that is known is analysed anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from retrorun import storage
from retrorun.archive import Archive, Change, FileRow, Problem
from retrorun.errors import RetrorunError
from retrorun.ingest.anew import again
from retrorun.ingest.planning import Plan, Table
from retrorun.ingest.problems import told
from retrorun.ingest.regrouping import together
from retrorun.ingest.working import Engine, Report, file_row, refused

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
    from retrorun.readers.label_table import label_table

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
                archive.set_labels(new[path], each.labels)


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
                    archive.set_labels(rows[path].sha256, each.labels)
                    known.append(rows[path].sha256)
            for path in linked:
                keep_for_linked(rows[path], each.labels, archive)
            known += archive.again() if linked else []
        files.append(row_of(each, exports or linked, rows))
    report = again(known, archive, engine)
    files = [checked(row, each, archive, rows) for row, each in zip(files, said, strict=True)]
    archive.write(number, Change(files))
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
    archive.set_labels(row.sha256, labels)
    if row.rule == "second-device" or row.duplicate_of not in archive.known():
        # what is said of a joined one is carried over, on the other's clock, when it is joined
        archive.take_apart(together([row.sha256[:12]], archive))


def is_linked(row: FileRow | None) -> bool:
    """Whether a file went into another's session, as a second device's or as a copy."""
    return row is not None and row.rule in ("second-device", "same-activity")


def _with_outside(row: FileRow, said: Said, archive: Archive, export: FileRow) -> FileRow:
    """The row of a table, with words for labels that lie outside of their session."""
    from retrorun.pipeline import session_id
    from retrorun.readers.label_table import ORIGIN

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
