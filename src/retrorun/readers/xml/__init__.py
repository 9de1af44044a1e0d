"""GPX and TCX, and what their readers share: times and numbers as XML files write them.

Times become Unix seconds, numbers become floats.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import numpy as np

from retrorun.units import BoolArray, FloatArray

_ZONE = re.compile(rb"(?:Z|[+-]\d\d:\d\d)?\Z")
# ISO 8601 as some write it: no leading zeros, lower case, blanks, slashes, no seconds, 24:00, :60
_LOOSE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[Tt\s]\s*(\d{1,2}):(\d{1,2})"
    r"(?::(\d{1,2})(?:[.,](\d{1,12}))?)?\s*"
    r"(?:(?P<half>[AaPp])\.?[Mm]\.?)?\s*"
    r"(?:([Zz]|UTC|GMT)|([+-])(\d{1,2}):?(\d{2})?)?",
    re.ASCII,
)
# days with full stops come first, months with slashes where the clock has halves of a day
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d\d)(?=[Tt,\s])", re.ASCII)
_DAY_BEYOND_12 = re.compile(r"(1[3-9]|2\d|3[01])[/-](\d{1,2})[/-](\d{4})(?=[Tt,\s])", re.ASCII)
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?=[Tt,\s].*[AaPp]\.?[Mm])", re.ASCII)
# 7.30.05, as Italian, Danish and Finnish have it
_HOUR_WITH_STOPS = re.compile(r"(?<=[Tt\s])(\d{1,2})\.(\d\d)(?:\.(\d\d))?(?![\d:])", re.ASCII)
# halves of a day of Spanish, Chinese, Japanese and Korean; the last three stand before the hour
_HALVES = (
    (re.compile(r"\b([AaPp])\.?\s?([Mm])\b\.?"), r"\1\2"),
    (re.compile(r"(?:上午|午前|오전)\s*(\d[\d:.]*)"), r"\1 AM"),
    (re.compile(r"(?:下午|午後|오후)\s*(\d[\d:.]*)"), r"\1 PM"),
)
# 2024年5月3日 and 2024. 5. 3. of Chinese, Japanese, Korean and Hungarian; May 3, 2024; 3 May 2024
_EASTERN_DAY = re.compile(
    r"(\d{4})\s?[年년.]\s?(\d{1,2})\s?[月월.]\s?(\d{1,2})\s?(?:[日일]|\.(?=\s))\s*", re.ASCII
)
_NAMED_DAY = re.compile(
    r"(?:(?P<day>\d{1,2})\.?\s)?(?P<month>[A-Za-z]{3})[a-z]*\.?,?\s"
    r"(?(day)|(?P<later>\d{1,2}),?\s)(?P<year>\d{4}),?(?=\s)",
    re.ASCII,
)
# Fri, 03 May 2024 06:30:00 GMT of e-mail; Fri May 03 06:30:00 UTC 2024 of Unix and Java, in which
# phones write GMT+02:00
_WEEKDAY = re.compile(r"\A(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+")
_YEAR_LAST = re.compile(
    r"\A([A-Z][a-z]{2})\s+(\d{1,2})\s(\d\d?:\d\d:\d\d)((?:\s(?:UTC|GMT)(?:[+-]\d\d:?\d\d)?)?)\s(\d{4})\Z",
    re.ASCII,
)
_ZONE_NAMED_TWICE = re.compile(
    r"(?:(?<=Z)|(?<=[+-]\d\d:\d\d)|(?<=[+-]\d{4}))\[[\w/+:-]{1,40}\]\Z|(?:GMT|UTC)(?=[+-]\d)",
    re.ASCII,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONGEST_TIME = 64  # characters; patterns are not tried on more
_COUNTED = re.compile(r"(\d{10}(?:\.\d{1,9})?)|(\d{13})|(\d{16})", re.ASCII)
_US = 1_000_000
_EXACT_US = 2**52  # a century and a half: so many a float holds exactly
# only what exists: numpy crashes on an impossible time among more than 500. 29 February only of
# years of which it is certain
_FULL = (
    rb"(?:(?!0000)\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    rb"|02-(?:0[1-9]|1\d|2[0-8]))|\d\d(?:0[48]|[2468][048]|[13579][26])-02-29)"
    rb"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?"
)


def unix_s(texts: Sequence[bytes]) -> FloatArray:
    """(n,) Unix seconds of ISO 8601 times, NaN where one makes no sense; no zone means UTC."""
    alike = _alike_s(texts) if texts else None
    return np.array([_one(text.decode())[0] for text in texts]) if alike is None else alike


def utc_offset_s(text: str) -> float | None:
    """Local minus UTC, if the time names it (``Z`` names no zone)."""
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
    local_us = np.array(bare).astype("datetime64[us]").astype(np.int64)
    if len(bare) != len(texts) or not np.isfinite(known_s) or np.abs(local_us).max() > _EXACT_US:
        return None
    return np.asarray((local_us - int(offset_s or 0) * _US) / _US)


def _one(text: str) -> tuple[float, float | None]:
    try:
        moment = _moment(text.strip())
        offset = moment.utcoffset()
        aware = moment if offset is not None else moment.replace(tzinfo=UTC)
        offset_s = offset.total_seconds() if offset else None
        return aware.timestamp(), offset_s
    except (ValueError, OverflowError):
        return float("nan"), None


def _moment(text: str) -> datetime:
    """A time, written as it should be or nearly so.

    Raises:
        ValueError: it is none.
        OverflowError: no calendar has it.
    """
    if len(text) > LONGEST_TIME:
        raise ValueError(text)
    counted = _COUNTED.fullmatch(text)  # before ISO, which reads ten digits as a date
    if counted:
        seconds, millis, micros = counted.groups()
        since_s = float(seconds or 0) or float(millis or 0) / 1e3 or float(micros or 0) / 1e6
        return datetime.fromtimestamp(since_s, UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        found = _LOOSE.fullmatch(_year_first(plain_time(text)))
        if found is None:
            raise
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if hour > 24 or minute > 59 or second > 60:
        raise ValueError(text)
    fraction_s = float(f"0.{found[7]}") if found[7] else 0.0
    hour = hour_of_day(hour, found["half"])
    since = timedelta(hours=hour, minutes=minute, seconds=second + fraction_s)
    return datetime(year, month, day, tzinfo=_offset(found)) + since


def hour_of_day(hour: int, half: str | None) -> int:
    """The hour from 0 to 23; ``half`` begins with a or p where the clock counts twice to twelve."""
    return hour if half is None or hour > 12 else hour % 12 + 12 * (half[0] in "pP")


def plain_time(text: str) -> str:
    """A time with ASCII digits and blanks, a date in numbers, and AM or PM behind the hour."""
    if len(text) > LONGEST_TIME:
        return text
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(str(unicodedata.decimal(letter, letter)) for letter in text)
    for pattern, half in _HALVES:
        text = pattern.sub(half, text)
    text = _YEAR_LAST.sub(r"\1 \2, \5 \3\4", _WEEKDAY.sub("", text))
    text = _ZONE_NAMED_TWICE.sub("", text)
    return _NAMED_DAY.sub(_in_numbers, _EASTERN_DAY.sub(r"\1-\2-\3 ", text))


def _in_numbers(found: re.Match[str]) -> str:
    month = found["month"].lower()
    if month not in _MONTHS:
        return found[0]
    return f"{found['year']}-{_MONTHS.index(month) + 1}-{found['day'] or found['later']}"


def _year_first(text: str) -> str:
    text = _HOUR_WITH_STOPS.sub(_with_colons, text)
    text = _DAY_FIRST.sub(_of_this_century, _DAY_BEYOND_12.sub(r"\3-\2-\1", text))
    return _MONTH_FIRST.sub(r"\3-\1-\2", text).replace(", ", " ", 1)


def _of_this_century(found: re.Match[str]) -> str:
    year = found[3] if len(found[3]) > 2 else f"20{found[3]}"
    return f"{year}-{found[2]}-{found[1]}"


def _with_colons(found: re.Match[str]) -> str:
    return ":".join(part for part in found.groups() if part)


def _offset(found: re.Match[str]) -> timezone | None:
    if found[9]:
        return UTC
    if not found[10]:
        return None
    offset = timedelta(hours=int(found[11]), minutes=int(found[12] or 0))
    return timezone(-offset if found[10] == "-" else offset)


_MOST = 1e12  # what is larger is no measurement
MISSING = rb"(?:nan|null|none|n/a|-?inf(?:inity)?|-+)"  # what some write where there is no value
_MISSING = re.compile(rb"\s*(?:%b)?\s*" % MISSING, re.IGNORECASE)
_LOOSE_NUMBER = re.compile(
    r"(?:([NSEW])\s*)?([-+\u2212\u2012\u2013]?)(\d{1,12}(?:[.,]\d{1,15})?)\s*(?:°\s*)?([NSEW]?)(?:(?<=[\d\s])(?:m|bpm|spm|rpm|m/s))?"
)
_NUMBERS = msgspec.json.Decoder(list[float])


def floats(texts: Sequence[bytes]) -> FloatArray:
    """(n,) numbers, NaN where a text is none."""
    return floats_with_commas(texts)[0]


def floats_with_commas(texts: Sequence[bytes]) -> tuple[FloatArray, bool]:
    """(n,) numbers, NaN where a text is none, and whether any has a decimal comma.

    Together they are a list in JSON, which is read three times as fast as one by one; numbers that
    JSON has not, such as ``+1``, ``.5`` or ``1,5``, are read one by one.
    """
    try:
        values = np.array(_NUMBERS.decode(b"[%b]" % b",".join(texts)), dtype=np.float64)
    except msgspec.MsgspecError:
        values = np.zeros(0)
    has_commas = False
    if len(values) != len(texts):
        values = np.fromiter(map(_float, texts), np.float64, len(texts))
        has_commas = b"," in b"".join(texts)
    # JSON's -0 is 0
    return np.where(np.abs(values) < _MOST, values, np.nan) + 0.0, has_commas


def hold_values(texts: Sequence[bytes], values: FloatArray) -> BoolArray:
    """Which texts give a value (n,): what was read, and what does not say that it is missing."""
    found = np.isfinite(values)
    for at in np.flatnonzero(~found).tolist():
        found[at] = not _MISSING.fullmatch(texts[at])
    return found


def number(text: str) -> float:
    """One number, NaN where it is none."""
    return _float(text.encode())


def _float(text: bytes) -> float:
    """A comma is the decimal one where there is no point: XML has no other use for it."""
    if text.count(b",") == 1 and b"." not in text:
        text = text.replace(b",", b".")
    try:
        return float(text)
    except ValueError:
        return _loose_float(text.decode("utf-8", "replace"))


def _loose_float(text: str) -> float:
    """A number with digits or a minus of other scripts, degrees, a letter for east, or a unit."""
    found = _LOOSE_NUMBER.fullmatch(text.strip())
    if found is None:
        return float("nan")
    front, sign, size, behind = found.groups()
    if front and behind:
        return float("nan")
    is_negative = (sign not in ("", "+")) != ((front or behind) in ("S", "W"))
    value = float(size.replace(",", "."))
    return -value if is_negative else value


def apple_time_s(text: str | None) -> float:
    """Unix seconds of ``2024-05-03 07:30:00 +0200``, as Apple writes it; -infinity if it is none.

    Some phones write ``7:30:00 am`` in it, or have digits of other scripts. Without a zone it
    counts as UTC.
    """
    written = text or ""
    try:
        moment = datetime.fromisoformat(f"{written[:19]}{written[20:]}")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        loose_s = float(unix_s([written.encode()])[0])
        return loose_s if np.isfinite(loose_s) else float("-inf")
