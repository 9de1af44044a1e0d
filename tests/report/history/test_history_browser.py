"""Index, comparison and the report of a period in a real browser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import hand_made_sessions
import pytest
import session_history
from playwright.sync_api import Browser, Page, expect

from retrorun.language import use_language
from retrorun.model import Remark
from retrorun.report.history.care import care_page
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.period import PeriodContext, period_page
from retrorun.report.history.sessions import index_page
from retrorun.report.page import Site
from retrorun.report.session.page import SessionContext, session_page

Violations = Callable[[str, int, str], str]
NAMES = ("index", "comparison", "period", "care")
ONE_LONG_HOUR_OF_IT = 3


class Built(NamedTuple):
    """A folder of pages, and how many sessions they hold."""

    url: str
    sessions: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("pages")
    sessions = session_history.ten_weeks()
    found = session_history.compared(sessions)
    remarks = {sessions[0].id: Remark(2, 6, "stiff knee")}
    place = Site(folder)
    place.ensure_assets()
    place.write("index.html", index_page(sessions, session_history.ME))
    place.write("comparison.html", comparison_page(found, sessions, session_history.ME))
    context = PeriodContext(title="Ten weeks", note="For Friday.", remarks=remarks)
    place.write("period.html", period_page(sessions, found, context))
    place.write("care.html", care_page(sessions, session_history.cared_for(sessions)))
    for each in sessions[:ONE_LONG_HOUR_OF_IT]:
        page = session_page(each, hand_made_sessions.track(session_history.LONG), SessionContext())
        place.write(f"sessions/{each.id}.html", page)
    return Built(folder.as_uri(), len(sessions))


def opened(page: Page, url: str) -> Page:
    """A page that answers; its charts may follow."""
    page.goto(url, wait_until="commit")
    page.locator("footer").wait_for()
    if not url.endswith(("period.html", "care.html")):
        page.locator("#filters[data-ready]").wait_for()
    return page


def charted(page: Page, url: str) -> Page:
    """A page with all its charts."""
    opened(page, url)
    if page.locator("script[src]").count():
        page.locator("html[data-drawn]").wait_for(state="attached")
    return page


@dataclass(slots=True)
class Window:
    """A page with all its charts, what it complained of and what it asked for since it opened."""

    page: Page
    messages: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def window(browser: Browser, site: Built) -> Iterator[Callable[[str], Window]]:
    """The window of a page that tests only look at: each page is loaded and drawn once."""
    made: list[Page] = []

    @cache
    def found(name: str) -> Window:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        made.append(page)
        own = Window(page)
        page.on("console", lambda message: own.messages.append(message.text))
        page.on("pageerror", lambda error: own.messages.append(str(error)))
        page.on("request", lambda request: own.asked.append(request.url))
        charted(page, f"{site.url}/{name}.html").wait_for_timeout(100)
        return own

    yield found
    for page in made:
        page.close()


@pytest.mark.parametrize("name", NAMES)
def test_quiet_and_asks_for_its_own_files_only(
    window: Callable[[str], Window], site: Built, name: str
) -> None:
    found = window(name)
    assert found.messages == []
    assert all(each.startswith((site.url, "data:")) for each in found.asked)
    assert 1 <= len(found.asked) <= 6


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(
    violations: Violations, site: Built, name: str, width: int, scheme: str
) -> None:
    assert violations(f"{site.url}/{name}.html", width, scheme) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_never_scrolls_sideways(browser: Browser, site: Built, name: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    charted(page, f"{site.url}/{name}.html")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    page.close()


@pytest.mark.parametrize("width", [390, 660, 1280])
def test_no_cell_of_the_list_of_sessions_is_cut(browser: Browser, site: Built, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740})
    charted(page, f"{site.url}/index.html")
    cut = """cells => cells.filter(each => each.scrollWidth > each.clientWidth + 1)
        .map(each => each.innerText)"""
    assert (
        page.locator(".log th, .log td:not(:nth-child(2), :nth-child(4))").evaluate_all(cut) == []
    )
    page.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_a_day_long_run_and_all_of_it_backward_fit_the_list(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    """24:00:00, 175.66 km and 100 % are the longest that its columns have to hold."""
    day = session_history.run(1, [(86_400, "forward", "run", "confirmed", 2.0331)])
    all_of_it = session_history.run(2, [(900, "backward", "run", "confirmed", 2.0)])
    page = browser.new_page(viewport={"width": width, "height": 740})
    place = Site(tmp_path)
    place.ensure_assets()
    place.write("index.html", index_page([day, all_of_it], session_history.ME))
    opened(page, f"{tmp_path.as_uri()}/index.html")
    rows = page.locator(".log tbody tr").all_inner_texts()
    assert "100\u00a0%" in rows[0]
    assert width < 700 or "24:00:00\t175.66\u00a0km" in rows[1]
    cut = "cells => cells.filter(at => at.scrollWidth > at.clientWidth).map(at => at.innerText)"
    assert page.locator(".log :is(th, td)").evaluate_all(cut) == []
    page.close()


@pytest.mark.parametrize("width", [360, 820, 1024, 1180, 1280])
def test_the_range_of_each_difference_is_seen_without_moving_the_table(
    browser: Browser, site: Built, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740})
    opened(page, f"{site.url}/comparison.html")
    box = page.locator(".scroll", has=page.locator(".forest"))
    assert box.evaluate("(at) => at.scrollWidth - at.clientWidth") == 0
    page.close()


def test_what_was_not_recorded_is_one_row_on_a_phone(browser: Browser, site: Built) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 740})
    opened(page, f"{site.url}/comparison.html")
    rows = page.locator(".forest tr.early")
    assert rows.count()
    # each reason once, above the names of what it holds for; a row a metric would be 35 px and more
    reasons = rows.locator("th").all_inner_texts()
    assert len(set(reasons)) == len(reasons)
    alone = rows.filter(has_text="not recorded")
    expect(alone).to_have_count(1)
    names = alone.locator("td").first.inner_text().split(", ")
    assert len(names) == 3
    assert alone.evaluate("(at) => at.getBoundingClientRect().height") < 35 * len(names)
    page.set_viewport_size({"width": 1280, "height": 740})
    # many names wrap on a desk, too
    alone.locator("td").first.evaluate("(at) => { at.textContent = 'Heart rate, '.repeat(30); }")
    assert alone.evaluate("(at) => at.getBoundingClientRect().height") > 50
    page.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_bars_of_what_may_be_backward_are_wide_enough_to_be_seen(
    browser: Browser, site: Built, width: int
) -> None:
    """A bar and its gap take three pixels and more: those of one pixel blur into a pale patch."""
    page = browser.new_page(viewport={"width": width, "height": 740})
    opened(page, f"{site.url}/index.html")
    period = page.locator(".log path.m").first.evaluate(
        """(at) => { const pattern = getComputedStyle(at).stroke.match(/#([a-z]+)/)[1];
        return document.getElementById(pattern).width.baseVal.value * at.getScreenCTM().a; }"""
    )
    assert period >= 3
    page.close()


def test_show_all_is_there_while_something_is_hidden(page: Page, site: Built) -> None:
    """It goes with the filter, and who used it by keyboard goes on at the first field."""
    opened(page, f"{site.url}/index.html")
    button = page.locator("button[type=reset]")
    expect(button).to_be_hidden()
    page.select_option("[name=kind]", "maybe")
    expect(button).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.locator("[name=text]")).to_be_focused()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A window as wide and high as a phone's."""
    found = browser.new_page(viewport={"width": 390, "height": 844})
    yield found
    found.close()


@pytest.mark.parametrize("name", ["index", "comparison"])
def test_one_button_shows_the_filters_on_a_phone(phone: Page, site: Built, name: str) -> None:
    opened(phone, f"{site.url}/{name}.html")
    button = phone.get_by_role("button", name="Filter", expanded=False)
    field = phone.get_by_label("Direction")
    expect(button).to_be_visible()
    expect(field).to_be_hidden()
    button.focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("button", name="Filter", expanded=True)).to_be_focused()
    assert button.count() == 0
    expect(field).to_be_visible()
    phone.keyboard.press("Tab")
    expect(phone.get_by_label("Search")).to_be_focused()
    field.select_option("maybe")
    phone.get_by_role("button", name="Filter").click()
    expect(field).to_be_hidden()
    # what hides sessions is said, and can be taken back, with the fields out of sight
    expect(phone.locator("#filter-count")).to_contain_text("5 of 20 sessions shown")
    expect(phone.locator("#filter-count")).to_be_visible()
    phone.get_by_role("button", name="Show all").click()
    expect(phone.locator(".log tbody tr:visible")).to_have_count(site.sessions)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_newest_sessions_are_on_the_first_screen_of_a_phone(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    with use_language(language):
        html = index_page(session_history.ten_weeks(), session_history.ME)
    place = Site(tmp_path)
    place.ensure_assets()
    place.write("index.html", html)
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    opened(page, f"{tmp_path.as_uri()}/index.html")
    seen = [page.locator(".call a"), *page.locator(".log tbody tr").all()[:3]]
    assert all(each.is_visible() for each in seen)
    feet = [each.evaluate("(at) => at.getBoundingClientRect().bottom") for each in seen]
    assert max(feet) <= 844
    page.close()


def test_a_desk_needs_no_button_for_the_filters(page: Page, site: Built) -> None:
    opened(page, f"{site.url}/index.html")
    expect(page.locator("#filters-fold")).to_be_hidden()
    expect(page.get_by_label("Direction")).to_be_visible()


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_there_with_scripts_off(browser: Browser, site: Built, name: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/{name}.html")
    links = page.locator("tbody a[href*='sessions/']").count()
    assert links >= (site.sessions if name != "care" else 6)
    assert page.locator("#filters:visible").count() == 0
    whole = name in {"period", "care"}
    assert whole or "20 sessions" in page.locator("main").inner_text()
    context.close()


@pytest.mark.parametrize("name", ["index", "comparison"])
def test_filters_by_date_verdict_gait_place_and_word(page: Page, site: Built, name: str) -> None:
    opened(page, f"{site.url}/{name}.html")
    visible = page.locator(".log tbody tr:visible")
    status = page.locator("#filter-count")
    page.select_option("[name=kind]", "maybe")
    expect(status).to_have_text("5 of 20 sessions shown, 25:00 min maybe")
    assert visible.count() == 5
    page.select_option("[name=kind]", "habit")
    expect(status).to_have_text("1 of 20 sessions shown, 4:00 min backward")
    page.select_option("[name=kind]", "counted")
    page.select_option("[name=gait]", "1")
    expect(status).to_have_text("10 of 20 sessions shown, 30:00 min backward")
    page.select_option("[name=kind]", "without")
    page.select_option("[name=gait]", "")
    expect(status).to_have_text("5 of 20 sessions shown, none certainly backward")
    page.locator("button[type=reset]").click()
    expect(status).to_have_text("20 of 20 sessions shown, 1:10 h backward")
    page.fill("[name=from]", "2026-07-01")
    expect(status).to_contain_text("3 of 20")
    page.fill("[name=until]", "2026-07-05")  # 60 and 63 days after 3 May
    expect(status).to_contain_text("2 of 20")
    page.locator("button[type=reset]").click()
    page.select_option("[name=place]", label="Europe/Rome")
    expect(status).to_contain_text("1 of 20")
    page.locator("button[type=reset]").click()
    page.fill("[name=text]", "SEA along")
    expect(status).to_contain_text("1 of 20")
    page.fill("[name=text]", "nowhere")
    expect(status).to_have_text("No session fits these filters.")
    assert visible.count() == 0


@pytest.mark.parametrize("order", ["charts first", "filter first"])
def test_filters_reach_charts_weeks_and_calendar(page: Page, site: Built, order: str) -> None:
    enter = charted if order == "charts first" else opened
    enter(page, f"{site.url}/comparison.html")
    page.select_option("[name=kind]", "maybe")
    expect(page.locator(".filtered").first).to_be_visible()
    page.locator("html[data-drawn]").wait_for(state="attached")
    forward, backward, maybe = page.evaluate(
        "() => document.getElementById('weeks').data.map((trace) => trace.y.filter((y) => y))"
    )
    assert backward == []
    assert maybe == [-5.0] * 5
    assert forward == [25.0] * 5
    marks = page.evaluate(
        "() => document.getElementById('trend-forward_speed_mps').data.at(-1).y.filter((y) => y)"
    )
    assert len(marks) == 5
    assert page.locator(".days a:not(.off)").count() == 5


def test_a_filtered_view_can_be_kept(page: Page, site: Built) -> None:
    opened(page, f"{site.url}/index.html#kind=maybe&from=2026-06-01")
    expect(page.locator("#filter-count")).to_contain_text("3 of 20")
    page.select_option("[name=kind]", "counted")
    expect(page.locator("#filter-count")).to_contain_text("5 of 20")
    assert page.url.endswith("#from=2026-06-01&kind=counted")


def test_links_lead_to_pages_and_back(page: Page, site: Built) -> None:
    opened(page, f"{site.url}/index.html")
    page.locator(f"a[href='sessions/{0:012x}.html']").click()
    page.locator("#stretches").wait_for()
    page.locator("nav a", has_text="Backward against forward").click()
    page.locator("#filters[data-ready]").wait_for()
    page.locator(".days a").first.click()
    page.locator("#stretches").wait_for()
    assert page.url.endswith(f"sessions/{0:012x}.html")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_click_anywhere_on_a_row_leads_to_its_session(
    browser: Browser, site: Built, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    opened(page, f"{site.url}/index.html")
    row = page.locator(f".log tr:has(a[href='sessions/{0:012x}.html'])")
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] - 6, box["y"] + box["height"] / 2)
    page.locator("#stretches").wait_for()
    assert page.url.endswith(f"sessions/{0:012x}.html")
    page.close()


def test_a_mark_in_a_trend_leads_to_its_session(page: Page, site: Built) -> None:
    opened(page, f"{site.url}/comparison.html")
    chart = page.locator("#trend-cost_factor")
    chart.scroll_into_view_if_needed()
    chart.locator(".point").first.wait_for()
    box = chart.locator(".points path").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chart.locator(".hovertext").first.wait_for()  # it has seen the mouse
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("#stretches").wait_for()
    assert page.url.endswith(f"sessions/{0:012x}.html")


def test_by_keyboard(page: Page, site: Built) -> None:
    opened(page, f"{site.url}/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)  # time in which another part of the page could take the focus
    assert page.evaluate("() => document.activeElement.id") != "filters"
    page.locator("[name=kind]").focus()
    page.keyboard.type("maybe")
    expect(page.locator("#filter-count")).to_contain_text("5 of 20")
    for _ in ("gait", "place", "show all", "the first session"):
        page.keyboard.press("Tab")
    assert "sessions/" in page.evaluate("() => document.activeElement.href || ''")


@pytest.fixture(scope="module")
def printed(browser: Browser, site: Built) -> Iterator[Callable[[str], Page]]:
    """A page as it is laid out for paper, once for all papers."""
    made: list[Page] = []

    @cache
    def found(name: str) -> Page:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        made.append(page)
        charted(page, f"{site.url}/{name}.html")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 690, "height": 990})
        # charts follow the width of the paper a little later
        page.wait_for_function("() => document.documentElement.scrollWidth <= 690")
        return page

    yield found
    for page in made:
        page.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", ["comparison", "period", "care"])
