"""Arrow schemas of the tables: explicit types, so that the parts of all batches fit together.

Types are plain ones that pandas, Dask, DuckDB and Spark read alike: no dictionaries, no pandas
index, timestamps in UTC microseconds. Units stand, with the schema's version, in the file's own
metadata under ``retrorun``.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from retrorun.results.columns import SCHEMA_VERSION, TABLES, Column

KEY = b"retrorun"


def types() -> dict[str, Any]:
    """Column kind → arrow type."""
    import pyarrow as pa

    return {
        "text": pa.string(),
        "bytes": pa.binary(),
        "truth": pa.bool_(),
        "whole": pa.int32(),
        "long": pa.int64(),
        "number": pa.float64(),
        "single": pa.float32(),
        "moment": pa.timestamp("us", tz="UTC"),
        "years": pa.list_(pa.int32()),
    }


@cache
def schema(table: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The arrow schema of a table's parts."""
    return of_columns(table, TABLES[table])


def of_columns(table: str, columns: Sequence[Column]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """An arrow schema of some of a table's columns."""
    import pyarrow as pa

    kinds = types()
    fields = [pa.field(each.name, kinds[each.kind]) for each in columns]
    about = {
        "schema_version": SCHEMA_VERSION,
        "table": table,
        "units": {each.name: each.unit for each in columns if each.unit},
    }
    return pa.schema(fields, metadata={KEY: json.dumps(about, ensure_ascii=False).encode()})
