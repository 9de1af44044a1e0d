"""Local time: the zone a session was run in, and where that is known from."""

import datetime as dt
import zoneinfo

import numpy as np

from retrorun.model import TimeZone, Track


def find(
    start_time_s: float,
    utc_offset_s: float | None,
    latitude_deg: float | None,
    longitude_deg: float | None,
) -> TimeZone | None:
    """The zone of a moment and place.

    The file's own offset wins over the position, because a watch shows what its wearer saw; the
    position then only lends the zone's name, if the two agree.

    Args:
        start_time_s: Unix seconds.
        utc_offset_s: local minus UTC as the file says, or None.
        latitude_deg: first position, or None.
        longitude_deg: first position, or None.

    Returns:
        Name, offset and provenance (``file`` or ``position``); None where nothing is known.
    """
    name = _name(latitude_deg, longitude_deg)
    by_position = _offset_s(name, start_time_s)
    if utc_offset_s is not None:
        return TimeZone(name if by_position == utc_offset_s else None, utc_offset_s, "file")
    return None if name is None or by_position is None else TimeZone(name, by_position, "position")


def of_track(track: Track, utc_offset_s: float | None) -> TimeZone | None:
    """The time zone of a track by its file's offset and its first position, as ``find``."""
    latitude, longitude = track.column("latitude_deg"), track.column("longitude_deg")
    fixed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    place = (float(latitude[fixed[0]]), float(longitude[fixed[0]])) if fixed.size else (None, None)
    return find(track.start_time_s, utc_offset_s, *place)


def _name(latitude_deg: float | None, longitude_deg: float | None) -> str | None:
    if latitude_deg is None or longitude_deg is None:
        return None
    from tzfpy import get_tz

    return get_tz(longitude_deg, latitude_deg) or None


def _offset_s(name: str | None, start_time_s: float) -> float | None:
    if name is None:
        return None
    try:
        zone = zoneinfo.ZoneInfo(name)
        offset = dt.datetime.fromtimestamp(start_time_s, tz=zone).utcoffset()
    except (zoneinfo.ZoneInfoNotFoundError, OverflowError, OSError, ValueError):
        return None
    return None if offset is None else offset.total_seconds()


def local_time(start_time_s: float, zone: TimeZone | None) -> dt.datetime:
    """The moment as the athlete's clock showed it; in UTC where the zone is not known."""
    offset = dt.timedelta(seconds=zone.utc_offset_s) if zone else dt.timedelta()
    return dt.datetime.fromtimestamp(start_time_s, tz=dt.timezone(offset))
