"""The page over athletes in a real browser."""

from collections.abc import Callable

import hand_made_cohorts
import pytest
from playwright.sync_api import Browser

from retrorun.report.cohort import cohort_page
from retrorun.report.page import Site

NAMES = ("many", "few", "nobody", "hostile")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("pages")
    place = Site(folder)
    place.ensure_assets()
    place.write("many.html", cohort_page(hand_made_cohorts.of(24, 3, 2)))
    place.write("few.html", cohort_page(hand_made_cohorts.of(3, 1)))
    place.write("nobody.html", cohort_page(hand_made_cohorts.of(0)))
    place.write("hostile.html", cohort_page(hand_made_cohorts.hostile()))
    return folder.as_uri()


@pytest.mark.parametrize("name", NAMES)
def test_quiet_and_asks_for_its_own_files_only(browser: Browser, site: str, name: str) -> None:
    messages: list[str] = []
    asked: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("dialog", lambda dialog: messages.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/{name}.html")
    page.wait_for_timeout(200)
    page.close()
    assert messages == []
    assert all(each.startswith((site, "data:")) for each in asked)
    assert not any("plotly" in each for each in asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(
    violations: Callable[[str, int, str], str], site: str, name: str, width: int, scheme: str
) -> None:
    assert violations(f"{site}/{name}.html", width, scheme) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_never_scrolls_sideways(browser: Browser, site: str, name: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(f"{site}/{name}.html")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    page.close()


def test_everything_is_there_with_scripts_off(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/many.html")
    assert page.locator(".swarm:visible").count() == 6
    assert page.locator(".own .whisker").count() == 24
    assert page.locator("h1").inner_text().startswith("Backward costs these athletes")
    context.close()


def test_dots_lie_where_the_numbers_say(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{site}/many.html")
    places = page.evaluate(
        """() => [...document.querySelectorAll('.swarm')].map((each) => {
            const x = (mark) => mark.getBoundingClientRect().x;
            const dots = [...each.querySelectorAll('circle')].map(x).sort((a, b) => a - b);
            return {zero: x(each.querySelector('.one')), median: x(each.querySelector('.median')),
                    low: dots[0], high: dots[dots.length - 1], count: dots.length};
        })"""
    )
    page.close()
    assert all(each["low"] < each["median"] < each["high"] for each in places)
    heart, per_beat = places[:2]
    assert heart["median"] > heart["zero"]  # more than forward
    assert per_beat["median"] < per_beat["zero"]
    assert heart["count"] == 24


def test_a_phone_shows_each_number_over_athletes_by_its_name(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{site}/many.html")
    row = page.locator(".numbers tbody tr").first
    edges = row.locator("td").evaluate_all(
        "cells => cells.map(at => at.getBoundingClientRect().right)"
    )
    assert len(edges) > 10
    assert max(edges) <= 390
    names = row.locator("td").evaluate_all("cells => cells.map(at => at.dataset.label)")
    assert names[1:3] == ["Athletes", "Sessions"]
    page.close()


def test_on_paper_no_number_over_athletes_is_broken(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 690, "height": 990})
    page.goto(f"{site}/many.html")
    page.emulate_media(media="print")
    lines = page.locator(".numbers tbody td:nth-child(n+3):nth-child(-n+11)").evaluate_all(
        "all => all.map(at => { const range = document.createRange(); range.selectNodeContents(at);"
        " return new Set([...range.getClientRects()].map(each => Math.round(each.top))).size; })"
    )
    page.close()
    assert len(lines) > 50
    assert set(lines) <= {0, 1}  # what is not known has no line


def test_paper_and_phone_hold_no_row_of_dashes(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{site}/few.html")
    dashes = page.locator(".numbers td", has_text="–").filter(has_not_text="too early")
    unknown = [each for each in dashes.all() if each.inner_text() == "–"]
    assert len(unknown) > 20
    assert all(each.is_visible() for each in unknown)
    page.emulate_media(media="print")
    assert not any(each.is_visible() for each in unknown)
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 390, "height": 844})
    assert not any(each.is_visible() for each in unknown)
    page.close()
