"""A table of labels beside an export: ``start,end,direction`` → labels of the user.

Heads may have other words or units, and may be missing. Start and end count from the activity's
start. Moments with a date, and times of day from an evening into a morning, keep their clock
(``LOCAL_CLOCK``, ``UTC_CLOCK``, ``DAY_CLOCK``) until the activity's own start and zone are known.
A file may hold several activities; a column ``activity`` says of which of them a row speaks. A
column ``by`` says who wrote the table, if that was a page.
"""

import codecs
import csv
import math
import re
from collections.abc import Mapping, Sequence
from typing import cast

from retrorun.errors import ReadError
from retrorun.model import DAY_CLOCK, LOCAL_CLOCK, UTC_CLOCK, Direction, Label
from retrorun.readers.sports import without_diacritics
from retrorun.readers.xml import hour_of_day, plain_time, unix_s

ORIGIN = "sidecar"
_HEAD = ("start", "end", "direction")
_HEADS = {  # other heads, without blanks, units, brackets and underscores
    **dict.fromkeys(("begin", "from", "starttime", "beginn", "anfang", "von", "debut"), "start"),
    **dict.fromkeys(("inicio", "inizio", "begintime", "startclock"), "start"),
    **dict.fromkeys(("stop", "to", "until", "endtime", "ende", "bis", "fin", "fine"), "end"),
    **dict.fromkeys(("finish", "stoptime", "endclock"), "end"),
    **dict.fromkeys(("label", "type", "what", "richtung", "sens", "direccion"), "direction"),
    **dict.fromkeys(("direzione", "gait", "kind"), "direction"),
    **dict.fromkeys(("length", "dauer", "lasts"), "duration"),
}
_UNITS = re.compile(r"\((?:s|sec|seconds|h:mm:ss|m:ss|hh:mm:ss|mm:ss|time)\)|\b(?:s|sec|seconds)$")
_ACTIVITY = "activity"
_BY, _PAGE = "by", "page"  # a column, and who wrote the table
_SYNONYMS = {  # without blanks and diacritics
    **dict.fromkeys(
        ("backwards", "back", "b", "bwd", "reverse", "retro", "retrorunning"), "backward"
    ),
    **dict.fromkeys(("ruckwarts", "rueckwarts", "arriere", "enarriere", "areculons"), "backward"),
    **dict.fromkeys(("atras", "haciaatras", "indietro", "allindietro", "nazaj"), "backward"),
    **dict.fromkeys(("runningbackward", "runningbackwards", "backwardrunning"), "backward"),
    **dict.fromkeys(("forwards", "forth", "front", "f", "fwd", "vorwarts", "avant"), "forward"),
    **dict.fromkeys(("adelante", "avanti", "naprej", "normal"), "forward"),
}
_MOST_ROWS = 10_000
_MOST_BYTES = 4 << 20
_MOST_ACTIVITIES = 1000
_HEAD_BYTES = 4096
_DATED = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}\.\s?\d{1,2}\.\s?\d{4}\s|\d{1,2}/\d{1,2}/\d{4}\s"
)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)\s*(?:([AaPp])\.?[Mm]\.?)?")
_IN_WORDS = re.compile(  # 1h 2m 3s, 2 min, 100 s
    r"(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+(?:\.\d+)?)\s*s(?:ec)?)?", re.IGNORECASE
)
_ZONE = re.compile(r"[+-]\d{1,2}:?\d{2}\s*$")
_LONGEST_MOMENT = 64  # characters of a moment; patterns are not tried on more
_DAY_S, _EVENING_S, _MORNING_S = 86_400.0, 64_800.0, 21_600.0  # a night: from 18 to 6 o'clock
_LEAST_EPOCH_S = 1e9  # a larger number counts from 1970


