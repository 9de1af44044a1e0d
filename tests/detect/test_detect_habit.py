"""What the athlete answered, and what counts by habit: never without trust and proof."""

from statistics import NormalDist

import numpy as np
import pytest
from msgspec.structs import replace

from made_runs import Leg, backward, run
from retrorun import learn
from retrorun.detect import detect
from retrorun.detect.gait import answered_odds
from retrorun.detect.labels import gait_answers
from retrorun.model import (
    AnsweredGait,
    AnsweredSide,
    Athlete,
    Detection,
    GaitCandidate,
    GaitHabit,
    GaitKind,
    Label,
)
from retrorun.prepare import prepare
from retrorun.settings import Settings

SETTINGS = Settings()
BACK = Leg(90, 2.0, 192.0, 180.0, 152.0)
LEGS = [Leg(240), BACK, Leg(120), BACK, Leg(120), BACK, Leg(180)]
# 192 steps/min at 2.0 m/s; the forward legs are 166 at 2.8: 2.0 / 2.8 = 0.71, 192 / 166 = 1.16
KIND = GaitKind((0.08, 0.25), (0.6, 0.8), 60.0)
PROVEN = GaitHabit(KIND, 80, 80, 10, 78, 78, 0.953, proven=True)
TRUSTING = Athlete(trust_gait=True, gait_habit=PROVEN)


def found(
    athlete: Athlete,
    labels: tuple[Label, ...] = (),
    legs: list[Leg] = LEGS,
    *,
    compass: bool = False,
) -> Detection:
    track = prepare(run(legs, compass=compass), SETTINGS.prepare)
    return detect(track, labels, athlete, SETTINGS.detect)


def verdicts(detection: Detection, way: str = "backward") -> set[str]:
    return {part.verdict for part in detection.segments if part.direction == way}


def test_what_is_proposed_is_described_by_its_steps_and_its_speed() -> None:
    candidates = found(Athlete()).gait_candidates
    assert len(candidates) == 3
    for each, start_s in zip(candidates, (240.0, 450.0, 660.0), strict=True):
        assert abs(each.start_s - start_s) < 6
        assert each.speed_share == pytest.approx(2.0 / 2.8, abs=0.03)
        assert 0.1 < each.step_gain < 0.25


def test_a_trusted_and_proven_kind_counts_and_is_marked() -> None:
    detection = found(TRUSTING)
    assert verdicts(detection) == {"habit"}
    assert verdicts(detection, "forward") == {"assumed"}
    truth = backward(LEGS)
    mask = np.zeros(truth.size, dtype=bool)
    for part in detection.segments:
        if part.kind == "backward":
            mask[int(part.start_s) : int(part.end_s)] = True
            assert "called backward before" in part.reason
            assert "label" in part.would_change
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.95


@pytest.mark.parametrize(
    "athlete",
    [
        Athlete(gait_habit=PROVEN),
        Athlete(trust_gait=True),
        Athlete(trust_gait=True, gait_habit=replace(PROVEN, proven=False)),
        Athlete(trust_gait=True, gait_habit=replace(PROVEN, kind=None)),
        replace(TRUSTING, gait_habit=None),
        TRUSTING.without_learnt(),
    ],
)
def test_nothing_counts_without_trust_or_without_proof(athlete: Athlete) -> None:
    assert verdicts(found(athlete)) == {"candidate"}
    assert found(athlete).segments == found(Athlete()).segments


@pytest.mark.parametrize(
    "kind",
    [
        replace(KIND, step_gain=(0.25, 0.4)),
        replace(KIND, speed_share=(0.3, 0.6)),
        replace(KIND, least_s=120.0),
    ],
)
def test_another_kind_stays_a_candidate(kind: GaitKind) -> None:
    other = replace(TRUSTING, gait_habit=replace(PROVEN, kind=kind))
    assert verdicts(found(other)) == {"candidate"}


