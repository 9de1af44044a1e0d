"""Imported files, analysed anew from their originals, and imports taken back."""

import time
from collections.abc import Iterable
from dataclasses import replace

from retrorun.archive import Archive, Change
from retrorun.ingest.analysis import Engine, Progress, Report, analysed, batches, refused
from retrorun.ingest.plan import Candidate
from retrorun.storage import Entry

EMPTY = "no-usable-second"  # the reason that leaves nothing to be kept


def reprocess(
    sha256s: Iterable[str],
    archive: Archive,
    engine: Engine,
    progress: Progress | None = None,
    wait_s: float = 10.0,
) -> Report:
    """Analyse imported files anew from their originals: labels, notes and imports stay.

    A file that fails now keeps the sessions it has and is among the problems. One that holds no
    usable second, which an older version took in, loses them.

    Args:
        sha256s: hashes of the files, such as ``archive.hashes(ids)`` gives.
        archive: is locked for other writers meanwhile.
        engine: how files are analysed.
        progress: told after every file.
        wait_s: how long to wait for another writer to finish.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    with archive.writing(wait_s):
        return again(sha256s, archive, engine, progress)


def again(
    sha256s: Iterable[str],
    archive: Archive,
    engine: Engine,
    progress: Progress | None = None,
) -> Report:
    """As ``reprocess``, for who holds the lock already."""
    candidates = tuple(kept(sha256, archive) for sha256 in dict.fromkeys(sha256s))
    report = Report()
    for batch in batches(analysed(candidates, archive, engine, progress)):
        parcels = [parcel for _, parcel in batch if parcel.problem is None]
        problems = tuple(refused(each, parcel.problem) for each, parcel in batch if parcel.problem)
        for candidate, parcel in batch:
            if parcel.problem is not None:
                words = parcel.problem.slug, parcel.problem.message
                empty = parcel.problem.slug == EMPTY
                (archive.writes.withdraw if empty else archive.pending.give_up)(
                    candidate.sha256, *words
                )
        for parcel in parcels:
            archive.writes.apply(archive.import_of(parcel.sha256), Change(parcels=[parcel]))
        ids = tuple(row.id for parcel in parcels for row in parcel.sessions)
        report = replace(
            report,
            imported=report.imported + len(parcels),
            sessions=report.sessions + ids,
            problems=report.problems + problems,
        )
    return report


def reprocess_exposed(archive: Archive, engine: Engine) -> list[str]:
    """Analyse again the sessions that hold seconds in a privacy zone, from their originals.

    Raises:
        ArchiveError: another process writes, or the disk is full.

    Returns:
        Ids of those that still do: their originals are lost or cannot be read.
    """
    exposed = archive.annotations.exposed()
    if exposed:
        reprocess(archive.hashes(exposed), archive, engine)
    return archive.annotations.exposed()


def kept(sha256: str, archive: Archive) -> Candidate:
    """An imported file, to be analysed from its original."""
    path = str(archive.originals.path(sha256))
    return Candidate(Entry(path, archive.file_name(sha256), 0, ""), sha256, path, packed=True)


def undo(import_id: int, archive: Archive, engine: Engine, wait_s: float = 10.0) -> Report:
    """Take an import back. The folder is not touched; ``--retry`` imports the files again.

    What had been set aside as a second copy of an activity of that import stands again.

    Raises:
        ArchiveError: there is no such import, it was undone already, or another process writes.
    """
    with archive.writing(wait_s):
        freed = archive.writes.undo(import_id, time.time())
        return again([*freed, *archive.pending.exports()], archive, engine)


def separate(path: str, archive: Archive, engine: Engine, wait_s: float = 10.0) -> Report:
    """Let a file stand for itself that was taken for a second copy of an activity.

    Raises:
        ArchiveError: the file is no such copy, or another process writes.
    """
    with archive.writing(wait_s):
        freed = archive.writes.separate(path)
        return again([*freed, *archive.pending.exports()], archive, engine)
