"""What is found in the sample data is what the truth beside it says, to three seconds."""

from pathlib import Path

import msgspec
import pytest

from remembered_pipeline import process
from retrorun.model import Analysis, Athlete, Blob, Segment
from retrorun.settings import Settings
from retrorun.simulate import Truth

pytestmark = pytest.mark.xdist_group("analysed samples")  # as tests/test_pipeline.py
WITHIN_S = 3.0
SURE = (
    "2026-05-03-connect-iq.fit",
    "2026-05-08-osmand.gpx",
    "2026-05-12-workout.fit",
    "2026-06-09-connect-iq-degrees.fit",
    "2026-06-13-packed.fit.gz",
    "2026-06-18-cut-off.fit",
    "2026-06-23-garmin.gpx",
    "2026-06-27-workout-pauses.fit",
    "2026-07-02-osmand.gpx.gz",
    "2026-07-06-notes.tcx",
    "2026-07-11-connect-iq-dynamics.fit",
)
BY_GAIT = ("2026-05-21-watch.tcx", "2026-05-26-laps.fit")


def stretches(parts: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Parts that touch, as one."""
    joined: list[tuple[float, float]] = []
    for start, end in parts:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def found_and_true(samples: Path, name: str) -> tuple[list[Segment], Truth]:
    outcome = process(Blob(name, (samples / name).read_bytes()), Settings(), Athlete())
    assert isinstance(outcome, Analysis)
    truth = msgspec.json.decode((samples / f"{name}.truth.json").read_bytes(), type=Truth)
    (session,) = outcome.sessions
    segments = [measured.segment for measured in session.measures.segments]
    return [part for part in segments if part.direction == "backward"], truth


@pytest.mark.parametrize("name", [*SURE, *BY_GAIT])
def test_every_backward_stretch_is_found_and_no_other(samples: Path, name: str) -> None:
    segments, truth = found_and_true(samples, name)
    parts = [(one.start_s, one.end_s) for one in truth.intervals if one.direction == "backward"]
    true = stretches(parts)
    found = stretches([(part.start_s, part.end_s) for part in segments])
    assert len(found) == len(true)
    for (start, end), (true_start, true_end) in zip(found, true, strict=True):
        assert abs(start - true_start) <= WITHIN_S
        assert abs(end - true_end) <= WITHIN_S
    sure = {"confirmed", "labelled"} if name in SURE else {"candidate"}
    assert {part.verdict for part in segments} <= sure


@pytest.mark.parametrize("name", ["2026-05-31-easy.fit", "2026-06-04-gpslogger.gpx"])
def test_nothing_is_found_where_nothing_can_be_known(samples: Path, name: str) -> None:
    segments, _ = found_and_true(samples, name)
    assert segments == []


@pytest.mark.parametrize(
    ("name", "source", "kind"),
    [
        ("2026-05-03-connect-iq.fit", "fit:developer:heading", "compass"),
        ("2026-05-08-osmand.gpx", "osmand:heading", "compass"),
        ("2026-05-17-osmtracker.gpx", "osmtracker:compass", "compass"),
        ("2026-06-04-gpslogger.gpx", "gpx:bearing", "course"),
        ("2026-06-09-connect-iq-degrees.fit", "fit:developer:heading", "compass"),
        ("2026-06-23-garmin.gpx", "gpx:bearing", "compass"),
        ("2026-05-12-workout.fit", None, "none"),
    ],
)
def test_the_heading_is_taken_from_its_place(
    samples: Path, name: str, source: str | None, kind: str
) -> None:
    outcome = process(Blob(name, (samples / name).read_bytes()), Settings(), Athlete())
    assert isinstance(outcome, Analysis)
    heading = outcome.sessions[0].heading
    assert heading.kind == kind
    if kind == "compass":
        assert heading.source == source
