-- The archive of one athlete, version 6.
--
-- Beside this database lie two folders of files under their own SHA-256, and a journal:
--   tracks/ab/ab….parquet   the 1 Hz track of a session
--   originals/ab/ab….gz     the bytes of an imported export, gzip; of a FIT file ab….xz
--   journal.jsonl           the rows of all tables that cannot be computed again (journal.py)
-- A file is written before the row that names it is committed, so that a row never names
-- a file that is not there; a file without a row is waste, which `vacuum` removes.
--
-- What the user stated (labels, notes, profile) stands apart from what was computed (sessions):
-- re-processing replaces the latter and never touches the former.

-- One row a run of `process` or a `watch` turn that changed something; `undo` goes by its number.
CREATE TABLE imports (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    folder      TEXT NOT NULL,              -- what was imported from
    version     TEXT NOT NULL,              -- of retrorun
    started_s   REAL NOT NULL,              -- Unix seconds
    undone_s    REAL                        -- when it was undone; NULL: it stands
) STRICT;

-- Every file that was ever seen in a folder, by its full path.
CREATE TABLE files (
    path        TEXT PRIMARY KEY,           -- full path or URL; bytes as the system gave them
    size        INTEGER NOT NULL,           -- bytes
    tag         TEXT NOT NULL,              -- modification time in ns, or an object store's etag
    sha256      TEXT NOT NULL,              -- of the bytes when they were read; '' if never read
    outcome     TEXT NOT NULL CHECK (outcome IN
                ('imported', 'duplicate', 'not-a-run', 'failed', 'undone')),
    rule        TEXT,                       -- duplicate by 'same-bytes', 'same-activity', 'second-device';
                                            -- imported: 'kept-apart' by the user, 'unpacked' (a zip),
                                            -- 'labels' (a table of labels beside an export)
    duplicate_of TEXT,                      -- path or session id
    slug        TEXT,                       -- failed and not-a-run: stable name of the reason
    message     TEXT,                       -- the reason in words
    byte_offset INTEGER,                    -- where in the file, if known
    remedy      TEXT,                       -- what the user can do
    version     TEXT NOT NULL,              -- of the retrorun that decided; a newer one tries again
    import_id   INTEGER NOT NULL REFERENCES imports (id)
) STRICT;
CREATE INDEX files_by_hash ON files (sha256);

-- One row an analysed activity. `document` is everything; the columns are what is searched by.
CREATE TABLE sessions (
    id          TEXT PRIMARY KEY,           -- 12 hex digits of the file's hash, -2 … for further ones
    sha256      TEXT NOT NULL,              -- of the export, see originals/
    position    INTEGER NOT NULL,           -- of the activity in the export, from 0
    start_time_s REAL NOT NULL,             -- Unix seconds
    duration_s  REAL NOT NULL,
    distance_m  REAL,
    sport       TEXT,
    backward_s  REAL NOT NULL,              -- backward time that counts
    heading     TEXT NOT NULL,              -- compass, course, unknown or none
    track       TEXT NOT NULL,              -- SHA-256 of the Parquet file, see tracks/
    settings    TEXT NOT NULL,              -- fingerprint
    athlete     TEXT NOT NULL,              -- fingerprint of the profile it was computed with
    version     TEXT NOT NULL,              -- of retrorun
    import_id   INTEGER NOT NULL REFERENCES imports (id),
    document    BLOB NOT NULL               -- the Session as JSON
) STRICT;
-- Holds all that is asked of every session without its document, which fills pages in between.
CREATE INDEX sessions_by_time ON sessions
    (start_time_s, id, sha256, duration_s, distance_m, heading, settings, version);
CREATE INDEX sessions_by_hash ON sessions (sha256);

-- The sums of a session by kind of movement, taken from its document when that is written: what
-- later sessions ask of it, without reading ten thousand documents.
CREATE TABLE totals (
    session     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,              -- backward, forward, candidate, unknown, still
    seconds     REAL NOT NULL,
    moving_s    REAL NOT NULL,
    distance_m  REAL,                       -- NULL: none of its way is known
    PRIMARY KEY (session, kind)
) STRICT, WITHOUT ROWID;

