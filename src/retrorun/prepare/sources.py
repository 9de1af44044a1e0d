"""Which odometer and which speed to believe: each source is judged against the others.

A distance of a session can come from the device's odometer, from the positions, from the device's
speed and from the totals that the file states. Where one of them contradicts the others, it is
repaired if the fault is of a known kind (a unit, increments instead of a running total, a count
backward), and left out if it is not.
"""

import itertools
from collections.abc import Mapping

import msgspec
import numpy as np

from retrorun import arithmetic
from retrorun.arithmetic import ways_m
from retrorun.model import Lap, Note, Recording
from retrorun.model.recording import POSITION
from retrorun.settings import PrepareSettings
from retrorun.units import (
    METRE_PER_FOOT,
    METRE_PER_MILE,
    METRE_PER_YARD,
    MPS_PER_KMH,
    MPS_PER_MPH,
    FloatArray,
)

_METRES_PER = {
    "kilometres": 1000.0,
    "miles": METRE_PER_MILE,
    "feet": METRE_PER_FOOT,
    "hectometres": 100.0,
    "decimetres": 100 / 1000,
    "centimetres": 1 / 100,
    "millimetres": 1 / 1000,
    "km/h instead of m/s": MPS_PER_KMH,
}
# units that are assumed where only the speed itself is impossible in m/s
_KNOWN_ALONE = ("km/h", "mm/s")
_STATED = "the file's total"


class Sources(msgspec.Struct, frozen=True, eq=False):
    """Odometer and speed, as far as they are to be believed.

    Attributes:
        distance_m: (m,) running total of the device in metres, NaN where missing; None where no
            odometer is to be believed.
        speed_mps: (m,) the device's speed in m/s; None where none is to be believed.
        notes: what was repaired or left out, and why.
    """

    distance_m: FloatArray | None
    speed_mps: FloatArray | None
    notes: tuple[Note, ...]


class _Total(msgspec.Struct, frozen=True):
    """Metres by one source over the whole session.

    ``is_alone_enough``: it outweighs an odometer that differs much, without a second witness.
    ``is_partial``: it does not know all of it.
    """

    source: str
    metres: float
    is_alone_enough: bool = False
    is_partial: bool = False


class Stated(msgspec.Struct, frozen=True):
    """What the file itself says of a whole session.

    Attributes:
        metres: its total, None where it states none.
        is_whole: it covers all samples: it comes from every lap or from the session, and its timer
            ran no longer than the samples go on.
    """

    metres: float | None
    is_whole: bool


def stated_of(recording: Recording, span_s: float, settings: PrepareSettings) -> Stated:
    """The total of a recording's file, and whether it is that of all its samples.

    Args:
        recording: as read.
        span_s: from its first sample to its last.
        settings: this stage's.
    """
    is_session = any(each.source == "session" and each.distance_m for each in recording.totals)
    by_laps = all(lap.distance_m or _stands_in(lap, recording, settings) for lap in recording.laps)
    timers = [each.timer_s for each in recording.totals if each.timer_s]
    most_s = span_s * (1 + settings.calibrated_share) + settings.gap_s
    is_whole = (is_session or by_laps) and bool(timers) and max(timers) <= most_s
    return Stated(recording.distance_m, is_whole)


def _stands_in(lap: Lap, recording: Recording, settings: PrepareSettings) -> bool:
    """Whether a lap of 0 m was standing: where steps or speed go on, it just lacks its metres."""
    inside = (recording.time_s > lap.start_time_s) & (recording.time_s < lap.end_time_s)
    least = {"cadence_spm": settings.stepping_spm, "speed_mps": settings.moving_mps}
    told = [(recording.columns[n][inside] > least[n]) for n in least if n in recording.columns]
    goes_on = any(2 * each.sum() > each.size for each in told)
    return lap.distance_m == 0.0 and bool(told) and not goes_on


