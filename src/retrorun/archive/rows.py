"""What goes into the archive's tables, and how tables of older versions become those of this one.

Light: nothing here needs numpy or the model.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Self

import msgspec

if TYPE_CHECKING:
    from retrorun.model import Label, Session

FileOutcome = Literal["imported", "duplicate", "not-a-run", "failed", "undone"]


class FileRow(msgspec.Struct, frozen=True):
    """A file that was seen, and what became of it; see archive.sql for each column."""

    path: str
    size: int
    tag: str
    sha256: str
    outcome: FileOutcome
    version: str
    rule: str | None = None
    duplicate_of: str | None = None
    slug: str | None = None
    message: str | None = None
    byte_offset: int | None = None
    remedy: str | None = None


class SessionRow(msgspec.Struct, frozen=True):
    """A session on its way into the archive: what is searched by, the document, the track."""

    id: str
    sha256: str
    position: int
    start_time_s: float
    duration_s: float
    distance_m: float | None
    sport: str | None
    backward_s: float
    heading: str
    track: str
    settings: str
    athlete: str
    version: str
    document: bytes

    @classmethod
    def of(cls, session: "Session", track: str, athlete: str) -> Self:
        """The row of a session; ``track`` is the SHA-256 of its Parquet file.

        ``athlete`` is the fingerprint of the one it was computed with.
        """
        backward = session.measures.totals.get("backward")
        return cls(
            id=session.id,
            sha256=session.source.sha256,
            position=session.index,
            start_time_s=session.start_time_s,
            duration_s=session.duration_s,
            distance_m=session.distance_m,
            sport=session.sport,
            backward_s=backward.seconds if backward else 0.0,
            heading=session.heading.kind,
            track=track,
            settings=session.settings,
            athlete=athlete,
            version=session.version,
            document=document_of(session),
        )


def document_of(session: "Session") -> bytes:
    """A session as it is stored."""
    return msgspec.json.encode(session)


class Brief(msgspec.Struct, frozen=True):
    """As much of a session as tells whether another is the same activity."""

    id: str
    sha256: str
    start_time_s: float
    duration_s: float
    distance_m: float | None
    heading: str


class Match(msgspec.Struct, frozen=True):
    """A second device's recording and a watch's, and what became of the two; see archive.sql."""

    phone: str
    phone_sha256: str
    session: str
    state: Literal["joined", "refused", "apart"]
    skew_s: float | None
    reason: str


class Problem(msgspec.Struct, frozen=True):
    """Why a file became no session."""

    outcome: Literal["not-a-run", "failed"]
    slug: str
    message: str
    offset: int | None = None
    remedy: str | None = None


class Parcel(msgspec.Struct, frozen=True):
    """One file as a worker hands it over, ready to be written.

    Attributes:
        sha256: of the bytes that were analysed.
        sessions: its sessions, in order.
        tracks: Parquet bytes of each session.
        original: the file's bytes, packed; empty where nothing is to be kept.
        problem: why there are no sessions; None where there are.
        labels: the user's words that it was analysed with; None where that is not known.
    """

    sha256: str
    sessions: tuple[SessionRow, ...] = ()
    tracks: tuple[bytes, ...] = ()
    original: bytes = b""
    problem: Problem | None = None
    labels: "Mapping[int, tuple[Label, ...]] | None" = None


# fills the table of totals from the documents of a file's sessions
TOTALS = """
INSERT INTO totals
    SELECT s.id, t.key, coalesce(json_extract(t.value, '$.seconds'), 0),
        coalesce(json_extract(t.value, '$.moving_s'), 0), json_extract(t.value, '$.distance_m')
    FROM sessions s, json_each(CAST(s.document AS TEXT), '$.measures.totals') t
    WHERE s.sha256 = ?
"""

# ids of sessions whose lesson is not kept apart; read from indexes alone
UNTAUGHT = (
    "SELECT id FROM sessions WHERE NOT EXISTS (SELECT 1 FROM lessons WHERE session = sessions.id)"
)

# of each session its id, its lesson or else its document, and whether it is the lesson
LESSONS = (
    "SELECT session, record, 1 FROM lessons UNION ALL "  # noqa: S608 - our own
    f"SELECT id, document, 0 FROM sessions WHERE id IN ({UNTAUGHT})"
)

# version → what brings a database of the version before to it
MIGRATIONS: Mapping[int, str] = {
    2: """
CREATE TABLE matches (
    phone TEXT NOT NULL, phone_sha256 TEXT NOT NULL, session TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('joined', 'refused', 'apart')),
    skew_s REAL, reason TEXT NOT NULL, PRIMARY KEY (phone, session)
) STRICT;
""",
    3: """
CREATE TABLE totals (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    kind TEXT NOT NULL, seconds REAL NOT NULL, moving_s REAL NOT NULL, distance_m REAL,
    PRIMARY KEY (session, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO totals
    SELECT s.id, t.key, coalesce(json_extract(t.value, '$.seconds'), 0),
        coalesce(json_extract(t.value, '$.moving_s'), 0), json_extract(t.value, '$.distance_m')
    FROM (SELECT id, CAST(document AS TEXT) AS document FROM sessions) s,
        json_each(iif(json_valid(s.document), s.document, '{}'), '$.measures.totals') t;
CREATE TABLE due (session TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TRIGGER sessions_added AFTER INSERT ON sessions
    BEGIN INSERT OR REPLACE INTO due VALUES (new.id); END;
CREATE TRIGGER sessions_changed AFTER UPDATE OF document ON sessions
    BEGIN INSERT OR REPLACE INTO due VALUES (new.id); END;
CREATE TRIGGER sessions_gone AFTER DELETE ON sessions
    BEGIN INSERT OR REPLACE INTO due VALUES (old.id); END;
CREATE TABLE again (sha256 TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
""",
    4: """
CREATE TABLE sums (
    name TEXT NOT NULL, key INTEGER NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE journal (
    id INTEGER PRIMARY KEY CHECK (id = 1), bytes INTEGER NOT NULL
) STRICT;
""",
    5: """
CREATE TABLE answers (label INTEGER PRIMARY KEY, answer INTEGER NOT NULL) STRICT;
""",
    6: """
CREATE TABLE lessons (
    session TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE, record BLOB NOT NULL
) STRICT;
CREATE TRIGGER lesson_outdated AFTER UPDATE OF document ON sessions
    BEGIN DELETE FROM lessons WHERE session = old.id; END;
DROP INDEX IF EXISTS sessions_by_time;
CREATE INDEX sessions_by_time ON sessions
    (start_time_s, id, sha256, duration_s, distance_m, heading, settings, version);
""",
}
