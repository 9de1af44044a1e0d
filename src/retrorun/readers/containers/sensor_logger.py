"""Sensor Logger (phones): ``Location.csv`` and tables with a heading beside it → GPX.

Tables of a folder are recognised by their column names, and those of one log are put together. Only
three-axis sensors all have the same columns, ``time, z, y, x``; there the file name tells which it
is.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Literal

import msgspec
import numpy as np
from msgspec import structs

from retrorun.errors import NotARunError, ReadError
from retrorun.model import Export, Source
from retrorun.readers.attitude import (
    NO_TIMES,
    Rotation,
    Vectors,
    gyroscope_heading_deg,
    handling_s,
    level_axis_deg,
    mean_heading_deg,
    mount_column,
    mount_numbers,
    moved_s,
    rotation,
    rotation_of,
    tilt_compensated_by_mount_deg,
    unit_vectors,
    upward,
    without_contradicted,
)
from retrorun.readers.cadence import step_rate_spm
from retrorun.readers.containers import columns_of, number, read_columns, rows_of
from retrorun.readers.heading_sources import BY_SOURCE, UNREAD_GYROSCOPE, degrees
from retrorun.readers.xml.gpx import gpx_of, read_gpx
from retrorun.settings import ReadLimits
from retrorun.text import name_key
from retrorun.units import FloatArray

Role = Literal[
    "places",
    "compass",
    "orientation",
    "magnetometer",
    "gravity",
    "gyroscope",
    "acceleration",
    "total acceleration",
    "about",
]
# what a name has around the sensor's word, in lower case; or a whole name that has no such word
_Key = tuple[str, str] | tuple[str]
_Log = dict[Role, str]

HEAD_BYTES = 4096
_COMPASS, _ORIENTATION, _YAW, _MAGNETOMETER, _GYROSCOPE, _GYROSCOPE_UNSIGNED = (
    BY_SOURCE[f"csv:{each}"]
    for each in ("compass", "quaternion", "yaw", "magnetometer", "gyroscope", "gyroscope-unsigned")
)
AXES = tuple(sorted(_MAGNETOMETER.names))
_COLUMNS_OF_ROLE: tuple[tuple[Role, frozenset[str]], ...] = (
    ("places", frozenset({"time", "latitude", "longitude"})),
    ("compass", frozenset({"time"}) | _COMPASS.names),
    ("orientation", frozenset({"time", "pitch", "roll"}) | _YAW.names),
)
_WORDS: dict[Role, str] = {
    "places": "location(?:gps|network|fused|passive)?",
    "compass": "compass",
    "orientation": "orientation",
    # three axes have nothing but the name: no word may run on into it, such as a watch's
    "magnetometer": "(?<![a-z])magnetometer",
    "gravity": "(?<![a-z])gravity",
    "gyroscope": "(?<![a-z])gyroscope",
    "acceleration": "(?<![a-z])accelerometer",
    "total acceleration": "(?<![a-z])totalacceleration",
}
_NAMES = {role: re.compile(rf"(.*){word}(?![a-z])(.*)", re.DOTALL) for role, word in _WORDS.items()}
_THREE_AXIS_ROLES: tuple[Role, ...] = (
    "magnetometer",
    "gravity",
    "gyroscope",
    "acceleration",
    "total acceleration",
)
_NO_HEADING = frozenset({"gyroscope", "acceleration"})  # by themselves
_METADATA_NAME = re.compile(r"(.*)metadata(?![a-z])(.*)", re.DOTALL)  # which platform wrote the log
_QUATERNION = ("qw", "qx", "qy", "qz")
_FIRST_NS, _LAST_NS = 1e18, 4e18  # 2001 and 2096: seconds and milliseconds are far below


def is_named(name: str) -> bool:
    """Whether a table is called after one of the sensors that are read."""
    return any(_name_around_role(name, role) for role in _NAMES)


def role(name: str, head: bytes) -> Role | None:
    """What a table can be, by its first lines; None if it is none of a phone's log.

    Many programs write places with a time. The phone's is in nanoseconds since 1970.

    Args:
        name: the file's name; it only tells three-axis sensors apart.
        head: its first bytes, ``HEAD_BYTES`` of them unless it is shorter.
    """
    columns = columns_of(head.split(b"\n", 1)[0])
    for one, needed in _COLUMNS_OF_ROLE:
        if needed <= set(columns):
            return one if one != "places" or _are_places(name, columns, head) else None
    if {"time", *AXES} <= set(columns):
        return next((one for one in _THREE_AXIS_ROLES if _name_around_role(name, one)), None)
    return None


def is_metadata(name: str, head: bytes) -> bool:
    """Whether a table tells which platform wrote the log beside it; it is no log by itself."""
    named = _METADATA_NAME.fullmatch(_stem_key(name))
    return named is not None and "platform" in columns_of(head.split(b"\n", 1)[0])


def _are_places(name: str, columns: list[str], head: bytes) -> bool:
    """Whether the time is a phone's; an empty table of a phone's name is reported as empty."""
    if not head.partition(b"\n")[2].strip():
        return _name_around_role(name, "places") is not None
    return _FIRST_NS <= _first(columns.index("time"), head) < _LAST_NS


def _first(at: int, head: bytes) -> float:
    """The first number in a column, or NaN; a line that the head cuts off does not count."""
    whole = head if len(head) < HEAD_BYTES else head.rpartition(b"\n")[0]
    try:
        found = [number(row, at) for row in rows_of(whole)][1:]
    except csv.Error:
        return float("nan")
    return next((one for one in found if one == one), float("nan"))  # noqa: PLR0124 - not NaN


def logs(heads: Mapping[str, bytes]) -> list[_Log]:
    """The logs among the tables of one folder: role → table, each with all that goes with it.

    One log is what has the same around the sensor's word: ``run1_Location``, ``run1_Compass``; or
    ``Location (1)``, ``Compass (1)``. The phone's tables go before a watch's. Places of any other
    name are a log of their own, so that none is lost; headings of any other name go to the only
    log there is or to the one whose name is around theirs. Headings that no log takes are one
    without places: that is refused with its name.

    Args:
        heads: table → its first bytes.
    """
    groups: dict[_Key, _Log] = {}
    for each in sorted(heads, key=_priority):
        one = role(each, heads[each])
        if one is None:
            continue
        group = groups.setdefault(_name_around_role(each, one) or (each,), {})
        if one == "places" and name_key(group.get(one, "")) == name_key(each):
            groups[each,] = {one: each}  # alike but for capitals: not the same log twice
        else:
            group.setdefault(one, each)
    hosts = {key: group for key, group in groups.items() if "places" in group}
    left = [
        group
        for key, group in groups.items()
        if key not in hosts
        and not _adopt_headings(key, group, hosts)
        and not group.keys() <= _NO_HEADING
    ]
    for each in sorted(heads):
        if is_metadata(each, heads[each]):
            _adopt_metadata(each, hosts)
    return [*hosts.values(), *left]


def _adopt_metadata(name: str, hosts: Mapping[_Key, _Log]) -> None:
    """Give the table about a log to the log of its name, or to the only one there is."""
    found = _METADATA_NAME.fullmatch(_stem_key(name))
    key = (found[1], found[2]) if found else ("",)
    host = hosts.get(key) or (next(iter(hosts.values())) if len(hosts) == 1 else None)
    if host is not None:
        host.setdefault("about", name)


def _priority(name: str) -> tuple[bool, str]:
    """Sorting key: the phone before a watch, then by name."""
    return "watch" in name.lower(), name


def _stem_key(name: str) -> str:
    """A table's name without its ending, as names are compared."""
    return name_key(PurePosixPath(name).stem)


