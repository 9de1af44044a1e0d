"""Put a recording's samples in order and reject what no sensor on an athlete can mean."""

from collections.abc import Mapping

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic
from retrorun.model import HeadingSeries, Note, Pause, Recording, Track
from retrorun.model.recording import BY_NAME, POSITION
from retrorun.prepare.sources import judge_sources, stated_of
from retrorun.settings import PrepareSettings
from retrorun.units import (
    BoolArray,
    FloatArray,
    IntArray,
    compass_deg,
    line_within,
    through_changes,
    true_edges,
    true_runs,
)


class Cleaned(msgspec.Struct, frozen=True, eq=False):
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
    raw = {
        name: _merged(values[order], group, time_s.size)
        for name, values in recording.columns.items()
    }
    columns = {name: _plausible_values(name, values) for name, values in raw.items()}
    suspects: dict[str, FloatArray] = {}
    breaks = list(recording.breaks_s)
    if all(name in columns for name in POSITION):
        notes += _drop_inaccurate(raw.get("gps_accuracy_m"), columns, settings)
        notes += _smooth_rounded(time_s, columns, np.array(recording.breaks_s), settings)
        notes += _drop_repeated_fixes(time_s, columns, settings)
        suspect, jumps_s = _reject_jumps(time_s, columns, settings)
        suspects["position_suspect"] = time_s[suspect]
        breaks += list(jumps_s)
    if "heart_rate_bpm" in columns:
        suspect = _reject_heart_rate(raw["heart_rate_bpm"], time_s, columns, settings)
        suspects["heart_rate_suspect"] = time_s[suspect]
    notes += _judge_distance(recording, time_s, (raw, columns), settings)
    counted = (("position-jumps", "position_suspect"), ("heart-rate-faults", "heart_rate_suspect"))
    notes += tuple(
        Note(slug, f"{suspects[flag].size} samples were rejected ({flag.replace('_', ' ')})")
        for slug, flag in counted
        if flag in suspects and suspects[flag].size
    )
    headings = tuple(
        _ordered_heading(each, settings.heading_most_deg) for each in recording.headings
    )
    breaks_s = np.array(sorted(set(breaks)), dtype=np.float64)
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
    middle = arithmetic.median(times)
    near = np.abs(times - middle) <= duration_s / 2
    if not near.all():
        lost = int((~near).sum())
        notes.append(Note("clock-astray", f"{lost} samples lie days off the others; left out"))
        usable, times = usable[near], times[near]
    if (np.diff(times) > 0).all():
        return usable, times, np.arange(times.size), tuple(notes)
    rank = np.argsort(times, kind="stable")
    distinct, group = np.unique(times[rank], return_inverse=True)
    if distinct.size < times.size:
        merged = times.size - distinct.size
        notes.append(Note("times-repeated", f"{merged} samples shared a time and were merged"))
    return usable[rank], distinct, group.astype(np.int64), tuple(notes)


def _merged(values: FloatArray, group: IntArray, size: int) -> FloatArray:
    """One value a distinct time: the last one that is a number."""
    valid = np.isfinite(values)
    if group.size == size:  # each has a time of its own
        return np.where(valid, values, np.nan)
    found = np.full(size, np.nan)
    found[group[valid]] = values[valid]
    return found


def _plausible_values(name: str, values: FloatArray) -> FloatArray:
    """NaN where the value lies outside the channel's plausible range."""
    channel = BY_NAME.get(name)
    if channel is None:
        return values
    return np.where((values >= channel.low) & (values <= channel.high), values, np.nan)


def _judge_distance(
    recording: Recording,
    time_s: FloatArray,
    found: tuple[Mapping[str, FloatArray], dict[str, FloatArray]],
    settings: PrepareSettings,
) -> tuple[Note, ...]:
    """Put what is believed of odometer and speed into the cleaned columns, in place.

    ``found`` are the columns as read and as cleaned: a wrong unit must be known before what is out
    of range is left out.
    """
    raw, columns = found
    if time_s.size == 0:
        return ()
    if "distance_m" in raw:
        raw = {**raw, "distance_m": _without_dropouts(time_s, raw["distance_m"], settings)}
    given = columns | {name: raw[name] for name in ("distance_m", "speed_mps") if name in raw}
    stated = stated_of(recording, float(np.ptp(time_s)), settings)
    sources = judge_sources(time_s, given, stated, settings)
    for name in ("distance_m", "speed_mps"):
        values = getattr(sources, name)
        if values is not None:
            columns[name] = _plausible_values(name, values)
        else:
            columns.pop(name, None)
    return sources.notes


