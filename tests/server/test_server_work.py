"""What follows behind the server: what failed is tried again, but not at each look."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import serving

from retrorun import publish, watch
from retrorun.archive import Archive
from retrorun.engines.child import Lost
from retrorun.errors import EngineError
from retrorun.model import Label
from retrorun.server import work
from retrorun.server.live import Events


class Looks:
    """A follower without its thread, whose child process does nothing but end as it is told."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.setup = serving.setup(serving.at_rest(tmp_path))
        self.follower = work.Follower(self.setup, Events(1))
        self.now_s, self.jobs = 0.0, 0
        self.end: Any = self.done()
        self.work: Callable[[], None] = lambda: None
        monkeypatch.setattr(work, "time", SimpleNamespace(monotonic=lambda: self.now_s))
        monkeypatch.setattr(self.follower, "_guard", self)

    def done(self, *waiting: str) -> tuple[str, dict[str, object]]:
        return "done", {"unfinished": bool(waiting), "waiting": waiting}

    def stream(self, *_: object) -> Iterator[Any]:
        self.jobs += 1
        self.work()
        yield self.end

    def stop(self) -> None:
        """As of a guard."""

    def after(self, passed_s: float) -> int:
        """Look after so many seconds; how many jobs were started until then."""
        self.now_s += passed_s
        self.follower._look()
        return self.jobs

    def put(self, name: str, day: int = 0) -> Path:
        path = self.setup.folder / name
        path.write_bytes(serving.export(day))
        return path


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(tmp_path, monkeypatch)


def test_a_file_that_stays_bad_starts_a_job_every_few_minutes(looks: Looks) -> None:
    """It started one at each look."""
    looks.put("bad.fit")
    found = [looks.after(each) for each in (0, 60, 60, 60, 60, watch.RETRY_S - 240, 60)]
    assert found == [1, 1, 1, 1, 1, 2, 2]


def test_a_new_file_and_a_changed_one_do_not_wait_for_a_bad_one(looks: Looks) -> None:
    bad = looks.put("bad.fit")
    assert [looks.after(60), looks.after(1)] == [1, 1]
    looks.put("other.fit", 1)
    assert [looks.after(1), looks.after(1)] == [2, 2]
    os.utime(bad, (1.7e9, 1.7e9))
    assert [looks.after(1), looks.after(1)] == [3, 3]


def test_a_file_that_was_left_because_it_grew_is_looked_at_again_at_once(looks: Looks) -> None:
    growing = looks.put("growing.fit")
    looks.put("bad.fit", 1)
    looks.end = looks.done(str(growing))
    assert looks.after(0) == 1
    looks.end = looks.done()
    assert [looks.after(2), looks.after(2)] == [2, 2]


def test_an_answer_does_not_wait_for_a_page_that_stays_due(looks: Looks) -> None:
    (session,) = serving.imported(looks.setup.folder, looks.setup.archive)
    with Archive.open(looks.setup.archive) as archive, archive.database.transaction():
        archive.pending.add_pages([session])
    assert [looks.after(0), looks.after(60), looks.after(60)] == [1, 1, 1]
    with Archive.open(looks.setup.archive) as archive, archive.database.transaction():
        archive.annotations.insert_answer(session, [Label(10, 20, "backward", "command")])
    assert [looks.after(1), looks.after(60)] == [2, 2]
    with Archive.open(looks.setup.archive) as archive, archive.database.transaction():
        archive.annotations.delete_last_answer(session)
    assert [looks.after(1), looks.after(60)] == [3, 3]


def test_a_page_that_was_written_and_is_due_again_does_not_wait(looks: Looks) -> None:
    (session,) = serving.imported(looks.setup.folder, looks.setup.archive)

    def note_due() -> None:
        with Archive.open(looks.setup.archive) as archive, archive.database.transaction():
            archive.pending.add_pages([session])

    def write() -> None:
        with Archive.open(looks.setup.archive) as archive:
            archive.pending.settle_pages([session], archive.database.state())

    looks.work = write
    note_due()
    assert looks.after(0) == 1
    note_due()
    assert looks.after(1) == 2


def test_a_job_that_costs_its_child_stays_told_and_is_not_begun_again_at_once(
    looks: Looks,
) -> None:
    looks.put("bad.fit")
    looks.end = Lost("worker-died", "the worker died over it")
    for _ in range(3):
        with pytest.raises(EngineError, match="the worker died over it"):
            looks.after(watch.GONE_S)
    assert looks.jobs == 1
    looks.end = looks.done()
    assert looks.after(watch.RETRY_S) == 2


def test_pages_that_are_removed_are_written_at_once(looks: Looks) -> None:
    (looks.setup.reports / publish.INDEX).unlink()
    assert [looks.after(0), looks.after(1)] == [1, 2]


def test_the_pipe_of_a_child_is_closed_once_where_work_and_server_end_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads closed it: the second closed what had its number by then, or broke down."""
    setup = serving.setup(serving.at_rest(tmp_path))
    (setup.folder / "run.fit").write_bytes(serving.export())
    follower = work.Follower(setup, Events(1))
    began, closed = threading.Event(), []
    kind = type(connection.Pipe()[0])  # another one on Windows
    close: Any = vars(kind)["_close"]

    def slowly(pipe: object) -> None:
        if pipe is getattr(follower._guard._child, "pipe", None):
            closed.append(threading.current_thread().name)
            began.set()
            time.sleep(0.5)
        close(pipe)

    monkeypatch.setattr(kind, "_close", slowly)
    follower.start()
    assert began.wait(serving.WAIT_S)
    follower.stop()
    assert closed == ["follow"]
    assert not follower._thread.is_alive()


def test_the_end_of_the_server_ends_work_that_is_under_way(tmp_path: Path) -> None:
    setup = serving.setup(serving.at_rest(tmp_path))
    (setup.folder / "run.fit").write_bytes(serving.export())
    follower = work.Follower(setup, Events(1))
    follower.start()
    serving.until(lambda: follower.is_busy)
    follower.stop()
    assert not follower._thread.is_alive()
    assert not follower._guard.is_ready
    assert follower.trouble == ""
