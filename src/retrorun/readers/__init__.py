"""Bytes → recordings, whatever the format.

A file's format is recognised by its content, never by its name. A reader repairs nothing: it gives
the file's own times and values in SI units, says in notes what it left out, and ends in recordings,
a ReadError or a NotARunError whatever the bytes are. Then longitudes are brought between −180 and
180°, and clocks are put right.
"""

import io
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from retrorun.errors import ReadError
from retrorun.readers.registry import MemberError, is_archive, reader_of, unreadable

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from retrorun.model import Export, Note, Recording
    from retrorun.settings import ReadLimits
    from retrorun.units import FloatArray

# of gzip files
_SMALL_BYTES = 1 << 20  # below this size any ratio is harmless
_CHUNK_BYTES = 1 << 20  # most bytes that a decoder gives at a time
_LEAST_FED_BYTES, _MOST_FED_BYTES = 1 << 9, 1 << 18  # bytes given to a member's decoder at a time
_LAYERS = 3
_MOST_COMPARED = 10  # recordings of a file at the same time that one is compared with
_MOST_MEMBERS = 250_000  # of one file; block-compressed ones have one for 64 kB

_BESIDE_M, _BESIDE_SHARE = 60.0, 0.9  # two devices on one athlete lie so near for most of the time
_BESIDE_S = 60.0  # no place is taken from between samples that lie further apart
_HALF_TURN_DEG, _TURN_DEG = 180.0, 360.0

__all__ = ["MemberError", "is_archive", "members", "read"]


def members(
    name: str, content: "bytes | Path | IO[bytes]", limits: "ReadLimits", *, tables: bool = False
) -> Iterator[tuple[str, bytes | MemberError]]:
    """Yield the recordings in an archive; see ``containers.archives.members``."""
    from retrorun.readers.containers import archives

    return archives.members(name, content, limits, tables=tables)


def read(name: str, data: bytes, limits: "ReadLimits") -> "Export":
    """Read one file.

    Args:
        name: the file's name, for messages only; its kind is found by its content.
        data: all its bytes, gzipped or not.
        limits: bounds on what it may cost.

    Raises:
        ReadError: the bytes are no recording, or no clock can have given its times. A recording
            beside others is passed over instead, with this reason.
        NotARunError: there is no run or walk in it.
    """
    import hashlib

    from retrorun.model import Export, Note, Source

    if len(data) > limits.file_bytes:
        raise ReadError("too-large", f"over {limits.file_bytes} bytes", file=name)
    source = Source(name=name, sha256=hashlib.sha256(data).hexdigest())
    plain, is_cut = gunzip(name, data, limits)
    reader = reader_of(source.name, plain)
    if reader is None:
        raise unreadable(source.name, plain)
    export = reader.read(source, plain, limits)
    source = export.source
    export = replace(export, recordings=tuple(map(_with_wrapped_longitudes, export.recordings)))
    export = _without_copies(export)
    runs, refused = _with_repaired_clocks(export, limits)
    if is_cut:
        words = "the gzip file is cut short; what came before it was kept"
        warnings = (*source.warnings, Note("gzip-truncated", words))
        source = replace(source, salvaged=True, warnings=warnings)
    passed_over = (*export.passed_over, *refused)
    return Export(source=source, recordings=runs, passed_over=passed_over)


def _with_wrapped_longitudes(one: "Recording") -> "Recording":
    """The recording with longitudes of 180 to 360°, as charts have, below 0°; larger ones stay."""
    import numpy as np

    from retrorun.units import wrap_deg

    given_deg = one.columns.get("longitude_deg", np.empty(0))
    around = (np.abs(given_deg) > _HALF_TURN_DEG) & (np.abs(given_deg) <= _TURN_DEG)
    if not around.any():
        return one
    wrapped = {"longitude_deg": np.where(around, wrap_deg(given_deg), given_deg)}
    return replace(one, columns={**one.columns, **wrapped})


