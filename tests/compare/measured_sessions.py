"""Sessions made by hand, with measures that are known beforehand."""

from collections.abc import Sequence
from dataclasses import replace

from retrorun.model import (
    Best,
    Direction,
    Energy,
    Estimate,
    Gait,
    HeadingVerdict,
    MeasuredSegment,
    Measures,
    Metrics,
    Segment,
    Session,
    Source,
    TimeZone,
    Totals,
    Verdict,
)

DAY_S = 86_400.0
MONDAY_S = 1_767_571_200.0  # Monday 2026-01-05T00:00:00Z
NOTHING = Metrics(
    seconds=0.0,
    moving_s=0.0,
    distance_m=None,
    climb_m=None,
    beats=None,
    beats_s=0.0,
    steps=None,
    steps_s=0.0,
    speed_mps=None,
    pace_s_per_km=None,
    grade=None,
    turn_rate_dps=None,
    heart_rate=None,
    steady_heart_rate_bpm=None,
    cadence_spm=None,
    step_length_m=None,
    contact_time_s=None,
    vertical_oscillation_m=None,
    respiration_brpm=None,
    energy_shown=None,
)
NO_FACTOR = Estimate(None, None, None, "heart-rate kinetics", "no heart rate")


def stretch(
    start_s: float,
    seconds: float,
    direction: Direction = "forward",
    speed_mps: float = 2.5,
    **known: object,
) -> MeasuredSegment:
    """A segment at an even speed; ``gait``, ``verdict`` and any field of Metrics by name."""
    gait: Gait = known.pop("gait", "run")  # type: ignore[assignment]
    verdict: Verdict = known.pop("verdict", "confirmed")  # type: ignore[assignment]
    segment = Segment(start_s, start_s + seconds, direction, gait, verdict, 0.99, {})
    values = {
        "seconds": seconds,
        "moving_s": seconds,
        "distance_m": speed_mps * seconds,
        "speed_mps": speed_mps,
        "grade": 0.0,
        **known,
    }
    return MeasuredSegment(segment, replace(NOTHING, **values))  # type: ignore[arg-type]


def kcal(gross: float) -> Energy:
    """An energy of which only the gross is looked at."""
    return Energy(gross, gross, gross, gross, "speed", "by hand")


def session(
    name: str,
    day: float,
    segments: Sequence[MeasuredSegment] = (),
    factor: Estimate = NO_FACTOR,
    bests: Sequence[Best] = (),
) -> Session:
    """A session on a day after ``MONDAY_S``, its totals summed from its segments."""
    totals = {
        kind: Totals.of(_sums(each) for each in segments if _kind(each) == kind)
        for kind in ("backward", "forward", "candidate", "unknown", "still")
    }
    end_s = segments[-1].segment.end_s if segments else 0.0
    return Session(
        id=name,
        index=0,
        source=Source(f"{name}.fit", name),
        start_time_s=MONDAY_S + day * DAY_S,
        zone=TimeZone(None, 0.0, "file"),
        sport="running",
        name=None,
        device=None,
        duration_s=end_s,
        moving_s=sum(each.metrics.moving_s for each in segments),
        distance_m=sum(each.metrics.distance_m or 0.0 for each in segments),
        channels={},
        heading=HeadingVerdict(None, "none", None, None, ""),
        measures=Measures(tuple(segments), totals, factor, bests=tuple(bests)),
    )


def _kind(measured: MeasuredSegment) -> str:
    segment = measured.segment
    doubtful = segment.direction == "backward" and segment.verdict == "candidate"
    return "candidate" if doubtful else segment.direction


def _sums(measured: MeasuredSegment) -> Totals:
    metrics = measured.metrics
    shown = metrics.energy_shown
    return Totals(
        seconds=metrics.seconds,
        moving_s=metrics.moving_s,
        distance_m=metrics.distance_m,
        beats=metrics.beats or 0.0,
        beats_s=metrics.beats_s,
        steps=metrics.steps or 0.0,
        steps_s=metrics.steps_s,
        energy_kcal=shown.gross if shown else None,
        active_kcal=shown.active if shown else None,
    )
