"""One activity: as its file holds it (native time, SI units), and as a track at 1 Hz."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np
from msgspec import structs

from retrorun.text import plain, plain_or_none
from retrorun.units import BoolArray, FloatArray, IntArray

HeadingKind = Literal["compass", "course", "unknown", "none"]


def _plain_texts(value: msgspec.Struct, names: tuple[str, ...]) -> None:
    """Make these texts of a frozen value safe to print; what is empty then is None."""
    for name in names:
        structs.force_setattr(value, name, plain_or_none(getattr(value, name)))


class Channel(msgspec.Struct, frozen=True):
    """One column of a recording.

    Attributes:
        name: column name with its unit as suffix.
        label: name in the JSON contract's ``channels`` list.
        unit: unit in words for people.
        low: smallest plausible value; anything below is dropped as a sensor fault.
        high: largest plausible value.
        meaning: one line for the documentation.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    meaning: str


# The channels a recording can have, declared once. Readers fill them, the preparation rejects what
# lies outside their range, exports and documentation print them.
CHANNELS: tuple[Channel, ...] = (
    Channel("latitude_deg", "position", "°", -90, 90, "WGS 84 latitude"),
    Channel("longitude_deg", "position", "°", -180, 180, "WGS 84 longitude"),
    Channel("altitude_m", "altitude", "m", -500, 9000, "height above sea level"),
    Channel("distance_m", "distance", "m", 0, 1e6, "distance since the start, by the device"),
    Channel("speed_mps", "speed", "m/s", 0, 12, "speed over ground, by the device"),
    Channel("heart_rate_bpm", "heart_rate", "1/min", 25, 240, "heart rate; 0 is missing"),
    Channel("cadence_spm", "cadence", "steps/min", 0, 300, "steps of both feet a minute"),
    Channel("step_length_m", "step_length", "m", 0.05, 3, "step length, by the device"),
    Channel("contact_time_s", "contact_time", "s", 0.05, 1.5, "ground contact of one foot"),
    Channel("vertical_oscillation_m", "vertical_oscillation", "m", 0.01, 0.3, "rise and fall"),
    Channel("vertical_ratio_pct", "vertical_ratio", "%", 1, 40, "rise and fall over step length"),
    Channel("balance_pct", "balance", "%", 20, 80, "share of ground contact on the left foot"),
    Channel("respiration_brpm", "respiration", "breaths/min", 3, 80, "breathing rate"),
    Channel("power_w", "power", "W", 0, 2000, "running power, by the device"),
    Channel("temperature_c", "temperature", "°C", -40, 60, "temperature at the device"),
    Channel("device_course_deg", "device_course", "°", 0, 360, "course, by the device"),
    Channel("gps_accuracy_m", "gps_accuracy", "m", 0, 1000, "position error, by the device"),
)
BY_NAME: dict[str, Channel] = {channel.name: channel for channel in CHANNELS}
POSITION = ("latitude_deg", "longitude_deg")
# No watch or phone wrote the files that are read here before 2003, when the first of their formats
# came into use; clocks that overflowed show 19 January 2038 or later.
_FIRST_CLOCK_S, _LAST_CLOCK_S = 1_041_379_200.0, 2_147_483_648.0


def is_plausible_clock(time_s: float) -> bool:
    """Whether a recording can have been made at this time (Unix seconds), by its own clock."""
    return _FIRST_CLOCK_S <= time_s < _LAST_CLOCK_S


class Note(msgspec.Struct, frozen=True):
    """A remark of a reader or a stage for people; ``slug`` is stable, ``message`` prose."""

    slug: str
    message: str

    def __post_init__(self) -> None:
        """Make the message safe to print: text of the file may be part of it."""
        structs.force_setattr(self, "message", plain(self.message))

    @property
    def without_message(self) -> "Note":
        """The note with its slug alone: a message may hold numbers that nobody is to see."""
        return Note(self.slug, self.slug)


class Lap(msgspec.Struct, frozen=True):
    """A lap by the file's clock, Unix seconds; ``step`` is the workout step it carries out.

    ``distance_m`` and ``timer_s`` are the device's own totals of the lap, if the file states them.
    """

    start_time_s: float
    end_time_s: float
    name: str | None = None
    step: str | None = None
    trigger: str | None = None
    distance_m: float | None = None
    timer_s: float | None = None

    def __post_init__(self) -> None:
        """Make the file's words safe to print."""
        _plain_texts(self, ("name", "step", "trigger"))


