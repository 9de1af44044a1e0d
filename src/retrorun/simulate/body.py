"""A body that runs, walks, stops, turns and goes backward over some ground.

Everything here is what truly happens, four times a second; what a watch makes of it is ``watch``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrorun.model import Direction, Gait
from retrorun.simulate.noise import first_order, gauss_markov
from retrorun.simulate.runner import Runner
from retrorun.units import BoolArray, FloatArray, IntArray, difference_deg

RATE_HZ = 4
STEP_S = 1.0 / RATE_HZ
MOVING_MPS = 0.5

Entry = Literal["on", "pivot", "flip", "uturn"]


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: go like this for so many seconds.

    ``entry`` says how it begins: ``on`` nothing turns; ``pivot`` the body turns about and
    movement goes on; ``flip`` movement reverses and the body keeps its facing (shuttles);
    ``uturn`` both. ``name`` is what a structured workout would call the step.
    """

    seconds: float
    direction: Direction
    gait: Gait
    speed_mps: float
    entry: Entry = "on"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the way goes: how it bends and how it rises.

    ``bend_dps`` is the deviation of the turn rate along the way, ``corner_every_s`` the mean time
    between right-angled corners (0: none), ``hill_m`` the height of the hills, ``hill_length_m``
    their wavelength.
    """

    bend_dps: float = 0.8
    corner_every_s: float = 0.0
    hill_m: float = 0.0
    hill_length_m: float = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What truly happened, (n,) each at ``RATE_HZ`` from 0 s.

    ``backward`` and ``moving`` follow from the geometry; ``plan`` is the step's index.
    """

    time_s: FloatArray
    x_m: FloatArray
    y_m: FloatArray
    altitude_m: FloatArray
    speed_mps: FloatArray
    course_deg: FloatArray
    facing_deg: FloatArray
    grade: FloatArray
    cadence_spm: FloatArray
    backward: BoolArray
    moving: BoolArray
    walking: BoolArray
    plan: FloatArray


def move(steps: Sequence[Step], ground: Ground, runner: Runner, rng: np.random.Generator) -> Motion:
    """Carry out the steps over the ground.

    1. Signed speed along the way: targets with wander, followed with inertia, so that a flip
       passes through standing.
    2. The way's direction bends; course is the way or its opposite.
    3. Facing turns about within two seconds at a pivot or a U-turn.
    4. Position, height and grade by adding up; cadence by the runner's lines.
    """
    plan = _plan(steps)
    count = len(plan)
    way_deg = _way(ground, count, rng)
    signed_mps = _signed_speed(steps, plan, rng)
    course_deg = (way_deg + np.where(signed_mps < 0.0, 180.0, 0.0)) % 360.0
    facing_deg = (way_deg + _facing_offset(steps, plan, rng)) % 360.0
    radians = np.radians(way_deg)
    x_m = np.cumsum(signed_mps * np.sin(radians)) * STEP_S
    y_m = np.cumsum(signed_mps * np.cos(radians)) * STEP_S
    altitude_m, grade = _climb(ground, x_m, y_m, course_deg, rng)
    speed_mps = np.abs(signed_mps)
    still = np.array([step.gait == "still" for step in steps])[plan]
    walking = np.array([step.gait == "walk" for step in steps])[plan]
    opposed = np.abs(difference_deg(facing_deg, course_deg)) > 90.0
    backward = _direction(steps, plan, opposed)
    return Motion(
        time_s=np.arange(count, dtype=np.float64) * STEP_S,
        x_m=x_m - x_m[0],
        y_m=y_m - y_m[0],
        altitude_m=altitude_m,
        speed_mps=speed_mps,
        course_deg=course_deg,
        facing_deg=facing_deg,
        grade=grade,
        cadence_spm=_cadence(runner, (speed_mps, grade), (walking, backward, still), rng),
        backward=backward,
        moving=~(still & (speed_mps < MOVING_MPS)),
        walking=walking,
        plan=plan.astype(np.float64),
    )


def _plan(steps: Sequence[Step]) -> IntArray:
    counts = [round(step.seconds * RATE_HZ) for step in steps]
    return np.repeat(np.arange(len(steps), dtype=np.int64), counts)


