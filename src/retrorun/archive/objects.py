"""Files under their own SHA-256: the tracks and the original exports."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrorun.errors import ArchiveError


@dataclass(frozen=True, slots=True)
class Objects:
    """A folder of immutable files, each under the hash of what it holds.

    Attributes:
        root: the folder.
        suffix: of every file in it.
    """

    root: Path
    suffix: str

    def path(self, sha256: str) -> Path:
        """Where the file of that hash lies, or would lie."""
        return self.root / sha256[:2] / f"{sha256}{self.suffix}"

    def put(self, sha256: str, data: bytes) -> None:
        """Write a file, whole or not at all, and onto the disk before returning.

        One that is there and holds other bytes is replaced: they are not what its name says.
        """
        target = self.path(sha256)
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

    def get(self, sha256: str) -> bytes:
        """The bytes of a file as stored.

        Raises:
            ArchiveError: it is missing or cannot be read.
        """
        try:
            return self.path(sha256).read_bytes()
        except OSError as problem:
            words = f"{self.path(sha256).name} cannot be read: {problem.strerror}"
            raise ArchiveError("archive-object-missing", words, file=str(self.root)) from problem

    def hashes(self) -> Iterator[str]:
        """The hashes of all files there are."""
        for path in self.root.glob(f"??/*{self.suffix}"):
            if not path.name.startswith("."):
                yield path.name.removesuffix(self.suffix)

    def leftovers(self) -> Iterator[Path]:
        """What a killed writer left behind."""
        yield from self.root.glob("??/.*.part")


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def pack(data: bytes) -> bytes:
    """An original as it is kept: gzip without time or name, the same for the same bytes."""
    return gzip.compress(data, compresslevel=1, mtime=0)


def unpack(packed: bytes) -> bytes:
    """The original again.

    Raises:
        ArchiveError: the stored bytes are damaged.
    """
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as problem:
        raise ArchiveError("archive-original-damaged", str(problem)) from problem
