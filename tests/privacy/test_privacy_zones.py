"""Which seconds a privacy zone hides, and that nothing that is left knows them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from retrorun import privacy_zones
from retrorun.errors import ArchiveError
from retrorun.model import Athlete, HeadingTrack, Label, Pause, Track, Zone
from retrorun.prepare.clean import Cleaned
from retrorun.prepare.track import with_drawn_seconds
from retrorun.privacy_zones import Disc
from retrorun.settings import PrepareSettings
from retrorun.text import without_clock
from retrorun.units import FloatArray

# one degree of a great circle on the mean sphere: 2 pi 6371008.8 m / 360
DEGREE_M = 111_195.08
HOME = Disc(46.05, 14.5, 202.0)


STEP_M = 5.0


def line(n: int = 400, *more: str) -> Track:
    """Straight north from the door at 5 m/s, out of the disc after 40 s; more columns are 1."""
    way_m = np.arange(n, dtype=np.float64) * STEP_M
    columns: dict[str, FloatArray] = {name: np.ones(n) for name in more}
    columns |= {"latitude_deg": 46.05 + way_m / DEGREE_M, "longitude_deg": np.full(n, 14.5)}
    columns["distance_m"] = way_m
    heading = HeadingTrack("gpx:compass", "compass", "true", np.arange(n, dtype=np.float64))
    none = np.zeros(n, dtype=bool)
    return Track(1.7e9, columns, {"gap": none, "break": none}, (heading,))


def shown(track: Track, *discs: Disc) -> Track:
    return privacy_zones.cut(track, privacy_zones.hidden_seconds(track, discs or (HOME,)))


def test_a_disc_covers_its_zone_and_its_middle_is_far_from_the_zones() -> None:
    zone = Zone(46.05, 14.5, 200.0)
    for secret in map(str, range(200)):
        main, *rim = privacy_zones.discs(Athlete(privacy_zones=(zone,), zone_secret=secret))
        place = (np.array([zone.latitude_deg]), np.array([zone.longitude_deg]))
        away_m = privacy_zones.distance_m(*place, main)[0]
        assert 1.9 * 200 - 0.1 <= away_m <= 3.1 * 200 + 0.1
        assert main.radius_m >= away_m + 200
        assert len(rim) == 6
        assert all(3.4 * 200 <= each.radius_m <= 5 * 200 for each in rim)


def test_discs_are_the_same_for_one_secret_and_others_for_another() -> None:
    zones = (Zone(46.05, 14.5, 200.0), Zone(46.2, 14.5, 100.0))
    first, again, other = (
        privacy_zones.discs(Athlete(privacy_zones=zones, zone_secret=each)) for each in "aab"
    )
    assert first == again
    assert not set(first) & set(other)
    assert len(set(first)) == 14


def test_discs_of_other_sizes_are_no_images_of_each_other_about_the_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The prolonged line through the middles of both would lead to the door."""
    zone = Zone(0.0, 0.0, 200.0)
    athletes = [Athlete(privacy_zones=(zone,), zone_secret=str(each)) for each in range(100)]

    def turns() -> FloatArray:
        mains = [privacy_zones.discs(each)[0] for each in athletes]
        return np.angle([each.longitude_deg + 1j * each.latitude_deg for each in mains])

    before = turns()
    for name in ("DISPLACED_BY", "WIDER_BY", "RIM_RADIUS"):
        low, high = getattr(privacy_zones, name)
        monkeypatch.setattr(privacy_zones, name, (1.5 * low, 1.5 * high))
    apart = np.abs(np.angle(np.exp(1j * (turns() - before))))
    assert np.mean(apart < 0.1) < 0.15


def test_directions_of_discs_are_spread_over_the_compass() -> None:
    zone = Zone(0.0, 0.0, 200.0)
    mains = [
        privacy_zones.discs(Athlete(privacy_zones=(zone,), zone_secret=str(each)))[0]
        for each in range(400)
    ]
    turns = np.angle([each.longitude_deg + 1j * each.latitude_deg for each in mains])
    counts, _ = np.histogram(turns, 8, (-np.pi, np.pi))
    assert counts.min() > 25  # of 50 each


