"""Which files of a store a result set already has: manifest, ledger, and the index over both.

The ledger has one part a batch; a batch is done when its part is there. A page of the manifest
lists the files of each planned batch, so that a batch that is not done can be processed exactly as
it was planned: its parts then replace nothing and leave nothing over.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from retrorun import results, storage
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import (
    MANIFEST,
    PLANNED_COLUMNS,
    Batch,
    Page,
    PlannedFile,
    decode_page,
    encode_page,
)
from retrorun.errors import read_or_none
from retrorun.results import layout
from retrorun.results.columns import PARTITIONED
from retrorun.results.reader import MOST_BYTES, checksums, parts, table
from retrorun.storage import Store
from retrorun.storage.entries import is_archive

PAGE_BYTES = 256 << 20
FILES = "files"
LEDGER = f"{FILES}/"
KEY_BYTES = 16  # of the hash of all that is known of a file


def list_files(store: Store, athletes: Athletes) -> Iterator[PlannedFile]:
    """Every export of the store, in the store's order, with its athlete."""
    fingerprints: dict[str, str] = {}
    for entry in storage.exports(store, store.entries(), lambda _: False):
        athlete = athletes.of(entry.name)
        if athlete not in fingerprints:
            fingerprints[athlete] = athletes.fingerprint(athlete)
        facts = (entry.address, entry.name, entry.size, entry.tag, athlete, fingerprints[athlete])
        yield PlannedFile(*facts)


@dataclass(slots=True)
class ListingDiff:
    """A listing compared with the result set.

    Attributes:
        new: files that are in no batch.
        known: how many have not changed, in batches that were there before this run.
        changed: numbers of the batches with files that have changed.
    """

    new: list[PlannedFile] = field(default_factory=list)
    known: int = 0
    changed: set[int] = field(default_factory=set)


class FileIndex:
    """Which files are done or planned, and the number of the batch of each.

    It takes 28 bytes a file and keeps no names, so that a hundred million files fit into the memory
    of one process. Batches from the number ``first_own`` on are planned by this run: their files
    are not counted as known.
    """

    first_own = 1 << 32

    def __init__(self) -> None:
        self._addresses, self._keys, self._batches = bytearray(), bytearray(), bytearray()
        self.address = np.empty(0, np.uint64)
        self.key = np.empty(0, f"S{KEY_BYTES}")
        self.batch = np.empty(0, np.uint32)

    def add(self, files: Iterable[PlannedFile], batch: int) -> None:
        """Add the files of a batch; ``seal`` has to follow."""
        count = 0
        for count, file in enumerate(files, start=1):  # noqa: B007 - how many there are
            address, key = _hashes(file)
            self._addresses += address
            self._keys += key
        self._batches += np.full(count, batch, np.uint32).tobytes()

    def seal(self) -> None:
        """Sort the added files in among the others."""
        if not self._addresses:
            return
        address = np.concatenate([self.address, np.frombuffer(self._addresses, np.uint64)])
        key = np.concatenate([self.key, np.frombuffer(self._keys, f"S{KEY_BYTES}")])
        batch = np.concatenate([self.batch, np.frombuffer(self._batches, np.uint32)])
        self._addresses, self._keys, self._batches = bytearray(), bytearray(), bytearray()
        order = np.argsort(address, kind="stable")
        self.address, self.key, self.batch = address[order], key[order], batch[order]

    def remove(self, batches: set[int]) -> None:
        """Remove the files of some batches."""
        kept = ~np.isin(self.batch, np.fromiter(batches, np.uint32, len(batches)))
        self.address, self.key, self.batch = self.address[kept], self.key[kept], self.batch[kept]

    def compare(self, files: Sequence[PlannedFile]) -> ListingDiff:
        """Sort files into new, known and changed ones."""
        found = ListingDiff()
        hashes = [_hashes(file) for file in files]
        wanted = np.frombuffer(b"".join(address for address, _ in hashes), np.uint64)
        keys = np.frombuffer(b"".join(key for _, key in hashes), f"S{KEY_BYTES}")
        begin = np.searchsorted(self.address, wanted, "left")
        end = np.searchsorted(self.address, wanted, "right")
        for place, file in enumerate(files):
            self._compare_file(found, file, keys[place], slice(int(begin[place]), int(end[place])))
        return found

    def _compare_file(self, found: ListingDiff, file: PlannedFile, key: bytes, same: slice) -> None:
        if same.start == same.stop:
            found.new.append(file)
            return
        batches = self.batch[same][self.key[same] == key]
        if batches.size:
            found.known += int(batches.min() < self.first_own)
        else:
            found.changed.update(int(each) for each in self.batch[same])


