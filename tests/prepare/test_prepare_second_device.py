"""Two recordings of one run: the clocks are set by the movement, or the phone is refused."""

import numpy as np
import pytest
from msgspec.structs import replace

from retrorun.model import HeadingSeries, Recording
from retrorun.prepare.second_device import copy_ahead_s, join_second_device
from retrorun.settings import PrepareSettings
from retrorun.simulate import scenarios, simulate

SETTINGS = PrepareSettings()


def _run(seed: int = 1, seconds: int = 900, phase: float = 0.0) -> Recording:
    """A loop with varying speed; each device has its own, correlated position error."""
    rng = np.random.default_rng(seed)
    time = np.arange(seconds, dtype=np.float64)
    angle = 0.012 * time + 0.6 * np.sin(time / 37.0 + phase) + phase
    error = np.cumsum(rng.normal(0, 0.15, (seconds, 2)), axis=0)
    error -= np.linspace(0, 1, seconds)[:, None] * error[-1]
    metres = 200 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + error
    latitude = 46 + metres[:, 0] / 111_195
    longitude = 14.5 + metres[:, 1] / (111_195 * np.cos(np.radians(46)))
    columns = {"latitude_deg": latitude, "longitude_deg": longitude}
    return Recording(time_s=1.7e9 + time, columns=columns)


def _phone(run: Recording, skew_s: float) -> Recording:
    time_s = run.time_s + skew_s
    heading = HeadingSeries("osmand:heading", "compass", "true", time_s, np.arange(900.0) % 360)
    return replace(run, time_s=time_s, headings=(heading,), device="OsmAnd")


@pytest.mark.parametrize("skew_s", [0.0, 7.4, -63.0, 120.25])
def test_the_clocks_are_set_to_within_a_second(skew_s: float) -> None:
    watch = _run(1)
    joined = join_second_device(watch, _phone(_run(2), skew_s), SETTINGS)
    assert joined.skew_s == pytest.approx(skew_s, abs=0.7)
    (heading,) = joined.recording.headings
    assert heading.source == "osmand:heading (OsmAnd)"
    assert heading.time_s[0] == pytest.approx(watch.time_s[0], abs=0.7)
    assert "second-device" in {note.slug for note in joined.recording.notes}


@pytest.mark.parametrize("fault", ["no fix yet", "a clock not set yet", "no time"])
def test_samples_that_no_track_is_made_of_do_not_set_the_clocks(fault: str) -> None:
    watch = _run(1)
    time_s, latitude, longitude = (
        watch.time_s.copy(),
        *(each.copy() for each in watch.columns.values()),
    )
    if fault == "no fix yet":
        latitude[:3] = longitude[:3] = 0.0
    else:
        time_s[2] = 1.0e9 if fault == "a clock not set yet" else np.nan
    columns = {"latitude_deg": latitude, "longitude_deg": longitude}
    faulty = replace(watch, time_s=time_s, columns=columns)
    joined = join_second_device(faulty, _phone(_run(2), 7.4), SETTINGS)
    assert joined.skew_s == pytest.approx(7.4, abs=0.7), joined.reason


def test_clocks_are_set_across_the_date_line() -> None:
    """One device begins east of it, the other one west."""
    both = [_run(1), _phone(_run(2), 7.4)]
    for index, each in enumerate(both):
        longitude = each.columns["longitude_deg"] - each.columns["longitude_deg"][0] + 180.0
        moved = longitude + (1e-4 if index else -1e-4)
        columns = {**each.columns, "longitude_deg": (moved + 180.0) % 360.0 - 180.0}
        both[index] = replace(each, columns=columns)
    joined = join_second_device(both[0], both[1], SETTINGS)
    assert joined.skew_s == pytest.approx(7.4, abs=0.7), joined.reason


def test_another_run_at_the_same_time_is_refused() -> None:
    joined = join_second_device(_run(1), _phone(_run(2, phase=2.0), 0.0), SETTINGS)
    assert joined.skew_s is None
    assert joined.recording.headings == ()
    assert joined.reason


def test_the_same_movement_elsewhere_is_refused() -> None:
    phone = _phone(_run(2), 0.0)
    far = {**phone.columns, "latitude_deg": phone.columns["latitude_deg"] + 0.01}
    joined = join_second_device(_run(1), replace(phone, columns=far), SETTINGS)
    assert "apart" in joined.reason


def test_no_position_and_no_overlap_are_refused_with_a_reason() -> None:
    watch = _run(1)
    blind = replace(_phone(_run(2), 0), columns={})
    assert "positions" in join_second_device(watch, blind, SETTINGS).reason
    late = _phone(_run(2), 5000.0)
    assert "overlap" in join_second_device(watch, late, SETTINGS).reason


def test_without_a_heading_it_is_known_as_the_same_run_and_gives_nothing() -> None:
    watch = _run(1)
    joined = join_second_device(watch, _run(2), SETTINGS)
    assert joined.skew_s == pytest.approx(0, abs=0.7)
    assert joined.recording.headings == ()
    assert joined.recording.columns is watch.columns
    assert "everything is from" in joined.reason


