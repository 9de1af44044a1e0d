"""Process one batch: read and analyse its files, build the parts of the result set, put them.

``process_batch`` runs on a worker. The files are read and analysed in a child process
(``analyse_files``), one after the other; the worker turns what comes back into rows at once. The
child reports every file, and every member of an archive, before it analyses it. So when a file
costs the child its life, its time or its memory, the worker knows which one it was: that file
becomes a row like any other, and the next child goes on after it.
"""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

from msgspec import structs

from retrorun import __version__, readers, results, storage
from retrorun.cohort import manifest
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import Batch, PlannedFile
from retrorun.engines import Limits, Lost, Process, child, pipeline
from retrorun.errors import ReadError, RetrorunError, StoreError, read_or_none
from retrorun.model import Analysis, Blob, Failed, Outcome, Source, Track
from retrorun.results import layout
from retrorun.results.reader import table
from retrorun.results.writer import holds, put_or_replace
from retrorun.settings import Settings
from retrorun.storage.entries import CHANGING, changing, is_archive
from retrorun.text import printable

AHEAD = 4  # files of an object store that are read while one is analysed
AHEAD_BYTES = 16 << 20  # but no larger ones
NAMED = 5  # problems of a batch that a summary names; all are in the result set
READ_S = 900.0  # a store may take so long over a file, with all its retries
EXPORT_CHANGED = "export-changed"  # a batch that is done cannot be made again
MEMBERS_LOST = 20  # of an archive; then the rest of it is left out


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How every file is analysed: the same for all batches of a run.

    Attributes:
        source: address of the exports, as it was given; ``out``: of the result set.
        settings: of every stage.
        tracks: whether the 1 Hz tracks are kept.
        limits: of one file.
        process: a function to use in place of the pipeline, if any.
    """

    source: str = field(repr=False)  # a URL may carry a password, and Dask logs a task that fails
    out: str = field(repr=False)
    settings: Settings
    tracks: bool = False
    limits: Limits = field(default_factory=Limits)
    process: Process | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A batch and all that is needed to process it on any machine.

    Attributes:
        batch: its files; ``athletes``: whose they are; ``config``: how it is processed.
        version: of the retrorun that planned it.
        resumed: whether an earlier run has planned it and may have left some of its parts.
        reprocess: the batch is done, and is made again with what was learnt of its athletes since.
    """

    batch: Batch
    athletes: Athletes = field(repr=False)
    config: RunConfig
    version: str = __version__
    resumed: bool = False
    reprocess: bool = False


@dataclass(frozen=True, slots=True)
class FileRead:
    """The bytes of a file or member are read: a crash from now on is caused by it.

    ``athlete`` is the key of its athlete.
    """

    name: str
    athlete: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """The outcome of a file, or of a member of an archive, and the key of its athlete."""

    outcome: Outcome
    athlete: str


@dataclass(frozen=True, slots=True)
class FileDone:
    """All results of a file are there; ``sha256`` of its bytes if they were read whole."""

    sha256: str | None


Item = FileResult | FileRead | FileDone


def analyse_files(job: Job, start: tuple[int, int]) -> Iterator[Item]:
    """Analyse the files of a batch from a position on.

    Args:
        job: the batch.
        start: number of the first file, and of the first member of it.
    """
    store, (first, member) = storage.open_store(job.config.source), start
    with closing(_ReadAhead(store, job)) as ahead:
        for position, file in enumerate(job.batch.files[first:], start=first):
            try:
                if is_archive(file.name):
                    yield from _analyse_archive(job, store, file, member)
                    yield FileDone(None)
                else:
                    yield from _analyse_file(job, file, ahead.read(position))
            except StoreError:
                raise
            except RetrorunError as problem:
                yield FileResult(Failed.of(Source(printable(file.name), ""), problem), file.athlete)
                yield FileDone(None)
            member = 0


class _ReadAhead:
    """Reads the next files of a batch while one is analysed: an object store takes long."""

    def __init__(self, store: storage.Store, job: Job) -> None:
        self._store, self._files = store, job.batch.files
        self._limit = job.config.settings.read.file_bytes
        self._reading: dict[int, Future[bytes]] = {}
        far = isinstance(store, storage.ObjectStore)
        self._pool = ThreadPoolExecutor(AHEAD) if far else None

    def read(self, position: int) -> bytes:
        """The bytes of the file at a position; positions are asked for in their order.

        Raises:
            ReadError: it cannot be read, is too large, or has changed.
        """
        if self._pool is None:
            return self._read(self._files[position])
        own = self._reading.pop(position, None) or self._pool.submit(
            self._read, self._files[position]
        )
        for later in range(position + 1, min(position + 1 + AHEAD, len(self._files))):
            file = self._files[later]
            small = file.size_bytes <= AHEAD_BYTES and not is_archive(file.name)
            if small and later not in self._reading:
                self._reading[later] = self._pool.submit(self._read, file)
        return own.result()

    def close(self) -> None:
        """Read nothing more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, file: PlannedFile) -> bytes:
        data = self._store.read(file.name, self._limit, file.tag)
        _check_size(file, len(data))
        return data


def _check_size(file: PlannedFile, size_bytes: int) -> None:
    """Refuse a file of another size than it was listed with: its time may have been set back.

    Raises:
        ReadError: it has changed. A store that lists no sizes says 0 of every file.
    """
    if file.size_bytes and size_bytes != file.size_bytes:
        raise changing(printable(file.name))


def _analyse_file(job: Job, file: PlannedFile, data: bytes) -> Iterator[Item]:
    name = printable(file.name)
    yield FileRead(name, file.athlete)
    sha256 = hashlib.sha256(data).hexdigest()
    folder, slash, last = name.rpartition("/")
    outcome = _analyse_bytes(job, Blob(last, data), file.athlete)
    if isinstance(outcome, Failed):  # files of one name differ by their folders
        named = structs.replace(outcome.source, name=f"{folder}{slash}{outcome.source.name}")
        outcome = structs.replace(outcome, source=named)
    yield FileResult(outcome, file.athlete)
    yield FileDone(sha256)


def _analyse_archive(
    job: Job, store: storage.Store, file: PlannedFile, skip: int
) -> Iterator[Item]:
    """Every member of an archive, which is read through the store, never as a whole.

    Raises:
        ReadError: it has changed; then nothing of what was yielded counts.
    """
    limits, name = job.config.settings.read, printable(file.name)
    with store.opened(file.name, file.tag) as stream:
        _check_size(file, stream.seek(0, os.SEEK_END))
        stream.seek(0)
        owners = job.athletes.inside(file.name, stream, limits)
        for position, (member, content) in enumerate(readers.members(name, stream, limits)):
            if position < skip:
                continue
            athlete = job.athletes.of_member(file.name, member, owners) if owners else file.athlete
            if isinstance(content, bytes):
                yield FileRead(member, athlete)
                yield FileResult(_analyse_bytes(job, Blob(member, content), athlete), athlete)
            else:
                yield FileResult(Failed.of(Source(member, ""), content), athlete)
    with store.opened(file.name, file.tag) as stream:  # the same one as in the beginning
        _check_size(file, stream.seek(0, os.SEEK_END))


def _analyse_bytes(job: Job, blob: Blob, athlete: str) -> Outcome:
    """The outcome for some bytes, without the samples unless tracks are kept."""
    config, profile = job.config, job.athletes.profile(athlete)
    outcome = (config.process or pipeline())(blob, config.settings, profile)
    if not isinstance(outcome, Analysis) or config.tracks:
        return outcome
    return structs.replace(outcome, tracks=tuple(map(_without_samples, outcome.tracks)))


def _without_samples(track: Track) -> Track:
    return structs.replace(track, columns={}, flags={}, headings=())


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file, or a batch, gave no results."""

    name: str
    slug: str
    message: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a batch: small, however large the batch is.

    Attributes:
        files: in the batch; ``failed``: that could not be read; ``not_runs``: that hold no run.
        sessions: that were found; ``athletes``: keys of those who have some.
        problems: the first failures.
        unfinished: why nothing was written into the ledger; None: the batch is done.
    """

    files: int = 0
    failed: int = 0
    not_runs: int = 0
    sessions: int = 0
    athletes: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    unfinished: Problem | None = None


def process_batch(job: Job) -> Summary:
    """Process a batch; an error that concerns all of it is a value, too.

    The ledger's part is put last: once it is there, the batch is done and all else of it is there.
    """
    summary = Summary()
    try:
        _check_version(job)
        out = storage.open_store(job.config.out)
        writer = results.BatchWriter(job.batch.name, tracks=job.config.tracks)
        for file in _file_results(job):
            writer.add(file)
            summary = _add_counts(summary, file)
        if job.reprocess:
            _check_same_files(out, job, writer.close_ledger())
            out.delete(results.ledger_name(job.batch.name))
        _put_parts(out, job, writer)
    except RetrorunError as problem:
        words = Problem(problem.file or "", problem.slug, problem.message)
        return Summary(len(job.batch.files), unfinished=words)
    return summary


_SAME = ("athlete", "name", "outcome", "sha256", "sessions")  # whatever was learnt


def _check_same_files(out: storage.Store, job: Job, ledger: bytes) -> None:
    """Refuse to replace results that could not be made again, such as those of deleted exports.

    Raises:
        ReadError: a file of a finished batch comes to something else now.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = read_or_none(lambda: table(out, results.ledger_name(job.batch.name), "files", _SAME))
    if found is None:  # another worker, which was lost, had come as far as to take it away
        return
    before = found.to_pylist()
    now = pq.read_table(pa.BufferReader(ledger), columns=list(_SAME)).to_pylist()
    changed = [old for old, new in zip(before, now, strict=False) if old != new]
    if changed or len(before) != len(now):
        name = changed[0]["name"] if changed else job.batch.files[0].name
        words = "it cannot be read as before; the batch's sessions stay as they were"
        raise ReadError(EXPORT_CHANGED, words, file=name)


def _put_parts(out: storage.Store, job: Job, writer: results.BatchWriter) -> None:
    """Put the parts, and remove what an attempt that did not get as far as the ledger left behind.

    In that attempt a file may have had another outcome, for want of memory or time. If the ledger
    is there, another worker has finished the batch meanwhile, and nothing of it is changed.
    """
    ledger = results.ledger_name(job.batch.name)
    own: set[str] = set()
    may_exist = job.resumed or job.reprocess
    for name, data in writer.close():
        own.add(name)
        if name == ledger and may_exist and not holds(out, ledger):
            _remove_others(out, job, own)
        if out.put(name, data) or name == ledger:
            continue
        may_exist = True
        if holds(out, ledger):
            return
        put_or_replace(out, name, data)


def _remove_others(out: storage.Store, job: Job, own: set[str]) -> None:
    parts = manifest.data_parts(out, (job.batch,), tracks=job.config.tracks)
    for name in (*parts, layout.problems_name(job.batch.name)):
        if name not in own:
            out.delete(name)


def _check_version(job: Job) -> None:
    if job.version != __version__:
        words = f"a worker has retrorun {__version__}, and you have {job.version}"
        raise StoreError("cluster-other-version", words)


def _add_counts(so_far: Summary, file: results.FileOutcomes) -> Summary:
    failures = [each for each in file.outcomes if isinstance(each, Failed)]
    wrong = [each for each in failures if not each.not_a_run]
    named = (Problem(each.source.name, each.slug, each.message) for each in wrong)
    sessions = sum(len(each.sessions) for each in file.outcomes if isinstance(each, Analysis))
    return replace(
        so_far,
        files=so_far.files + 1,
        failed=so_far.failed + bool(wrong),
        not_runs=so_far.not_runs + (bool(failures) and not wrong and not sessions),
        sessions=so_far.sessions + sessions,
        athletes=so_far.athletes | _athletes_with_sessions(file),
        problems=(*so_far.problems, *named)[:NAMED],
    )


