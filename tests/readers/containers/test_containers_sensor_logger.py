"""A phone's tables by themselves: what their heads say, and what is made of them."""

import io
import sys
import zipfile
from collections.abc import Sequence

import numpy as np
import pytest

from made_phone import (
    Phone,
    about_table,
    facing,
    packed,
    phone,
    places_table,
    sensor_table,
)
from retrorun.errors import NotARunError, ReadError
from retrorun.model import HeadingSeries, Recording
from retrorun.readers import members, read
from retrorun.readers.containers import sensor_logger
from retrorun.readers.containers import sensor_logger as phone_tables
from retrorun.settings import ReadLimits

LIMITS = ReadLimits()
BEGIN = 1_777_793_400


def _table(heads: str, rows: Sequence[tuple[float, ...]]) -> bytes:
    lines = [",".join(f"{value:.10g}" for value in values) for _, *values in rows]
    stamps = [f"{(BEGIN + row[0]) * 1e9:.0f}" for row in rows]
    body = [f"{stamp},{line}" for stamp, line in zip(stamps, lines, strict=True)]
    return "\n".join([f"time,{heads}", *body, ""]).encode()


PLACES = _table(
    "horizontalAccuracy,speed,longitude,latitude",
    [(n, 4, 2.5, 14.5, 46 + n / 1e4) for n in range(9)],
)


def test_places_alone_are_a_recording() -> None:
    export = read("any name at all", b"\xef\xbb\xbf" + PLACES.replace(b"\n", b"\r\n"), LIMITS)
    (run,) = export.recordings
    assert run.time_s.tolist() == [BEGIN + n for n in range(9)]
    np.testing.assert_allclose(run.columns["latitude_deg"], 46 + np.arange(9) / 1e4)
    assert set(run.columns["speed_mps"]) == {2.5}
    assert set(run.columns["gps_accuracy_m"]) == {4}
    assert run.headings == ()
    assert run.device == "Sensor Logger"


@pytest.mark.parametrize(
    ("heads", "width"), [("magneticBearing", 1), ("yaw,pitch,roll", 3), ("qz,yaw,roll,pitch", 4)]
)
def test_a_heading_alone_says_what_it_lacks(heads: str, width: int) -> None:
    data = _table(heads, [(n, *[1.0] * width) for n in range(9)])
    with pytest.raises(NotARunError) as caught:
        read("Location.csv", data, LIMITS)
    assert caught.value.slug == "sensor-log-part"
    assert "Location.csv" in (caught.value.remedy or "")


def test_other_tables_are_no_recording() -> None:
    for data in (b"time,colour\n1,red\n", b"name,latitude,longitude\nhome,1,2\n", b"time\n"):
        with pytest.raises(ReadError) as caught:
            read("Compass.csv", data, LIMITS)
        assert caught.value.slug == "unknown-format"


def test_the_phone_s_tables_go_before_a_watch_s_and_gravity_before_the_whole() -> None:
    axes = b"time,z,y,x\n"
    heads = {
        "WatchCompass.csv": b"time,magneticBearing\n",
        "Compass.csv": b"time,magneticBearing\n",
        "TotalAcceleration.csv": axes,
        "Gravity.csv": axes,
        "Accelerometer.csv": axes,
        "Location.csv": PLACES,
    }
    (log,) = phone_tables.logs(heads)
    assert log == {
        "acceleration": "Accelerometer.csv",
        "compass": "Compass.csv",
        "gravity": "Gravity.csv",
        "places": "Location.csv",
        "total acceleration": "TotalAcceleration.csv",
    }
    del heads["Compass.csv"], heads["Gravity.csv"]
    (log,) = phone_tables.logs(heads)
    assert log == {
        "acceleration": "Accelerometer.csv",
        "compass": "WatchCompass.csv",
        "total acceleration": "TotalAcceleration.csv",
        "places": "Location.csv",
    }


COMPASS = b"time,magneticBearing\n"
YAW = b"time,yaw,pitch,roll\n"
AXES = b"time,z,y,x\n"


