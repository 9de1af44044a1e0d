"""A second witness: a phone that is turned is no athlete who turns."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from made_runs import Leg, backward, run
from retrorun.detect import _grounds, _observed, detect, turns
from retrorun.detect.credibility import doubtful_heading
from retrorun.detect.modes import Modes, modes
from retrorun.model import Athlete, Detection, GaitLine, Label, Recording
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.units import BoolArray, FloatArray

SETTINGS = Settings()
BACK = Leg(90, 2.0, 192.0, 180.0, 152.0)
MIXED = [Leg(240), BACK, Leg(120), BACK, Leg(120), BACK, Leg(180)]
FORWARD = [Leg(1500)]


def found(
    recording: Recording, labels: tuple[Label, ...] = (), athlete: Athlete | None = None
) -> Detection:
    track = prepare(recording, SETTINGS.prepare)
    return detect(track, labels, athlete or Athlete(), SETTINGS.detect)


def marked(detection: Detection, verdicts: tuple[str, ...], way: str = "backward") -> BoolArray:
    seconds = np.zeros(detection.columns["backward_probability"].size, dtype=bool)
    for part in detection.segments:
        if part.direction == way and part.verdict in verdicts:
            seconds[int(part.start_s) : int(part.end_s)] = True
    return seconds


def sure(detection: Detection) -> BoolArray:
    return marked(detection, ("confirmed",))


def f1(mask: BoolArray, truth: BoolArray) -> float:
    return float(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))


def turned_device(spans: list[tuple[int, int]], seconds: int = 1500) -> FloatArray:
    mount = np.full(seconds, 30.0)
    for first, last in spans:
        mount[first:last] += 180.0
    return mount


@pytest.mark.parametrize("mount_deg", [20.0, 100.0, 180.0, -70.0])
def test_who_turns_slows_and_steps_quicker_and_is_confirmed(mount_deg: float) -> None:
    detection = found(run(MIXED, mount_deg=mount_deg))
    assert f1(sure(detection), backward(MIXED)) > 0.97


@pytest.mark.parametrize(
    "spans",
    [
        [(700, 1500)],
        [(200, 1500)],
        [(300, 420), (800, 860), (1100, 1250)],
        [(100 * n, 100 * n + 30) for n in range(1, 15)],
    ],
    ids=["once", "once, early", "flips", "many flips"],
)
@pytest.mark.parametrize("without", ["", "cadence_spm"])
def test_a_device_that_is_turned_confirms_nothing(
    spans: list[tuple[int, int]], without: str
) -> None:
    recording = run(FORWARD, mount_deg=turned_device(spans))
    columns = {name: each for name, each in recording.columns.items() if name != without}
    assert not sure(found(structs.replace(recording, columns=columns))).any()


def test_a_device_that_stays_turned_is_seen_to_be() -> None:
    """Ten minutes of an ordinary run are not *perhaps* backward for a phone put back otherwise."""
    detection = found(run(FORWARD, mount_deg=turned_device([(700, 1500)])))
    assert marked(detection, ("candidate",)).sum() < 60


def test_a_device_worn_another_way_while_walking_confirms_nothing() -> None:
    legs = [Leg(200), Leg(100, 1.3, 108.0)] * 5
    mount = np.where(np.arange(1500) % 300 >= 200, 210.0, 30.0)
    assert not sure(found(run(legs, mount_deg=mount))).any()


def test_two_sides_that_are_not_opposite_are_sideways() -> None:
    """Skips on both sides: 132° apart, slower and quicker-stepping than the run before."""
    skips = [Leg(60, 2.1, 186.0, 66.0), Leg(60, 2.1, 186.0, -66.0)]
    detection = found(run([Leg(120), *skips * 6], mount_deg=90.0))
    assert not sure(detection).any()


def test_a_drill_that_goes_on_from_backward_to_sideways_is_confirmed_as_far_as_it_is_backward() -> (
    None
):
    aside = [Leg(25, 2.0, 192.0, 90.0), Leg(25, 2.0, 192.0, -90.0)]
    legs = [Leg(400), *[each for turn in range(6) for each in (BACK, aside[turn % 2], Leg(120))]]
    seen = found(run(legs))
    near = np.convolve(backward(legs), np.ones(11), "same") > 0
    assert f1(sure(seen), backward(legs)) > 0.95
    assert not (sure(seen) & ~near).any()
    assert any(part.reason.endswith("sideways, rather than backward") for part in seen.segments)


def test_short_stretches_confirm_each_other() -> None:
    short = [Leg(30), Leg(16, 2.1, 186.0, 180.0)]
    legs = [Leg(240), *short * 12, Leg(120)]
    assert f1(sure(found(run(legs))), backward(legs)) > 0.9


def test_one_label_decides_which_of_two_directions_is_forward() -> None:
    """Backward at the speed and the steps of forward: only the athlete can tell."""
    alike = Leg(90, 2.8, 166.0, 180.0)
    legs = [Leg(90), alike] * 6
    unaided = found(run(legs, mount_deg=95.0))
    assert not sure(unaided).any()
    assert not marked(unaided, ("confirmed",), "forward").any()
    words = {part.reason for part in unaided.segments if part.direction == "backward"}
    assert any("which is forward" in each for each in words)
    moving = [part for part in unaided.segments if part.evidence["heading"]]
    assert {part.direction for part in moving} == {"forward", "backward"}
    assert {part.verdict for part in moving} == {"candidate"}  # both directions are asked for
    assert all("one label" in part.would_change for part in moving if part.direction == "forward")
    (question,) = [note for note in unaided.notes if note.slug == "two-directions"]
    assert "A for 9 min and B for 9 min: which is forward?" in question.message
    told = found(run(legs, mount_deg=95.0), (Label(90.0, 180.0, "backward", "command"),))
    assert f1(marked(told, ("confirmed", "candidate", "labelled")), backward(legs)) > 0.95
    assert [note.slug for note in told.notes] == []


def paused(legs: list[Leg], source: str, mount: FloatArray | float) -> Recording:
    """The legs as recorded by this source, without the legs that stand still: a paused watch."""
    recording = run(legs, mount_deg=mount)
    keep = np.repeat([leg.speed_mps > 0 for leg in legs], [leg.seconds for leg in legs])
    heading = structs.replace(
        recording.headings[0],
        source=source,
        time_s=recording.time_s[keep],
        heading_deg=recording.headings[0].heading_deg[keep],
    )
    columns = {name: values[keep] for name, values in recording.columns.items()}
    time_s = recording.time_s[keep]
    return structs.replace(recording, time_s=time_s, columns=columns, headings=(heading,))


PAUSE = Leg(40, 0.0, 0.0)


def test_a_relative_heading_confirms_nothing_from_one_pause_to_the_next_by_itself() -> None:
    """All forward: the yaw's zero turns about at each pause, and every second part is slow."""
    slow = Leg(200, 2.0, 190.0)
    legs = [Leg(300), PAUSE, slow, PAUSE, Leg(300), PAUSE, slow, PAUSE, Leg(300)]
    zero = np.repeat([30.0, 30.0, 210.0, 30.0, 30.0, 30.0, 210.0, 30.0, 30.0],
                     [leg.seconds for leg in legs])  # fmt: skip
    detection = found(paused(legs, "csv:yaw", zero))
    assert not sure(detection).any()
    assert not marked(detection, ("confirmed",), "forward").any()
    assert any("another zero" in part.reason for part in detection.segments)


