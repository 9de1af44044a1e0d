"""What answers do to labels: worked out by hand on a line of seconds, and stored exactly."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from msgspec import structs

import fake_pipeline
from processor_time import is_cheap
from retrorun import answers
from retrorun.answers import (
    Accept,
    AcceptRange,
    AlternateLaps,
    LabelLaps,
    LabelRange,
    Reject,
    RejectRange,
)
from retrorun.archive import Archive, maintenance
from retrorun.detect.labels import in_force, turned_about
from retrorun.errors import SettingsError
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.metrics import Metrics
from retrorun.model import (
    TWO_DIRECTIONS,
    Athlete,
    Label,
    Lap,
    MeasuredSegment,
    Segment,
    Session,
    Source,
    Track,
)
from retrorun.settings import Settings

# 2 and 4 are candidates; 3 was confirmed
SEGMENTS = (
    (0, 100, "forward", "assumed"),
    (100, 160, "backward", "candidate"),
    (160, 200, "backward", "confirmed"),
    (200, 260, "backward", "candidate"),
    (260, 600, "forward", "assumed"),
)
NO_METRICS = Metrics(**dict.fromkeys(each.name for each in fields(Metrics) if each.init))  # type: ignore[arg-type]
LAP_ENDS_S = (0, 100, 200, 300, 400)
Plain = tuple[float, float, str]


def session_with(
    segments: tuple[tuple[float, float, str, str], ...] = SEGMENTS,
    triggers: tuple[str | None, ...] = ("manual", "distance", "manual", "session_end"),
) -> Session:
    track = fake_pipeline.track(1000.0, 600)
    source = Source("a.fit", "ab" * 32, "fit")
    session = fake_pipeline.session(source, 0, track, 70)
    measured = tuple(
        MeasuredSegment(
            Segment(start_s, end_s, direction, "run", verdict, 0.9, {}),  # type: ignore[arg-type]
            NO_METRICS,
        )
        for start_s, end_s, direction, verdict in segments
    )
    laps = tuple(
        Lap(1000.0 + begin, 1000.0 + end, trigger=trigger)
        for begin, end, trigger in zip(LAP_ENDS_S, LAP_ENDS_S[1:], triggers, strict=False)
    )
    return replace(session, measures=replace(session.measures, segments=measured), laps=laps)


def line(labels: tuple[Label, ...]) -> list[Plain]:
    return sorted((each.start_s, each.end_s, each.direction) for each in labels)


def after(*given: answers.Answer, session: Session | None = None) -> list[Plain]:
    """The labels that hold after answers, one after the other, about one and the same page."""
    known = session or session_with()
    track = fake_pipeline.track(1000.0, 600)
    stored: tuple[Label, ...] = ()
    for each in given:
        stored += answers.labels_of(each, known, track, in_force(stored))
    return line(in_force(stored))


def test_a_label_replaces_those_of_its_direction_that_it_overlaps() -> None:
    first, moved = LabelRange(300, 366, "backward"), LabelRange(303, 366, "backward")
    assert after(first, moved) == [(303, 366, "backward")]
    assert after(first, LabelRange(290, 310, "backward")) == [(290, 310, "backward")]
    assert after(first, LabelRange(366, 400, "backward")) == [
        (300, 366, "backward"),  # they touch, and do not overlap
        (366, 400, "backward"),
    ]


def test_a_label_cuts_those_of_the_other_direction() -> None:
    assert after(LabelRange(10, 50, "forward"), LabelRange(20, 30, "backward")) == [
        (10, 20, "forward"),
        (20, 30, "backward"),
        (30, 50, "forward"),
    ]


def test_clearing_keeps_what_lies_outside() -> None:
    assert after(LabelRange(10, 50, "backward"), LabelRange(20, 30, "clear")) == [
        (10, 20, "backward"),
        (30, 50, "backward"),
    ]
    assert after(LabelRange(10, 50, "backward"), LabelRange(0, 60, "clear")) == []


def test_what_a_file_holds_is_overruled_and_not_lost() -> None:
    lap, row = Label(0, 100, "backward", "lap"), Label(20, 90, "backward", "sidecar")
    assert line(in_force([lap, row])) == [(20, 90, "backward")]
    answer = Label(30, 90, "backward", "command")
    assert line(in_force([lap, row, answer])) == [(30, 90, "backward")]
    clear = Label(0, 40, "unknown", "command")
    assert line(in_force([lap, clear])) == [(40, 100, "backward")]
    # rows of a table stand beside each other, as before
    assert len(in_force([row, structs.replace(row, start_s=50)])) == 2


def asked(segment: Segment) -> Segment:
    return replace(segment, reason=TWO_DIRECTIONS)


def test_candidates_are_accepted_and_rejected_by_the_numbers_on_the_page() -> None:
    assert after(Accept((4,))) == [(200, 260, "backward")]
    assert after(Accept()) == [(100, 160, "backward"), (200, 260, "backward")]
    assert after(Reject((2,)), Accept()) == [(100, 160, "forward"), (200, 260, "backward")]
    assert after(Reject(), Accept((2,))) == [(100, 160, "backward"), (200, 260, "forward")]


def test_who_rejects_all_of_two_directions_calls_both_forward() -> None:
    """Else the label of one would make the other, which was asked about too, backward."""
    whole = session_with(((0, 100, "forward", "candidate"), (100, 160, "backward", "candidate")))
    parts = (replace(each, segment=asked(each.segment)) for each in whole.measures.segments)
    both = replace(whole, measures=replace(whole.measures, segments=tuple(parts)))
    assert after(Reject(), session=both) == [(0, 100, "forward"), (100, 160, "forward")]
    assert after(Reject((2,)), session=both) == [(100, 160, "forward")]
    assert after(Accept(), session=both) == [(100, 160, "backward")]


def test_a_longer_label_survives_a_candidate_that_it_overlaps() -> None:
    assert after(LabelRange(40, 101, "backward"), Accept((2,))) == [
        (40, 101, "backward"),
        (101, 160, "backward"),
    ]


def test_a_candidate_with_moved_ends_is_backward_within_and_forward_outside_of_them() -> None:
    assert after(AcceptRange(108, 155)) == [
        (100, 108, "forward"),
        (108, 155, "backward"),
        (155, 160, "forward"),
    ]
    assert after(AcceptRange(90, 170)) == [(90, 170, "backward")]
    # pages round to whole seconds: ends that were not moved are the candidate's own
    assert after(AcceptRange(100.4, 159.6)) == [(100, 160, "backward")]


def test_ends_that_are_dragged_over_an_earlier_answer_take_nothing_of_it_away() -> None:
    """A moved end is about its candidate; what was said of its neighbour stands beside it."""
    assert after(Accept((2,)), AcceptRange(150, 260)) == [
        (100, 160, "backward"),
        (160, 260, "backward"),
    ]
    assert after(Reject((2,)), RejectRange(150, 260)) == [
        (100, 160, "forward"),
        (160, 260, "forward"),
    ]
    assert after(LabelRange(0, 100, "forward"), RejectRange(95, 160)) == [
        (0, 100, "forward"),
        (100, 160, "forward"),
    ]
    # of the other direction the later answer holds
    assert after(Reject((2,)), AcceptRange(150, 260)) == [
        (100, 150, "forward"),
        (150, 260, "backward"),
    ]
    known, track = session_with(), fake_pipeline.track(1000.0, 600)
    row = Label(100, 160, "backward", "sidecar")
    given = answers.labels_of(AcceptRange(150, 260), known, track, (row,))
    assert line(in_force((row, *given))) == [(100, 160, "backward"), (160, 260, "backward")]


def test_a_candidate_is_found_by_its_time_whatever_its_number() -> None:
    assert after(RejectRange(198, 256)) == [(198, 260, "forward")]
    for gone in (AcceptRange(300, 350), RejectRange(160, 200), AcceptRange(20, 100)):
        with pytest.raises(SettingsError) as refused:
            after(gone)
        assert refused.value.slug == "answer-candidate-gone"
    with pytest.raises(SettingsError) as refused:
        after(AcceptRange(590, 700))
    assert refused.value.slug == "label-empty"


def test_what_counts_by_habit_is_answered_by_its_number() -> None:
    by_habit = session_with((*SEGMENTS[:1], (100, 160, "backward", "habit"), *SEGMENTS[2:]))
    assert after(Reject((2,)), session=by_habit) == [(100, 160, "forward")]
    assert after(Accept(), session=by_habit) == [(200, 260, "backward")]


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        (Accept((3,)), "answer-no-candidate"),  # it was confirmed
        (Reject((1,)), "answer-no-candidate"),
        (Accept((9,)), "answer-no-candidate"),
        (LabelLaps((5,), "backward"), "answer-no-lap"),
        (LabelLaps((0,), "backward"), "answer-no-lap"),
        (LabelRange(30, 30, "backward"), "label-empty"),
        (LabelRange(0, 601, "backward"), "label-empty"),
        (LabelRange(float("nan"), 60, "clear"), "label-empty"),
    ],
)
def test_an_answer_about_nothing_is_refused(given: answers.Answer, slug: str) -> None:
    with pytest.raises(SettingsError) as caught:
        after(given)
    assert caught.value.slug == slug


def test_an_answer_that_changes_nothing_adds_nothing() -> None:
    known, track = session_with(), fake_pipeline.track(1000.0, 600)
    standing = (Label(100, 160, "backward", "command"),)
    for given in (Accept((2,)), LabelRange(100, 160, "backward"), LabelRange(0, 9, "clear")):
        assert answers.labels_of(given, known, track, standing) == ()


def test_laps_are_named_by_their_numbers() -> None:
    assert after(LabelLaps((2, 4), "backward")) == [(100, 200, "backward"), (300, 400, "backward")]
    track = fake_pipeline.track(1000.0, 600)
    (label,) = answers.labels_of(LabelLaps((2,), "forward"), session_with(), track, ())
    assert label.origin == "laps"  # stops within it stay stops


def test_only_presses_by_hand_turn_about() -> None:
    assert after(AlternateLaps()) == [
        (0, 100, "forward"),
        (100, 300, "backward"),
        (300, 600, "forward"),
    ]
    assert line(turned_about([50, 50, 0, 90], 90, "alternate")) == [
        (0, 50, "forward"),
        (50, 90, "backward"),
    ]
    for triggers in ((), ("distance",) * 4):
        with pytest.raises(SettingsError):
            after(AlternateLaps(), session=session_with(triggers=triggers))


def test_times_of_a_page_are_moved_past_hidden_seconds() -> None:
    # the recording's seconds 0-30 and 150-250 are hidden: the page's 110 is the recording's 140
    hidden = structs.replace(fake_pipeline.track(1030.0, 470), hidden=((0, 30), (150, 250)))
    (label,) = answers.labels_of(LabelRange(110, 200, "backward"), session_with(), hidden, ())
    assert (label.start_s, label.end_s) == (140, 330)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive with two sessions of 600 s."""
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "a.fit").write_text("run 1000 600")
    (exports / "b.fit").write_text("run 9000 600")
    engine = Engine(Settings(), Athlete(), 1, fake_pipeline.process)
    with Archive.open(tmp_path / "archive") as opened:
        run_import(plan_import(exports, opened, settle_s=0), opened, engine)
        yield opened


