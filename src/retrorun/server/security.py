"""What a request must be and hold, and what every response carries.

The server stands on the loopback address, where any page in the user's browser can reach it. So a
request is refused unless it names this server as its host, comes from no other origin and carries
the token of this start in a cookie. The first address hands the token over once; the browser is
then sent to the address without it.

The bounds on bodies, times and rates are those of ``settings.ServerSettings``.
"""

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from retrorun.answers import (
    Accept,
    AcceptRange,
    AlternateLaps,
    Answer,
    LabelLaps,
    LabelRange,
    Reject,
    RejectRange,
)
from retrorun.errors import RetrorunError, SettingsError
from retrorun.language import preferred, translated, use_language
from retrorun.model import Remark
from retrorun.settings import ServerSettings

TOKEN_BYTES = 32
MOST_S = 1e9  # of a session: more is no moment
JSON, FORM = "application/json", "multipart/form-data"
TEXT = "text/plain; charset=utf-8"
UPLOADS = "/api/exports"  # the one address that takes a form
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", _POLICY),
)
_NO_STORE = (b"cache-control", b"no-store")


def new_token() -> str:
    """A token for one start of the server: 256 random bits as text that may stand in an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """A request is not answered with what it asked for.

    Args:
        status: of the response.
        words: one sentence for whoever asked.
    """

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@dataclass(frozen=True, slots=True)
class Identity:
    """Which server this is: its port, and the token of this start."""

    port: int
    token: str

    @property
    def address(self) -> str:
        """The first address, which hands the token over."""
        return f"{self.origin}/?token={self.token}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        """The cookie's name: a browser sends cookies to every port of a host."""
        return f"retrorun-{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What the Host header of a request to this server may be."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def is_token(self, text: str) -> bool:
        """Whether a text is the token, in a time that does not depend on the text."""
        return hmac.compare_digest(text.encode("utf-8", "replace"), self.token.encode())

    def set_cookie(self) -> str:
        """The header that keeps the token in the browser until it is closed."""
        return f"{self.cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/"


@dataclass(slots=True)
class Bucket:
    """So many requests a second, and so many at once after a pause.

    Attributes:
        rate: tokens that come back each second.
        most: tokens that are there at most.
    """

    rate: float
    most: float
    _left: float = field(init=False)
    _at_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin full."""
        self._left, self._at_s = self.most, time.monotonic()

    def take(self) -> bool:
        """Take one; False where none is left."""
        now_s = time.monotonic()
        self._left = min(self.most, self._left + (now_s - self._at_s) * self.rate)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Gate:
    """Refuses what may not pass, bounds what does, and adds the headers of every response.

    Args:
        app: what is behind the gate.
        identity: of this server.
        limits: how large, slow and frequent requests may be.
        chosen: the language of the athlete's profile; without one the browser's is spoken.
    """

    def __init__(
        self,
        app: ASGIApp,
        identity: Identity,
        limits: ServerSettings,
        chosen: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._app, self._identity, self._limits, self._chosen = app, identity, limits, chosen
        self._reads = Bucket(limits.reads_per_s, limits.reads_at_once)
        self._writes = Bucket(limits.answers_per_s, limits.answers_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        answer = _Sender(send, is_page=not scope["path"].startswith("/api/"))
        accepted = ",".join(Headers(scope=scope).getlist("accept-language"))
        with use_language(preferred(accepted)):
            await self._answer(scope, receive, answer)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Sender") -> None:
        try:
            self._check(scope)
            if _token_of(scope) is not None:
                await _redirect(answer, self._identity)
                return
            await self._app(scope, _Body(receive, self._most_bytes(scope), self._limits), answer)
        except Refused as refusal:
            with use_language(self._chosen()):
                await answer.refuse(refusal)
        except Exception:  # noqa: BLE001 - a defect costs one request, and shows nothing of ours
            with use_language(self._chosen()):
                await answer.refuse(Refused(500, "Something went wrong here. Please report it."))

    def _check(self, scope: Scope) -> None:
        """Refuse what is not from a page of this server.

        Raises:
            Refused: it is not, or it is too much.
        """
        headers, method = Headers(scope=scope), scope["method"]
        if _head_bytes(scope) > self._limits.header_bytes:  # h11 bounds only what is not there yet
            raise Refused(413, "This is larger than what is taken here.")
        self._check_place(headers)
        token = _token_of(scope)
        if token is not None:
            if not self._identity.is_token(token):
                raise Refused(403, "This address is not that of a running retrorun.")
            return
        if not any(self._identity.is_token(each) for each in self._cookies(headers)):
            raise Refused(403, "Open the address that `retrorun open` has printed.")
        if method not in {"GET", "HEAD", "POST"}:
            raise Refused(403, "There is no such method here.")
        if not (self._writes if method == "POST" else self._reads).take():
            raise Refused(429, "Too many requests at once. Try again in a moment.")
        if method == "POST":
            self._check_type(scope, headers)

    def _check_place(self, headers: Headers) -> None:
        """Refuse foreign hosts (a name that leads here) and origins (a page of elsewhere)."""
        host, origin = headers.getlist("host"), headers.getlist("origin")
        if len(host) != 1 or host[0].lower() not in self._identity.hosts:
            raise Refused(403, "This server answers to its own address only.")
        if any(each != f"http://{host[0].lower()}" for each in origin):
            raise Refused(403, "This server answers to its own pages only.")
        if not {"none", "same-origin"}.issuperset(headers.getlist("sec-fetch-site")):
            raise Refused(403, "This server answers to its own pages only.")

    def _check_type(self, scope: Scope, headers: Headers) -> None:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != (FORM if scope["path"] == UPLOADS else JSON):
            raise Refused(403, "This is not the kind of content that is taken here.")
        length = headers.get("content-length")
        if length is not None and not (length.isdecimal() and len(length) < 19):
            raise Refused(400, "The length of the content is no number.")
        if length is not None and int(length) > self._most_bytes(scope):
            raise Refused(413, "This is larger than what is taken here.")

    def _most_bytes(self, scope: Scope) -> int:
        limits = self._limits
        return limits.upload_bytes if scope["path"] == UPLOADS else limits.body_bytes

    def _cookies(self, headers: Headers) -> Iterable[str]:
        for each in headers.getlist("cookie"):
            try:
                found = SimpleCookie(each).get(self._identity.cookie)
            except CookieError:
                continue
            if found is not None:
                yield found.value


def _head_bytes(scope: Scope) -> int:
    """Length of a request's address and headers."""
    address = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return address + sum(len(name) + len(value) for name, value in scope["headers"])


