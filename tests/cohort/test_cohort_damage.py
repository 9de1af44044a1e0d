"""Parts of a result set that are damaged or gone: named, and made again by the next run."""

import json
import shutil
import unicodedata
from pathlib import Path

import cohort_made as made
import pytest
from click.testing import CliRunner, Result

from retrorun import results
from retrorun.cli import main
from retrorun.cohort import batches
from retrorun.storage import Folder


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    made.put(tmp_path / "exports", made.exports(4, athletes=2))
    return tmp_path / "exports"


@pytest.fixture
def out(exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A result set of two batches."""
    monkeypatch.setattr(batches, "BATCH_FILES", 2)
    made.run(exports, tmp_path / "out", tracks=True)
    return tmp_path / "out"


def parts(out: Path) -> dict[str, bytes]:
    """All but the plan, whose pages may be cut otherwise."""
    return {name: data for name, data in made.tree(out).items() if "manifest/" not in name}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


@pytest.mark.parametrize("table", ["sessions", "segments", "tracks", "files", "sums"])
@pytest.mark.parametrize("harm", ["flipped", "gone"])
def test_a_damaged_part_is_made_again(exports: Path, out: Path, table: str, harm: str) -> None:
    whole = parts(out)
    path = next(each for each in (out / table).rglob("*") if each.is_file())
    path.unlink() if harm == "gone" else flip(path)
    report = made.run(exports, out, tracks=True)
    assert parts(out) == whole
    if (table, harm) == ("files", "gone"):  # then the batch is one that was not finished
        assert (report.damaged, report.files) == ((), 2)
    else:
        # a sum that is another one tells of the part that it is of
        assert report.damaged == (path.relative_to(out).as_posix(),) or table == "sums"
        assert len(report.damaged) == 1
        assert (report.retired, report.files, report.known) == (1, 2, 2)
    again = made.run(exports, out, tracks=True)
    assert (again.damaged, again.files, again.known) == ((), 0, 4)


def test_ledger_and_plan_both_lost_leave_nothing_behind(exports: Path, out: Path) -> None:
    whole = parts(out).keys()
    shutil.rmtree(out / "manifest")
    flip(next((out / "files").iterdir()))
    made.run(exports, out, tracks=True)
    assert parts(out).keys() == whole
    assert len(made.outcomes(out)) == 4


def test_a_damaged_plan_is_refused_in_words(exports: Path, out: Path) -> None:
    page = next((out / "manifest").iterdir())
    flip(page)
    result = process(exports, out)
    assert result.exit_code == 1
    assert page.name in result.output.replace("\n", "")


def process(exports: Path, out: Path) -> Result:
    words = ["cohort", "process", str(exports), "--out", str(out), "--tracks", "--jobs", "1"]
    return CliRunner().invoke(main, words)


def compare(out: Path) -> Result:
    return CliRunner().invoke(main, ["cohort", "compare", str(out), "--json", "--jobs", "1"])


@pytest.mark.parametrize("harm", ["flipped", "gone"])
def test_compare_names_it_and_a_run_heals_it(exports: Path, out: Path, harm: str) -> None:
    whole = compare(out)
    assert whole.exit_code == 0, whole.output
    path = next((out / "sessions" / "athlete=a1").rglob("*.parquet"))
    path.unlink() if harm == "gone" else flip(path)
    named = compare(out)
    assert named.exit_code == 1
    assert path.name in named.stderr.replace("\n", "")
    assert "--retry" in named.stderr
    assert "Traceback" not in named.output
    made.run(exports, out, tracks=True)
    assert compare(out).stdout == whole.stdout


def test_compare_names_what_else_is_gone(out: Path) -> None:
    path = next((out / "segments").rglob("*.parquet"))
    path.unlink()
    named = compare(out)
    assert named.exit_code == 1
    assert path.name in named.stderr.replace("\n", "")


def test_sessions_in_no_athletes_folder_are_named_and_are_nobody(out: Path) -> None:
    whole = json.loads(compare(out).stdout)["cohort"]["athletes"]
    folder = out / "sessions" / "athlete=a1"
    (out / "sessions" / "backup").mkdir()
    copied = next(folder.rglob("*.parquet"))
    shutil.copy(copied, out / "sessions" / "backup")
    # as a program does that quotes names in another way
    folder.rename(folder.with_name("athlete=%611"))
    found = compare(out)
    assert found.exit_code == 1
    athletes = json.loads(found.stdout)["cohort"]["athletes"]
    assert athletes == [each for each in whole if each["athlete"] != "a1"]
    words = found.stderr.replace("\n", "")
    assert "sessions/backup: sessions lie here" in words
    assert "sessions/athlete=%611/year=" in words


def test_a_copy_is_not_made_without_sessions_that_lie_elsewhere(out: Path, tmp_path: Path) -> None:
    folder = out / "sessions" / "athlete=a1"
    folder.rename(folder.with_name("athlete=%611"))
    words = ["cohort", "export", str(out), "--out", str(tmp_path / "copy"), "--deidentify"]
    found = CliRunner().invoke(main, [*words, "--jobs", "1"])
    assert found.exit_code == 1
    assert "athlete=%611" in found.output.replace("\n", "")
    assert "Traceback" not in found.output


def test_a_file_system_that_changes_the_normal_form_misplaces_nobody(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "sessions/athlete=Zoë/year=2025/a.parquet")
    store = Folder(tmp_path)
    store.put(decomposed, b"")
    assert list(results.misplaced_parts(store)) == []