def test_a_heading_is_no_habit() -> None:
    """With a compass the heading decides, and what it leaves in doubt is not counted by steps."""
    assert "habit" not in verdicts(found(TRUSTING, compass=True))
    legs = [Leg(90), Leg(90, 2.8, 166.0, 180.0)] * 6
    assert "habit" not in verdicts(found(TRUSTING, legs=legs, compass=True))


def test_a_label_wins_over_habit() -> None:
    forward = Label(200.0, 700.0, "forward", "command")
    detection = found(TRUSTING, (forward,))
    within = [part for part in detection.segments if 200 <= part.start_s < 700]
    assert {(part.direction, part.verdict) for part in within} == {("forward", "labelled")}


def test_rejected_drills_of_a_session_take_no_other_question_of_it_away() -> None:
    """Four drills and four backward stretches in turn: each "no" answers one question, and no more.

    Nor are the quick steps of drills taken for the athlete's forward line.
    """
    drill = Leg(90, 2.1, 186.0)
    legs = [Leg(240), *[drill, Leg(120), BACK, Leg(120)] * 4]
    given: list[Label] = []
    asked = [part for part in found(Athlete(), (), legs).segments if part.kind == "candidate"]
    assert len(asked) == 8
    for drills in range(4):
        part = asked[2 * drills]
        given.append(Label(part.start_s, part.end_s, "forward", "command"))
        told = found(Athlete(), tuple(given), legs)
        assert sum(part.kind == "candidate" for part in told.segments) == 7 - drills
        assert told.forward_line is None
    given += [Label(part.start_s, part.end_s, "backward", "command") for part in asked[1::2]]
    told = found(Athlete(), tuple(given), legs)
    assert (told.forward_line, told.backward_line) == (None, None)


def test_labelled_forward_running_is_a_line_however_little_of_the_session_it_is() -> None:
    """At 2.8 m/s the legs forward have 166 steps/min."""
    told = found(Athlete(), (Label(0.0, 300.0, "forward", "command"),), [Leg(60), *LEGS, *LEGS])
    line = told.forward_line
    assert line is not None
    assert line.intercept_spm + 2.8 * line.slope_spm_per_mps == pytest.approx(166.0, abs=2.0)


def test_answers_accept_reject_and_tell_what_was_moved_too_far() -> None:
    proposed = [GaitCandidate(100.0 * place, 100.0 * place + 50.0, 0.1, 0.7) for place in range(5)]
    labels = [
        Label(0.0, 60.0, "backward", "command"),  # accepted
        Label(100.0, 160.0, "forward", "command"),  # rejected
        Label(210.0, 255.0, "backward", "sidecar"),  # moved by 10 s: 40 of 50 s are covered
        Label(300.0, 330.0, "backward", "command"),  # 30 s of it were backward, and 20 s not
        Label(330.0, 350.0, "forward", "command"),
        Label(400.0, 420.0, "backward", "command"),  # 20 of 50 s: hardly an answer
    ]
    given = gait_answers(proposed, labels, 500, SETTINGS.detect)
    assert [each.backward for each in given] == [True, False, True, False]
    assert [each.mixed for each in given] == [False, False, False, True]
    assert {each.length_s for each in given} == {50.0}


def quick(steps_log: float, speed_log: float) -> AnsweredSide:
    return AnsweredSide(6, 3, 3, steps_log, speed_log)


def test_what_looks_like_rejected_segments_is_not_proposed_again() -> None:
    """192 steps/min beside 158 on the line, 0.71 of the speed: ln 1.21 = 0.19, ln 0.71 = -0.34."""
    rejected = AnsweredGait(None, quick(0.18, -0.34), log_odds=1.0)
    detection = found(Athlete(answered_gait=rejected))
    assert {part.direction for part in detection.segments} == {"forward"}
    assert {part.verdict for part in detection.segments} == {"assumed"}
    assert {part.reason for part in detection.segments} == {
        "a part of it is as in what you called forward before"
    }
    assert "answered_gait" in detection.reads
    assert max(detection.columns["backward_probability"]) < 0.5
    assert detection.gait_candidates == found(Athlete()).gait_candidates


