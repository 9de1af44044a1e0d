"""Commands that import files, process, reprocess and undo, and what other commands need of them.

A run that finds nothing new must not pay for libraries, so that they are imported where used.
"""

import datetime as dt
import importlib
import json
import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click
import msgspec

from retrorun import __version__, ingest
from retrorun.archive import Archive, FileRow
from retrorun.cli import options, terminal
from retrorun.errors import ArchiveError
from retrorun.language import translated
from retrorun.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from retrorun.model import Athlete
    from retrorun.publish import Published, PublishOptions
    from retrorun.settings import Settings


@click.command()
@click.argument("folder", metavar="FOLDER", type=options.ADDRESS)
@options.archive
@options.reports
@options.profile
@options.settings
@options.jobs
@click.option("--pages/--no-pages", default=True, help="Write pages.")
@click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
@click.option("--retry", is_flag=True, help="Try files again that failed or were undone.")
@click.pass_context
def process(
    context: click.Context,
    folder: str,
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    jobs: int | None,
    pages: bool,
    dry_run: bool,
    retry: bool,
) -> None:
    """Import what is new in FOLDER, or one FILE, write its pages, and name the one to open."""
    with options.opened_archive(archive, dry_run=dry_run) as store:
        # a zone that is new makes work of what seemed done; otherwise the profile can wait
        early = options.load_athlete(profile, store) if profile and not dry_run else None
        prepare = None if dry_run else partial(_prepare, pages=pages)
        plan = ingest.plan_import(folder, store, retry=retry, meanwhile=prepare)
        terminal.name_unlisted(plan.unlisted)
        finished = plan.idle and _is_finished(store, settings, reports if pages else None)
        if finished and not dry_run:
            terminal.tell(f"nothing new: {plan.unchanged} unchanged")
            context.exit(1 if plan.unlisted else 0)
        if not (dry_run or plan.idle):
            _prepare(pages=pages)
        if dry_run:
            show_plan(plan, ingest.outdated_sessions(store, options.load_settings(settings)))
            context.exit(1 if plan.unlisted else 0)
        athlete = early or options.load_athlete(None, store)
        known = options.load_settings(settings)
        work = Work(store, known, athlete, jobs or options.cores(), profile)
        with writing(work) as problems:
            report = carry_out(plan, work)
            problems.extend(report.problems)
        show_report(report, store)  # with the numbers that what was just learnt leads to
        status = conclude(work, reports if pages else None)
        status |= analyse_outdated(work, reports if pages else None)
    context.exit(1 if has_failed(problems) or plan.unlisted else status)


def _prepare(*, pages: bool) -> None:
    """Let workers load their libraries, and load here what learning and pages need meanwhile."""
    ingest.prepare()
    names = ["pyarrow.parquet", "retrorun.archive.serialization", "retrorun.learn", "rich.table"]
    for name in [*names, "rich.progress", *(["retrorun.publish"] if pages else [])]:
        importlib.import_module(name)


def _is_finished(store: Archive, settings: Path | None, reports: Path | None) -> bool:
    """Whether earlier runs left nothing to be written or learnt; without reports, no page is due.

    What was learnt is looked at only where a session changed since pages were written last.
    """
    if ingest.outdated_sessions(store, options.load_settings(settings)):
        return False
    due = store.pending.pages(reports)
    if reports is not None:
        is_written = not due and (reports / "index.html").exists()
        return is_written and not _has_other_zones(store, reports)
    return not due or ingest.has_learnt(store, options.load_settings(settings).compare)


def _has_other_zones(store: Archive, reports: Path) -> bool:
    """Whether the pages were written with other privacy zones than those that hold now."""
    if not store.annotations.states_zones():  # most profiles; the rest loads what is slow
        return False
    from retrorun import publish

    return publish.has_other_zones(reports, store.annotations.profile())


@click.command()
@click.argument("session", nargs=-1)
@options.archive
@options.reports
@options.profile
@options.settings
@options.jobs
@click.option("--all", "everything", is_flag=True, help="All sessions, not only outdated ones.")
@click.pass_context
def reprocess(
    context: click.Context,
    session: tuple[str, ...],
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    jobs: int | None,
    everything: bool,
) -> None:
    """Analyse sessions again: those named, or those made with other settings, profile or version.

    Labels and notes stay.
    """
    if session and everything:
        raise click.UsageError("--all takes all sessions: name no SESSION")
    with Archive.open(options.archive_folder(archive), create=False) as store:
        athlete = options.load_athlete(profile, store)
        known = options.load_settings(settings)
        work = Work(store, known, athlete, jobs or options.cores(), profile)
        with writing(work) as problems:
            report = reprocess_sessions(work, session, everything=everything)
            problems.extend(report.problems)
        show_report(report, store)
        status = conclude(work, reports)
    context.exit(1 if has_failed(problems) else status)


