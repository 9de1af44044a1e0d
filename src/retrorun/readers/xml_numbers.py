"""Numbers as XML files write them → floats."""

import re
from collections.abc import Sequence

import msgspec
import numpy as np

from retrorun.units import FloatArray

_MOST = 1e12  # what is larger is no measurement
MISSING = rb"(?:nan|null|none|n/a|-?inf(?:inity)?|-+)"  # what some write where there is no value
_MISSING = re.compile(rb"\s*(?:%b)?\s*" % MISSING, re.IGNORECASE)
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


def count_lost(texts: Sequence[bytes], values: FloatArray) -> int:
    """How many texts were not read though they do not say that the value is missing."""
    at = np.flatnonzero(~np.isfinite(values))
    return sum(1 for index in at.tolist() if not _MISSING.fullmatch(texts[index]))


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
        return float("nan")
