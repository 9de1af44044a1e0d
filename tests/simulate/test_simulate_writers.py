"""Files that the simulator writes, read by other people's readers."""

import io
import struct
from datetime import UTC
from functools import cache
from typing import cast, get_args

import fitparse
import gpxpy
import numpy as np
import pytest
from garmin_fit_sdk import Decoder, Stream
from lxml import etree

from retrorun.readers import read
from retrorun.settings import ReadLimits
from retrorun.simulate import Simulated, fit_bytes, gpx_bytes, scenarios, simulate, tcx_bytes
from retrorun.simulate.write import EXTENSION, TCX, TPX1, TPX2, Flavour, checksum, number, single
from retrorun.units import FloatArray, wrap_deg

FIT_NAMES = ("intervals", "workout steps", "auto-pause", "gait dynamics", "treadmill", "drop-outs")


@cache
def made(name: str) -> Simulated:
    """No test changes it."""
    return simulate(scenarios()[name], 11)


@cache
def fit_of(name: str) -> bytes:
    return fit_bytes(made(name))


@cache
def gpx_of(flavour: Flavour) -> bytes:
    return gpx_bytes(made("intervals"), flavour)


@cache
def sdk_messages(data: bytes) -> dict[str, list[dict[str, object]]]:
    messages, errors = Decoder(Stream.from_bytes_io(io.BytesIO(data))).read()
    assert errors == []
    return cast("dict[str, list[dict[str, object]]]", messages)


@pytest.mark.parametrize("name", FIT_NAMES)
def test_garmins_own_decoder_finds_nothing_wrong(name: str) -> None:
    simulated, data = made(name), fit_of(name)
    assert Decoder(Stream.from_bytes_io(io.BytesIO(data))).check_integrity()
    messages = sdk_messages(data)
    assert len(messages["record_mesgs"]) == len(simulated.recording.time_s)
    assert messages["session_mesgs"][0]["sport"] == "running"


@pytest.mark.parametrize("name", FIT_NAMES)
def test_fitparse_reads_every_record(name: str) -> None:
    simulated = made(name)
    rows = [row.get_values() for row in fitparse.FitFile(fit_of(name)).get_messages("record")]
    recording = simulated.recording
    stamps = [row["timestamp"].replace(tzinfo=UTC).timestamp() for row in rows]
    assert np.array_equal(stamps, recording.time_s)
    heart = np.array([row["heart_rate"] for row in rows], dtype=np.float64)
    assert np.array_equal(heart, recording.columns["heart_rate_bpm"])
    steps = np.array([2.0 * (row["cadence"] + row["fractional_cadence"]) for row in rows])
    assert np.array_equal(steps, recording.columns["cadence_spm"])
    if "latitude_deg" in recording.columns:
        latitude = np.array([row["position_lat"] for row in rows]) * 180.0 / 2**31
        assert np.allclose(latitude, recording.columns["latitude_deg"], atol=1e-7)


@pytest.mark.parametrize(("unit", "spoken"), [("rad", "radians"), ("deg", "degrees")])
def test_the_heading_field_comes_back_in_its_unit(unit: str, spoken: str) -> None:
    simulated = made("drop-outs")
    data = fit_bytes(simulated, "rad" if unit == "rad" else "deg")
    described = sdk_messages(data)["field_description_mesgs"][0]
    assert described["field_name"] == ["heading"] or described["field_name"] == "heading"
    assert described["units"] in (spoken, [spoken])
    rows = [row.get_values() for row in fitparse.FitFile(data).get_messages("record")]
    headings = np.array([row.get("heading") for row in rows], dtype=np.float64)
    if unit == "rad":
        assert np.nanmin(headings) >= -np.pi - 1e-6
        headings = np.degrees(headings)
    truth = simulated.recording.headings[0].heading_deg
    assert np.array_equal(np.isnan(headings), np.isnan(truth))
    known = ~np.isnan(truth)
    assert np.allclose(wrap_deg(headings[known] - truth[known]), 0.0, atol=1e-3)


def test_workout_steps_stand_behind_the_laps() -> None:
    simulated = made("workout steps")
    messages = sdk_messages(fit_of("workout steps"))
    steps = messages["workout_step_mesgs"]
    for lap, said in zip(messages["lap_mesgs"], simulated.recording.laps, strict=True):
        index = lap["wkt_step_index"]
        assert isinstance(index, int)
        assert steps[index]["wkt_step_name"] == said.step
        assert lap["total_elapsed_time"] == said.end_time_s - said.start_time_s


def test_pauses_become_timer_events() -> None:
    simulated = made("auto-pause")
    events = sdk_messages(fit_of("auto-pause"))["event_mesgs"]
    kinds = [event["event_type"] for event in events]
    assert kinds == ["start", *["stop_all", "start"] * len(simulated.recording.pauses), "stop_all"]
    session = sdk_messages(fit_of("auto-pause"))["session_mesgs"][0]
    stood = sum(pause.end_time_s - pause.start_time_s for pause in simulated.recording.pauses)
    elapsed, timer = session["total_elapsed_time"], session["total_timer_time"]
    assert isinstance(elapsed, float)
    assert isinstance(timer, float)
    assert elapsed - timer == pytest.approx(stood)