@click.command()
@click.argument("number", type=int, required=False)
@options.archive
@options.reports
@click.option("--separate", metavar="FILE", help="Let FILE stand for itself, not as a second copy.")
@click.pass_context
def undo(
    context: click.Context,
    number: int | None,
    archive: Path | None,
    reports: Path,
    separate: str | None,
) -> None:
    """Take back import NUMBER, or a match of two files; without either, list the imports.

    The folder is never touched. Taken back files are imported again by process --retry.
    """
    if number is not None and separate is not None:
        raise click.UsageError("give the NUMBER of an import or --separate FILE, not both")
    with Archive.open(options.archive_folder(archive), create=False) as store:
        if number is None and separate is None:
            list_imports(store)
            return
        athlete = options.load_athlete(None, store)
        work = Work(store, options.load_settings(None), athlete, options.cores())
        with writing(work) as problems:
            report = undo_import(work, number, separate)
            problems.extend(report.problems)
            terminal.err().print(SEPARATED if number is None else TAKEN_BACK.format(number))
        if report.sessions or report.problems:
            show_report(report, store)
        status = conclude(work, reports)
    context.exit(1 if has_failed(problems) else status)


TAKEN_BACK = (
    "import {} is taken back; its labels, notes and originals are kept, and `retrorun process "
    "--retry FOLDER` imports it again"
)
SEPARATED = "the file stands for itself from now on"
PROBLEM_FIELDS = ("path", "outcome", "slug", "message", "byte_offset", "remedy")
TABLE_ROWS = 20  # rows of a summary table; the rest is counted


class Work(msgspec.Struct, frozen=True):
    """Archive, settings, athlete and number of workers of an import.

    ``profile`` is the file that the athlete is from; None: the stored profile. ``told`` are
    problems of files that were printed before and are not printed again.
    """

    archive: Archive
    settings: "Settings"
    athlete: "Athlete"
    jobs: int
    profile: Path | None = None
    told: Container[object] = ()

    @property
    def engine(self) -> ingest.Engine:
        """What analyses files with these settings."""
        return ingest.Engine(
            self.settings, self.athlete, self.jobs, guarded=True, athlete_now=self._athlete_now
        )

    def _athlete_now(self, archive: Archive, athlete: "Athlete") -> "Athlete":
        return options.athlete_now(archive, athlete, from_file=self.profile is not None)

    @property
    def page_options(self) -> "PublishOptions":
        """How the pages of the archive are written."""
        from retrorun.publish import PublishOptions

        return PublishOptions(
            self.settings,
            self._athlete_now(self.archive, self.athlete),
            jobs=self.jobs,
            archive_option=options.archive_option(self.archive),
        )


def carry_out(plan: ingest.Plan, work: Work) -> ingest.Report:
    """Carry out a plan under a progress bar."""
    with terminal.progress() as bar:
        task = bar.add_task("analysing", total=len(plan.new))
        return ingest.run_import(plan, work.archive, work.engine, _progress_on(bar, task))


def _progress_on(bar: "Progress", task: "TaskID") -> Callable[[int, int, str], None]:
    """A function of how many are done, of how many, and the last one's name, that moves a bar."""

    def advance(done: int, total: int, name: str) -> None:
        bar.update(task, completed=done, total=total, description=name[:40])

    return advance


def show_plan(plan: ingest.Plan, outdated: Sequence[str] = ()) -> None:
    """Print what an import would do, one file or outdated session a line."""
    for each in plan.new:
        _line("import", each.entry.address)
    for each, of in plan.duplicates:
        _line("duplicate", each.entry.address, f"same bytes as {of}")
    for each, row in plan.moved:
        _line("moved", each.entry.address, f"was {row.path}")
    for table in plan.tables:
        beside = ", ".join(table.exports) or "no export beside it"
        _line("labels", table.file.entry.address, beside)
    for watch, phone in plan.pairs:
        _line("compare", f"{phone} with {watch}", "two devices at one time")
    for sha256 in plan.pending:
        _line("reprocess", sha256[:12], "left by an interrupted run")
    for session_id in outdated[: ingest.MOST_OUTDATED]:
        _line("reprocess", session_id, "of another version or with other settings")
    for path in plan.waiting:
        _line("wait", path, "still changing")
    others = len(plan.passed_over)
    terminal.tell(f"{plan.unchanged} unchanged, {others} that are no exports", err=False)