def test_paper(printed: Callable[[str], Page], name: str, paper: str, tmp_path: Path) -> None:
    page = printed(name)
    assert page.locator("#filters:visible").count() == 0
    target = tmp_path / "page.pdf"
    page.pdf(path=str(target), format=paper, print_background=True)
    pages = target.read_bytes().count(b"/Type /Page\n")
    assert pages >= 1
    assert name != "period" or pages <= 6
    assert name != "care" or pages == 1


def test_month_totals_follow_the_filter(page: Page, site: Built) -> None:
    opened(page, f"{site.url}/index.html")
    may = page.locator(".month", has_text="May 2026").first
    note = may.locator("h3 small")
    whole = note.inner_text()
    page.select_option("[name=kind]", "maybe")
    expect(note).to_have_text("2 sessions · 10:00 min maybe")
    page.select_option("[name=kind]", "counted")
    expect(note).to_have_text("5 sessions · 35:00 min backward")
    page.select_option("[name=kind]", "without")
    expect(note).to_have_text("2 sessions · none certainly backward")
    page.select_option("[name=kind]", "counted")
    page.fill("[name=until]", "2026-05-04")
    expect(note).to_have_text("1 session · 7:00 min backward")
    page.locator("button[type=reset]").click()
    expect(note).to_have_text(whole)


