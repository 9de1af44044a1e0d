"""What pages draw and list: medians of stretches, and paths through points."""

import math
import statistics

import numpy as np
import pytest

from retrorun.report.figures import medians
from retrorun.report.session.lanes import _polyline, _ranged


@pytest.mark.parametrize("step", [1, 4, 10, 25, 60])
def test_the_median_of_a_stretch_is_of_what_is_there(step: int) -> None:
    values = np.random.default_rng(3).normal(300.0, 40.0, 143)
    values[[0, 1, 2, 3, 17, 60]] = np.nan
    values[80:105] = np.nan
    values[120] = np.inf
    for place, found in enumerate(medians(values, step)):
        there = [
            each
            for each in values.tolist()[place * step : place * step + step]
            if math.isfinite(each)
        ]
        assert found == statistics.median(there) if there else math.isnan(found)
    assert len(medians(values, step)) == math.ceil(143 / step)


def test_a_path_is_relative_and_broken_where_a_value_is_missing() -> None:
    path = _polyline([0, 5, 10, 15, 20, 25], [None, 7, 9, None, 2, 1])
    assert path == "M5 7l0 0 5 2M20 2l0 0 5 -1"


def test_a_range_goes_out_along_the_low_line_and_back_along_the_high_one() -> None:
    x, low, high = [0, 2, 4, 6, 8], [10, 11, 12, 13, None], [20, 21, 22, 23, None]
    known = np.array([True, True, True, True, False])
    path = _ranged(x, low, high, known, [(0, 1), (0, 5)])
    assert path == "M0 10l0 0 4 2 2 1 0 10 -2 -1 -4 -2z"
