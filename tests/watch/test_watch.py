"""Watching: by events and by polling, through troubles, to a clean end."""

import os
import plistlib
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest
import watchfiles
from click.testing import CliRunner

import fake_pipeline
from retrorun import watch
from retrorun.archive import Archive
from retrorun.cli import main
from retrorun.errors import ArchiveError
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete
from retrorun.settings import Settings

POLLING = watch.Rhythm(every_s=0.2, events=False)
EVENTS = watch.Rhythm(every_s=3600.0, gather_ms=100)  # later than any test waits
LIMIT_S = 300.0  # what is waited for at most; only what never comes takes as long


def looker(exports: Path, folder: Path, stop: threading.Event) -> Callable[[], bool]:
    engine = Engine(Settings(), Athlete(), 1, fake_pipeline.process)

    def look() -> bool:
        with Archive.open(folder) as archive:
            planned = plan_import(exports, archive, settle_s=0)
            report = run_import(planned, archive, engine, watch.between_files(stop))
        return bool(report.waiting)

    return look


def starts(folder: Path) -> list[float]:
    with Archive.open(folder) as archive:
        return [session.start_time_s for session in archive.sessions()]


class Following:
    """A watch in a thread, with its messages."""

    def __init__(self, exports: Path, folder: Path, rhythm: watch.Rhythm) -> None:
        self.messages: list[str] = []
        self.stop = threading.Event()
        look = looker(exports, folder, self.stop)
        arguments = (exports, look, self.messages.append, self.stop, rhythm)
        self.thread = threading.Thread(target=watch.follow, args=arguments)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(LIMIT_S)
        assert not self.thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end_s:
            pytest.fail("it did not happen in time")
        time.sleep(0.05)


@pytest.mark.parametrize("rhythm", [POLLING, EVENTS], ids=["polling", "events"])
def test_a_dropped_file_is_imported(tmp_path: Path, rhythm: watch.Rhythm) -> None:
    exports, folder = tmp_path / "exports", tmp_path / "archive"
    exports.mkdir()
    (exports / "a.fit").write_text("run 1000 60")
    with Following(exports, folder, rhythm):
        wait_for(lambda: starts(folder) == [1000])
        (exports / "sub").mkdir()
        (exports / "b.fit").write_text("run 2000 60")
        wait_for(lambda: starts(folder) == [1000, 2000])


