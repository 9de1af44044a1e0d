"""Native times → one sample a second. Long gaps stay missing; no line crosses a break."""

import numpy as np

from retrorun import arithmetic
from retrorun.channels import CHANNELS
from retrorun.model import HeadingSeries, HeadingTrack, Note, Pause, Track
from retrorun.prepare.clean import Cleaned
from retrorun.settings import PrepareSettings
from retrorun.units import BoolArray, FloatArray, wrap_deg


def resampled(clean: Cleaned, settings: PrepareSettings) -> Track:
    """Interpolate every channel onto whole seconds since the first sample.

    Returns:
        Track with the recording's channels, all flags and its headings; no derived column yet.
    """
    if clean.time_s.size == 0:
        none = np.zeros(0, dtype=bool)
        names = ("paused", "gap", "break", "position_suspect", "heart_rate_suspect")
        return Track(0.0, {}, dict.fromkeys(names, none), (), clean.notes)
    start_s = float(clean.time_s[0])
    grid_s = start_s + np.arange(int(clean.time_s[-1] - start_s) + 1, dtype=np.float64)
    line = _Lines(grid_s, clean.breaks_s, settings.gap_s)
    columns = {name: line.between(clean.time_s, v) for name, v in clean.columns.items()}
    if "cadence_spm" in columns:
        columns["cadence_spm"] = _rates(line, clean.time_s, clean.columns["cadence_spm"])
    if "longitude_deg" in columns:
        columns["longitude_deg"] = wrap_deg(columns["longitude_deg"])
    flags = {
        "paused": _paused(grid_s, clean.pauses),
        "gap": np.isnan(line.between(clean.time_s, np.ones_like(clean.time_s))),
        "break": np.diff(np.searchsorted(clean.breaks_s, grid_s, "right"), prepend=0) > 0,
        "position_suspect": _near(grid_s, clean.suspects.get("position_suspect")),
        "heart_rate_suspect": _near(grid_s, clean.suspects.get("heart_rate_suspect")),
    }
    headings = tuple(_heading(line, series) for series in clean.headings)
    notes = clean.notes + _sparse(clean.time_s, settings)
    return Track(start_s, columns, flags, headings, notes)


def as_cleaned(track: Track) -> Cleaned:
    """A track at 1 Hz as the samples of a recording, of which it says what it says itself.

    Args:
        track: without derived columns.
    """
    time_s = track.start_time_s + np.arange(track.seconds, dtype=np.float64)
    edges = np.flatnonzero(np.diff(track.flags["paused"].astype(np.int8), prepend=0, append=0))
    ends_s = (track.start_time_s + edges).reshape(-1, 2).tolist()
    pauses = tuple(Pause(start_s, end_s) for start_s, end_s in ends_s)
    breaks_s = time_s[track.flags["break"]]
    return Cleaned(time_s, track.columns, {}, (), pauses, breaks_s, ())


def _sparse(time_s: FloatArray, settings: PrepareSettings) -> tuple[Note, ...]:
    """A note where the samples lie so far apart that much of the time between them is missing.

    Long holes are pauses or drop-outs, and no matter of how often was recorded.
    """
    apart_s = np.diff(time_s)
    if apart_s.size < 2:
        return ()
    usual_s = float(np.median(apart_s))
    recorded = apart_s[apart_s <= max(60.0, 2.0 * usual_s)]
    share = float(recorded[recorded > settings.gap_s].sum() / recorded.sum())
    if share < settings.sparse_share:
        return ()
    words = f"samples lie {usual_s:.0f} s apart; between those over {settings.gap_s:.0f} s apart"
    return (Note("recording-sparse", f"{words} speed and steps are not known ({share:.0%})"),)


