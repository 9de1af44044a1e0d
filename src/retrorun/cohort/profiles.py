"""Read tables that users bring along, as CSV or Parquet, and athletes' profiles from such a table.

A table of profiles has a row an athlete, or a row a weighing. Errors name the row and the column.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from retrorun import profile
from retrorun.errors import ReadError, SettingsError
from retrorun.model import Athlete
from retrorun.results import athlete_key
from retrorun.storage import open_store, without_user
from retrorun.text import printable

MOST_BYTES = 256 << 20
MOST_HEADS = 2000
PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heads, not yet read.

    Attributes:
        name: as it can be shown.
        heads: the columns' names, in order.
        data: its bytes.
    """

    name: str
    heads: tuple[str, ...]
    data: bytes

    def rows(self, wanted: Sequence[str] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """The number of each row, from 1 below the heads, and its values; empty text is None.

        Raises:
            SettingsError: the table is broken there.
        """
        heads = self.heads if wanted is None else wanted
        found = _parquet(self, heads) if self.data.startswith(PARQUET) else _csv(self, heads)
        return enumerate(found, 1)

    def column(self, wanted: str, option: str) -> str:
        """The head of that name, whatever its case and the space around it.

        Raises:
            SettingsError: there is none, or more than one; ``option`` says which it is.
        """
        if wanted in self.heads:
            return wanted
        same = [each for each in self.heads if _plain_head(each) == _plain_head(wanted)]
        if len(same) == 1:
            return same[0]
        words = f"it has no column {wanted!r}" if not same else f"it has several columns {wanted!r}"
        known = ", ".join(map(repr, self.heads[:20]))
        remedy = f"Name one of its columns with {option}: {known}."
        raise SettingsError("table-column", words, file=self.name, remedy=remedy)


def file_head(table: Table, wanted: str) -> str:
    """``filename``, as platforms call it, where the user named no column of files."""
    plain = {_plain_head(each) for each in table.heads}
    return "filename" if wanted == "file" and "file" not in plain else wanted


def cell_text(value: Any) -> str:  # noqa: ANN401 - a table's cell
    """A cell as text: of numbers with holes, which are read as 7.0, it is 7; empty if nothing."""
    if value is None or value != value:  # noqa: PLR0124 - NaN is how some tables say nothing
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip()


def _plain_head(head: str) -> str:
    return " ".join(head.split()).casefold()


def read_table(address: str) -> Table:
    """A table behind a path or URL.

    Raises:
        SettingsError: it cannot be read, or is no table.
    """
    folder, slash, name = address.replace("\\", "/").rpartition("/")
    try:
        data = open_store(f"{folder}{slash}" or ".").read(name, MOST_BYTES)
    except ReadError as problem:
        file = printable(without_user(address))
        raise SettingsError("table-unreadable", problem.message, file=file) from problem
    return parse_table(printable(without_user(address)), data)


def parse_table(name: str, data: bytes) -> Table:
    """Parse a table: Parquet if its first bytes say so, else CSV.

    Raises:
        SettingsError: it is no table.
    """
    empty = Table(name, (), data)
    if data.startswith(PARQUET):
        with _parquet_file(empty) as file:
            return Table(name, tuple(file.schema_arrow.names), data)
    heads = next(_lines(empty), [])
    if not any(heads):
        raise SettingsError("table-empty", "it has no line of heads", file=name)
    if len(heads) > MOST_HEADS:
        raise SettingsError("table-broken", f"over {MOST_HEADS} columns", file=name)
    if len(set(heads)) != len(heads):
        heads = [
            f"{each} ({heads[:place].count(each) + 1})" if each in heads[:place] else each
            for place, each in enumerate(heads)
        ]  # as Strava's own table repeats some
    return Table(name, tuple(heads), data)


def _lines(table: Table) -> Iterator[list[str]]:
    stream = io.TextIOWrapper(io.BytesIO(table.data), "utf-8-sig", newline="")
    try:
        for line in csv.reader(stream, strict=True):
            yield [each.strip() for each in line]
    except (csv.Error, UnicodeDecodeError) as problem:
        words = f"it is no CSV in UTF-8: {problem}"
        raise SettingsError("table-broken", words, file=table.name) from problem


def _csv(table: Table, heads: Sequence[str]) -> Iterator[dict[str, Any]]:
    places = {head: table.heads.index(head) for head in heads}
    lines = _lines(table)
    next(lines, None)
    for number, line in enumerate(lines, 1):
        if not any(line):
            continue
        if len(line) > len(table.heads) and any(line[len(table.heads) :]):
            words = f"row {number} has {len(line)} values for {len(table.heads)} columns"
            raise SettingsError("table-broken", words, file=table.name)
        yield {head: line[at] or None if at < len(line) else None for head, at in places.items()}


@contextmanager
def _parquet_file(table: Table) -> Iterator[Any]:
    """The table as an open ``pyarrow.parquet.ParquetFile``.

    Raises:
        SettingsError: reading it shows that it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        yield pq.ParquetFile(pa.BufferReader(table.data))
    except (pa.ArrowException, OSError, ValueError) as problem:
        words = f"it is no readable Parquet: {str(problem)[:200]}"
        raise SettingsError("table-broken", words, file=table.name) from problem


def _parquet(table: Table, heads: Sequence[str]) -> Iterator[dict[str, Any]]:
    with _parquet_file(table) as file:
        for batch in file.iter_batches(columns=list(heads)):
            yield from batch.to_pylist()


ATHLETE, SINCE, MASS = "athlete", "since", "mass_kg"
_ONE_ATHLETE = {"masses", "privacy_zones", "trust_gait", "language"}  # in no table of a study
NAMES = tuple(name for name in profile.STATED if name not in _ONE_ATHLETE)
_WORDS = ("sex", "units")
_WHOLE = ("birth_year",)
_LISTS = ("hr_zones_bpm",)
Values = dict[str, Any]


def load(address: str) -> dict[str, Athlete]:
    """Athlete's key → profile, from a CSV or Parquet behind a path or URL.

    Columns: ``athlete``, any names of a profile, and ``since``: the day from which a row's
    ``mass_kg`` holds. An empty cell is no value.

    Raises:
        SettingsError: the table cannot be read, has other columns, or holds values that cannot
            be; row and column are named.
    """
    return profiles_from_table(read_table(address))


def profiles_from_table(table: Table) -> dict[str, Athlete]:
    """Athlete's key → profile, from a table that was read."""
    known = {ATHLETE, SINCE, *NAMES}
    unknown = [each for each in table.heads if each not in known]
    if unknown or ATHLETE not in table.heads:
        what = f"there is no {', '.join(unknown)} in a profile" if unknown else "no column athlete"
        remedy = f"It knows {', '.join((ATHLETE, SINCE, *NAMES))}."
        raise SettingsError("profile-unknown-name", what, file=table.name, remedy=remedy)
    values_of: dict[str, Values] = {}
    last: dict[str, int] = {}
    for number, row in table.rows():
        name = _name(table, number, row.pop(ATHLETE))
        _merge_row(values_of.setdefault(name, {}), _Row(table, number, row))
        last[name] = number
    return {name: _athlete(table, last[name], values) for name, values in values_of.items()}


class _Row:
    """One row: its values, each checked."""

    def __init__(self, table: Table, number: int, cells: Values) -> None:
        self.table = table
        self.number = number
        self.values = {
            column: value
            for column, cell in cells.items()
            if (value := self._value(column, cell)) is not None
        }

    def refuse(self, column: str, words: str, slug: str = "profile-impossible") -> SettingsError:
        where = f"row {self.number}, column {column}"
        return SettingsError(slug, f"{where}: {words}", file=self.table.name)

    def _value(self, column: str, cell: Any) -> Any:  # noqa: ANN401 - a table's cell
        if not cell_text(cell):
            return None
        try:
            value = _since(cell) if column == SINCE else _plain_cell(column, cell)
            if column != SINCE:
                profile.stated({column: value})
        except (ValueError, TypeError, OverflowError) as problem:
            words = f"{str(cell)[:50]!r} is none: {problem}"
            raise self.refuse(column, words, "profile-wrong-type") from problem
        except SettingsError as problem:
            raise self.refuse(column, problem.message, problem.slug) from problem
        return value


def _since(cell: Any) -> dt.date:  # noqa: ANN401 - a table's cell
    if isinstance(cell, dt.datetime):
        return cell.date()
    return cell if isinstance(cell, dt.date) else dt.date.fromisoformat(str(cell)[:10])


def _plain_cell(column: str, cell: Any) -> Any:  # noqa: ANN401 - a table's cell
    if column in _WORDS:
        return str(cell).strip().lower()
    if column in _LISTS:
        parts = cell.replace(";", " ").split() if isinstance(cell, str) else list(cell)
        return [float(each) for each in parts]
    number = float(cell)
    return int(number) if column in _WHOLE and number.is_integer() else number


def _name(table: Table, number: int, cell: Any) -> str:  # noqa: ANN401 - a table's cell
    text = cell_text(cell)
    if not text:
        words = f"row {number}, column {ATHLETE}: there is nothing"
        raise SettingsError("table-empty-value", words, file=table.name)
    return athlete_key(text)


def _merge_row(known: Values, row: _Row) -> None:
    """Add the values of a row; refuse a row that contradicts an earlier one."""
    values = dict(row.values)
    since = values.pop(SINCE, None)
    if since is not None:
        if MASS not in values:
            raise row.refuse(SINCE, f"there is no {MASS} that it could belong to")
        values["masses"] = {**known.get("masses", {})}
        if values["masses"].setdefault(since, values[MASS]) != values.pop(MASS):
            raise row.refuse(MASS, f"another row has another mass of {since}")
    for column, value in values.items():
        if column != "masses" and known.get(column, value) != value:
            raise row.refuse(column, f"another row of this athlete says {known[column]!r}")
    known.update(values)


def _athlete(table: Table, number: int, known: Values) -> Athlete:
    masses = [{SINCE: day, MASS: mass} for day, mass in sorted(known.pop("masses", {}).items())]
    try:
        return profile.stated({**known, **({"masses": masses} if masses else {})})
    except SettingsError as problem:
        words = f"row {number}: {problem.message}"
        raise SettingsError(problem.slug, words, file=table.name) from problem
