"""FIT ``record`` messages as the channels of a recording.

Field numbers, scales and offsets are those of the public FIT profile; ``docs/formats.md`` is
printed from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retrorun.readers.fit_columns import CLOCK_S, FIT_EPOCH_S, Messages
from retrorun.readers.fit_structure import TIMESTAMP
from retrorun.units import FloatArray

SEMICIRCLES_PER_DEG = 2**31 / 180


@dataclass(frozen=True, slots=True)
class Field:
    """A native field: its number and name, and how ``raw / scale - offset`` fills a channel."""

    number: int
    name: str
    channel: str
    scale: float = 1.0
    offset: float = 0.0


# Of several fields for one channel the first that has a value counts.
FIELDS: tuple[Field, ...] = (
    Field(0, "position_lat", "latitude_deg", SEMICIRCLES_PER_DEG),
    Field(1, "position_long", "longitude_deg", SEMICIRCLES_PER_DEG),
    Field(78, "enhanced_altitude", "altitude_m", 5, 500),
    Field(2, "altitude", "altitude_m", 5, 500),
    Field(5, "distance", "distance_m", 100),
    Field(73, "enhanced_speed", "speed_mps", 1000),
    Field(6, "speed", "speed_mps", 1000),
    Field(3, "heart_rate", "heart_rate_bpm"),
    Field(85, "step_length", "step_length_m", 10_000),
    Field(41, "stance_time", "contact_time_s", 10_000),
    Field(39, "vertical_oscillation", "vertical_oscillation_m", 10_000),
    Field(84, "stance_time_balance", "balance_pct", 100),
    Field(108, "enhanced_respiration_rate", "respiration_brpm", 100),
    Field(99, "respiration_rate", "respiration_brpm"),
    Field(7, "power", "power_w"),
    Field(13, "temperature", "temperature_c"),
    Field(31, "gps_accuracy", "gps_accuracy_m"),
)
CADENCE, FRACTIONAL_CADENCE, COMPRESSED = 4, 53, 8
NUMBERS = frozenset(
    {field.number for field in FIELDS} | {TIMESTAMP, CADENCE, FRACTIONAL_CADENCE, COMPRESSED}
)


def times_s(messages: Messages) -> FloatArray:
    """(n,) Unix seconds of messages, NaN where a message has no time that a FIT clock can show."""
    found = messages.scalar(TIMESTAMP)
    stamp = np.full(len(messages.order), np.nan) if found is None else found
    fit = np.where(np.isnan(messages.clock_s), stamp, messages.clock_s)
    fit = np.where((fit >= 0) & (fit < CLOCK_S), fit, np.nan)
    return np.asarray(fit + FIT_EPOCH_S, dtype=np.float64)


def channels(messages: Messages) -> dict[str, FloatArray]:
    """Channel → (n,) values; ``cadence_spm`` still holds what the file says, a leg a minute."""
    found: dict[str, FloatArray] = {}
    for field in FIELDS:
        raw = messages.scalar(field.number)
        if raw is not None:
            _fill(found, field.channel, raw / field.scale - field.offset)
    for channel, values in _compressed(messages.native).items():
        _fill(found, channel, values)
    cadence = messages.scalar(CADENCE)
    if cadence is not None:
        part = messages.scalar(FRACTIONAL_CADENCE)
        found["cadence_spm"] = cadence + (0 if part is None else np.nan_to_num(part) / 128)
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def _fill(found: dict[str, FloatArray], channel: str, values: FloatArray) -> None:
    known = found.get(channel)
    found[channel] = values if known is None else np.where(np.isnan(known), values, known)


def _compressed(native: Mapping[int, FloatArray]) -> dict[str, FloatArray]:
    """``compressed_speed_distance``: 12 bits of 1/100 m/s, 12 bits of running 1/16 m."""
    raw = native.get(COMPRESSED)
    if raw is None or raw.ndim != 2 or raw.shape[1] != 3:
        return {}
    held = np.asarray(~np.isnan(raw).any(axis=1))
    low, middle, high = np.where(held[:, None], raw, 0).astype(np.int64).T
    speed = np.where(held, (low | (middle & 0x0F) << 8) / 100, np.nan)
    running = (middle >> 4 | high << 4)[held]
    distance = np.full(len(raw), np.nan)
    distance[held] = (
        running[:1].sum() + np.cumsum(np.diff(running, prepend=running[:1]) % 4096)
    ) / 16
    return {"speed_mps": speed, "distance_m": distance}
