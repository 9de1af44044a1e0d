"""Coverage-guided fuzzing of the readers: inputs that reach new code are mutated further.

``python benchmarks/fuzz_guided.py --seconds 600`` starts from the seeds of ``fuzz.py`` and holds
every input to its rule: a recording or a named reason, within 5 s (times four, for watched code is
slow), and no allocation over 500 MB. It ends at the first breach and keeps the input. Needs
``atheris`` (``pip install atheris``; it has no build for every machine); without it, it says so
and ends well.
"""

import argparse
import importlib
import importlib.util
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

SHORT = 8000  # bytes of a seed, so that many inputs are tried; libFuzzer may lengthen them
LONGEST = 40_000
SLOWER = 4  # watched code takes about so many times as long


def watched() -> ModuleType | None:
    """``fuzz.py`` with all of retrorun's code watched for coverage; None without atheris."""
    if importlib.util.find_spec("atheris") is None:
        return None
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["retrorun"]):
        import fuzz

        for name in ("fit", "gpx", "tcx", "gpx_second"):
            importlib.import_module(f"retrorun.readers.{name}")
    return fuzz


def begin(folder: Path, fuzz: ModuleType) -> None:
    """Write the first inputs: short seeds, and a mutation of each."""
    base = [data[:SHORT] for data in fuzz.seeds()]
    for number, data in enumerate(base):
        (folder / f"seed-{number}").write_bytes(data)
        (folder / f"mutated-{number}").write_bytes(fuzz.mutated(number, base)[:LONGEST])


def tried(data: bytes, judge: Callable[[bytes], None]) -> None:
    """One input; what it raises is a find, a warning too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judge(bytes(data))


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-finds"))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    fuzz = watched()
    if fuzz is None:
        print("atheris is not installed: nothing was fuzzed (pip install atheris)")
        return 0
    atheris = importlib.import_module("atheris")
    given.keep.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as held:
        begin(Path(held), fuzz)
        options = [
            *(f"-max_total_time={given.seconds}", f"-seed={given.seed}"),
            *(f"-timeout={SLOWER * fuzz.SLOWEST_S:.0f}", f"-malloc_limit_mb={fuzz.LARGEST_MB:.0f}"),
            "-rss_limit_mb=2000",  # atheris's own tables grow by some 2 kB an input
            *(f"-max_len={LONGEST}", f"-artifact_prefix={given.keep}/"),
            *("-print_final_stats=1", held),
        ]
        judge = partial(fuzz.outcome, limits=fuzz.ReadLimits())
        atheris.Setup([sys.argv[0], *options], partial(tried, judge=judge))
        atheris.Fuzz()  # ends the process: with 0 when the time is over, else at the first find
    return 0


if __name__ == "__main__":
    sys.exit(main())
