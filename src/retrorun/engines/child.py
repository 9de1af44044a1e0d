"""Run tasks in a supervised child process with limits; a crash is attributed to its task.

``Child`` is one process from its start to its end. The local pool (``pool``) has several of them. A
worker of that pool or of a cluster has one of its own for the files of its batch (``Guard``): so
whatever a file does, the worker lives, the scheduler sees no failure, and the files before and
after it keep their results.

Protocol, over a pipe that pickles: the parent sends the work and the memory it may use, then tasks;
the child answers the work with READY, and each task with any number of ITEM and one END, ERROR or
LOST. The work takes a task and returns an iterator of items.
"""

import ctypes
import math
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from retrorun.errors import ENDING_SIGNALS, EngineError, RetrorunError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[Any], Iterator[Any]]
START_S = 120.0  # a child that is not ready by then never will be
END_S = 5.0  # a child whose pipe has ended is gone by then, or hangs
PRELOADED = (  # imported once by the fork server, so that children start with their libraries
    "__main__",
    "pyarrow.parquet",
    "tzfpy",
    "retrorun.engines",
    "retrorun.pipeline",
    "retrorun.readers.fit.reader",
    "retrorun.readers.clock",
    "retrorun.archive.serialization",
)
_CLOSED = (EOFError, BrokenPipeError, ConnectionResetError)  # what a pipe without other end raises
_ARENA_MAX = -8  # glibc's M_ARENA_MAX: how many heaps threads may have
_ARENAS = 2  # each reserves 64 MiB of the address space that a task may use


class Limits(msgspec.Struct, frozen=True):
    """What one task may cost; ``memory_bytes`` is on top of the loaded libraries."""

    seconds: float = 300.0
    memory_bytes: int = 2 * 2**30


DEFAULT = Limits()


class Lost(msgspec.Struct, frozen=True):
    """Why a task has no result: it cost its process, its time or its memory."""

    slug: str
    message: str


class Kind(IntEnum):
    """What a message of a child is."""

    READY = 0  # the work is loaded
    ITEM = 1  # something that the work has yielded
    END = 2  # the work is through with a task
    ERROR = 3  # the RetrorunError that the work has raised
    LOST = 4  # the child is of no more use; for the parent with the reason, a ``Lost``


Message = tuple[Kind, Any]
_WORK, _TASK = range(2)  # what a message of the parent is


