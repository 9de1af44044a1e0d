"""Sensor Logger (phones): ``Location.csv`` and what knows a heading beside it → GPX."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from retrorun import arithmetic
from retrorun.errors import NotARunError, ReadError
from retrorun.model import HeadingSeries
from retrorun.readers.gpx_text import gpx_of
from retrorun.readers.heading_sources import BY_SOURCE, degrees
from retrorun.readers.phone_tables import AXES, Role, columns_of, number
from retrorun.readers.tilt import tilt_compensated_deg
from retrorun.settings import ReadLimits
from retrorun.units import BoolArray, FloatArray

MAKER = "Sensor Logger"
_ROWS = {
    MAKER: BY_SOURCE["csv:compass"],
    f"{MAKER} (yaw)": BY_SOURCE["csv:yaw"],
    f"{MAKER} (magnetometer)": BY_SOURCE["csv:magnetometer"],
}
_HALF_WINDOW_S = 0.5
# head in Location.csv, in lower case → name in the GPX
_COLUMNS = {
    "latitude": "lat",
    "longitude": "lon",
    "altitude": "ele",
    "speed": "speed",
    "bearing": "course",
    "horizontalaccuracy": "hAcc",
}


def sensor_log(name: str, tables: Mapping[Role, bytes], limits: ReadLimits) -> bytes:
    """The log as GPX; the heading of a point is the mean of what lies around it.

    The heading is the compass's; without one the yaw, else magnetometer and gravity, levelled.
    Sign and north of the yaw differ from phone to phone: that is for detection to find out.

    Args:
        name: for messages.
        tables: role → bytes; ``time`` counts nanoseconds since 1970.
        limits: bounds on the number of rows.

    Raises:
        NotARunError: there are no places in it.
        ReadError: a table lacks its columns, or is too long.
    """
    if "places" not in tables:
        words = f"a phone's {', '.join(sorted(tables))}, without the places"
        remedy = "Keep it beside its Location.csv, or process the zip."
        raise NotARunError("sensor-log-part", words, file=name, remedy=remedy)
    places = _table(name, tables["places"], ("time", *_COLUMNS), limits.samples)
    held = np.isfinite(places["time"]) & (np.abs(places["time"]) < 4e18)
    time_s = places["time"][held] / 1e9
    if len(time_s) < 2:
        raise ReadError("no-time", "fewer than two places have a time", file=name)
    columns = {to: places[said][held] for said, to in _COLUMNS.items()}
    maker, heading = _heading(name, tables, time_s, 20 * limits.samples)
    if heading is not None:
        columns["compass"] = heading
    return gpx_of(maker, None, time_s, columns)


def relabelled(device: str | None, heading: HeadingSeries) -> HeadingSeries:
    """A heading of a log's GPX under the name of the table that it came from."""
    row = _ROWS.get(device or "")
    if row is None or heading.source != BY_SOURCE["gpx:compass"].label:
        return heading
    return replace(heading, source=row.label, north=row.north)


def _heading(
    name: str, tables: Mapping[Role, bytes], time_s: FloatArray, most: int
) -> tuple[str, FloatArray | None]:
    """Maker with the sensor in brackets, unless that is the compass; (n,) degrees or None."""
    if "compass" in tables:
        turns = _table(name, tables["compass"], ("time", "magneticbearing"), most)
        return MAKER, _mean_around(time_s, turns["time"] / 1e9, turns["magneticbearing"])
    if "orientation" in tables:
        turns = _table(name, tables["orientation"], ("time", "yaw"), most)
        heading = degrees(turns["yaw"], "")
        return f"{MAKER} (yaw)", _mean_around(time_s, turns["time"] / 1e9, heading)
    if "magnetometer" in tables and "gravity" in tables:
        field, up = (
            _vectors_around(name, tables[one], time_s, most) for one in ("magnetometer", "gravity")
        )
        return f"{MAKER} (magnetometer)", tilt_compensated_deg(field, up)
    return MAKER, None


def _vectors_around(name: str, data: bytes, time_s: FloatArray, most: int) -> FloatArray:
    """(n, 3) means of a three-axis sensor around each time."""
    table = _table(name, data, ("time", *AXES), most)
    at_s = table["time"] / 1e9
    return np.stack([_means(time_s, at_s, table[axis])[0] for axis in AXES], axis=1)


def _table(name: str, data: bytes, heads: tuple[str, ...], most: int) -> dict[str, FloatArray]:
    first, _, body = data.partition(b"\n")
    known = columns_of(first)
    found = [known.index(one) if one in known else None for one in heads]
    rows = csv.reader(io.StringIO(body.decode("utf-8", "replace")))
    try:
        lines = [row for row, _ in zip(rows, range(most + 1), strict=False)]
    except csv.Error as problem:
        raise ReadError("csv-broken", f"no readable table: {problem}", file=name) from problem
    if found[0] is None or found[1] is None:
        raise ReadError("csv-unknown", f"no columns {heads[0]} and {heads[1]}", file=name)
    if len(lines) > most:
        raise ReadError("too-many-samples", f"more than {most} rows", file=name)
    return {
        one: np.array([number(row, at) for row in lines], dtype=np.float64)
        for one, at in zip(heads, found, strict=True)
    }


def _mean_around(at_s: FloatArray, time_s: FloatArray, heading_deg: FloatArray) -> FloatArray:
    """(n,) circular means of what lies within half a second, degrees; NaN where nothing does."""
    turn = np.radians(heading_deg)
    north, any_there = _means(at_s, time_s, arithmetic.cos(turn))
    east, _ = _means(at_s, time_s, arithmetic.sin(turn))
    return np.where(any_there, np.degrees(arithmetic.arctan2(east, north)) % 360.0, np.nan)


def _means(
    at_s: FloatArray, time_s: FloatArray, values: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """(n,) means of what lies within half a second of each time, NaN where nothing does."""
    held = np.isfinite(time_s) & np.isfinite(values)
    rank = np.argsort(time_s[held], kind="stable")
    times, kept = time_s[held][rank], values[held][rank]
    sums = np.concatenate([np.zeros(1), np.cumsum(kept)])
    first = np.searchsorted(times, at_s - _HALF_WINDOW_S)
    last = np.searchsorted(times, at_s + _HALF_WINDOW_S, side="right")
    count = last - first
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, (sums[last] - sums[first]) / count, np.nan)
    return mean, count > 0
