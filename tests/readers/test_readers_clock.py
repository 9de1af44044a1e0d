"""Clocks that were set, ran astray or stood, in files whose run is known."""

from datetime import UTC, datetime

import numpy as np
import pytest
from msgspec.structs import replace

from retrorun.errors import ReadError
from retrorun.model import (
    Analysis,
    Athlete,
    Blob,
    Export,
    FileTotal,
    HeadingSeries,
    Lap,
    Pause,
    Recording,
)
from retrorun.pipeline import process
from retrorun.readers import read
from retrorun.readers.clock import repair_clock
from retrorun.settings import ReadLimits, Settings
from retrorun.units import FloatArray

LIMITS = ReadLimits()
START_S = 1_777_793_400.0  # 2026-05-03T07:30:00Z
HOUR_S, DAY_S = 3600.0, 86_400.0
WEEKS_S = 1024 * 7 * DAY_S
METRE = 180.0 / np.pi / 6_371_008.8  # degrees of latitude
ELAPSED = np.arange(901.0)  # a run of 900 s at 3 m/s


def run(time_s: FloatArray, way_m: FloatArray | None = None, *, by: str = "both") -> Recording:
    way: FloatArray = 3.0 * np.arange(float(time_s.size)) if way_m is None else way_m
    columns: dict[str, FloatArray] = {}
    if by != "odometer":
        columns = {"latitude_deg": 46.0 + way * METRE, "longitude_deg": np.full(way.size, 14.5)}
    if by != "positions":
        columns["distance_m"] = way
    return Recording(time_s, columns)


def slugs(one: Recording) -> list[str]:
    return [note.slug for note in one.notes]


def gpx(time_s: FloatArray, way_m: FloatArray) -> bytes:
    points = "".join(
        f'<trkpt lat="{46.0 + way * METRE:.8f}" lon="14.5"><time>'
        f"{datetime.fromtimestamp(at, UTC).isoformat()}</time></trkpt>"
        for at, way in zip(time_s.tolist(), way_m.tolist(), strict=True)
    )
    head = '<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" creator="x">'
    return f"{head}<trk><type>run</type><trkseg>{points}</trkseg></trk></gpx>".encode()


def read_gpx(time_s: FloatArray, way_m: FloatArray) -> Export:
    return read("a.gpx", gpx(time_s, way_m), ReadLimits())


def test_a_good_clock_is_left_alone() -> None:
    one = run(START_S + ELAPSED)
    assert repair_clock(one, "fit", "a", LIMITS) == (one,)


JUMPS = (HOUR_S, -HOUR_S, DAY_S, -DAY_S, 20 * DAY_S, -400 * DAY_S + 17, WEEKS_S, -WEEKS_S)


@pytest.mark.parametrize("jump_s", JUMPS)
@pytest.mark.parametrize("at", [100, 300, 800])
@pytest.mark.parametrize("by", ["positions", "odometer", "both"])
def test_both_parts_of_a_run_whose_clock_was_set_are_joined(
    jump_s: float, at: int, by: str
) -> None:
    time_s = START_S + ELAPSED + np.where(at <= ELAPSED, jump_s, 0.0)
    (one,) = repair_clock(run(time_s, by=by), "gpx", "a", LIMITS)
    assert np.diff(one.time_s).tolist() == [1.0] * 900
    assert any(slug.startswith("clock") for slug in slugs(one))
    longer_s = START_S + (jump_s if at < 450 else 0.0)
    possible = {START_S, START_S + jump_s, longer_s}
    assert float(one.time_s[0]) in possible


def test_laps_pauses_and_headings_move_with_their_part() -> None:
    time_s = START_S + ELAPSED + np.where(ELAPSED >= 300, DAY_S, 0.0)
    mount = (ELAPSED >= 400).astype(np.int64)
    heading = HeadingSeries("a", "compass", "true", time_s, ELAPSED % 360, mount)
    one = run(time_s)
    one = Recording(
        one.time_s,
        one.columns,
        headings=(heading,),
        laps=(Lap(START_S, START_S + 200), Lap(START_S + 200, START_S + DAY_S + 500)),
        pauses=(Pause(START_S + 100, START_S + 110),),
    )
    (moved,) = repair_clock(one, "fit", "a", LIMITS)
    first = float(moved.time_s[0])
    assert [(lap.start_time_s - first, lap.end_time_s - first) for lap in moved.laps] == [
        (0, 200),
        (200, 500),
    ]
    assert moved.pauses[0].start_time_s - first == 100
    assert np.array_equal(moved.headings[0].time_s, moved.time_s)
    assert moved.headings[0].mount is not None
    assert np.array_equal(moved.headings[0].mount, mount)


