"""A watch or phone that records a motion: its sensors, its compass, and the faults of both."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic
from retrorun.model import HeadingKind, HeadingSeries, Lap, Pause, Recording
from retrorun.simulate.body import RATE_HZ, Motion, Step, dynamics, first_order, gauss_markov
from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray, true_runs


@dataclass(frozen=True, slots=True)
class Compass:
    """A compass and how it is worn.

    Attributes:
        mount_deg: device heading minus facing at the start.
        drift_deg: by how much the mount turns over the session (it slips).
        swing_deg: amplitude of the arm swing; its deviation is 0.7 times that.
        noise_deg: correlated sensor error.
        declination_deg: true minus magnetic north; shown only where ``north`` is magnetic.
        dropout: share of seconds without a value, in gaps of about half a minute.
        disturbances: number of magnetic disturbances, 15 to 30 s each, by more than 90°.
        present: share of the session, ``(from, to)``, with any heading.
        clockwise: False for devices whose yaw grows to the left.
        shows: ``facing``; ``course`` is a course in disguise; ``constant`` never changes.
        source, claim, north: what the file says about it.
    """

    mount_deg: float = 0.0
    drift_deg: float = 0.0
    swing_deg: float = 8.0
    noise_deg: float = 4.0
    declination_deg: float = 0.0
    dropout: float = 0.0
    disturbances: int = 0
    present: tuple[float, float] = (0.0, 1.0)
    clockwise: bool = True
    shows: Literal["facing", "course", "constant"] = "facing"
    source: str = "fit:developer:heading"
    claim: HeadingKind = "compass"
    north: Literal["true", "magnetic", "unknown"] = "true"


def compass_heading(
    motion: Motion, course_deg: FloatArray | None, compass: Compass, rng: np.random.Generator
) -> FloatArray:
    """What the compass shows (n,) at 1 Hz, degrees [0, 360), NaN where it shows nothing.

    ``course_deg`` is the receiver's own course, for a course in disguise.
    """
    facing = motion.facing_deg[::RATE_HZ]
    count = len(facing)
    if compass.shows == "constant":
        shown = np.zeros(count)
    elif compass.shows == "course" and course_deg is not None:
        shown = course_deg.copy()
    else:
        shown = facing + _compass_faults_deg(motion, compass, rng)
        shown = shown if compass.clockwise else -shown
    return np.where(_present(count, compass, rng), np.round(shown, 1) % 360.0, np.nan)


def _compass_faults_deg(motion: Motion, compass: Compass, rng: np.random.Generator) -> FloatArray:
    """Everything between the facing and the compass's number, degrees (n,)."""
    count = len(motion.facing_deg[::RATE_HZ])
    faults = compass.mount_deg + compass.drift_deg * np.arange(count) / max(count - 1, 1)
    stride = np.cumsum(motion.cadence_spm / 120.0) / RATE_HZ  # strides so far
    phase = 2.0 * np.pi * (stride[::RATE_HZ] + rng.uniform())
    faults += compass.swing_deg * arithmetic.sin(phase) * (motion.cadence_spm[::RATE_HZ] > 0)
    faults += gauss_markov(rng, count, compass.noise_deg, 15.0) + rng.normal(0.0, 1.0, count)
    if compass.north == "magnetic":
        faults -= compass.declination_deg
    for _ in range(compass.disturbances):
        start, length = int(rng.uniform(0.0, count - 30)), int(rng.integers(15, 31))
        faults[start : start + length] += rng.uniform(90.0, 180.0) * rng.choice([-1.0, 1.0])
    return faults


