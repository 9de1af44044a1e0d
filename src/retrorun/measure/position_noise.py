"""Noise of positions: how large it is, and how to drive a fit with speed that holds it.

Noise makes the way between positions longer, so that it quickens a slow athlete more than a fast
one; and noise in what drives a fit makes the response look weaker than it is. Both would bias the
cost factor, because backward is the slower way.
"""

import numpy as np

from retrorun import arithmetic
from retrorun.arithmetic import dot
from retrorun.measure.samples import Samples
from retrorun.units import FloatArray

NOISE_S = 2  # positions are compared over this many seconds to tell their noise
# Median of chi-squared of two degrees of freedom: from a median of squares to their variance.
CHI2_MEDIAN = 2.0 * arithmetic.log(2.0)


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
    return float(np.median(square)) / CHI2_MEDIAN / (2.0 * NOISE_S) if square.size else 0.0


def without_noise(speed: FloatArray, variance: float) -> FloatArray:
    """Speed (n,) without what noise across the way adds to the length of chords.

    A chord whose ends err by ``variance`` (m/s)² on each axis is longer by variance / (2 speed).
    """
    return np.asarray((speed + np.sqrt(np.maximum(np.square(speed) - 2.0 * variance, 0.0))) / 2.0)


def calibrated(speed: FloatArray, samples: Samples, noise_m2: float, window_s: int) -> FloatArray:
    """Speed (n,) drawn together by the share of its variance that is noise.

    Within a segment towards its mean, and the means towards that of their direction and gait.
    Noise in what drives a fit makes the answer look weaker than it is; the expected speed given
    the noisy one does not (regression calibration: Carroll et al. 2006, ch. 4).
    """
    settings = samples.settings
    grown = settings.kinetics_noise_grown * noise_m2
    found = speed.copy()
    means = np.full(len(samples.segments), np.nan)
    for index, (first, last) in enumerate(zip(samples.first, samples.last, strict=True)):
        part = speed[first:last]
        known = part[np.isfinite(part)]
        if known.size:
            means[index] = float(known.mean())
            even = np.full(known.size, 1.0 / known.size)
            share = _true_share(known, even, settings.kinetics_noise_within * grown / window_s)
            found[first:last] = means[index] + share * (part - means[index])
    seconds = np.maximum(samples.last - samples.first, 1)
    moved = _drawn_together(means, seconds.astype(np.float64), grown, samples)
    for index, (first, last) in enumerate(zip(samples.first, samples.last, strict=True)):
        if np.isfinite(means[index]):
            found[first:last] += moved[index] - means[index]
    return np.maximum(found, 0.0)


def _drawn_together(
    means: FloatArray, seconds: FloatArray, noise_m2: float, samples: Samples
) -> FloatArray:
    """Segments' mean speeds (s,), each kind's drawn to its mean by the share that is noise."""
    kinds = np.array([f"{part.direction} {part.gait}" for part in samples.segments], dtype=str)
    moved = means.copy()
    for kind in np.unique(kinds):
        these = np.flatnonzero((kinds == kind) & np.isfinite(means))
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
