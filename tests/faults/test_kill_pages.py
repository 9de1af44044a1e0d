"""``process`` with pages, killed at any moment: no half page, and the next run completes it all.

``RETRORUN_KILLS`` sets how many random moments are tried (``make faults`` tries 200).
"""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from retrorun.archive import Archive, maintenance

KILLS = int(os.environ.get("RETRORUN_KILLS", "3"))
SAMPLES = Path(__file__).parents[2] / "sample_data"
REFERENCE = re.compile(r'(?:src|href)="(?!https?:|data:|mailto:|#)([^"#?]+)')
State = tuple[dict[str, bytes], Any, list[Any], list[Any]]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some runs of the samples, a copy, and a damaged file."""
    folder = tmp_path_factory.mktemp("exports")
    samples = sorted(SAMPLES.glob("*.fit"))[:6]
    for path in samples:
        shutil.copy(path, folder)
    shutil.copy(samples[0], folder / "z-copy.fit")
    (folder / "z-damaged.fit").write_bytes(samples[1].read_bytes()[:40])
    return folder


def start(exports: Path, folder: Path, jobs: int = 2) -> subprocess.Popen[str]:
    program = "import sys; from retrorun.cli import main; main()"
    places = ["--archive", str(folder / "archive"), "--reports", str(folder / "pages")]
    arguments = ["process", str(exports), *places, "--jobs", str(jobs)]
    return subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def pages(folder: Path, *, cut_off: bool = False) -> dict[str, bytes]:
    """All pages; each of them is whole, and what it needs is there.

    The pages it leads to are there, too, unless the first run of all was cut off before them.
    """
    found = {path: path.read_bytes() for path in (folder / "pages").rglob("*.html")}
    for path, content in found.items():
        text = content.decode()
        assert text.startswith("<!doctype html>"), path
        assert text.rstrip().endswith("</html>"), path
        for target in REFERENCE.findall(text):
            later = cut_off and target.endswith(".html")
            assert later or (path.parent / target).is_file(), f"{path} refers to {target}"
    own = str(folder / "archive").encode()  # commands on pages name it
    return {
        path.relative_to(folder).as_posix(): content.replace(own, b"archive")
        for path, content in found.items()
    }


def state(folder: Path) -> State:
    with Archive.open(folder / "archive", create=False) as archive:
        maintenance.vacuum(archive)
        assert maintenance.check(archive) == []
        assert archive.pending.pages() == archive.pending.exports() == []
        return pages(folder), archive.annotations.profile(), archive.sessions(), archive.files()


@pytest.fixture(scope="module")
def undisturbed(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[State, float]:
    """What a run gives that nobody disturbs, and how long it takes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    began_s = time.monotonic()
    with start(exports, folder) as running:
        out, err = running.communicate(timeout=600)
    assert running.returncode == 1, out + err  # the damaged file
    took_s = time.monotonic() - began_s
    found = state(folder)
    assert len(found[0]) == 6 + 3
    assert found[1].forward_line is not None
    return found, took_s


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_kill_leaves_no_half_page_and_nothing_undone(
    kill: int, exports: Path, undisturbed: tuple[State, float], tmp_path: Path
) -> None:
    wanted, took_s = undisturbed
    # the first moments are those of starting Python: nothing happens there
    moment_s = random.Random(kill).uniform(0.1 * took_s, took_s)  # noqa: S311 - no secret
    with start(exports, tmp_path, 1 + kill % 2) as running:
        time.sleep(moment_s)
        running.kill()
        running.communicate()
    there = pages(tmp_path, cut_off=True)
    assert there == {name: wanted[0][name] for name in there}
    if (tmp_path / "archive" / "archive.sqlite").exists():
        with Archive.open(tmp_path / "archive") as archive:
            assert maintenance.check(archive) == []
    with start(exports, tmp_path) as running:
        out, err = running.communicate(timeout=600)
    assert "Traceback" not in err, out + err
    assert state(tmp_path) == wanted
    assert not list(tmp_path.rglob("*.tmp"))
    assert not list(tmp_path.rglob("*.part"))
