"""The FIT messages that are no columns: read field by field, and none costs another."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from fitparse.profile import MESSAGE_TYPES

from processor_time import costs_at_most, is_cheap
from retrorun.errors import ReadError
from retrorun.model import Export
from retrorun.readers import read
from retrorun.readers.fit.messages import decode_messages
from retrorun.readers.fit.structure import KEPT, parts
from retrorun.settings import ReadLimits
from retrorun.simulate.write import Encoder, Field, number, text

START = 1_146_000_000
# what the readers ask for, by name
READ = {
    "file_id": {"type", "manufacturer", "product", "product_name"},
    "sport": {"sport", "sub_sport"},
    "session": {"timestamp", "start_time", "total_elapsed_time", "total_timer_time"}
    | {"sport", "sub_sport", "total_distance", "total_calories"},
    "lap": {"timestamp", "start_time", "total_elapsed_time", "total_timer_time", "total_distance"}
    | {"lap_trigger", "sport", "wkt_step_index"},
    "event": {"timestamp", "event", "event_type"},
    "device_info": {"device_index", "product_name"},
    "workout": {"wkt_name"},
    "workout_step": {"message_index", "wkt_step_name", "notes"},
    "activity": {"timestamp", "local_timestamp", "total_timer_time"},
    "three_d_sensor_calibration": {"sensor_type", "calibration_factor", "calibration_divisor"}
    | {"level_shift", "offset_cal", "orientation_matrix"},
    "field_description": {"developer_data_index", "field_definition_number", "fit_base_type_id"}
    | {"native_mesg_num", "native_field_num"}
    | {"field_name", "scale", "offset", "units"},
}


def run(*extra: tuple[int, list[Field]], samples: int = 5, first_s: int = 0) -> bytes:
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for local, (message, fields) in enumerate(extra, start=2):
        encoder.add(local, message, fields)
    for second in range(first_s, first_s + samples):
        encoder.add(1, 20, [number(253, "uint32", START + second), number(3, "uint8", 120)])
    return encoder.file()


def test_the_numbers_are_those_of_the_profile() -> None:
    kept = {
        MESSAGE_TYPES[message].name: {MESSAGE_TYPES[message].fields[one].name for one in fields}
        for message, fields in KEPT.items()
    }
    assert kept == READ


def test_totals_of_session_laps_and_activity_are_read() -> None:
    stamp = number(253, "uint32", START + 4)
    lap = [
        stamp,
        number(2, "uint32", START),
        number(8, "uint32", 4_000),
        number(9, "uint32", 1_200),
    ]
    session = [*lap[:2], number(8, "uint32", 4_500), number(9, "uint32", 1_300)]
    activity = [stamp, number(0, "uint32", 5_000)]
    data = run((19, [*lap, number(7, "uint32", 4_000)]), (18, session), (34, activity))
    (found,) = read("a.fit", data, ReadLimits()).recordings
    assert [(one.source, one.distance_m, one.timer_s) for one in found.totals] == [
        ("session", 13.0, 4.5),
        ("laps", 12.0, 4.0),
        ("activity", None, 5.0),
    ]


def test_a_product_is_named_by_the_profile() -> None:
    identity = [number(0, "enum", 4), number(1, "uint16", 1), number(2, "uint16", 2888)]
    assert read("a.fit", run((0, identity)), ReadLimits()).source.device is None
    encoder = Encoder()
    encoder.add(0, 0, identity)
    for second in range(5):
        encoder.add(1, 20, [number(253, "uint32", START + second)])
    assert read("a.fit", encoder.file(), ReadLimits()).source.device == "garmin fr645m"


def test_a_calibration_has_its_common_name() -> None:
    fields = [number(0, "enum", 0), number(1, "uint32", 7), number(2, "uint32", 3)]
    (part,) = parts(run((167, fields)), 1000)[0]
    (message,) = decode_messages(part).all("three_d_sensor_calibration")
    assert message["calibration_factor"] == message["accel_cal_factor"] == 7


def test_a_message_that_makes_no_sense_costs_no_other() -> None:
    good = [number(253, "uint32", START + 4), number(2, "uint32", START), number(7, "uint32", 4000)]
    odd = [
        Field(253, 0x07, b"then\0\0\0\0"),
        Field(2, 0x88, b"\0\0\x80\x7f"),
        Field(7, 0x83, b"abc"),
    ]
    found = read("a.fit", run((19, good), (19, odd), (21, odd), (19, good)), ReadLimits())
    laps = found.recordings[0].laps
    assert [(lap.start_time_s, lap.end_time_s) for lap in laps] == [
        (START + 631_065_600, START + 631_065_604)
    ] * 2


@pytest.mark.parametrize("value", [b"\xff\xff\x7f\x7f", b"\0\0\x80\x7f", b"\0\0\x80\xff"])
def test_a_time_that_no_clock_shows_is_none(value: bytes) -> None:
    """float32: the largest number, and both infinities."""
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for _ in range(5):
        encoder.add(1, 20, [Field(253, 0x88, value), number(3, "uint8", 120)])
    with pytest.raises(ReadError) as caught:
        read("a.fit", encoder.file(), ReadLimits())
    assert caught.value.slug == "no-time"


def test_thousands_of_laps_cost_what_there_is_room_for() -> None:
    """Of 30,000 laps those behind are left out, with a note."""
    lap = [number(253, "uint32", START + 4), number(2, "uint32", START), number(7, "uint32", 4000)]
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for second in range(5):
        encoder.add(1, 20, [number(253, "uint32", START + second)])
    for _ in range(30_000):
        encoder.add(2, 19, lap)
    data = encoder.file()
    exports: list[Export] = []
    assert is_cheap(lambda: exports.append(read("a.fit", data, ReadLimits())), 5)
    (found,) = exports[0].recordings
    assert 10_000 < len(found.laps) < 30_000
    assert "fit-messages-lost" in {note.slug for note in found.notes}


def reading(data: bytes) -> Callable[[], None]:
    """The work of reading an export, or of refusing it."""

    def work() -> None:
        with suppress(ReadError):
            read("a.fit", data, ReadLimits())

    return work


def layouts(count: int) -> bytes:
    """Records, each of another layout: no two are decoded together."""
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for index in range(count):
        odd = [number(100 + (index >> bit & 1) + 2 * bit, "uint8", 1) for bit in range(16)]
        fields = [number(253, "uint32", START + index), *odd]
        encoder.add(1, 20, [*fields, *(number(one, "uint8", 9) for one in (3, 4, 13, 31))])
    return encoder.file()


def test_endless_layouts_cost_no_more_than_bytes() -> None:
    few, many = reading(layouts(500)), reading(layouts(4000))
    assert costs_at_most(many, 16, few)
    assert is_cheap(many, 5)


def test_endless_chained_files_are_bounded() -> None:
    one = run()
    assert costs_at_most(reading(one * 800), 16, reading(one * 100))
    parts = (run(first_s=10 * each) for each in range(1200))
    export = read("a.fit", b"".join(parts), ReadLimits())
    assert len(export.recordings) == 1000
    assert export.source.warnings[0].slug == "fit-too-many-parts"


def test_a_field_of_the_profile_is_read_where_a_developer_field_has_its_number() -> None:
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    encoder.add(
        3, 206, [number(0, "uint8", 0), number(1, "uint8", 5), number(2, "uint8", 2), text(3, "x")]
    )
    for second in range(5):
        encoder.add(1, 20, [number(253, "uint32", START + second)])
    stamps = [number(253, "uint32", START + 5), number(2, "uint32", START), number(5, "enum", 1)]
    encoder.add(2, 18, stamps, [number(5, "uint8", 11)])
    (found,) = read("a.fit", encoder.file(), ReadLimits()).recordings
    assert found.sport == "running"
