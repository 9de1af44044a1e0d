"""Tiles: what is backward, else what is known of all of it; never a row of dashes."""

from dataclasses import replace

import hand_made_sessions
import pytest
from msgspec import structs

from retrorun.language import use_language
from retrorun.model import Note, Session
from retrorun.report.numbers import Display, Tile
from retrorun.report.session.segments import quality
from retrorun.report.session.tiles import session_tiles

Plan = hand_made_sessions.Plan


def tiles(session: Session) -> dict[str, Tile]:
    return {each.label: each for each in session_tiles(session, Display())}


def test_candidates_lead_with_what_an_answer_would_count() -> None:
    plan: Plan = [
        (600, "forward", "run", "confirmed", 3.0),
        (60, "backward", "run", "candidate", 2.0),
    ]
    session = hand_made_sessions.session(plan)
    found = tiles(session)
    # 60 s of 660 s, and 60 × 2 m; no zero stands first
    assert [(each.label, each.value) for each in session_tiles(session, Display())][:3] == [
        ("Maybe backward", "1:00"),
        ("Maybe backward distance", "120 m"),
        ("Share, if all of it was", "9 %"),
    ]
    assert found["Maybe backward"].note == "counts once you say so"
    assert found["Maybe backward distance"].note == "of 1.92 km in all"
    assert "Backward time" not in found
    # 1000 / 3 s; 118 + 12 × 3 beats; 150 + 8 × 3 steps
    assert found["Pace, forward"].value == "5:33"
    assert found["Heart rate, forward"].value == "154 bpm"
    assert found["Step rate, forward"].value == "174"
    # nothing is sure yet, and nothing is marked as backward
    assert found["How likely"].value == "81 %"
    assert "How sure" not in found
    assert {each.tone for each in found.values()} == {"maybe", ""}
    assert len(found) == 8


def test_how_likely_it_is_stays_where_little_else_is_known() -> None:
    """Without heart rate and steps one row is left, and it ended with the forward pace."""
    plan: Plan = [
        (600, "forward", "run", "confirmed", 3.0),
        (60, "backward", "run", "candidate", 2.0),
    ]
    session = hand_made_sessions.session(plan)
    totals = {
        kind: structs.replace(total, beats_s=0.0, steps_s=0.0, energy_kcal=None)
        for kind, total in session.measures.totals.items()
    }
    measures = replace(session.measures, totals=totals)
    found = session_tiles(replace(session, measures=measures), Display())
    assert [each.label for each in found][3:] == ["How likely"]


REMARKS = {
    0: ("no doubts about the data", "keine Zweifel an den Daten"),
    1: ("1 remark below", "1 Anmerkung unten"),
    2: ("2 remarks below", "2 Anmerkungen unten"),
    5: ("5 remarks below", "5 Anmerkungen unten"),
}


@pytest.mark.parametrize("count", REMARKS)
def test_remarks_are_counted(count: int) -> None:
    session = hand_made_sessions.session()
    quiet = structs.replace(session.source, warnings=())
    measures = replace(session.measures, notes=())
    notes = tuple(Note("made-up", f"remark {number}") for number in range(count))
    made = replace(session, source=quiet, measures=measures, notes=notes)
    english, german = REMARKS[count]
    assert tiles(made)["Sensors"].note == english
    with use_language("de"):
        assert tiles(made)["Sensoren"].note == german


def test_as_many_remarks_are_counted_as_are_listed() -> None:
    session = hand_made_sessions.session()
    notes = (Note("made-up", "once"), Note("other", "twice"), Note("other", "twice"))
    made = replace(session, source=structs.replace(session.source, warnings=()), notes=notes)
    made = replace(made, measures=replace(made.measures, notes=(Note("other", "twice"),)))
    assert quality(made).remarks == ("once", "twice")
    assert tiles(made)["Sensors"].note == "2 remarks below"


def test_all_of_it_maybe_backward_shows_numbers_of_what_may_be() -> None:
    found = tiles(hand_made_sessions.session([(600, "backward", "run", "candidate", 2.0)]))
    assert found["Pace, maybe backward"].value == "8:20"
    assert found["Heart rate, maybe backward"].value == "156 bpm"


def test_nothing_backward_shows_the_whole_session_in_whole_rows() -> None:
    found = tiles(hand_made_sessions.session([(900, "forward", "run", "confirmed", 3.0)]))
    assert found["Backward time"].value == "0:00"
    assert found["Distance"].value == "2.70 km"
    assert found["Moving time"].value == "15:00"
    # 60 × 3 / 174 steps
    assert found["Step length, forward"].value == "1.03 m"
    assert len(found) == 8
    assert "–" not in {each.value for each in found.values()}


def test_end_to_end_backward_compares_with_nothing() -> None:
    found = tiles(hand_made_sessions.session([(900, "backward", "run", "confirmed", 2.0)]))
    # 118 + 12 × 2 + 14 beats
    assert found["Heart rate, backward"].value == "156 bpm"
    assert found["Heart rate, backward"].note == "mean; no forward part to compare with"
