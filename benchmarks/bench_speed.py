"""``make bench``: how fast and how small, beside others, written to docs/benchmark.md.

Every number on that page was measured by one run of this program. ``--files`` sets how many
one-hour FIT files are processed, ``--archive`` how many are in the large archive: ten times as many
unless it is given.
"""

import argparse
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import bench_readers
import speed_archives
import speed_growth
import speed_material
import speed_pages
import speed_review
from retrorun.archive import Archive
from speed_clock import RETRORUN, best, family, program
from speed_growth import Growth
from speed_rows import Row, at_least, at_most

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmark.md"
PEERS = (
    *("python-fitparse", "fitdecode", "garmin-fit-sdk", "gpxpy", "tcxreader"),
    *("activity-parser", "lxml", "msgspec", "numpy", "pandas", "pyarrow"),
)
NOTES = {
    "Reading": bench_readers.NOTE,
    "Pages in a browser": speed_pages.NOTE,
    "Live pages": speed_review.NOTE,
}
PLOT = PAGE.parent / "images" / "growth.svg"
GROWTH = (100, 300, 1000, 3000, 10_000)
TOLD = (100, 1000, 10_000)
WORKERS = 2


def load() -> str:
    """How busy the machine was with other things, where the system tells."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


# garmin-fit-sdk over all files of a folder, by as many processes as ``process`` has workers
DECODING = f"""
import sys
from multiprocessing import Pool
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
import speed_others

def decode(path):
    speed_others.garmin_fit_sdk(path.read_bytes())

if __name__ == "__main__":
    with Pool({WORKERS}) as pool:
        pool.map(decode, sorted(Path(sys.argv[1]).rglob("*.fit")))
