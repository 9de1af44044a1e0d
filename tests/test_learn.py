"""What sessions teach. Many readings of one line that is known by hand must give that line back."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from made_runs import Leg, laps, run
from retrorun import compare, detect, learn, pipeline, prepare, readers
from retrorun.detect.labels import ALTERNATE, turned_about
from retrorun.model import (
    Analysis,
    AnsweredSide,
    Athlete,
    Blob,
    Estimate,
    Export,
    GaitAnswer,
    GaitHabit,
    GaitKind,
    GaitLine,
    Label,
    Lesson,
    Outcome,
    Source,
)
from retrorun.settings import Settings
from retrorun.simulate import scenarios, simulate

READ_OF_A_LINE = ("intercept_spm", "slope_spm_per_mps", "grade_slope_spm", "spread_spm")
READ_OF_A_CONTRAST = ("intercept_spm", "slope_spm_per_mps", "low_mps", "high_mps")


def line(intercept: float, slope: float, low: float, high: float, seconds: float) -> GaitLine:
    return GaitLine(intercept, slope, 40.0, 2.0, seconds, low, high)


def test_nothing_teaches_nothing() -> None:
    assert learn.combine([None, None]) is None


def test_one_line_seen_at_other_speeds_is_the_same_line() -> None:
    common = learn.combine([line(130, 10, 2, 3, 600), line(130, 10, 3, 4, 1200), None])
    assert common is not None
    assert common.intercept_spm == pytest.approx(130)
    assert common.slope_spm_per_mps == pytest.approx(10)
    assert common.spread_spm == pytest.approx(2)
    assert (common.low_mps, common.high_mps, common.seconds) == (2, 4, 1800)


def test_a_long_session_counts_for_more() -> None:
    # two flat lines at one speed: 160 for 300 s, 170 for 900 s → 167.5; apart by 4.33 (hand-worked)
    common = learn.combine([line(160, 0, 3, 3, 300), line(170, 0, 3, 3, 900)])
    assert common is not None
    assert common.intercept_spm == pytest.approx(167.5)
    assert common.spread_spm == pytest.approx((4 + 18.75) ** 0.5)


def test_a_session_that_gait_had_to_guess_teaches_nothing(samples: Path) -> None:
    watch, workout = (
        _analysed(samples / name) for name in ("2026-05-21-watch.tcx", "2026-05-12-workout.fit")
    )
    settings = Settings().compare
    assert watch.sessions[0].forward_line is not None
    assert learn.learn(watch.sessions, Athlete(mass_kg=64), settings).forward_line is None
    learnt = learn.learn(watch.sessions + workout.sessions, Athlete(mass_kg=64), settings)
    assert learnt.forward_line is not None
    assert learnt.forward_line.seconds == workout.sessions[0].forward_line.seconds  # type: ignore[union-attr]
    assert learnt.mass_kg == 64


def test_what_a_session_teaches_does_not_depend_on_what_was_learnt(samples: Path) -> None:
    """A learnt line far below the athlete's own changes the analysis, and not the lesson."""
    data = (samples / "2026-05-31-easy.fit").read_bytes()
    label = Label(300, 600, "backward", "command")
    blob, low = Blob("easy.fit", data, {0: (label,)}), line(120, 6, 2, 4, 7200)
    plain, taught = (
        pipeline.process(blob, Settings(), Athlete(forward_line=each)) for each in (None, low)
    )
    assert isinstance(plain, Analysis)
    assert isinstance(taught, Analysis)
    before, after = plain.sessions[0], taught.sessions[0]
    assert after.measures.segments != before.measures.segments
    assert after.measures.cost_factor != before.measures.cost_factor
    assert after.lesson == before.lesson
    assert after.lesson is not None
    assert after.learnt["forward_line"] != before.learnt["forward_line"] == ""


def test_one_more_session_seldom_changes_what_is_learnt(samples: Path) -> None:
    """Rounded: twice the same sessions teach the same, though with twice the seconds behind it."""
    names = ("2026-05-12-workout.fit", "2026-05-03-connect-iq.fit")
    once = [each for name in names for each in _analysed(samples / name).sessions]
    day_s = 86_400.0
    again = [
        replace(each, id=f"{each.id}-9", start_time_s=each.start_time_s + day_s) for each in once
    ]
    settings, asked = Settings().compare, ["forward_line"]
    found = [learn.learn(some, Athlete(), settings) for some in (once, [*again, *once])]
    assert found[0].learnt_fingerprints(asked) == found[1].learnt_fingerprints(asked)
    assert found[0].forward_line != found[1].forward_line


