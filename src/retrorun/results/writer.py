"""Write one batch's parts of a result set: rows of each table, and Parquet bytes of rows.

The same files in the same order give the same names and bytes: nothing depends on a clock, a host
or an order of completion.
"""

import hashlib
import io
import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun import export
from retrorun.errors import read_or_none
from retrorun.model import Analysis, Failed, Outcome, Session, Track
from retrorun.results import columns, layout
from retrorun.results.columns import TRACKS
from retrorun.results.layout import athlete_key
from retrorun.results.reader import MOST_BYTES
from retrorun.storage import Store
from retrorun.text import escaped
from retrorun.time_zone import local_time
from retrorun.units import FloatArray

Row = dict[str, Any]
FIRST_S, LAST_S = -9_151_488_000.0, 9_151_488_000.0  # 1680-01-01, 2260-01-01
OTHER_SPORT = "other-sport"  # slug of an activity that is no run: nothing is wrong with it


class FileOutcomes(msgspec.Struct, frozen=True, eq=False):
    """One file of the store with its outcomes.

    Attributes:
        athlete: key of its athlete.
        address: full path or URL, without credentials.
        name: its address relative to the store.
        size_bytes: as listed.
        tag: as listed.
        profile: fingerprint of the athlete's profile.
        outcomes: one, or for a container one a member.
        sha256: of its bytes; None where they were not read whole.
        athletes: athlete of each outcome, where a container's own table names them; empty: all
            of them are the file's athlete.
    """

    athlete: str
    address: str
    name: str
    size_bytes: int
    tag: str
    profile: str
    outcomes: tuple[Outcome, ...]
    sha256: str | None
    athletes: tuple[str, ...] = ()

    def by_athlete(self) -> Iterator["FileOutcomes"]:
        """The file once for its own athlete, and once for every other athlete in it."""
        if not self.athletes:
            yield self
            return
        pairs = list(zip(self.outcomes, map(athlete_key, self.athletes), strict=True))
        own = athlete_key(self.athlete)
        for key in dict.fromkeys((own, *(each for _, each in pairs))):
            outcomes = tuple(outcome for outcome, athlete in pairs if athlete == key)
            athletes = self.athletes if key == own else ()
            yield replace(self, athlete=key, outcomes=outcomes, athletes=athletes)


