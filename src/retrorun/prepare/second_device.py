"""The heading of a second device, such as a phone, joined to the recording of the same session.

A pure function of two recordings. The second device's clock is set by the movement that both saw:
the shift at which their velocities (speed and course together) agree best. It is refused, with the
reason, where they do not agree, or where any shift would fit as well.

Two copies of one recording may have clocks that differ by hours, as where local time was written as
UTC. They are known by lying at one place at each second, closer than two receivers ever do.
"""

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic
from retrorun.model import HeadingSeries, Note, Recording, SecondDevice, Track
from retrorun.model.recording import POSITION
from retrorun.prepare import extent_m, recorded_places, with_clock
from retrorun.prepare.clean import cleaned
from retrorun.settings import PrepareSettings
from retrorun.units import EARTH_RADIUS_M, FloatArray, wrap_deg


class Joined(msgspec.Struct, frozen=True, eq=False):
    """The kept recording with the second one's headings; or, with a reason, without them.

    ``skew_s`` is how far the second device's clock runs ahead of the kept one's.
    """

    recording: Recording
    skew_s: float | None
    reason: str


def join_second_devices(
    recording: Recording,
    devices: list[tuple[SecondDevice, Recording]],
    settings: PrepareSettings,
) -> tuple[Recording, tuple[SecondDevice, ...]]:
    """The recording with the headings of those that fit, and what was found of each.

    ``skew_s`` of a device is by how much its clock is known to run ahead (``copy_ahead_s``).
    """
    found: list[SecondDevice] = []
    for about, second in devices:
        result = join_second_device(recording, second, settings, about.skew_s or 0.0)
        recording = result.recording
        found.append(replace(about, skew_s=result.skew_s, reason=result.reason))
    return recording, tuple(found)


def join_second_device(
    kept: Recording, second: Recording, settings: PrepareSettings, ahead_s: float = 0.0
) -> Joined:
    """Add the headings of a second recording, on the clock of the kept one, to the kept one.

    Args:
        kept: the recording that is kept.
        second: another recording of the same time; without a heading it has nothing to give, but
            is known as the same session.
        settings: this stage's.
        ahead_s: by how much the second clock is known to run ahead; what is left is looked for.
    """
    second = with_clock(second, -ahead_s)
    ours, theirs = (_grid(each, settings) for each in (kept, second))
    if ours is None or theirs is None:
        return Joined(kept, None, "both need positions to set their clocks by")
    found = _clock_skew(ours, theirs, settings)
    if isinstance(found, str):
        return Joined(kept, None, found)
    device = second.device or "a second device"
    ours_by = kept.device or "the first device"
    clocks = f"whose clock runs {found + ahead_s:+.1f} s against that of {ours_by}"
    words = (
        f"heading from {device}, {clocks}; everything else from {ours_by}"
        if second.headings
        else f"the same run was recorded by {device}, {clocks}; everything is from {ours_by}"
    )
    headings = kept.headings
    for one in second.headings:
        headings = _with_heading(headings, _on_first_clock(one, found, device))
    notes = [Note("second-device", words)]
    if _outside_s(ours, theirs, found) >= settings.skew_overlap_s:
        more = f"{device} also recorded minutes that {ours_by} did not; no number holds them"
        notes.append(Note("second-device-longer", more))
    both = replace(kept, headings=headings, notes=(*kept.notes, *notes))
    return Joined(both, found + ahead_s, words)


class _Grid(msgspec.Struct, frozen=True, eq=False):
    """Positions (n, 2) in degrees at whole seconds from ``start_s``, straight across gaps.

    Longitudes never jump by 360°.
    """

    start_s: int
    places_deg: FloatArray


def _grid(one: Recording, settings: PrepareSettings) -> _Grid | None:
    """The positions at whole seconds; None where there are none."""
    clean = cleaned(replace(one, headings=()), settings)
    if any(name not in clean.columns for name in POSITION):
        return None
    places = np.stack([clean.columns[name] for name in POSITION], axis=1)
    held = np.isfinite(places).all(axis=1)
    time_s, places = clean.time_s[held], places[held]
    if len(time_s) < 2:
        return None
    seconds = np.arange(np.ceil(time_s[0]), np.floor(time_s[-1]) + 1)
    if not seconds.size:
        return None
    columns = [arithmetic.interpolate(seconds, time_s, places[:, axis]) for axis in (0, 1)]
    return _Grid(int(seconds[0]), np.stack(columns, axis=1))


