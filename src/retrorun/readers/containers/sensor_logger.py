"""Sensor Logger (phones): ``Location.csv`` and tables with a heading beside it → GPX.

Tables of a folder are recognised by their column names, and those of one log are put together. Only
three-axis sensors all have the same columns, ``time, z, y, x``; there the file name tells which it
is.
"""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from retrorun import arithmetic
from retrorun.errors import NotARunError, ReadError
from retrorun.model import Export, Source
from retrorun.readers.containers.attitude import means, rotation, upward
from retrorun.readers.fit.headings import tilt_compensated_deg
from retrorun.readers.heading_sources import BY_SOURCE, degrees
from retrorun.readers.xml.gpx import gpx_of, read_gpx
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray

Role = Literal["places", "compass", "orientation", "magnetometer", "gravity", "about"]
# what a name has around the sensor's word, in lower case; or a whole name that has no such word
_Key = tuple[str, str] | tuple[str]
_Log = dict[Role, str]

HEAD_BYTES = 4096
_COMPASS, _YAW, _MAGNETOMETER = (
    BY_SOURCE[f"csv:{each}"] for each in ("compass", "yaw", "magnetometer")
)
AXES = tuple(sorted(_MAGNETOMETER.names))
_BY_HEAD: tuple[tuple[Role, frozenset[str]], ...] = (
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
    "gravity": "(?<![a-z])(?:gravity|totalacceleration)",  # averaged over seconds it is gravity
}
_NAMES = {role: re.compile(rf"(.*){word}(?![a-z])(.*)", re.DOTALL) for role, word in _WORDS.items()}
_OF_AXES: tuple[Role, ...] = ("magnetometer", "gravity")
_ABOUT = re.compile(r"(.*)metadata(?![a-z])(.*)", re.DOTALL)  # which platform wrote the log
_QUATERNION = ("qw", "qx", "qy", "qz")
_FIRST_NS, _LAST_NS = 1e18, 4e18  # 2001 and 2096: seconds and milliseconds are far below


def is_named(name: str) -> bool:
    """Whether a table is called after one of the sensors that are read."""
    return any(_around(name, role) for role in _NAMES)


def role(name: str, head: bytes) -> Role | None:
    """What a table can be, by its first lines; None if it is none of a phone's log.

    Many programs write places with a time. The phone's is in nanoseconds since 1970.

    Args:
        name: the file's name; it only tells three-axis sensors apart.
        head: its first bytes, ``HEAD_BYTES`` of them unless it is shorter.
    """
    columns = columns_of(head.split(b"\n", 1)[0])
    for one, needed in _BY_HEAD:
        if needed <= set(columns):
            return one if one != "places" or _are_places(name, columns, head) else None
    if {"time", *AXES} <= set(columns):
        return next((one for one in _OF_AXES if _around(name, one)), None)
    return None


def is_about(name: str, head: bytes) -> bool:
    """Whether a table tells which platform wrote the log beside it; it is no log by itself."""
    named = _ABOUT.fullmatch(PurePosixPath(name).stem.lower())
    return named is not None and "platform" in columns_of(head.split(b"\n", 1)[0])


def columns_of(line: bytes) -> list[str]:
    """The names of the columns, in lower case."""
    return [one.strip(' \t\r"').lower() for one in line.decode("utf-8-sig", "replace").split(",")]


def number(row: list[str], at: int | None) -> float:
    """A cell's number, or NaN."""
    try:
        return float(row[at]) if at is not None else float("nan")
    except (ValueError, IndexError):
        return float("nan")


def _are_places(name: str, columns: list[str], head: bytes) -> bool:
    """Whether the time is a phone's; an empty table of a phone's name is reported as empty."""
    if not head.partition(b"\n")[2].strip():
        return _around(name, "places") is not None
    return _FIRST_NS <= _first(columns.index("time"), head) < _LAST_NS


