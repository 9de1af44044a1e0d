"""Who is refused: no token, foreign hosts and origins, odd kinds, too much, too slow."""

import concurrent.futures
import contextlib
import http.client
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import serving
from serving import Client

from retrorun.server.security import Identity, new_token

JSON = {"Content-Type": "application/json"}
PATIENT = {"header_s": serving.WAIT_S, "part_s": serving.WAIT_S, "body_bytes": 2000}
DRIPS = 900  # a body of a thousand bytes never ends of itself
STRICT = {"header_s": 1.0, "part_s": 1.0, "body_s": 3.0}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("server")
    serving.imported(place / "exports", place / "archive")
    return serving.at_rest(place)


@pytest.fixture(scope="module")
def client(place: Path) -> Iterator[Client]:
    with serving.running(serving.setup(place, **PATIENT)) as client:
        yield client


@pytest.fixture(scope="module")
def strict(place: Path) -> Iterator[Client]:
    """A server that does not wait long for a request."""
    with serving.running(serving.setup(place, **STRICT)) as client:
        yield client


def session(client: Client) -> str:
    return str(client.get("/api/inbox")["queue"][0]["session"])


def test_a_token_has_128_bits_and_no_start_has_that_of_another() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    # base64: six bits a character
    assert all(len(each) * 6 >= 128 and re.fullmatch(r"[\w-]+", each) for each in tokens)


def test_the_first_address_hands_the_token_over_and_leads_to_one_without(client: Client) -> None:
    reply = client.ask("GET", f"/?token={client.token}", headers={"Cookie": None})
    assert reply.status == 303
    assert reply.headers["location"] == "/"
    cookie, *attributes = reply.headers["set-cookie"].split("; ")
    assert cookie.endswith(client.token)
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} == set(attributes)
    followed = client.ask("GET", "/", headers={"Cookie": cookie})
    assert followed.status == 200
    assert client.token.encode() not in followed.body


PATHS = (
    ("GET", "/"),
    ("GET", "/comparison"),
    ("GET", "/zones"),
    ("GET", "/sessions/0123456789ab"),
    ("GET", "/assets/none.js"),
    ("GET", "/api/inbox"),
    ("GET", "/api/events"),
    ("GET", "/nowhere"),
    ("POST", "/api/sessions/0123456789ab/answers"),
    ("POST", "/api/exports"),
    ("POST", "/api/zones"),
    ("PUT", "/"),
    ("OPTIONS", "/api/inbox"),
)


@pytest.mark.parametrize("token", [None, "", "x", "another-start's-token", "a-token-of-the-test"])
@pytest.mark.parametrize(("method", "path"), PATHS)
def test_without_the_token_of_this_start_nothing_is_answered(
    client: Client, method: str, path: str, token: str | None
) -> None:
    cookie = None if token is None else f"retrorun-{client.port}={token}"
    reply = client.ask(method, path, headers={"Cookie": cookie})
    assert reply.status == 403
    assert "set-cookie" not in reply.headers


def test_a_wrong_token_in_the_address_hands_nothing_over(client: Client) -> None:
    for query in ("token=x", "token=", f"Token={client.token}", f"token={client.token}x"):
        reply = client.ask("GET", f"/?{query}", headers={"Cookie": None})
        assert reply.status == 403
        assert "set-cookie" not in reply.headers


