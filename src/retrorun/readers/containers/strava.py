"""Strava's bulk export: ``activities.csv`` tells names, types and dates of the files beside it.

Its heads and its types are in the language of the account, and the order of its columns is not
fixed. The column of files is known by what stands in it; those of titles, types and dates by their
heads, in the languages that are known, else by the order that all exports seen had.
"""

import codecs
import csv
import io
import re
from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass

from retrorun.readers.label_file import cell_of
from retrorun.readers.registry import suffixes
from retrorun.readers.sports import is_on_foot, without_diacritics

_MOST_ROWS = 200_000
_MOST_BYTES = 32 << 20  # of the table: 20,000 activities have 10 MB
_LOOKED_AT = 200  # rows by which the column of files is found
# heads in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian,
# Polish, Czech, Slovenian, Russian, Japanese and Chinese, without diacritics and apostrophes
_TITLE = frozenset(
    {
        *("activity name", "name der aktivitat", "aktivitatsname", "nom de l activite"),
        *("nombre de la actividad", "nombre de actividad", "nome attivita", "nome dell attivita"),
        *("nome da atividade", "naam activiteit", "activiteitsnaam", "naam van activiteit"),
        *("aktivitetsnamn", "aktivitetsnavn", "navn pa aktivitet", "aktivitetens navn"),
        *("nazwa aktywnosci", "nazev aktivity", "ime dejavnosti", "naziv dejavnosti"),
        *("ime aktivnosti", "название тренировки", "アクティビティ名", "活动名称"),
    }
)
_TYPE = frozenset(
    {
        *("activity type", "sport type", "aktivitatsart", "aktivitatstyp", "sportart"),
        *("type d activite", "tipo de actividad", "tipo attivita", "tipo di attivita"),
        *("tipo de atividade", "tipo da atividade", "type activiteit", "activiteitstype"),
        *("activiteittype", "soort activiteit", "aktivitetstyp", "aktivitetstype"),
        *("type aktivitet", "typ aktywnosci", "rodzaj aktywnosci", "typ aktivity"),
        *("druh aktivity", "vrsta dejavnosti", "vrsta aktivnosti", "tip dejavnosti"),
        *("тип тренировки", "アクティビティタイプ", "活动类型"),
    }
)
_DATE = frozenset(
    {
        *("activity date", "aktivitatsdatum", "datum der aktivitat", "date de l activite"),
        *("fecha de la actividad", "fecha de actividad", "data attivita", "data dell attivita"),
        *("data da atividade", "datum activiteit", "datum van activiteit", "activiteitsdatum"),
        *("activiteitdatum", "aktivitetsdatum", "aktivitetsdato", "dato for aktivitet"),
        *("data aktywnosci", "datum aktivity", "datum dejavnosti", "datum aktivnosti"),
        *("дата тренировки", "アクティビティ日", "活动日期"),
    }
)
TABLE = "activities.csv"
_DATE_TITLE_TYPE = 4  # the export begins with number, date, title and type


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """What the table says of one file."""

    title: str | None
    sport: str | None
    date: str | None = None  # in the account's own language

    @property
    def title_and_date(self) -> str:
        """Title and date, as far as they are known, without slashes: part of a member's name."""
        known = (each for each in (self.title, self.date) if each)
        return "; ".join(known).replace("/", "-")


def activities(folder: str, data: bytes) -> dict[str, ActivityRow]:
    """File name within the archive → what the table tells of it; empty if it cannot be read.

    Args:
        folder: where the table lies in the archive, with its slash.
        data: the table.
    """
    text = _text(data[:_MOST_BYTES])
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    lines: list[list[str]] = []
    with suppress(csv.Error):  # what came before it stands
        lines.extend(row for row, _ in zip(rows, range(_MOST_ROWS + 1), strict=False))
    file = _file_column(lines[1 : _LOOKED_AT + 1])
    if file is None:
        return {}
    columns = _title_type_date(lines, file)
    return {
        file_key(folder + cell_of(row, file)): ActivityRow(
            *(_cell_or_none(row, at) for at in columns)
        )
        for row in lines[1:]
        if _is_recording(cell_of(row, file))
    }


def file_key(name: str) -> str:
    """The name of a file as tables and archives have it in common.

    Tools write backslashes, begin with ``./``, change the case, or unpack what was packed.
    """
    plain = name.strip().replace("\\", "/").lower()
    return plain.removeprefix("./").replace("/./", "/").removesuffix(".gz")


def _text(data: bytes) -> str:
    """The table's text: UTF-8, UTF-16 with a mark as spreadsheets write it, or Windows-1252."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _file_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The first column in which the name of a recording stands."""
    columns = [at for row in rows for at in range(len(row)) if _is_recording(row[at].strip())]
    return max(set(columns), key=lambda at: (columns.count(at), -at)) if columns else None


def _is_recording(cell: str) -> bool:
    return cell.lower().removesuffix(".gz").endswith(suffixes())


def _title_type_date(lines: Sequence[Sequence[str]], file: int) -> tuple[int | None, ...]:
    """The columns of titles, types and dates: by their heads, else by what stands in them."""
    plain = [_plain_head(head) for head in lines[0]]
    title, kind, date = (
        next((at for at, head in enumerate(plain) if head in known), None)
        for known in (_TITLE, _TYPE, _DATE)
    )
    is_unknown = (title, kind, date) == (None,) * 3
    if kind is None:
        kind = _type_column(lines[1 : _LOOKED_AT + 1], {file, title, date})
    if is_unknown and file >= _DATE_TITLE_TYPE:
        title, kind, date = 2, 3 if kind is None else kind, 1
    return title, kind, date


def _type_column(rows: Sequence[Sequence[str]], others: Container[int | None]) -> int | None:
    """The column whose cells are words for sports; titles are too, but they are more varied."""
    found: list[tuple[int, int]] = []
    for at in range(max(map(len, rows), default=0)):
        cells = [cell for row in rows if (cell := cell_of(row, at))] if at not in others else []
        known = sum(is_on_foot(cell) != "maybe" for cell in cells if not cell.isdigit())
        if known and 2 * known >= len(cells):
            found.append((len(set(cells)), at))
    return min(found)[1] if found else None


def _plain_head(head: str) -> str:
    """A head in lower case, without diacritics and apostrophes."""
    return " ".join(re.sub(r"['’`´_\s]+", " ", without_diacritics(head)).split())


def _cell_or_none(row: Sequence[str], at: int | None) -> str | None:
    return " ".join(cell_of(row, at).split())[:200] or None
