"""A real browser for the pages, and the pages in a folder of their own."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from retrorun.report.site import Site

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; without it the tests are skipped, but never in CI."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing, and CI may skip nothing")
        pytest.skip("Chromium is not installed: make browser")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str], str]:
    """Write a session page into a site with its assets; gives its file URL."""

    def write(html: str) -> str:
        site = Site(tmp_path)
        site.ensure_assets()
        site.write("sessions/page.html", html)
        return (tmp_path / "sessions" / "page.html").as_uri()

    return write
