"""The columns of a result set, declared once: name with unit, type, meaning, and who may see it.

``treatment`` is what happens to a column in a de-identified copy. It has no default: every new
column needs a decision.

The arrow schemas have explicit types, so that the parts of all batches fit together, and plain
ones that pandas, Dask, DuckDB and Spark read alike: no dictionaries, no pandas index, timestamps in
UTC microseconds. Units and the schema's version are in the file's metadata under ``retrorun``.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import msgspec

from retrorun.metrics import ENERGY, HEART_RATE, METRICS, SUMS
from retrorun.model.recording import CHANNELS

SCHEMA_VERSION = 6

Kind = Literal["text", "bytes", "truth", "whole", "long", "number", "single", "moment", "years"]
Treatment = Literal[
    "keep",  # as it is: numbers and truth values only
    "drop",  # the column is not there
    "session",  # a keyed hash
    "shift",  # moved by the athlete's own whole number of weeks, and to the athlete's own clock
    "level",  # counted from the first one known
    "vocabulary",  # words of retrorun's own are kept, anything else is null
    "scrub",  # the whole analysis, field by field: see deidentification_rules.py
]


class Column(msgspec.Struct, frozen=True):
    """One column.

    Attributes:
        name: with its unit as suffix.
        kind: what it holds; see ``types``.
        unit: in words for people; empty where there is none.
        meaning: one line for the documentation.
        treatment: what becomes of it when it is de-identified.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    treatment: Treatment


SESSION = Column(
    "session", "text", "", "id of the session: first 12 hex digits of its file's SHA-256", "session"
)
KINDS = {
    "backward": "backward movement, confirmed, labelled or counted by habit",
    "forward": "forward movement",
    "candidate": "what may be backward",
    "unknown": "movement whose direction is not known",
    "still": "standing",
}


def _sums() -> tuple[Column, ...]:
    return tuple(
        Column(f"{kind}_{each.column}", "number", each.unit, f"{words}: {each.meaning}", "keep")
        for kind, words in KINDS.items()
        for each in SUMS
    )


FILES = (
    Column("athlete", "text", "", "whose it is; `unknown` where nothing says", "drop"),
    Column("address", "text", "", "full path or URL, without credentials", "drop"),
    Column("name", "text", "", "address below the store of exports", "drop"),
    Column("size_bytes", "long", "byte", "size when it was listed", "drop"),
    Column("tag", "text", "", "etag or modification time when it was listed", "drop"),
    Column("profile", "text", "", "fingerprint of the athlete's profile", "drop"),
    Column("sha256", "text", "", "SHA-256 of its bytes; null where they were not read", "drop"),
    Column("outcome", "text", "", "`imported`, `duplicate`, `not-a-run` or `failed`", "drop"),
    Column("slug", "text", "", "why it was not imported: stable, for programs", "drop"),
    Column("message", "text", "", "the same in words", "drop"),
    Column("sessions", "whole", "", "number of sessions it gave", "drop"),
    Column("years", "years", "", "local years of those sessions, ascending", "drop"),
    Column("batch", "text", "", "name of the parts that hold what it gave", "drop"),
)

SESSIONS = (
    SESSION,
    Column("start_time", "moment", "UTC", "first record", "shift"),
    Column("utc_offset_s", "number", "s", "local time minus UTC; null where not known", "drop"),
    Column("timezone", "text", "", "name of the time zone, such as Europe/Ljubljana", "drop"),
    Column("source", "text", "", "name of the file, and its member's within an archive", "drop"),
    Column("file_sha256", "text", "", "SHA-256 of the recording's bytes", "drop"),
    Column("sport", "text", "", "the file's word for it, lower case", "vocabulary"),
    Column("name", "text", "", "the activity's own name", "drop"),
    Column("device", "text", "", "what recorded it", "drop"),
    Column("duration_s", "number", "s", "first to last record", "keep"),
    Column("moving_s", "number", "s", "time in motion", "keep"),
    Column("distance_m", "number", "m", "way over ground", "keep"),
    Column("device_energy_kcal", "number", "kcal", "the device's own total", "keep"),
    Column(
        "heading_kind",
        "text",
        "",
        "`compass`, `course`, `unknown` or `none`: what the heading is",
        "vocabulary",
    ),
    *_sums(),
    Column("backward_share", "number", "", "time backward over time in motion", "keep"),
    Column("cost_factor", "number", "", "energy backward over forward at equal speed", "keep"),
    Column("cost_factor_low", "number", "", "lower end of its 95 % interval", "keep"),
    Column("cost_factor_high", "number", "", "upper end of its 95 % interval", "keep"),
    Column("cost_factor_reason", "text", "", "why there is no cost factor", "drop"),
    Column(
        "analysis",
        "bytes",
        "",
        "the whole analysis as JSON, for `retrorun cohort compare`",
        "scrub",
    ),
)

