"""Bring a result set up to what a store of exports holds.

1. Read the result set: its manifest, which batches are in the ledger, and whether their parts are
   whole.
2. Process batches that were planned and are not done, exactly as they were planned.
3. List the store; plan new files a page at a time, and process them meanwhile.
4. Take back batches with files that have changed, and list the store once more; batches with
   damaged parts are taken back first of all.
5. Learn of the athletes whose sessions changed, and make the batches again whose sessions depend on
   what was learnt, until there are none.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from retrorun import __version__, results, storage
from retrorun.cohort import batches, learning
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import Batch, PlannedFile
from retrorun.cohort.learning import Learnt
from retrorun.cohort.manifest import Manifest, list_files
from retrorun.cohort.worker import EXPORT_CHANGED, Job, Problem, RunConfig, Summary, process_batch
from retrorun.engines import Engine, Lost, child
from retrorun.errors import ReadError
from retrorun.results.layout import UNKNOWN
from retrorun.results.reader import checksums
from retrorun.text import printable

NAMED = 20  # problems that are named; all are in the result set


@dataclass(frozen=True, slots=True)
class Report:
    """What a run has done so far.

    Attributes:
        files: processed; ``planned``: that are to be processed, as far as is known.
        listing_complete: whether the whole store is listed, so that ``planned`` will not grow.
        failed: files that could not be read; ``not_runs``: that hold no run.
        sessions: that were found.
        known: files that have not changed since an earlier run.
        retired: batches that were taken back: a file had changed, or a part was damaged.
        problems: the first failures.
        unfinished: batches that are left for the next run, and why.
        deferred: files in them.
        unlisted: folders that could not be listed.
        damaged: parts of the result set that were gone or damaged; their batches are taken back.
        reprocessed: files that were analysed once more, with what was learnt of their athletes.
        kept: batches that could not be made again, because an export is gone or has changed; their
            sessions stay as they were.
        of_nobody: files that were listed and are no known athlete's.
        unused_profiles: athletes who have a profile and no file: their names may be mistyped.
    """

    files: int = 0
    planned: int = 0
    listing_complete: bool = False
    failed: int = 0
    not_runs: int = 0
    sessions: int = 0
    known: int = 0
    retired: int = 0
    problems: tuple[Problem, ...] = ()
    unfinished: tuple[Problem, ...] = ()
    deferred: int = 0
    unlisted: tuple[tuple[str, str], ...] = ()
    damaged: tuple[str, ...] = ()
    reprocessed: int = 0
    kept: tuple[Problem, ...] = ()
    of_nobody: int = 0
    unused_profiles: tuple[str, ...] = ()


Progress = Callable[[Report], None]


def run(
    config: RunConfig,
    athletes: Athletes,
    engine: Engine,
    progress: Progress | None = None,
    *,
    retry: bool = False,
) -> Report:
    """Bring a result set up to what the store holds.

    Args:
        config: address of the exports and of the result set, and how files are analysed.
        athletes: whose files they are.
        engine: processes the batches.
        progress: called after every batch.
        retry: process the batches of files that failed again.

    Raises:
        SettingsError: the result set was made in another way.
        ReadError: there is no such store, or it does not answer.
        EngineError: there are no workers, or they are gone; what is done stays done.
    """
    state = _Run(config, athletes, engine, progress, retry)
    try:
        state.prepare()
        state.process()
        if state.changed:
            state.process()
        state.feed_back()
    finally:
        child.stop_thread_guard()
    return state.report


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run would do: files that are new or known, and batches it would take back.

    ``unlisted`` are folders that could not be listed, and why.
    """

    new: int
    known: int
    changed: int
    unlisted: tuple[tuple[str, str], ...] = ()


def survey(config: RunConfig, athletes: Athletes) -> Survey:
    """Look at the store and the result set; write nothing.

    Raises:
        ReadError: there is no such store, or it does not answer.
    """
    _check_source(config.source)
    manifest = Manifest(storage.open_store(config.out), tracks=config.tracks)
    manifest.read()
    new, known, changed = 0, 0, set[int]()
    store = storage.open_store(config.source)
    files = list_files(store, athletes)
    while page_files := list(islice(files, batches.PAGE_FILES)):
        diff = manifest.index.compare(page_files)
        new, known = new + len(diff.new), known + diff.known
        changed |= diff.changed
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
    unlisted = _unlisted(store)
    reason = f": it is not read: {unlisted[0][1]}" if unlisted else ""
    raise ReadError(
        "exports-missing",
        f"there are no files at this address{reason}",
        file=printable(storage.without_user(address)),
        remedy="Check the address of the exports; nothing has been written.",
    )


