"""How long programs and functions take, and how much memory they need."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

RETRORUN = str(Path(sys.executable).with_name("retrorun"))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program: wall time, and the most memory it or a child of it had."""

    seconds: float
    peak_mb: float


def program(command: Sequence[str]) -> Run:
    """Run a program to its end; its output is thrown away.

    Raises:
        RuntimeError: it did not end well, or said that files could not be read.
    """
    began_s = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - commands of this benchmark
        list(command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as running:
        assert running.stderr is not None  # noqa: S101 - it is a pipe
        said = running.stderr.read()
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    took_s = time.perf_counter() - began_s
    if running.returncode:
        raise RuntimeError(f"{' '.join(command)}: {said.decode(errors='replace')[-2000:]}")
    return Run(took_s, usage.ru_maxrss / (1024 if sys.platform == "linux" else 2**20))


def best(command: Sequence[str], times: int) -> float:
    """The median wall time of a program, in seconds."""
    return statistics.median(program(command).seconds for _ in range(times))


def each(work: Callable[[Path], object], paths: Sequence[Path], limit_s: float = 15.0) -> float:
    """Files a second, one after the other in this process, for as long as the limit allows."""
    work(paths[0])  # imports and first-time costs are not counted
    began_s, done = time.perf_counter(), 0
    for path in paths:
        work(path)
        done += 1
        if time.perf_counter() - began_s > limit_s:
            break
    return done / (time.perf_counter() - began_s)
