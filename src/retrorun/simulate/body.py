"""A simulated body in motion: position, facing, step rate and heart rate, with known truth.

Motion is simulated at 4 Hz (`Motion`), heart rate at 1 Hz; ``watch`` turns both into a recording.
Noise is correlated in time, as that of sensors is (`gauss_markov`).

Heart rate follows dHR/dt = (HRss - HR)/tau with one tau while rising and one while falling. HRss
is linear in oxygen demand, and demand is ACSM's forward equation times the body's cost factor
while backward (ACSM's Guidelines for Exercise Testing and Prescription: running
3.5 + 0.2 S + 0.9 S G, walking 3.5 + 0.1 S + 1.8 S G, S in m/min). Departures: downhill grade
counts by at most -10 %; steady heart rate drifts upwards with time. The coefficients are repeated
here and not taken from ``literature``: the simulation is the independent truth of its tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrorun import arithmetic
from retrorun.model import Direction, Gait
from retrorun.units import BoolArray, FloatArray, IntArray, difference_deg


def first_order(driven: FloatArray, start: float, tau_s: float, step_s: float) -> FloatArray:
    """Follow (n,) ``driven`` with time constant ``tau_s``, beginning at ``start``."""
    share = 1.0 - arithmetic.exp(-step_s / tau_s)
    state, followed = start, np.empty(len(driven))
    for index, target in enumerate(driven.tolist()):
        state += share * (target - state)
        followed[index] = state
    return followed


def gauss_markov(
    rng: np.random.Generator, count: int, spread: float, tau_s: float, step_s: float = 1.0
) -> FloatArray:
    """Stationary Gauss-Markov noise (count,) of deviation ``spread`` and memory ``tau_s``."""
    keep = float(arithmetic.exp(-step_s / tau_s))
    shocks = rng.normal(0.0, spread * np.sqrt(1.0 - keep * keep), count).tolist()
    state, noise = float(rng.normal(0.0, spread)), np.empty(count)
    for index, shock in enumerate(shocks):
        state = keep * state + shock
        noise[index] = state
    return noise


@dataclass(frozen=True, slots=True)
class Body:
    """A simulated body.

    ``cost_factor`` multiplies the whole (gross) oxygen demand while backward; heart rate rises
    with demand by ``hr_slope`` beats/min for each ml/kg/min above rest. Step rate at equal speed
    is ``step_ratio`` times the forward one. ``hr_drift`` is the share by which the steady heart
    rate grows in an hour.
    """

    mass_kg: float = 70.0
    birth_year: int = 1988
    sex: Literal["male", "female"] = "female"
    hr_rest_bpm: float = 54.0
    hr_max_bpm: float = 188.0
    hr_slope: float = 2.75
    tau_up_s: float = 30.0
    tau_down_s: float = 40.0
    hr_drift: float = 0.03
    hr_noise_bpm: float = 1.2
    cost_factor: float = 1.33
    run_intercept_spm: float = 140.0
    run_slope_spm: float = 9.5
    walk_intercept_spm: float = 66.0
    walk_slope_spm: float = 33.0
    step_ratio: float = 1.08
    cadence_wander_spm: float = 2.0
    contact_time_s: float = 0.255
    vertical_oscillation_m: float = 0.086


def draw_body(rng: np.random.Generator) -> Body:
    """Draw somebody: spreads as between recreational athletes, step ratio +6 to +12 %."""
    return Body(
        mass_kg=round(rng.uniform(52.0, 90.0), 1),
        birth_year=int(rng.integers(1960, 2004)),
        sex="female" if rng.random() < 0.5 else "male",
        hr_rest_bpm=round(rng.uniform(46.0, 66.0), 0),
        hr_max_bpm=round(rng.uniform(178.0, 198.0), 0),
        hr_slope=rng.uniform(2.5, 3.0),
        tau_up_s=rng.uniform(20.0, 45.0),
        tau_down_s=rng.uniform(28.0, 60.0),
        hr_drift=rng.uniform(0.0, 0.08),
        hr_noise_bpm=rng.uniform(0.8, 1.8),
        cost_factor=rng.uniform(1.2, 1.5),
        run_intercept_spm=rng.uniform(130.0, 150.0),
        run_slope_spm=rng.uniform(7.0, 12.0),
        walk_slope_spm=rng.uniform(30.0, 36.0),
        step_ratio=rng.uniform(1.06, 1.12),
        cadence_wander_spm=rng.uniform(1.2, 3.0),
    )


RATE_HZ = 4
STEP_S = 1.0 / RATE_HZ
MOVING_MPS = 0.5
INERTIA_S = 0.9

Entry = Literal["on", "pivot", "flip", "uturn"]


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: go like this for so many seconds.

    ``entry`` says how it begins: ``on`` nothing turns; ``pivot`` the body turns about and
    movement goes on; ``flip`` movement reverses and the body keeps its facing (shuttles);
    ``uturn`` both. ``name`` is what a structured workout would call the step; ``quickness``
    multiplies the step rate (drills).
    """

    seconds: float
    direction: Direction
    gait: Gait
    speed_mps: float
    entry: Entry = "on"
    name: str | None = None
    quickness: float = 1.0


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
    facing_deg: FloatArray
    grade: FloatArray
    cadence_spm: FloatArray
    backward: BoolArray
    moving: BoolArray
    walking: BoolArray
    plan: FloatArray


