"""Whole files through the pipeline, against the simulator's truth and against hostile input."""

import datetime as dt
import gzip
import itertools
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

import remembered_pipeline
from retrorun import contract, pipeline, time_zone
from retrorun.model import Analysis, Athlete, Blob, DatedMass, Failed, Label, Outcome, Track, Zone
from retrorun.model.recording import POSITION
from retrorun.settings import Settings
from retrorun.simulate import Place, fit_bytes, gpx_bytes, scenarios, simulate
from retrorun.simulate.samples import first_records

# one worker analyses the samples once for all modules of this group
pytestmark = pytest.mark.xdist_group("analysed samples")
SAMPLES = Path(__file__).resolve().parents[1] / "sample_data"
EXPORTS = sorted(path for path in SAMPLES.glob("2026*") if not path.name.endswith(".truth.json"))
TOLERANCE_S = 3.0
# bearing is course here and there is no step rate: nothing in the file can tell
BLIND = {"2026-06-04-gpslogger.gpx"}
RUNNING = 1.0  # seconds: a truth shorter than this is a step, no stretch


@dataclass(frozen=True)
class Stretch:
    start_s: float
    end_s: float


def analysed(path: Path) -> Outcome:
    return remembered_pipeline.process(Blob(path.name, path.read_bytes()), Settings(), Athlete())


def joined(stretches: list[Stretch]) -> list[Stretch]:
    """Neighbours that touch are one stretch: a change of gait does not end going backward."""
    merged: list[Stretch] = []
    for each in stretches:
        if merged and each.start_s - merged[-1].end_s <= 0.5:
            merged[-1] = Stretch(merged[-1].start_s, each.end_s)
        else:
            merged.append(each)
    return merged


def backward(intervals: list[dict[str, Any]]) -> list[Stretch]:
    return joined(
        [
            Stretch(each["start_s"], each["end_s"])
            for each in intervals
            if each["direction"] == "backward"
        ]
    )


def truth(path: Path) -> list[Stretch]:
    beside = path.with_name(f"{path.name}.truth.json")
    found = backward(json.loads(beside.read_text(encoding="utf-8"))["intervals"])
    return [each for each in found if each.end_s - each.start_s > RUNNING]


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_segments_match_the_truth(path: Path) -> None:
    outcome = analysed(path)
    assert isinstance(outcome, Analysis)
    (session,) = contract.document(outcome)["sessions"]
    found = backward(session["segments"])
    if path.name in BLIND:
        assert found == []
        assert {each["verdict"] for each in session["segments"]} == {"assumed"}
        assert all("a label" in each["would_change"] for each in session["segments"])
        return
    expected = truth(path)
    assert len(found) == len(expected)
    for mine, true in zip(found, expected, strict=True):
        assert mine.start_s == pytest.approx(true.start_s, abs=TOLERANCE_S)
        assert mine.end_s == pytest.approx(true.end_s, abs=TOLERANCE_S)


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_segments_cover_the_session_without_overlap(path: Path) -> None:
    (session,) = contract.document(analysed(path))["sessions"]
    segments = session["segments"]
    assert segments[0]["start_s"] == 0
    assert segments[-1]["end_s"] == session["duration_s"]
    assert all(a["end_s"] == b["start_s"] for a, b in itertools.pairwise(segments))


def test_the_same_bytes_give_the_same_answer() -> None:
    blob = Blob(EXPORTS[0].name, EXPORTS[0].read_bytes())
    found = [pipeline.process(blob, Settings(), Athlete()) for _ in range(2)]
    assert contract.document(found[0]) == contract.document(found[1])


