"""Simulated recordings as files: FIT, GPX as several programs write it, and TCX as Garmin does.

`Encoder` is a small FIT encoder after Garmin's "Flexible and Interoperable Data Transfer (FIT)
Protocol": a 14-byte header, messages each announced by a definition, and a CRC-16 over all of it.
FIT files come with or without a Connect IQ heading field and a workout.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

import gpxpy.gpx
import numpy as np
from lxml import etree

from retrorun.model import Lap, Recording
from retrorun.simulate.scenarios import Simulated
from retrorun.units import FloatArray, wrap_deg

# base type → (identifier, struct code, the value that means "missing")
BASE_TYPES: dict[str, tuple[int, str, int]] = {
    "enum": (0x00, "B", 0xFF),
    "uint8": (0x02, "B", 0xFF),
    "uint16": (0x84, "H", 0xFFFF),
    "sint32": (0x85, "i", 0x7FFFFFFF),
    "uint32": (0x86, "I", 0xFFFFFFFF),
    "uint32z": (0x8C, "I", 0),
}
STRING, FLOAT32, BYTES = 0x07, 0x88, 0x0D
FLOAT32_MISSING = b"\xff\xff\xff\xff"
PROTOCOL_VERSION, PROFILE_VERSION = 0x20, 2140
_CRC_NIBBLES = (
    *(0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401),
    *(0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its number in the profile, its base type and its raw bytes."""

    number: int
    base_type: int
    raw: bytes


def number(field: int, base_type: str, value: float | None) -> Field:
    """A numeric field, already scaled; None (and NaN, and what does not fit) is missing."""
    identifier, code, missing = BASE_TYPES[base_type]
    whole = missing if value is None or value != value else round(value)  # noqa: PLR0124  NaN is unlike itself
    bits = 8 * struct.calcsize(code)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if code == "i" else (0, 2**bits)
    fits = low <= whole < high
    return Field(field, identifier, struct.pack(f"<{code}", whole if fits else missing))


def text(field: int, words: str) -> Field:
    """A string field: UTF-8, ended by a zero."""
    return Field(field, STRING, words.encode() + b"\0")


def single(field: int, value: float | None) -> Field:
    """A 32-bit float field; None (and NaN) is missing."""
    missing = value is None or value != value  # noqa: PLR0124  NaN is unlike itself
    return Field(field, FLOAT32, FLOAT32_MISSING if missing else struct.pack("<f", value))


def checksum(data: bytes) -> int:
    """FIT's CRC-16, nibble by nibble as in the protocol's own listing."""
    crc = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            crc = (crc >> 4) ^ _CRC_NIBBLES[crc & 0xF] ^ _CRC_NIBBLES[nibble]
    return crc


class Encoder:
    """Collects messages and packs them into a file; says each definition once."""

    def __init__(self) -> None:
        self._body = bytearray()
        self._defined: dict[int, bytes] = {}

    def add(
        self, local: int, message: int, fields: Sequence[Field], developer: Sequence[Field] = ()
    ) -> None:
        """Append a message under a local type (0-15).

        ``developer`` fields belong to developer data index 0.
        """
        definition = _definition(local, message, fields, developer)
        if self._defined.get(local) != definition:
            self._defined[local] = definition
            self._body += definition
        self._body.append(local)
        for field in (*fields, *developer):
            self._body += field.raw

    def file(self) -> bytes:
        """The whole file: header, messages, checksum."""
        head = struct.pack(
            "<BBHI4s", 14, PROTOCOL_VERSION, PROFILE_VERSION, len(self._body), b".FIT"
        )
        whole = head + struct.pack("<H", checksum(head)) + bytes(self._body)
        return whole + struct.pack("<H", checksum(whole))


def _definition(
    local: int, message: int, fields: Sequence[Field], developer: Sequence[Field]
) -> bytes:
    flags = 0x60 if developer else 0x40
    packed = bytearray(struct.pack("<BBBHB", flags | local, 0, 0, message, len(fields)))
    for field in fields:
        packed += bytes((field.number, len(field.raw), field.base_type))
    if developer:
        packed.append(len(developer))
        for field in developer:
            packed += bytes((field.number, len(field.raw), 0))
    return bytes(packed)


FIT_EPOCH_S = 631_065_600  # 1989-12-31T00:00:00Z in Unix seconds
FILE_ID, SESSION, LAP, RECORD, EVENT, DEVICE_INFO = 0, 18, 19, 20, 21, 23
WORKOUT, WORKOUT_STEP, ACTIVITY, FIELD_DESCRIPTION, DEVELOPER_DATA_ID = 26, 27, 34, 206, 207
RUNNING, DEVELOPMENT = 1, 255
ACTIVE, REST = 0, 1
SEMICIRCLES_PER_DEG = 2**31 / 180.0
TRIGGERS = {"manual": 0, "time": 1, "session_end": 7, "fitness_equipment": 8}
TIMESTAMP = 253
HeadingUnit = Literal["rad", "deg"]


