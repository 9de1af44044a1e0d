"""The command, when the scheduler is killed in the middle: one sentence, and it goes on later."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cohort_made as made
import pytest
from dask_programs import machines

NAMES = ("2026-05-03-connect-iq.fit", "2026-05-21-watch.tcx", "2026-05-31-easy.fit")
ATHLETES = ("ann", "bo", "cy")
COUNT = len(NAMES) * len(ATHLETES)
LIMIT_S = 1800.0  # of one run, at most, on a busy machine


@pytest.fixture(scope="module")
def exports(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for athlete in ATHLETES:
        (folder / athlete).mkdir()
        for name in NAMES:
            shutil.copy(samples / name, folder / athlete)
    return folder


@pytest.fixture(scope="module")
def whole(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The result set of a run that nothing disturbs."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert process(exports, out, "--jobs", "1").returncode == 0
    return made.tree(out)


SMALL = """
from retrorun.cli import main
from retrorun.cohort import batches
if __name__ == "__main__":
    batches.BATCH_FILES = 1
    main()
"""


def process(exports: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as a program of its own, with a batch a file: its stderr is all that is told."""
    script = out.with_name("small_batches.py")
    script.write_text(SMALL)
    none = ("--archive", str(out.with_name("no archive")))
    command = ["cohort", "process", str(exports), "--out", str(out), *none, *words]
    return subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, str(script), *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def ledgers(out: Path) -> dict[str, int]:
    """Batches that are done, and when each was."""
    return {each.name: each.stat().st_mtime_ns for each in (out / "files").glob("*.parquet")}


def when_two_are_done(out: Path) -> bool:
    return len(ledgers(out)) >= 2


class WhenTwoAreMadeAgain:
    """All were done, and two of them were done anew with what was learnt."""

    def __init__(self) -> None:
        self.first: dict[str, int] = {}

    def __call__(self, out: Path) -> bool:
        try:
            there = ledgers(out)
        except FileNotFoundError:  # it is just being replaced
            return False
        for name, when in there.items():
            self.first.setdefault(name, when)
        return sum(self.first[name] != when for name, when in there.items()) >= 2


@pytest.mark.cluster
@pytest.mark.parametrize("moment", [lambda: when_two_are_done, WhenTwoAreMadeAgain])
def test_it_ends_with_one_sentence_and_the_same_command_finishes_the_same(
    exports: Path,
    whole: dict[str, bytes],
    tmp_path: Path,
    moment: Callable[[], Callable[[Path], bool]],
) -> None:
    out, has_come = tmp_path / "out", moment()
    killed, over = threading.Event(), threading.Event()
    with machines() as (address, scheduler):

        def watch() -> None:
            while not over.is_set():
                if has_come(out):
                    scheduler.kill()
                    killed.set()
                    return
                time.sleep(0.002)

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            done = process(exports, out, "--engine", "dask", "--scheduler", address)
        finally:
            over.set()
            watching.join()
    assert killed.is_set()
    assert (done.returncode, done.stdout) == (1, "")
    said = [line for line in done.stderr.splitlines() if " files/s, " not in line]  # progress
    assert len(said) == 1, done.stderr
    assert said[0].startswith("Error: the scheduler is gone: ")
    assert said[0].endswith("Run the same command again: it goes on where it was.")
    assert len(ledgers(out)) <= COUNT
    assert made.tree(out) != whole
    again = process(exports, out, "--jobs", "1")
    assert again.returncode == 0
    assert made.tree(out) == whole
