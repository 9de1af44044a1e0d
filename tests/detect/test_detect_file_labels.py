"""What a file says is held against the sensors; what the athlete says is not."""

import numpy as np
import pytest
from msgspec.structs import replace

from made_runs import Leg, backward, laps, run
from retrorun.detect import detect
from retrorun.detect.file_labels import Unaided, credible
from retrorun.detect.labels import PRESSES, labels_of_file, presses, turned_about
from retrorun.model import Athlete, Detection, Label, Recording
from retrorun.prepare import prepare
from retrorun.settings import Settings

SETTINGS = Settings()
BACK = Leg(90, 2.0, 192.0, 180.0, 152.0)
LEGS = [Leg(240), BACK, Leg(120), BACK, Leg(120), BACK, Leg(180)]
EDGES = [0.0, 240.0, 330.0, 450.0, 540.0, 660.0, 750.0, 930.0]
NAMES = ["Forward", "Backward", "Forward", "Backward", "Forward", "Backward", "Forward"]
TRUTH = backward(LEGS)


def found(recording: Recording, labels: tuple[Label, ...] = ()) -> Detection:
    track = prepare(recording, SETTINGS.prepare)
    given = labels_of_file(recording, "run.fit") + labels
    return detect(track, given, Athlete(), SETTINGS.detect, presses(recording))


def wrong_s(detection: Detection) -> int:
    """Seconds of either direction that are confirmed or labelled wrongly, but for edges."""
    wrong = 0
    for part in detection.segments:
        if part.is_decided and part.direction in {"forward", "backward"}:
            inside = TRUTH[int(part.start_s) + 3 : int(part.end_s) - 3]
            wrong += int((inside != (part.direction == "backward")).sum())
    return wrong


def verdicts(detection: Detection) -> set[str]:
    return {part.verdict for part in detection.segments if part.direction == "backward"}


def test_laps_that_agree_are_believed_to_the_second() -> None:
    detection = found(replace(run(LEGS), laps=laps(EDGES, list(NAMES))))
    spans = [(p.start_s, p.end_s) for p in detection.segments if p.direction == "backward"]
    assert spans == [(240.0, 330.0), (450.0, 540.0), (660.0, 750.0)]
    assert verdicts(detection) == {"labelled"}
    assert detection.notes == ()


def test_a_press_that_was_forgotten_is_asked_about() -> None:
    edges = [edge for edge in EDGES if edge != 330.0]
    detection = found(replace(run(LEGS), laps=laps(edges, list(NAMES[:-1]))))
    assert wrong_s(detection) == 0
    assert [note.slug for note in detection.notes] == ["laps-doubtful"]
    assert "forgotten" in detection.notes[0].message


def test_a_press_that_was_doubled_is_asked_about() -> None:
    edges = [*EDGES[:3], 331.0, *EDGES[3:]]
    detection = found(replace(run(LEGS), laps=laps(edges, [*NAMES, "Backward"])))
    assert wrong_s(detection) == 0
    assert [note.slug for note in detection.notes] == ["laps-doubtful"]


def test_late_presses_are_moved_to_the_turn() -> None:
    late = [EDGES[0], *(edge + 6.0 for edge in EDGES[1:-1]), EDGES[-1]]
    detection = found(replace(run(LEGS), laps=laps(late, list(NAMES))))
    starts = [part.start_s for part in detection.segments if part.verdict == "labelled"]
    assert all(np.abs(np.array(EDGES) - start).min() <= 2 for start in starts)
    assert wrong_s(detection) == 0


def test_a_title_that_the_compass_contradicts_is_not_believed() -> None:
    detection = found(replace(run([Leg(400), BACK, Leg(440)]), name="Backward run"))
    assert [note.slug for note in detection.notes] == ["label-doubtful"]
    assert "labelled" not in {part.verdict for part in detection.segments}


def test_a_title_is_believed_where_nothing_contradicts_it() -> None:
    detection = found(replace(run([Leg(600)], compass=False), name="Backward run"))
    assert verdicts(detection) == {"labelled"}
    assert detection.notes == ()


