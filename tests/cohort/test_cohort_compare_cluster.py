"""Athletes compared on a real cluster and a real object store: the same bytes as here."""

import io
from functools import partial
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest
import result_sets

from object_stores import SECRET, ObjectServer
from retrorun import engines, results
from retrorun.cohort import compare
from retrorun.cohort.compare import CompareOptions
from retrorun.engines import cluster
from retrorun.model.cohort import Cohort
from retrorun.settings import CompareSettings
from retrorun.storage import open_store

SETTINGS = CompareSettings(line_stretches=10**6)


@pytest.fixture(scope="module")
def address(s3: ObjectServer) -> str:
    """A result set whose athlete a1 is damaged, in an object store."""
    found = f"{s3.bucket()}/results"
    result_sets.written(found, result_sets.seven())
    system = fsspec.filesystem("s3")
    (part,) = system.glob(f"{found}/sessions/athlete=a1/*/*.parquet")
    system.pipe_file(part, b"PAR1 cut short")
    return found


def compared(address: str, out: str, engine: compare.Engine) -> Cohort:
    athletes = results.athletes(open_store(address))
    done = compare.compare_athletes(athletes, CompareOptions(address, SETTINGS, out), engine)
    found = compare.summarize(done, SETTINGS)
    compare.write_tables(open_store(out), found)
    return found


def tree(address: str) -> dict[str, bytes]:
    store = open_store(address)
    return {entry.name: store.read(entry.name, 1 << 30) for entry in store.entries()}


def test_dask_and_s3_give_what_local_workers_and_folders_give(
    s3: ObjectServer, scheduler: str, address: str, tmp_path: Path
) -> None:
    out = f"{s3.bucket()}/out"
    place = cluster.Cluster(scheduler)
    far = compared(address, out, lambda tasks, work: cluster.ordered(tasks, work, place))
    near = compared(address, str(tmp_path / "out"), partial(engines.ordered, jobs=2))
    assert far == near
    assert len(far.athletes) == 6
    assert [(each.athlete, each.slug) for each in far.uncompared] == [
        ("a1", "results-part-damaged")
    ]
    mine = tree(out)
    assert mine == tree(str(tmp_path / "out"))
    assert len(mine) == 6 + 2
    assert not any(SECRET.encode() in data for data in mine.values())
    table = pq.read_table(io.BytesIO(mine["comparison/athletes.parquet"]))
    assert table.num_rows == 7


def test_a_second_comparison_takes_the_place_of_the_first(s3: ObjectServer, address: str) -> None:
    out = f"{s3.bucket()}/out"
    engine = partial(engines.ordered, jobs=1)
    compared(address, out, engine)
    first = tree(out)
    # meanwhile the damaged athlete is gone from the result set
    system = fsspec.filesystem("s3")
    system.rm(f"{address}/sessions/athlete=a1", recursive=True)
    found = compared(address, out, engine)
    assert found.uncompared == ()
    second = tree(out)
    assert set(second) == set(first)
    assert pq.read_table(io.BytesIO(second["comparison/athletes.parquet"])).num_rows == 6