def test_a_relative_heading_confirms_where_each_part_goes_both_ways() -> None:
    legs = [*MIXED, PAUSE, *MIXED]
    detection = found(paused(legs, "csv:yaw", 30.0))
    assert f1(sure(detection), backward(legs)) > 0.95


@pytest.mark.parametrize("iron", [0.25, 0.45])
def test_iron_on_the_device_is_taken_out(iron: float) -> None:
    """A magnet of 0.45 of the earth's field turns the heading by up to asin(0.45) = 27°."""
    legs = [Leg(300), BACK, Leg(600), BACK, Leg(400)]
    detection = found(run(legs, iron=iron, turns_deg=75.0))
    assert "iron" in detection.heading.reason
    assert (detection.heading.concentration or 0) > 0.9
    assert f1(sure(detection), backward(legs)) > 0.95


@pytest.mark.parametrize("device", ["gyro.gpx", "gyroscope phone"])
def test_what_a_second_device_is_called_says_nothing_of_its_heading(device: str) -> None:
    made = run([Leg(300), BACK, Leg(600), BACK, Leg(400)], iron=0.45, turns_deg=75.0)
    series = made.headings[0]
    called = found(
        structs.replace(
            made, headings=(structs.replace(series, source=f"{series.source} ({device})"),)
        )
    )
    assert "iron" in called.heading.reason
    assert called.segments == found(made).segments