class FileTotal(msgspec.Struct, frozen=True):
    """What a file states of a whole session, and where: ``session``, ``laps`` or ``activity``.

    ``timer_s`` is the time without timer pauses.
    """

    source: str
    distance_m: float | None = None
    timer_s: float | None = None

    @classmethod
    def of_laps(cls, laps: Sequence[Lap]) -> "FileTotal":
        """The sums over all laps; None where a lap lacks the value."""
        sums = []
        for values in ([lap.distance_m for lap in laps], [lap.timer_s for lap in laps]):
            known = [each for each in values if each is not None]
            sums.append(sum(known) if known and len(known) == len(laps) else None)
        return cls("laps", *sums)


class Pause(msgspec.Struct, frozen=True):
    """The timer stood still, ``[start_time_s, end_time_s)`` in Unix seconds."""

    start_time_s: float
    end_time_s: float


class HeadingSeries(msgspec.Struct, frozen=True, eq=False):
    """One candidate for the body's heading, on its own clock.

    Attributes:
        source: where it stood in the file, such as ``osmand:heading``.
        claim: what that place means by the table in docs/formats.md.
        north: ``true``, ``magnetic`` or ``unknown``.
        time_s: (m,) Unix seconds.
        heading_deg: (m,) degrees clockwise from north, NaN where missing.
        mount: (m,) counts how the device was worn, or from where the angle counts, whenever that
            became another; None where nothing tells of it.
    """

    source: str
    claim: HeadingKind
    north: Literal["true", "magnetic", "unknown"]
    time_s: FloatArray
    heading_deg: FloatArray
    mount: IntArray | None = None

    def __post_init__(self) -> None:
        """Make the place's name safe to print: an app may have chosen it."""
        structs.force_setattr(self, "source", plain(self.source))


class Recording(msgspec.Struct, frozen=True, eq=False):
    """One activity as its file holds it: native times, SI units, nothing repaired.

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
        totals: every total that the file states.
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
    totals: tuple[FileTotal, ...] = ()
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        """Make the file's words safe to print."""
        _plain_texts(self, ("sport", "name", "device"))


class Source(msgspec.Struct, frozen=True):
    """Which file: its name, SHA-256 (its identity everywhere), format, device, and its doubts."""

    name: str
    sha256: str
    format: str | None = None
    device: str | None = None
    salvaged: bool = False
    warnings: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        """Make the file's name and its device's safe to print."""
        structs.force_setattr(self, "name", plain(self.name))
        _plain_texts(self, ("device",))


class Export(msgspec.Struct, frozen=True, eq=False):
    """One file, read: who it is, its runs and walks, and what else was in it."""

    source: Source
    recordings: tuple[Recording, ...]
    passed_over: tuple[Note, ...] = ()


class HeadingTrack(msgspec.Struct, frozen=True, eq=False):
    """A heading candidate on the 1 Hz grid: (n,) degrees, NaN where missing.

    ``mount`` (n,) is that of ``HeadingSeries``, on the same grid; it is not stored.
    """

    source: str
    claim: HeadingKind
    north: Literal["true", "magnetic", "unknown"]
    heading_deg: FloatArray
    mount: IntArray | None = None


class Track(msgspec.Struct, frozen=True, eq=False):
    """One activity at 1 Hz: sample i lies at ``start_time_s + i``.

    Attributes:
        start_time_s: Unix time of the first record.
        columns: channel name → (n,); beside the channels of the file the derived ones:
            ``x_m``, ``y_m`` (east and north of the first fix), ``ground_speed_mps``,
            ``course_deg``, ``grade``, ``turn_rate_dps``, ``smooth_altitude_m``; after detection
            also ``backward_probability``, ``heading_minus_course_deg`` and ``evidence_<kind>``.
        flags: quality flag → (n,) booleans: ``paused``, ``gap``, ``break`` (a new piece of the
            track begins), ``position_suspect``, ``heart_rate_suspect``; until the distance is known
            also ``sampled`` (the recording has a position there).
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
    distance_sources: Mapping[str, float] = msgspec.field(default_factory=dict)
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
