"""Recording → Track: put in order, reject what cannot be, resample to 1 Hz, derive the motion.

Steps:
    1. ``clean``: order of time, plausible ranges, jumps of the position, faults of the heart rate.
    2. ``resample``: native times to one sample a second; long gaps and breaks stay missing.
    3. ``with_motion``: local plane, speed, course, turn rate.
    4. ``distance``: metres of each second by the source to believe, and speed where positions lack.
    5. ``_with_grade``: smooth altitude and grade.

``doubt`` comes before: whether a recording whose file names no sport can be a run, by its speed. A
file that names its sport is believed. One that does not may be a ride, a drive or a flight; it is
judged by how long it was faster than people run (records: 60 s at 9 m/s is 540 m, 300 s at 7.5 m/s
is 2.25 km, 1200 s at 6.5 m/s is 7.8 km; each is beyond the world record). Speed between that of a
good athlete and these bounds is doubtful where no cadence speaks for steps: some minutes of it, or
a minute and a half that few could run, such as a drive between walks.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic
from retrorun.arithmetic import hypot, steps_m
from retrorun.errors import NotARunError
from retrorun.model import FileTotal, Lap, Note, Pause, Recording, Track
from retrorun.model.recording import CHANNELS, POSITION
from retrorun.prepare.clean import as_cleaned, cleaned
from retrorun.prepare.distance import POSITIONS, SPEED, TOTAL, with_distance
from retrorun.prepare.sources import differs, stated_of
from retrorun.prepare.track import (
    grid_s,
    resampled,
    with_drawn_seconds,
    with_motion,
)
from retrorun.settings import PrepareSettings, SportSettings
from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray, IntArray, true_runs

__all__ = [
    "coverage",
    "doubt",
    "extent_m",
    "has_usable_seconds",
    "prepare",
    "recorded_places",
    "with_clock",
]

Widen = Callable[[BoolArray], BoolArray]
Judge = Callable[[BoolArray], Track]
_Stating = TypeVar("_Stating", Lap, FileTotal)
_KILOMETRE = 1000.0
_JUDGED = ("distance_m", "speed_mps")  # columns that are believed or not, as a whole
_REMEDY = (
    "If it is a run, put a table of labels (NAME.labels.csv) beside it and process with --retry, "
    "or set count_doubtful in the settings ([sport])."
)


def prepare(
    recording: Recording,
    settings: PrepareSettings,
    leave_out: Callable[[Track, Widen, Judge], Track] | None = None,
) -> Track:
    """Bring a recording to one sample a second, with what can be derived from its position.

    Args:
        recording: native times, SI units; its clock may repeat or run backward.
        settings: limits of this stage.
        leave_out: takes the track after step 2 and gives what may be kept of it: another track, or
            the same one. Nothing that is derived knows of what was left out. It is also given a
            function that adds to seconds, (n,), those that were drawn from a sample in one of them,
            and one that gives the track with odometer and speed as they are judged without seconds.

    Returns:
        Track of n = last - first time + 1 samples. A recording without one usable time gives an
        empty track (n = 0) with a note.
    """
    recording, doubts = _with_credible_total(recording, settings)
    clean = cleaned(recording, settings)
    track = resampled(clean, settings)
    widen = partial(with_drawn_seconds, clean=clean, settings=settings)
    judge = partial(_judged_without, track=track, recording=recording, settings=settings)
    shown = track if leave_out is None else leave_out(track, widen, judge)
    if shown is not track:  # from here on only what may be kept is known
        track, clean = shown, as_cleaned(shown)
        recording, doubts = replace(recording, distance_m=None, totals=()), ()
    if not track.seconds:
        return track
    track = with_distance(with_motion(track, settings), clean, recording, settings)
    track = _without_rounding(track, recording, settings)
    notes = (*track.notes, *doubts, *_totals_note(track, recording, settings))
    flags = {name: each for name, each in track.flags.items() if name != "sampled"}
    return _with_grade(replace(track, notes=notes, flags=flags), settings)


def _without_rounding(track: Track, recording: Recording, settings: PrepareSettings) -> Track:
    """The way of coarsely rounded positions as the device's speed, or the file's total, has it.

    A way that was rounded loses its corners, and there the device knew more than it wrote: where
    the other way is longer by more than measurement explains, and by no more than corners do.
    """
    step_m, own_m = track.step_m, track.distance_sources.get(POSITIONS, 0.0)
    rounded = any(each.slug == "position-rounded" for each in track.notes)
    if not rounded or step_m is None or set(track.distance_sources) != {POSITIONS}:
        return track
    ground_mps, device_mps = track.column("ground_speed_mps"), track.column("speed_mps")
    known = ~track.flags["paused"] & (step_m > 0)
    told = known & np.isfinite(device_mps)
    most = settings.totals_differ if _is_coarse(recording, settings) else settings.totals_agree
    speed_m = float(device_mps[told].sum())
    if told.sum() >= settings.treadmill_known * known.sum() and _cuts(
        own_m, speed_m, most, settings
    ):
        step_m = np.where(told, device_mps, step_m)
        ground_mps, source = np.where(told, device_mps, ground_mps), SPEED
    else:
        total_m = recording.distance_m or 0.0
        is_whole = stated_of(recording, float(track.seconds), settings).is_whole
        if not (is_whole and _cuts(own_m, total_m, most, settings)):
            return track
        step_m, ground_mps = (each * (total_m / own_m) for each in (step_m, ground_mps))
        source = TOTAL
    columns = {**track.columns, "ground_speed_mps": ground_mps}
    sums = {source: float(np.nansum(step_m))}
    return replace(track, columns=columns, step_m=step_m, distance_sources=sums)


def _is_coarse(recording: Recording, settings: PrepareSettings) -> bool:
    """Whether positions were rounded to longer steps than of four decimals, by ``grid_coarse``."""
    places = np.stack([recording.columns[name] for name in POSITION])
    places = places[:, np.isfinite(places).all(axis=0)]
    most = float(np.radians(1.0)) * EARTH_RADIUS_M / settings.grid_coarse[0]
    cells = (places * each for each in settings.grids_per_degree if each < most)
    return any(bool((np.abs(c - np.rint(c)) <= settings.grid_off).all()) for c in cells)


def _cuts(own_m: float, other_m: float, most: float, settings: PrepareSettings) -> bool:
    """Whether one way is so much shorter than another one as a way that cuts corners."""
    least = 1.0 + settings.totals_share
    return own_m > 0.0 and least < other_m / own_m <= most


def _with_grade(track: Track, settings: PrepareSettings) -> Track:
    """Add ``smooth_altitude_m`` and ``grade``, which are taken over the way that was run."""
    ground = track.column("ground_speed_mps")
    smooth, grade = _slope(track.column("altitude_m"), ground, settings)
    return replace(track, columns={**track.columns, "smooth_altitude_m": smooth, "grade": grade})


def _slope(
    altitude_m: FloatArray, speed_mps: FloatArray, settings: PrepareSettings
) -> tuple[FloatArray, FloatArray]:
    """Altitude smoothed over half the window, and grade (rise over run) over the window, (n,).

    Altitude is first laid over the distance run, so that standing still neither adds nor hides
    a slope.
    """
    missing = np.full(altitude_m.size, np.nan)
    run_m = np.cumsum(np.nan_to_num(speed_mps)) + 1e-6 * np.arange(altitude_m.size)
    known = np.flatnonzero(np.isfinite(altitude_m))
    if known.size < 2:
        return missing, missing
    # Running integral of altitude over distance: means over any window are differences of it.
    along, height = run_m[known], altitude_m[known]
    area = np.concatenate(([0.0], np.cumsum(np.diff(along) * (height[1:] + height[:-1]) / 2)))
    low, high = along[0], along[-1]

    def mean(start: FloatArray, end: FloatArray) -> FloatArray:
        begin, stop = np.clip(start, low, high), np.clip(end, low, high)
        stop = np.maximum(stop, begin + 1e-9)
        total = arithmetic.interpolate(stop, along, area) - arithmetic.interpolate(
            begin, along, area
        )
        return np.asarray(total / (stop - begin), dtype=np.float64)

    window_m = settings.grade_window_m
    half = window_m / 2
    near = np.isfinite(altitude_m)
    if high - low < window_m:
        return np.where(near, altitude_m, np.nan), missing
    centre = np.clip(run_m, low + half, high - half)
    smooth = mean(run_m - half / 2, run_m + half / 2)
    # Means over two halves lie half a window apart.
    grade = (mean(centre, centre + half) - mean(centre - half, centre)) / half
    plausible = near & (np.abs(grade) <= settings.steepest_grade)
    return np.where(near, smooth, np.nan), np.where(plausible, grade, np.nan)


def _judged_without(
    gone: BoolArray, track: Track, recording: Recording, settings: PrepareSettings
) -> Track:
    """The track with odometer, speed and notes as of a recording without samples beside seconds.

    Whether an odometer or a speed is believed, and in which unit, is judged over all samples: what
    is left out must not decide it, nor the totals, which hold it.

    Args:
        gone: seconds of the track, (n,).
        track: resampled, without derived columns.
        recording: of which it was made.
        settings: this stage's.
    """
    since_s = recording.time_s - track.start_time_s
    usable = np.flatnonzero(np.isfinite(since_s))
    low, high = (
        np.clip(each(since_s[usable]), 0, gone.size - 1).astype(np.int64)
        for each in (np.floor, np.ceil)
    )
    time_s = recording.time_s.copy()
    time_s[usable[gone[low] | gone[high]]] = np.nan
    columns = _joined_over(recording, time_s)
    rest = replace(
        recording, time_s=time_s, columns=columns, headings=(), distance_m=None, totals=()
    )
    found = resampled(cleaned(rest, settings), settings, grid_s(track.start_time_s, track.seconds))
    columns = {name: each for name, each in track.columns.items() if name not in _JUDGED}
    columns |= {name: found.columns[name] for name in _JUDGED if name in found.columns}
    return replace(track, columns=columns, notes=found.notes)


def _joined_over(recording: Recording, left_s: FloatArray) -> dict[str, FloatArray]:
    """The columns with odometer and positions as if no way lay where samples lost their time, (n,).

    A speed that is left does not know of the metres there: an odometer, and positions, that
    counted them would differ from it as those in another unit do.
    """
    columns = dict(recording.columns)
    order = np.argsort(recording.time_s, kind="stable")
    order = order[np.isfinite(recording.time_s[order])]
    is_gone = np.isnan(left_s[order])
    for name in columns.keys() & {"distance_m", *POSITION}:
        values = columns[name].copy()
        left = ~is_gone & np.isfinite(values[order])
        rows, piece = order[left], np.cumsum(is_gone)[left]
        unseen = np.where(np.diff(piece) > 0, np.diff(values[rows]), 0.0)
        values[rows[1:]] -= np.cumsum(unseen)
        columns[name] = values
    return columns


def _with_credible_total(
    recording: Recording, settings: PrepareSettings
) -> tuple[Recording, tuple[Note, ...]]:
    """Without totals that nobody can have run; those that must be in kilometres are converted.

    Each is judged by its own figure. Where that of the session is none, that of the laps counts.
    """
    times = recording.time_s[np.isfinite(recording.time_s)]
    timers_s = [each.timer_s for each in recording.totals if each.timer_s]
    spans_s = timers_s + ([float(np.ptp(times))] if times.size and np.ptp(times) > 0 else [])
    if not recording.distance_m or not spans_s:
        return recording, ()
    by_laps_m = FileTotal.of_laps(recording.laps).distance_m
    figures = (recording.distance_m, by_laps_m, *(each.distance_m for each in recording.totals))
    units = {each: _unit_of_total(each, spans_s, recording, settings) for each in figures if each}
    metres = {each: each * unit for each, unit in units.items() if unit}
    laps, totals = recording.laps, recording.totals
    if by_laps_m and units[by_laps_m] == _KILOMETRE:
        laps = tuple(_with_metres(each, (each.distance_m or 0.0) * _KILOMETRE) for each in laps)
    found = replace(
        recording,
        distance_m=next((metres[each] for each in figures if each in metres), None),
        laps=laps,
        totals=tuple(_with_metres(each, metres.get(each.distance_m or 0.0)) for each in totals),
    )
    return found, _notes_of_units(units, max(spans_s), settings)


def _unit_of_total(
    stated_m: float, spans_s: Sequence[float], recording: Recording, settings: PrepareSettings
) -> float:
    """Metres of the unit in which a total is stated; 0 where nobody can have run it.

    Args:
        stated_m: what the file says.
        spans_s: how long its timers ran and its samples go on.
        recording: for its steps, and for what else tells of a way.
        settings: this stage's.
    """
    longest_s = max(spans_s)
    is_sprint = longest_s < settings.sprint_s
    most_mps = settings.speed_limit_mps if is_sprint else settings.gap_limit_mps
    if stated_m > most_mps * longest_s:
        return 0.0
    mps = stated_m / min(spans_s)
    steps_spm = recording.columns.get("cadence_spm", np.zeros(1))
    steps_on = bool((steps_spm > settings.stepping_spm).mean() > 0.5)
    if not steps_on or mps >= settings.slow_kilometres_mps:
        return 1.0
    fits = settings.moving_mps < mps * _KILOMETRE < settings.sustained_mps
    return _KILOMETRE if fits and not _tells_a_way(recording, settings) else 0.0


def _tells_a_way(recording: Recording, settings: PrepareSettings) -> bool:
    """Whether samples tell of a way: by positions, an odometer that counts, or a speed."""
    known = {name: each[np.isfinite(each)] for name, each in recording.columns.items()}
    known = {name: each for name, each in known.items() if each.size}
    counts = "distance_m" in known and float(np.ptp(known["distance_m"])) > settings.digit_m
    moves = "speed_mps" in known and float(known["speed_mps"].max()) >= settings.moving_mps
    return counts or moves or all(name in known for name in POSITION)


def _with_metres(one: _Stating, metres: float | None) -> _Stating:
    return replace(one, distance_m=metres)


def _notes_of_units(
    units: Mapping[float, float], span_s: float, settings: PrepareSettings
) -> tuple[Note, ...]:
    """What was odd about totals: the metres of the unit of each; 0 if it is not used."""
    notes = []
    if _KILOMETRE in units.values():
        words = "the file's total counts kilometres (the steps tell); converted"
        notes.append(Note("total-unit", words))
    for stated_m in (each for each, unit in units.items() if not unit):
        words = f"the file says {stated_m:,.0f} m in {span_s:,.0f} s, which nobody runs; not used"
        if stated_m < settings.moving_mps * span_s:
            words = f"the file says {stated_m:g} m in {span_s:,.0f} s of steps; not used"
        notes.append(Note("total-impossible", words))
    return tuple(notes)


def _totals_note(track: Track, recording: Recording, settings: PrepareSettings) -> tuple[Note, ...]:
    """A note where the way of the track and the file's own totals differ, with both figures."""
    own_m = sum(track.distance_sources.values())
    if not track.distance_sources:
        return ()
    by = " and ".join(track.distance_sources)
    apart = [
        f"the file's {total.source} says {total.distance_m:,.0f} m"
        for total in recording.totals
        if total.distance_m and differs(own_m, total.distance_m, settings)
    ]
    if not apart:
        return ()
    words = f"the distance is {own_m:,.0f} m by {by}; {', '.join(apart)}"
    return (Note("distance-differs", words),)