def _without_dropouts(
    time_s: FloatArray, distance: FloatArray, settings: PrepareSettings
) -> FloatArray:
    """An odometer without readings that fall and are made up for in one impossible step."""
    known = np.flatnonzero(np.isfinite(distance))
    lost = known[_dropouts(time_s[known], distance[known], settings)] if known.size > 1 else known
    if known.size < 2 or not lost.size:
        return distance
    found = distance.copy()
    found[lost] = np.nan
    return found


def _dropouts(time_s: FloatArray, distance: FloatArray, settings: PrepareSettings) -> BoolArray:
    """Which readings, (k,), fall below those before and are made up for in one impossible step."""
    change = np.diff(distance)
    lost = np.zeros(distance.size, dtype=bool)
    falls = np.flatnonzero(change < -settings.digit_m)
    if not falls.size or falls.size > settings.wanders_share * int((change != 0).sum()):
        return lost
    leaps = np.flatnonzero(change > settings.speed_limit_mps * np.diff(time_s))
    for fall in falls.tolist():
        after = leaps[leaps > fall][:1]
        if after.size and distance[after[0] + 1] >= distance[fall]:
            lost[fall + 1 : after[0] + 1] = True
        before = leaps[leaps < fall][-1:]  # or it leapt ahead, and fell back to where it was
        if before.size and distance[fall + 1] >= distance[before[0]] and not lost[fall]:
            lost[before[0] + 1 : fall + 1] = True
    return lost


def _drop_inaccurate(
    accuracy: FloatArray | None, columns: dict[str, FloatArray], settings: PrepareSettings
) -> tuple[Note, ...]:
    """Blank fixes that the device itself calls a guess, in place, unless half or more are so.

    ``accuracy`` is the position error that the device states, in metres, (m,); phones write a
    negative one for a position that is none.
    """
    if accuracy is None:
        return ()
    fixed = np.isfinite(columns[POSITION[0]]) & np.isfinite(columns[POSITION[1]])
    vague = fixed & ((accuracy > settings.vague_m) | (accuracy < 0))
    count = int(vague.sum())
    if not count or 2 * count >= fixed.sum():
        return ()
    for name in POSITION:
        columns[name][vague] = np.nan
    words = f"{count} positions are vague by the device's own word; left out"
    return (Note("position-vague", words),)


def _smooth_rounded(
    time_s: FloatArray,
    columns: dict[str, FloatArray],
    breaks_s: FloatArray,
    settings: PrepareSettings,
) -> tuple[Note, ...]:
    """Lay positions that were rounded to a coarse grid on a smooth way through it, in place.

    Four decimals make a way up to a quarter longer. None is moved by more than the rounding hid.
    """
    latitude, longitude = (columns[name] for name in POSITION)
    fixed = np.flatnonzero(np.abs(latitude) + np.abs(longitude) > 0)  # known, and not 0, 0
    places = np.stack((latitude[fixed], longitude[fixed]))
    cells = {each: places * each for each in settings.grids_per_degree}
    grids = (n for n, c in cells.items() if (np.abs(c - np.rint(c)) <= settings.grid_off).all())
    per_degree = next(grids, None)
    if per_degree is None or (np.diff(places) != 0).sum() < settings.grid_changes:
        return ()
    grid_m = arithmetic.ways_m(np.array([0.0, 1.0 / per_degree]), np.zeros(2))[0]
    apart_s = np.diff(time_s[fixed])
    piece = np.searchsorted(breaks_s, time_s[fixed], side="right")
    joined = (np.diff(piece) == 0) & (apart_s <= longest_s(apart_s, settings))
    way_m = arithmetic.ways_m(*places)[joined].sum()
    is_short = grid_m > settings.grid_coarse[0]  # what turns within few steps is not seen by them
    is_short &= np.ptp(cells[per_degree], axis=1).max() < settings.grid_coarse[1]
    if is_short or way_m > settings.grid_steps * grid_m * joined.sum():
        return ()  # or the grid adds little, and a curve would cut corners
    for rows in np.split(fixed, np.flatnonzero(~joined) + 1):
        north, east = latitude[rows] * per_degree, longitude[rows] * per_degree
        for each, own, across in ((latitude, north, east), (longitude, east, north)):
            each[rows] = through_changes(time_s[rows], own, across, settings.grid_bend) / per_degree
    words = f"positions were rounded to {grid_m:.0f} m; the way is a smooth one through these steps"
    return (Note("position-rounded", words),)


