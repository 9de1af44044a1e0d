"""Which heading is to be believed, what iron did to it, and what it says second by second."""

from functools import partial

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.arithmetic import product
from retrorun.detect.modes import Modes
from retrorun.detect.series import (
    each_run,
    held_share,
    mean_around,
    replayed,
    runs,
    stale,
    stands,
    without_drift,
)
from retrorun.detect.turns import SideRuns
from retrorun.model import HeadingKind, HeadingTrack, HeadingVerdict, Track
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray, compass_deg, difference_deg, wrap_deg

# Kinds of heading, the least useful first.
RANK: tuple[HeadingKind, ...] = ("none", "course", "unknown", "compass")
# Their angle grows clockwise, whatever made it; of others that is to be found out.
CLOCKWISE = (
    "osmand:",
    "osmtracker:",
    "fit:magnetometer",
    "sensorlogger:compass",
    "sensorlogger:magnetometer",
    "sensorlogger:quaternion",
    "sensorlogger:gyroscope",
)
# Their zero lies anywhere, and starts from elsewhere after a hole.
RELATIVE = ("quaternion", "yaw", "gyro")
DRIFTING = ("gyro",)  # by more than a mount does
# made of what also shows when the phone was handled
SHOWS_HANDLING = ("quaternion", "magnetometer", "gyro")
RAW_LOGS = ("sensorlogger:", "phyphox:")
UNSIGNED = ("-unsigned",)  # ends the name of one that may be mirrored


class Facing(msgspec.Struct, frozen=True, eq=False):
    """A heading against the course, (n,) each.

    Attributes:
        verdict: what it is; evidence comes only from a ``compass``.
        heading_deg: smoothed over several seconds, NaN where there is none.
        delta_deg: smoothed heading minus course in the middle of each second, [0, 1), [1, 2) …,
            within [-180, 180); NaN where there is none.
        weight: how far each delta counts, 0 to 1: slow seconds have no firm course.
        usable: seconds that count in full.
        held: whether new values come so seldom that the heading lags behind every turn.
        mount: counts from 0 how the device was worn; 0 throughout where nothing tells.
    """

    verdict: HeadingVerdict
    heading_deg: FloatArray
    delta_deg: FloatArray
    weight: FloatArray
    usable: BoolArray
    mount: IntArray
    held: bool = False


def facing(track: Track, modes: Modes, settings: DetectSettings) -> Facing:
    """Judge every heading of the track and return the best: a compass before all others."""
    if not track.headings:
        verdict = HeadingVerdict(None, "none", None, None, "the recording holds no heading")
        nothing = np.full(track.seconds, np.nan)
        weight = np.zeros(track.seconds)
        return Facing(verdict, nothing, nothing, weight, weight > 0, weight.astype(np.int64))
    judged = [_judge(series, track, modes, settings) for series in track.headings]
    best = max(judged, key=lambda one: (RANK.index(one.verdict.kind), int(one.usable.sum())))
    others = [one.verdict for one in judged if one is not best]
    if others:
        listed = "; ".join(f"{one.source}: {one.kind}, {one.reason}" for one in others)
        reason = f"{best.verdict.reason} (beside it {listed})"
        best = structs.replace(best, verdict=structs.replace(best.verdict, reason=reason))
    return best


