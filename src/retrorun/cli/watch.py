"""Commands that follow a folder: ``watch``, and ``open``, which serves the pages meanwhile."""

import os
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Literal, cast

import click
import msgspec
from platformdirs import user_documents_path

from retrorun import ingest
from retrorun import watch as following
from retrorun.archive import Archive
from retrorun.cli import options, process, terminal
from retrorun.errors import UNREAD, ReadError
from retrorun.settings import Settings
from retrorun.text import printable
from retrorun.watch import Rhythm

if TYPE_CHECKING:
    from retrorun.archive import FileRow
    from retrorun.publish import Published
    from retrorun.report.page import Fault

EVERY_S = 60.0  # the longest time between two looks
LEAST_EVERY_S = 1.0  # that it may be: each look lists the whole folder


@click.command()
@click.argument("folder", type=options.FOLDER)
@options.archive
@options.reports
@options.profile
@options.settings
@options.jobs
@click.option(
    "--every",
    default=EVERY_S,
    show_default=True,
    metavar="SECONDS",
    callback=lambda _, __, every_s: _checked_every_s(every_s),
    help="Seconds between two looks.",
)
@click.option("--events/--no-events", default=True, help="Also look at the system's events.")
@click.option("--once", is_flag=True, help="Look once and end: for cron.")
@click.option(
    "--service",
    type=click.Choice(["systemd", "launchd"]),
    help="Print what starts this watch at login, and end.",
)
@click.pass_context
def watch(
    context: click.Context,
    folder: Path,
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    jobs: int | None,
    every: float,
    events: bool,
    once: bool,
    service: str | None,
) -> None:
    """Do what process does whenever something is dropped into FOLDER, until stopped."""
    if service is not None and once:
        raise click.UsageError("--service starts a watch that goes on: give it without --once")
    if service is not None:
        option_paths = {"--archive": archive, "--profile": profile, "--settings": settings}
        words = [] if every == EVERY_S else ["--every", f"{every:g}"]
        words += [] if events else ["--no-events"]
        words += ["--jobs", str(jobs)] if jobs else []
        click.echo(watch_service(service, folder, reports, option_paths, words), nl=False)
        return
    paths = WatchPaths(folder, options.archive_folder(archive), reports, profile)
    rhythm = Rhythm(every_s=every, events=events)
    known = options.load_settings(settings)
    jobs = jobs or options.cores()
    context.exit(follow_folder(paths, known, jobs, None if once else rhythm))


def _checked_every_s(every_s: float) -> float:
    if not every_s >= LEAST_EVERY_S:  # NaN is neither less nor more
        raise click.BadParameter(f"at least {LEAST_EVERY_S:g} second")
    return every_s


@dataclass(frozen=True, slots=True)
class WatchPaths:
    """Where exports, archive and pages are, and a profile file that replaces the stored one."""

    folder: Path
    archive: Path
    reports: Path
    profile: Path | None


def follow_folder(paths: WatchPaths, settings: Settings, jobs: int, rhythm: Rhythm | None) -> int:
    """Follow the folder; without a rhythm look once and end.

    Returns:
        The exit status: of one look, 1 where something could not be read or shown, and 128 and
        the number of the signal where one ended it between two files.

    Raises:
        RetrorunError: looking once failed.
    """
    with following.until_signalled() as stop:
        if rhythm is None:
            try:
                done = _process_once(paths, settings, jobs, stop)
            except following.Stopped:
                return INTERRUPTED + stop.number
            if done.unlisted is not None:
                raise done.unlisted
            return done.status
        troubles = _TroubleReport(_print_message)
        terminal.tell(f"watching {paths.folder}; stop with Ctrl-C")
        following.follow(
            paths.folder,
            lambda: troubles.after(_process_once(paths, settings, jobs, stop, troubles.before)),
            _print_message,
            stop,
            rhythm,
        )
    terminal.tell("stopped")
    return 0


