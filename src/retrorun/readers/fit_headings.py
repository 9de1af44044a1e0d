"""Headings in FIT: developer fields, the GPS receiver's course."""

from collections.abc import Iterator, Sequence

import numpy as np

from retrorun.model import HeadingSeries
from retrorun.readers.fit_columns import DeveloperField, Messages, decode
from retrorun.readers.fit_records import times_s
from retrorun.readers.fit_structure import GPS_METADATA, TIMESTAMP, Part
from retrorun.readers.heading_sources import BY_SOURCE, DEVELOPER, degrees, normalised, series
from retrorun.units import FloatArray

_GPS_HEADING, _GPS_MILLISECONDS = 5, 0


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
    candidates = (*_from_developers(records, time_s, developer), _from_gps(part))
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
    messages = decode(part, GPS_METADATA, {TIMESTAMP, _GPS_HEADING, _GPS_MILLISECONDS})
    heading = messages.scalar(_GPS_HEADING)
    if heading is None:
        return None
    milliseconds = messages.scalar(_GPS_MILLISECONDS)
    late_s = 0.0 if milliseconds is None else np.nan_to_num(milliseconds) / 1000
    time_s = times_s(messages) + late_s
    row = BY_SOURCE["fit:gps_metadata.heading"]
    return series(row, row.label, time_s, heading / 100)
