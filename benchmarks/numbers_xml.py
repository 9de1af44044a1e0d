"""What a TCX file says of itself, and what the points of GPX and TCX add up to by other tools."""

import io
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import gpxpy
import gpxpy.gpx
from tcxreader.tcxreader import TCXReader

from numbers_points import Point, sums
from numbers_quantities import Quantities, added

RIDES = ("biking",)  # TCX knows Running, Biking and Other
HEART = ("hr", "heartrate")
CADENCE = ("cad", "cadence")


def tcx_stated(data: bytes) -> Quantities:
    """The totals of the laps, added up: distance, timer, mean heart rate and steps.

    Raises:
        ParseError: the text is no XML.
    """
    root = ET.fromstring(data)  # noqa: S314 - files of a test corpus
    activities = [each for each in root.iter() if _local(each) == "Activity"]
    runs = [each for each in activities if (each.get("Sport") or "").lower() not in RIDES]
    laps = [_lap(one) for each in runs for one in each if _local(one) == "Lap"]
    total = added(laps)
    means = (total.heart_rate_bpm, total.cadence_spm)
    return Quantities(total.distance_m, total.moving_s, None, *means, None, len(runs))


def tcx_summed(data: bytes) -> Quantities:
    """Plain sums over the points as tcxreader decodes them.

    Raises:
        Exception: whatever tcxreader raises; it names no family of errors.
    """
    exercise = TCXReader().read(io.BytesIO(data), only_gps=False)
    points = [_tcx_point(each) for each in exercise.trackpoints if each.time is not None]
    return sums(points)


def gpx_totals(data: bytes) -> Quantities:
    """Gpxpy's own totals: length, moving time and ascent; means over its points.

    Raises:
        GPXException: gpxpy cannot read it.
    """
    gpx = gpxpy.parse(data)
    segments = [one for track in gpx.tracks for one in track.segments]
    points = [_gpx_point(each) for one in segments for each in one.points if each.time]
    if len(points) < 2:
        return Quantities(sessions=0)
    plain = sums(points)
    climbed = gpx.has_elevations() or plain.ascent_m is not None
    return Quantities(
        distance_m=gpx.length_2d(),
        moving_s=gpx.get_moving_data(raw=True).moving_time,
        duration_s=plain.duration_s,
        heart_rate_bpm=plain.heart_rate_bpm,
        cadence_spm=plain.cadence_spm,
        ascent_m=gpx.get_uphill_downhill().uphill if climbed else None,
        sessions=1,
    )


def gpx_spaced(data: bytes, spacing_s: float) -> Quantities:
    """Distance and moving time over points of gpxpy that lie so many seconds apart at least.

    A walk around a fix that stands has less of a share in it than in chords of one second.
    """
    gpx = gpxpy.parse(data)
    segments = [one for track in gpx.tracks for one in track.segments]
    parts = [[_gpx_point(each) for each in one.points if each.time] for one in segments]
    total = added([sums(_spaced(part, spacing_s)) for part in parts])
    return Quantities(total.distance_m, total.moving_s)


def _spaced(points: Sequence[Point], spacing_s: float) -> list[Point]:
    """Every point that lies so far behind the last kept one, and the last of all."""
    kept: list[Point] = []
    for each in points:
        if not kept or each.time_s - kept[-1].time_s >= spacing_s:
            kept.append(each)
    return kept if not points or kept[-1] is points[-1] else [*kept, points[-1]]


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _lap(lap: ET.Element) -> Quantities:
    steps = _number(lap, "AvgRunCadence")
    return Quantities(
        distance_m=_child(lap, "DistanceMeters"),
        moving_s=_child(lap, "TotalTimeSeconds"),
        heart_rate_bpm=_number(lap, "AverageHeartRateBpm", "Value"),
        cadence_spm=2 * steps if steps else None,
    )


def _child(lap: ET.Element, name: str) -> float | None:
    found = [each.text for each in lap if _local(each) == name]
    return float(found[0]) if found and found[0] else None


def _number(lap: ET.Element, *path: str) -> float | None:
    """The number in the first element of this path, at any depth outside the track."""
    inside = [lap]
    for name in path:
        inside = [one for each in inside for one in _outside_track(each) if _local(one) == name]
    return float(inside[0].text) if inside and inside[0].text else None


def _outside_track(element: ET.Element) -> Iterator[ET.Element]:
    for each in element:
        if _local(each) != "Track":
            yield each
            yield from _outside_track(each)


def _tcx_point(point: Any) -> Point:  # noqa: ANN401 - tcxreader has no types
    extensions = point.tpx_ext or {}
    steps = extensions.get("RunCadence", point.cadence)
    return Point(
        time_s=point.time.timestamp(),
        distance_m=point.distance,
        latitude_deg=point.latitude,
        longitude_deg=point.longitude,
        altitude_m=point.elevation,
        heart_rate_bpm=point.hr_value,
        cadence=steps,
    )


def _gpx_point(point: gpxpy.gpx.GPXTrackPoint) -> Point:
    values = dict(_extension_values(point.extensions))
    when = point.time
    return Point(
        time_s=when.timestamp() if when else 0.0,
        latitude_deg=point.latitude,
        longitude_deg=point.longitude,
        altitude_m=point.elevation,
        heart_rate_bpm=next((values[name] for name in HEART if name in values), None),
        cadence=next((values[name] for name in CADENCE if name in values), None),
    )


def _extension_values(elements: Sequence[Any]) -> Iterator[tuple[str, float]]:
    for each in elements:
        name = str(each.tag).rpartition("}")[2].rpartition(":")[2].lower()
        if name in (*HEART, *CADENCE) and each.text:
            yield name, float(each.text)
        yield from _extension_values(list(each))
