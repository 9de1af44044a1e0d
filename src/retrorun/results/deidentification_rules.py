"""Rules of de-identification: one for every field of a session that may stay, and how.

This is an allow-list. A field without a rule is not written: its default is, and where it has no
default the session is refused. A test enumerates every field, so that a new one needs a decision.

``keep`` passes numbers and truth values only; text passes nowhere but through ``word``, and only
if it is one of retrorun's own words.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any

import msgspec

from retrorun.errors import SettingsError
from retrorun.metrics import ENERGY, HEART_RATE, METRICS, SUMS
from retrorun.model import (
    Best,
    Energy,
    Estimate,
    GaitLine,
    HeadingVerdict,
    HeartLoad,
    HeartRate,
    Label,
    MeasuredSegment,
    Measures,
    Metrics,
    Note,
    Segment,
    Session,
    Source,
    Totals,
)
from retrorun.model.recording import CHANNELS
from retrorun.model.segment import Recovery, Repetition, RepetitionSet, Structure
from retrorun.readers.registry import READERS
from retrorun.results.columns import KINDS


@dataclass(frozen=True, slots=True)
class Facts:
    """What a session's values become.

    Attributes:
        session: its new id.
        shift_s: added to Unix seconds; brings them to the athlete's own clock, too.
    """

    session: str
    shift_s: float


SPORTS = frozenset(
    {
        *("running", "run", "walking", "walk", "hiking", "hike", "jogging", "trail_running"),
        *("trail running", "trail", "treadmill", "treadmill_running", "virtual_run", "9", "10"),
        *("generic", "other", "ultra", "marathon", "mountaineering", "orienteering"),
    }
)
_ENERGY = ("heart rate", "personal", "speed")
WORDS = frozenset(
    {
        *SPORTS,
        *KINDS,
        *_ENERGY,
        *(each.label for each in CHANNELS),
        *("run", "walk", "counted", "odd", "confirmed", "labelled", "assumed", "habit"),
        *("compass", "course", "none"),
        *("heading", "gait", "label"),
        *(each.kind for each in READERS if each.suffixes),
        *("steep", "twisty"),
        "heart-rate kinetics",
    }
)
_SLUG = re.compile(r"[a-z]+(-[a-z0-9]+){0,7}")
_BEST = re.compile(r"longest_[sm]|[0-9.]{1,8} (m|km|mile)|mile|(half )?marathon")
_CODE = re.compile(r"[0-9a-f]{0,12}|[0-9]+(\.[0-9a-z]+){0,4}")


def word(text: object) -> str | None:
    """One of retrorun's own words; of what an energy was computed from, only the beginning."""
    if not isinstance(text, str):
        return None
    begins = next((each for each in _ENERGY if text.startswith(each)), None)
    return text if text in WORDS else begins


def words(text: str | None) -> str | None:
    """Several such words, apart by spaces; null only where there is no text."""
    if text is None or word(text) is not None:
        return word(text)
    return " ".join(each for each in text.split() if each in WORDS)


def _number(value: Any, _: Facts) -> Any:  # noqa: ANN401 - any field's value
    if isinstance(value, tuple | list):
        return tuple(each for each in value if isinstance(each, int | float))
    return value if isinstance(value, int | float) else None


def _words(value: Any, facts: Facts) -> Any:  # noqa: ANN401 - any field's value
    if isinstance(value, Mapping):
        known = {key: value[key] for key in value if key in WORDS}
        return {key: deidentify_value(each, facts) for key, each in known.items()}
    if isinstance(value, tuple | list):
        return tuple(each for each in value if each in WORDS)
    return word(value)


def _matching(pattern: re.Pattern[str]) -> Callable[[Any, Facts], str]:
    return lambda value, _: value if isinstance(value, str) and pattern.fullmatch(value) else ""


def deidentify_value(value: Any, facts: Facts) -> Any:  # noqa: ANN401 - any value within a session
    """The value without what its rules do not allow.

    Raises:
        SettingsError: nobody has decided on a field that cannot be left out.
    """
    kind = type(value)
    if _has_fields(kind):
        rules = FIELDS.get(kind, {})
        if undecided := _required(kind) - rules.keys():
            words = f"nobody has decided what becomes of {kind.__name__}.{min(undecided)}"
            raise SettingsError("deidentify-undecided", words, remedy="Please report this.")
        kept = {name: RULES[rule](getattr(value, name), facts) for name, rule in rules.items()}
        return kind(**kept)
    if isinstance(value, tuple | list):
        return tuple(deidentify_value(each, facts) for each in value if _has_fields(type(each)))
    return _number(value, facts)


def _has_fields(kind: type) -> bool:
    return is_dataclass(kind) or issubclass(kind, msgspec.Struct)


