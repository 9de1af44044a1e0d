"""A small FIT encoder: definitions, data messages, developer fields, checksums.

Written after Garmin's "Flexible and Interoperable Data Transfer (FIT) Protocol": a 14-byte header,
messages each announced by a definition, and a CRC-16 over all of it.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

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
