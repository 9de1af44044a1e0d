"""Commands on a folder of exports."""

from pathlib import Path

import click

from retrorun.cli import options


@click.command()
@click.argument("folder")
@options.archive
@options.reports
@options.profile
@options.settings
@options.jobs
@click.option("--pages/--no-pages", default=True, help="Write pages.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing.")
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
    """Import what is new in FOLDER, write its pages, and say which one to open."""
    from retrorun import ingest
    from retrorun.archive import Archive

    with Archive.open(options.archive_folder(archive)) as store:
        plan = ingest.plan(folder, store, retry=retry)
        if plan.idle and not dry_run and (reports / "index.html").exists():
            click.echo(f"nothing new: {plan.unchanged} files as before", err=True)
            return
        from retrorun.cli import imports

        if dry_run:
            imports.show_plan(plan)
            return
        athlete = options.load_athlete(profile, store)
        work = imports.Work(
            store, options.load_settings(settings), athlete, jobs or options.cores()
        )
        report = imports.carry_out(plan, work)
        imports.show_report(report, store)
        imports.learn_from(work, report.sessions)
        if pages:
            imports.publish(work, reports, report.sessions)
    context.exit(1 if report.failed else 0)


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
    """Analyse sessions anew: those named, or those made with other settings, profile or version.

    Labels and notes stay.
    """
    from retrorun.archive import Archive
    from retrorun.cli import imports

    with Archive.open(options.archive_folder(archive), create=False) as store:
        athlete = options.load_athlete(profile, store)
        work = imports.Work(
            store, options.load_settings(settings), athlete, jobs or options.cores()
        )
        report = imports.analyse_anew(work, session, everything=everything)
        imports.show_report(report, store)
        imports.learn_from(work, report.sessions)
        imports.publish(work, reports, report.sessions)
    context.exit(1 if report.failed else 0)


COMMANDS = (process, reprocess)
