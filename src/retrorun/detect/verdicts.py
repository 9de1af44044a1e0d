"""From probabilities to verdicts: what holds, what is doubted, and on what grounds.

Step rate alone confirms nothing. But an athlete who answers what it proposes shows how far it is
right for this one body (``learn``); where that is proven, and the athlete wants it, segments of the
kind that was answered count, with the verdict ``habit``.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.detect import joint
from retrorun.detect.credibility import (
    NOT_CONNECTED,
    ON_A_DECK,
    ON_A_DECK_UNSTEPPED,
    ONLY_THE_HEADING,
    SIDEWAYS,
    SINCE_HANDLED,
    Doubt,
    Grounds,
    SessionWide,
    another_zero,
    answered,
    called_otherwise,
    doubtful_heading,
    doubtful_sign,
    gait_agrees,
    most_off_deg,
    on_a_deck,
    speed_ratio,
    turns_about,
    wander,
)
from retrorun.detect.gait import answered_odds
from retrorun.detect.heading import shows_handling
from retrorun.detect.labels import COARSE, spans
from retrorun.detect.modes import Modes
from retrorun.detect.series import each_run, mean_around, without_short
from retrorun.model import (
    AnsweredGait,
    Direction,
    GaitCandidate,
    GaitKind,
    Label,
    StepRateReason,
    Verdict,
)
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray, true_runs

DIRECTIONS: tuple[Direction, ...] = ("forward", "backward", "unknown", "still")
# While it is decided; where a segment is made, some candidates become ``assumed``.
VERDICTS: tuple[Verdict, ...] = ("candidate", "confirmed", "labelled", "habit")
HABIT = VERDICTS.index("habit")
CALLED_FORWARD = "as in what you called forward before"  # why a candidate is not proposed
Reason = str | StepRateReason | Doubt
_Reasons = Sequence[tuple[int, int, Reason]]  # start and end in seconds


class Decision(msgspec.Struct, frozen=True, eq=False):
    """What was decided.

    Attributes:
        direction: (n,) index into ``DIRECTIONS``; ``verdict``: (n,) index into ``VERDICTS``.
        probability: (n,) of backward.
        reasons: ``(first, last, reason)`` of the stretches that looked backward.
    """

    direction: IntArray
    verdict: IntArray
    probability: FloatArray
    reasons: tuple[tuple[int, int, Reason], ...]


class _Decided(msgspec.Struct, frozen=True, eq=False):
    """Whether backward, the verdict and its probability so far, (n,) each; rules change them."""

    back: BoolArray
    verdict: IntArray
    probability: FloatArray

    def doubt(self, span: tuple[int, int], most: float) -> None:
        """Take back what is confirmed of these seconds; backward is at most so probable."""
        inside = slice(*span)
        self.verdict[inside] = 0
        self.probability[inside] = np.minimum(self.probability[inside], most)


def decide(grounds: Grounds, labels: tuple[Label, ...], settings: DetectSettings) -> Decision:
    """Judge every stretch.

    1. Each backward stretch is confirmed, kept as a candidate, or dropped.
    2. Long stretches of doubt become unknown; stops are still.
    3. What no heading speaks for, for long, is a candidate within whatever stretch it lies.
    4. Labels win, to the second.
    """
    probability = grounds.probability.copy()
    back = probability > 0.5
    verdict = np.zeros(back.size, dtype=np.int64)
    decided = _Decided(back, verdict, probability)
    reasons: list[tuple[int, int, Reason]] = []
    # What a label says is decided already, and what leaks out of it stands for itself.
    session = SessionWide.of(grounds, back, settings)
    for first, last in each_run(back * 2 + (grounds.label != 0)):
        if not back[first]:
            continue
        for span, holds, reason in _judge_parts(grounds, back, (first, last), session, settings):
            inside = slice(*span)
            if holds is None:
                back[inside] = False
                probability[inside] = np.minimum(probability[inside], settings.dropped_probability)
            elif holds == "candidate":
                chances = _chances(grounds, span, session, reason, settings)
                probability[inside] = np.clip(probability[inside], *chances)
            verdict[inside] = VERDICTS.index(holds or "candidate")
            reasons.append((*span, reason))
    _confirm_forward(decided, grounds, settings)
    if grounds.mount is not None and grounds.mount.both:
        late = joint.late_seconds(grounds.modes, back, settings)
        verdict[late], probability[late] = 0, np.clip(probability[late], *settings.even_odds)
    for rule in (_without_heading, _sideways, _unwitnessed, _since_handled):
        reasons = [*rule(decided, grounds, settings), *reasons]
    direction = back.astype(np.int64)
    _mark_unknown((direction, verdict, probability), grounds, settings)
    direction[~grounds.modes.moving] = DIRECTIONS.index("still")
    nothing = grounds.modes.unknown  # neither speed nor steps
    direction[nothing], verdict[nothing] = DIRECTIONS.index("unknown"), 0
    probability[nothing] = 0.5
    _apply_labels((direction, verdict, probability), grounds.modes, labels, settings)
    return Decision(direction, verdict, probability, tuple(reasons))


def _judge_parts(
    grounds: Grounds,
    back: BoolArray,
    span: tuple[int, int],
    session: SessionWide,
    settings: DetectSettings,
) -> list[tuple[tuple[int, int], Verdict | None, Reason]]:
    """The parts of a backward stretch with their verdicts and reasons; mostly it is one.

    Where the device was handled within it, each part between is confirmed that holds by itself.
    """
    holds, reason = _judge_backward(grounds, back, span, session, settings)
    begins = grounds.mounts_at[(grounds.mounts_at > span[0]) & (grounds.mounts_at < span[1])]
    if holds != "candidate" or not begins.size:
        return [(span, holds, reason)]
    parts = list(pairwise((span[0], *begins.tolist(), span[1])))
    each = [_judge_backward(grounds, back, part, session, settings) for part in parts]
    if not any(verdict == "confirmed" for verdict, _ in each):
        return [(span, holds, reason)]
    return [
        (part, "confirmed", why) if verdict == "confirmed" else (part, holds, reason)
        for part, (verdict, why) in zip(parts, each, strict=True)
    ]


def _judge_backward(
    grounds: Grounds,
    back: BoolArray,
    span: tuple[int, int],
    session: SessionWide,
    settings: DetectSettings,
) -> tuple[Verdict | None, Reason]:
    """Verdict on a backward stretch and its reason; None drops it."""
    first, last = span
    inside = slice(first, last)
    heading = float(grounds.heading[inside].sum())
    is_rest = _borders_on_label(grounds, span, settings)
    if grounds.mount is None or (heading < settings.heading_enough and not is_rest):
        return _judge_by_step_rate(grounds, back, first, last, settings)
    if last - first < settings.heading_alone_s and not is_rest:
        return None, "too short to be backward running"
    doubt = doubtful_sign(grounds.mount)
    doubt = doubt or doubtful_heading(grounds, span, resembles_proven=False, settings=settings)
    may_resemble = doubt == ONLY_THE_HEADING and session.proven
    if may_resemble and gait_agrees(grounds, back, first, last, settings):
        doubt = doubtful_heading(grounds, span, resembles_proven=True, settings=settings)
    if not doubt and not turns_about(grounds, span, settings):
        doubt = session.doubt
    doubt = doubt or on_a_deck(grounds, back, span, settings)
    doubt = doubt or called_otherwise(grounds, span, settings)
    if doubt and (answer := answered(grounds, span, settings)):
        return None, answer
    return ("candidate", doubt) if doubt else ("confirmed", "heading opposes the course")


def _borders_on_label(grounds: Grounds, span: tuple[int, int], settings: DetectSettings) -> bool:
    """Whether a label of backward cut these seconds off a stretch in which the heading speaks.

    They need not last as long, nor say as much, as a stretch by itself.
    """
    first, last = span
    beside = np.concatenate((grounds.label[max(first - 1, 0) : first], grounds.label[last:][:1]))
    heard = float(grounds.heading[first:last].mean()) >= settings.heading_heard
    return heard and bool((beside > 0).any())


def _chances(
    grounds: Grounds,
    span: tuple[int, int],
    session: SessionWide,
    reason: Reason,
    settings: DetectSettings,
) -> tuple[float, float]:
    """Least and most probability of a candidate, as such stretches turned out to be backward.

    Without a second witness a heading that turned is mostly a device that did, where none shows it.
    """
    inside, mount = slice(*span), grounds.mount
    gait_odds = float(grounds.gait[inside].sum())
    if mount is None or float(grounds.heading[inside].sum()) < settings.heading_enough:
        return 0.0, settings.gait_chance
    if shows_handling(grounds.facing):
        return _chances_of_raw_log(gait_odds, sure=mount.sure, settings=settings)
    witness = arithmetic.median(mount.witness[inside])
    apart = mount.both and mount.apart_deg < settings.sides_apart_deg
    unsure = mount.both and not mount.sure and gait_odds < settings.gait_teaches
    doubted = (
        apart
        or unsure
        or session.doubt == NOT_CONNECTED
        or reason in {ON_A_DECK, ON_A_DECK_UNSTEPPED}
    )
    place = 0 if doubted else int(np.searchsorted(settings.unwitnessed_odds, witness, side="right"))
    return settings.witnessed_least[place], settings.unwitnessed_chances[place]


def _chances_of_raw_log(
    gait_odds: float, *, sure: bool, settings: DetectSettings
) -> tuple[float, float]:
    """The same where the log would show a handling: by what speed and steps say, in log-odds."""
    place = int(np.searchsorted(settings.raw_log_gaits, gait_odds, side="right"))
    if place == 1 and not sure:  # the sign's odds say more
        return 0.0, settings.handled_chance
    chance = settings.raw_log_chances[place]
    return (0.0 if place < 2 else chance), chance


def _judge_by_step_rate(
    grounds: Grounds, back: BoolArray, first: int, last: int, settings: DetectSettings
) -> tuple[Verdict | None, Reason]:
    """A stretch that stands on step rate alone: long enough, clear, slower, and abrupt."""
    excess = grounds.steps.excess
    here = excess[first:last]
    taught = grounds.steps.backward is not None
    least_s = settings.gait_alone_s if taught else settings.untaught_s
    if np.isfinite(here).sum() < least_s:
        return None, "step rate alone needs a longer stretch"
    step = float(np.nanmean(here))
    half, stride_llr = 0.5 * grounds.steps.share, grounds.steps.stride_llr
    backed = stride_llr is not None and float(stride_llr[first:last].sum()) >= settings.stride_backs
    least = half if taught else min(half, settings.hardly_quicker)
    above = grounds.steps.hardly_above  # the session told such lines apart, not one segment
    least = least if above is None else min(least, settings.own_share * above)
    if step < (0.5 * least if backed else least):
        return None, "the step rate is hardly above the forward line"
    by_speed = half < settings.hardly_quicker / 2.0  # an athlete whose steps hardly change
    by_session = by_speed or above is not None
    if not (by_session or backed) and step < settings.gait_wander * wander(grounds, back, settings):
        return None, "the step rate wanders as much elsewhere"
    slower = speed_ratio(grounds, back, (first, last), settings)
    quick = step >= settings.clearly_quicker
    most = settings.hardly_slower if quick and not by_speed else settings.backward_slower
    if slower is not None and slower > most + settings.slower_slack:
        return None, "the speed did not drop with it"
    return "candidate", StepRateReason(round(100 * step))


def _confirm_forward(decided: _Decided, grounds: Grounds, settings: DetectSettings) -> None:
    """Confirm the forward stretches that a heading of sure sign speaks for, in place."""
    if grounds.mount is None or not grounds.mount.sure:
        return
    for first, last in true_runs(~decided.back):
        heading = float(grounds.heading[first:last].sum())
        speaks = not another_zero(grounds, (first, last), settings)
        decided.verdict[first:last] = int(speaks and heading <= -settings.heading_enough)
    if grounds.mount.called_forward.decides:  # of what was taken for a magnet it says nothing
        struck = (grounds.heading == 0) & (grounds.heading_raw > 0)
        decided.verdict[~decided.back & struck] = 0


def _without_heading(decided: _Decided, grounds: Grounds, settings: DetectSettings) -> _Reasons:
    """Take back, in place, what was confirmed where no heading speaks; with the reasons.

    A stretch may go on beyond its heading by step rate or habit alone, which confirm nothing. A
    shorter hole between two headings of one stretch is bridged.
    """
    back, silent = decided.back, (grounds.heading == 0) & grounds.modes.moving
    found = []
    for first, last in each_run(silent * 2 + back):
        within = first > 0 and last < back.size and back[first - 1] == back[first] == back[last]
        enough = settings.bridged_s if within else settings.unheard_s
        if silent[first] and last - first >= enough and decided.verdict[first:last].any():
            decided.doubt((first, last), settings.unheard_probability)
            found.append((first, last, "it goes on from where a heading speaks; none does here"))
    return found


def _sideways(decided: _Decided, grounds: Grounds, settings: DetectSettings) -> _Reasons:
    """Take back, in place, confirmed seconds that lastingly go sideways; with the reasons.

    Drills go on from backward to sideways: on average such a stretch is backward. Sideways is
    what lies nearer to a right angle than to the most that backward running may be off.
    """
    sine, cosine = (mean_around(each, settings.heading_half_s) for each in grounds.off_course)
    off_deg = 180.0 - np.abs(np.degrees(arithmetic.arctan2(sine, cosine)))
    aside = np.nan_to_num(off_deg) > (90.0 + most_off_deg(settings)) / 2.0
    aside &= decided.back & (decided.verdict > 0)
    found = true_runs(without_short(aside, value=True, seconds=settings.gait_s))
    for span in found:
        decided.doubt(span, settings.dropped_probability)
    return [(*span, SIDEWAYS) for span in found]


def _unwitnessed(decided: _Decided, grounds: Grounds, settings: DetectSettings) -> _Reasons:
    """Take back, in place, the pieces of which the second witness says otherwise; with the reasons.

    A stretch is judged as a whole, with its stops. A piece between two of them may go the other
    way; and forward is only confirmed where the witness does not doubt it either.
    """
    mount, back, verdict = grounds.mount, decided.back, decided.verdict
    if mount is None or not mount.both:
        return []
    gait_llr = mean_around(grounds.gait, settings.gait_s)
    _doubt_forward_by_gait(decided, grounds, gait_llr, settings)
    least = settings.unwitnessed_chances[0]
    found = [*_doubt_backward_by_gait(decided, grounds, gait_llr, settings)]
    forward = ~back & (mount.witness > -settings.witness_forward)
    denied = np.where(back, mount.witness < 0, forward)
    for first, last in each_run(grounds.modes.moving * 2 + back):
        inside = slice(first, last)
        if not verdict[inside].any() or denied[inside].mean() <= 0.5:
            continue
        decided.doubt((first, last), least if back[first] else 1.0)
        if back[first]:
            found.append((first, last, ONLY_THE_HEADING))
    return found


def _doubt_forward_by_gait(
    decided: _Decided, grounds: Grounds, gait_llr: FloatArray, settings: DetectSettings
) -> None:
    """Do not confirm, in place, forward pieces whose steps and speed are those of backward.

    Where a device turns together with the athlete, the heading shows nothing. ``gait_llr`` (n,) is
    the evidence of the gait, smoothed.
    """
    quick = ~decided.back & (gait_llr > 0)
    for first, last in true_runs(quick):
        if float(grounds.gait[first:last].sum()) >= settings.gait_confirms:
            decided.verdict[first:last] = 0


def _doubt_backward_by_gait(
    decided: _Decided, grounds: Grounds, gait_llr: FloatArray, settings: DetectSettings
) -> _Reasons:
    """Take back, in place, backward pieces of clearly forward speed and steps; with the reasons.

    Where a device is turned at the moment at which the athlete turns, the heading shows nothing.
    ``gait_llr`` (n,) is the evidence of the gait, smoothed.
    """
    calm = decided.back & (gait_llr < 0)
    found = []
    for first, last in true_runs(calm):
        against = float(grounds.gait[first:last].sum()) <= -settings.gait_denies
        if against and decided.verdict[first:last].any():
            decided.doubt((first, last), settings.unwitnessed_chances[0])
            found.append((first, last, ONLY_THE_HEADING))
    return found


def _since_handled(decided: _Decided, grounds: Grounds, settings: DetectSettings) -> _Reasons:
    """Take back, in place, how a stretch begins or ends where the device was handled.

    There the device changed, whatever the athlete did: from there on, either way, nothing is
    confirmed until speed and steps say the same.
    """
    if not grounds.mounts_at.size:
        return []
    back, verdict, found = decided.back, decided.verdict, []
    for first, last in each_run(2 * (2 * grounds.facing.mount + back) + (verdict > 0)):
        way = 1.0 if back[first] else -1.0
        for edge, inward in ((first, 1), (last, -1)) if verdict[first] else ():
            if not (np.abs(grounds.mounts_at - edge) <= settings.handled_edge_s).any():
                continue
            summed = np.cumsum(way * grounds.gait[first:last][::inward])
            rise = summed - np.minimum.accumulate(summed)
            silent_s = 1 + int(np.flatnonzero(rise < settings.handled_gait)[-1])
            if silent_s < settings.handled_part_s:
                continue
            begin, end = sorted((edge, edge + inward * silent_s))
            likely = float(grounds.gait[begin:end].sum()) >= 0.0
            chance = settings.raw_log_chances[2 * likely] if back[first] else 1.0
            decided.doubt((begin, end), chance)
            if back[first]:
                found.append((begin, end, SINCE_HANDLED))
    return found


def _mark_unknown(
    decided: tuple[IntArray, IntArray, FloatArray], grounds: Grounds, settings: DetectSettings
) -> None:
    """Turn long stretches of even odds into unknown, in place."""
    direction, verdict, probability = decided
    low, high = settings.even_odds
    even = (probability > low) & (probability < high) & grounds.modes.moving
    for first, last in true_runs(even):
        if last - first >= settings.gait_alone_s:
            direction[first:last] = DIRECTIONS.index("unknown")
            verdict[first:last] = 0


def _apply_labels(
    decided: tuple[IntArray, IntArray, FloatArray],
    modes: Modes,
    labels: tuple[Label, ...],
    settings: DetectSettings,
) -> None:
    """Write the labels over everything else, in place; later ones win.

    What was said of a whole lap, step or file leaves its stops still; what was said with a
    start and an end is taken at its word.
    """
    direction, verdict, probability = decided
    sure = dict(zip(("forward", "backward"), settings.certain, strict=True))
    for first, last, label in spans(labels, direction.size):
        chosen = np.zeros(direction.size, dtype=bool)
        chosen[first:last] = True
        if label.origin in COARSE:
            chosen &= modes.moving
        direction[chosen] = DIRECTIONS.index(label.direction)
        verdict[chosen] = VERDICTS.index("labelled")
        probability[chosen] = sure.get(label.direction, 0.5)


def count_by_habit(
    decision: Decision, found: Iterable[GaitCandidate], kind: GaitKind | None
) -> Decision:
    """The decision with the candidates of a trusted kind counted, verdict ``habit``."""
    if kind is None:
        return decision
    verdict, reasons = decision.verdict.copy(), list(decision.reasons)
    for each in found:
        if kind.holds(each.end_s - each.start_s, each.step_gain, each.speed_share):
            first, last = int(each.start_s), int(each.end_s)
            verdict[first:last] = HABIT
            reason = StepRateReason(round(100 * each.step_gain), habit=True)
            reasons.insert(0, (first, last, reason))
    return structs.replace(decision, verdict=verdict, reasons=tuple(reasons))


def without_rejected(
    decision: Decision,
    found: Iterable[GaitCandidate],
    answered: AnsweredGait | None,
    settings: DetectSettings,
) -> Decision:
    """The decision without the candidates that look like those the athlete called forward.

    Before some were rejected in ``answered_drops`` sessions no question is taken away, and no
    candidate is called unlikelier than even. What counts by habit stays.
    """
    if answered is None or answered.forward is None:
        return decision
    direction, reasons = decision.direction.copy(), list(decision.reasons)
    probability = decision.probability.copy()
    for each in found:
        first, last = int(each.start_s), int(each.end_s)
        if decision.verdict[first] != 0:
            continue
        odds = answered_odds(each, answered, settings)
        if answered.forward.weight < settings.answered_drops:
            odds = max(odds, 0.0)
        likely = 1.0 / (1.0 + arithmetic.exp(-odds))
        probability[first:last] = np.minimum(probability[first:last], likely)
        if odds < 0:
            direction[first:last] = DIRECTIONS.index("forward")
            reasons.insert(0, (first, last, CALLED_FORWARD))
    return structs.replace(
        decision, direction=direction, probability=probability, reasons=tuple(reasons)
    )
