"""The command ``compare``: backward with forward running over the archive's sessions."""

import dataclasses
import datetime as dt
from pathlib import Path

import click
import msgspec
from rich.table import Table

from retrorun import compare as comparison
from retrorun import publish
from retrorun.archive import Archive
from retrorun.cli import options, terminal
from retrorun.cli.terminal import Faults
from retrorun.model import Athlete, Comparison, Difference, Estimate, Session
from retrorun.settings import Settings

SCHEMA_VERSION = 1


@click.command()
@options.archive
@options.reports
@options.profile
@options.settings
@options.as_json
@click.option("--since", type=options.DAY, help="First day, YYYY-MM-DD.")
@click.option("--until", type=options.DAY, help="Last day, YYYY-MM-DD.")
@click.option("--include-candidates", is_flag=True, help="Count what gait alone suggests.")
@click.pass_context
def compare(
    context: click.Context,
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
    chosen = choose_sessions(
        options.load_settings(settings), since, until, include_candidates=include_candidates
    )
    with Archive.open(options.archive_folder(archive), create=False) as store:
        athlete = options.load_athlete(profile, store)
        options.apply_zones(store, chosen)
        faults = Faults()
        found, sessions = compare_sessions(store, chosen, athlete, faults)
    if as_json:
        click.echo(json_document(found))
    else:
        terminal.out().print(table(found))
        page = publish.comparison(sessions, reports, found, athlete)
        terminal.err().print(f"open {page.resolve().as_uri()}", markup=False)
    context.exit(faults.status())


def choose_sessions(
    settings: Settings,
    since: dt.datetime | None,
    until: dt.datetime | None,
    *,
    include_candidates: bool,
) -> Settings:
    """Settings that keep sessions from ``since`` to the end of ``until``, days in UTC."""
    last = until + dt.timedelta(days=1) if until else None
    return dataclasses.replace(
        settings,
        compare=dataclasses.replace(
            settings.compare,
            since_s=since.replace(tzinfo=dt.UTC).timestamp() if since else None,
            until_s=last.replace(tzinfo=dt.UTC).timestamp() if last else None,
            include_candidates=include_candidates or settings.compare.include_candidates,
        ),
    )


def compare_sessions(
    store: Archive, settings: Settings, athlete: Athlete, faults: Faults
) -> tuple[Comparison, list[Session]]:
    """The comparison over the archive's sessions, and those that can be read."""
    sessions = store.summaries(faults.add_damaged)
    found, faulty = publish.of_sound(
        sessions, lambda sound: comparison.compare(sound, athlete, settings.compare)
    )
    faults.add(faulty)
    return found, [each for each in sessions if each.id not in faults.by_session]


def json_document(found: Comparison) -> str:
    """The comparison, and the popular claims beside it, as one JSON document."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "comparison": found,
        "claims": comparison.claims(found),
    }
    return msgspec.json.encode(document).decode()


def table(found: Comparison) -> Table:
    """Measures, backward beside forward at equal speed, grade and gait."""
    days = f"{found.first_date} to {found.last_date}" if found.first_date else "no sessions"
    title = f"{found.sessions} sessions, {found.backward_sessions} with backward running, {days}"
    numbers = ("backward", "forward", "difference (95 %)", "pairs")
    grid = terminal.grid(("matched stretches",), numbers, title)
    factor = "backward cost factor, own heart rate"
    grid.add_row(factor, interval(found.cost_factor, 2), "1", "", "")
    for each in found.differences:
        grid.add_row(*_row(each))
    return grid


def _row(each: Difference) -> tuple[str, ...]:
    digits = 2 if (abs(each.forward or 0) < 10) else 0
    return (
        f"{each.label} ({each.unit})" if each.unit else each.label,
        terminal.number(each.backward, digits),
        terminal.number(each.forward, digits),
        interval(each.difference, digits, each.note),
        str(each.pairs),
    )


def interval(estimate: Estimate, digits: int, otherwise: str = "") -> str:
    """A number with its interval, or why there is none."""
    if estimate.value is None:
        return otherwise or estimate.reason or terminal.UNKNOWN
    low, high = terminal.number(estimate.low, digits), terminal.number(estimate.high, digits)
    return f"{estimate.value:.{digits}f} ({low} to {high})"