def test_a_cut_track_begins_at_the_first_second_outside() -> None:
    track = shown(line())
    assert track.seconds == 400 - 41  # 205 m is the first place beyond 202 m
    assert track.start_time_s == 1.7e9 + 41
    assert track.hidden == ((0, 41),)
    assert track.columns["distance_m"][[0, 10]].tolist() == [0.0, 50.0]
    assert track.headings[0].heading_deg[0] == 41.0


@pytest.mark.parametrize(
    ("gone", "wider"),
    [
        ([6, 7], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),  # the sample at 6 gives 1 to 11
        ([13], [13]),  # no sample lies there
        ([12, 13], [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]),
        ([30], [25, 26, 27, 28, 29, 30]),  # no line joins samples 20 s apart: 30 and 50
        ([], []),
    ],
)
def test_seconds_drawn_from_a_hidden_sample_are_hidden(gone: list[int], wider: list[int]) -> None:
    """Samples at 0, 6, 12, 18, 24.5, 30 and 50 s, all of them but one with a height, too."""
    time_s = np.array([0.0, 6.0, 12.0, 18.0, 24.5, 30.0, 50.0])
    height = np.where(time_s == 18.0, np.nan, 1.0)
    columns = {"latitude_deg": np.ones(7), "altitude_m": height}
    clean = Cleaned(1.7e9 + time_s, columns, {}, (), (), np.zeros(0), ())
    marked = np.isin(np.arange(51), gone)
    found = with_drawn_seconds(marked, clean, PrepareSettings(gap_s=10.0))
    assert np.flatnonzero(found).tolist() == wider


def test_a_cut_track_keeps_how_its_phone_was_worn() -> None:
    whole = line()
    worn = structs.replace(whole.headings[0], mount=(np.arange(400) >= 100).astype(np.int64))
    mount = shown(structs.replace(whole, headings=(worn,))).headings[0].mount
    assert mount is not None
    assert (mount.size, int(np.argmax(mount))) == (400 - 41, 100 - 41)


def test_the_clock_stands_still_in_a_zone_in_the_middle() -> None:
    middle = Disc(46.05 + 500 / DEGREE_M, 14.5, 102.0)
    track = shown(line(), middle)
    assert track.hidden == ((80, 121),)
    assert track.start_time_s == 1.7e9
    assert np.flatnonzero(track.flags["break"]).tolist() == [80]
    assert track.columns["distance_m"][[79, 80, 81]].tolist() == [395.0, 395.0, 400.0]


def test_seconds_without_a_position_beside_hidden_ones_are_hidden() -> None:
    track = line(400, "altitude_m")
    for name in ("latitude_deg", "longitude_deg"):
        track.columns[name][:20] = np.nan
    assert privacy_zones.hidden_seconds(track, (HOME,))[:41].all()


def test_a_start_without_positions_is_hidden_if_it_may_lie_within() -> None:
    track = line()
    for name in ("latitude_deg", "longitude_deg"):
        track.columns[name][:60] = np.nan  # the first fix lies 98 m beyond the disc
        track.columns[name][300:305] = np.nan  # 1500 m away, five seconds
    gone = privacy_zones.hidden_seconds(track, (HOME,))
    assert gone[:60].all()
    assert not gone[60:].any()


def test_a_short_piece_between_hidden_seconds_is_hidden() -> None:
    two = (HOME, Disc(46.05 + 500 / DEGREE_M, 14.5, 202.0))  # 202 to 298 m is free: 19 s
    gone = privacy_zones.hidden_seconds(line(), two)
    assert gone[:141].all()
    assert not gone[141:].any()


def test_seconds_without_a_position_are_hidden_while_another_session_hides_some() -> None:
    """On the clock of both: the track of a phone may itself have been cut before."""
    watch = shown(line())
    hides_s = privacy_zones.hidden_spans(watch)
    assert hides_s == ((1.7e9, watch.start_time_s),)
    nowhere = np.full(400, np.nan)
    way_m = line().columns["distance_m"]
    columns = {"latitude_deg": nowhere, "longitude_deg": nowhere, "distance_m": way_m}
    phone = structs.replace(line(), start_time_s=1.7e9 + 10, columns=columns)
    gone = privacy_zones.hidden_seconds(phone, (HOME,), hides_s)
    first = int(watch.start_time_s - 1.7e9) - 10
    assert gone.tolist() == [True] * first + [False] * (400 - first)
    left = privacy_zones.cut(phone, gone)
    assert left.start_time_s == watch.start_time_s
    assert left.columns["distance_m"][0] == 0
    assert not privacy_zones.unplaced_within(left, hides_s).any()
    assert not privacy_zones.hidden_seconds(line(), (), hides_s).any()  # places tell themselves