def copy_ahead_s(kept: Recording, second: Recording, settings: PrepareSettings) -> float:
    """By how many whole quarters of an hour the clock of a copy runs ahead; 0 if it is no copy.

    Args:
        kept: the recording that is kept.
        second: another one, which may be a copy of it with another clock.
        settings: this stage's.
    """
    starts = [each.time_s[np.isfinite(each.time_s)] for each in (kept, second)]
    later_s = float(starts[1].min() - starts[0].min()) if all(map(np.size, starts)) else 0.0
    ahead_s = settings.clock_ahead_s(later_s)
    if not ahead_s:
        return 0.0
    ours, theirs = _grid(kept, settings), _grid(with_clock(second, -ahead_s), settings)
    return ahead_s if ours and theirs and _are_copies(ours, theirs, settings) else 0.0


def are_copies(first: Track, second: Track, settings: PrepareSettings) -> bool:
    """Whether two tracks are of one recording, but for whole quarters of an hour of their clocks.

    Args:
        first: a track at 1 Hz.
        second: another one, of another export; other seconds of it may be hidden.
        settings: this stage's.
    """
    ahead_s = settings.clock_ahead_s(second.start_time_s - first.start_time_s)
    both = first, replace(second, start_time_s=second.start_time_s - ahead_s)
    ours, theirs = (_Grid(round(start_s), places) for start_s, places in map(recorded_places, both))
    return bool(ahead_s) and _are_copies(ours, theirs, settings)


def _are_copies(ours: _Grid, theirs: _Grid, settings: PrepareSettings) -> bool:
    """Whether both were at one place at nearly all of their seconds, and moved.

    Two receivers are metres apart, and nobody runs a way twice with one place at each second: on a
    track at an even pace an athlete comes within 5 m of that for minutes, but not within 2 m.
    """
    longest = max(np.isfinite(each.places_deg).all(axis=1).sum() for each in (ours, theirs))
    least_s = max(settings.skew_overlap_s, settings.copy_share * longest)
    steps = round(settings.copy_skew_s / settings.copy_skew_step_s)
    for skew_s in (settings.copy_skew_step_s * np.arange(-steps, steps + 1)).tolist():
        moved = _later(theirs, skew_s)
        apart_m = _distances_m(ours, moved, ours.start_s - moved.start_s)
        known_m = apart_m[np.isfinite(apart_m)]
        close = float((known_m <= settings.copy_apart_m).sum())
        if known_m.size >= least_s and close >= settings.copy_share * known_m.size:
            return extent_m(ours.places_deg) >= settings.skew_apart_m
    return False


def _later(grid: _Grid, by_s: float) -> _Grid:
    """The grid of a clock that is later by some seconds, also by a part of one."""
    whole_s = int(np.ceil(by_s))
    share = whole_s - by_s
    places = grid.places_deg
    if share:
        places = (1.0 - share) * places[:-1] + share * places[1:]
    return _Grid(grid.start_s + whole_s, places)


def _outside_s(kept: _Grid, second: _Grid, skew_s: float) -> float:
    """How long the second device recorded before and after the kept one."""
    before_s = kept.start_s - (second.start_s - skew_s)
    after_s = len(second.places_deg) - len(kept.places_deg) - before_s
    return max(before_s, 0.0) + max(after_s, 0.0)


def _velocity_mps(grid: _Grid, chord_s: int) -> FloatArray:
    """(n, 2) north and east, over chords; NaN at the ends."""
    places = grid.places_deg
    velocity = np.full(places.shape, np.nan)
    if len(places) <= chord_s:
        return velocity
    half = chord_s // 2
    turned = np.radians(places[chord_s:] - places[:-chord_s])
    turned[:, 1] *= arithmetic.cos(np.radians(places[half:-half, 0]))
    velocity[half:-half] = turned * (EARTH_RADIUS_M / chord_s)
    return velocity


