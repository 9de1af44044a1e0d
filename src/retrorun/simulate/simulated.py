"""From a scenario and a seed to a recording and its truth."""

import zlib
from dataclasses import dataclass, replace

import numpy as np

from retrorun.model import Recording
from retrorun.simulate.body import move
from retrorun.simulate.heart import device_energy_kcal, heart_rate
from retrorun.simulate.runner import draw_runner
from retrorun.simulate.scenarios import Scenario
from retrorun.simulate.truth import About, Truth, tell
from retrorun.simulate.watch import Outing, Place, Watch, record


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A recording, and what really happened."""

    recording: Recording
    truth: Truth


def simulate(scenario: Scenario, seed: int, place: Place | None = None) -> Simulated:
    """Simulate one recording; equal arguments give equal values, bit for bit.

    Args:
        scenario: the situation; its name is part of the seed.
        seed: which of the endlessly many recordings of it.
        place: where and when it starts; None for the default.
    """
    rng = np.random.default_rng([seed, zlib.crc32(scenario.name.encode())])
    runner = scenario.runner or draw_runner(rng)
    watch = _mounted(scenario, rng)
    steps = scenario.plan(rng)
    motion = move(steps, scenario.ground, runner, rng)
    heart_bpm = heart_rate(motion, runner, rng)
    energy_kcal = round(device_energy_kcal(motion, runner.mass_kg))
    outing = Outing(motion, steps, heart_bpm, energy_kcal)
    recording = record(outing, watch, place or Place(), rng)
    compass = watch.compass
    honest = compass is not None and compass.shows == "facing"
    mount = round(compass.mount_deg, 1) if compass is not None and honest else None
    about = About(scenario.name, seed, runner, mount, scenario.note)
    return Simulated(recording, tell(motion, about))


def _mounted(scenario: Scenario, rng: np.random.Generator) -> Watch:
    if scenario.watch.compass is None:
        return scenario.watch
    mount_deg = scenario.watch.compass.mount_deg + float(rng.uniform(*scenario.mount_deg))
    return replace(scenario.watch, compass=replace(scenario.watch.compass, mount_deg=mount_deg))
