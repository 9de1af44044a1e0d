"""Real forward tracks with an adversarial compass: positions, gaps, pauses and steps are real."""

import numpy as np
from msgspec.structs import replace

from adversary import CONDITIONS, Case
from adversary_body import RATE, Motion, Piece, person
from adversary_devices import heading_deg
from retrorun.model import HeadingSeries, Recording, Track
from retrorun.units import FloatArray

KINDS = (
    "turned once on the body",
    "turned once at a stop",
    "pocket flips",
    "pocket at any angle",
    "hand, walk",
    "hard iron near the field's strength",
    "tram line",
    "recorded pocket errors",
)
MOVING_MPS = 0.8
SMOOTH_S = 7


def real_case(recording: Recording, track: Track, kind: str, seed: int) -> Case:
    """A real forward recording with the compass of an adversarial condition."""
    rng = np.random.default_rng([seed, track.seconds, len(kind)])
    motion = _motion(track, rng)
    worn = CONDITIONS[kind].worn
    compass = worn(rng, motion) if worn else None
    if compass is None:
        raise ValueError(kind)
    at_s, heading = heading_deg(motion, compass, rng)
    heading = heading[: track.seconds]
    heading[~np.isfinite(track.column("x_m"))[: heading.size]] = np.nan
    time_s = track.start_time_s + at_s[: heading.size]
    series = HeadingSeries("osmand:heading", "compass", "magnetic", time_s, heading)
    moving = np.nan_to_num(track.column("ground_speed_mps")) >= MOVING_MPS
    given = replace(recording, headings=(series,), laps=(), name=None)
    return Case(given, np.zeros(track.seconds, dtype=np.bool_), moving, ())


def _motion(track: Track, rng: np.random.Generator) -> Motion:
    """The body on a real way: it faces where it goes."""
    count = track.seconds
    seconds, fine = np.arange(count), np.arange(count * RATE) / RATE
    x_m, y_m = (_filled(track.column(name)) for name in ("x_m", "y_m"))
    east, north = (_smooth(np.gradient(each)) for each in (x_m, y_m))
    course = np.degrees(np.unwrap(np.arctan2(east, north)))
    speed = np.nan_to_num(track.column("ground_speed_mps"))
    steps = np.nan_to_num(track.column("cadence_spm"), nan=165.0)
    still = speed < MOVING_MPS
    edges = np.flatnonzero(np.diff(still, prepend=still[0]))
    pieces = tuple(
        Piece(0.0, "still" if still[edge] else "forward") for edge in [0, *edges.tolist()]
    )
    slow = speed < 1.8

    def over(values: FloatArray) -> FloatArray:
        return np.asarray(np.interp(fine, seconds, values), dtype=np.float64)

    return Motion(
        person=person(rng),
        time_s=np.asarray(fine, dtype=np.float64),
        speed_mps=over(speed),
        x_m=over(x_m),
        y_m=over(y_m),
        altitude_m=np.zeros(fine.size),
        course_deg=over(course),
        facing_deg=over(course),
        backward=np.zeros(fine.size, dtype=np.bool_),
        still=np.repeat(still, RATE),
        walking=np.repeat(slow, RATE),
        cadence_spm=over(steps),
        pieces=pieces,
        edges_s=np.concatenate(([0.0], edges.astype(np.float64), [float(count)])),
    )


def _filled(values: FloatArray) -> FloatArray:
    known = np.flatnonzero(np.isfinite(values))
    if known.size == 0:
        return np.zeros(values.size)
    return np.asarray(np.interp(np.arange(values.size), known, values[known]), dtype=np.float64)


def _smooth(values: FloatArray) -> FloatArray:
    return np.convolve(values, np.ones(SMOOTH_S) / SMOOTH_S, "same")
