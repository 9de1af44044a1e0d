"""Tables of labels within an archive, beside the exports that they speak of."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from retrorun import __version__
from retrorun.archive import Archive, FileRow
from retrorun.errors import ReadError, RetrorunError
from retrorun.ingest.names import TABLE, is_table, member_tag, table_endings
from retrorun.ingest.problems import told

if TYPE_CHECKING:
    from retrorun.model import Label

LABELS = "labels"  # the rule by which a table's row counts as imported


class PackedLabels:
    """The tables of one archive; they are met before its exports.

    Args:
        archive: keeps what they say.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._said: dict[str, Mapping[int, tuple[Label, ...]]] = {}
        self._heard: dict[str, str] = {}
        self._problems: dict[str, RetrorunError] = {}

    def take(self, name: str, content: bytes | RetrorunError) -> bool:
        """Whether a member is a table; it is read and kept in mind."""
        if not is_table(name):
            return False
        from retrorun.readers.label_table import label_table

        try:
            if isinstance(content, RetrorunError):
                raise content
            self._said[name] = label_table(name, content)
        except RetrorunError as problem:
            self._problems[name] = problem
        return True

    def say(self, path: str, sha256: str) -> bool:
        """Keep what tables say of a member; whether that is something new."""
        from retrorun.readers.label_table import ORIGIN

        before = self.archive.labels(sha256)
        for name, said in self._said.items():
            if not _beside(name, path):
                continue
            self._heard.setdefault(name, path)
            known = {
                place: own
                for place, labels in before.items()
                if (own := tuple(each for each in labels if each.origin == ORIGIN))
            }
            if known != said:
                self.archive.set_labels(sha256, said)
                return True
        return False

    def rows(self, address: str) -> list[FileRow]:
        """What became of each table, by the archive's path."""
        alone = "there is no export of this name beside it that stands"
        rows = [
            FileRow(name, 0, member_tag(address), "", "imported", __version__, LABELS, path)
            for name, path in self._heard.items()
        ]
        problems = self._problems | {
            name: ReadError("labels-alone", alone, file=name)
            for name in self._said
            if name not in self._heard
        }
        for name, error in problems.items():
            problem = told(error)
            rows.append(
                FileRow(
                    *(name, 0, member_tag(address), "", problem.outcome, __version__),
                    slug=problem.slug,
                    message=problem.message,
                    remedy=problem.remedy,
                )
            )
        return rows


def _beside(table: str, path: str) -> bool:
    """Whether a table lies beside a member, which may have its title in brackets."""
    stem, own = table[: -len(TABLE)].lower(), path.lower()
    return any(
        own == stem + ending or own.startswith(f"{stem}{ending} (") for ending in table_endings()
    )
