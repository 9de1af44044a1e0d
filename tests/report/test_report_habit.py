"""What pages say of the athlete's answers, of what counts by habit, and of what is only assumed."""

from typing import Any

import hand_made_sessions
import pytest
import session_history
from lxml import html as parser
from msgspec import structs

from retrorun.model import AnsweredGait, AnsweredSide, Athlete, GaitHabit, GaitKind, Session
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.sessions import index_page
from retrorun.report.inbox import habit_state
from retrorun.report.session.page import SessionContext, session_page

PROVEN = GaitHabit(GaitKind((0.08, 0.21), (0.55, 0.8), 40.0), 96, 90, 12, 84, 84, 0.9563, True)  # noqa: FBT003
EARLY = structs.replace(PROVEN, kind=None, answers=5, counted=0, right=0, low=0.0, proven=False)
LOST = structs.replace(PROVEN, right=82, low=0.917, proven=False)
PLAN: hand_made_sessions.Plan = [
    (600, "forward", "run", "assumed", 3.0),
    (60, "backward", "run", "habit", 2.0),
    (300, "forward", "run", "assumed", 3.0),
    (90, "backward", "run", "candidate", 2.0),
]


def tree(html: str) -> Any:  # noqa: ANN401  # what an XPath gives has no narrower type
    return parser.fromstring(html)


def words(html: str) -> str:
    return " ".join(tree(html).xpath("string(//main)").split())


def page(plan: hand_made_sessions.Plan, athlete: Athlete, *, outdated: bool = False) -> str:
    session, track = hand_made_sessions.session(plan), hand_made_sessions.track(plan)
    return session_page(session, track, SessionContext(athlete=athlete, outdated=outdated))


def overview(athlete: Athlete, sessions: list[Session] | None = None) -> list[str]:
    known = session_history.ten_weeks() if sessions is None else sessions
    compared = session_history.compared(known)
    return [
        words(html)
        for html in (index_page(known, athlete), comparison_page(compared, known, athlete))
    ]


@pytest.mark.parametrize(
    ("athlete", "expected"),
    [
        (Athlete(), "early"),
        (Athlete(gait_habit=EARLY), "early"),
        (Athlete(gait_habit=PROVEN), "offer"),
        (Athlete(gait_habit=PROVEN, trust_gait=True), "trusted"),
        (Athlete(gait_habit=LOST, trust_gait=True), "unproven"),
        (Athlete(trust_gait=True), "unproven"),
    ],
)
def test_what_may_count_is_told_by_proof_and_trust(athlete: Athlete, expected: str) -> None:
    assert habit_state(athlete) == expected


def test_overviews_say_what_was_learnt_and_from_how_many_and_offer_trust() -> None:
    for text in overview(Athlete(gait_habit=PROVEN)):
        assert "You answered 96 stretches" in text
        assert "in 12 sessions; 90 were backward" in text
        assert "8 % to 21 % quicker than your forward line, at 55 % to 80 %" in text
        assert "right in 84 of 84 stretches: 100 %, and at least 95 %" in text
        assert "retrorun profile trust_gait=true" in text


def test_a_bound_that_misses_the_proof_is_not_rounded_up_to_it() -> None:
    """68 of 68: the lower end is 68 / (68 + 1.96²) = 0.9465, and 95 % were needed."""
    short = structs.replace(PROVEN, counted=68, right=68, low=0.9465, proven=False)
    for text in overview(Athlete(gait_habit=short, trust_gait=True)):
        assert "68 of 68 stretches: 100 %, and at least 94 % with 95 % confidence" in text


def test_overviews_say_what_accepted_and_rejected_stretches_looked_like() -> None:
    """exp of 0.14, -0.36, -0.16: 115, 70 and 85 %; of 0.06, -0.22: 106 and 80 %."""
    answered = AnsweredGait(
        AnsweredSide(90, 12, 4, 0.14, -0.36, -0.16, None),
        AnsweredSide(6, 3, 3, 0.06, -0.22, None, None),
        log_odds=2.0,
    )
    for text in overview(Athlete(gait_habit=PROVEN, answered_gait=answered)):
        assert "accepted 90 (sessions: 12): with 115 % of the steps" in text
        assert "Their ground contact was 85 % of the forward one" in text
        assert "rejected 6 (sessions: 3): forward running with 106 % of the steps" in text
        assert "at 80 % of your forward speed" in text
        assert "no longer proposed" not in text  # one session's rejections take nothing away
        assert "Once you have rejected some in two sessions" in text
        assert "rise and fall" not in text


