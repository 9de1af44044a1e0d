"""Servers on loopback for the tests, and what talks to them."""

import functools
import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from msgspec import structs

from retrorun import ingest, publish
from retrorun.archive import Archive
from retrorun.cli import options
from retrorun.model import Athlete
from retrorun.server import Setup, bound, serve, work
from retrorun.settings import ServerSettings, Settings
from retrorun.simulate import Scenario, Watch, fit_bytes, simulate
from retrorun.simulate.body import Step
from retrorun.simulate.scenarios import ahead, back

TOKEN = "a-token-of-the-tests"  # noqa: S105 - of servers that live for seconds
STRETCHES = 4
STRETCH_S, FIRST_S, EACH_S = 60, 400, 180  # the truth: how long, when the first, how far apart
DAY_S = 86_400.0
WAIT_S = 300.0  # what is waited for at most; only what never comes takes as long


def _steps(rng: np.random.Generator) -> tuple[Step, ...]:
    del rng
    steps = [ahead(float(FIRST_S), 2.8)]
    for _ in range(STRETCHES):
        steps += [back(float(STRETCH_S), 2.0), ahead(float(EACH_S - STRETCH_S), 2.9)]
    return (*steps, ahead(300.0, 2.7))


@functools.cache
def export(day: int = 0) -> bytes:
    """A FIT file of a watch without compass, in which four stretches are candidates by gait."""
    made = simulate(Scenario("a run", _steps, "heading", Watch(dynamics=True)), 2)
    shift_s = day * DAY_S
    recording = made.recording
    laps = tuple(
        structs.replace(
            each,
            start_time_s=each.start_time_s + shift_s,
            end_time_s=each.end_time_s + shift_s,
        )
        for each in recording.laps
    )
    later = structs.replace(recording, time_s=recording.time_s + shift_s, laps=laps)
    return fit_bytes(replace(made, recording=later))


def imported(folder: Path, archive: Path, days: int = 1) -> list[str]:
    """Write exports of some days, import them, and give the ids of their sessions, oldest first.

    A new archive is a copy of one into which these days were imported before; the files of the
    folder are imported into it as any that were moved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for day in range(days):
        (folder / f"day-{day}.fit").write_bytes(export(day))
    if not (archive / "archive.sqlite").exists():
        shutil.copytree(Path(_prepared(days).name) / "archive", archive, dirs_exist_ok=True)
    return _import(folder, archive)


@functools.cache
def _prepared(days: int) -> "tempfile.TemporaryDirectory[str]":
    """A folder with an archive of these days, which is removed with this process."""
    made = tempfile.TemporaryDirectory()
    exports = Path(made.name) / "exports"
    exports.mkdir()
    for day in range(days):
        (exports / f"day-{day}.fit").write_bytes(export(day))
    _import(exports, Path(made.name) / "archive")
    shutil.rmtree(exports)
    return made


def _import(folder: Path, archive: Path) -> list[str]:
    with Archive.open(archive) as store:
        engine = ingest.Engine(Settings(), Athlete(), 1)
        with store.writing():
            ingest.run_import(ingest.plan_import(folder, store, settle_s=0), store, engine)
            ingest.bring_up_to_date(store, engine)
        store.pending.settle_pages(store.pending.pages(), store.database.state())
        return list(store.known())


def at_rest(place: Path) -> Path:
    """A folder whose pages are there, so that a server has nothing to do before it is asked."""
    (place / "exports").mkdir(parents=True, exist_ok=True)
    (place / "reports").mkdir(parents=True, exist_ok=True)
    (place / "reports" / publish.INDEX).touch()
    return place


def setup(place: Path, **limits: float) -> Setup:
    """A server of the archive, reports and exports of a folder, with other limits."""
    (place / "exports").mkdir(parents=True, exist_ok=True)
    known = structs.replace(Settings(), server=structs.replace(ServerSettings(), **limits))
    athlete_of = partial(options.load_athlete, None)
    return Setup(place / "archive", place / "reports", place / "exports", known, athlete_of, jobs=1)


@dataclass(slots=True)
class Reply:
    """What a server has answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)


