"""The lanes as a table, for readers of tables and for those who cannot see the chart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrorun.report.display import UNKNOWN, clock
from retrorun.report.lanes import Lane, Line
from retrorun.units import FloatArray

ROWS = 48
STEPS_S = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text: ``head`` and ``rows``, the first cell of each row its name."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def minute_table(lanes: Sequence[Lane], seconds: int) -> Table | None:
    """Medians of every line over equal stretches of time; None without lanes."""
    if not lanes or not seconds:
        return None
    step = next((each for each in STEPS_S if seconds / each <= ROWS), STEPS_S[-1])
    lines = [line for lane in lanes for line in (lane.first, lane.second) if line]
    starts = range(0, seconds, step)
    columns = [_column(line, starts, step) for line in lines]
    rows = tuple(zip((clock(start) for start in starts), *columns, strict=True))
    return Table(tuple(f"{line.label} {line.unit}" for line in lines), rows)


def _column(line: Line, starts: range, step: int) -> list[str]:
    return [_median(line.values[start : start + step], line) for start in starts]


def _median(values: FloatArray, line: Line) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return UNKNOWN
    middle = float(np.median(known))
    if line.form == "pace":
        return clock(middle)
    return f"{middle:.2f}" if line.scale == 100 else f"{middle:.0f}"
