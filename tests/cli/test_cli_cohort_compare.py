"""``retrorun cohort compare ADDRESS`` as a user types it."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import measured_sessions as made
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from retrorun import results
from retrorun.cli import main
from retrorun.model import Analysis, Estimate, Source
from retrorun.storage import Folder


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["cohort", "compare", *[str(word) for word in words]])


@pytest.fixture(scope="module")
def result_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six athletes with factors 1.1 to 1.6, and eight per cent more heartbeats going backward."""
    folder = tmp_path_factory.mktemp("set")
    store = Folder(folder)
    store.put(results.ABOUT, results.make_about("0", "f" * 12, tracks=False))
    for place in range(6):
        part = results.BatchWriter(f"{place:032x}", tracks=False)
        segments = [
            stretch
            for turn in range(6)
            for stretch in (
                made.stretch(400.0 * turn, 100.0, steady_heart_rate_bpm=150.0),
                made.stretch(400.0 * turn + 200, 100.0, "backward", steady_heart_rate_bpm=162.0),
            )
        ]
        factor = 1.1 + place / 10
        own = Estimate(factor, factor - 0.1, factor + 0.1, "heart-rate kinetics")
        session = made.session(f"{place:012x}", float(place), segments, own)
        analysis = Analysis(Source("x.fit", session.id), (session,), (None,))  # type: ignore[arg-type]
        part.add(
            results.FileOutcomes(f"athlete {place}", "x", "x", 1, "t", "p", (analysis,), session.id)
        )
        for name, data in part.close():
            store.put(name, data)
    return folder


@pytest.fixture
def damaged(result_set: Path) -> Iterator[Path]:
    """The same, with one athlete's part cut short meanwhile."""
    part = next(result_set.glob("sessions/athlete=athlete%203/*/*.parquet"))
    whole = part.read_bytes()
    part.write_bytes(whole[:100])
    yield result_set
    part.write_bytes(whole)


def test_table_page_and_where_it_is(result_set: Path, tmp_path: Path) -> None:
    done = run(result_set, "--reports", tmp_path, "--jobs", "1")
    assert done.exit_code == 0, done.output
    assert "athletes: 6, with backward running: 6, sessions: 6" in done.stdout
    rows = {line.split("  ")[0]: line.split() for line in done.stdout.splitlines()}
    heart = rows["heart rate at equal speed (%)"]
    assert heart[6:8] == ["6", "8.0"]
    assert "too early to say: 5 more athletes" in done.stdout
    assert done.stderr.splitlines()[-1] == f"open {(tmp_path / 'cohort.html').as_uri()}"
    assert "6 athletes" in (tmp_path / "cohort.html").read_text(encoding="utf-8")


def test_json_is_one_document_and_writes_nothing(result_set: Path, tmp_path: Path) -> None:
    done = run(result_set, "--json", "--jobs", "1", "--reports", tmp_path / "no")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["schema_version"] == 1
    cohort = document["cohort"]
    assert [each["athlete"] for each in cohort["athletes"]] == [f"athlete {n}" for n in range(6)]
    factor = cohort["measures"][0]
    assert (factor["key"], factor["scale"], factor["athletes"]) == ("cost_factor", "factor", 6)
    assert factor["quantiles"]["p50"] == pytest.approx(1.35)
    assert factor["quantiles"]["p05"] is None
    assert not (tmp_path / "no").exists()


