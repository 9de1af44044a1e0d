"""Local time: the zone a session was run in, and where that is known from."""

import datetime as dt
import zlib
import zoneinfo
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from retrorun.model import TimeZone, Track

CELLS = Path(__file__).with_name("zone_cells.bin")  # written by docs/generate/zone_cells.py
CELL_DEG = 0.25
ROWS, COLUMNS = round(180 / CELL_DEG), round(360 / CELL_DEG)
_CELL_BYTES = 2


def find(
    start_time_s: float,
    utc_offset_s: float | None,
    latitude_deg: float | None,
    longitude_deg: float | None,
    end_time_s: float | None = None,
) -> TimeZone | None:
    """The zone of a moment and place.

    The file's own offset wins over the position, because a watch shows what its wearer saw; the
    position then only lends the zone's name, if the two agree. They do, too, where the clocks were
    changed in between and the file gives the offset of its end, as FIT does: then the session began
    by the offset before. An offset of 0 is what writers that know no zone say, too: another zone of
    the place wins over it.

    Args:
        start_time_s: Unix seconds.
        utc_offset_s: local minus UTC as the file says, or None.
        latitude_deg: first position, or None.
        longitude_deg: first position, or None.
        end_time_s: Unix seconds of the end, if known.

    Returns:
        Name, offset and provenance (``file`` or ``position``); None where nothing is known.
    """
    name = _name(latitude_deg, longitude_deg)
    by_position = _offset_s(name, start_time_s)
    if utc_offset_s is not None:
        at_end = by_position if end_time_s is None else _offset_s(name, end_time_s)
        if by_position is not None and utc_offset_s in {by_position, at_end}:
            return TimeZone(name, by_position, "file")
        if by_position is not None and utc_offset_s == 0.0:
            return TimeZone(name, by_position, "position")
        return TimeZone(None, utc_offset_s, "file")
    return None if name is None or by_position is None else TimeZone(name, by_position, "position")


def of_track(track: Track, utc_offset_s: float | None) -> TimeZone | None:
    """The time zone of a track by its file's offset and its first position, as ``find``."""
    latitude, longitude = track.column("latitude_deg"), track.column("longitude_deg")
    fixed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    end_time_s = track.start_time_s + track.seconds
    place = (float(each[fixed[0]]) if fixed.size else None for each in (latitude, longitude))
    latitude_deg, longitude_deg = place
    return find(track.start_time_s, utc_offset_s, latitude_deg, longitude_deg, end_time_s)


def _name(latitude_deg: float | None, longitude_deg: float | None) -> str | None:
    if latitude_deg is None or longitude_deg is None:
        return None
    known = _name_of_cell(latitude_deg, longitude_deg)
    if known is not None:
        return known
    from tzfpy import get_tz

    return get_tz(longitude_deg, latitude_deg) or None


def _name_of_cell(latitude_deg: float, longitude_deg: float) -> str | None:
    """The zone of the cell that holds a place; None where more than one is near.

    It is what tzfpy says. Its first answer takes 0.1 s of a processor and 34 MB, and most runs are
    far from any border.
    """
    row, column = (latitude_deg + 90.0) // CELL_DEG, (longitude_deg + 180.0) // CELL_DEG
    if not (0 <= row < ROWS and 0 <= column < COLUMNS):
        return None
    names, cells = _cells()
    at = _CELL_BYTES * (int(row) * COLUMNS + int(column))
    number = int.from_bytes(cells[at : at + _CELL_BYTES], "little")
    return names[number - 1] if number else None


@lru_cache(maxsize=1)
def _cells() -> tuple[list[str], bytes]:
    """Names of zones, and of each cell the number of its zone, 0 for none.

    All cells have none where another tzfpy is installed than they were made with.
    """
    import tzfpy

    head, cells = zlib.decompress(CELLS.read_bytes()).split(b"\n", 1)
    version, *names = head.decode("ascii").split(" ")
    about = Path(tzfpy.__file__).parents[1] / f"tzfpy-{version}.dist-info"
    return (names, cells) if about.is_dir() else ([], bytes(len(cells)))


