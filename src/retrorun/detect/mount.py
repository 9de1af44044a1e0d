"""At which angle the device is worn: an axis by doubled angles, then its sign."""

from dataclasses import dataclass, replace

import numpy as np

from retrorun import arithmetic
from retrorun.detect import turns
from retrorun.detect.heading import Facing
from retrorun.detect.labels import STRENGTH
from retrorun.detect.modes import Modes
from retrorun.detect.series import mean_around, runs, without_short
from retrorun.detect.turns import Stretches, Witness
from retrorun.model import Athlete, GaitLine
from retrorun.model.athlete import BACKWARD_CONTRAST, FORWARD_LINE
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray, wrap_deg

STATED = ("profile", "labels")
SURE = 3.0  # log-odds from which a sign is sure
STATED_LOG_ODDS = 12.0  # log-odds of what the athlete said
WATCHES = ("fit:",)  # worn flat, the twelve to the front
RELATIVE = ("yaw", "gyro")  # their zero lies anywhere
_PERSONAL_LEAST_S = 60  # seconds of step rate that may be held against the runner's own line


@dataclass(frozen=True, slots=True, eq=False)
class Mount:
    """The facing offset: device heading minus course while running forward.

    Attributes:
        offset_deg: (n,), drifting; turned about where the device was.
        concentration: of the axis, 0 to 1.
        apart_deg: angle between the means of the axis's two sides; NaN where there is one.
        log_odds: that the sign is right (natural logarithm).
        firm: the same without what habit says, which alone confirms nothing.
        sign_from: what decided the sign.
        both: whether the recording holds both directions of the axis.
        witness: (n,) log-odds of backward by the second decoder, over direction and mount.
        turns: log-odds that the heading's changes are turns of the athlete, by all of them.
        unsteady: whether the device clearly turned on the body as often as the athlete did.
        device_turned: (n,) seconds in which the device is held to be the other way round.
        reads: names of the learnt values on which this depends.
    """

    offset_deg: FloatArray
    concentration: float
    apart_deg: float
    log_odds: float
    firm: float
    sign_from: str
    both: bool
    witness: FloatArray
    turns: float
    unsteady: bool
    device_turned: BoolArray
    reads: frozenset[str]

    @property
    def sure(self) -> bool:
        """Whether the sign is known well enough to confirm anything."""
        return min(self.log_odds, self.firm) >= SURE

    @property
    def stated(self) -> bool:
        """Whether the athlete said how the device is worn, or labelled enough to tell."""
        return self.sign_from in STATED


def mount(
    seen: Facing,
    modes: Modes,
    marks: tuple[FloatArray, BoolArray],
    athlete: Athlete,
    settings: DetectSettings,
) -> Mount:
    """Fit the axis of heading minus course, resolve its sign, and ask the second witness.

    ``marks`` are the evidence of labels (n,), positive for backward, and where (n,) the course
    turned about under a steady heading.
    """
    labelled, reversed_at = marks
    axis, concentration = _axis(seen.delta_deg, seen.usable, settings.drift_half_s)
    opposite = np.abs(wrap_deg(seen.delta_deg - axis)) > 90
    ahead, behind = seen.usable & ~opposite, seen.usable & opposite
    both = _lasting(opposite[seen.usable], np.flatnonzero(seen.usable), settings)
    parts = turns.stretches(opposite, seen.usable, settings)
    turned = turns.witness(
        parts, modes, reversed_at, turns.backward_gait(athlete, settings), settings
    )
    known = _Known(seen, modes, athlete, both, turned)
    sign = _sign(axis, (ahead, behind), labelled, known, settings)
    if sign.log_odds < 0:
        axis = wrap_deg(axis + 180.0)
        parts = replace(parts, opposite=~parts.opposite)
        sign = replace(sign, log_odds=-sign.log_odds, firm=-sign.firm)
    given = _given(parts, labelled, sign, settings)
    back = turns.decode(parts, turned.seen, given, turned.turn_log_odds)
    about = _device_turned(parts, back, settings)
    # With one side nothing turned; and where most of a sure sign did, the sign is in question.
    if not both or (about.mean() > 0.5 and sign.log_odds >= SURE):
        about = np.zeros(about.size, dtype=bool)
    return Mount(
        offset_deg=wrap_deg(axis + 180.0 * about),
        concentration=concentration,
        apart_deg=_apart_deg(seen.delta_deg - axis, ahead, behind),
        log_odds=sign.log_odds,
        firm=sign.firm,
        sign_from=sign.by,
        both=both,
        witness=parts.each_second(back),
        turns=turned.turn_log_odds,
        unsteady=turned.unsteady,
        device_turned=about,
        # Without a boundary between two sides there is nothing to which a contrast is compared.
        reads=sign.reads | ({BACKWARD_CONTRAST} if parts.starts.size > 1 else frozenset()),
    )