@pytest.mark.parametrize(
    "name", ["run{}_{}.csv", "{1} ({0}).csv", "{1}-2026-05-0{0}.csv", "{}{}.csv"]
)
def test_each_log_of_a_folder_is_one_of_its_own(name: str) -> None:
    heads = {
        "Location": PLACES,
        "Compass": COMPASS,
        "Magnetometer": AXES,
        "TotalAcceleration": AXES,
    }
    tables = {name.format(n, one): head for n in (1, 2) for one, head in heads.items()}
    words = {"places": "Location", "compass": "Compass", "magnetometer": "Magnetometer"}
    words["total acceleration"] = "TotalAcceleration"
    expected = [{role: name.format(n, one) for role, one in words.items()} for n in (1, 2)]
    assert phone_tables.logs(tables) == expected
    assert phone_tables.logs(dict(reversed(tables.items()))) == expected


def test_a_copy_s_number_keeps_it_apart_from_the_first() -> None:
    tables = dict.fromkeys(("Location.csv", "Location (1).csv"), PLACES)
    tables |= dict.fromkeys(("Compass.csv", "Compass (1).csv"), COMPASS)
    tables |= dict.fromkeys(("Headphone.csv", "Headphone (1).csv"), YAW)
    assert phone_tables.logs(tables) == [
        {
            "places": "Location (1).csv",
            "compass": "Compass (1).csv",
            "orientation": "Headphone (1).csv",
        },
        {"places": "Location.csv", "compass": "Compass.csv", "orientation": "Headphone.csv"},
    ]


def test_places_are_never_lost_and_headings_only_where_their_log_has_better() -> None:
    tables = dict.fromkeys(("Location.csv", "location.csv", "LocationGps.csv"), PLACES)
    tables |= dict.fromkeys(("track.csv", "WatchLocation.csv", "locations.csv"), PLACES)
    assert [log["places"] for log in phone_tables.logs(tables)] == [
        *("Location.csv", "location.csv", "locations.csv", "track.csv")
    ]
    lone = {"run1_Location.csv": PLACES, "run1_Compass.csv": COMPASS, "run2_Compass.csv": COMPASS}
    assert phone_tables.logs(lone) == [
        {"places": "run1_Location.csv", "compass": "run1_Compass.csv"},
        {"compass": "run2_Compass.csv"},
    ]
    del lone["run1_Compass.csv"]
    assert phone_tables.logs(lone) == [
        {"places": "run1_Location.csv", "compass": "run2_Compass.csv"}
    ]
    two = {"a.csv": PLACES, "b.csv": PLACES, "c.csv": COMPASS}
    assert phone_tables.logs(two) == [
        {"places": "a.csv"},
        {"places": "b.csv"},
        {"compass": "c.csv"},
    ]


@pytest.mark.parametrize(
    "first",
    ["1777793400", "1777793400000", "1777793400000000", "2026-05-03T07:30:00Z", "", "nan", "4e18"],
)
def test_places_with_a_time_in_other_units_are_not_a_phone_s(first: str) -> None:
    table = f"name,time,latitude,longitude\nx,{first},46,14.5\n".encode()
    assert phone_tables.role("Location.csv", table) is None
    with pytest.raises(ReadError) as caught:
        read("Location.csv", table, LIMITS)
    assert caught.value.slug == "unknown-format"


def test_an_empty_table_is_a_phone_s_only_by_its_name() -> None:
    assert phone_tables.role("run1_Location.csv", b"time,latitude,longitude\r\n") == "places"
    assert phone_tables.role("stations.csv", b"time,latitude,longitude\r\n") is None


def test_a_time_that_the_head_cuts_off_does_not_count() -> None:
    heads = "latitude,longitude,note,time\n"
    row = "46,14.5,"
    note = "n" * (phone_tables.HEAD_BYTES - len(heads) - len(row) - 1 - 10)
    table = f"{heads}{row}{note},{BEGIN * 10**9}\n".encode()
    assert phone_tables.role("a.csv", table[: phone_tables.HEAD_BYTES]) is None
    shorter = table.replace(b"nnnnnnnnnn", b"", 1)
    assert phone_tables.role("a.csv", shorter[: phone_tables.HEAD_BYTES]) == "places"


def test_yaw_keeps_its_own_sign_and_north_is_not_known() -> None:
    """Radians; what lies around a place is averaged on the circle."""
    yaw = _table(
        "yaw,pitch,roll", [(n + 0.2 * k, np.pi - 0.01 * k, 0, 0) for n in range(9) for k in (-1, 1)]
    )
    log = sensor_logger.sensor_log("a", {"places": PLACES, "orientation": yaw}, LIMITS)
    (heading,) = read("a", log, LIMITS).recordings[0].headings
    assert (heading.source, heading.claim, heading.north) == (
        *("sensorlogger:yaw", "compass"),
        "unknown",
    )
    np.testing.assert_allclose(heading.heading_deg, 180, atol=1e-6)


