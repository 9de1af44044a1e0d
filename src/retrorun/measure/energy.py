"""Energy of a segment by up to three methods, of which one is shown and all are kept.

``speed``: ACSM's forward equation, times the literature's band while backward.
``personal``: the same with the athlete's own backward cost factor.
``heart rate``: Keytel 2005, in the range where it was tested, and never times a backward factor,
because heart rate already holds the cost of going backward.

The rule for the one shown: backward segments by the personal factor if its interval is narrow
enough, else by speed; others by speed; heart rate only where speed is not known
for long enough.

Oxygen by speed and grade: ACSM's metabolic equations (literature ``acsm_*``); cost by grade:
Minetti et al. 2002 (``minetti_*``); energy by heart rate: Keytel et al. 2005 (``keytel_*``).
"""

import msgspec
import numpy as np

from retrorun import arithmetic
from retrorun.literature import BY_KEY, MINETTI_DEGREE, value
from retrorun.measure.heart import age_years, maximum_bpm
from retrorun.measure.samples import Columns, Samples, walking
from retrorun.model import Athlete, Energy, Estimate, Note, Segment
from retrorun.settings import MeasureSettings
from retrorun.units import JOULE_PER_KCAL, BoolArray, FloatArray

ACSM = "ACSM metabolic equations"
NO_MASS = Note(
    "no-mass",
    "no body mass in the profile, so energy is per kilogram only; "
    "set it with `retrorun profile mass_kg=70`",
)
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
    above_rest = flat + lift * slope
    down = np.flatnonzero(slope < 0)
    above_rest[down] = flat[down] * flat_equivalent(slope[down], walking[down])
    return value("acsm_rest") + above_rest


def minetti_j_kg_m(grade: FloatArray, gait: str = "run") -> FloatArray:
    """Net cost of forward movement at a grade, J/(kg·m); the grade is clamped to ±0.45."""
    limit = value("minetti_limit")
    slope = np.clip(grade, -limit, limit)
    cost = 0.0 * slope
    for power in reversed(range(1 + MINETTI_DEGREE)):
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


class EnergyInputs(msgspec.Struct, frozen=True):
    """What energy depends on beside movement: body mass, and the own cost factor and its origin."""

    mass_kg: float | None
    factor: Estimate
    origin: str


def forward_oxygen(samples: Samples) -> FloatArray:
    """Oxygen that the movement would ask forward, ml/kg/min (n,); rest while not moving.

    NaN where speed is missing, also in a still segment: a stop is not known from missing data.
    """
    still = samples.mask([part.direction == "still" for part in samples.segments])
    resting = (still | ~samples.moving) & np.isfinite(samples.speed_mps)
    speed = np.where(resting, 0.0, samples.speed_mps)
    return oxygen_ml_kg_min(speed, samples.grade, walking(samples))


def energy_columns(samples: Samples, athlete: Athlete, settings: MeasureSettings) -> Columns:
    """Sums (s,) of forward oxygen and of Keytel's rate, with the seconds behind each."""
    oxygen, oxygen_s = samples.sums(forward_oxygen(samples))
    keytel, keytel_s = samples.sums(keytel_kj_min(samples, athlete, settings))
    return {"oxygen": oxygen, "oxygen_s": oxygen_s, "keytel": keytel, "keytel_s": keytel_s}


def keytel_kj_min(samples: Samples, athlete: Athlete, settings: MeasureSettings) -> FloatArray:
    """Keytel's rate of each second, kJ/min (n,); NaN outside the range in which it was tested.

    That range: 18-45 years, 47-120 kg, 57-90 % of maximum heart rate, moving, and not in the
    first minutes.
    """
    nothing = np.full(samples.track.seconds, np.nan)
    time_s = samples.local_start_s
    age, (highest, _) = age_years(athlete, time_s), maximum_bpm(athlete, time_s)
    if keytel_refusal(athlete, time_s) or age is None or highest is None:
        return nothing
    rate, span = samples.heart_rate_bpm, BY_KEY["keytel_heart_rate"]
    warm = np.cumsum(samples.moving) > settings.warm_s
    valid = warm & samples.moving & (rate >= span.low * highest) & (rate <= span.high * highest)
    return np.where(valid, keytel(rate, float(athlete.mass_kg or 0), age, str(athlete.sex)), np.nan)


def keytel(heart_rate: FloatArray, mass_kg: float, age: float, sex: str) -> FloatArray:
    """Energy expenditure by heart rate, kJ/min (n,): Keytel et al. 2005, without VO2max."""
    constant = value(f"keytel_{sex}_constant")
    body = value(f"keytel_{sex}_mass") * mass_kg + value(f"keytel_{sex}_age") * age
    return constant + value(f"keytel_{sex}_heart_rate") * heart_rate + body


