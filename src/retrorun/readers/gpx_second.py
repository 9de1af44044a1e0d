"""A second opinion on GPX in which the stream found no track at all: gpxpy's."""

import gpxpy.gpx
import numpy as np

from retrorun.model import Note, Recording
from retrorun.settings import ReadLimits

_MOST_BYTES = 20 * 2**20  # gpxpy builds a tree and is slow
_NOTE = Note("gpx-second-opinion", "no track was found by streaming; read with gpxpy instead")


def second_opinion(data: bytes, limits: ReadLimits) -> list[Recording]:
    """The tracks that gpxpy finds, with position, height and time; none if it finds none.

    It is not asked about documents that are large or declare entities.
    """
    if len(data) > _MOST_BYTES or b"<!" in data.replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        return []
    try:
        tracks = gpxpy.parse(data).tracks
    except (
        gpxpy.gpx.GPXException,
        ValueError,
        AttributeError,
        TypeError,
        LookupError,
        ArithmeticError,
    ):
        return []
    found = (_recording(track) for track in tracks)
    return [one for one in found if one is not None and len(one.time_s) <= limits.samples]


def _recording(track: gpxpy.gpx.GPXTrack) -> Recording | None:
    timed = [
        (point, time_s)
        for segment in track.segments
        for point in segment.points
        if (time_s := _time_s(point)) is not None
    ]
    if len(timed) < 2:
        return None
    points = [point for point, _ in timed]
    columns = {
        "latitude_deg": [point.latitude for point in points],
        "longitude_deg": [point.longitude for point in points],
        "altitude_m": [point.elevation for point in points],
    }
    return Recording(
        time_s=np.array([time_s for _, time_s in timed]),
        columns={name: np.array(values, dtype=np.float64) for name, values in columns.items()},
        sport=(track.type or "").lower() or None,
        name=track.name,
        notes=(_NOTE,),
    )


def _time_s(point: gpxpy.gpx.GPXTrackPoint) -> float | None:
    """Unix seconds; None where there is no time, or one that no clock can show."""
    try:
        return point.time.timestamp() if point.time else None
    except (ValueError, OverflowError):
        return None