def test_magnetometer_and_gravity_are_levelled() -> None:
    """x is up and z is north, so y = z × x = north × up: the top edge points east."""
    field = _table("x,y,z", [(n, -43, 0, 20) for n in range(-1, 19)])
    gravity = _table("x,y,z", [(n, 9.81, 0, 0) for n in range(-1, 19)])
    places = _table("latitude,longitude", [(n, 46 + n / 1e4, 14.5) for n in range(15)])
    tables: dict[phone_tables.Role, bytes] = {
        "places": places,
        "magnetometer": field,
        "gravity": gravity,
    }
    (heading,) = (
        read("a", sensor_logger.sensor_log("a", tables, LIMITS), LIMITS).recordings[0].headings
    )
    assert (heading.source, heading.north) == ("sensorlogger:magnetometer", "magnetic")
    np.testing.assert_allclose(heading.heading_deg, 90, atol=1e-6)


def _bearings(seconds: int) -> bytes:
    return _table("magneticBearing", [(n + 0.5, 12.5 + n) for n in range(seconds)])


@pytest.mark.parametrize(
    ("apart", "point"), [(b";", b","), (b";", b"."), (b"\t", b","), (b"\t", b".")]
)
def test_tables_that_a_spreadsheet_saved_again_are_read(apart: bytes, point: bytes) -> None:
    """Columns apart by semicolons or tabs, numbers perhaps with a decimal comma."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, data in (("Location", PLACES), ("Compass", _bearings(9))):
            again = data.replace(b",", apart).replace(b".", point)
            made.writestr(f"{name}.csv", again)
    ((_, found),) = members("a.zip", packed.getvalue(), LIMITS)
    assert isinstance(found, bytes)
    (run,) = read("log.gpx", found, LIMITS).recordings
    assert run.time_s.tolist() == [BEGIN + n for n in range(9)]
    np.testing.assert_allclose(run.columns["latitude_deg"], 46 + np.arange(9) / 1e4)
    (heading,) = run.headings
    # a point takes the mean of what lies within half a second of it
    expected = [12.5, *(12.0 + n for n in range(1, 9))]
    np.testing.assert_allclose(heading.heading_deg, expected, atol=1e-6)


@pytest.mark.parametrize(
    "compass", [b"time,seconds_elapsed,magneticBearing\n", _table("magneticBearing", [(-900, 5)])]
)
def test_a_compass_without_a_value_hides_no_other_sensor(compass: bytes) -> None:
    """x is up and z is north, so y = z × x = north × up: the top edge points east."""
    tables: dict[phone_tables.Role, bytes] = {
        "places": _table("latitude,longitude", [(n, 46 + n / 1e4, 14.5) for n in range(15)]),
        "compass": compass,
        "magnetometer": _table("x,y,z", [(n, -43, 0, 20) for n in range(-1, 19)]),
        "gravity": _table("x,y,z", [(n, 9.81, 0, 0) for n in range(-1, 19)]),
    }
    log = sensor_logger.sensor_log("a", tables, LIMITS)
    (heading,) = read("a", log, LIMITS).recordings[0].headings
    assert heading.source == "sensorlogger:magnetometer"
    np.testing.assert_allclose(heading.heading_deg, 90, atol=1e-6)


@pytest.mark.parametrize(
    ("heads", "rest"), [("x" + ",x" * 100_000, ""), ("y", "," * 100_000), ("y", '"' * 100_001)]
)
def test_a_table_with_endless_columns_is_refused_by_name(heads: str, rest: str) -> None:
    data = f"time,latitude,longitude,{heads}\n".encode() + PLACES.partition(b"\n")[2]
    with pytest.raises(ReadError) as caught:
        sensor_logger.sensor_log("a.zip/Location.csv", {"places": data + rest.encode()}, LIMITS)
    assert caught.value.slug == "csv-broken"
    assert caught.value.file == "a.zip/Location.csv"


def test_too_long_a_table_is_refused() -> None:
    with pytest.raises(ReadError) as caught:
        read("a", PLACES, ReadLimits(samples=5))
    assert caught.value.slug == "too-many-samples"


def test_several_logs_in_one_folder_of_a_zip_are_all_read() -> None:
    later = PLACES.replace(str(BEGIN).encode(), str(BEGIN + 86400).encode())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for n in range(2010):
            made.writestr(f"logs/{n}.csv", "words\n")
        made.writestr("logs/run1_Location.csv", PLACES)
        made.writestr("logs/run2_Location.csv", later)
        made.writestr("logs/stations.csv", "time,latitude,longitude\n1777793400,46,14.5\n")
    found = dict(members("a.zip", packed.getvalue(), LIMITS))
    assert list(found) == ["a.zip/logs/run1_Location.csv", "a.zip/logs/run2_Location.csv"]
    assert all(isinstance(data, bytes) for data in found.values())


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("latitude_deg", [46.0, -46.0])
def test_a_heading_is_not_mirrored_whatever_sign_gravity_has(
    sign: float, latitude_deg: float
) -> None:
    """A phone flat on its back that turns from north over east: an iPhone's gravity points down."""
    turn = np.radians(10.0 * np.arange(30))
    dip = -45.0 * np.sign(latitude_deg)
    field = np.stack([-19.0 * np.sin(turn), 19.0 * np.cos(turn), np.full(30, dip)], axis=1)
    tables: dict[phone_tables.Role, bytes] = {
        "places": _table(
            "horizontalAccuracy,speed,longitude,latitude",
            [(n, 4, 2.5, 14.5, latitude_deg + n / 1e4) for n in range(30)],
        ),
        "magnetometer": _table("x,y,z", [(n, *field[n]) for n in range(30)]),
        "gravity": _table("x,y,z", [(n, 0.0, 0.0, sign * 9.81) for n in range(30)]),
    }
    text = sensor_logger.sensor_log("log", tables, LIMITS)
    (run,) = read("log.gpx", text, LIMITS).recordings
    heading = next(each for each in run.headings if each.claim == "compass").heading_deg
    np.testing.assert_allclose(np.unwrap(heading, period=360), 10.0 * np.arange(30), atol=0.1)


