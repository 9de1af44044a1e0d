"""The same documents, tables and pages, whatever code the processor makes libraries choose."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import distributed
import pytest

import processors
from retrorun.cohort import batches
from retrorun.cohort import run as cohort_run
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.worker import RunConfig
from retrorun.engines import Engine, Lost, cluster, ordered
from retrorun.settings import Settings

T = TypeVar("T")
R = TypeVar("R")
PROGRAM = Path(sys.executable).with_name("retrorun")
AS_IT_IS, *OTHERS = processors.settings().values()
NAMES = (
    "2026-05-03-connect-iq.fit",  # with a cost factor
    "2026-05-17-osmtracker.gpx",
    "2026-05-21-watch.tcx",
    "2026-05-31-easy.fit",  # without a heading
    "2026-06-23-garmin.gpx",
)


def environment(setting: dict[str, str]) -> dict[str, str]:
    """This process's own, with the setting and no other."""
    kept = {key: each for key, each in os.environ.items() if key not in processors.PROCESSOR}
    return kept | setting


def run(setting: dict[str, str], *words: str | Path) -> bytes:
    command = [str(PROGRAM), *map(str, words)]
    done = subprocess.run(command, env=environment(setting), capture_output=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def tree(folder: Path) -> dict[str, bytes]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


@pytest.fixture(scope="module")
def exports(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two athletes with some of the samples."""
    folder = tmp_path_factory.mktemp("exports")
    for number, name in enumerate(NAMES):
        (folder / "ab"[number % 2]).mkdir(exist_ok=True)
        shutil.copy(samples / name, folder / "ab"[number % 2])
    return folder


def test_the_settings_take_something_away() -> None:
    """Otherwise the tests below would compare a thing with itself."""
    code = (
        "import numpy as np; x = np.random.default_rng(1).normal(size=4000);"
        "print(np.exp(x).tobytes().hex(), (x @ x).hex())"
    )
    found = [
        subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", code],
            env=environment(setting),
            capture_output=True,
            check=True,
        ).stdout
        for setting in (AS_IT_IS, OTHERS[-1])
    ]
    assert found[0] != found[1]


def documents(exports: Path, samples: Path, setting: dict[str, str]) -> bytes:
    words = ("analyze", "--json", "--profile", samples / "profile.toml")
    return run(setting, *words, *sorted(exports.rglob("*.*")))


@pytest.fixture(scope="module")
def documents_as_it_is(exports: Path, samples: Path) -> bytes:
    """What ``analyze`` prints where nothing is taken away."""
    return documents(exports, samples, AS_IT_IS)


@pytest.mark.parametrize("other", OTHERS, ids=["numpy", "all"])
def test_analyze_prints_the_same(
    exports: Path, samples: Path, documents_as_it_is: bytes, other: dict[str, str]
) -> None:
    assert len(documents_as_it_is.splitlines()) == len(NAMES)
    assert documents(exports, samples, other) == documents_as_it_is


def test_process_stores_and_draws_the_same(exports: Path, samples: Path, tmp_path: Path) -> None:
    """Documents, tracks, what was learnt, pages and the comparison."""
    found, place = [], tmp_path / "athlete"  # the pages name the place of the archive
    for setting in (AS_IT_IS, OTHERS[-1]):
        archive = ("--archive", place / "archive", "--reports", place / "reports")
        words = ("process", exports, *archive, "--profile", samples / "profile.toml")
        run(setting, *words, "--jobs", "1")
        comparison = run(setting, "compare", "--json", *archive)
        stored = dict(rows(place / "archive" / "archive.sqlite"))
        found.append(
            (stored, tree(place / "archive" / "tracks"), tree(place / "reports"), comparison)
        )
        shutil.rmtree(place)
    assert len(found[0][0]["sessions"]) == len(found[0][1]) == len(NAMES)
    for ours, theirs in zip(*found, strict=True):
        assert ours == theirs


def rows(database: Path) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    """The tables of an archive, without what holds the times of imports, or counts their digits."""
    timed = {"imports", "journal"}
    with sqlite3.connect(database) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (name,) in tables.fetchall():
            if name not in timed and not name.startswith("sqlite_"):
                found = connection.execute(f"select * from {name}").fetchall()  # noqa: S608
                yield name, [row for row in found if name != "sums" or row[0] not in timed]


@pytest.mark.cluster
def test_workers_on_different_processors_write_the_same(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One Dask worker as it is, one with everything taken away; against one process as it is."""
    monkeypatch.setattr(batches, "BATCH_FILES", 1)
    on_one, on_both, seen = tmp_path / "on_one", tmp_path / "on_both", tmp_path / "seen"
    seen.mkdir()
    _bring_up(exports, on_one, partial(ordered, jobs=1))
    with cluster._local(distributed, jobs=0) as started:
        address = started.scheduler_address
        with worker(address, AS_IT_IS), worker(address, OTHERS[-1]):
            with cluster._connected(distributed, address) as client:
                client.wait_for_workers(2, timeout=600)
            place = cluster.Cluster(address)
            _bring_up(
                exports,
                on_both,
                partial(on_both_workers, seen=seen, place=place),
            )
    assert len(list(seen.iterdir())) == 2, "one worker has done all of the work"
    assert len(list(on_one.glob("files/*"))) == len(NAMES)
    assert tree(on_one) == tree(on_both)


def _bring_up(exports: Path, out: Path, engine: Engine) -> None:
    making = RunConfig(str(exports), str(out), Settings(), tracks=True)
    report = cohort_run.run(making, Athletes(), engine)
    assert (report.sessions, report.failed, report.deferred) == (len(NAMES), 0, 0)


def on_both_workers(
    tasks: Iterable[T], work: Callable[[T], R], *, seen: Path, place: cluster.Cluster
) -> Generator[tuple[T, R | Lost], None, None]:
    """A cluster whose workers leave a trace of themselves."""
    return cluster.ordered(tasks, partial(noted, work, seen), place)


def noted(work: Callable[[T], R], folder: Path, task: T) -> R:
    """Do the work, and leave a file that tells with which setting."""
    (folder / os.environ.get("OPENBLAS_CORETYPE", "as it is")).touch()
    return work(task)


def test_a_result_set_is_compared_to_the_same_numbers(exports: Path, tmp_path: Path) -> None:
    run(AS_IT_IS, "cohort", "process", exports, "--out", tmp_path / "results", "--jobs", "1")
    found = []
    for number, setting in enumerate((AS_IT_IS, OTHERS[-1])):
        out = tmp_path / str(number)
        words = ("cohort", "compare", tmp_path / "results", "--out", out, "--json", "--jobs", "1")
        found.append((run(setting, *words), tree(out)))
    assert found[0] == found[1]


@contextmanager
def worker(scheduler: str, setting: dict[str, str]) -> Iterator[None]:
    """A Dask worker of its own process."""
    program = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler]
    options = ["--nthreads", "1", "--no-dashboard", "--no-nanny"]
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}  # to find ``noted``
    started = subprocess.Popen(  # noqa: S603 - our own
        [*program, *options], env=environment(setting) | path, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        started.terminate()
        started.wait(30)