def test_steps_counted_by_halves_are_repaired_and_have_no_vote() -> None:
    recording = run(FORWARD)
    columns = dict(recording.columns)
    columns["cadence_spm"] = columns["cadence_spm"].copy()
    columns["cadence_spm"][400:500] /= 2.0
    columns["cadence_spm"][800:860] = 166.0
    track = prepare(structs.replace(recording, columns=columns), SETTINGS.prepare)
    seen = modes(track, SETTINGS.detect)
    assert not seen.walking.any()
    assert seen.cadence_spm[405:495] == pytest.approx(166.0, abs=6.0)
    assert seen.doubtful[405:495].all()
    assert seen.doubtful[805:855].all()
    assert not seen.doubtful[100:390].any()


@pytest.mark.parametrize("mount", [[0, 0, 0, 0, 0], [0, 0, 1, 2, 2]])
@pytest.mark.parametrize("walk_from", [0, 3])
def test_the_decoder_agrees_with_all_paths_counted_one_by_one(
    mount: list[int], walk_from: int
) -> None:
    """Where another mount or a walk begins, either direction is as likely after it."""
    rng = np.random.default_rng(5)
    edges = np.array([0, 10, 30, 35, 60, 90])
    parts = turns.SideRuns(edges[:-1], edges[1:], np.arange(5) % 2 == 1, np.array(mount))
    unlike = np.arange(1, 5) == walk_from
    seen = turns.Boundaries(rng.normal(0, 2, 4), rng.normal(0, 2, 4), unlike)
    given, turn = rng.normal(0, 1, 5), 0.7
    chances = np.zeros((5, 2))
    for path in itertools.product((0, 1), repeat=5):
        log = sum(given[j] for j in range(5) if path[j])
        for j in range(4):
            same = path[j] == path[j + 1]
            odds = turn if mount[j] == mount[j + 1] and not unlike[j] else 0.0
            log += np.log(1 / (1 + np.exp(odds if same else -odds)))
            log += 0.0 if same else (seen.onset[j] if path[j + 1] else seen.ending[j])
        for j in range(5):
            chances[j, path[j]] += np.exp(log)
    expected = np.log(chances[:, 1] / chances[:, 0])
    np.testing.assert_allclose(turns.decode(parts, seen, given, turn), expected, rtol=1e-9)


def test_what_is_known_of_an_athlete_narrows_what_is_expected() -> None:
    """Lines of 140 + 9.5 v and 1.3 times that, at 2.5 to 3.5 and 1.5 to 2.5 m/s."""
    ahead = GaitLine(140.0, 9.5, 0.0, 2.0, 3600.0, 2.5, 3.5)
    behind = GaitLine(182.0, 12.35, 0.0, 2.0, 600.0, 1.5, 2.5)
    usual = turns.backward_gait(Athlete(), SETTINGS.detect)
    own = turns.backward_gait(Athlete(forward_line=ahead, backward_line=behind), SETTINGS.detect)
    assert not usual.known
    assert own.known
    assert own.steps[0] == pytest.approx(np.log(1.3), abs=0.02)
    assert own.speed[0] == pytest.approx(np.log(2.0 / 3.0), abs=0.04)
    assert own.steps[1] < usual.steps[1] / 2


