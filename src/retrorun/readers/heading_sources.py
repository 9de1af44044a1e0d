"""Where a heading can stand in a file, and what that place means: one table for code and docs."""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec
import numpy as np

from retrorun.model import HeadingKind, HeadingSeries
from retrorun.units import FloatArray, IntArray

North = Literal["true", "magnetic", "unknown"]


class HeadingSource(msgspec.Struct, frozen=True):
    """One row: where a heading can stand.

    Attributes:
        source: key of the row.
        label: what a recording says that its heading came from.
        format: which reader looks there.
        names: local names (XML) or normalised names (FIT developer fields, CSV), lower case.
        claim: what the place means, before the course has been compared.
        north: which north it counts from.
        meaning: for people.
        creator: what a GPX document composed by the readers from this source names as its maker.
    """

    source: str
    label: str
    format: Literal["gpx", "fit-developer", "fit", "csv"]
    names: frozenset[str]
    claim: HeadingKind
    north: North
    meaning: str
    creator: str = ""


SOURCES: tuple[HeadingSource, ...] = (
    HeadingSource(
        "gpx:heading",
        "osmand:heading",
        "gpx",
        frozenset({"heading"}),
        "compass",
        "true",
        "OsmAnd's `osmand:heading`: the phone's compass",
    ),
    HeadingSource(
        "gpx:compass",
        "osmtracker:compass",
        "gpx",
        frozenset({"compass"}),
        "compass",
        "magnetic",
        "OSMTracker's `compass` in extensions, or `compass: …` in `cmt`",
    ),
    HeadingSource(
        "gpx:bearing",
        "gpx:bearing",
        "gpx",
        frozenset({"bearing"}),
        "course",
        "true",
        "Garmin TrackPointExtension v2, OsmAnd, GPSLogger: course; "
        "with a different `course` beside it, the facing (compass)",
    ),
    HeadingSource(
        "gpx:course",
        "gpx:course",
        "gpx",
        frozenset({"course"}),
        "course",
        "true",
        "GPX 1.0, Apple Health, Garmin TrackPointExtension v2; negative is missing",
    ),
    HeadingSource(
        "fit:developer:heading",
        "fit:developer:heading",
        "fit-developer",
        frozenset(
            {"heading", "compass", "compassheading", "currentheading", "azimuth", "yaw", "facing"}
        ),
        "compass",
        "true",
        "Connect IQ field, degrees or radians (-π…π); never bearing, track or course",
    ),
    HeadingSource(
        "fit:gps_metadata.heading",
        "fit:gps_metadata.heading",
        "fit",
        frozenset({"heading"}),
        "course",
        "true",
        "course of the GPS receiver",
    ),
    HeadingSource(
        "fit:aviation_attitude.track",
        "fit:aviation_attitude.track",
        "fit",
        frozenset({"track"}),
        "course",
        "true",
        "track over ground of an attitude unit, where it calls it valid",
    ),
    HeadingSource(
        "fit:magnetometer",
        "fit:magnetometer",
        "fit",
        frozenset({"magx", "magy", "magz"}),
        "compass",
        "magnetic",
        "`magnetometer_data` with `accelerometer_data` (calibrated where the file says how), "
        "tilt-compensated",
    ),
    HeadingSource(
        "csv:compass",
        "sensorlogger:compass",
        "csv",
        frozenset({"magneticbearing"}),
        "compass",
        "magnetic",
        "Sensor Logger's `Compass.csv` or `WatchCompass.csv`",
        "Sensor Logger",
    ),
    HeadingSource(
        "csv:quaternion",
        "sensorlogger:quaternion",
        "csv",
        frozenset({"qw", "qx", "qy", "qz"}),
        "compass",
        "unknown",
        "the quaternion of Sensor Logger's `Orientation.csv`, before all others, where "
        "`Gravity.csv` or `TotalAcceleration.csv` bears it out: its most level axis",
        "Sensor Logger (quaternion)",
    ),
    HeadingSource(
        "csv:yaw",
        "sensorlogger:yaw",
        "csv",
        frozenset({"yaw"}),
        "compass",
        "unknown",
        "the yaw of Sensor Logger's `Orientation.csv`, where there is neither quaternion, compass "
        "nor magnetometer: its sign and north differ by phone, a mirror image is recognised "
        "against the course",
        "Sensor Logger (yaw)",
    ),
    HeadingSource(
        "csv:magnetometer",
        "sensorlogger:magnetometer",
        "csv",
        frozenset({"x", "y", "z"}),
        "compass",
        "magnetic",
        "Sensor Logger's `Magnetometer.csv` with `Gravity.csv` or `TotalAcceleration.csv`, where "
        "there is neither quaternion nor compass, tilt-compensated",
        "Sensor Logger (magnetometer)",
    ),
    HeadingSource(
        "csv:gyroscope",
        "sensorlogger:gyroscope",
        "csv",
        frozenset({"x", "y", "z"}),
        "compass",
        "unknown",
        "Sensor Logger's `Gyroscope.csv` with `Gravity.csv` or `TotalAcceleration.csv`, where "
        "there is nothing else, by the library `vqf` (`retrorun[raw]`): it drifts",
        "Sensor Logger (gyroscope)",
    ),
    HeadingSource(
        "csv:gyroscope-unsigned",
        "sensorlogger:gyroscope-unsigned",
        "csv",
        frozenset({"x", "y", "z"}),
        "compass",
        "unknown",
        "the same without `Metadata.csv`: nothing tells up from down, so it may be mirrored",
        "Sensor Logger (gyroscope, unsigned)",
    ),
    HeadingSource(
        "phyphox:magnetometer",
        "phyphox:magnetometer",
        "csv",
        frozenset({"magnetic field x (µt)", "magnetic field y (µt)", "magnetic field z (µt)"}),
        "compass",
        "magnetic",
        "phyphox's magnetometer with its acceleration (with g), tilt-compensated",
        "phyphox (magnetometer)",
    ),
    HeadingSource(
        "phyphox:gyroscope",
        "phyphox:gyroscope-unsigned",
        "csv",
        frozenset({"gyroscope x (rad/s)", "gyroscope y (rad/s)", "gyroscope z (rad/s)"}),
        "compass",
        "unknown",
        "phyphox's gyroscope with its acceleration (with g), where there is no magnetometer, by "
        "the library `vqf` (`retrorun[raw]`): it drifts and may be mirrored",
        "phyphox (gyroscope)",
    ),
)
BY_SOURCE: Mapping[str, HeadingSource] = {row.source: row for row in SOURCES}
BY_CREATOR: Mapping[str, HeadingSource] = {row.creator: row for row in SOURCES if row.creator}
UNREAD_GYROSCOPE = " (gyroscope unread)"  # ends a maker's name where a heading would take ``vqf``
MOUNT_NAME = "mount"  # of a composed GPX: which mount a point's heading is of, where there are more
GPX = tuple(row for row in SOURCES if row.format == "gpx")
GPX_NAMES = frozenset(name for row in GPX for name in row.names)
DEVELOPER = BY_SOURCE["fit:developer:heading"]
_DEGREES = re.compile(r"deg|°|\bgra[du]")  # also Grad, gradi, grados, graus
_RADIANS = re.compile(r"\brad")


