"""Take the README's pictures of a folder of pages: python benchmarks/screenshots.py reports."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"


def main() -> None:
    """One session with a cost factor of its own, and the comparison."""
    pages = Path(sys.argv[1]).resolve()
    IMAGES.mkdir(exist_ok=True)
    texts = {path: path.read_text("utf-8") for path in pages.glob("sessions/*.html")}
    # one that has an answer to what backward costs
    best = max(texts, key=lambda path: (" ×</dd>" in texts[path], path.name))
    wanted = {"session": best, "comparison": pages / "comparison.html"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1180, "height": 1180})
        for name, path in wanted.items():
            page.goto(path.as_uri())
            page.wait_for_timeout(1500)
            page.screenshot(path=IMAGES / f"{name}.png")
            print(f"{name}: {(IMAGES / f'{name}.png').stat().st_size // 1000} kB")
        browser.close()


if __name__ == "__main__":
    main()
