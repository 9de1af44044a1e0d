"""The same pipeline on a real cluster over a real object store: the same bytes, come what may."""

import os
import signal
import time
from pathlib import Path

import cohort_made as made
import distributed
import fsspec
import pytest
from dask_programs import machines

import fake_pipeline
import object_stores
from object_stores import ObjectServer
from retrorun.cohort import batches
from retrorun.cohort.run import Report
from retrorun.engines import Engine, cluster
from retrorun.engines.cluster import Cluster
from retrorun.errors import EngineError, ReadError
from retrorun.storage import objects, open_store

COUNT = 12
POISON = {"a1/005.fit": "die", "a2/010.fit": "hog", "a3/011.fit": "damaged", "a0/000.fit": "none"}


def dask(scheduler: str | None) -> Engine:
    return lambda tasks, work: cluster.ordered(tasks, work, Cluster(scheduler, jobs=2))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PAGE_FILES", 8)
    monkeypatch.setattr(batches, "BATCH_FILES", 3)


@pytest.fixture
def source(s3: ObjectServer) -> str:
    address = f"{s3.bucket()}/exports"
    made.put(address, made.exports(COUNT))
    return address


def test_the_same_results_as_the_local_engine_byte_for_byte(
    s3: ObjectServer, source: str, scheduler: str, tmp_path: Path
) -> None:
    made.put(source, POISON)
    out = f"{s3.bucket()}/results"
    report = made.run(source, out, dask(scheduler), tracks=True)
    assert (report.files, report.failed, report.not_runs, report.sessions) == (
        COUNT,
        3,
        1,
        COUNT - 4,
    )
    local = made.run(source, tmp_path / "out", tracks=True)
    assert local == report
    assert made.tree(out) == made.tree(tmp_path / "out")
    assert made.outcomes(out)["a1/005.fit"] == ("failed", "worker-died")
    assert made.outcomes(out)["a2/010.fit"] == ("failed", "memory-exceeded")
    again = made.run(source, out, dask(scheduler), tracks=True)
    assert (again.files, again.known) == (0, COUNT)


def test_a_worker_killed_in_the_middle_changes_nothing(
    source: str, scheduler: str, tmp_path: Path
) -> None:
    with cluster._connected(distributed, scheduler) as client:
        workers = list(client.run(os.getpid).values())
    seen: list[Report] = []

    def kill_one(report: Report) -> None:
        seen.append(report)
        if len(seen) == 2:
            os.kill(workers[0], signal.SIGKILL)

    report = made.run(
        source, tmp_path / "out", dask(scheduler), process=made.slow, progress=kill_one
    )
    assert (report.files, report.deferred) == (COUNT, 0)
    made.run(source, tmp_path / "whole")
    assert made.tree(tmp_path / "out") == made.tree(tmp_path / "whole")
    with pytest.raises(ProcessLookupError):
        os.kill(workers[0], 0)


