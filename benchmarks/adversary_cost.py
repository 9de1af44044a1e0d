"""The cost factor on the adversarial generator: its own heart, its own economy, its own noise.

Directions are taken from the truth, so that the measurement is judged and not the detection. This
heart beats in proportion to speed, times the factor while backward, above a base of its own: so
its factor is one of demand above rest (net). It answers 10 to 20 s late, stops at a ceiling, is
excited at every turn, drifts up to a level, and ignores hills (`adversary_body.heart_bpm`).
"""

from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np

from accuracy_cost import Costed
from adversary import Condition, Plan, drawn_case
from adversary_body import Motion, Piece, person
from adversary_devices import Watch
from retrorun.measure import measure
from retrorun.model import Athlete, Detection, HeadingVerdict, Segment
from retrorun.prepare import prepare
from retrorun.settings import Settings

SETTINGS = Settings()
FACTORS = (1.0, 2.0)
"""True factors are drawn evenly from these."""


@dataclass(frozen=True, slots=True)
class CostCondition:
    """What is drawn for one row of the table; ``walking`` times the heart's answer to walking."""

    plan: Plan
    watch: Watch = field(default_factory=Watch)
    hills: float = 0.0


def _varied(rng: np.random.Generator) -> list[Piece]:
    """Easy running at several speeds, backward stretches of 1 to 4 min, some stops."""
    pieces = [Piece(rng.uniform(150.0, 300.0), pace=rng.uniform(0.6, 0.75))]
    for _ in range(int(rng.integers(4, 8))):
        pieces.append(Piece(rng.uniform(90.0, 240.0), pace=rng.uniform(0.6, 1.0)))
        pieces.append(Piece(rng.uniform(60.0, 240.0), "backward", pace=rng.uniform(0.6, 0.95)))
        if rng.random() < 0.3:
            pieces.append(Piece(rng.uniform(20.0, 90.0), "still"))
    return [*pieces, Piece(rng.uniform(120.0, 240.0), pace=rng.uniform(0.6, 1.0))]


def _hard(rng: np.random.Generator) -> list[Piece]:
    """At the athlete's usual speed: many hearts reach their ceiling."""
    return [replace(piece, pace=piece.pace * 1.2) for piece in _varied(rng)]


def _brief(rng: np.random.Generator) -> list[Piece]:
    """Backward stretches of 25 to 60 s only."""
    pieces = [Piece(rng.uniform(150.0, 300.0), pace=rng.uniform(0.6, 0.75))]
    for _ in range(12):
        pieces.append(Piece(rng.uniform(25.0, 60.0), "backward", pace=rng.uniform(0.6, 0.95)))
        pieces.append(Piece(rng.uniform(40.0, 150.0), pace=rng.uniform(0.6, 1.0)))
    return pieces


def _walked(rng: np.random.Generator) -> list[Piece]:
    """As varied, with walks between; walking costs this heart as much a metre as running."""
    pieces = []
    for piece in _varied(rng):
        pieces.append(piece)
        if piece.way == "backward":
            pieces.append(Piece(rng.uniform(30.0, 120.0), gait="walk"))
    return pieces


COST_CONDITIONS = {
    "several speeds": CostCondition(_varied),
    "several speeds, hills": CostCondition(_varied, hills=0.02),
    "several speeds, positions of 7 m": CostCondition(_varied, Watch(gps_m=7.0, gps_memory_s=30.0)),
    "stretches of 25 to 60 s": CostCondition(_brief),
    "with walks": CostCondition(_walked),
    "near the ceiling": CostCondition(_hard),
}


def attacked_cost_trial(trial: tuple[str, int]) -> Costed:
    """One session of a condition (first) at a seed (second): generate, measure."""
    name, seed = trial
    rng = np.random.default_rng([crc32(name.encode()), seed, 55])
    who = replace(person(rng), factor=float(rng.uniform(*FACTORS)))
    asked = COST_CONDITIONS[name]
    case = drawn_case(Condition("cost", asked.plan, watch=asked.watch, hills=asked.hills), who, rng)
    track = prepare(case.recording, SETTINGS.prepare)
    found = measure(track, told_motion(case.motion, track.seconds), Athlete(), SETTINGS.measure)
    estimate = getattr(found, "net_factor", None) or found.cost_factor
    return Costed(seed, who.factor, float(case.backward.sum()), estimate)


def told_motion(motion: Motion | None, seconds: int) -> Detection:
    """The truth as a detection, in whole seconds."""
    assert motion is not None  # noqa: S101 - every case of the generator has one
    edges = [min(round(float(edge)), seconds) for edge in motion.edges_s[:-1]] + [seconds]
    segments = tuple(
        Segment(
            first,
            last,
            piece.way,  # type: ignore[arg-type]  # one of the directions
            "still" if piece.way == "still" else piece.gait,  # type: ignore[arg-type]  # one of the gaits
            "labelled",
            1.0,
            {},
        )
        for piece, first, last in zip(motion.pieces, edges[:-1], edges[1:], strict=True)
        if last > first
    )
    return Detection(segments, HeadingVerdict(None, "none", None, None, "told"), {})
