"""What is installed, where things are, what is wrong and how to mend it: as values."""

import platform
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePath

from retrorun import __version__
from retrorun.archive import Archive, maintenance
from retrorun.errors import RetrorunError
from retrorun.ingest import plan_import
from retrorun.model import Athlete
from retrorun.storage import shown

LITTLE_BYTES = 500 * 2**20
LIBRARIES = ("python-fitparse", "lxml", "numpy", "pandas", "pyarrow", "plotly", "watchfiles")
FITPARSE_CLASH = "`pip uninstall fitparse`, then `pip install --force-reinstall python-fitparse`"
WANTED = {
    "mass_kg": "energy is in kcal/kg instead of kcal",
    "birth_year": "the maximum heart rate cannot be estimated",
    "sex": "TRIMP cannot be weighted",
    "hr_rest_bpm": "heart-rate reserve and TRIMP are not known",
    "hr_max_bpm": "heart-rate zones are not known",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at; a ``remedy`` means that it could be better."""

    topic: str
    text: str
    remedy: str | None = None


def facts(archive_folder: Path, reports: Path, exports: Path | None = None) -> list[Fact]:
    """Everything worth knowing when something is not as expected.

    Args:
        archive_folder: need not exist.
        reports: need not exist.
        exports: a folder of exports, to say what of it was not read and why.
    """
    found = [*_versions(), *_folder("archive", archive_folder), *_folder("reports", reports)]
    try:
        with Archive.open(archive_folder, create=False) as archive:
            found += [*_health(archive), *_gaps(archive.annotations.profile()), *_problems(archive)]
            found += _unread(exports, archive) if exports else ()
    except RetrorunError as problem:
        found.append(Fact("archive", problem.message, problem.remedy or "See the message."))
    return found


def _versions() -> Iterator[Fact]:
    yield Fact("version", f"retrorun {__version__}")
    yield Fact("version", f"Python {platform.python_version()} on {platform.platform()}")
    yield Fact("version", f"SQLite {sqlite3.sqlite_version}")
    for name in LIBRARIES:
        try:
            yield Fact("version", f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Fact("version", f"{name} is missing", f"`pip install {name}`")
    yield from _clash()


def _clash() -> Iterator[Fact]:
    """The old distribution ``fitparse`` and ``python-fitparse`` own the same package folder."""
    with suppress(metadata.PackageNotFoundError):
        text = f"fitparse {metadata.version('fitparse')} is installed over python-fitparse"
        yield Fact("version", text, FITPARSE_CLASH)


def _folder(topic: str, folder: Path) -> Iterator[Fact]:
    yield Fact(topic, shown(str(folder.absolute())))
    there = next((each for each in (folder, *folder.absolute().parents) if each.exists()), folder)
    try:
        free = shutil.disk_usage(there).free
    except OSError as problem:
        yield Fact(topic, f"cannot be looked at: {problem.strerror}", "Mend its permissions.")
        return
    remedy = "Make room." if free < LITTLE_BYTES else None
    yield Fact(topic, f"{free / 2**30:.1f} GiB free", remedy)


def _health(archive: Archive) -> Iterator[Fact]:
    sessions = len(archive.briefs())
    yield Fact("archive", f"{sessions} sessions of {len(archive.files())} files")
    findings = maintenance.check(archive, deep=False)
    yield from (Fact("archive", each.message, each.remedy) for each in findings)
    if not findings:
        yield Fact("archive", "healthy")


def _gaps(athlete: Athlete) -> Iterator[Fact]:
    for name, consequence in WANTED.items():
        if getattr(athlete, name) is None:
            yield Fact(
                "profile", f"{name} is not set: {consequence}", f"`retrorun profile {name}=…`"
            )


def _problems(archive: Archive) -> Iterator[Fact]:
    for row in archive.problems():
        kind = "no run" if row.outcome == "not-a-run" else "failed"
        text = f"{kind}: {shown(row.path)}: {row.message}"
        yield Fact("file", text, row.remedy if row.outcome == "failed" else None)


def _unread(exports: Path, archive: Archive) -> Iterator[Fact]:
    seen = plan_import(exports, archive)
    if seen.new:
        remedy = f"`retrorun process {shown(str(exports))}`"
        yield Fact("folder", f"{len(seen.new)} files are not imported yet", remedy)
    kinds = Counter(PurePath(path).suffix.lower() or "no suffix" for path in seen.passed_over)
    for kind, count in sorted(kinds.items()):
        yield Fact("folder", f"{count} files are no exports by their name ({shown(kind)})")
    for path, words in seen.unlisted:
        yield Fact("folder", f"{shown(path)}: {words}", "Mend its permissions.")
    for path in seen.waiting:
        yield Fact("folder", f"{shown(path)} is still growing")
