"""How long Apple Health's ``export.zip`` takes, and how much memory, at a size of years of wear.

``python benchmarks/health_export.py --megabytes 2048`` writes an ``export.xml`` of that size
straight into a zip in a temporary folder, with routes beside it, reads it in a process of its own,
prints time and peak memory, and deletes it. It fails where a route lacks its heart rate, or at
300 MB.
"""

import argparse
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path

MOST_MB = 300.0
FIRST = datetime(2024, 9, 1, tzinfo=UTC)
ROUTE_S, ROUTES = 3600, 20
FOLDER = "apple_health_export"
KINDS = ("HeartRate", "StepCount", "ActiveEnergyBurned", "BasalEnergyBurned", "FlightsClimbed")
LOT = 2000
RECORD_BYTES = 430
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n'
    "<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout)*)>\n]>\n"
    '<HealthData locale="en_GB">\n <ExportDate value="2026-06-01 08:00:00 +0200"/>\n'
)


def starts() -> list[datetime]:
    """When the routes begin: one a month."""
    return [FIRST + timedelta(days=30 * number + 3) for number in range(ROUTES)]


def route(start: datetime) -> bytes:
    """An hour at 1 Hz, as the Health app writes it."""
    rows = "\n".join(
        f'<trkpt lon="14.5{second:05d}" lat="46.{second:06d}"><ele>300.0</ele>'
        f"<time>{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}</time><extensions>"
        "<speed>2.5</speed><course>90.0</course><hAcc>1.5</hAcc></extensions></trkpt>"
        for second in range(ROUTE_S)
    )
    maker = 'version="1.1" creator="Apple Health Export" xmlns="http://www.topografix.com/GPX/1/1"'
    return f"<gpx {maker}><trk><trkseg>{rows}</trkseg></trk></gpx>".encode()


def record(kind: str, begin: datetime, seconds: int, value: str, more: str = "/>") -> str:
    """One line of the export; times are written two hours east of Greenwich."""
    local, end = (
        f"{moment + timedelta(hours=2):%Y-%m-%d %H:%M:%S} +0200"
        for moment in (begin, begin + timedelta(seconds=seconds))
    )
    device = "&lt;&lt;HKDevice: 0x28&gt;, name:Apple Watch, hardware:Watch6,1, software:10.1&gt;"
    return (
        f' <Record type="HKQuantityTypeIdentifier{kind}" sourceName="Watch" device="{device}" '
        f'unit="count/min" creationDate="{local}" startDate="{local}" endDate="{end}" '
        f'value="{value}"{more}\n'
    )


def everyday(size: int) -> Iterator[bytes]:
    """Records of two years up to a size, a lot at a time."""
    dice = random.Random(1)  # noqa: S311  repeatable, no secret
    step = timedelta(days=30 * ROUTES) / (size / RECORD_BYTES)
    nested = '>\n  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="0"/>\n </Record>'
    done = 0
    for first in count(0, LOT):
        lines = [
            record(
                *(KINDS[number % 5], FIRST + number * step, 10, f"{dice.uniform(60, 99):.3f}"),
                nested if number % 3 == 0 else "/>",
            )
            for number in range(first, first + LOT)
        ]
        lot = "".join(lines).encode()
        yield lot
        done += len(lot)
        if done >= size:
            return


def of_route(number: int, start: datetime) -> Iterator[bytes]:
    """Heart rate every 5 s, steps every minute, and the workout that names the route."""
    for second in range(0, ROUTE_S, 5):
        yield record("HeartRate", start + timedelta(seconds=second), 0, "150").encode()
    for second in range(0, ROUTE_S, 60):
        yield record("StepCount", start + timedelta(seconds=second), 60, "170").encode()
    reference = f'<FileReference path="/workout-routes/route_{number}.gpx"/>'
    yield (
        ' <Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="60">'
        f"<WorkoutRoute>{reference}</WorkoutRoute></Workout>\n"
    ).encode()


def write(path: Path, size: int) -> None:
    """The whole export, streamed into its zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, start in enumerate(starts()):
            archive.writestr(f"{FOLDER}/workout-routes/route_{number}.gpx", route(start))
        with archive.open(f"{FOLDER}/export.xml", "w", force_zip64=True) as stream:
            stream.write(HEAD.encode())
            for lot in everyday(size):
                stream.write(lot)
            for number, start in enumerate(starts()):
                stream.writelines(of_route(number, start))
            stream.write(b"</HealthData>\n")


def measured(path: Path) -> tuple[int, float, float, float]:
    """Routes with a heart rate at every point, seconds, those of CPU, peak in MB."""
    from retrorun.readers import members
    from retrorun.settings import ReadLimits

    begin, worked = time.perf_counter(), time.process_time()
    whole = 0
    for _, content in members(path.name, path, ReadLimits()):
        whole += isinstance(content, bytes) and content.count(b"<hr>") == ROUTE_S
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return whole, time.perf_counter() - begin, time.process_time() - worked, peak_mb


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2048)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.zip"
        write(path, given.megabytes * 2**20)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            whole, seconds, cpu_s, peak_mb = pool.submit(measured, path).result()
    print(
        f"export.xml of {given.megabytes} MB, {ROUTES} routes of an hour: "
        f"{seconds:.0f} s ({cpu_s:.0f} s of CPU), peak {peak_mb:.0f} MB"
    )
    return 0 if whole == ROUTES and peak_mb < MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