def _without_copies(export: "Export") -> "Export":
    """Without recordings of which every sample stands in another one: some writers repeat a track.

    Nobody runs two runs at once: where two devices recorded one, it counts once, too. Of copies the
    longer one is kept, of equal ones that with a heading, more channels, more laps or a name.
    """
    from retrorun.model import Note

    runs = export.recordings

    def rank(at: int) -> tuple[int, bool, int, int, bool, int]:
        run = runs[at]
        size, channels, laps = run.time_s.size, len(run.columns), len(run.laps)
        return -size, not run.headings, -channels, -laps, not run.name, at

    copies, whole = set[int](), dict[int, _Sorted]()
    for at in sorted(range(len(runs)), key=rank) if len(runs) > 1 else ():
        one = _Sorted(runs[at])
        kept = whole.values()
        around = (each for each in kept if each.start_s <= one.start_s and one.end_s <= each.end_s)
        if any(one.is_copy_of(each) for each in islice(around, _MOST_COMPARED)):
            copies.add(at)
        else:
            whole[at] = one
    beside = _beside(whole)
    notes = []
    if copies:
        words = f"{len(copies)} recordings hold the same samples as another one and were left out"
        notes.append(Note("same-recording", words))
    if beside:
        why = f"{len(beside)} recordings go the same way at the same time as another one; left out"
        notes.append(Note("same-run", why))
    left = tuple(each for at, each in enumerate(runs) if at not in copies | beside)
    return replace(export, recordings=left, passed_over=(*export.passed_over, *notes))


def _beside(runs: "dict[int, _Sorted]") -> set[int]:
    """Which recordings went beside a longer one, or one about as long that tells more."""
    kept = dict[int | None, _Sorted]()
    for at in sorted(runs, key=lambda at: runs[at].start_s - runs[at].end_s):
        one = runs[at]
        near = (n for n, it in kept.items() if it.start_s <= one.end_s and one.start_s <= it.end_s)
        other = next((n for n in islice(near, _MOST_COMPARED) if one.runs_beside(kept[n])), None)
        if other is None or one.tells_more_than(kept[other]):
            kept.pop(other, None)
            kept[at] = one
    return runs.keys() - kept.keys()


class _Sorted:
    """A recording of one sample or more, in order of time, to be compared with others."""

    def __init__(self, run: "Recording") -> None:
        import numpy as np

        order = np.argsort(run.time_s, kind="stable")
        self.time_s = run.time_s[order]
        self.columns = {name: values[order] for name, values in run.columns.items()}
        self.has_heading, self.sport = bool(run.headings), run.sport
        self.start_s, self.end_s = float(self.time_s[0]), float(self.time_s[-1])

    def tells_more_than(self, other: "_Sorted") -> bool:
        """Whether it is about as long as another one, and has a heading or more channels."""
        least_s = _BESIDE_SHARE * (other.end_s - other.start_s)
        own, others = ((each.has_heading, len(each.columns)) for each in (self, other))
        return own > others and self.end_s - self.start_s >= least_s

    def is_copy_of(self, other: "_Sorted") -> bool:
        """Whether each sample stands in another recording, with all columns that it has."""
        import numpy as np

        if self.has_heading and not other.has_heading:
            return False
        place = np.searchsorted(other.time_s, self.time_s)
        if place[-1] >= other.time_s.size or (other.time_s[place] != self.time_s).any():
            return False
        return all(
            name in other.columns
            and np.array_equal(values, other.columns[name][place], equal_nan=True)
            for name, values in self.columns.items()
        )

    def runs_beside(self, other: "_Sorted") -> bool:
        """Whether another recording of the same sport was near it for most of its time."""
        import numpy as np

        from retrorun import arithmetic

        is_lost = self.has_heading and not other.has_heading  # a heading of a part of the run
        if (is_lost and not self.tells_more_than(other)) or self.sport != other.sport:
            return False
        places = [self.fixes(), other.fixes()]
        if min(each.shape[1] for each in places) < 2:
            return False
        (time_s, *own), (times_s, *others) = places
        after = np.searchsorted(times_s, time_s).clip(1, times_s.size - 1)
        met = (time_s >= times_s[0]) & (time_s <= times_s[-1])
        met &= times_s[after] - times_s[after - 1] <= _BESIDE_S
        if met.mean() < _BESIDE_SHARE:
            return False
        met_s = time_s[met]
        latitude, longitude = (
            np.ravel(np.stack((mine[met], arithmetic.interpolate(met_s, times_s, each))), "F")
            for mine, each in zip(own, others, strict=True)
        )
        near = arithmetic.ways_m(latitude, longitude)[::2] <= _BESIDE_M
        return bool(near.mean() >= _BESIDE_SHARE)

    def fixes(self) -> "FloatArray":
        """Rising times, latitudes and longitudes of the samples with a position, (3, k)."""
        import numpy as np

        none = np.full(self.time_s.size, np.nan)
        names = ("latitude_deg", "longitude_deg")
        found = np.stack((self.time_s, *(self.columns.get(name, none) for name in names)))
        found = found[:, np.isfinite(found).all(axis=0)]
        return found[:, np.diff(found[0], prepend=-np.inf) > 0]


