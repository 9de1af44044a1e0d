"""Files into the archive: each has one outcome, nothing is done twice, the folder stays."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import fake_pipeline
from retrorun.archive import Archive, FileRow
from retrorun.errors import ArchiveError, ReadError
from retrorun.ingest import Engine, Plan, Report, file_groups, plan_import, run_import
from retrorun.ingest import plan as planning
from retrorun.model import Athlete, Label
from retrorun.settings import Settings
from retrorun.storage import Entry, Folder, ObjectStore, open_store


def engine(jobs: int = 1) -> Engine:
    return Engine(Settings(), Athlete(mass_kg=70), jobs, fake_pipeline.process)


def run(folder: Path, archive: Archive, *, jobs: int = 1, retry: bool = False) -> Report:
    return run_import(plan_import(folder, archive, retry=retry, settle_s=0), archive, engine(jobs))


def fill(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / f"{name.replace('_', '/')}.fit"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def outcomes(archive: Archive) -> dict[str, str]:
    return {Path(row.path).stem: row.outcome for row in archive.files()}


def test_every_file_has_one_outcome(tmp_path: Path) -> None:
    exports = fill(
        tmp_path / "exports",
        a="run 1000 60\nrun 9000 30",
        b="run 2000 60",
        c="run 1000 60\nrun 9000 30",
        d="rubbish",
        e="none",
        sub_f="run 3000 60",
    )
    (exports / "README.md").write_text("no export")
    (exports / "half.fit.part").write_text("run 1 60")
    (exports / ".hidden.fit").write_text("run 2 60")
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive)
        assert outcomes(archive) == {
            "a": "imported",
            "b": "imported",
            "c": "duplicate",
            "d": "failed",
            "e": "not-a-run",
            "f": "imported",
        }
        assert [session.start_time_s for session in archive.sessions()] == [1000, 2000, 3000, 9000]
        assert len(report.sessions) == 4
        assert (report.imported, report.duplicates, report.passed_over) == (3, 1, 3)
        failed = archive.problems()[0]
        assert (failed.slug, failed.byte_offset, failed.remedy) == (
            "fit-damaged",
            3,
            "Export it anew.",
        )
        copy = next(row for row in archive.files() if row.outcome == "duplicate")
        assert (copy.rule, copy.duplicate_of) == ("same-bytes", str(exports / "a.fit"))
        assert [row.path for row in report.failed] == [str(exports / "d.fit")]


def test_a_second_run_does_nothing(tmp_path: Path) -> None:
    exports = fill(tmp_path / "exports", a="run 1000 60", b="rubbish", c="none", d="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        again = plan_import(exports, archive, settle_s=0)
        assert again.idle
        assert again.unchanged == 4
        assert run_import(again, archive, engine()) == Report(unchanged=4)
        assert len(archive.writes.imports()) == 1


def test_the_folder_is_never_changed(tmp_path: Path) -> None:
    exports = fill(tmp_path / "exports", a="run 1000 60", b="rubbish", c="run 1000 60")

    def state() -> list[tuple[str, int, int, bytes]]:
        paths = sorted(exports.iterdir())
        return [(p.name, p.stat().st_mtime_ns, p.stat().st_ino, p.read_bytes()) for p in paths]

    before = state()
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        run(exports, archive, retry=True)
    assert state() == before


def test_parallel_equals_serial(tmp_path: Path) -> None:
    texts = {f"f{number:02}": f"run {1000 * number} 60" for number in range(12)}
    exports = fill(tmp_path / "exports", **texts, x="rubbish", y="none", z="run 1000 60")
    found = []
    for jobs in (1, 2):
        with Archive.open(tmp_path / f"archive{jobs}") as archive:
            report = run(exports, archive, jobs=jobs)
            found.append((report, archive.files(), archive.sessions()))
    assert found[0] == found[1]
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).glob("*/*/*")}
        for name in ("archive1", "archive2")
    )
    assert first == second
    assert len(first) == 12 * 2  # a track and an original each


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_poisoned_file_is_set_aside_and_named(tmp_path: Path, jobs: int) -> None:
    exports = fill(tmp_path / "exports", a="run 1000 60", b="die", c="run 2000 60", d="hog")
    with Archive.open(tmp_path / "archive") as archive:
        guarded = msgspec.structs.replace(engine(jobs), guarded=True)
        report = run_import(plan_import(exports, archive, settle_s=0), archive, guarded)
        assert outcomes(archive) == {"a": "imported", "b": "failed", "c": "imported", "d": "failed"}
        assert [row.slug for row in report.problems] == ["worker-died", "memory-exceeded"]
        assert plan_import(exports, archive, settle_s=0).idle


def test_a_failure_is_tried_again_when_changed_or_newer_or_asked(tmp_path: Path) -> None:
    exports = fill(tmp_path / "exports", a="rubbish", b="rubbish too")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        assert plan_import(exports, archive, settle_s=0).idle
        assert len(plan_import(exports, archive, settle_s=0, retry=True).new) == 2
        (exports / "a.fit").write_text("run 1000 60")
        assert [
            Path(each.entry.address).stem for each in plan_import(exports, archive, settle_s=0).new
        ] == ["a"]
        archive.database.connection.execute("UPDATE files SET version = '0.0.9'")
        assert len(plan_import(exports, archive, settle_s=0).new) == 2
        run(exports, archive)
        assert outcomes(archive) == {"a": "imported", "b": "failed"}


def test_a_moved_or_touched_file_is_not_analysed_again(tmp_path: Path) -> None:
    exports = fill(tmp_path / "exports", a="run 1000 60", b="rubbish")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        exports.rename(tmp_path / "elsewhere")
        os.utime(tmp_path / "elsewhere" / "a.fit", ns=(5, 5))
        again = plan_import(tmp_path / "elsewhere", archive, settle_s=0)
        assert (len(again.new), len(again.moved)) == (0, 2)
        run_import(again, archive, engine())
        assert outcomes(archive) == {"a": "imported", "b": "failed"}
        assert {Path(row.path).parent.name for row in archive.files()} == {"elsewhere"}
        assert plan_import(tmp_path / "elsewhere", archive, settle_s=0).idle


def test_a_file_that_changes_before_it_is_read_waits(tmp_path: Path) -> None:
    exports = fill(tmp_path / "exports", a="run 1000 60", b="run 2000 60")
    with Archive.open(tmp_path / "archive") as archive:
        planned = plan_import(exports, archive, settle_s=0)
        (exports / "a.fit").write_text("run 1000 6000")
        report = run_import(planned, archive, engine())
        assert report.waiting == (str(exports / "a.fit"),)
        assert outcomes(archive) == {"b": "imported"}
        run(exports, archive)
        assert [session.duration_s for session in archive.sessions()] == [6000, 60]


def test_a_file_that_vanishes_is_a_named_problem(tmp_path: Path) -> None:
    exports = fill(tmp_path / "exports", a="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        planned = plan_import(exports, archive, settle_s=0)
        (exports / "a.fit").unlink()
        assert [row.slug for row in run_import(planned, archive, engine()).problems] == [
            "file-unreadable"
        ]


def entry(name: str, mtime_s: float) -> Entry:
    return Entry(name, name, 3, str(mtime_s), mtime_s)


def test_young_files_are_looked_at_twice_and_growing_ones_wait(tmp_path: Path) -> None:
    grows, rests = tmp_path / "grows.fit", tmp_path / "rests.fit"
    for path in (grows, rests):
        path.write_text("run")
    found = list(Folder(tmp_path).entries())
    slept: list[float] = []

    def sleep(duration_s: float) -> None:
        slept.append(duration_s)
        grows.write_text("run 1000 60")

    moment_s = rests.stat().st_mtime
    steady, waiting = planning.settled(found, 2.0, lambda: moment_s, sleep)
    assert [each.name for each in steady] == ["rests.fit"]
    assert [each.name for each in waiting] == ["grows.fit"]
    assert slept == [0.5]


@pytest.mark.parametrize(("after_s", "left_s"), [(0.3, 0.2), (7.0, 0.0), (-10.0, 0.5)])
def test_what_is_done_meanwhile_is_part_of_the_pause(after_s: float, left_s: float) -> None:
    young, done = [entry("/nowhere/a.fit", 99.0)], list[object]()
    moments_s = iter((100.0, 100.0 + after_s))
    planning.settled(
        young, 2.0, lambda: next(moments_s), done.append, lambda: done.append("loaded")
    )
    assert done == ["loaded", pytest.approx(left_s)]


def test_nothing_is_loaded_before_a_file_is_new(tmp_path: Path) -> None:
    exports, loaded = fill(tmp_path / "exports", a="run 1000 60"), list[bool]()

    def meanwhile() -> None:
        loaded.append(True)

    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        assert plan_import(exports, archive, settle_s=0, meanwhile=meanwhile).idle
        assert not loaded
        fill(exports, b="run 5000 60")
        assert plan_import(exports, archive, settle_s=0, meanwhile=meanwhile).new
    assert loaded == [True]


def test_old_files_cost_no_pause_and_future_ones_one() -> None:
    def sleep(_: float) -> None:
        pytest.fail("no need to wait")

    old = [entry("/nowhere/a.fit", 100.0)]
    assert planning.settled(old, 2.0, lambda: 200.0, sleep) == (old, [])
    future = [entry("/nowhere/b.fit", 900.0)]  # the clock was put back since; and it is gone
    assert planning.settled(future, 2.0, lambda: 200.0, lambda _: None) == ([], future)


def test_labels_reach_the_pipeline(tmp_path: Path) -> None:
    exports = fill(tmp_path / "exports", a="run 1000 60\nrun 5000 60")
    label = Label(5, 9, "backward", "command")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        archive.annotations.add_label(archive.sessions()[1].id, label)
        archive.database.connection.execute("UPDATE files SET outcome = 'failed', version = 'old'")
        run(exports, archive)
        assert [session.labels for session in archive.sessions()] == [(), (label,)]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive") as archive, pytest.raises(ReadError) as caught:
        plan_import(tmp_path / "none", archive)
    assert caught.value.slug == "folder-missing"


def test_another_writer_is_told(tmp_path: Path) -> None:
    exports = fill(tmp_path / "exports", a="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive, Archive.open(tmp_path / "archive") as other:
        planned = plan_import(exports, archive, settle_s=0)
        with other.writing(), pytest.raises(ArchiveError, match="another retrorun"):
            run_import(planned, archive, engine(), wait_s=0.1)
        assert run_import(planned, archive, engine(), wait_s=0.1).imported == 1


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("a.fit", True),
        ("A.FIT", True),
        ("sub/b.gpx.gz", True),
        ("c.tcx", True),
        (".c.tcx", False),
        ("~c.tcx", False),
        ("c.tcx.crdownload", False),
        ("c.tcx.part", False),
        ("notes.md", False),
        ("truth.json", False),
        ("a.gz", False),
    ],
)
def test_which_names_are_exports(name: str, *, is_one: bool) -> None:
    assert file_groups.is_export(name) is is_one


def test_planning_is_light(tmp_path: Path) -> None:
    """A run that finds nothing new must not pay for libraries it does not need."""
    code = (
        "import sys; from pathlib import Path; from retrorun.ingest import plan_import\n"
        "from retrorun.archive import Archive\n"
        f"a = Archive.open(Path({str(tmp_path / 'archive')!r}))\n"
        f"p = plan_import({str(tmp_path)!r}, a); assert p.idle\n"
        "import retrorun.engines  # workers are started before anything else is loaded\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'plotly', 'scipy', 'fsspec'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)  # noqa: S603 - our own


def test_deciding_is_pure_and_prefers_what_stands() -> None:
    candidate = planning.Candidate(entry("/new.fit", 1.0), "ff")
    stands = FileRow("/old.fit", 3, "1", "ff", "imported", "0.1.0")
    assert planning.decide([candidate], {"ff": [(stands, True)]}) == Plan(
        "", duplicates=((candidate, "/old.fit"),)
    )
    gone = msgspec.structs.replace(stands, path="/gone.fit")
    assert planning.decide([candidate], {"ff": [(gone, False)]}).moved == ((candidate, gone),)
    assert planning.decide([candidate], {}).new == (candidate,)


def test_a_large_object_is_hashed_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(f"memory://{tmp_path.name}/exports")
    store.put("large.fit", b"run 1000 60")
    store.put("small.fit", b"run")

    def read(_store: ObjectStore, name: str, *_: object) -> bytes:
        assert name == "small.fit"
        return b"run"

    monkeypatch.setattr(planning, "SMALL_BYTES", 5)
    monkeypatch.setattr(ObjectStore, "read", read)
    with Archive.open(tmp_path / "archive") as archive:
        found = plan_import(f"memory://{tmp_path.name}/exports", archive)
    assert {each.entry.name: each.sha256 for each in found.new} == {
        "large.fit": hashlib.sha256(b"run 1000 60").hexdigest(),
        "small.fit": hashlib.sha256(b"run").hexdigest(),
    }
