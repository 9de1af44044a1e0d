"""FIT messages that come by the thousand, decoded as columns straight from their bytes.

Native fields are known by number only, and developer fields by application and number, so that a
developer field whose writer called it ``heart_rate`` never replaces the native one; it counts where
that is missing, if it says which native field it stands for. Damage is found
in the structure before any value is read, so whole and broken files are decoded alike.

``channels`` turns ``record`` messages into the channels of a recording. Field numbers, scales and
offsets are those of the public FIT profile; ``docs/formats.md`` is printed from this table.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from retrorun.readers.fit.structure import TIMESTAMP, Definition, FieldPlace, Part, Runs
from retrorun.units import METRE_PER_MILE, MPS_PER_KMH, MPS_PER_MPH, FloatArray, IntArray

_BYTES = 13
FIT_EPOCH_S = 631_065_600  # 1989-12-31T00:00:00Z
CLOCK_S = 2**32  # FIT times are below
# FIT base types (low five bits): numpy letter, and the value that stands for missing
_TYPES: dict[int, tuple[str, float | int | None]] = {
    0: ("u1", 0xFF),
    1: ("i1", 0x7F),
    2: ("u1", 0xFF),
    3: ("i2", 0x7FFF),
    4: ("u2", 0xFFFF),
    5: ("i4", 0x7FFFFFFF),
    6: ("u4", 0xFFFFFFFF),
    8: ("f4", None),
    9: ("f8", None),
    10: ("u1", 0),
    11: ("u2", 0),
    12: ("u4", 0),
    13: ("u1", 0xFF),
    14: ("i8", 0x7FFFFFFFFFFFFFFF),
    15: ("u8", 0xFFFFFFFFFFFFFFFF),
    16: ("u8", 0),
}


class DeveloperField(msgspec.Struct, frozen=True):
    """What a ``field_description`` says of one developer field.

    ``native`` is the number of the record's own field that it stands for, if it says so.
    """

    index: int
    number: int
    name: str
    kind: int
    units: str
    scale: float = 1.0
    offset: float = 0.0
    native: int | None = None


class Messages(msgspec.Struct, frozen=True, eq=False):
    """All messages of one number: ``order`` (n,) is their place in the file.

    ``native`` maps field numbers, ``developer`` pairs (application, field number), to (n,) or, for
    array fields, (n, k) values; NaN is missing. ``clock_s`` (n,) is FIT time by compressed headers.
    """

    order: IntArray
    native: Mapping[int, FloatArray]
    developer: Mapping[tuple[int, int], FloatArray]
    clock_s: FloatArray

    def scalar(self, number: int) -> FloatArray | None:
        """(n,) values of a native field; None where it is absent or holds several."""
        values = self.native.get(number)
        return values if values is not None and values.ndim == 1 else None


Block = npt.NDArray[np.uint8]
_Key = TypeVar("_Key")


def decode(
    part: Part,
    message: int,
    native: Iterable[int],
    developer: Sequence[DeveloperField] = (),
) -> Messages:
    """Decode the wanted fields of all messages of one number, in raw units (no scale or offset).

    Args:
        part: a FIT file's structure.
        message: global message number.
        native: numbers of the native fields wanted.
        developer: developer fields wanted.
    """
    groups = [runs for runs in part.runs if runs.definition.message == message]
    orders = [_message_order(runs) for runs in groups]
    order = np.concatenate([*orders, np.zeros(0, np.int64)])
    rank = np.argsort(order, kind="stable")
    blocks = [_message_bytes(part.data, runs) for runs in groups]
    wanted = frozenset(native)
    natives = [
        _native_fields(block, runs, wanted) for block, runs in zip(blocks, groups, strict=True)
    ]
    extras = [_extras(block, runs, developer) for block, runs in zip(blocks, groups, strict=True)]
    sizes = [len(places) for places in orders]
    clocks = np.concatenate([*(_clock_times(runs) for runs in groups), np.zeros(0)])
    return Messages(
        order[rank],
        _join_groups(natives, sizes, rank),
        _join_groups(extras, sizes, rank),
        clocks[rank],
    )


def _message_order(runs: Runs) -> IntArray:
    counts = np.asarray(runs.counts, dtype=np.int64)
    return _ranges(np.asarray(runs.orders, dtype=np.int64), counts, 1)


def _ranges(starts: IntArray, counts: IntArray, step: int) -> IntArray:
    """``starts[i] + step·(0 … counts[i] - 1)`` for all i, one behind the other."""
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(starts, counts) + step * (np.arange(len(first), dtype=np.int64) - first)


def _message_bytes(data: bytes, runs: Runs) -> Block:
    """(messages, size) bytes of all messages of one definition."""
    size = runs.definition.size
    if len(runs.starts) == 1:
        flat = np.frombuffer(data, np.uint8, runs.counts[0] * size, runs.starts[0])
        return flat.reshape(-1, size)
    counts = np.asarray(runs.counts, dtype=np.int64)
    places = _ranges(np.asarray(runs.starts, dtype=np.int64), counts, size)
    whole = np.frombuffer(data, np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(whole, size)
    return windows[places]


def _clock_times(runs: Runs) -> FloatArray:
    clocks = np.full(sum(runs.counts), np.nan)
    if runs.clocks_s:
        first = np.cumsum(runs.counts) - runs.counts
        clocks[first[list(runs.clocks_s)]] = list(runs.clocks_s.values())
    return clocks


def _native_fields(block: Block, runs: Runs, wanted: frozenset[int]) -> dict[int, FloatArray]:
    found = {}
    for place in runs.definition.fields:
        if place.number in wanted:
            values = _values(block, place, place.kind, runs.definition)
            if values is not None:
                found[place.number] = values
    return found


def _extras(
    block: Block,
    runs: Runs,
    developer: Sequence[DeveloperField],
) -> dict[tuple[int, int], FloatArray]:
    known = {(field.index, field.number): field for field in developer}
    found = {}
    for place in runs.definition.developer:
        field = known.get((place.kind, place.number))
        values = _values(block, place, field.kind, runs.definition) if field else None
        if field and values is not None:
            found[place.kind, place.number] = values / field.scale - field.offset
    return found


def _values(block: Block, place: FieldPlace, kind: int, layout: Definition) -> FloatArray | None:
    """(n,) or (n, k) floats; None where the size does not fit the type (as a string's)."""
    letter, missing = _TYPES.get(kind & 0x1F, ("", None))
    width = int(letter[1:]) if letter else 0
    if not width or not place.size or place.size % width:
        return None
    kinds = np.dtype(letter).newbyteorder(">" if layout.big_endian else "<")
    raw = np.ascontiguousarray(block[:, place.offset : place.offset + place.size]).view(kinds)
    with np.errstate(invalid="ignore"):  # signalling NaNs of a damaged file
        values = raw.astype(np.float64)
    if kind & 0x1F == _BYTES:
        values[(raw == missing).all(axis=1)] = np.nan  # bytes are missing together or not at all
    elif missing is not None:
        values[raw == missing] = np.nan
    else:
        values[~np.isfinite(values)] = np.nan
    return values[:, 0] if values.shape[1] == 1 else values


def _join_groups(
    groups: Sequence[Mapping[_Key, FloatArray]],
    sizes: Sequence[int],
    rank: IntArray,
) -> dict[_Key, FloatArray]:
    """Put the columns of several definitions below each other, in the file's order."""
    keys = dict.fromkeys(key for group in groups for key in group)
    return {key: _stack([group.get(key) for group in groups], sizes)[rank] for key in keys}


def _stack(pieces: Sequence[FloatArray | None], sizes: Sequence[int]) -> FloatArray:
    """(n,), or (n, k) where any piece has k > 1 values a message; NaN where a piece is missing."""
    width = max(piece.shape[1] if piece is not None and piece.ndim > 1 else 1 for piece in pieces)
    stack = np.full((sum(sizes), width), np.nan)
    start = 0
    for piece, size in zip(pieces, sizes, strict=True):
        if piece is not None:
            filled = piece.reshape(size, -1)
            stack[start : start + size, : filled.shape[1]] = filled
        start += size
    return stack[:, 0] if width == 1 else stack


SEMICIRCLES_PER_DEG = 2**31 / 180


class Field(msgspec.Struct, frozen=True):
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
    Field(83, "vertical_ratio", "vertical_ratio_pct", 100),
    Field(84, "stance_time_balance", "balance_pct", 100),
    Field(108, "enhanced_respiration_rate", "respiration_brpm", 100),
    Field(99, "respiration_rate", "respiration_brpm"),
    Field(7, "power", "power_w"),
    Field(13, "temperature", "temperature_c"),
    Field(31, "gps_accuracy", "gps_accuracy_m"),
)
HEART_RATE, CADENCE, DISTANCE, SPEED, FRACTIONAL_CADENCE, COMPRESSED = 3, 4, 5, 6, 53, 8
CADENCE_256 = 52
_ENHANCED = frozenset({73, 78})  # 32 bits wide, filled by some writers from fields of 16 bits
_MISSING_16 = 0xFFFF  # what such a field of 16 bits holds where it is missing
# Channels that a developer field may stand for: the native field, and the units that it may have,
# each with what it is in the channel's unit. Kilometres and miles count only in parts of one.
_STAND_INS: Mapping[int, tuple[str, Mapping[str, float]]] = {
    HEART_RATE: ("heart_rate_bpm", dict.fromkeys(("bpm", "beats/min"), 1.0)),
    CADENCE: ("cadence_spm", dict.fromkeys(("spm", "rpm", "steps/min", "strides/min"), 1.0)),
    DISTANCE: (
        "distance_m",
        dict.fromkeys(("m", "meters", "metres"), 1.0)
        | dict.fromkeys(("km", "kilometers", "kilometres"), 1000.0)
        | dict.fromkeys(("mi", "miles"), METRE_PER_MILE),
    ),
    SPEED: (
        "speed_mps",
        dict.fromkeys(("m/s", "mps"), 1.0)
        | dict.fromkeys(("km/h", "kmh", "kph"), MPS_PER_KMH)
        | dict.fromkeys(("mph", "mi/h"), MPS_PER_MPH),
    ),
}
NUMBERS = frozenset(
    {field.number for field in FIELDS}
    | {TIMESTAMP, CADENCE, CADENCE_256, FRACTIONAL_CADENCE, COMPRESSED}
)