class Child:
    """One child process: what it is given, what it answers, and how long it may take.

    Args:
        limits: time for an answer, and memory.

    Attributes:
        pipe: the parent's end; readable when the child has answered or is gone.
        ready: whether the work is loaded.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.ready = False
        self._is_late = False
        self._deadline_s = math.inf
        self.allow(START_S)
        self._process, self.pipe, self._at_exit = _start()

    def load(self, work: Work) -> None:
        """Send the work for all tasks that follow; the child answers READY."""
        self.ready = False
        self.allow(START_S)
        self._send(_WORK, (work, self.limits.memory_bytes))

    def send(self, task: object) -> None:
        """Send a task; it may wait in the pipe while the child has another one."""
        self._send(_TASK, task)

    def _send(self, kind: int, value: object) -> None:
        with suppress(OSError):  # it is gone: reading from it says how
            self.pipe.send((kind, value))

    def allow(self, seconds: float | None) -> None:
        """Set how long the next message may take from now on; None: as long as it likes."""
        self._allowed_s = math.inf if seconds is None else seconds
        self._deadline_s = time.monotonic() + self._allowed_s

    def left_s(self) -> float:
        """Seconds until the child is too late; infinite where it has no task."""
        return self._deadline_s - time.monotonic()

    def receive(self) -> Message:
        """Read the message that has begun to arrive; LOST if the child is gone or too late."""
        alarm = threading.Timer(min(max(0.0, self.left_s()), threading.TIMEOUT_MAX), self.end_late)
        alarm.daemon = True
        alarm.start()
        try:
            message: Message = self.pipe.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            return Kind.LOST, self._loss()
        finally:
            alarm.cancel()
        self.ready = self.ready or message[0] == Kind.READY
        if message[0] == Kind.LOST:
            most = self.limits.memory_bytes // 2**20
            return Kind.LOST, Lost("memory-exceeded", f"it needs more than {most} MiB of memory")
        return message

    def end_late(self) -> Message:
        """End a child whose time is over."""
        self._is_late = True
        self._process.kill()
        return Kind.LOST, self._timeout()

    def is_alive(self) -> bool:
        """Whether the process is there."""
        return bool(self._process.is_alive())

    def end(self) -> None:
        """End the process alone; who waits for its answer reads LOST, and closes the pipe."""
        self._process.kill()

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.pipe.close()
        self._kill()

    def _kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._at_exit.cancel()

    def _loss(self) -> Lost:
        self._process.join(END_S)  # its pipe ends a little before itself
        self._kill()
        if self._is_late:
            return self._timeout()
        end = death(self._process.exitcode)
        return Lost("worker-died", f"the worker died over it ({end})")

    def _timeout(self) -> Lost:
        return Lost("worker-timeout", f"it took longer than {self._allowed_s:g} s")


def messages(children: Sequence[Child]) -> Iterator[tuple[Child, Message]]:
    """Wait until a child has answered, is gone or is too late; the message of each such child."""
    left_s = min(each.left_s() for each in children)
    timeout_s = None if math.isinf(left_s) else max(0.0, left_s)
    from multiprocessing import connection

    arrived = connection.wait([each.pipe for each in children], timeout_s)
    for each in children:
        if each.pipe in arrived:
            yield each, each.receive()
        elif each.left_s() <= 0:
            yield each, each.end_late()


def start_error(reason: Lost, remedy: str | None = None) -> EngineError:
    """The error of a child that was lost before it was ready."""
    words = f"a worker could not be started: {reason.message}"
    return EngineError("workers-do-not-start", words, remedy=remedy)


def death(exitcode: int | None) -> str:
    """How a process ended, in words."""
    if exitcode is None:
        return "still running, without its pipe"
    return f"signal {-exitcode}" if exitcode < 0 else f"exit code {exitcode}"


class Guard:
    """A child for one task after another; it is started when needed, and a new one after a loss.

    Args:
        limits: seconds between two items, and memory on top of the libraries.
    """

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self.limits = limits
        self._child: Child | None = None

    def stream(
        self,
        work: Callable[[T], Iterator[R]],
        task: T,
        allowed_s: Callable[[R | None], float] | None = None,
    ) -> Iterator[R | Lost]:
        """What work yields, as the child yields it; after ``Lost`` comes nothing.

        Args:
            work: a function that can be pickled, and so can what it takes and yields.
            task: what it is given.
            allowed_s: how long the next item may take after this one (None: the first), if that is
                not the same for all.

        Raises:
            RetrorunError: what work raised.
            EngineError: a child cannot be started.
        """
        child = self._child_with(work)
        child.send(task)
        is_complete, value = False, None
        try:
            while True:
                child.allow(allowed_s(value) if allowed_s else self.limits.seconds)
                kind, value = _next_message(child)
                is_complete = kind in {Kind.END, Kind.ERROR}
                if kind == Kind.ERROR:
                    raise value
                if kind == Kind.END:
                    return
                yield value
                if kind == Kind.LOST:
                    return
        finally:
            if not is_complete:
                self.stop()

    @property
    def is_ready(self) -> bool:
        """Whether a child is there that has done a task."""
        return self._child is not None and self._child.is_alive()

    def end(self) -> None:
        """End the work of another thread, whose stream then yields ``Lost`` and stops the child.

        Two threads must not close one pipe: the second would close what has its number by then.
        """
        child = self._child
        if child is not None:
            child.end()

    def stop(self) -> None:
        """End the child, whatever it is doing; for the thread that streams, or when it is over."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _child_with(self, work: Work) -> Child:
        """The child, with the work loaded."""
        if self._child is None or not self._child.is_alive():
            self.stop()
            self._child = Child(self.limits)
        child = self._child
        child.load(work)
        kind, value = _next_message(child)
        if kind == Kind.LOST:
            self.stop()
            raise start_error(value)
        return child


def _next_message(child: Child) -> Message:
    """The next message of one child; it comes within the time that it is allowed."""
    while True:
        for _, message in messages([child]):
            return message


_THREAD = threading.local()


def thread_guard(limits: Limits = DEFAULT) -> Guard:
    """The guard of this thread: its child outlives a task, as the worker itself does."""
    own: Guard | None = getattr(_THREAD, "guard", None)
    if own is None or own.limits != limits:
        stop_thread_guard()
        own = _THREAD.guard = Guard(limits)
    return own


