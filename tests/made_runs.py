"""Runs made by hand, second by second, for tests whose truth is plain to see."""

from dataclasses import dataclass

import numpy as np

from retrorun.model import HeadingSeries, Lap, Recording
from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray

METRE_DEG = 180.0 / np.pi / EARTH_RADIUS_M
START_S = 1.75e9


@dataclass(frozen=True, slots=True)
class Leg:
    """So many seconds at one speed and step rate, facing ``turned_deg`` off the course."""

    seconds: int
    speed_mps: float = 2.8
    steps_spm: float = 166.0
    turned_deg: float = 0.0
    heart_bpm: float = 150.0


def backward(legs: list[Leg]) -> BoolArray:
    """Seconds of legs that face about, (n,)."""
    return np.concatenate([np.full(leg.seconds, abs(leg.turned_deg) > 150) for leg in legs])


def run(
    legs: list[Leg],
    *,
    mount_deg: FloatArray | float = 20.0,
    iron: float = 0.0,
    turns_deg: float = 90.0,
    compass: bool = True,
    seed: int = 3,
) -> Recording:
    """The legs one after the other, on a way that turns every 150 s.

    Args:
        legs: in order.
        mount_deg: device heading minus facing, a number or (n,).
        iron: field of a magnet on the device, in shares of the earth's.
        turns_deg: of the way, every 150 s.
        compass: whether a heading is recorded.
        seed: of the noise.
    """
    rng = np.random.default_rng(seed)
    each = np.repeat(np.arange(len(legs)), [leg.seconds for leg in legs])
    second = np.arange(each.size, dtype=np.float64)
    speed = np.array([leg.speed_mps for leg in legs])[each]
    course = 40.0 + turns_deg * (second // 150) + 12.0 * np.sin(second / 40.0)
    way = np.radians(course)
    north_m, east_m = np.cumsum(speed * np.cos(way)), np.cumsum(speed * np.sin(way))
    facing = course + np.array([leg.turned_deg for leg in legs])[each]
    yaw = np.radians(facing + mount_deg)
    shown = np.degrees(np.arctan2(np.sin(yaw), np.cos(yaw) + iron))
    heading = (shown + rng.normal(0.0, 6.0, each.size)) % 360.0
    lag = np.exp(-np.arange(200) / 40.0)
    heart = np.array([leg.heart_bpm for leg in legs])[each]
    heart = np.convolve(np.pad(heart, (199, 0), "edge"), lag / lag.sum(), "valid")
    columns = {
        "latitude_deg": 46.0 + north_m * METRE_DEG,
        "longitude_deg": 14.5 + east_m * METRE_DEG / np.cos(np.radians(46.0)),
        "cadence_spm": np.array([leg.steps_spm for leg in legs])[each]
        + rng.normal(0.0, 1.2, each.size),
        "heart_rate_bpm": heart,
    }
    columns["cadence_spm"][speed == 0] = 0.0
    time_s = START_S + second
    series = HeadingSeries("osmand:heading", "compass", "true", time_s, heading)
    return Recording(time_s, columns, headings=(series,) if compass else ())


def laps(edges_s: list[float], names: list[str | None]) -> tuple[Lap, ...]:
    """Manual laps between these moments, named."""
    return tuple(
        Lap(START_S + begin, START_S + end, name=name, trigger="manual")
        for begin, end, name in zip(edges_s, edges_s[1:], names, strict=False)
    )
