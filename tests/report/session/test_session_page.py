"""The session page as text: what it says, what it must not hold, how big it may be."""

import dataclasses as dc
import re
from types import SimpleNamespace
from typing import Any, cast

import hand_made_sessions
import lxml.html
import numpy as np
import pytest
from msgspec import structs

from processor_time import is_cheap
from retrorun.detect import heading
from retrorun.model import (
    TWO_DIRECTIONS,
    Athlete,
    Direction,
    HeadingKind,
    HeadingVerdict,
    Note,
    Session,
    Source,
    Track,
    Verdict,
)
from retrorun.report.session.page import SessionContext, session_page

HOSTILE = "</script><img src=x onerror=alert(1)>=1+1\"'\u202egnp.exe{{7*7}}"


def page(session: Session, track: Track | None = None, **context: object) -> str:
    samples = hand_made_sessions.track(hand_made_sessions.HOUR) if track is None else track
    return session_page(session, samples, SessionContext(**context))  # type: ignore[arg-type]


def select(html: str, path: str) -> list[Any]:
    """What an XPath finds."""
    return cast("list[Any]", lxml.html.fromstring(html).xpath(path))


def words(html: str) -> str:
    """Text of the page's body, pictures and data aside."""
    path = "//text()[not(ancestor::script or ancestor::style or ancestor::svg)]"
    return " ".join("".join(select(html, path)).split())


