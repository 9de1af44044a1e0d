"""Paired differences, backward minus forward, with intervals; or how much data is missing."""

from collections.abc import Sequence

import numpy as np

from retrorun.compare.statistics import mean_by_group
from retrorun.model import Difference, Estimate, Pair
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
    by_speed: Sequence[Pair], by_heart_rate: Sequence[Pair], settings: CompareSettings
) -> tuple[Difference, ...]:
    """Every compared measure, in the order of the page."""
    return tuple(
        _difference(row, pairs, settings)
        for rows, pairs in ((AT_EQUAL_SPEED, by_speed), (AT_EQUAL_HEART_RATE, by_heart_rate))
        for row in rows
    )


def _difference(
    row: tuple[str, str, str, str], pairs: Sequence[Pair], settings: CompareSettings
) -> Difference:
    key, label, unit, reading = row
    both = [
        (pair.backward[key], pair.forward[key], pair.backward_session)
        for pair in pairs
        if pair.backward[key] is not None and pair.forward[key]
    ]
    sessions = [session for *_, session in both]
    missing = max(0, settings.least_pairs - len(both))
    if missing:
        absent = not both and len(pairs) >= settings.least_pairs
        note = _unrecorded(key) if absent else _too_early(missing)
        nothing = Estimate(None, None, None, METHOD, note)
        counts = (len(both), len(set(sessions)), missing)
        return Difference(key, label, unit, None, None, nothing, nothing, *counts, note)
    values = np.array([(back, ahead) for back, ahead, _ in both], dtype=np.float64)
    apart = values[:, 0] - values[:, 1]
    return Difference(
        key=key,
        label=label,
        unit=unit,
        backward=float(values[:, 0].mean()),
        forward=float(values[:, 1].mean()),
        difference=mean_by_group(apart, sessions, METHOD),
        percent=mean_by_group(100.0 * apart / values[:, 1], sessions, METHOD),
        pairs=len(both),
        sessions=len(set(sessions)),
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