def test_local_time_is_the_places() -> None:
    activity = sdk_messages(fit_of("intervals"))["activity_mesgs"][0]
    stamp, local = activity["timestamp"], activity["local_timestamp"]
    assert isinstance(local, int)
    assert hasattr(stamp, "timestamp")
    assert local - (stamp.timestamp() - 631_065_600) == -21_600


def test_checksum_of_the_protocols_check_string() -> None:
    """CRC-16/ARC of "123456789" is 0xBB3D (the catalogue of parametrised CRC algorithms)."""
    assert checksum(b"123456789") == 0xBB3D


def test_missing_numbers_are_the_profiles_invalid_values() -> None:
    assert number(3, "uint8", None).raw == b"\xff"
    assert number(3, "uint8", float("nan")).raw == b"\xff"
    assert number(3, "uint8", 300).raw == b"\xff"
    assert number(0, "sint32", None).raw == struct.pack("<i", 0x7FFFFFFF)
    assert single(0, float("nan")).raw == b"\xff\xff\xff\xff"


def extension(data: bytes, name: str) -> FloatArray:
    """Values of all elements of this qualified name, in document order."""
    found = [node.text for node in etree.fromstring(data).iter(name)]
    return np.array(found, dtype=np.float64)


@pytest.mark.parametrize("flavour", get_args(Flavour))
def test_gpxpy_reads_every_flavour(flavour: Flavour) -> None:
    simulated = made("intervals")
    track = gpxpy.parse(gpx_of(flavour).decode()).tracks[0]
    points = [point for segment in track.segments for point in segment.points]
    latitude = np.array([point.latitude for point in points])
    assert np.array_equal(latitude, simulated.recording.columns["latitude_deg"])
    times = [point.time.timestamp() for point in points if point.time is not None]
    assert np.array_equal(times, simulated.recording.time_s)


def test_each_flavour_puts_the_heading_in_its_own_place() -> None:
    simulated = made("intervals")
    heading = simulated.recording.headings[0].heading_deg
    course = simulated.recording.columns["device_course_deg"]
    osmand = "{https://osmand.net/docs/technical/osmand-file-formats/osmand-gpx}heading"
    assert np.allclose(extension(gpx_of("osmand"), osmand), heading)
    tracker = gpx_of("osmtracker")
    assert np.allclose(extension(tracker, "{*}compass"), heading)
    garmin = gpx_of("garmin")
    assert np.allclose(extension(garmin, f"{{{TPX2}}}bearing"), heading)
    assert np.allclose(extension(garmin, f"{{{TPX2}}}course"), course)
    trap = gpx_of("gpslogger")
    assert np.allclose(extension(trap, f"{{{TPX2}}}bearing"), course)
    assert len(extension(trap, f"{{{TPX2}}}course")) == 0
    assert len(extension(gpx_bytes(simulated), f"{{{TPX1}}}hr")) == len(heading)


def test_a_pause_begins_a_new_gpx_segment() -> None:
    simulated = made("auto-pause")
    parts = gpxpy.parse(gpx_bytes(simulated, "osmand").decode()).tracks[0].segments
    assert len(parts) == len(simulated.recording.pauses) + 1
    assert all(part.points for part in parts)


def test_tcx_holds_every_second_once_and_the_laps_words() -> None:
    simulated = made("named laps")
    data = tcx_bytes(simulated)
    recording, root = simulated.recording, etree.fromstring(data)
    heart = extension(data, f"{{{TCX}}}Value")
    assert np.array_equal(heart, recording.columns["heart_rate_bpm"][: len(heart)])
    assert len(recording.time_s) - len(heart) <= 1  # the last instant closes the last lap
    steps = 2.0 * extension(data, f"{{{EXTENSION}}}RunCadence")
    assert np.array_equal(steps, recording.columns["cadence_spm"][: len(steps)])
    notes = [node.text for node in root.iter(f"{{{TCX}}}Notes")]
    assert notes == [lap.name for lap in recording.laps]


@pytest.mark.parametrize(
    ("flavour", "source", "claim"),
    [
        ("osmand", "osmand:heading", "compass"),
        ("osmtracker", "osmtracker:compass", "compass"),
        ("osmtracker-comment", "osmtracker:compass", "compass"),
        ("garmin", "gpx:bearing", "compass"),
        ("gpslogger", "gpx:bearing", "course"),
        ("apple", "gpx:course", "course"),
        ("plain", None, None),
    ],
)
def test_our_reader_takes_each_flavour_for_what_it_is(
    flavour: Flavour, source: str | None, claim: str | None
) -> None:
    simulated = made("intervals")
    export = read("run.gpx", gpx_of(flavour), ReadLimits())
    claims = {series.source: series.claim for series in export.recordings[0].headings}
    assert claims.get(source or "") == claim
    if claim == "compass":
        found = next(one for one in export.recordings[0].headings if one.source == source)
        told = simulated.recording.headings[0].heading_deg
        assert np.allclose(wrap_deg(found.heading_deg - told), 0.0, atol=0.051)
