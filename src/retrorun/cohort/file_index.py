"""What the store holds, against what the result set has: new, known or changed.

The index takes 28 bytes a file, so that a hundred million files fit into the memory of one
process; names are never kept.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from retrorun import storage
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import Planned
from retrorun.storage import Store

KEY_BYTES = 16


def listed(store: Store, athletes: Athletes) -> Iterator[Planned]:
    """Every export of the store, in the store's order, and whose it is."""
    prints: dict[str, str] = {}
    for entry in storage.exports(store, store.entries(), lambda _: False):
        athlete = athletes.of(entry.name)
        if athlete not in prints:
            prints[athlete] = athletes.fingerprint(athlete)
        facts = (entry.address, entry.name, entry.size, entry.tag, athlete, prints[athlete])
        yield Planned(*facts)


@dataclass(slots=True)
class Judged:
    """Files of a listing, parted.

    Attributes:
        new: that are in no batch.
        known: how many are as they were, in batches that were there before this run.
        changed: numbers of the batches that have the others.
    """

    new: list[Planned] = field(default_factory=list)
    known: int = 0
    changed: set[int] = field(default_factory=set)


class Index:
    """Which files are done, or planned, and in which batch (by a number of its own).

    Batches from the number ``own`` on are this run's: their files are not counted as known.
    """

    own = 1 << 32

    def __init__(self) -> None:
        self._addresses, self._keys, self._batches = bytearray(), bytearray(), bytearray()
        self.address = np.empty(0, np.uint64)
        self.key = np.empty(0, f"S{KEY_BYTES}")
        self.batch = np.empty(0, np.uint32)

    def add(self, files: Iterable[Planned], batch: int) -> None:
        """Note the files of a batch; ``seal`` has to follow."""
        count = 0
        for count, file in enumerate(files, start=1):  # noqa: B007 - how many there are
            address, key = _hashes(file)
            self._addresses += address
            self._keys += key
        self._batches += np.full(count, batch, np.uint32).tobytes()

    def seal(self) -> None:
        """Bring what was added into order, with what was there before."""
        if not self._addresses:
            return
        address = np.concatenate([self.address, np.frombuffer(self._addresses, np.uint64)])
        key = np.concatenate([self.key, np.frombuffer(self._keys, f"S{KEY_BYTES}")])
        batch = np.concatenate([self.batch, np.frombuffer(self._batches, np.uint32)])
        self._addresses, self._keys, self._batches = bytearray(), bytearray(), bytearray()
        order = np.argsort(address, kind="stable")
        self.address, self.key, self.batch = address[order], key[order], batch[order]

    def without(self, batches: set[int]) -> None:
        """Forget the files of some batches."""
        kept = ~np.isin(self.batch, np.fromiter(batches, np.uint32, len(batches)))
        self.address, self.key, self.batch = self.address[kept], self.key[kept], self.batch[kept]

    def judge(self, files: Sequence[Planned]) -> Judged:
        """Part files into new ones, known ones, and those that are known otherwise."""
        found = Judged()
        hashes = [_hashes(file) for file in files]
        wanted = np.frombuffer(b"".join(address for address, _ in hashes), np.uint64)
        keys = np.frombuffer(b"".join(key for _, key in hashes), f"S{KEY_BYTES}")
        begin = np.searchsorted(self.address, wanted, "left")
        end = np.searchsorted(self.address, wanted, "right")
        for place, file in enumerate(files):
            self._judge(found, file, keys[place], slice(int(begin[place]), int(end[place])))
        return found

    def _judge(self, found: Judged, file: Planned, key: bytes, same: slice) -> None:
        if same.start == same.stop:
            found.new.append(file)
            return
        batches = self.batch[same][self.key[same] == key]
        if batches.size:
            found.known += int(batches.min() < self.own)
        else:
            found.changed.update(int(each) for each in self.batch[same])


def _hashes(file: Planned) -> tuple[bytes, bytes]:
    """8 bytes for where it is, 16 for everything that is known of it."""
    where = file.address.encode("utf-8", "surrogatepass")
    rest = (file.size_bytes, file.tag, file.athlete, file.profile)
    all_of_it = where + repr(rest).encode("utf-8", "surrogatepass")
    return (
        hashlib.blake2b(where, digest_size=8).digest(),
        hashlib.blake2b(all_of_it, digest_size=KEY_BYTES).digest(),
    )
