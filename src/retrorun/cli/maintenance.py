"""Commands that keep things in order, doctor and archive; and those of simulated runs."""

import platform
import shlex
import shutil
import sqlite3
import webbrowser
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePath

import click

from retrorun import __version__
from retrorun.archive import Archive, maintenance
from retrorun.cli import TranslatedGroup, options, terminal
from retrorun.errors import RetrorunError, SettingsError
from retrorun.ingest import Engine, plan_import
from retrorun.ingest import repair as repairs
from retrorun.language import translated
from retrorun.model import Athlete
from retrorun.simulate import SAMPLE_SEED, write_samples
from retrorun.storage import refuse_special
from retrorun.text import printable


@click.command()
@click.argument("folder", required=False, type=options.FOLDER)
@options.archive
@options.reports
@click.pass_context
def doctor(
    context: click.Context, folder: Path | None, archive: Path | None, reports: Path
) -> None:
    """Show what is installed, where things are, what is wrong and how to repair it.

    With FOLDER, also what of it was not read, and why. Exit 1 if something needs repair.
    """
    found = facts(options.archive_folder(archive), reports, folder)
    for fact in found:
        remedy = f"  → {translated(fact.remedy)}" if fact.remedy else ""
        click.echo(f"{terminal.table_word(fact.topic):9}{translated(fact.text)}{remedy}")
    context.exit(0 if all(fact.remedy is None or fact.is_advice for fact in found) else 1)


@click.group(cls=TranslatedGroup)
def archive() -> None:
    """Check, back up, restore or tidy the archive."""


@archive.command()
@options.archive
@click.option("--repair", is_flag=True, help="Repair what can be repaired, and name the rest.")
@click.pass_context
def check(context: click.Context, archive: Path | None, repair: bool) -> None:
    """Read everything that is stored and compare it with its checksums."""
    if repair:
        context.exit(_repair(options.archive_folder(archive)))
    with Archive.open(options.archive_folder(archive), create=False) as store:
        findings = maintenance.check(store)
    for each in findings:
        click.echo(f"{translated(each.message)} [{each.slug}] {translated(each.remedy)}")
    if not findings:
        terminal.tell("the archive is sound")
    context.exit(1 if findings else 0)


def _repair(folder: Path) -> int:
    """Repair an archive and print what was done; return 0 if no damage is left."""
    engine = Engine(options.load_settings(None), Athlete(), options.cores(), guarded=True)
    done = repairs.repair(folder, engine)
    if done.rebuilt is not None:
        counts = f"rows kept: {done.rebuilt.sound}, from the journal: {done.rebuilt.from_journal}"
        terminal.tell(f"the database was made again: {counts}")
        if done.rebuilt.aside is not None:
            terminal.tell(f"the damaged one lies in {done.rebuilt.aside}")
    terminal.tell(f"originals that were read again from their files: {len(done.originals)}")
    terminal.tell(f"sessions that were analysed from their originals: {len(done.sessions)}")
    for each in done.left:
        terminal.tell(f"cannot be mended: {each.message} [{each.slug}]", err=False)
    if not done.left:
        terminal.tell("the archive is sound")
    return 1 if done.left else 0


@archive.command()
@click.argument("target", type=options.TARGET)
@options.archive
def backup(target: Path, archive: Path | None) -> None:
    """Write the whole archive into one file, TARGET."""
    with Archive.open(options.archive_folder(archive), create=False) as store:
        click.echo(maintenance.backup(store, target))


@archive.command()
@click.argument("bundle", type=options.FILE)
@options.archive
def restore(bundle: Path, archive: Path | None) -> None:
    """Make an archive from a backup; one that is there already is never overwritten."""
    folder = options.archive_folder(archive)
    refuse_special(bundle)
    maintenance.restore(bundle, folder)
    click.echo(folder)


@archive.command()
@options.archive
def vacuum(archive: Path | None) -> None:
    """Free the space of objects that nothing refers to."""
    with Archive.open(options.archive_folder(archive), create=False) as store:
        terminal.tell(f"{maintenance.vacuum(store)} bytes freed")


@click.command()
@click.argument("folder", metavar="DIR", type=options.FOLDER)
@click.option("--seed", type=int, help="Same seed, same files. Default: that of sample_data.")
@click.option("--sessions", default=16, show_default=True, help="How many.")
def simulate(folder: Path, seed: int | None, sessions: int) -> None:
    """Write synthetic backward runs, and the truth about them, into DIR."""
    for path in write_samples(folder, SAMPLE_SEED if seed is None else seed, sessions):
        click.echo(path)


DEMO_PARTS = ("exports", "archive", "reports")  # the folders of a demo


@click.command()
@click.argument("folder", metavar="[DIR]", default="retrorun-demo", type=options.FOLDER)
@options.jobs
@click.option("--browser/--no-browser", default=True, help="Open the first page in the browser.")
@click.pass_context
def demo(context: click.Context, folder: Path, jobs: int | None, browser: bool) -> None:
    """Write simulated runs into DIR (./retrorun-demo), analyse them and open their pages.

    They have an archive of their own in DIR: yours is not touched.
    """
    from retrorun.cli.process import process

    exports, kept, reports = (_demo_folder(folder) / part for part in DEMO_PARTS)
    write_samples(exports)
    try:
        context.invoke(
            process,
            folder=str(exports),
            archive=kept,
            reports=reports,
            profile=exports / "profile.toml",
            jobs=jobs,
        )
    except click.exceptions.Exit as end:
        if end.exit_code:
            raise
    words = f"retrorun open --archive {shlex.quote(str(kept))}"
    terminal.tell(f"the same pages, alive, to answer what they ask: {printable(words)}")
    if browser:
        webbrowser.open((reports / "index.html").absolute().as_uri())


