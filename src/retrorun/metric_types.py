"""What can be declared of a metric, and the values that hold more than one number.

`retrorun.metrics` uses both to declare the metrics of a segment and of a session.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar, get_type_hints

import msgspec
from msgspec import structs

T = TypeVar("T")
Subject = Literal["way", "ground", "heart", "gait", "breath", "energy", "count"]
# in which order subjects stand; within a subject, fields stand in the order of declaration
TABLE_ORDER: tuple[Subject, ...] = ("way", "ground", "heart", "gait", "breath", "energy", "count")
PAGE_ORDER: tuple[Subject, ...] = ("way", "heart", "gait", "breath", "energy", "ground", "count")
Scale = Literal[
    "plain",  # as it is
    "distance",  # m as km, miles or feet
    "length",  # m, or feet
    "centi",  # m as cm
    "milli",  # s as ms
    "minutes",  # s as min
    "pace",  # s/km as minutes and seconds to the kilometre or mile
    "percent",  # a share of one as %
    "speed",  # m/s as km/h or miles/h
    "per_long",  # to the kilometre, or mile
]


class Style(msgspec.Struct, frozen=True):
    """How pages show a number: ``digits`` are those after the point once it is scaled."""

    scale: Scale = "plain"
    digits: int = 0
    label: str = ""


class Quotient(msgspec.Struct, frozen=True):
    """``times`` × Σ ``above`` / Σ ``below`` over segments, or of one; both are keys of numbers."""

    above: str
    below: str
    times: float = 1.0


class Reciprocal(msgspec.Struct, frozen=True):
    """``times`` over the mean of another metric, whose key is ``of``."""

    of: str
    times: float


class Compared(msgspec.Struct, frozen=True):
    """How backward and forward are compared in matched pairs.

    Attributes:
        label: words in documents.
        style: on pages; without a label there, that of documents is shown.
        columns: begin and unit of its columns in the cohort's tables; empty: those of the key.
        reading: how the number is to be read.
        absent: why pairs may lack it.
        level: what the pairs have in common.
        pair_label: heading in the table of single pairs; empty: not shown there.
        key: name in documents; empty: that of the metric.
        unit, subject: those of the metric; filled in below.
        formula: of a metric that is derived when sessions are compared; filled in below.
        source: key of the metric that holds the number; filled in below.
    """

    label: str
    style: Style
    columns: tuple[str, str] = ("", "")
    reading: str = "at equal speed"
    absent: str = "not recorded"
    level: Literal["speed", "heart rate"] = "speed"
    pair_label: str = ""
    key: str = ""
    unit: str = ""
    subject: Subject = "way"
    formula: Quotient | None = None
    source: str = ""


class Metric(msgspec.Struct, frozen=True):
    """One number of a segment.

    Attributes:
        subject: what it is about; decides where it stands in tables and on pages.
        unit: in words for people; empty where there is none.
        meaning: one line for the documentation.
        kept: whether it stays in a de-identified result set.
        column: name in tables; empty: the key.
        stored_digits: decimals that are kept; None: those of the unit in its name.
        contract_digits: decimals in the JSON document; None: it is not there.
        added: the JSON document has it since later than the first release of its version.
        read: whether the comparison of sessions reads it.
        mean: how segments are averaged; None: by time in motion.
        listed: column of a session page's table of segments. With a label the cells have the
            unit, without one the head is the unit. None: not there.
        contrast: row of a session page's backward against forward; None: not there.
        compared: how it is compared over matched pairs; None: not at all.
        key: its path from `Metrics`; filled in below.
    """

    subject: Subject
    unit: str
    meaning: str
    kept: bool
    column: str = ""
    stored_digits: int | None = None
    contract_digits: int | None = None
    added: bool = False
    read: bool = False
    mean: Quotient | Reciprocal | None = None
    listed: Style | None = None
    contrast: Style | None = None
    compared: Compared | None = None
    key: str = ""


class Derived(msgspec.Struct, frozen=True):
    """A number that is not stored: the quotient of two that are, of one segment or of sums."""

    key: str
    subject: Subject
    unit: str
    formula: Quotient
    compared: Compared
    contrast: Style | None = None


class Sum(msgspec.Struct, frozen=True):
    """A sum over the segments of one kind of movement.

    Attributes:
        unit: in words for people.
        meaning: one line for the documentation.
        of: key of the summed number; empty: that of the sum.
        unknown: what a segment without the number adds; None: the sum is of the others, and not
            known where there are none.
        column: name in tables behind the kind; empty: the key.
        contract: name in the JSON document; empty: it is not there.
        contract_digits: its decimals there.
        key: name of the field; filled in below.
    """

    unit: str
    meaning: str
    of: str = ""
    unknown: float | None = None
    column: str = ""
    contract: str = ""
    contract_digits: int = 0
    key: str = ""


class Trended(msgspec.Struct, frozen=True):
    """A number of a session that is followed over time; `compare.trends` computes it."""

    key: str
    label: str
    unit: str
    style: Style


class EnergyPart(msgspec.Struct, frozen=True):
    """One number of an `Energy`; ``meaning`` stands before "energy" in the documentation."""

    meaning: str
    contract_digits: int = 1
    stored_digits: int = 6
    key: str = ""


class Row(msgspec.Struct, frozen=True):
    """A row of a session page's backward against forward; ``mean`` as of `Metric`."""

    key: str
    subject: Subject
    unit: str
    style: Style
    mean: Quotient | Reciprocal | None


