"""The athlete: the stated profile, and what was learnt from their sessions."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from retrorun.metric_types import Estimate
from retrorun.model.segment import GaitHabit, GaitKind, GaitLine


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
    """The stated profile of whoever runs, and what was learnt from their sessions.

    ``mass_kg`` is used where ``masses``, in the order of their days, have no entry. ``zone_secret``
    decides how hidden discs lie about the privacy zones; the archive draws and keeps it.
    ``trust_gait``: candidates by step rate count, as far as the athlete's own answers prove them.
    ``laps`` is the convention of lap presses: ``alternate``, each press by hand turns about and the
    first lap is forward.
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
    laps: Literal["alternate"] | None = None
    trust_gait: bool = False
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None
    cost_factor: Estimate | None = None
    gait_habit: GaitHabit | None = None
    zone_secret: str = ""

    def at(self, time_s: float) -> "Athlete":
        """The athlete as on that day (Unix seconds): the latest mass not after it, if any."""
        day = dt.datetime.fromtimestamp(time_s, tz=dt.UTC).date()
        known = [dated.mass_kg for dated in self.masses if dated.since <= day]
        return replace(self, mass_kg=known[-1]) if known else self

    def without_learnt(self) -> "Athlete":
        """Only what the athlete stated: nothing that was learnt from sessions."""
        return self.with_learnt_of(Athlete())

    def with_learnt_of(self, other: "Athlete") -> "Athlete":
        """What this athlete stated, with what was learnt of another."""
        return replace(
            self,
            forward_line=other.forward_line,
            backward_line=other.backward_line,
            cost_factor=other.cost_factor,
            gait_habit=other.gait_habit,
        )

    @property
    def trusted_kind(self) -> GaitKind | None:
        """Which candidates by step rate count; None without the athlete's trust, or its proof."""
        habit = self.gait_habit
        return habit.kind if self.trust_gait and habit is not None and habit.proven else None

    def learnt_fingerprints(self, names: Iterable[str]) -> dict[str, str]:
        """Fingerprints of learnt values, as far as an analysis depends on them.

        Args:
            names: of the values, ``forward_line``, ``cost_factor`` or ``trusted_kind``.

        Returns:
            Name → first 12 hex digits of a SHA-256; empty text where nothing was learnt.
        """
        return {name: _fingerprint(getattr(self, name)) for name in names}


def _fingerprint(value: "GaitLine | Estimate | GaitKind | None") -> str:
    """Of what an analysis reads; from how many seconds a line was learnt is left out."""
    if value is None or (isinstance(value, Estimate) and value.value is None):
        return ""
    if isinstance(value, GaitKind):
        read: tuple[object, ...] = (value.step_gain, value.speed_share, value.least_s)
    elif isinstance(value, GaitLine):
        read = (
            value.intercept_spm,
            value.slope_spm_per_mps,
            value.grade_slope_spm,
            value.spread_spm,
            value.low_mps,
            value.high_mps,
        )
    else:
        read = (value.value, value.low, value.high, value.method)
    return hashlib.sha256(repr(read).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Remark:
    """What the athlete noted about a session: scores from 0 to 10 and words; None: not asked.

    ``effort`` is the rating of perceived exertion of the whole session.
    """

    pain: int | None = None
    effort: int | None = None
    text: str = ""
