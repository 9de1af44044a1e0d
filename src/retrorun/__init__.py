"""retrorun finds, measures and compares backward running in watch and phone recordings."""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrorun.export import Tables

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def load(archive: str | PathLike[str] | None = None) -> "Tables":
    """The sessions and segments of an archive as pandas frames, units in the column names.

    Sessions that cannot be read are left out; a warning counts them, and ``Tables.left_out`` says
    which they are and why.

    Args:
        archive: the archive's folder. None: that of the environment variable RETRORUN_ARCHIVE,
            else the platform's data folder, as on the command line.

    Raises:
        ArchiveError: there is no archive, it cannot be read, or sessions still hold seconds in a
            privacy zone.
    """
    import os
    import warnings
    from dataclasses import replace
    from pathlib import Path

    from platformdirs import user_data_path

    from retrorun.archive import Archive
    from retrorun.export import tables
    from retrorun.privacy_zones import exposed_error, mark

    chosen = archive or os.environ.get("RETRORUN_ARCHIVE")
    folder = Path(chosen) if chosen else user_data_path("retrorun", appauthor=False)
    with Archive.open(folder, create=False) as store:
        athlete, open_sessions = store.annotations.profile(), store.annotations.exposed()
        is_redrawn = mark(athlete) != store.annotations.zones_mark()
        if athlete.privacy_zones and (is_redrawn or not athlete.zone_secret):  # another version
            open_sessions = list(store.known())
        if open_sessions:
            raise exposed_error(open_sessions[0])
        left_out: dict[str, str] = {}
        sessions = store.sessions(lambda each, problem: left_out.update({each: str(problem)}))
    if left_out:
        first, reason = next(iter(left_out.items()))
        count = f"{len(left_out)} session{'s' if len(left_out) > 1 else ''}"
        words = f"{count} cannot be read (Tables.left_out), such as {first}: {reason}"
        warnings.warn(words, stacklevel=2)
    return replace(tables(sessions), left_out=left_out)
