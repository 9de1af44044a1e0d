"""De-identify a result set: a copy without names, places and dates, part by part.

The treatment of each column is declared in ``columns``, that of each field of an analysis in
``deidentification_rules``. The ledger and the problems are about files and are left out.

Pseudonyms are HMAC-SHA256 of a secret salt, separate for every purpose. The salt itself is never
written; a de-identified result set is recognised as made with it by one more such hash.

A part of the sessions, with what the other tables have of it, is one task (``CopyTask``), which any
worker carries out (``copy_part``): it reads the parts, makes those of the copy and puts them. The
same task gives the same bytes, so it may be done twice, or again after it was cut off.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import msgspec
import numpy as np

from retrorun.compare.sessions import are_same_times
from retrorun.errors import ReadError, RetrorunError, SettingsError, read_or_none
from retrorun.model import Session
from retrorun.results import layout
from retrorun.results.columns import PARTITIONED, TABLES, Column, schema_of_columns
from retrorun.results.deidentification_rules import Facts, deidentify_value, words
from retrorun.results.layout import About
from retrorun.results.reader import (
    athletes,
    checksums,
    damage_error,
    misplaced_parts,
    part,
    parts,
    table,
)
from retrorun.results.writer import PartWriter, put_or_replace
from retrorun.settings import CompareSettings
from retrorun.storage import Store, open_store

MIN_SALT_BYTES = 16
WEEK_S = 7 * 86_400
_WEEKS = 52  # dates move by 1 to this many weeks, either way


@dataclass(frozen=True, slots=True, repr=False)
class PseudonymKey:
    """A salt and the pseudonyms made with it."""

    salt: bytes

    def _named(self, purpose: str, *parts: str) -> str:
        text = "\0".join((purpose, *parts)).encode("utf-8", "surrogatepass")
        return hmac.new(self.salt, text, hashlib.sha256).hexdigest()

    def athlete(self, key: str) -> str:
        """An athlete's id: a letter first, so that no reader takes it for a number."""
        return f"a{self._named('athlete', key)[:16]}"

    def session(self, session: str) -> str:
        """A session's id."""
        return self._named("session", session)[:16]

    def part(self, name: str) -> str:
        """A part's name."""
        return self._named("part", name)[:32]

    def shift_s(self, key: str) -> int:
        """Seconds that an athlete's dates are moved by: whole weeks, 1 to 52, either way."""
        place = int(self._named("weeks", key), 16) % (2 * _WEEKS)
        weeks = place - _WEEKS if place < _WEEKS else place - _WEEKS + 1
        return weeks * WEEK_S

    def mark(self) -> str:
        """A hash that differs from one salt to another."""
        return self._named("mark")[:16]


def pseudonym_key(salt: bytes) -> PseudonymKey:
    """The key of a salt.

    Raises:
        SettingsError: it is so short that it could be guessed.
    """
    if len(salt) < MIN_SALT_BYTES:
        words = f"a salt of {len(salt)} bytes can be guessed; it takes at least {MIN_SALT_BYTES}"
        remedy = "Make one with `openssl rand -hex 32`, and keep it secret."
        raise SettingsError("salt-too-short", words, remedy=remedy)
    return PseudonymKey(salt)


_SESSION = msgspec.json.Decoder(Session)


@dataclass(frozen=True, slots=True)
class _NewSession:
    """One session: what its values become, and its new start."""

    facts: Facts
    start_us: int

    @property
    def sort_key(self) -> tuple[int, str]:
        """What sessions are sorted by: their old order would tell that of the files' names."""
        return self.start_us, self.facts.session

    @property
    def year(self) -> int:
        """The year by the new date."""
        return int(np.datetime64(self.start_us, "us").astype("datetime64[Y]").astype(int)) + 1970


def kept_columns(kind: str) -> tuple[Column, ...]:
    """The columns of a table that a de-identified copy has."""
    return tuple(each for each in TABLES[kind] if each.treatment != "drop")


def deidentified_about(source: About, key: PseudonymKey, *, tracks: bool) -> About:
    """The ``about.json`` of the de-identified result set.

    Args:
        source: that of the one it is made from.
        key: with which it is made; only its mark is kept.
        tracks: whether the tracks go along.
    """
    return About(
        schema_version=source.schema_version,
        retrorun=source.retrorun,
        settings=source.settings,
        tracks=tracks,
        deidentified=True,
        mark=key.mark(),
    )


@dataclass(frozen=True, slots=True)
class SourcePart:
    """A part of the sessions, and the tables that have a part of the same name.

    Attributes:
        athlete: key of its athlete.
        place: its name below the table: ``athlete=…/year=…/….parquet``.
        tables: that have it, ``sessions`` first.
    """

    athlete: str
    place: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CopyTask:
    """A part to be copied on any machine; what is secret is in no text of it.

    Attributes:
        source: address of the result set; ``out``: of the copy.
        part: what is copied; ``key``: makes the pseudonyms.
    """

    source: str = field(repr=False)
    out: str = field(repr=False)
    part: SourcePart = field(repr=False)
    key: PseudonymKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Copied:
    """How many parts of the copy were written for a task; ``problem``: why it was not finished."""

    written: int = 0
    problem: RetrorunError | None = None


