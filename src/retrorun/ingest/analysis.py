"""Files through the engine, a batch at a time, and the report of an import.

Also the rows of files and problems as the archive keeps them.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from retrorun import __version__
from retrorun.archive import Archive, FileRow, Parcel, Problem
from retrorun.archive.rows import FileOutcome
from retrorun.errors import ArchiveError, NotARunError, RetrorunError
from retrorun.ingest.file_groups import is_member
from retrorun.ingest.plan import Candidate
from retrorun.text import printable

if TYPE_CHECKING:
    from retrorun.engines import Lost, Process, Task
    from retrorun.model import Athlete
    from retrorun.privacy_zones import Span
    from retrorun.settings import Settings

BATCH_FILES = 32
BATCH_S = 2.0
Progress = Callable[[int, int, str], None]  # done, of how many, the file's name
Analysed = tuple[Candidate, Parcel]  # a file, and what was made of it
T = TypeVar("T")


class Report(msgspec.Struct, frozen=True):
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
        """The same, with what was done, failed or left for later afterwards, each once."""
        return replace(
            self,
            sessions=tuple(dict.fromkeys(self.sessions + later.sessions)),
            problems=tuple(dict.fromkeys(self.problems + later.problems)),
            waiting=tuple(dict.fromkeys(self.waiting + later.waiting)),
        )

    @property
    def failed(self) -> tuple[FileRow, ...]:
        """Problems of files that could not be read; a file that is no run is none of them."""
        return tuple(row for row in self.problems if row.outcome == "failed")


class Engine(msgspec.Struct, frozen=True):
    """How files are analysed: settings, athlete, worker processes, and the pipeline itself.

    One job is done in this process, unless it is guarded: then a file that costs its worker memory,
    time or life costs nothing else.

    ``athlete_now`` tells, of the archive and the athlete so far, who the athlete is from now on;
    None: nothing changes.
    """

    settings: "Settings"
    athlete: "Athlete"
    jobs: int
    process: "Process | None" = None
    guarded: bool = False
    athlete_now: "Callable[[Archive, Athlete], Athlete] | None" = None

    def of_now(self, archive: Archive) -> "Engine":
        """The engine with the athlete of now, asked when the lock of the one writer is held.

        Until then another program may have stored privacy zones or another convention of laps,
        and noted what that makes due among the sessions that it knew.
        """
        if self.athlete_now is None:
            return self
        return replace(self, athlete=self.athlete_now(archive, self.athlete))

    def parcels(self, tasks: "Iterable[Task]") -> "Generator[tuple[Task, Parcel], None, None]":
        """Analyse files, in order; a lost worker is one file's problem."""
        from retrorun import engines

        work = engines.work_of(self.settings, self.athlete, self.process)
        for task, result in engines.ordered(tasks, work, self.jobs, guarded=self.guarded):
            yield task, _lost(task, result) if isinstance(result, engines.Lost) else result


def prepare() -> None:
    """Let workers start while the caller still loads and prepares."""
    from retrorun import engines

    engines.start_fork_server()


def _lost(task: "Task", reason: "Lost") -> Parcel:
    remedy = "It is left alone until it changes; --retry tries it again."
    problem = Problem("failed", reason.slug, reason.message, remedy=remedy)
    return Parcel(task.sha256 or "", problem=problem)


def analysed(
    events: Iterable[Candidate | T],
    archive: Archive,
    engine: Engine,
    progress: Progress | None = None,
    expected: int = 0,
) -> Iterator[Analysed | T]:
    """Analyse the candidates of a stream; yield each with its parcel, all in order.

    Args:
        events: candidates, and anything else, which is passed through.
        archive: knows the user's labels.
        engine: how files are analysed.
        progress: called after every file; what it raises ends the import between two files.
        expected: number of files that are known beforehand; members of archives are added to it.
    """
    under_way: deque[Candidate | T] = deque()
    members = 0

    def tasks() -> "Iterator[Task]":
        nonlocal members
        for event in events:
            under_way.append(event)
            if isinstance(event, Candidate):
                members += is_member(event.entry)
                yield task_of(event, archive)

    with closing(engine.parcels(tasks())) as parcels:  # workers end, whatever ends this
        for done, (task, parcel) in enumerate(parcels, start=1):
            while not isinstance(event := under_way.popleft(), Candidate):
                yield event
            if event.held and not event.packed:
                Path(event.held).unlink(missing_ok=True)  # its bytes were in the spool
            if progress:
                progress(done, expected + members, task.name)
            yield event, replace(parcel, labels=task.labels)
        yield from (event for event in under_way if not isinstance(event, Candidate))


