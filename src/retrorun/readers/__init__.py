"""Bytes → recordings, whatever the format.

A file's format is recognised by its content, never by its name. A reader repairs nothing: it gives
the file's own times and values in SI units, says in notes what it left out, and ends in recordings,
a ReadError or a NotARunError whatever the bytes are. Then clocks are put right.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from retrorun.errors import ReadError
from retrorun.readers.registry import MemberError, is_archive, reader_of, unreadable

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from retrorun.model import Export
    from retrorun.settings import ReadLimits

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
        ReadError: the bytes are no recording.
        NotARunError: there is no run or walk in it.
    """
    import hashlib

    from retrorun.model import Note, Source
    from retrorun.readers.clock import repair_clock
    from retrorun.readers.containers.archives import gunzip

    if len(data) > limits.file_bytes:
        raise ReadError("too-large", f"over {limits.file_bytes} bytes", file=name)
    source = Source(name=name, sha256=hashlib.sha256(data).hexdigest())
    plain, is_cut = gunzip(name, data, limits)
    reader = reader_of(source.name, plain)
    if reader is None:
        raise unreadable(source.name, plain)
    export = reader.read(source, plain, limits)
    source = export.source
    runs = tuple(
        run
        for each in export.recordings
        for run in repair_clock(each, source.format or "", source.name, limits)
    )
    if is_cut:
        words = "the gzip file is cut short; what came before it was kept"
        warnings = (*source.warnings, Note("gzip-truncated", words))
        source = replace(source, salvaged=True, warnings=warnings)
    return replace(export, source=source, recordings=runs)
