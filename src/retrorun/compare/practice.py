"""How backward movement was done over all sessions, and what is worth knowing about one of them.

Warm-up, increase in distance, ground, walking before running: information, no verdict. Sessions
that repeat the same are set side by side, each repetition against its like.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from statistics import median

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun.compare.sessions import (
    activities,
    by_week,
    counted,
    each_once,
    is_dated,
    local_date,
    segments_of_kind,
    total,
)
from retrorun.compare.statistics import mean_by_group
from retrorun.compare.trends import mean_speed
from retrorun.literature import BY_KEY, value
from retrorun.model import Estimate, MeasuredSegment, Session
from retrorun.model.comparison import Advice, Dose, Guidance, Practice, RepeatedSession, Repeats
from retrorun.model.segment import RepetitionSet
from retrorun.settings import CompareSettings
from retrorun.units import DAY_S, HOUR_S, WEEK_S, FloatArray, clock, whole

WINDOW_S = value("spike_window") * DAY_S
KINDS = ("backward", "forward")


class EarlierSessions(msgspec.Struct, frozen=True):
    """What the sessions before one hold.

    Attributes:
        longest_m: kind → most metres in one session of the 30 days before; 0 where there is none.
        backward_sessions: how many sessions with backward movement there were.
        first_backward_s: Unix time of the first of them.
    """

    longest_m: Mapping[str, float] = msgspec.field(
        default_factory=lambda: dict.fromkeys(KINDS, 0.0)
    )
    backward_sessions: int = 0
    first_backward_s: float | None = None


class LongestInWindow:
    """The most metres in one session of the last 30 days, session after session."""

    def __init__(self) -> None:
        self._window: deque[tuple[float, float]] = deque()

    def before(self, time_s: float) -> float:
        """The most in the 30 days before; 0 without any."""
        while self._window and self._window[0][0] < time_s - WINDOW_S:
            self._window.popleft()
        return self._window[0][1] if self._window else 0.0

    def add(self, time_s: float, metres: float) -> None:
        """A session; they come in time order."""
        while self._window and self._window[-1][1] <= metres:  # can be the longest no more
            self._window.pop()
        if metres > 0:
            self._window.append((time_s, metres))


def earlier_sessions(
    sessions: Iterable[Session], settings: CompareSettings
) -> dict[str, EarlierSessions]:
    """Session id → what the sessions before it hold; ``sessions`` come in any order.

    A session whose day is not known is before no other, and none is before it. An activity of which
    there are several recordings counts once, and none of them is before another.
    """
    return dict(_earlier_sessions(sessions, settings))


def _earlier_sessions(
    sessions: Iterable[Session], settings: CompareSettings
) -> Iterator[tuple[str, EarlierSessions]]:
    longest = {kind: LongestInWindow() for kind in KINDS}
    count, first_s = 0, None
    ordered = activities(filter(is_dated, sessions), settings)
    for time_s, group in groupby(ordered, key=lambda each: each[0].start_time_s):
        together = list(group)  # activities that begin at the same moment are not before each other
        most_m = {kind: each.before(time_s) for kind, each in longest.items()}
        for session in chain.from_iterable(together):
            yield session.id, EarlierSessions(most_m, count, first_s)
        for recordings in together:
            for kind, each in longest.items():
                way_m = (total(one, kind, settings).distance_m or 0.0 for one in recordings)
                each.add(time_s, max(way_m))
            if any(total(one, "backward", settings).moving_s for one in recordings):
                count, first_s = count + 1, time_s if first_s is None else first_s


def practice(sessions: Sequence[Session], settings: CompareSettings) -> Practice:
    """Sum up the practice of all sessions, in time order."""
    backward = [segments_of_kind(session, "backward", settings) for session in sessions]
    every = [measured for part in backward for measured in part]
    warm_ups = [warm_up_s(session, settings) for session in sessions]
    known = [each for each in warm_ups if each is not None]
    ratios = [ratio for _, ratio in progressions(sessions, settings)]
    return Practice(
        segments=len(every),
        steep=_count_on_ground(every, "steep"),
        twisty=_count_on_ground(every, "twisty"),
        walk_s=sum(each.metrics.moving_s for each in every if each.segment.gait == "walk"),
        run_s=sum(each.metrics.moving_s for each in every if each.segment.gait == "run"),
        walked_first=sum(bool(part) and part[0].segment.gait == "walk" for part in backward),
        warm_up_s=median(known) if known else None,
        longer=sum(ratio > value("small_spike") for ratio in ratios),
        comparable=len(ratios),
        trimp_per_min=_trimp(sessions, settings),
        respiration_brpm=_respiration(sessions, settings),
    )


def _count_on_ground(segments: Sequence[MeasuredSegment], ground: str) -> int:
    return sum(ground in each.metrics.ground for each in segments)


def warm_up_s(session: Session, settings: CompareSettings) -> float | None:
    """Forward movement before the first backward segment; None without a backward segment."""
    backward = segments_of_kind(session, "backward", settings)
    if not backward:
        return None
    return sum(
        each.metrics.moving_s
        for each in segments_of_kind(session, "forward", settings)
        if each.segment.end_s <= backward[0].segment.start_s
    )


def progressions(
    sessions: Sequence[Session], settings: CompareSettings
) -> Iterator[tuple[Session, float]]:
    """Each session's metres backward over the most in one session of the 30 days before it.

    Sessions without such movement, without its distance, or with nothing to compare with, are
    passed over.
    """
    before = earlier_sessions(sessions, settings)
    for session in filter(is_dated, sessions):
        metres = total(session, "backward", settings).distance_m or 0.0
        longest = before[session.id].longest_m["backward"]
        if metres > 0 and longest > 0:
            yield session, metres / longest


def doses(sessions: Sequence[Session], settings: CompareSettings) -> tuple[Dose, ...]:
    """Backward movement week by week, from the first to the last session whose day is known.

    Every activity counts once, as in ``compare``.
    """
    sessions = each_once(sessions, settings)
    spikes = {session.id: ratio for session, ratio in progressions(sessions, settings)}
    found: list[Dose] = []
    for monday, held in by_week([each for each in sessions if is_dated(each)]).items():
        before_s = found[-1].backward_s if found else 0.0
        parts = [segments_of_kind(each, "backward", settings) for each in held]
        every = [each.metrics.moving_s for part in parts for each in part]
        backward_s = sum(total(each, "backward", settings).moving_s for each in held)
        step = backward_s / before_s - 1.0 if before_s > 0 else None
        large = step is not None and step > settings.dose_step
        found.append(
            Dose(
                monday=monday.isoformat(),
                sessions=len(held),
                backward_sessions=sum(bool(part) for part in parts),
                backward_s=backward_s,
                stretches=len(every),
                longest_s=max(every, default=0.0),
                step=step,
                is_large=large and backward_s - before_s >= settings.dose_step_s,
                spike=max((spikes[each.id] for each in held if each.id in spikes), default=None),
            )
        )
    return tuple(found)


def with_earlier(
    found: Practice, session: Session, before: EarlierSessions, settings: CompareSettings
) -> Practice:
    """The practice of one session alone, beside the longest of the 30 days before it."""
    metres, longest = total(session, "backward", settings).distance_m, before.longest_m["backward"]
    if not metres or longest <= 0:
        return found
    longer = metres / longest > value("small_spike")
    return replace(found, comparable=1, longer=int(longer))


def _trimp(sessions: Sequence[Session], settings: CompareSettings) -> dict[str, float]:
    """TRIMP a minute of each direction, from sums over all sessions that have it."""
    candidates = ("candidate",) if settings.include_candidates else ()
    found = {}
    for kind, parts in (("backward", ("backward", *candidates)), ("forward", ("forward",))):
        loads = [load for s in sessions for key, load in s.measures.heart.items() if key in parts]
        known = [(load.trimp, load.seconds) for load in loads if load.trimp is not None]
        seconds = sum(lasting_s for _, lasting_s in known)
        if seconds > 0:
            found[kind] = 60.0 * sum(trimp for trimp, _ in known) / seconds
    return found


def _respiration(sessions: Sequence[Session], settings: CompareSettings) -> dict[str, float]:
    """Mean breathing rate of each direction, weighted by moving time."""
    found = {}
    for kind in KINDS:
        rows = [
            (each.metrics.respiration_brpm, each.metrics.moving_s)
            for session in sessions
            for each in segments_of_kind(session, kind, settings)
            if each.metrics.respiration_brpm is not None
        ]
        seconds = sum(moving_s for _, moving_s in rows)
        if seconds > 0:
            found[kind] = sum(rate * moving_s for rate, moving_s in rows) / seconds
    return found


SAFETY = (
    "You cannot see where you are going: choose open, even, traffic-free ground, look over your "
    "shoulder, or have somebody with you. Take special care, and ask a doctor or physiotherapist "
    "first, with trouble of balance, dizziness, osteoporosis, an injury, after an operation, or "
    "in pregnancy. Stop when something hurts. retrorun reports what was recorded; it gives no "
    "medical advice."
)
RUNSAFE_LIMITS = (
    "Forward runners, observed and not assigned, injuries self-reported, distance of whole runs: "
    "it says nothing certain about one person or about backward running. In the same study the "
    "week-to-week ratio was not related to injury."
)
BANDS = (
    ("small_spike", "injury_small_spike", "10 to 30 % longer"),
    ("moderate_spike", "injury_moderate_spike", "30 to 100 % longer"),
    ("large_spike", "injury_large_spike", "more than twice as long"),
)
WALKING_FIRST = (
    "walk backward on level, open ground",
    "run backward for some seconds at a time between forward stretches",
    "run backward for a minute and longer",
)


def guidance(session: Session, before: EarlierSessions, settings: CompareSettings) -> Guidance:
    """What is worth knowing about this session beside the ones before it."""
    advice = [
        _warm_up(session, settings),
        *(_progression(session, before, settings, kind) for kind in KINDS),
        _ground(session, settings),
        _walking_first(session, settings),
        _weeks(session, before, settings),
    ]
    return Guidance(tuple(each for each in advice if each), SAFETY)


def _warm_up(session: Session, settings: CompareSettings) -> Advice | None:
    warm_s = warm_up_s(session, settings)
    if warm_s is None:
        return None
    words = f"{_minutes(warm_s)} of forward movement came before the first backward stretch."
    if warm_s < settings.warm_up_s:
        words += f" Many coaches begin with {_minutes(settings.warm_up_s)} or more."
    return Advice("warm_up", "Warm-up", words, limits="A custom of training, not a measured limit.")


def _progression(
    session: Session, before: EarlierSessions, settings: CompareSettings, kind: str
) -> Advice | None:
    """This session's metres against the most in one session of the last 30 days."""
    metres = total(session, kind, settings).distance_m
    if metres is None or metres <= 0:
        return None
    longest = before.longest_m[kind]
    key, title = f"progression_{kind}", f"Longest {kind} of the last 30 days"
    if longest <= 0:
        words = (
            f"{metres:,.0f} m {kind}; none known in the 30 days before, so there is no comparison."
        )
        return Advice(key, title, words)
    words = _against_longest(metres, longest, kind)
    found = [(name, text) for least, name, text in BANDS if metres / longest > value(least)]
    if not found:
        return Advice(key, title, words)
    name, text = found[-1]
    ratio = BY_KEY[name]
    words += (
        f" In a study of forward runners, sessions {text} than that went with {ratio.value:.2f} "
        f"({ratio.low:.2f}–{ratio.high:.2f}) times the rate of overuse injury."
    )
    return Advice(key, title, words, ratio.citation, RUNSAFE_LIMITS)


