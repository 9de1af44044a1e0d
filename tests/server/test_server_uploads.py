"""Dropped files: whole or not at all, under names of their own, one sentence for what cannot be."""

import errno
import gzip
import io
import os
import socket
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import serving
from msgspec import structs
from serving import Client

from retrorun import publish, watch
from retrorun.archive import Archive
from retrorun.server import uploads
from retrorun.server.uploads import clean_name, move_to_free_name
from windows_names import is_reserved


@pytest.fixture(scope="module")
def run() -> bytes:
    return serving.export()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving.running(serving.setup(serving.at_rest(tmp_path))) as client:
        yield client


def exports(place: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in (place / "exports").iterdir()}


def sent(client: Client, *files: tuple[str, bytes]) -> list[dict[str, Any]]:
    reply = client.upload(*files)
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.json["files"]
    return found


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("run.fit", "run.fit"),
        ("../../etc/run.fit", "run.fit"),
        ("..\\..\\windows\\run.fit", "run.fit"),
        ("C:\\runs\\run.fit", "run.fit"),
        ("/absolute.gpx", "absolute.gpx"),
        (".hidden.fit", "hidden.fit"),
        ("~run.fit", "run.fit"),
        ("...", "_"),
        ("", "_"),
        ("a\x00b\nc\x1b[31m.fit", "ab c[31m.fit"),
        ("evil\u202etif.fit", "eviltif.fit"),
        ('a<b>"c|d?e*f.fit', "a_b__c_d_e_f.fit"),
        ("con.fit", "_con.fit"),
        ("NUL", "_NUL"),
        ("COM¹.fit.gz", "_COM¹.fit.gz"),
        ("aux .gpx", "_aux.gpx"),
        ("CONIN$.tcx", "_CONIN$.tcx"),
        ("lpt9.labels.csv", "_lpt9.labels.csv"),
        ("console.fit", "console.fit"),
        ("run.fit. . ", "run.fit"),
        (".fit", "fit"),
        ("lauf ü 走.fit.gz", "lauf ü 走.fit.gz"),
    ],
)
def test_a_name_is_visible_and_without_a_folder_on_any_system(name: str, wanted: str) -> None:
    assert clean_name(name, 180) == wanted
    assert not is_reserved(clean_name(name, 180))


def test_what_is_a_device_on_windows_is_what_python_says() -> None:
    devices = ("con", "prn", "aux", "nul", "conin$", "conout$", "com¹", "lpt³", "com1", "lpt9")
    for name in (f"{device}{more}" for device in devices for more in ("", " ", ".fit", " .a.b")):
        assert is_reserved(name), name
        assert not is_reserved(clean_name(name, 180)), name


@pytest.mark.parametrize("ending", [".fit", ".fit.gz", ".labels.csv", ".FIT.GZ"])
def test_a_long_name_keeps_its_ending(ending: str) -> None:
    for stem in ("a" * 500, "走" * 200, "a b " * 100):
        found = clean_name(stem + ending, 100)
        assert found.endswith(ending)
        assert 90 <= len(found.encode()) <= 100


def test_a_dropped_export_becomes_a_session(client: Client, tmp_path: Path, run: bytes) -> None:
    with client.listening() as events:
        (one,) = sent(client, ("my run.fit", run))
        assert one == {"name": "my run.fit", "stored_as": "my run.fit", "problem": None}
        told = next(data for name, data in events if name == "file")
    assert told["name"] == "my run.fit"
    assert exports(tmp_path) == {"my run.fit": run}
    assert client.ask("GET", f"/sessions/{told['session']}").status == 200
    assert client.get("/api/inbox")["candidates"] == serving.STRETCHES


def test_no_file_is_ever_over_another(client: Client, tmp_path: Path) -> None:
    contents = [serving.export(day) for day in range(3)]
    stored = [sent(client, ("run.fit", each))[0]["stored_as"] for each in contents]
    assert stored == ["run.fit", "run (2).fit", "run (3).fit"]
    assert exports(tmp_path) == dict(zip(stored, contents, strict=True))


def test_the_same_again_is_named_and_not_kept_twice(
    client: Client, tmp_path: Path, run: bytes
) -> None:
    sent(client, ("run.fit", run))
    serving.until(lambda: client.get("/api/inbox")["candidates"] > 0)
    (again,) = sent(client, ("again.fit", run))
    assert again == {
        "name": "again.fit",
        "stored_as": None,
        "problem": "It is here already, as run.fit.",
    }
    assert list(exports(tmp_path)) == ["run.fit"]