def _demo_folder(folder: Path) -> Path:
    """The folder, if it is not there, empty or an earlier demo's.

    Raises:
        SettingsError: it holds something else, or cannot be listed.
    """
    try:
        others = {each.name for each in folder.iterdir()} if folder.exists() else set()
    except OSError as problem:
        words = problem.strerror or "cannot be listed"
        raise SettingsError("folder-unreadable", words, file=str(folder)) from problem
    if others - set(DEMO_PARTS):
        remedy = "Name a folder that is not there yet: `retrorun demo DIR`."
        words = "the folder holds something else than a demo"
        raise SettingsError("demo-folder", words, file=printable(str(folder)), remedy=remedy)
    return folder


LITTLE_BYTES = 500 * 2**20  # free space below which doctor warns
LIBRARIES = ("python-fitparse", "lxml", "numpy", "pandas", "pyarrow", "plotly", "watchfiles")
FITPARSE_CLASH = "`pip uninstall fitparse`, then `pip install --force-reinstall python-fitparse`"
PROFILE_GAPS = {
    "mass_kg": "energy is in kcal/kg instead of kcal",
    "birth_year": "the maximum heart rate cannot be estimated",
    "sex": "TRIMP cannot be weighted",
    "hr_rest_bpm": "heart-rate reserve and TRIMP are not known",
    "hr_max_bpm": "heart-rate zones are not known",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at; what has a ``remedy`` is wrong, unless it ``is_advice``."""

    topic: str
    text: str
    remedy: str | None = None
    is_advice: bool = False


def facts(archive_folder: Path, reports: Path, exports: Path | None = None) -> list[Fact]:
    """Everything worth knowing when something is not as expected.

    Args:
        archive_folder: need not exist.
        reports: need not exist.
        exports: a folder of exports, to list what of it was not read, and why.
    """
    found = [*_versions(), *_place("archive", archive_folder), *_place("reports", reports)]
    try:
        with Archive.open(archive_folder, create=False) as archive:
            found += [
                *_health(archive),
                *_gaps(archive.annotations.profile()),
                *_file_problems(archive),
            ]
            found += _unread(exports, archive) if exports else ()
    except RetrorunError as problem:
        found.append(Fact("archive", problem.message, problem.remedy or "See the message."))
    return found


def _versions() -> Iterator[Fact]:
    yield Fact("version", f"retrorun {__version__}")
    yield Fact("version", f"Python {platform.python_version()} on {platform.platform()}")
    yield Fact("version", f"SQLite {sqlite3.sqlite_version}")
    for name in LIBRARIES:
        try:
            yield Fact("version", f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Fact("version", f"{name} is missing", f"`pip install {name}`")
    yield from _clash()


def _clash() -> Iterator[Fact]:
    """The old distribution ``fitparse`` and ``python-fitparse`` own the same package folder."""
    with suppress(metadata.PackageNotFoundError):
        text = f"fitparse {metadata.version('fitparse')} is installed over python-fitparse"
        yield Fact("version", text, FITPARSE_CLASH)


def _place(topic: str, folder: Path) -> Iterator[Fact]:
    yield Fact(topic, printable(str(folder.absolute())))
    there = next((each for each in (folder, *folder.absolute().parents) if each.exists()), folder)
    try:
        free = shutil.disk_usage(there).free
    except OSError as problem:
        yield Fact(topic, f"cannot be looked at: {problem.strerror}", "Mend its permissions.")
        return
    remedy = "Make room." if free < LITTLE_BYTES else None
    yield Fact(topic, f"{free / 2**30:.1f} GiB free", remedy)


def _health(archive: Archive) -> Iterator[Fact]:
    yield Fact("archive", terminal.sessions_of_files(len(archive.briefs()), len(archive.files())))
    findings = maintenance.check(archive, deep=False)
    yield from (Fact("archive", each.message, each.remedy) for each in findings)
    if not findings:
        yield Fact("archive", "healthy")


def _gaps(athlete: Athlete) -> Iterator[Fact]:
    for name, consequence in PROFILE_GAPS.items():
        if getattr(athlete, name) is None:
            text, remedy = f"{name} is not set: {consequence}", f"`retrorun profile {name}=…`"
            yield Fact("profile", text, remedy, is_advice=True)


def _file_problems(archive: Archive) -> Iterator[Fact]:
    for row in archive.problems():
        kind = "no run" if row.outcome == "not-a-run" else "failed"
        text = f"{kind}: {printable(row.path)}: {row.message}"
        yield Fact("file", text, row.remedy if row.outcome == "failed" else None)


def _unread(exports: Path, archive: Archive) -> Iterator[Fact]:
    seen = plan_import(exports, archive)
    if seen.new:
        remedy = f"`retrorun process {printable(str(exports))}`"
        text = f"files that are not imported yet: {len(seen.new)}"
        yield Fact("folder", text, remedy, is_advice=True)
    kinds = Counter(PurePath(path).suffix.lower() or "no suffix" for path in seen.passed_over)
    for kind, count in sorted(kinds.items()):
        text = f"files that are no exports by their name ({printable(kind)}): {count}"
        yield Fact("folder", text)
    for path, words in seen.unlisted:
        yield Fact("folder", f"{printable(path)}: {words}", "See to it that it can be read.")
    for path in seen.waiting:
        yield Fact("folder", f"{printable(path)} is still growing")