def _judge(series: HeadingTrack, track: Track, modes: Modes, settings: DetectSettings) -> Facing:
    """Check one heading against the course before believing it."""
    begins = 0 if series.mount is None else int((np.diff(series.mount) != 0).sum())
    handled_too_often = begins > settings.handled_most
    if handled_too_often:
        series = structs.replace(series, mount=None)
    frozen = stands(series.heading_deg, settings.frozen_s)  # so long that the sensor must hang
    raw = np.where(frozen, np.nan, series.heading_deg)
    held = held_share(raw, settings) > settings.held_share
    pointed = arithmetic.sine_cosine(np.radians(series.heading_deg))
    course, speed = _course(track, settings.heading_chord_s)
    low, full = settings.heading_mps
    weight = np.clip((np.nan_to_num(speed) - low) / (full - low), 0.0, 1.0)
    copied = replayed(track.column("x_m"), track.column("y_m"), settings.replayed_s)
    weight *= modes.moving & ~track.flags["position_suspect"] & ~copied
    heading = _smooth_deg([np.where(frozen, np.nan, each) for each in pointed], settings)
    weight = np.where(np.isfinite(heading) & np.isfinite(course), weight, 0.0)
    weight = np.where(_turns_back(heading, course, settings), 0.0, weight)
    usable = weight >= 1.0
    spread = 1.0 - _length(course[usable])
    against = partial(_against_course, series, (course, weight), settings)
    delta, mount = against(heading)
    followed = usable if held else usable & ~stale(raw, settings)
    kind, reason = _kind(series, pointed, (raw, delta, usable, followed), track, settings)
    if handled_too_often and kind == "compass":
        kind, reason = "unknown", f"the device was handled {begins} times"
    if kind == "compass" and not _is_clockwise(series.source):  # else nobody asks for its mirror
        ways = (delta, mount), against(compass_deg(-heading))
        lengths = [axial_concentration(each, usable, number) for each, number in ways]
        concentration = lengths[0]
        if spread > settings.mirror_spread and _is_mirrored(*ways, lengths, settings):
            heading, (delta, mount) = compass_deg(-heading), ways[1]
            concentration = lengths[1]
            reason = "it grows counter-clockwise; taken as its mirror image"
        elif series.north == "unknown":
            either = _on_either_side(*ways, lengths, settings)
            if either.any():
                delta = np.where(either, np.nan, delta)
                concentration = axial_concentration(delta, usable, mount)
            if (either & usable).sum() > settings.both_share * usable.sum():
                kind, reason = "unknown", "its mirror image goes with the course as well"
                heading = delta = np.full(delta.size, np.nan)
    elif kind == "compass":
        concentration = axial_concentration(delta, usable, mount)
    if kind == "compass" and concentration < settings.axial_concentration:
        kind = "unknown"
        reason = f"it keeps to no axis with the course (concentration {concentration:.2f})"
    verdict = HeadingVerdict(series.source, kind, None, None, reason)
    believed = np.isfinite(delta) & (kind == "compass")
    return Facing(
        verdict,
        heading,
        delta,
        weight * believed,
        usable & believed,
        mount,
        held,
    )


def _is_clockwise(source: str) -> bool:
    return source.startswith(CLOCKWISE) and not _names_any(source, UNSIGNED)


def _names_any(source: str | None, words: tuple[str, ...]) -> bool:
    """Whether a heading's place in its file holds one of the words."""
    place = (source or "").partition(" (")[0]  # without the name of a second device
    return any(each in place for each in words)


def _against_course(
    series: HeadingTrack,
    course: tuple[FloatArray, FloatArray],
    settings: DetectSettings,
    heading: FloatArray,
) -> tuple[FloatArray, IntArray]:
    """Heading minus course without drift, (n,) degrees, and the number of the mount, (n,).

    ``course`` in degrees comes with its weight.
    """
    course_deg, weight = course
    delta = np.where(weight > 0, difference_deg(heading, course_deg), np.nan)
    mount = np.zeros(delta.size, dtype=np.int64)
    if series.mount is not None:
        mount = np.cumsum(np.diff(series.mount, prepend=series.mount[:1]) != 0)
    if not _names_any(series.source, DRIFTING):
        return delta, mount
    return without_drift(delta, weight >= 1.0, mount, settings)


def _is_mirrored(
    plain: tuple[FloatArray, IntArray],
    mirrored: tuple[FloatArray, IntArray],
    concentrations: list[float],
    settings: DetectSettings,
) -> bool:
    """Whether the mirror image keeps to an axis better, or breaks off less often.

    Both are heading minus course (n,) with the number of the mount; ``concentrations`` are theirs.
    """
    own, other = concentrations
    if other > max(settings.mirror_concentration, own + settings.mirror_gain):
        return True
    return _breaks_less(mirrored[1], plain[1], settings) and other > own - settings.mirror_gain


