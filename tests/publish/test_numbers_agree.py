"""One source for each number: pages, lists, terminal, JSON, comparison and exports say the same.

Every place is read as a reader reads it: the pages' text without any script, the printed tables,
the documents. What they should say is worked out here from the CSV export by its own arithmetic.
"""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import html

from retrorun.cli import main
from retrorun.simulate import Place, simulate
from retrorun.simulate.scenarios import Simulated, scenarios
from retrorun.simulate.write import fit_bytes, gpx_bytes, tcx_bytes

UNKNOWN = "–"
SUFFIXES = {".fit", ".gpx", ".tcx", ".gz"}
DAY_S = 86_400.0
Writer = Callable[[Simulated], bytes]
MADE: dict[str, tuple[str, Writer]] = {  # file → scenario and writer of a few further sessions
    "shuttles.gpx": ("shuttles", gpx_bytes),
    "smart.fit": ("smart recording", fit_bytes),
    "pauses.fit": ("auto-pause", fit_bytes),
    "stops.gpx": ("stops", gpx_bytes),
    "gap.fit": ("gps gap", fit_bytes),
    "walk.fit": ("walk", fit_bytes),
    "all.fit": ("all backward, mount stated", fit_bytes),
    "treadmill.fit": ("treadmill", fit_bytes),
    "candidates.tcx": ("gait intervals", tcx_bytes),
    "forward.fit": ("gait forward", fit_bytes),
}


def clock(seconds: float) -> str:
    """Whole seconds, halves upward, as h:mm:ss."""
    whole = int(Decimal(str(seconds)).quantize(Decimal(1), ROUND_HALF_UP))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def spoken(seconds: float) -> str:
    """The same in a sentence."""
    whole = int(Decimal(str(seconds)).quantize(Decimal(1), ROUND_HALF_UP))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{clock(seconds)} min"
    return f"{clock(seconds / 60)} h"