def text(value: str | None) -> str | None:
    """Text that can be stored as UTF-8 and printed: what cannot be is escaped."""
    if value is None:
        return None
    return escaped(value.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace"))


def year_of(session: Session) -> int:
    """The year in which it began, on the athlete's clock; in UTC where the zone is not known."""
    return local_time(session.start_time_s, session.zone).year


def clock_problem(session: Session) -> str | None:
    """Why a session cannot be stored because of its clock; None where it can.

    Its clock must lie in what the readers of Parquet can hold: pandas counts nanoseconds from
    1677 to 2262, and de-identified dates move by up to a year.
    """
    first, last = session.start_time_s, session.start_time_s + session.duration_s
    if first >= FIRST_S and last < LAST_S:
        return None
    return f"its clock says {first:.0f} s since 1970: no date from 1680 to 2259"


def session_row(session: Session) -> Row:
    """The row of a session, with its whole analysis."""
    row = export.session_row(session) | {"file_sha256": session.source.sha256}
    return {name: _stored(each) for name, each in row.items()} | {"analysis": document(session)}


def _stored(value: Any) -> Any:  # noqa: ANN401 - a cell
    """A cell as it can be stored: text as UTF-8, and no number that is none."""
    if isinstance(value, str):
        return text(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def document(session: Session) -> bytes:
    """A session as JSON; text that is no UTF-8, such as a file's odd name, is escaped."""
    try:
        return msgspec.json.encode(session)
    except UnicodeEncodeError:
        return msgspec.json.encode(_clean(msgspec.to_builtins(session)))


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(key): _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


def segment_rows(session: Session) -> list[Row]:
    """One row a segment."""
    rows = export.segment_rows(session)
    return [{name: _stored(each) for name, each in row.items()} for row in rows]


def track_columns(session: Session, track: Track) -> dict[str, Any]:
    """The columns of a track: numpy arrays (n,), and one value for all where there is only one."""
    seconds = track.seconds
    known: dict[str, Any] = {
        "session": session.id,
        "time": track.start_time_s + np.arange(seconds),
        "elapsed_s": np.arange(seconds, dtype=np.int32),
        "heading_deg": _heading(session, track),
    }
    known |= track.columns
    known |= {f"flag_{name}": values for name, values in track.flags.items()}
    return {each.name: known.get(each.name) for each in TRACKS}


def _heading(session: Session, track: Track) -> FloatArray | None:
    found = (each for each in track.headings if each.source == session.heading.source)
    first = next(found, None)
    return None if first is None else first.heading_deg


def problem_rows(file: FileOutcomes) -> Iterator[Row]:
    """What is wrong with a file, with its members, and with single activities in them."""
    for outcome in file.outcomes:
        about = {
            "athlete": athlete_key(file.athlete),
            "file": text(outcome.source.name),
            "sha256": outcome.source.sha256 or None,
        }
        if isinstance(outcome, Failed):
            yield about | {
                "slug": outcome.slug,
                "message": text(outcome.message),
                "offset": outcome.offset,
                "remedy": text(outcome.remedy),
                "not_a_run": outcome.not_a_run,
            }
            continue
        for note in outcome.passed_over:
            yield about | {
                "slug": note.slug,
                "message": text(note.message),
                "not_a_run": note.slug == OTHER_SPORT,
            }


def file_row(file: FileOutcomes, analyses: tuple[Analysis, ...], batch: str) -> Row:
    """The ledger's row of a file; ``analyses`` are those that counted, no duplicates."""
    sessions = [session for each in analyses for session in each.sessions]
    row = {
        "athlete": athlete_key(file.athlete),
        "address": text(file.address),
        "name": text(file.name),
        "size_bytes": file.size_bytes,
        "tag": text(file.tag),
        "profile": file.profile,
        "sha256": file.sha256,
        "sessions": len(sessions),
        "years": sorted({year_of(session) for session in sessions}),
        "batch": batch,
    }
    return row | _outcome_cells(file, counted=bool(analyses))


def _outcome_cells(file: FileOutcomes, *, counted: bool) -> Row:
    """The outcome as one word, and a slug and message where it is no import."""
    if counted or (file.athletes and not file.outcomes):  # other athletes' members were in it
        return {"outcome": "imported"}
    failures = [each for each in file.outcomes if isinstance(each, Failed)]
    if len(failures) < len(file.outcomes):
        return {"outcome": "duplicate", "slug": "same-bytes", "message": SAME}
    wrong = next((each for each in failures if not each.not_a_run), None)
    first = wrong or next(iter(failures), None)
    if first is None:
        return {"outcome": "not-a-run", "slug": "nothing-in-it", "message": NOTHING}
    outcome = "failed" if wrong else "not-a-run"
    return {"outcome": outcome, "slug": first.slug, "message": text(first.message)}


SAME = "the same bytes came before in this batch"
NOTHING = "it holds no recordings"


ROWS = 256  # rows that are converted to columns at once: one by one they take ten times the memory
FLUSH_BYTES = 8 << 20  # columns that are compressed at once
FILTERED = (
    "session",
    "time",
    "start_time",
    "elapsed_s",
)  # columns with statistics, by which readers skip row groups


class PartWriter:
    """One Parquet file, built in memory, compressed; the same rows give the same bytes.

    Args:
        table: the part's table.
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
        """Rows that belong together, as a row group: a reader of one session skips all others.

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
        """The file's bytes; a part without rows is a file with a schema."""
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


def holds(store: Store, name: str, data: bytes | None = None) -> bool:
    """Whether an object is there, with just these bytes if any are given.

    Raises:
        StoreError: the store does not answer.
    """
    found = read_or_none(lambda: store.read(name, MOST_BYTES))
    return found is not None and (data is None or found == data)


def put_or_replace(store: Store, name: str, data: bytes) -> bool:
    """Put bytes in place of any others; return whether they were not there.

    A reader may for a moment find nothing there, never half of it.

    Raises:
        StoreError: the store does not answer, is full, or lets nobody in.
    """
    if store.put(name, data):
        return True
    if holds(store, name, data):
        return False
    store.delete(name)
    return store.put(name, data)


def _with_valid_clock(outcome: Outcome) -> Outcome:
    """The outcome; a failure if a session of it has a clock that no table can hold."""
    sessions = outcome.sessions if isinstance(outcome, Analysis) else ()
    words = next(filter(None, map(clock_problem, sessions)), None)
    return outcome if words is None else Failed(outcome.source, "clock-impossible", words)


class BatchWriter:
    """Builds the parts that one batch adds to a result set.

    Args:
        batch: its name: a hash of what it consists of.
        tracks: whether the 1 Hz tracks are kept.
    """

    def __init__(self, batch: str, *, tracks: bool) -> None:
        self.batch = batch
        self.tracks = tracks
        self._data: dict[str, PartWriter] = {}
        self._ledger = PartWriter("files", columns.schema("files"))
        self._ledger_bytes: bytes | None = None
        self._problems: PartWriter | None = None
        self._seen: set[tuple[str, str]] = set()

    def add(self, file: FileOutcomes) -> None:
        """Add the outcomes of one file; the analyses themselves are not kept.

        The same bytes twice for the same athlete count once: the second is a duplicate.
        """
        for each in file.by_athlete():
            self._add(replace(each, outcomes=tuple(map(_with_valid_clock, each.outcomes))))

    def _add(self, file: FileOutcomes) -> None:
        key = layout.athlete_key(file.athlete)
        analyses = (each for each in file.outcomes if isinstance(each, Analysis))
        counted = tuple(each for each in analyses if self._is_new(key, each))
        for analysis in counted:
            for session, track in zip(analysis.sessions, analysis.tracks, strict=True):
                self._add_session(key, session, track)
        problems = list(problem_rows(file))
        if problems:
            self._problems = self._problems or PartWriter("problems", columns.schema("problems"))
            self._problems.add(problems)
        self._ledger.add([file_row(file, counted, self.batch)])

    def _is_new(self, key: str, analysis: Analysis) -> bool:
        known = (key, analysis.source.sha256)
        if known in self._seen:
            return False
        self._seen.add(known)
        return True

    def _add_session(self, key: str, session: Session, track: Track) -> None:
        year = year_of(session)
        self._part("sessions", key, year).add([session_row(session)])
        self._part("segments", key, year).add(segment_rows(session))
        if self.tracks:
            found = track_columns(session, track)
            self._part("tracks", key, year).add_group(found, track.seconds)

    def _part(self, table: str, key: str, year: int) -> PartWriter:
        name = f"{layout.partition(table, key, year)}{self.batch}.parquet"
        if name not in self._data:
            self._data[name] = PartWriter(table, columns.schema(table))
        return self._data[name]

    def close_ledger(self) -> bytes:
        """The bytes of the batch's part of the ledger; no file can be added afterwards."""
        if self._ledger_bytes is None:
            self._ledger_bytes = self._ledger.close()
        return self._ledger_bytes

    def close(self) -> Iterator[tuple[str, bytes]]:
        """Object names and bytes, one after the other: data, problems, sums, and last the ledger.

        A result set has the batch once its ledger is there; so the ledger is to be put last.
        """
        sums: dict[str, str] = {}
        for name, part in self._parts():
            data = part.close()
            sums[name] = hashlib.sha256(data).hexdigest()
            yield name, data
        ledger = self.close_ledger()
        sums[layout.ledger_name(self.batch)] = hashlib.sha256(ledger).hexdigest()
        yield layout.checksums_name(self.batch), layout.encode_checksums(sums)
        yield layout.ledger_name(self.batch), ledger

    def _parts(self) -> Iterator[tuple[str, PartWriter]]:
        for name in sorted(self._data):
            yield name, self._data.pop(name)
        if self._problems is not None:
            yield layout.problems_name(self.batch), self._problems
