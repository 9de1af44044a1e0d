"""The values that travel through the pipeline, in the order in which they come into being.

Recording (what a file says) → Track (1 Hz) → Segment → Metrics → Session → Analysis.
Everything is frozen. Arrays are float64 with NaN for missing; a scalar that is not known is None.
Intervals are half-open, ``[start_s, end_s)``, in seconds since the session's first record, except
in a Recording, which keeps the file's own clock (Unix seconds, UTC).
"""

from retrorun.metrics import Energy, HeartRate, Metrics, Totals
from retrorun.model.athlete import Athlete, DatedMass, Remark, Zone
from retrorun.model.comparison import (
    Advice,
    Association,
    Claim,
    Comparison,
    Day,
    Difference,
    Guidance,
    Pair,
    Point,
    Practice,
    Record,
    Trend,
    Week,
)
from retrorun.model.measures import Best, Estimate, HeartLoad, MeasuredSegment, Measures
from retrorun.model.recording import (
    Export,
    FileTotal,
    HeadingKind,
    HeadingSeries,
    Lap,
    Note,
    Pause,
    Recording,
    Source,
)
from retrorun.model.segment import (
    LOCAL_CLOCK,
    UTC_CLOCK,
    Detection,
    Direction,
    Gait,
    GaitLine,
    HeadingVerdict,
    Label,
    Segment,
    Verdict,
)
from retrorun.model.session import (
    Analysis,
    Blob,
    Failed,
    Lesson,
    Outcome,
    SecondDevice,
    Session,
    Zoned,
)
from retrorun.model.track import HeadingTrack, Track

__all__ = [
    "LOCAL_CLOCK",
    "UTC_CLOCK",
    "Advice",
    "Analysis",
    "Association",
    "Athlete",
    "Best",
    "Blob",
    "Claim",
    "Comparison",
    "DatedMass",
    "Day",
    "Detection",
    "Difference",
    "Direction",
    "Energy",
    "Estimate",
    "Export",
    "Failed",
    "FileTotal",
    "Gait",
    "GaitLine",
    "Guidance",
    "HeadingKind",
    "HeadingSeries",
    "HeadingTrack",
    "HeadingVerdict",
    "HeartLoad",
    "HeartRate",
    "Label",
    "Lap",
    "Lesson",
    "MeasuredSegment",
    "Measures",
    "Metrics",
    "Note",
    "Outcome",
    "Pair",
    "Pause",
    "Point",
    "Practice",
    "Record",
    "Recording",
    "Remark",
    "SecondDevice",
    "Segment",
    "Session",
    "Source",
    "Totals",
    "Track",
    "Trend",
    "Verdict",
    "Week",
    "Zone",
    "Zoned",
]
