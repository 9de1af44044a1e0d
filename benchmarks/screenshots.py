"""Take pictures of a folder of pages: python benchmarks/screenshots.py reports.

The README's two go into docs/images; every kind of page in light, dark, on a phone and on paper
goes into the folder's own ``pictures``, to be looked at.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
README = ("session", "comparison")
LOOKS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 390)}


def main() -> None:
    """One session with a cost factor of its own, and every page that stands beside the index."""
    pages = Path(sys.argv[1]).resolve()
    pictures = pages / "pictures"
    for folder in (IMAGES, pictures):
        folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, path in _wanted(pages).items():
            if name in README:
                _shoot(browser, path, IMAGES / f"{name}.png", ("light", 1180))
            for look, how in LOOKS.items():
                _shoot(browser, path, pictures / f"{name}-{look}.png", how, whole=True)
            _print(browser, path, pictures / f"{name}.pdf")
        browser.close()


def _wanted(pages: Path) -> dict[str, Path]:
    texts = {path: path.read_text("utf-8") for path in pages.glob("sessions/*.html")}
    # one that has an answer to what backward costs
    best = max(texts, key=lambda path: (" ×</dd>" in texts[path], path.name))
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
    page.screenshot(path=picture, full_page=whole)
    page.close()
    print(f"{picture.name}: {picture.stat().st_size // 1000} kB")


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
