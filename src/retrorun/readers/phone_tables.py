"""Which tables of a folder are a phone's, and which of them are one log.

A table is known by its head. Only three-axis sensors all have the same head, ``time, z, y, x``;
there the name tells which it is.
"""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

Role = Literal["places", "compass", "orientation", "magnetometer", "gravity"]
# what a name has around the sensor's word, in lower case; or a whole name that has no such word
_Key = tuple[str, str] | tuple[str]
_Log = dict[Role, str]

HEAD_BYTES = 4096
AXES = ("x", "y", "z")
_BY_HEAD: tuple[tuple[Role, frozenset[str]], ...] = (
    ("places", frozenset({"time", "latitude", "longitude"})),
    ("compass", frozenset({"time", "magneticbearing"})),
    ("orientation", frozenset({"time", "yaw", "pitch", "roll"})),
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
    """Whether the time is a phone's; an empty table of a phone's name is told as empty."""
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
        if key not in hosts and not _taken_in(key, group, hosts)
    ]
    return [*hosts.values(), *left]


def _rank(name: str) -> tuple[bool, bool, str]:
    return "watch" in name.lower(), "total" in name.lower(), name


def _around(name: str, one: Role) -> tuple[str, str] | None:
    """What a table's name has before and behind the word of its role; None without the word."""
    found = _NAMES[one].fullmatch(PurePosixPath(name).stem.lower())
    return (found[1].removesuffix("watch"), found[2]) if found else None


def _taken_in(key: _Key, group: _Log, hosts: Mapping[_Key, _Log]) -> bool:
    """Give headings without places to the log that they are of, if it can be told which."""
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
