"""Local worker processes: results in order, one file lost for one worker lost.

The standard library's pool breaks as a whole when a worker dies and does not say over what. Here
every worker is a supervised child (``child.Child``), so the file it was busy with is known. A
worker has the next task waiting while it works on one, and results are kept back until those before
them are there.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec

from retrorun.engines.child import DEFAULT, Child, Kind, Limits, Lost, messages, start_error

T = TypeVar("T")
R = TypeVar("R")
DEPTH = 2  # tasks a worker holds: one in work, one waiting
WINDOW = 16  # results kept back, per worker, at most


class Engine(Protocol):
    """Carries out work on every task and yields the results in the order of the tasks."""

    def __call__(
        self, tasks: Iterable[T], work: Callable[[T], R], /
    ) -> Generator[tuple[T, R | Lost], None, None]:
        """Yield each task and its result, or why there is none."""


class _Worker(msgspec.Struct):
    """A child, the numbers of the tasks it holds, and its result of the first of them."""

    child: Child
    tasks: deque[int] = msgspec.field(default_factory=deque)
    result: Any = None


def ordered(
    tasks: Iterable[T],
    work: Callable[[T], R],
    jobs: int,
    limits: Limits = DEFAULT,
    *,
    guarded: bool = False,
) -> Generator[tuple[T, R | Lost], None, None]:
    """Carry out work on every task; yield task and result in the order of the tasks.

    Args:
        tasks: anything that can be pickled, taken as they are needed.
        work: a function that can be pickled.
        jobs: worker processes; 1 or less works in this process, without limits.
        limits: for one task.
        guarded: a single job, too, gets a worker of its own, so that the limits hold.

    Yields:
        The task and its result, or ``Lost`` if it cost the worker its life, time or memory.

    Raises:
        EngineError: workers cannot be started.
    """
    if jobs <= 1 and not guarded:
        for task in tasks:
            yield task, work(task)
        return
    pool = _Pool(work, max(1, jobs), limits)
    try:
        yield from pool.run(tasks)
    finally:
        pool.stop()


class _Pool:
    def __init__(self, work: Callable[[Any], Any], jobs: int, limits: Limits) -> None:
        self.work, self.jobs, self.limits = partial(once, work), jobs, limits
        self.workers: list[_Worker] = []
        self.open: dict[int, Any] = {}  # number → task, from its reading until it is yielded
        self.waiting: deque[int] = deque()  # numbers of tasks that no worker has
        self.results: dict[int, Any] = {}

    def run(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        feed, number, exhausted, due = iter(tasks), 0, False, 0
        while True:
            while not exhausted and len(self.open) < WINDOW * self.jobs:
                try:
                    self.open[number] = next(feed)
                except StopIteration:
                    exhausted = True
                    break
                self.waiting.append(number)
                number += 1
            while due in self.results:
                yield self.open.pop(due), self.results.pop(due)
                due += 1
            if exhausted and not self.open:
                return
            self._hand_out()
            self._receive()

    def _hand_out(self) -> None:
        busy = sum(1 for each in self.workers if each.tasks)
        while len(self.workers) < min(self.jobs, busy + len(self.waiting)):
            worker = _Worker(Child(self.limits))
            self.workers.append(worker)
            worker.child.load(self.work)
        for depth in range(1, DEPTH + 1):
            for each in self.workers:
                if self.waiting and each.child.ready and len(each.tasks) < depth:
                    self._send(each, self.waiting.popleft())

    def _send(self, worker: _Worker, number: int) -> None:
        if not worker.tasks:
            worker.child.allow(self.limits.seconds)
        worker.tasks.append(number)
        worker.child.send(self.open[number])

    def _receive(self) -> None:
        """Wait for workers, and note what they have answered."""
        workers = {id(each.child): each for each in self.workers}
        for child, (kind, value) in messages([each.child for each in self.workers]):
            worker = workers[id(child)]
            if kind == Kind.LOST:
                self._replace(worker, value)
            elif kind == Kind.ITEM:
                worker.result = value
            elif kind == Kind.ERROR:
                self._finish(worker, Lost(value.slug, value.message))
            elif kind == Kind.END:
                self._finish(worker, worker.result)
            else:
                child.allow(None)

    def _finish(self, worker: _Worker, result: object) -> None:
        self.results[worker.tasks.popleft()] = result
        worker.result = None
        worker.child.allow(self.limits.seconds if worker.tasks else None)

    def _replace(self, worker: _Worker, reason: Lost) -> None:
        """One task pays for the worker; those that were waiting in it go to another."""
        self.workers.remove(worker)
        worker.child.stop()
        if not worker.child.ready:
            raise start_error(reason, "Try --jobs 1.")
        if worker.tasks:
            self.results[worker.tasks.popleft()] = reason
        self.waiting.extendleft(reversed(worker.tasks))

    def stop(self) -> None:
        """End all workers, whatever they are doing."""
        for each in self.workers:
            each.child.stop()
        self.workers.clear()


def once(work: Callable[[T], R], task: T) -> Iterator[R]:
    """The result of a task as the only item that a child yields for it."""
    yield work(task)


def cores() -> int:
    """Processors this process may use; never less than 2, so that workers guard the parent."""
    usable = getattr(os, "sched_getaffinity", None)
    return max(2, len(usable(0)) if usable else os.cpu_count() or 2)
