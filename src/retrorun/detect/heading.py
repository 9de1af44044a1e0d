"""Which heading is to be believed, and what it says second by second."""

from dataclasses import dataclass, replace

import numpy as np

from retrorun import arithmetic
from retrorun.detect.modes import Modes
from retrorun.detect.series import mean_around, runs
from retrorun.model import HeadingKind, HeadingTrack, HeadingVerdict, Track
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, compass_deg, difference_deg, wrap_deg

# Their angle grows clockwise, whatever made it; of others that is to be found out.
CLOCKWISE = (
    "osmand:",
    "osmtracker:",
    "fit:magnetometer",
    "sensorlogger:compass",
    "sensorlogger:magnetometer",
)


@dataclass(frozen=True, slots=True, eq=False)
class Facing:
    """A heading against the course, (n,) each.

    Attributes:
        verdict: what it is; evidence comes only from a ``compass``.
        heading_deg: smoothed over several seconds, NaN where there is none.
        delta_deg: smoothed heading minus course in the middle of each second, [0, 1), [1, 2) …,
            within [-180, 180); NaN where there is none.
        weight: how far each delta counts, 0 to 1: slow seconds have no firm course.
        usable: seconds that count in full.
        diverse: whether the course takes more than one direction.
        held: whether new values come so seldom that the heading lags behind every turn.
    """

    verdict: HeadingVerdict
    heading_deg: FloatArray
    delta_deg: FloatArray
    weight: FloatArray
    usable: BoolArray
    diverse: bool
    held: bool = False


def facing(track: Track, modes: Modes, settings: DetectSettings) -> Facing:
    """Judge every heading of the track and return the best: a compass before all others."""
    if not track.headings:
        verdict = HeadingVerdict(None, "none", None, None, "the recording holds no heading")
        nothing = np.full(track.seconds, np.nan)
        weight = np.zeros(track.seconds)
        return Facing(verdict, nothing, nothing, weight, weight > 0, diverse=False)
    judged = [_judge(series, track, modes, settings) for series in track.headings]
    rank = {"compass": 3, "unknown": 2, "course": 1, "none": 0}
    best = max(judged, key=lambda one: (rank[one.verdict.kind], int(one.usable.sum())))
    others = [one.verdict for one in judged if one is not best]
    if others:
        said = "; ".join(f"{one.source}: {one.kind}, {one.reason}" for one in others)
        verdict = replace(best.verdict, reason=f"{best.verdict.reason} (beside it {said})")
        best = replace(best, verdict=verdict)
    return best


def _judge(series: HeadingTrack, track: Track, modes: Modes, settings: DetectSettings) -> Facing:
    """Check one heading against the course before believing it."""
    raw = _thawed(series.heading_deg, settings.frozen_s)
    course, speed = _course(track)
    low, full = settings.heading_mps
    weight = np.clip((np.nan_to_num(speed) - low) / (full - low), 0.0, 1.0)
    weight *= modes.moving & ~track.flags["position_suspect"]
    heading = _smooth_deg(raw, settings.heading_half_s)
    weight = np.where(np.isfinite(heading) & np.isfinite(course), weight, 0.0)
    usable = weight >= 1.0
    spread = 1.0 - _length(course[usable])
    delta = np.where(weight > 0, difference_deg(heading, course), np.nan)
    kind, reason = _kind(series, (raw, delta, usable), track, settings)
    if kind == "compass":
        mirrored = np.where(weight > 0, difference_deg(-heading, course), np.nan)
        plain, turned = _axial_length(delta[usable]), _axial_length(mirrored[usable])
        unsure = not series.source.startswith(CLOCKWISE)
        if unsure and spread > 0.1 and turned > 0.5 and turned > plain + 0.2:
            heading, delta, plain = compass_deg(-heading), mirrored, turned
            reason = "it grows counter-clockwise; taken as its mirror image"
        if plain < settings.axial_concentration:
            kind = "unknown"
            reason = f"it keeps to no axis with the course (concentration {plain:.2f})"
    verdict = HeadingVerdict(series.source, kind, None, None, reason)
    believed = kind == "compass"
    return Facing(
        verdict,
        heading,
        delta,
        weight * believed,
        usable & believed,
        bool(spread > 0.02),
        _held(raw) > settings.held_share,
    )


def _kind(
    series: HeadingTrack,
    seen: tuple[FloatArray, FloatArray, BoolArray],
    track: Track,
    settings: DetectSettings,
) -> tuple[HeadingKind, str]:
    """What a heading is, and the reason in words."""
    raw, delta, usable = seen
    given = series.heading_deg[np.isfinite(series.heading_deg)]
    if series.claim == "course":
        return "course", "its place in the file is for the course over ground"
    if given.size == 0:
        return "none", "it holds no value"
    if given.size > 30 and _length(given) > 1 - 1e-5:
        return "unknown", f"it is constant at {given[0]:.0f}° while the runner moves"
    if usable.sum() < settings.heading_least_s:
        seconds = int(usable.sum())
        return "unknown", f"only {seconds} s of it beside a course: too little to check it"
    follows = _follows_course(raw, delta, usable, track)
    if follows is not None:
        return "course", f"it follows the course within {follows:.0f}°: a course in disguise"
    return "compass", "it is independent of the course"


