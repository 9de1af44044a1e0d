"""Privacy zones: what would tell where the runner lives is taken out before anything is drawn.

What tells a place is the position itself, the metres from the first fix (which is the front door),
and what leads there step by step: course, heading and height. Pace, heart rate and steps inside a
zone stay, and so does heading minus course: they tell what the body did, not where.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrorun import arithmetic
from retrorun.model import Label, Note, Session, Track, Zone
from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray

PLANE = ("x_m", "y_m")
TELLING = (
    "latitude_deg",
    "longitude_deg",
    *PLANE,
    "course_deg",
    "device_course_deg",
    "altitude_m",
    "smooth_altitude_m",
    "grade",
)


def without_zones(track: Track, zones: Sequence[Zone]) -> Track:
    """The track without any sample that tells where inside a zone the runner was.

    Where something is taken out, the local plane is moved to begin at the first fix that is left:
    counted from the first fix of all, which often is a home, it would still tell where that lies.

    Args:
        track: a 1 Hz track; not changed.
        zones: circles on the ground; none gives the track itself.

    Returns:
        The track with NaN, inside zones, in every column and heading that tells a place.
    """
    if not zones:
        return track
    hidden = within(track.column("latitude_deg"), track.column("longitude_deg"), zones)
    if not hidden.any():
        return track
    telling = {
        name: _blank(track.columns[name], hidden) for name in TELLING if name in track.columns
    }
    plane = {name: _from_first(telling[name]) for name in PLANE if name in telling}
    headings = tuple(
        replace(each, heading_deg=_blank(each.heading_deg, hidden)) for each in track.headings
    )
    return replace(track, columns={**track.columns, **telling, **plane}, headings=headings)


def within(latitude_deg: FloatArray, longitude_deg: FloatArray, zones: Sequence[Zone]) -> BoolArray:
    """Which samples lie in any of the zones, (n,); without a position they lie in none."""
    inside = np.zeros(len(latitude_deg), dtype=bool)
    for zone in zones:
        # a NaN compares as not inside
        inside |= _distance_m(latitude_deg, longitude_deg, zone) <= zone.radius_m
    return inside


def _distance_m(latitude_deg: FloatArray, longitude_deg: FloatArray, zone: Zone) -> FloatArray:
    """Great-circle distance to the zone's centre, haversine on the mean sphere, (n,) metres."""
    north, east = np.radians(latitude_deg), np.radians(longitude_deg)
    home_north, home_east = np.radians(zone.latitude_deg), np.radians(zone.longitude_deg)
    half = np.square(arithmetic.sin((north - home_north) / 2))
    half += (
        arithmetic.cos(north)
        * arithmetic.cos(home_north)
        * np.square(arithmetic.sin((east - home_east) / 2))
    )
    distance: FloatArray = 2 * EARTH_RADIUS_M * arithmetic.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return distance


def _blank(values: FloatArray, hidden: BoolArray) -> FloatArray:
    return np.where(hidden, np.nan, values)


def _from_first(values: FloatArray) -> FloatArray:
    """The same distances, counted from the first one that is known."""
    known = np.flatnonzero(np.isfinite(values))
    return values - values[known[0]] if known.size else values


def redacted(session: Session) -> Session:
    """The session without names, device, place and exact date: for showing to strangers.

    What was computed stays. The start moves to noon on the first of its month, UTC, so that no page
    can tell the day; remarks keep only their slug, because their words may quote the file. The id
    goes too: whoever has the recording could compare its hash.
    """
    month = np.datetime64(int(session.start_time_s), "s").astype("datetime64[M]")
    first_s = float(month.astype("datetime64[s]").astype(np.int64)) + 43_200.0
    source = replace(
        session.source,
        sha256="",
        name=f"recording.{session.source.format or 'file'}",
        device=None,
        warnings=_slugs(session.source.warnings),
    )
    return replace(
        session,
        id="redacted",
        source=source,
        start_time_s=first_s,
        zone=None,
        name=None,
        device=None,
        heading=replace(session.heading, source=None),
        measures=replace(session.measures, notes=_slugs(session.measures.notes)),
        labels=tuple(_anonymous(each) for each in session.labels),
        laps=(),
        pauses=(),
        notes=_slugs(session.notes),
    )


def _slugs(notes: Sequence[Note]) -> tuple[Note, ...]:
    return tuple(Note(each.slug, each.slug) for each in notes)


def _anonymous(label: Label) -> Label:
    return replace(label, origin="label")