def _token_of(scope: Scope) -> str | None:
    """The token in the first address; None in any other request."""
    if scope["method"] != "GET" or scope["path"] != "/":
        return None
    try:
        query = parse_qs(scope["query_string"].decode("ascii"), max_num_fields=8)
    except ValueError:
        return None
    found = query.get("token")
    return found[-1] if found else None


class _Body:
    """The body of a request, no longer and no slower than is allowed.

    Args:
        receive: gives the parts.
        most: bytes.
        limits: seconds between two parts, and for all of them.
    """

    def __init__(self, receive: Receive, most: int, limits: ServerSettings) -> None:
        self._receive, self._left, self._limits = receive, most, limits
        self._until_s = time.monotonic() + limits.body_s
        self._is_complete = False

    async def __call__(self) -> Message:
        """The next part.

        Raises:
            Refused: it does not come in time, or there is more than is allowed.
        """
        if self._is_complete:  # from now on only the end of the connection is waited for
            return await self._receive()
        wait_s = min(self._limits.part_s, self._until_s - time.monotonic())
        try:
            async with asyncio.timeout(max(0.0, wait_s)):
                message = await self._receive()
        except TimeoutError:
            raise Refused(408, "The request did not arrive in time.") from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._is_complete = not message.get("more_body", False)
        if self._left < 0:
            raise Refused(413, "This is larger than what is taken here.")
        return message


class Connection(H11Protocol):
    """A connection that ends when the head of a request does not come in time."""

    head_s = 10.0
    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; wait for the rest of a head that has begun."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait_for_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(self.head_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None


class _Sender:
    """Sends a response with the headers that all of them carry.

    Args:
        send: takes its parts.
        is_page: a refusal is read by a person, not by a script.
    """

    def __init__(self, send: Send, *, is_page: bool) -> None:
        self._send, self._is_page = send, is_page
        self._has_started = False

    async def __call__(self, message: Message) -> None:
        """Send a part of the response."""
        if message["type"] == "http.response.start":
            self._has_started = True
            headers = [*message.get("headers", ()), *_HEADERS]
            known = {name.lower() for name, _ in headers}
            headers += [] if b"cache-control" in known else [_NO_STORE]
            message = {**message, "headers": headers}
        await self._send(message)

    async def refuse(self, refusal: Refused) -> None:
        """Send a refusal, unless something was sent already."""
        if self._has_started:
            return
        words = translated(refusal.words)
        if self._is_page:
            await send_response(self, refusal.status, TEXT, f"{words}\n".encode())
        else:
            body = json.dumps({"error": words}).encode()
            await send_response(self, refusal.status, JSON, body)


