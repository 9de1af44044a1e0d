"""How far it was in each second, and by which source.

1. The odometer's difference where it is known at both ends of a time.
2. Else the chord between two fixes: over holes as it is, in dense recordings smoothed as the speed.
3. Else the device's speed.
4. Where a recording has none of these, the totals of its laps or its session, over its time in
   motion.

The metres between two samples belong to the seconds between them, but for timer pauses. A hole that
nobody could have run through has no distance. One that was crossed much too slowly holds a stop:
the athlete is taken to have gone at the session's usual speed and then stood.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.model import Note, Recording, Track
from retrorun.model.recording import POSITION
from retrorun.prepare.clean import (
    Cleaned,
    holes_note,
    longest_s,
    most_m,
    paused_s,
    repeats_before_leap,
    unknown_note,
)
from retrorun.prepare.sources import Stated, stated_of
from retrorun.prepare.track import (
    between_known_knots,
    first_of,
    ground_mps,
    jitter_m,
    jitters_in_place,
    odometer_stands,
    seconds_between,
    speed_around_turns,
    without_failures,
)
from retrorun.settings import PrepareSettings
from retrorun.units import BoolArray, FloatArray, IntArray, carried_on, mean_of_known

ODOMETER, POSITIONS, SPEED, TOTAL = "odometer", "positions", "device speed", "file total"


class _Path(msgspec.Struct, frozen=True, eq=False):
    """Metres between knots.

    Attributes:
        time_s: (k,) Unix seconds, rising.
        metres: (k - 1,) from each knot to the next.
        known: (k - 1,) whether that can be believed.
    """

    time_s: FloatArray
    metres: FloatArray
    known: BoolArray

    @property
    def apart_s(self) -> FloatArray:
        return np.diff(self.time_s)


def with_distance(
    track: Track, clean: Cleaned, recording: Recording, settings: PrepareSettings
) -> Track:
    """Add ``step_m``, and fill ``ground_speed_mps`` where the positions give none.

    Args:
        track: at 1 Hz, with its motion.
        clean: the samples that it was made of.
        recording: for the totals that its file states.
        settings: this stage's.

    Returns:
        The track with ``step_m``, (n,): metres from each sample to the next, NaN where not known
        and in the last, which has no next; and with what each source contributed in metres.
    """
    chord_mps = track.column("ground_speed_mps")
    fixes_s = clean.time_s[_fixes(clean)] - track.start_time_s
    odometer = _odometer(clean, recording.distance_m, settings)
    chords = _paths_by_chords(clean, settings)
    unsure = ~(chord_mps >= settings.moving_mps)  # the speed is not asked where positions move
    speeds = _speeds(clean, settings) if unsure.any() else None
    usual = _usual_mps((odometer, *chords[:1], speeds), settings)
    by_odometer = _steps(track, odometer, usual, settings)
    by_position = speed_around_turns(track, chord_mps, settings)
    if chords:
        steps_s = _stepping_s(track, settings)
        straight = [_without_loops(track, way, steps_s, settings) for way in chords]
        by_ways = mean_of_known([_steps(track, way, usual, settings) for way in straight])
        dense = _dense(track, clean, settings) & np.isfinite(by_position)
        by_position = np.where(dense, by_position, by_ways)
    by_speed = _steps(track, speeds, usual, settings)
    if not _agrees_with_total(odometer, recording.distance_m, settings):
        by_odometer = without_failures(by_odometer, first_of(by_position, by_speed), settings)
    by_position = _without_short_cuts(by_position, by_speed, track, clean, settings)
    stated = stated_of(recording, float(np.ptp(clean.time_s)), settings)
    if odometer is None and _positions_stay(track, by_position, by_speed, stated, settings):
        by_position = chord_mps = np.full(track.seconds, np.nan)
        words = "the positions stay about one place, as on a treadmill; they tell no distance"
        track = structs.replace(track, notes=(*track.notes, Note("positions-stay", words)))
    stays = jitters_in_place(track, settings) & ~np.isfinite(by_odometer)
    paused = track.flags["paused"] | stays
    by_position, by_speed = (  # a source that knows nothing knows nothing of pauses either
        np.where(paused & np.isfinite(each).any(), 0.0, each) for each in (by_position, by_speed)
    )
    step, sums = _first_known(
        {ODOMETER: by_odometer, POSITIONS: by_position, SPEED: by_speed}, track.seconds
    )
    if not sums and recording.distance_m:
        step = _by_totals(track, recording, settings)
        sums = {TOTAL: float(np.nansum(step))}
    elif odometer is None and stated.is_whole:
        step, sums = _with_the_rest(track, step, sums, recording.distance_m or 0.0, settings)
    ground = ground_mps(chord_mps, by_odometer, first_of(by_position, by_speed), settings)
    ground = np.where(odometer_stands(by_odometer, track, settings) | stays, 0.0, ground)
    columns = {**track.columns, "ground_speed_mps": ground}
    off_line = ~np.isfinite(by_position) | np.isfinite(by_odometer)
    notes = (*track.notes, *holes_note(fixes_s, step, off_line, settings))
    if sums and track.has("cadence_spm"):
        notes += unknown_note(step, _in_motion(track, settings), settings)
    return structs.replace(track, columns=columns, step_m=step, distance_sources=sums, notes=notes)


def _odometer(clean: Cleaned, stated_m: float | None, settings: PrepareSettings) -> _Path | None:
    distance = clean.columns.get("distance_m")
    if distance is None:
        return None
    known = np.flatnonzero(np.isfinite(distance))
    known = known[~repeats_before_leap(clean.time_s[known], distance[known], settings)]
    if known.size < 2:
        return None
    time_s, reading_m = _to_the_ends(
        clean, clean.time_s[known], distance[known], stated_m, settings
    )
    change = np.diff(reading_m)
    metres, apart_s = np.maximum(change, 0.0), np.diff(time_s)
    # A step of an uneven odometer is no sprint if the time around it is none.
    total = np.concatenate(([0.0], np.cumsum(metres)))
    first = np.searchsorted(time_s, time_s[:-1] - settings.gap_s)
    last = np.searchsorted(time_s, time_s[1:] + settings.gap_s, side="right") - 1
    around_m, around_s = total[last] - total[first], time_s[last] - time_s[first]
    reached = metres <= most_m(apart_s, settings)
    reached |= (around_m <= settings.gap_limit_mps * around_s) & (apart_s <= settings.gap_s)
    # The last digit may fall back by rounding; more than a metre back is a reset.
    return _Path(time_s, metres, reached & (change >= -1.0))


def _to_the_ends(
    clean: Cleaned,
    time_s: FloatArray,
    reading_m: FloatArray,
    stated_m: float | None,
    settings: PrepareSettings,
) -> tuple[FloatArray, FloatArray]:
    """Times and readings of an odometer, with those that it must have had where it is silent.

    It began at 0 with the first sample, where its first reading follows soon and fits, or its last
    one is the total that the file states. There the athlete went no farther after it, too.
    """
    first_s, last_s = clean.time_s[0], clean.time_s[-1]
    before_s = time_s[0] - first_s
    is_total = bool(stated_m) and abs(reading_m[-1] - (stated_m or 0.0)) <= settings.digit_m
    begins = before_s > 0 and (is_total or before_s <= settings.gap_s)
    if begins and 0 < reading_m[0] <= most_m(np.array([before_s]), settings)[0]:
        time_s = np.concatenate(([first_s], time_s))
        reading_m = np.concatenate(([0.0], reading_m))
    if is_total and last_s > time_s[-1]:
        time_s = np.concatenate((time_s, [last_s]))
        reading_m = np.concatenate((reading_m, reading_m[-1:]))
    return time_s, reading_m


def _speeds(clean: Cleaned, settings: PrepareSettings) -> _Path | None:
    """The way by the device's speed, from sample to sample; longer holes say nothing."""
    speed = clean.columns.get("speed_mps")
    if speed is None:
        return None
    known = np.flatnonzero(np.isfinite(speed))
    if known.size < 2:
        return None
    time_s, speeds = clean.time_s[known], speed[known]
    apart_s = np.diff(time_s)
    piece = np.searchsorted(clean.breaks_s, time_s, side="right")
    near = (np.diff(piece) == 0) & (apart_s <= settings.speed_gap_s)
    return _Path(time_s, apart_s * (speeds[1:] + speeds[:-1]) / 2, near)


