"""Stretches of one direction and gait, and the grounds for them.

The five kinds of stretch that every page tells apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from retrorun.model.recording import HeadingKind, Note
from retrorun.units import FloatArray

Direction = Literal["forward", "backward", "unknown", "still"]
Gait = Literal["run", "walk", "still"]
Verdict = Literal["confirmed", "candidate", "labelled"]


# before the origin of a label that counts otherwise than from the session's start
LOCAL_CLOCK = "local "  # seconds since 1970 on the athlete's clock
UTC_CLOCK = "utc "  # Unix seconds


@dataclass(frozen=True, slots=True)
class Label:
    """The user's word about a stretch; ``origin`` says where it was said (lap, file, command …).

    Times are seconds since the session's start, unless the origin begins with the name of a clock:
    those of a table are placed when the session is analysed.
    """

    start_s: float
    end_s: float
    direction: Direction
    origin: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one direction and gait, ``[start_s, end_s)``.

    ``probability`` is that of ``direction``; ``evidence`` the summed log-likelihood ratio of each
    kind, positive for backward. ``reason`` says what the verdict rests on, ``would_change`` what
    would have led to another; empty for stops.
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
    """A runner's cadence on speed: ``cadence_spm = intercept + slope·speed + grade_slope·grade``.

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


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What was found: segments covering the session without overlap, and the second-wise grounds.

    Attributes:
        segments: in order, from 0 to the track's end.
        heading: verdict on the heading.
        columns: to be added to the track: ``backward_probability``,
            ``heading_minus_course_deg`` and ``evidence_<kind>``, each (n,).
        forward_line: the runner's forward gait line in this session, if it could be fitted.
        backward_line: the same for confirmed backward running.
        notes: what the athlete should be asked about.
        asks_line: the line of other sessions has a part in it, or would if there were one.
    """

    segments: tuple[Segment, ...]
    heading: HeadingVerdict
    columns: Mapping[str, FloatArray]
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None
    notes: tuple[Note, ...] = ()
    asks_line: bool = False


Kind = Literal["backward", "candidate", "forward", "unknown", "still"]
KINDS: tuple[Kind, ...] = ("backward", "candidate", "forward", "unknown", "still")


def kind(segment: Segment) -> Kind:
    """What the stretch counts as: backward by gait alone is a candidate."""
    if segment.direction == "backward":
        return "candidate" if segment.verdict == "candidate" else "backward"
    return segment.direction
