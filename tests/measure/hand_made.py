"""Tracks and detections made by hand, so that every measure of them is known beforehand."""

import numpy as np

from retrorun.model import Detection, Direction, Gait, HeadingVerdict, Segment, Track, Verdict
from retrorun.units import FloatArray

START_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z


def track_of(seconds: int, **columns: float | FloatArray) -> Track:
    """A track whose columns are constants or arrays."""
    filled = {
        name: np.broadcast_to(np.asarray(value, dtype=np.float64), seconds).copy()
        for name, value in columns.items()
    }
    return Track(START_S, filled, {"gap": np.zeros(seconds, dtype=np.bool_)})


def part(
    start_s: float,
    end_s: float,
    direction: Direction = "forward",
    gait: Gait = "run",
    verdict: Verdict = "confirmed",
) -> Segment:
    """A segment."""
    return Segment(start_s, end_s, direction, gait, verdict, 0.99, {})


def found(*segments: Segment) -> Detection:
    """A detection of these segments."""
    return Detection(segments, HeadingVerdict(None, "none", None, None, "by hand"), {})
