"""Times as XML files write them → Unix seconds."""

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from retrorun.units import FloatArray


def unix_s(texts: Sequence[str]) -> FloatArray:
    """(n,) Unix seconds of ISO 8601 times, NaN where one makes no sense; no zone means UTC."""
    if not texts:
        return np.zeros(0)
    if all(text[-1:] == "Z" for text in texts):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # numpy only warns of a zone that it leaves out
                bare = np.array([text[:-1] for text in texts]).astype("datetime64[us]")
            return np.where(np.isnat(bare), np.nan, bare.astype(np.int64) / 1e6)
        except (ValueError, UserWarning):
            pass  # one of them is odd: take them one by one
    return np.array([_one(text)[0] for text in texts], dtype=np.float64)


def utc_offset_s(text: str) -> float | None:
    """Local minus UTC, if the time says so in so many words (``Z`` says nothing of a zone)."""
    return _one(text)[1]


def _one(text: str) -> tuple[float, float | None]:
    try:
        moment = datetime.fromisoformat(text.strip())
        offset = moment.utcoffset()
        aware = moment if offset is not None else moment.replace(tzinfo=UTC)
        said = offset.total_seconds() if offset else None
        return aware.timestamp(), said
    except (ValueError, OverflowError):
        return float("nan"), None
