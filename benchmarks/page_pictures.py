"""Pictures of pages for docs/pages.md: python benchmarks/page_pictures.py [NAME …].

Sessions of every sort are made by the simulator in a temporary folder, read by `retrorun process`,
and their pages are taken in light, in dark and on a phone. Pictures are half the page's size, as
WebP, so that all of them together stay below 1.5 MB.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

import headless_browser
from retrorun.simulate import Place, simulate
from retrorun.simulate.body import Step
from retrorun.simulate.samples import ATHLETES_BODY
from retrorun.simulate.scenarios import (
    ONLY_WATCH,
    PHONE,
    Scenario,
    ahead,
    all_backward,
    back,
    intervals,
    scenarios,
    steady,
    walk,
)
from retrorun.simulate.watch import Watch
from retrorun.simulate.write import fit_bytes, gpx_bytes

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images" / "pages"
PROFILE = ROOT / "sample_data" / "profile.toml"
SAMPLE = "2026-06-23-garmin.gpx"
SEED = 20_004
DAY_S = 86_400.0
CLOCK_OF_1901_S = -2_165_000_000.0
LOOKS = {
    "light": ("light", 1280, 1400),
    "dark": ("dark", 1280, 1400),
    "phone": ("light", 390, 1000),
}
SCALES = {"light": 0.5, "dark": 0.5, "phone": 0.75}
QUALITY = 55
MOST_BYTES = 1_500_000
Files = Iterator[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is pictured: the exports of an archive, and which of its pages.

    ``pages`` are names without ending; ``session`` is the only session's page.
    """

    exports: Callable[[], Files]
    pages: tuple[str, ...] = ("session",)


def sample() -> Files:
    """The sample of 23 June."""
    yield SAMPLE, (ROOT / "sample_data" / SAMPLE).read_bytes()


def one(plan: Callable[[np.random.Generator], tuple[Step, ...]], watch: Watch) -> Files:
    """One session of a plan."""
    name = "2026-05-03 run"
    made = simulate(Scenario(name, plan, "heading", watch), SEED)
    yield f"{name}.fit", fit_bytes(made)


def shuttles(_: np.random.Generator) -> tuple[Step, ...]:
    """Thirty shuttles of 10 m: forward out, backward home, after ten minutes of warm-up."""
    there, home = ahead(5.0, 2.4, "flip"), back(6.2, 1.9, "flip")
    first = replace(there, entry="on")
    sets = [first, home, *[there, home] * 9, ahead(75, 2.7, "flip")] * 3
    return (walk(120), ahead(480, 2.7), *sets, ahead(240, 2.6), walk(60))


def rehabilitation(_: np.random.Generator) -> tuple[Step, ...]:
    """Five minutes of walking, a third of it backward."""
    backward = replace(back(35, 0.75), gait="walk")
    parts = [step for _ in range(3) for step in (backward, walk(45, 1.0, "pivot"))]
    return (walk(60, 1.1), *parts)


def three_years() -> Files:
    """Two hundred sessions: with and without a compass, backward and forward only."""
    known = scenarios()
    names = ("intervals", "walk", "gait intervals", "gait forward", "mostly backward", "stops")
    for number, name in enumerate(islice(cycle(names), 200)):
        days = round(number * 3 * 365 / 200 + 2 * math.sin(number))
        place = Place(start_time_s=Place().start_time_s - (1095 - days) * DAY_S)
        made = simulate(replace(known[name], body=ATHLETES_BODY), SEED + number, place)
        yield f"{number:03d}.fit", fit_bytes(made)


def odd_clock() -> Files:
    """Six sessions of two weeks, and one whose clock was never set."""
    for number in range(6):
        place = Place(start_time_s=Place().start_time_s + 2.5 * number * DAY_S)
        yield f"{number}.fit", fit_bytes(simulate(scenarios()["intervals"], SEED + number, place))
    place = Place(start_time_s=CLOCK_OF_1901_S)
    yield "clock.gpx", gpx_bytes(simulate(scenarios()["intervals"], SEED + 9, place), "osmand")


BUTTON = replace(ONLY_WATCH, laps="workout")
SUBJECTS = {
    "sample": Subject(sample),
    "four-hours": Subject(lambda: one(intervals(300, 900, 11), PHONE)),
    "shuttles": Subject(lambda: one(shuttles, PHONE)),
    "treadmill": Subject(lambda: one(intervals(60, 180, 6), replace(BUTTON, gps=False))),
    "rehabilitation": Subject(lambda: one(rehabilitation, PHONE)),
    "candidates": Subject(lambda: one(intervals(60, 180, 6), ONLY_WATCH)),
    "nothing-backward": Subject(lambda: one(steady, PHONE)),
    "all-backward": Subject(lambda: one(all_backward, BUTTON)),
    "three-years": Subject(three_years, ("index", "comparison")),
    "clock-of-1901": Subject(odd_clock, ("index", "comparison")),
}


def pages_of(subject: Subject, folder: Path) -> Iterator[tuple[str, Path]]:
    """Make a subject's exports, read them, and name its pages."""
    exports, reports = folder / "exports", folder / "pages"
    exports.mkdir(parents=True)
    for name, data in subject.exports():
        (exports / name).write_bytes(data)
    words = ["process", str(exports), "--profile", str(PROFILE), "--reports", str(reports)]
    usual = {**os.environ, "RETRORUN_ARCHIVE": str(folder / "archive")}  # so no command names it
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "retrorun", *words], env=usual, check=True, capture_output=True
    )
    for page in subject.pages:
        (path,) = reports.glob("sessions/*.html" if page == "session" else f"{page}.html")
        yield page, path


def take(browser: Browser, path: Path, look: str) -> bytes:
    """The upper part of a page in one look, made smaller."""
    scheme, width, height = LOOKS[look]
    page = browser.new_page(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": height},
    )
    page.goto(path.as_uri())
    if page.locator("[data-chart]").count():
        page.locator("html[data-drawn=yes]").wait_for(state="attached")
    page.wait_for_timeout(300)
    picture = headless_browser.webp(page, SCALES[look], QUALITY)
    page.close()
    return picture


def main() -> int:
    """Take the pictures of all subjects or of those named; 1 if they are too large together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SUBJECTS))
    chosen = parser.parse_args().names or list(SUBJECTS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = headless_browser.launch(playwright)
        for name in chosen:
            for page, path in pages_of(SUBJECTS[name], Path(folder) / name):
                stem = name if page == "session" else f"{name}-{page}"
                for look in LOOKS:
                    picture = take(browser, path, look)
                    (IMAGES / f"{stem}-{look}.webp").write_bytes(picture)
                    print(f"{stem}-{look}.webp: {len(picture) // 1000} kB", flush=True)
        browser.close()
    size = sum(each.stat().st_size for each in IMAGES.iterdir())
    print(f"all together: {size / 1e6:.2f} MB of {MOST_BYTES / 1e6:.1f} MB")
    return int(size > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
