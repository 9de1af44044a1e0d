"""Imported files analysed again from their originals, and imports taken back.

``bring_up_to_date`` brings what was learnt to every session that depends on it:

1. learn: one function of all sessions' lessons, which no learnt value had a part in
2. note which sessions were analysed with other learnt values
3. analyse those again; their lessons stay as they are, so that this ends

``reprocess_outdated`` brings some of the sessions of another version, or of other settings, to this
one: so many a run, newest first, so that nobody waits for ten thousand of them.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from retrorun import __version__
from retrorun.archive import Archive, Change, Parcel
from retrorun.errors import ArchiveError, RetrorunError
from retrorun.ingest.analysis import (
    Engine,
    Progress,
    Report,
    analysed,
    batches,
    note_shown_meanwhile,
    refused_row,
    shows_what_is_hidden,
    task_of,
)
from retrorun.ingest.plan import Candidate
from retrorun.storage import Entry

if TYPE_CHECKING:
    from retrorun.engines import Task
    from retrorun.model import Athlete, Outcome
    from retrorun.privacy_zones import Disc
    from retrorun.settings import CompareSettings, Settings

MOST_OUTDATED = 100  # sessions of another version that one run analyses again
_NO_USABLE_SECOND = "no-usable-second"  # the reason for which sessions are withdrawn


def reprocess(
    sha256s: Iterable[str],
    archive: Archive,
    engine: Engine,
    progress: Progress | None = None,
    wait_s: float = 10.0,
) -> Report:
    """Analyse imported files again from their originals: labels, notes and imports stay.

    A file that fails now keeps the sessions it has and is among the problems. One that holds no
    usable second, which an older version took in, loses them.

    Args:
        sha256s: hashes of the files, such as ``archive.hashes(ids)`` gives.
        archive: is locked for other writers meanwhile.
        engine: how files are analysed.
        progress: called after every file.
        wait_s: how long to wait for another writer to finish.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    with archive.writing(wait_s):
        return reprocess_locked(sha256s, archive, engine.of_now(archive), progress)


def reprocess_locked(
    sha256s: Iterable[str],
    archive: Archive,
    engine: Engine,
    progress: Progress | None = None,
) -> Report:
    """As ``reprocess``; the lock of the one writer is held by the caller.

    Files that another program has taken back or replaced until then are left as they are.
    """
    wanted = filter(archive.pending.is_wanted, dict.fromkeys(sha256s))
    candidates = tuple(original_candidate(sha256, archive) for sha256 in wanted)
    report = Report()
    for batch in batches(analysed(candidates, archive, engine, progress)):
        parcels = [parcel for _, parcel in batch if parcel.problem is None]
        problems = tuple(
            refused_row(each, parcel.problem) for each, parcel in batch if parcel.problem
        )
        for candidate, parcel in batch:
            if parcel.problem is not None:
                words = parcel.problem.slug, parcel.problem.message
                if parcel.problem.slug == _NO_USABLE_SECOND:
                    archive.writes.withdraw(candidate.sha256, *words)
                else:
                    archive.writes.give_up(replace(parcel, sha256=candidate.sha256), *words)
        for parcel in parcels:
            write_reprocessed(parcel, archive)
        ids = tuple(row.id for parcel in parcels for row in parcel.sessions)
        report = replace(
            report,
            imported=report.imported + len(parcels),
            sessions=report.sessions + ids,
            problems=report.problems + problems,
        )
    return report


def write_reprocessed(parcel: Parcel, archive: Archive) -> None:
    """Write a file that was analysed again, and note what shows now what it hides.

    Args:
        parcel: of a file that is in the archive, without a problem.
        archive: the lock of the one writer is held.
    """
    noted = partial(note_shown_meanwhile, [parcel.sha256], archive)
    archive.writes.apply(archive.import_of(parcel.sha256), Change(parcels=[parcel]), noted)


def reprocess_exposed(archive: Archive, engine: Engine) -> list[str]:
    """Analyse again the sessions that hold seconds in a privacy zone, from their originals.

    Raises:
        ArchiveError: another process writes, or the disk is full.

    Returns:
        Ids of those that still do: their originals are lost or cannot be read.
    """
    note_redrawn_zones(archive)
    exposed, before = archive.annotations.exposed(), list[str]()
    while exposed and exposed != before:  # what one hides, another of the same time may show
        reprocess(archive.hashes(exposed), archive, engine)
        _settle_exposed(archive)
        exposed, before = archive.annotations.exposed(), exposed
    return exposed


