"""What a result set remembers of the work: manifest and ledger, and taking batches back.

A batch is done when its part of the ledger is there. A page of the manifest says which files a
batch consists of, so that one that was planned and is not done can be worked on as it was planned:
its parts then replace nothing and leave nothing over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from retrorun import results
from retrorun.cohort import planning
from retrorun.cohort.athletes import Athletes
from retrorun.cohort.listing import Index
from retrorun.cohort.planning import MANIFEST, Batch, Page, Planned
from retrorun.errors import ReadError, StoreError
from retrorun.results import names
from retrorun.results.reading import table
from retrorun.storage import Store

PAGE_BYTES = 256 << 20
FILES = "files"


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
        done = {PurePosixPath(each.name).stem for each in self.out.entries(FILES)}
        explained: set[str] = set()
        for name, page in self._manifest():
            for batch in page.batches:
                explained.add(batch.name)
                if batch.name in done:
                    self.index.add(batch.files, self._number(batch.name, name))
                else:
                    self._pages[batch.name] = name
        for batch_name in sorted(done - explained):  # its page is lost: the ledger knows, too
            self.index.add(self._ledger(batch_name), self._number(batch_name, ""))
        self.index.seal()

    def _manifest(self) -> Iterator[tuple[str, Page]]:
        for entry in self.out.entries(MANIFEST):
            yield entry.name, self._page(entry.name)

    def _page(self, name: str) -> Page:
        return planning.decoded(name, self.out.read(name, PAGE_BYTES))

    def _number(self, batch: str, page: str) -> int:
        self._names.append(batch)
        self._page_of[len(self._names) - 1] = page
        return len(self._names) - 1

    def _ledger(self, batch: str) -> list[Planned]:
        found = table(self.out, results.ledger_name(batch), FILES, planning.NAMES).to_pylist()
        return [Planned(**row) for row in found]

    def pending(self, athletes: Athletes) -> Iterator[Batch]:
        """Batches that were planned and are not done, as they were planned.

        One whose athletes have other profiles now, or whose files are in another batch, is void:
        what it left over is removed, and its files are found anew.
        """
        taken: set[str] = set()
        for name in dict.fromkeys(self._pages.values()):
            void: set[str] = set()
            for batch in self._page(name).batches:
                if batch.name not in self._pages:
                    continue
                if self._stands(batch, athletes, taken):
                    taken.update(each.address for each in batch.files)
                    self._note(batch, name)
                    yield batch
                else:
                    self._sweep(batch)
                    void.add(batch.name)
            self._rewrite(name, void)
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
        """Batches with files that could not be read."""
        import pyarrow.compute as pc

        found: set[str] = set()
        for rows in results.ledger(self.out):
            wrong = rows.filter(pc.equal(rows["outcome"], "failed"))
            found.update(wrong["batch"].to_pylist())
        return {number for number, name in enumerate(self._names) if name in found}

    def retire(self, numbers: set[int]) -> int:
        """Take batches back, so that the next listing finds their files new.

        The ledger goes first: whatever ends this half-way, the batch is then either one that was
        planned and is not done, or gone.
        """
        pages: dict[str, set[str]] = {}
        for number in sorted(numbers):
            name, page = self._names[number], self._page_of[number]
            self._take_back(name)
            pages.setdefault(page, set()).add(name)
        for page, gone in pages.items():
            self._rewrite(page, gone)
        self.index.seal()
        self.index.without(numbers)
        return len(numbers)

    def _take_back(self, batch: str) -> None:
        ledger = results.ledger_name(batch)
        try:
            rows = table(self.out, ledger, FILES, ("athlete", "years")).to_pylist()
        except StoreError:
            raise
        except ReadError:  # it was never finished: nobody has read it, and it is done anew
            rows = []
        self.out.delete(ledger)
        years: dict[str, set[int]] = {}
        for row in rows:
            years.setdefault(row["athlete"], set()).update(row["years"])
        for athlete, known in years.items():
            for part in results.part_names(batch, athlete, known, tracks=self.tracks):
                self.out.delete(part)
        self.out.delete(names.problems_name(batch))

    def _sweep(self, batch: Batch) -> None:
        """Remove what an unfinished batch has left: of which years is not known, so look."""
        kinds = ("sessions", "segments", "tracks") if self.tracks else ("sessions", "segments")
        for athlete in sorted({each.athlete for each in batch.files}):
            for kind in kinds:
                for entry in self.out.entries(names.partition(kind, athlete).rstrip("/")):
                    if PurePosixPath(entry.name).stem == batch.name:
                        self.out.delete(entry.name)
        self.out.delete(names.problems_name(batch.name))

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
