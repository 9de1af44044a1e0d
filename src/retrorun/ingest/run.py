"""Carry out a plan: analyse what is new, write it down, and say what happened.

Workers analyse; this process alone writes the archive, a few files a transaction, so that an
import that is cut off at any moment has kept what it had and a second run does the rest.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from retrorun import __version__
from retrorun.archive import Archive, Change, FileRow, Parcel
from retrorun.archive.annotations import position
from retrorun.archive.rows import Brief
from retrorun.ingest import label_files
from retrorun.ingest.analysis import Engine, Progress, Report, analysed, batches, file_row, refused
from retrorun.ingest.archives import UNPACKED, Feed, complete
from retrorun.ingest.duplicates import Known, Places
from retrorun.ingest.file_names import container, member_tag
from retrorun.ingest.plan import Candidate, Plan
from retrorun.ingest.plan import plan_import as look
from retrorun.ingest.reprocess import again
from retrorun.ingest.second_device import Joins, join
from retrorun.storage import Entry

if TYPE_CHECKING:
    from retrorun.model import Label


def run_import(
    plan: Plan,
    archive: Archive,
    engine: Engine,
    progress: Progress | None = None,
    wait_s: float = 10.0,
) -> Report:
    """Carry out a plan.

    Where another process wrote since the plan was made, the folder is looked at again, so that
    nothing is done twice.

    Args:
        plan: what is to be done.
        archive: is locked for other writers meanwhile.
        engine: how files are analysed.
        progress: told after every file.
        wait_s: how long to wait for another writer to finish.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    if plan.idle:
        return _begun(plan)
    with archive.writing(wait_s):
        if plan.state is not None and plan.state != archive.database.state():
            plan = look(plan.folder, archive, retry=plan.retry)
        return _begun(plan) if plan.idle else _acted(plan, archive, engine, progress)


def _single(archive: Archive) -> list[Brief]:
    """Sessions of one device: what comes to a joined one is judged with each of its recordings."""
    joined = {each.session for each in archive.second_devices.matches() if each.state == "joined"}
    return [each for each in archive.briefs() if each.id not in joined]


def _begun(plan: Plan) -> Report:
    return Report(
        unchanged=plan.unchanged,
        duplicates=len(plan.duplicates),
        moved=len(plan.moved),
        waiting=plan.waiting,
        passed_over=len(plan.passed_over),
    )


def _acted(plan: Plan, archive: Archive, engine: Engine, progress: Progress | None) -> Report:
    """Carry out a plan that holds; the lock of the one writer is held by the caller."""
    report = _begun(plan)
    with closing(_feed(plan, archive, engine)) as feed:
        number = archive.writes.begin_import(plan.folder, __version__, time.time())
        archive.writes.apply(number, _moved(plan, archive))
        places = Places(archive.track)
        known, before = (
            Known(_single(archive), archive.channels, places.apart),
            {row.path: row.sha256 for row in archive.files()},
        )
        said = label_files.read(plan.tables)
        label_files.before(said, plan, archive)
        for batch in batches(analysed(feed, archive, engine, progress)):
            places.expect(parcel for _, parcel in batch)
            judged = [_informed(_judged(pair, known, before), archive, engine) for pair in batch]
            change, late = _change(judged)
            archive.writes.apply(number, change)
            report = _counted(report, change, late)
        report = _rounded_off(number, plan, feed, archive, report)
        report = report.followed_by(again(archive.pending.exports(), archive, engine))
        if said:
            report = report.followed_by(label_files.after(said, plan, archive, engine, number))
        return _with_joins(report, join(archive, engine))


def _with_joins(report: Report, joins: Joins) -> Report:
    """Sessions that went into others are not among the new ones; those others are."""
    own = [each for each in report.sessions if each not in joins.into]
    ids = tuple(dict.fromkeys([*own, *joins.into.values()]))
    return replace(report, sessions=ids, joined=len(joins.into))


def _feed(plan: Plan, archive: Archive, engine: Engine) -> Feed:
    guarded = engine.guarded or engine.jobs > 1
    feed = Feed(plan.new, archive, engine.settings.read, plan.retry, guarded)
    feed.close()  # what a killed import left
    return feed


def _rounded_off(number: int, plan: Plan, feed: Feed, archive: Archive, report: Report) -> Report:
    """Copies, then archives: each is written only when what it stands for is written."""
    copies = [*plan.duplicates, *feed.copies]
    for change in feed.moved:
        archive.writes.apply(number, change)
    if copies:
        archive.writes.apply(number, _copies(copies, archive))
    opened = Change()
    if feed.opened:
        opened = Change(complete(feed, {row.sha256 for row in archive.files()}))
    if opened.files:
        archive.writes.apply(number, opened)
    report = _counted(report, opened, tuple(feed.late))
    return replace(
        report,
        unchanged=report.unchanged + feed.unchanged,
        duplicates=report.duplicates + len(feed.copies),
        moved=report.moved + len(feed.moved),
    )


