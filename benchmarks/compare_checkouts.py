"""Compare what two checkouts write for the same files, byte for byte.

    python benchmarks/compare_checkouts.py OLD/.venv/bin/retrorun NEW/.venv/bin/retrorun

Runs each command with both programs over ``sample_data`` and, where it lies beside the checkout,
``../shared/corpus``: JSON documents, explanations, pages, tables, result sets and exit statuses.
Prints each difference and ends with 1 if there was one. It is meant for moves and renames, which
must change nothing. Pages name the fingerprint of the settings: it differs where a setting was
added, and is left out of the comparison.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "sample_data"
CORPUS = ROOT.parent / "shared" / "corpus"


@dataclass(frozen=True, slots=True)
class Run:
    """What a command printed and left."""

    status: int
    stdout: bytes


def run(program: Path, *words: str | Path, cwd: Path) -> Run:
    """Run a command of the program in a folder; the environment holds no terminal."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
    ended = subprocess.run(  # noqa: S603 - the programs are named by whoever calls this
        [program, *map(str, words)], cwd=cwd, env=environment, capture_output=True, check=False
    )
    return Run(ended.returncode, ended.stdout)


def commands(folder: Path) -> Iterator[tuple[str, tuple[str | Path, ...]]]:
    """Name and words of each command for one folder of exports; they run in this order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    profile = SAMPLES / "profile.toml"
    yield "analyze", ("analyze", "--json", "--profile", profile, *files)
    yield "explain", ("explain", files[0], files[len(files) // 2], files[-1])
    where = ("--archive", "archive")
    yield "process", ("process", folder, *where, "--reports", "pages", "--profile", profile)
    yield "sessions", ("sessions", *where, "--json")
    yield "compare", ("compare", *where, "--reports", "pages", "--json")
    for form in ("csv", "parquet", "json"):
        yield f"export {form}", ("export", *where, "--format", form, "--out", f"export-{form}")


def differences(old: Path, new: Path, folder: Path) -> Iterator[str]:
    """Run every command with both programs and name what differs."""
    with tempfile.TemporaryDirectory() as place:
        homes = Path(place, "old"), Path(place, "new")
        for home in homes:
            home.mkdir()
        for name, words in commands(folder):
            before, after = (
                run(program, *words, cwd=home)
                for program, home in zip((old, new), homes, strict=True)
            )
            if before.status != after.status:
                yield f"{name}: exit {before.status} and {after.status}"
            if before.stdout != after.stdout:
                yield f"{name}: other output"
        prints = fingerprint(old), fingerprint(new)
        for part in ("pages", "export-csv", "export-parquet", "export-json"):
            yield from _trees(homes[0] / part, homes[1] / part, prints)


def fingerprint(program: Path) -> bytes:
    """The fingerprint of a checkout's default settings."""
    code = "from retrorun.settings import Settings; print(Settings().fingerprint(), end='')"
    return subprocess.run(  # noqa: S603 - the programs are named by whoever calls this
        [program.parent / "python", "-c", code], capture_output=True, check=True
    ).stdout


def _trees(old: Path, new: Path, prints: tuple[bytes, bytes]) -> Iterator[str]:
    before, after = (
        {path.relative_to(tree) for path in tree.rglob("*") if path.is_file()}
        for tree in (old, new)
    )
    yield from (f"{old.name}/{path}: only in one" for path in sorted(before ^ after))
    for path in sorted(before & after):
        if (old / path).read_bytes().replace(*prints) != (new / path).read_bytes():
            yield f"{old.name}/{path}: other bytes"


def main() -> None:
    """Compare, print, and end with 1 if something differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    chosen = parser.parse_args()
    count = 0
    for folder in (SAMPLES, CORPUS):
        if not folder.is_dir():
            print(f"{folder.name} is not here: not compared")
            continue
        for line in differences(chosen.old.absolute(), chosen.new.absolute(), folder):
            count += 1
            print(f"{folder.name}: {line}")
    print(f"{count} differences")
    sys.exit(count > 0)


if __name__ == "__main__":
    main()
