"""Who runs: the constants of one simulated body."""

from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True, slots=True)
class Runner:
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


def draw_runner(rng: np.random.Generator) -> Runner:
    """Draw somebody: spreads as between recreational runners, step ratio +6 to +12 %."""
    return Runner(
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