def store_zones(
    archive: Archive,
    change: "Callable[[Athlete], Athlete]",
    follow: "Callable[[Athlete, Athlete], object] | None" = None,
) -> "tuple[Athlete, Athlete]":
    """Store a changed profile, and note every session that holds seconds within its new zones.

    Zones are new, too, where another version hid them in another way.

    Args:
        archive: is locked for other writers meanwhile.
        change: the stored profile → the profile from now on.
        follow: is given both in the same transaction, to note what else is due.

    Returns:
        The profile before and after.

    Raises:
        ArchiveError: the archive cannot be written, or another process writes.
    """
    from retrorun import privacy_zones  # planning must not load numpy

    annotations = archive.annotations
    with archive.writing():
        stored = annotations.profile()
        wanted = change(stored)
        mark = privacy_zones.mark(wanted)
        known = privacy_zones.mark(stored), annotations.zones_mark()
        is_new = bool(mark) and known != (mark, mark)
        discs = privacy_zones.discs(wanted) if is_new else ()
        known_sessions = archive.known() if is_new else ()
        told = [each for each in known_sessions if tells_of_zone(archive, each, discs)]
        if is_new and known[0] == mark:  # tracks end where another version hid the same zones
            told += [each for each in known_sessions if each not in told and _is_cut(archive, each)]

        def noted(before: "Athlete", after: "Athlete") -> None:
            if is_new:
                annotations.note_exposed(told, mark)
            if follow is not None:
                follow(before, after)

        return annotations.change_profile(change, noted)


def note_redrawn_zones(archive: Archive) -> None:
    """Note sessions as ``store_zones`` does where another version hid zones in another way.

    Raises:
        ArchiveError: the archive cannot be written, or another process writes.
    """
    if has_redrawn_zones(archive):
        store_zones(archive, lambda stored: stored)


def has_redrawn_zones(archive: Archive) -> bool:
    """Whether another version hid the archive's privacy zones in another way."""
    athlete = archive.annotations.profile()
    if not athlete.privacy_zones:
        return False
    from retrorun import privacy_zones  # planning must not load numpy

    mark = privacy_zones.mark(athlete)
    return bool(mark) and archive.annotations.zones_mark() != mark


def _is_cut(archive: Archive, session_id: str) -> bool:
    """Whether seconds of a stored session were hidden; of one that is damaged they may be."""
    from retrorun import privacy_zones  # planning must not load numpy

    try:
        notes = archive.session(session_id).notes
    except ArchiveError:
        return True
    return any(each.slug == privacy_zones.SLUG for each in notes)


def _settle_exposed(archive: Archive) -> None:
    """Let sessions out again that tell of no zone any more, though their tracks did not change.

    So is one whose laps alone, or the time in its name, told of what its file does not hold.
    """
    from retrorun import privacy_zones  # planning must not load numpy

    with archive.writing():
        discs = privacy_zones.discs(archive.annotations.profile())
        exposed = archive.annotations.exposed()
        archive.annotations.settle_exposed(
            each for each in exposed if not tells_of_zone(archive, each, discs)
        )


def tells_of_zone(archive: Archive, session_id: str, discs: "Sequence[Disc]") -> bool:
    """Whether a stored session holds or tells of a hidden second; one that is damaged may.

    So does one of another device that shows what a session of the same time hides.
    """
    try:
        session, track = archive.session(session_id), archive.track(session_id)
    except ArchiveError:
        return True
    from retrorun import privacy_zones  # planning must not load numpy

    told = privacy_zones.tells(session, track, discs)
    return told or shows_what_is_hidden(session_id, archive)


def original_candidate(sha256: str, archive: Archive) -> Candidate:
    """An imported file, to be analysed from its original."""
    path = str(archive.originals.path(sha256))
    return Candidate(Entry(path, archive.file_name(sha256), 0, ""), sha256, path, packed=True)


