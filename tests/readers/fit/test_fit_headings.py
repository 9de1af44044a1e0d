"""Courses in FIT: the GPS receiver's and the attitude unit's, held to Garmin's own decoder."""

import struct
from typing import Any

import numpy as np
from garmin_fit_sdk import Decoder, Stream

from retrorun.model import Recording
from retrorun.readers import read
from retrorun.readers.fit.records import FIT_EPOCH_S
from retrorun.settings import ReadLimits
from retrorun.simulate.write import Encoder, Field, number

START = 1_146_000_000
UNITS_PER_RADIAN = 10_430.38


def _run(data: bytes) -> Recording:
    (run,) = read("a.fit", data, ReadLimits()).recordings
    return run


def _encoder(seconds: int = 5) -> Encoder:
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for second in range(seconds):
        stamp = number(253, "uint32", START + second)
        encoder.add(1, 20, [stamp, number(3, "uint8", 120)])
    return encoder


def _shorts(field: int, values: list[int]) -> Field:
    return Field(field, 0x84, struct.pack(f"<{len(values)}H", *values))


def test_the_gps_receiver_s_heading_is_a_course() -> None:
    encoder = _encoder()
    for second, degrees in enumerate((0.0, 89.99, 359.5)):
        stamp, late = number(253, "uint32", START + second), number(0, "uint16", 250)
        encoder.add(2, 160, [stamp, late, number(5, "uint16", degrees * 100)])
    encoder.add(2, 160, [stamp, late, number(5, "uint16", None)])
    (heading,) = _run(encoder.file()).headings
    assert (heading.source, heading.claim, heading.north) == (
        *("fit:gps_metadata.heading", "course"),
        "true",
    )
    assert heading.heading_deg.tolist() == [0.0, 89.99, 359.5]
    assert (heading.time_s - FIT_EPOCH_S - START).tolist() == [0.25, 1.25, 2.25]


def _attitudes() -> bytes:
    """Two messages of four samples, 250 ms apart; of the second message two are not valid."""
    encoder = _encoder()
    for second, validity in ((0, [1, 1, 1, 1]), (1, [1, 0x3E, 0xFFFF, 0x3E])):
        clock = [90_000 + 1000 * second + 250 * sample for sample in range(4)]
        track = [round(np.radians(80 * sample + second) * UNITS_PER_RADIAN) for sample in range(4)]
        encoder.add(
            2,
            178,
            [
                number(253, "uint32", START + second),
                number(0, "uint16", 500),
                Field(1, 0x86, struct.pack("<4I", *clock)),
                _shorts(9, track),
                _shorts(10, validity),
            ],
        )
    return encoder.file()


def test_the_attitude_unit_s_track_is_a_course() -> None:
    (heading,) = _run(_attitudes()).headings
    assert (heading.source, heading.claim) == ("fit:aviation_attitude.track", "course")
    np.testing.assert_allclose(heading.heading_deg, [0, 80, 160, 240, 1, 161], atol=0.01)
    late_s = [0.5, 0.75, 1.0, 1.25, 1.5, 2.0]
    np.testing.assert_allclose(heading.time_s - FIT_EPOCH_S - START, late_s)


def test_its_track_is_what_garmin_s_decoder_reads() -> None:
    found, errors = Decoder(Stream.from_byte_array(bytearray(_attitudes()))).read(
        convert_datetimes_to_dates=False
    )
    assert not errors
    messages: list[dict[str, Any]] = [dict(one) for one in found["aviation_attitude_mesgs"]]
    tracks = [value for one in messages for value in one["track"]]
    (heading,) = _run(_attitudes()).headings
    valid = np.array(tracks)[[0, 1, 2, 3, 4, 6]]
    np.testing.assert_allclose(heading.heading_deg, np.degrees(valid), atol=1e-9)


def test_without_its_clock_only_the_first_sample_has_a_time() -> None:
    encoder = _encoder()
    encoder.add(2, 178, [number(253, "uint32", START), _shorts(9, [16_384, 32_768])])
    (heading,) = _run(encoder.file()).headings
    np.testing.assert_allclose(heading.heading_deg, [np.degrees(16_384 / UNITS_PER_RADIAN)])
    assert heading.time_s.tolist() == [FIT_EPOCH_S + START]
