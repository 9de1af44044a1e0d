"""The named situations on which detection is tuned and judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from retrorun.simulate import plans
from retrorun.simulate.body import Ground
from retrorun.simulate.compass import Compass
from retrorun.simulate.plans import Plan
from retrorun.simulate.runner import Runner
from retrorun.simulate.watch import Watch

Tier = Literal["heading", "part", "gait", "labelled"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation.

    Attributes:
        name: its name in every table.
        plan: what the runner sets out to do.
        tier: the best evidence the recording holds; which aim it is judged by.
        watch: what records. A compass mount is drawn within ``mount_deg`` and added.
        ground: where the way goes.
        mount_deg: bounds between which the mount is drawn.
        mount_stated: whether the runner's profile says how the device is worn.
        runner: somebody particular; None draws one.
        note: one line for the tables.
    """

    name: str
    plan: Plan
    tier: Tier
    watch: Watch
    ground: Ground = field(default_factory=Ground)
    mount_deg: tuple[float, float] = (-60.0, 60.0)
    mount_stated: bool = False
    runner: Runner | None = None
    note: str = ""


PHONE = Watch(compass=Compass())
ONLY_WATCH = Watch()


def with_compass(**fault: object) -> Watch:
    """A watch with a compass of these faults."""
    return Watch(compass=Compass(**fault))  # type: ignore[arg-type]  # names are Compass's own


def _heading() -> tuple[Scenario, ...]:
    middle = plans.intervals(45, 150, 6)
    hilly = Ground(hill_m=25.0)
    street = Ground(bend_dps=0.3, corner_every_s=90.0)
    return (
        Scenario("intervals", middle, "heading", PHONE),
        Scenario("short intervals", plans.intervals(20, 40, 10), "heading", PHONE, street),
        Scenario("long intervals", plans.intervals(420, 1200, 2), "heading", PHONE),
        Scenario("shuttles", plans.shuttles(10.0, 4), "heading", PHONE, Ground(bend_dps=0.2)),
        Scenario("all backward", plans.all_backward, "heading", PHONE, street),
        Scenario(
            "all backward, mount stated",
            plans.all_backward,
            "heading",
            PHONE,
            street,
            mount_stated=True,
        ),
        Scenario("mostly backward", plans.mostly_backward, "heading", PHONE),
        Scenario("walk", plans.backward_walk, "heading", PHONE),
        Scenario("stops", plans.stops_and_backward, "heading", PHONE, street),
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
            plans.stops_and_backward,
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
        Scenario("all forward", plans.steady, "heading", PHONE),
        Scenario("out and back", plans.out_and_back, "heading", PHONE),
        Scenario("hills forward", plans.steady, "heading", PHONE, hilly),
        Scenario("strides forward", plans.strides, "heading", PHONE, street),
        Scenario("traffic forward", plans.traffic, "heading", PHONE, street),
        Scenario("drills forward", plans.drills, "heading", PHONE),
        Scenario(
            "disturbed forward", plans.steady, "heading", with_compass(disturbances=5), street
        ),
    )


def _watch_only() -> tuple[Scenario, ...]:
    middle = plans.intervals(60, 180, 6)
    hilly = Ground(hill_m=40.0)
    return (
        Scenario("gait intervals", middle, "gait", ONLY_WATCH),
        Scenario("gait long intervals", plans.intervals(420, 1200, 2), "gait", ONLY_WATCH),
        Scenario("gait hills", middle, "gait", ONLY_WATCH, Ground(hill_m=25.0)),
        Scenario("gait dynamics", middle, "gait", Watch(dynamics=True)),
        Scenario("treadmill", middle, "gait", Watch(gps=False)),
        Scenario("course in disguise", middle, "gait", with_compass(shows="course")),
        Scenario("constant heading", middle, "gait", with_compass(shows="constant")),
        Scenario("gait forward", plans.steady, "gait", ONLY_WATCH),
        Scenario("gait hills forward", plans.steady, "gait", ONLY_WATCH, hilly),
        Scenario("gait strides forward", plans.strides, "gait", ONLY_WATCH),
        Scenario("gait traffic forward", plans.traffic, "gait", ONLY_WATCH),
        Scenario("gait drills forward", plans.drills, "gait", ONLY_WATCH),
        Scenario("disguise forward", plans.steady, "gait", with_compass(shows="course")),
    )


def _part_and_labels() -> tuple[Scenario, ...]:
    middle, some = plans.intervals(45, 150, 8), Compass(present=(0.0, 0.5))
    return (
        Scenario("part heading", middle, "part", Watch(compass=some)),
        Scenario("part heading late", middle, "part", with_compass(present=(0.5, 1.0))),
        Scenario("workout steps", middle, "labelled", Watch(laps="workout")),
        Scenario("named laps", plans.intervals(30, 90, 8), "labelled", Watch(laps="named")),
    )


def scenarios() -> Mapping[str, Scenario]:
    """All of them by name, in the order of the tables."""
    every = (*_heading(), *_heading_forward(), *_part_and_labels(), *_watch_only())
    return MappingProxyType({scenario.name: scenario for scenario in every})