def _fixes(clean: Cleaned) -> IntArray:
    """The samples that have a position."""
    if not all(name in clean.columns for name in POSITION):
        return np.zeros(0, dtype=np.int64)
    held = np.isfinite(clean.columns[POSITION[0]]) & np.isfinite(clean.columns[POSITION[1]])
    return np.asarray(np.flatnonzero(held), dtype=np.int64)


def _paths_by_chords(clean: Cleaned, settings: PrepareSettings) -> list[_Path]:
    """The way from fix to fix, taken over chords long enough to smooth the noise.

    Of fixes that lie nearer to each other every k-th is taken, in k ways that begin at different
    ones: their mean is as smooth as overlapping chords, and each of them loses no metre.
    """
    fixed = _fixes(clean)
    if fixed.size < 2:
        return []
    time_s = clean.time_s[fixed]
    piece = np.searchsorted(clean.breaks_s, time_s, side="right")
    joint = np.diff(piece) != 0
    edge = np.concatenate(([True], joint)) | np.concatenate((joint, [True]))
    apart_s = np.diff(time_s)
    if apart_s.max() <= settings.chord_s / 2:
        return []  # the speed's own chords overlap in each second
    phases = max(1, round(settings.chord_s)) if apart_s.min() < settings.chord_s else 1
    ways = []
    for phase in range(phases):
        slot = np.floor((time_s - time_s[0] + phase) / settings.chord_s)
        taken = edge | (np.diff(slot, prepend=-1.0) > 0)
        ways.append(_path_between_fixes(clean, fixed[taken], settings))
    return ways


