"""Headings in FIT: developer fields, the courses of GPS receiver and attitude unit."""

from collections.abc import Iterator, Sequence

import numpy as np

from retrorun.model import HeadingSeries
from retrorun.readers.fit_columns import DeveloperField, Messages, decode
from retrorun.readers.fit_records import times_s
from retrorun.readers.fit_structure import ATTITUDE, GPS_METADATA, TIMESTAMP, Part
from retrorun.readers.heading_sources import BY_SOURCE, DEVELOPER, degrees, normalised, series
from retrorun.units import FloatArray

_CLOCK_MILLISECONDS = 0  # after the time stamp, in both messages
_GPS_HEADING = 5
_CLOCK_MS, _TRACK, _VALIDITY = 1, 9, 10
_TRACK_VALID = 0x01
_UNITS_PER_RADIAN = 10_430.38


def headings(
    part: Part,
    records: Messages,
    time_s: FloatArray,
    developer: Sequence[DeveloperField],
) -> tuple[HeadingSeries, ...]:
    """Every candidate in the file, developer fields first.

    Args:
        part: the file's structure.
        records: its record messages.
        time_s: (n,) their times.
        developer: the developer fields that it describes.
    """
    candidates = (
        *_from_developers(records, time_s, developer),
        _from_gps(part),
        _from_attitude(part),
    )
    return tuple(one for one in candidates if one is not None)


def _from_developers(
    records: Messages,
    time_s: FloatArray,
    developer: Sequence[DeveloperField],
) -> Iterator[HeadingSeries | None]:
    for field in developer:
        values = records.developer.get((field.index, field.number))
        if values is None or normalised(field.name) not in DEVELOPER.names:
            continue
        one = values if values.ndim == 1 else values[:, 0]
        yield series(DEVELOPER, DEVELOPER.label, time_s, degrees(one, field.units))


def _from_gps(part: Part) -> HeadingSeries | None:
    messages = decode(part, GPS_METADATA, {TIMESTAMP, _GPS_HEADING, _CLOCK_MILLISECONDS})
    heading = messages.scalar(_GPS_HEADING)
    if heading is None:
        return None
    row = BY_SOURCE["fit:gps_metadata.heading"]
    return series(row, row.label, _precise_s(messages), heading / 100 % 360.0)


def _from_attitude(part: Part) -> HeadingSeries | None:
    """Several samples a message, each with the unit's own clock; the first is at the time stamp."""
    wanted = {TIMESTAMP, _CLOCK_MILLISECONDS, _CLOCK_MS, _TRACK, _VALIDITY}
    messages = decode(part, ATTITUDE, wanted)
    track = _samples(messages, _TRACK)
    if track is None:
        return None
    valid, clock = _samples(messages, _VALIDITY), _samples(messages, _CLOCK_MS)
    if valid is not None and valid.shape == track.shape:
        refused = np.isfinite(valid) & (np.nan_to_num(valid).astype(np.int64) & _TRACK_VALID == 0)
        track = np.where(refused, np.nan, track)
    if clock is None or clock.shape != track.shape:
        track = track[:, :1]
        clock = np.zeros(track.shape)
    time_s = _precise_s(messages)[:, None] + (clock - clock[:, :1]) / 1000
    row = BY_SOURCE["fit:aviation_attitude.track"]
    course = np.degrees(track / _UNITS_PER_RADIAN) % 360.0
    return series(row, row.label, time_s.ravel(), course.ravel())


def _samples(messages: Messages, field: int) -> FloatArray | None:
    """(n, k) samples of an array field, or None."""
    values = messages.native.get(field)
    return None if values is None else values.reshape(len(values), -1)


def _precise_s(messages: Messages) -> FloatArray:
    milliseconds = messages.scalar(_CLOCK_MILLISECONDS)
    late_s = 0.0 if milliseconds is None else np.nan_to_num(milliseconds) / 1000
    return np.asarray(times_s(messages) + late_s, dtype=np.float64)
