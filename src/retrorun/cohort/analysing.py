"""What happens to the files of a batch, in a child process that may be lost over any of them.

Every step that could end the child is told before it is taken, so that the worker knows which file,
or which member of an archive, it was.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from retrorun import __version__, readers, storage
from retrorun.cohort.athletes import Athletes
from retrorun.cohort.planning import Batch, Planned
from retrorun.engines import Limits, Process
from retrorun.errors import NotARunError, RetrorunError, StoreError
from retrorun.model import Analysis, Blob, Failed, Outcome, Source, Track
from retrorun.settings import Settings
from retrorun.storage.exports import is_archive

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
                yield Became(_refused(storage.shown(file.name), problem), file.athlete)
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
                yield Became(_refused(member, content), whose)


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


def _refused(name: str, problem: RetrorunError) -> Failed:
    not_a_run = isinstance(problem, NotARunError)
    about = (problem.slug, problem.message, problem.offset, problem.remedy, not_a_run)
    return Failed(Source(name, ""), *about)
