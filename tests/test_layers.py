"""Imports point one way only: from what knows more to what knows less."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from layout_figures import import_statements as imports

SOURCE = Path(__file__).resolve().parents[1] / "src" / "retrorun"
LAYERS = (
    {"text", "language"},
    {"errors", "units"},
    {"literature", "metric_types", "arithmetic"},
    {"metrics"},
    {"settings", "model"},
    {
        "readers",
        "prepare",
        "detect",
        "measure",
        "compare",
        "simulate",
        "privacy_zones",
        "contract",
        "time_zone",
        "profile",
    },
    {"pipeline", "storage", "archive", "report", "export", "learn"},
    {"engines", "results", "answers"},
    {"ingest", "publish", "cohort"},
    {"watch"},
    {"server"},
    {"cli"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
pytestmark = pytest.mark.xdist_group("layout")  # each module is parsed once, by one worker
# what the package itself offers (retrorun.load, __version__) is outside the order
OUTSIDE = {"__init__", "__main__"}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in imports(path):
        if isinstance(node, ast.ImportFrom) and node.module == "retrorun":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("retrorun."):
            yield str(node.module).split(".")[1]
        elif isinstance(node, ast.Import):
            names = (alias.name.split(".") for alias in node.names)
            yield from (parts[1] for parts in names if parts[0] == "retrorun" and len(parts) > 1)


def test_every_room_has_its_level() -> None:
    assert {room(path) for path in modules()} - OUTSIDE <= set(LEVEL)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_up_the_list(path: Path) -> None:
    here = room(path)
    if here in OUTSIDE:
        return
    for name in set(imported(path)) - {"__version__", here}:
        assert LEVEL[name] < LEVEL[here], f"{here} must not import {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_relative_imports(path: Path) -> None:
    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in imports(path))


# a wing may build on another one only where it stands on top of it
ON_TOP_OF = {"readers.containers": {"readers.fit", "readers.xml"}}


def wing(path: Path) -> str | None:
    """The sub-package of a room in which a module lies, such as ``readers.xml``."""
    parts = path.relative_to(SOURCE).parts
    return ".".join(parts[:2]) if len(parts) > 2 else None


def modules_imported(path: Path) -> Iterator[str]:
    """Dotted names below the package that a module imports, with what it takes from them."""
    for node in imports(path):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("retrorun"):
            below = str(node.module).removeprefix("retrorun").removeprefix(".")
            yield from (f"{below}.{alias.name}".lstrip(".") for alias in node.names)


@pytest.mark.parametrize(
    "path", [each for each in modules() if wing(each)], ids=lambda path: str(path.name)
)
def test_no_wing_imports_its_sibling(path: Path) -> None:
    here = str(wing(path))
    wings = {str(wing(each)) for each in modules() if wing(each)} - {here}
    wings -= ON_TOP_OF.get(here, set())
    found = {name for name in modules_imported(path) if ".".join(name.split(".")[:2]) in wings}
    assert not {name for name in found if name.split(".")[0] == here.split(".", maxsplit=1)[0]}


def test_only_the_engines_import_dask() -> None:
    users = {
        room(path)
        for path in modules()
        if "import dask" in (text := path.read_text(encoding="utf-8")) or "from dask" in text
    }
    assert users <= {"engines"}


def test_only_the_server_imports_what_serves_pages() -> None:
    words = ("starlette", "uvicorn", "python_multipart", "h11", "anyio")
    users = {
        room(path)
        for path in modules()
        if any(
            name.split(".")[0] in words
            for node in imports(path)
            for name in (
                [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
        )
    }
    assert users == {"server"}
