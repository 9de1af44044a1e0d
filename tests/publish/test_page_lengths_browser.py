"""How long the pages of the samples are on desk and phone; paper holds what they fold."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

DESK_PX, PHONE_PX = 1280, 390
SESSION = "2026-06-23-garmin.gpx"
FOLDED = "details:is(.fold, .studies)"


@pytest.fixture
def pages(processed: Path) -> Path:
    """The pages of all samples, read as a folder of exports is."""
    return processed / "pages"


def session_of(pages: Path) -> Path:
    (found,) = [each for each in (pages / "sessions").glob("*.html") if SESSION in each.read_text()]
    return found


def opened(browser: Browser, path: Path, width_px: int = DESK_PX) -> Page:
    page = browser.new_page(viewport={"width": width_px, "height": 900})
    page.goto(path.as_uri())
    page.locator("html[data-drawn]").wait_for(state="attached")
    return page


def height_px(browser: Browser, path: Path, width_px: int) -> int:
    page = opened(browser, path, width_px)
    found = page.evaluate("document.documentElement.scrollHeight")
    page.close()
    return int(found)


@pytest.mark.parametrize(("width_px", "most_px"), [(DESK_PX, 4_200), (PHONE_PX, 7_500)])
def test_a_session_page_is_short(
    browser: Browser, pages: Path, width_px: int, most_px: int
) -> None:
    assert height_px(browser, session_of(pages), width_px) <= most_px


@pytest.mark.parametrize(("width_px", "most_px"), [(DESK_PX, 7_000), (PHONE_PX, 11_500)])
def test_the_comparison_is_short(
    browser: Browser, pages: Path, width_px: int, most_px: int
) -> None:
    assert height_px(browser, pages / "comparison.html", width_px) <= most_px


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_shows_what_is_folded(browser: Browser, pages: Path, *, scripts: bool) -> None:
    page = browser.new_page(java_script_enabled=scripts)
    page.goto(session_of(pages).as_uri())
    hidden = page.locator(f"{FOLDED} > :not(summary)")
    assert hidden.count() >= 8
    assert not any(each.is_visible() for each in hidden.all())
    page.emulate_media(media="print")
    assert all(each.is_visible() for each in hidden.all())
    page.close()


def test_printing_opens_what_is_folded_and_closes_it_again(browser: Browser, pages: Path) -> None:
    page = opened(browser, session_of(pages))
    closed = page.locator(f"{FOLDED}:not([open])")
    first = closed.count()
    page.locator("details.fold summary").first.click()
    assert closed.count() == first - 1
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert closed.count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert closed.count() == first - 1  # what the reader opened stays open
    page.close()


CHARTS = """() => [...document.querySelectorAll("[data-chart]")].map((at) => [
  at.clientWidth, Number(at.querySelector(".main-svg").getAttribute("width"))])"""
SHEET = re.compile(rb"/Type /Page[^s]")


def test_the_first_print_of_a_page_is_as_large_as_the_next(browser: Browser, pages: Path) -> None:
    page = opened(browser, pages / "comparison.html", DESK_PX)
    page.wait_for_timeout(300)  # time for a chart that fits its box later
    widths = page.evaluate(CHARTS)
    first, next_one = (len(SHEET.findall(page.pdf(format="A4"))) for _ in range(2))
    assert first == next_one == 7
    page.wait_for_function(f"(before) => String(({CHARTS})()) === String(before)", arg=widths)
    page.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_session_takes_five_sheets_without_what_paper_cannot_do(
    browser: Browser, pages: Path, paper: str
) -> None:
    page = opened(browser, session_of(pages), DESK_PX)
    assert page.locator(".say-so").is_visible()
    assert len(SHEET.findall(page.pdf(format=paper))) == 5
    page.emulate_media(media="print")
    assert not page.locator(".say-so").is_visible()
    page.close()


def test_a_list_leaves_no_sheet_to_its_foot(browser: Browser, pages: Path) -> None:
    page = opened(browser, pages / "index.html")
    assert len(SHEET.findall(page.pdf(format="Letter"))) == 1
    page.close()