def stored(archive: Archive, session_id: str) -> list[Plain]:
    (sha256,) = archive.database.find_session("sha256", session_id)
    return line(in_force(archive.annotations.labels(sha256).get(0, ())))


def test_answers_are_taken_back_one_by_one_and_each_session_has_its_own(archive: Archive) -> None:
    first, second = archive.known()
    lap, nap = (Label(0, 60, "backward", "sidecar"), Label(70, 80, "forward", "sidecar"))
    archive.annotations.set_labels(archive.known()[first], {0: [lap, nap]})
    states = [stored(archive, first)]
    for given in (
        LabelRange(10, 50, "backward"),
        LabelRange(20, 75, "clear"),
        LabelRange(0, 600, "forward"),
    ):
        done = answers.answer(archive, first, given)
        assert done.steps == len(states)
        states.append(stored(archive, first))
    assert states[1] == [(10, 50, "backward"), (70, 80, "forward")]
    assert states[2] == [(10, 20, "backward"), (75, 80, "forward")]
    answers.answer(archive, second, LabelRange(5, 6, "backward"))
    for before in reversed(states[:-1]):
        answers.undo(archive, first)
        assert stored(archive, first) == before
    assert stored(archive, second) == [(5, 6, "backward")]
    with pytest.raises(SettingsError) as caught:
        answers.undo(archive, first)
    assert caught.value.slug == "answer-none"
    assert maintenance.check(archive) == []


def test_an_answer_of_several_labels_is_one_step(archive: Archive) -> None:
    first, _ = archive.known()
    with archive.database.transaction():
        pair = [Label(0, 10, "backward", "command"), Label(20, 30, "backward", "command")]
        archive.annotations.insert_answer(first, pair)
    assert answers.answer(archive, first, LabelRange(40, 50, "backward")).steps == 2
    answers.undo(archive, first)
    done = answers.undo(archive, first)
    assert (line(done.labels), done.steps) == ([(0, 10, "backward"), (20, 30, "backward")], 0)
    assert stored(archive, first) == []


def test_labels_of_older_versions_are_an_answer_each(archive: Archive) -> None:
    first, _ = archive.known()
    for start_s in (0, 20):
        archive.annotations.add_label(first, Label(start_s, start_s + 9, "backward", "command"))
    with archive.database.transaction():
        archive.database.connection.execute("DELETE FROM answers")
    assert answers.undo(archive, first).steps == 1
    assert stored(archive, first) == [(0, 9, "backward")]


def test_an_answered_session_is_noted_until_it_is_analysed(archive: Archive) -> None:
    first, second = archive.known()
    answers.answer(archive, first[:6], LabelRange(0, 10, "backward"))
    assert archive.pending.noted_sessions() == {first}
    assert archive.pending.exports() == [archive.known()[first]]
    answers.answer(archive, second, LabelRange(0, 10, "clear"))  # there is nothing to clear
    assert archive.pending.noted_sessions() == {first}


