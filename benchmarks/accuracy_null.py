"""Comparison where nothing differs: what is said falsely, over many simulated athletes.

Matched heart rate: athletes of the adversarial generator whose backward running asks as much as
their forward running at the same speed, so that the true difference is 0 beats/min; and athletes
with a known factor, whose true difference follows from it. Directions are taken from the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from adversary import Condition, drawn_case
from adversary_body import Person, Piece, person
from adversary_cost import told_motion
from retrorun.compare import compare
from retrorun.compare.cohort import cohort, summary
from retrorun.measure import measure
from retrorun.model import Athlete, Estimate, HeadingVerdict, Session, Source, TimeZone
from retrorun.model.cohort import AthleteSummary
from retrorun.prepare import prepare
from retrorun.settings import Settings

SETTINGS = Settings()
START_S = 1_767_600_000.0
DAY_S = 86_400.0
MATCHED_SESSIONS = 8
COHORT = 10


@dataclass(frozen=True, slots=True)
class Matched:
    """One athlete's matched difference in heart rate beside the truth, beats/min."""

    factor: float
    true_bpm: float
    found: Estimate
    pairs: int
    summary: AthleteSummary


def intervals(rng: np.random.Generator) -> list[Piece]:
    """A warm-up; backward stretches of 90 s to 4 min, each after faster forward running."""
    pieces = [Piece(rng.uniform(200.0, 400.0), pace=rng.uniform(0.62, 0.8))]
    for _ in range(int(rng.integers(4, 7))):
        pieces.append(Piece(rng.uniform(90.0, 240.0), "backward", pace=rng.uniform(0.75, 0.95)))
        pieces.append(Piece(rng.uniform(90.0, 240.0), pace=rng.uniform(0.55, 0.9)))
    return [*pieces, Piece(rng.uniform(150.0, 300.0), pace=rng.uniform(0.6, 0.85))]


def below_ceiling(rng: np.random.Generator, factor: float) -> Person:
    """An athlete whose heart stays below its ceiling in `intervals`: there the truth is known."""
    while True:
        who = replace(person(rng), factor=factor)
        fastest = who.speed_mps * max(0.9, 0.95 * who.share * factor)
        if who.rest_bpm + 20.0 + 14.0 + who.beats_per_mps * fastest * 1.08 < who.ceiling_bpm - 5.0:
            return who


def matched_trial(trial: tuple[int, float]) -> Matched:
    """One athlete: a seed, and the factor of their backward demand above rest."""
    seed, factor = trial
    rng = np.random.default_rng([seed, 4242])
    who = below_ceiling(rng, factor)
    sessions: list[Session] = []
    changes: list[float] = []
    for number in range(MATCHED_SESSIONS):
        session, speeds = _session(who, number, rng)
        sessions.append(session)
        changes.extend(who.beats_per_mps * speed * (factor - 1.0) for speed in speeds)
    found = compare(sessions, Athlete(), SETTINGS.compare)
    heart = next(each for each in found.differences if each.key == "heart_rate_bpm")
    return Matched(
        factor, float(np.mean(changes)), heart.difference, heart.pairs, summary(f"{seed}", found)
    )


def _session(who: Person, number: int, rng: np.random.Generator) -> tuple[Session, list[float]]:
    """A session, and the mean speed of each of its backward stretches with a steady heart."""
    case = drawn_case(Condition("null", intervals, hills=0.0), who, rng)
    track = prepare(case.recording, SETTINGS.prepare)
    found = measure(track, told_motion(case.motion, track.seconds), Athlete(), SETTINGS.measure)
    speeds = [
        float(part.metrics.speed_mps or 0.0)
        for part in found.segments
        if part.segment.direction == "backward" and part.metrics.steady_heart_rate_bpm is not None
    ]
    session = Session(
        id=f"s{number}",
        index=0,
        source=Source(f"{number}.fit", f"{number}"),
        start_time_s=START_S + 3 * number * DAY_S,
        zone=TimeZone(None, 0.0, "file"),
        sport="running",
        name=None,
        device=None,
        duration_s=float(track.seconds),
        moving_s=float(track.seconds),
        distance_m=None,
        channels={},
        heading=HeadingVerdict(None, "none", None, None, ""),
        measures=found,
    )
    return session, speeds


def covered(found: Sequence[Matched]) -> float:
    """Share of the athletes whose interval holds the truth."""
    return float(
        np.mean([(m.found.low or 0.0) <= m.true_bpm <= (m.found.high or 0.0) for m in found])
    )


def cohort_intervals(found: Sequence[Matched]) -> list[tuple[float, float]]:
    """The 95 % interval of the mean difference in heart rate of each ten athletes, as a cohort."""
    intervals = []
    for first in range(0, len(found) - COHORT + 1, COHORT):
        ten = [each.summary for each in found[first : first + COHORT]]
        mean = next(
            each.mixed.mean
            for each in cohort(ten, (), SETTINGS.compare).measures
            if each.key == "heart_rate_bpm" and each.scale == "difference"
        )
        if mean.low is not None and mean.high is not None:
            intervals.append((mean.low, mean.high))
    return intervals
