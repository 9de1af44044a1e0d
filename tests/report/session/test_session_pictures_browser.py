"""Lanes, map, technique, table and paper of a session's page, measured as a browser lays them out.

Where something must stand follows from the plan of the hand-made session, not from the page.
"""

import dataclasses as dc
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import hand_made_sessions
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec import structs
from playwright.sync_api import Browser, Page, expect

from retrorun.language import use_language
from retrorun.model import Athlete, Track
from retrorun.report.session.page import SessionContext, session_page

Put = Callable[[str], str]
Plan = hand_made_sessions.Plan
HOUR = hand_made_sessions.HOUR
FORWARD_ONLY: Plan = [(900, "forward", "run", "assumed", 3.0)]
A4_PX, LETTER_PX = 688, 710  # 210 and 216 mm less twice 14 mm, at 96 px to the inch


@pytest.fixture(scope="module")
def html() -> str:
    return session_page(
        hand_made_sessions.session(), hand_made_sessions.track(HOUR), SessionContext()
    )


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.locator("html[data-drawn]").wait_for(state="attached")
    return page


def shown(page: Page, put: Put, plan: Plan, track: Track, **changes: object) -> Page:
    return opened(
        page,
        put(session_page(hand_made_sessions.session(plan, **changes), track, SessionContext())),
    )


def box(page: Page, css: str) -> dict[str, float]:
    """Where the first element of a selector lies in the window."""
    found = page.locator(css).first.bounding_box()
    assert found
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


def shares(page: Page, css: str) -> list[tuple[float, float]]:
    """Left and right end of elements as shares of the lanes' width."""
    return [
        (first, last)
        for first, last in page.evaluate(
            """(css) => { const all = document.getElementById('part-lanes').getBoundingClientRect();
              return [...document.querySelectorAll(css)].map((each) => {
                const at = each.getBoundingClientRect();
                return [at.left, at.right].map((end) => (end - all.left) / all.width); }); }""",
            css,
        )
    ]


def spans(plan: Plan, *verdicts: str) -> list[tuple[float, float]]:
    """Start and end of the plan's backward parts of these verdicts, as shares of the whole."""
    ends = np.concatenate([[0], np.cumsum([each[0] for each in plan])])
    return [
        (start / ends[-1], end / ends[-1])
        for (start, end), each in zip(pairwise(ends.tolist()), plan, strict=True)
        if each[1] == "backward" and each[3] in verdicts
    ]


# -- lanes ------------------------------------------------------------------------------------


def test_bands_and_the_coloured_line_lie_where_it_was_backward(
    page: Page, put: Put, html: str
) -> None:
    opened(page, put(html))
    truth = spans(HOUR, "confirmed", "labelled")
    np.testing.assert_allclose(shares(page, ".bands .backward"), truth, atol=0.002)
    ((left, right),) = shares(page, "#part-lanes .pace .line.backward")
    # one path from the first to the last of them; a point of it is at most five seconds wide
    assert abs(left - truth[0][0]) < 0.004
    assert abs(right - truth[-1][1]) < 0.004
    colours = [
        page.locator(f"#part-lanes .pace .line.{kind}").evaluate(
            "(at) => getComputedStyle(at).stroke"
        )
        for kind in ("forward", "backward")
    ]
    assert colours == ["rgb(0, 114, 178)", "rgb(213, 94, 0)"]


def test_adjacent_candidates_stay_apart(page: Page, put: Put) -> None:
    plan: Plan = [
        (200, "forward", "run", "confirmed", 2.9),
        (100, "backward", "run", "candidate", 2.1),
        (100, "backward", "run", "candidate", 2.0),
        (200, "forward", "run", "confirmed", 2.9),
    ]
    shown(page, put, plan, hand_made_sessions.track(plan))
    bands = page.locator(".bands .candidate")
    np.testing.assert_allclose(
        shares(page, ".bands .candidate"), [(1 / 3, 1 / 2), (1 / 2, 2 / 3)], atol=0.003
    )
    for style in bands.evaluate_all("(all) => all.map((at) => getComputedStyle(at))"):
        assert style["borderLeftStyle"] == style["borderRightStyle"] == "dashed"
        assert style["backgroundImage"].startswith("repeating-linear-gradient")


