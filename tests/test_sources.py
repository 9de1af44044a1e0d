"""The pages about where exports come from say what the readers do."""

import re
from pathlib import Path

import pytest

from retrorun.ingest.file_groups import may_be_wanted
from retrorun.readers import heading_sources
from retrorun.readers.containers.sensor_logger import role
from retrorun.readers.registry import READERS

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "sources"
PAGES = sorted(each for each in FOLDER.glob("*.md") if each.name != "index.md")
PLACES = {
    "apple",
    "coros",
    "garmin",
    "osmand",
    "osmtracker",
    "polar",
    "samsung",
    "sensor-logger",
    "strava",
    "suunto",
}
HEAD = "| file | read as | heading |"
BY_TITLE = {each.title: each for each in READERS}
CODE = re.compile(r"`([^`]+)`")


def rows(page: Path) -> list[tuple[list[str], str, str]]:
    """Names of files, what they are read as, and the words about the heading."""
    lines = page.read_text(encoding="utf-8").splitlines()
    first = lines.index(HEAD) + 2
    table = lines[first : lines.index("", first)]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return [(CODE.findall(names), kind, heading) for names, kind, heading in cells]


def test_there_is_a_page_for_each_place_and_the_first_one_leads_to_it() -> None:
    assert {page.stem for page in PAGES} == PLACES
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert all(f"({each}.md)" in index for each in PLACES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_it_says_is_read_is_read_and_nothing_else(page: Path) -> None:
    for names, kind, _ in rows(page):
        assert names
        for name in names:
            whole = f"run{name}" if name.startswith(".") else name
            if kind == "archive":
                assert name == ".zip"
                assert may_be_wanted(whole)
            elif kind == "not read":
                known = {suffix for each in READERS for suffix in each.suffixes}
                assert name not in known or name == ".json"  # of which only Polar's is read
                assert role(whole, b"a,b\n1,2\n") is None
            elif BY_TITLE[kind].suffixes:
                assert name.removesuffix(".gz") in BY_TITLE[kind].suffixes
            else:  # known by what stands in it
                head = b"time,seconds_elapsed,latitude,longitude\n1780000000000000000,0,46,14\n"
                assert BY_TITLE[kind].sniff(whole, head)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_headings_are_those_of_the_readers_and_of_the_same_format(page: Path) -> None:
    sources = {each.label: each for each in heading_sources.SOURCES}
    formats = {"FIT": {"fit", "fit-developer"}, "GPX": {"gpx"}, "archive": {"csv", "gpx"}}
    for _, kind, heading in rows(page):
        for name in (each for each in CODE.findall(heading) if not each.endswith(".csv")):
            assert sources[name].format in formats[kind]
            compass = sources[name].claim == "compass"
            assert compass != ("not where you face" in heading or "likewise" in heading)


def test_no_format_is_left_out() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [each.title for each in READERS if each.title not in text] == []


def test_no_compass_of_a_phone_is_left_out() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    compasses = {each.label for each in heading_sources.SOURCES if each.claim == "compass"}
    assert sorted(each for each in compasses if f"`{each}`" not in text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_has_the_same_questions(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    wanted = (
        "## One by one",
        "## All at once",
        "## What the files hold",
        "## What is lost on the way",
    )
    assert [each for each in wanted if each not in text] == []
    assert "services move them" in text
