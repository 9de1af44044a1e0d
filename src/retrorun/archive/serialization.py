"""From model values to rows and back: what the workers do before they hand over.

Sessions without what only their own pages show: a third of the time, a quarter of the memory.

An outline is a session some of whose fields are not there at all: who asks for one gets an
AttributeError, never a value that is not true. Ten thousand sessions are read like this for the
comparison, the index, and what they teach. All that later sessions ask of them, their sums, stands
in a table of its own and needs no document at all.
"""

import gc
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, make_dataclass
from types import GenericAlias
from typing import Any, ClassVar

import msgspec

from retrorun import zone
from retrorun.archive import objects, tracks
from retrorun.archive.rows import Parcel, Problem, SessionRow
from retrorun.errors import ArchiveError
from retrorun.metrics import METRICS
from retrorun.model import (
    Athlete,
    Energy,
    Failed,
    MeasuredSegment,
    Measures,
    Metrics,
    Outcome,
    Segment,
    Session,
    Totals,
    Track,
)


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


def _outline(kind: type, left_out: str = "", **parts: object) -> Any:  # noqa: ANN401 - a new type
    """A subclass of a dataclass without fields that are left out, its parts outlines, too.

    A class variable without a value is neither read nor there.
    """
    fields = [*dict.fromkeys(left_out.split(), ClassVar[object]).items(), *parts.items()]
    return make_dataclass(kind.__name__, fields, bases=(kind,), frozen=True, slots=True)


_METRICS = _outline(
    Metrics,
    " ".join([*(each.key for each in METRICS if not each.read), "heart_rate", "energies"]),
    energy_shown=_outline(Energy, "active low high method citation") | None,
)
_SEGMENT = _outline(Segment, "probability evidence reason would_change")
_MEASURED = _outline(MeasuredSegment, segment=_SEGMENT, metrics=_METRICS)
_MEASURES = _outline(Measures, "notes", segments=GenericAlias(tuple, (_MEASURED, ...)))
_ABOUT = "labels laps pauses notes"
OUTLINES: msgspec.json.Decoder[Session] = msgspec.json.Decoder(
    _outline(Session, _ABOUT, measures=_MEASURES)
)

_NOT_SUMMED = {each.name for each in fields(Session)} - {"id", "start_time_s", "measures"}
_SUMMED = _outline(Session, " ".join(sorted(_NOT_SUMMED)))  # takes these three, in their order
_SUMS = _outline(Measures, "segments cost_factor notes bests heart")


def summed(
    starts: Iterable[tuple[str, float]],
    sums: Iterable[tuple[str, str, float, float, float | None]],
) -> list[Session]:
    """Sessions with nothing but their id, their start and their totals.

    Args:
        starts: id and Unix time of every session.
        sums: id, kind of movement, and of that the seconds, the moving seconds and the metres.
    """
    totals: dict[str, dict[str, Totals]] = defaultdict(dict)
    for session_id, kind, seconds, moving_s, distance_m in sums:
        totals[session_id][kind] = Totals(seconds, moving_s, distance_m)
    return [
        _SUMMED(session_id, start_time_s, _SUMS(totals[session_id]))
        for session_id, start_time_s in starts
    ]
