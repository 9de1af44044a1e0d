"""Paired differences, backward minus forward, with intervals; or how much data is missing."""

import numpy as np

from retrorun.compare.match import Matches
from retrorun.compare.statistics import mean_by_group
from retrorun.model import Difference, Estimate
from retrorun.settings import CompareSettings

METHOD = "mean of paired differences, clustered by session, Student's 95 % interval"
# key, label, unit, how to read it
AT_EQUAL_SPEED = (
    ("heart_rate_bpm", "heart rate at equal speed", "1/min", "steady heart rate, first minute out"),
    ("metres_per_beat", "metres per heartbeat", "m", "at equal speed, steady heart rate"),
    ("cadence_spm", "step rate", "steps/min", "at equal speed"),
    ("step_length_m", "step length", "m", "at equal speed"),
    ("contact_time_s", "ground contact", "s", "at equal speed"),
    ("vertical_oscillation_m", "vertical oscillation", "m", "at equal speed"),
    ("balance_pct", "ground contact on the left foot", "%", "at equal speed"),
    ("respiration_brpm", "breathing rate", "breaths/min", "at equal speed"),
    (
        "energy_kcal_per_km",
        "energy per kilometre",
        "kcal/km",
        "a model's: only as much your own as your cost factor is",
    ),
    (
        "energy_kcal_per_min",
        "energy per minute",
        "kcal/min",
        "a model's: only as much your own as your cost factor is",
    ),
)
AT_EQUAL_HEART_RATE = (
    ("speed_mps", "speed at equal heart rate (retro ratio)", "m/s", "steady heart rate"),
)


def differences(
    by_speed: Matches, by_heart_rate: Matches, settings: CompareSettings
) -> tuple[Difference, ...]:
    """Every compared measure, in the order of the page."""
    return tuple(
        _difference(row, matches, settings)
        for rows, matches in ((AT_EQUAL_SPEED, by_speed), (AT_EQUAL_HEART_RATE, by_heart_rate))
        for row in rows
    )


def _difference(
    row: tuple[str, str, str, str], matches: Matches, settings: CompareSettings
) -> Difference:
    key, label, unit, reading = row
    back, ahead = matches.back.measures[key], matches.ahead.measures[key]
    both = np.isfinite(back) & np.isfinite(ahead) & (ahead != 0)
    back, ahead, sessions = back[both], ahead[both], matches.back.rank[both]
    counts = (len(back), len(np.unique(sessions)))
    missing = max(0, settings.least_pairs - len(back))
    if missing:
        absent = not len(back) and len(both) >= settings.least_pairs
        note = _unrecorded(key) if absent else _too_early(missing)
        nothing = Estimate(None, None, None, METHOD, note)
        return Difference(key, label, unit, None, None, nothing, nothing, *counts, missing, note)
    apart = back - ahead
    return Difference(
        key=key,
        label=label,
        unit=unit,
        backward=mean_by_group(back, sessions, METHOD).value,
        forward=mean_by_group(ahead, sessions, METHOD).value,
        difference=mean_by_group(apart, sessions, METHOD),
        percent=mean_by_group(100.0 * apart / ahead, sessions, METHOD),
        pairs=counts[0],
        sessions=counts[1],
        note=reading,
    )


def _too_early(missing: int) -> str:
    return f"too early to say: {missing} more matched {'pair' if missing == 1 else 'pairs'}"


def _unrecorded(key: str) -> str:
    """There are pairs enough, and none has the measure: more of them would not help."""
    if key.startswith("energy_"):
        return "needs body mass: retrorun profile mass_kg=70"
    if key in {"heart_rate_bpm", "metres_per_beat"}:
        return "no pair has a steady heart rate: it takes backward stretches of 80 s and longer"
    return "not recorded"
