"""A track at 1 Hz: native times resampled, and the motion that follows from the positions.

Long gaps stay missing, and no line crosses a break. Motion is plane coordinates, speed, course
and turn rate.
"""

import math

import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic
from retrorun.model import HeadingSeries, HeadingTrack, Note, Pause, Track
from retrorun.model.recording import POSITION
from retrorun.prepare.clean import Cleaned
from retrorun.settings import PrepareSettings
from retrorun.units import (
    EARTH_RADIUS_M,
    BoolArray,
    FloatArray,
    IntArray,
    compass_deg,
    difference_deg,
    true_runs,
    wrap_deg,
)


def resampled(
    clean: Cleaned, settings: PrepareSettings, seconds_s: FloatArray | None = None
) -> Track:
    """Interpolate every channel onto whole seconds since the first sample, or onto those given.

    Returns:
        Track with the recording's channels, all flags and its headings; no derived column yet. The
        flag ``sampled`` are the seconds next to which the recording has a position.
    """
    if clean.time_s.size == 0:
        none = np.zeros(0, dtype=bool)
        names = ("paused", "gap", "break", "position_suspect", "heart_rate_suspect")
        return Track(0.0, {}, dict.fromkeys(names, none), (), clean.notes)
    if seconds_s is None:
        seconds_s = grid_s(float(clean.time_s[0]), int(np.ptp(clean.time_s)) + 1)
    line = _Lines(seconds_s, clean.breaks_s, settings.gap_s)
    columns = {name: line.between(clean.time_s, v) for name, v in clean.columns.items()}
    if "cadence_spm" in columns:
        columns["cadence_spm"] = _rates(line, clean.time_s, clean.columns["cadence_spm"])
    if "longitude_deg" in columns:
        columns["longitude_deg"] = wrap_deg(columns["longitude_deg"])
    since_s = {
        flag: clean.suspects.get(flag, np.zeros(0)) - seconds_s[0]
        for flag in ("position_suspect", "heart_rate_suspect")
    }
    places = [clean.columns.get(name, np.full(clean.time_s.size, np.nan)) for name in POSITION]
    since_s["sampled"] = clean.time_s[np.isfinite(places).all(axis=0)] - seconds_s[0]
    flags = {
        "paused": _paused(seconds_s, clean.pauses),
        "gap": np.isnan(line.between(clean.time_s, np.ones_like(clean.time_s))),
        "break": np.diff(np.searchsorted(clean.breaks_s, seconds_s, "right"), prepend=0) > 0,
        **{flag: _nearest_seconds(seconds_s.size, each) for flag, each in since_s.items()},
    }
    headings = tuple(_heading(line, each, settings.heading_cancels) for each in clean.headings)
    notes = clean.notes + _sparse(clean.time_s, settings)
    return Track(float(seconds_s[0]), columns, flags, headings, notes)


def grid_s(start_s: float, seconds: int) -> FloatArray:
    """The Unix times of so many seconds of a track, (n,)."""
    return start_s + np.arange(seconds, dtype=np.float64)


def with_drawn_seconds(gone: BoolArray, clean: Cleaned, settings: PrepareSettings) -> BoolArray:
    """Seconds that are left out, and those whose values are drawn from a sample in one of them.

    Between two samples a value lies on the line through both: it would tell of the one left out.

    Args:
        gone: seconds of the resampled track, (n,).
        clean: what the track was resampled from.
        settings: this stage's.
    """
    series = [(clean.time_s, values) for values in clean.columns.values()]
    series += [(each.time_s, each.heading_deg) for each in clean.headings]
    wider = gone.copy()
    known: set[bytes] = set()
    for time_s, values in series if gone.any() else ():
        since_s = time_s[np.isfinite(values)] - clean.time_s[0]
        if since_s.size and (key := since_s.tobytes()) not in known:
            known.add(key)
            wider |= _drawn_seconds(gone, since_s, settings.gap_s)
    return wider


def _drawn_seconds(gone: BoolArray, since_s: FloatArray, gap_s: float) -> BoolArray:
    """Seconds strictly between two joined samples of which one lies beside a second left out."""
    last = gone.size - 1
    low, high = (np.clip(each(since_s).astype(np.int64), 0, last) for each in (np.floor, np.ceil))
    beside = gone[low] | gone[high]
    second = np.arange(gone.size, dtype=np.float64)
    after = np.searchsorted(since_s, second, side="left")
    between = (after > 0) & (after < since_s.size)
    after = np.minimum(after, since_s.size - 1)
    before = np.maximum(after - 1, 0)
    between &= (since_s[after] != second) & (since_s[after] - since_s[before] <= gap_s)
    return np.asarray(between & (beside[before] | beside[after]), dtype=bool)