class _Lines:
    """Straight lines between samples, with the brackets of each set of times kept for reuse."""

    def __init__(self, grid_s: FloatArray, breaks_s: FloatArray, gap_s: float) -> None:
        self.grid_s = grid_s
        self.breaks_s = breaks_s
        self.gap_s = gap_s
        self.open: dict[bytes, BoolArray] = {}

    def between(self, time_s: FloatArray, values: FloatArray) -> FloatArray:
        """Values on the grid, (n,); NaN outside the samples, in long gaps and across breaks."""
        valid = np.isfinite(values)
        times = time_s[valid]
        if times.size == 0:
            return np.full(self.grid_s.size, np.nan)
        found = arithmetic.interpolate(self.grid_s, times, values[valid], outside=np.nan)
        key = times.tobytes()
        if key not in self.open:
            self.open[key] = self._unsupported(times)
        found[self.open[key]] = np.nan
        return found

    def _unsupported(self, times: FloatArray) -> BoolArray:
        """Grid seconds strictly between two samples that no line may join."""
        after = np.searchsorted(times, self.grid_s, side="left")
        inside = (after > 0) & (after < times.size)
        high = np.minimum(after, times.size - 1)
        exact = times[high] == self.grid_s
        before = np.maximum(after - 1, 0)
        apart = times[high] - times[before] > self.gap_s
        if self.breaks_s.size:
            piece = np.searchsorted(self.breaks_s, times, side="right")
            apart |= piece[high] != piece[before]
        return np.asarray(inside & ~exact & apart, dtype=bool)


def _rates(line: _Lines, time_s: FloatArray, values: FloatArray) -> FloatArray:
    """A rate on the grid, (n,): between a zero and a rate it is the nearer one, nothing between."""
    found = line.between(time_s, values)
    zero = line.between(time_s, np.where(np.isfinite(values), values == 0.0, np.nan))
    mixed = (zero > 0.0) & (zero < 1.0)
    share = np.where(mixed, 1.0 - zero, 1.0)
    return np.asarray(np.where(mixed & (share < 0.5), 0.0, found / share))


def _heading(line: _Lines, series: HeadingSeries) -> HeadingTrack:
    """Headings as unit vectors on the grid, so that 359° and 1° meet at 0°."""
    turn = np.radians(series.heading_deg)
    east = line.between(series.time_s, arithmetic.sin(turn))
    north = line.between(series.time_s, arithmetic.cos(turn))
    # Two opposite headings cancel half-way between: there is no direction to report.
    weak = arithmetic.hypot(east, north) < 0.05
    heading = np.degrees(arithmetic.arctan2(east, north)) % 360.0
    return HeadingTrack(series.source, series.claim, series.north, np.where(weak, np.nan, heading))


def _paused(grid_s: FloatArray, pauses: tuple[Pause, ...]) -> BoolArray:
    """Seconds within a timer pause, (n,)."""
    paused = np.zeros(grid_s.size, dtype=bool)
    for pause in pauses:
        first, last = np.searchsorted(grid_s, (pause.start_time_s, pause.end_time_s))
        paused[first:last] = True
    return paused


def _near(grid_s: FloatArray, times_s: FloatArray | None) -> BoolArray:
    """The grid second nearest to each of the times, (n,)."""
    flag = np.zeros(grid_s.size, dtype=bool)
    if times_s is not None and times_s.size:
        seconds = np.rint(times_s - grid_s[0]).astype(np.int64)
        flag[np.clip(seconds, 0, grid_s.size - 1)] = True
    return flag


def has_usable_seconds(track: Track, settings: PrepareSettings) -> bool:
    """Whether two seconds are known that lie near enough to tell of the time between them."""
    known = np.flatnonzero(~track.flags["gap"])
    return bool(known.size > 1 and np.diff(known).min() <= settings.apart_s)


def coverage(track: Track) -> dict[str, float]:
    """Contract label → share of the seconds that have it, for channels that exist at all."""
    shares = {
        channel.label: _share(track.column(channel.name))
        for channel in CHANNELS
        if track.has(channel.name)
    }
    headings = [_share(each.heading_deg) for each in track.headings]
    return {**shares, "heading": max(headings)} if headings and max(headings) > 0 else shares


def _share(column: FloatArray) -> float:
    return round(float(np.isfinite(column).mean()), 4)
