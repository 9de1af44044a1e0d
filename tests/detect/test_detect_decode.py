import itertools

import numpy as np
import pytest

from retrorun.detect.series import backward_probability
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