INTERRUPTED = 128  # exit status, and the number of the signal
MOST_OUTDATED = 20  # sessions of another version that one look analyses again
NOT_TRIED = following.Tried()


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one look at the folder.

    Attributes:
        is_growing: some files still grow, or sessions of another version are left: look soon.
        status: the exit status: 1 where something could not be read or shown.
        unlisted: the first place that cannot be listed, and how many more; None if all can.
        tried: what was to be done when something was done last.
        failing: of that, what is told of files and pages that are due again: the system failed.
    """

    is_growing: bool
    status: int
    unlisted: ReadError | None
    tried: following.Tried = NOT_TRIED
    failing: frozenset["FileRow | Fault"] = frozenset()


_NOTHING = Look(is_growing=False, status=0, unlisted=None)


class _TroubleReport:
    """Reports once which places cannot be listed: that is for the user to change, not to wait for.

    The rest of the folder is followed in the usual rhythm. Says when they can be listed again, and
    nothing else fails; what fails is told by the look itself.

    Attributes:
        before: the last look.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.before = _NOTHING

    def after(self, look: Look) -> bool:
        """Report what is new about such places; whether some files still grow."""
        message, reported = str(look.unlisted or ""), str(self.before.unlisted or "")
        if message and message != reported:
            self._say(message)
        if (reported or self.before.failing) and not (message or look.failing):
            self._say(following.RECOVERED)
        self.before = look
        return look.is_growing


def _process_once(
    paths: WatchPaths, settings: Settings, jobs: int, stop: Event, before: Look = _NOTHING
) -> Look:
    """Import what is new and write its pages.

    What failed at the look before, and nothing else, is tried again only after some minutes, and
    told again only where it is another failure.
    """
    with Archive.open(paths.archive) as store:
        athlete = options.load_athlete(paths.profile, store)  # may bring a privacy zone
        plan = ingest.plan_import(str(paths.folder), store)
        due = ingest.due(plan, store, paths.reports, settings)
        is_first = not (paths.reports / "index.html").exists() or ingest.has_redrawn_zones(store)
        look = replace(before, is_growing=bool(plan.waiting), unlisted=_unlisted_error(plan))
        if not (due or is_first):
            return replace(look, status=0, tried=NOT_TRIED, failing=frozenset())
        if not is_first and before.tried.is_early(due, time.monotonic()):
            return look
        is_same = not is_first and due <= before.tried.due
        work = process.Work(store, settings, athlete, jobs, paths.profile, before.failing)
        with process.writing(work) as problems:
            report = ingest.run_import(plan, store, work.engine, following.between_files(stop))
            problems.extend(report.problems)
        _show_import(report, store, before, is_same=is_same)
        done = process.write_pages(work, paths.reports)
        status = _show_pages(done, before, is_same=is_same)
        step = following.between_files(stop)
        status |= process.analyse_outdated(work, paths.reports, MOST_OUTDATED, step)
        status = 1 if process.has_failed(problems) else status
        unfinished = bool(report.waiting or ingest.outdated_sessions(store, settings))
        failing = _failing(problems, done)
        left = due & ingest.due(plan, store, paths.reports, settings)
        tried = following.Tried(ingest.without_waiting(left, report.waiting), time.monotonic())
        return Look(unfinished, status, _unlisted_error(plan), tried, failing)


def _failing(problems: list["FileRow"], done: "Published") -> frozenset["FileRow | Fault"]:
    """What the system failed at, so that it is due again."""
    put_off = {each for each in done.faults if each.session in done.later}
    return frozenset({row for row in problems if row.slug in UNREAD} | put_off)


def _show_import(report: ingest.Report, store: Archive, before: Look, *, is_same: bool) -> None:
    """Print what an import did, without failures that were told; nothing if they are all it did."""
    problems = tuple(row for row in report.problems if row not in before.failing)
    if problems or report.sessions or not is_same:
        process.show_report(msgspec.structs.replace(report, problems=problems), store)


def _show_pages(done: "Published", before: Look, *, is_same: bool) -> int:
    """As ``_show_import``, of pages; the exit status: 1 where one cannot be shown."""
    faults = tuple(each for each in done.faults if each not in before.failing)
    if faults or done.pages or not is_same:
        terminal.show_published(msgspec.structs.replace(done, faults=faults))
    return 1 if done.faults else 0


