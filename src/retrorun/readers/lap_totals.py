"""The totals of laps, added up."""

from collections.abc import Sequence

from retrorun.model import FileTotal, Lap


def lap_totals(laps: Sequence[Lap]) -> FileTotal:
    """The sums over all laps; None where a lap lacks the value, for then the sum says nothing."""
    distances = [lap.distance_m for lap in laps if lap.distance_m is not None]
    timers = [lap.timer_s for lap in laps if lap.timer_s is not None]
    whole = len(laps)
    return FileTotal(
        "laps",
        sum(distances) if distances and len(distances) == whole else None,
        sum(timers) if timers and len(timers) == whole else None,
    )
