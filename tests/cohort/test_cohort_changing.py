"""Exports that change between listing and reading: named and read anew, never mixed with others."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import cohort_made as made
import pytest

import fake_pipeline
from object_stores import ObjectServer
from retrorun.cohort import batches
from retrorun.cohort.run import Report
from retrorun.model import Athlete, Blob, Outcome
from retrorun.settings import Settings

LATE = "a/9.fit"  # in the last batch, which is read when the first one is done
CHANGED = made.run_of(77, 30)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_FILES", 2)


def files() -> dict[str, str]:
    return {f"a/{number}.fit": made.run_of(number) for number in range(10)}


def write_in_place(path: Path, text: str) -> None:
    path.write_text(text)


def write_in_place_and_set_the_time_back(path: Path, text: str) -> None:
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_with_another_file(path: Path, text: str) -> None:
    other = path.with_name("other.part")
    other.write_text(text)
    other.replace(path)


@pytest.mark.parametrize(
    "change", [write_in_place, write_in_place_and_set_the_time_back, replace_with_another_file]
)
def test_a_file_that_changes_after_it_was_listed_is_named_and_read_anew(
    tmp_path: Path,
    change: Callable[[Path, str], None],
) -> None:
    source, out = tmp_path / "exports", tmp_path / "out"
    made.put(source, files())
    assert len(CHANGED) == len(files()[LATE])
    text = CHANGED if change is not write_in_place_and_set_the_time_back else CHANGED + " "

    def once(report: Report) -> None:
        if report.files == 2:
            change(source / LATE, text)

    report = made.run(source, out, progress=once)
    assert [(each.name, each.slug) for each in report.problems] == [(LATE, "file-changing")]
    assert made.outcomes(out)[LATE] == ("failed", "file-changing")
    assert len(made.sessions(out)) == 9
    made.run(source, out)
    assert ("a", "9.fit", 30.0) in made.sessions(out)
    assert len(made.sessions(out)) == 10


def test_an_object_that_is_replaced_after_it_was_listed_is_named_and_read_anew(
    s3: ObjectServer, tmp_path: Path
) -> None:
    """Of the same size: only the etag tells."""
    source, out = f"{s3.bucket()}/exports", tmp_path / "out"
    made.put(source, files())

    def once(report: Report) -> None:
        if report.files == 2:
            made.put(source, {LATE: CHANGED})

    report = made.run(source, out, progress=once)
    assert [(each.name, each.slug) for each in report.problems] == [(LATE, "file-changing")]
    made.run(source, out)
    assert ("a", "9.fit", 30.0) in made.sessions(out)
    assert len(made.sessions(out)) == 10


def test_a_file_that_is_gone_after_it_was_listed_is_named(tmp_path: Path) -> None:
    source, out = tmp_path / "exports", tmp_path / "out"
    made.put(source, files())

    def once(report: Report) -> None:
        if report.files == 2:
            (source / LATE).unlink()

    report = made.run(source, out, progress=once)
    assert [(each.name, each.slug) for each in report.problems] == [(LATE, "file-unreadable")]
    assert len(made.sessions(out)) == 9


# --- an archive, of which some members are read when it changes


def archive_of(seconds: int, words: str = "") -> bytes:
    """An archive of four runs, each so long."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for number in range(4):
            noise = os.urandom(200_000).hex()  # so that it is not in memory as a whole
            archive.writestr(f"{number}.fit", f"{made.run_of(number, seconds)} {words} {noise}")
    return sink.getvalue()


def rewriting(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
    """The stand-in; with the first member it puts another archive in the place of its own."""
    words = blob.data.decode().split()
    address, mark = words[3], Path(words[4])
    if not mark.exists():
        mark.touch()
        if "://" in address:
            made.put(address, {"all.zip": mark.with_suffix(".new").read_bytes()})
        else:  # in place, as a program that copies does
            with Path(address, "all.zip").open("r+b") as stream:
                stream.write(mark.with_suffix(".new").read_bytes())
                stream.truncate()
    found: Outcome = fake_pipeline.process(blob, settings, athlete)
    return found


def members(address: str, mark: Path, seconds: int) -> bytes:
    return archive_of(seconds, f"{address} {mark}")


def check_archive(source: str, tmp_path: Path) -> None:
    mark, out = tmp_path / "done", tmp_path / "out"
    folder = f"{source}/ann"
    made.put(folder, {"all.zip": members(folder, mark, 60)})
    mark.with_suffix(".new").write_bytes(members(folder, mark, 30))
    report = made.run(source, out, process=rewriting)
    assert mark.exists()
    assert report.deferred == 0
    assert made.outcomes(out) == {"ann/all.zip": ("failed", "file-changing")}
    assert made.sessions(out) == []
    made.run(source, out, process=rewriting)
    assert made.sessions(out) == [("ann", f"ann/all.zip/{each}.fit", 30.0) for each in range(4)]


def test_members_of_an_archive_that_is_overwritten_meanwhile_are_not_mixed(tmp_path: Path) -> None:
    check_archive(str(tmp_path / "exports"), tmp_path)


def test_members_of_an_object_that_is_replaced_meanwhile_are_not_mixed(
    s3: ObjectServer, tmp_path: Path
) -> None:
    check_archive(f"{s3.bucket()}/exports", tmp_path)
