"""No file that retrorun names itself has a name that Windows reserves, whatever exports are called.

This runs where the tests run; only what Python knows of Windows is asked, not Windows.
"""

import csv
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from retrorun.cli import main
from retrorun.results.layout import athlete_key, partition
from windows_names import is_reserved

SAMPLES = Path(__file__).parents[1] / "sample_data"
WATCH, PHONE = "2026-05-12-workout.fit", "2026-05-17-osmtracker.gpx"


def run(*words: str | Path) -> None:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("name", ["NUL", "run. ", "a?b", "COM1.fit", "aux.tar.gz", "dot."])
def test_reserved_names_are_known(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["run.fit", "console.fit", "athlete=con", ".run.fit", "null"])
def test_other_names_are_let_be(name: str) -> None:
    assert not is_reserved(name)


def test_pages_exports_and_the_archive_are_named_without_the_exports_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETRORUN_ARCHIVE", str(tmp_path / "archive"))
    given = tmp_path / "given"
    given.mkdir()
    with zipfile.ZipFile(given / "all.zip", "w") as archive:  # Windows has no such loose files
        archive.write(SAMPLES / WATCH, "CON.fit")
        archive.write(SAMPLES / PHONE, "prn/COM1 .gpx")
    run("process", given, "--jobs", "1")
    run("report", "--standalone")
    for form in ("csv", "json", "parquet"):
        run("export", "--format", form, "--what", "sessions", "--what", "tracks", "--out", "export")
    run("export", "--format", "gpx", "--out", "export")
    with (tmp_path / "export" / "sessions.csv").open(encoding="utf-8") as table:
        assert {row["source"] for row in csv.DictReader(table)} == {"CON.fit", "COM1 .gpx"}
    written = [path for name in ("archive", "reports", "export") for path in Path(name).rglob("*")]
    assert len(written) > 20
    assert [str(each) for each in written if is_reserved(each.name)] == []


@pytest.mark.parametrize(
    "athlete", ["CON", "nul.", "J.", "a ", "aux.x", "..", "com1: x", 'a"b', "é."]
)
def test_the_folders_of_a_result_set(athlete: str) -> None:
    parts = partition("segments", athlete, 2026).rstrip("/").split("/")
    assert [each for each in parts if is_reserved(each)] == []
    assert unquote(parts[1]) == f"athlete={athlete_key(athlete)}"
