"""What changes by itself is found: rows beside their checksums, and the journal beside the rows."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import fake_pipeline
from retrorun import answers
from retrorun.archive import Archive, checksums, database, journal, maintenance
from retrorun.errors import ArchiveError
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete, Label, Remark
from retrorun.settings import Settings

ENGINE = Engine(Settings(), Athlete(), 1, fake_pipeline.process)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a row in every table that the athlete or a file fills; it is closed."""
    root = tmp_path_factory.mktemp("filled")
    exports = root / "exports"
    exports.mkdir()
    (exports / "a.fit").write_text("run 1000 60")
    (exports / "b.fit").write_text("run 2000 90")
    (exports / "c.fit").write_text("rubbish")
    with Archive.open(root / "archive") as opened:
        run_import(plan_import(exports, opened, settle_s=0), opened, ENGINE)
        first = opened.sessions()[0].id
        opened.annotations.add_label(first, Label(1, 2, "backward", "command"))
        opened.annotations.add_label(first, Label(5, 9, "forward", "command"))
        opened.annotations.set_remark(first, Remark(2, 7, "on grass"))
        opened.annotations.set_profile(Athlete(mass_kg=66))
    return root / "archive"


@pytest.fixture
def folder(tmp_path: Path, filled: Path) -> Path:
    """That archive, to be altered."""
    return shutil.copytree(filled, tmp_path / "archive")


def findings(folder: Path) -> list[str]:
    with Archive.open(folder, create=False) as archive:
        return [each.slug for each in maintenance.check(archive)]


def alter(folder: Path, statement: str, *values: object) -> None:
    """As another program would."""
    with closing(sqlite3.connect(folder / database.FILE, isolation_level=None)) as direct:
        assert direct.execute(statement, values).rowcount


COLUMNS = [
    (table, column)
    for table, columns in {
        "sessions": "id position start_time_s duration_s distance_m sport backward_s heading "
        "settings athlete version",
        "totals": "seconds moving_s distance_m",
        "files": "path size tag slug message byte_offset remedy version",
        "labels": "session start_s end_s direction origin",
        "answers": "answer",
        "notes": "pain effort text",
        "imports": "folder version started_s undone_s",
    }.items()
    for column in columns.split()
]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[".".join(each) for each in COLUMNS])
def test_an_altered_column_is_found(folder: Path, table: str, column: str) -> None:
    assert findings(folder) == []
    with closing(sqlite3.connect(folder / database.FILE)) as direct:
        kinds = dict(direct.execute("SELECT name, type FROM pragma_table_info(?)", (table,)))
    text = kinds[column] == "TEXT"
    other = f"coalesce({column}, '') || 'x'" if text else f"coalesce({column}, 0) + 1"
    alter(folder, f"UPDATE {table} SET {column} = {other}")  # noqa: S608 - names of our own
    assert "archive-row" in findings(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM labels WHERE id = 1",
        "DELETE FROM notes",
        "DELETE FROM files WHERE outcome = 'failed'",
        "INSERT INTO labels SELECT 9, session, 20, 30, direction, origin FROM labels WHERE id = 1",
        "INSERT INTO again VALUES ('00')",
        "UPDATE sums SET sum = sum + 1 WHERE name = 'notes'",
        "UPDATE lessons SET record = CAST(replace(record, '60.0', '61.0') AS BLOB)",
        "DELETE FROM lessons",
    ],
)
def test_a_row_that_came_or_went_is_found(folder: Path, statement: str) -> None:
    alter(folder, statement)
    assert "archive-row" in findings(folder)


def test_an_altered_definition_is_found(folder: Path) -> None:
    alter(folder, "CREATE TABLE theirs (a TEXT)")
    assert "archive-damaged" in findings(folder)


def test_checksums_tell_values_of_different_kinds_apart() -> None:
    values = [None, 0, 0.0, b"", b"0", 1, 1.0, b"1", 2**62, 2.0**62]
    assert len({checksums.row_sum(each) for each in values}) == len(values)
    assert checksums.row_sum(b"ab", b"c") != checksums.row_sum(b"a", b"bc")
    assert checksums.row_sum(-0.0) == checksums.row_sum(0.0)  # SQLite keeps no sign of zero


def test_every_row_that_is_written_has_its_checksum_whatever_the_statement(folder: Path) -> None:
    with Archive.open(folder) as archive:
        first, second = (each.id for each in archive.sessions())
        answers.answer(archive, first, answers.LabelRange(5.5, 8, "clear"))
        answers.undo(archive, first)
        archive.annotations.set_remark(second, Remark(1, 1, "replaced below"))
        with archive.database.transaction():
            archive.database.connection.execute(
                "UPDATE OR REPLACE notes SET session = ?", (second,)
            )
            archive.database.connection.execute("DELETE FROM sessions WHERE id = ?", (first,))
        found = [*checksums.wrong_rows(archive.database.connection)]
        assert found == []
        assert (
            archive.database.rows("SELECT count(*) FROM totals")[0][0] == 1
        )  # those of the other went too
        assert archive.database.journal.differences(archive.database.connection) == []


def test_an_archive_of_version_3_gets_checksums_and_a_journal(folder: Path) -> None:
    with Archive.open(folder) as archive:
        sessions, files, remarks = (
            archive.sessions(),
            archive.files(),
            archive.annotations.remarks(),
        )
    (folder / journal.FILE).unlink()
    with closing(sqlite3.connect(folder / database.FILE, isolation_level=None)) as direct:
        direct.execute("DROP TRIGGER lesson_outdated")
        for table in ("sums", "journal", "answers", "lessons"):
            direct.execute(f"DROP TABLE {table}")
        direct.execute("PRAGMA user_version = 3")
    with Archive.open(folder) as archive:
        assert (archive.sessions(), archive.files(), archive.annotations.remarks()) == (
            sessions,
            files,
            remarks,
        )
    assert findings(folder) == []
    kept = folder / f"{database.FILE}.version-3.backup"
    with closing(sqlite3.connect(kept)) as old:
        assert database.version_of(old) == 3
        assert old.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
    alter(folder, "UPDATE notes SET pain = 9")
    assert "archive-row" in findings(folder)


