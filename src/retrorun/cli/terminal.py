"""What people read in a terminal: tables on stdout, messages and progress on stderr.

Every command imports this module, so it imports rich and the model where they are used.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from retrorun.errors import RetrorunError
from retrorun.language import localized, translated, word

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text

    from retrorun.model import Analysis, Failed, MeasuredSegment, Metrics, Outcome, Segment, Session
    from retrorun.publish import Published
    from retrorun.report.page import Fault

UNKNOWN = "–"
CONTEXT = "terminal"  # of words of tables in catalogues
PIPED_WIDTH = 240
WIDEST = 10_000  # characters; what a table would take if it could
NARROW_MARGIN, NARROW_SIGN = "    ", " · "  # of the lines below a row, between its values
OLDER = "older than your last answer"
STYLES = {"backward": "bold dark_orange", "forward": "blue", "unknown": "dim", "still": "dim"}


def out() -> "Console":
    """The console for data; wide where it is no terminal, so that nothing is broken for a pipe."""
    console = _console()
    return console if console.is_terminal else _console(width=PIPED_WIDTH)


def err() -> "Console":
    """The console for messages."""
    return _console(stderr=True, soft_wrap=True)


def _console(**options: Any) -> "Console":  # noqa: ANN401 - as rich takes it
    """A console that prints sentences in the language in force; tables come in it already.

    A table that is wider than the console is printed as lines, so that no column is lost.
    """
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table

    class TranslatingConsole(Console):
        def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - as rich takes it
            for each in objects:
                if isinstance(each, Table) and _has_numbers(each):
                    width = Measurement.get(self, self.options.update(width=WIDEST), each).maximum
                    if width > self.width:
                        super().print(*table_lines(each, self.width), sep="\n")
                        return
            words = (translated(each) if isinstance(each, str) else each for each in objects)
            super().print(*words, **options)

    return TranslatingConsole(highlight=False, **options)


def _has_numbers(table: "Table") -> bool:
    return any(column.no_wrap for column in table.columns)


def table_lines(table: "Table", width: int) -> "list[Text]":
    """A table for a narrow terminal: what a row is about, and below it each value with its head.

    Args:
        table: made by ``grid``. Its first columns of words say what a row is about.
        width: characters that a line may have; a single value may be longer.
    """
    from rich.text import Text

    heads = [Text.from_markup(str(column.header)) for column in table.columns]
    words = [column.no_wrap for column in table.columns].index(True)
    lines = [Text.from_markup(str(table.title), style="bold")] if table.title else []
    lines += _filled([each.copy() for each in heads[:words]], width, "  ")
    for row, values in zip(
        table.rows, zip(*(column.cells for column in table.columns), strict=True), strict=True
    ):
        cells = [Text.from_markup(str(each)) for each in values]
        about = [each for each in cells[:words] if each.plain]
        named = [
            Text(" ").join((head, cell))
            for head, cell in zip(heads[words:], cells[words:], strict=True)
            if cell.plain
        ]
        style = row.style or ""
        first, margin = _filled(about, width, "  "), NARROW_MARGIN if about else ""
        rest = _filled(named, width - len(margin), NARROW_SIGN)
        lines += [Text(style=style).append_text(each) for each in first]
        lines += [Text(margin, style=style).append_text(each) for each in rest]
    return lines


def _filled(parts: "Sequence[Text]", width: int, sign: str) -> "list[Text]":
    """Parts with a sign between them, on as few lines as hold them; no part is broken."""
    from rich.text import Text

    lines: list[Text] = []
    for each in parts:
        if lines and lines[-1].cell_len + len(sign) + each.cell_len <= width:
            lines[-1] = Text(sign).join((lines[-1], each))
        else:
            lines.append(each)
    return lines


def tell(words: str, *, err: bool = True) -> None:
    """Print a sentence in the language in force, as it is: on stderr, unless it is data."""
    click.echo(translated(words), err=err)


def tell_to_open(page: "Path") -> None:
    """Say on stderr which page to open."""
    from rich.markup import escape

    err().print(f"{table_word('open')} [bold]{escape(page.resolve().as_uri())}[/]")


def tell_what_waits(sessions: "Sequence[Session]", archive_option: str) -> None:
    """Say on stderr how many stretches of these may be backward, and what asks about them."""
    from retrorun.report.inbox import OPEN_COMMAND, candidates

    count = sum(candidates(each) for each in sessions)
    if count:
        command = f"{OPEN_COMMAND}{archive_option}"
        tell(f"maybe backward: {count}; `{command}` asks about each, with one key an answer")


def progress() -> "Progress":
    """A bar with ETA on stderr; silent where stderr is no terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = err()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def grid(left: Sequence[str], right: Sequence[str], title: str | None = None) -> "Table":
    """A plain table: words to the left, numbers to the right, no lines."""
    from rich.table import Table

    table = Table(
        title=title and translated(title),
        title_justify="left",
        title_style="bold",
        box=None,
        header_style="dim",
        padding=(0, 2, 0, 0),
    )
    for name in left:
        table.add_column(table_word(name), overflow="fold")
    for name in right:
        table.add_column(table_word(name), justify="right", no_wrap=True)
    return table


