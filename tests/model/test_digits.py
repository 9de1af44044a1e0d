"""What is kept has no more digits than mean something."""

import math
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from retrorun import pipeline
from retrorun.model import Analysis, Athlete, Blob, Session, Totals, Track
from retrorun.model.digits import decimals, rounded, rounded_track
from retrorun.model.recording import CHANNELS
from retrorun.settings import Settings

ADDED = ("x_m", "y_m", "ground_speed_mps", "course_deg", "grade", "turn_rate_dps")
DETECTED = ("backward_probability", "heading_minus_course_deg", "evidence_heading")


def numbers(kind: object, name: str = "") -> Iterator[str]:
    """Names of the fields that hold floats, in a value and all that it holds."""
    if kind is float:
        yield name
    elif isinstance(kind, type) and hasattr(kind, "__match_args__"):
        hints = typing.get_type_hints(kind)
        for each in kind.__match_args__:
            yield from numbers(hints[each], each)
    elif typing.get_origin(kind) in {tuple, types.UnionType, typing.Union}:
        for each in typing.get_args(kind):
            yield from numbers(each, name)
    elif typing.get_origin(kind) is Mapping:
        yield from numbers(typing.get_args(kind)[1], name)


@pytest.mark.parametrize("name", sorted(set(numbers(Session))))
def test_every_number_of_a_session_has_its_decimals(name: str) -> None:
    assert 0 < decimals(name) <= 8


@pytest.mark.parametrize("name", [*(each.name for each in CHANNELS), *ADDED, *DETECTED])
def test_every_column_of_a_track_has_its_decimals(name: str) -> None:
    assert 0 < decimals(name) <= 8


def test_a_name_without_a_unit_is_refused() -> None:
    with pytest.raises(KeyError, match="mood"):
        decimals("mood")


def test_numbers_are_rounded_wherever_they_are() -> None:
    totals = Totals(seconds=1.23456789, distance_m=7.00004999, energy_kcal=None)
    found = rounded({"backward": (totals,)})["backward"][0]
    assert (found.seconds, found.distance_m, found.energy_kcal) == (1.2346, 7.0, None)


def test_there_is_no_minus_zero() -> None:
    assert math.copysign(1.0, rounded(-1e-9, "distance_m")) == 1.0


def test_what_is_rounded_stays() -> None:
    once = rounded((0.1 + 0.2, 1e9 / 3, 2.5e-5), "distance_m")
    assert rounded(once, "distance_m") == once == (0.3, 333333333.3333, 0.0)


def test_an_angle_stays_within_its_range() -> None:
    columns = {
        "course_deg": np.array([359.99999, 0.00001, np.nan]),
        "heading_minus_course_deg": np.array([179.99999, -180.0, np.nan]),
    }
    found = rounded_track(Track(0.0, columns, {"gap": np.zeros(3, dtype=bool)})).columns
    assert found["course_deg"][:2].tolist() == [0.0, 0.0]
    assert found["heading_minus_course_deg"][:2].tolist() == [-180.0, -180.0]
    assert all(np.isnan(each[2]) for each in found.values())


def test_an_analysis_is_rounded_and_its_totals_still_add(samples: Path) -> None:
    path = samples / "2026-05-03-connect-iq.fit"
    outcome = pipeline.process(Blob(path.name, path.read_bytes()), Settings(), Athlete(mass_kg=60))
    assert isinstance(outcome, Analysis)
    (session,), (track,) = outcome.sessions, outcome.tracks
    assert rounded(session) == session
    for name, column in rounded_track(track).columns.items():
        assert np.array_equal(column, track.columns[name], equal_nan=True)
    parts = [each.metrics for each in session.measures.segments if each.metrics.distance_m]
    total_m = sum(each.distance_m or 0.0 for each in parts)
    assert session.distance_m == pytest.approx(total_m, abs=1e-9)
    totals = session.measures.totals.values()
    assert sum(each.distance_m or 0.0 for each in totals) == pytest.approx(total_m, abs=1e-9)
