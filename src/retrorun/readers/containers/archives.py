"""Zip and tar archives → the bytes of the recordings in them.

No zip is unpacked to disk, and every size that an archive claims is checked while it is read. A tar
is copied to a zip in memory, a large one to a file that has no name.
Exports of accounts are recognised by their content: Strava's ``activities.csv`` has the activities'
names, types and dates, Garmin's export holds zips within a zip, Apple Health's routes are joined
with the heart rate and steps of its ``export.xml``, a phone's sensor log is a folder of tables.
"""

import io
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

import msgspec

from retrorun.errors import NotARunError, ReadError, StoreError, drive_error
from retrorun.readers.containers import (
    accounts,
    copy_tar,
    is_left_by_a_system,
    names_of,
    open_zip,
    overlap,
    phyphox,
    refusal,
    sensor_logger,
    temporary_file,
)
from retrorun.readers.containers.accounts import TABLE, ActivityRow, activities
from retrorun.readers.registry import (
    ARCHIVE_SUFFIXES,
    HEAD_BYTES,
    UNOPENED_SUFFIXES,
    MemberError,
    is_tar,
    reader_of,
    suffixes,
    unopened,
)
from retrorun.readers.sports import is_on_foot
from retrorun.settings import ReadLimits
from retrorun.text import file_key, text_of

_SMALL_BYTES = 1 << 20  # below this size any ratio is harmless
_CHUNK_BYTES = 1 << 20
_ALLOWANCE_BYTES = 64 << 20  # of an archive that its packed bytes need not account for
_MOST_HELD_BYTES = 64 << 20  # a zip within a zip that is no larger is held as a whole
_PACKED_PASSES = 16  # over the packed bytes of a larger one: going back means to read it again
_UNPACKED_PASSES = 3  # and over its unpacked bytes, for those that are packed tightly
_SLOW_FACTOR = 20  # bzip2 and LZMA take so many times as long as deflate
UNPACKING_ERRORS = (  # what zipfile and its decompressors raise on damaged archives
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError),
    *(OSError, ValueError, IndexError, KeyError, OverflowError),
    *(struct.error, lzma.LZMAError),
)


def unpacking_error(name: str, problem: Exception) -> MemberError:
    """The error of a member that cannot be unpacked.

    Raises:
        StoreError: it says nothing of the member: a drive failed, or a disk is full.
    """
    if isinstance(problem, StoreError):
        raise problem
    if isinstance(problem, (ReadError, NotARunError)):
        return problem
    if failing := drive_error(problem, name):
        raise failing from problem
    return ReadError("member-broken", f"cannot be unpacked: {problem}", file=name)


Opened = tuple[zipfile.ZipFile, ReadError | None]


