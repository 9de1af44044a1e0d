"""Sessions of another version or of other settings: so many a run, newest first, to one end."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

import fake_pipeline
from retrorun import ingest
from retrorun.archive import Archive, Change, maintenance
from retrorun.cli import main
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete, Blob, Outcome
from retrorun.settings import CompareSettings, Settings

SAMPLES = Path(__file__).parents[2] / "sample_data"
OTHER = Settings(compare=CompareSettings(segment_s=21.0))
ENGINE = Engine(Settings(), Athlete(), 1, fake_pipeline.process)


def filled(folder: Path, texts: dict[str, str], engine: Engine) -> Archive:
    exports = folder / "exports"
    exports.mkdir(exist_ok=True)
    for name, text in texts.items():
        (exports / name).write_text(text)
    archive = Archive.open(folder / "archive")
    run_import(plan_import(exports, archive, settle_s=0), archive, engine)
    return archive


def starts(archive: Archive, settings: Settings) -> list[float]:
    """Of the outdated sessions, in the order in which they are analysed again."""
    found = ingest.outdated_sessions(archive, settings)
    return [archive.session(each).start_time_s for each in found]


def test_the_newest_are_analysed_again_first_and_so_many_a_run(tmp_path: Path) -> None:
    texts = {f"{day}.fit": f"run {day}000 60" for day in (1, 2, 3, 4, 5)}
    with filled(tmp_path, texts, msgspec.structs.replace(ENGINE, settings=OTHER)) as archive:
        assert starts(archive, OTHER) == []
        assert starts(archive, Settings()) == [5000, 4000, 3000, 2000, 1000]
        for left in ([3000, 2000, 1000], [1000], []):
            ingest.reprocess_outdated(archive, ENGINE, most=2)
            assert starts(archive, Settings()) == left
        assert ingest.reprocess_outdated(archive, ENGINE).sessions == ()
        assert {each.settings for each in archive.sessions()} == {Settings().fingerprint()}
        assert maintenance.check(archive) == []


def test_a_session_of_another_version_is_outdated(tmp_path: Path) -> None:
    with filled(tmp_path, {"a.fit": "run 1000 60"}, ENGINE) as archive:
        assert ingest.outdated_sessions(archive, Settings()) == []
        (session_id,) = archive.known()
        with archive.database.transaction():
            archive.database.connection.execute("UPDATE sessions SET version = '0.0.9'")
        assert ingest.outdated_sessions(archive, Settings()) == [session_id]


def test_what_cannot_be_analysed_again_is_named_once_and_keeps_its_session(tmp_path: Path) -> None:
    def stricter(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
        return fake_pipeline.process(replace(blob, data=b"damaged"), settings, athlete)

    with filled(
        tmp_path, {"a.fit": "run 1000 60"}, msgspec.structs.replace(ENGINE, settings=OTHER)
    ) as archive:
        report = ingest.reprocess_outdated(
            archive, msgspec.structs.replace(ENGINE, process=stricter)
        )
        assert [each.slug for each in report.problems] == ["fit-damaged"]
        assert [each.start_time_s for each in archive.sessions()] == [1000]
        assert ingest.outdated_sessions(archive, Settings()) == []  # no endless work
        third = Settings(compare=CompareSettings(segment_s=22.0))
        assert len(ingest.outdated_sessions(archive, third)) == 1  # others may read it
        assert maintenance.check(archive) == []


def test_a_lost_original_is_waited_for(tmp_path: Path) -> None:
    with filled(
        tmp_path, {"a.fit": "run 1000 60"}, msgspec.structs.replace(ENGINE, settings=OTHER)
    ) as archive:
        sha256 = archive.briefs()[0].sha256
        kept = archive.originals.path(sha256).read_bytes()
        archive.originals.path(sha256).unlink()
        ingest.reprocess_outdated(archive, ENGINE)
        assert ingest.outdated_sessions(archive, Settings()) == []
        archive.originals.path(sha256).write_bytes(kept)
        assert archive.pending.exports() == [sha256]  # the next run does it


def command(tmp_path: Path, *words: str) -> Result:
    places = ["--archive", str(tmp_path / "kept"), "--reports", str(tmp_path / "pages")]
    return CliRunner().invoke(main, [*words, *places, "--jobs", "1"])


@pytest.fixture
def settled(tmp_path: Path) -> Path:
    """An archive of two sessions, processed with other settings, and their folder."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "other.toml").write_text("[compare]\nsegment_s = 21.0\n")
    for name in ("2026-05-12-workout.fit", "2026-05-31-easy.fit"):
        (tmp_path / "runs" / name).write_bytes((SAMPLES / name).read_bytes())
    runs = str(tmp_path / "runs")
    made = command(tmp_path, "process", runs, "--settings", str(tmp_path / "other.toml"))
    assert made.exit_code == 0
    return tmp_path


def test_process_names_them_and_ends_where_a_fresh_archive_would(settled: Path) -> None:
    runs = str(settled / "runs")
    planned = command(settled, "process", runs, "--dry-run")
    assert planned.stdout.count("of another version or with other settings") == 2
    done = command(settled, "process", runs)
    assert done.exit_code == 0
    assert "with other settings: 2; analysing 2 of them again" in done.stderr
    assert "nothing new" in command(settled, "process", runs).stderr
    fresh = settled / "fresh"
    fresh.mkdir()
    assert command(fresh, "process", runs).exit_code == 0
    with Archive.open(settled / "kept") as old, Archive.open(fresh / "kept") as new:
        assert old.sessions() == new.sessions()
        assert old.annotations.profile() == new.annotations.profile()
        assert ingest.outdated_sessions(old, Settings()) == []
    pages = sorted(path.relative_to(fresh / "pages") for path in fresh.rglob("*.html"))
    assert len(pages) == 5
    for page in pages:
        old_page, new_page = (
            (folder / "pages" / page).read_text().replace(str(folder / "kept"), "kept")
            for folder in (settled, fresh)  # commands on pages name the archive
        )
        assert old_page == new_page


def test_a_new_file_has_its_page_before_old_sessions_are_analysed(
    settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = SAMPLES / "2026-05-03-connect-iq.fit"
    (settled / "runs" / third.name).write_bytes(third.read_bytes())
    there: list[int] = []

    def look(*_: object, **__: object) -> ingest.Report:
        there.append(len(list((settled / "pages" / "sessions").iterdir())))
        return ingest.Report()

    monkeypatch.setattr(ingest, "reprocess_outdated", look)
    assert command(settled, "process", str(settled / "runs")).exit_code == 0
    assert there == [3]


def test_watch_goes_on_until_none_is_left(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrorun.cli.watch.MOST_OUTDATED", 1)
    for left in (1, 0):
        assert command(settled, "watch", str(settled / "runs"), "--once").exit_code == 0
        with Archive.open(settled / "kept") as archive:
            assert len(ingest.outdated_sessions(archive, Settings())) == left


def test_a_stored_session_of_the_first_contract_is_read_and_due(settled: Path) -> None:
    """Version 1 called forward segments candidates, and knew no answers."""
    with Archive.open(settled / "kept") as archive:
        last = list(archive.known())[-1]
        (document,) = archive.database.find_session("document", last)
        old = document.replace(b'"verdict":"assumed"', b'"verdict":"candidate"')
        old = old.replace(b',"answers":[]', b"")
        assert old != document
        archive.writes.apply(0, Change(documents={last: old}))
        session = archive.session(last)
        assert session.lesson is not None
        assert session.lesson.answers == ()
        assert {"candidate"} <= {each.segment.verdict for each in session.measures.segments}
        assert last in ingest.outdated_sessions(archive, Settings())
