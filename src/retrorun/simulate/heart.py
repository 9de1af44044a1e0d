"""The lagging heart of a simulated body, with a known cost of going backward.

dHR/dt = (HRss - HR)/tau, with one tau for rising and one for falling; HRss is linear in oxygen
demand, and demand is ACSM's forward equation times the runner's cost factor while backward
(ACSM's Guidelines for Exercise Testing and Prescription: running 3.5 + 0.2 S + 0.9 S G, walking
3.5 + 0.1 S + 1.8 S G, S in m/min). Departures: downhill grade counts by at most -10 %; steady
heart rate drifts upwards with time.
"""

import numpy as np

from retrorun.simulate.body import RATE_HZ, Motion
from retrorun.simulate.noise import gauss_markov
from retrorun.simulate.runner import Runner
from retrorun.units import FloatArray

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


def heart_rate(motion: Motion, runner: Runner, rng: np.random.Generator) -> FloatArray:
    """Heart rate (n,) at 1 Hz, beats/min, as a faultless strap would show it, with noise."""
    demand = oxygen_demand(motion, runner.cost_factor)
    hours = np.arange(len(demand)) / 3600.0
    steady = runner.hr_rest_bpm + 12.0 + runner.hr_slope * (demand - REST_ML_KG_MIN)
    steady = np.minimum(steady * (1.0 + runner.hr_drift * hours), runner.hr_max_bpm)
    state, series = float(steady[0]) * 0.7, np.empty(len(steady))
    for index, target in enumerate(steady.tolist()):
        state += (target - state) / (runner.tau_up_s if target > state else runner.tau_down_s)
        series[index] = state
    return series + gauss_markov(rng, len(series), runner.hr_noise_bpm, 8.0)


def device_energy_kcal(motion: Motion, mass_kg: float) -> float:
    """What a watch that knows nothing of going backward would print: ACSM forward, 5 kcal/l."""
    return float(oxygen_demand(motion, 1.0).sum() / 60.0 * mass_kg / 1000.0 * 5.0)
