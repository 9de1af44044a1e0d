"""Archives, member by member: nothing is unpacked to disk, and no member is believed.

What a watch maker or a site hands out on request is recognised by its content: Strava's
``activities.csv`` names and types the activities, Garmin's account export holds zips within a zip,
Apple Health's routes are joined with the heart rate and steps of its ``export.xml``.
"""

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from retrorun.errors import NotARunError, ReadError
from retrorun.readers.apple_health import EXPORT, is_route, routes_with_health
from retrorun.readers.sensor_logger import COMPASSES, LOCATION, sensor_log
from retrorun.readers.sniff import sniff
from retrorun.readers.sports import is_on_foot
from retrorun.readers.strava import Told, activities
from retrorun.settings import ReadLimits

MemberError = ReadError | NotARunError
Member = tuple[str, bytes | MemberError]

_RECORDINGS = (".fit", ".gpx", ".tcx", ".fit.gz", ".gpx.gz", ".tcx.gz")
_INDEX = "activities.csv"
_SMALL = 1 << 20  # below this size any ratio is harmless
_CHUNK = 1 << 20
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError),
    *(OSError, ValueError, IndexError, KeyError, OverflowError),
    *(struct.error, lzma.LZMAError),
)


def is_archive(data: bytes) -> bool:
    """Whether a file's first bytes are those of a zip archive."""
    return sniff(data[:64]) == "zip"


def members(name: str, data_or_path: bytes | Path, limits: ReadLimits) -> Iterator[Member]:
    """Yield the recordings in an archive one by one, as ``(name, bytes)`` or ``(name, error)``.

    A member's name is ``archive.zip/path/in/it``, followed by the activity's own title in
    brackets where the archive tells one. Members that are no recordings by their name (pictures,
    tables) are passed over in silence.

    Args:
        name: the archive's name.
        data_or_path: its bytes or where it lies.
        limits: bounds on number, size, ratio and depth.

    Raises:
        ReadError: the archive itself cannot be opened.
    """
    walk = _Walk(limits)
    try:
        source = io.BytesIO(data_or_path) if isinstance(data_or_path, bytes) else data_or_path
        with zipfile.ZipFile(source) as archive:
            yield from walk.archive(name, archive, 1)
    except _BROKEN as problem:
        raise ReadError("archive-broken", f"no readable zip: {problem}", file=name) from problem


