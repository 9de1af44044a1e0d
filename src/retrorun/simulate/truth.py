"""From a scenario and a seed to a recording and the truth about it."""

import itertools
import zlib
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from retrorun.model import Direction, Gait, Recording
from retrorun.simulate.body import (
    RATE_HZ,
    STEP_S,
    Body,
    Motion,
    device_energy_kcal,
    draw_body,
    heart_rate,
    move,
)
from retrorun.simulate.scenarios import Scenario
from retrorun.simulate.watch import Activity, Place, Watch, record


@dataclass(frozen=True, slots=True)
class Interval:
    """A segment ``[start_s, end_s)`` in elapsed seconds since the first record."""

    start_s: float
    end_s: float
    direction: Direction
    gait: Gait


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of one recording.

    ``cost_factor`` multiplies gross oxygen demand while backward. ``mount_offset_deg`` is device
    heading minus facing at the start, None without compass. Distances are None where a file was
    cut off. ``note`` is for people.
    """

    scenario: str
    seed: int
    intervals: tuple[Interval, ...]
    backward_s: float
    forward_s: float
    backward_distance_m: float | None
    forward_distance_m: float | None
    runner: Body
    mount_offset_deg: float | None
    note: str = ""

    def directions(self, count: int) -> list[Direction]:
        """Direction in the middle of each second, [0, 1), [1, 2) …; length ``count``."""
        directions: list[Direction] = []
        for interval in self.intervals:
            while len(directions) < count and len(directions) + 0.5 < interval.end_s:
                directions.append(interval.direction)
        return directions + [self.intervals[-1].direction] * (count - len(directions))

    def until(self, end_s: float) -> "Truth":
        """The truth of a recording that ends at ``end_s``; totals by the part that is left."""
        kept = tuple(
            replace(one, end_s=min(one.end_s, end_s))
            for one in self.intervals
            if one.start_s < end_s
        )
        spent = {
            way: sum(one.end_s - one.start_s for one in kept if one.direction == way)
            for way in ("forward", "backward")
        }
        return replace(
            self,
            intervals=kept,
            backward_s=spent["backward"],
            forward_s=spent["forward"],
            backward_distance_m=None,
            forward_distance_m=None,
        )

    def json(self) -> bytes:
        """The truth as indented JSON, ending with a newline."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a simulated recording in its truth."""

    scenario: str
    seed: int
    runner: Body
    mount_offset_deg: float | None
    note: str = ""


def summarise(motion: Motion, identity: Identity) -> Truth:
    """The motion as intervals and totals."""
    distance = np.where(motion.moving, motion.speed_mps, 0.0) * STEP_S
    back, ahead = motion.moving & motion.backward, motion.moving & ~motion.backward
    return Truth(
        scenario=identity.scenario,
        seed=identity.seed,
        intervals=_intervals(motion),
        backward_s=float(back.sum() * STEP_S),
        forward_s=float(ahead.sum() * STEP_S),
        backward_distance_m=round(float(distance[back].sum()), 1),
        forward_distance_m=round(float(distance[ahead].sum()), 1),
        runner=identity.runner,
        mount_offset_deg=identity.mount_offset_deg,
        note=identity.note,
    )


def _intervals(motion: Motion) -> tuple[Interval, ...]:
    code = np.where(motion.moving, 1 + motion.backward + 2 * motion.walking, 0)
    edges = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), len(code)]
    directions: tuple[Direction, ...] = ("still", "forward", "backward", "forward", "backward")
    gaits: tuple[Gait, ...] = ("still", "run", "run", "walk", "walk")
    return tuple(
        Interval(first / RATE_HZ, last / RATE_HZ, directions[code[first]], gaits[code[first]])
        for first, last in itertools.pairwise(edges)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A recording, and what really happened."""

    recording: Recording
    truth: Truth


def simulate(scenario: Scenario, seed: int, place: Place | None = None) -> Simulated:
    """Simulate one recording; equal arguments give equal values, bit for bit.

    Args:
        scenario: the situation; its name is part of the seed.
        seed: number of the recording within the scenario.
        place: where and when it starts; None for the default.
    """
    rng = np.random.default_rng([seed, zlib.crc32(scenario.name.encode())])
    runner = scenario.runner or draw_body(rng)
    watch = _with_mount(scenario, rng)
    steps = scenario.plan(rng)
    motion = move(steps, scenario.ground, runner, rng)
    heart_bpm = heart_rate(motion, runner, rng)
    energy_kcal = round(device_energy_kcal(motion, runner.mass_kg))
    activity = Activity(motion, steps, heart_bpm, energy_kcal)
    recording = record(activity, watch, place or Place(), rng)
    compass = watch.compass
    honest = compass is not None and compass.shows == "facing"
    mount = round(compass.mount_deg, 1) if compass is not None and honest else None
    identity = Identity(scenario.name, seed, runner, mount, scenario.note)
    return Simulated(recording, summarise(motion, identity))


def _with_mount(scenario: Scenario, rng: np.random.Generator) -> Watch:
    if scenario.watch.compass is None:
        return scenario.watch
    mount_deg = scenario.watch.compass.mount_deg + float(rng.uniform(*scenario.mount_deg))
    return replace(scenario.watch, compass=replace(scenario.watch.compass, mount_deg=mount_deg))
