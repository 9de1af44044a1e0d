"""Simulated recordings as FIT files, with or without a Connect IQ heading field and a workout.

`Encoder` is a small FIT encoder after Garmin's "Flexible and Interoperable Data Transfer (FIT)
Protocol": a 14-byte header, messages each announced by a definition, and a CRC-16 over all of it.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrorun.model import Lap, Recording
from retrorun.simulate.scenarios import Simulated
from retrorun.units import FloatArray, wrap_deg

# base type → (identifier, struct code, the value that means "missing")
BASE_TYPES: dict[str, tuple[int, str, int]] = {
    "enum": (0x00, "B", 0xFF),
    "uint8": (0x02, "B", 0xFF),
    "uint16": (0x84, "H", 0xFFFF),
    "sint32": (0x85, "i", 0x7FFFFFFF),
    "uint32": (0x86, "I", 0xFFFFFFFF),
    "uint32z": (0x8C, "I", 0),
}
STRING, FLOAT32, BYTES = 0x07, 0x88, 0x0D
FLOAT32_MISSING = b"\xff\xff\xff\xff"
PROTOCOL_VERSION, PROFILE_VERSION = 0x20, 2140
_CRC_NIBBLES = (
    *(0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401),
    *(0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its number in the profile, its base type and its raw bytes."""

    number: int
    base_type: int
    raw: bytes


def number(field: int, base_type: str, value: float | None) -> Field:
    """A numeric field, already scaled; None (and NaN, and what does not fit) is missing."""
    identifier, code, missing = BASE_TYPES[base_type]
    whole = missing if value is None or value != value else round(value)  # noqa: PLR0124  NaN is unlike itself
    bits = 8 * struct.calcsize(code)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if code == "i" else (0, 2**bits)
    fits = low <= whole < high
    return Field(field, identifier, struct.pack(f"<{code}", whole if fits else missing))


def text(field: int, words: str) -> Field:
    """A string field: UTF-8, ended by a zero."""
    return Field(field, STRING, words.encode() + b"\0")


def single(field: int, value: float | None) -> Field:
    """A 32-bit float field; None (and NaN) is missing."""
    missing = value is None or value != value  # noqa: PLR0124  NaN is unlike itself
    return Field(field, FLOAT32, FLOAT32_MISSING if missing else struct.pack("<f", value))


def checksum(data: bytes) -> int:
    """FIT's CRC-16, nibble by nibble as in the protocol's own listing."""
    crc = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            crc = (crc >> 4) ^ _CRC_NIBBLES[crc & 0xF] ^ _CRC_NIBBLES[nibble]
    return crc


class Encoder:
    """Collects messages and packs them into a file; says each definition once."""

    def __init__(self) -> None:
        self._body = bytearray()
        self._defined: dict[int, bytes] = {}

    def add(
        self, local: int, message: int, fields: Sequence[Field], developer: Sequence[Field] = ()
    ) -> None:
        """Append a message under a local type (0-15).

        ``developer`` fields belong to developer data index 0.
        """
        definition = _definition(local, message, fields, developer)
        if self._defined.get(local) != definition:
            self._defined[local] = definition
            self._body += definition
        self._body.append(local)
        for field in (*fields, *developer):
            self._body += field.raw

    def file(self) -> bytes:
        """The whole file: header, messages, checksum."""
        head = struct.pack(
            "<BBHI4s", 14, PROTOCOL_VERSION, PROFILE_VERSION, len(self._body), b".FIT"
        )
        whole = head + struct.pack("<H", checksum(head)) + bytes(self._body)
        return whole + struct.pack("<H", checksum(whole))


def _definition(
    local: int, message: int, fields: Sequence[Field], developer: Sequence[Field]
) -> bytes:
    flags = 0x60 if developer else 0x40
    packed = bytearray(struct.pack("<BBBHB", flags | local, 0, 0, message, len(fields)))
    for field in fields:
        packed += bytes((field.number, len(field.raw), field.base_type))
    if developer:
        packed.append(len(developer))
        for field in developer:
            packed += bytes((field.number, len(field.raw), 0))
    return bytes(packed)


FIT_EPOCH_S = 631_065_600  # 1989-12-31T00:00:00Z in Unix seconds
FILE_ID, SESSION, LAP, RECORD, EVENT, DEVICE_INFO = 0, 18, 19, 20, 21, 23
WORKOUT, WORKOUT_STEP, ACTIVITY, FIELD_DESCRIPTION, DEVELOPER_DATA_ID = 26, 27, 34, 206, 207
RUNNING, DEVELOPMENT = 1, 255
ACTIVE, REST = 0, 1
SEMICIRCLES_PER_DEG = 2**31 / 180.0
TRIGGERS = {"manual": 0, "time": 1, "session_end": 7, "fitness_equipment": 8}
TIMESTAMP = 253
HeadingUnit = Literal["rad", "deg"]


