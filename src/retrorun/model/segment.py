"""Segments of one direction and gait, the evidence for them, and labels that overrule it.

The structure of a session is made of them, too: repetitions that are alike, in sets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import msgspec

from retrorun.model.recording import HeadingKind, Note
from retrorun.units import FloatArray

Direction = Literal["forward", "backward", "unknown", "still"]
Gait = Literal["run", "walk", "still"]
# ``candidate``: it may be backward, or its direction is asked for; ``assumed``: forward or still,
# and nothing confirms it; ``habit``: it counts by the athlete's own proven gait.
Verdict = Literal["confirmed", "candidate", "labelled", "assumed", "habit"]
Kind = Literal["backward", "forward", "candidate", "unknown", "still"]
KINDS: tuple[Kind, ...] = ("backward", "forward", "candidate", "unknown", "still")

# The reasons of a segment whose direction is asked for: one label tells which it is.
TWO_DIRECTIONS = "two directions, A and B, and nothing tells which is forward"
NOT_THE_STATED_MOUNT = "two directions, A and B, and the steps contradict mount_offset_deg"

# Prefixes of a label's origin: its times count from somewhere else than the session's start.
LOCAL_CLOCK = "local "  # seconds since 1970 on the athlete's clock
UTC_CLOCK = "utc "  # Unix seconds
DAY_CLOCK = "day "  # seconds since a midnight on the athlete's clock


class Label(msgspec.Struct, frozen=True):
    """A direction stated by the user; ``origin`` names where (lap, file, command …).

    Times are seconds since the session's start, unless the origin begins with the name of a clock:
    the analysis converts those of a label file once the session's start is known.
    """

    start_s: float
    end_s: float
    direction: Direction
    origin: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a session in one direction and gait, ``[start_s, end_s)``.

    Attributes:
        start_s: seconds since the session's start; ``end_s`` the same.
        probability: of ``direction``, 0 to 1.
        evidence: source of evidence → summed log-likelihood ratio, positive for backward.
        reason: what the verdict rests on, in words; empty for stops.
        would_change: what would have led to another verdict, in words; empty for stops.
        step_gain_pct: step rate over the athlete's forward line in per cent, where the reason is
            that number; also None in documents of versions that did not keep it.
    """

    start_s: float
    end_s: float
    direction: Direction
    gait: Gait
    verdict: Verdict
    probability: float
    evidence: Mapping[str, float]
    reason: str = ""
    would_change: str = ""
    step_gain_pct: int | None = None

    @property
    def kind(self) -> Kind:
        """Its direction, or ``candidate`` for one that may be backward and is not certain."""
        doubtful = self.direction == "backward" and self.verdict == "candidate"
        return "candidate" if doubtful else self.direction

    @property
    def is_decided(self) -> bool:
        """Whether a heading or a label decided its direction."""
        return self.verdict in {"confirmed", "labelled"}

    @property
    def is_asked(self) -> bool:
        """Whether a heading tells its direction from another, and nothing tells which it is."""
        reasons = (TWO_DIRECTIONS, NOT_THE_STATED_MOUNT)
        return self.verdict == "candidate" and self.reason in reasons


class HeadingVerdict(msgspec.Struct, frozen=True):
    """Which heading was used or refused, and why."""

    source: str | None
    kind: HeadingKind
    mount_offset_deg: float | None
    concentration: float | None
    reason: str
    sign_from: str | None = None


class GaitLine(msgspec.Struct, frozen=True):
    """An athlete's line: ``cadence_spm = intercept + slope·speed + grade_slope·grade``.

    ``spread_spm`` is the residual's robust standard deviation, ``seconds`` what it was fitted on,
    between ``low_mps`` and ``high_mps``.
    """

    intercept_spm: float
    slope_spm_per_mps: float
    grade_slope_spm: float
    spread_spm: float
    seconds: float
    low_mps: float
    high_mps: float


