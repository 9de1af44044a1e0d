"""What ``export`` writes: tables of sessions and segments, and a file a track."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from retrorun import export, privacy
from retrorun.archive import Archive
from retrorun.errors import ArchiveError
from retrorun.model import Athlete, Session


def write(
    store: Archive, sessions: Sequence[Session], what: Sequence[str], form: str, folder: Path
) -> Iterator[Path]:
    """Write the chosen tables into a folder and yield each file.

    Raises:
        ArchiveError: a file cannot be written, or a track is missing.
    """
    found = export.tables(sessions)
    for kind, frame in (("sessions", found.sessions), ("segments", found.segments)):
        if kind in what and form != "gpx":
            yield _put(folder / f"{kind}.{form}", export.encoded(frame, form))
    if "tracks" in what:
        athlete = store.profile()
        for session in sessions:
            data = _track(store, session, form, athlete)
            yield _put(folder / "tracks" / f"{session.id}.{form}", data)


def _track(store: Archive, session: Session, form: str, athlete: Athlete) -> bytes:
    """One track; what lies in a privacy zone is left out."""
    track = privacy.without_zones(store.track(session.id), athlete.privacy_zones)
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
