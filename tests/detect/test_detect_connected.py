"""Turns of the device and changes of gait that have nothing to do with each other."""

import numpy as np
import pytest
from msgspec import structs

from made_runs import Leg, backward, run
from retrorun.detect import _grounds, _observed, detect
from retrorun.detect.gait import pulse_of_slow_segments
from retrorun.detect.joint import late_seconds, slows_to_turn, step_gain
from retrorun.detect.modes import Modes, Steps
from retrorun.detect.verdicts import decide
from retrorun.model import Athlete, Detection, Recording
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.units import BoolArray, FloatArray

SETTINGS = Settings()
BACK = Leg(90, 2.0, 192.0, 180.0, 152.0)
JOG = Leg(60, 2.0, 160.0)  # two steps a minute over the usual line of 166 at 2.8 m/s
JOGS = [Leg(300), *[JOG, Leg(120)] * 8]
MIXED = [Leg(240), BACK, Leg(150), BACK, Leg(150), BACK, Leg(240)]
LAG_S = 6


def found(recording: Recording) -> Detection:
    return detect(prepare(recording, SETTINGS.prepare), (), Athlete(), SETTINGS.detect)


def called(detection: Detection, way: str, verdicts: tuple[str, ...]) -> BoolArray:
    seconds = np.zeros(detection.columns["backward_probability"].size, dtype=bool)
    for part in detection.segments:
        if part.direction == way and part.verdict in verdicts:
            seconds[int(part.start_s) : int(part.end_s)] = True
    return seconds


def turned(spans: list[tuple[int, int]], seconds: int) -> FloatArray:
    mount = np.full(seconds, 30.0)
    for first, last in spans:
        mount[first:last] += 180.0
    return mount


def jogs(numbers: list[int]) -> list[tuple[int, int]]:
    """Where these of the jogs lie."""
    return [(300 + 180 * number, 360 + 180 * number) for number in numbers]


@pytest.mark.parametrize("without", ["", "cadence_spm"])
@pytest.mark.parametrize("numbers", [[0, 3, 5], [1, 2, 6, 7]])
def test_a_phone_that_is_turned_in_some_of_many_jogs_confirms_nothing(
    without: str, numbers: list[int]
) -> None:
    """The athlete slows down as often with the phone as it was."""
    recording = run(JOGS, mount_deg=turned(jogs(numbers), 1740))
    columns = {name: each for name, each in recording.columns.items() if name != without}
    detection = found(structs.replace(recording, columns=columns))
    assert not called(detection, "backward", ("confirmed",)).any()
    doubted = [part for part in detection.segments if "not connected" in part.reason]
    assert all(part.probability <= 0.1 for part in doubted)


EVERY_JOG = turned(jogs(list(range(8))), 1740)


@pytest.mark.parametrize("mount_deg", [0.0, 90.0])
def test_a_phone_that_is_turned_in_every_jog_confirms_nothing(mount_deg: float) -> None:
    detection = found(run(JOGS, mount_deg=EVERY_JOG + mount_deg))
    assert not called(detection, "backward", ("confirmed",)).any()
    asked = [part for part in detection.segments if "at each change of pace" in part.reason]
    assert len(asked) == 8
    assert all("mount_offset_deg" in part.would_change for part in asked)


@pytest.mark.parametrize("source", ["osmand:heading", "fit:heading"])
@pytest.mark.parametrize("mount_deg", [-30.0, 90.0])
def test_nor_where_no_steps_are_counted_wherever_the_device_points(
    mount_deg: float, source: str
) -> None:
    """A pocket, a hand or a wrist points ahead as well as a belt does; it is asked."""
    recording = run(JOGS, mount_deg=EVERY_JOG + mount_deg)
    columns = {name: each for name, each in recording.columns.items() if name != "cadence_spm"}
    series = structs.replace(recording.headings[0], source=source)
    detection = found(structs.replace(recording, columns=columns, headings=(series,)))
    assert not called(detection, "backward", ("confirmed",)).any()
    assert called(detection, "backward", ("candidate",)).sum() > 400


SAME_STEPS = Leg(60, 2.0, 160.0, 180.0)  # backward, with the steps of the jog
TURNING = Leg(2, 0.8, 150.0)


