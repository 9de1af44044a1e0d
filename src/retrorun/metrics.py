"""Every metric of a segment and of a session, declared once.

A number of a segment is a field of `Metrics`; its annotation says what the rest of the package
needs to know of it. Stored digits, the JSON contract, tables, Parquet columns, de-identification,
comparison, pages and documentation are derived from the tuples at the end of this module.

To add a metric, add a field at the end of `Metrics`, with None as its default so that stored
sessions stay readable and ``added=True`` so that JSON documents written before stay valid, and a
column of the same name where ``measure`` computes its like.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated

import msgspec
from msgspec import structs

from retrorun.metric_types import (
    PAGE_ORDER,
    TABLE_ORDER,
    Compared,
    Derived,
    Energy,
    EnergyPart,
    HeartRate,
    Metric,
    Quotient,
    Reciprocal,
    Row,
    Style,
    Sum,
    Trended,
    compared,
    declared,
    in_order,
    named,
    rows,
)

_STEADY = "no pair has a steady heart rate: it takes backward stretches of 80 s and longer"
_MODEL = "from a model, scaled by the cost factor"
_MASS = "needs body mass: retrorun profile mass_kg=70"
# labels of channels that only a device on the body records
BODY_LABELS = frozenset(
    {
        *("heart_rate", "cadence", "step_length", "contact_time", "vertical_oscillation"),
        *("vertical_ratio", "balance", "respiration", "power"),
    }
)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics of one segment. Sums first (they add up), then what is derived from them.

    ``seconds`` is the segment's length, ``moving_s`` the part in motion; ``beats`` and ``steps``
    are counted only while the sensor reported, over ``beats_s`` and ``steps_s`` seconds.
    ``energy_shown`` is the method shown, ``energies`` all of them.
    """

    seconds: Annotated[
        float,
        Metric(
            "way",
            "s",
            "length of the stretch",
            kept=True,
            column="duration_s",
            stored_digits=4,
            read=True,
        ),
    ]
    moving_s: Annotated[float, Metric("way", "s", "time in motion", kept=True, read=True)]
    distance_m: Annotated[
        float | None,
        Metric(
            "way",
            "m",
            "way over ground",
            kept=True,
            contract_digits=1,
            read=True,
            listed=Style("distance", label="Distance"),
        ),
    ]
    climb_m: Annotated[float | None, Metric("way", "m", "metres upward", kept=True)]
    beats: Annotated[
        float | None,
        Metric("count", "", "heartbeats while heart rate was known", kept=True, stored_digits=4),
    ]
    beats_s: Annotated[float, Metric("count", "s", "time in which heart rate was known", kept=True)]
    steps: Annotated[
        float | None,
        Metric("count", "", "steps while the step rate was known", kept=True, stored_digits=4),
    ]
    steps_s: Annotated[
        float, Metric("count", "s", "time in which the step rate was known", kept=True)
    ]
    speed_mps: Annotated[
        float | None,
        Metric(
            "way",
            "m/s",
            "mean speed",
            kept=True,
            contract_digits=2,
            read=True,
            compared=Compared(
                "speed at equal heart rate (retro ratio)",
                Style("speed", 1, label="Speed at equal heart rate"),
                columns=("speed_at_equal_heart_rate", "mps"),
                reading="steady heart rate",
                level="heart rate",
                pair_label="Speed,",
            ),
        ),
    ]
    pace_s_per_km: Annotated[
        float | None,
        Metric(
            "way",
            "s/km",
            "mean pace",
            kept=True,
            contract_digits=0,
            mean=Reciprocal("speed_mps", 1000.0),
            listed=Style("pace"),
            contrast=Style("pace", label="Pace"),
        ),
    ]
    grade: Annotated[
        float | None,
        Metric(
            "ground",
            "",
            "mean rise over way; 0.01 is 1 %",
            kept=True,
            stored_digits=6,
            contract_digits=3,
            read=True,
            listed=Style("percent", 1, label="Grade"),
            contrast=Style("percent", 1, label="Grade"),
        ),
    ]
    turn_rate_dps: Annotated[
        float | None, Metric("ground", "°/s", "mean turn of the course", kept=True)
    ]
    heart_rate: HeartRate | None
    steady_heart_rate_bpm: Annotated[
        float | None,
        Metric(
            "heart",
            "1/min",
            "mean after the first minute, carry-over made good",
            kept=True,
            read=True,
            compared=Compared(
                "heart rate at equal speed",
                Style(label="Heart rate"),
                reading="steady heart rate, first minute out",
                absent=_STEADY,
                pair_label="Heart rate,",
                key="heart_rate_bpm",
            ),
        ),
    ]
    cadence_spm: Annotated[
        float | None,
        Metric(
            "gait",
            "steps/min",
            "steps of both feet a minute",
            kept=True,
            contract_digits=1,
            read=True,
            mean=Quotient("steps", "steps_s", 60.0),
            listed=Style(),
            contrast=Style(label="Step rate"),
            compared=Compared("step rate", Style(), pair_label="Step rate,"),
        ),
    ]
    step_length_m: Annotated[
        float | None,
        Metric(
            "gait",
            "m",
            "length of a step",
            kept=True,
            stored_digits=6,
            contract_digits=2,
            read=True,
            listed=Style("length", 2, label="Step length"),
            contrast=Style("length", 2, label="Step length"),
            compared=Compared("step length", Style("length", 2)),
        ),
    ]
    contact_time_s: Annotated[
        float | None,
        Metric(
            "gait",
            "s",
            "ground contact of one foot",
            kept=True,
            stored_digits=6,
            read=True,
            contrast=Style("milli", label="Contact time"),
            compared=Compared("ground contact", Style("milli")),
        ),
    ]
    vertical_oscillation_m: Annotated[
        float | None,
        Metric(
            "gait",
            "m",
            "rise and fall",
            kept=True,
            stored_digits=6,
            read=True,
            contrast=Style("centi", 1, label="Vertical oscillation"),
            compared=Compared("vertical oscillation", Style("centi", 1)),
        ),
    ]
    respiration_brpm: Annotated[
        float | None,
        Metric(
            "breath",
            "breaths/min",
            "breathing rate",
            kept=True,
            read=True,
            contrast=Style(label="Breathing"),
            compared=Compared("breathing rate", Style("plain", 1)),
        ),
    ]
    energy_shown: Energy | None
    energies: tuple[Energy, ...] = ()
    # grade-adjusted, by a forward model
    adjusted_pace_s_per_km: Annotated[
        float | None, Metric("way", "s/km", "pace on level ground, by a model", kept=True)
    ] = None
    ground: tuple[str, ...] = ()  # ``steep``, ``twisty``
    balance_pct: Annotated[
        float | None,
        Metric(
            "gait",
            "%",
            "share of ground contact on the left foot",
            kept=True,
            read=True,
            compared=Compared(
                "ground contact on the left foot", Style("plain", 1), columns=("balance", "points")
            ),
        ),
    ] = None
    vertical_ratio_pct: Annotated[
        float | None,
        Metric(
            "gait",
            "%",
            "rise and fall over step length, by the device or from both",
            kept=True,
            contract_digits=1,
            added=True,
            read=True,
            contrast=Style("plain", 1, label="Vertical ratio"),
            compared=Compared(
                "vertical ratio", Style("plain", 1), columns=("vertical_ratio", "points")
            ),
        ),
    ] = None
    balance_trend_pct_per_min: Annotated[
        float | None,
        Metric(
            "gait",
            "%/min",
            "change of the left foot's share of ground contact, a minute",
            kept=True,
            stored_digits=4,
            contract_digits=2,
            added=True,
        ),
    ] = None


