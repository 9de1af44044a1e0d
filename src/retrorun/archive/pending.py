"""What is left to be done: exports to be analysed again, and pages to be written.

Both are noted in the transaction that makes them necessary, so that a process that is killed leaves
them to the next one.
"""

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from retrorun.archive.database import Database, path_bytes
from retrorun.archive.objects import Objects, digest, unpack
from retrorun.errors import UNREAD, ArchiveError

# files that should have a session and have none; that of a joined second device needs none
WITHOUT_SESSION = (
    "outcome = 'imported' AND coalesce(rule, '') NOT IN ('unpacked', 'labels') "
    "AND sha256 NOT IN (SELECT sha256 FROM sessions) "
    "AND sha256 NOT IN (SELECT phone_sha256 FROM matches WHERE state = 'joined')"
)
_UNREADABLE = "unreadable-originals"  # name of the document: hash → state when it was tried
_FAILED = "failed-reprocessing"  # name of the document: hash → version and settings that failed
_FOLDERS = "pages-due-in-folders"  # name of the document: folder → sessions whose pages are older
MOST_FOLDERS = 8  # of pages that are remembered, those written last
FileState = list[int] | None  # size and time of the last change; None: no such file


class Pending:
    """The exports and pages of an archive that are due."""

    def __init__(self, database: Database, originals: Objects) -> None:
        self._database = database
        self._originals = originals
        self._learnt_at: int | None = None

    def mark_learnt(self) -> None:
        """Remember that sessions are learnt from as they are now: later ones may teach more."""
        self._learnt_at = self._database.state()

    def is_learnt(self) -> bool:
        """Whether no other connection changed the archive since sessions were learnt from here."""
        return self._learnt_at in {None, self._database.state()}

    def is_empty(self) -> bool:
        """Whether nothing is left to be done."""
        return not (self.pages() or self.exports())

    def exports(self) -> list[str]:
        """Hashes of exports that are to be analysed again from their originals.

        Exports that were replaced or taken back since they were noted are left out, and so are
        those that wait for their original.
        """
        waiting = set(self.waiting_for_original())
        rows = self._database.rows(
            "SELECT sha256 FROM again WHERE sha256 IN (SELECT sha256 FROM sessions) "  # noqa: S608
            f"UNION SELECT sha256 FROM files WHERE {WITHOUT_SESSION} ORDER BY 1"
        )
        return [each for (each,) in rows if each not in waiting]

    def is_wanted(self, sha256: str) -> bool:
        """Whether an export has a session, or should have one: it was not taken back or replaced.

        Asked with the lock of the one writer, it tells what another program has done before.
        """
        query = f"SELECT 1 FROM files WHERE sha256 = ? AND {WITHOUT_SESSION} LIMIT 1"  # noqa: S608
        return self._database.has_session(sha256) or bool(self._database.rows(query, sha256))

    def noted_sessions(self) -> set[str]:
        """Ids of sessions whose numbers are older than the last answer, or than another change.

        They are noted to be analysed again, with those that wait for their original.
        """
        query = "SELECT id FROM sessions WHERE sha256 IN (SELECT sha256 FROM again)"
        return {each for (each,) in self._database.rows(query)}

    def outdated(self, settings: str, version: str) -> list[str]:
        """Ids of sessions made with other settings or by another version, newest first.

        Those that could not be analysed by this version with these settings are left out, and so
        are those that wait for their original.
        """
        failed, made_by = self._document(_FAILED), f"{version} {settings}"
        left_out = {each for each in failed if failed[each] == made_by}
        left_out |= set(self.waiting_for_original())
        rows = self._database.rows(
            "SELECT id, sha256 FROM sessions WHERE settings <> ? OR version <> ? "
            "ORDER BY start_time_s DESC, id DESC",
            settings,
            version,
        )
        return [session_id for session_id, sha256 in rows if sha256 not in left_out]

    def note_failed(self, sha256s: Iterable[str], settings: str, version: str) -> None:
        """Note that files could not be analysed by this version with these settings."""
        found = dict.fromkeys(sha256s, f"{version} {settings}")
        if not found:
            return
        known = {each for (each,) in self._database.rows("SELECT sha256 FROM sessions")}
        failed = self._document(_FAILED) | found
        with self._database.transaction():
            left = {each: failed[each] for each in sorted(failed) if each in known}
            self._database.put_document(_FAILED, json.dumps(left).encode())

    def waiting_for_original(self) -> list[str]:
        """Hashes of noted exports whose original could not be read and is as it was then."""
        tried = self._unreadable()
        noted = self._noted_hashes() if tried else set[str]()
        return [each for each in tried if each in noted and tried[each] == self._state(each)]

    def _noted_hashes(self) -> set[str]:
        query = "SELECT sha256 FROM again WHERE sha256 IN (SELECT sha256 FROM sessions)"
        return {each for (each,) in self._database.rows(query)}

    def _unreadable(self) -> dict[str, FileState]:
        return self._document(_UNREADABLE)

    def _document(self, name: str) -> dict[str, Any]:
        document = self._database.document(name)
        try:
            found = json.loads(document) if document is not None else {}
        except ValueError:  # damaged: each is tried once more, and noted again
            return {}
        return found if isinstance(found, dict) else {}

    def _state(self, sha256: str) -> FileState:
        try:
            found = self._originals.path(sha256).stat()
        except OSError:
            return None
        return [found.st_size, found.st_ctime_ns]

    def _is_readable(self, sha256: str) -> bool:
        try:
            return digest(unpack(self._originals.get(sha256))) == sha256
        except ArchiveError:
            return False

    def _keep_waiting(self, sha256: str) -> None:
        """Keep an export noted until its original changes, in a transaction."""
        self.add([sha256])
        noted = self._noted_hashes()
        tried = self._unreadable() | {sha256: self._state(sha256)}
        left = {each: tried[each] for each in sorted(tried) if each in noted}
        self._database.put_document(_UNREADABLE, json.dumps(left).encode())

    def add(self, sha256s: Iterable[str]) -> None:
        """Note exports to be analysed again, in the transaction of what makes it necessary."""
        self._database.connection.executemany(
            "INSERT OR REPLACE INTO again VALUES (?)", [(each,) for each in sha256s]
        )

    def remove(self, sha256: str) -> None:
        """Note that an export was analysed again, in the transaction that writes its sessions."""
        self._database.connection.execute("DELETE FROM again WHERE sha256 = ?", (sha256,))

    def give_up(self, sha256: str, slug: str, message: str) -> None:
        """Remove an export that cannot be analysed, in a transaction.

        Its sessions stay; without any it failed.

        One that has sessions stays noted where its original is missing or damaged, until that has
        changed, and where the disk failed, for the next run.
        """
        remedy = "`retrorun process --retry` reads it from its folder."
        if self._database.has_session(sha256):
            if slug in UNREAD:
                self.add([sha256])
                return
            if not self._is_readable(sha256):
                self._keep_waiting(sha256)
                return
        self.remove(sha256)
        self._database.connection.execute(
            "UPDATE files SET outcome = 'failed', slug = ?, message = CAST(? AS TEXT), "  # noqa: S608
            f"remedy = ? WHERE sha256 = ? AND {WITHOUT_SESSION}",
            (slug, path_bytes(message), remedy, sha256),
        )

    def pages(self, folder: Path | None = None) -> list[str]:
        """Ids of sessions that changed or went since pages were written last.

        Args:
            folder: of pages; with it also what has been written to other folders alone since.
                Of a folder that is not known beside others, nothing is known: all are due.
        """
        due = {each for (each,) in self._database.rows("SELECT session FROM due")}
        elsewhere = self._document(_FOLDERS) if folder is not None else {}
        if elsewhere and _name(folder) not in elsewhere:
            due.update(each for (each,) in self._database.rows("SELECT id FROM sessions"))
        return sorted(due.union(elsewhere.get(_name(folder), ())))

    def add_pages(self, sessions: Iterable[str]) -> None:
        """Note sessions whose pages, and with them those over all, are due, in a transaction."""
        self._database.connection.executemany(
            "INSERT OR REPLACE INTO due VALUES (?)", [(each,) for each in sessions]
        )

    def settle_pages(self, sessions: Iterable[str], state: int, folder: Path | None = None) -> bool:
        """Remove sessions whose pages are written, unless another process wrote meanwhile.

        Args:
            sessions: their ids.
            state: ``Database.state()`` from before ``pages()`` was asked.
            folder: to which they were written; they stay due in the others.

        Returns:
            False where another connection changed the archive since, or since sessions were learnt
            from; then they are all due, for that one may have written their pages before, and
            removed them here, and its sessions may teach something.
        """
        done = set(sessions)
        with self._database.transaction():
            if self._database.state() != state or not self.is_learnt():
                self.add_pages(done - set(self.pages()))
                return False
            if folder is not None:
                self._settle_folder(_name(folder), done, done.intersection(self.pages()))
            self._database.connection.executemany(
                "DELETE FROM due WHERE session = ?", [(each,) for each in done]
            )
        return True

    def _settle_folder(self, folder: str, done: Collection[str], due: Collection[str]) -> None:
        """Note in a transaction which pages of other folders are older than those of this one."""
        before = self._document(_FOLDERS)
        others = {each: before[each] for each in before if each != folder and Path(each).is_dir()}
        after = {each: sorted({*others[each], *due}) for each in list(others)[1 - MOST_FOLDERS :]}
        after[folder] = sorted(set(before.get(folder, ())).difference(done))
        if after != before:
            self._database.put_document(_FOLDERS, json.dumps(after).encode())


def _name(folder: Path | None) -> str:
    """The folder's name whatever the working directory is."""
    return str(folder.absolute()) if folder is not None else ""
