"""Chromium without a window, for the tests of pages and for what draws and times them."""

import base64
import shutil

from playwright.sync_api import Browser, Page, Playwright

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


def webp(page: Page, scale: float = 1.0, quality: int = 55) -> bytes:
    """What a window shows, as WebP: a third of what PNG takes.

    Args:
        page: the window.
        scale: pixels of the picture for each pixel of the page.
        quality: 100 is the best; letters stay clear from about 50 on.
    """
    x, y, width, height = page.evaluate("() => [scrollX, scrollY, innerWidth, innerHeight]")
    clip = {"x": x, "y": y, "width": width, "height": height, "scale": scale}
    wanted = {"format": "webp", "quality": quality, "clip": clip}
    devtools = page.context.new_cdp_session(page)
    return base64.b64decode(devtools.send("Page.captureScreenshot", wanted)["data"])