def test_after_a_lost_scheduler_the_job_is_started_again_and_ends_the_same(
    source: str, scheduler: str, tmp_path: Path
) -> None:
    seen: list[Report] = []
    with machines() as (address, program):

        def kill_it(report: Report) -> None:
            seen.append(report)
            if len(seen) == 2:
                program.kill()

        with pytest.raises(EngineError) as caught:
            made.run(source, tmp_path / "out", dask(address), process=made.slow, progress=kill_it)
    assert caught.value.slug == "scheduler-lost"
    assert "same command again" in str(caught.value)
    time.sleep(0.5)  # what its worker had begun may come to its end meanwhile
    report = made.run(source, tmp_path / "out", dask(scheduler))
    assert report.deferred == 0
    made.run(source, tmp_path / "whole")
    assert made.tree(tmp_path / "out") == made.tree(tmp_path / "whole")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No pauses, and a store known afresh by every endpoint."""
    monkeypatch.setattr(objects, "PAUSES_S", (0.0, 0.0))
    return monkeypatch


def other_endpoint(patch: pytest.MonkeyPatch, endpoint: str) -> None:
    patch.setenv("AWS_ENDPOINT_URL", endpoint)
    patch.setenv("AWS_MAX_ATTEMPTS", "1")
    fsspec.filesystem("s3").clear_instance_cache()


def test_a_slow_store_that_fails_now_and_then_gives_the_same(
    s3: ObjectServer, source: str, patient: pytest.MonkeyPatch
) -> None:
    whole, out = f"{s3.bucket()}/whole", f"{s3.bucket()}/results"
    made.run(source, whole)

    def every_seventh(number: int, *_: str) -> int | None:
        return 503 if number % 7 == 0 else None

    with object_stores.proxy(s3.endpoint, every_seventh, delay_s=0.02) as (endpoint, seen):
        other_endpoint(patient, endpoint)
        with cluster.started(Cluster(jobs=2)) as place:  # whose workers know this endpoint
            report = made.run(source, out, dask(place.scheduler))
    other_endpoint(patient, s3.endpoint)
    assert (report.files, report.failed, report.deferred) == (COUNT, 0, 0)
    assert len(seen) > 40
    assert made.tree(out) == made.tree(whole)


def test_a_store_that_fails_for_good_puts_batches_off_and_blames_no_file(
    s3: ObjectServer, source: str, patient: pytest.MonkeyPatch
) -> None:
    out = f"{s3.bucket()}/results"

    def one_batch(_: int, method: str, path: str) -> int | None:
        return 500 if method in {"GET", "HEAD"} and "/exports/a1/" in path else None

    with object_stores.proxy(s3.endpoint, one_batch) as (endpoint, _):
        other_endpoint(patient, endpoint)
        report = made.run(source, out)
    other_endpoint(patient, s3.endpoint)
    assert report.deferred + report.files == COUNT
    assert report.deferred >= 3
    assert report.failed == 0
    assert {each.slug for each in report.unfinished} == {"store-failing"}
    assert made.run(source, out).files == report.deferred
    whole = f"{s3.bucket()}/whole"
    made.run(source, whole)
    assert made.tree(out) == made.tree(whole)


def test_an_object_that_changes_while_it_is_planned_is_read_again_by_the_next_run(
    s3: ObjectServer, source: str
) -> None:
    out = f"{s3.bucket()}/results"
    changed: list[Report] = []

    def change(report: Report) -> None:
        if not changed:  # planned, and not yet read
            made.put(source, {"a1/005.fit": made.run_of(70, seconds=30)})
        changed.append(report)

    report = made.run(source, out, progress=change)
    assert report.problems[0].slug == "file-changing"
    made.run(source, out)
    assert made.outcomes(out)["a1/005.fit"] == ("imported", None)
    assert ("a1", "005.fit", 30.0) in made.sessions(out)


def test_a_bucket_or_prefix_that_is_not_there_leaves_no_result_set(
    s3: ObjectServer, source: str, tmp_path: Path
) -> None:
    places = {
        "s3://never-made-by-anyone/exports": "folder-missing",
        f"{source}/mistyped": "exports-missing",
    }
    for address, slug in places.items():
        with pytest.raises(ReadError) as caught:
            made.run(address, tmp_path / "out")
        assert (caught.value.slug, caught.value.file) == (slug, address)
    assert not (tmp_path / "out").exists()
    assert s3.endpoint


def test_an_archive_in_the_store_is_read_in_place(s3: ObjectServer, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.fit", made.run_of(number))
    source = s3.bucket()
    made.put(source, {"a/all.zip": (tmp_path / "all.zip").read_bytes()})
    report = made.run(source, tmp_path / "out")
    assert (report.files, report.sessions) == (1, 4)
    assert [row[2] for row in made.sessions(tmp_path / "out")] == [60.0] * 4


FILES = int(os.environ.get("RETRORUN_COHORT_FILES", "5000"))


def test_thousands_of_small_files(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them once, on the cluster, in a few batches, and the same again is nothing."""
    monkeypatch.undo()  # pages and batches as they are
    folder = tmp_path / "exports"
    for athlete in range(20):
        (folder / f"a{athlete}").mkdir(parents=True)
    for number in range(FILES):
        path = folder / f"a{number % 20}" / f"{number}.fit"
        path.write_text(f"run {made.START_S + number} 2")
    report = made.run(folder, tmp_path / "out", dask(scheduler))
    assert (report.files, report.sessions, report.failed) == (FILES, FILES, 0)
    lengths = made.rows(tmp_path / "out", "sessions")
    assert len({row["session"] for row in lengths}) == FILES
    batches = list(open_store(tmp_path / "out").entries("files"))
    assert 2 <= len(batches) <= max(2, FILES // 100)
    assert made.run(folder, tmp_path / "out", dask(scheduler)).known == FILES
    assert fake_pipeline.__name__
