"""Two recordings that differ in hidden seconds only leave the same behind."""

import dataclasses as dc
import datetime as dt
import io
import itertools
import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from msgspec import structs

from attack_artefacts import leave
from attack_routes import door, run
from retrorun import contract, pipeline, privacy_zones
from retrorun.language import use_language
from retrorun.model import Analysis, Athlete, Blob, Failed, Recording, Session, Track, Zone
from retrorun.model.recording import POSITION
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.simulate import fit_bytes, scenarios, simulate
from retrorun.units import EARTH_RADIUS_M

HOME = door(3)
ATHLETE = Athlete(mass_kg=70, privacy_zones=(HOME.zone,), zone_secret="kept")  # noqa: S106
WIDE = structs.replace(ATHLETE, privacy_zones=(structs.replace(HOME.zone, radius_m=2000.0),))
POINTS_OUT = re.compile(rb"<trkpt (.*?)</trkpt>", re.DOTALL)
POINT = re.compile(rb'<trkpt lat="([^"]+)" lon="([^"]+)"><ele>([^<]+)</ele>')


def analysed(data: bytes, athlete: Athlete = ATHLETE) -> tuple[Session, Track]:
    outcome = pipeline.process(Blob("2026-05-08-142427.gpx", data), Settings(), athlete)
    assert isinstance(outcome, Analysis), outcome
    return outcome.sessions[0], outcome.tracks[0]


def elsewhere_within(data: bytes, athlete: Athlete = ATHLETE) -> bytes:
    """The same run with every fix within the discs at other places and heights within them."""
    discs = privacy_zones.discs(athlete)
    main, *_ = discs
    latitude, longitude = np.array([found[:2] for found in POINT.findall(data)], dtype=float).T
    place = {"latitude_deg": latitude, "longitude_deg": longitude}
    track = Track(0.0, place, {"gap": np.zeros(latitude.size, dtype=bool)})
    hidden = iter(privacy_zones.inside_discs(track, discs))

    def moved(found: re.Match[bytes]) -> bytes:
        if not next(hidden):
            return found[0]
        return (
            f'<trkpt lat="{main.latitude_deg:.7f}" lon="{main.longitude_deg:.7f}"><ele>99.0</ele>'
        ).encode()

    return POINT.sub(moved, data)


def every(seconds: int, data: bytes) -> bytes:
    """The run as a watch writes it that keeps a sample every so many seconds."""
    numbers = itertools.count()
    return re.sub(
        rb"<trkpt.*?</trkpt>", lambda one: b"" if next(numbers) % seconds else one[0], data
    )


@pytest.mark.parametrize("seconds", [1, 7])
@pytest.mark.parametrize("athlete", [ATHLETE, WIDE], ids=["cut", "blanked"])
def test_what_is_hidden_decides_nothing_that_is_left(athlete: Athlete, seconds: int) -> None:
    """Samples 7 s apart: the seconds between are drawn on the line from one to the next."""
    data = every(seconds, with_varied_steps(run(HOME, 1, "streets", 3)))
    other = elsewhere_within(data, athlete)
    assert data != other
    (session, track), (second, other_track) = analysed(data, athlete), analysed(other, athlete)
    assert bool(track.hidden) == (athlete is ATHLETE)
    assert session.notes[0].slug == "privacy-zone"
    assert track.columns.keys() == other_track.columns.keys()
    for name, values in track.columns.items():
        np.testing.assert_array_equal(values, other_track.columns[name], name)
    for name, flags in track.flags.items():
        np.testing.assert_array_equal(flags, other_track.flags[name], name)
    same_file = dc.replace(second, id=session.id, source=session.source)
    assert session == same_file


@pytest.mark.parametrize("language", ["en", "de"])
def test_everything_that_leaves_is_the_same(language: str, tmp_path: Path) -> None:
    """Pages, redacted and shared ones, too, tables of all formats, GPX and result sets."""
    data = every(7, with_varied_steps(run(HOME, 1, "streets", 3)))
    found = []
    with use_language(language):
        for name, one in (("a", data), ("b", elsewhere_within(data))):
            (left,) = leave(HOME, [one], "kept", tmp_path / name, whole=1)
            ids = re.compile(f"{left.session.id}|{left.session.source.sha256}")
            pages = {kind: ids.sub("ID", html) for kind, html in left.pages.items()}
            tracks = {kind: rows(kind, each) for kind, each in left.tracks.items()}
            found.append((pages, tracks, left.facts))
    (pages, tracks, facts), (other_pages, other_tracks, other_facts) = found
    assert pages == other_pages
    assert facts == other_facts
    assert tracks.keys() == other_tracks.keys()
    assert {"csv", "parquet", "json", "gpx", "result set", "de-identified"} <= tracks.keys()
    for kind, table in tracks.items():
        assert table.size > 1000, kind
        pd.testing.assert_frame_equal(table, other_tracks[kind], obj=kind)