def distance(metres: str) -> str:
    if not metres:
        return UNKNOWN
    return f"{float(metres):.0f} m" if float(metres) < 1000 else f"{float(metres) / 1000:.2f} km"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that was shown, by place; tables by session id or file."""

    processed: str
    listed: str
    documents: dict[str, dict[str, Any]]
    analyzed: dict[str, str]
    comparison: dict[str, Any]
    rows: dict[str, dict[str, str]]
    pages: Path
    exports: Path


def run(*words: str) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done.stdout


def shown(folder: Path, *profile: str) -> Shown:
    where = ["--archive", str(folder / "archive")]
    exports, pages = folder / "exports", folder / "pages"
    processed = run("process", str(exports), *where, "--reports", str(pages), *profile)
    documents = [json.loads(each) for each in run("sessions", *where, "--json").splitlines()]
    run("export", *where, "--out", str(folder / "out"))
    with (folder / "out" / "sessions.csv").open(newline="") as table:
        rows = {each["session"]: each for each in csv.DictReader(table)}
    files = sorted(exports.iterdir())
    return Shown(
        processed=processed,
        listed=run("sessions", *where),
        documents={each["id"]: each for each in documents},
        analyzed={each.name: run("analyze", str(each), *where) for each in files},
        comparison=json.loads(run("compare", *where, "--json", "--reports", str(folder / "other")))[
            "comparison"
        ],
        rows=rows,
        pages=pages,
        exports=exports,
    )


def of_samples(folder: Path, samples: Path) -> Shown:
    (folder / "exports").mkdir()
    for each in samples.iterdir():
        if each.suffix in SUFFIXES:
            (folder / "exports" / each.name).write_bytes(each.read_bytes())
    return shown(folder, "--profile", str(samples / "profile.toml"))


def of_made(folder: Path) -> Shown:
    (folder / "exports").mkdir()
    every = scenarios()
    for number, (name, (scenario, write)) in enumerate(MADE.items()):
        place = Place(start_time_s=Place().start_time_s + 3 * number * DAY_S)
        made = simulate(every[scenario], 20_003, place)
        (folder / "exports" / name).write_bytes(write(made))
    return shown(folder)


@pytest.fixture(scope="module", params=["samples", "made"])
def said(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, samples: Path
) -> Shown:
    folder = tmp_path_factory.mktemp(request.param)
    return of_samples(folder, samples) if request.param == "samples" else of_made(folder)


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def opened(path: Path) -> html.HtmlElement:
    return html.document_fromstring(path.read_text(encoding="utf-8"))


def tiles(page: html.HtmlElement) -> dict[str, tuple[str, str]]:
    """Label → value and note."""
    return {
        words(each.find("dt")): (words(each.findall("dd")[0]), words(each.findall("dd")[1]))
        for each in page.find_class("tile")
    }


def index_rows(page: html.HtmlElement) -> dict[str, list[str]]:
    """Session id → cells from its time on."""
    found = {}
    for row in page.xpath("//table[@class='log']/tbody/tr"):
        (link,) = row.findall("th/a")
        found[Path(link.get("href")).stem] = [words(each) for each in row.findall("td")][2:]
    return found


def printed(text: str, session_id: str) -> dict[str, str]:
    """A session's row of a printed table, by the column's head; blank where a cell is."""
    lines = text.splitlines()
    (head,) = [each for each in lines if each.startswith("session ")]
    (row,) = [each for each in lines if each.startswith(session_id)]
    names = ("time", "distance", "backward", "share", "maybe", "backward distance", "cost factor")
    found, begin = {}, head.index("file") + 4
    for name in names:
        end = re.compile(rf"(?<=  ){name}(?=  |$)").search(head, begin)
        assert end is not None
        found[name] = re.split(r"\s{2,}", row[begin : end.end()].strip())[-1]
        begin = end.end()
    return found


def undecided(said: Shown, session_id: str) -> bool:
    return said.documents[session_id]["backward_time_s"] is None


def is_only_asked(row: dict[str, str]) -> bool:
    """Whether a session's page has tiles about what may be backward, and nothing is."""
    return not float(row["backward_moving_s"]) and float(row["candidate_moving_s"]) > 0


def may_be_backward(row: dict[str, str]) -> bool:
    """Whether a session's page has tiles about what is or may be backward."""
    return float(row["backward_moving_s"]) + float(row["candidate_moving_s"]) > 0


def test_backward_time(said: Shown) -> None:
    listed, compared = (
        index_rows(opened(said.pages / f"{name}.html")) for name in ("index", "comparison")
    )
    days = {each["session"]: each for each in said.comparison["days"]}
    for session, row in said.rows.items():
        time_s, maybe_s = float(row["backward_moving_s"]), float(row["candidate_moving_s"])
        page = opened(said.pages / "sessions" / f"{session}.html")
        shown_tiles = tiles(page)
        value, note = shown_tiles.get("Backward time", (UNKNOWN, ""))
        if is_only_asked(row):
            assert "Backward time" not in shown_tiles
            asked, _ = shown_tiles["Maybe backward"]
            assert asked == clock(maybe_s)
            value, note = clock(0), asked
            assert said.documents[session]["backward_time_s"] == 0
        elif undecided(said, session):
            assert value == UNKNOWN
            assert time_s == 0
        else:
            assert value == clock(time_s)  # so its tile is there
            assert clock(said.documents[session]["backward_time_s"]) == value
        assert clock(said.documents[session]["totals"]["backward"]["moving_s"]) == clock(time_s)
        assert days[session]["backward_s"] == pytest.approx(time_s)
        if time_s:
            assert f"{spoken(time_s)} backward" in words(page.find(".//h1"))
        if maybe_s:
            assert clock(maybe_s) in note
        cell = clock(time_s) if time_s else f"{clock(maybe_s)} maybe" if maybe_s else ""
        if undecided(said, session):
            cell = "unknown"
        assert (listed[session][2], compared[session][2]) == (cell, cell)
        for text in (said.processed, said.listed):
            found = printed(text, session)
            assert found["backward"] == value
            assert found["maybe"] == (clock(maybe_s) if maybe_s else "")
        first = said.analyzed[row["source"]].splitlines()[0]
        assert f"· {value} backward" in first
        assert (f"{clock(maybe_s)} maybe" in first) == (maybe_s > 0)