@pytest.mark.parametrize(
    "answered",
    [
        AnsweredGait(quick(0.18, -0.34), None, log_odds=3.0),
        AnsweredGait(None, quick(0.05, -0.2), log_odds=1.0),
        AnsweredGait(quick(0.18, -0.34), quick(0.05, -0.2), log_odds=2.0),
    ],
)
def test_other_rejections_leave_it_a_candidate(answered: AnsweredGait) -> None:
    """Accepted ones drop nothing, nor do rejected ones of fewer steps at a higher speed."""
    assert verdicts(found(Athlete(answered_gait=answered))) == {"candidate"}


@pytest.mark.parametrize("accepted", [1, 2, 4])
@pytest.mark.parametrize("rejected", [2, 3, 4])
def test_what_looks_like_accepted_segments_as_well_stays_a_candidate(
    accepted: int, rejected: int
) -> None:
    """Of one and the same look some were accepted and some rejected: it may be either."""
    yes, no = (replace(quick(0.18, -0.34), sessions=n, weight=n) for n in (accepted, rejected))
    answered = AnsweredGait(yes, no, log_odds=1.0)  # ln(13.5 / 4.5), of four sessions each
    assert verdicts(found(Athlete(answered_gait=answered))) == {"candidate"}


def test_what_is_nearer_to_rejected_segments_than_to_accepted_ones_is_not_proposed() -> None:
    """Accepted with 42 % more steps at 0.55 of the speed, rejected like what is found."""
    answered = AnsweredGait(quick(0.35, -0.6), quick(0.18, -0.34), log_odds=1.0)
    assert verdicts(found(Athlete(answered_gait=answered))) == set()


def test_stretches_of_which_a_part_was_backward_are_no_rejections() -> None:
    """In two sessions the first 25 s of each stretch are cut off, of 90: the rest was backward."""
    sessions = []
    for legs in (LEGS, [*LEGS, *LEGS]):
        proposed, seconds = found(Athlete(), (), legs).gait_candidates, sum(x.seconds for x in legs)
        labels: list[Label] = []
        for each in proposed:
            middle_s = each.start_s + 25.0
            labels.append(Label(each.start_s, middle_s, "forward", "command"))
            labels.append(Label(middle_s, each.end_s, "backward", "command"))
        sessions.append(gait_answers(proposed, labels, seconds, SETTINGS.detect))
    assert [len(each) for each in sessions] == [3, 6]
    assert not any(each.backward for answers in sessions for each in answers)
    assert learn.answered_gait(sessions, SETTINGS.compare) is None
    habit = learn.gait_habit(sessions, SETTINGS.compare)
    assert habit is not None
    assert (habit.answers, habit.backward) == (9, 0)
    rejected = [[replace(each, mixed=False) for each in answers] for answers in sessions]
    athlete = Athlete(answered_gait=learn.answered_gait(rejected, SETTINGS.compare))
    assert verdicts(found(athlete)) == set()  # so many rejections would have hidden it


def test_rejections_in_one_session_take_no_question_away() -> None:
    once = replace(quick(0.18, -0.34), sessions=1, weight=1)
    before, after = found(Athlete()), found(Athlete(answered_gait=AnsweredGait(None, once, 1.0)))
    pairs = list(zip(before.segments, after.segments, strict=True))
    assert {(one.start_s, one.direction, one.verdict) for one, _ in pairs} == {
        (one.start_s, one.direction, one.verdict) for _, one in pairs
    }
    asked = [pair for pair in pairs if pair[0].direction == "backward"]
    assert all(one.probability > other.probability for one, other in asked)


def test_a_label_and_a_proven_habit_win_over_rejections() -> None:
    rejected = AnsweredGait(None, quick(0.18, -0.34), log_odds=1.0)
    trusting = replace(TRUSTING, answered_gait=rejected)
    assert verdicts(found(trusting)) == {"habit"}
    labelled = found(Athlete(answered_gait=rejected), (Label(245.0, 325.0, "backward", "command"),))
    assert "labelled" in verdicts(labelled)


