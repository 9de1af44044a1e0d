"""At which angle the device is worn: an axis by doubled angles, then its sign."""

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.detect import turns
from retrorun.detect.gait import (
    odds_by_level,
    odds_by_speed,
    sign_by_own_line,
)
from retrorun.detect.heading import Facing, is_relative, repeated_sides
from retrorun.detect.modes import Modes
from retrorun.detect.series import each_run, mean_around, runs, without_short
from retrorun.detect.turns import SideRuns, Witness
from retrorun.model import Athlete
from retrorun.model.athlete import BACKWARD_CONTRAST
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray, wrap_deg

STATED = ("profile", "labels")
WATCHES = ("fit:",)  # worn flat, the twelve to the front


class CalledForward(msgspec.Struct, frozen=True, eq=False):
    """What labels of forward say beside the sign: they may lie where only the device was turned.

    Attributes:
        inside: (n,) seconds of the runs of a heading that is called backward in which the athlete
            labelled forward: the device was turned there.
        alone: whether nothing was labelled backward.
        decides: whether the sign rests on labels of forward alone: of the other side they say
            nothing.
        both_sides: whether forward was labelled, alone, on both sides of the heading.
        believed: (n,) those of ``inside`` of which the second witness was sure, without the labels,
            that the athlete turned.
    """

    inside: BoolArray
    alone: bool
    decides: bool
    both_sides: bool
    believed: BoolArray


class Mount(msgspec.Struct, frozen=True, eq=False):
    """The facing offset: device heading minus course while running forward.

    Attributes:
        offset_deg: (n,), drifting; turned about where the device was.
        concentration: of the axis, 0 to 1.
        apart_deg: angle between the means of the axis's two sides; NaN where there is one.
        log_odds: that the sign is right (natural logarithm).
        axis_odds: (n,) the same in each mount, where there are several.
        sure: whether the sign is known well enough to confirm anything.
        sign_from: what decided the sign.
        both: whether the recording holds both directions of the axis.
        witness: (n,) log-odds of backward by the second decoder, over direction and mount.
        turns: log-odds that the heading's changes are turns of the athlete, by all of them.
        unsteady: whether the device clearly turned on the body as often as the athlete did.
        device_turned: (n,) seconds in which the device is held to be the other way round.
        called_forward: what labels of forward say beside the sign.
        repeated: (n,) seconds on the side called backward that come too often and too exactly for
            a magnetic disturbance.
        reads: names of the learnt values on which this depends.
    """

    offset_deg: FloatArray
    concentration: float
    apart_deg: float
    log_odds: float
    axis_odds: FloatArray
    sure: bool
    sign_from: str
    both: bool
    witness: FloatArray
    turns: float
    unsteady: bool
    device_turned: BoolArray
    called_forward: CalledForward
    repeated: BoolArray
    reads: frozenset[str]

    @property
    def stated(self) -> bool:
        """Whether the athlete said how the device is worn, or labelled a backward stretch."""
        by_forward = self.sign_from == "labels" and self.called_forward.alone
        return self.sign_from in STATED and not by_forward

    @property
    def asks_other_side(self) -> bool:
        """Whether labels of forward decide the sign and leave the other direction to be asked."""
        return self.both and self.called_forward.decides and not self.called_forward.both_sides