@pytest.mark.parametrize("slows", [False, True])
def test_steps_that_hardly_change_confirm_where_the_athlete_slows_to_turn(
    slows: bool,  # noqa: FBT001
) -> None:
    turning = [TURNING] if slows else []
    legs = [Leg(300), *[*turning, SAME_STEPS, *turning, Leg(120)] * 8]
    detection, truth = found(run(legs)), backward(legs)
    sure = called(detection, "backward", ("confirmed",))
    assert (sure & truth).sum() > 0.9 * truth.sum() if slows else not sure.any()
    assert called(detection, "backward", ("candidate", "confirmed"))[truth].mean() > 0.9


@pytest.mark.parametrize("stop", [Leg(4, 0.0, 0.0), Leg(5, 0.3, 166.0), Leg(3, 1.6, 110.0)])
def test_a_stop_at_each_turn_is_no_slowing_however_short(stop: Leg) -> None:
    """There a phone changes pockets; speed or steps show that the athlete stood."""
    legs = [Leg(300), *[stop, SAME_STEPS, stop, Leg(120)] * 8]
    assert not called(found(run(legs)), "backward", ("confirmed",)).any()


EASY = Leg(60, 2.8, 166.0, 0.0, 125.0)  # the heart is still rising
STEADY_BPM, JOGGED_BPM = 152.0, 131.0  # at the cost of the forward running, and of a jog


@pytest.mark.parametrize(
    ("heart_bpm", "counts_steps", "holds"),
    [(STEADY_BPM, False, True), (JOGGED_BPM, False, False), (STEADY_BPM, True, False)],
)
def test_steps_that_hardly_change_confirm_where_the_heart_does_not_fall_with_the_speed(
    heart_bpm: float,
    counts_steps: bool,  # noqa: FBT001
    holds: bool,  # noqa: FBT001
) -> None:
    """An optical sensor that counts steps instead of beats is no heart that stays up."""
    slow = Leg(100, 2.0, 160.0, 180.0, heart_bpm)
    legs = [EASY, Leg(300), *[slow, Leg(150)] * 8]
    recording, truth = run(legs), backward(legs)
    if counts_steps:
        columns = {**recording.columns, "heart_rate_bpm": recording.columns["cadence_spm"]}
        recording = structs.replace(recording, columns=columns)
    sure = called(found(recording), "backward", ("confirmed",))
    assert (sure & truth).sum() > 0.9 * truth.sum() if holds else not sure.any()


@pytest.mark.parametrize(("heart_bpm", "holds"), [(JOGGED_BPM, False), (None, True)])
def test_quicker_steps_are_not_enough_where_the_heart_falls_as_that_of_a_jog(
    heart_bpm: float | None,
    holds: bool,  # noqa: FBT001
) -> None:
    """Eight per cent more steps than the line; without a heart rate they are believed."""
    slow = Leg(100, 2.0, 171.0, 180.0, heart_bpm or STEADY_BPM)
    legs = [EASY, Leg(300), *[slow, Leg(150)] * 8]
    recording, truth = run(legs), backward(legs)
    if heart_bpm is None:
        columns = {name: c for name, c in recording.columns.items() if name != "heart_rate_bpm"}
        recording = structs.replace(recording, columns=columns)
    sure = called(found(recording), "backward", ("confirmed",))
    assert (sure & truth).sum() > 0.9 * truth.sum() if holds else not sure.any()


@pytest.mark.parametrize(("heart_bpm", "holds"), [(JOGGED_BPM, False), (STEADY_BPM, True)])
def test_a_heart_that_falls_as_that_of_a_jog_outweighs_slow_turns(
    heart_bpm: float,
    holds: bool,  # noqa: FBT001
) -> None:
    """Speed may fall by chance where a phone is moved."""
    slow = Leg(100, 2.0, 160.0, 180.0, heart_bpm)
    legs = [EASY, Leg(300), *[TURNING, slow, TURNING, Leg(150)] * 8]
    sure, truth = called(found(run(legs)), "backward", ("confirmed",)), backward(legs)
    assert (sure & truth).sum() > 0.9 * truth.sum() if holds else not sure.any()


@pytest.mark.parametrize("told", [2, 6])
def test_turns_at_no_stop_are_too_few_to_speak_for_those_at_a_stop(told: int) -> None:
    """The athlete slows at these of six stretches, and stands for a moment at the others."""
    stop = Leg(4, 0.0, 0.0)
    ends = [TURNING if number < told else stop for number in range(6)]
    legs = [Leg(300), *[leg for end in ends for leg in (end, SAME_STEPS, end, Leg(120))]]
    sure, truth = called(found(run(legs)), "backward", ("confirmed",)), backward(legs)
    assert (sure & truth).sum() > 0.9 * truth.sum() if told == 6 else not sure.any()


