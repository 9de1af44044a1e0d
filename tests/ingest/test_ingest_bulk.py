"""Bulk exports in the structure that sites and phones hand out, imported by the command itself.

The recordings within are those of ``sample_data``; what they hold is known from importing them
as loose files.
"""

import gzip
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from retrorun.archive import Archive, maintenance
from retrorun.cli import main
from retrorun.readers import read
from retrorun.settings import ReadLimits

pytestmark = pytest.mark.usefixtures("analysed_here")
FIT, GPX, TCX = "2026-05-03-connect-iq.fit", "2026-05-08-osmand.gpx", "2026-05-21-watch.tcx"
STRAVA = """Activity ID,Activity Date,Activity Name,Activity Type,Filename
11,"May 3, 2026, 7:20:00 AM",Morning Run,Run,activities/11.fit.gz
12,"May 8, 2026, 5:00:00 PM","Park, and/or track",Run,activities/12.gpx.gz
13,"May 21, 2026, 5:00:00 PM",Evening Run,Run,activities/13.tcx.gz
14,"May 22, 2026, 6:00:00 AM",To work,Ride,activities/14.fit.gz
15,"May 23, 2026, 6:00:00 AM",Weights,Weight Training,
"""


def packed(path: Path, content: Mapping[str, bytes | Path]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in content.items():
            made.writestr(name, data.read_bytes() if isinstance(data, Path) else data)
    return path


def process(folder: Path, where: Path, *more: str) -> Result:
    places = ["--archive", str(where / "archive"), "--reports", str(where / "reports")]
    return CliRunner().invoke(main, ["process", str(folder), *places, "--jobs", "1", *more])


def found(where: Path) -> dict[float, tuple[float, float | None, float]]:
    """Start → duration, distance, backward seconds of every session."""
    with Archive.open(where / "archive", create=False) as archive:
        assert maintenance.check(archive) == []
        return {
            each.start_time_s: (
                *(each.duration_s, each.distance_m),
                each.measures.totals["backward"].seconds,
            )
            for each in archive.sessions()
        }


@pytest.fixture(scope="module")
def loose(
    samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[float, tuple[float, float | None, float]]:
    """What the three recordings are as files of their own."""
    where = tmp_path_factory.mktemp("loose")
    (where / "exports").mkdir()
    for name in (FIT, GPX, TCX):
        (where / "exports" / name).write_bytes((samples / name).read_bytes())
    assert process(where / "exports", where, "--no-pages").exit_code == 0
    return found(where)


def test_strava_s_bulk_export(
    samples: Path, tmp_path: Path, loose: dict[float, tuple[float, float | None, float]]
) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    packed(
        exports / "export_123.zip",
        {
            "activities.csv": STRAVA.encode(),
            "profile.csv": b"Athlete ID\n123\n",
            "activities/11.fit.gz": gzip.compress((samples / FIT).read_bytes()),
            "activities/12.gpx.gz": gzip.compress((samples / GPX).read_bytes()),
            "activities/13.tcx.gz": gzip.compress((samples / TCX).read_bytes()),
            "activities/14.fit.gz": gzip.compress((samples / FIT).read_bytes()[:-1]),
            "media/photo.jpg": b"\xff\xd8",
        },
    )
    result = process(exports, tmp_path)
    assert result.exit_code == 0
    assert found(tmp_path) == loose
    with Archive.open(tmp_path / "archive") as archive:
        rows = {row.path.removeprefix(f"{exports}/"): row for row in archive.files()}
        names = [each.source.name for each in archive.sessions()]
    assert names == [
        "11.fit.gz (Morning Run; May 3, 2026, 7:20:00 AM)",
        "12.gpx.gz (Park, and-or track; May 8, 2026, 5:00:00 PM)",
        "13.tcx.gz (Evening Run; May 21, 2026, 5:00:00 PM)",
    ]
    ride = rows["export_123.zip/activities/14.fit.gz (To work; May 22, 2026, 6:00:00 AM)"]
    assert (ride.outcome, ride.slug) == ("not-a-run", "not-a-run")
    assert len(list((tmp_path / "reports").glob("**/*.html"))) >= 3
    again = process(exports, tmp_path)
    assert again.exit_code == 0
    assert "nothing new" in again.stderr


def test_garmin_s_account_export(
    samples: Path, tmp_path: Path, loose: dict[float, tuple[float, float | None, float]]
) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    parts = [
        packed(tmp_path / "1.zip", {"me@example.org_1.fit": samples / FIT}),
        packed(
            tmp_path / "2.zip",
            {
                "me@example.org_2.gpx": samples / GPX,
                "me@example.org_3.tcx": samples / TCX,
                "me@example.org_4.fit": b"\x0e\x10 broken",
            },
        ),
    ]
    place = "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part"
    packed(
        exports / "account.zip",
        {
            "DI_CONNECT/DI-Connect-Fitness/me_summarizedActivities.json": b"[]",
            "customer_data/customer.json": b"{}",
            f"{place}1.zip": parts[0],
            f"{place}2.zip": parts[1],
        },
    )
    (exports / FIT).write_bytes((samples / FIT).read_bytes())  # and once more, loose
    result = process(exports, tmp_path, "--no-pages")
    assert result.exit_code == 1  # one could not be read
    assert "me@example.org_4.fit" in result.stderr
    assert found(tmp_path) == loose
    with Archive.open(tmp_path / "archive") as archive:
        outcomes = {row.path.removeprefix(f"{exports}/"): row.outcome for row in archive.files()}
    assert outcomes == {
        FIT: "imported",
        "account.zip": "imported",
        f"account.zip/{place}1.zip/me@example.org_1.fit": "duplicate",
        f"account.zip/{place}2.zip/me@example.org_2.gpx": "imported",
        f"account.zip/{place}2.zip/me@example.org_3.tcx": "imported",
        f"account.zip/{place}2.zip/me@example.org_4.fit": "failed",
    }


def test_apple_health_s_export(samples: Path, tmp_path: Path) -> None:
    """Two routes; heart rate and steps lie in the long table beside them."""
    exports = tmp_path / "exports"
    exports.mkdir()
    source = read(FIT, (samples / FIT).read_bytes(), ReadLimits()).recordings[0]
    seconds = list(zip(source.time_s.tolist(), source.columns["heart_rate_bpm"], strict=True))
    records = [
        '<Record type="HKQuantityTypeIdentifierHeartRate" unit="count/min" '
        f'startDate="{_apple(at)}" endDate="{_apple(at)}" value="{heart:g}"/>'
        for at, heart in seconds[::5]
    ]
    workout = (
        '<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="15" '
        f'startDate="{_apple(seconds[0][0])}" endDate="{_apple(seconds[-1][0])}">'
        '<WorkoutRoute><FileReference path="/workout-routes/route_2026-05-03.gpx"/>'
        "</WorkoutRoute></Workout>"
    )
    xml = f'<?xml version="1.0"?><HealthData locale="en">{"".join(records)}{workout}</HealthData>'
    folder = "apple_health_export"
    rows = "".join(
        f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}"><time>{_utc(at)}</time></trkpt>'
        for at, lat, lon in zip(
            source.time_s.tolist(),
            source.columns["latitude_deg"],
            source.columns["longitude_deg"],
            strict=True,
        )
    )
    gpx = (
        f'<gpx version="1.1" creator="Apple Health Export"><trk><trkseg>{rows}</trkseg></trk></gpx>'
    )
    packed(
        exports / "export.zip",
        {
            f"{folder}/export.xml": xml.encode(),
            f"{folder}/export_cda.xml": b"<ClinicalDocument/>",
            f"{folder}/workout-routes/route_2026-05-03.gpx": gpx.encode(),
            f"{folder}/workout-routes/route_2026-05-21.gpx": samples / GPX,
        },
    )
    assert process(exports, tmp_path, "--no-pages").exit_code == 0
    with Archive.open(tmp_path / "archive") as archive:
        first, second = archive.sessions()
        assert first.start_time_s == source.time_s[0]
        assert first.sport == "running"
        assert first.channels["heart_rate"] > 0.9
        assert first.distance_m == pytest.approx(source.distance_m, rel=0.05)
        assert second.heading.kind == "compass"
        assert len(archive.files()) == 3


def _utc(time_s: float) -> str:
    import datetime as dt

    return dt.datetime.fromtimestamp(time_s, tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _apple(time_s: float) -> str:
    import datetime as dt

    return dt.datetime.fromtimestamp(time_s, tz=dt.UTC).strftime("%Y-%m-%d %H:%M:%S +0000")


def test_analyze_and_explain_take_an_archive_member_by_member(
    samples: Path, tmp_path: Path
) -> None:
    path = packed(
        tmp_path / "two.zip", {"a.fit": samples / FIT, "b.tcx": b"<html/>", "c.tcx": samples / TCX}
    )
    result = CliRunner().invoke(main, ["analyze", "--json", str(path)])
    assert result.exit_code == 1
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["source"]["name"] for each in documents] == [
        f"two.zip/{name}" for name in ("a.fit", "b.tcx", "c.tcx")
    ]
    assert ["error" in each for each in documents] == [False, True, False]
    explained = CliRunner().invoke(main, ["explain", str(path)])
    assert explained.stdout.count("evidence:") == 2
    (tmp_path / "broken.zip").write_bytes(path.read_bytes()[:200])
    broken = CliRunner().invoke(main, ["analyze", "--json", str(tmp_path / "broken.zip")])
    assert json.loads(broken.stdout)["error"]["slug"] == "archive-broken"


@pytest.mark.parametrize("name", ["export_123.tar.gz", "Takeout.TGZ", "all.tar"])
def test_a_tar_is_imported_as_a_zip_is(
    samples: Path, tmp_path: Path, loose: dict[float, tuple[float, float | None, float]], name: str
) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    with tarfile.open(exports / name, "w" if name.endswith(".tar") else "w:gz") as made:
        for each in (FIT, GPX, TCX):
            made.add(samples / each, f"./Takeout/Sport/{each}")
    analysed = CliRunner().invoke(main, ["analyze", "--json", str(exports / name)])
    assert [json.loads(line)["source"]["name"] for line in analysed.stdout.splitlines()] == [
        f"{name}/Takeout/Sport/{each}" for each in (FIT, GPX, TCX)
    ]
    assert process(exports, tmp_path, "--no-pages").exit_code == 0
    assert found(tmp_path) == loose


@pytest.mark.parametrize(
    ("name", "mark"), [("a.7z", b"7z\xbc\xaf\x27\x1c"), ("b.RAR", b"Rar!\x1a\x07\1\0")]
)
def test_an_archive_of_another_kind_says_to_unpack_it(
    tmp_path: Path, name: str, mark: bytes
) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / name).write_bytes(mark + bytes(100))
    places = ["--archive", str(tmp_path / "archive"), "--json"]
    for result in (
        process(exports, tmp_path, "--no-pages"),
        CliRunner().invoke(main, ["analyze", str(exports / name)]),
        CliRunner().invoke(main, ["sessions", "--problems", *places]),
    ):
        assert "Unpack it and give the folder." in result.output


def test_a_dry_run_names_the_archive_and_writes_nothing(samples: Path, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    packed(exports / "runs.zip", {"a.fit": samples / FIT})
    result = process(exports, tmp_path, "--dry-run")
    assert "runs.zip" in result.stdout
    assert list(tmp_path.iterdir()) == [exports]
