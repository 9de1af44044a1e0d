"""Files through the engine, a batch at a time, and what is said about it afterwards.

Errors as the archive keeps them.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal, Protocol

from retrorun import __version__
from retrorun.archive import Archive, FileRow, Parcel, Problem
from retrorun.archive.rows import FileOutcome
from retrorun.errors import NotARunError, RetrorunError
from retrorun.ingest.plan import Candidate
from retrorun.storage import shown

if TYPE_CHECKING:
    from retrorun.engines import Lost, Process, Task
    from retrorun.model import Athlete
    from retrorun.settings import Settings

BATCH_FILES = 32
BATCH_S = 2.0
Progress = Callable[[int, int, str], None]  # done, of how many, the file's name
Item = Candidate | tuple[Candidate, Parcel]  # to be analysed, or decided already


class Items(Protocol):
    """Files in order; how many there are may become known on the way."""

    def __iter__(self) -> Iterator[Item]:
        """Each file once."""

    def __len__(self) -> int:
        """As many as are known."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did.

    Attributes:
        imported: files whose sessions are now in the archive.
        sessions: their ids, in the order of the files.
        unchanged: files that were as before.
        duplicates: files with the same bytes as another.
        moved: files known under another name.
        joined: sessions of second devices that went into those of watches.
        problems: files that became no session, with the reason.
        waiting: files that still grow, or changed while they were read.
        passed_over: number of files that are no export by their name.
    """

    imported: int = 0
    sessions: tuple[str, ...] = ()
    unchanged: int = 0
    duplicates: int = 0
    moved: int = 0
    joined: int = 0
    problems: tuple[FileRow, ...] = ()
    waiting: tuple[str, ...] = ()
    passed_over: int = 0

    def followed_by(self, later: "Report") -> "Report":
        """The same, with the sessions and problems of what was done afterwards."""
        ids = tuple(dict.fromkeys(self.sessions + later.sessions))
        return replace(self, sessions=ids, problems=self.problems + later.problems)

    @property
    def failed(self) -> tuple[FileRow, ...]:
        """Problems of files that could not be read; a file that is no run is none of them."""
        return tuple(row for row in self.problems if row.outcome == "failed")


@dataclass(frozen=True, slots=True)
class Engine:
    """How files are analysed: settings, athlete, worker processes, and the pipeline itself.

    One job is done in this process, unless it is guarded: then a file that costs its worker memory,
    time or life costs nothing else.
    """

    settings: "Settings"
    athlete: "Athlete"
    jobs: int
    process: "Process | None" = None
    guarded: bool = False

    def parcels(self, tasks: "Iterable[Task]") -> "Generator[tuple[Task, Parcel], None, None]":
        """Analyse files, in order; a lost worker is one file's problem."""
        from retrorun import engines

        work = engines.work_of(self.settings, self.athlete, self.process)
        for task, result in engines.ordered(tasks, work, self.jobs, guarded=self.guarded):
            yield task, _lost(task, result) if isinstance(result, engines.Lost) else result


def prepare() -> None:
    """Let workers start while the caller still loads and prepares."""
    from retrorun import engines

    engines.warm()


def _lost(task: "Task", reason: "Lost") -> Parcel:
    remedy = "It is left alone until it changes; --retry tries it again."
    problem = Problem("failed", reason.slug, reason.message, remedy=remedy)
    return Parcel(task.sha256 or "", problem=problem)


def analysed(
    items: Items,
    archive: Archive,
    engine: Engine,
    progress: Progress | None,
) -> Iterator[tuple[Candidate, Parcel]]:
    """Analyse files; yield each with what became of it, in order.

    Args:
        items: the files, and those that need no analysis among them.
        archive: knows the user's labels.
        engine: how files are analysed.
        progress: told after every file; what it raises ends the import between two files.
    """
    under_way: deque[Item] = deque()

    def tasks() -> "Iterator[Task]":
        for item in items:
            under_way.append(item)
            if isinstance(item, Candidate):
                yield _task(item, archive)

    with closing(engine.parcels(tasks())) as parcels:  # workers end, whatever ends this
        for done, (task, parcel) in enumerate(parcels, start=1):
            while not isinstance(item := under_way.popleft(), Candidate):
                yield item
            if item.held and not item.packed:
                Path(item.held).unlink(missing_ok=True)  # its bytes were in the spool
            if progress:
                progress(done, len(items), task.name)
            yield item, replace(parcel, labels=task.labels)
        yield from (item for item in under_way if not isinstance(item, Candidate))


def _task(candidate: Candidate, archive: Archive) -> "Task":
    from retrorun.engines import Task

    labels = dict(archive.annotations.labels(candidate.sha256))
    for place, carried in candidate.labels.items():  # said earlier: what is known wins
        labels[place] = (*carried, *labels.get(place, ()))
    known = dict.fromkeys((*archive.second_devices.companions(candidate.sha256), *candidate.phones))
    companions = tuple(
        Task(str(archive.originals.path(each)), shown(archive.file_name(each)), each, packed=True)
        for each in known
    )
    return Task(
        candidate.held or candidate.entry.address,
        shown(PurePath(candidate.entry.name).name),
        candidate.sha256 or None,
        labels,
        candidate.packed,
        companions,
        archive.second_devices.refusals(candidate.sha256),
    )


def batches(
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


def file_row(candidate: Candidate, outcome: FileOutcome) -> FileRow:
    """The row of a file that was looked at just now."""
    entry = candidate.entry
    return FileRow(entry.address, entry.size, entry.tag, candidate.sha256, outcome, __version__)


def refused(candidate: Candidate, problem: Problem) -> FileRow:
    """The row of a file that became no session."""
    return replace(
        file_row(candidate, problem.outcome),
        slug=problem.slug,
        message=problem.message,
        byte_offset=problem.offset,
        remedy=problem.remedy,
    )


def told(problem: RetrorunError) -> Problem:
    """An error as the archive keeps it."""
    kind: Literal["not-a-run", "failed"] = (
        "not-a-run" if isinstance(problem, NotARunError) else "failed"
    )
    return Problem(kind, problem.slug, problem.message, problem.offset, problem.remedy)