@pytest.mark.parametrize("size", [0, 1, 11, 12, 13, 14, 100, 1000])
@pytest.mark.parametrize("path", EXPORTS[:5], ids=lambda path: path.suffix + path.stem[-4:])
def test_a_file_cut_short_is_a_reason_or_a_session(path: Path, size: int) -> None:
    outcome = pipeline.process(Blob(path.name, path.read_bytes()[:size]), Settings(), Athlete())
    if isinstance(outcome, Failed):
        assert outcome.slug != "internal-error", outcome.message
        assert outcome.message


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 4096,
        bytes(range(256)) * 40,
        b"<?xml version='1.0'?><gpx/>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7 not a run",
        b"lat,lon\n1,2\n",
        gzip.compress(b""),
        gzip.compress(b"x" * 10),
        b"\x1f\x8b\x08\x00 broken gzip",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><gpx>&b;</gpx>",
    ],
    ids=["zeros", "binary", "empty-gpx", "svg", "pdf", "csv", "gz-empty", "gz-x", "gz-bad", "dtd"],
)
@pytest.mark.parametrize("suffix", [".fit", ".gpx", ".tcx", ".fit.gz"])
def test_what_is_no_recording_has_a_named_reason(data: bytes, suffix: str) -> None:
    outcome = pipeline.process(Blob(f"file{suffix}", data), Settings(), Athlete())
    assert isinstance(outcome, Failed)
    assert outcome.slug != "internal-error", outcome.message


def test_every_real_file_is_a_session_or_has_a_reason_and_none_runs_backward(corpus: Path) -> None:
    paths = sorted(path for path in corpus.glob("*/*") if path.is_file())
    assert len(paths) == 107
    for path in paths:
        outcome = pipeline.process(Blob(path.name, path.read_bytes()), Settings(), Athlete())
        if isinstance(outcome, Failed):
            assert outcome.slug != "internal-error", f"{path.name}: {outcome.message}"
            continue
        for session in outcome.sessions:
            assert session.measures.totals["backward"].seconds == 0, path.name


def points(*moments: str) -> bytes:
    """A GPX file with a point at each moment, 3 m apart."""
    marks = "".join(
        f'<trkpt lat="{46 + 2.7e-5 * number:.7f}" lon="14.5"><time>{moment}</time></trkpt>'
        for number, moment in enumerate(moments)
    )
    space = 'xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="a"'
    return f"<gpx {space}><trk><trkseg>{marks}</trkseg></trk></gpx>".encode()


def outcome_of(*moments: str) -> Outcome:
    return pipeline.process(Blob("a.gpx", points(*moments)), Settings(), Athlete())


@pytest.mark.parametrize(
    "moments",
    [
        ("2026-05-01T14:00:00Z", "2026-05-21T14:00:00Z"),
        ("2026-05-01T14:00:00Z", "2026-05-03T14:00:00Z"),
        ("2026-05-01T14:00:00Z", "2026-05-01T18:00:00Z"),
        ("2026-05-01T14:00:00Z",) * 9,
        tuple(f"2026-05-{day:02}T14:00:00Z" for day in range(1, 10)),
    ],
    ids=["20 days", "2 days", "4 hours", "one time", "one a day"],
)
def test_no_session_comes_of_samples_that_span_no_usable_second(moments: tuple[str, ...]) -> None:
    outcome = outcome_of(*moments)
    assert isinstance(outcome, Failed)
    assert (outcome.slug, outcome.not_a_run) == ("no-usable-second", True)


@pytest.mark.parametrize(
    ("moments", "slug"),
    [
        (("2026-05-01T14:00:00Z",) * 10, "clock-stopped"),
        (tuple(f"2026-05-{day:02}T14:00:00Z" for day in range(1, 11)), "clock-impossible"),
    ],
    ids=["one time", "one a day"],
)
def test_from_ten_samples_on_the_clock_is_named_as_the_reason(
    moments: tuple[str, ...], slug: str
) -> None:
    outcome = outcome_of(*moments)
    assert isinstance(outcome, Failed)
    assert (outcome.slug, outcome.not_a_run) == (slug, False)


