"""Simulated recordings as TCX with Garmin's activity extension."""

from datetime import UTC, datetime

import numpy as np
from lxml import etree

from retrorun.model import Lap, Recording
from retrorun.simulate.truth import Simulated

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
