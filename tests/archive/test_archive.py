"""The archive: what goes in comes out, what the user stated stays, what is newer is refused."""

import errno
import gc
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fake_pipeline
from retrorun.archive import (
    Archive,
    Change,
    FileRow,
    Parcel,
    database,
    maintenance,
    serialization,
)
from retrorun.archive.rows import document_of
from retrorun.errors import ArchiveError
from retrorun.model import Analysis, Athlete, Blob, Label, Remark, Session
from retrorun.settings import Settings

META = b'{"version":1,"start_time_s":0.0,"headings":[],"notes":[]}'
DATA = b"run 1000 60\nrun 5000 120"


def parcel(data: bytes = DATA, athlete: Athlete | None = None) -> tuple[Parcel, Analysis]:
    athlete = athlete or Athlete()
    made = fake_pipeline.process(Blob("a.fit", data), Settings(), athlete)
    assert isinstance(made, Analysis)
    return serialization.parcel(data, made, athlete), made


def seen(path: str, sent: Parcel) -> FileRow:
    return FileRow(path, 3, "17", sent.sha256, "imported", "0.1.0")


def filled(folder: Path) -> tuple[Archive, Analysis]:
    archive = Archive.open(folder)
    sent, made = parcel()
    archive.writes.apply(
        archive.writes.begin_import("/exports", "0.1.0", 1.0),
        Change([seen("/a.fit", sent)], [sent]),
    )
    return archive, made