def move(steps: Sequence[Step], ground: Ground, body: Body, rng: np.random.Generator) -> Motion:
    """Carry out the steps over the ground.

    1. Steps begin when the athlete reacts, a moment before or after the plan.
    2. Signed speed along the way: targets with wander, followed with inertia, so that a flip
       passes through standing.
    3. The way's direction bends; course is the way or its opposite.
    4. Facing turns about within two seconds at a pivot or a U-turn.
    5. Position, height and grade by adding up; cadence by the athlete's lines.
    """
    starts_s = _start_times_s(steps, rng)
    count = round(sum(step.seconds for step in steps) * RATE_HZ)
    plan = _step_index(starts_s, count)
    path_deg = _path_direction_deg(ground, count, rng)
    signed_mps = _signed_speed(steps, starts_s, count, rng)
    course_deg = (path_deg + np.where(signed_mps < 0.0, 180.0, 0.0)) % 360.0
    facing_deg = (path_deg + _facing_offset(steps, plan, rng)) % 360.0
    radians = np.radians(path_deg)
    x_m = np.cumsum(signed_mps * arithmetic.sin(radians)) * STEP_S
    y_m = np.cumsum(signed_mps * arithmetic.cos(radians)) * STEP_S
    altitude_m, grade = _climb(ground, x_m, y_m, course_deg, rng)
    speed_mps = np.abs(signed_mps)
    still = np.array([step.gait == "still" for step in steps])[plan]
    walking = np.array([step.gait == "walk" for step in steps])[plan]
    opposed = np.abs(difference_deg(facing_deg, course_deg)) > 90.0
    backward = _direction(steps, plan, opposed)
    quickness = np.array([step.quickness for step in steps])[plan]
    quickness = quickness * np.where(backward, body.step_ratio, 1.0)
    return Motion(
        time_s=np.arange(count, dtype=np.float64) * STEP_S,
        x_m=x_m - x_m[0],
        y_m=y_m - y_m[0],
        altitude_m=altitude_m,
        speed_mps=speed_mps,
        facing_deg=facing_deg,
        grade=grade,
        cadence_spm=_cadence(body, (speed_mps, grade, quickness), (walking, still), rng),
        backward=backward,
        moving=~(still & (speed_mps < MOVING_MPS)),
        walking=walking,
        plan=plan.astype(np.float64),
    )


