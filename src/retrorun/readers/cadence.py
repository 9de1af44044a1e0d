"""From what a file calls cadence to steps of both feet a minute, and heart rates of zero."""

from collections.abc import Mapping

import numpy as np

from retrorun.model import Note
from retrorun.readers.sports import is_walk
from retrorun.units import FloatArray

PER_LEG_BELOW_SPM = 120.0  # nobody runs at fewer than 120 steps a minute
WALK_PER_LEG_BELOW_SPM = 75.0  # nobody walks at fewer than 75, nor strides at more than 150


def tidied(
    columns: Mapping[str, FloatArray],
    sport: str | None = None,
) -> tuple[dict[str, FloatArray], tuple[Note, ...]]:
    """Count the steps of both feet, and take a heart rate of 0 for missing.

    Watches count cycles of one leg; some exporters have doubled them already. A median of the
    moving cadence under 120 (under 75 where the sport is walking) is a count of one leg.

    Args:
        columns: channel → (n,).
        sport: the file's word for it, where its format leaves open what cadence counts.
    """
    limit = WALK_PER_LEG_BELOW_SPM if is_walk(sport) else PER_LEG_BELOW_SPM
    found = dict(columns)
    heart = found.get("heart_rate_bpm")
    if heart is not None:
        found["heart_rate_bpm"] = np.where(heart == 0, np.nan, heart)
    cadence = found.get("cadence_spm")
    moving = cadence[cadence > 0] if cadence is not None else np.zeros(0)
    if cadence is None or not len(moving):
        return _held(found), ()
    if np.median(moving) < limit:
        found["cadence_spm"] = 2 * cadence
        words = "cadence counted one leg and was doubled"
        return _held(found), (Note("cadence-doubled", words),)
    return _held(found), (
        Note("cadence-as-given", "cadence counts both feet as the file gives it"),
    )


def _held(columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Only the columns that hold a number at all."""
    return {name: values for name, values in columns.items() if np.isfinite(values).any()}