@dataclass(slots=True)
class Client:
    """Talks to a server as a page of it does, unless told otherwise."""

    port: int
    token: str = TOKEN
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str | None] = {},
    ) -> Reply:
        """One request; a header that is None is left out."""
        sent = {
            "Host": f"127.0.0.1:{self.port}",
            "Cookie": f"retrorun-{self.port}={self.token}",
            **self.headers,
            **headers,
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None and "Content-Length" not in sent:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        reply = self.ask("GET", path)
        assert reply.status == 200, reply.body
        return reply.json

    def post(self, path: str, document: object) -> Reply:
        """JSON, as a page of this server sends it."""
        origin = f"http://127.0.0.1:{self.port}"
        headers = {"Content-Type": "application/json", "Origin": origin}
        return self.ask("POST", path, json.dumps(document).encode(), headers)

    @contextmanager
    def listening(self) -> Iterator[Iterator[tuple[str, Any]]]:
        """The events of the server from now on: name and data."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S) as raw:
            cookie = f"Cookie: retrorun-{self.port}={self.token}"
            host = f"Host: 127.0.0.1:{self.port}"
            raw.sendall(f"GET /api/events HTTP/1.1\r\n{host}\r\n{cookie}\r\n\r\n".encode())
            lines = raw.makefile("rb")
            while b"retry" not in lines.readline():
                pass
            yield _events(lines)

    def answer(self, session: str, **document: object) -> Any:  # noqa: ANN401 - JSON
        reply = self.post(f"/api/sessions/{session}/answers", document)
        assert reply.status == 200, reply.body
        return reply.json

    def upload(self, *files: tuple[str, bytes]) -> Reply:
        """Files as a form of a page sends them."""
        edge = "edge-of-a-part"
        parts = b"".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: application/octet-stream\r\n\r\n".encode()
            + data
            + b"\r\n"
            for name, data in files
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        return self.ask("POST", "/api/exports", parts + f"--{edge}--\r\n".encode(), headers)


def _events(lines: IO[bytes]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith(b"event: "):
            name = line[7:].decode().strip()
        elif line.startswith(b"data: "):
            yield name, json.loads(line[6:])


def until(is_so: Callable[[], bool], wait_s: float = WAIT_S) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + wait_s
    while not is_so():
        assert time.monotonic() < end_s, "it did not come to be so in time"
        time.sleep(0.05)


def _urgently(job: work.Job) -> Iterator[work.Event]:
    """What a server does behind, in its child: on a busy machine less urgent work comes last."""
    work.NICE = 0
    yield from work.carry_out(job)


@contextmanager
def running(made: Setup) -> Iterator[Client]:
    """A server in a thread of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "carry_out", _urgently)
        yield from _running(made)


def _running(made: Setup) -> Iterator[Client]:
    listening = bound(0, 1)
    client = Client(listening.getsockname()[1])
    begun = threading.Event()
    ended = threading.Event()
    thread = threading.Thread(
        target=serve, args=(made, listening, lambda _: begun.set(), TOKEN, ended)
    )
    thread.start()
    try:
        assert begun.wait(WAIT_S)
        yield client
    finally:
        ended.set()
        thread.join(WAIT_S)
    assert not thread.is_alive()


@contextmanager
def program(place: Path, *more: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The command in a process of its own, and the address that it printed."""
    paths = ("--archive", place / "archive", "--reports", place / "reports")
    command = [sys.executable, "-m", "retrorun", "open", "--no-browser", *map(str, paths), *more]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=place
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def client_of(address: str) -> Client:
    """A client with the token of an address."""
    port, _, token = address.removeprefix("http://127.0.0.1:").partition("/?token=")
    return Client(int(port), token)


def taken_port() -> socket.socket:
    """A port that something listens on."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken
