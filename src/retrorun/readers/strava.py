"""Strava's bulk export: ``activities.csv`` tells names, types and dates of the files beside it.

Its heads and its types are in the language of the account, and the order of its columns is not
fixed. The column of files is known by what stands in it; those of titles, types and dates by their
heads, in the languages that are known, else by the order that all exports seen had.
"""

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

_MOST_ROWS = 200_000
_MOST_BYTES = 32 << 20  # of the table: 20,000 activities have 10 MB
_LOOKED_AT = 200  # rows by which the column of files is found
_RECORDINGS = (".fit", ".gpx", ".tcx")
_TITLE = frozenset(
    {
        *("activity name", "name der aktivität", "nom de l'activité", "nom de l’activité"),
        *("nombre de la actividad", "nome attività", "nome dell'attività", "nome da atividade"),
        *("naam activiteit", "activiteitsnaam", "aktivitetsnamn", "nazwa aktywności"),
        *("название тренировки", "アクティビティ名", "活动名称"),
    }
)
_TYPE = frozenset(
    {
        *("activity type", "aktivitätsart", "type d'activité", "type d’activité"),
        *("tipo de actividad", "tipo attività", "tipo di attività", "tipo de atividade"),
        *("type activiteit", "activiteitstype", "aktivitetstyp", "typ aktywności"),
        *("тип тренировки", "アクティビティタイプ", "活动类型"),
    }
)
_DATE = frozenset(
    {
        *("activity date", "aktivitätsdatum", "date de l'activité", "date de l’activité"),
        *("fecha de la actividad", "data attività", "data dell'attività", "data da atividade"),
        *("datum activiteit", "datum van activiteit", "aktivitetsdatum", "data aktywności"),
        *("дата тренировки", "アクティビティ日", "活动日期"),
    }
)
_DATE_TITLE_TYPE = 4  # the export begins with number, date, title and type


@dataclass(frozen=True, slots=True)
class Told:
    """What the table says of one file."""

    title: str | None
    sport: str | None
    date: str | None = None  # in the account's own language

    @property
    def words(self) -> str:
        """Title and date, as far as they are told, without slashes: part of a member's name."""
        known = (each for each in (self.title, self.date) if each)
        return "; ".join(known).replace("/", "-")


def activities(folder: str, data: bytes) -> dict[str, Told]:
    """File name within the archive → what the table tells of it; empty if it cannot be read.

    Args:
        folder: where the table lies in the archive, with its slash.
        data: the table.
    """
    text = data[:_MOST_BYTES].decode("utf-8-sig", "replace")
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    lines: list[list[str]] = []
    with suppress(csv.Error):  # what came before it stands
        lines.extend(row for row, _ in zip(rows, range(_MOST_ROWS + 1), strict=False))
    file = _file_column(lines[1 : _LOOKED_AT + 1])
    if file is None:
        return {}
    columns = _title_type_date(lines[0], file)
    return {
        folder + _cell(row, file): Told(*(_words(row, at) for at in columns))
        for row in lines[1:]
        if _is_recording(_cell(row, file))
    }


def _file_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The first column in which the name of a recording stands."""
    columns = [at for row in rows for at in range(len(row)) if _is_recording(row[at].strip())]
    return max(set(columns), key=lambda at: (columns.count(at), -at)) if columns else None


def _is_recording(cell: str) -> bool:
    return cell.lower().removesuffix(".gz").endswith(_RECORDINGS)


def _title_type_date(heads: Sequence[str], file: int) -> tuple[int | None, ...]:
    plain = [head.strip().lower() for head in heads]
    found = tuple(
        next((at for at, head in enumerate(plain) if head in known), None)
        for known in (_TITLE, _TYPE, _DATE)
    )
    return (2, 3, 1) if found == (None,) * 3 and file >= _DATE_TITLE_TYPE else found


def _cell(row: Sequence[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""


def _words(row: Sequence[str], at: int | None) -> str | None:
    return " ".join(_cell(row, at).split())[:200] or None
