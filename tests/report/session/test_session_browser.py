"""The session page in a real browser: what it loads, shows, answers and keeps quiet about."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import cast

import hand_made_sessions
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from retrorun.compare import EarlierSessions, claims, compare, guidance
from retrorun.language import use_language
from retrorun.model import Athlete
from retrorun.report.page import Site
from retrorun.report.session.page import SessionContext, session_page
from retrorun.settings import CompareSettings, Settings

HOSTILE = "</title><script>bad=1</script><img src=x onerror=bad=1>\u202egpj.exe=1+1" + "x" * 10_000
Put = Callable[[str], str]


def of_an_hour() -> str:
    return session_page(
        hand_made_sessions.session(),
        hand_made_sessions.track(hand_made_sessions.HOUR),
        SessionContext(),
    )


@pytest.fixture(scope="module")
def html() -> str:
    return of_an_hour()


@pytest.fixture(scope="module")
def whole() -> str:
    return every_part()


def every_part(name: str = HOSTILE) -> str:
    """Every part of the page, a sixth as long: with claims, guidance and a name to stumble over."""
    plan = [(seconds // 6, *rest) for seconds, *rest in hand_made_sessions.HOUR]
    session = hand_made_sessions.session(cast("hand_made_sessions.Plan", plan), name=name)
    alone = compare([session], Athlete(), Settings().compare)
    context = SessionContext(
        guidance=guidance(session, EarlierSessions(), CompareSettings()), claims=claims(alone)
    )
    return session_page(
        session, hand_made_sessions.track(cast("hand_made_sessions.Plan", plan)), context
    )


def listen(page: Page) -> list[str]:
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    return messages


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.locator("html[data-drawn]").wait_for(state="attached")
    return page


def test_quiet_and_asks_for_its_own_files_only(page: Page, put: Put, html: str) -> None:
    messages = listen(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    url = put(html)
    opened(page, url).wait_for_timeout(200)
    site = url.removesuffix("sessions/page.html")
    assert messages == []
    assert all(each.startswith((site, "data:")) for each in asked)


def test_the_policy_stops_what_is_not_ours(page: Page, put: Put, html: str) -> None:
    opened(page, put(html.replace("</main>", "<script>window.bad = 1</script></main>")))
    assert page.evaluate("window.bad") is None


def test_standalone_page_works_alone(page: Page, put: Put) -> None:
    alone = SessionContext(standalone=True)
    messages = listen(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    url = put(
        session_page(
            hand_made_sessions.session(), hand_made_sessions.track(hand_made_sessions.HOUR), alone
        )
    )
    opened(page, url)
    assert page.locator("#part-lanes .line.backward").count() > 0
    assert messages == []
    assert [each for each in asked if not each.startswith("data:")] == [url]


def test_moving_over_lanes_moves_readout_map_and_table(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    box = page.locator("#part-lanes").bounding_box()
    assert box
    # the third stretch, [1320, 1470) of 3600 s
    page.mouse.move(box["x"] + box["width"] * 1400 / 3600, box["y"] + 60)
    page.wait_for_function("document.querySelector('tr.on')")
    assert page.locator("tr.on th").inner_text() == "3"
    assert "Backward run" in page.locator("#readout").inner_text()
    assert "23:2" in page.locator("#readout").inner_text()
    assert float(page.locator("svg.map .cursor").get_attribute("cx") or -99) > 0


def test_selecting_gives_the_command_to_copy(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    box = page.locator("#part-lanes").bounding_box()
    assert box
    scale = box["width"] / 3600
    page.mouse.move(box["x"] + 600 * scale, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 720 * scale, box["y"] + 60, steps=4)
    page.mouse.up()
    command = page.locator("#command").inner_text().split()
    assert command[:3] == ["retrorun", "label", "0123456789ab"]
    assert abs(int(command[3]) - 600) <= 6
    assert abs(int(command[4]) - 720) <= 6
    assert command[5] == "backward"
    page.get_by_role("button", name="It was forward").click()
    assert page.locator("#command").inner_text().endswith(" forward")


def test_keyboard_moves_and_selects(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.get_by_role("slider").get_attribute("aria-valuenow") == "3"
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    assert page.locator("#command").inner_text() == "retrorun label 0123456789ab 3 7 backward"
    page.keyboard.press("Escape")
    assert not page.locator("#selection").is_visible()


def test_hover_answers_within_two_frames(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    took = page.evaluate(
        """async () => {
          const stack = document.getElementById('stack'), box = stack.getBoundingClientRect();
          const took = [];
          for (let i = 0; i < 30; i++) {
            const before = document.getElementById('readout').textContent;
            let frames = 0;
            stack.dispatchEvent(new PointerEvent('pointermove',
              {clientX: box.left + 60 + 12 * i, clientY: box.top + 40}));
            while (document.getElementById('readout').textContent === before) {
              await new Promise(requestAnimationFrame);
              frames += 1;
            }
            took.push(frames);
          }
          return Math.max(...took);
        }"""
    )
    assert took <= 2  # counted in frames: how long one takes is the machine's affair


def test_the_map_and_the_table_move_the_lanes(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    slider = page.get_by_role("slider")
    place = page.evaluate(
        """() => {
          const map = document.querySelector('.map');
          map.scrollIntoView({block: 'center'});
          const facts = JSON.parse(document.getElementById('session-data').textContent);
          const i = Math.floor(facts.map_x.length / 2);
          const point = new DOMPoint(facts.map_x[i], facts.map_y[i]);
          const at = point.matrixTransform(map.getScreenCTM());
          return [at.x, at.y];
        }"""
    )
    page.mouse.move(*place)
    expect(slider).not_to_have_attribute("aria-valuetext", re.compile("^0:00"))
    on_map = str(slider.get_attribute("aria-valuetext"))
    row = page.locator("tr[data-s]").nth(1)
    row.hover()
    start_s = int(str(row.get_attribute("data-s")))
    clock = f"{start_s // 60}:{start_s % 60:02d}"
    assert not on_map.startswith(f"{clock} ")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"^{clock} "))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_axe_violation(browser: Browser, put: Put, whole: str, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    opened(page, put(whole))
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    page.close()


def test_nothing_is_wider_than_a_phone(browser: Browser, put: Put, whole: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    opened(page, put(whole))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_a_hostile_name_of_ten_kilobytes_is_shown_and_does_nothing(
    page: Page, put: Put, whole: str
) -> None:
    messages = listen(page)
    opened(page, put(whole))
    assert page.locator("p.when bdi").inner_text() == HOSTILE[:160] + "…"
    assert page.title().startswith(HOSTILE[:40])
    assert page.evaluate("[window.bad, document.images.length]") == [None, 0]
    assert messages == []


def test_readable_with_scripts_off(browser: Browser, put: Put, html: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(put(html))
    assert page.locator("svg.map .way.backward").is_visible()
    assert page.locator("table.segments tbody tr").count() == len(hand_made_sessions.HOUR)
    assert page.locator("dl.tiles").is_visible()
    assert page.locator("svg.strip").is_visible()
    page.close()


def test_dark_lanes_are_named_in_light_ink(browser: Browser, put: Put, html: str) -> None:
    inks = []
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
        opened(page, put(html))
        line = page.locator("#part-lanes .pace .name b")
        inks.append(line.evaluate("each => getComputedStyle(each).color"))
        page.close()
    assert inks == ["rgb(29, 35, 41)", "rgb(233, 236, 239)"]


SHEETS = {"A4": 688, "Letter": 710}  # paper → pixels between margins of 14 mm
CUT = """() => [...document.querySelectorAll("main *")].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width && !each.closest("svg, .hidden") &&
    getComputedStyle(each).position !== "absolute" &&
    (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map((each) => `${each.tagName}.${each.className}`)"""


@pytest.mark.parametrize(("language", "paper"), [("en", "Letter"), ("de", "A4")])
@pytest.mark.parametrize("parts", [of_an_hour, lambda: every_part("Lunch loop")])
def test_prints_on_few_pages_and_nothing_is_cut(
    page: Page, tmp_path: Path, parts: Callable[[], str], language: str, paper: str
) -> None:
    site = Site(tmp_path)
    site.ensure_assets()
    with use_language(language):
        site.write("sessions/page.html", parts())
    opened(page, (tmp_path / "sessions" / "page.html").as_uri())
    values = page.locator(".tiles .value").all_inner_texts()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": SHEETS[paper], "height": 990})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= SHEETS[paper]
    assert page.evaluate(CUT) == []
    assert len(values) >= 4
    assert all(each.is_visible() for each in page.locator(".tiles .value").all())
    target = tmp_path / "page.pdf"
    printed = page.pdf(path=str(target), format=paper, print_background=True)
    sheets = printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page/")
    assert 1 <= sheets <= 6
    if shutil.which("pdftotext"):
        command = ["pdftotext", "-layout", str(target), "-"]
        done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own file
        words = done.stdout.decode()
        assert [each for each in values if each not in words] == []