def test_the_command_that_trusts_names_an_archive_that_lies_elsewhere() -> None:
    athlete, known = Athlete(gait_habit=PROVEN), session_history.ten_weeks()
    compared, place = session_history.compared(known), " --archive there"
    plan = [each for each in PLAN if each[3] != "habit"]
    made = hand_made_sessions.session(plan), hand_made_sessions.track(plan)
    context = SessionContext(athlete=athlete, archive_option=place)
    for html in (
        index_page(known, athlete, archive_option=place),
        comparison_page(compared, known, athlete, archive_option=place),
        session_page(*made, context),
    ):
        commands = [each.text for each in tree(html).xpath("//code")]
        assert "retrorun profile trust_gait=true --archive there" in commands


def test_trust_without_proof_is_said_and_offers_nothing() -> None:
    for athlete in (Athlete(gait_habit=LOST, trust_gait=True), Athlete(trust_gait=True)):
        for text in overview(athlete):
            assert "nothing counts by habit" in text
            assert "trust_gait=true" not in text


def test_without_answers_and_trust_nothing_is_said() -> None:
    for text in overview(Athlete()):
        assert "your answers" not in text.lower()


def test_a_session_marks_what_counts_by_habit_and_what_is_assumed() -> None:
    html = page(PLAN, Athlete(gait_habit=PROVEN, trust_gait=True))
    rows = tree(html).xpath("//table[@class='segments']/tbody/tr")
    cells = [[" ".join(cell.text_content().split()) for cell in row] for row in rows]
    directions = tree(html).xpath("//table[@class='segments']//span[@class='what']/text()")
    assert directions == ["Run", "Backward run (by habit)", "Run", "Maybe backward run"]
    assert [row[-1] for row in cells] == ["assumed", "97 %", "assumed", "81 %"]
    assert [row.get("class") for row in rows] == ["forward", "backward", "forward", "candidate"]
    tile = tree(html).xpath("//div[dt='Backward time']/dd/text()")
    assert tile == ["1:00", "1:00 of it by habit, and 1:30 that may be"]
    assert "by habit: steps that your answers proved" in words(html)
    assert "If one is wrong, label it" in words(html)
    assert "Assumed: nothing confirms it" in words(html)


def test_a_session_with_candidates_offers_trust_once_it_is_proven() -> None:
    plan = [each for each in PLAN if each[3] != "habit"]
    assert "trust_gait=true" in words(page(plan, Athlete(gait_habit=PROVEN)))
    assert "trust_gait=true" not in words(page(plan, Athlete(gait_habit=EARLY)))
    lost = words(page(plan, Athlete(gait_habit=LOST, trust_gait=True)))
    assert "nothing counts by habit" in lost
    assert "trust_gait=true" not in lost
    sure: hand_made_sessions.Plan = [(600, "forward", "run", "confirmed", 3.0)]
    assert "trust_gait" not in words(page(sure, Athlete(gait_habit=PROVEN)))


def test_lists_mark_what_counts_by_habit() -> None:
    (index, _) = overview(Athlete())
    assert index.count("by habit)") == 1
    assert "7:00 (4:00 by habit)" in index


def test_outdated_sessions_are_named() -> None:
    known = session_history.ten_weeks()
    ids = [each.id for each in known[:2]]
    html = index_page(known, Athlete(), outdated=ids)
    links = tree(html).xpath("//section[h2='Sessions that are to be analysed again']//a")
    assert [each.get("href") for each in links] == [f"sessions/{each}.html" for each in ids[::-1]]
    daily = [session_history.run(day) for day in range(31)]
    many = words(index_page(daily, Athlete(), outdated=[each.id for each in daily]))
    assert "and 11 more" in many
    compared = session_history.compared(known)
    assert "2 sessions are to be analysed again" in words(
        comparison_page(compared, known, Athlete(), outdated=ids)
    )
    assert "analysed again" not in words(index_page(known, Athlete()))
    assert "analyse it again" in words(page(PLAN, Athlete(), outdated=True))
    assert "analyse it again" not in words(page(PLAN, Athlete()))