def _on_either_side(
    plain: tuple[FloatArray, IntArray],
    mirrored: tuple[FloatArray, IntArray],
    concentrations: list[float],
    settings: DetectSettings,
) -> BoolArray:
    """Seconds, (n,), that a mirror image puts on the other side of the axis and fits as well.

    Both are heading minus course (n,) with the number of the mount, and how far each keeps to an
    axis. Which side of an axis is which differs by mount, so of each mount it is the fewer seconds.
    """
    own, other = concentrations
    found = np.zeros(plain[0].size, dtype=bool)
    if _breaks_less(plain[1], mirrored[1], settings) or other < own - settings.mirror_gain:
        return found
    at = np.flatnonzero(np.isfinite(plain[0]) & np.isfinite(mirrored[0]))
    sides = [_other_side(delta[at], mount[at]) for delta, mount in (plain, mirrored)]
    apart = sides[0] != sides[1]
    # neither number ever falls
    for first, last in each_run(plain[1][at] + mirrored[1][at]):
        here = apart[first:last]
        found[at[first:last]] = here if here.mean() <= 0.5 else ~here
    return found


def _breaks_less(one: IntArray, other: IntArray, settings: DetectSettings) -> bool:
    """Whether a drifting axis goes on more often than another, by the numbers of mounts (n,)."""
    return bool(one.max(initial=0) + settings.mirror_breaks <= other.max(initial=0))


def _other_side(delta_deg: FloatArray, mount: IntArray) -> BoolArray:
    return np.abs(wrap_deg(delta_deg - _axes_deg(delta_deg, mount))) > 90.0


def axial_concentration(delta_deg: FloatArray, usable: BoolArray, mount: IntArray) -> float:
    """Mean length of the doubled angles about the axis of each mount, 0 to 1."""
    usable = usable & np.isfinite(delta_deg)
    starts, ends = runs(mount[usable])
    known = delta_deg[usable]
    lengths = [_axial_length(known[a:b]) for a, b in zip(starts, ends, strict=True)]
    return float((np.array(lengths) * (ends - starts)).sum() / known.size) if lengths else 1.0


def _turns_back(heading: FloatArray, course: FloatArray, settings: DetectSettings) -> BoolArray:
    """Seconds of an ordinary U-turn in which course and heading oppose each other, (n,).

    Both turn about, one some seconds after the other, as a filtered position or a slow compass
    does: in between they are opposed, before and after they are not, and that is no direction.
    """
    found = np.zeros(heading.size, dtype=bool)
    delta = wrap_deg(heading - course)
    for half in settings.turns_back_s:
        if heading.size <= 2 * half:
            continue
        ways = [difference_deg(each[2 * half :], each[: -2 * half]) for each in (heading, course)]
        both = np.minimum(*np.abs(ways)) > settings.turns_back_deg
        if not both.any():
            continue
        alike = np.abs(wrap_deg(ways[0] - ways[1])) < settings.turns_back_alike_deg
        away = np.abs(difference_deg(delta[half:-half], delta[: -2 * half]))
        opposed = away > settings.turns_back_away_deg
        found[half:-half] |= both & alike & opposed
    return found