def fit_bytes(simulated: Simulated, heading_unit: HeadingUnit = "rad") -> bytes:
    """The recording as a FIT activity file.

    A compass becomes a developer field named ``heading`` (float32; radians from -π to π as
    Connect IQ gives them, or degrees); laps with steps bring their workout along.
    """
    recording, encoder = simulated.recording, Encoder()
    _write_header(encoder, recording)
    if recording.headings:
        _describe_heading(encoder, heading_unit)
    steps = tuple(lap for lap in recording.laps if lap.step is not None)
    _write_workout(encoder, steps)
    _write_event(encoder, recording.time_s[0], stop=False)
    _write_records(encoder, recording, heading_unit)
    _write_event(encoder, recording.time_s[-1], stop=True)
    _write_summary(encoder, recording, steps)
    return encoder.file()


def _moment(time_s: float) -> int:
    return round(time_s) - FIT_EPOCH_S


def _write_header(encoder: Encoder, recording: Recording) -> None:
    start = _moment(recording.time_s[0])
    product = text(8, recording.device or "retrorun simulator")
    made_by = (number(1, "uint16", DEVELOPMENT), number(2, "uint16", 1))
    serial, created = number(3, "uint32z", 12345), number(4, "uint32", start)
    encoder.add(0, FILE_ID, (number(0, "enum", 4), *made_by, serial, created, product))
    stamp, index = number(TIMESTAMP, "uint32", start), number(0, "uint8", 0)
    maker = (number(2, "uint16", DEVELOPMENT), number(4, "uint16", 1))
    version = number(5, "uint16", 100)
    encoder.add(
        0, DEVICE_INFO, (stamp, index, *maker, version, text(27, product.raw[:-1].decode()))
    )


def _describe_heading(encoder: Encoder, unit: HeadingUnit) -> None:
    application = Field(1, BYTES, hashlib.md5(b"retrorun", usedforsecurity=False).digest())
    encoder.add(0, DEVELOPER_DATA_ID, (application, number(3, "uint8", 0)))
    where = (number(0, "uint8", 0), number(1, "uint8", 0), number(2, "uint8", 0x88))
    units = {"rad": "radians", "deg": "degrees"}[unit]
    encoder.add(0, FIELD_DESCRIPTION, (*where, text(3, "heading"), text(8, units)))


def _write_workout(encoder: Encoder, steps: Sequence[Lap]) -> None:
    if not steps:
        return
    count = number(6, "uint16", len(steps))
    encoder.add(0, WORKOUT, (number(4, "enum", RUNNING), count, text(8, "Intervals")))
    for index, lap in enumerate(steps):
        lasting = (lap.end_time_s - lap.start_time_s) * 1000.0
        duration = (number(1, "enum", 0), number(2, "uint32", lasting))
        effort = number(7, "enum", REST if lap.step == "Rest" else ACTIVE)
        name, target = text(0, lap.step or ""), number(3, "enum", 2)
        encoder.add(
            0, WORKOUT_STEP, (number(254, "uint16", index), name, *duration, target, effort)
        )


def _write_event(encoder: Encoder, time_s: float, *, stop: bool) -> None:
    kind = number(1, "enum", 4 if stop else 0)
    fields = (number(TIMESTAMP, "uint32", _moment(time_s)), number(0, "enum", 0), kind)
    encoder.add(2, EVENT, (*fields, number(4, "uint8", 0)))


# channel → (field number, base type, scale, offset), by the FIT profile
NATIVE: dict[str, tuple[int, str, float, float]] = {
    "latitude_deg": (0, "sint32", SEMICIRCLES_PER_DEG, 0.0),
    "longitude_deg": (1, "sint32", SEMICIRCLES_PER_DEG, 0.0),
    "heart_rate_bpm": (3, "uint8", 1.0, 0.0),
    "distance_m": (5, "uint32", 100.0, 0.0),
    "speed_mps": (73, "uint32", 1000.0, 0.0),
    "altitude_m": (78, "uint32", 5.0, 500.0),
    "vertical_oscillation_m": (39, "uint16", 10_000.0, 0.0),
    "contact_time_s": (41, "uint16", 10_000.0, 0.0),
}


