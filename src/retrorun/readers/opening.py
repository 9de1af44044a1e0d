"""A member of a zip, opened without believing what its entry claims."""

import io
import lzma
import math
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from retrorun.errors import NotARunError, ReadError
from retrorun.settings import ReadLimits

MemberError = ReadError | NotARunError

_SMALL = 1 << 20  # below this size any ratio is harmless
_CHUNK = 1 << 20
_ALLOWANCE = 64 << 20  # unpacked bytes of an archive that its packed bytes need not account for
_MOST_LISTED = 16 << 20  # bytes of a table of contents
_HELD = 64 << 20  # a zip within a zip that is no larger is held as a whole
_PASSES = 16  # over the packed bytes of a larger one: going back means to read it again
_UNPACKED = 3  # and over its unpacked bytes, for those that are packed tightly
_SLOW = 20  # bzip2 and LZMA take so many times as long as deflate
BROKEN = (  # what zipfile and its decompressors raise on damaged archives
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError),
    *(OSError, ValueError, IndexError, KeyError, OverflowError),
    *(struct.error, lzma.LZMAError),
)


def refusal(name: str, info: zipfile.ZipInfo) -> ReadError | None:
    """Why a member is not opened at all, by its entry; None if it may be."""
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in (parts or ("",))[0]:
        return ReadError("member-outside", "its path leads out of the archive", file=name)
    if stat.S_ISLNK(info.external_attr >> 16):
        return ReadError("member-link", "a link, not a file", file=name)
    if info.flag_bits & 0x1:
        return ReadError("member-encrypted", "it is encrypted", file=name)
    return None


def broken(name: str, problem: BaseException) -> ReadError:
    """The error of a member that cannot be unpacked."""
    return ReadError("member-broken", f"cannot be unpacked: {problem}", file=name)


@dataclass(slots=True)
class Opener:
    """Reads members and counts what that cost, all members of all nested archives together."""

    limits: ReadLimits
    unpacked: int = 0
    allowance: float = _ALLOWANCE

    def content(self, name: str, stream: IO[bytes], info: zipfile.ZipInfo) -> bytes:
        """Bytes of a member, as long as they are few enough.

        Raises:
            ReadError: they are too many, for themselves, for their packed size or for the archive.
        """
        self.refuse_large(name, info, self.limits.file_bytes)
        content = io.BytesIO()
        while piece := stream.read(_CHUNK):  # no more than its entry claims
            content.write(piece)
        self._spend(content.tell(), info)
        return content.getvalue()

    def refuse_large(self, name: str, info: zipfile.ZipInfo, most: int) -> None:
        """Refuse a member by what its entry claims to unpack to; no more is ever read of it.

        Raises:
            ReadError: it is too large, for itself, for its packed size or for the archive.
        """
        ratio = int(max(info.compress_size, 1) * self.limits.compression_ratio)
        left = max(0.0, self.allowance + ratio)
        most = min(most, max(_SMALL, ratio), int(left / _weight(info)))
        most = min(most, max(0, self.limits.archive_bytes - self.unpacked))
        if info.file_size > most:
            raise ReadError("member-too-large", f"unpacks to over {most} bytes", file=name)

    def _spend(self, size: int, info: zipfile.ZipInfo) -> None:
        self.unpacked += size
        earned = info.compress_size * self.limits.compression_ratio
        self.allowance += min(0.0, earned - size * _weight(info))

    @contextmanager
    def within(
        self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo
    ) -> Iterator[zipfile.ZipFile]:
        """A zip within a zip; a large one is read through its own stream, never held as a whole.

        Raises:
            ReadError: it is refused, or too large for its packed size.
        """
        reason = refusal(name, info)
        if reason:
            raise reason
        self.refuse_large(name, info, self.limits.archive_bytes)
        if info.file_size <= _HELD:
            with zipped(io.BytesIO(self.whole(name, archive, info)), name) as inner:
                yield inner
            return
        most_passed = _PASSES * info.compress_size + _UNPACKED * info.file_size
        with archive.open(info) as stream, zipped(stream, name, most_passed) as inner:
            yield inner

    def whole(self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        """All bytes of a member.

        Raises:
            ReadError: it is refused, too large or broken.
        """
        reason = refusal(name, info)
        if reason:
            raise reason
        try:
            with archive.open(info) as stream:
                return self.content(name, stream, info)
        except BROKEN as problem:
            raise broken(name, problem) from problem

    def head(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int) -> bytes:
        """The first bytes of a member; none of one that cannot be opened."""
        try:
            with archive.open(info) as stream:
                data = stream.read(size)
        except BROKEN:
            return b""
        self._spend(len(data), info)
        return data

    def pieces(self, stream: IO[bytes]) -> Iterator[bytes]:
        """A long member piece by piece, until the archive's allowance is spent."""
        while self.unpacked < self.limits.archive_bytes and (piece := stream.read(_CHUNK)):
            self.unpacked += len(piece)
            yield piece


def _weight(info: zipfile.ZipInfo) -> int:
    """How many times as long as deflate a member's bytes take."""
    return 1 if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else _SLOW


def zipped(stream: IO[bytes], name: str, most_passed: float = math.inf) -> zipfile.ZipFile:
    """A zip that is read from a stream.

    Raises:
        ReadError: its table of contents is too large.
        BadZipFile: it is none, or others of ``BROKEN``.
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
