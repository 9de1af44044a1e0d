"""A device that is handled, and a heading whose zero drifts: each begins a mount of its own."""

from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from made_runs import METRE_DEG, Leg, backward, run
from retrorun.detect import detect
from retrorun.detect.series import without_drift
from retrorun.model import Athlete, Detection, Recording
from retrorun.prepare import prepare
from retrorun.settings import DetectSettings, Settings
from retrorun.units import BoolArray, FloatArray, IntArray, wrap_deg

SETTINGS = Settings()
BACK = Leg(90, 2.0, 192.0, 180.0, 152.0)
MIXED = [Leg(240), BACK, Leg(120), BACK, Leg(120), BACK, Leg(180)]
MAGNETOMETER, GYROSCOPE = "sensorlogger:magnetometer", "sensorlogger:gyroscope"


# handlings by themselves: that a phone without steps may turn with the pace is not asked
ANY_PACE = structs.replace(SETTINGS.detect, hand_gain=(-1.0, -1.0))


def found(recording: Recording, settings: DetectSettings = SETTINGS.detect) -> Detection:
    return detect(prepare(recording, SETTINGS.prepare), (), Athlete(), settings)


def of_phone(
    legs: list[Leg],
    source: str,
    mount_deg: FloatArray | float = 20.0,
    mount: IntArray | None = None,
    turns_deg: float = 90.0,
) -> Recording:
    """The legs by a phone's sensor, whose bounce is not recorded: it counts no steps."""
    made = run(legs, mount_deg=mount_deg, turns_deg=turns_deg)
    series = structs.replace(made.headings[0], source=source, mount=mount)
    columns = {name: each for name, each in made.columns.items() if name.endswith("itude_deg")}
    return structs.replace(made, headings=(series,), columns=columns)


def with_steps(made: Recording, legs: list[Leg]) -> Recording:
    return structs.replace(
        made, columns=dict(made.columns) | {"cadence_spm": run(legs).columns["cadence_spm"]}
    )


def marked(detection: Detection, verdict: str, way: str = "backward") -> BoolArray:
    seconds = np.zeros(detection.columns["backward_probability"].size, dtype=bool)
    for part in detection.segments:
        if (part.direction, part.verdict) == (way, verdict):
            seconds[int(part.start_s) : int(part.end_s)] = True
    return seconds


def f1(mask: BoolArray, truth: BoolArray) -> float:
    return float(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))


def drift(seconds: int, first_dpm: float, change_dpm: float) -> FloatArray:
    """A zero that drifts by a rate that itself changes, in degrees a minute, over the session."""
    rate = first_dpm + change_dpm * np.sin(np.pi * np.arange(seconds) / seconds)
    return np.cumsum(rate) / 60.0


@pytest.mark.parametrize("first_dpm", [-33.0, 0.0, 37.0])
@pytest.mark.parametrize("change_dpm", [-20.0, 0.0, 20.0])
def test_a_drift_is_taken_out_and_the_sides_stay(first_dpm: float, change_dpm: float) -> None:
    """Sides by hand: 0° or 180°, with a noise of 12°."""
    truth = backward(MIXED)
    noise = np.random.default_rng(3).normal(0.0, 12.0, truth.size)
    delta = wrap_deg(drift(truth.size, first_dpm, change_dpm) + 180.0 * truth + noise + 55.0)
    usable = np.ones(truth.size, dtype=bool)
    none = np.zeros(truth.size, dtype=np.int64)
    straight, mount = without_drift(delta, usable, none, SETTINGS.detect)
    other = np.abs(straight) > 90.0
    assert mount.max() == 0
    assert max(float((other == truth).mean()), float((other != truth).mean())) > 0.99
    assert np.abs(wrap_deg(2.0 * straight) / 2.0).mean() < 12.0


