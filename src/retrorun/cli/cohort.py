"""``process ADDRESS --out ADDRESS``: many athletes, on this machine or on a cluster."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import click

from retrorun.cli import options, terminal
from retrorun.errors import SettingsError

if TYPE_CHECKING:
    from retrorun.cohort.assignment import Athletes
    from retrorun.cohort.run import Engine, Report

Command = TypeVar("Command", bound=Callable[..., object])
NAMED = 20  # damaged parts that are named
LINE_S = 30.0  # between two lines of progress where stderr is no terminal


@dataclass(frozen=True, slots=True)
class How:
    """The options that ``process`` has without a cohort, too."""

    settings: Path | None
    profile: Path | None
    archive: Path | None
    jobs: int | None
    retry: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of a cohort."""

    out: str | None
    engine: str
    scheduler: str | None
    athletes: str
    file_column: str
    athlete_column: str
    profiles: str | None
    tracks: bool


def cohort(command: Command) -> Command:
    """``--out`` and what only makes sense with it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--out", metavar="ADDRESS", help="Write a result set (Parquet) there: a folder or a URL."
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "dask"]),
        default="local",
        show_default=True,
        help="What analyses the files of a result set.",
    ),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler, such as tcp://host:8786. Default: a cluster on this machine.",
    ),
    click.option(
        "--athletes",
        metavar="folder|export|FILE",
        default="folder",
        show_default=True,
        help="Whose files they are: by first folder, the archive's own table, or a CSV or Parquet.",
    ),
    click.option(
        "--file-column",
        metavar="NAME",
        default="file",
        show_default=True,
        help="Column of that table with file names.",
    ),
    click.option(
        "--athlete-column",
        metavar="NAME",
        default="athlete",
        show_default=True,
        help="Column of that table with athletes.",
    ),
    click.option("--profiles", metavar="FILE", help="CSV or Parquet table of athletes' profiles."),
    click.option("--tracks", is_flag=True, help="Keep every second of every session, too."),
)


def check(chosen: Chosen) -> None:
    """Refuse what makes no sense together.

    Raises:
        SettingsError: an option that needs another one.
    """
    if chosen.scheduler and chosen.engine != "dask":
        raise SettingsError("scheduler-without-dask", "--scheduler needs --engine dask")
    if chosen.out is not None:
        return
    given = {
        "--engine dask": chosen.engine == "dask",
        "--athletes": chosen.athletes != "folder",
        "--profiles": chosen.profiles is not None,
        "--tracks": chosen.tracks,
    }
    for name in (each for each, is_given in given.items() if is_given):
        remedy = "Say where the results are to go: --out ADDRESS."
        raise SettingsError("out-missing", f"{name} needs --out", remedy=remedy)


def process(address: str, chosen: Chosen, how: How) -> int:
    """Bring a result set up to what a store holds; the exit code."""
    from retrorun.cohort import run
    from retrorun.cohort.worker import Making

    making = Making(address, chosen.out or "", options.load_settings(how.settings), chosen.tracks)
    athletes = _athletes(address, chosen, how)
    if how.dry_run:
        found = run.survey(making, athletes)
        click.echo(f"{found.new} new files, {found.known} unchanged")
        click.echo(f"{found.changed} batches to be taken back, because of changed files")
        name_unlisted(found.unlisted)
        return 1 if found.unlisted else 0
    with _Shown() as shown:
        report = run.run(
            making,
            athletes,
            _engine(chosen, how.jobs or options.cores()),
            shown.tell,
            retry=how.retry,
        )
    _summary(report, making.out)
    return 1 if report.failed or report.unfinished or report.unlisted else 0


def _engine(chosen: Chosen, jobs: int) -> "Engine":
    if chosen.engine == "dask":
        from retrorun.engines import cluster

        place = cluster.Cluster(chosen.scheduler, jobs)
        return lambda tasks, work: cluster.ordered(tasks, work, place)
    from retrorun.engines import Limits, ordered

    # a batch has no limits of its own: its files have, in a process below the worker's
    return partial(ordered, jobs=jobs, limits=Limits(seconds=7 * 86_400.0, memory_bytes=2**40))


def _athletes(address: str, chosen: Chosen, how: How) -> "Athletes":
    from retrorun.cohort import assignment

    default = options.passing_athlete(how.profile, how.archive)
    if how.profile and default.privacy_zones and not how.dry_run:
        from retrorun.archive import Archive

        # the same discs in every run: zones and their secret are kept
        with Archive.open(options.archive_folder(how.archive)) as store:
            default = options.load_athlete(how.profile, store)
            default = replace(default, forward_line=None, backward_line=None, cost_factor=None)
    return assignment.load(
        assignment.Choice(
            where=chosen.athletes,
            file_column=chosen.file_column,
            athlete_column=chosen.athlete_column,
            profiles=chosen.profiles,
            exports=address,
            default=default,
        )
    )


class _Shown:
    """Progress: a bar in a terminal, a line now and then anywhere else."""

    def __init__(self) -> None:
        self._bar = terminal.progress()
        self._task = self._bar.add_task("", total=None)
        self._began_s = self._told_s = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, report: "Report") -> None:
        """After each batch."""
        now_s = time.monotonic()
        words = progress_words(report, now_s - self._began_s)
        if not self._bar.disable:
            total = report.planned if report.listed else None
            done = report.files + report.undone
            self._bar.update(self._task, completed=done, total=total, description=words)
        elif now_s - self._told_s >= LINE_S:
            self._told_s = now_s
            terminal.err().print(words)


def progress_words(report: "Report", seconds: float) -> str:
    """Files, rate, failures and how long it will take, as far as that is known.

    Args:
        report: of what is done so far.
        seconds: since the beginning.
    """
    rate = report.files / seconds if seconds > 0 else 0.0
    left = report.planned - report.files - report.undone
    more = "" if report.listed else "+"
    words = f"{report.files} of {report.planned}{more} files, {rate:.1f} files/s"
    words += f", {report.failed} failed"
    if report.undone:
        words += f", {report.undone} put off"
    if rate > 0:
        words += f", {terminal.clock(left / rate)}{more} left"
    return words


def _summary(report: "Report", out: str) -> None:
    """Problems by name, then counts, on stderr."""
    from rich.markup import escape

    from retrorun import storage

    console = terminal.err()
    for each in report.problems:
        console.print(escape(f"{each.name}: {each.message} [{each.slug}]"), style="red")
    if report.failed > len(report.problems):
        console.print(f"… and more: all are in {escape(storage.without_user(out))}/problems")
    name_unlisted(report.unlisted)
    for name in report.damaged[:NAMED]:
        words = "it was gone or damaged: its batch is made again"
        console.print(escape(f"{storage.shown(name)}: {words}"), style="yellow")
    if len(report.damaged) > NAMED:
        console.print(f"… and {len(report.damaged) - NAMED} more parts")
    for each in report.unfinished:
        console.print(escape(f"put off: {each.name}: {each.message} [{each.slug}]"), style="red")
    console.print(_counts(report))
    console.print(f"results: {escape(storage.shown(storage.without_user(out)))}")
    if report.undone:
        console.print("the same command does what was put off")


def name_unlisted(places: Sequence[tuple[str, str]]) -> None:
    """Name on stderr what could not be looked into: what lies there is left out."""
    from retrorun.storage import shown

    for place, reason in places:
        click.echo(f"{shown(place)}: cannot be listed: {reason}", err=True)


def _counts(report: "Report") -> str:
    counts = (
        (report.files - report.failed - report.not_runs, "analysed"),
        (report.known, "unchanged"),
        (report.not_runs, "no run"),
        (report.failed, "could not be read"),
        (report.undone, "put off"),
    )
    said = [f"{count} {words}" for count, words in counts if count]
    files = ", ".join(said) or "none that are exports"
    return f"files: {files}; sessions: {report.sessions}"
