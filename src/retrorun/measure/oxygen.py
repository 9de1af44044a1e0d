"""What forward movement asks of the body: oxygen by speed and grade, and cost by grade.

Sources: ACSM's metabolic equations (literature ``acsm_*``), Minetti et al. 2002 (``minetti_*``).
"""

import numpy as np

from retrorun.literature import value
from retrorun.units import BoolArray, FloatArray

MINUTE_S = 60.0


def oxygen_ml_kg_min(speed_mps: FloatArray, grade: FloatArray, walking: BoolArray) -> FloatArray:
    """Gross oxygen demand of forward movement, ml/kg/min, (n,); NaN where speed is missing.

    ACSM: running 3.5 + 0.2 S + 0.9 S G, walking 3.5 + 0.1 S + 1.8 S G, S in m/min.

    Departures: where grade is missing the ground counts as level. ACSM's equations are for level
    and uphill; downhill the level cost above rest is scaled by Minetti's polynomial instead.
    """
    pace_m_min = speed_mps * MINUTE_S
    slope = np.nan_to_num(grade)
    flat = np.where(walking, value("acsm_walk_speed"), value("acsm_run_speed")) * pace_m_min
    lift = np.where(walking, value("acsm_walk_grade"), value("acsm_run_grade")) * pace_m_min
    down = np.minimum(slope, 0.0)
    downhill = flat * flat_equivalent(down, walking)
    return value("acsm_rest") + np.where(slope < 0, downhill, flat + lift * slope)


def minetti_j_kg_m(grade: FloatArray, gait: str = "run") -> FloatArray:
    """Net cost of forward movement at a grade, J/(kg·m); the grade is clamped to ±0.45."""
    limit = value("minetti_limit")
    slope = np.clip(grade, -limit, limit)
    cost = 0.0 * slope
    for power in range(5, -1, -1):
        cost = cost * slope + value(f"minetti_{gait}_{power}")
    return np.asarray(cost)


def flat_equivalent(grade: FloatArray, walking: BoolArray) -> FloatArray:
    """Metres on the level that cost as much as one metre at the grade, forward, (n,)."""
    slope = np.nan_to_num(grade)
    walked, ran = (
        minetti_j_kg_m(slope, gait) / value(f"minetti_{gait}_0") for gait in ("walk", "run")
    )
    return np.where(walking, walked, ran)


def kcal_per_kg(oxygen: float, seconds: float) -> float:
    """Energy of ``oxygen`` ml/kg/min kept up for ``seconds``, kcal/kg: 5 kcal a litre."""
    return oxygen * seconds / MINUTE_S / 1000.0 * value("oxygen_energy")
