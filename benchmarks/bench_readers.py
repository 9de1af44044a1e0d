"""Bytes → columns, beside others, in one run and on the same files.

``python benchmarks/bench_readers.py`` prints the readers' part of docs/benchmark.md without writing
it; ``--rounds`` sets how often each reads each file.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from speed_clock import program
from speed_others import Reader, readers
from speed_rows import Row, at_least, at_most

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
REAL = {
    "fit": ["developer-types-sample.fit", "mornindew-broken.fit", "run.fit"],
    "gpx": [
        "00978fad-85f8-4f1c-be44-2b7146ccbf76.gpx",
        "7318ef76-9ef0-40d2-8e39-57216f39ba7d.gpx",
    ],
    "tcx": ["2020-12-20T05_50_47-300_Running.tcx", "run_garmin.tcx"],
}
ANY = "the fastest other"
AIMS: dict[str, tuple[tuple[str, float], ...]] = {
    "fit": (("fitparse", 60), (ANY, 12)),
    "gpx": (("gpxpy", 8), ("activity-parser", 4)),
    "tcx": ((ANY, 1),),
}
DAY_MB = 200.0
NOTE = (
    "Bytes in memory → columns or points, each reader by its cheapest public way; beside its name",
    "stands what it gives. Simulated hours, and real files where they lie beside the checkout.",
    "Times are of the processor: the median of rounds in which all take turns, after one that",
    "imports and warms up. In brackets: how many times retrorun's own. The file on which a reader",
    "comes closest to retrorun decides about the aim. Memory is the most that a process had",
    "resident that read a file of 24 hours and did nothing else.",
    "",
)
ROUNDS = 7
LEAST_ROUNDS, ENOUGH_S = 3, 2.0  # a slow reader is asked no more often once it took so long


def rows(folder: Path, rounds: int = ROUNDS) -> Iterator[Row]:
    """The readers' table: time a file, how often ours, and the memory for a whole day.

    Args:
        folder: where the simulated files are kept.
        rounds: how often each reader reads each file.
    """
    import speed_material  # not in the processes whose memory is measured

    hours = speed_material.hours(folder / "readers")
    for kind in REAL:
        ratios = []
        for path in material(hours, kind):
            spent_s = timed(path.read_bytes(), readers(kind), rounds)
            yield from _times(kind, path, spent_s)
            ratios.append({name: each / spent_s["retrorun"] for name, each in spent_s.items()})
        yield from _judged(kind, ratios)
    for path in speed_material.days(folder / "readers"):
        yield from _memory(path)


def material(hours: list[Path], kind: str) -> list[Path]:
    """The simulated hours of a format, and real files where there are some."""
    real = [CORPUS / kind / name for name in REAL[kind]]
    simulated = [path for path in hours if path.suffix[1:] == kind]
    return simulated + [path for path in real if path.exists()]


def timed(data: bytes, who: Mapping[str, Reader], rounds: int) -> dict[str, float]:
    """Median seconds of the processor for each reader; slow ones are asked less often."""
    spent: dict[str, list[float]] = {name: [] for name in who}
    for turn in range(rounds + 1):
        for name, reader in who.items():
            if len(spent[name]) >= LEAST_ROUNDS and sum(spent[name]) > ENOUGH_S:
                continue
            gc.collect()
            begin = time.process_time()
            reader(data)
            if turn:
                spent[name].append(time.process_time() - begin)
    return {name: statistics.median(times) for name, times in spent.items()}


def _times(kind: str, path: Path, spent_s: Mapping[str, float]) -> Iterator[Row]:
    size = f"{path.stat().st_size / 1000:.0f} kB"
    for name, reader in readers(kind).items():
        what = f"{kind.upper()} {path.stem[:24]} ({size}): {name}, {_gives(reader)}"
        ratio = spent_s[name] / spent_s["retrorun"]
        yield Row(what, f"{spent_s[name] * 1000:.1f} ms ({ratio:.1f} times)")


def _gives(reader: Reader) -> str:
    words = (reader.__doc__ or "").strip().rstrip(".")
    return words[:1].lower() + words[1:]


def _judged(kind: str, ratios: list[dict[str, float]]) -> Iterator[Row]:
    """The file on which a reader comes closest to ours decides."""
    for name, aim in AIMS[kind]:
        closest = [
            min(each[other] for other in each if other != "retrorun" and name in (other, ANY))
            for each in ratios
        ]
        yield at_least(
            f"{kind.upper()}: retrorun over {name}, at worst", min(closest), aim, "times"
        )


def _memory(path: Path) -> Iterator[Row]:
    kind = path.suffix[1:]
    size = f"{path.stat().st_size / 1e6:.0f} MB"
    for name in readers(kind):
        run = program([sys.executable, __file__, "--only", name, str(path)])
        what = f"{kind.upper()} of 24 hours ({size}), memory: {name}"
        if name == "retrorun":
            yield at_most(what, run.peak_mb, DAY_MB, "MB")
        else:
            yield Row(what, f"{run.peak_mb:.0f} MB")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    parser.add_argument("--only", nargs=2, metavar=("READER", "FILE"), help="read it once, no more")
    chosen = parser.parse_args()
    if chosen.only:
        path = Path(chosen.only[1])
        readers(path.suffix[1:])[chosen.only[0]](path.read_bytes())
        return
    chosen.folder.mkdir(exist_ok=True)
    print("| what | measured | aim | met |\n|---|---|---|---|")
    for row in rows(chosen.folder, chosen.rounds):
        print(f"| {row.what} | {row.value} | {row.aim} | {row.met} |", flush=True)


if __name__ == "__main__":
    main()
