"""A phone's tables by themselves: what their heads say, and what is made of them."""

import numpy as np
import pytest

from retrorun.errors import NotARunError, ReadError
from retrorun.readers import read, sensor_logger
from retrorun.settings import ReadLimits

LIMITS = ReadLimits()
BEGIN = 1_777_793_400


def _table(heads: str, rows: list[tuple[float, ...]]) -> bytes:
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
    assert sensor_logger.parts(heads) == {
        "compass": "Compass.csv",
        "gravity": "Gravity.csv",
        "places": "Location.csv",
    }
    del heads["Compass.csv"], heads["Gravity.csv"]
    assert sensor_logger.parts(heads) == {
        "compass": "WatchCompass.csv",
        "gravity": "TotalAcceleration.csv",
        "places": "Location.csv",
    }


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
    tables: dict[sensor_logger.Role, bytes] = {
        "places": places,
        "magnetometer": field,
        "gravity": gravity,
    }
    (heading,) = (
        read("a", sensor_logger.sensor_log("a", tables, LIMITS), LIMITS).recordings[0].headings
    )
    assert (heading.source, heading.north) == ("sensorlogger:magnetometer", "magnetic")
    np.testing.assert_allclose(heading.heading_deg, 90, atol=1e-6)


def test_too_long_a_table_is_refused() -> None:
    with pytest.raises(ReadError) as caught:
        read("a", PLACES, ReadLimits(samples=5))
    assert caught.value.slug == "too-many-samples"