def fit_bytes(simulated: Simulated, heading_unit: HeadingUnit = "rad") -> bytes:
    """The recording as a FIT activity file.

    A compass becomes a developer field named ``heading`` (float32; radians from -π to π as
    Connect IQ gives them, or degrees); laps with steps bring their workout along.
    """
    recording, encoder = simulated.recording, Encoder()
    _write_header(encoder, recording)
    if recording.headings:
        _describe_heading(encoder, heading_unit)
    steps = _workout_steps(recording.laps)
    _write_workout(encoder, steps)
    _write_event(encoder, recording.time_s[0], stop=False)
    _write_records(encoder, recording, heading_unit)
    _write_event(encoder, recording.time_s[-1], stop=True)
    _write_summary(encoder, recording, steps)
    return encoder.file()


def _moment(time_s: float) -> int:
    return round(time_s) - FIT_EPOCH_S


def _write_header(encoder: Encoder, recording: Recording) -> None:
    start = _moment(recording.time_s[0])
    product = text(8, recording.device or "retrorun simulator")
    made_by = (number(1, "uint16", DEVELOPMENT), number(2, "uint16", 1))
    serial, created = number(3, "uint32z", 12345), number(4, "uint32", start)
    encoder.add(0, FILE_ID, (number(0, "enum", 4), *made_by, serial, created, product))
    stamp, index = number(TIMESTAMP, "uint32", start), number(0, "uint8", 0)
    maker = (number(2, "uint16", DEVELOPMENT), number(4, "uint16", 1))
    version = number(5, "uint16", 100)
    encoder.add(
        0, DEVICE_INFO, (stamp, index, *maker, version, text(27, product.raw[:-1].decode()))
    )


def _describe_heading(encoder: Encoder, unit: HeadingUnit) -> None:
    application = Field(1, BYTES, hashlib.md5(b"retrorun", usedforsecurity=False).digest())
    encoder.add(0, DEVELOPER_DATA_ID, (application, number(3, "uint8", 0)))
    where = (number(0, "uint8", 0), number(1, "uint8", 0), number(2, "uint8", 0x88))
    units = {"rad": "radians", "deg": "degrees"}[unit]
    encoder.add(0, FIELD_DESCRIPTION, (*where, text(3, "heading"), text(8, units)))


def _workout_steps(laps: Sequence[Lap]) -> tuple[Lap, ...]:
    return tuple(lap for lap in laps if lap.step is not None)


def _write_workout(encoder: Encoder, steps: Sequence[Lap]) -> None:
    if not steps:
        return
    count = number(6, "uint16", len(steps))
    encoder.add(0, WORKOUT, (number(4, "enum", RUNNING), count, text(8, "Intervals")))
    for index, lap in enumerate(steps):
        lasting = (lap.end_time_s - lap.start_time_s) * 1000.0
        duration = (number(1, "enum", 0), number(2, "uint32", lasting))
        effort = number(7, "enum", REST if lap.step == "Rest" else ACTIVE)
        name, target = text(0, lap.step or ""), number(3, "enum", 2)
        encoder.add(
            0, WORKOUT_STEP, (number(254, "uint16", index), name, *duration, target, effort)
        )


def _write_event(encoder: Encoder, time_s: float, *, stop: bool) -> None:
    kind = number(1, "enum", 4 if stop else 0)
    fields = (number(TIMESTAMP, "uint32", _moment(time_s)), number(0, "enum", 0), kind)
    encoder.add(2, EVENT, (*fields, number(4, "uint8", 0)))


# channel → (field number, base type, scale, offset), by the FIT profile
NATIVE: dict[str, tuple[int, str, float, float]] = {
    "latitude_deg": (0, "sint32", SEMICIRCLES_PER_DEG, 0.0),
    "longitude_deg": (1, "sint32", SEMICIRCLES_PER_DEG, 0.0),
    "heart_rate_bpm": (3, "uint8", 1.0, 0.0),
    "distance_m": (5, "uint32", 100.0, 0.0),
    "speed_mps": (73, "uint32", 1000.0, 0.0),
    "altitude_m": (78, "uint32", 5.0, 500.0),
    "vertical_oscillation_m": (39, "uint16", 10_000.0, 0.0),
    "contact_time_s": (41, "uint16", 10_000.0, 0.0),
}


