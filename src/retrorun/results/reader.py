"""Reading a result set back, part by part, and only the parts that are asked for."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

import msgspec

from retrorun.archive.serialization import summary_decoder
from retrorun.errors import ReadError, StoreError
from retrorun.model import Session
from retrorun.results import layout
from retrorun.results.columns import TABLES, schema
from retrorun.storage import Store

MOST_BYTES = 4 << 30  # of one part
MEND = "`retrorun cohort process` with --retry makes it again, from the exports and as before."
DAMAGED = "results-part-damaged"
_SUFFIX = ".parquet"
_DECODING_ERRORS = (  # what damaged Parquet raises besides pyarrow's own
    KeyError,
    ValueError,
    IndexError,
    TypeError,
    OverflowError,
    AttributeError,
    EOFError,
)


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
    wanted = schema(kind).names if columns is None else list(columns)
    with part(store, name, kind) as file:
        found = file.read(columns=wanted, use_threads=False).select(wanted)
        found.validate(full=True)  # text that is no UTF-8 would raise only when it is read
        return found


@contextmanager
def part(store: Store, name: str, kind: str) -> Iterator[Any]:
    """One part as an open ``pyarrow.parquet.ParquetFile``.

    Args:
        store: the result set.
        name: the part's.
        kind: whose schema it must have.

    Raises:
        ReadError: it is gone, or reading it shows that it is damaged or of another schema.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = store.read(name, MOST_BYTES)
    _check_sum(store, name, data)
    try:
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            _check_schema(file, name, kind)
            yield file
    except (pa.ArrowException, OSError, *_DECODING_ERRORS) as problem:
        raise damage_error(name, str(problem)[:200]) from problem


def damage_error(name: str, words: str) -> ReadError:
    """The error of a part that cannot be read."""
    return ReadError(DAMAGED, f"this part cannot be read: {words}", file=name, remedy=MEND)


def _check_schema(file: Any, name: str, kind: str) -> None:  # noqa: ANN401 - pyarrow has no types
    """Refuse a part whose columns are not those of this version, by name and type.

    Raises:
        ReadError: what is missing or other, by name.
    """
    declared = {each.name: each for each in schema(kind)}
    found = {each.name: each for each in file.schema_arrow}
    missing = [each for each in declared if each not in found and _is_needed(each, kind, found)]
    if missing:
        raise _schema_error(name, f"there is no column {missing[0]}")
    for column, field in found.items():
        if column not in declared:
            raise _schema_error(name, f"the column {column[:40]!r} is not known")
        if field.type != declared[column].type or not field.nullable:
            words = f"the column {column} holds {field.type}, not {declared[column].type}"
            raise _schema_error(name, words)


def _is_needed(column: str, kind: str, found: Container[str]) -> bool:
    """A de-identified copy lacks the columns that are dropped, all of them or none."""
    left_out = [each.name for each in TABLES[kind] if each.treatment == "drop"]
    return column not in left_out or any(each in found for each in left_out)


def _schema_error(name: str, words: str) -> ReadError:
    return ReadError(
        "results-other-schema", f"this part has another schema: {words}", file=name, remedy=MEND
    )


def _check_sum(store: Store, name: str, data: bytes) -> None:
    """Compare a part with its sum, before anything else looks at it.

    On some damage the Parquet library ends the process without an error. The first result sets have
    no checksums.

    Raises:
        ReadError: the part or its sums are damaged.
    """
    try:
        known = checksums(store, PurePosixPath(name).stem)
    except StoreError:
        raise
    except ReadError as problem:
        if problem.slug == DAMAGED:
            raise
        return
    if hashlib.sha256(data).hexdigest() not in known.values():  # it may have been moved
        raise damage_error(name, "its bytes are not those that were written")


def checksums(store: Store, batch: str) -> dict[str, str]:
    """Names of the parts of a batch, its ledger's among them, and their SHA-256.

    Raises:
        StoreError: the store does not answer.
        ReadError: there are none, or they are damaged.
    """
    name = layout.checksums_name(batch)
    try:
        return msgspec.json.decode(store.read(name, MOST_BYTES), type=dict[str, str])
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise damage_error(name, str(problem)[:200]) from problem


