"""Simulated recordings as XML: GPX as several programs write it, and TCX as Garmin does."""

from datetime import UTC, datetime
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

import gpxpy.gpx
import numpy as np
from lxml import etree

from retrorun.model import Lap, Recording
from retrorun.simulate.scenarios import Simulated

Flavour = Literal[
    "osmand", "osmtracker", "osmtracker-comment", "garmin", "gpslogger", "apple", "plain"
]
OSMAND = "https://osmand.net/docs/technical/osmand-file-formats/osmand-gpx"
TPX1 = "http://www.garmin.com/xmlschemas/TrackPointExtension/v1"
TPX2 = "http://www.garmin.com/xmlschemas/TrackPointExtension/v2"
CREATORS: dict[Flavour, str] = {
    "osmand": "OsmAnd~ 4.7.10",
    "osmtracker": "OSMTracker for Android™ - https://github.com/labexp/osmtracker-android",
    "osmtracker-comment": "OSMTracker for Android™ - https://github.com/labexp/osmtracker-android",
    "garmin": "Garmin Connect",
    "gpslogger": "GPSLogger 132 - https://gpslogger.app/",
    "apple": "Apple Health Export",
    "plain": "retrorun simulator",
}


def gpx_bytes(simulated: Simulated, flavour: Flavour = "plain") -> bytes:
    """The recording as GPX 1.1; a pause begins a new track segment.

    ``osmand``: compass in ``osmand:heading``; ``osmtracker``: in ``compass``, or as words in
    ``cmt`` (``osmtracker-comment``); ``garmin``: facing in ``bearing`` beside the ``course``;
    ``gpslogger``: the receiver's *course* in ``bearing`` (the trap); ``apple``: in ``course``;
    ``plain``: position, heart rate and cadence.
    """
    recording, gpx = simulated.recording, gpxpy.gpx.GPX()
    gpx.creator = CREATORS[flavour]
    gpx.nsmap = {"osmand": OSMAND} if flavour == "osmand" else {}
    gpx.nsmap["gpxtpx"] = TPX2 if flavour in {"garmin", "gpslogger"} else TPX1
    track = gpxpy.gpx.GPXTrack(name=recording.name or "Run")
    track.type = "running"  # type: ignore[assignment]  # gpxpy's hint is None
    gpx.tracks.append(track)
    starts = iter([*(pause.end_time_s for pause in recording.pauses), np.inf])
    piece, border = gpxpy.gpx.GPXTrackSegment(), next(starts)
    for row, time_s in enumerate(recording.time_s.tolist()):
        if time_s >= border:
            track.segments.append(piece)
            piece, border = gpxpy.gpx.GPXTrackSegment(), next(starts)
        if np.isfinite(recording.columns["latitude_deg"][row]):
            piece.points.append(_point(recording, row, flavour))
    track.segments.append(piece)
    return str(gpx.to_xml(version="1.1")).encode()


def _point(recording: Recording, row: int, flavour: Flavour) -> gpxpy.gpx.GPXTrackPoint:
    columns = recording.columns
    point = gpxpy.gpx.GPXTrackPoint(
        latitude=float(columns["latitude_deg"][row]),
        longitude=float(columns["longitude_deg"][row]),
        elevation=float(columns["altitude_m"][row]),
        time=datetime.fromtimestamp(float(recording.time_s[row]), UTC),
    )
    if flavour == "osmtracker-comment" and recording.headings:
        heading = float(recording.headings[0].heading_deg[row])
        words = f"compass: {heading}\n\t\t\t\t\tcompAccuracy: 3.0"
        point.comment = words if np.isfinite(heading) else None
    point.extensions.extend(_extensions(recording, row, flavour))
    return point


def _extensions(recording: Recording, row: int, flavour: Flavour) -> list[Element]:
    """What this program adds to a point, in its own words."""
    heading = recording.headings[0].heading_deg[row] if recording.headings else np.nan
    course = recording.columns["device_course_deg"][row]
    speed = recording.columns["speed_mps"][row]
    bare: dict[str, tuple[tuple[str, float], ...]] = {
        "osmtracker": (("speed", speed), ("compass", heading), ("compass_accuracy", 3.0)),
        "osmtracker-comment": (("speed", speed),),
        "apple": (("speed", speed), ("course", course), ("hAcc", 3.0), ("vAcc", 3.0)),
    }
    if flavour in bare:
        return _elements(*bare[flavour])
    body = _body(recording, row)
    if flavour == "osmand":
        own = _elements((f"{{{OSMAND}}}speed", speed), (f"{{{OSMAND}}}heading", heading))
        return own + _inside(TPX1, *body)
    if flavour == "garmin":
        turn = (("speed", speed), ("course", course), ("bearing", heading))
        return _inside(TPX2, *body, *turn)
    if flavour == "gpslogger":
        return _inside(TPX2, ("speed", speed), ("bearing", course))
    return _inside(TPX1, *body)


