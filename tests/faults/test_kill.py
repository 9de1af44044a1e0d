"""Killed at any moment: what was written is whole, and a second run completes it.

``RETRORUN_KILLS`` sets how many random moments are tried (``make faults`` tries 200).
"""

import os
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import fake_pipeline
from retrorun.archive import Archive, FileRow, maintenance
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete, Session
from retrorun.settings import Settings

KILLS = int(os.environ.get("RETRORUN_KILLS", "8"))
FILES = 100
MEMBERS = 50
SCRIPT = Path(__file__).with_name("importing.py")
State = tuple[list[FileRow], list[Session], dict[str, bytes]]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred files and a zip of fifty: most are runs, some damaged, some copies."""
    folder = tmp_path_factory.mktemp("exports")
    for number in range(FILES):
        texts = {7: "rubbish", 8: "none", 9: "run 1000 60"}
        text = texts.get(number % 10, f"run {1000 * (number + 1)} 60")
        (folder / f"{number:03}.fit").write_text(text)
    for number in range(0, FILES, 10):
        (folder / f"{number:03}.labels.csv").write_text("start,end,direction\n1,9,backward\n")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        for number in range(MEMBERS):
            texts = {0: "rubbish", 1: "run 1000 60"}
            text = texts.get(number % 10, f"run {1000 * (number + 1)} 400")
            archive.writestr(f"{number:03}.fit", text)
    return folder


def start(exports: Path, folder: Path, jobs: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, str(SCRIPT), str(exports), str(folder), str(jobs)]
    running = subprocess.Popen(  # noqa: S603 - our own
        arguments, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "begun\n"
    return running


def finish(exports: Path, folder: Path) -> State:
    """Complete the import here, and say what there is."""
    with Archive.open(folder) as archive:
        engine = Engine(Settings(), Athlete(), 1, fake_pipeline.process)
        run_import(plan_import(exports, archive, settle_s=0), archive, engine)
        maintenance.vacuum(archive)
        assert maintenance.check(archive) == []
        stored = {path.name: path.read_bytes() for path in folder.glob("*/*/*")}
        return archive.files(), archive.sessions(), stored


@pytest.fixture(scope="module")
def undisturbed(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[State, float]:
    """What an import gives that nobody disturbs, and how long it takes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    began_s = time.monotonic()
    with start(exports, folder, 2) as running:
        assert running.wait(600) == 0
    took_s = time.monotonic() - began_s
    state = finish(exports, folder)
    assert len(state[1]) == 70 + 40  # seven and eight of ten; the copies add none
    assert sum(bool(session.labels) for session in state[1]) == 10
    return state, took_s


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_kill_at_any_moment_costs_nothing(
    kill: int,
    exports: Path,
    undisturbed: tuple[State, float],
    tmp_path: Path,
) -> None:
    wanted, took_s = undisturbed
    moment_s = random.Random(kill).uniform(0.0, took_s)  # noqa: S311 - no secret
    with start(exports, tmp_path, 1 + kill % 2) as running:
        time.sleep(moment_s)
        running.kill()
    if (tmp_path / "archive.sqlite").exists():
        with Archive.open(tmp_path) as archive:
            assert maintenance.check(archive) == []
    assert finish(exports, tmp_path) == wanted
    assert not list(tmp_path.glob("**/*.part"))
