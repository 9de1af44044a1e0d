"""What the user said, kept apart from what was computed: labels, notes, the profile."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrorun.archive import database
from retrorun.archive.journal import Journal
from retrorun.errors import ArchiveError, SettingsError

if TYPE_CHECKING:
    from retrorun.model import Athlete, Label, Remark


# a file that should have a session and has none; that of a joined second device needs none
WITHOUT_SESSION = (
    "outcome = 'imported' AND coalesce(rule, '') NOT IN ('unpacked', 'labels') "
    "AND sha256 NOT IN (SELECT sha256 FROM sessions) "
    "AND sha256 NOT IN (SELECT phone_sha256 FROM matches WHERE state = 'joined')"
)
EXPOSED = "exposed"  # name of the document: session id → track that holds a zone's seconds


class Said:
    """The user's own words in an archive, and the plumbing to its database."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.connection = connection
        self.journal = Journal(folder)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query, with the database's troubles told in our words."""
        with database.told(self.folder):
            return self.connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing of it, with the database's troubles told in our words."""
        with database.told(self.folder):
            try:
                self.journal.watch(self.connection)
                with database.transaction(self.connection):
                    self.journal.begin(self.connection)
                    yield
                    self.journal.commit(self.connection)
            except BaseException:
                self.journal.rollback()
                raise

    def find(self, columns: str, session_id: str) -> tuple[Any, ...]:
        """Columns of the one session whose id begins so.

        Raises:
            ArchiveError: there is none, or more than one.
        """
        exact = self.rows(f"SELECT {columns} FROM sessions WHERE id = ?", session_id)  # noqa: S608
        rows = exact or self.rows(
            f"SELECT {columns} FROM sessions WHERE substr(id, 1, ?) = ?",  # noqa: S608 - our own
            len(session_id),
            session_id,
        )
        if len(rows) == 1 and session_id:
            return rows[0]
        remedy = "`retrorun sessions` lists them."
        words = "more than one session begins with" if rows else "there is no session"
        raise ArchiveError("session-unknown", f"{words} {session_id!r}", remedy=remedy)

    def add_label(self, session_id: str, label: "Label") -> None:
        """Keep the user's word about a stretch; it wins over earlier ones."""
        full_id, sha256 = self.find("id, sha256", session_id)
        values = (full_id, label.start_s, label.end_s, label.direction, label.origin)
        with self.transaction():
            self.connection.execute(
                "INSERT INTO labels (session, start_s, end_s, direction, origin) "
                "VALUES (?, ?, ?, ?, ?)",
                values,
            )
            self._note_again([sha256])

    def set_labels(self, sha256: str, labels: "Mapping[int, Iterable[Label]]") -> None:
        """Keep what a table says of a file's activities, instead of what it said before.

        It is noted at once that the file's sessions are to be analysed anew, if it has any.

        Args:
            sha256: of the file.
            labels: position of the activity → what is said of it.
        """
        from retrorun.readers.label_file import ORIGIN

        places = sorted({0, *self.labels(sha256), *labels})
        with self.transaction():
            for place in places:
                self._put_labels(_session(sha256, place), ORIGIN, labels.get(place, ()))
            self._note_again([sha256] if self.positions(sha256) else ())
            self._carry_tables()

    def positions(self, sha256: str) -> frozenset[int]:
        """Which activities of a file have a session."""
        rows = self.rows("SELECT position FROM sessions WHERE sha256 = ?", sha256)
        return frozenset(place for (place,) in rows)

    def replace_labels(self, session: str, origin: str, labels: "Iterable[Label]") -> None:
        """Keep labels of a session instead of those whose origin ends so."""
        with self.transaction():
            self._put_labels(session, origin, labels)

    def _put_labels(self, session: str, origin: str, labels: "Iterable[Label]") -> None:
        self._drop_labels(session, origin)
        self.connection.executemany(
            "INSERT INTO labels (session, start_s, end_s, direction, origin) "
            "VALUES (?, ?, ?, ?, ?)",
            [(session, each.start_s, each.end_s, each.direction, each.origin) for each in labels],
        )

    def _drop_labels(self, session: str, origin: str) -> None:
        self.connection.execute(
            "DELETE FROM labels WHERE session = ? AND substr(origin, -length(?)) = ?",
            (session, origin, origin),
        )

    def _carry_tables(self) -> None:
        """Let a table beside a second copy of an activity hold for the copy that stands.

        What it says stays with its own file, so that it comes back when that file stands for
        itself. In a transaction; sessions of which other things are said now are noted.
        """
        own = "origin = 'sidecar'"
        wanted = set(
            self.rows(
                "SELECT f.duplicate_of, l.start_s, l.end_s, l.direction, "  # noqa: S608 - our own
                "'sidecar (copy ' || l.session || ')' FROM labels l "
                "JOIN files f ON f.sha256 >= l.session AND f.sha256 < l.session || 'g' "
                f"WHERE l.{own} AND f.rule = 'same-activity' AND f.outcome = 'duplicate' "
                "AND l.session NOT LIKE '%-%'"
            )
        )
        columns = "session, start_s, end_s, direction, origin"
        known = set(
            self.rows(
                f"SELECT {columns} FROM labels WHERE origin LIKE 'sidecar (copy %' "  # noqa: S608
                "AND origin NOT LIKE '%) (%'"  # such were carried on to a watch
            )
        )
        for label in known - wanted:
            marks = " AND ".join(f"{each} = ?" for each in columns.split(", "))
            self.connection.execute(f"DELETE FROM labels WHERE {marks}", label)  # noqa: S608
        for label in sorted(wanted - known):
            self.connection.execute(
                f"INSERT INTO labels ({columns}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
                label,
            )
        for session in sorted({label[0] for label in wanted ^ known}):
            rows = self.rows("SELECT sha256 FROM sessions WHERE id = ?", session)
            self._note_again(sha256 for (sha256,) in rows)

    def _drop_table(self, sha256: str) -> None:
        """Take back what a table said of a file's activities, in a transaction."""
        from retrorun.readers.label_file import ORIGIN

        for place in self.labels(sha256):
            self._drop_labels(_session(sha256, place), ORIGIN)

    def clear_labels(self, session_id: str, start_s: float, end_s: float) -> int:
        """Take back what was said about a stretch; parts outside it stay. How many were touched."""
        full_id, sha256 = self.find("id, sha256", session_id)
        touched = [each for each in self._labels(full_id) if each[1] < end_s and start_s < each[2]]
        with self.transaction():
            self._note_again([sha256] if touched else ())
            for number, low_s, high_s, direction, origin in touched:
                self.connection.execute("DELETE FROM labels WHERE id = ?", (number,))
                rests = [(low_s, min(high_s, start_s)), (max(low_s, end_s), high_s)]
                self.connection.executemany(
                    "INSERT INTO labels (session, start_s, end_s, direction, origin) "
                    "VALUES (?, ?, ?, ?, ?)",
                    [(full_id, a, b, direction, origin) for a, b in rests if a < b],
                )
        return len(touched)

    def labels(self, sha256: str) -> "Mapping[int, tuple[Label, ...]]":
        """What the user said of the sessions of a file: position → labels, later ones win."""
        from retrorun.model import Label

        rows = self.rows("SELECT DISTINCT session FROM labels")
        own = [each for (each,) in rows if each.split("-")[0] == sha256[:12]]
        return {
            position(session): tuple(Label(*row[1:]) for row in self._labels(session))
            for session in own
        }

    def _labels(self, session_id: str) -> list[tuple[Any, ...]]:
        """What was said of a session: of its other recordings, in tables, by command; in order."""
        return self.rows(
            "SELECT id, start_s, end_s, direction, origin FROM labels WHERE session = ? "
            "ORDER BY substr(origin, -1) <> ')', origin = 'command', "
            "iif(substr(origin, -1) = ')', origin, ''), "
            "iif(substr(origin, -1) = ')', start_s, id), id",
            session_id,
        )

    def again(self) -> list[str]:
        """Hashes of exports that are to be analysed anew and were not yet: a run was killed."""
        rows = self.rows(  # what was replaced or taken back meanwhile is left alone
            "SELECT sha256 FROM again WHERE sha256 IN (SELECT sha256 FROM sessions) "  # noqa: S608
            f"UNION SELECT sha256 FROM files WHERE {WITHOUT_SESSION} ORDER BY 1"
        )
        return [each for (each,) in rows]

    def not_again(self, sha256: str, slug: str, message: str) -> None:
        """An export was tried in vain: leave its sessions as they are; without any it failed."""
        remedy = "`retrorun process --retry` reads it from its folder."
        with self.transaction():
            self.connection.execute("DELETE FROM again WHERE sha256 = ?", (sha256,))
            self.connection.execute(
                "UPDATE files SET outcome = 'failed', slug = ?, message = CAST(? AS TEXT), "  # noqa: S608
                f"remedy = ? WHERE sha256 = ? AND {WITHOUT_SESSION}",
                (slug, raw(message), remedy, sha256),
            )

    def _note_again(self, sha256s: "Iterable[str]") -> None:
        """In the transaction of what makes it necessary."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO again VALUES (?)", [(each,) for each in sha256s]
        )

    def state(self) -> int:
        """A number that is another one as soon as another connection changed the archive."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def due(self) -> list[str]:
        """Sessions that changed or went since pages were written and what they teach was kept."""
        return [each for (each,) in self.rows("SELECT session FROM due ORDER BY session")]

    def profile(self) -> "Athlete":
        """The stored profile, with what was learnt; an empty one if there is neither."""
        return self._athlete("profile").with_learnt_of(self._athlete("learnt"))

    def _athlete(self, name: str) -> "Athlete":
        import msgspec

        from retrorun.model import Athlete

        rows = self.rows("SELECT document FROM documents WHERE name = ?", name)
        try:
            return msgspec.json.decode(rows[0][0], type=Athlete) if rows else Athlete()
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise SettingsError("profile-unreadable", str(problem)) from problem

    def set_profile(self, athlete: "Athlete") -> None:
        """Keep what the athlete stated; what was learnt is not touched."""
        with self.transaction():
            self._put_athlete("profile", athlete.without_learnt())

    def set_learnt(self, athlete: "Athlete", outdated: "Iterable[str]") -> None:
        """Keep what was learnt; and, at once, which files are to be analysed again for it.

        Args:
            athlete: with what was learnt.
            outdated: hashes of the files.
        """
        from retrorun.model import Athlete

        with self.transaction():
            self._put_athlete("learnt", Athlete().with_learnt_of(athlete))
            self._note_again(outdated)

    def _put_athlete(self, name: str, athlete: "Athlete") -> None:
        import msgspec

        self.connection.execute(
            "INSERT OR REPLACE INTO documents (name, document) VALUES (?, ?)",
            (name, msgspec.json.encode(athlete)),
        )

    def settle(self, sessions: "Iterable[str]", state: int) -> bool:
        """Note that nothing is due of some sessions any more, unless others wrote meanwhile.

        Args:
            sessions: whose pages are written.
            state: of the archive when it was asked what is due.

        Returns:
            False where another connection changed the archive since; then nothing is noted.
        """
        with self.transaction():
            if self.state() != state:
                return False
            self.connection.executemany(
                "DELETE FROM due WHERE session = ?", [(each,) for each in sessions]
            )
        return True

    def keep_zones(self, athlete: "Athlete", exposed: "Iterable[str]") -> None:
        """Keep a profile with privacy zones, and which sessions hold seconds in them.

        These are noted to be analysed anew. As long as the track of one is still the same, it is
        exposed.

        Args:
            athlete: the profile with its zones and their secret.
            exposed: ids of sessions.
        """
        import msgspec

        rows = [self.find("id, track, sha256", each) for each in exposed]
        tracks = {session_id: track for session_id, track, _ in rows}
        documents = {"profile": msgspec.json.encode(athlete), EXPOSED: msgspec.json.encode(tracks)}
        with self.transaction():
            self.connection.executemany(
                "INSERT OR REPLACE INTO documents (name, document) VALUES (?, ?)",
                list(documents.items()),
            )
            self._note_again(sha256 for *_, sha256 in rows)

    def exposed(self) -> list[str]:
        """Ids of sessions that were analysed before a privacy zone was known that they touch."""
        import msgspec

        rows = self.rows("SELECT document FROM documents WHERE name = ?", EXPOSED)
        try:
            tracks = msgspec.json.decode(rows[0][0], type=dict[str, str]) if rows else {}
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            words = f"it is not known which sessions hold a privacy zone: {problem}"
            remedy = "`retrorun reprocess --all`, then set the zones again."
            raise ArchiveError("archive-zones-damaged", words, remedy=remedy) from problem
        standing = self.rows("SELECT id, track FROM sessions ORDER BY start_time_s, id")
        return [session_id for session_id, track in standing if tracks.get(session_id) == track]

    def set_remark(self, session_id: str, remark: "Remark | None") -> None:
        """Keep what the user noted about a session, instead of what was noted; None: nothing."""
        (full_id,) = self.find("id", session_id)
        with self.transaction():
            self.connection.execute("DELETE FROM notes WHERE session = ?", (full_id,))
            if remark is not None:
                values = (full_id, remark.pain, remark.effort, remark.text)
                self.connection.execute("INSERT INTO notes VALUES (?, ?, ?, ?)", values)

    def remarks(self) -> "dict[str, Remark]":
        """Session id → what the user noted about it."""
        from retrorun.model import Remark

        rows = self.rows("SELECT session, pain, effort, text FROM notes ORDER BY session")
        return {session: Remark(*values) for session, *values in rows}


def position(session_id: str) -> int:
    """The activity's place in its file, from 0."""
    return int(session_id.split("-")[1]) - 1 if "-" in session_id else 0


def _session(sha256: str, place: int) -> str:
    return sha256[:12] if place == 0 else f"{sha256[:12]}-{place + 1}"


def raw(path: str) -> bytes:
    """A path as the bytes the system gave; SQLite keeps them even where they are no UTF-8."""
    return path.encode("utf-8", "surrogateescape")
