"""A table of labels beside an export: ``start,end,direction`` → labels of the user."""

import csv
import io
import math
import re
from typing import cast

from retrorun.errors import ReadError
from retrorun.model import Direction, Label

ORIGIN = "sidecar"
_HEAD = ("start", "end", "direction")
_MOST_ROWS = 10_000
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)")


def label_table(name: str, data: bytes) -> tuple[Label, ...]:
    """The labels of a table, in its order; later ones win.

    Args:
        name: for messages.
        data: comma or semicolon separated; seconds, m:ss or h:mm:ss since the session's start.

    Raises:
        ReadError: no such table; the message names the line.
    """
    text = data.decode("utf-8-sig", "replace")
    head = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in head else ",")
    try:
        columns = [one.strip().lower() for one in next(rows, [])]
        if not set(_HEAD) <= set(columns):
            raise _broken(name, 1, f"its first line must name {', '.join(_HEAD)}")
        places = [columns.index(one) for one in _HEAD]
        found = [
            _label(name, rows.line_num, [row[at] if at < len(row) else "" for at in places])
            for row in rows
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as problem:
        raise _broken(name, rows.line_num, str(problem)) from problem
    if len(found) > _MOST_ROWS:
        raise _broken(name, _MOST_ROWS, f"more than {_MOST_ROWS} labels")
    return tuple(found)


def _label(name: str, line: int, cells: list[str]) -> Label:
    start_s, end_s = (_seconds(cell.strip()) for cell in cells[:2])
    direction = cells[2].strip().lower()
    if start_s is None or end_s is None:
        raise _broken(name, line, "start and end must be seconds, m:ss or h:mm:ss")
    if not start_s < end_s:
        raise _broken(name, line, "it must end after it starts")
    if direction not in ("backward", "forward"):
        raise _broken(name, line, f"{direction[:40]!r} is neither backward nor forward")
    return Label(start_s, end_s, cast(Direction, direction), ORIGIN)


def _seconds(text: str) -> float | None:
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    try:
        seconds_s = float(text)
    except ValueError:
        return None
    return seconds_s if math.isfinite(seconds_s) and seconds_s >= 0 else None


def _broken(name: str, line: int, words: str) -> ReadError:
    remedy = "Mend the table; its export is imported without it."
    return ReadError("labels-broken", f"line {line}: {words}", file=name, remedy=remedy)