@pytest.mark.parametrize("compass", [True, False])
def test_the_athlete_s_own_word_wins_over_every_sensor(compass: bool) -> None:  # noqa: FBT001
    label = Label(20.0, 120.0, "backward", "command")
    detection = found(run(LEGS, compass=compass), (label,))
    told = [(p.start_s, p.end_s) for p in detection.segments if p.verdict == "labelled"]
    assert told == [(20.0, 120.0)]
    others = [p for p in detection.segments if p.direction == "backward" and p.end_s <= 20.0]
    assert {p.verdict for p in others} <= {"candidate"}


def test_presses_are_the_edges_of_what_the_steps_find_and_make_a_pattern() -> None:
    edges = [0.0, 243.0, 334.0, 447.0, 545.0, 657.0, 754.0, 930.0]
    nameless: list[str | None] = [None] * 7
    detection = found(replace(run(LEGS, compass=False), laps=laps(edges, nameless)))
    spans = [(p.start_s, p.end_s) for p in detection.segments if p.direction == "backward"]
    assert spans == [(243.0, 334.0), (447.0, 545.0), (657.0, 754.0)]
    assert verdicts(detection) == {"candidate"}
    assert [note.slug for note in detection.notes] == ["laps-pattern"]
    assert "second, fourth" in detection.notes[0].message


def unaided(seconds: int, weight: float = 0.0) -> Unaided:
    """Sensors that are silent, or that say forward throughout."""
    nothing = np.zeros(seconds, dtype=bool)
    return Unaided(nothing, np.full(seconds, weight), nothing, either=False)


# 90 s there, 60 s back, over and over, give or take 4 s, between a long start and end
EVEN = [300.0, 388.0, 449.0, 541.0, 600.0, 688.0, 750.0, 838.0, 897.0, 987.0]


def test_a_press_moves_no_edge_into_a_label() -> None:
    """The athlete said 605 s; a press at 598 s is nearer to where the steps change."""
    watch = replace(
        run([Leg(600), BACK, Leg(300)], compass=False), laps=laps([0.0, 598.0, 990.0], [None, None])
    )
    detection = found(watch, (Label(500.0, 605.0, "forward", "command"),))
    labelled = [each for each in detection.segments if each.verdict == "labelled"]
    assert [(each.start_s, each.end_s, each.direction) for each in labelled] == [
        (500.0, 605.0, "forward")
    ]


@pytest.mark.parametrize("forgotten", range(1, 9))
def test_without_sensors_a_lap_as_long_as_two_shows_a_forgotten_press(forgotten: int) -> None:
    edges = [edge for place, edge in enumerate(EVEN) if place != forgotten]
    given = turned_about(edges, 1300.0, PRESSES)
    kept, notes = credible(given, unaided(1300), SETTINGS.detect)
    assert kept == given[:forgotten]  # the laps before the one that holds it
    assert [note.slug for note in notes] == ["laps-doubtful"]
    assert "forgotten" in notes[0].message


@pytest.mark.parametrize(
    "edges",
    [
        EVEN,
        [300.0, 360.0, 480.0, 540.0, 660.0, 720.0, 840.0],  # long and short ones in turn
        [300.0, 330.0, 390.0, 480.0, 600.0, 690.0, 750.0, 780.0],  # a pyramid
        [300.0, 360.0, 480.0, 540.0],  # too few to tell
    ],
)
def test_laps_that_no_press_is_missing_from_are_believed(edges: list[float]) -> None:
    given = turned_about(edges, 1300.0, PRESSES)
    assert credible(given, unaided(1300), SETTINGS.detect) == (given, ())


def test_where_sensors_judge_the_lengths_of_laps_decide_nothing() -> None:
    edges = [edge for edge in EVEN if edge != 600.0]
    given = tuple(replace(each, direction="forward") for each in turned_about(edges, 1300, PRESSES))
    assert credible(given, unaided(1300, 1.0), SETTINGS.detect) == (given, ())
