"""Whether what is written depends on the processor: the same inputs under several code paths.

numpy, the C library and the linear algebra library choose code by what the processor can do. Each
setting below takes away some of that, in processes of its own; everything that they write is
compared by its SHA-256. Exits 1 where anything differs.

    python benchmarks/processors.py [--inputs FOLDER ...] [--seeds 3]
"""

import argparse
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[1] / "sample_data"
RUN = (str(Path(sys.executable).with_name("retrorun")),)
TABLES = ("sessions", "totals", "labels", "learnt")
PROCESSOR = ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "GLIBC_TUNABLES")


def settings() -> dict[str, dict[str, str]]:
    """What to take away, by name: environment variables."""
    from processor_features import optional_features

    numpy_only = {"NPY_DISABLE_CPU_FEATURES": " ".join(optional_features())}
    libraries = {
        "OPENBLAS_CORETYPE": "Nehalem",
        "OPENBLAS_NUM_THREADS": "1",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX",
    }
    return {
        "as it is": {},
        "numpy's baseline": numpy_only,
        "baseline, another BLAS, libm without FMA": numpy_only | libraries,
    }


def simulated(seeds: int) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of simulated exports: every scenario as FIT, GPX or TCX, ``seeds`` times."""
    from retrorun.simulate import fit_bytes, gpx_bytes, scenarios, simulate, tcx_bytes

    writers = ((".fit", fit_bytes), (".gpx", gpx_bytes), (".tcx", tcx_bytes))
    number = 0
    for name, scenario in sorted(scenarios().items()):
        for seed in range(1000, 1000 + seeds):
            made = simulate(scenario, seed)
            suffix, write = writers[number % 3] if scenario.watch.gps else writers[0]
            yield f"{name}-{seed}{suffix}", write(made)
            yield f"{name}-{seed}{suffix}.truth.json", made.truth.json()
            number += 1


def written(folder: Path, seeds: int, work: Path) -> Iterator[tuple[str, str]]:
    """What this process's setting writes: name and SHA-256, by kinds."""
    for name, data in simulated(seeds):
        yield f"simulated/{name}", _sha256(data)
    yield from _analysed(folder)
    yield from _archived(folder, work)
    yield from _cohort(folder, work)


def _analysed(folder: Path) -> Iterator[tuple[str, str]]:
    paths = [str(each) for each in sorted(folder.rglob("*")) if each.is_file()]
    profile = ("--profile", str(SAMPLES / "profile.toml"))
    documents = _run("analyze", "--json", *profile, *paths, ends_with={0, 1})
    for place, line in enumerate(documents.splitlines()):
        yield f"json/{place}", _sha256(line)


def _archived(folder: Path, work: Path) -> Iterator[tuple[str, str]]:
    archive, reports = work / "archive", work / "reports"
    profile = ["--profile", str(SAMPLES / "profile.toml"), "--archive", str(archive)]
    places = [*profile, "--reports", str(reports)]
    _run("process", str(folder), *places, "--jobs", "2", ends_with={0, 1})
    with sqlite3.connect(archive / "archive.sqlite") as database:
        database.row_factory = sqlite3.Row
        known = {row[0] for row in database.execute("select name from sqlite_master")}
        for table in (each for each in TABLES if each in known):
            for place, row in enumerate(database.execute(f"select * from {table} order by 1, 2")):  # noqa: S608 - names above
                cells = {key: row[key] for key in row.keys() if key != "import_id"}  # noqa: SIM118 - a Row
                yield f"rows/{table}/{place}", _sha256(repr(cells).encode())
    yield from _files("tracks", archive / "tracks")
    yield from _files("pages", reports)
    yield "comparison/json", _sha256(_run("compare", "--json", *places))
    _run("export", "--archive", str(archive), "--format", "parquet", "--out", str(work / "export"))
    yield from _files("export", work / "export")


def _cohort(folder: Path, work: Path) -> Iterator[tuple[str, str]]:
    results, tables = work / "results", work / "tables"
    _run("process", str(folder), "--out", str(results), "--tracks", "--jobs", "2", ends_with={0, 1})
    yield from _files("results", results)
    _run("compare", "--from", str(results), "--out", str(tables), "--jobs", "2", ends_with={0, 1})
    yield from _files("cohort", tables)


def _run(*arguments: str, ends_with: frozenset[int] | set[int] = frozenset({0})) -> bytes:
    command = [*RUN, *arguments]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own
    if done.returncode not in ends_with:
        raise SystemExit(f"{arguments[0]}: {done.returncode}: {done.stderr.decode()[-500:]}")
    return done.stdout


def _files(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        yield f"{kind}/{path.relative_to(folder)}", _sha256(path.read_bytes())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def compared(folders: list[Path], seeds: int) -> int:
    """Print what differs, by kind; the number of differences."""
    with tempfile.TemporaryDirectory() as place:
        inputs = Path(place) / "inputs"
        for number, folder in enumerate(folders):
            _copy(folder, inputs / str(number))
        (inputs / "simulated").mkdir(parents=True)
        for name, data in simulated(seeds):
            if not name.endswith(".json"):
                (inputs / "simulated" / name).write_bytes(data)
        found = {name: _child(inputs, seeds, place, more) for name, more in settings().items()}
    first, *others = found
    differing = 0
    for other in others:
        differing += _print(f"{first} ↔ {other}", found[first], found[other])
    return differing


def _copy(source: Path, target: Path) -> None:
    for path in sorted(each for each in source.rglob("*") if each.is_file()):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())


def _child(inputs: Path, seeds: int, place: str, more: dict[str, str]) -> dict[str, str]:
    kept = {key: each for key, each in os.environ.items() if key not in PROCESSOR}
    with tempfile.TemporaryDirectory(dir=place) as work:
        what = ["--write", work, "--inputs", str(inputs), "--seeds", str(seeds)]
        command = [sys.executable, __file__, *what]
        done = subprocess.run(command, env=kept | more, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def _print(title: str, ours: dict[str, str], theirs: dict[str, str]) -> int:
    names = sorted(ours.keys() | theirs.keys())
    differing = [name for name in names if ours.get(name) != theirs.get(name)]
    print(f"{title}: {len(differing)} of {len(names)} differ")
    for kind in dict.fromkeys(name.partition("/")[0] for name in names):
        mine = [name for name in differing if name.startswith(f"{kind}/")]
        of = sum(name.startswith(f"{kind}/") for name in names)
        print(f"  {kind:12} {len(mine):4} of {of:4}", *mine[:4])
    return len(differing)


def main() -> None:
    """Compare, or, as a child, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=Path, nargs="*", default=[SAMPLES])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.write is not None:
        print(json.dumps(dict(written(chosen.inputs[0], chosen.seeds, chosen.write))))
        return
    sys.exit(1 if compared(chosen.inputs, chosen.seeds) else 0)


if __name__ == "__main__":
    main()
