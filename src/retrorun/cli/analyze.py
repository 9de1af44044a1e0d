"""Commands on single files, ``analyze`` and ``explain``: nothing is stored but new zones."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from retrorun import contract, engines
from retrorun.cli import options, terminal
from retrorun.errors import ArchiveError
from retrorun.language import localized, translated
from retrorun.model import (
    Analysis,
    Athlete,
    Failed,
    MeasuredSegment,
    Outcome,
    Session,
    remark_words,
)
from retrorun.model.recording import CHANNELS
from retrorun.settings import Settings
from retrorun.units import clock

if TYPE_CHECKING:
    from rich.table import Table


@click.command()
@click.argument("file", nargs=-1, required=True, type=options.FILE)
@options.as_json
@options.archive
@options.profile
@options.no_profile
@options.settings
@click.pass_context
def analyze(
    context: click.Context,
    file: tuple[Path, ...],
    as_json: bool,
    archive: Path | None,
    profile: Path | None,
    no_profile: bool,
    settings: Path | None,
) -> None:
    """Analyse FILE(s): no session is stored. With --json one document a line.

    A zip is read member by member. The profile and the privacy zones of the archive are used, if
    there is one. Privacy zones of --profile are kept there; without an archive one is made.
    """
    known = options.load_settings(settings)
    athlete = options.athlete_for_one_run(profile, archive, use_stored=not no_profile)
    failed = False
    for path in file:
        for outcome in engines.outcomes(path, known, athlete):
            failed = failed or isinstance(outcome, Failed)
            if as_json:
                document = contract.document(outcome)
                click.echo(options.json_text(document))
            else:
                terminal.print_outcome(outcome)
    context.exit(1 if failed else 0)


@click.command()
@click.argument("file", metavar="FILE|SESSION")
@options.archive
@options.profile
@options.no_profile
@options.settings
@click.pass_context
def explain(
    context: click.Context,
    file: str,
    archive: Path | None,
    profile: Path | None,
    no_profile: bool,
    settings: Path | None,
) -> None:
    """Show what FILE holds, where its heading comes from and the evidence for each stretch.

    SESSION is the id of a session of the archive: it is analysed with its labels.

    The profile and the privacy zones of the archive are used, if there is one. Privacy zones of
    --profile are kept there; without an archive one is made.
    """
    known = options.load_settings(settings)
    athlete = options.athlete_for_one_run(profile, archive, use_stored=not no_profile)
    failed = False
    for outcome in explained(file, options.archive_folder(archive), known, athlete):
        print_explanation(outcome)
        failed = failed or isinstance(outcome, Failed)
    context.exit(1 if failed else 0)


def explained(name: str, folder: Path, settings: Settings, athlete: Athlete) -> Iterable[Outcome]:
    """What a file holds, or a session of the archive with its labels and second devices.

    Args:
        name: of a file, or the id of a session or a beginning of it.
        folder: of the archive.
        settings: of every stage.
        athlete: the profile.

    Raises:
        click.UsageError: there is no such file, and no such session.
    """
    if os.path.exists(name):  # noqa: PTH110 - whatever characters it has
        if not os.path.isfile(name):  # noqa: PTH113
            raise click.UsageError(f"{name!r} is no file")
        return engines.outcomes(Path(name), settings, athlete)
    from retrorun import ingest
    from retrorun.archive import Archive

    try:
        with Archive.open(folder, create=False) as store:
            session_id, sha256 = store.database.find_session("id, sha256", name)
            store.refuse_exposed(session_id)
            outcome = ingest.analysed_original(sha256, store, settings, athlete)
    except ArchiveError as problem:
        if problem.slug not in ("archive-missing", "session-unknown"):
            raise
        words = f"there is no file and no session {name!r}"
        raise click.UsageError(f"{words}; `retrorun sessions` lists them") from None
    return [_only(outcome, session_id)]


def _only(outcome: Outcome, session_id: str) -> Outcome:
    """One session of a file that may hold several."""
    if isinstance(outcome, Failed):
        return outcome
    places = [at for at, each in enumerate(outcome.sessions) if each.id == session_id]
    return replace(
        outcome,
        sessions=tuple(outcome.sessions[at] for at in places),
        tracks=tuple(outcome.tracks[at] for at in places),
    )


def print_explanation(result: Outcome) -> None:
    """Print channels, heading, distance, structure and evidence of each session of a file."""
    if isinstance(result, Failed):
        terminal.print_failure(result)
        return
    console = terminal.out()
    console.print(_file(result))
    for session in result.sessions:
        console.print()
        console.print(terminal.headline(session))
        console.print(_channels(session))
        console.print(_heading(session), markup=False)
        console.print(_distance(session), markup=False)
        for line in _structure(session):
            console.print(line, markup=False)
        console.print(_evidence(session))
        for line in _changes(session):
            console.print(line, markup=False)
        for note in session.notes:
            console.print(f"note: {remark_words(note)} [{note.slug}]", markup=False)


def _file(result: Analysis) -> str:
    from rich.markup import escape

    source = result.source
    lines = [
        f"{escape(source.name)}: {source.format}, {escape(source.device or 'device not named')}",
        *(f"warning: {escape(remark_words(note))}" for note in source.warnings),
        *(f"passed over: {escape(remark_words(note))}" for note in result.passed_over),
    ]
    if source.salvaged:
        lines.append("the file is damaged: what comes before the damage is used")
    return "\n".join(lines)


def _channels(session: Session) -> "Table":
    units = {channel.label: (channel.unit, channel.meaning) for channel in CHANNELS}
    units["heading"] = ("°", "where the body points")
    table = terminal.grid(("channel", "unit", "meaning"), ("coverage",))
    for label, share in session.channels.items():
        unit, meaning = units[label]
        table.add_row(
            terminal.table_word(label),
            unit,
            terminal.table_word(meaning),
            terminal.number(100 * share, 0, " %"),
        )
    return table


def _heading(session: Session) -> str:
    verdict = session.heading
    if verdict.source is None:
        return f"heading: none ({verdict.reason})"
    offset = terminal.number(verdict.mount_offset_deg, 0, "°")
    parts = [
        f"heading: {verdict.source}, judged a {verdict.kind}: {verdict.reason}",
        (
            f"  mount offset {offset}, sign from {verdict.sign_from or 'nothing'}, "
            f"concentration {terminal.number(verdict.concentration, 2)}"
        ),
    ]
    return "\n".join(parts if verdict.kind == "compass" else parts[:1])


def _distance(session: Session) -> str:
    """Which sources gave the distance, and how much of it each."""
    if not session.distance_sources:
        return "distance: not known"
    parts = [f"{metres:,.0f} m by {name}" for name, metres in session.distance_sources.items()]
    return f"distance: {', '.join(parts)}"


def _structure(session: Session) -> list[str]:
    start = session.start_time_s
    pauses = [
        f"pause {clock(max(0, each.start_time_s - start))}–{clock(max(0, each.end_time_s - start))}"
        for each in session.pauses
    ]
    laps = [
        f"lap {clock(max(0, lap.start_time_s - start))}–"
        f"{clock(max(0, lap.end_time_s - start))}"
        f" {lap.step or lap.name or ''}".rstrip()
        for lap in session.laps
    ]
    labels = [
        f"label {clock(each.start_s)}–{clock(each.end_s)} {each.direction} (from {each.origin})"
        for each in session.labels
    ]
    return [*pauses, *laps, *labels]


def _evidence(session: Session) -> "Table":
    table = terminal.grid(
        ("no.", "from", "to", "direction", "verdict"),
        ("sure", "heading", "gait", "label"),
        "evidence: log-likelihood ratios, positive speaks for backward",
    )
    table.add_column(terminal.table_word("why"))
    for position, measured in enumerate(session.measures.segments, 1):
        style = terminal.STYLES[measured.segment.direction]
        table.add_row(str(position), *_evidence_row(measured), style=style)
    return table


def _changes(session: Session) -> list[str]:
    """What would have changed a verdict that nothing decided: each change once, with starts."""
    found: dict[str, list[str]] = {}
    for measured in session.measures.segments:
        segment = measured.segment
        if not segment.is_decided and segment.direction != "still":
            found.setdefault(segment.would_change, []).append(clock(segment.start_s))
    some = {words: ", ".join(starts[:4]) for words, starts in found.items()}
    more = {words: len(starts) - 4 for words, starts in found.items()}
    return [
        f"from {starts}{f' and {more[words]} more' if more[words] > 0 else ''}: {words}"
        for words, starts in some.items()
    ]


def _evidence_row(measured: MeasuredSegment) -> tuple[str, ...]:
    from rich.markup import escape

    segment = measured.segment
    kinds = (segment.evidence.get(kind, 0.0) for kind in ("heading", "gait", "label"))
    return (
        clock(segment.start_s),
        clock(segment.end_s),
        terminal.direction_and_gait(segment),
        terminal.table_word(segment.verdict),
        terminal.number(100 * segment.probability, 0, " %"),
        *(localized(f"{kind:+.1f}") if kind else "0" for kind in kinds),
        escape(translated(segment.reason)),
    )
