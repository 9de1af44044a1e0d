"""Trend of the left foot's share of ground contact within a segment."""

import numpy as np
import numpy.typing as npt
import pytest
from hand_made import found, part, track_of

from retrorun.measure import measure
from retrorun.model import Athlete
from retrorun.settings import MeasureSettings
from retrorun.units import FloatArray

AnyFloats = npt.NDArray[np.floating]


def trend(balance_pct: AnyFloats, speed_mps: float | FloatArray = 2.5) -> float | None:
    seconds = len(balance_pct)
    track = track_of(
        seconds, ground_speed_mps=speed_mps, balance_pct=balance_pct.astype(np.float64)
    )
    measured = measure(track, found(part(0, seconds)), Athlete(), MeasureSettings())
    return measured.segments[0].metrics.balance_trend_pct_per_min


def test_a_steady_rise_is_its_slope() -> None:
    """From 49 % to 51 % in four minutes: 0.5 % a minute."""
    assert trend(49.0 + 0.5 * np.arange(241) / 60.0) == pytest.approx(0.5)


def test_a_step_in_the_middle_has_the_slope_of_least_squares() -> None:
    """0 for n/2 seconds, then 1: the slope is 3 n / (2 (n² - 1)) a second, here n = 120."""
    expected = 60.0 * 3 * 120 / (2 * (120**2 - 1))
    assert trend(np.repeat([50.0, 51.0], 60)) == pytest.approx(expected)


def test_a_lasting_shift_is_no_trend() -> None:
    assert trend(np.full(300, 47.0)) == pytest.approx(0.0)


def test_gaps_keep_their_time() -> None:
    """Falling by 0.6 % a minute, with every second but each fifth missing."""
    balance = 50.0 - 0.6 * np.arange(400) / 60.0
    balance[np.arange(400) % 5 > 0] = np.nan
    assert trend(balance) == pytest.approx(-0.6)


def test_seconds_at_rest_do_not_count() -> None:
    speed = np.where(np.arange(200) < 100, 2.5, 0.0)
    balance = np.where(np.arange(200) < 100, 50.0, 90.0)
    assert trend(balance, speed) == pytest.approx(0.0)


@pytest.mark.parametrize(("seconds", "known"), [(59, False), (60, True), (61, True)])
def test_less_than_a_minute_has_no_trend(seconds: int, known: bool) -> None:  # noqa: FBT001
    assert (trend(50.0 + np.arange(seconds) / 60.0) is not None) == known


def test_without_balance_there_is_no_trend() -> None:
    assert trend(np.full(200, np.nan)) is None


def test_each_segment_has_its_own() -> None:
    """+1 % a minute for two minutes, then -1 % a minute, at any place of the session."""
    minutes = np.arange(120) / 60.0
    balance = np.concatenate((50.0 + minutes, 52.0 - minutes))
    track = track_of(240, ground_speed_mps=2.5, balance_pct=balance)
    measured = measure(track, found(part(0, 120), part(120, 240)), Athlete(), MeasureSettings())
    slopes = [each.metrics.balance_trend_pct_per_min for each in measured.segments]
    assert slopes == pytest.approx([1.0, -1.0])
