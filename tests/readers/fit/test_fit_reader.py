"""FIT files written by hand: what is kept apart, joined, split and saved from damage."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from retrorun.errors import NotARunError, ReadError
from retrorun.model import Export
from retrorun.prepare import prepare
from retrorun.readers import read
from retrorun.settings import PrepareSettings, ReadLimits
from retrorun.simulate.write import Encoder, Field, number, single, text

EPOCH_S = 631_065_600
START = 1_146_000_000  # FIT time
Records = Callable[[Encoder], None]


def _read(data: bytes) -> Export:
    return read("made.fit", data, ReadLimits())


def _file(*fill: Records, kind: int = 4) -> bytes:
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", kind), number(1, "uint16", 1)])
    for step in fill:
        step(encoder)
    return encoder.file()


def _records(count: int, first: int = START, **more: Sequence[Field]) -> Records:
    def fill(encoder: Encoder) -> None:
        for index in range(count):
            fields = [number(253, "uint32", first + index), number(3, "uint8", 100 + index % 50)]
            encoder.add(1, 20, [*fields, *more.get("native", ())], more.get("developer", ()))

    return fill


def _session(start: int, sport: int, *more: Field, end: int | None = None) -> Records:
    stamps = [number(253, "uint32", end or start + 60), number(2, "uint32", start)]
    return lambda encoder: encoder.add(2, 18, [*stamps, number(5, "enum", sport), *more])


def _described(own: int, name: str, units: str, base: int, *more: Field) -> Records:
    fields = [number(0, "uint8", 0), number(1, "uint8", own), number(2, "uint8", base)]
    return lambda encoder: encoder.add(3, 206, [*fields, text(3, name), text(8, units), *more])


def test_native_and_developer_heart_rate_stay_apart() -> None:
    override = [number(14, "uint16", 20), number(15, "uint8", 3)]  # claims to be heart_rate
    data = _file(
        _described(0, "heart_rate", "deg", 0x84, *override),
        _records(5, developer=[number(0, "uint16", 271)]),
        _session(START, 1),
    )
    (run,) = _read(data).recordings
    assert run.columns["heart_rate_bpm"].tolist() == [100, 101, 102, 103, 104]
    assert run.headings == ()


@pytest.mark.parametrize(
    ("native", "units", "raw", "channel", "expected"),
    [
        (4, "spm", 170, "cadence_spm", 170),  # of both feet, which no doubling makes 340
        (4, "rpm", 85, "cadence_spm", 170),
        (6, "m/s", 3, "speed_mps", 3),
        (5, "m", 40, "distance_m", 40),
        (6, "km/h", 36, "speed_mps", 36 * 1000 / 3600),
        (6, "mph", 9, "speed_mps", 9 * 1609.344 / 3600),
        (5, "km", 4, "distance_m", None),  # whole ones, which tell nothing of a minute
        (5, "Miles", 2, "distance_m", None),
        (6, "min/km", 5, "speed_mps", None),
        (4, "W", 170, "cadence_spm", None),
        (None, "spm", 170, "cadence_spm", None),
    ],
)
def test_a_developer_field_counts_where_the_native_one_it_stands_for_is_missing(
    native: int | None, units: str, raw: int, channel: str, expected: float | None
) -> None:
    claim = [] if native is None else [number(14, "uint16", 20), number(15, "uint8", native)]
    data = _file(
        _described(0, "foot pod", units, 0x84, *claim),
        _records(60, developer=[number(0, "uint16", raw)]),
        _session(START, 1),
    )
    (run,) = _read(data).recordings
    values = run.columns.get(channel)
    if expected is None:
        assert values is None
    else:
        assert values == pytest.approx(np.full(60, expected))


@pytest.mark.parametrize(("units", "metres"), [("km", 1000.0), ("Miles", 1609.344)])
def test_a_developer_distance_in_parts_of_a_long_unit_counts(units: str, metres: float) -> None:
    claim = [number(14, "uint16", 20), number(15, "uint8", 5), number(6, "uint8", 100)]
    data = _file(
        _described(0, "foot pod", units, 0x84, *claim),
        *(_records(1, START + at, developer=[number(0, "uint16", 400 + at)]) for at in range(9)),
        _session(START, 1),
    )
    (run,) = _read(data).recordings
    assert run.columns["distance_m"] == pytest.approx(np.arange(4.0, 4.09, 0.01)[:9] * metres)


def test_a_developer_distance_in_whole_kilometres_does_not_go_before_the_positions() -> None:
    """3 m/s due north for 20 minutes, with a minute at 1.5 m/s: 90 m, which positions tell."""
    claim = [number(14, "uint16", 20), number(15, "uint8", 5)]
    way_m = np.cumsum([0.0] + [1.5 if 600 <= at < 660 else 3.0 for at in range(1200)])
    fill = [
        _records(
            1,
            START + at,
            native=[
                number(0, "sint32", round((46.0 + np.degrees(metres / 6_371_008.8)) * 2**31 / 180)),
                number(1, "sint32", 173_000_000),
            ],
            developer=[number(0, "uint16", int(metres / 1000))],
        )
        for at, metres in enumerate(way_m.tolist())
    ]
    (run,) = _read(_file(_described(0, "way", "km", 0x84, *claim), *fill)).recordings
    step_m = prepare(run, PrepareSettings()).step_m
    assert step_m is not None
    assert float(step_m[600:660].sum()) == pytest.approx(90.0, rel=0.03)


def test_a_wide_speed_that_was_copied_from_a_narrow_one_is_missing_where_that_was() -> None:
    known = _records(3, native=[number(73, "uint32", 3000)])
    missing = _records(2, START + 3, native=[number(73, "uint32", 0xFFFF)])
    (run,) = _read(_file(known, missing, _session(START, 1))).recordings
    np.testing.assert_array_equal(run.columns["speed_mps"], [3, 3, 3, np.nan, np.nan])


def test_a_developer_field_of_a_lap_is_none_of_the_records() -> None:
    data = _file(
        _described(0, "lap cadence", "spm", 0x84, number(14, "uint16", 19), number(15, "uint8", 4)),
        _records(5, developer=[number(0, "uint16", 170)]),
        _session(START, 1),
    )
    assert "cadence_spm" not in _read(data).recordings[0].columns


def test_vertical_ratio_is_in_hundredths_of_a_per_cent() -> None:
    known = _records(3, native=[number(83, "uint16", 812)])
    missing = _records(2, START + 3, native=[number(83, "uint16", 0xFFFF)])
    (run,) = _read(_file(known, missing, _session(START, 1))).recordings
    ratio = run.columns["vertical_ratio_pct"]
    np.testing.assert_array_equal(ratio, [8.12, 8.12, 8.12, np.nan, np.nan])


@pytest.mark.parametrize(
    ("name", "units", "raw", "degrees"),
    [
        ("Compass Heading", "radians", -np.pi / 2, 270.0),
        ("currentHeading", "", 3.0, np.degrees(3.0)),
        ("heading", "deg", 3.0, 3.0),
        ("azimuth", "°", 359.0, 359.0),
    ],
)
def test_developer_heading_in_degrees_or_radians(
    name: str, units: str, raw: float, degrees: float
) -> None:
    data = _file(
        _described(7, name, units, 0x88),
        _records(4, developer=[single(7, raw)]),
        _session(START, 1),
    )
    (heading,) = _read(data).recordings[0].headings
    assert heading.source == "fit:developer:heading"
    assert heading.claim == "compass"
    np.testing.assert_allclose(heading.heading_deg, degrees, rtol=1e-6)
    assert heading.time_s[0] == START + EPOCH_S


@pytest.mark.parametrize("name", ["bearing", "track", "course", "heading_accuracy"])
def test_other_developer_angles_are_no_heading(name: str) -> None:
    data = _file(
        _described(7, name, "deg", 0x88),
        _records(4, developer=[single(7, 90)]),
        _session(START, 1),
    )
    assert _read(data).recordings[0].headings == ()


def test_laps_carry_their_workout_step() -> None:
    def laps(encoder: Encoder) -> None:
        encoder.add(4, 27, [number(254, "uint16", 0), text(0, "easy")])
        encoder.add(4, 27, [number(254, "uint16", 1), text(0, "back")])
        for index, start in enumerate((START, START + 30)):
            stamps = [number(253, "uint32", start + 30), number(2, "uint32", start)]
            encoder.add(5, 19, [*stamps, number(71, "uint16", index)])

    (run,) = _read(_file(laps, _records(60), _session(START, 1))).recordings
    begin = START + EPOCH_S
    assert [(lap.start_time_s, lap.end_time_s, lap.step) for lap in run.laps] == [
        (begin, begin + 30, "easy"),
        (begin + 30, begin + 60, "back"),
    ]


def test_timer_events_are_pauses() -> None:
    def event(at: int, kind: int) -> Records:
        fields = [number(253, "uint32", START + at), number(0, "enum", 0), number(1, "enum", kind)]
        return lambda encoder: encoder.add(6, 21, fields)

    data = _file(event(0, 0), event(10, 4), event(40, 0), _records(60), _session(START, 1))
    (run,) = _read(data).recordings
    begin = START + EPOCH_S
    assert [(p.start_time_s - begin, p.end_time_s - begin) for p in run.pauses] == [(10, 40)]


def test_multisport_is_split_and_only_what_goes_on_foot_is_kept() -> None:
    data = _file(
        _records(90),
        _session(START, 5),  # swimming
        _session(START + 30, 2),  # cycling
        _session(START + 60, 1, number(9, "uint32", 12_345), number(11, "uint16", 77)),
    )
    export = _read(data)
    (run,) = export.recordings
    assert (run.sport, run.distance_m, run.energy_kcal) == ("running", 123.45, 77)
    assert run.time_s[0] == START + 60 + EPOCH_S
    assert len(run.time_s) == 30
    assert [note.message.split(":")[0] for note in export.passed_over] == ["swimming", "cycling"]


def test_only_another_sport_is_refused_by_name() -> None:
    with pytest.raises(NotARunError) as caught:
        _read(_file(_records(9), _session(START, 2)))
    assert caught.value.slug == "not-a-run"
    assert "cycling" in caught.value.message


@pytest.mark.parametrize(
    ("kind", "slug"),
    [(2, "fit-settings"), (5, "fit-workout"), (6, "fit-course"), (9, "fit-weight")],
)
def test_files_that_are_no_activity(kind: int, slug: str) -> None:
    with pytest.raises(NotARunError) as caught:
        _read(_file(_records(3), kind=kind))
    assert caught.value.slug == slug


def test_every_cut_keeps_every_whole_record_before_it() -> None:
    whole = _file(_records(40))
    size = 1 + 4 + 1
    body_end = len(whole) - 2
    for cut in range(body_end - 30 * size, body_end):
        records = 40 - -(-(body_end - cut) // size)
        export = _read(whole[:cut])
        (run,) = export.recordings
        assert len(run.time_s) == records
        assert run.columns["heart_rate_bpm"][-1] == 100 + records - 1
        assert export.source.salvaged


def test_damage_is_named_with_its_place() -> None:
    whole = bytearray(_file(_records(40)))
    place = len(whole) - 2 - 10 * 6
    whole[place] = 0x0F  # the header of a message that nobody defined
    export = _read(bytes(whole))
    assert [len(run.time_s) for run in export.recordings] == [30]
    (warning,) = export.source.warnings
    assert warning.slug == "fit-broken"
    assert f"byte {place}" in warning.message


@pytest.mark.parametrize("change", ["7 bytes lost", "3 bytes lost", "13 bytes more", "zeros"])
def test_bytes_that_were_taken_for_records_behind_the_damage_are_none(change: str) -> None:
    places = [number(0, "sint32", 549_000_000), number(1, "sint32", 173_000_000)]
    whole = bytearray(_file(_records(400, native=places), _session(START, 1)))
    at = len(whole) // 2
    if change == "zeros":
        whole[at : at + 100] = bytes(100)
    elif change.endswith("lost"):
        del whole[at : at + int(change[:1])]
    else:
        whole[at:at] = b"\xff" * 13
    export = _read(bytes(whole))
    assert export.source.salvaged
    for run in export.recordings:
        rate = run.columns["heart_rate_bpm"]
        assert (run.time_s >= START + EPOCH_S).all()
        assert (run.time_s < START + EPOCH_S + 400).all()
        np.testing.assert_array_equal(rate, 100 + (run.time_s - START - EPOCH_S) % 50)
    assert sum(run.time_s.size for run in export.recordings) >= 180


@pytest.mark.parametrize("into", [1, 2, 3, 4])
def test_every_record_before_torn_ones_is_kept(into: int) -> None:
    """7 bytes are lost in the time of a record of 14 bytes: the 200 before it are whole."""
    places = [number(0, "sint32", 549_000_000), number(1, "sint32", 173_000_000)]
    whole = bytearray(_file(_records(400, native=places), _session(START, 1)))
    at = len(_file(_records(200, native=places))) - 2 + into
    del whole[at : at + 7]
    (run,) = _read(bytes(whole)).recordings
    np.testing.assert_array_equal(run.time_s - START - EPOCH_S, np.arange(200))
    np.testing.assert_array_equal(run.columns["heart_rate_bpm"], 100 + np.arange(200) % 50)
    assert run.columns["latitude_deg"] == pytest.approx(549_000_000 * 180 / 2**31)


@pytest.mark.parametrize("into", range(14))
@pytest.mark.parametrize("zeros", [6, 17, 35, 100])
def test_records_behind_the_damage_whose_clock_stands_are_none(into: int, zeros: int) -> None:
    """A byte of the position is read as a header that holds the time, the same each time."""
    places = [number(0, "sint32", 549_000_000), number(1, "sint32", 173_000_000)]
    whole = bytearray(_file(_records(400, native=places), _session(START, 1)))
    at = len(_file(_records(200, native=places))) - 2 + into
    whole[at : at + zeros] = bytes(zeros)
    for run in _read(bytes(whole)).recordings:
        right = np.isclose(run.columns["latitude_deg"], 549_000_000 * 180 / 2**31)
        assert (~right).sum() <= 1  # a record that is damaged itself, and whose time is whole
        assert right.sum() >= 199


def test_records_of_damaged_bytes_have_a_note_of_their_own() -> None:
    """Behind 100 zeros over a hundred are read out of step: not all before its end is kept."""
    places = [number(0, "sint32", 549_000_000), number(1, "sint32", 173_000_000)]
    whole = bytearray(_file(_records(400, native=places), _session(START, 1)))
    cut = _read(bytes(whole[: len(whole) // 2])).recordings[0]
    assert [note.message for note in cut.notes if "was kept" in note.message]
    at = len(whole) // 2
    whole[at : at + 100] = bytes(100)
    notes = {note.slug: note.message for note in _read(bytes(whole)).recordings[0].notes}
    assert "records-without-time" not in notes
    words, _, count = notes["records-damaged"].rpartition(": ")
    assert words == "damaged records left out, whose times do not follow the others"
    assert int(count) > 100
    assert not any("was kept" in message for message in notes.values())
    assert "(byte " in notes["fit-broken"]


def test_a_clock_that_was_set_loses_nothing_though_the_checksum_is_wrong() -> None:
    whole = bytearray(_file(_records(40), _records(40, START + 40 * 86_400), _session(START, 1)))
    whole[-1] ^= 0xFF
    assert sum(run.time_s.size for run in _read(bytes(whole)).recordings) == 80


def test_a_wrong_checksum_alone_loses_nothing() -> None:
    whole = bytearray(_file(_records(40), _session(START, 1)))
    whole[-1] ^= 0xFF
    export = _read(bytes(whole))
    assert [len(run.time_s) for run in export.recordings] == [40]
    assert [note.slug for note in export.source.warnings] == ["fit-checksum"]


@pytest.mark.parametrize("claimed", [0, 50, 10**9])
def test_a_length_that_lies_loses_nothing(claimed: int) -> None:
    whole = bytearray(_file(_records(40), _session(START, 1)))
    whole[4:8] = struct.pack("<I", claimed)
    export = _read(bytes(whole))
    assert [len(run.time_s) for run in export.recordings] == [40]
    assert export.source.salvaged


def test_chained_files_are_all_read() -> None:
    first = _file(_records(10), _session(START, 1))
    second = _file(_records(20, START + 10_000), _session(START + 10_000, 11))
    export = _read(first + second)
    assert [(len(run.time_s), run.sport) for run in export.recordings] == [
        (10, "running"),
        (20, "walking"),
    ]


def test_compressed_timestamps_count_on_from_the_last_full_one() -> None:
    """Worked by hand after the protocol: five bits, rolling over."""
    definition = struct.pack("<BBBHB", 0x41, 0, 0, 20, 1) + bytes((3, 1, 2))
    full = struct.pack("<BBBHB", 0x40, 0, 0, 20, 2) + bytes((253, 4, 0x86, 3, 1, 2))
    last = 0x4000_001E  # low five bits: 30
    body = full + b"\x00" + struct.pack("<IB", last, 90) + definition
    for low, heart in ((31, 91), (1, 92), (0, 93)):
        body += bytes((0x80 | 1 << 5 | low, heart))
    head = struct.pack("<BBHI4s", 12, 0x10, 100, len(body), b".FIT")
    (run,) = _read(head + body + b"\0\0").recordings
    base = 0x4000_0000 + EPOCH_S
    assert run.time_s.tolist() == [base + 30, base + 31, base + 33, base + 64]
    assert run.columns["heart_rate_bpm"].tolist() == [90, 91, 92, 93]


def test_compressed_speed_and_distance_worked_by_hand() -> None:
    def fill(encoder: Encoder) -> None:
        # 12 bits of cm/s, 12 bits of 1/16 m that roll over at 256 m
        for index, (speed, sixteenths) in enumerate([(250, 4090), (300, 4), (0xFFF, 0xFFF)]):
            packed = speed | sixteenths << 12
            raw = packed.to_bytes(3, "little")
            stamp = number(253, "uint32", START + index)
            encoder.add(1, 20, [stamp, Field(8, 0x0D, raw)])

    (run,) = _read(_file(fill)).recordings
    np.testing.assert_array_equal(run.columns["speed_mps"], [2.5, 3.0, np.nan])
    np.testing.assert_array_equal(run.columns["distance_m"], [255.625, 256.25, np.nan])


def test_fractional_cadence_counts_both_feet_and_zero_heart_rate_is_missing() -> None:
    def fill(encoder: Encoder) -> None:
        for index, heart in enumerate((0, 120)):
            stamp = number(253, "uint32", START + index)
            cadence = [number(4, "uint8", 88), number(53, "uint8", 64)]
            encoder.add(1, 20, [stamp, number(3, "uint8", heart), *cadence])

    (run,) = _read(_file(fill, _session(START, 1))).recordings
    assert run.columns["cadence_spm"].tolist() == [177.0, 177.0]
    np.testing.assert_array_equal(run.columns["heart_rate_bpm"], [np.nan, 120])
    assert "cadence-doubled" in {note.slug for note in run.notes}


def test_cadence_in_256ths_counts_where_there_is_no_other() -> None:
    def fill(encoder: Encoder) -> None:
        for index in range(3):
            stamp = number(253, "uint32", START + index)
            encoder.add(1, 20, [stamp, number(52, "uint16", 84 * 256 + 128)])

    (run,) = _read(_file(fill, _session(START, 1))).recordings
    assert run.columns["cadence_spm"].tolist() == [169.0] * 3


def test_local_time_offset() -> None:
    def activity(encoder: Encoder) -> None:
        stamps = [number(253, "uint32", START), number(5, "uint32", START - 6 * 3600)]
        encoder.add(7, 34, stamps)

    (run,) = _read(_file(_records(3), activity)).recordings
    assert run.utc_offset_s == -21_600


def test_records_without_a_time_are_no_session() -> None:
    def fill(encoder: Encoder) -> None:
        for _ in range(3):
            encoder.add(1, 20, [number(3, "uint8", 99)])

    with pytest.raises(ReadError) as caught:
        _read(_file(fill))
    assert caught.value.slug == "no-time"


def test_a_treadmill_is_a_run_though_it_is_equipment() -> None:
    data = _file(_records(5), _session(START, 4, number(6, "enum", 1)))
    assert _read(data).recordings[0].sport == "treadmill"


def test_strap_log_fills_in_the_heart_rate() -> None:
    """Beats at 0, 1 and 2 s; each record takes the mean of those within three seconds."""

    def strap(encoder: Encoder) -> None:
        ticks = struct.pack("<3I", 5000, 5000 + 1024, 5000 + 2048)
        beats = [Field(9, 0x86, ticks), Field(6, 0x02, bytes((100, 110, 120)))]
        encoder.add(8, 132, [number(253, "uint32", START), *beats])

    def bare(encoder: Encoder) -> None:
        for second in (0, 4, 60):
            stamp = number(253, "uint32", START + second)
            encoder.add(1, 20, [stamp, number(3, "uint8", None)])

    (run,) = _read(_file(strap, bare, _session(START, 1))).recordings
    np.testing.assert_array_equal(run.columns["heart_rate_bpm"], [110, 115, np.nan])
    assert "heart-rate-from-strap" in {note.slug for note in run.notes}


@pytest.mark.parametrize("how", ["by the strap's clock", "by the second"])
def test_each_message_of_a_strap_log_has_its_own_time(how: str) -> None:
    """Later messages state the strap's clock in full, or all state nothing but their second."""

    def strap(encoder: Encoder) -> None:
        for at, rate in enumerate((100, 120, 140)):
            beat = Field(6, 0x02, bytes((rate,)))
            tick = Field(9, 0x86, struct.pack("<I", 5000 + at * 10 * 1024))
            stamp = number(253, "uint32", START + 10 * at)
            if how == "by the second":
                encoder.add(8, 132, [stamp, beat])
            else:
                encoder.add(8, 132, [*([] if at else [stamp]), tick, beat])

    def bare(encoder: Encoder) -> None:
        for second in (0, 10, 20):
            stamp = number(253, "uint32", START + second)
            encoder.add(1, 20, [stamp, number(3, "uint8", None)])

    (run,) = _read(_file(strap, bare, _session(START, 1))).recordings
    np.testing.assert_array_equal(run.columns["heart_rate_bpm"], [100, 120, 140])


