"""What a result set teaches about each athlete, and which batches were made without it.

Learning is that of an archive (``learn``): a session keeps the lesson that an analysis without any
learnt value found, and which learnt values its own result read. So what is learnt of an athlete is
one function of the files, and a batch made again with it has reached its fixed point.

A task holds some athletes: the worker reads their sessions and returns a few numbers for each. The
object ``learnt.json`` says that nothing is left to be fed back, and for which batches; it is
removed before any batch is worked on, so that an interrupted run leaves none.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from retrorun import learn, results
from retrorun.cohort.worker import Problem
from retrorun.engines import Engine, Lost
from retrorun.errors import RetrorunError, read_or_none
from retrorun.model import Athlete
from retrorun.results.layout import UNKNOWN
from retrorun.settings import CompareSettings
from retrorun.storage import Store, open_store

ATHLETES = 16  # of a task
_MOST_BYTES = 1 << 20  # of learnt.json


@dataclass(frozen=True, slots=True)
class LearnTask:
    """Athletes of a result set (``out``: its address) to learn of."""

    out: str = field(repr=False)
    athletes: tuple[str, ...] = field(repr=False)
    settings: CompareSettings


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt of one athlete.

    Attributes:
        athlete: the key.
        values: lines and cost factor; nothing is stated in it.
        outdated: names of batches with sessions that were made with other learnt values.
    """

    athlete: str
    values: Athlete
    outdated: tuple[str, ...]


def learn_of(task: LearnTask) -> tuple[Learnt | Problem, ...]:
    """Learn of each athlete of a task; what cannot be read is a value, too."""
    return tuple(_learn_of(athlete, task) for athlete in task.athletes)


def _learn_of(athlete: str, task: LearnTask) -> Learnt | Problem:
    try:
        by_batch = results.sessions_by_batch(open_store(task.out), athlete)
    except RetrorunError as problem:
        return Problem(problem.file or athlete, problem.slug, problem.message)
    # in two batches the same session may stand twice
    once = {each.id: each for batch in sorted(by_batch) for each in by_batch[batch]}
    values = learn.learn_from_sound(list(once.values()), Athlete(), task.settings)
    lessons = {
        batch: [each for each in sessions if each.lesson is not None]
        for batch, sessions in by_batch.items()
    }  # without a lesson there would be none after another analysis, either
    outdated = (batch for batch in sorted(lessons) if learn.outdated(lessons[batch], values))
    return Learnt(athlete, values, tuple(outdated))


def learnt_of(
    athletes: Iterable[str], out: str, settings: CompareSettings, engine: Engine
) -> Iterator[Learnt | Problem]:
    """Learn of athletes with any engine, in their order.

    Files that belong to nobody known may be of many people: nothing is learnt of them.

    Args:
        athletes: their keys.
        out: address of the result set.
        settings: how lines and factors are combined and rounded.
        engine: carries it out.

    Yields:
        What was learnt of each, or why nothing could be.
    """
    known = iter([each for each in athletes if each != UNKNOWN])
    groups = list(iter(lambda: tuple(islice(known, ATHLETES)), ()))
    if not groups:
        return
    with closing(engine((LearnTask(out, each, settings) for each in groups), learn_of)) as done:
        for task, found in done:
            if isinstance(found, Lost):
                yield Problem(task.athletes[0], found.slug, found.message)
            else:
                yield from found


def is_complete(out: Store, batches: Sequence[str]) -> bool:
    """Whether what was learnt is in all of these batches already, and in no others.

    Raises:
        StoreError: the store does not answer.
    """
    found = read_or_none(lambda: out.read(results.LEARNT, _MOST_BYTES))
    return found == _complete(batches)


def set_complete(out: Store, batches: Sequence[str]) -> None:
    """Note that what was learnt is in all of these finished batches."""
    out.delete(results.LEARNT)
    out.put(results.LEARNT, _complete(batches))


def _complete(batches: Sequence[str]) -> bytes:
    digest = hashlib.sha256("\n".join(sorted(batches)).encode()).hexdigest()
    found = {"batches": len(batches), "sha256": digest}
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
