"""A track as one Parquet file: readable by anything, a few ten kilobytes an hour.

Columns keep their names; positions are float64, everything else float32 (x and y to a
millimetre, heart rate exactly); NaN becomes null. A flag is a boolean column ``flag:<name>``, a
heading candidate ``heading:<number>``. Start time, notes and what each heading claims to be stand
in the file's metadata under ``retrorun`` as JSON.
"""

import io
from typing import Any

import msgspec
import numpy as np

from retrorun.errors import ArchiveError
from retrorun.model import HeadingTrack, Note, Track
from retrorun.units import BoolArray, FloatArray

PRECISE = ("latitude_deg", "longitude_deg")  # float32 would be 1.7 m
FLAG, HEADING, KEY = "flag:", "heading:", b"retrorun"
VERSION = 1
_ODD = (KeyError, ValueError, TypeError)  # Parquet, but no track


class _Claim(msgspec.Struct):
    source: str
    claim: str
    north: str


class _Meta(msgspec.Struct):
    version: int
    start_time_s: float
    headings: list[_Claim]
    notes: list[Note]
    hidden: list[tuple[int, int]] = []


def encode(track: Track) -> bytes:
    """The Parquet bytes of a track; the same track gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    named: dict[str, Any] = {name: _numbers(name, track.columns[name]) for name in track.columns}
    named |= {FLAG + name: _flags(values) for name, values in track.flags.items()}
    for number, heading in enumerate(track.headings):
        named[f"{HEADING}{number}"] = _numbers(heading.source, heading.heading_deg)
    claims = [_Claim(each.source, each.claim, each.north) for each in track.headings]
    meta = _Meta(VERSION, track.start_time_s, claims, list(track.notes), list(track.hidden))
    table = pa.table(named, metadata={KEY: msgspec.json.encode(meta)})
    sink = io.BytesIO()
    floats = [name for name in named if not name.startswith(FLAG)]
    # bytes of equal weight side by side pack better than a dictionary, in half the time
    options = {"use_dictionary": False, "use_byte_stream_split": floats, "write_statistics": False}
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue()


def _numbers(name: str, values: FloatArray) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    precise = name in PRECISE
    exact = np.asarray(values, np.float64 if precise else np.float32)
    known = ~np.isnan(exact)  # NaN becomes null
    kind = pa.float64() if precise else pa.float32()
    return _array(kind, exact.tobytes(), len(exact), None if known.all() else known)


def _flags(values: BoolArray) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    return _array(pa.bool_(), _bits(values), len(values), None)


def _array(kind: object, data: bytes, length: int, known: BoolArray | None) -> Any:  # noqa: ANN401
    """An Arrow array of raw values.

    ``pa.array`` would do, but it imports pandas, to ask whether it was given a Series: a third of
    a second and 40 MB for every worker.
    """
    import pyarrow as pa

    there = None if known is None else pa.py_buffer(_bits(known))
    return pa.Array.from_buffers(kind, length, [there, pa.py_buffer(data)])


def _bits(values: BoolArray) -> bytes:
    return np.packbits(values, bitorder="little").tobytes()


def decode(data: bytes) -> Track:
    """The track of Parquet bytes.

    Raises:
        ArchiveError: the bytes are damaged or not a track of this version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
        meta = msgspec.json.decode((table.schema.metadata or {})[KEY], type=_Meta)
        columns, flags, headings = _sorted(table)
    except (pa.ArrowException, msgspec.MsgspecError, OSError, *_ODD) as problem:
        words = f"a stored track cannot be read: {str(problem)[:200]}"
        raise ArchiveError("archive-track-damaged", words) from problem
    claims = zip(meta.headings, headings, strict=True)
    tracks = (HeadingTrack(a.source, a.claim, a.north, values) for a, values in claims)  # type: ignore[arg-type]
    notes, hidden = tuple(meta.notes), tuple(meta.hidden)
    return Track(meta.start_time_s, columns, flags, tuple(tracks), notes, hidden=hidden)


def _sorted(
    table: Any,  # noqa: ANN401 - pyarrow has no types
) -> tuple[dict[str, FloatArray], dict[str, BoolArray], list[FloatArray]]:
    columns: dict[str, FloatArray] = {}
    flags: dict[str, BoolArray] = {}
    headings: list[FloatArray] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.combine_chunks()
        if name.startswith(FLAG):
            flags[name.removeprefix(FLAG)] = _truths(values)
        elif name.startswith(HEADING):
            headings.append(_floats(values))
        else:
            columns[name] = _floats(values)
    return columns, flags, headings


def _floats(array: Any) -> FloatArray:  # noqa: ANN401 - pyarrow has no types
    """Null becomes NaN; ``to_numpy`` would import pandas for it, as ``pa.array`` does."""
    there, data = array.buffers()
    kind = np.dtype(array.type.to_pandas_dtype())
    held = np.frombuffer(data, kind)[array.offset : array.offset + len(array)]
    values = held.astype(np.float64)
    if array.null_count:
        values[~_unpacked(there, array)] = np.nan
    return values


def _truths(array: Any) -> BoolArray:  # noqa: ANN401 - pyarrow has no types
    return _unpacked(array.buffers()[1], array)


def _unpacked(bits: Any, array: Any) -> BoolArray:  # noqa: ANN401 - pyarrow has no types
    end = array.offset + len(array)
    bytes_held = np.frombuffer(bits, np.uint8)
    return np.unpackbits(bytes_held, count=end, bitorder="little")[array.offset :].astype(np.bool_)
