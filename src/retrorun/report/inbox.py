"""What waits for the athlete: candidates to be reviewed, files set aside, an import under way.

Plain values, as the server of `retrorun open` sends them and as the home page and the review draw
them. And what the answers so far have taught, in one line and in full: whether the athlete's
backward gait is proven by them, and whether it counts.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict

from retrorun import arithmetic
from retrorun.model import Athlete, GaitHabit, MeasuredSegment, Session
from retrorun.report.numbers import local_date, percent, short_date
from retrorun.report.words import say, say_count, with_unbroken_units

LONGEST_NAME = 60
MOST_ONWARD = 50  # sessions after the newest to which a page on disk leads on
OPEN_COMMAND = "retrorun open"
TRUST_COMMAND = "retrorun profile trust_gait=true"


class Waiting(msgspec.Struct, frozen=True):
    """One candidate that waits for an answer.

    Attributes:
        session: its id; ``segment``: its number in the session's table.
        start_s: seconds since the session's start; ``end_s`` the same.
        day: of the session, short; ``date``: as YYYY-MM-DD; ``name``: its name.
        likely: how likely it is backward, in words.
    """

    session: str
    segment: int
    start_s: int
    end_s: int
    day: str = ""
    name: str = ""
    likely: str = ""
    date: str = ""


class SetAside(msgspec.Struct, frozen=True):
    """A file that became no session: its name, why, and what the athlete can do."""

    name: str
    reason: str
    remedy: str = ""


class ImportProgress(msgspec.Struct, frozen=True):
    """An import under way: files done and in all, how many a second, how long it takes yet."""

    done: int
    total: int
    rate_per_s: float | None = None
    left_s: float | None = None


class Inbox(msgspec.Struct, frozen=True):
    """All of it.

    Attributes:
        queue: candidates, newest session first.
        set_aside: files that could not be read.
        progress: the import under way, if any.
        learnt: one sentence; see ``learnt_sentence``.
        fresh: whether comparison and other sessions have followed the last answer.
    """

    queue: tuple[Waiting, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    progress: ImportProgress | None = None
    learnt: str = ""
    fresh: bool = True

    def document(self) -> dict[str, Any]:
        """The same as JSON values, as `/api/inbox` answers."""
        return {
            "candidates": len(self.queue),
            "sessions": len({each.session for each in self.queue}),
            "queue": [asdict(each) for each in self.queue],
            "set_aside": [asdict(each) for each in self.set_aside],
            "import": asdict(self.progress) if self.progress else None,
            "learnt": self.learnt,
            "fresh": self.fresh,
        }


def waiting(sessions: Iterable[Session]) -> tuple[Waiting, ...]:
    """The candidates of these sessions, newest session first, each session in its own order."""
    newest = sorted(sessions, key=lambda each: (-each.start_time_s, each.id))
    return tuple(each for session in newest for each in waiting_of(session))


def waiting_of(session: Session) -> tuple[Waiting, ...]:
    """The candidates of one session in order."""
    numbered = enumerate(session.measures.segments, 1)
    found = [(n, each.segment) for n, each in numbered if each.segment.kind == "candidate"]
    if not found:
        return ()
    day = short_date(local_date(session))
    name = (session.name or say(f"sport_{session.sport}", fallback="sport_other"))[:LONGEST_NAME]
    return tuple(
        Waiting(
            session.id,
            number,
            round(segment.start_s),
            round(segment.end_s),
            day,
            name,
            likely(segment.probability),
            local_date(session).isoformat(),
        )
        for number, segment in found
    )


class AnswerCall(msgspec.Struct, frozen=True):
    """The call to answer on a page opened from disk.

    Attributes:
        session: where it leads to, the newest session with a candidate; ``then``: the others.
        words: how many candidates wait, in how many sessions.
        command: what asks about all of them.
    """

    session: str
    then: tuple[str, ...]
    words: str
    command: str


def answer_call(sessions: Iterable[Session], archive_option: str = "") -> AnswerCall | None:
    """What calls to answer these sessions' candidates; None where there is none.

    Args:
        sessions: any number, in any order.
        archive_option: what a command needs to find the archive.
    """
    asked = [(each.start_time_s, each.id, n) for each in sessions if (n := candidates(each))]
    if not asked:
        return None
    newest, *then = (each for _, each, _ in sorted(asked, reverse=True))
    stretches = say_count("inbox_stretches", sum(count for *_, count in asked))
    words = say("inbox_call", stretches=stretches, sessions=say_count("inbox_sessions", len(asked)))
    return AnswerCall(newest, tuple(then[:MOST_ONWARD]), words, f"{OPEN_COMMAND}{archive_option}")


def candidates(session: Session) -> int:
    """How many stretches of a session wait for an answer."""
    return sum(each.segment.kind == "candidate" for each in session.measures.segments)


def likely(probability: float) -> str:
    """A probability as people say it: ``likely, about 5 in 6``; even odds are not called likely."""
    odds = ((1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (9, 10), (19, 20))
    few, whole = min(odds, key=lambda each: abs(each[0] / each[1] - probability))
    return say("likely_even" if 2 * few == whole else "likely", count=few, whole=whole)


def learnt_sentence(guesses: Sequence[bool], athlete: Athlete) -> str:
    """What the answers have taught so far, in one line.

    Args:
        guesses: for each answered candidate whether it was backward, as guessed.
        athlete: with the lines that were learnt.
    """
    if not guesses:
        return say("learnt_none")
    answers = say_count("answers", len(guesses))
    right = say_count("learnt_right", len(guesses), right=sum(guesses))
    return with_unbroken_units(say("learnt", answers=answers, steps=_steps(athlete), right=right))


def _steps(athlete: Athlete) -> str:
    """By how much the athlete's steps are quicker backward, in the middle of the speeds seen."""
    ahead, back = athlete.forward_line, athlete.backward_line
    if ahead is None or back is None:
        return say("learnt_line_none")
    speed_mps = (back.low_mps + back.high_mps) / 2
    forward_spm = ahead.intercept_spm + ahead.slope_spm_per_mps * speed_mps
    backward_spm = back.intercept_spm + back.slope_spm_per_mps * speed_mps
    percent = round(100 * (backward_spm / forward_spm - 1))
    return say("learnt_slower" if percent < 0 else "learnt_quicker", percent=abs(percent))


