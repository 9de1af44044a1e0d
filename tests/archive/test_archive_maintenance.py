"""Check, backup, restore, vacuum: what is broken is found, what is kept comes back."""

import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import fake_pipeline
from retrorun.archive import Archive, database, integrity, maintenance
from retrorun.errors import ArchiveError
from retrorun.ingest import Engine, plan_import, reprocess, run_import
from retrorun.model import Athlete, Label, Remark
from retrorun.settings import Settings

ENGINE = Engine(Settings(), Athlete(), 1, fake_pipeline.process)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "a.fit").write_text("run 1000 60")
    (exports / "b.fit").write_text("run 2000 90")
    (exports / "c.fit").write_text("rubbish")
    opened = Archive.open(tmp_path / "archive")
    run_import(plan_import(exports, opened, settle_s=0), opened, ENGINE)
    opened.annotations.add_label(opened.sessions()[0].id, Label(1, 2, "backward", "command"))
    return opened


def slugs(archive: Archive) -> list[str]:
    return [finding.slug for finding in maintenance.check(archive)]


def test_an_untouched_archive_is_clean(archive: Archive) -> None:
    assert slugs(archive) == []


@pytest.mark.skipif(os.name != "posix", reason="rights of other users are those of POSIX")
def test_no_other_user_may_read_an_archive_or_its_backup(archive: Archive, tmp_path: Path) -> None:
    """Both hold the originals, the privacy zones and their secret."""
    bundle = maintenance.backup(archive, tmp_path / "backup.zip")
    maintenance.restore(bundle, tmp_path / "restored")
    copy = tmp_path / "copy"  # it lies beside the backup while that is written
    database.copy_to(archive.database.connection, copy)
    for each in (archive.folder, bundle, tmp_path / "restored", copy):
        assert each.stat().st_mode & 0o077 == 0, each


def test_missing_and_damaged_files_are_found(archive: Archive) -> None:
    first, second = sorted(archive.tracks.hashes())
    archive.tracks.path(first).unlink()
    assert slugs(archive) == ["track-missing"]
    path = archive.tracks.path(second)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert slugs(archive) == ["track-missing", "track-damaged"]
    original = archive.originals.path(next(archive.originals.hashes()))
    original.write_bytes(original.read_bytes()[:-3])
    assert slugs(archive)[-1] == "original-damaged"
    assert [each.slug for each in maintenance.check(archive, deep=False)] == ["track-missing"]
    original.unlink()
    assert "original-missing" in slugs(archive)


def test_lost_originals_and_sessions_come_back_as_the_remedies_say(
    archive: Archive, tmp_path: Path
) -> None:
    exports, sessions = tmp_path / "exports", archive.sessions()
    for sha256 in list(archive.originals.hashes()):
        archive.originals.path(sha256).unlink()
    assert slugs(archive) == ["original-missing"] * 2
    assert plan_import(exports, archive, settle_s=0).new == ()
    run_import(plan_import(exports, archive, settle_s=0, retry=True), archive, ENGINE)
    assert slugs(archive) == []
    archive.database.connection.execute("DELETE FROM sessions")
    assert slugs(archive) == ["session-missing"] * 2
    run_import(plan_import(exports, archive, settle_s=0), archive, ENGINE)
    assert slugs(archive) == []
    found = archive.sessions()
    assert [replace(each, labels=()) for each in found] == sessions
    assert [len(each.labels) for each in found] == [1, 0]


def test_a_damaged_track_is_made_anew(archive: Archive) -> None:
    for sha256 in list(archive.tracks.hashes()):
        archive.tracks.path(sha256).unlink()
    ids = [session.id for session in archive.sessions()]
    assert reprocess(archive.hashes(ids), archive, ENGINE).sessions == tuple(ids)
    assert slugs(archive) == []


def test_rows_that_went_missing_or_bad_are_found(archive: Archive) -> None:
    ids = [session.id for session in archive.sessions()]
    archive.database.connection.execute("DELETE FROM sessions WHERE id = ?", (ids[0],))
    archive.database.connection.execute(
        "UPDATE sessions SET document = x'7b7d' WHERE id = ?", (ids[1],)
    )
    assert slugs(archive) == ["archive-session-damaged", "session-missing"]
    archive.database.connection.execute(
        "UPDATE sessions SET document = x'7b22ff227d' WHERE id = ?", ids[1:]
    )
    assert slugs(archive) == ["archive-session-damaged", "session-missing"]