class Totals(msgspec.Struct, frozen=True):
    """Sums over all segments of one kind; they add over sessions and weeks.

    Energy is in kcal and None where the athlete's mass is not known. ``distance_m`` is None where
    there was time and none of its way is known; without any time it is 0.
    """

    seconds: Annotated[float, Sum("s", "time", column="duration_s", contract="seconds")] = 0.0
    moving_s: Annotated[float, Sum("s", "time in motion", contract="moving_s")] = 0.0
    distance_m: Annotated[
        float | None, Sum("m", "way", contract="distance_m", contract_digits=1)
    ] = 0.0
    beats: Annotated[float, Sum("", "heartbeats while heart rate was known", unknown=0.0)] = 0.0
    beats_s: Annotated[float, Sum("s", "time in which heart rate was known")] = 0.0
    steps: Annotated[float, Sum("", "steps while the step rate was known", unknown=0.0)] = 0.0
    steps_s: Annotated[float, Sum("s", "time in which the step rate was known")] = 0.0
    energy_kcal: Annotated[
        float | None,
        Sum("kcal", "gross energy; null without a body mass", "gross", None, "", "energy_kcal", 1),
    ] = None
    active_kcal: Annotated[float | None, Sum("kcal", "energy above rest", "active")] = None
    low_kcal: Annotated[
        float | None,
        Sum("kcal", "lower bound of gross energy", "low", None, "", "energy_low_kcal", 1),
    ] = None
    high_kcal: Annotated[
        float | None,
        Sum("kcal", "upper bound of gross energy", "high", None, "", "energy_high_kcal", 1),
    ] = None

    def __add__(self, other: "Totals") -> "Totals":
        """Sums of both; energy and distance are None only where neither has one."""
        return Totals.of((self, other))

    @classmethod
    def of(cls, parts: Iterable["Totals"]) -> "Totals":
        """Sums of any number, also none."""
        collected = list(parts)
        columns = zip(*map(_sums_of, collected), strict=True)
        known = ([each for each in column if each is not None] for column in columns)
        named = zip(cls.__struct_fields__, known, strict=False)  # of no parts there are no columns
        sums = {name: sum(column) for name, column in named if column}
        return cls(**{**sums, "distance_m": _way_m(collected)})


