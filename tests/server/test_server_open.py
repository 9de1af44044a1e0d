"""The command ``open``: what it prints, where it listens, how it ends, and what it leaves."""

import asyncio
import json
import multiprocessing
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import serving
from starlette.requests import Request

from retrorun import ingest
from retrorun.archive import Archive
from retrorun.cli.watch import followed_folder, has_browser
from retrorun.errors import SettingsError
from retrorun.model import Athlete, Zone
from retrorun.model.recording import POSITION
from retrorun.server import bound, first_address
from retrorun.server.app import Server

EXPORTS = ("--folder", "exports")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return serving.at_rest(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_prints_an_address_that_answers_and_ends_well(place: Path, number: int) -> None:
    with serving.program(place, "--port", "0", *EXPORTS) as (process, address):
        client = serving.client_of(address)
        assert client.ask("GET", "/").status == 200
        with client.listening():  # an open page keeps it from nothing
            process.send_signal(number)
            out, err = process.communicate(timeout=serving.WAIT_S)
        assert process.returncode == 0
        assert out == ""  # the address was all
        assert "Traceback" not in err
        assert err.splitlines()[-1] == "stopped"
    assert not (place / "archive" / "server.json").exists()


def test_it_listens_on_this_computer_only(place: Path) -> None:
    with serving.program(place, "--port", "0", *EXPORTS) as (_, address):
        port = serving.client_of(address).port
        table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        hosts = {
            line.split()[1].partition(":")[0]
            for line in table
            if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
        }
        assert hosts == {"0100007F"}  # 127.0.0.1, as the kernel writes it
        table6 = Path("/proc/net/tcp6").read_text(encoding="ascii")
        assert f":{port:04X} 0000" not in table6


def test_a_port_in_use_is_left_and_the_next_free_one_named(place: Path) -> None:
    with serving.taken_port() as taken:
        port = taken.getsockname()[1]
        with serving.program(place, "--port", str(port), *EXPORTS) as (process, address):
            other = serving.client_of(address).port
            assert other > port
            process.terminate()
            _, err = process.communicate(timeout=serving.WAIT_S)
    assert f"port {port} is in use: {other} is taken instead" in err


def test_no_free_port_is_said_in_words() -> None:
    with serving.taken_port() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as refused:
            bound(port, 1)
    assert refused.value.slug == "port-in-use"


def test_a_second_open_finds_the_first(place: Path) -> None:
    with serving.program(place, "--port", "0", *EXPORTS) as (process, address):
        with serving.program(place, "--port", "0", *EXPORTS) as (second, found):
            assert second.wait(serving.WAIT_S) == 0
        assert found == address
        assert process.poll() is None
        mode = stat.S_IMODE((place / "archive" / "server.json").stat().st_mode)
        assert mode == 0o600


def test_what_a_killed_server_left_is_not_believed(place: Path) -> None:
    with serving.program(place, "--port", "0", *EXPORTS) as (process, first):
        process.kill()
        process.wait()
    assert json.loads((place / "archive" / "server.json").read_bytes())["address"] == first
    assert first_address(place / "archive") is None
    with serving.program(place, "--port", "0", *EXPORTS) as (_, second):
        assert second != first
        assert serving.client_of(second).ask("GET", "/").status == 200
        token = serving.client_of(first).token
        old = serving.Client(serving.client_of(second).port, token)
        assert old.ask("GET", "/").status == 403


def test_a_lock_that_no_server_made_is_no_server(tmp_path: Path) -> None:
    (tmp_path / "server.lock").write_bytes(b"no database" * 200)
    assert first_address(tmp_path) is None


def test_an_upload_that_is_no_form_leaves_the_terminal_alone(place: Path) -> None:
    with serving.program(place, "--port", "0", *EXPORTS) as (process, address):
        client = serving.client_of(address)
        kind = {"Content-Type": "multipart/form-data; boundary=a"}
        assert client.ask("POST", "/api/exports", b"no form", kind).status == 400
        process.terminate()
        _, err = process.communicate(timeout=serving.WAIT_S)
    assert "boundary" not in err


def test_of_two_that_begin_at_once_each_answers_and_one_is_found(place: Path) -> None:
    addresses: list[str] = []

    def begin(stop: threading.Event) -> None:
        with serving.program(place, "--port", "0", *EXPORTS) as (_, address):
            addresses.append(address)
            stop.wait(serving.WAIT_S)

    stop = threading.Event()
    threads = [threading.Thread(target=begin, args=(stop,)) for _ in range(2)]
    for each in threads:
        each.start()
    serving.until(lambda: len(addresses) == 2)
    assert first_address(place / "archive") in addresses
    assert all(serving.client_of(each).ask("GET", "/").status == 200 for each in addresses)
    stop.set()
    for each in threads:
        each.join()


def test_without_a_folder_it_is_that_of_the_last_import(place: Path) -> None:
    serving.imported(place / "first", place / "archive")
    serving.imported(place / "second", place / "archive", days=2)
    with Archive.open(place / "archive") as store:
        assert followed_folder(store, None) == place / "second"
        for each in (place / "second").iterdir():
            each.unlink()
        (place / "second").rmdir()
        assert followed_folder(store, None) == place / "first"
        assert followed_folder(store, place / "new") == place / "new"
    assert (place / "new").is_dir()


def test_commands_on_its_pages_name_an_archive_that_lies_elsewhere(place: Path) -> None:
    (session,) = serving.imported(place / "exports", place / "archive")
    named = f" --archive {place / 'archive'}"
    pages = place / "reports"
    care, alone = pages / "care.html", pages / "sessions" / f"{session}.html"
    with serving.program(place, "--port", "0", *EXPORTS) as (_, address):
        client = serving.client_of(address)
        assert f"&#34;{named}</code>" in client.ask("GET", "/care").body.decode()
        shown = client.ask("GET", f"/sessions/{session}").body.decode()
        assert f"START END backward|forward|clear{named}</code>" in shown
        client.answer(session, answer="accept", segments="all")  # lets the pages be written
        serving.until(lambda: care.is_file() and alone.is_file())
    assert f"&#34;{named}</code>" in care.read_text(encoding="utf-8")
    assert f"clear{named}</code>" in alone.read_text(encoding="utf-8")


def test_where_nothing_was_imported_a_folder_of_the_user_is_made(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrorun.cli.watch.user_documents_path", lambda: place / "Documents")
    with Archive.open(place / "archive") as store:
        assert followed_folder(store, None) == place / "Documents" / "retrorun"


@pytest.mark.skipif(sys.platform != "linux", reason="windows are asked for by a variable on Linux")
def test_a_browser_is_opened_where_there_are_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not has_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_browser()


def test_the_browser_gets_the_address_that_is_printed(place: Path, tmp_path: Path) -> None:
    kept = tmp_path / "opened"
    script = tmp_path / "browser.sh"
    script.write_text(f'#!/bin/sh\necho "$1" > {kept}\n', encoding="ascii")
    script.chmod(0o700)
    paths = ["--archive", str(place / "archive"), "--reports", str(place / "reports")]
    command = [sys.executable, "-m", "retrorun", "open", "--port", "0", *EXPORTS, *paths]
    known = os.environ | {"BROWSER": f"{script} %s"}
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=place, env=known
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        serving.until(lambda: kept.exists() and kept.read_text(encoding="ascii").endswith("\n"))
        assert kept.read_text(encoding="ascii").strip() == address
        process.terminate()
        process.communicate(timeout=serving.WAIT_S)


def test_an_archive_of_elsewhere_is_refused_without_a_traceback(place: Path) -> None:
    (place / "archive").mkdir()
    (place / "archive" / "archive.sqlite").write_bytes(b"this is no database" * 100)
    with serving.program(place, "--port", "0", *EXPORTS) as (process, address):
        _, err = process.communicate(timeout=serving.WAIT_S)
        assert (process.returncode, address) == (1, "")
    assert err.startswith("Error: ")
    assert "Traceback" not in err


def children(process: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since
            found += map(int, (task / "children").read_text().split())
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")
def test_workers_end_when_no_page_is_open_and_come_back_for_an_answer(place: Path) -> None:
    serving.imported(place / "exports", place / "archive")
    settings = place / "settings.toml"
    settings.write_text("[server]\nrelease_s = 1.5\nfollow_s = 0.1\n", encoding="utf-8")
    more = ("--port", "0", "--settings", str(settings), *EXPORTS)
    with serving.program(place, *more) as (process, address):
        client = serving.client_of(address)
        waiting = client.get("/api/inbox")["queue"][0]
        client.ask("GET", f"/sessions/{waiting['session']}")
        serving.until(lambda: len(children(process.pid)) > 1)  # one watches what is leaked
        serving.until(lambda: len(children(process.pid)) <= 1)
        state = client.answer(waiting["session"], answer="accept", segments=[waiting["segment"]])
        assert state["totals"]["backward"]["seconds"] > 0
        serving.until(lambda: len(children(process.pid)) <= 1)


def test_a_worker_that_starts_after_all_were_let_go_is_let_go_too(place: Path) -> None:
    (session,) = serving.imported(place / "exports", place / "archive")
    before = set(multiprocessing.active_children())

    def started() -> int:
        return len(set(multiprocessing.active_children()) - before)

    async def use() -> list[int]:
        server = Server(serving.setup(place, release_s=0))
        response = await server.session(
            Request({"type": "http", "path_params": {"session": session}})
        )
        await server.release()  # the page took longer to make than workers are kept
        counts = [started()]
        assert response.background is not None
        await response.background()
        counts.append(started())
        await server.release()
        counts.append(started())
        server.close()
        return counts

    with ThreadPoolExecutor(1) as thread:  # in this one a browser of other tests may have its loop
        assert thread.submit(asyncio.run, use()).result() == [0, 1, 0]


def test_it_takes_sockets_of_ipv4_on_loopback() -> None:
    with bound(0, 1) as made:
        assert made.getsockname()[0] == "127.0.0.1"
        assert made.family == socket.AF_INET


def test_zones_that_another_version_hid_otherwise_are_hidden_anew(place: Path) -> None:
    """Nothing else is due: no file, page or setting is new."""
    serving.imported(place / "exports", place / "archive")
    serving.at_rest(place)
    athlete = Athlete(privacy_zones=(Zone(46.05, 14.5, 100.0),), zone_secret="5e" * 32)
    with Archive.open(place / "archive") as archive:
        archive.annotations.change_profile(
            lambda _: athlete, lambda *_: archive.annotations.note_exposed((), "of another version")
        )
        assert archive.pending.is_empty()
        with serving.running(serving.setup(place, follow_s=0.1)):
            serving.until(lambda: not ingest.has_redrawn_zones(archive))


def test_a_zone_that_another_program_sets_holds_at_the_next_request(place: Path) -> None:
    """The session is refused until it was analysed again; nothing of it is remembered."""
    (session,) = serving.imported(place / "exports", place / "archive")
    serving.at_rest(place)
    paths = (f"/sessions/{session}", f"/api/sessions/{session}")
    with (
        Archive.open(place / "archive") as archive,
        serving.running(serving.setup(place, follow_s=serving.WAIT_S)) as client,
    ):
        assert [client.ask("GET", each).status for each in paths] == [200, 200]
        track = archive.track(session)
        known = np.flatnonzero(np.isfinite(track.column("latitude_deg")))
        latitude_deg, longitude_deg = (float(track.column(name)[known[0]]) for name in POSITION)
        zone = Zone(latitude_deg, longitude_deg, 100.0)
        athlete = Athlete(privacy_zones=(zone,), zone_secret="5e" * 32)
        ingest.store_zones(archive, lambda _: athlete)
        assert [client.ask("GET", each).status for each in paths] == [409, 409]
