"""What is learnt of each athlete is fed back: a study says what the athlete's archive says."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cohort_made as made
import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec import structs

import fake_pipeline
from retrorun import pipeline
from retrorun import profile as profiles
from retrorun.archive import Archive
from retrorun.cli import main
from retrorun.cohort import batches
from retrorun.cohort.run import Report
from retrorun.model import (
    Analysis,
    Athlete,
    Blob,
    Estimate,
    GaitLine,
    Lesson,
    Outcome,
    Session,
)
from retrorun.results.layout import UNKNOWN
from retrorun.settings import Settings
from retrorun.storage import open_store

# one of each kind: heading decides, only the step rate, laps pressed by hand, no sensors at all
pytestmark = pytest.mark.usefixtures("one_child")
REAL = (
    "2026-05-03-connect-iq.fit",
    "2026-05-21-watch.tcx",
    "2026-05-26-laps.fit",
    "2026-05-31-easy.fit",
    "2026-06-04-gpslogger.gpx",
)


def command(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in words], catch_exceptions=False)


def as_json(session: Session) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(msgspec.json.encode(session))


def documents(address: Path) -> dict[str, Any]:
    """Whole analyses of a result set, by session."""
    found = made.rows(address, "sessions")
    return {row["session"]: msgspec.json.decode(row["analysis"]) for row in found}


def test_a_study_says_of_an_athlete_what_the_archive_of_the_same_files_says(
    samples: Path, tmp_path: Path
) -> None:
    folder, profile = tmp_path / "exports" / "ann", samples / "profile.toml"
    folder.mkdir(parents=True)
    for name in REAL:
        shutil.copy(samples / name, folder)
    kept = ("--archive", tmp_path / "archive", "--reports", tmp_path / "reports")
    assert command("process", folder, *kept, "--profile", profile, "--jobs", "1").exit_code == 0
    with Archive.open(tmp_path / "archive", create=False) as archive:
        own = {each.id: each for each in archive.sessions()}
    none = ("--archive", tmp_path / "no archive", "--profile", profile)
    study = ("cohort", "process", tmp_path / "exports", "--out", tmp_path / "out", *none)
    done = command(*study, "--jobs", "1")
    assert done.exit_code == 0
    assert "again with what was learnt" in done.stderr
    assert documents(tmp_path / "out") == {key: as_json(each) for key, each in own.items()}
    # and that is not what each file says for itself
    alone = {key: alone_of(folder / each.source.name, profile) for key, each in own.items()}
    assert sum(each.measures != alone[key].measures for key, each in own.items()) >= 3
    again = command(*study, "--jobs", "1")
    assert "files: 5 unchanged; sessions: 0" in again.stderr


def alone_of(path: Path, profile: Path) -> Session:
    """The session of a file by itself, with the same profile."""
    blob = Blob(path.name, path.read_bytes())
    outcome = pipeline.process(blob, Settings(), profiles.load(profile))
    assert isinstance(outcome, Analysis)
    return outcome.sessions[0]


# --- by a stand-in whose lessons are easily worked out by hand


def taught(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
    """A run of N seconds teaches a line at 100 + N steps a minute, and shows the one it was told.

    One of less than 100 s asks for no line.
    """
    found: Outcome = fake_pipeline.process(blob, settings, athlete)
    if not isinstance(found, Analysis):
        return found
    return structs.replace(found, sessions=tuple(_taught(each, athlete) for each in found.sessions))


def _taught(session: Session, athlete: Athlete) -> Session:
    own = GaitLine(100.0 + session.duration_s, 0.0, 0.0, 1.0, 100.0, 3.0, 3.0)
    line = athlete.forward_line
    return replace(
        session,
        name=str(line.intercept_spm) if line and session.duration_s >= 100 else "no line",
        lesson=Lesson(own, None, Estimate(None, None, None, "none")),
        learnt=athlete.learnt_fingerprints(["forward_line"] if session.duration_s >= 100 else []),
    )


FILES = {
    "a/1.fit": made.run_of(1, 100),
    "a/2.fit": made.run_of(2, 140),
    "a/short.fit": made.run_of(3, 60),
    "b/1.fit": made.run_of(4, 130),
}
LINES = {"1.fit a": "200.0", "2.fit a": "200.0", "short.fit a": "no line", "1.fit b": "230.0"}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_FILES", 1)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made.put(tmp_path / "exports", FILES)
    return tmp_path / "exports"


def run(source: Path, out: Path, **more: Any) -> Report:  # noqa: ANN401 - as `made.run` has them
    return made.run(source, out, process=taught, **more)


def lines(out: Path) -> dict[str, str]:
    """File and athlete → the line that the session was told."""
    return {f"{row['source']} {row['athlete']}": row["name"] for row in made.rows(out, "sessions")}


def times(out: Path) -> dict[str, int]:
    """When each object was written."""
    return {
        str(each.relative_to(out)): each.stat().st_mtime_ns
        for each in out.rglob("*")
        if each.is_file()
    }


def test_each_athlete_is_told_what_their_own_sessions_teach(source: Path, tmp_path: Path) -> None:
    report = run(source, tmp_path / "out")
    assert (report.files, report.sessions, report.reprocessed) == (
        4,
        4,
        3,
    )  # 200 = 100 + (100+140+60)/3
    assert lines(tmp_path / "out") == LINES


def test_nothing_new_writes_nothing(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out")
    before = times(tmp_path / "out")
    report = run(source, tmp_path / "out")
    assert (report.files, report.known, report.reprocessed) == (0, 4, 0)
    assert times(tmp_path / "out") == before


def test_only_what_depends_on_what_is_new_is_made_again(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(source, out)
    before = times(out)
    made.put(source, {"a/new.fit": made.run_of(5, 180)})
    report = run(source, out)
    assert (report.files, report.reprocessed) == (
        1,
        3,
    )  # the new one, and the two that read the line
    later = {"1.fit a": "220.0", "2.fit a": "220.0", "new.fit a": "220.0"}
    assert lines(out) == LINES | later
    written = {name for name, when in times(out).items() if before.get(name) != when}
    assert not {name for name in written if "athlete=b" in name}
    made.run(source, tmp_path / "whole", process=taught)
    assert lines(tmp_path / "whole") == lines(out)
    one_by_one = {name: data for name, data in made.tree(out).items() if "session" in name}
    assert (
        one_by_one.items() <= made.tree(tmp_path / "whole").items()
    )  # the order of events leaves no trace


@pytest.mark.parametrize("count", [4, 5, 6])
def test_cut_off_while_it_is_fed_back_it_goes_on_to_the_same_bytes(
    source: Path, tmp_path: Path, count: int
) -> None:
    class Stop(Exception):  # noqa: N818 - no error, but the power that goes
        """What ends a run in the middle."""

    seen: list[Report] = []

    def end(report: Report) -> None:
        seen.append(report)
        if len(seen) == count:
            raise Stop

    with pytest.raises(Stop):
        run(source, tmp_path / "out", progress=end)
    assert not (tmp_path / "out" / "learnt.json").exists()
    run(source, tmp_path / "out")
    run(source, tmp_path / "whole")
    assert made.tree(tmp_path / "out") == made.tree(tmp_path / "whole")
    assert lines(tmp_path / "out") == LINES


def test_cut_off_in_the_middle_of_a_batch_it_heals(source: Path, tmp_path: Path) -> None:
    """The worker had taken the ledger's part away and put one part anew."""
    out = tmp_path / "out"
    run(source, out)
    whole = made.tree(out)
    (out / "learnt.json").unlink()
    next((out / "files").iterdir()).unlink()
    run(source, out)
    assert made.tree(out) == whole