def judge_sources(
    time_s: FloatArray, columns: Mapping[str, FloatArray], given: Stated, settings: PrepareSettings
) -> Sources:
    """Judge odometer and speed against each other, the positions and the file's own total.

    Args:
        time_s: (m,) rising Unix seconds.
        columns: channel → (m,); positions are cleaned already, distance and speed are as read.
        given: the total that the file states, if it does.
        settings: this stage's.
    """
    stated_m = given.metres
    positions = _position_total(time_s, columns, settings)
    stated = _Total(_STATED, stated_m) if stated_m and stated_m > settings.source_least_m else None
    outside = [one for one in (positions, stated) if one is not None]
    own = _speed_total(time_s, columns.get("speed_mps"), settings)
    steps = _steps_taken(time_s, columns.get("cadence_spm"), settings)
    speed, speed_notes = _judge_speed(own, columns, outside, settings, steps)
    by_speed = own if speed is columns.get("speed_mps") else _speed_total(time_s, speed, settings)
    others = [one for one in (positions, by_speed, stated) if one is not None]
    distance, notes = _judge_odometer(time_s, columns.get("distance_m"), others, settings, steps)
    alone = positions is None and given.is_whole
    if distance is not None and stated is not None and alone:
        distance, more = _calibrated(time_s, distance, stated, by_speed, settings)
        notes += more
    if distance is None and alone and stated and by_speed:
        speed, more = _calibrated_speed(speed, by_speed, stated, settings)
        notes += more
    return Sources(distance, speed, speed_notes + notes)


def _steps_taken(
    time_s: FloatArray, cadence: FloatArray | None, settings: PrepareSettings
) -> float:
    """Steps of the whole session; 0 where few of its samples tell of steps."""
    if cadence is None or not (cadence > settings.stepping_spm).mean() > 0.5:
        return 0.0
    known = np.flatnonzero(np.isfinite(cadence))
    apart_s = np.minimum(np.diff(time_s[known]), settings.source_hole_s)
    return float((cadence[known][1:] * apart_s).sum() / 60.0)


def _judge_speed(
    own: _Total | None,
    columns: Mapping[str, FloatArray],
    outside: list[_Total],
    settings: PrepareSettings,
    steps: float,
) -> tuple[FloatArray | None, tuple[Note, ...]]:
    """The speed in m/s; None where it contradicts what else is known."""
    speed = columns.get("speed_mps")
    if speed is None or own is None:
        return _without_standing(speed, outside, settings, steps)
    odometer = _odometer_total(columns.get("distance_m"))
    known = [one for one in (*outside, odometer) if one and one.metres > settings.source_least_m]
    moving = speed[speed > settings.moving_mps]
    usual = arithmetic.median(moving) if moving.size else 0.0
    units = (
        ("km/h", MPS_PER_KMH, settings.unit_least_kmh),
        ("mph", MPS_PER_MPH, settings.unit_least_mph),
        ("cm/s", 1 / 100, settings.unit_least_cms),
        ("mm/s", 1 / 1000, settings.unit_least_mms),
    )
    for unit, factor, least in units:
        agree = [
            one
            for one in known
            if _agree_within(own.metres * factor, one.metres, settings.unit_factor)
        ]
        if usual > least and len(agree) * 2 > len(known):
            words = (
                f"speed was recorded in {unit} (according to {agree[0].source}); converted to m/s"
            )
            return speed * factor, (Note("speed-unit", words),)
    # Where nothing else is known; a speed in hundreds may be in cm/s, or a pace in s/km.
    alone = [(unit, factor) for unit, factor, _ in units if unit in _KNOWN_ALONE]
    if steps and own.metres * MPS_PER_KMH < settings.running_step_m * steps:
        alone.insert(0, ("mph", MPS_PER_MPH))  # in km/h its steps would be short ones
    too_far = own.metres > settings.longest_step_m * steps > settings.longest_step_m
    for unit, factor in alone if not known and (too_far or usual > settings.sustained_mps) else ():
        if settings.moving_mps <= usual * factor <= settings.sustained_mps:
            words = f"speed is {usual:.1f} throughout, which nobody runs in m/s; taken for {unit}"
            return speed * factor, (Note("speed-unit", words),)
    return speed, ()


def _without_standing(
    speed: FloatArray | None, outside: list[_Total], settings: PrepareSettings, steps: float
) -> tuple[FloatArray | None, tuple[Note, ...]]:
    """No speed where it stands at 0 throughout while the athlete steps or the total says a way."""
    is_under_way = steps or any(one.source == _STATED for one in outside)
    known = np.zeros(0) if speed is None else speed[np.isfinite(speed)]
    if not known.size or not is_under_way or (known >= settings.stands_mps).any():
        return speed, ()
    words = "the speed stands at 0 while the athlete was under way; it was not used"
    return None, (Note("speed-stands", words),)