class GaitCandidate(msgspec.Struct, frozen=True):
    """A segment that may be backward by its step rate alone, and what tells it from others.

    ``step_gain`` is its mean step rate over the forward line, as a share of the line;
    ``speed_share`` its speed over that of the forward movement in the minute before and after it.
    ``contact_ratio`` and ``excursion_ratio`` are its contact time and vertical excursion over those
    of forward running at the same speed; None where they were not measured.
    """

    start_s: float
    end_s: float
    step_gain: float
    speed_share: float
    contact_ratio: float | None = None
    excursion_ratio: float | None = None


class StepRateReason(msgspec.Struct, frozen=True):
    """A verdict's reason where step rate alone speaks: by how much it is over the forward line.

    ``step_gain_pct`` is in per cent of the line; ``habit``: it counts by the athlete's answers.
    """

    step_gain_pct: int
    habit: bool = False

    def __str__(self) -> str:
        """The reason in words."""
        percent = self.step_gain_pct
        if self.habit:
            return (
                f"step rate {percent} % above the forward line, "
                "as in what you called backward before"
            )
        return f"step rate {percent} % above the forward line, without a heading"


class GaitAnswer(msgspec.Struct, frozen=True):
    """What the athlete said of such a segment: whether it was backward; ``length_s`` long.

    One that is ``mixed`` was backward in part, too little to call it right: its place was wrong,
    and how it looks is neither backward nor forward.
    """

    length_s: float
    step_gain: float
    speed_share: float
    backward: bool
    contact_ratio: float | None = None
    excursion_ratio: float | None = None
    mixed: bool = False


class AnsweredSide(msgspec.Struct, frozen=True):
    """What the athlete's segments of one answer show: the mean logarithm of each quantity.

    Attributes:
        segments: how many were answered so; ``sessions`` in how many sessions.
        weight: how many of those sessions count: all, up to a setting. ``contact_weight`` and
            ``excursion_weight`` are the same of those in which either was measured.
        steps_log: of the step rate over the forward line.
        speed_log: of the speed over the forward speed around it.
        contact_log: of the contact time at equal speed; None where it was not measured.
        excursion_log: the same of the vertical excursion.
    """

    segments: int
    sessions: int
    weight: int
    steps_log: float
    speed_log: float
    contact_log: float | None = None
    excursion_log: float | None = None
    contact_weight: int = 0
    excursion_weight: int = 0


class AnsweredGait(msgspec.Struct, frozen=True):
    """The gait of segments that the athlete called backward, and of those called forward.

    ``log_odds`` are those that the next such segment is backward, by the numbers of both alone.
    """

    backward: AnsweredSide | None
    forward: AnsweredSide | None
    log_odds: float


class GaitKind(msgspec.Struct, frozen=True):
    """Bounds, inclusive, within which the athlete's answers to such segments were "backward"."""

    step_gain: tuple[float, float]
    speed_share: tuple[float, float]
    least_s: float

    def holds(self, length_s: float, step_gain: float, speed_share: float) -> bool:
        """Whether a segment is of this kind."""
        within = self.step_gain[0] <= step_gain <= self.step_gain[1]
        slow = self.speed_share[0] <= speed_share <= self.speed_share[1]
        return within and slow and length_s >= self.least_s


class GaitHabit(msgspec.Struct, frozen=True):
    """What the athlete's answers taught of their own backward gait, and whether it is proven.

    Attributes:
        kind: which candidates the answers call backward; None where they tell too little.
        answers: segments that were answered; ``backward`` how many of them were backward.
        sessions: with answers.
        counted: answered segments that the answers of the other sessions would have counted.
        right: how many of those were backward.
        low: lower end of the 95 % interval of ``right / counted``; 0 where nothing was counted.
        proven: whether that is enough to count such candidates, should the athlete want it.
    """

    kind: GaitKind | None
    answers: int
    backward: int
    sessions: int
    counted: int
    right: int
    low: float
    proven: bool


