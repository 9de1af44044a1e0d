"""Which second device's recording belongs to which session, and which was refused."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import astuple, replace

from retrorun.archive.annotations import Annotations, position
from retrorun.archive.database import Database
from retrorun.archive.pending import Pending
from retrorun.archive.rows import Match

if TYPE_CHECKING:
    from retrorun.model import Note


KEPT_APART = "you said that it stands for itself"  # the reason of a match that the user undid


class SecondDevices:
    """The matches between the sessions of watches and of second devices in an archive."""

    def __init__(self, database: Database, annotations: Annotations, pending: Pending) -> None:
        self._database = database
        self._annotations = annotations
        self._pending = pending

    def matches(self) -> list[Match]:
        """All of them, in the order of the phones' sessions."""
        rows = self._database.rows(
            "SELECT phone, phone_sha256, session, state, skew_s, reason FROM matches "
            "ORDER BY phone, session",
        )
        return [Match(*row) for row in rows]

    def files_joined_to(self, sha256: str) -> tuple[str, ...]:
        """Hashes of the files that are read together with a file."""
        rows = self._database.rows(
            "SELECT DISTINCT phone_sha256 FROM matches WHERE state = 'joined' "
            "AND substr(session, 1, 12) = ? ORDER BY phone_sha256",
            sha256[:12],
        )
        return tuple(row[0] for row in rows)

    def refusals(self, sha256: str) -> "dict[int, tuple[Note, ...]]":
        """What is to be noted on the sessions of a file: position → refused second devices."""
        notes: dict[int, tuple[Note, ...]] = {}
        for match in self.matches():
            for own, other in ((match.session, match.phone), (match.phone, match.session)):
                if match.state == "refused" and own.split("-")[0] == sha256[:12]:
                    place = position(own)
                    notes[place] = (*notes.get(place, ()), refusal_note(other, match.reason))
        return notes

    def write(self, matches: Iterable[Match]) -> set[str]:
        """Write matches, in a transaction; joined sessions go. Which tracks those had.

        A match takes the place of one of the same two sessions the other way round.
        """
        tracks: set[str] = set()
        for match in matches:
            self._database.connection.execute(
                "DELETE FROM matches WHERE phone = ? AND session = ?", (match.session, match.phone)
            )
            self._database.connection.execute(
                "INSERT OR REPLACE INTO matches VALUES (?, ?, ?, ?, ?, ?)", astuple(match)
            )
            if match.state == "joined":
                gone = self._database.connection.execute(
                    "DELETE FROM sessions WHERE id = ? RETURNING track", (match.phone,)
                )
                tracks |= {track for (track,) in gone.fetchall()}
                self._set_aside(match.phone_sha256)
        return tracks

    def _set_aside(self, phone_sha256: str) -> None:
        """Let a file be a duplicate whose sessions all went into others, of the first of those.

        So its row does not depend on which of its sessions was joined last.
        """
        self._database.connection.execute(
            "UPDATE files SET outcome = 'duplicate', rule = 'second-device', "
            "(duplicate_of, message) = (SELECT session, reason FROM matches "
            "WHERE phone_sha256 = ? AND state = 'joined' ORDER BY phone, session LIMIT 1) "
            "WHERE sha256 = ? AND sha256 NOT IN (SELECT sha256 FROM sessions) AND "
            "(outcome = 'imported' OR (outcome = 'duplicate' AND rule = 'second-device'))",
            (phone_sha256, phone_sha256),
        )

    def joined_sessions(self) -> set[str]:
        """Ids of second devices' sessions that went into those of watches."""
        rows = self._database.rows("SELECT phone FROM matches WHERE state = 'joined'")
        return {phone for (phone,) in rows}

    def keep_apart(self, phone_sha256: str) -> list[str]:
        """Undo the joins of a second device's file for good, in a transaction.

        Returns:
            Hashes of the watches' files that it was joined with.
        """
        joined = [
            match
            for match in self.matches()
            if match.state == "joined" and match.phone_sha256 == phone_sha256
        ]
        for match in joined:
            self._annotations.drop_labels(match.session, origin_suffix(match.phone))
        self.write(replace(each, state="apart", skew_s=None, reason=KEPT_APART) for each in joined)
        return self._hashes([match.session for match in joined])

    def unmatch(self, sessions: Sequence[str], phones: Sequence[str]) -> list[str]:
        """Forget the matches of sessions and of phones' files that are gone; in a transaction.

        Returns:
            Hashes of the others that stand and are to be analysed again.
        """
        gone = [
            match
            for match in self.matches()
            if match.session in sessions or match.phone in sessions or match.phone_sha256 in phones
        ]
        self._database.connection.executemany(
            "DELETE FROM matches WHERE phone = ? AND session = ?",
            [(match.phone, match.session) for match in gone],
        )
        for match in gone:
            self._annotations.drop_labels(match.session, origin_suffix(match.phone))
        freed = sorted({match.phone_sha256 for match in gone if match.session in sessions})
        self._database.connection.executemany(
            "UPDATE files SET outcome = 'imported', rule = NULL, duplicate_of = NULL, "
            "message = NULL "
            "WHERE sha256 = ? AND rule = 'second-device' AND outcome = 'duplicate'",
            [(sha256,) for sha256 in freed],
        )
        rows = self._database.rows("SELECT sha256 FROM files WHERE outcome = 'imported'")
        standing = {sha256 for (sha256,) in rows}
        left = [sha256 for sha256 in freed if sha256 in standing]
        return [*left, *self._hashes([match.session for match in gone])]

    def separate_files(self, sha256s: Iterable[str]) -> None:
        """Let files stand for themselves that were found to belong together, to be judged afresh.

        They are noted to be analysed again. What the user keeps apart stays apart.
        """
        files = sorted(set(sha256s))
        heads = {sha256[:12] for sha256 in files}
        with self._database.transaction():
            for match in self.matches():
                sides = {each.split("-")[0] for each in (match.phone, match.session)}
                if sides & heads and match.reason != KEPT_APART:
                    self._annotations.drop_labels(match.session, origin_suffix(match.phone))
                    self._database.connection.execute(
                        "DELETE FROM matches WHERE phone = ? AND session = ?",
                        (match.phone, match.session),
                    )
            self._database.connection.executemany(
                "UPDATE files SET outcome = 'imported', rule = NULL, duplicate_of = NULL, "
                "message = NULL WHERE sha256 = ? AND outcome = 'duplicate' "
                "AND rule IN ('same-activity', 'second-device')",
                [(sha256,) for sha256 in files],
            )
            self._annotations.copy_to_duplicates()
            self._pending.add(files)

    def unmatch_file(self, sha256: str) -> list[str]:
        """Forget what a second device's file was matched with: hashes to be analysed again."""
        with self._database.transaction():
            return self.unmatch((), (sha256,))

    def kept_apart(self) -> frozenset[str]:
        """Hashes of files that the user keeps apart from all others."""
        return frozenset(
            h for (h,) in self._database.rows("SELECT sha256 FROM files WHERE rule = 'kept-apart'")
        )

    def _hashes(self, sessions: Sequence[str]) -> list[str]:
        """Hashes of the files of those sessions that stand."""
        known = dict(self._database.rows("SELECT id, sha256 FROM sessions"))
        return sorted({known[each] for each in sessions if each in known})


def origin_suffix(phone: str) -> str:
    """The ending of a label's origin that was copied from a second device's session."""
    return f" ({phone})"


def refusal_note(other: str, reason: str) -> "Note":
    """What is noted on both sides where a second device was refused."""
    from retrorun.model import Note

    return Note("second-device-refused", f"session {other} overlaps and was not joined: {reason}")
