"""What sessions teach about the athlete: gait lines and a cost factor, as values for analyses.

A session's lesson is found by an analysis without any learnt value (``pipeline``). So what is
learnt is one function of the files and of what the athlete stated, whatever was learnt before, and
it is the same in whatever order sessions came.

Only sessions in which heading or labels decided teach a line. Where gait had to guess, its line is
a guess too, and a guess must not confirm itself.

What the athlete answered to the candidates of the step rate, accepted and rejected alike, teaches
what both kinds look like on this body, ``answered_gait``, and which of them to trust:
``gait_habit``.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic, compare
from retrorun.model import (
    AnsweredGait,
    AnsweredSide,
    Athlete,
    Estimate,
    GaitAnswer,
    GaitHabit,
    GaitKind,
    GaitLine,
    Lesson,
    Session,
)
from retrorun.settings import CompareSettings
from retrorun.units import BoolArray, FloatArray, IntArray


def learn(sessions: Sequence[Session], athlete: Athlete, settings: CompareSettings) -> Athlete:
    """The athlete with gait lines and cost factor of their sessions; what they stated stays.

    What is learnt is rounded to less than its own uncertainty, so that one more session seldom
    changes it and with it every session that depends on it.

    Args:
        sessions: in any order; those without a lesson teach nothing, and an activity that was
            exported twice teaches once.
        athlete: what they stated, and what was learnt before, which is replaced.
        settings: for the cost factor, and the steps of rounding.
    """
    taught = compare.each_once([each for each in sessions if each.lesson is not None], settings)
    lessons = [each.lesson for each in taught if each.lesson is not None]
    factors = [each.cost_factor for each in lessons]
    return replace(
        athlete,
        forward_line=_rounded_line(combine(each.forward_line for each in lessons), settings),
        backward_line=_rounded_line(_backward_line(lessons, settings), settings),
        cost_factor=_rounded_factor(compare.common_cost_factor(factors, settings), settings),
        gait_habit=gait_habit([each.answers for each in lessons], settings),
        answered_gait=answered_gait([each.answers for each in lessons], settings),
    )


def learn_from_sound(
    sessions: Sequence[Session], athlete: Athlete, settings: CompareSettings
) -> Athlete:
    """As ``learn``, without the stored sessions that nothing can be made of."""
    try:
        return learn(sessions, athlete, settings)
    except Exception:
        sound = [each for each in sessions if _is_sound(each, athlete, settings)]
        if len(sound) == len(sessions):
            raise
        return learn(sound, athlete, settings)


def _is_sound(session: Session, athlete: Athlete, settings: CompareSettings) -> bool:
    try:
        learn([session], athlete, settings)
    except Exception:  # noqa: BLE001 - whatever a stored session holds
        return False
    return True


def outdated(sessions: Iterable[Session], athlete: Athlete) -> list[Session]:
    """Sessions whose analysis depends on learnt values that are others now, or has no lesson."""
    return [
        each
        for each in sessions
        if each.lesson is None or athlete.learnt_fingerprints(each.learnt) != each.learnt
    ]


def answered_gait(
    sessions: Sequence[Sequence[GaitAnswer]], settings: CompareSettings
) -> AnsweredGait | None:
    """What the segments that the athlete called backward look like, and those called forward.

    A segment that step rate alone proposed and the athlete rejected is forward running with that
    step rate: it teaches as much as an accepted one. One that was backward in part looks like
    neither.

    Args:
        sessions: the answers of each; those without any are passed over.
        settings: what they are added to, how many sessions count, and how they are rounded.

    Returns:
        None where nothing was answered.
    """
    backward, forward = (
        _answered_side(
            [[each for each in one if each.backward is way and not each.mixed] for one in sessions],
            settings,
        )
        for way in (True, False)
    )
    if backward is None and forward is None:
        return None
    counts = [
        prior + (side.weight if side is not None else 0)
        for prior, side in zip(settings.answered_prior, (backward, forward), strict=True)
    ]
    odds = arithmetic.log(counts[0] / counts[1])
    return AnsweredGait(backward, forward, _rounded(odds, settings.answered_odds_step))


def _answered_side(
    sessions: Sequence[Sequence[GaitAnswer]], settings: CompareSettings
) -> AnsweredSide | None:
    """The mean of the sessions' means, for answers of one session are alike; None without any."""
    known = [each for each in sessions if each]
    if not known:
        return None

    def mean_log(ratios: Callable[[GaitAnswer], float | None]) -> tuple[float | None, int]:
        found = ([ratios(each) for each in one] for one in known)
        logs = [
            float(np.mean([arithmetic.log(float(each)) for each in one if each]))
            for one in found
            if any(one)
        ]
        mean = _rounded(float(np.mean(logs)), settings.answered_step) if logs else None
        return mean, min(len(logs), settings.answered_sessions)

    contact = mean_log(lambda each: each.contact_ratio)
    excursion = mean_log(lambda each: each.excursion_ratio)
    return AnsweredSide(
        segments=sum(len(one) for one in known),
        sessions=len(known),
        weight=min(len(known), settings.answered_sessions),
        steps_log=mean_log(lambda each: 1.0 + each.step_gain)[0] or 0.0,
        speed_log=mean_log(lambda each: each.speed_share)[0] or 0.0,
        contact_log=contact[0],
        excursion_log=excursion[0],
        contact_weight=contact[1],
        excursion_weight=excursion[1],
    )


