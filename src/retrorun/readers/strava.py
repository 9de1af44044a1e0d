"""Strava's bulk export: ``activities.csv`` tells names and types of the files beside it."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

_MOST_ROWS = 200_000
# the column heads in the languages that exports were seen in; the file's own order is not fixed
_FILE = ("filename", "dateiname", "nom du fichier", "nombre de archivo", "nome file")
_TITLE = ("activity name", "name der aktivität", "nom de l'activité", "nombre de la actividad")
_TYPE = ("activity type", "aktivitätsart", "type d'activité", "tipo de actividad")


@dataclass(frozen=True, slots=True)
class Told:
    """What the table says of one file."""

    title: str | None
    sport: str | None


def activities(folder: str, data: bytes) -> dict[str, Told]:
    """File name within the archive → what the table tells of it; empty if it cannot be read.

    Args:
        folder: where the table lies in the archive, with its slash.
        data: the table.
    """
    text = data.decode("utf-8-sig", "replace")
    found: dict[str, Told] = {}
    try:
        for row, _ in zip(csv.DictReader(io.StringIO(text)), range(_MOST_ROWS), strict=False):
            plain = {key.strip().lower(): value for key, value in row.items() if key and value}
            file = _first(plain, _FILE)
            if file:
                found[folder + file] = Told(_first(plain, _TITLE), _first(plain, _TYPE))
    except csv.Error:
        return found
    return found


def _first(row: Mapping[str, object], heads: tuple[str, ...]) -> str | None:
    for head in heads:
        value = row.get(head)
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:200]
    return None
