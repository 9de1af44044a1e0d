"""Times as XML files write them → Unix seconds."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import numpy as np

from retrorun.units import FloatArray

_ZONE = re.compile(rb"(?:Z|[+-]\d\d:\d\d)?\Z")
# ISO 8601 as some write it: no leading zeros, lower case, blanks, slashes, no seconds, 24:00, :60
_LOOSE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[Tt\s]\s*(\d{1,2}):(\d{1,2})"
    r"(?::(\d{1,2})(?:[.,](\d{1,12}))?)?\s*"
    r"(?:([Zz]|UTC|GMT)|([+-])(\d{1,2}):?(\d{2})?)?",
    re.ASCII,
)
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
        moment = _moment(text.strip())
        offset = moment.utcoffset()
        aware = moment if offset is not None else moment.replace(tzinfo=UTC)
        said = offset.total_seconds() if offset else None
        return aware.timestamp(), said
    except (ValueError, OverflowError):
        return float("nan"), None


def _moment(text: str) -> datetime:
    """A time, written as it should be or nearly so.

    Raises:
        ValueError: it is none.
        OverflowError: no calendar has it.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        found = _LOOSE.fullmatch(text)
        if found is None:
            raise
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if hour > 24 or minute > 59 or second > 60:
        raise ValueError(text)
    fraction_s = float(f"0.{found[7]}") if found[7] else 0.0
    since = timedelta(hours=hour, minutes=minute, seconds=second + fraction_s)
    return datetime(year, month, day, tzinfo=_offset(found)) + since


def _offset(found: re.Match[str]) -> timezone | None:
    if found[8]:
        return UTC
    if not found[9]:
        return None
    offset = timedelta(hours=int(found[10]), minutes=int(found[11] or 0))
    return timezone(-offset if found[9] == "-" else offset)
