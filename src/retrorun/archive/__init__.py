"""The archive of one athlete: a SQLite database, tracks and originals; the only way to them."""

from retrorun.archive.archive import Archive, Import
from retrorun.archive.rows import FileRow, Parcel, Problem, SessionRow

__all__ = ["Archive", "FileRow", "Import", "Parcel", "Problem", "SessionRow"]
