"""What is no run, or may be none, and labels by the clock: through the command itself."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from retrorun.cli import main

pytestmark = pytest.mark.usefixtures("analysed_here")
STEP_DEG = 180.0 / 3.141592653589793 / 6_371_008.8


def gpx(speed_mps: float, seconds: int = 900, kind: str = "") -> str:
    """Northward from Ljubljana on 2026-05-03 from 07:00:00 UTC, 09:00:00 there."""
    rows = "".join(
        f'<trkpt lat="{46.05 + at * speed_mps * STEP_DEG:.7f}" lon="14.5">'
        f"<time>2026-05-03T07:{at // 60:02d}:{at % 60:02d}Z</time></trkpt>"
        for at in range(seconds)
    )
    return f"<gpx><trk>{kind}<trkseg>{rows}</trkseg></trk></gpx>"


def listed(where: Path, *more: str) -> list[dict[str, object]]:
    """What ``sessions --json`` prints."""
    places = ["--archive", str(where / "archive"), "--json", *more]
    lines = CliRunner().invoke(main, ["sessions", *places]).stdout.splitlines()
    return [json.loads(line) for line in lines]


def process(where: Path, *more: str) -> int:
    places = ["--archive", str(where / "archive"), "--reports", str(where / "r"), "--no-pages"]
    arguments = ["process", str(where / "e"), *places, "--jobs", "1", *more]
    return CliRunner().invoke(main, arguments).exit_code


def put(where: Path, files: Iterable[tuple[str, str]]) -> None:
    for name, text in files:
        path = where / "e" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def slugs(where: Path) -> list[object]:
    return [each["slug"] for each in listed(where, "--problems")]


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_an_unpacked_bulk_export(tmp_path: Path, separator: str) -> None:
    table = "\n".join(
        [
            "Activity ID,Activity Date,Activity Name,Activity Type,Filename",
            f"1,x,Run,Run,activities{separator}1.gpx.gz",
            f"2,x,Bike,Ride,activities{separator}2.gpx",
        ]
    )
    files = [("a/activities.csv", table), ("a/activities/1.gpx", gpx(3)), ("b/2.gpx", gpx(2.5))]
    put(tmp_path, [*files, ("a/activities/2.gpx", gpx(4))])
    assert process(tmp_path) == 0
    assert len(listed(tmp_path)) == 2
    (problem,) = listed(tmp_path, "--problems")
    assert (problem["outcome"], problem["slug"]) == ("not-a-run", "not-a-run")
    assert "Ride" in str(problem["message"])


@pytest.mark.parametrize("folder", ["", "2026/"])
def test_an_unpacked_export_of_runkeeper(tmp_path: Path, folder: str) -> None:
    head = "Activity Id,Date,Type,Route Name,Distance (km),Duration,Notes,GPX File"
    rows = "a,2026-05-03,Running,,2.7,15:00,,1.gpx\nb,2026-05-04,Cycling,,9.1,30:00,,2.gpx"
    put(tmp_path, [("cardioActivities.csv", f"{head}\n{rows}"), ("weight.csv", "date,kg\n1,70\n")])
    put(tmp_path, [(f"{folder}1.gpx", gpx(3)), (f"{folder}2.gpx", gpx(2.5))])
    assert process(tmp_path) == 0
    assert slugs(tmp_path) == ["not-a-run"]
    assert "cardioActivities.csv" in str(listed(tmp_path, "--problems")[0]["message"])
    assert len(listed(tmp_path)) == 1


def test_what_may_be_a_ride_is_asked_about_and_a_label_is_the_answer(tmp_path: Path) -> None:
    put(tmp_path, [("a.gpx", gpx(6))])
    assert process(tmp_path) == 0
    assert listed(tmp_path) == []
    assert slugs(tmp_path) == ["not-a-run-doubtful"]
    put(tmp_path, [("a.labels.csv", "start,end,direction\n0,60,forward\n")])
    process(tmp_path, "--retry")
    assert [round(float(str(each["distance_m"])), -2) for each in listed(tmp_path)] == [5400]
    assert slugs(tmp_path) == []


def test_a_setting_counts_it_all_the_same(tmp_path: Path) -> None:
    put(tmp_path, [("a.gpx", gpx(6))])
    (tmp_path / "s.toml").write_text("[sport]\ncount_doubtful = true\n")
    process(tmp_path, "--settings", str(tmp_path / "s.toml"))
    assert len(listed(tmp_path)) == 1


def test_a_named_sport_is_believed(tmp_path: Path) -> None:
    put(tmp_path, [("a.gpx", gpx(6, kind="<type>running</type>"))])
    process(tmp_path)
    assert len(listed(tmp_path)) == 1


@pytest.mark.parametrize("rows", ["9:01:40,9:03:20", "2026-05-03 09:01:40,2026-05-03 09:03:20"])
def test_labels_by_the_clock_of_the_place(tmp_path: Path, rows: str) -> None:
    put(tmp_path, [("a.gpx", gpx(3)), ("a.labels.csv", f"start,end,direction\n{rows},backward\n")])
    assert process(tmp_path) == 0
    (session,) = listed(tmp_path)
    segments = session["segments"]
    assert isinstance(segments, list)
    back = [(each["start_s"], each["end_s"]) for each in segments if each["verdict"] == "labelled"]
    assert (100, 200) in back


def test_labels_outside_of_the_recording_are_refused_with_words(tmp_path: Path) -> None:
    table = "start,end,direction\n11:01:40,11:03:20,backward\n"
    put(tmp_path, [("a.gpx", gpx(3)), ("a.labels.csv", table)])
    assert process(tmp_path) == 1
    assert len(listed(tmp_path)) == 1
    (problem,) = listed(tmp_path, "--problems")
    assert problem["slug"] == "labels-outside"
    assert "11:01:40 to 11:03:20" in str(problem["message"])
