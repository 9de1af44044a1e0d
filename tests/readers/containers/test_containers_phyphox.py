"""phyphox's export: places and heading by hand, and a clock that stands still in pauses."""

import io
import sys
import zipfile

import numpy as np
import pytest

from made_phone import RATE_HZ, facing, packed, phone
from retrorun.errors import NotARunError, ReadError
from retrorun.ingest import file_groups
from retrorun.readers import members, read
from retrorun.readers.containers import phyphox
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray, IntArray

LIMITS = ReadLimits()
BEGIN = 1_777_793_400.25
TURNED = 10.0 * np.arange(30)
EVENTS = (
    '"event","experiment time","system time","system time text"\n'
    f'"START",0.000000000E0,{BEGIN:.9E},"2026-05-03"\n'
    f'"PAUSE",2.0E1,{BEGIN + 20:.9E},""\n'
    f'"START",2.0E1,{BEGIN + 120:.9E},""\n'
)

CLOCK = EVENTS.encode()


def table(heads: list[str], rows: list[list[float]], apart: str = ",") -> str:
    point = "," if apart == ";" else "."
    lines = [apart.join(f"{value:.9E}".replace(".", point) for value in row) for row in rows]
    return "\n".join([apart.join(f'"{head}"' for head in heads), *lines, ""])


def places(apart: str = ",") -> str:
    heads = ["Time (s)", "Latitude (°)", "Longitude (°)", "Height (m)", "Velocity (m/s)"]
    heads += ["Direction (°)", "Horizontal Accuracy (m)"]
    rows = [[second, 46 + second / 1e4, 14.5, 300.0, 2.5, -1.0, 4.0] for second in range(30)]
    return table(heads, [[float(value) for value in row] for row in rows], apart)


