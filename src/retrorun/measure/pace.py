"""Distance, pace, grade and ground of segments, steps, and the session's backward bests."""

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from retrorun.arithmetic import dot
from retrorun.measure.energy import flat_equivalent
from retrorun.measure.samples import Columns, Samples, ratio, sparse, walking
from retrorun.model import Best
from retrorun.settings import MeasureSettings
from retrorun.units import METRE_PER_MARATHON, METRE_PER_MILE, FloatArray, true_runs

Better = Callable[[Best, Best], bool]


def pace_columns(samples: Samples) -> Columns:
    """Sums and means of movement, (s,) each, NaN where not known.

    Speed is metres over seconds that are both known. Grade is weighted by distance; turn rate is
    the mean magnitude while moving.
    """
    distance, covered = samples.sums(samples.step_m)
    moving_m, known_s = samples.sums(samples.step_m, samples.moving)
    graded = np.where(np.isfinite(samples.step_m), samples.step_m, np.nan)
    rise, _ = samples.sums(samples.grade * graded, samples.moving)
    run, graded_s = samples.sums(
        np.where(np.isfinite(samples.grade), graded, np.nan), samples.moving
    )
    turned, turning_s = samples.sums(np.abs(samples.track.column("turn_rate_dps")), samples.moving)
    rises = _rises(samples.track.column("smooth_altitude_m"))
    climb, climbing_s = samples.sums(np.maximum(rises, 0.0), samples.moving)
    flat_m = samples.step_m * flat_equivalent(samples.grade, walking(samples))
    flat, flat_s = samples.sums(flat_m, samples.moving)
    speed_mps = ratio(moving_m, known_s)
    return {
        "seconds": (samples.last - samples.first).astype(np.float64),
        "moving_s": _moving_s(samples),
        "distance_m": np.where(covered > 0, distance, np.nan),
        "climb_m": np.where(climbing_s > 0, climb, np.nan),
        "speed_mps": speed_mps,
        "pace_s_per_km": pace(speed_mps, samples.settings.slowest_pace_mps),
        "grade": np.where(graded_s > 0, ratio(rise, run), np.nan),
        "turn_rate_dps": ratio(turned, turning_s),
        "adjusted_pace_s_per_km": pace(ratio(flat, flat_s), samples.settings.slowest_pace_mps),
    }


def _rises(altitude_m: FloatArray) -> FloatArray:
    """Metres upward from each known altitude to the next, however far off that is, (n,)."""
    known = np.flatnonzero(np.isfinite(altitude_m))
    rises = np.full(altitude_m.size, np.nan)
    rises[known[:-1]] = np.diff(altitude_m[known])
    return rises


def _moving_s(samples: Samples) -> FloatArray:
    """Seconds in motion; in a sparse recording each sample stands for what follows it."""
    moving_s = samples.total(samples.moving.astype(np.float64))
    if not sparse(samples.observed):
        return moving_s
    share = np.nan_to_num(ratio(moving_s, samples.total(samples.observed.astype(np.float64))))
    return np.asarray(share * (samples.last - samples.first))


def pace(speed_mps: FloatArray, slowest_mps: float) -> FloatArray:
    """Seconds per kilometre (s,); NaN at a speed too slow to have a meaningful pace."""
    return ratio(np.full(len(speed_mps), 1000.0), np.where(speed_mps > slowest_mps, speed_mps, 0.0))


def ground(grade: float | None, turn_rate_dps: float | None, limits: MeasureSettings) -> list[str]:
    """Names for ground that is not open and level."""
    steep = grade is not None and abs(grade) > limits.steep_grade
    twisty = turn_rate_dps is not None and turn_rate_dps > limits.twisty_dps
    return [name for name, holds in (("steep", steep), ("twisty", twisty)) if holds]


def backward_bests(samples: Samples, settings: MeasureSettings) -> tuple[Best, ...]:
    """Fastest backward movement over each distance, and the longest without a break.

    Candidates are left out; neighbouring segments count as one, whatever their gait. A distance is
    covered within one stretch, and never across a gap in the recording.
    """
    found: dict[str, Best] = {}
    counted = samples.mask([each.kind == "backward" for each in samples.segments])
    for first, last in true_runs(counted):
        end = last - (last == samples.track.seconds)  # nothing follows the last sample
        steps = samples.step_m[first:end]
        longest = Best(
            "longest_s", float(last - first), _known(float(np.nansum(steps))), float(first)
        )
        _keep(found, longest, better=lambda new, old: new.seconds > old.seconds)
        for begin, after in _without_gap(samples, first, end):
            way = np.concatenate(([0.0], np.cumsum(samples.step_m[begin:after])))
            seconds = float(last - begin if after == end else after - begin)
            whole = Best("longest_m", seconds, float(way[-1]), float(begin))
            _keep(
                found, whole, better=lambda new, old: (new.distance_m or 0) > (old.distance_m or 0)
            )
            for distance in settings.best_distances_m:
                fastest = _fastest(way, distance, begin)
                if fastest:
                    _keep(found, fastest, better=lambda new, old: new.seconds < old.seconds)
    return tuple(found.values())


