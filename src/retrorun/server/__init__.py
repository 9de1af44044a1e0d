"""The server of ``retrorun open``: the pages of the reports, alive, on this computer only.

``serve`` binds a port of the loopback address, says where, and answers until it is asked to end.
``first_address`` finds the server that an archive has already. Starlette, uvicorn and
python-multipart are imported in this package alone.
"""

import contextlib
import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from retrorun.errors import SettingsError
from retrorun.server.live import AthleteOf, Setup
from retrorun.settings import ServerSettings

__all__ = ["AthleteOf", "Setup", "bound", "first_address", "serve"]

HOST = "127.0.0.1"
LOCK, ADDRESS = "server.lock", "server.json"
FOUND_S = 5.0  # a server that has just begun says where it is within this time
FILES = 4096  # open files that are asked for: a connection is one


def first_address(archive: Path) -> str | None:
    """The address of the server that an archive has already; None if it has none.

    The first server holds a lock as long as it lives, so that what a killed one left is not
    believed.
    """
    if not (archive / LOCK).exists():
        return None
    end_s = time.monotonic() + FOUND_S
    while _is_locked(archive):
        with suppress(OSError, ValueError, LookupError, TypeError):
            return str(json.loads((archive / ADDRESS).read_bytes())["address"])
        if time.monotonic() > end_s:
            return None
        time.sleep(0.05)
    return None


def _is_locked(archive: Path) -> bool:
    try:
        with closing(sqlite3.connect(archive / LOCK, timeout=0, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as problem:  # locked, or no lock that a server ever made
        return "locked" in str(problem)
    return False


@contextmanager
def _registered(archive: Path, address: str) -> Iterator[None]:
    """Be the server that ``first_address`` finds; of two that begin at once, one is."""
    with contextlib.ExitStack() as stack:
        with suppress(sqlite3.Error, OSError):  # a medium that cannot be written has no server
            lock = sqlite3.connect(archive / LOCK, timeout=0, isolation_level=None)
            stack.enter_context(closing(lock))
            lock.execute("BEGIN EXCLUSIVE")
            path = archive / ADDRESS
            stack.callback(path.unlink, missing_ok=True)
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump({"address": address}, file)
        yield


def bound(port: int, tried: int) -> socket.socket:
    """A socket on the loopback address: of the wanted port, or the next one that is free.

    Args:
        port: the first that is tried; 0: any.
        tried: how many are tried.

    Raises:
        SettingsError: none of them is free.
    """
    for each in range(port, min(port + tried, 65536)) if port else (0,):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # elsewhere it would share a port that is in use
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((HOST, each))
            made.listen(2048)
        except (OSError, OverflowError):
            made.close()
            continue
        return made
    last = min(port + tried, 65536) - 1
    words = f"the ports {port} to {last} are all in use, or may not be used"
    raise SettingsError("port-in-use", words, remedy="Choose another with --port N.")


def serve(
    setup: Setup,
    listening: socket.socket,
    announce: Callable[[str], None],
    token: str | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Answer requests until Ctrl-C, SIGTERM or SIGHUP, or until asked to stop.

    Args:
        setup: where things are.
        listening: a bound socket, such as ``bound`` gives.
        announce: takes the address, once the server answers there.
        token: of this start; None: a new one.
        stop: ends it, for a server in a thread.
    """
    # what serves is loaded here: child processes of the server import this package, and need none
    from retrorun.server.app import Running, Server
    from retrorun.server.security import Identity, new_token

    _allow_files()
    limits = setup.settings.server
    identity = Identity(listening.getsockname()[1], token or new_token())
    _sweep(setup.folder, limits)
    server = Server(setup)
    running = Running(
        server, identity, limits, lambda: announce(identity.address), stop or threading.Event()
    )
    try:
        with _registered(setup.archive, identity.address):
            running.run(sockets=[listening])
    finally:
        server.close()
        listening.close()


def _sweep(folder: Path, limits: ServerSettings) -> None:
    """Remove what killed uploads left; no living upload is that old."""
    from retrorun.server.uploads import leftovers

    for each in leftovers(folder):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > limits.body_s:
                each.unlink()


def _allow_files() -> None:
    """Ask for as many open files as the connections may need."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