@pytest.mark.parametrize(
    "drift",
    [
        "UPDATE totals SET seconds = seconds + 0.001 WHERE session = :id",
        "UPDATE totals SET distance_m = NULL WHERE session = :id",
        "UPDATE totals SET kind = 'forward' WHERE session = :id",
        "DELETE FROM totals WHERE session = :id",
        "INSERT INTO totals VALUES (:id, 'still', 1, 0, 0)",
        "UPDATE sessions SET document = CAST(replace(document, ':45.0,', ':44.0,') AS BLOB)",
    ],
)
def test_sums_that_are_not_those_of_their_session_are_found_and_made_anew(
    archive: Archive, drift: str
) -> None:
    (second,) = [each.id for each in archive.sessions() if each.duration_s == 90]
    archive.database.connection.execute(drift, {"id": second})
    (finding,) = maintenance.check(archive)
    assert finding.slug == "archive-sums"
    assert second in finding.message
    reprocess(archive.hashes([second]), archive, ENGINE)
    assert slugs(archive) == []


def test_a_backup_holds_everything_and_comes_back(archive: Archive, tmp_path: Path) -> None:
    sessions, files, athlete = archive.sessions(), archive.files(), Athlete(mass_kg=66)
    archive.annotations.set_profile(athlete)
    target = maintenance.backup(archive, tmp_path / "kept.zip")
    maintenance.restore(target, tmp_path / "again")
    with Archive.open(tmp_path / "again", create=False) as again:
        assert again.sessions() == sessions
        assert again.files() == files
        assert again.annotations.profile() == athlete
        assert again.annotations.labels(sessions[0].source.sha256)[0][0].direction == "backward"
        assert slugs(again) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "again",
        "archive",
        "exports",
        "kept.zip",
    ]


def test_files_from_before_1980_are_backed_up(archive: Archive, tmp_path: Path) -> None:
    for sha256 in archive.originals.hashes():
        os.utime(archive.originals.path(sha256), (0, 0))
    maintenance.restore(maintenance.backup(archive, tmp_path / "kept.zip"), tmp_path / "again")
    with Archive.open(tmp_path / "again", create=False) as again:
        assert slugs(again) == []


def leave_a_log(folder: Path) -> bytes:
    """Lose the database, but not the log of what was written last; the bytes of that log."""
    path = folder / database.FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE foreign_rows (value TEXT)")
        connection.execute("INSERT INTO foreign_rows VALUES (hex(zeroblob(9000)))")
        log, index = (Path(f"{path}{end}").read_bytes() for end in ("-wal", "-shm"))
    path.unlink()
    Path(f"{path}-wal").write_bytes(log)
    Path(f"{path}-shm").write_bytes(index)
    return log


def test_a_log_that_a_lost_database_left_is_not_played_into_a_restored_one(
    archive: Archive, tmp_path: Path
) -> None:
    sessions = archive.sessions()
    target = maintenance.backup(archive, tmp_path / "kept.zip")
    archive.close()
    log = leave_a_log(archive.folder)
    maintenance.restore(target, archive.folder)
    with Archive.open(archive.folder, create=False) as again:
        assert slugs(again) == []
        assert again.sessions() == sessions
    (kept,) = archive.folder.glob("*.damaged-1-wal")
    assert kept.read_bytes() == log


def test_what_was_said_since_the_backup_is_kept_when_it_is_restored(
    archive: Archive, tmp_path: Path
) -> None:
    target = maintenance.backup(archive, tmp_path / "kept.zip")
    session = archive.sessions()[0].id
    archive.annotations.set_remark(session, Remark(text="said after the backup"))
    archive.close()
    for path in archive.folder.glob(f"{database.FILE}*"):
        path.unlink()
    maintenance.restore(target, archive.folder)
    with Archive.open(archive.folder, create=False) as again:
        assert again.annotations.remarks() == {}
        assert slugs(again) == []
    kept = archive.folder / "journal.jsonl.damaged-1"
    assert b"said after the backup" in kept.read_bytes()


def test_a_backup_is_restored_into_the_working_folder(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = maintenance.backup(archive, tmp_path / "kept.zip")
    (tmp_path / "again").mkdir()
    monkeypatch.chdir(tmp_path / "again")
    maintenance.restore(target, Path())
    with Archive.open(tmp_path / "again", create=False) as again:
        assert again.sessions() == archive.sessions()


def contents(folder: Path) -> dict[str, bytes]:
    found = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in found}