def _drop_repeated_fixes(
    time_s: FloatArray, columns: dict[str, FloatArray], settings: PrepareSettings
) -> tuple[Note, ...]:
    """Blank fixes that repeat the one before them until the position catches up, in place.

    A receiver that hangs gives its last fix again and then leaps to where the athlete is by now:
    the leap belongs to the time since the position last changed. A fix that is repeated for longer
    than ``gap_s`` counts as standing, unless the leap behind it is impossible at once and can be
    run in the whole time.
    """
    latitude, longitude = (columns[name] for name in POSITION)
    fixed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    same = (np.diff(latitude[fixed]) == 0) & (np.diff(longitude[fixed]) == 0)
    if not same.any():
        return ()
    first, last = true_edges(same)  # fix `first` is repeated up to fix `last`
    ends = last < fixed.size - 1
    first, last = first[ends], last[ends]
    held_s = time_s[fixed[last + 1]] - time_s[fixed[first]]
    own_s = time_s[fixed[last + 1]] - time_s[fixed[last]]
    leap = arithmetic.steps_m(latitude, longitude, fixed[last], fixed[last + 1])
    leap_m = arithmetic.hypot(*leap)
    impossible = leap_m / own_s > settings.speed_limit_mps
    caught_up = impossible & (leap_m <= settings.gap_limit_mps * held_s)
    hung = (held_s <= settings.gap_s) | (caught_up & (held_s <= settings.hang_s))
    for start, end in zip(first[hung].tolist(), last[hung].tolist(), strict=True):
        latitude[fixed[start + 1 : end + 1]] = np.nan
        longitude[fixed[start + 1 : end + 1]] = np.nan
    leaps = int((hung & impossible).sum())
    if not leaps:
        return ()
    words = f"the position hung and caught up {leaps} times; each leap was spread over its time"
    return (Note("position-held", words),)


def _reject_jumps(
    time_s: FloatArray, columns: dict[str, FloatArray], settings: PrepareSettings
) -> tuple[BoolArray, FloatArray]:
    """Blank fixes that no athlete can reach, in place.

    A piece of the track between two impossible steps is an excursion when it is short and lies off
    the way from what went before to what follows; a lasting shift stays, and becomes a break. A
    leap that only catches up with the way before and after it is neither.

    Returns:
        (m,) which samples were blanked, and the times of the breaks.
    """
    latitude, longitude = (columns[name] for name in POSITION)
    suspect = (latitude == 0) & (longitude == 0)  # receivers without a fix say 0, 0
    suspect |= np.isfinite(latitude) ^ np.isfinite(longitude)
    fixed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude) & ~suspect)
    jumps_s = np.empty(0)
    for _ in range(settings.excursion_rounds):
        if fixed.size < 2:
            break
        fast = _step_speed_mps(time_s[fixed], latitude[fixed], longitude[fixed])
        edges = np.flatnonzero(fast > settings.speed_limit_mps)
        edges = edges[
            ~_catches_up(time_s[fixed], (latitude[fixed], longitude[fixed]), edges, settings)
        ]
        jumps_s = (time_s[fixed[edges]] + time_s[fixed[edges + 1]]) / 2
        if edges.size == 0:
            break
        piece = np.searchsorted(edges, np.arange(fixed.size), side="left")
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


