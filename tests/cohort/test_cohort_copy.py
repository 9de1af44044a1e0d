"""Workers make a de-identified copy, here or on a cluster: the same bytes, and no secret told."""

import logging
from pathlib import Path
from typing import Any

import cohort_made as made
import distributed
import pytest
from click.testing import CliRunner, Result

from object_stores import ObjectServer
from retrorun import results
from retrorun.cli import main
from retrorun.engines import Lost, cluster
from retrorun.engines.cluster import Cluster
from retrorun.results import CopyTask
from retrorun.storage import open_store

SALT = "a salt of the tests, long enough"
KEY = results.pseudonym_key(SALT.encode())
COUNT = 9


@pytest.fixture
def made_set(tmp_path: Path) -> Path:
    """A result set with tracks: three athletes, some of them with two years."""
    made.put(tmp_path / "exports", made.exports(COUNT, athletes=3))
    made.run(tmp_path / "exports", tmp_path / "results", tracks=True)
    return tmp_path / "results"


@pytest.fixture(autouse=True)
def salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRORUN_SALT", SALT)


def copied(source: Path | str, out: Path | str, *words: str) -> Result:
    command = ("cohort", "export", str(source), "--out", str(out), "--deidentify", "--tracks")
    return CliRunner().invoke(main, [*command, *words])


def in_one_process(source: Path) -> dict[str, bytes]:
    """The copy as the generator gives it, without any engine."""
    store = open_store(source)
    about = results.deidentified_about(results.read_about(store), KEY, tracks=True)
    found = dict(results.deidentify(store, KEY, tracks=True))
    return {results.ABOUT: results.encode_about(about), **found}


def test_workers_write_the_bytes_that_one_process_makes(
    s3: ObjectServer, made_set: Path, scheduler: str, tmp_path: Path
) -> None:
    whole = in_one_process(made_set)
    assert len(whole) > 10
    far = f"{s3.bucket()}/copy"
    done = copied(made_set, far, "--engine", "dask", "--scheduler", scheduler)
    assert (done.exit_code, done.stdout.strip()) == (0, far)
    assert f"parts written: {len(whole) - 1}" in done.stderr
    assert made.tree(far) == whole
    assert copied(made_set, tmp_path / "near", "--jobs", "2").exit_code == 0
    assert made.tree(tmp_path / "near") == whole


def test_a_second_copy_writes_nothing(made_set: Path, tmp_path: Path) -> None:
    copied(made_set, tmp_path / "copy", "--jobs", "1")
    before = {each: each.stat().st_mtime_ns for each in (tmp_path / "copy").rglob("*.parquet")}
    again = copied(made_set, tmp_path / "copy", "--jobs", "1")
    assert "parts written: 0" in again.stderr
    assert before == {each: each.stat().st_mtime_ns for each in before}


@pytest.mark.parametrize("kept", [1, 4])
def test_a_copy_that_was_cut_off_is_finished_by_the_same_command(
    made_set: Path, tmp_path: Path, kept: int
) -> None:
    whole, store = in_one_process(made_set), open_store(tmp_path / "copy")
    for name in list(whole)[: kept + 1]:
        store.put(name, whole[name])
    cut = list(whole)[kept]
    store.delete(cut)
    store.put(cut, whole[cut][:20])  # half of a part, as another program may leave it
    assert copied(made_set, tmp_path / "copy", "--jobs", "1").exit_code == 0
    assert made.tree(tmp_path / "copy") == whole


def test_what_an_earlier_state_of_a_part_left_is_removed(made_set: Path, tmp_path: Path) -> None:
    copied(made_set, tmp_path / "copy", "--jobs", "1")
    whole = made.tree(tmp_path / "copy")
    store = open_store(tmp_path / "copy")
    first = next(each for each in whole if each.startswith("sums/"))
    stem = first.removeprefix("sums/").removesuffix(".json")
    stale = f"sessions/athlete=a0/year=1999/{stem}.parquet"
    store.put(stale, b"of a year that the part has no more")
    store.delete(first)
    store.put(first, whole[first].replace(b"{", f'{{"{stale}": "0",'.encode(), 1))
    copied(made_set, tmp_path / "copy", "--jobs", "1")
    assert made.tree(tmp_path / "copy") == whole


def test_a_damaged_part_ends_the_copy_with_one_sentence(
    made_set: Path, scheduler: str, tmp_path: Path
) -> None:
    part = next((made_set / "sessions").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    done = copied(made_set, tmp_path / "copy", "--engine", "dask", "--scheduler", scheduler)
    assert done.exit_code == 1
    assert part.name in done.stderr
    assert done.stderr.count("cannot be read") == 1


def failing(task: CopyTask) -> None:
    """Fails as only a defect would: Dask logs such a task with all that its text shows."""
    message = f"a defect over {task!r}"
    raise ZeroDivisionError(message)


def test_salt_and_athletes_are_in_no_key_and_no_log(
    made_set: Path,
    scheduler: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    keys: list[str] = []
    submit = distributed.Client.submit

    def noted(self: Any, *words: Any, **more: Any) -> Any:  # noqa: ANN401 - as Dask has it
        future = submit(self, *words, **more)
        keys.append(str(future.key))
        return future

    monkeypatch.setattr(distributed.Client, "submit", noted)
    caplog.set_level(logging.DEBUG, "distributed")
    where = ("--engine", "dask", "--scheduler", scheduler)
    assert copied(made_set, tmp_path / "copy", *where).exit_code == 0
    parts = list(results.source_parts(open_store(made_set), tracks=True))
    task = CopyTask("s3://me:password@host/x", str(tmp_path / "y"), parts[0], KEY)
    ((_, lost),) = list(cluster.ordered([task], failing, Cluster(scheduler)))
    assert isinstance(lost, Lost)
    with cluster._connected(distributed, scheduler) as client:
        logs = str(client.get_worker_logs()) + str(client.get_scheduler_logs())
    assert len(keys) == len(parts) + 1
    assert "ZeroDivisionError" in logs
    for secret in (SALT, "password", "athlete=a"):
        assert secret not in f"{keys} {logs} {lost} {caplog.text} {task!r}"
