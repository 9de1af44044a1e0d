"""Bytes → columns, beside others, in one run and on the same files: prints a markdown table.

``python benchmarks/bench_readers.py`` needs fitparse, fitdecode, garmin-fit-sdk, gpxpy and, where
installed, activity-parser and tcxreader. Each reader takes bytes that are already in memory and
gives at least the records or points; ours gives the whole Recording (laps, pauses, headings, too).
Without the real files beside the checkout the simulated ones are read.
"""

import argparse
import gc
import importlib.util
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from retrorun.readers import read
from retrorun.settings import ReadLimits

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
FILES = {
    "fit": ["fit/developer-types-sample.fit", "fit/mornindew-broken.fit", "fit/run.fit"],
    "gpx": [
        "gpx/00978fad-85f8-4f1c-be44-2b7146ccbf76.gpx",
        "gpx/7318ef76-9ef0-40d2-8e39-57216f39ba7d.gpx",
    ],
    "tcx": ["tcx/2020-12-20T05_50_47-300_Running.tcx", "tcx/run_garmin.tcx"],
}
Reader = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Timed:
    """Median seconds of one reader on one file, interleaved with the others."""

    reader: str
    seconds: float


def ours(data: bytes) -> object:
    """Into a Recording."""
    return read("bench", data, ReadLimits())


def by_fitparse(data: bytes) -> object:
    """Every record as a dictionary."""
    from fitparse import FitFile

    return [message.get_values() for message in FitFile(data).get_messages("record")]


def by_fitdecode(data: bytes) -> object:
    """Every record as a dictionary."""
    import fitdecode

    with fitdecode.FitReader(io.BytesIO(data)) as fit:
        return [
            {field.name: field.value for field in frame.fields}
            for frame in fit
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record"
        ]


def by_garmin(data: bytes) -> object:
    """Every message as a dictionary."""
    from garmin_fit_sdk import Decoder, Stream

    return Decoder(Stream.from_byte_array(bytearray(data))).read()


def by_gpxpy(data: bytes) -> object:
    """Into gpxpy's objects."""
    import gpxpy

    return gpxpy.parse(data.decode())


def by_tree(data: bytes) -> object:
    """A plain lxml tree, and the text of every element in it, as a script would."""
    root = etree.fromstring(data)
    return [(element.tag, element.text) for element in root.iter()]


def by_tcxreader(data: bytes) -> object:
    """Into tcxreader's objects; it reads files only."""
    from tcxreader.tcxreader import TCXReader

    with tempfile.NamedTemporaryFile(suffix=".tcx") as file:
        file.write(data)
        file.flush()
        return TCXReader().read(file.name)


def by_activity_parser(kind: str) -> Reader:
    """Into pandas tables."""
    import activity_parser

    parse: Callable[[io.BytesIO], object] = getattr(activity_parser, f"parse_{kind}")
    return lambda data: parse(io.BytesIO(data))


def readers(kind: str) -> dict[str, Reader]:
    """Who is compared on a format; ours first, then the one that the aim names."""
    found: dict[str, Reader] = {"retrorun": ours}
    if kind == "fit":
        found |= {"fitparse": by_fitparse, "fitdecode": by_fitdecode, "garmin-fit-sdk": by_garmin}
    elif kind == "gpx":
        found |= {"gpxpy": by_gpxpy, "lxml tree": by_tree}
    else:
        found |= {"lxml tree": by_tree}
        if importlib.util.find_spec("tcxreader"):
            found["tcxreader"] = by_tcxreader
    if importlib.util.find_spec("activity_parser"):
        found["activity-parser"] = by_activity_parser(kind)
    return found


def timed(data: bytes, who: dict[str, Reader], rounds: int) -> list[Timed]:
    """Median processor time of each reader; in turns, so that a busy machine is busy for all."""
    spent: dict[str, list[float]] = {name: [] for name in who}
    for turn in range(rounds + 1):
        for name, reader in who.items():
            gc.collect()
            begin = time.process_time()
            reader(data)
            if turn:  # the first turn imports and warms up
                spent[name].append(time.process_time() - begin)
    return [Timed(name, statistics.median(times)) for name, times in spent.items()]


def material(kind: str) -> Iterable[Path]:
    """Real files, or simulated ones where there are none."""
    if CORPUS.is_dir():
        return [CORPUS / name for name in FILES[kind]]
    return sorted((ROOT / "sample_data").glob(f"*.{kind}"))[:3]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print("| file | kB | reader | median ms | times retrorun's |\n|---|---|---|---|---|")
    for kind in FILES:
        for path in material(kind):
            data = path.read_bytes()
            rows = timed(data, readers(kind), rounds)
            for row in rows:
                ratio = row.seconds / rows[0].seconds
                cells = (path.name[:24], f"{len(data) / 1000:.0f}", row.reader)
                print(f"| {' | '.join(cells)} | {row.seconds * 1000:.1f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
