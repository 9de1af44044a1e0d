"""From judged sessions to the figures that are aimed at."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from accuracy_cost import Costed
from accuracy_judging import Counts, Judged, calibration_error, pooled, stretch_rows, total
from retrorun.compare.statistics import combine_factors
from retrorun.model import Estimate
from retrorun.settings import CompareSettings


def by_group(sessions: Iterable[Judged]) -> dict[str, list[Judged]]:
    """Sessions of each scenario, in order."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for session in sessions:
        groups[session.group].append(session)
    return dict(groups)


def f1_of(sessions: Iterable[Judged]) -> float:
    """F1 over the summed counts of sessions."""
    return total(sessions).f1


def confirmed_f1_of(sessions: Iterable[Judged]) -> float:
    """The same where only what is confirmed or labelled counts as found."""
    return sum((each.confirmed for each in sessions), Counts()).f1


def oracle_of(sessions: Iterable[Judged]) -> Counts | None:
    """Summed counts of the detector that was told; None where it has nothing to say."""
    told = [each.oracle for each in sessions if each.oracle is not None]
    return sum(told, Counts()) if told else None


def mixed(sessions: Sequence[Judged], tier: str) -> dict[str, list[Judged]]:
    """Scenarios of a tier that hold backward movement."""
    groups = by_group(each for each in sessions if each.tier == tier)
    return {name: found for name, found in groups.items() if any(one.backward_s for one in found)}


def unlabelled(sessions: Iterable[Judged]) -> list[Judged]:
    """Those whose seconds are not certain by construction."""
    return [each for each in sessions if each.tier != "labelled"]


def simulated_figures(sessions: Sequence[Judged]) -> dict[str, float]:
    """Figures of the simulated leg."""
    heading = [f1_of(found) for found in mixed(sessions, "heading").values()]
    sure = [confirmed_f1_of(found) for found in mixed(sessions, "heading").values()]
    forward = [each for each in sessions if each.backward_s == 0]
    errors = [
        error
        for found in mixed(sessions, "heading").values()
        for each in found
        for error in each.boundary_errors_s
    ]
    stretches = [stretch for each in sessions for stretch in each.stretches]
    tiers = {
        f"{tier}_f1": float(np.mean([f1_of(found) for found in mixed(sessions, tier).values()]))
        for tier in ("part", "labelled", "gait")
    }
    return {
        "heading_f1_mean": float(np.mean(heading)),
        "heading_f1_worst": float(np.min(heading)),
        "heading_confirmed_f1_mean": float(np.mean(sure)),
        **tiers,
        "simulated_false_s": float(sum(each.confirmed_false_s for each in forward)),
        "boundary_median_s": float(np.median(errors)),
        "boundary_p95_s": float(np.percentile(errors, 95)),
        "ece_seconds": calibration_error(pooled(unlabelled(sessions))),
        "ece_stretches": calibration_error(stretch_rows(stretches)),
    }


def deceived_figures(sessions: Sequence[Judged]) -> dict[str, float]:
    """Figures of forward runs that an earlier line takes for backward ones."""
    return {"deceived_false_s": float(sum(each.confirmed_false_s for each in sessions))}


def turned_figures(sessions: Sequence[Judged]) -> dict[str, float]:
    """Figures of real tracks with a synthetic compass."""
    return {
        "turned_f1": f1_of(sessions),
        "turned_confirmed_f1": confirmed_f1_of(sessions),
    }


def forward_figures(sessions: Sequence[Judged]) -> dict[str, float]:
    """Figures of real forward runs as they are."""
    hours = sum(each.moving_s for each in sessions) / 3600.0
    candidate_min = sum(each.candidate_s for each in sessions) / 60.0
    return {
        "real_false_s": float(sum(each.confirmed_false_s for each in sessions)),
        "candidate_min_per_10_h": candidate_min / hours * 10.0,
    }


def ten_sessions(costed: Sequence[Costed]) -> list[tuple[float, Estimate]]:
    """Each athlete's true factor and the estimate combined from all of their sessions."""
    athletes: dict[int, list[Costed]] = defaultdict(list)
    for each in costed:
        athletes[each.body].append(each)
    floor = CompareSettings().factor_model_error
    return [
        (found[0].true, combine_factors([each.estimate for each in found], "combined", floor))
        for found in athletes.values()
    ]


def cost_figures(costed: Sequence[Costed]) -> dict[str, float]:
    """Figures of the cost factor."""
    known = [each for each in costed if each.estimate.value is not None]
    ten = [(true, found.value) for true, found in ten_sessions(costed) if found.value is not None]
    inside = float(np.mean([covers(each.estimate, each.true) for each in known]))
    return {
        "cost_one": float(np.median([error(each.estimate.value, each.true) for each in known])),
        "cost_ten": float(np.median([error(value, true) for true, value in ten])),
        "cost_coverage": inside,
        "cost_coverage_high": inside,
    }


def error(value: float | None, true: float) -> float:
    """Relative error."""
    return abs(value / true - 1.0) if value is not None else float("nan")


def covers(estimate: Estimate, true: float) -> bool:
    """Whether the interval holds the truth."""
    known = estimate.low is not None and estimate.high is not None
    return known and estimate.low <= true <= estimate.high  # type: ignore[operator]  # known


def rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Figures as they are published: four decimals."""
    return {name: round(value, 4) for name, value in figures.items()}
