"""A table of labels beside an export: ``start,end,direction`` → labels of the user.

Heads may have other words or units, and may be missing. Start and end count from the activity's
start. Moments with a date, and times of day from an evening into a morning, keep their clock
(``LOCAL_CLOCK``, ``UTC_CLOCK``, ``DAY_CLOCK``) until the activity's own start and zone are known.
A file may hold several activities; a column ``activity`` says of which of them a row speaks. A
column ``by`` says who wrote the table, if that was a page.
"""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import cast

from retrorun.errors import ReadError
from retrorun.model import DAY_CLOCK, LOCAL_CLOCK, UTC_CLOCK, Direction, Label
from retrorun.readers.clock_dates import (
    CLOCK,
    UNTIMED,
    elapsed_s,
    moment_on_clock,
    plain_moment,
    spreadsheet_moment,
)
from retrorun.readers.sports import (
    BESIDE_DIRECTIONS,
    DIRECTIONS,
    LABEL_HEADS,
    NEGATIONS,
    WEAK_DIRECTIONS,
    YES_NO,
    without_diacritics,
)
from retrorun.readers.xml import LONGEST_TIME, unix_s
from retrorun.text import text_of

ORIGIN = "sidecar"
_HEAD = ("start", "end", "direction")
_DURATION = "duration"

_UNIT = re.compile(  # behind a head: (s), [min], _ms, / s, in s, - hh:mm:ss.ms
    r"[\s_/-]*(?:[(\[]\s*([^)\]]+?)\s*[)\]]|(?:\bin\s+|[\s_/-])(s|secs?|seconds?|ms|msec|min|minutes?"
    r"|h|hours?|utc|gmt|hh?:mm(?::ss(?:[.:]\w+)?)?|ss\.msec|m|km|mi|met(?:re|er|ro)s?|frames?|samples?))\s*$"
)
_UNIT_S = {
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), 1e-3),
    **dict.fromkeys(("min", "minute", "minutes", "minuten", "minutos", "minuti"), 60.0),
    **dict.fromkeys(("h", "hour", "hours", "std", "stunden", "heures", "horas"), 3600.0),
}
_HOURS = frozenset({"hh:mm", "h:mm"})  # 8:03 has no seconds there
_DAYS, _UTC = "days", frozenset({"utc", "gmt"})
_ACTIVITY = "activity"
BY = "by"  # a column: who wrote the table
_SHORTEST_WORD = 5  # letters of a word by which a note is known
_IS_BACKWARD, _IS_FORWARD = "isbackward", "isforward"  # columns of yes and no
_MOST_ROWS = 10_000
_MOST_BYTES = 4 << 20
_MOST_TITLES = 10  # lines in front of a table
_MOST_COLUMNS = 100
_MOST_ACTIVITIES = 1000
_LONGEST_LINE = 1000  # characters of a line of words
_DATED = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}\.\s?\d{1,2}\.\s?(?:\d{4}|\d{2})\s|\d{1,2}[/-]\d{1,2}[/-]\d{4}\s"
    r"|\d{8}T\d{4}"
)
_ZONE = re.compile(r"[+-]\d{1,2}:?\d{2}\s*$")
_BETWEEN = r"\s+(?:bis|to|until|till|tot|do|à|a|al)\s+|\s*(?:-{1,2}>|[-–—~→])\s*"
_RANGE = re.compile(_BETWEEN)
_PLAIN_TIME = r"(\d+(?:[:.,]\d+)*(?:\s?(?:s|se[ck]|min)\b\.?)?)"
_LINE = re.compile(  # 3:10-3:40 backward; from 3:10 to 3:40: run backward; 1. 190 220 rw
    rf"\s*(?:[-*•]\s+|\d+[.)]\s+)?(?:from\s+|von\s+)?{_PLAIN_TIME}(?:{_BETWEEN}|\s+){_PLAIN_TIME}"
    r"[\s:]++([^\d\s]\D*)",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-:=+]{2,}")  # a cell of the line below a head
