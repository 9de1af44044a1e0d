"""The comparison is compared: hand-worked sums, and differences that it must find."""

from dataclasses import replace
from pathlib import Path

import pytest

import compare_numbers
from compare_numbers import aims_of, nearest, unexplained
from numbers_files import OWN, TRUTH, Compared, compared, paths
from numbers_fit import Decoded, stated, summed
from numbers_page import Aim, page
from numbers_points import Point, chord_m, sums
from numbers_quantities import Pair, Quantities, added, pairs, share_within
from numbers_reasons import UNEXPLAINED, WRITTEN, reason
from numbers_xml import gpx_spaced, gpx_totals, tcx_stated, tcx_summed

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
DEGREE_M = 111_194.93  # a degree of latitude on a sphere of 6,371,000 m
DAY = "2026-05-03T07:00:"


def pair(found: float | None, given: float, quantity: str = "distance_m") -> Pair:
    return Pair("a.fit", "fit", clean=True, source=OWN, quantity=quantity, found=found, given=given)


def case(
    found_m: float, kind: str = "fit", *, clean: bool = True, given_m: float = 1000.0
) -> Compared:
    found = Quantities(distance_m=found_m, sessions=1)
    source = OWN if kind == "fit" else "tcxreader"
    return Compared("a", kind, clean, found, (), None, ((source, Quantities(given_m)),), ())


def gpx(*points: tuple[float, int, int]) -> bytes:
    """A track of (metres north, second, heart rate)."""
    body = "".join(
        f'<trkpt lat="{46 + north_m / DEGREE_M:.8f}" lon="14.5"><ele>{300 + second}</ele>'
        f"<time>{DAY}{second:02}Z</time><extensions><x:hr>{rate}</x:hr></extensions></trkpt>"
        for north_m, second, rate in points
    )
    head = (
        '<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1" xmlns:x="urn:x">'
    )
    return f"{head}<trk><trkseg>{body}</trkseg></trk></gpx>".encode()


def tcx(lap_m: float) -> bytes:
    """A lap of 30 s that states its metres, and points that come to 90 m."""
    points = "".join(
        f"<Trackpoint><Time>{DAY}{second:02}Z</Time><DistanceMeters>{3 * second}</DistanceMeters>"
        f"<HeartRateBpm><Value>120</Value></HeartRateBpm></Trackpoint>"
        for second in range(31)
    )
    space = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    lap = (
        f"<TotalTimeSeconds>30</TotalTimeSeconds><DistanceMeters>{lap_m}</DistanceMeters>"
        f"<Calories>1</Calories><AverageHeartRateBpm><Value>121</Value></AverageHeartRateBpm>"
    )
    activity = f'<Activity Sport="Running"><Lap>{lap}<Track>{points}</Track></Lap></Activity>'
    return (
        f'<TrainingCenterDatabase xmlns="{space}"><Activities>{activity}</Activities>'
        "</TrainingCenterDatabase>"
    ).encode()


def test_a_difference_is_a_share_of_the_given_value_beyond_its_digits() -> None:
    assert pair(1020.0, 1000.0).difference == pytest.approx(0.02)
    assert pair(980.0, 1000.0).difference == pytest.approx(-0.02)
    assert pair(5.0, 5.9).difference == 0.0
    assert pair(None, 1000.0).difference == float("-inf")
    assert pair(1350.0, 0.0).difference == float("inf")
    assert pair(2.0, 1.0, "sessions").difference == 1.0
    found = [pair(1000.0, 1000.0), pair(1010.0, 1000.0), pair(1030.0, 1000.0), pair(None, 9.0)]
    assert share_within(found, 0.005) == 0.25
    assert share_within(found, 0.02) == 0.5
    assert share_within([], 0.02) is None


def test_only_what_another_source_states_is_compared() -> None:
    about = ("a.fit", "fit", True)
    found = pairs(about, Quantities(100.0, 50.0), [("x", Quantities(distance_m=90.0))])
    assert found == [Pair(*about, "x", "distance_m", 100.0, 90.0)]


def test_activities_add_up_and_their_means_are_weighted_by_the_time_in_motion() -> None:
    total = added(
        [Quantities(10.0, 30.0, heart_rate_bpm=100), Quantities(5.0, 10.0, heart_rate_bpm=140)]
    )
    assert (total.distance_m, total.moving_s, total.ascent_m) == (15.0, 40.0, None)
    assert total.heart_rate_bpm == pytest.approx(110.0)


def test_plain_sums_by_hand() -> None:
    # 10 s at 3 m/s, 10 s standing, 10 s at 3 m/s; 100 beats while the first stretch lasts, then 130
    way = [min(s, 10) * 3.0 + max(s - 20, 0) * 3.0 for s in range(31)]
    points = [
        Point(float(s), m, heart_rate_bpm=100.0 if s < 10 else 130.0, cadence=80.0 * (s % 20 < 10))
        for s, m in enumerate(way)
    ]
    found = sums(points)
    assert (found.distance_m, found.moving_s, found.duration_s) == (60.0, 20.0, 30.0)
    assert found.heart_rate_bpm == pytest.approx((10 * 100 + 20 * 130) / 30)
    assert found.cadence_spm == pytest.approx(160.0)
    assert sums([]) == Quantities()


def test_without_an_odometer_or_with_one_that_stands_chords_are_added() -> None:
    assert chord_m((46.0, 14.5), (47.0, 14.5)) == pytest.approx(DEGREE_M)
    for odometer_m in (None, 0.0):
        points = [
            Point(s, odometer_m, 46 + 3 * s / DEGREE_M, 14.5, 300.0 - s) for s in (0.0, 5.0, 9.0)
        ]
        assert sums(points).distance_m == pytest.approx(27.0, abs=1e-3)
        assert sums(points).ascent_m == 0.0


