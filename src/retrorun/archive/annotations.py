"""What the user stated, kept apart from what was computed: labels, notes, profile and zones.

Computing a session again replaces what was computed and never changes what is kept here.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retrorun.archive.database import FILE, Database
from retrorun.archive.pending import Pending
from retrorun.errors import ArchiveError, SettingsError

if TYPE_CHECKING:
    from retrorun.model import Athlete, Label, Remark

_ZONES_MARK = "zones-mark"  # name of the document: which discs sessions were looked through for
_EXPOSED = "exposed"  # name of the document: session id → track that holds a zone's seconds
_COLUMNS = "session, start_s, end_s, direction, origin"
# the session that shows a note: that of its own, or the one into which that went
_SHOWN_WITH = (
    "SELECT coalesce(min(matches.session), notes.session) FROM matches "
    "WHERE matches.phone = notes.session AND matches.state = 'joined'"
)
_INSERT = f"INSERT INTO labels ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - our own
_IS_ANSWER = "origin IN ('command', 'laps')"
_LABEL_COLUMNS = "l.start_s, l.end_s, l.direction, l.origin"
# labels of answers about one session; those of older versions are an answer each
_ANSWERED = (
    "labels l LEFT JOIN answers a ON a.label = l.id "
    "WHERE l.session = ? AND l.origin IN ('command', 'laps', 'alternate')"
)


def stated_language(folder: Path) -> str | None:
    """The language of the profile in an archive's folder; None if none is named or can be read.

    Nothing is opened, migrated or checked for it: it is asked before a command says anything.
    """
    return _stated(folder, "language")


def stated_units(folder: Path) -> Literal["metric", "imperial"]:
    """The units of the profile in an archive's folder; metric if none are named or can be read."""
    return "imperial" if _stated(folder, "units") == "imperial" else "metric"


def _stated(folder: Path, name: str) -> str | None:
    """A word of the profile in an archive's folder, of which nothing is opened or migrated."""
    try:
        address = f"{(folder / FILE).absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=0)) as opened:
            query = "SELECT document FROM documents WHERE name = 'profile'"
            (document,) = opened.execute(query).fetchone()
        found = json.loads(document)[name]
    except (sqlite3.Error, OSError, ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, str) else None