def test_share_of_moving_time(said: Shown) -> None:
    listed = index_rows(opened(said.pages / "index.html"))
    days = {each["session"]: each for each in said.comparison["days"]}
    for session, row in said.rows.items():
        time_s = float(row["backward_moving_s"])
        share = time_s / float(row["moving_s"])
        text = percent(share) if time_s else ""
        page = opened(said.pages / "sessions" / f"{session}.html")
        if may_be_backward(row):
            label = "Share, if all of it was" if is_only_asked(row) else "Share of moving time"
            value, note = tiles(page)[label]
            asked_s = float(row["candidate_moving_s"]) if is_only_asked(row) else time_s
            assert value == percent(asked_s / float(row["moving_s"]))
            assert clock(float(row["moving_s"])) in note
        else:
            assert clock(float(row["moving_s"])) == tiles(page)["Moving time"][0]
        if not undecided(said, session):
            assert said.documents[session]["backward_share"] == pytest.approx(share, abs=5.1e-5)
        if time_s:
            assert f"{text} of your moving time" in words(page.find(".//h1"))
        assert listed[session][3] == text
        assert printed(said.listed, session)["share"] == text
        assert printed(said.processed, session)["share"] == text
        assert float(row["backward_share"]) == pytest.approx(share)
        assert days[session]["backward_share"] == pytest.approx(share)


def test_distances(said: Shown) -> None:
    listed = index_rows(opened(said.pages / "index.html"))
    days = {each["session"]: each for each in said.comparison["days"]}
    for session, row in said.rows.items():
        whole, backward = distance(row["distance_m"]), distance(row["backward_distance_m"])
        page = opened(said.pages / "sessions" / f"{session}.html")
        if is_only_asked(row):
            asked = distance(row["candidate_distance_m"])
            assert tiles(page)["Maybe backward distance"] == (asked, f"of {whole} in all")
        elif may_be_backward(row):
            assert tiles(page)["Backward distance"] == (backward, f"of {whole} in all")
        elif whole != UNKNOWN:
            assert tiles(page)["Distance"][0] == whole
        assert listed[session][1] == whole
        for text in (said.listed, said.processed):
            found = printed(text, session)
            told = UNKNOWN if undecided(said, session) else backward
            assert (found["distance"], found["backward distance"]) == (whole, told)
        known = row["backward_distance_m"]
        assert days[session]["backward_m"] == (pytest.approx(float(known)) if known else None)
        metres = said.documents[session]["distance_m"]
        assert distance("" if metres is None else str(metres)) == whole
        assert f"· {whole} ·" in said.analyzed[row["source"]].splitlines()[0]


