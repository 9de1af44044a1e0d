"""Commands on a folder of exports."""

from pathlib import Path
from typing import Any

import click

from retrorun.cli import cohorts, options


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
@cohorts.cohort
@click.pass_context
def process(
    context: click.Context,
    /,
    folder: str,
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    jobs: int | None,
    pages: bool,
    dry_run: bool,
    retry: bool,
    **more: Any,  # noqa: ANN401 - the fields of cohorts.Chosen
) -> None:
    """Import what is new in FOLDER, write its pages, and say which one to open.

    With --out: many athletes' exports, from a folder or an object store (s3://…) into a result
    set of Parquet files, with local workers or on a Dask cluster.
    """
    chosen = cohorts.Chosen(**more)
    cohorts.check(chosen)
    if chosen.out is not None:
        how = cohorts.How(settings, profile, archive, jobs, retry, dry_run)
        context.exit(cohorts.process(folder, chosen, how))
    from retrorun import ingest
    from retrorun.archive import Archive

    with Archive.open(options.archive_folder(archive)) as store:
        # a zone that is new makes work of what seemed done; otherwise the profile can wait
        early = options.load_athlete(profile, store) if profile and not dry_run else None
        plan = ingest.plan_import(folder, store, retry=retry)
        cohorts.name_unlisted(plan.unlisted)
        drawn = not pages or (not store.due() and (reports / "index.html").exists())
        if plan.idle and drawn and not dry_run:
            click.echo(f"nothing new: {plan.unchanged} unchanged", err=True)
            context.exit(1 if plan.unlisted else 0)
        if not (dry_run or plan.idle):
            ingest.prepare()  # workers start while the rest is loaded here
        from retrorun.cli import imports

        if dry_run:
            imports.show_plan(plan)
            context.exit(1 if plan.unlisted else 0)
        athlete = early or options.load_athlete(None, store)
        work = imports.Work(
            store, options.load_settings(settings), athlete, jobs or options.cores()
        )
        with imports.writing(work):
            report = imports.carry_out(plan, work, pages=pages)
            imports.show_report(report, store)
        status = imports.conclude(work, reports if pages else None)
    context.exit(1 if report.failed or plan.unlisted else status)


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
        with imports.writing(work):
            report = imports.analyse_anew(work, session, everything=everything)
            imports.show_report(report, store)
        status = imports.conclude(work, reports)
    context.exit(1 if report.failed else status)


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
    from retrorun.cli import watching

    if service is not None:
        kept = {"--archive": archive, "--profile": profile, "--settings": settings}
        click.echo(watching.service(service, folder, reports, kept), nl=False)
        return
    where = watching.Where(folder, options.archive_folder(archive), reports, profile)
    rhythm = watching.Rhythm(every_s=every, events=events)
    known = options.load_settings(settings)
    watching.watch(where, known, jobs or options.cores(), None if once else rhythm)


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
    from retrorun.archive import Archive
    from retrorun.cli import imports

    with Archive.open(options.archive_folder(archive), create=False) as store:
        if number is None and separate is None:
            imports.list_imports(store)
            return
        athlete = options.load_athlete(None, store)
        work = imports.Work(store, options.load_settings(None), athlete, options.cores())
        with imports.writing(work):
            report = imports.take_back(work, number, separate)
            imports.show_report(report, store)
        status = imports.conclude(work, reports)
    context.exit(status)