def normalised(name: str) -> str:
    """Letters only, lower case: ``Compass_Heading`` and ``compass heading`` are one."""
    return "".join(letter for letter in name.lower() if letter.isalpha())


def degrees(values: FloatArray, units: str) -> FloatArray:
    """(n,) compass angles in degrees [0, 360), from degrees or radians, as the unit says.

    Without a known unit, values that never leave ±2π are radians.
    """
    held = values[np.isfinite(values)]
    is_small = len(held) > 0 and float(np.abs(held).max()) <= 2 * np.pi + 0.01
    is_degrees = _DEGREES.search(units.lower()) is not None
    is_radians = _RADIANS.search(units.lower()) is not None or (is_small and not is_degrees)
    return np.asarray((np.degrees(values) if is_radians else values) % 360.0, dtype=np.float64)


def series(
    row: HeadingSource,
    time_s: FloatArray,
    heading_deg: FloatArray,
    claim: HeadingKind | None = None,
    mount: FloatArray | None = None,
) -> HeadingSeries | None:
    """A heading candidate, without the times that have none; None if it holds no value.

    ``mount`` (n,) numbers the mounts of the device; where it is missing, the one before goes on.
    """
    held = np.isfinite(heading_deg) & np.isfinite(time_s)
    if not held.any():
        return None
    number = None if mount is None else _counting(mount)[held]
    kind = claim or row.claim
    return HeadingSeries(row.label, kind, row.north, time_s[held], heading_deg[held], number)


def _counting(mount: FloatArray) -> IntArray:
    """Numbers that never fall, (n,); a missing one is the one before."""
    known = np.nan_to_num(np.clip(mount, 0, len(mount)))
    return np.maximum.accumulate(known).astype(np.int64)
