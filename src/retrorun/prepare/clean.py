"""Put a recording's samples in order and reject what no runner's sensor can mean."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retrorun import arithmetic
from retrorun.channels import BY_NAME, POSITION
from retrorun.model import HeadingSeries, Note, Pause, Recording
from retrorun.settings import PrepareSettings
from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray, IntArray, wrap_deg


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """A recording in order: strictly rising times, plausible values.

    Attributes:
        time_s: (m,) Unix seconds, strictly rising.
        columns: channel → (m,), NaN where missing or rejected; longitude is unwrapped, so that it
            never jumps by 360°.
        suspects: quality flag → Unix times of the samples that were rejected under it.
        breaks_s: times that no line may cross.
    """

    time_s: FloatArray
    columns: Mapping[str, FloatArray]
    suspects: Mapping[str, FloatArray]
    headings: tuple[HeadingSeries, ...]
    pauses: tuple[Pause, ...]
    breaks_s: FloatArray
    notes: tuple[Note, ...]


def cleaned(recording: Recording, settings: PrepareSettings) -> Cleaned:
    """Order, deduplicate and reject; nothing is invented, and every repair is noted."""
    order, time_s, group, notes = _order(recording.time_s, settings.duration_s)
    columns = {
        name: _in_range(name, _merged(values[order], group, time_s.size))
        for name, values in recording.columns.items()
    }
    suspects: dict[str, FloatArray] = {}
    breaks = list(recording.breaks_s)
    if all(name in columns for name in POSITION):
        suspect, jumps_s = _reject_jumps(time_s, columns, settings)
        suspects["position_suspect"] = time_s[suspect]
        breaks += list(jumps_s)
    if "heart_rate_bpm" in columns:
        raw = _merged(recording.columns["heart_rate_bpm"][order], group, time_s.size)
        suspect = _reject_heart_rate(raw, time_s, columns)
        suspects["heart_rate_suspect"] = time_s[suspect]
    counted = (("position-jumps", "position_suspect"), ("heart-rate-faults", "heart_rate_suspect"))
    notes += tuple(
        Note(slug, f"{suspects[flag].size} samples were rejected ({flag.replace('_', ' ')})")
        for slug, flag in counted
        if flag in suspects and suspects[flag].size
    )
    headings = tuple(_ordered_heading(series) for series in recording.headings)
    breaks_s = np.unique(np.asarray(breaks, dtype=np.float64))
    return Cleaned(time_s, columns, suspects, headings, recording.pauses, breaks_s, notes)


def _order(
    time_s: FloatArray, duration_s: float
) -> tuple[IntArray, FloatArray, IntArray, tuple[Note, ...]]:
    """Sorting indices, distinct times, the distinct time of each sample, and what was odd."""
    usable = np.flatnonzero(np.isfinite(time_s))
    notes: list[Note] = []
    if usable.size == 0:
        nothing = Note("no-time", "no sample has a usable time")
        return usable, np.empty(0), usable, (nothing,)
    times = time_s[usable]
    if (np.diff(times) < 0).any():
        notes.append(Note("clock-backward", "times ran backward; samples were put in order"))
    middle = float(np.median(times))
    near = np.abs(times - middle) <= duration_s / 2
    if not near.all():
        lost = int((~near).sum())
        notes.append(Note("clock-astray", f"{lost} samples lie days off the others; left out"))
        usable, times = usable[near], times[near]
    rank = np.argsort(times, kind="stable")
    distinct, group = np.unique(times[rank], return_inverse=True)
    if distinct.size < times.size:
        merged = times.size - distinct.size
        notes.append(Note("times-repeated", f"{merged} samples shared a time and were merged"))
    return usable[rank], distinct, group.astype(np.int64), tuple(notes)


def _merged(values: FloatArray, group: IntArray, size: int) -> FloatArray:
    """One value a distinct time: the last one that is a number."""
    found = np.full(size, np.nan)
    valid = np.isfinite(values)
    found[group[valid]] = values[valid]
    return found


def _in_range(name: str, values: FloatArray) -> FloatArray:
    """NaN where the value lies outside the channel's plausible range."""
    channel = BY_NAME.get(name)
    if channel is None:
        return values
    with np.errstate(invalid="ignore"):
        return np.where((values >= channel.low) & (values <= channel.high), values, np.nan)