def original_task(sha256: str, archive: Archive) -> "Task":
    """What a worker is given to analyse an imported file again, with the labels of now."""
    return task_of(original_candidate(sha256, archive), archive)


def analysed_original(
    sha256: str, archive: Archive, settings: "Settings", athlete: "Athlete"
) -> "Outcome":
    """What an imported file holds, with its labels and second devices; nothing is written."""
    from retrorun import engines

    return engines.outcome(original_task(sha256, archive), settings, athlete)


def undo(import_id: int, archive: Archive, engine: Engine, wait_s: float = 10.0) -> Report:
    """Take an import back. The folder is not touched; ``--retry`` imports the files again.

    What had been set aside as a second copy of an activity of that import stands again.

    Raises:
        ArchiveError: there is no such import, it was undone already, or another process writes.
    """
    with archive.writing(wait_s):
        freed = archive.writes.undo(import_id, time.time())
        due = [*freed, *archive.pending.exports()]
        return reprocess_locked(due, archive, engine.of_now(archive))


def separate(path: str, archive: Archive, engine: Engine, wait_s: float = 10.0) -> Report:
    """Let a file stand for itself that was taken for a second copy of an activity.

    Raises:
        ArchiveError: the file is no such copy, or another process writes.
    """
    with archive.writing(wait_s):
        freed = archive.writes.separate(path)
        due = [*freed, *archive.pending.exports()]
        return reprocess_locked(due, archive, engine.of_now(archive))


def bring_up_to_date(
    archive: Archive, engine: Engine, progress: Progress | None = None, wait_s: float = 10.0
) -> Report:
    """Learn from all sessions, and analyse again what is due, until nothing is.

    Where no session changed since pages were written last, there is nothing new to be learnt.

    A file that cannot be analysed again keeps the sessions it has and is among the problems.

    Args:
        archive: is locked for other writers meanwhile.
        engine: how files are analysed; what its athlete had learnt is replaced.
        progress: called after every file.
        wait_s: how long to wait for another writer to finish.

    Returns:
        What was analysed again.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    from retrorun import learn  # planning must not load numpy

    report, failed = Report(), set[str]()
    with archive.writing(wait_s):
        archive.pending.mark_learnt()
        if archive.pending.is_empty():
            return report
        engine = engine.of_now(archive)
        while True:
            learnt, outdated = _learn_and_note(archive, engine, failed)
            wanted = [sha256 for sha256 in archive.pending.exports() if sha256 not in failed]
            if not wanted:
                return report
            taught = replace(engine, athlete=engine.athlete.with_learnt_of(learnt))
            done = reprocess_locked(wanted, archive, taught, progress)
            sessions = archive.lessons()
            outdated_still = learn.outdated(sessions, taught.athlete)
            failed |= {row.sha256 for row in done.problems}
            failed |= {
                each.source.sha256 for each in outdated_still
            } & outdated  # it would never end
            report = report.followed_by(done)


def reprocess_answered(sha256: str, archive: Archive, engine: Engine) -> tuple[Report, int]:
    """Analyse one export again with the answers about it, and learn from its sessions.

    Other sessions that depend on what was learnt are only noted, so that this is quick however
    many there are: ``bring_up_to_date`` analyses them.

    Args:
        sha256: of the export.
        archive: is locked for other writers meanwhile.
        engine: how it is analysed.

    Returns:
        What was analysed again, and how many other exports were noted.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    with archive.writing():
        engine = engine.of_now(archive)
        report = reprocess_locked([sha256], archive, engine)
        learnt, outdated = _learn_and_note(archive, engine, ())
        if sha256 in outdated and not report.problems:
            taught = replace(engine, athlete=engine.athlete.with_learnt_of(learnt))
            report = report.followed_by(reprocess_locked([sha256], archive, taught))
        return report, len(outdated - {sha256})


