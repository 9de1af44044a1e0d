"""A label of forward never makes forward running backward; what waits for an answer is asked."""

import numpy as np
import pytest

from made_runs import Leg, backward, run
from retrorun.detect import _grounds, _observed, detect
from retrorun.detect.labels import evidence
from retrorun.model import Athlete, Detection, Label, Recording
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.units import BoolArray, FloatArray

SETTINGS = Settings()
BACK = Leg(60, 2.0, 186.0, 180.0, 152.0)
PLAIN = Leg(60)
ALIKE = Leg(60, 2.8, 166.0, 180.0)  # backward at the speed and the steps of forward
SURE = ("confirmed", "labelled")


def found(recording: Recording, *labels: tuple[float, float, str]) -> Detection:
    given = tuple(
        Label(start_s, end_s, "forward" if way == "forward" else "backward", "command")
        for start_s, end_s, way in labels
    )
    return detect(prepare(recording, SETTINGS.prepare), given, Athlete(), SETTINGS.detect)


def called(
    detection: Detection, verdicts: tuple[str, ...], direction: str = "backward"
) -> BoolArray:
    seconds = np.zeros(detection.columns["backward_probability"].size, dtype=bool)
    for part in detection.segments:
        if part.direction == direction and part.verdict in verdicts:
            seconds[int(part.start_s) : int(part.end_s)] = True
    return seconds


def turned(legs: list[Leg], numbers: set[int], mount_deg: float = 20.0) -> FloatArray:
    """The mount, by 180° another one in the legs of these numbers."""
    return np.concatenate(
        [
            np.full(leg.seconds, mount_deg + 180.0 * (number in numbers))
            for number, leg in enumerate(legs)
        ]
    )


# four backward stretches, and the phone once turned about for a slow minute and a half
MIXED = [Leg(300), *[BACK, PLAIN] * 4, Leg(90, 2.4, 162.0), Leg(120), *[BACK, PLAIN] * 2]
IN_THE_HAND = turned(MIXED, {9})


def test_a_phone_that_was_turned_once_turns_no_session_over() -> None:
    recording, truth = run(MIXED, mount_deg=IN_THE_HAND), backward(MIXED)
    unaided = found(recording)
    assert (called(unaided, ("confirmed",)) & truth).sum() > 0.97 * truth.sum()
    assert called(unaided, ("candidate",))[785:865].all()  # it is asked about
    told = found(recording, (790, 830, "forward"))
    assert (called(told, ("confirmed",)) & truth).sum() > 0.97 * truth.sum()
    near = np.convolve(truth, np.ones(11), "same") > 0
    assert not (called(told, ("confirmed", "candidate")) & ~near).any()  # all of it is answered
    deep = np.convolve(truth, np.ones(11), "same") >= 11
    assert not (called(told, SURE, "forward") & deep).any()


# forward throughout; the phone is turned about in each slow minute
SLOW = Leg(60, 2.2, 158.0)
JOGS = [Leg(300), *[SLOW, Leg(90)] * 7]
IN_EACH_JOG = turned(JOGS, {1, 3, 5, 7, 9, 11, 13})
IN_JOGS = [(300.0 + 150 * each, 360.0 + 150 * each) for each in range(7)]


@pytest.mark.parametrize("steps_spm", [158.0, 164.0, 172.0])
@pytest.mark.parametrize("side", ["asked", "the other"])
def test_one_label_of_forward_confirms_nothing_of_a_forward_session(
    steps_spm: float, side: str
) -> None:
    legs = [Leg(300), *[Leg(60, 2.2, steps_spm), Leg(90)] * 7]
    label = (310.0, 350.0, "forward") if side == "asked" else (20.0, 60.0, "forward")
    recording = run(legs, mount_deg=IN_EACH_JOG)
    told = found(recording, label)
    before = called(found(recording), SURE)
    assert not (called(told, SURE) & ~before).any()
    assert side == "the other" or not called(told, SURE).any()


def test_who_rejects_all_of_it_is_not_asked_about_the_rest() -> None:
    recording = run(JOGS, mount_deg=IN_EACH_JOG)
    assert called(found(recording), ("candidate",)).any()
    told = found(recording, *[(*each, "forward") for each in IN_JOGS])
    assert not called(told, ("candidate", "confirmed", "labelled")).any()