def _first(at: int, head: bytes) -> float:
    """The first number in a column, or NaN; a line that the head cuts off does not count."""
    whole = head if len(head) < HEAD_BYTES else head.rpartition(b"\n")[0]
    body = whole.partition(b"\n")[2].decode("utf-8", "replace")
    try:
        found = [number(row, at) for row in csv.reader(io.StringIO(body))]
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
    for each in sorted(heads, key=_rank):
        one = role(each, heads[each])
        if one is None:
            continue
        group = groups.setdefault(_around(each, one) or (each,), {})
        if one == "places" and group.get(one, "").lower() == each.lower():
            groups[each,] = {one: each}  # alike but for capitals: not the same log twice
        else:
            group.setdefault(one, each)
    hosts = {key: group for key, group in groups.items() if "places" in group}
    left = [
        group
        for key, group in groups.items()
        if key not in hosts and not _adopt_headings(key, group, hosts)
    ]
    for each in sorted(heads):
        if is_about(each, heads[each]):
            _adopt_about(each, hosts)
    return [*hosts.values(), *left]


def _adopt_about(name: str, hosts: Mapping[_Key, _Log]) -> None:
    """Give the table about a log to the log of its name, or to the only one there is."""
    found = _ABOUT.fullmatch(PurePosixPath(name).stem.lower())
    key = (found[1], found[2]) if found else ("",)
    host = hosts.get(key) or (next(iter(hosts.values())) if len(hosts) == 1 else None)
    if host is not None:
        host.setdefault("about", name)


def _rank(name: str) -> tuple[bool, bool, str]:
    return "watch" in name.lower(), "total" in name.lower(), name


def _around(name: str, one: Role) -> tuple[str, str] | None:
    """What a table's name has before and behind the word of its role; None without the word."""
    found = _NAMES[one].fullmatch(PurePosixPath(name).stem.lower())
    return (found[1].removesuffix("watch"), found[2]) if found else None


def _adopt_headings(key: _Key, group: _Log, hosts: Mapping[_Key, _Log]) -> bool:
    """Give headings without places to the log that they are of, if only one fits."""
    is_named = len(key) == 2
    fitting = [] if is_named else [one for one in hosts if _fits(key[0], one)]
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


def _fits(name: str, around: _Key) -> bool:
    stem = PurePosixPath(name).stem.lower()
    return len(around) == 2 and stem.startswith(around[0]) and stem.endswith(around[1])


_BORNE_OUT = 0.95  # cosine between gravity and the quaternion's vertical that bears it out
_VAGUE_M = 100.0  # a fix of so poor an accuracy is a guess from cells
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

    The heading is the compass's; without one that of the platform's quaternion, which gravity must
    bear out, or the yaw, else magnetometer and gravity, levelled. Sign and north of the yaw, and
    the north of the quaternion, differ from phone to phone: that is for detection to find out.

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
    places = _table(name, tables["places"], heads, limits.samples)
    held = np.isfinite(places["time"]) & (np.abs(places["time"]) < 4e18)
    held &= ~(places["seconds_elapsed"] < 0)  # a fix that was kept from before the start
    vague = held & (places["horizontalaccuracy"] > _VAGUE_M)
    if vague.sum() < held.sum() / 2:
        held &= ~vague
    time_s = places["time"][held] / 1e9
    if len(time_s) < 2:
        raise ReadError("no-time", "fewer than two places have a time", file=name)
    columns = {to: places[source][held] for source, to in _COLUMNS.items()}
    north = float(np.nanmedian(columns["lat"])) if np.isfinite(columns["lat"]).any() else 0.0
    maker, heading = _heading(name, tables, (time_s, north), 20 * limits.samples)
    if heading is not None:
        columns["compass"] = heading
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