@pytest.mark.parametrize("name", ["comparison", "period"])
def test_what_tiles_and_bests_say_below_their_number_is_seen(
    window: Callable[[str], Window], name: str
) -> None:
    notes = window(name).page.locator(".tile .note:not(:empty), .bests .note:not(:empty)")
    assert notes.count() >= 3
    assert all(each.is_visible() for each in notes.all())


def test_the_calendar_on_a_phone_shows_its_last_session(browser: Browser, site: Built) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    opened(page, f"{site.url}/comparison.html")
    last = page.locator(".year[open] .days a").last.bounding_box()
    assert last is not None
    assert 0 <= last["x"] <= 390 - last["width"]
    page.close()


def test_an_undecided_session_is_told_from_a_forward_one_at_a_glance(
    page: Page, tmp_path: Path
) -> None:
    forward = hand_made_sessions.session(
        [(900, "forward", "run", "confirmed", 2.9)], id="aaaaaaaaaaaa", name="Park"
    )
    undecided = hand_made_sessions.undecided(id="bbbbbbbbbbbb", name="Beach")
    place = Site(tmp_path)
    place.ensure_assets()
    place.write("index.html", index_page([forward, undecided], session_history.ME))
    opened(page, (tmp_path / "index.html").as_uri())
    ground = "at => getComputedStyle(at.querySelector('svg')).backgroundColor"
    park, beach = (page.locator(".log tbody tr", has_text=name) for name in ("Park", "Beach"))
    assert park.evaluate(ground) != beach.evaluate(ground)
    # the colours of the legend say which is which
    key = "at => getComputedStyle(at, '::before').backgroundColor"
    for row, words in ((park, "the rest, mostly forward"), (beach, "nothing tells the direction")):
        at = page.locator(".legend li", has_text=words)
        assert at.evaluate(key) == row.evaluate(ground)
    expect(beach.locator("td").nth(4)).to_have_text("unknown")
    expect(park.locator("td").nth(4)).to_have_text("")
    # and so do the filters
    kind = page.get_by_label("Direction")
    for wanted, seen, gone in (("without", park, beach), ("undecided", beach, park)):
        kind.select_option(wanted)
        expect(seen).to_be_visible()
        expect(gone).to_be_hidden()