def stop_thread_guard() -> None:
    """End the child of this thread's guard, if there is one."""
    own: Guard | None = getattr(_THREAD, "guard", None)
    if own is not None:
        own.stop()


# How a process is started


_STARTING = threading.Lock()  # no child is started while the fork server ends


def _start() -> tuple[Any, "Connection", Any]:
    """A process that serves, the parent's end of its pipe, and what kills it when we exit.

    Python ends a child that is left then by SIGTERM, which ours ignore, and would wait for ever.
    """
    from multiprocessing import current_process, util

    own = current_process()
    if own.daemon:  # a worker of the pool or of Dask: the flag forbids children, and does no more
        own.daemon = False
    context = _context()
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, dict(os.environ)), daemon=True)
    with uninterrupted(), _STARTING:
        process.start()
        at_exit = util.Finalize(None, process.kill, exitpriority=0)  # before Python looks for them
    theirs.close()
    return process, ours, at_exit


def _context() -> Any:  # noqa: ANN401 - the contexts share no public type
    """A fork server where there is one: libraries are loaded once, and no thread is forked."""
    from multiprocessing import get_context

    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def start_fork_server() -> None:
    """Start what children are forked from now, while the caller still prepares their tasks."""
    if sys.platform == "linux":
        from multiprocessing import forkserver

        _context()  # sets what is loaded there
        with uninterrupted():
            forkserver.ensure_running()


def has_processes() -> bool:
    """Whether a child of this process runs, or what children are forked from."""
    from multiprocessing import active_children

    if sys.platform == "linux":
        from multiprocessing import forkserver

        if getattr(forkserver._forkserver, "_forkserver_pid", None) is not None:  # noqa: SLF001 - there is no other way
            return True
    with _STARTING:
        return bool(active_children())


def stop_fork_server() -> None:
    """End what children are forked from, to have its memory back; the next child starts another.

    While a child of this process runs, nothing is done: the fork server would outlive the attempt.
    """
    if sys.platform == "linux":
        from multiprocessing import active_children, forkserver

        stop = getattr(forkserver._forkserver, "_stop", None)  # noqa: SLF001 - there is no other way
        with _STARTING:
            if stop is not None and not active_children():
                stop()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Start children in this block: signals to end never reach them, from their first moment on.

    A terminal sends Ctrl-C to all processes, and a service manager its SIGTERM. The parent decides
    when its children end; of one that ends by itself the file it has would be blamed.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else it starts within the block, and ends the block early
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# The inside of the child


def serve(pipe: "Connection", environment: dict[str, str]) -> None:
    """Carry out tasks until the pipe ends or the parent is gone.

    Args:
        pipe: the child's end.
        environment: the parent's variables; a fork server has those of its own start.
    """
    for number in ENDING_SIGNALS:  # the parent decides when to end
        signal.signal(number, signal.SIG_IGN)
    _as_urgent_as_parent()
    if environment != dict(os.environ):
        os.environ.clear()
        os.environ.update(environment)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _silence()
    work: Work | None = None
    with suppress(*_CLOSED):
        while True:
            kind, value = pipe.recv()
            if kind == _TASK and work is not None:
                _answer(pipe, work, value)
                continue
            if work is None:
                limit_memory(value[1])  # the libraries are loaded now
            work = value[0]
            pipe.send((Kind.READY, None))


def _answer(pipe: "Connection", work: Work, task: object) -> None:
    try:
        for item in work(task):
            pipe.send((Kind.ITEM, item))
        pipe.send((Kind.END, None))
    except RetrorunError as problem:
        pipe.send((Kind.ERROR, problem))
    except MemoryError:
        pipe.send((Kind.LOST, None))


def _as_urgent_as_parent() -> None:
    """Have the parent's priority: a fork server's children would have that of the server."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None and parent.pid is not None and hasattr(os, "getpriority"):
        with suppress(OSError):  # it may be gone, and a higher one may not be had
            os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, parent.pid))


def _end_with_parent() -> None:
    """End this process when its parent is gone: only the parent would have ended a long task."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _silence() -> None:
    """What libraries print goes nowhere."""
    with open(os.devnull, "r+b") as null:  # noqa: PTH123 - its number is wanted
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)


def limit_memory(memory_bytes: int) -> None:
    """Bound the address space where the system can: more is a MemoryError, or the end."""
    if sys.platform != "linux":
        return  # macOS ignores the limit, Windows has none; the time limit still holds
    import resource

    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
