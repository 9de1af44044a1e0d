"""A phone's log whose folder is renamed: known under its new name, and analysed no second time."""

from pathlib import Path

import pytest

from retrorun.archive import Archive, maintenance
from retrorun.ingest import Engine, Report, plan_import, run_import
from retrorun.model import Athlete
from retrorun.settings import Settings

ENGINE = Engine(Settings(), Athlete(mass_kg=70), 1)
PLACES = "time,latitude,longitude\n" + "\n".join(
    f"{(1_700_000_000 + second) * 10**9},{50 + second * 2e-5},8" for second in range(300)
)
TURNS = "time,magneticBearing\n" + "\n".join(
    f"{(1_700_000_000 + second) * 10**9},180" for second in range(300)
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    put(folder / "one")
    return folder


def put(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "Location.csv").write_text(PLACES)
    (folder / "Compass.csv").write_text(TURNS)


def imported(folder: Path, archive: Archive) -> Report:
    return run_import(plan_import(folder, archive, settle_s=0), archive, ENGINE)


def known(folder: Path, archive: Archive) -> dict[str, tuple[str, str | None]]:
    rows = archive.files()
    return {Path(row.path).relative_to(folder).as_posix(): (row.outcome, row.rule) for row in rows}


def test_a_renamed_folder_is_moved_with_all_its_tables(exports: Path, archive: Archive) -> None:
    imported(exports, archive)
    sessions = archive.sessions()
    (exports / "one").rename(exports / "two")
    report = imported(exports, archive)
    assert (report.moved, report.duplicates, report.sessions) == (1, 0, ())
    assert known(exports, archive) == {
        "two/Location.csv": ("imported", None),
        "two/Compass.csv": ("imported", "unpacked"),
    }
    assert archive.sessions() == sessions
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []


def test_of_two_new_names_one_is_the_log_and_one_its_copy(exports: Path, archive: Archive) -> None:
    imported(exports, archive)
    (exports / "one").rename(exports / "two")
    put(exports / "three")
    report = imported(exports, archive)
    assert (report.moved, report.duplicates) == (1, 1)
    rows = {row.path: row for row in archive.files()}
    assert known(exports, archive)["three/Location.csv"] == ("imported", None)
    copy = rows[str(exports / "two" / "Location.csv")]
    assert (copy.rule, copy.duplicate_of) == ("same-bytes", str(exports / "three" / "Location.csv"))
    assert len(archive.sessions()) == 1
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_copied_folder_is_a_copy(exports: Path, archive: Archive) -> None:
    imported(exports, archive)
    put(exports / "two")
    report = imported(exports, archive)
    assert (report.moved, report.duplicates) == (0, 1)
    assert known(exports, archive)["two/Location.csv"] == ("duplicate", "same-bytes")
    assert plan_import(exports, archive, settle_s=0).idle
