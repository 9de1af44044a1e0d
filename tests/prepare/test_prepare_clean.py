from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from retrorun.model import HeadingSeries, Recording
from retrorun.model.recording import POSITION
from retrorun.prepare import prepare
from retrorun.prepare.clean import cleaned
from retrorun.settings import PrepareSettings
from retrorun.units import FloatArray

SETTINGS = PrepareSettings()
METRE = 180.0 / np.pi / 6_371_008.8  # degrees of latitude


def northward(seconds: int, speed_mps: float = 3.0) -> tuple[FloatArray, dict[str, FloatArray]]:
    time_s = 1_700_000_000.0 + np.arange(seconds, dtype=np.float64)
    latitude = 46.0 + np.arange(seconds) * speed_mps * METRE
    return time_s, {"latitude_deg": latitude, "longitude_deg": np.full(seconds, 14.5)}


def test_a_clock_that_ran_backward_is_put_in_order_and_noted() -> None:
    order = np.array([3.0, 1.0, 2.0, 0.0])
    found = cleaned(Recording(order, {"cadence_spm": order * 10}), SETTINGS)
    assert found.time_s.tolist() == [0, 1, 2, 3]
    assert found.columns["cadence_spm"].tolist() == [0, 10, 20, 30]
    assert [note.slug for note in found.notes] == ["clock-backward"]


def test_samples_of_one_time_are_merged_and_the_last_number_counts() -> None:
    values = np.array([150.0, np.nan, 152.0])
    found = cleaned(Recording(np.array([5.0, 5.0, 6.0]), {"heart_rate_bpm": values}), SETTINGS)
    assert found.time_s.tolist() == [5, 6]
    assert found.columns["heart_rate_bpm"].tolist() == [150, 152]


def test_a_clock_that_was_not_set_yet_is_left_out() -> None:
    time_s = np.concatenate(([0.0], 1_700_000_000.0 + np.arange(50.0)))
    found = cleaned(Recording(time_s, {}), SETTINGS)
    assert found.time_s[0] == 1_700_000_000.0
    assert "clock-astray" in [note.slug for note in found.notes]


def test_no_usable_time_gives_an_empty_track() -> None:
    track = prepare(Recording(np.array([np.nan, np.inf]), {}), SETTINGS)
    assert track.seconds == 0
    assert track.notes[0].slug == "no-time"


def test_positions_that_their_device_calls_a_guess_are_left_out() -> None:
    """A fix from a cell, 300 m aside, that no athlete could reach: known by its stated error."""
    time_s, columns = northward(60)
    for at, error_m in ((0, 1500.0), (1, 1500.0), (30, 250.0), (31, -1.0)):
        columns.setdefault("gps_accuracy_m", np.full(60, 4.0))[at] = error_m
    columns["longitude_deg"][30] += 50 * METRE
    found = cleaned(Recording(time_s, columns), SETTINGS)
    missing = np.flatnonzero(np.isnan(found.columns["latitude_deg"]))
    assert missing.tolist() == [0, 1, 30, 31]
    assert "position-vague" in [note.slug for note in found.notes]


def test_positions_that_are_all_vague_are_all_there_is() -> None:
    time_s, columns = northward(60)
    columns["gps_accuracy_m"] = np.where(np.arange(60) % 2, 150.0, 90.0)
    found = cleaned(Recording(time_s, columns), SETTINGS)
    assert np.isfinite(found.columns["latitude_deg"]).all()
    assert "position-vague" not in [note.slug for note in found.notes]


@pytest.mark.parametrize(
    ("name", "values", "kept"),
    [
        ("heart_rate_bpm", [140, 0, 300, 141], [140, None, None, 141]),
        ("altitude_m", [0, -501, 9001, 100], [0, None, None, 100]),
        ("respiration_brpm", [2, 20, 90, 30], [None, 20, None, 30]),
    ],
)
def test_what_no_sensor_can_mean_is_missing(
    name: str, values: list[float], kept: list[float | None]
) -> None:
    found = cleaned(Recording(np.arange(4.0), {name: np.array(values, dtype=float)}), SETTINGS)
    got = [None if np.isnan(value) else value for value in found.columns[name].tolist()]
    assert got == kept