@pytest.mark.parametrize("speed_mps", [1.0, 2.0])
def test_slow_turns_of_a_walk_are_no_sign_that_the_athlete_turned(speed_mps: float) -> None:
    """Eight turns of a walk, or of a run, each with a moment of half the speed."""
    back = (np.arange(540) // 60) % 2 == 1
    speed = np.full(540, speed_mps)
    for at in range(60, 540, 60):
        speed[at - 1 : at + 1] *= 0.6
    flags = {name: np.zeros(540, dtype=bool) for name in Modes.__struct_fields__}
    walks, moving = np.full(540, speed_mps < 1.75), np.ones(540, dtype=bool)
    modes = Modes(**(flags | {"speed_mps": speed, "moving": moving, "walking": walks}))
    assert slows_to_turn(modes, back, SETTINGS.detect) != walks.all()


def slow_segments(
    heart_bpm: FloatArray, *, share: float = 0.7, grade: float = 0.0, ahead_s: int = 140
) -> float:
    """What a heart says of segments of 100 s at a share of the speed, each after some running."""
    back = np.arange(960) % (100 + ahead_s) >= ahead_s
    speed, climb = np.where(back, 3.0 * share, 3.0), np.where(back, grade, 0.0)
    steps = Steps(np.full(960, 100.0), speed, climb, heart_bpm, np.ones(960, dtype=bool))
    return pulse_of_slow_segments(steps, np.ones(960, dtype=bool), back, SETTINGS.detect)


def warmed_up(to_bpm: float) -> FloatArray:
    """A minute from 120 beats to these, which stay."""
    return np.asarray(np.interp(np.arange(960.0), (0.0, 60.0), (120.0, to_bpm)))


def test_a_heart_is_asked_after_steady_running_on_level_ground_only() -> None:
    steady = warmed_up(160.0)
    assert slow_segments(steady) >= SETTINGS.detect.hand_pulse
    assert slow_segments(steady, share=0.88) == 0.0
    assert slow_segments(steady, grade=0.06) == 0.0
    assert slow_segments(steady, ahead_s=30) == 0.0
    assert slow_segments(np.full(960, 160.0)) == 0.0  # the sensor hangs
    assert slow_segments(np.full(960, np.nan)) == 0.0


def test_a_fall_from_the_hearts_ceiling_speaks_against_backward() -> None:
    """Held at its ceiling of 180 a heart says nothing; a jog at 0.7 of the speed lets it fall."""
    held, falls = warmed_up(180.0), warmed_up(180.0)
    for first in (140, 380, 620, 860):
        slow = slice(first, min(first + 110, 960))
        falls[slow] = (151.0 + 29.0 * np.exp(-np.arange(110) / 40.0))[: slow.stop - first]
    assert slow_segments(held) == 0.0
    assert slow_segments(falls) <= SETTINGS.detect.hand_pulse_least


def test_a_counter_that_shows_no_steps_ahead_tells_no_gain() -> None:
    legs = [Leg(300), *[SAME_STEPS, Leg(120)] * 4]
    modes, back = (
        _observed(prepare(run(legs), SETTINGS.prepare), SETTINGS.detect).modes,
        backward(legs),
    )
    quicker = structs.replace(modes, cadence_spm=np.where(back, 1.2, 1.0) * modes.cadence_spm)
    gain = step_gain(quicker, back, back, SETTINGS.detect)
    assert gain == pytest.approx(0.2, abs=0.03)
    none = structs.replace(modes, cadence_spm=np.where(back, modes.cadence_spm, 0.0))
    assert step_gain(none, back, back, SETTINGS.detect) is None


def uncounted_stop(speed_mps: float, *, counted: bool, without_s: int = 0) -> bool:
    """Whether nine turns, slow for four seconds each, show that the athlete turned.

    Steps, where they are counted, are not for so many seconds at each turn.
    """
    speed = np.full(600, 3.0)
    for at in range(60, 600, 60):
        speed[at - 2 : at + 2] = speed_mps
    flags = {name: np.zeros(600, dtype=bool) for name in Modes.__struct_fields__}
    columns = {
        "speed_mps": speed,
        "moving": np.ones(600, dtype=bool),
        "cadence_spm": np.full(600, 166.0 if counted else np.nan),
    }
    for at in range(60, 600, 60):
        columns["cadence_spm"][at : at + without_s] = np.nan
    back = (np.arange(600) // 60) % 2 == 1
    return slows_to_turn(Modes(**(flags | columns)), back, SETTINGS.detect)


def test_where_steps_are_counted_a_moment_without_any_is_a_stop() -> None:
    assert uncounted_stop(2.1, counted=True)
    assert not uncounted_stop(2.1, counted=True, without_s=1)


def test_where_no_steps_are_counted_a_lesser_slowing_may_be_a_stop() -> None:
    assert uncounted_stop(1.8, counted=True)
    assert not uncounted_stop(1.8, counted=False)
    assert uncounted_stop(2.1, counted=False)
    assert not uncounted_stop(1.2, counted=True)


@pytest.mark.parametrize(
    ("stretches", "source", "holds"),
    [(2, "osmand:heading", False), (8, "osmand:heading", True), (2, "fit:heading", True)],
)
def test_of_few_turns_of_a_phone_quicker_steps_are_asked_more(
    stretches: int,
    source: str,
    holds: bool,  # noqa: FBT001
) -> None:
    """Nearly eight per cent more steps than the line: two changes of pocket may fall on those."""
    quick = Leg(90, 2.0, 170.5, 180.0)
    legs = [Leg(300), *[quick, Leg(150)] * stretches]
    recording, truth = run(legs), backward(legs)
    columns = {name: c for name, c in recording.columns.items() if name != "heart_rate_bpm"}
    series = structs.replace(recording.headings[0], source=source)
    detection = found(structs.replace(recording, columns=columns, headings=(series,)))
    sure = called(detection, "backward", ("confirmed",))
    assert (sure & truth).sum() > 0.9 * truth.sum() if holds else not sure.any()
    assert called(detection, "backward", ("candidate", "confirmed"))[truth].mean() > 0.9


@pytest.mark.parametrize(("slow_mps", "gain"), [(2.8, 0.060), (1.8, 0.042)])
def test_what_steps_gain_at_another_speed_is_less_sure(slow_mps: float, gain: float) -> None:
    """Steps six per cent above the line of 166 at 2.8 m/s, which is 9.5 ± 3 for each m/s."""
    legs = [
        Leg(300),
        *[Leg(90, slow_mps, 166.0 * 1.06 - 9.5 * (2.8 - slow_mps), 180.0), Leg(90)] * 4,
    ]
    modes = _observed(prepare(run(legs), SETTINGS.prepare), SETTINGS.detect).modes
    back = backward(legs)
    assert step_gain(modes, back, back, SETTINGS.detect) == pytest.approx(gain, abs=0.004)


def test_a_stated_mount_confirms_steps_that_hardly_change() -> None:
    legs = [Leg(300), *[SAME_STEPS, Leg(120)] * 8]
    track = prepare(run(legs), SETTINGS.prepare)
    detection = detect(track, (), Athlete(mount_offset_deg=20.0), SETTINGS.detect)
    sure = called(detection, "backward", ("confirmed",))
    assert (sure & backward(legs)).sum() > 0.9 * backward(legs).sum()


def test_backward_running_between_jogs_is_told_by_its_steps() -> None:
    legs = [Leg(300), *[JOG, Leg(120), BACK, Leg(120)] * 3]
    detection, truth = found(run(legs)), backward(legs)
    sure = called(detection, "backward", ("confirmed",))
    assert (sure & truth).sum() > 0.95 * truth.sum()
    assert not (sure & ~truth)[300:360].any()


@pytest.mark.parametrize("lag_s", [-LAG_S, LAG_S, 2 * LAG_S - 2])
def test_u_turns_with_a_late_heading_or_a_late_position_are_no_direction(lag_s: int) -> None:
    """The way turns about every 150 s; course and heading oppose each other for the lag."""
    recording = run([Leg(1500)], turns_deg=180.0)
    late = np.roll(recording.headings[0].heading_deg, lag_s)
    late[: max(lag_s, 0)] = late[max(lag_s, 0)]
    late[late.size + min(lag_s, 0) :] = late[lag_s - 1] if lag_s < 0 else 0.0
    heading = structs.replace(recording.headings[0], heading_deg=late)
    detection = found(structs.replace(recording, headings=(heading,)))
    assert not called(detection, "backward", ("confirmed", "candidate")).any()


def test_a_piece_between_stops_is_not_confirmed_against_the_second_witness() -> None:
    stop, piece = Leg(15, 0.0, 0.0), Leg(8, 2.0, 192.0, 180.0)
    legs = [Leg(240), BACK, stop, piece, stop, Leg(150), BACK, Leg(150), BACK, Leg(240)]
    track = prepare(run(legs), SETTINGS.prepare)
    observed = _observed(track, SETTINGS.detect)
    grounds = _grounds(observed, np.zeros(track.seconds), Athlete(), SETTINGS.detect)
    assert grounds.mount is not None
    assert (decide(grounds, (), SETTINGS.detect).verdict[346:352] == 1).all()
    witness = grounds.mount.witness.copy()
    witness[340:358] = -5.0
    doubted = structs.replace(grounds, mount=structs.replace(grounds.mount, witness=witness))
    decision = decide(doubted, (), SETTINGS.detect)
    assert not decision.verdict[346:352].any()
    assert decision.probability[346:352].max() <= 0.1
    assert (decision.verdict[250:325] == 1).all()


def test_forward_is_not_confirmed_where_the_device_turned_during_a_backward_run() -> None:
    """Four minutes forward, then backward to the end; the phone is put back the other way."""
    legs = [Leg(240), Leg(1400, 2.0, 192.0, 180.0)]
    for at in (400, 700, 1100):
        detection = found(run(legs, mount_deg=turned([(at, 1640)], 1640)))
        denied = called(detection, "forward", ("confirmed",)) & backward(legs)
        assert denied[250:].sum() == 0, at


def test_nor_where_the_device_turned_with_the_athlete() -> None:
    """The heading stays for the second stretch, the steps are those of the others."""
    detection = found(run(MIXED, mount_deg=turned([(480, 570)], 1050)))
    assert not called(detection, "forward", ("confirmed",))[490:560].any()
    assert called(detection, "backward", ("confirmed",))[250:320].all()


@pytest.mark.parametrize(("source", "holds"), [("osmand:heading", False), ("fit:heading", True)])
def test_where_a_phone_points_is_no_reason_to_be_sure_of_one_direction(
    source: str,
    holds: bool,  # noqa: FBT001
) -> None:
    """A phone may point ahead of an athlete who runs backward from end to end; a watch does not."""
    recording = run([Leg(1200, 3.0, 176.0)], mount_deg=-25.0)
    heading = structs.replace(recording.headings[0], source=source)
    detection = found(structs.replace(recording, headings=(heading,)))
    sure = called(detection, "forward", ("confirmed",))
    assert sure.mean() > 0.95 if holds else not sure.any()
    assert called(detection, "forward", ("confirmed", "assumed")).mean() > 0.95


@pytest.mark.parametrize("late_s", [-9, 9])
def test_seconds_between_a_heading_and_the_changes_of_speed_beside_it_are_not_confirmed(
    late_s: int,
) -> None:
    """The heading's clock is wrong, or lags behind, by nine seconds; steps are not counted.

    That the athlete turned, the heart says.
    """
    legs = [EASY, Leg(240), *[Leg(80, 2.0, 192.0, 180.0, 160.0), Leg(130)] * 5]
    right = run(legs, turns_deg=5.0)
    columns = {name: each for name, each in right.columns.items() if name != "cadence_spm"}
    series = structs.replace(right.headings[0], time_s=right.headings[0].time_s + late_s)
    truth = backward(legs)
    sure = [
        called(
            found(structs.replace(right, columns=columns, headings=headings)),
            "backward",
            ("confirmed",),
        )
        for headings in (right.headings, (series,))
    ]
    assert (sure[0] == truth).mean() > 0.98
    assert (sure[1] & truth).sum() > 0.7 * truth.sum()
    assert (sure[1] & ~truth).sum() <= 5
    denied = called(
        found(structs.replace(right, columns=columns, headings=(series,))),
        "forward",
        ("confirmed",),
    )
    assert (denied & truth).sum() <= 5


def noisy(backward_share: float, lag_s: int, seed: int) -> tuple[Modes, BoolArray]:
    """Eight turns a minute apart: speed changes by this share, so long after each turn."""
    random = np.random.default_rng(seed)
    back = (np.arange(540) // 60) % 2 == 1
    wander = np.zeros(back.size)
    for at in range(1, back.size):
        wander[at] = 0.95 * wander[at - 1] + random.normal(0, 0.03)
    speed_mps = np.where(np.roll(back, lag_s), 3.0 * backward_share, 3.0) + wander
    flags = {name: np.zeros(back.size, dtype=bool) for name in Modes.__struct_fields__}
    changed = {
        "speed_mps": speed_mps + random.normal(0, 0.15, back.size),
        "cadence_spm": np.full(back.size, 170.0),
        "moving": np.ones(back.size, dtype=bool),
    }
    return Modes(**(flags | changed)), back


@pytest.mark.parametrize(
    ("backward_share", "lag_s", "least", "most"),
    [(1.0, 0, 0, 1), (0.98, 0, 0, 1), (0.95, 0, 0, 1), (0.8, 9, 24, 25), (0.7, -9, 24, 25)],
)
def test_a_clock_is_doubted_only_beyond_chance(
    backward_share: float, lag_s: int, least: int, most: int
) -> None:
    doubted = 0
    for seed in range(25):
        modes, back = noisy(backward_share, lag_s, seed)
        doubted += bool(late_seconds(modes, back, SETTINGS.detect).any())
    assert least <= doubted <= most


@pytest.mark.parametrize(("turns", "slows"), [(18, True), (12, False)])
def test_of_many_turns_that_are_much_slower_fewer_are_enough(turns: int, slows: bool) -> None:  # noqa: FBT001
    """More than half of the turns come down to 0.7 of the speed; around the others it is steady."""
    random = np.random.default_rng(4)
    size = 60 * (turns + 1)
    speed_mps = 3.0 + random.normal(0.0, 0.25, size)
    for number in range(1, turns + 1):
        at = 60 * number
        speed_mps[at - 16 : at + 17] = 3.0
        if number % 12 in {1, 3, 5, 7, 8, 10, 11}:
            speed_mps[at - 1 : at + 2] = 2.1
    flags = {name: np.zeros(size, dtype=bool) for name in Modes.__struct_fields__}
    modes = Modes(**(flags | {"speed_mps": speed_mps, "moving": np.ones(size, dtype=bool)}))
    back = (np.arange(size) // 60) % 2 == 1
    assert slows_to_turn(modes, back, SETTINGS.detect) == slows


@pytest.mark.parametrize(
    ("ship_mps", "athlete_mps", "steps_spm"),
    [(4.0, 2.5, 166.0), (4.2, 2.8, 168.0), (4.4, 2.4, 160.0)],
)
def test_laps_on_the_deck_of_a_moving_ship_confirm_nothing(
    ship_mps: float, athlete_mps: float, steps_spm: float
) -> None:
    """Toward the stern the position travels with the ship, against where the athlete faces."""
    bow = Leg(30, ship_mps + athlete_mps, steps_spm)
    stern = Leg(30, ship_mps - athlete_mps, steps_spm, 180.0)
    detection = found(run([bow, stern] * 14))
    assert not called(detection, "backward", ("confirmed",)).any()
    asked = [part for part in detection.segments if "as a ship does" in part.reason]
    assert asked
    assert all(part.would_change == "a label" and part.probability <= 0.1 for part in asked)


def test_nor_where_the_steps_differ_by_a_few_in_a_hundred() -> None:
    """Wind and the slope of a deck change them."""
    bow, stern = Leg(30, 6.6, 172.0), Leg(30, 1.4, 164.0, 180.0)
    detection = found(run([bow, stern] * 14))
    assert not called(detection, "backward", ("confirmed",)).any()
    assert any("as a ship does" in part.reason for part in detection.segments)


def test_nor_where_no_steps_are_counted() -> None:
    """A moment of slowing at each turn speaks for the athlete, the speeds for the ship."""
    bow, stern = Leg(60, 6.4), Leg(60, 2.0, 166.0, 180.0)
    recording = run([bow, Leg(1, 1.0), stern, Leg(1, 1.0, 166.0, 180.0)] * 14)
    columns = {name: each for name, each in recording.columns.items() if name != "cadence_spm"}
    detection = found(structs.replace(recording, columns=columns))
    assert not called(detection, "backward", ("confirmed",)).any()
    asked = [part for part in detection.segments if "no steps tell" in part.reason]
    assert asked
    assert all(part.would_change == "a label" and part.probability <= 0.1 for part in asked)


def test_backward_running_between_fast_repetitions_is_no_ship() -> None:
    """Who runs as fast as that on firm ground takes quicker steps for it."""
    fast, slow = Leg(40, 5.6, 190.0), Leg(40, 2.2, 184.0, 180.0)
    legs = [Leg(200), *[fast, slow] * 8, Leg(60)]
    detection = found(run(legs))
    assert called(detection, "backward", ("confirmed",))[backward(legs)].mean() > 0.9