def test_the_cookie_of_another_port_is_none_of_ours(client: Client) -> None:
    other = f"retrorun-{client.port + 1}={client.token}"
    assert client.ask("GET", "/", headers={"Cookie": other}).status == 403


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.evil.example",
        "localhost.evil.example:{port}",
        "[::1]:{port}",
        "0.0.0.0:{port}",
    ],
)
def test_a_foreign_host_is_refused_with_the_token_or_without(
    client: Client, host: str | None
) -> None:
    name = None if host is None else host.format(port=client.port)
    for path in ("/", "/api/inbox", f"/?token={client.token}"):
        reply = client.ask("GET", path, headers={"Host": name})
        assert reply.status in {400, 403}  # HTTP/1.1 without a host is no request at all
        assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    "more", ["Host: evil.example", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site"]
)
def test_a_second_host_or_site_is_no_way_past_the_first(client: Client, more: str) -> None:
    with socket.create_connection(("127.0.0.1", client.port)) as raw:
        own = f"127.0.0.1:{client.port}"
        cookie = f"Cookie: retrorun-{client.port}={client.token}"
        text = f"GET /api/inbox HTTP/1.1\r\nHost: {own}\r\n{more}\r\n{cookie}\r\n\r\n"
        raw.sendall(text.encode())
        assert raw.recv(100).split()[1] in {b"400", b"403"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "file://"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_comes_from_elsewhere_is_refused_and_changes_nothing(
    client: Client, headers: dict[str, str]
) -> None:
    sent = {name: value.format(port=client.port) for name, value in headers.items()}
    path = f"/api/sessions/{session(client)}/answers"
    body = b'{"answer":"accept","segments":"all"}'
    assert client.ask("POST", path, body, JSON | sent).status == 403
    assert client.ask("GET", "/api/inbox", headers=sent).status == 403
    assert client.get(f"/api/sessions/{session(client)}")["undo"] == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "X"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert client.ask(method, "/api/inbox").status == 403
    assert client.ask("POST", "/api/inbox", b"{}", JSON).status == 403
    assert client.ask("GET", f"/api/sessions/{session(client)}/answers").status == 403


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_an_answer_is_json_or_nothing(client: Client, kind: str | None) -> None:
    path = f"/api/sessions/{session(client)}/answers"
    reply = client.ask(
        "POST", path, b'{"answer":"accept","segments":"all"}', {"Content-Type": kind}
    )
    assert reply.status == 403
    assert client.ask("POST", "/api/exports", b"{}", JSON).status == 403
    assert client.get(f"/api/sessions/{session(client)}")["undo"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"accept"',
        b"\xff\xfe",
        b"[" * 1500,
        b'{"answer":"shout"}',
        b'{"answer":"accept"}',
        b'{"answer":"accept","segments":[]}',
        b'{"answer":"accept","segments":["2"]}',
        b'{"answer":"accept","segments":[true]}',
        b'{"answer":"accept","segments":"some"}',
        b'{"answer":"label","start_s":1,"end_s":2,"direction":"up"}',
        b'{"answer":"label","start_s":5,"end_s":2,"direction":"forward"}',
        b'{"answer":"label","start_s":1e400,"end_s":2,"direction":"forward"}',
        b'{"answer":"label","start_s":1' + b"0" * 400 + b',"end_s":2,"direction":"forward"}',
        b'{"answer":"label","start_s":true,"end_s":2,"direction":"forward"}',
        b'{"answer":"laps","laps":[1],"direction":"up"}',
        b'{"answer":"laps","laps":"all"}',
        b'{"answer":"laps","laps":[1],"direction":["backward"]}',
        b'{"answer":"laps","laps":[1],"direction":{}}',
    ],
)
def test_what_is_no_answer_is_refused_in_words_and_stores_nothing(
    client: Client, body: bytes
) -> None:
    path = f"/api/sessions/{session(client)}/answers"
    reply = client.ask("POST", path, body, JSON)
    assert reply.status == 400
    assert reply.json["error"].endswith(".")
    assert client.get(f"/api/sessions/{session(client)}")["undo"] == 0


@pytest.mark.parametrize("start", ["9" * 5000, "9" * 400, "-1", "x", "1.5", "%C2%B2"])
def test_a_start_that_is_no_moment_of_a_session_is_an_address_that_is_not_there(
    client: Client, start: str
) -> None:
    assert client.ask("GET", f"/api/review/{session(client)}/{start}").status == 404


