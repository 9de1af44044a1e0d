"""Metres of each second, against runs whose length is known because they were laid out by hand."""

import numpy as np
import pytest
from msgspec import structs

from retrorun.model import FileTotal, Lap, Pause, Recording, Track
from retrorun.prepare import prepare
from retrorun.settings import PrepareSettings
from retrorun.units import BoolArray, FloatArray

SETTINGS = PrepareSettings()
METRE = 180.0 / np.pi / 6_371_008.8  # degrees of latitude
START_S = 1_777_793_400.0


def northward(times: FloatArray, way_m: FloatArray) -> Recording:
    """A run due north, so that its length is its rise in latitude."""
    place = {"latitude_deg": 46.0 + way_m * METRE, "longitude_deg": np.full(times.size, 14.5)}
    return Recording(START_S + times, place)


def without_place(times: FloatArray, **columns: FloatArray) -> Recording:
    return Recording(START_S + times, dict(columns))


def steps_m(track: Track) -> FloatArray:
    assert track.step_m is not None
    return track.step_m


def metres(track: Track) -> float:
    return float(np.nansum(steps_m(track)))


def moving_s(track: Track) -> int:
    return int((track.column("ground_speed_mps")[:-1] >= 0.5).sum())


def slugs(track: Track) -> list[str]:
    return [note.slug for note in track.notes]


def prepared(recording: Recording) -> Track:
    return prepare(recording, SETTINGS)


EVERY = {
    "each second": np.arange(901.0),
    "each 5 s": np.arange(0.0, 901.0, 5.0),
    "each 13 s": np.append(np.arange(0.0, 897.0, 13.0), 900.0),
    "each minute": np.arange(0.0, 901.0, 60.0),
    "smart": np.append(np.cumsum(np.tile([2.0, 11.0, 5.0, 15.0, 1.0], 26)), [0.0, 900.0]),
}


@pytest.mark.parametrize("often", EVERY)
@pytest.mark.parametrize("by", ["positions", "odometer", "both"])
def test_a_steady_run_has_its_length_however_often_it_was_sampled(often: str, by: str) -> None:
    times = np.unique(EVERY[often])
    run = northward(times, 3.0 * times)
    if by != "positions":
        run = structs.replace(run, columns={**run.columns, "distance_m": 3.0 * times})
    if by == "odometer":
        run = structs.replace(run, columns={"distance_m": 3.0 * times})
    track = prepared(run)
    assert metres(track) == pytest.approx(2700.0, rel=1e-3)
    assert moving_s(track) == 900
    assert list(track.distance_sources) == ["positions" if by == "positions" else "odometer"]


@pytest.mark.parametrize("leg_m", [8.0, 10.0, 20.0, 50.0])
def test_shuttles_have_the_length_of_all_their_legs(leg_m: float) -> None:
    """To and fro at 2 m/s along one line: 600 s are 1,200 m, however often the way turned about."""
    times = np.arange(601.0)
    there = np.mod(2.0 * times, 2.0 * leg_m)
    track = prepared(northward(times, np.minimum(there, 2.0 * leg_m - there)))
    assert metres(track) == pytest.approx(1200.0, rel=0.01)


def test_who_stands_runs_no_shuttles() -> None:
    """Fixes that wander by half a metre while the athlete stands add no way at turns."""
    rng = np.random.default_rng(5)
    way_m = np.concatenate([3.0 * np.arange(300.0), np.full(300, 897.0)])
    noisy = way_m + np.where(np.arange(600) < 300, 0.0, rng.normal(0.0, 0.5, 600))
    assert metres(prepared(northward(np.arange(600.0), noisy))) < 897.0 + 300 * 0.5 / 2


def test_a_phone_that_writes_no_speed_does_not_make_the_athlete_stand() -> None:
    times = np.arange(0.0, 3601.0, 60.0)
    run = northward(times, 2.5 * times)
    run = structs.replace(run, columns={**run.columns, "speed_mps": np.zeros(times.size)})
    assert metres(prepared(run)) == pytest.approx(9000.0, rel=1e-3)


def test_a_hole_with_a_stop_in_it_counts_only_the_time_that_its_way_takes() -> None:
    # 300 s at 3 m/s, one hole of 100 s with 60 m (20 s at 3 m/s and 80 s standing), 300 s at 3 m/s
    times = np.concatenate((np.arange(301.0), np.arange(400.0, 701.0)))
    way = np.where(times <= 300, 3.0 * times, 960.0 + 3.0 * (times - 400.0))
    track = prepared(northward(times, way))
    assert metres(track) == pytest.approx(1860.0, rel=1e-3)
    assert moving_s(track) == pytest.approx(620, abs=4)


@pytest.mark.parametrize("by", ["positions", "odometer"])
def test_a_hole_of_hours_does_not_set_the_usual_speed_and_its_way_is_named(by: str) -> None:
    """Ten minutes at 3 m/s, 4 km in two hours of which nothing is known, ten minutes at 3 m/s."""
    part = np.arange(601.0)
    times = np.concatenate((part, 7800 + part))
    way_m = np.concatenate((3 * part, 1800 + 4000 + 3 * part))
    run = northward(times, way_m)
    if by == "odometer":
        run = structs.replace(run, columns={**run.columns, "distance_m": way_m})
    track = prepared(run)
    assert metres(track) == pytest.approx(7600.0, rel=0.01)
    assert moving_s(track) == pytest.approx(1200 + 4000 / 3, rel=0.01)
    assert ("distance-over-holes" in slugs(track)) == (by == "positions")


def test_a_hole_in_the_positions_is_one_though_samples_go_on_and_a_total_is_no_line() -> None:
    times = np.arange(1801.0)
    lost = (times > 300) & (times < 1500)
    run = northward(times, 3.0 * times)
    place = {name: np.where(lost, np.nan, each) for name, each in run.columns.items()}
    run = structs.replace(run, columns={**place, "heart_rate_bpm": np.full(1801, 150.0)})
    said = [each.message for each in prepared(run).notes if each.slug == "distance-over-holes"]
    assert len(said) == 1
    assert "up to 1,200 s" in said[0]
    apart = np.concatenate((np.arange(300.0), np.arange(600.0, 900.0)))
    indoors = without_place(apart, heart_rate_bpm=np.full(apart.size, 150.0))
    assert "distance-over-holes" not in slugs(prepared(stated_m(indoors, 2700.0)))


@pytest.mark.parametrize("shown_mps", [0.4, np.nan])
def test_a_slow_speed_or_a_missing_one_does_not_stand(shown_mps: float) -> None:
    times = np.arange(41.0)
    columns = {"speed_mps": np.full(41, shown_mps), "cadence_spm": np.full(41, 80.0)}
    track = prepared(without_place(times, **columns))
    assert "speed-stands" not in slugs(track)


def test_a_speed_that_stands_gives_way_to_the_total_without_steps_too() -> None:
    run = stated_m(without_place(STEADY, speed_mps=np.zeros(601)), 1800.0)
    assert metres(prepared(run)) == pytest.approx(1800.0)


@pytest.mark.parametrize("often", EVERY)
def test_samples_that_lie_apart_throughout_leave_no_holes(often: str) -> None:
    assert "distance-over-holes" not in slugs(prepared(northward(EVERY[often], 3 * EVERY[often])))


def test_nobody_drove_home_on_foot() -> None:
    # a run of 900 m, 10 km in 10 min by car with the watch off, a run of 900 m
    times = np.concatenate((np.arange(301.0), np.arange(900.0, 1201.0)))
    way = np.where(times <= 300, 3.0 * times, 10_900.0 + 3.0 * (times - 900.0))
    track = prepared(northward(times, way))
    assert metres(track) == pytest.approx(1800.0, rel=5e-3)
    assert moving_s(track) == pytest.approx(600, abs=4)


def test_a_timer_pause_is_no_moving_time_and_what_lies_around_it_is_kept() -> None:
    # a point each 10 s; the timer stands from 303 to 603 s, within one hole
    times = np.concatenate((np.arange(0.0, 301.0, 10.0), np.arange(610.0, 911.0, 10.0)))
    ran_s = np.where(times <= 300, times, times - 300.0)
    run = northward(times, 3.0 * ran_s)
    run = structs.replace(run, pauses=(Pause(START_S + 303, START_S + 603),))
    track = prepared(run)
    assert metres(track) == pytest.approx(3.0 * 610, rel=2e-3)
    moving = (track.column("ground_speed_mps") >= 0.5) & ~track.flags["paused"]
    assert int(moving[:-1].sum()) == pytest.approx(610, abs=4)


