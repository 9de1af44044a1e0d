"""Sessions and tracks as the archive stores them, and back.

A session is one JSON document. ``summaries`` reads many of them without what only their own pages
show, in a third of the time and a quarter of the memory; ``lessons`` what is learnt from, which is
kept apart as a record. Fields that are left out are not there at all: nobody reads an untrue value.

A track is one Parquet file. Columns keep their names. A column whose numbers are rounded
(``model.digits``) holds decimals with just as many digits, as differences from second to second;
any other holds floats. Read back, positions are float64 and everything else float32 (x and y to a
millimetre, heart rate exactly), bit for bit the same of both; NaN becomes null. A flag is a boolean
column ``flag:<name>``, a heading candidate ``heading:<number>``. Start time, notes and what each
heading claims to be stand in the file's metadata under ``retrorun`` as JSON.
"""

import gc
import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, make_dataclass
from functools import cache
from types import GenericAlias
from typing import Any, ClassVar

import msgspec
import numpy as np

from retrorun import time_zone
from retrorun.archive import objects
from retrorun.archive.rows import Parcel, Problem, SessionRow
from retrorun.errors import ArchiveError
from retrorun.metric_types import Metric
from retrorun.metrics import HEART_RATE, METRICS
from retrorun.model import (
    Athlete,
    Energy,
    Failed,
    HeadingTrack,
    HeadingVerdict,
    HeartRate,
    Lesson,
    MeasuredSegment,
    Measures,
    Metrics,
    Note,
    Outcome,
    Segment,
    Session,
    Totals,
    Track,
)
from retrorun.model.digits import decimals
from retrorun.units import BoolArray, FloatArray

DOUBLE_PRECISION = ("latitude_deg", "longitude_deg")  # float32 would be 1.7 m
_FLAG, _HEADING, TRACK_KEY = "flag:", "heading:", b"retrorun"
_TRACK_VERSION = 2  # 1 had floats only
_MOST_WHOLE = float(1 << 53)  # a float holds whole numbers exactly up to here
_FIRST = 64  # numbers that mostly tell already whether all end in zero
_NOT_A_TRACK = (KeyError, ValueError, TypeError)  # Parquet, but no track


def parcel(data: bytes, outcome: Outcome, athlete: Athlete) -> Parcel:
    """A file's outcome, ready to be written.

    Args:
        data: the file's bytes.
        outcome: what the pipeline made of them.
        athlete: with whom; sessions remember the fingerprint.
    """
    sha256 = objects.digest(data)
    if isinstance(outcome, Failed):
        kind: Problem = Problem(
            "not-a-run" if outcome.not_a_run else "failed",
            outcome.slug,
            outcome.message,
            outcome.offset,
            outcome.remedy,
        )
        return Parcel(sha256, problem=kind)
    stored, made_with = tuple(encode_track(each) for each in outcome.tracks), fingerprint(athlete)
    pairs = zip(outcome.sessions, stored, strict=True)
    rows = tuple(SessionRow.of(each, objects.digest(track), made_with) for each, track in pairs)
    return Parcel(sha256, rows, stored, objects.pack(data))


def fingerprint(athlete: Athlete) -> str:
    """First 12 hex digits of the SHA-256 of what the athlete stated, without what was learnt."""
    stated = msgspec.json.encode(athlete.without_learnt(), order="sorted")
    return hashlib.sha256(stated).hexdigest()[:12]


@cache
def _decoder() -> msgspec.json.Decoder[Session]:
    return msgspec.json.Decoder(Session)


def session(stored: bytes, session_id: str = "") -> Session:
    """The session of a stored document.

    Args:
        stored: the document.
        session_id: is named by the error, where it is known.

    Raises:
        ArchiveError: the document does not fit this version.
    """
    return _decoded(_decoder(), stored, session_id)


Damaged = Callable[[str, ArchiveError], None]


def sessions(
    documents: Iterable[tuple[str, bytes]], damaged: Damaged | None = None
) -> list[Session]:
    """The sessions of many stored documents.

    Args:
        documents: id and document of each.
        damaged: is given the id of each that cannot be read, and why; None: the first is raised.

    Raises:
        ArchiveError: a document does not fit this version.
    """
    with _gc_paused():
        return list(_all_decoded(_decoder(), documents, damaged))


def summaries(
    documents: Iterable[tuple[str, bytes]], damaged: Damaged | None = None
) -> list[Session]:
    """The same, without what only their own pages show.

    Raises:
        ArchiveError: a document does not fit this version.
    """
    with _gc_paused():
        return list(_all_decoded(summary_decoder(), documents, damaged))