def test_an_activity_that_was_exported_twice_teaches_once(samples: Path) -> None:
    """A copy holds nothing new: a factor would be surer, and a habit proven sooner."""
    first = _analysed(samples / "2026-05-03-connect-iq.fit").sessions[0]
    answer = GaitAnswer(60.0, 0.1, 0.7, backward=True)
    factor = Estimate(1.4, 1.2, 1.6, "heart-rate kinetics")
    first = replace(first, lesson=Lesson(None, None, factor, (answer,)))
    copy = replace(first, id="copy", start_time_s=first.start_time_s + 3.0)
    once, twice = (
        learn.learn(some, Athlete(), Settings().compare) for some in ([first], [copy, first])
    )
    assert twice == once
    later = replace(copy, start_time_s=first.start_time_s + 86_400.0)
    found = learn.learn([first, later], Athlete(), Settings().compare)
    assert found.gait_habit is not None
    assert found.gait_habit.sessions == 2


def backward_lesson(seconds: float, low: float, high: float) -> Lesson:
    return Lesson(None, line(150, 10, low, high, seconds), Estimate(None, None, None, "", ""))


def test_a_minute_of_backward_running_teaches_a_line(samples: Path) -> None:
    session = _analysed(samples / "2026-05-31-easy.fit").sessions[0]
    halves = [
        replace(
            session,
            id=str(at),
            start_time_s=session.start_time_s + 86_400.0 * at,
            lesson=backward_lesson(30, 1.52, 2.47),
        )
        for at in range(2)
    ]
    assert learn.learn(halves[:1], Athlete(), Settings().compare).backward_line is None
    found = learn.learn(halves, Athlete(), Settings().compare).backward_line
    assert found is not None
    assert (found.seconds, found.low_mps, found.high_mps) == (60, 1.5, 2.5)


@pytest.mark.parametrize(
    ("name", "which", "field"),
    [
        *(("forward_line", "forward_line", each) for each in READ_OF_A_LINE),
        *(("forward_slopes", "forward_line", each) for each in READ_OF_A_LINE[1:3]),
        *(("backward_contrast", "forward_line", each) for each in READ_OF_A_CONTRAST),
        *(("backward_contrast", "backward_line", each) for each in READ_OF_A_CONTRAST),
    ],
)
def test_whatever_detection_reads_of_a_line_is_in_its_fingerprint(
    name: str, which: str, field: str
) -> None:
    """An analysis by a line that has changed since must be found and made again."""
    lines = {"forward_line": line(140, 9, 2, 4, 600), "backward_line": line(150, 10, 1.5, 2.5, 600)}
    changed = structs.replace(lines[which], **{field: getattr(lines[which], field) + 0.1})
    before, after = Athlete(**lines), Athlete(**{**lines, which: changed})  # type: ignore[arg-type]
    assert before.learnt_fingerprints([name]) != after.learnt_fingerprints([name])


def test_a_contrast_is_learnt_once_both_lines_are_known() -> None:
    ahead, behind = line(140, 10, 2, 4, 600), line(152, 12, 1.5, 2.5, 600)
    assert Athlete(forward_line=ahead).backward_contrast() is None
    assert Athlete(backward_line=behind).backward_contrast() is None
    found = Athlete(forward_line=ahead, backward_line=behind).backward_contrast()
    assert found == pytest.approx((2.0 / 3.0, (152 + 24) / (140 + 20)))  # at 2 m/s, by hand


LESSONS = [
    Athlete(),
    Athlete(forward_line=line(134, 9, 2, 4, 6000)),
    Athlete(forward_line=line(154, 9, 2, 4, 6000)),
    Athlete(forward_line=line(120, 6, 2, 4, 7200)),
    Athlete(forward_line=line(134, 9, 2, 4, 6000), backward_line=line(165, 10, 1, 2, 600)),
    Athlete(forward_line=line(134, 9, 2, 4, 6000), backward_line=line(137, 9, 2, 3, 600)),
]


