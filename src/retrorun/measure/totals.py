"""Sums over the segments of each direction; they add over sessions and weeks."""

from collections.abc import Sequence

from retrorun.measure.samples import kind_of
from retrorun.model import MeasuredSegment, Totals

KINDS = ("backward", "forward", "candidate", "unknown", "still")
ENERGIES = {"energy_kcal": "gross", "active_kcal": "active", "low_kcal": "low", "high_kcal": "high"}


def totals(segments: Sequence[MeasuredSegment]) -> dict[str, Totals]:
    """Sums by direction: ``backward`` confirmed or labelled only, candidates under their own."""
    return {
        kind: Totals.of(_of_segment(each) for each in segments if kind_of(each.segment) == kind)
        for kind in KINDS
    }


def _of_segment(measured: MeasuredSegment) -> Totals:
    metrics = measured.metrics
    shown = metrics.energy_shown
    usable = shown is not None and not shown.per_kg
    return Totals(
        seconds=metrics.seconds,
        moving_s=metrics.moving_s,
        distance_m=metrics.distance_m,
        beats=metrics.beats or 0.0,
        beats_s=metrics.beats_s,
        steps=metrics.steps or 0.0,
        steps_s=metrics.steps_s,
        **{name: getattr(shown, part) if usable else None for name, part in ENERGIES.items()},
    )
