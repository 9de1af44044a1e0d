"""What a result set remembers of the work: manifest and ledger, and taking batches back.

A batch is done when its part of the ledger is there. A page of the manifest says which files a
batch consists of, so that one that was planned and is not done can be worked on as it was planned:
its parts then replace nothing and leave nothing over.

Which data parts of a result set are a batch's.

The listing is asked, not the ledger: an unfinished batch has none, a damaged one says nothing, and
one that two attempts worked on may name other years than the parts that are there.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from retrorun import results
from retrorun.cohort import batches as planning
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import MANIFEST, Batch, Page, Planned
from retrorun.cohort.file_index import Index
from retrorun.errors import ReadError, StoreError
from retrorun.results import layout
from retrorun.results.reader import MOST_BYTES, parts, sums, table
from retrorun.storage import Store
from retrorun.storage.entries import is_archive


def data_parts(out: Store, batches: Iterable[Batch], *, tracks: bool) -> list[str]:
    """Names of the sessions', segments' and tracks' parts that bear a batch's name.

    An archive may hold files of athletes that the plan does not know, and of a batch whose plan is
    lost no athlete is known; then all athletes are looked through.

    Args:
        out: the result set.
        batches: as they were planned.
        tracks: whether it keeps tracks.

    Raises:
        StoreError: the store does not answer.
    """
    kinds = ("sessions", "segments", "tracks") if tracks else ("sessions", "segments")
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


PAGE_BYTES = 256 << 20
FILES = "files"
LEDGER = f"{FILES}/"


@dataclass(slots=True)
class Kept:
    """The manifest and ledger of a result set.

    Attributes:
        out: the result set.
        tracks: whether it keeps tracks.
        index: files that are done or planned.
    """

    out: Store
    tracks: bool
    index: Index = field(default_factory=Index)
    _names: list[str] = field(default_factory=list)  # of batches, by their number
    _pages: dict[str, str] = field(default_factory=dict)  # batch not done → its page
    _page_of: dict[int, str] = field(default_factory=dict)

    def read(self) -> None:
        """Read the manifest, and what the ledger has beside it."""
        done = {PurePosixPath(each).stem for each in parts(self.out, LEDGER)}
        explained: set[str] = set()
        for name, page in self._manifest():
            for batch in page.batches:
                explained.add(batch.name)
                if batch.name in done:
                    self.index.add(batch.files, self._number(batch.name, name))
                else:
                    self._pages[batch.name] = name
        for batch_name in sorted(done - explained):  # its page is lost: the ledger knows, too
            self.index.add(self._ledger_if_whole(batch_name), self._number(batch_name, ""))
        self.index.seal()
        self.index.own = len(self._names)

    def _manifest(self) -> Iterator[tuple[str, Page]]:
        for name in parts(self.out, MANIFEST):
            yield name, self._page(name)

    def _page(self, name: str) -> Page:
        return planning.decoded(name, self.out.read(name, PAGE_BYTES))

    def _number(self, batch: str, page: str) -> int:
        self._names.append(batch)
        self._page_of[len(self._names) - 1] = page
        return len(self._names) - 1

    def _ledger(self, batch: str) -> list[Planned]:
        found = table(self.out, results.ledger_name(batch), FILES, planning.NAMES).to_pylist()
        return [Planned(**row) for row in found]

    def _ledger_if_whole(self, batch: str) -> list[Planned]:
        """The files of a batch; none if its part of the ledger is damaged: they are found new."""
        try:
            return self._ledger(batch)
        except StoreError:
            raise
        except ReadError:
            return []

    def pending(self, athletes: Athletes) -> Iterator[Batch]:
        """Batches that were planned and are not done, as they were planned.

        One whose athletes have other profiles now, or whose files are in another batch, is void:
        what it left over is removed, and its files are found anew.
        """
        taken: set[str] = set()
        for name in dict.fromkeys(self._pages.values()):
            void: list[Batch] = []
            for batch in self._page(name).batches:
                if batch.name not in self._pages:
                    continue
                if self._stands(batch, athletes, taken):
                    taken.update(each.address for each in batch.files)
                    self._note(batch, name)
                    yield batch
                else:
                    void.append(batch)
            self._sweep(void)
            self._rewrite(name, {each.name for each in void})
        self._pages.clear()
        self.index.seal()

    def _stands(self, batch: Batch, athletes: Athletes, taken: set[str]) -> bool:
        """Whether it can be worked on as it was planned, and gives nothing twice."""
        fitting = all(athletes.fingerprint(each.athlete) == each.profile for each in batch.files)
        return (
            fitting
            and taken.isdisjoint(each.address for each in batch.files)
            and len(self.index.judge(batch.files).new) == len(batch.files)
        )

    def _note(self, batch: Batch, page: str) -> None:
        self.index.add(batch.files, self._number(batch.name, page))

    def plan(self, page: Page) -> None:
        """Write down a page before it is worked on."""
        name, data = planning.encoded(page)
        self.out.put(name, data)
        for batch in page.batches:
            self._note(batch, name)

    def with_failures(self) -> set[int]:
        """Batches with files that could not be read, or whose part of the ledger cannot be."""
        import pyarrow.compute as pc

        found: set[str] = set()
        for part in parts(self.out, LEDGER):
            try:
                outcomes = table(self.out, part, FILES, ("outcome",))["outcome"]
            except StoreError:
                raise
            except ReadError:
                found.add(PurePosixPath(part).stem)
            else:
                if pc.any(pc.equal(outcomes, "failed")).as_py():
                    found.add(PurePosixPath(part).stem)
        return {number for number, name in enumerate(self._names) if name in found}

    def damaged(self, *, thorough: bool) -> tuple[set[int], list[str]]:
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
        try:
            expected = sums(self.out, batch)
        except StoreError:
            raise
        except ReadError:
            return [layout.sums_name(batch)]
        return [
            name
            for name, sha256 in expected.items()
            if name not in there or (thorough and self._sha256(name) != sha256)
        ]

    def _sha256(self, name: str) -> str | None:
        """Of a part's bytes; None where it cannot be read."""
        try:
            return hashlib.sha256(self.out.read(name, MOST_BYTES)).hexdigest()
        except StoreError:
            raise
        except ReadError:
            return None

    def retire(self, numbers: set[int]) -> int:
        """Take batches back, so that the next listing finds their files new.

        The ledger goes first: whatever ends this half-way, the batch is then either one that was
        planned and is not done, or gone.
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
        self.index.without(numbers)
        return len(numbers)

    def _batches(self, page: str, wanted: set[str]) -> list[Batch]:
        """Batches of a page as they were planned; without one, as the ledger has them."""
        if page:
            return [each for each in self._page(page).batches if each.name in wanted]
        return [Batch(name, tuple(self._ledger_if_whole(name))) for name in sorted(wanted)]

    def _sweep(self, batches: Sequence[Batch]) -> None:
        """Remove what batches have left, finished or not."""
        for part in data_parts(self.out, batches, tracks=self.tracks):
            self.out.delete(part)
        for batch in batches:
            self.out.delete(layout.problems_name(batch.name))
            self.out.delete(layout.sums_name(batch.name))

    def _rewrite(self, page: str, gone: set[str]) -> None:
        """The same page of the manifest without some batches."""
        if not page or not gone:
            return
        left = tuple(each for each in self._page(page).batches if each.name not in gone)
        name = ""
        if left:
            name, data = planning.encoded(Page(left))
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
