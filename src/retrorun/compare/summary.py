"""One athlete's comparison, cut down to what a cohort keeps of it."""

from retrorun.model import Comparison, Difference, Estimate
from retrorun.model.cohort import AthleteMeasure, AthleteSummary, Interval

FACTOR = "cost_factor"


def summary(athlete: str, found: Comparison) -> AthleteSummary:
    """What a cohort keeps of an athlete's comparison.

    The measures are taken from `Comparison.differences`, which are over all matched pairs;
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
        measures={each.key: measure for each in known if (measure := _measure(each))},
        reasons=reasons,
    )


def _measure(each: Difference) -> AthleteMeasure | None:
    difference, percent = _interval(each.difference), _interval(each.percent)
    if difference is None or percent is None:
        return None
    return AthleteMeasure(difference, percent, each.pairs, each.sessions)


def _interval(each: Estimate) -> Interval | None:
    return None if each.value is None else Interval(each.value, each.low, each.high)


def _reason(each: Difference) -> str:
    """Why there is no number; a command that is named there is for the athlete's own archive."""
    return (each.difference.reason or each.note).partition(": retrorun ")[0]
