"""Metrics of a session, built on those of its segments in `retrorun.metrics`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrorun.metrics import Metrics, Totals
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
class MeasuredSegment:
    """A segment and its metrics."""

    segment: Segment
    metrics: Metrics


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
