"""Commands by which athletes say something: about a stretch, and about themselves."""

import contextlib
import dataclasses
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retrorun.cli import options

if TYPE_CHECKING:
    from retrorun.archive import Archive
    from retrorun.model import Athlete

SAID_ON = "command"


@click.command()
@click.argument("session", required=False)
@click.argument("start", required=False)
@click.argument("end", required=False)
@click.argument("direction", required=False, type=click.Choice(["backward", "forward", "clear"]))
@options.archive
@options.reports
@options.profile
@options.settings
@click.pass_context
def label(
    context: click.Context,
    session: str | None,
    start: str | None,
    end: str | None,
    direction: str | None,
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
) -> None:
    """Say what a stretch of SESSION was, or list what was said.

    START and END are seconds, m:ss or h:mm:ss since the start, the time of day, or "end". Your word
    wins over the detector and survives re-processing; "clear" takes it back.
    """
    from retrorun.archive import Archive
    from retrorun.cli import labelling
    from retrorun.cli.imports import Work

    known = options.load_settings(settings)
    with Archive.open(options.archive_folder(archive), create=False) as store:
        if session is None:
            context.exit(labelling.overview(store, known))
        if start is None:
            labelling.listed(store, session, known)
            return
        if end is None or direction is None:
            raise click.UsageError("say START, END and backward, forward or clear")
        labelling.say(store, session, (start, end), direction)
        athlete = options.load_athlete(profile, store)
        work = Work(store, known, athlete, options.cores())
        status = labelling.analysed_anew(work, session, reports)
    context.exit(status)


SCORE = click.IntRange(0, 10)


@click.command()
@click.argument("session", required=False)
@click.argument("text", required=False)
@options.archive
@click.option("--pain", type=SCORE, help="From 0, none, to 10.")
@click.option("--rpe", type=SCORE, help="How hard the whole session was, from 0 to 10.")
@click.option("--clear", is_flag=True, help="Take back what was noted.")
def note(
    session: str | None,
    text: str | None,
    archive: Path | None,
    pain: int | None,
    rpe: int | None,
    clear: bool,
) -> None:
    """Note pain, effort and words about SESSION; without any of them list what was noted.

    What is not given stays as it was noted before.
    """
    from retrorun.archive import Archive
    from retrorun.cli import noting

    with Archive.open(options.archive_folder(archive), create=False) as store:
        if session is None:
            noting.listed(store)
        elif clear:
            store.set_remark(session, None)
        else:
            noting.note(store, session, pain, rpe, text)


# a list may come in parts, and a longitude of the west begins with a dash
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@options.archive
@options.as_json
def profile(values: tuple[str, ...], archive: Path | None, as_json: bool) -> None:
    """Show the athlete's profile, or change it: retrorun profile mass_kg=70 birth_year=1980.

    An empty value takes a name back; mass_kg@2026-05-03=69 is a mass from that day on.
    """
    from retrorun import profile as profiles
    from retrorun.archive import Archive
    from retrorun.cli import show

    with Archive.open(options.archive_folder(archive)) as store:
        athlete = store.profile()
        if values:
            changed = profiles.change(athlete, _stated(values, athlete.masses))
            athlete = _stored(store, athlete, changed)
    if as_json:
        click.echo(options.json_text(profiles.plain(athlete)))
    else:
        show.out().print(show.profile_table(athlete))


def _stored(store: "Archive", before: "Athlete", athlete: "Athlete") -> "Athlete":
    """Keep a changed profile; the archive looks which of its sessions new zones touch."""
    if athlete.privacy_zones in (before.privacy_zones, ()):
        store.set_profile(athlete)
        return athlete
    from retrorun.cli import zones

    secret = before.zone_secret or zones.secret()
    athlete = dataclasses.replace(athlete, zone_secret=secret)
    zones.keep(store, athlete)
    return athlete


def _stated(values: tuple[str, ...], masses: tuple[Any, ...]) -> dict[str, Any]:
    """Plain values from NAME=VALUE words; a word without ``=`` is a usage error."""
    stated: dict[str, Any] = {}
    dated = {each.since.isoformat(): each.mass_kg for each in masses}
    for word in _whole(values):
        name, equals, text = word.partition("=")
        if not equals:
            raise click.UsageError(f"{word!r} is no NAME=VALUE")
        name, _, day = name.partition("@")
        if day:
            dated[day] = _value(text)
        else:
            stated[name] = _value(text)
    kept = sorted((day, mass) for day, mass in dated.items() if mass is not None)
    return {"masses": [{"since": day, "mass_kg": mass} for day, mass in kept]} | stated


def _whole(values: tuple[str, ...]) -> list[str]:
    """Words; those between an opening bracket and its end, which a shell parted, as one."""
    whole: list[str] = []
    for word in values:
        if whole and whole[-1].count("[") > whole[-1].count("]"):
            whole[-1] += f" {word}"
        else:
            whole.append(word)
    return whole


def _value(text: str) -> object:
    """A number, a list as JSON or TOML writes it, or a word; None where nothing stands."""
    if not text.strip():
        return None
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    with contextlib.suppress(ValueError, RecursionError):
        return tomllib.loads(f"value = {text}")["value"] if text.lstrip()[0] in "[{" else text
    return text
