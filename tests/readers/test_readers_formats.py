"""The page on formats is what the tables say, and the tables say what the design asks for."""

from pathlib import Path

from formats import markdown
from retrorun.model.recording import BY_NAME
from retrorun.readers.fit.records import FIELDS
from retrorun.readers.heading_sources import SOURCES
from retrorun.readers.xml import gpx, tcx

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown()


def test_every_name_fills_a_channel_that_exists() -> None:
    filled = {field.channel for field in FIELDS}
    filled |= {*gpx.PLACES.values(), *gpx.NAMES.values(), *tcx.NAMES.values()}
    assert filled <= set(BY_NAME)


def test_bearing_track_and_course_never_claim_to_be_a_compass() -> None:
    for row in SOURCES:
        if row.claim == "compass":
            assert not row.names & {"bearing", "track", "course"}