def test_a_zero_that_jumps_or_is_not_known_for_long_begins_another_mount() -> None:
    delta = np.random.default_rng(4).normal(0.0, 8.0, 1200)
    delta[600:] += 90.0
    usable = np.ones(1200, dtype=bool)
    usable[300:380] = False
    handled = (np.arange(1200) >= 900).astype(np.int64)
    _, mount = without_drift(delta, usable, handled, SETTINGS.detect)
    begins = np.flatnonzero(np.diff(mount)) + 1
    assert (begins[0], begins[-1]) == (380, 900)
    assert begins[1:-1] == pytest.approx(600, abs=90)
    assert begins.size > 2


def test_nothing_usable_has_no_drift() -> None:
    delta, none = np.full(300, np.nan), np.zeros(300, dtype=np.int64)
    straight, mount = without_drift(delta, none > 0, none, SETTINGS.detect)
    assert np.isnan(straight).all()
    assert mount.max() == 0


@pytest.mark.parametrize("first_dpm", [-33.0, 37.0])
@pytest.mark.parametrize("steps", [True, False])
def test_a_forward_run_by_a_gyroscope_is_never_backward(first_dpm: float, *, steps: bool) -> None:
    legs = [Leg(600), Leg(300, 2.0, 160.0), Leg(600)]
    made = of_phone(legs, GYROSCOPE, drift(1500, first_dpm, 20.0))
    detection = found(with_steps(made, legs) if steps else made)
    assert detection.heading.kind == "compass"
    assert not any(part.direction == "backward" for part in detection.segments)


@pytest.mark.parametrize("first_dpm", [-33.0, 37.0])
def test_backward_stretches_by_a_gyroscope_are_found(first_dpm: float) -> None:
    seconds = backward(MIXED).size
    made = of_phone(MIXED, GYROSCOPE, drift(seconds, first_dpm, 20.0))
    seen = found(made)
    either = marked(seen, "candidate") | marked(seen, "confirmed")
    assert f1(either, backward(MIXED)) > 0.95
    assert not (marked(seen, "confirmed") & ~backward(MIXED))[5:-5].sum() > 10


@pytest.mark.parametrize("source", ["phyphox:gyroscope-unsigned", "sensorlogger:yaw"])
@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_a_heading_that_may_be_mirrored_says_nothing_on_a_course_of_right_angles(
    source: str, sense: float
) -> None:
    """Mirrored, half of a square lies on the other side of the axis, where the athlete jogs."""
    legs = [Leg(150), Leg(150, 2.0, 160.0)] * 6
    made = of_phone(legs, source)
    series = made.headings[0]
    turned = structs.replace(
        series, north="unknown", heading_deg=(sense * series.heading_deg) % 360.0
    )
    detection = found(structs.replace(made, headings=(turned,)))
    assert detection.heading.kind == "unknown"
    assert "mirror image" in detection.heading.reason
    assert {part.direction for part in detection.segments} == {"forward"}


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_a_course_of_other_angles_tells_which_way_a_gyroscope_turns(sense: float) -> None:
    made = of_phone(MIXED, "phyphox:gyroscope-unsigned", turns_deg=60.0)
    series = made.headings[0]
    turned = structs.replace(
        series, north="unknown", heading_deg=(sense * series.heading_deg) % 360.0
    )
    seen = found(structs.replace(made, headings=(turned,)))
    assert seen.heading.kind == "compass"
    assert ("mirror image" in seen.heading.reason) == (sense < 0)
    either = marked(seen, "candidate") | marked(seen, "confirmed")
    assert f1(either, backward(MIXED)) > 0.95


