"""Archives and exports that hold several files: opening them, and the tables that phones write."""

import csv
import io
import math
import zipfile
from array import array
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np

from retrorun.errors import ReadError
from retrorun.units import FloatArray

_SEPARATORS = (";", "\t", ",")
_LONGEST_LINE = 1 << 16  # characters: a phone's tables have some tens of columns


def separator(first: str) -> str:
    """What parts the columns of a table, by its first line."""
    return max(_SEPARATORS, key=first.count)


def columns_of(line: bytes) -> list[str]:
    """The names of the columns in a table's first line, in lower case."""
    text = line[:_LONGEST_LINE].decode("utf-8-sig", "replace")
    return [_head(one) for one in text.split(separator(text))]


def _head(cell: str) -> str:
    """A head in lower case, with one of the two characters for micro."""
    return cell.strip(' \t\r\n"').lower().replace("\u03bc", "µ")


def number(row: Sequence[str], at: int | None) -> float:
    """A cell's number, with a point or a comma; or NaN."""
    if at is None or at >= len(row):
        return float("nan")
    try:
        return float(row[at])
    except ValueError:
        pass
    try:
        return float(row[at].replace(",", "."))
    except ValueError:
        return float("nan")


def rows_of(data: bytes) -> Iterator[list[str]]:
    """The rows of a table one by one, its heads first.

    Raises:
        csv.Error: a line or a cell is too long.
    """
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", "replace", newline="")
    apart = separator(data[:_LONGEST_LINE].partition(b"\n")[0].decode("utf-8", "replace"))
    return csv.reader(_lines(text), delimiter=apart)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line has over {_LONGEST_LINE} characters")
        yield line


def read_columns(name: str, data: bytes, heads: Sequence[str], most: int) -> dict[str, FloatArray]:
    """The columns of these heads, (n,) each, NaN where a cell or the whole column is missing.

    Never are all rows held as text: a log of hours has millions.

    Args:
        name: for messages.
        data: the table.
        heads: in lower case; the first two must be there.
        most: how many rows it may have.

    Raises:
        ReadError: it is no table, lacks its columns, or has too many rows.
    """
    found = {one: array("d") for one in heads}
    rows = rows_of(data)
    try:
        known = [_head(one) for one in next(rows, [])]
        if not set(heads[:2]) <= set(known):
            words = f"no columns {heads[0]} and {heads[1]}"
            raise ReadError("csv-unknown", words, file=name)
        places = [
            (values.append, known.index(one) if one in known else None)
            for one, values in found.items()
        ]
        for count, row in enumerate(rows):
            if count >= most:
                raise ReadError("too-many-samples", f"more than {most} rows", file=name)
            for append, at in places:
                append(number(row, at))
    except csv.Error as problem:
        raise ReadError("csv-broken", f"no readable table: {problem}", file=name) from problem
    return {one: np.array(values, dtype=np.float64) for one, values in found.items()}


_MOST_LISTED = 16 << 20  # bytes of a zip's table of contents


def open_zip(stream: IO[bytes], name: str, most_skipped_bytes: float = math.inf) -> zipfile.ZipFile:
    """A zip that is read from a stream.

    Raises:
        ReadError: its table of contents is too large.
        BadZipFile: it is none, or others of ``UNPACKING_ERRORS``.
    """
    return zipfile.ZipFile(_GuardedStream(stream, name, most_skipped_bytes))


class _GuardedStream:
    """A stream of which no large piece is read at once, nor too much in all.

    Args:
        stream: can be read at any place.
        name: of the archive, for messages.
        most_skipped_bytes: how far seeks may go in all; going back counts from the beginning.
    """

    def __init__(self, stream: IO[bytes], name: str, most_skipped_bytes: float) -> None:
        self.stream, self.name, self.left = stream, name, most_skipped_bytes

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        if size > _MOST_LISTED:
            words = f"its table of contents has over {_MOST_LISTED} bytes"
            raise ReadError("archive-too-many", words, file=self.name)
        return self.stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of a file."""
        before = self.stream.tell()
        after = self.stream.seek(offset, whence)
        self.left -= after - before if after >= before else after
        if self.left < 0:
            words = "its members lie in an order that would take too long"
            raise ReadError("archive-costly", words, file=self.name)
        return after

    def tell(self) -> int:
        """As of a file."""
        return self.stream.tell()

    def seekable(self) -> bool:
        """As of a file."""
        return self.stream.seekable()

    def close(self) -> None:
        """As of a file."""
        self.stream.close()
