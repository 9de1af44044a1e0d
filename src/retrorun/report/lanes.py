"""The lanes of a session: what is drawn over its time, one strip beneath another."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from retrorun.model import Track
from retrorun.report.display import SLOWEST_S_PER_KM, Display
from retrorun.report.thin import smooth
from retrorun.report.words import say
from retrorun.units import FloatArray

SMOOTH_S = 7  # a pace read off a watch is a mean over some seconds
STANDING_MPS = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a lane.

    Attributes:
        label: words; ``unit``: of the values as read out.
        values: (n,) at 1 Hz in displayed units.
        scale: values are embedded as whole numbers of 1/scale.
        form: how the script reads a value out: ``pace``, ``number`` or ``angle``.
        colour: CSS custom property.
        dots: drawn as dots instead of a line.
    """

    label: str
    unit: str
    values: FloatArray
    scale: int = 1
    form: str = "number"
    colour: str = "--ink"
    dots: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One strip: a line, sometimes with a second one on the right."""

    key: str
    first: Line
    second: Line | None = None


def lanes(track: Track, display: Display) -> tuple[Lane, ...]:
    """The lanes that the track has data for, in reading order."""
    found = (make(track, display) for make in _MAKERS)
    return tuple(lane for lane in found if lane is not None)


def _pace(track: Track, display: Display) -> Lane | None:
    speed = track.column("ground_speed_mps")
    if not np.isfinite(speed).any():
        speed = track.column("speed_mps")
    mean = smooth(speed, SMOOTH_S)
    moving = np.where(mean > STANDING_MPS, mean, np.nan)
    values = 1000.0 / moving
    values = np.where(values < SLOWEST_S_PER_KM, values, np.nan) * display.pace_s(1.0)
    line = Line(say("lane_pace"), display.pace_unit, values, form="pace")
    return _lane("pace", line)


def _heart(track: Track, _display: Display) -> Lane | None:
    values = track.column("heart_rate_bpm")
    if "heart_rate_suspect" in track.flags:
        values = np.where(track.flags["heart_rate_suspect"], np.nan, values)
    return _lane("heart", Line(say("lane_heart"), say("bpm"), values))


def _steps(track: Track, display: Display) -> Lane | None:
    cadence = track.column("cadence_spm")
    counted = np.where(cadence > 0, cadence, np.nan)
    first = Line(say("lane_cadence"), say("spm"), counted)
    length = track.column("step_length_m")
    if not np.isfinite(length).any():
        speed = smooth(track.column("ground_speed_mps"), SMOOTH_S)
        length = np.where(counted > 60, 60 * speed / np.maximum(counted, 1), np.nan)
    second = Line(
        say("lane_step"),
        display.height_unit,
        display.height_value(1.0) * np.where(length < 3, length, np.nan),
        scale=100,
        colour="--muted",
        dots=True,
    )
    return _lane("steps", first, second)


def _height(track: Track, display: Display) -> Lane | None:
    name = "smooth_altitude_m" if track.has("smooth_altitude_m") else "altitude_m"
    values = display.height_value(1.0) * track.column(name)
    return _lane("height", Line(say("lane_height"), display.height_unit, values, scale=10))


def _facing(track: Track, _display: Display) -> Lane | None:
    turned = track.column("heading_minus_course_deg")
    values = (turned + 90.0) % 360.0 - 90.0
    line = Line(say("lane_facing"), "°", values, form="angle", colour="--muted", dots=True)
    return _lane("facing", line)


_MAKERS: tuple[Callable[[Track, Display], Lane | None], ...] = (
    _pace,
    _heart,
    _steps,
    _height,
    _facing,
)


def _lane(key: str, first: Line, second: Line | None = None) -> Lane | None:
    """The lane, with a second line only where it has data; None without any."""
    keep = second if second is not None and np.isfinite(second.values).any() else None
    return Lane(key, first, keep) if np.isfinite(first.values).any() else None