def on_streets(legs: list[Leg], courses_deg: list[float], sense: float) -> Recording:
    """Each leg along a street of its own course, by a yaw that may be mirrored."""
    seconds = [leg.seconds for leg in legs]
    course = np.repeat(courses_deg, seconds) + 6.0 * np.sin(np.arange(sum(seconds)) / 40.0)
    made = with_steps(of_phone(legs, "sensorlogger:yaw"), legs)
    speed, way = np.repeat([leg.speed_mps for leg in legs], seconds), np.radians(course)
    north_m, east_m = np.cumsum(speed * np.cos(way)), np.cumsum(speed * np.sin(way))
    places = {
        "latitude_deg": 46.0 + north_m * METRE_DEG,
        "longitude_deg": 14.5 + east_m * METRE_DEG / np.cos(np.radians(46.0)),
    }
    faced = course + np.repeat([leg.turned_deg for leg in legs], seconds)
    noise = np.random.default_rng(5).normal(0.0, 6.0, course.size)
    heading = (sense * (faced + 20.0) + noise) % 360.0
    series = structs.replace(made.headings[0], north="unknown", heading_deg=heading)
    return structs.replace(made, columns={**made.columns, **places}, headings=(series,))


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_a_heading_that_may_be_mirrored_says_nothing_in_a_short_street_across(sense: float) -> None:
    """Mirrored, the street across, where the athlete jogs, lies on the other side of the axis."""
    legs = [Leg(300), Leg(70, 1.9, 178.0), Leg(300), Leg(600)]
    detection = found(on_streets(legs, [0.0, 90.0, 0.0, 180.0], sense))
    assert detection.heading.kind == "compass"
    assert not marked(detection, "confirmed").any()
    assert not detection.columns["evidence_heading"][310:360].any()


def test_out_and_back_a_mirror_image_puts_nothing_on_another_side_of_either_mount() -> None:
    """Put back at another angle, it has two axes; which of their sides is which is not asked."""
    moved = np.arange(backward(MIXED).size) >= 500
    worn_deg = np.where(moved, 140.0, 20.0)
    made = of_phone(MIXED, "sensorlogger:yaw", worn_deg, moved.astype(np.int64), turns_deg=180.0)
    unknown = structs.replace(made.headings[0], north="unknown")
    seen = found(structs.replace(with_steps(made, MIXED), headings=(unknown,)))
    assert seen.heading.kind == "compass"
    assert f1(marked(seen, "confirmed"), backward(MIXED)) > 0.9


def handled_at(moments: list[int], seconds: int) -> IntArray:
    number = np.searchsorted(np.array(moments), np.arange(seconds), side="right")
    return number.astype(np.int64)


TURNED = np.where(np.arange(1500) < 700, 30.0, 200.0)


def test_a_phone_put_back_the_other_way_round_is_no_change_of_direction() -> None:
    seen = found(of_phone([Leg(1500)], MAGNETOMETER, TURNED, handled_at([700], 1500)))
    assert {part.direction for part in seen.segments} == {"forward"}
    assert not marked(seen, "confirmed", "forward").any()
    assert (seen.heading.concentration or 0.0) > 0.9


def test_who_goes_both_ways_before_and_after_a_handling_is_confirmed() -> None:
    legs = [*MIXED, *MIXED]
    half = backward(MIXED).size
    mount_deg = np.repeat([20.0, 95.0], half)
    made = of_phone(legs, MAGNETOMETER, mount_deg, handled_at([half], 2 * half))
    seen = found(with_steps(made, legs))
    assert f1(marked(seen, "confirmed"), backward(legs)) > 0.95


def test_what_is_backward_throughout_since_a_handling_is_never_confirmed() -> None:
    """Slow and quick-stepping, but no forward second since then tells which way it is worn."""
    legs = [*MIXED, Leg(300, 2.0, 192.0, 180.0, 152.0)]
    half = backward(MIXED).size
    made = of_phone(legs, MAGNETOMETER, 20.0, handled_at([half], half + 300))
    seen = found(with_steps(made, legs))
    assert f1(marked(seen, "confirmed")[:half], backward(MIXED)) > 0.95
    assert not marked(seen, "confirmed")[half + 5 :].any()
    assert not marked(seen, "confirmed", "forward")[half + 5 :].any()


