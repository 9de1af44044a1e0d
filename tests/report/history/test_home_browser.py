"""The home page of `retrorun open` in a real browser: inbox, exports, progress, files set aside."""

import json
from typing import Any

import hand_made_sessions
import pytest
import session_history
from axe_playwright_python.sync_playwright import Axe
from fake_api import SITE, FakeApi
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from retrorun.language import use_language
from retrorun.report.inbox import SetAside

pytestmark = pytest.mark.usefixtures("quiet")
PLAN: hand_made_sessions.Plan = [
    (200, "forward", "run", "confirmed", 2.9),
    (60, "backward", "run", "candidate", 2.1),
    (140, "forward", "run", "confirmed", 2.9),
]
BROKEN = SetAside("<i>bad</i>.fit", "the file ends in a record", "Export it again.")
DROP = """(name) => {
  const files = new DataTransfer();
  files.items.add(new File(["<gpx/>"], name));
  for (const each of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(
      new DragEvent(each, { dataTransfer: files, bubbles: true, cancelable: true }));
}"""


class Home(FakeApi):
    """Takes exports too, and sends the events that it is given."""

    def __init__(self) -> None:
        made = hand_made_sessions.session(PLAN)
        track = hand_made_sessions.track(PLAN)
        super().__init__([(made, track)], set_aside=(BROKEN,), learnt="Nothing is learnt yet.")
        self.uploads: list[str] = []
        self.events = ""

    def serve(self, page: Page) -> None:
        super().serve(page)
        page.route("**/api/exports", self._exports)
        page.route("**/api/events", self._events)

    def _exports(self, route: Route) -> None:
        self.uploads.append(route.request.post_data_buffer.decode("utf-8", "replace"))  # type: ignore[union-attr]
        files = [
            {"name": "a.gpx", "stored_as": "a (2).gpx", "problem": None},
            {"name": "b.txt", "stored_as": None, "problem": "It is no export."},
        ]
        route.fulfill(json={"files": files})

    def _events(self, route: Route) -> None:
        headers = {"content-type": "text/event-stream"}
        route.fulfill(body=self.events or ": nothing\n\n", headers=headers)


class Undecided(Home):
    """A session in which nothing tells the direction comes in once the page listens."""

    def _events(self, route: Route) -> None:
        made = hand_made_sessions.undecided(id="ba9876543210")
        self.sessions[made.id] = made
        self.events = event("file", {"name": "undecided.fit"})
        super()._events(route)


def event(name: str, data: dict[str, Any]) -> str:
    return f"retry: 60000\nevent: {name}\ndata: {json.dumps(data)}\n\n"


def opened(page: Page, home: Home) -> Page:
    home.serve(page)
    page.goto(f"{SITE}/")
    return page


def test_the_inbox_says_what_waits_and_leads_to_it(page: Page) -> None:
    opened(page, Home())
    expect(page.locator("#waiting-words")).to_have_text("1 stretch may be backward, in 1 session")
    expect(page.locator("#learnt-words")).to_have_text("Nothing is learnt yet.")
    page.get_by_role("link", name="Review them").click()
    expect(page.locator("h1")).to_contain_text("Did you run backward here?")


def test_one_key_leads_to_the_review(page: Page) -> None:
    opened(page, Home())
    page.locator("input[name=text]").dispatch_event("keydown", {"key": "r"})  # of a word sought
    page.wait_for_timeout(300)
    assert page.url == f"{SITE}/"
    page.keyboard.press("R")
    expect(page.locator("h1")).to_contain_text("Did you run backward here?")


def test_no_letter_leads_to_the_review_where_letters_are_off_or_nothing_waits(page: Page) -> None:
    home = opened(page, Home())
    home.evaluate("localStorage.setItem('letter-keys', 'off')")
    home.keyboard.press("r")
    home.evaluate("localStorage.removeItem('letter-keys')")
    home.locator("#waiting").evaluate("(at) => { at.hidden = true; }")
    home.keyboard.press("r")
    home.wait_for_timeout(300)
    assert home.url == f"{SITE}/"


def test_files_set_aside_have_reason_and_remedy(page: Page) -> None:
    opened(page, Home())
    page.get_by_text("1 file was set aside").click()
    expect(page.locator("#set-aside-list li")).to_have_text(
        "<i>bad</i>.fit the file ends in a record Export it again."
    )


def test_exports_are_added_by_the_file_input(page: Page) -> None:
    home = Home()
    opened(page, home)
    page.get_by_label("Add exports").set_input_files(
        FilePayload(name="a.gpx", mimeType="text/xml", buffer=b"<gpx/>")
    )
    expect(page.locator("#added")).to_contain_text("1 file added.")
    expect(page.locator("#added")).to_contain_text("a.gpx: added as a (2).gpx.")
    expect(page.locator("#added")).to_contain_text("b.txt: It is no export.")
    assert 'name="file"; filename="a.gpx"' in home.uploads[0]


