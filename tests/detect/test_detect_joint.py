import numpy as np

from retrorun.detect.joint import change_deg


def test_a_turn_takes_the_shorter_way() -> None:
    found = change_deg(np.array([350.0, 0.0, 10.0]), 1)
    assert np.isnan(found[[0, 2]]).all()
    assert found[1] == 20.0
