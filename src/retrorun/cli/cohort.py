"""The group ``cohort``: process, compare and export many athletes, here or on a Dask cluster."""

import datetime as dt
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from retrorun.cli import TranslatedGroup, options, terminal
from retrorun.errors import EngineError, SettingsError

if TYPE_CHECKING:
    from retrorun.cohort.assignment import Athletes
    from retrorun.cohort.run import Report
    from retrorun.engines import Engine
    from retrorun.results import CopyTask

Command = TypeVar("Command", bound=Callable[..., object])
NAMED = 20  # damaged parts that are named
LINE_S = 30.0  # between two lines of progress where stderr is no terminal
SALT = "RETRORUN_SALT"
SALT_BYTES = 1 << 20
SALT_DRAWN = (
    "a salt was drawn and is not kept: the same runs will never get the same ids again, "
    f"not even from you (for that: --salt-file, or {SALT})"
)


def engine(command: Command) -> Command:
    """``--engine local|dask`` and ``--scheduler ADDRESS``."""
    command = click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler, such as tcp://host:8786. Default: a cluster on this machine.",
    )(command)
    return click.option(
        "--engine",
        type=click.Choice(["local", "dask"]),
        default="local",
        show_default=True,
        help="What does the work.",
    )(command)


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """The options of ``cohort process``."""

    address: str
    out: str
    engine: str
    scheduler: str | None
    athletes: str
    file_column: str
    athlete_column: str
    profiles: str | None
    tracks: bool
    settings: Path | None
    profile: Path | None
    archive: Path | None
    jobs: int | None
    retry: bool
    dry_run: bool


@click.group(cls=TranslatedGroup)
def cohort() -> None:
    """Process, compare and export the recordings of many athletes.

    ADDRESS is a folder or a URL such as s3://bucket/results/.
    """
    # no archive is opened, but who works here has chosen a language in their own
    chosen = os.environ.get("RETRORUN_ARCHIVE")
    options.set_language(options.archive_language(Path(chosen) if chosen else None))


@cohort.command()
@click.argument("address", type=options.ADDRESS)
@click.option(
    "--out",
    type=options.ADDRESS,
    metavar="ADDRESS",
    required=True,
    help="Where the result set (Parquet) is written.",
)
@engine
@click.option(
    "--athletes",
    metavar="folder|export|FILE",
    default="folder",
    show_default=True,
    help="Whose files they are: by first folder, the archive's own table, or a CSV or Parquet.",
)
@click.option(
    "--file-column",
    metavar="NAME",
    default="file",
    show_default=True,
    help="Column of that table with file names.",
)
@click.option(
    "--athlete-column",
    metavar="NAME",
    default="athlete",
    show_default=True,
    help="Column of that table with athletes.",
)
@click.option(
    "--profiles",
    type=options.ADDRESS,
    metavar="FILE",
    help="CSV or Parquet table of athletes' profiles.",
)
@click.option("--tracks", is_flag=True, help="Keep every second of every session, too.")
@options.archive
@options.profile
@options.settings
@options.jobs
@click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
@click.option("--retry", is_flag=True, help="Try files again that failed, and parts put off.")
@click.pass_context
def process(context: click.Context, /, **values: Any) -> None:  # noqa: ANN401 - ProcessOptions
    """Analyse the exports of many athletes at ADDRESS into a result set of Parquet files."""
    chosen = ProcessOptions(**values)
    _check_scheduler(chosen.engine, chosen.scheduler, chosen.jobs)
    context.exit(update_result_set(chosen))


@cohort.command()
@click.argument("address", type=options.ADDRESS)
@options.reports
@options.settings
@options.as_json
@options.days
@click.option("--include-candidates", is_flag=True, help="Count what gait alone suggests.")
@engine
@click.option(
    "--out",
    type=options.ADDRESS,
    metavar="ADDRESS",
    help="Also put the tables there, as Parquet and JSON.",
)
@options.jobs
@click.pass_context
def compare(
    context: click.Context,
    address: str,
    reports: Path,
    settings: Path | None,
    as_json: bool,
    since: dt.datetime | None,
    until: dt.datetime | None,
    include_candidates: bool,
    engine: str,
    scheduler: str | None,
    out: str | None,
    jobs: int | None,
) -> None:
    """Compare each athlete of the result set at ADDRESS with themselves, and all of them together.

    The result is a table and a page, or JSON.
    """
    _check_scheduler(engine, scheduler, jobs)
    from retrorun.cli.compare import CompareOptions, choose_sessions, compare_cohort

    known = options.load_settings(settings)
    known = choose_sessions(known, since, until, include_candidates=include_candidates)
    chosen = CompareOptions(address, engine, scheduler, out, jobs)
    context.exit(compare_cohort(chosen, known.compare, None if as_json else reports))


