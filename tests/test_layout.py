"""The package's layout stays within the limits of docs/architecture.md."""

import pytest

import layout_figures
from layout_figures import PACKAGE, Layout

pytestmark = pytest.mark.xdist_group("layout")  # as tests/test_layers.py
FOLDERS = sorted({path.parent.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py")})


@pytest.fixture(scope="module")
def layout() -> Layout:
    return layout_figures.measure()


def test_there_are_few_enough_modules(layout: Layout) -> None:
    assert len(layout.lines) <= 200


def test_no_module_is_too_long(layout: Layout) -> None:
    assert {name: count for name, count in layout.lines.items() if count > 500} == {}


def test_few_modules_are_tiny(layout: Layout) -> None:
    assert len(layout.small()) <= 10, layout.small()


def test_a_module_holds_a_whole_idea(layout: Layout) -> None:
    assert 130 <= layout.median_lines <= 290


@pytest.mark.parametrize("folder", [each.as_posix() for each in FOLDERS])
def test_a_folder_can_be_overlooked(layout: Layout, folder: str) -> None:
    assert layout.folders[folder] <= 22


def test_every_folder_is_looked_at(layout: Layout) -> None:
    assert [each.as_posix() for each in FOLDERS] == sorted(layout.folders)


def test_nothing_imports_in_a_circle(layout: Layout) -> None:
    circles = layout.circles()
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
