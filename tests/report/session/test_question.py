"""Questions of the review against values worked by hand."""

import dataclasses as dc
import re

import hand_made_sessions
import msgspec
import numpy as np
import pytest
from msgspec import structs

from retrorun.archive import serialization
from retrorun.archive.rows import document_of
from retrorun.model import (
    Analysis,
    Athlete,
    Blob,
    GaitLine,
    HeadingVerdict,
    Session,
    Track,
)
from retrorun.pipeline import process
from retrorun.report.figures import running_median, window
from retrorun.report.inbox import (
    ImportProgress,
    Inbox,
    SetAside,
    learnt_sentence,
    likely,
    waiting,
)
from retrorun.report.numbers import Display
from retrorun.report.session.lanes import lane_pictures
from retrorun.report.session.question import (
    QuestionContext,
    expected_spm,
    presses_s,
    question,
    question_panel,
    turned_map,
    turns_s,
)
from retrorun.report.session.segments import answering
from retrorun.settings import Settings
from retrorun.simulate import simulate
from retrorun.simulate.scenarios import ONLY_WATCH, Scenario, intervals
from retrorun.simulate.write import fit_bytes

START_S = hand_made_sessions.START_S
PLAN = hand_made_sessions.TWO_CANDIDATES
NO_COMPASS = HeadingVerdict(None, "none", None, None, "no heading in the file")


def session(**changes: object) -> Session:
    return hand_made_sessions.session(PLAN, **changes)


def track() -> Track:
    return hand_made_sessions.track(PLAN)


def changed(made: Track, **columns: np.ndarray) -> Track:
    return structs.replace(made, columns={**made.columns, **columns})


# -- words ---


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.67, "2 in 3"), (0.76, "3 in 4"), (0.83, "5 in 6"), (0.95, "19 in 20"), (0.99, "19 in 20")],
)
def test_a_probability_in_words(probability: float, words: str) -> None:
    assert likely(probability) == f"likely, about {words}"


@pytest.mark.parametrize("probability", [0.5, 0.52, 0.58])
def test_even_odds_are_not_called_likely(probability: float) -> None:
    assert likely(probability) == "as likely as not, about 1 in 2"


def test_reasons_have_words_instead_of_likelihood_ratios() -> None:
    # the made body takes 150 + 8 v steps a minute, 8 % more backward, and its line says so
    asked = question(
        session(heading=NO_COMPASS, laps=hand_made_sessions.laps(0, 198, 262, 600)),
        track(),
        2,
        CONTEXT,
    )
    found = {each.text: each.weight for each in asked.reasons}
    assert found == {
        "Steps 8 % above your line": "some",  # evidence of 3.2
        "28 % slower at once": "some",  # 2.1 m/s after 2.9 m/s
        "Begins and ends at a lap press": "some",
        # 118 + 12 v + 14 backward: 157.2 within, 152.8 before
        "Heart rate up, though slower": "some",
        "Compass": "not in this file",
    }
    assert asked.reasons[-1].text == "Compass"
    assert "<rect class=" not in asked.reasons[-1].bar.replace('<rect class="ground"', "")


CONTEXT = QuestionContext()


def test_a_compass_that_points_along_the_way_speaks_against() -> None:
    made = session()
    segments = list(made.measures.segments)
    evidence = {"heading": -20.0, "gait": 3.2, "label": 0.0}
    segments[1] = dc.replace(
        segments[1], segment=dc.replace(segments[1].segment, evidence=evidence)
    )
    made = dc.replace(made, measures=dc.replace(made.measures, segments=tuple(segments)))
    strongest = question(made, track(), 2, CONTEXT).reasons[0]
    assert (strongest.text, strongest.weight) == ("Compass points along the way", "strong")
    assert 'class="against" x="0.0%" width="50.0%"' in strongest.bar


def test_a_segment_that_is_not_there() -> None:
    for number in (0, 6):
        with pytest.raises(IndexError):
            question(session(), track(), number, CONTEXT)


def test_text_of_a_file_is_data() -> None:
    hostile = '</script><img src=x onerror="bad()">\u202egpj'
    html = question_panel(session(name=hostile), track(), 2, CONTEXT)
    assert "<img" not in html
    assert "&lt;img" in html


# -- numbers ---


def test_the_window_shows_as_much_around_as_it_takes_to_compare() -> None:
    found = window(200, 260, 600)
    assert (found.first, found.last, found.step) == (140, 320, 1)
    short = window(10, 20, 600)
    assert (short.first, short.last) == (0, 80)
    long = window(1000, 3000, 9000)
    assert (long.first, long.last) == (700, 3300)
    assert len(long.seconds) <= 600


def test_running_median() -> None:
    values = np.array([1.0, 9.0, 2.0, np.nan, 4.0])
    found = running_median(values, 3)
    assert found[[0, 1, 2, 4]].tolist() == [5.0, 2.0, 5.5, 4.0]
    assert np.isnan(found[3])


