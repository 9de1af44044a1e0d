"""Carry out: plan pages, hand batches to an engine, keep count, retire what has changed.

1. what the result set has: its manifest, which batches are in the ledger, and whether their parts
   are whole
2. batches that were planned and are not done come first, exactly as they were planned
3. the store is listed; what is new is planned a page at a time, and worked on meanwhile
4. batches with files that have changed are retired, and the store is listed once more; those with
   damaged parts are retired first of all
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from retrorun import __version__, results, storage
from retrorun.cohort import batches
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import Batch
from retrorun.cohort.file_index import listed
from retrorun.cohort.manifest import Kept
from retrorun.cohort.worker import Job, Making, Problem, Summary, carry_out
from retrorun.engines import Lost, child
from retrorun.errors import ReadError

NAMED = 20  # problems that are named; all are in the result set


class Engine(Protocol):
    """Carries out work on every task, wherever, and yields results in order."""

    def __call__(
        self, tasks: Iterable[Job], work: Callable[[Job], Summary], /
    ) -> Generator[tuple[Job, Summary | Lost], None, None]:
        """Task and result, or why there is none."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, or has done so far.

    Attributes:
        files: worked on; ``planned``: as many are known to be worked on.
        listed: whether the listing is through, so that ``planned`` will not grow.
        failed: files that could not be read; ``not_runs``: that hold no run.
        sessions: that were found.
        known: files that are as they were.
        retired: batches that were taken back: a file had changed, or a part was damaged.
        problems: the first failures.
        unfinished: batches that are left for the next run, and why.
        undone: files in them.
        unlisted: folders that could not be listed.
        damaged: parts of the result set that were gone or damaged; their batches are taken back.
    """

    files: int = 0
    planned: int = 0
    listed: bool = False
    failed: int = 0
    not_runs: int = 0
    sessions: int = 0
    known: int = 0
    retired: int = 0
    problems: tuple[Problem, ...] = ()
    unfinished: tuple[Problem, ...] = ()
    undone: int = 0
    unlisted: tuple[tuple[str, str], ...] = ()
    damaged: tuple[str, ...] = ()


Progress = Callable[[Report], None]


def run(
    making: Making,
    athletes: Athletes,
    engine: Engine,
    progress: Progress | None = None,
    *,
    retry: bool = False,
) -> Report:
    """Bring a result set up to what the store holds.

    Args:
        making: from where, to where, and how.
        athletes: whose files they are.
        engine: carries out the batches.
        progress: told after every batch.
        retry: work again on the batches of files that failed.

    Raises:
        SettingsError: the result set was made otherwise.
        ReadError: there is no such store, or it does not answer.
        EngineError: there are no workers, or they are gone; what is done stays done.
    """
    run_of = _Run(making, athletes, engine, progress, retry)
    try:
        run_of.begin()
        run_of.work()
        if run_of.changed:
            run_of.work()
    finally:
        child.stop_thread_guard()
    return run_of.report


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run would do: files that are new or known, and batches it would take back.

    ``unlisted`` are folders that could not be listed, and why.
    """

    new: int
    known: int
    changed: int
    unlisted: tuple[tuple[str, str], ...] = ()


def survey(making: Making, athletes: Athletes) -> Survey:
    """Look at the store and the result set; write nothing.

    Raises:
        ReadError: there is no such store, or it does not answer.
    """
    _check_source(making.source)
    kept = Kept(storage.open_store(making.out), tracks=making.tracks)
    kept.read()
    new, known, changed = 0, 0, set[int]()
    store = storage.open_store(making.source)
    files = listed(store, athletes)
    while some := list(islice(files, batches.PAGE_FILES)):
        judged = kept.index.judge(some)
        new, known = new + len(judged.new), known + judged.known
        changed |= judged.changed
    return Survey(new, known, len(changed), _unlisted(store))


def _unlisted(store: storage.Store) -> tuple[tuple[str, str], ...]:
    return tuple(store.unlisted) if isinstance(store, storage.Folder) else ()