@pytest.mark.parametrize(
    "name",
    [
        "2026-05-03-connect-iq.fit",
        "2026-05-08-osmand.gpx",
        "2026-05-12-workout.fit",
        "2026-05-21-watch.tcx",
        "2026-05-31-easy.fit",
    ],
)
def test_a_session_changes_only_with_what_it_says_it_read(samples: Path, name: str) -> None:
    """Of any two sets of learnt values that agree in what one analysis read, both give the same."""
    path = samples / name
    found = [pipeline.process(Blob(name, path.read_bytes()), Settings(), each) for each in LESSONS]
    sessions = [each.sessions[0] for each in found if isinstance(each, Analysis)]
    assert len(sessions) == len(LESSONS)
    for mine, session in zip(LESSONS, sessions, strict=True):
        assert mine.learnt_fingerprints(session.learnt) == session.learnt
        for other, again in zip(LESSONS, sessions, strict=True):
            if other.learnt_fingerprints(session.learnt) == session.learnt:
                assert again == session
    assert all(each.lesson == sessions[0].lesson for each in sessions)


def test_what_reads_nothing_that_was_learnt_is_detected_once(samples: Path) -> None:
    """A heading taught both gaits, so the athlete's forward line alone changes nothing."""
    path = samples / "2026-05-03-connect-iq.fit"
    recording = readers.read(path.name, path.read_bytes(), Settings().read).recordings[0]
    track, settings = prepare.prepare(recording, Settings().prepare), Settings().detect
    ahead, behind = line(134, 9, 2, 4, 6000), line(165, 10, 1, 2, 600)
    plain, taught = detect.detect_twice(track, (), Athlete(forward_line=ahead), settings)
    assert taught is plain
    both = Athlete(forward_line=ahead, backward_line=behind)
    plain, taught = detect.detect_twice(track, (), both, settings)
    assert taught is not plain
    assert "backward_contrast" in taught.reads


@pytest.mark.parametrize("athlete", LESSONS[1:])
def test_two_detections_at_once_are_those_of_each_alone(samples: Path, athlete: Athlete) -> None:
    path = samples / "2026-05-21-watch.tcx"
    recording = readers.read(path.name, path.read_bytes(), Settings().read).recordings[0]
    track, settings = prepare.prepare(recording, Settings().prepare), Settings().detect
    for one, alone in zip(
        detect.detect_twice(track, (), athlete, settings),
        (detect.detect(track, (), each, settings) for each in (Athlete(), athlete)),
        strict=True,
    ):
        assert one.segments == alone.segments
        assert one.reads == alone.reads
        for name, values in alone.columns.items():
            assert np.array_equal(one.columns[name], values, equal_nan=True)


def test_a_phone_without_steps_is_not_held_against_the_line_of_steps() -> None:
    """Its steps are not known, so that a learnt line says nothing, least of all that nothing is."""
    phone = simulate(scenarios()["all forward"], 3).recording
    columns = {name: values for name, values in phone.columns.items() if name != "cadence_spm"}
    track = prepare.prepare(structs.replace(phone, columns=columns), Settings().prepare)
    taught = Athlete(forward_line=line(134, 9, 2, 4, 6000))
    plain, found = detect.detect_twice(track, (), taught, Settings().detect)
    assert found is plain
    assert np.isfinite(found.columns["backward_probability"]).all()
    assert all(each.probability >= 0.5 for each in found.segments)


def test_a_session_of_an_older_version_is_analysed_again(samples: Path) -> None:
    """It names a value that is not read any more."""
    session = _analysed(samples / "2026-05-31-easy.fit").sessions[0]
    older = replace(session, learnt={"forward_line": "", "backward_line": ""})
    assert learn.outdated([session, older], Athlete()) == [older]


def _analysed(path: Path) -> Analysis:
    found = pipeline.process(Blob(path.name, path.read_bytes()), Settings(), Athlete())
    assert isinstance(found, Analysis)
    return found


COMPARE = Settings().compare
Answers = list[tuple[GaitAnswer, ...]]


def answered(sessions: int, each: int, gain: float = 0.18, *, backward: bool = True) -> Answers:
    """So many sessions with so many answers, spread a little about one gain and share of speed."""
    return [
        tuple(
            GaitAnswer(90.0, gain + 0.002 * (place % 7), 0.7 + 0.002 * (place % 5), backward)
            for place in range(session, session + each)
        )
        for session in range(sessions)
    ]


@pytest.mark.parametrize(("right", "count"), [(72, 72), (73, 73), (99, 100), (109, 110), (0, 4)])
def test_the_lower_end_of_a_share_is_where_wilsons_equation_holds(right: int, count: int) -> None:
    """At the end p of Wilson's interval (share − p)² = z² p (1 − p) / n."""
    low = compare.wilson_low(right, count)
    share = right / count
    assert (share - low) ** 2 == pytest.approx(1.959964**2 * low * (1 - low) / count, abs=1e-12)
    assert low <= share


