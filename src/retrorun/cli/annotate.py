"""Commands by which athletes describe a session or themselves: note and profile."""

import contextlib
import json
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from retrorun import ingest
from retrorun import profile as profiles
from retrorun.archive import Archive
from retrorun.cli import options, terminal
from retrorun.errors import SettingsError
from retrorun.language import translated
from retrorun.model import LONGEST_NOTE, Athlete, Remark
from retrorun.report.inbox import habit
from retrorun.text import plain

SCORE = click.IntRange(0, 10)


@click.command()
@click.argument("session", required=False)
@click.argument("text", required=False)
@options.archive
@click.option("--pain", type=SCORE, help="From 0, none, to 10.")
@click.option("--rpe", type=SCORE, help="How hard the whole session was, from 0 to 10.")
@click.option("--clear", is_flag=True, help="Remove the note.")
def note(
    session: str | None,
    text: str | None,
    archive: Path | None,
    pain: int | None,
    rpe: int | None,
    clear: bool,
) -> None:
    """Note pain, effort and text about SESSION; without any of them, list the notes.

    What is not given stays as it was.
    """
    is_given = any(each is not None for each in (text, pain, rpe))
    if session is None and (clear or is_given):
        raise click.UsageError("name the SESSION that the note is about")
    if clear and is_given:
        raise click.UsageError("--clear removes the whole note: give it alone")
    with Archive.open(options.archive_folder(archive), create=False) as store:
        if session is None:
            list_notes(store)
        elif clear:
            store.annotations.set_remark(session, None)
            terminal.err().print("the note is removed")
        else:
            change_note(store, session, pain, rpe, text)


# a list may come in parts, and a longitude of the west begins with a dash
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@options.archive
@options.as_json
def profile(values: tuple[str, ...], archive: Path | None, as_json: bool) -> None:
    """Show the athlete's profile, or change it: retrorun profile mass_kg=70 birth_year=1980.

    An empty value removes a name; mass_kg@2026-05-03=69 is the mass from that day on.
    """
    with Archive.open(options.archive_folder(archive)) as store:
        athlete = store.annotations.profile()
        if values:
            before, athlete = change_profile(store, values)
            if before.trust_gait != athlete.trust_gait:
                ingest.note_dependent(store)
        options.set_language(athlete.language or "en")
        if values and store.known() and _changes_analysis(before, athlete):
            terminal.tell(
                "sessions that are there keep the numbers of the profile before: "
                "`retrorun reprocess` analyses them again"
            )
        gone = len({*before.privacy_zones} - {*athlete.privacy_zones}) if values else 0
        if gone:
            terminal.tell(
                f"privacy zones that hide nothing any more: {gone}. What is shared from now on and "
                "what was shared before tell more of them together than either."
            )
    if as_json:
        click.echo(options.json_text(profiles.plain(athlete)))
    else:
        terminal.out().print(profile_table(athlete))
    for line in habit_lines(athlete):
        terminal.err().print(escape(line))


# what takes effect on sessions that are there without `reprocess`, or changes no number of them
FOLLOWS = ("trust_gait", "laps", "language", "units", "privacy_zones", "zone_secret")


def _changes_analysis(before: Athlete, after: Athlete) -> bool:
    """Whether the profile says something else that only an analysis brings to a session."""
    return replace(after, **{name: getattr(before, name) for name in FOLLOWS}) != before


PRESSED = "sessions with laps pressed by hand: {}; `retrorun process FOLDER` analyses them again"


def profile_table(athlete: Athlete) -> Table:
    """The stored profile: name, value, and what is used where there is no value."""
    table = terminal.grid(("name", "value", "without it"), ())
    for name, value in profiles.plain(athlete).items():
        is_set = value is not None and value is not False and value not in ([], ())
        text = _typed(value) if is_set else terminal.UNKNOWN
        without = "" if is_set else translated(profiles.DERIVED.get(name, ""))
        table.add_row(name, escape(text), without)
    return table


def habit_lines(athlete: Athlete) -> tuple[str, ...]:
    """What the athlete's answers taught, and whether it counts; none where nothing was answered."""
    found = habit(athlete)
    if found is None:
        return ()
    return (*found.lines, *([found.command] if found.command else []))