class Annotations:
    """The labels, notes and profile of an archive."""

    def __init__(self, database: Database, pending: Pending) -> None:
        self._database = database
        self._pending = pending

    def add_label(self, session_id: str, label: "Label") -> None:
        """Keep a label of the user as an answer of its own; it wins over earlier ones."""
        with self._database.transaction():
            (full_id,) = self._database.find_session("id", session_id)
            self.insert_answer(full_id, [label])

    def insert_answer(self, session_id: str, labels: "Iterable[Label]") -> None:
        """Keep the labels of one answer about a session, in a transaction.

        If there are any, the session is noted to be analysed again.
        """
        connection = self._database.connection
        ids = [
            connection.execute(f"{_INSERT} RETURNING id", values).fetchone()[0]
            for values in _rows(session_id, labels)
        ]
        connection.executemany(
            "INSERT INTO answers (label, answer) VALUES (?, ?)", [(each, ids[0]) for each in ids]
        )
        self._pending.add([self._sha256(session_id)] if ids else ())

    def delete_last_answer(self, session_id: str) -> "tuple[Label, ...]":
        """Delete the labels of the last answer about a session, in a transaction; which they were.

        The session is noted to be analysed again.
        """
        from retrorun.model import Label

        rows = self._database.rows(
            f"SELECT l.id, {_LABEL_COLUMNS} FROM {_ANSWERED} AND coalesce(a.answer, l.id) = "  # noqa: S608
            f"(SELECT max(coalesce(a.answer, l.id)) FROM {_ANSWERED}) ORDER BY l.id",
            session_id,
            session_id,
        )
        ids = [(number,) for number, *_ in rows]
        connection = self._database.connection
        connection.executemany("DELETE FROM answers WHERE label = ?", ids)
        connection.executemany("DELETE FROM labels WHERE id = ?", ids)
        self._pending.add([self._sha256(session_id)] if rows else ())
        return tuple(Label(*values) for _, *values in rows)

    def state(self) -> tuple[tuple[Any, ...], ...]:
        """A value that is another one after each answer, undo of an answer, and note."""
        query = "SELECT name, count(*), sum(sum & 4294967295) FROM sums WHERE name IN (?, ?)"
        return tuple(self._database.rows(f"{query} GROUP BY name", "answers", "notes"))

    def answers(self, session_id: str) -> int:
        """How many answers about a session stand, each of which can be taken back."""
        query = f"SELECT count(DISTINCT coalesce(a.answer, l.id)) FROM {_ANSWERED}"  # noqa: S608
        return int(self._database.rows(query, session_id)[0][0])

    def _sha256(self, session_id: str) -> str:
        return str(self._database.find_session("sha256", session_id)[0])

    def set_labels(self, sha256: str, labels: "Mapping[int, Iterable[Label]]") -> None:
        """Keep the labels that a table gives to a file's activities, instead of its earlier ones.

        The file's sessions, if it has any, are noted to be analysed again.

        Args:
            sha256: of the file.
            labels: position of the activity → its labels.
        """
        from retrorun.readers.label_file import ORIGIN

        positions = sorted({0, *self.labels(sha256), *labels})
        with self._database.transaction():
            for each in positions:
                self._replace(_session_id(sha256, each), ORIGIN, labels.get(each, ()))
            self._pending.add([sha256] if self._database.has_session(sha256) else ())
            self.copy_to_duplicates()

    def replace_labels(self, session_id: str, origin: str, labels: "Iterable[Label]") -> None:
        """Keep labels of a session instead of those whose origin ends so."""
        with self._database.transaction():
            self._replace(session_id, origin, labels)

    def _replace(self, session_id: str, origin: str, labels: "Iterable[Label]") -> None:
        self.drop_labels(session_id, origin)
        self._insert(session_id, labels)

    def _insert(self, session_id: str, labels: "Iterable[Label]") -> None:
        self._database.connection.executemany(_INSERT, _rows(session_id, labels))

    def drop_labels(self, session_id: str, origin: str) -> None:
        """Delete the labels of a session whose origin ends so, in a transaction."""
        self._database.connection.execute(
            "DELETE FROM labels WHERE session = ? AND substr(origin, -length(?)) = ?",
            (session_id, origin, origin),
        )

    def drop_table(self, sha256: str) -> None:
        """Delete the labels that a table gave to a file's activities, in a transaction."""
        from retrorun.readers.label_file import ORIGIN

        for each in self.labels(sha256):
            self.drop_labels(_session_id(sha256, each), ORIGIN)

    def copy_to_duplicates(self) -> None:
        """Let a table beside a second copy of an activity hold for the copy that has the session.

        The labels also stay with their own file, so that they hold for it when it gets a session.
        To be called in a transaction; sessions whose labels changed are noted to be analysed again.
        """
        rows = self._database.rows
        wanted = set(
            rows(
                "SELECT f.duplicate_of, l.start_s, l.end_s, l.direction, "
                "l.origin || ' (copy ' || l.session || ')' FROM labels l "
                "JOIN files f ON f.sha256 >= l.session AND f.sha256 < l.session || 'g' "
                "WHERE l.origin LIKE '%sidecar' AND f.rule = 'same-activity' "  # on any clock
                "AND f.outcome = 'duplicate' AND l.session NOT LIKE '%-%'"
            )
        )
        known = set(
            rows(
                f"SELECT {_COLUMNS} FROM labels WHERE origin LIKE '%sidecar (copy %' "  # noqa: S608
                "AND origin NOT LIKE '%) (%'"  # those were copied on to a watch's session
            )
        )
        marks = " AND ".join(f"{each} = ?" for each in _COLUMNS.split(", "))
        connection = self._database.connection
        connection.executemany(f"DELETE FROM labels WHERE {marks}", sorted(known - wanted))  # noqa: S608
        connection.executemany(_INSERT, sorted(wanted - known))
        for session_id in sorted({label[0] for label in wanted ^ known}):
            found = rows("SELECT sha256 FROM sessions WHERE id = ?", session_id)
            self._pending.add(sha256 for (sha256,) in found)

    def labels(self, sha256: str) -> "Mapping[int, tuple[Label, ...]]":
        """The labels of the sessions of a file: position → labels, later ones win."""
        from retrorun.model import Label

        rows = self._database.rows("SELECT DISTINCT session FROM labels")
        own = [each for (each,) in rows if each.split("-")[0] == sha256[:12]]
        return {
            position(session_id): tuple(Label(*row[1:]) for row in self._labels(session_id))
            for session_id in own
        }

    def has_spoken(self, sha256: str) -> bool:
        """Whether the user gave labels, or a note, to sessions of a file, by its hash."""
        of_file = f"{sha256[:12]}%"  # of its first activity, and of further ones
        return bool(
            self._database.rows(
                "SELECT 1 FROM labels WHERE session LIKE ? AND origin NOT LIKE '%sidecar' "
                "UNION SELECT 1 FROM notes WHERE session LIKE ? LIMIT 1",
                *(of_file, of_file),
            )
        )

    def _labels(self, session_id: str) -> list[tuple[Any, ...]]:
        """The labels of a session: of its other recordings, of tables, of answers; in order."""
        return self._database.rows(
            "SELECT id, start_s, end_s, direction, origin FROM labels WHERE session = ? "  # noqa: S608
            f"ORDER BY substr(origin, -1) <> ')', {_IS_ANSWER}, "
            "iif(substr(origin, -1) = ')', origin, ''), "
            "iif(substr(origin, -1) = ')', start_s, id), id",
            session_id,
        )

    def set_remark(self, session_id: str, remark: "Remark | None") -> None:
        """Keep the user's note of a session instead of an earlier one; None deletes it.

        Pages that show it are due.
        """
        self.change_remark(session_id, lambda _: remark)

    def change_remark(
        self, session_id: str, change: "Callable[[Remark], Remark | None]"
    ) -> "Remark":
        """Keep what a function makes of the user's note of a session; None or an empty one: none.

        Pages that show it are due. The note is read and written in one transaction, so that what
        another program writes meanwhile is never lost.

        Raises:
            ArchiveError: there is no such session.
        """
        from retrorun.model import Remark

        with self._database.transaction():
            (full_id,) = self._database.find_session("id", session_id)
            remark = change(self.remarks().get(full_id, Remark())) or Remark()
            connection = self._database.connection
            gone = f"DELETE FROM notes WHERE ({_SHOWN_WITH}) = ?"  # noqa: S608 - our own words
            connection.execute(gone, (full_id,))
            if remark != Remark():
                values = (full_id, remark.pain, remark.effort, remark.text)
                connection.execute("INSERT INTO notes VALUES (?, ?, ?, ?)", values)
            self._pending.add_pages([full_id])
        return remark

    def move_remark(self, old: str, new: str) -> None:
        """Let the note of a session be that of another, in a transaction.

        Where both have one, both texts stay, the moved one first, and the moved scores count.
        """
        from retrorun.model import Remark

        connection = self._database.connection
        gone = connection.execute(
            "DELETE FROM notes WHERE session IN (?, ?) RETURNING session, pain, effort, text",
            (old, new),
        ).fetchall()
        found = {session_id: Remark(*values) for session_id, *values in gone}
        notes = [found[each] for each in (old, new) if each in found]
        if notes:
            one = _one_remark(notes)
            values = (new, one.pain, one.effort, one.text)
            connection.execute("INSERT INTO notes VALUES (?, ?, ?, ?)", values)

    def remarks(self) -> "dict[str, Remark]":
        """Session id → the user's note of it, then those of recordings that went into it.

        Those are stored with their own sessions, so that they come back with them.
        """
        from retrorun.model import Remark

        query = (
            f"SELECT ({_SHOWN_WITH}) AS shown, pain, effort, text FROM notes "  # noqa: S608 - as above
            "ORDER BY shown, notes.session != shown, notes.session"
        )
        found: dict[str, list[Remark]] = {}
        for session_id, *values in self._database.rows(query):
            found.setdefault(session_id, []).append(Remark(*values))
        return {session_id: _one_remark(notes) for session_id, notes in found.items()}

    def profile(self) -> "Athlete":
        """The stored profile, with what was learnt; an empty one if there is neither."""
        return self._athlete("profile").with_learnt_of(self._athlete("learnt"))

    def _athlete(self, name: str) -> "Athlete":
        import msgspec

        from retrorun.model import Athlete

        document = self._database.document(name)
        try:
            return (
                msgspec.json.decode(document, type=Athlete) if document is not None else Athlete()
            )
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise SettingsError("profile-unreadable", str(problem)) from problem

    def states_zones(self) -> bool:
        """Whether the stored profile has privacy zones; the model is not loaded for it."""
        import msgspec

        class Stated(msgspec.Struct):
            privacy_zones: list[msgspec.Raw] = []

        document = self._database.document("profile")
        try:
            stated = Stated() if document is None else msgspec.json.decode(document, type=Stated)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise SettingsError("profile-unreadable", str(problem)) from problem
        return bool(stated.privacy_zones)

    def set_profile(self, athlete: "Athlete") -> None:
        """Keep what the athlete stated instead of all before; what was learnt is not touched."""
        self.change_profile(lambda _: athlete)

    def change_profile(
        self,
        change: "Callable[[Athlete], Athlete]",
        follow: "Callable[[Athlete, Athlete], object] | None" = None,
    ) -> "tuple[Athlete, Athlete]":
        """Keep what a function makes of the stored profile; what was learnt is not touched.

        The profile is read and written in one transaction, so that what another program states
        meanwhile is never lost.

        Args:
            change: the profile of now → the profile from now on.
            follow: is given both in the same transaction, to note what is due because of it.

        Returns:
            The profile before and after, both with what was learnt.
        """
        with self._database.transaction():
            before = self.profile()
            after = change(before).with_learnt_of(before)
            self._put_document("profile", after.without_learnt())
            if follow is not None:
                follow(before, after)
        return before, after

    def set_learnt(self, athlete: "Athlete", outdated: "Iterable[str]") -> None:
        """Keep what was learnt and, in the same transaction, which files depend on it.

        Args:
            athlete: with what was learnt.
            outdated: hashes of files to be analysed again.
        """
        from retrorun.model import Athlete

        with self._database.transaction():
            self._put_document("learnt", Athlete().with_learnt_of(athlete))
            self._pending.add(outdated)

    def _put_document(self, name: str, value: object) -> None:
        import msgspec

        self._database.put_document(name, msgspec.json.encode(value))

    def note_exposed(self, sessions: "Iterable[str]", mark: str) -> None:
        """Note which sessions hold seconds in privacy zones, in the transaction that keeps those.

        They are noted to be analysed again. One counts as exposed until its track changes.

        Args:
            sessions: their ids.
            mark: what tells what is hidden about these zones from anything else.
        """
        rows = [self._database.find_session("id, track, sha256", each) for each in sessions]
        self._put_document(_EXPOSED, {session_id: track for session_id, track, _ in rows})
        self._put_document(_ZONES_MARK, mark)
        self._pending.add(sha256 for *_, sha256 in rows)

    def add_exposed(self, sessions: "Iterable[str]") -> None:
        """Note further sessions as ``note_exposed`` does; those that it knows are left as they are.

        It is done in the transaction that writes what exposes them.

        Args:
            sessions: their ids.
        """
        known = self._exposed_tracks()
        rows = [self._database.find_session("id, track, sha256", each) for each in sessions]
        added = [row for row in rows if known.get(row[0]) != row[1]]
        if added:
            tracks = {session_id: track for session_id, track, _ in added}
            self._put_document(_EXPOSED, known | tracks)
            self._pending.add(sha256 for *_, sha256 in added)

    def zones_mark(self) -> str:
        """The mark that ``note_exposed`` was given last; empty where it is not known."""
        import msgspec

        document = self._database.document(_ZONES_MARK)
        try:
            return msgspec.json.decode(document, type=str) if document is not None else ""
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return ""

    def exposed(self) -> list[str]:
        """Ids of sessions that hold seconds in a privacy zone, oldest first.

        They were analysed before the zone was known, and not again since.
        """
        tracks = self._exposed_tracks()
        if not tracks:  # so it is nearly always, and this is asked again and again
            return []
        sessions = self._database.rows("SELECT id, track FROM sessions ORDER BY start_time_s, id")
        return [session_id for session_id, track in sessions if tracks.get(session_id) == track]

    def settle_exposed(self, session_ids: "Iterable[str]") -> None:
        """Count these sessions as exposed no more, with the tracks that they have."""
        settled = set(session_ids)
        kept = {
            name: track for name, track in self._exposed_tracks().items() if name not in settled
        }
        with self._database.transaction():
            self._put_document(_EXPOSED, kept)

    def _exposed_tracks(self) -> dict[str, str]:
        """Session id → the track with which it is exposed."""
        import msgspec

        document = self._database.document(_EXPOSED)
        try:
            return (
                msgspec.json.decode(document, type=dict[str, str]) if document is not None else {}
            )
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            words = f"it is not known which sessions hold a privacy zone: {problem}"
            remedy = "`retrorun reprocess --all`, then set the zones again."
            raise ArchiveError("archive-zones-damaged", words, remedy=remedy) from problem


def _rows(session_id: str, labels: "Iterable[Label]") -> list[tuple[str, float, float, str, str]]:
    return [(session_id, each.start_s, each.end_s, each.direction, each.origin) for each in labels]


def position(session_id: str) -> int:
    """The activity's place in its file, from 0."""
    return int(session_id.split("-")[1]) - 1 if "-" in session_id else 0


def _session_id(sha256: str, place: int) -> str:
    return sha256[:12] if place == 0 else f"{sha256[:12]}-{place + 1}"


def _one_remark(notes: "Sequence[Remark]") -> "Remark":
    """Several notes of one activity: all texts, and of each score the first that is given."""
    from retrorun.model import Remark

    pain = next((each.pain for each in notes if each.pain is not None), None)
    effort = next((each.effort for each in notes if each.effort is not None), None)
    return Remark(pain, effort, "\n".join(dict.fromkeys(each.text for each in notes if each.text)))
