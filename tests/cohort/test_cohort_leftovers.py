"""Unfinished, damaged and foreign parts of a result set: nothing is lost, and nothing stays."""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cohort_made as made
import pyarrow.parquet as pq
import pytest

import fake_pipeline
from retrorun.cohort import batches
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.worker import Job, RunConfig, process_batch
from retrorun.errors import EngineError, ReadError
from retrorun.model import Athlete, Blob, Outcome
from retrorun.settings import Settings
from retrorun.storage import open_store

pytestmark = pytest.mark.usefixtures("one_child")
HEAVY = Athlete(mass_kg=90.0)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Two runs of one athlete, in two years."""
    made.put(tmp_path / "exports", {"ann/1.fit": made.run_of(0), "ann/2.fit": made.run_of(30)})
    return tmp_path / "exports"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def moody(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
    """``mood PATH NUMBER``: a run, or nothing while PATH is there: want of memory or time."""
    words = blob.data.decode().split()
    if words[0] == "mood":
        content = "damaged" if Path(words[1]).exists() else made.run_of(int(words[2]))
        blob = Blob(blob.name, content.encode())
    return fake_pipeline.process(blob, settings, athlete)


def names(out: Path) -> list[str]:
    return [source for _, source, _ in made.sessions(out)]


def lose(folder: Path) -> None:
    """As if a run had ended before it put these."""
    for each in folder.iterdir():
        each.unlink()


@pytest.mark.parametrize("number", [1, 30])  # in the same year as the other file, and not
def test_a_file_that_failed_in_an_unfinished_attempt_is_not_lost(
    tmp_path: Path, out: Path, number: int
) -> None:
    bad = tmp_path / "bad"
    bad.touch()
    made.put(tmp_path / "e", {"a/1.fit": made.run_of(0), "a/2.fit": f"mood {bad} {number}"})
    assert made.run(tmp_path / "e", out, process=moody).failed == 1
    lose(out / "files")
    bad.unlink()
    assert made.run(tmp_path / "e", out, process=moody).failed == 0
    assert names(out) == ["1.fit", "2.fit"]
    assert set(made.outcomes(out).values()) == {("imported", None)}
    assert made.rows(out, "problems") == []
    made.run(tmp_path / "e", tmp_path / "whole", process=moody)
    assert made.tree(out) == made.tree(tmp_path / "whole")


@pytest.mark.parametrize("number", [1, 30])
def test_a_file_that_fails_after_an_unfinished_attempt_leaves_nothing_of_it(
    tmp_path: Path, out: Path, number: int
) -> None:
    bad = tmp_path / "bad"
    made.put(tmp_path / "e", {"a/1.fit": made.run_of(0), "a/2.fit": f"mood {bad} {number}"})
    made.run(tmp_path / "e", out, process=moody)
    lose(out / "files")
    bad.touch()
    made.run(tmp_path / "e", out, process=moody)
    assert names(out) == ["1.fit"]
    assert made.outcomes(out)["a/2.fit"] == ("failed", "fit-damaged")


def job_of(source: Path, out: Path, bad: Path) -> Job:
    made.put(source, {"a/1.fit": made.run_of(0), "a/2.fit": f"mood {bad} 1"})
    config = RunConfig(str(source), str(out), Settings(), limits=made.LIMITS, process=moody)
    planned = batches.ResultKey(1, "0", "", tracks=False)
    files = [
        batches.PlannedFile(each.address, each.name, each.size, each.tag, "a", "")
        for each in open_store(source).entries()
    ]
    return Job(batches.make_batch(files, planned), Athletes(), config)


def test_the_second_worker_on_a_batch_replaces_what_the_first_has_not_finished(
    tmp_path: Path, out: Path
) -> None:
    """As when Dask gives the batch of a lost worker to another one."""
    bad = tmp_path / "bad"
    bad.touch()
    job = job_of(tmp_path / "e", out, bad)
    assert process_batch(job).failed == 1
    lose(out / "files")
    bad.unlink()
    assert process_batch(job).sessions == 2
    assert names(out) == ["1.fit", "2.fit"]
    assert made.rows(out, "problems") == []


def test_a_batch_that_somebody_else_has_finished_is_not_touched(tmp_path: Path, out: Path) -> None:
    bad = tmp_path / "bad"
    job = job_of(tmp_path / "e", out, bad)
    process_batch(job)
    before = made.tree(out)
    bad.touch()
    assert process_batch(job).failed == 1
    assert made.tree(out) == before


def test_parts_of_years_that_the_ledger_does_not_name_go_with_their_batch(
    exports: Path, out: Path
) -> None:
    made.run(exports, out)
    part = next((out / "sessions" / "athlete=ann" / "year=2023").iterdir())
    orphan = out / "sessions" / "athlete=ann" / "year=2031" / part.name
    orphan.parent.mkdir()
    shutil.copy(part, orphan)
    made.put(exports, {"ann/2.fit": made.run_of(60)})
    assert made.run(exports, out).retired == 1
    assert names(out) == ["1.fit", "2.fit"]
    assert not orphan.exists()


def test_a_file_that_changes_after_a_cut_off_run_stands_once(exports: Path, out: Path) -> None:
    made.run(exports, out)
    lose(out / "files")
    made.put(exports, {"ann/2.fit": made.run_of(60, seconds=30)})
    made.run(exports, out)
    assert made.sessions(out) == [("ann", "1.fit", 60.0), ("ann", "2.fit", 30.0)]


def test_what_an_unfinished_archive_gave_other_athletes_goes_too(tmp_path: Path, out: Path) -> None:
    (tmp_path / "e").mkdir()
    with zipfile.ZipFile(tmp_path / "e" / "export.zip", "w") as archive:
        archive.writestr("activities.csv", "Filename,Athlete\nx/1.fit,ann\nx/2.fit,bo\n")
        archive.writestr("x/1.fit", made.run_of(0))
        archive.writestr("x/2.fit", made.run_of(30))
    columns = ("Filename", "Athlete")
    made.run(tmp_path / "e", out, athletes=Athletes(columns=columns))
    lose(out / "files")
    made.run(tmp_path / "e", out, athletes=Athletes(columns=columns, default=HEAVY))
    assert [row[0] for row in made.sessions(out)] == ["ann", "bo"]
    assert {row["cost_factor"] for row in made.rows(out, "sessions")} == {90.0}
    assert len([name for name in made.tree(out) if name.startswith("segments/")]) == 2


@pytest.fixture
def damaged(exports: Path, out: Path) -> Path:
    """A result set whose ledger has lost its end."""
    made.run(exports, out)
    ledger = next((out / "files").iterdir())
    ledger.write_bytes(ledger.read_bytes()[:-9])
    return ledger


def test_a_damaged_ledger_keeps_nothing_back_of_a_changed_file(
    exports: Path, out: Path, damaged: Path
) -> None:
    made.put(exports, {"ann/2.fit": made.run_of(60, seconds=30)})
    assert made.run(exports, out).retired == 1
    assert made.sessions(out) == [("ann", "1.fit", 60.0), ("ann", "2.fit", 30.0)]
    assert not damaged.exists()


def test_a_batch_with_a_damaged_ledger_is_done_again_on_request(
    exports: Path, out: Path, damaged: Path
) -> None:
    broken = damaged.read_bytes()
    report = made.run(exports, out, retry=True)
    assert (report.retired, report.files) == (1, 2)
    assert names(out) == ["1.fit", "2.fit"]
    assert damaged.read_bytes() != broken


@pytest.mark.parametrize("folder", ["manifest", "files"])
@pytest.mark.parametrize("name", [".abc.parquet.77.part", ".DS_Store", "._x.parquet", "notes.txt"])
def test_what_is_no_part_is_passed_over(exports: Path, out: Path, folder: str, name: str) -> None:
    made.run(exports, out)
    (out / folder / name).write_bytes(b"PAR1 half")
    assert made.run(exports, out).known == 2
    assert made.run(exports, out, retry=True).known == 2


def test_a_damaged_page_of_the_plan_is_reported_with_a_remedy_that_helps(
    exports: Path, out: Path
) -> None:
    made.run(exports, out)
    page = next((out / "manifest").iterdir())
    page.write_bytes(page.read_bytes()[:100])
    with pytest.raises(ReadError) as caught:
        made.run(exports, out)
    assert caught.value.slug == "manifest-damaged"
    assert caught.value.file == f"manifest/{page.name}"
    assert "Remove it and run again" in str(caught.value)
    page.unlink()
    assert made.run(exports, out).known == 2
    assert names(out) == ["1.fit", "2.fit"]


def unreachable(*_: object) -> Iterator[tuple[Job, object]]:
    """An engine that has no workers, as one finds out when it is first asked."""
    yield from ()
    raise EngineError("scheduler-unreachable", "there is no scheduler")


def test_nothing_is_taken_back_before_there_are_workers(exports: Path, out: Path) -> None:
    made.put(exports, {"ann/3.fit": "damaged"})
    made.run(exports, out)
    before = made.tree(out)
    with pytest.raises(EngineError):
        made.run(exports, out, unreachable, retry=True)  # type: ignore[arg-type]
    assert made.tree(out) == before
    assert made.run(exports, out, retry=True).retired == 1


def test_a_cut_off_run_goes_on_with_failures_tried_again(
    exports: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is written anew without the batch that failed, and the others are found in it."""
    monkeypatch.setattr(batches, "BATCH_FILES", 1)
    made.put(exports, {"ann/0.fit": "damaged"})
    made.run(exports, out)
    for ledger in (out / "files").iterdir():
        if pq.read_table(ledger)["outcome"].to_pylist() == ["imported"]:
            ledger.unlink()
    report = made.run(exports, out, retry=True)
    assert (report.files, report.failed) == (3, 1)
    assert names(out) == ["1.fit", "2.fit"]