def times_s(messages: Messages) -> FloatArray:
    """(n,) Unix seconds of messages, NaN where a message has no time that a FIT clock can show."""
    found = messages.scalar(TIMESTAMP)
    stamp = np.full(len(messages.order), np.nan) if found is None else found
    fit = np.where(np.isnan(messages.clock_s), stamp, messages.clock_s)
    fit = np.where((fit >= 0) & (fit < CLOCK_S), fit, np.nan)
    return np.asarray(fit + FIT_EPOCH_S, dtype=np.float64)


def channels(messages: Messages, developer: Sequence[DeveloperField] = ()) -> dict[str, FloatArray]:
    """Channel → (n,) values; ``cadence_spm`` still holds what the file says, a leg a minute.

    A developer field that says which native field it stands for counts where that has no values.
    """
    found: dict[str, FloatArray] = {}
    for field in FIELDS:
        raw = messages.scalar(field.number)
        if raw is not None:
            known = raw if field.number not in _ENHANCED else _without_narrow_missing(raw)
            _fill(found, field.channel, known / field.scale - field.offset)
    for channel, values in _compressed_speed_distance(messages.native).items():
        _fill(found, channel, values)
    cadence = messages.scalar(CADENCE)
    if cadence is not None:
        part = messages.scalar(FRACTIONAL_CADENCE)
        found["cadence_spm"] = cadence + (0 if part is None else np.nan_to_num(part) / 128)
    whole = messages.scalar(CADENCE_256)
    if whole is not None:
        _fill(found, "cadence_spm", whole / 256)
    held = {name: values for name, values in found.items() if np.isfinite(values).any()}
    return _stand_ins(messages, developer) | held


