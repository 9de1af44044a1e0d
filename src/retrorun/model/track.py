"""One activity at 1 Hz."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from retrorun.model.recording import HeadingKind, Note
from retrorun.units import BoolArray, FloatArray


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
            ``course_deg``, ``grade``,
            ``turn_rate_dps``, ``smooth_altitude_m``; after detection also
            ``backward_probability``, ``heading_minus_course_deg`` and one
            ``evidence_<kind>`` a kind of evidence.
        flags: quality flag → (n,) booleans: ``paused``, ``gap``, ``break`` (a new piece of the
            track begins), ``position_suspect``, ``heart_rate_suspect``.
        headings: heading candidates.
        notes: what was repaired on the way.
        step_m: (n,) metres from each sample to the next, NaN where not known; not stored.
        distance_sources: source of the distance → metres that it gave.
        hidden: ``[start, end)`` of the seconds that were cut out for a privacy zone, counted from
            the recording's first second; never leaves the archive.
    """

    start_time_s: float
    columns: Mapping[str, FloatArray]
    flags: Mapping[str, BoolArray]
    headings: tuple[HeadingTrack, ...] = ()
    notes: tuple[Note, ...] = ()
    step_m: FloatArray | None = None
    distance_sources: Mapping[str, float] = field(default_factory=dict)
    hidden: tuple[tuple[int, int], ...] = ()

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
