"""Named situations on which detection is tuned and judged, and the truth about a recording of each.

A plan draws the steps of a session; a scenario adds what records it and where. Tuning and
reporting seeds are disjoint. The reporting seeds were chosen after tuning and are used by
``make accuracy`` only; whoever tunes again after looking at its results replaces them.
"""

import itertools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import msgspec
import numpy as np

from retrorun.model import Direction, Gait, Recording
from retrorun.simulate.body import (
    RATE_HZ,
    STEP_S,
    Body,
    Entry,
    Ground,
    Motion,
    Step,
    device_energy_kcal,
    draw_body,
    heart_rate,
    move,
)
from retrorun.simulate.watch import Activity, Compass, Place, Watch, record

Plan = Callable[[np.random.Generator], tuple[Step, ...]]
BACK, AHEAD, WALK, REST = "Backward", "Forward", "Walk", "Rest"


def ahead(seconds: float, speed_mps: float, entry: Entry = "on") -> Step:
    """Run forward."""
    return Step(seconds, "forward", "run", speed_mps, entry, AHEAD)


def back(seconds: float, speed_mps: float, entry: Entry = "pivot") -> Step:
    """Run backward."""
    return Step(seconds, "backward", "run", speed_mps, entry, BACK)


def walk(seconds: float, speed_mps: float = 1.4, entry: Entry = "on") -> Step:
    """Walk forward."""
    return Step(seconds, "forward", "walk", speed_mps, entry, WALK)


def stand(seconds: float) -> Step:
    """Stand still, facing as before."""
    return Step(seconds, "still", "still", 0.0, "on", REST)


def intervals(low_s: float, high_s: float, count: int) -> Plan:
    """Backward segments between forward ones, ``low_s`` to ``high_s`` long; some by a flip."""

    def plan(rng: np.random.Generator) -> tuple[Step, ...]:
        speed = rng.uniform(2.6, 3.4)
        steps = [ahead(_whole(rng, 150, 260), speed)]
        for _ in range(count):
            turn: Entry = "flip" if rng.random() < 0.25 else "pivot"
            steps.append(back(_whole(rng, low_s, high_s), speed * rng.uniform(0.62, 0.8), turn))
            steps.append(ahead(_whole(rng, max(low_s, 40), max(high_s, 90)), speed, turn))
        return tuple(steps)

    return plan


def shuttles(length_m: float, sets: int) -> Plan:
    """Sets of shuttles: forward out, backward home without turning; forward running between."""

    def plan(rng: np.random.Generator) -> tuple[Step, ...]:
        steps = [ahead(_whole(rng, 180, 240), 2.9)]
        for _ in range(sets):
            for _ in range(int(rng.integers(5, 9))):
                out, home = rng.uniform(2.0, 2.6), rng.uniform(1.7, 2.1)
                first = len(steps) == 1 or steps[-1].seconds >= 60.0  # a set begins as the way goes
                steps.append(ahead(length_m / out + 0.9, out, "on" if first else "flip"))
                steps.append(back(length_m / home + 0.9, home, "flip"))
            steps.append(ahead(_whole(rng, 60, 90), 2.7, "flip"))
        return tuple(steps)

    return plan


def all_backward(rng: np.random.Generator) -> tuple[Step, ...]:
    """Nothing but backward running."""
    return (replace(back(900, rng.uniform(1.9, 2.4)), entry="on"),)


def mostly_backward(rng: np.random.Generator) -> tuple[Step, ...]:
    """A short warm-up, then backward with short forward rests."""
    steps = [ahead(120, 2.8)]
    for _ in range(4):
        steps += [back(_whole(rng, 180, 300), rng.uniform(1.9, 2.4)), ahead(50, 2.5, "pivot")]
    return tuple(steps)


def backward_walk(rng: np.random.Generator) -> tuple[Step, ...]:
    """Walking, forward and backward."""
    steps = [walk(180, 1.5)]
    for _ in range(4):
        steps.append(replace(back(_whole(rng, 60, 150), rng.uniform(0.95, 1.25)), gait="walk"))
        steps.append(walk(_whole(rng, 60, 120), rng.uniform(1.3, 1.6), "pivot"))
    return tuple(steps)


