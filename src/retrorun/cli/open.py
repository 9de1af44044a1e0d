"""The command ``open``: the pages, alive, in the browser of this computer."""

import os
import sys
import threading
import webbrowser
from functools import partial
from pathlib import Path

import click
from platformdirs import user_documents_path

from retrorun.archive import Archive
from retrorun.cli import options
from retrorun.storage import shown

PORT = 8097


@click.command
@click.option("--folder", type=options.FOLDER, help="Where dropped files go; it is followed.")
@options.archive
@options.reports
@options.profile
@options.settings
@options.jobs
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Of this computer; the next free one where it is in use.",
)
@click.option("--browser/--no-browser", default=True, help="Open the browser.")
def open(  # noqa: A001 - the command is called so
    folder: Path | None,
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    jobs: int | None,
    port: int,
    browser: bool,
) -> None:
    """Open the pages in the browser, with review, notes and a place to drop exports.

    They are served on this computer only, until Ctrl-C. The folder that was processed last is
    followed as watch does.
    """
    from retrorun import server

    known = options.load_settings(settings)
    place = options.archive_folder(archive).absolute()
    found = server.first_address(place)
    if found is not None:
        click.echo("this archive is open already:", err=True)
        announce(found, browser=browser)
        return
    with Archive.open(place) as store:
        chosen = followed_folder(store, folder)
        options.load_athlete(profile, store)  # may bring a privacy zone, or be refused
    setup = server.Setup(
        archive=place,
        reports=reports.absolute(),
        folder=chosen,
        settings=known,
        athlete_of=partial(options.load_athlete, profile),
        jobs=jobs or options.cores(),
    )
    listening = server.bound(port, known.server.ports_tried)
    taken = listening.getsockname()[1]
    if port not in {0, taken}:
        click.echo(f"port {port} is in use: {taken} is taken instead", err=True)
    click.echo(f"following {shown(str(chosen))}; stop with Ctrl-C", err=True)
    server.serve(setup, listening, partial(announce, browser=browser))
    click.echo("stopped", err=True)


def announce(address: str, *, browser: bool) -> None:
    """Print the address, at once, and open it where there is a browser."""
    click.echo(address)
    sys.stdout.flush()
    if browser and has_browser():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def has_browser() -> bool:
    """Whether a browser with windows can be opened; one in the terminal would take it over."""
    if sys.platform in {"win32", "darwin"} or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def followed_folder(store: Archive, chosen: Path | None) -> Path:
    """The folder where dropped files go: the chosen one, that of the last import, or a new one."""
    if chosen is None:
        for each in reversed(store.writes.imports()):
            last = Path(each.folder)
            if last.is_absolute() and last.is_dir():
                return last
        chosen = user_documents_path() / "retrorun"
        click.echo(f"no folder was processed yet: {shown(str(chosen))} is used", err=True)
    chosen = chosen.absolute()
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen
