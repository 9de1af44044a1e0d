"""How fast a cohort is analysed, and what that costs: writes its table into docs/cluster.md.

Two local engines and two clusters over the same store, one run each, in turn; then the most memory
that the scheduler has at growing stores; then the planning of many files without any analysis.
Sizes, prices and latencies of real stores are worked out from these, with the assumptions beside.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import cluster_material
from bench_speed import load, machine
from retrorun.cohort import batches
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import ResultKey
from retrorun.cohort.manifest import FileIndex, list_files
from retrorun.storage import Entry, Folder
from speed_clock import RETRORUN, program
from speed_rows import Row, at_least, at_most

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cluster.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
GROWTH = (0.1, 0.4, 1.0)  # of the files: the stores at which the scheduler's memory is taken
PLANNED = 200_000  # files of the planning
KEY = ResultKey(1, "0", "0", tracks=False)
# assumptions; everything else is measured
CORE_HOUR_USD = 0.05
LIST_S = 0.1  # of an object store, for a thousand names
PUT_USD, GET_USD = 0.005 / 1000, 0.0004 / 1000
SIZES = (1_000_000, 10_000_000, 100_000_000)
WORKERS = (16, 64, 256)


@dataclass(slots=True)
class Found:
    """What was measured: files a second of one worker process, and of planning."""

    one_worker: float = 0.0
    parts: int = 0
    files: int = 0
    planned: float = 0.0
    known: float = 0.0
    index_bytes: float = 0.0
    growth: float = 0.0  # bytes of the scheduler a file


def throughput(folder: Path, count: int, found: Found) -> Iterator[Row]:
    """The same store by both engines, with one worker and with two."""
    source = cluster_material.write(folder / "exports", count)
    rates: dict[tuple[str, int], float] = {}
    for jobs in (1, 2):
        for engine in ("local", "dask"):
            out = folder / "results"
            shutil.rmtree(out, ignore_errors=True)
            words = ["--engine", engine, "--jobs", str(jobs)]
            run = program([RETRORUN, "cohort", "process", str(source), "--out", str(out), *words])
            rates[engine, jobs] = count / run.seconds
            text = f"{count} one-hour FIT files, {engine}, {jobs} worker{'s' * (jobs > 1)}"
            yield Row(text, f"{count / run.seconds:.1f} files/s ({run.seconds:.0f} s)")
        slower = 100 * (rates["local", jobs] / rates["dask", jobs] - 1)
        yield at_most(f"… dask over local, {jobs} worker{'s' * (jobs > 1)}", slower, 15, "%")
    more = rates["dask", 2] / rates["dask", 1]
    yield at_least("… dask, 2 workers over 1", more, 1.8, "times")
    found.one_worker, found.files = rates["dask", 1], count
    found.parts = sum(path.is_file() for path in out.rglob("*"))
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    yield Row("… result set", f"{found.parts} objects, {size / count / 1024:.1f} KiB a file")
    again = program([RETRORUN, "cohort", "process", str(source), "--out", str(out)])
    yield Row("… the same again: nothing new", f"{again.seconds:.2f} s")


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def machines(workers: int) -> Iterator[tuple[str, int]]:
    """A scheduler and workers as programs of their own; address, and the scheduler's process."""
    with ExitStack() as stack:

        def start(*words: str) -> int:
            module, *rest = words
            command = [sys.executable, "-m", f"distributed.cli.{module}", *rest]
            quiet = subprocess.DEVNULL
            started = subprocess.Popen(command, stdout=quiet, stderr=quiet)  # noqa: S603 - ours
            stack.callback(started.wait)
            stack.callback(started.terminate)
            return started.pid

        port = str(free_port())
        place = ("--host", "127.0.0.1", "--port", port, "--no-dashboard")
        pid = start("dask_scheduler", *place, "--dashboard-address", "127.0.0.1:0")
        address = f"tcp://127.0.0.1:{port}"
        one = ("--nworkers", str(workers), "--nthreads", "1", "--no-dashboard")
        start("dask_worker", address, *one)
        yield address, pid