def rows(html: str) -> list[list[str]]:
    """Cells of the table of stretches."""
    found = select(html, "//table[contains(@class,'segments')]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in found]


def bare(plan: hand_made_sessions.Plan, *names: str) -> Track:
    """The plan's track with only these columns."""
    full = hand_made_sessions.track(plan)
    return structs.replace(full, columns={name: full.columns[name] for name in names})


def test_one_sentence_tells_the_story() -> None:
    # 150 + 120 + 70 s backward; 3600 - 60 s in motion: 340 / 3540 = 9.6 %
    assert "You ran and walked 5:40 min backward in 3 stretches — 10 %" in words(
        page(hand_made_sessions.session())
    )


def test_candidates_are_told_apart_from_what_is_counted() -> None:
    plan: hand_made_sessions.Plan = [
        (600, "forward", "run", "confirmed", 3.0),
        (60, "backward", "run", "candidate", 2.0),
    ]
    html = page(hand_made_sessions.session(plan), hand_made_sessions.track(plan))
    assert "one stretch of 1:00 min looks backward by the steps alone" in words(html)
    assert select(html, "//div[dt='Maybe backward']/dd/text()") == [
        "1:00",
        "counts once you say so",
    ]


def test_what_waits_for_an_answer_is_asked_for_at_the_top() -> None:
    """Two stretches wait: the page on disk leads to its own buttons, the live one to the review."""
    plan = hand_made_sessions.TWO_CANDIDATES
    session, track = hand_made_sessions.session(plan), hand_made_sessions.track(plan)
    calls = {}
    for live in (False, True):
        html = session_page(session, track, SessionContext(live=live))
        (call,) = select(html, "//div[@id='part-top']//a[@id='answer-call']")
        calls[live] = call.get("href")
        assert " ".join(call.text_content().split()) == "Say which of the 2 were backward"
    assert calls == {False: "#part-answers", True: f"/review?session={session.id}"}
    redacted = session_page(session, track, SessionContext(redacted=True))
    assert select(redacted, "//a[@id='answer-call']") == []
    assert select(page(hand_made_sessions.session(plan[:1])), "//a[@id='answer-call']") == []


def test_the_legend_names_what_the_strip_shows() -> None:
    html = page(hand_made_sessions.session(hand_made_sessions.TWO_CANDIDATES))
    assert select(html, "//ul[@class='legend']/li/@class") == ["candidate", "forward"]
    every = select(page(hand_made_sessions.session()), "//ul[@class='legend']/li/@class")
    assert every == ["backward", "candidate", "forward", "unknown", "still"]


def resting_on(verdict: Verdict, direction: Direction, **evidence: float) -> Session:
    """Ten minutes of running with these grounds."""
    session = hand_made_sessions.session([(600, direction, "run", verdict, 3.0)])
    each = session.measures.segments[0]
    only = (dc.replace(each, segment=dc.replace(each.segment, evidence=evidence)),)
    return dc.replace(session, measures=dc.replace(session.measures, segments=only))


def test_without_any_evidence_the_page_says_so_and_shows_no_zero() -> None:
    html = page(resting_on("candidate", "forward", heading=0.0, gait=0.0, label=0.0))
    assert "Nothing in this recording tells backward from forward" in words(html)
    assert "No backward running" not in words(html)
    tiles = dict(
        zip(
            select(html, "//dl[@class='tiles']//dt/text()"),
            select(html, "//dl[@class='tiles']//dd[@class='value']/text()"),
            strict=True,
        )
    )
    assert not any("ackward" in name for name in tiles)
    assert "–" not in tiles.values()
    # 600 s at 3 m/s: 1000 / 3 = 333 s to the kilometre
    assert tiles["Distance"] == "1.80\N{NO-BREAK SPACE}km"
    assert tiles["Moving time"] == "10:00"
    assert tiles["Pace"] == "5:33"
    assert [each.text for each in select(html, "//button[@id='mark-part']")] == [
        "Mark the backward part"
    ]


def test_forward_by_compass_or_by_steps_is_told_as_found() -> None:
    for verdict, kind in (("confirmed", "heading"), ("candidate", "gait")):
        html = page(resting_on(cast("Verdict", verdict), "forward", **{kind: -9.0}))
        assert "No backward running was found" in words(html)
        assert select(html, "//div[dt='Backward time']/dd[@class='value']/text()") == ["0:00"]


def test_a_doubted_compass_is_not_called_steps() -> None:
    page_words = words(page(resting_on("candidate", "backward", heading=80.0, gait=0.0)))
    assert "looks backward by the compass, with doubts that the table names" in page_words


def test_two_directions_are_asked_about_with_the_command_that_decides() -> None:
    plan: hand_made_sessions.Plan = [
        (300, "forward", "run", "candidate", 3.0),
        (120, "backward", "run", "candidate", 3.0),
        (400, "forward", "run", "candidate", 3.0),
    ]
    session = hand_made_sessions.session(plan)
    asked = [
        dc.replace(each, segment=dc.replace(each.segment, reason=TWO_DIRECTIONS))
        for each in session.measures.segments
    ]
    session = dc.replace(session, measures=dc.replace(session.measures, segments=tuple(asked)))
    html = page(session, hand_made_sessions.track(plan))
    text = words(html)
    assert "Two directions, A for 11:40 min and B for 2:00 min: which is forward?" in text
    assert f"If A was forward: retrorun label {session.id} 420 820 forward" in text
    assert f"If B was forward: retrorun label {session.id} 420 820 backward" in text
    named = [row[1].split("Yes")[0] for row in rows(html)]
    assert named == ["Run: A", "Maybe backward run: B", "Run: A"]
    elsewhere = page(session, hand_made_sessions.track(plan), archive_option=" --archive there")
    assert "420 820 forward --archive there" in words(elsewhere)
    assert "420 820 backward --archive there" in words(elsewhere)
    pressed = select(elsewhere, "//button[@class='asked-side']/@data-direction")
    assert pressed == ["forward", "backward"]


def test_one_stretch_alone_is_not_called_all() -> None:
    one: hand_made_sessions.Plan = [
        (300, "forward", "run", "assumed", 3.0),
        (60, "backward", "run", "candidate", 2.0),
        (300, "forward", "run", "assumed", 3.0),
    ]
    for plan, buttons in ((one, ["Yes", "No"]), (one * 2, ["Yes to all 2", "No to all"])):
        html = page(hand_made_sessions.session(plan), hand_made_sessions.track(plan))
        assert select(html, "//button[@data-all]/text()") == buttons


def test_every_stretch_is_in_the_table_with_its_measures() -> None:
    found = rows(page(hand_made_sessions.session()))
    assert len(found) == len(hand_made_sessions.HOUR)
    # 150 s at 2 m/s: 300 m at 8:20 per km, 118 + 24 + 14 beats, 166 * 1.08 steps
    assert found[2][:8] == ["3", "Backward run", "22:00", "2:30", "300 m", "8:20", "156", "179"]


def test_imperial_units_reach_table_and_tiles() -> None:
    page_words = words(page(hand_made_sessions.session(), athlete=Athlete(units="imperial")))
    assert "13:25" in page_words  # 8:20 per km is 500 s * 1.609344 = 805 s a mile
    assert "984 ft" in page_words  # 300 m
    assert "min/km" not in page_words


def test_local_date_not_utc() -> None:
    assert "Sunday, 3 May 2026, 9:30" in words(page(hand_made_sessions.session()))


def test_hour_page_is_small() -> None:
    assert len(page(hand_made_sessions.session()).encode()) <= 250_000


def test_day_long_page_is_small_and_keeps_the_peak() -> None:
    plan: hand_made_sessions.Plan = [(1, "still", "still", "confirmed", 0.0)]
    plan += [
        (43, "backward" if index % 2 else "forward", "run", "confirmed", 2.5)
        for index in range(2009)
    ]
    track = hand_made_sessions.track(plan)
    track.columns["heart_rate_bpm"][40_000] = 231.0
    html = page(hand_made_sessions.session(plan), track)
    assert len(html.encode()) <= 1_000_000
    assert ",231," in html
    assert "are not listed here" in html


def test_names_from_files_are_data() -> None:
    session = hand_made_sessions.session(
        name=HOSTILE, device=HOSTILE, source=Source(HOSTILE, "0" * 64), sport=HOSTILE
    )
    html = page(session)
    assert not select(html, "//img")
    assert len(select(html, "//script")) == page(hand_made_sessions.session()).count("<script")
    assert HOSTILE in select(html, "//title")[0].text
    assert select(html, "//p[@class='when']/bdi")[0].text == HOSTILE


def test_ten_kilobytes_of_name_make_a_page() -> None:
    assert len(page(hand_made_sessions.session(name="ø" * 10_000)).encode()) < 300_000


NOTHING = HeadingVerdict(None, "none", None, None, "the file holds no heading")


@pytest.mark.parametrize(
    "columns",
    [
        (),
        ("x_m", "y_m"),
        ("heart_rate_bpm",),
        ("ground_speed_mps", "cadence_spm"),
    ],
)
def test_a_page_for_whatever_was_recorded(columns: tuple[str, ...]) -> None:
    session = hand_made_sessions.session(
        heading=NOTHING, channels={}, forward_line=None, distance_m=None
    )
    html = page(session, bare(hand_made_sessions.HOUR, *columns))
    assert ('class="map"' in html) == ("x_m" in columns)
    assert ("The recording has nothing to draw over time" in html) == (
        columns in ((), ("x_m", "y_m"))
    )


@pytest.mark.parametrize(("kind", "drawn"), [("compass", True), ("course", False)])
def test_facing_is_drawn_only_by_a_compass(kind: HeadingKind, *, drawn: bool) -> None:
    heading = structs.replace(hand_made_sessions.session().heading, kind=kind)
    assert ("Facing against course" in page(hand_made_sessions.session(heading=heading))) is drawn


def test_no_backward_part_is_said() -> None:
    plan: hand_made_sessions.Plan = [(60, "forward", "run", "confirmed", 3.0)]
    page_words = words(page(hand_made_sessions.session(plan), hand_made_sessions.track(plan)))
    assert "No backward running was found" in page_words


def test_unknown_is_a_dash_never_zero() -> None:
    plan: hand_made_sessions.Plan = [(60, "still", "still", "confirmed", 0.0)]
    assert rows(page(hand_made_sessions.session(plan), hand_made_sessions.track(plan)))[0][5] == "–"


def test_the_map_does_not_tell_where_the_first_fix_lay() -> None:
    track = hand_made_sessions.track(hand_made_sessions.HOUR)
    moved = {name: track.columns[name] + 5000.0 for name in ("x_m", "y_m")}
    shifted = structs.replace(track, columns={**track.columns, **moved})
    assert page(hand_made_sessions.session(), track) == page(hand_made_sessions.session(), shifted)


def test_no_coordinates_in_the_page() -> None:
    track = hand_made_sessions.track(hand_made_sessions.HOUR)
    html = page(hand_made_sessions.session(), track)
    assert "46.05" not in html
    assert "latitude" not in html


def test_redacted_page_names_no_place_and_no_day() -> None:
    html = page(hand_made_sessions.session(), redacted=True)
    assert 'class="map"' not in html
    assert "map_x" not in html
    assert "3 May" not in html
    for telling in ("Ljubljana", "Forerunner", "Lunch loop", "morning run"):
        assert telling not in html


def test_redacted_page_does_not_tell_how_high_the_place_lies() -> None:
    """The same run 512 m farther up: its heights differ by nothing else."""
    low = hand_made_sessions.track(hand_made_sessions.HOUR)
    heights = {  # in 64ths of a metre, so that they and their differences are exact
        name: np.round(values * 64) / 64
        for name, values in low.columns.items()
        if name.endswith("altitude_m")
    }
    low = structs.replace(low, columns={**low.columns, **heights})
    raised = {name: values + 512.0 for name, values in heights.items()}
    high = structs.replace(low, columns={**low.columns, **raised})
    made = hand_made_sessions.session()
    assert heights
    assert "Elevation" in page(made, low, redacted=True)
    assert page(made, low, redacted=True) == page(made, high, redacted=True)
    assert page(made, low) != page(made, high)


def test_redacted_page_names_no_second_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict on a heading names the others, and a second device's by what it is called."""
    nothing = np.zeros(1)
    verdicts = (
        HeadingVerdict("fit:heading", "compass", 1.0, 0.9, "it is independent of the course"),
        HeadingVerdict("gpx:heading (Anna)", "course", None, None, "it follows the course"),
    )
    monkeypatch.setattr(
        heading,
        "_judge",
        lambda verdict, *_: heading.Facing(
            verdict, nothing, nothing, nothing, nothing > 0, nothing.astype(np.int64)
        ),
    )
    found = heading.facing(
        cast("Any", SimpleNamespace(headings=verdicts)), *[cast("Any", None)] * 2
    )
    made = hand_made_sessions.session(heading=found.verdict)
    assert "gpx:heading (Anna)" in page(made)
    html = page(made, redacted=True)
    assert "it is independent of the course" in html
    assert "Anna" not in html


def test_a_remark_without_its_words_is_said_in_words() -> None:
    doubled = Note("cadence-doubled", "cadence counted one leg and was doubled")
    made = hand_made_sessions.session(notes=(doubled,))
    text = words(page(made, redacted=True))
    assert "a remark whose words are left out: cadence doubled" in text
    assert "cadence-doubled" not in text
    assert "one leg" not in text
    whole = words(page(made))
    assert "cadence counted one leg and was doubled" in whole
    assert "left out" not in whole


def test_policy_forbids_everything_but_own_files() -> None:
    found = re.search(
        r'Content-Security-Policy" content="([^"]*)"', page(hand_made_sessions.session())
    )
    assert found
    assert "default-src &#39;none&#39;; script-src &#39;self&#39;;" in found[1]
    assert "unsafe-eval" not in found[1]


def test_same_values_give_the_same_bytes() -> None:
    assert page(hand_made_sessions.session()) == page(hand_made_sessions.session())


def test_an_hour_is_rendered_within_its_share() -> None:
    session, track = hand_made_sessions.session(), hand_made_sessions.track(hand_made_sessions.HOUR)
    page(session, track)  # what is made once for all pages
    # 25 a second on two cores leave 80 ms of one core for a page, which took 43 ms where it was set
    assert is_cheap(lambda: page(session, track), 0.08)


def test_gaps_stay_gaps() -> None:
    track = hand_made_sessions.track(hand_made_sessions.HOUR)
    track.columns["heart_rate_bpm"][1000:1100] = np.nan
    assert "null," * 99 in page(hand_made_sessions.session(), track)


def test_no_line_parts_a_number_and_its_unit() -> None:
    text = words_as_written(page(hand_made_sessions.session(hand_made_sessions.HOUR)))
    assert "10\N{NO-BREAK SPACE}% of your moving time" in text
    assert re.findall(r"\d (?:%|m|km|s|min|h|bpm|kcal|ms|cm|×|steps/min|min/km)(?!\w)", text) == []


def test_what_is_data_or_copied_keeps_its_blanks() -> None:
    source = Source("run 5 km.fit", "0" * 64, "fit")
    session = hand_made_sessions.session(hand_made_sessions.HOUR, source=source)
    html = page(session, archive_option=" --archive '/runs of 5 km'", outdated=True)
    assert '"file":"run 5 km.fit.labels.csv"' in html
    commands = select(html, "//code//text()")
    assert any("/runs of 5 km'" in each for each in commands)


def words_as_written(html: str) -> str:
    """Text of the page's body with its blanks; without data and what is copied."""
    path = "//body//text()[not(ancestor::script or ancestor::code or ancestor::textarea)]"
    return "".join(select(html, path))


def test_what_nothing_decides_is_drawn_in_no_direction() -> None:
    session = hand_made_sessions.undecided()
    track = hand_made_sessions.track([(900, "forward", "run", "assumed", 2.9)])
    html = session_page(session, track, SessionContext())
    assert not re.search(r'class="[^"]*\bforward\b', html), "no strip, line, way or row of forward"
    assert 'class="stretch unknown"' in html
    text = words(html)
    assert "Direction unknown" in text
    for tile in ("Pace, forward", "Energy, forward", "Heart rate, forward"):
        assert tile not in text
    # sums that others are compared with stay as they are
    assert session.time_s("forward") == 900


@pytest.mark.parametrize(("rows", "named"), [(1, True), (37, False)])
def test_a_distance_is_named_on_the_map_only_where_its_name_hides_no_way(
    rows: int, *, named: bool
) -> None:
    """A field that is crossed on 37 rows, 10 m apart, has room for names only beside its edges."""
    plan: hand_made_sessions.Plan = [(4000, "forward", "run", "confirmed", 2.5)]
    long_m = 10_000 / rows
    along = np.arange(4000) * 2.5
    row, on = np.floor(along / long_m), along % long_m
    x = np.where(row % 2 == 0, on, long_m - on)
    made = hand_made_sessions.track(plan)
    track = structs.replace(made, columns={**made.columns, "x_m": x, "y_m": 10.0 * row + 0.2 * x})
    html = session_page(hand_made_sessions.session(plan), track, SessionContext())
    assert html.count('class="far"') >= 9
    names = re.findall(r'<text class="soft" [^>]*>\d+\skm</text>', html)
    assert len(names) >= 9 if named else len(names) <= 3
    assert ">Start<" in html
