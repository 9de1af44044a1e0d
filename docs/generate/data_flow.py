"""Draw the way of the data through the package: docs/images/data-flow.svg.

    python docs/generate/data_flow.py > docs/images/data-flow.svg

The rooms and the values that go from one to the next are declared here; a test holds that each room
is a part of the package, that each value is a class of ``retrorun.model``, and that the picture is
the one that this program draws.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

BOX_WIDTH, BOX_HEIGHT = 148, 54
COLUMN, ROW, MARGIN = 232, 118, 16


@dataclass(frozen=True, slots=True)
class Room:
    """A part of the package: its place in the drawing, and what it does in a few words."""

    name: str
    column: int
    row: int
    job: str


@dataclass(frozen=True, slots=True)
class Way:
    """A value that goes from one room to another."""

    start: str
    end: str
    value: str


ROOMS = (
    Room("readers", 0, 0, "FIT, GPX, TCX, zips"),
    Room("prepare", 1, 0, "clean, to 1 Hz"),
    Room("detect", 2, 0, "which way, how sure"),
    Room("measure", 3, 0, "pace, heart, energy"),
    Room("ingest", 0, 1, "a folder, one athlete"),
    Room("pipeline", 1, 1, "one file, no I/O"),
    Room("archive", 2, 1, "sessions, annotations"),
    Room("compare", 3, 1, "backward, forward"),
    Room("cohort", 0, 2, "many athletes"),
    Room("engines", 1, 2, "workers, Dask"),
    Room("results", 2, 2, "Parquet tables"),
    Room("report", 3, 2, "pages"),
)
WAYS = (
    Way("readers", "prepare", "Recording"),
    Way("prepare", "detect", "Track"),
    Way("detect", "measure", "Detection"),
    Way("measure", "pipeline", "Measures"),
    Way("ingest", "pipeline", "Blob"),
    Way("pipeline", "archive", "Session"),
    Way("archive", "compare", "Session"),
    Way("compare", "report", "Comparison"),
    Way("cohort", "engines", "Blob"),
    Way("engines", "results", "Session"),
    Way("results", "compare", "Session"),
)
STYLE = """
  .room { fill: #eef4fb; stroke: #33567d; stroke-width: 1.5 }
  .name { font: 600 15px system-ui, sans-serif; fill: #10243c }
  .job, .value { font: 12px system-ui, sans-serif; fill: #3a4a5c }
  .value { font-style: italic }
  .way { stroke: #33567d; stroke-width: 1.5; fill: none; marker-end: url(#head) }
  .head { fill: #33567d }
  @media (prefers-color-scheme: dark) {
    .room { fill: #1d2a3a; stroke: #8fb3dd }
    .name { fill: #f0f5fb } .job, .value { fill: #c3cfdd }
    .way { stroke: #8fb3dd } .head { fill: #8fb3dd }
  }
"""


def corner(room: Room) -> tuple[int, int]:
    """Upper left corner of a room's box, in pixels."""
    return MARGIN + room.column * COLUMN, MARGIN + room.row * ROW


def box(room: Room) -> Iterator[str]:
    """The box of a room with its name and job."""
    x, y = corner(room)
    middle = x + BOX_WIDTH // 2
    yield f'<rect class="room" x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
    yield f'<text class="name" x="{middle}" y="{y + 23}" text-anchor="middle">{room.name}</text>'
    job = escape(room.job)
    yield f'<text class="job" x="{middle}" y="{y + 42}" text-anchor="middle">{job}</text>'


def arrow(way: Way) -> Iterator[str]:
    """The arrow of a value, with the value's name beside it."""
    rooms = {room.name: room for room in ROOMS}
    start, end = rooms[way.start], rooms[way.end]
    (x, y), (to_x, to_y) = corner(start), corner(end)
    if start.row == end.row:
        level = y + BOX_HEIGHT // 2
        yield f'<path class="way" d="M{x + BOX_WIDTH} {level}H{to_x - 3}"/>'
        middle, above = (x + BOX_WIDTH + to_x) // 2, level - 7
    elif start.column == end.column:
        middle = x + BOX_WIDTH // 2
        yield f'<path class="way" d="M{middle} {y + BOX_HEIGHT}V{to_y - 3}"/>'
        middle, above = middle + 42, (y + BOX_HEIGHT + to_y) // 2 + 4
    else:
        yield from _bent(way, corner(start), corner(end))
        return
    yield f'<text class="value" x="{middle}" y="{above}" text-anchor="middle">{way.value}</text>'


def _bent(way: Way, start: tuple[int, int], end: tuple[int, int]) -> Iterator[str]:
    """An arrow between two rows: out below or above, along between them, and in."""
    down = end[1] > start[1]
    x, to_x = start[0] + BOX_WIDTH // 2 + 20, end[0] + BOX_WIDTH // 2 - 20
    y = start[1] + (BOX_HEIGHT if down else 0)
    to_y = end[1] + (-3 if down else BOX_HEIGHT + 3)
    between = (y + to_y) // 2
    yield f'<path class="way" d="M{x} {y}V{between}H{to_x}V{to_y}"/>'
    middle = (x + to_x) // 2
    yield (
        f'<text class="value" x="{middle}" y="{between - 6}" text-anchor="middle">'
        f"{way.value}</text>"
    )


def drawing() -> str:
    """The whole picture as SVG."""
    width = 2 * MARGIN + max(room.column for room in ROOMS) * COLUMN + BOX_WIDTH + 24
    height = 2 * MARGIN + max(room.row for room in ROOMS) * ROW + BOX_HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The way of the data: bytes, recording, track, segments, session, pages</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" orient="auto">',
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    ]
    for way in WAYS:
        lines += arrow(way)
    for room in ROOMS:
        lines += box(room)
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(drawing())