def test_a_lost_database_gets_answers_back_as_they_can_be_taken_back(archive: Archive) -> None:
    first, _ = archive.known()
    with archive.database.transaction():
        pair = [Label(0, 10, "backward", "command"), Label(20, 30, "backward", "command")]
        archive.annotations.insert_answer(first, pair)
    answers.answer(archive, first, LabelRange(5, 25, "clear"))
    rows = archive.database.rows("SELECT label, answer FROM answers ORDER BY label")
    assert archive.database.journal.read().rows["answers"] == {
        (str(label),): {"label": label, "answer": answer} for label, answer in rows
    }
    assert rows == [(1, 1), (2, 1), (3, 3)]


ANSWERS_FOR_EVER = """
import sys
from pathlib import Path
from retrorun.answers import LabelRange, answer
from retrorun.archive import Archive
with Archive.open(Path(sys.argv[1])) as archive:
    for start_s in range(0, 590):
        way = ("backward", "forward")[start_s % 2]
        answer(archive, sys.argv[2], LabelRange(start_s, start_s + 1, way))
        print(start_s, flush=True)
"""


def test_a_killed_process_loses_no_answer_and_invents_none(archive: Archive) -> None:
    first, _ = archive.known()
    words = [sys.executable, "-c", ANSWERS_FOR_EVER, str(archive.folder), first]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own
        assert child.stdout is not None
        for _ in range(5):
            child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split()
    told = 5 + len(rest)
    known = [int(start_s) for start_s, *_ in stored(archive, first)]
    assert known in (list(range(told)), list(range(told + 1)))  # the last one may be untold
    assert archive.annotations.answers(first) == len(known)
    with archive.database.transaction():  # the next writer mends the journal
        pass
    assert maintenance.check(archive) == []


def test_an_answer_is_stored_quickly(archive: Archive) -> None:
    first, _ = archive.known()
    starts_s = itertools.count(0, 10)

    def work() -> None:
        start_s = next(starts_s)
        answers.answer(archive, first, LabelRange(start_s, start_s + 9, "backward"))

    for _ in range(15):  # those before make none dearer
        work()
    assert is_cheap(work, 0.02)


def test_the_track_is_read_only_where_something_is_hidden(archive: Archive) -> None:
    first, _ = archive.known()
    session = archive.session(first)
    clock: Track = answers.clock_of(archive, session)
    assert (clock.start_time_s, clock.seconds, clock.hidden) == (session.start_time_s, 600, ())
