"""Watches and phones that err in every way a real one was seen to: the generator's second half."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from adversary_body import RATE, Motion, stride, strides, wandering
from retrorun.units import BoolArray, FloatArray

REAL = Path(__file__).resolve().parents[2] / "shared" / "real" / "heading-errors.json"


@dataclass(frozen=True, slots=True)
class Turned:
    """The device is turned on the body by ``turn_deg`` from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    turn_deg: float


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A field of ``strength`` times the earth's, pointing to ``toward_deg``, about a place."""

    x_m: float
    y_m: float
    reach_m: float
    strength: float
    toward_deg: float


@dataclass(frozen=True, slots=True)
class Compass:
    """How a heading is made; angles in degrees.

    Attributes:
        mount_deg: device heading minus facing.
        swing_deg: deviation within a stride, forward and backward.
        hard: iron on the device, in shares of the earth's horizontal field, right and ahead.
        soft: how many times stronger the field is felt along one axis.
        lag_s: filter of the heading.
        every_s: a new value comes only so often.
        step_deg: the value is rounded to this.
        noise_deg: slow error; ``white_deg`` the fast one.
        drift_deg_per_min: relative yaw drifts so, and wanders about that.
        gimbal_every_s: an upright phone's heading jumps by 180° this often, for some seconds.
        relative: the zero is anywhere.
        walked_deg: mount while walking, beside that while running.
        turned: times at which it is turned on the body.
        anomalies: places that bend the field.
        errors: kind of recorded error that is replayed: ``pocket``, ``hand``; empty for none.
        lost: share of the seconds without a heading.
    """

    mount_deg: float = 0.0
    swing_deg: tuple[float, float] = (8.0, 8.0)
    hard: tuple[float, float] = (0.0, 0.0)
    soft: float = 1.0
    lag_s: float = 0.3
    every_s: float = 1.0
    step_deg: float = 0.0
    noise_deg: float = 4.0
    white_deg: float = 2.0
    drift_deg_per_min: float = 0.0
    gimbal_every_s: float = 0.0
    walked_deg: float = 0.0
    turned: tuple[Turned, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    errors: str = ""
    lost: float = 0.0


@cache
def recorded_errors() -> dict[str, list[FloatArray]]:
    """Errors of real phones, degrees at 1 Hz, by where they were worn; empty without the file."""
    found: dict[str, list[FloatArray]] = {"pocket": [], "hand": []}
    if not REAL.exists():
        return found
    for one in json.loads(REAL.read_text())["recordings"]:
        if one["kind"] not in {"run", "walk"}:
            continue
        for kind in one["series"]:
            if kind in {"mag", "9D", "ori"}:
                error = np.array(one["series"][kind]["error_deg"], dtype=np.float64)
                place = "hand" if "hand" in one["worn"] else "pocket"
                if error.size > 100:
                    found[place].append(error)
    return found


def _replayed(kind: str, count: int, rng: np.random.Generator) -> FloatArray:
    """Recorded errors one after the other, (count,) at 1 Hz."""
    pool, length = recorded_errors()[kind], 0
    parts: list[FloatArray] = []
    first = pool[int(rng.integers(len(pool)))]  # one body, one pocket
    while length < count:
        parts.append(first[::-1] if len(parts) % 2 else first)  # joined without a jump
        length += first.size
    return np.concatenate(parts)[:count]


def heading_deg(
    motion: Motion, compass: Compass, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Times and values of the heading that the device writes, (m,) each."""
    count = motion.time_s.size
    time_s = motion.time_s
    yaw = motion.facing_deg + compass.mount_deg
    yaw = yaw + np.where(motion.walking & ~motion.still, compass.walked_deg, 0.0)
    for turned in compass.turned:
        ease = np.clip(time_s - turned.start_s, 0, 1) - np.clip(time_s - turned.end_s, 0, 1)
        yaw = yaw + turned.turn_deg * ease
    stride = np.cumsum(np.maximum(motion.cadence_spm, 60.0) / 120.0) / RATE
    wide = np.where(motion.backward, compass.swing_deg[1], compass.swing_deg[0])
    yaw = yaw + np.where(motion.still, 0.0, np.sqrt(2.0) * wide * np.sin(2.0 * np.pi * stride))
    if compass.drift_deg_per_min:
        rate = compass.drift_deg_per_min + wandering(rng, count, 8.0, 300.0)
        heading = yaw + np.cumsum(rate) / 60.0 / RATE + rng.uniform(0, 360)
    else:
        heading = _magnetic(motion, yaw, compass)
    heading = heading + wandering(rng, count, compass.noise_deg, 12.0)
    if compass.errors:
        heading = (
            heading + np.repeat(_replayed(compass.errors, count // RATE + 1, rng), RATE)[:count]
        )
    if compass.gimbal_every_s:
        heading = heading + 180.0 * _telegraph(rng, count, compass.gimbal_every_s, 12.0)
    heading = _lagged(heading, compass.lag_s)[::RATE]
    heading = heading + rng.normal(0.0, compass.white_deg, heading.size)
    heading = _held(heading, compass.every_s, rng)
    if compass.step_deg:
        heading = np.rint(heading / compass.step_deg) * compass.step_deg
    kept = rng.random(heading.size) >= compass.lost
    return time_s[::RATE][kept], (heading % 360.0)[kept]


def _magnetic(motion: Motion, yaw_deg: FloatArray, compass: Compass) -> FloatArray:
    """The heading of a level magnetometer: earth's field, places, soft and hard iron, (m,)."""
    east, north = np.zeros(yaw_deg.size), np.ones(yaw_deg.size)
    for place in compass.anomalies:
        near = np.hypot(motion.x_m - place.x_m, motion.y_m - place.y_m) / place.reach_m
        felt = place.strength * np.exp(-(near**4))
        east += felt * np.sin(np.radians(place.toward_deg))
        north += felt * np.cos(np.radians(place.toward_deg))
    yaw = np.radians(yaw_deg)
    ahead = north * np.cos(yaw) + east * np.sin(yaw)
    right = east * np.cos(yaw) - north * np.sin(yaw)
    right = right * compass.soft + compass.hard[0]
    ahead = ahead + compass.hard[1]
    return np.asarray(np.degrees(np.arctan2(-right, ahead)), dtype=np.float64)


def _lagged(heading: FloatArray, lag_s: float) -> FloatArray:
    if lag_s <= 0:
        return heading
    share = 1.0 - float(np.exp(-1.0 / (RATE * lag_s)))
    turn = np.exp(1j * np.radians(heading))
    value, found = complex(turn[0]), []
    for given in turn.tolist():
        value += share * (given - value)
        found.append(value)
    return np.asarray(np.degrees(np.angle(np.array(found))), dtype=np.float64)


def _held(heading: FloatArray, every_s: float, rng: np.random.Generator) -> FloatArray:
    if every_s <= 1.0:
        return heading
    at, held = 0, heading.copy()
    while at < heading.size:
        until = at + max(1, round(every_s * rng.uniform(0.8, 1.2)))
        held[at:until] = heading[at]
        at = until
    return held


def _telegraph(rng: np.random.Generator, count: int, every_s: float, lasts_s: float) -> FloatArray:
    on, at = np.zeros(count), 0.0
    while at < count / RATE:
        at += rng.exponential(every_s)
        until = at + rng.exponential(lasts_s)
        on[int(at * RATE) : int(until * RATE)] = 1.0
        at = until
    return on


@dataclass(frozen=True, slots=True)
class Watch:
    """How positions and steps are recorded.

    Attributes:
        gps_m: deviation of the position's slow error, ``gps_memory_s`` its memory.
        kalman_s: lag of the position's filter.
        smart: samples come 2 to 9 s apart.
        position: whether there is one (a treadmill has none).
        half_locked: episodes in which only every second step is counted.
        held: episodes in which the step rate stands still.
        drift: growth of the step rate over the session, as a share.
        cadence: whether steps are counted at all.
        heart: whether heart rate is recorded.
        dynamics: of contact time and vertical excursion: ``right``, ``constant``, ``half`` (lost
            for half of the session), ``derived`` (from the step rate); empty for none.
    """

    gps_m: float = 2.0
    gps_memory_s: float = 40.0
    kalman_s: float = 0.0
    smart: bool = False
    position: bool = True
    half_locked: int = 0
    held: int = 0
    drift: float = 0.0
    cadence: bool = True
    heart: bool = True
    dynamics: str = ""


def positions(
    motion: Motion, watch: Watch, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """East and north in metres at 1 Hz, (n,) each."""
    found = []
    for true_m in (motion.x_m, motion.y_m):
        seen = true_m + wandering(rng, true_m.size, watch.gps_m, watch.gps_memory_s)
        if watch.kalman_s:
            share = 1.0 - float(np.exp(-1.0 / (RATE * watch.kalman_s)))
            value, eased = float(seen[0]), []
            for given in seen.tolist():
                value += share * (given - value)
                eased.append(value)
            seen = np.array(eased)
        found.append(seen[::RATE] + rng.normal(0.0, 0.15, seen[::RATE].size))
    return found[0], found[1]


def cadences(motion: Motion, watch: Watch, rng: np.random.Generator) -> FloatArray:
    """Step rate as the watch counts it at 1 Hz, (n,)."""
    steps = motion.cadence_spm[::RATE].copy()
    steps *= 1.0 + watch.drift * np.linspace(0.0, 1.0, steps.size)
    for at, until in _episodes(rng, steps.size, watch.half_locked, (25, 120)):
        steps[at:until] /= 2.0
    for at, until in _episodes(rng, steps.size, watch.held, (25, 150)):
        steps[at:until] = steps[at]
    return 2.0 * np.rint(steps / 2.0)


def dynamics(
    motion: Motion, watch: Watch, cadence_spm: FloatArray, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Contact time and vertical excursion as the watch writes them at 1 Hz, (n,) each."""
    shown = strides(motion, stride(rng, motion.person), rng)
    count = shown[0].size
    found = dict(zip(("contact_time_s", "vertical_oscillation_m"), shown, strict=True))
    if watch.dynamics == "constant":
        return {name: np.full(count, np.nanmedian(each)) for name, each in found.items()}
    if watch.dynamics == "half":
        lost = (np.arange(count) // 60) % 2 == int(rng.integers(2))
        return {name: np.where(lost, np.nan, each) for name, each in found.items()}
    if watch.dynamics == "derived":  # a share of the time of a step, and what a body falls in it
        step_s = 60.0 / np.maximum(cadence_spm[:count], 60.0)
        return {
            "contact_time_s": np.rint(700.0 * step_s) / 1000.0,
            "vertical_oscillation_m": np.rint(7000.0 * step_s * step_s) / 10_000.0,
        }
    return found


def _episodes(
    rng: np.random.Generator, size: int, times: int, lasts_s: tuple[int, int]
) -> list[tuple[int, int]]:
    found = []
    for _ in range(times):
        at = int(rng.integers(30, max(size - lasts_s[1], 31)))
        found.append((at, at + int(rng.integers(*lasts_s))))
    return found


def recorded_at(size: int, watch: Watch, rng: np.random.Generator) -> BoolArray:
    """Which of the seconds 0 … n - 1 are recorded, (n,)."""
    if not watch.smart:
        return np.ones(size, dtype=bool)
    kept, at = np.zeros(size, dtype=bool), 0
    while at < size:
        kept[at] = True
        at += int(rng.integers(2, 10))
    kept[-1] = True
    return kept


Maker = Callable[[np.random.Generator], Compass]
