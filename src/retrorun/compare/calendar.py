"""Days, weeks and personal bests."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from retrorun.compare.sessions import local_date, local_time, total
from retrorun.model import Best, Day, Record, Session, Totals, Week
from retrorun.settings import CompareSettings

MOST_WEEKS = 5300  # a century: more is a clock that was never set
LABELS = {"longest_s": "longest unbroken, by time", "longest_m": "longest unbroken, by distance"}


def days(sessions: Sequence[Session], settings: CompareSettings) -> tuple[Day, ...]:
    """Every session as one row."""
    return tuple(_day(session, settings) for session in sessions)


def _day(session: Session, settings: CompareSettings) -> Day:
    back, ahead = total(session, "backward", settings), total(session, "forward", settings)
    spent = [each.energy_kcal for each in session.measures.totals.values()]
    known = [each for each in spent if each is not None]
    share = back.moving_s / session.moving_s if session.moving_s > 0 else None
    return Day(
        session=session.id,
        date=local_date(session),
        start_time_s=session.start_time_s,
        name=session.name,
        backward_s=back.moving_s,
        backward_m=back.distance_m,
        forward_s=ahead.moving_s,
        forward_m=ahead.distance_m,
        candidate_s=total(session, "candidate", settings).moving_s,
        moving_s=session.moving_s,
        backward_share=share,
        backward_kcal=back.energy_kcal,
        total_kcal=sum(known) if known else None,
        cost_factor=session.measures.cost_factor,
    )


def weeks(sessions: Sequence[Session], settings: CompareSettings) -> tuple[Week, ...]:
    """Every week from the first to the last session, Monday first, local dates."""
    by_monday: dict[dt.date, list[Session]] = defaultdict(list)
    for session in sessions:
        date = local_time(session).date()
        by_monday[date - dt.timedelta(days=date.weekday())].append(session)
    if not by_monday:
        return ()
    first, last = min(by_monday), max(by_monday)
    count = (last - first).days // 7 + 1
    mondays = (
        [first + dt.timedelta(weeks=number) for number in range(count)]
        if count <= MOST_WEEKS
        else sorted(by_monday)
    )
    return tuple(_week(monday, by_monday.get(monday, []), settings) for monday in mondays)


def _week(monday: dt.date, sessions: Sequence[Session], settings: CompareSettings) -> Week:
    sums = (
        Totals.of(total(session, kind, settings) for session in sessions)
        for kind in ("backward", "forward", "candidate")
    )
    return Week(monday.isoformat(), len(sessions), *sums)


def records(sessions: Sequence[Session]) -> tuple[Record, ...]:
    """Personal bests backward over all sessions, shortest distance first, then the longest."""
    best: dict[str, tuple[Best, Session]] = {}
    for session in sessions:
        for new in session.measures.bests:
            old = best.get(new.key)
            if old is None or _better(new, old[0]):
                best[new.key] = (new, session)
    ordered = sorted(best.values(), key=lambda each: _place(each[0]))
    return tuple(_record(found, session) for found, session in ordered)


def _better(new: Best, old: Best) -> bool:
    if new.key == "longest_s":
        return new.seconds > old.seconds
    if new.key == "longest_m":
        return (new.distance_m or 0.0) > (old.distance_m or 0.0)
    return new.seconds < old.seconds


def _place(best: Best) -> tuple[bool, float]:
    return best.key in LABELS, best.distance_m or 0.0


def _record(best: Best, session: Session) -> Record:
    return Record(
        key=best.key,
        label=LABELS.get(best.key, best.key),
        seconds=best.seconds,
        distance_m=best.distance_m,
        session=session.id,
        date=local_date(session),
        start_s=best.start_s,
    )