def _present(
    count: int, compass: Compass, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    share = np.arange(count) / count
    present = (share >= compass.present[0]) & (share < compass.present[1])
    if compass.dropout:
        wandering = gauss_markov(rng, count, 1.0, 30.0)
        present &= wandering > np.quantile(wandering, compass.dropout)
    return present


LapStyle = Literal["none", "button", "workout", "named"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a recording starts (Unix seconds) and its local time.

    The default is the middle of the Bonneville Salt Flats: level, and nobody lives there.
    """

    latitude_deg: float = 40.7800
    longitude_deg: float = -113.8500
    altitude_m: float = 1286.0
    start_time_s: float = 1_777_815_000.0  # 2026-05-03 07:30 local time
    utc_offset_s: float = -21_600.0


@dataclass(frozen=True, slots=True)
class Watch:
    """The recording device and its faults.

    ``gps_error_m`` is the position error's deviation, half of it along each axis' square;
    ``gps_gap_s`` one gap without position; ``smart`` records every 1 to 8 s;
    ``auto_pause`` leaves stops out; ``laps`` at every named step.
    """

    gps: bool = True
    gps_error_m: float = 3.0
    gps_memory_s: float = 90.0
    gps_gap_s: float = 0.0
    heart: bool = True
    steps: bool = True
    dynamics: bool = False
    smart: bool = False
    auto_pause: bool = False
    laps: LapStyle = "none"
    compass: Compass | None = None
    device: str = "retrorun simulator"


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """What truly happened: the motion, the steps behind it, and the heart (m,) once a second.

    ``energy_kcal`` is what the watch believes was spent.
    """

    motion: Motion
    steps: tuple[Step, ...]
    heart_bpm: FloatArray
    energy_kcal: float | None = None


def record(activity: Activity, watch: Watch, place: Place, rng: np.random.Generator) -> Recording:
    """Record an activity.

    1. Sense every channel once a second.
    2. Choose the seconds that are written.
    3. Add laps and pauses.
    """
    motion, steps = activity.motion, activity.steps
    count = len(activity.heart_bpm)
    columns = _sensor_columns(activity, watch, place, rng)
    paused = _paused(motion, steps, watch)
    kept = _recorded_seconds(count, watch, rng) & ~paused
    kept[0] = True
    time_s = place.start_time_s + np.arange(count, dtype=np.float64)
    headings: tuple[HeadingSeries, ...] = ()
    if watch.compass is not None:
        sensed = compass_heading(motion, columns.get("device_course_deg"), watch.compass, rng)
        headings = (
            HeadingSeries(
                watch.compass.source,
                watch.compass.claim,
                watch.compass.north,
                time_s[kept],
                sensed[kept],
            ),
        )
    return Recording(
        time_s=time_s[kept],
        columns={name: series[kept] for name, series in columns.items()},
        headings=headings,
        laps=_laps(steps, watch, place.start_time_s),
        pauses=_pauses(paused, place.start_time_s),
        sport="running",
        device=watch.device,
        utc_offset_s=place.utc_offset_s,
        energy_kcal=activity.energy_kcal,
        distance_m=float(columns["distance_m"][-1]),
    )


def _sensor_columns(
    activity: Activity, watch: Watch, place: Place, rng: np.random.Generator
) -> dict[str, FloatArray]:
    motion, each = activity.motion, slice(None, None, RATE_HZ)
    speed = motion.speed_mps[each]
    count = len(speed)
    columns: dict[str, FloatArray] = {}
    if watch.gps:
        columns |= _fixes(motion, watch, place, rng)
    barometer = gauss_markov(rng, count, 0.6, 120.0)
    columns["altitude_m"] = (
        np.round((place.altitude_m + motion.altitude_m[each] + barometer) * 5.0) / 5.0
    )
    shown = first_order(speed, 0.0, 1.5, 1.0) + rng.normal(0.0, 0.05, count)
    columns["speed_mps"] = np.round(shown.clip(min=0.0), 3)
    columns["distance_m"] = np.round(np.cumsum(speed) * (1.0 + rng.normal(0.0, 0.008)), 2)
    if watch.heart:
        columns["heart_rate_bpm"] = np.round(activity.heart_bpm)
    if watch.steps:
        columns["cadence_spm"] = _counted_steps_spm(motion.cadence_spm[each], rng)
    if watch.dynamics:
        columns |= dynamics(motion, rng)
    return columns


def _fixes(
    motion: Motion, watch: Watch, place: Place, rng: np.random.Generator
) -> dict[str, FloatArray]:
    each = slice(None, None, RATE_HZ)
    count = len(motion.x_m[each])
    spread = watch.gps_error_m / np.sqrt(2.0)
    x_m, y_m = (
        along[each]
        + gauss_markov(rng, count, spread, watch.gps_memory_s)
        + rng.normal(0.0, 0.05, count)
        for along in (motion.x_m, motion.y_m)
    )
    latitude = place.latitude_deg + np.degrees(y_m / EARTH_RADIUS_M)
    shrink = arithmetic.cos(np.radians(place.latitude_deg))
    longitude = place.longitude_deg + np.degrees(x_m / EARTH_RADIUS_M / shrink)
    course = np.degrees(arithmetic.arctan2(np.gradient(x_m), np.gradient(y_m))) % 360.0
    fixes: dict[str, FloatArray] = {
        "latitude_deg": np.round(latitude, 7),
        "longitude_deg": np.round(longitude, 7),
        "device_course_deg": np.round(course, 1) % 360.0,
    }
    if watch.gps_gap_s:
        start = int(rng.uniform(0.3, 0.6) * count)
        for series in fixes.values():
            series[start : start + int(watch.gps_gap_s)] = np.nan
    return fixes


def _counted_steps_spm(cadence_spm: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Steps counted over 4 s by one arm: whole strides a minute, so even steps a minute."""
    held = np.pad(cadence_spm, (3, 0), "edge")
    window = (held[:-3] + held[1:-2] + held[2:-1] + held[3:]) / 4.0
    strides = np.round((window + rng.normal(0.0, 1.0, len(window))) / 2.0)
    return np.where(window < 30.0, 0.0, strides * 2.0)


def _paused(motion: Motion, steps: tuple[Step, ...], watch: Watch) -> BoolArray:
    """The timer stands still from 4 s into a stop until it ends."""
    each = slice(None, None, RATE_HZ)
    paused = np.zeros(len(motion.time_s[each]), dtype=np.bool_)
    starts = np.cumsum([0.0, *(step.seconds for step in steps)])
    for step, start in zip(steps, starts, strict=False):
        if watch.auto_pause and step.gait == "still":
            paused[int(start) + 4 : int(start + step.seconds)] = True
    return paused


def _recorded_seconds(count: int, watch: Watch, rng: np.random.Generator) -> BoolArray:
    kept = np.ones(count, dtype=np.bool_)
    if watch.smart:
        kept[:] = False
        kept[np.cumsum(rng.integers(1, 9, count)).clip(max=count - 1)] = True
    return kept


def _pauses(paused: BoolArray, start_time_s: float) -> tuple[Pause, ...]:
    return tuple(
        Pause(start_time_s + first, start_time_s + last) for first, last in true_runs(paused)
    )


def _laps(steps: tuple[Step, ...], watch: Watch, start_time_s: float) -> tuple[Lap, ...]:
    """One lap for each run of steps of one name; ``button`` laps have no words."""
    laps: list[Lap] = []
    if watch.laps == "none":
        return ()
    trigger = "manual" if watch.laps == "button" else "fitness_equipment"
    end = start_time_s
    for index, step in enumerate(steps):
        start, end = end, end + step.seconds
        if laps and step.name == steps[index - 1].name:
            laps[-1] = replace(laps[-1], end_time_s=end)
            continue
        name = step.name if watch.laps == "named" else None
        workout_step = step.name if watch.laps == "workout" else None
        laps.append(Lap(start, end, name, workout_step, trigger))
    return tuple(laps)
