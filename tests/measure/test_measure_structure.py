"""The structure of a session, against cases counted by hand and laws that any must keep."""

from dataclasses import replace
from itertools import pairwise

import hand_made
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from retrorun.measure import measure
from retrorun.measure.structure import structure
from retrorun.model import Athlete, Gait, MeasuredSegment, Verdict
from retrorun.model.segment import TWO_DIRECTIONS, Structure
from retrorun.settings import MeasureSettings

SETTINGS = MeasureSettings()
Part = tuple[str, float, float]  # kind, seconds, metres

BLANK = measure(
    hand_made.track_of(60, speed_mps=2.0),
    hand_made.found(hand_made.part(0, 60)),
    Athlete(),
    SETTINGS,
).segments[0]
WAYS: dict[str, tuple[str, Gait, Verdict]] = {
    "back": ("backward", "run", "confirmed"),
    "label": ("backward", "run", "labelled"),
    "habit": ("backward", "run", "habit"),
    "maybe": ("backward", "run", "candidate"),
    "backwalk": ("backward", "walk", "confirmed"),
    "jog": ("forward", "run", "confirmed"),
    "walk": ("forward", "walk", "confirmed"),
    "stand": ("still", "still", "confirmed"),
}


def made(parts: list[Part], start_s: float = 0.0) -> tuple[MeasuredSegment, ...]:
    found = []
    for kind, seconds, metres in parts:
        direction, gait, verdict = WAYS[kind]
        segment = hand_made.part(start_s, start_s + seconds, direction, gait, verdict)  # type: ignore[arg-type]
        metrics = replace(BLANK.metrics, seconds=seconds, moving_s=seconds, distance_m=metres)
        found.append(MeasuredSegment(segment, metrics))
        start_s += seconds
    return tuple(found)


def of(parts: list[Part]) -> Structure:
    return structure(made(parts), SETTINGS)


def repeats(count: int, work: Part, rest: Part) -> list[Part]:
    return [each for _ in range(count) for each in (work, rest)]


WARM_UP: Part = ("jog", 600, 1700)
FIVE = [WARM_UP, *repeats(5, ("back", 90, 190), ("jog", 60, 150)), ("walk", 300, 400)]


def shuttle_sets(sets: int, count: int) -> list[Part]:
    """13 m backward in 6 to 8 s, 13 m forward in 5 s; 2 min of walking between sets."""
    parts = [WARM_UP]
    for _ in range(sets):
        for number in range(count):
            parts += [("back", 6 + number % 3, 12.6 + 0.2 * (number % 5)), ("jog", 5, 13.0)]
        parts.append(("walk", 120, 150))
    return parts


def test_five_times_ninety_seconds() -> None:
    found = of(FIVE)
    assert found.name() == "5 × 90 s"
    (only,) = found.sets
    assert (only.gait, only.size, only.count("candidate"), only.count("odd")) == ("run", 5, 0, 0)
    assert (only.duration_s, only.distance_m, only.nominal_s, only.nominal_m) == (90, 190, 90, None)
    assert [each.first for each in only.repetitions] == [1, 3, 5, 7, 9]
    assert only.repetitions[0].start_s == 600
    recovery = only.recovery
    assert (recovery.gait, recovery.duration_s, recovery.distance_m) == ("run", 60, 150)
    assert only.work_to_rest == 1.5


def test_three_sets_of_twenty_two_shuttles() -> None:
    found = of(shuttle_sets(3, 22))
    assert found.name() == "3 sets, 22 × 13 m"
    assert [each.size for each in found.sets] == [22, 22, 22]
    assert {each.kind for each in found.sets} == {0}
    for each in found.sets:
        assert (each.duration_s, each.distance_m) == (7, 13)
        assert (each.recovery.gait, each.recovery.duration_s) == ("run", 5)
        assert each.work_to_rest == pytest.approx(1.4)


def test_sets_of_unequal_counts_are_named_by_both_ends() -> None:
    parts = [*shuttle_sets(1, 7), *shuttle_sets(1, 8)[1:]]
    assert of(parts).name() == "2 sets, 7 to 8 × 13 m"


@pytest.mark.parametrize(
    "lengths",
    [
        (30, 60, 90, 60, 30),
        (40, 50, 60, 50, 40),
        (20, 30, 45, 70, 100),
        (30, 90, 30, 90, 30, 90),
        (90, 60, 30),
    ],
)
def test_a_ladder_repeats_nothing(lengths: tuple[int, ...]) -> None:
    parts = [WARM_UP]
    for seconds in lengths:
        parts += [("back", seconds, 2.1 * seconds), ("jog", 60, 160)]
    assert of(parts) == Structure()
    assert of(parts).name() == ""


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [("back", 1800, 3600)],
        [("jog", 1800, 5000)],
        [WARM_UP, ("back", 1200, 2400), ("jog", 300, 800)],
        [WARM_UP, *repeats(2, ("back", 90, 190), ("jog", 60, 150))],
    ],
)
def test_one_end_to_end_or_nothing_or_two_have_no_structure(parts: list[Part]) -> None:
    assert of(parts) == Structure()


