"""The addresses of the server: pages, and the JSON that their script asks for and sends.

``Running`` is the server itself, over a socket that is bound already.
"""

import asyncio
import logging
import re
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from retrorun import engines, publish
from retrorun.archive import Archive
from retrorun.errors import RetrorunError, error_location
from retrorun.language import translated, use_language
from retrorun.model import Track
from retrorun.report.page import LIVE, Fault, asset_names, asset_text, fault_page, missing_page
from retrorun.server.inbox import change_zones, zone_change_of, zones_page
from retrorun.server.live import ArchiveThread, Events, Live, Setup
from retrorun.server.security import (
    JSON,
    TEXT,
    Connection,
    Gate,
    Identity,
    Refused,
    answer_of,
    member,
    refusal_of,
    remark_of,
)
from retrorun.server.uploads import Receiver
from retrorun.server.work import LOOK_S, Follower, Overviews
from retrorun.settings import ServerSettings
from retrorun.watch import followed_signals

ENDING_S = 2  # responses that are under way may take so much longer at the end
PING_S = 15.0  # a stream without events says so often that it is alive
FOREVER = "private, max-age=31536000, immutable"  # an asset's name changes with its content
KINDS = {".css": "text/css", ".js": "text/javascript"}


class Server:
    """The parts of one server, and the answers to its addresses.

    Attributes:
        events: tells open pages what is new.
        follower: imports what is dropped, and brings everything up to the answers.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.events = Events(setup.settings.server.streams)
        self.follower = Follower(setup, self.events)
        self._live = Live(setup, self.events, self.follower.answered)
        self._overviews = Overviews(setup)
        self._answer_thread, self._read_thread = (
            ArchiveThread(setup, each) for each in ("answer", "read")
        )
        self._overview_thread = ArchiveThread(setup, "overview")
        self._seen_s = 0.0

    def app(self, identity: Identity) -> ASGIApp:
        """The application, behind its gate."""
        routes = [
            Route("/", self.overview(publish.INDEX)),
            *(Route(f"/{each}", self.overview(each)) for each in publish.OVERVIEWS),
            Route("/comparison", self.overview(publish.COMPARISON)),
            Route("/care", self.overview(publish.CARE)),
            Route("/sessions/{session}", self.session),
            Route("/review", self.review),
            Route("/zones", self.zones),
            Route("/assets/{name}", self.asset),
            Route("/api/inbox", self.inbox),
            Route("/api/review/{session}/{start_s}", self.question),
            Route("/api/sessions/{session}", self.numbers),
            Route("/api/sessions/{session}/answers", self.answer, methods=["POST"]),
            Route("/api/sessions/{session}/undo", self.undo, methods=["POST"]),
            Route("/api/sessions/{session}/note", self.note, methods=["POST"]),
            Route("/api/zones", self.change_zones, methods=["POST"]),
            Route("/api/exports", self.exports, methods=["POST"]),
            Route("/api/events", self.stream),
        ]
        handlers: Any = {
            Refused: self._refused,
            RetrorunError: self._error_of_ours,
            HTTPException: self._http_refused,
            Exception: self._defect,
        }
        inner = Starlette(routes=routes, exception_handlers=handlers)
        limits = self.setup.settings.server
        return Gate(inner, identity, limits, lambda: self._read_thread.language)

    async def release(self) -> None:
        """Let worker processes go while no page is open and nothing was asked for a while."""
        unused_s = asyncio.get_running_loop().time() - self._seen_s
        busy = self.events.listeners or self.follower.is_busy
        waits_s = self.setup.settings.server.release_s
        if busy or unused_s < waits_s or not engines.has_processes():
            return
        await self._answer_thread.do(lambda _: self._live.release())
        await self._overview_thread.do(lambda _: self._overviews.release())
        await asyncio.to_thread(engines.stop_fork_server)

    def close(self) -> None:
        """End threads and processes."""
        self.follower.stop()
        self._answer_thread.close(self._live.release)
        self._overview_thread.close(self._overviews.release)
        self._read_thread.close()

    def _note_use(self) -> None:
        self._seen_s = asyncio.get_running_loop().time()

    # pages

    def overview(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        """What answers with a page over all sessions."""

        async def answer(_: Request) -> Response:
            self._note_use()
            inbox = await self._read_thread.do(self._live.inbox) if name == publish.INDEX else None
            return HTMLResponse(await self._overview_thread.do(self._overviews.page, name, inbox))

        return answer

    async def session(self, request: Request) -> Response:
        """The page of a session; the first answer about it finds its child process ready."""
        self._note_use()
        session_id = request.path_params["session"].removesuffix(".html")
        try:
            html = await self._read_thread.do(self._live.page, session_id)
        except RetrorunError as problem:
            status = refusal_of(problem).status
            with use_language(self._read_thread.language):
                html = fault_page(Fault.of(session_id, problem), LIVE)
            return HTMLResponse(html, status)
        return HTMLResponse(html, background=self._warming(session_id))

    def _warming(self, session_id: str) -> BackgroundTask:
        return BackgroundTask(self._warm, session_id)

    async def _warm(self, session_id: str) -> None:
        await self._answer_thread.do(self._live.warm, session_id)

    async def review(self, request: Request) -> Response:
        """The page of the review, which begins with what waits first or with a wanted segment."""
        self._note_use()
        session_id = request.query_params.get("session")
        number = _whole_number(request.query_params.get("segment", ""))
        html = await self._read_thread.do(self._live.review, session_id, number)
        return HTMLResponse(html)

    async def zones(self, _: Request) -> Response:
        """The page of the privacy zones."""
        self._note_use()
        return HTMLResponse(await self._read_thread.do(self._zones_page))

    def _zones_page(self, archive: Archive) -> str:
        return zones_page(archive, self.setup.athlete_of(archive).privacy_zones)

    async def asset(self, request: Request) -> Response:
        """A script or style of the pages, by the name that changes with its content."""
        name = request.path_params["name"]
        if name not in asset_names().values():
            raise Refused(404, "There is no such file.")
        kind = KINDS.get(Path(name).suffix, TEXT)
        return Response(asset_text(name), headers={"cache-control": FOREVER}, media_type=kind)

    # what the script asks

    async def inbox(self, _: Request) -> Response:
        """What waits for the athlete."""
        self._note_use()
        progress = self.follower.progress
        found = await self._read_thread.do(self._live.inbox, progress.shown() if progress else None)
        with use_language(self._read_thread.language):
            trouble = translated(self.follower.trouble)
        return _json(found.document() | {"trouble": trouble})

    async def question(self, request: Request) -> Response:
        """The question about one segment, by its start."""
        self._note_use()
        session_id = request.path_params["session"]
        start_s = _whole_number(request.path_params["start_s"])
        panel = await self._read_thread.do(self._live.panel, session_id, None, start_s)
        state = await self._read_thread.do(self._live.undoable, session_id)
        return _json({"html": panel, "undo": state}, background=self._warming(session_id))

    async def numbers(self, request: Request) -> Response:
        """The numbers of a session."""
        self._note_use()
        return await self._state(request.path_params["session"])

    async def _state(self, session_id: str) -> Response:
        return _json(await self._read_thread.do(self._live.state, session_id))

    async def stream(self, request: Request) -> Response:
        """Events for a page, as long as it is open."""
        self._note_use()
        if self.events.listeners >= self.events.most:
            raise Refused(429, "Too many pages are open.")
        del request
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        queue = self.events.open()
        try:
            yield "retry: 1000\n\n"
            while not self.events.is_over:
                try:
                    async with asyncio.timeout(PING_S):
                        event = await queue.get()
                except TimeoutError:
                    yield ": nothing is new\n\n"
                    continue
                if event is None:
                    return
                name, data = event
                yield f"event: {name}\ndata: {msgspec.json.encode(data).decode()}\n\n"
        finally:
            self.events.close(queue)
            self._note_use()

    # what the script sends

    async def answer(self, request: Request) -> Response:
        """Store an answer; the session's new numbers."""
        self._note_use()
        document = await _document(request)
        given = answer_of(document)
        seen = member(document, "seen", str) if "seen" in document else None
        work, session_id = self._live.answer, request.path_params["session"]
        return await self._state(await self._answer_thread.do(work, session_id, given, seen))

    async def undo(self, request: Request) -> Response:
        """Take back the last answer about a session; its new numbers."""
        self._note_use()
        await _document(request)
        session_id = request.path_params["session"]
        return await self._state(await self._answer_thread.do(self._live.undo, session_id))

    async def note(self, request: Request) -> Response:
        """Keep what was changed of a session's note; its numbers."""
        self._note_use()
        document = await _document(request)
        given, seen = remark_of(document), remark_of(document.get("seen", {}))
        work, session_id = self._live.note, request.path_params["session"]
        return await self._state(await self._answer_thread.do(work, session_id, given, seen))

    async def change_zones(self, request: Request) -> Response:
        """Add or remove a privacy zone; what follows from it begins at once."""
        self._note_use()
        wanted = zone_change_of(await _document(request))
        known = self.setup.athlete_of, self._shown_track
        words, due = await self._answer_thread.do(change_zones, *known, wanted)
        if due:
            self.follower.answered()
            self.events.tell("fresh", {"fresh": False})
        return _json({"words": words, "due": due})

    def _shown_track(self, archive: Archive, session_id: str) -> Track:
        return self._live.shown(archive, session_id).track

    async def exports(self, request: Request) -> Response:
        """Store what was dropped, and look at the folder at once."""
        self._note_use()
        known = await self._read_thread.do(_known_files)
        receiver = Receiver(self.setup.folder, self.setup.settings, known)
        try:
            stored = await receiver.take(request)
        finally:  # what came before a refusal stays, and is imported
            paths = [each.path for each in receiver.done if each.path is not None]
            if paths:
                self.follower.dropped(paths)
        with use_language(self._read_thread.language):
            return _json({"files": [each.plain() for each in stored]})

    # what is answered instead

    def _error(self, words: str, status: int) -> Response:
        with use_language(self._read_thread.language):
            return _json({"error": translated(words)}, status)

    async def _refused(self, _: Request, refusal: Refused) -> Response:
        return self._error(refusal.words, refusal.status)

    async def _error_of_ours(self, _: Request, problem: RetrorunError) -> Response:
        with use_language(self._read_thread.language):
            refusal = refusal_of(problem)
        return self._error(refusal.words, refusal.status)

    async def _http_refused(self, request: Request, problem: HTTPException) -> Response:
        """Another method is refused as everything else is that this server does not answer to.

        Who follows a link to a page that is not there gets a page that leads back.
        """
        if problem.status_code == 404 and "text/html" in request.headers.get("accept", ""):
            with use_language(self._read_thread.language):
                return HTMLResponse(missing_page(LIVE), 404)
        words = {404: "There is no such address.", 405: "There is no such method here."}
        status = 403 if problem.status_code == 405 else problem.status_code
        return self._error(words.get(problem.status_code, "Refused."), status)

    async def _defect(self, _: Request, fault: Exception) -> Response:
        """A defect of ours costs one request; the terminal names the place, the page nothing."""
        sys.stderr.write(f"Error: {error_location(fault)}. Please report this.\n")
        return self._error("Something went wrong here. Please report it.", 500)