def test_out_holds_tables_and_lines(result_set: Path, tmp_path: Path) -> None:
    done = run(result_set, "--json", "--jobs", "1", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    table = pq.read_table(tmp_path / "comparison" / "athletes.parquet").to_pylist()
    assert [row["cost_factor"] for row in table] == pytest.approx([1.1, 1.2, 1.3, 1.4, 1.5, 1.6])
    assert [row["heart_rate_relative_pct"] for row in table] == pytest.approx([8.0] * 6)
    assert len(list((tmp_path / "comparison" / "athletes").glob("*.jsonl"))) == 6
    assert (tmp_path / "comparison" / "cohort.parquet").is_file()


def test_dates_choose_sessions(result_set: Path) -> None:
    # athlete n ran n days after 5 January
    done = run(result_set, "--json", "--jobs", "1", "--since", "2026-01-08")
    document = json.loads(done.stdout)
    assert document["cohort"]["sessions"] == 3
    assert len(document["cohort"]["athletes"]) == 6


def test_an_athlete_who_cannot_be_read_is_named_and_the_rest_stands(
    damaged: Path, tmp_path: Path
) -> None:
    done = run(damaged, "--jobs", "1", "--reports", tmp_path)
    assert done.exit_code == 1
    assert "athlete 3: " in done.stderr
    assert "[results-part-damaged]" in done.stderr
    assert "athletes: 5, with backward running: 5" in done.stdout
    assert "athlete 3" in (tmp_path / "cohort.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("there", ["nothing", "an empty folder"])
def test_no_result_set_is_said_in_words(tmp_path: Path, there: str) -> None:
    place = tmp_path / "set"
    if there == "an empty folder":
        place.mkdir()
    done = run(place)
    assert done.exit_code == 2
    assert "there is no result set" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "Missing argument 'ADDRESS'"),
        (["x", "--scheduler", "tcp://x:1"], "--scheduler needs --engine dask"),
        (["x", "--archive", "y"], "No such option"),
        (["x", "--profile", "y"], "No such option"),
        (
            ["x", "--engine", "dask", "--scheduler", "tcp://x:1", "--jobs", "2"],
            "--jobs is for workers that are started here",
        ),
    ],
)
def test_what_makes_no_sense_together_is_refused(words: list[str], reason: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert reason in done.stderr


def test_an_archive_named_by_the_environment_does_not_stand_against_it(
    result_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRORUN_ARCHIVE", "/nowhere")
    assert run(result_set, "--json", "--jobs", "1").exit_code == 0


def test_passwords_in_an_address_are_not_repeated() -> None:
    done = run("memory://user:secret@host/none", "--json")
    assert done.exit_code != 0
    assert "secret" not in done.output


def test_shifted_dates_are_no_dates(result_set: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(result_set, copy)
    about = json.loads((copy / results.ABOUT).read_text())
    (copy / results.ABOUT).write_text(json.dumps(about | {"deidentified": True}))
    refused = run(copy, "--since", "2026-01-01")
    assert refused.exit_code == 2
    assert "its dates are shifted" in refused.stderr
    done = run(copy, "--reports", tmp_path, "--jobs", "1")
    assert done.exit_code == 0
    assert "2026-01" not in done.stdout
    page = (tmp_path / "cohort.html").read_text(encoding="utf-8")
    assert "its dates are shifted" in page
    assert "Jan 2026" not in page


def test_sessions_without_an_athlete_count_for_nobody(result_set: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(result_set, copy)
    (copy / "sessions" / "athlete=athlete%200").rename(copy / "sessions" / "athlete=unknown")
    done = run(copy, "--json", "--jobs", "1")
    assert done.exit_code == 0
    assert "sessions whose athlete is not known are left out" in done.stderr
    assert [note["slug"] for note in json.loads(done.stdout)["cohort"]["notes"]] == [
        "athlete-unknown"
    ]
    assert json.loads(done.stdout)["cohort"]["sessions"] == 5


def test_it_speaks_the_language_of_the_usual_archive(
    result_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRORUN_ARCHIVE", str(tmp_path / "archive"))
    stated = CliRunner().invoke(main, ["profile", "language=de"])
    assert stated.exit_code == 0, stated.output
    done = run(result_set, "--reports", tmp_path, "--jobs", "1", "--out", tmp_path)
    assert done.exit_code == 0
    assert "rückwärts gegen vorwärts" in done.stdout
    assert "Herzfrequenz bei gleichem Tempo" in done.stdout
    assert '<html lang="de">' in (tmp_path / "cohort.html").read_text(encoding="utf-8")
    table = pq.read_table(tmp_path / "comparison" / "cohort.parquet").to_pylist()
    assert table[0]["label"] == "backward cost factor"  # what programs read stays as it is


@pytest.mark.parametrize(("units", "own"), [("imperial", {"ft", "mi"}), ("metric", {"m", "km"})])
def test_the_page_has_the_units_of_the_usual_archive(
    result_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, units: str, own: set[str]
) -> None:
    monkeypatch.setenv("RETRORUN_ARCHIVE", str(tmp_path / "archive"))
    stated = CliRunner().invoke(main, ["profile", f"units={units}"])
    assert stated.exit_code == 0, stated.output
    done = run(result_set, "--reports", tmp_path, "--jobs", "1")
    assert done.exit_code == 0, done.output
    page = re.sub("<[^>]*>", " ", (tmp_path / "cohort.html").read_text(encoding="utf-8"))
    distances = re.findall(r"\d[\d.,]*\s+(m|km|ft|mi)\b", page.replace("\u202f", " "))
    assert distances
    assert set(distances) <= own
