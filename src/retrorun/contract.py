"""The JSON of ``analyze --json``, version 1: one document a file, SI units, null for unknown.

``contract.schema.json`` beside this module is the same contract for machines.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from retrorun.model import (
    Energy,
    Estimate,
    Failed,
    HeadingVerdict,
    HeartRate,
    MeasuredSegment,
    Note,
    Outcome,
    SecondDevice,
    Session,
    Source,
    Totals,
)

SCHEMA_VERSION = 1
Json = dict[str, Any]


def document(outcome: Outcome) -> Json:
    """The outcome of one file as plain JSON values, rounded to what they mean."""
    head: Json = {"schema_version": SCHEMA_VERSION, "source": _source(outcome.source)}
    if isinstance(outcome, Failed):
        return head | {"error": _error(outcome)}
    return head | {
        "sessions": [session_document(session) for session in outcome.sessions],
        "passed_over": [_note(note) for note in outcome.passed_over],
    }


def session_document(session: Session) -> Json:
    """One session as plain JSON values."""
    return {
        "id": session.id,
        "name": session.name,
        "start_time": _utc(session.start_time_s),
        "timezone": session.zone.name if session.zone else None,
        "utc_offset_s": session.zone.utc_offset_s if session.zone else None,
        "sport": session.sport,
        "device": session.device,
        "duration_s": _round(session.duration_s, 0),
        "moving_s": _round(session.moving_s, 0),
        "distance_m": _round(session.distance_m, 1),
        "channels": list(session.channels),
        "heading": _heading(session.heading),
        "second_devices": [_second_device(each) for each in session.second_devices],
        "segments": [_segment(each) for each in session.measures.segments],
        "totals": {name: _totals(total) for name, total in session.measures.totals.items()},
        "cost_factor": _estimate(session.measures.cost_factor),
        "warnings": [_note(note) for note in session.notes],
    }


def _source(source: Source) -> Json:
    return {
        "name": source.name,
        "sha256": source.sha256 or None,
        "format": source.format,
        "device": source.device,
        "salvaged": source.salvaged,
        "warnings": [_note(note) for note in source.warnings],
    }


def _error(failed: Failed) -> Json:
    return {
        "slug": failed.slug,
        "message": failed.message,
        "offset": failed.offset,
        "remedy": failed.remedy,
    }


def _note(note: Note) -> Json:
    return {"slug": note.slug, "message": note.message}


def _heading(verdict: HeadingVerdict) -> Json:
    return {
        "source": verdict.source,
        "kind": verdict.kind,
        "mount_offset_deg": _round(verdict.mount_offset_deg, 1),
        "concentration": _round(verdict.concentration, 3),
        "sign_from": verdict.sign_from,
        "reason": verdict.reason,
    }


def _second_device(second: SecondDevice) -> Json:
    """Another recording of the same time; without a skew it was compared and refused."""
    return {
        "device": second.device,
        "sha256": second.sha256,
        "joined": second.skew_s is not None,
        "skew_s": _round(second.skew_s, 1),
        "reason": second.reason,
    }


def _segment(measured: MeasuredSegment) -> Json:
    segment, metrics = measured.segment, measured.metrics
    return {
        "start_s": _round(segment.start_s, 0),
        "end_s": _round(segment.end_s, 0),
        "direction": segment.direction,
        "gait": segment.gait,
        "verdict": segment.verdict,
        "probability": _round(segment.probability, 3),
        "evidence": _evidence(segment.evidence),
        "reason": segment.reason,
        "would_change": segment.would_change or None,
        "distance_m": _round(metrics.distance_m, 1),
        "speed_mps": _round(metrics.speed_mps, 2),
        "pace_s_per_km": _round(metrics.pace_s_per_km, 0),
        "grade": _round(metrics.grade, 3),
        "heart_rate_bpm": _heart_rate(metrics.heart_rate),
        "cadence_spm": _round(metrics.cadence_spm, 1),
        "step_length_m": _round(metrics.step_length_m, 2),
        "energy_kcal": _energy(metrics.energy_shown),
    }


def _evidence(evidence: Mapping[str, float]) -> Json:
    return {kind: _round(evidence.get(kind, 0.0), 1) for kind in ("heading", "gait", "label")}


def _heart_rate(heart_rate: HeartRate | None) -> Json | None:
    if heart_rate is None:
        return None
    return {
        "mean": _round(heart_rate.mean, 0),
        "max": _round(heart_rate.max, 0),
        "coverage": _round(heart_rate.coverage, 2),
    }


def _energy(energy: Energy | None) -> Json | None:
    """Kilocalories; null without a mass, because a per-kilogram figure is no kilocalorie."""
    if energy is None or energy.per_kg:
        return None
    numbers = {
        name: _round(getattr(energy, name), 1) for name in ("gross", "active", "low", "high")
    }
    return {**numbers, "method": energy.method}


def _totals(totals: Totals) -> Json:
    return {
        "seconds": _round(totals.seconds, 0),
        "moving_s": _round(totals.moving_s, 0),
        "distance_m": _round(totals.distance_m, 1),
        "energy_kcal": _round(totals.energy_kcal, 1),
        "energy_low_kcal": _round(totals.low_kcal, 1),
        "energy_high_kcal": _round(totals.high_kcal, 1),
    }


def _estimate(estimate: Estimate) -> Json:
    return {
        "value": _round(estimate.value, 3),
        "low": _round(estimate.low, 3),
        "high": _round(estimate.high, 3),
        "method": estimate.method,
        "reason": estimate.reason,
    }


def _round(value: float | None, digits: int) -> float | int | None:
    """A number with as many decimals as it means; whole numbers are integers."""
    if value is None:
        return None
    return round(value) if digits == 0 else round(value, digits)


def _utc(time_s: float) -> str:
    moment = dt.datetime.fromtimestamp(round(time_s), tz=dt.UTC)
    return f"{moment.replace(tzinfo=None).isoformat()}Z"
