"""From model values to rows and back: what the workers do before they hand over."""

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec

from retrorun import zone
from retrorun.archive import objects, tracks
from retrorun.archive.rows import Parcel, Problem, SessionRow
from retrorun.errors import ArchiveError
from retrorun.model import Athlete, Failed, Outcome, Session, Track


def parcel(data: bytes, outcome: Outcome, athlete: Athlete) -> Parcel:
    """A file's outcome, ready to be written.

    Args:
        data: the file's bytes.
        outcome: what the pipeline made of them.
        athlete: with whom; sessions remember the fingerprint.
    """
    sha256 = objects.digest(data)
    if isinstance(outcome, Failed):
        kind: Problem = Problem(
            "not-a-run" if outcome.not_a_run else "failed",
            outcome.slug,
            outcome.message,
            outcome.offset,
            outcome.remedy,
        )
        return Parcel(sha256, problem=kind)
    stored = tuple(tracks.encode(track) for track in outcome.tracks)
    made_with = fingerprint(athlete)
    rows = (session_row(*pair, made_with) for pair in zip(outcome.sessions, stored, strict=True))
    return Parcel(sha256, tuple(rows), stored, objects.pack(data))


def session_row(session: Session, stored: bytes, athlete: str) -> SessionRow:
    """The row of a session whose track is stored as these bytes; athlete: a fingerprint."""
    backward = session.measures.totals.get("backward")
    return SessionRow(
        id=session.id,
        sha256=session.source.sha256,
        position=session.index,
        start_time_s=session.start_time_s,
        duration_s=session.duration_s,
        distance_m=session.distance_m,
        sport=session.sport,
        backward_s=backward.seconds if backward else 0.0,
        heading=session.heading.kind,
        track=objects.digest(stored),
        settings=session.settings,
        athlete=athlete,
        version=session.version,
        document=document(session),
    )


def document(session: Session) -> bytes:
    """A session as it is stored."""
    return msgspec.json.encode(session)


def fingerprint(athlete: Athlete) -> str:
    """First 12 hex digits of the SHA-256 of what the athlete said; what was learnt is left out."""
    said = msgspec.json.encode(athlete.without_learnt(), order="sorted")
    return hashlib.sha256(said).hexdigest()[:12]


_DECODER = msgspec.json.Decoder(Session)


def session(stored: bytes) -> Session:
    """The session of a stored document.

    Raises:
        ArchiveError: the document does not fit this version.
    """
    return _decoded(_DECODER, stored)


Damaged = Callable[[str, ArchiveError], None]


def sessions(
    documents: Iterable[tuple[str, bytes]], damaged: Damaged | None = None
) -> list[Session]:
    """The sessions of many stored documents.

    Args:
        documents: id and document of each.
        damaged: is given the id of each that cannot be read, and why; None: the first is raised.

    Raises:
        ArchiveError: a document does not fit this version.
    """
    with _without_collecting():
        return list(_all_decoded(_DECODER, documents, damaged))


def outlines(
    documents: Iterable[tuple[str, bytes]], damaged: Damaged | None = None
) -> list[Session]:
    """The same, without what only their own pages show.

    Raises:
        ArchiveError: a document does not fit this version.
    """
    from retrorun.archive.outlines import OUTLINES

    with _without_collecting():
        return list(_all_decoded(OUTLINES, documents, damaged))


def _all_decoded(
    decoder: msgspec.json.Decoder[Session],
    documents: Iterable[tuple[str, bytes]],
    damaged: Damaged | None,
) -> Iterator[Session]:
    for session_id, stored in documents:
        try:
            yield _decoded(decoder, stored)
        except ArchiveError as problem:
            if damaged is None:
                raise
            damaged(session_id, problem)


def _decoded(decoder: msgspec.json.Decoder[Session], stored: bytes) -> Session:
    try:
        found = decoder.decode(stored)
        _refuse_odd(found)
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError, RecursionError) as problem:
        raise _unreadable(problem) from problem
    except (ValueError, OverflowError, OSError) as problem:
        raise _unreadable(problem) from problem
    return found


_MOST = 1e9  # seconds or metres of one session: far over any, and what pages can draw


def _refuse_odd(found: Session) -> None:
    """Refuse what no list and no sum can take: times that no calendar has, and boundless sums.

    Raises:
        ValueError, OverflowError, OSError: the session holds such a thing.
    """
    zone.local_time(found.start_time_s, found.zone)
    sums = [found.duration_s, found.moving_s, found.distance_m]
    for each in found.measures.totals.values():
        sums += [each.seconds, each.moving_s, each.distance_m]
    if not all(0 <= (each or 0.0) <= _MOST for each in sums):
        raise ValueError("a time or a distance in it is none that a session can have")


def _unreadable(reason: object) -> ArchiveError:
    remedy = "`retrorun archive check --repair` makes it again from its original."
    words = f"a stored session cannot be read: {reason}"
    return ArchiveError("archive-session-damaged", words, remedy=remedy)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Let the garbage collector rest, and let it never look at what is made meanwhile.

    Nothing of it is garbage, and looking for some among millions of new objects, again and again,
    takes three times as long as making them.
    """
    working = gc.isenabled()
    gc.collect()  # what is garbage now would be kept for good
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if working:
            gc.enable()


def track(stored: bytes) -> Track:
    """The track of stored Parquet bytes.

    Raises:
        ArchiveError: the bytes are damaged.
    """
    return tracks.decode(stored)