def _way(ground: Ground, count: int, rng: np.random.Generator) -> FloatArray:
    """Direction of the way at each moment, degrees, unwrapped."""
    rate_dps = gauss_markov(rng, count, ground.bend_dps, 25.0, STEP_S)
    if ground.corner_every_s:
        corners = np.flatnonzero(rng.random(count) < STEP_S / ground.corner_every_s)
        for corner, sign in zip(corners, rng.choice([-1.0, 1.0], len(corners)), strict=True):
            rate_dps[corner : corner + 3 * RATE_HZ] += sign * 30.0
    return rng.uniform(0.0, 360.0) + np.cumsum(rate_dps) * STEP_S


def _signed_speed(
    steps: Sequence[Step],
    plan: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    sign, targets = 1.0, []
    for step in steps:
        sign = -sign if step.entry in {"flip", "uturn"} else sign
        targets.append(sign * step.speed_mps)
    target = np.array(targets)[plan]
    target *= 1.0 + gauss_markov(rng, len(plan), 0.04, 20.0, STEP_S)
    return first_order(target, 0.0, 0.9, STEP_S)


def _facing_offset(
    steps: Sequence[Step],
    plan: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Facing minus the way's direction: turns about over 1.5 to 2.5 s, left or right."""
    offset = 180.0 if steps[0].direction == "backward" else 0.0
    series = np.full(len(plan), offset)
    for index, step in enumerate(steps):
        if step.entry not in {"pivot", "uturn"}:
            continue
        start = int(np.searchsorted(plan, index))
        turn = 180.0 * float(rng.choice([-1.0, 1.0]))
        ramp = np.clip(np.arange(len(plan) - start) * STEP_S / rng.uniform(1.5, 2.5), 0.0, 1.0)
        series[start:] += turn * ramp
    return series


def _direction(
    steps: Sequence[Step],
    plan: IntArray,
    opposed: BoolArray,
) -> BoolArray:
    """Backward or not: as the step says, from the moment when the geometry agrees with it.

    So the second of an ordinary U-turn in which the feet have reversed and the hips have not
    yet is no backward running. A stop keeps the direction that it interrupts.
    """
    backward, now = np.empty(len(plan), dtype=np.bool_), steps[0].direction == "backward"
    for index, step in enumerate(steps):
        first, last = np.searchsorted(plan, [index, index + 1])
        wanted = now if step.direction == "still" else step.direction == "backward"
        agreed = np.flatnonzero(opposed[first:last] == wanted)
        switch = first + (int(agreed[0]) if wanted != now and len(agreed) else 0)
        backward[first:switch], backward[switch:last] = now, wanted
        now = wanted
    return backward


def _climb(
    ground: Ground,
    x_m: FloatArray,
    y_m: FloatArray,
    course_deg: FloatArray,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Height and grade along the course, on ground made of three crossed waves."""
    height, east, north = np.zeros_like(x_m), np.zeros_like(x_m), np.zeros_like(x_m)
    for wave in range(3):
        angle, phase = rng.uniform(0.0, np.pi), rng.uniform(0.0, 2.0 * np.pi)
        number = 2.0 * np.pi * (1.0 + 0.6 * wave) / ground.hill_length_m
        ahead = number * (x_m * np.sin(angle) + y_m * np.cos(angle)) + phase
        height += ground.hill_m / 3.0 * np.sin(ahead)
        slope = ground.hill_m / 3.0 * number * np.cos(ahead)
        east, north = east + slope * np.sin(angle), north + slope * np.cos(angle)
    radians = np.radians(course_deg)
    return height, east * np.sin(radians) + north * np.cos(radians)


def _cadence(
    runner: Runner,
    going: tuple[FloatArray, FloatArray],
    state: tuple[BoolArray, BoolArray, BoolArray],
    rng: np.random.Generator,
) -> FloatArray:
    """Steps a minute: the gait's line, more when backward, wandering, a little up on climbs."""
    (speed_mps, grade), (walking, backward, still) = going, state
    run = runner.run_intercept_spm + runner.run_slope_spm * speed_mps + 25.0 * np.maximum(grade, 0)
    walk = runner.walk_intercept_spm + runner.walk_slope_spm * speed_mps
    line = np.where(walking, walk, run) * np.where(backward, runner.step_ratio, 1.0)
    line = first_order(line, float(line[0]), 1.0, STEP_S)
    line += gauss_markov(rng, len(line), runner.cadence_wander_spm, 45.0, STEP_S)
    return np.where(still & (speed_mps < MOVING_MPS), 0.0, line)
