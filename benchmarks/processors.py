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
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from retrorun.model import Analysis, Athlete

SAMPLES = Path(__file__).resolve().parents[1] / "sample_data"
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


def written(folder: Path, seeds: int) -> Iterator[tuple[str, str]]:
    """What this process's setting writes: name and SHA-256, by kinds. All in this one process."""
    from retrorun import pipeline, profile, results
    from retrorun.model import Analysis, Blob, Failed
    from retrorun.settings import Settings

    for name, data in simulated(seeds):
        yield f"simulated/{name}", _sha256(data)
    athlete = profile.load(SAMPLES / "profile.toml")
    analyses: list[Analysis] = []
    part = results.BatchWriter("0" * 32, tracks=True)
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        blob = Blob(path.name, path.read_bytes())
        outcome = pipeline.process(blob, Settings(), athlete)
        if isinstance(outcome, Failed):
            yield f"failed/{path.name}", _sha256(repr(outcome).encode())
            continue
        analyses.append(outcome)
        place = (str(path), path.name, 1, "", "")
        part.add(results.FileOutcomes("a", *place, (outcome,), outcome.source.sha256))
    yield from _analysed(analyses, athlete)
    for name, data in part.close():
        yield f"results/{name}", _sha256(data)


def _analysed(analyses: "list[Analysis]", athlete: "Athlete") -> Iterator[tuple[str, str]]:
    """Documents, rows and tracks as an archive keeps them, pages, what was learnt, comparison."""
    from retrorun import compare, contract, learn
    from retrorun.archive import objects, serialization
    from retrorun.archive.rows import SessionRow
    from retrorun.report.history.comparison import comparison_page
    from retrorun.report.history.sessions import index_page
    from retrorun.report.session.page import SessionContext, session_page
    from retrorun.settings import Settings

    for each in analyses:
        yield (
            f"json/{each.source.sha256[:12]}",
            _sha256(json.dumps(contract.document(each)).encode()),
        )
        for session, track in zip(each.sessions, each.tracks, strict=True):
            stored = serialization.encode_track(track)
            row = SessionRow.of(session, objects.digest(stored), "")
            yield f"rows/{session.id}", _sha256(repr(row).encode())
            yield f"tracks/{session.id}", _sha256(stored)
            page = session_page(session, track, SessionContext(athlete=athlete))
            yield f"pages/{session.id}", _sha256(page.encode())
    known = {session.id: session for each in analyses for session in each.sessions}
    sessions = sorted(known.values(), key=lambda each: (each.start_time_s, each.id))
    settings = Settings().compare
    yield "learnt/athlete", _sha256(repr(learn.learn(sessions, athlete, settings)).encode())
    found = compare.compare(sessions, athlete, settings)
    yield "comparison/values", _sha256(msgspec.json.encode(found))
    page = comparison_page(found, sessions, athlete)
    yield "comparison/page", _sha256(page.encode())
    yield "comparison/index", _sha256(index_page(sessions, athlete).encode())


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
        found = {name: _child(inputs, seeds, more) for name, more in settings().items()}
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


def _child(inputs: Path, seeds: int, more: dict[str, str]) -> dict[str, str]:
    kept = {key: each for key, each in os.environ.items() if key not in PROCESSOR}
    what = ["--write", "--inputs", str(inputs), "--seeds", str(seeds)]
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
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.write:
        print(json.dumps(dict(written(chosen.inputs[0], chosen.seeds))))
        return
    sys.exit(1 if compared(chosen.inputs, chosen.seeds) else 0)


if __name__ == "__main__":
    main()