def _catches_up(
    time_s: FloatArray,
    place: tuple[FloatArray, FloatArray],
    edges: IntArray,
    settings: PrepareSettings,
) -> BoolArray:
    """Which leaps, from fix ``edges`` to the next, only make up for a position that lagged, (k,).

    A straight line in time is laid through the fixes around the leap. A position that lags and
    catches up lies behind it before the leap and ahead of it after; an excursion lies on it on one
    side and a whole leap away on the other. And the leap must go the way that the line goes.
    """
    if edges.size == 0:
        return np.zeros(0, dtype=bool)
    leap = np.array(arithmetic.steps_m(*place, edges, edges + 1))
    length_m = np.maximum(arithmetic.hypot(leap[0], leap[1]), 1e-9)
    along = leap / length_m
    first = np.searchsorted(time_s, time_s[edges] - settings.leap_around_s)
    last = np.searchsorted(time_s, time_s[edges + 1] + settings.leap_around_s, side="right")
    every = np.arange(time_s.size)
    plane = arithmetic.steps_m(*place, np.zeros_like(every), every)
    lines = [line_within(time_s - time_s[0], each, first, last) for each in plane]
    pace = np.array([slope for _, slope in lines])
    found = arithmetic.hypot(pace[0], pace[1]) <= settings.leap_way_mps
    found &= last - first > settings.leap_samples
    found &= (along * pace).sum(axis=0) > settings.leap_along * arithmetic.hypot(pace[0], pace[1])
    for fix in (edges, edges + 1):
        off = np.array(
            [
                each[fix] - start - slope * (time_s[fix] - time_s[0])
                for each, (start, slope) in zip(plane, lines, strict=True)
            ]
        )
        found &= np.abs((along * off).sum(axis=0)) < settings.leap_off_share * length_m
    return np.asarray(found, dtype=bool)


