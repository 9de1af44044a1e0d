"""``docs/results.md``, printed from the very columns that the parts are written with.

``python -m retrorun.results.schema > docs/results.md``
"""

import sys
from collections.abc import Iterable, Iterator, Sequence

from retrorun.results.columns import KINDS, PARTITIONED, SCHEMA_VERSION, TABLES, Column
from retrorun.results.schema_words import DEIDENTIFIED, INTRODUCTION, READING

TYPES = {
    "text": "string",
    "bytes": "binary",
    "truth": "bool",
    "whole": "int32",
    "long": "int64",
    "number": "double",
    "single": "float",
    "moment": "timestamp[us, UTC]",
    "years": "list<int32>",
}
TREATED = {
    "keep": "stays",
    "drop": "",
    "session": "another id",
    "shift": "moved",
    "level": "from the start's",
    "vocabulary": "known words stay",
    "scrub": "field by field",
}
ABOUT = {
    "files": "The ledger: one row a file that was worked on. A batch counts once its part is here.",
    "sessions": "One row an activity.",
    "segments": "One row a stretch of one direction and gait; `session` joins it to its session.",
    "tracks": "One row a second, a row group a session. Only with `--tracks`.",
    "problems": "One row for every file, member of an archive or activity that gave no session.",
}


def markdown() -> str:
    """The whole page."""
    parts = [INTRODUCTION.format(version=SCHEMA_VERSION), READING]
    for table, columns in TABLES.items():
        parts += [f"## `{table}`\n\n{ABOUT[table]}\n", "\n".join(_table(table, columns)), ""]
    return "\n".join([*parts, DEIDENTIFIED])


def _table(table: str, columns: Sequence[Column]) -> list[str]:
    head = ["column", "type", "unit", "meaning", "de-identified"]
    rows = [head, ["---"] * len(head), *_partitions(table), *_rows(columns)]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _partitions(table: str) -> Iterator[list[str]]:
    """What stands in the folders' names."""
    if table in PARTITIONED:
        yield ["`athlete`", "partition", "", "whose it is", "another id"]
        yield ["`year`", "partition", "", "local year of the session's start", "of the moved date"]


def _rows(columns: Iterable[Column]) -> Iterator[list[str]]:
    """One row a column; the sums of all kinds of movement in one."""
    for each in columns:
        kind, _, rest = each.name.partition("_")
        if kind not in KINDS:
            yield _row(f"`{each.name}`", each, each.meaning)
        elif kind == next(iter(KINDS)):
            named = ", ".join(f"`{other}_{rest}`" for other in KINDS)
            yield _row(named, each, each.meaning.rpartition(": ")[2])


def _row(name: str, column: Column, meaning: str) -> list[str]:
    return [name, TYPES[column.kind], column.unit, meaning, TREATED[column.treatment]]


if __name__ == "__main__":
    sys.stdout.write(markdown())
