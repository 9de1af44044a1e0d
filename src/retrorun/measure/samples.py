"""A track laid out for summing: which samples count, sums over its segments, totals, and noise.

Totals of each kind of segment add up over sessions and weeks.

Noise of positions makes the way between them longer, so that it quickens a slow athlete more than a
fast one; and noise in what drives a fit makes the response look weaker than it is. Both would bias
the cost factor, because backward is the slower way.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from retrorun import arithmetic
from retrorun.arithmetic import dot
from retrorun.metrics import ENERGY, SUMS, energy_kcal
from retrorun.model import KINDS, FileTotal, MeasuredSegment, Note, Segment, TimeZone, Totals, Track
from retrorun.settings import MeasureSettings
from retrorun.units import BoolArray, FloatArray, IntArray, true_runs

Columns = dict[str, FloatArray]
NOISE_S = 2  # positions are compared over this many seconds to tell their noise
# Median of chi-squared of two degrees of freedom: from a median of squares to their variance.
CHI2_MEDIAN = 2.0 * arithmetic.log(2.0)


class Samples(msgspec.Struct, frozen=True, eq=False):
    """What every metric needs of a track of n samples, and where its s segments lie.

    Attributes:
        track: the session at 1 Hz.
        segments: the segments, in order; s of them.
        first: (s,) index of each segment's first sample; ``last`` one past its last.
        observed: speed, step rate or distance is known, so that movement differs from rest.
        moving: in motion and not paused.
        speed_mps: speed over ground; 0 while paused, NaN where missing.
        step_m: metres from each sample to the next, NaN where missing.
        grade: NaN where missing.
        heart_rate_bpm: NaN where missing or suspect.
        settings: thresholds of what is made of them.
        zone: time zone of the start; None: not known.
    """

    track: Track
    segments: Sequence[Segment]
    first: IntArray
    last: IntArray
    observed: BoolArray
    moving: BoolArray
    speed_mps: FloatArray
    step_m: FloatArray
    grade: FloatArray
    heart_rate_bpm: FloatArray
    settings: MeasureSettings
    zone: TimeZone | None = None

    @property
    def local_start_s(self) -> float:
        """The start on the athlete's own clock, as Unix seconds of a clock that shows UTC."""
        return self.track.start_time_s + (self.zone.utc_offset_s if self.zone else 0.0)

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """``first`` and ``last`` of each segment."""
        return list(zip(self.first.tolist(), self.last.tolist(), strict=True))

    def sums(self, column: FloatArray, where: BoolArray | None = None) -> tuple[FloatArray, ...]:
        """Sum of the finite values of a column in each segment (s,), and how many there were.

        ``where`` limits both to samples that hold.
        """
        known = np.isfinite(column) if where is None else np.isfinite(column) & where
        if not known.any():  # most channels of most recordings
            return np.zeros(self.first.size), np.zeros(self.first.size)
        return self.total(np.where(known, column, 0.0)), self.total(known.astype(np.float64))

    def total(self, column: FloatArray) -> FloatArray:
        """Sum of a column without gaps in each segment (s,)."""
        running = np.zeros(column.size + 1)
        np.cumsum(column, out=running[1:])
        return np.asarray(running[self.last] - running[self.first])

    def mask(self, chosen: Sequence[bool]) -> BoolArray:
        """(n,) true within those segments whose entry in ``chosen`` (s,) is true."""
        inside = np.zeros(self.track.seconds, dtype=np.bool_)
        for (first, last), wanted in zip(self.bounds, chosen, strict=True):
            if wanted:
                inside[first:last] = True
        return inside


