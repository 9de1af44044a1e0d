"""Results: measured segments, sessions, analysed files, failures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import msgspec
from msgspec import structs

from retrorun.errors import NotARunError, RetrorunError
from retrorun.metric_types import Estimate
from retrorun.metrics import Metrics, Totals
from retrorun.model.recording import Lap, Note, Pause, Source, Track
from retrorun.model.segment import (
    GaitAnswer,
    GaitLine,
    HeadingVerdict,
    Kind,
    Label,
    Segment,
    Structure,
)
from retrorun.text import plain


def remark_words(note: Note) -> str:
    """The message of a note; where it was left out, that it was, and what kind of note it is."""
    kind = note.slug.replace("-", " ")
    hidden = f"a remark whose words are left out: {kind}"
    return hidden if note.message == note.slug else note.message


@dataclass(frozen=True, slots=True)
class MeasuredSegment:
    """A segment and its metrics."""

    segment: Segment
    metrics: Metrics


class Best(msgspec.Struct, frozen=True):
    """The fastest backward segment over a distance, or the longest without a break.

    ``key`` is such as ``1 km``, ``longest_m`` or ``longest_s``; ``start_s`` elapsed seconds.
    """

    key: str
    seconds: float
    distance_m: float | None
    start_s: float


class HeartLoad(msgspec.Struct, frozen=True):
    """What one direction asked of the heart: seconds a zone, and TRIMP (Banister) a minute.

    ``zones_s`` has one entry a zone, the first below the lowest bound; ``bounds_bpm`` are the
    bounds between them and ``bounds_from`` says where they come from. ``trimp`` is a sum.
    """

    zones_s: tuple[float, ...]
    bounds_bpm: tuple[float, ...]
    bounds_from: str
    seconds: float
    trimp: float | None
    trimp_per_min: float | None


@dataclass(frozen=True, slots=True)
class Measures:
    """All metrics of one session.

    ``bests`` are backward ones, of counted segments; ``heart`` direction → load. ``cost_factor`` is
    of gross oxygen demand, ``net_factor`` of demand above rest; None in sessions of older versions.
    ``structure`` has no sets in them.
    """

    segments: tuple[MeasuredSegment, ...]
    totals: Mapping[str, Totals]  # backward, forward, candidate, unknown, still
    cost_factor: Estimate
    notes: tuple[Note, ...] = ()
    bests: tuple[Best, ...] = ()
    heart: Mapping[str, HeartLoad] = field(default_factory=dict)
    net_factor: Estimate | None = None
    structure: Structure = field(default_factory=Structure)


def session_id(sha256: str, index: int) -> str:
    """First 12 hex digits of the file's hash; a second activity adds ``-2``, and so on.

    Args:
        sha256: of the file, in hex digits.
        index: position of the activity in the file, from 0.
    """
    return sha256[:12] if index == 0 else f"{sha256[:12]}-{index + 1}"


class TimeZone(msgspec.Struct, frozen=True):
    """A time zone by name or by offset, and where it was found (``file``, ``position``)."""

    name: str | None
    utc_offset_s: float
    provenance: str


class SecondDevice(msgspec.Struct, frozen=True):
    """Another recording of the same time, and whether its heading was used.

    Attributes:
        sha256: of its export; ``index``: its position there.
        device: what recorded it, or its file's name.
        skew_s: how far its clock runs ahead of the session's; None where it was refused.
        reason: what was found, in words.
    """

    sha256: str
    index: int
    device: str
    skew_s: float | None
    reason: str

    def __post_init__(self) -> None:
        """Make the device's name and the reason, which holds it, safe to print."""
        for name in ("device", "reason"):
            structs.force_setattr(self, name, plain(getattr(self, name)))