def test_samples_of_no_gravity_say_nothing_of_up_and_down(
    recwarn: pytest.WarningsRecorder,
) -> None:
    """A sensor that starts may write zeros first; an iPhone's gravity points down."""
    turn = np.radians(10.0 * np.arange(30))
    field = np.stack([-19.0 * np.sin(turn), 19.0 * np.cos(turn), np.full(30, -45.0)], axis=1)
    tables: dict[phone_tables.Role, bytes] = {
        "places": _table("longitude,latitude", [(n, 14.5, 46 + n / 1e4) for n in range(30)]),
        "magnetometer": _table("x,y,z", [(n, *(field[n] * (n != 5))) for n in range(30)]),
        "gravity": _table("x,y,z", [(n, 0.0, 0.0, -9.81 * (n > 2)) for n in range(30)]),
    }
    text = sensor_logger.sensor_log("log", tables, LIMITS)
    (run,) = read("log.gpx", text, LIMITS).recordings
    heading = next(each for each in run.headings if each.claim == "compass")
    seconds = heading.time_s - BEGIN
    assert seconds.size > 20
    np.testing.assert_allclose(np.unwrap(heading.heading_deg, period=360), 10 * seconds, atol=0.1)
    assert not recwarn.list


ABOUT = "version,device name,platform,appVersion,standardisation\n3,phone,{},1.49,{}\n"


