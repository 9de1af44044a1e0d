"""What a worker does with a batch: read, analyse, build the parts, put them.

The files are read and analysed in a child process (``analysing``), one after the other; the
worker turns what comes back into rows at once. A file that costs the child its life, its time or
its memory is a row like any other, and the next child goes on after it.

What happens to the files of a batch, in a child process that may be lost over any of them.

Every step that could end the child is told before it is taken, so that the worker knows which file,
or which member of an archive, it was.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

from retrorun import __version__, readers, results, storage
from retrorun.cohort import manifest
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import Batch, Planned
from retrorun.engines import Limits, Lost, Process, child
from retrorun.errors import ReadError, RetrorunError, StoreError
from retrorun.model import Analysis, Blob, Failed, Outcome, Source, Track
from retrorun.results import layout
from retrorun.results.reader import MOST_BYTES
from retrorun.settings import Settings
from retrorun.storage.entries import is_archive

AHEAD = 4  # files of an object store that are read while one is analysed
AHEAD_BYTES = 16 << 20  # but no larger ones


@dataclass(frozen=True, slots=True)
class Making:
    """How every file is analysed: the same for all batches of a run.

    Attributes:
        source: address of the exports, as it was given; ``out``: of the result set.
        settings: of every stage.
        tracks: whether the 1 Hz tracks are kept.
        limits: of one file.
        process: what stands in for the pipeline, if anything.
    """

    source: str
    out: str
    settings: Settings
    tracks: bool = False
    limits: Limits = field(default_factory=Limits)
    process: Process | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A batch and all that is needed to work on it anywhere.

    Attributes:
        batch: its files; ``athletes``: whose they are; ``making``: how it is done.
        version: of the retrorun that planned it.
        again: whether an earlier run has planned it and may have left some of its parts.
    """

    batch: Batch
    athletes: Athletes
    making: Making
    version: str = __version__
    again: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """The bytes are there; whatever happens from now on is the file's doing."""

    name: str
    whose: str


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a file, or of a member of an archive, and whose it is."""

    outcome: Outcome
    whose: str


@dataclass(frozen=True, slots=True)
class Done:
    """One file is through; ``sha256`` of its bytes if they were read whole."""

    sha256: str | None


Item = Became | Begun | Done


def analysed(job: Job, start: tuple[int, int]) -> Iterator[Item]:
    """What becomes of the files from a place on: (file, member of it)."""
    store, (first, member) = storage.open_store(job.making.source), start
    with closing(_Ahead(store, job)) as ahead:
        for place, file in enumerate(job.batch.files[first:], start=first):
            try:
                if is_archive(file.name):
                    yield from _archive(job, store, file, member)
                    yield Done(None)
                else:
                    yield from _single(job, file, ahead.read(place))
            except StoreError:
                raise
            except RetrorunError as problem:
                yield Became(Failed.of(Source(storage.shown(file.name), ""), problem), file.athlete)
                yield Done(None)
            member = 0


class _Ahead:
    """Files of a batch, the next ones read while one is analysed: an object store lets wait."""

    def __init__(self, store: storage.Store, job: Job) -> None:
        self._store, self._files = store, job.batch.files
        self._limit = job.making.settings.read.file_bytes
        self._coming: dict[int, Future[bytes]] = {}
        far = isinstance(store, storage.ObjectStore)
        self._pool = ThreadPoolExecutor(AHEAD) if far else None

    def read(self, place: int) -> bytes:
        """The bytes of the file at a place; places are asked for in their order.

        Raises:
            ReadError: it cannot be read, is too large, or has changed.
        """
        if self._pool is None:
            return self._read(self._files[place])
        own = self._coming.pop(place, None) or self._pool.submit(self._read, self._files[place])
        for later in range(place + 1, min(place + 1 + AHEAD, len(self._files))):
            file = self._files[later]
            small = file.size_bytes <= AHEAD_BYTES and not is_archive(file.name)
            if small and later not in self._coming:
                self._coming[later] = self._pool.submit(self._read, file)
        return own.result()

    def close(self) -> None:
        """Read nothing more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, file: Planned) -> bytes:
        return self._store.read(file.name, self._limit, file.tag)