def _without_short_cuts(
    by_position: FloatArray,
    by_speed: FloatArray,
    track: Track,
    clean: Cleaned,
    settings: PrepareSettings,
) -> FloatArray:
    """The way by positions, (n,), without lines over holes of which the speed knows a longer way.

    A receiver that had no fix cut the corners; a foot pod counted on. A speed may also stick where
    there is no fix, so steps must have gone on in most of the hole. And the longer of two noisy
    ways would be too long on average, so the speed's must be longer by what corners explain.
    """
    stepping = track.column("cadence_spm") > settings.stepping_spm
    time_s = clean.time_s[_fixes(clean)] - track.start_time_s
    apart_s = np.diff(time_s)
    found = by_position.copy()
    far = apart_s > longest_s(apart_s, settings) if apart_s.size else apart_s > 0
    for index in np.flatnonzero(far).tolist():
        hole = slice(int(np.ceil(time_s[index])), int(time_s[index + 1]))
        line_m, way_m = float(by_position[hole].sum()), float(by_speed[hole].sum())
        cuts = settings.short_cut_factor * line_m < way_m
        if (
            cuts
            and way_m <= settings.gap_limit_mps * apart_s[index]
            and stepping[hole].mean() > 0.5
        ):
            found[hole] = np.nan
    return found


def _dense(track: Track, clean: Cleaned, settings: PrepareSettings) -> BoolArray:
    """Seconds, (n,), around which fixes lie so close that the speed's own chords overlap."""
    time_s = clean.time_s[_fixes(clean)] - track.start_time_s
    far = np.flatnonzero(np.diff(time_s) > settings.chord_s / 2)
    return ~seconds_between(
        time_s[far] - settings.chord_s, time_s[far + 1] + settings.chord_s, track.seconds
    )


def _path_between_fixes(clean: Cleaned, fixed: IntArray, settings: PrepareSettings) -> _Path:
    """The way from each of these fixes to the next."""
    latitude, longitude = (clean.columns[name][fixed] for name in POSITION)
    time_s, metres = clean.time_s[fixed], arithmetic.ways_m(latitude, longitude)
    running_s = np.diff(time_s) - paused_s(time_s, clean)
    piece = np.searchsorted(clean.breaks_s, time_s, side="right")
    reached = (np.diff(piece) == 0) & (metres <= most_m(np.maximum(running_s, 1.0), settings))
    return _Path(time_s, metres, reached)


def _usual_mps(ways: Sequence[_Path | None], settings: PrepareSettings) -> float:
    """The speed in motion that half of the time is slower than, by the first source there is."""
    for way in ways:
        if way is None or not way.known.any():
            continue
        speed = way.metres / way.apart_s
        moving = way.known & (speed > settings.moving_mps)
        # A hole of hours would outweigh the samples: its speed is that of a stop, too.
        recorded = moving & (way.apart_s <= longest_s(way.apart_s, settings))
        moving = recorded if recorded.any() else moving
        if not moving.any():
            continue
        order = np.argsort(speed[moving], kind="stable")
        time_s = np.cumsum(way.apart_s[moving][order])
        return float(speed[moving][order][np.searchsorted(time_s, time_s[-1] / 2)])
    return 0.0


