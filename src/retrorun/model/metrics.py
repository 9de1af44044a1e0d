"""Metrics of a segment and of a session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from retrorun.model.recording import Note
from retrorun.model.segment import Segment


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % (or stated) interval and method; None values carry a ``reason``."""

    value: float | None
    low: float | None
    high: float | None
    method: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a segment by one method, kcal (or kcal/kg where ``per_kg``).

    ``gross`` is all the body spends, ``active`` above rest; ``low`` and ``high`` bound ``gross``.
    """

    gross: float
    active: float
    low: float
    high: float
    method: str
    citation: str
    per_kg: bool = False


@dataclass(frozen=True, slots=True)
class HeartRate:
    """Heart rate of a segment; ``coverage`` is the share of its seconds that have one."""

    mean: float
    max: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics of one segment. Sums first (they add up), then what is derived from them.

    ``seconds`` is the segment's length, ``moving_s`` the part in motion; ``beats`` and ``steps``
    are counted only while the sensor reported, over ``beats_s`` and ``steps_s`` seconds.
    ``energy_shown`` is the method shown, ``energies`` all of them.
    """

    seconds: float
    moving_s: float
    distance_m: float | None
    climb_m: float | None
    beats: float | None
    beats_s: float
    steps: float | None
    steps_s: float
    speed_mps: float | None
    pace_s_per_km: float | None
    grade: float | None
    turn_rate_dps: float | None
    heart_rate: HeartRate | None
    steady_heart_rate_bpm: float | None
    cadence_spm: float | None
    step_length_m: float | None
    contact_time_s: float | None
    vertical_oscillation_m: float | None
    respiration_brpm: float | None
    energy_shown: Energy | None
    energies: tuple[Energy, ...] = ()
    adjusted_pace_s_per_km: float | None = None  # grade-adjusted, by a forward model
    ground: tuple[str, ...] = ()  # ``steep``, ``twisty``
    balance_pct: float | None = None  # share of ground contact on the left foot


@dataclass(frozen=True, slots=True)
class MeasuredSegment:
    """A segment and its metrics."""

    segment: Segment
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all segments of one kind; they add over sessions and weeks.

    Energy is in kcal and None where the athlete's mass is not known. ``distance_m`` is None where
    there was time and none of its way is known; without any time it is 0.
    """

    seconds: float = 0.0
    moving_s: float = 0.0
    distance_m: float | None = 0.0
    beats: float = 0.0
    beats_s: float = 0.0
    steps: float = 0.0
    steps_s: float = 0.0
    energy_kcal: float | None = None
    active_kcal: float | None = None
    low_kcal: float | None = None
    high_kcal: float | None = None

    def __add__(self, other: "Totals") -> "Totals":
        """Sums of both; energy and distance are None only where neither has one."""
        return Totals.of((self, other))

    @classmethod
    def of(cls, parts: Iterable["Totals"]) -> "Totals":
        """Sums of any number, also none."""
        collected = list(parts)
        columns = zip(*map(_sums_of, collected), strict=True)
        known = ([each for each in column if each is not None] for column in columns)
        named = zip(cls.__slots__, known, strict=False)  # of no parts there are no columns
        sums = {name: sum(column) for name, column in named if column}
        return cls(**{**sums, "distance_m": _way_m(collected)})


_sums_of = attrgetter(*Totals.__slots__)


def _way_m(parts: Iterable[Totals]) -> float | None:
    """Known metres; the 0 of what took no time is not one of them."""
    lasting = [part.distance_m for part in parts if part.seconds > 0]
    known = [distance_m for distance_m in lasting if distance_m is not None]
    return None if lasting and not known else sum(known, 0.0)


@dataclass(frozen=True, slots=True)
class Best:
    """The fastest backward segment over a distance, or the longest without a break.

    ``key`` is such as ``1 km``, ``longest_m`` or ``longest_s``; ``start_s`` elapsed seconds.
    """

    key: str
    seconds: float
    distance_m: float | None
    start_s: float


@dataclass(frozen=True, slots=True)
class HeartLoad:
    """What one direction asked of the heart: seconds a zone, and TRIMP (Banister) a minute.

    ``zones_s`` has one entry a zone, the first below the lowest bound; ``bounds_bpm`` are the
    bounds between them and ``bounds_from`` says where they come from. ``trimp`` is a sum.
    """

    zones_s: tuple[float, ...]
    bounds_bpm: tuple[float, ...]
    bounds_from: str
    seconds: float
    trimp: float | None
    trimp_per_min: float | None


@dataclass(frozen=True, slots=True)
class Measures:
    """All metrics of one session.

    ``bests`` are backward ones, of counted segments; ``heart`` direction → load.
    """

    segments: tuple[MeasuredSegment, ...]
    totals: Mapping[str, Totals]  # backward, forward, candidate, unknown, still
    cost_factor: Estimate
    notes: tuple[Note, ...] = ()
    bests: tuple[Best, ...] = ()
    heart: Mapping[str, HeartLoad] = field(default_factory=dict)
