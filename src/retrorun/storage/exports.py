"""Which names an export may have."""

from pathlib import PurePosixPath

SUFFIXES = (".fit", ".gpx", ".tcx")
PACKED = ".gz"
ARCHIVE = ".zip"


def is_export(name: str) -> bool:
    """Whether a name is one that an export may have; hidden and half-copied files are not."""
    path = PurePosixPath(name.lower())
    stem = path.with_suffix("") if path.suffix == PACKED else path
    return stem.suffix in (*SUFFIXES, ARCHIVE) and not path.name.startswith((".", "~"))


def is_archive(name: str) -> bool:
    """Whether a name is that of a zip."""
    return name.lower().endswith(ARCHIVE)
