"""The few FIT messages that are no columns: laps, sessions, events, devices, workout steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import fitfast

from retrorun.model import FileTotal, Lap, Note, Pause
from retrorun.readers.fit_columns import DeveloperField
from retrorun.readers.fit_structure import Part
from retrorun.readers.lap_totals import lap_totals

Message = Mapping[str | int, Any]
_BASE_TYPES = {
    name: number
    for number, name in enumerate(
        [
            *("enum", "sint8", "uint8", "sint16", "uint16", "sint32", "uint32", "string"),
            *("float32", "float64", "uint8z", "uint16z", "uint32z", "byte"),
            *("sint64", "uint64", "uint64z"),
        ]
    )
}
_FARTHEST_S = 16 * 3600  # no local time is farther from UTC
_NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Story:
    """What the messages of one FIT file tell besides its records."""

    messages: Mapping[str, Sequence[Message]]
    notes: tuple[Note, ...] = field(default=())

    def all(self, kind: str) -> Sequence[Message]:
        """The messages of a kind, in order."""
        return self.messages.get(kind, ())

    def first(self, kind: str) -> Message:
        """The first message of a kind, or an empty one."""
        return next(iter(self.all(kind)), {})


def story(part: Part) -> Story:
    """Decode them with fitfast; with fitparse, which is more lenient, where that refuses."""
    try:
        return Story(fitfast.parse(part.rest))
    except fitfast.FitDecodeError as refusal:
        return _second_way(part.rest, str(refusal))
    except BaseException as panic:
        # fitfast is Rust: on an impossible developer type it panics, which is no Exception
        if type(panic).__name__ != "PanicException":
            raise
        return _second_way(part.rest, str(panic))


def _second_way(rest: bytes, refusal: str) -> Story:
    from fitparse import FitFile
    from fitparse.utils import FitParseError

    found: dict[str, list[Message]] = {}
    notes = [Note("fit-messages-salvaged", f"laps and events were read a second way: {refusal}")]
    try:
        for message in FitFile(rest, check_crc=False):
            if hasattr(message, "get_values"):
                found.setdefault(message.name, []).append(_plain(message.get_values()))
    except (FitParseError, ValueError, TypeError, KeyError, IndexError) as problem:
        notes.append(Note("fit-messages-lost", f"some laps or events could not be read: {problem}"))
    return Story(found, tuple(notes))


def _plain(values: Mapping[str, Any]) -> Message:
    """Unix seconds: fitparse gives naive UTC datetimes."""
    return {
        name: value.replace(tzinfo=UTC).timestamp() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def number(message: Message, name: str) -> float | None:
    """A numeric field, or None."""
    value = message.get(name)
    return float(value) if isinstance(value, int | float) else None


def text(message: Message, name: str) -> str | None:
    """A text field without its padding, or None where it is empty."""
    value = message.get(name)
    return (value.strip("\0 \t\r\n")[:_NAME_LIMIT] or None) if isinstance(value, str) else None


def developer_fields(told: Story) -> tuple[DeveloperField, ...]:
    """The developer fields that the file describes, of numeric type only."""
    found = []
    for message in told.all("field_description"):
        index = number(message, "developer_data_index")
        own = number(message, "field_definition_number")
        kind = message.get("fit_base_type_id")
        code = _BASE_TYPES.get(kind) if isinstance(kind, str) else kind
        if index is None or own is None or not isinstance(code, int):
            continue
        name = message.get("field_name")
        label = "".join(map(str, name)) if isinstance(name, list | tuple) else str(name or "")
        scale, offset = number(message, "scale") or 1.0, number(message, "offset") or 0.0
        units = str(message.get("units") or "")
        found.append(DeveloperField(int(index), int(own), label, code, units, scale, offset))
    return tuple(found)


def device(told: Story) -> str | None:
    """Maker and product, as far as the file says."""
    identity = told.first("file_id")
    creators = [m for m in told.all("device_info") if m.get("device_index") in ("creator", 0)]
    named = [text(m, "product_name") for m in (identity, *creators)]
    maker = next((m for m in (text(identity, "manufacturer"),) if m), None)
    product = next((name for name in named if name), None)
    code = number(identity, "garmin_product") or number(identity, "product")
    shown = product or (_product(maker, int(code)) if code else None)
    return " ".join(word for word in (maker, shown) if word) or None


@lru_cache(maxsize=256)
def _product(maker: str | None, code: int) -> str:
    """The product's name by the profile that fitparse carries, or its number."""
    if maker != "garmin":
        return str(code)
    from fitparse.profile import FIELD_TYPES

    return str(FIELD_TYPES["garmin_product"].values.get(code, code))


def utc_offset_s(told: Story) -> float | None:
    """Local minus UTC by the activity message, in whole minutes of a quarter hour."""
    activity = told.first("activity")
    local, utc = number(activity, "local_timestamp"), number(activity, "timestamp")
    if local is None or utc is None or abs(local - utc) > _FARTHEST_S:
        return None
    return round((local - utc) / 900) * 900.0


def pauses(told: Story) -> tuple[Pause, ...]:
    """From each stop of the timer to its next start."""
    found, stopped = [], None
    for event in told.all("event"):
        time = number(event, "timestamp")
        if event.get("event") != "timer" or time is None:
            continue
        if event.get("event_type") in ("stop", "stop_all", "stop_disable", "stop_disable_all"):
            stopped = time if stopped is None else stopped
        elif event.get("event_type") == "start" and stopped is not None:
            if time > stopped:
                found.append(Pause(stopped, time))
            stopped = None
    return tuple(found)


def laps(told: Story) -> tuple[Lap, ...]:
    """Laps with the workout step that each carries out, by name or notes."""
    steps = {
        int(index): text(step, "wkt_step_name") or text(step, "notes")
        for step in told.all("workout_step")
        if (index := number(step, "message_index")) is not None
    }
    found = []
    for lap in told.all("lap"):
        start, end = number(lap, "start_time"), number(lap, "timestamp")
        elapsed = number(lap, "total_elapsed_time")
        if start is None:
            continue
        step = number(lap, "wkt_step_index")
        name = steps.get(int(step)) if step is not None else None
        stop = start + elapsed if elapsed else end
        if stop is not None and stop > start:
            trigger = text(lap, "lap_trigger") or text(lap, "trigger")
            totals = (number(lap, "total_distance"), number(lap, "total_timer_time"))
            found.append(Lap(start, stop, text(lap, "name"), name, trigger, *totals))
    return tuple(found)


def totals(told: Story, session: Message, laps: Sequence[Lap]) -> tuple[FileTotal, ...]:
    """What the file states of a session: in its message, in its laps, in that of the activity."""
    found = [lap_totals(laps)]
    if session:
        stated = (number(session, "total_distance"), number(session, "total_timer_time"))
        found.insert(0, FileTotal("session", *stated))
    activity = told.first("activity")
    if activity and len(told.all("session")) < 2:
        found.append(FileTotal("activity", None, number(activity, "total_timer_time")))
    return tuple(one for one in found if one.distance_m or one.timer_s)
