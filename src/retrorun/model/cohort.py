"""Backward against forward over many athletes: values only, ready for pages, JSON and Parquet.

Two levels: a summary of each athlete's own `Comparison`, and numbers over all athletes. A number
that is not known is None, with the reason in words beside it.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from retrorun.metric_types import Estimate
from retrorun.model.recording import Note

Scale = Literal["factor", "difference", "percent"]


class Interval(msgspec.Struct, frozen=True):
    """A number with its 95 % interval, where it has one."""

    value: float
    low: float | None = None
    high: float | None = None


class AthleteMetric(msgspec.Struct, frozen=True):
    """One metric of one athlete, backward minus forward: a `Difference` without its words.

    ``difference`` is in the unit of the metric, ``percent`` in per cent of forward.
    """

    difference: Interval
    percent: Interval
    pairs: int
    sessions: int
    difference_sd: float | None = None
    percent_sd: float | None = None
    shared_days: float = 0.0


class AthleteSummary(msgspec.Struct, frozen=True):
    """What a cohort keeps of one athlete's comparison.

    Attributes:
        athlete: the name or id under which the results are kept.
        sessions: those compared, each run once; ``backward_sessions`` of them went backward.
        first_date: local date of the first, ``last_date`` of the last.
        backward_s: moving backward; ``backward_m`` metres; the same of ``forward``.
        cost_factor: the athlete's own; None where there is none.
        cost_sessions: sessions with a cost factor of their own.
        measures: `Difference.key` → the metric; only those that have a number.
        reasons: the other keys, and ``cost_factor``, → why there is no number.
    """

    athlete: str
    sessions: int
    backward_sessions: int
    first_date: str | None
    last_date: str | None
    backward_s: float
    backward_m: float | None
    forward_s: float
    forward_m: float | None
    cost_factor: Interval | None
    cost_sessions: int
    measures: Mapping[str, AthleteMetric]
    reasons: Mapping[str, str]


class Uncompared(msgspec.Struct, frozen=True):
    """An athlete whose sessions could not be read or compared; nobody else pays for it."""

    athlete: str
    slug: str
    message: str


class Quantiles(msgspec.Struct, frozen=True):
    """Sample quantiles over athletes, each of them counted once.

    Those that the sample does not reach are None; ``note`` then says how many athletes it takes.
    """

    smallest: float | None = None
    p05: float | None = None
    p25: float | None = None
    p50: float | None = None
    p75: float | None = None
    p95: float | None = None
    largest: float | None = None
    note: str = ""


class Mixed(msgspec.Struct, frozen=True):
    """A mean over athletes who differ among themselves (random intercept by athlete).

    Attributes:
        mean: of the athletes, with its 95 % interval.
        between_sd: standard deviation between athletes, of the logarithm for a factor; None where
            it cannot be told from the spread within athletes.
        prediction: where one more athlete like these would lie, 95 %.
        between_share: part of the spread of the athletes' own numbers that is between athletes
            and not their uncertainty (I²), 0 to 1.
        heterogeneity: the same in words.
        observations: sessions behind it.
        heaviest_share: weight of the athlete who weighs most.
    """

    mean: Estimate
    between_sd: float | None
    prediction: Estimate
    between_share: float | None
    heterogeneity: str
    observations: int
    heaviest_share: float | None


class CohortMetric(msgspec.Struct, frozen=True):
    """One metric over all athletes who have it.

    Attributes:
        key: that of `Difference`, or ``cost_factor``.
        label: words for people; ``unit``: for people, that of the metric or ``%``.
        scale: ``difference`` in the unit, ``percent`` of forward, or ``factor`` times forward.
        athletes: how many have a number of their own.
        missing: how many more are needed before a number is given; 0 if it is given.
        note: ``too early to say: N more athletes``, or how the number is to be read.
    """

    key: str
    label: str
    unit: str
    scale: Scale
    athletes: int
    quantiles: Quantiles
    mixed: Mixed
    missing: int = 0
    note: str = ""


class Cohort(msgspec.Struct, frozen=True):
    """Everything that the cohort page and ``cohort compare --json`` show.

    Attributes:
        athletes: one summary each, by name.
        uncompared: athletes who are missing here, and why.
        backward_athletes: those with counted backward movement.
        measures: the cost factor first, then each metric as difference and in per cent.
        literature_factor: the measured literature's; ``popular_factor``: the popular claim's.
    """

    athletes: tuple[AthleteSummary, ...]
    uncompared: tuple[Uncompared, ...]
    backward_athletes: int
    sessions: int
    backward_sessions: int
    backward_s: float
    backward_m: float | None
    first_date: str | None
    last_date: str | None
    include_candidates: bool
    measures: tuple[CohortMetric, ...]
    literature_factor: Estimate
    popular_factor: Estimate
    notes: tuple[Note, ...] = ()