def _known(distance_m: float) -> float | None:
    return distance_m if distance_m > 0 else None


def _keep(found: dict[str, Best], new: Best, better: Better) -> None:
    old = found.get(new.key)
    if old is None or better(new, old):
        found[new.key] = new


def _without_gap(samples: Samples, first: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of ``[first, end)`` whose every step is known and bridges no gap."""
    none = np.zeros(samples.track.seconds, dtype=np.bool_)
    gap, begins = (samples.track.flags.get(name, none) for name in ("gap", "break"))
    apart = gap.copy()
    apart[:-1] |= gap[1:] | begins[1:]  # the step leads to the next sample
    whole = np.isfinite(samples.step_m[first:end]) & ~apart[first:end]
    yield from ((first + begin, first + after) for begin, after in true_runs(whole))


def _fastest(way_m: FloatArray, distance_m: float, offset: int) -> Best | None:
    """Fastest ``distance_m`` on a way (n,) that is known each second and straight between.

    The time to cover it changes evenly between two samples, so that in the fastest stretch the
    start or the end is a sample; the other one falls between two.
    """
    if way_m[-1] < distance_m:
        return None
    start = np.flatnonzero(way_m <= way_m[-1] - distance_m)
    goal = np.flatnonzero(way_m >= distance_m)
    left, reached = way_m[goal] - distance_m, way_m[start] + distance_m
    starts = np.concatenate((start.astype(np.float64), _time_at(way_m, left, "right")))
    ends = np.concatenate((_time_at(way_m, reached, "left"), goal.astype(np.float64)))
    quickest = int(np.argmin(ends - starts))
    seconds, start_s = float(ends[quickest] - starts[quickest]), float(starts[quickest] + offset)
    return Best(name_of(distance_m), seconds, distance_m, start_s)


def _time_at(way_m: FloatArray, goal_m: FloatArray, side: Literal["left", "right"]) -> FloatArray:
    """When each goal (k,) is first reached (``left``) or left behind (``right``), in samples."""
    after = np.clip(np.searchsorted(way_m, goal_m, side), 1, len(way_m) - 1)
    step = way_m[after] - way_m[after - 1]
    part = np.where(step > 0, (goal_m - way_m[after - 1]) / np.where(step > 0, step, 1.0), 0.0)
    return np.asarray(after - 1 + np.clip(part, 0.0, 1.0))


NAMED_DISTANCES = {
    METRE_PER_MILE: "1 mile",
    METRE_PER_MARATHON / 2: "half marathon",
    METRE_PER_MARATHON: "marathon",
}


def name_of(distance_m: float) -> str:
    """The usual name of a distance: ``400 m``, ``1 km``, ``1 mile``, ``marathon``."""
    for metres, name in NAMED_DISTANCES.items():
        if round(distance_m, 1) == round(metres, 1):
            return name
    return f"{distance_m / 1000:g} km" if distance_m >= 1000 else f"{distance_m:g} m"


MEANS = ("contact_time_s", "vertical_oscillation_m", "respiration_brpm", "balance_pct")


def gait_columns(samples: Samples) -> Columns:
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
    return {
        **columns,
        "vertical_ratio_pct": _vertical_ratio(samples, columns),
        "balance_trend_pct_per_min": _balance_trend(samples),
    }


def _vertical_ratio(samples: Samples, columns: Columns) -> FloatArray:
    """Rise and fall in per cent of step length (s,): the device's mean where it recorded one.

    Else 100 · mean vertical oscillation / mean step length of the segment.
    """
    recorded, seconds = samples.sums(samples.track.column("vertical_ratio_pct"), samples.moving)
    own = 100.0 * ratio(columns["vertical_oscillation_m"], columns["step_length_m"])
    return np.where(seconds > 0, ratio(recorded, seconds), own)


def _balance_trend(samples: Samples) -> FloatArray:
    """Change of the left foot's share of ground contact within each segment (s,), %/min.

    The least-squares slope of ``balance_pct`` over the time of the seconds in motion that have it;
    NaN with fewer of them than ``trend_s``. A shift that stays away is a slope of 0, and one
    that grows as the legs tire has the sign of the foot that takes over: above 0 the left one.
    """
    balance = samples.track.column("balance_pct")
    known = np.isfinite(balance) & samples.moving
    parts = [np.flatnonzero(known[first:last]) + first for first, last in samples.bounds]
    slopes = [_slope(part / 60.0, balance[part], samples.settings.trend_s) for part in parts]
    return np.array(slopes, dtype=np.float64)


def _slope(time_min: FloatArray, values: FloatArray, least_s: float) -> float:
    """Least-squares slope of values (n,), one a second, on their times (n,); NaN if too few."""
    if len(values) < max(2.0, least_s):
        return float("nan")
    apart = time_min - time_min.mean()
    return dot(apart, values - values.mean()) / dot(apart, apart)


def _stepping(samples: Samples) -> FloatArray:
    """Cadence while moving; a zero there is a sensor that lost count, not a step rate."""
    cadence = samples.track.column("cadence_spm")
    return np.where(samples.moving & (cadence > 0), cadence, np.nan)
