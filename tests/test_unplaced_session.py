"""A run without position, speed or distance, from its bytes to every place that shows it."""

import datetime as dt
import json
from pathlib import Path

import jsonschema
import pytest

import retrorun
from retrorun import contract, export
from retrorun.cli import terminal
from retrorun.compare import compare
from retrorun.model import Analysis, Athlete, Blob, Label, Session
from retrorun.pipeline import process
from retrorun.report.history.calendar import week_table
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.sessions import index_page
from retrorun.report.numbers import UNKNOWN, Display
from retrorun.settings import Settings

SPACE = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
STEPS = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"
SCHEMA = json.loads(
    (Path(retrorun.__file__).parent / "contract.schema.json").read_text(encoding="utf-8")
)
START = dt.datetime(2026, 5, 3, 7, tzinfo=dt.UTC)


def point(second: int) -> str:
    moment = (START + dt.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<Trackpoint><Time>{moment}</Time><HeartRateBpm><Value>150</Value></HeartRateBpm>"
        f'<Extensions><TPX xmlns="{STEPS}"><RunCadence>85</RunCadence></TPX></Extensions>'
        "</Trackpoint>"
    )


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    """Ten minutes backward on a treadmill, by the athlete's word: heart rate and steps, no more."""
    points = "".join(point(second) for second in range(600))
    text = (
        f'<TrainingCenterDatabase xmlns="{SPACE}"><Activities><Activity Sport="Running">'
        f"<Id>2026-05-03T07:00:00Z</Id><Lap><Track>{points}</Track></Lap>"
        "</Activity></Activities></TrainingCenterDatabase>"
    )
    athlete = Athlete(mass_kg=70.0, birth_year=1990, sex="male", hr_max_bpm=190)
    words = {0: (Label(0.0, 600.0, "backward", "command"),)}
    outcome = process(Blob("indoors.tcx", text.encode(), words), Settings(), athlete)
    assert isinstance(outcome, Analysis)
    return outcome


@pytest.fixture(scope="module")
def session(analysis: Analysis) -> Session:
    return analysis.sessions[0]


def test_its_distance_is_unknown_and_its_energy_the_heart_s(session: Session) -> None:
    backward = session.measures.totals["backward"]
    assert (backward.seconds, backward.moving_s) == (600.0, 600.0)
    assert (backward.distance_m, session.distance_m) == (None, None)
    methods = {e.method for each in session.measures.segments for e in each.metrics.energies}
    assert methods == {"heart rate"}


def test_its_document_says_null(analysis: Analysis) -> None:
    document = contract.document(analysis)
    jsonschema.validate(document, SCHEMA)
    sums = document["sessions"][0]["totals"]
    assert sums["backward"]["distance_m"] is None
    assert sums["forward"]["distance_m"] == 0.0


def test_lists_tables_and_pages_say_that_it_is_not_known(session: Session) -> None:
    listed = terminal.session_table([session])
    heads = [str(column.header) for column in listed.columns]
    cells = list(listed.columns[heads.index("backward distance")].cells)
    assert cells == [terminal.UNKNOWN]
    assert export.session_row(session)["backward_distance_m"] is None
    comparison = compare([session], Athlete(), Settings().compare)
    assert week_table(comparison.weeks, Display()).rows[0][-2:] == (UNKNOWN, "0.00")
    assert comparison.totals["backward"].distance_m is None
    assert comparison_page(comparison, [session], Athlete())
    assert index_page([session], Athlete())
