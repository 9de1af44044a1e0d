"""The adversary's phones: rotations by hand, and what reader and detector make of them."""

import numpy as np
import pytest

from adversary import Case
from adversary_raw import (
    EVERYTHING,
    FIELD_UT,
    GRAVITY_MPS2,
    RAW_CONDITIONS,
    _rotations,
    _sensor_table,
    _turn_of,
    raw_session,
)
from adversary_trials import raw_trial
from retrorun.units import wrap_deg


def test_rotations_by_hand() -> None:
    """A quarter turn about up carries east to north; a third about (1, 1, 1) moves axes on."""
    quarter = _rotations(np.array([[0.0, 0.0, np.pi / 2.0]]))[0]
    assert quarter @ [1.0, 0.0, 0.0] == pytest.approx([0.0, 1.0, 0.0])
    third = _rotations(np.full((1, 3), 2.0 * np.pi / 3.0 / np.sqrt(3.0)))[0]
    assert third @ [1.0, 2.0, 3.0] == pytest.approx([3.0, 1.0, 2.0])


def test_a_turn_is_found_again() -> None:
    turns = np.random.default_rng(1).normal(0.0, 0.8, (500, 3))
    turns *= np.minimum(1.0, 3.0 / np.linalg.norm(turns, axis=1))[:, None]  # under half a turn
    turns[0] = 0.0
    assert _turn_of(_rotations(turns)) == pytest.approx(turns, abs=1e-9)


def test_a_table_is_that_of_sensor_logger() -> None:
    table = _sensor_table(np.array([0.02]), np.array([[1.0, 2.0, 3.0]]))
    assert table == (
        "time,seconds_elapsed,z,y,x\n1790000000020000000,0.020,3.00000,2.00000,1.00000\n"
    )


@pytest.fixture(scope="module")
def steady() -> dict[str, Case]:
    names = ("all sensors", "gyroscope")
    return {name: raw_session(f"raw log, forward, {name}", 7) for name in names}


@pytest.mark.parametrize("name", ["all sensors", "gyroscope"])
def test_the_heading_read_back_goes_with_the_body(steady: dict[str, Case], name: str) -> None:
    """Over ten seconds, for the mount is any and the gyroscope's zero drifts by degrees."""
    case = steady[name]
    assert case.motion is not None
    (series,) = [each for each in case.recording.headings if each.claim == "compass"]
    at_s = series.time_s - case.recording.time_s[0]
    facing = np.interp(at_s, case.motion.time_s, case.motion.facing_deg)
    apart = wrap_deg(series.heading_deg - facing)
    changed = np.abs(wrap_deg(apart[10:] - apart[:-10]))
    assert np.isfinite(changed).mean() > 0.9
    assert np.nanquantile(changed, 0.9) < 20.0


def test_every_condition_has_tables_that_give_a_heading() -> None:
    for name, asked in RAW_CONDITIONS.items():
        assert "TotalAcceleration" in asked.tables, name
        assert set(asked.tables) <= set(EVERYTHING), name
    assert np.linalg.norm(FIELD_UT) == pytest.approx(48.0, abs=1.0)  # central Europe, IGRF-13
    assert pytest.approx(9.81) == GRAVITY_MPS2


def test_a_body_that_turns_about_in_a_steady_pocket_is_found() -> None:
    found = raw_trial(("raw log, backward stretches, all sensors", 7))
    assert found.judged.counts.f1 > 0.95
    assert found.false_s == 0
