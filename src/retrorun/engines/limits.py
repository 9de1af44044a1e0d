"""Limits of a task, the loss of a child process, and how children are started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
