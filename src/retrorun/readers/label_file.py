"""A table of labels beside an export: ``start,end,direction`` → labels of the user.

Start and end count from the activity's start, or are moments with a date: those keep their clock
(``LOCAL_CLOCK``, ``UTC_CLOCK``) until the activity's own start and zone are known.
A file may hold several activities; a column ``activity`` says of which of them a row speaks. A
column ``by`` says who wrote the table, if that was a page.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import cast

from retrorun.errors import ReadError
from retrorun.model import LOCAL_CLOCK, UTC_CLOCK, Direction, Label
from retrorun.readers.xml import unix_s

ORIGIN = "sidecar"
_HEAD = ("start", "end", "direction")
_ACTIVITY = "activity"
_BY, _PAGE = "by", "page"  # a column, and who wrote the table
_SYNONYMS = {"backwards": "backward", "forwards": "forward"}
_MOST_ROWS = 10_000
_MOST_BYTES = 4 << 20
_MOST_ACTIVITIES = 1000
_DATED = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)")


def label_table(name: str, data: bytes, by: str | None = None) -> Mapping[int, tuple[Label, ...]]:
    """Position of the activity in the file, from 0, → its labels in the table's order.

    Of labels for the same time the later wins.

    Args:
        name: for messages.
        data: comma or semicolon separated; seconds, m:ss or h:mm:ss since the activity's start
            (the time of day, where that is beyond its end), or date and time, with a zone or on the
            athlete's clock. A column ``activity`` counts from 1; without it all labels are for
            the first.
        by: only rows of which the column ``by`` says so; None: all.

    Raises:
        ReadError: no such table; the message names the line.
    """
    if len(data) > _MOST_BYTES:
        raise _error_in_line(name, 1, f"a table of labels has at most {_MOST_BYTES} bytes")
    text = data.decode("utf-8-sig", "replace")
    head = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in head else ",")
    found: dict[int, list[Label]] = {}
    try:
        columns = [one.strip().lower() for one in next(rows, [])]
        if not set(_HEAD) <= set(columns):
            raise _error_in_line(name, 1, f"its first line must name {', '.join(_HEAD)}")
        places = [columns.index(one) for one in _HEAD]
        which = columns.index(_ACTIVITY) if _ACTIVITY in columns else None
        who = columns.index(_BY) if _BY in columns else None
        for count, row in enumerate(row for row in rows if any(cell.strip() for cell in row)):
            if count >= _MOST_ROWS:
                raise _error_in_line(name, rows.line_num, f"more than {_MOST_ROWS} labels")
            if by is not None and cell_of(row, who).lower() != by:
                continue
            label = _label(name, rows.line_num, [cell_of(row, at) for at in places])
            found.setdefault(_position(name, rows.line_num, cell_of(row, which)), []).append(label)
    except csv.Error as problem:
        raise _error_in_line(name, rows.line_num, str(problem)) from problem
    return {position: tuple(labels) for position, labels in found.items()}


def page_answers(name: str, data: bytes) -> Mapping[int, tuple[Label, ...]] | None:
    """The rows that a page collected as answers ("Save my answers"); None where no page wrote it.

    A page's table has a column ``by``: ``page`` for an answer, ``earlier`` for a label that the
    page showed and that stays as it is. An answer may be ``clear``: direction ``unknown``.

    Args:
        name: for messages.
        data: the table.

    Raises:
        ReadError: as ``label_table``.
    """
    head = data[:_HEAD_BYTES].decode("utf-8-sig", "replace").split("\n", 1)[0]
    columns = [each.strip().lower() for each in re.split("[,;]", head)]
    return label_table(name, data, _PAGE) if _BY in columns else None


_HEAD_BYTES = 4096


def cell_of(row: Sequence[str], at: int | None) -> str:
    """The cell of a row of a table, trimmed; empty where the row is short or has no such column."""
    return row[at].strip() if at is not None and at < len(row) else ""


def _position(name: str, line: int, cell: str) -> int:
    number = int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 5 else 0
    if not cell:
        return 0
    if not 1 <= number <= _MOST_ACTIVITIES:
        raise _error_in_line(name, line, "activity must be a number from 1")
    return number - 1


def _label(name: str, line: int, cells: list[str]) -> Label:
    (start_s, clock), (end_s, end_clock) = (_moment(cell) for cell in cells[:2])
    direction = cells[2].lower()
    direction = _SYNONYMS.get(direction, direction)
    if start_s is None or end_s is None or clock != end_clock:
        words = "start and end must be seconds, m:ss or h:mm:ss, or both a date and a time"
        raise _error_in_line(name, line, words)
    if not start_s < end_s:
        raise _error_in_line(name, line, "it must end after it starts")
    if direction == "clear":
        return Label(start_s, end_s, "unknown", f"{clock}{ORIGIN}")
    if direction not in ("backward", "forward"):
        words = f"{direction[:40]!r} is none of backward, forward and clear"
        raise _error_in_line(name, line, words)
    return Label(start_s, end_s, cast(Direction, direction), f"{clock}{ORIGIN}")


def _moment(text: str) -> tuple[float | None, str]:
    """Seconds, and the clock that they count on: empty for the activity's own."""
    if not _DATED.match(text):
        return _seconds(text), ""
    moment_s = float(unix_s([text.encode()])[0])
    zoned = text[-1] in "Zz" or re.search(r"[+-]\d{1,2}:?\d{2}\s*$", text[10:]) is not None
    return moment_s if math.isfinite(moment_s) else None, UTC_CLOCK if zoned else LOCAL_CLOCK


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


def _error_in_line(name: str, line: int, words: str) -> ReadError:
    remedy = "Mend the table; its export is imported without it."
    return ReadError("labels-broken", f"line {line}: {words}", file=name, remedy=remedy)