class Detection(msgspec.Struct, frozen=True, eq=False):
    """Segments that cover a session without overlap, and the evidence of each second.

    Attributes:
        segments: in order, from 0 to the track's end.
        heading: which heading was used, and why.
        columns: to be added to the track: ``backward_probability``,
            ``heading_minus_course_deg`` and ``evidence_<kind>``, each (n,).
        forward_line: the athlete's forward gait line in this session, if it could be fitted.
        backward_line: the same for confirmed backward running.
        notes: what the athlete should be asked about.
        reads: names of the values learnt from other sessions on which the result depends, or would
            if there were any (``Athlete.learnt_fingerprints``).
        gait_candidates: backward segments that nothing but the step rate speaks for, with those
            that count by habit.
    """

    segments: tuple[Segment, ...]
    heading: HeadingVerdict
    columns: Mapping[str, FloatArray]
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None
    notes: tuple[Note, ...] = ()
    reads: frozenset[str] = frozenset()
    gait_candidates: tuple[GaitCandidate, ...] = ()


Role = Literal["counted", "odd", "candidate"]


class Repetition(msgspec.Struct, frozen=True):
    """One backward repetition of a set.

    Attributes:
        first: place of its first segment in the session, from 0; ``last`` of its last one. They
            differ where segments of several verdicts touch.
        gait: how it was done; that of an odd one may be another than the set's.
        start_s: seconds since the session's start; ``end_s`` the same.
        distance_m: way over ground; None where it is not known.
        role: ``counted``; ``odd``, which counts as backward and is unlike the others of its set;
            ``candidate``, which may be backward and is counted nowhere.
    """

    first: int
    last: int
    gait: Gait
    start_s: float
    end_s: float
    distance_m: float | None
    role: Role

    @property
    def duration_s(self) -> float:
        """How long it lasted."""
        return self.end_s - self.start_s


class Recovery(msgspec.Struct, frozen=True):
    """What lies between the repetitions of a set: medians, and the gait of most of the time."""

    gait: Gait
    duration_s: float
    distance_m: float | None


class RepetitionSet(msgspec.Struct, frozen=True):
    """Repetitions that follow each other and are alike.

    Attributes:
        kind: sets of one session with the same number have repetitions that are alike.
        gait: of the repetitions.
        repetitions: in order, with odd ones and candidates between them.
        duration_s: median of the counted repetitions, or of the candidates where none is counted;
            ``distance_m`` the same, None where a way is not known.
        nominal_s: what such a repetition is called, where time describes them better than way;
            ``nominal_m`` where way does. The other one is None.
        recovery: between neighbouring repetitions.
    """

    kind: int
    gait: Gait
    repetitions: tuple[Repetition, ...]
    duration_s: float
    distance_m: float | None
    nominal_s: float | None
    nominal_m: float | None
    recovery: Recovery

    def count(self, role: Role = "counted") -> int:
        """How many of its repetitions have this role."""
        return sum(each.role == role for each in self.repetitions)

    @property
    def is_certain(self) -> bool:
        """Whether at least one repetition is counted; all of them may be candidates."""
        return self.count() > 0

    @property
    def size(self) -> int:
        """Repetitions that are alike: the counted ones, or the candidates where none is counted."""
        return self.count() or self.count("candidate")

    @property
    def work_to_rest(self) -> float | None:
        """Typical repetition over typical recovery, both in time."""
        rest_s = self.recovery.duration_s
        return self.duration_s / rest_s if rest_s > 0 else None


def plain_metres(distance_m: float) -> str:
    """Such as ``13 m`` or ``1.6 km``."""
    return f"{distance_m:.0f} m" if distance_m < 1000 else f"{distance_m / 1000:.2g} km"


def plain_seconds(duration_s: float) -> str:
    """Such as ``90 s``, ``3 min`` or ``2:15 min``."""
    minutes, seconds = divmod(round(duration_s), 60)
    if minutes < 2:
        return f"{round(duration_s)} s"
    return f"{minutes}:{seconds:02d} min" if seconds else f"{minutes} min"