def _check_source(address: str) -> None:
    """Refuse an address with nothing below it: it is mistyped more often than meant.

    Raises:
        ReadError: there is nothing, or the store does not answer.
    """
    store = storage.open_store(address)
    try:
        if next(store.entries(), None) is not None:
            return
    except ReadError as problem:
        if problem.slug != "file-unreadable":  # no such bucket
            raise
    unlisted = store.unlisted if isinstance(store, storage.Folder) else []
    reason = f": it cannot be listed: {unlisted[0][1]}" if unlisted else ""
    raise ReadError(
        "exports-missing",
        f"there are no files at this address{reason}",
        file=storage.shown(storage.without_user(address)),
        remedy="Check the address of the exports; nothing has been written.",
    )


@dataclass(slots=True)
class _Run:
    making: Making
    athletes: Athletes
    engine: Engine
    progress: Progress | None
    retry: bool = False
    report: Report = field(default_factory=Report)
    changed: set[int] = field(default_factory=set)
    kept: Kept = field(init=False)
    made: batches.Making = field(init=False)

    def begin(self) -> None:
        """Read what there is; refuse a result set that was made otherwise."""
        _check_source(self.making.source)  # if it is not there, nothing is written
        out, settings = storage.open_store(self.making.out), self.making.settings.fingerprint()
        tracks = self.making.tracks
        said = results.about(__version__, settings, tracks=tracks)
        if not out.put(results.ABOUT, said):
            results.check_about(out, said)
        self.made = batches.Making(results.SCHEMA_VERSION, __version__, settings, tracks)
        self.kept = Kept(out, tracks=tracks)
        self.kept.read()
        thorough = self.retry or isinstance(out, storage.Folder)
        self.changed, broken = self.kept.damaged(thorough=thorough)
        self.report = replace(self.report, damaged=tuple(broken))
        if self.retry:
            self.changed |= self.kept.with_failures()

    def _retire(self) -> None:
        """Take back the batches that hold what has changed."""
        count = self.kept.retire(self.changed)
        self.changed = set()
        self.report = replace(self.report, retired=self.report.retired + count)

    def work(self) -> None:
        """Take back what has changed; work on what is planned and on what is new."""
        self.report = replace(self.report, known=0, listed=False)
        with closing(self.engine(self._jobs(), carry_out)) as found:
            for job, result in found:
                self.report = _counted(self.report, job, result)
                if self.progress is not None:
                    self.progress(self.report)

    def _jobs(self) -> Iterator[Job]:
        if self.changed:  # not before an engine asks for work: without one it would only be gone
            self._retire()
        for batch in self.kept.pending(self.athletes):
            yield self._job(batch, again=True)
        store = storage.open_store(self.making.source)
        files = listed(store, self.athletes)
        while some := list(islice(files, batches.PAGE_FILES)):
            judged = self.kept.index.judge(some)
            self.changed |= judged.changed
            self.report = replace(self.report, known=self.report.known + judged.known)
            if judged.new:
                page = batches.page(judged.new, self.made)
                self.kept.plan(page)
                yield from (self._job(batch) for batch in page.batches)
        self.report = replace(self.report, listed=True, unlisted=_unlisted(store))

    def _job(self, batch: Batch, *, again: bool = False) -> Job:
        count = self.report.planned + len(batch.files)
        self.report = replace(self.report, planned=count)
        athletes = self.athletes.of_batch(each.name for each in batch.files)
        return Job(batch, athletes, self.making, again=again)


def _counted(report: Report, job: Job, result: Summary | Lost) -> Report:
    if isinstance(result, Lost):
        name = job.batch.files[0].name
        result = Summary(
            len(job.batch.files), unfinished=Problem(name, result.slug, result.message)
        )
    if result.unfinished is not None:
        unfinished = (*report.unfinished, result.unfinished)[:NAMED]
        return replace(report, unfinished=unfinished, undone=report.undone + result.files)
    return replace(
        report,
        files=report.files + result.files,
        failed=report.failed + result.failed,
        not_runs=report.not_runs + result.not_runs,
        sessions=report.sessions + result.sessions,
        problems=(*report.problems, *result.problems)[:NAMED],
    )