def _typed(value: object) -> str:
    """A value as it would be typed."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.15g}"
    return json.dumps(value, default=str)


def change_profile(store: Archive, values: tuple[str, ...]) -> tuple[Athlete, Athlete]:
    """Store a changed profile, and note in the same transaction what is due because of it.

    New zones and another convention of laps are stored while no other process writes, because all
    sessions are asked what those mean for them: otherwise nothing is stored.

    Returns:
        The profile before and after.

    Raises:
        SettingsError: the values cannot be.
        ArchiveError: another process writes.
    """

    def change(athlete: Athlete) -> Athlete:
        return profiles.change(athlete, _changes_from(values, athlete.masses))

    stored = store.annotations.profile()
    wanted = change(stored)
    asks_zones = wanted.privacy_zones not in (stored.privacy_zones, ())
    if not asks_zones and wanted.laps == stored.laps:
        return store.annotations.change_profile(change, partial(_note_pages, store))
    with store.writing():
        pressed = ingest.with_pressed_laps(store) if wanted.laps != stored.laps else []

        def follow(before: Athlete, after: Athlete) -> None:
            _note_pages(store, before, after)
            store.pending.add(pressed)

        found = options.store_zones(store, change, follow)
    if pressed:
        terminal.err().print(PRESSED.format(len(pressed)))
    return found


def _note_pages(store: Archive, before: Athlete, after: Athlete) -> None:
    """Note the pages that show what a profile says; one stands for those over all sessions."""
    known = list(store.known())
    if before.language != after.language:
        store.pending.add_pages(known)
    elif before.trust_gait != after.trust_gait:
        store.pending.add_pages(known[-1:])


def _changes_from(values: tuple[str, ...], masses: tuple[Any, ...]) -> dict[str, Any]:
    """Plain values from NAME=VALUE words; a word without ``=`` is a usage error."""
    changes: dict[str, Any] = {}
    dated = {each.since.isoformat(): each.mass_kg for each in masses}
    for word in _join_lists(values):
        name, equals, text = word.partition("=")
        if not equals:
            raise click.UsageError(f"{word!r} is no NAME=VALUE")
        name, _, day = name.partition("@")
        if day:
            dated[day] = _value(text)
        else:
            changes[name] = _value(text)
    kept = sorted((day, mass) for day, mass in dated.items() if mass is not None)
    return {"masses": [{"since": day, "mass_kg": mass} for day, mass in kept]} | changes


def _join_lists(values: tuple[str, ...]) -> list[str]:
    """Arguments, with those of one list, which a shell split at blanks, joined."""
    joined: list[str] = []
    for word in values:
        if joined and joined[-1].count("[") > joined[-1].count("]"):
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined


def _value(text: str) -> object:
    """A number, a list as JSON or TOML writes it, or text; None for an empty value."""
    if not text.strip():
        return None
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    with contextlib.suppress(ValueError, RecursionError):
        return tomllib.loads(f"value = {text}")["value"] if text.lstrip()[0] in "[{" else text
    return text


def change_note(
    store: Archive, session_id: str, pain: int | None, effort: int | None, text: str | None
) -> None:
    """Store what is given and leave the rest; print the note where nothing is given.

    Raises:
        SettingsError: the text is too long.
        ArchiveError: there is no such session.
    """
    (full_id,) = store.database.find_session("id", session_id)
    if pain is None and effort is None and text is None:
        _print_note(full_id, store.annotations.remarks().get(full_id, Remark()))
        return
    if text is not None and len(text) > LONGEST_NOTE:
        raise SettingsError("note-too-long", f"a note has at most {LONGEST_NOTE} characters")
    given = {"pain": pain, "effort": effort, "text": text}
    known = {name: value for name, value in given.items() if value is not None}
    after = store.annotations.change_remark(
        full_id,
        lambda before: replace(before, **known),
    )
    _print_note(full_id, after)


def list_notes(store: Archive) -> None:
    """Print every note, one a line."""
    remarks = store.annotations.remarks()
    for session_id, remark in remarks.items():
        _print_note(session_id, remark)
    if not remarks:
        terminal.err().print("no session has a note")


def _print_note(session_id: str, remark: Remark) -> None:
    pain, effort = (terminal.number(score) for score in (remark.pain, remark.effort))
    scores = f"{terminal.table_word('pain')} {pain}  {terminal.table_word('effort')} {effort}"
    words = f"{session_id}  {scores}  {plain(remark.text)}"
    terminal.out().print(Text(words.rstrip()))  # what the athlete wrote is no sentence of ours
