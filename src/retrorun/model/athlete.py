"""The athlete: the stated profile, and what was learnt from their sessions."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from typing import Literal, Self

import msgspec
from msgspec.structs import replace

from retrorun.metric_types import Estimate
from retrorun.model.segment import AnsweredGait, GaitHabit, GaitKind, GaitLine


class Zone(msgspec.Struct, frozen=True):
    """A privacy zone: samples within ``radius_m`` of the point are never shown."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float


class DatedMass(msgspec.Struct, frozen=True):
    """Body mass from a day of the athlete's own clock on."""

    since: dt.date
    mass_kg: float


class Athlete(msgspec.Struct, frozen=True):
    """The stated profile of whoever runs, and what was learnt from their sessions.

    ``mass_kg`` is used where ``masses``, in the order of their days, have no entry. ``zone_secret``
    decides how hidden discs lie about the privacy zones; the archive draws and keeps it.
    ``trust_gait``: candidates by step rate count, as far as the athlete's own answers prove them.
    ``laps`` is the convention of lap presses: ``alternate``, each press by hand turns about and the
    first lap is forward. ``language``: of pages and terminal; None where nothing was chosen.
    """

    mass_kg: float | None = None
    masses: tuple[DatedMass, ...] = ()
    birth_year: int | None = None
    sex: Literal["female", "male"] | None = None
    hr_rest_bpm: float | None = None
    hr_max_bpm: float | None = None
    vo2max_ml_kg_min: float | None = None
    units: Literal["metric", "imperial"] = "metric"
    mount_offset_deg: float | None = None
    hr_zones_bpm: tuple[float, ...] = ()
    privacy_zones: tuple[Zone, ...] = ()
    laps: Literal["alternate"] | None = None
    trust_gait: bool = False
    language: str | None = None
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None
    cost_factor: Estimate | None = None
    gait_habit: GaitHabit | None = None
    answered_gait: AnsweredGait | None = None
    zone_secret: str = ""

    def __repr__(self) -> str:
        """Without the secret, which is in no log."""
        return f"Athlete({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """The same for who prints with rich."""
        shown = (name for name in self.__struct_fields__ if name != "zone_secret")
        return [(name, getattr(self, name)) for name in shown]

    def on(self, day: dt.date) -> "Athlete":
        """The athlete as on that day: the latest mass not after it, if any."""
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
            answered_gait=other.answered_gait,
        )

    @property
    def trusted_kind(self) -> GaitKind | None:
        """Which candidates by step rate count; None without the athlete's trust, or its proof."""
        habit = self.gait_habit
        return habit.kind if self.trust_gait and habit is not None and habit.proven else None

    def learnt_fingerprints(self, names: Iterable[str]) -> dict[str, str]:
        """Fingerprints of learnt values, as far as an analysis depends on them.

        Args:
            names: of the values, each one of ``LEARNT``. An older version had others.

        Returns:
            Name → first 12 hex digits of a SHA-256; empty text where nothing was learnt, and no
            fingerprint at all of a name that is not known here.
        """
        return {name: _fingerprint(LEARNT[name](self)) for name in names if name in LEARNT}

    def backward_contrast(self) -> tuple[float, float] | None:
        """Speed and step rate of backward running over those of forward running, as learnt.

        The step rates are those of both lines at the usual backward speed. None unless both lines
        are known and make sense.
        """
        ahead, behind = self.forward_line, self.backward_line
        if ahead is None or behind is None:
            return None
        pace = (behind.low_mps + behind.high_mps) / 2.0
        usual_pace = (ahead.low_mps + ahead.high_mps) / 2.0
        mine, other = (
            each.intercept_spm + each.slope_spm_per_mps * pace for each in (behind, ahead)
        )
        if min(mine, other, pace, usual_pace) <= 0:
            return None
        return pace / usual_pace, mine / other


_Read = tuple[float | str | None, ...] | None


