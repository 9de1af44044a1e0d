"""German pages in a real browser: numbers and dates that scripts and charts write."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import hand_made_sessions
import pytest
from playwright.sync_api import Page

from retrorun import compare
from retrorun.language import use_language
from retrorun.model import Athlete
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.sessions import index_page
from retrorun.report.session.page import SessionContext, session_page
from retrorun.settings import Settings

pytestmark = pytest.mark.usefixtures("quiet")
DAY_S = 86_400.0


@pytest.fixture(params=["de", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with use_language(request.param):
        yield request.param


def test_a_session_is_read_out_in_its_language(
    page: Page, put: Callable[[str], str], language: str
) -> None:
    plan = hand_made_sessions.HOUR
    made, track = hand_made_sessions.session(), hand_made_sessions.track(plan)
    page.goto(put(session_page(made, track, SessionContext())))
    page.focus("#cursor")
    for _ in range(20):
        page.keyboard.press("PageDown")
    words = page.locator("#readout").inner_text()
    decimal = {"de": ",", "en": "."}[language]
    assert f"0{decimal}" in words  # the step length
    assert ("Herzfrequenz" in words) == (language == "de")
    labels = page.locator(".technique .speed").all_text_contents()
    assert labels
    assert not any({"de": ".", "en": ","}[language] in each for each in labels)


def test_a_comparison_writes_its_dates_in_its_language(
    page: Page, put: Callable[[str], str], language: str
) -> None:
    sessions = [
        replace(
            hand_made_sessions.session(),
            id=f"{number:012x}",
            start_time_s=hand_made_sessions.START_S + number * 5 * DAY_S,
        )
        for number in range(24)
    ]
    found = compare.compare(sessions, Athlete(), Settings().compare)
    page.goto(put(comparison_page(found, sessions, Athlete()).replace('"assets/', '"../assets/')))
    page.wait_for_selector("#weeks .xtick text")
    texts = " ".join(page.locator("#weeks .xtick text").all_text_contents())
    assert ("Juni" in texts) == (language == "de")
    assert ("Jun " in texts) == (language == "en")


@pytest.mark.parametrize("width_px", [320, 390, 820])
def test_long_words_break_no_page(
    page: Page, put: Callable[[str], str], language: str, width_px: int
) -> None:
    plan = hand_made_sessions.HOUR
    made, track = hand_made_sessions.session(), hand_made_sessions.track(plan)
    page.set_viewport_size({"width": width_px, "height": 844})
    for html in (
        session_page(made, track, SessionContext()),
        index_page([made], Athlete()).replace('"assets/', '"../assets/'),
        comparison_page(
            compare.compare([made], Athlete(), Settings().compare), [made], Athlete()
        ).replace('"assets/', '"../assets/'),
    ):
        page.goto(put(html))
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width_px, language


CROSSED = """all => all.flatMap((row) => {
  const ends = [...row.querySelectorAll("td:not(.text)")].map((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getBoundingClientRect();
  }).filter((each) => each.width > 0);
  return ends.flatMap((a, at) => ends.slice(at + 1).filter((b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4).map(() => row.innerText));
})"""


@pytest.mark.parametrize("width_px", [320, 390, 768])
def test_no_number_of_a_stretch_is_written_over_another(
    page: Page, put: Callable[[str], str], language: str, width_px: int
) -> None:
    plan = hand_made_sessions.HOUR
    page.set_viewport_size({"width": width_px, "height": 844})
    track = hand_made_sessions.track(plan)
    page.goto(put(session_page(hand_made_sessions.session(), track, SessionContext())))
    rows = page.locator(".segments tbody tr")
    assert rows.count() == len(plan)
    assert rows.evaluate_all(CROSSED) == [], language


BROKEN = """() => {
  const broken = [], main = document.querySelector("main");
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest("script, svg, code, .facts, .hidden")) continue;
    for (const found of node.data.matchAll(/[\\p{L}\\d]+/gu)) {
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      const boxes = [...range.getClientRects()].filter((each) => each.width > 0);
      const lines = new Set(boxes.map((each) => Math.round(each.top)));
      if (lines.size > 1) broken.push(found[0]);
    }
  }
  return broken;
}"""
CUT = """() => [...document.querySelectorAll(".scroll")].flatMap((box) =>
  [...box.querySelectorAll(".contrast :is(td, th), .forest :is(td, th)")]
    .filter((each) => each.getBoundingClientRect().right > box.getBoundingClientRect().right + 0.5)
    .map((each) => each.textContent))"""


@pytest.mark.parametrize("width_px", [320, 390])
def test_no_word_is_broken_and_no_cell_is_cut_on_a_phone(
    page: Page, put: Callable[[str], str], language: str, width_px: int
) -> None:
    sessions = [hand_made_sessions.session(id=f"{number:012x}") for number in range(3)]
    sessions.append(hand_made_sessions.session(hand_made_sessions.TWO_CANDIDATES, id="f" * 12))
    page.set_viewport_size({"width": width_px, "height": 844})
    track = hand_made_sessions.track(hand_made_sessions.HOUR)
    found = compare.compare(sessions, Athlete(), Settings().compare)
    for html in (
        session_page(sessions[0], track, SessionContext(claims=compare.claims(found))),
        index_page(sessions, Athlete()).replace('"assets/', '"../assets/'),
        comparison_page(found, sessions, Athlete()).replace('"assets/', '"../assets/'),
    ):
        page.goto(put(html))
        assert page.evaluate(BROKEN) == [], language
        assert page.evaluate(CUT) == [], language
