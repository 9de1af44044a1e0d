"""What the pages show and the answers change: sessions, questions, notes, and what is new.

One thread of its own holds the archive for answers, another for reading, so that a page that takes
long delays no answer. An answer is stored in one transaction before anything else happens; then its
session alone is analysed again, in a guarded child process that stays while pages are open. Where
the archive's one writer is busy with an import, the new session is kept in memory and shown from
there until that import or the next one has written it: the archive notes what is due.
"""

import asyncio
import contextvars
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from msgspec import json, structs, to_builtins

from retrorun import answers, compare, engines, ingest, privacy_zones, publish
from retrorun.answers import Answer
from retrorun.archive import Archive, Parcel, serialization
from retrorun.compare import EarlierSessions
from retrorun.engines.child import Guard, Lost
from retrorun.errors import ArchiveError, RetrorunError, SettingsError
from retrorun.language import use_language
from retrorun.model import LONGEST_NOTE, Athlete, Label, Remark, Session, Track
from retrorun.report.inbox import ImportProgress, Inbox
from retrorun.report.session.page import session_page
from retrorun.report.session.question import QuestionContext, question_panel, review_page
from retrorun.server.inbox import Queue, learnt_of, set_aside
from retrorun.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
# position of the activity → its labels; and the mark of the privacy zones
MadeWith = tuple[Mapping[int, tuple[Label, ...]] | None, str]
AthleteOf = Callable[[Archive], Athlete]
MOST_SET_ASIDE = 200  # files that the home page names
MOST_WAITING = 256  # events that a page may leave unread before it is told to ask for everything


@dataclass(frozen=True, slots=True)
class Setup:
    """Where things are, and how files are analysed.

    Attributes:
        archive, reports, folder: of sessions, static pages, and what is dropped and followed.
        settings: of every stage, and of the server.
        athlete_of: the athlete whose archive it is; can be pickled.
        jobs: worker processes of an import.
        archive_option: what commands on pages need to find the archive.
    """

    archive: Path
    reports: Path
    folder: Path
    settings: Settings
    athlete_of: AthleteOf
    jobs: int
    archive_option: str = ""

    def page_options(self, archive: Archive, *, live: bool = False) -> publish.PublishOptions:
        """How pages of an archive are written or shown."""
        return publish.PublishOptions(
            self.settings,
            self.athlete_of(archive),
            jobs=self.jobs,
            live=live,
            archive_option=self.archive_option,
        )


class Events:
    """Tells open pages what is new, from any thread."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: set[asyncio.Queue[tuple[str, Any] | None]] = set()
        self.is_over = False

    @property
    def listeners(self) -> int:
        """How many pages listen."""
        return len(self._queues)

    def open(self) -> asyncio.Queue[tuple[str, Any] | None]:
        """A queue of events from now on; None ends it."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue(MOST_WAITING)
        self._queues.add(queue)
        return queue

    def close(self, queue: asyncio.Queue[tuple[str, Any] | None]) -> None:
        """Let go of a queue."""
        self._queues.discard(queue)

    def tell(self, name: str, data: Mapping[str, Any]) -> None:
        """Tell every open page; may be called in any thread."""
        loop = self._loop
        if loop is not None and self._queues:
            with suppress(RuntimeError):  # the server is ending
                loop.call_soon_threadsafe(self._put, (name, dict(data)))

    def end(self) -> None:
        """End all streams; to be called in the server's own thread."""
        self.is_over = True
        self._put(None)

    def _put(self, event: tuple[str, Any] | None) -> None:
        for queue in list(self._queues):
            if queue.full():  # a page that does not read: it asks for everything when it does
                while not queue.empty():
                    queue.get_nowait()
            queue.put_nowait(event)