def _judge_odometer(
    time_s: FloatArray,
    distance: FloatArray | None,
    others: list[_Total],
    settings: PrepareSettings,
    steps: float,
) -> tuple[FloatArray | None, tuple[Note, ...]]:
    """The odometer as a running total in metres; None where it is not to be believed."""
    if distance is None or np.isfinite(distance).sum() < 2:
        return None, ()
    known = np.flatnonzero(np.isfinite(distance))
    repaired, notes = _as_running_total(time_s[known], distance[known], others, settings, steps)
    if repaired is None:
        return None, notes
    factor, more = _unit_of_odometer(time_s[known], repaired, others, settings, steps)
    if factor is None:
        return None, notes + more
    found = np.full(distance.size, np.nan)
    found[known] = repaired * factor
    return found, notes + more


def _unit_of_odometer(
    time_s: FloatArray,
    reading_m: FloatArray,
    others: list[_Total],
    settings: PrepareSettings,
    steps: float,
) -> tuple[float | None, tuple[Note, ...]]:
    """Metres of an odometer's unit; None where it is not to be believed. With what was odd."""
    own_m = _without_leaps_m(time_s, reading_m, settings)
    reference = _reference(others, settings)
    if reference is None:
        return _unit_alone(own_m, float(np.ptp(time_s)), settings, steps)
    agree = [
        one for one in others if _agree_within(one.metres, reference.metres, settings.totals_agree)
    ]
    is_far = not _agree_within(own_m, reference.metres, settings.totals_differ)
    unit, metres = _unit_by_others(own_m, reference, others, settings, is_far=is_far)
    if unit:
        words = f"the odometer counted {unit} (according to {reference.source}); converted"
        return metres, (Note("odometer-unit", words),)
    goes_on = is_far and reference.is_alone_enough and not _stands(time_s, reading_m, settings)
    is_beyond = own_m > settings.longest_step_m * steps > settings.longest_step_m
    is_wrong = len(agree) > 1 or goes_on or is_beyond or own_m < settings.source_least_m
    if is_wrong if is_far else _is_outvoted(own_m, others, settings):
        words = f"the odometer says {own_m:,.0f} m, {_list_totals(agree)}; it was not used"
        return None, (Note("odometer-differs", words),)
    return 1.0, ()


def _without_leaps_m(time_s: FloatArray, reading_m: FloatArray, settings: PrepareSettings) -> float:
    """What an odometer counted, but for a few leaps that nobody runs since it last changed."""
    rises = np.flatnonzero(np.diff(reading_m) > 0) + 1
    metres = reading_m[rises] - reading_m[rises - 1]
    leaps = metres > settings.speed_limit_mps * np.diff(time_s[rises], prepend=time_s[0])
    few = leaps.sum() <= settings.leaps_few
    return float(metres[~leaps].sum() if few else metres.sum())


def _unit_by_others(
    own_m: float,
    reference: _Total,
    others: list[_Total],
    settings: PrepareSettings,
    *,
    is_far: bool,
) -> tuple[str, float]:
    """The unit in which an odometer says what the others say; none, and 1, if it counts metres.

    Yards are so near to metres that all the others have to say so closely.
    """
    if not is_far:
        yards_m, closely = own_m * METRE_PER_YARD, settings.yards_agree
        fit = (_agree_within(yards_m, one.metres, closely) and not one.is_partial for one in others)
        return ("yards", METRE_PER_YARD) if all(fit) else ("", 1.0)
    for unit, metres in _METRES_PER.items():
        if _agree_within(own_m * metres, reference.metres, settings.unit_factor):
            return unit, metres
    return "", 1.0


def _stands(time_s: FloatArray, reading_m: FloatArray, settings: PrepareSettings) -> bool:
    """Whether an odometer stands for much of its time: there others are believed, and else it."""
    changed = np.flatnonzero(np.diff(reading_m) != 0) + 1
    stood_s = np.diff(time_s[changed], prepend=time_s[0], append=time_s[-1])
    long_s = float(stood_s[stood_s > settings.stands_s].sum())
    return long_s > settings.calibrated_share * float(np.ptp(time_s))


def _is_outvoted(own_m: float, others: list[_Total], settings: PrepareSettings) -> bool:
    """Whether two other sources agree closely, and none with the odometer: it counts yards, say."""
    closely, off = settings.votes_agree, settings.votes_differ
    if any(_agree_within(own_m, one.metres, off) for one in others):
        return False
    return any(
        _agree_within(one.metres, each.metres, closely)
        for one, each in itertools.combinations(others, 2)
    )


def _unit_alone(
    own_m: float, span_s: float, settings: PrepareSettings, steps: float
) -> tuple[float | None, tuple[Note, ...]]:
    """Metres of an odometer's unit where only steps judge it; None where it says next to nothing.

    It may count kilometres, or the athlete skips a rope on the spot: steps cannot tell which.
    """
    if not steps or own_m >= settings.slow_kilometres_mps * span_s:
        return 1.0, ()
    words = f"the odometer says {own_m:g} m in {span_s:,.0f} s of steps; it was not used"
    return None, (Note("odometer-impossible", words),)


