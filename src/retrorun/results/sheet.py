"""A part of a table while it grows."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from retrorun.results.rows import Row

ROWS = 256  # rows that wait to become columns: one at a time they would take ten times the memory
FLUSH_BYTES = 8 << 20  # columns that wait to be packed
FILTERED = ("session", "time", "start_time", "elapsed_s")  # what statistics help to skip by


class Sheet:
    """One Parquet file that grows in memory, packed; the same rows give the same bytes.

    Args:
        table: whose part it is.
        schema: its columns.
    """

    def __init__(self, table: str, schema: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        self.schema = schema
        self.table = table
        self._sink = io.BytesIO()
        self._writer: Any = None
        self._rows: list[Row] = []
        self._waiting: list[Any] = []

    def add(self, found: list[Row]) -> None:
        """Rows by column name; what is not named is null."""
        self._rows += found
        if len(self._rows) >= ROWS:
            self._to_columns()
            if sum(each.nbytes for each in self._waiting) >= FLUSH_BYTES:
                self._flush()

    def _to_columns(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._waiting.append(pa.RecordBatch.from_pylist(self._rows, schema=self.schema))
            self._rows = []

    def add_group(self, columns: Mapping[str, Any], count: int) -> None:
        """Rows that belong together, as a row group: who wants one session skips all others.

        Args:
            columns: name → numpy or arrow array (count,), one text for all rows, or None.
            count: of rows.
        """
        import pyarrow as pa

        self._to_columns()
        self._flush()
        arrays = [_array(columns[field.name], field.type, count) for field in self.schema]
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
        self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting, schema=self.schema)
        self._opened().write_table(table, row_group_size=max(table.num_rows, 1))
        self._waiting = []

    def _opened(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        import pyarrow.parquet as pq

        if self._writer is None:
            options: dict[str, Any] = {
                "compression": "zstd",
                "store_schema": False,  # arrow's own copy is as large as a session
                "write_statistics": [each for each in FILTERED if each in self.schema.names],
            }
            if self.table == "tracks":
                floats = [each.name for each in self.schema if _is_float(each)]
                options |= {"use_dictionary": ["session"], "use_byte_stream_split": floats}
            self._writer = pq.ParquetWriter(self._sink, self.schema, **options)
        return self._writer

    def close(self) -> bytes:
        """The file's bytes; a sheet without rows is a file with a schema."""
        self._to_columns()
        self._flush()
        writer = self._opened()
        writer.add_key_value_metadata(self.schema.metadata)
        writer.close()
        return self._sink.getvalue()


def _is_float(field: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    return str(field.type) in {"float", "double"}


def _array(values: Any, kind: Any, count: int) -> Any:  # noqa: ANN401 - pyarrow has no types
    """An arrow array (count,) of numbers, one text for all, or nothing."""
    import pyarrow as pa

    if values is None:
        return pa.nulls(count, kind)
    if isinstance(values, pa.Array):
        return values.cast(kind)
    if isinstance(values, str):
        return pa.repeat(pa.scalar(values, kind), count)
    if str(kind).startswith("timestamp"):
        return pa.array(np.round(values * 1e6).astype(np.int64)).cast(kind)
    return pa.array(values, from_pandas=True).cast(kind, safe=False)  # NaN becomes null