def _steps(
    track: Track, way: _Path | None, usual_mps: float, settings: PrepareSettings
) -> FloatArray:
    """Metres of each second along a way, (n,); NaN where it does not reach or is not believed."""
    found = np.full(track.seconds, np.nan)
    if way is None:
        return found
    knots_s = way.time_s - track.start_time_s
    if knots_s.size == track.seconds and (way.apart_s == 1.0).all():
        found[:-1] = np.where(way.known, way.metres, np.nan)
        return found
    known, weight = way.known, _weights(track, way, usual_mps, settings)
    second = np.arange(track.seconds, dtype=np.float64)
    along = np.concatenate(([0.0], np.cumsum(np.where(known, way.metres, 0.0))))
    if (weight == 1.0).all():
        passed, knots = second, np.minimum(np.maximum(knots_s, 0.0), second[-1])
    else:
        passed = np.concatenate(([0.0], np.cumsum(weight[:-1])))
        knots = arithmetic.interpolate(knots_s, second, passed)
    reached = arithmetic.interpolate(passed, knots, along)
    found[:-1] = np.diff(reached)
    found[~between_known_knots(knots_s, known, track.seconds)] = np.nan
    return found


def _weights(track: Track, way: _Path, usual_mps: float, settings: PrepareSettings) -> FloatArray:
    """How much of an interval's metres each of its seconds gets, relative to the others, (n,).

    A second at rest gets next to nothing: one in a pause, or one in a hole behind those that its
    way takes at the usual speed, where the hole was crossed so slowly that it holds a stop.
    """
    running = ~track.flags["paused"]
    timer_s = np.concatenate(([0.0], np.cumsum(running)))  # at the start of each second
    edges = np.clip(np.ceil(way.time_s - track.start_time_s), 0, track.seconds).astype(np.int64)
    slow_mps = min(settings.stop_share * usual_mps, settings.stop_mps)
    ran_s = np.diff(timer_s[edges])
    slow = (ran_s > settings.gap_s) & way.known & (way.metres < slow_mps * ran_s)
    weight = np.where(running, 1.0, settings.resting_share)
    for index in np.flatnonzero(slow).tolist():
        stopped_s = timer_s[edges[index]] + way.metres[index] / usual_mps
        first = int(np.searchsorted(timer_s, stopped_s))
        weight[first : edges[index + 1]] = settings.resting_share
    return weight


def _stepping_s(track: Track, settings: PrepareSettings) -> FloatArray | None:
    """Seconds of steps up to each second, (n + 1,); None where none were counted."""
    if not track.has("cadence_spm"):
        return None
    stepping = track.column("cadence_spm") > settings.stepping_spm
    return np.concatenate(([0.0], np.cumsum(stepping)))


def _without_loops(
    track: Track, way: _Path, steps_s: FloatArray | None, settings: PrepareSettings
) -> _Path:
    """The way between fixes without the holes whose ends lie close together while steps went on.

    The athlete ran a loop in them, whose length the chord does not tell.
    """
    if steps_s is None or way.apart_s.max() <= settings.gap_s:
        return way
    edges = np.clip(np.rint(way.time_s - track.start_time_s), 0, track.seconds).astype(np.int64)
    mostly = np.diff(steps_s[edges]) > 0.5 * way.apart_s
    slow = way.metres < settings.moving_mps * way.apart_s
    return structs.replace(way, known=way.known & ~((way.apart_s > settings.gap_s) & slow & mostly))


def _positions_stay(
    track: Track,
    position: FloatArray,
    speed: FloatArray,
    stated: Stated,
    settings: PrepareSettings,
) -> bool:
    """Whether positions stay about a place while something else says a long way, or none.

    They are those of a treadmill, whose speed or total is longer, or of who skips a rope: the steps
    would be shorter than anybody's. Who goes to and fro comes farther in a second than they jitter.
    """
    seen = np.isfinite(position)
    if not seen.any():
        return False
    both, way_m = seen & np.isfinite(speed), float(position[seen].sum())
    if both.any():
        run_m, seen_m = float(speed[both].sum()), float(position[both].sum())
    else:
        is_told = stated.is_whole and seen.mean() > settings.treadmill_known
        run_m, seen_m = stated.metres or 0.0 if is_told else 0.0, way_m
    usual_m = arithmetic.median(position[seen])
    jitters = _is_near(track, settings) and jitter_m(track, settings) >= usual_m
    is_long = run_m > settings.treadmill_m
    if is_long and jitters and settings.totals_agree * seen_m < run_m:
        return True
    least_m = settings.shortest_step_m * _steps_of(track, seen, settings)
    least_m *= 1.0 if jitters else settings.treadmill_share
    stays = _is_near(track, settings) and way_m < least_m
    stays |= is_long and seen_m < settings.treadmill_share * run_m
    return stays and usual_m < settings.moving_mps