def peak_mb(pid: int) -> float:
    """The most memory that a process had resident (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(each.split()[1]) / 1024 for each in lines if each.startswith("VmHWM"))


def scheduler(folder: Path, count: int, found: Found) -> Iterator[Row]:
    """The most memory of a scheduler of its own, at stores of growing size."""
    peaks: list[tuple[int, float]] = []
    for share in GROWTH:
        files = round(count * share)
        source = cluster_material.part(folder / "exports", folder / f"exports-{files}", files)
        out = folder / "results"
        shutil.rmtree(out, ignore_errors=True)
        with machines(2) as (address, pid):
            words = ["--out", str(out), "--engine", "dask", "--scheduler", address]
            run = program([RETRORUN, "cohort", "process", str(source), *words])
            peaks.append((files, peak_mb(pid)))
        yield Row(
            f"scheduler, {files} files",
            f"{peaks[-1][1]:.0f} MB; client {run.peak_mb:.0f} MB",
        )
    (few, low), (many, high) = peaks[0], peaks[-1]
    found.growth = (high - low) * 2**20 / (many - few)
    yield at_most("… growth from the smallest to the largest store", high - low, 20, "MB")


class _Listed(Folder):
    """A store of as many names as are wanted, with nothing behind them."""

    def entries(self, under: str = "") -> Iterator[Entry]:
        del under
        for number in range(PLANNED):
            name = f"athlete-{number // 500:06}/2026-01-01-{number:09}.fit"
            tag = f"{number * 2654435761 % 2**128:032x}"
            yield Entry(f"s3://bucket/exports/{name}", name, 120_000, tag)


def plan(_: Path, __: int, found: Found) -> Iterator[Row]:
    """Listing, judging, cutting and writing down; and reading it all again."""
    index, pages, began_s = FileIndex(), [], time.perf_counter()
    files = list_files(_Listed(Path()), Athletes())
    while some := list(islice(files, batches.PAGE_FILES)):
        index.compare(some)
        page = batches.plan_page(some, KEY)
        pages.append(batches.encode_page(page))
        for batch in page:
            index.add(batch.files, len(pages))
    index.seal()
    found.planned = PLANNED / (time.perf_counter() - began_s)
    yield Row("planning", f"{found.planned:,.0f} files/s")
    began_s = time.perf_counter()
    again = FileIndex()
    for number, (name, data) in enumerate(pages):
        for batch in batches.decode_page(name, data):
            again.add(batch.files, number)
    again.seal()
    found.known = PLANNED / (time.perf_counter() - began_s)
    yield Row("reading the manifest at the start of a run", f"{found.known:,.0f} files/s")
    columns = (again.address, again.key, again.batch)
    found.index_bytes = sum(each.nbytes for each in columns) / PLANNED
    size = sum(len(data) for _, data in pages) / PLANNED
    yield Row(
        "index in memory; manifest in the store", f"{found.index_bytes:.0f}; {size:.0f} B/file"
    )


def sizing(found: Found) -> Iterator[str]:
    """Sizes of stores, worked out from what was measured."""
    names = ("files", "workers", "analysis", "listing", "planning", "manifest", "index")
    yield f"| {' | '.join(names)} | bottleneck |"
    yield "|---" * (len(names) + 1) + "|"
    for count, workers in zip(SIZES, WORKERS, strict=True):
        times = {
            "analysis: more workers": count / (found.one_worker * workers),
            "listing: split the store by prefix": count / 1000 * LIST_S,
            "planning: split the store by prefix": count / found.planned,
        }
        start_s, index = count / found.known, count * found.index_bytes / 2**30
        hours = [f"{seconds / 3600:.2f} h" for seconds in (*times.values(), start_s)]
        worst = max(times, key=lambda name: times[name])
        yield f"| {count:,} | {workers} | {' | '.join(hours)} | {index:.2f} GiB | {worst} |"


def costs(found: Found) -> Iterator[str]:
    """What a million files cost."""
    hours = 1e6 / found.one_worker / 3600
    puts = found.parts / found.files * 1e6
    requests = puts * PUT_USD + 2e6 * GET_USD + 1000 * PUT_USD
    yield (
        f"A million one-hour files take {hours:.1f} core-hours at {found.one_worker:.1f} files/s "
        f"a worker: {hours * CORE_HOUR_USD:.2f} USD at {CORE_HOUR_USD} USD a core-hour. "
        "Requests: two "
        f"GET-like a file, {puts:,.0f} PUT (as many objects as here), 1,000 LIST: "
        f"{requests:.2f} USD at {PUT_USD * 1000} USD a thousand PUT or LIST and "
        f"{GET_USD * 1000} USD a thousand GET. These prices, and {LIST_S} s for a thousand names "
        "list_files, are assumptions; put in your own."
    )


def section(lines: list[Row], found: Found, busy: str) -> str:
    """What stands between the marks of the page."""
    marks = {True: "yes", False: "**no**", None: ""}
    rows = [f"| {r.what} | {r.value} | {r.aim} | {marks[r.met]} |" for r in lines]
    head = [
        f"Measured on {datetime.now(tz=UTC):%Y-%m-%d}: {machine()}; load before it began: {busy}.",
        "Written by `python benchmarks/speed_cluster.py`; every number is of one run.",
        "",
        "| what | measured | aim | met |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, "", *sizing(found), "", *costs(found), ""])


Measure = Callable[[Path, int, Found], Iterator[Row]]


def main() -> int:
    """Measure, print and write; 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--folder", type=Path, default=Path(".bench") / "cluster")
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    busy, found = load(), Found()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    lines: list[Row] = []
    measures: tuple[Measure, ...] = (throughput, scheduler, plan)
    for measure in measures:
        for line in measure(chosen.folder, chosen.files, found):
            print(f"{line.what}: {line.value} {line.aim} {line.met}", flush=True)
            lines.append(line)
    text = chosen.page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    written = f"{before}{BEGIN}\n{section(lines, found, busy)}{END}{after}"
    chosen.page.write_text(written, encoding="utf-8")
    return int(any(line.met is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
