"""Maintenance of an archive: check it, back it up, restore it, delete what no row refers to."""

import math
import os
import re
import secrets
import shutil
import sqlite3
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from retrorun.archive import database, integrity, journal, objects
from retrorun.archive.archive import SPOOL, Archive
from retrorun.archive.integrity import Finding, checked
from retrorun.archive.objects import Objects
from retrorun.archive.pending import WITHOUT_SESSION
from retrorun.errors import ArchiveError

_MEMBER = re.compile(
    r"archive\.sqlite|tracks/([0-9a-f]{2})/\1[0-9a-f]{62}\.parquet|originals/([0-9a-f]{2})/\2[0-9a-f]{62}\.[gx]z"
)
# what a restore has unpacked when it is killed: members of a backup, and what opening them writes
_LEFTOVER = re.compile(
    rf"{_MEMBER.pattern}|archive\.sqlite[-.].*|\.?journal\.jsonl.*|writer\.lock.*"
)
_Sums = dict[str, tuple[float | None, ...]]  # kind of movement → seconds, moving_s, distance_m


def check(archive: Archive, *, deep: bool = True) -> list[Finding]:
    """Everything that is wrong; an empty list is a clean archive.

    Args:
        archive: is only read.
        deep: also read every stored file and compare it with its hash.
    """
    parts = (_documents, _pages, _references, *((_tracks, _originals) if deep else ()))
    found = [*integrity.findings(archive.database)]
    return found + [
        each for part in parts for each in checked(partial(part, archive), archive.folder)
    ]


def _documents(archive: Archive) -> Iterator[Finding]:
    """Sessions that cannot be decoded, or whose sums or lesson are not those of the document."""
    from retrorun.archive import serialization

    sums: dict[str, _Sums] = defaultdict(dict)
    for session_id, kind, *values in archive.database.rows(
        "SELECT session, kind, seconds, moving_s, distance_m FROM totals"
    ):
        sums[session_id][kind] = tuple(values)
    records = dict(archive.database.rows("SELECT session, record FROM lessons"))
    for session_id, document in archive.database.rows(
        "SELECT id, document FROM sessions ORDER BY id"
    ):
        try:
            session = serialization.session(document)
        except ArchiveError as problem:
            words = f"session {session_id}: {problem.message}"
            yield Finding(problem.slug, words, database.REPAIR)
            continue
        expected: _Sums = {
            kind: (each.seconds, each.moving_s, each.distance_m)
            for kind, each in session.measures.totals.items()
        }
        if not _equal(expected, sums.get(session_id, {})):
            words = f"the sums of session {session_id} are not those of its document"
            yield Finding("archive-sums", words, database.REPAIR)
        record = records.get(session_id)
        if record is not None and not _teaches_the_same(record, document):
            words = f"the lesson of session {session_id} is not that of its document"
            yield Finding("archive-sums", words, database.REPAIR)


def _teaches_the_same(record: bytes, document: bytes) -> bool:
    """Whether a session's record holds what this version learns from its document."""
    from retrorun.archive import serialization

    return serialization.lessons([("", record, True)]) == serialization.lessons(
        [("", document, False)]
    )


def _pages(archive: Archive) -> Iterator[Finding]:
    """Sessions of which no page could be made when it was last tried."""
    for session_id, words in archive.page_faults().items():
        remedy = f"`retrorun reprocess {session_id}` makes it again from its original."
        yield Finding("session-odd", f"session {session_id} cannot be shown: {words}", remedy)


def _equal(expected: _Sums, kept: _Sums) -> bool:
    """Whether sums are the same, but for the last digit, which SQLite may read otherwise."""
    return expected.keys() == kept.keys() and all(
        a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-12))
        for kind, values in expected.items()
        for a, b in zip(values, kept[kind], strict=True)
    )


def _references(archive: Archive) -> Iterator[Finding]:
    for session_id, track, sha256 in archive.database.rows(
        "SELECT id, track, sha256 FROM sessions ORDER BY id",
    ):
        if not archive.tracks.path(track).is_file():
            yield Finding(
                "track-missing", f"the track of session {session_id} is missing", database.REPAIR
            )
        if not archive.originals.path(sha256).is_file():
            words = f"the original of session {session_id} is missing"
            yield Finding("original-missing", words, database.REPAIR)
    imported = archive.database.rows(
        f"SELECT path FROM files WHERE {WITHOUT_SESSION} ORDER BY path"  # noqa: S608 - our own
    )
    for (path,) in imported:
        words = f"{path} counts as imported and has no session"
        yield Finding("session-missing", words, "`retrorun process` of any folder makes it again.")


def _tracks(archive: Archive) -> Iterator[Finding]:
    """Tracks that do not hold what their name says, or that are none."""
    from retrorun.archive import serialization

    ids = _session_ids(archive)
    for sha256 in archive.tracks.hashes():
        try:
            stored = archive.tracks.get(sha256)
            wrong = "" if objects.digest(stored) == sha256 else "is not what was written"
            if not wrong and not serialization.decode_track(stored).seconds:
                wrong = "holds no second"
        except ArchiveError as problem:
            if problem.slug == objects.UNREADABLE:
                yield _unread(problem)
                continue
            wrong = f"cannot be read: {problem.message}"
        if wrong:
            words = f"track {sha256[:12]}{_session_suffix(ids[sha256])} {wrong}"
            yield Finding("track-damaged", words, database.REPAIR)


