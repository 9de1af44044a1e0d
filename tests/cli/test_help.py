"""`retrorun --help` is quick, and lists exactly the commands there are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from retrorun import cli
from retrorun.archive import Archive

SAMPLES = Path(__file__).parents[2] / "sample_data"


def test_a_folder_without_anything_new_costs_no_heavy_library(tmp_path: Path) -> None:
    """A run each minute, or at each login, finds nothing new; numpy alone costs 0.1 s."""
    folders = [tmp_path / each for each in ("exports", "archive", "reports")]
    folders[0].mkdir()
    shutil.copy(SAMPLES / "2026-05-26-laps.fit", folders[0])
    exports, archive, reports = map(str, folders)
    words = ["process", exports, "--archive", archive, "--reports", reports]
    assert CliRunner().invoke(cli.main, words).exit_code == 0
    code = (
        "import sys\nfrom retrorun.cli import main\n"
        f"main({words!r}, standalone_mode=False)\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'plotly', 'lxml', 'gpxpy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    again = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=600
    )
    assert again.stderr.strip() == "nothing new: 1 unchanged"
    assert again.returncode == 0


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from retrorun.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'rich', 'msgspec', 'lxml'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)  # noqa: S603 - our own


def test_numbers_of_one_file_need_no_tables_and_no_processes() -> None:
    """What ``analyze --json`` imports is waited for each time."""
    hour = SAMPLES / "2026-05-26-laps.fit"
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from retrorun.cli import main\n"
        f"done = CliRunner().invoke(main, ['analyze', '--json', '--no-profile', {str(hour)!r}])\n"
        "assert done.exit_code == 0, done.output\n"
        "slow = {'rich', 'multiprocessing', 'concurrent', 'logging', 'pyarrow', 'jinja2'}\n"
        "slow |= {'numpy.ma'}\n"
        "sys.exit(f'imported {slow & set(sys.modules)}' if slow & set(sys.modules) else 0)"
    )
    where = {**os.environ, "RETRORUN_ARCHIVE": str(hour.parent / "no-archive")}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600, env=where)  # noqa: S603 - our own


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_help_lists_each_command_with_a_whole_line(name: str) -> None:
    page = CliRunner().invoke(cli.main, ["--help"]).stdout
    lines = [line.split(maxsplit=1) for line in page.splitlines() if line.startswith("  ")]
    assert [name, cli.COMMANDS[name][1]] in lines


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_is_found_under_its_own_name(name: str) -> None:
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    assert command.name == name
    assert command.help


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("proces", "did you mean 'process'?"),
        ("analyse", "did you mean 'analyze'?"),
        ("import", "`retrorun --help` lists them"),
    ],
)
def test_an_unknown_command_is_a_usage_error_with_the_nearest_name(typed: str, reason: str) -> None:
    result = CliRunner().invoke(cli.main, [typed])
    assert result.exit_code == 2
    assert f"there is no command '{typed}'" in result.stderr
    assert reason in result.stderr


@pytest.mark.parametrize("group", ["archive", "cohort"])
def test_a_group_without_a_command_shows_its_help_in_lines(group: str) -> None:
    alone = CliRunner().invoke(cli.main, [group])
    assert alone.output.strip() == CliRunner().invoke(cli.main, [group, "--help"]).output.strip()


@pytest.mark.parametrize(
    "words",
    [
        ("label", "nosuch", "accept"),
        ("report", "nosuch"),
        ("note", "nosuch", "--pain", "3"),
        ("reprocess", "nosuch"),
        ("export", "nosuch"),
        ("explain", "nosuch"),
        ("undo", "7"),
    ],
    ids=" ".join,
)
def test_a_session_or_an_import_that_is_not_there_is_a_wrong_word(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    with Archive.open(tmp_path / "archive"):
        pass
    done = CliRunner().invoke(
        cli.main, [*words, "--archive", str(tmp_path / "archive")], catch_exceptions=False
    )
    assert done.exit_code == 2, done.output
    assert words[1] in done.stderr
