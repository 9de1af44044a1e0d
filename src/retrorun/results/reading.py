"""Reading a result set back, part by part, and only the parts that are asked for."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from retrorun.archive.outlines import OUTLINES
from retrorun.errors import ReadError
from retrorun.model import Session
from retrorun.results import arrow, names
from retrorun.storage import Store

MOST_BYTES = 4 << 30  # of one part
_SUFFIX = ".parquet"


def parts(store: Store, folder: str) -> Iterator[str]:
    """Names of the parts below a folder of the result set, such as ``files/``, in their order.

    Raises:
        StoreError: the store does not answer.
    """
    for entry in store.entries(under=folder):
        if entry.name.endswith(_SUFFIX) and not entry.name.rsplit("/", 1)[-1].startswith("."):
            yield entry.name


def ledger(store: Store) -> Iterator[Any]:
    """The rows of ``files``, as record batches of pyarrow, in the order of the batches' names.

    Raises:
        ReadError: a part is gone, damaged or of another schema.
    """
    for name in parts(store, "files/"):
        yield from table(store, name, "files").to_batches()


def table(store: Store, name: str, kind: str, columns: Iterable[str] | None = None) -> Any:  # noqa: ANN401 - pyarrow has no types
    """One part as a ``pyarrow.Table``.

    Args:
        store: the result set.
        name: the part's.
        kind: whose schema it must have: ``files``, ``sessions`` …
        columns: those wanted; all if None.

    Raises:
        ReadError: it is gone, damaged or of another schema.
    """
    wanted = arrow.schema(kind).names if columns is None else list(columns)
    with part(store, name) as file:
        found = file.read(columns=wanted, use_threads=False).select(wanted)
        found.validate(full=True)  # what is no text would fail only when it is looked at
        return found


@contextmanager
def part(store: Store, name: str) -> Iterator[Any]:
    """One part as an open ``pyarrow.parquet.ParquetFile``.

    Raises:
        ReadError: it is gone, or reading it shows that it is damaged or of another schema.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = store.read(name, MOST_BYTES)
    try:
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            yield file
    except (pa.ArrowException, OSError, KeyError, ValueError, IndexError) as problem:
        words = f"this part cannot be read: {str(problem)[:200]}"
        raise ReadError("results-part-damaged", words, file=name) from problem


def athletes(store: Store) -> list[str]:
    """The athletes that have sessions, sorted."""
    found = {name.split("/")[1] for name in parts(store, "sessions/")}
    return sorted(names.unquoted(each.removeprefix("athlete=")) for each in found)


def sessions(store: Store, athlete: str) -> list[Session]:
    """An athlete's sessions in time order, each once, as ``compare`` wants them.

    They are outlines: what only a session's own page shows (samples of evidence, laps, notes) is
    not read; asking for it is an AttributeError. Nothing of other athletes is read.

    Raises:
        ReadError: a part is gone, damaged or of another schema.
    """
    documents: dict[str, bytes] = {}
    for name in parts(store, names.partition("sessions", athlete)):
        found = table(store, name, "sessions", ("session", "analysis"))
        pairs = zip(*(found[each].to_pylist() for each in found.column_names), strict=True)
        for session, document in pairs:
            documents.setdefault(session, document)
    known = (_decoded(athlete, session, each) for session, each in documents.items())
    return sorted(known, key=lambda each: (each.start_time_s, each.id))


def _decoded(athlete: str, session: str, document: bytes) -> Session:
    try:
        return OUTLINES.decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        words = f"session {session} of {athlete} cannot be read: {problem}"
        remedy = "Process the exports anew into another --out."
        raise ReadError("results-session-damaged", words, remedy=remedy) from problem