def rows(kind: str, data: bytes) -> pd.DataFrame:
    """What an artefact of a track holds, without the session's id."""
    if kind == "gpx":
        return pd.DataFrame([re.split(rb"[<>]", each) for each in POINTS_OUT.findall(data)])
    if kind == "parquet":
        return pd.read_parquet(io.BytesIO(data))
    table = pd.read_json(io.BytesIO(data)) if kind == "json" else pd.read_csv(io.BytesIO(data))
    return table.drop(columns="session", errors="ignore")


def with_varied_steps(data: bytes) -> bytes:
    """The run with a minute of walking and a stop, by its steps only."""
    numbers = itertools.count()

    def steps(_: re.Match[bytes]) -> bytes:
        second = next(numbers)
        rate = 0 if 200 <= second < 230 else 52 if 300 <= second < 360 else 83 + second % 3
        return f"<g:cad>{rate}</g:cad>".encode()

    return re.sub(rb"<g:cad>\d+</g:cad>", steps, data)


def test_a_blanked_session_is_told_apart_by_its_steps() -> None:
    session, _ = analysed(with_varied_steps(run(HOME, 1, "streets", 3)), WIDE)
    found = [each.segment for each in session.measures.segments]
    assert any(each.direction == "still" and 195 <= each.start_s <= 205 for each in found)
    assert any(each.gait == "walk" and 295 <= each.start_s <= 305 for each in found)


def test_a_blanked_session_confirms_no_direction_and_teaches_nothing() -> None:
    """A compass run that is confirmed in the open; hidden, its heading has no course beside it."""
    data = fit_bytes(simulate(scenarios()["intervals"], 9000))
    opened = pipeline.process(Blob("run.fit", data), Settings(), Athlete())
    assert isinstance(opened, Analysis), opened
    assert "confirmed" in verdicts(opened)
    places = opened.tracks[0]
    zone = Zone(
        float(np.nanmean(places.columns["latitude_deg"])),
        float(np.nanmean(places.columns["longitude_deg"])),
        5000.0,
    )
    athlete = Athlete(
        privacy_zones=(zone,),
        zone_secret="kept",  # noqa: S106
        forward_line=opened.sessions[0].forward_line,
        backward_line=opened.sessions[0].backward_line,
    )
    blank = pipeline.process(Blob("run.fit", data), Settings(), athlete)
    assert isinstance(blank, Analysis), blank
    (session,) = blank.sessions
    assert session.notes[0].slug == "privacy-zone"
    assert "confirmed" not in verdicts(blank)
    assert session.heading.source is None
    assert (session.forward_line, session.backward_line) == (None, None)
    assert session.lesson is not None
    assert (session.lesson.forward_line, session.lesson.backward_line) == (None, None)
    assert session.distance_sources == {}
    assert not np.any(blank.tracks[0].columns["evidence_heading"])
    assert not np.any(blank.tracks[0].columns["evidence_gait"])


def verdicts(analysis: Analysis) -> set[str]:
    (session,) = analysis.sessions
    return {
        each.segment.verdict
        for each in session.measures.segments
        if each.segment.direction != "still"
    }


@pytest.mark.parametrize("athlete", [ATHLETE, WIDE], ids=["cut", "blanked"])
@pytest.mark.parametrize("hidden_at", [0, 1])
def test_every_session_of_a_file_loses_the_time_in_its_name(
    athlete: Athlete, hidden_at: int
) -> None:
    """Two tracks in one file: one at the door, the other far away and not hidden."""
    name = "2026-05-08-142427"
    runs = [run(HOME, 1, "streets", 3), run(door(5), 1, "streets", 5)]
    parts = [re.search(rb"<trk>.*</trk>", each) for each in runs[:: 1 - 2 * hidden_at]]
    tracks = b"".join(
        each[0].replace(b"<trk>", f"<trk><name>{name}</name>".encode()) for each in parts if each
    )
    data = re.sub(rb"<trk>.*</trk>", lambda _: tracks, runs[0])
    outcome = pipeline.process(Blob(f"{name}.gpx", data), Settings(), athlete)
    assert isinstance(outcome, Analysis), outcome
    hidden = [any(note.slug == "privacy-zone" for note in each.notes) for each in outcome.sessions]
    assert hidden == [hidden_at == 0, hidden_at == 1]
    for session in outcome.sessions:
        assert session.source == outcome.source
        assert session.source.name == "2026-05-08-….gpx"
        assert session.name == "2026-05-08-…"
    assert "142427" not in json.dumps(contract.document(outcome))
    shown = pipeline.process(Blob(f"{name}.gpx", data), Settings(), Athlete())
    assert "142427" in json.dumps(contract.document(shown))