def _clock_skew(kept: _Grid, second: _Grid, settings: PrepareSettings) -> float | str:
    """Seconds that the second device's clock runs ahead, or why that is not known."""
    ours, theirs = (_velocity_mps(each, settings.skew_chord_s) for each in (kept, second))
    most_s, least_s = settings.skew_most_s, settings.skew_overlap_s
    shifts = np.arange(-most_s, most_s + 1)
    offset = kept.start_s - second.start_s
    costs = np.array(
        [_disagreement(ours, theirs, offset + int(shift), least_s) for shift in shifts]
    )
    if not np.isfinite(costs).any():
        return f"the two overlap for less than {least_s} s"
    best = int(np.nanargmin(costs))
    usual = float(np.nanmedian(costs))
    if not costs[best] < settings.skew_disagreement * usual:  # both are 0 where neither moved
        return "their movements do not agree at any shift of the clocks, or at many alike"
    if _apart_m(kept, second, offset + int(shifts[best])) > settings.skew_apart_m:
        return f"they move alike, but more than {settings.skew_apart_m:g} m apart"
    return float(shifts[best] + _lowest_point(costs, best))


def _disagreement(ours: FloatArray, theirs: FloatArray, offset: int, least_s: int) -> float:
    """Mean squared difference where ``ours[i]`` meets ``theirs[i + offset]``."""
    first, last = max(0, -offset), min(len(ours), len(theirs) - offset)
    if last - first < least_s:
        return float("nan")
    apart = ours[first:last] - theirs[first + offset : last + offset]
    squares = (np.square(apart)).sum(axis=1)
    held = np.isfinite(squares)
    return float(squares[held].mean()) if held.sum() >= least_s / 2 else float("nan")


def _apart_m(kept: _Grid, second: _Grid, offset: int) -> float:
    """Median distance where second ``i`` of the one meets ``i + offset`` of the other."""
    return float(arithmetic.median(_distances_m(kept, second, offset)))


def _distances_m(kept: _Grid, second: _Grid, offset: int) -> FloatArray:
    """Distances where second ``i`` of the one meets ``i + offset`` of the other."""
    first = max(0, -offset)
    last = max(first, min(len(kept.places_deg), len(second.places_deg) - offset))
    ours, theirs = kept.places_deg[first:last], second.places_deg[first + offset : last + offset]
    apart = np.radians(wrap_deg(ours - theirs))
    apart[:, 1] *= arithmetic.cos(np.radians(ours[:, 0]))
    return arithmetic.hypot(apart[:, 0], apart[:, 1]) * EARTH_RADIUS_M


def _lowest_point(costs: FloatArray, best: int) -> float:
    """Where the parabola through the best shift and its neighbours is lowest, within ±0.5 s."""
    if not 0 < best < len(costs) - 1:
        return 0.0
    left, middle, right = costs[best - 1 : best + 2]
    bend = left - 2 * middle + right
    if not np.isfinite(bend) or bend <= 0:
        return 0.0
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))


def _on_first_clock(one: HeadingSeries, skew_s: float, device: str) -> HeadingSeries:
    return replace(one, source=f"{one.source} ({device})", time_s=one.time_s - skew_s)


def _with_heading(
    known: tuple[HeadingSeries, ...], added: HeadingSeries
) -> tuple[HeadingSeries, ...]:
    """The headings with one more; it continues one of the same device at another time."""
    for place, one in enumerate(known):
        if (one.source, one.claim, one.north) != (added.source, added.claim, added.north):
            continue
        for first, second in ((one, added), (added, one)):
            if _span_s(first)[1] < _span_s(second)[0]:
                return (*known[:place], _continued(first, second), *known[place + 1 :])
    return (*known, added)


def _span_s(one: HeadingSeries) -> tuple[float, float]:
    """When a series begins and ends; NaN where it holds no time."""
    held = one.time_s[np.isfinite(one.time_s)]
    return (float(held.min()), float(held.max())) if held.size else (np.nan, np.nan)


def _continued(first: HeadingSeries, second: HeadingSeries) -> HeadingSeries:
    """Two logs of one device as one series; whoever began the second may have moved the device."""
    worn, worn_later = (
        np.zeros(each.time_s.size, dtype=np.int64) if each.mount is None else each.mount
        for each in (first, second)
    )
    return replace(
        first,
        time_s=np.concatenate([first.time_s, second.time_s]),
        heading_deg=np.concatenate([first.heading_deg, second.heading_deg]),
        mount=np.concatenate([worn, worn_later - worn_later.min() + worn.max() + 1]),
    )
