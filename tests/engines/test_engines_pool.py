"""Workers: in order, equal to the serial way, and one file lost for one worker lost."""

import itertools
import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from retrorun.engines import Limits, Lost, ordered
from retrorun.engines.child import thread_guard
from retrorun.errors import EngineError, ReadError


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
        ("hang", "worker-timeout", "longer than 4 s"),
        ("hog", "memory-exceeded", "256 MiB"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_poisoned_file_costs_itself_alone(jobs: int, poison: str, slug: str, words: str) -> None:
    tasks = ["a", "b", "c", poison, "d", "e", "f", "g"]
    patience_s = 4.0 if poison == "hang" else 300.0
    limits = Limits(patience_s, memory_bytes=256 * 2**20)
    results = list(ordered(tasks, obey, jobs, limits, guarded=True))
    assert [task for task, _ in results] == tasks
    lost = results[3][1]
    assert isinstance(lost, Lost)
    assert lost.slug == slug
    assert words in lost.message
    assert [result for task, result in results if task != poison] == list("ABCDEFG")


def spell(word: str) -> Iterator[str]:
    yield word[0]
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    yield from word[1:]


def spell_in_a_child(word: str) -> tuple[int, list[str | Lost]]:
    """This worker's number, and what a child of its own gave."""
    return os.getpid(), list(thread_guard(Limits(seconds=300.0)).stream(spell, word))


def test_a_worker_may_have_a_supervised_child_of_its_own() -> None:
    words = ["one", "die", "two"]
    results = [result for _, result in ordered(words, spell_in_a_child, 1, guarded=True)]
    assert not any(isinstance(each, Lost) for each in results)
    numbers, letters = zip(*results, strict=True)
    assert len(set(numbers)) == 1  # the child died, not the worker
    assert letters[0] == list("one")
    assert letters[1][0] == "d"
    assert letters[1][1].slug == "worker-died"
    assert letters[2] == list("two")


def refuse(task: int) -> int:
    if task == 1:
        raise ReadError("odd", "an odd number", file="1")
    return task


def test_an_error_of_the_work_costs_its_task_alone() -> None:
    results = [result for _, result in ordered(range(3), refuse, 2)]
    assert results == [0, Lost("odd", "an odd number"), 2]


def test_workers_that_cannot_start_are_reported() -> None:
    with pytest.raises(EngineError) as caught:
        list(ordered([1, 2], _Unloadable(), 2))
    assert caught.value.slug == "workers-do-not-start"


class _Unloadable:
    """Work that no worker can unpickle."""

    def __reduce__(self) -> "tuple[object, tuple[int]]":
        return os._exit, (7,)

    def __call__(self, task: int) -> int:
        return task
