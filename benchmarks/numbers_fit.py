"""What a FIT file says of itself, and what its records add up to, by two other decoders."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fitdecode
from garmin_fit_sdk import Decoder, Stream

from numbers_points import Point, sums
from numbers_quantities import Quantities, added

Message = Mapping[str, Any]

ON_FOOT = (None, 0, 1, 11, 17)  # FIT's numbers: not said, generic, running, walking, hiking
_SEMICIRCLES = 2**31 / 180.0
_KINDS = ("file_id", "session", "lap", "record", "sport")
_ACTIVITY = 4  # FIT's number of files that hold one; others are courses, workouts, settings


@dataclass(frozen=True, slots=True)
class Decoded:
    """The messages of one file by one tool, by kind and in order; ``whole``: nothing was amiss."""

    messages: Mapping[str, Sequence[Message]]
    whole: bool

    def of(self, kind: str) -> Sequence[Message]:
        """Messages of a kind; none is an empty sequence."""
        return self.messages.get(kind, ())


def by_sdk(data: bytes) -> Decoded:
    """Decode with Garmin's own decoder."""
    stream = bytearray(data)
    sound = Decoder(Stream.from_byte_array(stream)).check_integrity()
    messages, errors = Decoder(Stream.from_byte_array(stream)).read(
        convert_types_to_strings=False, convert_datetimes_to_dates=False, merge_heart_rates=False
    )
    found: Mapping[str, Any] = messages
    kinds = {kind: found.get(f"{kind}_mesgs", []) for kind in _KINDS}
    return Decoded(kinds, bool(sound and not errors))


def by_fitdecode(data: bytes) -> Decoded:
    """Decode with fitdecode, up to where it stops."""
    kinds: dict[str, list[Message]] = {kind: [] for kind in _KINDS}
    whole = True
    try:
        for frame in _frames(data):
            if frame.name in kinds:
                kinds[frame.name].append(_values(frame))
    except (fitdecode.FitError, ValueError, KeyError, IndexError, TypeError, OverflowError):
        whole = False
    return Decoded(kinds, whole)


def stated(decoded: Decoded) -> Quantities:
    """The totals of the session messages of runs and walks, else of the laps."""
    if sessions := decoded.of("session"):
        runs = [each for each in sessions if each.get("sport") in ON_FOOT]
        return added([_stated(each) for each in runs]) if runs else Quantities(sessions=0)
    if not _may_be_on_foot(decoded):
        return Quantities(sessions=0)
    if not decoded.of("lap"):
        return Quantities()
    laps = added([_stated(each) for each in decoded.of("lap")])
    return Quantities(laps.distance_m, laps.moving_s, laps.duration_s, laps.heart_rate_bpm)


def summed(decoded: Decoded) -> Quantities:
    """The sums over the records of runs and walks."""
    if not _may_be_on_foot(decoded):
        return Quantities(sessions=0)
    return added([sums([_point(each) for each in part]) for part in _parts(decoded)])


def _may_be_on_foot(decoded: Decoded) -> bool:
    """Whether it is an activity whose messages may mean a run or a walk; silence may be one."""
    types = [each.get("type") for each in decoded.of("file_id")]
    if types and not {_ACTIVITY, "activity", None} & {*types}:
        return False
    sports = [one.get("sport") for kind in ("session", "sport", "lap") for one in decoded.of(kind)]
    named = [each for each in sports if each is not None]
    return not named or any(each in ON_FOOT for each in named)


def _parts(decoded: Decoded) -> Iterator[list[Message]]:
    """The records of each run or walk: those of its time, or all where there is one session."""
    records = [each for each in decoded.of("record") if isinstance(_time(each), (int, float))]
    sessions = decoded.of("session")
    if len(sessions) < 2:
        yield records
        return
    for each in sessions:
        begin, end = each.get("start_time"), each.get("timestamp")
        if each.get("sport") in ON_FOOT and begin is not None and end is not None:
            yield [one for one in records if begin <= _time(one) <= end]


def _time(record: Message) -> Any:  # noqa: ANN401 - as the tool gives it
    return record.get("timestamp")


def _stated(message: Message) -> Quantities:
    steps = message.get("avg_running_cadence", message.get("avg_cadence"))
    fraction = message.get("avg_fractional_cadence") or 0.0
    return Quantities(
        distance_m=message.get("total_distance"),
        moving_s=message.get("total_moving_time") or message.get("total_timer_time"),
        duration_s=message.get("total_elapsed_time"),
        heart_rate_bpm=message.get("avg_heart_rate"),
        cadence_spm=2.0 * (steps + fraction) if steps else None,
        ascent_m=message.get("total_ascent"),
        sessions=1,
    )


def _point(record: Message) -> Point:
    latitude, longitude = record.get("position_lat"), record.get("position_long")
    steps = record.get("cadence")
    return Point(
        time_s=float(_time(record)),
        distance_m=record.get("distance"),
        latitude_deg=None if latitude is None else latitude / _SEMICIRCLES,
        longitude_deg=None if longitude is None else longitude / _SEMICIRCLES,
        altitude_m=record.get("enhanced_altitude", record.get("altitude")),
        heart_rate_bpm=record.get("heart_rate"),
        cadence=None if steps is None else steps + (record.get("fractional_cadence") or 0.0),
    )


def _frames(data: bytes) -> Iterable[Any]:
    with fitdecode.FitReader(
        io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE, processor=None
    ) as frames:
        yield from (each for each in frames if isinstance(each, fitdecode.FitDataMessage))


def _values(frame: Any) -> dict[str, Any]:  # noqa: ANN401 - fitdecode has no types
    """Values by name, sports as numbers; no fields of developers, who may take any name."""
    return {
        each.name: each.raw_value if each.name == "sport" else each.value
        for each in frame.fields
        if each.value is not None and not (each.field_def and each.field_def.is_dev)
    }