class Estimate(msgspec.Struct, frozen=True):
    """A number with its 95 % (or stated) interval and method; None values carry a ``reason``."""

    value: float | None
    low: float | None
    high: float | None
    method: str
    reason: str | None = None

    def mapped(self, function: Callable[[float], float]) -> "Estimate":
        """The same of a rising function of the number; what is not known stays so."""
        ends = (self.value, self.low, self.high)
        value, low, high = (None if each is None else function(each) for each in ends)
        return Estimate(value, low, high, self.method, self.reason)


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a segment by one method, kcal (or kcal/kg where ``per_kg``).

    ``gross`` is all the body spends, ``active`` above rest; ``low`` and ``high`` bound ``gross``.
    """

    gross: Annotated[float, EnergyPart("all")]
    active: Annotated[float, EnergyPart("above rest: the")]
    low: Annotated[float, EnergyPart("lower bound of the gross")]
    high: Annotated[float, EnergyPart("upper bound of the gross")]
    method: str
    citation: str
    per_kg: bool = False


@dataclass(frozen=True, slots=True)
class HeartRate:
    """Heart rate of a segment, 1/min; ``coverage`` is the share of its seconds that have one."""

    mean: Annotated[
        float,
        Metric(
            "heart",
            "1/min",
            "mean heart rate",
            kept=True,
            column="heart_rate_mean_bpm",
            stored_digits=4,
            contract_digits=0,
            read=True,
            mean=Quotient("beats", "beats_s", 60.0),
            listed=Style(),
            contrast=Style(label="Heart rate"),
        ),
    ]
    max: Annotated[
        float,
        Metric(
            "heart",
            "1/min",
            "highest heart rate",
            kept=True,
            column="heart_rate_max_bpm",
            stored_digits=4,
            contract_digits=0,
        ),
    ]
    coverage: Annotated[
        float,
        Metric(
            "heart",
            "",
            "share of the seconds with a heart rate",
            kept=True,
            column="heart_rate_coverage",
            stored_digits=4,
            contract_digits=2,
        ),
    ]


S = TypeVar("S", Metric, Row, Compared)


def declared(holder: type, kind: type[T]) -> Iterator[tuple[str, T]]:
    """Name of each annotated field of a class, and what it is annotated with."""
    for name, hint in get_type_hints(holder, include_extras=True).items():
        for each in getattr(hint, "__metadata__", ()):
            if isinstance(each, kind):
                yield name, each


def named(holder: type, prefix: str = "") -> Iterator[Metric]:
    """The metrics that a class declares, in order, with their keys and columns."""
    for name, each in declared(holder, Metric):
        yield structs.replace(each, key=f"{prefix}{name}", column=each.column or name)


def compared(metrics: Iterable[Metric], derived: Iterable[Derived]) -> Iterator[Compared]:
    """What is compared, with its key, unit and subject."""
    for each in metrics:
        if each.compared:
            key = each.compared.key or each.key
            yield structs.replace(_filled_in(each.compared, key, each), source=each.key)
    for own in derived:
        yield structs.replace(_filled_in(own.compared, own.key, own), formula=own.formula)


def _filled_in(found: Compared, key: str, of: Metric | Derived) -> Compared:
    stem, _, unit = key.rpartition("_")
    columns = found.columns if any(found.columns) else (stem, unit)
    return structs.replace(found, key=key, unit=of.unit, subject=of.subject, columns=columns)


def rows(metrics: Iterable[Metric], derived: Iterable[Derived]) -> Iterator[Row]:
    """What a session page sets against each other."""
    for each in metrics:
        if each.contrast:
            yield Row(each.key, each.subject, each.unit, each.contrast, each.mean)
    for own in derived:
        if own.contrast:
            yield Row(own.key, own.subject, own.unit, own.contrast, own.formula)


def in_order(found: Iterable[S], order: tuple[Subject, ...]) -> tuple[S, ...]:
    """By their subjects, in the order of pages or of tables."""
    return tuple(sorted(found, key=lambda each: order.index(each.subject)))