def test_laps_are_ticked_where_they_were_pressed(page: Page, put: Put) -> None:
    laps = hand_made_sessions.laps(0, 600, 1500, 3600)
    shown(page, put, HOUR, hand_made_sessions.track(HOUR), laps=laps)
    found = [left for left, _ in shares(page, ".bands b")]
    np.testing.assert_allclose(found, [600 / 3600, 1500 / 3600], atol=0.002)


def test_level_ground_looks_level(page: Page, put: Put) -> None:
    track = hand_made_sessions.track(HOUR)
    track.columns["smooth_altitude_m"][:] = 300 + 1.5 * np.sin(np.arange(track.seconds) / 200)
    shown(page, put, HOUR, track)
    lane, line = (
        box(page, "#part-lanes .height svg"),
        box(page, "#part-lanes .height .line.forward"),
    )
    # three metres of at least twenty, and the width of the line
    assert line["height"] <= lane["height"] * 3 / 20 + 4
    edges = page.locator("#part-lanes .height svg").evaluate(
        "(at) => [at.dataset.top, at.dataset.foot]"
    )
    assert float(edges[0]) - float(edges[1]) == pytest.approx(20, abs=0.01)


def test_a_long_run_is_a_line_over_its_range(page: Page, put: Put) -> None:
    plan: Plan = [(14_400, "forward", "run", "confirmed", 2.5)]
    track = hand_made_sessions.track(plan)
    rng = np.random.default_rng(2)
    track.columns["heart_rate_bpm"][:] = 150 + rng.normal(0, 8, track.seconds)
    shown(page, put, plan, track)
    svg = page.locator("#part-lanes .heart svg")
    top, foot = (float(str(svg.get_attribute(f"data-{end}"))) for end in ("top", "foot"))
    bpm_a_px = (top - foot) / box(page, "#part-lanes .heart svg")["height"]
    line, range_ = (box(page, f"#part-lanes .heart .{name}.forward") for name in ("line", "range"))
    # normal spread of 8: nine in ten lie within 2 × 1.645 × 8 = 26 beats; medians of 41 samples
    # have a spread of about 1.25 × 8 / √41 = 1.6, so that 720 of them reach over some 11 beats
    assert 4 < line["height"] * bpm_a_px < 16
    assert 22 < range_["height"] * bpm_a_px < 48
    drawn = str(page.locator("#part-lanes .heart .line.forward").get_attribute("d"))
    assert len(re.findall(r"-?\d+", drawn)) <= 2 * 722