def test_what_cannot_be_kept_is_named_and_the_rest_goes_on(
    client: Client, tmp_path: Path, run: bytes
) -> None:
    found = sent(
        client,
        ("letter.pdf", b"%PDF"),
        ("empty.fit", b""),
        ("run.fit", run),
        ("run.exe", b"MZ"),
    )
    assert [each["problem"] for each in found] == [
        uploads.NO_EXPORT,
        uploads.EMPTY,
        None,
        uploads.NO_EXPORT,
    ]
    assert exports(tmp_path) == {"run.fit": run}
    serving.until(lambda: client.get("/api/inbox")["candidates"] > 0)


def bomb() -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("run.gpx", b"<gpx>" + b" " * 60_000_000 + b"</gpx>")
    return inner.getvalue()


def test_what_cannot_be_read_is_set_aside_with_a_reason_and_the_rest_goes_on(
    client: Client, run: bytes
) -> None:
    broken = {
        "cut.fit": run[: len(run) // 3],
        "noise.fit": os.urandom(3000),
        "bomb.zip": bomb(),
        "half.fit.gz": gzip.compress(run)[:2000],
        "lies.gpx": b"<html>not a track</html>",
    }
    found = sent(client, *broken.items(), ("run.fit", run))
    assert [each["problem"] for each in found] == [None] * 6
    aside = {"noise.fit", "lies.gpx"}
    serving.until(lambda: aside <= {each["name"] for each in client.get("/api/inbox")["set_aside"]})
    serving.until(lambda: bool(client.get("/api/inbox")["fresh"]))
    inbox = client.get("/api/inbox")
    assert all(each["reason"] for each in inbox["set_aside"])
    # of the two that are cut, what they held before the cut is read
    assert {each["name"] for each in inbox["set_aside"]} == {"noise.fit", "lies.gpx", "run.gpx"}
    assert inbox["candidates"] >= serving.STRETCHES


def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    made = serving.setup(tmp_path, upload_bytes=100_000)
    with serving.running(made) as client:
        assert client.upload(("run.fit", b"x" * 200_000)).status == 413
        assert client.get("/api/inbox")["sessions"] == 0
    assert exports(tmp_path) == {}


def test_the_bound_of_one_file_is_that_of_the_readers(tmp_path: Path, run: bytes) -> None:
    made = serving.setup(tmp_path)
    read = structs.replace(made.settings.read, file_bytes=len(run) + 10)
    made = replace(made, settings=structs.replace(made.settings, read=read))
    with serving.running(made) as client:
        small, large = sent(client, ("run.fit", run), ("large.fit", run * 2))
    assert small["problem"] is None
    assert "larger" in large["problem"]
    assert list(exports(tmp_path)) == ["run.fit"]


def test_a_form_that_ends_within_a_file_does_not_keep_it(
    client: Client, tmp_path: Path, run: bytes
) -> None:
    head = '--edge\r\nContent-Disposition: form-data; name="file"; filename="half.fit"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    reply = client.ask("POST", "/api/exports", head.encode() + run[:5000], headers)
    assert [each["problem"] for each in reply.json["files"]] == [uploads.CUT_OFF]
    assert exports(tmp_path) == {}


def test_an_upload_that_breaks_off_leaves_what_was_whole(
    client: Client, tmp_path: Path, run: bytes
) -> None:
    edge, folder = "edge-of-a-part", tmp_path / "exports"
    part = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n'
    body = (part % "whole.fit").encode() + run + b"\r\n" + (part % "half.fit").encode() + run[:900]
    head = (
        f"POST /api/exports HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\n"
        f"Cookie: retrorun-{client.port}={client.token}\r\n"
        f"Content-Type: multipart/form-data; boundary={edge}\r\nContent-Length: 10000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.port)) as raw:
        raw.sendall(head.encode() + body)
        serving.until((folder / "whole.fit").exists)
    # a part may be gone once it was listed: only names are read
    serving.until(lambda: [each.name for each in folder.iterdir()] == ["whole.fit"])
    serving.until(lambda: client.get("/api/inbox")["candidates"] > 0)


def test_a_form_that_is_none_is_refused(client: Client, tmp_path: Path) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary="):
        assert client.ask("POST", "/api/exports", b"x", {"Content-Type": kind}).status == 400
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"garbage", b"--x\r\nno colon\r\n\r\n", b"--x\r\n" + b"A: b\r\n" * 5000):
        assert client.ask("POST", "/api/exports", body, headers).status == 400
    other = b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\nhello\r\n--x--\r\n'
    assert client.ask("POST", "/api/exports", other, headers).json == {"files": []}
    assert exports(tmp_path) == {}


def test_too_many_files_are_refused_and_those_before_are_imported_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_request = partial(watch.Rhythm, every_s=600.0, events=False)
    monkeypatch.setattr(watch, "Rhythm", by_request)  # nothing but the request tells of them
    with serving.running(serving.setup(tmp_path, upload_files=2)) as client:
        serving.until((tmp_path / "reports" / publish.INDEX).exists)
        time.sleep(1.0)  # the first look is over
        files = [(f"{day}.fit", serving.export(day)) for day in range(3)]
        assert client.upload(*files).status == 413
        serving.until(lambda: client.get("/api/inbox")["sessions"] == 2)
    assert sorted(exports(tmp_path)) == ["0.fit", "1.fit"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "cannot be written"),
        (errno.EACCES, "cannot be written"),
        (errno.ENOSPC, "full"),
    ],
)
def test_a_folder_that_cannot_be_written_is_named_beside_each_file(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    run = serving.export()
    usual = Path.open

    def refused(path: Path, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as Path.open
        if path.suffix == ".part":
            raise OSError(number, os.strerror(number))
        return usual(path, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refused)
        found = sent(client, ("run.fit", run), ("letter.pdf", b"%PDF"))
    assert words in found[0]["problem"]
    assert found[1]["problem"] == uploads.NO_EXPORT
    assert exports(tmp_path) == {}
    assert sent(client, ("run.fit", run))[0]["problem"] is None  # and then it goes on


def test_a_folder_that_is_gone_is_named_and_followed_again_when_it_is_back(
    client: Client, tmp_path: Path, run: bytes
) -> None:
    serving.until(lambda: client.get("/api/inbox")["trouble"] == "")
    (tmp_path / "exports").rename(tmp_path / "away")
    assert "cannot be written" in sent(client, ("run.fit", run))[0]["problem"]
    (tmp_path / "away").rename(tmp_path / "exports")
    assert sent(client, ("run.fit", run))[0]["problem"] is None
    serving.until(lambda: client.get("/api/inbox")["candidates"] > 0)


def test_a_defect_in_what_follows_is_named_and_the_folder_is_followed_on(
    client: Client, run: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr("retrorun.server.work.Follower._run_job", broken)
        sent(client, ("run.fit", run))
        serving.until(lambda: "a defect" in client.get("/api/inbox")["trouble"])
    serving.until(lambda: client.get("/api/inbox")["candidates"] > 0)
    serving.until(lambda: client.get("/api/inbox")["trouble"] == "")


def test_a_table_of_labels_dropped_with_its_export_holds(client: Client, run: bytes) -> None:
    table = b"start,end,direction\n0:10,0:40,backward\n"
    found = sent(client, ("run.fit", run), ("run.labels.csv", table))
    assert [each["problem"] for each in found] == [None, None]
    serving.until(lambda: client.get("/api/inbox")["sessions"] > 0)
    session = client.get("/api/inbox")["queue"][0]["session"]

    def is_labelled() -> bool:
        segments = client.get(f"/api/sessions/{session}")["segments"]
        return any((each["start_s"], each["end_s"]) == (10, 40) for each in segments)

    serving.until(is_labelled)


def test_what_is_dropped_into_the_folder_itself_is_imported(
    client: Client, tmp_path: Path, run: bytes
) -> None:
    (tmp_path / "exports" / "by-hand.fit").write_bytes(run)
    serving.until(lambda: client.get("/api/inbox")["candidates"] > 0)


def test_a_name_is_never_taken_from_another_that_comes_at_the_same_time(tmp_path: Path) -> None:
    for number in range(5):
        partial = tmp_path / f".{number}.part"
        partial.write_bytes(bytes([number]))
        move_to_free_name(partial, tmp_path, "run.fit.gz")
    found = sorted(each.name for each in tmp_path.iterdir())
    assert found == [
        "run (2).fit.gz",
        "run (3).fit.gz",
        "run (4).fit.gz",
        "run (5).fit.gz",
        "run.fit.gz",
    ]
    assert {each.read_bytes()[0] for each in tmp_path.iterdir()} == set(range(5))


def test_file_systems_without_links_keep_the_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    for number in range(2):
        partial = tmp_path / f".{number}.part"
        partial.write_bytes(bytes([number]))
        move_to_free_name(partial, tmp_path, "run.fit")
    assert (tmp_path / "run.fit").read_bytes() == b"\x00"
    assert (tmp_path / "run (2).fit").read_bytes() == b"\x01"


def test_an_import_that_runs_is_told_with_how_much_is_left(client: Client, tmp_path: Path) -> None:
    with client.listening() as events:
        files = [(f"{day}.fit", serving.export(day)) for day in range(4)]
        sent(client, *files)
        steps = []
        for name, data in events:
            if name == "import":
                steps.append(data)
            if name == "file" and steps and steps[-1]["done"] == steps[-1]["total"]:
                break
    assert steps[-1]["done"] == steps[-1]["total"]
    assert all(each["rate_per_s"] > 0 and each["left_s"] >= 0 for each in steps)
    serving.until(lambda: client.get("/api/inbox")["import"] is None)
    with Archive.open(tmp_path / "archive") as store:
        assert len(store.known()) == 4