def test_walking_is_compared_with_walking_where_both_gaits_lie_about_a_change() -> None:
    """Half a window walks on at the same speed before it runs: nothing slowed or quickened."""
    walked, ran = (1.2, 100.0), (3.2, 166.0)
    pace, rate = np.array([walked] * 45 + [ran] * 15).T
    gait = Modes(
        speed_mps=pace,
        cadence_spm=rate,
        moving=np.ones(60, dtype=bool),
        walking=pace < 2.0,
        unknown=np.zeros(60, dtype=bool),
        doubtful=np.zeros(60, dtype=bool),
        carried=np.zeros(60, dtype=bool),
        grade=np.zeros(60),
    )
    at, first, last = (np.array([each]) for each in (30, 0, 60))
    found = turns.contrast(at, (first, last), gait, SETTINGS.detect)
    assert found.speed[0] == pytest.approx(0.0, abs=1e-9)
    assert found.steps[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("without", "holds"), [("", True), ("cadence_spm", False)])
def test_speed_alone_must_say_more_than_speed_and_steps(without: str, holds: bool) -> None:  # noqa: FBT001
    """The same log-odds of the second witness confirm with a step rate, and not without one."""
    legs = [Leg(600), BACK, Leg(600)]
    recording = run(legs)
    columns = {name: each for name, each in recording.columns.items() if name != without}
    track = prepare(structs.replace(recording, columns=columns), SETTINGS.prepare)
    silent = np.zeros(track.seconds)
    grounds = _grounds(_observed(track, SETTINGS.detect), silent, Athlete(), SETTINGS.detect)
    assert grounds.mount is not None
    just_enough = np.full(track.seconds, SETTINGS.detect.witness_enough + 0.1)
    mount = structs.replace(grounds.mount, witness=just_enough, turns=1.0)
    weighed = structs.replace(grounds, mount=mount)
    doubt = doubtful_heading(weighed, (605, 685), resembles_proven=False, settings=SETTINGS.detect)
    assert (doubt is None) is holds, doubt


UP, DOWN = Leg(90, 2.1, 164.0), Leg(60, 3.2, 163.0)
CLIMBS = [Leg(240), *[UP, DOWN] * 8, Leg(240)]


def on_a_hill(legs: list[Leg], mount: list[float]) -> Recording:
    """Climbs of 8 % by the legs ``UP`` and as much down by the others; ``mount`` is of each leg."""
    seconds = [leg.seconds for leg in legs]
    made = run(legs, mount_deg=20.0 + np.repeat(mount, seconds))
    climb = [
        0.0 if each in {0, len(legs) - 1} else 0.08 * (1.0 if each % 2 else -1.0)
        for each in range(len(legs))
    ]
    speed = [leg.speed_mps for leg in legs]
    altitude = 300.0 + np.cumsum(np.repeat(np.array(climb) * np.array(speed), seconds))
    return structs.replace(made, columns={**made.columns, "altitude_m": altitude})


def test_a_device_that_is_turned_on_climbs_confirms_nothing() -> None:
    """A climb slows as much as turning about does."""
    mount = [180.0 * (leg is UP) for leg in CLIMBS]
    assert not sure(found(on_a_hill(CLIMBS, mount))).any()


def test_who_runs_backward_downhill_is_not_confirmed_to_run_backward_uphill() -> None:
    """Backward downhill is faster than forward uphill, with fewer steps for its speed."""
    climb, descent = replace(UP, steps_spm=172.0), Leg(75, 2.5, 163.0, 180.0)
    legs = [{UP: climb, DOWN: descent}.get(leg, leg) for leg in CLIMBS]
    seen = found(on_a_hill(legs, [0.0] * len(legs)))
    truth = backward(legs)
    near, far = (np.convolve(each, np.ones(11), "same") > 0 for each in (truth, ~truth))
    assert not (sure(seen) & ~near).any()
    assert not (marked(seen, ("confirmed",), "forward") & ~far).any()


