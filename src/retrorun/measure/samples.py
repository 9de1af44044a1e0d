"""A track laid out for summing: which samples count, sums over its segments, and totals.

Totals of each kind of segment add up over sessions and weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrorun.metrics import ENERGY, SUMS, energy_kcal
from retrorun.model import KINDS, FileTotal, MeasuredSegment, Note, Segment, Totals, Track
from retrorun.settings import MeasureSettings
from retrorun.units import BoolArray, FloatArray, IntArray

Columns = dict[str, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What every metric needs of a track of n samples, and where its s segments lie.

    Attributes:
        track: the session at 1 Hz.
        segments: the segments, in order; s of them.
        first: (s,) index of each segment's first sample; ``last`` one past its last.
        observed: speed, step rate or distance is known, so that movement can be told from rest.
        moving: in motion and not paused.
        speed_mps: speed over ground; 0 while paused, NaN where missing.
        step_m: metres from each sample to the next, NaN where missing.
        grade: NaN where missing.
        heart_rate_bpm: NaN where missing or suspect.
        settings: thresholds of what is made of them.
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

    def sums(self, column: FloatArray, where: BoolArray | None = None) -> tuple[FloatArray, ...]:
        """Sum of the finite values of a column in each segment (s,), and how many there were.

        ``where`` limits both to samples that hold.
        """
        known = np.isfinite(column) if where is None else np.isfinite(column) & where
        return self.total(np.where(known, column, 0.0)), self.total(known.astype(np.float64))

    def total(self, column: FloatArray) -> FloatArray:
        """Sum of a column without gaps in each segment (s,)."""
        running = np.concatenate(([0.0], np.cumsum(column)))
        return np.asarray(running[self.last] - running[self.first])

    def mask(self, chosen: Sequence[bool]) -> BoolArray:
        """(n,) true within those segments whose entry in ``chosen`` (s,) is true."""
        inside = np.zeros(self.track.seconds, dtype=np.bool_)
        for first, last, wanted in zip(self.first, self.last, chosen, strict=True):
            inside[first:last] |= wanted
        return inside


def lay_out(
    track: Track, segments: Sequence[Segment], suspect: BoolArray, settings: MeasureSettings
) -> Samples:
    """Lay out a track and its segments; ``suspect`` (n,) marks heart rate not to be believed."""
    paused = track.flags.get("paused", np.zeros(track.seconds, dtype=np.bool_))
    speed = np.where(paused, 0.0, track.column("ground_speed_mps"))
    cadence = track.column("cadence_spm")
    step = speed if track.step_m is None else track.step_m
    with np.errstate(invalid="ignore"):
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
        moving=(np.nan_to_num(speed) >= settings.moving_mps) | stepping,
        speed_mps=speed,
        step_m=step,
        grade=track.column("grade"),
        heart_rate_bpm=np.where(believed, heart_rate, np.nan),
        settings=settings,
    )


def ratio(upper: FloatArray, lower: FloatArray) -> FloatArray:
    """Quotient (s,), NaN where there is nothing to divide by."""
    found = np.full(len(upper), np.nan)
    np.divide(upper, lower, out=found, where=lower > 0)
    return found


def sparse(known: BoolArray) -> bool:
    """Whether most samples (n,) of a recording lie so far apart that nothing bridges them."""
    apart = np.diff(np.flatnonzero(known))
    return bool(apart.size) and float(np.median(apart)) > 1.0


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
    if not apart:
        return ()
    words = f"{moving_s:,.0f} s were in motion; {', '.join(apart)} on the timer"
    return (Note("moving-time-differs", words),)


def _of_segment(measured: MeasuredSegment) -> Totals:
    metrics = measured.metrics
    energies = {each.key: energy_kcal(metrics, each.key) for each in ENERGY}
    found: dict[str, Any] = {
        each.key: energies[each.of] if each.of in energies else getattr(metrics, each.of)
        for each in SUMS
    }
    unknown: dict[str, Any] = {each.key: each.unknown for each in SUMS if found[each.key] is None}
    return Totals(**(found | unknown))
