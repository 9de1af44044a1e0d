"""Engines: carry out tasks in local processes (``pool``) or on a cluster (``cluster``).

Every engine yields the same results, in the order of its tasks. A task is of one file: read it,
analyse it, pack the result for the archive.

The values of the pipeline, and numpy with them, are imported where work is done: whoever starts
workers does not wait for what only they need.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from retrorun import readers, storage
from retrorun.engines.child import Limits, Lost, has_processes, start_fork_server, stop_fork_server
from retrorun.engines.pool import Engine, cores, once, ordered
from retrorun.errors import RetrorunError
from retrorun.readers.registry import HEAD_BYTES, titles
from retrorun.settings import Settings

if TYPE_CHECKING:
    from retrorun.archive.rows import Parcel
    from retrorun.model import Athlete, Blob, Label, Note, Outcome

__all__ = [
    "Engine",
    "Limits",
    "Lost",
    "Process",
    "Task",
    "cores",
    "has_processes",
    "ordered",
    "outcome",
    "outcomes",
    "parcel",
    "pipeline",
    "single_work_of",
    "start_fork_server",
    "stop_fork_server",
    "work_of",
]

Process = Callable[["Blob", Settings, "Athlete"], "Outcome"]


class Task(msgspec.Struct, frozen=True):
    """One file to be analysed.

    Attributes:
        address: path or URL of the bytes.
        name: what the file is called in results; decides nothing but labels in file names.
        sha256: what the bytes should be; a file with other bytes is not analysed. None: unknown.
        labels: the user's labels, by the activity's position in the file.
        packed: the address is an original of the archive, to be unpacked.
        second_files: originals of second devices that are read with it.
        notes: to be added to sessions, by the activity's position in the file.
        hidden_meanwhile: as of a ``Blob``.
    """

    address: str
    name: str
    sha256: str | None = None
    labels: "Mapping[int, tuple[Label, ...]]" = msgspec.field(default_factory=dict)
    packed: bool = False
    second_files: tuple["Task", ...] = ()
    notes: "Mapping[int, tuple[Note, ...]]" = msgspec.field(default_factory=dict)
    hidden_meanwhile: tuple[tuple[float, float], ...] = ()


def outcome(task: Task, settings: Settings, athlete: "Athlete") -> "Outcome":
    """The outcome of one file; an error in reading it is an outcome, too."""
    return _read_and_process(task, settings, athlete, None)[1]


def outcomes(path: Path, settings: Settings, athlete: "Athlete") -> "Iterator[Outcome]":
    """The outcome of a local file, or of each member of an archive, one after another.

    Args:
        path: the file; an archive is recognised by its first bytes, and never read as a whole.
        settings: of every stage.
        athlete: profile and what was learnt.
    """
    from retrorun.model import Blob, Failed, Source

    found = 0
    try:
        storage.refuse_special(path)
        if not _is_archive(path):
            yield outcome(Task(str(path), path.name), settings, athlete)
            return
        for found, (name, content) in enumerate(  # noqa: B007 - how many there were
            readers.members(path.name, path, settings.read), start=1
        ):
            if isinstance(content, bytes):
                yield pipeline()(Blob(name, content), settings, athlete)
            else:
                yield Failed.of(Source(name, ""), content)
    except RetrorunError as problem:
        yield Failed.of(Source(path.name, ""), problem)
        return
    if not found:
        words = f"an archive without {titles()} in it"
        yield Failed(Source(path.name, ""), "archive-empty", words, not_a_run=True)


def _is_archive(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return readers.is_archive(stream.read(HEAD_BYTES))
    except OSError:
        return False  # reading it will raise


def parcel(
    task: Task, settings: Settings, athlete: "Athlete", process: Process | None = None
) -> "Parcel":
    """The outcome of one file by the pipeline or ``process``, packed for the archive."""
    from retrorun.archive import serialization

    return serialization.parcel(*_read_and_process(task, settings, athlete, process), athlete)


def _read_and_process(
    task: Task, settings: Settings, athlete: "Athlete", process: Process | None
) -> "tuple[bytes, Outcome]":
    """The bytes of a file, none where it cannot be read, and its outcome."""
    from retrorun.model import Failed, Source

    try:
        blob = _blob(task, settings.read.file_bytes)
    except RetrorunError as problem:
        return b"", Failed.of(Source(task.name, task.sha256 or ""), problem)
    return blob.data, (process or pipeline())(blob, settings, athlete)


def _blob(task: Task, limit_bytes: int) -> "Blob":
    from retrorun.model import Blob

    second_files = tuple((each.name, load(each, limit_bytes)) for each in task.second_files)
    data = load(task, limit_bytes)
    return Blob(task.name, data, task.labels, second_files, task.notes, task.hidden_meanwhile)


def load(task: Task, limit_bytes: int) -> bytes:
    """The bytes of a task's file.

    Raises:
        ReadError: it cannot be read, is too large, or is not what was planned.
    """
    if storage.is_local(task.address):
        data = storage.read_file(task.address, limit_bytes)
    else:
        folder, name = task.address.rsplit("/", 1)
        data = storage.open_store(folder).read(name, limit_bytes)
    if task.packed:
        from retrorun.archive.objects import unpack

        data = unpack(data)
    if task.sha256 is not None and hashlib.sha256(data).hexdigest() != task.sha256:
        raise storage.changing(task.name)
    return data


def work_of(
    settings: Settings, athlete: "Athlete", process: Process | None = None
) -> Callable[[Task], "Parcel"]:
    """The function that the workers of an import carry out."""
    return partial(parcel, settings=settings, athlete=athlete, process=process)


def single_work_of(settings: Settings, athlete: "Athlete") -> Callable[[Task], Iterator["Parcel"]]:
    """The same for a guarded child, which yields what it makes of a task: here one parcel."""
    return partial(once, work_of(settings, athlete))


def pipeline() -> Process:
    """The pipeline, loaded where work is done: whoever sends it to others does not need it."""
    from retrorun.pipeline import process

    return process