def _body(recording: Recording, row: int) -> tuple[tuple[str, float], ...]:
    """Heart rate, and cadence as one leg's, as Garmin's extension has it."""
    columns = recording.columns
    heart = ("hr", float(columns["heart_rate_bpm"][row])) if "heart_rate_bpm" in columns else None
    steps = ("cad", float(columns["cadence_spm"][row]) / 2) if "cadence_spm" in columns else None
    return tuple(part for part in (heart, steps) if part is not None)


def _elements(*named: tuple[str, float]) -> list[Element]:
    """One element a value; a value that is missing leaves no element."""
    found = []
    for name, value in named:
        if np.isfinite(value):
            element = Element(name)
            element.text = f"{value:.0f}" if name in {"hr", "cad"} else f"{value:.2f}"
            found.append(element)
    return found


def _inside(namespace: str, *named: tuple[str, float]) -> list[Element]:
    """The values inside one TrackPointExtension."""
    whole = Element(f"{{{namespace}}}TrackPointExtension")
    for element in _elements(*named):
        SubElement(whole, f"{{{namespace}}}{element.tag}").text = element.text
    return [whole] if len(whole) else []


TCX = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
EXTENSION = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def tcx_bytes(simulated: Simulated) -> bytes:
    """The recording as TCX: laps with their notes, heart rate, speed and one leg's cadence."""
    recording = simulated.recording
    names: dict[str, str] = {None: TCX, "ns3": EXTENSION}  # type: ignore[dict-item]  # the default's key
    root = etree.Element(f"{{{TCX}}}TrainingCenterDatabase", nsmap=names)
    activities = etree.SubElement(root, f"{{{TCX}}}Activities")
    activity = etree.SubElement(activities, f"{{{TCX}}}Activity", Sport="Running")
    start, end = float(recording.time_s[0]), float(recording.time_s[-1])
    _add(activity, "Id", _utc(start))
    for lap in recording.laps or (Lap(start, end + 1.0),):
        _lap(activity, recording, lap)
    creator = etree.SubElement(activity, f"{{{TCX}}}Creator", {f"{{{XSI}}}type": "Device_t"})
    _add(creator, "Name", recording.device or "retrorun simulator")
    _add(creator, "UnitId", "12345")
    _add(creator, "ProductID", "1")
    version = etree.SubElement(creator, f"{{{TCX}}}Version")
    _add(version, "VersionMajor", "1")
    _add(version, "VersionMinor", "0")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _lap(activity: etree._Element, recording: Recording, lap: Lap) -> None:
    rows = np.flatnonzero(
        (recording.time_s >= lap.start_time_s) & (recording.time_s < lap.end_time_s)
    )
    element = etree.SubElement(activity, f"{{{TCX}}}Lap", StartTime=_utc(lap.start_time_s))
    covered = recording.columns["distance_m"][rows]
    _add(element, "TotalTimeSeconds", f"{lap.end_time_s - lap.start_time_s:.1f}")
    _add(element, "DistanceMeters", f"{covered[-1] - covered[0] if len(covered) else 0.0:.2f}")
    share = len(rows) / len(recording.time_s)
    _add(element, "Calories", f"{(recording.energy_kcal or 0.0) * share:.0f}")
    _add(element, "Intensity", "Active")
    _add(element, "TriggerMethod", "Manual")
    track = etree.SubElement(element, f"{{{TCX}}}Track")
    for row in rows.tolist():
        _trackpoint(track, recording, row)
    if lap.name or lap.step:
        _add(element, "Notes", lap.name or lap.step or "")


def _trackpoint(track: etree._Element, recording: Recording, row: int) -> None:
    """One point, its children in the order of the schema."""
    values = {name: float(series[row]) for name, series in recording.columns.items()}
    point = etree.SubElement(track, f"{{{TCX}}}Trackpoint")
    _add(point, "Time", _utc(float(recording.time_s[row])))
    if np.isfinite(values.get("latitude_deg", np.nan)):
        position = etree.SubElement(point, f"{{{TCX}}}Position")
        _add(position, "LatitudeDegrees", f"{values['latitude_deg']:.7f}")
        _add(position, "LongitudeDegrees", f"{values['longitude_deg']:.7f}")
    _add(point, "AltitudeMeters", f"{values['altitude_m']:.1f}")
    _add(point, "DistanceMeters", f"{values['distance_m']:.2f}")
    if "heart_rate_bpm" in values:
        heart = etree.SubElement(point, f"{{{TCX}}}HeartRateBpm")
        _add(heart, "Value", f"{values['heart_rate_bpm']:.0f}")
    extensions = etree.SubElement(point, f"{{{TCX}}}Extensions")
    extra = etree.SubElement(extensions, f"{{{EXTENSION}}}TPX")
    etree.SubElement(extra, f"{{{EXTENSION}}}Speed").text = f"{values['speed_mps']:.3f}"
    if "cadence_spm" in values:
        strides = f"{values['cadence_spm'] / 2.0:.0f}"
        etree.SubElement(extra, f"{{{EXTENSION}}}RunCadence").text = strides


def _add(parent: etree._Element, name: str, words: str) -> None:
    etree.SubElement(parent, f"{{{TCX}}}{name}").text = words


def _utc(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
