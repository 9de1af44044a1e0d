"""A compass somewhere on the body: what it shows of the body's facing, with all its faults."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrorun import arithmetic
from retrorun.model import HeadingKind
from retrorun.simulate.body import RATE_HZ, Motion
from retrorun.simulate.noise import gauss_markov
from retrorun.units import FloatArray


@dataclass(frozen=True, slots=True)
class Compass:
    """A compass and how it is worn.

    Attributes:
        mount_deg: device heading minus facing at the start.
        drift_deg: by how much the mount turns over the session (it slips).
        swing_deg: amplitude of the arm swing; its deviation is 0.7 times that.
        noise_deg: correlated sensor error.
        declination_deg: true minus magnetic north; shown only where ``north`` is magnetic.
        dropout: share of seconds without a value, in stretches of about half a minute.
        disturbances: number of magnetic disturbances, 15 to 30 s each, by more than 90°.
        present: share of the session, ``(from, to)``, with any heading.
        clockwise: False for devices whose yaw grows to the left.
        shows: ``facing``; ``course`` is a course in disguise; ``constant`` never changes.
        source, claim, north: what the file says about it.
    """

    mount_deg: float = 0.0
    drift_deg: float = 0.0
    swing_deg: float = 8.0
    noise_deg: float = 4.0
    declination_deg: float = 0.0
    dropout: float = 0.0
    disturbances: int = 0
    present: tuple[float, float] = (0.0, 1.0)
    clockwise: bool = True
    shows: Literal["facing", "course", "constant"] = "facing"
    source: str = "fit:developer:heading"
    claim: HeadingKind = "compass"
    north: Literal["true", "magnetic", "unknown"] = "true"


def heading(
    motion: Motion, course_deg: FloatArray | None, compass: Compass, rng: np.random.Generator
) -> FloatArray:
    """What the compass shows (n,) at 1 Hz, degrees [0, 360), NaN where it shows nothing.

    ``course_deg`` is the receiver's own course, for a course in disguise.
    """
    facing = motion.facing_deg[::RATE_HZ]
    count = len(facing)
    if compass.shows == "constant":
        shown = np.zeros(count)
    elif compass.shows == "course" and course_deg is not None:
        shown = course_deg.copy()
    else:
        shown = facing + _faults(motion, compass, rng)
        shown = shown if compass.clockwise else -shown
    return np.where(_present(count, compass, rng), np.round(shown, 1) % 360.0, np.nan)


def _faults(motion: Motion, compass: Compass, rng: np.random.Generator) -> FloatArray:
    """Everything between the facing and the compass's number, degrees (n,)."""
    count = len(motion.facing_deg[::RATE_HZ])
    faults = compass.mount_deg + compass.drift_deg * np.arange(count) / max(count - 1, 1)
    stride = np.cumsum(motion.cadence_spm / 120.0) / RATE_HZ  # strides so far
    phase = 2.0 * np.pi * (stride[::RATE_HZ] + rng.uniform())
    faults += compass.swing_deg * arithmetic.sin(phase) * (motion.cadence_spm[::RATE_HZ] > 0)
    faults += gauss_markov(rng, count, compass.noise_deg, 15.0) + rng.normal(0.0, 1.0, count)
    if compass.north == "magnetic":
        faults -= compass.declination_deg
    for _ in range(compass.disturbances):
        start, length = int(rng.uniform(0.0, count - 30)), int(rng.integers(15, 31))
        faults[start : start + length] += rng.uniform(90.0, 180.0) * rng.choice([-1.0, 1.0])
    return faults


def _present(
    count: int, compass: Compass, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    share = np.arange(count) / count
    present = (share >= compass.present[0]) & (share < compass.present[1])
    if compass.dropout:
        wandering = gauss_markov(rng, count, 1.0, 30.0)
        present &= wandering > np.quantile(wandering, compass.dropout)
    return present
