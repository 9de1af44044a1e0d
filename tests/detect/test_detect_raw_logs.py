"""Raw logs of phones from their bytes to segments: a real walk, and bodies made from matrices."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from made_phone import RATE_HZ, about_table, facing, packed, phone, places_table, sensor_table
from retrorun.detect import detect
from retrorun.model import Athlete, Detection, HeadingSeries
from retrorun.prepare import prepare
from retrorun.readers import members, read
from retrorun.settings import Settings
from retrorun.units import BoolArray, FloatArray, wrap_deg

SETTINGS = Settings()
TURNED_S = ((240, 330), (430, 455), (540, 600))  # of the real walk, as seconds since its first fix
AXES = ("x", "y", "z")
Tables = Mapping[str, bytes | str]


def detected(tables: Tables) -> tuple[Detection, HeadingSeries]:
    ((_, content),) = members("log.zip", packed(tables), SETTINGS.read)
    assert isinstance(content, bytes)
    (recording,) = read("log.gpx", content, SETTINGS.read).recordings
    track = prepare(recording, SETTINGS.prepare)
    (heading,) = [each for each in recording.headings if each.claim == "compass"]
    return detect(track, (), Athlete(), SETTINGS.detect), heading


def marked(detection: Detection, *verdicts: str) -> BoolArray:
    seconds = np.zeros(detection.columns["backward_probability"].size, dtype=bool)
    for part in detection.segments:
        if part.direction == "backward" and part.verdict in verdicts:
            seconds[int(part.start_s) : int(part.end_s)] = True
    return seconds


def walk_tables(walk: Path, without: str = "") -> dict[str, bytes | str]:
    with zipfile.ZipFile(walk) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name not in without}


@pytest.fixture(scope="module")
def detected_walk(real_walk: Path) -> Callable[[str], tuple[Detection, HeadingSeries]]:
    """What is detected of the real walk without some of its tables; each is asked for once."""
    return cache(lambda without: detected(walk_tables(real_walk, without)))


def table_of(data: bytes | str) -> dict[str, FloatArray]:
    text = data.decode() if isinstance(data, bytes) else data
    rows = list(csv.DictReader(io.StringIO(text)))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def turned_about(tables: dict[str, bytes | str]) -> dict[str, bytes | str]:
    """The walk's magnetometer and gyroscope, had the phone turned about in these windows.

    A turn about the vertical by an angle leaves gravity as it is, adds its rate along gravity, and
    turns the field the other way (Rodrigues).
    """
    start = table_of(tables["Location.csv"])["time"][0]
    pull = table_of(tables["Gravity.csv"])
    found = dict(tables)
    for name in ("Magnetometer.csv", "Gyroscope.csv"):
        if name not in tables:
            continue
        table = table_of(tables[name])
        up = np.stack([np.interp(table["time"], pull["time"], pull[axis]) for axis in AXES], axis=1)
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        values = np.stack([table[axis] for axis in AXES], axis=1)
        at_s = (table["time"] - start) / 1e9
        ramps = [np.clip(at_s - a, 0, 1) - np.clip(at_s - b, 0, 1) for a, b in TURNED_S]
        angle = np.pi * np.sum(ramps, axis=0)
        if name == "Gyroscope.csv":
            values = values - up * np.gradient(angle, at_s)[:, None]
        else:
            across, along = np.sin(angle)[:, None], np.cos(angle)[:, None]
            level = up * (values * up).sum(axis=1, keepdims=True)
            values = along * (values - level) + across * np.cross(up, values) + level
        rows = [f"{t:.0f},{s},{z},{y},{x}" for t, s, (x, y, z) in zip(
            table["time"], table["seconds_elapsed"], values.tolist(), strict=True)]  # fmt: skip
        found[name] = "\n".join(["time,seconds_elapsed,z,y,x", *rows])
    return found


@pytest.fixture(scope="module")
def turned_walk(real_walk: Path) -> Tables:
    return turned_about(walk_tables(real_walk))


VARIANTS = {
    "all of them": ("", "sensorlogger:magnetometer"),
    "magnetometer alone": ("Gyroscope.csv", "sensorlogger:magnetometer"),
    "gyroscope and gravity": ("Magnetometer.csv", "sensorlogger:gyroscope"),
    "gyroscope and acceleration": ("Magnetometer.csv Gravity.csv", "sensorlogger:gyroscope"),
    "no metadata": ("Magnetometer.csv Metadata.csv", "sensorlogger:gyroscope-unsigned"),
}


@pytest.mark.parametrize(("without", "source"), VARIANTS.values(), ids=VARIANTS.keys())
def test_a_real_walk_is_forward_by_each_of_its_sensors(
    detected_walk: Callable[[str], tuple[Detection, HeadingSeries]], without: str, source: str
) -> None:
    detection, heading = detected_walk(without)
    assert heading.source == source
    assert heading.mount is None  # it stayed in the hand
    assert not marked(detection, "confirmed", "candidate").any()


def test_the_gyroscope_goes_with_the_magnetometer_but_for_north_iron_and_drift(
    detected_walk: Callable[[str], tuple[Detection, HeadingSeries]],
) -> None:
    _, magnetic = detected_walk("")
    _, relative = detected_walk("Magnetometer.csv")
    shared, one, other = np.intersect1d(magnetic.time_s, relative.time_s, return_indices=True)
    apart = np.radians(relative.heading_deg[other] - magnetic.heading_deg[one])
    mean = np.degrees(np.angle(np.exp(1j * apart).mean()))
    assert shared.size > 500
    assert np.sqrt(np.mean(np.square(wrap_deg(np.degrees(apart) - mean)))) < 30.0


@pytest.mark.parametrize("without", ["", "Gyroscope.csv", "Magnetometer.csv"])
def test_stretches_of_a_real_walk_that_turn_about_are_found_and_not_confirmed(
    turned_walk: Tables, without: str
) -> None:
    """Steps and speed of the walk stay those of forward, so nothing but the heading turned.

    Which side is forward nothing tells of a gyroscope, whose north lies anywhere: the two are told
    apart, and either may be called the other.
    """
    tables = {name: each for name, each in turned_walk.items() if name not in without}
    detection, _ = detected(tables)
    found = marked(detection, "candidate")
    truth = np.zeros(found.size, dtype=bool)
    for first, last in TURNED_S:
        truth[first:last] = True
    if without == "Magnetometer.csv" and not (found & truth)[240:330].any():
        walks = [part for part in detection.segments if part.gait == "walk"]
        assert all(part.reason.startswith("two directions") for part in walks)
        assert all(part.probability < 0.7 for part in walks)
        found = np.zeros(truth.size, dtype=bool)
        for part in walks:
            found[int(part.start_s) : int(part.end_s)] = part.direction == "forward"
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95
    assert not marked(detection, "confirmed").any()


def made_log(
    seconds: int, turns: dict[float, float], tilt_deg: FloatArray | float, put_back_deg: float = 0.0
) -> dict[str, bytes | str]:
    """A run with corners by a body that sways; the phone may be put back otherwise half-way."""
    at_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    course = 30.0 + 70.0 * (at_s // 150)
    made = facing(seconds, turns, 0.0) + course + 4.0 * np.sin(at_s)
    made[made.size // 2 :] += put_back_deg
    body = phone(made, tilt_deg)
    return {
        "Location.csv": places_table(seconds, course[::RATE_HZ]),
        "Metadata.csv": about_table(),
        "TotalAcceleration.csv": sensor_table(body.at_s, body.acceleration),
        "Gyroscope.csv": sensor_table(body.at_s, body.rate_radps),
        "Magnetometer.csv": sensor_table(body.at_s, body.field),
    }


@pytest.fixture(scope="module")
def put_back_log() -> Tables:
    """It is taken out for half a minute and put back turned about: all forward."""
    tilt = np.repeat([80.0, 15.0, 80.0], np.array([225, 30, 195]) * RATE_HZ)
    return made_log(450, {}, tilt, put_back_deg=180.0)


@pytest.mark.parametrize("without", ["", "Magnetometer.csv"])
def test_a_phone_that_is_put_back_the_other_way_round_is_handled_not_turned(
    put_back_log: Tables, without: str
) -> None:
    tables = {name: each for name, each in put_back_log.items() if name != without}
    detection, heading = detected(tables)
    assert heading.mount is not None
    assert heading.mount.max() >= 2
    assert not marked(detection, "confirmed", "candidate").any()


def test_a_phone_that_is_tilted_where_its_heading_turns_about_changes_pockets() -> None:
    """Two seconds of tilt at four turns of the heading: each stretch is worn anew, all forward."""
    turns = {120.0: 180.0, 200.0: -180.0, 320.0: 180.0, 400.0: -180.0}
    tilt = np.full(480 * RATE_HZ, 80.0)
    for at_s in turns:
        tilt[int((at_s - 1) * RATE_HZ) : int((at_s + 1.5) * RATE_HZ)] = 15.0
    detection, heading = detected(made_log(480, turns, tilt))
    assert heading.mount is not None
    assert heading.mount.max() == 4
    assert not marked(detection, "confirmed").any()


@pytest.fixture(scope="module")
def turning_log() -> Tables:
    return made_log(480, {120.0: 180.0, 200.0: -180.0, 320.0: 180.0, 400.0: -180.0}, 80.0)


@pytest.mark.parametrize("without", ["", "Magnetometer.csv"])
def test_a_body_that_turns_about_is_found(turning_log: Tables, without: str) -> None:
    tables = {name: each for name, each in turning_log.items() if name != without}
    detection, heading = detected(tables)
    assert heading.mount is None
    found = marked(detection, "candidate", "confirmed")
    truth = np.zeros(found.size, dtype=bool)
    truth[120:200] = truth[320:400] = True
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.9


TURNED_AT_PACE_S = tuple((at, at + 60) for at in range(180, 900, 120))


def paced_log(slow_spm: float) -> tuple[Tables, BoolArray]:
    """A run that is slow in six stretches, and turned about in them without a tilt; and where.

    Its step rate is 168 a minute at 3.2 m/s, and as said at 2.1 m/s.
    """
    seconds = 960
    at_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    ramps = [np.clip(at_s - a + 0.5, 0, 1) - np.clip(at_s - b + 0.5, 0, 1)
             for a, b in TURNED_AT_PACE_S]  # fmt: skip
    slow = np.sum(ramps, axis=0)
    course = 30.0 + 70.0 * (at_s // 150)
    body = phone(
        course + 180.0 * slow + 4.0 * np.sin(at_s),
        tilt_deg=80.0,
        steps_hz=(168.0 + (slow_spm - 168.0) * slow) / 60.0,
    )
    tables: Tables = {
        "Location.csv": places_table(seconds, course[::RATE_HZ], 3.2 - 1.1 * slow[::RATE_HZ]),
        "Metadata.csv": about_table(),
        "TotalAcceleration.csv": sensor_table(body.at_s, body.acceleration),
        "Gyroscope.csv": sensor_table(body.at_s, body.rate_radps),
        "Magnetometer.csv": sensor_table(body.at_s, body.field),
    }
    return tables, slow[::RATE_HZ] > 0.5


@pytest.fixture(scope="module")
def log_of_forward_steps() -> tuple[Tables, BoolArray]:
    """Steps follow the speed about as they do forward."""
    return paced_log(slow_spm=164.0)


@pytest.fixture(scope="module")
def log_of_quicker_steps() -> tuple[Tables, BoolArray]:
    return paced_log(slow_spm=190.0)


@pytest.mark.parametrize("without", ["", "Gyroscope.csv", "Magnetometer.csv"])
def test_a_phone_that_turns_upright_at_each_change_of_pace_is_not_confirmed(
    log_of_forward_steps: tuple[Tables, BoolArray], without: str
) -> None:
    """What turned may have been the phone."""
    log, truth = log_of_forward_steps
    detection, _ = detected({name: each for name, each in log.items() if name != without})
    assert not marked(detection, "confirmed").any()
    found = marked(detection, "candidate")
    assert (found & truth).sum() > 0.9 * truth.sum()


@pytest.mark.parametrize("without", ["", "Gyroscope.csv", "Magnetometer.csv"])
def test_steps_of_a_raw_log_that_are_quicker_confirm(
    log_of_quicker_steps: tuple[Tables, BoolArray], without: str
) -> None:
    log, truth = log_of_quicker_steps
    detection, _ = detected({name: each for name, each in log.items() if name != without})
    found = marked(detection, "confirmed")
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95