def test_two_points_days_apart_of_a_file_are_refused_by_name() -> None:
    path = SAMPLES.parents[1] / "shared" / "faults" / "two_points_days_apart.gpx"
    if not path.exists():
        pytest.skip("../shared/faults is absent")
    outcome = analysed(path)
    assert isinstance(outcome, Failed)
    assert outcome.slug == "no-usable-second"


def test_a_session_may_be_short_or_sparse() -> None:
    minutes = tuple(f"2026-05-01T14:{minute:02}:00Z" for minute in range(0, 60, 5))
    seconds = ("2026-05-01T14:00:00Z", "2026-05-01T14:00:01Z")
    for moments, duration_s in ((minutes, 55 * 60 + 1), (seconds, 2)):
        outcome = outcome_of(*moments)
        assert isinstance(outcome, Analysis)
        assert outcome.sessions[0].duration_s == duration_s


@pytest.mark.parametrize(
    ("hour", "mass_kg"),
    [
        ("2025-12-31T10:30:00+00:00", 60.0),  # Auckland: New Year's Eve, 23:30
        ("2025-12-31T17:30:00+00:00", 66.0),  # New Year's Day, 06:30
    ],
)
def test_the_mass_is_that_of_the_day_on_the_athletes_own_clock(hour: str, mass_kg: float) -> None:
    start_s = dt.datetime.fromisoformat(hour).timestamp()
    place = Place(-36.9, 174.8, 20.0, start_s, 13 * 3600.0)
    data = fit_bytes(simulate(scenarios()["all forward"], 4, place))
    masses = (DatedMass(dt.date(2025, 12, 1), 60.0), DatedMass(dt.date(2026, 1, 1), 66.0))

    def forward_kcal(athlete: Athlete) -> float:
        outcome = pipeline.process(Blob("a.fit", data), Settings(), athlete)
        assert isinstance(outcome, Analysis)
        return outcome.sessions[0].total("forward").energy_kcal or 0.0

    # energy by speed is in proportion to the mass
    one_kg = forward_kcal(Athlete(mass_kg=1.0))
    assert forward_kcal(Athlete(masses=masses)) == pytest.approx(mass_kg * one_kg, rel=1e-4)


@pytest.mark.parametrize(
    ("hour", "highest_bpm"),
    [
        ("2025-12-31T10:30:00+00:00", "188"),  # Auckland: New Year's Eve, 29 years: 208 - 0.7 · 29
        ("2025-12-31T17:30:00+00:00", "187"),  # New Year's Day, 30 years: 208 - 0.7 · 30
    ],
)
def test_the_age_is_that_of_the_year_on_the_athletes_own_clock(hour: str, highest_bpm: str) -> None:
    start_s = dt.datetime.fromisoformat(hour).timestamp()
    place = Place(-36.9, 174.8, 20.0, start_s, 13 * 3600.0)
    data = fit_bytes(simulate(scenarios()["all forward"], 4, place))
    outcome = pipeline.process(Blob("a.fit", data), Settings(), Athlete(birth_year=1996))
    assert isinstance(outcome, Analysis)
    notes = {each.slug: each.message for each in outcome.sessions[0].notes}
    assert notes["heart-rate-maximum-default"].startswith(f"{highest_bpm} 1/min")


@pytest.mark.parametrize("origin", ["local sidecar", "day sidecar"])
def test_a_label_after_a_change_of_the_clocks_that_is_hidden(origin: str) -> None:
    """Berlin, 25 October: recorded from 1:50 summer time, hidden until 2:20 winter time."""
    midnight_s = dt.datetime(2026, 10, 25, tzinfo=dt.UTC).timestamp()
    start_s = midnight_s - 600.0
    size = 4 * 3600 - 5400
    place = {"latitude_deg": np.full(size, 52.5), "longitude_deg": np.full(size, 13.4)}
    gap = {"gap": np.zeros(size, dtype=np.bool_)}
    track = Track(start_s + 5400.0, place, gap, hidden=((0, 5400),))
    zone = time_zone.of_track(track, None)
    since_s = midnight_s if origin.startswith("local") else 0.0
    label = Label(since_s + 12_600.0, since_s + 13_500.0, "backward", origin)
    (found,), _ = pipeline.placed_labels([label], track, zone)
    # 3:30 winter time is 2:30 UTC: 160 min after the start
    assert (found.start_s / 60, found.end_s / 60) == (160.0, 175.0)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:0{}+14:00", "9999-12-31T23:59:0{}-12:00"])
