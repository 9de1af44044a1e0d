"""Damaged, missing and foreign parts: found before they are read, and told in words."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_results import analysed, filed, written

from retrorun import results
from retrorun.errors import ReadError
from retrorun.results import columns as declared
from retrorun.storage import Folder

FLIPS = 40
KEY = b"s" * 16


@pytest.fixture(scope="module")
def whole(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two athletes, a batch each."""
    folder = tmp_path_factory.mktemp("whole")
    names = ("2026-05-31-easy.fit", "2026-05-17-osmtracker.gpx")
    files = [filed(who, analysed(samples / name)) for who, name in zip("ab", names, strict=True)]
    written(folder, files)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Folder:
    for path in (each for each in whole.rglob("*") if each.is_file()):
        target = tmp_path / "set" / path.relative_to(whole)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return Folder(tmp_path / "set")


def everything(store: Folder) -> tuple[object, ...]:
    """All that can be asked of a result set."""
    ledger = [batch.to_pylist() for batch in results.ledger(store)]
    sessions = [results.sessions(store, each) for each in results.athletes(store)]
    return (
        ledger,
        sessions,
        list(results.deidentify(store, results.pseudonym_key(KEY), tracks=True)),
    )


def test_every_flipped_bit_is_found_or_changes_nothing(whole: Path) -> None:
    """Also in the footers of Parquet, of whose damage its library may end the process."""
    store, rng = Folder(whole), random.Random(5)  # noqa: S311 - to break bytes with
    before, found = everything(store), 0
    paths = sorted(each for each in whole.rglob("*") if each.suffix in {".parquet", ".json"})
    paths = [each for each in paths if each.name != results.ABOUT]
    for number in range(FLIPS):
        path = paths[number % len(paths)]
        data = path.read_bytes()
        broken = bytearray(data)
        at = rng.randrange(len(data)) if number % 3 else len(data) - 9 - rng.randrange(200)
        broken[at] ^= 1 << rng.randrange(8)
        path.write_bytes(broken)
        found += was_refused(store, before)
        path.write_bytes(data)
    assert found > FLIPS / 2


def was_refused(store: Folder, before: tuple[object, ...]) -> bool:
    """Whether reading ended in words; otherwise all that was read is as before."""
    try:
        now = everything(store)
    except ReadError as problem:
        return problem.slug == "results-part-damaged" and bool(problem.file)
    assert now == before
    return False


def part_of(store: Folder, table: str) -> Path:
    """That of the first athlete."""
    return next((store.root / table / "athlete=a").rglob("*.parquet"))


def replace_columns(path: Path, columns: dict[str, pa.Array]) -> None:
    """The same part with other columns; no sum tells of it, as in the first sets."""
    for each in (path.parents[3] / "sums").iterdir():
        each.unlink()
    metadata = {declared.KEY: b"{}"}
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path)


@pytest.mark.parametrize(
    ("column", "kind", "words"),
    [
        ("session", pa.binary(), "the column session holds binary, not string"),
        ("moving_s", pa.float32(), "the column moving_s holds float, not double"),
        ("start_time", pa.int64(), "the column start_time holds int64, not timestamp"),
        ("analysis", pa.string(), "the column analysis holds string, not binary"),
        ("session", None, "there is no column session"),
    ],
)
def test_other_types_are_refused_by_name(
    copy: Folder, column: str, kind: pa.DataType | None, words: str
) -> None:
    path = part_of(copy, "sessions")
    table = pq.ParquetFile(path).read()
    columns = {name: table[name] for name in table.column_names}
    del columns[column]
    if kind is not None:
        columns[column] = pa.nulls(table.num_rows, kind)
    replace_columns(path, columns)
    for read in (lambda: results.sessions(copy, "a"), lambda: everything(copy)):
        with pytest.raises(ReadError) as refused:
            read()
        assert refused.value.slug == "results-other-schema"
        assert words in str(refused.value)


def test_a_column_that_nobody_knows_is_refused(copy: Folder) -> None:
    path = part_of(copy, "sessions")
    table = pq.ParquetFile(path).read()
    columns = {name: table[name] for name in table.column_names}
    replace_columns(path, columns | {"mood": pa.array(["good"])})
    with pytest.raises(ReadError, match="mood"):
        results.sessions(copy, "a")


def test_a_session_without_an_id_is_refused(copy: Folder) -> None:
    path = part_of(copy, "sessions")
    table = pq.ParquetFile(path).read()
    columns = {name: table[name] for name in table.column_names}
    replace_columns(path, columns | {"session": pa.nulls(table.num_rows, pa.string())})
    for read in (lambda: results.sessions(copy, "a"), lambda: everything(copy)):
        with pytest.raises(ReadError) as refused:
            read()
        assert refused.value.slug == "results-part-damaged"


def test_a_copy_without_the_dropped_columns_is_no_other_schema(whole: Path, tmp_path: Path) -> None:
    store = Folder(tmp_path / "copy")
    for name, data in results.deidentify(Folder(whole), results.pseudonym_key(KEY), tracks=True):
        store.put(name, data)
    assert [len(results.sessions(store, each)) for each in results.athletes(store)] == [1, 1]
    assert list(results.missing_parts(store)) == []


def test_parts_that_are_gone_are_named(copy: Folder) -> None:
    gone = [part_of(copy, "sessions"), part_of(copy, "tracks")]
    for path in gone:
        path.unlink()
    lost = list(results.missing_parts(copy))
    assert [each.slug for each in lost] == ["results-part-missing"] * 2
    names = sorted(path.relative_to(copy.root).as_posix() for path in gone)
    assert [each.file for each in lost] == names


def test_parts_of_an_athlete_with_another_name_are_not_gone(copy: Folder) -> None:
    folder = copy.root / "sessions" / "athlete=a"
    folder.rename(folder.with_name("athlete=c"))
    assert list(results.missing_parts(copy)) == []
    assert len(results.sessions(copy, "c")) == 1


def test_a_set_without_sums_is_read_as_before(copy: Folder) -> None:
    before = everything(copy)
    for each in (copy.root / "sums").iterdir():
        each.unlink()
    assert everything(copy) == before
