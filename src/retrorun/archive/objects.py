"""Files under their own SHA-256: the tracks and the original exports.

An original is packed so that common programs unpack it bit by bit: text as gzip, a FIT file as xz.
The records of a FIT file are mostly of one length, so its bytes are first replaced by differences
to those of the record before (the delta filter of xz), which halves what is left.
"""

import gzip
import hashlib
import lzma
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from retrorun.archive.database import translate_errors
from retrorun.errors import ArchiveError

UNREADABLE = "archive-object-unreadable"  # slug: the system says why, and nothing of the bytes
_SHA256 = re.compile("[0-9a-f]{64}")


class Objects(msgspec.Struct, frozen=True):
    """A folder of immutable files, each under the hash of what it holds.

    Attributes:
        root: the folder.
        suffixes: of the files in it: the first one, but of what is packed as xz ``.xz``.
    """

    root: Path
    suffixes: tuple[str, ...]

    def path(self, sha256: str) -> Path:
        """Where the file of that hash lies, or would lie."""
        paths = self._paths(sha256)
        return next((each for each in paths if each.is_file()), paths[0])

    def _paths(self, sha256: str) -> list[Path]:
        return [self.root / sha256[:2] / f"{sha256}{suffix}" for suffix in self.suffixes]

    def put(self, sha256: str, data: bytes) -> None:
        """Write a file, whole or not at all, and onto the disk before returning.

        One that is there and holds other bytes is replaced: they are not what its name says.

        Raises:
            ArchiveError: the disk is full or cannot be written.
        """
        with translate_errors(self.root.parent):
            self._put(sha256, data)

    def _put(self, sha256: str, data: bytes) -> None:
        paths = self._paths(sha256)
        suffix = XZ if XZ in self.suffixes and data.startswith(_XZ_MAGIC) else self.suffixes[0]
        target = paths[self.suffixes.index(suffix)]
        if _holds(target, data):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with partial.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        for other in paths:
            if other != target:
                other.unlink(missing_ok=True)

    def get(self, sha256: str) -> bytes:
        """The bytes of a file as stored.

        Raises:
            ArchiveError: ``archive-object-missing``, or ``archive-object-unreadable`` where it may
                be there and sound.
        """
        path = self.path(sha256)
        try:
            return path.read_bytes()
        except FileNotFoundError as problem:
            words = f"{path.name} cannot be read: {problem.strerror}"
            raise ArchiveError("archive-object-missing", words, file=str(self.root)) from problem
        except OSError as problem:
            words = f"{path.name} cannot be read: {problem.strerror}"
            is_denied = isinstance(problem, PermissionError)
            remedy = (
                "Give yourself the right to." if is_denied else "Check the disk and its limits."
            )
            raise ArchiveError(UNREADABLE, words, file=str(self.root), remedy=remedy) from problem

    def hashes(self) -> Iterator[str]:
        """The hashes of all files there are; a file of another name is not the archive's."""
        for suffix in self.suffixes:
            for path in self.root.glob(f"??/*{suffix}"):
                sha256 = path.name.removesuffix(suffix)
                if _SHA256.fullmatch(sha256) and sha256.startswith(path.parent.name):
                    yield sha256

    def leftovers(self) -> Iterator[Path]:
        """What a killed writer left behind."""
        for path in self.root.glob("??/.*.part"):
            if _SHA256.match(path.name, 1):
                yield path


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


GZ, XZ = ".gz", ".xz"
_XZ_MAGIC = b"\xfd7zXZ\x00"
_FIT, _FIT_AT = b".FIT", 8  # what stands at this place of a FIT file
_LEAST_BYTES = 1 << 13  # below this, what xz says of itself takes more than it saves
_SAMPLE_BYTES = 1 << 15  # from the middle of a file, to find the length of its records
_WINDOW_BYTES = 1 << 14  # what repeats does so within some records: a longer window saves nothing
_MOST_STRIDE = 200  # bytes; xz knows up to 256


def pack(data: bytes) -> bytes:
    """An original as it is kept, without time or name: the same for the same bytes."""
    if data[_FIT_AT : _FIT_AT + len(_FIT)] == _FIT and len(data) >= _LEAST_BYTES:
        filters = [
            {"id": lzma.FILTER_DELTA, "dist": _stride(data)},
            {"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": _WINDOW_BYTES, "depth": 1},
        ]
        return lzma.compress(data, check=lzma.CHECK_CRC32, filters=filters)
    return gzip.compress(data, compresslevel=1, mtime=0)


def _stride(data: bytes) -> int:
    """At what distance most bytes are equal: the length of a record, where most are of one."""
    import numpy as np  # planning must not load it

    first = max(0, (len(data) - _SAMPLE_BYTES) // 2)
    sample = np.frombuffer(data, np.uint8)[first : first + _SAMPLE_BYTES]
    alike = [
        np.count_nonzero(sample[stride:] == sample[:-stride]) / (sample.size - stride)
        for stride in range(1, _MOST_STRIDE + 1)
    ]
    return 1 + int(np.argmax(alike))


def unpack(packed: bytes) -> bytes:
    """The original again.

    Raises:
        ArchiveError: the stored bytes are damaged.
    """
    try:
        is_xz = packed.startswith(_XZ_MAGIC)
        return lzma.decompress(packed) if is_xz else gzip.decompress(packed)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as problem:
        raise ArchiveError("archive-original-damaged", str(problem)) from problem
