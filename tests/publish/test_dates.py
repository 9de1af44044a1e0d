"""Every date that a page prints stands in a ``<time>`` whose datetime says the same."""

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hand_made_cohorts
import hand_made_sessions
import pytest
from click.testing import CliRunner
from lxml import html

from retrorun.cli import main
from retrorun.model import Athlete, TimeZone
from retrorun.report.cohort import cohort_page
from retrorun.report.history.sessions import index_page
from retrorun.report.inbox import Inbox, waiting
from retrorun.report.session.page import SessionContext, session_page
from retrorun.report.session.question import QuestionContext, question_panel, review_page

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTH = "|".join(f"{each}|{each[:3]}" for each in MONTHS)
DATE = re.compile(rf"\b(?:\d{{4}}-\d\d-\d\d|(?:\d{{1,2}} )?(?:{_MONTH}) \d{{4}})\b")
STAMP = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<clock>\d\d:\d\d)"
    r"(?P<offset>[+-]\d\d:\d\d)?)?)?)?"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, processed: Path) -> dict[str, str]:
    """The pages of all samples and the report of a period, by name."""
    folder = tmp_path_factory.mktemp("dates")
    for name in ("archive", "pages"):
        shutil.copytree(processed / name, folder / name)
    where = ["--archive", str(folder / "archive"), "--reports", str(folder / "pages")]
    for words in (
        ["report", "--since", "2026-05-10", *where],
        ["report", "--title", "After the 3 May 2026 operation", *where],
    ):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
    return {each.stem: each.read_text() for each in (folder / "pages").rglob("*.html")}


def made() -> Iterator[tuple[str, str]]:
    """Pages that a folder of exports does not bring: live, of many athletes, of odd clocks."""
    plan = hand_made_sessions.TWO_CANDIDATES
    session, track = hand_made_sessions.session(plan), hand_made_sessions.track(plan)
    inbox = Inbox(waiting([session]))
    yield "home", index_page([session], Athlete(), outdated=[session.id], inbox=inbox)
    yield "review", review_page(inbox, question_panel(session, track, 2, QuestionContext()))
    yield "cohort", cohort_page(hand_made_cohorts.of(5))
    old = replace(session, start_time_s=-2_170_000_000.0)
    mean_time = replace(old, zone=TimeZone("Europe/Amsterdam", 1172.0, "position"))
    for name, each in (("1901", old), ("1901 by the sun", mean_time)):
        yield name, session_page(each, track, SessionContext())
        yield f"index of {name}", index_page([each], Athlete())
    yield "no zone", session_page(replace(session, zone=None), track, SessionContext())
    yield "redacted", session_page(session, track, SessionContext(redacted=True))


MADE = (
    *("home", "review", "cohort", "1901", "index of 1901"),
    *("1901 by the sun", "index of 1901 by the sun", "no zone", "redacted"),
)


@pytest.fixture(scope="module")
def made_pages() -> dict[str, str]:
    found = dict(made())
    assert tuple(found) == MADE
    return found


def undated(page: html.HtmlElement) -> list[str]:
    """Dates in the text outside ``<time>``: not in foreign names, nor in hints of pictures."""
    for each in page.xpath("//script | //style | //head | //svg//title | //bdi[not(.//time)]"):
        each.drop_tree()
    for each in page.findall(".//time"):
        each.text = ""
    return DATE.findall(" ".join(page.itertext()))


def check(page: html.HtmlElement) -> int:
    """Compare each ``<time>`` with its text; how many there are."""
    found = page.findall(".//time")
    for each in found:
        text = " ".join(each.text_content().split())
        stamp = STAMP.fullmatch(each.get("datetime"))
        assert stamp is not None, each.get("datetime")
        agrees(stamp, text)
    return len(found)


def agrees(stamp: re.Match[str], text: str) -> None:
    """Whether a text in one of the pages' forms means the stamp's date."""
    year, month, day = stamp["year"], int(stamp["month"] or 0), int(stamp["day"] or 0)
    name = MONTHS[month - 1]
    moment = re.fullmatch(r"(\w+), (.*), (\d+:\d\d)( UTC)?", text)
    if moment:
        date = dt.date(int(year), month, day)
        assert moment[1] == DAYS[date.weekday()]
        assert moment[2] == f"{day} {name} {year}"
        assert moment[3].rjust(5, "0") == stamp["clock"]
        assert moment[4] is None or stamp["offset"] == "+00:00"
    elif not month:
        assert text == year
    elif not day:
        assert text == f"{name} {year}"
    else:
        date = dt.date(int(year), month, day)
        weekday = DAYS[date.weekday()]
        assert text in {
            date.isoformat(),
            f"{day} {name[:3]} {year}",
            f"{weekday[:3]} {day}",
            f"{weekday}, {day} {name} {year}",
        }


def test_all_pages_of_the_samples(pages: dict[str, str]) -> None:
    assert len(pages) == 16 + 3 + 2
    for name, text in pages.items():
        assert check(html.document_fromstring(text)) >= 1, name
        assert undated(html.document_fromstring(text)) == [], name


@pytest.mark.parametrize("name", MADE)
def test_live_and_odd_pages(made_pages: dict[str, str], name: str) -> None:
    assert check(html.document_fromstring(made_pages[name])) >= 1
    assert undated(html.document_fromstring(made_pages[name])) == []


def test_a_moment_has_its_offset_where_the_zone_is_known(
    pages: dict[str, str], made_pages: dict[str, str]
) -> None:
    (page,) = [each for each in pages.values() if "2026-06-23-garmin.gpx</bdi>" in each]
    assert '<time datetime="2026-06-23T07:49-06:00">Tuesday, 23 June 2026, 7:49</time>' in page
    assert "+00:00" in made_pages["no zone"]
    assert not re.search(r'datetime="[^"]*T\d\d:\d\d[+-]', made_pages["1901 by the sun"])


def test_a_redacted_page_tells_the_month_only(made_pages: dict[str, str]) -> None:
    assert re.findall(r'datetime="([^"]*)"', made_pages["redacted"]) == ["2026-05"]
