"""Simulated athletes with a known backward cost factor, and what is measured of it.

Directions are told from the truth here, so that the measurement is judged and not the detection.
"""

from dataclasses import dataclass, replace

import numpy as np

from retrorun.measure import measure
from retrorun.model import Athlete, Detection, Estimate, HeadingVerdict, Segment
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.simulate import Body, Ground, Scenario, Step, Truth, Watch, simulate
from retrorun.simulate.body import draw_body
from retrorun.simulate.scenarios import ahead, back, walk

SETTINGS = Settings()
HARDEST_ML = 45.0  # nobody runs intervals beyond this demand here
LEAST_BACKWARD_S = 240.0


@dataclass(frozen=True, slots=True)
class Costed:
    """One session's answer beside the truth."""

    body: int
    true: float
    backward_s: float
    estimate: Estimate


def body_of(seed: int) -> Body:
    """A body with a factor from 1.1 to 2.0, lags of 20 to 60 s and drift of up to 8 % an hour."""
    rng = np.random.default_rng([seed, 77])
    return replace(
        draw_body(rng),
        cost_factor=float(rng.uniform(1.1, 2.0)),
        tau_up_s=float(rng.uniform(20.0, 60.0)),
        tau_down_s=float(rng.uniform(20.0, 60.0)),
        hr_drift=float(rng.uniform(0.0, 0.08)),
        hr_slope=float(rng.uniform(2.3, 2.7)),
        hr_max_bpm=200.0,
        hr_noise_bpm=float(rng.uniform(0.8, 2.0)),
    )


def plan(body: Body, rng: np.random.Generator) -> tuple[Step, ...]:
    """Walking, several forward speeds, and backward intervals of 1 to 10 min, 4 min at least."""
    steps = [walk(90.0, 1.4), ahead(240.0, 2.4), ahead(150.0, 3.1)]
    length = float(rng.integers(60, 601))
    repeats = int(np.ceil(max(LEAST_BACKWARD_S + 5.0, rng.uniform(1.0, 1.6) * length) / length))
    fastest = (HARDEST_ML / body.cost_factor - 3.5) / 12.0
    for _ in range(repeats):
        speed = min(float(rng.uniform(1.7, 2.4)), fastest)
        steps.append(back(length, speed))
        steps.append(ahead(float(rng.integers(60, 200)), float(rng.uniform(2.0, 3.2)), "pivot"))
    return (*steps, walk(60.0), ahead(150.0, 2.7))


def cost_trial(trial: tuple[int, int]) -> Costed:
    """One session (second number) of one athlete (first): simulate, measure."""
    seed, session = trial
    body = body_of(seed)
    scenario = Scenario(
        name=f"cost {session}",
        plan=lambda rng: plan(body, rng),
        tier="labelled",
        watch=Watch(),
        ground=Ground(hill_m=6.0),
        body=body,
    )
    simulated = simulate(scenario, seed)
    track = prepare(simulated.recording, SETTINGS.prepare)
    detection = told(simulated.truth, track.seconds)
    found = measure(track, detection, Athlete(), SETTINGS.measure).cost_factor
    return Costed(seed, body.cost_factor, simulated.truth.backward_s, found)


def told(truth: Truth, seconds: int) -> Detection:
    """The truth as a detection, in whole seconds."""
    edges = [min(round(part.start_s), seconds) for part in truth.intervals] + [seconds]
    segments = tuple(
        Segment(first, last, part.direction, part.gait, "labelled", 1.0, {})
        for part, first, last in zip(truth.intervals, edges[:-1], edges[1:], strict=True)
        if last > first
    )
    return Detection(segments, HeadingVerdict(None, "none", None, None, "told"), {})