def _sparse(time_s: FloatArray, settings: PrepareSettings) -> tuple[Note, ...]:
    """A note where the samples lie so far apart that much of the time between them is missing.

    Long holes are pauses or drop-outs, and no matter of how often was recorded.
    """
    apart_s = np.diff(time_s)
    if apart_s.size < 2:
        return ()
    usual_s = arithmetic.median(apart_s)
    recorded = apart_s[apart_s <= max(settings.sparse_hole_s, 2.0 * usual_s)]
    share = float(recorded[recorded > settings.gap_s].sum() / recorded.sum())
    if share < settings.sparse_share:
        return ()
    words = f"samples lie {usual_s:.0f} s apart; between those over {settings.gap_s:.0f} s apart"
    percent = 100 * share
    words = f"{words} speed and steps are not known ({percent:.0f} %)"
    return (Note("recording-sparse", words),)


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


def _heading(line: _Lines, series: HeadingSeries, cancels: float) -> HeadingTrack:
    """Headings as unit vectors on the grid, so that 359° and 1° meet at 0°."""
    turn = np.radians(series.heading_deg)
    east, north = (line.between(series.time_s, each) for each in arithmetic.sine_cosine(turn))
    # Two opposite headings cancel half-way between: there is no direction to report.
    weak = arithmetic.hypot(east, north) < cancels
    heading = compass_deg(np.degrees(arithmetic.arctan2(east, north)))
    found = HeadingTrack(series.source, series.claim, series.north, np.where(weak, np.nan, heading))
    if series.mount is None or not series.mount.size:
        return found
    last = np.searchsorted(series.time_s, line.grid_s, side="right") - 1
    return replace(found, mount=series.mount[np.maximum(last, 0)])


def _paused(grid_s: FloatArray, pauses: tuple[Pause, ...]) -> BoolArray:
    """Seconds within a timer pause, (n,)."""
    paused = np.zeros(grid_s.size, dtype=bool)
    for pause in pauses:
        first, last = np.searchsorted(grid_s, (pause.start_time_s, pause.end_time_s))
        paused[first:last] = True
    return paused


def _nearest_seconds(size: int, times_s: FloatArray) -> BoolArray:
    """Which of so many seconds is the nearest one to any of these times since the first, (n,)."""
    flag = np.zeros(size, dtype=bool)
    if times_s.size:
        flag[np.clip(np.rint(times_s).astype(np.int64), 0, size - 1)] = True
    return flag


def with_motion(track: Track, settings: PrepareSettings) -> Track:
    """Add the derived columns named in ``Track``; what cannot be derived is NaN.

    Speed is the chord's, NaN where there is none; ``distance`` fills it. Where the chord is faster
    than anybody runs, the position is suspect and says nothing.
    """
    x_m, y_m = plane(track.column(POSITION[0]), track.column(POSITION[1]))
    half = max(1, round(settings.chord_s / 2))
    east, north, span_s = chord(x_m, y_m, track.flags["break"], half)
    speed = arithmetic.hypot(east, north) / span_s
    track, too_fast = _flag_too_fast(track, speed, settings.speed_limit_mps)
    x_m, y_m, speed = (np.where(too_fast, np.nan, each) for each in (x_m, y_m, speed))
    course = compass_deg(np.degrees(arithmetic.arctan2(east, north)))
    course = np.where(speed >= settings.moving_mps, course, np.nan)
    derived = {
        "x_m": x_m,
        "y_m": y_m,
        "ground_speed_mps": speed,
        "course_deg": course,
        "turn_rate_dps": turn_rate(course, half),
    }
    return replace(track, columns={**track.columns, **derived})


def _flag_too_fast(track: Track, speed: FloatArray, limit_mps: float) -> tuple[Track, BoolArray]:
    """The track with its impossible seconds flagged and noted, and which they are, (n,).

    Fixes a fraction of a second apart pass the check of single steps, however fast they run.
    """
    too_fast = np.asarray(np.nan_to_num(speed) > limit_mps, dtype=bool)
    if not too_fast.any():
        return track, too_fast
    flags = {**track.flags, "position_suspect": track.flags["position_suspect"] | too_fast}
    words = f"{int(too_fast.sum())} seconds went by at more than {limit_mps:g} m/s; left out"
    note = Note("position-too-fast", words)
    return replace(track, flags=flags, notes=(*track.notes, note)), too_fast


