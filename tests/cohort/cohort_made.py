"""Small stores of exports, runs over them, and what came of it."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import fake_pipeline
from retrorun.cohort import run as cohort_run
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.run import Progress, Report
from retrorun.cohort.worker import RunConfig
from retrorun.engines import Engine, Limits, Process, ordered
from retrorun.model import Athlete, Blob, Outcome
from retrorun.settings import Settings
from retrorun.storage import open_store

DAY_S = 86_400.0
START_S = 1_700_000_000.0
LIMITS = Limits(seconds=300.0, memory_bytes=512 * 2**20)
LOCAL: Engine = partial(ordered, jobs=1)


def run_of(number: int, seconds: int = 60) -> str:
    """The content of an export of its own: a run, some days after the one before."""
    return f"run {START_S + number * 20 * DAY_S} {seconds}"


def exports(count: int, athletes: int = 4) -> dict[str, str]:
    """Name → content of so many exports."""
    return {f"a{number % athletes}/{number:03}.fit": run_of(number) for number in range(count)}


def put(address: str | Path, files: Mapping[str, str | bytes]) -> None:
    """Write exports; a name that is there already is written anew."""
    store = open_store(address)
    for name, content in files.items():
        store.delete(name)
        store.put(name, content if isinstance(content, bytes) else content.encode())


def slow(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
    """The stand-in, with a little time for something to happen in between."""
    time.sleep(0.05)
    return fake_pipeline.process(blob, settings, athlete)


def run(
    source: str | Path,
    out: str | Path,
    engine: Engine = LOCAL,
    athletes: Athletes | None = None,
    *,
    process: Process = fake_pipeline.process,
    progress: Progress | None = None,
    **more: Any,  # noqa: ANN401 - fields of RunConfig, and retry
) -> Report:
    """Bring a result set up to date."""
    retry = bool(more.pop("retry", False))
    given = {"settings": Settings(), "limits": LIMITS, "process": process, **more}
    config = RunConfig(str(source), str(out), **given)
    return cohort_run.run(config, athletes or Athletes(), engine, progress, retry=retry)


def tree(address: str | Path) -> dict[str, bytes]:
    """Every object of a store, by name, but what a killed worker had begun under a hidden name."""
    store = open_store(address)
    found = (each.name for each in store.entries())
    return {name: store.read(name, 1 << 30) for name in found if not name.endswith(".part")}


def rows(address: str | Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, with the athlete of the partition, in no order that means anything."""
    found: list[dict[str, Any]] = []
    for name, data in tree(address).items():
        if name.startswith(f"{table}/"):
            folders = dict(each.split("=") for each in name.split("/") if "=" in each)
            read = pq.ParquetFile(pa.BufferReader(data)).read().to_pylist()
            found += [{**row, **folders} for row in read]
    return found


def sessions(address: str | Path) -> list[tuple[str, str, float]]:
    """Athlete, file and length of every session, sorted."""
    return sorted(
        (row["athlete"], row["source"], row["duration_s"]) for row in rows(address, "sessions")
    )


def outcomes(address: str | Path) -> dict[str, tuple[str, str | None]]:
    """File → outcome and slug, from the ledger; each file stands there once."""
    found = rows(address, "files")
    assert len({row["name"] for row in found}) == len(found)
    return {row["name"]: (row["outcome"], row["slug"]) for row in found}