def _kind(
    series: HeadingTrack,
    pointed: tuple[FloatArray, FloatArray],
    checked: tuple[FloatArray, FloatArray, BoolArray, BoolArray],
    track: Track,
    settings: DetectSettings,
) -> tuple[HeadingKind, str]:
    """What a heading is, and why; ``pointed`` are its sine and cosine, (n,).

    ``checked`` are the heading that does not hang, heading minus course, the usable seconds, and
    those of them that tell whether it follows the course.
    """
    raw, delta, usable, followed = checked
    known = np.isfinite(series.heading_deg)
    given = series.heading_deg[known]
    if series.claim == "course":
        return "course", "its place in the file is for the course over ground"
    if given.size == 0:
        return "none", "it holds no value"
    long = given.size > settings.constant_least_s
    if long and _mean_length(*(each[known] for each in pointed)) > 1 - settings.constant_spread:
        return "unknown", f"it is constant at {given[0]:.0f}° while the athlete moves"
    if usable.sum() < settings.heading_least_s:
        seconds = int(usable.sum())
        return "unknown", f"only {seconds} s of it beside a course: too little to check it"
    follows = _follows_course((raw, delta, followed), track, settings)
    if follows is not None:
        return "course", f"it follows the course within {follows:.0f}°: a course in disguise"
    return "compass", "it is independent of the course"


def _follows_course(
    checked: tuple[FloatArray, FloatArray, BoolArray], track: Track, settings: DetectSettings
) -> float | None:
    """Spread of heading minus course in degrees if the heading is a course, else None.

    A course is followed for the whole run, with at most a lag; a compass is turned about at
    least once for some seconds, or mounted askew, or swings. Firmware that knows no course below
    a speed repeats a value there: such seconds tell neither.
    """
    raw, delta, usable = checked
    turning = np.abs(track.column("turn_rate_dps")) > settings.follows_turn_dps
    turned = usable & (np.abs(delta) > settings.follows_turn_deg) & ~turning
    starts, ends = runs(turned)
    if (turned[starts] & (ends - starts >= settings.follows_turn_s)).any():
        return None
    best: float | None = None
    step_east = np.gradient(track.column("x_m")) if raw.size > 1 else raw
    step_north = np.gradient(track.column("y_m")) if raw.size > 1 else raw
    one_second = np.degrees(arithmetic.arctan2(step_east, step_north))
    for course in (track.column("course_deg"), one_second, track.column("device_course_deg")):
        for lag_s in range(settings.follows_lag_s + 1):
            apart = difference_deg(raw[lag_s:], course[: raw.size - lag_s])[usable[lag_s:]]
            width = _width_deg(apart[np.isfinite(apart)], settings)
            if width is not None:
                best = width if best is None else min(best, width)
    return best


def _width_deg(apart_deg: FloatArray, settings: DetectSettings) -> float | None:
    """Deviation of a heading (m,) that follows a course; None where it does not follow it."""
    if apart_deg.size < settings.heading_least_s:
        return None
    near = float(np.mean(np.abs(apart_deg) < settings.follows_near_deg))
    middle = arithmetic.median(apart_deg)
    width = arithmetic.MAD_TO_SD * arithmetic.median(np.abs(apart_deg - middle))
    follows = near > settings.follows_share and abs(middle) < settings.follows_offset_deg
    return width if follows and width < settings.follows_width_deg else None