@dataclass(slots=True)
class _Walk:
    """One pass over an archive and those within it, with what may still be spent."""

    limits: ReadLimits
    seen: int = 0
    unpacked: int = 0
    told: dict[str, Told] = field(default_factory=dict)

    def archive(self, name: str, archive: zipfile.ZipFile, depth: int) -> Iterator[Member]:
        infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
        self.told = self._index(name, archive, infos)
        export = next((info for info in infos if EXPORT.search(info.filename)), None)
        routes: list[tuple[str, bytes]] = []
        for info in infos:
            self.seen += 1
            if self.seen > self.limits.archive_members:
                words = f"more than {self.limits.archive_members} members; the rest is left out"
                yield name, ReadError("archive-too-many", words, file=name)
                return
            for member in self._member(f"{name}/{info.filename}", archive, info, depth):
                if export and is_route(info.filename) and isinstance(member[1], bytes):
                    routes.append((member[0], member[1]))
                else:
                    yield member
        yield from self._sensor_log(name, archive, infos)
        if export and routes:
            yield from self._apple(f"{name}/{export.filename}", archive, export, routes)

    def _member(
        self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, depth: int
    ) -> Iterator[Member]:
        suffixes = info.filename.lower()
        nested = suffixes.endswith(".zip")
        if info.is_dir() or not (nested or suffixes.endswith(_RECORDINGS)):
            return
        told = self.told.get(info.filename)
        shown = f"{name} ({told.title.replace('/', '-')})" if told and told.title else name
        refusal = self._refusal(shown, info, told)
        if refusal:
            yield shown, refusal
            return
        try:
            with archive.open(info) as stream:
                if nested:
                    yield from self._nested(shown, stream, depth + 1)
                else:
                    yield shown, self._content(shown, stream, info)
        except _BROKEN as problem:
            yield shown, ReadError("member-broken", f"cannot be unpacked: {problem}", file=shown)

    def _refusal(self, name: str, info: zipfile.ZipInfo, told: Told | None) -> MemberError | None:
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in (parts or ("",))[0]:
            return ReadError("member-outside", "its path leads out of the archive", file=name)
        if stat.S_ISLNK(info.external_attr >> 16):
            return ReadError("member-link", "a link, not a file", file=name)
        if info.flag_bits & 0x1:
            return ReadError("member-encrypted", "it is encrypted", file=name)
        if told and is_on_foot(told.sport) == "no":
            return NotARunError("not-a-run", f"the archive calls it {told.sport}", file=name)
        return None

    def _content(self, name: str, stream: IO[bytes], info: zipfile.ZipInfo) -> bytes | ReadError:
        """Bytes of a member, as long as they are few enough whatever its entry claims."""
        ratio = int(max(info.compress_size, 1) * self.limits.compression_ratio)
        most = min(self.limits.file_bytes, max(_SMALL, ratio))
        most = min(most, max(0, self.limits.archive_bytes - self.unpacked))
        data = stream.read(most + 1)
        self.unpacked += len(data)
        if len(data) > most:
            return ReadError("member-too-large", f"unpacks to over {most} bytes", file=name)
        return data

    def _nested(self, name: str, stream: IO[bytes], depth: int) -> Iterator[Member]:
        """A zip within the zip, read through its own stream: it is never held as a whole."""
        if depth > self.limits.archive_depth:
            words = f"archives more than {self.limits.archive_depth} deep"
            yield name, ReadError("archive-too-deep", words, file=name)
            return
        outer = self.told
        with zipfile.ZipFile(stream) as inner:
            yield from self.archive(name, inner, depth)
        self.told = outer

    def _index(
        self, name: str, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> dict[str, Told]:
        """Strava's table of contents, if there is one that can be read."""
        info = next((one for one in infos if one.filename.endswith(_INDEX)), None)
        if info is None or info.flag_bits & 0x1:
            return {}
        try:
            with archive.open(info) as stream:
                data = self._content(name, stream, info)
        except _BROKEN:
            return {}
        folder = info.filename[: -len(_INDEX)]
        return activities(folder, data) if isinstance(data, bytes) else {}

    def _sensor_log(
        self, name: str, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> Iterator[Member]:
        """A phone's sensor log: its places and its compass are tables of their own."""
        by_name = {info.filename.rsplit("/", 1)[-1]: info for info in infos}
        location = by_name.get(LOCATION)
        compass = next((by_name[one] for one in COMPASSES if one in by_name), None)
        if location is None or compass is None:
            return
        shown = f"{name}/{location.filename}"
        refusal = self._refusal(shown, location, None) or self._refusal(shown, compass, None)
        if refusal:
            yield shown, refusal
            return
        try:
            tables = [self._whole(shown, archive, info) for info in (location, compass)]
            yield shown, sensor_log(shown, tables[0], tables[1], self.limits)
        except ReadError as reason:
            yield shown, reason
        except _BROKEN as problem:
            yield shown, ReadError("member-broken", f"cannot be unpacked: {problem}", file=shown)

    def _whole(self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        with archive.open(info) as stream:
            content = self._content(name, stream, info)
        if isinstance(content, ReadError):
            raise content
        return content

    def _pieces(self, stream: IO[bytes]) -> Iterator[bytes]:
        """A long member piece by piece, until the archive's allowance is spent."""
        while self.unpacked < self.limits.archive_bytes and (piece := stream.read(_CHUNK)):
            self.unpacked += len(piece)
            yield piece

    def _apple(
        self,
        name: str,
        archive: zipfile.ZipFile,
        export: zipfile.ZipInfo,
        routes: list[tuple[str, bytes]],
    ) -> Iterator[Member]:
        try:
            with archive.open(export) as stream:
                yield from routes_with_health(routes, self._pieces(stream), self.limits)
        except _BROKEN as problem:
            yield name, ReadError("member-broken", f"cannot be unpacked: {problem}", file=name)
            yield from routes
