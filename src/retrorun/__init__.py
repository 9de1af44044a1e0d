"""retrorun finds, measures and compares backward running in watch and phone recordings."""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrorun.export import Tables

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def load(archive: str | PathLike[str] | None = None) -> "Tables":
    """The sessions and segments of an archive as pandas frames, units in the column names.

    Args:
        archive: the archive's folder. None: that of the environment variable RETRORUN_ARCHIVE,
            else the platform's data folder, as on the command line.

    Raises:
        ArchiveError: there is no archive, it cannot be read, or sessions still hold seconds in a
            privacy zone.
    """
    import os
    from pathlib import Path

    from platformdirs import user_data_path

    from retrorun.archive import Archive
    from retrorun.export import tables
    from retrorun.privacy_zones import exposed

    chosen = archive or os.environ.get("RETRORUN_ARCHIVE")
    folder = Path(chosen) if chosen else user_data_path("retrorun", appauthor=False)
    with Archive.open(folder, create=False) as store:
        athlete, open_sessions = store.annotations.profile(), store.annotations.exposed()
        if athlete.privacy_zones and not athlete.zone_secret:  # of an older version
            open_sessions = list(store.known())
        if open_sessions:
            raise exposed(open_sessions[0])
        return tables(store.sessions())
