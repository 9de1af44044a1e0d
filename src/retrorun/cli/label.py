"""The command by which athletes say what was backward: label."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from msgspec.structs import replace
from rich.markup import escape

from retrorun import __version__, answers, detect, ingest, pipeline, privacy_zones, time_zone
from retrorun.archive import Archive
from retrorun.archive.annotations import position
from retrorun.cli import options, terminal
from retrorun.cli.process import (
    Work,
    conclude,
    has_failed,
    print_problem,
    write_page,
    writing,
)
from retrorun.cli.terminal import Faults
from retrorun.detect.labels import RECORDED, in_force
from retrorun.errors import ArchiveError, SettingsError
from retrorun.language import translated
from retrorun.model import Direction, Label, Session, remark_words
from retrorun.settings import Settings
from retrorun.text import plain
from retrorun.units import DAY_S, clock


@click.command()
@click.argument("session", required=False)
@click.argument("words", nargs=-1, metavar="[ANSWER]...")
@options.archive
@options.reports
@options.profile
@options.settings
@click.pass_context
def label(
    context: click.Context,
    session: str | None,
    words: tuple[str, ...],
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
) -> None:
    """Say what of SESSION was backward, or list the labels.

    ANSWER is one of

    \b
      accept [all|4,6,8]           candidates are backward, by their numbers
      reject [all|4,6,8]           they are forward
      laps 3,5 backward            laps by their numbers; or forward
      laps alternate               each manual lap press turned about
      START END backward           or forward, or clear
      undo                         takes back the last answer

    START and END are seconds, m:ss or h:mm:ss since the start, the time of day, or "end". Your
    label wins over the detector, takes the place of older ones and survives reprocessing.
    """  # noqa: D301 - click reads the backspace
    known = options.load_settings(settings)
    with Archive.open(options.archive_folder(archive), create=False) as store:
        if session is None:
            context.exit(list_labelled_sessions(store, known))
        if not words:
            context.exit(list_labels(store, session, known))
        athlete = options.load_athlete(profile, store)
        work = Work(store, known, athlete, options.cores(), profile)
        make_readable(work, session)
        done = store_answer(store, session, words)
        status = 0
        if done.labels or done.session in store.pending.noted_sessions():
            status = reprocess_session(work, done.session, reports)
    context.exit(status)


SYNONYMS = {"backwards": "backward", "forwards": "forward"}
FORMS = (
    "give accept or reject with numbers or all, laps with numbers and backward or forward, laps "
    "alternate, START END and backward, forward or clear, or undo"
)


def store_answer(store: Archive, session_id: str, words: Sequence[str]) -> answers.Answered:
    """Store the answer that these words give, or take back the last one, and print which.

    Raises:
        click.UsageError: the words are none of the forms.
        SettingsError: they name nothing that the session has.
        ArchiveError: there is no such session.
    """
    if [each.lower() for each in words] == ["undo"]:
        done = answers.undo(store, session_id)
        left = f"; {done.steps} more can be taken back" if done.steps else ""
        _print_answer("taken back", _shown_answer(store, done), left)
        return done
    done = answers.answer(store, session_id, answer_of(words, store.session(session_id)))
    if done.labels:
        _print_answer("labelled", _shown_answer(store, done), "")
    else:
        terminal.err().print("that is so already: nothing was changed")
    return done


def _shown_answer(store: Archive, done: answers.Answered) -> Sequence[Label]:
    """The labels of an answer on the page's clock, which stands still in a privacy zone.

    None of a session that cannot be read: how the clocks differ is not known then.
    """
    try:
        track = answers.clock_of(store, store.session(done.session))
    except ArchiveError:
        return ()
    return privacy_zones.shown_labels(track, done.labels)


def _print_answer(verb: str, labels: Iterable[Label], end: str) -> None:
    clear = {"unknown": "without a label"}
    found = [
        f"{_ends(each)} {translated(clear.get(each.direction, each.direction))}" for each in labels
    ]
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    terminal.err().print(f"{verb}: {', '.join(found[:MOST_NAMED])}{more}{end}")


MOST_NAMED = 6  # labels of one answer that are named


def answer_of(words: Sequence[str], session: Session) -> answers.Answer:
    """The answer that words on the command line give.

    Raises:
        click.UsageError: they are none of the forms.
        SettingsError: a moment is not one of this session.
    """
    first, *rest = (SYNONYMS.get(each.lower(), each.lower()) for each in words)
    match (first, rest):
        case ("accept", numbers):
            return answers.Accept(_numbers_or_all(numbers))
        case ("reject", numbers):
            return answers.Reject(_numbers_or_all(numbers))
        case ("laps", ["alternate"]):
            return answers.AlternateLaps()
        case ("laps", [*numbers, ("backward" | "forward") as direction]) if numbers:
            return answers.LabelLaps(_numbers(numbers), direction)
        case (start, [end, ("backward" | "forward" | "clear") as direction]):
            start_s, end_s = range_s(start, end, session)
            if start_s >= end_s:
                message = f"the stretch {start} to {end} is empty"
                raise SettingsError("label-empty", message, remedy="START must come before END.")
            return answers.LabelRange(start_s, end_s, direction)
    raise click.UsageError(FORMS)


def _numbers_or_all(words: Sequence[str]) -> tuple[int, ...] | None:
    return None if list(words) in ([], ["all"]) else _numbers(words)


def _numbers(words: Sequence[str]) -> tuple[int, ...]:
    """Numbers with commas or blanks between them.

    Raises:
        click.UsageError: something else is among them.
    """
    parts = [each for each in re.split(r"[,\s]+", " ".join(words)) if each]
    if not parts or not all(re.fullmatch(r"[0-9]{1,6}", each) for each in parts):
        raise click.UsageError(f"{plain(' '.join(words))!r} are no numbers such as 4,6,8")
    return tuple(int(each) for each in parts)


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
OUTDATED = "its numbers are older than your last answer; `retrorun process FOLDER` brings them up"
QUESTIONS = ("laps-doubtful", "label-doubtful", "laps-pattern", "label-outside")
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
        terminal.out().print(
            f"{_ends(each)}  {translated(each.direction)}  ({escape(each.origin)})"
        )
    if not labels:
        terminal.err().print("this session has no labels")
    _print_open(store, session)
    _print_agreement(unaided_agreement(store, [(session, labels)], settings))
    waits = session.source.sha256 in store.pending.waiting_for_original()
    if not waits or Counter(labels) == Counter(session.labels):
        return 0
    terminal.err().print(LABEL_WAITS)
    return 1


def _print_open(store: Archive, session: Session) -> None:
    """Print what can be answered: candidates and laps by their numbers, and answers to undo."""
    found = answers.candidates(session)
    if found:
        table = terminal.grid((), ("candidate", "from", "to"))
        for number, (start_s, end_s) in found.items():
            table.add_row(str(number), clock(start_s), clock(end_s))
        terminal.out().print(table)
    if len(session.laps) > 1:
        table = terminal.grid((), ("lap", "from", "to"))
        table.add_column(terminal.table_word("ended by"))
        for number, (ends_s, lap) in enumerate(
            zip(answers.lap_ends_s(session), session.laps, strict=True), 1
        ):
            table.add_row(str(number), *(clock(each) for each in ends_s), escape(lap.trigger or ""))
        terminal.out().print(table)
    if session.id in store.pending.noted_sessions():
        terminal.err().print(OUTDATED)
    steps = store.annotations.answers(session.id)
    if steps:
        words = "1 answer" if steps == 1 else f"{steps} answers"
        place = options.archive_option(store)
        command = f"retrorun label {session.id} undo{place}"
        terminal.err().print(f"{words} can be taken back: {escape(command)}")


def _ends(label: Label) -> str:
    return f"{clock(label.start_s)}–{clock(label.end_s)}"


def known_labels(store: Archive, session: Session) -> tuple[Label, ...]:
    """The labels of a session on its page's clock: of its file, and those the archive keeps.

    Raises:
        ArchiveError: the session's track is missing or damaged.
    """
    recorded = tuple(each for each in session.labels if each.origin in RECORDED)
    stated = store.annotations.labels(session.source.sha256).get(position(session.id), ())
    if not stated:
        return recorded
    track = store.track(session.id)
    placed, _ = pipeline.placed_labels(stated, track, session.zone)
    shown = privacy_zones.shown_labels(track, placed)
    return in_force((*recorded, *shown))


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
        count = "1 label" if len(labels) == 1 else f"{len(labels)} labels"
        terminal.out().print(f"{session.id}  {translated(count)} ({escape(origins)})")
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
        table.add_row(
            terminal.table_word(labelled), *(terminal.number(each / 60, 1) for each in row)
        )
    terminal.out().print(table)


def make_readable(work: Work, session_id: str) -> None:
    """Make a session that cannot be read again from its original: its times are needed.

    Raises:
        ArchiveError: there is no such session, or another process writes.
    """
    if work.archive.readable_session(session_id) is None:
        ingest.reprocess(work.archive.hashes([session_id]), work.archive, work.engine)


def reprocess_session(work: Work, session_id: str, reports: Path) -> int:
    """Reprocess a session with its labels, write its page and print its segments.

    Where another process writes for long, that is left to it or to the next run. What would keep
    the athlete waiting is left to the next run, too: other sessions that depend on what this one
    teaches, and in a large archive what needs all sessions.
    """
    try:
        return _reprocessed(work, session_id, reports)
    except ArchiveError as problem:
        if problem.slug != "archive-busy":
            raise
    terminal.err().print(LABEL_STORED)
    return 0


def _reprocessed(work: Work, session_id: str, reports: Path) -> int:
    store = work.archive
    session = store.readable_session(session_id)
    is_large = len(store.known()) > MANY
    analyse = ingest.reprocess_alone if is_large else ingest.reprocess_answered
    (sha256,) = store.hashes([session_id])
    report, others = analyse(sha256, store, _engine(work, session))
    for row in report.problems:
        print_problem(row)
    if report.problems:
        waits = store.session(session_id).source.sha256 in store.pending.waiting_for_original()
        terminal.err().print(LABEL_WAITS if waits else LABEL_NOT_APPLIED)
    else:
        _print_segments(store.session(session_id))
    problems = [*report.problems]
    if is_large and (reports / "index.html").exists():
        status = write_page(work, reports, session_id)
        terminal.err().print(LATER)
        return 1 if has_failed(problems) else status
    if others > AT_ONCE:
        terminal.err().print(OTHERS.format(others))
    else:
        with writing(work) as later:
            pass
        problems += later
    status = conclude(work, reports)
    return 1 if has_failed(problems) else status


MANY = 200  # sessions of a large archive
AT_ONCE = 4  # other sessions that are analysed again with the one that was labelled
OTHERS = (
    "{} other sessions depend on what this one teaches: `retrorun process FOLDER` brings them up "
    "to date"
)
LATER = "the comparison and other sessions follow with the next `retrorun process FOLDER`"


def _engine(work: Work, session: Session | None) -> ingest.Engine:
    """What analyses one session: in this process, if this version has analysed it before."""
    is_known = session is not None and session.version == __version__
    return replace(work.engine, jobs=1, guarded=not is_known)


def _print_segments(session: Session) -> None:
    console = terminal.out()
    console.print(terminal.headline(session))
    console.print(terminal.segment_table(session.measures.segments))
    for note in session.notes:
        if note.slug in QUESTIONS:
            terminal.err().print(
                f"{remark_words(note)} [{note.slug}]", style="yellow", markup=False
            )


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


def range_s(start: str, end: str, session: Session) -> tuple[float, float]:
    """Start and end in seconds since the session's start.

    Both are times of day where they can be, and the start can be nothing else or the end would come
    before it: so 23:58 to 0:04 goes over midnight.

    Raises:
        SettingsError: one of them is not a moment, or none of this session.
    """
    start_s, end_s = elapsed_s(start, session), elapsed_s(end, session)
    low_s, high_s = _time_of_day(start, session), _time_of_day(end, session)
    if low_s is None or high_s is None or (start_s != low_s and start_s < end_s):
        return start_s, end_s
    is_there = 0 <= low_s < high_s <= session.duration_s
    return (low_s, high_s) if is_there else (start_s, end_s)


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _parts(text: str) -> float | None:
    found = CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def _time_of_day(text: str, session: Session) -> float | None:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    start = time_zone.local_time(session.start_time_s, session.zone)
    since_midnight_s = start.hour * 3600 + start.minute * 60 + start.second
    start_part_s = start.microsecond / 1e6
    return (hours * 3600 + minutes * 60 + seconds - since_midnight_s) % DAY_S - start_part_s