def test_salvaged_strava_file_says_where_it_broke(corpus: Path) -> None:
    data = (corpus / "fit" / "strava-android-app-201.10-b1218918.fit").read_bytes()
    export = _read(data)
    assert len(export.recordings[0].time_s) == 473
    assert export.source.warnings[0].slug == "fit-broken"


def test_cut_real_file_keeps_as_many_records_as_before_the_cut(corpus: Path) -> None:
    data = (corpus / "fit" / "developer-types-sample.fit").read_bytes()
    whole = _read(data).recordings[0]
    half = _read(data[: len(data) // 2]).recordings[0]
    kept = len(half.time_s)
    assert 0.45 * len(whole.time_s) < kept < 0.55 * len(whole.time_s)
    np.testing.assert_array_equal(half.time_s, whole.time_s[:kept])
    for name, column in half.columns.items():
        np.testing.assert_array_equal(column, whole.columns[name][:kept])


# --- sports: session messages as they are found ---


def _session_without_start(sport: int, end: int = START + 60, sub: int | None = None) -> Records:
    fields = [number(253, "uint32", end), number(5, "enum", sport), number(7, "uint32", 60_000)]
    fields += [] if sub is None else [number(6, "enum", sub)]
    return lambda encoder: encoder.add(2, 18, fields)


@pytest.mark.parametrize("sport", [2, 5, 12, 24, 65, 88, 150, 253])
def test_a_session_without_a_start_time_keeps_its_sport(sport: int) -> None:
    with pytest.raises(NotARunError) as caught:
        _read(_file(_records(60), _session_without_start(sport)))
    assert caught.value.slug == "not-a-run"


@pytest.mark.parametrize("sport", [2, 5, 10, 150])
def test_another_sport_without_records_is_no_run_and_not_unreadable(sport: int) -> None:
    with pytest.raises(NotARunError) as caught:
        _read(_file(_session(START, sport)))
    assert caught.value.slug == "not-a-run"


def test_sessions_without_start_times_are_split_by_their_ends() -> None:
    data = _file(
        _records(120),
        _session_without_start(2, START + 60),
        _session_without_start(1, START + 120),
    )
    export = _read(data)
    (run,) = export.recordings
    assert (run.sport, len(run.time_s)) == ("running", 60)
    assert [note.message.split(":")[0] for note in export.passed_over] == ["cycling"]


@pytest.mark.parametrize(("sub", "is_kept"), [(1, True), (45, True), (5, False), (17, False)])
def test_a_sport_that_says_nothing_is_known_by_its_sub_sport(sub: int, *, is_kept: bool) -> None:
    data = _file(_records(60), _session_without_start(0, sub=sub))
    if is_kept:
        assert len(_read(data).recordings) == 1
        return
    with pytest.raises(NotARunError):
        _read(data)


@pytest.mark.parametrize(
    ("session", "file", "sub", "word"),
    [(0, 2, 0, None), (0, 1, 0, "running"), (0, 2, 1, "treadmill"), (1, 2, 0, "running")],
)
def test_a_generic_session_has_the_sport_of_its_file(
    session: int, file: int, sub: int, word: str | None
) -> None:
    """The session's own sub-sport goes before the sport message."""
    sport = [number(0, "enum", file), number(1, "enum", 0)]
    data = _file(
        lambda encoder: encoder.add(4, 12, sport),
        _records(60),
        _session(START, session, number(6, "enum", sub)),
    )
    if word is None:
        with pytest.raises(NotARunError):
            _read(data)
    else:
        assert _read(data).recordings[0].sport == word


@pytest.mark.parametrize("stopped_s", [3600, 0])
def test_a_hole_that_the_session_knows_of_is_a_pause_without_an_event(stopped_s: int) -> None:
    """An hour between two records: a stop by the session's totals, else a clock that was set."""
    totals = [number(7, "uint32", 1000 * (600 + stopped_s)), number(8, "uint32", 1000 * 600)]
    data = _file(_records(300), _records(300, START + 299 + 3600), _session(START, 1, *totals))
    run = read("a.fit", data, ReadLimits()).recordings[0]
    assert run.time_s[-1] - run.time_s[0] == pytest.approx(598 + stopped_s, abs=2)
    assert [each.end_time_s - each.start_time_s for each in run.pauses] == [3600.0] * bool(
        stopped_s
    )


@pytest.mark.parametrize(
    ("hole_s", "stopped_s", "is_pause"),
    [(600, 600, True), (45, 45, True), (600, 0, False), (600, 300, False), (20, 20, False)],
)
def test_holes_of_a_minute_are_pauses_where_the_session_says_it_was_stopped_for_as_long(
    hole_s: int, stopped_s: int, *, is_pause: bool
) -> None:
    totals = [number(7, "uint32", 1000 * (600 + stopped_s)), number(8, "uint32", 1000 * 600)]
    data = _file(_records(300), _records(300, START + 299 + hole_s), _session(START, 1, *totals))
    run = read("a.fit", data, ReadLimits()).recordings[0]
    lengths_s = [each.end_time_s - each.start_time_s for each in run.pauses]
    assert lengths_s == ([hole_s] if is_pause else [])


def _totals(message: int, start: int, lasted_s: int, timer_s: int, metres: float) -> Records:
    """A lap (19) or a session (18) of running with its totals."""
    fields = [number(253, "uint32", start + lasted_s), number(2, "uint32", start)]
    fields += [number(7, "uint32", 1000 * lasted_s), number(8, "uint32", 1000 * timer_s)]
    fields += [number(9, "uint32", round(100 * metres))]
    fields += [number(5, "enum", 1)] if message == 18 else []
    return lambda encoder: encoder.add(2, message, fields)


def _timer(at_s: int, event_type: int) -> Records:
    fields = [number(253, "uint32", START + at_s), number(0, "enum", 0)]
    return lambda encoder: encoder.add(3, 21, [*fields, number(1, "enum", event_type)])


def test_a_run_that_was_resumed_later_has_the_total_of_all_its_laps() -> None:
    """700 s and 2,000 m; after a rest, 900 s and 2,600 m; the session knows of the first part."""
    parts = [
        *(_records(701), _records(901, first=START + 1000)),
        *(_totals(19, START, 700, 700, 2000.0), _totals(19, START + 1000, 900, 900, 2600.0)),
    ]
    (run,) = _read(_file(*parts, _totals(18, START, 700, 700, 2000.0))).recordings
    assert run.distance_m == 4600.0


def test_laps_that_were_counted_twice_do_not_outweigh_the_session() -> None:
    """Laps of the button and laps of the distance in one file: their sum is twice the way."""
    laps = [_totals(19, START + at, 300, 300, 900.0) for at in (0, 300, 0, 300)]
    session = _totals(18, START, 600, 600, 1800.0)
    (run,) = _read(_file(_records(601), *laps, session)).recordings
    assert run.distance_m == 1800.0


def test_what_was_recorded_after_the_timer_was_stopped_for_good_is_no_part_of_the_run() -> None:
    """600 s of running, and records of 900 s more: the drive home."""
    session = _totals(18, START, 600, 600, 1800.0)
    events = (_timer(0, 0), _timer(600, 4))
    (run,) = _read(_file(_records(1501), *events, session)).recordings
    assert np.ptp(run.time_s) == pytest.approx(600.0, abs=2.0)
    assert [note.slug for note in run.notes] == ["records-after-end"]


@pytest.mark.parametrize(("lasted_s", "after"), [(1500, 0), (600, 0), (600, 30)])
def test_records_after_a_stop_stay_where_the_session_or_the_timer_goes_on(
    lasted_s: int, after: int
) -> None:
    """A start that is missing, one that follows, and half a minute until the file was closed."""
    session = _totals(18, START, lasted_s, 600, 1800.0)
    more = [_timer(700, 0)] if lasted_s == 600 and not after else []
    seconds = 601 + after if after else 1501
    data = _file(_records(seconds), _timer(0, 0), _timer(600, 4), *more, session)
    (run,) = _read(data).recordings
    assert run.time_s.size == seconds


def test_a_run_that_was_resumed_keeps_both_parts_where_the_timer_tells_of_one() -> None:
    """Session and timer events are those of the first part; each part has its lap."""
    laps = (_totals(19, START, 700, 700, 2000.0), _totals(19, START + 1000, 900, 900, 2600.0))
    parts = (_records(701), _records(901, first=START + 1000), _timer(0, 0), _timer(700, 4))
    (run,) = _read(_file(*parts, *laps, _totals(18, START, 700, 700, 2000.0))).recordings
    assert run.time_s.size == 1602
    assert run.notes == ()


@pytest.mark.parametrize("ahead", [1, 2])
def test_records_of_a_clock_that_was_set_later_are_not_after_the_end(ahead: int) -> None:
    """For 300 s an hour ahead: at the start, or in the middle of the run."""
    early = [] if ahead == 1 else [_records(300)]
    first = START + 300 * (ahead - 1)
    clock = (*early, _records(300, first=first + 3600), _records(900, first=first + 300))
    lasted_s = 300 * (ahead - 1) + 1200
    session = _totals(18, START, lasted_s, lasted_s, 3600.0)
    (run,) = _read(_file(*clock, _timer(0, 0), _timer(lasted_s, 4), session)).recordings
    assert run.time_s.size == lasted_s
    assert "records-after-end" not in [note.slug for note in run.notes]


def test_the_timer_was_stopped_for_good_at_its_latest_event_wherever_that_is_written() -> None:
    session = _totals(18, START, 600, 500, 1800.0)
    events = (_timer(0, 0), _timer(1500, 4), _timer(600, 4))
    (run,) = _read(_file(_records(1501), *events, session)).recordings
    assert run.time_s.size == 1501