def doubt(recording: Recording, settings: SportSettings) -> NotARunError | None:
    """Why a recording of no named sport is not counted; None where it may well be a run.

    Args:
        recording: native times, SI units.
        settings: bounds of what people run.
    """
    at = np.flatnonzero(np.isfinite(recording.time_s))
    order = at[np.argsort(recording.time_s[at], kind="stable")]
    time_s, speed_mps, index = _speeds(recording, order, settings)
    for limit_mps, least_s in zip(settings.too_fast_mps, settings.too_fast_s, strict=False):
        fast_s = _lasting_s(time_s, speed_mps > limit_mps, settings.lasting_s)
        if fast_s >= least_s:
            words = f"{fast_s:.0f} s faster than {limit_mps:g} m/s, and the file names no sport"
            return NotARunError("not-a-run-too-fast", words, remedy=_REMEDY)
    bounds = (
        (settings.doubtful_mps, settings.doubtful_s),
        (settings.doubtful_fast_mps, settings.doubtful_fast_s),
    )
    for limit_mps, least_s in bounds:
        fast = speed_mps > limit_mps
        fast_s = _lasting_s(time_s, fast, settings.lasting_s)
        if fast_s >= least_s and not _steps_fit(recording, index[fast], speed_mps[fast], settings):
            words = (
                f"{fast_s:.0f} s faster than {limit_mps:g} m/s, without a cadence of running, "
                "and the file names no sport: it may be a ride"
            )
            return NotARunError("not-a-run-doubtful", words, remedy=_REMEDY)
    return None