@pytest.mark.parametrize("hold", [1, 3, 7])
def test_a_position_that_hangs_and_catches_up_loses_no_metre(hold: int) -> None:
    times = np.arange(901.0)
    shown = times - times % (hold + 1)  # each fix is repeated `hold` times
    track = prepared(northward(times, 3.3 * shown))
    assert metres(track) == pytest.approx(3.3 * shown[-1], rel=1e-3)
    assert not track.flags["position_suspect"].any()
    assert ("position-held" in slugs(track)) == (3.3 * (hold + 1) > 12.0)


def test_who_walks_slowly_by_the_odometer_does_not_stand_where_positions_jitter() -> None:
    """0.75 m/s uphill for ten minutes; noise makes some chords shorter than a walk."""
    noise = np.random.default_rng(5).normal(0.0, 0.9, (2, STEADY.size))
    way = 0.75 * STEADY
    run = northward(STEADY, way)
    places = {
        name: run.columns[name] + off * METRE for name, off in zip(run.columns, noise, strict=True)
    }
    by_places = prepared(structs.replace(run, columns=places))
    assert moving_s(by_places) < 560  # or there is nothing to tell apart
    track = prepared(structs.replace(run, columns={**places, "distance_m": way}))
    assert moving_s(track) >= 590


def test_a_position_that_creeps_and_catches_up_is_no_excursion() -> None:
    times = np.arange(600.0)
    lag = times % 6
    track = prepared(northward(times, 3.0 * (times - lag) + 0.1 * lag))
    assert metres(track) == pytest.approx(3.0 * 594 + 0.5, rel=5e-3)
    assert not track.flags["position_suspect"].any()


@pytest.mark.parametrize("degrees", [0, 90, 180])
def test_an_excursion_is_still_one(degrees: int) -> None:
    times = np.arange(600.0)
    run = northward(times, 3.0 * times)
    aside, along = (40.0 * f(np.radians(degrees)) for f in (np.sin, np.cos))
    for first in range(60, 600, 120):
        run.columns["latitude_deg"][first : first + 3] += along * METRE
        run.columns["longitude_deg"][first : first + 3] += aside * METRE / np.cos(np.radians(46))
    assert metres(prepared(run)) == pytest.approx(1797.0, rel=0.02)


STEADY = np.arange(601.0)
SHOWN = {  # 3 m/s for 600 s as broken odometers show it, and the slug that says so
    "zero": (np.zeros(601), "odometer-stands"),
    "stuck at a number": (np.full(601, 812.5), "odometer-stands"),
    "increments": (np.where(STEADY % 2 > 0, 2.9, 3.1), "odometer-increments"),
    "kilometres": (0.003 * STEADY, "odometer-unit"),
    "feet": (3.0 * STEADY / 0.3048, "odometer-unit"),
    "miles": (3.0 * STEADY / 1609.344, "odometer-unit"),
    "hectometres": (0.03 * STEADY, "odometer-unit"),
    "decimetres": (30.0 * STEADY, "odometer-unit"),
    "centimetres": (300.0 * STEADY, "odometer-unit"),
    "millimetres": (3000.0 * STEADY, "odometer-unit"),
    "km/h for m/s": (10.8 * STEADY, "odometer-unit"),
    "backward": (1800.0 - 3.0 * STEADY, "odometer-backward"),
    "reset": (np.where(STEADY < 217, 3.0 * STEADY, 3.0 * (STEADY - 217)), "odometer-reset"),
    "noise": (np.random.default_rng(1).uniform(0, 900, 601), "odometer-wanders"),
}


@pytest.mark.parametrize("fault", SHOWN)
@pytest.mark.parametrize("witness", ["positions", "speed", "total"])
def test_a_wrong_odometer_is_judged_by_any_other_source(fault: str, witness: str) -> None:
    shown, slug = SHOWN[fault]
    run = northward(STEADY, 3.0 * STEADY)
    if witness != "positions":
        run = structs.replace(run, columns={})
    if witness == "speed":
        run = structs.replace(run, columns={"speed_mps": np.full(601, 3.0)})
    if witness == "total":
        total = FileTotal("session", 1800.0)
        run = structs.replace(run, distance_m=1800.0, totals=(total,))
    track = prepared(structs.replace(run, columns={**run.columns, "distance_m": shown}))
    assert slug in slugs(track)
    assert metres(track) == pytest.approx(1800.0, rel=0.01)


def stated_m(run: Recording, metres: float) -> Recording:
    """With a session message of so many metres, whose timer ran all the time."""
    timer_s = float(np.ptp(run.time_s))
    return structs.replace(run, distance_m=metres, totals=(FileTotal("session", metres, timer_s),))


@pytest.mark.parametrize("stepping", [False, True])
@pytest.mark.parametrize("known_s", [70, 300, 400, 550])
@pytest.mark.parametrize("at", ["first", "last"])
def test_positions_of_a_part_of_the_session_take_nothing_from_its_odometer(
    at: str, known_s: int, *, stepping: bool
) -> None:
    """1,800 m in 600 s; with a first fix after 50 s, the positions' metres are as many as yards."""
    run = northward(STEADY, 3.0 * STEADY)
    after_s = run.time_s - START_S
    known = after_s <= known_s if at == "first" else after_s >= 600 - known_s
    place = {name: np.where(known, values, np.nan) for name, values in run.columns.items()}
    more = {"cadence_spm": np.full(601, 170.0)} if stepping else {}
    track = prepared(structs.replace(run, columns={**place, **more, "distance_m": 3.0 * STEADY}))
    assert metres(track) == pytest.approx(1800.0, rel=0.01)
    assert not [each for each in slugs(track) if each.startswith("odometer-")]


@pytest.mark.parametrize("times", [0.5, 2.0, 3.0])
def test_an_odometer_far_off_positions_that_travel_is_not_used(times: float) -> None:
    run = northward(STEADY, 3.0 * STEADY)
    track = prepared(
        structs.replace(run, columns={**run.columns, "distance_m": 3.0 * times * STEADY})
    )
    assert metres(track) == pytest.approx(1800.0, rel=0.01)
    assert "odometer-differs" in slugs(track)


def test_positions_that_wander_about_a_treadmill_do_not_outweigh_its_odometer() -> None:
    run = northward(STEADY, 20.0 * (STEADY / 40 % 2 < 1) * (STEADY / 40 % 1))  # 0.5 m/s, and back
    track = prepared(structs.replace(run, columns={**run.columns, "distance_m": 3.0 * STEADY}))
    assert metres(track) == pytest.approx(1800.0, rel=0.01)


def test_two_sources_that_agree_outvote_an_odometer_that_is_a_tenth_off() -> None:
    run = northward(STEADY, 3.0 * STEADY)
    run = structs.replace(run, columns={**run.columns, "distance_m": 3.4 * STEADY})
    assert metres(prepared(run)) == pytest.approx(2040.0, rel=0.01)  # a foot pod, for all we know
    assert metres(prepared(stated_m(run, 1800.0))) == pytest.approx(1800.0, rel=0.01)
    assert metres(prepared(stated_m(run, 2040.0))) == pytest.approx(2040.0, rel=0.01)


@pytest.mark.parametrize("by", ["positions", "speed", "both"])
def test_an_odometer_in_yards_is_converted_where_all_others_say_so(by: str) -> None:
    run = northward(STEADY, 3.0 * STEADY) if by != "speed" else without_place(STEADY)
    more = {} if by == "positions" else {"speed_mps": np.full(601, 3.0)}
    shown = {"distance_m": 3.0 * STEADY / 0.9144}
    track = prepared(structs.replace(run, columns={**run.columns, **more, **shown}))
    assert metres(track) == pytest.approx(1800.0, rel=0.01)
    assert "odometer-unit" in slugs(track)


