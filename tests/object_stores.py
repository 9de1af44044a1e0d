"""A real S3 server on loopback, and a proxy before it that is slow or fails."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import urlsplit

SECRET = "very-secret-key-of-nobody"  # noqa: S105 - must never be seen in any output
ACCESS = "AKIANOBODYATALL"
_SERVER = """
import sys, threading
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

# A store decides whether a name is free and takes it in one step; moto does so in two.
one_by_one, answer = threading.Lock(), DomainDispatcherApplication.__call__
def answer_alone(*given):
    with one_by_one:
        return answer(*given)
DomainDispatcherApplication.__call__ = answer_alone

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@dataclass(slots=True)
class ObjectServer:
    """A server that keeps objects in memory, in a process of its own."""

    endpoint: str
    _numbers: Iterator[int] = field(default_factory=count)

    def bucket(self) -> str:
        """A new, empty bucket as an address."""
        import fsspec

        name = f"bucket-{next(self._numbers)}"
        fsspec.filesystem("s3").mkdir(name)
        return f"s3://{name}"


@contextmanager
def server() -> Iterator[ObjectServer]:
    """Start it, and stop it in the end, whatever happens to us."""
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-W", "ignore", "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield ObjectServer(f"http://127.0.0.1:{port}")
        finally:
            process.kill()


def environment(endpoint: str) -> dict[str, str]:
    """How programs are told of the server: as they are of any."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }


Fault = Callable[[int, str, str], int | None]  # number of the request, method, path → status


@contextmanager
def proxy(target: str, fault: Fault, delay_s: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """Before another server: late by a delay, and failing where the fault says so.

    Yields:
        Its endpoint, and every request so far as ``METHOD path``.
    """
    seen: list[str] = []
    methods = {f"do_{each}": _Handler.forward for each in ("GET", "HEAD", "PUT", "POST", "DELETE")}
    given = {"target": target, "fault": staticmethod(fault), **methods}
    handler = type("Handler", (_Handler,), given)
    handler.delay_s, handler.seen, handler.lock = delay_s, seen, threading.Lock()  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}", seen
        finally:
            listening.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: str
    delay_s: float
    seen: list[str]
    lock: threading.Lock
    fault: Fault

    def forward(self) -> None:
        """Answer as the server does, or as the fault says."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.lock:
            self.seen.append(f"{self.command} {self.path}")
            number = len(self.seen)
        time.sleep(self.delay_s)
        status = self.fault(number, self.command, self.path)
        if status is not None:
            code = "AccessDenied" if status == 403 else "SlowDown"
            self._answer(status, [], f"<Error><Code>{code}</Code></Error>".encode())
            return
        with_body = body or None
        connection = http.client.HTTPConnection(urlsplit(self.target).netloc, timeout=300)
        connection.request(self.command, self.path, with_body, dict(self.headers.items()))
        answer = connection.getresponse()
        self._answer(answer.status, answer.getheaders(), answer.read())
        connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        length = str(len(body))
        for name, value in headers:
            if name.lower() == "content-length":
                length = value  # of a HEAD: how long the body would be
            elif name.lower() not in {"transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""
