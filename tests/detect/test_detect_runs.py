import numpy as np
import pytest

from retrorun.detect.series import mean_around, runs, without_short


def test_runs_are_maximal_and_half_open() -> None:
    starts, ends = runs(np.array([1, 1, 0, 2, 2, 2]))
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == [(0, 2), (2, 3), (3, 6)]


def test_no_values_no_runs() -> None:
    assert runs(np.zeros(0))[0].size == 0
    assert without_short(np.zeros(0, dtype=bool), value=True, seconds=5).size == 0


def test_short_runs_of_one_value_are_turned_over() -> None:
    flag = np.array([0, 1, 0, 0, 1, 1, 1], dtype=bool)
    assert without_short(flag, value=True, seconds=2).tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert without_short(flag, value=False, seconds=2).tolist() == [1, 1, 0, 0, 1, 1, 1]


def test_means_skip_what_is_missing() -> None:
    found = mean_around(np.array([1.0, np.nan, 3.0, np.nan, np.nan]), 1)
    assert found[:4] == pytest.approx([1.0, 2.0, 3.0, 3.0])
    assert np.isnan(found[4])
