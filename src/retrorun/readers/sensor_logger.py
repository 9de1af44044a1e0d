"""Sensor Logger (phones): ``Location.csv`` beside ``Compass.csv`` → GPX with a compass heading."""

import csv
import io

import numpy as np

from retrorun.errors import ReadError
from retrorun.readers.gpx_text import gpx_of
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray

LOCATION = "Location.csv"
COMPASSES = ("Compass.csv", "WatchCompass.csv")
_HALF_WINDOW_S = 0.5
# head in Location.csv → name in the GPX
_COLUMNS = {
    "latitude": "lat",
    "longitude": "lon",
    "altitude": "ele",
    "speed": "speed",
    "bearing": "course",
    "horizontalAccuracy": "hAcc",
}


def sensor_log(name: str, location: bytes, compass: bytes, limits: ReadLimits) -> bytes:
    """The log as GPX; the heading of a point is the mean of the compass around it.

    Args:
        name: for messages.
        location: ``Location.csv``; ``time`` counts nanoseconds since 1970.
        compass: ``Compass.csv``, ``magneticBearing`` in degrees.
        limits: bounds on the number of rows.

    Raises:
        ReadError: a table lacks its columns, or is too long.
    """
    places = _table(name, location, ("time", *_COLUMNS), limits.samples)
    turns = _table(name, compass, ("time", "magneticBearing"), 20 * limits.samples)
    held = np.isfinite(places["time"]) & (np.abs(places["time"]) < 4e18)
    time_s = places["time"][held] / 1e9
    if len(time_s) < 2:
        raise ReadError("no-time", "fewer than two places have a time", file=name)
    columns = {to: places[said][held] for said, to in _COLUMNS.items()}
    columns["compass"] = _mean_around(time_s, turns["time"] / 1e9, turns["magneticBearing"])
    return gpx_of("Sensor Logger", None, time_s, columns)


def _table(name: str, data: bytes, heads: tuple[str, ...], most: int) -> dict[str, FloatArray]:
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace")))
    try:
        head = next(rows, [])
        found = [head.index(one) if one in head else None for one in heads]
        lines = [row for row, _ in zip(rows, range(most + 1), strict=False)]
    except csv.Error as problem:
        raise ReadError("csv-broken", f"no readable table: {problem}", file=name) from problem
    if found[0] is None or found[1] is None:
        raise ReadError("csv-unknown", f"no columns {heads[0]} and {heads[1]}", file=name)
    if len(lines) > most:
        raise ReadError("too-many-samples", f"more than {most} rows", file=name)
    return {
        one: np.array([_number(row, at) for row in lines], dtype=np.float64)
        for one, at in zip(heads, found, strict=True)
    }


def _number(row: list[str], at: int | None) -> float:
    try:
        return float(row[at]) if at is not None else float("nan")
    except (ValueError, IndexError):
        return float("nan")


def _mean_around(at_s: FloatArray, time_s: FloatArray, heading_deg: FloatArray) -> FloatArray:
    """(n,) circular means of what lies within half a second, degrees; NaN where nothing does."""
    held = np.isfinite(time_s) & np.isfinite(heading_deg)
    time_s, heading = time_s[held], np.radians(heading_deg[held])
    rank = np.argsort(time_s, kind="stable")
    time_s, heading = time_s[rank], heading[rank]
    turns = np.exp(1j * heading)
    sums = np.concatenate([np.zeros(1, complex), np.cumsum(turns)])
    first = np.searchsorted(time_s, at_s - _HALF_WINDOW_S)
    last = np.searchsorted(time_s, at_s + _HALF_WINDOW_S, side="right")
    mean = np.degrees(np.angle(sums[last] - sums[first])) % 360.0
    return np.where(last > first, mean, np.nan)
