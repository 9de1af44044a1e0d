"""Archives, member by member: nothing is unpacked to disk, and no member is believed.

What a watch maker or a site hands out on request is recognised by its content: Strava's
``activities.csv`` tells the activities' names, types and dates, Garmin's account export holds zips
within a zip, Apple Health's routes are joined with the heart rate and steps of its ``export.xml``,
a phone's sensor log is a folder of tables.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO

from retrorun.errors import NotARunError, ReadError
from retrorun.readers import apple_health, phone_tables, sensor_logger
from retrorun.readers.opening import BROKEN, MemberError, Opener, broken, refusal, zipped
from retrorun.readers.sniff import sniff
from retrorun.readers.sports import is_on_foot
from retrorun.readers.strava import TABLE, Told, activities, told_key
from retrorun.settings import ReadLimits

Member = tuple[str, bytes | MemberError]

_RECORDINGS = (".fit", ".gpx", ".tcx", ".fit.gz", ".gpx.gz", ".tcx.gz")
_LABELS = ".labels.csv"
_MOST_INDICES = 20  # of activities, in folders of their own
_MOST_TABLES = 2000  # whose heads are looked at, those called after a sensor first


def is_archive(data: bytes) -> bool:
    """Whether a file's first bytes are those of a zip archive."""
    return sniff(data[:64]) == "zip"


def members(
    name: str, data_or_path: bytes | Path, limits: ReadLimits, *, tables: bool = False
) -> Iterator[Member]:
    """Yield the recordings in an archive one by one, as ``(name, bytes)`` or ``(name, error)``.

    A member's name is ``archive.zip/path/in/it``, followed by the activity's own title and
    date in brackets where the archive tells them. Members that are no recordings by their name
    (pictures, tables) are passed over in silence.

    Args:
        name: the archive's name.
        data_or_path: its bytes or where it lies.
        limits: bounds on number, size, ratio and depth.
        tables: whether tables of labels are wanted too; those of an archive come first.

    Raises:
        ReadError: the archive itself cannot be opened.
    """
    walk = _Walk(limits, Opener(limits), tables)
    try:
        with _opened(data_or_path) as source, zipped(source, name) as archive:
            yield from walk.archive(name, archive, 1)
    except BROKEN as problem:
        raise ReadError("archive-broken", f"no readable zip: {problem}", file=name) from problem


def _opened(data_or_path: bytes | Path) -> IO[bytes]:
    return data_or_path.open("rb") if isinstance(data_or_path, Path) else io.BytesIO(data_or_path)


def _overlap(infos: list[zipfile.ZipInfo]) -> bool:
    """Whether packed bytes are claimed twice: a small file could unpack without an end."""
    return any(
        one.header_offset + one.compress_size > other.header_offset
        for one, other in pairwise(infos)
    )


def _is_litter(name: str) -> bool:
    """Whether a member is what systems leave behind: hidden and half-copied ones, ``__MACOSX``."""
    parts = _plain(name).split("/")
    return "__MACOSX" in parts or parts[-1].startswith((".", "~"))


def _plain(name: str) -> str:
    """A member's name with slashes, whatever the tool that wrote it put between folders."""
    return name.replace("\\", "/")