def test_the_start_that_is_told_is_that_of_the_first_second_outside() -> None:
    session, track = analysed(run(HOME, 1, "streets", 3))
    whole, _ = analysed(run(HOME, 1, "streets", 3), Athlete(mass_kg=70))
    assert session.start_time_s == whole.start_time_s + track.hidden[0][1]
    assert session.duration_s == track.seconds
    shown_m = session.distance_m or 0.0
    walked_m = float(np.nansum(track.columns["ground_speed_mps"]))
    assert abs(shown_m - walked_m) < 0.02 * shown_m
    assert session.source.name == "2026-05-08-….gpx"
    assert session.laps == ()
    assert session.notes[0].slug == "privacy-zone"


def test_a_session_within_a_zone_keeps_what_the_body_did() -> None:
    session, track = analysed(run(HOME, 1, "streets", 3), WIDE)
    assert set(track.columns) <= privacy_zones.KEPT
    assert track.has("heart_rate_bpm")
    assert not track.headings
    assert session.duration_s > 500
    assert session.distance_m is None
    assert all(each.metrics.speed_mps is None for each in session.measures.segments)
    document = contract.session_document(session)
    assert document["distance_m"] is None


def test_far_from_every_zone_nothing_changes() -> None:
    data = run(HOME, 1, "streets", 3)
    far = structs.replace(ATHLETE, privacy_zones=(Zone(0.0, 0.0, 300.0),))
    assert analysed(data, far)[0] == analysed(data, Athlete(mass_kg=70))[0]