SET_WORDS: Mapping[str, str] = {
    "size": "{low} × {length}",
    "sizes": "{low} to {high} × {length}",
    "gait_run": "{repeated} run",
    "gait_walk": "{repeated} walk",
    "of_one": "1 set, {repeated}",
    "of_many": "{count} sets, {repeated}",
    "more_one": "1 more set",
    "more_many": "{count} more sets",
    "then": "{first}, then {next}",
    "maybe": "maybe {name}",
}


class SetNaming(msgspec.Struct, frozen=True):
    """How sets are put into words; as it stands, in metres and in English.

    Attributes:
        metres: writes a distance.
        say: key of `SET_WORDS` and what fills its gaps → words.
        count: key without ``_one`` or ``_many``, how many, and what fills the gaps → words.
    """

    metres: Callable[[float], str] = plain_metres
    say: Callable[..., str] = lambda key, **values: SET_WORDS[key].format(**values)
    count: Callable[..., str] = lambda key, count, **values: SET_WORDS[
        f"{key}_one" if count == 1 else f"{key}_many"
    ].format(count=count, **values)


ENGLISH = SetNaming()


class Structure(msgspec.Struct, frozen=True):
    """The sets of a session, in order; none where nothing is repeated."""

    sets: tuple[RepetitionSet, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether any repetition of it is counted."""
        return any(each.is_certain for each in self.sets)

    def places(self) -> dict[int, tuple[int, int]]:
        """Place of a segment in the session, from 0 → number of its set and repetition, from 1."""
        return {
            place: (number, repetition)
            for number, found in enumerate(self.sets, 1)
            for repetition, each in enumerate(found.repetitions, 1)
            for place in range(each.first, each.last + 1)
        }

    def kinds(self) -> tuple[tuple[RepetitionSet, ...], ...]:
        """The sets, neighbours of one kind together."""
        found = groupby(self.sets, key=lambda each: each.kind)
        return tuple(tuple(part) for _, part in found)

    def name(self, naming: SetNaming = ENGLISH) -> str:
        """What the session was: ``5 × 90 s``, ``3 sets, 22 × 13 m``; empty where it has no sets.

        Args:
            naming: how distances and counts are written.
        """
        parts = self.kinds()
        with_gait = any(each.gait != "run" for each in self.sets)
        words = [sets_in_words(each, naming, with_gait=with_gait) for each in parts[:_MOST_NAMED]]
        left_out = sum(map(len, parts[_MOST_NAMED:]))
        if left_out:
            words.append(naming.count("more", left_out))
        if not words:
            return ""
        name, *others = words
        for each in others:
            name = naming.say("then", first=name, next=each)
        return name if self.is_certain else naming.say("maybe", name=name)


_MOST_NAMED = 3  # a longer list is no name


def sets_in_words(
    sets: Sequence[RepetitionSet], naming: SetNaming = ENGLISH, *, with_gait: bool = False
) -> str:
    """Sets of one kind in words: ``5 × 90 s``, ``3 sets, 7 to 8 × 15 m``, ``4 × 60 s walk``."""
    sizes = [each.size for each in sets]
    low, high, length = min(sizes), max(sizes), length_in_words(sets[0], naming.metres)
    words = naming.say("size" if low == high else "sizes", low=low, high=high, length=length)
    if with_gait:
        words = naming.say(f"gait_{sets[0].gait}", repeated=words)
    return words if len(sets) == 1 else naming.count("of", len(sets), repeated=words)


def length_in_words(found: RepetitionSet, metres: Callable[[float], str] = plain_metres) -> str:
    """What a repetition of a set is called: ``90 s``, ``13 m``."""
    if found.nominal_m is not None:
        return metres(found.nominal_m)
    return plain_seconds(found.nominal_s or 0.0)