def test_every_response_is_for_this_origin_alone(client: Client) -> None:
    for path in ("/", "/api/inbox", "/nowhere", "/comparison"):
        reply = client.ask("GET", path, headers={"Origin": f"http://127.0.0.1:{client.port}"})
        assert not any(name.startswith("access-control") for name in reply.headers)
        policy = dict(
            each.strip().split(" ", 1)
            for each in reply.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert "server" not in reply.headers


def test_paths_lead_to_no_file(client: Client) -> None:
    for name in (
        "../archive/archive.sqlite",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "style.css",
        "..\\style.css",
        "%00",
    ):
        for room in ("assets", "sessions", "api/sessions"):
            assert client.ask("GET", f"/{room}/{name}").status == 404


def test_a_body_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is(
    client: Client,
) -> None:
    path = f"/api/sessions/{session(client)}/note"
    kind = JSON
    body = b'{"text":"' + b"a" * 3000 + b'"}'
    assert client.ask("POST", path, body, kind).status == 413
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    headers = {**kind, "Transfer-Encoding": "chunked", "Content-Length": None}
    assert client.ask("POST", path, chunked, headers).status == 413
    assert client.ask("POST", path, b"{}", kind | {"Content-Length": "9" * 30}).status in {400, 413}


@pytest.mark.parametrize("length", [20_000, 60_000])
def test_a_head_that_is_too_large_is_refused_however_it_arrives(
    client: Client, length: int
) -> None:
    """One that arrived at once was taken, up to what the connection reads at once."""
    assert client.ask("GET", "/", headers={"X-Long": "a" * length}).status in {400, 413}
    assert client.ask("GET", f"/?x={'a' * length}").status in {400, 413}
    assert client.ask("GET", "/").status == 200


def dripped(client: Client, first: bytes, drip: bytes, every_s: float) -> bytes:
    """Send slowly until the server ends it: what it said."""
    said = b""
    with socket.create_connection(("127.0.0.1", client.port)) as raw, contextlib.suppress(OSError):
        raw.settimeout(every_s)
        raw.sendall(first)
        for _ in range(DRIPS):
            try:
                part = raw.recv(1000)
            except TimeoutError:
                raw.sendall(drip)
                continue
            said += part
            if not part:
                return said
        pytest.fail("the server waits on")
    return said


def head(client: Client, session_id: str, length: int) -> bytes:
    return (
        f"POST /api/sessions/{session_id}/note HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\n"
        f"Cookie: retrorun-{client.port}={client.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def goes_on(client: Client) -> bool:
    """Whether a server answers; one that waits for no one may have given up on us meanwhile."""
    try:
        return bool(client.get("/api/inbox")["sessions"] == 1)
    except (OSError, http.client.HTTPException, AssertionError):
        return False


def test_a_slow_head_a_body_that_stops_and_one_that_drips_end(
    client: Client, strict: Client
) -> None:
    known = session(client)
    assert b"200" not in dripped(strict, b"GET / HTTP/1.1\r\n", b"X: y\r\n", 0.2)
    assert dripped(strict, head(strict, known, 100), b"", 0.2).split()[1] == b"408"
    assert dripped(strict, head(strict, known, 1000), b" ", 0.2).split()[1] == b"408"
    serving.until(lambda: goes_on(strict))


def test_what_is_no_http_ends_and_the_server_goes_on(strict: Client) -> None:
    for text in (
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"\x00" * 5000,
        b"GET / HTTP/9.9\r\n\r\n",
    ):
        dripped(strict, text, b"", 0.2)
    huge = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{strict.port}\r\nX: {'a' * 100_000}\r\n\r\n"
    assert b" 200 " not in dripped(strict, huge.encode(), b"", 0.2)
    serving.until(lambda: goes_on(strict))


def test_a_thousand_requests_at_once_are_answered_or_refused_and_it_lives(client: Client) -> None:
    def one(number: int) -> int:
        try:
            return client.ask("GET", ("/api/inbox", "/nowhere")[number % 2]).status
        except (OSError, http.client.HTTPException):
            return 0

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        statuses = list(pool.map(one, range(1000)))
    assert set(statuses) <= {200, 404, 429, 503}
    assert statuses.count(200) >= 100
    serving.until(lambda: goes_on(client))


def test_a_thousand_connections_that_ask_at_one_moment_are_all_answered(tmp_path: Path) -> None:
    serving.imported(tmp_path / "exports", tmp_path / "archive")
    serving.at_rest(tmp_path)
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2100:
        pytest.skip("the system lets no program have two thousand connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2100), hard))
    exports = ("--port", "0", "--folder", str(tmp_path / "exports"))
    with serving.program(tmp_path, *exports) as (process, address), contextlib.ExitStack() as held:
        client = serving.client_of(address)
        text = (
            f"GET /api/inbox HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\n"
            f"Cookie: retrorun-{client.port}={client.token}\r\nConnection: close\r\n\r\n"
        )
        raws = []
        for _ in range(1000):
            raw = socket.create_connection(("127.0.0.1", client.port), timeout=serving.WAIT_S)
            raws.append(held.enter_context(raw))
        for raw in raws:
            raw.sendall(text.encode())
        statuses = [raw.recv(100).split()[1] for raw in raws]
        assert statuses == [b"200"] * 1000
        assert client.get("/api/inbox")["sessions"] == 1
        assert process.poll() is None
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_six_hundred_open_connections_leave_it_alive(client: Client) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(600):
            raw = socket.create_connection(("127.0.0.1", client.port), timeout=serving.WAIT_S)
            held.enter_context(raw)
        assert client.get("/api/inbox")["sessions"] == 1


def test_answers_have_a_rate(place: Path) -> None:
    limits = {"answers_per_s": 0.01, "answers_at_once": 3}
    with serving.running(serving.setup(place, **limits)) as client:
        path = f"/api/sessions/{session(client)}/note"
        statuses = [client.post(path, {"text": "x"}).status for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


def test_requests_without_the_token_use_up_nothing_of_the_rate(place: Path) -> None:
    with serving.running(serving.setup(place, reads_per_s=0.01, reads_at_once=5)) as client:
        for _ in range(20):
            assert client.ask("GET", "/", headers={"Cookie": None}).status == 403
        assert client.ask("GET", "/api/inbox").status == 200


def test_pages_that_listen_are_bounded(place: Path) -> None:
    with serving.running(serving.setup(place, streams=2)) as client:
        with client.listening(), client.listening():
            assert client.ask("GET", "/api/events").status == 429
        serving.until(lambda: client.ask("HEAD", "/api/events").status == 200)


def test_the_token_is_compared_whole() -> None:
    identity = Identity(1, "abcdef")
    assert identity.is_token("abcdef")
    for each in ("", "abcde", "abcdefg", "abcdeF", "äöü", "\udc80"):
        assert not identity.is_token(each)