def _write_records(encoder: Encoder, recording: Recording, unit: HeadingUnit) -> None:
    """Records in time, with the timer's stops and starts between them."""
    pauses = list(recording.pauses)
    headings = _heading_column(recording, unit)
    for row, time_s in enumerate(recording.time_s.tolist()):
        while pauses and pauses[0].end_time_s <= time_s:
            pause = pauses.pop(0)
            _write_event(encoder, pause.start_time_s, stop=True)
            _write_event(encoder, pause.end_time_s, stop=False)
        developer = () if headings is None else (single(0, float(headings[row])),)
        encoder.add(1, RECORD, _record(recording, row, time_s), developer)


def _record(recording: Recording, row: int, time_s: float) -> tuple[Field, ...]:
    fields = [number(TIMESTAMP, "uint32", _moment(time_s))]
    for name, (field, base_type, scale, offset) in NATIVE.items():
        if name in recording.columns:
            value = (float(recording.columns[name][row]) + offset) * scale
            fields.append(number(field, base_type, value))
    if "cadence_spm" in recording.columns:
        strides = float(recording.columns["cadence_spm"][row]) / 2.0  # one leg's
        fields.append(number(4, "uint8", np.floor(strides)))
        fields.append(number(53, "uint8", (strides - np.floor(strides)) * 128.0))
    return tuple(fields)


def _heading_column(recording: Recording, unit: HeadingUnit) -> FloatArray | None:
    if not recording.headings:
        return None
    degrees = recording.headings[0].heading_deg
    return np.radians(wrap_deg(degrees)) if unit == "rad" else degrees


def _write_summary(encoder: Encoder, recording: Recording, steps: Sequence[Lap]) -> None:
    """Laps, the session and the activity, as a watch writes them when it is stopped."""
    start, end = float(recording.time_s[0]), float(recording.time_s[-1])
    laps = recording.laps or (Lap(start, end, trigger="session_end"),)
    for index, lap in enumerate(laps):
        step = number(71, "uint16", steps.index(lap) if lap in steps else None)
        trigger = number(24, "enum", TRIGGERS[lap.trigger or "manual"])
        head = (number(254, "uint16", index), *_totals_between(recording, lap, (9, 1)))
        encoder.add(3, LAP, (*head, trigger, number(25, "enum", RUNNING), step))
    whole = (number(254, "uint16", 0), *_totals_between(recording, Lap(start, end), (8, 1)))
    sport = (number(5, "enum", RUNNING), number(6, "enum", 0))
    counts = (number(25, "uint16", 0), number(26, "uint16", len(laps)), number(28, "enum", 0))
    calories = number(11, "uint16", recording.energy_kcal)
    encoder.add(4, SESSION, (*whole, *sport, calories, *counts))
    stamp, timer = number(TIMESTAMP, "uint32", _moment(end)), _timer_s(recording, start, end)
    kind = (number(2, "enum", 0), number(3, "enum", 26), number(4, "enum", 1))
    local = number(5, "uint32", _moment(end + (recording.utc_offset_s or 0.0)))
    total = (number(0, "uint32", timer * 1000.0), number(1, "uint16", 1))
    encoder.add(5, ACTIVITY, (stamp, *total, *kind, local))


def _totals_between(recording: Recording, lap: Lap, event: tuple[int, int]) -> tuple[Field, ...]:
    """What laps and sessions share: times, event, duration and distance."""
    inside = (recording.time_s >= lap.start_time_s) & (recording.time_s <= lap.end_time_s)
    covered = recording.columns["distance_m"][inside]
    distance_m = float(covered[-1] - covered[0]) if len(covered) else 0.0
    timer_s = _timer_s(recording, lap.start_time_s, lap.end_time_s)
    return (
        number(TIMESTAMP, "uint32", _moment(lap.end_time_s)),
        number(0, "enum", event[0]),
        number(1, "enum", event[1]),
        number(2, "uint32", _moment(lap.start_time_s)),
        number(7, "uint32", (lap.end_time_s - lap.start_time_s) * 1000.0),
        number(8, "uint32", timer_s * 1000.0),
        number(9, "uint32", distance_m * 100.0),
    )


def _timer_s(recording: Recording, start_s: float, end_s: float) -> float:
    stood = sum(
        max(0.0, min(end_s, pause.end_time_s) - max(start_s, pause.start_time_s))
        for pause in recording.pauses
    )
    return end_s - start_s - stood


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
        return own + _track_point_extension(TPX1, *body)
    if flavour == "garmin":
        turn = (("speed", speed), ("course", course), ("bearing", heading))
        return _track_point_extension(TPX2, *body, *turn)
    if flavour == "gpslogger":
        return _track_point_extension(TPX2, ("speed", speed), ("bearing", course))
    return _track_point_extension(TPX1, *body)


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


def _track_point_extension(namespace: str, *named: tuple[str, float]) -> list[Element]:
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