def test_a_clock_that_no_calendar_shows_is_named(moment: str) -> None:
    points = "".join(
        f'<trkpt lat="1" lon="2"><time>{moment.format(n)}</time></trkpt>' for n in range(9)
    )
    data = f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode()
    outcome = pipeline.process(Blob("a.gpx", data), Settings(), Athlete())
    assert isinstance(outcome, Failed)
    assert outcome.slug == "impossible-clock"


def test_the_order_of_second_devices_decides_nothing() -> None:
    """The phone that recorded longest gives the heading, whichever was joined first."""
    run = simulate(scenarios()["intervals"], 9000)
    watch = fit_bytes(replace(run, recording=structs.replace(run.recording, headings=())))
    phones = [(f"{cut}.gpx", gpx_bytes(first_records(run, cut), "osmand")) for cut in (600, 900)]
    found = [
        pipeline.process(Blob("a.fit", watch, second_files=tuple(each)), Settings(), Athlete())
        for each in (phones, phones[::-1])
    ]
    sessions = [each.sessions[0] for each in found if isinstance(each, Analysis)]
    assert sessions[0] == sessions[1]
    assert sessions[0].channels["heading"] > 0.6


def test_a_second_device_called_by_its_file_tells_no_hidden_time_of_day() -> None:
    run = simulate(scenarios()["intervals"], 9000)
    watch = fit_bytes(replace(run, recording=structs.replace(run.recording, headings=())))
    phone = re.sub(rb' creator="[^"]*"', b"", gpx_bytes(run, "osmand"))
    north, east = (float(run.recording.columns[name][0]) for name in POSITION)
    athlete = Athlete(privacy_zones=(Zone(north, east, 50.0),), zone_secret="s")  # noqa: S106
    for zones, name in ((athlete, "2026-05-08_….gpx"), (Athlete(), "2026-05-08_07-24-10.gpx")):
        blob = Blob("a.fit", watch, second_files=(("2026-05-08_07-24-10.gpx", phone),))
        found = pipeline.process(blob, Settings(), zones)
        assert isinstance(found, Analysis)
        (session,), (track,) = found.sessions, found.tracks
        assert bool(track.hidden) == bool(zones.privacy_zones)
        assert session.second_devices[0].device == name
        assert session.heading.source in {each.source for each in track.headings}
        assert f"({name})" in (session.heading.source or "")
        assert ("07-24" in repr((session, track.headings))) == (not zones.privacy_zones)


def test_laps_that_may_be_backward_are_asked_about_until_the_athlete_answers() -> None:
    path = SAMPLES / "2026-07-06-notes.tcx"
    data = path.read_bytes()
    doubtful = data.replace(b"<Notes>Backward</Notes>", b"<Notes>Backward?</Notes>")
    assert doubtful != data
    own = (Label(100.0, 160.0, "backward", "command"),)

    def questions(blob: Blob) -> list[str]:
        outcome = pipeline.process(blob, Settings(), Athlete())
        assert isinstance(outcome, Analysis)
        called = {(each.direction, each.origin) for each in outcome.sessions[0].labels}
        assert ("backward", "lap") not in called
        notes = outcome.sessions[0].notes
        return [each.message for each in notes if "words may mean" in each.message]

    asked = questions(Blob(path.name, doubtful))
    count = doubtful.count(b"<Notes>Backward?</Notes>")
    assert len(asked) == 1
    assert f"something else: {count};" in asked[0]
    assert questions(Blob(path.name, doubtful, {0: own})) == []
