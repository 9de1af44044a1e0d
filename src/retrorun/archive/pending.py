"""What is left to be done: exports to be analysed again, and pages to be written.

Both are noted in the transaction that makes them necessary, so that a process that is killed leaves
them to the next one.
"""

from collections.abc import Iterable

from retrorun.archive.database import Database, path_bytes

# files that should have a session and have none; that of a joined second device needs none
WITHOUT_SESSION = (
    "outcome = 'imported' AND coalesce(rule, '') NOT IN ('unpacked', 'labels') "
    "AND sha256 NOT IN (SELECT sha256 FROM sessions) "
    "AND sha256 NOT IN (SELECT phone_sha256 FROM matches WHERE state = 'joined')"
)


class Pending:
    """The exports and pages of an archive that are due."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_empty(self) -> bool:
        """Whether nothing is left to be done."""
        return not (self.pages() or self.exports())

    def exports(self) -> list[str]:
        """Hashes of exports that are to be analysed again from their originals.

        Exports that were replaced or taken back since they were noted are left out.
        """
        rows = self._database.rows(
            "SELECT sha256 FROM again WHERE sha256 IN (SELECT sha256 FROM sessions) "  # noqa: S608
            f"UNION SELECT sha256 FROM files WHERE {WITHOUT_SESSION} ORDER BY 1"
        )
        return [each for (each,) in rows]

    def add(self, sha256s: Iterable[str]) -> None:
        """Note exports to be analysed again, in the transaction of what makes it necessary."""
        self._database.connection.executemany(
            "INSERT OR REPLACE INTO again VALUES (?)", [(each,) for each in sha256s]
        )

    def remove(self, sha256: str) -> None:
        """Note that an export was analysed again, in the transaction that writes its sessions."""
        self._database.connection.execute("DELETE FROM again WHERE sha256 = ?", (sha256,))

    def give_up(self, sha256: str, slug: str, message: str) -> None:
        """Remove an export that cannot be analysed; its sessions stay, without any it failed."""
        remedy = "`retrorun process --retry` reads it from its folder."
        with self._database.transaction():
            self.remove(sha256)
            self._database.connection.execute(
                "UPDATE files SET outcome = 'failed', slug = ?, message = CAST(? AS TEXT), "  # noqa: S608
                f"remedy = ? WHERE sha256 = ? AND {WITHOUT_SESSION}",
                (slug, path_bytes(message), remedy, sha256),
            )

    def pages(self) -> list[str]:
        """Ids of sessions that changed or went since pages were written last."""
        rows = self._database.rows("SELECT session FROM due ORDER BY session")
        return [each for (each,) in rows]

    def settle_pages(self, sessions: Iterable[str], state: int) -> bool:
        """Remove sessions whose pages are written, unless another process wrote meanwhile.

        Args:
            sessions: their ids.
            state: ``Database.state()`` from before ``pages()`` was asked.

        Returns:
            False where another connection changed the archive since; then nothing is removed.
        """
        with self._database.transaction():
            if self._database.state() != state:
                return False
            self._database.connection.executemany(
                "DELETE FROM due WHERE session = ?", [(each,) for each in sessions]
            )
        return True