def stored(folder: Path) -> str:
    return (folder / journal.FILE).read_text(encoding="utf-8")


def test_what_is_taken_back_leaves_the_journal_at_the_next_tidying(folder: Path) -> None:
    with Archive.open(folder) as archive:
        first = archive.sessions()[0].id
        archive.annotations.set_remark(first, None)
        answers.undo(archive, first)
        assert archive.database.journal.read().rows["notes"] == {}
        assert len(archive.database.journal.read().rows["labels"]) == 1
        assert "on grass" in stored(folder)
        maintenance.vacuum(archive)
    assert "on grass" not in stored(folder)
    assert b"on grass" not in (folder / database.FILE).read_bytes()
    assert '"start_s": 5.0' not in stored(folder)
    assert findings(folder) == []


def test_a_line_that_was_never_committed_does_not_count_and_goes(folder: Path) -> None:
    """A process was killed between the journal's line and the commit."""
    before = stored(folder)
    with Archive.open(folder) as archive:
        first = archive.sessions()[0].id
        archive.annotations.add_label(first, Label(30.25, 40, "forward", "command"))
        extra = stored(folder)[len(before) :]
        answers.undo(archive, first)
        maintenance.vacuum(archive)
    path = folder / journal.FILE
    path.write_text(stored(folder) + extra, encoding="utf-8")
    assert findings(folder) == []
    with Archive.open(folder) as archive:
        archive.annotations.set_remark(first, Remark(0, 0, "next"))
    assert "30.25" in extra
    assert "30.25" not in stored(folder)
    assert findings(folder) == []


def test_what_only_the_journal_holds_is_kept_when_an_older_database_is_put_in_place(
    folder: Path, tmp_path: Path
) -> None:
    """Somebody copies an older database back; the journal beside it is newer."""
    older = tmp_path / "older.sqlite"
    with Archive.open(folder) as archive:
        first = archive.sessions()[0].id
        database.copy_to(archive.database.connection, older)
        archive.annotations.add_label(first, Label(30.25, 40, "forward", "command"))
    for end in ("-wal", "-shm"):
        (folder / f"{database.FILE}{end}").unlink(missing_ok=True)
    older.replace(folder / database.FILE)
    aside = folder / f"{journal.FILE}.damaged-1"
    with Archive.open(folder) as archive:
        archive.annotations.set_remark(first, Remark(0, 0, "next"))
        assert "30.25" not in stored(folder)
        assert "30.25" in aside.read_text(encoding="utf-8")
    assert findings(folder) == []


def test_a_journal_that_holds_nothing_more_is_written_again_without_a_copy(folder: Path) -> None:
    path = folder / journal.FILE
    path.write_text(stored(folder) + stored(folder).splitlines(keepends=True)[-1], encoding="utf-8")
    with Archive.open(folder) as archive:
        archive.annotations.set_remark(archive.sessions()[0].id, Remark(0, 0, "next"))
    assert list(folder.glob(f"{journal.FILE}*")) == [path]


def fail(archive: Archive) -> None:
    with archive.database.transaction():
        archive.database.connection.execute("DELETE FROM notes")
        archive.database.connection.execute("INSERT INTO notes VALUES ('x', 11, 0, '')")  # over 10


def test_a_transaction_that_fails_leaves_no_line(folder: Path) -> None:
    before = stored(folder)
    with Archive.open(folder) as archive:
        with pytest.raises(ArchiveError):
            fail(archive)
        assert stored(folder) == before
        assert len(archive.annotations.remarks()) == 1
    assert findings(folder) == []


def test_a_damaged_or_lost_journal_is_found_and_written_again_by_the_next_change(
    folder: Path,
) -> None:
    path = folder / journal.FILE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    assert set(findings(folder)) == {"archive-journal"}
    path.unlink()
    assert set(findings(folder)) == {"archive-journal"}
    with Archive.open(folder) as archive:
        archive.annotations.set_remark(archive.sessions()[0].id, Remark(0, 0, "next"))
    assert findings(folder) == []


def test_names_that_are_no_text_come_through_the_journal(tmp_path: Path) -> None:
    odd = "/exports/\udcff\udc80 „ä“\n.fit"
    with Archive.open(tmp_path) as archive:
        archive.writes.begin_import(odd, "1", 0.0)
        found = archive.database.journal.read().rows["imports"]["1",]
    assert found["folder"] == odd.encode("utf-8", "surrogateescape")


def test_what_a_killed_process_left_in_the_log_is_read_on_a_medium_that_cannot_be_written(
    folder: Path, tmp_path: Path
) -> None:
    with Archive.open(folder) as archive:
        archive.annotations.set_remark(archive.sessions()[0].id, Remark(3, 3, "only in the log"))
        assert (folder / f"{database.FILE}-wal").stat().st_size
        for end in ("", "-wal"):  # as they lie while the process still runs
            source = folder / f"{database.FILE}{end}"
            (tmp_path / source.name).write_bytes(source.read_bytes())
    before = sorted(tmp_path.iterdir())
    with closing(database._read_only(tmp_path / database.FILE)) as opened:
        assert opened.execute("SELECT text FROM notes").fetchall() == [("only in the log",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            opened.execute("DELETE FROM notes")
    assert sorted(tmp_path.iterdir()) == before