def test_an_undecided_day_is_told_from_a_forward_one_in_the_calendar(
    page: Page, tmp_path: Path
) -> None:
    forward = hand_made_sessions.session(
        [(900, "forward", "run", "confirmed", 2.9)], id="aaaaaaaaaaaa"
    )
    undecided = hand_made_sessions.undecided(
        id="bbbbbbbbbbbb", start_time_s=hand_made_sessions.START_S + 86_400
    )
    sessions = [forward, undecided]
    place = Site(tmp_path)
    place.ensure_assets()
    found = session_history.compared(sessions)
    place.write("comparison.html", comparison_page(found, sessions, session_history.ME))
    opened(page, (tmp_path / "comparison.html").as_uri())
    fill = "at => getComputedStyle(at.querySelector('rect')).fill"
    sunday, monday = (page.locator(f".days a[data-session={each.id}]") for each in sessions)
    key = page.locator(".legend li", has_text="nothing tells the direction").first
    colour = key.evaluate("at => getComputedStyle(at, '::before').backgroundColor")
    assert monday.evaluate(fill) == colour
    assert sunday.evaluate(fill) != colour
    assert "nothing tells the direction" in (monday.get_attribute("aria-label") or "")


@pytest.mark.parametrize("backward", [True, False])
def test_the_headline_of_the_list_is_coloured_only_where_something_is_backward(
    page: Page, tmp_path: Path, *, backward: bool
) -> None:
    made = hand_made_sessions.session() if backward else hand_made_sessions.undecided()
    place = Site(tmp_path)
    place.ensure_assets()
    place.write("index.html", index_page([made], session_history.ME))
    page.goto((tmp_path / "index.html").as_uri())
    colour = "at => getComputedStyle(at).color"
    head, number = page.locator("h1"), page.locator("h1 b").first
    assert (number.evaluate(colour) != head.evaluate(colour)) is backward