def _hashes(file: PlannedFile) -> tuple[bytes, bytes]:
    """8 bytes of hash of the address, 16 of everything that is known of the file."""
    where = file.address.encode("utf-8", "surrogatepass")
    rest = (file.size_bytes, file.tag, file.athlete, file.profile)
    all_of_it = where + json.dumps(rest).encode()
    return (
        hashlib.blake2b(where, digest_size=8).digest(),
        hashlib.blake2b(all_of_it, digest_size=KEY_BYTES).digest(),
    )


def data_parts(out: Store, batches: Iterable[Batch], *, tracks: bool) -> list[str]:
    """Names of a batch's parts of the sessions, segments and tracks, as the store lists them.

    The ledger is not asked: an unfinished batch has none, a damaged one cannot be read, and of a
    batch that two attempts worked on it may name other years than the parts that are there.

    An archive may hold files of athletes that the plan does not know, and of a batch whose plan is
    lost no athlete is known; then the parts of all athletes are listed.

    Args:
        out: the result set.
        batches: as they were planned.
        tracks: whether it keeps tracks.

    Raises:
        StoreError: the store does not answer.
    """
    kinds = PARTITIONED if tracks else PARTITIONED[:2]
    wanted: set[str] = set()
    athletes: set[str] = set()
    packed = False
    for batch in batches:
        wanted.add(batch.name)
        athletes.update(each.athlete for each in batch.files)
        archives = any(is_archive(each.name) for each in batch.files)
        packed = packed or archives or not batch.files
    if not wanted:
        return []
    folders = kinds if packed else [layout.partition(k, a) for k in kinds for a in sorted(athletes)]
    found = (name for folder in folders for name in parts(out, folder))
    return [name for name in found if PurePosixPath(name).stem in wanted]