LEAST_TIMES = 10  # from there on a multiple is told, not a percentage


def _against_longest(metres: float, longest: float, kind: str) -> str:
    """This session's metres as a percentage of the longest before, or as a multiple of it."""
    times, percent = metres / longest, 100 * metres / longest
    if times >= LEAST_TIMES:
        return (
            f"{metres:,.0f} m {kind}, {times:,.0f} times the longest in the 30 days before "
            f"({longest:,.0f} m)."
        )
    return (
        f"{metres:,.0f} m {kind}, {percent:.0f} % of the longest in the 30 days before "
        f"({longest:,.0f} m)."
    )


MOST_NAMED = 6  # segments that one sentence names
MOST_SECONDS = 90  # a longer time is told in minutes


def _ground(session: Session, settings: CompareSettings) -> Advice | None:
    segments = segments_of_kind(session, "backward", settings)
    if not segments:
        return None
    named = [
        f"{clock(each.segment.start_s)} ({' and '.join(each.metrics.ground)})"
        for each in segments
        if each.metrics.ground
    ]
    if not named:
        return Advice("ground", "Ground", "Every backward stretch was on level and open ground.")
    if len(named) > MOST_NAMED:
        words = (
            f"{len(named)} of {len(segments)} backward stretches were not on level, open ground, "
            f"the first of them {', '.join(named[:MOST_NAMED])}."
        )
    else:
        words = f"Backward stretches that were not on level, open ground: {', '.join(named)}."
    limits = "Judged by grade and turn rate only: a watch does not see traffic, holes or people."
    return Advice("ground", "Ground", words, limits=limits)


