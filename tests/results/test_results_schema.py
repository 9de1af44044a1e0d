"""The page on the result set is what the columns say, and columns change with the version only."""

import hashlib
from pathlib import Path

import pytest

from results import ABOUT, TREATED, TYPES, markdown
from retrorun.results import columns as declared
from retrorun.results.columns import SCHEMA_VERSION, TABLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results.md"
DIGESTS = {
    1: "f1e24352b331bb37",
    2: "ce79b9d842699dbb",
    3: "f350c0fe550d1475",
    4: "4c7fa5e9a86fae9c",
    5: "4c7fa5e9a86fae9c",  # the same columns; `verdict` has more words
    6: "058a0d24abc8c882",
}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown()


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_on_the_page(table: str) -> None:
    section = markdown().split(f"## `{table}`")[1].split("\n## ")[0]
    for each in TABLES[table]:
        assert f"`{each.name}`" in section
        assert each.meaning
    assert ABOUT[table] in section


def test_types_on_the_page_are_arrows_own() -> None:
    assert TYPES.keys() == declared.types().keys()
    for kind, name in TYPES.items():
        said = str(declared.types()[kind]).replace("item: ", "").replace("tz=", "")
        assert said == name, kind
    assert {each.treatment for columns in TABLES.values() for each in columns} <= TREATED.keys()


def test_columns_change_with_the_schemas_version_only() -> None:
    said = [
        (table, each.name, each.kind, each.unit)
        for table, columns in TABLES.items()
        for each in columns
    ]
    digest = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    assert digest == DIGESTS[SCHEMA_VERSION], "raise SCHEMA_VERSION, and add its digest here"


def test_units_are_those_of_the_names() -> None:
    suffixes = {"_s": "s", "_m": "m", "_mps": "m/s", "_bpm": "1/min", "_spm": "steps/min"}
    suffixes |= {"_kcal": "kcal", "_deg": "°", "_pct": "%", "_bytes": "byte", "_w": "W"}
    for columns in TABLES.values():
        for each in columns:
            ends = [unit for end, unit in suffixes.items() if each.name.endswith(end)]
            assert not ends or each.unit in ends, each.name