def _given(
    parts: Stretches, labelled: FloatArray, sign: "_Sign", settings: DetectSettings
) -> FloatArray:
    """Log-odds of backward that each stretch has of itself: labels, habit, a stated mount."""
    total = np.concatenate(([0.0], np.cumsum(labelled)))
    seconds = (total[parts.ends] - total[parts.starts]) / STRENGTH
    said = np.clip(seconds / settings.label_least_s, -1.0, 1.0) * STATED_LOG_ODDS
    share = (parts.ends - parts.starts) / max(int(parts.ends[-1]), 1)
    given = said - settings.forward_prior * share
    if sign.by == "profile":
        given += settings.stated_mount * share * np.where(parts.opposite, 1.0, -1.0)
    return np.asarray(given, dtype=np.float64)


def _device_turned(parts: Stretches, back: FloatArray, settings: DetectSettings) -> BoolArray:
    """Seconds in which the device lastingly is the other way round, (n,).

    Short flips stay what they seem: nobody can tell them from backward running in every gait.
    """
    turned = np.where(parts.opposite, -back, back) > settings.device_turned
    seconds = parts.each_second(turned.astype(np.float64)) > 0
    return without_short(seconds, value=True, seconds=settings.mount_lasts_s)


def _apart_deg(delta_deg: FloatArray, ahead: BoolArray, behind: BoolArray) -> float:
    """Angle between the mean directions of the two sides, 0 to 180; NaN where one is empty."""
    means = []
    for side in (ahead, behind):
        if side.sum() < 10:
            return float("nan")
        means.append(_mean_deg(delta_deg[side]))
    return abs(float(wrap_deg(means[0] - means[1])))


def _mean_deg(angle_deg: FloatArray) -> float:
    """Mean direction of angles (m,)."""
    turn = np.radians(angle_deg)
    sine, cosine = (float(each.sum()) for each in arithmetic.sine_cosine(turn))
    return float(np.degrees(arithmetic.arctan2(sine, cosine)))


def _lasting(opposite: BoolArray, seconds: IntArray, settings: DetectSettings) -> bool:
    """Whether both sides of the axis are real: more than magnetic disturbances can make.

    The rarer side holds a stretch longer than any disturbance, or a good share of the recording.
    """
    calm = without_short(without_short(opposite, value=True, seconds=3), value=False, seconds=3)
    rarer = bool(calm.mean() < 0.5)
    starts, ends = runs(calm)
    mine = calm[starts] == rarer
    if not mine.any():
        return False
    longest_s = int((seconds[ends - 1] - seconds[starts] + 1)[mine].max())
    share = float((calm == rarer).mean())
    enough = share >= settings.both_share and (calm == rarer).sum() >= 30
    return longest_s > settings.disturbed_s or bool(enough)


def _axis(delta_deg: FloatArray, usable: BoolArray, half: int) -> tuple[FloatArray, float]:
    """Offset modulo 180° by 0.5·atan2(Σ sin 2δ, Σ cos 2δ), drifting slowly; and concentration."""
    doubled = np.radians(2.0 * np.where(usable, delta_deg, np.nan))
    sine, cosine = arithmetic.sine_cosine(doubled)
    whole = float(np.nanmean(cosine)), float(np.nanmean(sine))
    # The whole run's axis steadies the local one where little or nothing is usable.
    share = mean_around(usable.astype(np.float64), half)
    east, north = (
        share * np.nan_to_num(mean_around(local, half)) + 0.1 * overall
        for local, overall in zip((cosine, sine), whole, strict=True)
    )
    angle = np.unwrap(arithmetic.arctan2(north, east))
    home = arithmetic.arctan2(whole[1], whole[0])
    angle += 2.0 * np.pi * np.round((home - np.median(angle)) / (2.0 * np.pi))
    return np.degrees(angle) / 2.0, arithmetic.hypot(*whole)