def task_of(candidate: Candidate, archive: Archive) -> "Task":
    """What a worker is given of a file: its bytes' place, its labels, its second devices."""
    from retrorun.engines import Task

    labels = dict(archive.annotations.labels(candidate.sha256))
    for place, earlier in candidate.labels.items():  # those the archive knows win
        labels[place] = (*earlier, *labels.get(place, ()))
    known = dict.fromkeys(
        (*archive.second_devices.files_joined_to(candidate.sha256), *candidate.phones)
    )
    second_files = tuple(
        Task(
            str(archive.originals.path(each)), printable(archive.file_name(each)), each, packed=True
        )
        for each in known
    )
    return Task(
        candidate.held or candidate.entry.address,
        printable(PurePath(candidate.entry.name).name),
        candidate.sha256 or None,
        labels,
        candidate.packed,
        second_files,
        archive.second_devices.refusals(candidate.sha256),
        _hidden_meanwhile(candidate.sha256, archive),
    )


_MEANWHILE_S = 43_200.0  # between the starts of two sessions of one time: nobody runs for longer


def _hidden_meanwhile(sha256: str, archive: Archive) -> "tuple[Span, ...]":
    """From when to when sessions of other files are hidden that may be of the same time."""
    if not archive.annotations.profile().privacy_zones:
        return ()
    others = {other for _, other in archive.recorded_near(sha256, _MEANWHILE_S)}
    return tuple(span for each in sorted(others) for span in _hidden_spans(each, archive))


def _hidden_spans(session_id: str, archive: Archive) -> "tuple[Span, ...]":
    from retrorun import privacy_zones  # planning must not load numpy

    try:
        return privacy_zones.hidden_spans(archive.track(session_id))
    except ArchiveError:
        return ()  # what cannot be read cannot be shown beside it


def shows_hidden_of(session_id: str, other_id: str, archive: Archive) -> bool:
    """Whether a session holds seconds without a position that another device's session hides.

    Of one that is hidden nearly whole it is told when it was, and nothing else.
    """
    from retrorun import privacy_zones  # planning must not load numpy

    spans = _hidden_spans(other_id, archive)
    try:
        if not spans or privacy_zones.is_blanked(archive.session(session_id)):
            return False
        track = archive.track(session_id)
    except ArchiveError:
        return False  # it cannot be shown
    return bool(privacy_zones.unplaced_within(track, spans).any())


def note_shown_meanwhile(sha256s: Iterable[str], archive: Archive) -> None:
    """Note sessions to be analysed again that show what another device's session hides.

    Until then they count as holding seconds in a privacy zone, and no command shows them. It is
    noted in the transaction that writes those files: a process may be killed after it.

    Args:
        sha256s: hashes of the files that are new or were analysed again.
        archive: the lock of the one writer is held, and a transaction is open.
    """
    if not archive.annotations.profile().privacy_zones:
        return
    found = [pair for each in sha256s for pair in archive.recorded_near(each, _MEANWHILE_S)]
    both = dict.fromkeys((*found, *(pair[::-1] for pair in found)))
    archive.annotations.add_exposed(
        dict.fromkeys(own for own, other in both if shows_hidden_of(own, other, archive))
    )


def shows_what_is_hidden(session_id: str, archive: Archive) -> bool:
    """Whether a session shows what that of another device hides; see ``shows_hidden_of``."""
    (sha256,) = archive.hashes([session_id])
    pairs = archive.recorded_near(sha256, _MEANWHILE_S)
    return any(own == session_id and shows_hidden_of(own, other, archive) for own, other in pairs)


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """A few values or a few seconds of work at a time."""
    batch: list[T] = []
    since_s = time.monotonic()
    for value in values:
        batch.append(value)
        if len(batch) >= BATCH_FILES or time.monotonic() - since_s > BATCH_S:
            yield batch
            batch, since_s = [], time.monotonic()
    if batch:
        yield batch


def file_row(candidate: Candidate, outcome: FileOutcome) -> FileRow:
    """The row of a file that was looked at just now."""
    entry = candidate.entry
    return FileRow(entry.address, entry.size, entry.tag, candidate.sha256, outcome, __version__)


def refused_row(candidate: Candidate, problem: Problem) -> FileRow:
    """The row of a file that became no session."""
    return replace(
        file_row(candidate, problem.outcome),
        slug=problem.slug,
        message=problem.message,
        byte_offset=problem.offset,
        remedy=problem.remedy,
    )


def problem_of(problem: RetrorunError) -> Problem:
    """An error as the archive keeps it."""
    is_no_run = isinstance(problem, NotARunError)
    kind: Literal["not-a-run", "failed"] = "not-a-run" if is_no_run else "failed"
    return Problem(kind, problem.slug, problem.message, problem.offset, problem.remedy)
