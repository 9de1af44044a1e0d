"""How long programs and functions take, and how much memory they need."""

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


# The most memory of a program is inherited from who starts it: so something small starts it.
_STARTER = (
    "import resource, subprocess, sys, time; began = time.perf_counter(); "
    "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE); "
    "took = time.perf_counter() - began; sys.stderr.buffer.write(done.stderr); "
    "print(took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(done.returncode)"
)


def program(command: Sequence[str]) -> Run:
    """Run a program to its end; its output is thrown away.

    Raises:
        RuntimeError: it did not end well, or said that files could not be read.
    """
    done = subprocess.run(  # noqa: S603 - commands of this benchmark
        [sys.executable, "-S", "-c", _STARTER, *command],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    took_s, peak = done.stdout.split()
    return Run(float(took_s), int(peak) / (1024 if sys.platform == "linux" else 2**20))


def best(command: Sequence[str], times: int) -> float:
    """The median wall time of a program, in seconds."""
    return statistics.median(program(command).seconds for _ in range(times))


def each(work: Callable[[Path], object], paths: Sequence[Path], limit_s: float = 6.0) -> float:
    """Files a second, one after the other in this process, for as long as the limit allows."""
    work(paths[0])  # imports and first-time costs are not counted
    began_s, done = time.perf_counter(), 0
    for path in paths:
        work(path)
        done += 1
        if time.perf_counter() - began_s > limit_s:
            break
    return done / (time.perf_counter() - began_s)
