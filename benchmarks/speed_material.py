"""Files for the benchmark: a simulated athlete, day after day, always the same."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from msgspec import structs

from retrorun.simulate import (
    Scenario,
    Simulated,
    Watch,
    fit_bytes,
    gpx_bytes,
    simulate,
    tcx_bytes,
)
from retrorun.simulate.body import Step
from retrorun.simulate.scenarios import ahead, back, walk
from retrorun.simulate.watch import Compass

HOUR_S = 3600
DAY_S = 86_400.0
BASES = 8  # as many different hours are simulated; the days in between repeat them


def hour(rng: np.random.Generator) -> tuple[Step, ...]:
    """A warm-up, ten backward stretches with forward running between, a walk, and the way home."""
    steps = [ahead(600.0, 2.8)]
    for _ in range(10):
        length_s = float(rng.integers(40, 90))
        steps += [back(length_s, 2.0), ahead(180.0 - length_s, 2.9)]
    done_s = 600.0 + 10 * 180.0
    return (*steps, walk(200.0), ahead(HOUR_S - done_s - 200.0, 2.7))


def bases() -> list[Simulated]:
    """Different hours: half from a phone with a compass, half from a watch with dynamics."""
    watches = (Watch(compass=Compass()), Watch(dynamics=True))
    return [
        simulate(Scenario(f"hour {number}", hour, "heading", watches[number % 2]), number)
        for number in range(BASES)
    ]


def shifted(simulated: Simulated, days: int) -> Simulated:
    """The same hour on another day."""
    shift_s = days * DAY_S
    recording = simulated.recording
    later = structs.replace(
        recording,
        time_s=recording.time_s + shift_s,
        headings=tuple(
            structs.replace(each, time_s=each.time_s + shift_s) for each in recording.headings
        ),
        laps=tuple(
            structs.replace(
                lap,
                start_time_s=lap.start_time_s + shift_s,
                end_time_s=lap.end_time_s + shift_s,
            )
            for lap in recording.laps
        ),
    )
    return replace(simulated, recording=later)


def write(folder: Path, count: int) -> list[Path]:
    """Write as many one-hour FIT files as are wanted; those that are there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number // 500:02}" / f"day-{number:05}.fit" for number in range(count)]
    missing = [(number, path) for number, path in enumerate(paths) if not path.exists()]
    made = bases() if missing else []
    for number, path in missing:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(fit_bytes(shifted(made[number % BASES], number)))
    return paths


def late(path: Path, days: int) -> Path:
    """Write one more hour, so many days after the first: no session of before then is its like."""
    path.write_bytes(fit_bytes(shifted(bases()[days % BASES], days)))
    os.utime(path, (0, 0))  # it does not grow any more
    return path


def day(path: Path) -> Path:
    """Write a FIT file of 24 hours."""
    path.write_bytes(fit_bytes(a_day()))
    return path


def a_day() -> Simulated:
    """The hour, again and again, without stopping."""

    def long(rng: np.random.Generator) -> tuple[Step, ...]:
        return tuple(step for _ in range(24) for step in hour(rng))

    return simulate(Scenario("a day", long, "heading", Watch(compass=Compass())), 0)


def hours(folder: Path) -> list[Path]:
    """Write the same hours in every format: from a phone with a compass, and from a watch."""
    phone, watch = bases()[:2]
    return [
        *_in_every_format(folder, "simulated phone 1 h", phone),
        *_in_every_format(folder, "simulated watch 1 h", watch),
    ]


def days(folder: Path) -> list[Path]:
    """Write the same 24 hours in every format, which takes a while; kept if they are there."""
    paths = [folder / f"simulated 24 h.{kind}" for kind in ("fit", "gpx", "tcx")]
    there = all(path.exists() for path in paths)
    return paths if there else _in_every_format(folder, "simulated 24 h", a_day())


def _in_every_format(folder: Path, name: str, simulated: Simulated) -> list[Path]:
    compass = bool(simulated.recording.headings)
    written = {
        "fit": fit_bytes(simulated),
        "gpx": gpx_bytes(simulated, "osmand" if compass else "garmin"),
        "tcx": tcx_bytes(simulated),
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{kind}" for kind in written]
    for path, data in zip(paths, written.values(), strict=True):
        path.write_bytes(data)
    return paths
