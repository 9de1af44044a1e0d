"""Pages for somebody else: small, quiet, and without anything that the receiver cannot use."""

import re
import shutil
from pathlib import Path

import hand_made_sessions
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from lxml import html
from playwright.sync_api import Browser

from retrorun.cli import main
from retrorun.compare import EarlierSessions, guidance, session_claims
from retrorun.model import Athlete
from retrorun.report.session.page import SessionContext, session_page
from retrorun.settings import Settings

MOST_BYTES = 600_000
UNDECIDED: hand_made_sessions.Plan = [(900, "forward", "run", "assumed", 2.9)]


def handed_on(plan: hand_made_sessions.Plan, **changes: object) -> str:
    session = hand_made_sessions.session(plan, **changes)
    before, settings = EarlierSessions(), Settings().compare
    context = SessionContext(
        guidance=guidance(session, before, settings),
        claims=session_claims(session, before, Athlete(), settings),
        standalone=True,
        redacted=True,
        outdated=True,
        archive_option=" --archive /home/anna/runs",
    )
    return session_page(session, hand_made_sessions.track(plan), context)


@pytest.fixture(scope="module")
def hour() -> str:
    return handed_on(hand_made_sessions.HOUR)


@pytest.fixture(scope="module")
def of_samples(tmp_path_factory: pytest.TempPathFactory, processed: Path) -> list[str]:
    folder = tmp_path_factory.mktemp("shared")
    shutil.copytree(processed / "archive", folder / "archive")
    where = ["--archive", str(folder / "archive"), "--reports", str(folder / "pages")]
    done = CliRunner().invoke(main, ["report", "--redact", *where])
    assert done.exit_code == 0, done.output
    found = [each.read_text(encoding="utf-8") for each in (folder / "pages").rglob("*.html")]
    assert len(found) == 16
    return found


def check(text: str) -> None:
    """No script, no command, and no way that leads nowhere."""
    page = html.document_fromstring(text)
    ids = {each.get("id") for each in page.iter() if each.get("id")}
    ways = [way for each in page.iter() for name in ("href", "src") if (way := each.get(name))]
    for way in ways:
        assert way == "data:," or (way.startswith("#") and way[1:] in ids), way
    assert page.findall(".//script") == []
    assert page.findall(".//button") == []
    assert re.findall(r"retrorun (?:label|profile|process|open|archive|export)\b", text) == []
    assert "--archive" not in text


def test_an_hour_is_small(hour: str) -> None:
    assert len(hour.encode()) <= MOST_BYTES


def test_everything_in_it_can_be_used(hour: str) -> None:
    check(hour)
    check(handed_on(UNDECIDED))
    check(handed_on(hand_made_sessions.TWO_CANDIDATES))


def test_the_samples(of_samples: list[str]) -> None:
    for text in of_samples:
        check(text)
        assert len(text.encode()) <= MOST_BYTES
        assert re.findall(r"2026-\d\d-\d\d|garmin|osmand|Simulated|Denver", text) == []


def test_a_whole_page_in_one_file_leads_to_no_other() -> None:
    plan = hand_made_sessions.HOUR
    text = session_page(
        hand_made_sessions.session(plan),
        hand_made_sessions.track(plan),
        SessionContext(standalone=True),
    )
    body = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    links = set(re.findall(r'href="?([^" >]*)', body)) - {"data:,"}
    assert links >= {"#content"}
    assert all(link.startswith("#") for link in links)
    assert {link[1:] for link in links} <= set(re.findall(r'id="?([^" >]*)', body))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width_px", [390, 1280])
def test_it_opens_without_a_network(
    browser: Browser, tmp_path: Path, hour: str, scheme: str, width_px: int
) -> None:
    place = tmp_path / "page.html"
    place.write_text(hour, encoding="utf-8")
    context = browser.new_context(
        offline=True,
        color_scheme=scheme,  # type: ignore[arg-type]  # light or dark
        viewport={"width": width_px, "height": 900},
    )
    page = context.new_page()
    messages: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(place.as_uri())
    page.wait_for_timeout(100)
    assert messages == []
    assert [each for each in asked if not each.startswith("data:")] == [place.as_uri()]
    sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(sideways) <= 0
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