def test_every_verdict_that_counts_does() -> None:
    parts = [WARM_UP]
    for kind in ("back", "label", "habit"):
        parts += [(kind, 90, 190), ("jog", 60, 150)]
    assert of(parts).name() == "3 × 90 s"


def test_a_candidate_keeps_its_place_and_is_counted_nowhere() -> None:
    parts = list(FIVE)
    parts[5] = ("maybe", 97, 150)
    (only,) = of(parts).sets
    assert of(parts).name() == "4 × 90 s"
    assert (only.size, only.count("candidate")) == (4, 1)
    assert [each.role for each in only.repetitions] == [
        *("counted", "counted", "candidate", "counted", "counted")
    ]
    assert (only.duration_s, only.distance_m, only.recovery.duration_s) == (90, 190, 60)


def test_a_candidate_that_is_unlike_the_others_changes_nothing() -> None:
    parts = [*FIVE[:2], ("jog", 20, 50), ("maybe", 20, 40), ("jog", 20, 60), *FIVE[3:]]
    (only,) = of(parts).sets
    assert (only.size, only.count("candidate"), only.count("odd")) == (5, 0, 0)
    assert only.recovery.duration_s == 60


def test_candidates_alone_have_a_structure_of_their_own_that_says_so() -> None:
    parts: list[Part] = [WARM_UP, *repeats(5, ("maybe", 62, 120), ("jog", 70, 180))]
    found = of(parts)
    assert not found.is_certain
    assert found.name() == "maybe 5 × 60 s"
    assert (found.sets[0].count(), found.sets[0].count("candidate")) == (0, 5)


def test_a_direction_that_is_only_asked_for_has_none() -> None:
    asked = [
        MeasuredSegment(replace(each.segment, reason=TWO_DIRECTIONS), each.metrics)
        if each.segment.verdict == "candidate"
        else each
        for each in made([WARM_UP, *repeats(5, ("maybe", 62, 120), ("jog", 70, 180))])
    ]
    assert structure(asked, SETTINGS) == Structure()


def test_segments_that_touch_are_one_repetition() -> None:
    parts = list(FIVE)
    parts[3:4] = [("label", 50, 100), ("back", 40, 90), ("maybe", 4, 8)]
    parts[6] = ("jog", 56, 150)  # the four doubtful seconds are part of the recovery
    (only,) = of(parts).sets
    assert only.size == 5
    assert (only.repetitions[1].first, only.repetitions[1].last) == (3, 4)
    assert (only.repetitions[1].duration_s, only.repetitions[1].distance_m) == (90, 190)
    assert only.recovery.duration_s == 60


def test_walking_backward_off_a_run_is_its_recovery() -> None:
    parts = [WARM_UP, *repeats(4, ("back", 60, 120), ("backwalk", 60, 60)), ("jog", 60, 160)]
    found = of(parts)
    assert found.name() == "4 × 60 s"
    assert (found.sets[0].recovery.gait, found.sets[0].recovery.duration_s) == ("walk", 60)


def test_walked_sets_and_run_sets_are_told_apart() -> None:
    parts = [
        *repeats(4, ("backwalk", 60, 60), ("stand", 30, 0)),
        *repeats(3, ("back", 30, 70), ("jog", 45, 120)),
    ]
    found = of(parts)
    assert found.name() == "4 × 60 s walk, then 3 × 30 s run"
    assert [each.recovery.gait for each in found.sets] == ["still", "run"]
    assert found.sets[0].work_to_rest == 2


def test_one_missed_turn_among_many_shuttles_does_not_part_them() -> None:
    parts: list[Part] = repeats(10, ("back", 7, 13), ("jog", 5, 13))
    parts[8:11] = [("back", 19, 39)]  # two, and the way between them, seen as one
    (only,) = of(parts).sets
    assert (only.size, only.count("odd")) == (8, 1)
    assert (only.duration_s, only.nominal_m) == (7, 13)


def test_a_late_single_repetition_is_in_no_set() -> None:
    parts = [*FIVE, ("jog", 900, 2500), ("back", 90, 190), ("jog", 60, 160)]
    (only,) = of(parts).sets
    assert (only.size, only.repetitions[-1].first) == (5, 9)


def test_even_ways_in_uneven_times_are_named_by_metres() -> None:
    parts = [WARM_UP]
    for seconds, metres in ((190, 398), (201, 402), (215, 400), (228, 401)):
        parts += [("back", seconds, metres), ("walk", 120, 150)]
    assert of(parts).name() == "4 × 400 m"


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (90, "90 s"),
        (91, "90 s"),
        (98, "98 s"),
        (117, "117 s"),
        (181, "3 min"),
        (135, "2:15 min"),
        (7, "7 s"),
        (1, "1 s"),
    ],
)
def test_times_are_named_as_they_are_or_by_the_half_minute_that_is_near(
    seconds: int, name: str
) -> None:
    parts: list[Part] = repeats(4, ("back", seconds, 2 * seconds), ("jog", 200, 500))
    assert of(parts).name() == f"4 × {name}"