def _name_around_role(name: str, one: Role) -> tuple[str, str] | None:
    """What a table's name has before and behind the word of its role; None without the word."""
    found = _NAMES[one].fullmatch(_stem_key(name))
    return (found[1].removesuffix("watch"), found[2]) if found else None


def _adopt_headings(key: _Key, group: _Log, hosts: Mapping[_Key, _Log]) -> bool:
    """Give headings without places to the log that they are of, if only one fits."""
    is_named = len(key) == 2
    fitting = [] if is_named else [one for one in hosts if _is_named_like(key[0], one)]
    if fitting:
        host = hosts[max(fitting, key=lambda one: len("".join(one)))]
    elif len(hosts) == 1:
        (host,) = hosts.values()
    else:
        return False
    if is_named and not host.keys().isdisjoint(group):
        return False
    host.update({role: table for role, table in group.items() if role not in host})
    return True


def _is_named_like(name: str, around: _Key) -> bool:
    stem = _stem_key(name)
    return len(around) == 2 and stem.startswith(around[0]) and stem.endswith(around[1])


_LEAST_AGREEMENT = 0.95  # cosine between gravity and the quaternion's vertical that bears it out
_POOR_ACCURACY_M = 100.0  # a fix of so poor an accuracy is a guess from cells
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

    The heading is that of the platform's quaternion, which gravity must bear out; else the
    compass's; else that of magnetometer and gravity, levelled; else the yaw; else that of gyroscope
    and gravity. Sign and north of the yaw, and the north of quaternion and gyroscope, differ from
    phone to phone: that is for detection to find out. Gyroscope and gravity also tell where a
    heading is none, and when the phone was handled: from there on, ``mount`` counts up.

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
    heads = ("time", *_COLUMNS, "seconds_elapsed")
    places = read_columns(name, tables["places"], heads, limits.samples)
    held = np.isfinite(places["time"]) & (np.abs(places["time"]) < 4e18)
    held &= ~(places["seconds_elapsed"] < 0)  # a fix that was kept from before the start
    vague = held & (places["horizontalaccuracy"] > _POOR_ACCURACY_M)
    if vague.sum() < held.sum() / 2:
        held &= ~vague
    time_s = places["time"][held] / 1e9
    if len(time_s) < 2:
        raise ReadError("no-time", "fewer than two places have a time", file=name)
    columns = {to: places[source][held] for source, to in _COLUMNS.items()}
    north = float(np.nanmedian(columns["lat"])) if np.isfinite(columns["lat"]).any() else 0.0
    tables = {one: table for one, table in tables.items() if table}
    if "total acceleration" in tables:  # averaged over seconds it is gravity
        tables.setdefault("gravity", tables["total acceleration"])
    sensors = _Sensors(name, tables, limits)
    if sensors.has("gravity"):
        columns |= _steps(sensors, time_s)
    maker, heading, begins_s = _heading_and_mounts(sensors, (time_s, north))
    if heading is not None:
        columns["compass"] = heading
        columns |= mount_column(time_s, begins_s)
    return gpx_of(maker, None, time_s, columns)