def mount(
    facing: Facing,
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
    axis, concentration = _axis(facing, settings)
    usual = turns.backward_gait(athlete, settings)
    opposite = np.abs(wrap_deg(facing.delta_deg - axis)) > 90
    parts = turns.side_runs(opposite, facing.usable, facing.mount, settings)
    turned = turns.witness(parts, modes, reversed_at, usual, settings)
    if parts.mount_begins.any():
        turned_over = _is_turned_over(parts, turned, labelled, settings)
        over = parts.each_second(turned_over.astype(np.float64)) > 0
        axis, opposite = axis + 180.0 * over, opposite ^ over
        parts = structs.replace(parts, opposite=parts.opposite ^ turned_over)
        turned = turns.witness(parts, modes, reversed_at, usual, settings)
    ahead, behind = facing.usable & ~opposite, facing.usable & opposite
    both = _both_last(opposite[facing.usable], np.flatnonzero(facing.usable), settings)
    known = _Known(facing, modes, athlete, both, turned)
    sign = _sign(axis, (ahead, behind), labelled, known, settings)
    if sign.log_odds < 0:
        axis = wrap_deg(axis + 180.0)
        parts = structs.replace(parts, opposite=~parts.opposite)
        sign = structs.replace(sign, log_odds=-sign.log_odds, firm=-sign.firm)
    backward_odds = unaided = _decoded(parts, turned, labelled, sign, settings)
    if labelled.any():
        unaided = _decoded(parts, turned, np.zeros(labelled.size), sign, settings)
    both_sides = _forward_on_both(labelled, (ahead, behind), settings)
    called = _called_forward(parts, unaided, (labelled, both_sides), sign, settings)
    about = _device_turned(parts, backward_odds, settings)
    # A label makes no other run of the side that is called forward backward; and one of forward
    # none at all, unless it decides which side is forward.
    about &= parts.each_second((parts.opposite | (unaided > 0)).astype(np.float64)) > 0
    if called.alone and not called.decides:
        backward_odds = np.minimum(backward_odds, unaided)
    # With one side nothing turned; and where most of a sure sign did, the sign is in question.
    if not both or (about.mean() > 0.5 and sign.log_odds >= settings.sign_sure):
        about = np.zeros(about.size, dtype=bool)
    return Mount(
        offset_deg=wrap_deg(axis + 180.0 * about),
        concentration=concentration,
        apart_deg=_apart_deg(facing.delta_deg - axis, (ahead, behind), settings),
        log_odds=sign.log_odds,
        axis_odds=_axis_odds(parts, backward_odds, sign, settings),
        sure=min(sign.log_odds, sign.firm) >= settings.sign_sure,
        sign_from=sign.by,
        both=both,
        witness=parts.each_second(backward_odds),
        turns=turned.turn_log_odds,
        unsteady=turned.unsteady,
        device_turned=about,
        called_forward=called,
        repeated=repeated_sides(parts, facing.delta_deg - axis, settings),
        # Without a boundary between two sides there is nothing to which a contrast is compared.
        reads=sign.reads | ({BACKWARD_CONTRAST} if parts.starts.size > 1 else frozenset()),
    )


def _called_forward(
    parts: SideRuns,
    unaided: FloatArray,
    said: tuple[FloatArray, bool],
    sign: "_Sign",
    settings: DetectSettings,
) -> CalledForward:
    """What labels of forward say beside the sign; ``unaided`` (k,) is the witness without labels.

    ``said`` is the evidence of labels (n,), and whether forward was labelled on both sides. A
    label that only reaches into the edge of a run says nothing of that run.
    """
    labelled, both_sides = said
    total = np.concatenate(([0], np.cumsum(labelled < 0)))
    labelled_s = total[parts.ends] - total[parts.starts]
    share_s = settings.label_enters_share * (parts.ends - parts.starts)
    inside = parts.opposite & (labelled_s >= np.minimum(settings.label_enters_s, share_s))
    believed = inside & (unaided >= settings.witness_enough)
    alone = bool((labelled < 0).any() and not (labelled > 0).any())
    return CalledForward(
        parts.each_second(inside.astype(np.float64)) > 0,
        alone,
        alone and sign.by == "labels" and not sign.was_sure,
        alone and both_sides,
        parts.each_second(believed.astype(np.float64)) > 0,
    )


def _forward_on_both(
    labelled: FloatArray, sides: tuple[BoolArray, BoolArray], settings: DetectSettings
) -> bool:
    """Whether forward was labelled on both sides of the heading."""
    return all(int((labelled[side] < 0).sum()) >= settings.label_least_s for side in sides)


def _is_turned_over(
    parts: SideRuns, turned: Witness, labelled: FloatArray, settings: DetectSettings
) -> BoolArray:
    """Of which runs the mount's longer side is backward, by the second witness and labels, (k,)."""
    backward_odds = _decoded(parts, turned, labelled, None, settings)
    return _odds_of_mounts(parts, backward_odds, settings) < 0.0


def _decoded(
    parts: SideRuns,
    turned: Witness,
    labelled: FloatArray,
    sign: "_Sign | None",
    settings: DetectSettings,
) -> FloatArray:
    """The second witness's log-odds of backward of each run, (k,)."""
    run_odds = _odds_of_runs(parts, labelled, sign, settings)
    return turns.decode(parts, turned.boundaries, run_odds, turned.turn_log_odds)


def _odds_of_mounts(
    parts: SideRuns, backward_odds: FloatArray, settings: DetectSettings
) -> FloatArray:
    """Log-odds that the axis of each run's mount is the right way round, (k,).

    By the second witness's log-odds of backward ``backward_odds`` (k,), averaged over the mount.
    Nothing in a mount that goes one way tells how it is worn, so there stands beside them what
    share of the others is forward, and they are no surer than anything that is forward by habit.
    """
    lasts = (parts.ends - parts.starts).astype(np.float64)
    toward = np.where(parts.opposite, 1.0, -1.0)
    starts, ends = runs(parts.mount)
    sums = (
        np.concatenate(([0.0], np.cumsum(each)))
        for each in (lasts, lasts * parts.opposite, lasts * toward * backward_odds)
    )
    whole, other, total = (np.repeat(each[ends] - each[starts], ends - starts) for each in sums)
    alone = np.minimum(other, whole - other) < settings.other_side_s
    behind, ahead = (
        float(lasts[~alone & side].sum()) for side in (backward_odds > 0, backward_odds <= 0)
    )
    habit = arithmetic.log((ahead + settings.backward_lasts_s) / (behind + 1.0))
    habit = float(np.clip(habit, 0.0, settings.forward_prior))
    most, side = settings.forward_prior, np.where(2.0 * other > whole, 1.0, -1.0)
    by_habit = np.clip(total / whole - side * habit, -most, most)
    return np.asarray(np.where(alone, by_habit, total / whole), dtype=np.float64)


def _axis_odds(
    parts: SideRuns, backward_odds: FloatArray, sign: "_Sign", settings: DetectSettings
) -> FloatArray:
    """Log-odds that the axis of each second is the right way round, (n,)."""
    found = np.full(backward_odds.size, sign.log_odds)
    if parts.mount_begins.any():
        found = np.minimum(found, _odds_of_mounts(parts, backward_odds, settings))
    return parts.each_second(found)


def _odds_of_runs(
    parts: SideRuns, labelled: FloatArray, sign: "_Sign | None", settings: DetectSettings
) -> FloatArray:
    """Log-odds of backward that each run has of itself: labels, habit, a stated mount."""
    total = np.concatenate(([0.0], np.cumsum(labelled)))
    seconds = (total[parts.ends] - total[parts.starts]) / settings.label_strength
    labelled_odds = np.clip(seconds / settings.label_least_s, -1.0, 1.0) * settings.stated_odds
    share = (parts.ends - parts.starts) / max(int(parts.ends[-1]), 1)
    run_odds = labelled_odds - settings.forward_prior * share
    if sign is not None and sign.by == "profile":
        run_odds += settings.stated_mount * share * np.where(parts.opposite, 1.0, -1.0)
    return np.asarray(run_odds, dtype=np.float64)


def _device_turned(
    parts: SideRuns, backward_odds: FloatArray, settings: DetectSettings
) -> BoolArray:
    """Seconds in which the device lastingly is the other way round, (n,).

    Short flips stay what they seem: nobody can tell them from backward running in every gait.
    """
    turned = np.where(parts.opposite, -backward_odds, backward_odds) > settings.device_turned
    seconds = parts.each_second(turned.astype(np.float64)) > 0
    return without_short(seconds, value=True, seconds=settings.mount_lasts_s)


def _apart_deg(
    delta_deg: FloatArray, sides: tuple[BoolArray, BoolArray], settings: DetectSettings
) -> float:
    """Angle between the mean directions of the two sides, 0 to 180; NaN where one is empty."""
    means = []
    for side in sides:
        if side.sum() < settings.side_least_s:
            return float("nan")
        means.append(_mean_deg(delta_deg[side]))
    return abs(float(wrap_deg(means[0] - means[1])))


def _mean_deg(angle_deg: FloatArray) -> float:
    """Mean direction of angles (m,)."""
    turn = np.radians(angle_deg)
    sine, cosine = (float(each.sum()) for each in arithmetic.sine_cosine(turn))
    return float(np.degrees(arithmetic.arctan2(sine, cosine)))


def _both_last(opposite: BoolArray, seconds: IntArray, settings: DetectSettings) -> bool:
    """Whether both sides of the axis are real: more than magnetic disturbances can make.

    The rarer side lasts longer at once than any disturbance, or makes up a good share of the
    recording.
    """
    calm = without_short(opposite, value=True, seconds=settings.flicker_s)
    calm = without_short(calm, value=False, seconds=settings.flicker_s)
    rarer = bool(calm.mean() < 0.5)
    starts, ends = runs(calm)
    mine = calm[starts] == rarer
    if not mine.any():
        return False
    longest_s = int((seconds[ends - 1] - seconds[starts] + 1)[mine].max())
    share = float((calm == rarer).mean())
    enough = share >= settings.both_share and (calm == rarer).sum() >= settings.both_least_s
    return longest_s > settings.disturbed_s or bool(enough)


def _axis(facing: Facing, settings: DetectSettings) -> tuple[FloatArray, float]:
    """Offset modulo 180°, (n,), and concentration, in each mount by itself.

    Where there are several, the longer side of each is taken for that of the first's axis.
    """
    mounts = each_run(facing.mount)
    if len(mounts) == 1:
        return _axis_of_one(facing.delta_deg, facing.usable, settings)
    axis, lengths, counts = np.zeros(facing.mount.size), list[float](), list[int]()
    for first, last in mounts:
        delta_deg, usable = facing.delta_deg[first:last], facing.usable[first:last]
        if not usable.any():
            continue
        own, length = _axis_of_one(delta_deg, usable, settings)
        opposite = np.abs(wrap_deg(delta_deg - own))[usable] > 90
        axis[first:last] = own + (180.0 if opposite.mean() > 0.5 else 0.0)
        lengths.append(length)
        counts.append(int(usable.sum()))
    return axis, float(np.average(lengths, weights=counts))


def _axis_of_one(
    delta_deg: FloatArray, usable: BoolArray, settings: DetectSettings
) -> tuple[FloatArray, float]:
    """Offset modulo 180° by 0.5·atan2(Σ sin 2δ, Σ cos 2δ), drifting slowly; and concentration."""
    doubled = np.radians(2.0 * np.where(usable, delta_deg, np.nan))
    sine, cosine = arithmetic.sine_cosine(doubled)
    half = settings.drift_half_s
    whole = float(np.nanmean(cosine)), float(np.nanmean(sine))
    # The whole run's axis steadies the local one where little or nothing is usable.
    share = mean_around(usable.astype(np.float64), half)
    east, north = (
        share * np.nan_to_num(mean_around(local, half)) + settings.axis_home * overall
        for local, overall in zip((cosine, sine), whole, strict=True)
    )
    angle = np.unwrap(arithmetic.arctan2(north, east))
    home = arithmetic.arctan2(whole[1], whole[0])
    angle += 2.0 * np.pi * np.round((home - arithmetic.median(angle)) / (2.0 * np.pi))
    return np.degrees(angle) / 2.0, arithmetic.hypot(*whole)


class _Sign(msgspec.Struct, frozen=True):
    """Log-odds with and without habit that the axis is the facing offset, and by what.

    ``was_sure`` says whether it was as sure before the labels.
    """

    log_odds: float
    firm: float
    by: str
    reads: frozenset[str] = frozenset()
    was_sure: bool = False


class _Known(msgspec.Struct, frozen=True, eq=False):
    """What the sign is resolved from, beside the axis and its sides."""

    facing: Facing
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
    middle = arithmetic.median(axis)
    several = known.facing.mount.max(initial=0) > 0  # it was worn at several angles
    if known.athlete.mount_offset_deg is not None and not several:
        apart = arithmetic.cos(float(np.radians(middle - known.athlete.mount_offset_deg)))
        if abs(apart) > settings.stated_cosine:
            return _sign_of_profile(apart, sides, known, settings)
    unaided = _sign_without_labels(middle, sides, known, settings)
    by_labels = _vote_of_labels(sides, labelled, settings)
    if abs(by_labels) <= settings.labelled_odds:
        return unaided
    was_sure = min(abs(unaided.log_odds), unaided.firm * np.sign(unaided.log_odds))
    alike = by_labels * unaided.log_odds > 0
    sure = bool(was_sure >= settings.sign_sure)
    rarer = by_labels * float(sides[0].sum() - sides[1].sum()) < 0.0
    settled = (sure if known.both else rarer) or _forward_on_both(labelled, sides, settings)
    if settled and not alike and not (labelled > 0).any():
        return unaided  # the device was only turned where forward was labelled
    stated = float(np.copysign(settings.stated_odds, by_labels))
    # A label wins its own seconds; the others are sure only where the gait is not against it.
    firm = stated + (known.turned.votes if known.both else 0.0)
    return _Sign(stated, firm, "labels", unaided.reads, was_sure=alike and sure)


def _sign_of_profile(
    apart: float, sides: tuple[BoolArray, BoolArray], known: _Known, settings: DetectSettings
) -> _Sign:
    """The sign by a stated angle, ``apart`` its cosine to the axis; gait may put it in question."""
    stated = float(np.copysign(settings.stated_odds, apart))
    found, reads, least = known.turned.votes, frozenset[str](), settings.stated_doubt
    if not known.both:
        least, line = settings.stated_line_doubt, known.athlete.forward_line
        found, reads = sign_by_own_line(sides, known.modes, line, settings)
        # forward is believed, as of most runs, whatever the steps
        found *= (sides[0].sum() >= sides[1].sum()) != (stated > 0.0)
    against = found * np.sign(stated) < -least
    return _Sign(stated, found if against else stated, "profile", reads)


def _vote_of_labels(
    sides: tuple[BoolArray, BoolArray], labelled: FloatArray, settings: DetectSettings
) -> float:
    """Summed log-odds of labels that the side called ahead is forward.

    Both directions can be forward, where the device was turned, but not both backward: where
    labels of backward lie on one side, those of forward say no more of the sign.
    """
    ahead, behind = (labelled[side] for side in sides)
    backward = float(np.maximum(behind, 0.0).sum() - np.maximum(ahead, 0.0).sum())
    if abs(backward) >= settings.label_least_s * settings.label_strength:
        return backward
    return float(behind.sum() - ahead.sum())


def _sign_without_labels(
    middle: float,
    sides: tuple[BoolArray, BoolArray],
    known: _Known,
    settings: DetectSettings,
) -> _Sign:
    """The sign by gait and habit; ``middle`` is the axis's median in degrees."""
    ahead, behind = sides
    several = known.facing.mount.max(initial=0) > 0
    nearer = _prior_of_mount(known.facing, settings) * arithmetic.cos(float(np.radians(middle)))
    nearer *= not several
    if not known.both:
        return _sign_of_one_side((ahead, behind), nearer, known, settings)
    votes = known.turned.votes
    share = float((ahead.sum() - behind.sum()) / (ahead.sum() + behind.sum()))
    longer = settings.longer_side * share
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
    own, reads = sign_by_own_line(sides, known.modes, known.athlete.forward_line, settings)
    habit = side * (settings.forward_habit + odds_by_speed(only, modes, settings))
    # In a pocket a phone points anywhere: where it points is no reason to be sure.
    firm = habit + (nearer if is_of_watch(known.facing) else 0.0)
    if abs(own) > settings.own_sign:
        return _Sign(own, firm, "gait (the athlete's earlier runs)", reads)
    stepped = own + side * odds_by_level(only, modes, settings)
    total = nearer + habit + stepped
    if total == 0.0:  # nothing tells, as in a walk by a relative heading: most go forward
        total = side * settings.sign_margin
    return _Sign(total, firm, "prior: offset nearer 0°, most runs are forward", reads)


def _prior_of_mount(facing: Facing, settings: DetectSettings) -> float:
    """How much an offset near 0° tells: much for a watch, little for a phone, nothing for yaw."""
    if is_relative(facing):
        return 0.0
    return settings.flat_prior if is_of_watch(facing) else settings.phone_prior


def is_of_watch(facing: Facing) -> bool:
    """Whether a watch on the wrist gave the heading."""
    return (facing.verdict.source or "").startswith(WATCHES)
