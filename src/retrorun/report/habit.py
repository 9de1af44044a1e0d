"""What the athlete's own answers taught of their backward gait, and whether it counts, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrorun.model import Athlete, GaitHabit, MeasuredSegment
from retrorun.report.numbers import percent
from retrorun.report.words import say

COMMAND = "retrorun profile trust_gait=true"


@dataclass(frozen=True, slots=True)
class Habit:
    """Sentences in reading order, and the command that they offer; empty where there is none."""

    lines: tuple[str, ...]
    command: str = ""


def habit(athlete: Athlete) -> Habit | None:
    """What was learnt, from how many segments and sessions; None without answers and trust."""
    learnt = athlete.gait_habit
    if learnt is None:
        return Habit((say("habit_unproven"),)) if athlete.trust_gait else None
    lines = [_taught(learnt)]
    if learnt.counted:
        rate = percent(learnt.right / learnt.counted)
        lines.append(
            say(
                "habit_proof",
                right=learnt.right,
                counted=learnt.counted,
                rate=rate,
                low=percent(learnt.low),
            )
        )
    lines.append(say(f"habit_{state(athlete)}"))
    return Habit(tuple(lines), COMMAND if state(athlete) == "offer" else "")


def state(athlete: Athlete) -> str:
    """``offer``, ``trusted``, ``unproven`` (trust without proof) or ``early``."""
    proven = athlete.gait_habit is not None and athlete.gait_habit.proven
    if athlete.trust_gait:
        return "trusted" if proven else "unproven"
    return "offer" if proven else "early"


def session_habit(athlete: Athlete, measured: Sequence[MeasuredSegment]) -> Habit | None:
    """What a session's page says: only where it holds what counts by habit, or could.

    It holds no counts, which every later answer would change.
    """
    verdicts = {each.segment.verdict for each in measured if each.segment.direction == "backward"}
    if "habit" in verdicts:
        return Habit((say("habit_counted"),))
    which = state(athlete)
    if "candidate" not in verdicts or which in {"early", "trusted"}:
        return None
    return Habit((say(f"habit_{which}"),), COMMAND if which == "offer" else "")


def habit_seconds(measured: Sequence[MeasuredSegment]) -> float:
    """Seconds that count by habit."""
    return sum(each.metrics.seconds for each in measured if each.segment.verdict == "habit")


def _taught(learnt: GaitHabit) -> str:
    counts = (learnt.answers, learnt.backward, learnt.sessions)
    named = dict(zip(("answers", "backward", "sessions"), map(str, counts), strict=True))
    if learnt.kind is None:
        return say("habit_few", fallback="habit_few", **named)
    bounds = (*learnt.kind.step_gain, *learnt.kind.speed_share)
    ends = dict(zip(("gain", "most", "slow", "fast"), map(percent, bounds), strict=True))
    return say("habit_taught", fallback="habit_taught", **named, **ends)
