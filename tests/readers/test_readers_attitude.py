"""What a phone's sensors say of how it is held, against attitudes that are known."""

import sys

import numpy as np
import pytest
from msgspec import structs

from made_phone import BEGIN_S, RATE_HZ, Phone, about, facing, phone
from retrorun.readers.attitude import (
    NO_TIMES,
    Rotation,
    Vectors,
    gyroscope_heading_deg,
    handling_s,
    level_axis_deg,
    mean_heading_deg,
    mount_numbers,
    moved_s,
    rotation_of,
    without_contradicted,
)
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray, wrap_deg

LIMITS = ReadLimits()


def rotation_by(made: Phone, rate: FloatArray | None = None, whole: bool = True) -> Rotation:  # noqa: FBT001, FBT002 - whole acceleration
    turns = made.rate_radps if rate is None else rate
    pull = made.acceleration if whole else made.gravity
    found = rotation_of(Vectors(made.at_s, turns), Vectors(made.at_s, pull), LIMITS)
    assert found is not None
    return found


def heading_at(turned: Rotation, at_s: FloatArray, begins_s: FloatArray = NO_TIMES) -> FloatArray:
    heading = gyroscope_heading_deg(turned, begins_s, LIMITS)
    assert heading is not None
    return mean_heading_deg(at_s, turned.time_s, heading)


def off_deg(heading: FloatArray, truth: FloatArray) -> FloatArray:
    """What is left of the difference without its first value, which is the unknown north."""
    apart = wrap_deg(heading - truth)
    found: FloatArray = wrap_deg(apart - apart[0])
    return found


TURNS = {60.0: 180.0, 120.0: -180.0, 180.0: 90.0}


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "unit", [1.0, -1.0, 180.0 / np.pi, -180.0 / np.pi], ids=["rad", "-rad", "deg", "-deg"]
)
def test_gyroscope_and_gravity_give_the_heading_but_for_its_north(
    unit: float,
    whole: bool,  # noqa: FBT001
) -> None:
    truth = facing(240, TURNS)
    made = phone(truth)
    turned = rotation_by(made, unit * made.rate_radps, whole)
    seconds = np.arange(5.0, 235.0)
    apart = off_deg(heading_at(turned, seconds), truth[(seconds * RATE_HZ).astype(int)])
    assert np.abs(apart).max() < 8.0


def test_a_phone_that_hardly_tilts_is_taken_for_radians() -> None:
    made = phone(facing(60, {}), swing_deg=0.0)
    still = np.random.default_rng(1).normal(0.0, 1e-4, made.rate_radps.shape)
    np.testing.assert_allclose(rotation_by(made, still, whole=False).rate_radps, still, atol=1e-12)


def test_a_heading_by_the_gyroscope_is_rounded_so_that_last_digits_do_not_matter() -> None:
    heading = gyroscope_heading_deg(rotation_by(phone(facing(20, {}))), NO_TIMES, LIMITS)
    assert heading is not None
    np.testing.assert_array_equal(heading, np.round(heading, 1))


def test_a_hole_or_a_pause_begins_another_piece() -> None:
    made = phone(facing(60, {}))
    turns, pull = Vectors(made.at_s, made.rate_radps), Vectors(made.at_s, made.gravity)
    kept = (made.at_s < 20) | (made.at_s > 23)
    fewer_turns, fewer_pulls = (
        Vectors(each.time_s[kept], each.axes[kept]) for each in (turns, pull)
    )
    found = [
        rotation_of(fewer_turns, pull, LIMITS),
        rotation_of(turns, fewer_pulls, LIMITS),
        rotation_of(turns, pull, LIMITS, np.array([40.0])),
    ]
    begins = [each.begins_s.tolist() if each is not None else [] for each in found]
    assert begins[:2] == [pytest.approx([23.03], abs=0.03)] * 2
    assert begins[2] == pytest.approx([40.0])


