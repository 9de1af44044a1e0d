"""Profiles of many athletes from one table: a row an athlete, or a row a weighing."""

import datetime as dt
from typing import Any

from retrorun import profile
from retrorun.cohort import tables
from retrorun.errors import SettingsError
from retrorun.model import Athlete
from retrorun.results import athlete_key

ATHLETE, SINCE, MASS = "athlete", "since", "mass_kg"
NAMES = tuple(name for name in profile.STATED if name not in {"masses", "privacy_zones"})
_WORDS = ("sex", "units")
_WHOLE = ("birth_year",)
_LISTS = ("hr_zones_bpm",)
Values = dict[str, Any]


def load(address: str) -> dict[str, Athlete]:
    """Athlete's key → profile, from a CSV or Parquet behind a path or URL.

    Columns: ``athlete``, any names of a profile, and ``since``: the day from which a row's
    ``mass_kg`` holds. Empty is not said.

    Raises:
        SettingsError: the table cannot be read, has other columns, or holds values that cannot
            be; row and column are named.
    """
    return of_table(tables.load(address))


def of_table(table: tables.Table) -> dict[str, Athlete]:
    """The same from a table that was read."""
    known = {ATHLETE, SINCE, *NAMES}
    unknown = [each for each in table.heads if each not in known]
    if unknown or ATHLETE not in table.heads:
        what = f"there is no {', '.join(unknown)} in a profile" if unknown else "no column athlete"
        remedy = f"It knows {', '.join((ATHLETE, SINCE, *NAMES))}."
        raise SettingsError("profile-unknown-name", what, file=table.name, remedy=remedy)
    said: dict[str, Values] = {}
    last: dict[str, int] = {}
    for number, row in table.rows():
        name = _name(table, number, row.pop(ATHLETE))
        _join(said.setdefault(name, {}), _Row(table, number, row))
        last[name] = number
    return {name: _athlete(table, last[name], values) for name, values in said.items()}


class _Row:
    """One row: what it says, checked value by value."""

    def __init__(self, table: tables.Table, number: int, cells: Values) -> None:
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
        if not tables.cell_text(cell):
            return None
        try:
            value = _since(cell) if column == SINCE else _plain(column, cell)
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


def _plain(column: str, cell: Any) -> Any:  # noqa: ANN401 - a table's cell
    if column in _WORDS:
        return str(cell).strip().lower()
    if column in _LISTS:
        parts = cell.replace(";", " ").split() if isinstance(cell, str) else list(cell)
        return [float(each) for each in parts]
    number = float(cell)
    return int(number) if column in _WHOLE and number.is_integer() else number


def _name(table: tables.Table, number: int, cell: Any) -> str:  # noqa: ANN401 - a table's cell
    text = tables.cell_text(cell)
    if not text:
        words = f"row {number}, column {ATHLETE}: there is nothing"
        raise SettingsError("table-empty-value", words, file=table.name)
    return athlete_key(text)


def _join(said: Values, row: _Row) -> None:
    """Add what a row says; where two rows differ, nobody knows which is right."""
    values = dict(row.values)
    since = values.pop(SINCE, None)
    if since is not None:
        if MASS not in values:
            raise row.refuse(SINCE, f"there is no {MASS} that it could belong to")
        values["masses"] = {**said.get("masses", {})}
        if values["masses"].setdefault(since, values[MASS]) != values.pop(MASS):
            raise row.refuse(MASS, f"another row has another mass of {since}")
    for column, value in values.items():
        if column != "masses" and said.get(column, value) != value:
            raise row.refuse(column, f"another row of this athlete says {said[column]!r}")
    said.update(values)


def _athlete(table: tables.Table, number: int, said: Values) -> Athlete:
    masses = [{SINCE: day, MASS: mass} for day, mass in sorted(said.pop("masses", {}).items())]
    try:
        return profile.stated({**said, **({"masses": masses} if masses else {})})
    except SettingsError as problem:
        words = f"row {number}: {problem.message}"
        raise SettingsError(problem.slug, words, file=table.name) from problem