def test_sessions_on_foot_are_added_and_their_records_found_by_time() -> None:
    run = {
        "sport": 1,
        "start_time": 0,
        "timestamp": 9,
        "total_distance": 30.0,
        "total_timer_time": 9,
    }
    ride = {"sport": 2, "start_time": 10, "timestamp": 19, "total_distance": 90.0}
    records = [{"timestamp": s, "distance": 3.0 * s} for s in range(20)]
    decoded = Decoded({"session": [run, ride], "record": records}, whole=True)
    assert (stated(decoded).distance_m, stated(decoded).sessions) == (30.0, 1)
    assert summed(decoded).distance_m == pytest.approx(27.0)
    assert stated(Decoded({"session": [ride]}, whole=True)) == Quantities(sessions=0)
    assert summed(Decoded({"file_id": [{"type": 6}], "record": records}, whole=True)).sessions == 0


def test_gpx_by_hand() -> None:
    # a fix that jumps 10 m aside for one second doubles what chords of a second add up
    data = gpx((0, 0, 100), (10, 1, 100), (0, 2, 130), (30, 12, 130), (60, 22, 130))
    found = gpx_totals(data)
    assert found.distance_m == pytest.approx(80.0, abs=0.3)  # gpxpy's sphere is another
    assert gpx_spaced(data, 5.0).distance_m == pytest.approx(60.0, abs=0.1)
    assert (found.duration_s, found.sessions) == (22.0, 1)
    assert found.heart_rate_bpm == pytest.approx((2 * 100 + 20 * 130) / 22)


def test_a_lap_that_contradicts_its_points_is_found(tmp_path: Path) -> None:
    assert tcx_stated(tcx(100.0)) == Quantities(100.0, 30.0, None, 121.0, None, None, 1)
    assert tcx_summed(tcx(100.0)).distance_m == pytest.approx(90.0)
    path = tmp_path / "lap.tcx"
    path.write_bytes(tcx(100.0))
    (one,) = compared(path)
    apart = {each.source: each for each in one.pairs if each.quantity == "distance_m"}
    assert apart["tcxreader"].within(0.001)
    assert apart[OWN].difference == pytest.approx(-0.1)
    why = reason(apart[OWN], one)
    assert why is not None
    assert why.words == UNEXPLAINED
    assert len(unexplained([one])) == 1


def test_a_sample_agrees_with_itself_and_with_both_decoders() -> None:
    (one,) = compared(SAMPLES / "2026-05-31-easy.fit")
    metres = {each.source: each for each in one.pairs if each.quantity == "distance_m"}
    assert set(metres) == {OWN, "garmin-fit-sdk", "fitdecode", TRUTH}
    assert all(each.within(0.005) for each in metres.values())
    assert one.clean


def test_aims_can_be_missed() -> None:
    fit, gpx_aim, tcx_aim = aims_of([case(1004.0), case(1006.0), case(900.0, "tcx")])
    assert (fit.found, fit.count, fit.met) == (0.5, 2, False)
    assert (tcx_aim.found, tcx_aim.met) == (0.0, False)
    assert (gpx_aim.count, gpx_aim.met) == (0, False)
    assert aims_of([case(1004.0)])[0].met
    assert aims_of([case(1004.0), case(500.0, clean=False)])[0].count == 1


def test_the_nearest_sum_counts_and_one_that_is_wrong_in_itself_does_not() -> None:
    one = replace(
        case(1000.0, "gpx"),
        others=(("gpxpy", Quantities(1200.0)), ("gpxpy, 5 s apart", Quantities(1010.0))),
    )
    best = nearest(one)
    assert best is not None
    assert best.given == 1010.0
    jumped = replace(one, notes=("clock-set",), others=(("gpxpy", Quantities(9000.0)),))
    assert nearest(jumped) is None


def test_a_refused_file_is_compared_by_its_number_of_sessions() -> None:
    one = replace(case(0.0), refusal="not-a-run", others=((OWN, Quantities(9.0, sessions=1)),))
    assert [each.quantity for each in one.pairs] == ["sessions"]
    assert reason(replace(one.pairs[0], found=0), one) is not None


def test_every_written_reason_has_words_and_names_no_folder() -> None:
    assert all(why.words and "/" not in file for (file, _, _), why in WRITTEN.items())


def test_the_page_names_what_is_wrong_and_where() -> None:
    text = page([case(900.0)], [Aim("words", 0.98, 0.5, 2)], [("files", 1)], ["b.gpx"])
    assert "| words | ≥ 98 % | 50 % | 2 | **not met** |" in text
    assert "| `a` | 900 | the file 1,000 (−10.0 %) | ? | not explained |" in text
    assert "`b.gpx`" in text


def test_files_are_found_packed_or_not(tmp_path: Path) -> None:
    for name in ("b.gpx.gz", "A.FIT", "c.zip", "notes.txt", "d.json"):
        (tmp_path / name).touch()
    assert [each.name for each in paths(tmp_path)] == ["A.FIT", "b.gpx.gz", "c.zip"]


def test_without_the_recordings_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compare_numbers, "FOLDERS", ((tmp_path / "corpus", "real files"),))
    monkeypatch.setattr("sys.argv", ["compare_numbers.py"])
    assert compare_numbers.main() == 1
    assert "is not beside the project" in capsys.readouterr().err
