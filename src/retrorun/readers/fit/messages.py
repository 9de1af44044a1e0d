"""The few FIT messages that are no columns: laps, sessions, events, devices, workout steps."""

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fitparse.base import UncachedFitFile
from fitparse.processors import FitFileDataProcessor
from fitparse.records import DataMessage, FieldData

from retrorun.model import FileTotal, Lap, Note, Pause
from retrorun.readers.fit.records import CLOCK_S, FIT_EPOCH_S, DeveloperField
from retrorun.readers.fit.structure import RECORD, Part

Message = Mapping[str, Any]
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
_STOPS = ("stop", "stop_all", "stop_disable", "stop_disable_all")  # events of the timer


class MessageTable(msgspec.Struct, frozen=True):
    """The messages of one FIT file other than its records: name of the message → its fields."""

    messages: Mapping[str, Sequence[Message]]
    notes: tuple[Note, ...] = ()

    def all(self, kind: str) -> Sequence[Message]:
        """The messages of a kind, in order."""
        return self.messages.get(kind, ())

    def first(self, kind: str) -> Message:
        """The first message of a kind, or an empty one."""
        return next(iter(self.all(kind)), {})


def decode_messages(part: Part) -> MessageTable:
    """The messages of a part by fitparse; those that cannot be decoded are counted in a note."""
    found: dict[str, list[Message]] = {}
    decoder = _Decoder(part.rest, check_crc=False, data_processor=_Times())
    lost, at = part.left_out, -1
    while at != (at := decoder.place):
        try:
            for message in decoder.get_messages():
                found.setdefault(message.name, []).append(_values(message))
        except _DECODING_ERRORS:
            lost += 1
    if not lost:
        return MessageTable(found)
    words = f"{lost} laps, events or other messages could not be read"
    return MessageTable(found, (Note("fit-messages-lost", words),))


_DECODING_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    struct.error,
)


class _Decoder(UncachedFitFile):  # type: ignore[misc]
    """Without the developers' fields: they are columns, and decoded elsewhere."""

    def add_dev_data_id(self, message: DataMessage) -> None:
        """Nothing: no message in ``Part.rest`` has a developer's field."""

    def add_dev_field_description(self, message: DataMessage) -> None:
        """Nothing, for the same reason."""

    @property
    def place(self) -> int:
        """How many bytes are left: it falls with every message."""
        return int(self._bytes_left)


class _Times(FitFileDataProcessor):  # type: ignore[misc]
    """Times stay numbers: Unix seconds, or None where no FIT clock can show them."""

    def process_type_date_time(self, field: FieldData) -> None:
        """From the FIT epoch to the Unix epoch."""
        held = isinstance(field.value, int | float) and 0 <= field.value < CLOCK_S
        field.value = field.value + FIT_EPOCH_S if held else None

    process_type_local_date_time = process_type_date_time

    def process_type_localtime_into_day(self, field: FieldData) -> None:
        """Nothing reads it."""

    def run_unit_processor(self, field_data: FieldData) -> None:
        """Units are those of the profile."""

    run_field_processor = run_message_processor = run_unit_processor


def _values(message: DataMessage) -> Message:
    """Names and values of the fields that have one; what a field may stand for, by both names."""
    held = [each for each in message.fields if each.field and each.value is not None]
    parents = {each.parent_field.name: each.value for each in held if each.parent_field}
    return parents | {each.name: each.value for each in held}


def number(message: Message, name: str) -> float | None:
    """A numeric field, or None."""
    value = message.get(name)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def text(message: Message, name: str) -> str | None:
    """A text field without its padding, or None where it is empty."""
    value = message.get(name)
    return (value.strip("\0 \t\r\n")[:_NAME_LIMIT] or None) if isinstance(value, str) else None


def word_or_number(message: Message, name: str) -> str | int | None:
    """An enumerated field: the profile's word, or the number where there is no word for it."""
    value = message.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return text(message, name)


def developer_fields(table: MessageTable) -> tuple[DeveloperField, ...]:
    """The developer fields that the file describes, of numeric type only."""
    found = []
    for message in table.all("field_description"):
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
        described = (int(index), int(own), label, code, units, scale, offset)
        found.append(DeveloperField(*described, native=_native_field(message)))
    return tuple(found)


def _native_field(message: Message) -> int | None:
    """The number of the record's field that a developer field stands for; None where it is none."""
    if message.get("native_mesg_num") not in ("record", RECORD, None):
        return None
    native = number(message, "native_field_num")
    return None if native is None else int(native)


def device(table: MessageTable) -> str | None:
    """Maker and product, as far as the file says."""
    identity = table.first("file_id")
    creators = [m for m in table.all("device_info") if m.get("device_index") in ("creator", 0)]
    named = [text(m, "product_name") for m in (identity, *creators)]
    maker = next((m for m in (text(identity, "manufacturer"),) if m), None)
    product = next((name for name in named if name), None)
    code = identity.get("product")
    product = product or (str(code) if code and isinstance(code, int | str) else None)
    return " ".join(word for word in (maker, product) if word) or None


def utc_offset_s(table: MessageTable) -> float | None:
    """Local minus UTC by the activity message, rounded to quarters of an hour."""
    activity = table.first("activity")
    local, utc = number(activity, "local_timestamp"), number(activity, "timestamp")
    if local is None or utc is None or abs(local - utc) > _FARTHEST_S:
        return None
    return round((local - utc) / 900) * 900.0


def pauses(table: MessageTable) -> tuple[Pause, ...]:
    """From each stop of the timer to its next start."""
    found, stopped = [], None
    for event in table.all("event"):
        time = number(event, "timestamp")
        if event.get("event") != "timer" or time is None:
            continue
        if event.get("event_type") in _STOPS:
            stopped = time if stopped is None else stopped
        elif event.get("event_type") == "start" and stopped is not None:
            if time > stopped:
                found.append(Pause(stopped, time))
            stopped = None
    return tuple(found)


def last_stop_s(table: MessageTable) -> float | None:
    """When the timer was stopped for good; None where its latest event is another one."""
    timer = [each for each in table.all("event") if each.get("event") == "timer"]
    times = [(at_s, each) for each in timer if (at_s := number(each, "timestamp")) is not None]
    if not times:
        return None
    stopped_s, latest = max(reversed(times), key=lambda pair: pair[0])  # of equals the last one
    return stopped_s if latest.get("event_type") in _STOPS else None


def laps(table: MessageTable) -> tuple[Lap, ...]:
    """Laps with the workout step that each carries out, by name or notes."""
    steps = {
        int(index): text(step, "wkt_step_name") or text(step, "notes")
        for step in table.all("workout_step")
        if (index := number(step, "message_index")) is not None
    }
    found = []
    for lap in table.all("lap"):
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


def totals(table: MessageTable, session: Message, laps: Sequence[Lap]) -> tuple[FileTotal, ...]:
    """What the file states of a session: in its message, in its laps, in that of the activity."""
    found = [FileTotal.of_laps(laps)]
    if session:
        stated = (number(session, "total_distance"), number(session, "total_timer_time"))
        found.insert(0, FileTotal("session", *stated))
    activity = table.first("activity")
    if activity and len(table.all("session")) < 2:
        found.append(FileTotal("activity", None, number(activity, "total_timer_time")))
    return tuple(one for one in found if one.distance_m or one.timer_s)
