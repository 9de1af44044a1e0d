"""A phone's raw sensors, made from its attitude: rotations are worked out from matrices alone."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrorun.units import FloatArray

BEGIN_S = 1_777_793_400.0
RATE_HZ = 50
EARTH_UT = np.array([0.0, 19.0, -45.0])  # east, north, up, in Slovenia


def about(axis: int, angle: FloatArray) -> FloatArray:
    """(n, 3, 3) right-handed rotations about an axis of the frame."""
    one, two = ((1, 2), (2, 0), (0, 1))[axis]
    turn = np.zeros((angle.size, 3, 3))
    turn[:, axis, axis] = 1.0
    turn[:, one, one] = turn[:, two, two] = np.cos(angle)
    turn[:, one, two], turn[:, two, one] = -np.sin(angle), np.sin(angle)
    return turn


@dataclass(frozen=True, slots=True)
class Phone:
    """Raw samples in the device's axes: (n,) seconds and (n, 3) values, an Android's signs."""

    at_s: FloatArray
    gravity: FloatArray
    acceleration: FloatArray
    field: FloatArray
    rate_radps: FloatArray


def phone(
    facing_deg: FloatArray,
    tilt_deg: FloatArray | float = 70.0,
    swing_deg: float = 8.0,
    steps_hz: FloatArray | float = 2.8,
) -> Phone:
    """A phone that faces so, (n,) at ``RATE_HZ``, raised by ``tilt_deg`` and swinging in a pocket.

    The rotation that carries the attitude of one sample into that of the next is a matrix, whose
    antisymmetric part is the sine of the angle times its axis.
    """
    count = facing_deg.size
    at_s = np.arange(count) / RATE_HZ
    swing = np.radians(swing_deg) * np.sin(2 * np.pi * 1.4 * at_s)
    raised = np.radians(tilt_deg) + swing
    earth = about(2, -np.radians(facing_deg)) @ about(0, np.broadcast_to(raised, count))

    def felt(vector: npt.ArrayLike) -> FloatArray:
        wide = np.broadcast_to(np.asarray(vector, dtype=np.float64), (count, 3))
        found: FloatArray = np.einsum("nij,ni->nj", earth, wide)
        return found

    step = np.einsum("nji,njk->nik", earth[:-1], earth[1:])
    pairs = ((2, 1), (0, 2), (1, 0))
    sine_axis = np.stack([step[:, a, b] - step[:, b, a] for a, b in pairs], axis=1) / 2.0
    size = np.linalg.norm(sine_axis, axis=1, keepdims=True)
    angle = np.arcsin(np.clip(size, 0, 1)) / np.where(size > 0, size, 1.0)
    rate = np.vstack([sine_axis * angle, sine_axis[-1:] * angle[-1:]]) * RATE_HZ
    up = np.zeros((count, 3))
    up[:, 2] = 9.81 + 8.0 * np.sin(
        2 * np.pi * np.cumsum(np.broadcast_to(steps_hz, count)) / RATE_HZ
    )
    return Phone(at_s, felt([0, 0, 9.81]), felt(up), felt(EARTH_UT), rate)


def facing(seconds: int, turns: dict[float, float], first_deg: float = 30.0) -> FloatArray:
    """(n,) degrees at ``RATE_HZ``: at each moment the phone turns by so much within a second."""
    at_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    found = np.full(at_s.size, first_deg)
    for moment_s, turn_deg in turns.items():
        found += turn_deg * np.clip(at_s - moment_s + 0.5, 0.0, 1.0)
    return found


def sensor_table(at_s: FloatArray, values: FloatArray) -> bytes:
    """A three-axis table of Sensor Logger."""
    rows = [
        f"{(BEGIN_S + at) * 1e9:.0f},{at:.4f},{z:.6f},{y:.6f},{x:.6f}"
        for at, (x, y, z) in zip(at_s.tolist(), values.tolist(), strict=True)
    ]
    return "\n".join(["time,seconds_elapsed,z,y,x", *rows, ""]).encode()


def places_table(
    seconds: int, course_deg: FloatArray, speed_mps: FloatArray | float = 2.5
) -> bytes:
    """``Location.csv`` at 1 Hz of a way with these courses, (seconds,)."""
    way = np.radians(course_deg)
    north, east = (np.cumsum(speed_mps * each(way)) / 111_195.0 for each in (np.cos, np.sin))
    east = east / np.cos(np.radians(46.0))
    rows = [
        f"{(BEGIN_S + at) * 1e9:.0f},{46.0 + north[at]:.8f},{14.5 + east[at]:.8f},4"
        for at in range(seconds)
    ]
    return "\n".join(["time,latitude,longitude,horizontalAccuracy", *rows, ""]).encode()


def about_table(platform: str = "android", standard: str = "false") -> bytes:
    """``Metadata.csv``."""
    return f"version,platform,standardisation\n3,{platform},{standard}\n".encode()


def packed(tables: Mapping[str, bytes | str]) -> bytes:
    """The tables as a zip."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as made:
        for name, content in tables.items():
            made.writestr(name, content)
    return found.getvalue()