def test_a_minute_before_the_first_fix_is_hidden_with_the_home() -> None:
    """A TCX whose first minute has the home's height and no position."""
    points = []
    for second in range(400):
        north = 46.05 + max(second - 60, 0) * 5.0 / 111_195.08
        place = (
            f"<Position><LatitudeDegrees>{north:.7f}</LatitudeDegrees>"
            "<LongitudeDegrees>14.5</LongitudeDegrees></Position>"
            if second >= 60
            else ""
        )
        height = 512.3 if second < 60 else 480.0
        points.append(
            f"<Trackpoint><Time>2026-05-08T14:{second // 60:02}:{second % 60:02}Z</Time>{place}"
            f"<AltitudeMeters>{height}</AltitudeMeters></Trackpoint>"
        )
    data = (
        '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">'
        '<Activities><Activity Sport="Running"><Id>2026-05-08T14:00:00Z</Id>'
        '<Lap StartTime="2026-05-08T14:00:00Z"><Track>'
        f"{''.join(points)}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    ).encode()
    athlete = Athlete(privacy_zones=(Zone(46.05, 14.5, 60.0),), zone_secret="kept")  # noqa: S106
    outcome = pipeline.process(Blob("run.tcx", data), Settings(), athlete)
    assert isinstance(outcome, Analysis), outcome
    track = outcome.tracks[0]
    assert track.hidden
    assert track.hidden[0][0] == 0
    assert track.hidden[0][1] > 60
    assert np.nanmax(track.columns["altitude_m"]) < 500


def no_sport(hidden_mps: float, shown_mps: float) -> bytes:
    """15 minutes round the middle of the main disc, and 25 minutes straight away from it."""
    main, *_ = privacy_zones.discs(ATHLETE)
    turns = np.arange(900) * hidden_mps / 150.0
    away_m = 150.0 + np.arange(1500) * shown_mps
    north_m = np.concatenate([150.0 * np.cos(turns), away_m])
    east_m = np.concatenate([150.0 * np.sin(turns), np.zeros(1500)])
    latitude = main.latitude_deg + np.degrees(north_m / EARTH_RADIUS_M)
    narrow = np.cos(np.radians(main.latitude_deg))
    longitude = main.longitude_deg + np.degrees(east_m / EARTH_RADIUS_M / narrow)
    points = "".join(
        f'<trkpt lat="{north:.7f}" lon="{east:.7f}"><time>{time}Z</time></trkpt>'
        for north, east, time in zip(
            latitude, longitude, np.datetime64("2026-05-08T14:24:27") + np.arange(2400), strict=True
        )
    )
    return f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode()


@pytest.mark.parametrize(
    ("hidden_mps", "shown_mps", "athlete", "slug"),
    [
        (6.4, 3.0, Athlete(), "not-a-run-doubtful"),
        (6.4, 3.0, ATHLETE, None),
        (3.0, 6.4, ATHLETE, "not-a-run-doubtful"),
    ],
)
def test_a_ride_in_hidden_seconds_decides_nothing(
    hidden_mps: float, shown_mps: float, athlete: Athlete, slug: str | None
) -> None:
    """What names no sport is judged by the speed that is shown."""
    outcome = pipeline.process(Blob("a.gpx", no_sport(hidden_mps, shown_mps)), Settings(), athlete)
    assert (outcome.slug if isinstance(outcome, Failed) else None) == slug


def trimmed(odometer_m: float, lap_s: float) -> bytes:
    """20 minutes straight on from 300 m beyond the discs; its first lap began so long before."""
    main, *_ = privacy_zones.discs(ATHLETE)
    first_m = main.radius_m + max(each.radius_m for each in privacy_zones.discs(ATHLETE)) + 300
    start = dt.datetime(2026, 5, 8, 14, 24, 27, tzinfo=dt.UTC)
    points = []
    for second in range(1200):
        north = main.latitude_deg + np.degrees((first_m + 3 * second) / EARTH_RADIUS_M)
        points.append(
            f"<Trackpoint><Time>{start + dt.timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}</Time>"
            f"<Position><LatitudeDegrees>{north:.7f}</LatitudeDegrees><LongitudeDegrees>"
            f"{main.longitude_deg:.7f}</LongitudeDegrees></Position>"
            f"<DistanceMeters>{odometer_m + 3 * second:.1f}</DistanceMeters></Trackpoint>"
        )
    lap = start - dt.timedelta(seconds=lap_s)
    return (
        '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">'
        f'<Activities><Activity Sport="Running"><Id>{lap:%Y-%m-%dT%H:%M:%SZ}</Id>'
        f'<Lap StartTime="{lap:%Y-%m-%dT%H:%M:%SZ}"><TotalTimeSeconds>{1200 + lap_s}'
        f"</TotalTimeSeconds><DistanceMeters>{odometer_m + 3600}</DistanceMeters>"
        f"<Calories>300</Calories><Track>{''.join(points)}</Track></Lap></Activity></Activities>"
        "</TrainingCenterDatabase>"
    ).encode()


@pytest.mark.parametrize(("odometer_m", "lap_s"), [(612.0, 0), (0.0, 240), (612.0, 240)])
def test_a_file_without_the_samples_about_the_door_tells_nothing_of_them(
    odometer_m: float, lap_s: float
) -> None:
    """Another program took the samples out and left odometer, laps and sums."""
    session, track = analysed(trimmed(odometer_m, lap_s))
    plain, plain_track = analysed(trimmed(0.0, 0))
    assert plain.laps
    assert not plain.notes
    assert plain_track.columns["distance_m"][0] == 0.0
    assert session.notes[0].slug == "privacy-zone"
    assert "begin at its edge" in session.notes[0].message
    assert session.source.name == "2026-05-08-….gpx"
    assert not session.laps
    assert session.device_energy_kcal is None
    assert session.distance_m == plain.distance_m
    assert session.start_time_s == plain.start_time_s
    for name, values in track.columns.items():
        np.testing.assert_array_equal(values, plain_track.columns[name], name)


def test_near_a_zone_a_name_loses_its_time_also_where_no_second_is_hidden() -> None:
    """The samples about the door are not in the file; the name says when they began."""
    session, track = analysed(trimmed(0.0, 0))
    assert not track.hidden
    assert session.source.name == "2026-05-08-….gpx"
    assert session.laps
    assert session.distance_m is not None


@pytest.mark.parametrize(
    ("name", "value"), [("distance_m", np.nan), ("distance_m", 9000.0), ("heart_rate_bpm", 239.0)]
)
def test_hidden_seconds_do_not_decide_which_odometer_is_believed(name: str, value: float) -> None:
    """An odometer that is silent or off within the zone, or a wild heart rate, shows nowhere."""
    made = simulate(scenarios()["disturbed forward"], 1002)
    columns = made.recording.columns
    latitude, longitude = (float(columns[each][0]) for each in POSITION)
    home = Zone(latitude, longitude, 60.0)
    athlete = Athlete(mass_kg=70, privacy_zones=(home,), zone_secret="s1002")  # noqa: S106
    places = {each: columns[each] for each in POSITION}
    gap = np.zeros(made.recording.time_s.size, dtype=bool)
    discs = privacy_zones.discs(athlete)
    hidden = privacy_zones.inside_discs(Track(0.0, places, {"gap": gap}), discs)
    first = int(np.argmin(hidden))
    assert first > 100
    assert not hidden[first:].any()
    other = columns[name].copy()
    other[hidden] = value
    changed = structs.replace(made.recording, columns={**columns, name: other})
    (session, track), (second, other_track) = (
        analysed(fit_bytes(dc.replace(made, recording=one)), athlete)
        for one in (made.recording, changed)
    )
    assert track.hidden
    assert {"distance_m", "speed_mps"} <= track.columns.keys() == other_track.columns.keys()
    for each, values in track.columns.items():
        np.testing.assert_array_equal(values, other_track.columns[each], each)
    assert session == dc.replace(second, id=session.id, source=session.source)


@pytest.mark.parametrize("unit_m", [1.0, 0.9144, 0.3048, 1609.344])
@pytest.mark.parametrize("radius_m", [60.0, 200.0])
def test_a_zone_that_is_crossed_does_not_change_the_unit_of_the_odometer(
    radius_m: float, unit_m: float
) -> None:
    """An hour straight north at 3 m/s, with the zone in the middle of it."""
    time_s = np.arange(3601.0)
    latitude = 52.5 + np.degrees(3.0 * time_s / EARTH_RADIUS_M)
    columns = {
        "latitude_deg": latitude,
        "longitude_deg": np.full(time_s.size, 13.4),
        "speed_mps": np.full(time_s.size, 3.0),
        "distance_m": 3.0 * time_s / unit_m,
    }
    zone = Zone(float(latitude[1800]), 13.4, radius_m)
    discs = privacy_zones.discs(Athlete(mass_kg=70, privacy_zones=(zone,), zone_secret="s"))  # noqa: S106
    leave_out = partial(privacy_zones.cut_if_enough, discs=discs)
    track = prepare(Recording(1.7e9 + time_s, columns), Settings().prepare, leave_out)
    assert track.hidden
    assert track.step_m is not None
    assert np.nansum(track.step_m) == pytest.approx(3.0 * track.seconds, rel=0.01)
    assert ("odometer-unit" in {note.slug for note in track.notes}) == (unit_m != 1.0)


@pytest.mark.parametrize("noise_m", [0.5, 1.0, 2.0, 3.0])
def test_what_is_shown_is_as_long_and_stands_as_long_as_without_a_zone(noise_m: float) -> None:
    """An hour at 3 m/s with stops of 2 min, a position each 5 s; the first 100 m are hidden."""
    time_s = np.arange(0.0, 3601.0, 5.0)
    mps = np.where(time_s % 600 >= 480, 0.0, 3.0)
    way_m = np.concatenate(([0.0], np.cumsum(5.0 * mps[:-1])))
    error_m = np.random.default_rng(2).normal(0.0, noise_m, (2, time_s.size))
    columns = {
        "latitude_deg": np.degrees((way_m + error_m[0]) / EARTH_RADIUS_M),
        "longitude_deg": 14.5 + np.degrees(error_m[1] / EARTH_RADIUS_M),
    }
    one, limits = Recording(1.7e9 + time_s, columns), Settings().prepare
    discs = [privacy_zones.Disc(0.0, 14.5, 100.0)]
    cut = prepare(one, limits, partial(privacy_zones.cut_if_enough, discs=discs))
    whole = prepare(one, limits)
    ((start, end),) = cut.hidden
    assert (start, cut.seconds) == (0, whole.seconds - end)
    assert cut.step_m is not None
    assert whole.step_m is not None
    assert np.nansum(cut.step_m) == pytest.approx(np.nansum(whole.step_m[end:]), rel=0.005)
    moving_s = [
        (each.column("ground_speed_mps") >= 0.5)[-cut.seconds :].sum() for each in (cut, whole)
    ]
    assert abs(int(moving_s[0]) - int(moving_s[1])) <= 20
    assert "sampled" not in cut.flags


def test_far_from_every_zone_odometer_and_laps_stay() -> None:
    far = structs.replace(ATHLETE, privacy_zones=(structs.replace(HOME.zone, latitude_deg=-30.0),))
    session, track = analysed(trimmed(612.0, 240), far)
    assert session.source.name == "2026-05-08-142427.gpx"
    assert session.laps
    assert track.columns["distance_m"][0] == 612.0
