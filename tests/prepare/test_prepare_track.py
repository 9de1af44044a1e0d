import numpy as np
import pytest
from msgspec.structs import replace

from retrorun.model import HeadingSeries, Pause, Recording
from retrorun.prepare import prepare
from retrorun.settings import PrepareSettings
from retrorun.units import FloatArray

SETTINGS = PrepareSettings()


def test_one_sample_a_second_from_first_to_last() -> None:
    track = prepare(
        Recording(np.array([10.0, 14.0]), {"cadence_spm": np.array([160.0, 168.0])}), SETTINGS
    )
    assert track.start_time_s == 10.0
    assert track.column("cadence_spm").tolist() == [160, 162, 164, 166, 168]


def test_one_sample_is_a_track_of_one_second() -> None:
    track = prepare(Recording(np.array([7.0]), {"cadence_spm": np.array([160.0])}), SETTINGS)
    assert track.seconds == 1
    assert track.column("cadence_spm").tolist() == [160.0]


@pytest.mark.parametrize(("apart_s", "filled"), [(10.0, True), (11.0, False)])
def test_gaps_over_the_limit_stay_missing(apart_s: float, filled: bool) -> None:  # noqa: FBT001 - parameter
    times = np.array([0.0, 1.0, 1.0 + apart_s, 2.0 + apart_s])
    track = prepare(Recording(times, {"cadence_spm": np.full(4, 160.0)}), SETTINGS)
    assert np.isfinite(track.column("cadence_spm")[3]) == filled
    assert track.flags["gap"][3] != filled
    assert not track.flags["gap"][1]
    assert not track.flags["gap"][-1]


def test_a_channel_may_be_missing_where_others_are_not() -> None:
    rate = np.full(40, 150.0)
    rate[10:30] = np.nan
    track = prepare(Recording(np.arange(40.0), {"heart_rate_bpm": rate}), SETTINGS)
    assert np.isnan(track.column("heart_rate_bpm")[10:30]).all()
    assert not track.flags["gap"].any()


def test_no_line_crosses_a_break() -> None:
    recording = Recording(
        np.array([0.0, 1.0, 5.0, 6.0]), {"cadence_spm": np.full(4, 160.0)}, breaks_s=(5.0,)
    )
    track = prepare(recording, SETTINGS)
    assert np.isfinite(track.column("cadence_spm")).tolist() == [1, 1, 0, 0, 0, 1, 1]


def test_headings_meet_at_north_by_the_shorter_way() -> None:
    series = HeadingSeries("a", "compass", "true", np.array([0.0, 2.0]), np.array([350.0, 10.0]))
    track = prepare(Recording(np.arange(3.0), {}, headings=(series,)), SETTINGS)
    middle = track.headings[0].heading_deg[1]
    assert min(middle, 360.0 - middle) == pytest.approx(0.0, abs=1e-9)


def test_a_mount_lasts_until_the_first_heading_of_another_in_order_of_time() -> None:
    """Native samples at 5, 0, 2.5 and 8 s; the second mount begins with that at 5 s."""
    time_s, heading_deg = np.array([5.0, 0.0, 2.5, 8.0]), np.array([90.0, 10.0, 10.0, 90.0])
    mount = np.array([1, 0, 0, 1])
    series = HeadingSeries("a", "compass", "true", time_s, heading_deg, mount)
    track = prepare(Recording(np.arange(10.0), {}, headings=(series,)), SETTINGS)
    found = track.headings[0].mount
    assert found is not None
    assert found.tolist() == [0] * 5 + [1] * 5
    plain = replace(series, mount=None)
    assert (
        prepare(Recording(np.arange(9.0), {}, headings=(plain,)), SETTINGS).headings[0].mount
        is None
    )


def test_pauses_are_flagged_half_open() -> None:
    recording = Recording(np.arange(10.0), {}, pauses=(Pause(3.0, 6.0),))
    assert np.flatnonzero(prepare(recording, SETTINGS).flags["paused"]).tolist() == [3, 4, 5]


def test_longitudes_meet_at_the_date_line() -> None:
    longitude = np.array([179.9999, np.nan, -179.9999])
    columns = {"latitude_deg": np.zeros(3) + 10.0, "longitude_deg": longitude}
    track = prepare(Recording(np.array([0.0, 1.0, 2.0]), columns), SETTINGS)
    assert abs(track.column("longitude_deg")[1]) == pytest.approx(180.0, abs=1e-6)
    assert abs(track.column("x_m")[2]) < 30.0


def slugs(times: FloatArray) -> list[str]:
    recording = Recording(times, {"cadence_spm": np.full(times.size, 160.0)})
    return [note.slug for note in prepare(recording, SETTINGS).notes]


@pytest.mark.parametrize("apart_s", [11.0, 12.0, 60.0, 120.0])
def test_a_sparse_recording_is_noted(apart_s: float) -> None:
    assert slugs(np.arange(0.0, 1800.0, apart_s)) == ["recording-sparse"]


def test_a_fifth_of_the_time_between_far_samples_is_sparse() -> None:
    """One minute in five at 12 s, the rest at 1 s: 60 of 300 s."""
    each = np.concatenate((np.arange(0.0, 60.0, 12.0), np.arange(60.0, 300.0)))
    assert slugs(np.concatenate([each + 300.0 * turn for turn in range(5)])) == ["recording-sparse"]


@pytest.mark.parametrize(
    "times",
    [
        np.arange(600.0),
        np.arange(0.0, 600.0, 8.0),  # smart recording: within what is bridged
        np.concatenate((np.arange(300.0), np.arange(1500.0, 1800.0))),  # one long pause
        np.array([5.0]),
    ],
)
def test_what_is_dense_or_paused_is_not_sparse(times: FloatArray) -> None:
    assert slugs(times) == []


def test_between_no_steps_and_a_step_rate_lies_no_slow_step_rate() -> None:
    recording = Recording(
        np.array([0.0, 5.0, 6.0, 10.0, 20.0]),
        {"cadence_spm": np.array([0.0, 160.0, 160.0, 0.0, np.nan])},
    )
    found = prepare(recording, SETTINGS).column("cadence_spm")[:11]
    assert found == pytest.approx([0, 0, 0, 160, 160, 160, 160, 160, 160, 0, 0])
