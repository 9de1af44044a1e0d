"""What a worker does with a batch: read, analyse, build the parts, put them.

The files are read and analysed in a child process (``engines.alone``), one after the other; the
worker turns what comes back into rows at once. A file that costs the child its life, its time or
its memory is a row like any other, and the next child goes on after it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

from retrorun import __version__, privacy, readers, results, storage
from retrorun.cohort.athletes import Athletes
from retrorun.cohort.planning import Batch, Planned
from retrorun.engines import Limits, Lost, Process, alone
from retrorun.errors import NotARunError, RetrorunError, StoreError
from retrorun.model import Analysis, Blob, Failed, Outcome, Source, Track
from retrorun.settings import Settings
from retrorun.storage.exports import is_archive

NAMED = 5  # problems of a batch that are told at once; all are in the result set
READ_S = 900.0  # a store may take so long over a file, with all its retries
MEMBERS_LOST = 20  # of an archive; then the rest of it is left out


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
    """A batch and all that is needed to work on it anywhere."""

    batch: Batch
    athletes: Athletes
    making: Making
    version: str = __version__


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
        for name, data in part.close():
            out.put(name, data)
    except RetrorunError as problem:
        words = Problem(problem.file or "", problem.slug, problem.message)
        return Summary(len(job.batch.files), unfinished=words)
    return summary


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


# --- in the worker: what comes from the child, and going on after a loss


@dataclass(frozen=True, slots=True)
class _Begun:
    """The bytes are there; whatever happens from now on is the file's doing."""

    name: str
    whose: str


@dataclass(frozen=True, slots=True)
class _Became:
    """What became of a file, or of a member of an archive, and whose it is."""

    outcome: Outcome
    whose: str


@dataclass(frozen=True, slots=True)
class _Done:
    """One file is through; ``sha256`` of its bytes if they were read whole."""

    sha256: str | None


@dataclass(slots=True)
class _Place:
    """How far a batch has come."""

    file: int = 0
    member: int = 0
    lost: int = 0
    begun: _Begun | None = None
    became: list[_Became] = field(default_factory=list)

    def next_file(self) -> None:
        self.file, self.member, self.lost, self.begun, self.became = self.file + 1, 0, 0, None, []


def _filed(job: Job) -> Iterator[results.Filed]:
    """Every file of the batch with what became of it, in order."""
    limits, place = job.making.limits, _Place()
    guard = alone.guard(limits)

    def allowed_s(last: _Item | None) -> float:
        return limits.seconds if isinstance(last, _Begun) else max(READ_S, limits.seconds)

    while place.file < len(job.batch.files):
        for item in guard.stream(partial(_analysed, job), (place.file, place.member), allowed_s):
            if isinstance(item, _Begun):
                place.begun = item
            elif isinstance(item, _Done):
                yield _row(job.batch.files[place.file], place, item.sha256)
                place.next_file()
            elif isinstance(item, _Became):
                place.became.append(item)
                place.member, place.begun = place.member + 1, None
            elif _given_up(job.batch.files[place.file], place, item):
                yield _row(job.batch.files[place.file], place, None)
                place.next_file()


def _given_up(file: Planned, place: _Place, lost: Lost) -> bool:
    """Note what a file, or a member of an archive, has cost; whether that was all of it.

    Raises:
        StoreError: it was lost before the file's bytes were there: not the file's doing.
    """
    packed = is_archive(file.name)
    if place.begun is None and not packed:
        raise StoreError("store-failing", f"while it was read: {lost.message}", file=file.name)
    begun = place.begun or _Begun(storage.shown(file.name), file.athlete)
    outcome = Failed(Source(begun.name, ""), lost.slug, lost.message)
    place.became.append(_Became(outcome, begun.whose))
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


# --- in the child: reading and analysing

_Item = _Became | _Begun | _Done


def _analysed(job: Job, start: tuple[int, int]) -> Iterator[_Item]:
    """What becomes of the files from a place on: (file, member of it)."""
    store, (first, member) = storage.open_store(job.making.source), start
    for file in job.batch.files[first:]:
        try:
            if is_archive(file.name):
                yield from _archive(job, store, file, member)
                yield _Done(None)
            else:
                yield from _single(job, store, file)
        except StoreError:
            raise
        except RetrorunError as problem:
            yield _Became(_refused(storage.shown(file.name), problem), file.athlete)
            yield _Done(None)
        member = 0


def _single(job: Job, store: storage.Store, file: Planned) -> Iterator[_Item]:
    data = store.read(file.name, job.making.settings.read.file_bytes, file.tag)
    name = storage.shown(file.name)
    yield _Begun(name, file.athlete)
    sha256 = hashlib.sha256(data).hexdigest()
    yield _Became(_outcome(job, Blob(name.rsplit("/", 1)[-1], data), file.athlete), file.athlete)
    yield _Done(sha256)


def _archive(job: Job, store: storage.Store, file: Planned, skip: int) -> Iterator[_Item]:
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
                yield _Begun(member, whose)
                yield _Became(_outcome(job, Blob(member, content), whose), whose)
            else:
                yield _Became(_refused(member, content), whose)


def _outcome(job: Job, blob: Blob, athlete: str) -> Outcome:
    """Analysed; of the samples what is wanted, and nothing that lies in a privacy zone."""
    making, profile = job.making, job.athletes.profile(athlete)
    outcome = _process(making)(blob, making.settings, profile)
    if not isinstance(outcome, Analysis):
        return outcome
    kept = partial(privacy.without_zones, zones=profile.privacy_zones)
    # what nobody wants would only be carried along
    return replace(outcome, tracks=tuple(map(kept if making.tracks else _empty, outcome.tracks)))


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
