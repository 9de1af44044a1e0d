"""Of an object store the next files are read while one is analysed, in bounds and in order."""

import threading

import pytest

from retrorun.cohort import worker
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import Batch, PlannedFile
from retrorun.cohort.worker import Job, RunConfig
from retrorun.errors import ReadError
from retrorun.settings import Settings
from retrorun.storage import ObjectStore

LARGE = worker.AHEAD_BYTES + 1


class Noting(ObjectStore):
    """A store in memory that notes what is read, and lets one wait for it."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.asked: list[str] = []
        self.enough = threading.Event()

    def read(self, name: str, limit_bytes: int, tag: str | None = None) -> bytes:
        self.asked.append(name)
        if len(self.asked) > worker.AHEAD:
            self.enough.set()
        return super().read(name, limit_bytes, tag)


def ahead(address: str, sizes: list[int]) -> tuple[Noting, worker._ReadAhead]:
    store = Noting(address)
    files = []
    for number, size in enumerate(sizes):
        store.put(f"{number}.fit", str(number).encode().ljust(size))
        files.append(PlannedFile(f"{address}/{number}.fit", f"{number}.fit", size, "", "a", "p"))
    for place, entry in enumerate(store.entries()):
        facts = files[place]
        files[place] = PlannedFile(facts.address, facts.name, facts.size_bytes, entry.tag, "a", "p")
    job = Job(Batch("b", tuple(files)), Athletes(), RunConfig(address, "out", Settings()))
    return store, worker._ReadAhead(store, job)


def test_the_next_files_are_read_before_they_are_asked_for() -> None:
    store, reading = ahead("memory://ahead-one", [1] * 9)
    assert reading.read(0) == b"0"
    assert store.enough.wait(10)
    assert sorted(store.asked) == ["0.fit", "1.fit", "2.fit", "3.fit", "4.fit"]
    assert [reading.read(place) for place in range(1, 9)] == [b"%d" % n for n in range(1, 9)]
    assert sorted(store.asked) == [f"{number}.fit" for number in range(9)]
    reading.close()


def test_large_files_and_archives_wait_for_their_turn() -> None:
    store, reading = ahead("memory://ahead-two", [1, LARGE, LARGE, LARGE, LARGE])
    assert reading.read(0) == b"0"
    assert reading.read(1).rstrip() == b"1"
    assert store.asked == ["0.fit", "1.fit"]
    reading.close()


def test_what_cannot_be_read_is_reported_at_its_turn() -> None:
    store, reading = ahead("memory://ahead-three", [1, 1, 1])
    store.delete("1.fit")
    assert reading.read(0) == b"0"
    with pytest.raises(ReadError):
        reading.read(1)
    assert reading.read(2) == b"2"
    reading.close()
