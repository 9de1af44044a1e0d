"""Take pictures of a folder of pages: python benchmarks/screenshots.py reports .demo.

The documentation's go into docs/images as WebP, those of the review by a server of the archive that
is named second; every kind of page in light, dark, on a phone and on paper goes into the folder's
own ``pictures``, to be looked at.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

import headless_browser

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
README = ("session", "comparison")
NARROW = 1000
PHONE_SCALE = 2.0  # a phone has as many pixels and more for each of the page
QUALITY = 70
LOOKS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 390)}


def main() -> None:
    """One session with a cost factor of its own, and every page that stands beside the index."""
    pages = Path(sys.argv[1]).resolve()
    pictures = pages / "pictures"
    for folder in (IMAGES, pictures):
        folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = headless_browser.launch(playwright)
        for name, path in _wanted(pages).items():
            if name in README:
                _shoot(browser, path, IMAGES / f"{name}.webp", ("light", 1180))
            for look, how in LOOKS.items():
                _shoot(browser, path, pictures / f"{name}-{look}.png", how, whole=True)
            _print(browser, path, pictures / f"{name}.pdf")
        if len(sys.argv) > 2:
            with _served(Path(sys.argv[2]).resolve(), pages) as address:
                _review(browser, address, pictures)
        browser.close()


@contextmanager
def _served(archive: Path, reports: Path) -> Iterator[str]:
    """The address of a server of this archive, which answers nothing by itself."""
    where = ("--archive", archive, "--reports", reports, "--folder", "sample_data")
    command = [sys.executable, "-m", "retrorun", "open", "--no-browser", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, *map(str, where)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def _review(browser: Browser, address: str, pictures: Path) -> None:
    """The review on a desk and on a phone, light and dark, the answers of a session, and home."""
    site = address.split("/?", maxsplit=1)[0]
    looks = {"review": ("light", 1280, 840), "review-phone": ("light", 390, 844)}
    dark = {"review-dark": ("dark", 1280, 840), "review-phone-dark": ("dark", 390, 844)}
    for name, (scheme, width, height) in (looks | dark).items():
        page = browser.new_page(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": height},
            has_touch=width < NARROW,
            is_mobile=width < NARROW,
        )
        page.goto(address)
        page.goto(f"{site}/review")
        page.locator("#handle-start").wait_for()
        if name in looks:
            _keep(page, name, PHONE_SCALE if width < NARROW else 1.0)
        else:
            page.screenshot(path=pictures / f"{name}.png")
        session = page.locator("article.question").get_attribute("data-session")
        page.close()
    page = browser.new_page(viewport={"width": 1280, "height": 840})
    page.goto(address)
    page.wait_for_timeout(500)
    page.screenshot(path=pictures / "home.png")
    page.goto(f"{site}/sessions/{session}")
    page.locator("#stretches").evaluate("(at) => at.scrollIntoView()")
    page.wait_for_timeout(1500)
    _keep(page, "answers")
    page.close()


def _keep(page: Page, name: str, scale: float = 1.0) -> None:
    """A picture of the documentation."""
    path = IMAGES / f"{name}.webp"
    path.write_bytes(headless_browser.webp(page, scale, QUALITY))
    print(f"{path.name}: {path.stat().st_size // 1000} kB")


def _wanted(pages: Path) -> dict[str, Path]:
    texts = {path: path.read_text("utf-8") for path in pages.glob("sessions/*.html")}
    # one that has an answer to what backward costs
    best = max(texts, key=lambda path: ("×</dd>" in texts[path], path.name))
    found = {path.stem: path for path in sorted(pages.glob("*.html"))}
    return {"session": best} | found


def _shoot(
    browser: Browser, path: Path, picture: Path, how: tuple[str, int], *, whole: bool = False
) -> None:
    scheme, width = how
    page = browser.new_page(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 1180},
    )
    page.goto(path.as_uri())
    page.wait_for_timeout(1500)
    if picture.parent == IMAGES:
        _keep(page, picture.stem)
    else:
        page.screenshot(path=picture, full_page=whole)
    page.close()


def _print(browser: Browser, path: Path, paper: Path) -> None:
    page = browser.new_page(viewport={"width": 690, "height": 990})
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    page.wait_for_timeout(1500)
    page.pdf(path=paper, format="A4", print_background=True)
    page.close()
    print(f"{paper.name}: {paper.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