def _unlisted_error(plan: ingest.Plan) -> ReadError | None:
    """The first place that could not be listed, and how many more there are; None if all could."""
    if not plan.unlisted:
        return None
    place, reason = plan.unlisted[0]
    more = f", nor can {len(plan.unlisted) - 1} more" if len(plan.unlisted) > 1 else ""
    words = f"it is not read: {reason}{more}"
    return ReadError("folder-unreadable", words, file=printable(place))


def _print_message(message: str) -> None:
    terminal.tell(message)


def watch_service(
    kind: str,
    folder: Path,
    reports: Path,
    option_paths: Mapping[str, Path | None],
    words: Sequence[str] = (),
) -> str:
    """The unit or property list that starts this watch at login, with full paths.

    Args:
        kind: ``systemd`` or ``launchd``.
        folder: what is watched.
        reports: where pages go.
        option_paths: options that take a path; those without one are left out.
        words: other options.
    """
    paths = {"--reports": reports, **option_paths}
    command = [*_program(), "watch", str(folder.absolute()), *words]
    for option, path in paths.items():
        command += [option, str(path.absolute())] if path else []
    return following.service(cast(Literal["systemd", "launchd"], kind), command)


def _program() -> list[str]:
    """What starts retrorun as it was started now: its own program, or Python with the package."""
    program = Path(sys.argv[0]).absolute()
    if program.suffix == ".py" or not program.is_file():
        return [sys.executable, "-m", "retrorun"]
    return [str(program)]


PORT = 8097


@click.command
@click.option("--folder", type=options.FOLDER, help="Where dropped files go; it is followed.")
@options.archive
@options.reports
@options.profile
@options.settings
@options.jobs
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Of this computer; the next free one where it is in use.",
)
@click.option("--browser/--no-browser", default=True, help="Open the browser.")
def open(  # noqa: A001 - the command is called so
    folder: Path | None,
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    jobs: int | None,
    port: int,
    browser: bool,
) -> None:
    """Open the pages in the browser, with review, notes and a place to drop exports.

    They are served on this computer only, until Ctrl-C. The folder that was processed last is
    followed as watch does.
    """
    from retrorun import server

    known = options.load_settings(settings)
    place = options.archive_folder(archive).absolute()
    found = server.first_address(place)
    if found is not None:
        terminal.tell("this archive is open already:")
        announce(found, browser=browser)
        return
    with Archive.open(place) as store:
        chosen = followed_folder(store, folder)
        options.load_athlete(profile, store)  # may bring a privacy zone, or be refused
        options.note_redrawn_zones(store)  # what they hide is shown to nobody meanwhile
        option = options.archive_option(store)
    setup = server.Setup(
        archive=place,
        reports=reports.absolute(),
        folder=chosen,
        settings=known,
        athlete_of=partial(options.load_athlete, profile),
        jobs=jobs or options.cores(),
        archive_option=option,
    )
    listening = server.bound(port, known.server.ports_tried)
    taken = listening.getsockname()[1]
    if port not in {0, taken}:
        terminal.tell(f"port {port} is in use: {taken} is taken instead")
    terminal.tell(f"following {printable(str(chosen))}; stop with Ctrl-C")
    server.serve(setup, listening, partial(announce, browser=browser))
    terminal.tell("stopped")


def announce(address: str, *, browser: bool) -> None:
    """Print the address, at once, and open it where there is a browser."""
    click.echo(address)
    sys.stdout.flush()
    if browser and has_browser():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def has_browser() -> bool:
    """Whether a browser with windows can be opened; one in the terminal would take it over."""
    if sys.platform in {"win32", "darwin"} or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def followed_folder(store: Archive, chosen: Path | None) -> Path:
    """The folder where dropped files go: the chosen one, that of the last import, or a new one."""
    if chosen is None:
        for each in reversed(store.writes.imports()):
            last = Path(each.folder)
            if last.is_absolute() and last.is_dir():
                return last
        chosen = user_documents_path() / "retrorun"
        terminal.tell(f"no folder was processed yet: {printable(str(chosen))} is used")
    chosen = chosen.absolute()
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen
