"""``make bench``: how fast and how small, beside others, written to docs/benchmark.md.

Every number on that page was measured by one run of this program. ``--files`` sets how many
one-hour FIT files are processed, ``--archive`` how many are in the large archive.
"""

import argparse
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import bench_readers
import speed_archives
import speed_material
from retrorun.archive import Archive
from speed_clock import RETRORUN, best, program
from speed_rows import Row, at_least, at_most

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmark.md"
PEERS = (
    *("fitfast", "fitparse", "fitdecode", "garmin-fit-sdk", "gpxpy", "tcxreader"),
    *("activity-parser", "lxml", "msgspec", "numpy", "pandas", "pyarrow"),
)
NOTES = {"Reading": bench_readers.NOTE}
GROWTH = (100, 1000, 10_000)


def load() -> str:
    """How busy the machine was with other things, where the system tells."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def start_up() -> Iterator[Row]:
    """How long a command takes that does nothing."""
    click_s = best([sys.executable, "-c", "import click"], 9)
    help_s = best([RETRORUN, "--help"], 9)
    yield Row('`python -c "import click"`', f"{click_s * 1000:.0f} ms")
    yield Row("`retrorun --help`", f"{help_s * 1000:.0f} ms")
    yield at_most("the one over the other", help_s / click_s, 3, "times")


def processing(folder: Path, count: int) -> Iterator[Row]:
    """The whole way, from the command line, with two workers."""
    hours = folder / "process"
    speed_material.write(hours, count)
    profile = speed_archives.profile(folder / "profile.toml")
    for pages, aim in ((False, 30.0), (True, 12.0)):
        archive, reports = folder / f"archive-{pages}", folder / f"reports-{pages}"
        for old in (archive, reports):
            shutil.rmtree(old, ignore_errors=True)
        command = process(hours, archive, reports, "--profile", str(profile), "--jobs", "2")
        run = program([*command, "--pages" if pages else "--no-pages"])
        text = f"process {count} one-hour FIT files, {'with' if pages else 'without'} pages"
        yield at_least(text, count / run.seconds, aim, "files/s")
        yield Row("… memory of the process that writes", f"{run.peak_mb:.0f} MB")
    size = sum(path.stat().st_size for path in archive.rglob("*") if path.is_file())
    yield Row("… archive, per hour of running", f"{size / count / 1024:.0f} KiB")


def process(exports: Path, archive: Path, reports: Path, *more: str) -> list[str]:
    """The command line of ``process``."""
    places = ["--archive", str(archive), "--reports", str(reports)]
    return [RETRORUN, "process", str(exports), *places, *more]


def large(folder: Path, count: int) -> Iterator[Row]:
    """A folder and archive of ten years and more, with nothing and with one thing new."""
    exports, archive, reports = (
        folder / name for name in ("large", "large-archive", "large-pages")
    )
    for old in (exports, archive, reports):
        shutil.rmtree(old, ignore_errors=True)
    speed_archives.drop(exports, count)
    with Archive.open(archive) as opened:
        speed_archives.fill(opened, exports, reports)
    for name in ("index.html", "comparison.html"):
        (reports / name).touch()
    runs = [program(process(exports, archive, reports)) for _ in range(3)]
    text = f"process, {count} files and nothing new"
    yield at_most(text, min(run.seconds for run in runs), 2, "s")
    yield at_most("… memory", max(run.peak_mb for run in runs), 150, "MB")
    speed_material.late(exports / "new.fit", count + 1)
    run = program(process(exports, archive, reports, "--no-pages"))
    yield at_most("process, one new file among them, without pages", run.seconds, 3, "s")
    speed_material.late(exports / "newer.fit", count + 2)
    began_s = time.time()
    run = program(process(exports, archive, reports))
    page_s = max(path.stat().st_mtime for path in (reports / "sessions").iterdir()) - began_s
    yield at_most("… until its page stands", page_s, 3, "s")
    yield Row("… until the comparison and the index stand, too", f"{run.seconds:.2f} s")


def comparing(folder: Path, most: int) -> Iterator[Row]:
    """The comparison over archives of growing size."""
    for count in (each_count for each_count in GROWTH if each_count <= most):
        exports, archive = folder / f"compare-{count}", folder / f"compare-archive-{count}"
        for old in (exports, archive):
            shutil.rmtree(old, ignore_errors=True)
        speed_archives.drop(exports, count)
        with Archive.open(archive) as opened:
            speed_archives.fill(opened, exports)
        run = program([RETRORUN, "compare", "--json", "--archive", str(archive)])
        text = f"compare --json over {count} sessions"
        if count == GROWTH[-1]:
            yield at_most(text, run.seconds, 5, "s")
        else:
            yield Row(text, f"{run.seconds:.2f} s")
        yield Row("… memory", f"{run.peak_mb:.0f} MB")


def one_worker(folder: Path) -> Iterator[Row]:
    """What a worker needs: hours and a whole day of running, analysed in one process."""
    long = folder / "long"
    speed_material.write(long, 20)
    speed_material.day(long / "day.fit")
    archive = folder / "archive-long"
    shutil.rmtree(archive, ignore_errors=True)
    run = program(process(long, archive, folder / "none", "--no-pages", "--jobs", "1"))
    yield Row(
        "process 20 files of an hour and one of 24 hours, one process", f"{run.seconds:.1f} s"
    )
    yield at_most("… memory", run.peak_mb, 300, "MB")


def page(sections: list[tuple[str, list[Row]]], busy: str) -> str:
    """The table as Markdown, with machine and versions."""
    lines = [
        "# Speed",
        "",
        "Written by `make bench` (`benchmarks/bench_speed.py`); every number is of one run.",
        f"Measured on {datetime.now(tz=UTC):%Y-%m-%d}: {machine()}; load before it began: {busy}.",
        f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {metadata.version(name)}" for name in PEERS)
        + ".",
        "",
        "Files are simulated (`benchmarks/speed_material.py`): one hour at 1 Hz, half of them from",
        "a phone with a compass, half from a watch with running dynamics. The large archives hold",
        "copies of their sessions on other days. `process` reads, detects, measures, writes the",
        "archive and, where it says so, pages. Memory is the most that the command itself had",
        "resident; with `--jobs 1` that is also the work of a worker.",
    ]
    for title, rows in sections:
        lines += ["", f"## {title}", "", *NOTES.get(title, ())]
        lines += ["| what | measured | aim | met |", "|---|---|---|---|"]
        marks = {True: "yes", False: "**no**", None: ""}
        lines += [f"| {r.what} | {r.value} | {r.aim} | {marks[r.met]} |" for r in rows]
    return "\n".join([*lines, ""])


def machine() -> str:
    """Processor, cores and memory, as far as the system tells."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def main() -> int:
    """Measure, print and write; 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--archive", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    parser.add_argument("--only", help="one part by its title; the page is not written")
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    busy = load()
    chosen.folder.mkdir(exist_ok=True)
    parts = {
        "Start": start_up(),
        "Reading": bench_readers.rows(chosen.folder),
        "Processing": processing(chosen.folder, chosen.files),
        "A large archive": large(chosen.folder, chosen.archive),
        "Comparing": comparing(chosen.folder, chosen.archive),
        "Memory of a worker": one_worker(chosen.folder),
    }
    sections: list[tuple[str, list[Row]]] = []
    for title, rows in parts.items():
        if chosen.only not in (None, title):
            continue
        sections.append((title, []))
        for row in rows:
            print(f"{row.what}: {row.value} {row.aim} {row.met}", flush=True)
            sections[-1][1].append(row)
    if chosen.only is None:
        chosen.page.write_text(page(sections, busy), encoding="utf-8")
    return int(any(row.met is False for _, rows in sections for row in rows))


if __name__ == "__main__":
    sys.exit(main())
