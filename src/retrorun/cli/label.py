"""The command by which athletes say what was backward: label."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.markup import escape

from retrorun import answers, detect, ingest, pipeline, privacy_zones, time_zone
from retrorun.archive import Archive
from retrorun.archive.annotations import position
from retrorun.cli import options, terminal
from retrorun.cli.process import Work, conclude, has_failed, print_problem, writing
from retrorun.cli.terminal import Faults
from retrorun.detect.labels import RECORDED, in_force
from retrorun.errors import ArchiveError, SettingsError
from retrorun.model import Direction, Label, Session
from retrorun.settings import Settings


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