def test_sessions_come_back_equal_and_oldest_first(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    earlier, _ = parcel(b"run 10 30")
    archive.writes.apply(
        archive.writes.begin_import("/exports", "0.1.0", 2.0), Change(parcels=[earlier])
    )
    with archive:
        found = archive.sessions()
    assert [session.start_time_s for session in found] == [10, 1000, 5000]
    assert tuple(found[1:]) == made.sessions


def test_an_outline_says_nothing_else_and_lacks_what_only_the_own_page_shows(
    tmp_path: Path,
) -> None:
    archive, made = filled(tmp_path)
    with archive:
        outline, session = archive.summaries()[0], made.sessions[0]
    for each in fields(session):
        if each.name in {"labels", "laps", "pauses", "notes"}:
            with pytest.raises(AttributeError):
                getattr(outline, each.name)
        elif each.name != "measures":
            assert getattr(outline, each.name) == getattr(session, each.name)
    assert outline.measures.totals == session.measures.totals


def test_what_ends_the_reading_of_sessions_is_told_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The query that was left complained about a damaged database, once that was closed."""
    complaints = list[object]()

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    archive, _ = filled(tmp_path)
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    monkeypatch.setattr(serialization, "_refuse_odd", interrupted)
    with pytest.raises(KeyboardInterrupt), archive:
        archive.sessions()
    gc.collect()
    assert complaints == []


def test_outlines_are_read_anew_when_somebody_wrote(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    with archive, Archive.open(tmp_path) as other:
        assert archive.summaries()[0] is archive.summaries()[0]
        archive.summaries().clear()
        for number, writer in enumerate((archive, other)):
            sent, _ = parcel(b"run %d 30" % (20_000 * (number + 1)))
            writer.writes.apply(
                writer.writes.begin_import("/exports", "0.1.0", 2.0), Change(parcels=[sent])
            )
            assert len(archive.summaries()) == len(made.sessions) + number + 1


def test_a_track_comes_back_with_everything(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    with archive:
        back = archive.track(made.sessions[1].id)
    sent = made.tracks[1]
    assert back.start_time_s == 5000
    assert set(back.columns) == set(sent.columns)
    for name in sent.columns:
        exact = 0 if name in serialization.DOUBLE_PRECISION else 1e-7
        np.testing.assert_allclose(back.columns[name], sent.columns[name], rtol=exact)
        assert back.columns[name].dtype == np.float64
    assert np.isnan(back.columns["heart_rate_bpm"][60])
    np.testing.assert_array_equal(back.flags["paused"], sent.flags["paused"])
    assert back.headings[0].source == "fit:developer:heading"
    assert (back.headings[0].claim, back.headings[0].north) == ("compass", "true")
    np.testing.assert_array_equal(back.headings[0].heading_deg, sent.headings[0].heading_deg)


def test_the_same_track_gives_the_same_bytes() -> None:
    first, second = (serialization.encode_track(fake_pipeline.track(0, 3600)) for _ in range(2))
    assert first == second


def test_a_damaged_track_is_told_not_thrown(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    path = next(tmp_path.glob("tracks/*/*.parquet"))
    for wrong in (b"", b"PAR1", path.read_bytes()[:-40], b"x" * 900):
        with pytest.raises(ArchiveError) as caught:
            serialization.decode_track(wrong)
        assert caught.value.slug == "archive-track-damaged"
    with archive:
        assert archive.track(made.sessions[0].id).seconds == 60


def test_the_original_is_kept_bit_by_bit(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    with archive:
        assert archive.original(made.source.sha256) == DATA


def test_an_id_may_be_shortened_but_not_to_ambiguity(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    whole = made.sessions[0].id
    with archive:
        assert archive.session(whole).id == whole
        assert archive.session(whole + "-2").index == 1
        for unclear in (whole[:4], "", "zz"):
            with pytest.raises(ArchiveError):
                archive.session(unclear)


def test_labels_outlive_the_session_they_speak_of(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    second = made.sessions[1]
    with archive:
        archive.annotations.add_label(second.id, Label(10, 20, "backward", "command"))
        sent, _ = parcel(athlete=Athlete(mass_kg=70))
        archive.writes.apply(
            archive.writes.begin_import("/exports", "0.1.0", 3.0), Change(parcels=[sent])
        )
        assert archive.annotations.labels(second.source.sha256) == {
            1: (Label(10, 20, "backward", "command"),)
        }
        assert archive.annotations.labels("0" * 64) == {}


def test_notes_and_profile_are_kept(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    athlete = Athlete(mass_kg=71.5, hr_zones_bpm=(120.0, 150.0))
    with archive:
        assert archive.annotations.profile() == Athlete()
        archive.annotations.set_profile(athlete)
        archive.annotations.set_remark(made.sessions[0].id, Remark(2, 7, "wind <b>"))
    with Archive.open(tmp_path) as again:
        assert again.annotations.profile() == athlete
        assert again.annotations.remarks() == {made.sessions[0].id: Remark(2, 7, "wind <b>")}


def test_what_was_learnt_makes_no_session_stale_but_what_was_said_does(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    settings, version = made.sessions[0].settings, made.sessions[0].version
    learnt = msgspec.structs.replace(Athlete(), cost_factor=made.sessions[0].measures.cost_factor)
    with archive:
        assert archive.stale(settings, serialization.fingerprint(learnt), version) == []
        heavier = serialization.fingerprint(Athlete(mass_kg=80))
        assert len(archive.stale(settings, heavier, version)) == 2
        assert len(archive.stale("other", serialization.fingerprint(Athlete()), version)) == 2


def test_a_path_of_odd_bytes_is_kept(tmp_path: Path) -> None:
    sent, _ = parcel()
    odd = b"/a\xff\n\xc3\xa9.fit".decode("utf-8", "surrogateescape")
    with Archive.open(tmp_path) as archive:
        archive.writes.apply(
            archive.writes.begin_import(odd, "0.1.0", 1.0), Change([seen(odd, sent)], [sent])
        )
        assert [row.path for row in archive.files()] == [odd]
        assert archive.writes.imports()[0].folder == odd


def test_nothing_is_written_when_the_transaction_fails(tmp_path: Path) -> None:
    sent, _ = parcel()
    wrong = msgspec.structs.replace(seen("/a.fit", sent), outcome="nonsense")
    with Archive.open(tmp_path) as archive:
        number = archive.writes.begin_import("/exports", "0.1.0", 1.0)
        with pytest.raises(ArchiveError):
            archive.writes.apply(number, Change([wrong], [sent]))
        assert archive.sessions() == []
        assert archive.files() == []


def test_no_archive_is_made_where_none_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as caught:
        Archive.open(tmp_path / "none", create=False)
    assert caught.value.slug == "archive-missing"
    assert not (tmp_path / "none").exists()


def test_a_newer_archive_is_refused_with_words(tmp_path: Path) -> None:
    Archive.open(tmp_path).close()
    with sqlite3.connect(tmp_path / database.FILE) as direct:
        direct.execute(f"PRAGMA user_version = {database.VERSION + 1}")
    direct.close()
    with pytest.raises(ArchiveError, match="Upgrade retrorun") as caught:
        Archive.open(tmp_path)
    assert caught.value.slug == "archive-newer"


def test_another_applications_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / database.FILE
    with sqlite3.connect(path) as direct:
        direct.execute("CREATE TABLE theirs (a)")
    direct.close()
    with pytest.raises(ArchiveError) as caught:
        Archive.open(tmp_path)
    assert caught.value.slug == "archive-foreign"


def test_rubbish_in_place_of_the_database_is_told(tmp_path: Path) -> None:
    (tmp_path / database.FILE).write_bytes(b"not a database at all" * 100)
    with pytest.raises(ArchiveError) as caught:
        Archive.open(tmp_path)
    assert caught.value.slug == "archive-damaged"


def test_a_migration_is_all_or_nothing_and_keeps_the_old(tmp_path: Path) -> None:
    filled(tmp_path)[0].close()
    path = tmp_path / database.FILE
    first = database.VERSION
    steps = {
        first + 1: "ALTER TABLE notes ADD COLUMN mood TEXT;",
        first + 2: "CREATE TABLE shoes (name TEXT);",
    }
    direct = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        database.migrate(direct, tmp_path, {**steps, first + 2: "CREATE nonsense;"}, first + 2)
    assert database.version_of(direct) == first
    database.migrate(direct, tmp_path, steps, first + 2)
    assert database.version_of(direct) == first + 2
    direct.execute("INSERT INTO shoes VALUES ('worn')")
    direct.close()
    old = sqlite3.connect(tmp_path / f"{database.FILE}.version-{first}.backup")
    assert database.version_of(old) == first
    assert old.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
    old.close()


def test_two_programs_that_open_an_older_archive_at_once_migrate_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path)[0].close()
    direct = sqlite3.connect(tmp_path / database.FILE, isolation_level=None)
    back_to_version_3(direct)
    direct.close()
    both_know_the_version, migrate = threading.Barrier(2), database.migrate

    def migrate_together(
        connection: sqlite3.Connection, folder: Path, steps: Mapping[int, str], target: int
    ) -> None:
        both_know_the_version.wait(20)
        migrate(connection, folder, steps, target)

    monkeypatch.setattr(database, "migrate", migrate_together)
    with ThreadPoolExecutor(2) as programs:
        opened = [programs.submit(lambda: Archive.open(tmp_path).close()) for _ in range(2)]
    assert [each.exception() for each in opened] == [None, None]
    with Archive.open(tmp_path) as archive:
        assert maintenance.check(archive) == []
    kept = sqlite3.connect(tmp_path / f"{database.FILE}.version-3.backup")
    assert database.version_of(kept) == 3
    kept.close()


def test_an_archive_of_version_1_is_brought_up(tmp_path: Path) -> None:
    filled(tmp_path)[0].close()
    direct = sqlite3.connect(tmp_path / database.FILE, isolation_level=None)
    back_to_version_2(direct)
    direct.execute("DROP TABLE matches")  # all that version 2 added
    direct.execute("PRAGMA user_version = 1")
    direct.close()
    with Archive.open(tmp_path) as archive:
        assert archive.second_devices.matches() == []
        assert len(archive.sessions()) == 2
    assert (tmp_path / f"{database.FILE}.version-1.backup").is_file()


def test_an_archive_of_version_2_is_brought_up_with_the_sums_of_its_sessions(
    tmp_path: Path,
) -> None:
    archive, _ = filled(tmp_path / "old")
    whole, sums = archive.sessions(), totals_of(archive.sums())
    archive.close()
    assert {kind for _, kinds in sums for kind in kinds} == {"backward"}
    direct = sqlite3.connect(tmp_path / "old" / database.FILE, isolation_level=None)
    back_to_version_2(direct)
    direct.close()
    with Archive.open(tmp_path / "old") as archive:
        assert totals_of(archive.sums()) == sums == totals_of(whole)
        assert archive.pending.pages() == []  # whose pages stand, for all that is known
        assert maintenance.check(archive) == []
        with Archive.open(tmp_path / "new") as new:
            assert columns(archive) == columns(new)
        number = archive.writes.begin_import("/x", "1", 0.0)
        assert archive.writes.undo(1, 1.0) == []
        assert archive.database.rows("SELECT count(*) FROM totals") == [(0,)]
        assert archive.pending.pages() == sorted(each.id for each in whole)
        assert number == 2
    kept = sqlite3.connect(tmp_path / "old" / f"{database.FILE}.version-2.backup")
    assert database.version_of(kept) == 2
    assert kept.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
    kept.close()


def back_to_version_5(direct: sqlite3.Connection) -> None:
    """Take away all that version 6 added."""
    direct.execute("DROP TRIGGER lesson_outdated")
    direct.execute("DROP TABLE lessons")
    direct.execute("DROP INDEX sessions_by_time")
    direct.execute("CREATE INDEX sessions_by_time ON sessions (start_time_s)")
    direct.execute("DELETE FROM sums WHERE name = 'lessons'")
    direct.execute("PRAGMA user_version = 5")


def back_to_version_3(direct: sqlite3.Connection) -> None:
    """Take away all that versions 4 and later added."""
    back_to_version_5(direct)
    for table in ("sums", "journal", "answers"):
        direct.execute(f"DROP TABLE {table}")
    direct.execute("PRAGMA user_version = 3")


def back_to_version_2(direct: sqlite3.Connection) -> None:
    """Take away all that versions 3 and later added."""
    back_to_version_3(direct)
    for event in ("added", "changed", "gone"):
        direct.execute(f"DROP TRIGGER sessions_{event}")
    for table in ("totals", "due", "again"):
        direct.execute(f"DROP TABLE {table}")
    direct.execute("PRAGMA user_version = 2")


def test_an_archive_of_version_5_teaches_the_same_and_keeps_its_lessons_with_the_next_file(
    tmp_path: Path,
) -> None:
    archive, _ = filled(tmp_path)
    taught = archive.lessons()
    archive.close()
    assert len(taught) == 2
    direct = sqlite3.connect(tmp_path / database.FILE, isolation_level=None)
    back_to_version_5(direct)
    direct.close()
    with Archive.open(tmp_path) as archive:
        assert records(archive) == {}
        assert archive.lessons() == taught  # from their documents
        assert maintenance.check(archive) == []
        sent, _ = parcel(b"run 9000 30")
        archive.writes.apply(1, Change(parcels=[sent]))
        assert len(records(archive)) == 3
        assert records(archive).keys() == archive.known().keys()
        assert archive.lessons()[:2] == taught
        assert maintenance.check(archive) == []
    kept = sqlite3.connect(tmp_path / f"{database.FILE}.version-5.backup")
    assert database.version_of(kept) == 5
    assert kept.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
    kept.close()


def test_what_is_asked_of_all_sessions_reads_no_document(tmp_path: Path) -> None:
    """A document fills several pages, and a row behind it is read past them."""
    archive, _ = filled(tmp_path)
    asked = list[str]()
    with archive:
        archive.database.connection.set_trace_callback(asked.append)
        archive.known()
        archive.briefs()
        archive.pending.outdated("settings", "version")
        archive.sums()
        archive.lessons()
        archive.database.connection.set_trace_callback(None)
        plans = [
            step
            for each in asked
            if "FROM sessions" in each
            for *_, step in archive.database.rows(f"EXPLAIN QUERY PLAN {each}")
        ]
    scans = [each for each in plans if each.startswith("SCAN sessions")]
    assert len(scans) >= 5
    assert [each for each in scans if "COVERING INDEX" not in each] == []


def records(archive: Archive) -> dict[str, bytes]:
    """Session id → the record of its lesson."""
    return dict(archive.database.rows("SELECT session, record FROM lessons"))


def test_a_lesson_is_never_older_than_its_document(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    first, second = made.sessions
    longer = replace(first, duration_s=first.duration_s + 1.0)
    with archive:
        before = records(archive)
        change = Change(documents={first.id: document_of(longer)})
        archive.writes.apply(1, change)
        assert records(archive)[second.id] == before[second.id]
        assert records(archive)[first.id] != before[first.id]
        assert [each.duration_s for each in archive.lessons()] == [61.0, 120.0]
        with archive.database.transaction():  # as whatever forgets the lesson
            archive.database.connection.execute(
                "UPDATE sessions SET document = ? WHERE id = ?", (document_of(first), first.id)
            )
        assert records(archive).keys() == {second.id}
        assert [each.duration_s for each in archive.lessons()] == [60.0, 120.0]
        with archive.database.transaction():
            archive.database.connection.execute("DELETE FROM sessions WHERE id = ?", (second.id,))
        assert records(archive) == {}


@pytest.mark.parametrize("record", [b"{}", b"no JSON", b'{"id":7}'])
def test_of_a_damaged_lesson_the_document_is_read(tmp_path: Path, record: bytes) -> None:
    archive, made = filled(tmp_path)
    with archive:
        taught = archive.lessons()
        with archive.database.transaction():
            archive.database.connection.execute(
                "UPDATE lessons SET record = ? WHERE session = ?", (record, made.sessions[0].id)
            )
        assert archive.lessons() == taught
        assert "archive-sums" in {each.slug for each in maintenance.check(archive)}


def test_a_session_that_cannot_be_read_has_no_lesson_and_keeps_none_from_others(
    tmp_path: Path,
) -> None:
    archive, made = filled(tmp_path)
    first, second = made.sessions
    with archive:
        archive.writes.apply(1, Change(documents={first.id: b"{}"}))
        assert records(archive).keys() == {second.id}
        assert [each.id for each in archive.lessons()] == [second.id]


def totals_of(sessions: list[Session]) -> list[tuple[str, dict[str, tuple[object, ...]]]]:
    """What later sessions ask of each."""
    return [
        (
            each.id,
            {
                kind: (sums.seconds, sums.moving_s, sums.distance_m)
                for kind, sums in each.measures.totals.items()
            },
        )
        for each in sessions
    ]


def columns(archive: Archive) -> dict[str, list[tuple[object, ...]]]:
    """Every table and index of the database with its columns, whatever comments stand there."""
    names = archive.database.rows("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
    return {name: archive.database.rows(f"PRAGMA table_xinfo({name})") for (name,) in names}


def test_a_missing_migration_is_refused(tmp_path: Path) -> None:
    Archive.open(tmp_path).close()
    direct = sqlite3.connect(tmp_path / database.FILE, isolation_level=None)
    with pytest.raises(ArchiveError) as caught:
        database.migrate(
            direct, tmp_path, {database.VERSION + 2: "SELECT 1;"}, database.VERSION + 2
        )
    assert caught.value.slug == "archive-too-old"
    direct.close()


def test_a_lock_that_cannot_be_made_is_no_damage(tmp_path: Path) -> None:
    """As in a copy without ``writer.lock`` on a medium that cannot be written."""
    with filled(tmp_path / "a")[0] as archive:
        (tmp_path / "a" / database.LOCK).unlink(missing_ok=True)
        (tmp_path / "a" / database.LOCK).mkdir()  # SQLite says the same of it
        with pytest.raises(ArchiveError) as caught, archive.writing():
            pass
    assert caught.value.slug == "archive-read-only"
    assert "damaged" not in str(caught.value)
    assert "--repair" not in str(caught.value)


def test_one_writer_at_a_time_and_the_other_is_told(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as first, Archive.open(tmp_path) as second, first.writing():
        with pytest.raises(ArchiveError) as caught, second.writing(wait_s=0.1):
            pass
        assert caught.value.slug == "archive-busy"
    with Archive.open(tmp_path) as third, third.writing(wait_s=0.1):
        pass


def test_many_may_open_a_new_archive_at_once(tmp_path: Path) -> None:
    def look(number: int) -> int:
        with Archive.open(tmp_path / str(number // 6)) as archive:
            return len(archive.writes.imports())

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(look, range(60))) == [0] * 60


def test_tracks_are_read_and_written_without_pandas_and_as_others_read_them() -> None:
    """Pandas costs every worker a third of a second, and pyarrow imports it unasked."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import fake_pipeline\n"
        "from retrorun.archive import serialization\n"
        "serialization.decode_track(serialization.encode_track(fake_pipeline.track(0.0, 61)))\n"
        "print('pandas' in sys.modules)"
    )
    tests = str(Path(fake_pipeline.__file__).parent)
    ended = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", code, tests], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"
    made = fake_pipeline.track(0.0, 61)
    table = pq.read_table(BytesIO(serialization.encode_track(made)))
    for name, values in made.columns.items():
        kind = np.float64 if name in serialization.DOUBLE_PRECISION else np.float32
        held = table.column(name).cast(pa.float64()).to_numpy().astype(kind)  # of decimals
        np.testing.assert_array_equal(held, values.astype(kind))
    assert table.column("heart_rate_bpm").null_count == 1
    assert table.column("flag:paused").to_pylist() == made.flags["paused"].tolist()