def _required(kind: type[Any]) -> frozenset[str]:
    """Names of the fields without a default, which could stand in for one without a rule."""
    if issubclass(kind, msgspec.Struct):
        return frozenset(kind.__struct_fields__[: -len(kind.__struct_defaults__) or None])
    needed = (each for each in fields(kind) if each.default is each.default_factory is MISSING)
    return frozenset(each.name for each in needed)


RULES: dict[str, Callable[[Any, Facts], Any]] = {
    "keep": _number,
    "inside": deidentify_value,
    "word": _words,
    "text": lambda value, _: word(value) or "",
    "slug": _matching(_SLUG),
    "best": _matching(_BEST),
    "code": _matching(_CODE),
    "session": lambda _, facts: facts.session,
    "moment": lambda value, facts: value + facts.shift_s,
    "null": lambda _value, _facts: None,
    "blank": lambda _value, _facts: "",
    "nothing": lambda _value, _facts: (),
    "none": lambda _value, _facts: {},
}


FIELDS: dict[type, dict[str, str]] = {
    Session: {
        "id": "session",
        "index": "keep",
        "source": "inside",
        "start_time_s": "moment",
        "zone": "null",
        "sport": "word",
        "name": "null",
        "device": "null",
        "duration_s": "keep",
        "moving_s": "keep",
        "distance_m": "keep",
        "channels": "word",
        "heading": "inside",
        "measures": "inside",
        "labels": "inside",
        "laps": "nothing",
        "pauses": "nothing",
        "device_energy_kcal": "keep",
        "forward_line": "inside",
        "backward_line": "inside",
        "notes": "inside",
        "second_devices": "nothing",
        "distance_sources": "word",
        "settings": "code",
        "version": "code",
        "lesson": "null",
        "learnt": "none",
    },
    Source: {
        "name": "blank",
        "sha256": "blank",
        "format": "word",
        "device": "null",
        "salvaged": "keep",
        "warnings": "inside",
    },
    Note: {"slug": "slug", "message": "blank"},
    Label: {"start_s": "keep", "end_s": "keep", "direction": "word", "origin": "blank"},
    HeadingVerdict: {
        "source": "null",
        "kind": "word",
        "mount_offset_deg": "keep",
        "concentration": "keep",
        "reason": "blank",
        "sign_from": "null",
    },
    GaitLine: dict.fromkeys(
        (
            *("intercept_spm", "slope_spm_per_mps", "grade_slope_spm", "spread_spm"),
            *("seconds", "low_mps", "high_mps"),
        ),
        "keep",
    ),
    Measures: {
        "segments": "inside",
        "totals": "word",
        "cost_factor": "inside",
        "notes": "inside",
        "bests": "inside",
        "heart": "word",
        "net_factor": "inside",
        "structure": "inside",
    },
    Structure: {"sets": "inside"},
    RepetitionSet: {
        "kind": "keep",
        "gait": "word",
        "repetitions": "inside",
        "duration_s": "keep",
        "distance_m": "keep",
        "nominal_s": "keep",
        "nominal_m": "keep",
        "recovery": "inside",
    },
    Repetition: {
        **dict.fromkeys(("first", "last", "start_s", "end_s", "distance_m"), "keep"),
        **dict.fromkeys(("gait", "role"), "word"),
    },
    Recovery: {"gait": "word", "duration_s": "keep", "distance_m": "keep"},
    MeasuredSegment: {"segment": "inside", "metrics": "inside"},
    Segment: {
        "start_s": "keep",
        "end_s": "keep",
        "direction": "word",
        "gait": "word",
        "verdict": "word",
        "probability": "keep",
        "evidence": "word",
        "reason": "blank",
        "would_change": "blank",
        "step_gain_pct": "keep",
    },
    Metrics: {
        **{each.key: "keep" if each.kept else "null" for each in METRICS},
        "heart_rate": "inside",
        "energy_shown": "inside",
        "energies": "inside",
        "ground": "word",
    },
    HeartRate: {each.key.rpartition(".")[2]: "keep" for each in HEART_RATE},
    Energy: {
        **{each.key: "keep" for each in ENERGY},
        "method": "text",
        "citation": "blank",
        "per_kg": "keep",
    },
    Estimate: {
        "value": "keep",
        "low": "keep",
        "high": "keep",
        "method": "text",
        "reason": "null",
    },
    Totals: {each.key: "keep" for each in SUMS},
    Best: {"key": "best", "seconds": "keep", "distance_m": "keep", "start_s": "keep"},
    HeartLoad: {
        "zones_s": "keep",
        "bounds_bpm": "nothing",  # by default they tell the age to the year
        "bounds_from": "blank",
        "seconds": "keep",
        "trimp": "keep",
        "trimp_per_min": "keep",
    },
}
