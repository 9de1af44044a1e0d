"""What was learnt, brought to every session that depends on it.

1. learn: one function of all sessions' lessons, which no learnt value had a part in
2. note which sessions were analysed with other learnt values
3. analyse those again; their lessons stay as they are, so that this ends
"""

from collections.abc import Sequence
from dataclasses import replace

from retrorun.archive import Archive
from retrorun.errors import RetrorunError
from retrorun.ingest.analysis import Engine, Progress, Report
from retrorun.ingest.reprocess import again
from retrorun.model import Athlete, Session
from retrorun.settings import CompareSettings


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
        if archive.pending.is_empty():
            return report
        while True:
            sessions = archive.summaries(_leave_out, with_exposed=True)
            before = archive.annotations.profile()
            learnt = _learnt(sessions, before, engine.settings.compare)
            outdated = {each.source.sha256 for each in learn.outdated(sessions, learnt)} - failed
            if outdated or learnt != before:
                archive.annotations.set_learnt(learnt, sorted(outdated))
            wanted = [sha256 for sha256 in archive.pending.exports() if sha256 not in failed]
            if not wanted:
                return report
            taught = replace(engine, athlete=engine.athlete.with_learnt_of(learnt))
            done = again(wanted, archive, taught, progress)
            still = learn.outdated(archive.summaries(_leave_out, with_exposed=True), learnt)
            failed |= {row.sha256 for row in done.problems}
            failed |= {each.source.sha256 for each in still} & outdated  # it would never end
            report = report.followed_by(done)


def _leave_out(_session_id: str, _problem: RetrorunError) -> None:
    """A session that cannot be read teaches nothing; its page and ``archive check`` name it."""


def _learnt(sessions: Sequence[Session], before: Athlete, settings: CompareSettings) -> Athlete:
    """What the sessions teach, without those that nothing can be made of."""
    from retrorun import learn

    try:
        return learn.learn(sessions, before, settings)
    except Exception:
        sound = [each for each in sessions if _is_sound(each, before, settings)]
        if len(sound) == len(sessions):
            raise
        return learn.learn(sound, before, settings)


def _is_sound(session: Session, before: Athlete, settings: CompareSettings) -> bool:
    from retrorun import learn

    try:
        learn.learn([session], before, settings)
    except Exception:  # noqa: BLE001 - whatever a stored session holds
        return False
    return True
