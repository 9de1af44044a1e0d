"""The doctor names what is wrong and how to mend it, and is quiet about what is well."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import fake_pipeline
from retrorun.archive import Archive
from retrorun.cli import main, maintenance
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete
from retrorun.settings import Settings


def test_without_an_archive_it_says_how_to_make_one(tmp_path: Path) -> None:
    facts = maintenance.facts(tmp_path / "archive", tmp_path / "reports")
    missing = next(fact for fact in facts if fact.text == "there is no archive yet")
    assert missing.remedy == "`retrorun process FOLDER` makes one."
    assert not (tmp_path / "archive").exists()
    assert any(fact.text.startswith("Python 3.") for fact in facts)


def test_it_names_problems_gaps_and_what_was_not_read(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    for name, text in {"a.fit": "run 1000 60", "b\n.fit": "rubbish", "c.fit": "none"}.items():
        (exports / name).write_text(text)
    with Archive.open(tmp_path / "archive") as archive:
        engine = Engine(Settings(), Athlete(), 1, fake_pipeline.process)
        run_import(plan_import(exports, archive, settle_s=0), archive, engine)
        archive.annotations.set_profile(
            Athlete(mass_kg=70, birth_year=1980, sex="female", hr_max_bpm=180)
        )
        archive.tracks.path(next(archive.tracks.hashes())).unlink()
    (exports / "d.fit").write_text("run 9000 60")
    (exports / "list.csv").write_text("x")
    facts = maintenance.facts(tmp_path / "archive", tmp_path / "reports", exports)
    by_topic = {
        topic: [(fact.text, fact.remedy) for fact in facts if fact.topic == topic]
        for topic in ("archive", "profile", "file", "folder")
    }
    texts = [text for text, _ in by_topic["archive"]]
    assert "1 session of 3 files" in texts
    assert any("the track of session" in text for text in texts)
    assert "healthy" not in texts
    assert [text.split()[0] for text, _ in by_topic["profile"]] == ["hr_rest_bpm"]
    assert by_topic["file"] == [
        (f"failed: {exports}/b\\n.fit: damaged", "Export it anew."),
        (f"no run: {exports}/c.fit: a settings file", None),
    ]
    assert by_topic["folder"] == [
        ("files that are not imported yet: 1", f"`retrorun process {exports}`"),
        ("files that are no exports by their name (.csv): 1", None),
    ]


def test_advice_about_the_profile_and_new_files_needs_no_repair(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "a.fit").write_text("run 1000 60")
    Archive.open(tmp_path / "archive").close()
    words = ["doctor", str(tmp_path / "exports"), "--archive", str(tmp_path / "archive")]
    told = CliRunner().invoke(main, words)
    assert "mass_kg is not set" in told.stdout
    assert "files that are not imported yet: 1" in told.stdout
    assert told.exit_code == 0
    (tmp_path / "archive" / "archive.sqlite").write_bytes(b"rubbish " * 1000)
    assert CliRunner().invoke(main, words).exit_code == 1


def test_it_names_the_old_fitparse_in_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clashes() -> list[str | None]:
        facts = maintenance.facts(tmp_path / "archive", tmp_path / "reports")
        return [fact.remedy for fact in facts if fact.text.startswith("fitparse ")]

    assert clashes() == []
    about = tmp_path / "site" / "fitparse-1.2.0.dist-info" / "METADATA"
    about.parent.mkdir(parents=True)
    about.write_text("Metadata-Version: 2.1\nName: fitparse\nVersion: 1.2.0\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (remedy,) = clashes()
    assert "pip uninstall fitparse" in str(remedy)
