"""Tables of labels within an archive, beside the exports that they speak of.

They are met before the exports. An export that is about to be analysed hears them at once; one that
has its session is analysed anew when the whole archive was read, as with loose tables.
"""

import hashlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from retrorun.archive import Archive, FileRow
from retrorun.errors import RetrorunError
from retrorun.ingest import sidecars
from retrorun.ingest.names import TABLE, is_table, member_tag, table_endings
from retrorun.ingest.planning import Candidate, Table
from retrorun.ingest.problems import told
from retrorun.ingest.sidecars import Said
from retrorun.storage import Entry

if TYPE_CHECKING:
    from retrorun.model import Label


class PackedLabels:
    """The tables of one archive.

    Args:
        address: the archive's own path.
        archive: keeps what they say.
        undone: path and hash of tables that were taken back and are left alone.
    """

    def __init__(
        self, address: str, archive: Archive, undone: Container[tuple[str, str]] = ()
    ) -> None:
        self.address = address
        self.archive = archive
        self.undone = undone
        self._said: dict[str, Said] = {}
        self._used: dict[str, str] = {}  # member → the table that is used of those beside it

    def take(self, name: str, content: bytes | RetrorunError) -> bool:
        """Whether a member is a table; it is read and kept in mind."""
        if not is_table(name):
            return False
        from retrorun.readers.label_table import label_table

        data = content if isinstance(content, bytes) else b""
        sha256 = hashlib.sha256(data).hexdigest() if data else ""
        if (name, sha256) in self.undone:
            return True
        entry = Entry(name, name[len(self.address) + 1 :], len(data), member_tag(self.address))
        table = Table(Candidate(entry, sha256), ())
        try:
            if isinstance(content, RetrorunError):
                raise content
            self._said[name] = Said(table, label_table(name, content))
        except RetrorunError as problem:
            self._said[name] = Said(table, problem=told(problem))
        return True

    def meet(self, path: str) -> None:
        """Note which tables lie beside a member; the last by its name is used, as of loose ones."""
        for name, said in self._said.items():
            if _beside(name, path):
                exports = (*said.table.exports, path)
                self._said[name] = replace(said, table=replace(said.table, exports=exports))
                if said.problem is None:
                    self._used[path] = max(name, self._used.get(path, name))

    def before(self, path: str, sha256: str) -> None:
        """Keep what is said of a member that is about to be analysed."""
        if path in self._used:
            self._keep(sha256, self._said[self._used[path]].labels)

    def after(self) -> list[FileRow]:
        """Keep what is said of members that have a session, which is analysed anew if need be.

        Every member is written by now, but those that are copies need not be.

        Returns:
            What became of the tables; a heard one that is as it was stays with its import.
        """
        if not self._said:
            return []
        rows = {row.path: row for row in self.archive.files()}
        standing = set(self.archive.known().values())
        wanted = {
            rows[path].sha256: (rows[path], self._said[name].labels)
            for path, name in self._used.items()
            if sidecars.stands(rows.get(path), standing) or sidecars.is_linked(rows.get(path))
        }
        for row, labels in wanted.values():
            if sidecars.stands(row, standing):
                self._keep(row.sha256, labels)
            elif not self._is_kept(row.sha256, labels):
                sidecars.keep_for_linked(row, labels, self.archive)
        found = [self._row(each, rows, standing) for each in self._said.values()]
        return [row for row in found if row.slug or rows.get(row.path) != row]

    def _keep(self, sha256: str, labels: "Mapping[int, tuple[Label, ...]]") -> None:
        if not self._is_kept(sha256, labels):
            self.archive.set_labels(sha256, labels)

    def _is_kept(self, sha256: str, labels: "Mapping[int, tuple[Label, ...]]") -> bool:
        from retrorun.readers.label_table import ORIGIN

        known = {
            place: own
            for place, kept in self.archive.labels(sha256).items()
            if (own := tuple(each for each in kept if each.origin.endswith(ORIGIN)))
        }
        return known == labels

    def _row(self, said: Said, rows: Mapping[str, FileRow], standing: set[str]) -> FileRow:
        exports = [path for path in said.table.exports if sidecars.stands(rows.get(path), standing)]
        joined = list(self._joined(said, rows))
        row = sidecars.row_of(said, exports or joined, rows)
        if exports:
            row = sidecars.checked(row, said, self.archive, rows)
        name = said.table.file.entry.address
        used = {self._used[path] for path in exports if path in self._used}
        if row.slug or not used or name in used:
            return row
        return replace(row, message=f"{PurePosixPath(min(used)).name} is used instead")

    def _joined(self, said: Said, rows: Mapping[str, FileRow]) -> Iterator[str]:
        """Second devices that were joined with these very labels: those hold for the watch's."""
        for path in said.table.exports if said.labels else ():
            row = rows.get(path)
            if row and sidecars.is_linked(row) and self._is_kept(row.sha256, said.labels):
                yield path


def _beside(table: str, path: str) -> bool:
    """Whether a table lies beside a member, which may have its title in brackets."""
    stem, own = table[: -len(TABLE)].lower(), path.lower()
    return any(
        own == stem + ending or own.startswith(f"{stem}{ending} (") for ending in table_endings()
    )
