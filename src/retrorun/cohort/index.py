"""File → athlete, for millions of files: 24 bytes a row, never a dictionary of text."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from retrorun.cohort.tables import Table, cell_text, file_head
from retrorun.errors import SettingsError
from retrorun.results import athlete_key

_DIGEST = 16


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Hashes of names in order, and whose each is.

    Attributes:
        hashes: (n,) sorted.
        owners: (n,) place in ``athletes``.
        athletes: keys.
        folder: names may also count from here.
        met: (n,) part of the hash of the file that a name without folder was found for; 0: none.
    """

    hashes: npt.NDArray[np.bytes_]
    owners: npt.NDArray[np.int32]
    athletes: tuple[str, ...]
    folder: str = ""
    met: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    @classmethod
    def of(cls, pairs: Mapping[str, str]) -> "Index":
        """An index of names and keys."""
        digests = b"".join(_digest(name) for name in pairs)
        return _sorted(digests, list(pairs.values()), "")

    @classmethod
    def read(cls, table: Table, file_column: str, athlete_column: str, folder: str) -> "Index":
        """The index of a table.

        Args:
            table: with names of files, relative to the exports or to ``folder``, or without any
                folder at all.
            file_column: its column of names.
            athlete_column: its column of athletes.
            folder: the table's own among the exports, with a slash.

        Raises:
            SettingsError: a column is missing, or one name has two athletes.
        """
        file = table.column(file_head(table, file_column), "--file-column")
        owner = table.column(athlete_column, "--athlete-column")
        digests, owners = bytearray(), list[str]()
        known: dict[str, str] = {}
        for _, row in table.rows((file, owner)):
            name, athlete = cell_text(row[file]), cell_text(row[owner])
            if name and athlete:  # platforms list activities that have no file
                digests += _digest(_relative(name))
                owners.append(known.get(athlete) or known.setdefault(athlete, athlete_key(athlete)))
        found = _sorted(bytes(digests), owners, folder)
        _refuse_two(found, table)
        return found

    def athlete(self, name: str) -> str | None:
        """Whose file it is, by its name relative to the exports; None where the table is silent.

        Raises:
            SettingsError: the table has its name without folder only, and it fits another file.
        """
        base = name.rsplit("/", 1)[-1]
        tries = [name]
        if self.folder and name.startswith(self.folder):
            tries.append(name[len(self.folder) :])
        for each in dict.fromkeys((*tries, base)):
            place = self._place(each)
            if place is not None:
                if each == base:
                    self._meet(place, name)
                return self.athletes[int(self.owners[place])]
        return None

    def _place(self, name: str) -> int | None:
        digest = np.bytes_(_digest(name))
        place = int(np.searchsorted(self.hashes, digest))
        return place if place < len(self.hashes) and self.hashes[place] == digest else None

    def _meet(self, place: int, name: str) -> None:
        """A row without folder is meant for one file; which of two, nobody can tell."""
        mark = np.frombuffer(_digest(name)[:8], dtype=np.uint64)[0] | np.uint64(1)
        if self.met[place] not in {np.uint64(0), mark}:
            base = name.rsplit("/", 1)[-1]
            words = f"the table's {base!r} could be {name!r} and another file of that name"
            remedy = "Give these names relative to the exports, with their folders."
            raise SettingsError("athlete-ambiguous", words, remedy=remedy)
        self.met[place] = mark


def _digest(name: str) -> bytes:
    """120 bits of hash, and a last byte that is not 0: numpy drops zeros at the end of text."""
    text = name.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=_DIGEST - 1).digest() + b"."


def _sorted(digests: bytes, owners: list[str], folder: str) -> Index:
    athletes = sorted(set(owners))
    places = {key: place for place, key in enumerate(athletes)}
    hashes = np.frombuffer(digests, dtype=f"S{_DIGEST}")
    order = np.argsort(hashes, kind="stable")
    codes = np.array([places[key] for key in owners], dtype=np.int32)
    met = np.zeros(len(order), dtype=np.uint64)
    return Index(hashes[order], codes[order], tuple(athletes), folder, met)


def _refuse_two(found: Index, table: Table) -> None:
    """One name, two athletes: no choice is right."""
    same = found.hashes[1:] == found.hashes[:-1]
    places = np.flatnonzero(same & (found.owners[1:] != found.owners[:-1]))
    if not places.size:
        return
    first, second = (found.athletes[found.owners[places[0] + step]] for step in (0, 1))
    words = f"one name belongs to two athletes, {first!r} and {second!r}; such names: {places.size}"
    remedy = "Give names relative to the exports, with their folders, and each once."
    raise SettingsError("athlete-ambiguous", words, file=table.name, remedy=remedy)


def _relative(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./").lstrip("/")
