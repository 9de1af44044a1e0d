"""Cut off between two steps: the next run finds what is left to be done, and does it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import fake_pipeline
from retrorun import ingest, learn
from retrorun.archive import Archive, maintenance
from retrorun.cli import main
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete, Label
from retrorun.settings import Settings

SAMPLES = Path(__file__).parents[2] / "sample_data"
ENGINE = Engine(Settings(), Athlete(), 1, fake_pipeline.process)
KILLED = """
import importlib, os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import fake_pipeline
from retrorun.archive import Archive
from retrorun.ingest import Engine
from retrorun.model import Athlete
from retrorun.settings import Settings
reprocess = importlib.import_module("retrorun.ingest.reprocess")
# the transaction is over by then
reprocess.reprocess_locked = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with Archive.open(Path({folder!r})) as archive:
    reprocess.{call}, archive, Engine(Settings(), Athlete(), 1, fake_pipeline.process))
"""


def killed(folder: Path, call: str) -> None:
    tests = str(Path(fake_pipeline.__file__).parent)
    code = KILLED.format(tests=tests, folder=str(folder), call=call)
    ended = subprocess.run([sys.executable, "-c", code], check=False)  # noqa: S603 - our own
    assert ended.returncode == -signal.SIGKILL


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """The same activity twice, the second copy imported later."""
    folder = tmp_path / "exports"
    folder.mkdir()
    with Archive.open(tmp_path / "archive") as archive:
        for name, text in (("a.fit", "run 1000 60"), ("b.fit", "run 1001 60")):
            (folder / name).write_text(text)
            run_import(plan_import(folder, archive, settle_s=0), archive, ENGINE)
        assert [row.outcome for row in archive.files()] == ["imported", "duplicate"]
    return folder


@pytest.mark.parametrize(("call", "starts"), [("undo(1", [1001]), ("separate({b!r}", [1000, 1001])])
def test_what_was_taken_back_is_analysed_by_the_next_run(
    exports: Path, tmp_path: Path, call: str, starts: list[float]
) -> None:
    folder = tmp_path / "archive"
    killed(folder, call.format(b=str(exports / "b.fit")))
    with Archive.open(folder) as archive:
        assert 1001 not in [session.start_time_s for session in archive.sessions()]
        planned = plan_import(exports, archive, settle_s=0)
        assert not planned.idle
        assert len(planned.pending) == 1
        report = run_import(planned, archive, ENGINE)
        assert len(report.sessions) == 1
        assert [session.start_time_s for session in archive.sessions()] == starts
        assert maintenance.check(archive) == []
        assert plan_import(exports, archive, settle_s=0).idle


def test_a_label_that_was_never_heard_is_heard_by_the_next_run(
    exports: Path, tmp_path: Path
) -> None:
    with Archive.open(tmp_path / "archive") as archive:
        (session,) = archive.sessions()
        archive.annotations.add_label(session.id, Label(1, 9, "backward", "command"))
    with Archive.open(tmp_path / "archive") as archive:  # the command was killed here
        run_import(plan_import(exports, archive, settle_s=0), archive, ENGINE)
        (session,) = archive.sessions()
        assert [label.end_s for label in session.labels] == [9]
        assert plan_import(exports, archive, settle_s=0).idle


def test_an_original_that_is_gone_is_tried_once(exports: Path, tmp_path: Path) -> None:
    killed(tmp_path / "archive", "undo(1")
    with Archive.open(tmp_path / "archive") as archive:
        for sha256 in list(archive.originals.hashes()):
            archive.originals.path(sha256).unlink()
        report = run_import(plan_import(exports, archive, settle_s=0), archive, ENGINE)
        assert [row.slug for row in report.failed] == ["file-unreadable"]
        assert plan_import(exports, archive, settle_s=0).idle


def process(tmp_path: Path, *more: str) -> Result:
    places = ["--archive", str(tmp_path / "kept"), "--reports", str(tmp_path / "site" / "pages")]
    arguments = ["process", str(tmp_path / "runs"), *places, "--jobs", "1", *more]
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    for path in sorted(SAMPLES.glob("*.fit"))[:2]:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_pages_that_an_earlier_run_did_not_write_are_written(runs: Path, tmp_path: Path) -> None:
    second = max(runs.iterdir())
    content = second.read_bytes()
    second.unlink()
    assert process(tmp_path).exit_code == 0
    index = tmp_path / "site" / "pages" / "index.html"
    before = index.read_bytes()
    second.write_bytes(content)
    assert process(tmp_path, "--no-pages").exit_code == 0  # as if cut off before its pages
    assert index.read_bytes() == before
    late = process(tmp_path)
    assert "nothing new" not in late.stderr
    assert index.read_bytes() != before
    assert len(list((index.parent / "sessions").iterdir())) == 2
    assert "nothing new" in process(tmp_path).stderr


def test_what_an_earlier_run_did_not_learn_is_learnt_without_pages(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        sys.exit(137)

    with monkeypatch.context() as patched:
        patched.setattr(ingest, "bring_up_to_date", cut_off)
        assert process(tmp_path, "--no-pages").exit_code == 137
    with Archive.open(tmp_path / "kept") as archive:
        assert len(archive.sessions()) == len(list(runs.iterdir())) == 2
        assert archive.annotations.profile() == Athlete()
    late = process(tmp_path, "--no-pages")
    assert late.exit_code == 0
    assert "nothing new" not in late.stderr
    with Archive.open(tmp_path / "kept") as archive:
        learnt = archive.annotations.profile()
        assert learnt.forward_line is not None
        assert learn.outdated(archive.sessions(), learnt) == []
        assert len(archive.pending.pages()) == 2  # pages stay due, and make no further run busy
        state = archive.database.state()
        assert "nothing new" in process(tmp_path, "--no-pages").stderr
        assert archive.database.state() == state
        with archive.database.transaction():
            archive.database.connection.execute("DELETE FROM documents WHERE name = 'learnt'")
    assert "nothing new" not in process(tmp_path, "--no-pages").stderr
    with Archive.open(tmp_path / "kept") as archive:
        assert archive.annotations.profile() == learnt


def test_what_was_learnt_is_kept_where_no_page_can_be_written(runs: Path, tmp_path: Path) -> None:
    assert len(list(runs.iterdir())) == 2
    (tmp_path / "site").write_text("a file where the folder should be")
    failed = process(tmp_path)
    assert failed.exit_code == 1
    assert "pages cannot be written" in failed.stderr
    with Archive.open(tmp_path / "kept") as archive:
        assert archive.annotations.profile().forward_line is not None
        assert len(archive.pending.pages()) == 2
    (tmp_path / "site").unlink()
    assert process(tmp_path).exit_code == 0  # nothing new, and still the pages come
    assert (tmp_path / "site" / "pages" / "index.html").exists()