def test_sensors_that_share_no_time_or_hold_nothing_say_nothing() -> None:
    made = phone(facing(10, {}))
    turns, pull = Vectors(made.at_s, made.rate_radps), Vectors(made.at_s, made.gravity)
    assert rotation_of(turns, structs.replace(pull, time_s=pull.time_s + 100.0), LIMITS) is None
    assert rotation_of(structs.replace(turns, axes=np.nan * turns.axes), pull, LIMITS) is None
    assert rotation_of(turns, structs.replace(pull, axes=np.nan * pull.axes), LIMITS) is None
    far = structs.replace(
        turns, time_s=np.where(np.arange(turns.time_s.size) == 9, 1e12, turns.time_s)
    )
    assert rotation_of(far, pull, LIMITS) is not None


def test_without_the_library_there_is_no_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vqf", None)
    assert gyroscope_heading_deg(rotation_by(phone(facing(20, {}))), NO_TIMES, LIMITS) is None


SECONDS = np.arange(0.0, 600.0)


def checked(
    heading: FloatArray, turns: dict[float, float], bias_dps: float = 0.0, unit: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """A heading of ten minutes beside a gyroscope that knows how the phone turned."""
    made = phone(facing(600, turns))
    rate = unit * (made.rate_radps + np.radians(bias_dps))
    return without_contradicted(SECONDS, heading, rotation_by(made, rate), LIMITS)


def shown(turns: dict[float, float]) -> FloatArray:
    """A compass that does as it is told, with a noise of 10°."""
    noise = np.random.default_rng(5).normal(0.0, 10.0, SECONDS.size)
    return (facing(600, turns)[::RATE_HZ] + noise) % 360.0


REAL = {100.0: 180.0, 200.0: -180.0, 400.0: 90.0}


@pytest.mark.parametrize("bias_dps", [0.0, 3.0, -3.0])
@pytest.mark.parametrize("unit", [1.0, -1.0, 180.0 / np.pi])
def test_a_heading_that_turns_with_the_phone_is_left_as_it_is(bias_dps: float, unit: float) -> None:
    heading = shown(REAL)
    kept, begins_s = checked(heading, REAL, bias_dps, unit)
    np.testing.assert_array_equal(kept, heading)
    assert begins_s.size == 0


def test_a_body_that_sways_faster_to_one_side_than_back_has_not_turned() -> None:
    """Half of a stride is quick, the other slow: the median rate of its samples is not 0."""
    made = phone(facing(600, REAL))
    phase = 2.0 * np.pi * 1.4 * made.at_s
    sway = np.radians(60.0) * (np.sin(phase) + 0.5 * np.cos(2.0 * phase))
    assert abs(np.degrees(np.median(sway))) > 10.0  # and its mean is 0
    up = made.gravity / np.linalg.norm(made.gravity, axis=1, keepdims=True)
    heading = shown(REAL)
    turned = rotation_by(made, made.rate_radps + sway[:, None] * up, whole=False)
    kept, begins_s = without_contradicted(SECONDS, heading, turned, LIMITS)
    np.testing.assert_array_equal(kept, heading)
    assert begins_s.size == 0


@pytest.mark.parametrize("bias_dps", [0.0, 3.0])
def test_a_disturbance_turns_nobody_and_does_not_count_while_it_lasts(bias_dps: float) -> None:
    kept, begins_s = checked(shown(REAL | {300.0: 170.0, 360.0: -170.0}), REAL, bias_dps)
    missing = np.isnan(kept)
    assert missing[301:360].all()
    assert missing.sum() < 60 + 4 * LIMITS.turned_within_s
    assert begins_s.size == 0


def test_a_heading_that_stays_elsewhere_is_that_of_another_mount() -> None:
    kept, begins_s = checked(shown(REAL | {300.0: 180.0}), REAL)
    assert begins_s == pytest.approx([300.0], abs=LIMITS.turned_within_s + 1)
    assert np.isnan(kept).sum() <= 2 * LIMITS.turned_within_s + 2
    assert np.isfinite(kept[310:]).all()


def test_a_heading_that_stays_where_the_phone_turned_about_is_no_witness() -> None:
    kept, begins_s = checked(shown({}), {300.0: 180.0})
    assert begins_s == pytest.approx([300.0], abs=LIMITS.turned_within_s + 1)
    assert np.isnan(kept[299:302]).all()


def test_a_heading_that_follows_late_only_lacks_those_seconds() -> None:
    kept, begins_s = checked(shown({304.0: 180.0}), {300.0: 180.0})
    assert begins_s.size == 0
    assert 0 < np.isnan(kept).sum() < 20


def test_times_in_any_order_give_the_same() -> None:
    heading, order = shown(REAL | {300.0: 170.0, 360.0: -170.0}), np.arange(600)[::-1]
    turned = rotation_by(phone(facing(600, REAL)))
    plain, _ = without_contradicted(SECONDS, heading, turned, LIMITS)
    other, _ = without_contradicted(SECONDS[order], heading[order], turned, LIMITS)
    np.testing.assert_array_equal(other[order], plain)
    lone, begins_s = without_contradicted(SECONDS[:1], heading[:1], turned, LIMITS)
    assert (lone.size, begins_s.size) == (1, 0)


def tilted(steps: list[tuple[int, float]]) -> Vectors:
    """Gravity of a phone that is raised by so many degrees for so many seconds, and runs."""
    tilt = np.repeat([deg for _, deg in steps], [seconds * RATE_HZ for seconds, _ in steps])
    course = facing(tilt.size // RATE_HZ, {30.0: 180.0, 50.0: -180.0})
    made = phone(course, tilt)
    return Vectors(BEGIN_S + made.at_s, made.acceleration)


def test_a_phone_that_is_taken_out_and_put_back_is_handled_twice() -> None:
    found = handling_s(tilted([(100, 80.0), (30, 20.0), (100, 75.0)]), LIMITS) - BEGIN_S
    assert found == pytest.approx([100.0, 130.0], abs=3.0)


@pytest.mark.parametrize(
    "steps",
    [
        [(230, 80.0)],  # it turns about twice, which tilts nothing
        [(100, 80.0), (6, 20.0), (100, 80.0)],  # a shoe is tied
        [(100, 80.0), (100, 55.0)],  # who stops running stands otherwise
        [(10, 80.0 - deg / 2) for deg in range(100)],  # it slides down slowly
    ],
    ids=["turning", "short", "little", "slowly"],
)
def test_what_lasts_shortly_or_moves_little_is_no_handling(steps: list[tuple[int, float]]) -> None:
    assert handling_s(tilted(steps), LIMITS).size == 0


@pytest.mark.parametrize(
    ("tilt_deg", "lasts_s", "turned_deg", "holds"),
    [
        (20.0, 3, 180.0, True),
        (20.0, 3, 0.0, False),
        (60.0, 3, 180.0, False),
        (20.0, 0, 180.0, False),
    ],
    ids=["moved", "heading stays", "hardly tilted", "turned about"],
)
def test_a_phone_that_is_tilted_on_its_way_to_another_pocket_is_moved(
    tilt_deg: float,
    lasts_s: int,
    turned_deg: float,
    holds: bool,  # noqa: FBT001
) -> None:
    """Three seconds are too short for a handling; who turns about tilts nothing."""
    gravity = tilted([(100, 80.0), (lasts_s, tilt_deg), (100, 80.0)])
    at_s = BEGIN_S + np.arange(200.0)
    heading_deg = np.where(np.arange(200) < 101, 350.0, 350.0 + turned_deg) % 360.0
    found = moved_s(gravity, (at_s, heading_deg), LIMITS) - BEGIN_S
    assert handling_s(gravity, LIMITS).size == 0
    assert found == pytest.approx([101.5], abs=1.0) if holds else found.size == 0
    assert moved_s(gravity, (at_s, np.full(200, np.nan)), LIMITS).size == 0


def test_nothing_is_handled_without_samples() -> None:
    assert handling_s(Vectors(np.empty(0), np.empty((0, 3))), LIMITS).size == 0
    lost = Vectors(np.arange(99.0), np.full((99, 3), np.nan))
    assert handling_s(lost, LIMITS).size == 0
    assert handling_s(Vectors(np.arange(99.0), np.zeros((99, 3))), LIMITS).size == 0


def test_mounts_are_counted_and_each_has_a_level_axis_of_its_own() -> None:
    """Level first, with the upper edge ahead; then upright, the upper edge up: x stays level."""
    facing_deg = np.repeat([40.0, 40.0], 50)
    raised = np.repeat([0.0, np.pi / 2], 50)
    earth = about(2, -np.radians(facing_deg)) @ about(0, raised)
    rows = earth[:, 0], earth[:, 1], earth[:, 2]
    number = mount_numbers(np.arange(100.0), np.array([50.0]))
    assert number.tolist() == [0] * 50 + [1] * 50
    heading = level_axis_deg(rows, number)
    assert set(np.round(heading % 360.0).tolist()) <= {40.0, 130.0}  # y ahead, or x to the right
    assert heading[50:] % 360.0 == pytest.approx(130.0)


def test_pieces_that_are_too_short_give_no_heading() -> None:
    made = phone(facing(40, {}))
    kept = (made.at_s < 20) | (made.at_s % 2.0 < 1.0)
    turned = rotation_of(
        Vectors(made.at_s[kept], made.rate_radps[kept]), Vectors(made.at_s, made.gravity), LIMITS
    )
    assert turned is not None
    heading = gyroscope_heading_deg(turned, NO_TIMES, LIMITS)
    assert heading is not None
    assert np.isfinite(heading[turned.time_s < 20]).all()
    assert np.isnan(heading[turned.time_s > 21]).all()


def test_beyond_a_hole_of_the_gyroscope_no_heading_is_known_to_have_come_back() -> None:
    """The field turns about at 300 s; the gyroscope is away from 320 to 325 s; it turns at 340."""
    turned = rotation_by(phone(facing(600, REAL)))
    heading = shown(REAL | {300.0: 170.0, 340.0: -170.0})
    parted = structs.replace(turned, piece=(turned.time_s >= 322.0).astype(np.int64))
    kept, begins_s = without_contradicted(SECONDS, heading, parted, LIMITS)
    assert begins_s == pytest.approx([300.0, 340.0], abs=LIMITS.turned_within_s + 1)
    assert np.isfinite(kept[310:330]).all()


def test_a_gyroscope_that_ends_early_says_nothing_of_what_follows() -> None:
    turned = rotation_by(phone(facing(250, REAL)))
    heading = shown(REAL | {300.0: 170.0, 360.0: -170.0})
    kept, begins_s = without_contradicted(SECONDS, heading, turned, LIMITS)
    np.testing.assert_array_equal(kept, heading)
    assert begins_s.size == 0


def test_times_lie_evenly_in_each_piece_and_holes_and_starts_part_them() -> None:
    """By hand: a hole before 1.0, a start at 1.06; the lone last sample makes no piece."""
    time_s = np.array([0.0, 0.01, 0.02, 0.03, 0.05, 1.0, 1.01, 1.03, 1.06, 1.07, 1.09, 9.0])
    ones = np.ones((time_s.size, 3))
    pull = Vectors(np.arange(0.0, 9.5, 0.1), np.ones((95, 3)))
    turned = rotation_of(Vectors(time_s, ones), pull, LIMITS, np.array([1.06, 50.0]))
    assert turned is not None
    expected = [0.0, 0.02, 0.04, 1.0, 1.02, 1.06, 1.08]  # no denser than 20 ms
    np.testing.assert_allclose(turned.time_s, expected, atol=1e-9)
    assert turned.piece.tolist() == [0] * 3 + [1] * 2 + [2] * 2
    assert turned.begins_s == pytest.approx([1.0, 1.06])


def test_a_gyroscope_that_would_need_far_more_times_than_it_has_is_not_read() -> None:
    """Most samples lie 10 ms apart, but every third one comes 490 ms late."""
    time_s = np.cumsum(np.where(np.arange(4000) % 3 == 0, 0.49, 0.01))
    sparse = Vectors(time_s, np.ones((4000, 3)))
    assert rotation_of(sparse, sparse, LIMITS) is None


@pytest.mark.parametrize("wild", [1e300, -1e7, np.inf, np.nan])
def test_numbers_that_are_no_angles_count_for_nothing(wild: float) -> None:
    at_s = np.arange(9.0)
    heading = np.where(at_s == 4.0, wild, 350.0 + at_s)
    mean = mean_heading_deg(at_s, at_s, heading)
    assert np.isnan(mean[4])
    assert mean[:4] == pytest.approx([350.0, 351.0, 352.0, 353.0])