def _start_times_s(steps: Sequence[Step], rng: np.random.Generator) -> FloatArray:
    """When each step begins: the plan's time plus a reaction of 0.2 ± 0.4 s."""
    planned_s = np.cumsum([0.0, *(step.seconds for step in steps[:-1])])
    starts_s = np.maximum(planned_s + rng.normal(0.2, 0.4, len(steps)), 0.0)
    starts_s[0] = 0.0
    return np.asarray(np.maximum.accumulate(starts_s), dtype=np.float64)


def _step_index(starts_s: FloatArray, count: int) -> IntArray:
    """Index of the step at each moment."""
    times = np.arange(count) * STEP_S
    return np.asarray(np.searchsorted(starts_s, times, side="right") - 1, dtype=np.int64)


def _path_direction_deg(ground: Ground, count: int, rng: np.random.Generator) -> FloatArray:
    """Direction of the way at each moment, degrees, unwrapped."""
    rate_dps = gauss_markov(rng, count, ground.bend_dps, 25.0, STEP_S)
    if ground.corner_every_s:
        corners = np.flatnonzero(rng.random(count) < STEP_S / ground.corner_every_s)
        for corner, sign in zip(corners, rng.choice([-1.0, 1.0], len(corners)), strict=True):
            rate_dps[corner : corner + 3 * RATE_HZ] += sign * 30.0
    return rng.uniform(0.0, 360.0) + np.cumsum(rate_dps) * STEP_S


def _signed_speed(
    steps: Sequence[Step], starts_s: FloatArray, count: int, rng: np.random.Generator
) -> FloatArray:
    """Speed along the way, negative where the way is gone home; reverses as a step begins.

    Inertia takes ``INERTIA_S`` · log 2 from one speed to its opposite, so a flip is begun earlier.
    """
    sign, targets, early_s = 1.0, [], []
    for step in steps:
        turns = step.entry in {"flip", "uturn"}
        sign = -sign if turns else sign
        targets.append(sign * step.speed_mps)
        early_s.append(INERTIA_S * arithmetic.log(2.0) if turns else 0.0)
    target = np.array(targets)[_step_index(starts_s - np.array(early_s), count)]
    target *= 1.0 + gauss_markov(rng, count, 0.04, 20.0, STEP_S)
    return first_order(target, 0.0, INERTIA_S, STEP_S)