def test_the_odds_are_those_of_two_normals() -> None:
    """Means drawn to three sessions, whose deviation is half of that between people."""
    settings = SETTINGS.detect
    answered = AnsweredGait(None, quick(0.06, 0.0), log_odds=0.5)
    one = GaitCandidate(0.0, 90.0, float(np.exp(0.06) - 1.0), float(np.exp(-0.29)))
    total = 0.5
    for value, own, people in (
        (0.06, 0.06, (settings.ratio_log, settings.quick_steps)),
        (-0.29, 0.0, ((-settings.slower_log[0], settings.slower_log[1]), settings.quick_speed)),
    ):
        (usual, spread), (mean, between) = people
        within = settings.answered_within * between
        weights = (1.0 / between**2, 3.0 / within**2)
        drawn = (weights[0] * mean + weights[1] * own) / sum(weights)
        predicted = NormalDist(drawn, np.sqrt(1.0 / sum(weights) + within**2))
        wide = NormalDist(usual, spread * np.hypot(1.0, settings.answered_within))
        odds = np.log(wide.pdf(value) / predicted.pdf(value))
        total += float(np.clip(odds, -settings.answered_vote, settings.answered_vote))
    assert answered_odds(one, answered, settings) == pytest.approx(total, abs=1e-9)


def test_beside_accepted_segments_both_kinds_are_as_narrow_as_the_narrower_one() -> None:
    """Three sessions of each, steps alone apart; the rejected kind is the narrower one."""
    settings = SETTINGS.detect
    answered = AnsweredGait(quick(0.2, -0.3), quick(0.1, -0.3), log_odds=1.0)
    one = GaitCandidate(0.0, 90.0, float(np.exp(0.14) - 1.0), float(np.exp(-0.3)))
    speed_people = (-settings.slower_log[0], settings.slower_log[1]), settings.quick_speed
    totals = [1.0, 1.0]
    for value, own, people in (
        (0.14, (0.2, 0.1), (settings.ratio_log, settings.quick_steps)),
        (-0.3, (-0.3, -0.3), speed_people),
    ):
        kinds = []
        for (mean, between), seen in zip(people, own, strict=True):
            within = settings.answered_within * between
            weights = (1.0 / between**2, 3.0 / within**2)
            drawn = (weights[0] * mean + weights[1] * seen) / sum(weights)
            kinds.append((drawn, float(np.sqrt(1.0 / sum(weights) + within**2))))
        narrow = min(spread for _, spread in kinds)
        for place, spreads in enumerate(([spread for _, spread in kinds], [narrow, narrow])):
            ahead, behind = (
                NormalDist(mean, spread).pdf(value)
                for (mean, _), spread in zip(kinds, spreads, strict=True)
            )
            bound = settings.answered_vote
            totals[place] += float(np.clip(np.log(ahead / behind), -bound, bound))
    assert totals[0] != pytest.approx(totals[1], abs=0.1)
    assert answered_odds(one, answered, settings) == pytest.approx(max(totals), abs=1e-9)


def test_a_contact_time_of_one_session_weighs_less_than_of_four() -> None:
    """Rejected at the contact time that is found, ln 0.9 = -0.11; people: -0.17 and -0.03."""
    one = GaitCandidate(0.0, 90.0, float(np.exp(0.1) - 1.0), float(np.exp(-0.3)), 0.9)
    known = replace(quick(0.1, -0.3), contact_log=float(np.log(0.9)), weight=4)
    odds = [
        answered_odds(
            one, AnsweredGait(None, replace(known, contact_weight=n), 1.0), SETTINGS.detect
        )
        for n in (0, 1, 4)
    ]
    usual = answered_odds(
        one, AnsweredGait(None, replace(known, contact_log=None), 1.0), SETTINGS.detect
    )
    assert odds[0] == pytest.approx(usual)
    assert odds[0] > odds[1] > odds[2]