_sums_of = attrgetter(*Totals.__struct_fields__)


def _way_m(parts: Iterable[Totals]) -> float | None:
    """Known metres; the 0 of what took no time is not one of them."""
    lasting = [part.distance_m for part in parts if part.seconds > 0]
    known = [distance_m for distance_m in lasting if distance_m is not None]
    return None if lasting and not known else sum(known, 0.0)


DERIVED: tuple[Derived, ...] = (
    Derived(
        "metres_per_beat",
        "heart",
        "m",
        Quotient("speed_mps", "steady_heart_rate_bpm", 60.0),
        Compared(
            "metres per heartbeat",
            Style("length", 2, label="Distance per heartbeat"),
            columns=("distance_per_beat", "m"),
            reading="at equal speed, steady heart rate",
            absent=_STEADY,
        ),
    ),
    Derived(
        "energy_kcal_per_km",
        "energy",
        "kcal/km",
        Quotient("energy_kcal", "moving_m", 1000.0),
        Compared(
            "energy per kilometre",
            Style("per_long", label="Energy over distance"),
            columns=("energy_over_distance", "kcal_per_km"),
            reading=_MODEL,
            absent=_MASS,
        ),
    ),
    Derived(
        "energy_kcal_per_min",
        "energy",
        "kcal/min",
        Quotient("energy_kcal", "seconds", 60.0),
        Compared(
            "energy per minute",
            Style("plain", 1, label="Energy over time"),
            columns=("energy_over_time", "kcal_per_min"),
            reading=_MODEL,
            absent=_MASS,
        ),
        contrast=Style("plain", 1, label="Energy"),
    ),
)


TRENDED: tuple[Trended, ...] = (
    Trended("cost_factor", "backward cost factor", "times forward", Style("plain", 2)),
    Trended("backward_speed_mps", "backward speed", "m/s", Style("speed", 1)),
    Trended("backward_share_pct", "backward share of moving time", "%", Style()),
    Trended("backward_longest_s", "longest backward stretch", "s", Style("minutes", 1)),
    Trended("backward_cadence_spm", "backward step rate", "steps/min", Style()),
    Trended(
        "backward_metres_per_beat",
        "backward metres per heartbeat",
        "m",
        Style("length", 2, label="Backward distance per heartbeat"),
    ),
    Trended(
        "forward_metres_per_beat",
        "forward metres per heartbeat",
        "m",
        Style("length", 2, label="Forward distance per heartbeat"),
    ),
    Trended("forward_speed_mps", "forward speed", "m/s", Style("speed", 1)),
)


def energy_kcal(metrics: Metrics, part: str = "gross") -> float | None:
    """A part of the energy shown, kcal; None without a body mass."""
    shown = metrics.energy_shown
    return getattr(shown, part) if shown is not None and not shown.per_kg else None


def number_of(metrics: Metrics, key: str) -> float | None:
    """The number under a key: ``grade``, ``heart_rate.mean``, ``energy_kcal``; None if unknown."""
    if key == "energy_kcal":
        return energy_kcal(metrics)
    owner, _, name = key.rpartition(".")
    part = getattr(metrics, owner) if owner else metrics
    return None if part is None else getattr(part, name)


# numbers that are fields of `Metrics`, in the order of tables
METRICS: tuple[Metric, ...] = in_order(named(Metrics), TABLE_ORDER)
HEART_RATE: tuple[Metric, ...] = tuple(named(HeartRate, "heart_rate."))
ENERGY: tuple[EnergyPart, ...] = tuple(
    structs.replace(each, key=name) for name, each in declared(Energy, EnergyPart)
)
SUMS: tuple[Sum, ...] = tuple(
    structs.replace(each, key=name, of=each.of or name, column=each.column or name)
    for name, each in declared(Totals, Sum)
)
# columns of a session page's table of segments, and rows of its backward against forward
_SINGLE = (*METRICS, *HEART_RATE)
LISTED: tuple[Metric, ...] = in_order((each for each in _SINGLE if each.listed), PAGE_ORDER)
CONTRASTED: tuple[Row, ...] = in_order(rows(_SINGLE, DERIVED), PAGE_ORDER)
# what is compared over matched pairs; differences stand in this order, by level
COMPARED: tuple[Compared, ...] = in_order(compared(METRICS, DERIVED), PAGE_ORDER)
DIFFERENCES: tuple[Compared, ...] = tuple(sorted(COMPARED, key=lambda each: each.level != "speed"))
STYLES: dict[str, Style] = {
    **{each.key: each.style for each in COMPARED},
    **{each.key: each.style for each in TRENDED},
}
_ALL: tuple[Metric | EnergyPart, ...] = (*_SINGLE, *ENERGY)
STORED_DIGITS: dict[str, int] = {
    each.key.rpartition(".")[2]: each.stored_digits
    for each in _ALL
    if each.stored_digits is not None
}