def test_what_is_dropped_before_it_listens_is_seen_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look is over, and no event will come: it looks once more when it listens."""
    exports, folder = tmp_path / "exports", tmp_path / "archive"
    exports.mkdir()
    late, listen = threading.Event(), watchfiles.watch

    def slow(*places: Path, **options: Any) -> Iterator[object]:  # noqa: ANN401 - as it takes them
        late.wait(LIMIT_S)
        yield from listen(*places, **options)

    monkeypatch.setattr(watchfiles, "watch", slow)
    (exports / "a.fit").write_text("run 1000 60")
    with Following(exports, folder, EVENTS):
        wait_for(lambda: starts(folder) == [1000])
        (exports / "b.fit").write_text("run 2000 60")
        late.set()
        wait_for(lambda: starts(folder) == [1000, 2000])


def test_a_burst_is_imported_whole(tmp_path: Path) -> None:
    exports, folder = tmp_path / "exports", tmp_path / "archive"
    exports.mkdir()
    with Following(exports, folder, watch.Rhythm(every_s=1.0, gather_ms=100)):
        for number in range(300):
            (exports / f"{number:03}.fit").write_text(f"run {1000 * (number + 1)} 5")
        wait_for(lambda: len(starts(folder)) == 300)


def test_it_survives_the_folder_going_and_coming_back(tmp_path: Path) -> None:
    exports, folder = tmp_path / "exports", tmp_path / "archive"
    exports.mkdir()
    (exports / "a.fit").write_text("run 1000 60")
    with Following(exports, folder, POLLING) as following:
        wait_for(lambda: starts(folder) == [1000])
        exports.rename(tmp_path / "away")
        wait_for(lambda: any("no such folder" in text for text in following.messages))
        time.sleep(0.6)
        (tmp_path / "away").rename(exports)
        (exports / "b.fit").write_text("run 2000 60")
        wait_for(lambda: starts(folder) == [1000, 2000])
        wait_for(lambda: "All is well again." in following.messages)
        assert sum("no such folder" in text for text in following.messages) == 1


def test_events_come_again_from_a_folder_that_was_replaced(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    waiter = watch._Waiter(exports, threading.Event(), EVENTS)
    waiter.wait(LIMIT_S)  # it wakes itself when it listens
    first = waiter._thread
    exports.rmdir()
    waiter.wait(0.1)
    exports.mkdir()
    (tmp_path / "keeps the inode from being used again").mkdir()
    exports.rename(tmp_path / "old")
    exports.mkdir()
    waiter.wait(LIMIT_S)
    assert waiter._thread is not first
    assert woken(waiter, partial((exports / "a.fit").write_text, "x"))
    waiter.close()


def woken(waiter: watch._Waiter, write: Callable[[], object]) -> bool:
    """Whether a waiter that listens is woken by what is written; else it would wait on."""
    threading.Timer(0.3, write).start()
    began_s = time.monotonic()
    waiter.wait(LIMIT_S)
    return time.monotonic() - began_s < LIMIT_S


def test_a_full_disk_is_said_once_and_survived() -> None:
    stop, messages = threading.Event(), list[str]()
    turns: list[int] = []

    def look() -> bool:
        turns.append(1)
        if len(turns) < 4:
            raise ArchiveError("archive-disk-full", "the disk is full")
        stop.set()
        return False

    watch.follow(Path(), look, messages.append, stop, watch.Rhythm(every_s=0.01, events=False))
    assert messages == ["the disk is full", "All is well again."]


def test_growing_files_are_looked_at_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, turns = threading.Event(), list[int]()

    def look() -> bool:
        turns.append(1)
        if len(turns) == 3:
            stop.set()
        return True

    pauses_s: list[float] = []
    monkeypatch.setattr(watch._Waiter, "wait", lambda _, pause_s: pauses_s.append(pause_s))
    watch.follow(Path(), look, pytest.fail, stop, watch.Rhythm(every_s=60, events=False))
    assert pauses_s == [watch.SETTLED_S] * 3


def test_a_stop_ends_an_import_between_two_files(tmp_path: Path) -> None:
    exports, stop = tmp_path / "exports", threading.Event()
    exports.mkdir()
    for number in range(5):
        (exports / f"{number}.fit").write_text(f"run {1000 * number} 60")
    with Archive.open(tmp_path / "archive") as archive:
        engine = Engine(Settings(), Athlete(), 2, fake_pipeline.process)
        stop.set()
        with pytest.raises(watch.Stopped):
            run_import(
                plan_import(exports, archive, settle_s=0),
                archive,
                engine,
                watch.between_files(stop),
            )
        assert archive.sessions() == []
        stop.clear()
        run_import(
            plan_import(exports, archive, settle_s=0), archive, engine, watch.between_files(stop)
        )
        assert len(archive.sessions()) == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_cleanly(tmp_path: Path, number: int) -> None:
    code = (
        "from pathlib import Path; from retrorun import watch\n"
        "with watch.until_signalled() as stop:\n"
        "    look = lambda: print('look', flush=True)\n"
        f"    watch.follow(Path({str(tmp_path)!r}), look, print, stop)\n"
        "print('clean')"
    )
    with subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "look\n"
        running.send_signal(number)
        out, err = running.communicate(timeout=LIMIT_S)
    assert (out, err, running.returncode) == ("clean\n", "", 0)


ANALYZE = shutil.which("systemd-analyze")
ODD = ["/opt/my tools/retrorun", "watch", 'runs "2026" 100% $HOME\\x']


def test_the_systemd_unit_starts_the_very_command() -> None:
    unit = watch.service("systemd", ODD)
    line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    # systemd's quoting is the shell's, but for % and $
    words = shlex.split(line.removeprefix("ExecStart=").replace("%%", "%").replace("$$", "$"))
    assert words == ODD
    assert "WantedBy=default.target" in unit


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not here")
@pytest.mark.parametrize("program", [sys.executable, "/nowhere/retrorun"])
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path, program: str) -> None:
    assert ANALYZE
    unit = tmp_path / "retrorun.service"
    unit.write_text(watch.service("systemd", [program, *ODD[1:]]), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - systemd's own
        [ANALYZE, "verify", "--man=no", unit],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "retrorun" in line]
    if program == sys.executable:
        assert (done.returncode, ours) == (0, [])
    else:  # so that a fault would be found
        assert any("is not executable" in line for line in ours), done.stderr


def test_the_service_keeps_every_option_and_starts_a_module_by_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETRORUN_ARCHIVE", "mine")
    monkeypatch.setattr(sys, "argv", ["/somewhere/retrorun/__main__.py"])
    words = ["watch", "runs", "--every", "300", "--no-events", "--jobs", "1", "--reports", "pages"]
    done = CliRunner().invoke(main, [*words, "--service", "launchd"])
    assert done.exit_code == 0, done.output
    command = plistlib.loads(done.stdout.encode())["ProgramArguments"]
    assert command[:5] == [sys.executable, "-m", "retrorun", "watch", str(tmp_path / "runs")]
    assert command[5:10] == ["--every", "300", "--no-events", "--jobs", "1"]
    assert command[10:] == [
        "--reports",
        str(tmp_path / "pages"),
        "--archive",
        str(tmp_path / "mine"),
    ]


def test_the_launchd_agent_starts_the_very_command() -> None:
    agent = plistlib.loads(watch.service("launchd", ODD).encode())
    assert agent["ProgramArguments"] == ODD
    assert agent["RunAtLoad"] is True


@pytest.mark.parametrize(
    ("name", "worth"),
    [
        ("run.fit", True),
        ("run.fit.gz", True),
        ("export.zip", True),
        ("run.labels.csv", True),
        ("training-session-2026-05-12-1.json", True),  # Polar's
        ("Location.csv", True),  # a phone's sensor log
        ("activities.csv", True),  # of a bulk export
        ("notes.txt", False),
        ("photo.jpg", False),
        (".Location.csv", False),
        ("~run.fit", False),
    ],
)
def test_events_of_all_that_may_be_imported_wake_it(name: str, *, worth: bool) -> None:
    assert watch.is_worth_a_look(name) == worth


def test_a_phones_table_wakes_it(tmp_path: Path) -> None:
    waiter = watch._Waiter(tmp_path, threading.Event(), EVENTS)
    waiter.wait(LIMIT_S)  # it wakes itself when it listens
    assert woken(waiter, partial((tmp_path / "Location.csv").write_text, "time,latitude\n"))
    waiter.close()


def test_a_folder_without_permission_is_named_and_passed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "exports" / "closed").mkdir(parents=True)
    (tmp_path / "exports" / "a.fit").write_text("run 1000 60")
    scandir = os.scandir

    def refuse(path: str) -> "os._ScandirIterator[str]":
        if path.endswith("closed"):  # root may read everything, so the system is acted
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with Archive.open(tmp_path / "archive") as archive:
        planned = plan_import(tmp_path / "exports", archive, settle_s=0)
    assert planned.unlisted == ((str(tmp_path / "exports" / "closed"), "Permission denied"),)
    assert len(planned.new) == 1