def _follows_course(
    raw: FloatArray, delta: FloatArray, usable: BoolArray, track: Track
) -> float | None:
    """Spread of heading minus course in degrees if the heading is a course, else None.

    A course is followed for the whole run, with at most a lag; a compass is turned about at
    least once for some seconds, or mounted askew, or swings.
    """
    turned = usable & (np.abs(delta) > 110) & ~(np.abs(track.column("turn_rate_dps")) > 15)
    starts, ends = runs(turned)
    if (turned[starts] & (ends - starts >= 4)).any():
        return None
    best: float | None = None
    step_east = np.gradient(track.column("x_m")) if raw.size > 1 else raw
    step_north = np.gradient(track.column("y_m")) if raw.size > 1 else raw
    one_second = np.degrees(arithmetic.arctan2(step_east, step_north))
    for course in (track.column("course_deg"), one_second, track.column("device_course_deg")):
        for lag in (0, 1, 2, 3):
            apart = difference_deg(raw[lag:], course[: raw.size - lag])[usable[lag:]]
            apart = apart[np.isfinite(apart)]
            if apart.size < 20:
                continue
            near = float(np.mean(np.abs(apart) < 30))
            middle = float(np.median(apart))
            width = 1.4826 * float(np.median(np.abs(apart - middle)))
            if near > 0.95 and abs(middle) < 8 and width < 10:
                best = width if best is None else min(best, width)
    return best


def _course(track: Track) -> tuple[FloatArray, FloatArray]:
    """Course in degrees and speed in the middle of each second, by a chord of 3 s, (n,).

    From one second before to two after the sample: its middle is that of [i, i + 1), so that a
    reversal falls into the second in which it happened.
    """
    east, north = np.full(track.seconds, np.nan), np.full(track.seconds, np.nan)
    x_m, y_m = track.column("x_m"), track.column("y_m")
    piece = np.cumsum(track.flags["break"])
    whole = piece[3:] == piece[:-3]  # no chord crosses a break of the track
    east[1:-2] = np.where(whole, x_m[3:] - x_m[:-3], np.nan)
    north[1:-2] = np.where(whole, y_m[3:] - y_m[:-3], np.nan)
    return compass_deg(np.degrees(arithmetic.arctan2(east, north))), arithmetic.hypot(
        east, north
    ) / 3.0


def _thawed(heading_deg: FloatArray, frozen_s: int) -> FloatArray:
    """NaN where the very same value stands for so long that the sensor must hang."""
    known = np.where(np.isfinite(heading_deg), heading_deg, -1.0)
    starts, ends = runs(known)
    hang = np.repeat(ends - starts >= frozen_s, ends - starts)
    return np.where(hang, np.nan, heading_deg)


def _held(heading_deg: FloatArray) -> float:
    """Share of the seconds that bring no new value: the last one stays, or a line is drawn on."""
    known = heading_deg[np.isfinite(heading_deg)]
    if known.size < 4:
        return 1.0
    step = wrap_deg(np.diff(known))
    same = np.abs(step[1:]) < 1e-6
    drawn = np.abs(np.diff(step)) < 1e-6
    return float((same | drawn).mean())


def _smooth_deg(heading_deg: FloatArray, half: int) -> FloatArray:
    """Mean direction over 2·half + 2 s about each second's middle; NaN where it cancels."""
    turn = np.radians(heading_deg)
    sine, cosine = arithmetic.sine_cosine(turn)
    east, north = mean_around(sine, half), mean_around(cosine, half)
    east[:-1], north[:-1] = (east[:-1] + east[1:]) / 2, (north[:-1] + north[1:]) / 2
    firm = (arithmetic.hypot(east, north) > 0.3) & np.isfinite(heading_deg)
    return np.where(firm, compass_deg(np.degrees(arithmetic.arctan2(east, north))), np.nan)


def _length(angle_deg: FloatArray) -> float:
    """Mean resultant length of angles, 0 (all round) to 1 (all alike)."""
    if angle_deg.size == 0:
        return 1.0
    sine, cosine = arithmetic.sine_cosine(np.radians(angle_deg))
    return float(arithmetic.hypot(float(cosine.mean()), float(sine.mean())))


def _axial_length(angle_deg: FloatArray) -> float:
    """The same for axes: opposite angles count as equal."""
    return _length(2.0 * wrap_deg(angle_deg))


def evidence(seen: Facing, mount_deg: FloatArray, settings: DetectSettings) -> FloatArray:
    """Log-likelihood ratio per second that the runner faces against the course, (n,).

    Von Mises around the facing offset or its opposite, mixed with a uniform share of outliers, so
    that no second is ever infinitely sure; divided by the number of seconds that one smoothed
    heading stands for. 0 where there is nothing usable. ``mount_deg`` (n,) is the facing offset.
    """
    residual = wrap_deg(seen.delta_deg - mount_deg)
    known = seen.weight > 0
    if not seen.usable.any():
        return np.zeros(residual.size)
    axis = np.abs(wrap_deg(2.0 * residual[seen.usable])) / 2.0
    width = np.radians(np.clip(1.4826 * np.median(axis), *settings.heading_width_deg))
    kappa = 1.0 / np.square(width)
    # e^-kappa is taken out of both the density and its norm, so that nothing overflows:
    # 2π·I0(κ)·e^-κ ≈ sqrt(2π/κ) for κ > 2 (Abramowitz & Stegun 9.7.1).
    peak = (1.0 - settings.outliers) * np.sqrt(kappa / (2.0 * np.pi))
    floor = settings.outliers / (2.0 * np.pi)
    cosine = arithmetic.cos(np.radians(residual))
    ahead = peak * arithmetic.exp(kappa * (cosine - 1.0)) + floor
    back = peak * arithmetic.exp(kappa * (-cosine - 1.0)) + floor
    ratio = arithmetic.log(back / ahead) * seen.weight / settings.heading_temper_s
    return np.where(known, ratio, 0.0)