@dataclass(slots=True)
class _Run:
    config: RunConfig
    athletes: Athletes
    engine: Engine
    progress: Progress | None
    retry: bool = False
    report: Report = field(default_factory=Report)
    changed: set[int] = field(default_factory=set)
    manifest: Manifest = field(init=False)
    key: batches.ResultKey = field(init=False)
    was_learnt: bool = False  # when the run began: only of some athletes there is more to learn
    touched: set[str] = field(default_factory=set)  # athletes whose sessions changed in this run
    undone: set[str] = field(default_factory=set)  # names of batches that this run could not do
    put_off: bool = False  # something is left that was to be learnt, or to be made again with it

    def prepare(self) -> None:
        """Read the result set; refuse one that was made in another way."""
        _check_source(self.config.source)  # if it is not there, nothing is written
        out, settings = storage.open_store(self.config.out), self.config.settings.fingerprint()
        tracks = self.config.tracks
        about = results.make_about(__version__, settings, tracks=tracks)
        if not out.put(results.ABOUT, about):
            results.check_about(out, about)
        self.key = batches.ResultKey(results.SCHEMA_VERSION, __version__, settings, tracks)
        self.manifest = Manifest(out, tracks=tracks)
        self.manifest.read()
        thorough = self.retry or isinstance(out, storage.Folder)
        self.changed, broken = self.manifest.find_damage(thorough=thorough)
        self.report = replace(self.report, damaged=tuple(broken))
        if self.retry:
            self.changed |= self.manifest.batches_with_failures()
        self.was_learnt = not self.retry and learning.is_complete(out, self.manifest.done())

    def _retire(self) -> None:
        """Take back the batches that hold what has changed."""
        self.manifest.out.delete(results.LEARNT)
        count = self.manifest.retire(self.changed)
        self.changed = set()
        self.report = replace(self.report, retired=self.report.retired + count)

    def process(self) -> None:
        """Take back batches that have changed; process planned and new ones."""
        self.report = replace(self.report, known=0, of_nobody=0, listing_complete=False)
        with closing(self.engine(self._jobs(), process_batch)) as found:
            for job, result in found:
                self._count(job, result)

    def _count(self, job: Job, result: Summary | Lost) -> None:
        summary = _as_summary(job, result)
        problem = summary.unfinished
        if job.reprocess:
            self.report = _add_again(self.report, summary)
            self.put_off |= problem is not None and problem.slug != EXPORT_CHANGED
        else:
            self.report = _add_counts(self.report, summary)
            self.touched |= summary.athletes
        if problem is not None:
            self.undone.add(job.batch.name)
        if self.progress is not None:
            self.progress(self.report)

    def feed_back(self) -> None:
        """Make batches again whose sessions depend on what was learnt.

        A batch that is made again keeps its lessons, so that once is enough.
        """
        unchanged = not (self.report.planned or self.report.retired)
        if unchanged and self.was_learnt:
            return
        all_of_them = self.report.retired or not self.was_learnt
        athletes = set(results.athletes(self.manifest.out)) if all_of_them else self.touched
        while athletes:
            learnt = self._learnt_of(athletes)
            due = {each for one in learnt.values() for each in one.outdated} - self.undone
            self.touched = set()
            self._make_again(due, learnt)
            if self.changed:
                self.process()
            athletes = self.touched
        if not self.put_off:
            learning.set_complete(self.manifest.out, self.manifest.done())

    def _learnt_of(self, athletes: Iterable[str]) -> dict[str, Learnt]:
        """What was learnt of each athlete whose sessions can be read."""
        settings, found = self.config.settings.compare, dict[str, Learnt]()
        for each in learning.learnt_of(sorted(athletes), self.config.out, settings, self.engine):
            if isinstance(each, Learnt):
                found[each.athlete] = each
            else:
                self.put_off = True
                unfinished = (*self.report.unfinished, each)[:NAMED]
                self.report = replace(self.report, unfinished=unfinished)
        return found

    def _make_again(self, due: set[str], learnt: dict[str, Learnt]) -> None:
        """Make batches again with what was learnt of all of their athletes.

        Args:
            due: names of the batches.
            learnt: of the athletes who were learnt of; of others in these batches it is added.
        """
        owners = {each: self._athletes_in(each) for each in sorted(due)}
        others = {each for athletes in owners.values() for each in athletes} - learnt.keys()
        learnt |= self._learnt_of(others)
        jobs = self._jobs_again(owners, learnt)
        first = next(jobs, None)
        if first is not None:
            self.manifest.out.delete(results.LEARNT)
            with closing(self.engine(chain((first,), jobs), process_batch)) as found:
                for job, result in found:
                    self._count(job, result)

    def _jobs_again(self, owners: dict[str, set[str]], learnt: dict[str, Learnt]) -> Iterator[Job]:
        """Batches as they were planned; those whose plan is lost are to be taken back instead."""
        for number, batch in self.manifest.finished(set(owners)):
            if batch is None:
                self.changed.add(number)
                continue
            values = {each: learnt[each].values for each in owners[batch.name] if each in learnt}
            athletes = self.athletes.of_batch(each.name for each in batch.files)
            yield Job(batch, athletes.with_learnt(values), self.config, reprocess=True)

    def _athletes_in(self, batch: str) -> set[str]:
        """Keys of the athletes who have sessions in a finished batch."""
        names = checksums(self.manifest.out, batch)
        return {results.athlete_of(each) for each in names if each.startswith("sessions/")}

    def _jobs(self) -> Iterator[Job]:
        if self.changed:  # not before an engine asks for work: without workers nothing is removed
            self._retire()
        for batch in self.manifest.pending(self.athletes):
            yield self._job(batch, resumed=True)
        store = storage.open_store(self.config.source)
        files, owners = list_files(store, self.athletes), set[str]()
        while page_files := list(islice(files, batches.PAGE_FILES)):
            diff = self.manifest.index.compare(page_files)
            self.changed |= diff.changed
            self.report = replace(self.report, known=self.report.known + diff.known)
            self._count_owners(page_files, owners)
            if diff.new:
                page = batches.plan_page(diff.new, self.key)
                self.manifest.plan(page)
                yield from (self._job(batch) for batch in page)
        unlisted = _unlisted(store)  # whose files these are is not known
        unused = () if unlisted else tuple(self.athletes.without_files(owners))
        self.report = replace(
            self.report, listing_complete=True, unlisted=unlisted, unused_profiles=unused
        )

    def _count_owners(self, files: Iterable[PlannedFile], owners: set[str]) -> None:
        """Add the athletes of these files to ``owners``, and count the files of nobody known."""
        found = [each.athlete for each in files]
        owners.update(found)
        if self.athletes.columns is None:  # else an archive's own table says whose its members are
            of_nobody = self.report.of_nobody + found.count(UNKNOWN)
            self.report = replace(self.report, of_nobody=of_nobody)

    def _job(self, batch: Batch, *, resumed: bool = False) -> Job:
        if not self.report.planned:
            self.manifest.out.delete(results.LEARNT)
        count = self.report.planned + len(batch.files)
        self.report = replace(self.report, planned=count)
        athletes = self.athletes.of_batch(each.name for each in batch.files)
        return Job(batch, athletes, self.config, resumed=resumed)


def _as_summary(job: Job, result: Summary | Lost) -> Summary:
    """The summary of a batch, also of one that cost its worker."""
    if isinstance(result, Summary):
        return result
    problem = Problem(job.batch.files[0].name, result.slug, result.message)
    return Summary(len(job.batch.files), unfinished=problem)


def _add_counts(report: Report, result: Summary) -> Report:
    if result.unfinished is not None:
        unfinished = (*report.unfinished, result.unfinished)[:NAMED]
        return replace(report, unfinished=unfinished, deferred=report.deferred + result.files)
    return replace(
        report,
        files=report.files + result.files,
        failed=report.failed + result.failed,
        not_runs=report.not_runs + result.not_runs,
        sessions=report.sessions + result.sessions,
        problems=(*report.problems, *result.problems)[:NAMED],
    )


def _add_again(report: Report, result: Summary) -> Report:
    """A batch that was made again: its files are counted already."""
    if result.unfinished is None:
        return replace(report, reprocessed=report.reprocessed + result.files)
    if result.unfinished.slug == EXPORT_CHANGED:
        return replace(report, kept=(*report.kept, result.unfinished)[:NAMED])
    return replace(report, unfinished=(*report.unfinished, result.unfinished)[:NAMED])
