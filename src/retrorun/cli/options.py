"""Options that several commands share, and the values behind them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from retrorun.model import Athlete, Blob
    from retrorun.settings import ReadLimits, Settings

Command = TypeVar("Command", bound=Callable[..., object])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def archive(command: Command) -> Command:
    """``--archive DIR``."""
    return click.option(
        "--archive",
        type=FOLDER,
        envvar="RETRORUN_ARCHIVE",
        help="Where sessions are kept. Default: the platform's data folder.",
    )(command)


def reports(command: Command) -> Command:
    """``--reports DIR``."""
    return click.option(
        "--reports",
        type=FOLDER,
        default=Path("reports"),
        show_default=True,
        help="Where pages are written.",
    )(command)


def profile(command: Command) -> Command:
    """``--profile FILE``."""
    return click.option(
        "--profile", type=FILE, help="TOML profile to use instead of the stored one."
    )(command)


def settings(command: Command) -> Command:
    """``--settings FILE``."""
    return click.option("--settings", type=FILE, help="TOML file that overrides settings.")(command)


def as_json(command: Command) -> Command:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def archive_folder(chosen: Path | None) -> Path:
    """The archive's folder: the chosen one, or the platform's data folder."""
    from platformdirs import user_data_path

    return chosen or user_data_path("retrorun", appauthor=False)


def load_settings(path: Path | None) -> "Settings":
    """Settings from a file, or the defaults."""
    from retrorun.settings import Settings, load

    return load(path) if path else Settings()


def load_athlete(path: Path | None) -> "Athlete":
    """The athlete of a profile file, or one of whom nothing is known."""
    from retrorun import profile as profiles
    from retrorun.model import Athlete

    return profiles.load(path) if path else Athlete()


def load_blob(path: Path, limits: "ReadLimits") -> "Blob":
    """A file's bytes under its name.

    Raises:
        ReadError: the file cannot be opened, or is larger than the limit.
    """
    from retrorun.errors import ReadError
    from retrorun.model import Blob

    try:
        if path.stat().st_size > limits.file_bytes:
            message = f"the file is larger than {limits.file_bytes // 2**20} MB"
            raise ReadError("file-too-large", message, file=path.name)
        return Blob(path.name, path.read_bytes())
    except OSError as problem:
        message = problem.strerror or "the file cannot be read"
        raise ReadError("file-unreadable", message, file=path.name) from problem