def test_only_what_is_allowed_stays_of_hidden_seconds() -> None:
    told = ("turn_rate_dps", "ground_speed_mps", "power_w", "new")
    track = privacy_zones.blanked(line(400, *told, "heart_rate_bpm"))
    assert set(track.columns) == {"heart_rate_bpm"}
    assert track.headings == ()


def test_nothing_hidden_gives_the_same_track() -> None:
    track = line()
    assert shown(track, Disc(0.0, 0.0, 500.0)) is track


@pytest.mark.parametrize(
    ("latitude", "longitude", "disc", "inside"),
    [
        (0.0, 179.9995, Disc(0.0, -179.9995, 112.0), True),  # 0.001 deg apart: 111.2 m
        (0.0, 179.9995, Disc(0.0, -179.9995, 110.0), False),
        (60.0, 10.002, Disc(60.0, 10.0, 112.0), True),  # a degree east is half as long at 60 N
        (60.0, 10.002, Disc(60.0, 10.0, 110.0), False),
        (89.9995, 0.0, Disc(89.9995, 180.0, 112.0), True),  # across the pole
    ],
)
def test_distances_hold_anywhere(
    latitude: float, longitude: float, disc: Disc, *, inside: bool
) -> None:
    columns = {"latitude_deg": np.array([latitude]), "longitude_deg": np.array([longitude])}
    track = Track(0.0, columns, {"gap": np.zeros(1, dtype=bool)})
    assert privacy_zones.inside_discs(track, [disc]).tolist() == [inside]


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 30)), max_size=4), st.integers(0, 99))
def test_clocks_are_each_others_reverse(pieces: list[tuple[int, int]], second: int) -> None:
    gone = np.zeros(200, dtype=bool)
    for start, length in pieces:
        gone[start : start + length] = True
    track = privacy_zones.cut(line(200), gone)
    assert privacy_zones.recorded_start_s(track) == 1.7e9
    if second < track.seconds:
        recorded = privacy_zones.recorded_s(track, second)
        assert recorded == np.flatnonzero(~gone)[second]  # by counting
        assert privacy_zones.shown_s(track, recorded) == second


def test_labels_and_pauses_move_with_the_clock() -> None:
    track = shown(line())  # 41 s hidden
    labels = [Label(0, 30, "backward", "x"), Label(30, 61, "backward", "x")]
    assert privacy_zones.shown_labels(track, labels) == (Label(0, 20, "backward", "x"),)
    pauses = [Pause(1.7e9 + 10, 1.7e9 + 20), Pause(1.7e9 + 50, 1.7e9 + 60)]
    assert privacy_zones.shown_pauses(track, pauses) == (Pause(1.7e9 + 50, 1.7e9 + 60),)


def test_a_stored_track_within_a_disc_is_refused() -> None:
    athlete = Athlete(privacy_zones=(Zone(46.05, 14.5, 200.0),), zone_secret="s")  # noqa: S106
    with pytest.raises(ArchiveError) as refused:
        privacy_zones.check(line(), athlete, "abc")
    assert refused.value.slug == "privacy-zone-open"
    assert (
        privacy_zones.check(line(), structs.replace(athlete, privacy_zones=()), "abc").seconds
        == 400
    )