def _reject_jumps(
    time_s: FloatArray, columns: dict[str, FloatArray], settings: PrepareSettings
) -> tuple[BoolArray, FloatArray]:
    """Blank fixes that no runner can reach, in place.

    A piece of the track between two impossible steps is an excursion when it is short; a lasting
    shift stays, and becomes a break.

    Returns:
        (m,) which samples were blanked, and the times of the breaks.
    """
    latitude, longitude = (columns[name] for name in POSITION)
    suspect = (latitude == 0) & (longitude == 0)  # receivers without a fix say 0, 0
    suspect |= np.isfinite(latitude) ^ np.isfinite(longitude)
    fixed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude) & ~suspect)
    jumps_s = np.empty(0)
    for _ in range(3):  # dropping an excursion joins its neighbours, which may be one in turn
        if fixed.size < 2:
            break
        fast = _step_speed_mps(time_s[fixed], latitude[fixed], longitude[fixed])
        edges = np.flatnonzero(fast > settings.speed_limit_mps)
        jumps_s = (time_s[fixed[edges]] + time_s[fixed[edges + 1]]) / 2
        if edges.size == 0:
            break
        piece = np.concatenate(([0], np.cumsum(fast > settings.speed_limit_mps)))
        lasted_s = np.bincount(piece, np.append(np.diff(time_s[fixed]), 0.0) * 1.0)
        short = lasted_s < settings.excursion_s
        if short.all():
            short[np.argmax(np.bincount(piece))] = False
        if not short.any():
            break
        suspect[fixed[short[piece]]] = True
        fixed = fixed[~short[piece]]
    latitude[suspect] = np.nan
    longitude[suspect] = np.nan
    steady = np.flatnonzero(np.isfinite(longitude))
    longitude[steady] = np.unwrap(longitude[steady], period=360.0)
    return suspect, jumps_s


def _step_speed_mps(time_s: FloatArray, latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Speed needed from each fix to the next, (m - 1,)."""
    north = np.radians(np.diff(latitude)) * EARTH_RADIUS_M
    east = np.radians(wrap_deg(np.diff(longitude))) * EARTH_RADIUS_M
    east *= arithmetic.cos(np.radians(latitude[:-1]))
    # Fixes a fraction of a second apart differ by noise, not by movement.
    return np.asarray(
        arithmetic.hypot(north, east) / np.maximum(np.diff(time_s), 1.0), dtype=np.float64
    )


def _reject_heart_rate(
    raw: FloatArray, time_s: FloatArray, columns: dict[str, FloatArray]
) -> BoolArray:
    """Blank heart rates that leap away from the median of their neighbours, in place.

    Returns:
        (m,) which samples were out of range or leapt.
    """
    rate = columns["heart_rate_bpm"]
    out_of_range = np.isfinite(raw) & np.isnan(rate)
    valid = np.flatnonzero(np.isfinite(rate))
    leapt = np.zeros(raw.size, dtype=bool)
    half = 4
    if valid.size > 2 * half:
        around = np.lib.stride_tricks.sliding_window_view(
            np.pad(rate[valid], half, mode="edge"), 2 * half + 1
        )
        # A heart changes by a few beats in as many seconds; 25 above or below is a sensor's slip.
        leapt[valid] = np.abs(rate[valid] - np.median(around, axis=1)) > 25
        span = np.pad(time_s[valid], half, mode="edge")
        leapt[valid] &= span[2 * half :] - span[: -2 * half] < 60
    rate[leapt] = np.nan
    return np.asarray(out_of_range | leapt, dtype=bool)


def _ordered_heading(series: HeadingSeries) -> HeadingSeries:
    """The heading series in order of time; impossible angles are missing, others in [0, 360)."""
    usable = np.isfinite(series.time_s) & np.isfinite(series.heading_deg)
    usable &= np.abs(series.heading_deg) <= 720
    time_s = series.time_s[usable]
    order = np.argsort(time_s, kind="stable")
    heading = series.heading_deg[usable][order] % 360.0
    return HeadingSeries(series.source, series.claim, series.north, time_s[order], heading)