def test_a_coffee_of_an_hour_is_a_pause() -> None:
    # the pace falls to nothing before and rises from nothing after 3,725 s at one place
    way = np.concatenate((3.0 * np.arange(301.0), np.full(30, 900.0)))
    way = np.concatenate((way, np.full(30, 901.0), 901.0 + 3.0 * np.arange(300.0)))
    second = np.arange(float(way.size))
    time_s = START_S + second + np.where(second >= 331, 3725.0, 0.0)
    (one,) = repair_clock(run(time_s, way, by="positions"), "gpx", "a", LIMITS)
    assert np.array_equal(one.time_s, time_s)
    assert not slugs(one)


def test_a_pause_that_the_device_states_is_one_however_fast_the_athlete_was() -> None:
    time_s = START_S + ELAPSED + np.where(ELAPSED >= 300, 5 * HOUR_S, 0.0)
    stated = Pause(START_S + 300, START_S + 5 * HOUR_S + 299)
    one = run(time_s)
    one = Recording(one.time_s, one.columns, pauses=(stated,))
    (kept,) = repair_clock(one, "fit", "a", LIMITS)
    assert np.array_equal(kept.time_s, time_s)


@pytest.mark.parametrize("apart_s", [5 * HOUR_S + 7, DAY_S, 7 * DAY_S + 123])
@pytest.mark.parametrize("swapped", [False, True])
def test_two_runs_in_one_segment_are_two_sessions(apart_s: float, *, swapped: bool) -> None:
    # 2.7 km and, 17 km away, 1.2 km, in either order
    times = [START_S + ELAPSED, START_S + apart_s + np.arange(401.0)]
    ways = [3.0 * ELAPSED, 17_000.0 + 3.0 * np.arange(401.0)]
    turn = -1 if swapped else 1
    data = gpx(np.concatenate(times[::turn]), np.concatenate(ways[::turn]))
    found = process(Blob("a.gpx", data), Settings(), Athlete())
    assert isinstance(found, Analysis)
    assert [each.start_time_s for each in found.sessions] == [START_S, START_S + apart_s]
    assert [each.distance_m for each in found.sessions] == pytest.approx([2700.0, 1200.0], rel=1e-2)
    assert all("clock-two-runs" in [n.slug for n in each.notes] for each in found.sessions)


def test_times_that_run_back_and_forth_while_the_places_are_in_order() -> None:
    rng = np.random.default_rng(4)
    time_s = START_S + ELAPSED + np.round(rng.uniform(-20, 20, 901))
    (one,) = read_gpx(time_s, 3.0 * ELAPSED).recordings
    assert (np.diff(one.time_s) >= 0).all()
    assert np.abs(one.time_s - START_S - ELAPSED).max() < 40
    assert "clock-scrambled" in slugs(one)
    found = process(Blob("a.gpx", gpx(time_s, 3.0 * ELAPSED)), Settings(), Athlete())
    assert isinstance(found, Analysis)
    assert found.sessions[0].distance_m == pytest.approx(2700.0, rel=0.02)


def test_samples_that_were_shuffled_are_put_in_order_of_time() -> None:
    order = np.argsort(ELAPSED + np.random.default_rng(5).uniform(0, 60, 901))
    (one,) = repair_clock(
        run((START_S + ELAPSED)[order], (3.0 * ELAPSED)[order]), "gpx", "a", LIMITS
    )
    assert one.columns["distance_m"].tolist() == (3.0 * ELAPSED).tolist()
    assert "clock-backward" in slugs(one)


def test_whole_minutes_are_spread_over_their_samples() -> None:
    coarse = START_S + np.floor(ELAPSED / 60) * 60
    (one,) = repair_clock(run(coarse), "gpx", "a", LIMITS)
    assert np.abs(one.time_s[:900] - START_S - ELAPSED[:900]).max() < 1e-3
    assert "clock-coarse" in slugs(one)


def test_whole_minutes_of_which_the_first_and_the_last_were_not_full_keep_their_length() -> None:
    true_s = START_S - START_S % 60 + 33 + ELAPSED
    (one,) = repair_clock(run(np.floor(true_s / 60) * 60), "gpx", "a", LIMITS)
    assert np.abs(one.time_s - true_s).max() < 1.0


def test_whole_minutes_of_uneven_samples_are_each_spread_over_all_of_it() -> None:
    true_s = START_S - START_S % 60 + 33 + ELAPSED
    kept = (ELAPSED % 7 > 0) | (ELAPSED > 400)  # fewer samples in the first minutes
    (one,) = repair_clock(run(np.floor(true_s[kept] / 60) * 60), "gpx", "a", LIMITS)
    assert one.time_s[0] == true_s[0] - 33


