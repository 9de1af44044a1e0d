"""Vertical ratio: rise and fall in per cent of step length."""

import numpy as np
import pytest
from hand_made import found, part, track_of

from retrorun.measure import measure
from retrorun.model import Athlete, Metrics
from retrorun.settings import MeasureSettings
from retrorun.units import FloatArray


def metrics(**columns: float | FloatArray) -> Metrics:
    """Of 120 s at 2.4 m/s and 180 steps/min: steps of 2.4 · 60 / 180 = 0.8 m."""
    track = track_of(120, ground_speed_mps=2.4, cadence_spm=180.0, **columns)
    measured = measure(track, found(part(0, 120)), Athlete(), MeasureSettings())
    return measured.segments[0].metrics


def test_it_is_rise_and_fall_over_step_length() -> None:
    """0.06 m on steps of 0.8 m are 7.5 %."""
    assert metrics(vertical_oscillation_m=0.06).vertical_ratio_pct == pytest.approx(7.5)


def test_what_the_device_recorded_is_taken() -> None:
    """8 % for a minute and 9 % for a minute are 8.5 %, whatever the oscillation."""
    recorded = np.repeat([8.0, 9.0], 60)
    own = metrics(vertical_oscillation_m=0.06, vertical_ratio_pct=recorded)
    assert own.vertical_ratio_pct == pytest.approx(8.5)


def test_without_oscillation_it_is_not_known() -> None:
    assert metrics().vertical_ratio_pct is None


def test_without_steps_it_is_not_known() -> None:
    track = track_of(120, ground_speed_mps=2.4, vertical_oscillation_m=0.06)
    measured = measure(track, found(part(0, 120)), Athlete(), MeasureSettings())
    assert measured.segments[0].metrics.vertical_ratio_pct is None
