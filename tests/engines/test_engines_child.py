"""A child of one's own: whatever happens to it is known, and the next one goes on."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from retrorun.engines import Limits, Lost, child
from retrorun.engines.child import Guard
from retrorun.errors import ENDING_SIGNALS, ReadError

SAMPLE = next(Path(__file__).parents[2].joinpath("sample_data").glob("*.fit"))
LIMITS = Limits(seconds=300.0, memory_bytes=512 * 2**20)
LIMITS_OF_HOURS = Limits(seconds=3600.0)


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    started = Guard(LIMITS)
    yield started
    started.stop()


def spell(word: str) -> Iterator[str]:
    """Letters; some words are poison after the first."""
    yield word[0]
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "exit":
        os._exit(3)
    if word == "hang":
        time.sleep(600)
    if word == "hog":
        yield str(len(np.ones(2**36)))
    if word == "fail":
        raise ReadError("odd", "an odd word", file=word, offset=1)
    if word == "print":
        print("x" * 100_000)  # noqa: T201 - what libraries print must not get between
    if word == "rise":
        raise RuntimeError(word)
    yield from word[1:]


def process_id(_: str) -> Iterator[int]:
    yield os.getpid()


def test_items_come_one_by_one_from_one_child(guard: Guard) -> None:
    assert list(guard.stream(spell, "word")) == list("word")
    assert list(guard.stream(spell, "print")) == list("print")
    first, second = (list(guard.stream(process_id, "")) for _ in range(2))
    assert first == second != [os.getpid()]


def priority(_: str) -> Iterator[int]:
    yield os.getpriority(os.PRIO_PROCESS, 0)


def nested_priority(_: str) -> Iterator[int]:
    os.nice(7)
    inner = Guard(LIMITS_OF_HOURS)
    yield from inner.stream(priority, "")  # type: ignore[misc]
    inner.stop()


def _signalled(number: int) -> Iterator[int]:
    os.kill(os.getpid(), number)
    yield number


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_signal_to_all_processes_costs_no_file(guard: Guard, number: int) -> None:
    """A service manager ends all processes at once: the file at work was blamed, and left alone."""
    assert list(guard.stream(_signalled, number)) == [number]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no server starts the children")
def test_a_child_is_as_urgent_as_who_starts_it() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    with_own = Guard(LIMITS_OF_HOURS)
    assert list(with_own.stream(priority, "")) == [own]
    assert list(with_own.stream(nested_priority, "")) == [min(own + 7, 19)]
    with_own.stop()


def test_what_children_come_from_ends_when_none_is_left_and_comes_back() -> None:
    one = Guard(LIMITS_OF_HOURS)
    (before,) = list(one.stream(process_id, ""))
    child.stop_fork_server()
    assert list(one.stream(process_id, "")) == [before]  # who runs is not touched
    one.stop()
    child.stop_fork_server()
    assert list(one.stream(spell, "word")) == list("word")
    one.stop()


@pytest.mark.parametrize(
    ("word", "slug", "told"),
    [
        ("die", "worker-died", "signal 9"),
        ("exit", "worker-died", "exit code 3"),
        ("rise", "worker-died", "exit code 1"),
        ("hog", "memory-exceeded", "512 MiB"),
    ],
)
def test_a_loss_ends_the_stream_and_the_next_task_is_served(
    guard: Guard, word: str, slug: str, told: str
) -> None:
    first, lost = guard.stream(spell, word)
    assert first == word[0]
    assert isinstance(lost, Lost)
    assert lost.slug == slug
    assert told in lost.message
    assert list(guard.stream(spell, "on")) == ["o", "n"]


def test_a_task_that_hangs_ends_the_stream_too() -> None:
    hasty = Guard(Limits(seconds=4.0))
    first, lost = hasty.stream(spell, "hang")
    assert first == "h"
    assert isinstance(lost, Lost)
    assert (lost.slug, lost.message) == ("worker-timeout", "it took longer than 4 s")
    assert list(hasty.stream(spell, "on")) == ["o", "n"]
    hasty.stop()


def variable(name: str) -> Iterator[str | None]:
    yield os.environ.get(name)


def test_a_child_has_the_environment_of_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("one", "two"):
        monkeypatch.setenv("RETRORUN_TEST", value)
        own = Guard(LIMITS)
        assert list(own.stream(variable, "RETRORUN_TEST")) == [value]
        own.stop()
    monkeypatch.delenv("RETRORUN_TEST")
    own = Guard(LIMITS)
    assert list(own.stream(variable, "RETRORUN_TEST")) == [None]
    own.stop()


def test_our_errors_come_as_they_are(guard: Guard) -> None:
    with pytest.raises(ReadError) as caught:
        list(guard.stream(spell, "fail"))
    assert (caught.value.slug, caught.value.file, caught.value.offset) == ("odd", "fail", 1)
    assert list(guard.stream(spell, "on")) == ["o", "n"]


def test_a_stream_that_is_left_ends_its_child(guard: Guard) -> None:
    before = list(guard.stream(process_id, ""))
    stream = guard.stream(spell, "word")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert list(guard.stream(process_id, "")) != before


def test_a_thread_keeps_its_guard_until_it_is_dismissed() -> None:
    own = child.thread_guard(LIMITS)
    assert child.thread_guard(LIMITS) is own
    (number,) = own.stream(process_id, "")
    assert isinstance(number, int)
    child.stop_thread_guard()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def spin(port: int) -> Iterator[int]:
    """Tell who we are, then go on for ever."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"{os.getpid()}\n".encode())
        while port:
            pass
    yield 0


def be_killed_over(port: int) -> None:
    """A worker with a child that goes on for ever."""
    list(Guard(LIMITS_OF_HOURS).stream(spin, port))


def test_a_child_ends_when_its_parent_is_killed() -> None:
    program = "from test_engines_child import be_killed_over; be_killed_over({})"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(300)
        parent = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-c", program.format(listener.getsockname()[1])],
            cwd=Path(__file__).parent,
        )
        line, _ = listener.accept()
    with line:
        line.settimeout(300)
        number = int(line.recv(20))
        parent.kill()
        parent.wait()
        line.settimeout(300)
        try:
            assert line.recv(1) == b""  # its end of the line is closed when it is gone
        except TimeoutError:
            os.kill(number, signal.SIGKILL)
            raise


def test_a_child_loads_nothing_for_a_fit_file_that_was_not_preloaded() -> None:
    """What is missing there, each of the children of an import would load for itself."""
    code = (
        "import importlib, sys\n"
        "from retrorun.engines import Task, child, parcel\n"
        "for name in child.PRELOADED: importlib.import_module(name)\n"
        "before = set(sys.modules)\n"
        "from retrorun.model import Athlete\n"
        "from retrorun.settings import Settings\n"
        f"made = parcel(Task({str(SAMPLE)!r}, 'a.fit'), Settings(), Athlete())\n"
        "assert made.sessions\n"
        "late = sorted(set(sys.modules) - before)\n"
        "sys.exit(f'loaded late: {late}' if late else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)  # noqa: S603 - our own


def test_a_program_ends_that_did_not_stop_its_child() -> None:
    """Such as one whose work an interrupt broke off; Python alone would wait for the child."""
    words = (
        "from retrorun.engines import Limits, child\n"
        "import test_engines_child as here\n"
        "if __name__ == '__main__':\n"
        "    kept = child.Child(Limits())\n"
        "    kept.load(here.spell)\n"
        "    print(kept.receive())\n"
    )
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", words],
        cwd=Path(__file__).parent,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert b"READY" in done.stdout
