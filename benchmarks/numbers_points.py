"""Plain sums over points, in pure Python: the same for whatever tool decoded them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from numbers_quantities import Quantities

MOVING_MPS = 0.5  # slower than this is standing
ONE_LEG_SPM = 120.0  # a lower mean counts the steps of one leg
LEAST_S = 10.0  # over so long at least, for an odometer or a fix may stand for seconds
LONGEST_S = 30.0  # a value holds no longer than this after its point
_EARTH_RADIUS_M = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Point:
    """One sample as a tool decoded it; ``cadence`` as in the file, of one leg or of both."""

    time_s: float
    distance_m: float | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    heart_rate_bpm: float | None = None
    cadence: float | None = None


def sums(points: Sequence[Point]) -> Quantities:
    """Distance by the odometer, else by chords; moving time, duration, means and ascent.

    Nothing is repaired, smoothed or left out but backward steps of the odometer and of the clock.
    The ascent is the sum of all rises of the raw altitude.
    """
    if not points:
        return Quantities()
    legs = _legs(points)
    cadence = _mean([(each.time_s, each.cadence or None) for each in points])
    if cadence is not None and cadence < ONE_LEG_SPM:
        cadence *= 2
    heights = [each.altitude_m for each in points if each.altitude_m is not None]
    return Quantities(
        distance_m=sum(metres for metres, _ in legs) if legs else None,
        moving_s=_moving_s(legs) if legs else None,
        duration_s=max(each.time_s for each in points) - min(each.time_s for each in points),
        heart_rate_bpm=_mean([(each.time_s, each.heart_rate_bpm) for each in points]),
        cadence_spm=cadence,
        ascent_m=sum(max(after - before, 0.0) for before, after in pairwise(heights))
        if heights
        else None,
    )


def _legs(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Metres and seconds from each known place to the next."""
    run = [(p.time_s, p.distance_m) for p in points if p.distance_m is not None]
    if len(run) > 1 and run[-1][1] != run[0][1]:
        return [(max(b - a, 0.0), after - before) for (before, a), (after, b) in pairwise(run)]
    fixed = [
        (p.time_s, (p.latitude_deg, p.longitude_deg))
        for p in points
        if p.latitude_deg is not None and p.longitude_deg is not None
    ]
    return [(chord_m(a, b), after - before) for (before, a), (after, b) in pairwise(fixed)]


def _moving_s(legs: Sequence[tuple[float, float]]) -> float:
    """Seconds of the stretches, each of ``LEAST_S`` or longer, that were not stood through."""
    moving_s = metres = seconds = 0.0
    for index, (way_m, time_s) in enumerate(legs):
        metres, seconds = metres + way_m, seconds + time_s
        if seconds >= LEAST_S or index == len(legs) - 1:
            moving_s += seconds if metres >= MOVING_MPS * seconds else 0.0
            metres = seconds = 0.0
    return moving_s


def chord_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle metres between two places in degrees, by the haversine formula."""
    north, south = math.radians(one[0]), math.radians(other[0])
    half = math.sin((south - north) / 2) ** 2
    half += math.cos(north) * math.cos(south) * math.sin(math.radians(other[1] - one[1]) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(half, 1.0)))


def _mean(series: Sequence[tuple[float, float | None]]) -> float | None:
    """The mean over time of what is known; each value holds until the next point."""
    weighted = [
        (value, min(max(later - time_s, 0.0), LONGEST_S))
        for (time_s, value), (later, _) in pairwise(series)
        if value is not None
    ]
    seconds = sum(weight for _, weight in weighted)
    return sum(value * weight for value, weight in weighted) / seconds if seconds else None