def _step_speed_mps(time_s: FloatArray, latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Speed needed from each fix to the next, (m - 1,)."""
    # Fixes a fraction of a second apart differ by noise, not by movement.
    return np.asarray(
        arithmetic.ways_m(latitude, longitude) / np.maximum(np.diff(time_s), 1.0), dtype=np.float64
    )


def _reject_heart_rate(
    raw: FloatArray,
    time_s: FloatArray,
    columns: dict[str, FloatArray],
    settings: PrepareSettings,
) -> BoolArray:
    """Blank heart rates that leap away from the median of their neighbours, in place.

    Returns:
        (m,) which samples were out of range or leapt.
    """
    rate = columns["heart_rate_bpm"]
    out_of_range = np.isfinite(raw) & np.isnan(rate)
    valid = np.flatnonzero(np.isfinite(rate))
    leapt = np.zeros(raw.size, dtype=bool)
    half = settings.heart_half
    if valid.size > 2 * half:
        around = np.lib.stride_tricks.sliding_window_view(
            np.pad(rate[valid], half, mode="edge"), 2 * half + 1
        )
        # A heart changes by a few beats in as many seconds; more is an error of the sensor.
        away = np.abs(rate[valid] - np.sort(around, axis=1)[:, half])
        leapt[valid] = away > settings.heart_leap_bpm
        span = np.pad(time_s[valid], half, mode="edge")
        leapt[valid] &= span[2 * half :] - span[: -2 * half] < settings.heart_span_s
    rate[leapt] = np.nan
    return np.asarray(out_of_range | leapt, dtype=bool)


def _ordered_heading(series: HeadingSeries, most_deg: float) -> HeadingSeries:
    """The heading series in order of time; impossible angles are missing, others in [0, 360)."""
    usable = np.isfinite(series.time_s) & np.isfinite(series.heading_deg)
    usable &= np.abs(series.heading_deg) <= most_deg
    time_s = series.time_s[usable]
    order = np.argsort(time_s, kind="stable")
    heading = compass_deg(series.heading_deg[usable][order])
    mount = None if series.mount is None else series.mount[usable][order]
    return replace(series, time_s=time_s[order], heading_deg=heading, mount=mount)


def as_cleaned(track: Track) -> Cleaned:
    """A track without derived columns as samples of a cleaned recording, with pauses and breaks.

    Of its positions those count that the recording has, not those on the lines between them.
    """
    time_s = track.start_time_s + np.arange(track.seconds, dtype=np.float64)
    pauses = tuple(
        Pause(track.start_time_s + first, track.start_time_s + last)
        for first, last in true_runs(track.flags["paused"])
    )
    held = dict.fromkeys(POSITION, track.flags["sampled"])
    columns = {n: np.where(held.get(n, True), v, np.nan) for n, v in track.columns.items()}
    return Cleaned(time_s, columns, {}, (), pauses, time_s[track.flags["break"]], ())


def paused_s(time_s: FloatArray, clean: Cleaned) -> FloatArray:
    """How much of the time from each knot to the next the timer stood still, (k - 1,)."""
    if not clean.pauses:
        return np.zeros(time_s.size - 1)
    spans = np.array(sorted((each.start_time_s, each.end_time_s) for each in clean.pauses))
    edges = np.maximum.accumulate(spans.ravel())
    paused = np.concatenate(
        ([0.0], np.cumsum(np.diff(edges) * (np.arange(edges.size - 1) % 2 == 0)))
    )
    return np.diff(arithmetic.interpolate(time_s, edges, paused))


def longest_s(apart_s: FloatArray, settings: PrepareSettings) -> float:
    """How far samples that lie so far apart, (k,), lie apart at most; beyond it is a hole."""
    return max(settings.sparse_hole_s, 2.0 * arithmetic.median(apart_s))


def holes_note(
    time_s: FloatArray, step_m: FloatArray, counted: BoolArray, settings: PrepareSettings
) -> tuple[Note, ...]:
    """A note where much of the distance is straight lines over holes in the positions.

    Args:
        time_s: (m,) of the positions, rising, since the first sample.
        step_m: (n,) metres of each second from the first sample on.
        counted: (n,) seconds whose metres come from elsewhere than the positions.
        settings: this stage's.
    """
    apart_s = np.diff(time_s)
    if not apart_s.size:
        return ()
    known_m = np.nan_to_num(step_m)
    along_m = np.concatenate(([0.0], np.cumsum(np.where(counted, 0.0, known_m))))
    holes = np.flatnonzero(apart_s > longest_s(apart_s, settings))
    edges = np.rint(np.stack((time_s[holes], time_s[holes + 1]))).astype(np.int64)
    first, end = np.clip(edges, 0, step_m.size)
    lines_m = along_m[end] - along_m[first]
    metres = float(lines_m.sum())
    if metres <= settings.sparse_share * float(known_m.sum()):
        return ()
    most_s = apart_s[holes][lines_m > 0].max()
    words = (
        f"{metres:,.0f} m of the distance are straight lines over holes of up to {most_s:,.0f} s"
    )
    return (Note("distance-over-holes", words),)


def unknown_note(
    step_m: FloatArray, moving: BoolArray, settings: PrepareSettings
) -> tuple[Note, ...]:
    """A note where no source tells the metres, (n,), of many of the seconds in motion, (n,)."""
    unknown_s, moving_s = int((np.isnan(step_m) & moving).sum()), int(moving.sum())
    if unknown_s <= settings.sparse_share * moving_s:
        return ()
    words = f"of {unknown_s} s in motion nothing tells the distance; they are not part of it"
    return (Note("distance-unknown", words),)


def most_m(apart_s: FloatArray, settings: PrepareSettings) -> FloatArray:
    """The farthest that anybody runs in a time: a sprint's speed in seconds, less over a hole."""
    sprint = apart_s <= settings.gap_s
    return np.asarray(apart_s * np.where(sprint, settings.speed_limit_mps, settings.gap_limit_mps))


def repeats_before_leap(
    time_s: FloatArray, distance: FloatArray, settings: PrepareSettings
) -> BoolArray:
    """Which samples, (k,), repeat an odometer that then catches up faster than anybody runs.

    What it catches up with belongs to the whole time since it last changed.
    """
    held = np.zeros(time_s.size, dtype=bool)
    leaps = np.flatnonzero(np.diff(distance) > most_m(np.diff(time_s), settings))
    for index in leaps.tolist():
        first = int(np.searchsorted(distance[: index + 1], distance[index] - 1e-9))
        rising = distance[first] >= distance[index] - 1e-6  # only where it is in order up to there
        lasted_s = time_s[index + 1] - time_s[first]
        leap_m = distance[index + 1] - distance[index]
        if rising and first < index and leap_m <= settings.gap_limit_mps * lasted_s:
            held[first + 1 : index + 1] = True
    return held
