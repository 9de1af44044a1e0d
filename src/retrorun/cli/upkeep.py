"""Commands that keep things in order, and the simulator."""

from pathlib import Path

import click

from retrorun.cli import options


@click.command()
@click.argument("folder", required=False, type=options.FOLDER)
@options.archive
@options.reports
@click.pass_context
def doctor(
    context: click.Context, folder: Path | None, archive: Path | None, reports: Path
) -> None:
    """Say what is installed, where things are, what is wrong and how to mend it.

    With FOLDER also what of it was not read, and why. Exit 1 where something needs mending.
    """
    from retrorun import doctor as doctors

    found = doctors.facts(options.archive_folder(archive), reports, folder)
    for fact in found:
        remedy = f"  → {fact.remedy}" if fact.remedy else ""
        click.echo(f"{fact.topic:9}{fact.text}{remedy}")
    context.exit(0 if all(fact.remedy is None for fact in found) else 1)


@click.group()
def archive() -> None:
    """Check, back up, restore or tidy the archive."""


@archive.command()
@options.archive
@click.option("--repair", is_flag=True, help="Mend what can be mended, and say what cannot.")
@click.pass_context
def check(context: click.Context, archive: Path | None, repair: bool) -> None:
    """Read everything that is stored and compare it with its checksums."""
    from retrorun.archive import Archive, maintenance

    if repair:
        context.exit(_repair(options.archive_folder(archive)))
    with Archive.open(options.archive_folder(archive), create=False) as store:
        findings = maintenance.check(store)
    for each in findings:
        click.echo(f"{each.message} [{each.slug}] {each.remedy}")
    if not findings:
        click.echo("the archive is sound", err=True)
    context.exit(1 if findings else 0)


def _repair(folder: Path) -> int:
    """Mend an archive and say what became of it: 0 if nothing is left to be mended."""
    from retrorun.ingest import Engine, repair
    from retrorun.model import Athlete

    engine = Engine(options.load_settings(None), Athlete(), options.cores(), guarded=True)
    done = repair.repair(folder, engine)
    if done.rebuilt is not None:
        counts = f"{done.rebuilt.taken} rows kept, {done.rebuilt.from_journal} from the journal"
        click.echo(f"the database was made again: {counts}", err=True)
        if done.rebuilt.aside is not None:
            click.echo(f"the damaged one lies in {done.rebuilt.aside}", err=True)
    click.echo(f"{len(done.originals)} originals were read again from their files", err=True)
    click.echo(f"{len(done.sessions)} sessions were analysed from their originals", err=True)
    for each in done.left:
        click.echo(f"cannot be mended: {each.message} [{each.slug}]")
    if not done.left:
        click.echo("the archive is sound", err=True)
    return 1 if done.left else 0


@archive.command()
@click.argument("target", type=click.Path(path_type=Path))
@options.archive
def backup(target: Path, archive: Path | None) -> None:
    """Write the whole archive into one file, TARGET."""
    from retrorun.archive import Archive, maintenance

    with Archive.open(options.archive_folder(archive), create=False) as store:
        click.echo(maintenance.backup(store, target))


@archive.command()
@click.argument("bundle", type=options.FILE)
@options.archive
def restore(bundle: Path, archive: Path | None) -> None:
    """Make an archive from a backup; one that is there already is never overwritten."""
    from retrorun.archive import maintenance

    folder = options.archive_folder(archive)
    maintenance.restore(bundle, folder)
    click.echo(folder)


@archive.command()
@options.archive
def vacuum(archive: Path | None) -> None:
    """Give back the space of what nothing refers to."""
    from retrorun.archive import Archive, maintenance

    with Archive.open(options.archive_folder(archive), create=False) as store:
        click.echo(f"{maintenance.vacuum(store)} bytes freed", err=True)


@click.command()
@click.argument("folder", metavar="DIR", type=options.FOLDER)
@click.option("--seed", type=int, help="Same seed, same files. Default: that of sample_data.")
@click.option("--sessions", default=16, show_default=True, help="How many.")
def simulate(folder: Path, seed: int | None, sessions: int) -> None:
    """Write synthetic backward runs, and the truth about them, into DIR."""
    from retrorun.simulate import SAMPLE_SEED, write_samples

    for path in write_samples(folder, SAMPLE_SEED if seed is None else seed, sessions):
        click.echo(path)
