"""Commands on what the archive holds."""

import datetime as dt
import json
from pathlib import Path

import click

from retrorun.cli import options

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@options.archive
@options.as_json
@click.option("--problems", is_flag=True, help="Files that became no session, and why.")
def sessions(archive: Path | None, as_json: bool, problems: bool) -> None:
    """List the sessions of the archive, or the files that became none."""
    from retrorun import contract
    from retrorun.archive import Archive
    from retrorun.cli import imports, show

    with Archive.open(options.archive_folder(archive), create=False) as store:
        if problems:
            for row in store.problems():
                imports.listed_problem(row, as_json=as_json)
            return
        known = store.sessions()
    if as_json:
        for session in known:
            click.echo(json.dumps(contract.session_document(session), ensure_ascii=False))
        return
    show.out().print(imports.session_table(known))


@click.command()
@options.archive
@options.reports
@options.profile
@options.settings
@options.as_json
@click.option("--since", type=DAY, help="First day, YYYY-MM-DD.")
@click.option("--until", type=DAY, help="Last day, YYYY-MM-DD.")
@click.option("--include-candidates", is_flag=True, help="Count what gait alone suggests.")
def compare(
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    as_json: bool,
    since: dt.datetime | None,
    until: dt.datetime | None,
    include_candidates: bool,
) -> None:
    """Compare backward with forward running over all sessions: the page, or JSON."""
    from retrorun.archive import Archive
    from retrorun.cli import comparing, show

    chosen = comparing.chosen(
        options.load_settings(settings), since, until, include_candidates=include_candidates
    )
    with Archive.open(options.archive_folder(archive), create=False) as store:
        athlete = options.load_athlete(profile, store)
        found = comparing.compared(store, chosen, athlete)
        if as_json:
            click.echo(comparing.as_json(found))
            return
        show.out().print(comparing.table(found))
        from retrorun import publish

        page = publish.comparison(store, reports, found, athlete)
    show.err().print(f"open {page.resolve().as_uri()}", markup=False)


COMMANDS = (sessions, compare)