@cohort.command()
@click.argument("address", type=options.ADDRESS)
@click.option(
    "--out",
    type=options.ADDRESS,
    metavar="ADDRESS",
    required=True,
    help="Where the copy is written.",
)
@click.option("--deidentify", is_flag=True, help="Without who, where and on which day.")
@click.option("--tracks", is_flag=True, help="Copy every second of every session, too.")
@click.option(
    "--salt-file",
    type=options.FILE,
    help="Same salt, same ids. Else RETRORUN_SALT, or a new one.",
)
@engine
@options.jobs
def export(
    address: str,
    out: str,
    deidentify: bool,
    tracks: bool,
    salt_file: Path | None,
    engine: str,
    scheduler: str | None,
    jobs: int | None,
) -> None:
    """Copy the result set at ADDRESS, de-identified, so that it may be shared (docs/results.md)."""
    if not deidentify:
        raise click.UsageError("a result set is copied with --deidentify only")
    _check_scheduler(engine, scheduler, jobs)
    workers = _engine(engine, scheduler, jobs or options.cores())
    deidentify_copy(address, out, salt_file, workers, tracks=tracks)


def update_result_set(chosen: ProcessOptions) -> int:
    """Bring a result set up to date with what a store holds; return the exit status."""
    from retrorun.cohort import run
    from retrorun.cohort.worker import RunConfig

    config = RunConfig(
        chosen.address, chosen.out, options.load_settings(chosen.settings), chosen.tracks
    )
    athletes = _athletes(chosen)
    if chosen.dry_run:
        found = run.survey(config, athletes)
        terminal.tell(f"new files: {found.new}, unchanged: {found.known}", err=False)
        words = f"batches to be taken back, because of changed files: {found.changed}"
        terminal.tell(words, err=False)
        terminal.name_unlisted(found.unlisted)
        return 1 if found.unlisted else 0
    with _shared_engine(chosen) as workers, _Progress() as progress:
        report = run.run(config, athletes, workers, progress.update, retry=chosen.retry)
    _summary(report, config.out)
    incomplete = report.failed or report.unfinished or report.kept or report.unlisted
    return 1 if incomplete else 0


@contextmanager
def _shared_engine(chosen: ProcessOptions) -> "Iterator[Engine]":
    """An engine for several rounds of work, on one cluster, if it has to be started here."""
    jobs = chosen.jobs or options.cores()
    if chosen.engine != "dask":
        yield _engine(chosen.engine, None, jobs)
        return
    from retrorun.engines import cluster

    with cluster.started(cluster.Cluster(chosen.scheduler, jobs)) as place:
        yield _engine(chosen.engine, place.scheduler, jobs)


def _check_scheduler(engine: str, scheduler: str | None, jobs: int | None) -> None:
    if scheduler is not None and engine != "dask":
        raise click.UsageError("--scheduler needs --engine dask")
    if scheduler is not None and jobs is not None:
        raise click.UsageError(
            "--jobs is for workers that are started here; a scheduler has its own"
        )


def _engine(name: str, scheduler: str | None, jobs: int) -> "Engine":
    if name == "dask":
        from retrorun.engines import cluster

        return partial(cluster.ordered, cluster=cluster.Cluster(scheduler, jobs))
    from retrorun.engines import Limits, ordered

    # a batch has no limits of its own: its files have, in a process below the worker's
    return partial(ordered, jobs=jobs, limits=Limits(seconds=7 * 86_400.0, memory_bytes=2**40))


def _athletes(chosen: ProcessOptions) -> "Athletes":
    from retrorun.cohort import assignment

    # the same discs in every run: zones and their secret are kept
    keep_zones = not chosen.dry_run
    default = options.athlete_for_one_run(chosen.profile, chosen.archive, keep_zones=keep_zones)
    return assignment.load(
        assignment.AssignmentOptions(
            where=chosen.athletes,
            file_column=chosen.file_column,
            athlete_column=chosen.athlete_column,
            profiles=chosen.profiles,
            exports=chosen.address,
            default=default,
        )
    )


class _Progress:
    """Progress of a run: a bar in a terminal, else a line every ``LINE_S`` seconds."""

    def __init__(self) -> None:
        self._bar = terminal.progress()
        self._task = self._bar.add_task("", total=None)
        self._start_s = self._printed_s = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, report: "Report") -> None:
        """Show the counts after a batch."""
        now_s = time.monotonic()
        words = progress_words(report, now_s - self._start_s)
        if not self._bar.disable:
            total = report.planned if report.listing_complete else None
            done = report.files + report.deferred
            self._bar.update(self._task, completed=done, total=total, description=words)
        elif now_s - self._printed_s >= LINE_S:
            self._printed_s = now_s
            terminal.err().print(words)


def progress_words(report: "Report", seconds: float) -> str:
    """Files, rate, failures and how long it will take, as far as that is known.

    Args:
        report: of what is done so far.
        seconds: since the beginning.
    """
    rate = report.files / seconds if seconds > 0 else 0.0
    left = report.planned - report.files - report.deferred
    more = "" if report.listing_complete else "+"
    from retrorun.units import clock

    words = f"{report.files} of {report.planned}{more} files, {rate:.1f} files/s"
    words += f", {report.failed} failed"
    if report.deferred:
        words += f", {report.deferred} put off"
    if report.reprocessed:
        words += f", {report.reprocessed} again with what was learnt"
    if rate > 0:
        words += f", {clock(left / rate)}{more} left"
    return words


