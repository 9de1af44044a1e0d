"""Large archives for the benchmark: real sessions of simulated hours, copied to other days."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

import speed_material
from retrorun import compare, pipeline, publish
from retrorun.archive import Archive, Change, FileRow, Parcel, objects, serialization
from retrorun.archive.rows import SessionRow
from retrorun.model import Analysis, Athlete, Blob
from retrorun.settings import Settings
from retrorun.simulate import fit_bytes
from retrorun.storage import Folder

ATHLETE = Athlete(mass_kg=64.0, birth_year=1987, sex="female", hr_rest_bpm=52, hr_max_bpm=187)
VERSION_ROWS = 500


@dataclass(frozen=True, slots=True)
class Pattern:
    """A session to be copied, and its track's bytes."""

    analysis: Analysis
    track: bytes


def patterns() -> list[Pattern]:
    """The sessions of the simulated hours, by the whole pipeline."""
    found = []
    for number, simulated in enumerate(speed_material.bases()):
        blob = Blob(f"hour-{number}.fit", fit_bytes(simulated))
        made = pipeline.process(blob, Settings(), ATHLETE)
        if not isinstance(made, Analysis):
            raise TypeError(f"the benchmark's own file failed: {made.slug} {made.message}")
        track = serialization.parcel(blob.data, made, ATHLETE).tracks[0]
        found.append(Pattern(made, track))
    return found


def drop(folder: Path, count: int) -> None:
    """Files that lie in the folder: small, different, and imported below."""
    for number in range(count):
        path = folder / f"{number // 500:02}" / f"day-{number:05}.fit"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"benchmark %d" % number)


def fill(archive: Archive, folder: Path, reports: Path | None = None) -> None:
    """Import a folder of ``drop`` as if each file held one of the patterns.

    Args:
        archive: to be filled.
        folder: what ``drop`` wrote.
        reports: also lay an (empty) page for each session, as if they had been written.
    """
    made = patterns()
    number = archive.writes.begin_import(str(folder), serialization.__name__, 0.0)
    rows: list[FileRow] = []
    parcels: list[Parcel] = []
    for day, (row, parcel) in enumerate(_copies(folder, made)):
        rows.append(row)
        parcels.append(parcel)
        if reports is not None:
            page = reports / "sessions" / f"{parcel.sessions[0].id}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.touch()
        if day % VERSION_ROWS == VERSION_ROWS - 1:
            archive.writes.apply(number, Change(rows, parcels))
            rows, parcels = [], []
    archive.writes.apply(number, Change(rows, parcels))
    archive.pending.settle_pages(
        archive.pending.pages(), archive.database.state()
    )  # as if pages had been written
    if reports is not None:
        _mark_pages(archive, reports)


def _mark_pages(archive: Archive, reports: Path) -> None:
    """Note with what each page was written, as if it had been."""
    pasts = compare.earlier_sessions(archive.sums(), Settings().compare)
    marks = {
        each: publish._fingerprint(pasts.get(each, compare.EarlierSessions()), "")  # noqa: SLF001
        for each in archive.known()
    }
    (reports / publish.PASTS).write_text(json.dumps(marks), encoding="utf-8")


def _copies(folder: Path, made: list[Pattern]) -> Iterator[tuple[FileRow, Parcel]]:
    from retrorun import __version__

    for day, entry in enumerate(Folder(folder).entries()):
        sha256 = hashlib.sha256(Path(entry.address).read_bytes()).hexdigest()
        pattern = made[day % len(made)]
        session = pattern.analysis.sessions[0]
        copy = replace(
            session,
            id=sha256[:12],
            source=structs.replace(session.source, name=Path(entry.name).name, sha256=sha256),
            start_time_s=session.start_time_s + day * speed_material.DAY_S,
        )
        track = objects.digest(pattern.track)
        row = SessionRow.of(copy, track, serialization.fingerprint(ATHLETE))
        parcel = Parcel(sha256, (row,), (pattern.track,))
        yield (
            FileRow(entry.address, entry.size, entry.tag, sha256, "imported", __version__),
            parcel,
        )


def profile(path: Path) -> Path:
    """The simulated athlete's profile as TOML."""
    said = ((name, getattr(ATHLETE, name)) for name in ("mass_kg", "birth_year", "sex"))
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in said]  # TOML's, too
    path.write_text("".join(lines), encoding="utf-8")
    return path
