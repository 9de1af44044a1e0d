"""Archives in the structure that sites and phones hand out, and archives that mean harm."""

import errno
import gzip
import io
import os
import resource
import stat
import struct
import tarfile
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from retrorun.errors import NotARunError, ReadError, RetrorunError, StoreError
from retrorun.readers import is_archive, members, read
from retrorun.readers.containers import archives
from retrorun.readers.sports import is_on_foot
from retrorun.settings import ReadLimits

LIMITS = ReadLimits()
START = "2026-05-03T07:30:"


def _gpx(points: int = 5, sport: str = "running") -> bytes:
    rows = "".join(
        f'<trkpt lat="46.{index:03d}" lon="14.5"><time>{START}{index:02d}Z</time></trkpt>'
        for index in range(points)
    )
    kind = f"<type>{sport}</type>" if sport else ""
    return f"<gpx><trk>{kind}<trkseg>{rows}</trkseg></trk></gpx>".encode()


def _zip(content: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _outcomes(data: bytes | Path, limits: ReadLimits = LIMITS) -> dict[str, str]:
    return {
        name: content.slug if isinstance(content, RetrorunError) else "ok"
        for name, content in members("a.zip", data, limits)
    }


def test_strava_bulk_export_takes_titles_and_types_from_its_table() -> None:
    table = (
        "Activity ID,Activity Date,Activity Name,Activity Type,Filename\n"
        '1,"May 3, 2026","Backward, at last",Run,activities/1.gpx\n'
        '2,"May 4, 2026",To work,Ride,activities/2.fit.gz\n'
        '3,"May 5, 2026",,Walk,activities/3.gpx.gz\n'
    )
    data = _zip(
        {
            "activities.csv": table.encode(),
            "activities/1.gpx": _gpx(sport=""),
            "activities/2.fit.gz": b"not looked at",
            "activities/3.gpx.gz": _gpx(),
            "media/photo.jpg": b"\xff\xd8",
        }
    )
    assert is_archive(data)
    assert _outcomes(data) == {
        "a.zip/activities/1.gpx (Backward, at last; May 3, 2026)": "ok",
        "a.zip/activities/2.fit.gz (To work; May 4, 2026)": "not-a-run",
        "a.zip/activities/3.gpx.gz (May 5, 2026)": "ok",
    }


STRAVA_TABLES = {
    "spanish": (
        "ID de actividad,Fecha de la actividad,Nombre de la actividad,Tipo de actividad,"
        "Nombre de archivo\n"
        '1,"3 may 2026, 7:20:00",Al revés,Carrera,activities/1.gpx\n'
        '2,"4 may 2026, 7:20:00",Al trabajo,Ciclismo,activities/2.gpx.gz\n'
    ),
    "german, another order": (
        "Dateiname,Aktivitätsart,Aktivitäts-ID,Name der Aktivität,Medien\n"
        "activities/1.gpx,Lauf,1,Al revés,media/a.jpg\n"
        ",Yoga,9,Matte,\n"
        "activities/2.gpx.gz,Radfahrt,2,Al trabajo,media/2.fit.jpg\n"
    ),
    "a language that is not known": (
        "Tegevuse ID,Kuupäev,Tegevuse nimi,Tegevuse tüüp,Kirjeldus,Failinimi\n"
        '1,"3. mai 2026",Al revés,Jooks,"kaks rida\nsiin",activities/1.gpx\n'
        '2,"4. mai 2026",Al trabajo,Rattasõit,,activities/2.gpx.gz\n'
    ),
    "semicolons": (
        "Activity ID;Activity Date;Activity Name;Activity Type;Filename\r\n"
        "1;3/5/2026;Al revés;Run;activities/1.gpx\r\n"
        "2;4/5/2026;Al trabajo;Run;activities/2.gpx.gz\r\n"
    ),
}


STRAVA_DATES = {
    "spanish": ("; 3 may 2026, 7:20:00", "; 4 may 2026, 7:20:00"),
    "german, another order": ("", ""),
    "a language that is not known": ("; 3. mai 2026", "; 4. mai 2026"),
    "semicolons": ("; 3-5-2026", "; 4-5-2026"),
}


@pytest.mark.parametrize("table", STRAVA_TABLES)
def test_strava_s_table_is_read_in_any_language_and_order(table: str) -> None:
    data = _zip(
        {
            "activities.csv": b"\xef\xbb\xbf" + STRAVA_TABLES[table].encode(),
            "activities/1.gpx": _gpx(sport=""),
            "activities/2.gpx.gz": gzip.compress(_gpx(sport="cycling")),
        }
    )
    found = dict(members("a.zip", data, LIMITS))
    run_date, ride_date = STRAVA_DATES[table]
    assert list(found) == [
        f"a.zip/activities/1.gpx (Al revés{run_date})",
        f"a.zip/activities/2.gpx.gz (Al trabajo{ride_date})",
    ]
    run, ride = found.values()
    assert isinstance(run, bytes)
    if isinstance(ride, bytes):  # its type says nothing to us: its own sport does
        with pytest.raises(NotARunError):
            read("2.gpx.gz", ride, LIMITS)


def test_no_run_is_taken_for_a_ride_by_a_part_of_its_word() -> None:
    for word in ("Carrera", "Course à pied", "Corsa", "Hardlopen", "Løb", "Trail Run"):
        assert is_on_foot(word) == "yes", word
    for word in ("Langlauf", "Eislauf", "Radfahrt", "Ciclismo", "VirtualRide", "Ride", "Swim"):
        assert is_on_foot(word) != "yes", word


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_garmin_account_export_is_zips_within_a_zip(tmp_path: Path, how: int) -> None:
    parts = "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part"
    first = _zip({"me_1.gpx": _gpx(3), "me_2.tcx": b"<html/>"})
    second = _zip({"me_3.gpx": _gpx(4)})
    path = tmp_path / "account.zip"
    path.write_bytes(
        _zip({f"{parts}1.zip": first, f"{parts}2.zip": second, "customer_data/x.json": b"{}"}, how)
    )
    found = dict(members("account.zip", path, LIMITS))
    assert found == {
        f"account.zip/{parts}1.zip/me_1.gpx": _gpx(3),
        f"account.zip/{parts}1.zip/me_2.tcx": b"<html/>",
        f"account.zip/{parts}2.zip/me_3.gpx": _gpx(4),
    }


def _health(records: Iterator[str] | list[str]) -> bytes:
    head = '<?xml version="1.0"?><!DOCTYPE HealthData [<!ELEMENT HealthData ANY>]><HealthData>'
    workout = (
        '<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="1">'
        '<WorkoutRoute><FileReference path="/workout-routes/route_1.gpx"/></WorkoutRoute></Workout>'
    )
    return (head + "".join(records) + workout + "</HealthData>").encode()


def _record(kind: str, begin: str, end: str, value: str) -> str:
    day = "2026-05-03 09:30:"  # two hours east of Greenwich
    stamps = f'startDate="{day}{begin} +0200" endDate="{day}{end} +0200"'
    return f'<Record type="HKQuantityTypeIdentifier{kind}" {stamps} value="{value}"/>'


def test_apple_health_in_other_units_names_and_halves_of_the_day() -> None:
    record = _record("HeartRate", "00", "00", "2")
    halves = record.replace("09:30:00", "9:30:00\u202fAM").replace("/>", ' unit="count/s"/>')
    data = _zip(
        {
            "esportazione/workout-routes/route_1.gpx": _gpx(5, sport=""),
            "esportazione/esportazione.xml": _health([halves]),
        }
    )
    ((name, content),) = members("export.zip", data, LIMITS)
    assert isinstance(content, bytes)
    (run,) = read(name, content, LIMITS).recordings
    assert run.columns["heart_rate_bpm"][0] == 120


def test_apple_health_routes_get_heart_rate_and_steps_of_their_time() -> None:
    records = [
        _record("HeartRate", "00", "00", "120"),
        _record("HeartRate", "03", "03", "125"),
        _record("BodyMass", "01", "01", "70"),
        _record("StepCount", "00", "04", "11"),
        _record("HeartRate", "59", "59", "60"),
    ]
    folder = "apple_health_export"
    data = _zip(
        {
            f"{folder}/workout-routes/route_1.gpx": _gpx(5, sport=""),
            f"{folder}/export.xml": _health(records),
        }
    )
    ((name, content),) = members("export.zip", data, LIMITS)
    assert isinstance(content, bytes)
    (run,) = read(name, content, LIMITS).recordings
    assert run.sport == "running"
    assert run.columns["heart_rate_bpm"].tolist() == [120, 120, 120, 125, 125]
    np.testing.assert_array_equal(run.columns["cadence_spm"], [165, 165, 165, 165, np.nan])
    assert run.columns["latitude_deg"].tolist() == [46.0, 46.001, 46.002, 46.003, 46.004]


def _peak_mb(path: Path) -> tuple[bytes, float]:
    """Read a health export in a process of its own; what it gave, and that process's peak."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ((_, content),) = members("export.zip", path, LIMITS)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return content if isinstance(content, bytes) else b"", (after - before) / 1024


def test_a_large_health_export_is_streamed(tmp_path: Path) -> None:
    """Twenty megabytes of records (a tree of over 120 MB) add less than twelve to a process."""
    other = _record("ActiveEnergyBurned", "01", "02", "0.1") * 50
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("apple_health_export/workout-routes/route_1.gpx", _gpx(5))
        with archive.open("apple_health_export/export.xml", "w") as stream:
            stream.write(b"<HealthData>")
            for _ in range(3600):
                stream.write(other.encode())
            stream.write(_record("HeartRate", "00", "00", "99").encode() + b"</HealthData>")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        content, added_mb = pool.submit(_peak_mb, path).result()
    assert b"<hr>99</hr>" in content
    assert added_mb < 12


def test_members_that_lead_out_of_the_archive_are_refused_by_name() -> None:
    data = _zip({"../evil.gpx": _gpx(), "/root.fit": b"x", "C:/run.gpx": b"x", "ok.gpx": _gpx()})
    assert _outcomes(data) == {
        "a.zip/../evil.gpx": "member-outside",
        "a.zip//root.fit": "member-outside",
        "a.zip/C:/run.gpx": "member-outside",
        "a.zip/ok.gpx": "ok",
    }


def test_links_and_encrypted_members_are_refused_by_name() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.gpx")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("locked.gpx", _gpx())
    data = bytearray(buffer.getvalue())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1  # the flag for encryption, in the central directory
    assert _outcomes(bytes(data)) == {
        "a.zip/link.gpx": "member-link",
        "a.zip/locked.gpx": "member-encrypted",
    }


def test_bombs_are_refused() -> None:
    assert _outcomes(_zip({"bomb.gpx": b"\0" * 2**24})) == {"a.zip/bomb.gpx": "member-too-large"}
    limits = ReadLimits(archive_members=3)
    many = _zip({f"{index}.gpx": b"x" for index in range(5)})
    assert list(_outcomes(many, limits).values()) == ["ok", "ok", "ok", "archive-too-many"]


def test_archives_too_deep_are_refused() -> None:
    data = _gpx()
    for level in range(5):
        data = _zip({f"{level}.zip" if level else "run.gpx": data})
    assert list(_outcomes(data).values()) == ["archive-too-deep"]


def test_a_damaged_member_does_not_stop_the_others() -> None:
    data = bytearray(_zip({"first.gpx": _gpx(50), "second.gpx": _gpx(3)}))
    data[60:70] = b"\xff" * 10
    assert _outcomes(bytes(data)) == {"a.zip/first.gpx": "member-broken", "a.zip/second.gpx": "ok"}


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_at_any_byte_is_a_reason(how: int) -> None:
    """Found by fuzzing: LZMA's own error is none of zipfile's."""
    data = _zip({"first.gpx": _gpx(50), "in/inner.zip": _zip({"a.gpx": _gpx()}, how)}, how)
    for place in range(0, len(data), 3):
        for value in (0x00, 0xFF):
            damaged = bytearray(data)
            damaged[place] = value
            with suppress(ReadError):
                assert all(
                    isinstance(content, bytes | RetrorunError)
                    for _, content in members("a.zip", bytes(damaged), LIMITS)
                )


def test_an_archive_that_cannot_be_opened_has_a_reason() -> None:
    with pytest.raises(ReadError) as caught:
        list(members("a.zip", b"PK\x03\x04 and no more", LIMITS))
    assert caught.value.slug == "archive-broken"


def test_a_ride_in_the_table_is_passed_over_unread() -> None:
    table = b"Filename,Activity Type\nactivities/2.fit.gz,Ride\n"
    data = _zip({"activities.csv": table, "activities/2.fit.gz": b"garbage"})
    ((_, reason),) = members("a.zip", data, LIMITS)
    assert isinstance(reason, NotARunError)
    assert "Ride" in reason.message


def test_a_sensor_log_gives_places_with_the_mean_compass_around_them() -> None:
    begin = 1_777_793_400 * 10**9
    location = "time,seconds_elapsed,speed,bearing,altitude,longitude,latitude\n" + "".join(
        f"{begin + second * 10**9},{second},2.5,90,300,14.5,46.00{second}\n" for second in range(4)
    )
    bearings = [(0.0, 350), (0.2, 10), (1.0, 90), (1.4, 100), (3.0, 181)]
    compass = "time,seconds_elapsed,magneticBearing\n" + "".join(
        f"{begin + int(at * 1e9)},{at},{bearing}\n" for at, bearing in bearings
    )
    data = _zip({"Location.csv": location.encode(), "Compass.csv": compass.encode()})
    ((name, content),) = members("log.zip", data, LIMITS)
    assert isinstance(content, bytes)
    (run,) = read(name, content, LIMITS).recordings
    headings = {one.source: one for one in run.headings}
    found = headings["sensorlogger:compass"]
    assert (found.claim, found.north) == ("compass", "magnetic")
    assert (found.time_s - 1_777_793_400).tolist() == [0, 1, 3]
    off = (found.heading_deg - [0, 95, 181] + 180) % 360 - 180
    np.testing.assert_allclose(off, 0, atol=1e-6)
    assert headings["gpx:course"].claim == "course"
    assert run.device == "Sensor Logger"


def test_a_sensor_log_without_its_places_has_a_reason() -> None:
    data = _zip({"Location.csv": b"a,b\n1,2\n", "Compass.csv": b"time,magneticBearing\n"})
    assert _outcomes(data) == {"a.zip/Compass.csv": "sensor-log-part"}
    empty = {"Location.csv": b"time,latitude,longitude\n", "Compass.csv": b"time,magneticBearing\n"}
    assert _outcomes(_zip(empty)) == {"a.zip/Location.csv": "no-time"}


def test_members_on_top_of_each_other_are_a_bomb() -> None:
    """Forty thousand entries for the same packed megabyte took over two minutes to walk."""
    data = bytearray(_zip({"a.gpx": b"\0" * 2**20}))
    entry = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    ten = data[:entry] + data[entry:end] * 10 + data[end:]
    where = ten.rindex(b"PK\x05\x06")
    struct.pack_into("<HHI", ten, where + 8, 10, 10, 10 * (end - entry))
    assert len(zipfile.ZipFile(io.BytesIO(ten)).infolist()) == 10
    assert _outcomes(bytes(ten)) == {"a.zip": "archive-overlapping"}


@pytest.mark.parametrize("name", ["Export.xml", "exportieren.xml", "导出.xml", "export.XML"])
def test_apple_s_export_is_known_by_its_content_in_any_language(name: str) -> None:
    folder = "apple_health_export"
    data = _zip(
        {
            f"{folder}/export_cda.xml": b"<ClinicalDocument/>",
            f"{folder}/workout-routes/route_1.gpx": _gpx(5, sport=""),
            f"{folder}/{name}": _health([_record("HeartRate", "00", "00", "120")]),
        }
    )
    ((_, content),) = members("export.zip", data, LIMITS)
    assert isinstance(content, bytes)
    assert b"<hr>120</hr>" in content


@pytest.mark.slow
def test_hundreds_of_routes_are_not_held(tmp_path: Path) -> None:
    """They would be 60 MB; what is kept of each is its time."""
    comment = b"<!--" + b"300.123456789 " * 14_000 + b"-->"  # long, and quickly read
    route = _gpx(60).replace(b"<time>", comment + b"<time>", 1)
    assert len(route) > 200_000
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(300):
            day = f"20{number // 360 + 20}-{number // 30 % 12 + 1:02d}-{number % 28 + 1:02d}"
            own = route.replace(b"2026-05-03", day.encode())
            archive.writestr(f"apple_health_export/workout-routes/route_{number}.gpx", own)
        archive.writestr("apple_health_export/export.xml", _health([]))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        count, added_mb = pool.submit(_peak_of_all, path).result()
    assert count == 300
    assert added_mb < 30


def _peak_of_all(path: Path) -> tuple[int, float]:
    list(members("first.zip", _zip({"a.gpx": _gpx(60)}), LIMITS))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = sum(isinstance(content, bytes) for _, content in members("export.zip", path, LIMITS))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return count, (after - before) / 1024


def _tar(content: Mapping[str, bytes], how: str = "gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{how}") as archive:  # type: ignore[call-overload]
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("how", ["", "gz"])
def test_a_tar_is_read_as_a_zip_of_the_same_members(how: str) -> None:
    table = "Activity ID,Activity Date,Activity Name,Activity Type,Filename\n1,,,Ride,a/1.gpx\n"
    content = {
        "photo.jpg": b"\xff\xd8" * 700,
        "activities.csv": table.encode(),
        "./a/1.gpx": _gpx(sport=""),
        "a/2.gpx.gz": gzip.compress(_gpx()),
        f"a/{'deep/' * 40}3.gpx": _gpx(3),
        "more.zip": _zip({"4.gpx": _gpx(4)}),
        "more.tgz": _tar({"5.gpx": _gpx(6)}),
    }
    found = dict(members("a.zip", _tar(content, how), LIMITS))
    packed = dict(members("a.zip", _zip(content), LIMITS))
    assert {name.replace("/./", "/") for name in packed} == set(found)
    assert all(packed[name] == found[name] for name in set(packed) & set(found))
    kinds = [each.slug if isinstance(each, RetrorunError) else "ok" for each in found.values()]
    assert kinds == ["not-a-run", "ok", "ok", "ok", "ok"]
    assert found["a.zip/more.tgz/5.gpx"] == _gpx(6)


@pytest.mark.parametrize("suffix", [".7z", ".rar", ".tar.xz", ".TXZ"])
def test_an_archive_of_another_kind_within_one_is_named(suffix: str) -> None:
    content = {"a.gpx": _gpx(), f"old/2019{suffix}": bytes(200_000)}
    for data in (_zip(content), _tar(content)):
        assert _outcomes(data) == {
            "a.zip/a.gpx": "ok",
            f"a.zip/old/2019{suffix}": "archive-unopened",
        }


def test_what_is_no_file_of_a_tar_is_refused_by_name() -> None:
    buffer = io.BytesIO()
    kinds = {"l.gpx": tarfile.SYMTYPE, "d.gpx": tarfile.CHRTYPE, "p.gpx": tarfile.FIFOTYPE}
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name in ("../out.gpx", "/etc/out.gpx", "ok.gpx"):
            info = tarfile.TarInfo(name)
            info.size = len(_gpx())
            archive.addfile(info, io.BytesIO(_gpx()))
        again = tarfile.TarInfo("again.gpx")
        again.type, again.linkname = tarfile.LNKTYPE, "ok.gpx"
        archive.addfile(again)
    assert _outcomes(buffer.getvalue()) == {
        "a.zip/l.gpx": "member-link",
        "a.zip/d.gpx": "member-special",
        "a.zip/p.gpx": "member-special",
        "a.zip/../out.gpx": "member-outside",
        "a.zip//etc/out.gpx": "member-outside",
        "a.zip/ok.gpx": "ok",
    }


class _FailingDrive(io.BytesIO):
    """A file on a drive that fails once some reads went well."""

    def __init__(self, data: bytes, good_reads: int) -> None:
        super().__init__(data)
        self.good_reads = good_reads

    def read(self, size: int | None = -1, /) -> bytes:
        self.good_reads -= 1
        if self.good_reads < 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(size)


def _on_a_drive(kind: str) -> bytes:
    if kind == "zip":
        nested = _zip({"c.gpx": _gpx()})
        log = {"log/Location.csv": b"time,longitude,latitude\n", "activities.csv": b"Filename\n"}
        return _zip({"a.gpx": _gpx(), "b.zip": nested, "d.json": b"{}", **log})
    noise = np.random.default_rng(3).bytes(200_000)
    return _tar({"a.gpx": _gpx(), "b.csv": noise, "c.gpx": _gpx()}, kind)


@pytest.mark.parametrize("kind", ["zip", "", "gz"])
def test_a_drive_that_fails_is_no_damage_of_an_archive(kind: str) -> None:
    """An archive or a member that was told as broken was left alone from then on."""
    data = _on_a_drive(kind)
    whole, _ = _read_from_a_drive(data, 1000)
    failures = 0
    for good_reads in range(1000):
        found, failed = _read_from_a_drive(data, good_reads)
        assert found == (whole[: len(found)] if failed else whole)
        failures += failed
        if not failed:
            break
    assert 5 < failures < 1000


def _read_from_a_drive(data: bytes, good_reads: int) -> tuple[list[tuple[str, object]], bool]:
    """The members that were read before the drive failed, and whether it did."""
    found: list[tuple[str, object]] = []
    with suppress(StoreError):
        for name, content in members("a", _FailingDrive(data, good_reads), LIMITS):
            found.append((name, content if isinstance(content, bytes) else content.slug))
        return found, False
    return found, True


def _full(**_: object) -> IO[bytes]:
    return Path("/dev/full").open("w+b", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("how", ["", "gz"])
def test_a_full_disk_is_no_damage_of_a_tar(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", _full)
    monkeypatch.setattr(archives, "_MOST_HELD_BYTES", 1 << 16)
    noise = np.random.default_rng(3).bytes(200_000)
    tar = _tar({"a.gpx": _gpx(), "b.csv": noise, "c.gpx": _gpx()}, how)
    for data in (tar, _zip({"a.gpx": _gpx(), "old.tar": tar})):
        with pytest.raises(StoreError) as caught:
            _outcomes(data)
        assert caught.value.slug == "temporary-disk-full"
        assert "the disk for temporary files is full" in str(caught.value)


def test_a_disk_without_any_place_for_temporary_files_is_no_damage_of_a_tar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    monkeypatch.setattr(archives, "_MOST_HELD_BYTES", 1 << 10)
    with pytest.raises(StoreError):
        _outcomes(_tar({"a.gpx": _gpx(40)}))


def test_bounds_hold_for_a_tar() -> None:
    bomb = _tar({"a.gpx": bytes(80 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(ReadError) as caught:
        _outcomes(bomb)
    assert caught.value.slug == "archive-too-large"
    nested = dict.fromkeys((f"{index}.tgz" for index in range(4)), _tar({"a.gpx": bytes(30 << 20)}))
    refused = [
        int(content.message.split()[3])
        for _, content in members("a.zip", _zip(nested, zipfile.ZIP_STORED), LIMITS)
        if isinstance(content, ReadError) and content.slug == "archive-too-large"
    ]
    assert len(refused) > 1
    assert refused[-1] < refused[0] / 2  # what was refused has used up what they have together
    many = _outcomes(_tar({f"{index}.gpx": _gpx() for index in range(5)}), LIMITS_OF_THREE)
    assert many == {
        **{f"a.zip/{index}.gpx": "ok" for index in range(3)},
        "a.zip": "archive-too-many",
    }
    deep = _tar({"a.gpx": _gpx()})
    for _ in range(5):
        deep = _tar({"a.tgz": deep})
    assert list(_outcomes(deep).values()) == ["archive-too-deep"]


LIMITS_OF_THREE = ReadLimits(archive_members=3)


@pytest.mark.parametrize(
    "header",
    [
        {"size": -1024},
        {"pax_headers": {"comment": "1" * 200_000}},
        {"pax_headers": {"comment": "x" * (1 << 20)}},
    ],
)
def test_a_header_that_means_harm_costs_no_time(header: dict[str, object]) -> None:
    info = tarfile.TarInfo("bad.gpx")
    for key, value in header.items():
        setattr(info, key, value)
    front = _tar({"a.gpx": _gpx()}, "")[: 512 + 512 * (-(-len(_gpx()) // 512))]
    data = front + info.tobuf(tarfile.PAX_FORMAT) + bytes(1024)
    began_s = time.process_time()
    assert _outcomes(data) == {"a.zip/a.gpx": "ok", "a.zip": "archive-broken"}
    assert time.process_time() - began_s < 2


def test_what_a_tar_says_of_all_its_members_is_not_kept_for_each() -> None:
    said = b"".join(b"16 k%05x=12345\n" % each for each in range(15_000))
    head = tarfile.TarInfo("all")
    head.type, head.size = tarfile.XGLTYPE, len(said)
    parts = [head.tobuf(tarfile.USTAR_FORMAT), said, bytes(-len(said) % 512)]
    parts += [tarfile.TarInfo(f"{each}.gpx").tobuf(tarfile.USTAR_FORMAT) for each in range(400)]
    data = b"".join([*parts, bytes(1024)])
    tracemalloc.start()
    try:
        assert len(_outcomes(data)) == 400
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30 << 20
    many = b"".join(2 * parts[:3] + parts[3:] + [bytes(1024)])
    with pytest.raises(ReadError):
        _outcomes(many)


@pytest.mark.parametrize("how", ["", "gz"])
def test_damage_of_a_tar_at_any_byte_is_a_reason(how: str) -> None:
    data = _tar({"a.gpx": _gpx(), "b.gpx": _gpx()}, how)
    for at in range(0, len(data), 37):
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
            with suppress(ReadError):
                list(members("a.tgz", damaged, LIMITS))


@pytest.mark.parametrize("how", ["", "gz"])
def test_a_tar_that_is_cut_short_keeps_what_came_before(how: str) -> None:
    noise = np.random.default_rng(3).bytes(200_000)
    data = _tar({"a.gpx": _gpx(), "b.csv": noise, "c.gpx": _gpx()}, how)
    assert _outcomes(data[:100_000]) == {"a.zip/a.gpx": "ok", "a.zip": "archive-broken"}
