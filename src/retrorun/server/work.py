"""What follows behind: importing what was dropped, learning, other sessions, comparison and pages.

A thread follows the folder as ``watch`` does. What is to be done is done in one guarded child
process, by the functions that ``process`` uses; the child ends with its job, so that the server
keeps neither its memory nor its time. What it does is told to open pages as it happens.
"""

import math
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from msgspec.structs import asdict

from retrorun import ingest, publish, watch
from retrorun.archive import Archive
from retrorun.engines.child import Guard, Limits, Lost
from retrorun.errors import EngineError, ReadError, RetrorunError, error_location
from retrorun.ingest.plan import SETTLE_S
from retrorun.language import current_language, use_language
from retrorun.report.inbox import ImportProgress, Inbox
from retrorun.server.inbox import set_aside
from retrorun.server.live import Events, Setup
from retrorun.text import printable

PROGRESS_S = 0.2  # open pages hear of progress no more often than this
MOST_OUTDATED = 20  # sessions of another version that one job analyses again
NICE = 10  # how much less urgent than an answer it is
END_S = 5.0  # how long the end of the thread is waited for
LOOK_S = 1.0  # how often it is looked whether the processes can be let go
_FIRST: ingest.Due = frozenset({("first",)})  # pages over all, or zones, that were never there
Event = tuple[str, dict[str, Any]]
Tell = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What the child process is to do.

    Attributes:
        setup: where things are.
        settle_s: a file changed less than this ago may still grow; 0 where all are known whole.
    """

    setup: Setup
    settle_s: float = SETTLE_S


def carry_out(job: Job) -> Iterator[Event]:
    """Import what is new, bring everything up to date and write the pages, in this process.

    Yields:
        ``import`` with done, total and name; ``file`` for each that became a session or was set
        aside; ``done`` with what ``Follower`` asks, at the end.

    Raises:
        RetrorunError: what went wrong; what was written stays.
    """
    if hasattr(os, "nice"):
        os.nice(NICE)  # an answer goes before what follows it
    events: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            _run(job, lambda name, data: events.put((name, dict(data))))
            events.put(None)
        except BaseException as problem:  # noqa: BLE001 - it is raised again below
            events.put(problem)

    threading.Thread(target=run, daemon=True).start()
    while (event := events.get()) is not None:
        if isinstance(event, BaseException):
            raise event
        yield event


def _run(job: Job, tell: Tell) -> None:
    setup = job.setup
    with Archive.open(setup.archive) as store:
        engine = ingest.Engine(
            setup.settings,
            setup.athlete_of(store),
            setup.jobs,
            guarded=True,
            athlete_now=lambda archive, _: setup.athlete_of(archive),
        )
        plan = ingest.plan_import(str(setup.folder), store, settle_s=job.settle_s)
        with store.writing():
            report = ingest.run_import(plan, store, engine, _progress(tell))
            _tell_files(report, store, tell)
            ingest.bring_up_to_date(store, engine)
        ingest.reprocess_exposed(store, engine)
        options = setup.page_options(store)
        publish.publish_pending(store, setup.reports, options)
        if ingest.outdated_sessions(store, setup.settings):
            ingest.reprocess_outdated(store, engine, most=MOST_OUTDATED)
            publish.publish_pending(store, setup.reports, options)
        left = bool(report.waiting or ingest.outdated_sessions(store, setup.settings))
        tell("done", {"unfinished": left, "waiting": report.waiting})


def _progress(tell: Tell) -> Callable[[int, int, str], None]:
    def step(done: int, total: int, name: str) -> None:
        tell("import", {"done": done, "total": max(done, total), "name": name})

    return step


def _tell_files(report: ingest.Report, store: Archive, tell: Tell) -> None:
    for row in report.problems:
        tell("file", {**asdict(set_aside(row)), "session": None})
    for each in report.sessions:
        name = printable(PurePath(store.file_name(store.hashes([each])[0])).name)
        tell("file", {"name": name, "session": each})


@dataclass(slots=True)
class Progress:
    """An import as it runs: how many files are done, of how many, since when."""

    done: int
    total: int
    began_s: float

    def shown(self) -> ImportProgress:
        """With files a second and the seconds that are left; None where that is not known."""
        passed_s = time.monotonic() - self.began_s
        rate = self.done / passed_s if self.done and passed_s > 0 else None
        left_s = (self.total - self.done) / rate if rate else None
        return ImportProgress(self.done, self.total, rate, left_s)


class Follower:
    """The thread that follows the folder, and the child process in which the work is done.

    Attributes:
        trouble: what keeps the folder from being followed, in words; empty if nothing does.
        progress: of the import that runs; None if none does.
    """

    def __init__(self, setup: Setup, events: Events) -> None:
        self._setup, self._events = setup, events
        self._stop, self._changed = threading.Event(), threading.Event()
        self._guard = Guard(Limits(seconds=math.inf))
        self._answered_s = -math.inf
        self._timer: threading.Timer | None = None
        self._uploaded: set[str] = set()
        self._began_s = self._progress_s = -math.inf
        self._tried = watch.Tried()  # the same is not tried again at once
        self._lost: EngineError | None = None  # what ended its child process
        self._waiting: Sequence[str] = ()  # files that it left for later
        self.trouble = ""
        self.progress: Progress | None = None
        self.is_busy = False
        self._thread = threading.Thread(target=self._follow, name="follow", daemon=True)

    def start(self) -> None:
        """Begin to follow the folder."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and the work; what is left undone is done at the next start."""
        self._stop.set()
        self._changed.set()
        if self._timer is not None:
            self._timer.cancel()
        until_s = time.monotonic() + END_S
        while self._thread.is_alive() and time.monotonic() < until_s:
            self._guard.end()  # again: a child may just have been started
            self._thread.join(0.1)

    def dropped(self, paths: list[Path]) -> None:
        """Whole files were put into the folder: look at once."""
        self._uploaded |= {str(each) for each in paths}
        self._changed.set()

    def answered(self) -> None:
        """The athlete has given an answer: when no other follows, bring everything up to it."""
        self._answered_s = time.monotonic()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._setup.settings.server.follow_s, self._changed.set)
        self._timer.daemon = True
        self._timer.start()

    def _follow(self) -> None:
        rhythm = watch.Rhythm(changed=self._changed)
        watch.follow(self._setup.folder, self._look_guarded, self._report, self._stop, rhythm)

    def _report(self, message: str) -> None:
        self.trouble = "" if message == watch.RECOVERED else message
        self._events.tell("inbox", {})

    def _look_guarded(self) -> bool:
        """As ``_look``; a defect is a trouble that is told, and the folder is followed on.

        Raises:
            RetrorunError: there is trouble.
            Stopped: it is the end, and whatever breaks off then is no trouble.
        """
        try:
            return self._look()
        except Exception as fault:
            if self._stop.is_set():
                raise watch.Stopped from fault
            if isinstance(fault, RetrorunError):
                raise
            words = error_location(fault)
            raise EngineError("internal-error", words, remedy="Please report this.") from fault

    def _look(self) -> bool:
        """Do what is due; whether it is to be looked again soon.

        Raises:
            RetrorunError: the folder or the archive gave trouble.
        """
        with Archive.open(self._setup.archive) as store:
            plan = ingest.plan_import(str(self._setup.folder), store, settle_s=0)
            due = ingest.due(plan, store, self._setup.reports, self._setup.settings)
            is_written = (self._setup.reports / publish.INDEX).exists()
            due |= _FIRST if not is_written or ingest.has_redrawn_zones(store) else frozenset()
        passed_s = time.monotonic() - self._answered_s
        if not (plan.new or plan.tables or plan.moved or plan.duplicates or plan.pairs):
            is_early = passed_s < self._setup.settings.server.follow_s
            if is_early or not due:
                return bool(plan.waiting)  # the timer of the last answer wakes this thread again
        unfinished = bool(plan.waiting)
        if not self._tried.is_early(due, time.monotonic()):
            unfinished = self._try(plan, due)
        elif self._lost is not None:
            raise self._lost
        if plan.unlisted:
            place, reason = plan.unlisted[0]
            raise ReadError("folder-unreadable", f"it is not read: {reason}", file=place)
        return unfinished

    def _try(self, plan: ingest.Plan, due: ingest.Due) -> bool:
        """Do what is due, and remember what of it was tried; whether to look again soon."""
        self._tried, self._waiting = watch.Tried(), ()
        addresses = {each.entry.address for each in plan.new}
        complete = bool(addresses) and addresses <= self._uploaded and not plan.tables
        try:
            unfinished = self._run_job(Job(self._setup, 0.0 if complete else SETTLE_S))
        except Exception:
            if self._lost is not None:
                self._tried = watch.Tried(due, time.monotonic())
            raise
        self._uploaded -= addresses
        with Archive.open(self._setup.archive) as store:
            due &= ingest.due(plan, store, self._setup.reports, self._setup.settings)
        tried = ingest.without_waiting(due, self._waiting)
        self._tried = watch.Tried(tried, time.monotonic())
        return unfinished

    def _run_job(self, job: Job) -> bool:
        """Have the child do a job and tell open pages of it; whether to look again soon."""
        self.is_busy, self._lost, unfinished = True, None, False
        self._began_s, self._progress_s = time.monotonic(), -math.inf
        try:
            for event in self._guard.stream(carry_out, job):
                if isinstance(event, Lost):
                    if self._stop.is_set():
                        return False
                    self._lost = EngineError(event.slug, event.message)
                    raise self._lost
                name, data = event
                if name == "done":
                    unfinished, self._waiting = data["unfinished"], data["waiting"]
                self._tell(name, data)
        finally:
            self.is_busy, self.progress = False, None
            self._guard.stop()
            self._tell_state()
        return unfinished

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        """Tell open pages what the child has said; of many steps of an import only some."""
        if name == "file":
            self._events.tell("file", data)
        elif name == "import":
            self.progress = Progress(data["done"], data["total"], self._began_s)
            if time.monotonic() - self._progress_s >= PROGRESS_S or data["done"] == data["total"]:
                self._progress_s = time.monotonic()
                shown_now = asdict(self.progress.shown())
                self._events.tell("import", shown_now | {"name": data["name"]})
                self._events.tell("inbox", {})

    def _tell_state(self) -> None:
        self._events.tell("inbox", {})
        with suppress(RetrorunError), Archive.open(self._setup.archive) as store:
            self._events.tell("fresh", {"fresh": store.pending.is_empty()})


@dataclass(frozen=True, slots=True)
class _Overview:
    """A page over all sessions that is wanted: its name, language, and what waits."""

    setup: Setup
    name: str
    language: str
    inbox: Inbox | None


def _overview(wanted: _Overview) -> Iterator[str]:
    """The page as HTML, for a guarded child: it needs much memory for a moment."""
    setup = wanted.setup
    with Archive.open(setup.archive) as store:
        options = setup.page_options(store, live=True)
        with use_language(wanted.language):
            pages, _ = publish.overview_pages(store, options, (wanted.name,), wanted.inbox)
        yield pages[wanted.name]


class Overviews:
    """The pages over all sessions, made anew only when the archive has changed."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._guard = Guard()
        self._made: dict[tuple[str, str], tuple[tuple[int, Inbox | None], str]] = {}

    def page(self, archive: Archive, name: str, inbox: Inbox | None = None) -> str:
        """A page of `publish.OVERVIEWS` by its name; to be called in one ``ArchiveThread`` only.

        Raises:
            RetrorunError: it cannot be made.
        """
        state, key = (archive.database.state(), inbox), (name, current_language())
        if key not in self._made or self._made[key][0] != state:
            wanted = _Overview(self._setup, name, current_language(), inbox)
            (html,) = list(self._guard.stream(_overview, wanted))
            if isinstance(html, Lost):
                raise EngineError(html.slug, html.message)
            self._made[key] = state, html
        return self._made[key][1]

    def release(self) -> None:
        """End the child process; the next page starts another."""
        self._guard.stop()
