"""The share picture as a browser draws it: nothing is cut, covered or too small to be read."""

import dataclasses as dc
from collections.abc import Callable

import hand_made_sessions
import pytest
from playwright.sync_api import Page

from retrorun.language import use_language
from retrorun.model import Session
from retrorun.report.numbers import Display
from retrorun.report.session.picture import FORMATS, Format, PictureOptions, share_picture

FEED_PX = 400  # as wide as a phone shows a picture
LEAST_PX = 10  # letters below this size are not read on it
STORY_FREE = (250, 1580)  # what the buttons of the apps that show stories leave, of 1920
# from the top of a tall letter to the foot of a low one: a line's box is higher than its ink
BOXES = """() => [...document.querySelectorAll('svg text')].map((at) => {
  const { left, right } = at.getBoundingClientRect();
  const line = +at.getAttribute('y'), size = +at.getAttribute('font-size');
  const foot = /^[0-9:]+$/.test(at.textContent) ? 0 : 0.22; // digits stand on the line
  return [at.textContent, left, line - 0.78 * size, right, line + foot * size];
})"""
LETTERS = "at => at.map((each) => +each.getAttribute('font-size'))"
WAY = """() => { const { left, top, right, bottom } =
  document.querySelector('svg > g').getBoundingClientRect();
  return ['the way', left, top, right, bottom]; }"""
Box = tuple[str, float, float, float, float]


def many() -> hand_made_sessions.Plan:
    """An hour with twelve stretches, each of which has its time below it if there is room."""
    pair: hand_made_sessions.Plan = [
        (100, "backward", "run", "confirmed", 2.0),
        (200, "forward", "run", "confirmed", 2.5),
    ]
    return [(600, "forward", "run", "confirmed", 2.5), *pair * 12]


def costly() -> Session:
    """One with all facts, of which the cost has the longest words."""
    made = hand_made_sessions.session(hand_made_sessions.HOUR)
    assert made.measures.cost_factor.value is not None
    return made


SESSIONS: dict[str, Callable[[], Session]] = {
    "an hour": costly,
    "twelve": lambda: hand_made_sessions.session(many()),
    "maybe": lambda: hand_made_sessions.session(hand_made_sessions.TWO_CANDIDATES),
    "forward": lambda: hand_made_sessions.session([(36_000, "forward", "run", "confirmed", 2.5)]),
    "undecided": hand_made_sessions.undecided,
}


def apart(first: Box, second: Box) -> bool:
    """Whether two boxes touch nowhere, by half a pixel."""
    beside = first[3] <= second[1] + 0.5 or second[3] <= first[1] + 0.5
    return beside or first[4] <= second[2] + 0.5 or second[4] <= first[2] + 0.5


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("way", ["with its way", "without"])
def test_all_words_are_on_the_picture_apart_and_large_enough(
    page: Page, form: Format, way: str, language: str
) -> None:
    for name, make in SESSIONS.items():
        session = make()
        track = hand_made_sessions.track(hand_made_sessions.HOUR) if way == "with its way" else None
        options = PictureOptions(Display("metric"), "Backward club", track=track, form=form)
        with use_language(language):
            svg = share_picture(session, options)
        page.set_content(f"<body style='margin: 0'>{svg}")
        size = page.locator("svg").evaluate("(at) => [at.clientWidth, at.clientHeight]")
        found: list[Box] = page.evaluate(BOXES)
        if way == "with its way":
            found.append(page.evaluate(WAY))
        for each in found:
            assert each[1] >= 0, (name, each)
            assert each[3] <= size[0], (name, each)
            first, last = STORY_FREE if form == "portrait" else (0, size[1])
            assert first <= each[2], (name, each)
            assert each[4] <= last, (name, each)
        for place, each in enumerate(found):
            for other in found[place + 1 :]:
                assert apart(each, other), (name, each, other)
        if form != "landscape":
            least = min(page.locator("svg text").evaluate_all(LETTERS))
            assert least * FEED_PX / size[0] >= LEAST_PX, (name, least)


@pytest.mark.parametrize("form", FORMATS)
def test_a_long_title_leaves_the_day_alone(page: Page, form: Format) -> None:
    session = dc.replace(hand_made_sessions.session(), name="not on it")
    options = PictureOptions(Display("metric"), "Backward running club " * 4, form=form)
    page.set_content(f"<body style='margin: 0'>{share_picture(session, options)}")
    title, day = (each for each in page.evaluate(BOXES) if "club" in each[0] or "2026" in each[0])
    assert apart(title, day)
