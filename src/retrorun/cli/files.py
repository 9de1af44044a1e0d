"""Commands on single files: nothing is stored, nothing is written."""

from pathlib import Path

import click

from retrorun.cli import options


@click.command()
@click.argument("file", nargs=-1, required=True, type=options.FILE)
@options.as_json
@options.archive
@options.profile
@options.settings
@click.pass_context
def analyze(
    context: click.Context,
    file: tuple[Path, ...],
    as_json: bool,
    archive: Path | None,
    profile: Path | None,
    settings: Path | None,
) -> None:
    """Analyse FILE(s): nothing is stored. With --json one document a line.

    A zip is taken member by member. The archive's privacy zones hold here, too.
    """
    from retrorun import contract, engines
    from retrorun.cli import show
    from retrorun.model import Failed

    known, athlete = options.load_settings(settings), options.passing_athlete(profile, archive)
    failed = False
    for path in file:
        for outcome in engines.outcomes(path, known, athlete):
            failed = failed or isinstance(outcome, Failed)
            if as_json:
                document = contract.document(outcome)
                click.echo(options.json_text(document))
            else:
                show.outcome(outcome)
    context.exit(1 if failed else 0)


@click.command()
@click.argument("file", type=options.FILE)
@options.archive
@options.profile
@options.settings
@click.pass_context
def explain(
    context: click.Context,
    file: Path,
    archive: Path | None,
    profile: Path | None,
    settings: Path | None,
) -> None:
    """Say what FILE holds, where a heading came from and what speaks for each segment.

    The archive's privacy zones hold here, too.
    """
    from retrorun import engines
    from retrorun.cli import explaining
    from retrorun.model import Failed

    known, athlete = options.load_settings(settings), options.passing_athlete(profile, archive)
    failed = False
    for outcome in engines.outcomes(file, known, athlete):
        explaining.explanation(outcome)
        failed = failed or isinstance(outcome, Failed)
    context.exit(1 if failed else 0)
