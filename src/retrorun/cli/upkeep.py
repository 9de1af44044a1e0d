"""Commands that keep things in order, and the simulator."""

from pathlib import Path

import click

from retrorun.cli import options


@click.command()
@click.argument("folder", metavar="DIR", type=options.FOLDER)
@click.option("--seed", default=1, show_default=True, help="Same seed, same files.")
def simulate(folder: Path, seed: int) -> None:
    """Write synthetic backward runs, and the truth about them, into DIR."""
    from retrorun.simulate import write_samples

    for path in write_samples(folder, seed):
        click.echo(path)


COMMANDS = (simulate,)