def _heading(
    name: str, tables: Mapping[Role, bytes], where: tuple[FloatArray, float], most: int
) -> tuple[str, FloatArray | None]:
    """Maker with the sensor in brackets, unless that is the compass; (n,) degrees or None.

    ``where`` are the times (n,) and the latitude in degrees.
    """
    time_s, latitude_deg = where
    if "compass" in tables:
        (column,) = _COMPASS.names
        turns = _table(name, tables["compass"], ("time", column), most)
        return _COMPASS.creator, _mean_around(time_s, turns["time"] / 1e9, turns[column])
    if "orientation" in tables:
        turns = _table(name, tables["orientation"], ("time", *_YAW.names, *_QUATERNION), most)
        at_s = turns["time"] / 1e9
        heading = _of_quaternion(name, turns, tables.get("gravity"), most)
        if heading is None:
            (column,) = _YAW.names
            heading = degrees(turns[column], "")
        return _YAW.creator, _mean_around(time_s, at_s, heading)
    if "magnetometer" in tables and "gravity" in tables:
        field, up = (
            _vectors_around(name, tables[one], time_s, most) for one in ("magnetometer", "gravity")
        )
        is_down = _is_gravity_down(tables.get("about", b""))
        up = upward(up, field, latitude_deg) if is_down is None else -up if is_down else up
        return _MAGNETOMETER.creator, tilt_compensated_deg(field, up)
    return _COMPASS.creator, None


def _is_gravity_down(about: bytes) -> bool | None:
    """Whether gravity is written as pointing down, as an iPhone does unless told to standardise.

    Args:
        about: the table about the log; empty where there is none.

    Returns:
        None where it does not tell.
    """
    first, _, body = about.partition(b"\n")
    row = columns_of(body.split(b"\n", 1)[0])
    known = dict(zip(columns_of(first), row, strict=False))
    if known.get("platform") == "android":
        return False
    standard = {"true": False, "false": True}
    return (
        standard.get(known.get("standardisation", "")) if known.get("platform") == "ios" else None
    )


def _of_quaternion(
    name: str, turns: Mapping[str, FloatArray], gravity: bytes | None, most: int
) -> FloatArray | None:
    """(n,) degrees clockwise from above of the device's most level axis, from an unknown north.

    The quaternion turns the device's axes into a frame whose z points up, or the frame's into the
    device's: gravity tells which. Euler's yaw fails where the phone stands upright; this does not.

    Args:
        name: for messages.
        turns: ``qw qx qy qz`` and ``time``, (n,) each; NaN where a column is missing.
        gravity: the table of gravity, of either sign.
        most: rows of it.

    Returns:
        None without quaternion or gravity, or where they contradict each other.
    """
    if gravity is None or not np.isfinite(turns["qw"]).any():
        return None
    measured = _vectors_around(name, gravity, turns["time"] / 1e9, most)
    w, x, y, z = (turns[each] for each in _QUATERNION)
    best: tuple[float, FloatArray] = (_BORNE_OUT, np.empty(0))
    for way in (1.0, -1.0):  # the quaternion, and its inverse
        rows = rotation(w, way * x, way * y, way * z)
        along = np.abs((rows[2] * measured).sum(axis=1)) / np.sqrt(np.square(measured).sum(axis=1))
        known = along[np.isfinite(along)]
        if known.size and float(np.median(known)) > best[0]:
            level = int(np.argmin(np.abs(np.nanmedian(rows[2], axis=0))))
            clockwise = arithmetic.arctan2(rows[0][:, level], rows[1][:, level])
            best = float(np.median(known)), np.degrees(clockwise)
    return best[1] if best[1].size else None


def _vectors_around(name: str, data: bytes, time_s: FloatArray, most: int) -> FloatArray:
    """(n, 3) means of a three-axis sensor around each time."""
    table = _table(name, data, ("time", *AXES), most)
    at_s = table["time"] / 1e9
    return np.stack([means(time_s, at_s, table[axis])[0] for axis in AXES], axis=1)


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
    north, any_there = means(at_s, time_s, arithmetic.cos(turn))
    east, _ = means(at_s, time_s, arithmetic.sin(turn))
    return np.where(any_there, np.degrees(arithmetic.arctan2(east, north)) % 360.0, np.nan)
