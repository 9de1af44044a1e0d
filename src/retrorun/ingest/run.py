"""Carry out a plan: analyse what is new, write it into the archive, and report what was done.

Workers analyse; this process alone writes the archive, a few files a transaction, so that an
import that is cut off at any moment has kept what it had and a second run does the rest.
"""

import time
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import astuple, replace

from retrorun import __version__
from retrorun.archive import Archive, Change, FileRow, Parcel
from retrorun.archive.annotations import position
from retrorun.archive.rows import Brief
from retrorun.errors import UNREAD
from retrorun.ingest import label_files
from retrorun.ingest.analysis import (
    Analysed,
    Engine,
    Progress,
    Report,
    analysed,
    batches,
    file_row,
    note_shown_meanwhile,
    refused_row,
)
from retrorun.ingest.archives import (
    UNPACKED,
    Changing,
    Complete,
    Copy,
    Feed,
    Moved,
    Unchanged,
    complete_rows,
)
from retrorun.ingest.duplicates import Known, Places, brief, same
from retrorun.ingest.file_groups import container, is_archive, member_tag
from retrorun.ingest.plan import Candidate, Plan, plan_import
from retrorun.ingest.reprocess import outdated_sessions, reprocess_locked
from retrorun.ingest.second_device import Joins, join, separate_grown
from retrorun.storage import Entry
from retrorun.storage.entries import CHANGING

if TYPE_CHECKING:
    from pathlib import Path

    from retrorun.model import Label
    from retrorun.settings import Settings

T = TypeVar("T")
Due = frozenset[tuple[object, ...]]
Write = Callable[..., None]  # of a change of the import, with what follows in its transaction


def due(plan: Plan, archive: Archive, reports: "Path", settings: "Settings") -> Due:
    """What a run with pages has to do; if all of it was there at the run before, that failed at it.

    What the athlete answered is part of it: it makes the same page due for another reason. Asked
    again after the run, with the same plan, it leaves out what the run did in the archive.
    """
    files = [*plan.new, *(each.file for each in plan.tables)]
    files += [each for each, _ in (*plan.moved, *plan.duplicates)]
    outdated = outdated_sessions(archive, settings)
    items: set[tuple[object, ...]] = {("file", *_entries(each)) for each in files}
    items |= {("pair", *each) for each in plan.pairs}
    items |= {("export", each) for each in archive.pending.exports()}
    items |= {("page", each) for each in archive.pending.pages(reports)}
    items |= {("exposed", each) for each in archive.annotations.exposed()}
    items |= {("outdated", *outdated)} if outdated else set()
    return frozenset({*items, ("answers", archive.annotations.state())} if items else ())


def _entries(candidate: Candidate) -> list[Entry]:
    """A file with its size and tag; of a phone's log also the tables that it is made of."""
    return [candidate.entry, *(entry for _, entry in candidate.tables)]


def without_waiting(items: Due, waiting: Iterable[str]) -> Due:
    """What is due but files that were left for later because they changed: they did not fail."""
    late = set(waiting)

    def is_late(item: tuple[object, ...]) -> bool:
        return any(isinstance(each, Entry) and each.address in late for each in item)

    return frozenset(each for each in items if not is_late(each))


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
        progress: called after every file.
        wait_s: how long to wait for another writer to finish.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    if plan.idle:
        return _initial_report(plan)
    with archive.writing(wait_s):
        if plan.state is not None and plan.state != archive.database.state():
            plan = plan_import(plan.folder, archive, retry=plan.retry)
        if plan.idle:
            return _initial_report(plan)
        return _run_locked(plan, archive, engine.of_now(archive), progress)


def _initial_report(plan: Plan) -> Report:
    return Report(
        unchanged=plan.unchanged,
        duplicates=len(plan.duplicates),
        moved=len(plan.moved),
        waiting=plan.waiting,
        passed_over=len(plan.passed_over),
    )


class _Import:
    """One import, which the archive lists from its first change on: without any it is none."""

    def __init__(self, archive: Archive, folder: str, started_s: float) -> None:
        self._archive, self._folder, self._started_s = archive, folder, started_s
        self._number: int | None = None

    def write(self, change: Change, follow: Callable[[], object] | None = None) -> None:
        """Write a change of this import, as ``Writes.apply`` does."""
        if any(astuple(change)):
            self._archive.writes.apply(self._begun(), change, follow)

    def _begun(self) -> int:
        if self._number is None:  # before anything else is written: a full disk shows here first
            begin = self._archive.writes.begin_import
            self._number = begin(self._folder, __version__, self._started_s)
        return self._number


