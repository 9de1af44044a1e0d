"""What names tell: which files are looked at, and which belong together."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from retrorun.archive import FileRow
from retrorun.readers.registry import suffixes
from retrorun.storage import Entry
from retrorun.storage.entries import PACKED, is_archive, is_export, may_be_export

__all__ = [
    "PACKED",
    "container",
    "is_archive",
    "is_export",
    "is_known",
    "is_table",
    "may_be_wanted",
    "member_tag",
    "named_after",
]

TABLE = ".labels.csv"
_MEMBER = "member:"


def is_table(name: str) -> bool:
    """Whether a name is that of a table of labels beside an export."""
    return name.lower().endswith(TABLE) and not PurePosixPath(name).name.startswith((".", "~"))


def is_known(name: str) -> bool:
    """Whether a file is looked at: an export, an archive or a table of labels."""
    return is_export(name) or is_table(name)


def may_be_wanted(name: str) -> bool:
    """Whether a file is looked at, or might be, depending on its content."""
    return is_known(name) or may_be_export(name)


def table_endings() -> tuple[str, ...]:
    """What may follow a table's stem in the name of its export."""
    ends = (*suffixes(), *suffixes(shared=True))
    return ("", *(end + packed for end in ends for packed in ("", PACKED)))


def named_after(tables: Iterable[Entry], exports: Iterable[Entry]) -> list[tuple[str, ...]]:
    """For each table of labels the paths of the exports that it lies beside.

    ``run.labels.csv`` lies beside ``run.fit`` and ``run.gpx``, ``run.fit.labels.csv`` beside the
    one.
    """
    by_address: dict[str, list[str]] = {}
    for each in exports:
        by_address.setdefault(each.address.lower(), []).append(each.address)
    endings = table_endings()
    stems = [each.address[: -len(TABLE)].lower() for each in tables]
    return [
        tuple(path for end in endings for path in by_address.get(stem + end, ())) for stem in stems
    ]


def member_tag(archive: str) -> str:
    """The tag of an archive's members: how much of their path is the archive's."""
    return f"{_MEMBER}{len(archive)}"


def container(row: FileRow) -> str | None:
    """The path of the archive that a member lies in; None for a file by itself."""
    if not row.tag.startswith(_MEMBER):
        return None
    return row.path[: int(row.tag.removeprefix(_MEMBER))]
