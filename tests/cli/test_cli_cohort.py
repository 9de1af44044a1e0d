"""``process --out`` from the command line: what it prints, refuses and keeps secret."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import object_stores
from object_stores import ObjectServer
from retrorun.cli import main
from retrorun.cli.cohort import progress_words
from retrorun.cohort.run import Report
from retrorun.storage import open_store

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def exports(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three athletes: one with a run, one with a damaged file, one with what is no export."""
    folder = tmp_path_factory.mktemp("exports")
    recordings = sorted(samples.rglob("*.fit"), key=lambda path: path.stat().st_size)
    for athlete, source in zip(("ada", "bo"), recordings[:2], strict=True):
        (folder / athlete).mkdir()
        shutil.copy(source, folder / athlete / "run.fit")
    (folder / "bo" / "damaged.fit").write_bytes(b"no recording")
    (folder / "cy").mkdir()
    (folder / "cy" / "notes.txt").write_text("no export")
    return folder


def test_a_result_set_is_written_and_told(exports: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    result = run("cohort", "process", exports, "--out", out, "--jobs", "1")
    assert result.exit_code == 1  # one file could not be read
    assert "bo/damaged.fit" in result.stderr or "damaged.fit" in result.stderr
    assert "files: 2 analysed, 1 could not be read" in result.stderr
    assert str(out) in result.stderr.replace("\n", "")
    ledger = [pq.read_table(part).to_pylist() for part in (out / "files").iterdir()]
    rows = {row["name"]: (row["athlete"], row["outcome"]) for part in ledger for row in part}
    assert rows == {
        "ada/run.fit": ("ada", "imported"),
        "bo/run.fit": ("bo", "imported"),
        "bo/damaged.fit": ("bo", "failed"),
    }
    again = run("cohort", "process", exports, "--out", out, "--jobs", "1")
    assert again.exit_code == 0
    assert "3 unchanged" in again.stderr


def test_files_of_nobody_and_profiles_of_nobody_are_named(exports: Path, tmp_path: Path) -> None:
    shutil.copytree(exports / "ada", tmp_path / "exports" / "ada")
    shutil.copy(exports / "bo" / "run.fit", tmp_path / "exports" / "run.fit")
    table = tmp_path / "profiles.csv"
    table.write_text("athlete,mass_kg\nada,60\nAda,61\n", encoding="utf-8")
    words = ("cohort", "process", tmp_path / "exports", "--out", tmp_path / "out", "--jobs", "1")
    for _ in range(2):  # and again where nothing is new
        result = run(*words, "--profiles", table)
        assert result.exit_code == 0
        assert "files whose athlete is not known: 1\n" in result.stderr
        assert "this athlete has a profile and no file: Ada\n" in result.stderr
        assert "no file: ada" not in result.stderr
    plain = run("cohort", "process", exports, "--out", tmp_path / "other", "--jobs", "1")
    assert "not known" not in plain.stderr
    assert "no file" not in plain.stderr


def test_a_folder_that_cannot_be_listed_is_told_and_exit_1(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def broken(path: str) -> object:
        if str(path).endswith("/bo"):
            raise OSError(5, "Input/output error")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", broken)
    (tmp_path / "profiles.csv").write_text("athlete,mass_kg\nada,60\nbo,70\n", encoding="utf-8")
    words = ("cohort", "process", exports, "--out", tmp_path / "results", "--jobs", "1")
    result = run(*words, "--profiles", tmp_path / "profiles.csv")
    monkeypatch.undo()
    assert "no file" not in result.stderr  # bo's are not seen
    assert "is not read: Input/output error" in result.stderr.replace("\n", " ")
    assert "files: 1 analysed" in result.stderr
    assert result.exit_code == 1


def test_a_dry_run_writes_nothing(exports: Path, tmp_path: Path) -> None:
    result = run("cohort", "process", exports, "--out", tmp_path / "results", "--dry-run")
    assert "new files: 3, unchanged: 0" in result.stdout
    assert not (tmp_path / "results").exists()


def test_a_result_set_needs_an_address(exports: Path) -> None:
    result = run("cohort", "process", exports)
    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_where_no_result_set_is_none_is_copied_and_no_salt_is_drawn(tmp_path: Path) -> None:
    result = run("cohort", "export", tmp_path, "--out", tmp_path / "copy", "--deidentify")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {tmp_path}: there is no result set.")
    assert not (tmp_path / "copy").exists()


def test_a_scheduler_needs_dask(exports: Path) -> None:
    result = run("cohort", "process", exports, "--out", "x", "--scheduler", "tcp://h:1")
    assert result.exit_code == 2
    assert "--scheduler needs --engine dask" in result.stderr


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("process", "x", "--out", "y"), "cohort process"),
        (("process", "x", "--tracks"), "cohort process"),
        (("compare", "--from", "x"), "cohort compare"),
        (("compare", "--engine", "dask"), "cohort compare"),
        (("export", "--from", "x", "--deidentify"), "cohort export"),
        (("export", "--salt-file", "x"), "cohort export"),
    ],
)
def test_an_option_about_many_athletes_names_the_command_that_has_it(
    words: tuple[str, ...], command: str
) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert f"`retrorun {command} ADDRESS`" in result.stderr