def gait_habit(
    sessions: Sequence[Sequence[GaitAnswer]], settings: CompareSettings
) -> GaitHabit | None:
    """What the athlete's answers to the candidates of the step rate taught, and whether it holds.

    Each session's candidates are judged by the answers of all other sessions. The share of those
    that would have counted and were backward, with its interval (Wilson 1927), is the proof.

    Args:
        sessions: the answers of each; those without any are passed over.
        settings: how much makes a proof, and how bounds are rounded.

    Returns:
        None where nothing was answered.
    """
    answered = [each for each in sessions if each]
    if not answered:
        return None
    table = _Answers.of(answered)
    counted = np.zeros(table.session.size, dtype=bool)
    for place in range(len(answered)):
        own = table.session == place
        kind = _kind(table, ~own, settings)
        counted |= own & table.within(kind) if kind is not None else False
    kind, count = _kind(table, table.session >= 0, settings), int(counted.sum())
    right = int((counted & table.backward).sum())
    low = compare.wilson_low(right, count)
    enough = kind is not None and len(answered) >= settings.habit_sessions
    good = right >= settings.habit_right * count and low >= settings.habit_low
    return GaitHabit(
        kind=kind,
        answers=int(table.backward.size),
        backward=int(table.backward.sum()),
        sessions=len(answered),
        counted=count,
        right=right,
        low=round(low, 4),
        proven=enough and good,
    )


class _Answers(msgspec.Struct, frozen=True, eq=False):
    """Answers of many sessions, (n,) each; ``session`` is the place of the session."""

    session: IntArray
    length_s: FloatArray
    step_gain: FloatArray
    speed_share: FloatArray
    backward: BoolArray

    @classmethod
    def of(cls, sessions: Sequence[Sequence[GaitAnswer]]) -> "_Answers":
        every = [each for answers in sessions for each in answers]
        return cls(
            np.repeat(np.arange(len(sessions)), [len(each) for each in sessions]),
            np.array([each.length_s for each in every]),
            np.array([each.step_gain for each in every]),
            np.array([each.speed_share for each in every]),
            np.array([each.backward for each in every]),
        )

    def within(self, kind: GaitKind) -> BoolArray:
        """Which are of this kind: ``GaitKind.holds`` of each, (n,)."""
        within = self.length_s >= kind.least_s
        bounded = ((self.step_gain, kind.step_gain), (self.speed_share, kind.speed_share))
        for values, (low, high) in bounded:
            within = within & (values >= low) & (values <= high)
        return within


def _kind(table: _Answers, chosen: BoolArray, settings: CompareSettings) -> GaitKind | None:
    """The bounds of what was accepted, drawn in until they hold nothing that was rejected.

    They are drawn in from few steps upward or from high speed downward, whichever leaves more of
    what was accepted; None where that is too little. Answers can only bound what the athlete did on
    the days that were answered. So what is no quicker than forward running can be on another day
    (``habit_least_gain``) is of no kind, even where all of it was accepted.
    """
    accepted, rejected = chosen & table.backward, chosen & ~table.backward
    accepted &= table.step_gain >= settings.habit_least_gain
    if accepted.sum() < settings.habit_accepted:
        return None
    step = settings.habit_step
    gain, share = (values[accepted] for values in (table.step_gain, table.speed_share))
    kind = GaitKind(
        (_rounded_down(gain.min(), step), _rounded_up(gain.max(), step)),
        (_rounded_down(share.min(), step), _rounded_up(share.max(), step)),
        float(table.length_s[accepted].min()),
    )
    wrong = rejected & table.within(kind)
    if not wrong.any():
        return kind
    quicker = _rounded_up(table.step_gain[wrong].max() + step, step)
    slower = _rounded_down(table.speed_share[wrong].min() - step, step)
    drawn = (
        replace(kind, step_gain=(quicker, kind.step_gain[1])),
        replace(kind, speed_share=(kind.speed_share[0], slower)),
    )
    left = [int((accepted & table.within(each)).sum()) for each in drawn]
    best = left.index(max(left))
    return drawn[best] if left[best] >= settings.habit_accepted else None


