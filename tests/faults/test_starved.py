"""A full disk, a read-only medium, a jumping clock: nothing is lost, and an error names it."""

import errno
import itertools
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import fake_pipeline
from retrorun import errors
from retrorun.archive import Archive, database, maintenance
from retrorun.archive.objects import Objects
from retrorun.cli import main
from retrorun.errors import ArchiveError
from retrorun.ingest import Engine, analysis, plan_import, reprocess, run_import
from retrorun.model import Athlete
from retrorun.report.page import asset_names, asset_text
from retrorun.settings import Settings
from retrorun.storage import folder

SAMPLES = Path(__file__).parents[2] / "sample_data"
SCRIPT = Path(__file__).with_name("importing.py")
ENGINE = Engine(Settings(), Athlete(), 1, fake_pipeline.process)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.fit").write_text(f"run {1000 * (number + 1)} 60")
    return folder


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "BATCH_FILES", 4)


def completed(exports: Path, archive: Archive) -> list[float]:
    assert maintenance.check(archive) == []
    run_import(plan_import(exports, archive, settle_s=0), archive, ENGINE)
    assert maintenance.check(archive) == []
    return [session.start_time_s for session in archive.sessions()]


WANTED = [1000.0 * (number + 1) for number in range(12)]


@pytest.mark.parametrize("nth", [1, 2, 7, 8, 9, 23, 24])
def test_a_full_disk_at_any_file(
    exports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    nth: int,
) -> None:
    replace_file, calls = Path.replace, list[int]()

    def full(source: Path, target: Path) -> Path:
        calls.append(1)
        if len(calls) == nth:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace_file(source, target)

    with Archive.open(tmp_path / "archive") as archive:
        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(ArchiveError) as caught:
            run_import(plan_import(exports, archive, settle_s=0), archive, ENGINE)
        assert caught.value.slug == "archive-disk-full"
        assert len(archive.sessions()) == 4 * ((nth - 1) // 8)  # whole batches only
        assert not list(tmp_path.glob("**/*.part"))
        assert completed(exports, archive) == WANTED


@pytest.mark.parametrize("pages", [0, 1, 2])
def test_a_full_disk_in_the_database(exports: Path, tmp_path: Path, pages: int) -> None:
    with Archive.open(tmp_path / "archive") as archive:
        (used,) = archive.database.connection.execute("PRAGMA page_count").fetchone()
        archive.database.connection.execute(f"PRAGMA max_page_count = {used + pages}")
        with pytest.raises(ArchiveError) as caught:
            run_import(plan_import(exports, archive, settle_s=0), archive, ENGINE)
        assert caught.value.slug == "archive-disk-full"
        assert len(archive.sessions()) % 4 == 0
        archive.database.connection.execute("PRAGMA max_page_count = 1000000")
        assert completed(exports, archive) == WANTED


@pytest.mark.parametrize("limit_kib", [0, 1, 4, 40, 100])
def test_no_more_may_be_written(exports: Path, tmp_path: Path, limit_kib: int) -> None:
    """The operating system itself refuses, at every kind of file there is."""

    def starve() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_kib * 1024, limit_kib * 1024))

    folder = tmp_path / "archive"
    ended = run(exports, folder, starve)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert ended.stdout.split()[1] in ("archive-disk-full", "archive-disk-error")
    assert "Traceback" not in ended.stderr
    with Archive.open(folder) as archive:
        assert completed(exports, archive) == WANTED