def lessons(stored: Iterable[tuple[str, bytes, bool]]) -> tuple[list[Session], set[str]]:
    """The same, with nothing but what is learnt from; and ids of those that cannot be read.

    Args:
        stored: id of each, its record or else its document, and whether it is the record.
    """
    found, damaged, decoder = list[Session](), set[str](), _record_decoder()
    for session_id, data, is_record in stored:
        try:
            found.append(decoder.decode(data if is_record else lesson_record(data)))
        except (ArchiveError, *_UNREADABLE):
            damaged.add(session_id)
    return found, damaged


def lesson_record(stored: bytes) -> bytes:
    """Of a session's document the fields that learning reads, as JSON.

    Raises:
        ArchiveError: the document does not fit this version.
    """
    whole = _taught_decoder((*_LEARNT_FROM, "zone", "moving_s"), Totals, HeadingVerdict)
    _decoded(whole, stored, "")  # refuses what nothing can be made of
    return msgspec.json.encode(_record_decoder().decode(stored))


def _all_decoded(
    decoder: msgspec.json.Decoder[Session],
    documents: Iterable[tuple[str, bytes]],
    damaged: Damaged | None,
) -> Iterator[Session]:
    for session_id, stored in documents:
        try:
            yield _decoded(decoder, stored, session_id)
        except ArchiveError as problem:
            if damaged is None:
                raise
            damaged(session_id, problem)


def _decoded(decoder: msgspec.json.Decoder[Session], stored: bytes, session_id: str) -> Session:
    try:
        found = decoder.decode(stored)
        _refuse_odd(found)
    except _UNREADABLE as problem:
        raise _unreadable(problem, session_id) from problem
    return found


_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, OSError, RecursionError)
_LARGEST_SUM = 1e9  # seconds or metres of one session: far over any, and what pages can draw


def _refuse_odd(found: Session) -> None:
    """Refuse what no list and no sum can take: times that no calendar has, and boundless sums.

    Raises:
        ValueError, OverflowError, OSError: the session holds such a thing.
    """
    time_zone.local_time(found.start_time_s, found.zone)
    sums = [found.duration_s, found.moving_s, found.distance_m]
    for each in found.measures.totals.values():
        sums += [each.seconds, each.moving_s, each.distance_m]
    if not all(0 <= (each or 0.0) <= _LARGEST_SUM for each in sums):
        raise ValueError("a time or a distance in it is none that a session can have")


def _unreadable(reason: object, session_id: str) -> ArchiveError:
    remedy = "`retrorun archive check --repair` makes it again from its original."
    words = f"a stored session cannot be read: {reason}"
    file = f"session {session_id}" if session_id else None
    return ArchiveError("archive-session-damaged", words, file=file, remedy=remedy)


@contextmanager
def _gc_paused() -> Iterator[None]:
    """Pause the garbage collector, and exempt what is made meanwhile from it.

    Nothing of it is garbage, and looking for some among millions of new objects, again and again,
    takes three times as long as making them.
    """
    was_enabled = gc.isenabled()
    gc.collect()  # what is garbage now would be kept for good
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _without_fields(kind: type, left_out: str = "", **parts: object) -> Any:  # noqa: ANN401 - a new type
    """A subclass of a dataclass without fields that are left out, its parts likewise.

    A class variable without a value is neither read nor there.
    """
    fields = [*dict.fromkeys(left_out.split(), ClassVar[object]).items(), *parts.items()]
    return make_dataclass(kind.__name__, fields, bases=(kind,), frozen=True, slots=True)


def _unread(metrics: Iterable[Metric]) -> list[str]:
    """Names of the fields that the pages over all sessions do not read."""
    return [each.key.rpartition(".")[2] for each in metrics if not each.read]


_ABOUT = "labels laps pauses notes"
_OF_A_SUM = ("id", "start_time_s", "duration_s", "measures")
_LEARNT_FROM = (*_OF_A_SUM, "source", "distance_m", "channels", "heading")


@cache
def summary_decoder() -> msgspec.json.Decoder[Session]:
    """Reads a session's document without what only its own page shows."""
    metrics = _without_fields(
        Metrics,
        " ".join([*_unread(METRICS), "energies"]),
        heart_rate=_without_fields(HeartRate, " ".join(_unread(HEART_RATE))) | None,
        energy_shown=_without_fields(Energy, "active low high method citation") | None,
    )
    segment = _without_fields(Segment, "probability reason would_change step_gain_pct")
    measured = _without_fields(MeasuredSegment, segment=segment, metrics=metrics)
    measures = _without_fields(Measures, "notes", segments=GenericAlias(tuple, (measured, ...)))
    return msgspec.json.Decoder(_without_fields(Session, _ABOUT, measures=measures))


@cache
def _record_decoder() -> msgspec.json.Decoder[Session]:
    """Reads what is learnt from alone, of a document or of the record that was made of it."""
    heading = msgspec.defstruct("HeadingVerdict", [("kind", str)])
    return _taught_decoder(_LEARNT_FROM, msgspec.defstruct("Totals", [("beats", float)]), heading)