def _with_repaired_clocks(
    export: "Export", limits: "ReadLimits"
) -> "tuple[tuple[Recording, ...], tuple[Note, ...]]":
    """The recordings with times that a clock can have given, and why the others are left out.

    Raises:
        ReadError: none is left; the first reason.
    """
    from retrorun.model import Note
    from retrorun.readers.clock import repair_clock

    source, problems, runs = export.source, list[ReadError](), list["Recording"]()
    for each in export.recordings:
        try:
            runs.extend(repair_clock(each, source.format or "", source.name, limits))
        except ReadError as problem:
            problems.append(problem)
    if problems and not runs:
        raise problems[0]
    return tuple(runs), tuple(Note(each.slug, each.message) for each in problems)


def gunzip(name: str, data: bytes, limits: "ReadLimits") -> tuple[bytes, bool]:
    """The content of gzip layers, and whether the last one was cut short.

    Raises:
        ReadError: too large, too tightly packed, too many layers or members, or no gzip at all.
    """
    cut = False
    for _ in range(_LAYERS):
        if data[:2] != b"\x1f\x8b":
            return data, cut
        data, cut = _gzip_layer(name, data, limits)
    raise ReadError("gzip-nested", f"gzip within gzip, {_LAYERS} deep or more", file=name)


def _gzip_layer(name: str, data: bytes, limits: "ReadLimits") -> tuple[bytes, bool]:
    most = min(limits.unpacked_bytes, max(_SMALL_BYTES, int(len(data) * limits.compression_ratio)))
    content, position = io.BytesIO(), 0
    for _ in range(_MOST_MEMBERS):
        if data[position : position + 2] != b"\x1f\x8b":  # members may follow each other
            return content.getvalue(), False
        try:
            end = _gzip_member(data, position, content, most)
        except zlib.error as problem:
            if not content.tell():
                raise ReadError("gzip-broken", f"not readable: {problem}", file=name) from problem
            end = None
        if content.tell() > most:
            raise ReadError("gzip-too-large", f"unpacks to over {most} bytes", file=name)
        if end is None:
            return content.getvalue(), True
        position = end
    message = f"more than {_MOST_MEMBERS} gzip members"
    raise ReadError("gzip-too-many", message, file=name)


def _gzip_member(data: bytes, start: int, content: io.BytesIO, most: int) -> int | None:
    """Unpack one member, to little more than is allowed: where it ends, None if it is cut short.

    What is fed grows from little: what a member leaves over is copied, and there may be many.
    """
    decoder, position, size = zlib.decompressobj(wbits=31), start, _LEAST_FED_BYTES
    while position < len(data) and not decoder.eof and content.tell() <= most:
        fed = data[position : position + size]
        content.write(decoder.decompress(fed, _CHUNK_BYTES))
        position += len(fed) - len(decoder.unconsumed_tail) - len(decoder.unused_data)
        size = min(4 * size, _MOST_FED_BYTES)
    return position if decoder.eof else None
