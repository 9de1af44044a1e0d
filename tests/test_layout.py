"""The package's layout stays within the limits of docs/architecture.md."""

import pytest

import layout_figures

LAYOUT = layout_figures.measure()


def test_there_are_few_enough_modules() -> None:
    assert len(LAYOUT.lines) <= 200


def test_no_module_is_too_long() -> None:
    assert {name: count for name, count in LAYOUT.lines.items() if count > 500} == {}


def test_few_modules_are_tiny() -> None:
    assert len(LAYOUT.small()) <= 10, LAYOUT.small()


def test_a_module_holds_a_whole_idea() -> None:
    assert 130 <= LAYOUT.median_lines <= 290


@pytest.mark.parametrize("folder", sorted(LAYOUT.folders))
def test_a_folder_can_be_overlooked(folder: str) -> None:
    assert LAYOUT.folders[folder] <= 22


def test_nothing_imports_in_a_circle() -> None:
    circles = LAYOUT.circles()
    assert circles == []


def test_circles_are_found() -> None:
    edges = {
        "a": frozenset({"b"}),
        "b": frozenset({"c"}),
        "c": frozenset({"a"}),
        "d": frozenset({"a"}),
    }
    found = layout_figures.Layout({}, {}, edges).circles()
    assert found == [["a", "b", "c"]]