@pytest.mark.parametrize(
    ("platform", "standardised", "sign"),
    [("ios", "false", -1.0), ("ios", "true", 1.0), ("android", "false", 1.0)],
)
@pytest.mark.parametrize("phone_name", ["phone", '"Ana\'s phone, blue"'])
def test_at_the_equator_the_platform_tells_the_sign_of_gravity(
    platform: str, standardised: str, sign: float, phone_name: str
) -> None:
    """Where the field is level it cannot; the phone lies on its back and turns over east."""
    turn = np.radians(10.0 * np.arange(30))
    level = np.stack([-30.0 * np.sin(turn), 30.0 * np.cos(turn), np.zeros(30)], axis=1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr(
            "Location.csv",
            _table("longitude,latitude", [(n, 14.5, 1.0 + n / 1e4) for n in range(30)]),
        )
        made.writestr("Magnetometer.csv", _table("x,y,z", [(n, *level[n]) for n in range(30)]))
        gravity = [(n, 0.0, 0.0, sign * 9.81) for n in range(30)]
        made.writestr("Gravity.csv", _table("x,y,z", gravity))
        about = ABOUT.format(platform, standardised).replace("phone", phone_name)
        made.writestr("Metadata.csv", about)
    found = list(members("a.zip", packed.getvalue(), LIMITS))
    assert [name for name, _ in found] == ["a.zip/Location.csv"]
    assert isinstance(found[0][1], bytes)
    (run,) = read("log.gpx", found[0][1], LIMITS).recordings
    heading = next(each for each in run.headings if each.claim == "compass").heading_deg
    np.testing.assert_allclose(np.unwrap(heading, period=360), 10.0 * np.arange(30), atol=0.1)


def test_metadata_alone_is_no_log_and_goes_to_the_log_of_its_name() -> None:
    about = ABOUT.format("ios", "false").encode()
    assert sensor_logger.role("Metadata.csv", about) is None
    assert sensor_logger.logs({"Metadata.csv": about}) == []
    heads = {
        f"{run}_{each}.csv": PLACES if each == "Location" else about
        for run in ("a", "b")
        for each in ("Location", "Metadata")
    }
    assert sensor_logger.logs(heads) == [
        {"places": f"{run}_Location.csv", "about": f"{run}_Metadata.csv"} for run in ("a", "b")
    ]


def _quaternions(heading_deg: np.ndarray, lean_deg: float) -> np.ndarray:
    """(n, 4) w x y z: lean about the device's x axis first, then turn clockwise about the vertical.

    Worked by hand: (cos h/2, 0, 0, -sin h/2) times (cos l/2, sin l/2, 0, 0).
    """
    half, lean = np.radians(heading_deg) / 2, np.radians(lean_deg) / 2
    w, z = np.cos(half), -np.sin(half)
    return np.stack([w * np.cos(lean), w * np.sin(lean), z * np.sin(lean), z * np.cos(lean)], 1)


@pytest.mark.parametrize(
    ("lean_deg", "inverse"),
    # a phone that lies flat throughout does not tell a quaternion from its inverse
    [(0.0, 1.0), (40.0, 1.0), (90.0, 1.0), (-80.0, 1.0), (40.0, -1.0), (90.0, -1.0), (-80.0, -1.0)],
)
def test_the_quaternion_turns_as_the_phone_does_however_it_leans(
    lean_deg: float, inverse: float
) -> None:
    turned = 10.0 * np.arange(30)
    turn = _quaternions(turned, lean_deg) * [1.0, inverse, inverse, inverse]
    lean = np.radians(lean_deg)
    rows = [(n, 0.1, 0.2, 0.3, *turn[n]) for n in range(30)]
    down = [(n, 0.0, -9.81 * np.sin(lean), -9.81 * np.cos(lean)) for n in range(30)]
    tables: dict[phone_tables.Role, bytes] = {
        "places": _table("longitude,latitude", [(n, 14.5, 46 + n / 1e4) for n in range(30)]),
        "orientation": _table("yaw,pitch,roll,qw,qx,qy,qz", rows),
        "gravity": _table("x,y,z", down),
    }
    text = sensor_logger.sensor_log("log", tables, LIMITS)
    (run,) = read("log.gpx", text, LIMITS).recordings
    heading = np.unwrap(run.headings[0].heading_deg, period=360)
    np.testing.assert_allclose(heading - heading[0], turned, atol=0.1)


def test_a_quaternion_that_gravity_contradicts_is_not_used() -> None:
    turn = _quaternions(10.0 * np.arange(30), 0.0)
    tables: dict[phone_tables.Role, bytes] = {
        "places": _table("longitude,latitude", [(n, 14.5, 46 + n / 1e4) for n in range(30)]),
        "orientation": _table(
            "yaw,pitch,roll,qw,qx,qy,qz", [(n, 0.5, 0.2, 0.3, *turn[n]) for n in range(30)]
        ),
        "gravity": _table("x,y,z", [(n, 9.81, 0.0, 0.0) for n in range(30)]),
    }
    text = sensor_logger.sensor_log("log", tables, LIMITS)
    (run,) = read("log.gpx", text, LIMITS).recordings
    np.testing.assert_allclose(run.headings[0].heading_deg, np.degrees(0.5), atol=0.1)


@pytest.mark.parametrize("wild", [1e200, np.inf, np.nan])
def test_a_quaternion_that_is_none_gives_way_to_the_yaw(wild: float) -> None:
    turn = np.full((30, 4), wild)
    tables: dict[phone_tables.Role, bytes] = {
        "places": _table("longitude,latitude", [(n, 14.5, 46 + n / 1e4) for n in range(30)]),
        "orientation": _table(
            "yaw,pitch,roll,qw,qx,qy,qz", [(n, 0.5, 0.2, 0.3, *turn[n]) for n in range(30)]
        ),
        "gravity": _table("x,y,z", [(n, 0.0, 0.0, 9.81) for n in range(30)]),
    }
    text = sensor_logger.sensor_log("log", tables, LIMITS)
    (run,) = read("log.gpx", text, LIMITS).recordings
    np.testing.assert_allclose(run.headings[0].heading_deg, np.degrees(0.5), atol=0.1)


def test_fixes_from_before_the_start_and_vague_ones_are_dropped() -> None:
    rows: list[tuple[float, ...]] = []
    rows += [(n, -3.0 + n, 4.0, 2.5, 14.5, 46 + n / 1e4) for n in range(12)]
    rows[6] = (6, 3.0, 841.7, 2.5, 14.5, 46.1)
    data = _table("seconds_elapsed,horizontalAccuracy,speed,longitude,latitude", rows)
    (run,) = read("Location.csv", data, LIMITS).recordings
    assert run.time_s.tolist() == [BEGIN + n for n in (3, 4, 5, 7, 8, 9, 10, 11)]


TURNED = {60.0: 180.0, 120.0: -180.0}


def _recorded(made: Phone, extra: dict[str, bytes] | None = None, sign: float = 1.0) -> Recording:
    """A log of gyroscope and whole acceleration, and what is given beside them."""
    tables = {
        "Location.csv": places_table(int(made.at_s[-1]) + 1, np.full(int(made.at_s[-1]) + 1, 30.0)),
        "Gyroscope.csv": sensor_table(made.at_s, made.rate_radps),
        "TotalAcceleration.csv": sensor_table(made.at_s, sign * made.acceleration),
    } | (extra or {})
    ((_, content),) = members("log.zip", packed(tables), LIMITS)
    assert isinstance(content, bytes)
    return read("log.gpx", content, LIMITS).recordings[0]


def _compass(run: Recording) -> HeadingSeries:
    (found,) = [each for each in run.headings if each.claim == "compass"]
    return found


def test_steps_are_counted_by_the_bounce_and_not_by_gravity_alone() -> None:
    made = phone(facing(180, {}), steps_hz=2.75)
    gravity = {"Gravity.csv": sensor_table(made.at_s, made.gravity)}
    for tables in ({}, gravity):
        cadence = _recorded(made, tables).columns["cadence_spm"]
        np.testing.assert_allclose(cadence[5:-5], 165.0, rtol=0.01)
    linear = {"Accelerometer.csv": sensor_table(made.at_s, made.acceleration - made.gravity)}
    without = {"TotalAcceleration.csv": b""}
    cadence = _recorded(made, gravity | linear | without).columns["cadence_spm"]
    np.testing.assert_allclose(cadence[5:-5], 165.0, rtol=0.01)
    assert "cadence_spm" not in _recorded(made, gravity | without).columns


@pytest.mark.parametrize(("platform", "sign"), [("android", 1.0), ("ios", -1.0)])
def test_gyroscope_and_acceleration_alone_give_a_heading_that_is_not_mirrored(
    platform: str, sign: float
) -> None:
    truth = facing(180, {60.0: 90.0, 120.0: -60.0})
    run = _recorded(phone(truth), {"Metadata.csv": about_table(platform)}, sign)
    heading = _compass(run)
    assert (heading.source, heading.north) == ("sensorlogger:gyroscope", "unknown")
    assert heading.mount is None
    turned = np.unwrap(heading.heading_deg, period=360)
    assert turned[90] - turned[30] == pytest.approx(90.0, abs=8.0)
    assert turned[150] - turned[90] == pytest.approx(-60.0, abs=8.0)


def test_without_its_metadata_nothing_tells_up_from_down() -> None:
    heading = _compass(_recorded(phone(facing(60, {}))))
    assert heading.source == "sensorlogger:gyroscope-unsigned"


def test_without_the_library_the_session_is_read_without_heading_and_a_note_says_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "vqf", None)
    run = _recorded(phone(facing(60, {})))
    assert [each for each in run.headings if each.claim == "compass"] == []
    (note,) = [each for each in run.notes if each.slug == "heading-unread"]
    assert 'pip install "retrorun[raw]"' in note.message
    field = sensor_table(phone(facing(60, {})).at_s, phone(facing(60, {})).field)
    whole = _recorded(phone(facing(60, {})), {"Magnetometer.csv": field})
    assert _compass(whole).source == "sensorlogger:magnetometer"
    assert "heading-unread" not in {each.slug for each in whole.notes}


