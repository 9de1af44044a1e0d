"""Times as XML files write them → Unix seconds."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from retrorun.units import FloatArray

_ZONE = re.compile(rb"(?:Z|[+-]\d\d:\d\d)?\Z")
_US = 1_000_000
_EXACT_US = 2**52  # a century and a half: so many a float holds exactly
_FULL = rb"(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?"


def unix_s(texts: Sequence[bytes]) -> FloatArray:
    """(n,) Unix seconds of ISO 8601 times, NaN where one makes no sense; no zone means UTC."""
    alike = _alike_s(texts) if texts else None
    return np.array([_one(text.decode())[0] for text in texts]) if alike is None else alike


def utc_offset_s(text: str) -> float | None:
    """Local minus UTC, if the time says so in so many words (``Z`` says nothing of a zone)."""
    return _one(text)[1]


def _alike_s(texts: Sequence[bytes]) -> FloatArray | None:
    """All at once if they are written in full and in one zone, or None: the value is the same."""
    found = _ZONE.search(texts[0])
    zone = found[0] if found else b""
    lines = b"\n".join(texts)
    plain = _FULL + re.escape(zone)
    if not re.fullmatch(rb"%b(?:\n%b)*+" % (plain, plain), lines):
        return None
    bare = (lines.replace(zone, b"") if zone else lines).split(b"\n")
    known_s, offset_s = _one(texts[0].decode())
    try:
        local_us = np.array(bare).astype("datetime64[us]").astype(np.int64)
    except ValueError:
        return None  # a date or an hour that does not exist
    if len(bare) != len(texts) or not np.isfinite(known_s) or np.abs(local_us).max() > _EXACT_US:
        return None
    return np.asarray((local_us - int(offset_s or 0) * _US) / _US)


def _one(text: str) -> tuple[float, float | None]:
    try:
        moment = datetime.fromisoformat(text.strip())
        offset = moment.utcoffset()
        aware = moment if offset is not None else moment.replace(tzinfo=UTC)
        said = offset.total_seconds() if offset else None
        return aware.timestamp(), said
    except (ValueError, OverflowError):
        return float("nan"), None
