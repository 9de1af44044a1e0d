"""Sessions and tracks made by hand: what pages are tested on without any other stage."""

import dataclasses as dc
import itertools
import math

import numpy as np

from retrorun.measure.structure import structure
from retrorun.model import (
    Direction,
    Energy,
    Estimate,
    Gait,
    GaitLine,
    HeadingVerdict,
    HeartRate,
    Lap,
    MeasuredSegment,
    Measures,
    Metrics,
    Note,
    Segment,
    Session,
    Source,
    TimeZone,
    Totals,
    Track,
    Verdict,
)
from retrorun.settings import MeasureSettings
from retrorun.units import FloatArray

START_S = 1_777_793_400.0  # Sunday, 3 May 2026, 7:30 UTC
Plan = list[tuple[int, Direction, Gait, Verdict, float]]
HOUR: Plan = [
    (420, "forward", "walk", "confirmed", 1.5),
    (900, "forward", "run", "confirmed", 2.9),
    (150, "backward", "run", "confirmed", 2.0),
    (60, "still", "still", "confirmed", 0.0),
    (600, "forward", "run", "confirmed", 3.0),
    (120, "backward", "run", "confirmed", 2.1),
    (500, "forward", "run", "confirmed", 2.8),
    (70, "backward", "walk", "labelled", 1.2),
    (400, "forward", "run", "confirmed", 3.1),
    (40, "backward", "run", "candidate", 2.2),
    (200, "forward", "run", "confirmed", 2.7),
    (40, "unknown", "run", "confirmed", 2.4),
    (100, "forward", "walk", "confirmed", 1.4),
]
TWO_CANDIDATES: Plan = [
    (200, "forward", "run", "confirmed", 2.9),
    (60, "backward", "run", "candidate", 2.1),
    (140, "forward", "run", "confirmed", 2.9),
    (60, "backward", "run", "candidate", 2.0),
    (140, "forward", "run", "confirmed", 2.9),
]


def laps(*edges_s: float) -> tuple[Lap, ...]:
    """Laps pressed by hand between these seconds since the start."""
    return tuple(
        Lap(START_S + first, START_S + last, trigger="manual")
        for first, last in itertools.pairwise(edges_s)
    )


def energy(kcal: float) -> Energy:
    return Energy(kcal, 0.9 * kcal, 0.93 * kcal, 1.12 * kcal, "speed model", "ACSM")


def metrics(seconds: float, speed: float, *, backward: bool, heart: float) -> Metrics:
    cadence = (150 + 8 * speed) * (1.08 if backward else 1) if speed else 0.0
    return Metrics(
        seconds=seconds,
        moving_s=seconds if speed else 0.0,
        distance_m=speed * seconds,
        climb_m=1.0,
        beats=heart * seconds / 60,
        beats_s=seconds,
        steps=cadence * seconds / 60,
        steps_s=seconds,
        speed_mps=speed or None,
        pace_s_per_km=1000 / speed if speed else None,
        grade=0.004,
        turn_rate_dps=2.0,
        heart_rate=HeartRate(heart, heart + 9, 1.0),
        steady_heart_rate_bpm=None,
        cadence_spm=cadence or None,
        step_length_m=60 * speed / cadence if cadence else None,
        contact_time_s=0.24,
        vertical_oscillation_m=0.08,
        respiration_brpm=None,
        energy_shown=energy(seconds / 60 * (3 + 3 * speed) * (1.35 if backward else 1)),
    )


def evidence(sign: int, seconds: int, verdict: Verdict) -> dict[str, float]:
    """A candidate rests on its steps alone, and so does what counts by habit."""
    heading = 0.0 if verdict in {"candidate", "habit"} else sign * 0.4 * seconds
    return {"heading": heading, "gait": sign * 3.2, "label": 0.0}


def measured(plan: Plan) -> tuple[MeasuredSegment, ...]:
    found, start = [], 0.0
    for seconds, direction, gait, verdict, speed in plan:
        backward = direction == "backward"
        sign = 1 if backward else -1
        found.append(
            MeasuredSegment(
                Segment(
                    start,
                    start + seconds,
                    direction,
                    gait,
                    verdict,
                    0.97 if verdict != "candidate" else 0.81,
                    evidence(sign, seconds, verdict),
                    "the compass points against the course" if backward else "",
                ),
                metrics(seconds, speed, backward=backward, heart=118 + 12 * speed + 14 * backward),
            )
        )
        start += seconds
    return tuple(found)


