"""Which sessions are compared, by day, week and record, and their segments of one kind as columns.

Columns, because hundreds of thousands of segments are compared at once.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec
import numpy as np
import numpy.typing as npt

from retrorun.metric_types import Compared
from retrorun.metrics import BODY_LABELS, COMPARED, METRICS, energy_kcal
from retrorun.model import Best, MeasuredSegment, Note, Session, Totals
from retrorun.model.comparison import Day, Record, RecordStep, Week
from retrorun.model.recording import is_plausible_clock
from retrorun.settings import CompareSettings
from retrorun.units import BoolArray, FloatArray, IntArray

NOTHING = Totals()
MOST_NAMED = 5  # sessions without a day that a note names
LABELS = {"longest_s": "longest unbroken, by time", "longest_m": "longest unbroken, by distance"}


def select_sessions(
    sessions: Sequence[Session], settings: CompareSettings
) -> tuple[list[Session], tuple[Note, ...]]:
    """Sessions within the dates, in time order, each once; and notes on those left out.

    The dates are those of the athlete's own clock, as everywhere (`local_date`).
    """
    low = -float("inf") if settings.since_s is None else settings.since_s
    high = float("inf") if settings.until_s is None else settings.until_s
    inside = [each for each in sessions if low <= _local_clock_s(each) < high]
    kept = each_once(inside, settings)
    twice = len(inside) - len(kept)
    message = (
        f"{counted(twice, 'session')} {'is' if twice == 1 else 'are'} there twice; "
        "each run counts once"
    )
    return kept, (Note("duplicate-sessions", message),) if twice else ()


def each_once(sessions: Iterable[Session], settings: CompareSettings) -> list[Session]:
    """Sessions in time order, each activity once: of its recordings the richest (`_richness`)."""
    return [max(each, key=_richness) for each in activities(sessions, settings)]


def activities(sessions: Iterable[Session], settings: CompareSettings) -> list[list[Session]]:
    """Sessions in time order, the recordings of one activity together.

    The same activity exported twice, or recorded by two devices, starts within half a minute and
    lasts nearly as long as the first of them; a short part of it may begin between the two. Only
    start, duration and id are read.
    """
    found: list[list[Session]] = []
    for session in sorted(sessions, key=lambda each: (each.start_time_s, each.id)):
        activity = _activity_of(found, session, settings)
        if activity is None:
            found.append([session])
        else:
            activity.append(session)
    return found


def _activity_of(
    found: Sequence[list[Session]], session: Session, settings: CompareSettings
) -> list[Session] | None:
    """The activity, of those that began before, that a session is another recording of."""
    for activity in reversed(found):
        before_s = session.start_time_s - activity[0].start_time_s
        if _is_same_activity(activity[0], session, settings):
            return activity
        if before_s > settings.same_start_s or not is_dated(session):
            break
    return None


def _is_same_activity(first: Session, second: Session, settings: CompareSettings) -> bool:
    """Whether both are one; a clock that was never set begins every session at one moment."""
    if first.id == second.id or not is_dated(second):
        return first.id == second.id
    times, others = ((each.start_time_s, each.duration_s) for each in (first, second))
    return are_same_times(times, others, settings)


def are_same_times(
    first: tuple[float, float], second: tuple[float, float], settings: CompareSettings
) -> bool:
    """Whether two recordings, each by its start and its duration, s, can be of one activity."""
    if abs(first[0] - second[0]) > settings.same_start_s:
        return False
    least_s = settings.same_duration_share * max(first[1], second[1])
    return abs(first[1] - second[1]) <= max(settings.same_start_s, least_s)


def _richness(session: Session) -> tuple[int, bool, int, float, float, float, float, str]:
    """What is compared of two recordings of one activity; the greater stands.

    What a device on the body recorded, a compass heading, all channels, the earlier start; then
    what was measured. The id comes last: a de-identified copy has others, and must come to the
    same choice. An archive compares likewise when it imports (``ingest.duplicates``).
    """
    known = frozenset(session.channels)
    beats = sum(each.beats for each in session.measures.totals.values())
    return (
        len(known & BODY_LABELS),
        session.heading.kind == "compass",
        len(known),
        -session.start_time_s,
        session.duration_s,
        session.distance_m or 0.0,
        beats,
        session.id,
    )


def is_dated(session: Session) -> bool:
    """Whether the day can be right: a clock that was never set, or overflowed, names another."""
    return is_plausible_clock(session.start_time_s)


def dated(sessions: Sequence[Session]) -> tuple[list[Session], tuple[Note, ...]]:
    """The sessions whose day is known, and a note that names the others."""
    kept = [each for each in sessions if is_dated(each)]
    odd = [each for each in sessions if not is_dated(each)]
    if not odd:
        return kept, ()
    named = [f"{each.name or each.source.name} ({local_date(each)})" for each in odd[:MOST_NAMED]]
    if len(odd) > MOST_NAMED:
        named.append(f"{len(odd) - MOST_NAMED} more")
    words = (
        f"the clock was wrong in {counted(len(odd), 'session')}: {', '.join(named)}; "
        "sums and matched stretches hold them, weeks, trends and records do not"
    )
    return kept, (Note("day-unknown", words),)


def counted(count: int, what: str) -> str:
    """So many of something, in words: ``1 week``, ``2 weeks``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _local_clock_s(session: Session) -> float:
    """The start on the athlete's own clock, as Unix seconds of a clock that shows the same in UTC.

    UTC where the zone is not known.
    """
    return session.start_time_s + (session.zone.utc_offset_s if session.zone else 0.0)


