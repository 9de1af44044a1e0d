"""A phone's sensor log as loose tables in a folder: one recording, and a second device."""

import errno
import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from made_phone import about_table, facing, phone, places_table, sensor_table
from retrorun.archive import Archive, maintenance
from retrorun.ingest import Engine, Report, plan_import, reprocess, run_import, separate, undo
from retrorun.model import Athlete, Label, Remark
from retrorun.readers.containers import sensor_logger
from retrorun.settings import Settings
from retrorun.simulate import Simulated, fit_bytes, scenarios, simulate
from retrorun.storage import folder as storage_folder
from retrorun.units import FloatArray

ENGINE = Engine(Settings(), Athlete(mass_kg=70), 1)
SKEW_S = 7.0


@pytest.fixture(scope="module")
def run() -> Simulated:
    return simulate(scenarios()["intervals"], 9000)


def _table(heads: str, time_s: FloatArray, *columns: FloatArray) -> str:
    """Sensor Logger's own layout: nanoseconds, then seconds since the start."""
    rows = [
        ",".join([f"{at * 1e9:.0f}", f"{at - time_s[0]:.3f}", *(f"{one:.9g}" for one in values)])
        for at, *values in zip(time_s, *columns, strict=True)
        if np.isfinite(values).all()
    ]
    return "\n".join([f"time,seconds_elapsed,{heads}", *rows, ""])


def tables(run: Simulated) -> dict[str, str]:
    """What the phone in the belt writes, with its clock ahead, sensors at 10 Hz."""
    recording = run.recording
    rng = np.random.default_rng(4)
    time_s = recording.time_s[60:-30] + SKEW_S
    places = [recording.columns[name][60:-30] for name in ("longitude_deg", "latitude_deg")]
    heading = recording.headings[0]
    fine_s = np.arange(time_s[0], time_s[-1], 0.1)
    turned = np.unwrap(np.radians(heading.heading_deg[np.isfinite(heading.heading_deg)]))
    known_s = heading.time_s[np.isfinite(heading.heading_deg)] + SKEW_S
    angle = np.interp(fine_s, known_s, turned)
    noisy = angle + rng.normal(0, 0.05, len(fine_s))
    still = np.zeros(len(fine_s))
    yaw = (-noisy + 0.7 + np.pi) % (2 * np.pi) - np.pi  # counter-clockwise, from some north
    x, y = -20 * np.sin(noisy), 20 * np.cos(noisy)  # µT; the phone lies flat, y to the front
    return {
        "Location.csv": _table("longitude,latitude", time_s, *places),
        "Compass.csv": _table("magneticBearing", fine_s, np.degrees(noisy) % 360),
        "Orientation.csv": _table("yaw,roll,pitch", fine_s, yaw, still, still),
        "Magnetometer.csv": _table("z,y,x", fine_s, still - 43, y, x),
        "Gravity.csv": _table("z,y,x", fine_s, still + 9.81, still, still),
        "Metadata.csv": "version,device name\n3,phone\n",
        "Notes.csv": "words\nnothing\n",
    }


@pytest.fixture(scope="module")
def log(run: Simulated) -> dict[str, str]:
    return tables(run)


@pytest.fixture
def exports(tmp_path: Path, run: Simulated) -> Path:
    folder = tmp_path / "exports"
    (folder / "log").mkdir(parents=True)
    bare = replace(run, recording=structs.replace(run.recording, headings=()))
    (folder / "watch.fit").write_bytes(fit_bytes(bare))
    return folder


def put(folder: Path, log: Mapping[str, str], *names: str) -> None:
    for name in names or log:
        (folder / "log" / name).write_text(log[name])


def imported(folder: Path, archive: Archive, *, retry: bool = False) -> Report:
    return run_import(plan_import(folder, archive, retry=retry, settle_s=0), archive, ENGINE)


HEADINGS = {
    "compass": ("Compass.csv", "Orientation.csv", "Magnetometer.csv", "Gravity.csv"),
    "magnetometer": ("Orientation.csv", "Magnetometer.csv", "Gravity.csv"),
    "yaw": ("Orientation.csv", "Gravity.csv"),
}


