import math

import msgspec
import numpy as np
import pytest
from hand_made import START_S, found, part, track_of
from msgspec import structs

from retrorun.measure import measure
from retrorun.measure.heart import maximum_bpm, suspect_heart_rate, trimp_factor
from retrorun.model import Athlete, Detection, Measures, Recording, Track
from retrorun.prepare import prepare
from retrorun.settings import MeasureSettings, PrepareSettings
from retrorun.units import EARTH_RADIUS_M

SETTINGS = MeasureSettings()
ATHLETE = Athlete(mass_kg=70.0, birth_year=1996, sex="male", hr_rest_bpm=50, hr_max_bpm=190)


def run(track: Track, detection: Detection, athlete: Athlete = ATHLETE) -> Measures:
    return measure(track, detection, athlete, SETTINGS)


def test_sums_and_means_of_a_segment_by_hand() -> None:
    track = track_of(100, ground_speed_mps=2.5, cadence_spm=150.0, heart_rate_bpm=120.0, grade=0.02)
    metrics = run(track, found(part(0, 40), part(40, 100, "backward"))).segments[1].metrics
    assert (metrics.seconds, metrics.moving_s) == (60.0, 60.0)
    assert metrics.distance_m == pytest.approx(150.0)
    assert metrics.speed_mps == pytest.approx(2.5)
    assert metrics.pace_s_per_km == pytest.approx(400.0)
    assert metrics.steps == pytest.approx(150.0)
    assert metrics.step_length_m == pytest.approx(1.0)
    assert metrics.beats == pytest.approx(120.0)
    assert metrics.grade == pytest.approx(0.02)
    assert metrics.heart_rate is not None
    assert metrics.heart_rate.coverage == pytest.approx(1.0)


def test_what_the_watch_says_of_the_feet_is_averaged_while_moving() -> None:
    speed = np.concatenate((np.full(50, 2.5), np.zeros(50)))
    contact = np.concatenate((np.full(50, 0.25), np.full(50, 1.0)))
    track = track_of(100, ground_speed_mps=speed, contact_time_s=contact, balance_pct=49.0)
    metrics = run(track, found(part(0, 100))).segments[0].metrics
    assert metrics.contact_time_s == pytest.approx(0.25)
    assert metrics.balance_pct == pytest.approx(49.0)
    assert metrics.vertical_oscillation_m is None


def test_the_metres_of_each_second_come_before_the_speed() -> None:
    track = structs.replace(track_of(100, ground_speed_mps=2.5), step_m=np.full(100, 3.0))
    metrics = run(track, found(part(0, 50), part(50, 100))).segments[0].metrics
    assert metrics.distance_m == pytest.approx(150.0)


def test_a_climb_goes_on_between_altitudes_that_lie_far_apart() -> None:
    # up 1 m in each 15 s for 60 s, then as far down, known each 15 s
    height = np.concatenate((np.arange(61.0), np.arange(59.0, -1.0, -1.0))) / 15.0
    sparse = np.where(np.arange(121) % 15 == 0, height, np.nan)
    for altitude in (height, sparse):
        track = track_of(121, ground_speed_mps=2.5, smooth_altitude_m=altitude)
        metrics = run(track, found(part(0, 121))).segments[0].metrics
        assert metrics.climb_m == pytest.approx(4.0)


def test_totals_keep_candidates_apart_and_add_up() -> None:
    track = track_of(400, ground_speed_mps=2.0)
    detection = found(
        part(0, 100),
        part(100, 200, "backward", verdict="confirmed"),
        part(200, 250, "backward", verdict="labelled"),
        part(250, 400, "backward", verdict="candidate"),
    )
    totals = run(track, detection).totals
    assert totals["backward"].seconds == 150.0
    assert totals["candidate"].seconds == 150.0
    assert totals["forward"].distance_m == pytest.approx(200.0)
    assert sum(total.seconds for total in totals.values()) == 400.0


def test_steady_heart_rate_leaves_out_the_first_minute() -> None:
    heart = np.concatenate((np.full(60, 120.0), np.full(40, 160.0)))
    track = track_of(100, ground_speed_mps=2.5, heart_rate_bpm=heart)
    metrics = run(track, found(part(0, 100))).segments[0].metrics
    assert metrics.steady_heart_rate_bpm == pytest.approx(160.0)
    short = run(track, found(part(0, 70), part(70, 100))).segments
    assert [each.metrics.steady_heart_rate_bpm for each in short] == [None, None]


def test_zero_heart_rate_is_missing_and_coverage_says_so() -> None:
    heart = np.concatenate((np.zeros(50), np.full(50, 140.0)))
    metrics = run(track_of(100, ground_speed_mps=2.5, heart_rate_bpm=heart), found(part(0, 100)))
    heart_rate = metrics.segments[0].metrics.heart_rate
    assert heart_rate is not None
    assert heart_rate.mean == pytest.approx(140.0)
    assert heart_rate.coverage == pytest.approx(0.5)