def local_time(session: Session) -> dt.datetime:
    """When the session began on the athlete's own clock; UTC where the zone is not known."""
    return dt.datetime.fromtimestamp(_local_clock_s(session), tz=dt.UTC)


def local_date(session: Session) -> str:
    """Local date on which the session began, ``YYYY-MM-DD``."""
    return local_time(session).date().isoformat()


def segments_of_kind(
    session: Session, kind: str, settings: CompareSettings
) -> list[MeasuredSegment]:
    """The session's segments of a kind, in order; candidates may count as backward."""
    segments = session.measures.segments
    if settings.include_candidates:
        return [each for each in segments if each.segment.direction == kind]
    return [each for each in segments if each.segment.kind == kind]


def compared_segments(
    session: Session, kind: str, settings: CompareSettings
) -> list[MeasuredSegment]:
    """The segments of a kind that are compared: all but forward ones that answers cut out.

    What is asked about takes quick steps at a backward speed. A "no" makes a slow forward segment
    of its own of it, the nearest partner of every backward one; had nobody asked, it would be part
    of the forward running around it. As a partner it makes backward steps look like forward ones.
    """
    found = segments_of_kind(session, kind, settings)
    if kind != "forward":
        return found
    cut_out = _cut_out_of_forward(session)
    return [each for each in found if each.segment.start_s not in cut_out]


def _cut_out_of_forward(session: Session) -> set[float]:
    """Starts of labelled segments that are the smaller part of unbroken forward movement, s."""
    moving = [each.segment for each in session.measures.segments if each.segment.gait != "still"]
    found: set[float] = set()
    if not any(each.verdict == "labelled" for each in moving):
        return found
    for direction, unbroken in groupby(moving, key=lambda each: each.direction):
        parts = list(unbroken)
        labelled = [each for each in parts if each.verdict == "labelled"]
        labelled_s, whole_s = (sum(e.end_s - e.start_s for e in some) for some in (labelled, parts))
        if direction == "forward" and labelled_s < whole_s - labelled_s:
            found |= {each.start_s for each in labelled}
    return found


def total(session: Session, kind: str, settings: CompareSettings) -> Totals:
    """The session's sums of a kind; candidates join backward where they are counted."""
    totals = session.measures.totals
    found = totals.get(kind, NOTHING)
    if settings.include_candidates and kind == "backward":
        return found + totals.get("candidate", NOTHING)
    if settings.include_candidates and kind == "candidate":
        return NOTHING
    return found


READ_METRICS = tuple(each.key for each in METRICS if each.read)  # None becomes NaN
_row = attrgetter(*READ_METRICS)


class SegmentTable(msgspec.Struct, frozen=True, eq=False):
    """Segments, (n,) each, by session and then as they follow in it; NaN where not known.

    Attributes:
        session: place of the session in the sequence; ``rank`` is that of its id in the alphabet.
        time_s: Unix time at which the session began; ``start_s`` elapsed seconds to the segment.
        gait: ``run``, ``walk``, ``still``.
        columns: what is named in ``READ_METRICS``.
        measures: compared metrics → values, by the keys of `Difference`.
    """

    session: IntArray
    rank: IntArray
    time_s: FloatArray
    start_s: FloatArray
    gait: npt.NDArray[np.str_]
    columns: Mapping[str, FloatArray]
    measures: Mapping[str, FloatArray]

    def select(self, which: IntArray | BoolArray) -> "SegmentTable":
        """The segments of these indices, or those that are true."""
        return SegmentTable(
            self.session[which],
            self.rank[which],
            self.time_s[which],
            self.start_s[which],
            self.gait[which],
            {name: column[which] for name, column in self.columns.items()},
            {name: column[which] for name, column in self.measures.items()},
        )