def lay_out(
    track: Track,
    segments: Sequence[Segment],
    suspect: BoolArray,
    settings: MeasureSettings,
    zone: TimeZone | None = None,
) -> Samples:
    """Lay out a track and its segments; ``suspect`` (n,) marks heart rate not to be believed."""
    paused = track.flags.get("paused", np.zeros(track.seconds, dtype=np.bool_))
    speed = np.where(paused, 0.0, track.column("ground_speed_mps"))
    cadence = track.column("cadence_spm")
    step = speed if track.step_m is None else track.step_m
    stepping = np.isnan(speed) & (cadence > settings.moving_cadence_spm)
    stepping |= np.isnan(speed) & np.isnan(cadence) & (step >= settings.moving_mps)
    heart_rate = track.column("heart_rate_bpm")
    believed = (heart_rate > 0) & ~suspect
    edges = np.array([(part.start_s, part.end_s) for part in segments]).reshape(-1, 2)
    index = np.clip(np.ceil(edges - 1e-9), 0, track.seconds).astype(np.int64)
    return Samples(
        track=track,
        segments=segments,
        first=index[:, 0],
        last=np.maximum(index[:, 1], index[:, 0]),
        observed=np.isfinite(speed) | np.isfinite(cadence) | np.isfinite(step),
        moving=_without_edges_of_stops(track, speed, settings) | stepping,
        speed_mps=speed,
        step_m=step,
        grade=track.column("grade"),
        heart_rate_bpm=np.where(believed, heart_rate, np.nan),
        settings=settings,
        zone=zone,
    )


def _without_edges_of_stops(
    track: Track, speed_mps: FloatArray, settings: MeasureSettings
) -> BoolArray:
    """Seconds in motion by speed, (n,), without the edges of stops that chords reach over.

    A chord from before the stop into it is fast while the athlete stands already. The metres of the
    second tell there, of the odometer or else, beside the speed a little away, of positions.
    """
    moving = np.asarray(np.nan_to_num(speed_mps) >= settings.moving_mps, dtype=bool)
    slow = true_runs(~moving & np.isfinite(speed_mps))
    stops = [each for each in slow if each[1] - each[0] >= settings.stop_least_s]
    if not stops or not moving.any():
        return moving
    counts = set(track.distance_sources) == {"odometer"} and track.step_m is not None
    places_m = (np.diff(track.column(name), append=np.nan) for name in ("x_m", "y_m"))
    step_m = track.step_m if counts and track.step_m is not None else arithmetic.hypot(*places_m)
    step_m = np.where(track.column("cadence_spm") > settings.moving_cadence_spm, np.inf, step_m)
    for begin, end in stops:
        for edge, step in ((begin - 1, -1), (end, 1)):
            beyond = edge + step * np.arange(settings.stop_edge_s, 2 * settings.stop_edge_s + 1)
            near_mps = speed_mps[np.clip(beyond, 0, moving.size - 1)]
            usual_mps = arithmetic.median(near_mps[np.isfinite(near_mps)])
            least_m = settings.moving_mps if counts else settings.stop_edge_share * usual_mps
            for at in range(edge, edge + step * settings.stop_edge_s, step):
                if not (0 <= at < moving.size and moving[at] and step_m[at] < least_m):
                    break
                moving[at] = False
    return moving


def ratio(upper: FloatArray, lower: FloatArray) -> FloatArray:
    """Quotient (s,), NaN where there is nothing to divide by."""
    found = np.full(len(upper), np.nan)
    np.divide(upper, lower, out=found, where=lower > 0)
    return found


def sparse(known: BoolArray) -> bool:
    """Whether most samples (n,) of a recording lie so far apart that nothing bridges them."""
    apart = np.diff(np.flatnonzero(known))
    return bool(apart.size) and arithmetic.median(apart) > 1.0


def walking(samples: Samples) -> BoolArray:
    """(n,) whether the segment's gait is walking."""
    return samples.mask([part.gait == "walk" for part in samples.segments])


def totals(segments: Sequence[MeasuredSegment]) -> dict[str, Totals]:
    """Sums by kind: candidates apart from ``backward``, which is what is counted."""
    return {
        kind: Totals.of(_of_segment(each) for each in segments if each.segment.kind == kind)
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
        if total.timer_s
        and moving_s - total.timer_s > max(settings.timer_share * total.timer_s, settings.timer_s)
    ]
    words = f"{moving_s:,.0f} s were in motion; {', '.join(apart)} on the timer"
    return (Note("moving-time-differs", words),) if apart else ()


