"""At which angle the device is worn: an axis by doubled angles, then its sign."""

from dataclasses import dataclass

import numpy as np

from retrorun import arithmetic
from retrorun.detect.heading import Facing
from retrorun.detect.modes import Modes
from retrorun.detect.series import mean_around, runs, without_short
from retrorun.model import Athlete, GaitLine
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray, wrap_deg

STATED = ("profile", "labels")
_PERSONAL_LEAST_S = 60  # seconds of step rate that may be held against the runner's own line


@dataclass(frozen=True, slots=True, eq=False)
class Mount:
    """The facing offset: device heading minus course while running forward.

    Attributes:
        offset_deg: (n,), drifting.
        concentration: of the axis, 0 to 1.
        log_odds: that the sign is right (natural logarithm).
        firm: the same without what step rate says, which alone confirms nothing.
        sign_from: what decided the sign.
        both: whether the recording holds both directions of the axis.
        asks_line: the runner's earlier line has a part in the sign, or would have.
    """

    offset_deg: FloatArray
    concentration: float
    log_odds: float
    firm: float
    sign_from: str
    both: bool
    asks_line: bool = False

    @property
    def sure(self) -> bool:
        """Whether the sign is known well enough to confirm anything.

        With both directions in the recording some of it is backward, whichever it is; with one
        alone a wrong sign would turn a plain run into a backward one, so neither step rate nor
        habit suffices for that.
        """
        return self.log_odds >= 1.5 if self.both else min(self.log_odds, self.firm) >= 3.0

    @property
    def stated(self) -> bool:
        """Whether the athlete said how the device is worn, or labelled enough to tell."""
        return self.sign_from in STATED


def mount(
    seen: Facing, modes: Modes, labelled: FloatArray, athlete: Athlete, settings: DetectSettings
) -> Mount:
    """Fit the axis of heading minus course and resolve its sign.

    ``labelled`` (n,) is the evidence of labels, positive for backward.
    """
    axis, concentration = _axis(seen.delta_deg, seen.usable, settings.drift_half_s)
    opposite = np.abs(wrap_deg(seen.delta_deg - axis)) > 90
    ahead, behind = seen.usable & ~opposite, seen.usable & opposite
    both = _lasting(opposite[seen.usable], np.flatnonzero(seen.usable), settings)
    sign = _sign(axis, (ahead, behind), modes, labelled, (athlete, both))
    turn = -1.0 if sign.log_odds < 0 else 1.0
    if turn < 0:
        axis = wrap_deg(axis + 180.0)
    odds, firm = turn * sign.log_odds, turn * sign.firm
    return Mount(wrap_deg(axis), concentration, odds, firm, sign.by, both, sign.asks_line)


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
    cosine, sine = arithmetic.cos(doubled), arithmetic.sin(doubled)
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
    """Log-odds with and without the step rate that the axis is the facing offset, and by what.

    ``asks_line``: the runner's earlier line has a part in it, or would have if there were one.
    """

    log_odds: float
    firm: float
    by: str
    asks_line: bool = False

    @classmethod
    def of(cls, log_odds: float, by: str) -> "_Sign":
        """Told, so step rate has no part in it."""
        return cls(log_odds, log_odds, by)


def _sign(
    axis: FloatArray,
    sides: tuple[BoolArray, BoolArray],
    modes: Modes,
    labelled: FloatArray,
    known: tuple[Athlete, bool],
) -> _Sign:
    """Log-odds that the axis itself, not its opposite, is the facing offset; and by what.

    ``known``: the athlete, and whether both sides are real.
    """
    (ahead, behind), (athlete, both) = sides, known
    middle = float(np.median(axis))
    if athlete.mount_offset_deg is not None:
        apart = float(arithmetic.cos(np.radians(middle - athlete.mount_offset_deg)))
        if abs(apart) > 0.3:
            return _Sign.of(float(np.copysign(12.0, apart)), "profile")
    said = float(labelled[behind].sum() - labelled[ahead].sum())
    if abs(said) > 20:
        return _Sign.of(float(np.copysign(12.0, said)), "labels")
    nearer = 3.0 * float(arithmetic.cos(np.radians(middle)))
    steps = _steps(ahead, behind, modes)
    if not both:
        alone = ahead.sum() >= behind.sum()
        side = 1.0 if alone else -1.0
        only = ahead if alone else behind
        counted = _counted(only, modes)
        asks_line = bool(counted.sum() >= _PERSONAL_LEAST_S)
        own = side * _personal(counted, modes, athlete.forward_line)
        firm = nearer + side * (1.5 + _slow(only, modes))
        if abs(own) > 3:
            return _Sign(own, firm, "gait (the runner's earlier runs)", asks_line)
        stepped = own + side * _population(only, modes)
        by = "prior: offset nearer 0°, most runs are forward"
        return _Sign(firm + stepped, firm, by, asks_line)
    faster = float(np.clip(4.0 * _difference(modes.speed_mps, ahead, behind), -4, 4))
    longer = 2.0 * float((ahead.sum() - behind.sum()) / (ahead.sum() + behind.sum()))
    total = steps + faster + longer + nearer
    if abs(steps) > 3 and steps * total > 0:
        return _Sign(total, total - steps, "gait")
    parts = {"gait": steps, "prior: offset nearer 0°": nearer, "the faster side": faster}
    parts["the longer side"] = longer
    by = max(parts, key=lambda name: parts[name] * np.sign(total))
    return _Sign(total, total - steps, by)


def _difference(values: FloatArray, ahead: BoolArray, behind: BoolArray) -> float:
    return float(np.nanmedian(values[ahead]) - np.nanmedian(values[behind]))


def _steps(ahead: BoolArray, behind: BoolArray, modes: Modes) -> float:
    """Evidence of the step rate that ``ahead`` is forward: steps at equal speed are fewer.

    Running: 9.5 ± 3 steps/min for each m/s, 13 more backward; walking: 35 ± 6, and 9 more.
    """
    total = 0.0
    for walking, slope, unsure, gain in ((False, 9.5, 3.0, 13.0), (True, 35.0, 6.0, 9.0)):
        counted = np.isfinite(modes.cadence_spm) & modes.moving & (modes.walking == walking)
        first, second = ahead & counted, behind & counted
        if min(first.sum(), second.sum()) < 15:
            continue
        more = _difference(modes.cadence_spm - slope * modes.speed_mps, second, first)
        slower = abs(_difference(modes.speed_mps, first, second))
        wide = float(
            arithmetic.hypot(5.0, unsure * slower)
        )  # wander, and what is not known of the slope
        total += float(np.clip(gain * more / np.square(wide), -12, 12))
    return total


def _counted(side: BoolArray, modes: Modes) -> BoolArray:
    """(n,) the seconds of a side whose running step rate is known."""
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
    counted = side & np.isfinite(modes.cadence_spm) & ~modes.walking
    if counted.sum() < 60:
        return 0.0
    level = float(np.median(modes.cadence_spm[counted] - 9.5 * modes.speed_mps[counted]))
    # Between runners the level is about 140 ± 8 steps/min; backward it is 13 more.
    return -float(np.clip(13.0 * (level - 146.5) / (8.0 * 8.0), -2.5, 2.5))