def segment_table(
    sessions: Sequence[Session], kind: str, settings: CompareSettings
) -> SegmentTable:
    """All segments of a kind that are compared in these sessions, in order."""
    segments = [compared_segments(session, kind, settings) for session in sessions]
    session = np.repeat(np.arange(len(sessions)), [len(part) for part in segments])
    found = [measured for part in segments for measured in part]
    rows = np.array([_row(each.metrics) for each in found], dtype=np.float64)
    columns = dict(zip(READ_METRICS, rows.reshape(-1, len(READ_METRICS)).T.copy(), strict=True))
    gross = np.array([energy_kcal(each.metrics) for each in found], dtype=np.float64)
    _, rank = np.unique(np.array([each.id for each in sessions], dtype=str), return_inverse=True)
    return SegmentTable(
        session,
        rank[session],
        np.array([each.start_time_s for each in sessions], dtype=np.float64)[session],
        np.array([each.segment.start_s for each in found], dtype=np.float64),
        np.array([each.segment.gait for each in found], dtype=str),
        columns,
        _measures(columns, gross),
    )


def _measures(columns: Mapping[str, FloatArray], gross: FloatArray) -> dict[str, FloatArray]:
    """The compared metrics.

    Heart rate is the steady one only: the mean of a short segment belongs to what came before.
    """
    # energy is of all seconds; the known metres may not be
    way_m = columns["speed_mps"] * columns["moving_s"]
    known = {**columns, "energy_kcal": gross, "moving_m": way_m}
    return {each.key: _values(each, known) for each in COMPARED}


def _values(metric: Compared, columns: Mapping[str, FloatArray]) -> FloatArray:
    if metric.formula is None:
        return columns[metric.source]
    above, below = columns[metric.formula.above], columns[metric.formula.below]
    return _quotient(above, below, metric.formula.times)


def _quotient(upper: FloatArray, lower: FloatArray, scale: float) -> FloatArray:
    """Quotient (n,), NaN where there is nothing to divide by."""
    found = np.full(len(upper), np.nan)
    np.divide(upper, lower, out=found, where=lower != 0)
    return found * scale


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
        day_known=is_dated(session),
    )


def weeks(sessions: Sequence[Session], settings: CompareSettings) -> tuple[Week, ...]:
    """Every week from the first to the last session, Monday first, local dates."""
    return tuple(_week(monday, held, settings) for monday, held in by_week(sessions).items())


def by_week(sessions: Sequence[Session]) -> dict[dt.date, list[Session]]:
    """Monday → the sessions of the week, from the first to the last week, also empty ones."""
    found: dict[dt.date, list[Session]] = defaultdict(list)
    for session in sessions:
        date = local_time(session).date()
        found[date - dt.timedelta(days=date.weekday())].append(session)
    if not found:
        return {}
    first, last = min(found), max(found)
    count = (last - first).days // 7 + 1
    mondays = (first + dt.timedelta(weeks=number) for number in range(count))
    return {monday: found.get(monday, []) for monday in mondays}


def _week(monday: dt.date, sessions: Sequence[Session], settings: CompareSettings) -> Week:
    sums = (
        Totals.of(total(session, kind, settings) for session in sessions)
        for kind in ("backward", "forward", "candidate")
    )
    return Week(monday.isoformat(), len(sessions), *sums)


def records(sessions: Sequence[Session]) -> tuple[Record, ...]:
    """Personal bests backward over sessions in time order, and each time that one was broken.

    The bests of a session are stored with it, so that no track is read. Shortest distance first,
    then the longest stretches.
    """
    steps: dict[str, list[tuple[Best, Session]]] = defaultdict(list)
    for session in sessions:
        for new in session.measures.bests:
            if not steps[new.key] or _better(new, steps[new.key][-1][0]):
                steps[new.key].append((new, session))
    ordered = sorted(steps.values(), key=lambda each: _record_order(each[-1][0]))
    return tuple(_record(each) for each in ordered)


def _better(new: Best, old: Best) -> bool:
    if new.key == "longest_s":
        return new.seconds > old.seconds
    if new.key == "longest_m":
        return (new.distance_m or 0.0) > (old.distance_m or 0.0)
    return new.seconds < old.seconds


def _record_order(best: Best) -> tuple[bool, float]:
    return best.key in LABELS, best.distance_m or 0.0


def _record(steps: Sequence[tuple[Best, Session]]) -> Record:
    best, session = steps[-1]
    return Record(
        key=best.key,
        label=LABELS.get(best.key, best.key),
        seconds=best.seconds,
        distance_m=best.distance_m,
        session=session.id,
        date=local_date(session),
        start_s=best.start_s,
        progression=tuple(
            RecordStep(each.seconds, each.distance_m, of.id, local_date(of), each.start_s)
            for each, of in steps
        ),
    )