@pytest.mark.parametrize("leap_m", [100.0, 169.0, 300.0, 5000.0])
@pytest.mark.parametrize("by", ["total", "no total"])
def test_an_odometer_that_leaps_once_counts_no_yards(leap_m: float, by: str) -> None:
    """Of 1,800 m, 169 m more are as many as yards would make; nobody ran them in a second."""
    way = 3.0 * STEADY
    counted = way + leap_m * (STEADY > 300)
    run = northward(STEADY, way)
    run = structs.replace(
        run, columns={**run.columns, "distance_m": counted, "speed_mps": np.full(601, 3.0)}
    )
    track = prepared(stated_m(run, 1800.0) if by == "total" else run)
    assert metres(track) == pytest.approx(1800.0, rel=0.005)
    assert "odometer-unit" not in slugs(track)


def test_a_treadmill_is_brought_to_the_total_that_was_entered_when_it_was_saved() -> None:
    shown = without_place(STEADY, distance_m=2.7 * STEADY)
    track = prepared(stated_m(shown, 1800.0))
    assert metres(track) == pytest.approx(1800.0)
    assert "odometer-calibrated" in slugs(track)
    # a total of more time than the samples go on is not theirs: the file was cut short
    total = FileTotal("session", 1800.0, 1200.0)
    cut = structs.replace(shown, distance_m=1800.0, totals=(total,))
    assert metres(prepared(cut)) == pytest.approx(1620.0)


def test_an_odometer_that_stops_for_good_gives_way_to_the_total() -> None:
    shown = without_place(STEADY, distance_m=np.minimum(3.0 * STEADY, 900.0))
    track = prepared(stated_m(shown, 1800.0))
    assert metres(track) == pytest.approx(1800.0)
    assert steps_m(track)[:-1] == pytest.approx(3.0)


def test_an_odometer_that_is_silent_at_first_began_at_0_if_it_ends_at_the_total() -> None:
    late = without_place(STEADY, distance_m=np.where(STEADY < 200, np.nan, 3.0 * STEADY))
    assert metres(prepared(stated_m(late, 1800.0))) == pytest.approx(1800.0)


def test_readings_of_0_between_good_ones_are_no_resets() -> None:
    shown = np.where(STEADY % 50 == 7, 0.0, 3.0 * STEADY)
    track = prepared(without_place(STEADY, distance_m=shown))
    assert metres(track) == pytest.approx(1800.0)
    assert "odometer-reset" not in slugs(track)


def test_an_odometer_in_kilometres_is_known_by_the_file_s_total_and_not_by_steps() -> None:
    shown = np.round(0.003 * STEADY, 2)
    run = without_place(STEADY, distance_m=shown, cadence_spm=np.full(601, 170.0))
    told = prepared(stated_m(run, 1800.0))
    assert metres(told) == pytest.approx(1800.0, rel=0.01)
    assert "odometer-unit" in slugs(told)
    alone = prepared(run)
    assert alone.distance_sources == {}
    assert "odometer-impossible" in slugs(alone)


@pytest.mark.parametrize(
    ("stated", "found_m", "slug"),
    [
        (1800.0, 1800.0, None),
        (1.8, 1800.0, "total-unit"),  # kilometres
        (18.0, 0.0, "total-impossible"),  # steps of 1 cm, and of 10 m if it were kilometres
        (18_000.0, 0.0, "total-impossible"),  # 30 m/s
        (180_000.0, 0.0, "total-impossible"),  # centimetres, it may be
    ],
)
def test_a_total_that_nobody_can_have_run_is_no_distance(
    stated: float, found_m: float, slug: str | None
) -> None:
    laps = tuple(
        Lap(START_S + at, START_S + at + 300, distance_m=stated / 2, timer_s=300.0)
        for at in (0, 300)
    )
    totals = (FileTotal("session", stated, 600.0), FileTotal.of_laps(laps))
    run = without_place(STEADY, cadence_spm=np.full(601, 170.0))
    track = prepared(structs.replace(run, laps=laps, distance_m=stated, totals=totals))
    assert metres(track) == pytest.approx(found_m)
    assert bool(track.distance_sources) == bool(found_m)
    assert [each for each in slugs(track) if each.startswith("total-")] == ([slug] if slug else [])


@pytest.mark.parametrize(
    ("stated", "lasted_s"),
    [(800.0, 101.0), (800.0, 115.0), (402.0, 60.0), (2004.0, 300.0)],  # the last one downhill
)
def test_a_total_of_a_fast_athlete_is_no_impossible_one(stated: float, lasted_s: float) -> None:
    run = without_place(np.arange(lasted_s + 1.0), cadence_spm=np.full(int(lasted_s) + 1, 200.0))
    track = prepared(stated_m(run, stated))
    assert metres(track) == pytest.approx(stated)
    assert not [each for each in slugs(track) if each.startswith("total-")]


@pytest.mark.parametrize(("stated", "lasted_s"), [(1500.0, 115.0), (2400.0, 300.0)])
def test_a_total_that_no_sprinter_runs_is_impossible(stated: float, lasted_s: float) -> None:
    run = without_place(np.arange(lasted_s + 1.0), cadence_spm=np.full(int(lasted_s) + 1, 200.0))
    assert "total-impossible" in slugs(prepared(stated_m(run, stated)))


def test_a_short_total_of_who_takes_no_step_is_in_metres() -> None:
    track = prepared(stated_m(without_place(STEADY, cadence_spm=np.zeros(601)), 1.8))
    assert not [each for each in slugs(track) if each.startswith("total-")]


def test_a_total_without_a_time_says_nothing_of_its_speed() -> None:
    run = without_place(np.zeros(5), cadence_spm=np.full(5, 170.0))
    track = prepared(
        structs.replace(run, distance_m=1.8, totals=(FileTotal("session", 1.8, 600.0),))
    )
    assert track.seconds <= 1


SKIPPED_S = np.arange(1801.0)
JITTER_M = np.cumsum(np.random.default_rng(0).normal(0.0, 0.05, SKIPPED_S.size))


@pytest.mark.parametrize(
    ("run", "least_m", "most_m"),
    [
        (northward(SKIPPED_S, JITTER_M), 0.0, 50.0),
        (without_place(SKIPPED_S, distance_m=1.0 * SKIPPED_S), 1799.0, 1801.0),
        (without_place(SKIPPED_S, speed_mps=np.full(1801, 0.6)), 1079.0, 1081.0),
    ],
    ids=["positions", "odometer", "speed"],
)
def test_steps_on_the_spot_are_no_kilometres(run: Recording, least_m: float, most_m: float) -> None:
    """Half an hour of rope skipping, or of short steps; the file's total is 8 m."""
    run = structs.replace(run, columns={**run.columns, "cadence_spm": np.full(1801, 150.0)})
    track = prepared(stated_m(run, 8.0))
    assert "total-unit" not in slugs(track)
    assert least_m <= metres(track) <= most_m
    said = [each.message for each in track.notes if each.slug == "total-impossible"]
    assert said == ["the file says 8 m in 1,800 s of steps; not used"]


@pytest.mark.parametrize("stated", [None, 8.0])
@pytest.mark.parametrize("shown_m", [8.0, 1.2, 60.0, 1.4, 2.7, 4.5, 6.7])
def test_an_odometer_of_steps_on_the_spot_is_no_distance(
    shown_m: float, stated: float | None
) -> None:
    """4,500 jumps: in kilometres, steps of 0.27 m to 13 m, some of them those of a run."""
    counted = {"distance_m": shown_m * SKIPPED_S / 1800, "cadence_spm": np.full(1801, 150.0)}
    run = without_place(SKIPPED_S, **counted)
    track = prepared(stated_m(run, stated) if stated else run)
    assert track.distance_sources == {}
    assert "odometer-unit" not in slugs(track)
    said = [each.message for each in track.notes if each.slug == "odometer-impossible"]
    assert said == [f"the odometer says {shown_m:g} m in 1,800 s of steps; it was not used"]


@pytest.mark.parametrize("rises", [2, 5, 10])
def test_an_odometer_of_steps_on_the_spot_that_rises_now_and_then_gives_no_increments(
    rises: int,
) -> None:
    shown_m = 6.7 * np.floor(rises * SKIPPED_S / 1801) / rises
    run = without_place(SKIPPED_S, distance_m=shown_m, cadence_spm=np.full(1801, 150.0))
    track = prepared(run)
    assert track.distance_sources == {}
    assert "odometer-increments" not in slugs(track)