def test_forward_on_what_was_confirmed_leaves_the_rest_of_it_in_doubt() -> None:
    """Drills of quick short steps with the phone turned deceive heading and steps."""
    legs = [Leg(300), *[Leg(60, 2.4, 200.0), PLAIN] * 6]
    recording = run(legs, mount_deg=turned(legs, {1, 3, 5, 7, 9, 11}))
    assert called(found(recording), ("confirmed",)).sum() > 300
    told = found(recording, (303, 343, "forward"))
    assert not called(told, SURE).any()
    assert any("where you said forward" in part.reason for part in told.segments)


TWO = [Leg(90), Leg(90, 2.8, 166.0, 180.0)] * 6


def test_of_two_directions_forward_on_one_leaves_the_other_a_candidate() -> None:
    """Neither speed nor steps say so: the device may only have been turned."""
    for label in ((10.0, 70.0, "forward"), (100.0, 160.0, "forward")):
        told = found(run(TWO, mount_deg=95.0), label)
        assert not called(told, SURE).any()
        other = backward(TWO) == (label[0] < 90)
        assert (called(told, ("candidate",)) & other).sum() > 0.95 * other.sum()
        assert [note.slug for note in told.notes] == []  # which is forward is known


def test_of_two_directions_forward_on_one_confirms_the_other_by_its_own_steps() -> None:
    """Quicker steps, and faster at that: without the label speed and steps dispute."""
    legs = [Leg(90, 2.4, 160.0), Leg(90, 2.6, 192.0, 180.0)] * 6
    recording, truth = run(legs, mount_deg=95.0), backward(legs)
    assert not called(found(recording), SURE).any()
    told = found(recording, (10.0, 70.0, "forward"))
    assert (called(told, ("confirmed",)) & truth).sum() > 0.97 * truth.sum()
    assert (called(told, ("confirmed", "candidate")) & ~truth).sum() < 5


def test_forward_on_both_sides_ends_the_questions() -> None:
    recording = run(TWO, mount_deg=95.0)
    assert found(recording).notes
    told = found(recording, (10.0, 70.0, "forward"), (100.0, 160.0, "forward"))
    assert not called(told, ("candidate", "confirmed", "labelled")).any()
    assert not called(told, ("candidate",), "forward").any()
    assert [note.slug for note in told.notes] == []
    assert any("both directions" in part.reason for part in told.segments)


def test_one_label_of_backward_outweighs_two_of_a_turned_device() -> None:
    legs = [Leg(90), *[Leg(90, 2.8, 166.0, 180.0), Leg(90)] * 5, Leg(90)]
    mount = turned(legs, {len(legs) - 1}, 95.0)
    last_s = float(sum(leg.seconds for leg in legs))
    forward = (last_s - 85, last_s - 5, "forward")
    told = found(run(legs, mount_deg=mount), (100, 140, "backward"), forward)
    truth = backward(legs)
    assert (called(told, ("confirmed", "candidate", "labelled")) & truth).sum() > 0.9 * truth.sum()
    assert not (called(told, SURE) & ~truth).sum() > 10


def test_forward_on_a_short_disturbance_does_not_turn_the_whole_session_over() -> None:
    legs = [Leg(700), Leg(40), Leg(700)]
    told = found(run(legs, mount_deg=turned(legs, {1})), (705, 735, "forward"))
    assert not called(told, ("confirmed", "candidate", "labelled")).any()


def test_what_turns_about_time_after_time_at_one_speed_is_asked() -> None:
    """A magnet is met once; six exact turns for a minute each are an athlete or a device."""
    legs = [Leg(300), *[ALIKE, PLAIN] * 6]
    recording, truth = run(legs), backward(legs)
    unaided = found(recording)
    assert not called(unaided, SURE).any()
    assert (called(unaided, ("candidate",)) & truth).sum() > 0.95 * truth.sum()
    told = found(recording, (303, 343, "backward"))
    assert (called(told, ("candidate", *SURE)) & truth).sum() > 0.95 * truth.sum()
    near = np.convolve(truth, np.ones(11), "same") > 0
    assert not (called(told, ("candidate", *SURE)) & ~near).any()


