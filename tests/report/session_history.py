"""Many sessions made by hand, and the comparison over them by the project's own code."""

import dataclasses as dc
from collections.abc import Sequence

import hand_made_sessions

from retrorun.compare import compare
from retrorun.model import Athlete, Estimate, Measures, Remark, Session, TimeZone
from retrorun.model.comparison import Comparison
from retrorun.report.history.care import CareContext
from retrorun.settings import CompareSettings

ME = Athlete(mass_kg=70.0)
DAY_S = 86_400.0
FORWARD: hand_made_sessions.Plan = [
    (420, "forward", "walk", "confirmed", 1.5),
    (1800, "forward", "run", "confirmed", 2.9),
]
MAYBE: hand_made_sessions.Plan = [
    (900, "forward", "run", "confirmed", 2.9),
    (300, "backward", "run", "candidate", 2.0),
    (600, "forward", "run", "confirmed", 2.9),
]
LONG: hand_made_sessions.Plan = [
    (600, "forward", "run", "confirmed", 2.5),
    (240, "backward", "run", "confirmed", 2.4),
    (240, "forward", "run", "confirmed", 2.4),
    (180, "backward", "walk", "labelled", 1.4),
    (300, "forward", "walk", "confirmed", 1.4),
]
HABIT: hand_made_sessions.Plan = [
    (seconds, direction, gait, "habit" if (direction, gait) == ("backward", "run") else verdict, v)
    for seconds, direction, gait, verdict, v in LONG
]


def run(day: int, plan: hand_made_sessions.Plan = LONG, **changes: object) -> Session:
    """The session of a day; day 0 is Sunday, 3 May 2026."""
    found = hand_made_sessions.session(
        plan, id=f"{day:012x}", start_time_s=hand_made_sessions.START_S + day * DAY_S
    )
    return dc.replace(found, **changes)  # type: ignore[arg-type]


def factored(session: Session, value: float) -> Session:
    """The session with a cost factor of so much, within five hundredths."""
    old = session.measures
    factor = Estimate(value, value - 0.05, value + 0.05, "kinetics")
    measures = Measures(old.segments, old.totals, factor, old.notes, old.bests, old.heart)
    return dc.replace(session, measures=measures)


def ten_weeks() -> list[Session]:
    """Two sessions a week for ten weeks: backward, forward only, and maybe backward.

    Of the last backward one the running counts by habit.
    """
    plans = [LONG, FORWARD, LONG, MAYBE] * 5
    plans[18] = HABIT
    found = [
        factored(run(round(3.5 * turn), plan), 1.36 - 0.004 * turn)
        for turn, plan in enumerate(plans)
    ]
    abroad = TimeZone("Europe/Rome", 7200.0, "position")
    return [*found[:-1], dc.replace(found[-1], zone=abroad, name="Along the sea")]


def cared_for(sessions: Sequence[Session]) -> CareContext:
    """Pain and effort of every second session, with words that fill their line."""
    remarks = {
        each.id: Remark(4 - turn % 5, 3 + turn % 6, "a stiff knee, and ragged calves " * 9)
        for turn, each in enumerate(sessions[::2])
    }
    return CareContext(remarks, CompareSettings(), " --archive .demo")


def compared(sessions: Sequence[Session]) -> Comparison:
    """The comparison over them."""
    return compare(sessions, ME, CompareSettings())