class ArchiveThread:
    """A thread that has the archive open for itself, and does one thing after another with it.

    Attributes:
        language: that of the athlete's profile when it was read last; None where it names none.
            Then the words are in the language of the request.
    """

    def __init__(self, setup: Setup, name: str) -> None:
        self.language: str | None = None
        self._setup = setup
        self._archive: Archive | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def do(
        self,
        work: Callable[Concatenate[Archive, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do something with the archive in this thread; its result, or the error it raises."""
        loop, asked = asyncio.get_running_loop(), contextvars.copy_context()
        do = partial(self._do, work, *args, **kwargs)
        return await loop.run_in_executor(self._thread, partial(asked.run, do))

    def _do(
        self, work: Callable[Concatenate[Archive, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if self._archive is not None and self._archive.database.is_replaced():
            self._close()  # it was repaired: what is written to the old one would be lost
        if self._archive is None:
            self._archive = Archive.open(self._setup.archive)
        self.language = _language(self._setup, self._archive)
        with use_language(self.language):
            return work(self._archive, *args, **kwargs)

    def close(self, last: Callable[[], None] | None = None) -> None:
        """End the thread after what it does now and a last thing, and close its archive."""
        if last is not None:
            self._thread.submit(last)
        self._thread.submit(self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        if self._archive is not None:
            self._archive.close()
            self._archive = None


def _language(setup: Setup, archive: Archive) -> str | None:
    """That of the athlete's profile; None where none is named, or the profile cannot be read."""
    with suppress(RetrorunError):
        return setup.athlete_of(archive).language
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A session as it is shown, and its track."""

    session: Session
    track: Track


@dataclass(slots=True)
class _Overlay:
    """Sessions of the last answers that are not written yet, and what made them, by their file."""

    sessions: dict[str, tuple[Shown, ...]] = field(default_factory=dict)
    made_with: dict[str, MadeWith] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, sha256: str, made: tuple[Shown, ...], made_with: MadeWith) -> None:
        with self.lock:
            self.sessions[sha256], self.made_with[sha256] = made, made_with

    def drop(self, sha256: str) -> None:
        with self.lock:
            self.sessions.pop(sha256, None)
            self.made_with.pop(sha256, None)

    def kept(self) -> dict[str, MadeWith]:
        with self.lock:
            return dict(self.made_with)

    def shown(self) -> dict[str, Shown]:
        with self.lock:
            found = [each for made in self.sessions.values() for each in made]
        return {each.session.id: each for each in found}


class Live:
    """All that is shown and changed; its methods run in an ``ArchiveThread``, with its archive."""

    def __init__(self, setup: Setup, events: Events, changed: Callable[[], None]) -> None:
        self.setup, self.events, self._changed = setup, events, changed
        self._overlay = _Overlay()
        self._guard = Guard()
        self._earlier: tuple[tuple[int, int], Mapping[str, EarlierSessions]] | None = None
        self._queue = Queue()

    # what is shown

    def shown(self, archive: Archive, session_id: str) -> Shown:
        """A session and its track, as the last answer has made them.

        Raises:
            ArchiveError: there is no such session, it cannot be read, or holds hidden seconds.
        """
        self._forget_written(archive)
        (full_id,) = archive.database.find_session("id", session_id)
        archive.refuse_exposed(full_id)
        kept = self._overlay.shown().get(full_id)
        if kept is not None:
            return kept
        track = publish.shown_track(archive, full_id, self.setup.athlete_of(archive))
        return Shown(archive.session(full_id), track)

    def _forget_written(self, archive: Archive) -> None:
        """Let go of what the archive has by now, and of what other labels or zones made."""
        kept = self._overlay.kept()
        if kept:
            due, mark = set(archive.pending.exports()), _zones_mark(archive)
            for sha256, made_with in kept.items():
                if sha256 not in due or made_with != (archive.annotations.labels(sha256), mark):
                    self._overlay.drop(sha256)

    def is_fresh(self, archive: Archive, session_id: str | None = None) -> bool:
        """Whether everything, or one session's numbers, rest on the last answer."""
        if session_id is None:
            return archive.pending.is_empty()
        (full_id, sha256) = archive.database.find_session("id, sha256", session_id)
        return full_id in self._overlay.shown() or sha256 not in archive.pending.exports()

    def earlier(self, archive: Archive, session_id: str) -> EarlierSessions:
        """What was run before a session; worked out once for each state of the archive."""
        state = archive.database.state(), archive.database.connection.total_changes
        if self._earlier is None or self._earlier[0] != state:
            settings = self.setup.settings.compare
            self._earlier = state, compare.earlier_sessions(archive.sums(), settings)
        return self._earlier[1].get(session_id, EarlierSessions())

    def page(self, archive: Archive, session_id: str) -> str:
        """The page of a session, as HTML.

        Raises:
            ArchiveError: as ``shown``.
        """
        return self._page(archive, self.shown(archive, session_id))

    def _page(self, archive: Archive, found: Shown) -> str:
        session = found.session
        options = self.setup.page_options(archive)
        context = publish.session_context(session, self.earlier(archive, session.id), options)
        live = structs.replace(
            context,
            live=True,
            undo=archive.annotations.answers(session.id),
            fresh=archive.pending.is_empty(),
            note=archive.annotations.remarks().get(session.id, Remark()),
            seen=segments_fingerprint(session),
        )
        return session_page(session, found.track, live)

    def state(self, archive: Archive, session_id: str) -> dict[str, Any]:
        """The numbers of a session and its page, as the pages' script takes them.

        Raises:
            ArchiveError: as ``shown``.
        """
        found = self.shown(archive, session_id)
        session = found.session
        return {
            "session": session.id,
            "segments": [_segment(*each) for each in enumerate(session.measures.segments, 1)],
            "totals": to_builtins(session.measures.totals),
            "seen": segments_fingerprint(session),
            "undo": archive.annotations.answers(session.id),
            "note": to_builtins(archive.annotations.remarks().get(session.id, Remark())),
            "fresh": self.is_fresh(archive, session.id),
            "page": self._page(archive, found),
        }

    def inbox(self, archive: Archive, progress: ImportProgress | None = None) -> Inbox:
        """What waits for the athlete: candidates, newest session first, and files set aside."""
        self._forget_written(archive)
        newest = {each: kept.session for each, kept in self._overlay.shown().items()}
        return Inbox(
            queue=self._queue.candidates(archive, newest),
            set_aside=tuple(set_aside(row) for row in archive.problems()[:MOST_SET_ASIDE]),
            progress=progress,
            learnt=learnt_of(self.setup.athlete_of(archive)),
            fresh=self.is_fresh(archive),
        )

    def panel(
        self, archive: Archive, session_id: str, number: int | None, start_s: int | None = None
    ) -> str:
        """The question about a segment, as HTML for the page of the review.

        Args:
            archive: of this thread.
            session_id: or an unambiguous beginning of it.
            number: of the segment; None: it is found by its start.
            start_s: whole seconds since the session's start, as pages show it.

        Raises:
            ArchiveError: as ``shown``, or there is no such segment.
        """
        found = self.shown(archive, session_id)
        session = found.session
        starts_s = [round(each.segment.start_s) for each in session.measures.segments]
        if number is None:
            number = starts_s.index(start_s) + 1 if start_s in starts_s else 0
        if not 1 <= number <= len(starts_s):
            raise ArchiveError("segment-unknown", f"session {session_id} has no such stretch")
        athlete, undo = self.setup.athlete_of(archive), archive.annotations.answers(session.id)
        context = QuestionContext(athlete, undo, segments_fingerprint(session))
        return question_panel(session, found.track, number, context)

    def review(self, archive: Archive, session_id: str | None, number: int | None) -> str:
        """The page of the review; it begins with one segment, or with what waits first.

        Raises:
            ArchiveError: as ``panel``.
        """
        inbox = self.inbox(archive)
        if session_id is None and inbox.queue:
            session_id, number = inbox.queue[0].session, inbox.queue[0].segment
        panel = "" if session_id is None else self.panel(archive, session_id, number or 1)
        return review_page(inbox, panel)

    # what is changed

    def answer(
        self, archive: Archive, session_id: str, given: Answer, seen: str | None = None
    ) -> str:
        """Store an answer and bring the session's numbers up to it; the session's id in full.

        Args:
            archive: of this thread.
            session_id: or an unambiguous beginning of it.
            given: the answer.
            seen: the segments that the athlete saw (``segments_fingerprint``); None: those of now.

        Raises:
            SettingsError: the answer names nothing that is there; nothing is stored.
            ArchiveError: there is no such session, the athlete saw other segments, or the disk
                refuses; nothing is stored.
        """
        self._forget_written(archive)
        (full_id,) = archive.database.find_session("id", session_id)
        kept = self._overlay.shown().get(full_id)
        newest = kept.session if kept else archive.session(full_id)
        if seen is not None and seen != segments_fingerprint(newest):
            words = "the session has changed since this page showed it"
            raise ArchiveError("session-changed", words, remedy="Look at it again.")
        return self._follow(archive, answers.answer(archive, full_id, given, newest))

    def undo(self, archive: Archive, session_id: str) -> str:
        """Take back the last answer about a session; as ``answer``."""
        return self._follow(archive, answers.undo(archive, session_id))

    def _follow(self, archive: Archive, answered: answers.Answered) -> str:
        if answered.labels:
            self._changed()  # what follows waits from now on, not only when this is analysed
            self.events.tell("fresh", {"fresh": False})
            self.analyse_again(archive, answered.sha256)
            self.events.tell("session", {"session": answered.session})
            self.events.tell("inbox", {})
            self._changed()
        return answered.session

    def analyse_again(self, archive: Archive, sha256: str) -> None:
        """Analyse the sessions of a file with the labels of now; write them, or keep them.

        The one writer is kept out from the first look at the labels until the sessions are
        written: what another server has analysed with later labels is never overwritten. A file
        that cannot be analysed stays as it was, and noted.
        """
        try:
            with archive.writing(0.0):
                self._write_again(archive, sha256)
        except ArchiveError as problem:
            if problem.slug != "archive-busy":
                raise
            self._keep_again(archive, sha256)

    def _write_again(self, archive: Archive, sha256: str) -> None:
        parcel = self._parcel(archive, sha256)
        if parcel is not None and parcel.problem is None:
            ingest.write_reprocessed(parcel, archive)
            self._overlay.drop(sha256)

    def _keep_again(self, archive: Archive, sha256: str) -> None:
        mark = _zones_mark(archive)  # of before: zones of meanwhile may not be cut out
        parcel = self._parcel(archive, sha256)
        if parcel is not None and parcel.problem is None:
            self._overlay.put(sha256, tuple(_unpacked(parcel)), (parcel.labels, mark))

    def _parcel(self, archive: Archive, sha256: str) -> Parcel | None:
        """A file analysed with the labels of now; None where it has no session any more."""
        if not archive.has_session(sha256):
            return None
        task = ingest.original_task(sha256, archive)
        work = engines.single_work_of(self.setup.settings, self.setup.athlete_of(archive))
        (parcel,) = list(self._guard.stream(work, task))
        return None if isinstance(parcel, Lost) else structs.replace(parcel, labels=task.labels)

    def undoable(self, archive: Archive, session_id: str) -> int:
        """How many answers about a session can be taken back."""
        return archive.annotations.answers(archive.database.find_session("id", session_id)[0])

    def warm(self, archive: Archive, session_id: str) -> None:
        """Have the child process ready, before the first answer about a session."""
        if not self._guard.is_ready:
            with suppress(RetrorunError):
                self._parcel(archive, archive.hashes([session_id])[0])

    def release(self) -> None:
        """End the child process; the next answer starts another."""
        self._guard.stop()

    def note(self, archive: Archive, session_id: str, given: Remark, seen: Remark) -> str:
        """Keep what the athlete changed of a session's note; its id in full.

        Args:
            archive: of this thread.
            session_id: or an unambiguous beginning of it.
            given: the note as the athlete left it.
            seen: the note that the page had shown before.

        Raises:
            ArchiveError: there is no such session, the disk refuses, or another score was given
                since the page showed the note; nothing is stored.
            SettingsError: both texts together are too long; nothing is stored.
        """
        (full_id,) = archive.database.find_session("id", session_id)
        archive.annotations.change_remark(full_id, lambda now: _changed_note(now, seen, given))
        self.events.tell("session", {"session": full_id})
        return str(full_id)


def _changed_note(now: Remark, seen: Remark, given: Remark) -> Remark:
    if now.contradicts(seen, given):
        words = "another pain or effort was noted since this page showed them"
        raise ArchiveError("note-changed", words, remedy="Look at them again.")
    after = now.with_changes(seen, given)
    over = len(after.text) - max(LONGEST_NOTE, len(now.text))  # what joined notes hold may stay
    if over > 0:
        words = f"with what was noted elsewhere meanwhile it is too long: shorten it by {over}"
        if after.text == given.text:
            words = f"a note has at most {LONGEST_NOTE} characters: shorten it by {over}"
        raise SettingsError("note-too-long", words)
    return after


def _zones_mark(archive: Archive) -> str:
    return privacy_zones.mark(archive.annotations.profile())


def segments_fingerprint(session: Session) -> str:
    """A text that tells whether two pages show the same segments of a session."""
    found = [each.segment for each in session.measures.segments]
    parts = [(each.start_s, each.end_s, each.kind) for each in found]
    return hashlib.sha256(json.encode(parts)).hexdigest()[:16]


def _unpacked(parcel: Parcel) -> Iterator[Shown]:
    for row, stored in zip(parcel.sessions, parcel.tracks, strict=True):
        yield Shown(serialization.session(row.document, row.id), serialization.decode_track(stored))


def _segment(number: int, measured: Any) -> dict[str, Any]:  # noqa: ANN401 - a measured segment
    segment = measured.segment
    names = ("start_s", "end_s", "direction", "gait", "verdict", "probability", "kind")
    return {"number": number} | {name: getattr(segment, name) for name in names}
