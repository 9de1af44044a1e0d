"""The archive of one athlete: a SQLite database, tracks and originals; the only way to them."""

from retrorun.archive.archive import Archive
from retrorun.archive.rows import FileRow, Match, Parcel, Problem, SessionRow
from retrorun.archive.writes import Change, Import

__all__ = ["Archive", "Change", "FileRow", "Import", "Match", "Parcel", "Problem", "SessionRow"]