def _originals(archive: Archive) -> Iterator[Finding]:
    """Originals that do not hold what their name says."""
    ids = _session_ids(archive)
    for sha256 in archive.originals.hashes():
        try:
            sound = objects.digest(objects.unpack(archive.originals.get(sha256))) == sha256
        except ArchiveError as problem:
            if problem.slug == objects.UNREADABLE:
                yield _unread(problem)
                continue
            sound = False
        if not sound:
            words = f"original {sha256[:12]}{_session_suffix(ids[sha256])} is not what was written"
            yield Finding("original-damaged", words, database.REPAIR)


def _unread(problem: ArchiveError) -> Finding:
    """A file that may be sound: it is the disk that did not give it."""
    return Finding(problem.slug, problem.message, problem.remedy or database.REPAIR)


def _session_ids(archive: Archive) -> dict[str, list[str]]:
    """Hash of a track or an original → ids of the sessions that are of it."""
    ids: dict[str, list[str]] = defaultdict(list)
    for session_id, track, sha256 in archive.database.rows(
        "SELECT id, track, sha256 FROM sessions"
    ):
        ids[track].append(session_id)
        ids[sha256].append(session_id)
    return ids


def _session_suffix(sessions: list[str]) -> str:
    return f" of session {', '.join(sorted(sessions))}" if sessions else ""


def backup(archive: Archive, target: Path) -> Path:
    """Write everything into one zip file, whole or not at all; others may go on writing.

    Of the users of the computer its owner alone may read it.

    Raises:
        ArchiveError: the target exists, its folder does not, or it cannot be written.
    """
    if target.exists():
        remedy = "Choose another name."
        raise ArchiveError(
            "backup-exists", "nothing is overwritten", file=str(target), remedy=remedy
        )
    if not target.absolute().parent.is_dir():
        remedy = "Make it first, or name another place."
        words = "there is no such folder"
        raise ArchiveError("backup-folder", words, file=str(target.parent), remedy=remedy)
    own = f".{target.name}.{os.getpid()}-{secrets.token_hex(8)}"  # another may write to this name
    partial = target.with_name(f"{own}.part")
    copy = target.with_name(f"{own}.database")  # the archive may be on a read-only medium
    with database.translate_errors(target.parent):
        try:
            database.make_private(
                partial
            )  # it holds the originals, and the zones with their secret
            # a clock that was reset may have dated a file before 1980, which zip cannot express
            with zipfile.ZipFile(partial, "w", strict_timestamps=False) as bundle:
                for _ in range(_MOST_PASSES):
                    database.copy_to(archive.database.connection, copy)
                    if not _add_referenced(bundle, copy, archive):
                        break
                bundle.write(copy, database.FILE, zipfile.ZIP_DEFLATED)
            partial.replace(target)
        finally:
            copy.unlink(missing_ok=True)
            partial.unlink(missing_ok=True)
    return target


_MOST_PASSES = 3  # over a database whose files another program replaces meanwhile


def _add_referenced(bundle: zipfile.ZipFile, copy: Path, archive: Archive) -> bool:
    """Add what the rows of a database refer to and is not in the bundle; whether some is gone."""
    there, is_gone = set(bundle.namelist()), False
    for store, sha256 in _referenced(copy, archive):
        path = store.path(sha256)
        name = path.relative_to(archive.folder).as_posix()
        try:
            if name not in there:
                bundle.write(path, name)
        except FileNotFoundError:
            is_gone = True
    return is_gone


def _referenced(database_file: Path, archive: Archive) -> Iterator[tuple[Objects, str]]:
    """What the rows of a database refer to, other than originals that were never kept."""
    with closing(sqlite3.connect(database_file)) as connection:
        tracks = connection.execute("SELECT DISTINCT track FROM sessions ORDER BY 1").fetchall()
        originals = connection.execute(_REFERENCED_ORIGINALS).fetchall()
    yield from ((archive.tracks, sha256) for (sha256,) in tracks)
    for (sha256,) in originals:
        if archive.originals.path(sha256).is_file():
            yield archive.originals, sha256


_REFERENCED_ORIGINALS = "SELECT sha256 FROM sessions UNION SELECT sha256 FROM files ORDER BY 1"


