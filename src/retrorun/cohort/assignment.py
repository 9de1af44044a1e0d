"""Assign files to athletes, and athletes to their profiles.

The athlete of a file is known in one of three ways: from the first folder of its name; from a table
of files and athletes; or, for the members of a platform's bulk export, from a column of the
``activities.csv`` in the archive itself.
"""

import hashlib
import re
import unicodedata
import zipfile
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO

import numpy as np
import numpy.typing as npt
from msgspec import structs

from retrorun.archive import serialization
from retrorun.cohort import profiles
from retrorun.cohort.profiles import Table, cell_text, file_head, parse_table
from retrorun.errors import ReadError, SettingsError, drive_error
from retrorun.model import Athlete
from retrorun.readers.containers.archives import UNPACKING_ERRORS, MemberReader
from retrorun.results import athlete_key
from retrorun.results.layout import UNKNOWN
from retrorun.settings import ReadLimits

_DIGEST = 16


@dataclass(frozen=True, slots=True, eq=False)
class AthleteIndex:
    """File → athlete, for millions of files: 28 bytes a row and no text of names.

    Attributes:
        hashes: (n,) hashes of the files' names, sorted.
        owners: (n,) number of each file's athlete in ``athletes``.
        athletes: their keys.
        folder: names may also be relative to this folder.
        matched: (n,) part of the hash of the file that a name without folder stands for; 0: none.
    """

    hashes: npt.NDArray[np.bytes_]
    owners: npt.NDArray[np.int32]
    athletes: tuple[str, ...]
    folder: str = ""
    matched: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    @classmethod
    def from_pairs(cls, pairs: Mapping[str, str]) -> "AthleteIndex":
        """The index of a mapping of names to keys."""
        digests = b"".join(_digest(name) for name in pairs)
        return _sorted(digests, list(pairs.values()), "")

    @classmethod
    def from_table(
        cls, table: Table, file_column: str, athlete_column: str, folder: str
    ) -> "AthleteIndex":
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
        digests, owners = bytearray(), list[str]()
        known: dict[str, str] = {}
        for name, athlete in _files_and_athletes(table, file_column, athlete_column):
            digests += _digest(name.replace("\\", "/").removeprefix("./").lstrip("/"))
            owners.append(known.get(athlete) or known.setdefault(athlete, athlete_key(athlete)))
        found = _sorted(bytes(digests), owners, folder)
        _refuse_conflicts(found, table)
        return found

    def athlete(self, name: str) -> str | None:
        """The athlete of a file, by its name relative to the exports; None if the table lacks it.

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
                    self._record_match(place, name)
                return self.athletes[int(self.owners[place])]
        return None

    def _place(self, name: str) -> int | None:
        digest = np.bytes_(_digest(name))
        place = int(np.searchsorted(self.hashes, digest))
        return place if place < len(self.hashes) and self.hashes[place] == digest else None

    def _record_match(self, place: int, name: str) -> None:
        """Record the file of a row without folder; refuse a second one of that name."""
        part = np.frombuffer(_digest(name)[:8], dtype=np.uint64)[0] | np.uint64(1)
        if self.matched[place] not in {np.uint64(0), part}:
            base = name.rsplit("/", 1)[-1]
            words = f"the table's {base!r} could be {name!r} and another file of that name"
            remedy = "Give these names relative to the exports, with their folders."
            raise SettingsError("athlete-ambiguous", words, remedy=remedy)
        self.matched[place] = part


def _digest(name: str) -> bytes:
    """120 bits of hash, and a last byte that is not 0: numpy drops zeros at the end of text.

    Names that differ in their Unicode normal form only are one.
    """
    text = unicodedata.normalize("NFC", name).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=_DIGEST - 1).digest() + b"."


def _sorted(digests: bytes, owners: list[str], folder: str) -> AthleteIndex:
    athletes = sorted(set(owners))
    places = {key: place for place, key in enumerate(athletes)}
    hashes = np.frombuffer(digests, dtype=f"S{_DIGEST}")
    order = np.argsort(hashes, kind="stable")
    codes = np.array([places[key] for key in owners], dtype=np.int32)
    matched = np.zeros(len(order), dtype=np.uint64)
    return AthleteIndex(hashes[order], codes[order], tuple(athletes), folder, matched)


def _refuse_conflicts(found: AthleteIndex, table: Table) -> None:
    """Refuse a table in which one name has two athletes."""
    same = found.hashes[1:] == found.hashes[:-1]
    places = np.flatnonzero(same & (found.owners[1:] != found.owners[:-1]))
    if not places.size:
        return
    first, second = (found.athletes[found.owners[places[0] + step]] for step in (0, 1))
    words = f"one name belongs to two athletes, {first!r} and {second!r}; such names: {places.size}"
    remedy = "Give names relative to the exports, with their folders, and each once."
    raise SettingsError("athlete-ambiguous", words, file=table.name, remedy=remedy)


def _files_and_athletes(
    table: Table, file_column: str, athlete_column: str
) -> Iterator[tuple[str, str]]:
    """File and athlete of each row that has both: platforms list activities that have no file.

    Raises:
        SettingsError: a column is missing.
    """
    file = table.column(file_head(table, file_column), "--file-column")
    athlete = table.column(athlete_column, "--athlete-column")
    for _, row in table.rows((file, athlete)):
        pair = cell_text(row[file]), cell_text(row[athlete])
        if all(pair):
            yield pair


FOLDER, EXPORT = "folder", "export"
_INDEX = "activities.csv"
_INDEX_BYTES = 64 << 20
_TITLE = re.compile(r" \([^/]*\)$")  # what the reader of archives adds to a member's name


@dataclass(frozen=True, slots=True)
class AssignmentOptions:
    """Where the assignment of files to athletes is found.

    Attributes:
        where: ``folder``, ``export``, or path or URL of a table.
        file_column: of the table: names relative to the exports, or without any folder.
        athlete_column: of the table.
        profiles: path or URL of a table of profiles.
        exports: address of the exports: names in a table among them count from its own folder.
        default: profile of those who are in no table.
    """

    where: str = FOLDER
    file_column: str = "file"
    athlete_column: str = "athlete"
    profiles: str | None = None
    exports: str = ""
    default: Athlete = field(default_factory=Athlete)


@dataclass(frozen=True, slots=True, eq=False)
class Athletes:
    """The athlete of each file, and the athletes' profiles.

    Attributes:
        index: file → athlete; None: by the first folder.
        columns: file and athlete column of the archives' own tables, if those are used.
        profiles: athlete's key → profile.
        default: the profile of those without one.
        profiles_hash: of all profiles, where the archives' tables are used: any profile may count.
    """

    index: AthleteIndex | None = None
    columns: tuple[str, str] | None = None
    profiles: Mapping[str, Athlete] = field(default_factory=dict)
    default: Athlete = field(default_factory=Athlete)
    profiles_hash: str = ""

    def of(self, name: str) -> str:
        """The athlete's key of a file, by its name relative to the store; ``unknown`` if none.

        Raises:
            SettingsError: a name without folder, in the table, fits a second file.
        """
        if self.index is not None:
            return self.index.athlete(name) or UNKNOWN
        folder, slash, _ = name.partition("/")
        return athlete_key(folder) if slash else UNKNOWN

    def profile(self, athlete: str) -> Athlete:
        """The profile of an athlete."""
        return self.profiles.get(athlete, self.default)

    def fingerprint(self, athlete: str) -> str:
        """First 12 hex digits of a hash of all that decides an athlete's results.

        Where archives name the athletes of their members, those of all profiles count.
        """
        own = serialization.fingerprint(self.profile(athlete))
        return _hash((own, self.profiles_hash)) if self.profiles_hash else own

    def without_files(self, owners: Container[str]) -> list[str]:
        """Athletes who have a profile and are no owner of a file, by name.

        None where archives name the athletes of their members: those are not known by the files.
        """
        if self.columns is not None:
            return []
        return sorted(each for each in self.profiles if each not in owners)

    def of_batch(self, names: Iterable[str]) -> "Athletes":
        """The assignment of these files only: small enough to be sent with a batch."""
        pairs = {name: self.of(name) for name in names}
        if self.columns is not None:
            return self  # the archives' athletes are not known yet
        known = {key: self.profiles[key] for key in pairs.values() if key in self.profiles}
        index = None if self.index is None else AthleteIndex.from_pairs(pairs)
        return replace(self, index=index, profiles=known)

    def with_learnt(self, learnt: Mapping[str, Athlete]) -> "Athletes":
        """The same assignment, and profiles with what was learnt: athlete's key → values."""
        taught = {key: self.profile(key).with_learnt_of(each) for key, each in learnt.items()}
        return replace(self, profiles={**self.profiles, **taught})

    def inside(self, name: str, stream: IO[bytes], limits: ReadLimits) -> dict[str, str]:
        """Member's path → athlete, as an archive's own table has it; empty if it is not used.

        Args:
            name: the archive's, for errors.
            stream: the archive; read at any place, and left where it was.
            limits: bounds for reading.

        Raises:
            ReadError: its table has no such column, or cannot be read.
            StoreError: the drive fails, or the disk for the copy of a tar is full.
        """
        if self.columns is None:
            return {}
        place = stream.tell()
        stream.seek(0)
        try:
            reader = MemberReader(limits, is_wanted=_is_index)
            with reader.open_any(stream, name) as (archive, _):
                return _read_owners(name, archive, *self.columns)
        except SettingsError as problem:
            raise ReadError("archive-index", problem.message, file=name) from problem
        except UNPACKING_ERRORS as problem:
            if failing := drive_error(problem, name):
                raise failing from problem
            return {}  # the reader of archives says what is wrong with it
        finally:
            stream.seek(place)

    def of_member(self, archive: str, member: str, inside: Mapping[str, str]) -> str:
        """The athlete of an archive's member.

        Args:
            archive: the archive's name relative to the store.
            member: the member's name as the reader of archives gives it: ``archive/path (title)``.
            inside: what ``inside`` gave.
        """
        path = member.split(archive.rsplit("/", 1)[-1] + "/", 1)[-1]
        return inside.get(path) or inside.get(_TITLE.sub("", path)) or self.of(archive)


