"""Backward stretches and the forward ones most like them.

Two kinds of pairs: at equal speed (heart rate, steps, energy), and at equal heart rate (speed).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from retrorun.compare.select import DAY_S, of_kind
from retrorun.model import Metrics, Pair, Session
from retrorun.settings import CompareSettings
from retrorun.units import FloatArray

Value = float | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A segment as a candidate for a pair; ``traits`` are what must be alike, in tolerances."""

    session: str
    start_s: float
    time_s: float
    gait: str
    level: float
    traits: tuple[float, ...]
    metrics: Metrics


def equal_speed(sessions: Sequence[Session], settings: CompareSettings) -> list[Pair]:
    """Pairs at equal speed, grade, gait and time into the run."""
    tolerance = settings.speed_tolerance_mps
    back = _stretches(sessions, "backward", settings, ("speed_mps", tolerance))
    ahead = _stretches(sessions, "forward", settings, ("speed_mps", tolerance))
    return _paired(back, ahead, settings)


def equal_heart_rate(sessions: Sequence[Session], settings: CompareSettings) -> list[Pair]:
    """Pairs at equal steady heart rate, grade, gait and time into the run."""
    tolerance = settings.heart_rate_tolerance_bpm
    back = _stretches(sessions, "backward", settings, ("steady_heart_rate_bpm", tolerance))
    ahead = _stretches(sessions, "forward", settings, ("steady_heart_rate_bpm", tolerance))
    return _paired(back, ahead, settings)


def _stretches(
    sessions: Iterable[Session], kind: str, settings: CompareSettings, level: tuple[str, float]
) -> list[Stretch]:
    name, tolerance = level
    found = []
    for session in sessions:
        for measured in of_kind(session, kind, settings):
            segment, metrics = measured.segment, measured.metrics
            value = getattr(metrics, name)
            if value is None or metrics.speed_mps is None or metrics.moving_s < settings.segment_s:
                continue
            traits = (
                value / tolerance,
                (metrics.grade or 0.0) / settings.grade_tolerance,
                segment.start_s / settings.time_tolerance_s,
            )
            place = (session.id, segment.start_s, session.start_time_s)
            found.append(Stretch(*place, segment.gait, traits[0], traits, metrics))
    return found


def _paired(
    back: Sequence[Stretch], ahead: Sequence[Stretch], settings: CompareSettings
) -> list[Pair]:
    """The nearest forward partner of each backward stretch: in its session, else near in days."""
    at_home, abroad = defaultdict(list), defaultdict(list)
    for stretch in ahead:
        at_home[stretch.session, stretch.gait].append(stretch)
        for step in (-1, 0, 1):  # whoever looks in one place finds all within the tolerance
            abroad[int(stretch.level // 1) + step, stretch.gait].append(stretch)
    shelves = {key: _Shelf.of(group) for key, group in abroad.items()}
    reach = (settings.days_tolerance * DAY_S, settings.partners // 2)
    pairs = []
    for stretch in back:
        partner = _nearest(stretch, at_home.get((stretch.session, stretch.gait), ()))
        if partner is None:
            shelf = shelves.get((int(stretch.level // 1), stretch.gait))
            partner = shelf.nearest(stretch, reach) if shelf else None
        if partner is not None:
            pairs.append(_pair(stretch, *partner))
    return pairs


def _nearest(stretch: Stretch, others: Sequence[Stretch]) -> tuple[float, Stretch] | None:
    """The most similar one with every trait within its tolerance."""
    best = None
    for other in others:
        apart = [abs(a - b) for a, b in zip(stretch.traits, other.traits, strict=True)]
        if max(apart) > 1.0:
            continue
        distance = sum(each * each for each in apart) ** 0.5
        if best is None or distance < best[0]:
            best = (distance, other)
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Shelf:
    """Forward stretches of one gait and level, in time order, ready to be searched."""

    stretches: Sequence[Stretch]
    times: list[float]
    clock: FloatArray
    traits: FloatArray

    @classmethod
    def of(cls, group: Sequence[Stretch]) -> "_Shelf":
        ordered = sorted(group, key=lambda each: (each.time_s, each.session, each.start_s))
        traits = np.array([each.traits for each in ordered])
        times = [each.time_s for each in ordered]
        return cls(ordered, times, np.array(times), traits)

    def nearest(self, stretch: Stretch, reach: tuple[float, int]) -> tuple[float, Stretch] | None:
        """The most similar one of those near in time: within so many seconds, and so many."""
        reach_s, most = reach
        middle = bisect_left(self.times, stretch.time_s)
        first = max(bisect_left(self.times, stretch.time_s - reach_s), middle - most)
        last = min(bisect_right(self.times, stretch.time_s + reach_s), middle + most)
        if first >= last:
            return None
        apart = np.abs(self.traits[first:last] - np.array(stretch.traits))
        days = np.abs(self.clock[first:last] - stretch.time_s) / reach_s
        distance = np.sqrt((apart**2).sum(axis=1) + days**2)
        distance[apart.max(axis=1) > 1.0] = np.inf
        best = int(np.argmin(distance))
        return (
            (float(distance[best]), self.stretches[first + best])
            if np.isfinite(distance[best])
            else None
        )


def _pair(back: Stretch, distance: float, ahead: Stretch) -> Pair:
    return Pair(
        backward_session=back.session,
        backward_start_s=back.start_s,
        forward_session=ahead.session,
        forward_start_s=ahead.start_s,
        start_time_s=back.time_s + back.start_s,
        gait=back.gait,
        distance=distance,
        backward=measures_of(back.metrics),
        forward=measures_of(ahead.metrics),
    )


def measures_of(metrics: Metrics) -> dict[str, Value]:
    """The compared measures of a stretch.

    Heart rate is the steady one only: the mean of a short stretch belongs to what came before.
    """
    steady, speed, shown = metrics.steady_heart_rate_bpm, metrics.speed_mps, metrics.energy_shown
    usable = shown if shown is not None and not shown.per_kg else None
    gross = usable.gross if usable else None
    return {
        "speed_mps": speed,
        "heart_rate_bpm": steady,
        "metres_per_beat": _over(speed, steady, 60.0),
        "cadence_spm": metrics.cadence_spm,
        "step_length_m": metrics.step_length_m,
        "contact_time_s": metrics.contact_time_s,
        "vertical_oscillation_m": metrics.vertical_oscillation_m,
        "balance_pct": metrics.balance_pct,
        "respiration_brpm": metrics.respiration_brpm,
        "energy_kcal_per_km": _over(gross, metrics.distance_m, 1000.0),
        "energy_kcal_per_min": _over(gross, metrics.seconds, 60.0),
    }


def _over(upper: Value, lower: Value, scale: float) -> Value:
    return upper / lower * scale if upper is not None and lower else None