def test_the_line_is_laid_through_this_session_and_taken_at_its_speed() -> None:
    # a learnt line that lies 5 steps/min too low today, and no line of the session's own
    line = GaitLine(145, 8, 0, 2, 1800, 2.3, 3.4)
    made = session(forward_line=None)
    found = expected_spm(made, track(), Athlete(forward_line=line))
    assert np.nanmedian(found[210:250]) == pytest.approx(150 + 8 * 2.1, abs=1.0)
    assert np.nanmedian(found[20:180]) == pytest.approx(150 + 8 * 2.9, abs=1.0)
    assert np.isnan(expected_spm(made, track(), Athlete())).all()


def test_turns_are_where_the_compass_changes_sides_and_where_the_course_turns_about() -> None:
    # the made body turns at both ends of both candidates
    turns = turns_s(track())
    assert len(turns) == 4
    assert np.abs(np.array(turns) - [200, 260, 400, 460]).max() <= 1
    n = track().seconds
    course = np.where(np.arange(n) < 300, 90.0, 270.0)
    silent = changed(track(), heading_minus_course_deg=np.full(n, np.nan), course_deg=course)
    assert turns_s(silent) == (300,)


def test_only_manual_presses_within_the_session_count() -> None:
    pressed = hand_made_sessions.laps(0, 198, 262, 600)
    automatic = (structs.replace(pressed[0], trigger="distance"), *pressed[1:])
    assert presses_s(session(laps=pressed)) == (198, 262)
    assert presses_s(session(laps=automatic)) == (262,)


# -- pictures ---


def straight(bearing_deg: float) -> Track:
    metres = np.arange(600) * 2.5
    turn = np.radians(bearing_deg)
    return changed(track(), x_m=metres * np.sin(turn), y_m=metres * np.cos(turn))


@pytest.mark.parametrize("bearing_deg", [0, 60, 135, 270])
def test_the_map_is_turned_so_that_the_way_goes_from_left_to_right(bearing_deg: float) -> None:
    found = turned_map(straight(bearing_deg), window(200, 260, 600), Display())
    assert found
    x, y = np.array(found.x, dtype=float), np.array(found.y, dtype=float)
    assert (np.diff(x) >= 0).all()
    assert np.ptp(x) == pytest.approx(712 - 128, abs=1)
    assert np.ptp(y) <= 1
    # whoever goes to the right and north of whom lies up, looks along 90°: the arrow lies turned
    # from up, clockwise, by as much as the way is turned from east, counterclockwise
    assert np.cos(np.radians(found.north - (90 - bearing_deg))) == pytest.approx(1.0)


def test_a_way_that_comes_back_is_laid_along_its_longest_extent() -> None:
    seconds = np.arange(600)
    there = np.where(seconds < 230, seconds, 460 - seconds) * 2.5
    made = changed(track(), x_m=np.zeros(600), y_m=there.astype(float))
    found = turned_map(made, window(200, 260, 600), Display())
    assert found
    known = [each for each in found.x if each is not None]
    assert max(known) - min(known) == pytest.approx(712 - 128, abs=2)


def test_a_track_without_positions_has_no_map() -> None:
    nowhere = changed(track(), x_m=np.full(600, np.nan), y_m=np.full(600, np.nan))
    assert turned_map(nowhere, window(200, 260, 600), Display()) is None


def drawn_heights(path: str) -> list[int]:
    """Heights of the points of one unbroken line, written as a place and steps from it."""
    (first,) = re.findall(r"M\d+ (\d+)", path)
    steps = [int(each) for each in re.findall(r"-?\d+", path.split("l")[1])[1::2]]
    return [int(first) + sum(steps[: n + 1]) for n in range(len(steps))]


def test_lanes_show_what_was_recorded_with_quick_up() -> None:
    expected = expected_spm(session(), track(), Athlete())
    found = lane_pictures(track(), expected, window(200, 260, 600), Display())
    assert [each.key for each in found] == ["pace", "heart", "steps"]
    heights = drawn_heights(found[0].line)
    # 2.9 m/s before, 2.1 m/s within: the quick part lies higher, which is nearer to 0
    assert max(heights[10:50]) < min(heights[70:110])
    assert found[2].expected
    assert found[2].excess.startswith("M")
    assert not found[0].expected
    missing = changed(track(), heart_rate_bpm=np.full(600, np.nan))
    assert [
        each.key for each in lane_pictures(missing, expected, window(200, 260, 600), Display())
    ] == ["pace", "steps"]


# -- laps ---