@pytest.mark.parametrize("words", [("process", "x", "--oot"), ("sessions", "--out", "x")])
def test_any_other_unknown_option_names_no_command(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "cohort" not in result.stderr


@pytest.mark.parametrize("command", ["process", "compare", "export"])
def test_commands_for_one_athlete_show_nothing_about_many(command: str) -> None:
    page = run(command, "--help").stdout
    for word in ("--from", "--engine", "--scheduler", "--athletes", "--deidentify", "result set"):
        assert word not in page


def test_progress_says_files_rate_failures_and_what_is_left() -> None:
    report = Report(files=120, planned=300, listing_complete=True, failed=2)
    words = progress_words(report, 60.0)
    assert words == "120 of 300 files, 2.0 files/s, 2 failed, 1:30 left"
    more = progress_words(Report(files=120, planned=300, deferred=30), 60.0)
    assert more == "120 of 300+ files, 2.0 files/s, 0 failed, 30 put off, 1:15+ left"
    assert progress_words(Report(), 0.0) == "0 of 0+ files, 0.0 files/s, 0 failed"


BASE = """
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"dask", "distributed", "s3fs", "aiobotocore", "botocore",
                                  "statsmodels", "boto3"}:
            raise ImportError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from retrorun.cli import main
main()
"""


def program(*words: str | Path, base: bool = False) -> subprocess.CompletedProcess[str]:
    """A process of its own; ``base``: as if only the base were installed."""
    own = str(Path(sys.executable).with_name("retrorun"))
    start = (sys.executable, "-c", BASE) if base else (own,)
    return subprocess.run(  # noqa: S603 - ourselves
        [*start, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        cwd=ROOT,
    )


def test_the_base_install_works_and_says_what_the_cluster_needs(
    exports: Path, tmp_path: Path
) -> None:
    done = program("cohort", "process", exports, "--out", tmp_path / "r", "--jobs", "1", base=True)
    assert "files: 2 analysed, 1 could not be read" in done.stderr
    for words in (("--engine", "dask"), ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1")):
        done = program("cohort", "process", exports, "--out", tmp_path / "q", *words, base=True)
        assert done.returncode == 1
        assert 'pip install "retrorun[cluster]"' in done.stderr
        assert "Traceback" not in done.stderr
    done = program("cohort", "process", "s3://bucket/exports", "--out", tmp_path / "p", base=True)
    assert done.returncode == 1
    assert 'pip install "retrorun[cluster]"' in done.stderr


def secrets() -> tuple[str, ...]:
    return object_stores.SECRET, object_stores.ACCESS, "word-of-nobody"


def test_exports_that_are_not_there_leave_no_result_set(tmp_path: Path) -> None:
    said = program("cohort", "process", tmp_path / "gone", "--out", tmp_path / "results")
    assert said.returncode == 1
    assert "there is no such folder" in said.stderr
    assert not (tmp_path / "results").exists()


def test_credentials_are_in_no_output_and_no_object(
    s3: ObjectServer, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = s3.bucket()
    source = open_store(f"{bucket}/exports")
    for entry in open_store(exports).entries():
        source.put(entry.name, Path(entry.address).read_bytes())
    words = ("cohort", "process", f"{bucket}/exports", "--out", f"{bucket}/results", "--jobs", "1")
    said = [program(*words, "--engine", "dask")]
    assert "files: 2 analysed, 1 could not be read" in said[0].stderr
    with object_stores.proxy(s3.endpoint, lambda *_: 403) as (endpoint, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        said.append(program(*words))
    assert said[1].returncode == 1
    assert "lets nobody in" in said[1].stderr
    said.append(
        program("cohort", "process", "nonsense://me:word-of-nobody@host/x", "--out", tmp_path / "y")
    )
    assert not (tmp_path / "y").exists()
    said.append(
        program("cohort", "process", exports, "--out", "nonsense://me:word-of-nobody@host/x")
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    result = open_store(f"{bucket}/results")
    objects = [result.read(each.name, 1 << 30) for each in result.entries()]
    assert len(objects) > 5
    for secret in secrets():
        assert all(secret not in each.stdout + each.stderr for each in said)
        assert all(secret.encode() not in each for each in objects)
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == object_stores.SECRET  # it was there to be told