def test_other_files_stay_as_they_are_when_a_backup_is_restored_beside_them(
    archive: Archive, tmp_path: Path
) -> None:
    target, folder = maintenance.backup(archive, tmp_path / "kept.zip"), tmp_path / "mine"
    for name in ("diary.txt", "tracks/list.parquet", "originals/ab/letters.gz", "spool/thread"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"mine")
    own = contents(folder)
    maintenance.restore(target, folder)
    with Archive.open(folder, create=False) as again:
        assert again.sessions() == archive.sessions()
        assert slugs(again) == []
        maintenance.vacuum(again)
        assert slugs(again) == []
    assert own.items() <= contents(folder).items()


def test_what_is_not_left_by_a_restore_is_not_removed_to_unpack_a_backup(
    archive: Archive, tmp_path: Path
) -> None:
    target, folder = maintenance.backup(archive, tmp_path / "kept.zip"), tmp_path / "again"
    beside = tmp_path / "again.restoring"
    beside.mkdir()
    (beside / "plan.txt").write_text("mine")
    with pytest.raises(ArchiveError, match="Move it away") as refused:
        maintenance.restore(target, folder)
    assert refused.value.file == str(beside)
    assert contents(beside) == {"plan.txt": b"mine"}
    assert not folder.exists()


def test_what_a_killed_restore_left_is_no_hindrance(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, folder = maintenance.backup(archive, tmp_path / "kept.zip"), tmp_path / "again"
    with monkeypatch.context() as patched:  # as a kill leaves it: nothing is tidied up
        patched.setattr(maintenance, "_move_into", lambda *_: os._exit(1))
        if not (child := os.fork()):
            maintenance.restore(target, folder)
        os.waitpid(child, 0)
    assert (tmp_path / "again.restoring" / database.FILE).exists()
    maintenance.restore(target, folder)
    with Archive.open(folder, create=False) as again:
        assert again.sessions() == archive.sessions()
    assert not (tmp_path / "again.restoring").exists()


def test_a_sound_file_is_not_replaced_by_a_damaged_one_of_the_backup(
    archive: Archive, tmp_path: Path
) -> None:
    sha256, *_ = sorted(archive.originals.hashes())
    path = archive.originals.path(sha256)
    sound = path.read_bytes()
    path.write_bytes(b"damaged before the backup")
    target = maintenance.backup(archive, tmp_path / "kept.zip")
    archive.close()
    path.write_bytes(sound)
    for each in archive.folder.glob(f"{database.FILE}*"):
        each.unlink()
    maintenance.restore(target, archive.folder)
    with Archive.open(archive.folder, create=False) as again:
        assert slugs(again) == []
    assert path.read_bytes() == sound


def test_nothing_is_restored_while_another_writes(archive: Archive, tmp_path: Path) -> None:
    target = maintenance.backup(archive, tmp_path / "kept.zip")
    folder = tmp_path / "again"
    folder.mkdir()
    with database.writer(folder, 1.0), pytest.raises(ArchiveError) as refused:
        maintenance.restore(target, folder, wait_s=0.1)
    assert refused.value.slug == "archive-busy"
    assert not (folder / database.FILE).exists()


def test_of_two_who_restore_at_once_one_does(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other begins when this one has unpacked the backup, and before that is in its place."""
    target, again = maintenance.backup(archive, tmp_path / "kept.zip"), tmp_path / "again"
    extract, refused = maintenance._extract, list[str]()

    def interrupted(bundle: Path, folder: Path) -> None:
        extract(bundle, folder)
        if not refused:
            refused.append("")
            with pytest.raises(ArchiveError) as busy:
                maintenance.restore(target, again, wait_s=0.1)
            refused[0] = busy.value.slug

    monkeypatch.setattr(maintenance, "_extract", interrupted)
    maintenance.restore(target, again)
    assert refused == ["archive-busy"]
    with Archive.open(again, create=False) as restored:
        assert restored.sessions() == archive.sessions()
        assert slugs(restored) == []


def test_two_backups_of_one_name_are_each_whole(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other is written between two steps of this one."""
    target, done = tmp_path / "kept.zip", list[Path]()
    copy_to = database.copy_to

    def interrupted(connection: sqlite3.Connection, copy: Path) -> None:
        copy_to(connection, copy)
        if not done:
            done.append(copy)
            maintenance.backup(archive, target)

    monkeypatch.setattr(database, "copy_to", interrupted)
    maintenance.backup(archive, target)
    maintenance.restore(target, tmp_path / "again")
    with Archive.open(tmp_path / "again", create=False) as again:
        assert slugs(again) == []
    assert sorted(each.name for each in tmp_path.glob(".kept*")) == []


def test_nothing_is_overwritten(archive: Archive, tmp_path: Path) -> None:
    target = maintenance.backup(archive, tmp_path / "kept.zip")
    with pytest.raises(ArchiveError, match="nothing is overwritten"):
        maintenance.backup(archive, target)
    with pytest.raises(ArchiveError, match="nothing is overwritten"):
        maintenance.restore(target, archive.folder)


def test_a_folder_that_is_not_there_is_named(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as caught:
        maintenance.backup(archive, tmp_path / "away" / "kept.zip")
    assert caught.value.file == str(tmp_path / "away")
    assert ".part" not in str(caught.value)
    assert "archive check" not in str(caught.value)


def test_a_foreign_or_damaged_bundle_leaves_no_trace(archive: Archive, tmp_path: Path) -> None:
    target = maintenance.backup(archive, tmp_path / "kept.zip")
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(target.read_bytes()[:-50])
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as bundle:
        bundle.writestr(database.FILE, b"")
        bundle.writestr("../evil", b"")
    for wrong, slug in ((damaged, "backup-damaged"), (foreign, "backup-foreign")):
        with pytest.raises(ArchiveError) as caught:
            maintenance.restore(wrong, tmp_path / "again")
        assert caught.value.slug == slug
        assert "backup" in str(caught.value)
        assert not (tmp_path / "again").exists()
        assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("signature", [b"PK\1\2", b"PK\3\4"])
def test_a_changed_byte_of_a_bundle_is_never_an_error_without_words(
    archive: Archive, tmp_path: Path, signature: bytes
) -> None:
    raw = maintenance.backup(archive, tmp_path / "kept.zip").read_bytes()
    damaged, refused = tmp_path / "damaged.zip", 0
    start = raw.index(signature)
    for at in range(start, start + 60):  # its header, and the beginning of what is deflated
        damaged.write_bytes(raw[:at] + bytes((raw[at] ^ 0xFF,)) + raw[at + 1 :])
        try:
            maintenance.restore(damaged, tmp_path / "again")
        except ArchiveError:
            refused += 1
        else:  # such as a date that nothing reads
            shutil.rmtree(tmp_path / "again")
    assert refused > 15


def test_vacuum_removes_only_what_nobody_refers_to(archive: Archive) -> None:
    (archive.folder / "tracks" / "00").mkdir(exist_ok=True)
    waste = archive.tracks.path("00" + "f" * 62)
    waste.write_bytes(b"12345")
    left = archive.tracks.path("00" + "f" * 62).with_name(f".00{62 * 'f'}.parquet.77.part")
    left.write_bytes(b"123")
    assert maintenance.vacuum(archive) == 8
    assert not waste.exists()
    assert slugs(archive) == []
    assert len(list(archive.originals.hashes())) == 2


def test_a_damaged_database_is_told(archive: Archive) -> None:
    archive.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    archive.close()
    path = archive.folder / database.FILE
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + b"\xee" * (len(raw) - 4096))  # all but the first page is gone
    with pytest.raises(ArchiveError) as caught, Archive.open(archive.folder) as broken:
        broken.sessions()
    assert caught.value.slug == "archive-damaged"
    assert caught.value.remedy is not None


def test_a_reference_to_nothing_is_found(archive: Archive) -> None:
    archive.database.connection.execute("PRAGMA foreign_keys = OFF")
    archive.database.connection.execute("DELETE FROM imports")
    assert "archive-reference" in slugs(archive)


def test_vacuum_leaves_alone_what_another_is_writing(archive: Archive) -> None:
    data = b"put down, not yet referred to"
    with Archive.open(archive.folder) as other, other.writing():
        other.originals.put("e" * 64, data)
        with pytest.raises(ArchiveError) as refused:
            maintenance.vacuum(archive, wait_s=0.1)
        assert other.originals.get("e" * 64) == data
    assert refused.value.slug == "archive-busy"


def test_what_is_kept_in_memory_of_an_archive_is_not_that_of_the_one_in_its_place(
    tmp_path: Path,
) -> None:
    states: list[int] = []
    for rebuilds in (False, False, True):
        with Archive.open(tmp_path / "kept"):
            pass
        if rebuilds:
            with database.writer(tmp_path / "kept", 1.0):
                integrity.rebuild(tmp_path / "kept")
        with Archive.open(tmp_path / "kept") as archive:
            states.append(archive.database.state())
    assert states[0] == states[1] != states[2]
