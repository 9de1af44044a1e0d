"""What people read in a terminal: tables on stdout, notices and progress on stderr."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from retrorun import profile, zone
from retrorun.model import (
    Analysis,
    Athlete,
    Failed,
    MeasuredSegment,
    Metrics,
    Outcome,
    Segment,
    Session,
)
from retrorun.units import pace_s_per_km

if TYPE_CHECKING:
    from rich.progress import Progress

UNKNOWN = "–"
PIPED_WIDTH = 240
STYLES = {"backward": "bold dark_orange", "forward": "blue", "unknown": "dim", "still": "dim"}


def out() -> Console:
    """The console for data; wide where it is no terminal, so that nothing is broken for a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def err() -> Console:
    """The console for messages."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


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
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def grid(left: Sequence[str], right: Sequence[str], title: str | None = None) -> Table:
    """A plain table: words to the left, numbers to the right, no lines."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        header_style="dim",
        padding=(0, 2, 0, 0),
    )
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def clock(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """A number with its unit; a dash where it is not known."""
    return UNKNOWN if value is None else f"{value:.{digits}f}{unit}"


def pace(speed_mps: float | None) -> str:
    """Minutes per kilometre."""
    seconds = pace_s_per_km(speed_mps)
    return UNKNOWN if seconds is None or seconds > 5999 else clock(seconds)


def outcome(result: Outcome) -> None:
    """One file's sessions, or why there are none."""
    console = out()
    if isinstance(result, Failed):
        failure(result)
        return
    for session in result.sessions:
        console.print(headline(session))
        console.print(segment_table(session.measures.segments))
    _notes(result)


def profile_table(athlete: Athlete) -> Table:
    """What the athlete said, and what stands in where they said nothing."""
    table = grid(("name", "value", "where nothing is said"), ())
    for name, value in profile.plain(athlete).items():
        said = UNKNOWN if value is None or value == [] else str(value)
        table.add_row(name, escape(said), profile.DERIVED.get(name, ""))
    return table


def failure(result: Failed) -> None:
    """Why a file gave nothing, on stderr."""
    place = f" (at byte {result.offset})" if result.offset is not None else ""
    remedy = f" {result.remedy}" if result.remedy else ""
    text = f"{result.source.name}: {result.message}{place} [{result.slug}]{remedy}"
    err().print(escape(text), style="red")


def headline(session: Session) -> str:
    """One line that says when, how long, how far, and how much of it backward."""
    when = zone.local_time(session.start_time_s, session.zone).strftime("%Y-%m-%d %H:%M")
    backward = session.measures.totals["backward"].seconds
    candidate = session.measures.totals["candidate"].seconds
    also = f", {clock(candidate)} perhaps" if candidate else ""
    distance = number(session.distance_m and session.distance_m / 1000, 2, " km")
    return (
        f"[bold]{escape(session.source.name)}[/] {when} · {clock(session.duration_s)} · {distance}"
        f" · [bold]{clock(backward)} backward[/]{also}"
    )


def segment_table(segments: Sequence[MeasuredSegment]) -> Table:
    """The segments of a session, one a row."""
    numbers = ("sure", "m", "min/km", "bpm", "steps/min", "step m", "kcal")
    table = grid(("from", "to", "direction", "verdict"), numbers)
    for measured in segments:
        table.add_row(*_segment_row(measured), style=STYLES[measured.segment.direction])
    return table


def named(segment: Segment) -> str:
    """Direction and gait in words."""
    moving = segment.gait != "still" and segment.direction != "still"
    return f"{segment.direction} {segment.gait}" if moving else segment.direction


def _segment_row(measured: MeasuredSegment) -> tuple[str, ...]:
    segment, metrics = measured.segment, measured.metrics
    heart = metrics.heart_rate
    return (
        clock(segment.start_s),
        clock(segment.end_s),
        named(segment),
        segment.verdict,
        f"{segment.probability:.0%}",
        number(metrics.distance_m),
        pace(metrics.speed_mps),
        number(heart.mean if heart else None),
        number(metrics.cadence_spm),
        number(metrics.step_length_m, 2),
        _energy(metrics),
    )


def _energy(metrics: Metrics) -> str:
    energy = metrics.energy_shown
    if energy is None or energy.per_kg:
        return UNKNOWN
    return f"{energy.gross:.0f} ({energy.low:.0f}–{energy.high:.0f})"


def _notes(result: Analysis) -> None:
    notes = [*result.source.warnings, *result.passed_over]
    notes += [note for session in result.sessions for note in session.notes]
    for note in dict.fromkeys(notes):
        err().print(escape(f"{result.source.name}: {note.message} [{note.slug}]"), style="yellow")