def _run_locked(plan: Plan, archive: Archive, engine: Engine, progress: Progress | None) -> Report:
    """Carry out a plan that holds; the lock of the one writer is held by the caller."""
    write = _Import(archive, plan.folder, time.time()).write
    write(_moved(plan, archive))
    tables = label_files.read_tables(plan.tables)
    label_files.keep_before(tables, plan, archive)
    exposed = archive.annotations.exposed()
    report, events = _import_files(write, plan, archive, engine, progress)
    report = _write_copies_and_archives(write, plan, events, archive, report)
    report = report.followed_by(reprocess_locked(_due(archive, exposed), archive, engine))
    if tables:
        later = label_files.keep_after(tables, plan, archive, engine, write)
        report = report.followed_by(later)
    joins = join(archive, engine)
    return _with_joins(report, joins, archive.known())


def _due(archive: Archive, exposed: Container[str]) -> list[str]:
    """Files to be analysed again, without those whose sessions are exposed by what just came.

    Devices are compared as they recorded, before anything is hidden for another's sake.
    """
    noted = [each for each in archive.annotations.exposed() if each not in exposed]
    later = set(archive.hashes(noted))
    return [each for each in archive.pending.exports() if each not in later]


def _import_files(
    write: Write, plan: Plan, archive: Archive, engine: Engine, progress: Progress | None
) -> tuple[Report, list[object]]:
    """Analyse and write the files of a plan; the report so far, and what else their events were."""
    report, others = _initial_report(plan), list[object]()
    guarded = engine.guarded or engine.jobs > 1
    feed = Feed(archive, engine.settings.read, retry=plan.retry, guarded=guarded)
    feed.close()  # what a killed import left
    places = Places(archive.track)
    known = Known(archive.briefs(), archive.channels, places.apart, _standing_alone(archive))
    rows = archive.files()
    before = {row.path: row.sha256 for row in rows}
    undone = {row.path: row.sha256 for row in rows if row.outcome == "undone"}
    loose = sum(not is_archive(each.entry.name) for each in plan.new)
    with closing(feed):
        for batch in batches(analysed(feed.events(plan.new), archive, engine, progress, loose)):
            files = [each for each in batch if isinstance(each, tuple)]
            others += [each for each in batch if not isinstance(each, tuple)]
            places.expect(parcel for _, parcel in files)
            judged = [_check_duplicate(each, known, before) for each in files]
            judged = [_with_undone(each, undone, archive, engine) for each in judged]
            decisions = [_with_user_data(each, archive, engine) for each in judged]
            change, late = _change(decisions)
            new = [each.sha256 for each in change.parcels]
            write(change, partial(note_shown_meanwhile, new, archive))
            separate_grown(change.replaced.values(), archive)
            report = _count(report, change, late)
            unread = tuple(each.unread for each in decisions if each.unread is not None)
            report = replace(report, problems=report.problems + unread)
    return report, others


def _standing_alone(archive: Archive) -> Callable[[Brief], bool]:
    """Whether a session is compared with no copies when files come.

    The user keeps it apart, or a second device was joined to it: what comes to that is compared
    with each of its recordings, later.
    """
    devices = archive.second_devices
    kept_apart = devices.kept_apart()
    joined = {each.session for each in devices.matches() if each.state == "joined"}
    return lambda each: each.id in joined or each.sha256 in kept_apart


def _with_joins(report: Report, joins: Joins, known: Container[str]) -> Report:
    """The report with what was joined to other sessions, and only sessions that there are now.

    A session that another went into may itself have gone into a third one, and a copy may have
    been set aside meanwhile.

    Args:
        report: of the import so far.
        joins: what was joined; problems of files that were analysed again before are added.
        known: the ids of all sessions in the archive.
    """
    ids = dict.fromkeys([*report.sessions, *joins.into.values()])
    problems = tuple(dict.fromkeys(report.problems + joins.problems))
    sessions = tuple(each for each in ids if each in known)
    return replace(report, sessions=sessions, joined=len(joins.into), problems=problems)


def _write_copies_and_archives(
    write: Write, plan: Plan, events: list[object], archive: Archive, report: Report
) -> Report:
    """Copies, then archives: each is written only when what it stands for is written."""
    copies, moves = _of_kind(Copy, events), _of_kind(Moved, events)
    for each in moves:
        write(each.change)
    pairs = [*plan.duplicates, *((each.candidate, each.holder) for each in copies)]
    if pairs:
        write(_copies(pairs, archive))
    complete, rows = _of_kind(Complete, events), list[FileRow]()
    if complete:
        rows = complete_rows(complete, copies, {row.sha256 for row in archive.files()})
    if rows:
        write(Change(rows))
    late = tuple(each.address for each in _of_kind(Changing, events))
    report = _count(report, Change(rows), late)
    return replace(
        report,
        unchanged=report.unchanged + len(_of_kind(Unchanged, events)),
        duplicates=report.duplicates + len(copies),
        moved=report.moved + len(moves),
    )


def _of_kind(kind: type[T], events: Iterable[object]) -> list[T]:
    return [each for each in events if isinstance(each, kind)]


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


