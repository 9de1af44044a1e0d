"""The person who runs: what they said, and what was learnt from their runs."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from retrorun.model.measures import Estimate
from retrorun.model.segment import GaitLine


@dataclass(frozen=True, slots=True)
class Zone:
    """A privacy zone: samples within ``radius_m`` of the point are never shown."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class DatedMass:
    """Body mass from a day on (UTC)."""

    since: dt.date
    mass_kg: float


@dataclass(frozen=True, slots=True)
class Athlete:
    """The person who runs: what they said of themselves, and what was learnt from their runs.

    ``mass_kg`` holds where ``masses``, in the order of their days, say nothing. ``zone_secret``
    decides how hidden discs lie about the privacy zones; the archive draws and keeps it.
    """

    mass_kg: float | None = None
    masses: tuple[DatedMass, ...] = ()
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
    zone_secret: str = ""

    def at(self, time_s: float) -> "Athlete":
        """The athlete as on that day (Unix seconds): the latest mass not after it, if any."""
        day = dt.datetime.fromtimestamp(time_s, tz=dt.UTC).date()
        known = [dated.mass_kg for dated in self.masses if dated.since <= day]
        return replace(self, mass_kg=known[-1]) if known else self


@dataclass(frozen=True, slots=True)
class Remark:
    """What the athlete noted about a session: scores from 0 to 10 and words; None: not asked.

    ``effort`` is the rating of perceived exertion of the whole session.
    """

    pain: int | None = None
    effort: int | None = None
    text: str = ""