def keytel_refusal(athlete: Athlete, time_s: float) -> str | None:
    """Why there is no energy by heart rate for this athlete, in words; None if there may be."""
    age = age_years(athlete, time_s)
    if athlete.mass_kg is None or athlete.birth_year is None or athlete.sex is None:
        return "energy by heart rate needs body mass, birth year and sex in the profile"
    if age is None:
        return "energy by heart rate needs the age, and the clock of this recording was wrong"
    ages, masses = BY_KEY["keytel_age"], BY_KEY["keytel_mass"]
    if not ages.low <= age <= ages.high:
        return f"energy by heart rate was tested at {ages.low:.0f}-{ages.high:.0f} years only"
    if not masses.low <= athlete.mass_kg <= masses.high:
        return f"energy by heart rate was tested at {masses.low:.0f}-{masses.high:.0f} kg only"
    return None


def energies(
    segment: Segment, row: dict[str, float], inputs: EnergyInputs, settings: MeasureSettings
) -> tuple[Energy, ...]:
    """All estimates for one segment, the one to show first; empty where none is possible.

    Args:
        segment: which direction and gait.
        row: this segment's entries of ``energy_columns`` and ``seconds``.
        inputs: body mass and own cost factor.
        settings: how narrow a personal factor must be, and how much speed and heart rate are
            enough.
    """
    found = []
    if row["oxygen_s"] >= settings.coverage * row["seconds"] > 0:
        if segment.direction == "backward" and _usable(inputs.factor, settings):
            found.append(_personal(row, inputs))
        found.append(_speed(segment, row, inputs.mass_kg))
    enough = row["keytel_s"] >= settings.keytel_coverage * row["seconds"] > 0
    if enough and inputs.mass_kg is not None:
        found.append(_heart(row, inputs.mass_kg))
    return tuple(found)


def _usable(factor: Estimate, settings: MeasureSettings) -> bool:
    if factor.value is None or factor.low is None or factor.high is None or factor.low <= 0:
        return False
    return factor.high / factor.low <= settings.personal_width


def _speed(segment: Segment, row: dict[str, float], mass_kg: float | None) -> Energy:
    """ACSM; while backward times the literature's band, where direction is unknown up to it."""
    band, name = BY_KEY[f"backward_{'walk' if segment.gait == 'walk' else 'run'}"], "speed"
    citation = BY_KEY["acsm_rest"].citation
    if segment.direction == "backward":
        name = f"speed × {band.value} ({band.low}-{band.high})"
        words = (name, f"{citation}; {band.citation}")
        return _oxygen_energy(row, mass_kg, (band.value, band.low, band.high), words)
    top = band.high if segment.direction == "unknown" else 1.0
    return _oxygen_energy(row, mass_kg, (1.0, 1.0, top), (name, citation))


def _personal(row: dict[str, float], inputs: EnergyInputs) -> Energy:
    factor = inputs.factor
    band = (float(factor.value or 0), float(factor.low or 0), float(factor.high or 0))
    name = f"personal: speed × own {band[0]:.2f} ({band[1]:.2f}-{band[2]:.2f}), {inputs.origin}"
    return _oxygen_energy(row, inputs.mass_kg, band, (name, f"{ACSM}; {factor.method}"))


def _oxygen_energy(
    row: dict[str, float],
    mass_kg: float | None,
    times: tuple[float, float, float],
    words: tuple[str, str],
) -> Energy:
    """Energy of a segment at its mean oxygen, times a factor with its band.

    Seconds of unknown speed count as the mean of the others, as they do for heart rate.
    The band of the factor and ACSM's error between people are independent: they add in squares.
    """
    scale = 1.0 if mass_kg is None else mass_kg
    mean = row["oxygen"] / row["oxygen_s"]
    forward = kcal_per_kg(mean, row["seconds"]) * scale
    rest = kcal_per_kg(value("acsm_rest"), row["seconds"]) * scale
    factor, low, high = times
    error = value("acsm_error")
    return Energy(
        gross=forward * factor,
        active=max(0.0, forward * factor - rest),
        low=forward * max(0.0, factor - arithmetic.hypot(factor - low, error * factor)),
        high=forward * (factor + arithmetic.hypot(high - factor, error * factor)),
        method=words[0],
        citation=words[1],
        per_kg=mass_kg is None,
    )


def _heart(row: dict[str, float], mass_kg: float) -> Energy:
    """Keytel's mean rate over the whole segment; its seconds out of range count as the mean."""
    rate_kj_min = row["keytel"] / row["keytel_s"]
    gross = rate_kj_min * row["seconds"] / 60.0 * 1000.0 / JOULE_PER_KCAL
    rest = kcal_per_kg(value("acsm_rest"), row["seconds"]) * mass_kg
    error = value("keytel_error")
    low, high = gross * (1 - error), gross * (1 + error)
    citation = BY_KEY["keytel_male_heart_rate"].citation
    return Energy(gross, max(0.0, gross - rest), low, high, "heart rate", citation)