def test_a_spike_is_flagged_and_a_climb_is_not() -> None:
    heart = np.linspace(100, 180, 200)
    heart[100] += 60
    doubted, notes = suspect_heart_rate(track_of(200, heart_rate_bpm=heart), SETTINGS)
    assert np.flatnonzero(doubted).tolist() == [100]
    assert [note.slug for note in notes] == ["heart-rate-spikes"]


def test_heart_rate_that_is_the_step_rate_is_flagged() -> None:
    steps = 165.0 + 3.0 * np.sin(np.arange(300) / 20)
    heart = np.where(np.arange(300) < 100, 140.0, steps)
    doubted, notes = suspect_heart_rate(
        track_of(300, heart_rate_bpm=heart, cadence_spm=steps), SETTINGS
    )
    assert doubted[100:].all()
    assert not doubted[:90].any()
    assert [note.slug for note in notes] == ["heart-rate-cadence-lock"]


@pytest.mark.parametrize(
    ("sex", "expected"),
    # half of the reserve: 0.5·0.64·e^0.96 and 0.5·0.86·e^0.835
    [("male", 0.835743), ("female", 0.991066)],
)
def test_trimp_by_hand(sex: str, expected: float) -> None:
    found_rate = trimp_factor(np.array([120.0]), 50.0, 190.0, sex)
    assert found_rate[0] == pytest.approx(expected, rel=1e-4)


def test_time_in_zones_and_trimp_of_a_session() -> None:
    heart = np.concatenate((np.full(60, 100.0), np.full(120, 160.0)))
    track = track_of(180, ground_speed_mps=2.5, heart_rate_bpm=heart)
    load = run(track, found(part(0, 180))).heart["forward"]
    # bounds 114, 133, 152, 171
    assert load.zones_s == (60.0, 0.0, 0.0, 120.0, 0.0)
    assert load.trimp_per_min == pytest.approx((load.trimp or 0.0) / 3.0)


def test_a_default_maximum_says_that_it_is_one() -> None:
    # 208 - 0.7·30
    highest, origin = maximum_bpm(Athlete(birth_year=1996), START_S)
    assert highest == pytest.approx(187.0)
    assert "default" in origin
    assert maximum_bpm(Athlete(), START_S)[0] is None


def test_bests_by_hand() -> None:
    # 100 s at 2 m/s, of which 30 s at 3 m/s: the fastest 100 m hold the 90 m at 3 m/s
    speed = np.full(200, 2.0)
    speed[100:130] = 3.0
    track = track_of(200, ground_speed_mps=speed)
    measures = run(track, found(part(0, 50), part(50, 150, "backward"), part(150, 200)))
    bests = {best.key: best for best in measures.bests}
    assert bests["100 m"].seconds == pytest.approx(35.0)
    assert bests["longest_s"].seconds == 100.0
    assert bests["longest_m"].distance_m == pytest.approx(230.0)
    assert "400 m" not in bests


def test_the_fastest_stretch_may_begin_between_two_samples() -> None:
    # 60 m at 1 m/s, 60 m at 3 m/s, 40 m at 1 m/s: the fastest 100 m hold the 60 m and 40 m beside
    speed = np.concatenate((np.full(60, 1.0), np.full(20, 3.0), np.full(41, 1.0)))
    measures = run(track_of(121, ground_speed_mps=speed), found(part(0, 121, "backward")))
    bests = {best.key: best for best in measures.bests}
    assert bests["100 m"].seconds == pytest.approx(60.0)
    # 25 m at 2 m/s before 75 m at 3 m/s, the last: it begins in mid-second
    speed = np.concatenate((np.full(50, 2.0), np.full(25, 3.0), [0.0]))
    detection = found(part(0, 75, "backward"), part(75, 76))
    best = next(
        best
        for best in run(track_of(76, ground_speed_mps=speed), detection).bests
        if best.key == "100 m"
    )
    assert best.start_s == pytest.approx(37.5)
    assert best.seconds == pytest.approx(37.5)


def fastest_by_search(way_m: np.ndarray, distance_m: float, parts: int) -> float:
    """The least time over a distance from any of ``parts`` moments a second: no formula."""
    seconds = np.arange(len(way_m))
    best = math.inf
    for start in np.arange(0, len(way_m) - 1, 1.0 / parts):
        goal = np.interp(start, seconds, way_m) + distance_m
        if goal <= way_m[-1]:
            ends = np.flatnonzero(way_m >= goal)
            end = int(ends[0])
            step = way_m[end] - way_m[end - 1]
            best = min(best, end - (way_m[end] - goal) / step - start)
    return best