def source_parts(store: Store, *, tracks: bool) -> Iterator[SourcePart]:
    """The parts of a result set that a copy is made of, athlete by athlete.

    Args:
        store: the result set as it was made.
        tracks: whether the 1 Hz tracks go along.

    Raises:
        ReadError: sessions lie where they would be left out.
    """
    for problem in misplaced_parts(store):
        raise problem
    tables = PARTITIONED if tracks else PARTITIONED[:2]
    for athlete in athletes(store):
        there = {name for kind in tables for name in parts(store, layout.partition(kind, athlete))}
        for name in sorted(each for each in there if each.startswith("sessions/")):
            _, _, place = name.partition("/")
            found = tuple(each for each in tables if f"{each}/{place}" in there)
            yield SourcePart(athlete, place, found)


def deidentify(store: Store, key: PseudonymKey, *, tracks: bool) -> Iterator[tuple[str, bytes]]:
    """The parts of the de-identified result set: object name and bytes, one after the other.

    Args:
        store: the result set as it was made.
        key: the same one gives the same ids, dates and bytes.
        tracks: whether the 1 Hz tracks go along.

    Raises:
        ReadError: a part is gone, damaged or of another schema.
    """
    for each in source_parts(store, tracks=tracks):
        yield from _deidentified(store, each, key)


def copy_part(task: CopyTask) -> Copied:
    """Put the de-identified parts of one part; an error is a value, which no engine prints.

    What lies there already with the same bytes stays. What an attempt that was cut off, or an
    earlier state of the part, has left is replaced or removed. The sums are put last.
    """
    written = 0
    try:
        store, copy = open_store(task.source), open_store(task.out)
        before = _earlier_parts(copy, task)
        for name, data in _deidentified(store, task.part, task.key):
            written += put_or_replace(copy, name, data)
            before.discard(name)
        for name in sorted(before):
            copy.delete(name)
    except RetrorunError as problem:
        return Copied(written, problem)
    return Copied(written)


def withdraw_parts(source: Store, copy: Store, key: PseudonymKey) -> int:
    """Delete from a copy the parts that the result set has no more, and return how many.

    Such a part is of sessions that were taken back or analysed again, as with a new privacy zone:
    beside its successor it would tell what the zone hides. Athletes that the result set does not
    have keep their parts. The sums of a part are deleted last.

    Args:
        source: the result set as it is now.
        copy: made of it before, with the same key.
        key: makes the names of its parts.
    """
    owners = athletes(source)
    wanted = {key.part(each.place) for each in source_parts(source, tracks=False)}
    folders = [layout.partition(kind, key.athlete(each)) for kind in PARTITIONED for each in owners]
    stale = [
        name
        for folder in folders
        for name in list(parts(copy, folder))
        if PurePosixPath(name).stem not in wanted
    ]
    for name in stale:
        copy.delete(name)
    for stem in sorted({PurePosixPath(name).stem for name in stale}):
        copy.delete(layout.checksums_name(stem))
    return len(stale)


def _earlier_parts(copy: Store, task: CopyTask) -> set[str]:
    """Names that the copy's sums of this part list; none where there are no sums."""
    own = task.key.part(task.part.place)
    found = read_or_none(lambda: checksums(copy, own)) or {}
    return {each for each in found if PurePosixPath(each).stem == own}


def _deidentified(
    store: Store, source: SourcePart, key: PseudonymKey
) -> Iterator[tuple[str, bytes]]:
    """The parts made of one part, and last their sums."""
    athlete_parts = _Athlete(source.athlete, key)
    known = athlete_parts.known(store, f"sessions/{source.place}")
    sums: dict[str, str] = {}
    for kind in source.tables:
        for path, data in athlete_parts.parts_of(store, kind, source.place, known):
            sums[path] = hashlib.sha256(data).hexdigest()
            yield path, data
    yield layout.checksums_name(key.part(source.place)), layout.encode_checksums(sums)