def _of_segment(measured: MeasuredSegment) -> Totals:
    metrics = measured.metrics
    energies = {each.key: energy_kcal(metrics, each.key) for each in ENERGY}
    found: dict[str, Any] = {
        each.key: energies[each.of] if each.of in energies else getattr(metrics, each.of)
        for each in SUMS
    }
    unknown: dict[str, Any] = {each.key: each.unknown for each in SUMS if found[each.key] is None}
    return Totals(**(found | unknown))


def position_noise_m2(samples: Samples) -> float:
    """How fast the error of positions grows: variance of one axis a second, m²/s.

    From second differences over `NOISE_S`, which leave a straight even way out; the median leaves
    turns out. An error like a random walk with this variance a second has second differences of
    twice `NOISE_S` times it. 0 without positions.
    """
    track = samples.track
    if not track.has("x_m") or not track.has("y_m"):
        return 0.0
    square = np.zeros(max(track.seconds - 2 * NOISE_S, 0))
    for name in ("x_m", "y_m"):
        axis = track.column(name)
        bend = axis[2 * NOISE_S :] - 2.0 * axis[NOISE_S:-NOISE_S] + axis[: -2 * NOISE_S]
        square += np.square(bend)
    square = square[np.isfinite(square) & samples.moving[NOISE_S:-NOISE_S]]
    return arithmetic.median(square) / CHI2_MEDIAN / (2.0 * NOISE_S) if square.size else 0.0


def without_noise(speed: FloatArray, variance: float) -> FloatArray:
    """Speed (n,) without what noise across the way adds to the length of chords.

    A chord whose ends err by ``variance`` (m/s)² on each axis is longer by variance / (2 speed).
    """
    return np.asarray((speed + np.sqrt(np.maximum(np.square(speed) - 2.0 * variance, 0.0))) / 2.0)


def calibrated(speed: FloatArray, samples: Samples, noise_m2: float, window_s: int) -> FloatArray:
    """Speed (n,), m/s, moved towards its mean by the share of its variance that is noise.

    Within a segment towards its mean, and the means towards that of their direction and gait.
    Noise in what drives a fit makes the answer look weaker than it is; the expected speed given
    the noisy one does not (regression calibration: Carroll et al. 2006, ch. 4).
    """
    settings = samples.settings
    late_noise_m2 = settings.kinetics_noise_grown * noise_m2
    found = speed.copy()
    means = np.full(len(samples.segments), np.nan)
    for index, (first, last) in enumerate(samples.bounds):
        part = speed[first:last]
        known = part[np.isfinite(part)]
        if known.size:
            means[index] = float(known.mean())
            even = np.full(known.size, 1.0 / known.size)
            share = _true_share(
                known, even, settings.kinetics_noise_within * late_noise_m2 / window_s
            )
            found[first:last] = means[index] + share * (part - means[index])
    seconds = np.maximum(samples.last - samples.first, 1)
    moved = _calibrated_means(means, seconds.astype(np.float64), late_noise_m2, samples)
    for index, (first, last) in enumerate(samples.bounds):
        if np.isfinite(means[index]):
            found[first:last] += moved[index] - means[index]
    return np.maximum(found, 0.0)


def _calibrated_means(
    means: FloatArray, seconds: FloatArray, noise_m2: float, samples: Samples
) -> FloatArray:
    """Segments' mean speeds (s,), moved towards the mean of their direction and gait.

    Each is moved by the share of the variance between those means that is noise.
    """
    kinds = [(part.direction, part.gait) for part in samples.segments]
    moved = means.copy()
    for kind in sorted(set(kinds)):
        these = np.flatnonzero(np.isfinite(means) & [each == kind for each in kinds])
        if these.size > 1:
            weight = seconds[these] / seconds[these].sum()
            middle = dot(weight, means[these])
            share = _true_share(means[these], weight, noise_m2 * these.size / seconds[these].sum())
            moved[these] = middle + share * (means[these] - middle)
    return moved


def _true_share(values: FloatArray, weight: FloatArray, error: float) -> float:
    """Share of the variance of values (n,) that their error's variance leaves over."""
    spread = dot(weight, np.square(values - dot(weight, values)))
    return max(0.0, 1.0 - error / spread) if spread > 0 else 1.0