def test_a_parquet_file_that_is_no_track_is_told() -> None:
    sink = BytesIO()
    pq.write_table(pa.table({"x": ["words"]}, metadata={serialization.TRACK_KEY: META}), sink)
    with pytest.raises(ArchiveError, match="cannot be read"):
        serialization.decode_track(sink.getvalue())


def test_a_transaction_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        # 2 is FULL: only then does SQLite call fsync for each commit to a write-ahead log
        assert archive.database.rows("PRAGMA journal_mode") == [("wal",)]
        assert archive.database.rows("PRAGMA synchronous") == [(2,)]


def test_a_path_does_not_decide_what_is_wrong_with_the_disk(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as caught, database.translate_errors(tmp_path):
        raise OSError(errno.ENOTDIR, "Not a directory", "/home/ann/full marathons/readonly")
    assert caught.value.slug == "archive-error"
    with pytest.raises(ArchiveError) as caught, database.translate_errors(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device", "/home/ann/runs")
    assert caught.value.slug == "archive-disk-full"


def test_rows_are_watched_even_if_the_first_attempt_to_was_cut_off(tmp_path: Path) -> None:
    filled(tmp_path)[0].close()
    with Archive.open(tmp_path) as archive:
        archive.database.connection.set_authorizer(
            lambda action, name, *_: (
                sqlite3.SQLITE_DENY
                if action == sqlite3.SQLITE_CREATE_TEMP_TRIGGER and name == "sum_INSERT_files"
                else sqlite3.SQLITE_OK
            )
        )
        with pytest.raises(ArchiveError):
            archive.annotations.set_profile(Athlete(mass_kg=61))
        archive.database.connection.set_authorizer(None)
        archive.annotations.set_profile(Athlete(mass_kg=62))
        assert archive.annotations.profile() == Athlete(mass_kg=62)
        assert maintenance.check(archive) == []
    assert b"62" in (tmp_path / "journal.jsonl").read_bytes()


def test_a_session_that_takes_the_place_of_another_keeps_both_notes(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    old, new = (session.id for session in made.sessions)
    archive.annotations.set_remark(old, Remark(pain=3, text="the left calf"))
    archive.annotations.set_remark(new, Remark(pain=1, effort=6, text="against the wind"))
    archive.writes.apply(1, Change(replaced={old: new}))
    note = Remark(pain=3, effort=6, text="the left calf\nagainst the wind")
    assert archive.annotations.remarks() == {new: note}
    assert maintenance.check(archive) == []
    archive.close()


def test_a_note_moves_to_the_session_that_takes_the_place_of_its_own(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    old, new = (session.id for session in made.sessions)
    archive.annotations.set_remark(old, Remark(effort=0, text="easy"))
    archive.writes.apply(1, Change(replaced={old: new}))
    assert archive.annotations.remarks() == {new: Remark(effort=0, text="easy")}
    archive.close()


def test_sessions_that_are_written_over_those_of_later_labels_are_noted(tmp_path: Path) -> None:
    """Two programs analyse a file at once; the one that read the labels first writes last."""
    archive, made = filled(tmp_path)
    later, _ = parcel()
    archive.annotations.add_label(made.sessions[0].id, Label(1, 5, "backward", "command"))
    labels = archive.annotations.labels(later.sha256)
    archive.writes.apply(1, Change(parcels=[msgspec.structs.replace(later, labels=labels)]))
    assert archive.pending.exports() == []
    archive.writes.apply(1, Change(parcels=[msgspec.structs.replace(later, labels={})]))
    assert archive.pending.exports() == [later.sha256]
    archive.close()


def test_a_session_that_gets_the_labels_of_another_is_noted(tmp_path: Path) -> None:
    archive, made = filled(tmp_path)
    later, _ = parcel(b"run 1000 90")
    archive.writes.apply(1, Change([seen("/b.fit", later)], [later]))
    old, new = made.sessions[0].id, later.sessions[0].id
    archive.writes.apply(1, Change(replaced={old: new}))
    assert archive.pending.exports() == []  # there was nothing to be moved
    archive.annotations.add_label(new, Label(1, 5, "backward", "command"))
    third, _ = parcel(b"run 1000 95")
    archive.writes.apply(1, Change([seen("/c.fit", third)], [third]))
    archive.writes.apply(1, Change(replaced={new: third.sessions[0].id}))
    assert archive.pending.exports() == [third.sha256]
    archive.close()