def _line(what: str, of: str, more: str = "") -> None:
    beside = f" ({printable(translated(more))})" if more else ""
    click.echo(f"{terminal.table_word(what):11}{printable(of)}{beside}")


def show_report(report: ingest.Report, archive: Archive) -> None:
    """Print new sessions on stdout; problems, counts and what waits for an answer on stderr."""
    sessions = [archive.session(each) for each in report.sessions[-TABLE_ROWS:]]
    if sessions:
        terminal.out().print(terminal.session_table(sessions))
        if len(report.sessions) > TABLE_ROWS:
            terminal.err().print(f"… and {len(report.sessions) - TABLE_ROWS} sessions before these")
    others = [row for row in report.problems if row.outcome != "failed" and not row.remedy]
    grouped = set(others) if len(others) > MOST_NAMED else set[FileRow]()
    for row in report.problems:
        if row not in grouped:
            print_problem(row)
    if grouped:
        terminal.err().print(_no_runs(others), style="dim", markup=False)
    terminal.err().print(_counts(report))
    terminal.tell_what_waits(sessions, options.archive_option(archive))


MOST_KINDS = 12  # of files that are no runs
LONGEST_KIND = 60  # characters of what they are
MOST_NAMED = 3  # files that are no runs; more are counted by what they are
_WHAT = re.compile(
    r"the activity is (?P<a>.+), not on foot|.* calls it (?P<b>.+?)(?:, which is not on foot)?"
    r"|a FIT (?P<c>.+) file, no activity"
)


def _no_runs(rows: Sequence[FileRow]) -> str:
    """How many files there are of each kind that is no run, such as 16 cycling, 12 settings."""
    kinds = Counter(_kind(row.message or row.slug or "") for row in rows)
    most_first = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    parts = [f"{count} {words}" for words, count in most_first]
    left = sum(kinds.values()) - sum(count for _, count in kinds.most_common(MOST_KINDS))
    parts = [*parts[:MOST_KINDS], *([f"{left} of other kinds"] if left else [])]
    return printable(f"no runs: {', '.join(parts)} (`retrorun sessions --problems` names them)")


def _kind(message: str) -> str:
    """What a file is, by the reason why it is no run."""
    found = _WHAT.fullmatch(message)
    named = next(filter(None, found.groups()), None) if found else None
    words = named or translated(message).partition(": ")[0]  # the reason, without what follows
    return words if len(words) <= LONGEST_KIND else f"{words[: LONGEST_KIND - 1]}…"


def print_problem(row: FileRow) -> None:
    """Print why a file became no session; red where something is wrong with it."""
    failed = row.outcome == "failed"
    remedy = row.remedy if failed else None
    words = terminal.problem_words(row.message, row.slug, row.byte_offset, remedy)
    text = printable(f"{PurePath(row.path).name}: {words}")
    terminal.err().print(text, style="red" if failed else "dim", soft_wrap=True, markup=False)


def print_problem_row(row: FileRow, *, as_json: bool) -> None:
    """Print on stdout a file that became no session: slug, message, place and remedy."""
    if as_json:
        values = {name: getattr(row, name) for name in PROBLEM_FIELDS}
        # so that what is printed is JSON, whatever the name
        escaped = printable(row.path) != row.path
        click.echo(json.dumps(values, ensure_ascii=escaped))
        return
    words = terminal.problem_words(row.message, row.slug, row.byte_offset, row.remedy)
    click.echo(printable(f"{terminal.table_word(row.outcome)}  {row.path}: {words}"))


def _counts(report: ingest.Report) -> str:
    counts = (
        (report.imported, "imported"),
        (report.unchanged, "unchanged"),
        (report.duplicates, "the same as another"),
        (report.moved, "moved"),
        (report.joined, "joined to the session of another device"),
        (len(report.problems) - len(report.failed), "no run"),
        (len(report.failed), "could not be read"),
        (len(report.waiting), "still changing: read next time"),
    )
    parts = [f"{count} {words}" for count, words in counts if count]
    return "files: " + (", ".join(parts) or "none that are exports")