def test_every_file_is_counted_once(tmp_path: Path, out: Path) -> None:
    made.put(tmp_path / "e", made.exports(10))
    made.run(tmp_path / "e", out)
    made.put(tmp_path / "e", {"a0/000.fit": made.run_of(99), "a9/new.fit": made.run_of(98)})
    report = made.run(tmp_path / "e", out)
    assert (report.files, report.known, report.retired) == (11, 0, 1)  # all ten were one batch
    lose(out / "files")
    made.put(tmp_path / "e", {"a9/newer.fit": made.run_of(97)})
    report = made.run(tmp_path / "e", out)
    assert (report.files, report.known) == (12, 0)
    assert made.run(tmp_path / "e", out).known == 12


@pytest.mark.parametrize(
    ("address", "slug"),
    [("memory://no-such-store/prefix", "folder-missing"), ("folder", "exports-missing")],
)
def test_where_there_is_nothing_nothing_is_written(
    address: str, slug: str, tmp_path: Path, out: Path
) -> None:
    (tmp_path / "folder").mkdir()
    source = address if "://" in address else tmp_path / address
    with pytest.raises(ReadError) as caught:
        made.run(source, out)
    assert caught.value.slug == slug
    assert not out.exists()


def test_problems_say_which_of_many_files_of_one_name(tmp_path: Path, out: Path) -> None:
    made.put(tmp_path / "e", {"ann/2024/1.fit": "damaged", "ann/2025/1.fit": "none"})
    report = made.run(tmp_path / "e", out)
    assert [each.name for each in report.problems] == ["ann/2024/1.fit"]
    assert sorted(row["file"] for row in made.rows(out, "problems")) == [
        "ann/2024/1.fit",
        "ann/2025/1.fit",
    ]