def test_a_single_sample_from_before_the_clock_was_set_is_left_out() -> None:
    time_s = START_S + ELAPSED
    time_s[0] = 0.0
    found = process(Blob("a.gpx", gpx(time_s, 3.0 * ELAPSED)), Settings(), Athlete())
    assert isinstance(found, Analysis)
    (session,) = found.sessions
    assert session.start_time_s in (START_S, START_S + 1)
    assert any(note.slug.startswith("clock") for note in session.notes)


@pytest.mark.parametrize(
    ("first_s", "slug"),
    [
        (0.0, "clock-not-set"),
        (631_065_600.0, "clock-not-set"),  # 1989-12-31, the zero of FIT
        (946_684_805.0, "clock-not-set"),  # 2000-01-01, the zero of many a clock
        (4_325_961_600.0, "clock-future"),  # 2107
    ],
)
def test_a_day_that_cannot_be_is_noted_and_the_run_kept(first_s: float, slug: str) -> None:
    (one,) = repair_clock(run(first_s + ELAPSED), "tcx", "a", LIMITS)
    assert slug in slugs(one)
    assert float(one.time_s[0]) == first_s


@pytest.mark.parametrize("turns", [1, 2])
def test_the_week_number_of_gps_rolled_over(turns: int) -> None:
    (one,) = repair_clock(run(START_S - turns * WEEKS_S + ELAPSED), "fit", "a", LIMITS)
    assert float(one.time_s[0]) == START_S
    assert "clock-week-rollover" in slugs(one)


def test_a_day_on_which_the_format_existed_is_kept_and_doubted() -> None:
    (one,) = repair_clock(run(START_S - WEEKS_S + ELAPSED), "tcx", "a", LIMITS)  # 2006-09-17
    assert float(one.time_s[0]) == START_S - WEEKS_S
    (note,) = one.notes
    assert note.slug == "clock-doubtful"
    assert "2026-05-03" in note.message


def test_laps_with_the_right_week_tell_that_the_samples_have_a_wrong_one() -> None:
    one = run(START_S - WEEKS_S + ELAPSED)
    one = Recording(one.time_s, one.columns, laps=(Lap(START_S, START_S + 900),))
    (moved,) = repair_clock(one, "tcx", "a", LIMITS)
    assert float(moved.time_s[0]) == START_S
    assert moved.laps == (Lap(START_S, START_S + 900),)


@pytest.mark.parametrize(
    ("time_s", "slug"),
    [
        (np.full(901, START_S), "clock-stopped"),
        (START_S + (ELAPSED > 450), "clock-stopped"),
        (START_S + ELAPSED * 61 * DAY_S / 10, "clock-impossible"),
        (START_S + ELAPSED * DAY_S, "clock-impossible"),
    ],
)
def test_what_no_clock_can_mean_is_refused_by_name(time_s: FloatArray, slug: str) -> None:
    with pytest.raises(ReadError) as refused:
        repair_clock(run(time_s), "gpx", "a.gpx", LIMITS)
    assert refused.value.slug == slug
    assert refused.value.file == "a.gpx"


@pytest.mark.parametrize("by", ["positions", "odometer"])
@pytest.mark.parametrize("jump_s", [-1800.0, -600.0, -90.0, 90.0, 600.0, 1800.0])
def test_a_clock_that_was_set_and_set_back_loses_no_time(jump_s: float, by: str) -> None:
    away = (ELAPSED >= 300) & (ELAPSED < 600)
    (one,) = repair_clock(run(START_S + ELAPSED + jump_s * away, by=by), "fit", "a", LIMITS)
    assert np.ptp(one.time_s) == pytest.approx(900.0, abs=3.0)
    assert (np.diff(one.time_s) >= 0).all()


def timed(time_s: FloatArray, way_m: FloatArray | None = None) -> Recording:
    """With a lap that says 2700 m in 900 s."""
    lap = Lap(float(time_s[0]), float(time_s[-1]), distance_m=2700.0, timer_s=900.0)
    total = FileTotal("laps", 2700.0, 900.0)
    return replace(run(time_s, way_m), laps=(lap,), distance_m=2700.0, totals=(total,))


@pytest.mark.parametrize("pace", [0.1, 0.5, 2.0, 10.0])
def test_a_clock_at_another_pace_is_brought_to_that_of_the_timer(pace: float) -> None:
    (one,) = repair_clock(timed(START_S + ELAPSED * pace), "fit", "a", LIMITS)
    assert one.time_s - START_S == pytest.approx(ELAPSED, abs=1.0)
    assert one.laps[0].end_time_s == pytest.approx(START_S + 900.0, abs=1.0)
    assert "clock-speed" in slugs(one)


