"""Commands on what the archive holds."""

import datetime as dt
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from retrorun.cli import options

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@options.archive
@options.as_json
@click.option("--problems", is_flag=True, help="Files that became no session, and why.")
@click.pass_context
def sessions(context: click.Context, archive: Path | None, as_json: bool, problems: bool) -> None:
    """List the sessions of the archive, or the files that became none."""
    from retrorun import contract
    from retrorun.archive import Archive
    from retrorun.cli import imports, show, zones
    from retrorun.cli.faults import Faults

    with Archive.open(options.archive_folder(archive), create=False) as store:
        if problems:
            for row in store.problems():
                imports.listed_problem(row, as_json=as_json)
            return
        zones.apply(store)
        faults = Faults()
        known = store.sessions(faults.damaged)
    if as_json:
        for session in known:
            click.echo(options.json_text(contract.session_document(session)))
    else:
        show.out().print(imports.session_table(known))
    context.exit(faults.status())


@click.command()
@options.archive
@options.reports
@options.profile
@options.settings
@options.as_json
@click.option("--since", type=DAY, help="First day, YYYY-MM-DD.")
@click.option("--until", type=DAY, help="Last day, YYYY-MM-DD.")
@click.option("--include-candidates", is_flag=True, help="Count what gait alone suggests.")
@click.option("--from", "address", metavar="ADDRESS", help="A result set's athletes: path or URL.")
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    help="What compares the athletes of a result set.  [default: local]",
)
@click.option("--scheduler", metavar="ADDRESS", help="Dask's, such as tcp://host:8786.")
@click.option("--out", metavar="ADDRESS", help="Also put the tables there, as Parquet and JSON.")
@options.jobs
@click.pass_context
def compare(
    context: click.Context,
    /,
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    as_json: bool,
    since: dt.datetime | None,
    until: dt.datetime | None,
    include_candidates: bool,
    **cohort: Any,  # noqa: ANN401 - the fields of comparing_cohort.Chosen
) -> None:
    """Compare backward with forward running over all sessions: the page, or JSON.

    With --from: each athlete of a result set with themselves, and what is common to them.
    """
    from retrorun.cli import comparing, comparing_cohort, show, zones
    from retrorun.cli.faults import Faults

    of_cohort = comparing_cohort.Chosen(**cohort)
    said = context.get_parameter_source("archive") is ParameterSource.COMMANDLINE
    comparing_cohort.check(of_cohort, archive if said else None, profile)
    chosen = comparing.chosen(
        options.load_settings(settings), since, until, include_candidates=include_candidates
    )
    if of_cohort.address is not None:
        context.exit(comparing_cohort.run(of_cohort, chosen.compare, None if as_json else reports))
    from retrorun.archive import Archive

    with Archive.open(options.archive_folder(archive), create=False) as store:
        athlete = options.load_athlete(profile, store)
        zones.apply(store, chosen)
        faults = Faults()
        found, sessions = comparing.compared(store, chosen, athlete, faults)
    if as_json:
        click.echo(comparing.as_json(found))
    else:
        show.out().print(comparing.table(found))
        from retrorun import publish

        page = publish.comparison(sessions, reports, found, athlete)
        show.err().print(f"open {page.resolve().as_uri()}", markup=False)
    context.exit(faults.status())


@click.command()
@click.argument("session", nargs=-1)
@options.archive
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet", "json", "gpx"]),
    default="csv",
    show_default=True,
    help="GPX is for tracks only.",
)
@click.option(
    "--what",
    type=click.Choice(["sessions", "segments", "tracks"]),
    multiple=True,
    help="May be given more than once. Default: sessions and segments; tracks for GPX.",
)
@click.option("--out", default="export", show_default=True, help="Folder, or any address.")
@click.option("--from", "source", help="A result set instead of the archive: path or URL.")
@click.option("--deidentify", is_flag=True, help="Without who, where and on which day.")
@click.option(
    "--salt-file",
    type=options.FILE,
    help="Same salt, same ids. Else RETRORUN_SALT, or a new one.",
)
@click.pass_context
def export(
    context: click.Context,
    session: tuple[str, ...],
    archive: Path | None,
    form: str,
    what: tuple[str, ...],
    out: str,
    source: str | None,
    deidentify: bool,
    salt_file: Path | None,
) -> None:
    """Write sessions, segments and tracks as files: all sessions, or those named.

    Columns carry their unit in their name. What lies in a privacy zone is left out. With --from
    and --deidentify: a copy of a result set that may be shared (docs/results.md).
    """
    from retrorun.archive import Archive
    from retrorun.cli import exporting, reporting, zones
    from retrorun.cli.faults import Faults

    if source is not None or deidentify or salt_file:
        given = context.get_parameter_source("form") is not ParameterSource.DEFAULT
        if source is None or not deidentify:
            raise click.UsageError("--from, a result set's address, and --deidentify go together")
        if session or (given and form != "parquet"):
            raise click.UsageError("a result set is copied whole, as Parquet")
        exporting.deidentify(source, out, salt_file, tracks="tracks" in what)
        return
    chosen = what or (("tracks",) if form == "gpx" else ("sessions", "segments"))
    if form == "gpx" and set(chosen) != {"tracks"}:
        raise click.UsageError("GPX holds tracks only")
    if "://" in out:
        raise click.UsageError("the archive is exported into a folder")
    with Archive.open(options.archive_folder(archive), create=False) as store:
        zones.apply(store)
        faults = Faults()
        known = reporting.chosen(store, session, faults)
        for path in exporting.write(store, known, chosen, form, Path(out), faults):
            click.echo(path)
    context.exit(faults.status())


@click.command()
@click.argument("session", nargs=-1)
@options.archive
@options.reports
@options.profile
@options.settings
@click.option("--since", type=DAY, help="A period's first day, YYYY-MM-DD.")
@click.option("--until", type=DAY, help="A period's last day, YYYY-MM-DD.")
@click.option("--title", default="", help="Title of a period's report.")
@click.option("--note", type=options.FILE, help="Text file that stands on top of it.")
@click.option("--standalone", is_flag=True, help="Each session as one file that works alone.")
@click.option("--redact", is_flag=True, help="The same without map, place, device, names, dates.")
@click.pass_context
def report(
    context: click.Context,
    session: tuple[str, ...],
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    title: str,
    note: Path | None,
    standalone: bool,
    redact: bool,
) -> None:
    """Write pages anew: those of SESSION(s) or all; or one printable report of a period.

    With --since, --until, --title or --note: one page for a coach or a physiotherapist.
    """
    from retrorun.archive import Archive
    from retrorun.cli import reporting, zones
    from retrorun.cli.faults import Faults
    from retrorun.cli.imports import Work

    of_period = bool(since or until or title or note)
    if of_period and redact:
        raise click.UsageError("a period's report is about its dates: it cannot be redacted")
    with Archive.open(options.archive_folder(archive), create=False) as store:
        athlete, known = options.load_athlete(profile, store), options.load_settings(settings)
        zones.apply(store, known)
        work, faults = Work(store, known, athlete, options.cores()), Faults()
        if of_period:
            days = reporting.Period(since and since.date(), until and until.date())
            text = reporting.read_note(note)
            pages = [reporting.period(work, reports, days, (title, text), faults)]
        elif standalone or redact:
            sessions = reporting.chosen(store, session, faults)
            pages = list(reporting.shared(work, reports, sessions, faults, redacted=redact))
        else:
            pages = [reporting.anew(work, reports, session, faults)]
    for page in pages:
        click.echo(page)
    context.exit(faults.status())