def _facing_offset(
    steps: Sequence[Step],
    plan: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Facing minus the way's direction; turns about in 1.5 to 2.5 s around a step's beginning."""
    offset = 180.0 if steps[0].direction == "backward" else 0.0
    series = np.full(len(plan), offset)
    for index, step in enumerate(steps):
        if step.entry not in {"pivot", "uturn"}:
            continue
        middle_s = float(np.searchsorted(plan, index)) * STEP_S
        turn, lasts_s = 180.0 * float(rng.choice([-1.0, 1.0])), rng.uniform(1.5, 2.5)
        since_s = np.arange(len(plan)) * STEP_S - middle_s
        series += turn * np.clip(since_s / lasts_s + 0.5, 0.0, 1.0)
    return series


def _direction(
    steps: Sequence[Step],
    plan: IntArray,
    opposed: BoolArray,
) -> BoolArray:
    """Backward or not: as the step says, from the moment when the geometry agrees with it.

    That is looked for from a second before the step on. So the second of an ordinary U-turn in
    which the feet have reversed and the hips have not yet is no backward running. A stop keeps
    the direction that it interrupts, and who sets off from one has turned about before.
    """
    backward, now = np.empty(len(plan), dtype=np.bool_), steps[0].direction == "backward"
    for index, step in enumerate(steps):
        first, last = np.searchsorted(plan, [index, index + 1])
        wanted = now if step.direction == "still" else step.direction == "backward"
        turning = wanted != now and index > 0 and steps[index - 1].direction != "still"
        first = max(first - RATE_HZ, 0) if turning else first
        agreed = np.flatnonzero(opposed[first:last] == wanted)
        switch = first + (int(agreed[0]) if turning and len(agreed) else 0)
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
        ahead = number * (x_m * arithmetic.sin(angle) + y_m * arithmetic.cos(angle)) + phase
        height += ground.hill_m / 3.0 * arithmetic.sin(ahead)
        slope = ground.hill_m / 3.0 * number * arithmetic.cos(ahead)
        east, north = east + slope * arithmetic.sin(angle), north + slope * arithmetic.cos(angle)
    radians = np.radians(course_deg)
    return height, east * arithmetic.sin(radians) + north * arithmetic.cos(radians)


def _cadence(
    body: Body,
    going: tuple[FloatArray, FloatArray, FloatArray],
    state: tuple[BoolArray, BoolArray],
    rng: np.random.Generator,
) -> FloatArray:
    """Steps a minute: the gait's line times the quickness, wandering, a little up on climbs."""
    (speed_mps, grade, quickness), (walking, still) = going, state
    run = body.run_intercept_spm + body.run_slope_spm * speed_mps + 25.0 * np.maximum(grade, 0)
    walk = body.walk_intercept_spm + body.walk_slope_spm * speed_mps
    line = np.where(walking, walk, run) * quickness
    line = first_order(line, float(line[0]), 1.0, STEP_S)
    line += gauss_markov(rng, len(line), body.cadence_wander_spm, 45.0, STEP_S)
    return np.where(still & (speed_mps < MOVING_MPS), 0.0, line)


REST_ML_KG_MIN = 3.5


def oxygen_demand(motion: Motion, cost_factor: float) -> FloatArray:
    """Gross demand (n,) at 1 Hz, ml/kg/min; ``cost_factor`` times as much while backward."""
    each = slice(None, None, RATE_HZ)
    pace = motion.speed_mps[each] * 60.0
    grade = np.maximum(motion.grade[each], -0.10)
    run = REST_ML_KG_MIN + 0.2 * pace + 0.9 * pace * grade
    walk = REST_ML_KG_MIN + 0.1 * pace + 1.8 * pace * grade
    forward = np.maximum(np.where(motion.walking[each], walk, run), REST_ML_KG_MIN)
    backward = motion.backward[each] & motion.moving[each]
    return np.where(backward, forward * cost_factor, forward)


def heart_rate(motion: Motion, body: Body, rng: np.random.Generator) -> FloatArray:
    """Heart rate (n,) at 1 Hz, beats/min, as a faultless strap would show it, with noise."""
    demand = oxygen_demand(motion, body.cost_factor)
    hours = np.arange(len(demand)) / 3600.0
    steady = body.hr_rest_bpm + 12.0 + body.hr_slope * (demand - REST_ML_KG_MIN)
    steady = np.minimum(steady * (1.0 + body.hr_drift * hours), body.hr_max_bpm)
    state, series = float(steady[0]) * 0.7, np.empty(len(steady))
    for index, target in enumerate(steady.tolist()):
        state += (target - state) / (body.tau_up_s if target > state else body.tau_down_s)
        series[index] = state
    return series + gauss_markov(rng, len(series), body.hr_noise_bpm, 8.0)


def device_energy_kcal(motion: Motion, mass_kg: float) -> float:
    """What a watch that knows nothing of going backward would print: ACSM forward, 5 kcal/l."""
    return float(oxygen_demand(motion, 1.0).sum() / 60.0 * mass_kg / 1000.0 * 5.0)


def dynamics(motion: Motion, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Contact time falls and oscillation shrinks backward; both only while running."""
    each = slice(None, None, RATE_HZ)
    backward, speed = motion.backward[each], motion.speed_mps[each]
    running = motion.moving[each] & ~motion.walking[each]
    contact = 0.255 - 0.028 * (speed - 3.0) - 0.022 * backward
    contact += gauss_markov(rng, len(speed), 0.006, 30.0)
    rise = 0.086 - 0.016 * backward + gauss_markov(rng, len(speed), 0.004, 30.0)
    return {
        "contact_time_s": np.where(running, np.round(contact, 4), np.nan),
        "vertical_oscillation_m": np.where(running, np.round(rise, 4), np.nan),
    }