def totals(found: tuple[MeasuredSegment, ...]) -> dict[str, Totals]:
    sums: dict[str, Totals] = {}
    for each in found:
        segment, part = each.segment, each.metrics
        backward = segment.direction == "backward"
        name = "candidate" if backward and segment.verdict == "candidate" else segment.direction
        old = sums.get(name, Totals(energy_kcal=0.0, low_kcal=0.0, high_kcal=0.0, active_kcal=0.0))
        shown = part.energy_shown
        sums[name] = Totals(
            old.seconds + part.seconds,
            old.moving_s + part.moving_s,
            (old.distance_m or 0.0) + (part.distance_m or 0.0),
            old.beats + (part.beats or 0.0),
            old.beats_s + part.beats_s,
            old.steps + (part.steps or 0.0),
            old.steps_s + part.steps_s,
            (old.energy_kcal or 0.0) + (shown.gross if shown else 0.0),
            (old.active_kcal or 0.0) + (shown.active if shown else 0.0),
            (old.low_kcal or 0.0) + (shown.low if shown else 0.0),
            (old.high_kcal or 0.0) + (shown.high if shown else 0.0),
        )
    return sums


def track(plan: Plan, seed: int = 1) -> Track:
    """A lap of a park with everything recorded, in the plan's speeds."""
    rng = np.random.default_rng(seed)
    speed = np.concatenate([np.full(seconds, mps) for seconds, _, _, _, mps in plan])
    backward = np.concatenate([np.full(each[0], each[1] == "backward") for each in plan])
    n = len(speed)
    way = np.cumsum(speed)
    turn = 2 * math.pi * way / 2400
    radius = 260 + 60 * np.sin(3 * turn) + 25 * np.cos(7 * turn)
    drift = np.cumsum(rng.normal(0, 0.02, (2, n)), axis=1)
    noisy = np.maximum(speed + rng.normal(0, 0.1, n), 0)
    load = np.convolve(118 + 12 * speed + 14 * backward, np.ones(60) / 60, mode="same")
    heart = np.where(np.arange(n) < 30, 110, load) + rng.normal(0, 1, n)
    cadence = np.where(speed > 0, (150 + 8 * speed) * (1 + 0.08 * backward), np.nan)
    facing = np.where(backward, 180.0, 0.0) + rng.normal(0, 14, n)
    columns: dict[str, FloatArray] = {
        "x_m": 1.6 * radius * np.cos(turn) + drift[0],
        "y_m": radius * np.sin(turn) + drift[1],
        "ground_speed_mps": noisy,
        "heart_rate_bpm": heart,
        "cadence_spm": cadence + rng.normal(0, 1.5, n),
        "smooth_altitude_m": 300 + 12 * np.sin(turn * 2),
        "latitude_deg": 46.05 + radius / 1e5,
        "longitude_deg": 14.5 + radius / 1e5,
        "heading_minus_course_deg": (facing + 180) % 360 - 180,
        "backward_probability": np.where(backward, 0.98, 0.02),
    }
    flags = {name: np.zeros(n, bool) for name in ("paused", "gap", "position_suspect")}
    return Track(START_S, columns, flags)


def session(plan: Plan | None = None, **changes: object) -> Session:
    found = measured(HOUR if plan is None else plan)
    sums = totals(found)
    cost = Estimate(1.33, 1.21, 1.46, "kinetics")
    heading = HeadingVerdict(
        "fit:developer:heading",
        "compass",
        12.0,
        0.93,
        "steady, and apart from the course",
        "labels",
    )
    made = Session(
        id="0123456789ab",
        index=0,
        source=Source("morning run.fit", "0123456789ab" + "0" * 52, "fit", "Forerunner"),
        start_time_s=START_S,
        zone=TimeZone("Europe/Ljubljana", 7200.0, "position"),
        sport="running",
        name="Lunch loop",
        device="Forerunner",
        duration_s=sum(each.metrics.seconds for each in found),
        moving_s=sum(each.metrics.moving_s for each in found),
        distance_m=sum(each.metrics.distance_m or 0 for each in found),
        channels={"position": 1.0, "heart_rate": 0.99, "cadence": 0.98, "heading": 1.0},
        heading=heading,
        measures=Measures(
            found,
            sums,
            cost,
            (Note("hr-lag", "Heart rate lags half a minute."),),
            structure=structure(found, MeasureSettings()),
        ),
        forward_line=GaitLine(150, 8, 0, 2, 1800, 2.3, 3.4),
        version="0.1.0",
        settings="abcdef012345",
    )
    return dc.replace(made, **changes)  # type: ignore[arg-type]  # any field


def undecided(**changes: object) -> Session:
    """A run of a quarter of an hour in which nothing speaks for or against backward."""
    made = session([(900, "forward", "run", "assumed", 2.9)], **changes)
    parts = tuple(
        dc.replace(each, segment=dc.replace(each.segment, evidence={}))
        for each in made.measures.segments
    )
    heading = HeadingVerdict(None, "none", None, None, "the recording holds no heading")
    measures = dc.replace(made.measures, segments=parts)
    return dc.replace(made, measures=measures, heading=heading)
