"""The person who runs: what they said, and what was learnt from their runs."""

from dataclasses import dataclass
from typing import Literal

from retrorun.model.measures import Estimate
from retrorun.model.segment import GaitLine


@dataclass(frozen=True, slots=True)
class Zone:
    """A privacy zone: samples within ``radius_m`` of the point never leave the archive."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Athlete:
    """The person who runs: what they said of themselves, and what was learnt from their runs."""

    mass_kg: float | None = None
    birth_year: int | None = None
    sex: Literal["male", "female"] | None = None
    hr_rest_bpm: float | None = None
    hr_max_bpm: float | None = None
    vo2max_ml_kg_min: float | None = None
    units: Literal["metric", "imperial"] = "metric"
    mount_offset_deg: float | None = None
    hr_zones_bpm: tuple[float, ...] = ()
    privacy_zones: tuple[Zone, ...] = ()
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None
    cost_factor: Estimate | None = None
