"""Archives among the exports: each member is a file of its own, the zip is opened once."""

import io
import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import fake_pipeline
from retrorun.archive import Archive, maintenance
from retrorun.archive.archive import SPOOL
from retrorun.engines import child
from retrorun.errors import StoreError
from retrorun.ingest import Engine, Report, plan_import, run_import, undo
from retrorun.ingest import archives as ingest_archives
from retrorun.model import Athlete
from retrorun.settings import Settings

Content = Mapping[str, bytes | str]


def engine(jobs: int = 1) -> Engine:
    return Engine(Settings(), Athlete(mass_kg=70), jobs, fake_pipeline.process)


def run(folder: Path, archive: Archive, *, jobs: int = 1, retry: bool = False) -> Report:
    return run_import(plan_import(folder, archive, retry=retry, settle_s=0), archive, engine(jobs))


def packed(content: Content) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in content.items():
            made.writestr(name, data)
    return buffer.getvalue()


def put(folder: Path, name: str, content: Content) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(packed(content))
    return path


def outcomes(archive: Archive, folder: Path) -> dict[str, str]:
    return {row.path.removeprefix(f"{folder}/"): row.outcome for row in archive.files()}


RUNS = {"a.fit": "run 1000 60", "in/b.fit": "run 2000 60", "c.gpx": "rubbish", "d.tcx": "none"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_member_has_one_outcome(tmp_path: Path, jobs: int) -> None:
    exports = tmp_path / "exports"
    zipped = put(exports, "all.zip", {**RUNS, "photo.jpg": "x"})
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive, jobs=jobs)
        assert outcomes(archive, exports) == {
            "all.zip": "imported",
            "all.zip/a.fit": "imported",
            "all.zip/c.gpx": "failed",
            "all.zip/d.tcx": "not-a-run",
            "all.zip/in/b.fit": "imported",
        }
        assert (report.imported, len(report.sessions)) == (2, 2)
        assert [row.path for row in report.failed] == [f"{zipped}/c.gpx"]
        assert [each.source.name for each in archive.sessions()] == ["a.fit", "b.fit"]
        assert maintenance.check(archive) == []
        assert archive.original(archive.sessions()[1].source.sha256) == b"run 2000 60"
        assert not (tmp_path / "archive" / SPOOL).exists()


def test_a_second_run_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports = tmp_path / "exports"
    put(exports, "all.zip", RUNS)
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        monkeypatch.setattr(zipfile, "ZipFile", None)
        again = plan_import(exports, archive, settle_s=0)
        assert again.idle
        assert again.unchanged == 1
        with pytest.raises(TypeError):
            run(exports, archive, retry=True)  # it would be opened for what failed in it


def test_loose_files_and_members_are_known_by_their_bytes(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    put(exports, "one.zip", {"a.fit": "run 1000 60", "again.fit": "run 1000 60"})
    (exports / "b.fit").write_text("run 2000 60")
    put(exports, "two.zip", {"x.fit": "run 1000 60", "y.fit": "run 2000 60"})
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive)
        assert (report.imported, report.duplicates) == (2, 3)
        (exports / "loose.fit").write_text("run 1000 60")
        assert run(exports, archive).duplicates == 1
        rows = {Path(row.path).name: row for row in archive.files()}
        assert rows["loose.fit"].outcome == "imported"  # the first by its path, whenever it came
        assert rows["a.fit"].rule == "same-bytes"
        assert rows["a.fit"].duplicate_of == f"{exports}/loose.fit"
        assert rows["y.fit"].duplicate_of == f"{exports}/b.fit"
        assert len(archive.sessions()) == 2
        assert plan_import(exports, archive, settle_s=0).idle


def test_the_same_activity_in_an_archive_counts_once(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    put(exports, "one.zip", {"a.fit": "run 1000 600"})
    (exports / "z.gpx").write_text("run 1004 603")
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive)
        assert (report.imported, report.duplicates) == (1, 1)


def test_an_archive_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    put(exports, "all.zip", {f"{n:02}.fit": f"run {n}000 60" for n in range(1, 41)})
    seen = []

    def stop(done: int, total: int, name: str) -> None:
        assert done <= total
        seen.append(name)
        if done == 35:  # after the first batch of 32 was written
            raise KeyboardInterrupt

    with Archive.open(tmp_path / "archive") as archive:
        with pytest.raises(KeyboardInterrupt):
            run_import(plan_import(exports, archive, settle_s=0), archive, engine(), stop)
        assert len(archive.sessions()) == 32
        report = run(exports, archive)
        assert (report.unchanged, report.imported) == (32, 8)
        assert len(archive.sessions()) == 40
        assert plan_import(exports, archive, settle_s=0).idle
        assert maintenance.check(archive) == []


