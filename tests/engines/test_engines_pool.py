"""Workers: in order, equal to the serial way, and one file lost for one worker lost."""

import itertools
import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from retrorun.engines import Limits, Lost, ordered
from retrorun.errors import EngineError


def double(task: int) -> int:
    time.sleep(0.002 * (task % 3))
    return 2 * task


def obey(task: str) -> str:
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "exit":
        os._exit(3)
    if task == "hang":
        time.sleep(600)
    if task == "hog":
        np.ones(2**36)
    return task.upper()


def test_results_come_in_order_and_equal_the_serial_ones() -> None:
    serial = list(ordered(range(60), double, 1))
    assert serial == [(task, 2 * task) for task in range(60)]
    assert list(ordered(range(60), double, 3)) == serial


def test_no_tasks_start_no_worker() -> None:
    assert list(ordered([], double, 4)) == []


def test_tasks_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        for number in itertools.count():
            taken.append(number)
            yield number

    results = ordered(endless(), double, 2)
    assert [next(results)[1] for _ in range(5)] == [0, 2, 4, 6, 8]
    results.close()
    assert len(taken) < 60


@pytest.mark.parametrize(
    ("poison", "slug", "words"),
    [
        ("die", "worker-died", "signal 9"),
        ("exit", "worker-died", "exit code 3"),
        ("hang", "worker-timeout", "longer than 1 s"),
        ("hog", "memory-exceeded", "256 MiB"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_poisoned_file_costs_itself_alone(jobs: int, poison: str, slug: str, words: str) -> None:
    tasks = ["a", "b", "c", poison, "d", "e", "f", "g"]
    limits = Limits(seconds=1.0, memory_bytes=256 * 2**20)
    results = list(ordered(tasks, obey, jobs, limits, guarded=True))
    assert [task for task, _ in results] == tasks
    lost = results[3][1]
    assert isinstance(lost, Lost)
    assert lost.slug == slug
    assert words in lost.message
    assert [result for task, result in results if task != poison] == list("ABCDEFG")


def test_workers_that_cannot_start_are_told() -> None:
    with pytest.raises(EngineError) as caught:
        list(ordered([1, 2], _Unloadable(), 2))
    assert caught.value.slug == "workers-do-not-start"


class _Unloadable:
    """Work that no worker can unpickle."""

    def __reduce__(self) -> "tuple[object, tuple[int]]":
        return os._exit, (7,)

    def __call__(self, task: int) -> int:
        return task
