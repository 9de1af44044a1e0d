"""The table of `retrorun compare`: units and words of the athlete, as on the page."""

import measured_sessions as made

from retrorun.cli.compare import table
from retrorun.compare import compare
from retrorun.language import use_language
from retrorun.model import Athlete
from retrorun.model.comparison import Comparison
from retrorun.report.numbers import Display
from retrorun.settings import CompareSettings


def compared() -> Comparison:
    """Five sessions at 2.0 and 2.5 m/s with steps of 0.61 m and 0.9144 m."""
    parts = [
        made.stretch(
            0.0,
            300.0,
            speed_mps=2.5,
            steady_heart_rate_bpm=150.0,
            step_length_m=0.9144,
            respiration_brpm=30.0,
        ),
        made.stretch(
            300.0,
            300.0,
            "backward",
            2.0,
            steady_heart_rate_bpm=150.0,
            step_length_m=0.6096,
            respiration_brpm=34.0,
        ),
    ]
    wide = CompareSettings(speed_tolerance_mps=1.0, line_stretches=10**6)
    sessions = [made.session(f"s{day}", day, parts) for day in range(5)]
    return compare(sessions, Athlete(), wide)


def rows(display: Display) -> dict[str, tuple[str, ...]]:
    found = table(compared(), display)
    columns = [[str(cell) for cell in column.cells] for column in found.columns]
    return {row[0]: row[1:] for row in zip(*columns, strict=True)}


def test_metres_and_kilometres() -> None:
    found = rows(Display())
    assert found["Step length (m)"][:2] == ("0.61", "0.91")
    # 2.0 and 2.5 m/s are 7.2 and 9.0 km/h
    assert found["Speed at equal heart rate (km/h)"][:2] == ("7.2", "9.0")
    assert found["Speed at equal heart rate (km/h)"][2].startswith("-1.8 (")


def test_feet_and_miles() -> None:
    found = rows(Display("imperial"))
    assert found["Step length (ft)"][:2] == ("2.00", "3.00")
    # 2.5 m/s are 2.5 * 3600 / 1609.344 = 5.59 miles an hour
    assert "Energy over distance (kcal/mi)" in found  # not "per kilometre"
    assert found["Speed at equal heart rate (mi/h)"][:2] == ("4.5", "5.6")
    assert found["Speed at equal heart rate (mi/h)"][2].startswith("-1.1 (")


def test_units_are_said_in_the_language() -> None:
    with use_language("de"):
        found = rows(Display())
    assert not any("breaths" in each or "steps" in each for each in found)
    name = next(each for each in found if "Atemzüge/min" in each)
    assert found[name][:2] == ("34,0", "30,0")