def label_table(name: str, data: bytes, by: str | None = None) -> Mapping[int, tuple[Label, ...]]:
    """Position of the activity in the file, from 0, → its labels in the table's order.

    Of labels for the same time the later wins.

    Args:
        name: for messages.
        data: separated by commas, semicolons, tabs or bars; seconds, m:ss or h:mm:ss since the
            activity's start (the time of day, where that is beyond its end), or date and time, with
            a zone or on the athlete's clock. Heads and directions are known in a few languages; a
            duration may stand for the end. A column ``activity`` counts from 1; without it all
            labels are for the first.
        by: only rows of which the column ``by`` says so; None: all.

    Raises:
        ReadError: no such table; the message names the line.
    """
    if len(data) > _MOST_BYTES:
        raise _error_in_line(name, 1, f"a table of labels has at most {_MOST_BYTES} bytes")
    lines, skipped = _lines(data)
    rows = csv.reader(lines, delimiter=_delimiter(lines))
    found: dict[int, list[Label]] = {}
    try:
        columns = _columns(name, lines, skipped + 1, next(rows, []))
        if _is_row(lines):  # there is no head: all rows count
            rows = csv.reader(lines, delimiter=_delimiter(lines))
        for count, row in enumerate(row for row in rows if any(cell.strip() for cell in row)):
            if count >= _MOST_ROWS:
                raise _error_in_line(
                    name, rows.line_num + skipped, f"more than {_MOST_ROWS} labels"
                )
            if by is not None and cell_of(row, columns.get(_BY)).lower() != by:
                continue
            label = _label(name, rows.line_num + skipped, _cells(row, columns))
            position = _position(
                name, rows.line_num + skipped, cell_of(row, columns.get(_ACTIVITY))
            )
            found.setdefault(position, []).append(label)
    except csv.Error as problem:
        raise _error_in_line(name, rows.line_num + skipped, str(problem)) from problem
    return {position: tuple(labels) for position, labels in found.items()}


def text_of(data: bytes) -> str:
    """A table's text: UTF-8, UTF-16 with a mark as spreadsheets write it, or Windows-1252."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _lines(data: bytes) -> tuple[list[str], int]:
    """A table's lines without those that spreadsheets and people put in front, and how many."""
    lines = text_of(data).splitlines(keepends=True)
    skipped = 0
    while skipped < len(lines) and _is_in_front(lines[skipped]):
        skipped += 1
    return lines[skipped:], skipped