def test_a_mount_of_one_way_is_not_confirmed_where_the_others_were_mostly_backward() -> None:
    long = Leg(200, 2.0, 192.0, 180.0, 152.0)
    legs = [Leg(80), long, Leg(80), long, Leg(80), long, Leg(300)]
    truth = backward(legs)
    made = of_phone(legs, MAGNETOMETER, 20.0, handled_at([truth.size - 300], truth.size))
    seen = found(with_steps(made, legs))
    assert f1(marked(seen, "confirmed"), truth) > 0.95
    assert not (marked(seen, "confirmed") & ~truth).sum() > 5
    last = seen.segments[-1]
    assert (last.direction, last.verdict) == ("forward", "assumed")
    assert 0.6 < last.probability < 0.98


@pytest.mark.parametrize("steps", [True, False])
@pytest.mark.parametrize("turned_deg", [0.0, 110.0, 180.0])
def test_a_mount_that_is_backward_for_longer_is_told_by_its_own_turns(
    turned_deg: float, *, steps: bool
) -> None:
    """Put back at a stop amid a session, it goes backward for 140 s and forward for 90.

    Without steps the phone may have turned at each change of pace: then all of it is asked about.
    """
    within = [replace(BACK, seconds=140), Leg(90)]
    legs = [*MIXED, *within, *MIXED[1:]]
    first, last = backward(MIXED).size, backward([*MIXED, *within]).size
    size = backward(legs).size
    mount_deg = np.repeat([20.0, 20.0 + turned_deg, 50.0], [first, last - first, size - last])
    made = of_phone(legs, MAGNETOMETER, mount_deg, handled_at([first, last], size))
    seen, truth = found(with_steps(made, legs) if steps else made), backward(legs)
    sure, ahead = marked(seen, "confirmed"), marked(seen, "confirmed", "forward")
    near = np.convolve(truth, np.ones(11), "same") > 0
    assert not (sure & ~near).any()
    assert (ahead & truth).sum() <= 12  # a second at each turn
    assert f1(sure if steps else marked(seen, "candidate"), truth) > (0.95 if steps else 0.85)
    assert steps or not sure.any()


def test_nothing_is_confirmed_from_a_handling_on_until_the_gait_says_so() -> None:
    """In the hand it points backward for half a minute of calmer running; then both turn."""
    held = Leg(30, 2.45, 160.0)
    within = [held, replace(BACK, seconds=140), Leg(90)]
    legs = [*MIXED, *within, *MIXED[1:]]
    first, size = backward(MIXED).size, backward(legs).size
    mount_deg = np.repeat([20.0, 200.0, 20.0], [first, 30, size - first - 30])
    made = of_phone(legs, GYROSCOPE, mount_deg, handled_at([first], size))
    seen, truth = found(made, ANY_PACE), backward(legs)
    near = np.convolve(truth, np.ones(11), "same") > 0
    assert marked(seen, "confirmed")[first + 50 : first + 160].all()
    assert not (marked(seen, "confirmed") & ~near).any()
    reasons = [part.reason for part in seen.segments if part.start_s == pytest.approx(first, abs=3)]
    assert "the device was handled there, and neither speed nor steps say backward yet" in reasons


def test_a_forward_piece_in_the_hand_between_two_backward_ones_is_not_confirmed() -> None:
    """Taken out unseen as the athlete turns forward, put back as they turn backward again."""
    held = Leg(45, 2.45, 160.0)
    legs = [*MIXED, BACK, held, BACK, Leg(120), BACK, Leg(120), BACK, Leg(100)]
    first, size = backward(MIXED).size + 90, backward(legs).size
    mount_deg = np.full(size, 20.0)
    mount_deg[first : first + 45] = 200.0
    made = of_phone(legs, MAGNETOMETER, mount_deg, handled_at([first + 45], size))
    seen, truth = found(made, ANY_PACE), backward(legs)
    near = np.convolve(truth, np.ones(11), "same") > 0
    assert not (marked(seen, "confirmed") & ~near).any()
    assert f1(marked(seen, "confirmed"), truth) > 0.95
    (doubted,) = [part for part in seen.segments if "neither speed" in part.reason]
    assert doubted.probability < 0.1


