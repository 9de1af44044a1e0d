"""What ``watch`` does: process again and again, quietly, until asked to stop."""

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
from retrorun.cli import imports, options
from retrorun.errors import ReadError
from retrorun.settings import Settings
from retrorun.storage import shown
from retrorun.watch import Rhythm

__all__ = ["Rhythm", "Where", "service", "watch"]


@dataclass(frozen=True, slots=True)
class Where:
    """The folder of exports, the archive, the pages, and a profile that stands in for its own."""

    folder: Path
    archive: Path
    reports: Path
    profile: Path | None


def watch(where: Where, settings: Settings, jobs: int, rhythm: Rhythm | None) -> None:
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
        if plan.idle and not store.pending.pages() and (where.reports / "index.html").exists():
            _refuse_unlisted(plan)
            return bool(plan.waiting)
        work = imports.Work(store, settings, athlete, jobs)
        with imports.writing(work):
            report = ingest.run_import(plan, store, work.engine, following.between_files(stop))
            imports.show_report(report, store)
        imports.conclude(work, where.reports)
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


def service(kind: str, folder: Path, reports: Path, kept: Mapping[str, Path | None]) -> str:
    """The unit or property list that starts this watch at login, with full paths."""
    program = Path(sys.argv[0]).absolute()
    command = [str(program), "watch", str(folder.absolute()), "--reports", str(reports.absolute())]
    for option, path in kept.items():
        command += [option, str(path.absolute())] if path else []
    return following.service(cast(Literal["systemd", "launchd"], kind), command)