def test_73_right_answers_of_enough_sessions_prove_a_habit_and_72_do_not() -> None:
    """n / (n + z²) ≥ 0.95 from n = 73 on, by hand."""
    proven = [learn.gait_habit([*answered(12, 6), *answered(1, more)], COMPARE) for more in (0, 1)]
    assert [each and (each.counted, each.right, each.proven) for each in proven] == [
        (72, 72, False),
        (73, 73, True),
    ]


def test_few_sessions_prove_nothing_however_many_answers_they_hold() -> None:
    habit = learn.gait_habit(answered(COMPARE.habit_sessions - 1, 40), COMPARE)
    assert habit is not None
    assert (habit.counted, habit.right, habit.proven) == (280, 280, False)


def test_a_session_is_judged_by_the_others_alone() -> None:
    """One session of another kind: its own answers would let it in, those of the others do not."""
    other = answered(1, 30, 0.3)
    habit = learn.gait_habit([*answered(13, 6), *other], COMPARE)
    assert habit is not None
    assert habit.answers == 108
    assert habit.counted == 78


def test_a_rejected_candidate_of_the_same_kind_takes_the_proof_back() -> None:
    habit = learn.gait_habit([*answered(13, 6), *answered(1, 1, backward=False)], COMPARE)
    assert habit is not None
    assert (habit.counted - habit.right, habit.proven) == (1, False)
    assert habit.kind is not None
    assert habit.kind.step_gain[0] == 0.19  # the rejected one, 18 %, and a step of 1 % more


def test_rejections_draw_the_bounds_in() -> None:
    """Rejected at 15 %, accepted at 15 and at 18 to 19 %: what counts begins above 15 %."""
    accepted = [*answered(20, 6), *answered(1, 6, 0.15)]
    rejected = answered(4, 3, 0.15, backward=False)
    habit = learn.gait_habit([*accepted, *rejected], COMPARE)
    assert habit is not None
    assert habit.kind is not None
    assert habit.kind.step_gain[0] > max(each.step_gain for one in rejected for each in one)
    inside = [each for one in rejected for each in one if learn_holds(habit.kind, each)]
    assert inside == []
    assert any(learn_holds(habit.kind, each) for each in accepted[0])


def test_steps_that_forward_running_takes_in_sand_prove_no_habit_however_often_accepted() -> None:
    """165 true answers at 8 % more steps; then a beach: its 8 % would have counted as backward."""
    habit = learn.gait_habit(answered(33, 5, 0.08), COMPARE)
    assert habit is not None
    assert (habit.backward, habit.kind, habit.counted, habit.proven) == (165, None, 0, False)
    both = learn.gait_habit([*answered(33, 5, 0.08), *answered(20, 5)], COMPARE)
    assert both is not None
    assert both.kind is not None
    assert both.proven
    sand = GaitAnswer(90.0, 0.08, 0.7, backward=False)
    assert not learn_holds(both.kind, sand)


def learn_holds(kind: GaitKind, each: GaitAnswer) -> bool:
    return kind.holds(each.length_s, each.step_gain, each.speed_share)


def test_both_answers_teach_what_they_look_like() -> None:
    """Accepted: ln 1.15 = 0.14, ln 0.7 = -0.36. Rejected: ln 1.06 = 0.06, ln 0.8 = -0.22."""
    accepted = GaitAnswer(90.0, 0.15, 0.7, backward=True, contact_ratio=0.85)
    rejected = GaitAnswer(90.0, 0.06, 0.8, backward=False)
    found = learn.answered_gait([(accepted, rejected), (accepted,), ()], COMPARE)
    assert found is not None
    assert found.backward == AnsweredSide(2, 2, 2, 0.14, -0.36, -0.16, None, contact_weight=2)
    assert found.forward == AnsweredSide(1, 1, 1, 0.06, -0.22, None, None)
    assert found.log_odds == 2.0  # ln((9.5 + 2) / (0.5 + 1)) = 2.04, in halves


