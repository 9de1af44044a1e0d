"""A table that a page on disk hands over, put beside its export: what was answered is imported."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, expect

from retrorun.archive import Archive
from retrorun.cli import main

SECONDS_S = (66, 61, 65, 62, 64)  # the candidates of the sample with laps, from press to press


@pytest.fixture
def folder(tmp_path: Path, samples: Path) -> Path:
    """A folder with one export, whose stretches are candidates by their steps."""
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "laps.fit").write_bytes((samples / "2026-05-26-laps.fit").read_bytes())
    return exports


def process(folder: Path) -> Path:
    where = ["--archive", str(folder.parent / "archive"), "--reports", str(folder.parent / "pages")]
    done = CliRunner().invoke(main, ["process", str(folder), *where])
    assert done.exit_code == 0, done.output
    return folder.parent / "pages"


def test_saved_answers_are_imported(browser: Browser, folder: Path) -> None:
    (path,) = (process(folder) / "sessions").glob("*.html")
    page = browser.new_page()
    page.goto(path.as_uri())
    named, counted = (page.locator(f"#part-tiles {each}").first for each in ("dt", ".value"))
    expect(named).to_have_text("Maybe backward")
    page.get_by_role("button", name="Yes to all 5").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers").click()
    name = download.value.suggested_filename
    assert name == "laps.fit.labels.csv"
    download.value.save_as(folder / name)
    process(folder)
    page.reload()
    expect(counted).to_have_text("5:18")
    expect(named).to_have_text("Backward time")
    expect(page.get_by_role("button", name="Yes, backward")).to_have_count(0)
    page.close()
    with Archive.open(folder.parent / "archive", create=False) as archive:
        (session_id,) = archive.known()
        session = archive.session(session_id)
    assert session.total("backward").seconds == sum(SECONDS_S)
    assert {each.verdict for each in (one.segment for one in session.measures.segments)
            if each.direction == "backward"} == {"labelled"}  # fmt: skip
