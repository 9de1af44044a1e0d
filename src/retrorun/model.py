"""The values that travel through the pipeline, in the order in which they come into being.

Recording (what a file says) → Track (1 Hz) → Segment → Metrics → Session → Analysis.
Everything is frozen. Arrays are float64 with NaN for missing; a scalar that is not known is None.
Intervals are half-open, ``[start_s, end_s)``, in seconds since the session's first record, except
in a Recording, which keeps the file's own clock (Unix seconds, UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from retrorun.units import BoolArray, FloatArray

Direction = Literal["forward", "backward", "unknown", "still"]
Gait = Literal["run", "walk", "still"]
Verdict = Literal["confirmed", "candidate", "labelled"]
HeadingKind = Literal["compass", "course", "unknown", "none"]


# --- what a file says -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader or a stage wants people to know; ``slug`` is stable, ``message`` is prose."""

    slug: str
    message: str


@dataclass(frozen=True, slots=True)
class Lap:
    """A lap by the file's clock, Unix seconds; ``step`` is the workout step it carries out."""

    start_time_s: float
    end_time_s: float
    name: str | None = None
    step: str | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """The timer stood still, ``[start_time_s, end_time_s)`` in Unix seconds."""

    start_time_s: float
    end_time_s: float


@dataclass(frozen=True, slots=True, eq=False)
class HeadingSeries:
    """One candidate for the body's heading, on its own clock.

    Attributes:
        source: where it stood in the file, such as ``osmand:heading``.
        claim: what that place means by the table in docs/formats.md.
        north: ``true``, ``magnetic`` or ``unknown``.
        time_s: (m,) Unix seconds.
        heading_deg: (m,) degrees clockwise from north, NaN where missing.
    """

    source: str
    claim: HeadingKind
    north: Literal["true", "magnetic", "unknown"]
    time_s: FloatArray
    heading_deg: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One activity as its file tells it: native times, SI units, nothing repaired.

    Attributes:
        time_s: (n,) Unix seconds; as in the file, so they may repeat or run backward.
        columns: channel name (see ``channels``) → (n,), NaN where missing.
        headings: candidates for a heading, in the file's order.
        laps: laps in order.
        pauses: timer pauses in order.
        breaks_s: Unix times at which a new track piece begins: no line is drawn across them.
        sport: the file's word for it, lower case, such as ``running``; None if it has none.
        name: the activity's own name, if the file has one.
        device: what recorded it, if the file says.
        utc_offset_s: local minus UTC, if the file says.
        energy_kcal: the device's own total, if it gives one.
        distance_m: the device's own total, if it gives one.
        notes: what the reader repaired or doubted.
    """

    time_s: FloatArray
    columns: Mapping[str, FloatArray]
    headings: tuple[HeadingSeries, ...] = ()
    laps: tuple[Lap, ...] = ()
    pauses: tuple[Pause, ...] = ()
    breaks_s: tuple[float, ...] = ()
    sport: str | None = None
    name: str | None = None
    device: str | None = None
    utc_offset_s: float | None = None
    energy_kcal: float | None = None
    distance_m: float | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Which file: its name, SHA-256 (its identity everywhere), format, device, and its doubts."""

    name: str
    sha256: str
    format: str | None = None
    device: str | None = None
    salvaged: bool = False
    warnings: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """One file, read: who it is, its runs and walks, and what else was in it."""

    source: Source
    recordings: tuple[Recording, ...]
    passed_over: tuple[Note, ...] = ()


# --- the 1 Hz track ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class HeadingTrack:
    """A heading candidate on the 1 Hz grid: (n,) degrees, NaN where missing."""

    source: str
    claim: HeadingKind
    north: Literal["true", "magnetic", "unknown"]
    heading_deg: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One activity at 1 Hz: sample i lies at ``start_time_s + i``.

    Attributes:
        start_time_s: Unix time of the first record.
        columns: channel name → (n,); beside the channels of the file the derived ones:
            ``x_m``, ``y_m`` (east and north of the first fix), ``ground_speed_mps``,
            ``course_deg``, ``grade``, ``turn_rate_dps``, ``smooth_altitude_m``; after detection
            also ``backward_probability``, ``heading_minus_course_deg`` and one
            ``evidence_<kind>`` a kind of evidence.
        flags: quality flag → (n,) booleans: ``paused``, ``gap``, ``position_suspect``,
            ``heart_rate_suspect``.
        headings: heading candidates.
        notes: what was repaired on the way.
    """

    start_time_s: float
    columns: Mapping[str, FloatArray]
    flags: Mapping[str, BoolArray]
    headings: tuple[HeadingTrack, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def seconds(self) -> int:
        """Number of samples n."""
        return len(self.flags["gap"])

    def column(self, name: str) -> FloatArray:
        """The column, or all NaN (n,) where the recording has none."""
        found = self.columns.get(name)
        return found if found is not None else np.full(self.seconds, np.nan)

    def has(self, name: str) -> bool:
        """Whether the column holds at least one number."""
        found = self.columns.get(name)
        return found is not None and bool(np.isfinite(found).any())


# --- segments ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Label:
    """The user's word about a stretch; ``origin`` says where it was said (lap, file, command …)."""

    start_s: float
    end_s: float
    direction: Direction
    origin: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one direction and gait, ``[start_s, end_s)``.

    ``probability`` is that of ``direction``; ``evidence`` the summed log-likelihood ratio of each
    kind, positive for backward.
    """

    start_s: float
    end_s: float
    direction: Direction
    gait: Gait
    verdict: Verdict
    probability: float
    evidence: Mapping[str, float]
    reason: str = ""


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
    """

    segments: tuple[Segment, ...]
    heading: HeadingVerdict
    columns: Mapping[str, FloatArray]
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None