def _walking_first(session: Session, settings: CompareSettings) -> Advice | None:
    segments = segments_of_kind(session, "backward", settings)
    if not segments:
        return None
    runs = [each.metrics.seconds for each in segments if each.segment.gait == "run"]
    step = 0 if not runs else 1 if max(runs) < settings.ladder_s else 2
    words = (
        f"The usual ladder: {'; then '.join(WALKING_FIRST)}. This session: {WALKING_FIRST[step]}."
    )
    return Advice("ladder", "From walking to running", words, limits="A custom, not a measurement.")


def _weeks(session: Session, before: EarlierSessions, settings: CompareSettings) -> Advice | None:
    first_s = before.first_backward_s
    if first_s is None or total(session, "backward", settings).moving_s <= 0:
        return None
    weeks = (session.start_time_s - first_s) / WEEK_S
    gain = BY_KEY["economy_gain"]
    count = before.backward_sessions
    words = (
        f"{counted(round(weeks), 'week')} and {counted(count, 'session')} since the first "
        "backward running here."
    )
    if weeks < value("economy_weeks"):
        words += " Changes were measured after several weeks; fewer say little."
    limits = "One small study without a control group."
    return Advice("weeks", "Weeks behind it", words, gain.citation, limits)


def _minutes(seconds: float) -> str:
    """Such as ``45 s``, ``90 s``, ``10 min`` or ``2:30 min``; whole minutes from an hour on."""
    lasting_s = whole(seconds)
    if lasting_s <= MOST_SECONDS:
        return f"{lasting_s} s"
    is_exact = lasting_s < HOUR_S and lasting_s % 60
    return f"{clock(lasting_s)} min" if is_exact else f"{(lasting_s + 30) // 60} min"


REPEATS = "last session minus the mean of those before it, repetition by repetition"


class _Entry(msgspec.Struct, frozen=True):
    """What a session repeats, one kind of it."""

    session: Session
    sets: tuple[RepetitionSet, ...]

    def is_like(self, other: "_Entry", share: float) -> bool:
        """Whether both repeat the same: by name, or by time and way where their names differ."""
        mine, its = self.sets[0], other.sets[0]
        if mine.gait != its.gait:
            return False
        named = [(mine.nominal_s, its.nominal_s), (mine.nominal_m, its.nominal_m)]
        typical = [(mine.duration_s, its.duration_s), (mine.distance_m, its.distance_m)]
        pairs = [pair for pair in named if None not in pair] or typical
        return all(
            first is not None and second is not None and abs(first - second) <= share * second
            for first, second in pairs
        )


def repeats(sessions: Sequence[Session], settings: CompareSettings) -> tuple[Repeats, ...]:
    """Sessions in time order that repeat the same; those with the latest session first."""
    groups: list[list[_Entry]] = []
    for entry in _entries(sessions, settings):
        like = [each for each in groups if entry.is_like(each[0], settings.repeats_alike)]
        if not like:
            groups.append([entry])
        elif like[0][-1].session is not entry.session:
            like[0].append(entry)
    several = [each for each in groups if len(each) > 1]
    latest = sorted(several, key=lambda each: -each[-1].session.start_time_s)
    return tuple(_repeats(each, settings) for each in latest)


def _entries(sessions: Sequence[Session], settings: CompareSettings) -> Iterator[_Entry]:
    for session in sessions:
        by_kind: dict[int, list[RepetitionSet]] = {}
        for each in session.measures.structure.sets:
            if each.is_certain or settings.include_candidates:
                by_kind.setdefault(each.kind, []).append(each)
        yield from (_Entry(session, tuple(sets)) for sets in by_kind.values())


def _repeats(entries: Sequence[_Entry], settings: CompareSettings) -> Repeats:
    found = tuple(_repeated(each, settings) for each in entries)
    last = found[-1].paces_s_per_km
    earlier = tuple(
        tuple(_mean_at(found[:-1], number, place) for place in range(len(paces)))
        for number, paces in enumerate(last)
    )
    both = [
        (now, before)
        for part, means in zip(last, earlier, strict=True)
        for now, before in zip(part, means, strict=True)
    ]
    changes = np.array([now - old for now, old in both if now is not None and old is not None])
    return Repeats(
        gait=entries[0].sets[0].gait,
        sessions=found,
        earlier_s_per_km=earlier,
        difference_s_per_km=_change(changes),
        repetitions=len(changes),
    )


def _change(changes: FloatArray) -> Estimate:
    if not len(changes):
        return Estimate(None, None, None, REPEATS, "no repetition of both has a pace")
    return mean_by_group(changes, np.arange(len(changes)), REPEATS)


def _mean_at(found: Sequence[RepeatedSession], number: int, place: int) -> float | None:
    """Mean pace of one repetition over those sessions that have it."""
    sets = [each.paces_s_per_km[number] for each in found if number < len(each.paces_s_per_km)]
    paces = [each[place] for each in sets if place < len(each)]
    known = [each for each in paces if each is not None]
    return sum(known) / len(known) if known else None


def _repeated(entry: _Entry, settings: CompareSettings) -> RepeatedSession:
    session = entry.session
    roles = {"counted", "candidate"} if settings.include_candidates else {"counted"}
    paces = tuple(
        tuple(
            _pace(session, each.first, each.last) if each.role in roles else None
            for each in found.repetitions
        )
        for found in entry.sets
    )
    return RepeatedSession(session.id, local_date(session), session.start_time_s, entry.sets, paces)


def _pace(session: Session, first: int, last: int) -> float | None:
    speed_mps = mean_speed(session.measures.segments[first : last + 1])
    return 1000.0 / speed_mps if speed_mps else None