@pytest.mark.parametrize("seed", range(3))
def test_bests_agree_with_an_exhaustive_search(seed: int) -> None:
    random = np.random.default_rng(seed)
    # speeds in eighths, so that every moment that can decide lies near the grid of the search
    speed = random.integers(4, 33, 400) / 8.0
    detection = found(part(0, 40), part(40, 390, "backward"), part(390, 400))
    measures = run(track_of(400, ground_speed_mps=speed), detection)
    bests = {best.key: best for best in measures.bests}
    way_m = np.concatenate(([0.0], np.cumsum(speed[40:390])))
    for key, distance_m in (("100 m", 100.0), ("200 m", 200.0), ("400 m", 400.0), ("800 m", 800.0)):
        if way_m[-1] < distance_m:
            assert key not in bests
            continue
        expected = fastest_by_search(way_m, distance_m, 32)
        assert bests[key].seconds == pytest.approx(expected, abs=1 / 8)
        assert bests[key].seconds <= expected + 1e-9
        begin = bests[key].start_s - 40.0
        seconds = np.arange(len(way_m))
        ends = np.interp([begin, begin + bests[key].seconds], seconds, way_m)
        assert ends[1] - ends[0] == pytest.approx(distance_m)


def test_no_best_goes_across_a_gap() -> None:
    # 100 s at 2 m/s, of which the odometer, or the recording itself, misses seconds 60 to 69
    holed = np.full(120, 2.0)
    holed[60:70] = np.nan
    lost = track_of(120, ground_speed_mps=2.0)
    lost.flags["gap"][60:70] = True
    for track in (track_of(120, ground_speed_mps=holed), lost):
        measures = run(track, found(part(0, 120, "backward")))
        bests = {best.key: best for best in measures.bests}
        assert bests["100 m"].seconds == pytest.approx(50.0)
        assert "200 m" not in bests  # 118 and 100 m lie on either side
        assert bests["longest_m"].distance_m == pytest.approx(118.0, abs=2.0)
        assert bests["longest_s"].seconds == 120.0


def test_a_break_between_two_pieces_is_no_way() -> None:
    track = track_of(120, ground_speed_mps=2.0)
    begins = np.zeros(120, dtype=np.bool_)
    begins[70] = True
    track = structs.replace(track, flags={**track.flags, "break": begins})
    bests = {best.key: best for best in run(track, found(part(0, 120, "backward"))).bests}
    assert bests["longest_m"].distance_m == pytest.approx(138.0)
    assert "200 m" not in bests


@pytest.mark.parametrize(
    ("name", "metres"),
    [
        *(("200 m", 200.0), ("800 m", 800.0), ("1 km", 1000.0), ("1.5 km", 1500.0)),
        *(("1 mile", 1609.344), ("3 km", 3000.0), ("5 km", 5000.0), ("10 km", 10_000.0)),
        *(("half marathon", 21_097.5), ("marathon", 42_195.0)),
    ],
)
def test_every_distance_has_its_name(name: str, metres: float) -> None:
    seconds = round(metres / 5.0) + 3
    measures = run(track_of(seconds, ground_speed_mps=5.0), found(part(0, seconds, "backward")))
    best = next(best for best in measures.bests if best.key == name)
    assert best.seconds == pytest.approx(metres / 5.0)
    assert best.distance_m == metres


def test_neighbouring_backward_segments_are_one_stretch_and_candidates_break_it() -> None:
    track = track_of(300, ground_speed_mps=2.0)
    detection = found(
        part(0, 100, "backward", "walk"),
        part(100, 200, "backward", "run"),
        part(200, 300, "backward", verdict="candidate"),
    )
    bests = {best.key: best for best in run(track, detection).bests}
    assert bests["longest_s"].seconds == 200.0


@pytest.mark.parametrize("seconds", [0, 1, 10])
@pytest.mark.parametrize("athlete", [Athlete(), ATHLETE])
def test_nothing_is_nan_however_little_there_is(seconds: int, athlete: Athlete) -> None:
    track = track_of(seconds, ground_speed_mps=math.nan, heart_rate_bpm=math.nan)
    segments = (part(0, seconds, "unknown"),) if seconds else ()
    measures = run(track, found(*segments), athlete)
    assert b"NaN" not in msgspec.json.encode(measures)
    assert all(math.isfinite(total.seconds) for total in measures.totals.values())
    assert measures.cost_factor.value is None
    assert measures.cost_factor.reason


def test_steep_and_twisty_ground_is_named() -> None:
    track = track_of(100, ground_speed_mps=2.0, grade=-0.05, turn_rate_dps=20.0)
    metrics = run(track, found(part(0, 100, "backward"))).segments[0].metrics
    assert metrics.ground == ("steep", "twisty")


