"""In a terminal that is narrower than a table, every value is there, whole, with its head."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from retrorun.cli import main, terminal

SAMPLES = Path(__file__).parents[2] / "sample_data"
FILES = "2026-05-03-connect-iq.fit", "2026-05-12-workout.fit"
pytestmark = pytest.mark.commands


def run(place: Path, *words: str, width: int | None = None) -> Result:
    seen = {} if width is None else {"FORCE_COLOR": "1", "COLUMNS": str(width)}
    command = [*words, "--archive", str(place)]
    return CliRunner().invoke(main, command, env=seen | {"NO_COLOR": "1"})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("narrow")
    (folder / "in").mkdir()
    for each in FILES:
        (folder / "in" / each).write_bytes((SAMPLES / each).read_bytes())
    made = run(folder / "a", "process", str(folder / "in"), "--no-pages", "--jobs", "1")
    assert made.exit_code == 0, made.output
    return folder / "a"


def lines_of(place: Path, *words: str, width: int) -> list[str]:
    shown = run(place, *words, width=width)
    assert shown.exit_code == 0, shown.output
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.stdout).splitlines()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_list_of_sessions_names_each_with_its_id_and_values(place: Path, width: int) -> None:
    sessions = [json.loads(each) for each in run(place, "sessions", "--json").stdout.splitlines()]
    lines = lines_of(place, "sessions", width=width)
    assert max(map(cell_len, lines)) <= width
    starts = [
        number for number, line in enumerate(lines) if line[:12] in {s["id"] for s in sessions}
    ]
    assert [lines[each][:12] for each in starts] == [each["id"] for each in sessions]
    for session, start, end in zip(sessions, starts, [*starts[1:], len(lines)], strict=True):
        told = " ".join(lines[start:end])
        assert any(each in told for each in FILES)
        assert f"distance {session['distance_m'] / 1000:.2f} km" in told
        assert re.search(r"backward \d+:\d\d", told)
        assert "heading " in told


@pytest.mark.parametrize("width", [40, 80])
def test_a_comparison_names_what_it_compares(place: Path, width: int) -> None:
    wide = lines_of(place, "compare", "--reports", str(place / "r"), width=terminal.PIPED_WIDTH)
    told = " ".join(lines_of(place, "compare", "--reports", str(place / "r"), width=width))
    told = " ".join(told.split())
    heads = [re.split(r" {2,}", each)[0] for each in wide if re.search(r" {2,}\S", each)]
    assert "Heart rate (bpm)" in heads
    assert all(each in told for each in heads)
    assert "…" not in told


def test_a_wide_terminal_has_a_table(place: Path) -> None:
    lines = lines_of(place, "sessions", width=terminal.PIPED_WIDTH)
    assert len(lines) == 1 + len(FILES)
    assert lines[0].split()[:3] == ["session", "when", "file"]
    piped = run(place, "sessions").stdout.splitlines()
    assert [each.split() for each in lines] == [each.split() for each in piped]
