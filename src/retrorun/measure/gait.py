"""Steps and how they are made."""

import numpy as np

from retrorun.measure.pace import Columns, ratio
from retrorun.measure.samples import Samples
from retrorun.units import FloatArray

MEANS = ("contact_time_s", "vertical_oscillation_m", "respiration_brpm", "balance_pct")


def gaits(samples: Samples) -> Columns:
    """Steps, step rate and step length (s,), NaN where not recorded.

    Step length is metres over steps, both counted only while moving with a sensor reporting.
    """
    cadence = _stepping(samples)
    steps, steps_s = samples.sums(cadence / 60.0)
    way_m, way_s = samples.sums(np.where(np.isfinite(cadence), samples.step_m, np.nan))
    steps_on_way, _ = samples.sums(np.where(np.isfinite(samples.step_m), cadence / 60.0, np.nan))
    columns = {
        "steps": np.where(steps_s > 0, steps, np.nan),
        "steps_s": steps_s,
        "cadence_spm": 60.0 * ratio(steps, steps_s),
        "step_length_m": np.where(way_s > 0, ratio(way_m, steps_on_way), np.nan),
    }
    for name in MEANS:
        total, seconds = samples.sums(samples.track.column(name), samples.moving)
        columns[name] = ratio(total, seconds)
    return columns


def _stepping(samples: Samples) -> FloatArray:
    """Cadence while moving; a zero there is a sensor that lost count, not a step rate."""
    cadence = samples.track.column("cadence_spm")
    return np.where(samples.moving & (cadence > 0), cadence, np.nan)
