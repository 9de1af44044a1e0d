"""One batch's parts of a result set, built file by file and given as bytes.

The same files in the same order give the same names and bytes, wherever and whenever: nothing of a
clock, a host or an order of completion goes in.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from retrorun.model import Analysis, Failed, Outcome, Session, Track
from retrorun.results import arrow, names, rows
from retrorun.results.rows import Filed, Row

ROWS = 256  # rows that wait to become columns: one at a time they would take ten times the memory
FLUSH_BYTES = 8 << 20  # columns that wait to be packed
_TRACK_FILTERS = ["session", "time", "elapsed_s"]  # statistics of what nobody filters by are waste


class _Sheet:
    """One Parquet file that grows in memory, packed."""

    def __init__(self, table: str) -> None:
        self.schema = arrow.schema(table)
        self.table = table
        self._sink = io.BytesIO()
        self._writer: Any = None
        self._rows: list[Row] = []
        self._waiting: list[Any] = []

    def add(self, found: list[Row]) -> None:
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

    def add_track(self, session: Session, track: Track) -> None:
        """A track is a row group: a reader who wants one session skips all others."""
        import pyarrow as pa

        found = rows.track_columns(session, track)
        arrays = [_array(found[field.name], field.type, track.seconds) for field in self.schema]
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
            options: dict[str, Any] = {"compression": "zstd"}
            if self.table == "tracks":
                floats = [each.name for each in self.schema if _is_float(each)]
                options |= {"use_dictionary": ["session"], "use_byte_stream_split": floats}
                options |= {"write_statistics": _TRACK_FILTERS}
            self._writer = pq.ParquetWriter(self._sink, self.schema, **options)
        return self._writer

    def close(self) -> bytes:
        """The file's bytes; a sheet without rows is a file with a schema."""
        self._to_columns()
        self._flush()
        self._opened().close()
        return self._sink.getvalue()


def _is_float(field: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    return str(field.type) in {"float", "double"}


def _array(values: Any, kind: Any, count: int) -> Any:  # noqa: ANN401 - pyarrow has no types
    """An arrow array (count,) of numbers, one text for all, or nothing."""
    import pyarrow as pa

    if values is None:
        return pa.nulls(count, kind)
    if isinstance(values, str):
        return pa.repeat(pa.scalar(values, kind), count)
    if str(kind).startswith("timestamp"):
        return pa.array(np.round(values * 1e6).astype(np.int64)).cast(kind)
    return pa.array(values, from_pandas=True).cast(kind, safe=False)  # NaN becomes null


def _fileable(outcome: Outcome) -> Outcome:
    """The outcome, unless a session of it has a clock that no table can hold."""
    sessions = outcome.sessions if isinstance(outcome, Analysis) else ()
    words = next(filter(None, map(rows.refusal, sessions)), None)
    return outcome if words is None else Failed(outcome.source, "clock-impossible", words)


class Part:
    """The parts that one batch adds to a result set.

    Args:
        batch: its name: a hash of what it consists of.
        tracks: whether the 1 Hz tracks are wanted.
    """

    def __init__(self, batch: str, *, tracks: bool) -> None:
        self.batch = batch
        self.tracks = tracks
        self._data: dict[str, _Sheet] = {}
        self._ledger = _Sheet("files")
        self._problems: _Sheet | None = None
        self._seen: set[tuple[str, str]] = set()

    def add(self, filed: Filed) -> None:
        """Take over what became of one file; the analyses themselves are not kept.

        The same bytes twice for the same athlete count once: the second is a duplicate.
        """
        for each in filed.by_athlete():
            self._add(replace(each, outcomes=tuple(map(_fileable, each.outcomes))))

    def _add(self, filed: Filed) -> None:
        key = names.athlete_key(filed.athlete)
        analyses = (each for each in filed.outcomes if isinstance(each, Analysis))
        counted = tuple(each for each in analyses if self._is_new(key, each))
        for analysis in counted:
            for session, track in zip(analysis.sessions, analysis.tracks, strict=True):
                self._add_session(key, session, track)
        problems = list(rows.problem_rows(filed))
        if problems:
            self._problems = self._problems or _Sheet("problems")
            self._problems.add(problems)
        self._ledger.add([rows.file_row(filed, counted, self.batch)])

    def _is_new(self, key: str, analysis: Analysis) -> bool:
        known = (key, analysis.source.sha256)
        if known in self._seen:
            return False
        self._seen.add(known)
        return True

    def _add_session(self, key: str, session: Session, track: Track) -> None:
        year = rows.year_of(session)
        self._sheet("sessions", key, year).add([rows.session_row(session)])
        self._sheet("segments", key, year).add(rows.segment_rows(session))
        if self.tracks:
            self._sheet("tracks", key, year).add_track(session, track)

    def _sheet(self, table: str, key: str, year: int) -> _Sheet:
        name = f"{names.partition(table, key, year)}{self.batch}.parquet"
        if name not in self._data:
            self._data[name] = _Sheet(table)
        return self._data[name]

    def close(self) -> Iterator[tuple[str, bytes]]:
        """Object names and bytes, one after the other: data, problems, and last the ledger.

        A result set has the batch once its ledger is there; so the ledger is to be put last.
        """
        for name in sorted(self._data):
            yield name, self._data.pop(name).close()
        if self._problems is not None:
            yield names.problems_name(self.batch), self._problems.close()
        yield names.ledger_name(self.batch), self._ledger.close()
