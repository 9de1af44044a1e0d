"""From segments to metrics: pace, heart, gait, energy, cost factor and totals.

1. decide which heart rate to believe
2. lay out the samples, and sum every channel over all segments at once
3. the athlete's own cost factor
4. energy of each segment; totals, bests, load, structure
"""

import math
from collections.abc import Sequence
from typing import Any

from retrorun.measure.cost_factor import cost_factor, heart_fit, lag_bpm
from retrorun.measure.energy import NO_MASS, EnergyInputs, energies, energy_columns, keytel_refusal
from retrorun.measure.heart import heart_loads, heart_rate_columns, maximum_bpm, suspect_heart_rate
from retrorun.measure.pace import backward_bests, gait_columns, ground, pace_columns
from retrorun.measure.samples import Columns, Samples, lay_out, timer_notes, totals
from retrorun.measure.structure import structure
from retrorun.metrics import METRICS
from retrorun.model import (
    Athlete,
    Detection,
    Energy,
    Estimate,
    HeartRate,
    MeasuredSegment,
    Measures,
    Metrics,
    Note,
    TimeZone,
    Track,
)
from retrorun.settings import MeasureSettings

__all__ = ["measure", "own_cost_factor", "timer_notes", "totals"]


def measure(
    track: Track,
    detection: Detection,
    athlete: Athlete,
    settings: MeasureSettings,
    zone: TimeZone | None = None,
) -> Measures:
    """Measure a session.

    Args:
        track: the session at 1 Hz.
        detection: its segments.
        athlete: profile as on that day; a value that is not known is not guessed.
        settings: thresholds.
        zone: of the start, so that the age is that on the athlete's own clock; None: UTC.

    Returns:
        Metrics of every segment, sums, the cost factor or why there is none, and notes. No
        number is NaN: what is not known is None.
    """
    doubted, notes = suspect_heart_rate(track, settings)
    samples = lay_out(track, detection.segments, doubted, settings, zone)
    fitted = heart_fit(samples, settings)
    factor = cost_factor(samples, fitted, settings)
    lag = lag_bpm(fitted, track.seconds, settings)
    columns = {
        **pace_columns(samples),
        **gait_columns(samples),
        **heart_rate_columns(samples, lag, settings),
        **energy_columns(samples, athlete, settings),
    }
    inputs = _energy_inputs(athlete, factor.gross)
    segments = tuple(
        MeasuredSegment(segment, _metrics(row, energies(segment, row, inputs, settings), settings))
        for segment, row in zip(detection.segments, _rows(columns), strict=True)
    )
    return Measures(
        segments=segments,
        totals=totals(segments),
        cost_factor=factor.gross,
        net_factor=factor.net,
        notes=notes + _profile_notes(samples, athlete),
        bests=backward_bests(samples, settings),
        heart=heart_loads(samples, athlete, settings),
        structure=structure(segments, settings),
    )


def own_cost_factor(track: Track, detection: Detection, settings: MeasureSettings) -> Estimate:
    """The backward cost factor of a session, as ``measure`` finds it for this detection."""
    doubted, _ = suspect_heart_rate(track, settings)
    samples = lay_out(track, detection.segments, doubted, settings)
    return cost_factor(samples, heart_fit(samples, settings), settings).gross


def _energy_inputs(athlete: Athlete, factor: Estimate) -> EnergyInputs:
    """The factor learnt from the archive, else this session's own."""
    if athlete.cost_factor is not None and athlete.cost_factor.value is not None:
        return EnergyInputs(athlete.mass_kg, athlete.cost_factor, "all sessions")
    return EnergyInputs(athlete.mass_kg, factor, "this session")


def _rows(columns: Columns) -> list[dict[str, float]]:
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def _metrics(row: dict[str, float], found: Sequence[Energy], settings: MeasureSettings) -> Metrics:
    known = {name: number if math.isfinite(number) else None for name, number in row.items()}
    computed: dict[str, Any] = {each.key: known[each.key] for each in METRICS}
    return Metrics(
        heart_rate=_heart_rate(known),
        energy_shown=found[0] if found else None,
        energies=tuple(found),
        ground=tuple(ground(known["grade"], known["turn_rate_dps"], settings)),
        **computed,
    )


def _heart_rate(known: dict[str, float | None]) -> HeartRate | None:
    mean, highest, coverage = known["hr_mean"], known["hr_max"], known["hr_coverage"]
    if mean is None or highest is None or coverage is None:
        return None
    return HeartRate(mean, highest, coverage)


def _profile_notes(samples: Samples, athlete: Athlete) -> tuple[Note, ...]:
    """What the profile lacks, and which of its values are defaults."""
    notes = [NO_MASS] if athlete.mass_kg is None else []
    if not samples.track.has("heart_rate_bpm"):
        return tuple(notes)
    time_s = samples.local_start_s
    refusal = keytel_refusal(athlete, time_s)
    if refusal:
        notes.append(Note("no-heart-rate-energy", refusal))
    highest, origin = maximum_bpm(athlete, time_s)
    if highest is not None and athlete.hr_max_bpm is None:
        notes.append(Note("heart-rate-maximum-default", f"{highest:.0f} 1/min: {origin}"))
    return tuple(notes)