def test_an_excursion_of_the_position_is_dropped_flagged_and_bridged() -> None:
    time_s, columns = northward(60)
    columns["latitude_deg"] = columns["latitude_deg"].copy()
    columns["latitude_deg"][30:33] += 0.01  # 1.1 km away for three seconds
    track = prepare(Recording(time_s, columns), SETTINGS)
    assert np.flatnonzero(track.flags["position_suspect"]).tolist() == [30, 31, 32]
    assert track.column("y_m")[31] == pytest.approx(93.0, abs=0.01)
    assert track.column("ground_speed_mps")[31] == pytest.approx(3.0, abs=0.01)


def test_no_line_crosses_a_lasting_shift_of_the_position() -> None:
    time_s, columns = northward(120)
    columns["latitude_deg"] = columns["latitude_deg"] + np.where(np.arange(120) >= 60, 0.02, 0.0)
    track = prepare(Recording(time_s, columns), SETTINGS)
    assert not track.flags["position_suspect"].any()
    assert np.flatnonzero(track.flags["break"]).tolist() == [60]
    assert np.allclose(track.column("ground_speed_mps"), 3.0, atol=0.01)


def test_null_island_is_no_fix() -> None:
    time_s, columns = northward(30)
    columns["latitude_deg"][:3] = 0.0
    columns["longitude_deg"][:3] = 0.0
    track = prepare(Recording(time_s, columns), SETTINGS)
    assert np.isnan(track.column("x_m")[:3]).all()
    assert track.column("ground_speed_mps")[10] == pytest.approx(3.0, abs=0.01)


def test_heart_rate_spikes_and_zeros_are_missing_and_flagged() -> None:
    rate = np.full(60, 150.0)
    rate[20], rate[40] = 220.0, 0.0
    track = prepare(Recording(np.arange(60.0), {"heart_rate_bpm": rate}), SETTINGS)
    assert np.flatnonzero(track.flags["heart_rate_suspect"]).tolist() == [20, 40]
    assert track.column("heart_rate_bpm")[20] == pytest.approx(150.0)


def test_a_heart_that_really_rises_is_left_alone() -> None:
    rate = 100.0 + np.minimum(np.arange(60.0) * 2.0, 70.0)
    track = prepare(Recording(np.arange(60.0), {"heart_rate_bpm": rate}), SETTINGS)
    assert not track.flags["heart_rate_suspect"].any()


def test_impossible_headings_are_dropped_and_others_wrapped() -> None:
    series = HeadingSeries(
        "a", "compass", "true", np.arange(4.0), np.array([-90.0, 361.0, 5000.0, np.nan])
    )
    found = cleaned(Recording(np.arange(4.0), {}, headings=(series,)), SETTINGS)
    assert found.headings[0].heading_deg.tolist() == [270.0, 1.0]


def test_a_recording_keeps_its_own_values() -> None:
    rate = np.array([150.0, 0.0, 150.0])
    recording = Recording(np.arange(3.0), {"heart_rate_bpm": rate})
    prepare(recording, SETTINGS)
    assert rate.tolist() == [150.0, 0.0, 150.0]


@pytest.mark.parametrize("every_s", [0.05, 0.1, 0.25])
def test_no_speed_passes_for_being_sampled_often(every_s: float) -> None:
    """A minute at 30 m/s in steps shorter than a second; three metres in 0.1 s."""
    times = np.arange(0.0, 60.0, every_s)
    columns = {
        "latitude_deg": 46.0 + 30.0 * METRE * times,
        "longitude_deg": np.full(times.size, 14.5),
    }
    track = prepare(Recording(1_700_000_000.0 + times, columns), SETTINGS)
    speed = track.column("ground_speed_mps")
    assert not (np.nan_to_num(speed) > SETTINGS.speed_limit_mps).any()
    assert np.isnan(speed).all()
    assert track.flags["position_suspect"].all()
    assert "position-too-fast" in [note.slug for note in track.notes]


def test_an_athlete_sampled_often_is_left_alone() -> None:
    times = np.arange(0.0, 60.0, 0.1)
    columns = {
        "latitude_deg": 46.0 + 4.0 * METRE * times,
        "longitude_deg": np.full(times.size, 14.5),
    }
    track = prepare(Recording(1_700_000_000.0 + times, columns), SETTINGS)
    assert np.allclose(track.column("ground_speed_mps"), 4.0, atol=0.01)
    assert not track.flags["position_suspect"].any()
    assert track.notes == ()