def _calibrated_speed(
    speed: FloatArray | None, own: _Total, stated: _Total, settings: PrepareSettings
) -> tuple[FloatArray | None, tuple[Note, ...]]:
    """A speed that alone tells of the way, brought to the total; none if it is no speed at all."""
    if speed is None or not differs(own.metres, stated.metres, settings):
        return speed, ()
    totals = f"{own.metres:,.0f} m, the file's total {stated.metres:,.0f} m"
    if not _agree_within(own.metres, stated.metres, settings.totals_differ):
        return None, (Note("speed-differs", f"the speed makes {totals}; it was not used"),)
    note = Note("speed-calibrated", f"the speed makes {totals}; it was brought to that")
    return speed * (stated.metres / own.metres), (note,)


def _calibrated(
    time_s: FloatArray,
    distance: FloatArray,
    stated: _Total,
    speed: _Total | None,
    settings: PrepareSettings,
) -> tuple[FloatArray | None, tuple[Note, ...]]:
    """An odometer that alone tells of the way, brought to the total of its whole session.

    A treadmill's distance is corrected when the run is saved: the total is right and the samples
    are not. An odometer that stood at an end knows nothing of the way there: then the total alone
    is used.
    """
    known = np.flatnonzero(np.isfinite(distance))
    reading_m = distance[known]
    change_m = np.diff(reading_m)
    counted = (change_m > 0) & (change_m <= settings.speed_limit_mps * np.diff(time_s[known]))
    own_m = float(change_m[counted].sum())
    if not own_m or not differs(own_m, stated.metres, settings):
        return distance, ()
    if abs(reading_m.max() - stated.metres) <= settings.digit_m:
        return distance, ()  # it counts from 0, and only its first readings are missing
    totals = f"{own_m:,.0f} m, the file's total {stated.metres:,.0f} m"
    if speed and not _agree_within(own_m, stated.metres, settings.totals_differ):
        return distance, ()  # its own speed bears it out
    silent_s, more_m = float(time_s[-1] - time_s[known[-1]]), stated.metres - reading_m.max()
    if settings.moving_mps * silent_s < more_m < settings.sustained_mps * silent_s:
        return np.append(distance[:-1], stated.metres), ()  # it was silent at the end
    rises = np.flatnonzero(counted)
    counted_s = float(time_s[known[rises[-1] + 1]] - time_s[known[rises[0]]])
    if counted_s < (1 - settings.calibrated_share) * float(np.ptp(time_s)):
        return None, (Note("odometer-differs", f"the odometer says {totals}; it was not used"),)
    note = Note("odometer-calibrated", f"the odometer says {totals}; it was brought to that")
    return distance * (stated.metres / own_m), (note,)


def _as_running_total(
    time_s: FloatArray,
    distance: FloatArray,
    others: list[_Total],
    settings: PrepareSettings,
    steps: float,
) -> tuple[FloatArray | None, tuple[Note, ...]]:
    """Undo increments and counting backward; name resets."""
    change = np.diff(distance)
    changed, back = int((change != 0).sum()), int((change < 0).sum())
    span_s = float(time_s[-1] - time_s[0])
    added_m = float(distance[1:].sum())
    # A running total would have outgrown its parts; but one in kilometres only ever rises.
    small = added_m > settings.increments_factor * float(np.ptp(distance))
    even = arithmetic.median(distance) > settings.increments_even * float(distance.max())
    small &= back > 0 or (even and changed <= settings.rises_few)
    if (small or back > settings.wanders_share * changed) and _plausible(
        added_m, span_s, others, settings, steps
    ):
        words = f"the odometer gives the metres of each step; their sum, {added_m:,.0f} m, was used"
        return np.cumsum(distance) - distance[0], (Note("odometer-increments", words),)
    if not changed or float(np.ptp(distance)) < settings.digit_m:
        words = f"the odometer stands at {distance[0]:g} m; {_list_totals(others)}, which was used"
        if not any(one.metres > settings.source_least_m for one in others):
            words = f"the odometer stands at {distance[0]:g} m while steps go on; it was not used"
            if not steps:
                return distance, ()
        return None, (Note("odometer-stands", words),)
    return _without_reversal(distance, change, settings)