def test_the_quaternion_goes_before_compass_magnetometer_and_gyroscope() -> None:
    made = phone(facing(60, {}))
    half = np.sqrt(0.5)  # raised by 90° about x: y up
    stamps = [
        row.split(b",")[0].decode() for row in sensor_table(made.at_s, made.field).split()[1:]
    ]
    quaternion = "\n".join(
        ["time,yaw,pitch,roll,qw,qx,qy,qz"]
        + [f"{stamp},0,0,0,{half},{half},0,0" for stamp in stamps]
    ).encode()
    compass = "\n".join(["time,magneticBearing", *(f"{each},77" for each in stamps)]).encode()
    plain_yaw = "\n".join(["time,yaw,pitch,roll", *(f"{each},1,0,0" for each in stamps)]).encode()
    upright = sensor_table(made.at_s, np.broadcast_to([0.0, 9.81, 0.0], made.field.shape))
    field = sensor_table(made.at_s, made.field)
    found = {"Gravity.csv": upright, "Orientation.csv": quaternion, "Compass.csv": compass}
    assert _compass(_recorded(made, found)).source == "sensorlogger:quaternion"
    found["Orientation.csv"] = plain_yaw
    assert _compass(_recorded(made, found)).source == "sensorlogger:compass"
    del found["Compass.csv"]
    found["Magnetometer.csv"] = field
    assert _compass(_recorded(made, found)).source == "sensorlogger:magnetometer"
    del found["Magnetometer.csv"]
    assert _compass(_recorded(made, found)).source == "sensorlogger:yaw"
    del found["Orientation.csv"]
    assert _compass(_recorded(made, found)).source == "sensorlogger:gyroscope-unsigned"