def missing_parts(store: Store) -> Iterator[ReadError]:
    """Parts of finished batches that the store has no more: one error a part, its name as ``file``.

    Checksums that are gone or damaged are among them. Parts that were moved to another athlete are
    not missing.

    Raises:
        StoreError: the store does not answer.
    """
    if next(iter(store.entries(under=layout.CHECKSUMS)), None) is None:
        return  # the first result sets have none
    there = set(parts(store, ""))
    expected: set[str] = set()
    for ledger in sorted(each for each in there if each.startswith("files/")):
        try:
            expected |= checksums(store, PurePosixPath(ledger).stem).keys()
        except StoreError:
            raise
        except ReadError as problem:
            yield ReadError(problem.slug, problem.message, file=problem.file, remedy=MEND)
    moved = Counter(_beside_athlete(each) for each in there - expected)
    for name in sorted(expected - there):
        if moved[_beside_athlete(name)]:
            moved[_beside_athlete(name)] -= 1
        else:
            yield ReadError("results-part-missing", "this part is gone", file=name, remedy=MEND)


def _beside_athlete(name: str) -> tuple[str, ...]:
    """Table, year and batch of a part's name."""
    return tuple(each for each in name.split("/") if not each.startswith("athlete="))


def athletes(store: Store) -> list[str]:
    """The athletes that have sessions, sorted; parts that lie elsewhere are ``misplaced_parts``."""
    names = (each for each in parts(store, "sessions/") if _is_placed(each))
    return sorted({athlete_of(name) for name in names})


def misplaced_parts(store: Store) -> Iterator[ReadError]:
    """Parts below ``sessions`` that nobody reads, because they lie in no athlete's folder.

    Such as copies that somebody keeps there, and folders that another program has renamed. One
    error a folder, its name as ``file``.

    Raises:
        StoreError: the store does not answer.
    """
    names = (each for each in parts(store, "sessions/") if not _is_placed(each))
    for folder in sorted({each.rpartition("/")[0] for each in names}):
        words = "sessions lie here, and it is no athlete's folder by its name: they are left out"
        remedy = "Give it the name that docs/results.md says, or move it out of the result set."
        yield ReadError("results-part-misplaced", words, file=folder, remedy=remedy)


def _is_placed(name: str) -> bool:
    """Whether a part of sessions lies where those of its athlete are read.

    A file system may give back another normal form of the name that was written.
    """
    folder = layout.partition("sessions", athlete_of(name))
    return unicodedata.normalize("NFC", name).startswith(folder)


def athlete_of(name: str) -> str:
    """The athlete of a part, from its name: ``sessions/athlete=…/…``."""
    return layout.unquoted(name.split("/")[1].removeprefix("athlete="))


def sessions(store: Store, athlete: str) -> list[Session]:
    """An athlete's sessions in time order, each once, as ``compare`` wants them.

    They are outlines: what only a session's own page shows (samples of evidence, laps, notes) is
    not read; asking for it is an AttributeError. Nothing of other athletes is read.

    Raises:
        ReadError: a part is gone, damaged or of another schema.
    """
    documents: dict[str, bytes] = {}
    for name in parts(store, layout.partition("sessions", athlete)):
        for session, document in _documents(store, name):
            documents.setdefault(session, document)
    known = (_decoded(athlete, session, each) for session, each in documents.items())
    return sorted(known, key=lambda each: (each.start_time_s, each.id))


def sessions_by_batch(store: Store, athlete: str) -> dict[str, list[Session]]:
    """An athlete's sessions, as outlines, by the name of the batch that holds them.

    Raises:
        ReadError: a part is gone, damaged or of another schema.
    """
    found: dict[str, list[Session]] = {}
    for name in parts(store, layout.partition("sessions", athlete)):
        decoded = [_decoded(athlete, *each) for each in _documents(store, name)]
        found.setdefault(PurePosixPath(name).stem, []).extend(decoded)
    return found


def _documents(store: Store, name: str) -> Iterator[tuple[str, bytes]]:
    """Ids and analyses of the sessions of a part."""
    found = table(store, name, "sessions", ("session", "analysis"))
    if found["session"].null_count or found["analysis"].null_count:
        raise damage_error(name, "a session has no id or no analysis")
    return zip(*(found[each].to_pylist() for each in found.column_names), strict=True)


def _decoded(athlete: str, session: str, document: bytes) -> Session:
    try:
        return summary_decoder().decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        words = f"session {session} of {athlete} cannot be read: {problem}"
        remedy = "Process the exports again into another --out."
        raise ReadError("results-session-damaged", words, remedy=remedy) from problem