@dataclass(slots=True)
class _Walk:
    """One pass over an archive and those within it, with what may still be spent."""

    limits: ReadLimits
    opener: Opener
    tables: bool
    seen: int = 0
    told: dict[str, Told] = field(default_factory=dict)

    def archive(self, name: str, archive: zipfile.ZipFile, depth: int) -> Iterator[Member]:
        infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
        if _overlap(infos):
            words = "its members lie on top of each other, as in bombs"
            yield name, ReadError("archive-overlapping", words, file=name)
            return
        infos = [info for info in infos if not _is_litter(info.filename)]
        left = max(0, self.limits.archive_members - self.seen)
        self.seen += len(infos)
        self.told = self._index(name, archive, infos)
        for info in infos[:left] if self.tables else ():
            if info.filename.lower().endswith(_LABELS):
                yield (shown := f"{name}/{info.filename}"), self._content(shown, archive, info)
        export = self._health(archive, infos[:left])
        routes: dict[str, zipfile.ZipInfo] = {}
        for info in infos[:left]:
            if export and apple_health.is_route(info.filename):
                routes[f"{name}/{info.filename}"] = info
            else:
                yield from self._member(f"{name}/{info.filename}", archive, info, depth)
        if export and routes:
            yield from self._apple(name, archive, export, routes)
        yield from self._sensor_logs(name, archive, infos[:left])
        if len(infos) > left:
            words = f"more than {self.limits.archive_members} members; the rest is left out"
            yield name, ReadError("archive-too-many", words, file=name)

    def _member(
        self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, depth: int
    ) -> Iterator[Member]:
        suffixes = info.filename.lower()
        nested = suffixes.endswith(".zip")
        if info.is_dir() or not (nested or suffixes.endswith(_RECORDINGS)):
            return
        told = self.told.get(told_key(info.filename))
        shown = f"{name} ({told.words})" if told and told.words else name
        try:
            if not nested:
                yield shown, self._content(shown, archive, info, told)
            elif reason := self._too_deep(shown, depth + 1):
                yield shown, reason
            else:
                outer = self.told
                with self.opener.within(shown, archive, info) as inner:
                    yield from self.archive(shown, inner, depth + 1)
                self.told = outer
        except ReadError as problem:
            yield shown, problem
        except BROKEN as problem:
            yield shown, broken(shown, problem)

    def _content(
        self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, told: Told | None = None
    ) -> bytes | MemberError:
        """A member's bytes, or why there are none."""
        if told and is_on_foot(told.sport) == "no" and not refusal(name, info):
            return NotARunError("not-a-run", f"the archive calls it {told.sport}", file=name)
        try:
            return self.opener.whole(name, archive, info)
        except ReadError as reason:
            return reason

    def _too_deep(self, name: str, depth: int) -> ReadError | None:
        if depth <= self.limits.archive_depth:
            return None
        words = f"archives more than {self.limits.archive_depth} deep"
        return ReadError("archive-too-deep", words, file=name)

    def _index(
        self, name: str, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> dict[str, Told]:
        """What Strava's tables of contents tell, if there are any that can be read."""
        found: dict[str, Told] = {}
        tables = [one for one in infos if _plain(one.filename).lower().split("/")[-1] == TABLE]
        for info in tables[:_MOST_INDICES]:
            content = self._content(name, archive, info)
            if isinstance(content, bytes):
                found |= activities(_plain(info.filename)[: -len(TABLE)], content)
        return found

    def _sensor_logs(
        self, name: str, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> Iterator[Member]:
        """A phone's sensor logs: places and headings are tables of their own, in one folder."""
        folders: dict[str, dict[str, zipfile.ZipInfo]] = {}
        tables = [one for one in infos if one.filename.lower().endswith(".csv")]
        tables.sort(key=lambda one: not phone_tables.is_named(one.filename))
        for info in tables[:_MOST_TABLES]:
            folder, _, own = info.filename.rpartition("/")
            folders.setdefault(folder, {})[own] = info
        for held in folders.values():
            heads = {
                own: self.opener.head(archive, info, phone_tables.HEAD_BYTES)
                for own, info in held.items()
            }
            for log in phone_tables.logs(heads):
                chosen = {role: held[own] for role, own in log.items()}
                first = chosen.get("places") or next(iter(chosen.values()))
                shown = f"{name}/{first.filename}"
                yield shown, self._sensor_log(shown, archive, chosen)

    def _sensor_log(
        self,
        name: str,
        archive: zipfile.ZipFile,
        chosen: dict[phone_tables.Role, zipfile.ZipInfo],
    ) -> bytes | MemberError:
        try:
            tables = {role: self.opener.whole(name, archive, info) for role, info in chosen.items()}
            return sensor_logger.sensor_log(name, tables, self.limits)
        except (ReadError, NotARunError) as reason:
            return reason

    def _health(
        self, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
    ) -> zipfile.ZipInfo | None:
        """Apple's ``export.xml``, whatever it is called in the phone's language."""
        for info in infos:
            if apple_health.may_be_export(info.filename):
                head = self.opener.head(archive, info, apple_health.HEAD_BYTES)
                if apple_health.is_export(head):
                    return info
        return None

    def _apple(
        self,
        name: str,
        archive: zipfile.ZipFile,
        export: zipfile.ZipInfo,
        routes: dict[str, zipfile.ZipInfo],
    ) -> Iterator[Member]:
        """Routes twice: for the times that are looked for in the export, then to be handed on."""
        health = apple_health.Health(self.limits)
        for route, info in routes.items():
            content = self._content(route, archive, info)
            reason = health.expect(route, content) if isinstance(content, bytes) else content
            if reason is not None:
                yield route, reason
        shown = f"{name}/{export.filename}"
        try:
            self.opener.refuse_large(shown, export, self.limits.archive_bytes)
            with archive.open(export) as stream:
                health.gather(self.opener.pieces(stream))
        except ReadError as problem:
            yield shown, problem
        except BROKEN as problem:
            yield shown, broken(shown, problem)
        for route in health.routes():
            content = self._content(route, archive, routes[route])
            yield route, health.told(route, content) if isinstance(content, bytes) else content