def load(options: AssignmentOptions) -> Athletes:
    """Read the tables that the user named.

    Raises:
        SettingsError: a table cannot be read, lacks a column, contradicts itself or holds values
            that cannot be; row and column are named.
    """
    known = _with_zones(
        profiles.load(options.profiles) if options.profiles else {}, options.default
    )
    found = Athletes(profiles=known, default=options.default)
    columns = (options.file_column, options.athlete_column)
    if options.where == FOLDER:
        return found
    if options.where == EXPORT:
        own = sorted(f"{key} {serialization.fingerprint(each)}" for key, each in known.items())
        return replace(found, columns=columns, profiles_hash=_hash((*columns, *own)))
    table = profiles.read_table(options.where)
    index = AthleteIndex.from_table(table, *columns, _folder(options.where, options.exports))
    return replace(found, index=index)


def _with_zones(known: dict[str, Athlete], default: Athlete) -> dict[str, Athlete]:
    """Profiles with the privacy zones that hold for everybody; a table names none."""
    zones, secret = default.privacy_zones, default.zone_secret
    return {
        key: structs.replace(each, privacy_zones=zones, zone_secret=secret)
        for key, each in known.items()
    }


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _folder(table: str, exports: str) -> str:
    """The table's folder relative to the exports, with a slash; empty if it lies elsewhere."""
    root = f"{exports.rstrip('/')}/"
    if not exports or not table.startswith(root):
        return ""
    return table[len(root) :].rpartition("/")[0] + "/" if "/" in table[len(root) :] else ""


def _is_index(name: str) -> bool:
    return name.rsplit("/", 1)[-1] == _INDEX


def _read_owners(
    name: str, archive: zipfile.ZipFile, file_column: str, athlete_column: str
) -> dict[str, str]:
    info = next((one for one in archive.infolist() if _is_index(one.filename)), None)
    if info is None:
        return {}
    with archive.open(info) as stream:
        data = stream.read(_INDEX_BYTES + 1)
    if len(data) > _INDEX_BYTES:
        raise ReadError("archive-index", f"{info.filename} is too large", file=name)
    table = parse_table(f"{name}/{info.filename}", data)
    pairs = _files_and_athletes(table, file_column, athlete_column)
    folder = info.filename[: -len(_INDEX)]
    return {folder + path: athlete_key(athlete) for path, athlete in pairs}