def _summary(report: "Report", out: str) -> None:
    """Problems by name, then counts, on stderr."""
    from rich.markup import escape

    from retrorun import storage
    from retrorun.text import printable

    console = terminal.err()
    for each in report.problems:
        console.print(escape(f"{each.name}: {each.message} [{each.slug}]"), style="red")
    if report.failed > len(report.problems):
        console.print(f"… and more: all are in {escape(storage.without_user(out))}/problems")
    terminal.name_unlisted(report.unlisted)
    for name in report.damaged[:NAMED]:
        words = "it was gone or damaged: its batch is made again"
        console.print(escape(f"{printable(name)}: {words}"), style="yellow")
    if len(report.damaged) > NAMED:
        console.print(f"… and {len(report.damaged) - NAMED} more parts")
    for each in report.unfinished:
        console.print(escape(f"put off: {each.name}: {each.message} [{each.slug}]"), style="red")
    for each in report.kept:
        console.print(escape(f"not made again: {each.name}: {each.message} [{each.slug}]"))
    console.print(_counts(report))
    _print_unassigned(report)
    console.print(f"results: {escape(printable(storage.without_user(out)))}")
    if report.deferred:
        console.print("the same command does what was put off")


def _print_unassigned(report: "Report") -> None:
    """Files of no known athlete, and profiles of athletes who have no file: often mistyped."""
    from retrorun.text import printable

    if report.of_nobody:
        terminal.tell(f"files whose athlete is not known: {report.of_nobody}")
    for each in report.unused_profiles[:NAMED]:
        terminal.tell(f"this athlete has a profile and no file: {printable(each)}")
    if len(report.unused_profiles) > NAMED:
        terminal.tell(f"… and {len(report.unused_profiles) - NAMED} more such athletes")


def _counts(report: "Report") -> str:
    counts = (
        (report.files - report.failed - report.not_runs, "analysed"),
        (report.known, "unchanged"),
        (report.not_runs, "no run"),
        (report.failed, "could not be read"),
        (report.deferred, "put off"),
        (report.reprocessed, "again with what was learnt"),
    )
    parts = [f"{count} {words}" for count, words in counts if count]
    files = ", ".join(parts) or "none that are exports"
    return f"files: {files}; sessions: {report.sessions}"


def deidentify_copy(
    source: str, out: str, salt_file: Path | None, engine: "Engine", *, tracks: bool
) -> None:
    """Make a de-identified copy of a result set, and print how much was written.

    Raises:
        SettingsError: there is no result set, the salt is too short, the source is a copy already,
            or something else lies where the copy is to go.
        ReadError: a part of it is damaged.
        EngineError: there are no workers, or they are gone; what is copied stays.
    """
    from retrorun import results
    from retrorun.cli.compare import about_results
    from retrorun.storage import open_store, without_user

    original = about_results(source)
    there, copy, key = open_store(source), open_store(out), results.pseudonym_key(_salt(salt_file))
    if original.deidentified:
        words = "it is de-identified already"
        raise SettingsError("results-deidentified", words, file=without_user(source))
    about = results.deidentified_about(original, key, tracks=tracks and original.tracks)
    copy.put(results.ABOUT, results.encode_about(about))
    results.check_copy(copy, about)
    parts = results.source_parts(there, tracks=about.tracks)
    written = _copied((results.CopyTask(source, out, each, key) for each in parts), engine)
    terminal.tell(f"parts written: {written}")
    withdrawn = results.withdraw_parts(there, copy, key)
    if withdrawn:
        terminal.tell(f"parts removed that the result set has no more: {withdrawn}")
    click.echo(without_user(out))


def _copied(tasks: "Iterator[CopyTask]", engine: "Engine") -> int:
    """Carry out all tasks; return how many parts of the copy were written.

    Raises:
        RetrorunError: the first that a worker met.
        EngineError: a task cost its worker.
    """
    from retrorun import results
    from retrorun.engines import Lost

    written = 0
    with closing(engine(tasks, results.copy_part)) as done:
        for _, result in done:
            if isinstance(result, Lost):
                remedy = "Run the same command again: it goes on where it was."
                raise EngineError(result.slug, result.message, remedy=remedy)
            if result.problem is not None:
                raise result.problem
            written += result.written
    return written


def _salt(file: Path | None) -> bytes:
    """The salt of a file, else of the environment, else a new one that nobody keeps.

    Raises:
        SettingsError: the file is too long for a salt.
    """
    if file is not None:
        with file.open("rb") as stream:
            data = stream.read(SALT_BYTES + 1)  # a device has no end
        if len(data) > SALT_BYTES:
            words = f"it is longer than the {SALT_BYTES:,} bytes of the longest salt"
            remedy = "Give a file that holds the salt alone."
            raise SettingsError("salt-too-long", words, file=str(file), remedy=remedy)
        return data.strip()
    text = os.environ.get(SALT, "").strip()
    if text:
        return text.encode()
    terminal.tell(SALT_DRAWN)
    return secrets.token_hex(32).encode()
