"""The documentation as a site: built strictly, and read without a network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

import site_pages
from retrorun.report.page import asset_names, asset_text

ROOT = Path(__file__).resolve().parents[1]
# what a browser fetches when a page is opened
FETCHED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?([^\"' >]+)|<link\b([^>]*)>")
HREF = re.compile(r"href=[\"']?([^\"' >]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def fetched(html: str) -> list[str]:
    """Addresses of what a page fetches: scripts, pictures, style sheets and icons."""
    found = []
    for script, link in FETCHED.findall(html):
        href = HREF.search(link)
        if script:
            found.append(script)
        elif href and not re.search(r"rel=[\"']?(prev|next|canonical)", link):
            found.append(href[1])
    return found


def test_every_page_of_the_docs_is_on_the_site(site: Path) -> None:
    wanted = {each.relative_to(ROOT / "docs") for each in (ROOT / "docs").rglob("*.md")}
    wanted |= {Path(name) for name in site_pages.TOP}
    missing = [each for each in wanted if not (site / each.with_suffix(".html")).exists()]
    assert missing == []


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = [each for each in site.rglob("*.html") if each.name != "404.html"]
    assert len(pages) > 35
    for page in pages:
        addresses = fetched(page.read_text(encoding="utf-8"))
        assert any(each.endswith("iframe-worker.js") for each in addresses), page.name
        for address in addresses:
            assert "//" not in address, (page.name, address)
            assert (page.parent / address.partition("?")[0]).exists(), (page.name, address)


def test_what_is_fetched_from_elsewhere_would_be_seen() -> None:
    html = '<script src="https://a.example/x.js"></script><link rel=stylesheet href=//b.example/y>'
    assert fetched(html) == ["https://a.example/x.js", "//b.example/y"]


def test_a_page_from_disk_asks_for_nothing_and_finds_words(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "index.html").as_uri())
    page.locator("input.md-search__input").click()
    page.keyboard.type("trust_gait")
    page.locator(".md-search-result__item").first.wait_for()
    assert page.locator(".md-search-result__item a").first.get_attribute("href")
    page.close()
    assert [each for each in asked if not each.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize(
    ("text", "place", "wanted"),
    [
        ("[a](docs/settings.md#x)", "CHANGELOG.md", "[a](settings.md#x)"),
        ("[a](CONTRIBUTING.md)", "SECURITY.md", "[a](CONTRIBUTING.md)"),
        ("[a](../SECURITY.md)", "commands.md", "[a](SECURITY.md)"),
        ("[a](../../SECURITY.md#b)", "guide/privacy.md", "[a](../SECURITY.md#b)"),
        ("[a](../commands.md)", "guide/privacy.md", "[a](../commands.md)"),
        ("[a](https://b.example/docs/c)", "CHANGELOG.md", "[a](https://b.example/docs/c)"),
        ("[a](#b)", "CHANGELOG.md", "[a](#b)"),
    ],
)
def test_links_follow_the_pages(text: str, place: str, wanted: str) -> None:
    assert site_pages.moved(text, place) == wanted


def test_names_in_tables_stay_whole_on_a_phone(site: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    for name in ("results", "settings", "formats"):
        page.goto((site / f"{name}.html").as_uri())
        names = page.locator(".md-typeset table code")
        assert names.count() > 100
        broken = names.evaluate_all(
            "all => all.filter(at => /^\\w+$/.test(at.textContent))"
            ".filter(at => at.getClientRects().length > 1).map(at => at.textContent)"
        )
        assert broken == []
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.close()


COLOURS = {  # where the site shows it → the name of the reports' colour
    "body: background-color": "--paper",
    ".md-header: background-color": "--paper",
    ".md-header__topic: color": "--ink",
    ".md-typeset p: color": "--ink",
    ".md-typeset p a, .md-typeset li a: color": "--forward-text",
    ".md-nav__link--active: color": "--backward-text",
    ".md-header: border-top-color": "--backward",
}
OF_PAGE = """(where) => where.map((each) => {
  const [css, name] = each.split(": ");
  return getComputedStyle(document.querySelector(css)).getPropertyValue(name);
})"""
OF_REPORTS = """(names) => names.map((name) => {
  document.body.style.color = `var(${name})`;
  return getComputedStyle(document.body).color;
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_has_the_colours_of_the_reports(site: Path, browser: Browser, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.set_content(f"<style>{asset_text(asset_names()['style'])}</style>")
    wanted = page.evaluate(OF_REPORTS, list(COLOURS.values()))
    assert len(set(wanted)) == 5
    page.goto((site / "index.html").as_uri())
    page.locator("html.js").wait_for()
    assert dict(zip(COLOURS, page.evaluate(OF_PAGE, list(COLOURS)), strict=True)) == dict(
        zip(COLOURS, wanted, strict=True)
    )
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "guide/json"])
def test_letters_of_the_site_stand_out_from_its_paper(
    site: Path, browser: Browser, name: str, scheme: str
) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto((site / f"{name}.html").as_uri())
    page.locator("html.js").wait_for()
    rules = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
    found = Axe().run(page, options=rules)
    page.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", ["index", "review"])
@pytest.mark.parametrize(("width", "least"), [(390, 0.8), (1280, 0.5)])
def test_the_letters_of_the_review_s_picture_can_be_read(
    site: Path, browser: Browser, name: str, width: int, least: float
) -> None:
    """On a phone the picture is that of a phone: a desk's would be shown at a quarter."""
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto((site / f"{name}.html").as_uri())
    picture = page.locator("picture img").first
    pictured_px = 390 if "phone" in str(picture.evaluate("(at) => at.currentSrc")) else 1280
    assert picture.evaluate("(at) => at.decode().then(() => at.naturalWidth)") > 0
    assert picture.evaluate("(at) => at.clientWidth") / pictured_px >= least
    page.close()