def run(
    exports: Path,
    folder: Path,
    prepare: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own, and it has no threads
        [sys.executable, str(SCRIPT), str(exports), str(folder), "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        preexec_fn=prepare,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.parametrize("size_kib", [40, 120, 200])
def test_a_small_disk_fills(exports: Path, tmp_path: Path, size_kib: int) -> None:
    disk, mount = tmp_path / "disk", shutil.which("mount")
    disk.mkdir()
    command = [str(mount), "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(disk)]
    if not mount or subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("a small disk cannot be mounted here")
    try:
        ended = run(exports, disk / "archive")
        assert ended.returncode == 1
        assert ended.stdout.split()[1] in ("archive-disk-full", "archive-disk-error")
        shutil.copytree(disk / "archive", tmp_path / "archive")
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607 - our own mount
    with Archive.open(tmp_path / "archive") as archive:
        assert completed(exports, archive) == WANTED


@pytest.mark.usefixtures("runs")
def test_a_disk_without_any_room_is_read_and_named(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    assert processed(tmp_path, tmp_path / "pages").exit_code == 0
    kept = CliRunner().invoke(main, ["sessions", "--json", "--archive", str(tmp_path / "kept")])
    with mounted(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], at=disk):
        shutil.copytree(tmp_path / "kept", disk / "kept")
        fill(disk / "rest")
        archive = ["--archive", str(disk / "kept")]
        listed = CliRunner().invoke(main, ["sessions", "--json", *archive])
        assert (listed.exit_code, listed.stdout) == (0, kept.stdout)
        rescued = CliRunner().invoke(main, ["archive", "backup", str(tmp_path / "b.zip"), *archive])
        assert rescued.exit_code == 0, rescued.output
        for command in (["profile", "mass_kg=70"], ["reprocess", "--all"], ["archive", "vacuum"]):
            refused = CliRunner().invoke(main, [*command, *archive])
            assert (refused.exit_code, "the disk is full" in refused.stderr) == (1, True), command
        (disk / "rest").unlink()
        full = disk / "b.zip"
        fill(disk / "rest", leave_bytes=64 << 10)
        refused = CliRunner().invoke(main, ["archive", "backup", str(full), *archive])
        assert (refused.exit_code, "the disk is full" in refused.stderr) == (1, True)
        assert sorted(each.name for each in disk.iterdir()) == ["kept", "rest"]
    restored = ["archive", "restore", str(tmp_path / "b.zip"), "--archive", str(tmp_path / "new")]
    assert CliRunner().invoke(main, restored).exit_code == 0
    again = CliRunner().invoke(main, ["sessions", "--json", "--archive", str(tmp_path / "new")])
    assert again.stdout == kept.stdout


def fill(path: Path, leave_bytes: int = 0) -> None:
    """A file that takes what a disk has left, but so many bytes."""
    with suppress(OSError), path.open("wb", buffering=0) as stream:
        while stream.write(b"0" * 4096):
            pass
    if leave_bytes:
        os.truncate(path, path.stat().st_size - leave_bytes)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount read-only")
def test_a_read_only_medium_can_be_read_and_is_not_written(exports: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with Archive.open(folder) as archive:
        assert completed(exports, archive) == WANTED
    for command in (
        ["mount", "--bind", str(folder), str(folder)],
        ["mount", "-o", "remount,ro,bind", str(folder)],
    ):
        if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603
            pytest.skip("nothing can be mounted here")
    try:
        (exports / "new.fit").write_text("run 99000 60")
        with Archive.open(folder) as archive:
            assert len(archive.sessions()) == 12
            planned = plan_import(exports, archive, settle_s=0)
            assert len(planned.new) == 1
            with pytest.raises(ArchiveError) as caught:
                run_import(planned, archive, ENGINE)
        assert caught.value.slug == "archive-read-only"
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607 - our own mount


def test_a_database_that_may_not_be_written_is_told(
    exports: Path,
    tmp_path: Path,
) -> None:
    """As on a read-only medium, for those who may not mount one."""
    with Archive.open(tmp_path / "archive") as archive:
        assert completed(exports, archive) == WANTED
        (exports / "new.fit").write_text("run 99000 60")
        archive.database.connection.execute("PRAGMA query_only = ON")
        with pytest.raises(ArchiveError) as caught:
            run_import(plan_import(exports, archive, settle_s=0), archive, ENGINE)
        assert caught.value.slug == "archive-read-only"


def test_a_jumping_clock_changes_nothing(
    exports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = itertools.cycle([2e9, 0.0, 1.8e9, 5.0])  # without an end: other threads ask, too
    monkeypatch.setattr(analysis.time, "time", lambda: next(moments))  # type: ignore[attr-defined]
    for number, path in enumerate(sorted(exports.iterdir())):
        os.utime(path, (number * 3e8, number * 3e8))  # from 1970 to 2074
    with Archive.open(tmp_path / "archive") as archive:
        assert completed(exports, archive) == WANTED
        assert plan_import(exports, archive).idle


def test_odd_names_are_imported_and_shown(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    odd = [b"new\nline.fit", b"\xff\xfe.fit", b"<b>&.fit", b"=cmd().fit", b"a" * 251 + b".fit"]
    for number, name in enumerate(odd):
        path = os.path.join(os.fsencode(folder), name)  # noqa: PTH118 - bytes
        with open(path, "wb") as stream:  # noqa: PTH123 - bytes
            stream.write(b"run %d 60" % (1000 * (number + 1)))
    copy, bad = b"\xff\xfe.second.fit", b"\xffno.fit"
    for name, text in ((copy, b"run 2000 60"), (bad, b"rubbish")):
        with open(os.path.join(os.fsencode(folder), name), "wb") as stream:  # noqa: PTH118, PTH123
            stream.write(text)
    odd += [copy, bad]
    with Archive.open(tmp_path / "archive") as archive:
        engine = Engine(Settings(), Athlete(), 2, fake_pipeline.process)
        report = run_import(plan_import(folder, archive, settle_s=0), archive, engine)
        assert report.imported == 5
        assert report.duplicates == 1
        assert [os.fsencode(Path(row.path).name) for row in report.failed] == [bad]
        assert all(session.source.name.isprintable() for session in archive.sessions())
        assert sorted(os.fsencode(Path(row.path).name) for row in archive.files()) == sorted(odd)
        assert plan_import(folder, archive, settle_s=0).idle


def test_a_loop_of_links_is_imported_once(exports: Path, tmp_path: Path) -> None:
    (exports / "loop").symlink_to(exports)
    with Archive.open(tmp_path / "archive") as archive:
        assert completed(exports, archive) == WANTED
        assert len(archive.files()) == 12


def test_two_imports_at_once_give_what_one_gives(exports: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    command = [sys.executable, str(SCRIPT), str(exports), str(folder), "1"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]  # noqa: S603
    assert [each.wait(600) for each in both] == [0, 0]
    for each in both:
        each.communicate()
    with Archive.open(folder) as archive:
        assert completed(exports, archive) == WANTED
        assert len(archive.files()) == 12


def test_what_the_system_says_becomes_our_words() -> None:
    for number, slug in (
        (errno.ENOSPC, "archive-disk-full"),
        (errno.EDQUOT, "archive-disk-full"),
        (errno.EROFS, "archive-read-only"),
        (errno.EACCES, "archive-read-only"),
        (errno.EIO, "archive-disk-error"),
    ):
        with pytest.raises(ArchiveError) as caught, database.translate_errors(Path("/a")):
            raise OSError(number, os.strerror(number))
        assert caught.value.slug == slug


@pytest.mark.parametrize(
    ("sqlite_says", "number", "slug"),
    [
        ("database disk image is malformed", errno.EIO, "archive-disk-error"),
        ("unable to open database file", errno.EMFILE, "archive-starved"),
        ("attempt to write a readonly database", errno.ESTALE, "archive-disk-error"),
        ("database disk image is malformed", 0, "archive-damaged"),
        ("attempt to write a readonly database", 0, "archive-read-only"),
        ("unable to open database file", errno.EACCES, "archive-read-only"),
    ],
)
def test_a_disk_that_fails_is_not_told_as_damage_or_lack_of_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_says: str, number: int, slug: str
) -> None:
    (tmp_path / database.FILE).write_bytes(b"SQLite")
    failing = f"import sys; sys.exit({number})"
    monkeypatch.setattr(errors, "_READER", failing if number else errors._READER)
    with pytest.raises(ArchiveError) as caught, database.translate_errors(tmp_path):
        raise sqlite3.DatabaseError(sqlite_says)
    assert caught.value.slug == slug


def test_an_archive_that_is_removed_while_it_is_open_is_told_as_gone(
    exports: Path, tmp_path: Path
) -> None:
    """SQLite says of it that it cannot be written: it was told to mount it writable."""
    with Archive.open(tmp_path / "archive") as archive:
        planned = plan_import(exports, archive, settle_s=0)
        with archive.writing():
            shutil.rmtree(tmp_path / "archive")
            with pytest.raises(ArchiveError) as caught:
                run_import(planned, archive, ENGINE)
        assert caught.value.slug in ("archive-gone", "archive-replaced")
        with pytest.raises(ArchiveError) as caught, database.translate_errors(archive.folder):
            raise sqlite3.OperationalError("attempt to write a readonly database")
        assert caught.value.slug == "archive-gone"


def test_a_drive_that_fails_while_a_file_is_read_costs_no_file(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was kept as a file that cannot be read, and left alone until it changes."""
    with Archive.open(tmp_path / "archive") as archive:
        planned = plan_import(exports, archive, settle_s=0)
        with monkeypatch.context() as patch:
            patch.setattr(folder, "open", failing_open("03.fit"), raising=False)
            report = run_import(planned, archive, ENGINE)
        assert [(Path(row.path).name, row.slug) for row in report.failed] == [
            ("03.fit", "store-failing")
        ]
        assert (len(archive.sessions()), len(archive.problems())) == (11, 0)
        assert completed(exports, archive) == WANTED


@pytest.mark.parametrize("export_changes", [False, True])
@pytest.mark.parametrize("was_read", [False, True])
def test_a_drive_that_fails_while_a_table_of_labels_is_read_costs_no_label(
    exports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    was_read: bool,
    export_changes: bool,
) -> None:
    """It was kept as a table that cannot be read, and left alone until it changes."""
    table = exports / "03.labels.csv"
    with Archive.open(tmp_path / "archive") as archive:
        if was_read:
            table.write_text("start,end,direction\n10,20,backward\n")
            assert completed(exports, archive) == WANTED
        if export_changes:
            (exports / "03.fit").write_text("run 4000 90")
        if not (was_read and export_changes):
            table.write_text("start,end,direction\n10,30,backward\n")
        planned = plan_import(exports, archive, settle_s=0)
        with monkeypatch.context() as patch:
            patch.setattr(folder, "open", failing_open(table.name), raising=False)
            report = run_import(planned, archive, ENGINE)
        assert [row.slug for row in report.failed] == ["store-failing"]
        assert archive.problems() == []
        assert completed(exports, archive) == WANTED
        (session,) = (each for each in archive.sessions() if each.start_time_s == 4000)
        end_s = 20 if was_read and export_changes else 30
        assert [(each.start_s, each.end_s) for each in session.labels] == [(10, end_s)]


def test_a_file_that_may_not_be_read_is_read_once_it_may(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To change its rights changes neither its size nor its date: it was left alone for ever."""

    def forbidden(path: str, mode: str) -> object:
        if path.endswith("03.fit"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open(path, mode)  # noqa: PTH123 - as it is called

    with Archive.open(tmp_path / "archive") as archive:
        planned = plan_import(exports, archive, settle_s=0)
        with monkeypatch.context() as patch:
            patch.setattr(folder, "open", forbidden, raising=False)
            report = run_import(planned, archive, ENGINE)
        assert [row.slug for row in report.failed] == ["file-forbidden"]
        assert (len(archive.sessions()), len(archive.problems())) == (11, 0)
        assert completed(exports, archive) == WANTED


def test_a_full_disk_for_temporary_files_costs_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tar was kept as one that failed, until somebody made room and typed ``--retry``."""
    (tmp_path / "exports").mkdir()
    run = tmp_path / "run.gpx"
    run.write_text("run 1000 60")
    with tarfile.open(tmp_path / "exports" / "all.tar", "w") as tar:
        tar.add(run, "run.gpx")

    def full(*_: object, **__: object) -> object:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Archive.open(tmp_path / "archive") as archive:
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "SpooledTemporaryFile", full)
            report = run_import(
                plan_import(tmp_path / "exports", archive, settle_s=0), archive, ENGINE
            )
        assert [row.slug for row in report.failed] == ["temporary-disk-full"]
        assert (archive.problems(), archive.writes.imports()) == ([], [])
        assert completed(tmp_path / "exports", archive) == [1000]


def test_a_run_that_is_killed_before_its_first_change_is_no_import(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood in the list of `undo` with 0 sessions, and nothing to take back."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with Archive.open(tmp_path / "archive") as archive:
        planned = plan_import(exports, archive, settle_s=0)
        with monkeypatch.context() as patch:
            patch.setattr(archive.writes, "apply", killed)
            with pytest.raises(KeyboardInterrupt):
                run_import(planned, archive, ENGINE)
        assert archive.writes.imports() == []
        assert completed(exports, archive) == WANTED
        (whole,) = archive.writes.imports()
        archive.writes.undo(whole.id, 0.0)
        assert [each.id for each in archive.writes.imports()] == [whole.id]  # as taken back


def test_a_run_that_writes_nothing_is_no_import(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch filled the list of `undo` with one import a minute."""
    with Archive.open(tmp_path / "archive") as archive:
        for _ in range(3):
            planned = plan_import(exports, archive, settle_s=0)
            with monkeypatch.context() as patch:
                patch.setattr(folder, "open", failing_open("03.fit"), raising=False)
                report = run_import(planned, archive, ENGINE)
            assert len(report.failed) == 1
        assert [each.sessions for each in archive.writes.imports()] == [11]
        assert completed(exports, archive) == WANTED
        assert [each.sessions for each in archive.writes.imports()] == [11, 1]


def test_an_import_that_is_cut_off_is_listed_with_what_it_wrote(
    exports: Path, tmp_path: Path
) -> None:
    def interrupt(done: int, _total: int, _name: str) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with Archive.open(tmp_path / "archive") as archive:
        with pytest.raises(KeyboardInterrupt):
            run_import(plan_import(exports, archive, settle_s=0), archive, ENGINE, interrupt)
        (cut_off,) = archive.writes.imports()
        assert cut_off.sessions == len(archive.sessions()) == 4
        archive.writes.undo(cut_off.id, 0.0)
        assert archive.sessions() == []


def test_a_drive_that_fails_while_an_original_is_read_leaves_it_due(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session was not analysed again, although an answer about it waited for that."""
    with Archive.open(tmp_path / "archive") as archive:
        assert completed(exports, archive) == WANTED
        sha256 = min(archive.originals.hashes())
        with archive.database.transaction():
            archive.pending.add([sha256])
        with monkeypatch.context() as patch:
            patch.setattr(folder, "open", failing_open(sha256), raising=False)
            report = reprocess([sha256], archive, ENGINE)
        assert [row.slug for row in report.failed] == ["store-failing"]
        assert archive.pending.exports() == [sha256]
        assert reprocess(archive.pending.exports(), archive, ENGINE).imported == 1
        assert archive.pending.exports() == []


def failing_open(sign: str) -> Callable[..., object]:
    """As ``open``, of a drive that fails for paths that hold a sign."""

    def opened(path: str, mode: str) -> object:
        if sign in path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open(path, mode)  # noqa: PTH123 - as it is called

    return opened


@pytest.mark.parametrize("part", ["tracks", "originals"])
def test_a_file_that_the_disk_does_not_give_is_not_told_as_damaged(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    with Archive.open(tmp_path / "archive") as archive:
        assert completed(exports, archive) == WANTED
        read_bytes = Path.read_bytes

        def failing(path: Path) -> bytes:
            if path.parent.parent.name == part:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return read_bytes(path)

        monkeypatch.setattr(Path, "read_bytes", failing)
        assert {each.slug for each in maintenance.check(archive)} == {"archive-object-unreadable"}


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, "Give yourself the right to."),
        (errno.EPERM, "Give yourself the right to."),
        (errno.EIO, "Check the disk and its limits."),
    ],
)
def test_what_may_not_be_read_is_no_matter_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def refused(_: Path) -> bytes:
        raise OSError(number, os.strerror(number))

    with Archive.open(tmp_path / "archive") as archive:
        monkeypatch.setattr(Path, "read_bytes", refused)
        with pytest.raises(ArchiveError) as caught:
            archive.tracks.get("0" * 64)
    assert (caught.value.slug, caught.value.remedy) == ("archive-object-unreadable", remedy)


def test_a_lack_of_memory_is_no_damage_of_an_archive_whose_journal_is_not_written(
    exports: Path, tmp_path: Path
) -> None:
    """Such as that of a backup while it is restored."""
    with Archive.open(tmp_path / "archive") as archive:
        assert completed(exports, archive) == WANTED
    (tmp_path / "archive" / "journal.jsonl").unlink()
    with pytest.raises(MemoryError), Archive.open(tmp_path / "archive"):
        raise MemoryError


def test_objects_are_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Objects(tmp_path, (".gz",))
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "broken")))
    with pytest.raises(ArchiveError, match="broken"):
        store.put("ab" * 32, b"data")
    assert [path for path in tmp_path.glob("**/*") if path.is_file()] == []


@contextmanager
def mounted(*commands: list[str], at: Path) -> Iterator[None]:
    """As the commands mount it, until the block ends."""
    for command in commands:
        if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603
            pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)  # noqa: S603, S607 - our own mount


def processed(tmp_path: Path, reports: Path) -> Result:
    """The real command over two real runs."""
    places = ["--archive", str(tmp_path / "kept"), "--reports", str(reports)]
    return CliRunner().invoke(main, ["process", str(tmp_path / "runs"), *places, "--jobs", "1"])


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    for path in sorted(SAMPLES.glob("*.fit"))[:2]:
        shutil.copy(path, folder)
    return folder


def pages(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.html")}


@pytest.mark.parametrize("trouble", ["read-only", "full"])
@pytest.mark.usefixtures("runs")
def test_reports_that_cannot_be_written_cost_no_import_and_come_later(
    tmp_path: Path, trouble: str
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    bind = ["mount", "--bind", str(disk), str(disk)]
    read_only = (bind, ["mount", "-o", "remount,ro,bind", str(disk)])
    assets = sum(len(asset_text(name).encode()) for name in asset_names().values())
    size = f"size={assets // 1024 + 150}k"  # room for the first page, and not for the second
    full = (["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)],)
    with mounted(*(read_only if trouble == "read-only" else full), at=disk):
        ended = processed(tmp_path, disk / "pages")
        assert ended.exit_code == 1
        assert "2 imported" in ended.stderr
        assert "pages cannot be written" in ended.stderr
        assert not list(disk.rglob("*.tmp"))
        for page in pages(disk).values():
            assert page.rstrip().endswith(b"</html>")
        assert len(pages(disk)) == (1 if trouble == "full" else 0)
    with Archive.open(tmp_path / "kept") as archive:
        assert maintenance.check(archive) == []
        assert archive.annotations.profile().forward_line is not None
    assert processed(tmp_path, disk / "pages").exit_code == 0
    assert len(pages(disk)) == 2 + 3


@pytest.mark.usefixtures("runs")
def test_what_is_printed_of_odd_names_is_text(tmp_path: Path) -> None:
    for name in (b"\xffno.fit", b"two\nlines.fit"):
        with open(os.path.join(os.fsencode(tmp_path / "runs"), name), "wb") as stream:  # noqa: PTH118, PTH123
            stream.write(b"rubbish " + name)
    archive = ["--archive", str(tmp_path / "kept")]
    plan_told = CliRunner().invoke(main, ["process", str(tmp_path / "runs"), "--dry-run", *archive])
    assert len(plan_told.stdout.splitlines()) == 4 + 1
    assert "\\xffno.fit" in plan_told.stdout
    ended = processed(tmp_path, tmp_path / "pages")
    assert ended.exit_code == 1
    assert "2 imported, 2 could not be read" in ended.stderr
    assert "two\\nlines.fit: " in ended.stderr
    problems = CliRunner().invoke(main, ["sessions", "--problems", "--json", *archive])
    paths = [json.loads(line)["path"] for line in problems.stdout_bytes.decode().splitlines()]
    assert {os.fsencode(Path(path).name) for path in paths} == {b"\xffno.fit", b"two\nlines.fit"}
