"""Cohorts made by hand, small and large, and the numbers over them by the project's own code."""

import numpy as np
from msgspec import structs

from retrorun.compare.cohort import cohort
from retrorun.model.cohort import (
    AthleteMetric,
    AthleteSummary,
    Cohort,
    Interval,
    Uncompared,
)
from retrorun.settings import CompareSettings

HOSTILE = "<img src=x onerror=alert(1)>\u202egpj"
NOTHING = AthleteSummary(
    athlete="",
    sessions=4,
    backward_sessions=0,
    first_date="2026-03-01",
    last_date="2026-06-20",
    backward_s=0.0,
    backward_m=0.0,
    forward_s=9000.0,
    forward_m=25_000.0,
    cost_factor=None,
    cost_sessions=0,
    measures={},
    reasons={"cost_factor": "no session gives a cost factor"},
)
# key, mean difference, deviation between athletes and between sessions, forward
KNOWN = (
    ("heart_rate_bpm", 14.0, 4.0, 3.0, 150.0),
    ("metres_per_beat", -0.12, 0.03, 0.03, 1.1),
    ("cadence_spm", 13.0, 4.0, 2.0, 165.0),
    ("step_length_m", -0.08, 0.03, 0.02, 0.95),
    ("energy_kcal_per_km", 24.0, 5.0, 4.0, 72.0),
    ("speed_mps", -0.8, 0.2, 0.1, 2.9),
)


def athlete(name: str, seed: int) -> AthleteSummary:
    """An athlete with three to twelve sessions, drawn by seed."""
    rng = np.random.default_rng(seed)
    sessions = int(rng.integers(3, 13))
    factor = 1.34 * float(np.exp(rng.normal(0, 0.06)))
    width = float(rng.uniform(1.04, 1.15))
    return structs.replace(
        NOTHING,
        athlete=name,
        sessions=sessions + 2,
        backward_sessions=sessions,
        backward_s=420.0 * sessions,
        backward_m=950.0 * sessions,
        cost_factor=Interval(factor, factor / width, factor * width),
        cost_sessions=max(1, sessions // 2),
        measures={row[0]: _measure(row, sessions, rng) for row in KNOWN},
        reasons={"contact_time_s": "not recorded"},
    )


def _measure(
    row: tuple[str, float, float, float, float], sessions: int, rng: np.random.Generator
) -> AthleteMetric:
    _, mean, between, within, forward = row
    value = float(rng.normal(mean, between))
    reach = 2.2 * within / float(np.sqrt(sessions))
    share = 100.0 / forward
    return AthleteMetric(
        Interval(value, value - reach, value + reach),
        Interval(value * share, (value - reach) * share, (value + reach) * share),
        sessions * 5,
        sessions,
        within if sessions > 1 else None,
        within * share if sessions > 1 else None,
    )


def of(count: int, forward_only: int = 0, lost: int = 0) -> Cohort:
    """So many athletes who run backward, others who never do, and some who are missing."""
    back = [athlete(f"athlete {seed:05d}", seed) for seed in range(count)]
    rest = [structs.replace(NOTHING, athlete=f"forward {place}") for place in range(forward_only)]
    missing = [
        Uncompared(f"lost {place} {HOSTILE}", "results-part-damaged", f"broken {HOSTILE}")
        for place in range(lost)
    ]
    return cohort([*back, *rest], missing, CompareSettings())


def hostile(count: int = 6) -> Cohort:
    """The same, all of whose names want to be something else."""
    rows = [
        structs.replace(each, athlete=f"{HOSTILE}{place}{'long' * 500}")
        for place, each in enumerate(of(count).athletes)
    ]
    return cohort(rows, of(0, lost=3).uncompared, CompareSettings())
