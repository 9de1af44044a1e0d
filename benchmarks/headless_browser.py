"""Chromium without a window, for the tests of pages and for what draws and times them."""

import shutil

from playwright.sync_api import Browser, Playwright

START_MS = 180_000  # how long it may take to start on a busy machine


def executable() -> str | None:
    """The path of Debian's headless shell, else of Chromium; None where neither is installed.

    The shell is the same browser without the parts of a desktop: it loads a page with about half
    of the processor time.
    """
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def launch(playwright: Playwright) -> Browser:
    """Start it, in a container too, where it cannot make a sandbox of its own.

    It draws with the processor alone: a graphics card that it imitates costs a tenth more.
    """
    arguments = ["--no-sandbox", "--disable-gpu"]
    return playwright.chromium.launch(
        executable_path=executable(), args=arguments, timeout=START_MS
    )