@pytest.mark.parametrize(("times", "bent_deg"), [(1, 180.0), (6, 130.0)])
def test_what_is_met_once_or_bends_by_another_angle_is_a_magnet(
    times: int, bent_deg: float
) -> None:
    legs = [Leg(300), *[PLAIN, PLAIN] * 6]
    is_bent = turned(legs, set(range(1, 2 * times, 2)), 0.0) > 0
    told = found(run(legs, mount_deg=np.where(is_bent, 20.0 + bent_deg, 20.0)))
    assert not called(told, ("candidate", *SURE)).any()


@pytest.mark.parametrize(
    ("times", "seconds", "is_asked"),
    [(1, 20, False), (1, 45, False), (1, 60, True), (2, 45, True), (2, 60, True), (6, 20, True)],
)
def test_forward_does_not_make_backward_running_confirmed_forward(
    times: int,
    seconds: int,
    is_asked: bool,  # noqa: FBT001
) -> None:
    """Nor what looks like a magnet; and what made up one of two directions is still asked about."""
    legs = [Leg(300), *[Leg(seconds, 2.8, 166.0, 180.0), PLAIN] * times, Leg(200)]
    told = found(run(legs), (20, 60, "forward"))
    assert called(told, SURE, "forward")[:290].all()
    deep = np.convolve(backward(legs), np.ones(11), "same") >= 11
    assert not (called(told, SURE, "forward") & deep).any()
    assert (called(told, ("candidate",)) & deep).sum() == is_asked * deep.sum()


@pytest.mark.parametrize("begins_s", [302, 303, 304])
def test_a_label_within_a_confirmed_stretch_costs_nothing_of_its_edge(begins_s: int) -> None:
    recording = run(MIXED, mount_deg=20.0)
    told = found(recording, (begins_s, 357, "backward"))
    assert not (called(found(recording), SURE) & ~called(told, SURE)).any()


def test_forward_on_the_other_side_does_not_say_that_the_athlete_turns_with_the_pace() -> None:
    """The phone is turned in every jog; the steps are those of a jog."""
    legs = [Leg(300), *[Leg(60, 2.0, 160.0), Leg(120)] * 8]
    recording = run(legs, mount_deg=turned(legs, set(range(1, 17, 2)), 30.0))
    told = found(recording, (20, 60, "forward"))
    assert not called(told, SURE).any()
    assert called(told, ("candidate",)).sum() > 450


def test_forward_that_reaches_into_a_backward_stretch_takes_no_more_of_it() -> None:
    legs = [Leg(300), *[BACK, PLAIN] * 4]
    told = found(run(legs), (345, 420, "forward"))
    assert called(told, ("confirmed",))[302:345].all()
    assert (called(told, ("confirmed",)) & backward(legs)).sum() > 215


def test_of_two_walks_forward_on_one_leaves_the_other_in_doubt() -> None:
    """A walk of quicker steps at one speed, with the phone turned: gait says nothing of a walk."""
    legs = [Leg(90, 1.4, 110.0), Leg(90, 1.4, 118.0)] * 6
    recording = run(legs, mount_deg=turned(legs, set(range(1, 12, 2)), 95.0))
    told = found(recording, (10, 70, "forward"))
    assert not called(told, SURE).any()
    assert any("you called the other direction forward" in part.reason for part in told.segments)


def test_one_label_of_backward_leaves_the_plain_running_before_it_forward() -> None:
    """At one speed and step rate the label must not make the device turned before it."""
    legs = [Leg(61, 1.5, 120.0), Leg(240), *[ALIKE, PLAIN] * 6]
    told = found(run(legs, mount_deg=80.0), (310, 343, "backward"))
    assert (called(told, ("candidate", *SURE)) & ~backward(legs)).sum() < 10


def test_forward_where_the_phone_was_turned_makes_no_other_run_likelier_backward() -> None:
    jog = Leg(60, 2.2, 162.0)
    legs = [Leg(300), *[BACK, PLAIN] * 4, *[jog, PLAIN] * 3]
    track = prepare(run(legs, mount_deg=turned(legs, {9, 11, 13})), SETTINGS.prepare)
    label = Label(903.0, 943.0, "forward", "command")
    witness = []
    for labels in ((), (label,)):
        said = evidence(labels, track.seconds, SETTINGS.detect)
        mount = _grounds(_observed(track, SETTINGS.detect), said, Athlete(), SETTINGS.detect).mount
        assert mount is not None
        witness.append(mount.witness)
    assert (witness[1] <= witness[0] + 1e-9).all()