def test_only_the_impossible_part_is_left_out() -> None:
    """Half a minute at 3 m/s, ten seconds at 30, half a minute at 3 again; ten fixes a second."""
    speed = np.repeat(np.array([3.0, 30.0, 3.0]), [300, 100, 300])
    columns = {
        "latitude_deg": 46.0 + METRE * np.cumsum(speed * 0.1),
        "longitude_deg": np.full(700, 14.5),
    }
    track = prepare(Recording(1_700_000_000.0 + 0.1 * np.arange(700.0), columns), SETTINGS)
    found = track.column("ground_speed_mps")
    assert np.isnan(found[31:39]).all()
    assert np.allclose(found[:27], 3.0, atol=0.01)
    assert np.allclose(found[43:], 3.0, atol=0.01)


def winding(every_s: float, mps: float = 1.35) -> tuple[Recording, float]:
    """Twenty minutes of a winding way, all directions, with stated length in metres."""
    fine_s = np.arange(0.0, 1200.05, 0.1)
    course = 0.35 + 2.4 * np.sin(fine_s / 190) + 0.5 * np.sin(fine_s / 37)
    east = np.concatenate(([0.0], np.cumsum(0.1 * mps * np.sin(course[:-1]))))
    north = np.concatenate(([0.0], np.cumsum(0.1 * mps * np.cos(course[:-1]))))
    rows = np.arange(0, fine_s.size, round(10 * every_s))
    latitude = 52.50004 + north[rows] * METRE
    longitude = 13.40003 + east[rows] * METRE / np.cos(np.radians(52.5))
    place = {"latitude_deg": latitude, "longitude_deg": longitude}
    return Recording(1_700_000_000.0 + fine_s[rows], place), 1200.0 * mps


def rounded(run: Recording, per_degree: int, how: Callable[[FloatArray], FloatArray]) -> Recording:
    columns = {name: how(each * per_degree) / per_degree for name, each in run.columns.items()}
    return replace(run, columns=columns)


@pytest.mark.parametrize("mps", [1.35, 2.9])
@pytest.mark.parametrize("every_s", [1.0, 5.0])
@pytest.mark.parametrize("how", [np.rint, np.floor], ids=["rounded", "cut off"])
@pytest.mark.parametrize("per_degree", [10_000, 36_000, 60_000])
def test_positions_rounded_to_a_grid_do_not_lengthen_the_way(
    mps: float, every_s: float, how: Callable[[FloatArray], FloatArray], per_degree: int
) -> None:
    run, length_m = winding(every_s, mps)
    track = prepare(rounded(run, per_degree, how), SETTINGS)
    assert track.step_m is not None
    assert np.nansum(track.step_m) == pytest.approx(length_m, rel=0.02)


def test_a_rounded_position_is_moved_by_no_more_than_rounding_hid() -> None:
    run, _ = winding(1.0)
    given = rounded(run, 10_000, np.rint)
    found = cleaned(given, SETTINGS)
    assert "position-rounded" in [note.slug for note in found.notes]
    for name, true_deg in run.columns.items():
        moved_deg = np.abs(found.columns[name] - given.columns[name])
        assert moved_deg.max() <= 0.5001e-4
        off_deg = np.abs(found.columns[name] - true_deg)  # nearer to the truth than what was given
        assert off_deg.mean() < 0.5 * np.abs(given.columns[name] - true_deg).mean()


def test_the_smooth_way_of_rounded_positions_does_not_cross_a_break() -> None:
    """Paused at 600 s, and on again 500 m farther north."""
    run, length_m = winding(1.0)
    later = run.time_s > run.time_s[600]
    moved = {**run.columns, "latitude_deg": run.columns["latitude_deg"] + later * 500 * METRE}
    given = replace(run, columns=moved, time_s=run.time_s + 20.0 * later)
    given = replace(given, breaks_s=(float(run.time_s[600]) + 10.0,))
    track = prepare(rounded(given, 10_000, np.rint), SETTINGS)
    assert track.step_m is not None
    assert np.nansum(track.step_m) == pytest.approx(length_m, rel=0.02)


@pytest.mark.parametrize("per_degree", [100_000, 10_000_000])
def test_finely_written_positions_stay_as_they_are(per_degree: int) -> None:
    given = rounded(winding(1.0)[0], per_degree, np.rint)
    found = cleaned(given, SETTINGS)
    for name, values in given.columns.items():
        assert np.array_equal(found.columns[name], values)


def test_rounded_positions_half_a_minute_apart_stay_as_they_are() -> None:
    """There a curve would cut corners, and the grid adds little."""
    given = rounded(winding(30.0)[0], 10_000, np.rint)
    found = cleaned(given, SETTINGS)
    for name, values in given.columns.items():
        assert np.array_equal(found.columns[name], values)
    assert "position-rounded" not in [note.slug for note in found.notes]


