import itertools

import numpy as np
import pytest

from retrorun.detect.series import backward_probability, known_mean, sum_around, without_short
from retrorun.units import FloatArray


def by_enumeration(
    evidence: FloatArray, onset: FloatArray, ending: FloatArray, prior: float
) -> list[float]:
    """Posterior by summing over every path: slow, and nothing to get wrong."""
    total, back = 0.0, np.zeros(evidence.size)
    for path in itertools.product((0, 1), repeat=evidence.size):
        weight = (prior if path[0] else 1 - prior) * np.exp(evidence[0] * path[0])
        for i in range(1, evidence.size):
            leave = ending[i] if path[i - 1] else onset[i]
            weight *= leave if path[i] != path[i - 1] else 1 - leave
            weight *= np.exp(evidence[i] * path[i])
        total += weight
        back += weight * np.array(path)
    return list(back / total)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_sum_over_all_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    evidence = rng.normal(0, 2, 9)
    onset, ending = rng.uniform(0.01, 0.4, 9), rng.uniform(0.01, 0.4, 9)
    found = backward_probability(evidence, onset, ending, 0.1)
    assert found == pytest.approx(by_enumeration(evidence, onset, ending, 0.1), rel=1e-9)


def by_logarithms(
    evidence: FloatArray, onset: FloatArray, ending: FloatArray, prior: float
) -> FloatArray:
    """Posterior by the forward-backward recursions of logarithms, second by second."""
    steps = [
        np.log([[1.0 - into, into], [out, 1.0 - out]])
        for into, out in zip(onset, ending, strict=True)
    ]
    seen = np.stack([np.zeros(evidence.size), evidence], axis=1)
    ahead, behind = np.zeros((2, evidence.size, 2))
    ahead[0] = np.log([1.0 - prior, prior]) + seen[0]
    for at in range(1, evidence.size):
        ahead[at] = np.logaddexp.reduce(ahead[at - 1][:, None] + steps[at], axis=0) + seen[at]
    for at in range(evidence.size - 1, 0, -1):
        onward = steps[at] + seen[at] + behind[at]
        behind[at - 1] = np.logaddexp.reduce(onward, axis=1)
    both = ahead + behind
    return np.asarray(1.0 / (1.0 + np.exp(both[:, 0] - both[:, 1])))


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 18, 32, 33, 1000])
@pytest.mark.parametrize("strength", [0.3, 3.0, 30.0])
def test_it_is_that_of_logarithms_however_long_and_strong(count: int, strength: float) -> None:
    rng = np.random.default_rng(count)
    evidence = np.clip(rng.normal(0, strength, count), -30.0, 30.0)
    evidence[count // 2 :] += strength * np.sign(evidence[count // 2 :])  # and long agreement
    evidence = np.clip(evidence, -30.0, 30.0)
    onset, ending = rng.uniform(1e-6, 0.4, (2, count))
    found = backward_probability(evidence, onset, ending, 0.1)
    assert found == pytest.approx(by_logarithms(evidence, onset, ending, 0.1), rel=1e-9, abs=1e-12)


def test_no_evidence_leaves_the_prior() -> None:
    steady = np.full(500, 0.01)
    found = backward_probability(np.zeros(500), steady, steady * 4, 0.2)
    assert found == pytest.approx(np.full(500, 0.2), abs=1e-6)


def test_overwhelming_evidence_stays_finite() -> None:
    found = backward_probability(np.full(50, 1e6), np.full(50, 1e-6), np.full(50, 1e-6), 0.05)
    assert np.isfinite(found).all()
    assert found.min() > 0.999


def test_nothing_gives_nothing() -> None:
    none = np.empty(0)
    assert backward_probability(none, none, none, 0.1).size == 0


def test_a_mean_leaves_out_what_is_missing() -> None:
    values = np.random.default_rng(5).normal(size=300)
    assert known_mean(values) == np.nanmean(values)
    values[::3] = np.nan
    assert known_mean(values) == np.nanmean(values)


def test_sums_of_several_series_are_those_of_each() -> None:
    values = np.random.default_rng(6).normal(size=(3, 50))
    for half in (0, 4, 60):
        alone = [
            [row[max(at - half, 0) : at + half + 1].sum() for at in range(50)] for row in values
        ]
        assert np.allclose(sum_around(values, half), alone, rtol=0.0, atol=1e-12)


def test_only_short_runs_are_turned_over_and_the_flag_itself_stays() -> None:
    flag = np.repeat([False, True, False, True], [5, 2, 4, 6])
    given = flag.copy()
    assert without_short(flag, value=True, seconds=3).tolist() == [False] * 11 + [True] * 6
    kept = without_short(flag, value=True, seconds=2)
    kept[:] = True
    assert np.array_equal(flag, given)