def table_word(name: str) -> str:
    """A word of a table in the language in force."""
    return word(CONTEXT, name)


def sessions_of_files(sessions: int, files: int) -> str:
    """How many sessions of how many files there are."""
    if files == 1:
        return "1 session of 1 file" if sessions == 1 else f"{sessions} sessions of 1 file"
    return (
        f"1 session of {files} files" if sessions == 1 else f"{sessions} sessions of {files} files"
    )


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """A number with its unit; a dash where it is not known."""
    return UNKNOWN if value is None else f"{localized(f'{value:.{digits}f}')}{unit}"


def print_outcome(result: "Outcome") -> None:
    """Print one file's sessions, or why there are none."""
    from retrorun.model import Failed

    console = out()
    if isinstance(result, Failed):
        print_failure(result)
        return
    for session in result.sessions:
        console.print(headline(session))
        console.print(segment_table(session.measures.segments))
    _print_notes(result)


def print_failure(result: "Failed") -> None:
    """Print on stderr why a file has no sessions."""
    words = problem_words(result.message, result.slug, result.offset, result.remedy)
    err().print(f"{result.source.name}: {words}", style="red", markup=False)


def problem_words(
    message: str | None, slug: str | None, byte_offset: int | None, remedy: str | None
) -> str:
    """Why a file could not be read, where in it, and what to do, in the language in force."""
    place = translated(f" (at byte {byte_offset})") if byte_offset is not None else ""
    remedy = f" {translated(remedy)}" if remedy else ""
    return f"{translated(message or '')}{place} [{slug}]{remedy}"


def headline(session: "Session") -> str:
    """One line that says when, how long, how far, and how much of it backward."""
    from rich.markup import escape

    from retrorun import time_zone
    from retrorun.report.numbers import Display, main_numbers
    from retrorun.units import clock

    when = time_zone.local_time(session.start_time_s, session.zone).strftime("%Y-%m-%d %H:%M")
    found = main_numbers(session, Display(), undecided=session.is_undecided)
    share = f" ({found.share})" if found.share else ""
    habit, maybe = found.habit_time, found.candidate_time
    # said one by one: what stands before the comma is no part of these sentences
    also = f", {translated(f'{habit} of it by habit')}" if habit else ""
    also += f", {translated(f'{maybe} maybe')}" if maybe else ""
    return (
        f"[bold]{escape(session.source.name)}[/] {when} · {clock(session.duration_s)} · "
        f"{found.distance} · [bold]{found.backward_time} backward[/]{share}{also}"
    )


def session_table(sessions: "list[Session]", outdated: Collection[str] = ()) -> "Table":
    """Sessions, one a row; those whose numbers are older than the last answer are marked."""
    numbers = (
        "time",
        "distance",
        "backward",
        "share",
        "maybe",
        "backward distance",
        "cost factor",
    )
    table = grid(("session", "when", "file"), numbers)
    table.add_column(table_word("heading"))
    if outdated:
        table.add_column(table_word("numbers"))
    for session in sessions:
        table.add_row(
            *_session_row(session), *([table_word(OLDER)] if session.id in outdated else [])
        )
    return table


