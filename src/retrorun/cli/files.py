"""Commands on single files: nothing is stored, nothing is written."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from retrorun.cli import options

if TYPE_CHECKING:
    from retrorun.model import Athlete, Outcome
    from retrorun.settings import Settings


@click.command()
@click.argument("file", nargs=-1, required=True, type=options.FILE)
@options.as_json
@options.profile
@options.settings
@click.pass_context
def analyze(
    context: click.Context,
    file: tuple[Path, ...],
    as_json: bool,
    profile: Path | None,
    settings: Path | None,
) -> None:
    """Analyse FILE(s): no archive, nothing written. With --json one document a line."""
    from retrorun import contract
    from retrorun.cli import show
    from retrorun.model import Failed

    known, athlete = options.load_settings(settings), options.load_athlete(profile)
    failed = False
    for path in file:
        outcome = _outcome(path, known, athlete)
        failed = failed or isinstance(outcome, Failed)
        if as_json:
            click.echo(json.dumps(contract.document(outcome), ensure_ascii=False, allow_nan=False))
        else:
            show.outcome(outcome)
    context.exit(1 if failed else 0)


@click.command()
@click.argument("file", type=options.FILE)
@options.profile
@options.settings
@click.pass_context
def explain(
    context: click.Context, file: Path, profile: Path | None, settings: Path | None
) -> None:
    """Say what FILE holds, where a heading came from and what speaks for each segment."""
    from retrorun.cli import explaining
    from retrorun.model import Failed

    outcome = _outcome(file, options.load_settings(settings), options.load_athlete(profile))
    explaining.explanation(outcome)
    context.exit(1 if isinstance(outcome, Failed) else 0)


def _outcome(path: Path, settings: "Settings", athlete: "Athlete") -> "Outcome":
    from retrorun import engines, pipeline

    task = engines.Task(str(path), path.name)
    return engines.outcome(task, settings, athlete, pipeline.process)


COMMANDS = (analyze, explain)