def test_a_backward_piece_in_the_hand_between_two_forward_ones_is_not_confirmed_forward() -> None:
    held = replace(BACK, seconds=25)
    legs = [*MIXED, held, Leg(120), BACK, Leg(120), BACK, Leg(100)]
    first, size = backward(MIXED).size, backward(legs).size
    mount_deg = np.full(size, 20.0)
    mount_deg[first : first + 25] = 200.0
    made = of_phone(legs, MAGNETOMETER, mount_deg, handled_at([first + 25], size))
    seen, truth = found(made), backward(legs)
    inward = np.convolve(~truth, np.ones(11), "same") > 0
    assert not (marked(seen, "confirmed", "forward") & ~inward).any()
    assert f1(marked(seen, "confirmed", "forward"), ~truth) > 0.9


def test_of_a_stretch_with_a_handling_within_what_holds_by_itself_is_confirmed() -> None:
    """Backward throughout; in the hand for 30 s of it nothing shows how the phone is held."""
    legs = [*MIXED, replace(BACK, seconds=180), *MIXED[2:]]
    first, size = backward(MIXED).size + 70, backward(legs).size
    mount_deg = np.repeat([20.0, 100.0, -60.0], [first, 30, size - first - 30])
    made = of_phone(legs, MAGNETOMETER, mount_deg, handled_at([first, first + 30], size))
    seen = found(with_steps(made, legs))
    sure = marked(seen, "confirmed")
    assert sure[first - 68 : first].all()
    assert sure[first + 30 : first + 105].all()
    assert not sure[first : first + 30].any()
    (doubted,) = [part for part in seen.segments if part.verdict == "candidate"]
    assert (doubted.start_s, doubted.end_s, doubted.direction) == (first, first + 30, "backward")
    assert doubted.probability > 0.95


def test_where_nothing_tells_how_the_device_is_worn_since_nothing_is_confirmed() -> None:
    """Neither speed nor steps change within the middle mount; both of its sides are in doubt."""
    same = Leg(90, 2.8, 166.0, 180.0)
    legs = [*MIXED, Leg(90), same, Leg(60), same, Leg(60), *MIXED[1:]]
    first, last = (
        backward(MIXED).size,
        backward([*MIXED, Leg(90), same, Leg(60), same, Leg(60)]).size,
    )
    size = backward(legs).size
    made = of_phone(legs, MAGNETOMETER, 20.0, handled_at([first, last], size))
    seen = found(with_steps(made, legs))
    assert not marked(seen, "confirmed")[first:last].any()
    assert not marked(seen, "confirmed", "forward")[first:last].any()
    inside = [part for part in seen.segments if first < part.start_s and part.end_s < last]
    assert {part.direction for part in inside} == {"forward", "backward"}
    assert all(part.probability < 0.95 for part in inside)


def test_near_a_zero_that_jumps_nothing_is_known_of_the_heading() -> None:
    delta = np.random.default_rng(4).normal(0.0, 8.0, 1200)
    delta[600:] += 90.0
    none = np.zeros(1200, dtype=np.int64)
    straight, mount = without_drift(delta, none == 0, none, SETTINGS.detect)
    unknown, begins = np.isnan(straight), np.flatnonzero(np.diff(mount)) + 1
    assert unknown[begins].all()
    assert unknown[570:630].all()
    assert not unknown[:400].any()
    assert not unknown[800:].any()


def test_a_device_that_is_handled_all_the_time_tells_nothing() -> None:
    made = of_phone(MIXED, MAGNETOMETER, 20.0, handled_at(list(range(0, 900, 3)), 930))
    seen = found(made)
    assert seen.heading.kind == "unknown"
    assert "handled" in seen.heading.reason
    assert not any(part.direction == "backward" for part in seen.segments)


