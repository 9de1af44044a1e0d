"""Contact time and vertical excursion beside the steps, and columns that say nothing."""

import itertools
from statistics import NormalDist

import numpy as np
import pytest
from msgspec.structs import replace

from made_runs import Leg, backward, run
from retrorun.arithmetic import log
from retrorun.detect import detect, modes
from retrorun.detect.modes import Stride
from retrorun.detect.step_rate import stride_evidence, stride_log_odds
from retrorun.model import Athlete, Detection, Recording
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.units import FloatArray

SETTINGS = Settings()
CONTACT, EXCURSION = "contact_time_s", "vertical_oscillation_m"
SLOW_MPS = 2.2  # 0.78 of the forward legs' 2.8


def ahead(seconds: int, speed_mps: float) -> Leg:
    return Leg(seconds, speed_mps, 139.4 + 9.5 * speed_mps)


def intervals(ratio: float, turned_deg: float = 180.0) -> list[Leg]:
    """Six slow stretches with steps raised by ``ratio`` between forward ones."""
    slow = Leg(100, SLOW_MPS, (139.4 + 9.5 * SLOW_MPS) * ratio, turned_deg)
    legs = [ahead(240, 2.8)]
    for pace in (2.7, 2.9, 2.8, 2.75, 2.85, 2.8):
        legs += [slow, ahead(120, pace)]
    return legs


def measured(legs: list[Leg], contact: float, excursion: float) -> Recording:
    """A run without heading and heart whose slow stretches have these shares of the forward stride.

    Contact time follows speed to the power of -0.4; both wander by 2 %.
    """
    made, rng = run(legs, compass=False), np.random.default_rng(11)
    each = np.repeat(np.arange(len(legs)), [leg.seconds for leg in legs])
    slow = np.array([leg.speed_mps == SLOW_MPS for leg in legs])[each]
    speed = np.array([leg.speed_mps for leg in legs])[each]
    wander = np.exp(rng.normal(0.0, 0.02, (2, each.size)))
    columns = {
        **{name: values for name, values in made.columns.items() if name != "heart_rate_bpm"},
        CONTACT: 0.25 * (speed / 3.0) ** -0.4 * np.where(slow, contact, 1.0) * wander[0],
        EXCURSION: 0.08 * np.where(slow, excursion, 1.0) * wander[1],
    }
    return replace(made, columns=columns)


def found(recording: Recording) -> Detection:
    track = prepare(recording, SETTINGS.prepare)
    return detect(track, (), Athlete(), SETTINGS.detect)


def steps_of(recording: Recording) -> modes.Steps:
    track = prepare(recording, SETTINGS.prepare)
    return modes.steps(track, modes.modes(track, SETTINGS.detect), SETTINGS.detect)


def with_column(recording: Recording, name: str, values: FloatArray) -> Recording:
    return replace(recording, columns={**recording.columns, name: values})


def without(recording: Recording, *names: str) -> Recording:
    kept = {name: each for name, each in recording.columns.items() if name not in names}
    return replace(recording, columns=kept)


def backward_s(detection: Detection) -> float:
    return sum(each.end_s - each.start_s for each in detection.segments if each.kind == "candidate")


def log_odds(change: float, quicker: float = 0.05, unsure: float = 0.03) -> float:
    stride = Stride(
        CONTACT, np.zeros(1), (-0.35, 0.15), (-0.5, 0.3), (-0.17, 0.08), 0.0, np.zeros(1)
    )
    changed = (np.array([change]), np.array([unsure]))
    return float(stride_log_odds(stride, changed, np.array([quicker]), SETTINGS.detect)[0])


@pytest.mark.parametrize("change", [-0.16, -0.1, -0.05, -0.03])
def test_the_log_odds_are_those_of_two_normals_with_a_floor(change: float) -> None:
    """Forward: -0.5 of 5 % more steps, give or take 0.3 of them; backward: -0.17 +- 0.08."""
    backward_density = NormalDist(-0.17, np.hypot(0.03, 0.08)).pdf(change)
    forward_density = NormalDist(-0.025, np.hypot(0.03, 0.015)).pdf(change)
    floor = SETTINGS.detect.stride_floor
    by_hand = np.log((backward_density + floor) / (forward_density + floor))
    assert log_odds(change) == pytest.approx(by_hand, abs=1e-9)


def test_the_evidence_grows_calmly_and_stays_finite() -> None:
    """Shorter contacts never speak less for backward, and beyond what was seen not much more."""
    given = [log_odds(float(change)) for change in np.linspace(0.6, -0.6, 121)]
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(given))
    assert given[-1] - log_odds(-0.25) < 1.0
    assert max(np.abs(given)) < 6.0


def test_a_scale_changes_nothing() -> None:
    """A device that writes 1.4 times the contact time tells the same difference."""
    legs = intervals(1.05)
    right = measured(legs, 0.85, 0.72)
    scaled = with_column(right, CONTACT, right.columns[CONTACT] * 1.4)
    back = backward(legs)
    odds = [stride_evidence(steps_of(each), back, SETTINGS.detect) for each in (right, scaled)]
    assert odds[0] == pytest.approx(odds[1], abs=1e-6)
    assert odds[0] > 2.0


def test_hardly_quicker_steps_with_short_contacts_are_proposed() -> None:
    """5 % more steps at 0.78 of the speed are a jog's, too: the contact time tells them apart."""
    legs = intervals(1.05)
    short, unchanged = (found(measured(legs, *shares)) for shares in ((0.82, 0.72), (1.0, 0.95)))
    assert backward_s(short) > 0.8 * backward(legs).sum()
    assert {each.verdict for each in short.segments} == {"assumed", "candidate"}
    assert backward_s(unchanged) == 0


def derived(recording: Recording) -> FloatArray:
    """A contact time that a wrist works out of the step rate, in whole milliseconds."""
    return np.asarray(np.rint(42_000.0 / np.maximum(recording.columns["cadence_spm"], 60)) / 1000)


@pytest.mark.parametrize("fault", ["constant", "derived", "seldom", "wrong unit"])
def test_a_column_that_says_nothing_changes_nothing(fault: str) -> None:
    """Not one bit: the evidence is that of the file without the column."""
    right = without(measured(intervals(1.12), 0.85, 0.85), EXCURSION)
    values = right.columns[CONTACT].copy()
    if fault == "constant":
        values[:] = 0.25
    elif fault == "derived":
        values = derived(right)
    elif fault == "seldom":
        values[np.arange(values.size) % 10 < 8] = np.nan
        values[: values.size // 2] = np.nan
    else:
        values *= 1000.0
    faulty = found(with_column(right, CONTACT, values))
    absent = found(without(right, CONTACT))
    assert faulty.segments == absent.segments
    for name, column in absent.columns.items():
        np.testing.assert_array_equal(faulty.columns[name], column)


def test_a_half_absent_column_still_speaks() -> None:
    legs = intervals(1.05)
    recording = measured(legs, 0.82, 0.9)
    values = recording.columns[CONTACT].copy()
    values[(np.arange(values.size) // 20) % 2 == 0] = np.nan
    steps = steps_of(with_column(recording, CONTACT, values))
    assert [each.name for each in steps.strides] == [CONTACT, EXCURSION]
    assert stride_evidence(steps, backward(legs), SETTINGS.detect) > 1.0


def test_a_contrast_is_taken_at_equal_speed() -> None:
    """A jog's contact is longer as its speed is lower; that is no longer contact at equal speed."""
    legs = intervals(1.0, turned_deg=0.0)
    steps = steps_of(measured(legs, 1.0, 1.0))
    slow = np.concatenate([np.full(leg.seconds, leg.speed_mps == SLOW_MPS) for leg in legs])
    stride = steps.strides[0]
    raw = np.nanmedian(stride.log[slow]) - np.nanmedian(stride.log[~slow])
    assert raw == pytest.approx(-0.4 * log(SLOW_MPS / 2.8), abs=0.01)
    assert stride_evidence(steps, slow, SETTINGS.detect) < -2.0