def _is_near(track: Track, settings: PrepareSettings) -> bool:
    """Whether most positions lie within ``stays_within_m`` of each other, east and north."""
    for name in ("x_m", "y_m"):
        place_m = track.column(name)
        place_m = place_m[np.isfinite(place_m)]
        low_m, high_m = (arithmetic.quantile(place_m, share) for share in settings.stays_quantiles)
        if high_m - low_m > settings.stays_within_m:
            return False
    return True


def _steps_of(track: Track, where: BoolArray, settings: PrepareSettings) -> float:
    """Steps in some seconds, (n,); 0 where they were not counted in most of these."""
    steps_spm = track.columns.get("cadence_spm", np.zeros(track.seconds))[where]
    stepping = steps_spm > settings.stepping_spm
    return float(steps_spm[stepping].sum() / 60.0) if stepping.mean() > 0.5 else 0.0


def _first_known(
    sources: dict[str, FloatArray], seconds: int
) -> tuple[FloatArray, dict[str, float]]:
    """The metres of each second by the first source that knows them, and each source's sum."""
    step, sums = np.full(seconds, np.nan), {}
    for source, values in sources.items():
        fresh = np.isnan(step) & np.isfinite(values)
        fresh[-1:] = False  # nothing follows the last sample
        if fresh.any():
            step[fresh] = values[fresh]
            sums[source] = float(values[fresh].sum())
    return step, sums


def _in_motion(track: Track, settings: PrepareSettings) -> BoolArray:
    """Seconds, (n,), without a pause, and with steps where any were counted."""
    moving, steps_spm = ~track.flags["paused"], track.column("cadence_spm")
    if (steps_spm > settings.stepping_spm).any():
        stepping = carried_on(steps_spm, round(settings.speed_gap_s)) > settings.stepping_spm
        moving &= stepping
    moving[-1:] = False
    return np.asarray(moving, dtype=bool)


def _with_the_rest(
    track: Track,
    step: FloatArray,
    sums: dict[str, float],
    stated_m: float,
    settings: PrepareSettings,
) -> tuple[FloatArray, dict[str, float]]:
    """What the file's total says more, over the seconds in motion of which no source knows.

    Only where it was run at the speed of the others, by ``totals_differ``: the receiver had no fix.
    """
    stepped = (track.column("cadence_spm") > settings.stepping_spm).any()
    unknown = np.isnan(step) & _in_motion(track, settings) & stepped
    known_m, unknown_s = float(np.nansum(step)), int(unknown.sum())
    moving = step[step >= settings.moving_mps]
    rest_m = stated_m - known_m
    usual_m = unknown_s * (arithmetic.median(moving) if moving.size else 0.0)
    factor = settings.totals_differ
    if not usual_m / factor < rest_m < usual_m * factor:
        return step, sums
    return np.where(unknown, rest_m / unknown_s, step), {**sums, TOTAL: rest_m}


def _by_totals(track: Track, recording: Recording, settings: PrepareSettings) -> FloatArray:
    """The totals of the laps, or of the session, spread over their seconds in motion, (n,)."""
    moving = _in_motion(track, settings)
    laps = [lap for lap in recording.laps if lap.distance_m is not None]
    spans = [
        (lap.start_time_s - track.start_time_s, lap.end_time_s - track.start_time_s, lap.distance_m)
        for lap in laps
    ]
    whole = recording.distance_m or 0.0
    step = _spread_over_motion(moving, spans)
    if abs(float(step.sum()) - whole) <= settings.totals_share * whole:
        return step
    # laps without a total, or of another clock
    return _spread_over_motion(moving, [(0.0, float(track.seconds), whole)])


def _spread_over_motion(
    moving: BoolArray, spans: Sequence[tuple[float, float, float | None]]
) -> FloatArray:
    """Metres of each span, evenly over its seconds in motion; 0 elsewhere."""
    step = np.zeros(moving.size)
    second = np.arange(moving.size)
    for start_s, end_s, metres in spans:
        inside = moving & (second >= start_s - 0.5) & (second < end_s - 0.5)
        if inside.any():
            step[inside] += (metres or 0.0) / int(inside.sum())
    return step


def _agrees_with_total(
    odometer: _Path | None, stated_m: float | None, settings: PrepareSettings
) -> bool:
    """Whether the odometer comes to what the file states."""
    if odometer is None or not stated_m:
        return False
    own_m = float(odometer.metres[odometer.known].sum())
    return abs(own_m - stated_m) <= settings.totals_share * stated_m