def read_table(source: Source, data: bytes, limits: ReadLimits) -> Export:
    """A single table as a log of its own.

    Raises:
        NotARunError: it holds no places, so that it is a part of a log.
        ReadError: it lacks its columns, is too long or has no times.
    """
    own = role(source.name, data[:HEAD_BYTES])
    tables = {own: data} if own else {}
    return read_gpx(source, sensor_log(source.name, tables, limits), limits)


class _Sensors(msgspec.Struct, frozen=True):
    """The tables of one log: ``name`` for messages, role → bytes, and bounds."""

    name: str
    tables: Mapping[Role, bytes]
    limits: ReadLimits

    def has(self, *roles: Role) -> bool:
        """Whether all of these tables are there."""
        return all(one in self.tables for one in roles)

    def columns(self, one: Role, *heads: str) -> dict[str, FloatArray]:
        """A table's columns, and its time in Unix seconds."""
        most = 20 * self.limits.samples
        found = read_columns(self.name, self.tables[one], ("time", *heads), most)
        return found | {"time": found["time"] / 1e9}

    def vectors(self, one: Role) -> Vectors:
        """A three-axis sensor."""
        found = self.columns(one, *AXES)
        return Vectors.of(found["time"], [found[axis] for axis in AXES])


def _steps(sensors: _Sensors, time_s: FloatArray) -> dict[str, FloatArray]:
    """The column of steps a minute, (n,), by the bounce; nothing where only gravity is there."""
    bouncing: tuple[Role, ...] = ("total acceleration", "acceleration")
    found = next((one for one in bouncing if sensors.has(one)), None)
    if found is None:
        return {}
    gravity = sensors.vectors("gravity")
    return {"cad": step_rate_spm(time_s, sensors.vectors(found), gravity, sensors.limits)}


def _heading_and_mounts(
    sensors: _Sensors, where: tuple[FloatArray, float]
) -> tuple[str, FloatArray | None, FloatArray]:
    """Maker, heading (n,) without what the gyroscope contradicts, and when other mounts begin.

    ``where`` are the times (n,) and the latitude in degrees.
    """
    time_s, _ = where
    if not sensors.has("gravity"):
        return *_heading(sensors, where, None, NO_TIMES), NO_TIMES
    gravity = sensors.vectors("gravity")
    begins_s = handling_s(gravity, sensors.limits)
    maker, heading = _heading(sensors, where, gravity, begins_s)
    if heading is not None:
        moved = moved_s(gravity, (time_s, heading), sensors.limits)
        begins_s = np.concatenate([begins_s, moved])
    if not sensors.has("gyroscope"):
        return maker, heading, begins_s
    turned = rotation_of(sensors.vectors("gyroscope"), gravity, sensors.limits)
    if turned is None:
        return maker, heading, begins_s
    if heading is None:
        return _gyroscope_heading(sensors, time_s, turned, begins_s)
    heading, other_s = without_contradicted(time_s, heading, turned, sensors.limits)
    return maker, heading, np.concatenate([begins_s, other_s])


def _heading(
    sensors: _Sensors,
    where: tuple[FloatArray, float],
    gravity: Vectors | None,
    begins_s: FloatArray,
) -> tuple[str, FloatArray | None]:
    """Maker and heading, (n,) degrees, of the first sensor that gives one; None where none does.

    ``where`` are the times (n,) and the latitude in degrees, ``begins_s`` when other mounts begin.
    """
    found = _headings(sensors, where, gravity, begins_s)
    known = (each for each in found if np.isfinite(each[1]).any())
    return next(known, (_COMPASS.creator, None))