def test_exports_that_are_gone_cost_no_session(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(source, out)
    (source / "a" / "1.fit").unlink()
    made.put(source, {"a/new.fit": made.run_of(5, 180)})
    report = run(source, out)
    assert (report.files, report.reprocessed, report.unfinished) == (1, 2, ())
    assert [(each.name, each.slug) for each in report.kept] == [("a/1.fit", "export-changed")]
    later = {"2.fit a": "220.0", "new.fit a": "220.0"}
    assert lines(out) == LINES | later  # the session whose file is gone is as it was
    report = run(source, out)
    assert (report.files, report.reprocessed, report.kept) == (0, 0, ())


def test_nobody_known_teaches_nobody(tmp_path: Path) -> None:
    made.put(tmp_path / "exports", {"1.fit": made.run_of(1, 100), "2.fit": made.run_of(2, 300)})
    report = run(tmp_path / "exports", tmp_path / "out")
    assert (report.sessions, report.reprocessed) == (2, 0)
    told = {f"1.fit {UNKNOWN}": "no line", f"2.fit {UNKNOWN}": "no line"}
    assert lines(tmp_path / "out") == told


def test_a_batch_whose_plan_is_lost_is_planned_anew(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(source, out)
    for page in (out / "manifest").iterdir():
        page.unlink()
    made.put(source, {"a/new.fit": made.run_of(5, 180)})
    run(source, out)
    later = {"1.fit a": "220.0", "2.fit a": "220.0", "new.fit a": "220.0"}
    assert lines(out) == LINES | later
    assert len(made.outcomes(out)) == 5


def test_two_athletes_in_one_batch_are_each_told_their_own(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_FILES", 100)
    monkeypatch.setattr(batches, "LEAST_S", 60.0)
    out = tmp_path / "out"
    assert run(source, out).reprocessed == 4
    assert lines(out) == LINES
    assert len(list(open_store(out).entries("files/"))) == 1
    made.put(source, {"b/new.fit": made.run_of(6, 150)})  # 100 + (130+150)/2
    report = run(source, out)
    assert (report.files, report.reprocessed) == (1, 5)  # a's sessions are in a batch with b's
    assert lines(out) == LINES | {"1.fit b": "240.0", "new.fit b": "240.0"}
