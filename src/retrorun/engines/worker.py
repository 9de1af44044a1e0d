"""The inside of a worker process. It imports nothing heavy until it has work to unpickle."""

import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


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
