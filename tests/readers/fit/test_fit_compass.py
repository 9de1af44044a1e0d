"""Tilt compensation against known attitudes, and the sensor logs of FIT."""

import struct

import numpy as np
import pytest

from retrorun.model import Export
from retrorun.readers import read
from retrorun.readers.attitude import tilt_compensated_deg
from retrorun.settings import ReadLimits
from retrorun.simulate.write import Encoder, Field, number, text
from retrorun.units import FloatArray, wrap_deg

START = 1_146_000_000
DIP_DEG = 62.0


def _attitudes(heading_deg: FloatArray, pitch_deg: float, roll_deg: float) -> FloatArray:
    """(n, 3, 3) rotations from east-north-up to device axes (x right, y forward, z up)."""
    heading = np.radians(heading_deg)
    pitch, roll = np.radians(pitch_deg), np.radians(roll_deg)
    rows = []
    for angle in heading:
        forward = np.array([np.sin(angle), np.cos(angle), 0.0])
        right = np.array([np.cos(angle), -np.sin(angle), 0.0])
        up = np.array([0.0, 0.0, 1.0])
        tipped_forward = np.cos(pitch) * forward + np.sin(pitch) * up
        tipped_up = np.cos(pitch) * up - np.sin(pitch) * forward
        rolled_right = np.cos(roll) * right + np.sin(roll) * tipped_up
        rolled_up = np.cos(roll) * tipped_up - np.sin(roll) * right
        rows.append([rolled_right, tipped_forward, rolled_up])
    return np.array(rows)


def _sensed(heading_deg: FloatArray, pitch: float, roll: float) -> tuple[FloatArray, FloatArray]:
    dip = np.radians(DIP_DEG)
    earth = np.array([0.0, np.cos(dip), -np.sin(dip)])
    gravity = np.array([0.0, 0.0, 1.0])
    turned = _attitudes(heading_deg, pitch, roll)
    return turned @ earth, turned @ gravity


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (30, 0), (0, 40), (-25, 20)])
def test_heading_is_recovered_up_to_a_constant_whatever_the_tilt(pitch: float, roll: float) -> None:
    truth = np.concatenate([np.full(20, 10.0), np.full(20, 100.0), np.full(20, 190.0)])
    field, acceleration = _sensed(truth, pitch, roll)
    found = tilt_compensated_deg(field, acceleration)
    assert found is not None
    settled = np.r_[5:15, 25:35, 45:55]
    off = wrap_deg(found - truth)[settled]
    assert np.ptp(off) < 0.5


def test_level_device_gives_the_heading_of_its_own_axis() -> None:
    truth = np.linspace(0, 350, 36)
    field, acceleration = _sensed(truth, 0, 15)
    found = tilt_compensated_deg(field, acceleration)
    assert found is not None
    np.testing.assert_allclose(wrap_deg(found - truth)[3:-3], 0, atol=0.5)


def test_too_little_gives_none() -> None:
    assert tilt_compensated_deg(np.ones((3, 3)), np.ones((3, 3))) is None
    assert tilt_compensated_deg(np.full((40, 3), np.nan), np.ones((40, 3))) is None


def _floats(field: int, values: FloatArray) -> Field:
    return Field(field, 0x88, struct.pack(f"<{len(values)}f", *values))


def _native_log(sensed: tuple[FloatArray, FloatArray], times: list[Field], samples: int) -> Export:
    """A minute of calibrated messages of a magnetometer and an accelerometer, one each a second."""
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for second in range(60):
        stamp = number(253, "uint32", START + second)
        encoder.add(1, 20, [stamp, number(3, "uint8", 120)])
        for local, message, axes in zip((2, 3), (208, 165), sensed, strict=True):
            own = [_floats(5 + axis, np.repeat(axes[second, axis], samples)) for axis in range(3)]
            encoder.add(local, message, [stamp, *times, *own])
    return read("a.fit", encoder.file(), ReadLimits())


def test_native_calibrated_logs_become_a_heading() -> None:
    truth = np.concatenate([np.full(30, 20.0), np.full(30, 200.0)])
    times = [number(0, "uint16", 0)]
    (run,) = _native_log(_sensed(truth, 10, 5), times, samples=4).recordings
    (heading,) = run.headings
    assert (heading.source, heading.claim, heading.north) == (
        "fit:magnetometer",
        "compass",
        "magnetic",
    )
    truth_then = np.where(heading.time_s < START + 631_065_600 + 30, 20.0, 200.0)
    far = np.abs(heading.time_s - START - 631_065_600 - 30) > 4
    np.testing.assert_allclose(wrap_deg(heading.heading_deg - truth_then)[far], 0, atol=1)


def test_raw_counts_are_calibrated_as_the_file_says() -> None:
    truth = np.full(30, 77.0)
    field, acceleration = _sensed(truth, 0, 0)
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for sensor in (0, 2):
        matrix = struct.pack("<9i", 65535, 0, 0, 0, 65535, 0, 0, 0, 65535)
        encoder.add(
            4,
            167,
            [
                number(0, "enum", sensor),
                number(1, "uint32", 1),
                number(2, "uint32", 1000),
                number(3, "uint32", 32768),
                Field(4, 0x85, struct.pack("<3i", 10, -20, 30)),
                Field(5, 0x85, matrix),
            ],
        )
    shift = 32768 + np.array([10, -20, 30])
    for second in range(30):
        stamp = number(253, "uint32", START + second)
        encoder.add(1, 20, [stamp, number(3, "uint8", 120)])
        for local, message, axes in ((2, 208, field), (3, 165, acceleration)):
            counts = np.round(axes[second] * 1000 + shift).astype(int)
            raw = [number(2 + axis, "uint16", int(counts[axis])) for axis in range(3)]
            encoder.add(local, message, [stamp, *raw])
    (run,) = read("a.fit", encoder.file(), ReadLimits()).recordings
    (heading,) = run.headings
    np.testing.assert_allclose(heading.heading_deg, 77, atol=0.5)


def test_developer_arrays_become_a_heading() -> None:
    truth = np.full(30, 300.0)
    field, acceleration = _sensed(truth, 0, 0)
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for own, name in enumerate(["mag_X", "mag_Y", "mag_Z", "accel_X", "accel_Y", "accel_Z"]):
        described = [number(0, "uint8", 0), number(1, "uint8", own), number(2, "uint8", 0x88)]
        encoder.add(3, 206, [*described, text(3, name)])
    for second in range(30):
        six = np.concatenate([field[second], acceleration[second]])
        arrays = [_floats(own, np.repeat(six[own], 5)) for own in range(6)]
        stamp = number(253, "uint32", START + second)
        encoder.add(1, 20, [stamp, number(3, "uint8", 120)], arrays)
    (run,) = read("a.fit", encoder.file(), ReadLimits()).recordings
    (heading,) = run.headings
    np.testing.assert_allclose(heading.heading_deg, 300, atol=0.5)


def test_a_single_sample_of_a_message_has_its_own_time() -> None:
    """A sensor whose messages hold one sample each, 0.75 s after their time stamps."""
    truth = np.concatenate([np.full(30, 20.0), np.full(30, 200.0)])
    times = [number(0, "uint16", 500), number(1, "uint16", 750)]
    (run,) = _native_log(_sensed(truth, 0, 0), times, samples=1).recordings
    (heading,) = run.headings
    turned_s = heading.time_s[np.flatnonzero(np.abs(wrap_deg(heading.heading_deg - 200)) < 1)[0]]
    assert turned_s - START - 631_065_600 == pytest.approx(31.5, abs=0.1)  # of the second's middle