class _Decision(msgspec.Struct, frozen=True):
    """A file that was analysed, and what is written of it.

    Attributes:
        address: its path.
        parcel: its sessions, tracks and original.
        row: of the file; None where it changed while it was read, or its drive failed, and waits.
        replaces: old session id → the one of this file that takes its place.
        unread: what is told, and not kept, of a file whose drive failed.
    """

    address: str
    parcel: Parcel
    row: FileRow | None
    replaces: Mapping[str, str]
    unread: FileRow | None = None


def _check_duplicate(file: Analysed, known: Known, before: Mapping[str, str]) -> _Decision:
    """Whether a file is imported, refused, or a second copy of an activity.

    Args:
        file: the candidate and its parcel.
        known: the sessions there are; learns of this file's.
        before: path → hash of what the same file held before.
    """
    candidate, parcel = file
    path, problem = candidate.entry.address, parcel.problem
    if problem is not None:
        row = refused_row(candidate, problem)
        if problem.slug in (CHANGING, *UNREAD):
            return _Decision(path, parcel, None, {}, row if problem.slug in UNREAD else None)
        return _Decision(path, parcel, row, {})
    if not candidate.sha256:  # it could not be read when it was listed: the next run plans it
        return _Decision(path, parcel, None, {})
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
    return _Decision(path, parcel, row, verdict.replaces)


def _with_undone(
    decision: _Decision, undone: Mapping[str, str], archive: Archive, engine: Engine
) -> _Decision:
    """A file that comes again, after it was taken back, as other bytes of the same activities.

    A phone's log is read otherwise by a newer version. What was said of what was taken back is
    found by the start of its sessions, for which its original is analysed once more.

    Args:
        decision: about the file.
        undone: path → hash of files that were taken back.
        archive: keeps their originals, and what was said of them.
        engine: how files are analysed.
    """
    old = undone.get(decision.address, "")
    if old in ("", decision.parcel.sha256) or not decision.parcel.sessions:
        return decision
    if not archive.annotations.has_spoken(old) or not archive.originals.path(old).exists():
        return decision
    entry = Entry(decision.address, PurePath(decision.address).name, 0, "")
    original = Candidate(entry, old, str(archive.originals.path(old)), packed=True)
    ((_, before),) = analysed([original], archive, engine)
    pairs = {
        each.id: own.id
        for each in before.sessions
        for own in decision.parcel.sessions
        if same(brief(each), brief(own), grown=True)
    }
    return replace(decision, replaces={**pairs, **decision.replaces})


def _with_user_data(decision: _Decision, archive: Archive, engine: Engine) -> _Decision:
    """A file that takes over labels or second devices, analysed with them before it is written."""
    labels: dict[int, tuple[Label, ...]] = {}
    phones: list[str] = []
    for old, new in decision.replaces.items():
        file = old.split("-")[0]
        own = archive.annotations.labels(file).get(position(old), ())
        labels |= {position(new): own} if own else {}
        phones += archive.second_devices.files_joined_to(file)
    if decision.row is None or not (labels or phones):
        return decision
    sha256 = decision.parcel.sha256
    archive.originals.put(sha256, decision.parcel.original)
    entry = Entry(decision.address, PurePath(decision.address).name, 0, "")
    held = str(archive.originals.path(sha256))
    candidate = Candidate(entry, sha256, held, packed=True, phones=tuple(phones), labels=labels)
    ((_, parcel),) = analysed([candidate], archive, engine)
    return replace(decision, parcel=parcel) if parcel.problem is None else decision


def _change(decisions: list[_Decision]) -> tuple[Change, tuple[str, ...]]:
    """What is to be written, and the paths that have to wait."""
    replaced = {old: new for each in decisions for old, new in each.replaces.items()}
    decisions = [_replaced_within_batch(each, replaced) for each in decisions]
    rows = [each.row for each in decisions if each.row is not None]
    parcels = [each.parcel for each in decisions if each.row is not None and each.parcel.original]
    late = tuple(each.address for each in decisions if each.row is None and each.unread is None)
    return Change(rows, parcels, (), replaced), late


def _replaced_within_batch(decision: _Decision, replaced: Mapping[str, str]) -> _Decision:
    """A decision about a file whose place a later one of the same batch may have taken."""
    if decision.row is None:
        return decision
    row, parcel = decision.row, decision.parcel
    if parcel.sessions and all(each.id in replaced for each in parcel.sessions):
        first = parcel.sessions[0].id
        row = replace(row, outcome="duplicate", rule="same-activity", duplicate_of=first)
        parcel = replace(parcel, sessions=(), tracks=())
    while row.duplicate_of is not None and row.duplicate_of in replaced:
        row = replace(row, duplicate_of=replaced[row.duplicate_of])
    return replace(decision, row=row, parcel=parcel)


def _count(report: Report, change: Change, late: tuple[str, ...]) -> Report:
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