@pytest.mark.parametrize("sensor", HEADINGS)
def test_loose_tables_are_one_second_device(
    exports: Path, archive: Archive, run: Simulated, log: dict[str, str], sensor: str
) -> None:
    put(exports, log, "Location.csv", "Metadata.csv", "Notes.csv", *HEADINGS[sensor])
    report = imported(exports, archive)
    assert report.joined == 1
    (session,) = archive.sessions()
    assert session.source.name == "watch.fit"
    assert session.heading.kind == "compass"
    assert str(session.heading.source).startswith(f"sensorlogger:{sensor} (Sensor Logger")
    assert session.second_devices[0].skew_s == pytest.approx(SKEW_S, abs=1.0)
    backward_s = session.measures.totals["backward"].seconds
    assert backward_s == pytest.approx(run.truth.backward_s, rel=0.1)
    rows = {Path(row.path).name: row for row in archive.files()}
    assert rows["Location.csv"].rule == "second-device"
    assert {"Metadata.csv", "Notes.csv"}.isdisjoint(rows)
    assert maintenance.check(archive) == []
    assert plan_import(exports, archive, settle_s=0).idle
    separate(str(exports / "log" / "Location.csv"), archive, ENGINE)
    assert len(archive.sessions()) == 2


def test_a_table_that_comes_later_completes_the_log(
    exports: Path, archive: Archive, log: dict[str, str]
) -> None:
    (exports / "watch.fit").unlink()
    put(exports, log, "Location.csv")
    imported(exports, archive)
    (alone,) = archive.sessions()
    assert alone.heading.kind == "none"
    put(exports, log, "Compass.csv")
    imported(exports, archive)
    (whole,) = archive.sessions()
    assert whole.heading.kind == "compass"
    assert plan_import(exports, archive, settle_s=0).idle
    os.utime(exports / "log" / "Location.csv", ns=(5, 5))
    assert imported(exports, archive).unchanged >= 1
    assert archive.sessions() == [whole]
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []


def test_a_later_table_that_the_drive_does_not_give_completes_the_log_with_the_next_run(
    exports: Path, archive: Archive, log: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was noted as part of the log, which was then left as it was for good."""
    (exports / "watch.fit").unlink()
    put(exports, log, "Location.csv")
    imported(exports, archive)
    put(exports, log, "Compass.csv")

    def failing(path: str, mode: str) -> object:
        if "Compass.csv" in path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open(path, mode)  # noqa: PTH123 - as it is called

    planned = plan_import(exports, archive, settle_s=0)
    with monkeypatch.context() as patch:
        patch.setattr(storage_folder, "open", failing, raising=False)
        report = run_import(planned, archive, ENGINE)
    assert [row.slug for row in report.failed] == ["store-failing"]
    assert archive.problems() == []
    imported(exports, archive)
    (whole,) = archive.sessions()
    assert whole.heading.kind == "compass"
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_lone_table_is_told_by_its_head(
    exports: Path, archive: Archive, log: dict[str, str]
) -> None:
    (exports / "watch.fit").unlink()
    (exports / "log" / "whatever.csv").write_text(log["Compass.csv"])
    (exports / "Compass.csv").write_text("name,colour\ncompass,brown\n")
    report = imported(exports, archive)
    (problem,) = report.problems
    assert (Path(problem.path).name, problem.slug) == ("whatever.csv", "sensor-log-part")
    assert "Location.csv" in (problem.remedy or "")
    assert plan_import(exports, archive, settle_s=0).idle
    (exports / "log" / "places.csv").write_text(log["Location.csv"])
    assert imported(exports, archive).imported == 1
    assert archive.sessions()[0].heading.kind == "compass"
    assert plan_import(exports, archive, settle_s=0).idle


def later(table: str) -> str:
    """The same table, recorded a day later."""
    heads, *rows = table.splitlines()
    cells = [row.split(",", 1) for row in rows]
    return "\n".join([heads, *(f"{int(at) + 86400 * 10**9},{rest}" for at, rest in cells), ""])


@pytest.mark.parametrize("names", [("run1_{}.csv", "run2_{}.csv"), ("{}.csv", "{} (1).csv")])
def test_every_log_of_a_folder_becomes_a_session(
    exports: Path, archive: Archive, log: dict[str, str], names: tuple[str, str]
) -> None:
    (exports / "watch.fit").unlink()
    first, second = names
    for each in ("Location", "Compass"):
        table = log[f"{each}.csv"]
        (exports / "log" / first.format(each)).write_text(table)
        (exports / "log" / second.format(each)).write_text(later(table))
    report = imported(exports, archive)
    assert (report.imported, report.problems) == (2, ())
    one, two = sorted(archive.sessions(), key=lambda each: each.start_time_s)
    assert two.start_time_s - one.start_time_s == pytest.approx(86400, abs=1e-3)
    assert {one.heading.kind, two.heading.kind} == {"compass"}
    assert len([row for row in archive.files() if row.duplicate_of]) == 2
    assert maintenance.check(archive) == []
    assert plan_import(exports, archive, settle_s=0).idle


def test_places_of_other_programs_are_passed_over_in_silence(
    exports: Path, archive: Archive, log: dict[str, str]
) -> None:
    (exports / "watch.fit").unlink()
    heads, *rows = log["Location.csv"].splitlines()
    for name, digits in (("seconds", 9), ("milliseconds", 6)):
        shorter = [row[: 19 - digits] + row[19:] for row in rows]
        (exports / "log" / f"{name}.csv").write_text("\n".join([heads, *shorter, ""]))
    photos = "name,time,latitude,longitude\na.jpg,2026-05-03T07:30:00Z,46,14.5\n"
    (exports / "log" / "photos.csv").write_text(photos)
    report = imported(exports, archive)
    assert (report.imported, report.problems) == (0, ())
    assert archive.files() == []
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_log_among_many_other_tables_is_found(
    exports: Path, archive: Archive, log: dict[str, str]
) -> None:
    (exports / "watch.fit").unlink()
    for n in range(120):
        (exports / "log" / f"{n:03d}.csv").write_text("words\n")
    put(exports, log, "Location.csv", "Compass.csv")
    assert imported(exports, archive).imported == 1
    assert archive.sessions()[0].heading.kind == "compass"


def test_three_axes_say_which_sensor_only_by_their_name(log: dict[str, str]) -> None:
    axes = log["Gravity.csv"].encode()
    assert sensor_logger.role("log/Gravity.csv", axes) == "gravity"
    assert sensor_logger.role("Magnetometer.csv", axes) == "magnetometer"
    assert sensor_logger.role("run1_Gravity (1).csv", axes) == "gravity"
    assert sensor_logger.role("Gyroscope.csv", axes) == "gyroscope"
    assert sensor_logger.role("GyroscopeUncalibrated.csv", axes) is None
    assert sensor_logger.role("Accelerometer.csv", axes) == "acceleration"
    assert sensor_logger.role("AccelerometerUncalibrated.csv", axes) is None
    assert sensor_logger.role("MagnetometerUncalibrated.csv", axes) is None
    assert sensor_logger.role("WatchMagnetometer.csv", axes) is None
    assert sensor_logger.role("Compass.csv", axes) is None
    assert sensor_logger.role("Gravity.csv", log["Compass.csv"].encode()) == "compass"


def raw_log(*, compression: int) -> bytes:
    """Ten minutes of a phone in a pocket, as a zip: two turns about, 165 steps a minute."""
    made = phone(facing(600, {200.0: 180.0, 300.0: 180.0}), steps_hz=2.75)
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", compression) as zipped:
        zipped.writestr("Location.csv", places_table(600, np.full(600, 30.0)))
        zipped.writestr("Metadata.csv", about_table())
        zipped.writestr("Gyroscope.csv", sensor_table(made.at_s, made.rate_radps))
        zipped.writestr("TotalAcceleration.csv", sensor_table(made.at_s, made.acceleration))
    return found.getvalue()


@pytest.mark.parametrize("is_undone", [False, True])
@pytest.mark.parametrize("is_loose", [True, False])
def test_a_log_that_an_older_version_read_without_steps_stays_one_session(
    exports: Path,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_loose: bool,
    is_undone: bool,
) -> None:
    """It is other bytes now; the session with steps takes its place, with what was said of it."""
    (exports / "watch.fit").unlink()

    def put_log(compression: int) -> None:
        content = raw_log(compression=compression)
        if is_loose:
            zipfile.ZipFile(io.BytesIO(content)).extractall(exports / "log")
            os.utime(exports / "log" / "Location.csv", ns=(compression, compression))
        else:
            (exports / "log.zip").write_bytes(content)

    with monkeypatch.context() as older:
        older.setattr(sensor_logger, "_steps", lambda *_: {})
        put_log(zipfile.ZIP_STORED)
        imported(exports, archive)
    (before,) = archive.sessions()
    assert "cadence" not in before.channels
    archive.annotations.add_label(before.id, Label(200, 300, "backward", "command"))
    reprocess([before.source.sha256], archive, ENGINE)
    assert [each.id for each in archive.sessions()] == [before.id]
    archive.annotations.set_remark(before.id, Remark(2, None, "left knee"))
    if is_undone:
        undo(archive.writes.imports()[0].id, archive, ENGINE)
        assert archive.sessions() == []
        run_import(plan_import(exports, archive, settle_s=0, retry=True), archive, ENGINE)
    else:
        put_log(zipfile.ZIP_DEFLATED)
        imported(exports, archive)
    (after,) = archive.sessions()
    assert "cadence" in after.channels
    assert after.start_time_s == before.start_time_s
    segments = [each.segment for each in after.measures.segments]
    (labelled,) = [each for each in segments if each.verdict == "labelled"]
    assert (labelled.start_s, labelled.end_s) == (200.0, 300.0)
    assert archive.annotations.remarks()[after.id].text == "left knee"
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []
