"""Work in a child process that may die, hang or eat memory: what it was busy with is known.

A pool's or a cluster's worker hands its files to a child of its own, one after the other, and
gets their results as a stream. So whatever a file does, the worker lives, the scheduler sees no
failure, and the files before and after it keep their results.

The child is a plain program with pipes, because workers of a pool or of Dask are daemons and may
not have children of ``multiprocessing``.

The inside of a worker process. It imports nothing heavy until it has work to unpickle.

Limits of a task, the loss of a child process, and how children are started.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any, TypeVar

from retrorun.errors import EngineError, RetrorunError


def serve(pipe: Connection, work: Callable[[Any], Any], memory_bytes: int) -> None:
    """Answer tasks until the pipe ends.

    Args:
        pipe: brings ``(number, task)``, takes ``(number, result, within memory)``.
        work: what to do with a task.
        memory_bytes: what the tasks may use beyond what the process has now.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    limit_memory(memory_bytes)
    try:
        pipe.send("ready")
        while True:
            number, task = pipe.recv()
            pipe.send((number, *_within_memory(work, task)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent is gone or needs us no more


def _within_memory(work: Callable[[Any], Any], task: object) -> tuple[Any, bool]:
    try:
        return work(task), True
    except MemoryError:
        return None, False


def limit_memory(memory_bytes: int) -> None:
    """Bound the address space where the system can: more is a MemoryError, or the end."""
    if sys.platform != "linux":
        return  # macOS ignores the limit, Windows has none; the time limit still holds
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


START_S = 120.0  # a worker that is not ready by then never will be


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost a worker; ``memory_bytes`` is on top of the libraries."""

    seconds: float = 300.0
    memory_bytes: int = 2 * 2**30


DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class Lost:
    """A file that cost its worker, or what it was given."""

    slug: str
    message: str


def death(exitcode: int | None) -> str:
    """How a process ended, in words."""
    if exitcode is None:
        return "still running, without its pipe"
    return f"signal {-exitcode}" if exitcode < 0 else f"exit code {exitcode}"


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Start children in this block: Ctrl-C reaches them never, from their first moment on.

    A terminal sends it to all processes; the parent decides when its children end.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else it starts within the block, and ends the block early
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


T = TypeVar("T")
R = TypeVar("R")
ORPHAN_S = 1.0  # how often a child looks whether its parent is still there
END_S = 5.0  # a child whose pipe has ended is gone by then, or hangs
# threads that only wait for a store shall not each reserve 64 MiB of what a file may take
_FRUGAL = {"MALLOC_ARENA_MAX": "2"}
_PROGRAM = "from retrorun.engines.child import main; main()"
_ITEM, _END, _ERROR, _MEMORY = range(4)


class Guard:
    """A child for one task after another; it is started when needed, and anew after a loss.

    Args:
        limits: seconds between two items, and memory on top of the libraries.
    """

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self.limits = limits
        self._child: subprocess.Popen[bytes] | None = None
        self._late = False

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
        child = self._started()
        with suppress(OSError):  # it is gone: reading from it says how
            _send(_there(child.stdin), (work, task))
        whole, value = False, None
        try:
            while True:
                kind, value = self._next(child, allowed_s(value) if allowed_s else None)
                whole = kind in {_END, _ERROR}
                if kind == _ERROR:
                    raise value
                if kind == _END:
                    return
                yield value
                if kind == _MEMORY:
                    return
        finally:
            if not whole:
                self.stop()

    def stop(self) -> None:
        """End the child, whatever it is doing."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self._child = None

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._child is not None and self._child.poll() is None:
            return self._child
        self.stop()
        with uninterrupted():
            child = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-c", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_FRUGAL | os.environ,
            )
        self._child = child
        with suppress(OSError):
            _send(_there(child.stdin), (sys.path, self.limits.memory_bytes, os.getpid()))
        kind, value = self._next(child, START_S)
        if kind == _MEMORY:
            self.stop()
            words = f"a worker could not be started: {value.message}"
            raise EngineError("workers-do-not-start", words)
        return child

    def _next(
        self, child: "subprocess.Popen[bytes]", seconds: float | None = None
    ) -> tuple[int, Any]:
        allowed_s = self.limits.seconds if seconds is None else seconds
        self._late = False
        alarm = threading.Timer(allowed_s, self._end_late, (child,))
        alarm.daemon = True
        alarm.start()
        try:
            message: tuple[int, Any] = pickle.load(_there(child.stdout))  # noqa: S301 - our child
        except (EOFError, OSError, pickle.UnpicklingError):
            return _MEMORY, self._lost(child, allowed_s)
        finally:
            alarm.cancel()
        if message[0] == _MEMORY:
            most = self.limits.memory_bytes // 2**20
            return _MEMORY, Lost("memory-exceeded", f"it needs more than {most} MiB of memory")
        return message

    def _end_late(self, child: "subprocess.Popen[bytes]") -> None:
        self._late = True
        child.kill()

    def _lost(self, child: "subprocess.Popen[bytes]", allowed_s: float) -> Lost:
        with suppress(subprocess.TimeoutExpired):  # its pipe ends a little before itself
            child.wait(END_S)
        child.kill()
        code = child.wait()
        if self._late:
            return Lost("worker-timeout", f"it took longer than {allowed_s:g} s")
        return Lost("worker-died", f"the worker died over it ({death(code)})")


_OWN = threading.local()


def guard(limits: Limits = DEFAULT) -> Guard:
    """The guard of this thread: its child outlives a task, as the worker itself does."""
    own: Guard | None = getattr(_OWN, "guard", None)
    if own is None or own.limits != limits:
        dismiss()
        own = _OWN.guard = Guard(limits)
    return own


def dismiss() -> None:
    """End the child of this thread's guard, if there is one."""
    own: Guard | None = getattr(_OWN, "guard", None)
    if own is not None:
        own.stop()


def main() -> None:
    """The child: takes tasks from stdin and gives items to stdout until stdin ends."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as null:  # noqa: PTH123 - what libraries print goes nowhere
        os.dup2(null.fileno(), 0)
        os.dup2(null.fileno(), 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    with suppress(EOFError, BrokenPipeError):
        sys.path[:], memory_bytes, parent = pickle.load(source)  # noqa: S301 - our own parent
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        _send(sink, (_ITEM, "ready"))
        task = pickle.load(source)  # noqa: S301 - the same
        limit_memory(memory_bytes)  # the libraries are loaded now
        while True:
            _answer(sink, *task)
            task = pickle.load(source)  # noqa: S301 - the same


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: only the parent would have ended a long file.

    Windows keeps the number of a parent that is gone: there nothing happens.
    """
    while os.getppid() == parent:
        time.sleep(ORPHAN_S)
    os._exit(1)


def _answer(sink: IO[bytes], work: Callable[[Any], Iterator[Any]], task: object) -> None:
    try:
        for item in work(task):
            _send(sink, (_ITEM, item))
        _send(sink, (_END, None))
    except RetrorunError as problem:
        _send(sink, (_ERROR, problem))
    except MemoryError:
        _send(sink, (_MEMORY, None))


def _send(pipe: IO[bytes], message: object) -> None:
    pickle.dump(message, pipe, protocol=5)
    pipe.flush()


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - it was asked for
    return pipe
