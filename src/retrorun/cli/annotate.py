"""Commands by which athletes describe a session or themselves: label, note and profile."""

import contextlib
import dataclasses
import datetime as dt
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from retrorun import answers, detect, ingest, pipeline, privacy_zones, time_zone
from retrorun import profile as profiles
from retrorun.archive import Archive
from retrorun.archive.annotations import position
from retrorun.cli import options, terminal
from retrorun.cli.process import Work, conclude, has_failed, print_problem, writing
from retrorun.cli.terminal import Faults
from retrorun.detect.labels import RECORDED, in_force
from retrorun.errors import ArchiveError, SettingsError
from retrorun.model import Athlete, Direction, Label, Remark, Session
from retrorun.settings import Settings
from retrorun.text import plain


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
    """Label a stretch of SESSION as backward or forward, or list the labels.

    START and END are seconds, m:ss or h:mm:ss since the start, the time of day, or "end". Your
    label wins over the detector and survives reprocessing; "clear" removes it.
    """
    known = options.load_settings(settings)
    with Archive.open(options.archive_folder(archive), create=False) as store:
        if session is None:
            context.exit(list_labelled_sessions(store, known))
        if start is None:
            context.exit(list_labels(store, session, known))
        if end is None or direction is None:
            raise click.UsageError("give START, END and one of backward, forward and clear")
        athlete = options.load_athlete(profile, store)
        work = Work(store, known, athlete, options.cores())
        make_readable(work, session)
        set_label(store, session, (start, end), direction)
        status = reprocess_session(work, session, reports)
    context.exit(status)


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
    with Archive.open(options.archive_folder(archive), create=False) as store:
        if session is None:
            list_notes(store)
        elif clear:
            store.annotations.set_remark(session, None)
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
            changed = profiles.change(athlete, _changes_from(values, athlete.masses))
            athlete = _store_profile(store, athlete, changed)
    if as_json:
        click.echo(options.json_text(profiles.plain(athlete)))
    else:
        terminal.out().print(profile_table(athlete))


def profile_table(athlete: Athlete) -> Table:
    """The stored profile: name, value, and what is used where there is no value."""
    table = terminal.grid(("name", "value", "used instead where not set"), ())
    for name, value in profiles.plain(athlete).items():
        text = terminal.UNKNOWN if value is None or value == [] else str(value)
        table.add_row(name, escape(text), profiles.DERIVED.get(name, ""))
    return table


def _store_profile(store: Archive, before: Athlete, athlete: Athlete) -> Athlete:
    """Store a changed profile; the archive records which sessions new zones touch."""
    if athlete.privacy_zones in (before.privacy_zones, ()):
        store.annotations.set_profile(athlete)
        return athlete
    secret = before.zone_secret or options.new_zone_secret()
    athlete = dataclasses.replace(athlete, zone_secret=secret)
    options.store_zones(store, athlete)
    return athlete


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
    whole: list[str] = []
    for word in values:
        if whole and whole[-1].count("[") > whole[-1].count("]"):
            whole[-1] += f" {word}"
        else:
            whole.append(word)
    return whole


def _value(text: str) -> object:
    """A number, a list as JSON or TOML writes it, or text; None for an empty value."""
    if not text.strip():
        return None
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    with contextlib.suppress(ValueError, RecursionError):
        return tomllib.loads(f"value = {text}")["value"] if text.lstrip()[0] in "[{" else text
    return text


LABEL_STORED = (
    "another retrorun is writing: your label is stored; the session is analysed with it by that "
    "run or by the next `retrorun process`"
)
LABEL_NOT_APPLIED = (
    "your label is stored, but the session could not be analysed with it; `retrorun reprocess` "
    "tries it again"
)
LABEL_WAITS = (
    "not all labels are applied: the original of this session is missing or damaged; `retrorun "
    "archive check --repair` reads it from its folder, and then they are applied"
)
Pair = tuple[Direction, Direction]  # of a label, of the detector


