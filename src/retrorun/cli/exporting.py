"""What ``export`` writes: tables and tracks of the archive, or a result set de-identified."""

import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from retrorun import export, privacy_zones, results
from retrorun.archive import Archive
from retrorun.cli.faults import Faults
from retrorun.errors import ArchiveError, SettingsError
from retrorun.model import Athlete, Session
from retrorun.publish import of_sound
from retrorun.report import Fault
from retrorun.storage import open_store, without_user


def write(
    store: Archive,
    sessions: Sequence[Session],
    what: Sequence[str],
    form: str,
    folder: Path,
    faults: Faults,
) -> Iterator[Path]:
    """Write the chosen tables into a folder and yield each file.

    A session whose track cannot be read or written is among the faults, and all others are written.

    Raises:
        ArchiveError: a file cannot be written.
    """
    found, odd = of_sound(sessions, export.tables)
    faults.add(odd)
    for kind, frame in (("sessions", found.sessions), ("segments", found.segments)):
        if kind in what and form != "gpx":
            yield _put(folder / f"{kind}.{form}", export.encoded(frame, form))
    if "tracks" in what:
        athlete = store.annotations.profile()
        for session in sessions:
            try:
                data = _track(store, session, form, athlete)
            except Exception as problem:  # noqa: BLE001 - whatever a stored session holds
                faults.add([Fault.of(session.id, problem)])
                continue
            yield _put(folder / "tracks" / f"{session.id}.{form}", data)


def _track(store: Archive, session: Session, form: str, athlete: Athlete) -> bytes:
    """One track; it is refused where it holds seconds in a privacy zone."""
    track = privacy_zones.check(store.track(session.id), athlete, session.id)
    if form == "gpx":
        return export.gpx_bytes(session, track)
    return export.encoded(export.track_table(track), form)


def _put(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as problem:
        words = problem.strerror or "cannot be written"
        raise ArchiveError("export-unwritable", words, file=str(path)) from problem
    return path


SALT = "RETRORUN_SALT"
_DRAWN = (
    "a salt was drawn and is not kept: the same runs will never get the same ids again, "
    f"not even from you (for that: --salt-file, or {SALT})"
)


def deidentify(source: str, out: str, salt_file: Path | None, *, tracks: bool) -> None:
    """Make a de-identified copy of a result set, and say what was written.

    Raises:
        SettingsError: the salt is too short, the source is a copy already, or something else
            lies where the copy is to go.
        ReadError: there is no result set, or a part of it is damaged.
    """
    there, copy, key = open_store(source), open_store(out), results.pseudonym_key(_salt(salt_file))
    said = results.read_about(there)
    if said.deidentified:
        words = "it is de-identified already"
        raise SettingsError("results-deidentified", words, file=without_user(source))
    about = results.deidentified_about(said, key, tracks=tracks and said.tracks)
    copy.put(results.ABOUT, results.encode_about(about))
    results.check_copy(copy, about)
    parts = 0
    for name, data in results.deidentify(there, key, tracks=about.tracks):
        parts += copy.put(name, data)
    click.echo(f"{parts} parts written", err=True)
    click.echo(without_user(out))


def _salt(file: Path | None) -> bytes:
    """The salt of a file, else of the environment, else a new one that nobody keeps."""
    if file is not None:
        return file.read_bytes().strip()
    said = os.environ.get(SALT, "").strip()
    if said:
        return said.encode()
    click.echo(_DRAWN, err=True)
    return secrets.token_hex(32).encode()
