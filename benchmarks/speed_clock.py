"""How long programs take, and how much memory they need."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 3600.0  # no program of this benchmark takes so long, or it hangs
RETRORUN = str(Path(sys.executable).with_name("retrorun"))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program: wall time, and the most memory it or a child of it had.

    ``largest_mb`` is the most of any process of it, workers included, where that was asked for.
    """

    seconds: float
    peak_mb: float
    largest_mb: float = 0.0


# The most memory of a program is inherited from who starts it: so something small starts it.
_STARTER = (
    "import resource, subprocess, sys, time; began = time.perf_counter(); "
    "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE); "
    "took = time.perf_counter() - began; sys.stderr.buffer.write(done.stderr); "
    "print(took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(done.returncode)"
)


def environment() -> dict[str, str]:
    """The environment as users have it: with the bytecode of earlier starts.

    Some containers set PYTHONDONTWRITEBYTECODE, with which every start compiles all sources.
    """
    return {key: each for key, each in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def program(command: Sequence[str]) -> Run:
    """Run a program to its end; its output is thrown away.

    Raises:
        RuntimeError: it did not end well, or said that files could not be read.
        subprocess.TimeoutExpired: it took longer than ``LIMIT_S``.
    """
    done = subprocess.run(  # noqa: S603 - commands of this benchmark
        [sys.executable, "-S", "-c", _STARTER, *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
        env=environment(),
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    took_s, peak = done.stdout.split()
    return Run(float(took_s), int(peak) / (1024 if sys.platform == "linux" else 2**20))


def family(command: Sequence[str]) -> Run:
    """Run a program in a session of its own and look at the memory of all its processes (Linux).

    Raises:
        RuntimeError: it did not end well.
    """
    began_s, largest_kb = time.perf_counter(), 0
    with subprocess.Popen(  # noqa: S603 - commands of this benchmark
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment(),
    ) as running:
        while running.poll() is None:
            largest_kb = max(largest_kb, 0, *_peaks_kb(running.pid))
            time.sleep(0.02)
    if running.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {running.returncode}")
    return Run(time.perf_counter() - began_s, 0.0, largest_kb / 1024)


def _peaks_kb(session: int) -> list[int]:
    """The most memory that each process of a session had so far."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            about = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if int(about[3]) == session:
                status = (folder / "status").read_text()
                found += [int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line]
        except (OSError, IndexError):
            continue  # it ended meanwhile
    return found


def best(command: Sequence[str], times: int) -> float:
    """The median wall time of a program, in seconds."""
    return statistics.median(program(command).seconds for _ in range(times))