class Lesson(msgspec.Struct, frozen=True):
    """What is learnt of the athlete from one session, analysed without learnt values.

    Attributes:
        forward_line: the forward gait line, if heading or labels decided the session.
        backward_line: the same for backward running.
        cost_factor: the backward cost factor, or why there is none.
        answers: the athlete's labels of segments that step rate alone, without them, proposes.
    """

    forward_line: GaitLine | None
    backward_line: GaitLine | None
    cost_factor: Estimate
    answers: tuple[GaitAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """One analysed activity: what pages, archive and comparison need, except the samples.

    Attributes:
        id: first 12 hex digits of the source's SHA-256, with ``-2`` … for further activities.
        index: position in the file, from 0.
        channels: contract label → share of seconds that have it.
        labels: labels of the user that were applied.
        second_devices: other recordings of this time that were compared with it.
        distance_sources: source of the distance → metres that it gave.
        settings: fingerprint of the settings; ``version``: the code's version.
        lesson: what is learnt from it; None in documents of versions that did not keep it.
        learnt: which learnt values the analysis depends on, and the fingerprint of each.
    """

    id: str
    index: int
    source: Source
    start_time_s: float
    zone: TimeZone | None
    sport: str | None
    name: str | None
    device: str | None
    duration_s: float
    moving_s: float
    distance_m: float | None
    channels: Mapping[str, float]
    heading: HeadingVerdict
    measures: Measures
    labels: tuple[Label, ...] = ()
    laps: tuple[Lap, ...] = ()
    pauses: tuple[Pause, ...] = ()
    device_energy_kcal: float | None = None
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None
    notes: tuple[Note, ...] = ()
    second_devices: tuple[SecondDevice, ...] = ()
    distance_sources: Mapping[str, float] = field(default_factory=dict)
    settings: str = ""
    version: str = ""
    lesson: Lesson | None = None
    learnt: Mapping[str, str] = field(default_factory=dict)

    def total(self, kind: Kind) -> Totals:
        """Sums over the segments of a kind; zeros where there are none."""
        return self.measures.totals.get(kind, Totals())

    def time_s(self, kind: Kind) -> float:
        """Seconds in motion within segments of a kind: what everything shown calls its time."""
        return self.total(kind).moving_s

    @property
    def is_undecided(self) -> bool:
        """Whether the session moves and nothing in it speaks for or against backward."""
        segments = [each.segment for each in self.measures.segments]
        moving = [each for each in segments if each.gait != "still"]
        return bool(moving) and not any(
            each.is_decided or any(each.evidence.values()) for each in moving
        )

    @property
    def habit_s(self) -> float:
        """The part of the backward time that counts by the athlete's proven gait."""
        found = [each for each in self.measures.segments if each.segment.verdict == "habit"]
        return sum(each.metrics.moving_s for each in found)

    @property
    def backward_share(self) -> float | None:
        """Backward time as a share of all time in motion; None where nothing moved."""
        return self.time_s("backward") / self.moving_s if self.moving_s > 0 else None


class Blob(msgspec.Struct, frozen=True, eq=False):
    """A file to be analysed, and what is known of each of its sessions by index.

    Attributes:
        name: the file's.
        data: its bytes.
        labels: of each session, stated by the user.
        second_files: name and bytes of second devices' recordings that are joined where they match.
        notes: further notes on each session.
        hidden_meanwhile: from when to when (Unix seconds) a privacy zone hides sessions that other
            devices recorded at the same time.
    """

    name: str
    data: bytes
    labels: Mapping[int, tuple[Label, ...]] = msgspec.field(default_factory=dict)
    second_files: tuple[tuple[str, bytes], ...] = ()
    notes: Mapping[int, tuple[Note, ...]] = msgspec.field(default_factory=dict)
    hidden_meanwhile: tuple[tuple[float, float], ...] = ()


class Analysis(msgspec.Struct, frozen=True, eq=False):
    """The sessions of a file, the 1 Hz track of each, and notes on what else was in it."""

    source: Source
    sessions: tuple[Session, ...]
    tracks: tuple[Track, ...]
    passed_over: tuple[Note, ...] = ()


class Failed(msgspec.Struct, frozen=True):
    """A file that could not be analysed, and why; ``source`` may lack its hash or format.

    ``not_a_run``: it was read and holds no running or walking; nothing is wrong with it.
    """

    source: Source
    slug: str
    message: str
    offset: int | None = None
    remedy: str | None = None
    not_a_run: bool = False

    @classmethod
    def of(cls, source: Source, error: RetrorunError) -> Self:
        """The failure of a file whose reading or analysis ended with this error."""
        not_a_run = isinstance(error, NotARunError)
        return cls(source, error.slug, error.message, error.offset, error.remedy, not_a_run)

    def __post_init__(self) -> None:
        """Make the message safe to print: text of the file may be part of it."""
        structs.force_setattr(self, "message", plain(self.message))


Outcome = Analysis | Failed