def export(apart: str = ",", events: str = EVENTS) -> bytes:
    """A phone that lies on its back and turns from north over east, 10° a second."""
    turn = np.radians(TURNED)
    field = np.stack([-19.0 * np.sin(turn), 19.0 * np.cos(turn), np.full(30, -45.0)], axis=1)
    axes = [f"Magnetic field {axis} (µT)" for axis in "xyz"]
    pull = [f"Acceleration {axis} (m/s^2)" for axis in "xyz"]
    steps = [[float(second), *field[second].tolist()] for second in range(30)]
    still = [[float(second), 0.0, 0.0, 9.81] for second in range(30)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("run/Location.csv", places(apart))
        made.writestr("run/Magnetometer.csv", table(["Time (s)", *axes], steps, apart))
        made.writestr("run/Accelerometer.csv", table(["Time (s)", *pull], still, apart))
        made.writestr("run/meta/time.csv", events)
        made.writestr("run/meta/device.csv", '"property","value"\n"deviceModel","P"\n')
    return packed.getvalue()


@pytest.mark.parametrize("apart", [",", ";", "\t"])
def test_places_and_heading_are_read_whatever_parts_the_columns(apart: str) -> None:
    events = EVENTS if apart == "," else EVENTS.replace(",", apart)
    found = dict(members("walk.zip", export(apart, events), LIMITS))
    assert list(found) == ["walk.zip/run/Location.csv"]
    content = found["walk.zip/run/Location.csv"]
    assert isinstance(content, bytes)
    (run,) = read("log.gpx", content, LIMITS).recordings
    assert run.device == "phyphox (magnetometer)"
    np.testing.assert_allclose(run.columns["latitude_deg"], 46 + np.arange(30) / 1e4)
    assert "course_deg" not in run.columns or np.isnan(run.columns["course_deg"]).all()
    heading = next(each for each in run.headings if each.claim == "compass").heading_deg
    np.testing.assert_allclose(np.unwrap(heading, period=360), TURNED, atol=0.1)


def test_the_clock_goes_on_in_pauses() -> None:
    ((_, content),) = members("walk.zip", export(), LIMITS)
    assert isinstance(content, bytes)
    (run,) = read("log.gpx", content, LIMITS).recordings
    expected = [BEGIN + second + (100 if second >= 20 else 0) for second in range(30)]
    np.testing.assert_allclose(run.time_s, expected, atol=1e-3)


@pytest.mark.parametrize(
    "events", ["", "\ufeff", "\n", '"event","experiment time"\n"START",0\n', "no table"]
)
def test_without_a_start_nothing_tells_when_it_was(events: str) -> None:
    ((name, reason),) = members("walk.zip", export(events=events), LIMITS)
    assert name == "walk.zip/run/Location.csv"
    assert isinstance(reason, NotARunError)
    assert "meta/time.csv" in reason.message


def test_a_loose_table_says_that_its_zip_is_needed() -> None:
    with pytest.raises(NotARunError) as caught:
        read("Location.csv", places().encode(), LIMITS)
    assert "zip" in (caught.value.remedy or "")


def test_other_tables_are_none_of_phyphox_s() -> None:
    assert phyphox.role(b"time,latitude,longitude\n1,2,3\n") is None
    assert phyphox.role(b'"Time (s)","Gyroscope x (rad/s)"\n') is None
    assert phyphox.role(b"\xff\xfe\x00\n") is None
    assert phyphox.roles({"a.csv": EVENTS.encode()}) == {}


def test_heights_and_speeds_are_known_by_both_names_that_experiments_give_them() -> None:
    """ "Location (GPS)" of phyphox writes other heads than experiments that one puts together."""
    other = places().replace("Height (m)", "Altitude (m)").replace("Velocity (", "Speed (")
    for tables in (places(), other):
        log = phyphox.phyphox_log("a", {"places": tables.encode(), "events": CLOCK}, LIMITS)
        (run,) = read("log.gpx", log, LIMITS).recordings
        assert set(run.columns["altitude_m"]) == {300.0}
        assert set(run.columns["speed_mps"]) == {2.5}


def test_too_long_a_table_is_refused() -> None:
    with pytest.raises(ReadError) as caught:
        phyphox.phyphox_log("a", {"places": places().encode()}, ReadLimits(samples=5))
    assert caught.value.slug == "too-many-samples"


def test_its_zip_is_wanted_in_a_folder() -> None:
    assert file_groups.may_be_wanted("phyphox 2026-05-03 07-30-00.zip")


def raw_export(
    turns: dict[float, float],
    seconds: int,
    events: str,
    *,
    magnetic: bool,
    steps_hz: FloatArray | float = 2.8,
) -> bytes:
    """Gyroscope and acceleration of a phone in a pocket, and perhaps its magnetometer."""
    made = phone(facing(seconds, turns), steps_hz=steps_hz)
    heads = ["Time (s)", "Latitude (°)", "Longitude (°)"]
    tables: dict[str, bytes | str] = {
        "Location.csv": table(heads, [[float(n), 46 + n / 1e4, 14.5] for n in range(seconds)]),
        "meta/time.csv": events,
    }
    for name, unit, values in (
        ("Gyroscope", "rad/s", made.rate_radps),
        ("Acceleration", "m/s^2", made.acceleration),
        *((("Magnetic field", "µT", made.field),) if magnetic else ()),
    ):
        axes = [f"{name} {axis} ({unit})" for axis in "xyz"]
        rows = np.column_stack([made.at_s, values]).tolist()
        tables[f"{name}.csv"] = table(["Time (s)", *axes], rows)
    return packed(tables)


def heading_of(content: bytes) -> tuple[str, FloatArray, IntArray | None]:
    ((_, log),) = members("walk.zip", content, LIMITS)
    assert isinstance(log, bytes)
    (found,) = [
        each
        for each in read("log.gpx", log, LIMITS).recordings[0].headings
        if each.claim == "compass"
    ]
    return found.source, found.heading_deg, found.mount


def test_gyroscope_and_acceleration_give_a_heading_that_starts_anew_after_a_pause() -> None:
    events = EVENTS.replace("2.0E1", "6.0E1").replace(f"{BEGIN + 20:.9E}", f"{BEGIN + 60:.9E}")
    events = events.replace(f"{BEGIN + 120:.9E}", f"{BEGIN + 160:.9E}")
    source, heading, mount = heading_of(raw_export({30.0: 90.0}, 120, events, magnetic=False))
    assert source == "phyphox:gyroscope-unsigned"
    turned = np.unwrap(heading, period=360)
    assert turned[50] - turned[10] == pytest.approx(90.0, abs=8.0)
    assert mount is not None
    assert mount.tolist() == [0] * 60 + [1] * 60


def test_steps_are_counted_by_the_bounce_on_the_clock_of_the_places() -> None:
    """150 steps a minute before the pause of 40 s, none at rest behind it, then 180."""
    events = EVENTS.replace("2.0E1", "6.0E1").replace(f"{BEGIN + 20:.9E}", f"{BEGIN + 60:.9E}")
    events = events.replace(f"{BEGIN + 120:.9E}", f"{BEGIN + 100:.9E}")
    steps_hz = np.repeat([150 / 60, 0.0, 180 / 60], 60 * RATE_HZ)
    content = raw_export({}, 180, events, magnetic=False, steps_hz=steps_hz)
    ((_, log),) = members("walk.zip", content, LIMITS)
    assert isinstance(log, bytes)
    (run,) = read("log.gpx", log, LIMITS).recordings
    since_s, cadence = run.time_s - BEGIN, run.columns["cadence_spm"]
    for begin_s, end_s, expected_spm in ((5, 55, 150.0), (110, 155, 0.0), (170, 215, 180.0)):
        here = (since_s >= begin_s) & (since_s <= end_s)
        assert here.sum() > 40
        np.testing.assert_allclose(cadence[here], expected_spm, rtol=0.01)


def test_a_magnetometer_goes_first_and_needs_no_new_mount_after_a_pause() -> None:
    source, heading, mount = heading_of(raw_export({30.0: 90.0}, 60, EVENTS, magnetic=True))
    assert source == "phyphox:magnetometer"
    assert mount is None
    truth = facing(60, {30.0: 90.0})[::RATE_HZ]
    apart = np.unwrap(heading - truth[: heading.size], period=360)
    assert np.abs(apart - apart.mean()).max() < 12.0


def test_without_the_library_a_note_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vqf", None)
    content = raw_export({}, 60, EVENTS, magnetic=False)
    ((_, log),) = members("walk.zip", content, LIMITS)
    assert isinstance(log, bytes)
    (run,) = read("log.gpx", log, LIMITS).recordings
    assert run.headings == ()
    assert "heading-unread" in {each.slug for each in run.notes}


@pytest.mark.parametrize("impossible", ["1.0E15", "-1.0E15", "1.0E300"])
def test_a_time_that_no_calendar_has_costs_its_own_export_only(impossible: str) -> None:
    begun = f'"event","experiment time","system time"\n"START",0.0E0,{impossible}\n'
    late = places().replace("\n2.900000000E+01,", f"\n{impossible},")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for folder, table_of_places, events in (
            ("a", places(), begun),
            ("b", late, EVENTS),
            ("c", places(), EVENTS),
        ):
            made.writestr(f"{folder}/Location.csv", table_of_places)
            made.writestr(f"{folder}/meta/time.csv", events)
    found = dict(members("p.zip", packed.getvalue(), LIMITS))
    refused = found["p.zip/a/Location.csv"]
    assert isinstance(refused, NotARunError)
    assert refused.slug == "sensor-log-part"
    sizes = []
    for folder in "bc":
        content = found[f"p.zip/{folder}/Location.csv"]
        assert isinstance(content, bytes)
        sizes.append(read("x", content, LIMITS).recordings[0].time_s.size)
    assert sizes == [29, 30]
