"""retrorun finds, measures and compares backward running in watch and phone recordings."""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrorun.export import Tables

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def load(archive: str | PathLike[str]) -> "Tables":
    """The sessions and segments of an archive as pandas frames, units in the column names.

    Args:
        archive: the archive's folder.

    Raises:
        ArchiveError: there is no archive, it cannot be read, or sessions still hold seconds in a
            privacy zone.
    """
    from pathlib import Path

    from retrorun.archive import Archive
    from retrorun.export import tables
    from retrorun.privacy_zones import exposed

    with Archive.open(Path(archive), create=False) as store:
        athlete, open_sessions = store.annotations.profile(), store.annotations.exposed()
        if athlete.privacy_zones and not athlete.zone_secret:  # of an older version
            open_sessions = list(store.known())
        if open_sessions:
            raise exposed(open_sessions[0])
        return tables(store.sessions())