def _athletes_with_sessions(file: results.FileOutcomes) -> frozenset[str]:
    owners = file.athletes or (file.athlete,) * len(file.outcomes)
    pairs = zip(file.outcomes, owners, strict=True)
    return frozenset(results.athlete_key(key) for each, key in pairs if isinstance(each, Analysis))


@dataclass(slots=True)
class _Position:
    """How far a batch has come.

    Attributes:
        file: number of the file that is next; ``member``: of the member of it.
        lost: members of this archive that cost a child.
        is_retry: the file is tried a second time, and no file is read ahead of it.
        reading: the file or member that is being analysed.
        results: what this file has given so far.
    """

    file: int = 0
    member: int = 0
    lost: int = 0
    is_retry: bool = False
    reading: FileRead | None = None
    results: list[FileResult] = field(default_factory=list)

    def next_file(self) -> None:
        self.file, self.member, self.lost, self.is_retry = self.file + 1, 0, 0, False
        self.reading, self.results = None, []

    def restart_file(self) -> None:
        """Try the same file a second time, from its beginning."""
        self.is_retry, self.member, self.results = True, 0, []


def _file_results(job: Job) -> Iterator[results.FileOutcomes]:
    """Every file of the batch with its outcomes, in order."""
    limits, position = job.config.limits, _Position()
    guard = child.thread_guard(limits)

    def allowed_s(last: Item | None) -> float:
        return limits.seconds if isinstance(last, FileRead) else max(READ_S, limits.seconds)

    while position.file < len(job.batch.files):
        work, first = partial(analyse_files, job), position.file
        if position.is_retry:
            work, first = partial(analyse_files, _single_file_job(job, position.file)), 0
        for item in guard.stream(work, (first, position.member), allowed_s):
            if isinstance(item, FileRead):
                position.reading = item
            elif isinstance(item, FileDone):
                yield _ledger_file(job.batch.files[position.file], position, item.sha256)
                position.next_file()
            elif isinstance(item, FileResult):
                if _is_changing(item):  # members of two versions are not mixed
                    position.results.clear()
                position.results.append(item)
                position.member, position.reading = position.member + 1, None
            elif _record_crash(job.batch.files[position.file], position, item):
                yield _ledger_file(job.batch.files[position.file], position, None)
                position.next_file()


def _is_changing(item: FileResult) -> bool:
    return isinstance(item.outcome, Failed) and item.outcome.slug == CHANGING


def _single_file_job(job: Job, position: int) -> Job:
    return replace(job, batch=Batch(job.batch.name, (job.batch.files[position],)))


def _record_crash(file: PlannedFile, position: _Position, lost: Lost) -> bool:
    """Record the crash of a file or archive member; return True if the rest of the file is skipped.

    A file that was lost before its bytes were read is tried once more. If it is lost again, it
    counts as failed: otherwise its batch would never be done.

    Raises:
        StoreError: its bytes were not read in time, which is the store's fault.
    """
    packed = is_archive(file.name)
    if position.reading is None and not packed:
        if lost.slug == "worker-timeout":
            name = printable(file.name)
            raise StoreError("store-failing", f"while it was read: {lost.message}", file=name)
        if not position.is_retry:
            position.restart_file()
            return False
    reading = position.reading or FileRead(printable(file.name), file.athlete)
    outcome = Failed(Source(reading.name, ""), lost.slug, lost.message)
    position.results.append(FileResult(outcome, reading.athlete))
    position.lost += 1
    position.member += 1
    goes_on = packed and position.reading is not None and position.lost < MEMBERS_LOST
    position.reading = None
    return not goes_on


def _ledger_file(
    file: PlannedFile, position: _Position, sha256: str | None
) -> results.FileOutcomes:
    facts = (file.athlete, file.address, file.name, file.size_bytes, file.tag, file.profile)
    athletes = tuple(each.athlete for each in position.results)
    same = all(each == file.athlete for each in athletes)
    outcomes = tuple(each.outcome for each in position.results)
    return results.FileOutcomes(*facts, outcomes, sha256, () if same else athletes)