def _course(track: Track, chord_s: int) -> tuple[FloatArray, FloatArray]:
    """Course in degrees and speed in the middle of each second, by a chord, (n,).

    A chord of 3 s goes from one second before to two after the sample: its middle is that of
    [i, i + 1), so that a reversal falls into the second in which it happened.
    """
    east, north = np.full(track.seconds, np.nan), np.full(track.seconds, np.nan)
    x_m, y_m = track.column("x_m"), track.column("y_m")
    piece = np.cumsum(track.flags["break"])
    whole = piece[chord_s:] == piece[:-chord_s]  # no chord crosses a break of the track
    middle = slice(chord_s // 2, chord_s // 2 - chord_s)
    east[middle] = np.where(whole, x_m[chord_s:] - x_m[:-chord_s], np.nan)
    north[middle] = np.where(whole, y_m[chord_s:] - y_m[:-chord_s], np.nan)
    course = compass_deg(np.degrees(arithmetic.arctan2(east, north)))
    return course, arithmetic.hypot(east, north) / chord_s


def _smooth_deg(pointed: list[FloatArray], settings: DetectSettings) -> FloatArray:
    """Mean direction, by sine and cosine, over 2·half + 2 s about each second; NaN: it cancels."""
    (sine, cosine), half = pointed, settings.heading_half_s
    east, north = mean_around(sine, half), mean_around(cosine, half)
    east[:-1], north[:-1] = (east[:-1] + east[1:]) / 2, (north[:-1] + north[1:]) / 2
    firm = (arithmetic.hypot(east, north) > settings.heading_firm) & np.isfinite(sine)
    return np.where(firm, compass_deg(np.degrees(arithmetic.arctan2(east, north))), np.nan)


def _length(angle_deg: FloatArray) -> float:
    """Mean resultant length of angles, 0 (all round) to 1 (all alike)."""
    if angle_deg.size == 0:
        return 1.0
    return _mean_length(*arithmetic.sine_cosine(np.radians(angle_deg)))


def _mean_length(sine: FloatArray, cosine: FloatArray) -> float:
    """The same by sines and cosines, one or more."""
    return arithmetic.hypot(float(cosine.mean()), float(sine.mean()))


def _axial_length(angle_deg: FloatArray) -> float:
    """The same for axes: opposite angles count as equal."""
    return _length(2.0 * wrap_deg(angle_deg))


def is_relative(facing: Facing) -> bool:
    """Whether the zero of the heading is that of its beginning, rather than north."""
    return _names_any(facing.verdict.source, RELATIVE)


def shows_handling(facing: Facing) -> bool:
    """Whether the log would show that the device was taken out, put back or turned over."""
    source = facing.verdict.source or ""
    return source.startswith(RAW_LOGS) and _names_any(source, SHOWS_HANDLING)


def parts(facing: Facing, gap: BoolArray) -> tuple[IntArray, IntArray]:
    """Seconds at which the zero of a heading may become another, (k,), and its mount, (m,)."""
    begins = np.diff(facing.mount, prepend=facing.mount[:1]) > 0
    holes = begins | gap if is_relative(facing) else begins
    return np.flatnonzero(holes), np.flatnonzero(begins)


def evidence(facing: Facing, mount_deg: FloatArray, settings: DetectSettings) -> FloatArray:
    """Log-likelihood ratio per second that the athlete faces against the course, (n,).

    Von Mises around the facing offset or its opposite, mixed with a uniform share of outliers, so
    that no second is ever infinitely sure; divided by the number of seconds that one smoothed
    heading stands for. 0 where there is nothing usable. ``mount_deg`` (n,) is the facing offset.
    """
    residual = wrap_deg(facing.delta_deg - mount_deg)
    known = facing.weight > 0
    if not facing.usable.any():
        return np.zeros(residual.size)
    axis = np.abs(wrap_deg(2.0 * residual[facing.usable])) / 2.0
    width_deg = arithmetic.MAD_TO_SD * arithmetic.median(axis)
    width = np.radians(np.clip(width_deg, *settings.heading_width_deg))
    kappa = 1.0 / np.square(width)
    # e^-kappa is taken out of both the density and its norm, so that nothing overflows:
    # 2π·I0(κ)·e^-κ ≈ sqrt(2π/κ) for κ > 2 (Abramowitz & Stegun 9.7.1).
    peak = (1.0 - settings.outliers) * np.sqrt(kappa / (2.0 * np.pi))
    floor = settings.outliers / (2.0 * np.pi)
    cosine = arithmetic.cos(np.radians(residual))
    ahead = peak * arithmetic.exp(kappa * (cosine - 1.0)) + floor
    back = peak * arithmetic.exp(kappa * (-cosine - 1.0)) + floor
    ratio = arithmetic.log(back / ahead) * facing.weight / settings.heading_temper_s
    return np.where(known, ratio, 0.0)


def without_hard_iron(facing: Facing, settings: DetectSettings) -> Facing:
    """The heading against the course without the error of a magnet on the device.

    A field b of the device added to the earth's H turns the heading by asin(b/H · sin(ψ - φ)),
    where ψ is the heading that is shown (law of sines). Offset and sine are fitted together, in
    doubled angles, so that backward seconds count as forward ones. Only where the heading points
    all round; else a sine could explain anything.

    Args:
        facing: heading against the course, (n,).
        settings: of this stage.
    """
    use = np.flatnonzero(facing.usable)
    gyroscope = _names_any(facing.verdict.source, DRIFTING)  # no iron bends that
    if use.size < settings.iron_least_s or gyroscope:
        return facing
    use = use[:: max(1, use.size // settings.iron_samples)]
    turn = np.radians(facing.heading_deg[use])
    quarters = np.bincount(((facing.heading_deg[use] % 360.0) // 90.0).astype(np.int64))
    if (quarters >= settings.iron_quadrant * use.size).sum() < settings.iron_quarters:
        return facing
    design = np.column_stack(arithmetic.sine_cosine(turn))
    fit = np.zeros(2)
    for _ in range(settings.iron_rounds):
        rest = facing.delta_deg[use] - product(design, fit)
        middle = _axes_deg(rest, facing.mount[use])
        folded = wrap_deg(2.0 * (rest - middle)) / 2.0
        near = np.abs(folded) < settings.iron_near_deg
        fit += _least_squares(design[near], folded[near] - folded[near].mean())
    size = arithmetic.hypot(float(fit[0]), float(fit[1]))
    if not settings.iron_deg[0] <= size <= settings.iron_deg[1]:
        return facing
    whole = np.radians(np.nan_to_num(facing.heading_deg))
    bent = fit[0] * arithmetic.sin(whole) + fit[1] * arithmetic.cos(whole)
    straight = facing.delta_deg - bent
    before, after = (
        axial_concentration(each[use], facing.usable[use], facing.mount[use])
        for each in (facing.delta_deg, straight)
    )
    if after < before + settings.iron_gain:
        return facing
    reason = f"{facing.verdict.reason}; iron on the device bent it by up to {size:.0f}°, taken out"
    return structs.replace(
        facing,
        delta_deg=wrap_deg(straight),
        verdict=structs.replace(facing.verdict, reason=reason),
    )


def _least_squares(design: FloatArray, values: FloatArray) -> FloatArray:
    """Weights (2,) of the columns of a design (m, 2) for values (m,); 0 where nothing tells."""
    ridge = 1e-9 * np.eye(2)
    return arithmetic.solve(product(design.T, design) + ridge, product(design.T, values))


def _axes_deg(angle_deg: FloatArray, mount: IntArray) -> FloatArray:
    """The mean axis of the angles of each mount, (m,) degrees."""
    axes = np.zeros(angle_deg.size)
    for first, last in each_run(mount):
        axes[first:last] = _axis_deg(angle_deg[first:last])
    return axes


def _axis_deg(angle_deg: FloatArray) -> float:
    """The mean axis of angles, degrees."""
    doubled = np.radians(2.0 * angle_deg)
    sine, cosine = (float(each.sum()) for each in arithmetic.sine_cosine(doubled))
    return float(np.degrees(arithmetic.arctan2(sine, cosine))) / 2.0


def repeated_sides(parts: SideRuns, off_deg: FloatArray, settings: DetectSettings) -> BoolArray:
    """Seconds of runs on the side called backward that no magnetic disturbance makes, (n,).

    A magnet bends the heading by any angle. What is turned exactly about, for half a minute and
    more, time after time, is an athlete or a device. ``off_deg`` (n,) is heading less course and
    axis, whichever way round the axis is.
    """
    found = parts.opposite & (parts.ends - parts.starts >= settings.repeated_least_s)
    for each in np.flatnonzero(found).tolist():
        within = np.radians(off_deg[parts.starts[each] : parts.ends[each]])
        sine, cosine = (float(np.nansum(part)) for part in arithmetic.sine_cosine(within))
        found[each] = abs(cosine) >= settings.repeated_cosine * arithmetic.hypot(sine, cosine)
    found &= found.sum() >= settings.repeated_runs
    return parts.each_second(found.astype(np.float64)) > 0