def test_what_a_killed_import_left_in_the_spool_goes(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    put(exports, "all.zip", {"a.fit": "run 1000 60"})
    left = tmp_path / "archive" / SPOOL / "left"
    with Archive.open(tmp_path / "archive") as archive:
        left.parent.mkdir()
        left.write_bytes(b"left")
        assert maintenance.vacuum(archive) == 4
        left.write_bytes(b"left")
        run(exports, archive)
        assert not left.exists()


def test_a_newer_export_adds_only_what_is_new(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    path = put(exports, "all.zip", {"a.fit": "run 1000 60"})
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        put(exports, "all.zip", {"a.fit": "run 1000 60", "b.fit": "run 2000 60"})
        report = run(exports, archive)
        assert (report.imported, report.unchanged) == (1, 1)
        path.rename(exports / "moved.zip")
        report = run(exports, archive)
        assert (report.moved, report.imported) == (1, 0)
        assert set(outcomes(archive, exports)) == {
            *("moved.zip", "moved.zip/a.fit", "moved.zip/b.fit")
        }
        os.utime(exports / "moved.zip", ns=(5, 5))
        assert run(exports, archive).moved == 1
        assert len(archive.files()) == 3


def test_a_member_that_failed_is_tried_again_when_asked(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    put(exports, "all.zip", RUNS)
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        again = run(exports, archive, retry=True)
        assert (again.unchanged, len(again.problems), again.imported) == (2, 2, 0)
        archive.database.connection.execute(
            "UPDATE files SET version = '0.0.9' WHERE path LIKE '%c.gpx'"
        )
        assert len(plan_import(exports, archive, settle_s=0).new) == 1
        assert len(run(exports, archive).problems) == 1
        assert plan_import(exports, archive, settle_s=0).idle


def test_an_archive_can_be_undone_and_come_back(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    put(exports, "all.zip", RUNS)
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        undo(1, archive, engine())
        assert archive.sessions() == []
        assert run(exports, archive).imported == 0
        assert run(exports, archive, retry=True).imported == 2
        assert maintenance.check(archive) == []


def test_what_means_harm_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    with zipfile.ZipFile(exports / "bad.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("../out.fit", "run 1 60")
        made.writestr("bomb.fit", b"\0" * 2**24)
        link = zipfile.ZipInfo("link.fit")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("good.fit", "run 1000 60")
    (exports / "broken.zip").write_bytes(packed(RUNS)[:100])
    (exports / "notes.zip").write_bytes(packed({"a.txt": "words"}))
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive, jobs=2)
        reasons = {row.path.removeprefix(f"{exports}/"): row.slug for row in report.problems}
        assert reasons == {
            "bad.zip/../out.fit": "member-outside",
            "bad.zip/bomb.fit": "member-too-large",
            "bad.zip/link.fit": "member-link",
            "broken.zip": "archive-broken",
            "notes.zip": "archive-empty",
        }
        assert report.imported == 1
        assert plan_import(exports, archive, settle_s=0).idle


def test_a_name_that_is_there_twice_is_two_files(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    with zipfile.ZipFile(exports / "twice.zip", "w") as made:
        made.writestr("a.fit", "run 1000 60")
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("a.fit", "run 2000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        assert set(outcomes(archive, exports)) == {
            *("twice.zip", "twice.zip/a.fit", "twice.zip/a.fit #2")
        }
        assert len(archive.sessions()) == 2


def test_a_walk_that_takes_too_long_costs_the_archive_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The export of some seconds' reading stands between a route and the next member."""
    exports = tmp_path / "exports"
    exports.mkdir()
    points = "".join(
        f'<trkpt lat="46" lon="14"><time>2026-05-03T07:30:{n:02}Z</time></trkpt>' for n in range(9)
    )
    with zipfile.ZipFile(exports / "a.zip", "w", zipfile.ZIP_STORED) as made:
        made.writestr("apple_health_export/first.fit", "run 1000 60")
        route = f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>"
        made.writestr("apple_health_export/workout-routes/r.gpx", route)
        with made.open("apple_health_export/export.xml", "w") as stream:
            stream.write(b"<HealthData>")
            for _ in range(20):
                stream.write(b"<Record type='x'/>" * 60_000)
    (exports / "b.fit").write_text("run 5000 60")
    stream_of = child.Guard.stream

    def hasty(guard: child.Guard, work: Any, task: Any) -> Iterator[Any]:  # noqa: ANN401 - as there
        """The first member may take its time, with the start of the process; no other one may."""
        return stream_of(guard, work, task, lambda last: 300.0 if last is None else 0.2)

    monkeypatch.setattr(child.Guard, "stream", hasty)
    with Archive.open(tmp_path / "archive") as archive:
        (problem,) = run(exports, archive, jobs=2).problems
        assert (Path(problem.path).name, problem.slug) == ("a.zip", "worker-timeout")
        assert len(archive.sessions()) == 2
        assert plan_import(exports, archive, settle_s=0).idle
        assert maintenance.check(archive) == []


def first_member(task: tuple[str, object, object]) -> Iterator[tuple[str, bytes]]:
    """The members of an archive on a drive that fails after the first."""
    yield f"{task[0]}/a.fit", b"run 1000 60"
    raise StoreError("store-failing", "it cannot be read: Input/output error", file="all.zip")


@pytest.mark.parametrize("guarded", [False, True])
def test_an_archive_that_a_drive_does_not_give_is_read_with_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """It was kept as no readable archive, and left alone until it changed."""
    exports = tmp_path / "exports"
    put(exports, "all.zip", RUNS)
    made = structs.replace(engine(), guarded=guarded)

    with Archive.open(tmp_path / "archive") as archive:
        planned = plan_import(exports, archive, settle_s=0)
        with monkeypatch.context() as patch:
            patch.setattr(ingest_archives, "_walk", first_member)
            report = run_import(planned, archive, made)
        assert [(Path(row.path).name, row.slug) for row in report.failed] == [
            ("all.zip", "store-failing")
        ]
        assert archive.problems() == []
        assert len(archive.sessions()) == 1
        assert run(exports, archive).imported == 1
        assert len(archive.sessions()) == 2
        assert plan_import(exports, archive, settle_s=0).idle
