"""The quantities that are compared, and when two values of one are the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Quantities:
    """What one source says of one file; None where it says nothing.

    Attributes:
        distance_m: of all runs and walks in the file, like the others.
        moving_s: time in motion, or on the timer where a file states only that.
        duration_s: from the first sample to the last.
        heart_rate_bpm: the mean over time.
        cadence_spm: the mean while stepping, steps of both feet.
        ascent_m: metres upward.
        sessions: number of runs and walks.
    """

    distance_m: float | None = None
    moving_s: float | None = None
    duration_s: float | None = None
    heart_rate_bpm: float | None = None
    cadence_spm: float | None = None
    ascent_m: float | None = None
    sessions: float | None = None


NAMES = tuple(each.name for each in fields(Quantities))
MEANS = ("heart_rate_bpm", "cadence_spm")
# what a value may differ by because of its own digits: whole seconds, metres and beats
DIGITS = {
    "distance_m": 1.0,
    "moving_s": 1.0,
    "duration_s": 1.0,
    "heart_rate_bpm": 1.0,
    "cadence_spm": 2.0,  # a whole number a leg
    "ascent_m": 1.0,
    "sessions": 0.0,
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One quantity of one file by retrorun and by another source.

    Attributes:
        file: base name; ``format``: fit, gpx or tcx.
        clean: whether the file is whole by its own checksum and the reference decoder.
        source: whose value ``given`` is, such as ``file`` or ``gpxpy``.
        found: retrorun's value; None where it has none.
    """

    file: str
    format: str
    clean: bool
    source: str
    quantity: str
    found: float | None
    given: float

    @property
    def difference(self) -> float:
        """Signed share of the given value beyond the digits; infinite where there is no value."""
        if self.found is None:
            return float("-inf")
        apart = self.found - self.given
        if abs(apart) <= DIGITS[self.quantity]:
            return 0.0
        return apart / abs(self.given) if self.given else float("inf")

    def within(self, share: float) -> bool:
        """Whether the two differ by no more than this share of the given value."""
        return abs(self.difference) <= share


def pairs(
    about: tuple[str, str, bool], found: Quantities, others: Sequence[tuple[str, Quantities]]
) -> list[Pair]:
    """Every quantity that another source states, beside retrorun's.

    Args:
        about: the file's name and format, and whether it is clean.
        found: retrorun's.
        others: a name and what it says, one a source.
    """
    return [
        Pair(*about, source, name, getattr(found, name), given)
        for source, said in others
        for name in NAMES
        if (given := getattr(said, name)) is not None
    ]


def share_within(compared: Iterable[Pair], share: float) -> float | None:
    """Which part of the pairs is that near; None without pairs."""
    near = [each.within(share) for each in compared]
    return sum(near) / len(near) if near else None


def added(parts: Sequence[Quantities]) -> Quantities:
    """Several activities as one: sums, and means weighted by the time in motion."""
    known = {name: _summed(parts, name) for name in NAMES if name not in MEANS}
    means = {name: _mean(parts, name) for name in MEANS}
    return Quantities(**known, **means)


def _summed(parts: Sequence[Quantities], name: str) -> float | None:
    values = [value for each in parts if (value := _value(each, name)) is not None]
    return sum(values) if values else None


def _mean(parts: Sequence[Quantities], name: str) -> float | None:
    weighted = [
        (value, each.moving_s or each.duration_s or 0.0)
        for each in parts
        if (value := _value(each, name)) is not None
    ]
    seconds = sum(weight for _, weight in weighted)
    if not seconds:
        return weighted[0][0] if len(weighted) == 1 else None
    return sum(value * weight for value, weight in weighted) / seconds


def _value(quantities: Quantities, name: str) -> float | None:
    value: float | None = getattr(quantities, name)
    return value
