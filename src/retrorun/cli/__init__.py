"""The command line: stdout is data, stderr is messages.

Exit 0 all well, 1 some files could not be read, 2 usage, 130 interrupted.

Commands import what they need when they run, so that ``retrorun --help`` is instant.
"""

import click

from retrorun import __version__
from retrorun.cli import files, folder, history, upkeep, words
from retrorun.errors import RetrorunError, SettingsError
from retrorun.text import plain


class Family(click.Group):
    """A group that tells the family of errors in one line, never as a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; exit 2 for what the user said wrong, 1 for the rest of the family."""
        try:
            return super().invoke(ctx)
        except click.UsageError as problem:  # it quotes what was typed
            words = plain(problem.message)
            if words == problem.message:
                raise
            raise click.UsageError(words, problem.ctx) from None
        except RetrorunError as problem:
            click.echo(f"Error: {problem}", err=True)
            ctx.exit(2 if isinstance(problem, SettingsError) else 1)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(130)
        except MemoryError:
            click.echo("Error: there is not enough memory.", err=True)
            ctx.exit(1)
        except BrokenPipeError:  # who reads our output has read enough: click ends quietly
            raise
        except OSError as problem:
            place = f"{problem.filename}: " if problem.filename else ""
            click.echo(f"Error: {place}{problem.strerror or problem}", err=True)
            ctx.exit(1)


@click.group(cls=Family, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="retrorun")
def main() -> None:
    """Find, measure and compare backward running in watch and phone recordings.

    Drop FIT, GPX or TCX exports into a folder and run: retrorun process FOLDER
    """


for command in (
    *folder.COMMANDS,
    *files.COMMANDS,
    *history.COMMANDS,
    *words.COMMANDS,
    *upkeep.COMMANDS,
):
    main.add_command(command)