def steady(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward, evenly, with a few changes of pace."""
    return tuple(ahead(_whole(rng, 180, 400), rng.uniform(2.5, 3.5)) for _ in range(5))


def out_and_back(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward out, about turn, forward home, three times."""
    speed = rng.uniform(2.5, 3.3)
    return (ahead(240, speed), *(ahead(_whole(rng, 120, 240), speed, "uturn") for _ in range(5)))


def strides(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward with fast strides and walking breaks."""
    steps = [ahead(300, 2.8)]
    for _ in range(6):
        steps += [ahead(_whole(rng, 15, 30), rng.uniform(4.2, 5.2)), walk(_whole(rng, 30, 75))]
        steps.append(ahead(_whole(rng, 60, 120), rng.uniform(2.4, 3.0)))
    return tuple(steps)


def drills(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward, with slow segments of quick short steps: all that gait knows of going backward."""
    steps = [ahead(300, 2.9)]
    for _ in range(4):
        quick = ahead(_whole(rng, 60, 150), rng.uniform(1.9, 2.4))
        steps += [
            replace(quick, quickness=rng.uniform(1.06, 1.10)),
            ahead(_whole(rng, 60, 180), 2.9),
        ]
    return tuple(steps)


def traffic(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward with stops at lights."""
    steps: list[Step] = []
    for _ in range(7):
        steps += [ahead(_whole(rng, 90, 220), rng.uniform(2.6, 3.3)), stand(_whole(rng, 8, 60))]
    return (*steps, ahead(90, 2.8))


def stops_and_backward(rng: np.random.Generator) -> tuple[Step, ...]:
    """Backward segments, stops at lights, walking."""
    steps = [ahead(200, 2.9)]
    for _ in range(4):
        steps += [back(_whole(rng, 40, 120), rng.uniform(1.9, 2.4)), stand(_whole(rng, 10, 40))]
        steps += [ahead(_whole(rng, 60, 150), 2.9, "pivot"), stand(_whole(rng, 10, 30))]
        steps.append(ahead(60, 2.7))
    return (*steps, walk(60))


def _whole(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.integers(round(low), round(high) + 1))


Tier = Literal["heading", "part", "gait", "labelled"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation.

    Attributes:
        name: its name in every table.
        plan: what the athlete sets out to do.
        tier: the best evidence the recording holds; which aim it is judged by.
        watch: what records. A compass mount is drawn within ``mount_deg`` and added.
        ground: where the way goes.
        mount_deg: bounds between which the mount is drawn.
        mount_stated: whether the athlete's profile says how the device is worn.
        body: who runs; None draws one.
        note: one line for the tables.
    """

    name: str
    plan: Plan
    tier: Tier
    watch: Watch
    ground: Ground = field(default_factory=Ground)
    mount_deg: tuple[float, float] = (-60.0, 60.0)
    mount_stated: bool = False
    body: Body | None = None
    note: str = ""


PHONE = Watch(compass=Compass())
ONLY_WATCH = Watch()


def with_compass(**fault: object) -> Watch:
    """A watch with a compass of these faults."""
    return Watch(compass=Compass(**fault))  # type: ignore[arg-type]  # names are Compass's own


def _heading() -> tuple[Scenario, ...]:
    middle = intervals(45, 150, 6)
    hilly = Ground(hill_m=25.0)
    street = Ground(bend_dps=0.3, corner_every_s=90.0)
    return (
        Scenario("intervals", middle, "heading", PHONE),
        Scenario("short intervals", intervals(20, 40, 10), "heading", PHONE, street),
        Scenario("long intervals", intervals(420, 1200, 2), "heading", PHONE),
        Scenario("shuttles", shuttles(10.0, 4), "heading", PHONE, Ground(bend_dps=0.2)),
        Scenario("all backward", all_backward, "heading", PHONE, street),
        Scenario(
            "all backward, mount stated",
            all_backward,
            "heading",
            PHONE,
            street,
            mount_stated=True,
        ),
        Scenario("mostly backward", mostly_backward, "heading", PHONE),
        Scenario("walk", backward_walk, "heading", PHONE),
        Scenario("stops", stops_and_backward, "heading", PHONE, street),
        Scenario("hills mixed", middle, "heading", PHONE, hilly),
        Scenario("any mount", middle, "heading", PHONE, street, (-180.0, 180.0)),
        Scenario("mount drift", middle, "heading", with_compass(drift_deg=25.0)),
        Scenario("arm swing", middle, "heading", with_compass(swing_deg=30.0)),
        Scenario("disturbed", middle, "heading", with_compass(disturbances=4), street),
        Scenario("drop-outs", middle, "heading", with_compass(dropout=0.4)),
        Scenario("poor gps", middle, "heading", Watch(gps_error_m=7.0, compass=Compass())),
        Scenario("gps gap", middle, "heading", Watch(gps_gap_s=120.0, compass=Compass())),
        Scenario("smart recording", middle, "heading", Watch(smart=True, compass=Compass())),
        Scenario(
            "auto-pause",
            stops_and_backward,
            "heading",
            Watch(auto_pause=True, compass=Compass()),
        ),
        Scenario(
            "magnetic north",
            middle,
            "heading",
            with_compass(declination_deg=20.0, north="magnetic", source="compass"),
        ),
        Scenario("counter-clockwise", middle, "heading", with_compass(clockwise=False), street),
    )


def _heading_forward() -> tuple[Scenario, ...]:
    hilly = Ground(hill_m=40.0)
    street = Ground(bend_dps=0.3, corner_every_s=90.0)
    return (
        Scenario("all forward", steady, "heading", PHONE),
        Scenario("out and back", out_and_back, "heading", PHONE),
        Scenario("hills forward", steady, "heading", PHONE, hilly),
        Scenario("strides forward", strides, "heading", PHONE, street),
        Scenario("traffic forward", traffic, "heading", PHONE, street),
        Scenario("drills forward", drills, "heading", PHONE),
        Scenario("disturbed forward", steady, "heading", with_compass(disturbances=5), street),
    )


def _watch_only() -> tuple[Scenario, ...]:
    middle = intervals(60, 180, 6)
    hilly = Ground(hill_m=40.0)
    return (
        Scenario("gait intervals", middle, "gait", ONLY_WATCH),
        Scenario("gait long intervals", intervals(420, 1200, 2), "gait", ONLY_WATCH),
        Scenario("gait hills", middle, "gait", ONLY_WATCH, Ground(hill_m=25.0)),
        Scenario("gait dynamics", middle, "gait", Watch(dynamics=True)),
        Scenario("treadmill", middle, "gait", Watch(gps=False)),
        Scenario("course in disguise", middle, "gait", with_compass(shows="course")),
        Scenario("constant heading", middle, "gait", with_compass(shows="constant")),
        Scenario("gait forward", steady, "gait", ONLY_WATCH),
        Scenario("gait hills forward", steady, "gait", ONLY_WATCH, hilly),
        Scenario("gait strides forward", strides, "gait", ONLY_WATCH),
        Scenario("gait traffic forward", traffic, "gait", ONLY_WATCH),
        Scenario("gait drills forward", drills, "gait", ONLY_WATCH),
        Scenario("disguise forward", steady, "gait", with_compass(shows="course")),
    )


def _part_and_labels() -> tuple[Scenario, ...]:
    middle, some = intervals(45, 150, 8), Compass(present=(0.0, 0.5))
    return (
        Scenario("part heading", middle, "part", Watch(compass=some)),
        Scenario("part heading late", middle, "part", with_compass(present=(0.5, 1.0))),
        Scenario("workout steps", middle, "labelled", Watch(laps="workout")),
        Scenario("named laps", intervals(30, 90, 8), "labelled", Watch(laps="named")),
    )


def scenarios() -> Mapping[str, Scenario]:
    """All of them by name, in the order of the tables."""
    every = (*_heading(), *_heading_forward(), *_part_and_labels(), *_watch_only())
    return MappingProxyType({scenario.name: scenario for scenario in every})


TUNING_SEEDS = range(10_000)
REPORTING_SEEDS = range(70_000, 70_012)


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
    body: Body
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
    body = scenario.body or draw_body(rng)
    watch = _with_mount(scenario, rng)
    steps = scenario.plan(rng)
    motion = move(steps, scenario.ground, body, rng)
    heart_bpm = heart_rate(motion, body, rng)
    energy_kcal = round(device_energy_kcal(motion, body.mass_kg))
    activity = Activity(motion, steps, heart_bpm, energy_kcal)
    recording = record(activity, watch, place or Place(), rng)
    return Simulated(recording, _truth(scenario, seed, body, motion, watch.compass))


def _truth(
    scenario: Scenario, seed: int, body: Body, motion: Motion, compass: Compass | None
) -> Truth:
    """The motion as intervals and totals; of a compass in disguise no mount is known."""
    distance = np.where(motion.moving, motion.speed_mps, 0.0) * STEP_S
    back, ahead = motion.moving & motion.backward, motion.moving & ~motion.backward
    honest = compass is not None and compass.shows == "facing"
    return Truth(
        scenario=scenario.name,
        seed=seed,
        intervals=_intervals(motion),
        backward_s=float(back.sum() * STEP_S),
        forward_s=float(ahead.sum() * STEP_S),
        backward_distance_m=round(float(distance[back].sum()), 1),
        forward_distance_m=round(float(distance[ahead].sum()), 1),
        body=body,
        mount_offset_deg=round(compass.mount_deg, 1) if compass and honest else None,
        note=scenario.note,
    )


def _with_mount(scenario: Scenario, rng: np.random.Generator) -> Watch:
    if scenario.watch.compass is None:
        return scenario.watch
    mount_deg = scenario.watch.compass.mount_deg + float(rng.uniform(*scenario.mount_deg))
    return replace(scenario.watch, compass=replace(scenario.watch.compass, mount_deg=mount_deg))
