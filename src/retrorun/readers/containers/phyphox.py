"""phyphox (phones): a zip of CSV tables with the places, and perhaps other sensors → GPX.

The tables' columns have their units in brackets, and their names depend on the experiment, so that
they are recognised by their heads. Their time counts from the first start and stands still in
pauses; ``meta/time.csv`` tells when each start was.
"""

import csv
from collections.abc import Mapping
from itertools import islice
from typing import Literal

import numpy as np

from retrorun.errors import NotARunError, ReadError
from retrorun.readers.attitude import (
    Vectors,
    gyroscope_heading_deg,
    handling_s,
    mean_heading_deg,
    mount_column,
    mount_numbers,
    moved_s,
    rotation_of,
    tilt_compensated_by_mount_deg,
    upward,
    without_contradicted,
)
from retrorun.readers.cadence import step_rate_spm
from retrorun.readers.containers import columns_of, number, read_columns, rows_of
from retrorun.readers.heading_sources import BY_SOURCE, UNREAD_GYROSCOPE
from retrorun.readers.xml.gpx import gpx_of
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray

Role = Literal["places", "magnetometer", "acceleration", "gyroscope", "events"]
HEAD_BYTES = 512
_TIME = "time (s)"
_PLACES = {  # experiments name heights and speeds differently
    "latitude (°)": "lat",
    "longitude (°)": "lon",
    "height (m)": "ele",
    "altitude (m)": "ele",
    "velocity (m/s)": "speed",
    "speed (m/s)": "speed",
    "direction (°)": "course",
    "horizontal accuracy (m)": "hAcc",
}
_FIELD = tuple(f"magnetic field {axis} (µt)" for axis in "xyz")
_ACCELERATION = tuple(f"acceleration {axis} (m/s^2)" for axis in "xyz")
_RATE = tuple(f"gyroscope {axis} (rad/s)" for axis in "xyz")
_EVENTS = ("event", "experiment time", "system time")
_HEADS: tuple[tuple[Role, frozenset[str]], ...] = (
    ("places", frozenset({_TIME, "latitude (°)", "longitude (°)"})),
    ("magnetometer", frozenset({_TIME, *_FIELD})),
    ("acceleration", frozenset({_TIME, *_ACCELERATION})),
    ("gyroscope", frozenset({_TIME, *_RATE})),
    ("events", frozenset(_EVENTS)),
)
_AXES: dict[Role, tuple[str, ...]] = {
    "magnetometer": _FIELD,
    "acceleration": _ACCELERATION,
    "gyroscope": _RATE,
}
_MAKER = "phyphox"
_MAGNETOMETER, _GYROSCOPE = (BY_SOURCE[f"phyphox:{each}"] for each in ("magnetometer", "gyroscope"))
_MOST_EVENTS = 10_000
_LATEST_S = 4e9  # 2096-10-02: larger numbers are no time


def role(head: bytes) -> Role | None:
    """What a table of phyphox is, by its first bytes; None if it is none that is read."""
    columns = set(columns_of(head.split(b"\n", 1)[0]))
    return next((one for one, needed in _HEADS if needed <= columns), None)


def roles(heads: Mapping[str, bytes]) -> dict[Role, str]:
    """Role → table of the export in one folder, with ``meta/time.csv``; empty without places.

    Args:
        heads: table → its first bytes.
    """
    found: dict[Role, str] = {}
    for each in sorted(heads):
        one = role(heads[each])
        if one is not None:
            found.setdefault(one, each)
    return found if "places" in found else {}


def phyphox_log(name: str, tables: Mapping[Role, bytes], limits: ReadLimits) -> bytes:
    """The export as GPX; the heading of a point is that of the field around it, levelled.

    Without a magnetometer it is that of gyroscope and acceleration, whose north is another after
    each pause. See ``sensor_logger.sensor_log`` for what both do to a heading.

    Args:
        name: for messages.
        tables: role → bytes.
        limits: bounds on the number of rows.

    Raises:
        NotARunError: nothing tells when it was recorded.
        ReadError: a table lacks its columns, or is too long.
    """
    places = read_columns(name, tables["places"], (_TIME, *_PLACES), limits.samples)
    clock = _clock(name, tables.get("events", b""))
    known = (np.abs(places[_TIME]) < _LATEST_S) & np.isfinite(places["latitude (°)"])
    if known.sum() < 2:
        raise ReadError("no-time", "fewer than two places have a time", file=name)
    at_s = places[_TIME][known]
    columns: dict[str, FloatArray] = {}
    for of, to in _PLACES.items():
        columns[to] = _filled(columns.get(to), places[of][known])
    columns["course"] = np.where(columns["course"] < 0, np.nan, columns["course"])
    maker, where = _MAKER, (at_s, float(np.median(columns["lat"])))
    sensors: dict[Role, Vectors] = {
        one: _vectors(name, tables[one], axes, 20 * limits.samples)
        for one, axes in _AXES.items()
        if one in tables
    }
    if "acceleration" in sensors:
        starts_s = np.array([at for at, _ in clock[1:]])
        pull = sensors["acceleration"]
        columns["cad"] = step_rate_spm(at_s, pull, pull, limits)
        maker, heading, begins_s = _heading(sensors, where, starts_s, limits)
        if heading is not None:
            columns["compass"] = heading
            columns |= mount_column(at_s, begins_s)
    return gpx_of(maker, None, _unix_s(at_s, clock), columns)


