"""Headings in FIT files.

Candidates are developer fields, the courses of the GPS receiver and the attitude unit, and, from
logs of magnetometer and accelerometer, a tilt-compensated compass heading at 1 Hz.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from retrorun.arithmetic import product
from retrorun.model import HeadingSeries
from retrorun.readers.attitude import tilt_compensated_deg
from retrorun.readers.fit.messages import Message, MessageTable, number
from retrorun.readers.fit.records import DeveloperField, Messages, decode, times_s
from retrorun.readers.fit.structure import (
    ACCELEROMETER,
    ATTITUDE,
    GPS_METADATA,
    MAGNETOMETER,
    TIMESTAMP,
    Part,
)
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
        yield series(DEVELOPER, time_s, degrees(one, field.units))


def _from_gps(part: Part) -> HeadingSeries | None:
    messages = decode(part, GPS_METADATA, {TIMESTAMP, _GPS_HEADING, _CLOCK_MILLISECONDS})
    heading = messages.scalar(_GPS_HEADING)
    if heading is None:
        return None
    row = BY_SOURCE["fit:gps_metadata.heading"]
    return series(row, _times_with_milliseconds_s(messages), heading / 100 % 360.0)


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
    time_s = _times_with_milliseconds_s(messages)[:, None] + (clock - clock[:, :1]) / 1000
    row = BY_SOURCE["fit:aviation_attitude.track"]
    course = np.degrees(track / _UNITS_PER_RADIAN) % 360.0
    return series(row, time_s.ravel(), course.ravel())


def _samples(messages: Messages, field: int) -> FloatArray | None:
    """(n, k) samples of an array field, or None."""
    values = messages.native.get(field)
    return None if values is None else values.reshape(len(values), -1)


def _times_with_milliseconds_s(messages: Messages) -> FloatArray:
    milliseconds = messages.scalar(_CLOCK_MILLISECONDS)
    late_s = 0.0 if milliseconds is None else np.nan_to_num(milliseconds) / 1000
    return np.asarray(times_s(messages) + late_s, dtype=np.float64)


_MILLISECONDS, _OFFSETS, _RAW, _CALIBRATED = 0, 1, (2, 3, 4), (5, 6, 7)
_SENSORS = {"accelerometer": 0, "compass": 2, "magnetometer": 2}
_LONGEST_S = 7 * 86_400
_DEVELOPER = (
    (("magx", "magy", "magz"), ("accelx", "accely", "accelz")),
    (
        ("magnetometerx", "magnetometery", "magnetometerz"),
        ("accelerometerx", "accelerometery", "accelerometerz"),
    ),
    (("magx", "magy", "magz"), ("accx", "accy", "accz")),
)


def compass(
    part: Part,
    table: MessageTable,
    records: Messages,
    developer: Sequence[DeveloperField],
) -> HeadingSeries | None:
    """Heading from the native logs, or else from developer arrays in the records; None if none.

    Native raw counts count only where the file says how they are calibrated.
    """
    row = BY_SOURCE["fit:magnetometer"]
    native = _native_sensors(part, table)
    found = native or _compass_from_developers(records, developer)
    if found is None:
        return None
    heading = tilt_compensated_deg(found[1], found[2])
    return None if heading is None else series(row, found[0], heading)


def _native_sensors(
    part: Part, table: MessageTable
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    if not part.counts.get(MAGNETOMETER) or not part.counts.get(ACCELEROMETER):
        return None
    fields = _sensor_samples(part, MAGNETOMETER, _calibration(table, 2))
    accelerations = _sensor_samples(part, ACCELEROMETER, _calibration(table, 0))
    if fields is None or accelerations is None:
        return None
    first = np.floor(max(fields[0].min(), accelerations[0].min()))
    last = min(fields[0].max(), accelerations[0].max())
    if not 0 < last - first < _LONGEST_S:
        return None
    seconds = np.arange(first, last)
    return seconds + 0.5, _by_second(*fields, seconds), _by_second(*accelerations, seconds)


def _sensor_samples(
    part: Part, message: int, calibration: Message | None
) -> tuple[FloatArray, FloatArray] | None:
    """(m,) Unix seconds and (m, 3) calibrated values, or None."""
    wanted = {TIMESTAMP, _MILLISECONDS, _OFFSETS, *_RAW, *_CALIBRATED}
    messages = decode(part, message, wanted)
    axes = _three_axes(messages, _CALIBRATED)
    if axes is None:
        raw = _three_axes(messages, _RAW)
        axes = _apply_calibration(raw, calibration) if raw is not None and calibration else None
    if axes is None:
        return None
    width = axes.shape[1]
    milliseconds = messages.scalar(_MILLISECONDS)
    start = times_s(messages)
    if milliseconds is not None:
        start = start + np.nan_to_num(milliseconds) / 1000
    offsets = _samples(messages, _OFFSETS)
    if offsets is None or offsets.shape != (len(axes), width):
        offsets = np.tile(np.arange(width) * 1000 / width, (len(axes), 1))
    time_s = (start[:, None] + offsets / 1000).ravel()
    values = axes.reshape(-1, 3)
    held = np.isfinite(time_s) & np.isfinite(values).all(axis=1)
    return (time_s[held], values[held]) if held.any() else None


def _three_axes(messages: Messages, numbers: tuple[int, ...]) -> FloatArray | None:
    """(n, k, 3) from three array fields."""
    found = [messages.native.get(one) for one in numbers]
    columns = [one.reshape(len(one), -1) for one in found if one is not None]
    if len(columns) != 3 or len({one.shape for one in columns}) != 1 or not columns[0].size:
        return None
    stacked = np.stack(columns, axis=2)
    return stacked if np.isfinite(stacked).any() else None


def _calibration(table: MessageTable, sensor: int) -> Message | None:
    for message in table.all("three_d_sensor_calibration"):
        kind = message.get("sensor_type")
        if (_SENSORS.get(kind, -1) if isinstance(kind, str) else kind) == sensor:
            return message
    return None


def _apply_calibration(raw: FloatArray, message: Message) -> FloatArray | None:
    """FIT profile: matrix · ((raw - level shift - offset) · factor / divisor)."""
    shift, factor = number(message, "level_shift") or 0.0, number(message, "calibration_factor")
    divisor = number(message, "calibration_divisor")
    offset = _finite_vector(message.get("offset_cal"), 3)
    matrix = _finite_vector(message.get("orientation_matrix"), 9)
    if offset is None or matrix is None or not factor or not divisor:
        return None
    return product((raw - shift - offset) * (factor / divisor), matrix.reshape(3, 3).T)


def _finite_vector(value: object, size: int) -> FloatArray | None:
    if not isinstance(value, list | tuple) or len(value) != size:
        return None
    known = [float(one) for one in value if isinstance(one, int | float)]
    return np.array(known) if len(known) == size else None


def _by_second(time_s: FloatArray, values: FloatArray, seconds: FloatArray) -> FloatArray:
    """(n, 3) means over each second from ``seconds[i]``; NaN where it has no sample."""
    index = np.floor(time_s - seconds[0]).astype(np.int64)
    held = (index >= 0) & (index < len(seconds))
    count = np.bincount(index[held], minlength=len(seconds)).astype(np.float64)
    sums = [
        np.bincount(index[held], weights=values[held, axis], minlength=len(seconds))
        for axis in range(3)
    ]
    count[count == 0] = np.nan
    return np.asarray(np.stack(sums, axis=1) / count[:, None], dtype=np.float64)


def _compass_from_developers(
    records: Messages,
    developer: Sequence[DeveloperField],
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Means of the arrays that an app wrote into each record, if it wrote both sensors."""
    named = {normalised(field.name): (field.index, field.number) for field in developer}
    for field_names, acceleration_names in _DEVELOPER:
        field = _field_means(records, [named.get(name) for name in field_names])
        acceleration = _field_means(records, [named.get(name) for name in acceleration_names])
        if field is not None and acceleration is not None:
            return times_s(records), field, acceleration
    return None


def _field_means(records: Messages, keys: Sequence[tuple[int, int] | None]) -> FloatArray | None:
    columns = [records.developer.get(key) for key in keys if key is not None]
    known = [one.reshape(len(one), -1) for one in columns if one is not None]
    if len(known) != 3:
        return None
    count = [np.maximum(np.isfinite(one).sum(axis=1), 1) for one in known]
    sums = [np.nansum(one, axis=1) for one in known]
    means = [total / many for total, many in zip(sums, count, strict=True)]
    missing = np.stack([np.isnan(one).all(axis=1) for one in known], axis=1)
    return np.where(missing, np.nan, np.stack(means, axis=1))