def test_what_a_grade_usually_takes_from_the_speed_is_no_change_of_gait() -> None:
    """Log speed falls by ``grade_slows`` times the grade, and the steps with it."""
    steeper, (slows, unsure) = 0.1, SETTINGS.detect.grade_slows
    pace = np.repeat([3.0, 3.0 * np.exp(-slows * steeper)], 30)
    climbs, slope = SETTINGS.detect.grade_slope[0], SETTINGS.detect.run_slope[0]
    grade = np.repeat([0.0, steeper], 30)
    rate = 166.0 + slope * (pace - 3.0) + climbs * grade
    every = np.ones(60, dtype=bool)
    gait = Modes(pace, rate, every, ~every, ~every, ~every, ~every, grade)
    at, first, last = (np.array([each]) for each in (30, 0, 60))
    hill = turns.contrast(at, (first, last), gait, SETTINGS.detect)
    flat = turns.contrast(
        at, (first, last), structs.replace(gait, grade=0.0 * grade), SETTINGS.detect
    )
    assert hill.speed[0] == pytest.approx(0.0, abs=1e-9)
    assert flat.speed[0] == pytest.approx(-slows * steeper)
    assert hill.steps[0] == pytest.approx(0.0, abs=2e-3)
    extra = np.sqrt(hill.speed_spread[0] ** 2 - flat.speed_spread[0] ** 2)
    assert extra == pytest.approx(unsure * steeper)


@pytest.mark.parametrize("ride_s", [240, 700])
def test_a_ride_without_steps_is_not_compared_with_running(ride_s: int) -> None:
    """A passenger who faces the stern: the boat is faster than the run, and may last longer."""
    ride, stop = Leg(ride_s, 4.5, 0.0, 180.0), Leg(30, 0.0, 0.0)
    legs = [Leg(500), *[stop, ride, stop, Leg(400)] * 3]
    assert not sure(found(run(legs))).any()


@pytest.mark.parametrize("walked_first", [0, 60])
def test_a_run_that_becomes_a_walk_is_no_turn_of_the_athlete(walked_first: int) -> None:
    """Six stretches are run backward; in two walks the phone is held the other way round.

    Nothing but the turns of the running would speak for the walks.
    """
    slow, run_on = Leg(60, 2.0, 190.0, 180.0), Leg(60)
    walk = Leg(60, 1.4, 104.0)
    legs = [Leg(walked_first, 1.5, 104.5), Leg(240), *[slow, run_on] * 4, walk, Leg(120), walk]
    legs += [run_on, *[slow, run_on] * 2]
    walks = np.concatenate([np.full(leg.seconds, leg is walk) for leg in legs])
    detection = found(run(legs, mount_deg=20.0 + 180.0 * walks))
    confirmed, asked = (marked(detection, (verdict,)) for verdict in ("confirmed", "candidate"))
    truth = backward(legs)
    assert (confirmed & truth).sum() > 0.95 * truth.sum()
    assert (confirmed & walks).sum() <= 5
    assert (asked & walks).sum() > 100


def test_walk_breaks_with_the_phone_turned_are_not_confirmed() -> None:
    """A run with walks of half a minute in which the phone is in the hand: all of it is forward."""
    pieces = [Leg(60), Leg(3, 2.2, 150.0), Leg(27, 1.6, 122.0)] * 9
    walks = np.concatenate([np.full(leg.seconds, leg.speed_mps < 2.5) for leg in pieces])
    detection = found(run(pieces, mount_deg=20.0 + 180.0 * walks))
    assert not marked(detection, ("confirmed",)).any()
    assert marked(detection, ("candidate",)).sum() > 150
