"""Sums over the segments of each direction; they add over sessions and weeks."""

from collections.abc import Sequence

from retrorun.measure.samples import kind_of
from retrorun.model import FileTotal, MeasuredSegment, Note, Totals
from retrorun.settings import MeasureSettings

KINDS = ("backward", "forward", "candidate", "unknown", "still")
ENERGIES = {"energy_kcal": "gross", "active_kcal": "active", "low_kcal": "low", "high_kcal": "high"}


def totals(segments: Sequence[MeasuredSegment]) -> dict[str, Totals]:
    """Sums by direction: ``backward`` confirmed or labelled only, candidates under their own."""
    return {
        kind: Totals.of(_of_segment(each) for each in segments if kind_of(each.segment) == kind)
        for kind in KINDS
    }


def timer_notes(
    moving_s: float, stated: Sequence[FileTotal], settings: MeasureSettings
) -> tuple[Note, ...]:
    """A note where more time was in motion than the file's timer ran, with both figures.

    Less is no contradiction: a timer runs on while the athlete stands.
    """
    apart = [
        f"the file's {total.source} says {total.timer_s:,.0f} s"
        for total in stated
        if total.timer_s and moving_s - total.timer_s > max(settings.timer_share * total.timer_s, 5)
    ]
    if not apart:
        return ()
    words = f"{moving_s:,.0f} s were in motion; {', '.join(apart)} on the timer"
    return (Note("moving-time-differs", words),)


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
