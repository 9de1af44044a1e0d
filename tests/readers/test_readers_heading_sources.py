"""Units of heading fields as writers name them in their languages."""

import numpy as np
import pytest

from retrorun.readers.heading_sources import degrees


@pytest.mark.parametrize("units", ["deg", "degrees", "°", "Grad", "grados", "gradi", "graus", "?"])
def test_degrees_by_any_name_stay_degrees(units: str) -> None:
    assert degrees(np.array([0.0, 90.0, -90.0]), units).tolist() == [0.0, 90.0, 270.0]


@pytest.mark.parametrize("units", ["rad", "Radians", "Radiant", "radiani", ""])
def test_radians_become_degrees(units: str) -> None:
    found = degrees(np.array([0.0, np.pi / 2, -np.pi / 2]), units)
    np.testing.assert_allclose(found, [0.0, 90.0, 270.0])


@pytest.mark.parametrize("units", ["deg", "Grad", "grados"])
def test_small_angles_with_a_unit_of_degrees_are_no_radians(units: str) -> None:
    assert degrees(np.array([1.0, 2.0]), units).tolist() == [1.0, 2.0]