-- What is learnt from a session, and nothing else of it: taken from its document in the transaction
-- that writes it, because after each new file all sessions are learnt from. A session that has none
-- here (from an older version, or one whose document cannot be read) is read from its document, and
-- the next transaction that writes sessions brings what is missing.
CREATE TABLE lessons (
    session     TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    record      BLOB NOT NULL               -- JSON: the fields of the Session that learning reads
) STRICT;
CREATE TRIGGER lesson_outdated AFTER UPDATE OF document ON sessions
    BEGIN DELETE FROM lessons WHERE session = old.id; END;

-- Sessions that changed or went since pages were written and what they teach was kept: noted in
-- the transaction that changed them, so that a run that is killed before leaves this to the next.
CREATE TABLE due (
    session     TEXT PRIMARY KEY            -- sessions.id, then or now
) STRICT, WITHOUT ROWID;
CREATE TRIGGER sessions_added AFTER INSERT ON sessions
    BEGIN INSERT OR REPLACE INTO due VALUES (new.id); END;
CREATE TRIGGER sessions_changed AFTER UPDATE OF document ON sessions
    BEGIN INSERT OR REPLACE INTO due VALUES (new.id); END;
CREATE TRIGGER sessions_gone AFTER DELETE ON sessions
    BEGIN INSERT OR REPLACE INTO due VALUES (old.id); END;

-- Exports to be analysed again from their originals: noted by what made it necessary (an undo, a
-- label), gone when it is done. One whose original cannot be read stays.
CREATE TABLE again (
    sha256      TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The user's word about a part of a session; later rows win over earlier ones. Those of answers are
-- only added, and deleted by undo; direction 'unknown' clears what is below it.
CREATE TABLE labels (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    session     TEXT NOT NULL,              -- sessions.id; kept when the session is computed anew
    start_s     REAL NOT NULL,              -- elapsed seconds, half-open interval
    end_s       REAL NOT NULL,
    direction   TEXT NOT NULL,
    origin      TEXT NOT NULL
) STRICT;
CREATE INDEX labels_by_session ON labels (session);

-- Which labels were given in one answer, and are taken back together.
CREATE TABLE answers (
    label       INTEGER PRIMARY KEY,        -- labels.id
    answer      INTEGER NOT NULL            -- labels.id of the first label of the answer
) STRICT;

-- Two recordings of one run, by a watch and by a second device that has a heading. A joined one
-- has no session of its own any more; its file is kept and read with the watch's.
CREATE TABLE matches (
    phone       TEXT NOT NULL,              -- what the second device's session is or was
    phone_sha256 TEXT NOT NULL,             -- of its export, see originals/
    session     TEXT NOT NULL,              -- sessions.id of the watch's
    state       TEXT NOT NULL CHECK (state IN
                ('joined', 'refused', 'apart')), -- apart: there was no need, or the user said so
    skew_s      REAL,                       -- how far its clock runs ahead; NULL unless joined
    reason      TEXT NOT NULL,              -- in words
    PRIMARY KEY (phone, session)
) STRICT;

-- What the user noted about a session: scores from 0 to 10, and free text.
CREATE TABLE notes (
    session     TEXT PRIMARY KEY,
    pain        INTEGER CHECK (pain BETWEEN 0 AND 10),      -- NULL: not asked
    effort      INTEGER CHECK (effort BETWEEN 0 AND 10),    -- rating of perceived exertion
    text        TEXT NOT NULL
) STRICT;

-- Documents of which there is one: 'profile' (what the athlete stated, what was learnt, and the secret
-- of the privacy zones), 'exposed' (sessions and tracks from before a privacy zone was known),
-- 'page-faults' (which sessions could not be shown), 'reports' (the folder where pages were written last), 'unreadable-originals' (which exports in `again`
-- wait for their original, and its state when it was tried), 'failed-reprocessing' (which exports of
-- another version could not be analysed again, and by which version and settings).
CREATE TABLE documents (
    name        TEXT PRIMARY KEY,
    document    BLOB NOT NULL               -- JSON
) STRICT;

-- A checksum of every row of every other table. Our own connections write them by temporary
-- triggers (checksums.py); a row that was changed by anything else does not agree with its checksum.
CREATE TABLE sums (
    name        TEXT NOT NULL,              -- of the table
    key         INTEGER NOT NULL,           -- checksum of the row's primary key
    sum         INTEGER NOT NULL,           -- checksum of the whole row
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;

-- How long journal.jsonl was when the last transaction ended.
CREATE TABLE journal (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    bytes       INTEGER NOT NULL
) STRICT;
