"""A zip that is read from a stream, within bounds, and what zipfile raises where it is damaged."""

import lzma
import math
import struct
import zipfile
import zlib
from typing import IO

from retrorun.errors import ReadError

_MOST_LISTED = 16 << 20  # bytes of a table of contents
UNPACKING_ERRORS = (  # what zipfile and its decompressors raise on damaged archives
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError),
    *(OSError, ValueError, IndexError, KeyError, OverflowError),
    *(struct.error, lzma.LZMAError),
)


def open_zip(stream: IO[bytes], name: str, most_passed: float = math.inf) -> zipfile.ZipFile:
    """A zip that is read from a stream.

    Raises:
        ReadError: its table of contents is too large.
        BadZipFile: it is none, or others of ``UNPACKING_ERRORS``.
    """
    return zipfile.ZipFile(_Watched(stream, name, most_passed))


class _Watched:
    """A stream of which no large piece is read at once, nor too much in all.

    Args:
        stream: can be read at any place.
        name: of the archive, for messages.
        most_passed: bytes that may be passed over; going back passes over all up to there.
    """

    def __init__(self, stream: IO[bytes], name: str, most_passed: float) -> None:
        self.stream, self.name, self.left = stream, name, most_passed

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