# a spreadsheet's time of day or date without its format
_IN_DAYS = re.compile(r"(?:0|[34]\d{4}(?=[.,]))(?:[.,]\d{3,})?")
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
    found: dict[int, list[Label]] = {}
    unread: tuple[int, list[str]] | None = None
    rows = _with_ranges_parted(_with_head(_rows(name, lines, skipped)))
    columns, units = _columns(name, rows)
    _refuse_several(name, rows, columns)
    for count, (line, row) in enumerate(rows if _is_row(rows) else rows[1:]):
        if count >= _MOST_ROWS:
            raise _error_in_line(name, line, f"more than {_MOST_ROWS} labels")
        if not any(_is_moment(cell.strip()) or _direction(cell) for cell in row):
            unread = unread or (line, row)
            continue  # units below the heads, rules, sums
        if by is not None and cell_of(row, columns.get(BY)).lower() != by:
            continue
        label = _label(name, line, _cells(row, columns, units))
        position = _position(name, line, cell_of(row, columns.get(_ACTIVITY)))
        found.setdefault(position, []).append(label)
    if unread and not found:
        _label(name, unread[0], _cells(unread[1], columns, units))  # it tells what is wrong
    return {position: tuple(labels) for position, labels in found.items()}


def _lines(data: bytes) -> tuple[list[str], int]:
    """A table's lines without those that spreadsheets and people put in front, and how many."""
    lines = text_of(data).splitlines(keepends=True)
    skipped = 0
    while skipped < len(lines) and _is_in_front(lines[skipped]):
        skipped += 1
    first = lines[skipped : skipped + _MOST_TITLES]
    parted = [at for at, line in enumerate(first) if _delimiter([line])]
    whole = (at for at in parted if len(_filled(first[at])) >= len(_HEAD))
    starts = (next(whole, next(iter(parted), None)), _first_label(first))
    table = min((at for at in starts if at is not None), default=0)
    return lines[skipped + table :], skipped + table


def _first_label(lines: Sequence[str]) -> int | None:
    """Where labels begin whose cells blanks part, if no line in front of them names columns."""
    found = next((at for at, line in enumerate(lines) if _spoken(line)), None)
    heads = {_plain_head(word)[0] for line in lines[:found] for word in line.split()}
    return None if heads & {*_HEAD, *LABEL_HEADS} else found


def _spoken(line: str) -> re.Match[str] | None:
    return None if any(each in line for each in ";\t|") else _LINE.fullmatch(line[:_LONGEST_LINE])


def _filled(line: str) -> list[str]:
    return [each for each in line.split(_delimiter([line])) if each.strip()]


def _is_in_front(line: str) -> bool:
    plain = line.strip().strip('"').lower()
    return not plain or plain.startswith("sep=") or _is_comment(line)


def _is_comment(line: str) -> bool:
    """``#`` alone in its cell is the head of a column of numbers, no comment."""
    return re.match(r"\s*(?:#(?!\s*[,;\t|])|//|\\)", line) is not None


def _says_nothing(row: Sequence[str]) -> bool:
    """Whether a row is empty, a comment, or Audacity's second line of a label.

    ``#1,100,200,backward`` is none: a label needs three cells.
    """
    cells = [cell.strip() for cell in row if cell.strip()]
    if not cells or cells[0].startswith("\\") or all(map(_RULE.fullmatch, cells)):
        return True
    return len(cells) < len(_HEAD) and _is_comment(cells[0])


def _delimiter(lines: Sequence[str]) -> str:
    """What parts the cells of the first line, empty if nothing but blanks does."""
    head = lines[0] if lines else ""
    return next((each for each in (";", "\t", "|", ",") if each in head), "")


def _rows(name: str, lines: Sequence[str], skipped: int) -> list[tuple[int, list[str]]]:
    """The rows that are no comments and not empty, with the numbers of their lines."""
    delimiter = "" if lines and _spoken(lines[0]) else _delimiter(lines)
    if not delimiter:
        lines, delimiter = _tabbed(lines), "\t"
    reader = csv.reader(lines, delimiter=delimiter)
    numbered = ((reader.line_num + skipped, row) for row in reader if not _says_nothing(row))
    try:
        rows = list(islice(numbered, _MOST_ROWS + 2))  # the head, and one more than there may be
    except csv.Error as problem:
        raise _error_in_line(name, reader.line_num + skipped, str(problem)) from problem
    return rows or [(skipped + 1, [])]