def test_numbers_of_mounts_that_fall_again_each_begin_another() -> None:
    number = handled_at([300], 930)
    number[600:] = 0
    made = of_phone(
        [Leg(930)], MAGNETOMETER, np.repeat([20.0, 200.0, 90.0], [300, 300, 330]), number
    )
    seen = found(made)
    assert {part.direction for part in seen.segments} == {"forward"}
    assert not marked(seen, "confirmed", "forward").any()


def test_what_the_profile_states_holds_no_longer_once_the_device_was_handled() -> None:
    """Stated as worn to the front; put back behind, and all is forward."""
    mount_deg = np.where(np.arange(1500) < 700, 0.0, 180.0)
    made = of_phone([Leg(1500)], MAGNETOMETER, mount_deg, handled_at([700], 1500))
    track = prepare(made, SETTINGS.prepare)
    seen = detect(track, (), Athlete(mount_offset_deg=180.0), SETTINGS.detect)
    assert not marked(seen, "confirmed").any()


def test_iron_is_taken_out_in_each_mount() -> None:
    legs = [*MIXED, *MIXED]
    half = backward(MIXED).size
    made = run(legs, mount_deg=20.0, iron=0.45, turns_deg=75.0)
    series = structs.replace(made.headings[0], mount=handled_at([half], 2 * half))
    seen = found(structs.replace(made, headings=(series,)))
    assert "iron" in seen.heading.reason
    assert f1(marked(seen, "confirmed"), backward(legs)) > 0.95


@pytest.mark.parametrize("mount_deg", [0.0, 120.0, 180.0, -100.0])
def test_a_walk_by_a_gyroscope_is_forward_wherever_its_zero_lies(mount_deg: float) -> None:
    """So slow that neither speed nor habit says anything."""
    made = of_phone([Leg(900, 1.3, 110.0)], GYROSCOPE, mount_deg)
    assert not any(part.direction == "backward" for part in found(made).segments)


def test_a_walk_with_a_phone_put_back_behind_is_forward() -> None:
    mount_deg = np.where(np.arange(900) < 500, 150.0, 200.0)
    made = of_phone([Leg(900, 1.3, 110.0)], MAGNETOMETER, mount_deg, handled_at([500], 900))
    assert not any(part.direction == "backward" for part in found(made).segments)


def test_a_piece_whose_speed_and_steps_are_clearly_forward_is_not_confirmed_backward() -> None:
    """Turned on the body at a stop, tilted as before, and back at the next: nothing marks either.

    It goes on backward both times, so that no turn of the heading contradicts what lies between.
    """
    stop, back = Leg(20, 0.0, 0.0), replace(BACK, seconds=60)
    before, within = [*MIXED, *MIXED, stop], [back, Leg(100), stop]
    legs = [*before, *within, *MIXED[1:], *MIXED]
    first, last = backward(before).size - 10, backward([*before, *within]).size - 10
    mount_deg = np.full(backward(legs).size, 20.0)
    mount_deg[first:last] += 180.0
    seen = found(with_steps(of_phone(legs, MAGNETOMETER, mount_deg), legs))
    near = np.convolve(backward(legs), np.ones(11), "same") > 0
    assert not (marked(seen, "confirmed") & ~near).any()
    assert (marked(seen, "candidate") & ~near).sum() > 70
    assert f1(marked(seen, "confirmed"), backward(legs)) > 0.9


def test_a_candidate_of_a_raw_log_whose_speed_says_nothing_is_called_unlikely() -> None:
    """Of measured ones where other turns tell how the phone is worn about a third were backward."""
    legs = [*MIXED, *MIXED[1:], Leg(80, 2.8, 170.0, 180.0), Leg(200)]
    seen, at = found(of_phone(legs, MAGNETOMETER)), backward(legs).size - 240
    (part,) = [each for each in seen.segments if each.start_s <= at < each.end_s]
    assert (part.direction, part.verdict) == ("backward", "candidate")
    assert part.probability < 0.4
