"""Polar's data export (account.polar.com): ``training-session-….json`` → recordings.

One object a session, with an exercise for each sport in it. An exercise holds its samples as lists,
one a sensor, each of ``{"dateTime": …, "value": …}``; ``recordedRoute`` has ``latitude``,
``longitude`` and ``altitude`` instead of a value. A value that was not measured is left out, or is
``"NaN"``. Times are local, without a zone; ``timezoneOffset`` (also ``timeZoneOffset``), of the
exercise or the session, is minutes east of UTC. Speed is in km/h, distance in metres from the
start, altitude in metres. Cadence counts one leg or both: ``cadence`` finds out which.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from msgspec.structs import replace

from retrorun.errors import SUMMARY_REMEDY, NotARunError, ReadError
from retrorun.model import Export, FileTotal, Lap, Note, Recording, Source
from retrorun.readers.cadence import normalize_cadence
from retrorun.readers.sports import is_on_foot
from retrorun.settings import ReadLimits
from retrorun.units import MPS_PER_KMH, FloatArray

# list of samples → the field of a sample, the channel that it fills and its factor to SI units
_SAMPLES: tuple[tuple[str, str, str, float], ...] = (
    ("recordedRoute", "latitude", "latitude_deg", 1.0),
    ("recordedRoute", "longitude", "longitude_deg", 1.0),
    ("recordedRoute", "altitude", "altitude_m", 1.0),
    ("altitude", "value", "altitude_m", 1.0),  # the barometer's goes before the receiver's
    ("heartRate", "value", "heart_rate_bpm", 1.0),
    ("speed", "value", "speed_mps", MPS_PER_KMH),
    ("cadence", "value", "cadence_spm", 1.0),
    ("distance", "value", "distance_m", 1.0),
    ("temperature", "value", "temperature_c", 1.0),
)
_MOST_DIGITS = 400  # of a number; JSON itself sets no limit
_MOST_TEXT = 200
_LONGEST_OFFSET_MIN = 16 * 60.0
Object = Mapping[str, Any]


def read_polar(source: Source, data: bytes, limits: ReadLimits) -> Export:
    """Read a training session of Polar's export.

    Args:
        source: the file's name and hash.
        data: all its bytes.
        limits: bounds on what it may cost.

    Raises:
        ReadError: it is no JSON, holds too much, or no sample has a usable time.
        NotARunError: no exercise in it is on foot, or none has samples.
    """
    session = _object(source.name, data, limits)
    exercises = [one for one in _list(session, "exercises") if isinstance(one, dict)]
    if len(exercises) > limits.activities:
        words = f"more than {limits.activities} exercises"
        raise ReadError("too-many-activities", words, file=source.name)
    device = _text(session, "deviceId") or _text(session, "deviceName")
    source = replace(source, format="polar", device=f"Polar {device}" if device else "Polar")
    on_foot = [one for one in exercises if is_on_foot(_sport(one)) != "no"]
    others = tuple(_sport(one) or "" for one in exercises if is_on_foot(_sport(one)) == "no")
    found = [
        run for one in on_foot if (run := _recording(session, one, source, limits)) is not None
    ]
    if not found:
        raise _error_of_none(source.name, on_foot, others)
    passed_over = tuple(Note("other-sport", f"{sport}: not on foot") for sport in others)
    return Export(source, tuple(found), passed_over)


def _object(name: str, data: bytes, limits: ReadLimits) -> Object:
    """The session.

    Raises:
        ReadError: the text is no JSON, no object, too large or nested too deeply.
    """
    if data.count(b"{") > 2 * limits.samples or data.count(b",") > limits.xml_elements:
        words = f"more than {2 * limits.samples} objects or {limits.xml_elements} values"
        raise ReadError("too-many-elements", words, file=name)
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_int=_number, parse_constant=_number)
    except RecursionError as problem:
        raise ReadError("json-broken", "it is nested too deeply", file=name) from problem
    except ValueError as problem:
        words = f"it breaks off or is no JSON: {problem}"[:_MOST_TEXT]
        offset = getattr(problem, "pos", None)
        raise ReadError("json-broken", words, file=name, offset=offset) from problem
    if not isinstance(found, dict):
        raise ReadError("json-broken", "no training session", file=name)
    return found


def _number(text: str) -> float:
    """A whole number, however long; NaN and infinities are missing values."""
    return float(text) if len(text) <= _MOST_DIGITS and text[-1].isdigit() else float("nan")


def _list(holder: Object, name: str) -> Sequence[Any]:
    found = holder.get(name)
    return found if isinstance(found, list) else ()


def _text(holder: Object, name: str) -> str | None:
    found = holder.get(name)
    return found.strip()[:_MOST_TEXT] or None if isinstance(found, str) else None


def _sport(exercise: Object) -> str | None:
    """``TRAIL_RUNNING`` → ``trail running``."""
    word = _text(exercise, "sport")
    return word.replace("_", " ").lower() if word else None


def _positive_number(holder: Object, name: str) -> float | None:
    """A number above 0, or None."""
    found = holder.get(name)
    value = float(found) if isinstance(found, float) else float("nan")
    return value if 0 < value < float("inf") else None


def _offset_s(session: Object, exercise: Object) -> float | None:
    """Local minus UTC, seconds; None where the file does not say."""
    for holder in (exercise, session):
        for name in ("timezoneOffset", "timeZoneOffset"):
            minutes = holder.get(name)
            if isinstance(minutes, float) and abs(minutes) <= _LONGEST_OFFSET_MIN:
                return 60.0 * minutes
    return None


def _time_s(text: object, offset_s: float) -> float:
    """Unix seconds of a local time, or of one with a zone of its own; NaN where it is none."""
    if not isinstance(text, str):
        return float("nan")
    try:
        moment = datetime.fromisoformat(text[:_MOST_TEXT])
        if moment.tzinfo is not None:
            return moment.timestamp()
        return moment.replace(tzinfo=UTC).timestamp() - offset_s
    except (ValueError, OverflowError):
        return float("nan")


def _recording(
    session: Object, exercise: Object, source: Source, limits: ReadLimits
) -> Recording | None:
    """An exercise with the samples of all its sensors on one axis; None without two times."""
    offset_s = _offset_s(session, exercise)
    series = dict(_series(exercise, offset_s or 0.0, source.name, limits))
    times = [time_s for time_s, _ in series.values()]
    time_s = np.unique(np.concatenate(times)) if times else np.zeros(0)
    if time_s.size < 2:
        return None
    columns = {channel: _on_axis(time_s, *one) for channel, one in series.items()}
    sport = _sport(exercise)
    distance_m = _positive_number(exercise, "distance")
    total = FileTotal("session", distance_m) if distance_m else None
    tidy, notes = normalize_cadence(time_s, columns, sport, limits, total)
    if is_on_foot(sport) == "maybe":
        words = f"the file's sport is {sport or 'not said'}; taken for a run"
        notes = (*notes, Note("sport-unknown", words))
    if offset_s is None:
        notes = (*notes, Note("zone-unknown", "the file names no zone; its times count as UTC"))
    return Recording(
        time_s=time_s,
        columns=tidy,
        laps=tuple(_laps(exercise, offset_s or 0.0)),
        sport=sport,
        name=_text(session, "name"),
        device=source.device,
        utc_offset_s=offset_s,
        energy_kcal=_positive_number(exercise, "kiloCalories"),
        distance_m=distance_m,
        totals=(total,) if total else (),
        notes=notes,
    )


def _series(
    exercise: Object, offset_s: float, name: str, limits: ReadLimits
) -> Iterator[tuple[str, tuple[FloatArray, FloatArray]]]:
    """Channel → times (k,) and values (k,) of its samples, in the order of the file."""
    samples = exercise.get("samples")
    if not isinstance(samples, dict):
        return
    for kind, field, channel, factor in _SAMPLES:
        held = [one for one in _list(samples, kind) if isinstance(one, dict)]
        if len(held) > limits.samples:
            words = f"more than {limits.samples} samples"
            raise ReadError("too-many-samples", words, file=name)
        pairs = [
            (_time_s(one.get("dateTime"), offset_s), factor * value)
            for one in held
            if isinstance(value := one.get(field), float)
        ]
        table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        time_s, values = table[np.isfinite(table).all(axis=1)].T
        if time_s.size:
            yield channel, (time_s, values)


def _on_axis(time_s: FloatArray, at_s: FloatArray, values: FloatArray) -> FloatArray:
    """Values (k,) at their times among all times, (n,); the last one where a time repeats."""
    found = np.full(time_s.size, np.nan)
    found[np.searchsorted(time_s, at_s)] = values
    return found


def _laps(exercise: Object, offset_s: float) -> Iterator[Lap]:
    """Laps that say when they began and ended; those set by hand, else the watch's own."""
    laps = exercise.get("laps")
    if isinstance(laps, dict):
        exercise = laps
    for lap in _list(exercise, "laps") or _list(exercise, "autoLaps"):
        if not isinstance(lap, dict):
            continue
        start_s, end_s = (_time_s(lap.get(key), offset_s) for key in ("startTime", "stopTime"))
        if start_s < end_s:
            yield Lap(start_s, end_s, distance_m=_positive_number(lap, "distance"))


def _error_of_none(
    name: str, on_foot: Sequence[Object], others: Sequence[str]
) -> ReadError | NotARunError:
    """Why there is nothing to analyse."""
    if others and not on_foot:
        words = f"the activity is {', '.join(dict.fromkeys(others))}, not on foot"
        return NotARunError("not-a-run", words, file=name)
    if any(isinstance(one.get("samples"), dict) and one["samples"] for one in on_foot):
        return ReadError("no-time", "fewer than two samples have a time", file=name)
    words = "a training session without samples"
    return NotARunError("polar-no-samples", words, file=name, remedy=SUMMARY_REMEDY)