def list_labels(store: Archive, session_id: str, settings: Settings) -> int:
    """Print the labels of a session, one a line, and how the unaided detector agrees with them.

    Returns:
        The exit status: 1 where some are not applied because the original cannot be read.

    Raises:
        ArchiveError: there is no such session, or it holds seconds in a privacy zone.
    """
    options.apply_zones(store, settings)
    session = store.session(session_id)
    store.refuse_exposed(session.id)
    labels = known_labels(store, session)
    for each in labels:
        segment = f"{terminal.clock(each.start_s)}–{terminal.clock(each.end_s)}"
        terminal.out().print(f"{segment}  {each.direction}  ({escape(each.origin)})")
    if not labels:
        terminal.err().print("this session has no labels")
    _print_agreement(unaided_agreement(store, [(session, labels)], settings))
    waits = session.source.sha256 in store.pending.waiting_for_original()
    if not waits or Counter(labels) == Counter(session.labels):
        return 0
    terminal.err().print(LABEL_WAITS)
    return 1


def known_labels(store: Archive, session: Session) -> tuple[Label, ...]:
    """The labels of a session on its page's clock: of its file, and those the archive keeps.

    Raises:
        ArchiveError: the session's track is missing or damaged.
    """
    recorded = tuple(each for each in session.labels if each.origin in RECORDED)
    stated = _stored_labels(store, session)
    if not stated:
        return recorded
    track = store.track(session.id)
    placed, _ = pipeline.placed_labels(stated, track, session.zone)
    shown = privacy_zones.shown_labels(track, placed)
    return in_force((*recorded, *shown))


def _stored_labels(store: Archive, session: Session) -> tuple[Label, ...]:
    return store.annotations.labels(session.source.sha256).get(position(session.id), ())


def list_labelled_sessions(store: Archive, settings: Settings) -> int:
    """Print every labelled session, and how the unaided detector agrees with the labels.

    Returns:
        The exit status: 1 where a session cannot be read.
    """
    options.apply_zones(store, settings)
    faults = Faults()
    sessions = store.sessions(faults.add_damaged)
    labelled = [(each, labels) for each in sessions if (labels := known_labels(store, each))]
    for session, labels in labelled:
        origins = ", ".join(sorted({each.origin for each in labels}))
        terminal.out().print(f"{session.id}  {len(labels)} labels ({escape(origins)})")
    if not labelled:
        terminal.err().print("no session has labels")
    _print_agreement(unaided_agreement(store, labelled, settings))
    return faults.status()


def unaided_agreement(
    store: Archive, labelled: Iterable[tuple[Session, Sequence[Label]]], settings: Settings
) -> Counter[Pair]:
    """Seconds by label and by what the detector finds without labels, over sessions."""
    athlete, seconds = store.annotations.profile(), Counter[Pair]()
    for session, labels in labelled:
        found = detect.detect(store.track(session.id), (), athlete, settings.detect)
        seconds.update(detect.agreement(found, labels))
    return seconds


def _print_agreement(seconds: Counter[Pair]) -> None:
    if not seconds:
        return
    found: tuple[Direction, ...] = ("backward", "forward", "unknown", "still")
    title = "the detector without your labels: minutes by label and by what it finds"
    table = terminal.grid(("label",), found, title)
    for labelled in ("backward", "forward"):
        row = [seconds[labelled, each] for each in found]
        table.add_row(labelled, *(f"{each / 60:.1f}" for each in row))
    terminal.out().print(table)


def make_readable(work: Work, session_id: str) -> None:
    """Make a session that cannot be read again from its original: its times are needed.

    Raises:
        ArchiveError: there is no such session, or another process writes.
    """
    if work.archive.readable_session(session_id) is None:
        ingest.reprocess(work.archive.hashes([session_id]), work.archive, work.engine)


def set_label(store: Archive, session_id: str, ends: tuple[str, str], direction: str) -> None:
    """Store the athlete's label of a part of a session, or clear what is there.

    Raises:
        SettingsError: a moment is not one of this session, or the part is empty.
        ArchiveError: there is no such session.
    """
    session = store.session(session_id)
    start_s, end_s = (elapsed_s(text, session) for text in ends)
    answers.answer(store, session.id, answers.LabelRange(start_s, end_s, direction))  # type: ignore[arg-type]


