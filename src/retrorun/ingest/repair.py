"""Mend an archive from what is left of it: rows, journal, originals, and the folders.

1. a damaged, empty or missing database is made again from its sound rows and the journal
2. originals that are missing or damaged are read again from where their files lay
3. sessions that are lost or damaged are analysed from their originals
4. originals that no row names are imported like files of a folder
What is damaged is set aside or replaced; nothing that is sound is touched.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from retrorun import storage
from retrorun.archive import Archive, FileRow, database, integrity, journal, maintenance, objects
from retrorun.archive.integrity import Finding, Rebuilt, rebuild
from retrorun.archive.journal import copy_aside
from retrorun.archive.objects import Objects
from retrorun.errors import ArchiveError, RetrorunError
from retrorun.ingest.analysis import Engine
from retrorun.ingest.file_groups import container
from retrorun.ingest.plan import Candidate, Plan
from retrorun.ingest.reprocess import reprocess
from retrorun.ingest.run import run_import
from retrorun.storage import Entry

if TYPE_CHECKING:
    from retrorun.settings import ReadLimits

# findings that only a new database mends
_DATABASE_SLUGS = frozenset(
    {"archive-damaged", "archive-row", "archive-sums", "archive-reference"}
    | {"archive-error", "archive-foreign", "archive-database-missing", "archive-too-old"}
)


class Repaired(msgspec.Struct, frozen=True):
    """What was mended, and what could not be.

    Attributes:
        rebuilt: the new database; None where the old one was sound.
        originals: hashes of originals that were read again from their folders.
        sessions: ids of sessions that were analysed again.
        left: what is still wrong.
    """

    rebuilt: Rebuilt | None
    originals: tuple[str, ...]
    sessions: tuple[str, ...]
    left: tuple[Finding, ...]


def repair(folder: Path, engine: Engine, wait_s: float = 10.0) -> Repaired:
    """Mend what can be mended of an archive.

    Args:
        folder: the archive's.
        engine: how sessions are analysed; its athlete is replaced by the stored profile.
        wait_s: how long to wait for another writer to finish.

    Raises:
        ArchiveError: there is no archive, it is newer than this retrorun, another process writes,
            or the folder cannot be written.
    """
    rebuilt = None
    if _database_is_damaged(folder):
        with database.writer(folder, wait_s):
            rebuilt = rebuild(folder)
    with Archive.open(folder, create=False) as archive:
        _write_journal(archive)
        athlete = archive.annotations.profile()
        engine = replace(
            engine, athlete=athlete, athlete_now=lambda store, _: store.annotations.profile()
        )
        fetched = tuple(_restored_originals(archive, engine.settings.read))
        sessions = [*reprocess(_due(archive), archive, engine, wait_s=wait_s).sessions]
        sessions += run_import(
            _unreferenced_originals(archive), archive, engine, wait_s=wait_s
        ).sessions
        with archive.writing(wait_s):
            _drop_damaged_tracks(archive)
            _forget_faults(archive, sessions)
        return Repaired(rebuilt, fetched, tuple(sessions), tuple(maintenance.check(archive)))


def _database_is_damaged(folder: Path) -> bool:
    """Whether a new database is needed.

    Raises:
        ArchiveError: what is wrong is not damage.
    """
    try:
        with Archive.open(folder, create=False) as archive:
            return any(
                each.slug in _DATABASE_SLUGS for each in maintenance.check(archive, deep=False)
            )
    except ArchiveError as problem:
        newer_by_itself = problem.slug == "archive-newer" and integrity.has_current_schema(folder)
        if problem.slug not in _DATABASE_SLUGS and not newer_by_itself:
            raise
        return True


def _write_journal(archive: Archive) -> None:
    """The database is sound: what the journal says otherwise is wrong, and a copy of it is kept."""
    with archive.database.transaction():
        if archive.database.journal.differences(archive.database.connection):
            copy_aside(archive.folder, journal.FILE)
            archive.database.journal.rewrite(archive.database.connection)


def _damaged(archive: Archive, store: Objects) -> Iterator[str]:
    """Hashes of objects that hold something else than their name says."""
    for sha256 in sorted(store.hashes()):
        try:
            stored = store.get(sha256)
            data = objects.unpack(stored) if store is archive.originals else stored
        except ArchiveError:
            yield sha256
        else:
            if objects.digest(data) != sha256:
                yield sha256


def _restored_originals(archive: Archive, limits: "ReadLimits") -> Iterator[str]:
    """Put originals that are missing or damaged back from the files they were made of."""
    wanted = {*_damaged(archive, archive.originals), *_missing(archive)}
    rows = [row for row in archive.files() if row.sha256 in wanted] if wanted else []
    for data in _contents(rows, limits):
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in wanted:
            archive.originals.put(sha256, objects.pack(data))
            wanted.discard(sha256)
            yield sha256


def _missing(archive: Archive) -> Iterator[str]:
    for (sha256,) in archive.database.rows("SELECT DISTINCT sha256 FROM sessions"):
        if not archive.originals.path(sha256).is_file():
            yield sha256


def _contents(rows: Iterable[FileRow], limits: "ReadLimits") -> Iterator[bytes]:
    """The bytes of files, and of all members of archives that some lie in."""
    from retrorun import readers

    loose = [row.path for row in rows if container(row) is None]
    for path in (path for path in loose if storage.is_local(path)):
        with suppress(OSError):
            if Path(path).stat().st_size <= limits.file_bytes:
                yield Path(path).read_bytes()
    archives = dict.fromkeys(within for row in rows if (within := container(row)))
    for path in (within for within in archives if storage.is_local(within)):
        with suppress(RetrorunError, OSError):
            for _, content in readers.members(path, Path(path), limits):
                if isinstance(content, bytes):
                    yield content


def _due(archive: Archive) -> list[str]:
    """Hashes of originals whose sessions are to be analysed again, those that can be."""
    tracks = set(_damaged(archive, archive.tracks))
    lost = [
        sha256
        for sha256, track in archive.database.rows("SELECT sha256, track FROM sessions ORDER BY id")
        if track in tracks or not archive.tracks.path(track).is_file()
    ]
    known = archive.known()
    archive.sessions(lambda session_id, _: lost.append(known[session_id]))
    lost += [known[session_id] for session_id in archive.page_faults()]
    unusable = set(_damaged(archive, archive.originals))
    due = dict.fromkeys([*archive.pending.exports(), *lost])
    return [each for each in due if each not in unusable and archive.originals.path(each).is_file()]


def _unreferenced_originals(archive: Archive) -> Plan:
    """Originals that no row of a file names, as files to be imported."""
    known = {row.sha256 for row in archive.files()} | set(_damaged(archive, archive.originals))
    new = []
    for sha256 in sorted(set(archive.originals.hashes()) - known):
        path = str(archive.originals.path(sha256))
        new.append(Candidate(Entry(path, sha256, 0, ""), sha256, path, packed=True))
    return Plan(str(archive.originals.root), tuple(new))


def _drop_damaged_tracks(archive: Archive) -> None:
    """Tracks that are damaged and that no session has any more."""
    used = {track for (track,) in archive.database.rows("SELECT track FROM sessions")}
    for sha256 in _damaged(archive, archive.tracks):
        if sha256 not in used:
            archive.tracks.path(sha256).unlink()


def _forget_faults(archive: Archive, sessions: Iterable[str]) -> None:
    """Sessions that were analysed again are to be shown again: whether they can be is not known."""
    faults = archive.page_faults()
    left = {each: faults[each] for each in faults.keys() - set(sessions)}
    if left != faults:
        archive.set_page_faults(left)
