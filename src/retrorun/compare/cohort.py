"""Backward against forward over many athletes: quantiles, and a mean with athletes at random.

Each athlete enters with the numbers of their own comparison (`summary`). Quantiles count every
athlete once. The mean is that of ``random_effects``: sessions are the observations of a metric,
so an athlete with a thousand of them has a more certain number and weighs little more than
others.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from retrorun.compare.random_effects import Observed, mixed, mixed_factor, observed, quantiles
from retrorun.compare.statistics import published
from retrorun.metrics import DIFFERENCES
from retrorun.model import Estimate, Note
from retrorun.model.cohort import (
    AthleteMetric,
    AthleteSummary,
    Cohort,
    CohortMetric,
    Interval,
    Mixed,
    Quantiles,
    Scale,
    Uncompared,
)
from retrorun.model.comparison import Comparison, Difference
from retrorun.settings import CompareSettings

FACTOR = "cost_factor"


def summary(athlete: str, found: Comparison) -> AthleteSummary:
    """What a cohort keeps of an athlete's comparison.

    The metrics are taken from `Comparison.differences`, which are over all matched pairs;
    `Comparison.pairs` holds only the latest of them and is not looked at.
    """
    backward, forward = found.totals["backward"], found.totals["forward"]
    known = [each for each in found.differences if each.difference.value is not None]
    unknown = [each for each in found.differences if each.difference.value is None]
    reasons = {each.key: _reason(each) for each in unknown}
    factor = _interval(found.cost_factor)
    if factor is None:
        reasons[FACTOR] = found.cost_factor.reason or ""
    return AthleteSummary(
        athlete=athlete,
        sessions=found.sessions,
        backward_sessions=found.backward_sessions,
        first_date=found.first_date,
        last_date=found.last_date,
        backward_s=backward.moving_s,
        backward_m=backward.distance_m,
        forward_s=forward.moving_s,
        forward_m=forward.distance_m,
        cost_factor=factor,
        cost_sessions=sum(day.cost_factor.value is not None for day in found.days),
        measures={each.key: measure for each in known if (measure := _athlete_measure(each))},
        reasons=reasons,
    )


def _athlete_measure(each: Difference) -> AthleteMetric | None:
    difference, percent = _interval(each.difference), _interval(each.percent)
    if difference is None or percent is None:
        return None
    return AthleteMetric(
        difference,
        percent,
        each.pairs,
        each.sessions,
        each.difference_sd,
        each.percent_sd,
        each.shared_days,
    )


def _interval(each: Estimate) -> Interval | None:
    return None if each.value is None else Interval(each.value, each.low, each.high)


def _reason(each: Difference) -> str:
    """Why there is no number; a command that is named there is for the athlete's own archive."""
    return (each.difference.reason or each.note).partition(": retrorun ")[0]


def cohort(
    athletes: Iterable[AthleteSummary],
    uncompared: Iterable[Uncompared],
    settings: CompareSettings,
) -> Cohort:
    """What is known over athletes, in any order and any number.

    Args:
        athletes: a summary of each athlete's own comparison.
        uncompared: athletes who could not be compared.
        settings: those with which the athletes were compared.

    Returns:
        Values only: below ``least_athletes`` the words say how many more it takes.
    """
    known = tuple(sorted(athletes, key=lambda each: each.athlete))
    ways_m = [each.backward_m for each in known if each.backward_s > 0]
    measured_m = [way_m for way_m in ways_m if way_m is not None]
    firsts = [each.first_date for each in known if each.first_date]
    lasts = [each.last_date for each in known if each.last_date]
    return Cohort(
        athletes=known,
        uncompared=tuple(sorted(uncompared, key=lambda each: each.athlete)),
        backward_athletes=sum(each.backward_sessions > 0 for each in known),
        sessions=sum(each.sessions for each in known),
        backward_sessions=sum(each.backward_sessions for each in known),
        backward_s=math.fsum(each.backward_s for each in known),
        backward_m=None if ways_m and not measured_m else math.fsum(measured_m),
        first_date=min(firsts, default=None),
        last_date=max(lasts, default=None),
        include_candidates=settings.include_candidates,
        measures=(_factor(known, settings), *_measures(known, settings)),
        literature_factor=published("backward_run"),
        popular_factor=published("popular_factor"),
        notes=_notes(known),
    )


def _notes(known: Sequence[AthleteSummary]) -> tuple[Note, ...]:
    if not known or any(each.backward_sessions for each in known):
        return ()
    words = "no confirmed or labelled backward running of any athlete"
    return (Note("no-backward", words),)


def _factor(known: Sequence[AthleteSummary], settings: CompareSettings) -> CohortMetric:
    """The backward cost factor over athletes."""
    having = [(each.cost_factor, each.cost_sessions) for each in known if each.cost_factor]
    found = observed([factor for factor, _ in having], [sessions for _, sessions in having])
    name = _Name(FACTOR, "backward cost factor", "times forward", "factor")
    reading = "at equal speed and grade, from each athlete's own heart rate"
    return _measure(name, found, (_commonest_reason(known, FACTOR), reading), settings)


def _measures(known: Sequence[AthleteSummary], settings: CompareSettings) -> Iterator[CohortMetric]:
    """Every metric, as it is and in per cent of forward, in the order of the page."""
    for metric in DIFFERENCES:
        key, label, unit, reading = metric.key, metric.label, metric.unit, metric.reading
        having = [each.measures[key] for each in known if key in each.measures]
        sessions = [each.sessions for each in having]
        shared = [each.shared_days for each in having]
        words = (_commonest_reason(known, key), reading)
        differences = observed(
            [each.difference for each in having],
            sessions,
            [each.difference_sd for each in having],
            shared,
        )
        yield _measure(_Name(key, label, unit, "difference"), differences, words, settings)
        percents = observed(
            [each.percent for each in having],
            sessions,
            [each.percent_sd for each in having],
            shared,
        )
        yield _measure(_Name(key, label, "%", "percent"), percents, words, settings)


class _Name(msgspec.Struct, frozen=True):
    """Key, label, unit and scale of a `CohortMetric`."""

    key: str
    label: str
    unit: str
    scale: Scale


def _measure(
    name: _Name, found: Observed, words: tuple[str, str], settings: CompareSettings
) -> CohortMetric:
    """A metric over athletes.

    ``words``: the commonest reason why athletes lack it, and how the number is to be read.
    """
    why, reading = words
    count = len(found.values)
    missing = max(0, settings.least_athletes - count)
    if missing:
        return _too_few_athletes(name, count, missing, why)
    model = mixed_factor if name.scale == "factor" else mixed
    quantile, spread = quantiles(found.values), model(found, settings)
    return CohortMetric(
        name.key, name.label, name.unit, name.scale, count, quantile, spread, 0, reading
    )


def _too_few_athletes(name: _Name, count: int, missing: int, why: str) -> CohortMetric:
    note = f"too early to say: {missing} more {'athlete' if missing == 1 else 'athletes'}"
    note = f"{note} (most often: {why})" if why else note
    nothing = Estimate(None, None, None, "", note)
    spread = Mixed(nothing, None, nothing, None, note, 0, None)
    return CohortMetric(
        name.key, name.label, name.unit, name.scale, count, Quantiles(), spread, missing, note
    )


def _commonest_reason(known: Sequence[AthleteSummary], key: str) -> str:
    """Why most of those who went backward have no number."""
    reasons = Counter(
        reason for each in known if each.backward_sessions and (reason := each.reasons.get(key))
    )
    return min(reasons, key=lambda each: (-reasons[each], each), default="")