def _without_narrow_missing(raw: FloatArray) -> FloatArray:
    """Values of a field of 32 bits; NaN where its writer copied the missing value of 16 bits."""
    return np.where(raw == _MISSING_16, np.nan, raw)


def _stand_ins(messages: Messages, developer: Sequence[DeveloperField]) -> dict[str, FloatArray]:
    """Channels that only developer fields have; the first that stands for a channel counts."""
    found: dict[str, FloatArray] = {}
    for field in developer:
        values = messages.developer.get((field.index, field.number))
        channel, units = _STAND_INS.get(field.native or 0, ("", dict[str, float]()))
        factor = units.get(field.units.strip().lower())
        if values is None or values.ndim > 1 or not factor or not np.isfinite(values).any():
            continue
        if channel != "distance_m" or factor == 1.0 or _has_parts(values):
            found.setdefault(channel, values * factor)
    return found


def _has_parts(values: FloatArray) -> bool:
    """Whether any of these is no whole number: whole kilometres tell nothing of a minute."""
    return bool((np.isfinite(values) & (values % 1.0 != 0.0)).any())


def _fill(found: dict[str, FloatArray], channel: str, values: FloatArray) -> None:
    known = found.get(channel)
    found[channel] = values if known is None else np.where(np.isnan(known), values, known)


def _compressed_speed_distance(native: Mapping[int, FloatArray]) -> dict[str, FloatArray]:
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