def _moved(plan: Plan, archive: Archive) -> Change:
    rows, gone = [], []
    for each, row in plan.moved:
        entry = each.entry
        rows.append(replace(row, path=entry.address, size=entry.size, tag=entry.tag))
        gone.append(row.path)
        if row.rule == UNPACKED and row.path != entry.address:
            inside = [one for one in archive.files() if container(one) == row.path]
            gone += [one.path for one in inside]
            rows += [_moved_member(one, row.path, entry.address) for one in inside]
    return Change(rows, gone=gone)


def _moved_member(row: FileRow, old: str, new: str) -> FileRow:
    return replace(row, path=new + row.path[len(old) :], tag=member_tag(new))


def _copies(copies: Iterable[tuple[Candidate, str]], archive: Archive) -> Change:
    """Files with the bytes of another; written last, and only if that other is written."""
    known = {row.sha256 for row in archive.files()}
    rows = [
        replace(file_row(each, "duplicate"), rule="same-bytes", duplicate_of=of)
        for each, of in copies
        if each.sha256 in known
    ]
    return Change(rows)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A file, analysed, and what becomes of it; no row: it changed under our hands and waits."""

    address: str
    parcel: Parcel
    row: FileRow | None
    replaces: Mapping[str, str]


def _judged(
    pair: tuple[Candidate, Parcel],
    known: Known,
    before: Mapping[str, str],
) -> _Judged:
    candidate, parcel = pair
    path, problem = candidate.entry.address, parcel.problem
    if problem is not None:
        row = None if problem.slug == "file-changing" else refused(candidate, problem)
        return _Judged(path, parcel, row, {})
    verdict = known.judge(parcel.sessions, before.get(path))
    row = file_row(candidate, "imported")
    if verdict.duplicate_of is not None:
        row = replace(
            row,
            outcome="duplicate",
            rule="same-activity",
            duplicate_of=verdict.duplicate_of,
        )
        parcel = replace(parcel, sessions=(), tracks=())  # its bytes are kept all the same
    return _Judged(path, parcel, row, verdict.replaces)


def _change(judged: list[_Judged]) -> tuple[Change, tuple[str, ...]]:
    """What is to be written, and the paths that have to wait."""
    replaced = {old: new for each in judged for old, new in each.replaces.items()}
    judged = [_replaced_at_once(each, replaced) for each in judged]
    rows = [each.row for each in judged if each.row is not None]
    parcels = [each.parcel for each in judged if each.row is not None and each.parcel.original]
    late = tuple(each.address for each in judged if each.row is None)
    return Change(rows, parcels, (), replaced), late


def _replaced_at_once(judged: _Judged, replaced: Mapping[str, str]) -> _Judged:
    """What becomes of a file whose place was taken by a later one of the same batch."""
    if judged.row is None:
        return judged
    row, parcel = judged.row, judged.parcel
    if parcel.sessions and all(each.id in replaced for each in parcel.sessions):
        first = parcel.sessions[0].id
        row = replace(row, outcome="duplicate", rule="same-activity", duplicate_of=first)
        parcel = replace(parcel, sessions=(), tracks=())
    while row.duplicate_of is not None and row.duplicate_of in replaced:
        row = replace(row, duplicate_of=replaced[row.duplicate_of])
    return replace(judged, row=row, parcel=parcel)


def _informed(judged: _Judged, archive: Archive, engine: Engine) -> _Judged:
    """Analysed anew, before it is written, where it takes over labels or second devices."""
    labels: dict[int, tuple[Label, ...]] = {}
    phones: list[str] = []
    for old, new in judged.replaces.items():
        file = old.split("-")[0]
        own = archive.annotations.labels(file).get(position(old), ())
        labels |= {position(new): own} if own else {}
        phones += archive.second_devices.companions(file)
    if judged.row is None or not (labels or phones):
        return judged
    sha256 = judged.parcel.sha256
    archive.originals.put(sha256, judged.parcel.original)
    entry = Entry(judged.address, PurePath(judged.address).name, 0, "")
    held = str(archive.originals.path(sha256))
    candidate = Candidate(entry, sha256, held, packed=True, phones=tuple(phones), labels=labels)
    ((_, parcel),) = analysed([candidate], archive, engine, None)
    return replace(judged, parcel=parcel) if parcel.problem is None else judged


def _counted(report: Report, change: Change, late: tuple[str, ...]) -> Report:
    uncounted = (UNPACKED, label_files.LABELS)
    outcomes = [row.outcome for row in change.files if row.rule not in uncounted]
    ids = tuple(row.id for parcel in change.parcels for row in parcel.sessions)
    return replace(
        report,
        imported=report.imported + outcomes.count("imported"),
        duplicates=report.duplicates + outcomes.count("duplicate"),
        sessions=tuple(each for each in report.sessions if each not in change.replaced) + ids,
        problems=report.problems + tuple(row for row in change.files if row.slug),
        waiting=report.waiting + late,
    )