def _is_in_front(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(("#", "sep="))


def _delimiter(lines: Sequence[str]) -> str:
    head = lines[0] if lines else ""
    return next((each for each in (";", "\t", "|") if each in head), ",")


def _columns(name: str, lines: Sequence[str], line: int, head: Sequence[str]) -> dict[str, int]:
    """Column → where it stands; by the heads, or in the usual order where there are none."""
    if _is_row(lines):
        return {column: at for at, column in enumerate(_HEAD)}
    plain = [
        _UNITS.sub("", without_diacritics(one).replace("_", " ")).replace(" ", "").strip()
        for one in head
    ]
    found: dict[str, int] = {}
    for at, one in enumerate(plain):  # a head as it should be counts before others
        if one in (*_HEAD, _ACTIVITY, _BY):
            found.setdefault(one, at)
    for at, one in enumerate(plain):
        found.setdefault(_HEADS.get(one, one), at)
    if not ({"start", "direction"} <= found.keys() and found.keys() & {"end", "duration"}):
        raise _error_in_line(name, line, f"its first line must name {', '.join(_HEAD)}")
    return found


def _is_row(lines: Sequence[str]) -> bool:
    """Whether the first line is a label already."""
    cells = lines[0].replace('"', "").split(_delimiter(lines)) if lines else []
    return len(cells) >= len(_HEAD) and all(
        _moment(cell.strip())[0] is not None for cell in cells[:2]
    )


def _cells(row: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """Start, end, direction; an end without a date has the start's, which the last cell says."""
    start, end, direction = (cell_of(row, columns.get(one)) for one in _HEAD)
    start, end = plain_time(start), plain_time(end)
    if "end" not in columns:
        (start_s, clock), (lasts_s, _) = _moment(start), _moment(cell_of(row, columns["duration"]))
        if not clock and start_s is not None and lasts_s is not None:
            end = str(start_s + lasts_s)
    dated = _DATED.match(start)
    if dated and _CLOCK.fullmatch(end):
        return [start, f"{dated[0].rstrip()} {end}", direction, "dateless"]
    return [start, end, direction, ""]


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
    direction = "".join(without_diacritics(cells[2]).replace("'", " ").split())
    direction = _SYNONYMS.get(direction, direction)
    if start_s is None or end_s is None or clock != end_clock:
        words = "start and end must be seconds, m:ss or h:mm:ss, or both a date and a time"
        raise _error_in_line(name, line, words)
    if not start_s < end_s:
        start_s, end_s = _over_midnight(cells, start_s, end_s)
        clock = clock or DAY_CLOCK
    if not start_s < end_s:
        raise _error_in_line(name, line, "it must end after it starts")
    if direction not in ("backward", "forward", "clear"):
        words = f"{direction[:40]!r} is none of backward, forward and clear"
        raise _error_in_line(name, line, words)
    way = "unknown" if direction == "clear" else direction
    return Label(start_s, end_s, cast(Direction, way), f"{clock}{ORIGIN}")


def _over_midnight(cells: Sequence[str], start_s: float, end_s: float) -> tuple[float, float]:
    """The end a day later where the row goes from an evening into the next morning.

    ``cells`` are start, end and direction, and whether the end has no date of its own. Times
    without a date are times of the day then: none of a run ends before it starts.
    """
    start, end, _, dateless = cells
    if _DATED.match(start):
        hours_s = start_s % _DAY_S, end_s % _DAY_S
        is_meant = bool(dateless) and _is_night(*hours_s)
        return start_s, end_s + (_DAY_S if is_meant else 0)
    evening_s, morning_s = _time_of_day_s(start), _time_of_day_s(end)
    return (evening_s, morning_s + _DAY_S) if _is_night(evening_s, morning_s) else (start_s, end_s)


def _is_night(evening_s: float, morning_s: float) -> bool:
    return _EVENING_S <= evening_s < _DAY_S and 0 <= morning_s < _MORNING_S


def _time_of_day_s(text: str) -> float:
    """Seconds since midnight of ``h:mm:ss`` or ``h:mm``, with or without a half of the day; NaN."""
    seconds = _seconds(text) if ":" in text else None
    if seconds is None:
        return math.nan
    return seconds if text.count(":") > 1 or text[-1] in "mM." else 60 * seconds


def _moment(text: str) -> tuple[float | None, str]:
    """Seconds, and the clock that they count on: empty for the activity's own."""
    is_dated = _DATED.match(text) is not None
    seconds = None if is_dated else _seconds(text)
    if not is_dated and (seconds is None or seconds < _LEAST_EPOCH_S):
        return seconds, ""
    moment_s = float(unix_s([text.encode()])[0])
    is_local = is_dated and text[-1] not in "Zz" and not _ZONE.search(text[10:])
    return moment_s if math.isfinite(moment_s) else None, LOCAL_CLOCK if is_local else UTC_CLOCK


def _seconds(text: str) -> float | None:
    if len(text) > _LONGEST_MOMENT:
        return None
    text = text.replace(",", ".") if text.count(",") == 1 else text
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds, half = clock.groups()
        if half and hours is None:  # 10:02 PM has no seconds
            hours, minutes, seconds = minutes, seconds, "0"
        hour = hour_of_day(int(hours or 0), half)
        return hour * 3600 + int(minutes) * 60 + float(seconds)
    words = _IN_WORDS.fullmatch(text) if text else None
    if words:
        hours, minutes, seconds = words.groups()
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
    try:
        seconds_s = float(text)
    except ValueError:
        return None
    return seconds_s if math.isfinite(seconds_s) and seconds_s >= 0 else None


def _error_in_line(name: str, line: int, words: str) -> ReadError:
    remedy = "Mend the table; its export is imported without it."
    return ReadError("labels-broken", f"line {line}: {words}", file=name, remedy=remedy)
