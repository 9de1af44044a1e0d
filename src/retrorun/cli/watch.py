"""The command ``watch``: process a folder whenever it changes, until stopped."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Literal, cast

import click

from retrorun import ingest
from retrorun import watch as following
from retrorun.archive import Archive
from retrorun.cli import options, process
from retrorun.errors import ReadError
from retrorun.settings import Settings
from retrorun.storage import shown
from retrorun.watch import Rhythm


@click.command()
@click.argument("folder", type=options.FOLDER)
@options.archive
@options.reports
@options.profile
@options.settings
@options.jobs
@click.option("--every", default=60.0, show_default=True, help="Seconds between two looks.")
@click.option("--events/--no-events", default=True, help="Also look when the system says so.")
@click.option("--once", is_flag=True, help="Look once and end: for cron.")
@click.option(
    "--service",
    type=click.Choice(["systemd", "launchd"]),
    help="Print what starts this watch at login, and end.",
)
def watch(
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
    if service is not None:
        kept = {"--archive": archive, "--profile": profile, "--settings": settings}
        click.echo(watch_service(service, folder, reports, kept), nl=False)
        return
    where = Where(folder, options.archive_folder(archive), reports, profile)
    rhythm = Rhythm(every_s=every, events=events)
    known = options.load_settings(settings)
    follow_folder(where, known, jobs or options.cores(), None if once else rhythm)


@dataclass(frozen=True, slots=True)
class Where:
    """The folder of exports, the archive, the pages, and a profile that stands in for its own."""

    folder: Path
    archive: Path
    reports: Path
    profile: Path | None


def follow_folder(where: Where, settings: Settings, jobs: int, rhythm: Rhythm | None) -> None:
    """Follow the folder; without a rhythm look once and end.

    Raises:
        RetrorunError: looking once failed.
    """
    with following.until_signalled() as stop:
        if rhythm is None:
            _look(where, settings, jobs, stop)
            return
        click.echo(f"watching {where.folder}; stop with Ctrl-C", err=True)
        following.follow(
            where.folder, lambda: _look(where, settings, jobs, stop), _say, stop, rhythm
        )
    click.echo("stopped", err=True)


def _look(where: Where, settings: Settings, jobs: int, stop: Event) -> bool:
    """Import what is new and write its pages; whether some files still grow."""
    with Archive.open(where.archive) as store:
        athlete = options.load_athlete(where.profile, store)  # may bring a privacy zone
        plan = ingest.plan_import(str(where.folder), store)
        if plan.idle and not store.due() and (where.reports / "index.html").exists():
            _refuse_unlisted(plan)
            return bool(plan.waiting)
        work = process.Work(store, settings, athlete, jobs)
        with process.writing(work):
            report = ingest.run_import(plan, store, work.engine, following.between_files(stop))
            process.show_report(report, store)
        process.conclude(work, where.reports)
        _refuse_unlisted(plan)
        return bool(report.waiting)


def _refuse_unlisted(plan: ingest.Plan) -> None:
    """Say, when all else is done, that something could not be looked into.

    Raises:
        ReadError: the first such place, and how many more there are.
    """
    for place, reason in plan.unlisted:
        more = f", nor can {len(plan.unlisted) - 1} more" if len(plan.unlisted) > 1 else ""
        raise ReadError(
            "folder-unreadable", f"it cannot be listed: {reason}{more}", file=shown(place)
        )


def _say(message: str) -> None:
    click.echo(message, err=True)


def watch_service(kind: str, folder: Path, reports: Path, kept: Mapping[str, Path | None]) -> str:
    """The unit or property list that starts this watch at login, with full paths."""
    program = Path(sys.argv[0]).absolute()
    command = [str(program), "watch", str(folder.absolute()), "--reports", str(reports.absolute())]
    for option, path in kept.items():
        command += [option, str(path.absolute())] if path else []
    return following.service(cast(Literal["systemd", "launchd"], kind), command)
