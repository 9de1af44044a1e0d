"""Segments of one direction and gait, the evidence for them, and labels that overrule it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from retrorun.model.recording import HeadingKind, Note
from retrorun.units import FloatArray

Direction = Literal["forward", "backward", "unknown", "still"]
Gait = Literal["run", "walk", "still"]
# ``candidate``: it may be backward, or its direction is asked for; ``assumed``: forward or still,
# and nothing confirms it; ``habit``: it counts by the athlete's own proven gait.
Verdict = Literal["confirmed", "candidate", "labelled", "assumed", "habit"]
Kind = Literal["backward", "forward", "candidate", "unknown", "still"]
KINDS: tuple[Kind, ...] = ("backward", "forward", "candidate", "unknown", "still")

# The reason of a segment whose direction is asked for: one label decides the whole session.
TWO_DIRECTIONS = "two directions, A and B, and nothing tells which is forward"

# Prefixes of a label's origin: its times count from somewhere else than the session's start.
LOCAL_CLOCK = "local "  # seconds since 1970 on the athlete's clock
UTC_CLOCK = "utc "  # Unix seconds


@dataclass(frozen=True, slots=True)
class Label:
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
        return self.verdict == "candidate" and self.reason == TWO_DIRECTIONS


@dataclass(frozen=True, slots=True)
class HeadingVerdict:
    """Which heading was used or refused, and why."""

    source: str | None
    kind: HeadingKind
    mount_offset_deg: float | None
    concentration: float | None
    reason: str
    sign_from: str | None = None


@dataclass(frozen=True, slots=True)
class GaitLine:
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


@dataclass(frozen=True, slots=True)
class GaitCandidate:
    """A segment that may be backward by its step rate alone, and what tells it from others.

    ``step_gain`` is its mean step rate over the forward line, as a share of the line;
    ``speed_share`` its speed over that of the forward movement in the minute before and after it.
    """

    start_s: float
    end_s: float
    step_gain: float
    speed_share: float


@dataclass(frozen=True, slots=True)
class GaitAnswer:
    """What the athlete said of such a segment: whether it was backward; ``length_s`` long."""

    length_s: float
    step_gain: float
    speed_share: float
    backward: bool


@dataclass(frozen=True, slots=True)
class GaitKind:
    """Bounds, inclusive, within which the athlete's answers to such segments were "backward"."""

    step_gain: tuple[float, float]
    speed_share: tuple[float, float]
    least_s: float

    def holds(self, length_s: float, step_gain: float, speed_share: float) -> bool:
        """Whether a segment is of this kind."""
        within = self.step_gain[0] <= step_gain <= self.step_gain[1]
        slow = self.speed_share[0] <= speed_share <= self.speed_share[1]
        return within and slow and length_s >= self.least_s


@dataclass(frozen=True, slots=True)
class GaitHabit:
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


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """Segments that cover a session without overlap, and the evidence of each second.

    Attributes:
        segments: in order, from 0 to the track's end.
        heading: which heading was used, and why.
        columns: to be added to the track: ``backward_probability``,
            ``heading_minus_course_deg`` and ``evidence_<kind>``, each (n,).
        forward_line: the athlete's forward gait line in this session, if it could be fitted.
        backward_line: the same for confirmed backward running.
        notes: what the athlete should be asked about.
        asks_line: the result depends on the gait line learnt from other sessions, or would if
            there were one.
        gait_candidates: backward segments that nothing but the step rate speaks for, with those
            that count by habit.
    """

    segments: tuple[Segment, ...]
    heading: HeadingVerdict
    columns: Mapping[str, FloatArray]
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None
    notes: tuple[Note, ...] = ()
    asks_line: bool = False
    gait_candidates: tuple[GaitCandidate, ...] = ()
