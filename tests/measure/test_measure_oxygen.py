import numpy as np
import pytest

from retrorun import literature
from retrorun.measure.energy import flat_equivalent, kcal_per_kg, minetti_j_kg_m, oxygen_ml_kg_min


def one(number: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([number])


@pytest.mark.parametrize(
    ("speed_mps", "grade", "walking", "expected"),
    [
        # S = 200 m/min: 3.5 + 0.2·200
        (200 / 60, 0.0, False, 43.5),
        # 3.5 + 40 + 0.9·200·0.05
        (200 / 60, 0.05, False, 52.5),
        # S = 80 m/min: 3.5 + 0.1·80
        (80 / 60, 0.0, True, 11.5),
        # 3.5 + 8 + 1.8·80·0.05
        (80 / 60, 0.05, True, 18.7),
        (0.0, 0.0, False, 3.5),
        # no grade known: level
        (200 / 60, np.nan, False, 43.5),
    ],
)
def test_acsm_by_hand(speed_mps: float, grade: float, *, walking: bool, expected: float) -> None:
    found = oxygen_ml_kg_min(one(speed_mps), one(grade), np.array([walking]))
    assert found[0] == pytest.approx(expected)


def test_downhill_scales_the_level_cost_above_rest_by_minetti() -> None:
    # 3.5 + 40 · 2.151706 / 3.6
    found = oxygen_ml_kg_min(one(200 / 60), one(-0.1), np.array([False]))
    assert found[0] == pytest.approx(3.5 + 40 * 2.151706 / 3.6)


def test_unknown_speed_stays_unknown() -> None:
    assert np.isnan(oxygen_ml_kg_min(one(np.nan), one(0.0), np.array([False])))[0]


@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        (0.0, 3.6),
        # 0.001554 - 0.00304 - 0.0433 + 0.463 + 1.95 + 3.6
        (0.1, 5.968214),
        # -0.001554 - 0.00304 + 0.0433 + 0.463 - 1.95 + 3.6
        (-0.1, 2.151706),
    ],
)
def test_minetti_by_hand(grade: float, expected: float) -> None:
    assert minetti_j_kg_m(one(grade))[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        (0.0, 2.5),
        # 0.002805 - 0.00587 - 0.0768 + 0.519 + 1.96 + 2.5
        (0.1, 4.899135),
        # -0.002805 - 0.00587 + 0.0768 + 0.519 - 1.96 + 2.5
        (-0.1, 1.127125),
    ],
)
def test_minetti_s_walking_by_hand(grade: float, expected: float) -> None:
    assert minetti_j_kg_m(one(grade), "walk")[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("grade", "mean", "deviation"),
    # measured means and deviations in the paper's abstract, not its polynomial
    [(0.45, 18.93, 1.74), (0.0, 3.40, 0.24), (-0.20, 1.73, 0.36), (-0.45, 3.92, 0.81)],
)
def test_minetti_passes_through_what_was_measured(
    grade: float, mean: float, deviation: float
) -> None:
    assert minetti_j_kg_m(one(grade))[0] == pytest.approx(mean, abs=deviation)


@pytest.mark.parametrize(
    ("grade", "mean", "deviation"), [(0.45, 17.33, 1.11), (-0.10, 0.81, 0.37), (-0.45, 3.46, 0.95)]
)
def test_minetti_s_walking_passes_through_what_was_measured(
    grade: float, mean: float, deviation: float
) -> None:
    assert minetti_j_kg_m(one(grade), "walk")[0] == pytest.approx(mean, abs=deviation)


def test_minetti_is_clamped_where_it_was_not_measured() -> None:
    assert minetti_j_kg_m(one(2.0))[0] == minetti_j_kg_m(one(0.45))[0]


def test_level_metres_are_worth_themselves() -> None:
    for walking in (np.array([False]), np.array([True])):
        assert flat_equivalent(one(0.0), walking)[0] == pytest.approx(1.0)
        assert flat_equivalent(one(np.nan), walking)[0] == pytest.approx(1.0)


def test_oxygen_to_energy_by_hand() -> None:
    # 40 ml/kg/min for an hour: 2.4 l/kg, 5 kcal a litre
    assert kcal_per_kg(40.0, 3600.0) == pytest.approx(12.0)


def test_every_finding_is_cited_and_within_its_band() -> None:
    assert len(literature.BY_KEY) == len(literature.FINDINGS)
    for finding in literature.FINDINGS:
        assert finding.low <= finding.value <= finding.high, finding.key
        assert finding.unit, finding.key
        assert len(finding.citation) > 20, finding.key
        assert finding.checked in {"source", "secondary"}, finding.key