def test_who_stands_stands_by_rounded_positions_too() -> None:
    run, length_m = winding(1.0)
    stand_s = 300
    rows = np.concatenate((np.arange(600), np.full(stand_s, 600), np.arange(600, 1201)))
    columns = {name: each[rows] for name, each in run.columns.items()}
    given = Recording(run.time_s[0] + np.arange(rows.size, dtype=np.float64), columns)
    track = prepare(rounded(given, 10_000, np.rint), SETTINGS)
    assert track.step_m is not None
    assert np.nansum(track.step_m) == pytest.approx(length_m, rel=0.02)
    moving = track.column("ground_speed_mps")[:-1] >= SETTINGS.moving_mps
    assert moving.sum() == pytest.approx(1200, abs=24)


def test_rounded_positions_without_a_fix_and_over_the_date_line_keep_their_length() -> None:
    """Receivers without a fix write 0, 0; and longitude leaps by 360° at the date line."""
    run, length_m = winding(1.0)
    west = (run.columns["longitude_deg"] - 13.40003 + 179.999 + 180.0) % 360.0 - 180.0
    given = rounded(replace(run, columns={**run.columns, "longitude_deg": west}), 10_000, np.rint)
    for values in given.columns.values():
        values[[100, 101, 700]] = 0.0
    track = prepare(given, SETTINGS)
    assert track.step_m is not None
    assert np.nansum(track.step_m) == pytest.approx(length_m, rel=0.02)


def placed(east: FloatArray, north: FloatArray) -> Recording:
    """A way of one sample a second, given in metres from its first point."""
    latitude = 52.50004 + north * METRE
    longitude = 13.40003 + east * METRE / np.cos(np.radians(52.5))
    seconds = np.arange(east.size, dtype=np.float64)
    return Recording(
        1_700_000_000.0 + seconds, dict(zip(POSITION, (latitude, longitude), strict=True))
    )


def to_and_fro(reach_m: float, course_rad: float = 0.3, mps: float = 2.5) -> Recording:
    """Half an hour along one line, turning about at both of its ends."""
    along = np.abs((mps * np.arange(1801.0) + reach_m) % (2 * reach_m) - reach_m)
    return placed(along * np.sin(course_rad), along * np.cos(course_rad))


@pytest.mark.parametrize(
    ("per_degree", "reach_m"), [(10_000, 40.0), (10_000, 100.0), (36_000, 40.0), (36_000, 100.0)]
)
def test_who_turns_about_again_and_again_loses_little_way_by_rounded_positions(
    per_degree: int, reach_m: float
) -> None:
    """A smooth curve alone cuts the ends off: up to 35 % of 40 m, and 12 % of 100 m."""
    found_m = []
    for course_rad in np.arange(16) * np.pi / 8 + 0.1:
        run = to_and_fro(reach_m, float(course_rad))
        track = prepare(rounded(run, per_degree, np.rint), SETTINGS)
        assert "position-rounded" in [note.slug for note in track.notes]
        assert track.step_m is not None
        found_m.append(np.nansum(track.step_m))
    assert np.mean(found_m) == pytest.approx(4500.0, rel=0.05)
    assert np.array(found_m) == pytest.approx(4500.0, rel=4.5 / reach_m)


def test_rounds_of_four_decimals_have_their_length_and_no_corners() -> None:
    angle = 3.0 * np.arange(1801.0) / 45.0
    track = prepare(
        rounded(placed(45 * np.sin(angle), 45 * np.cos(angle)), 10_000, np.rint), SETTINGS
    )
    assert track.step_m is not None
    assert np.nansum(track.step_m) == pytest.approx(5400.0, rel=0.02)


@pytest.mark.parametrize("per_degree", [1000, 3600])
def test_ways_within_a_few_coarse_steps_stay_as_they_are(per_degree: int) -> None:
    """Of half an hour to and fro on 40 m, a curve through steps of 111 m left 69 m."""
    for reach_m in (40.0, 100.0):
        given = rounded(to_and_fro(reach_m), per_degree, np.rint)
        found = cleaned(given, SETTINGS)
        assert "position-rounded" not in [note.slug for note in found.notes]
        for name in POSITION:
            known = np.isfinite(found.columns[name])  # a leap of a step may be left out
            assert np.array_equal(found.columns[name][known], given.columns[name][known])
