"""Step rate, speed and grade of a session, and the runner's line through them."""

from dataclasses import dataclass

import numpy as np

from retrorun import arithmetic
from retrorun.arithmetic import product
from retrorun.detect.modes import Modes
from retrorun.detect.runs import mean_around
from retrorun.model import GaitLine, Track
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Step rate, speed and grade, smoothed, (n,); ``counted`` where they may be compared."""

    cadence_spm: FloatArray
    speed_mps: FloatArray
    grade: FloatArray
    counted: BoolArray


def steps(track: Track, modes: Modes, settings: DetectSettings) -> Steps:
    """Smooth step rate and speed alike, running only, away from stops and sharp turns."""
    half = settings.gait_half_s
    running = modes.moving & ~modes.walking
    cadence = np.where(running, modes.cadence_spm, np.nan)
    speed = np.where(running, modes.speed_mps, np.nan)
    grade = track.column("grade")
    with np.errstate(invalid="ignore"):
        steep = np.abs(grade) > settings.steep_grade
    counted = running & np.isfinite(cadence) & np.isfinite(speed) & ~steep & ~track.flags["gap"]
    counted &= mean_around((~running).astype(np.float64), 3) == 0
    smooth = (mean_around(cadence, half), mean_around(speed, half), mean_around(grade, half))
    return Steps(smooth[0], smooth[1], np.nan_to_num(smooth[2]), counted)


def fit(seen: Steps, weight: FloatArray, before: GaitLine | None) -> GaitLine | None:
    """Cadence on speed and grade by iteratively reweighted ridge regression.

    Huber weights keep surges from bending the line; the ridge draws the slopes to what runners
    have (9.5 ± 4 steps/min per m/s; 25 ± 40 per unit of grade) or to the runner's own line
    ``before``, so that a run at one speed still gives a sensible line.

    Returns:
        The line, or None where less than a minute was counted.
    """
    weight = np.where(seen.counted, weight, 0.0)
    use = weight > 0.01
    if (weight > 0.5).sum() < 60:
        return None
    cadence, weight = seen.cadence_spm[use], weight[use]
    design = np.column_stack([np.ones(cadence.size), seen.speed_mps[use], seen.grade[use]])
    usual = np.array([0.0, 9.5, 25.0])
    if before is not None:
        usual = np.array([0.0, before.slope_spm_per_mps, before.grade_slope_spm])
    # A fit of N tempered seconds carries about N / 30 independent ones of deviation 3.
    ridge = np.diag([0.0, 30.0 * 9.0 / (4.0 * 4.0), 30.0 * 9.0 / (40.0 * 40.0)])
    robust, firm = np.ones(cadence.size), weight > 0.5
    for _ in range(4):
        scaled = design * (weight * robust)[:, None]
        pull = product(scaled.T, cadence) + product(ridge, usual)
        line = arithmetic.solve(product(scaled.T, design) + ridge, pull)
        residual = cadence - product(design, line)
        spread = max(1.4826 * float(np.median(np.abs(residual)[firm])), 0.8)
        robust = np.minimum(1.0, 1.5 * spread / np.maximum(np.abs(residual), 1e-9))
    low, high = np.quantile(design[:, 1], (0.02, 0.98))
    return GaitLine(*map(float, (*line, spread, weight.sum(), low, high)))


def raised(line: GaitLine, ratio: float, seen: Steps, where: BoolArray) -> GaitLine:
    """The forward line times the runner's own ratio: the backward line."""
    low, high = np.quantile(seen.speed_mps[where], (0.02, 0.98))
    return GaitLine(
        intercept_spm=line.intercept_spm * ratio,
        slope_spm_per_mps=line.slope_spm_per_mps * ratio,
        grade_slope_spm=line.grade_slope_spm * ratio,
        spread_spm=line.spread_spm,
        seconds=float(where.sum()),
        low_mps=float(low),
        high_mps=float(high),
    )


def expected_spm(line: GaitLine, seen: Steps) -> FloatArray:
    """Step rate by the line at each second's speed and grade, (n,)."""
    by_speed = line.intercept_spm + line.slope_spm_per_mps * seen.speed_mps
    return by_speed + line.grade_slope_spm * seen.grade


def normal(residual: FloatArray, spread: FloatArray | float) -> FloatArray:
    """Density of a normal distribution about 0."""
    scaled = residual / spread
    return np.asarray(
        arithmetic.exp(-0.5 * np.square(scaled)) / (spread * np.sqrt(2 * np.pi)), dtype=np.float64
    )