def test_what_is_paused_is_no_distance() -> None:
    # the position wanders on at 2.5 m/s while the watch is paused for 20 of 100 s
    track = track_of(100, ground_speed_mps=2.5)
    paused = np.zeros(100, dtype=np.bool_)
    paused[40:60] = True
    track = structs.replace(track, flags={**track.flags, "paused": paused})
    metrics = run(track, found(part(0, 100))).segments[0].metrics
    assert metrics.distance_m == pytest.approx(200.0)
    assert metrics.moving_s == 80.0
    assert metrics.speed_mps == pytest.approx(2.5)


def test_turn_rate_is_the_mean_of_what_is_known_of_it_in_motion() -> None:
    # 10 deg/s left and right for 30 s, unknown for 30 s, 40 deg/s while standing
    turning = np.concatenate((np.tile([10.0, -10.0], 15), np.full(30, np.nan), np.full(40, 40.0)))
    speed = np.where(np.arange(100) < 60, 2.5, 0.0)
    track = track_of(100, ground_speed_mps=speed, turn_rate_dps=turning)
    assert run(track, found(part(0, 100))).segments[0].metrics.turn_rate_dps == pytest.approx(10.0)


def test_a_zone_begins_at_its_bound() -> None:
    athlete = Athlete(hr_zones_bpm=(120.0, 140.0))
    heart = np.repeat([119.0, 120.0, 139.0, 140.0], (10, 20, 30, 40))
    track = track_of(100, ground_speed_mps=2.5, heart_rate_bpm=heart)
    assert run(track, found(part(0, 100)), athlete).heart["forward"].zones_s == (10.0, 50.0, 40.0)


METRE = 180.0 / np.pi / 6_371_008.8  # degrees of latitude


def moving_of(way_m: np.ndarray, *, by_odometer: bool, error_m: float = 0.0) -> float:
    """Moving time of one segment over a way due north, a sample each second."""
    off_m = np.random.default_rng(3).normal(0.0, error_m, (2, way_m.size))
    columns = {
        "latitude_deg": 46.0 + (way_m + off_m[0]) * METRE,
        "longitude_deg": 14.5 + off_m[1] * METRE,
    }
    columns |= {"distance_m": way_m} if by_odometer else {}
    recording = Recording(START_S + np.arange(float(way_m.size)), columns)
    track = prepare(recording, PrepareSettings())
    return run(track, found(part(0, way_m.size))).segments[0].metrics.moving_s


@pytest.mark.parametrize("by_odometer", [True, False])
@pytest.mark.parametrize(("stop_s", "error_m"), [(9, 0.0), (13, 0.3), (15, 0.5)])
def test_short_stops_are_as_long_as_the_athlete_stood(
    stop_s: int, error_m: float, *, by_odometer: bool
) -> None:
    """At traffic lights: 3 m/s, and a stop of some seconds in each of 20 minutes."""
    running = np.tile(np.arange(60) < 60 - stop_s, 20)
    way_m = np.concatenate(([0.0], np.cumsum(3.0 * running)))
    moved_s = moving_of(way_m, by_odometer=by_odometer, error_m=error_m)
    assert moved_s == pytest.approx(20 * (60 - stop_s), rel=0.02)


@pytest.mark.parametrize(("mps", "bout_s", "stop_s"), [(1.2, 20, 10), (1.2, 8, 6), (1.8, 20, 10)])
def test_slow_bouts_after_a_fast_part_keep_their_seconds_at_stops(
    mps: float, bout_s: int, stop_s: int
) -> None:
    """20 min forward at 4 m/s, then twenty bouts of slow walking with a stop after each."""
    bouts = np.tile(np.r_[np.full(bout_s, mps), np.zeros(stop_s)], 20)
    way_m = np.concatenate(([0.0], np.cumsum(np.r_[np.full(1200, 4.0), bouts])))
    error_m = np.random.default_rng(3).normal(0.0, 0.3, (2, way_m.size))
    columns = {
        "latitude_deg": np.degrees((way_m + error_m[0]) / EARTH_RADIUS_M),
        "longitude_deg": np.degrees(error_m[1] / EARTH_RADIUS_M),
    }
    recording = Recording(1.7e9 + np.arange(float(way_m.size)), columns)
    track = prepare(recording, PrepareSettings())
    parts = found(part(0, 1200), part(1200, track.seconds, "backward"))
    moved_s = measure(track, parts, ATHLETE, MeasureSettings()).segments[1].metrics.moving_s
    assert moved_s == pytest.approx(20 * bout_s, rel=0.03)


def test_who_turns_about_has_not_stopped() -> None:
    """Shuttles of 20 m at 2 m/s for ten minutes."""
    there = np.mod(2.0 * np.arange(601.0), 40.0)
    moved_s = moving_of(np.minimum(there, 40.0 - there), by_odometer=False)
    assert moved_s == pytest.approx(600, abs=2)
