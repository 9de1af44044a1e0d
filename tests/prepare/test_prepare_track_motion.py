import numpy as np
import pytest

from retrorun.model import Recording, Track
from retrorun.prepare import prepare
from retrorun.prepare.track import plane
from retrorun.settings import PrepareSettings
from retrorun.units import FloatArray

SETTINGS = PrepareSettings()
RADIUS_M = 6_371_008.8


def located(east_m: FloatArray, north_m: FloatArray, **more: FloatArray) -> Track:
    latitude = 46.0 + np.degrees(north_m / RADIUS_M)
    longitude = 14.5 + np.degrees(east_m / RADIUS_M / np.cos(np.radians(46.0)))
    columns = {"latitude_deg": latitude, "longitude_deg": longitude, **more}
    return prepare(Recording(np.arange(float(len(east_m))), columns), SETTINGS)


def test_a_second_of_latitude_is_31_metres() -> None:
    # One nautical mile, 1852 m, is a minute of arc by its old definition: 30.87 m a second.
    _, north = plane(np.array([46.0, 46.0 + 1 / 3600]), np.array([14.5, 14.5]))
    assert north[1] == pytest.approx(1852 / 60, rel=2e-3)


@pytest.mark.parametrize(
    ("east", "north", "course"), [(0, 3, 0), (3, 0, 90), (0, -3, 180), (-3, 0, 270)]
)
def test_course_is_clockwise_from_north(east: float, north: float, course: float) -> None:
    along = np.arange(30.0)
    track = located(east * along, north * along)
    assert track.column("course_deg")[15] == pytest.approx(course, abs=0.1)
    assert track.column("ground_speed_mps")[15] == pytest.approx(3.0, rel=1e-3)


def test_a_circle_turns_at_its_own_rate() -> None:
    angle = np.radians(6.0) * np.arange(120.0)  # 6 degrees a second, clockwise
    track = located(50.0 * np.sin(angle), 50.0 * np.cos(angle))
    assert track.column("turn_rate_dps")[60] == pytest.approx(6.0, abs=0.05)


def test_standing_has_no_course() -> None:
    track = located(np.zeros(30), np.zeros(30))
    assert np.isnan(track.column("course_deg")).all()
    assert track.column("ground_speed_mps")[10] == 0.0


def test_grade_is_rise_over_run() -> None:
    along = 3.0 * np.arange(200.0)
    track = located(along, np.zeros(200), altitude_m=300.0 + 0.05 * along)
    assert track.column("grade")[100] == pytest.approx(0.05, abs=1e-3)
    assert track.column("smooth_altitude_m")[100] == pytest.approx(315.0, abs=0.1)


def test_standing_still_hides_no_slope() -> None:
    along = np.concatenate(
        (3.0 * np.arange(100.0), np.full(300, 297.0), 300 + 3.0 * np.arange(100.0))
    )
    track = located(along, np.zeros(500), altitude_m=100.0 + 0.1 * along)
    assert track.column("grade")[95] == pytest.approx(0.1, abs=0.01)
    assert track.column("grade")[405] == pytest.approx(0.1, abs=0.01)


def test_without_altitude_grade_is_not_known() -> None:
    assert np.isnan(located(3.0 * np.arange(60.0), np.zeros(60)).column("grade")).all()


def test_a_treadmill_has_the_speed_of_its_distance() -> None:
    distance_m = 2.5 * np.arange(60.0)
    track = prepare(Recording(np.arange(60.0), {"distance_m": distance_m}), SETTINGS)
    assert track.column("ground_speed_mps")[30] == pytest.approx(2.5)
    assert np.isnan(track.column("x_m")).all()
    assert np.isnan(track.column("course_deg")).all()


def test_smart_recording_keeps_speed_and_course() -> None:
    times = np.cumsum(np.tile([1.0, 8.0, 3.0, 5.0], 10))
    latitude = 46.0 + np.degrees(3.0 * times / RADIUS_M)
    columns = {"latitude_deg": latitude, "longitude_deg": np.full(times.size, 14.5)}
    track = prepare(Recording(times, columns), SETTINGS)
    assert np.allclose(track.column("ground_speed_mps"), 3.0, rtol=1e-3)
    assert not track.flags["gap"].any()