def test_a_contact_time_counts_for_the_sessions_in_which_it_was_measured() -> None:
    """ln 0.85 = -0.16, in one of three sessions."""
    measured = GaitAnswer(90.0, 0.15, 0.7, backward=True, contact_ratio=0.85)
    found = learn.answered_gait([(measured,), *answered(2, 3)], COMPARE)
    assert found is not None
    assert found.backward is not None
    assert (found.backward.weight, found.backward.contact_weight) == (3, 1)
    assert (found.backward.contact_log, found.backward.excursion_weight) == (-0.16, 0)


def test_answers_teach_the_same_in_any_order_and_nothing_without_any() -> None:
    several = [*answered(3, 4), *answered(2, 3, 0.05, backward=False)]
    assert learn.answered_gait(several, COMPARE) == learn.answered_gait(several[::-1], COMPARE)
    assert learn.answered_gait([(), ()], COMPARE) is None


def test_a_session_is_analysed_again_only_where_rejections_taught_another_gait() -> None:
    """Accepted ones alone drop nothing; after four sessions only what they look like counts."""
    names = ["answered_gait"]
    accepted, rejected = answered(2, 4), answered(5, 3, 0.05, backward=False)
    prints = [
        Athlete(answered_gait=learn.answered_gait(each, COMPARE)).learnt_fingerprints(names)
        for each in ([], accepted, rejected[:1], rejected[:4], rejected)
    ]
    assert prints[0] == prints[1]
    assert prints[1] != prints[2] != prints[3]
    assert prints[3] == prints[4]


def test_no_answers_no_habit() -> None:
    assert learn.gait_habit([(), ()], COMPARE) is None
    few = learn.gait_habit(answered(2, 3), COMPARE)
    assert few is not None
    assert (few.kind, few.counted, few.low, few.proven) == (None, 0, 0.0, False)


def test_a_labelled_candidate_is_an_answer_and_teaches_whatever_was_learnt(samples: Path) -> None:
    """The sample's own truth as labels: every candidate is accepted, with trust or without."""
    path = samples / "2026-05-21-watch.tcx"
    truth = json.loads(path.with_name(f"{path.name}.truth.json").read_text(encoding="utf-8"))
    spans = [
        (one["start_s"], one["end_s"])
        for one in truth["intervals"]
        if one["direction"] == "backward"
    ]
    labels = tuple(Label(*span, "backward", "command") for span in spans)
    blob = Blob(path.name, path.read_bytes(), {0: labels})
    (told,) = _of(pipeline.process(blob, Settings(), Athlete())).sessions
    assert told.lesson is not None
    assert [each.backward for each in told.lesson.answers] == [True] * len(spans)
    (unaided,) = _analysed(path).sessions
    assert unaided.lesson is not None
    assert unaided.lesson.answers == ()
    assert unaided.learnt["trusted_kind"] == ""
    habit = GaitHabit(GaitKind((0.0, 1.0), (0.0, 1.0), 20.0), 80, 80, 9, 80, 80, 0.954, proven=True)
    trusting = Athlete(trust_gait=True, gait_habit=habit)
    (counted,) = _of(
        pipeline.process(structs.replace(blob, labels={}), Settings(), trusting)
    ).sessions
    assert {each.segment.verdict for each in counted.measures.segments} >= {"habit", "assumed"}
    assert counted.total("backward").seconds > 0
    assert counted.lesson == unaided.lesson
    assert [each.id for each in learn.outdated([unaided, counted], trusting)] == [unaided.id]


def test_laps_that_are_not_believed_answer_nothing() -> None:
    """A press is forgotten after the second of eight stretches: from there on laps are inverted."""
    legs = [Leg(240), *[Leg(90, 2.0, 192.0, 180.0), Leg(120)] * 8]
    edges_s = [0.0, *itertools.accumulate(float(each.seconds) for each in legs)]
    taught = []
    for pressed_s in (edges_s, edges_s[:5] + edges_s[6:]):
        made = laps(pressed_s, [None] * len(edges_s))
        recording = structs.replace(run(legs, compass=False), laps=made, sport="running")
        answer = turned_about(pressed_s[1:-1], edges_s[-1], ALTERNATE)
        export, blob = Export(Source("a", "ab" * 32, "fit"), (recording,)), Blob("a", b"")
        told = structs.replace(blob, labels={0: answer})
        (session,) = pipeline.analyse(export, told, Settings(), Athlete()).sessions
        assert session.lesson is not None
        taught.append([each.backward for each in session.lesson.answers])
    assert taught[0] == [True] * 8
    assert taught[1] == [True] * 2


def _of(outcome: Outcome) -> Analysis:
    assert isinstance(outcome, Analysis)
    return outcome