def restore(bundle: Path, folder: Path, wait_s: float = 10.0) -> None:
    """Make an archive from a backup, in a folder that holds none.

    Other files in the folder stay as they are, and so do tracks and originals that are sound. Of a
    database that is gone the logs are renamed, because SQLite would play them into the new
    one, and the journal is copied beside itself: it may hold what is newer than the backup.

    Raises:
        ArchiveError: there is an archive already, the backup is damaged or no backup, or another
            process writes, or the folder beside it in which the backup is unpacked is not ours.
    """
    folder = folder.resolve()  # "." has no name
    _refuse_to_overwrite(folder)
    partial = folder.with_name(f"{folder.name}.restoring")
    is_new = not folder.exists()
    with database.translate_errors(folder):
        folder.mkdir(database.OWNER_ONLY, parents=True, exist_ok=True)
        with database.writer(folder, wait_s):  # of two who restore at once, one does
            _refuse_to_overwrite(folder)
            try:
                _restore(bundle, folder, partial)
            except BaseException:
                if is_new:
                    _remove_empty(folder)
                raise


def _remove_empty(folder: Path) -> None:
    """Remove a folder that holds nothing but the lock."""
    if all(each.name.startswith(database.LOCK) for each in folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)


def _restore(bundle: Path, folder: Path, partial: Path) -> None:
    _refuse_foreign(partial)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(database.OWNER_ONLY)
    try:
        _extract(bundle, partial)
        with Archive.open(partial, create=False) as fresh, fresh.database.transaction():
            pass  # its journal is written
        integrity.move_logs_aside(folder)
        journal.copy_aside(folder, journal.FILE)
        _move_into(folder, partial)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _refuse_foreign(partial: Path) -> None:
    """Refuse a folder to unpack in, unless it holds nothing but what a killed restore leaves."""
    files = (each for each in partial.rglob("*") if each.is_symlink() or not each.is_dir())
    is_link = partial.is_symlink()  # what it leads to is not removed with it
    names = (_name_in(partial, each) for each in files)
    if not is_link and partial.is_dir() and all(map(_LEFTOVER.fullmatch, names)):
        return
    if is_link or partial.exists():
        remedy = "Move it away, or restore into another folder with --archive DIR."
        words = "the backup would be unpacked here, and something else is there already"
        raise ArchiveError("restore-foreign", words, file=str(partial), remedy=remedy)


def _name_in(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _refuse_to_overwrite(folder: Path) -> None:
    there = folder / database.FILE
    if there.exists() and there.stat().st_size:
        remedy = "Restore into another folder with --archive DIR."
        words = "there is an archive already; nothing is overwritten"
        raise ArchiveError("archive-exists", words, file=str(folder), remedy=remedy)


def _move_into(folder: Path, partial: Path) -> None:
    for path in sorted(partial.rglob("*.*"), key=_is_database):
        target = folder / path.relative_to(partial)
        if path.is_file() and not _is_sound(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)


def _is_sound(path: Path) -> bool:
    """Whether a track or an original is there and holds what its name says."""
    sha256 = path.name.partition(".")[0]
    if not path.is_file() or path.name.startswith((database.FILE, journal.FILE)):
        return False
    try:
        stored = path.read_bytes()
        held = stored if path.suffix == ".parquet" else objects.unpack(stored)
    except (OSError, ArchiveError):
        return False
    return objects.digest(held) == sha256


def _is_database(path: Path) -> bool:
    """The database comes last: without it there is no archive."""
    return path.name.startswith(database.FILE)


# what zipfile raises on damaged bytes, besides OSError
_DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def _extract(bundle: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(bundle) as packed:
            names = packed.namelist()
            if database.FILE not in names or not all(map(_MEMBER.fullmatch, names)):
                raise ArchiveError("backup-foreign", "this is no backup", file=str(bundle))
            packed.extractall(folder)  # every name was matched in full
    except _DAMAGED_ZIP as problem:
        words = f"it is damaged, or no backup: {problem}"
        remedy = "Take another backup, or the original of this one."
        raise ArchiveError("backup-damaged", words, file=str(bundle), remedy=remedy) from problem


def vacuum(archive: Archive, wait_s: float = 10.0) -> int:
    """Remove what no row refers to, and give free pages back. How many bytes of files went.

    Raises:
        ArchiveError: another process writes: what it has put down is referred to only at its end.
    """
    with archive.writing(wait_s):
        freed = sum(_delete_unreferenced(archive))
        archive.database.rows("VACUUM")
        with archive.database.transaction():  # rows that were deleted leave the journal, too
            archive.database.journal.rewrite(archive.database.connection)
    return freed


def _delete_unreferenced(archive: Archive) -> Iterator[int]:
    tracks = {sha256 for (sha256,) in archive.database.rows("SELECT track FROM sessions")}
    originals = {sha256 for (sha256,) in archive.database.rows(_REFERENCED_ORIGINALS)}
    with database.translate_errors(archive.folder):
        for store, referred in ((archive.tracks, tracks), (archive.originals, originals)):
            waste = [store.path(each) for each in store.hashes() if each not in referred]
            for path in [*waste, *store.leftovers()]:
                yield path.stat().st_size
                path.unlink()
        for path in archive.folder.glob(f".{journal.FILE}.*.part"):
            path.unlink()
        for path in (archive.folder / SPOOL).glob("*"):  # a killed import left it
            yield path.stat().st_size
            path.unlink()
