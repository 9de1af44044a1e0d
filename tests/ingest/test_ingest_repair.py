"""An archive that is damaged, emptied or half lost comes back from what is left of it."""

import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

import fake_pipeline
from retrorun.archive import Archive, database, integrity, journal, maintenance
from retrorun.errors import ArchiveError
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.ingest.repair import Repaired, repair
from retrorun.model import Athlete, Label, Remark, Session
from retrorun.settings import Settings

ENGINE = Engine(Settings(), Athlete(), 1, fake_pipeline.process)
STATED = Athlete(mass_kg=66)
LABEL = Label(1, 2, "backward", "command")
NOTE = Remark(2, 7, "on grass")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four runs, one of them in a zip and one taken back, with a label, a note and a profile."""
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "a.fit").write_text("run 1000 60")
    (exports / "b.fit").write_text("run 20000 90\nrun 30000 45")
    (exports / "c.fit").write_text("rubbish")
    with zipfile.ZipFile(exports / "all.zip", "w") as bundle:
        bundle.writestr("in/d.gpx", "run 50000 120")
    with Archive.open(tmp_path / "archive") as opened:
        opened.annotations.set_profile(STATED)
        engine = msgspec.structs.replace(ENGINE, athlete=STATED)
        run_import(plan_import(exports, opened, settle_s=0), opened, engine)
        (exports / "e.fit").write_text("run 70000 60")
        run_import(plan_import(exports, opened, settle_s=0), opened, engine)
        opened.writes.undo(2, 5.0)
        first = opened.sessions()[0]
        opened.annotations.add_label(first.id, LABEL)
        opened.annotations.set_remark(first.id, NOTE)
        run_import(plan_import(exports, opened, settle_s=0), opened, engine)  # with the label
        assert [each.duration_s for each in opened.sessions()] == [60, 90, 45, 120]
        assert maintenance.check(opened) == []
    return tmp_path / "archive"


def state(folder: Path) -> tuple[list[Session], *tuple[object, ...]]:
    """All that a repair must bring back."""
    with Archive.open(folder, create=False) as archive:
        tracks = [archive.track(each.id).seconds for each in archive.sessions()]
        labels = archive.database.rows("SELECT session, start_s, direction FROM labels")
        return (
            archive.sessions(),
            tracks,
            labels,
            archive.annotations.remarks(),
            archive.annotations.profile(),
        )


def mended(folder: Path) -> Repaired:
    done = repair(folder, ENGINE)
    assert done.left == ()
    with Archive.open(folder, create=False) as archive:
        assert maintenance.check(archive) == []
    return done


def refused(folder: Path) -> str:
    with pytest.raises(ArchiveError) as caught, Archive.open(folder) as archive:
        archive.sessions()
    assert "check --repair" in str(caught.value)
    return caught.value.slug


def flip(path: Path, place: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def lose_database(folder: Path) -> None:
    for path in folder.glob(f"{database.FILE}*"):
        path.unlink()


def empty_database(folder: Path) -> None:
    lose_database(folder)
    (folder / database.FILE).touch()


def new_database(folder: Path) -> None:
    lose_database(folder)
    Archive.open(folder.with_name("other")).close()
    (folder.with_name("other") / database.FILE).rename(folder / database.FILE)


@pytest.mark.parametrize("loss", [lose_database, empty_database, new_database])
def test_a_lost_database_is_refused_and_comes_back_from_journal_and_originals(
    folder: Path, loss: Callable[[Path], None]
) -> None:
    before = state(folder)
    with Archive.open(folder) as archive:
        files = archive.files()
    loss(folder)
    tracks = sorted(folder.glob("tracks/*/*"))
    assert refused(folder) == "archive-database-missing"
    assert sorted(folder.glob("tracks/*/*")) == tracks
    done = mended(folder)
    assert done.rebuilt is not None
    assert done.rebuilt.sound == 0
    assert len(done.sessions) == 4  # what was taken back stays so
    assert state(folder) == before
    with Archive.open(folder) as archive:
        assert archive.files() == files
        assert plan_import(folder.with_name("exports"), archive, settle_s=0).idle


def test_a_log_that_a_lost_database_left_is_not_played_into_the_new_one(folder: Path) -> None:
    before = state(folder)
    path = folder / database.FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE foreign_rows (value TEXT)")
        connection.execute("INSERT INTO foreign_rows VALUES (hex(zeroblob(9000)))")
        log, index = (Path(f"{path}{end}").read_bytes() for end in ("-wal", "-shm"))
    for number in (1, 2):  # the log of the first loss is not overwritten by that of the second
        lose_database(folder) if number == 1 else path.unlink()
        Path(f"{path}-wal").write_bytes(log)
        Path(f"{path}-shm").write_bytes(index)
        assert mended(folder).rebuilt is not None
        assert state(folder) == before
        assert (folder / f"{database.FILE}.damaged-{number}-wal").read_bytes() == log


def test_without_a_journal_too_every_original_is_imported_again(folder: Path) -> None:
    before = state(folder)
    lose_database(folder)
    (folder / journal.FILE).unlink()
    done = mended(folder)
    assert len(done.sessions) == 5  # nothing says any more that one was taken back
    with Archive.open(folder) as archive:
        after = archive.sessions()
        assert [(each.id, each.start_time_s, each.duration_s) for each in after[:4]] == [
            (each.id, each.start_time_s, each.duration_s) for each in before[0]
        ]
        run_import(plan_import(folder.with_name("exports"), archive, settle_s=0), archive, ENGINE)
        assert [each.id for each in archive.sessions()] == [each.id for each in after]
        assert maintenance.check(archive) == []
        paths = {row.path for row in archive.files() if row.sha256 == after[0].source.sha256}
        assert paths == {str(folder.with_name("exports") / "a.fit")}


@pytest.mark.parametrize(
    ("place", "bit"),
    [
        (0, 0),
        (16, 4),
        (18, 0),
        (20, 1),
        (45, 3),
        (59, 1),
        (60, 6),
        (63, 0),
        (63, 1),
        (63, 2),
        (68, 3),
    ],
)
def test_a_bit_of_the_first_page_costs_nothing(folder: Path, place: int, bit: int) -> None:
    before = state(folder)
    flip(folder / database.FILE, place, bit)
    with pytest.raises(AssertionError):  # it is refused, or the check finds it
        assert findings(folder) == []
    done = mended(folder)
    assert done.rebuilt is not None
    assert done.rebuilt.from_journal == 0
    assert done.sessions == ()
    assert state(folder) == before
    assert done.rebuilt.aside is not None
    assert done.rebuilt.aside.is_file()


def findings(folder: Path) -> list[str]:
    try:
        with Archive.open(folder, create=False) as archive:
            return [each.slug for each in maintenance.check(archive)]
    except ArchiveError as problem:
        return [problem.slug]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sessions SET duration_s = 61 WHERE duration_s = 60",
        (
            "UPDATE sessions SET document = "
            "CAST(replace(CAST(document AS TEXT), '60.0', '61.0') AS BLOB)"
        ),
        "UPDATE sessions SET document = x'00'",
        "UPDATE sessions SET sha256 = 'x'",
        "DELETE FROM sessions",
        "DELETE FROM totals",
        "UPDATE totals SET seconds = 1",
        "UPDATE labels SET start_s = 0",
        "DELETE FROM labels",
        "DELETE FROM notes",
        "UPDATE notes SET text = 'on sand'",
        "UPDATE documents SET document = CAST('{}' AS BLOB)",
        "UPDATE files SET outcome = 'imported'",
        "DELETE FROM files",
        "UPDATE imports SET undone_s = NULL",
        "DELETE FROM imports",
        "DELETE FROM sums",
        "DROP TABLE notes",
        "UPDATE sqlite_sequence SET seq = 7",
    ],
)
def test_altered_rows_come_back_as_they_were(folder: Path, statement: str) -> None:
    before = state(folder)
    with closing(sqlite3.connect(folder / database.FILE, isolation_level=None)) as direct:
        direct.execute(statement)
    assert findings(folder)
    mended(folder)
    assert state(folder) == before


def test_a_database_of_rubbish_is_made_again(folder: Path) -> None:
    before = state(folder)
    path = folder / database.FILE
    path.write_bytes(path.read_bytes()[:4096] + b"\xee" * 40_000)
    assert refused(folder) == "archive-damaged"
    mended(folder)
    assert state(folder) == before


@pytest.mark.parametrize("where", ["a.fit", "all.zip"])
def test_a_damaged_original_is_read_again_from_its_folder(folder: Path, where: str) -> None:
    before = state(folder)
    with Archive.open(folder) as archive:
        (row,) = [
            each
            for each in archive.files()
            if where in each.path and each.outcome == "imported" and each.rule is None
        ]
        path = archive.originals.path(row.sha256)
    flip(path, 20, 3)
    assert findings(folder) == ["original-damaged"]
    assert mended(folder).originals == (row.sha256,)
    path.unlink()
    assert findings(folder) == ["original-missing"]
    assert mended(folder).originals == (row.sha256,)
    assert state(folder) == before


def test_a_damaged_track_is_made_again(folder: Path) -> None:
    before = state(folder)
    for path in sorted(folder.glob("tracks/*/*"))[:2]:
        flip(path, 200)
    assert findings(folder) == ["track-damaged"] * 2
    assert len(mended(folder).sessions) >= 2
    assert state(folder) == before


def test_what_cannot_be_mended_is_named_and_the_rest_is_mended(folder: Path) -> None:
    exports = folder.with_name("exports")
    with Archive.open(folder) as archive:
        first, second = archive.sessions()[:2]
        original = archive.originals.path(first.source.sha256)
        track = archive.tracks.path(archive.database.find_session("track", first.id)[0])
        other = archive.tracks.path(archive.database.find_session("track", second.id)[0])
    (exports / "a.fit").unlink()
    for path in (original, track, other):
        flip(path, 20)
    done = repair(folder, ENGINE)
    assert sorted(each.slug for each in done.left) == ["original-damaged", "track-damaged"]
    assert all(first.id in each.message for each in done.left)
    assert second.id in done.sessions


def test_an_archive_that_is_sound_is_left_as_it_is(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    done = mended(folder)
    assert (done.rebuilt, done.originals, done.sessions) == (None, (), ())
    after = {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    assert after == before


def test_a_newer_archive_and_none_at_all_are_refused(folder: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folder / database.FILE, isolation_level=None)) as direct:
        direct.execute("CREATE TABLE of_tomorrow (a TEXT)")
        direct.execute("PRAGMA user_version = 99")
    for place, slug in ((folder, "archive-newer"), (tmp_path / "none", "archive-missing")):
        with pytest.raises(ArchiveError) as caught:
            repair(place, ENGINE)
        assert caught.value.slug == slug
    assert not (tmp_path / "none").exists()


def test_a_backup_comes_back_beside_tracks_whose_database_is_lost(
    folder: Path, tmp_path: Path
) -> None:
    before = state(folder)
    with Archive.open(folder) as archive:
        bundle = maintenance.backup(archive, tmp_path / "kept.zip")
    empty_database(folder)
    flip(next(iter(sorted(folder.glob("tracks/*/*")))), 100)
    maintenance.restore(bundle, folder)
    assert findings(folder) == []
    assert state(folder) == before


def test_what_is_said_to_a_program_that_has_the_old_database_open_is_refused(folder: Path) -> None:
    """A server that stays open over a repair would write to the file that was put aside."""
    with Archive.open(folder) as opened:
        (first, *_) = opened.known()
        with database.writer(folder, 1.0):
            integrity.rebuild(folder)
        with pytest.raises(ArchiveError) as refused:
            opened.annotations.add_label(first, Label(5, 9, "backward", "command"))
        assert refused.value.slug == "archive-replaced"
    with Archive.open(folder) as opened:
        opened.annotations.add_label(first, Label(6, 8, "backward", "command"))
        said = opened.annotations.labels(opened.known()[first])[0]
    assert [each.start_s for each in said] == [1, 6]