"""


def start_up(folder: Path) -> Iterator[Row]:
    """How long a command takes that does nothing, and one that analyses an hour.

    Args:
        folder: to work in.
    """
    click_s = best([sys.executable, "-c", "import click"], 9)
    help_s = best([RETRORUN, "--help"], 9)
    yield Row('`python -c "import click"`', f"{click_s * 1000:.0f} ms")
    yield Row("`retrorun --help`", f"{help_s * 1000:.0f} ms")
    yield at_most("the one over the other", help_s / click_s, 3, "times")
    (hour,) = speed_material.write(folder / "one", 1)
    numpy_s = best([sys.executable, "-c", "import numpy"], 9)
    analyze_s = best([RETRORUN, "analyze", "--json", str(hour)], 9)
    yield Row('`python -c "import numpy"`', f"{numpy_s * 1000:.0f} ms")
    yield Row("`retrorun analyze`, one hour of FIT", f"{analyze_s * 1000:.0f} ms")
    yield at_most("the one over the other", analyze_s / numpy_s, 3, "times")


def processing(folder: Path, count: int) -> Iterator[Row]:
    """The whole way, from the command line, with two workers."""
    hours = folder / "process"
    speed_material.write(hours, count)
    profile = speed_archives.profile(folder / "profile.toml")
    decoded_s = program([sys.executable, "-c", DECODING, str(hours)]).seconds
    yield Row(f"garmin-fit-sdk decodes the {count} files", f"{count / decoded_s:.1f} files/s")
    for pages, aim, times in ((False, 30.0, 4), (True, 12.0, 3)):
        archive, reports = folder / f"archive-{pages}", folder / f"reports-{pages}"
        for old in (archive, reports):
            shutil.rmtree(old, ignore_errors=True)
        workers = ("--jobs", str(WORKERS))
        command = process(hours, archive, reports, "--profile", str(profile), *workers)
        run = program([*command, "--pages" if pages else "--no-pages"])
        text = f"process {count} one-hour FIT files, {'with' if pages else 'without'} pages"
        yield at_least(text, count / run.seconds, aim, "files/s")
        yield at_least("… over garmin-fit-sdk", decoded_s / run.seconds, times, "times")
        yield Row("… memory of the process that writes", f"{run.peak_mb:.0f} MB")
    size = sum(path.stat().st_size for path in archive.rglob("*") if path.is_file())
    yield at_most("… archive, per hour of running", size / count / 1000, 180, "kB")


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
    began_s = time.time()
    run = program(process(exports, archive, reports))
    page_s = max(path.stat().st_mtime for path in (reports / "sessions").iterdir()) - began_s
    yield at_most("process, one new file among them, until its page stands", page_s, 1, "s")
    yield at_most("… until the comparison and the index stand, too", run.seconds, 3, "s")
    speed_material.late(exports / "newer.fit", count + 2)
    run = program(process(exports, archive, reports, "--no-pages"))
    yield Row("process, one new file among them, without pages", f"{run.seconds:.2f} s")


def comparing(folder: Path, most: int, found: list[Growth]) -> Iterator[Row]:
    """The comparison, and a new file, over archives of growing size.

    Args:
        folder: to work in.
        most: sessions of the largest archive.
        found: takes how both grow.
    """
    counts = [each for each in GROWTH if each <= most]
    if len(counts) < 2:  # a trial run
        counts = [max(1, most // 3), most]
    compared, added = dict[int, float](), dict[int, float]()
    for count in (0, *counts):
        with grown(folder, count) as (exports, archive, reports):
            command = [RETRORUN, "compare", "--json", "--archive", str(archive)]
            run = min((program(command) for _ in range(2)), key=lambda each: each.seconds)
            compared[count] = run.seconds
            added[count] = min(one_more(exports, archive, reports, count, day) for day in (1, 2))
        if count in TOLD:
            text = f"compare --json over {count} sessions"
            yield at_most(text, run.seconds, 2, "s")
            yield at_most("… memory", run.peak_mb, 250, "MB")
    for name, took in (("compare --json", compared), ("process, one new file", added)):
        found.append(Growth(name, {each: took[each] for each in counts}, took[0]))
        yield Row(f"exponent of time on number, {name}", f"{found[-1].exponent:.2f}")


def answering(folder: Path, most: int) -> Iterator[Row]:
    """The command that stores an answer, analyses its session again and writes its page.

    Args:
        folder: to work in.
        most: sessions of the largest archive.
    """
    count = min(LABELLED, most)
    with grown(folder, count) as (exports, archive, reports):
        with Archive.open(archive) as opened:
            opened.annotations.set_profile(speed_archives.ATHLETE)
        one_more(exports, archive, reports, count, 1)
        with Archive.open(archive) as opened:
            session = max(opened.briefs(), key=lambda each: each.start_time_s).id
        places = ["--archive", str(archive), "--reports", str(reports)]
        runs = [
            program([RETRORUN, "label", session, str(600 + at), "700", "backward", *places])
            for at in range(5)
        ]
    took_s = sorted(run.seconds for run in runs)[len(runs) // 2]
    yield at_most(f"label, an hour's session among {count} (median of 5)", took_s, 1, "s")


LABELLED = 1000


def one_more(exports: Path, archive: Path, reports: Path, count: int, day: int) -> float:
    """Seconds for one new file, with its page, the comparison and the index."""
    speed_material.late(exports / f"new-{day}.fit", count + day)
    return program(process(exports, archive, reports)).seconds


@contextmanager
def grown(folder: Path, count: int) -> Iterator[tuple[Path, Path, Path]]:
    """Exports, archive and pages of so many sessions; gone after the block."""
    places = folder / "compare", folder / "compare-archive", folder / "compare-pages"
    for old in places:
        shutil.rmtree(old, ignore_errors=True)
        old.mkdir()
    exports, archive, reports = places
    speed_archives.drop(exports, count)
    with Archive.open(archive) as opened:
        speed_archives.fill(opened, exports, reports)
    yield places
    for old in places:
        shutil.rmtree(old)


def one_worker(folder: Path) -> Iterator[Row]:
    """What a worker needs: hours and a whole day of running, and their pages."""
    long = folder / "long"
    speed_material.write(long, 20)
    speed_material.day(long / "day.fit")
    archive, reports = folder / "archive-long", folder / "reports-long"
    for old in (archive, reports):
        shutil.rmtree(old, ignore_errors=True)
    run = family(process(long, archive, reports, "--jobs", "1"))
    yield Row("process 20 files of an hour and one of 24 hours, with pages", f"{run.seconds:.1f} s")
    yield at_most("… memory of the largest process", run.largest_mb, 300, "MB")


def page(sections: list[tuple[str, list[Row]]], busy: str, growth: list[Growth]) -> str:
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
        "resident.",
    ]
    for title, rows in sections:
        lines += ["", f"## {title}", "", *NOTES.get(title, ())]
        lines += ["| what | measured | aim | met |", "|---|---|---|---|"]
        marks = {True: "yes", False: "**no**", None: ""}
        lines += [f"| {r.what} | {r.value} | {r.aim} | {marks[r.met]} |" for r in rows]
        lines += speed_growth.note(growth) if title == "Comparing" else ()
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
    parser.add_argument("--archive", type=int, help="default: ten times --files")
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    parser.add_argument("--only", help="one part by its title; the page is not written")
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    archive = chosen.archive or 10 * chosen.files
    busy = load()
    chosen.folder.mkdir(exist_ok=True)
    growth: list[Growth] = []
    parts = {
        "Start": start_up(chosen.folder),
        "Reading": bench_readers.rows(chosen.folder),
        "Processing": processing(chosen.folder, chosen.files),
        "A large archive": large(chosen.folder, archive),
        "Comparing": comparing(chosen.folder, archive, growth),
        "Answering": answering(chosen.folder, archive),
        "Memory of a worker": one_worker(chosen.folder),
        "Pages in a browser": speed_pages.rows(),
        "Live pages": speed_review.reviewing(
            chosen.folder, min(chosen.files, 1000), chosen.folder / "process"
        ),
    }
    sections: list[tuple[str, list[Row]]] = []
    for title, rows in parts.items():
        if chosen.only not in (None, title):
            continue
        sections.append((title, []))
        for row in rows:
            print(f"{row.what}: {row.value} {row.aim} {row.met}", flush=True)
            sections[-1][1].append(row)
    if growth:
        speed_growth.write(PLOT if chosen.only is None else chosen.folder / PLOT.name, growth)
        print(*speed_growth.note(growth), sep="\n")
    if chosen.only is None:
        chosen.page.write_text(page(sections, busy, growth), encoding="utf-8")
    return int(any(row.met is False for _, rows in sections for row in rows))


if __name__ == "__main__":
    sys.exit(main())