@pytest.mark.parametrize(
    ("name", "quiet"),
    [
        ("2026-05-08-142427.fit", "2026-05-08-….fit"),
        ("20260508T142427Z.gpx", "20260508T…Z.gpx"),
        ("2026-05-08_14-24_Fri.gpx", "2026-05-08_…_Fri.gpx"),
        ("run 2026-05-08 14:24:27.123.tcx", "run 2026-05-08 ….tcx"),
        ("route_2026-05-08_7.24am.gpx", "route_2026-05-08_….gpx"),  # Apple Health's own names
        ("route_2026-05-08_12.24pm.gpx", "route_2026-05-08_….gpx"),
        ("2026-5-8 7:24.fit", "2026-5-8 ….fit"),
        ("08.05.2026 14:24.tcx", "08.05.2026 ….tcx"),
        ("8.5.26, 7.24 Uhr", "8.5.26, … Uhr"),
        ("5/8/2026, 7:24:10 AM", "5/8/2026, …"),
        ("Morning run 7:24 AM", "Morning run …"),
        ("May 8, 2026 at 7.24 PM", "May 8, 2026 at …"),
        ("Lauf 8. Mai 2026 um 07:24", "Lauf 8. Mai 2026 um …"),
        ("3 x 10:00 at 5:00/km", "3 x 10:00 at 5:00/km"),
        # year, month, day and hour as one sign each, then minutes and seconds: Garmin's watches
        ("65GE2427.FIT", "….FIT"),
        ("export.zip/65ge2427 (1).fit.gz", "export.zip/… (1).fit.gz"),
        ("20260508.fit", "20260508.fit"),
        ("2026-05-08 at 14.24.27.gpx", "2026-05-08 at ….gpx"),
        ("Lauf am 08.05.2026 um 7.24 Uhr", "Lauf am 08.05.2026 um … Uhr"),
        ("Lauf um 7.24", "Lauf um …"),
        ("Lauf, 7 Uhr", "Lauf, … Uhr"),
        ("7 AM run", "… run"),
        ("course 14h24", "course …"),
        ("Track_08-MAY-26 142427.gpx", "Track_08-MAY-26 ….gpx"),
        ("8 May 2026 1424.gpx", "8 May 2026 ….gpx"),
        ("Running May 8 2026 14-24-27.fit", "Running May 8 2026 ….fit"),
        ("260508_1424.gpx", "260508_….gpx"),
        ("2026-128-142427.fit", "2026-128-….fit"),
        ("activity 14-24-27.fit", "activity ….fit"),
        ("2026-05-08 14꞉24꞉27.gpx", "2026-05-08 ….gpx"),
        ("2026年5月8日 14时24分.gpx", "2026年5月8日 …分.gpx"),
        ("10-20-30.fit", "10-20-30.fit"),
        ("5 km at 4:30 min/km", "5 km at 4:30 min/km"),
        ("May 31 easy.fit", "May 31 easy.fit"),
        ("8 May 2026.fit", "8 May 2026.fit"),
        ("260508.fit", "260508.fit"),
        ("2026-05-08-10k.fit", "2026-05-08-10k.fit"),
        ("2026-05-08 5x1000.fit", "2026-05-08 5x1000.fit"),
        ("1778250267.fit", "….fit"),
        ("2026-05-31-easy.fit", "2026-05-31-easy.fit"),
        ("8 x 400 m.fit", "8 x 400 m.fit"),
        ("2026-05-08_14-22-00_145000.tcx", "2026-05-08_…_….tcx"),
        ("run 14-22-00 14-50-00.tcx", "run … ….tcx"),
        # coordinates, with which some apps name a track
        ("46.0512_14.5033.gpx", "….gpx"),
        ("start at 46.05000 14.50000, easy", "start at …, easy"),
        ("46.0512,14.5033.gpx", "….gpx"),
        ("N46.0512 E14.5033", "N…"),
        ("lat=46.051&lon=-14.503", "lat=…"),
        ("-46,0512; -14,5033.fit", "….fit"),
        ("46°03'04\"N 14°30'00\"E", "…N …E"),
        ("geo:46.05,14.5", "…"),
        ("21.0975 km in 1.755 h", "21.0975 km in 1.755 h"),
        ("10.000 m", "10.000 m"),
        ("5.25 km 4.10 km", "5.25 km 4.10 km"),
        ("v1.2.3 4.5.6", "v1.2.3 4.5.6"),
    ],
)
def test_a_name_loses_its_time_of_day_and_place(name: str, quiet: str) -> None:
    assert without_clock(name) == quiet
    assert without_clock(quiet) == quiet