def _filled(values: FloatArray | None, others: FloatArray) -> FloatArray:
    """(n,) the first, and the others where it is missing."""
    return others if values is None else np.where(np.isnan(values), others, values)


def _heading(
    sensors: Mapping[Role, Vectors],
    where: tuple[FloatArray, float],
    starts_s: FloatArray,
    limits: ReadLimits,
) -> tuple[str, FloatArray | None, FloatArray]:
    """Maker, degrees clockwise (n,) or None, and when other mounts begin.

    ``where`` are the experiment times (n,) and the latitude in degrees; ``starts_s`` the experiment
    times of the starts after a pause.
    """
    at_s, latitude_deg = where
    pull = sensors["acceleration"]
    begins_s, heading, turned = handling_s(pull, limits), None, None
    if "magnetometer" in sensors:
        field, up = (each.around(at_s) for each in (sensors["magnetometer"], pull))
        number = mount_numbers(at_s, begins_s)
        heading = tilt_compensated_by_mount_deg(field, upward(up, field, latitude_deg), number)
        if heading is not None:
            begins_s = np.concatenate([begins_s, moved_s(pull, (at_s, heading), limits)])
    if "gyroscope" in sensors:
        turned = rotation_of(sensors["gyroscope"], pull, limits, starts_s)
    if turned is None:
        return _MAKER if heading is None else _MAGNETOMETER.creator, heading, begins_s
    if heading is not None:
        heading, other_s = without_contradicted(at_s, heading, turned, limits)
        return _MAGNETOMETER.creator, heading, np.concatenate([begins_s, other_s])
    begins_s = np.concatenate([begins_s, turned.begins_s])
    relative = gyroscope_heading_deg(turned, begins_s, limits)
    if relative is None:
        return f"{_MAKER}{UNREAD_GYROSCOPE}", None, begins_s
    return _GYROSCOPE.creator, mean_heading_deg(at_s, turned.time_s, relative), begins_s


def _vectors(name: str, data: bytes, axes: tuple[str, ...], most: int) -> Vectors:
    table = read_columns(name, data, (_TIME, *axes), most)
    return Vectors.of(table[_TIME], [table[axis] for axis in axes])


def _clock(name: str, data: bytes) -> list[tuple[float, float]]:
    """Experiment time and Unix time of every start, in order.

    Raises:
        NotARunError: there is none.
    """
    starts = list[tuple[float, float]]()
    try:
        head, *rows = [*islice(rows_of(data), _MOST_EVENTS)] or [[]]
    except csv.Error as problem:
        raise ReadError("csv-broken", f"no readable table: {problem}", file=name) from problem
    head = [each.strip().lower() for each in head]
    if set(_EVENTS) <= set(head):
        event, *clocks = (head.index(each) for each in _EVENTS)
        whole = [row for row in rows if len(row) > max(event, *clocks)]
        begun = [row for row in whole if row[event].strip().upper() == "START"]
        starts = [(number(row, clocks[0]), number(row, clocks[1])) for row in begun]
    known = sorted(each for each in starts if all(abs(time_s) < _LATEST_S for time_s in each))
    if not known:
        words = "phyphox's tables without meta/time.csv: nothing tells when it was recorded"
        remedy = "Process the zip as phyphox exported it."
        raise NotARunError("sensor-log-part", words, file=name, remedy=remedy)
    return known


def _unix_s(at_s: FloatArray, clock: list[tuple[float, float]]) -> FloatArray:
    """(n,) Unix seconds: the experiment's clock stands still in pauses."""
    begins, moments = np.array(clock).T
    last = np.clip(np.searchsorted(begins, at_s, side="right") - 1, 0, None)
    return np.asarray(moments[last] + at_s - begins[last], dtype=np.float64)