@cache
def _taught_decoder(
    kept: Collection[str], totals: type, heading: type
) -> msgspec.json.Decoder[Session]:
    """Reads these fields of a session into a type that is made sooner than a dataclass."""
    measures = msgspec.defstruct("Measures", [("totals", GenericAlias(dict, (str, totals)))])
    parts = {"measures": measures, "heading": heading}
    held = [(e.name, parts.get(e.name, e.type)) for e in fields(Session) if e.name in kept]
    late: Any = [("lesson", Lesson | None, None), ("learnt", dict[str, str], {})]
    return msgspec.json.Decoder(msgspec.defstruct("Session", [*held, *late]))


def _others(kind: type, kept: Collection[str]) -> str:
    """Names of the fields of a dataclass that are not kept."""
    return " ".join(each.name for each in fields(kind) if each.name not in kept)


@cache
def _summed_types() -> tuple[Any, Any]:
    """Of a session and its measures; their fields are taken in the order of those of a session."""
    measures = _without_fields(Measures, _others(Measures, ("totals",)))
    return _without_fields(Session, _others(Session, _OF_A_SUM)), measures


def summed(
    starts: Iterable[tuple[str, float, float]],
    sums: Iterable[tuple[str, str, float, float, float | None]],
) -> list[Session]:
    """Sessions with nothing but their id, their start, their duration and their totals.

    Args:
        starts: id, Unix time and duration of every session.
        sums: id, kind of movement, and of that the seconds, the moving seconds and the metres.
    """
    session_type, measures_type = _summed_types()
    totals: dict[str, dict[str, Totals]] = defaultdict(dict)
    for session_id, kind, seconds, moving_s, distance_m in sums:
        totals[session_id][kind] = Totals(seconds, moving_s, distance_m)
    return [
        session_type(session_id, start_time_s, duration_s, measures_type(totals[session_id]))
        for session_id, start_time_s, duration_s in starts
    ]


class _HeadingMeta(msgspec.Struct):
    source: str
    claim: str
    north: str


class _TrackMeta(msgspec.Struct):
    version: int
    start_time_s: float
    headings: list[_HeadingMeta]
    notes: list[Note]
    hidden: list[tuple[int, int]] = []


def encode_track(track: Track) -> bytes:
    """The Parquet bytes of a track; the same track gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    named: dict[str, Any] = {name: _numbers(name, track.columns[name]) for name in track.columns}
    named |= {_FLAG + name: _flags(values) for name, values in track.flags.items()}
    for number, heading in enumerate(track.headings):
        named[f"{_HEADING}{number}"] = _numbers("heading_deg", heading.heading_deg)
    claims = [_HeadingMeta(each.source, each.claim, each.north) for each in track.headings]
    meta = _TrackMeta(
        _TRACK_VERSION, track.start_time_s, claims, list(track.notes), list(track.hidden)
    )
    table = pa.table(named, metadata={TRACK_KEY: msgspec.json.encode(meta)})
    sink = io.BytesIO()
    encodings = {name: _encoding(values) for name, values in named.items()}
    options = {"use_dictionary": False, "column_encoding": encodings, "write_statistics": False}
    pq.write_table(table, sink, compression="zstd", store_decimal_as_integer=True, **options)
    return sink.getvalue()


def _encoding(values: Any) -> str:  # noqa: ANN401 - pyarrow has no types
    """Differences of integers, and bytes of equal weight of floats side by side, pack best."""
    kind = str(values.type)
    if kind.startswith("decimal"):
        return "DELTA_BINARY_PACKED"
    return "PLAIN" if kind == "bool" else "BYTE_STREAM_SPLIT"


def _numbers(name: str, values: FloatArray) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    is_double = name in DOUBLE_PRECISION
    exact = np.asarray(values, np.float64 if is_double else np.float32)
    known = ~np.isnan(exact)  # NaN becomes null
    as_decimals = _decimals(name, np.asarray(values, np.float64), exact, known)
    if as_decimals is not None:
        return as_decimals
    kind = pa.float64() if is_double else pa.float32()
    return _array(kind, exact.tobytes(), len(exact), None if known.all() else known)


def _decimals(name: str, values: FloatArray, exact: Any, known: BoolArray) -> Any:  # noqa: ANN401
    """The numbers as decimals of no more digits than they have, or None if they are not rounded.

    Args:
        name: of the column, which tells how many decimals it was rounded to.
        values: (n,) the numbers.
        exact: the same as they are to be read back, bit for bit.
        known: (n,) which are not NaN.
    """
    import pyarrow as pa

    try:
        digits = decimals(name)
    except KeyError:
        return None
    every, unit = bool(known.all()), _power_of_ten(digits)
    numbers = values if every else np.where(known, values, 0.0)
    if not (np.abs(numbers) < _MOST_WHOLE / unit).all():
        return None
    scaled = np.rint(numbers * unit).astype(np.int64)
    bits = f"u{exact.itemsize}"
    same = (scaled / unit).astype(exact.dtype).view(bits) == exact.view(bits)
    if not (same if every else same[known]).all():
        return None
    while digits and not (scaled[:_FIRST] % 10).any():
        tenth = scaled // 10
        if not np.array_equal(10 * tenth, scaled):
            break
        scaled, digits = tenth, digits - 1
    precision = 9 if np.abs(scaled).max(initial=0) < 10**9 else 18  # of 32 bits, or of 64
    words = np.empty((len(scaled), 2), np.int64)  # a decimal of Arrow has 128 bits
    words[:, 0], words[:, 1] = scaled, scaled >> 63
    kind = pa.decimal128(precision, digits)
    return _array(kind, words.tobytes(), len(scaled), None if every else known)


def _power_of_ten(exponent: int) -> float:
    """Read from text, which is exact: what ``**`` gives depends on the processor's library."""
    return float(f"1e{exponent}")


