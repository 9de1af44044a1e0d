"""Noise that remembers: what sensors and bodies show is never white."""

import numpy as np

from retrorun import arithmetic
from retrorun.units import FloatArray


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