def _session_row(session: "Session") -> tuple[str, ...]:
    from rich.markup import escape

    from retrorun import time_zone
    from retrorun.report.numbers import Display, main_numbers
    from retrorun.units import clock

    found = main_numbers(session, Display(), undecided=session.is_undecided)
    low, high = found.factor_ends
    return (
        session.id,
        time_zone.local_time(session.start_time_s, session.zone).strftime("%Y-%m-%d %H:%M"),
        escape(session.source.name[:40]),
        clock(session.duration_s),
        found.distance,
        found.backward_time,
        found.share,
        found.candidate_time,
        found.backward_distance,
        UNKNOWN if found.factor == UNKNOWN else f"{found.factor} ({low}–{high})",
        table_word(session.heading.kind),
    )


def segment_table(segments: "Sequence[MeasuredSegment]") -> "Table":
    """The segments of a session, one a row, with the numbers that they have on pages."""
    numbers = ("sure", "m", "min/km", "bpm", "steps/min", "step m", "kcal")
    table = grid(("no.", "from", "to", "direction", "verdict"), numbers)
    for position, measured in enumerate(segments, 1):
        style = STYLES[measured.segment.direction]
        table.add_row(str(position), *_segment_row(measured), style=style)
    return table


def direction_and_gait(segment: "Segment") -> str:
    """Direction and gait in words."""
    moving = segment.gait != "still" and segment.direction != "still"
    return table_word(f"{segment.direction} {segment.gait}" if moving else segment.direction)


def _segment_row(measured: "MeasuredSegment") -> tuple[str, ...]:
    from retrorun.report.numbers import Display
    from retrorun.units import clock

    segment, metrics = measured.segment, measured.metrics
    heart = metrics.heart_rate
    return (
        clock(segment.start_s),
        clock(segment.end_s),
        direction_and_gait(segment),
        table_word(segment.verdict),
        number(100 * segment.probability, 0, " %"),
        number(metrics.distance_m),
        Display().pace(metrics.pace_s_per_km),
        number(heart.mean if heart else None),
        number(metrics.cadence_spm),
        number(metrics.step_length_m, 2),
        _energy(metrics),
    )


def _energy(metrics: "Metrics") -> str:
    energy = metrics.energy_shown
    if energy is None or energy.per_kg:
        return UNKNOWN
    return f"{energy.gross:.0f} ({energy.low:.0f}–{energy.high:.0f})"


def _print_notes(result: "Analysis") -> None:
    from retrorun.model import remark_words

    notes = [*result.source.warnings, *result.passed_over]
    notes += [note for session in result.sessions for note in session.notes]
    for note in dict.fromkeys(notes):
        text = f"{result.source.name}: {translated(remark_words(note))} [{note.slug}]"
        err().print(text, style="yellow", markup=False)


@dataclass(slots=True)
class Faults:
    """Sessions that cannot be read or shown, by id: collected, and named when all else is done."""

    by_session: "dict[str, Fault]" = field(default_factory=dict)

    def add_damaged(self, session_id: str, problem: RetrorunError) -> None:
        """Add a session that cannot be read; ``Archive.sessions`` calls this."""
        from retrorun.report.page import Fault

        self.add([Fault.of(session_id, problem)])

    def add(self, faults: "Iterable[Fault]") -> None:
        """Add sessions that cannot be shown."""
        self.by_session |= {each.session: each for each in faults}

    def status(self) -> int:
        """Name them on stderr; the exit status: 1 if there are any."""
        from retrorun.text import printable

        for each in self.by_session.values():
            err().print(printable(str(each)), style="red", soft_wrap=True, markup=False)
        return 1 if self.by_session else 0


def show_published(done: "Published") -> int:
    """Print how many pages were written, and as ``show_page``."""
    err().print(f"pages: {done.pages} written")
    return show_page(done)


def show_page(done: "Published") -> int:
    """Print which page to open, and what cannot be shown: then the exit status is 1."""
    tell_to_open(done.index)
    faults = Faults()
    faults.add(done.faults)
    return faults.status()


def name_unlisted(places: Sequence[tuple[str, str]]) -> None:
    """Name on stderr what could not be looked into: what lies there is left out."""
    from retrorun.text import printable

    for place, reason in places:
        tell(f"{printable(place)} is not read: {reason}")
