"""Which claims a page shows open, which it folds, and which only the comparison holds."""

import re
from typing import Any

import hand_made_sessions
import lxml.html
import pytest
import session_history

from retrorun.compare import claims
from retrorun.compare.claims import UNMEASURABLE
from retrorun.language import use_language
from retrorun.literature import BY_KEY
from retrorun.model import Estimate
from retrorun.model.comparison import Claim
from retrorun.report.claims import claim_cards
from retrorun.report.history.comparison import comparison_page
from retrorun.report.session.page import SessionContext, session_page

NUMBER = Estimate(1.3, 1.2, 1.4, "hand")


def claim(key: str, status: Any, measured: Estimate | None = None) -> Claim:  # noqa: ANN401
    return Claim(key, key, "studies", "data", None, NUMBER, measured, "", status)


def titles(html: str, path: str) -> list[str]:
    tree: Any = lxml.html.fromstring(html)  # what an XPath gives has no narrower type
    return [" ".join(each.text_content().split()) for each in tree.xpath(path)]


def test_three_answered_claims_are_open_and_those_with_a_number_first() -> None:
    given = [
        claim("a", "not measurable"),
        claim("b", "answered"),
        claim("c", "too early"),
        claim("d", "answered"),
        claim("e", "answered", NUMBER),
        claim("f", "not recorded"),
        claim("g", "answered"),
    ]
    found = claim_cards(given)
    assert [each.key for each in found.open] == ["e", "b", "d"]
    assert [each.key for each in found.folded] == ["g", "c", "f", "a"]


def test_a_claim_without_an_answer_is_never_open() -> None:
    found = claim_cards([claim("a", "too early"), claim("b", "answered")])
    assert [each.key for each in found.open] == ["b"]
    assert [each.key for each in found.folded] == ["a"]
    assert claim_cards([claim("a", "not recorded")]).open == ()


def test_one_answer_to_all_claims_is_said_once() -> None:
    found = claim_cards([claim("a", "too early"), claim("b", "too early")])
    assert found.shared == "data"
    other = Claim("c", "c", "studies", "other data", None, NUMBER, None, "", "too early")
    assert claim_cards([claim("a", "too early"), other]).shared == ""
    assert claim_cards([claim("a", "too early")]).shared == ""
    assert claim_cards([claim("a", "answered"), claim("b", "too early")]).shared == ""


def test_what_no_watch_can_measure_stands_on_the_comparison_only() -> None:
    sessions = session_history.ten_weeks()
    compared = session_history.compared(sessions)
    everything = {each.claim for each in claims(compared)}
    beyond = {title for _, title, _ in UNMEASURABLE}
    track = hand_made_sessions.track(session_history.LONG)
    own = session_page(sessions[0], track, SessionContext(claims=claims(compared)))
    over_time = comparison_page(compared, sessions, session_history.ME)
    path = "//section[@aria-labelledby='claims']//h3"
    assert set(titles(own, path)) == everything - beyond
    assert set(titles(over_time, path)) == everything
    assert len(titles(own, "//li[contains(@class,'claim')]")) == 3


def test_a_folded_claim_holds_its_answer_and_its_studies() -> None:
    sessions = session_history.ten_weeks()
    compared = session_history.compared(sessions)
    html = comparison_page(compared, sessions, session_history.ME)
    section = " ".join(titles(html, "//section[@aria-labelledby='claims']"))
    for each in claims(compared):
        assert each.data in section
        assert each.literature in section


def texts(html: str) -> list[str]:
    """Every text of a page that is read, and what pictures are called."""
    tree: Any = lxml.html.fromstring(html)
    return [
        " ".join(each.split())
        for each in tree.xpath("//text()[not(ancestor::script or ancestor::style)]|//@aria-label")
    ]


@pytest.mark.parametrize("language", ["en", "de"])
def test_numbers_have_one_minus_and_one_per_cent(language: str) -> None:
    """A true minus, and a blank before the sign, in sentences, tables, pictures and citations."""
    sessions = session_history.ten_weeks()
    compared = session_history.compared(sessions)
    track = hand_made_sessions.track(session_history.LONG)
    with use_language(language):
        own = session_page(sessions[0], track, SessionContext(claims=claims(compared)))
        found = texts(own) + texts(comparison_page(compared, sessions, session_history.ME))
    assert any("\N{MINUS SIGN}" in each for each in found)
    assert [each for each in found if re.search(r"\d%", each)] == []
    assert [each for each in found if re.search(r"(?:^|[\s(±])-\d", each)] == []
    assert [each for each in found if re.search(r"\d:\d+-\d|\d\.\d-\d", each)] == []


def test_a_paper_is_named_in_the_words_of_its_authors_in_any_language() -> None:
    """Half of a citation was German once, with points between the thousands."""
    compared = session_history.compared(session_history.ten_weeks())
    with use_language("de"):
        cards = claim_cards(claims(compared))
    found = {each.key: each.literature for each in (*cards.open, *cards.folded)}
    assert found["gradually"].startswith("Einheiten vorwärts, ")
    assert found["gradually"].endswith(f" ({BY_KEY['injury_small_spike'].citation}).")
    assert found["calories"].endswith(f"; {BY_KEY['backward_run_level'].citation}).")


def test_one_session_has_no_median() -> None:
    days = [session_history.run(day) for day in range(2)]
    one, two = (
        next(
            each.data
            for each in claims(session_history.compared(given))
            if "before the first" in each.data
        )
        for given in (days[:1], days)
    )
    assert one == "10.0 min of forward movement before the first backward stretch."
    assert two == f"Median {one}"