def test_exports_are_dropped_on_the_page(page: Page) -> None:
    home = Home()
    opened(page, home)
    page.evaluate(DROP, "run.gpx")
    expect(page.locator("#added")).to_contain_text("1 file added.")
    expect(page.locator("#drop")).to_be_hidden()
    assert 'filename="run.gpx"' in home.uploads[0]


def test_an_import_shows_its_progress(page: Page) -> None:
    home = Home()
    home.events = event("import", {"done": 3, "total": 12, "rate_per_s": 2.0, "left_s": 4.2})
    opened(page, home)
    bar = page.get_by_role("progressbar", name="Importing")
    expect(bar).to_have_attribute("aria-valuenow", "3")
    expect(bar).to_have_attribute("aria-valuemax", "12")
    expect(page.locator("#import-words")).to_have_text("3 of 12 files · 2.0 a second · 0:04 left")
    expect(page.locator("[data-fresh]")).to_be_hidden()  # files that wait are in no number yet


def test_the_legend_follows_what_comes_in(page: Page) -> None:
    home = Undecided()
    home.serve(page)
    page.goto(f"{SITE}/", wait_until="commit")
    grey = page.locator(".legend li", has_text="nothing tells the direction")
    expect(page.locator(".log tbody tr")).to_have_count(2)
    expect(grey).to_be_visible()


def test_the_legend_names_no_grey_where_nothing_is(page: Page) -> None:
    opened(page, Home())
    expect(page.locator(".legend li", has_text="the rest, mostly forward")).to_be_visible()
    expect(page.locator(".legend li", has_text="nothing tells the direction")).to_have_count(0)


def test_numbers_are_called_up_to_date_once_nothing_is_imported(page: Page) -> None:
    home = Home()
    home.events = event("import", {"done": 12, "total": 12})
    opened(page, home)
    expect(page.locator("[data-fresh]")).to_have_text("All numbers are up to date.")
    expect(page.locator("[data-fresh]")).to_be_visible()


def test_what_is_not_up_to_date_is_said(page: Page) -> None:
    home = Home()
    home.events = event("fresh", {"fresh": False})
    opened(page, home)
    expect(page.locator("[data-fresh]")).to_contain_text("are being computed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser: Browser, scheme: str, width: int) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    opened(page, Home())
    page.get_by_text("1 file was set aside").click()
    found = Axe().run(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()
    assert found.violations_count == 0, found.generate_report()


class Empty(Home):
    """An archive without a session, and later with one."""

    def __init__(self) -> None:
        super().__init__()
        self.kept, self.sessions = self.sessions, {}


@pytest.mark.parametrize("width_px", [1280, 320])
def test_without_a_session_the_next_step_is_the_only_one(browser: Browser, width_px: int) -> None:
    page = browser.new_page(viewport={"width": width_px, "height": 840})
    home = Empty()
    home.serve(page)
    page.goto(f"{SITE}/")
    expect(page.locator("h1")).to_have_text("There are no sessions yet.")
    expect(page.locator(".lead")).to_contain_text("with the button above")
    expect(page.get_by_text("Add exports")).to_be_visible()
    assert not page.get_by_text("Nothing waits for an answer.").is_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width_px
    assert Axe().run(page).violations_count == 0
    home.sessions = home.kept
    page.reload()
    assert page.locator("#waiting").is_visible()
    page.close()


class TenWeeks(Home):
    """Twenty sessions in which five stretches wait for an answer, in a language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.sessions = {each.id: each for each in session_history.ten_weeks()}

    def respond(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, str, str]:
        with use_language(self.language):
            return super().respond(method, path, body)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_phone_shows_what_waits_and_the_newest_sessions_at_once(
    browser: Browser, language: str
) -> None:
    phone = {"width": 390, "height": 844}
    page = browser.new_page(viewport=phone, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    opened(page, TenWeeks(language))
    page.locator("#filters[data-ready]").wait_for()
    expect(page.locator("html")).to_have_attribute("lang", language)
    foot = "(at) => at.getBoundingClientRect().bottom"
    seen = [
        *(page.locator(each) for each in ("#waiting-words", "#review-all", ".adding .button")),
        *page.locator(".log tbody tr").all()[:3],
    ]
    assert all(each.is_visible() for each in seen)
    assert max(each.evaluate(foot) for each in seen) <= phone["height"]
    for each in ("#review-all", ".adding .button", "#filters-fold"):
        assert page.locator(each).evaluate("(at) => at.getBoundingClientRect().height") >= 44
    assert page.evaluate("() => document.documentElement.scrollWidth") == phone["width"]
    page.close()