def plane(latitude: FloatArray, longitude: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Metres east and north of the first fix, (n,) each; equirectangular about that fix.

    Good to about 0.1 % within 20 km of it, which is what speeds and courses need.
    """
    fixed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    if fixed.size == 0:
        return np.full(latitude.size, np.nan), np.full(latitude.size, np.nan)
    first = fixed[0]
    north = np.radians(latitude - latitude[first]) * EARTH_RADIUS_M
    east = np.radians(wrap_deg(longitude - longitude[first])) * EARTH_RADIUS_M
    return east * arithmetic.cos(np.radians(latitude[first])), north


def chord(
    x_m: FloatArray, y_m: FloatArray, begins: BoolArray, half: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Straight line from ``half`` seconds before to ``half`` seconds after each sample.

    Where one end is missing, or lies beyond a sample that ``begins`` a new piece of the track, the
    chord shrinks to the side that exists.

    Returns:
        East and north components in metres and the time between the ends in seconds, (n,) each;
        NaN where there is no chord.
    """
    size = x_m.size
    here = np.arange(size)
    valid, piece = np.isfinite(x_m), np.cumsum(begins)
    early, late = here.copy(), here.copy()
    for step in range(1, half + 1):  # the farthest end that is reached without a hole
        back = np.maximum(here - step, 0)
        reached = valid[back] & (piece[back] == piece)
        early = np.where(reached & (early == here - step + 1), back, early)
        ahead = np.minimum(here + step, size - 1)
        reached = valid[ahead] & (piece[ahead] == piece)
        late = np.where(reached & (late == here + step - 1), ahead, late)
    span_s = np.where(valid & (late > early), (late - early).astype(np.float64), np.nan)
    east = np.where(np.isfinite(span_s), x_m[late] - x_m[early], np.nan)
    north = np.where(np.isfinite(span_s), y_m[late] - y_m[early], np.nan)
    return east, north, span_s


def speed_around_turns(
    track: Track, chord_mps: FloatArray, settings: PrepareSettings
) -> FloatArray:
    """The speed along the way, (n,), where it turns sharply; elsewhere the chord's.

    A chord over seconds loses the way to a sharp turn and back from it: of shuttles of ten metres
    a twentieth. There the steps from second to second are added up. Where the positions jitter,
    only who came and went farther than they do has turned.
    """
    half = max(1, round(settings.chord_s / 2))
    x_m, y_m = track.column("x_m"), track.column("y_m")
    if x_m.size <= 2 * half:
        return chord_mps
    east_m, north_m = x_m[half:] - x_m[:-half], y_m[half:] - y_m[:-half]
    length_m = arithmetic.hypot(east_m, north_m)
    before_m, after_m = length_m[:-half], length_m[half:]
    along_m2 = east_m[:-half] * east_m[half:] + north_m[:-half] * north_m[half:]
    turned = along_m2 < settings.turn_cosine * before_m * after_m
    turned &= np.minimum(before_m, after_m) >= settings.turn_mps * half
    if not turned.any():
        return chord_mps
    jitters_m = jitter_m(track, settings)
    if not jitters_m <= settings.jitter_share * _usual_mps(chord_mps, settings):
        turned &= along_m2 < settings.turn_back_cosine * before_m * after_m
        turned &= np.minimum(before_m, after_m) >= settings.jitter_factor * jitters_m
    near = np.zeros(x_m.size, dtype=bool)
    for index in np.flatnonzero(turned).tolist():  # of the middle: index + half
        near[index + 1 : index + 2 * half] = True
    return _along_where(near, track, chord_mps, half)


def _along_where(near: BoolArray, track: Track, chord_mps: FloatArray, half: int) -> FloatArray:
    """The chord's speed, and where ``near`` that of the steps from second to second, (n,)."""
    x_m, y_m = track.column("x_m"), track.column("y_m")
    joined = ~track.flags["break"]
    step_m = np.where(joined[1:], arithmetic.hypot(np.diff(x_m), np.diff(y_m)), np.nan)
    known = np.isfinite(step_m)
    way_m, holes = (
        np.concatenate(([0.0], np.cumsum(each))) for each in (np.where(known, step_m, 0.0), ~known)
    )
    whole = holes[2 * half :] == holes[: -2 * half]
    along_mps = np.where(whole, way_m[2 * half :] - way_m[: -2 * half], np.nan) / (2 * half)
    use = np.flatnonzero(near[half:-half]) + half
    use = use[np.isfinite(along_mps[use - half])]
    found = chord_mps.copy()
    found[use] = np.fmax(along_mps[use - half], chord_mps[use])
    return found


def jitter_m(track: Track, settings: PrepareSettings) -> float:
    """How far positions jitter in a second, as second differences show: nothing on a smooth way.

    Seconds between even samples lie on a line and tell nothing; bends at the samples shrink with
    the square root of how far these are apart. Uneven samples were taken where the way bends.
    """
    bends_m = arithmetic.hypot(*(np.diff(track.column(name), 2) for name in ("x_m", "y_m")))
    known, sampled = np.isfinite(bends_m), track.flags["sampled"]
    apart_s = np.diff(np.flatnonzero(sampled)).astype(np.float64)
    usual_s = arithmetic.median(apart_s) if apart_s.size else 1.0
    if apart_s.size and (apart_s == usual_s).mean() > settings.even_share:
        known, bends_m = known & sampled[1:-1], bends_m * math.sqrt(usual_s)
    return arithmetic.quantile(bends_m[known], settings.bend_quantile) if known.any() else np.inf


def jitters_in_place(track: Track, settings: PrepareSettings) -> BoolArray:
    """Where positions move no faster than they jitter, and lead nowhere, for ``stands_s``, (n,).

    There the athlete stands, unless there are steps or the device knows of a speed. Where they
    jitter less than anybody walks, that is looked for over ``lingers_s``: hours add up.
    """
    size = track.seconds
    x_m, y_m = track.column("x_m"), track.column("y_m")
    chord_mps = track.column("ground_speed_mps")
    slow_mps = settings.stands_jitter_share * jitter_m(track, settings)
    slow_mps = min(slow_mps, settings.stop_share * _usual_mps(chord_mps, settings))
    is_quiet = not slow_mps > settings.moving_mps
    width = settings.lingers_s if is_quiet else settings.stands_s
    if size < width or not slow_mps > 0.0:
        return np.zeros(size, dtype=bool)
    half = width // 2
    known = np.isfinite(chord_mps)
    way_m = sums_ahead(np.where(known, chord_mps, settings.speed_limit_mps * width), width)
    slow = way_m <= slow_mps * width
    drift_m = [
        (sums_ahead(each, half)[half:] - sums_ahead(each, half)[:-half])[: slow.size] / half
        for each in (np.where(known, place, 0.0) for place in (x_m, y_m))
    ]
    most_m = settings.lingers_share * way_m if is_quiet else settings.moving_mps * half
    first = np.flatnonzero(slow & (arithmetic.hypot(*drift_m) < most_m))
    steps_spm = track.columns.get("cadence_spm", np.zeros(size))
    device_mps = track.columns.get("speed_mps", np.zeros(size))
    moves = (steps_spm > settings.stepping_spm) | (device_mps >= settings.moving_mps)
    return covered(first, first + width, size) & ~moves


def _usual_mps(chord_mps: FloatArray, settings: PrepareSettings) -> float:
    moving_mps = chord_mps[chord_mps > settings.moving_mps]
    return arithmetic.median(moving_mps) if moving_mps.size else 0.0


def first_of(first: FloatArray, second: FloatArray) -> FloatArray:
    """The first column, (n,), and the second where that is not known."""
    return np.where(np.isfinite(first), first, second)


def ground_mps(
    chord_mps: FloatArray, by_odometer: FloatArray, by_others: FloatArray, settings: PrepareSettings
) -> FloatArray:
    """Speed over ground: the chord's, else the odometer's, the hole's, the device's, (n,).

    Positions that hardly move while the odometer runs are those of a treadmill.
    """
    odometer_mps = _smoothed(by_odometer, round(settings.chord_s))
    both = np.isfinite(chord_mps) & np.isfinite(odometer_mps)
    run_m, seen_m = float(odometer_mps[both].sum()), float(chord_mps[both].sum())
    indoors = run_m > settings.treadmill_m and seen_m < settings.treadmill_share * run_m
    turning = (chord_mps < settings.moving_mps) & (by_others >= settings.moving_mps)
    turning &= ~(by_odometer < settings.moving_mps)
    chord_mps = np.where(turning, by_others, chord_mps)  # a turn about has a short chord
    counted_mps = np.minimum(by_odometer, odometer_mps)
    slow = (chord_mps < settings.moving_mps) & (counted_mps >= settings.moving_mps)
    chord_mps = np.where(slow, odometer_mps, chord_mps)  # the metres that count say motion
    ground = odometer_mps if indoors else first_of(chord_mps, odometer_mps)
    ground = first_of(ground, np.where(indoors, np.nan, by_others))
    if ground.size > 1 and np.isnan(ground[-1]):
        ground[-1] = ground[-2]  # no step follows the last sample
    return ground


def _smoothed(step_m: FloatArray, width: int) -> FloatArray:
    """Metres a second over so many seconds around each; the second's own where those lack."""
    found = step_m.copy()
    if 1 < width <= step_m.size:
        middle = slice(width // 2, width // 2 + step_m.size - width + 1)
        holes = sums_ahead(np.isnan(step_m).astype(np.float64), width) > 0
        around = sums_ahead(np.nan_to_num(step_m), width) / width
        found[middle] = np.where(holes, step_m[middle], around)
    return found


def covered(first: IntArray, end: IntArray, size: int) -> BoolArray:
    """Which of ``size`` places lie in any of the ranges ``[first, end)``, (k,) each."""
    edges = np.zeros(size + 1)
    np.add.at(edges, first, 1.0)
    np.add.at(edges, end, -1.0)
    return np.asarray(np.cumsum(edges[:-1]) > 0.5, dtype=bool)


def seconds_between(start_s: FloatArray, end_s: FloatArray, seconds: int) -> BoolArray:
    """Which seconds lie, wholly or in part, between any of these starts and ends, (k,) each."""
    first, end = (
        np.clip(each, 0, seconds).astype(np.int64) for each in (np.floor(start_s), np.ceil(end_s))
    )
    return covered(first, end, seconds)


def between_known_knots(knots_s: FloatArray, known: BoolArray, seconds: int) -> BoolArray:
    """Which seconds lie wholly between knots that are joined, (n,)."""
    second = np.arange(seconds)
    within = (second >= knots_s[0] - 1e-6) & (second + 1 <= knots_s[-1] + 1e-6)
    lost = np.flatnonzero(~known)
    if lost.size:
        within &= ~seconds_between(knots_s[lost] + 1e-6, knots_s[lost + 1] - 1e-6, seconds)
    return np.asarray(within, dtype=bool)


def sums_ahead(values: FloatArray, width: int) -> FloatArray:
    """Sum of each value and those after it, ``width`` in all, (n - width + 1,)."""
    running = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(running[width:] - running[:-width])


def odometer_stands(by_odometer: FloatArray, track: Track, settings: PrepareSettings) -> BoolArray:
    """Where an odometer that did not fail counts nothing for ``stands_s`` or more, (n,).

    There the athlete stands, and positions that move are jitter, unless there are steps, or the
    positions end as far away as somebody walks, or farther than any jitter reaches.
    """
    width = settings.stands_s
    if track.seconds < width:
        return np.zeros(track.seconds, dtype=bool)
    counted = np.where(np.isfinite(by_odometer), by_odometer, 1.0)
    first = np.flatnonzero(sums_ahead(counted, width) < width * settings.stands_mps)
    stands = covered(first, first + width, track.seconds)
    places = track.column("x_m"), track.column("y_m")
    for begin, end in true_runs(stands & np.isfinite(places[0])):
        half = max(1, (end - begin) // 2)  # means of both halves smooth the jitter
        ends = (slice(end - half, end), slice(begin, begin + half))
        way_m = [place[ends[0]].mean() - place[ends[1]].mean() for place in places]
        walked_m = settings.moving_mps * (end - begin - half)
        if arithmetic.hypot(*way_m) > min(walked_m, settings.stands_within_m):
            stands[begin:end] = False
    steps_spm = track.columns.get("cadence_spm", np.zeros(track.seconds))
    return stands & ~(steps_spm > settings.stepping_spm)


def without_failures(
    odometer: FloatArray, position: FloatArray, settings: PrepareSettings
) -> FloatArray:
    """The odometer's steps without the times at which it stood while the positions moved on."""
    both = np.isfinite(odometer) & np.isfinite(position)
    if both.sum() < settings.stands_s:
        return odometer
    width = settings.stands_s
    stands = sums_ahead(np.where(both, odometer, 1.0), width) < width * settings.stands_mps
    moves = sums_ahead(np.where(both, position, 0.0), width) > width * settings.stands_moving_mps
    failed = np.flatnonzero(stands & moves)
    return np.where(covered(failed, failed + width, odometer.size), np.nan, odometer)


def turn_rate(course_deg: FloatArray, half: int) -> FloatArray:
    """Degrees a second, clockwise positive, over ``2·half`` seconds; NaN without a course."""
    rate = np.full(course_deg.size, np.nan)
    if course_deg.size > 2 * half:
        turn = difference_deg(course_deg[2 * half :], course_deg[: -2 * half])
        rate[half:-half] = turn / (2 * half)
    return rate