def _slopes(athlete: Athlete) -> _Read:
    line = athlete.forward_line
    return None if line is None else (line.slope_spm_per_mps, line.grade_slope_spm)


def _line(athlete: Athlete) -> _Read:
    line = athlete.forward_line
    if line is None:
        return None
    return line.intercept_spm, line.slope_spm_per_mps, line.grade_slope_spm, line.spread_spm


def _kind(athlete: Athlete) -> _Read:
    kind = athlete.trusted_kind
    return None if kind is None else (*kind.step_gain, *kind.speed_share, kind.least_s)


def _answered(athlete: Athlete) -> _Read:
    """Which numbers of segments stand behind it is no matter beyond a few sessions of each."""
    found = athlete.answered_gait
    if found is None or found.forward is None:
        return None
    sides = (found.backward, found.forward)
    known = [side for side in sides if side is not None]
    read: list[float | str | None] = [found.log_odds, float(len(known))]
    for side in known:
        read += [float(side.weight), side.steps_log, side.speed_log]
        read += [side.contact_log, side.excursion_log]
        read += [float(side.contact_weight), float(side.excursion_weight)]
    return tuple(read)


def _factor(athlete: Athlete) -> _Read:
    factor = athlete.cost_factor
    if factor is None or factor.value is None:
        return None
    return factor.value, factor.low, factor.high, factor.method


# Learnt values by name: what an analysis that depends on one reads of it, None where there is none.
# Neither from how many seconds a line was learnt, nor at which speeds the forward one.
FORWARD_LINE, FORWARD_SLOPES = "forward_line", "forward_slopes"
BACKWARD_CONTRAST, COST_FACTOR = "backward_contrast", "cost_factor"
TRUSTED_KIND, ANSWERED_GAIT = "trusted_kind", "answered_gait"
LEARNT: dict[str, Callable[[Athlete], _Read]] = {
    FORWARD_LINE: _line,
    FORWARD_SLOPES: _slopes,
    BACKWARD_CONTRAST: Athlete.backward_contrast,
    COST_FACTOR: _factor,
    TRUSTED_KIND: _kind,
    ANSWERED_GAIT: _answered,
}


def _fingerprint(read: _Read) -> str:
    return "" if read is None else hashlib.sha256(repr(read).encode()).hexdigest()[:12]


LONGEST_NOTE = 10_000  # characters of a remark's text


class Remark(msgspec.Struct, frozen=True):
    """What the athlete noted about a session: scores from 0 to 10 and words; None: not asked.

    ``effort`` is the rating of perceived exertion of the whole session.
    """

    pain: int | None = None
    effort: int | None = None
    text: str = ""

    def contradicts(self, seen: Self, given: Self) -> bool:
        """Whether ``given`` in the place of ``seen`` would replace a score given since."""
        pairs = (
            (self.pain, seen.pain, given.pain),
            (self.effort, seen.effort, given.effort),
        )
        return any(now not in {before, after} and after != before for now, before, after in pairs)

    def with_changes(self, seen: Self, given: Self) -> Self:
        """This note with what somebody changed from ``seen`` to ``given`` without knowing it.

        What they did not change stays. Where both changed the text, both texts are kept.
        """
        return replace(
            self,
            pain=self.pain if given.pain == seen.pain else given.pain,
            effort=self.effort if given.effort == seen.effort else given.effort,
            text=_both_texts(self.text, seen.text, given.text),
        )


def _both_texts(now: str, seen: str, given: str) -> str:
    """The text of a note after somebody who saw ``seen`` gave another one.

    A page shows line breaks in one way only, so how they are written makes no difference.
    """
    plain_now, plain_seen, plain_given = (
        "\n".join(each.splitlines()) for each in (now, seen, given)
    )
    if plain_given.strip() == plain_seen.strip():
        return now
    if plain_now.strip() == plain_seen.strip():
        return given
    return "\n".join(dict.fromkeys(each for each in (plain_now, plain_given) if each))
