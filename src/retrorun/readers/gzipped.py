"""Unwrapping ``.gz`` without trusting it."""

import zlib

from retrorun.errors import ReadError
from retrorun.settings import ReadLimits

_CHUNK = 1 << 20
_SMALL = 1 << 20  # below this size any ratio is harmless
_LAYERS = 3


def unwrapped(name: str, data: bytes, limits: ReadLimits) -> tuple[bytes, bool]:
    """The content of gzip layers, and whether the last one was cut short.

    Raises:
        ReadError: too large, too tightly packed, too many layers, or no gzip at all.
    """
    cut = False
    for _ in range(_LAYERS):
        if data[:2] != b"\x1f\x8b":
            return data, cut
        data, cut = _layer(name, data, limits)
    raise ReadError("gzip-nested", f"gzip within gzip, {_LAYERS} deep or more", file=name)


def _layer(name: str, data: bytes, limits: ReadLimits) -> tuple[bytes, bool]:
    most = min(limits.unpacked_bytes, max(_SMALL, int(len(data) * limits.compression_ratio)))
    pieces: list[bytes] = []
    size, rest = 0, data
    while rest[:2] == b"\x1f\x8b":  # gzip members may follow each other
        reader = zlib.decompressobj(wbits=31)
        try:
            while rest and not reader.eof:
                piece = reader.decompress(rest, _CHUNK)
                rest = reader.unconsumed_tail
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise ReadError("gzip-too-large", f"unpacks to over {most} bytes", file=name)
        except zlib.error as problem:
            if not size:
                raise ReadError("gzip-broken", f"not readable: {problem}", file=name) from problem
            return b"".join(pieces), True
        if not reader.eof:
            return b"".join(pieces), True
        rest = reader.unused_data
    return b"".join(pieces), False
