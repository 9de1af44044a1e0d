"""Inside a zone nothing is left that tells where the runner was; outside nothing is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrorun.model import HeadingTrack, Track, Zone
from retrorun.prepare.motion import plane
from retrorun.privacy import TELLING, within, without_zones
from retrorun.units import FloatArray

# one degree of a great circle on the mean sphere: 2 pi 6371008.8 m / 360
DEGREE_M = 111_195.08
HOME = Zone(46.05, 14.5, 202.0)


def line(n: int = 200, step_m: float = 5.0) -> Track:
    """Straight north from the door, 5 m a second, with everything that tells a place."""
    north: FloatArray = np.arange(n, dtype=np.float64) * step_m
    latitude: FloatArray = 46.05 + north / DEGREE_M
    longitude = np.full(n, 14.5)
    x_m, y_m = plane(latitude, longitude)
    columns = {name: np.linspace(1.0, 2.0, n) for name in TELLING}
    columns |= {"latitude_deg": latitude, "longitude_deg": longitude, "x_m": x_m, "y_m": y_m}
    columns |= {"heart_rate_bpm": np.full(n, 140.0), "heading_minus_course_deg": np.full(n, 3.0)}
    heading = HeadingTrack("gpx:compass", "compass", "true", np.full(n, 1.0))
    return Track(1.7e9, columns, {"gap": np.zeros(n, dtype=bool)}, (heading,))


def test_samples_inside_lose_every_column_that_tells_a_place() -> None:
    hidden = without_zones(line(), [HOME])
    inside = np.arange(200) * 5.0 <= 202.0
    for name in TELLING:
        assert np.isnan(hidden.columns[name][inside]).all(), name
        assert np.isfinite(hidden.columns[name][~inside]).all(), name
    assert np.isnan(hidden.headings[0].heading_deg[inside]).all()
    assert np.isfinite(hidden.headings[0].heading_deg[~inside]).all()


def test_what_the_body_did_stays() -> None:
    before, hidden = line(), without_zones(line(), [HOME])
    for name in ("heart_rate_bpm", "heading_minus_course_deg"):
        np.testing.assert_array_equal(hidden.columns[name], before.columns[name])


def test_the_plane_no_longer_begins_at_the_door() -> None:
    hidden = without_zones(line(), [HOME])
    first = int(np.flatnonzero(np.isfinite(hidden.columns["y_m"]))[0])
    assert first == 41  # 205 m: the first sample beyond 202 m
    assert hidden.columns["x_m"][first] == 0.0
    assert hidden.columns["y_m"][first] == 0.0
    assert hidden.columns["y_m"][first + 10] == pytest.approx(50.0, abs=0.01)


def test_a_home_in_the_middle_does_not_move_the_rest_apart() -> None:
    """Two ends of one run stay where they were to one another."""
    middle = Zone(46.05 + 500 / DEGREE_M, 14.5, 102.0)
    hidden = without_zones(line(), [middle])
    y_m = hidden.columns["y_m"]
    assert np.isnan(y_m[80:121]).all()
    assert y_m[199] - y_m[0] == pytest.approx(995.0, abs=0.01)


def test_all_inside_leaves_no_position_at_all() -> None:
    hidden = without_zones(line(), [Zone(46.05, 14.5, 5000.0)])
    assert not any(hidden.has(name) for name in TELLING)


def test_without_zones_or_far_from_them_the_track_is_the_same() -> None:
    track = line()
    assert without_zones(track, []) is track
    assert without_zones(track, [Zone(0.0, 0.0, 500.0)]) is track


def test_a_track_without_positions_passes() -> None:
    track = Track(0.0, {"heart_rate_bpm": np.ones(5)}, {"gap": np.zeros(5, dtype=bool)})
    assert without_zones(track, [HOME]) is track


def test_the_track_given_is_not_changed() -> None:
    track = line()
    before = {name: values.copy() for name, values in track.columns.items()}
    without_zones(track, [HOME])
    for name, values in before.items():
        np.testing.assert_array_equal(track.columns[name], values)


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone", "inside"),
    [
        (0.0, 179.9995, Zone(0.0, -179.9995, 112.0), True),  # 0.001 deg apart: 111.2 m
        (0.0, 179.9995, Zone(0.0, -179.9995, 110.0), False),
        (60.0, 10.002, Zone(60.0, 10.0, 112.0), True),  # a degree east is half as long at 60 N
        (60.0, 10.002, Zone(60.0, 10.0, 110.0), False),
        (89.9995, 0.0, Zone(89.9995, 180.0, 112.0), True),  # across the pole
    ],
)
def test_distances_hold_anywhere(
    latitude: float, longitude: float, zone: Zone, *, inside: bool
) -> None:
    assert within(np.array([latitude]), np.array([longitude]), [zone]).tolist() == [inside]


positions = st.lists(
    st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)), min_size=1, max_size=30
)


@given(positions, st.lists(st.floats(1.0, 3000.0), min_size=1, max_size=3))
def test_no_position_left_lies_in_a_zone(
    offsets: list[tuple[float, float]], radii: list[float]
) -> None:
    """Checked with the plane of the preparation, which is another formula (0.1 % at 20 km)."""
    latitude: FloatArray = np.array([46.0 + north for north, _ in offsets])
    longitude: FloatArray = np.array([14.0 + east for _, east in offsets])
    columns = {"latitude_deg": latitude, "longitude_deg": longitude}
    track = Track(0.0, columns, {"gap": np.zeros(len(offsets), dtype=bool)})
    zones = [Zone(46.0, 14.0, radius) for radius in radii]
    left = without_zones(track, zones)
    x_m, y_m = plane(
        np.concatenate([[46.0], left.column("latitude_deg")]),
        np.concatenate([[14.0], left.column("longitude_deg")]),
    )
    distance = np.hypot(x_m[1:], y_m[1:])
    assert not (distance <= 0.999 * max(radii)).any()
    kept = np.isfinite(left.column("latitude_deg"))
    true_x, true_y = plane(np.concatenate([[46.0], latitude]), np.concatenate([[14.0], longitude]))
    assert kept[np.hypot(true_x[1:], true_y[1:]) > 1.001 * max(radii)].all()
