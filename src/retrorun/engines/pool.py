"""Local worker processes: results in order, one file lost for one worker lost.

The standard library's pool breaks as a whole when a worker dies and does not say over what. Here
every worker has a pipe of its own, so the file it was busy with is known. A worker has the next
task waiting while it works on one, and results are kept back until those before them are there.
"""

import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from retrorun.engines import child
from retrorun.engines.child import DEFAULT, START_S, Limits, Lost, death, uninterrupted
from retrorun.errors import EngineError

T = TypeVar("T")
R = TypeVar("R")
DEPTH = 2  # tasks a worker holds: one in work, one waiting
WINDOW = 16  # results kept back, per worker, at most


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Connection
    ready: bool = False
    since_s: float = field(default_factory=time.monotonic)
    tasks: deque[int] = field(default_factory=deque)


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
        self.work, self.jobs, self.limits = work, jobs, limits
        self.workers: list[_Worker] = []
        self.open: dict[int, Any] = {}  # number → task, from its reading until it is yielded
        self.again: deque[int] = deque()  # were waiting in a worker that was lost
        self.done: dict[int, Any] = {}

    def run(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        feed, number, exhausted, due = iter(tasks), 0, False, 0
        while True:
            while not exhausted and len(self.open) < WINDOW * self.jobs:
                try:
                    self.open[number] = next(feed)
                except StopIteration:
                    exhausted = True
                    break
                self.again.append(number)
                number += 1
            while due in self.done:
                yield self.open.pop(due), self.done.pop(due)
                due += 1
            if exhausted and not self.open:
                return
            self._hand_out()
            self._wait()

    def _hand_out(self) -> None:
        busy = sum(1 for each in self.workers if each.tasks)
        while len(self.workers) < min(self.jobs, busy + len(self.again)):
            self.workers.append(self._start())
        for depth in range(1, DEPTH + 1):
            for each in self.workers:
                if self.again and each.ready and len(each.tasks) < depth:
                    self._send(each, self.again.popleft())

    def _send(self, each: _Worker, number: int) -> None:
        if not each.tasks:
            each.since_s = time.monotonic()
        each.tasks.append(number)
        with suppress(OSError):  # it is gone; _wait finds out and says over what
            each.pipe.send((number, self.open[number]))

    def _start(self) -> _Worker:
        context = _context()
        ours, theirs = context.Pipe()
        state = (theirs, self.work, self.limits.memory_bytes)
        process = context.Process(target=child.serve, args=state, daemon=True)
        with uninterrupted():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _wait(self) -> None:
        now_s = time.monotonic()
        ends = [each.since_s + self._allowed_s(each) for each in self.workers if self._timed(each)]
        timeout_s = max(0.0, min(ends) - now_s) if ends else None
        ready = connection.wait([each.pipe for each in self.workers], timeout_s)
        for each in list(self.workers):
            if each.pipe in ready:
                self._receive(each)
            elif self._timed(each) and time.monotonic() - each.since_s >= self._allowed_s(each):
                words = f"it took longer than {self.limits.seconds:g} s"
                self._lose(each, Lost("worker-timeout", words))

    def _timed(self, each: _Worker) -> bool:
        return bool(each.tasks) or not each.ready

    def _allowed_s(self, each: _Worker) -> float:
        return self.limits.seconds if each.ready else START_S

    def _receive(self, each: _Worker) -> None:
        try:
            message = each.pipe.recv()
        except (EOFError, OSError):
            each.process.join(5)
            words = f"the worker died over it ({death(each.process.exitcode)})"
            self._lose(each, Lost("worker-died", words))
            return
        if not each.ready:
            each.ready = True
            return
        number, result, in_memory = message
        each.tasks.popleft()
        each.since_s = time.monotonic()
        self.done[number] = result if in_memory else Lost("memory-exceeded", self._too_much())

    def _too_much(self) -> str:
        return f"it needs more than {self.limits.memory_bytes // 2**20} MiB of memory"

    def _lose(self, each: _Worker, reason: Lost) -> None:
        """One task pays for the worker; those that were waiting in it go to another."""
        self.workers.remove(each)
        _end(each)
        if not each.ready:
            words = f"a worker could not be started: {reason.message}"
            raise EngineError("workers-do-not-start", words, remedy="Try --jobs 1.")
        if each.tasks:
            self.done[each.tasks.popleft()] = reason
        self.again.extendleft(reversed(each.tasks))

    def stop(self) -> None:
        """End all workers, whatever they are doing."""
        for each in self.workers:
            _end(each)
        self.workers.clear()


def _end(each: _Worker) -> None:
    each.pipe.close()
    each.process.kill()
    each.process.join()


def _context() -> Any:  # noqa: ANN401 - the contexts share no public type
    """A fork server where there is one: libraries are loaded once, and no thread is forked."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["retrorun.engines.preload"])
    return context


def warm() -> None:
    """Let what workers come from start now, while the caller still prepares their tasks."""
    if sys.platform == "linux":
        from multiprocessing import forkserver

        _context()  # says what is loaded there
        with uninterrupted():
            forkserver.ensure_running()


def cores() -> int:
    """Processors this process may use; never less than 2, so that workers guard the parent."""
    usable = getattr(os, "sched_getaffinity", None)
    return max(2, len(usable(0)) if usable else os.cpu_count() or 2)
