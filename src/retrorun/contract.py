"""The JSON of ``analyze --json``, version 2: one document a file, SI units, null for unknown.

``contract.schema.json`` beside this module is the same contract for machines. A field that is added
does not raise the version.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from retrorun.metric_types import TABLE_ORDER
from retrorun.metrics import ENERGY, HEART_RATE, METRICS, SUMS
from retrorun.model import (
    Energy,
    Estimate,
    Failed,
    HeadingVerdict,
    HeartRate,
    MeasuredSegment,
    Metrics,
    Note,
    Outcome,
    SecondDevice,
    Session,
    Source,
    Totals,
)
from retrorun.model.segment import RepetitionSet, Structure
from retrorun.units import whole

SCHEMA_VERSION = 2
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
        "backward_time_s": None if session.is_undecided else whole(session.time_s("backward")),
        "backward_share": None if session.is_undecided else _round(session.backward_share, 4),
        "channels": list(session.channels),
        "heading": _heading(session.heading),
        "second_devices": [_second_device(each) for each in session.second_devices],
        "segments": [_segment(each) for each in session.measures.segments],
        "structure": _structure(session.measures.structure),
        "totals": {name: _totals(total) for name, total in session.measures.totals.items()},
        "cost_factor": _cost_factor(session.measures.cost_factor, session.measures.net_factor),
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
        **_metrics(metrics),
    }


def _structure(structure: Structure) -> Json:
    """Sets of repetitions; ``segments`` are places in the session's list of segments, from 0."""
    return {"name": structure.name() or None, "sets": [_set(each) for each in structure.sets]}


def _set(found: RepetitionSet) -> Json:
    recovery = found.recovery
    return {
        "kind": found.kind,
        "gait": found.gait,
        "count": found.count(),
        "candidates": found.count("candidate"),
        "duration_s": _round(found.duration_s, 1),
        "distance_m": _round(found.distance_m, 1),
        "nominal_s": _round(found.nominal_s, 0),
        "nominal_m": _round(found.nominal_m, 0),
        "recovery": {
            "gait": recovery.gait,
            "duration_s": _round(recovery.duration_s, 1),
            "distance_m": _round(recovery.distance_m, 1),
        },
        "work_to_rest": _round(found.work_to_rest, 2),
        "repetitions": [
            {"segments": [*range(each.first, each.last + 1)], "role": each.role}
            for each in found.repetitions
        ],
    }


def _metrics(metrics: Metrics) -> Json:
    """What a segment's document has of its metrics, in the order of `metrics.TABLE_ORDER`."""
    found: Json = {}
    for subject in TABLE_ORDER:
        if subject == "heart":
            found["heart_rate_bpm"] = _heart_rate(metrics.heart_rate)
        if subject == "energy":
            found["energy_kcal"] = _energy(metrics.energy_shown)
        found |= {
            each.key: _round(getattr(metrics, each.key), each.contract_digits)
            for each in METRICS
            if each.subject == subject and each.contract_digits is not None
        }
    return found


def _evidence(evidence: Mapping[str, float]) -> Json:
    return {kind: _round(evidence.get(kind, 0.0), 1) for kind in ("heading", "gait", "label")}


def _heart_rate(heart_rate: HeartRate | None) -> Json | None:
    if heart_rate is None:
        return None
    numbers = {each.key.rpartition(".")[2]: each.contract_digits for each in HEART_RATE}
    return {
        name: _round(getattr(heart_rate, name), digits)
        for name, digits in numbers.items()
        if digits is not None
    }


def _energy(energy: Energy | None) -> Json | None:
    """Kilocalories; null without a mass, because a per-kilogram figure is no kilocalorie."""
    if energy is None or energy.per_kg:
        return None
    numbers = {each.key: _round(getattr(energy, each.key), each.contract_digits) for each in ENERGY}
    return {**numbers, "method": energy.method}


def _totals(totals: Totals) -> Json:
    return {
        each.contract: _round(getattr(totals, each.key), each.contract_digits)
        for each in SUMS
        if each.contract
    }


def _estimate(estimate: Estimate) -> Json:
    return {**_ends(estimate), "method": estimate.method, "reason": estimate.reason}


def _cost_factor(gross: Estimate, net: Estimate | None) -> Json:
    """The factor of all demand, as ever and under ``gross``; ``net`` is of demand above rest."""
    return _estimate(gross) | {"gross": _ends(gross), "net": _ends(net)}


def _ends(estimate: Estimate | None) -> Json:
    value, low, high = (
        (None, None, None) if estimate is None else (estimate.value, estimate.low, estimate.high)
    )
    return {"value": _round(value, 3), "low": _round(low, 3), "high": _round(high, 3)}


def _round(value: float | None, digits: int) -> float | int | None:
    """A number with as many decimals as it means; whole numbers are integers."""
    if value is None:
        return None
    return whole(value) if digits == 0 else round(value, digits)


def _utc(time_s: float) -> str:
    moment = dt.datetime.fromtimestamp(round(time_s), tz=dt.UTC)
    return f"{moment.replace(tzinfo=None).isoformat()}Z"