def test_every_second_lap_is_proposed_where_it_looks_so() -> None:
    found = answering(
        session(laps=hand_made_sessions.laps(0, 200, 260, 400, 460, 600)), 0, fresh=True
    )
    assert found.candidates == 2
    assert [each.backward for each in found.laps] == [False, True, False, True, False]
    assert found.odd_laps == ()
    assert [each.length for each in found.laps] == ["3:20", "1:00", "2:20", "1:00", "2:20"]


def test_a_lap_that_does_not_fit_is_named() -> None:
    plan: hand_made_sessions.Plan = [
        (100, "forward", "run", "confirmed", 2.9),
        (60, "backward", "run", "candidate", 2.1),
        (100, "forward", "run", "confirmed", 2.9),
        (60, "forward", "run", "confirmed", 2.9),
        (100, "forward", "run", "confirmed", 2.9),
        (60, "backward", "run", "candidate", 2.1),
    ]
    pressed = hand_made_sessions.laps(0, 100, 160, 260, 320, 420, 480)
    made = hand_made_sessions.session(plan, laps=pressed)
    # laps 2, 4 and 6 are every second one; the fourth looks forward
    found = answering(made, 0, fresh=True)
    assert [each.number for each in found.laps if each.backward] == [2, 4, 6]
    assert found.odd_laps == ("Lap 4 does not fit: by its steps it was forward.",)


@pytest.mark.parametrize(
    "edges", [(0, 600), (0, 300, 600), (0, 100, 150, 190, 600), (0, 230, 430, 600)]
)
def test_laps_that_do_not_alternate_are_not_asked_about(edges: tuple[float, ...]) -> None:
    assert answering(session(laps=hand_made_sessions.laps(*edges)), 0, fresh=True).laps == ()


# -- inbox ---


def test_candidates_wait_newest_session_first() -> None:
    older = session(id="older", start_time_s=START_S - 86_400)
    found = waiting([older, session()])
    assert [(each.session, each.segment, each.start_s) for each in found] == [
        ("0123456789ab", 2, 200),
        ("0123456789ab", 4, 400),
        ("older", 2, 200),
        ("older", 4, 400),
    ]
    assert found[0].day == "3 May 2026"
    document = Inbox(found, (SetAside("a.fit", "cut"),), ImportProgress(1, 2)).document()
    assert (document["candidates"], document["sessions"]) == (4, 2)
    assert document["import"] == {"done": 1, "total": 2, "rate_per_s": None, "left_s": None}


def test_what_was_learnt_in_one_sentence() -> None:
    ahead = GaitLine(150, 8, 0, 2, 1800, 2.3, 3.4)
    back = GaitLine(162, 8.64, 0, 2, 300, 1.8, 2.4)  # 8 % above it at every speed
    athlete = Athlete(forward_line=ahead, backward_line=back)
    assert learnt_sentence([True, True, False], athlete) == (
        "After 3 answers: your steps are 8\N{NO-BREAK SPACE}% quicker backward. "
        "2 of 3 guesses were right."
    )
    assert learnt_sentence([True], Athlete()) == (
        "After 1 answer: too little backward running to know your step rate. "
        "1 of 1 guess was right."
    )
    assert learnt_sentence([], athlete).startswith("Nothing is learnt yet")


def test_the_number_of_the_steps_is_the_one_of_the_sessions_table() -> None:
    """The detector's mean stands in both; the median over the same seconds is another number."""
    plan = intervals(60, 180, 6)
    run = fit_bytes(simulate(Scenario("by steps", plan, "heading", ONLY_WATCH), 20_010))
    analysis = process(Blob("by steps.fit", run), Settings(), Athlete())
    assert isinstance(analysis, Analysis)
    (made,), (recorded,) = analysis.sessions, analysis.tracks
    asked = [
        (each.segment, question(made, recorded, number, CONTEXT))
        for number, each in enumerate(made.measures.segments, 1)
        if each.segment.kind == "candidate"
    ]
    assert len(asked) == 6
    expected, others = expected_spm(made, recorded, Athlete()), []
    for segment, shown in asked:
        named = re.match(r"step rate (\d+) %", segment.reason)
        assert named
        assert shown.data["above_percent"] == int(named[1])
        assert f"Steps {named[1]} % above your line" in [each.text for each in shown.reasons]
        inside = slice(int(segment.start_s), int(segment.end_s))
        ratio = recorded.column("cadence_spm")[inside] / expected[inside]
        others.append(round(100 * (float(np.nanmedian(ratio)) - 1)) != int(named[1]))
    assert any(others), "else this test shows nothing"


def test_a_stored_session_without_the_number_of_its_steps_is_still_asked_about() -> None:
    document = msgspec.json.decode(document_of(session(heading=NO_COMPASS)))
    for each in document["measures"]["segments"]:
        del each["segment"]["step_gain_pct"]
    older = serialization.session(msgspec.json.encode(document))
    assert question(older, track(), 2, CONTEXT).data["above_percent"] == 8  # of the made body