def _rounded_down(number: float, step: float) -> float:
    return round(float(np.floor(number / step)) * step, 6)


def _rounded_up(number: float, step: float) -> float:
    return round(float(np.ceil(number / step)) * step, 6)


def _backward_line(lessons: Iterable[Lesson], settings: CompareSettings) -> GaitLine | None:
    """The common line of backward running; None where too little of it teaches one."""
    line = combine(each.backward_line for each in lessons)
    return line if line is not None and line.seconds >= settings.learnt_backward_s else None


def _rounded_line(line: GaitLine | None, settings: CompareSettings) -> GaitLine | None:
    """A line through a rounded step rate at a usual speed, its other values rounded too."""
    if line is None:
        return None
    usual_mps = settings.learnt_speed_mps
    slope = _rounded(line.slope_spm_per_mps, settings.learnt_slope_step)
    level_spm = line.intercept_spm + line.slope_spm_per_mps * usual_mps
    return replace(
        line,
        intercept_spm=_rounded(level_spm, settings.learnt_level_step_spm) - slope * usual_mps,
        slope_spm_per_mps=slope,
        grade_slope_spm=_rounded(line.grade_slope_spm, settings.learnt_grade_step_spm),
        spread_spm=_rounded(line.spread_spm, settings.learnt_level_step_spm),
        low_mps=_rounded(line.low_mps, settings.learnt_speed_step_mps),
        high_mps=_rounded(line.high_mps, settings.learnt_speed_step_mps),
    )


def _rounded_factor(factor: Estimate, settings: CompareSettings) -> Estimate:
    """The factor; its method does not count sessions, which would change with every one."""
    rounded = factor.mapped(lambda each: _rounded(each, settings.learnt_factor_step))
    return replace(rounded, method=compare.FACTOR_METHOD)


def _rounded(number: float, step: float) -> float:
    return round(round(number / step) * step, 6)


def combine(lines: Iterable[GaitLine | None]) -> GaitLine | None:
    """One line through many: each speaks at its own slow, middle and fast speed.

    Least squares over those points, weighted by the seconds behind each line, so that a long
    session counts for more and a line is not asked about speeds it has not seen. The grade slope
    and the spread are weighted means; the spread also holds how far the lines lie apart.

    Returns:
        The common line; None where there is none.
    """
    known = [line for line in lines if line is not None and line.seconds > 0]
    if not known:
        return None
    weights = np.repeat([line.seconds for line in known], 3)
    speeds_mps = np.concatenate(
        [np.linspace(line.low_mps, line.high_mps, 3) for line in known], dtype=np.float64
    )
    cadences_spm = speeds_mps * np.repeat([line.slope_spm_per_mps for line in known], 3)
    cadences_spm = cadences_spm + np.repeat([line.intercept_spm for line in known], 3)
    slope, intercept = _fit(speeds_mps, cadences_spm, weights)
    apart_spm = cadences_spm - (intercept + slope * speeds_mps)
    seconds = np.array([line.seconds for line in known])
    within = np.average([np.square(line.spread_spm) for line in known], weights=seconds)
    return GaitLine(
        intercept_spm=float(intercept),
        slope_spm_per_mps=float(slope),
        grade_slope_spm=float(np.average([li.grade_slope_spm for li in known], weights=seconds)),
        spread_spm=float(np.sqrt(within + np.average(np.square(apart_spm), weights=weights))),
        seconds=float(seconds.sum()),
        low_mps=min(line.low_mps for line in known),
        high_mps=max(line.high_mps for line in known),
    )


def _fit(x: FloatArray, y: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Weighted least squares; a flat line where all speeds are one."""
    mean_x, mean_y = np.average(x, weights=weights), np.average(y, weights=weights)
    spread = np.average(np.square(x - mean_x), weights=weights)
    if spread < 1e-6:
        return 0.0, float(mean_y)
    slope = np.average((x - mean_x) * (y - mean_y), weights=weights) / spread
    return float(slope), float(mean_y - slope * mean_x)
