"""How many decimals of a value mean something; what is kept and written has no more.

Each value is rounded finer than any sensor or method tells, and far coarser than the rounding of
the arithmetic behind it. So another library or version of Python that adds in another order writes
the same. A name ends in its unit, and the unit tells the decimals.
"""

import operator
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import numpy as np
from msgspec.structs import replace

from retrorun.metrics import STORED_DIGITS
from retrorun.model.recording import HeadingTrack, Track
from retrorun.units import FloatArray

T = TypeVar("T")
BY_NAME = {
    **dict.fromkeys(("latitude_deg", "longitude_deg"), 8),  # a millimetre
    **dict.fromkeys(("probability", "backward_probability", "channels"), 4),
    "concentration": 3,
    **dict.fromkeys(("evidence", "evidence_heading", "evidence_gait", "evidence_label"), 3),
    "distance_sources": 4,
    **dict.fromkeys(("step_gain", "speed_share", "contact_ratio", "excursion_ratio"), 4),
    **dict.fromkeys(("value", "low", "high"), 6),  # a factor
    **dict.fromkeys(("trimp", "trimp_per_min"), 6),
    **STORED_DIGITS,  # of metrics
}
BY_UNIT = {
    "_time_s": 6,  # a date
    "_s": 4,
    "_m": 4,
    "_mps": 6,
    "_s_per_km": 4,
    "_spm_per_mps": 4,
    "_spm": 4,
    "_bpm": 4,
    "_brpm": 4,
    "_deg": 4,
    "_dps": 4,
    "_pct": 4,
    "_w": 3,
    "_c": 3,
    "_kcal": 5,
}


@cache
def decimals(name: str) -> int:
    """Decimals of a field, a channel or a column of a track.

    Raises:
        KeyError: neither the name nor its unit is known here.
    """
    if name in BY_NAME:
        return BY_NAME[name]
    units = [unit for unit in BY_UNIT if name.endswith(unit)]
    if not units:
        message = f"how many decimals of {name} mean something is not declared"
        raise KeyError(message)
    return BY_UNIT[max(units, key=len)]


def rounded(value: T, name: str = "") -> T:
    """The value with every number in it rounded; ``name`` is the field that holds it."""
    return _rounded(value, name)  # type: ignore[return-value]  # each kind gives its own


def _rounded(value: Any, name: str) -> object:  # noqa: ANN401 - whatever a session holds
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return round(float(value), decimals(name)) + 0.0  # never -0.0
    if isinstance(value, tuple):
        found = tuple([_rounded(each, name) for each in value])
        return value if all(map(operator.is_, found, value)) else found
    if isinstance(value, Mapping):
        return {key: _rounded(each, name) for key, each in value.items()}
    return _rounded_fields(value)


def _rounded_fields(value: Any) -> object:  # noqa: ANN401 - any value that a session holds
    """The value itself where no field changes: to make a new one is the most of the cost."""
    found, changed = dict[str, Any](), False
    for name in type(value).__match_args__:  # the fields of a dataclass, and of a Struct
        old = getattr(value, name)
        if old is None:
            found[name] = None
        elif type(old) is float:
            found[name] = round(old, decimals(name)) + 0.0
            changed = changed or found[name] != old or old == 0.0
        else:
            found[name] = _rounded(old, name)
            changed = changed or found[name] is not old
    return type(value)(**found) if changed else value


def rounded_track(track: Track) -> Track:
    """The track with every column and heading rounded."""
    columns = {name: _column(name, values) for name, values in track.columns.items()}
    headings = tuple(_heading(each) for each in track.headings)
    return replace(track, columns=columns, headings=headings)


def _heading(heading: HeadingTrack) -> HeadingTrack:
    return replace(heading, heading_deg=_column("heading_deg", heading.heading_deg))


def _column(name: str, values: FloatArray) -> FloatArray:
    """Rounded; an angle that was just below a whole turn stays within its range."""
    found = np.round(values, decimals(name)) + 0.0
    ends = {"heading_minus_course_deg": 180.0, "heading_deg": 360.0, "course_deg": 360.0}
    return np.where(found >= ends[name], found - 360.0, found) if name in ends else found
