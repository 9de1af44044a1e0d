"""Figures of the package's layout: modules, their sizes, folders and what imports what.

    python benchmarks/layout_figures.py

The limits are those of docs/architecture.md; ``tests/test_layout.py`` holds them.
"""

import ast
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "retrorun"
SMALL_LINES = 50


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of the modules, and the modules that each imports.

    Attributes:
        lines: dotted module → lines of text; a package is its ``__init__``.
        folders: folder below the package → modules directly in it.
        imports: dotted module → dotted modules of the package that it imports anywhere.
    """

    lines: Mapping[str, int]
    folders: Mapping[str, int]
    imports: Mapping[str, frozenset[str]]

    @property
    def median_lines(self) -> float:
        """Median size of a module."""
        return statistics.median(self.lines.values())

    def small(self) -> list[str]:
        """Modules under 50 lines; what a package's ``__init__`` offers is not counted."""
        return sorted(
            name
            for name, count in self.lines.items()
            if count < SMALL_LINES and not is_package(name)
        )

    def circles(self) -> list[list[str]]:
        """Sets of modules that import each other, directly or over others."""
        return [each for each in _components(self.imports) if len(each) > 1]


def is_package(name: str) -> bool:
    """Whether a dotted name is a folder of modules."""
    return PACKAGE.parent.joinpath(*name.split("."), "__init__.py").exists()


def module_name(path: Path) -> str:
    """Dotted name of a source file of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def import_statements(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """What a source file imports, at its top or within functions; each file is parsed once."""
    found = _statements(ast.parse(path.read_text(encoding="utf-8")))
    return tuple(each for each in found if isinstance(each, ast.Import | ast.ImportFrom))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements within a node, and what holds statements; expressions hold none."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for each in getattr(node, field, ()):
            yield each
            yield from _statements(each)


def imported_modules(path: Path, known: frozenset[str]) -> Iterator[str]:
    """Modules of the package that a source file imports, at its top or within functions."""
    for node in import_statements(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in known else str(node.module)


def measure(package: Path = PACKAGE) -> Layout:
    """Read the layout from the source files."""
    paths = {module_name(path): path for path in sorted(package.rglob("*.py"))}
    known = frozenset(paths)
    folders: dict[str, int] = {}
    for path in paths.values():
        folder = path.parent.relative_to(package.parent).as_posix()
        folders[folder] = folders.get(folder, 0) + 1
    return Layout(
        lines={name: len(path.read_text("utf-8").splitlines()) for name, path in paths.items()},
        folders=folders,
        imports={
            name: frozenset(imported_modules(path, known)) - {name} for name, path in paths.items()
        },
    )


def _components(edges: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Strongly connected components, by Tarjan's algorithm."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(edges[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            cut = stack.index(name)
            found.append(sorted(stack[cut:]))
            del stack[cut:]

    for name in sorted(edges):
        if name not in index:
            visit(name)
    return found


def main() -> None:
    """Print the figures."""
    layout = measure()
    small, largest = layout.small(), max(layout.lines, key=lambda name: layout.lines[name])
    print(f"modules              {len(layout.lines)}")
    print(f"median lines         {layout.median_lines:g}")
    print(f"longest              {layout.lines[largest]} lines, {largest}")
    print(f"under {SMALL_LINES} lines       {len(small)}: {', '.join(small)}")
    folder = max(layout.folders, key=lambda name: layout.folders[name])
    print(f"files in a folder    at most {layout.folders[folder]}, {folder}")
    print(f"import circles       {len(layout.circles())}: {layout.circles()}")


if __name__ == "__main__":
    main()
