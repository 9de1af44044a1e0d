"""Unwrapping ``.gz`` without trusting it."""

import io
import zlib

from retrorun.errors import ReadError
from retrorun.settings import ReadLimits

_LEAST_FED, _MOST_FED = 1 << 9, 1 << 18  # bytes given to a member's decoder at a time
_CHUNK = 1 << 20  # unpacked at a time
_SMALL = 1 << 20  # below this size any ratio is harmless
_LAYERS = 3
_MOST_MEMBERS = 250_000  # of one file; block-compressed ones have one for 64 kB


def unwrapped(name: str, data: bytes, limits: ReadLimits) -> tuple[bytes, bool]:
    """The content of gzip layers, and whether the last one was cut short.

    Raises:
        ReadError: too large, too tightly packed, too many layers or members, or no gzip at all.
    """
    cut = False
    for _ in range(_LAYERS):
        if data[:2] != b"\x1f\x8b":
            return data, cut
        data, cut = _layer(name, data, limits)
    raise ReadError("gzip-nested", f"gzip within gzip, {_LAYERS} deep or more", file=name)


def _layer(name: str, data: bytes, limits: ReadLimits) -> tuple[bytes, bool]:
    most = min(limits.unpacked_bytes, max(_SMALL, int(len(data) * limits.compression_ratio)))
    content, position = io.BytesIO(), 0
    for _ in range(_MOST_MEMBERS):
        if data[position : position + 2] != b"\x1f\x8b":  # members may follow each other
            return content.getvalue(), False
        try:
            end = _member(data, position, content, most)
        except zlib.error as problem:
            if not content.tell():
                raise ReadError("gzip-broken", f"not readable: {problem}", file=name) from problem
            end = None
        if content.tell() > most:
            raise ReadError("gzip-too-large", f"unpacks to over {most} bytes", file=name)
        if end is None:
            return content.getvalue(), True
        position = end
    message = f"more than {_MOST_MEMBERS} gzip members"
    raise ReadError("gzip-too-many", message, file=name)


def _member(data: bytes, start: int, content: io.BytesIO, most: int) -> int | None:
    """Unpack one member, to little more than is allowed: where it ends, None if it is cut short.

    What is fed grows from little: what a member leaves over is copied, and there may be many.
    """
    decoder, position, size = zlib.decompressobj(wbits=31), start, _LEAST_FED
    while position < len(data) and not decoder.eof and content.tell() <= most:
        fed = data[position : position + size]
        content.write(decoder.decompress(fed, _CHUNK))
        position += len(fed) - len(decoder.unconsumed_tail) - len(decoder.unused_data)
        size = min(4 * size, _MOST_FED)
    return position if decoder.eof else None