def test_a_short_odometer_of_who_takes_no_step_is_in_metres() -> None:
    run = without_place(SKIPPED_S, distance_m=8.0 * SKIPPED_S / 1800, cadence_spm=np.zeros(1801))
    assert metres(prepared(run)) == pytest.approx(8.0)


@pytest.mark.parametrize("channel", ["positions", "speed_mps"])
def test_a_source_that_knows_less_than_a_minute_is_no_witness(channel: str) -> None:
    """55 s of 600: a tenth of the way, which would make decimetres of the odometer's metres."""
    known = STEADY <= 55
    run = northward(STEADY, 3.2 * STEADY) if channel == "positions" else without_place(STEADY)
    columns = {**run.columns, "distance_m": 3.0 * STEADY}
    if channel == "speed_mps":
        columns["speed_mps"] = np.full(601, 3.2)
    place = {
        name: np.where(known | (name == "distance_m"), values, np.nan)
        for name, values in columns.items()
    }
    track = prepared(structs.replace(run, columns=place))
    assert metres(track) == pytest.approx(1800.0)
    assert not [each for each in slugs(track) if each.startswith("odometer-")]


@pytest.mark.parametrize("session", [1.8, 1800.0, 180_000.0])
@pytest.mark.parametrize("per_lap", [1.0, 1000.0])
def test_a_wrong_total_of_the_session_takes_nothing_from_its_laps(
    session: float, per_lap: float
) -> None:
    """600 m, then 1,200 m, each in 300 s, in metres or kilometres."""
    lap_m = (0.6 * per_lap, 1.2 * per_lap)
    laps = tuple(
        Lap(START_S + at, START_S + at + 300, distance_m=each, timer_s=300.0)
        for at, each in zip((0, 300), lap_m, strict=True)
    )
    totals = (FileTotal("session", session, 600.0), FileTotal.of_laps(laps))
    run = without_place(STEADY, cadence_spm=np.full(601, 170.0))
    track = prepared(structs.replace(run, laps=laps, distance_m=session, totals=totals))
    assert metres(track) == pytest.approx(1800.0)
    assert float(steps_m(track)[:300].sum()) == pytest.approx(600.0)
    assert "distance-differs" not in slugs(track)
    assert ("total-unit" in slugs(track)) == (session == 1.8 or per_lap == 1.0)
    assert ("total-impossible" in slugs(track)) == (session == 180_000.0)


def test_a_total_in_kilometres_takes_nothing_from_an_odometer_in_metres() -> None:
    run = without_place(STEADY, distance_m=3.0 * STEADY, cadence_spm=np.full(601, 170.0))
    total = FileTotal("session", 1.8, 600.0)
    track = prepared(structs.replace(run, distance_m=1.8, totals=(total,)))
    assert metres(track) == pytest.approx(1800.0)
    assert "distance-differs" not in slugs(track)


def test_a_total_of_a_recording_that_was_cut_short_may_be_more_than_its_samples_allow() -> None:
    part = np.arange(201.0)  # of 600 s
    run = without_place(part, distance_m=3.0 * part, cadence_spm=np.full(201, 170.0))
    total = FileTotal("session", 1800.0, 600.0)
    track = prepared(structs.replace(run, distance_m=1800.0, totals=(total,)))
    assert metres(track) == pytest.approx(600.0)
    assert "total-impossible" not in slugs(track)


@pytest.mark.parametrize("channel", ["speed_mps", "distance_m"])
def test_what_stands_at_0_while_the_athlete_steps_is_no_way(channel: str) -> None:
    columns = {channel: np.zeros(601), "cadence_spm": np.full(601, 170.0)}
    alone = prepared(without_place(STEADY, **columns))
    assert alone.distance_sources == {}
    assert {"speed-stands", "odometer-stands"} & set(slugs(alone))
    total = FileTotal("session", 1800.0, 600.0)
    track = prepared(
        structs.replace(without_place(STEADY, **columns), distance_m=1800.0, totals=(total,))
    )
    assert metres(track) == pytest.approx(1800.0)


def test_who_stands_and_takes_no_step_has_gone_0_m() -> None:
    columns = {"speed_mps": np.zeros(601), "cadence_spm": np.zeros(601)}
    track = prepared(without_place(STEADY, **columns))
    assert track.distance_sources == {"device speed": 0.0}


def test_steps_longer_than_anybody_takes_tell_against_the_odometer() -> None:
    columns = {"distance_m": 6.0 * STEADY, "speed_mps": np.full(601, 3.0)}
    run = without_place(STEADY, cadence_spm=np.full(601, 170.0), **columns)
    assert metres(prepared(run)) == pytest.approx(1800.0, rel=0.01)


@pytest.mark.parametrize("hang_s", [4, 12, 20, 30])
@pytest.mark.parametrize("mps", [1.5, 3.0, 4.5])
def test_a_position_that_hangs_and_catches_up_loses_neither_way_nor_time(
    hang_s: int, mps: float
) -> None:
    # each 60 s it stands for so long and is then where the athlete is
    seen = np.where(hang_s > STEADY % 60, STEADY - STEADY % 60, STEADY)
    track = prepared(northward(STEADY, mps * seen))
    assert metres(track) == pytest.approx(600.0 * mps, rel=0.01)
    assert moving_s(track) == pytest.approx(600, abs=6)


def test_who_stands_for_half_a_minute_and_walks_on_has_stood() -> None:
    way = np.where(STEADY < 300, 3.0 * STEADY, np.where(STEADY < 330, 900.0, 3.0 * (STEADY - 30)))
    track = prepared(northward(STEADY, way))
    assert metres(track) == pytest.approx(1710.0, rel=0.01)
    assert moving_s(track) == pytest.approx(570, abs=4)


def test_an_odometer_that_stands_while_the_positions_move_on_is_left_out_there() -> None:
    shown = np.minimum(3.0 * STEADY, 900.0)
    run = northward(STEADY, 3.0 * STEADY)
    track = prepared(structs.replace(run, columns={**run.columns, "distance_m": shown}))
    assert metres(track) == pytest.approx(1800.0, rel=0.01)
    assert set(track.distance_sources) == {"odometer", "positions"}


def test_an_odometer_that_catches_up_spreads_what_it_missed() -> None:
    shown = np.where((STEADY > 200) & (STEADY < 260), 600.0, 3.0 * STEADY)
    track = prepared(without_place(STEADY, distance_m=shown))
    assert metres(track) == pytest.approx(1800.0)
    assert steps_m(track)[230] == pytest.approx(3.0, rel=0.01)