class _Athlete:
    """One athlete's parts."""

    def __init__(self, athlete: str, key: PseudonymKey) -> None:
        self.key = key
        self.id = key.athlete(athlete)
        self.shift_s = key.shift_s(athlete)

    def known(self, store: Store, name: str) -> dict[str, _NewSession]:
        """The sessions of a part."""
        wanted = ("session", "start_time", "duration_s", "utc_offset_s")
        rows = table(store, name, "sessions", wanted)
        if any(rows[each].null_count for each in wanted[:3]):
            raise damage_error(name, "a session has no id, no start or no duration")
        starts_us = rows["start_time"].cast("int64").to_pylist()
        durations_s, offsets_s = (rows[each].to_pylist() for each in wanted[2:])
        times_s = [
            (each / 1e6, length) for each, length in zip(starts_us, durations_s, strict=True)
        ]
        found = {}
        for session, start_us, offset_s in zip(
            rows["session"].to_pylist(), starts_us, _offsets_s(times_s, offsets_s), strict=True
        ):
            shift_s = self.shift_s + offset_s
            facts = Facts(self.key.session(session), shift_s)
            found[session] = _NewSession(facts, start_us + round(shift_s * 1e6))
        return found

    def parts_of(
        self, store: Store, kind: str, place: str, known: Mapping[str, _NewSession]
    ) -> Iterator[tuple[str, bytes]]:
        """The new parts of a part, one a year of the new dates.

        Args:
            store: the result set as it was made.
            kind: the part's table.
            place: its name below that.
            known: the sessions in it.
        """
        kept = kept_columns(kind)
        writers: dict[int, PartWriter] = {}
        with part(store, f"{kind}/{place}", kind) as file:
            for rows, year in _in_order(_pieces(file, kind, known), known):
                if year not in writers:
                    writers[year] = PartWriter(kind, schema_of_columns(kind, kept))
                facts = [known[each].facts for each in rows["session"].to_pylist()]
                found = {each.name: _apply_treatment(each, rows[each.name], facts) for each in kept}
                writers[year].add_group(found, rows.num_rows)
        for year in sorted(writers):
            folder = f"{kind}/athlete={self.id}/year={year}"
            yield f"{folder}/{self.key.part(place)}.parquet", writers[year].close()


def _offsets_s(
    times_s: Sequence[tuple[float, float]], offsets_s: Sequence[float | None]
) -> list[float]:
    """Local time minus UTC of sessions, each by its start and duration; 0 where it is not known.

    A recording without a time zone has that of another recording of its activity: on two clocks
    they would be two activities, and be counted twice.
    """
    settings = CompareSettings()
    known = [
        (times, offset)
        for times, offset in zip(times_s, offsets_s, strict=True)
        if offset is not None
    ]
    return [
        next((at for other, at in known if are_same_times(times, other, settings)), 0.0)
        if offset is None
        else offset
        for times, offset in zip(times_s, offsets_s, strict=True)
    ]


def _pieces(file: Any, kind: str, known: Mapping[str, _NewSession]) -> Iterator[Any]:  # noqa: ANN401 - pyarrow has no types
    """Tracks one by one, because they are large, by their new dates; other tables whole."""
    if kind != "tracks":
        yield file.read(use_threads=False)
        return
    owners = [
        file.read_row_group(number, columns=["session"])["session"][0].as_py()
        for number in range(file.num_row_groups)
    ]
    for number in sorted(range(len(owners)), key=lambda at: known[owners[at]].sort_key):
        yield file.read_row_group(number, use_threads=False)


def _in_order(pieces: Iterable[Any], known: Mapping[str, _NewSession]) -> Iterator[tuple[Any, int]]:
    """The rows of each year, by the new dates; those of a session stay in their order."""
    for rows in pieces:
        ids = rows["session"].to_pylist()
        if len(set(ids)) == 1:
            yield rows, known[ids[0]].year
            continue
        by_year: dict[int, list[int]] = {}
        for at in sorted(range(len(ids)), key=lambda each: known[ids[each]].sort_key):
            by_year.setdefault(known[ids[at]].year, []).append(at)
        for year, places in sorted(by_year.items()):
            yield rows.take(places), year


def _apply_treatment(column: Column, cells: Any, facts: Sequence[Facts]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The column after its treatment; ``facts`` are those of each row's session."""
    import pyarrow as pa

    values = cells.combine_chunks()
    if column.treatment == "keep" and column.kind not in {"text", "bytes"}:
        return values
    if column.treatment == "session":
        return pa.array([each.session for each in facts], pa.string())
    if column.treatment == "shift":
        shift_us = np.array([round(each.shift_s * 1e6) for each in facts], dtype=np.int64)
        moved = pa.compute.add(values.cast(pa.int64()), pa.array(shift_us))
        return moved.cast(values.type)
    if column.treatment == "level":
        return _relative_heights(values, facts)
    if column.treatment == "vocabulary":
        return pa.array([words(each) for each in values.to_pylist()], pa.string())
    if column.treatment == "scrub":
        pairs = zip(values.to_pylist(), facts, strict=True)
        return pa.array([_deidentify_document(*pair) for pair in pairs], pa.binary())
    message = f"nobody has decided what becomes of the column {column.name}"
    raise SettingsError("deidentify-undecided", message, remedy="Please report this.")


def _relative_heights(values: Any, facts: Sequence[Facts]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Heights from the first one known of each session."""
    import pyarrow as pa

    heights = values.to_numpy(zero_copy_only=False).astype(np.float64)
    owners = np.array([each.session for each in facts])
    for owner in np.unique(owners):
        mine = owners == owner
        known = heights[mine & np.isfinite(heights)]
        heights[mine] -= known[0] if known.size else np.nan
    return pa.array(heights.astype(np.float32), from_pandas=True)


def _deidentify_document(document: bytes, facts: Facts) -> bytes:
    try:
        session = _SESSION.decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        message = f"a stored session cannot be read: {problem}"
        raise ReadError("results-session-damaged", message) from problem
    return msgspec.json.encode(deidentify_value(session, facts))