_VERDICTS = "`confirmed`, `labelled`, `habit`, `candidate` or `assumed`"
SEGMENTS = (
    SESSION,
    Column("start_time", "moment", "UTC", "when the stretch began", "shift"),
    Column("start_s", "number", "s", "its begin since the session's first record", "keep"),
    Column("end_s", "number", "s", "its end; the next stretch begins there", "keep"),
    Column("direction", "text", "", "`forward`, `backward`, `unknown` or `still`", "vocabulary"),
    Column("gait", "text", "", "`run`, `walk` or `still`", "vocabulary"),
    Column("verdict", "text", "", _VERDICTS, "vocabulary"),
    Column("probability", "number", "", "of the direction", "keep"),
    Column("set", "whole", "", "number of its set, where it is a repetition or may be one", "keep"),
    Column("repetition", "whole", "", "number of the repetition within the set", "keep"),
    *(
        Column(
            f"evidence_{kind}",
            "number",
            "",
            f"log-likelihood ratio of {words}; above 0: backward",
            "keep",
        )
        for kind, words in (("heading", "heading"), ("gait", "gait"), ("label", "labels"))
    ),
    *(
        Column(each.column, "number", each.unit, each.meaning, "keep" if each.kept else "drop")
        for each in (*METRICS, *HEART_RATE)
    ),
    Column("ground", "text", "", "`steep`, `twisty`, both or empty", "vocabulary"),
    *(
        Column(f"energy_{each.key}_{unit}", "number", unit_words, f"{each.meaning} {mass}", "keep")
        for unit, unit_words, mass in (
            ("kcal", "kcal", "energy, where the body mass is known"),
            ("kcal_per_kg", "kcal/kg", "energy, where it is not"),
        )
        for each in ENERGY
    ),
    Column("energy_method", "text", "", "what the energy was computed from", "vocabulary"),
)

_PLACES = {"latitude_deg", "longitude_deg", "device_course_deg", "gps_accuracy_m"}


def _channel_treatment(name: str) -> Treatment:
    """Channels say how a body moves, unless they say where; a new one is dropped."""
    if name == "altitude_m":
        return "level"
    return "drop" if name in _PLACES or name not in _KNOWN_CHANNELS else "keep"


_KNOWN_CHANNELS = {
    *("distance_m", "speed_mps", "heart_rate_bpm", "cadence_spm", "step_length_m"),
    *("contact_time_s", "vertical_oscillation_m", "balance_pct", "respiration_brpm", "power_w"),
    "vertical_ratio_pct",
}

TRACKS = (
    SESSION,
    Column("time", "moment", "UTC", "the moment of the sample", "shift"),
    Column("elapsed_s", "whole", "s", "seconds since the session's first record", "keep"),
    *(
        Column(
            each.name,
            "number" if each.label == "position" else "single",
            each.unit,
            each.meaning,
            _channel_treatment(each.name),
        )
        for each in CHANNELS
    ),
    Column("x_m", "single", "m", "east of the first fix", "drop"),
    Column("y_m", "single", "m", "north of the first fix", "drop"),
    Column("ground_speed_mps", "single", "m/s", "speed over ground, from the positions", "keep"),
    Column("course_deg", "single", "°", "where the body travels, clockwise from north", "drop"),
    Column("grade", "single", "", "rise over way", "keep"),
    Column("turn_rate_dps", "single", "°/s", "turn of the course", "drop"),
    Column("smooth_altitude_m", "single", "m", "height, smoothed", "level"),
    Column("heading_deg", "single", "°", "the heading that was looked at, as recorded", "drop"),
    Column("heading_minus_course_deg", "single", "°", "facing against course", "keep"),
    Column("backward_probability", "single", "", "probability of moving backward", "keep"),
    Column("evidence_heading", "single", "", "log-likelihood ratio of the heading", "keep"),
    Column("evidence_gait", "single", "", "log-likelihood ratio of the gait", "keep"),
    Column("evidence_label", "single", "", "log-likelihood ratio of labels", "keep"),
    Column("flag_paused", "truth", "", "the timer stood still", "keep"),
    Column("flag_gap", "truth", "", "nothing was recorded", "keep"),
    Column("flag_break", "truth", "", "a new piece of the track begins", "keep"),
    Column("flag_position_suspect", "truth", "", "a position was rejected", "keep"),
    Column("flag_heart_rate_suspect", "truth", "", "a heart rate was rejected", "keep"),
)

PROBLEMS = (
    Column("athlete", "text", "", "whose file it is", "drop"),
    Column("file", "text", "", "name of the file, and its member's within an archive", "drop"),
    Column("sha256", "text", "", "SHA-256 of its bytes; null where they were not read", "drop"),
    Column("slug", "text", "", "what is wrong: stable, for programs", "drop"),
    Column("message", "text", "", "the same in words", "drop"),
    Column("offset", "long", "byte", "where in the file", "drop"),
    Column("remedy", "text", "", "what can be done", "drop"),
    Column("not_a_run", "truth", "", "it was read, and nothing is wrong with it", "drop"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "files": FILES,
    "sessions": SESSIONS,
    "segments": SEGMENTS,
    "tracks": TRACKS,
    "problems": PROBLEMS,
}
PARTITIONED = ("sessions", "segments", "tracks")


KEY = b"retrorun"


def types() -> dict[str, Any]:
    """Column kind → arrow type."""
    import pyarrow as pa

    return {
        "text": pa.string(),
        "bytes": pa.binary(),
        "truth": pa.bool_(),
        "whole": pa.int32(),
        "long": pa.int64(),
        "number": pa.float64(),
        "single": pa.float32(),
        "moment": pa.timestamp("us", tz="UTC"),
        "years": pa.list_(pa.int32()),
    }


@cache
def schema(table: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The arrow schema of a table's parts."""
    return schema_of_columns(table, TABLES[table])


def schema_of_columns(table: str, columns: Sequence[Column]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """An arrow schema of some of a table's columns."""
    import pyarrow as pa

    kinds = types()
    fields = [pa.field(each.name, kinds[each.kind]) for each in columns]
    about = {
        "schema_version": SCHEMA_VERSION,
        "table": table,
        "units": {each.name: each.unit for each in columns if each.unit},
    }
    return pa.schema(fields, metadata={KEY: json.dumps(about, ensure_ascii=False).encode()})