def test_a_clock_that_agrees_with_one_timer_of_the_file_is_kept() -> None:
    """A lap may go on into the next session of a file."""
    one = timed(START_S + ELAPSED)
    lap = FileTotal("laps", 4000.0, 1350.0)
    (found,) = repair_clock(replace(one, totals=(*one.totals, lap)), "fit", "a", LIMITS)
    assert found.time_s.tolist() == one.time_s.tolist()
    assert "clock-speed" not in slugs(found)


def test_a_timer_in_milliseconds_is_none() -> None:
    one = timed(START_S + ELAPSED)
    (found,) = repair_clock(
        replace(one, totals=(FileTotal("laps", 2700.0, 900_000.0),)), "tcx", "a", LIMITS
    )
    assert found.time_s.tolist() == one.time_s.tolist()


def test_a_clock_is_not_hurried_over_rests_or_what_is_missing() -> None:
    times = np.arange(1801.0)
    rests = np.minimum(times, 450.0) + np.clip(times - 1350.0, 0.0, 450.0)  # 900 s of standing
    half = START_S + ELAPSED[:451]  # the second half was cut away
    paused = START_S + ELAPSED + np.where(ELAPSED > 450, 900.0, 0.0)
    for one in (timed(START_S + times, 3.0 * rests), timed(half), timed(paused)):
        (same,) = repair_clock(one, "fit", "a", LIMITS)
        np.testing.assert_array_equal(same.time_s, one.time_s)


def test_a_heading_with_missing_values_moves_with_the_samples() -> None:
    exact_s = START_S + ELAPSED
    has_heading = ELAPSED % 7 != 3
    heading_deg = ELAPSED[has_heading] % 360

    def repaired(time_s: FloatArray) -> Recording:
        heading = HeadingSeries("x", "compass", "true", time_s[has_heading], heading_deg)
        (one,) = repair_clock(replace(run(time_s), headings=(heading,)), "gpx", "a", LIMITS)
        assert one.headings[0].heading_deg.tolist() == heading_deg.tolist()
        return one

    by_minute = repaired(np.floor(exact_s / 60) * 60)
    assert np.abs(by_minute.headings[0].time_s - exact_s[has_heading]).max() <= 2.0
    scrambled = repaired(exact_s + np.where(ELAPSED % 2 == 0, 4.5, 0.0))
    assert slugs(scrambled) == ["clock-scrambled"]
    assert scrambled.headings[0].time_s.tolist() == scrambled.time_s[has_heading].tolist()


MIDNIGHT_S = 1_777_766_400.0  # 2026-05-03T00:00:00Z


@pytest.mark.parametrize("falls_s", [HOUR_S * 12, DAY_S])
@pytest.mark.parametrize("before", [200, 700])
@pytest.mark.parametrize("zone_s", [0.0, 1800.0, 2700.0])
def test_a_clock_that_counts_no_day_or_no_half_of_it_on_was_right_before(
    falls_s: float, before: int, zone_s: float
) -> None:
    """The date of the start stays over midnight, or 12:59:59 is followed by 1:00:00."""
    right_s = MIDNIGHT_S - zone_s - before + ELAPSED  # midnight at half past five in India
    (found,) = repair_clock(
        run(np.where(before > ELAPSED, right_s, right_s - falls_s)), "gpx", "a.gpx", LIMITS
    )
    np.testing.assert_allclose(found.time_s, right_s)


def test_a_clock_that_falls_back_a_day_at_another_minute_was_set() -> None:
    """The longer part is right there, as with any clock that is set."""
    right_s = MIDNIGHT_S + 1200.0 + ELAPSED
    wrong_s = np.where(ELAPSED < 200, right_s + DAY_S, right_s)
    (found,) = repair_clock(run(wrong_s), "gpx", "a.gpx", LIMITS)
    np.testing.assert_allclose(found.time_s, right_s)


def test_two_devices_whose_samples_share_each_time_are_no_clock_that_stood() -> None:
    """Files of two watches, 5 m apart, that were merged sample by sample."""
    time_s, way_m = np.repeat(START_S + ELAPSED, 2), np.repeat(3.0 * ELAPSED, 2)
    way_m[1::2] += 5.0
    (found,) = repair_clock(run(time_s, way_m), "gpx", "a.gpx", LIMITS)
    assert np.ptp(found.time_s) == 900.0