def _write_records(encoder: Encoder, recording: Recording, unit: HeadingUnit) -> None:
    """Records in time, with the timer's stops and starts between them."""
    pauses = list(recording.pauses)
    headings = _heading_column(recording, unit)
    for row, time_s in enumerate(recording.time_s.tolist()):
        while pauses and pauses[0].end_time_s <= time_s:
            pause = pauses.pop(0)
            _write_event(encoder, pause.start_time_s, stop=True)
            _write_event(encoder, pause.end_time_s, stop=False)
        developer = () if headings is None else (single(0, float(headings[row])),)
        encoder.add(1, RECORD, _record(recording, row, time_s), developer)


def _record(recording: Recording, row: int, time_s: float) -> tuple[Field, ...]:
    fields = [number(TIMESTAMP, "uint32", _moment(time_s))]
    for name, (field, base_type, scale, offset) in NATIVE.items():
        if name in recording.columns:
            value = (float(recording.columns[name][row]) + offset) * scale
            fields.append(number(field, base_type, value))
    if "cadence_spm" in recording.columns:
        strides = float(recording.columns["cadence_spm"][row]) / 2.0  # one leg's
        fields.append(number(4, "uint8", np.floor(strides)))
        fields.append(number(53, "uint8", (strides - np.floor(strides)) * 128.0))
    return tuple(fields)


def _heading_column(recording: Recording, unit: HeadingUnit) -> FloatArray | None:
    if not recording.headings:
        return None
    degrees = recording.headings[0].heading_deg
    return np.radians(wrap_deg(degrees)) if unit == "rad" else degrees


def _write_summary(encoder: Encoder, recording: Recording, steps: Sequence[Lap]) -> None:
    """Laps, the session and the activity, as a watch writes them when it is stopped."""
    start, end = float(recording.time_s[0]), float(recording.time_s[-1])
    laps = recording.laps or (Lap(start, end, trigger="session_end"),)
    for index, lap in enumerate(laps):
        step = number(71, "uint16", steps.index(lap) if lap in steps else None)
        trigger = number(24, "enum", TRIGGERS[lap.trigger or "manual"])
        head = (number(254, "uint16", index), *_span(recording, lap, (9, 1)))
        encoder.add(3, LAP, (*head, trigger, number(25, "enum", RUNNING), step))
    whole = (number(254, "uint16", 0), *_span(recording, Lap(start, end), (8, 1)))
    sport = (number(5, "enum", RUNNING), number(6, "enum", 0))
    counts = (number(25, "uint16", 0), number(26, "uint16", len(laps)), number(28, "enum", 0))
    calories = number(11, "uint16", recording.energy_kcal)
    encoder.add(4, SESSION, (*whole, *sport, calories, *counts))
    stamp, timer = number(TIMESTAMP, "uint32", _moment(end)), _timer_s(recording, start, end)
    kind = (number(2, "enum", 0), number(3, "enum", 26), number(4, "enum", 1))
    local = number(5, "uint32", _moment(end + (recording.utc_offset_s or 0.0)))
    total = (number(0, "uint32", timer * 1000.0), number(1, "uint16", 1))
    encoder.add(5, ACTIVITY, (stamp, *total, *kind, local))


def _span(recording: Recording, lap: Lap, event: tuple[int, int]) -> tuple[Field, ...]:
    """What laps and sessions share: times, event, duration and distance."""
    inside = (recording.time_s >= lap.start_time_s) & (recording.time_s <= lap.end_time_s)
    covered = recording.columns["distance_m"][inside]
    distance_m = float(covered[-1] - covered[0]) if len(covered) else 0.0
    timer_s = _timer_s(recording, lap.start_time_s, lap.end_time_s)
    return (
        number(TIMESTAMP, "uint32", _moment(lap.end_time_s)),
        number(0, "enum", event[0]),
        number(1, "enum", event[1]),
        number(2, "uint32", _moment(lap.start_time_s)),
        number(7, "uint32", (lap.end_time_s - lap.start_time_s) * 1000.0),
        number(8, "uint32", timer_s * 1000.0),
        number(9, "uint32", distance_m * 100.0),
    )


def _timer_s(recording: Recording, start_s: float, end_s: float) -> float:
    stood = sum(
        max(0.0, min(end_s, pause.end_time_s) - max(start_s, pause.start_time_s))
        for pause in recording.pauses
    )
    return end_s - start_s - stood