def test_the_cost_factor_has_one_interval(said: Shown) -> None:
    days = {each["session"]: each for each in said.comparison["days"]}
    known = 0
    for session, row in said.rows.items():
        page = opened(said.pages / "sessions" / f"{session}.html")
        value, note = tiles(page).get("Backward cost", (UNKNOWN, ""))
        if not row["cost_factor"]:
            assert value == UNKNOWN
            assert printed(said.listed, session)["cost factor"] == UNKNOWN
            continue
        known += 1
        factor, low, high = (float(row[f"cost_factor{end}"]) for end in ("", "_low", "_high"))
        ends = f"{low:.2f} to {high:.2f}"
        assert value == f"{factor:.2f} ×"
        assert note.startswith(f"95 %: {ends}")
        claim = words(page.get_element_by_id("part-claims"))
        assert f"{factor:.2f} ({ends}) times forward" in claim
        for text in (said.listed, said.processed):
            assert printed(text, session)["cost factor"] == f"{factor:.2f} ({low:.2f}–{high:.2f})"
        document = said.documents[session]["cost_factor"]
        assert [document[each] for each in ("value", "low", "high")] == pytest.approx(
            [factor, low, high], abs=6e-4
        )
        assert days[session]["cost_factor"]["high"] == pytest.approx(high)
    common = said.comparison["cost_factor"]
    page = opened(said.pages / "comparison.html")
    if known:
        assert f"{common['value']:.2f} times" in words(page.find(".//h1"))
        ends = f"{common['low']:.2f} to {common['high']:.2f}"
        assert f"95 %: {ends}," in words(page.find_class("lead")[0])
        answer = f"{common['value']:.2f} ({ends}) times"
        assert answer in words(page.get_element_by_id("claims").getparent())


def test_the_longest_of_30_days_is_told_once(said: Shown) -> None:
    told = []
    for session in said.rows:
        page = opened(said.pages / "sessions" / f"{session}.html")
        advice = words(page.get_element_by_id("part-guidance"))
        claims = words(page.get_element_by_id("part-claims"))
        found = re.search(r"m backward, (\d+)\s% of the longest in the 30 days before", advice)
        if found:
            more = "had" if int(found[1]) > 110 else "did not have"
            assert f"The session {more} over a tenth more" in claims
            told.append(more)
        elif "m backward; none known in the 30 days before" in advice:
            assert "No session has an earlier one within 30 days" in claims
            told.append("none before")
    assert {"none before", "did not have"} <= set(told)


def test_sums_over_sessions_are_of_the_same_times(said: Shown) -> None:
    index, comparison = (opened(said.pages / f"{name}.html") for name in ("index", "comparison"))
    whole_s = sum(float(each["backward_moving_s"]) for each in said.rows.values())
    maybe_s = sum(float(each["candidate_moving_s"]) for each in said.rows.values())
    moving_s = sum(float(each["moving_s"]) for each in said.rows.values())
    assert f"{spoken(whole_s)} backward" in words(index.find(".//h1"))
    found = tiles(comparison)
    assert found["Backward time"][0] == spoken(whole_s)
    assert (spoken(maybe_s) in found["Backward time"][1]) == (maybe_s > 0)
    assert found["Share of moving time"] == (
        percent(whole_s / moving_s),
        f"of {spoken(moving_s)} in motion",
    )
    weeks = len(said.comparison["weeks"])
    assert found["Backward a week"][0] == spoken(whole_s / weeks)
    assert f"{weeks} calendar weeks" in found["Backward a week"][1]
    for month in index.find_class("month"):
        ids = [Path(each.get("href")).stem for each in month.findall(".//th/a")]
        time_s = sum(float(said.rows[each]["backward_moving_s"]) for each in ids)
        note = words(month.find("h3/small"))
        assert note.endswith(f"{spoken(time_s)} backward" if time_s else "nothing backward")
    # what the script adds up when a filter is set
    log = json.loads(comparison.get_element_by_id("log-data").text)
    certain = [part for parts in log["parts"] for part in parts if part[1] != 2]
    assert sum(part[2] for part in certain) == pytest.approx(whole_s, abs=0.01)
    forward_s = sum(float(each["forward_moving_s"]) for each in said.rows.values())
    assert sum(sum(each) for each in log["forward_s"]) == pytest.approx(forward_s, abs=0.01)


@pytest.mark.parametrize("said", ["samples"], indirect=True)
def test_the_sample_of_23_june_by_hand(said: Shown) -> None:
    (session,) = [key for key, row in said.rows.items() if "06-23" in row["source"]]
    assert printed(said.processed, session)["backward"] == "8:09"
    assert printed(said.listed, session)["backward"] == "8:09"
