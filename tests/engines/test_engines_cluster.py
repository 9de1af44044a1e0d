"""A Dask cluster of real processes keeps the contract of the local pool."""

import asyncio
import gc
import itertools
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import dask
import distributed
import pytest
from distributed.comm.core import CommClosedError

from retrorun import __version__
from retrorun.engines import Lost, cluster, ordered
from retrorun.engines.cluster import Cluster
from retrorun.errors import EngineError, RetrorunError


@pytest.fixture(scope="module")
def dask_cluster() -> "Iterator[distributed.LocalCluster]":
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        cluster._local(distributed, jobs=2) as started,
    ):
        yield started


@pytest.fixture
def place(dask_cluster: "distributed.LocalCluster") -> Cluster:
    return Cluster(dask_cluster.scheduler_address)


def double(task: int) -> int:
    time.sleep(0.002 * (task % 3))
    return 2 * task


def obey(task: str) -> str:
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "hog":
        raise MemoryError
    if task == "rise":
        raise KeyError(task)
    return task.upper()


def test_results_come_in_order_and_equal_the_pools(place: Cluster) -> None:
    assert list(cluster.ordered(range(60), double, place)) == list(ordered(range(60), double, 1))


def test_no_tasks_give_nothing(place: Cluster) -> None:
    assert list(cluster.ordered([], double, place)) == []


def test_tasks_are_taken_as_they_are_needed(place: Cluster) -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        for number in itertools.count():
            taken.append(number)
            yield number

    results = cluster.ordered(endless(), double, place)
    assert [next(results)[1] for _ in range(5)] == [0, 2, 4, 6, 8]
    results.close()
    assert len(taken) < 30


@pytest.mark.parametrize(
    ("poison", "slug"),
    [("die", "worker-died"), ("hog", "memory-exceeded"), ("rise", "internal-error")],
)
def test_what_cannot_be_done_is_lost_and_the_rest_is_not(
    place: Cluster, poison: str, slug: str
) -> None:
    tasks = ["a", "b", "c", poison, "d", "e", "f", "g"]
    results = list(cluster.ordered(tasks, obey, place))
    assert [task for task, _ in results] == tasks
    lost = dict(results)[poison]
    assert isinstance(lost, Lost)
    assert lost.slug == slug
    rest = [result for task, result in results if task != poison]
    waited = [each for each in rest if isinstance(each, Lost)]  # beside it, on the lost worker
    assert len(waited) <= 1
    assert [each for each in rest if not isinstance(each, Lost)] == [
        task.upper() for task, result in results if not isinstance(result, Lost)
    ]


def test_a_cluster_of_our_own_is_started_and_stopped() -> None:
    found = list(cluster.ordered(["where"], process_id, Cluster(jobs=1)))
    with pytest.raises(ProcessLookupError):
        os.kill(found[0][1], 0)  # type: ignore[arg-type]


def process_id(_: str) -> int:
    return os.getpid()


def test_workers_of_another_version_are_refused(
    place: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "__version__", "0.0.0")
    with pytest.raises(EngineError) as caught:
        list(cluster.ordered([1], double, place))
    assert caught.value.slug == "cluster-other-version"
    assert "Install retrorun 0.0.0" in str(caught.value)


def asked(**answers: object) -> Any:  # noqa: ANN401 - it stands for a client of Dask
    """A client whose workers give these answers."""
    return SimpleNamespace(
        wait_for_workers=lambda *_, **__: None, run=lambda *_, **__: dict(answers)
    )


@pytest.mark.parametrize("gone", [CommClosedError("in <TCP>: Stream is closed"), TimeoutError()])
def test_a_worker_that_dies_before_it_answers_is_not_one_of_another_version(
    gone: Exception,
) -> None:
    """As the scheduler says it of a worker that was killed just now."""
    cluster._check_versions(asked(a=gone, b=__version__))
    with pytest.raises(EngineError, match="none that can be loaded"):
        cluster._check_versions(asked(a=gone, b=ModuleNotFoundError("retrorun")))


def test_a_scheduler_that_is_not_there_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.2)
    with pytest.raises(EngineError) as caught:
        list(cluster.ordered([1], double, Cluster("tcp://127.0.0.1:1")))
    assert caught.value.slug == "scheduler-unreachable"


def test_a_cluster_without_workers_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "START_S", 0.2)
    with pytest.raises(EngineError) as caught:
        list(cluster.ordered([1], double, Cluster(jobs=0)))
    assert caught.value.slug == "cluster-no-workers"


@pytest.mark.cluster
def test_workers_that_are_all_gone_are_waited_for_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with cluster._local(distributed, jobs=1) as started:

        def tasks() -> Iterator[int]:
            yield 1
            monkeypatch.setattr(cluster, "START_S", 1.5)
            started.scale(0)
            while started.scheduler.workers:
                time.sleep(0.05)
            yield 2

        with pytest.raises(EngineError) as caught:
            list(cluster.ordered(tasks(), double, Cluster(started.scheduler_address)))
    assert caught.value.slug == "cluster-no-workers"
    assert "What is done stays done" in str(caught.value)


def test_a_scheduler_that_takes_the_call_and_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    monkeypatch.setattr(cluster, "POLL_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(EngineError) as caught:
            list(cluster.ordered([1], double, Cluster(address)))
    assert caught.value.slug == "scheduler-unreachable"
    assert address in str(caught.value)


def test_without_dask_it_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RetrorunError) as caught:
        list(cluster.ordered([1], double, Cluster()))
    assert caught.value.slug == "dask-missing"
    assert 'pip install "retrorun[cluster]"' in str(caught.value)


def test_what_dask_gave_up_when_a_scheduler_was_lost_says_nothing_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Asyncio logs a failed future that nobody asks, when it is collected: perhaps at the end."""
    logging.getLogger("asyncio").setLevel(logging.NOTSET)  # an earlier test may have raised it
    with cluster._quiet():
        pass
    loop = asyncio.new_event_loop()
    loop.create_future().set_exception(TimeoutError("Timeout"))
    loop.close()
    gc.collect()
    assert caplog.text == ""