def reprocess_session(work: Work, session_id: str, reports: Path) -> int:
    """Reprocess a session with its labels, write its page and print its segments.

    Where another process writes for long, that is left to it or to the next run.
    """
    store = work.archive
    (full_id,) = store.database.find_session("id", session_id)
    try:
        with writing(work) as problems:
            one = replace(work.engine, jobs=1)
            report = ingest.reprocess(store.hashes([full_id]), store, one)
            problems.extend(report.problems)
    except ArchiveError as problem:
        if problem.slug != "archive-busy":
            raise
        terminal.err().print(LABEL_STORED)
        return 0
    for row in report.problems:
        print_problem(row)
    if report.problems:
        waits = store.session(full_id).source.sha256 in store.pending.waiting_for_original()
        terminal.err().print(LABEL_WAITS if waits else LABEL_NOT_APPLIED)
    else:
        _print_segments(work, store.session(full_id))
    status = conclude(work, reports)
    return 1 if report.problems or has_failed(problems) else status


def _print_segments(work: Work, session: Session) -> None:
    console = terminal.out()
    console.print(terminal.headline(session))
    console.print(terminal.segment_table(session.measures.segments))
    labelled = [(session, session.labels)]
    _print_agreement(unaided_agreement(work.archive, labelled, work.settings))


LONGEST_NOTE = 10_000  # characters


def change_note(
    store: Archive, session_id: str, pain: int | None, effort: int | None, text: str | None
) -> None:
    """Store what is given and leave the rest; print the note where nothing is given.

    Raises:
        SettingsError: the text is too long.
        ArchiveError: there is no such session.
    """
    (full_id,) = store.database.find_session("id", session_id)
    before = store.annotations.remarks().get(full_id, Remark())
    if pain is None and effort is None and text is None:
        _print_note(full_id, before)
        return
    if text is not None and len(text) > LONGEST_NOTE:
        raise SettingsError("note-too-long", f"a note has at most {LONGEST_NOTE} characters")
    given = {"pain": pain, "effort": effort, "text": text}
    known = {name: value for name, value in given.items() if value is not None}
    store.annotations.set_remark(full_id, replace(before, **known))  # type: ignore[arg-type]


def list_notes(store: Archive) -> None:
    """Print every note, one a line."""
    remarks = store.annotations.remarks()
    for session_id, remark in remarks.items():
        _print_note(session_id, remark)
    if not remarks:
        terminal.err().print("no session has a note")


def _print_note(session_id: str, remark: Remark) -> None:
    pain, effort = (terminal.number(score) for score in (remark.pain, remark.effort))
    terminal.out().print(
        f"{session_id}  pain {pain}  effort {effort}  {escape(plain(remark.text))}"
    )


DAY_S = 86_400
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:\.\d+)?)")


def elapsed_s(text: str, session: Session) -> float:
    """Seconds since the session's start.

    ``90`` and ``90.5`` are seconds, ``1:30`` minutes and seconds, ``1:02:03`` hours, minutes and
    seconds since the start; what lies beyond the session's end is taken for the time of day on the
    athlete's clock, ``7:31`` or ``07:31:30``; ``end`` is the session's end.

    Raises:
        SettingsError: not a moment, or none of this session.
    """
    if text == "end":
        return session.duration_s
    for seconds in (_seconds(text), _parts(text), _time_of_day(text, session)):
        if seconds is not None and 0 <= seconds <= session.duration_s:
            return seconds
    length = dt.timedelta(seconds=round(session.duration_s))
    raise SettingsError(
        "moment-unknown",
        f"{text!r} is no moment of a session of {length}",
        remedy="Give seconds, m:ss, h:mm:ss, the time of day, or end.",
    )


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _parts(text: str) -> float | None:
    found = CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def _time_of_day(text: str, session: Session) -> float | None:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    start = time_zone.local_time(session.start_time_s, session.zone)
    since_midnight_s = start.hour * 3600 + start.minute * 60 + start.second
    start_part_s = start.microsecond / 1e6
    return (hours * 3600 + minutes * 60 + seconds - since_midnight_s) % DAY_S - start_part_s