async def send_response(
    send: Send, status: int, kind: str, body: bytes, *headers: tuple[bytes, bytes]
) -> None:
    """Send a response at once.

    Args:
        send: takes its parts.
        status: of the response.
        kind: its media type.
        body: all of it.
        headers: further ones.
    """
    own = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    # what is left of a body that was refused is not read: the connection ends
    own += [(b"connection", b"close")] if status >= 400 else []
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _redirect(send: Send, identity: Identity) -> None:
    cookie = (b"set-cookie", identity.set_cookie().encode())
    await send_response(send, 303, TEXT, b"", (b"location", b"/"), cookie)


def refusal_of(problem: RetrorunError) -> Refused:
    """The response that an error of ours stands for."""
    usual = 400 if isinstance(problem, SettingsError) else 409
    known = {"session-unknown": 404, "segment-unknown": 404, "answer-candidate-gone": 409}
    return Refused(known.get(problem.slug, usual), problem.translated)


def member(document: Any, name: str, kind: type | tuple[type, ...]) -> Any:  # noqa: ANN401 - JSON
    """A member of a JSON object.

    Raises:
        Refused: the document is no object, has no such member, or one of another type.
    """
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        raise Refused(400, f"The request has no {name} that can be used.")
    return found


def answer_of(document: Any) -> Answer:  # noqa: ANN401 - JSON
    """The answer that a page has sent.

    Raises:
        Refused: it is none.
    """
    kind = member(document, "answer", str)
    if kind in {"accept", "reject"} and "start_s" in document:
        ends_s = (bounded(document, each) for each in ("start_s", "end_s"))
        return AcceptRange(*ends_s) if kind == "accept" else RejectRange(*ends_s)
    if kind in {"accept", "reject"}:
        numbers = _numbers(document, "segments", "all")
        return Accept(numbers) if kind == "accept" else Reject(numbers)
    if kind == "label":
        start_s, end_s = (bounded(document, each) for each in ("start_s", "end_s"))
        way = member(document, "direction", str)
        if way in {"backward", "forward", "clear"}:
            return LabelRange(start_s, end_s, way)
    if kind == "laps":
        laps = _numbers(document, "laps", "alternate")
        if laps is None:
            return AlternateLaps()
        way = member({"direction": "backward"} | document, "direction", str)
        if way in {"backward", "forward"}:
            return LabelLaps(laps, way)
    raise Refused(400, "The request is no answer.")


def bounded(document: Any, name: str) -> float:  # noqa: ANN401 - JSON
    """A number of a JSON object that is neither endless nor beyond all clocks and places.

    Raises:
        Refused: it is not there, or no such number.
    """
    found = member(document, name, (int, float))
    if not abs(found) <= MOST_S:
        raise Refused(400, f"The request has no {name} that can be used.")
    return float(found)


def _numbers(document: Any, name: str, word: str) -> tuple[int, ...] | None:  # noqa: ANN401 - JSON
    """Numbers, or None where a word stands for all of them."""
    found = member(document, name, (str, list))
    if found == word:
        return None
    if isinstance(found, list) and found and all(type(each) is int for each in found):
        return tuple(found)
    raise Refused(400, f"The request has no {name} that can be used.")


def remark_of(document: Any) -> Remark:  # noqa: ANN401 - JSON
    """The note that a page has sent.

    Raises:
        Refused: it is none. How long its text may be depends on the note that is kept.
    """
    if not isinstance(document, dict):
        raise Refused(400, "The request is no JSON.")
    scores: list[int | None] = []
    for name in ("pain", "effort"):
        score = document.get(name)
        if score is not None and not (type(score) is int and 0 <= score <= 10):
            raise Refused(400, f"A score of {name} is a whole number from 0 to 10.")
        scores.append(score)
    text = member(document, "text", str) if "text" in document else ""
    return Remark(scores[0], scores[1], text)
