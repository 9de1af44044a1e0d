"""A result set is read by others, without a line of retrorun."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from made_results import analysed, filed, written

from retrorun import results
from retrorun.model import Analysis
from retrorun.results.columns import SCHEMA_VERSION

HIVE = ds.partitioning(pa.schema([("athlete", pa.string()), ("year", pa.int32())]), flavor="hive")
WHOSE = ("Zoë O'Neil", "007", "a/b\n")


@pytest.fixture(scope="module")
def truth(samples: Path) -> dict[str, Analysis]:
    wanted = ("2026-05-03-connect-iq.fit", "2026-05-17-osmtracker.gpx", "2026-05-21-watch.tcx")
    return {who: analysed(samples / name) for who, name in zip(WHOSE, wanted, strict=True)}


@pytest.fixture(scope="module")
def place(truth: dict[str, Analysis], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    written(folder, [filed(who, each) for who, each in truth.items()])
    return folder


def backward_s(truth: dict[str, Analysis]) -> float:
    return sum(each.sessions[0].measures.totals["backward"].seconds for each in truth.values())


def test_pandas(place: Path, truth: dict[str, Analysis]) -> None:
    frame = pd.read_parquet(place / "sessions", partitioning=HIVE)
    assert frame["backward_duration_s"].sum() == pytest.approx(backward_s(truth))
    assert set(frame["year"]) == {2026}
    assert str(frame["start_time"].dtype) == "datetime64[us, UTC]"
    by_athlete = frame.set_index("athlete")
    for who in WHOSE[:2]:
        session = truth[who].sessions[0]
        row = by_athlete.loc[who]
        assert row["start_time"].timestamp() == session.start_time_s
        assert row["distance_m"] == session.distance_m
    segments = pd.read_parquet(place / "segments")
    joined = segments.merge(frame, on="session")
    assert len(joined) == len(segments) > 0


def test_pandas_without_a_word_on_types(place: Path) -> None:
    frame = pd.read_parquet(place / "sessions")
    assert len(frame) == 3
    assert "007" in set(frame["athlete"].astype(str))


def test_pyarrow_reads_one_athlete_and_one_session(place: Path, truth: dict[str, Analysis]) -> None:
    who = WHOSE[1]
    session, track = truth[who].sessions[0], truth[who].tracks[0]
    tracks = ds.dataset(place / "tracks", partitioning=HIVE)
    mine = (pa.compute.field("athlete") == who) & (pa.compute.field("session") == session.id)
    found = tracks.to_table(filter=mine)
    assert found.num_rows == track.seconds
    np.testing.assert_array_equal(found["elapsed_s"].to_numpy(), np.arange(track.seconds))
    np.testing.assert_allclose(found["latitude_deg"].to_numpy(), track.column("latitude_deg"))
    fields = tracks.schema
    said = json.loads(fields.metadata[b"retrorun"])
    assert said["schema_version"] == SCHEMA_VERSION
    assert said["units"]["ground_speed_mps"] == "m/s"


# Dask 2026.8 still says what pandas 3.1 would no longer hear
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_dask(place: Path, truth: dict[str, Analysis]) -> None:
    import dask.dataframe as dd  # slow to load

    frame = dd.read_parquet(place / "sessions", dataset={"partitioning": HIVE})
    assert float(frame["backward_duration_s"].sum().compute(scheduler="sync")) == pytest.approx(
        backward_s(truth)
    )
    athletes = frame["athlete"].compute(scheduler="sync")
    assert "007" in set(athletes)


def asked(*queries: str) -> list[list[list[Any]]]:
    """The rows of each query, from a DuckDB in a process where there is no retrorun."""
    script = (
        "import sys, json, duckdb; "
        "print(json.dumps([duckdb.sql(query).fetchall() for query in sys.argv[1:]]))"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", script, *queries], capture_output=True, check=True, timeout=600
    )
    found: list[list[list[Any]]] = json.loads(done.stdout)
    return found


def test_duckdb(place: Path, truth: dict[str, Analysis]) -> None:
    parts = f"'{place}/sessions/*/*/*.parquet'"
    (rows,) = asked(
        "select athlete, year, sum(backward_duration_s), min(epoch(start_time)) "  # noqa: S608 - a test's own folder
        f"from read_parquet({parts}, hive_partitioning = true, "
        "hive_types = {'athlete': VARCHAR, 'year': INTEGER}) group by all order by athlete"
    )
    assert [row[0] for row in rows if row[0] in WHOSE] == ["007", "Zoë O'Neil"]
    assert sum(row[2] for row in rows) == pytest.approx(backward_s(truth))
    assert {row[1] for row in rows} == {2026}
    zoe = next(row for row in rows if row[0] == WHOSE[0])
    assert zoe[3] == truth[WHOSE[0]].sessions[0].start_time_s


def test_duckdb_reads_every_table(place: Path) -> None:
    tables = ("segments", "tracks", "files")
    counts = (f"select count(*) from '{place}/{each}/**/*.parquet'" for each in tables)  # noqa: S608 - as above
    *found, years = asked(*counts, f"select unnest(years) from '{place}/files/*.parquet'")  # noqa: S608 - as above
    assert all(count > 0 for ((count,),) in found)
    assert years == [[2026]] * 3


def test_parts_of_two_batches_have_one_schema(place: Path) -> None:
    for table in ("sessions", "segments", "tracks", "files"):
        schemas = [pa.parquet.read_schema(path) for path in (place / table).rglob("*.parquet")]
        assert len(schemas) >= 2
        assert all(each.equals(schemas[0], check_metadata=True) for each in schemas)


HOSTILE = (
    *("..", "a/b", "two\nlines", "bytes \udcff", "x" * 1000, "__HIVE_DEFAULT_PARTITION__", "null"),
    *(
        "NULL",
        "%41",
        "a=b&c?d#e",
        "quote\"'",
        "back\\slash",
        "日本",
        "right\u202eleft",
        "12",
        "1e5",
    ),
    *("2026-01-01", "true", "*", "[x]", "{y}", "a+b c", "~", "-", "O'Neil, P."),
)


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_all_readers_give_every_hostile_name_alike(
    truth: dict[str, Analysis], tmp_path: Path
) -> None:
    analysis = truth[WHOSE[1]]
    written(tmp_path, [filed(name, analysis) for name in HOSTILE], tracks=False)
    keys = {results.athlete_key(name) for name in HOSTILE}
    assert len(keys) == len(HOSTILE)
    place = tmp_path / "sessions"
    assert set(pd.read_parquet(place, partitioning=HIVE)["athlete"]) == keys
    assert set(ds.dataset(place, partitioning=HIVE).to_table()["athlete"].to_pylist()) == keys
    import dask.dataframe as dd  # slow to load

    frame = dd.read_parquet(place, dataset={"partitioning": HIVE})
    assert set(frame["athlete"].compute(scheduler="sync")) == keys
    (rows,) = asked(
        f"select distinct athlete from read_parquet('{place}/*/*/*.parquet', "  # noqa: S608 - as above
        "hive_partitioning = true, hive_types = {'athlete': VARCHAR, 'year': INTEGER})"
    )
    assert {row[0] for row in rows} == keys
    ledger = pd.read_parquet(tmp_path / "files")
    assert set(ledger["athlete"]) == keys