def _speeds(
    recording: Recording, order: np.ndarray, settings: SportSettings
) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Times (m,), speeds from each to a moment later (m,) and their samples (m,).

    By positions, else by the odometer, else as the device says.
    """
    columns = {name: values[order] for name, values in recording.columns.items()}
    time_s = recording.time_s[order]
    distance, speed = columns.get("distance_m"), columns.get("speed_mps")
    if all(name in columns for name in POSITION):
        known = np.flatnonzero(np.isfinite([columns[name] for name in POSITION]).all(axis=0))
    elif distance is not None:
        known = np.flatnonzero(np.isfinite(distance))
    elif speed is not None:
        known = np.flatnonzero(np.isfinite(speed))
        return time_s[known], speed[known], order[known]
    else:
        return np.zeros(0), np.zeros(0), order[:0]
    times = time_s[known]
    later = np.searchsorted(times, times + settings.step_s)
    first = np.flatnonzero(later < len(times))
    length_s = times[later[first]] - times[first]
    first, length_s = first[length_s <= settings.gap_s], length_s[length_s <= settings.gap_s]
    way_m = _way_m(columns, known[first], known[later[first]])
    return times[first], way_m / length_s, order[known[first]]


def _way_m(columns: Mapping[str, FloatArray], first: IntArray, last: IntArray) -> FloatArray:
    """Metres from the samples ``first`` to the samples ``last``, (k,), by positions or odometer."""
    if all(name in columns for name in POSITION):
        latitude, longitude = (columns[name] for name in POSITION)
        return hypot(*steps_m(latitude, longitude, first, last))
    distance = columns["distance_m"]
    return np.abs(distance[last] - distance[first])


def _lasting_s(time_s: FloatArray, fast: np.ndarray, least_s: float) -> float:
    """Seconds of the stretches in which all are fast, each at least so long: no single jump."""
    total_s = 0.0
    for begin, end in true_runs(fast):
        length_s = float(time_s[min(end, len(time_s) - 1)] - time_s[begin])
        total_s += length_s if length_s >= least_s else 0.0
    return total_s


def _steps_fit(
    recording: Recording, index: np.ndarray, speed_mps: FloatArray, settings: SportSettings
) -> bool:
    """Whether a cadence of running goes with the speed: steps of a length that people take."""
    cadence = recording.columns.get("cadence_spm")
    if cadence is None:
        return False
    steps_spm = cadence[index]
    known = np.isfinite(steps_spm) & (steps_spm > 0)
    if not known.any() or known.sum() < len(index) / 2:
        return False
    step_m = speed_mps[known] * 60 / steps_spm[known]
    is_run = arithmetic.median(steps_spm[known]) >= settings.running_spm
    return bool(is_run and arithmetic.median(step_m) <= settings.longest_step_m)


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


def recorded_places(track: Track) -> tuple[float, FloatArray]:
    """When a track's recording began, Unix s, and its positions, (n, 2) °, NaN where hidden."""
    shown = np.ones(track.seconds + sum(end - start for start, end in track.hidden), dtype=bool)
    for start, end in track.hidden:
        shown[start:end] = False
    places = np.full((shown.size, 2), np.nan)
    places[shown] = np.stack([track.column(name) for name in POSITION], axis=1)
    return track.start_time_s - int(np.argmax(shown)), places


def extent_m(places_deg: FloatArray) -> float:
    """The longer side of the box that holds all positions, (n, 2) °, of which one is known."""
    known = places_deg[np.isfinite(places_deg).all(axis=1)]
    sides = np.radians(np.ptp(known, axis=0))
    sides[1] *= arithmetic.cos(float(np.radians(known[0, 0])))
    return float(sides.max()) * EARTH_RADIUS_M


_Span = TypeVar("_Span", Lap, Pause)


def with_clock(one: Recording, by_s: float) -> Recording:
    """A recording with all its times later by so many seconds."""
    if not by_s:
        return one
    return replace(
        one,
        time_s=one.time_s + by_s,
        headings=tuple(replace(each, time_s=each.time_s + by_s) for each in one.headings),
        laps=tuple(_later(each, by_s) for each in one.laps),
        pauses=tuple(_later(each, by_s) for each in one.pauses),
        breaks_s=tuple(each + by_s for each in one.breaks_s),
    )


def _later(each: _Span, by_s: float) -> _Span:
    """A lap or a pause, later by so many seconds."""
    start_s, end_s = each.start_time_s + by_s, each.end_time_s + by_s
    return replace(each, start_time_s=start_s, end_time_s=end_s)