def test_a_magnetic_disturbance_is_taken_out_where_the_gyroscope_knows_better() -> None:
    made, bent = (
        phone(facing(180, TURNED)),
        phone(facing(180, TURNED | {80.0: 150.0, 100.0: -150.0})),
    )
    run = _recorded(made, {"Magnetometer.csv": sensor_table(made.at_s, bent.field)})
    heading = _compass(run)
    assert heading.source == "sensorlogger:magnetometer"
    assert not ((heading.time_s > BEGIN + 81) & (heading.time_s < BEGIN + 99)).any()
    assert {60.0, 120.0} <= set(heading.time_s - BEGIN)
    assert heading.mount is None


@pytest.mark.parametrize("magnetic", [True, False])
def test_a_phone_that_is_handled_begins_another_mount(*, magnetic: bool) -> None:
    tilt = np.repeat([80.0, 10.0], 90 * 50)
    made = phone(facing(180, {}), tilt)
    extra = {"Magnetometer.csv": sensor_table(made.at_s, made.field)} if magnetic else {}
    mount = _compass(_recorded(made, extra)).mount
    assert mount is not None
    assert set(mount.tolist()) == {0, 1}
    assert int(np.argmax(mount > 0)) == pytest.approx(90, abs=3)


def test_a_hole_of_the_gyroscope_begins_another_mount_only_for_what_it_is_made_of() -> None:
    made = phone(facing(120, {}))
    kept = (made.at_s < 50) | (made.at_s > 55)
    holed = {"Gyroscope.csv": sensor_table(made.at_s[kept], made.rate_radps[kept])}
    mount = _compass(_recorded(made, holed)).mount
    assert mount is not None
    assert int(np.argmax(mount > 0)) == pytest.approx(55, abs=6)
    field = {"Magnetometer.csv": sensor_table(made.at_s, made.field)}
    assert _compass(_recorded(made, holed | field)).mount is None


def test_a_gyroscope_by_itself_is_no_log_that_lacks_its_places() -> None:
    assert phone_tables.logs({"Gyroscope.csv": AXES}) == []
