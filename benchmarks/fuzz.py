"""Mutated recordings and archives: every one must end in a recording or in a named reason.

``python benchmarks/fuzz.py --count 100000`` mutates simulated files (and real ones where a corpus
lies beside the checkout), reads each in a process that is watched, and stops with a copy of the
input if anything but the error family comes out, a file takes over 5 s of processor time (which
does not depend on what else the machine does), or a process over 500 MB. It names the slowest one.
"""

import argparse
import gzip
import io
import random
import resource
import sys
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from retrorun.errors import RetrorunError
from retrorun.readers import is_archive, members, read
from retrorun.readers.label_file import label_table
from retrorun.settings import ReadLimits

ROOT = Path(__file__).resolve().parents[1]
SLOWEST_S, LARGEST_MB = 5.0, 500.0
SEED_BYTES = 60_000  # of each real file; the whole of it would only slow the search
LOT = 200

Mutation = Callable[[random.Random, bytearray, Sequence[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class Find:
    """An input that broke the rule, and how."""

    data: bytes
    trouble: str


def flip(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Turn a few bits over."""
    for _count in range(dice.randint(1, 16)):
        if data:
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(data)


def cut(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """End too early."""
    return bytes(data[: dice.randrange(len(data) + 1)])


def lose(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Lack a stretch in the middle."""
    start = dice.randrange(len(data) + 1)
    del data[start : start + dice.randint(1, 200)]
    return bytes(data)


def splice(dice: random.Random, data: bytearray, seeds: Sequence[bytes]) -> bytes:
    """Go on as another file."""
    other = dice.choice(seeds)
    return bytes(data[: dice.randrange(len(data) + 1)]) + other[dice.randrange(len(other) + 1) :]


def repeat(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Say a stretch many times."""
    start = dice.randrange(len(data) + 1)
    piece = bytes(data[start : start + dice.randint(1, 300)])
    return bytes(data[:start]) + piece * dice.randint(2, 300) + bytes(data[start:])


def lie(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Put extreme numbers where lengths and sizes may stand."""
    for _count in range(dice.randint(1, 6)):
        word = dice.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\x01\0\0\0", b"\x40"])
        start = dice.choice([dice.randrange(len(data) + 1), dice.randrange(16)])
        data[start : start + len(word)] = word
    return bytes(data)


def swell(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Deep or wide XML, entities, monstrous numbers."""
    start = dice.randrange(len(data) + 1)
    evil = dice.choice(
        [
            b"<a>" * dice.randint(1, 5000),
            b"<a/>" * dice.randint(1, 50_000),
            b"<!DOCTYPE g [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>&b;",
            b"<time>" + b"9" * dice.randint(1, 5000) + b"</time>",
            b"<ele>1e999</ele><hr>nan</hr><cad>-inf</cad>",
            b"<time>9999-12-31T23:59:59+23:59</time><time>0001-01-01T00:00:00Z</time>",
            b"<trkseg><trkpt lat='nan' lon='1e308'>",
            b"<trk><trkseg/></trk>" * dice.randint(1, 3000),
            b"<![CDATA[" + b"]" * dice.randint(1, 2000),
            b"\xff\xfe\x00\xd8",
        ]
    )
    return bytes(data[:start]) + evil + bytes(data[start:])


def pack(dice: random.Random, data: bytearray, seeds: Sequence[bytes]) -> bytes:
    """Within gzip or zip, whole or damaged; sometimes a bomb."""
    kind = dice.randrange(4)
    if kind == 0:
        return flip(dice, bytearray(gzip.compress(bytes(data), 1)), seeds)
    if kind == 1:
        return cut(dice, bytearray(gzip.compress(bytes(data), 1)), seeds)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(dice.choice(["a.fit", "../a.gpx", "b/a.zip", "a.tcx.gz"]), bytes(data))
        archive.writestr("activities.csv", b"Filename,Activity Type\na.fit,Run\n")
        if kind == 2:
            archive.writestr("bomb.gpx", b"\0" * (1 << dice.randint(10, 23)))
    packed = bytearray(buffer.getvalue())
    return flip(dice, packed, seeds) if dice.random() < 0.7 else bytes(packed)


MUTATIONS: tuple[Mutation, ...] = (flip, cut, lose, splice, repeat, lie, swell, pack)


def seeds() -> list[bytes]:
    """Small simulated and real files of every format; long ones are shortened."""
    folders = (ROOT / "sample_data", ROOT.parent / "shared" / "corpus")
    paths = [path for folder in folders for path in sorted(folder.rglob("*.*"))]
    kept = [path for path in paths if path.suffix.lower() in (".fit", ".gpx", ".tcx", ".gz")]
    return [*(path.read_bytes()[:SEED_BYTES] for path in kept), *TABLES.values(), *archives()]


# a phone's log, as Sensor Logger writes it
TABLES = {
    "Location.csv": b"time,seconds_elapsed,speed,bearing,altitude,longitude,latitude\n"
    + b"".join(
        b"17777934%02d000000000,%d,2.5,90,300,14.5,46.0%02d\n" % (n, n, n) for n in range(60)
    ),
    "Compass.csv": b"time,seconds_elapsed,magneticBearing\n"
    + b"".join(b"17777934%02d500000000,%d,%d\n" % (n, n, 5 * n) for n in range(60)),
    "Gravity.csv": b"time,seconds_elapsed,z,y,x\n"
    + b"".join(
        b"17777934%02d%d00000000,%d,9.81,0.1,0.2\n" % (n // 3, n % 3 * 3, n) for n in range(180)
    ),
    "Gyroscope.csv": b"time,seconds_elapsed,z,y,x\n"
    + b"".join(
        b"17777934%02d%d00000000,%d,0.1,0.0%d,0\n" % (n // 3, n % 3 * 3, n, n % 9)
        for n in range(180)
    ),
}
_ROUTE = b"<gpx><trk><trkseg>%b</trkseg></trk></gpx>" % b"".join(
    b'<trkpt lat="46.0%02d" lon="14.5"><time>2026-05-03T07:30:%02dZ</time></trkpt>' % (n, n)
    for n in range(60)
)
_STAMP = b'startDate="2026-05-03 09:30:%02d +0200" endDate="2026-05-03 09:31:00 +0200" value="99"'
_HEALTH = b"<HealthData>%b</HealthData>" % b"".join(
    b'<Record type="HKQuantityTypeIdentifier%b" ' % kind + _STAMP % n + b"/>"
    for n in range(60)
    for kind in (b"HeartRate", b"StepCount")
)


def archives() -> list[bytes]:
    """A phone's log, a bulk export of a site, and a health export; the same bytes every time."""
    strava = {
        "activities.csv": b"Activity ID,Activity Date,Activity Name,Activity Type,Filename\n"
        b"1,May,Backward,Run,a/1.gpx.gz\n2,May,Ride,Ride,a/2.fit\n",
        "a/1.gpx.gz": gzip.compress(_ROUTE, mtime=0),
        "a/1.labels.csv": b"start,end,direction,activity\n1,2,backward,1\n",
    }
    folder = "apple_health_export"
    health = {f"{folder}/workout-routes/r.gpx": _ROUTE, f"{folder}/export.xml": _HEALTH}
    turned = {name: table for name, table in TABLES.items() if name != "Compass.csv"}
    return [_zipped(content) for content in (TABLES, turned, strava, health)]


def _zipped(content: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in content.items():
            made.writestr(zipfile.ZipInfo(name, (2026, 5, 3, 7, 30, 0)), data)
    return buffer.getvalue()


def mutated(number: int, base: Sequence[bytes]) -> bytes:
    """The input of that number: one to three mutations of a seed."""
    dice = random.Random(number)  # noqa: S311  repeatable, no secret
    data = dice.choice(base)
    for _ in range(dice.randint(1, 3)):
        data = dice.choice(MUTATIONS)(dice, bytearray(data), base)
    return data


def outcome(data: bytes, limits: ReadLimits) -> None:
    """Read it as whatever it claims to be; the error family is a good end."""
    try:
        if is_archive(data):
            for name, content in members("fuzz", data, limits, tables=True):
                if isinstance(content, bytes):
                    _read(name, content, limits)
        else:
            read("fuzz", data, limits)
    except RetrorunError:
        return


def _read(name: str, data: bytes, limits: ReadLimits) -> None:
    try:
        if name.endswith(".labels.csv"):
            label_table(name, data)
        else:
            read(name, data, limits)
    except RetrorunError:
        return


def tried(data: bytes, limits: ReadLimits) -> tuple[float, BaseException | None]:
    """Seconds of processor time an input took, and what it raised outside the error family."""
    begin = time.process_time()
    problem: BaseException | None = None
    try:
        outcome(data, limits)
    except BaseException as raised:  # noqa: BLE001  looked for; a Rust panic is no Exception
        problem = raised
    return time.process_time() - begin, problem


Slowest = tuple[float, int]  # seconds of processor time, number of the input


def lot(first: int, count: int, base: Sequence[bytes]) -> tuple[list[Find], Slowest]:
    """Read a lot of inputs; what broke the rule, and the slowest one."""
    warnings.simplefilter("error")  # as in the tests: a warning is a find
    limits = ReadLimits()
    finds = []
    slowest = (0.0, first)
    for number in range(first, first + count):
        data = mutated(number, base)
        seconds, problem = tried(data, limits)
        slowest = max(slowest, (seconds, number))
        if problem is not None:
            finds.append(Find(data, f"input {number}: {type(problem).__name__}: {problem}"))
        if seconds > SLOWEST_S:
            finds.append(Find(data, f"input {number}: {seconds:.1f} s"))
    used_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if used_mb > LARGEST_MB:
        finds.append(Find(b"", f"inputs {first} to {first + count}: {used_mb:.0f} MB"))
    return finds, slowest


def finds(count: int, first: int, jobs: int) -> Iterator[tuple[int, tuple[list[Find], Slowest]]]:
    """Run lot by lot in processes of their own; yields inputs done and what was found."""
    base = seeds()
    starts = range(first, first + count, LOT)
    sizes = [min(LOT, first + count - start) for start in starts]
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        results = pool.map(partial(lot, base=base), starts, sizes)
        yield from zip(sizes, results, strict=True)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-finds"))
    given = parser.parse_args()
    done, bad, begin = 0, 0, time.perf_counter()
    slowest = (0.0, given.first)
    for size, (found, slow) in finds(given.count, given.first, given.jobs):
        done += size
        slowest = max(slowest, slow)
        for one in found:
            bad += 1
            given.keep.mkdir(exist_ok=True)
            (given.keep / f"{bad}.bin").write_bytes(one.data)
            print(one.trouble, flush=True)
    seconds = time.perf_counter() - begin
    print(f"{done} inputs in {seconds:.0f} s: {bad} broke the rule")
    print(f"slowest: input {slowest[1]}, {slowest[0]:.1f} s of processor time")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
