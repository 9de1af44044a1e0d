"""A Dask scheduler and a worker as programs of their own, that a test may kill."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

START_S = 600.0  # what is waited for a program at most


@contextmanager
def machines() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler that listens, and a worker that finds it: the address, and the scheduler."""
    with ExitStack() as stack:

        def program(name: str, *words: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *words]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            started = subprocess.Popen(  # noqa: S603 - ourselves
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(started.wait)
            stack.callback(started.kill)
            return started

        port = _free_port()
        address = f"tcp://127.0.0.1:{port}"
        place = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        first = program("scheduler", *place, "--dashboard-address", "127.0.0.1:0")
        program("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        _wait_until_it_listens(port)  # who comes earlier gives up after a while
        yield address, first


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_until_it_listens(port: int) -> None:
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=START_S):
            return
        time.sleep(0.05)
    raise AssertionError("the scheduler does not start")