def test_a_month_and_its_sums_break_no_line_within_the_sums(browser: Browser, site: Built) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    opened(page, f"{site.url}/index.html")
    lines = page.locator(".month h3 small").evaluate_all(
        "all => all.map(at => { const range = document.createRange(); range.selectNodeContents(at);"
        " return new Set([...range.getClientRects()].map(each => Math.round(each.top))).size; })"
    )
    assert lines
    assert set(lines) == {1}
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_strips_of_a_periods_sessions_lie_in_the_middle_of_their_rows(
    page: Page, site: Built, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, f"{site.url}/period.html")
    off_px = page.locator(".log-rows tbody tr").evaluate_all(
        """rows => rows.map(row => {
            const [r, s] = [row, row.querySelector("svg")].map(at => at.getBoundingClientRect());
            return Math.abs((r.top + r.bottom) / 2 - (s.top + s.bottom) / 2);
        })"""
    )
    assert len(off_px) == site.sessions
    assert max(off_px) <= 2


@pytest.mark.parametrize("width_px", [390, 320])
def test_filters_and_rows_of_the_list_are_as_large_as_a_finger(
    browser: Browser, site: Built, width_px: int
) -> None:
    page = browser.new_page(
        viewport={"width": width_px, "height": 844}, has_touch=True, is_mobile=True
    )
    opened(page, f"{site.url}/index.html")
    for css in ("#filters input", "#filters select", ".log tbody tr", "details > summary"):
        boxes = [each.bounding_box() for each in page.locator(f"{css}:visible").all()]
        assert [each for each in boxes if each and each["height"] < 44] == [], css
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('#filters :is(input, select)')]"
        ".map((each) => parseFloat(getComputedStyle(each).fontSize))"
    )
    assert min(sizes) >= 16  # a telephone zooms into a field with smaller letters
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width_px
    page.close()
