"""How large pages are, how quickly they are rendered, and how soon they stand in a browser.

    python benchmarks/speed_pages.py

Pages are opened from disk, in Chromium, headless, each visit in a window of its own. A time is the
least of several runs: what the page and the machine can do, not what else ran beside it.
"""

import dataclasses as dc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

import headless_browser

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "report"))
import hand_made_sessions

from retrorun.model import Athlete, Session
from retrorun.report.history.sessions import index_page
from retrorun.report.page import Site
from retrorun.report.session.page import SessionContext, session_page
from speed_rows import Row, at_least, at_most

ROUNDS, VISITS = 20, 7
SESSIONS = 10_000
DAY_S = 86_400.0
NAMES = ("Morning run", "Intervals", "Shuttles on the pitch", "Hill", "Long run", "Rehabilitation")
WORDS = ("shuttles", "2019-0", "hill", "nothing like it", "12 mar")
NOTE = [
    "A page of one hour and an index of 10,000 sessions, opened from disk in Chromium, headless.",
    "First paint is the browser's own first contentful paint, from the beginning of navigation.",
    "A search is timed from a letter in the field until the shorter list is painted. Every time is",
    f"the least of {VISITS} visits or {ROUNDS} pages, so that other work counts little.",
    "",
]
_PAINT = """() => new Promise((done) => {
  new PerformanceObserver((found) => {
    const paint = found.getEntriesByName("first-contentful-paint")[0];
    if (paint) done(paint.startTime);
  }).observe({ type: "paint", buffered: true });
})"""
_LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
# the filter answers in the next frame; the one after that has been painted
_SEARCH = """(word) => new Promise((done) => {
  const field = document.querySelector("#filters [name=text]");
  const began = performance.now();
  field.value = word;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    document.body.offsetHeight;
    const rows = [...document.querySelectorAll(".log tbody tr")];
    done([performance.now() - began, rows.filter((row) => !row.hidden).length]);
  })));
})"""


def hour() -> str:
    """The page of an hour at 1 Hz with every channel."""
    session, track = hand_made_sessions.session(), hand_made_sessions.track(hand_made_sessions.HOUR)
    return session_page(session, track, SessionContext())


def history() -> list[Session]:
    """A session a day, with names to search for."""
    base = hand_made_sessions.session()
    return [
        dc.replace(
            base,
            id=f"{turn:012x}",
            start_time_s=hand_made_sessions.START_S - turn * DAY_S,
            name=NAMES[turn % len(NAMES)],
        )
        for turn in range(SESSIONS)
    ]


def least_s(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the processor that the quickest of so many rounds took."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def rows() -> Iterator[Row]:
    """Sizes, pages a second, and what a browser says."""
    page = hour()
    yield at_most("one-hour page, beside shared assets", len(page.encode()) / 1000, 250, "kB")
    yield at_least("one-hour pages rendered, one core", 1 / least_s(hour, ROUNDS), 25, "pages/s")
    sessions = history()
    index = index_page(sessions, Athlete())
    took_s = least_s(lambda: index_page(sessions, Athlete()), 3)
    yield Row(f"index of {SESSIONS:,} sessions", f"{len(index.encode()) / 1e6:.2f} MB")
    yield Row("… rendered, one core", f"{took_s:.2f} s")
    if headless_browser.executable() is None:
        yield Row("in a browser", "not measured, Chromium is missing")
        return
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        site.ensure_assets()
        site.write("sessions/hour.html", page)
        site.write("index.html", index)
        with sync_playwright() as playwright:
            browser = headless_browser.launch(playwright)
            yield from browsing(browser, site.folder)
            browser.close()


def browsing(browser: Browser, folder: Path) -> Iterator[Row]:
    """First paint of both pages, until they are loaded, and searches."""
    paint_s, loaded_s = visited(browser, folder / "sessions" / "hour.html")
    yield at_most("one-hour page, first paint", paint_s, 1, "s")
    yield Row("… until it is loaded", f"{loaded_s:.2f} s")
    paint_s, loaded_s = visited(browser, folder / "index.html")
    yield at_most(f"index of {SESSIONS:,} sessions, first paint", paint_s, 1, "s")
    yield Row("… until it is loaded", f"{loaded_s:.2f} s")
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    found = {word: searched_s(page, word) for word in WORDS}
    page.close()
    slowest = max(found, key=lambda word: found[word])
    yield at_most(
        f"search among {SESSIONS:,} sessions, the slowest of {len(found)} (“{slowest}”)",
        1000 * found[slowest],
        100,
        "ms",
    )


def visited(browser: Browser, path: Path) -> tuple[float, float]:
    """Least seconds until the first paint, and until the page is loaded."""
    paints, loads = [], []
    for _ in range(VISITS):
        page = browser.new_page()
        page.goto(path.as_uri())
        paints.append(float(page.evaluate(_PAINT)) / 1000)
        loads.append(float(page.evaluate(_LOADED)) / 1000)
        page.close()
    return min(paints), min(loads)


def searched_s(page: Page, word: str) -> float:
    """Least seconds of a search for a word, begun from the whole list."""
    times: list[float] = []
    for _ in range(VISITS):
        page.evaluate(_SEARCH, "")
        took_ms, left = page.evaluate(_SEARCH, word)
        if not left < SESSIONS:
            raise RuntimeError(f"the search for {word!r} left all sessions")
        times.append(took_ms / 1000)
    return min(times)


def main() -> int:
    """Measure and print; 1 if an aim was missed."""
    missed = 0
    for row in rows():
        print(f"{row.what}: {row.value} {row.aim} {row.met}", flush=True)
        missed += row.met is False
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
