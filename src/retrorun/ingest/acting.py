"""Carry out a plan: analyse what is new, write it down, and say what happened.

Workers analyse; this process alone writes the archive, a few files a transaction, so that an
import that is cut off at any moment has kept what it had and a second run does the rest.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from retrorun import __version__
from retrorun.archive import Archive, FileRow, Parcel, Problem
from retrorun.ingest.planning import Candidate, Plan
from retrorun.storage import shown

if TYPE_CHECKING:
    from retrorun.engines import Lost, Task
    from retrorun.engines.work import Process
    from retrorun.model import Athlete
    from retrorun.settings import Settings

BATCH_FILES = 32
BATCH_S = 2.0
Progress = Callable[[int, int, str], None]  # done, of how many, the file's name


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did.

    Attributes:
        imported: files whose sessions are now in the archive.
        sessions: their ids, in the order of the files.
        unchanged: files that were as before.
        duplicates: files with the same bytes as another.
        moved: files known under another name.
        problems: files that became no session, with the reason.
        waiting: files that still grow, or changed while they were read.
        passed_over: number of files that are no export by their name.
    """

    imported: int = 0
    sessions: tuple[str, ...] = ()
    unchanged: int = 0
    duplicates: int = 0
    moved: int = 0
    problems: tuple[FileRow, ...] = ()
    waiting: tuple[str, ...] = ()
    passed_over: int = 0

    @property
    def failed(self) -> tuple[FileRow, ...]:
        """Problems of files that could not be read; a file that is no run is none of them."""
        return tuple(row for row in self.problems if row.outcome == "failed")


@dataclass(frozen=True, slots=True)
class Engine:
    """How files are analysed: settings, athlete, worker processes, and the pipeline itself."""

    settings: "Settings"
    athlete: "Athlete"
    jobs: int
    process: "Process | None" = None

    def parcels(self, tasks: "Iterable[Task]") -> "Iterator[tuple[Task, Parcel]]":
        """Analyse files, in order; a lost worker is one file's problem."""
        from retrorun import engines

        work = engines.work_of(self.settings, self.athlete, self.process)
        for task, result in engines.ordered(tasks, work, self.jobs):
            yield task, _lost(task, result) if isinstance(result, engines.Lost) else result


def _lost(task: "Task", reason: "Lost") -> Parcel:
    remedy = "It is left alone until it changes; --retry tries it again."
    problem = Problem("failed", reason.slug, reason.message, remedy=remedy)
    return Parcel(task.sha256 or "", problem=problem)


def act(
    plan: Plan,
    archive: Archive,
    engine: Engine,
    progress: Progress | None = None,
    wait_s: float = 10.0,
) -> Report:
    """Carry out a plan.

    Args:
        plan: what is to be done.
        archive: is locked for other writers meanwhile.
        engine: how files are analysed.
        progress: told after every file.
        wait_s: how long to wait for another writer to finish.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    report = Report(
        unchanged=plan.unchanged,
        duplicates=len(plan.duplicates),
        moved=len(plan.moved),
        waiting=plan.waiting,
        passed_over=len(plan.passed_over),
    )
    if plan.idle:
        return report
    with archive.writing(wait_s):
        number = archive.begin_import(plan.folder, __version__, time.time())
        archive.write(number, _noted(plan), (), gone=[row.path for _, row in plan.moved])
        for batch in _batches(_analysed(plan.new, archive, engine, progress)):
            rows = [_row(candidate, parcel) for candidate, parcel in batch]
            kept = [(row, pair[1]) for row, pair in zip(rows, batch, strict=True) if row]
            archive.write(number, [row for row, _ in kept], [parcel for _, parcel in kept])
            report = _counted(report, batch, rows)
    return report


def _noted(plan: Plan) -> Iterator[FileRow]:
    for each, row in plan.moved:
        entry = each.entry
        yield replace(row, path=entry.address, size=entry.size, tag=entry.tag)
    for each, of in plan.duplicates:
        yield replace(_file(each, "duplicate"), rule="same-bytes", duplicate_of=of)


def _file(candidate: Candidate, outcome: str) -> FileRow:
    entry = candidate.entry
    return FileRow(entry.address, entry.size, entry.tag, candidate.sha256, outcome, __version__)  # type: ignore[arg-type]


def _analysed(
    candidates: tuple[Candidate, ...],
    archive: Archive,
    engine: Engine,
    progress: Progress | None,
) -> Iterator[tuple[Candidate, Parcel]]:
    from retrorun.engines import Task

    tasks = (
        Task(
            each.entry.address,
            shown(PurePath(each.entry.name).name),
            each.sha256 or None,
            archive.labels(each.sha256),
        )
        for each in candidates
    )
    for done, pair in enumerate(zip(candidates, engine.parcels(tasks), strict=True), start=1):
        candidate, (task, parcel) = pair
        if progress:
            progress(done, len(candidates), task.name)
        yield candidate, parcel


def _batches(
    pairs: Iterator[tuple[Candidate, Parcel]],
) -> Iterator[list[tuple[Candidate, Parcel]]]:
    """A few files or a few seconds of work at a time."""
    batch: list[tuple[Candidate, Parcel]] = []
    since_s = time.monotonic()
    for pair in pairs:
        batch.append(pair)
        if len(batch) >= BATCH_FILES or time.monotonic() - since_s > BATCH_S:
            yield batch
            batch, since_s = [], time.monotonic()
    if batch:
        yield batch


def _row(candidate: Candidate, parcel: Parcel) -> FileRow | None:
    """The file's row; None for a file that changed under our hands: it waits."""
    problem = parcel.problem
    if problem is None:
        return _file(candidate, "imported")
    if problem.slug == "file-changing":
        return None
    return replace(
        _file(candidate, problem.outcome),
        slug=problem.slug,
        message=problem.message,
        byte_offset=problem.offset,
        remedy=problem.remedy,
    )


def _counted(
    report: Report,
    batch: list[tuple[Candidate, Parcel]],
    rows: list[FileRow | None],
) -> Report:
    ids = [session.id for _, parcel in batch for session in parcel.sessions]
    late = [pair[0].entry.address for pair, row in zip(batch, rows, strict=True) if row is None]
    return replace(
        report,
        imported=report.imported + sum(1 for row in rows if row and row.outcome == "imported"),
        sessions=report.sessions + tuple(ids),
        problems=report.problems + tuple(row for row in rows if row and row.slug),
        waiting=report.waiting + tuple(late),
    )