def _known_files(archive: Archive) -> Callable[[str], str | None]:
    """Which files the archive holds that are still there: hash → name."""
    rows = {row.sha256: row.path for row in archive.files() if row.sha256}

    def find(sha256: str) -> str | None:
        path = rows.get(sha256)
        return Path(path).name if path and Path(path).is_file() else None

    return find


async def _document(request: Request) -> Any:  # noqa: ANN401 - JSON
    """The JSON that a request holds.

    Raises:
        Refused: it is none.
    """
    try:
        return msgspec.json.decode(await request.body() or b"{}")
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise Refused(400, "The request is no JSON.") from None


def _whole_number(text: str) -> int | None:
    """The number in an address; None where it is none, or longer than any of ours."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None


def _json(
    document: object, status: int = 200, background: BackgroundTask | None = None
) -> Response:
    encoded = msgspec.json.encode(document)
    return Response(encoded, status, media_type=JSON, background=background)


class Running(uvicorn.Server):
    """uvicorn's server: says when it answers, ends without a word, lets workers go when idle."""

    def __init__(
        self,
        server: Server,
        identity: Identity,
        limits: ServerSettings,
        on_start: Callable[[], None],
        stop: threading.Event,
    ) -> None:
        class Bounded(Connection):
            head_s = limits.header_s

        for name in ("uvicorn.error", "python_multipart"):  # the terminal shows our words alone
            logging.getLogger(name).addHandler(logging.NullHandler())
        config = uvicorn.Config(
            server.app(identity),
            loop="asyncio",
            http=Bounded,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=limits.connections,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=ENDING_S,
            h11_max_incomplete_event_size=limits.header_bytes,
        )
        super().__init__(config)
        self._server, self._on_start, self._stop = server, on_start, stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self._server.follower.start()
        self._on_start()

    async def main_loop(self) -> None:
        """Wait for the end."""
        releasing = asyncio.create_task(self._release())
        try:
            await super().main_loop()
        finally:
            releasing.cancel()

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to end."""
        return await super().on_tick(counter) or self._stop.is_set()

    async def _release(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._server.release()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, then everything."""
        self._server.events.end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals to end let the server finish what it does; a second one ends it at once."""
        try:
            before = {each: signal.signal(each, self._request_end) for each in followed_signals()}
        except ValueError:  # not in the main thread: whoever began it ends it
            yield
            return
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _request_end(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.should_exit:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.should_exit = True