def test_without_any_way_sets_are_found_by_time() -> None:
    parts = [
        MeasuredSegment(each.segment, replace(each.metrics, distance_m=None)) for each in made(FIVE)
    ]
    found = structure(parts, SETTINGS)
    assert found.name() == "5 × 90 s"
    assert (found.sets[0].distance_m, found.sets[0].recovery.distance_m) == (None, None)


def test_many_kinds_are_not_all_named() -> None:
    parts: list[Part] = []
    for seconds in (20, 60, 120, 240, 480):
        parts += repeats(3, ("back", seconds, 2.1 * seconds), ("jog", 60, 160))
    assert of(parts).name() == "3 × 20 s, then 3 × 60 s, then 3 × 2 min, then 2 more sets"


def test_the_measures_of_a_session_hold_it() -> None:
    edges = [0, 300, 360, 420, 480, 540, 600, 660]
    parts = [
        hand_made.part(low, high, "backward" if place % 2 else "forward")
        for place, (low, high) in enumerate(pairwise(edges))
    ]
    track = hand_made.track_of(660, ground_speed_mps=2.0, speed_mps=2.0)
    found = measure(track, hand_made.found(*parts), Athlete(), SETTINGS)
    assert found.structure.name() == "3 × 60 s"


KINDS = st.sampled_from(sorted(WAYS))
PARTS = st.lists(
    st.tuples(KINDS, st.integers(3, 400), st.integers(1, 900)).map(
        lambda part: (part[0], float(part[1]), float(part[2]))
    ),
    max_size=40,
)


@given(PARTS, st.integers(-1000, 100_000))
def test_a_later_start_gives_an_equal_structure(parts: list[Part], later_s: int) -> None:
    found = structure(made(parts), SETTINGS)
    shifted = structure(made(parts, float(later_s)), SETTINGS)
    back = [
        structs.replace(
            each,
            repetitions=tuple(
                structs.replace(one, start_s=one.start_s - later_s, end_s=one.end_s - later_s)
                for one in each.repetitions
            ),
        )
        for each in shifted.sets
    ]
    assert tuple(back) == found.sets


@given(PARTS, st.sampled_from([2.0, 4.0, 0.5]))
def test_time_and_way_and_their_tolerances_scaled_alike_find_the_same_sets(
    parts: list[Part], times: float
) -> None:
    scaled = [(kind, times * seconds, times * metres) for kind, seconds, metres in parts]
    settings = structs.replace(
        SETTINGS,
        structure_alike_s=times * SETTINGS.structure_alike_s,
        structure_alike_m=times * SETTINGS.structure_alike_m,
        structure_break_s=times * SETTINGS.structure_break_s,
    )
    first, second = structure(made(parts), SETTINGS), structure(made(scaled), settings)
    assert [[one.first for one in each.repetitions] for each in first.sets] == [
        [one.first for one in each.repetitions] for each in second.sets
    ]
    assert [times * each.duration_s for each in first.sets] == [
        each.duration_s for each in second.sets
    ]


@given(PARTS)
def test_sets_hold_what_they_say(parts: list[Part]) -> None:
    measured = made(parts)
    found = structure(measured, SETTINGS)
    places = [
        place for each in found.sets for one in each.repetitions for place in (one.first, one.last)
    ]
    assert places == sorted(places)  # in order, and none in two sets
    if found.sets:
        assert sum(each.size + each.count("candidate") for each in found.sets) >= 3
    for each in found.sets:
        assert each.repetitions[0].role != "odd" != each.repetitions[-1].role
        assert each.is_certain or not found.is_certain
        for one in each.repetitions:
            assert all(
                part.segment.direction == "backward" for part in measured[one.first : one.last + 1]
            )
            assert one.start_s == measured[one.first].segment.start_s
            assert one.end_s == measured[one.last].segment.end_s
            if one.role == "counted":
                assert all(
                    part.segment.kind == "backward" for part in measured[one.first : one.last + 1]
                )


@given(st.integers(3, 30), st.integers(5, 600), st.integers(5, 300), st.integers(0, 3))
def test_equal_repetitions_are_all_found(count: int, work_s: int, rest_s: int, odd: int) -> None:
    parts: list[Part] = [
        WARM_UP,
        *repeats(count, ("back", work_s, 2.2 * work_s), ("jog", rest_s, 200)),
    ]
    parts += [("walk", 100.0, 100.0)] * odd
    (only,) = of(parts).sets
    assert (only.size, only.duration_s, only.recovery.duration_s) == (count, work_s, rest_s)