def _tabbed(lines: Sequence[str]) -> list[str]:
    """Lines whose cells blanks part, with tabs; the words of a direction stay together."""
    is_usual = bool(lines) and (_spoken(lines[0]) or len(lines[0].split()) == len(_HEAD))
    spoken = [_spoken(line) if is_usual else None for line in lines]
    return [
        "\t".join(map(str.strip, found.groups()) if found else line.split()) + "\n"
        for line, found in zip(lines, spoken, strict=True)
    ]


def _with_head(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """With an empty head where the first row is a label in an order of its own."""
    line, cells = rows[0]
    has_time = any(_is_moment(cell.strip()) or _ends(cell) for cell in cells[:_MOST_COLUMNS])
    if _is_row(rows) or not (has_time and any(map(_direction, cells[:_MOST_COLUMNS]))):
        return rows
    return [(line, [""] * len(cells)), *rows]


def _with_ranges_parted(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """With ``1:40-3:20`` in two columns, where every row has it in the same one."""
    (line, head), *labels = rows
    if {"start", "end"} <= {LABEL_HEADS.get(one, one) for one, _ in map(_plain_head, head)}:
        return rows
    columns = [
        [_ends(cell_of(row, at)) for _, row in labels]
        for at in range(min(len(head), _MOST_COLUMNS))
    ]
    found = [at for at, parted in enumerate(columns) if any(parted)]
    if len(found) != 1 or not all(columns[found[0]]):
        return rows
    at = found[0]
    named = [(line, [*head[:at], "start", "end", *head[at + 1 :]])]
    return named + [
        (number, [*row[:at], *ends, *row[at + 1 :]])
        for (number, row), ends in zip(labels, columns[at], strict=True)
    ]


def _ends(cell: str) -> tuple[str, str] | tuple[()]:
    """The two moments of a range; nothing where it is none."""
    for each in _RANGE.finditer(cell[: 2 * LONGEST_TIME]):
        ends = cell[: each.start()].strip(), cell[each.end() :].strip()
        is_dated = {_DATED.match(one) is not None for one in ends}
        if len(is_dated) == 1 and all(ends) and all(map(_is_moment, ends)):
            return ends
    return ()


def _columns(
    name: str, rows: Sequence[tuple[int, list[str]]]
) -> tuple[dict[str, int], dict[str, str]]:
    """Column → where it stands, and its unit.

    Columns are known by their heads, else by what stands in them; without heads they stand in the
    usual order.
    """
    if _is_row(rows):
        return {column: at for at, column in enumerate(_HEAD)}, {}
    line, head = rows[0]
    plain = [_plain_head(one) for one in head]
    found: dict[str, int] = {}
    for at, (one, _) in enumerate(plain):  # a head as it should be counts before others
        if one in (*_HEAD, _ACTIVITY, BY):
            found.setdefault(one, at)
    for at, (one, _) in enumerate(plain):
        found.setdefault(LABEL_HEADS.get(one, one), at)
    own = [row for _, row in rows[1:]]
    flags = [one.removeprefix("is") for one, _ in plain]
    ways = [_direction(one) if len(one) >= _SHORTEST_WORD else None for one in flags]
    if "direction" not in found and "backward" in ways:
        found |= dict.fromkeys(("direction", _IS_BACKWARD), ways.index("backward"))
        found |= {_IS_FORWARD: ways.index("forward")} if "forward" in ways else {}
    activity = [cell_of(row, found[_ACTIVITY]) for row in own] if _ACTIVITY in found else []
    if "direction" not in found and activity and all(map(_direction, activity)):
        found["direction"] = found.pop(_ACTIVITY)
    untimed = [at for at, (_, unit) in enumerate(plain) if unit is None]
    found |= _by_content(found, own, [at for at in range(len(head)) if at not in untimed])
    if not ({"start", "direction"} <= found.keys() and found.keys() & {"end", _DURATION}):
        words = f"its first line must name {', '.join(_HEAD)}"
        if untimed and "direction" in found:
            column = " ".join(head[untimed[0]].split())[:40]
            words = f"the column {column!r} holds no times: start and end are needed as times"
        raise _error_in_line(name, line, words)
    timed = ("start", "end", _DURATION)
    units = {one: plain[found[one]][1] or "" for one in timed if one in found}
    moments = [cell_of(row, found[one]) for row in own for one in units]
    if moments and not any(units.values()) and all(map(_IN_DAYS.fullmatch, moments)):
        units = dict.fromkeys(units, _DAYS)
    return found, units


def _refuse_several(
    name: str, rows: Sequence[tuple[int, list[str]]], columns: Mapping[str, int]
) -> None:
    """Refuse rows of several recordings, of which a column of names or dates tells."""
    for at, head in enumerate(rows[0][1] if _ACTIVITY not in columns else ()):
        if UNTIMED.get(_plain_head(head)[0]) != "recording" or at == columns["direction"]:
            continue
        said: dict[str, int] = {}
        for line, row in rows[1:]:
            is_dated = _DATED.match(cell_of(row, columns["start"]))
            if cell_of(row, at) and not is_dated and _direction(cell_of(row, columns["direction"])):
                said.setdefault(cell_of(row, at), line)
        if len(said) > 1:
            column, *several = (" ".join(one.split())[:40] for one in (head, *said))
            words = (
                f"the column {column!r} tells of several sessions: {several[0]!r}, {several[1]!r}"
            )
            raise _error_in_line(name, [*said.values()][1], words)


def _plain_head(head: str) -> tuple[str, str | None]:
    """A head in letters alone, and the unit that stands behind it; None where it is no time."""
    text = without_diacritics(head[:LONGEST_TIME]).strip(" '*")
    found = _UNIT.search(text)
    bare = text[: found.start()] if found and found.start() else text
    unit = (found[1] or found[2]).strip(".") if found else ""
    said = [UNTIMED.get(word) for word in (unit, *re.findall(r"[^\W\d_]+|[#%]", text)) if word]
    if "quantity" in said or (said and set(said) == {"counter"}):
        return text, None
    return "".join(each for each in bare if each.isalpha()) or bare, unit


def _by_content(
    known: Mapping[str, int], rows: Sequence[Sequence[str]], places: Sequence[int]
) -> dict[str, int]:
    """Columns whose heads are not known: the only one of directions, the only ones of moments.

    Moments may stand in some places only, and a column of 1, 2, 3 counts rows.
    """
    found: dict[str, int] = {}
    width = max(map(len, rows), default=0)
    columns = [[cell_of(row, at) for row in rows] for at in range(min(width, _MOST_COLUMNS))]
    counted = [str(number) for number in range(1, len(rows) + 1)]
    taken = {known[one] for one in (*_HEAD, _DURATION, _ACTIVITY, BY) if one in known}
    free = [at for at in range(len(columns)) if at not in taken and rows]
    if "direction" not in known:
        directed = [at for at in free if all(_direction(cell) for cell in columns[at])]
        found |= {"direction": directed[0]} if len(directed) == 1 else {}
    missing = [one for one in ("start", "end") if one not in known]
    if missing and not (missing == ["end"] and _DURATION in known):
        timed = [
            at
            for at in free
            if at in places and columns[at] != counted and all(map(_is_moment, columns[at]))
        ]
        found |= dict(zip(missing, timed, strict=False)) if len(timed) == len(missing) else {}
    return found


def _is_row(rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether the first line is a label already."""
    cells = rows[0][1]
    return len(cells) >= len(_HEAD) and all(_is_moment(cell.strip()) for cell in cells[:2])


def _is_moment(cell: str) -> bool:
    return _moment(plain_moment(cell))[0] is not None


def _cells(row: Sequence[str], columns: Mapping[str, int], units: Mapping[str, str]) -> list[str]:
    """Start, end, direction; an end without a date has the start's, which the last cell says."""
    start, end, lasts = (
        _in_seconds(plain_moment(cell_of(row, columns.get(one))), units.get(one, ""))
        for one in ("start", "end", _DURATION)
    )
    direction = cell_of(row, columns.get("direction"))
    if _IS_BACKWARD in columns:
        flags = [
            cell_of(row, columns[one]) for one in (_IS_BACKWARD, _IS_FORWARD) if one in columns
        ]
        said = [YES_NO.get(flag.lower() or "-", flag) for flag in flags]
        direction = said[0] if len({*said}) == len(said) else " / ".join(flags)
    if "end" not in columns:
        (start_s, clock), (lasts_s, _) = _moment(start), _moment(lasts)
        if start_s is not None and lasts_s is not None:
            end_s = start_s + lasts_s
            end = moment_on_clock(end_s) if clock == LOCAL_CLOCK else f"{end_s:.3f}"
    dated = _DATED.match(start)
    if dated and CLOCK.fullmatch(end):
        return [start, f"{dated[0].rstrip()} {end}", direction, "dateless"]
    return [start, end, direction, ""]


def _in_seconds(cell: str, unit: str) -> str:
    """A plain number of another unit in seconds; any other cell as it is."""
    if unit in _HOURS and cell.count(":") == 1:
        return f"{cell}:00"
    if unit in _UTC and CLOCK.fullmatch(cell):
        return ""  # a time of day in UTC needs its date
    if unit in _UTC and _DATED.match(cell) and not _ZONE.search(cell[10:]):
        return f"{cell.rstrip('Zz')}Z"
    number = cell.replace(",", ".") if cell.count(",") == 1 else cell
    try:
        value = float(number)
    except ValueError:
        return cell
    if unit == _DAYS:
        return spreadsheet_moment(value) if value >= 1 else str(round(value * _DAY_S, 3))
    return str(round(value * _UNIT_S[unit], 3)) if unit in _UNIT_S else cell


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
    known = _direction(cells[2])
    for column, cell, at_s in zip(_HEAD, cells, (start_s, end_s), strict=False):
        if at_s is None:
            written = " ".join(cell.split())[:40]
            words = f"{column} {written!r} is no time: seconds, m:ss, h:mm:ss, or date and time"
            raise _error_in_line(name, line, words)
    if start_s is None or end_s is None or clock != end_clock:
        words = "start and end must be seconds, m:ss or h:mm:ss, or both a date and a time"
        raise _error_in_line(name, line, words)
    if not start_s < end_s:
        start_s, end_s = _over_midnight(cells, start_s, end_s)
        clock = clock or DAY_CLOCK
    if not start_s < end_s:
        raise _error_in_line(name, line, "it must end after it starts")
    if known is None:
        direction = " ".join(cells[2].lower().split())[:40]
        words = f"{direction!r} is none of backward, forward and clear"
        raise _error_in_line(name, line, words)
    way = "unknown" if known == "clear" else known
    return Label(start_s, end_s, cast(Direction, way), f"{clock}{ORIGIN}")


def _direction(cell: str) -> str | None:
    """Backward, forward or clear; None where a cell says none of them."""
    plain = without_diacritics(cell[:LONGEST_TIME])
    words = re.findall(r"[^\W\d_]+", plain)
    candidates = ("".join(words), "".join(word for word in words if word not in BESIDE_DIRECTIONS))
    for one in candidates:
        if one in ("backward", "forward", "clear"):
            return one
        if one in DIRECTIONS:
            return DIRECTIONS[one]
    return _direction_of_note(words)


def _direction_of_note(words: Sequence[str]) -> str | None:
    """The only direction that a few words name, such as ``slow backward, uphill``."""
    known = {"backward": "backward", "forward": "forward", **DIRECTIONS}
    clear = [one for one in words if len(one) >= _SHORTEST_WORD and one not in WEAK_DIRECTIONS]
    said = {known[one] for one in clear if one in known}
    return said.pop() if len(said) == 1 and not NEGATIONS & set(words) else None


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
    seconds = elapsed_s(text) if ":" in text else None
    if seconds is None:
        return math.nan
    return seconds if text.count(":") > 1 or text[-1] in "mM." else 60 * seconds


def _moment(text: str) -> tuple[float | None, str]:
    """Seconds, and the clock that they count on: empty for the activity's own."""
    is_dated = _DATED.match(text) is not None
    seconds = None if is_dated else elapsed_s(text)
    if not is_dated and (seconds is None or seconds < _LEAST_EPOCH_S):
        return seconds, ""
    moment_s = float(unix_s([text.encode()])[0])
    is_local = is_dated and text[-1] not in "Zz" and not _ZONE.search(text[10:])
    return moment_s if math.isfinite(moment_s) else None, LOCAL_CLOCK if is_local else UTC_CLOCK


def _error_in_line(name: str, line: int, words: str) -> ReadError:
    remedy = "Mend the table; its export is imported without it."
    return ReadError("labels-broken", f"line {line}: {words}", file=name, remedy=remedy)
