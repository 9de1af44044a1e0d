"""Stores of exports for the benchmark of the cluster: athletes with an hour a day."""

import os
from pathlib import Path

from retrorun.simulate import fit_bytes
from speed_material import BASES, bases, shifted

ATHLETES = 50


def write(folder: Path, count: int) -> Path:
    """Write as many one-hour FIT files, spread over the athletes; what is there is kept."""
    paths = [_path(folder, number) for number in range(count)]
    missing = [(number, path) for number, path in enumerate(paths) if not path.exists()]
    made = bases() if missing else []
    known: dict[tuple[int, int], bytes] = {}
    for number, path in missing:
        day, athlete = divmod(number, ATHLETES)
        base = (athlete + day) % BASES
        if (base, day) not in known:
            known[base, day] = fit_bytes(shifted(made[base], day))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(known[base, day])
    return folder


def part(whole: Path, folder: Path, count: int) -> Path:
    """The first so many of those files again, as links: a smaller store."""
    for number in range(count):
        path = _path(folder, number)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(_path(whole, number), path)
    return folder


def _path(folder: Path, number: int) -> Path:
    day, athlete = divmod(number, ATHLETES)
    return folder / f"athlete-{athlete:03}" / f"day-{day:04}.fit"