# --- measures ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % (or stated) interval and method; None values carry a ``reason``."""

    value: float | None
    low: float | None
    high: float | None
    method: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a stretch by one method, kcal (or kcal/kg where ``per_kg``).

    ``gross`` is all the body spends, ``active`` above rest; ``low`` and ``high`` bound ``gross``.
    """

    gross: float
    active: float
    low: float
    high: float
    method: str
    citation: str
    per_kg: bool = False


@dataclass(frozen=True, slots=True)
class HeartRate:
    """Heart rate of a stretch; ``coverage`` is the share of its seconds that have one."""

    mean: float
    max: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """Measures of one stretch. Sums first (they add up), then what is derived from them.

    ``seconds`` is the stretch's length, ``moving_s`` the part in motion; ``beats`` and ``steps``
    are counted only while the sensor reported, over ``beats_s`` and ``steps_s`` seconds.
    ``energy_shown`` is the method shown, ``energies`` all of them.
    """

    seconds: float
    moving_s: float
    distance_m: float | None
    climb_m: float | None
    beats: float | None
    beats_s: float
    steps: float | None
    steps_s: float
    speed_mps: float | None
    pace_s_per_km: float | None
    grade: float | None
    turn_rate_dps: float | None
    heart_rate: HeartRate | None
    steady_heart_rate_bpm: float | None
    cadence_spm: float | None
    step_length_m: float | None
    contact_time_s: float | None
    vertical_oscillation_m: float | None
    respiration_brpm: float | None
    energy_shown: Energy | None
    energies: tuple[Energy, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredSegment:
    """A segment and its measures."""

    segment: Segment
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all segments of one kind; they add over sessions and weeks.

    Energy is in kcal and None where the athlete's mass is not known.
    """

    seconds: float = 0.0
    moving_s: float = 0.0
    distance_m: float = 0.0
    beats: float = 0.0
    beats_s: float = 0.0
    steps: float = 0.0
    steps_s: float = 0.0
    energy_kcal: float | None = None
    active_kcal: float | None = None
    low_kcal: float | None = None
    high_kcal: float | None = None


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything measured about one session."""

    segments: tuple[MeasuredSegment, ...]
    totals: Mapping[str, Totals]  # backward, forward, candidate, unknown, still
    cost_factor: Estimate
    notes: tuple[Note, ...] = ()


# --- the athlete ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Zone:
    """A privacy zone: samples within ``radius_m`` of the point never leave the archive."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Athlete:
    """The person who runs: what they said of themselves, and what was learnt from their runs."""

    mass_kg: float | None = None
    birth_year: int | None = None
    sex: Literal["male", "female"] | None = None
    hr_rest_bpm: float | None = None
    hr_max_bpm: float | None = None
    vo2max_ml_kg_min: float | None = None
    units: Literal["metric", "imperial"] = "metric"
    mount_offset_deg: float | None = None
    hr_zones_bpm: tuple[float, ...] = ()
    privacy_zones: tuple[Zone, ...] = ()
    forward_line: GaitLine | None = None
    backward_line: GaitLine | None = None
    cost_factor: Estimate | None = None


# --- results ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Zoned:
    """A time zone by name or by offset, and where it was found (``file``, ``position``)."""

    name: str | None
    utc_offset_s: float
    provenance: str


@dataclass(frozen=True, slots=True)
class Session:
    """One analysed activity: everything that pages, archive and comparison need but the samples.

    Attributes:
        id: first 12 hex digits of the source's SHA-256, with ``-2`` … for further activities.
        index: position in the file, from 0.
        channels: contract label → share of seconds that have it.
        labels: the user's words that were used.
        settings: fingerprint of the settings; ``version``: the code's version.
    """

    id: str
    index: int
    source: Source
    start_time_s: float
    zone: Zoned | None
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
    settings: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """A file on its way into the pipeline: bytes by name, and the user's labels by session index."""

    name: str
    data: bytes
    labels: Mapping[int, tuple[Label, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A file, analysed: its sessions, and the 1 Hz track of each."""

    source: Source
    sessions: tuple[Session, ...]
    tracks: tuple[Track, ...]
    passed_over: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be analysed, and why; ``source`` is as much as is known of it."""

    source: Source
    slug: str
    message: str
    offset: int | None = None
    remedy: str | None = None


Outcome = Analysis | Failed
