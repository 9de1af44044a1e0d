"""Which sessions count, when they were on the runner's own clock, and what of them is backward."""

import datetime as dt
from collections.abc import Sequence

from retrorun.model import MeasuredSegment, Note, Session, Totals
from retrorun.settings import CompareSettings

DAY_S = 86_400.0
SAME_START_S = 30.0
NOTHING = Totals()


def chosen(
    sessions: Sequence[Session], settings: CompareSettings
) -> tuple[list[Session], tuple[Note, ...]]:
    """Sessions within the dates, in time order, each run once; and notes on those left out.

    The same run exported twice, or recorded by two devices, starts within half a minute and
    overlaps: the copy with more channels is kept.
    """
    low = -float("inf") if settings.since_s is None else settings.since_s
    high = float("inf") if settings.until_s is None else settings.until_s
    inside = [each for each in sessions if low <= each.start_time_s < high]
    kept: list[Session] = []
    twice = 0
    for session in sorted(inside, key=lambda each: (each.start_time_s, each.id)):
        if kept and _same_run(kept[-1], session):
            kept[-1] = max(kept[-1], session, key=_richness)
            twice += 1
        else:
            kept.append(session)
    message = f"{twice} sessions are there twice; each run counts once"
    return kept, (Note("duplicate-sessions", message),) if twice else ()


def _same_run(first: Session, second: Session) -> bool:
    if abs(first.start_time_s - second.start_time_s) > SAME_START_S:
        return False
    longer = max(first.duration_s, second.duration_s)
    return abs(first.duration_s - second.duration_s) <= max(SAME_START_S, 0.05 * longer)


def _richness(session: Session) -> tuple[int, float, str]:
    return len(session.channels), session.duration_s, session.id


def local(session: Session) -> dt.datetime:
    """When the session began on the runner's own clock; UTC where the zone is not known."""
    offset_s = session.zone.utc_offset_s if session.zone else 0.0
    return dt.datetime.fromtimestamp(session.start_time_s + offset_s, tz=dt.UTC)


def day(session: Session) -> str:
    """Local date, ``YYYY-MM-DD``."""
    return local(session).date().isoformat()


def of_kind(session: Session, kind: str, settings: CompareSettings) -> list[MeasuredSegment]:
    """The session's segments of a kind, in order; candidates may count as backward."""
    segments = session.measures.segments
    if kind in {"backward", "candidate"} and not settings.include_candidates:
        doubtful = kind == "candidate"
        return [
            each
            for each in segments
            if each.segment.direction == "backward"
            and (each.segment.verdict == "candidate") == doubtful
        ]
    return [each for each in segments if each.segment.direction == kind]


def total(session: Session, kind: str, settings: CompareSettings) -> Totals:
    """The session's sums of a kind; candidates join backward where they are counted."""
    totals = session.measures.totals
    found = totals.get(kind, NOTHING)
    if settings.include_candidates and kind == "backward":
        return found + totals.get("candidate", NOTHING)
    if settings.include_candidates and kind == "candidate":
        return NOTHING
    return found