def test_zooming_in_shows_the_samples_and_back_again(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    page.locator("tr[data-n='3'] td").nth(1).click()
    page.get_by_role("button", name="Zoom in").click()
    ((left, right),) = [
        each for each in shares(page, ".bands .backward") if each[0] > -0.01 and each[1] < 1.01
    ]
    assert [left, right] == pytest.approx([0, 1], abs=0.01)
    assert page.locator("#part-lanes .pace .sample.backward").count() == 1
    assert page.locator("#part-lanes .times span").first.inner_text() == "22:00"
    page.get_by_role("button", name="Whole session").click()
    expect(page.locator("#part-lanes .sample")).to_have_count(0)
    assert page.locator("#part-lanes .times span").first.inner_text() == "0:00"


# -- map --------------------------------------------------------------------------------------


def on_map(page: Page, second: int) -> tuple[float, float]:
    """Where in the window the map has this second of the track."""
    x, y = page.evaluate(
        """(second) => { const map = document.querySelector('.map');
          const facts = JSON.parse(document.getElementById('session-data').textContent);
          const point = new DOMPoint(facts.map_x[second], facts.map_y[second]);
          const at = point.matrixTransform(map.getScreenCTM());
          return [at.x, at.y]; }""",
        second,
    )
    return float(x), float(y)


def middle(page: Page, css: str) -> tuple[float, float]:
    at = box(page, css)
    return at["x"] + at["width"] / 2, at["y"] + at["height"] / 2


def map_words(page: Page) -> list[str]:
    """The names on the map, with plain blanks."""
    return [" ".join(each.split()) for each in page.locator(".map text").all_text_contents()]


@pytest.mark.parametrize("scripts", [True, False])
def test_the_map_names_its_ends_and_distances(
    browser: Browser, put: Put, html: str, *, scripts: bool
) -> None:
    page = browser.new_page(java_script_enabled=scripts, viewport={"width": 1280, "height": 900})
    page.goto(put(html))
    words = map_words(page)
    for each in ("Start", "Finish", "1 km", "9 km", "N"):
        assert each in words
    assert page.locator(".map .arrow").count() >= 5
    assert page.locator(".map a.mark").count() == 4
    page.close()


def test_distances_lie_where_they_were_run(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    # 420 s at 1.5 m/s are 630 m; 370 m more at 2.9 m/s take 128 s
    found, truth = middle(page, ".map [data-far='1']"), on_map(page, 548)
    assert np.hypot(found[0] - truth[0], found[1] - truth[1]) < 4
    # the finish is where the last second is, and the start where the first one is
    for css, second in ((".map .start", 0), (".map .finish", -1)):
        at = on_map(page, second % sum(each[0] for each in HOUR))
        found = middle(page, css)
        assert np.hypot(found[0] - at[0], found[1] - at[1]) < 2


def test_miles_where_miles_are_wanted(put: Put, page: Page) -> None:
    context = SessionContext(athlete=Athlete(units="imperial"))
    track = hand_made_sessions.track(HOUR)
    opened(page, put(session_page(hand_made_sessions.session(), track, context)))
    words = map_words(page)
    assert "1 mi" in words
    assert "1 km" not in words


def test_a_number_on_the_map_leads_to_its_row(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    for lead in ("click", "Enter"):
        mark = page.get_by_role("link", name="Stretch 6, backward")
        if lead == "click":
            mark.click()
        else:
            mark.focus()
            page.keyboard.press(lead)
        row = page.locator("tr[data-n='6']")
        expect(row).to_be_focused()
        expect(row).to_be_in_viewport()
        expect(page.locator("#selected-span")).to_contain_text("stretch 6")
        page.evaluate("scrollTo(0, 0)")
    size = box(page, ".map .mark .touch")
    assert min(size["width"], size["height"]) >= 24


def test_a_number_leads_to_its_row_without_scripts(browser: Browser, put: Put, html: str) -> None:
    page = browser.new_page(java_script_enabled=False, viewport={"width": 1280, "height": 500})
    page.goto(put(html))
    page.locator(".map .mark[data-n='8']").click()
    expect(page.locator("tr[data-n='8']")).to_be_in_viewport()
    page.close()


def test_the_map_stays_in_sight_beside_lanes_and_table(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    picture, lanes = box(page, ".mapbox"), box(page, "#part-lanes")
    assert picture["x"] + picture["width"] <= lanes["x"]
    page.locator("table.segments tbody tr").last.evaluate(
        "(at) => at.scrollIntoView({block: 'end'})"
    )
    after = box(page, ".mapbox")
    assert page.evaluate("scrollY") > 300
    assert after["y"] >= 0
    assert after["y"] + after["height"] <= 900


def wide_track(plan: Plan) -> Track:
    """The same run along a line from west to east."""
    track = hand_made_sessions.track(plan)
    along = np.cumsum(track.columns["ground_speed_mps"])
    return structs.replace(track, columns={**track.columns, "x_m": along, "y_m": 0.02 * along})


def test_a_wide_way_lies_above_the_lanes_and_stays_in_sight(page: Page, put: Put) -> None:
    shown(page, put, HOUR, wide_track(HOUR))
    picture, lanes = box(page, ".mapbox"), box(page, ".lanes")
    assert picture["width"] == pytest.approx(lanes["width"], abs=1)
    assert picture["y"] + picture["height"] <= lanes["y"]
    page.evaluate("scrollBy(0, document.querySelector('.lanes').getBoundingClientRect().top - 200)")
    after = box(page, ".mapbox")
    assert 0 <= after["y"] <= 20
    assert after["height"] <= 0.45 * 900


# -- technique and differences ----------------------------------------------------------------


def test_walking_and_running_have_axes_of_their_own(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    panels = page.locator(".technique")
    assert [each.split()[0] for each in panels.all_inner_texts()] == ["Walking", "Running"]
    ticks = [
        [float(tick) for tick in panels.nth(place).locator(".speed").all_inner_texts()]
        for place in (0, 1)
    ]
    # 1.2 to 1.5 m/s are 4.3 to 5.4 km/h; 2.0 to 3.1 m/s are 7.2 to 11.2 km/h
    assert max(ticks[0]) < 7 < min(ticks[1])
    assert panels.nth(0).locator("i.backward").count() == 1
    assert panels.nth(1).locator("i.backward").count() == 2
    assert panels.nth(1).locator("i.candidate").count() == 1


def test_differences_are_dots_around_zero(page: Page, put: Put) -> None:
    plan: Plan = [
        (300, "forward", "run", "confirmed", 3.0),
        (100, "backward", "run", "confirmed", 2.0),
        (300, "forward", "run", "confirmed", 3.0),
        (100, "backward", "run", "confirmed", 2.5),
    ]
    shown(page, put, plan, hand_made_sessions.track(plan))
    row = page.locator(".contrast tbody tr").first
    # 1000/2.25 s against 1000/3 s: a third slower. Speeds of 2.0 and 2.5 m/s in equal times have
    # the relative error 0.25/2.25 = 1/9; Student's t of one degree of freedom is 12.706:
    # e^(12.706/9) = 4.10, so 4/3 × 4.10 = 5.47 and 4/3 / 4.10 = 0.325
    assert row.locator("td").last.inner_text().split("\n")[0].split()[:2] == ["+33", "%"]
    assert row.locator("small").inner_text() == "\N{MINUS SIGN}68 to 447"
    reach = int(re.findall(r"\+(\d+)\s%", page.locator(".contrast thead").inner_text())[0])
    picture = row.locator(".whisker").bounding_box()
    dot = row.locator(".whisker circle").bounding_box()
    assert picture
    assert dot
    place = (dot["x"] + dot["width"] / 2 - picture["x"]) / picture["width"]
    assert place == pytest.approx(0.5 + 0.44 * 33.3 / reach, abs=0.01)


# -- phone, paper, and a session without anything backward ------------------------------------


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


def test_a_row_on_a_phone_holds_everything_in_two_lines(phone: Page, put: Put, html: str) -> None:
    opened(phone, put(html))
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    table = phone.locator(".scroll:has(> table.segments)")
    assert table.evaluate("(at) => at.scrollWidth - at.clientWidth") == 0
    row = phone.locator("tr[data-n='3']")
    cells = row.locator("th, td").evaluate_all(
        "(all) => all.map((at) => { const r = at.getBoundingClientRect();"
        " return [r.left, r.right, Math.round(r.top), at.scrollWidth <= at.clientWidth + 1]; })"
    )
    assert len(cells) == phone.locator("table.segments thead th").count()
    assert all(0 <= left < right <= 390 and fits for left, right, _, fits in cells)
    assert len({top for *_, top, _ in cells}) <= 2
    assert row.bounding_box()["height"] <= 64  # type: ignore[index]


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_column_of_the_table_is_cut(page: Page, phone: Page, put: Put, language: str) -> None:
    """With rows that ask and rows that count by habit, beside the map and on a phone."""
    plan: Plan = [
        (600, "forward", "run", "assumed", 2.9),
        (100, "backward", "run", "candidate", 2.1),
        (600, "forward", "run", "assumed", 2.9),
        (100, "backward", "walk", "habit", 2.0),
        (200, "forward", "walk", "assumed", 1.5),
    ]
    with use_language(language):
        html = session_page(
            hand_made_sessions.session(plan), hand_made_sessions.track(plan), SessionContext()
        )
    url = put(html)
    for each in (page, phone):
        opened(each, url)
        table = each.locator(".scroll:has(> table.segments)")
        assert table.evaluate("(at) => at.scrollWidth - at.clientWidth") == 0


TEXTS = """(all) => all.map((at) => { const words = document.createRange();
  words.selectNodeContents(at); const r = words.getBoundingClientRect();
  return [r.left, r.right, r.top, r.bottom]; })"""


def overlapping(page: Page, css: str) -> list[tuple[int, int]]:
    """Places of texts that lie on one another, of the elements of a selector."""
    found = [each for each in page.locator(css).evaluate_all(TEXTS) if each[1] > each[0]]
    return [
        (one, other)
        for other, (left, right, top, bottom) in enumerate(found)
        for one, (first, last, above, below) in enumerate(found[:other])
        if left < last and first < right and top < below and above < bottom
    ]


@pytest.mark.parametrize("width", [320, 390])
def test_texts_of_a_phone_page_keep_apart(browser: Browser, put: Put, width: int) -> None:
    """Of a run of some hours, whose numbers are long; minus signs and “assumed” among them."""
    plan: Plan = [
        (2400, "forward", "run", "assumed", 2.9),
        (2400, "backward", "run", "confirmed", 2.1),
        (2400, "forward", "run", "assumed", 2.9),
        (600, "backward", "walk", "confirmed", 1.1),
    ]
    page = browser.new_page(viewport={"width": width, "height": 844})
    shown(page, put, plan, hand_made_sessions.track(plan))
    for css in (".times span:visible", ".segments thead th", "tr[data-n] td"):
        assert overlapping(page, css) == [], css
    page.close()


def test_hours_of_a_day_keep_apart_below_the_lanes(browser: Browser, put: Put) -> None:
    plan: Plan = [(86_400, "forward", "run", "confirmed", 2.0)]
    page = browser.new_page(viewport={"width": 320, "height": 844})
    shown(page, put, plan, hand_made_sessions.track(plan))
    assert overlapping(page, ".times span:visible") == []
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_hatching_of_the_strip_is_not_stretched(browser: Browser, put: Put, width: int) -> None:
    """Its lines lie at 45 degrees on any screen, and where the plan has what may be backward."""
    plan = hand_made_sessions.TWO_CANDIDATES  # 60 of 600 s from 200 s on, and from 400 s on
    page = browser.new_page(viewport={"width": width, "height": 844})
    shown(page, put, plan, hand_made_sessions.track(plan))
    found = page.locator("svg.strip rect.candidate").evaluate_all(
        """(all) => all.map((at) => { const m = at.getScreenCTM(), r = at.getBoundingClientRect();
        const whole = at.ownerSVGElement.getBoundingClientRect();
        return [m.a / m.d, (r.left - whole.left) / whole.width, r.width / whole.width]; })"""
    )
    assert [each for row in found for each in row] == pytest.approx(
        [1, 200 / 600, 60 / 600, 1, 400 / 600, 60 / 600], abs=0.002
    )
    page.close()


def test_from_the_top_the_next_key_is_the_answer(page: Page, put: Put) -> None:
    """Who follows the call by keyboard stands before the buttons that answer."""
    plan = hand_made_sessions.TWO_CANDIDATES
    shown(page, put, plan, hand_made_sessions.track(plan))
    page.locator("#answer-call").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".answering")).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Yes to all 2")).to_be_focused()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_name_of_a_page_for_others_stands_above_its_headline(
    browser: Browser, put: Put, width: int
) -> None:
    made = session_page(
        hand_made_sessions.session(), hand_made_sessions.track(HOUR), SessionContext(redacted=True)
    )
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(put(made))
    assert box(page, ".brand span")["x"] > box(page, "h1")["x"]
    left = page.locator(".brand").evaluate(
        "(at) => at.getBoundingClientRect().left + parseFloat(getComputedStyle(at).paddingLeft)"
    )
    assert left == pytest.approx(box(page, "h1")["x"], abs=1)
    page.close()


def test_a_phone_is_told_what_to_touch(phone: Page, page: Page, put: Put, html: str) -> None:
    url = put(html)
    expect(opened(phone, url).locator(".by-touch")).to_be_visible()
    expect(phone.locator(".by-mouse")).to_be_hidden()
    assert "drag its two ends" in phone.locator("#readout").inner_text()
    assert "keyboard" not in phone.locator("#readout").inner_text()
    expect(opened(page, url).locator(".by-mouse")).to_be_visible()
    expect(page.locator(".by-touch")).to_be_hidden()


@pytest.mark.parametrize("width_px", [A4_PX, LETTER_PX])
def test_lanes_fill_the_sheet_and_are_not_cut(
    page: Page, put: Put, html: str, width_px: int
) -> None:
    page.set_viewport_size({"width": width_px, "height": 900})
    opened(page, put(html))
    page.emulate_media(media="print")
    lanes, heading = box(page, "#part-lanes"), box(page, "#course")
    assert lanes["width"] >= 0.88 * width_px
    assert page.locator("#stack").evaluate("(at) => getComputedStyle(at).breakInside") == "avoid"
    # a Letter sheet holds 251 mm, which are 949 px
    assert lanes["y"] + lanes["height"] - heading["y"] < 949
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_backward_leaves_one_thing_to_do(browser: Browser, put: Put, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    track = hand_made_sessions.track(FORWARD_ONLY)
    shown(page, put, FORWARD_ONLY, track)
    values = page.locator(".tiles .value").all_inner_texts()
    assert "–" not in values
    assert len(values) % 4 == 0
    page.get_by_role("button", name="Mark the backward part").click()
    expect(page.locator("#handle-start")).to_be_focused()
    expect(page.locator("#handle-start")).to_be_in_viewport()
    # the middle fifth of 900 s
    assert page.locator("#command").inner_text() == "retrorun label 0123456789ab 360 540 backward"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_nothing_is_asked_of_who_has_answered(page: Page, put: Put, html: str) -> None:
    opened(page, put(html))
    expect(page.get_by_role("button", name="Mark the backward part")).to_have_count(0)


@pytest.mark.parametrize("width", [768, 1231, 1280, 1920])
def test_no_column_of_the_stretches_lies_outside_its_table(
    browser: Browser, put: Put, width: int
) -> None:
    """Of sixty short stretches and one that may be backward, without a body mass."""
    start: Plan = [(900, "forward", "run", "assumed", 2.9)]
    pair: Plan = [(13, "backward", "run", "confirmed", 2.0), (72, "forward", "run", "assumed", 3.3)]
    maybe: Plan = [(60, "backward", "run", "candidate", 2.0), (60, "forward", "run", "assumed", 3)]
    plan = [*start, *pair * 60, *maybe]
    made = hand_made_sessions.session(plan)
    parts = tuple(
        dc.replace(
            each,
            metrics=dc.replace(
                each.metrics,
                energies=tuple(
                    dc.replace(e, gross=e.gross / 70, per_kg=True) for e in each.metrics.energies
                ),
                energy_shown=each.metrics.energy_shown
                and dc.replace(each.metrics.energy_shown, gross=0.78, per_kg=True),
            ),
        )
        for each in made.measures.segments
    )
    bare = dc.replace(made, measures=dc.replace(made.measures, segments=parts))
    page = browser.new_page(viewport={"width": width, "height": 900})
    opened(page, put(session_page(bare, hand_made_sessions.track(plan), SessionContext())))
    table = page.locator(".scroll:has(> .segments)")
    assert table.evaluate("at => at.scrollWidth - at.clientWidth") <= 0
    heads = page.locator(".segments thead th").all_inner_texts()
    assert heads[-2:] == ["kcal/kg", "Sure"]
    expect(page.locator("#stretch-1 td").nth(-2)).to_have_text("0.78")
    page.close()


def test_a_map_above_the_lanes_covers_nothing_that_is_jumped_to(page: Page, put: Put) -> None:
    recorded = hand_made_sessions.track(HOUR)
    flat = {**recorded.columns, "y_m": 0.2 * recorded.column("y_m")}
    page.set_viewport_size({"width": 1280, "height": 840})
    shown(page, put, HOUR, structs.replace(recorded, columns=flat))
    expect(page.locator(".course.wide")).to_have_count(1)
    for target in ("#stretches", "#stretch-12"):
        page.locator(target).evaluate("at => at.scrollIntoView()")
        at, above = box(page, target), box(page, ".mapbox")
        assert at["y"] >= above["y"] + above["height"]


GROUND = """(css) => { const at = document.querySelector(css);
  const style = getComputedStyle(at, css.startsWith(".legend") ? "::before" : null);
  return style.forcedColorAdjust === "none" ? style.backgroundColor : "taken by the system"; }"""


@pytest.mark.parametrize(
    "css", [".legend .{}", ".segments tr.{} i", ".field i.{}"], ids=["legend", "table", "technique"]
)
def test_forced_colours_leave_the_directions_apart(
    browser: Browser, put: Put, html: str, css: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 840}, forced_colors="active")
    opened(page, put(html))
    backward, forward = (
        page.evaluate(GROUND, css.format(kind)) for kind in ("backward", "forward")
    )
    assert backward == "rgb(213, 94, 0)"
    assert forward == "rgb(0, 114, 178)"
    assert page.evaluate(GROUND, ".bands i") not in {"taken by the system", "rgba(0, 0, 0, 0)"}
    page.close()