def _flags(values: BoolArray) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    return _array(pa.bool_(), _bits(values), len(values), None)


def _array(kind: object, data: bytes, length: int, known: BoolArray | None) -> Any:  # noqa: ANN401
    """An Arrow array of raw values.

    ``pa.array`` would do, but it imports pandas, to ask whether it was given a Series: a third of
    a second and 40 MB for every worker.
    """
    import pyarrow as pa

    validity = None if known is None else pa.py_buffer(_bits(known))
    return pa.Array.from_buffers(kind, length, [validity, pa.py_buffer(data)])


def _bits(values: BoolArray) -> bytes:
    return np.packbits(values, bitorder="little").tobytes()


def decode_track(data: bytes) -> Track:
    """The track of Parquet bytes.

    Raises:
        ArchiveError: the bytes are damaged or not a track of this version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
        meta = msgspec.json.decode((table.schema.metadata or {})[TRACK_KEY], type=_TrackMeta)
        columns, flags, headings = _columns_by_kind(table)
    except (pa.ArrowException, msgspec.MsgspecError, OSError, *_NOT_A_TRACK) as problem:
        words = f"a stored track cannot be read: {str(problem)[:200]}"
        raise ArchiveError("archive-track-damaged", words) from problem
    claims = zip(meta.headings, headings, strict=True)
    tracks = (HeadingTrack(a.source, a.claim, a.north, values) for a, values in claims)  # type: ignore[arg-type]
    notes, hidden = tuple(meta.notes), tuple(meta.hidden)
    return Track(meta.start_time_s, columns, flags, tuple(tracks), notes, hidden=hidden)


def _columns_by_kind(
    table: Any,  # noqa: ANN401 - pyarrow has no types
) -> tuple[dict[str, FloatArray], dict[str, BoolArray], list[FloatArray]]:
    columns: dict[str, FloatArray] = {}
    flags: dict[str, BoolArray] = {}
    headings: list[FloatArray] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.combine_chunks()
        if name.startswith(_FLAG):
            flags[name.removeprefix(_FLAG)] = _bools(values)
        elif name.startswith(_HEADING):
            headings.append(_floats(values))
        else:
            columns[name] = _floats(values, is_double=name in DOUBLE_PRECISION)
    return columns, flags, headings


def _floats(array: Any, *, is_double: bool = False) -> FloatArray:  # noqa: ANN401 - pyarrow has no types
    """Null becomes NaN; ``to_numpy`` would import pandas for it, as ``pa.array`` does."""
    validity, data = array.buffers()
    if str(array.type).startswith("decimal128"):
        scaled = np.frombuffer(data, np.int64)[::2] / _power_of_ten(array.type.scale)
        held = scaled if is_double else scaled.astype(np.float32)
    else:
        held = np.frombuffer(data, np.dtype(array.type.to_pandas_dtype()))
    values: FloatArray = held[array.offset : array.offset + len(array)].astype(np.float64)
    if array.null_count:
        values[~_unpacked(validity, array)] = np.nan
    return values


def _bools(array: Any) -> BoolArray:  # noqa: ANN401 - pyarrow has no types
    return _unpacked(array.buffers()[1], array)


def _unpacked(bits: Any, array: Any) -> BoolArray:  # noqa: ANN401 - pyarrow has no types
    end = array.offset + len(array)
    bytes_held = np.frombuffer(bits, np.uint8)
    return np.unpackbits(bytes_held, count=end, bitorder="little")[array.offset :].astype(np.bool_)