def reprocess_alone(sha256: str, archive: Archive, engine: Engine) -> tuple[Report, int]:
    """As ``reprocess_answered``; nothing is learnt, and so no other export is noted.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    return reprocess([sha256], archive, engine), 0


def _learn_and_note(
    archive: Archive, engine: Engine, failed: Collection[str]
) -> "tuple[Athlete, set[str]]":
    """Learn from all sessions: what was learnt, and hashes of exports that depend on it.

    They are noted to be analysed again, in the transaction that keeps what was learnt. What they
    depend on is asked of the engine's athlete, who analyses them: the stored profile may state
    another trust than the profile file of this command.

    Args:
        archive: has the sessions.
        engine: its settings and what its athlete states count.
        failed: hashes of exports that are left out, because they could not be analysed again.
    """
    from retrorun import learn  # planning must not load numpy

    sessions = archive.lessons()
    before = archive.annotations.profile()
    learnt = learn.learn_from_sound(sessions, before, engine.settings.compare)
    # those of another version are analysed again in any case, so many a run
    due = set(archive.hashes(outdated_sessions(archive, engine.settings)))
    found = learn.outdated(sessions, engine.athlete.with_learnt_of(learnt))
    outdated = {each.source.sha256 for each in found} - set(failed) - due
    if outdated or learnt != before:
        archive.annotations.set_learnt(learnt, sorted(outdated))
    return learnt, outdated


def outdated_sessions(archive: Archive, settings: "Settings") -> list[str]:
    """Ids of sessions made by another version or with other settings, newest first.

    Those that this version could not analyse are left out; nothing is locked or changed.
    """
    return archive.pending.outdated(settings.fingerprint(), __version__)


def reprocess_outdated(
    archive: Archive,
    engine: Engine,
    progress: Progress | None = None,
    most: int = MOST_OUTDATED,
    wait_s: float = 10.0,
) -> Report:
    """Analyse some sessions of another version or of other settings again, and learn from them.

    To be called when all else is done, and again while ``outdated_sessions`` names any. A file
    that cannot be analysed keeps its sessions, is among the problems, and is not tried again by
    this version.

    Args:
        archive: is locked for other writers meanwhile.
        engine: how files are analysed; what its athlete had learnt is replaced.
        progress: called after every file.
        most: sessions whose files are analysed, newest first.
        wait_s: how long to wait for another writer to finish.

    Raises:
        ArchiveError: another process writes, or the disk is full; what was written stays.
    """
    with archive.writing(wait_s):
        wanted = archive.hashes(outdated_sessions(archive, engine.settings)[:most])
        if not wanted:
            return Report()
        engine = engine.of_now(archive)
        learnt = engine.athlete.with_learnt_of(archive.annotations.profile())
        report = reprocess_locked(wanted, archive, replace(engine, athlete=learnt), progress)
        failed = [each.sha256 for each in report.problems]
        archive.pending.note_failed(failed, engine.settings.fingerprint(), __version__)
        return report.followed_by(bring_up_to_date(archive, engine, progress))


def note_dependent(archive: Archive, wait_s: float = 10.0) -> None:
    """Note, after a change of the profile, the sessions that depend on what it says of trust.

    The next run analyses them again. Where another process writes for long, the next run that
    writes pages finds out which they are; that pages are due is for the caller to note.
    """
    from retrorun import learn

    try:
        with archive.writing(wait_s):
            athlete = archive.annotations.profile()
            sessions = archive.lessons()
            outdated = {each.source.sha256 for each in learn.outdated(sessions, athlete)}
            archive.annotations.set_learnt(athlete, sorted(outdated))
    except ArchiveError as problem:
        if problem.slug != "archive-busy":
            raise


def with_pressed_laps(archive: Archive) -> list[str]:
    """Hashes of exports with laps that were pressed by hand: what the convention of laps is for.

    While the lock of the one writer is held, no other comes to them.
    """
    return sorted(
        {
            each.source.sha256
            for each in archive.sessions(_ignore)
            if any(lap.trigger == "manual" for lap in each.laps[:-1])
        }
    )


def has_learnt(archive: Archive, settings: "CompareSettings") -> bool:
    """Whether what is kept as learnt is what the sessions teach; nothing is locked or changed.

    It is not after an import that was killed before ``bring_up_to_date``. Sessions that are to be
    analysed again are not asked about: those are ``archive.pending.exports()``.
    """
    from retrorun import learn

    before = archive.annotations.profile()
    sessions = archive.lessons()
    return learn.learn_from_sound(sessions, before, settings) == before


def _ignore(_session_id: str, _problem: RetrorunError) -> None:
    """A session that cannot be read teaches nothing; its page and ``archive check`` name it."""
