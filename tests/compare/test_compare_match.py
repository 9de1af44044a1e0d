"""Matching many at once against a plain search, one stretch after the other."""

import math

import numpy as np
import pytest
from measured_sessions import session, stretch
from msgspec import structs

from retrorun.compare import compare
from retrorun.model import Athlete, MeasuredSegment, Session, Verdict
from retrorun.settings import CompareSettings

DAY_S = 86_400.0
Place = tuple[Session, MeasuredSegment]
FEW = structs.replace(CompareSettings(), days_tolerance=5.0, partners=6, pairs_shown=10_000)


def runs(rng: np.random.Generator) -> list[Session]:
    """Sessions with stretches of both directions and gaits, some of them without any partner."""
    found = []
    for day in range(60):
        parts = [
            stretch(
                float(rng.integers(0, 3600)),
                float(rng.integers(15, 200)),
                "backward" if rng.random() < 0.4 else "forward",
                float(rng.uniform(1.5, 3.0)),
                gait=str(rng.choice(["run", "walk"])),
                grade=float(rng.normal(0.0, 0.02)) if rng.random() < 0.8 else None,
            )
            for _ in range(rng.integers(0, 12))
        ]
        found.append(session(f"s{rng.integers(1000)}-{day}", day / 3, parts))
    return found


def partner(one: Place, others: list[Place], settings: CompareSettings) -> Place | None:
    """The most similar stretch of the session; else of those near in days, and not too many."""
    home = [each for each in others if each[0] is one[0]]
    best = min(home, key=lambda each: unlike(one, each, settings), default=None)
    if best is not None and math.isfinite(unlike(one, best, settings)):
        return best
    shelf = math.floor(one[1].metrics.speed_mps / settings.speed_tolerance_mps)  # type: ignore[operator]
    near = sorted(
        (
            each
            for each in others
            if each[1].segment.gait == one[1].segment.gait
            and abs(math.floor(each[1].metrics.speed_mps / settings.speed_tolerance_mps) - shelf)  # type: ignore[operator]
            <= 1
        ),
        key=lambda each: (each[0].start_time_s, each[0].id, each[1].segment.start_s),
    )
    half = settings.partners // 2
    middle = sum(each[0].start_time_s < one[0].start_time_s for each in near)
    around = [
        each
        for each in near[max(0, middle - half) : middle + half]
        if abs(each[0].start_time_s - one[0].start_time_s) <= settings.days_tolerance * DAY_S
    ]
    best = min(around, key=lambda each: unlike(one, each, settings), default=None)
    return best if best and math.isfinite(unlike(one, best, settings)) else None


def unlike(one: Place, other: Place, settings: CompareSettings) -> float:
    """How unlike two stretches are, by the words of the settings; infinite beyond a tolerance."""
    (home, first), (away, second) = one, other
    traits = [
        (first.metrics.speed_mps - second.metrics.speed_mps) / settings.speed_tolerance_mps,  # type: ignore[operator]
        ((first.metrics.grade or 0.0) - (second.metrics.grade or 0.0)) / settings.grade_tolerance,
        (first.segment.start_s - second.segment.start_s) / settings.time_tolerance_s,
    ]
    if max(map(abs, traits)) > 1.0 or first.segment.gait != second.segment.gait:
        return math.inf
    days = (home.start_time_s - away.start_time_s) / (settings.days_tolerance * DAY_S)
    return math.hypot(*traits, days)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("settings", [FEW, structs.replace(FEW, time_tolerance_s=100.0)])
def test_many_at_once_find_what_a_plain_search_finds(seed: int, settings: CompareSettings) -> None:
    sessions = runs(np.random.default_rng(seed))
    lasting = [
        (each, part)
        for each in sessions
        for part in each.measures.segments
        if part.metrics.moving_s >= settings.segment_s
    ]
    forward = [each for each in lasting if each[1].segment.direction == "forward"]
    wanted = {
        (one[0].id, one[1].segment.start_s): (found[0].id, found[1].segment.start_s)
        for one in lasting
        if one[1].segment.direction == "backward"
        and (found := partner(one, forward, settings)) is not None
    }
    made = compare(sessions, Athlete(), settings).pairs
    got = {
        (pair.backward_session, pair.backward_start_s): (
            pair.forward_session,
            pair.forward_start_s,
        )
        for pair in made
    }
    assert got == wanted
    abroad = sum(pair.backward_session != pair.forward_session for pair in made)
    assert 0 < abroad < len(made)


def drills(day: int, verdict: Verdict) -> Session:
    """Backward twice at 2 m/s with 180 steps/min, then quick drills between forward running."""
    parts = [stretch(0, 600, "forward", 3.0, cadence_spm=165.0)]
    for start_s in (600, 900):
        parts += [
            stretch(start_s, 100, "backward", 2.0, cadence_spm=180.0),
            stretch(start_s + 100, 200, "forward", 2.2, cadence_spm=160.0, verdict="assumed"),
        ]
    for start_s in (1200, 1500):
        parts += [
            stretch(start_s, 90, "forward", 2.0, cadence_spm=195.0, verdict=verdict),
            stretch(start_s + 90, 210, "forward", 2.2, cadence_spm=160.0, verdict="assumed"),
        ]
    return session(f"s{day}", day, parts)


def test_what_was_asked_about_and_rejected_is_no_partner_of_backward_running() -> None:
    """Rejected drills at the backward speed would say that backward takes 15 steps/min fewer."""
    rejected = compare([drills(day, "labelled") for day in range(6)], Athlete(), CompareSettings())
    assert {pair.forward["cadence_spm"] for pair in rejected.pairs} == {160.0}
    (steps,) = (each for each in rejected.differences if each.key == "cadence_spm")
    assert steps.difference.value is not None
    assert steps.difference.value > 15.0
    assert rejected.totals["forward"].seconds == 6 * (1800 - 200)


def test_forward_movement_that_is_labelled_as_a_whole_is_compared() -> None:
    """A table of the truth labels all; 20 s that it leaves out take nothing away."""
    parts = [
        stretch(0, 580, "forward", 2.1, verdict="labelled"),
        stretch(580, 20, "forward", 2.1, verdict="assumed"),
        stretch(600, 100, "backward", 2.0, verdict="labelled"),
        stretch(700, 300, "forward", 2.0, verdict="labelled"),
    ]
    (pair,) = compare([session("s", 0, parts)], Athlete(), CompareSettings()).pairs
    assert pair.forward_start_s in {0.0, 700.0}
