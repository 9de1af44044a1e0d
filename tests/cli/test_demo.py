"""`retrorun demo` shows simulated runs without a checkout, beside nothing of the user's."""

import webbrowser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from retrorun.archive import Archive
from retrorun.cli import main, maintenance
from retrorun.simulate import write_samples


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three samples instead of sixteen, and the addresses that a browser was given."""
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", addresses.append)
    monkeypatch.setattr(maintenance, "write_samples", lambda folder: write_samples(folder, 7, 3))
    return addresses


def test_everything_lies_in_one_folder_and_the_first_page_is_opened(
    tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETRORUN_ARCHIVE", str(tmp_path / "mine"))
    done = run("demo", "--jobs", "1")
    assert done.exit_code == 0, done.output
    place = tmp_path / "retrorun-demo"
    assert [each.name for each in tmp_path.iterdir()] == ["retrorun-demo"]
    assert opened == [(place / "reports" / "index.html").as_uri()]
    assert "retrorun open --archive retrorun-demo/archive" in done.stderr
    with Archive.open(place / "archive", create=False) as archive:
        assert len(archive.briefs()) == 3
        assert archive.annotations.profile().mass_kg is not None
    again = run("demo", "--jobs", "1", "--no-browser")
    assert again.exit_code == 0
    assert "imported" not in again.stderr
    assert len(opened) == 1


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, opened: list[str]) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    done = run("demo", tmp_path)
    assert done.exit_code == 2
    assert "holds something else" in done.stderr
    assert "retrorun demo DIR" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]
    assert opened == []
