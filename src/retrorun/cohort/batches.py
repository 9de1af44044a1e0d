"""Plan the work on a cohort: files cut into batches, and pages of the manifest that list them.

A batch's name is a hash of its files, of the settings and of the code's version. Every attempt to
process it writes the same objects, so lost workers and second runs change nothing.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any

from retrorun.errors import ReadError

PAGE_FILES = 20_000  # of a page of the manifest
BATCH_FILES = 2_000
BATCH_S = 60.0
PAGE_BATCHES = 16  # of a page with little work: enough for a few workers, whatever their number
LEAST_S = 2.0  # but no batch is cut smaller for that
# seconds a file and seconds a megabyte, measured with benchmarks/speed_cluster.py
_COST_S: dict[str, tuple[float, float]] = {
    ".fit": (0.02, 0.08),
    ".gpx": (0.02, 0.06),
    ".tcx": (0.02, 0.05),
    ".gz": (0.02, 0.40),
    ".zip": (0.05, 0.20),
}
MANIFEST = "manifest/"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file as it was listed, with its athlete.

    Attributes:
        address: full path or URL, without credentials.
        name: its address relative to the store.
        size_bytes: as listed.
        tag: as listed: etag, or modification time in ns.
        athlete: key of the athlete.
        profile: fingerprint of the athlete's profile.
    """

    address: str
    name: str
    size_bytes: int
    tag: str
    athlete: str
    profile: str


PLANNED_COLUMNS = tuple(each.name for each in fields(PlannedFile))


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that one task processes; ``name`` is the hash of all that decides their results."""

    name: str
    files: tuple[PlannedFile, ...]


Page = tuple[Batch, ...]  # of the manifest: batches that were planned together


@dataclass(frozen=True, slots=True)
class ResultKey:
    """Versions and settings of a result set; part of the hash that names a batch."""

    schema_version: int
    version: str
    settings: str
    tracks: bool


def cost_s(file: PlannedFile) -> float:
    """About how long a file takes, by its suffix and size; only the cut depends on it."""
    suffix = "." + file.name.rsplit(".", 1)[-1].lower()
    fixed, per_megabyte = _COST_S.get(suffix, _COST_S[".fit"])
    return fixed + per_megabyte * file.size_bytes / 1e6


def plan_page(files: Sequence[PlannedFile], key: ResultKey) -> Page:
    """Cut files into batches of about a minute, in their order.

    The cut depends on the files alone, never on the workers: results do not depend on them.
    """
    costs = [cost_s(each) for each in files]
    most_s = min(BATCH_S, max(LEAST_S, sum(costs) / PAGE_BATCHES))
    batches: list[Batch] = []
    waiting: list[PlannedFile] = []
    spent_s = 0.0
    for each, own_s in zip(files, costs, strict=True):
        if waiting and (spent_s + own_s > most_s or len(waiting) >= BATCH_FILES):
            batches.append(make_batch(waiting, key))
            waiting, spent_s = [], 0.0
        waiting.append(each)
        spent_s += own_s
    if waiting:
        batches.append(make_batch(waiting, key))
    return tuple(batches)


def make_batch(files: Iterable[PlannedFile], key: ResultKey) -> Batch:
    """The batch of these files, named after everything that decides its results."""
    members = tuple(files)
    digest = hashlib.sha256(json.dumps(asdict(key), sort_keys=True).encode())
    for each in members:
        parts = (each.address, each.name, each.size_bytes, each.tag, each.athlete, each.profile)
        digest.update(json.dumps(parts).encode())  # ASCII, also of names that are no UTF-8
    return Batch(digest.hexdigest()[:32], members)


def encode_page(planned: Page) -> tuple[str, bytes]:
    """A page's object name and Parquet bytes: content-addressed, a row a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [(each, batch.name) for batch in planned for each in batch.files]
    columns: dict[str, list[Any]] = {
        name: [_to_cell(getattr(each, name)) for each, _ in rows] for name in PLANNED_COLUMNS
    }
    columns["batch"] = [name for _, name in rows]
    table = pa.table(columns, schema=_schema())
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue()
    return f"{MANIFEST}{hashlib.sha256(data).hexdigest()}.parquet", data


def decode_page(name: str, data: bytes) -> Page:
    """The page of such bytes.

    Raises:
        ReadError: they are no page of a manifest.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        _check_address(name, data)
        table = pq.read_table(pa.BufferReader(data), schema=_schema(), use_threads=False)
    except (pa.ArrowException, OSError, KeyError, ValueError) as problem:
        words = f"this page of the plan cannot be read: {str(problem)[:200]}"
        remedy = "Remove it and run again: what is done is known, and the rest is planned again."
        raise ReadError("manifest-damaged", words, file=name, remedy=remedy) from problem
    columns = [table[each].to_pylist() for each in PLANNED_COLUMNS]
    files = [PlannedFile(*map(_from_cell, row)) for row in zip(*columns, strict=True)]
    batches = groupby(zip(table["batch"].to_pylist(), files, strict=True), key=itemgetter(0))
    return tuple(Batch(_from_cell(each), tuple(file for _, file in rows)) for each, rows in batches)


def _check_address(name: str, data: bytes) -> None:
    """Pages are named after their bytes.

    Raises:
        ValueError: they are others now.
    """
    if PurePosixPath(name).stem != hashlib.sha256(data).hexdigest():
        message = "its bytes are not those that it is named after"
        raise ValueError(message)


def _schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    kinds = {"size_bytes": pa.int64()}
    return pa.schema([(name, kinds.get(name, pa.binary())) for name in (*PLANNED_COLUMNS, "batch")])


def _to_cell(value: str | int) -> bytes | int:
    """Text as bytes: names of files need not be UTF-8."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def _from_cell(value: Any) -> Any:  # noqa: ANN401 - a cell of any column
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value