def _offset_s(name: str | None, start_time_s: float) -> float | None:
    if name is None:
        return None
    try:
        zone = zoneinfo.ZoneInfo(name)
        offset = dt.datetime.fromtimestamp(start_time_s, tz=zone).utcoffset()
    except (zoneinfo.ZoneInfoNotFoundError, OverflowError, OSError, ValueError):
        return None
    return None if offset is None else offset.total_seconds()


def offset_at(zone: TimeZone | None, time_s: float) -> float:
    """Seconds by which a zone is ahead of UTC at another moment (Unix seconds) than that it is of.

    A zone without a name keeps its offset; none has 0.
    """
    here_s = _offset_s(zone.name if zone else None, time_s)
    return here_s if here_s is not None else zone.utc_offset_s if zone else 0.0


def clock_change(
    zone: TimeZone | None, start_time_s: float, seconds: int
) -> tuple[float, float] | None:
    """When clocks were changed within a session, and by how much they were put forward.

    Args:
        zone: of the session; without a name nothing is known.
        start_time_s: Unix seconds.
        seconds: how long it lasts.

    Returns:
        Seconds since the start, and seconds; None where clocks went on.
    """
    name = zone.name if zone else None
    before_s, after_s = _offset_s(name, start_time_s), _offset_s(name, start_time_s + seconds)
    if before_s is None or after_s is None or before_s == after_s:
        return None
    earliest, latest = 0, seconds  # by halves: the offset is that of the start, and another
    while latest - earliest > 1:
        middle = (earliest + latest) // 2
        is_before = _offset_s(name, start_time_s + middle) == before_s
        earliest, latest = (middle, latest) if is_before else (earliest, middle)
    return float(latest), after_s - before_s


class Clock(msgspec.Struct, frozen=True):
    """What one of several copies of a run says of its time.

    ``ahead_s`` is by how much it runs ahead of the first copy's clock, 0 for that; ``start_time_s``
    is its start in Unix seconds, ``utc_offset_s`` local minus UTC as the file says, or None.
    """

    ahead_s: float
    start_time_s: float
    utc_offset_s: float | None


def believed_clock(
    clocks: Sequence[Clock], latitude_deg: float, longitude_deg: float
) -> tuple[Clock, str]:
    """Which of the clocks of several copies of one run is right, and why in words.

    1. One that also states its local time, where the two differ as they do at that place.
    2. One that another lies ahead of by just the offset of the place: the other is local time that
       was written as UTC. The contrary, an offset that was taken off twice, is much rarer.
    3. The one that most copies have.
    4. The first one.

    Args:
        clocks: of all copies; the first one's is ``ahead_s`` 0.
        latitude_deg: of the run's first position.
        longitude_deg: of the same.
    """
    name = _name(latitude_deg, longitude_deg)
    here = {each: _offset_s(name, each.start_time_s) for each in clocks}
    hours = {each.ahead_s for each in clocks}

    def grounds(each: Clock) -> tuple[bool, bool, int]:
        offset_s = here[each]
        states = offset_s is not None and offset_s == each.utc_offset_s
        is_utc = bool(offset_s) and each.ahead_s + (offset_s or 0.0) in hours
        return states, is_utc, sum(each.ahead_s == other.ahead_s for other in clocks)

    best = max(clocks, key=lambda each: (*grounds(each), not each.ahead_s, each.ahead_s))
    others = [grounds(each) for each in clocks if each.ahead_s != best.ahead_s]
    for place, words in enumerate(_GROUNDS):
        if any(grounds(best)[place] > other[place] for other in others):
            return best, words
    return best, "nothing tells which one is right, so that of the richer copy stands"


_GROUNDS = (
    "it also states its local time, which is that of the place",
    "the other differs by the offset of the place's time zone, as local time written as UTC does",
    "most copies have it",
)


def local_time(start_time_s: float, zone: TimeZone | None) -> dt.datetime:
    """The moment as the athlete's clock showed it; in UTC where the zone is not known."""
    offset = dt.timedelta(seconds=zone.utc_offset_s) if zone else dt.timedelta()
    return dt.datetime.fromtimestamp(start_time_s, tz=dt.timezone(offset))