def test_of_many_runs_from_one_place_only_the_same_are_joined() -> None:
    """Simulated runs that start at one time and place: five joins, and none of twenty others."""
    names = ("intervals", "short intervals", "intervals", "short intervals", "intervals")
    made = [
        simulate(scenarios()[name], 9100 + number).recording for number, name in enumerate(names)
    ]
    skews_s = [-41.5, -3.0, 0.0, 12.25, 58.0]
    phones = [
        replace(
            run,
            time_s=run.time_s + skew_s,
            headings=tuple(replace(one, time_s=one.time_s + skew_s) for one in run.headings),
        )
        for run, skew_s in zip(made, skews_s, strict=True)
    ]
    for i, run in enumerate(made):
        for k, phone in enumerate(phones):
            found = join_second_device(replace(run, headings=()), phone, SETTINGS).skew_s
            assert found == (pytest.approx(skews_s[k], abs=0.5) if i == k else None)


def test_two_devices_that_stay_in_place_tell_nothing_of_their_clocks() -> None:
    still = {"latitude_deg": np.full(900, 46.0), "longitude_deg": np.full(900, 14.5)}
    watch = Recording(time_s=1.7e9 + np.arange(900.0), columns=still)
    joined = join_second_device(watch, _phone(watch, 0.0), SETTINGS)
    assert joined.skew_s is None
    assert joined.recording.headings == ()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_logs_of_one_phone_are_one_heading_worn_anew(order: tuple[int, int]) -> None:
    """Each log was a heading of its own, and only the longer one told of backward running."""
    logs = [
        _part(_phone(_run(2), 7.4), slice(0, 400)),
        _part(_phone(_run(2), 7.4), slice(440, 900)),
    ]
    joined = _run(1)
    for number in order:
        joined = join_second_device(joined, logs[number], SETTINGS).recording
    (heading,) = joined.headings
    assert heading.source == "osmand:heading (OsmAnd)"
    assert heading.heading_deg.tolist() == [each % 360 for each in (*range(400), *range(440, 900))]
    assert (np.diff(heading.time_s) > 0).all()
    assert heading.mount is not None
    assert heading.mount.tolist() == [0] * 400 + [1] * 460


def test_headings_of_one_time_or_of_two_devices_or_without_a_time_stay_apart() -> None:
    watch, phone = _run(1), _phone(_run(2), 7.4)
    other = replace(_part(phone, slice(440, 900)), device="another")
    first = join_second_device(watch, _part(phone, slice(0, 460)), SETTINGS).recording
    timeless = replace(
        _part(phone, slice(500, 900)),
        headings=(replace(phone.headings[0], time_s=np.full(900, np.nan)),),
    )
    for second in (_part(phone, slice(440, 900)), other, timeless):
        assert len(join_second_device(first, second, SETTINGS).recording.headings) == 2


@pytest.mark.parametrize(
    ("kept", "is_longer"),
    [((0, 900), False), ((100, 890), False), ((130, 900), True), ((0, 770), True)],
)
def test_minutes_that_only_the_second_device_recorded_are_noted(
    kept: tuple[int, int], *, is_longer: bool
) -> None:
    """110 s before and after together are no 2 minutes, 130 s are."""
    joined = join_second_device(_part(_run(1), slice(*kept)), _phone(_run(2), 7.4), SETTINGS)
    notes = [each.message for each in joined.recording.notes if each.slug == "second-device-longer"]
    words = "OsmAnd also recorded minutes that the first device did not; no number holds them"
    assert notes == ([words] if is_longer else [])


def _part(one: Recording, kept: slice) -> Recording:
    return replace(
        one,
        time_s=one.time_s[kept],
        columns={name: values[kept] for name, values in one.columns.items()},
        headings=tuple(
            replace(each, time_s=each.time_s[kept], heading_deg=each.heading_deg[kept])
            for each in one.headings
        ),
    )


HOUR_S = 3600.0
SMOOTH = np.exp(-np.arange(60) / 20.0)


def _round_a_track(seed: int, seconds: int = 240) -> Recording:
    """At 4 m/s round 400 m; the pace of each 100 m varies by 1 %, the receiver errs by 0.8 m."""
    rng = np.random.default_rng(seed)
    pace = np.repeat(1 + rng.normal(0, 0.01, seconds // 25 + 1), 25)[:seconds]
    angle = np.cumsum(4.0 * pace) * 2 * np.pi / 400.0
    scale_m = 0.8 / np.sqrt(np.square(SMOOTH).sum())
    errors = [np.convolve(rng.normal(0, scale_m, seconds + 59), SMOOTH, "valid") for _ in range(2)]
    columns = {
        "latitude_deg": 46 + (400 / (2 * np.pi) * np.sin(angle) + errors[0]) / 111_195,
        "longitude_deg": 14.5 + (400 / (2 * np.pi) * np.cos(angle) + errors[1]) / 77_240,
    }
    return Recording(time_s=1.7e9 + np.arange(seconds, dtype=np.float64), columns=columns)


def test_two_runs_at_an_even_pace_round_a_track_an_hour_apart_are_no_copies() -> None:
    runs = [_round_a_track(seed) for seed in range(40)]
    for first, second in zip(runs[::2], runs[1::2], strict=True):
        later = replace(second, time_s=second.time_s + HOUR_S)
        assert copy_ahead_s(first, later, SETTINGS) == 0.0


@pytest.mark.parametrize("lost_s", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("digits", [5, 7])
def test_a_copy_is_known_though_fractions_of_seconds_and_digits_were_left_out(
    lost_s: float, digits: int
) -> None:
    run = _round_a_track(1)
    exact = replace(run, time_s=run.time_s + lost_s)
    rounded = {name: np.round(values, digits) for name, values in run.columns.items()}
    copy = replace(run, time_s=run.time_s + HOUR_S, columns=rounded)
    assert copy_ahead_s(exact, copy, SETTINGS) == HOUR_S