class MemberReader(msgspec.Struct):
    """Reads members and counts what that cost, all members of all nested archives together."""

    limits: ReadLimits
    is_wanted: Callable[[str], bool] | None = None  # of a tar; else all that may be read
    unpacked: int = 0
    allowance: float = _ALLOWANCE_BYTES

    def content(self, name: str, stream: IO[bytes], info: zipfile.ZipInfo) -> bytes:
        """Bytes of a member, as long as they are few enough.

        Raises:
            ReadError: they are too many, for themselves, for their packed size or for the archive.
        """
        self.refuse_large(name, info, self.limits.file_bytes)
        content = io.BytesIO()
        while piece := stream.read(_CHUNK_BYTES):  # no more than its entry claims
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
        most = min(most, max(_SMALL_BYTES, ratio), int(left / _weight(info)))
        most = min(most, max(0, self.limits.archive_bytes - self.unpacked))
        if info.file_size > most:
            raise ReadError("member-too-large", f"unpacks to over {most} bytes", file=name)

    def _spend(self, size: int, info: zipfile.ZipInfo) -> None:
        self.unpacked += size
        earned = info.compress_size * self.limits.compression_ratio
        self.allowance += min(0.0, earned - size * _weight(info))

    @contextmanager
    def open_nested(
        self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo
    ) -> Iterator[Opened]:
        """An archive within another; a large one is read through its own stream, never held.

        Raises:
            ReadError: it is refused, or too large for its packed size.
        """
        if reason := refusal(name, info):
            raise reason
        self.refuse_large(name, info, self.limits.archive_bytes)
        if info.file_size <= _MOST_HELD_BYTES:
            with self.open_any(io.BytesIO(self.read(name, archive, info)), name) as inner:
                yield inner
            return
        most = _PACKED_PASSES * info.compress_size + _UNPACKED_PASSES * info.file_size
        with archive.open(info) as stream, self.open_any(stream, name, most) as inner:
            yield inner

    @contextmanager
    def open_any(
        self, stream: IO[bytes], name: str, most_skipped_bytes: float = math.inf
    ) -> Iterator[Opened]:
        """A zip or a tar, and why what follows the members of a tar is left out, if it is.

        Raises:
            ReadError: it unpacks to too many bytes, or its table of contents is too large.
            StoreError: the disk for the copy of a tar is full.
            BadZipFile: it is neither, or others of ``UNPACKING_ERRORS``.
        """
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        if not is_tar(head):
            with open_zip(stream, name, most_skipped_bytes) as archive:
                yield archive, None
            return
        with temporary_file(name, _MOST_HELD_BYTES) as copy:
            problem = self._copy_tar(stream, name, copy)
            with open_zip(copy, name) as archive:
                yield archive, problem

    def _copy_tar(self, stream: IO[bytes], name: str, copy: IO[bytes]) -> ReadError | None:
        wanted = self.is_wanted or _may_be_read
        earned = stream.seek(0, io.SEEK_END) * self.limits.compression_ratio
        stream.seek(0)
        most = min(self.allowance + earned, self.limits.archive_bytes - self.unpacked)
        bounds = (most, self.limits.archive_members)

        def spend(size: int) -> None:
            self.unpacked += size
            self.allowance += min(0.0, earned - size)

        return copy_tar(
            *(stream, name, copy, bounds), is_wanted=wanted, unopened=UNOPENED_SUFFIXES, spend=spend
        )

    def read(self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        """All bytes of a member.

        Raises:
            ReadError: it is refused, too large or broken; a ``StoreError`` where the drive fails.
        """
        if reason := refusal(name, info):
            raise reason
        try:
            with archive.open(info) as stream:
                return self.content(name, stream, info)
        except UNPACKING_ERRORS as problem:
            raise unpacking_error(name, problem) from problem

    def head(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int) -> bytes:
        """The first bytes of a member; none of one that cannot be opened.

        Raises:
            StoreError: the drive fails.
        """
        try:
            with archive.open(info) as stream:
                data = stream.read(size)
        except UNPACKING_ERRORS as problem:
            if failing := drive_error(problem, info.filename):
                raise failing from problem
            return b""
        self._spend(len(data), info)
        return data

    def pieces(self, stream: IO[bytes]) -> Iterator[bytes]:
        """A long member piece by piece, until the archive's allowance is spent."""
        while self.unpacked < self.limits.archive_bytes and (piece := stream.read(_CHUNK_BYTES)):
            self.unpacked += len(piece)
            yield piece


def _weight(info: zipfile.ZipInfo) -> int:
    """How many times as long as deflate a member's bytes take."""
    return 1 if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else _SLOW_FACTOR


Member = tuple[str, bytes | MemberError]
_Role = TypeVar("_Role", bound=str)

_PACKED = ".gz"
_MAY_BE_READ = (".csv", ".xml", *suffixes(shared=True), *ARCHIVE_SUFFIXES, *UNOPENED_SUFFIXES)
_LABELS = ".labels.csv"
_MOST_INDICES = 20  # of activities, in folders of their own
_MOST_DOCUMENTS = 100  # that may be Apple's export, whose first bytes are looked at
_MOST_TABLES = 2000  # whose heads are looked at, those called after a sensor first


def members(
    name: str, content: bytes | Path | IO[bytes], limits: ReadLimits, *, tables: bool = False
) -> Iterator[Member]:
    """Yield the recordings in an archive one by one, as ``(name, bytes)`` or ``(name, error)``.

    A member's name is ``archive.zip/path/in/it``, followed by the activity's own title and
    date in brackets where the archive tells them. Members that are no recordings by their name
    (pictures, tables) are passed over in silence.

    Args:
        name: the archive's name.
        content: its bytes, where it lies, or a stream that can be read at any place; the stream
            is left open.
        limits: bounds on number, size, ratio and depth.
        tables: whether tables of labels are wanted too; those of an archive come first.

    Raises:
        ReadError: the archive itself cannot be opened.
        StoreError: the drive fails, or the disk for the copy of a tar is full.
    """
    walk = _ArchiveWalk(limits, MemberReader(limits), tables)
    try:
        with _opened(content) as source, walk.reader.open_any(source, name) as opened:
            yield from walk.archive(name, opened, 1)
    except UNPACKING_ERRORS as problem:
        broken = ReadError("archive-broken", f"no readable archive: {problem}", file=name)
        raise drive_error(problem, name) or broken from problem


def _opened(content: bytes | Path | IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    if isinstance(content, Path):
        return content.open("rb")
    return io.BytesIO(content) if isinstance(content, bytes) else nullcontext(content)


def _is_recording(name: str) -> bool:
    """Whether the name alone says that a member is a recording."""
    return name.lower().removesuffix(_PACKED).endswith(suffixes())


def _may_be_read(name: str) -> bool:
    """Whether a member of a tar is a recording, or may be part of what an archive tells of some."""
    return _is_recording(name) or name.lower().endswith(_MAY_BE_READ)


class _ArchiveWalk(msgspec.Struct):
    """One pass over an archive and those within it, with what may still be spent."""

    limits: ReadLimits
    reader: MemberReader
    tables: bool
    seen: int = 0
    activity_rows: dict[str, ActivityRow] = msgspec.field(default_factory=dict)

    def archive(self, name: str, opened: Opened, depth: int) -> Iterator[Member]:
        archive, problem = opened
        infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
        names = names_of(infos, lambda: self._text(archive, infos))
        for info, own in zip(infos, names, strict=True):
            info.filename = own
        if overlap(infos):
            words = "its members lie on top of each other, as in bombs"
            yield name, ReadError("archive-overlapping", words, file=name)
            return
        infos = [info for info in infos if not is_left_by_a_system(info.filename)]
        left = max(0, self.limits.archive_members - self.seen)
        self.seen += len(infos)
        self.activity_rows = self._index(name, archive, infos)
        for info in infos[:left] if self.tables else ():
            if info.filename.lower().endswith(_LABELS):
                yield (shown := f"{name}/{info.filename}"), self._content(shown, archive, info)
        export = self._health(archive, infos[:left])
        routes: dict[str, zipfile.ZipInfo] = {}
        for info in infos[:left]:
            if export and self._is_apple_route(archive, info):
                routes[f"{name}/{info.filename}"] = info
            else:
                yield from self._member(f"{name}/{info.filename}", archive, info, depth)
        if export:
            yield from self._apple_routes(name, archive, export, routes)
        yield from self._sensor_logs(name, archive, infos[:left])
        yield from self._phyphox(name, archive, infos[:left])
        if problem is not None:
            yield name, problem
        if len(infos) > left:
            words = f"more than {self.limits.archive_members} members; the rest is left out"
            yield name, ReadError("archive-too-many", words, file=name)

    def _text(self, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> str:
        """What the tables in an archive say."""
        tables = [each for each in infos if each.filename.lower().endswith(".csv")]
        heads = (self.reader.head(archive, each, _CHUNK_BYTES) for each in tables[:_MOST_INDICES])
        return "\n".join(map(text_of, heads))

    def _member(
        self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, depth: int
    ) -> Iterator[Member]:
        if info.filename.lower().endswith(UNOPENED_SUFFIXES) and not info.is_dir():
            yield name, unopened(PurePosixPath(info.filename).suffix[1:].lower(), name)
            return
        nested = info.filename.lower().endswith(ARCHIVE_SUFFIXES)
        if info.is_dir() or not (nested or self._is_recording(archive, info)):
            return
        row = self.activity_rows.get(file_key(info.filename))
        shown = f"{name} ({row.title_and_date})" if row and row.title_and_date else name
        try:
            if not nested:
                yield shown, self._content(shown, archive, info, row)
            elif reason := self._too_deep(shown, depth + 1):
                yield shown, reason
            else:
                outer = self.activity_rows
                with self.reader.open_nested(shown, archive, info) as inner:
                    yield from self.archive(shown, inner, depth + 1)
                self.activity_rows = outer
        except (ReadError, *UNPACKING_ERRORS) as problem:
            yield shown, unpacking_error(shown, problem)

    def _is_recording(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
        """Whether a member is read: by its name, or where that is not enough by its content."""
        if _is_recording(info.filename):
            return True
        if not info.filename.lower().endswith(suffixes(shared=True)):
            return False
        return reader_of(info.filename, self.reader.head(archive, info, HEAD_BYTES)) is not None

    def _content(
        self,
        name: str,
        archive: zipfile.ZipFile,
        info: zipfile.ZipInfo,
        row: ActivityRow | None = None,
    ) -> bytes | MemberError:
        """A member's bytes, or why there are none."""
        if row and is_on_foot(row.sport) == "no" and not refusal(name, info):
            return NotARunError("not-a-run", f"the archive calls it {row.sport}", file=name)
        try:
            return self.reader.read(name, archive, info)
        except ReadError as reason:
            return unpacking_error(name, reason)

    def _too_deep(self, name: str, depth: int) -> ReadError | None:
        if depth <= self.limits.archive_depth:
            return None
        words = f"archives more than {self.limits.archive_depth} deep"
        return ReadError("archive-too-deep", words, file=name)

    def _index(
        self, name: str, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> dict[str, ActivityRow]:
        """What tables of activities tell, if there are any that can be read."""
        found: dict[str, ActivityRow] = {}
        tables = [one for one in infos if accounts.may_be_table(one.filename)]
        tables.sort(key=lambda one: one.filename.lower().split("/")[-1] != TABLE)
        recordings = {file_key(one.filename) for one in infos if _is_recording(one.filename)}
        for info in tables[:_MOST_INDICES] if recordings else ():
            if not accounts.is_table(self.reader.head(archive, info, accounts.TABLE_HEAD_BYTES)):
                continue
            content = self._content(name, archive, info)
            if isinstance(content, bytes):
                folder = info.filename[: info.filename.rfind("/") + 1]
                found |= accounts.rows_of(recordings, activities(folder, content))
        return found

    def _sensor_logs(
        self, name: str, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> Iterator[Member]:
        """A phone's sensor logs: places and headings are tables of their own, in one folder."""
        folders: dict[str, dict[str, zipfile.ZipInfo]] = {}
        tables = [one for one in infos if one.filename.lower().endswith(".csv")]
        tables.sort(key=lambda one: not sensor_logger.is_named(one.filename))
        for info in tables[:_MOST_TABLES]:
            folder, _, own = info.filename.rpartition("/")
            folders.setdefault(folder, {})[own] = info
        for held in folders.values():
            heads = {
                own: self.reader.head(archive, info, sensor_logger.HEAD_BYTES)
                for own, info in held.items()
            }
            for log in sensor_logger.logs(heads):
                chosen = {role: held[own] for role, own in log.items()}
                first = chosen.get("places") or next(iter(chosen.values()))
                shown = f"{name}/{first.filename}"
                yield shown, self._composed(shown, archive, chosen, sensor_logger.sensor_log)

    def _phyphox(
        self, name: str, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> Iterator[Member]:
        """Exports of phyphox: the tables of a folder, and ``meta/time.csv`` below it."""
        folders: dict[str, dict[str, zipfile.ZipInfo]] = {}
        for info in [one for one in infos if one.filename.lower().endswith(".csv")][:_MOST_TABLES]:
            folder = info.filename.rpartition("/")[0]
            above = folder.rpartition("/")[0] if folder.split("/")[-1] == "meta" else folder
            folders.setdefault(above, {})[info.filename] = info
        for held in folders.values():
            heads = {
                own: self.reader.head(archive, info, phyphox.HEAD_BYTES)
                for own, info in held.items()
            }
            log = phyphox.roles(heads)
            if log:
                shown = f"{name}/{log['places']}"
                chosen = {one: held[own] for one, own in log.items()}
                yield shown, self._composed(shown, archive, chosen, phyphox.phyphox_log)

    def _composed(
        self,
        name: str,
        archive: zipfile.ZipFile,
        chosen: Mapping[_Role, zipfile.ZipInfo],
        compose: Callable[[str, Mapping[_Role, bytes], ReadLimits], bytes],
    ) -> bytes | MemberError:
        """The recording that is made of several tables, or why there is none."""
        try:
            tables = {role: self.reader.read(name, archive, info) for role, info in chosen.items()}
            return compose(name, tables, self.limits)
        except (ReadError, NotARunError) as reason:
            return unpacking_error(name, reason)

    def _health(
        self, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> zipfile.ZipInfo | None:
        """Apple's ``export.xml``, whatever it is called in the phone's language."""
        documents = [each for each in infos if accounts.may_be_apple_export(each.filename)]
        for info in documents[:_MOST_DOCUMENTS]:
            if accounts.is_apple_export(self.reader.head(archive, info, accounts.APPLE_HEAD_BYTES)):
                return info
        return None

    def _is_apple_route(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
        if not info.filename.lower().endswith(".gpx"):
            return False
        head = self.reader.head(archive, info, HEAD_BYTES)
        return accounts.is_apple_route(info.filename, head)

    def _apple_routes(
        self,
        name: str,
        archive: zipfile.ZipFile,
        export: zipfile.ZipInfo,
        routes: dict[str, zipfile.ZipInfo],
    ) -> Iterator[Member]:
        """Routes twice: for the times that are looked for in the export, then to be handed on."""
        health = accounts.AppleHealth(self.limits)
        for route, info in routes.items():
            content = self._content(route, archive, info)
            reason = health.add_route(route, content) if isinstance(content, bytes) else content
            if reason is not None:
                yield route, reason
        shown = f"{name}/{export.filename}"
        try:
            self.reader.refuse_large(shown, export, self.limits.archive_bytes)
            with archive.open(export) as stream:
                health.collect(self.reader.pieces(stream))
            with archive.open(export) as stream:
                health.collect_indoors(self.reader.pieces(stream))
        except (ReadError, *UNPACKING_ERRORS) as problem:
            yield shown, unpacking_error(shown, problem)
        for workout, content in health.indoors():
            yield f"{shown} ({workout})", content
        if missing := health.without_route():
            yield shown, missing
        for route in health.routes():
            content = self._content(route, archive, routes[route])
            yield (
                route,
                health.with_samples(route, content) if isinstance(content, bytes) else content,
            )