def _headings(
    sensors: _Sensors,
    where: tuple[FloatArray, float],
    gravity: Vectors | None,
    begins_s: FloatArray,
) -> Iterator[tuple[str, FloatArray]]:
    """Maker with the sensor in brackets, unless that is the compass, and (n,) degrees of each."""
    time_s, latitude_deg = where
    if gravity is not None and sensors.has("orientation"):
        turns = sensors.columns("orientation", *_YAW.names, *_QUATERNION)
        heading = _quaternion_heading_deg(turns, gravity, begins_s)
        if heading is not None:
            yield _ORIENTATION.creator, mean_heading_deg(time_s, turns["time"], heading)
    if sensors.has("compass"):
        (column,) = _COMPASS.names
        turns = sensors.columns("compass", column)
        yield _COMPASS.creator, mean_heading_deg(time_s, turns["time"], turns[column])
    if gravity is not None and sensors.has("magnetometer"):
        field, up = sensors.vectors("magnetometer").around(time_s), gravity.around(time_s)
        is_down = _is_gravity_down(sensors.tables.get("about", b""))
        up = upward(up, field, latitude_deg) if is_down is None else -up if is_down else up
        heading = tilt_compensated_by_mount_deg(field, up, mount_numbers(time_s, begins_s))
        if heading is not None:
            yield _MAGNETOMETER.creator, heading
    if sensors.has("orientation"):
        (column,) = _YAW.names
        turns = sensors.columns("orientation", column)
        yield _YAW.creator, mean_heading_deg(time_s, turns["time"], degrees(turns[column], ""))


def _gyroscope_heading(
    sensors: _Sensors, time_s: FloatArray, turned: Rotation, begins_s: FloatArray
) -> tuple[str, FloatArray | None, FloatArray]:
    """Maker, heading (n,) by gyroscope and gravity alone, and when other mounts begin."""
    is_down = _is_gravity_down(sensors.tables.get("about", b""))
    row = _GYROSCOPE_UNSIGNED if is_down is None else _GYROSCOPE
    if is_down:
        turned = structs.replace(turned, up=-turned.up)
    begins_s = np.concatenate([begins_s, turned.begins_s])
    heading = gyroscope_heading_deg(turned, begins_s, sensors.limits)
    if heading is None:
        return f"{_COMPASS.creator}{UNREAD_GYROSCOPE}", None, begins_s
    return row.creator, mean_heading_deg(time_s, turned.time_s, heading), begins_s


def _is_gravity_down(about: bytes) -> bool | None:
    """Whether gravity is written as pointing down, as an iPhone does unless told to standardise.

    Args:
        about: the table about the log; empty where there is none.

    Returns:
        None where it does not tell.
    """
    rows = rows_of(about)
    try:
        heads, row = ([cell.strip().lower() for cell in next(rows, [])] for _ in range(2))
    except csv.Error:
        return None
    known = dict(zip(heads, row, strict=False))
    if known.get("platform") == "android":
        return False
    standard = {"true": False, "false": True}
    return (
        standard.get(known.get("standardisation", "")) if known.get("platform") == "ios" else None
    )


def _quaternion_heading_deg(
    turns: Mapping[str, FloatArray], gravity: Vectors, begins_s: FloatArray
) -> FloatArray | None:
    """(n,) degrees clockwise from above of the device's most level axis, from an unknown north.

    The quaternion turns the device's axes into a frame whose z points up, or the frame's into the
    device's: gravity tells which. Euler's yaw fails where the phone stands upright; this does not.

    Args:
        turns: ``qw qx qy qz`` and ``time``, (n,) each; NaN where a column is missing.
        gravity: of either sign.
        begins_s: when other mounts begin, in which another axis may be level.

    Returns:
        None without quaternion, or where gravity contradicts it.
    """
    if not np.isfinite(turns["qw"]).any():
        return None
    measured = unit_vectors(gravity.around(turns["time"]))
    # its parts are at most 1 (a little more by rounding); larger ones are none
    w, x, y, z = (np.where(np.abs(turns[one]) < 2.0, turns[one], np.nan) for one in _QUATERNION)
    best, heading = _LEAST_AGREEMENT, None
    for way in (1.0, -1.0):  # the quaternion, and its inverse
        rows = rotation(w, way * x, way * y, way * z)
        along = np.abs((rows[2] * measured).sum(axis=1))
        known = along[np.isfinite(along)]
        if known.size and float(np.median(known)) > best:
            best = float(np.median(known))
            heading = level_axis_deg(rows, mount_numbers(turns["time"], begins_s))
    return heading
