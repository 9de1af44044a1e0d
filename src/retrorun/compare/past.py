"""What was run before a session, as far as its guidance looks back."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from retrorun.compare.select import DAY_S, total
from retrorun.model import Session
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