def reprocess_sessions(work: Work, names: Sequence[str], *, everything: bool) -> ingest.Report:
    """Analyse sessions from their originals: named ones, all, or those that are outdated.

    Raises:
        ArchiveError: there is no such session.
    """
    from retrorun.archive.serialization import fingerprint

    store = work.archive
    if names:
        ids = [store.database.find_session("id", name)[0] for name in names]
    elif everything:
        ids = list(store.known())
    else:
        ids = store.stale(work.settings.fingerprint(), fingerprint(work.athlete), __version__)
    return ingest.reprocess(store.hashes(ids), store, work.engine)


def analyse_outdated(
    work: Work,
    reports: Path | None,
    most: int = ingest.MOST_OUTDATED,
    step: ingest.Progress | None = None,
) -> int:
    """Analyse some sessions of another version or of other settings again, and write their pages.

    Args:
        work: what analyses them.
        reports: where pages go; None: nowhere.
        most: sessions, newest first; the next run goes on.
        step: called after every file.

    Returns:
        The exit status: 1 where a file could not be analysed, or a session cannot be shown.
    """
    outdated = len(ingest.outdated_sessions(work.archive, work.settings))
    if not outdated:
        return 0
    words = f"of another version or with other settings: {outdated}"
    terminal.err().print(f"sessions {words}; analysing {min(outdated, most)} of them again")
    try:
        report = ingest.reprocess_outdated(work.archive, work.engine, step, most)
    except ArchiveError as problem:
        if problem.slug != "archive-busy":
            raise
        return 0  # the other process goes on with them, or the next run does
    for row in report.problems:
        if row not in work.told:
            print_problem(row)
    status = conclude(work, reports)
    return 1 if has_failed(report.problems) else status


def list_imports(store: Archive) -> None:
    """Print every import in the archive, with the number that ``undo`` takes."""
    from rich.markup import escape

    table = terminal.grid(("import", "when (UTC)", "folder"), ("sessions",))
    table.add_column(terminal.table_word("state"))
    for each in store.writes.imports():
        when = dt.datetime.fromtimestamp(each.started_s, tz=dt.UTC).strftime("%Y-%m-%d %H:%M")
        state = "" if each.undone_s is None else terminal.table_word("taken back")
        table.add_row(str(each.id), when, escape(each.folder), str(each.sessions), state)
    terminal.out().print(table)


def undo_import(work: Work, number: int | None, separate: str | None) -> ingest.Report:
    """Take back an import, or a match of two files.

    Raises:
        ArchiveError: there is no such import or match.
    """
    if number is not None:
        return ingest.undo(number, work.archive, work.engine)
    path = Path(separate or "").absolute()
    return ingest.separate(str(path), work.archive, work.engine)


@contextmanager
def writing(work: Work) -> Iterator[list[FileRow]]:
    """Hold the write lock; at the end, learn from the sessions and reprocess what that changes.

    Yields:
        Problems: the caller adds its own, and those of what is reprocessed at the end are added.

    Raises:
        ArchiveError: another process writes.
    """
    problems: list[FileRow] = []
    with work.archive.writing():
        yield problems
        if work.archive.pending.is_empty():
            work.archive.pending.mark_learnt()
            return
        with terminal.progress() as bar:
            task = bar.add_task("analysing again", total=None)
            later = ingest.bring_up_to_date(work.archive, work.engine, _progress_on(bar, task))
        for row in later.problems:
            if row not in work.told:
                print_problem(row)
        problems.extend(later.problems)


def has_failed(problems: Sequence[FileRow]) -> bool:
    """Whether a file could not be read or analysed; one that is no run has not failed."""
    return any(row.outcome == "failed" for row in problems)


def conclude(work: Work, reports: Path | None) -> int:
    """Write pages, if they are wanted, of whatever changed, and print which one to open.

    Returns:
        The exit status: 1 where a session cannot be shown.
    """
    return 0 if reports is None else terminal.show_published(write_pages(work, reports))


def write_pages(work: Work, reports: Path) -> "Published":
    """Write pages of whatever changed."""
    from retrorun import publish

    options.apply_zones(work.archive, work.settings)
    done = publish.publish_pending(work.archive, reports, work.page_options)
    options.keep_reports(work.archive, reports)
    return done


def write_page(work: Work, reports: Path, session_id: str) -> int:
    """Write the page of one session alone, and print where it is; the rest stays due.

    Returns:
        The exit status: 1 where the session cannot be shown.
    """
    from retrorun import publish

    options.apply_zones(work.archive, work.settings)
    done = publish.publish_alone(work.archive, reports, work.page_options, session_id)
    return terminal.show_page(done)
