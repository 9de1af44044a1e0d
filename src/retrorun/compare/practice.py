"""How backward movement was done: warm-up, ground, walking first, and steps up in distance.

What was run before a session, as far as its guidance looks back.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median

from retrorun.compare.sessions import DAY_S, of_kind, total
from retrorun.model import MeasuredSegment, Practice, Session
from retrorun.settings import CompareSettings

WINDOW_S = 30 * DAY_S
KINDS = ("backward", "forward")


@dataclass(frozen=True, slots=True)
class Past:
    """What was run before a session.

    Attributes:
        longest_m: kind → most metres in one session of the 30 days before; 0 where there is none.
        backward_sessions: how many sessions with backward movement there were.
        first_backward_s: Unix time of the first of them.
    """

    longest_m: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    backward_sessions: int = 0
    first_backward_s: float | None = None


class Longest:
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
        while self._window and self._window[-1][1] <= metres:  # older and shorter: never again
            self._window.pop()
        if metres > 0:
            self._window.append((time_s, metres))


def pasts(sessions: Iterable[Session], settings: CompareSettings) -> dict[str, Past]:
    """What came before each of the sessions, which come in any order, by their ids."""
    return dict(_pasts(sessions, settings))


def _pasts(sessions: Iterable[Session], settings: CompareSettings) -> Iterator[tuple[str, Past]]:
    longest = {kind: Longest() for kind in KINDS}
    count, first_s = 0, None
    ordered = sorted(sessions, key=lambda each: each.start_time_s)
    for time_s, group in groupby(ordered, key=lambda each: each.start_time_s):
        together = list(group)  # what begins at once is not before each other
        most_m = {kind: each.before(time_s) for kind, each in longest.items()}
        for session in together:
            yield session.id, Past(most_m, count, first_s)
        for session in together:
            for kind, each in longest.items():
                each.add(time_s, total(session, kind, settings).distance_m or 0.0)
            if total(session, "backward", settings).moving_s:
                count, first_s = count + 1, time_s if first_s is None else first_s


SPIKE = 1.1  # more than a tenth longer, as RUNSAFE counts it


def practice(sessions: Sequence[Session], settings: CompareSettings) -> Practice:
    """Sum up the practice of all sessions, in time order."""
    backward = [of_kind(session, "backward", settings) for session in sessions]
    every = [measured for part in backward for measured in part]
    warm_ups = [warm_up_s(session, settings) for session in sessions]
    known = [each for each in warm_ups if each is not None]
    ratios = [ratio for _, ratio in progressions(sessions, settings, "backward")]
    return Practice(
        segments=len(every),
        steep=_on(every, "steep"),
        twisty=_on(every, "twisty"),
        walk_s=sum(each.metrics.moving_s for each in every if each.segment.gait == "walk"),
        run_s=sum(each.metrics.moving_s for each in every if each.segment.gait == "run"),
        walked_first=sum(bool(part) and part[0].segment.gait == "walk" for part in backward),
        warm_up_s=median(known) if known else None,
        longer=sum(ratio > SPIKE for ratio in ratios),
        comparable=len(ratios),
        trimp_per_min=_trimp(sessions),
        respiration_brpm=_respiration(sessions, settings),
    )


def _on(segments: Sequence[MeasuredSegment], ground: str) -> int:
    return sum(ground in each.metrics.ground for each in segments)


def warm_up_s(session: Session, settings: CompareSettings) -> float | None:
    """Forward movement before the first backward segment; None without a backward segment."""
    backward = of_kind(session, "backward", settings)
    if not backward:
        return None
    return sum(
        each.metrics.moving_s
        for each in of_kind(session, "forward", settings)
        if each.segment.end_s <= backward[0].segment.start_s
    )


def progressions(
    sessions: Sequence[Session], settings: CompareSettings, kind: str
) -> Iterator[tuple[Session, float]]:
    """Each session's metres of a kind over the most in one session of the 30 days before it.

    Sessions without such movement, without its distance, or with nothing to compare with, are
    passed over.
    """
    window = Longest()
    for session in sessions:
        metres = total(session, kind, settings).distance_m or 0.0
        longest = window.before(session.start_time_s)
        if metres > 0 and longest > 0:
            yield session, metres / longest
        window.add(session.start_time_s, metres)


def _trimp(sessions: Sequence[Session]) -> dict[str, float]:
    """TRIMP a minute of each direction, from sums over all sessions that have it."""
    found = {}
    for kind in ("backward", "forward"):
        loads = [each for s in sessions if (each := s.measures.heart.get(kind)) and each.trimp]
        seconds = sum(load.seconds for load in loads)
        if seconds > 0:
            found[kind] = 60.0 * sum(load.trimp or 0.0 for load in loads) / seconds
    return found


def _respiration(sessions: Sequence[Session], settings: CompareSettings) -> dict[str, float]:
    """Mean breathing rate of each direction, weighted by moving time."""
    found = {}
    for kind in ("backward", "forward"):
        rows = [
            (each.metrics.respiration_brpm, each.metrics.moving_s)
            for session in sessions
            for each in of_kind(session, kind, settings)
            if each.metrics.respiration_brpm is not None
        ]
        seconds = sum(moving_s for _, moving_s in rows)
        if seconds > 0:
            found[kind] = sum(rate * moving_s for rate, moving_s in rows) / seconds
    return found