def _single(job: Job, file: Planned, data: bytes) -> Iterator[Item]:
    name = storage.shown(file.name)
    yield Begun(name, file.athlete)
    sha256 = hashlib.sha256(data).hexdigest()
    folder, slash, last = name.rpartition("/")
    outcome = _outcome(job, Blob(last, data), file.athlete)
    if isinstance(outcome, Failed):  # of many files of one name it is told which
        named = replace(outcome.source, name=f"{folder}{slash}{outcome.source.name}")
        outcome = replace(outcome, source=named)
    yield Became(outcome, file.athlete)
    yield Done(sha256)


def _archive(job: Job, store: storage.Store, file: Planned, skip: int) -> Iterator[Item]:
    """Every member of an archive, which is read through the store, never as a whole."""
    limits, name = job.making.settings.read, storage.shown(file.name)
    with store.opened(file.name, file.tag) as stream:
        inside = job.athletes.inside(file.name, stream)
        source = cast("Path", stream)  # zipfile, which opens it, takes either
        for place, (member, content) in enumerate(readers.members(name, source, limits)):
            if place < skip:
                continue
            whose = job.athletes.of_member(file.name, member, inside) if inside else file.athlete
            if isinstance(content, bytes):
                yield Begun(member, whose)
                yield Became(_outcome(job, Blob(member, content), whose), whose)
            else:
                yield Became(Failed.of(Source(member, ""), content), whose)


def _outcome(job: Job, blob: Blob, athlete: str) -> Outcome:
    """Analysed; of the samples what is wanted."""
    making, profile = job.making, job.athletes.profile(athlete)
    outcome = _process(making)(blob, making.settings, profile)
    if not isinstance(outcome, Analysis) or making.tracks:
        return outcome
    # what nobody wants would only be carried along
    return replace(outcome, tracks=tuple(map(_empty, outcome.tracks)))


def _empty(track: Track) -> Track:
    return replace(track, columns={}, flags={}, headings=())


def _process(making: Making) -> Process:
    if making.process is not None:
        return making.process
    from retrorun.pipeline import process

    return process


__all__ = ["Job", "Making", "Problem", "Summary", "carry_out"]

NAMED = 5  # problems of a batch that are told at once; all are in the result set
READ_S = 900.0  # a store may take so long over a file, with all its retries
MEMBERS_LOST = 20  # of an archive; then the rest of it is left out


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file, or a batch, has come to nothing."""

    name: str
    slug: str
    message: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch came to: a handful of numbers, however large it is.

    Attributes:
        files: in the batch; ``failed``: that could not be read; ``not_runs``: that hold no run.
        sessions: that were found.
        problems: the first failures.
        unfinished: why nothing was written into the ledger; None: the batch is done.
    """

    files: int = 0
    failed: int = 0
    not_runs: int = 0
    sessions: int = 0
    problems: tuple[Problem, ...] = ()
    unfinished: Problem | None = None


def carry_out(job: Job) -> Summary:
    """Work on a batch; what cannot be done at all is a value, too.

    The ledger's part is put last: once it is there, the batch is done and all else of it is there.
    """
    summary = Summary()
    try:
        _check(job)
        out = storage.open_store(job.making.out)
        part = results.Part(job.batch.name, tracks=job.making.tracks)
        for filed in _filed(job):
            part.add(filed)
            summary = _counted(summary, filed)
        _write(out, job, part)
    except RetrorunError as problem:
        words = Problem(problem.file or "", problem.slug, problem.message)
        return Summary(len(job.batch.files), unfinished=words)
    return summary


def _write(out: storage.Store, job: Job, part: results.Part) -> None:
    """Put the parts, and see that none is left of an attempt that did not get as far as the ledger.

    A file may have come to something else then, for want of memory or time. If the ledger is there,
    somebody else has finished the batch meanwhile, and nothing of it is touched.
    """
    ledger = results.ledger_name(job.batch.name)
    own: set[str] = set()
    met = job.again
    for name, data in part.close():
        own.add(name)
        if name == ledger and met and not _is_there(out, ledger):
            _remove_others(out, job, own)
        if out.put(name, data) or name == ledger:
            continue
        met = True
        if _is_there(out, ledger):
            return
        if not _is_there(out, name, data):
            out.delete(name)
            out.put(name, data)


def _is_there(out: storage.Store, name: str, data: bytes | None = None) -> bool:
    """Whether a part is there, with just these bytes if any are given."""
    try:
        found = out.read(name, MOST_BYTES)
    except StoreError:
        raise
    except ReadError:
        return False
    return data is None or found == data


def _remove_others(out: storage.Store, job: Job, own: set[str]) -> None:
    parts = manifest.data_parts(out, (job.batch,), tracks=job.making.tracks)
    for name in (*parts, layout.problems_name(job.batch.name)):
        if name not in own:
            out.delete(name)


def _check(job: Job) -> None:
    if job.version != __version__:
        words = f"a worker has retrorun {__version__}, and you have {job.version}"
        raise StoreError("cluster-other-version", words)


def _counted(so_far: Summary, filed: results.Filed) -> Summary:
    failures = [each for each in filed.outcomes if isinstance(each, Failed)]
    wrong = [each for each in failures if not each.not_a_run]
    told = (Problem(each.source.name, each.slug, each.message) for each in wrong)
    sessions = sum(len(each.sessions) for each in filed.outcomes if isinstance(each, Analysis))
    return replace(
        so_far,
        files=so_far.files + 1,
        failed=so_far.failed + bool(wrong),
        not_runs=so_far.not_runs + (bool(failures) and not wrong and not sessions),
        sessions=so_far.sessions + sessions,
        problems=(*so_far.problems, *told)[:NAMED],
    )


@dataclass(slots=True)
class _Place:
    """How far a batch has come; ``alone``: the file is tried once more, and none ahead of it."""

    file: int = 0
    member: int = 0
    lost: int = 0
    alone: bool = False
    begun: Begun | None = None
    became: list[Became] = field(default_factory=list)

    def next_file(self) -> None:
        self.file, self.member, self.lost, self.alone = self.file + 1, 0, 0, False
        self.begun, self.became = None, []

    def once_more(self) -> None:
        """The same file again, from its beginning."""
        self.alone, self.member, self.became = True, 0, []


def _filed(job: Job) -> Iterator[results.Filed]:
    """Every file of the batch with what became of it, in order."""
    limits, place = job.making.limits, _Place()
    guard = child.guard(limits)

    def allowed_s(last: Item | None) -> float:
        return limits.seconds if isinstance(last, Begun) else max(READ_S, limits.seconds)

    while place.file < len(job.batch.files):
        own, first = (_only(job, place.file), 0) if place.alone else (job, place.file)
        for item in guard.stream(partial(analysed, own), (first, place.member), allowed_s):
            if isinstance(item, Begun):
                place.begun = item
            elif isinstance(item, Done):
                yield _row(job.batch.files[place.file], place, item.sha256)
                place.next_file()
            elif isinstance(item, Became):
                place.became.append(item)
                place.member, place.begun = place.member + 1, None
            elif _given_up(job.batch.files[place.file], place, item):
                yield _row(job.batch.files[place.file], place, None)
                place.next_file()


def _only(job: Job, place: int) -> Job:
    return replace(job, batch=Batch(job.batch.name, (job.batch.files[place],)))


def _given_up(file: Planned, place: _Place, lost: Lost) -> bool:
    """Note what a file, or a member of an archive, has cost; whether that was all of it.

    A file that was lost before its bytes were there is tried once more; if that is the same, it
    is the file that pays, or its batch would never be done.

    Raises:
        StoreError: its bytes did not come in time: the store's doing.
    """
    packed = is_archive(file.name)
    if place.begun is None and not packed:
        if lost.slug == "worker-timeout":
            name = storage.shown(file.name)
            raise StoreError("store-failing", f"while it was read: {lost.message}", file=name)
        if not place.alone:
            place.once_more()
            return False
    begun = place.begun or Begun(storage.shown(file.name), file.athlete)
    outcome = Failed(Source(begun.name, ""), lost.slug, lost.message)
    place.became.append(Became(outcome, begun.whose))
    place.lost += 1
    place.member += 1
    inside = packed and place.begun is not None and place.lost < MEMBERS_LOST
    place.begun = None
    return not inside


def _row(file: Planned, place: _Place, sha256: str | None) -> results.Filed:
    facts = (file.athlete, file.address, file.name, file.size_bytes, file.tag, file.profile)
    whose = tuple(each.whose for each in place.became)
    alone = all(each == file.athlete for each in whose)
    outcomes = tuple(each.outcome for each in place.became)
    return results.Filed(*facts, outcomes, sha256, () if alone else whose)
