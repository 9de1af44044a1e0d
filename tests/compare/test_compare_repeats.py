"""Sessions that repeat the same, side by side: which they are, and the last against the others."""

import math
from dataclasses import replace
from statistics import mean, stdev

import measured_sessions as made
import pytest

from retrorun.compare import compare
from retrorun.measure.structure import structure
from retrorun.model import Athlete, MeasuredSegment, Session, Verdict
from retrorun.model.comparison import Repeats
from retrorun.settings import CompareSettings, MeasureSettings

T_2, T_4 = 4.303, 2.776  # 97.5 % points of Student's t with so many degrees of freedom


def repeating(
    name: str,
    day: float,
    speeds_mps: list[float],
    work_s: float = 90.0,
    verdict: Verdict = "confirmed",
) -> Session:
    """A session of one set: a repetition a speed, a minute of running after each."""
    parts: list[MeasuredSegment] = [made.stretch(0.0, 300.0)]
    for speed_mps in speeds_mps:
        start_s = parts[-1].segment.end_s
        parts.append(made.stretch(start_s, work_s, "backward", speed_mps, verdict=verdict))
        parts.append(made.stretch(start_s + work_s, 60.0))
    found = made.session(name, day, parts)
    measures = replace(found.measures, structure=structure(parts, MeasureSettings()))
    return replace(found, measures=measures)


def of(*sessions: Session, include_candidates: bool = False) -> tuple[Repeats, ...]:
    return compare(sessions, Athlete(), CompareSettings(include_candidates)).repeats


def test_the_last_session_against_the_mean_of_those_before_it_by_hand() -> None:
    (found,) = of(
        repeating("a", 0, [2.0, 2.0, 2.0]),
        repeating("b", 7, [2.5, 2.5, 2.5]),
        repeating("c", 14, [2.5, 2.0, 2.5]),
    )
    assert [each.session for each in found.sessions] == ["a", "b", "c"]
    assert [each.date for each in found.sessions] == ["2026-01-05", "2026-01-12", "2026-01-19"]
    assert found.sessions[0].paces_s_per_km == ((500.0, 500.0, 500.0),)
    assert found.earlier_s_per_km == ((450.0, 450.0, 450.0),)  # of 500 and 400
    changes = [-50.0, 50.0, -50.0]
    reach = T_2 * stdev(changes) / math.sqrt(3)
    difference = found.difference_s_per_km
    assert found.repetitions == 3
    assert difference.value == pytest.approx(mean(changes))
    assert (difference.low, difference.high) == pytest.approx(
        (mean(changes) - reach, mean(changes) + reach), rel=1e-3
    )


def test_each_repetition_is_set_against_its_own_number() -> None:
    fresh, tired = [2.5, 2.4, 2.2, 2.0, 1.9], [2.5, 2.4, 2.2, 2.0]
    (found,) = of(repeating("a", 0, fresh), repeating("b", 7, tired))
    # one repetition fewer: the others are as quick as before
    assert found.repetitions == 4
    assert found.difference_s_per_km.value == pytest.approx(0.0)
    assert found.earlier_s_per_km == (tuple(1000 / each for each in tired),)
    (turned,) = of(repeating("b", 0, tired), repeating("a", 7, fresh))
    assert turned.repetitions == 4
    assert turned.earlier_s_per_km[0][4] is None


def test_sessions_in_any_order_are_put_into_that_of_time() -> None:
    late, early = repeating("z", 7, [2.5, 2.5, 2.5]), repeating("a", 0, [2.0, 2.0, 2.0])
    assert of(late, early) == of(early, late)
    assert of(late, early)[0].difference_s_per_km.value == pytest.approx(-100.0)


def test_other_lengths_are_another_kind_and_one_session_is_no_comparison() -> None:
    speeds = [2.0, 2.1, 2.2]
    sessions = [
        repeating("a", 0, speeds),
        repeating("b", 2, speeds, 30.0),
        repeating("c", 4, speeds, 92.0),
        repeating("d", 6, speeds, 31.0),
        repeating("e", 8, speeds, 240.0),
    ]
    found = of(*sessions)
    assert [[each.session for each in kind.sessions] for kind in found] == [["b", "d"], ["a", "c"]]
    assert of(*sessions[:2]) == ()
    assert of() == ()


def test_candidates_stand_beside_others_only_where_they_are_to_count() -> None:
    speeds = [2.0, 2.1, 2.2]
    pair = (repeating("a", 0, speeds), repeating("b", 7, speeds, verdict="candidate"))
    assert of(*pair) == ()
    (found,) = of(*pair, include_candidates=True)
    assert found.difference_s_per_km.value == pytest.approx(0.0)


def test_repetitions_without_a_pace_give_no_number_and_say_why() -> None:
    blind = [repeating(name, day, [2.0, 2.0, 2.0]) for name, day in (("a", 0), ("b", 7))]
    without = [
        replace(
            each,
            measures=replace(
                each.measures,
                segments=tuple(
                    MeasuredSegment(one.segment, replace(one.metrics, speed_mps=None))
                    for one in each.measures.segments
                ),
            ),
        )
        for each in blind
    ]
    (found,) = of(*without)
    assert found.difference_s_per_km.value is None
    assert found.difference_s_per_km.reason
    assert found.repetitions == 0


def test_repetitions_that_only_scatter_hardly_ever_change() -> None:
    import numpy as np

    rng = np.random.default_rng(5)
    clear = 0
    for _ in range(200):
        first, second = (list(2.0 + rng.normal(0.0, 0.05, 5)) for _ in range(2))
        (found,) = of(repeating("a", 0, first), repeating("b", 7, second))
        low, high = found.difference_s_per_km.low, found.difference_s_per_km.high
        assert low is not None
        assert high is not None
        clear += low > 0 or high < 0
    assert clear <= 20  # 5 % of 200 are 10; more than 20 has a probability of 0.1 %