@dataclass(frozen=True, slots=True)
class _Sign:
    """Log-odds with and without habit that the axis is the facing offset, and by what."""

    log_odds: float
    firm: float
    by: str
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What the sign is resolved from, beside the axis and its sides."""

    seen: Facing
    modes: Modes
    athlete: Athlete
    both: bool
    turned: Witness


def _sign(
    axis: FloatArray,
    sides: tuple[BoolArray, BoolArray],
    labelled: FloatArray,
    known: _Known,
    settings: DetectSettings,
) -> _Sign:
    """Log-odds that the axis itself, not its opposite, is the facing offset; and by what."""
    ahead, behind = sides
    middle = float(np.median(axis))
    if known.athlete.mount_offset_deg is not None:
        apart = arithmetic.cos(float(np.radians(middle - known.athlete.mount_offset_deg)))
        if abs(apart) > 0.3:
            told = float(np.copysign(STATED_LOG_ODDS, apart))
            return _Sign(told, told, "profile")
    said = float(labelled[behind].sum() - labelled[ahead].sum())
    if abs(said) > 20:
        told = float(np.copysign(STATED_LOG_ODDS, said))
        # A label wins its own seconds; the others are sure only where the gait is not against it.
        return _Sign(told, told + (known.turned.votes if known.both else 0.0), "labels")
    nearer = _prior_of_mount(known.seen.verdict.source, settings) * arithmetic.cos(
        float(np.radians(middle))
    )
    if not known.both:
        return _sign_of_one_side((ahead, behind), nearer, known, settings)
    votes = known.turned.votes
    longer = 2.0 * float((ahead.sum() - behind.sum()) / (ahead.sum() + behind.sum()))
    parts = {"gait": votes, "prior: offset nearer 0°": nearer, "the longer side": longer}
    total = sum(parts.values())
    by = max(parts, key=lambda name: parts[name] * np.sign(total))
    return _Sign(total, votes + nearer, by)


def _sign_of_one_side(
    sides: tuple[BoolArray, BoolArray], nearer: float, known: _Known, settings: DetectSettings
) -> _Sign:
    """The sign where the session keeps to one side of its axis: habit, and earlier runs."""
    alone = sides[0].sum() >= sides[1].sum()
    side = 1.0 if alone else -1.0
    only = sides[0] if alone else sides[1]
    modes = known.modes
    counted = _counted(only, modes)
    own = side * _personal(counted, modes, known.athlete.forward_line)
    reads = frozenset({FORWARD_LINE} if counted.sum() >= _PERSONAL_LEAST_S else ())
    firm = nearer + side * (settings.forward_habit + _slow(only, modes))
    if abs(own) > 3:
        return _Sign(own, firm, "gait (the runner's earlier runs)", reads)
    stepped = own + side * _population(only, modes)
    return _Sign(firm + stepped, firm, "prior: offset nearer 0°, most runs are forward", reads)


def _prior_of_mount(source: str | None, settings: DetectSettings) -> float:
    """How much an offset near 0° tells: much for a watch, little for a phone, nothing for yaw."""
    name = source or ""
    if any(word in name for word in RELATIVE):
        return 0.0
    return settings.flat_prior if name.startswith(WATCHES) else settings.phone_prior


def _counted(side: BoolArray, modes: Modes) -> BoolArray:
    """(n,) the seconds of a side whose running step rate is known; a phone knows none."""
    return side & np.isfinite(modes.cadence_spm) & ~modes.walking


def _personal(counted: BoolArray, modes: Modes, line: GaitLine | None) -> float:
    """Evidence of the runner's own line, from earlier runs, that this side is forward."""
    if line is None or counted.sum() < _PERSONAL_LEAST_S:
        return 0.0
    expected = line.intercept_spm + line.slope_spm_per_mps * modes.speed_mps
    above = float(np.median((modes.cadence_spm - expected)[counted]))
    gain = 0.08 * float(np.median(expected[counted]))
    wide = float(arithmetic.hypot(4.0, line.spread_spm))  # from day to day, and within a run
    return float(np.clip(gain * (gain / 2.0 - above) / np.square(wide), -6.0, 6.0))


def _slow(side: BoolArray, modes: Modes) -> float:
    """How far speed alone speaks for forward, in log-odds."""
    return float(np.clip(2.0 * (np.median(modes.speed_mps[side]) - 2.5), -1.5, 1.5))


def _population(side: BoolArray, modes: Modes) -> float:
    """How far step rate alone speaks for forward, in log-odds, by other runners."""
    counted = _counted(side, modes)
    if counted.sum() < 60:
        return 0.0
    level = float(np.median(modes.cadence_spm[counted] - 9.5 * modes.speed_mps[counted]))
    # Between runners the level is about 140 ± 8 steps/min; backward it is 13 more.
    return -float(np.clip(13.0 * (level - 146.5) / (8.0 * 8.0), -2.5, 2.5))
