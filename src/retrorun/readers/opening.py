"""A member of a zip, opened without believing what its entry claims."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from retrorun.errors import NotARunError, ReadError
from retrorun.settings import ReadLimits

MemberError = ReadError | NotARunError

_SMALL = 1 << 20  # below this size any ratio is harmless
_CHUNK = 1 << 20
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

    def content(self, name: str, stream: IO[bytes], info: zipfile.ZipInfo) -> bytes:
        """Bytes of a member, as long as they are few enough.

        Raises:
            ReadError: they are too many, for themselves or for their packed size.
        """
        ratio = int(max(info.compress_size, 1) * self.limits.compression_ratio)
        most = min(self.limits.file_bytes, max(_SMALL, ratio))
        most = min(most, max(0, self.limits.archive_bytes - self.unpacked))
        data = stream.read(most + 1)
        self.unpacked += len(data)
        if len(data) > most:
            raise ReadError("member-too-large", f"unpacks to over {most} bytes", file=name)
        return data

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
        self.unpacked += len(data)
        return data

    def pieces(self, stream: IO[bytes]) -> Iterator[bytes]:
        """A long member piece by piece, until the archive's allowance is spent."""
        while self.unpacked < self.limits.archive_bytes and (piece := stream.read(_CHUNK)):
            self.unpacked += len(piece)
            yield piece