class Habit(msgspec.Struct, frozen=True):
    """Sentences in reading order, and the command that they offer; empty where there is none."""

    lines: tuple[str, ...]
    command: str = ""


def habit(athlete: Athlete, archive_option: str = "") -> Habit | None:
    """What was learnt, from how many segments and sessions; None without answers and trust.

    Args:
        athlete: with what their answers taught.
        archive_option: what a command needs to find the archive.
    """
    learnt = athlete.gait_habit
    if learnt is None:
        return Habit((say("habit_unproven"),)) if athlete.trust_gait else None
    lines = [_habit_words(learnt), *_answered(athlete)]
    if learnt.counted:
        lines.append(
            say(
                "habit_proof",
                right=learnt.right,
                counted=learnt.counted,
                rate=_percent_at_least(learnt.right / learnt.counted),
                low=_percent_at_least(learnt.low),
            )
        )
    lines.append(say(f"habit_{habit_state(athlete)}"))
    offered = habit_state(athlete) == "offer"
    return Habit(tuple(lines), f"{TRUST_COMMAND}{archive_option}" if offered else "")


def _percent_at_least(share: float) -> str:
    """A share in whole per cent, rounded down: 94.6 % are not the 95 % that a proof needs."""
    return percent(math.floor(round(100.0 * share, 6)) / 100.0)


def _answered(athlete: Athlete) -> list[str]:
    """What accepted and rejected stretches looked like, and from how many that was learnt."""
    found = athlete.answered_gait
    sides = {"backward": found.backward, "forward": found.forward} if found is not None else {}
    lines = []
    for way, side in sides.items():
        if side is None:
            continue
        named = {"segments": str(side.segments), "sessions": str(side.sessions)}
        ends = {"steps": _percent_of(side.steps_log), "speed": _percent_of(side.speed_log)}
        lines.append(say(f"answered_{way}", **named, **ends))
        strides = {"contact": side.contact_log, "excursion": side.excursion_log}
        known = {kind: log for kind, log in strides.items() if log is not None}
        lines += [say(f"answered_{kind}", ratio=_percent_of(log)) for kind, log in known.items()]
    return lines


def _percent_of(log: float) -> str:
    return percent(arithmetic.exp(log))


def habit_state(athlete: Athlete) -> str:
    """``offer``, ``trusted``, ``unproven`` (trust without proof) or ``early``."""
    proven = athlete.gait_habit is not None and athlete.gait_habit.proven
    if athlete.trust_gait:
        return "trusted" if proven else "unproven"
    return "offer" if proven else "early"


def session_habit(
    athlete: Athlete, measured: Sequence[MeasuredSegment], archive_option: str = ""
) -> Habit | None:
    """What a session's page says: only where it holds what counts by habit, or could.

    It holds no counts, which every later answer would change.
    """
    verdicts = {each.segment.verdict for each in measured if each.segment.direction == "backward"}
    if "habit" in verdicts:
        return Habit((say("habit_counted"),))
    which = habit_state(athlete)
    if "candidate" not in verdicts or which in {"early", "trusted"}:
        return None
    command = f"{TRUST_COMMAND}{archive_option}" if which == "offer" else ""
    return Habit((say(f"habit_{which}"),), command)


def _habit_words(learnt: GaitHabit) -> str:
    named = {
        "answers": str(learnt.answers),
        "backward": str(learnt.backward),
        "sessions": say_count("inbox_sessions", learnt.sessions),
    }
    if learnt.kind is None:
        return say("habit_few", fallback="habit_few", **named)
    bounds = (*learnt.kind.step_gain, *learnt.kind.speed_share)
    ends = dict(zip(("gain", "most", "slow", "fast"), map(percent, bounds), strict=True))
    return say("habit_taught", fallback="habit_taught", **named, **ends)