def _without_reversal(
    distance: FloatArray, change: FloatArray, settings: PrepareSettings
) -> tuple[FloatArray | None, tuple[Note, ...]]:
    """An odometer that counts backward is turned round; one that wanders is left out."""
    changed, back = int((change != 0).sum()), int((change < 0).sum())
    if back > settings.reversed_share * changed:
        note = Note("odometer-backward", "the odometer counts backward; it was turned round")
        return distance.max() - distance, (note,)
    if back > settings.wanders_share * changed:
        words = f"the odometer falls {back} times of {changed}; it was not used"
        return None, (Note("odometer-wanders", words),)
    resets = int((change < -settings.digit_m).sum())
    if resets:
        words = f"the odometer fell back {resets} times; what it counted before and after was added"
        return distance, (Note("odometer-reset", words),)
    return distance, ()


def _plausible(
    metres: float, span_s: float, others: list[_Total], settings: PrepareSettings, steps: float
) -> bool:
    """Whether a way agrees with another source, or, where there is none, can be run."""
    if others:
        return any(_agree_within(metres, one.metres, settings.totals_agree) for one in others)
    least_m, most_m = settings.moving_mps * span_s, settings.sustained_mps * span_s
    return steps > 0 and span_s > 0 and least_m <= metres <= most_m


def _reference(others: list[_Total], settings: PrepareSettings) -> _Total | None:
    """The total that most of the others agree with; the first of them where they all differ."""
    support = [
        sum(_agree_within(one.metres, each.metres, settings.totals_agree) for each in others)
        for one in others
    ]
    return others[int(np.argmax(support))] if others else None


def _position_total(
    time_s: FloatArray, columns: Mapping[str, FloatArray], settings: PrepareSettings
) -> _Total | None:
    """The way along chords of ten seconds or more."""
    if not all(name in columns for name in POSITION):
        return None
    latitude, longitude = (columns[name] for name in POSITION)
    fixed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    known_s = float(np.ptp(time_s[fixed])) if fixed.size else 0.0
    if known_s < settings.source_least_s:
        return None
    slot = np.floor((time_s[fixed] - time_s[fixed[0]]) / settings.source_chord_s)
    first = np.flatnonzero(np.diff(slot, prepend=-1.0) > 0)
    taken = fixed[first if first[-1] == fixed.size - 1 else np.append(first, fixed.size - 1)]
    ways = ways_m(latitude[taken], longitude[taken])
    metres = float(ways.sum())
    if metres <= settings.source_least_m:
        return None
    # Positions of a treadmill wander, but nobody's wander at the speed of a walk.
    usual_mps = arithmetic.median(ways / np.diff(time_s[taken])) if taken.size > 1 else 0.0
    travels, share = usual_mps >= settings.wander_mps, known_s / float(np.ptp(time_s))
    is_enough, is_partial = share > settings.treadmill_known, share * settings.yards_agree < 1.0
    return _Total("the positions", metres, travels and is_enough, is_partial)


def _speed_total(
    time_s: FloatArray, speed: FloatArray | None, settings: PrepareSettings
) -> _Total | None:
    """Speed times time, without the holes of the recording."""
    if speed is None or np.isfinite(speed).sum() < 2:
        return None
    known = np.flatnonzero(np.isfinite(speed))
    apart_s, speeds = np.diff(time_s[known]), speed[known]
    usual_s = settings.source_hole_factor * arithmetic.median(apart_s)
    recorded = apart_s <= max(settings.source_hole_s, usual_s)  # longer ones may be pauses
    if apart_s[recorded].sum() < settings.source_least_s:
        return None
    metres = float((apart_s * (speeds[1:] + speeds[:-1]) / 2)[recorded].sum())
    return _Total("the speed", metres) if metres > settings.source_least_m else None


def _odometer_total(distance: FloatArray | None) -> _Total | None:
    if distance is None:
        return None
    known = distance[np.isfinite(distance)]
    metres = float(np.maximum(np.diff(known), 0.0).sum()) if known.size > 1 else 0.0
    return _Total("the odometer", metres)


def _agree_within(one: float, other: float, factor: float) -> bool:
    """Whether two amounts above 0 lie within a factor of each other."""
    return one > 0 and other > 0 and 1 / factor <= one / other <= factor


def _list_totals(totals: list[_Total]) -> str:
    return ", ".join(f"{one.source} {one.metres:,.0f} m" for one in totals)


def differs(own_m: float, stated_m: float, settings: PrepareSettings) -> bool:
    """Whether two totals differ by more than rounding and measurement explain."""
    least_m = max(settings.totals_share * stated_m, settings.totals_least_m)
    return abs(own_m - stated_m) > least_m
