"""Write which parts of the world lie in one time zone, as tzfpy has it.

    python docs/generate/zone_cells.py

Writes ``src/retrorun/zone_cells.bin``, which ``retrorun.time_zone`` reads. To be done whenever
``constraints.txt`` has another tzfpy: with any but the one that the file was made with, retrorun
asks tzfpy itself, which takes a tenth of a second longer. tests/test_time_zone.py holds both to the
same answers.

A cell has a zone if no border comes near it, and no rectangle of tzfpy's own index of another zone
overlaps it: the index is asked before the borders, and differs from them by some kilometres.
"""

import json
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import tzfpy

from retrorun.time_zone import CELL_DEG, CELLS, COLUMNS, ROWS

NEAR_DEG = 0.01  # tzfpy's borders are simplified by about 100 m
Cells = npt.NDArray[np.uint16]
Places = npt.NDArray[np.float64]


def rings(found: dict[str, Any]) -> Iterator[Places]:
    """The closed lines of a GeoJSON document, (n, 2) of longitude and latitude each."""
    for feature in found["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            for ring in polygon:
                yield np.array([*ring, ring[0]], dtype=np.float64)


def places(at: Places) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Row and column of the cells in which places (n, 2) lie."""
    column, row = np.floor((at + np.array([180.0, 90.0])) / CELL_DEG).astype(np.int64).T
    return np.clip(row, 0, ROWS - 1), np.clip(column, 0, COLUMNS - 1)


def near_border(names: list[str]) -> npt.NDArray[np.bool_]:
    """Which cells a border touches, or comes near to: places on it are ``NEAR_DEG`` apart."""
    found = np.zeros((ROWS, COLUMNS), dtype=bool)
    for name in names:
        for ring in rings(json.loads(tzfpy.get_tz_polygon_geojson(name))):
            way = np.diff(ring, axis=0)
            count = np.maximum(1, np.ceil(np.abs(way).max(axis=1) / NEAR_DEG)).astype(int)
            share = np.concatenate([np.arange(each + 1) / each for each in count])[:, None]
            line = np.repeat(ring[:-1], count + 1, axis=0)
            line = line + share * np.repeat(way, count + 1, axis=0)
            for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
                found[places(line + np.array(corner) * NEAR_DEG)] = True
    return found


def without_other_index(cells: Cells, number: int, name: str) -> None:
    """Take the zone from cells that tzfpy's index says are of another one, ``name``."""
    try:
        index = json.loads(tzfpy.get_tz_index_geojson(name))
    except ValueError:
        return  # a small zone has none
    for ring in rings(index):
        row, column = places(np.array([ring.min(axis=0), ring.max(axis=0)]))
        part = cells[row[0] : row[1] + 1, column[0] : column[1] + 1]
        part[part != number] = 0


def main() -> None:
    """Write the file."""
    names = sorted(tzfpy.timezonenames())
    cells = np.zeros((ROWS, COLUMNS), dtype="<u2")
    for row, column in np.argwhere(~near_border(names)).tolist():
        middle = ((column + 0.5) * CELL_DEG - 180.0, (row + 0.5) * CELL_DEG - 90.0)
        name = tzfpy.get_tz(*middle)
        cells[row, column] = 1 + names.index(name) if name in names else 0
    for number, name in enumerate(names, 1):
        without_other_index(cells, number, name)
    head = " ".join([version("tzfpy"), *names]).encode()
    CELLS.write_bytes(zlib.compress(head + b"\n" + cells.tobytes(), 9))


if __name__ == "__main__":
    main()