def test_an_odometer_that_is_written_when_it_changes_knows_of_the_stop() -> None:
    # 200 s at 3 m/s, 60 s standing, 200 s at 3 m/s; a value each 12 m; the speed hangs at 1.4 m/s
    times = np.arange(461.0)
    way = np.where(times < 200, 3.0 * times, np.where(times < 260, 600.0, 3.0 * (times - 60)))
    shown = np.where(np.diff(way // 12, prepend=-1.0) > 0, way - way % 12, np.nan)
    speed = np.where((times >= 200) & (times < 260), 1.4, 3.0)
    run = structs.replace(
        without_place(times, distance_m=shown, speed_mps=speed), distance_m=1200.0
    )
    track = prepared(run)
    assert metres(track) == pytest.approx(1200.0, rel=0.01)
    assert (track.column("ground_speed_mps")[210:250] < 0.5).all()


def test_an_odometer_reaches_the_ends_of_a_recording_by_its_first_reading_and_the_total() -> None:
    # 3 m/s for 300 s; the first reading comes after 7 s, the last before 40 s in which the device
    # shows 0.6 m/s though its total says that nothing followed
    times = np.arange(341.0)
    shown = np.where((times >= 7) & (times <= 300), 3.0 * times, np.nan)
    run = without_place(times, distance_m=shown, speed_mps=np.where(times < 300, 3.0, 0.6))
    track = prepared(structs.replace(run, distance_m=900.0))
    assert metres(track) == pytest.approx(900.0)
    assert track.distance_sources == pytest.approx({"odometer": 900.0})
    # a total that says more leaves the end to the speed; and 21 m are not run within 1 s
    assert metres(prepared(structs.replace(run, distance_m=924.0))) == pytest.approx(924.0, abs=1.0)
    late = structs.replace(
        run, columns={**run.columns, "distance_m": np.where(times > 0, shown, np.nan)}
    )
    cut = structs.replace(
        late, time_s=run.time_s[6:], columns={k: v[6:] for k, v in late.columns.items()}
    )
    assert metres(prepared(structs.replace(cut, distance_m=900.0))) == pytest.approx(882.0, abs=1.0)


def test_speed_in_kilometres_an_hour_is_known_by_the_total_or_by_itself() -> None:
    kmh = np.full(901, 10.8)
    stated = structs.replace(without_place(np.arange(901.0), speed_mps=kmh), distance_m=2700.0)
    for run in (stated, structs.replace(stated, distance_m=None)):
        track = prepared(run)
        assert metres(track) == pytest.approx(2700.0, rel=1e-3)
        assert "speed-unit" in slugs(track)


@pytest.mark.parametrize("per_mps", [3.6, 1 / 0.44704, 100.0, 1000.0])
def test_a_unit_of_speed_is_told_by_the_positions(per_mps: float) -> None:
    run = northward(STEADY, 3.0 * STEADY)
    run = structs.replace(run, columns={**run.columns, "speed_mps": np.full(601, 3.0 * per_mps)})
    track = prepared(run)
    assert "speed-unit" in slugs(track)
    assert np.allclose(track.column("speed_mps"), 3.0)


def test_thousands_are_millimetres_a_second_and_hundreds_tell_nothing() -> None:
    """357 may be 3.57 m/s in cm/s or a pace of 5:57 a kilometre: nobody can tell."""
    track = prepared(without_place(STEADY, speed_mps=np.full(601, 3000.0)))
    assert metres(track) == pytest.approx(1800.0, rel=1e-3)
    assert not prepared(without_place(STEADY, speed_mps=np.full(601, 357.0))).distance_sources


def test_a_fast_athlete_is_not_taken_for_one_in_kilometres_an_hour() -> None:
    times = np.arange(601.0)
    run = northward(times, 5.5 * times)
    run = structs.replace(run, columns={**run.columns, "speed_mps": np.full(601, 5.5)})
    assert metres(prepared(run)) == pytest.approx(3300.0, rel=1e-3)
    alone = prepared(without_place(times, speed_mps=np.full(601, 5.5)))
    assert metres(alone) == pytest.approx(3300.0, rel=1e-3)
    assert "speed-unit" not in slugs(alone)


def test_a_treadmill_with_totals_only_gets_those_of_its_laps_while_it_steps() -> None:
    # two laps of 300 s: 600 m, then 1200 m; the athlete stands for the last 100 s of the first
    steps = np.where((STEADY >= 200) & (STEADY < 300), 0.0, 160.0)
    laps = (
        Lap(START_S, START_S + 300, distance_m=600.0),
        Lap(START_S + 300, START_S + 600, distance_m=1200.0),
    )
    run = structs.replace(without_place(STEADY, cadence_spm=steps), laps=laps, distance_m=1800.0)
    track = prepared(run)
    assert float(steps_m(track)[:300].sum()) == pytest.approx(600.0)
    assert metres(track) == pytest.approx(1800.0)
    assert list(track.distance_sources) == ["file total"]


def test_laps_on_another_clock_do_not_take_the_total_from_a_treadmill() -> None:
    """Their starts are in local time, two hours ahead of the samples."""
    laps = tuple(Lap(START_S + 7200 + at, START_S + 7500 + at, distance_m=900.0) for at in (0, 300))
    run = without_place(STEADY, cadence_spm=np.full(601, 170.0))
    assert metres(prepared(structs.replace(run, laps=laps, distance_m=1800.0))) == pytest.approx(
        1800.0
    )


def without_fix(lost: BoolArray, steps_spm: float = 170.0, **more: FloatArray) -> Recording:
    """600 s due north at 3 m/s; positions are missing where ``lost``, (601,)."""
    run = northward(STEADY, 3.0 * STEADY)
    place = {name: np.where(lost, np.nan, values) for name, values in run.columns.items()}
    return structs.replace(run, columns={**place, "cadence_spm": np.full(601, steps_spm), **more})


@pytest.mark.parametrize("lost", [STEADY < 200, STEADY > 400], ids=["first", "last"])
def test_what_the_total_says_more_was_run_without_a_fix(lost: BoolArray) -> None:
    run = without_fix(lost)
    track = prepared(stated_m(run, 1800.0))
    assert metres(track) == pytest.approx(1800.0, rel=0.01)
    assert steps_m(track)[:-1] == pytest.approx(3.0, abs=0.1)
    assert "distance-unknown" not in slugs(track)
    alone = prepared(run)  # nothing tells of the 200 s
    assert metres(alone) == pytest.approx(1200.0, rel=0.01)
    assert "distance-unknown" in slugs(alone)
    still = prepared(stated_m(without_fix(lost, steps_spm=0.0), 1800.0))
    assert metres(still) == pytest.approx(1200.0, rel=0.01)
    other = prepared(stated_m(run, 4000.0))  # 14 m/s without a fix
    assert metres(other) == pytest.approx(1200.0, rel=0.01)


@pytest.mark.parametrize(
    ("stated", "timer_s"),
    [
        (1260.0, 600.0),  # 60 m more for 200 s of steps: positions and total differ by as much
        (1800.0, 1200.0),  # the file was cut short: some of the total was run after it
    ],
)
def test_a_total_that_does_not_tell_of_the_time_without_a_fix_is_not_used_for_it(
    stated: float, timer_s: float
) -> None:
    run = structs.replace(without_fix(STEADY > 400), distance_m=stated)
    track = prepared(structs.replace(run, totals=(FileTotal("session", stated, timer_s),)))
    assert metres(track) == pytest.approx(1200.0, rel=0.01)
    assert "distance-unknown" in slugs(track)


def round_a_corner(shown_mps: float, steps_spm: float) -> Recording:
    """300 s without a fix, in which the athlete runs on for 225 m more, and back, than the line.

    1,800 m in 600 s, of which the straight line knows 1,350.
    """
    lost = (STEADY > 150) & (STEADY < 450)
    turned_s = 375.0
    north_m = 3.0 * np.minimum(STEADY, 2 * turned_s - STEADY)
    after_m = 3.0 * (2 * turned_s - 450.0) + 3.0 * (STEADY - 450.0)
    run = northward(STEADY, np.where(STEADY < 450, north_m, after_m))
    place = {name: np.where(lost, np.nan, values) for name, values in run.columns.items()}
    speed = np.where(lost, shown_mps, 3.0)
    return structs.replace(
        run, columns={**place, "speed_mps": speed, "cadence_spm": np.full(601, steps_spm)}
    )


@pytest.mark.parametrize(
    ("shown_mps", "steps_spm", "found_m"),
    [
        (3.0, 170.0, 1800.0),
        (3.0, 0.0, 1350.0),  # it stuck
        (0.0, 170.0, 1350.0),  # as of a receiver without a fix
        (1.7, 170.0, 1350.0),  # as near to the line's 1.5 m/s as an error of the speed
        (9.0, 170.0, 1350.0),  # faster than anybody runs for so long
    ],
)
def test_a_speed_that_goes_on_with_the_steps_knows_more_than_the_line_over_a_hole(
    shown_mps: float, steps_spm: float, found_m: float
) -> None:
    track = prepared(round_a_corner(shown_mps, steps_spm))
    assert metres(track) == pytest.approx(found_m, rel=0.01)


@pytest.mark.parametrize("counted", [False, True], ids=["positions", "odometer"])
def test_a_speed_that_sticks_where_nobody_steps_is_no_way(counted: bool) -> None:  # noqa: FBT001
    """Ten minutes at 3 m/s, ten indoors without a fix or a step, ten at 3 m/s: 3,600 m."""
    times = np.arange(1801.0)
    lost = (times > 600) & (times < 1200)
    way_m = 3.0 * (times - np.clip(times - 600.0, 0.0, 600.0))
    run = northward(times, way_m)
    place = {name: np.where(lost, np.nan, values) for name, values in run.columns.items()}
    stuck = {"speed_mps": np.full(1801, 3.0), "cadence_spm": np.where(lost, 0.0, 170.0)}
    odometer = {"distance_m": way_m} if counted else {}
    track = prepared(structs.replace(run, columns={**place, **stuck, **odometer}))
    assert metres(track) == pytest.approx(3600.0, rel=0.01)


def test_of_line_and_speed_over_many_holes_not_always_the_longer_is_taken() -> None:
    """Thirty straight ways of 64 s; the speed is off by a tenth, too high as often as too low."""
    times = np.arange(3601.0)
    lost = times % 120 > 55
    off_mps = np.repeat(np.random.default_rng(0).normal(0.0, 0.3, 31), 120)[: times.size]
    run = northward(times, 3.0 * times)
    place = {name: np.where(lost, np.nan, values) for name, values in run.columns.items()}
    more = {"speed_mps": 3.0 + off_mps, "cadence_spm": np.full(times.size, 170.0)}
    track = prepared(structs.replace(run, columns={**place, **more}))
    assert metres(track) == pytest.approx(10_800.0, rel=0.003)


def test_a_paused_timer_does_not_take_the_total_from_a_treadmill() -> None:
    pause = Pause(START_S + 200, START_S + 290)
    run = structs.replace(without_place(STEADY), pauses=(pause,), distance_m=1800.0)
    track = prepared(run)
    assert metres(track) == pytest.approx(1800.0)
    assert float(steps_m(track)[205:285].sum()) == 0.0
    assert list(track.distance_sources) == ["file total"]


def test_positions_that_stand_do_not_stop_a_treadmill() -> None:
    run = northward(STEADY, 0.02 * STEADY)
    run = structs.replace(run, columns={**run.columns, "distance_m": 3.0 * STEADY})
    track = prepared(run)
    assert metres(track) == pytest.approx(1800.0)
    assert np.allclose(track.column("ground_speed_mps"), 3.0, atol=0.01)


@pytest.mark.parametrize(("stated_m", "noted"), [(1770.0, False), (1760.0, True), (3231.0, True)])
def test_over_two_per_cent_from_the_file_s_own_total_is_noted(
    stated_m: float,
    noted: bool,  # noqa: FBT001 - parameter
) -> None:
    run = northward(STEADY, 3.0 * STEADY)
    total = FileTotal("session", stated_m)
    track = prepared(structs.replace(run, distance_m=stated_m, totals=(total,)))
    found = [note.message for note in track.notes if note.slug == "distance-differs"]
    assert bool(found) == noted
    if noted:
        assert "1,800 m" in found[0]
        assert f"{stated_m:,.0f} m" in found[0]


def squares(times: FloatArray, mps: float, side_m: float) -> Recording:
    """Along the sides of a square, on the equator, so that a metre is one in both directions."""
    way = mps * times
    along, side = way % side_m, (way // side_m).astype(int) % 4
    east = np.choose(side, [along, side_m + 0 * along, side_m - along, 0 * along])
    north = np.choose(side, [0 * along, along, side_m + 0 * along, side_m - along])
    return Recording(
        START_S + times, {"latitude_deg": north * METRE, "longitude_deg": 14.5 + east * METRE}
    )


@pytest.mark.parametrize("mps", [1.4, 3.0, 5.0])
@pytest.mark.parametrize("hole_s", [0.0, 60.0])
def test_corners_of_blocks_lose_no_way(mps: float, hole_s: float) -> None:
    run = squares(STEADY, mps, 100.0)
    if hole_s:
        run = structs.replace(run, time_s=run.time_s + np.where(STEADY > 30, hole_s, 0.0))
        run = structs.replace(run, pauses=(Pause(START_S + 30, START_S + 91),))
    assert metres(prepared(run)) == pytest.approx(600.0 * mps, rel=0.01)


@pytest.mark.parametrize("length_m", [40.0, 100.0])
def test_who_turns_about_does_not_stand(length_m: float) -> None:
    way = 4.0 * STEADY
    track = prepared(northward(STEADY, np.abs((way + length_m) % (2 * length_m) - length_m)))
    assert moving_s(track) == 600
    assert metres(track) == pytest.approx(2400.0, rel=0.02)


def test_positions_that_jitter_are_not_added_up_second_by_second() -> None:
    jitter = np.random.default_rng(3).normal(0.0, 1.5, (2, 601)) * METRE
    run = northward(STEADY, 1.4 * STEADY)
    places = {name: run.columns[name] + off for name, off in zip(run.columns, jitter, strict=True)}
    assert metres(prepared(structs.replace(run, columns=places))) == pytest.approx(840.0, rel=0.1)


@pytest.mark.parametrize("shown", [2.8, 1.4 * 2.23694, 1000 / 60 / 1.4, 1000 / 1.4, 1.4 * 1.94384])
def test_a_speed_that_alone_tells_of_the_way_gives_way_to_the_total(shown: float) -> None:
    # 1.4 m/s: badly calibrated by half, or in miles an hour, as a pace, or in knots
    run = without_place(STEADY, speed_mps=np.full(601, shown))
    assert metres(prepared(stated_m(run, 840.0))) == pytest.approx(840.0, rel=0.03)


@pytest.mark.parametrize(
    ("mps", "spm", "shown"), [(3.0, 170.0, 3.0 * 2.23694), (3.0, 170.0, 10.8), (1.4, 112.0, 5.04)]
)
def test_steps_tell_the_unit_of_a_speed(mps: float, spm: float, shown: float) -> None:
    columns = {"speed_mps": np.full(601, shown), "cadence_spm": np.full(601, spm)}
    track = prepared(without_place(STEADY, **columns))
    assert metres(track) == pytest.approx(600.0 * mps, rel=0.01)
    assert "speed-unit" in slugs(track)


@pytest.mark.parametrize("by", ["speed", "total"])
def test_positions_that_stay_about_a_treadmill_tell_nothing(by: str) -> None:
    drift = np.cumsum(np.random.default_rng(5).normal(0.0, 0.1, (2, 601)), axis=1)
    run = northward(STEADY, drift[0])
    run = structs.replace(run, columns={**run.columns, "longitude_deg": 14.5 + drift[1] * METRE})
    if by == "speed":
        run = structs.replace(run, columns={**run.columns, "speed_mps": np.full(601, 3.0)})
    else:
        run = stated_m(run, 1800.0)
    track = prepared(run)
    assert metres(track) == pytest.approx(1800.0, rel=0.01)
    assert "positions" not in track.distance_sources
    assert "positions-stay" in slugs(track)


@pytest.mark.parametrize("factor", [0.8, 0.95, 1.2])
def test_speed_and_odometer_of_a_treadmill_give_way_to_the_total(factor: float) -> None:
    columns = {"distance_m": 3.0 * factor * STEADY, "speed_mps": np.full(601, 3.0 * factor)}
    track = prepared(stated_m(without_place(STEADY, **columns), 1800.0))
    assert metres(track) == pytest.approx(1800.0)


def test_what_the_total_says_more_was_run_after_the_last_reading() -> None:
    shown = np.where(STEADY % 120 == 0, 3.0 * STEADY, np.nan)
    shown[-1] = np.nan
    track = prepared(stated_m(without_place(STEADY, distance_m=shown), 1800.0))
    assert metres(track) == pytest.approx(1800.0)
    assert steps_m(track)[:-1] == pytest.approx(3.0)


@pytest.mark.parametrize("stepping", [False, True])
def test_positions_that_jitter_while_the_odometer_stands_are_no_motion(*, stepping: bool) -> None:
    """A stop of 120 s: the error of the positions wanders by metres, with some 0.8 m/s."""
    times = np.arange(901.0)
    way_m = 3.0 * (times - np.clip(times - 400.0, 0.0, 120.0))
    rest = (times >= 400) & (times < 520)
    random = np.random.default_rng(7)
    error_m = np.zeros(times.size)
    for at in range(1, times.size):
        error_m[at] = 0.98 * error_m[at - 1] + random.normal(0.0, 1.0)
    one = northward(times, way_m + error_m)
    steps = np.where(rest & (not stepping), 0.0, 168.0)
    columns = {**one.columns, "distance_m": way_m, "cadence_spm": steps}
    track = prepare(structs.replace(one, columns=columns), SETTINGS)
    assert metres(track) == pytest.approx(2340.0, abs=2.0)
    if stepping:
        assert moving_s(track) > 790  # an odometer alone does not overrule steps
    else:
        assert moving_s(track) == pytest.approx(780, abs=6)


@pytest.mark.parametrize("speed_mps", [0.8, 1.2, 1.45])
def test_an_odometer_that_hangs_while_somebody_walks_on_is_no_stop(speed_mps: float) -> None:
    """At the pace of backward walking; steps are not counted."""
    times = np.arange(901.0)
    one = northward(times, speed_mps * times)
    shown_m = np.where(times < 300, speed_mps * times, speed_mps * 300)
    track = prepared(structs.replace(one, columns={**one.columns, "distance_m": shown_m}))
    assert moving_s(track) == pytest.approx(900, abs=2)


@pytest.mark.parametrize("speed_mps", [0.7, 0.95])
@pytest.mark.parametrize("lasts_s", [25, 30, 40])
def test_an_odometer_that_hangs_for_half_a_minute_at_a_slow_walk_is_no_stop(
    speed_mps: float, lasts_s: int
) -> None:
    times = np.arange(601.0)
    shown_m = speed_mps * (times - np.clip(times - 300.0, 0.0, lasts_s))
    one = northward(times, speed_mps * times)
    track = prepared(structs.replace(one, columns={**one.columns, "distance_m": shown_m}))
    assert moving_s(track) == pytest.approx(600, abs=4)


def wandering(
    times: np.ndarray, east_m: np.ndarray, north_m: np.ndarray, error_m: float = 3.0
) -> Recording:
    """Positions whose error wanders: 3 m of standard deviation, forgotten within 20 s, and noise.

    A process of Ornstein and Uhlenbeck in each direction, and a sixth of it as white noise.
    """
    random = np.random.default_rng(11)
    keeps = np.exp(-1 / 20)
    off_m = random.normal(0.0, error_m, (2, times.size))
    for at in range(1, times.size):
        fresh_m = random.normal(0.0, error_m * np.sqrt(1 - keeps**2), 2)
        off_m[:, at] = keeps * off_m[:, at - 1] + fresh_m
    off_m += random.normal(0.0, error_m / 6, off_m.shape)
    one = northward(times, north_m + off_m[0])
    longitude = one.columns["longitude_deg"] + (east_m + off_m[1]) * METRE
    return structs.replace(one, columns={**one.columns, "longitude_deg": longitude})


def thinned(one: Recording, every: int) -> Recording:
    columns = {name: values[::every] for name, values in one.columns.items()}
    return structs.replace(one, time_s=one.time_s[::every], columns=columns)


@pytest.mark.parametrize("every_s", [1, 2, 3, 5])
@pytest.mark.parametrize("error_m", [0.5, 1.0, 1.5, 2.0])
def test_a_watch_that_was_not_stopped_adds_no_metres(error_m: float, every_s: int) -> None:
    """An hour and a half at a place after fifteen minutes at 3 m/s."""
    times = np.arange(6301.0)
    one = wandering(times, 0 * times, np.minimum(3.0 * times, 2700.0), error_m)
    track = prepared(thinned(one, every_s))
    assert metres(track) == pytest.approx(2700.0, rel=0.05)
    assert moving_s(track) == pytest.approx(900, rel=0.05)


@pytest.mark.parametrize("error_m", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("mps", [0.25, 0.4])
@pytest.mark.parametrize("every_s", [1, 2, 5])
def test_who_creeps_on_gets_somewhere(mps: float, error_m: float, every_s: int) -> None:
    """Ten minutes at a run, then twenty more slowly than anybody walks on purpose."""
    times = np.arange(1801.0)
    way_m = np.where(times < 600, 3.0 * times, 1800.0 + mps * (times - 600.0))
    track = prepared(thinned(wandering(times, 0 * times, way_m, error_m), every_s))
    assert metres(track) >= 0.98 * way_m[-1]


@pytest.mark.parametrize("stop_s", [40, 120])
def test_a_stop_without_an_odometer_is_one_where_positions_jitter(stop_s: int) -> None:
    times = np.arange(901.0)
    way_m = 3.0 * (times - np.clip(times - 400.0, 0.0, stop_s))
    one = wandering(times, np.zeros(times.size), way_m)
    ran_s = 900 - stop_s
    track = prepared(one)
    assert metres(track) == pytest.approx(3.0 * ran_s, rel=0.02)
    assert moving_s(track) == pytest.approx(ran_s, abs=12)
    stepping = {**one.columns, "cadence_spm": np.full(times.size, 110.0)}
    moving = {**one.columns, "speed_mps": np.full(times.size, 0.8)}
    for columns in (stepping, moving):  # steps and a device's own speed tell of motion
        assert moving_s(prepared(structs.replace(one, columns=columns))) > ran_s + 0.5 * stop_s


@pytest.mark.parametrize(("speed_mps", "length_m"), [(1.5, 10.0), (2.0, 10.0), (1.2, 20.0)])
def test_shuttles_and_walks_are_no_stops_however_positions_jitter(
    speed_mps: float, length_m: float
) -> None:
    times = np.arange(901.0)
    around_m = speed_mps * times % (2 * length_m)
    shuttle_m = np.where(around_m < length_m, around_m, 2 * length_m - around_m)
    without = structs.replace(SETTINGS, stands_jitter_share=0.0)
    for north_m in (shuttle_m, 0.8 * times):
        one = wandering(times, 0 * times, north_m)
        moved_s = moving_s(prepare(one, without))
        assert moved_s > 700
        assert moving_s(prepared(one)) == pytest.approx(moved_s, abs=20)  # one window by chance


def beside_a_window(metres_of_error: float = 10.0) -> Recording:
    """Twenty-five minutes at one place, with positions that wander faster than a slow walk."""
    times = np.arange(1501.0)
    one = wandering(times, 0 * times, 0 * times, metres_of_error)
    return structs.replace(one, columns={**one.columns, "cadence_spm": np.full(times.size, 166.0)})


def test_positions_that_wander_fast_about_a_treadmill_give_way_to_its_total() -> None:
    wanders = prepared(beside_a_window())
    assert metres(wanders) > 0.5 * 4350.0  # what the positions alone would say
    track = prepared(stated_m(beside_a_window(), 4350.0))
    assert metres(track) == pytest.approx(4350.0)


def test_who_skips_a_rope_under_the_sky_has_gone_nowhere() -> None:
    """3,350 jumps in 25 min; positions that wander by 1.5 m make a third of a kilometre of them."""
    one = beside_a_window(1.5)
    run = structs.replace(
        one, columns={**one.columns, "cadence_spm": np.full(one.time_s.size, 134.0)}
    )
    track = prepared(run)
    assert metres(track) == 0.0
    assert "positions-stay" in slugs(track)


@pytest.mark.parametrize(("mps", "spm", "length_m"), [(0.45, 80.0, 15.0), (2.5, 160.0, 20.0)])
def test_who_goes_to_and_fro_in_a_corridor_gets_on(mps: float, spm: float, length_m: float) -> None:
    """Steps of 0.34 m, as after an operation, or shuttles: near each other, and yet a way."""
    times = np.arange(1201.0)
    around_m = mps * times % (2 * length_m)
    run = northward(times, np.minimum(around_m, 2 * length_m - around_m))
    run = structs.replace(run, columns={**run.columns, "cadence_spm": np.full(times.size, spm)})
    track = prepared(run)
    assert "positions-stay" not in slugs(track)
    assert 0.9 * 1200 * mps < metres(track) < 1.02 * 1200 * mps  # a slow turn has a short chord


def to_and_fro(times: FloatArray, mps: float, length_m: float) -> FloatArray:
    around_m = mps * times % (2 * length_m)
    return np.minimum(around_m, 2 * length_m - around_m)


@pytest.mark.parametrize("length_m", [20.0, 50.0])
@pytest.mark.parametrize("by", ["total", "speed"])
def test_shuttles_keep_their_way_though_the_file_says_a_longer_one(
    length_m: float, by: str
) -> None:
    """3,000 m within 60 m of each other; total or speed are 1.3 times as long."""
    times = np.arange(1201.0)
    error = np.random.default_rng(1).normal(0.0, 0.3, (2, times.size))
    run = northward(times, to_and_fro(times, 2.5, length_m) + error[0])
    run = structs.replace(run, columns={**run.columns, "longitude_deg": 14.5 + error[1] * METRE})
    if by == "speed":
        run = structs.replace(run, columns={**run.columns, "speed_mps": np.full(1201, 2.5 * 1.3)})
    else:
        run = stated_m(run, 3900.0)
    track = prepared(run)
    assert "positions-stay" not in slugs(track)
    assert set(track.distance_sources) == {"positions"}
    assert moving_s(track) > 1150


def test_a_total_of_more_than_a_cut_file_holds_says_nothing_of_its_positions() -> None:
    """A quarter of an hour beside a window of a run of an hour, as its session counts it."""
    one = structs.replace(beside_a_window(), distance_m=12_000.0)
    track = prepared(structs.replace(one, totals=(FileTotal("session", 12_000.0, 3600.0),)))
    assert set(track.distance_sources) == {"positions"}


def test_short_backward_steps_in_a_corridor_get_on() -> None:
    """0.45 m/s at 100 steps a minute: steps of 0.27 m."""
    times = np.arange(1201.0)
    run = northward(times, to_and_fro(times, 0.45, 20.0))
    run = structs.replace(run, columns={**run.columns, "cadence_spm": np.full(times.size, 100.0)})
    assert 0.9 * 540.0 < metres(prepared(run)) < 1.02 * 540.0


def stairs(times: FloatArray, mps: float, side_m: float) -> Recording:
    """Along the sides of blocks, east and north in turn, on the equator."""
    blocks, along = np.divmod(mps * times, side_m)
    east = (blocks + 1) // 2 * side_m + np.where(blocks % 2 == 0, along, 0.0)
    north = blocks // 2 * side_m + np.where(blocks % 2 == 1, along, 0.0)
    return Recording(
        START_S + times, {"latitude_deg": north * METRE, "longitude_deg": 14.5 + east * METRE}
    )


def rounded(one: Recording, decimals: int) -> Recording:
    columns = {name: np.round(values, decimals) for name, values in one.columns.items()}
    return structs.replace(one, columns=columns)


@pytest.mark.parametrize("by", ["speed", "total"])
def test_a_way_that_lost_its_corners_to_rounding_is_as_long_as_the_device_says(by: str) -> None:
    """3 m/s along blocks of 70 m, in degrees of three decimals, which are 111 m."""
    times = np.arange(2401.0)
    one = rounded(stairs(times, 3.0, 70.0), 3)
    assert metres(prepared(one)) < 0.97 * 7200.0  # what the positions alone would say
    if by == "speed":
        one = structs.replace(one, columns={**one.columns, "speed_mps": np.full(times.size, 3.0)})
    else:
        one = stated_m(one, 7200.0)
        one = structs.replace(one, totals=(FileTotal("session", 7200.0, 2400.0),))
    track = prepared(one)
    assert metres(track) == pytest.approx(7200.0, rel=0.01)
    assert list(track.distance_sources) == ["device speed" if by == "speed" else "file total"]
    assert moving_s(track) == pytest.approx(2400, abs=5)


@pytest.mark.parametrize("shown_mps", [2.0, 6.0])
def test_a_speed_that_is_slower_or_far_off_tells_nothing_of_lost_corners(shown_mps: float) -> None:
    times = np.arange(2401.0)
    one = rounded(stairs(times, 3.0, 70.0), 3)
    alone_m = metres(prepared(one))
    one = structs.replace(one, columns={**one.columns, "speed_mps": np.full(times.size, shown_mps)})
    assert metres(prepared(one)) == pytest.approx(alone_m, rel=0.02)


def test_steps_that_stay_at_0_do_not_take_the_total_from_a_treadmill() -> None:
    """Who holds the rails moves no wrist: the watch counts no step, but states what was entered."""
    one = without_place(STEADY, cadence_spm=np.zeros(601), heart_rate_bpm=np.full(601, 140.0))
    assert metres(prepared(stated_m(one, 1800.0))) == pytest.approx(1800.0)


def test_a_lap_that_states_no_metres_takes_nothing_from_a_speed() -> None:
    """Four laps of 150 s at 3 m/s; the last one says 0 m, and no session states a total."""
    laps = tuple(
        Lap(START_S + at, START_S + at + 150.0, None, None, None, each_m, 150.0)
        for at, each_m in ((0.0, 450.0), (150.0, 450.0), (300.0, 450.0), (450.0, 0.0))
    )
    one = without_place(STEADY, speed_mps=np.full(601, 3.0), cadence_spm=np.full(601, 166.0))
    one = structs.replace(one, laps=laps, distance_m=1350.0, totals=(FileTotal.of_laps(laps),))
    assert metres(prepared(one)) == pytest.approx(1800.0)


@pytest.mark.parametrize("rest_spm", [0.0, 170.0])
def test_a_lap_of_no_metres_that_was_standing_lacks_none(rest_spm: float) -> None:
    """10 min at 3 m/s, a minute's rest, 10 min more; no fix for 200 s. Steps go on, or not."""
    times = np.arange(1261.0)
    way_m = 3.0 * (times - np.clip(times - 600.0, 0.0, 60.0))
    resting = (times >= 600) & (times < 660)
    run = northward(times, np.where(times < 200, np.nan, way_m))
    columns = {**run.columns, "cadence_spm": np.where(resting, rest_spm, 170.0)}
    spans = ((0.0, 600.0, 1800.0), (600.0, 660.0, 0.0), (660.0, 1260.0, 1800.0))
    laps = tuple(
        Lap(START_S + begin, START_S + end, distance_m=each_m, timer_s=end - begin)
        for begin, end, each_m in spans
    )
    totals = (FileTotal.of_laps(laps),)
    run = structs.replace(run, columns=columns, laps=laps, distance_m=3600.0, totals=totals)
    whole_m = 3600.0 if not rest_spm else 3000.0
    assert metres(prepared(run)) == pytest.approx(whole_m, rel=0.02)


def around(times: FloatArray, way_m: FloatArray) -> Recording:
    """Rounds of 30 m radius on the equator, in degrees of four decimals, which are 11 m."""
    angle = way_m / 30.0
    east, north = 30.0 * np.cos(angle), 30.0 * np.sin(angle)
    place = {"latitude_deg": north * METRE, "longitude_deg": 14.5 + east * METRE}
    return rounded(Recording(START_S + times, place), 4)


def test_a_speed_that_is_a_third_too_high_makes_no_corners_of_four_decimals() -> None:
    times = np.arange(1201.0)
    run = around(times, 3.0 * times)
    alone_m = metres(prepared(run))
    run = structs.replace(
        run, columns={**run.columns, "speed_mps": np.full(times.size, alone_m / 900)}
    )
    assert "position-rounded" in slugs(prepared(run))
    assert metres(prepared(run)) == pytest.approx(alone_m)


def test_no_metres_of_a_speed_are_given_to_the_pauses_of_rounded_positions() -> None:
    """3 m/s along blocks of 70 m with four pauses of 30 s, in which the speed stays at 3 m/s."""
    times = np.arange(1321.0)
    pauses = [(200.0 + 300.0 * k, 230.0 + 300.0 * k) for k in range(4)]
    way_m = 3.0 * (times - sum(np.clip(times - begin, 0.0, 30.0) for begin, _ in pauses))
    blocks, along = np.divmod(way_m, 70.0)
    east = (blocks + 1) // 2 * 70.0 + np.where(blocks % 2 == 0, along, 0.0)
    north = blocks // 2 * 70.0 + np.where(blocks % 2 == 1, along, 0.0)
    place = {"latitude_deg": north * METRE, "longitude_deg": 14.5 + east * METRE}
    run = rounded(Recording(START_S + times, place), 3)
    run = structs.replace(
        run,
        columns={**run.columns, "speed_mps": np.full(times.size, 3.0)},
        pauses=tuple(Pause(START_S + begin, START_S + end) for begin, end in pauses),
    )
    track = prepared(run)
    assert set(track.distance_sources) == {"device speed"}
    assert metres(track) == pytest.approx(3600.0, rel=0.01)