@dataclass(slots=True)
class Manifest:
    """The manifest and ledger of a result set, and what to do about unfinished batches.

    Attributes:
        out: the result set.
        tracks: whether it keeps tracks.
        index: files that are done or planned.
    """

    out: Store
    tracks: bool
    index: FileIndex = field(default_factory=FileIndex)
    _names: list[str] = field(default_factory=list)  # of batches, by their number
    _pages: dict[str, str] = field(default_factory=dict)  # batch not done → its page
    _page_of: dict[int, str] = field(default_factory=dict)

    def read(self) -> None:
        """Read the manifest, and the batches that only the ledger has."""
        done = set(self.done())
        in_manifest: set[str] = set()
        for name in parts(self.out, MANIFEST):
            for batch in self._page(name):
                in_manifest.add(batch.name)
                if batch.name in done:
                    self.index.add(batch.files, self._number(batch.name, name))
                else:
                    self._pages[batch.name] = name
        for batch_name in sorted(done - in_manifest):  # its page is lost: the ledger knows, too
            self.index.add(self._ledger(batch_name), self._number(batch_name, ""))
        self.index.seal()
        self.index.first_own = len(self._names)

    def _page(self, name: str) -> Page:
        return decode_page(name, self.out.read(name, PAGE_BYTES))

    def _number(self, batch: str, page: str) -> int:
        self._names.append(batch)
        self._page_of[len(self._names) - 1] = page
        return len(self._names) - 1

    def _ledger(self, batch: str) -> list[PlannedFile]:
        """The files of a batch; none if its part of the ledger is damaged: they are found new."""
        name = results.ledger_name(batch)
        found = read_or_none(lambda: table(self.out, name, FILES, PLANNED_COLUMNS))
        return [] if found is None else [PlannedFile(**row) for row in found.to_pylist()]

    def pending(self, athletes: Athletes) -> Iterator[Batch]:
        """Batches that were planned and are not done, as they were planned.

        A batch whose athletes have other profiles now, or whose files are in another batch, is
        invalid: its parts are removed, and the next listing finds its files new.
        """
        claimed: set[str] = set()
        for name in dict.fromkeys(self._pages.values()):
            invalid: list[Batch] = []
            for batch in self._page(name):
                if batch.name not in self._pages:
                    continue
                if self._is_valid(batch, athletes, claimed):
                    claimed.update(each.address for each in batch.files)
                    self._index(batch, name)
                    yield batch
                else:
                    invalid.append(batch)
            self._sweep(invalid)
            self._rewrite(name, {each.name for each in invalid})
        self._pages.clear()
        self.index.seal()

    def _is_valid(self, batch: Batch, athletes: Athletes, claimed: set[str]) -> bool:
        """Whether a batch can be processed as it was planned, and gives no file twice."""
        fitting = all(athletes.fingerprint(each.athlete) == each.profile for each in batch.files)
        return (
            fitting
            and claimed.isdisjoint(each.address for each in batch.files)
            and len(self.index.compare(batch.files).new) == len(batch.files)
        )

    def _index(self, batch: Batch, page: str) -> None:
        self.index.add(batch.files, self._number(batch.name, page))

    def plan(self, page: Page) -> None:
        """Store a page of the plan before its batches are processed."""
        name, data = encode_page(page)
        self.out.put(name, data)
        for batch in page:
            self._index(batch, name)

    def batches_with_failures(self) -> set[int]:
        """Batches with files that could not be read, or whose part of the ledger cannot be."""
        import pyarrow.compute as pc

        found: set[str] = set()
        for batch in self.done():
            name = results.ledger_name(batch)
            part = read_or_none(partial(table, self.out, name, FILES, ("outcome",)))
            if part is None or pc.any(pc.equal(part["outcome"], "failed")).as_py():
                found.add(batch)
        return {number for number, name in enumerate(self._names) if name in found}

    def find_damage(self, *, thorough: bool) -> tuple[set[int], list[str]]:
        """Finished batches with a part that is gone or damaged, and the names of such parts.

        Args:
            thorough: read every part and compare it with its sum; otherwise only what is gone is
                found.

        Raises:
            StoreError: the store does not answer.
        """
        there, broken = set(parts(self.out, "")), list[str]()
        batches: set[str] = set()
        for batch in sorted(PurePosixPath(each).stem for each in there if each.startswith(LEDGER)):
            found = self._broken_parts(batch, there, thorough=thorough)
            broken += found
            batches |= {batch} if found else set()
        return {at for at, name in enumerate(self._names) if name in batches}, broken

    def _broken_parts(self, batch: str, there: set[str], *, thorough: bool) -> list[str]:
        """Names of the parts of one batch that are gone or damaged."""
        expected = read_or_none(lambda: checksums(self.out, batch))
        if expected is None:
            return [layout.checksums_name(batch)]
        return [
            name
            for name, sha256 in expected.items()
            if name not in there or (thorough and self._sha256(name) != sha256)
        ]

    def _sha256(self, name: str) -> str | None:
        """Of a part's bytes; None where it cannot be read."""
        data = read_or_none(lambda: self.out.read(name, MOST_BYTES))
        return None if data is None else hashlib.sha256(data).hexdigest()

    def retire(self, numbers: set[int]) -> int:
        """Take batches back, so that the next listing finds their files new.

        The ledger is deleted first: if this is interrupted, the batch is one that was planned and
        is not done, or it is gone.
        """
        pages: dict[str, set[str]] = {}
        for number in sorted(numbers):
            pages.setdefault(self._page_of[number], set()).add(self._names[number])
        for page, gone in pages.items():
            batches = self._batches(page, gone)
            for each in batches:
                self.out.delete(results.ledger_name(each.name))
            self._sweep(batches)
            self._rewrite(page, gone)
        self.index.seal()
        self.index.remove(numbers)
        return len(numbers)

    def finished(self, names: set[str]) -> Iterator[tuple[int, Batch | None]]:
        """Number of each of these batches, and the batch as it was planned.

        None stands for a batch whose page is lost: an archive with several athletes has several
        rows in the ledger, so that the plan cannot be told from it.
        """
        number_of = {name: number for number, name in enumerate(self._names) if name in names}
        pages: dict[str, set[str]] = {}
        for name, number in number_of.items():
            pages.setdefault(self._page_of[number], set()).add(name)
        yield from ((number_of[each], None) for each in sorted(pages.pop("", set())))
        for page, wanted in pages.items():
            for batch in self._batches(page, wanted):
                yield number_of[batch.name], batch

    def done(self) -> list[str]:
        """Names of the batches whose part of the ledger is there now, sorted."""
        return sorted(PurePosixPath(each).stem for each in parts(self.out, LEDGER))

    def _batches(self, page: str, wanted: set[str]) -> list[Batch]:
        """Batches of a page as they were planned; without one, as the ledger has them."""
        if page:
            return [each for each in self._page(page) if each.name in wanted]
        return [Batch(name, tuple(self._ledger(name))) for name in sorted(wanted)]

    def _sweep(self, batches: Sequence[Batch]) -> None:
        """Remove the parts of batches, finished or not."""
        for part in data_parts(self.out, batches, tracks=self.tracks):
            self.out.delete(part)
        for batch in batches:
            self.out.delete(layout.problems_name(batch.name))
            self.out.delete(layout.checksums_name(batch.name))

    def _rewrite(self, page: str, gone: set[str]) -> None:
        """Replace a page of the manifest by one without some batches."""
        if not page or not gone:
            return
        left = tuple(each for each in self._page(page) if each.name not in gone)
        name = ""
        if left:
            name, data = encode_page(left)
            self.out.put(name, data)
        self.out.delete(page)
        self._page_of = {
            number: name if each == page else each for number, each in self._page_of.items()
        }
        self._pages = {
            batch: name if each == page else each
            for batch, each in self._pages.items()
            if batch not in gone
        }
